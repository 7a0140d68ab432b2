//! One thing spoiled at a time in a world that is proven: nothing panics, nothing is lost in silence, and the verdict suffers.

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "bad_input/around.rs"]
mod around;
mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use common::{Copied, Ran, gzip};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

const TEXT: &str = "gateway-endpoint-only";
const PARQUET: &str = "parquet";

/// The file that is spoiled, and how many records it has; the other five have the rest.
const SPOILED: usize = 2;
const RECORDS: u64 = 6;
const OTHERS: u64 = 32;

/// Only newlines and what can be seen.
fn assert_tame(ran: &Ran, title: &str) {
    for (name, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        let wild = text.chars().find(|c| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        });
        assert_eq!(wild, None, "{title}: {name} {text}");
    }
    assert!(!ran.stderr.contains("panicked"), "{title}: {}", ran.stderr);
}

fn evidence(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| {
        panic!("{error}\n{}{}", ran.stdout, ran.stderr);
    })
}

fn assert_accounted(evidence: &Value, title: &str) {
    let of = |key: &str| evidence["totals"][key].as_u64().unwrap();
    assert_eq!(
        of("records"),
        of("flows") + of("nodata") + of("skipdata") + of("set_aside"),
        "{title}"
    );
    let rows: u64 = evidence["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["rows"].as_u64().unwrap())
        .sum();
    assert_eq!(of("records"), rows, "{title}");
}

/// Every claim is unproven, and for this obligation.
fn assert_unproven_by(evidence: &Value, obligation: &str, title: &str) {
    assert_eq!(evidence["verdict"], "unproven", "{title}");
    for claim in evidence["claims"].as_array().unwrap() {
        let found = claim["obligations"]
            .as_array()
            .unwrap()
            .iter()
            .find(|found| found["id"] == obligation)
            .unwrap();
        assert_eq!(
            found["state"], "failed",
            "{title}: {} {obligation}",
            claim["id"]
        );
        assert_ne!(claim["verdict"], "proven", "{title}: {}", claim["id"]);
    }
}

fn assert_says(ran: &Ran, needles: &[&str], title: &str) {
    for needle in needles {
        assert!(
            ran.stderr.contains(needle),
            "{title}: no `{needle}` in\n{}",
            ran.stderr
        );
    }
}

/// What became of the spoiled file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    flows: u64,
    set_aside: u64,
    whole: bool,
}

const fn left(flows: u64, set_aside: u64, whole: bool) -> Left {
    Left {
        flows,
        set_aside,
        whole,
    }
}

/// Spoils one log file, and asserts what must follow.
fn spoiled(
    title: &str,
    world: &str,
    spoil: impl FnOnce(&Copied),
    expected: Left,
    line: Option<u64>,
    says: &[&str],
) {
    let copied = Copied::of(world);
    let name = copied.log(SPOILED);
    spoil(&copied);
    let ran = copied.verify(&["--report", "json"]);
    assert_eq!(ran.code, 3, "{title}: {}", ran.stderr);
    assert_tame(&ran, title);
    let place = match line {
        Some(line) => format!("at: {}:{line}", name.display()),
        None => format!("at: {}\n", name.display()),
    };
    assert_says(&ran, &[&place], title);
    assert_says(&ran, says, title);
    assert_says(&ran, &["  why: ", " help: "], title);
    let evidence = evidence(&ran);
    assert_accounted(&evidence, title);
    assert_unproven_by(&evidence, "inputs-whole", title);
    let mut others = 0;
    for input in evidence["inputs"].as_array().unwrap() {
        if input["uri"] != name.to_str().unwrap() {
            assert_eq!(input["whole"], true, "{title}");
            others += input["flows"].as_u64().unwrap();
            continue;
        }
        let got = Left {
            flows: input["flows"].as_u64().unwrap(),
            set_aside: input["set_aside"].as_u64().unwrap(),
            whole: input["whole"].as_bool().unwrap(),
        };
        assert_eq!(got, expected, "{title}: {}", ran.stderr);
    }
    assert_eq!(others, OTHERS, "{title}");
}

/// The text with one value of one record exchanged. `line`: of the file, from 1; the header is the first.
fn with_value(text: &str, line: usize, field: &str, value: &str) -> String {
    let header = text.lines().next().unwrap();
    let place = header.split(' ').position(|name| name == field).unwrap();
    let lines = text.lines().enumerate().map(|(index, old)| {
        let mut values: Vec<&str> = old.split(' ').collect();
        if index + 1 == line {
            values[place] = value;
        }
        values.join(" ") + "\n"
    });
    lines.collect()
}

#[test]
fn a_proven_world_is_proven_before_it_is_spoiled() {
    for world in [TEXT, PARQUET] {
        let ran = Copied::of(world).verify(&["--report", "json"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{world}");
        let evidence = evidence(&ran);
        assert_accounted(&evidence, world);
        assert_eq!(evidence["totals"]["records"], OTHERS + RECORDS, "{world}");
    }
}

#[test]
fn bytes_that_end_or_change_where_they_should_not() {
    type Case<'a> = (
        &'a str,
        fn(Vec<u8>, &str) -> Vec<u8>,
        Left,
        Option<u64>,
        &'a [&'a str],
    );
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        // title,                       zipped and plain bytes in, spoiled out,               flows, set aside, whole, line, said
        ("gzip cut in its end",         |zip, _| zip[..zip.len() - 4].to_vec(),               left(6, 0, false), None, &["error[input-truncated]: it ends too early", "help: fetch it again"]),
        ("gzip cut in its head",        |zip, _| zip[..7].to_vec(),                           left(0, 0, false), None, &["error[input-truncated]: it ends too early"]),
        ("a wrong checksum",            |mut zip, _| { let at = zip.len() - 6; zip[at] ^= 1; zip }, left(6, 0, false), None, &["error[input-unreadable]", "got: "]),
        ("garbage behind gzip",         |zip, _| [zip, b"and some more of it".to_vec()].concat(), left(6, 0, false), None, &["error[input-unreadable]", "got: invalid gzip header"]),
        ("a little garbage behind gzip", |zip, _| [zip, b"more".to_vec()].concat(),           left(6, 0, false), None, &["error[input-truncated]"]),
        ("zipped twice",                |zip, _| gzip(&zip),                                  left(0, 0, false), None, &["error[input-unreadable]: it is zipped twice"]),
        ("zstd",                        |_, _| b"\x28\xb5\x2f\xfd1234".to_vec(),              left(0, 0, false), None, &["it is zstd, not text, JSON or Parquet"]),
        ("UTF-16",                      |_, text| text.encode_utf16().fold(vec![0xff, 0xfe], |mut out, unit| { out.extend(unit.to_le_bytes()); out }), left(0, 0, false), None, &["it is UTF-16"]),
        ("empty",                       |_, _| vec![],                                        left(0, 0, true),  None, &["warning[input-empty]"]),
        ("empty, zipped",               |_, _| gzip(b""),                                     left(0, 0, true),  None, &["warning[input-empty]"]),
        ("a header alone",              |_, text| text.lines().next().unwrap().into(),        left(0, 0, true),  None, &["warning[input-empty]"]),
        ("Parquet's magic alone",       |_, _| b"PAR1".to_vec(),                              left(0, 0, false), None, &["error[input-unreadable]: it is Parquet that cannot be read"]),
    ];
    for (title, spoil, expected, line, says) in cases {
        let change = |copied: &Copied| {
            let bytes = fs::read(copied.log(SPOILED)).unwrap();
            let text = copied.text(SPOILED);
            fs::write(copied.log(SPOILED), spoil(bytes, &text)).unwrap();
        };
        spoiled(title, TEXT, change, *expected, *line, says);
    }
}

#[test]
fn gzip_cut_in_the_middle_keeps_whole_lines_only() {
    let copied = Copied::of(TEXT);
    // Values that do not compress, so that something is there before the cut.
    let text = copied.text(0);
    let mut long = text.lines().next().unwrap().to_owned() + "\n";
    for bytes in 0..3000u64 {
        let noise = (bytes.wrapping_mul(6_364_136_223_846_793_005) >> 30).to_string();
        let line = with_value(&text, 2, "bytes", &noise);
        long += line.lines().nth(1).unwrap();
        long.push('\n');
    }
    let zip = gzip(long.as_bytes());
    fs::write(copied.log(0), &zip[..zip.len() / 2]).unwrap();
    let ran = copied.verify(&["--report", "json"]);
    assert_eq!(ran.code, 3);
    let evidence = evidence(&ran);
    assert_accounted(&evidence, "cut");
    assert_unproven_by(&evidence, "inputs-whole", "cut");
    let first = &evidence["inputs"][0];
    let flows = first["flows"].as_u64().unwrap();
    assert!(flows > 100 && flows < 2999, "{flows}");
    assert!(first["set_aside"].as_u64().unwrap() <= 1);
    assert_says(&ran, &["error[input-truncated]"], "cut");
}

#[test]
fn lines_that_are_no_records_are_set_aside_one_by_one() {
    type Case<'a> = (
        &'a str,
        fn(&str) -> Vec<u8>,
        u64,
        Option<u64>,
        &'a [&'a str],
    );
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        // title,                  text in, spoiled out,                                     flows, line, said
        ("not UTF-8",              |text| text.replacen("OK", "O\u{1}", 1).bytes().map(|b| if b == 1 { 0xe4 } else { b }).collect(), 5, Some(2), &["error[record-bad-encoding]: the line is not UTF-8", "got: `ACCEPT "]),
        ("10 MiB in a line",       |text| text.replacen('\n', &format!("\n{}\n", "x".repeat(10 << 20)), 1).into(), 6, Some(2), &["error[record-too-long]", "got: more than 65536 bytes"]),
        ("10 MiB in the last line", |text| format!("{text}{}", "x".repeat(10 << 20)).into(), 6, Some(8), &["error[record-too-long]"]),
        ("40 values",              |text| with_value(text, 3, "bytes", "1 2 3 4 5 6 7 8 9 10 11 12").into(), 5, Some(3), &["error[record-field-count]", "got: 40 values, expected 29"]),
        ("one value too few",      |text| with_value(text, 3, "bytes", " ").into(),          5, Some(3), &["error[record-field-count]", "got: 28 values, expected 29"]),
        ("a port too large",       |text| with_value(text, 3, "srcport", "65536").into(),    5, Some(3), &["error[record-bad-number]: `srcport`", "3, `srcport`\n  got: `65536`, expected 0-65535 or `-`"]),
        ("a protocol too large",   |text| with_value(text, 3, "protocol", "256").into(),     5, Some(3), &["got: `256`, expected 0-255 or `-`"]),
        ("a negative number",      |text| with_value(text, 3, "bytes", "-1").into(),         5, Some(3), &["`bytes`\n  got: `-1`, expected 0-9223372036854775807 or `-`"]),
        ("beyond 64 bits",         |text| with_value(text, 3, "bytes", "9223372036854775808").into(), 5, Some(3), &["got: `9223372036854775808`"]),
        ("a fraction",             |text| with_value(text, 3, "packets", "1.5").into(),      5, Some(3), &["`packets`\n  got: `1.5`"]),
        ("no number",              |text| with_value(text, 3, "tcp-flags", "SYN").into(),    5, Some(3), &["`tcp-flags`\n  got: `SYN`"]),
        ("an address too large",   |text| with_value(text, 3, "srcaddr", "10.0.0.256").into(), 5, Some(3), &["error[record-bad-address]: `srcaddr` is not an address", "got: `10.0.0.256`, expected IPv4, IPv6 or `-`"]),
        ("half an address",        |text| with_value(text, 3, "dstaddr", "10.20.1").into(),  5, Some(3), &["`dstaddr`\n  got: `10.20.1`"]),
        ("leading zeros",          |text| with_value(text, 3, "dstaddr", "010.020.001.010").into(), 5, Some(3), &["got: `010.020.001.010`"]),
        ("a name for an address",  |text| with_value(text, 3, "pkt-srcaddr", "localhost").into(), 5, Some(3), &["`pkt-srcaddr`\n  got: `localhost`"]),
        ("IPv6 with a zone",       |text| with_value(text, 3, "pkt-dstaddr", "fe80::1%eth0").into(), 5, Some(3), &["got: `fe80::1%eth0`"]),
        ("a block for an address", |text| with_value(text, 3, "dstaddr", "10.20.0.0/16").into(), 5, Some(3), &["got: `10.20.0.0/16`"]),
        ("end before start",       |text| with_value(text, 3, "end", "1").into(),            5, Some(3), &["error[record-bad-time]", "`end`\n  got: start ", "expected start <= end"]),
        ("a year between",         |text| with_value(text, 3, "start", "1").into(),          5, Some(3), &["error[record-bad-time]", "at most a day between"]),
        ("milliseconds",           |text| with_value(&with_value(text, 3, "start", "1785585667000"), 3, "end", "1785585679000").into(), 5, Some(3), &["error[record-bad-time]"]),
        ("the end of time",        |text| with_value(&with_value(text, 3, "start", "9223372036854775807"), 3, "end", "9223372036854775807").into(), 5, Some(3), &["error[record-bad-time]"]),
        ("another log-status",     |text| with_value(text, 3, "log-status", "LATE").into(),  5, Some(3), &["error[record-bad-status]", "`log-status`\n  got: `LATE`, expected OK, NODATA or SKIPDATA"]),
        ("no log-status",          |text| with_value(text, 3, "log-status", "-").into(),     5, Some(3), &["error[record-bad-status]", "got: `-`"]),
        ("cut in mid-line",        |text| text[..text.len() - 40].into(),                    5, Some(7), &["error[record-field-count]"]),
        ("zeros",                  |text| format!("{text}\0\0\0\0\n").into(),                6, Some(8), &["error[record-field-count]"]),
        ("a line of blanks more",  |text| format!("{text} \t \n- - -\n").into(),             6, Some(9), &["error[record-field-count]", "got: 3 values, expected 29"]),
    ];
    for (title, spoil, flows, line, says) in cases {
        let change = |copied: &Copied| {
            let text = copied.text(SPOILED);
            fs::write(copied.log(SPOILED), spoil(&text)).unwrap();
        };
        let set_aside = if *flows == RECORDS {
            1
        } else {
            RECORDS - flows
        };
        spoiled(
            title,
            TEXT,
            change,
            left(*flows, set_aside, true),
            *line,
            says,
        );
    }
}

#[test]
fn headers_that_are_no_formats_set_their_records_aside() {
    type Case<'a> = (
        &'a str,
        fn(&str) -> String,
        Left,
        Option<u64>,
        &'a [&'a str],
    );
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        ("a field twice",    |text| text.replacen("pkt-srcaddr", "srcaddr", 1),      left(0, 6, false), Some(1), &["error[format-duplicate-field]", "`srcaddr`", "… and 6 more"]),
        ("names that are none", |text| text.replacen("az-id", "az%id", 1),           left(0, 6, false), Some(1), &["error[format-bad]", "… and 6 more"]),
        ("a field too few",  |text| text.replacen("az-id ", "", 1),                  left(0, 6, true),  Some(2), &["error[record-field-count]", "got: 29 values, expected 28", "… and 1 more"]),
        ("another's header in mid-file", |text| text.replacen('\n', "\nversion account-id\n", 1), left(0, 6, true), Some(3), &["note[input-changed-format]", "error[record-field-count]", "got: 29 values, expected 2"]),
    ];
    for (title, spoil, expected, line, says) in cases {
        let change = |copied: &Copied| {
            let text = copied.text(SPOILED);
            fs::write(copied.log(SPOILED), spoil(&text)).unwrap();
        };
        spoiled(title, TEXT, change, *expected, *line, says);
    }
}

fn message(line: &str) -> Value {
    json!({ "timestamp": 1, "message": line, "eventId": "1" })
}

/// The saved answer of filter-log-events, with the records of a text.
fn answer(text: &str, token: Option<&str>) -> String {
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let events: Vec<Value> = std::iter::once(header).chain(lines).map(message).collect();
    let mut answer = json!({ "events": events, "searchedLogStreams": [] });
    if let Some(token) = token {
        answer["nextToken"] = token.into();
    }
    serde_json::to_string_pretty(&answer).unwrap()
}

#[test]
fn json_that_is_not_all_there() {
    type Case<'a> = (
        &'a str,
        fn(&str) -> String,
        Left,
        Option<u64>,
        &'a [&'a str],
    );
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        ("a page of several",  |text| answer(text, Some("f/1")),                               left(6, 0, false), None,    &["error[input-incomplete-page]", "help: let the AWS CLI fetch all pages"]),
        ("cut in its end",     |text| { let all = answer(text, None); all[..all.len() - 3].into() }, left(6, 0, false), None, &["error[input-truncated]: the JSON ends before its last bracket"]),
        ("cut in an event",    |text| { let all = answer(text, None); all[..all.rfind("ACCEPT").unwrap()].into() }, left(5, 1, false), Some(7), &["error[input-truncated]"]),
        ("an event of another kind", |text| answer(text, None).replacen("\"message\"", "\"massage\"", 3).replacen("\"massage\"", "\"message\"", 1), left(4, 2, true), Some(2), &["error[record-field-count]: the event has no `message`", "expected an object with a `message`"]),
        ("a comma is missing", |text| answer(text, None).replacen("},", "}", 4).replacen('}', "},", 3), left(3, 0, false), Some(5), &["error[input-unreadable]: it is not JSON from here on", "got: a comma or a bracket is missing, at byte"]),
    ];
    for (title, spoil, expected, line, says) in cases {
        let change = |copied: &Copied| {
            let text = copied.text(SPOILED);
            fs::write(copied.log(SPOILED), spoil(&text)).unwrap();
        };
        spoiled(title, TEXT, change, *expected, *line, says);
    }
}

fn rows_of(file: &Path) -> RecordBatch {
    let file = fs::File::open(file).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn write_rows(file: &Path, columns: Vec<(String, ArrayRef)>) {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(name, column.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let out = fs::File::create(file).unwrap();
    let mut writer = ArrowWriter::try_new(out, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
}

/// Exchanges columns of the spoiled Parquet file.
fn with_columns(copied: &Copied, change: impl Fn(&str, &ArrayRef) -> ArrayRef) {
    let file = copied.log(SPOILED);
    let rows = rows_of(&file);
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns());
    let columns =
        columns.map(|(field, column)| (field.name().clone(), change(field.name(), column)));
    write_rows(&file, columns.collect());
}

fn as_text(column: &ArrayRef) -> ArrayRef {
    cast(column, &DataType::Utf8).unwrap()
}

#[test]
fn parquet_with_text_for_numbers_is_as_good() {
    let copied = Copied::of(PARQUET);
    with_columns(&copied, |_, column| as_text(column));
    let ran = copied.verify(&["--report", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(evidence(&ran)["totals"]["flows"], OTHERS + RECORDS);
}

#[test]
fn parquet_with_other_values_is_set_aside_row_by_row() {
    let exchanged = |name: &'static str, value: &'static str| {
        move |copied: &Copied| {
            with_columns(copied, |column, values| {
                if column != name {
                    return values.clone();
                }
                let texts = as_text(values);
                let texts = texts.as_any().downcast_ref::<StringArray>().unwrap();
                let all = texts
                    .iter()
                    .enumerate()
                    .map(|(row, text)| if row == 3 { Some(value) } else { text });
                Arc::new(all.collect::<StringArray>())
            });
        }
    };
    #[rustfmt::skip]
    let cases: [(&str, &str, &str, &[&str]); 4] = [
        ("garbage for a number",  "bytes",      "lots",  &["error[record-bad-number]", "`bytes`\n  got: `lots`"]),
        ("a number too large",    "dstport",    "70000", &["error[record-bad-number]", "`dstport`\n  got: `70000`, expected 0-65535"]),
        ("garbage for a status",  "log_status", "ok",    &["error[record-bad-status]", "`log-status`\n  got: `ok`"]),
        ("garbage for an address", "srcaddr",   "",      &["error[record-bad-address]", "`srcaddr`\n  got: ``"]),
    ];
    for (title, name, value, says) in cases {
        spoiled(
            title,
            PARQUET,
            exchanged(name, value),
            left(5, 1, true),
            Some(4),
            says,
        );
    }
}

#[test]
fn parquet_that_cannot_be_read() {
    type Case<'a> = (&'a str, fn(Vec<u8>) -> Vec<u8>, &'a [&'a str]);
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        ("cut in the middle", |bytes| bytes[..bytes.len() / 2].to_vec(),         &["error[input-unreadable]: it is Parquet that cannot be read", "got: "]),
        ("cut in its end",    |bytes| bytes[..bytes.len() - 1].to_vec(),         &["error[input-unreadable]"]),
        ("a footer too long", |mut bytes| { let at = bytes.len() - 8; bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes()); bytes }, &["error[input-unreadable]"]),
        ("zeros in a column", |mut bytes| { bytes[4..400].fill(0); bytes },      &["error[input-unreadable]"]),
        ("0xff in a column",  |mut bytes| { bytes[4..400].fill(0xff); bytes },   &["error[input-unreadable]"]),
    ];
    for (title, spoil, says) in cases {
        let change = |copied: &Copied| {
            let bytes = fs::read(copied.log(SPOILED)).unwrap();
            fs::write(copied.log(SPOILED), spoil(bytes)).unwrap();
        };
        spoiled(title, PARQUET, change, left(0, 0, false), None, says);
    }
}

#[test]
fn parquet_without_the_columns_that_matter_is_unproven() {
    for lacking in [
        "log_status",
        "srcaddr",
        "dstaddr",
        "interface_id",
        "action",
        "end",
    ] {
        let copied = Copied::of(PARQUET);
        let file = copied.log(SPOILED);
        let rows = rows_of(&file);
        let schema = rows.schema();
        let columns = schema
            .fields()
            .iter()
            .zip(rows.columns())
            .filter(|(field, _)| field.name() != lacking)
            .map(|(field, column)| (field.name().clone(), column.clone()))
            .collect();
        write_rows(&file, columns);
        let ran = copied.verify(&["--report", "json"]);
        let evidence = evidence(&ran);
        assert_accounted(&evidence, lacking);
        assert_tame(&ran, lacking);
        assert_eq!(ran.code, 3, "{lacking}: {}", ran.stderr);
    }
}

#[test]
fn a_hole_is_a_hole_in_every_format_loud_or_quiet() {
    let copied = Copied::of(TEXT);
    let zip = fs::read(copied.log(SPOILED)).unwrap();
    fs::write(copied.log(SPOILED), &zip[..zip.len() - 4]).unwrap();
    for format in ["text", "csv", "json"] {
        let loud = copied.verify(&["--report", format]);
        let quiet = copied.verify(&["--report", format, "--quiet"]);
        assert_eq!((loud.code, quiet.code), (3, 3), "{format}");
        assert_eq!(
            loud.stderr, quiet.stderr,
            "errors are said all the same: {format}"
        );
        assert_tame(&loud, format);
    }
}
