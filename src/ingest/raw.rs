//! One line of one input as it stands there, for whoever explains a record: a second, targeted read, apart from the way of all records.
//!
//! Only of text, and only where the bytes can be had again: JSON and Parquet have no line that could be shown, and a pipe is gone.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::ingest::gunzip::{Gunzip, MAGIC};
use crate::ingest::options::ReadOptions;
use crate::ingest::reader::InputReader;
use crate::ingest::sniff::{Sniffed, sniff};
use crate::ingest::source::{Input, Opener, is_remote};
use crate::ingest::{export, header};
use crate::model::batch::FlowBatch;

/// More lines than any file of AWS's has: a complaint about a line beyond is not made again.
const LINES_MAX: u64 = 64 << 20;

/// A line, and the header in force there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine {
    /// Without its newline. Bytes that are no UTF-8 are replaced.
    pub text: String,
    /// The header in force, if one was given: its line and text.
    pub header: Option<(u64, String)>,
}

/// The line with this number, from 1; `None` if the input has no lines that could be shown, or not so many.
///
/// # Errors
/// Whatever the place says.
pub fn raw_line(input: &Input, line: u64, options: &ReadOptions) -> io::Result<Option<RawLine>> {
    if !can_be_read_again(input) {
        return Ok(None);
    }
    let mut stored = BufReader::new(input.opener().open()?);
    let zipped = stored.fill_buf()?.starts_with(&MAGIC);
    let plain: Box<dyn Read> = if zipped {
        Box::new(Gunzip::new(stored))
    } else {
        Box::new(stored)
    };
    let mut plain = BufReader::with_capacity(64 << 10, plain);
    if !matches!(sniff(plain.fill_buf()?), Sniffed::Text) {
        return Ok(None);
    }
    let (mut header, mut fresh) = (None, true);
    let (mut number, mut bytes) = (0, Vec::new());
    while next_line(&mut plain, options.limits.line_bytes, &mut bytes)? {
        number += 1;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if number == line {
            let text = text.trim_end_matches('\r').to_owned();
            return Ok(Some(RawLine { text, header }));
        }
        let line = trim(text);
        let record = export::strip(line).map_or(line, trim);
        if record.is_empty() {
            continue;
        }
        let is_header = if std::mem::take(&mut fresh) {
            matches!(header::first(record), Some(Ok(_)))
        } else {
            header::later(record).is_some()
        };
        if input.formats().is_empty() && is_header {
            header = Some((number, record.to_owned()));
        }
    }
    Ok(None)
}

fn trim(line: &str) -> &str {
    line.trim_matches([' ', '\t', '\r'])
}

/// Whether the bytes can be had more than once.
pub fn can_be_read_again(input: &Input) -> bool {
    input.size().is_some() || is_remote(input.uri())
}

/// The next line, as much of it as may be kept; whether there is one.
fn next_line(from: &mut impl BufRead, bytes_max: usize, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let piece = from.fill_buf()?;
        if piece.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = memchr::memchr(b'\n', piece);
        let taken = &piece[..end.unwrap_or(piece.len())];
        let room = bytes_max.saturating_sub(line.len()).min(taken.len());
        line.extend_from_slice(&taken[..room]);
        let used = end.map_or(piece.len(), |end| end + 1);
        from.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// The record with this line or row number, as a batch of one; `None` if there is no record there.
pub fn record_at(input: &Input, line: u64, options: &ReadOptions) -> Option<FlowBatch> {
    let mut reader = InputReader::open(input, options);
    while let Some(batch) = reader.next_batch() {
        if let Some(row) = batch.lines().iter().position(|number| *number == line) {
            return batch.only(&[row]).ok();
        }
    }
    None
}

/// What is wrong with a line, as a reader of the whole input says it: the line is read alone, at its number, below its header.
pub fn complaints(
    input: &Input,
    line: u64,
    raw: &RawLine,
    options: &ReadOptions,
) -> Vec<Diagnostic> {
    if line > LINES_MAX {
        return Vec::new();
    }
    let mut text = String::new();
    let blank = |text: &mut String, lines: u64| {
        text.extend(std::iter::repeat_n(
            '\n',
            usize::try_from(lines).unwrap_or(0),
        ));
    };
    let mut at = 1;
    if let Some((number, header)) = &raw.header {
        blank(&mut text, number.saturating_sub(at));
        text.push_str(header);
        text.push('\n');
        at = number + 1;
    }
    blank(&mut text, line.saturating_sub(at));
    text.push_str(&raw.text);
    let alone = Input::new(input.uri(), None, Arc::new(Memory(text.into_bytes())));
    let alone = alone
        .of_flow_log(input.flow_log().map(str::to_owned))
        .in_formats(input.formats().to_vec());
    let mut reader = InputReader::open(&alone, options);
    while reader.next_batch().is_some() {}
    reader.into_report().diagnostics
}

/// Bytes at hand.
struct Memory(Vec<u8>);

impl Opener for Memory {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.0.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "srcaddr dstaddr start end log-status";

    fn input(bytes: &[u8]) -> (tempfile::NamedTempFile, Input) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let word = file.path().to_str().unwrap().to_owned();
        let listed = crate::ingest::list(&[word], None).unwrap().inputs;
        (file, listed.into_iter().next().unwrap())
    }

    #[test]
    fn a_line_is_shown_as_it_stands_with_the_header_in_force() {
        let text = format!(
            "{HEADER}\n10.0.0.1  10.0.0.2 1 2 OK\r\n\nend start log-status srcaddr dstaddr\n2 1 OK 10.0.0.1 10.0.0.2\nbad"
        );
        let (_file, input) = input(text.as_bytes());
        let options = ReadOptions::default();
        let at = |line| raw_line(&input, line, &options).unwrap();
        let second = at(2).unwrap();
        assert_eq!(second.text, "10.0.0.1  10.0.0.2 1 2 OK");
        assert_eq!(second.header, Some((1, HEADER.to_owned())));
        assert_eq!(at(5).unwrap().header.unwrap().0, 4);
        assert_eq!(at(6).unwrap().text, "bad");
        assert_eq!(at(7), None);
        let record = record_at(&input, 5, &options).unwrap();
        assert_eq!((record.len(), record.lines()), (1, &[5][..]));
        assert!(record_at(&input, 6, &options).is_none());
        let said = complaints(&input, 6, &at(6).unwrap(), &options);
        assert_eq!(said.len(), 1);
        assert_eq!(
            (said[0].code.as_str(), said[0].at[0].line),
            ("record-field-count", Some(6))
        );
    }
}
