//! An answer in each format.

use std::fs;

use super::common::{flowproof, world};
use super::query;

const SQL: &str = "SELECT path, vantage, count(*) AS flows, sum(bytes) AS bytes, max(ended_at) AS last, '=1+1' AS formula
    FROM flows GROUP BY path, vantage ORDER BY path, vantage";

#[test]
fn the_same_answer_comes_in_every_format() {
    let world = world("nat-interface-only");
    let table = query(&world, &["--sql", SQL]);
    assert_eq!(table.code, 0, "{}", table.stderr);
    assert_eq!(
        table.stdout,
        "path     vantage  flows    bytes  last                  formula\nvia-nat  nat         32  5143016  2026-07-15T16:27:17Z  =1+1\n(1 row)\n"
    );
    let csv = query(&world, &["--sql", SQL, "--output-format", "csv"]);
    assert_eq!(
        csv.stdout,
        "path,vantage,flows,bytes,last,formula\nvia-nat,nat,32,5143016,2026-07-15T16:27:17Z,'=1+1\n"
    );
    let json = query(&world, &["--sql", SQL, "--output-format", "jsonl"]);
    let row: serde_json::Value = serde_json::from_str(json.stdout.trim()).unwrap();
    assert_eq!(row["bytes"], 5_143_016);
    assert_eq!(row["formula"], "=1+1");
    let folder = tempfile::tempdir().unwrap();
    for ending in ["parquet", "arrow", "csv", "jsonl", "txt"] {
        let file = folder.path().join(format!("answer.{ending}"));
        let name = file.to_str().unwrap();
        let ran = query(&world, &["--sql", SQL, "--output", name]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        assert!(fs::metadata(&file).unwrap().len() > 0);
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("answer.csv")).unwrap(),
        csv.stdout
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("answer.txt")).unwrap(),
        table.stdout
    );
    // What was written as Parquet is read back with SQL.
    let parquet = folder.path().join("answer.parquet");
    let again = format!("SELECT path, bytes FROM '{}'", parquet.display());
    let ran = query(
        &world,
        &["--allow-files", "--sql", &again, "--output-format", "csv"],
    );
    assert_eq!(
        ran.stdout, "path,bytes\nvia-nat,5143016\n",
        "{}",
        ran.stderr
    );
}

#[test]
fn an_output_stays_away_if_there_is_no_answer() {
    let world = world("nat-interface-only");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer.csv");
    let name = file.to_str().unwrap();
    let ran = query(
        &world,
        &[
            "--sql",
            "SELECT 1 / (bytes - bytes) FROM flows",
            "--output",
            name,
        ],
    );
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let ran = query(&world, &["--sql", "SELECT 1", "--output", "answer.xls"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("does not tell the format"),
        "{}",
        ran.stderr
    );
}

#[test]
fn no_rows_are_still_columns() {
    let world = world("nat-interface-only");
    let none = "SELECT path, bytes FROM flows WHERE bytes < 0";
    assert_eq!(
        query(&world, &["--sql", none]).stdout,
        "path  bytes\n(0 rows)\n"
    );
    let csv = query(&world, &["--sql", none, "--output-format", "csv"]);
    assert_eq!(csv.stdout, "path,bytes\n");
}

#[test]
fn a_table_says_how_many_rows_it_does_not_show() {
    let world = world("nat-interface-only");
    let ran = query(
        &world,
        &["--sql", "SELECT value FROM generate_series(1, 10005)"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("(10005 rows)\n5 more rows are not shown"),
        "{}",
        &ran.stdout[ran.stdout.len() - 200..]
    );
}

#[test]
fn sorting_more_than_memory_holds_spills_and_is_still_right() {
    let world = world("nat-interface-only");
    // Some 30 MB of rows, and 16 MiB for them.
    let sql = "SELECT lpad(CAST((value * 7919) % 200003 AS TEXT), 150, '0') AS pad FROM generate_series(1, 200002) ORDER BY pad";
    let ran = query(
        &world,
        &["--sql", sql, "--memory", "32MiB", "--output-format", "csv"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let rows: Vec<&str> = ran.stdout.lines().skip(1).collect();
    assert_eq!(rows.len(), 200_002);
    let sorted = |pair: &[&str]| pair[0] < pair[1];
    assert!(rows.windows(2).all(sorted));
}

#[test]
fn queries_that_come_along_are_listed_without_any_source() {
    let ran = flowproof(&["query", "--list"], b"");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for (name, _) in flowproof::query::named::BUNDLED {
        assert!(ran.stdout.contains(name), "{name}");
    }
}
