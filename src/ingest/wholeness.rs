//! Whole inputs, from their bytes to their report: what is taken, what is set aside, and what is not whole.

use crate::ingest::ReadOptions;
use crate::ingest::testing::{codes, facts, gzip, input, random_access, read, read_bytes};
use crate::model::field::{Field, FieldSet};
use crate::model::format::Format;

const HEADER: &str = "version interface-id srcaddr dstaddr bytes action log-status\n";
const RECORD: &str = "2 eni-1 10.0.0.1 10.0.0.2 40 ACCEPT OK\n";
const DEFAULT: &str = "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 100 160 ACCEPT OK\n";

fn format(names: &str) -> Format {
    Format::from_names(names.split(' ')).unwrap()
}

/// Rows, flows, set aside, whole, codes.
type Summary = (u64, u64, u64, bool, &'static str);

fn summary(bytes: &[u8]) -> (u64, u64, u64, bool, String) {
    let (_, report) = read_bytes(bytes);
    (
        report.rows,
        report.flows,
        report.set_aside,
        report.whole,
        codes(&report).join(" "),
    )
}

#[test]
fn text_becomes_records_or_is_set_aside() {
    let h = HEADER;
    let r = RECORD;
    #[rustfmt::skip]
    let cases: Vec<(&str, Vec<u8>, Summary)> = vec![
        // title,                         bytes,                                                rows, flows, set aside, whole, codes
        ("a header and two records",      format!("{h}{r}{r}").into(),                          (2, 2, 0, true, "")),
        ("no newline at the end",         format!("{h}{}", r.trim_end()).into(),                (1, 1, 0, true, "")),
        ("CRLF",                          format!("{h}{r}").replace('\n', "\r\n").into(),       (1, 1, 0, true, "")),
        ("blanks around, blank lines",    format!("\n  {h}\n \t\n   {}  \t\n\n", r.trim_end()).into(), (1, 1, 0, true, "")),
        ("a byte order mark",             format!("\u{feff}{h}{r}").into(),                     (1, 1, 0, true, "")),
        ("the same header again",         format!("{h}{r}{h}{r}").into(),                       (2, 2, 0, true, "")),
        ("another header",                format!("{h}{r}srcaddr dstaddr\n10.0.0.1 -\n").into(), (2, 2, 0, true, "input-changed-format")),
        ("no header",                     DEFAULT.into(),                                       (1, 1, 0, true, "")),
        ("empty",                         vec![],                                               (0, 0, 0, true, "input-empty")),
        ("a header alone",                h.into(),                                             (0, 0, 0, true, "input-empty")),
        ("too few values",                format!("{h}{r}2 eni-1\n").into(),                    (2, 1, 1, true, "record-field-count")),
        ("a bad number",                  format!("{h}{}", r.replace("40", "4O")).into(),       (1, 0, 1, true, "record-bad-number")),
        ("a bad address",                 format!("{h}{}", r.replace("10.0.0.2", "10.0.0")).into(), (1, 0, 1, true, "record-bad-address")),
        ("a bad status",                  format!("{h}{}", r.replace("OK", "-")).into(),        (1, 0, 1, true, "record-bad-status")),
        ("bad times",                     DEFAULT.replace("160", "99").into(),                  (1, 0, 1, true, "record-bad-time")),
        ("another action is text",        format!("{h}{}", r.replace("ACCEPT", "MAYBE")).into(), (1, 1, 0, true, "")),
        ("a line that is not UTF-8",      [h.as_bytes(), b"\xff\xfe\n", r.as_bytes()].concat(), (2, 1, 1, true, "record-bad-encoding")),
        ("a line beyond the limit",       format!("{h}{}\n{r}", "x".repeat(70_000)).into(),     (2, 1, 1, true, "record-too-long")),
        ("a tag that reads `version`",    "instance-tag srcaddr\nversion 10.0.0.1\n".into(),    (1, 1, 0, true, "")),
        ("a field twice",                 "srcaddr srcaddr\n10.0.0.1 10.0.0.2\n".into(),        (1, 0, 1, false, "format-duplicate-field")),
        ("a name that is none",           "srcaddr dstaddr a%b\n10.0.0.1 10.0.0.2 3\n".into(),  (1, 0, 1, false, "format-bad")),
        ("saved by a later header",       format!("srcaddr srcaddr\n1 2\n{h}{r}").into(),       (2, 1, 1, false, "format-duplicate-field")),
        ("a field of tomorrow",           "srcaddr quantum-lane\n10.0.0.1 7\n".into(),          (1, 1, 0, true, "format-unknown-field")),
        ("an export with times",          format!("2024-01-01T00:00:00.000Z {DEFAULT}").into(), (1, 1, 0, true, "")),
        ("an export with milliseconds",   format!("1742570569000,{DEFAULT}").into(),            (1, 1, 0, true, "")),
        ("an export without a record",    "2024-01-01T00:00:00.000Z \n".into(),                 (1, 0, 1, true, "record-field-count")),
        ("zstd",                          b"\x28\xb5\x2f\xfd1234".to_vec(),                     (0, 0, 0, false, "input-unreadable")),
        ("gzip",                          gzip(format!("{h}{r}").as_bytes()),                   (1, 1, 0, true, "")),
        ("gzip, two members, a line cut", [gzip(format!("{h}{}", &r[..9]).as_bytes()), gzip(&r.as_bytes()[9..])].concat(), (1, 1, 0, true, "")),
        ("gzip in gzip",                  gzip(&gzip(r.as_bytes())),                            (0, 0, 0, false, "input-unreadable")),
        ("gzip of nothing",               gzip(b""),                                            (0, 0, 0, true, "input-empty")),
        ("gzip and garbage behind",       [gzip(format!("{h}{r}").as_bytes()), b"garbage and more".to_vec()].concat(), (1, 1, 0, false, "input-unreadable")),
        ("half of a magic",               b"\x1f".to_vec(),                                     (1, 0, 1, true, "record-field-count")),
    ];
    for (title, bytes, (rows, flows, set_aside, whole, expected)) in cases {
        assert_eq!(
            summary(&bytes),
            (rows, flows, set_aside, whole, expected.to_owned()),
            "{title}"
        );
    }
}

#[test]
fn the_report_says_what_was_read() {
    let name = "1_vpcflowlogs_eu-west-1_fl-0a_20240101T0000Z_ff.log.gz";
    let bytes = gzip(DEFAULT.as_bytes());
    let (_, report) = read(&input(name, &bytes), &ReadOptions::default());
    assert_eq!(report.size, bytes.len() as u64);
    assert_eq!(
        (report.encoding.as_str(), report.flow_log.as_deref()),
        ("text+gzip", Some("fl-0a"))
    );
    assert_eq!(report.formats, [Format::vpc_default().to_string()]);
    let (_, report) = read_bytes(b"abc");
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(report.sha256.as_deref(), Some(abc));
    let (_, report) = read_bytes(format!("1742570569000,{DEFAULT}").as_bytes());
    assert_eq!(report.encoding, "export");
}

#[test]
fn complaints_name_line_and_field() {
    let (_, report) =
        read_bytes(format!("{HEADER}\n{}", RECORD.replace("40", "4\u{1b}0")).as_bytes());
    let shown = report.diagnostics[0].to_string();
    assert!(shown.contains("at: a.log:3, `bytes`"), "{shown}");
    assert!(
        shown.contains("`4\\u{1b}0`, expected 0-9223372036854775807 or `-`"),
        "{shown}"
    );
}

#[test]
fn a_log_that_could_have_several_formats_is_set_aside_whole() {
    let described = vec![
        ("fl-1".to_owned(), Format::vpc_default()),
        ("fl-2".to_owned(), format("srcaddr dstaddr")),
    ];
    let options = ReadOptions {
        described,
        ..ReadOptions::default()
    };
    let text = DEFAULT.repeat(8);
    let (_, report) = read(&input("a.log", text.as_bytes()), &options);
    assert_eq!((report.rows, report.set_aside, report.whole), (8, 8, false));
    assert_eq!(
        (codes(&report), report.diagnostics.len()),
        (vec!["format-ambiguous".to_owned()], 1)
    );
    assert!(
        report.diagnostics[0].message.ends_with("… and 8 more"),
        "{}",
        report.diagnostics[0].message
    );
    let named = "1_vpcflowlogs_eu-west-1_fl-1_20240101T0000Z_ff.log";
    let (_, report) = read(&input(named, text.as_bytes()), &options);
    assert_eq!((report.flows, report.whole), (8, true));
    let headed = format!("{HEADER}{RECORD}");
    let (_, report) = read(&input("a.log", headed.as_bytes()), &options);
    assert_eq!((report.flows, report.whole), (1, true));
}

#[test]
fn a_header_wins_over_the_format_that_the_user_names() {
    let options = ReadOptions {
        log_format: Some(format("dstaddr srcaddr")),
        ..ReadOptions::default()
    };
    let (batches, _) = read(
        &input("a.log", b"srcaddr dstaddr\n10.0.0.1 10.0.0.2\n"),
        &options,
    );
    assert_eq!(
        facts(&batches),
        ["2: Flow srcaddr=10.0.0.1 dstaddr=10.0.0.2"]
    );
    let (batches, _) = read(&input("a.log", b"10.0.0.1 10.0.0.2\n"), &options);
    assert_eq!(
        facts(&batches),
        ["1: Flow dstaddr=10.0.0.1 srcaddr=10.0.0.2"]
    );
}

#[test]
fn what_the_projection_drops_is_checked_all_the_same() {
    let text = format!("{HEADER}{RECORD}{}", RECORD.replace("40", "x"));
    for projection in [
        FieldSet::ALL,
        FieldSet::NONE,
        FieldSet::of(&[Field::Action]),
    ] {
        let options = ReadOptions {
            projection,
            ..ReadOptions::default()
        };
        let (_, report) = read(&input("a.log", text.as_bytes()), &options);
        assert_eq!((report.flows, report.set_aside), (1, 1), "{projection:?}");
    }
}

/// The reader comes back from empty members before it has anything: that is no end.
#[test]
fn thousands_of_empty_members_end_nothing() {
    let empty = gzip(b"").repeat(3000);
    let (start, end) = RECORD.split_at(9);
    let text = format!("{HEADER}{RECORD}{start}");
    let members = [
        gzip(text.as_bytes()),
        gzip(format!("{end}{RECORD}").as_bytes()),
    ];
    let [first, second] = members.each_ref().map(Vec::as_slice);
    let bytes = [&empty, first, &empty, second, &empty].concat();
    assert_eq!(summary(&bytes), (3, 3, 0, true, String::new()));
    let cut = [&empty, first, &empty, &second[..second.len() - 1]].concat();
    assert_eq!(
        summary(&cut),
        (3, 3, 0, false, "input-truncated".to_owned())
    );
    let alone = summary(&empty);
    assert_eq!(alone, (0, 0, 0, true, "input-empty".to_owned()));
}

#[test]
fn ten_megabytes_without_a_newline_are_one_row() {
    let line = vec![b'x'; 10 << 20];
    let (_, report) = read(&random_access("a.log", &line), &ReadOptions::default());
    assert_eq!((report.rows, report.set_aside, report.whole), (1, 1, true));
    assert_eq!(codes(&report), ["record-too-long"]);
}
