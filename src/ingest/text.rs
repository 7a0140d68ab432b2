//! Text logs: bytes in pieces go in, lines come out, each whole and without its blanks.
//!
//! A piece is worked in place; only the line that a cut divides is copied, and used if its beginning is no longer in memory. A line beyond
//! the limit is never kept: its bytes are passed over up to the next newline, and it is one row set aside.

use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::diag::Diagnostic;
use crate::ingest::complaint::Fault;
use crate::ingest::decoder::Decoder;
use crate::ingest::export;
use crate::ingest::lines::{Cursor, RUN_LINES};
use crate::ingest::marks::Marks;
use crate::ingest::records::Records;
use crate::ingest::window::{Bytes, FIRST, TEXT_BYTES_MAX, Window};
use crate::model::batch::Value;

/// The byte order mark that some editors leave.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Whether the processor has what [`TextDecoder::block_with_bit_instructions`] is compiled for.
#[cfg(target_arch = "x86_64")]
fn has_bit_instructions() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

/// Splits text into lines.
pub(super) struct TextDecoder {
    reader: LineReader,
    /// The line that has begun and not ended.
    tail: Vec<u8>,
    /// That line is too long already, and no longer kept.
    passing: bool,
    /// Kept so that they are made once: together they are as large as a piece of text.
    marks: Marks,
    window: Window,
}

/// Reads lines that have ended, and counts them.
struct LineReader {
    line_bytes_max: usize,
    lines: u64,
    export: bool,
}

impl TextDecoder {
    pub(super) fn new(line_bytes_max: usize) -> TextDecoder {
        TextDecoder {
            reader: LineReader {
                line_bytes_max,
                lines: 0,
                export: false,
            },
            tail: Vec::new(),
            passing: false,
            marks: Marks::default(),
            window: Window::default(),
        }
    }

    /// Keeps the beginning of a line.
    fn keep(&mut self, bytes: &[u8]) {
        if self.passing || self.tail.len() + bytes.len() > self.reader.line_bytes_max {
            self.passing = true;
            self.tail.clear();
        } else {
            self.tail.extend_from_slice(bytes);
        }
    }

    /// The line that a cut divided has ended.
    fn end_tail(&mut self, records: &mut Records) {
        if self.passing {
            self.passing = false;
            self.reader.too_long(records);
            return;
        }
        let mut tail = std::mem::take(&mut self.tail);
        tail.push(b'\n');
        self.block(&tail, 0, tail.len(), records);
        tail.clear();
        self.tail = tail;
    }

    /// The lines of `text[from..to]`, which begins with the first of them and ends with the last. The rest of the text is looked at, but
    /// does not count.
    fn block(&mut self, text: &[u8], from: usize, to: usize, records: &mut Records) {
        #[cfg(target_arch = "x86_64")]
        if has_bit_instructions() {
            #[expect(
                unsafe_code,
                reason = "the compiler may not assume what has been asked; see docs/benchmarks.md"
            )]
            // SAFETY: the processor has just been asked, and has what the function is compiled for. It is the same safe code.
            unsafe {
                self.block_with_bit_instructions(text, from, to, records);
            }
            return;
        }
        self.block_anywhere(text, from, to, records);
    }

    /// The same, compiled for processors since 2013: bits are found and counted in one instruction, not in five.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn block_with_bit_instructions(
        &mut self,
        text: &[u8],
        from: usize,
        to: usize,
        records: &mut Records,
    ) {
        self.block_anywhere(text, from, to, records);
    }

    #[inline(always)]
    fn block_anywhere(&mut self, text: &[u8], from: usize, to: usize, records: &mut Records) {
        let TextDecoder {
            reader,
            marks,
            window,
            ..
        } = self;
        let mut scratch = Vec::new();
        let mut at = from;
        while at < to {
            let before = at;
            let len = TEXT_BYTES_MAX.min(to - at);
            let bytes = window.on(text, at, len);
            marks.find(bytes, len);
            let last = at + len == to;
            at = reader.lines_of(bytes, marks, text, at, last, records, &mut scratch);
            if at == before {
                // A line longer than the window.
                let rest = text.get(at..to).unwrap_or(&[]);
                let len = memchr(b'\n', rest).unwrap_or(rest.len());
                reader.raw_line(&rest[..len], records, &mut scratch);
                at += len + 1;
            }
        }
    }
}

impl LineReader {
    /// A line that is not kept.
    fn too_long(&mut self, records: &mut Records) {
        self.lines += 1;
        records.bad_row(Fault::TooLong(self.line_bytes_max), self.lines);
    }

    /// The lines that end in the window, which begins at `from` in the text; where the next one begins. A few at the end are left to the next
    /// window, unless this is the last: a run costs the same with few lines as with many.
    #[inline(always)]
    #[expect(
        clippy::too_many_arguments,
        reason = "what the loop over windows has at hand"
    )]
    fn lines_of<'a>(
        &mut self,
        bytes: &Bytes,
        marks: &Marks,
        text: &'a [u8],
        from: usize,
        last: bool,
        records: &mut Records,
        scratch: &mut Vec<Value<'a>>,
    ) -> usize {
        let (mut place, mut slow) = (FIRST, 0);
        let mut cursor = Cursor::FIRST;
        loop {
            cursor.pass(marks, place);
            if slow == 0 {
                if !last && place > FIRST && cursor.left(marks) < RUN_LINES / 2 {
                    return from + place - FIRST;
                }
                let taken;
                (taken, slow) =
                    records.run(bytes, marks, &cursor, self.lines + 1, self.line_bytes_max);
                self.lines += taken as u64;
                if taken > 0 {
                    place = cursor.skip(marks, taken).unwrap_or(place);
                    continue;
                }
            }
            let at = from + place - FIRST;
            // A line of the slow way may have other breaks in it.
            let Some(end) = cursor.skip_line(marks, bytes) else {
                return at;
            };
            let line = text.get(at..from + end - FIRST).unwrap_or(&[]);
            self.raw_line(line, records, scratch);
            place = end + 1;
            slow -= 1;
        }
    }

    #[inline(never)]
    fn raw_line<'a>(
        &mut self,
        line: &'a [u8],
        records: &mut Records,
        scratch: &mut Vec<Value<'a>>,
    ) {
        match std::str::from_utf8(line) {
            Ok(text) => self.text_line(text, records, scratch),
            Err(_) => {
                self.lines += 1;
                let too_long = line.len() > self.line_bytes_max;
                let fault = if too_long {
                    Fault::TooLong(self.line_bytes_max)
                } else {
                    Fault::Encoding(line)
                };
                records.bad_row(fault, self.lines);
            }
        }
    }

    #[inline]
    fn text_line<'a>(
        &mut self,
        line: &'a str,
        records: &mut Records,
        scratch: &mut Vec<Value<'a>>,
    ) {
        self.lines += 1;
        if line.len() > self.line_bytes_max {
            records.bad_row(Fault::TooLong(self.line_bytes_max), self.lines);
            return;
        }
        let line = if self.lines == 1 {
            line.strip_prefix('\u{feff}').unwrap_or(line)
        } else {
            line
        };
        let line = trim(line);
        if line.is_empty() {
            return;
        }
        match export::strip(line) {
            None => records.line(line, self.lines, scratch),
            Some(record) => {
                self.export = true;
                records.line(trim(record), self.lines, scratch);
            }
        }
    }
}

#[cfg(test)]
impl TextDecoder {
    /// Takes all of a text, line by line, each the slow way.
    pub(super) fn push_slowly(&mut self, text: &[u8], records: &mut Records) {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        for line in lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line)) {
            self.reader.raw_line(line, records, &mut Vec::new());
        }
    }
}

/// The line without blanks, tabs and carriage returns at its ends.
#[inline]
pub(super) fn trim(line: &str) -> &str {
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t' | b'\r'));
    if !blank(line.as_bytes().first()) && !blank(line.as_bytes().last()) {
        return line;
    }
    line.trim_matches([' ', '\t', '\r'])
}

impl Decoder for TextDecoder {
    fn push(
        &mut self,
        text: &[u8],
        piece: Range<usize>,
        records: &mut Records,
    ) -> Result<(), Box<Diagnostic>> {
        let (mut from, to) = (piece.start, piece.end);
        let piece = text.get(piece).unwrap_or(&[]);
        if self.passing || !self.tail.is_empty() {
            let Some(end) = memchr(b'\n', piece) else {
                self.keep(piece);
                return Ok(());
            };
            // Mostly its beginning still stands before the piece.
            if !self.passing && text[..from].ends_with(&self.tail) {
                from -= self.tail.len();
                self.tail.clear();
            } else {
                self.keep(&piece[..end]);
                self.end_tail(records);
                from += end + 1;
            }
        }
        let mut rest = text.get(from..to).unwrap_or(&[]);
        if let Some(last) = memrchr(b'\n', rest) {
            self.block(text, from, from + last + 1, records);
            rest = &rest[last + 1..];
        }
        self.keep(rest);
        Ok(())
    }

    fn finish(&mut self, records: &mut Records) -> Result<(), Box<Diagnostic>> {
        if self.passing || !self.tail.is_empty() {
            self.end_tail(records);
        }
        Ok(())
    }

    fn cut(&mut self, records: &mut Records) {
        let blank = self
            .tail
            .iter()
            .all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
            || self.tail == BOM;
        if self.passing || !blank {
            records.bad_row(Fault::Cut, self.reader.lines + 1);
        }
        self.tail.clear();
        self.passing = false;
    }

    fn encoding(&self) -> &'static str {
        if self.reader.export { "export" } else { "text" }
    }
}
