//! A run of lines in exactly the form that AWS writes: read column by column, 64 lines at a time.
//!
//! The fast half of the hot path; `shape` is the other, and says what a line means. Whatever this half is not sure of it does not
//! read: one value in a run that is not good, and all of its lines go the slow way, one by one. So a fault is told, counted
//! and shown in one place, and the two halves can be held against each other (`properties`).
//!
//! Why columns: the same few instructions for 64 values in a row, none of which waits for the one before. Measured in docs/benchmarks.md.

use crate::ingest::marks::Marks;
use crate::ingest::number;
use crate::ingest::shape::{END_S_MAX, Rule, SPAN_S_MAX, Shape, place_of};
use crate::model::address::Address;
use crate::model::batch::{BatchBuilder, Mark, Status};
use crate::model::field::{Field, FieldInfo};
use crate::model::format::Format;

/// Lines a run: a bit of a word says of each whether a value is missing.
pub(super) const RUN_LINES: usize = 64;

/// Bytes around a line that may be looked at, but do not count: values are loaded by words, from their start and from their end.
const MARGIN_BYTES: usize = 24;

/// Lines of one form, one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    text: &'a [u8],
    /// The mark before the first line, and the marks of all lines.
    ends: &'a [u32],
    fields: usize,
    count: usize,
}

impl<'a> Lines<'a> {
    /// The lines that begin behind the mark at `before` and have the form, at most so many; and what is the index of their last mark.
    ///
    /// The form: so many values, one blank between two, a newline at the end, only ASCII, no longer than `line_bytes_max`.
    #[inline(always)]
    pub(super) fn next(
        text: &'a [u8],
        marks: &'a Marks,
        cursor: &Cursor,
        fields: usize,
        count_max: usize,
        line_bytes_max: usize,
    ) -> Option<Lines<'a>> {
        let ends = marks.ends();
        let first = cursor.mark.checked_sub(1)?;
        let odd = marks
            .odd()
            .get(cursor.odd)
            .map_or(usize::MAX, |odd| *odd as usize);
        let breaks = marks.line_ends().get(cursor.line..)?;
        let (mut count, mut last, mut start) = (0, first, *ends.get(first)? as usize + 1);
        if start < MARGIN_BYTES {
            return None;
        }
        for line_end in breaks.iter().take(count_max.min(RUN_LINES)) {
            let index = *line_end as usize;
            let Some(end) = ends.get(index).map(|end| *end as usize) else {
                break;
            };
            let fits = index - last == fields
                && end < odd
                && end - start <= line_bytes_max
                && end + MARGIN_BYTES <= text.len()
                && text.get(end) == Some(&b'\n');
            if !fits {
                break;
            }
            (count, last, start) = (count + 1, index, end + 1);
        }
        let ends = ends.get(first..=first + count * fields)?;
        (count > 0).then_some(Lines {
            text,
            ends,
            fields,
            count,
        })
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Where the value of a field begins and ends in a line.
    #[inline(always)]
    fn place(&self, line: usize, field: usize) -> (usize, usize) {
        let at = line.wrapping_mul(self.fields).wrapping_add(field);
        match self.ends.get(at..).and_then(|ends| ends.first_chunk()) {
            Some(&[before, end]) => (before as usize + 1, end as usize),
            // INVARIANT: each line has its marks.
            None => (0, 0),
        }
    }

    /// Eight bytes from here.
    #[inline(always)]
    fn word(&self, at: usize) -> u64 {
        let bytes = self.text.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn mark(&self, line: usize, field: usize) -> Mark {
        let (start, end) = self.place(line, field);
        let len = end.wrapping_sub(start);
        let tail = self.word(end.wrapping_sub(8));
        if len < 8 {
            return Mark {
                // INVARIANT: no value is empty.
                tail: tail & u64::MAX << (64 - 8 * len.max(1)),
                middle: 0,
                head: 0,
                len,
            };
        }
        let middle = if len < 16 {
            0
        } else {
            self.word(end.wrapping_sub(16))
        };
        Mark {
            tail,
            middle,
            head: self.word(start),
            len,
        }
    }

    fn str(&self, field: usize, line: usize) -> Option<&'a str> {
        let (start, end) = self.place(line, field);
        std::str::from_utf8(self.text.get(start..end)?).ok()
    }
}

/// Where in the marks the next line begins.
#[derive(Clone, Copy, Default)]
pub(super) struct Cursor {
    /// Its first mark.
    pub(super) mark: usize,
    /// Its line end, among the line ends.
    pub(super) line: usize,
    /// The first odd place in it or behind it.
    pub(super) odd: usize,
}

impl Cursor {
    /// Passes over what is odd before the line that begins at `at`.
    pub(super) fn pass(&mut self, marks: &Marks, at: usize) {
        while marks
            .odd()
            .get(self.odd)
            .is_some_and(|odd| (*odd as usize) < at)
        {
            self.odd += 1;
        }
    }

    /// Passes over so many line ends; where the next line begins.
    pub(super) fn skip(&mut self, marks: &Marks, lines: usize) -> Option<usize> {
        self.line += lines;
        let last = *marks.line_ends().get(self.line.checked_sub(1)?)? as usize;
        self.mark = last + 1;
        Some(*marks.ends().get(last)? as usize + 1)
    }

    /// Passes over one line, whatever stands in it; where its newline is. `None` if that is not among the marks.
    pub(super) fn skip_line(&mut self, marks: &Marks, text: &[u8]) -> Option<usize> {
        loop {
            let end = self.skip(marks, 1)? - 1;
            if text.get(end) == Some(&b'\n') {
                return Some(end);
            }
        }
    }
}

/// Numbers of one field.
struct Numbers {
    place: usize,
    info: &'static FieldInfo,
    values: [i64; RUN_LINES],
    nulls: u64,
}

/// Addresses of one field.
struct Addresses {
    place: usize,
    /// The field before that often has the same value: `srcaddr` of `pkt-srcaddr`.
    twin: Option<usize>,
    values: [[u8; 16]; RUN_LINES],
    nulls: u64,
}

/// The values of a run, and the way to read them in one format.
pub(super) struct Run {
    fields: usize,
    numbers: Vec<Numbers>,
    addresses: Vec<Addresses>,
    /// Places of texts that somebody wants.
    texts: Vec<usize>,
    log_status: Option<usize>,
    /// Indices into `numbers`.
    start: Option<usize>,
    end: Option<usize>,
    /// Indices into `addresses`.
    ends: Vec<usize>,
    statuses: [Status; RUN_LINES],
    /// Of the text column in work.
    marks: [Mark; RUN_LINES],
}

impl Run {
    /// The way to read records of a format; `None` if nothing in a line would tell a header from a record.
    pub(super) fn new(format: &Format, shape: &Shape, builder: &BatchBuilder) -> Option<Run> {
        let (mut numbers, mut addresses, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for (place, rule) in shape.rules().iter().enumerate() {
            match *rule {
                Rule::Number(info) => numbers.push(Numbers {
                    place,
                    info,
                    values: [0; RUN_LINES],
                    nulls: 0,
                }),
                Rule::Address(info) => {
                    let same = match info.field {
                        Field::PktSrcAddr => Some(Field::SrcAddr),
                        Field::PktDstAddr => Some(Field::DstAddr),
                        _ => None,
                    };
                    let same = same.and_then(|same| place_of(format, same));
                    let of = |before: &Addresses| Some(before.place) == same;
                    let twin = addresses.iter().position(of);
                    addresses.push(Addresses {
                        place,
                        twin,
                        values: [[0; 16]; RUN_LINES],
                        nulls: 0,
                    });
                }
                Rule::Text => texts.extend(builder.keeps(place).then_some(place)),
            }
        }
        // A first value that is text may have the time of an export before it, and only the slow way looks for that.
        if matches!(shape.rules().first(), None | Some(Rule::Text))
            || (numbers.is_empty() && addresses.is_empty())
        {
            return None;
        }
        let number = |field| {
            let place = place_of(format, field);
            numbers
                .iter()
                .position(|numbers: &Numbers| Some(numbers.place) == place)
        };
        let address = |field| {
            let place = place_of(format, field);
            addresses
                .iter()
                .position(|addresses| Some(addresses.place) == place)
        };
        Some(Run {
            fields: shape.len(),
            log_status: place_of(format, Field::LogStatus),
            start: number(Field::Start),
            end: number(Field::End),
            ends: [Field::SrcAddr, Field::DstAddr]
                .into_iter()
                .filter_map(address)
                .collect(),
            numbers,
            addresses,
            texts,
            statuses: [Status::Flow; RUN_LINES],
            marks: [Mark::DASH; RUN_LINES],
        })
    }

    /// How many values a line has.
    pub(super) fn fields(&self) -> usize {
        self.fields
    }

    /// What each line of the run is.
    pub(super) fn statuses(&self, lines: &Lines<'_>) -> &[Status] {
        self.statuses.get(..lines.count).unwrap_or(&[])
    }

    /// Reads the values that can be wrong; whether all are good.
    #[inline(always)]
    pub(super) fn read(&mut self, lines: &Lines<'_>) -> bool {
        for numbers in &mut self.numbers {
            if !numbers.read(lines) {
                return false;
            }
        }
        for index in 0..self.addresses.len() {
            let (before, rest) = self.addresses.split_at_mut(index);
            let Some(addresses) = rest.first_mut() else {
                return false;
            };
            let good = match addresses.twin.and_then(|twin| before.get(twin)) {
                Some(twin) => addresses.read_beside(twin, lines),
                None => addresses.read(lines),
            };
            if !good {
                return false;
            }
        }
        self.read_statuses(lines) && self.times_can_be(lines)
    }

    #[inline(always)]
    fn read_statuses(&mut self, lines: &Lines<'_>) -> bool {
        const OK: u64 = (b'O' as u64) << 48 | (b'K' as u64) << 56;
        const NODATA: u64 = u64::from_le_bytes(*b"\0\0NODATA");
        const SKIPDATA: u64 = u64::from_le_bytes(*b"SKIPDATA");
        let of = |index: Option<&usize>| {
            index
                .and_then(|index| self.addresses.get(*index))
                .map(|addresses| addresses.nulls)
        };
        let nulls = [of(self.ends.first()), of(self.ends.get(1))];
        // Of the lines with a bit here, no address is known.
        let nameless = nulls
            .into_iter()
            .flatten()
            .fold(u64::MAX, |all, nulls| all & nulls);
        let Some(place) = self.log_status else {
            let skips = if self.ends.is_empty() { 0 } else { nameless };
            for (line, status) in self.statuses.iter_mut().enumerate() {
                *status = if skips >> line & 1 == 1 {
                    Status::SkipData
                } else {
                    Status::Flow
                };
            }
            return true;
        };
        let mut good = true;
        for (line, status) in self.statuses.iter_mut().enumerate().take(lines.count) {
            let mark = lines.mark(line, place);
            *status = match (mark.tail, mark.len) {
                (OK, 2) => Status::Flow,
                (NODATA, 6) if nameless >> line & 1 == 1 => Status::NoData,
                (NODATA, 6) | (SKIPDATA, 8) => Status::SkipData,
                _ => {
                    good = false;
                    Status::SkipData
                }
            };
        }
        good
    }

    #[inline(always)]
    fn times_can_be(&self, lines: &Lines<'_>) -> bool {
        let of = |index: Option<usize>| index.and_then(|index| self.numbers.get(index));
        let (Some(starts), Some(ends)) = (of(self.start), of(self.end)) else {
            return true;
        };
        let known = !(starts.nulls | ends.nulls);
        let times = starts
            .values
            .iter()
            .zip(&ends.values)
            .take(lines.count)
            .enumerate();
        times.fold(true, |good, (line, (start, end))| {
            let can_be = *end >= *start && *end - *start <= SPAN_S_MAX && *end <= END_S_MAX;
            good & (can_be | (known >> line & 1 == 0))
        })
    }

    /// Adds the run to a batch; they are the lines from `first`.
    ///
    /// # Errors
    /// As [`BatchBuilder::push`]; the batch is then unusable.
    #[inline(always)]
    pub(super) fn push(
        &mut self,
        lines: &Lines<'_>,
        first: u64,
        builder: &mut BatchBuilder,
    ) -> Result<(), arrow::error::ArrowError> {
        for numbers in &self.numbers {
            builder.push_numbers(
                numbers.place,
                numbers.values.get(..lines.count).unwrap_or(&[]),
                numbers.nulls,
            );
        }
        for addresses in &self.addresses {
            builder.push_addresses(
                addresses.place,
                addresses.values.get(..lines.count).unwrap_or(&[]),
                addresses.nulls,
            );
        }
        for place in &self.texts {
            let Some(texts) = builder.texts(*place) else {
                continue;
            };
            for (line, mark) in self.marks.iter_mut().enumerate().take(lines.count) {
                *mark = lines.mark(line, *place);
            }
            let marks = self.marks.get(..lines.count).unwrap_or(&[]);
            texts.push_marked(marks, |line| lines.str(*place, line))?;
        }
        builder.push_rows(self.statuses(lines), first);
        Ok(())
    }
}

impl Numbers {
    #[inline(always)]
    fn read(&mut self, lines: &Lines<'_>) -> bool {
        let (mut wrong, mut nulls) = (0, 0);
        for (line, value) in self.values.iter_mut().enumerate().take(lines.count) {
            let (start, end) = lines.place(line, self.place);
            let len = end.wrapping_sub(start);
            let low = lines.word(end.wrapping_sub(8));
            let high = if len <= 8 {
                0
            } else {
                lines.word(end.wrapping_sub(16))
            };
            let (number, bad) = number::at_end(high, low, len);
            let missing = len == 1 && low >> 56 == u64::from(b'-');
            *value = if missing { 0 } else { number };
            nulls |= u64::from(missing) << line;
            let fits = bad == 0 && len <= number::AT_ONCE_BYTES && number <= self.info.max;
            wrong |= u64::from(!fits && !missing);
        }
        self.nulls = nulls;
        wrong == 0
    }
}

impl Addresses {
    #[inline(always)]
    fn read(&mut self, lines: &Lines<'_>) -> bool {
        let mut nulls = 0;
        for (line, value) in self.values.iter_mut().enumerate().take(lines.count) {
            let (start, end) = lines.place(line, self.place);
            match address(lines, start, end) {
                Some(address) => *value = address,
                None if end - start == 1 && lines.text.get(start) == Some(&b'-') => {
                    *value = [0; 16];
                    nulls |= 1 << line;
                }
                None => return false,
            }
        }
        self.nulls = nulls;
        true
    }

    /// The same, where many values are those of another field.
    #[inline(always)]
    fn read_beside(&mut self, twin: &Addresses, lines: &Lines<'_>) -> bool {
        let mut nulls = 0;
        for (line, value) in self.values.iter_mut().enumerate().take(lines.count) {
            let mark = lines.mark(line, self.place);
            if mark.len <= Mark::WHOLE_BYTES && mark == lines.mark(line, twin.place) {
                *value = twin.values[line % RUN_LINES];
                nulls |= twin.nulls & 1 << line;
                continue;
            }
            let (start, end) = lines.place(line, self.place);
            match address(lines, start, end) {
                Some(address) => *value = address,
                None if mark == Mark::DASH => {
                    *value = [0; 16];
                    nulls |= 1 << line;
                }
                None => return false,
            }
        }
        self.nulls = nulls;
        true
    }
}

#[inline(always)]
fn address(lines: &Lines<'_>, start: usize, end: usize) -> Option<[u8; 16]> {
    let text = lines.text.get(start..)?;
    if end - start <= 15
        && let Some(v4) = Address::parse_ipv4_at(text.first_chunk()?, end - start)
    {
        let [a, b, c, d] = v4.octets();
        return Some([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]);
    }
    Some(Address::parse(text.get(..end - start)?)?.0.to_be_bytes())
}
