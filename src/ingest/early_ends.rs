//! Inputs that end too early, or are left: what came before is kept, and none of them is whole.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::ingest::testing::{codes, facts, gzip, input, input_in_reads, read, read_bytes};
use crate::ingest::{InputReader, Limits, ReadOptions};
use crate::model::format::Format;

const HEADER: &str = "version interface-id srcaddr dstaddr bytes action log-status\n";
const RECORD: &str = "2 eni-1 10.0.0.1 10.0.0.2 40 ACCEPT OK\n";
const DEFAULT: &str = "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 100 160 ACCEPT OK\n";

#[test]
fn truncated_gzip_keeps_what_came_before_but_not_the_line_that_is_cut() {
    let mut text = HEADER.to_owned();
    for port in 0..5000 {
        text.push_str(&RECORD.replace("40", &(port * 7919 % 10_007).to_string()));
    }
    let whole = gzip(text.as_bytes());
    let (batches, report) = read_bytes(&whole[..whole.len() / 2]);
    assert!(!report.whole && report.sha256.is_none() && report.flows > 1000 && report.flows < 4999);
    assert_eq!(codes(&report), ["input-truncated"]);
    assert!(report.set_aside <= 1);
    let (all, _) = read_bytes(&whole);
    let (kept, all) = (facts(&batches), facts(&all));
    assert_eq!(kept[..], all[..kept.len()]);
}

#[test]
fn an_error_in_mid_read_is_not_whole_and_half_a_record_is_none() {
    let bytes = format!("{HEADER}{RECORD}{}", &RECORD[..30]);
    let (_, report) = read(
        &input_in_reads("a.log", bytes.as_bytes(), 7, true),
        &ReadOptions::default(),
    );
    assert_eq!(
        (report.rows, report.flows, report.set_aside, report.whole),
        (2, 1, 1, false)
    );
    assert_eq!(report.sha256, None);
    let mut seen = codes(&report);
    seen.sort();
    assert_eq!(seen, ["input-truncated", "input-unreadable"]);
}

#[test]
fn the_limit_on_what_it_unzips_to_holds() {
    let options = ReadOptions {
        limits: Limits {
            object_bytes: 200,
            ..Limits::default()
        },
        ..ReadOptions::default()
    };
    let bomb = gzip(format!("{HEADER}{}", RECORD.repeat(1000)).as_bytes());
    let (_, report) = read(&input("a.gz", &bomb), &options);
    assert!(!report.whole && report.flows == 3);
    assert!(codes(&report).contains(&"input-too-large".to_owned()));
    let exact = format!("{HEADER}{RECORD}");
    let limits = Limits {
        object_bytes: exact.len() as u64,
        ..Limits::default()
    };
    let (_, report) = read(
        &input("a.log", exact.as_bytes()),
        &ReadOptions { limits, ..options },
    );
    assert!(report.whole);
}

#[test]
fn a_run_that_is_stopped_is_not_whole() {
    let options = ReadOptions {
        stop: Arc::new(AtomicBool::new(true)),
        ..ReadOptions::default()
    };
    let (_, report) = read(&input("a.log", DEFAULT.as_bytes()), &options);
    assert!(!report.whole);
    assert_eq!(codes(&report), ["input-interrupted"]);
}

#[test]
fn a_reader_that_is_left_early_is_not_whole() {
    let text = DEFAULT.repeat(10);
    let options = ReadOptions {
        batch_rows: 2,
        ..ReadOptions::default()
    };
    let mut reader = InputReader::open(&input("a.log", text.as_bytes()), &options);
    assert_eq!(reader.next_batch().map(|batch| batch.len()), Some(2));
    assert_eq!(reader.formats(), [Format::vpc_default()]);
    let report = reader.into_report();
    assert!(!report.whole);
    assert_eq!(codes(&report), ["input-interrupted"]);
}

#[test]
fn an_input_shorter_than_listed_is_not_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.log");
    std::fs::write(&path, DEFAULT.repeat(2)).unwrap();
    let inputs = crate::ingest::list(&[path.to_string_lossy().into_owned()], None)
        .unwrap()
        .inputs;
    std::fs::write(&path, DEFAULT).unwrap();
    let (_, report) = read(&inputs[0], &ReadOptions::default());
    assert_eq!((report.flows, report.whole), (1, false));
    assert_eq!(codes(&report), ["input-truncated"]);
    std::fs::remove_file(&path).unwrap();
    let (_, report) = read(&inputs[0], &ReadOptions::default());
    assert_eq!((report.rows, report.whole), (0, false));
    assert_eq!(codes(&report), ["input-unreadable"]);
}
