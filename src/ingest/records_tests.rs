//! Lines of several formats in one place, as flow logs that share a log group write them.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use crate::ingest::testing::{codes, facts, read};
use crate::ingest::{Input, Opener, ReadOptions};
use crate::model::evidence::InputReport;
use crate::model::format::Format;

/// Text that comes as a log group's does.
struct Events(String);

impl Opener for Events {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.0.clone().into_bytes())))
    }

    fn encoding(&self) -> Option<&'static str> {
        Some("cloudwatch")
    }
}

fn format(names: &str) -> Format {
    Format::from_names(names.split(' ')).unwrap()
}

fn group(lines: &[&str], formats: &[&str]) -> Input {
    let formats = formats.iter().map(|names| format(names)).collect();
    let text = lines.iter().map(|line| format!("{line}\n")).collect();
    Input::new("cloudwatch:g", None, Arc::new(Events(text))).in_formats(formats)
}

fn small() -> ReadOptions {
    ReadOptions {
        batch_rows: 2,
        ..ReadOptions::default()
    }
}

fn counts(report: &InputReport) -> (u64, u64, u64) {
    (report.rows, report.flows, report.set_aside)
}

const A: &str = "interface-id srcaddr dstaddr srcport log-status";
const B: &str = "log-status interface-id srcaddr dstaddr bytes";
const C: &str = "interface-id srcaddr dstaddr";

#[test]
fn each_line_is_read_by_the_format_that_fits_it() {
    let lines = [
        "eni-1 10.0.0.1 10.0.0.2 443 OK",
        "OK eni-2 10.0.0.3 10.0.0.4 99",
        "eni-3 10.0.0.5 10.0.0.6",
        "eni-1 10.0.0.1 10.0.0.2 444 OK",
        "eni-1 10.0.0.1 10.0.0.2 445 OK",
        "OK eni-2 10.0.0.3 10.0.0.4 100",
    ];
    let (batches, report) = read(&group(&lines, &[A, B, C]), &small());
    assert_eq!(counts(&report), (6, 6, 0));
    assert_eq!(
        (report.whole, report.encoding.as_str()),
        (true, "cloudwatch")
    );
    assert_eq!(report.formats.len(), 3);
    let mut facts = facts(&batches);
    facts.sort();
    assert_eq!(
        facts[0],
        "1: Flow interface_id=eni-1 srcaddr=10.0.0.1 dstaddr=10.0.0.2 srcport=443 log_status=OK"
    );
    assert_eq!(
        facts[1],
        "2: Flow log_status=OK interface_id=eni-2 srcaddr=10.0.0.3 dstaddr=10.0.0.4 bytes=99"
    );
    assert_eq!(
        facts[2],
        "3: Flow interface_id=eni-3 srcaddr=10.0.0.5 dstaddr=10.0.0.6"
    );
    assert!(facts[5].starts_with("6: Flow log_status=OK"));
    // Alternating formats do not cut batches to single rows.
    assert_eq!(batches.len(), 4);
}

#[test]
fn a_line_that_fits_no_format_or_two_is_set_aside() {
    let swapped = "interface-id dstaddr srcaddr";
    #[rustfmt::skip]
    let cases = [
        // title,                            line,                              formats,                    code
        ("too few values",                   "eni-1 10.0.0.1",                  &[A, C][..],                Some("record-field-count")),
        ("a value that no format has there", "eni-1 10.0.0.1 web",              &[A, C][..],                Some("record-bad-address")),
        ("two meanings",                     "eni-1 10.0.0.1 10.0.0.2",         &[C, swapped][..],          Some("format-ambiguous")),
        ("two meanings of three fields",     "eni-1 10.0.0.1 10.0.0.2",         &[C, "vpc-id srcaddr dstaddr"][..], Some("format-ambiguous")),
        ("one meaning by both",              "eni-1 10.0.0.1 10.0.0.1",         &[C, swapped][..],          None),
        ("a header has no business here",    C,                                 &[A, C][..],                Some("record-bad-address")),
    ];
    for (title, line, formats, code) in cases {
        let (_, report) = read(&group(&[line], formats), &small());
        let expected: Vec<&str> = code.into_iter().collect();
        assert_eq!(codes(&report), expected, "{title}");
        let aside = u64::from(code.is_some());
        assert_eq!(counts(&report), (1, 1 - aside, aside), "{title}");
    }
}

#[test]
fn what_the_user_says_is_one_more_format_where_some_are_told() {
    let options = ReadOptions {
        log_format: Some(format(C)),
        ..small()
    };
    let lines = ["eni-1 10.0.0.1 10.0.0.2 443 OK", "eni-3 10.0.0.5 10.0.0.6"];
    let (_, report) = read(&group(&lines, &[A]), &options);
    assert_eq!(counts(&report), (2, 2, 0));
    let (_, report) = read(&group(&lines, &[A]), &small());
    assert_eq!(counts(&report), (2, 1, 1));
    let (_, report) = read(&group(&lines[1..], &[]), &options);
    assert_eq!(counts(&report), (1, 1, 0));
}

#[test]
fn where_nobody_tells_a_format_those_of_other_logs_do_not_count() {
    let line =
        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK";
    let options = ReadOptions {
        described: vec![
            ("fl-1".to_owned(), format(A)),
            ("fl-2".to_owned(), format(B)),
        ],
        ..small()
    };
    let (_, report) = read(&group(&[line], &[]), &options);
    assert_eq!(counts(&report), (1, 1, 0));
    assert_eq!(report.formats, [Format::vpc_default().to_string()]);
}

#[test]
fn an_hour_without_a_record_is_no_complaint() {
    let (_, report) = read(&group(&[], &[A, C]), &small());
    assert!(report.whole && report.diagnostics.is_empty());
    assert_eq!(report.encoding, "cloudwatch");
}
