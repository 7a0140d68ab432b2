//! JSON of CloudWatch Logs, Firehose and the AWS CLI: bytes in pieces go in, the `message` of each event comes out.
//!
//! Read are, one after another or in arrays: `{"message": …}`; subscription data `{"messageType": "DATA_MESSAGE", "logEvents":
//! [{"message": …}, …]}`; and the answers of filter-log-events and get-log-events, `{"events": [{"message": …}, …]}`. One event
//! is in memory at a time, however long the array.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::diag::{Diagnostic, Location, show};
use crate::ingest::complaint::{Fault, unreadable};
use crate::ingest::decoder::Decoder;
use crate::ingest::json_grammar::{Cut, Envelope, Frame, Grammar};
use crate::ingest::json_scan::{Cutter, Step};
use crate::ingest::records::Records;

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

/// Splits JSON into messages.
pub(super) struct JsonDecoder {
    line_bytes_max: usize,
    grammar: Grammar,
    cutter: Cutter,
    /// Events so far.
    events: u64,
    /// Bytes before the piece in work.
    offset: u64,
}

type Broken = Box<Diagnostic>;

impl JsonDecoder {
    pub(super) fn new(line_bytes_max: usize) -> JsonDecoder {
        JsonDecoder {
            line_bytes_max,
            grammar: Grammar::new(),
            cutter: Cutter::default(),
            events: 0,
            offset: 0,
        }
    }

    fn value_bytes_max(&self) -> usize {
        self.line_bytes_max.saturating_mul(2)
    }

    /// A value has been cut out whole.
    fn cut_out(&mut self, records: &mut Records) -> Result<(), String> {
        let cutter = std::mem::take(&mut self.cutter);
        let done = match self.grammar.taken() {
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
        self.cutter.clear();
        done
    }

    /// An object has ended: it was an event, held events, or is none of ours.
    fn object(&mut self, envelope: &Envelope, records: &mut Records) {
        if !envelope.has_message && !envelope.has_events && !envelope.is_control {
            self.events += 1;
            records.bad_row(Fault::NoMessage("an object without it"), self.events);
        }
        if envelope.next_page && envelope.has_events {
            let page = missing_page(records.ledger.uri());
            records.ledger.not_whole(page);
        }
    }

    fn key(&mut self, value: Option<&[u8]>) -> Result<(), String> {
        let value = value.ok_or("a name is too long")?;
        let key: Cow<'_, str> = serde_json::from_slice(value).map_err(|why| why.to_string())?;
        if let Some(Frame::Object(envelope)) = self.grammar.frame() {
            envelope.key = key.into_owned();
        }
        Ok(())
    }

    fn member(&mut self, value: Option<&[u8]>, records: &mut Records) -> Result<(), String> {
        let Some(Frame::Object(envelope)) = self.grammar.frame() else {
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
            "nextToken" => envelope.next_page |= value.starts_with(b"\"") && value.len() > 2,
            _ => {}
        }
        serde_json::from_slice::<IgnoredAny>(value).map_err(|why| why.to_string())?;
        Ok(())
    }

    fn event(&mut self, value: Option<&[u8]>, records: &mut Records) -> Result<(), String> {
        // A control message checks that the subscription works; anything else in its envelope is a record like any other.
        let control = matches!(self.grammar.frame(), Some(Frame::Events { skip: true }));
        let checks = |value| {
            serde_json::from_slice(value)
                .is_ok_and(|event: Event<'_>| event.message.starts_with("CWL CONTROL MESSAGE"))
        };
        if control && value.is_some_and(checks) {
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
    fn push(
        &mut self,
        text: &[u8],
        piece: Range<usize>,
        records: &mut Records,
    ) -> Result<(), Broken> {
        let bytes = text.get(piece).unwrap_or(&[]);
        let mut at = 0;
        while at < bytes.len() {
            if self.grammar.cut() == Cut::Nothing {
                match self.grammar.byte(bytes[at]) {
                    Ok(Some(envelope)) => self.object(&envelope, records),
                    Ok(None) => {}
                    Err(why) => return Err(self.broken(records, at, why)),
                }
                // The first byte of a value is the cutter's.
                at += usize::from(self.grammar.cut() == Cut::Nothing);
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
        if self.grammar.is_closed() {
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
        let cut = self.grammar.cut();
        let in_message = match self.grammar.frame() {
            Some(Frame::Object(envelope)) => cut == Cut::Member && envelope.key == "message",
            Some(Frame::Events { skip }) => cut == Cut::Event && !*skip,
            Some(Frame::Array) | None => false,
        };
        self.grammar.taken();
        if in_message {
            self.events += 1;
            records.bad_row(Fault::Cut, self.events);
        }
    }

    fn encoding(&self) -> &'static str {
        "json"
    }
}
