//! A run of lines in exactly the form that AWS writes: read column by column, 64 lines at a time.
//!
//! The fast half of the hot path; `shape` is the other, and says what a line means. Whatever this half is not sure of it does not
//! read: one value in a run that is not good, and all of its lines go the slow way, one by one. So a fault is told, counted
//! and shown in one place, and the two halves can be held against each other (`properties`).
//!
//! Why columns: the same few instructions for 64 values in a row, none of which waits for the one before. Measured in docs/benchmarks.md.

use crate::ingest::alike;
use crate::ingest::ledger::Ledger;
use crate::ingest::lines::{Lines, RUN_LINES};
use crate::ingest::number::{self, Words};
use crate::ingest::quads::Quads;
#[cfg(target_arch = "x86_64")]
use crate::ingest::quads::shuffled;
use crate::ingest::shape::{END_S_MAX, Rule, SPAN_S_MAX, Shape, place_of};
use crate::ingest::window;
use crate::model::address::Address;
use crate::model::batch::{BITS, BatchBuilder, Mark, Marked, Status};
use crate::model::field::{Field, FieldInfo};
use crate::model::format::Format;

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
    /// A bit for each line that is no flow.
    silent: u64,
    /// Of the number column in work.
    words: Words,
    /// Of the address column in work.
    quads: Quads,
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
                    let same = info.field.twin().and_then(|twin| place_of(format, twin));
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
            silent: 0,
            words: Words::EMPTY,
            quads: Quads::EMPTY,
        })
    }

    /// How many values a line has.
    pub(super) fn fields(&self) -> usize {
        self.fields
    }

    /// What each line of the run is.
    fn statuses(&self, lines: &Lines<'_>) -> &[Status] {
        self.statuses.get(..lines.count()).unwrap_or(&[])
    }

    /// Tells what the lines of the run are.
    #[inline(always)]
    pub(super) fn tell(&self, lines: &Lines<'_>, ledger: &mut Ledger) {
        ledger.flows_taken(lines.count() - self.silent.count_ones() as usize);
        for line in places_of(self.silent) {
            ledger.taken(self.statuses[line]);
        }
    }

    /// Reads the values that can be wrong; whether all are good.
    #[inline(always)]
    pub(super) fn read(&mut self, lines: &Lines<'_>) -> bool {
        for numbers in &mut self.numbers {
            if !numbers.read(lines, &mut self.words) {
                return false;
            }
        }
        for index in 0..self.addresses.len() {
            let (before, rest) = self.addresses.split_at_mut(index);
            let Some(addresses) = rest.first_mut() else {
                return false;
            };
            let good = match addresses.twin.and_then(|twin| before.get(twin)) {
                Some(twin) => addresses.read_beside(twin, lines, &mut self.quads),
                None => addresses.read(lines, &mut self.quads),
            };
            if !good {
                return false;
            }
        }
        self.read_statuses(lines) && self.times_can_be()
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
        self.statuses = [Status::Flow; RUN_LINES];
        let Some(place) = self.log_status else {
            let skips = if self.ends.is_empty() { 0 } else { nameless };
            self.silent = skips & lines.all();
            for line in places_of(self.silent) {
                self.statuses[line] = Status::SkipData;
            }
            return true;
        };
        let mut silent = 0;
        lines.each(place, |line, place| {
            let is_ok = lines.brief(place) == (OK, 2);
            silent |= u64::from(!is_ok) << line;
        });
        self.silent = silent;
        for line in places_of(silent) {
            self.statuses[line] = match lines.brief(lines.place(line, place)) {
                (NODATA, 6) if nameless >> line & 1 == 1 => Status::NoData,
                (NODATA, 6) | (SKIPDATA, 8) => Status::SkipData,
                _ => return false,
            };
        }
        true
    }

    #[inline(always)]
    fn times_can_be(&self) -> bool {
        let of = |index: Option<usize>| index.and_then(|index| self.numbers.get(index));
        let (Some(starts), Some(ends)) = (of(self.start), of(self.end)) else {
            return true;
        };
        let unknown = starts.nulls | ends.nulls;
        let times = starts.values.iter().zip(&ends.values).zip(&BITS);
        // Behind the last line are zeros. No number is negative.
        times.fold(true, |good, ((start, end), bit)| {
            let span = end.wrapping_sub(*start);
            let can_be = (0..=SPAN_S_MAX).contains(&span) & (*end <= END_S_MAX);
            good & (can_be | (unknown & bit != 0))
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
                numbers.values.get(..lines.count()).unwrap_or(&[]),
                numbers.nulls,
            );
        }
        for addresses in &self.addresses {
            builder.push_addresses(
                addresses.place,
                addresses.values.get(..lines.count()).unwrap_or(&[]),
                addresses.nulls,
            );
        }
        for place in &self.texts {
            let Some(texts) = builder.texts(*place) else {
                continue;
            };
            texts.push_marked(&Column {
                lines: *lines,
                field: *place,
            })?;
        }
        builder.push_rows(self.statuses(lines), first);
        Ok(())
    }
}

/// The places of the bits that are set, each below 64, from the lowest.
#[inline(always)]
fn places_of(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (bits != 0).then_some(bits.trailing_zeros() as usize % 64);
        bits &= bits.wrapping_sub(1);
        place
    })
}

/// The texts of one field.
struct Column<'a> {
    lines: Lines<'a>,
    field: usize,
}

impl Marked for Column<'_> {
    fn count(&self) -> usize {
        self.lines.count()
    }

    #[inline(always)]
    fn each(&self, mut each: impl FnMut(usize, Mark)) {
        self.lines
            .each(self.field, |line, place| each(line, self.lines.mark(place)));
    }

    #[inline(always)]
    fn each_brief(&self, mut each: impl FnMut(usize, u64, u32)) {
        self.lines.each(self.field, |line, place| {
            let (tail, len) = self.lines.brief(place);
            each(line, tail, len);
        });
    }

    fn text(&self, line: usize) -> Option<(Mark, &str)> {
        let place = self.lines.place(line, self.field);
        Some((self.lines.mark(place), self.lines.str(place)?))
    }
}

impl Numbers {
    #[inline(never)]
    fn read(&mut self, lines: &Lines<'_>, words: &mut Words) -> bool {
        // A longer number of these could only have zeros before it.
        let is_brief = self.info.max < 100_000_000;
        let mut longest = 0;
        let mut read = |line: usize, (start, end): (u32, u32)| {
            let len = u64::from(end.wrapping_sub(start));
            longest = longest.max(len);
            words.lens[line] = len;
        };
        if is_brief {
            lines.each(self.place, |line, place| {
                read(line, place);
                words.lows[line] = lines.eight(place.1);
            });
        } else {
            lines.each(self.place, |line, place| {
                read(line, place);
                (words.highs[line], words.lows[line]) = lines.sixteen(place.1);
            });
        }
        if longest > if is_brief { 8 } else { number::AT_ONCE_BYTES } {
            return false;
        }
        let found = words.numbers(lines.count(), longest > 8, &mut self.values);
        self.nulls = found.nulls;
        !found.wrong && found.largest <= self.info.max
    }
}

impl Addresses {
    #[inline(always)]
    fn read(&mut self, lines: &Lines<'_>, quads: &mut Quads) -> bool {
        self.nulls = 0;
        let others = self.read_ipv4(lines, quads, lines.all());
        self.read_others(lines, others)
    }

    /// Reads those of some lines that are IPv4 addresses; a bit for each of them that is none, or was not tried.
    #[inline(always)]
    fn read_ipv4(&mut self, lines: &Lines<'_>, quads: &mut Quads, of: u64) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if shuffled::are_there() {
            #[expect(
                unsafe_code,
                reason = "the compiler may not assume what has been asked; see docs/benchmarks.md"
            )]
            // SAFETY: the processor has just been asked, and has what the function is compiled for. It is safe code.
            return unsafe { self.read_shuffled(lines, of) };
        }
        if of != lines.all() {
            return of;
        }
        lines.each(self.place, |line, (start, end)| {
            let len = end.wrapping_sub(start) as usize;
            quads.put(line, lines.bytes(), start as usize, len);
        });
        let others = quads.read(lines.count());
        for (line, value) in self.values.iter_mut().enumerate().take(lines.count()) {
            *value = quads.mapped(line);
        }
        others
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    #[inline(never)]
    fn read_shuffled(&mut self, lines: &Lines<'_>, of: u64) -> u64 {
        let mut others = 0;
        let place = self.place;
        let mut read = |line: usize, (start, end): (u32, u32)| {
            let bytes = window::from(lines.bytes(), start as usize);
            let (address, is) = shuffled::read(bytes, end.wrapping_sub(start) as usize);
            self.values[line % RUN_LINES] = address;
            others |= u64::from(!is) << line;
        };
        if of == lines.all() {
            lines.each(place, read);
        } else {
            for line in places_of(of) {
                read(line, lines.place(line, place));
            }
        }
        others
    }

    /// The same, where many values are those of another field, byte by byte and as long.
    #[inline(always)]
    fn read_beside(&mut self, twin: &Addresses, lines: &Lines<'_>, quads: &mut Quads) -> bool {
        let others = alike::unlike(lines, self.place, twin.place);
        self.values = twin.values;
        self.nulls = twin.nulls & !others;
        let others = self.read_ipv4(lines, quads, others & lines.all());
        self.read_others(lines, others)
    }

    /// Reads the addresses of some lines one by one; whether all are good.
    #[inline(always)]
    fn read_others(&mut self, lines: &Lines<'_>, others: u64) -> bool {
        places_of(others).all(|line| self.read_other(lines, line))
    }

    /// Whatever address it is, or a missing one; whether it is either.
    #[inline(never)]
    fn read_other(&mut self, lines: &Lines<'_>, line: usize) -> bool {
        let text = lines.str(lines.place(line, self.place));
        let address = text.and_then(|text| Address::parse(text.as_bytes()));
        let missing = text == Some("-");
        self.nulls |= u64::from(missing) << line;
        self.values[line % RUN_LINES] = address.map_or([0; 16], |address| address.0.to_be_bytes());
        missing || address.is_some()
    }
}
