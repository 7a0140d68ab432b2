//! Lines and rows of one input become batches: the one place where a record is taken or set aside.

use std::collections::VecDeque;

use crate::diag::{Location, show};
use crate::ingest::complaint::{self, Fault, unreadable};
use crate::ingest::header;
use crate::ingest::ledger::Ledger;
use crate::ingest::lines::{Cursor, Lines};
use crate::ingest::marks::Marks;
use crate::ingest::options::ReadOptions;
use crate::ingest::run::Run;
use crate::ingest::shape::Shape;
use crate::ingest::source::Input;
use crate::ingest::window::Bytes;
use crate::model::batch::{BatchBuilder, FlowBatch, Status, Value};
use crate::model::format::{Format, FormatError, FormatField};

/// What is known of the format at this point of the input.
enum State {
    /// Nothing: no line has come yet.
    Fresh,
    /// This one.
    Open(Box<Open>),
    /// One of these, line by line: several flow logs write to one place.
    Several(Vec<Open>),
    /// None, for the reason with this code; it has been said.
    Unknown(&'static str),
}

struct Open {
    format: Format,
    shape: Shape,
    builder: BatchBuilder,
    /// The fast way to read lines, if there is one.
    run: Option<Box<Run>>,
}

impl Open {
    fn new(format: Format, options: &ReadOptions) -> Open {
        let shape = Shape::new(&format);
        let mut builder = BatchBuilder::new(&format, options.projection);
        if options.keep_texts {
            builder = builder.keeping_texts();
        }
        Open {
            run: Run::new(&format, &shape, &builder).map(Box::new),
            shape,
            builder,
            format,
        }
    }
}

/// Collects the records of one input.
pub(super) struct Records {
    pub(super) ledger: Ledger,
    options: ReadOptions,
    flow_log: Option<String>,
    /// Told by the place; each line has one of them, or the one that the user says.
    told: Vec<Format>,
    /// The place knows who writes there: the formats of logs elsewhere say nothing here.
    told_all: bool,
    state: State,
    formats: Vec<Format>,
    ready: VecDeque<FlowBatch>,
}

impl Records {
    pub(super) fn new(input: &Input, options: &ReadOptions) -> Records {
        let is_log_group = input.opener().encoding() == Some("cloudwatch");
        let mut told = input.formats().to_vec();
        if let Some(format) = &options.log_format
            && !told.is_empty()
            && !told.contains(format)
        {
            told.push(format.clone());
        }
        Records {
            ledger: Ledger::new(input.uri(), is_log_group),
            options: options.clone(),
            flow_log: input.flow_log().map(str::to_owned),
            told,
            told_all: is_log_group,
            state: State::Fresh,
            formats: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    pub(super) fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// The next batch that is full, or the last one.
    pub(super) fn next_ready(&mut self) -> Option<FlowBatch> {
        let batch = self.ready.pop_front()?;
        self.ledger.handed(batch.len());
        Some(batch)
    }

    /// Rows whose values are good, as a batch.
    pub(super) fn take_batch(&mut self, batch: FlowBatch) {
        self.flush();
        for status in batch.statuses() {
            self.ledger.taken(*status);
        }
        self.ready.push_back(batch);
    }

    /// A line without blanks at its ends. `scratch` is the caller's, so that it is made once for many lines.
    #[inline]
    pub(super) fn line<'a>(&mut self, line: &'a str, number: u64, scratch: &mut Vec<Value<'a>>) {
        // Whoever knows the formats knows that there is no header: a line that reads like one is a bad record.
        if self.told.is_empty() && self.is_header(line, number) {
            return;
        }
        self.ledger.row();
        if matches!(self.state, State::Fresh) {
            self.choose(line, number);
        }
        match &mut self.state {
            State::Open(open) => match open.shape.line(line, scratch) {
                Ok(status) => self.take(scratch, status, number),
                Err(fault) => self.fault(fault, number),
            },
            State::Several(_) => self.one_of_several(line, number, scratch),
            State::Unknown(code) => {
                let code = *code;
                self.ledger.set_aside_again(code);
            }
            // INVARIANT: `choose` leaves no `Fresh`.
            State::Fresh => self.ledger.set_aside_again("format-bad"),
        }
    }

    /// As many of the lines at the cursor as are in AWS's own form and good, up to a run of them; how many, and how many that must be
    /// taken by [`Records::line`] instead.
    #[inline(always)]
    pub(super) fn run(
        &mut self,
        bytes: &Bytes,
        marks: &Marks,
        cursor: &Cursor,
        number: u64,
        line_bytes_max: usize,
    ) -> (usize, usize) {
        let State::Open(open) = &mut self.state else {
            return (0, 1);
        };
        let Some(run) = &mut open.run else {
            return (0, 1);
        };
        let room = self.options.batch_rows.max(1) - open.builder.len();
        let fields = run.fields();
        let Some(lines) = Lines::next(bytes, marks, cursor, fields, room, line_bytes_max) else {
            return (0, 1);
        };
        if !run.read(&lines) {
            return (0, lines.count());
        }
        self.ledger.rows(lines.count());
        run.tell(&lines, &mut self.ledger);
        let pushed = run.push(&lines, number, &mut open.builder);
        if pushed.is_err() || open.builder.len() >= self.options.batch_rows.max(1) {
            self.flush();
        }
        (lines.count(), 0)
    }

    /// A row of which only the fault is known: a line that is not text, a value that is not an event.
    pub(super) fn bad_row(&mut self, fault: Fault<'_>, number: u64) {
        self.ledger.row();
        self.fault(fault, number);
    }

    /// A row whose fault is known.
    pub(super) fn fault(&mut self, fault: Fault<'_>, number: u64) {
        self.ledger
            .set_aside(fault.code(), |uri| fault.diagnostic(uri, number));
    }

    /// A row whose values are good.
    #[inline]
    pub(super) fn take(&mut self, values: &[Value<'_>], status: Status, number: u64) {
        let State::Open(open) = &mut self.state else {
            return;
        };
        self.ledger.taken(status);
        let full = match open.builder.push(values, status, number) {
            Ok(()) => open.builder.len() >= self.options.batch_rows.max(1),
            Err(_) => true,
        };
        if full {
            self.flush();
        }
    }

    /// A line of one of several formats: it is taken if exactly one meaning fits it.
    fn one_of_several<'a>(&mut self, line: &'a str, number: u64, scratch: &mut Vec<Value<'a>>) {
        let State::Several(several) = &mut self.state else {
            return;
        };
        let count = header::tokens(line).count();
        let mut fits: Option<(usize, Status)> = None;
        let mut fault: Option<Fault<'a>> = None;
        let mut read = 0;
        for (index, open) in several.iter().enumerate() {
            if open.shape.len() != count {
                continue;
            }
            read = index;
            match (open.shape.line(line, scratch), fits) {
                (Ok(status), None) => fits = Some((index, status)),
                (Ok(_), Some((first, _))) => {
                    if !header::mean_the_same(line, &several[first].format, &open.format) {
                        self.fault(Fault::Ambiguous(line), number);
                        return;
                    }
                }
                (Err(bad), _) => fault = fault.or(Some(bad)),
            }
        }
        let Some((index, status)) = fits else {
            let expected = several.first().map_or(0, |open| open.shape.len());
            let wrong_count = Fault::Count {
                got: count,
                expected,
            };
            self.fault(fault.unwrap_or(wrong_count), number);
            return;
        };
        let open = &mut several[index];
        // The scratch has what the last one read.
        if read != index && open.shape.line(line, scratch).is_err() {
            return;
        }
        self.ledger.taken(status);
        let pushed = open.builder.push(scratch, status, number);
        if pushed.is_err() || open.builder.len() >= self.options.batch_rows.max(1) {
            hand_on(open, &mut self.ready, &mut self.ledger);
        }
    }

    /// Hands the batches in work on, full or not.
    pub(super) fn flush(&mut self) {
        let opens = match &mut self.state {
            State::Open(open) => std::slice::from_mut(open.as_mut()),
            State::Several(several) => several.as_mut_slice(),
            State::Fresh | State::Unknown(_) => return,
        };
        for open in opens {
            hand_on(open, &mut self.ready, &mut self.ledger);
        }
    }

    fn is_header(&mut self, line: &str, number: u64) -> bool {
        let format = match &self.state {
            State::Fresh => match header::first(line) {
                None => return false,
                Some(format) => format,
            },
            State::Open(_) | State::Several(_) | State::Unknown(_) => match header::later(line) {
                None => return false,
                Some(format) => Ok(format),
            },
        };
        match format {
            Ok(format) => self.switch(format, number),
            Err(why) => self.no_format(&why, Location::line(self.ledger.uri(), number)),
        }
        true
    }

    /// A header in mid-file: the same as before changes nothing.
    fn switch(&mut self, format: Format, number: u64) {
        if let State::Open(open) = &self.state {
            if open.format == format {
                return;
            }
            let place = Location::line(self.ledger.uri(), number);
            self.ledger.say(complaint::other_format(&format, place));
        }
        self.open(format);
    }

    /// From here on, records have this format.
    pub(super) fn open(&mut self, format: Format) {
        self.flush();
        if !self.formats.contains(&format) {
            self.formats.push(format.clone());
        }
        self.state = State::Open(Box::new(Open::new(format, &self.options)));
    }

    /// From here on, rows cannot be read, for this is not a format.
    pub(super) fn no_format(&mut self, why: &FormatError, place: Location) {
        self.flush();
        let (code, complaint) = complaint::no_format(why, place);
        self.ledger.not_whole(complaint);
        self.state = State::Unknown(code);
    }

    /// A row that cannot be read, for there is no format; that has been said.
    pub(super) fn formatless_row(&mut self) {
        self.ledger.row();
        let code = if let State::Unknown(code) = self.state {
            code
        } else {
            "format-bad"
        };
        self.ledger.set_aside_again(code);
    }

    fn choose(&mut self, line: &str, number: u64) {
        match self.told.as_slice() {
            [] => {}
            [format] => {
                self.open(format.clone());
                return;
            }
            several => {
                let open = |format: &Format| Open::new(format.clone(), &self.options);
                self.state = State::Several(several.iter().map(open).collect());
                self.formats = several.to_vec();
                return;
            }
        }
        let format = if self.told_all {
            Some(header::said_or_default(line, &self.options))
        } else {
            header::without(line, self.flow_log.as_deref(), &self.options)
        };
        match format {
            Some(format) => self.open(format),
            None => {
                let place = Location::line(self.ledger.uri(), number);
                self.ledger.not_whole(complaint::ambiguous(place));
                self.state = State::Unknown("format-ambiguous");
            }
        }
    }

    /// The input has ended: the last batch, and what is to be said once.
    pub(super) fn finish(&mut self) {
        self.flush();
        let mut names: Vec<String> = Vec::new();
        for field in self.formats.iter().flat_map(Format::fields) {
            if let FormatField::Unknown(name) = field {
                let name = format!("`{}`", show(name));
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if !names.is_empty() {
            let place = Location::source(self.ledger.uri());
            self.ledger.say(complaint::unknown_fields(&names, place));
        }
    }
}

/// Hands a batch on, if there is anything in it.
fn hand_on(open: &mut Open, ready: &mut VecDeque<FlowBatch>, ledger: &mut Ledger) {
    if open.builder.is_empty() {
        return;
    }
    match open.builder.finish() {
        Ok(batch) => ready.push_back(batch),
        Err(why) => {
            let what = format!(
                "its records do not fit into a batch: {}",
                show(&why.to_string())
            );
            let lost = unreadable("input-unreadable", ledger.uri(), what);
            ledger.not_whole(lost);
        }
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
