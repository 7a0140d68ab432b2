//! Which format a line has: told by a header, by the user, by DescribeFlowLogs, or by AWS's defaults; else nobody knows.

use crate::ingest::options::ReadOptions;
use crate::model::field::Field;
use crate::model::format::{Format, FormatError, FormatField};

/// The values of a line.
pub(super) fn tokens(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', '\t']).filter(|token| !token.is_empty())
}

/// Whether the first line of a log is a header, and what it says.
///
/// It is one if most of its tokens are names of fields; or if its first is, and the rest could be names of fields that AWS
/// adds tomorrow. A record has values that no name looks like (`10.0.0.1`, `443`, `-`), so that a tag that reads `region` does
/// not turn a record into a header.
pub(super) fn first(line: &str) -> Option<Result<Format, FormatError>> {
    let (mut known, mut all, mut names) = (0usize, 0usize, true);
    for token in tokens(line) {
        all += 1;
        known += usize::from(Field::by_name(token).is_some());
        names &= token
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase())
            && token.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
            });
    }
    let first_known = tokens(line)
        .next()
        .is_some_and(|token| Field::by_name(token).is_some());
    (known * 2 > all || (first_known && names)).then(|| Format::from_names(tokens(line)))
}

/// Whether a later line is a header: only if every token names a field, each once. Anything less is a record.
#[inline]
pub(super) fn later(line: &str) -> Option<Format> {
    // Nearly all records leave here, at their first token: a digit, a dash or a capital.
    let first = tokens(line).next()?;
    let letters = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'2');
    if first.starts_with('-') || !first.bytes().all(letters) {
        return None;
    }
    if !tokens(line).all(|token| Field::by_name(token).is_some()) {
        return None;
    }
    Format::from_names(tokens(line)).ok()
}

/// The format of a log without a header, by its first line; `None` if it could be one of several.
pub(super) fn without(line: &str, flow_log: Option<&str>, options: &ReadOptions) -> Option<Format> {
    if let Some(format) = &options.log_format {
        return Some(format.clone());
    }
    let described = &options.described;
    if let Some((_, format)) = described
        .iter()
        .find(|(id, _)| Some(id.as_str()) == flow_log)
    {
        return Some(format.clone());
    }
    let Some((_, first)) = described.first() else {
        return Some(default_of(line));
    };
    described
        .iter()
        .all(|(_, format)| format == first)
        .then(|| first.clone())
}

/// The format that the user says, or AWS's default: where the place has told that nobody else says one.
pub(super) fn said_or_default(line: &str, options: &ReadOptions) -> Format {
    let said = options.log_format.clone();
    said.unwrap_or_else(|| default_of(line))
}

/// Whether a line that fits two formats says the same by both: each field is in both, with the same value.
pub(super) fn mean_the_same(line: &str, one: &Format, other: &Format) -> bool {
    let values: Vec<&str> = tokens(line).collect();
    let same = |(field, value): (&FormatField, &&str)| {
        let place = other.fields().iter().position(|same| same == field);
        place.and_then(|place| values.get(place)) == Some(value)
    };
    one.fields().len() == other.fields().len() && one.fields().iter().zip(&values).all(same)
}

/// AWS's default format: of a transit gateway, if the line has its shape, else of a VPC.
fn default_of(line: &str) -> Format {
    // 31 values: the table up to packets-lost-ttl-expired, as hand-made samples have it. Such lines are then set aside by
    // their count, which says more than fourteen fields would.
    let transit_gateway =
        matches!(tokens(line).count(), 31 | 36) && tokens(line).nth(1) == Some("TransitGateway");
    if transit_gateway {
        Format::transit_gateway_default()
    } else {
        Format::vpc_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_is_a_header_or_a_record() {
        #[rustfmt::skip]
        let cases = [
            // title,                                  line,                                     header?
            ("AWS's",                                  "version account-id interface-id",        Some(true)),
            ("with underscores",                       "action log_status",                      Some(true)),
            ("a new field last",                       "version quantum-lane",                   Some(true)),
            ("a new field first",                      "quantum-lane version bytes",             Some(true)),
            ("one field",                              "srcaddr",                                Some(true)),
            ("a field twice",                          "srcaddr dstaddr srcaddr",                Some(false)),
            ("names that are none",                    "version action by%tes",                  Some(false)),
            ("a record",                               "2 123456789012 eni-1 10.0.0.1",          None),
            ("a tag that reads like a field",          "region 10.0.0.1 443 ACCEPT OK",          None),
            ("a lone tag value",                       "web",                                    None),
            ("unknown words",                          "hello world",                            None),
            ("a missing value",                        "- - -",                                  None),
        ];
        for (title, line, expected) in cases {
            assert_eq!(
                first(line).map(|format| format.is_ok()),
                expected,
                "{title}"
            );
        }
    }

    #[test]
    fn a_later_line_is_a_header_only_if_every_word_is_a_field() {
        #[rustfmt::skip]
        let cases = [
            ("a header",                    "srcaddr dstaddr",         true),
            ("runs of blanks",              "srcaddr \t dstaddr-2",    false),
            ("a field of tomorrow in it",   "srcaddr quantum-lane",    false),
            ("a field twice",               "srcaddr srcaddr",         false),
            ("a tag that reads `version`",  "version 10.0.0.1",        false),
            ("a record",                    "2 123456789012",          false),
        ];
        for (title, line, expected) in cases {
            assert_eq!(later(line).is_some(), expected, "{title}");
        }
    }

    #[test]
    fn a_log_without_header_has_the_format_that_somebody_names() {
        let of = |names: &str| Format::from_names(names.split(' ')).unwrap();
        let (a, b) = (of("srcaddr dstaddr"), of("dstaddr srcaddr"));
        let described = |formats: &[(&str, &Format)]| -> Vec<(String, Format)> {
            formats
                .iter()
                .map(|(id, format)| ((*id).to_owned(), (*format).clone()))
                .collect()
        };
        let gateway = format!("5 TransitGateway{}", " -".repeat(34));
        let short = format!("5 TransitGateway{}", " -".repeat(29));
        let wrong = format!("5 Gateway{}", " -".repeat(34));
        let (vpc, tgw) = (
            Some(Format::vpc_default()),
            Some(Format::transit_gateway_default()),
        );
        #[rustfmt::skip]
        let cases = [
            // title,                              --log-format,    described,                         flow log,     line, expected
            ("nobody: the default",                None,            vec![],                            None,         "2 1", vpc.clone()),
            ("the user",                           Some(a.clone()), described(&[("fl-1", &b)]),        Some("fl-1"), "2 1", Some(a.clone())),
            ("AWS, by id",                         None,            described(&[("fl-1", &a), ("fl-2", &b)]), Some("fl-2"), "2 1", Some(b.clone())),
            ("AWS, and all are alike",             None,            described(&[("fl-1", &a), ("fl-2", &a)]), None,  "2 1", Some(a.clone())),
            ("AWS, one of several",                None,            described(&[("fl-1", &a), ("fl-2", &b)]), None,  "2 1", None),
            ("AWS, an id that it does not know",   None,            described(&[("fl-1", &a), ("fl-2", &b)]), Some("fl-3"), "2 1", None),
            ("a transit gateway",                  None,            vec![],                            None,         gateway.as_str(), tgw.clone()),
            ("a transit gateway, made by hand",    None,            vec![],                            None,         short.as_str(), tgw),
            ("as long, but no transit gateway",    None,            vec![],                            None,         wrong.as_str(), vpc),
        ];
        for (title, log_format, described, flow_log, line, expected) in cases {
            let options = ReadOptions {
                log_format,
                described,
                ..ReadOptions::default()
            };
            assert_eq!(without(line, flow_log, &options), expected, "{title}");
        }
    }
}
