//! Text logs: bytes in pieces go in, lines come out, each whole and without its blanks.
//!
//! A piece is worked in place; only the line that a cut divides is copied. A line beyond the limit is never kept: its bytes are
//! passed over up to the next newline, and it is one row set aside.

use memchr::{memchr, memrchr};

use crate::diag::Diagnostic;
use crate::ingest::complaint::Fault;
use crate::ingest::decoder::Decoder;
use crate::ingest::export;
use crate::ingest::records::Records;
use crate::model::batch::Value;

/// The byte order mark that some editors leave.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Splits text into lines.
pub(super) struct TextDecoder {
    line_bytes_max: usize,
    /// The line that has begun and not ended.
    tail: Vec<u8>,
    /// That line is too long already, and no longer kept.
    passing: bool,
    /// Lines that have ended.
    lines: u64,
    export: bool,
}

impl TextDecoder {
    pub(super) fn new(line_bytes_max: usize) -> TextDecoder {
        TextDecoder {
            line_bytes_max,
            tail: Vec::new(),
            passing: false,
            lines: 0,
            export: false,
        }
    }

    /// Keeps the beginning of a line.
    fn keep(&mut self, bytes: &[u8]) {
        if self.passing || self.tail.len() + bytes.len() > self.line_bytes_max {
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
            self.lines += 1;
            records.bad_row(Fault::TooLong(self.line_bytes_max), self.lines);
            return;
        }
        let mut tail = std::mem::take(&mut self.tail);
        self.raw_line(&tail, records, &mut Vec::new());
        tail.clear();
        self.tail = tail;
    }

    /// Lines that stand whole in a piece.
    fn block(&mut self, block: &[u8], records: &mut Records) {
        let mut scratch = Vec::new();
        // Checked once for all lines; only a block with a bad line in it is checked line by line.
        let Ok(text) = std::str::from_utf8(block) else {
            for line in block.split_inclusive(|byte| *byte == b'\n') {
                self.raw_line(
                    line.strip_suffix(b"\n").unwrap_or(line),
                    records,
                    &mut scratch,
                );
            }
            return;
        };
        let mut from = 0;
        while let Some(len) = memchr(b'\n', &block[from..]) {
            self.text_line(&text[from..from + len], records, &mut scratch);
            from += len + 1;
        }
    }

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
    fn push(&mut self, bytes: &[u8], records: &mut Records) -> Result<(), Box<Diagnostic>> {
        let mut rest = bytes;
        if self.passing || !self.tail.is_empty() {
            let Some(end) = memchr(b'\n', rest) else {
                self.keep(rest);
                return Ok(());
            };
            self.keep(&rest[..end]);
            self.end_tail(records);
            rest = &rest[end + 1..];
        }
        if let Some(last) = memrchr(b'\n', rest) {
            self.block(&rest[..=last], records);
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
            records.bad_row(Fault::Cut, self.lines + 1);
        }
        self.tail.clear();
        self.passing = false;
    }

    fn encoding(&self) -> &'static str {
        if self.export { "export" } else { "text" }
    }
}
