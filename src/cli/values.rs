//! The values of options: times, sizes, reports, outputs.

use std::fmt;
use std::path::{Path, PathBuf};

use flowproof::report::Format;
use jiff::{Timestamp, civil};

/// A value that means nothing; clap puts the option's name and the value before it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Neither RFC 3339 nor relative.
    #[error(
        "this is no time\n\n  help: write a time with its zone, such as 2026-08-01T00:00:00Z, or how long ago, such as 90m, 24h or 7d"
    )]
    Time,
    /// A time that means another moment in every country.
    #[error("this time has no zone\n\n  help: write {0}Z for UTC, or {0}+02:00")]
    Zoneless(civil::DateTime),
    /// Records have whole seconds.
    #[error("this time has a fraction of a second\n\n  help: flow logs have whole seconds")]
    Fraction,
    /// A number without unit, zero, or too large.
    #[error("this is no size\n\n  help: write a number with its unit, such as 512MiB or 2GiB")]
    Size,
    /// A number without unit, or zero.
    #[error("this is no duration\n\n  help: write a number with its unit, such as 30s, 10m or 2h")]
    Duration,
    /// Not one of the report's formats.
    #[error(
        "`{0}` is no format of a report\n\n  help: the formats are text, json, markdown, html, junit, sarif, ocsf, csv; write for example json=report.json{1}"
    )]
    Format(String, String),
    /// `json=`.
    #[error("no file after `=`\n\n  help: write {0}=FILE, or {0} alone for stdout")]
    NoFile(&'static str),
}

/// A moment, or how long before now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Unix seconds.
    At(i64),
    /// Seconds before now.
    Ago(i64),
}

impl Time {
    /// Reads RFC 3339, or `90m`, `24h`, `7d`.
    pub fn parse(text: &str) -> Result<Time, ValueError> {
        if let Some(ago_s) = ago_s(text) {
            return Ok(Time::Ago(ago_s));
        }
        match text.parse::<Timestamp>() {
            Ok(time) if time.subsec_nanosecond() != 0 => Err(ValueError::Fraction),
            Ok(time) => Ok(Time::At(time.as_second())),
            Err(_) => Err(text
                .parse::<civil::DateTime>()
                .map_or(ValueError::Time, ValueError::Zoneless)),
        }
    }

    /// Unix seconds.
    pub fn unix_s(self, now_s: i64) -> i64 {
        match self {
            Time::At(unix_s) => unix_s,
            Time::Ago(ago_s) => now_s.saturating_sub(ago_s),
        }
    }
}

fn ago_s(text: &str) -> Option<i64> {
    let unit_s = match text.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    let plain = number.bytes().all(|byte| byte.is_ascii_digit());
    number
        .parse::<i64>()
        .ok()
        .filter(|_| plain)?
        .checked_mul(unit_s)
}

/// A duration in seconds: `30s`, `10m`, `2h`.
pub fn parse_duration(text: &str) -> Result<u64, ValueError> {
    ago_s(text)
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| *seconds > 0)
        .ok_or(ValueError::Duration)
}

/// A size in bytes: `512MiB`, `2GiB`; decimal units too.
pub fn parse_size(text: &str) -> Result<u64, ValueError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_bytes: u64 = match unit.to_ascii_lowercase().as_str() {
        "b" => 1,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(ValueError::Size),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit_bytes))
        .filter(|bytes| *bytes > 0)
        .ok_or(ValueError::Size)
}

/// Where an output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `-`
    Stdout,
    /// A file, a device or a FIFO.
    File(PathBuf),
}

impl From<&str> for Target {
    fn from(text: &str) -> Self {
        match text {
            "-" => Target::Stdout,
            file => Target::File(PathBuf::from(file)),
        }
    }
}

impl Target {
    /// For clap, which wants a function.
    pub fn parse(text: &str) -> Result<Target, std::convert::Infallible> {
        Ok(Target::from(text))
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Target::Stdout => None,
            Target::File(file) => Some(file),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Stdout => f.write_str("stdout"),
            Target::File(file) => file.display().fmt(f),
        }
    }
}

/// `FORMAT=FILE`, or `FORMAT` for stdout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTo {
    /// In what form.
    pub format: Format,
    /// Where to.
    pub target: Target,
}

impl ReportTo {
    /// These; text on stdout if there is none.
    pub fn or_text(asked: &[ReportTo]) -> Vec<ReportTo> {
        if !asked.is_empty() {
            return asked.to_vec();
        }
        vec![ReportTo {
            format: Format::Text,
            target: Target::Stdout,
        }]
    }

    /// Reads `FORMAT=FILE` or `FORMAT`.
    pub fn parse(text: &str) -> Result<ReportTo, ValueError> {
        let (word, target) = match text.split_once('=') {
            Some((word, file)) => (word, Some(file)),
            None => (text, None),
        };
        let Some(format) = Format::from_word(word) else {
            let words = Format::ALL.iter().map(|format| format.as_str());
            let guess = flowproof::diag::did_you_mean(word, words)
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(ValueError::Format(flowproof::diag::show(word), guess));
        };
        match target {
            Some("") => Err(ValueError::NoFile(format.as_str())),
            target => Ok(ReportTo {
                format,
                target: target.map_or(Target::Stdout, Target::from),
            }),
        }
    }
}

/// A word of `report`: evidence to read, or a report to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportWord {
    /// A file, a folder, or stdin.
    Evidence(Target),
    /// `FORMAT=FILE` or `FORMAT`.
    Report(ReportTo),
}

impl ReportWord {
    /// A format's name, with `=` behind it or alone, is a report. So is any other word of small letters before `=`, which is no format:
    /// a file of such a name is `./…`.
    pub fn parse(text: &str) -> Result<ReportWord, ValueError> {
        let (word, assigned) = match text.split_once('=') {
            Some((word, _)) => (word, true),
            None => (text, false),
        };
        let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        if Format::from_word(word).is_some() || (assigned && plain) {
            ReportTo::parse(text).map(ReportWord::Report)
        } else {
            Ok(ReportWord::Evidence(Target::from(text)))
        }
    }
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
