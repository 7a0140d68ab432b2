//! JSON of CloudWatch Logs, Firehose and the AWS CLI: bytes in pieces go in, the `message` of each event comes out.
//!
//! Read are, one after another or in arrays: `{"message": …}`; subscription data `{"messageType": "DATA_MESSAGE", "logEvents":
//! [{"message": …}, …]}`; and the answers of filter-log-events and get-log-events, `{"events": [{"message": …}, …]}`. One event
//! is in memory at a time, however long the array.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::diag::{Diagnostic, Location, show};
use crate::ingest::complaint::{Fault, unreadable};
use crate::ingest::decoder::Decoder;
use crate::ingest::json_scan::{Cutter, Step};
use crate::ingest::records::Records;

/// Arrays in arrays, before it is no log any more.
const DEPTH_MAX: usize = 32;

/// What the next byte that is not blank may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

enum Frame {
    /// An array of objects of any of the forms.
    Array,
    /// `events` or `logEvents`; its elements are cut out whole. Those of a control message are no records.
    Events {
        skip: bool,
    },
    Object(Envelope),
}

/// What an object has said so far.
#[derive(Default)]
struct Envelope {
    key: String,
    has_events: bool,
    has_message: bool,
    is_control: bool,
    next_page: bool,
}

/// What is being cut out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Nothing,
    Key,
    Member,
    Event,
    Stray,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

/// Splits JSON into messages.
pub(super) struct JsonDecoder {
    line_bytes_max: usize,
    stack: Vec<Frame>,
    expect: Expect,
    cut: Cut,
    cutter: Cutter,
    /// Events so far.
    events: u64,
    /// Bytes before the piece in work.
    offset: u64,
    /// Bytes of the byte order mark that may still come.
    mark: &'static [u8],
}

type Broken = Box<Diagnostic>;

impl JsonDecoder {
    pub(super) fn new(line_bytes_max: usize) -> JsonDecoder {
        JsonDecoder {
            line_bytes_max,
            stack: Vec::new(),
            expect: Expect::Value,
            cut: Cut::Nothing,
            cutter: Cutter::default(),
            events: 0,
            offset: 0,
            mark: b"\xef\xbb\xbf",
        }
    }

    fn value_bytes_max(&self) -> usize {
        self.line_bytes_max.saturating_mul(2)
    }

    /// One byte between values.
    fn structure(&mut self, byte: u8, records: &mut Records) -> Result<(), &'static str> {
        if self.mark.first() == Some(&byte) {
            self.mark = &self.mark[1..];
            return Ok(());
        }
        self.mark = &[];
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            return Ok(());
        }
        match (self.expect, byte) {
            (Expect::Key | Expect::KeyOrEnd, b'"') => self.begin(Cut::Key),
            (Expect::Colon, b':') => self.expect = Expect::Value,
            (Expect::CommaOrEnd, b',') => {
                let in_object = matches!(self.stack.last(), Some(Frame::Object(_)));
                self.expect = if in_object {
                    Expect::Key
                } else {
                    Expect::Value
                };
            }
            (Expect::KeyOrEnd | Expect::CommaOrEnd, b'}') => self.end_object(records)?,
            (Expect::ValueOrEnd | Expect::CommaOrEnd, b']') => self.end_array()?,
            (Expect::Value | Expect::ValueOrEnd, _) => self.value(byte)?,
            (Expect::Key | Expect::KeyOrEnd, _) => return Err("a name in quotes is missing"),
            (Expect::Colon, _) => return Err("a colon is missing"),
            (Expect::CommaOrEnd, _) => return Err("a comma or a bracket is missing"),
        }
        Ok(())
    }

    /// The first byte of a value.
    fn value(&mut self, byte: u8) -> Result<(), &'static str> {
        if matches!(byte, b'}' | b']' | b',' | b':') {
            return Err("a value is missing");
        }
        let is_events = match self.stack.last() {
            Some(Frame::Events { .. }) => {
                self.begin(Cut::Event);
                return Ok(());
            }
            Some(Frame::Object(envelope)) => {
                Some(matches!(envelope.key.as_str(), "events" | "logEvents"))
            }
            Some(Frame::Array) | None => None,
        };
        match (is_events, byte) {
            (Some(true), b'[') => {
                let mut skip = false;
                if let Some(Frame::Object(envelope)) = self.stack.last_mut() {
                    envelope.has_events = true;
                    skip = envelope.is_control;
                }
                self.open(Frame::Events { skip }, Expect::ValueOrEnd)
            }
            (Some(_), _) => {
                self.begin(Cut::Member);
                Ok(())
            }
            (None, b'{') => self.open(Frame::Object(Envelope::default()), Expect::KeyOrEnd),
            (None, b'[') => self.open(Frame::Array, Expect::ValueOrEnd),
            (None, _) if self.stack.is_empty() => Err("an object or an array is missing"),
            (None, _) => {
                self.begin(Cut::Stray);
                Ok(())
            }
        }
    }

    fn open(&mut self, frame: Frame, expect: Expect) -> Result<(), &'static str> {
        if self.stack.len() >= DEPTH_MAX {
            return Err("arrays stand in arrays too deep");
        }
        self.stack.push(frame);
        self.expect = expect;
        Ok(())
    }

    fn begin(&mut self, cut: Cut) {
        self.cut = cut;
        self.cutter.clear();
    }

    fn after_value(&mut self) {
        self.expect = if self.stack.is_empty() {
            Expect::Value
        } else {
            Expect::CommaOrEnd
        };
    }

    fn end_array(&mut self) -> Result<(), &'static str> {
        match self.stack.pop() {
            Some(Frame::Array | Frame::Events { .. }) => {
                self.after_value();
                Ok(())
            }
            Some(Frame::Object(_)) | None => Err("a bracket closes what it did not open"),
        }
    }

    fn end_object(&mut self, records: &mut Records) -> Result<(), &'static str> {
        let Some(Frame::Object(envelope)) = self.stack.pop() else {
            return Err("a bracket closes what it did not open");
        };
        if !envelope.has_message && !envelope.has_events && !envelope.is_control {
            self.events += 1;
            records.bad_row(Fault::NoMessage("an object without it"), self.events);
        }
        if envelope.next_page && envelope.has_events {
            records.ledger.not_whole(missing_page(records.ledger.uri()));
        }
        self.after_value();
        Ok(())
    }

    /// A value has been cut out whole.
    fn cut_out(&mut self, records: &mut Records) -> Result<(), String> {
        let cut = std::mem::replace(&mut self.cut, Cut::Nothing);
        let cutter = std::mem::take(&mut self.cutter);
        let done = match cut {
            Cut::Nothing => Ok(()),
            Cut::Key => self.key(cutter.value()),
            Cut::Member => self.member(cutter.value(), records),
            Cut::Event => self.event(cutter.value(), records),
            Cut::Stray => {
                self.events += 1;
                let got = cutter
                    .value()
                    .map(String::from_utf8_lossy)
                    .unwrap_or_default();
                records.bad_row(Fault::NoMessage(&got), self.events);
                Ok(())
            }
        };
        self.cutter = cutter;
        if cut == Cut::Key {
            self.expect = Expect::Colon;
        } else {
            self.after_value();
        }
        done
    }

    fn key(&mut self, value: Option<&[u8]>) -> Result<(), String> {
        let value = value.ok_or("a name is too long")?;
        let key: Cow<'_, str> = serde_json::from_slice(value).map_err(|why| why.to_string())?;
        if let Some(Frame::Object(envelope)) = self.stack.last_mut() {
            envelope.key = key.into_owned();
        }
        Ok(())
    }

    fn member(&mut self, value: Option<&[u8]>, records: &mut Records) -> Result<(), String> {
        let Some(Frame::Object(envelope)) = self.stack.last_mut() else {
            return Ok(());
        };
        if envelope.key == "message" {
            envelope.has_message = true;
            return self.message(value, records, serde_json::from_slice);
        }
        // A long value of another name is none of ours.
        let Some(value) = value else { return Ok(()) };
        match envelope.key.as_str() {
            "messageType" => envelope.is_control = value == b"\"CONTROL_MESSAGE\"",
            "nextToken" => envelope.next_page = value.starts_with(b"\"") && value.len() > 2,
            _ => {}
        }
        serde_json::from_slice::<IgnoredAny>(value).map_err(|why| why.to_string())?;
        Ok(())
    }

    fn event(&mut self, value: Option<&[u8]>, records: &mut Records) -> Result<(), String> {
        if matches!(self.stack.last(), Some(Frame::Events { skip: true })) {
            return Ok(());
        }
        self.message(value, records, |value| {
            serde_json::from_slice(value).map(|event: Event<'_>| event.message)
        })
    }

    /// One event: its message is a record, a header, or nothing that can be read.
    fn message<'a>(
        &mut self,
        value: Option<&'a [u8]>,
        records: &mut Records,
        read: impl FnOnce(&'a [u8]) -> serde_json::Result<Cow<'a, str>>,
    ) -> Result<(), String> {
        self.events += 1;
        let Some(value) = value else {
            records.bad_row(Fault::TooLong(self.value_bytes_max()), self.events);
            return Ok(());
        };
        if std::str::from_utf8(value).is_err() {
            records.bad_row(Fault::Encoding(value), self.events);
            return Ok(());
        }
        match read(value) {
            Ok(message) if message.len() > self.line_bytes_max => {
                records.bad_row(Fault::TooLong(self.line_bytes_max), self.events);
            }
            Ok(message) => {
                let line = message.trim_matches([' ', '\t', '\r', '\n']);
                records.line(line, self.events, &mut Vec::new());
            }
            Err(why) if why.is_data() => {
                let got = String::from_utf8_lossy(value);
                records.bad_row(Fault::NoMessage(&got), self.events);
            }
            Err(why) => return Err(why.to_string()),
        }
        Ok(())
    }

    fn broken(&self, records: &Records, at: usize, why: &str) -> Broken {
        let uri = records.ledger.uri();
        let byte = self.offset + at as u64 + 1;
        Box::new(
            unreadable("input-unreadable", uri, "it is not JSON from here on")
                .at(Location::line(uri, self.events + 1))
                .got(format!("{}, at byte {byte}", show(why))),
        )
    }
}

fn missing_page(uri: &str) -> Diagnostic {
    let mut page = unreadable(
        "input-incomplete-page",
        uri,
        "the answer has a `nextToken`: there are more pages than this one",
    );
    page.help =
        "let the AWS CLI fetch all pages (without --max-items and --no-paginate), and save that"
            .into();
    page
}

impl Decoder for JsonDecoder {
    fn push(&mut self, bytes: &[u8], records: &mut Records) -> Result<(), Broken> {
        let mut at = 0;
        while at < bytes.len() {
            if self.cut == Cut::Nothing {
                if let Err(why) = self.structure(bytes[at], records) {
                    return Err(self.broken(records, at, why));
                }
                // The first byte of a value is the cutter's.
                at += usize::from(self.cut == Cut::Nothing);
                continue;
            }
            match self.cutter.push(&bytes[at..], self.value_bytes_max()) {
                Step::More => at = bytes.len(),
                Step::Done(len) => {
                    at += len;
                    if let Err(why) = self.cut_out(records) {
                        return Err(self.broken(records, at, &why));
                    }
                }
            }
        }
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn finish(&mut self, records: &mut Records) -> Result<(), Broken> {
        if self.cut == Cut::Nothing && self.stack.is_empty() {
            return Ok(());
        }
        self.cut(records);
        Err(Box::new(unreadable(
            "input-truncated",
            records.ledger.uri(),
            "the JSON ends before its last bracket",
        )))
    }

    fn cut(&mut self, records: &mut Records) {
        let in_message = match self.stack.last() {
            Some(Frame::Object(envelope)) => self.cut == Cut::Member && envelope.key == "message",
            Some(Frame::Events { skip }) => self.cut == Cut::Event && !skip,
            Some(Frame::Array) | None => false,
        };
        self.cut = Cut::Nothing;
        if in_message {
            self.events += 1;
            records.bad_row(Fault::Cut, self.events);
        }
    }

    fn encoding(&self) -> &'static str {
        "json"
    }
}
