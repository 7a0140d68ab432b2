//! What SQL may not do: anything but ask the tables of the run.

use std::fs;

use super::common::world;
use super::query;

#[test]
fn nothing_outside_the_tables_is_read_or_written() {
    let world = world("nat-interface-only");
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.csv");
    fs::write(&secret, "a,b\nSECRET,2\n").unwrap();
    let (secret, out) = (secret.display(), folder.path().join("out.csv"));
    let target = out.display();
    #[rustfmt::skip]
    let attempts = [
        format!("COPY flows TO '{target}'"),
        format!("COPY (SELECT 1) TO '{target}' STORED AS CSV"),
        format!("EXPLAIN COPY (SELECT 1) TO '{target}'"),
        format!("EXPLAIN ANALYZE COPY (SELECT 1) TO '{target}'"),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{secret}'"),
        format!("CREATE UNBOUNDED EXTERNAL TABLE t (a INT) STORED AS CSV LOCATION '{secret}'"),
        format!("SELECT * FROM '{secret}'"),
        format!("SELECT * FROM 'file://{secret}'"),
        format!("SELECT * FROM \"{secret}\""),
        "SELECT * FROM '/etc/passwd'".to_owned(),
        "SELECT * FROM 's3://bucket/key.parquet'".to_owned(),
        "SELECT * FROM 'http://127.0.0.1:1/x.csv'".to_owned(),
        format!("SELECT * FROM read_csv('{secret}')"),
        format!("SELECT * FROM read_parquet('{secret}')"),
        format!("SELECT * FROM parquet_metadata('{secret}')"),
        "CREATE TABLE t AS SELECT 1".to_owned(),
        "CREATE VIEW v AS SELECT 1".to_owned(),
        "CREATE SCHEMA s".to_owned(),
        "CREATE DATABASE d".to_owned(),
        "CREATE FUNCTION f() RETURNS INT RETURN 1".to_owned(),
        "DROP TABLE flows".to_owned(),
        "INSERT INTO prices VALUES ('a','b','c',1.0,'d','e')".to_owned(),
        "DELETE FROM prices".to_owned(),
        "UPDATE prices SET usd = 0".to_owned(),
        format!("SET datafusion.runtime.temp_directory = '{target}'"),
        "SET datafusion.execution.target_partitions = 1".to_owned(),
        "RESET datafusion.execution.target_partitions".to_owned(),
        "PREPARE p AS SELECT 1".to_owned(),
        "BEGIN".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
        format!("SELECT 1; COPY flows TO '{target}'"),
        format!("WITH x AS (SELECT 1) COPY x TO '{target}'"),
    ];
    for sql in attempts {
        let ran = query(&world, &["--sql", &sql]);
        assert_eq!(ran.code, 2, "{sql}: {}", ran.stdout);
        assert_eq!(ran.stdout, "", "{sql}");
        assert!(
            ran.stderr.starts_with("error[query-"),
            "{sql}: {}",
            ran.stderr
        );
        assert!(!out.exists(), "{sql}");
        assert!(!ran.stderr.contains("SECRET"), "{sql}");
    }
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing was made beside the secret");
}

#[test]
fn what_only_asks_may_ask() {
    let world = world("nat-interface-only");
    for sql in [
        "SELECT 1",
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        "VALUES (1), (2)",
        "EXPLAIN SELECT path FROM flows",
        "EXPLAIN ANALYZE SELECT path FROM flows",
        "SHOW TABLES",
        "SHOW COLUMNS FROM flows",
        "DESCRIBE flows",
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'claims'",
    ] {
        let ran = query(&world, &["--sql", sql]);
        assert_eq!(ran.code, 0, "{sql}: {}", ran.stderr);
    }
}

#[test]
fn with_allow_files_files_are_read_and_written() {
    let world = world("nat-interface-only");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in.csv");
    fs::write(&file, "a,b\nx,2\n").unwrap();
    let out = folder.path().join("out.csv");
    let read = format!("SELECT a FROM '{}'", file.display());
    let ran = query(
        &world,
        &["--allow-files", "--sql", &read, "--output-format", "csv"],
    );
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "a\nx\n"),
        "{}",
        ran.stderr
    );
    let write = format!("COPY (SELECT 1 AS one) TO '{}'", out.display());
    let ran = query(&world, &["--allow-files", "--sql", &write]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&out).unwrap(), "one\n1\n");
    let ran = query(
        &world,
        &[
            "--allow-files",
            "--sql",
            "SET datafusion.execution.batch_size = 1",
        ],
    );
    assert_eq!(ran.code, 2, "settings are options, with files or without");
}
