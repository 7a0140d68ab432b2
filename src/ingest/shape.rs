//! What a record of one format must look like: values as text or numbers in, checked [`Value`]s and a [`Status`] out.
//!
//! The slow way, and the one that says what a line means: lines in AWS's own form go through `run`, column by column, and come here only
//! if something in them is not good. Nothing is allocated a record: the caller lends the scratch.
//!
//! Every number and address is checked, wanted or not, so that every command sets aside the same lines.

use memchr::memchr2_iter;

use crate::ingest::complaint::Fault;
use crate::ingest::number::number;
use crate::model::address::Address;
use crate::model::batch::{Status, Value};
use crate::model::field::{Field, FieldInfo, FieldSet, Kind};
use crate::model::format::{Format, FormatField};

/// The longest time that a record may span. AWS's longest aggregation interval is ten minutes; samples of AWS's own span three.
pub(super) const SPAN_S_MAX: i64 = 86_400;

/// The last second of the year 9999, after which no calendar goes. A time in milliseconds is beyond it, and would silently put
/// its record outside every window.
pub(super) const END_S_MAX: i64 = 253_402_300_799;

/// What the values of a field must look like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Anything.
    Text,
    /// An address.
    Address(&'static FieldInfo),
    /// A number, up to the field's greatest.
    Number(&'static FieldInfo),
}

/// Where a field stands in a format.
pub(super) fn place_of(format: &Format, field: Field) -> Option<usize> {
    let known = FormatField::Known(field);
    format.fields().iter().position(|field| *field == known)
}

/// The rules of one format, and where the fields stand that say what a record is.
#[derive(Debug)]
pub(super) struct Shape {
    rules: Vec<Rule>,
    log_status: Option<usize>,
    start: Option<usize>,
    end: Option<usize>,
    addresses: Vec<usize>,
}

impl Shape {
    pub(super) fn new(format: &Format) -> Shape {
        let place = |field| place_of(format, field);
        let rule = |field: &FormatField| match field {
            FormatField::Unknown(_) => Rule::Text,
            FormatField::Known(known) => match known.info().kind {
                Kind::Text => Rule::Text,
                Kind::Address => Rule::Address(known.info()),
                Kind::Int32 | Kind::Int64 => Rule::Number(known.info()),
            },
        };
        Shape {
            rules: format.fields().iter().map(rule).collect(),
            log_status: place(Field::LogStatus),
            start: place(Field::Start),
            end: place(Field::End),
            addresses: [Field::SrcAddr, Field::DstAddr]
                .into_iter()
                .filter_map(place)
                .collect(),
        }
    }

    /// One a field, in the format's order.
    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// How many values a record has.
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether the field at this place must be read even if nobody wants its values.
    pub(super) fn must_read(&self, index: usize) -> bool {
        Some(index) == self.log_status || !self.is_text(index)
    }

    /// Whether the field at this place is text, and so never wrong.
    pub(super) fn is_text(&self, index: usize) -> bool {
        matches!(self.rules[index], Rule::Text)
    }

    /// Splits a line at runs of blanks and reads its values.
    ///
    /// A wrong number of values is the fault that counts, if there are several: the others are then its echo.
    pub(super) fn line<'a>(
        &self,
        line: &'a str,
        values: &mut Vec<Value<'a>>,
    ) -> Result<Status, Fault<'a>> {
        values.clear();
        let (mut from, mut count, mut fault) = (0, 0, None);
        let ends = memchr2_iter(b' ', b'\t', line.as_bytes()).chain(std::iter::once(line.len()));
        for end in ends {
            if end > from {
                let token = &line[from..end];
                if let Some(rule) = self.rules.get(count) {
                    match rule.read(token) {
                        Ok(value) => values.push(value),
                        Err(bad) => fault = fault.or(Some(bad)),
                    }
                }
                count += 1;
            }
            from = end + 1;
        }
        if count != self.rules.len() {
            return Err(Fault::Count {
                got: count,
                expected: self.rules.len(),
            });
        }
        match fault {
            Some(fault) => Err(fault),
            None => self.judge(values),
        }
    }

    /// Reads a value that stands as text.
    pub(super) fn text<'a>(&self, index: usize, text: &'a str) -> Result<Value<'a>, Fault<'a>> {
        self.rules[index].read(text)
    }

    /// Checks a value that stands as a number already; `None` if it is out of range.
    pub(super) fn number(&self, index: usize, number: i64) -> Option<Value<'static>> {
        match self.rules[index] {
            Rule::Number(field) if (0..=field.max).contains(&number) => Some(Value::Number(number)),
            Rule::Number(_) | Rule::Text | Rule::Address(_) => None,
        }
    }

    /// The fault of a value that is not what its field has.
    pub(super) fn fault<'a>(&self, index: usize, got: &'a str) -> Fault<'a> {
        match self.rules[index] {
            Rule::Address(field) => Fault::Address(field, got),
            Rule::Number(field) => Fault::Number(field, got),
            Rule::Text => Fault::Encoding(got.as_bytes()),
        }
    }

    /// Says what a record is by its values, all of which are good.
    pub(super) fn judge<'a>(&self, values: &[Value<'a>]) -> Result<Status, Fault<'a>> {
        let at = |index: Option<usize>| index.and_then(|index| values.get(index)).copied();
        let status = match (self.log_status, at(self.log_status)) {
            (Some(_), Some(Value::Text("OK"))) => Status::Flow,
            // "Nothing passed", and a flow beside it: one of the two is wrong, so something may be missing.
            (Some(_), Some(Value::Text("NODATA"))) if self.names_an_address(values) => {
                Status::SkipData
            }
            (Some(_), Some(Value::Text("NODATA"))) => Status::NoData,
            (Some(_), Some(Value::Text("SKIPDATA"))) => Status::SkipData,
            (Some(_), Some(Value::Text(other))) => return Err(Fault::Status(other)),
            (Some(_), _) => return Err(Fault::Status("-")),
            (None, _) => self.without_status(values),
        };
        if let (Some(Value::Number(start)), Some(Value::Number(end))) =
            (at(self.start), at(self.end))
            && (end < start || end - start > SPAN_S_MAX || end > END_S_MAX)
        {
            return Err(Fault::Time { start, end });
        }
        Ok(status)
    }

    fn names_an_address(&self, values: &[Value<'_>]) -> bool {
        let named = |index: &usize| matches!(values.get(*index), Some(Value::Address(_)));
        self.addresses.iter().any(named)
    }

    /// A log without `log-status` cannot tell NODATA from SKIPDATA, and a record of either has no addresses. "Nothing passed"
    /// would be a claim that the record does not make; "something may be missing" is the reading that never flatters.
    fn without_status(&self, values: &[Value<'_>]) -> Status {
        let missing = |index: &usize| values.get(*index) == Some(&Value::Null);
        if !self.addresses.is_empty() && self.addresses.iter().all(missing) {
            Status::SkipData
        } else {
            Status::Flow
        }
    }
}

/// The fields of a format that a batch keeps, or that its rules need.
pub(super) fn is_read(
    shape: &Shape,
    index: usize,
    field: &FormatField,
    projection: FieldSet,
) -> bool {
    shape.must_read(index)
        || match field {
            FormatField::Known(known) => projection.contains(*known),
            FormatField::Unknown(_) => projection.is_all(),
        }
}

impl Rule {
    #[inline]
    fn read(self, token: &str) -> Result<Value<'_>, Fault<'_>> {
        if token == "-" {
            return Ok(Value::Null);
        }
        match self {
            Rule::Text => Ok(Value::Text(token)),
            Rule::Address(field) => match Address::parse(token.as_bytes()) {
                Some(address) => Ok(Value::Address(address)),
                None => Err(Fault::Address(field, token)),
            },
            Rule::Number(field) => match number(token.as_bytes()) {
                Some(number) if number <= field.max => Ok(Value::Number(number)),
                Some(_) | None => Err(Fault::Number(field, token)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_is_follows_from_its_values() {
        let with = "srcaddr start end log-status";
        #[rustfmt::skip]
        let cases: &[(&str, &str, &str, Result<Status, &str>)] = &[
            // title,                           format,            line,                 expected
            ("OK",                              with,              "10.0.0.1 1 2 OK",    Ok(Status::Flow)),
            ("NODATA",                          with,              "- 1 2 NODATA",       Ok(Status::NoData)),
            ("NODATA that names a flow",        with,              "10.0.0.1 1 2 NODATA", Ok(Status::SkipData)),
            ("SKIPDATA",                        with,              "- 1 2 SKIPDATA",     Ok(Status::SkipData)),
            ("NODATA without times",            with,              "- - - NODATA",       Ok(Status::NoData)),
            ("a status of tomorrow",            with,              "10.0.0.1 1 2 LATE",  Err("record-bad-status")),
            ("lower case is not AWS's",         with,              "10.0.0.1 1 2 ok",    Err("record-bad-status")),
            ("no status where one should be",   with,              "10.0.0.1 1 2 -",     Err("record-bad-status")),
            ("all in one second",               with,              "10.0.0.1 2 2 OK",    Ok(Status::Flow)),
            ("the end before the start",        with,              "10.0.0.1 2 1 OK",    Err("record-bad-time")),
            ("a day",                           with,              "10.0.0.1 0 86400 OK", Ok(Status::Flow)),
            ("more than a day",                 with,              "10.0.0.1 0 86401 OK", Err("record-bad-time")),
            ("milliseconds",                    with,              "10.0.0.1 1785585667000 1785585667999 OK", Err("record-bad-time")),
            ("the last second of 9999",         with,              "10.0.0.1 253402300799 253402300799 OK", Ok(Status::Flow)),
            ("bad status before bad time",      with,              "10.0.0.1 2 1 LATE",  Err("record-bad-status")),
            ("no addresses, no status",         "srcaddr dstaddr", "- -",                Ok(Status::SkipData)),
            ("one address, no status",          "srcaddr dstaddr", "- 10.0.0.1",         Ok(Status::Flow)),
            ("the only address missing",        "action srcaddr",  "ACCEPT -",           Ok(Status::SkipData)),
            ("no address fields at all",        "action bytes",    "- -",                Ok(Status::Flow)),
            ("too few",                         with,              "10.0.0.1 1 2",       Err("record-field-count")),
            ("too many",                        with,              "10.0.0.1 1 2 OK OK", Err("record-field-count")),
            ("too few, and bad",                with,              "ten 1 2",            Err("record-field-count")),
            ("no address",                      with,              "10.0.0.256 1 2 OK",  Err("record-bad-address")),
            ("no number",                       with,              "10.0.0.1 one 2 OK",  Err("record-bad-number")),
            ("the first fault counts",          with,              "ten one 2 OK",       Err("record-bad-address")),
            ("a port too large",                "srcport",         "65536",              Err("record-bad-number")),
            ("the largest port",                "srcport",         "65535",              Ok(Status::Flow)),
            ("a protocol too large",            "protocol",        "256",                Err("record-bad-number")),
            ("a negative number",               "bytes",           "-5",                 Err("record-bad-number")),
            ("runs of blanks and tabs",         with,              "10.0.0.1  1\t \t2 OK", Ok(Status::Flow)),
        ];
        for (title, names, line, expected) in cases {
            let shape = Shape::new(&Format::from_names(names.split(' ')).unwrap());
            let mut values = Vec::new();
            let got = shape.line(line, &mut values).map_err(|fault| fault.code());
            assert_eq!(got, *expected, "{title}");
        }
    }
}
