//! The words for what is wrong: faults of one record go in, [`Diagnostic`]s come out.

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::field::{Field, FieldInfo};
use crate::model::format::{Format, FormatError};

/// Why a record is set aside.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault<'a> {
    /// More or fewer values than the format has fields.
    Count { got: usize, expected: usize },
    /// Not a number, or out of range.
    Number(&'static FieldInfo, &'a str),
    /// Not an address.
    Address(&'static FieldInfo, &'a str),
    /// A log-status that AWS does not document.
    Status(&'a str),
    /// Times that cannot be.
    Time { start: i64, end: i64 },
    /// Bytes that are not UTF-8.
    Encoding(&'a [u8]),
    /// Beyond this many bytes.
    TooLong(usize),
    /// A JSON value where an event with a `message` should be.
    NoMessage(&'a str),
    /// The last line of an input that ends too early.
    Cut,
    /// A line that fits two formats of its place, and says another thing by each.
    Ambiguous(&'a str),
}

const WHY: &str =
    "the record is set aside: what passed then is not known, so claims about it cannot be proven";
const HELP_FORMAT: &str =
    "compare the line with the format; if the log has no header, pass its format with --log-format";
const HELP_LOG: &str =
    "look at the line; AWS writes none like it, so see what the log went through on its way";

impl Fault<'_> {
    /// Its code.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Fault::Count { .. } | Fault::NoMessage(_) => "record-field-count",
            Fault::Number(..) => "record-bad-number",
            Fault::Address(..) => "record-bad-address",
            Fault::Status(_) => "record-bad-status",
            Fault::Time { .. } => "record-bad-time",
            Fault::Encoding(_) => "record-bad-encoding",
            Fault::TooLong(_) => "record-too-long",
            Fault::Cut => "input-truncated",
            Fault::Ambiguous(_) => "format-ambiguous",
        }
    }

    /// What, got and expected, and what to do.
    fn words(&self) -> (String, String, &'static str) {
        match *self {
            Fault::Count { got, expected } => (
                "the line does not fit its format".into(),
                format!("{got} values, expected {expected}"),
                HELP_FORMAT,
            ),
            Fault::Number(field, got) => (
                format!("`{}` is not a number that it can have", field.text),
                format!("`{}`, expected 0-{} or `-`", show(got), field.max),
                HELP_FORMAT,
            ),
            Fault::Address(field, got) => (
                format!("`{}` is not an address", field.text),
                format!("`{}`, expected IPv4, IPv6 or `-`", show(got)),
                HELP_FORMAT,
            ),
            Fault::Status(got) => (
                "`log-status` is none that AWS documents".into(),
                format!("`{}`, expected OK, NODATA or SKIPDATA", show(got)),
                HELP_FORMAT,
            ),
            Fault::Time { start, end } => (
                "the times of the record cannot be".into(),
                format!(
                    "start {start}, end {end}; expected start <= end in Unix seconds, and at most a day between"
                ),
                HELP_FORMAT,
            ),
            Fault::Encoding(bytes) => (
                "the line is not UTF-8".into(),
                format!(
                    "`{}`",
                    show(&String::from_utf8_lossy(&bytes[..bytes.len().min(512)]))
                ),
                HELP_LOG,
            ),
            Fault::TooLong(limit) => (
                "the line is too long".into(),
                format!("more than {limit} bytes, expected a record"),
                HELP_LOG,
            ),
            Fault::NoMessage(got) => (
                "the event has no `message`".into(),
                format!(
                    "`{}`, expected an object with a `message` that is one record",
                    show(got)
                ),
                "pass what CloudWatch Logs or Firehose wrote, or the output of `aws logs filter-log-events`",
            ),
            Fault::Cut => (
                "the last line is cut off".into(),
                "a line without its end, where the input ends too early".into(),
                "fetch the file again",
            ),
            Fault::Ambiguous(line) => (
                "the line fits more than one format of those that are written here".into(),
                format!(
                    "`{}`, expected values that only one format can have",
                    show(line)
                ),
                "let each flow log write to a log group of its own",
            ),
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Fault::Number(field, _) | Fault::Address(field, _) => Some(field.text),
            Fault::Status(_) => Some(Field::LogStatus.text()),
            Fault::Time { .. } => Some(Field::End.text()),
            Fault::Count { .. }
            | Fault::Encoding(_)
            | Fault::TooLong(_)
            | Fault::NoMessage(_)
            | Fault::Cut
            | Fault::Ambiguous(_) => None,
        }
    }

    /// The whole complaint.
    pub(super) fn diagnostic(&self, uri: &str, line: u64) -> Diagnostic {
        let (message, got, help) = self.words();
        let place = Location::line(uri, line);
        let place = match self.field() {
            Some(name) => place.named(name),
            None => place,
        };
        Diagnostic::new(Severity::Error, self.code(), message, WHY, help)
            .at(place)
            .got(got)
    }
}

/// An input that cannot be read to its end.
pub(super) fn unreadable(code: &'static str, uri: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        code,
        message,
        "what stands in the rest of it is not known, so claims about that time cannot be proven",
        "fetch it again, or name the logs alone if this is not one of them",
    )
    .at(Location::source(uri))
}

const WHY_NO_FORMAT: &str =
    "which value belongs to which field is not known, so all its records are set aside";

/// A header in mid-file with another format.
pub(super) fn other_format(format: &Format, place: Location) -> Diagnostic {
    Diagnostic::new(
        Severity::Note,
        "input-changed-format",
        "from this header on, the format is another",
        "records before and after it are read each by its own format",
        "nothing to do, unless two logs were joined by accident",
    )
    .at(place)
    .got(format!("`{}`", show(&format.to_string())))
}

/// A header, or the columns of a Parquet file, that are no format.
pub(super) fn no_format(why: &FormatError, place: Location) -> (&'static str, Diagnostic) {
    let code = match why {
        FormatError::Duplicate(_) => "format-duplicate-field",
        FormatError::Empty | FormatError::NotAField(_) | FormatError::BadName(_) => "format-bad",
    };
    let what = format!("the names of its fields are not a format: {why}");
    let help = "fetch the file again; AWS writes each field once, with letters and hyphens";
    let complaint = Diagnostic::new(Severity::Error, code, what, WHY_NO_FORMAT, help);
    (code, complaint.at(place))
}

/// A log without header, and more than one format that it could have.
pub(super) fn ambiguous(place: Location) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "format-ambiguous",
        "the log has no header, and the flow logs of the topology have more than one format",
        WHY_NO_FORMAT,
        "keep AWS's file names, which name the flow log (`…_fl-…_…`), or pass --log-format",
    )
    .at(place)
}

/// Fields that AWS has added since.
pub(super) fn unknown_fields(names: &[String], place: Location) -> Diagnostic {
    Diagnostic::new(
        Severity::Note,
        "format-unknown-field",
        format!("{} field(s) that this version does not know", names.len()),
        "their values are kept as text, and no rule reads them",
        "see whether a newer version knows them",
    )
    .at(place)
    .got(names.join(", "))
}
