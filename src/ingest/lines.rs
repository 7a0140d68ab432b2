//! Where the values of a run of lines stand: marks in, places and bytes out.

use crate::ingest::marks::{self, Ends, Marks};
use crate::ingest::number::LAST_BYTES;
use crate::ingest::window::{self, Bytes};
use crate::model::batch::Mark;

/// Lines a run: a bit of a word says of each whether a value is missing.
pub(super) const RUN_LINES: usize = 64;

/// Lines of one form, one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    bytes: &'a Bytes,
    ends: &'a Ends,
    /// The index of the mark before the first line.
    first: usize,
    fields: usize,
    count: usize,
}

impl<'a> Lines<'a> {
    /// The lines at the cursor that have the form, at most so many.
    ///
    /// The form: so many values, one blank between two, a newline at the end, only ASCII, no longer than `line_bytes_max`.
    #[inline(always)]
    pub(super) fn next(
        bytes: &'a Bytes,
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
            .map_or(usize::MAX, |odd| usize::from(*odd));
        let breaks = marks.line_ends().get(cursor.line..)?;
        let (mut count, mut last, mut start) = (0, first, usize::from(*ends.get(first)?) + 1);
        for line_end in breaks.iter().take(count_max.min(RUN_LINES)) {
            let index = usize::from(*line_end);
            let Some(end) = ends.get(index).map(|end| usize::from(*end)) else {
                break;
            };
            let fits = index - last == fields
                && end < odd
                && end - start <= line_bytes_max
                && window::is_newline(bytes, end);
            if !fits {
                break;
            }
            (count, last, start) = (count + 1, index, end + 1);
        }
        (count > 0).then_some(Lines {
            bytes,
            ends: marks.padded(),
            first,
            fields,
            count,
        })
    }

    /// The window that they stand in.
    pub(super) fn bytes(&self) -> &'a Bytes {
        self.bytes
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// A bit for each line.
    pub(super) fn all(&self) -> u64 {
        // INVARIANT: 1 to 64 lines.
        u64::MAX >> (64 - self.count.clamp(1, 64))
    }

    /// Calls `each` with every line's number and where the value of a field begins and ends in it.
    ///
    /// A loop of our own: iterators zipped with several columns are not made into tight code.
    #[inline(always)]
    pub(super) fn each(&self, field: usize, mut each: impl FnMut(usize, (u32, u32))) {
        let mut index = self.first.wrapping_add(field);
        for line in 0..self.count.min(RUN_LINES) {
            each(line, self.between(index));
            index = index.wrapping_add(self.fields);
        }
    }

    /// Where the value of a field begins and ends in one line.
    #[inline(always)]
    pub(super) fn place(&self, line: usize, field: usize) -> (u32, u32) {
        let before = line.wrapping_mul(self.fields).wrapping_add(field);
        self.between(self.first.wrapping_add(before))
    }

    /// Where the value behind a mark begins and ends.
    #[inline(always)]
    fn between(&self, index: usize) -> (u32, u32) {
        // INVARIANT: there is one behind each.
        let [before, end] = *self.ends[marks::at(index)..]
            .first_chunk()
            .unwrap_or(&[0; 2]);
        (u32::from(before) + 1, u32::from(end))
    }

    /// The eight bytes that end here, as a word.
    #[inline(always)]
    pub(super) fn eight(&self, end: u32) -> u64 {
        u64::from_le_bytes(*window::before(self.bytes, end as usize))
    }

    /// The sixteen bytes that end here, in two words.
    #[inline(always)]
    pub(super) fn sixteen(&self, end: u32) -> (u64, u64) {
        halves(*window::before(self.bytes, end as usize))
    }

    /// The value that stands here, behind zeros, and how many bytes it has. Of one that has more than eight the word means nothing.
    #[inline(always)]
    pub(super) fn brief(&self, (start, end): (u32, u32)) -> (u64, u32) {
        let len = end.wrapping_sub(start);
        let word = self.eight(end);
        (word & LAST_BYTES[len as usize % LAST_BYTES.len()], len)
    }

    /// The mark of the text that stands here.
    #[inline(always)]
    pub(super) fn mark(&self, (start, end): (u32, u32)) -> Mark {
        Mark::ending(self.last(end), end.wrapping_sub(start))
    }

    /// The bytes that end here.
    #[inline(always)]
    pub(super) fn last(&self, end: u32) -> &'a [u8; Mark::WHOLE_BYTES] {
        window::before(self.bytes, end as usize)
    }

    /// The text that stands here.
    pub(super) fn str(&self, (start, end): (u32, u32)) -> Option<&'a str> {
        let bytes = window::between(self.bytes, start as usize, end as usize)?;
        std::str::from_utf8(bytes).ok()
    }
}

/// Sixteen bytes as two little-endian words.
#[inline(always)]
fn halves(bytes: [u8; 16]) -> (u64, u64) {
    let [high, low] = [0, 8].map(|at| {
        bytes[at..]
            .first_chunk()
            .map_or(0, |word| u64::from_le_bytes(*word))
    });
    (high, low)
}

/// Where in the marks the next line begins.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    /// Its first mark.
    mark: usize,
    /// Its line end, among the line ends.
    line: usize,
    /// The first odd place in it or behind it.
    odd: usize,
}

impl Cursor {
    /// At the first line: the line end before it is the first mark.
    pub(super) const FIRST: Cursor = Cursor {
        mark: 1,
        line: 1,
        odd: 0,
    };

    /// How many line ends are left.
    pub(super) fn left(&self, marks: &Marks) -> usize {
        marks.line_ends().len().saturating_sub(self.line)
    }

    /// Passes over what is odd before the line that begins at this place.
    pub(super) fn pass(&mut self, marks: &Marks, place: usize) {
        let before = |odd: &u16| usize::from(*odd) < place;
        while marks.odd().get(self.odd).is_some_and(before) {
            self.odd += 1;
        }
    }

    /// Passes over so many line ends; the place where the next line begins.
    pub(super) fn skip(&mut self, marks: &Marks, lines: usize) -> Option<usize> {
        self.line += lines;
        let last = usize::from(*marks.line_ends().get(self.line.checked_sub(1)?)?);
        self.mark = last + 1;
        Some(usize::from(*marks.ends().get(last)?) + 1)
    }

    /// Passes over one line, whatever stands in it; the place of its newline. `None` if that is not among the marks.
    pub(super) fn skip_line(&mut self, marks: &Marks, bytes: &Bytes) -> Option<usize> {
        loop {
            let end = self.skip(marks, 1)? - 1;
            if window::is_newline(bytes, end) {
                return Some(end);
            }
        }
    }
}
