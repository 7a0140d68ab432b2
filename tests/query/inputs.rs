//! What an answer rests on: sources of every kind, and what is said when one is not whole.

use std::fs;
use std::io::Write;

use super::common::{Copied, gzip, world};
use super::query_of;

const COUNT: &[&str] = &[
    "--sql",
    "SELECT count(*) FROM flows",
    "--output-format",
    "csv",
];

#[test]
fn a_pipe_can_be_read_more_than_once() {
    let world = world("nat-interface-only");
    let (_, text) = world.texts().swap_remove(0);
    let records = text.lines().count() - 1;
    let twice = "SELECT (SELECT count(*) FROM flows) + (SELECT count(*) FROM flows WHERE bytes >= 0 OR bytes IS NULL) AS n";
    let args = ["--sql", twice, "--output-format", "csv"];
    let ran = query_of(&["-"], text.as_bytes(), &world, &args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout, format!("n\n{}\n", 2 * records));
    let ran = query_of(
        &["-"],
        text.as_bytes(),
        &world,
        &[
            "--sql",
            "SELECT DISTINCT input FROM flows",
            "--output-format",
            "jsonl",
        ],
    );
    assert_eq!(ran.stdout, "{\"input\":\"-\"}\n", "under its own name");
}

#[test]
fn an_answer_on_inputs_that_are_not_whole_says_so_and_exits_with_2() {
    let copied = Copied::of("nat-interface-only");
    let world = world("nat-interface-only");
    let whole = query_of(&[&copied.word("logs")], b"", &world, COUNT);
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    let bytes = fs::read(copied.log(0)).unwrap();
    fs::write(copied.log(0), &bytes[..bytes.len() / 2]).unwrap();
    let cut = query_of(&[&copied.word("logs")], b"", &world, COUNT);
    assert_eq!(cut.code, 2);
    assert!(
        cut.stderr.contains("error[input-truncated]"),
        "{}",
        cut.stderr
    );
    assert_ne!(cut.stdout, whole.stdout);
    // Without looking at flows nothing rests on them.
    let ran = query_of(
        &[&copied.word("logs")],
        b"",
        &world,
        &["--sql", "SELECT count(*) FROM subnets"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = query_of(
        &[&copied.word("logs")],
        b"",
        &world,
        &["--sql", "SELECT count(*) FROM claims"],
    );
    assert_eq!(ran.code, 2, "a judgement on them is no better");
}

#[test]
fn lines_that_are_set_aside_are_said() {
    let copied = Copied::of("nat-interface-only");
    let world = world("nat-interface-only");
    let spoilt = format!("{}2 bad line\n", copied.text(0));
    fs::write(copied.log(0), gzip(spoilt.as_bytes())).unwrap();
    let ran = query_of(&[&copied.word("logs")], b"", &world, COUNT);
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr.contains("error[record-field-count]"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_a_limit_leaves_unread_is_no_defect() {
    let copied = Copied::of("nat-interface-only");
    let world = world("nat-interface-only");
    // Long enough that the answer is there before the file ends.
    let text = copied.text(0);
    let (header, records) = text.split_once('\n').unwrap();
    let mut long = format!("{header}\n");
    while long.len() < 8 << 20 {
        long.push_str(records);
    }
    fs::write(copied.log(0), gzip(long.as_bytes())).unwrap();
    let sql = [
        "--sql",
        "SELECT path FROM flows LIMIT 3",
        "--output-format",
        "csv",
    ];
    let ran = query_of(&[copied.log(0).to_str().unwrap()], b"", &world, &sql);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(ran.stdout.lines().count(), 4);
}

#[test]
fn fields_that_this_version_does_not_know_are_columns() {
    let world = world("nat-interface-only");
    let mut file = tempfile::Builder::new().suffix(".log").tempfile().unwrap();
    file.write_all(b"version new-field line bytes start end log-status\n2 alpha l1 5 1784131500 1784131560 OK\n2 beta l2 7 1784131500 1784131560 OK\n").unwrap();
    let sql = [
        "--sql",
        "SELECT new_field, log_line, bytes, line FROM flows ORDER BY bytes",
        "--output-format",
        "csv",
    ];
    let ran = query_of(&[file.path().to_str().unwrap()], b"", &world, &sql);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        "new_field,log_line,bytes,line\nalpha,l1,5,2\nbeta,l2,7,3\n"
    );
}

#[test]
fn parquet_answers_as_text_does() {
    let world = world("parquet");
    let sql = [
        "--sql",
        "SELECT count(*) > 0, count(path) > 0, min(line) FROM flows",
        "--output-format",
        "csv",
    ];
    let ran = query_of(&[&world.path("logs")], b"", &world, &sql);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.ends_with("true,true,1\n"), "{}", ran.stdout);
}

#[test]
fn a_query_without_a_question_or_with_an_unknown_name_is_told_what_there_is() {
    let world = world("nat-interface-only");
    #[rustfmt::skip]
    let cases: [(&[&str], &str); 3] = [
        (&["-"],                              "stdin has the logs"),
        (&[&world.path("logs")],              "stdin is empty"),
        (&[&world.path("logs"), "no-such-query"], "no query and no source `no-such-query`"),
    ];
    for (sources, said) in cases {
        let ran = query_of(sources, b"", &world, &[]);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    let ran = query_of(
        &[&world.path("logs")],
        b"SELECT 1 AS one;",
        &world,
        &["--output-format", "csv"],
    );
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "one\n1\n"),
        "{}",
        ran.stderr
    );
}
