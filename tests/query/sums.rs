//! Sums are right or refused: a counter that wrapped would look like little traffic, or less than none.

use std::io::Write;

use super::common::world;
use super::{query, query_of, rows};

/// What a sum says that does not fit its type.
const BEYOND: &str = "error[query-failed]";

#[test]
fn bytes_that_pass_their_type_are_refused_and_not_wrapped() {
    let world = world("nat-interface-only");
    let mut file = tempfile::Builder::new().suffix(".log").tempfile().unwrap();
    file.write_all(b"version bytes start end log-status\n")
        .unwrap();
    // Two records that are each right, and together one more than the type's end; and one that is beyond it alone.
    for bytes in ["9223372036854775807", "1", "9223372036854775808"] {
        writeln!(file, "2 {bytes} 1784131500 1784131560 OK").unwrap();
    }
    let of = |sql: &str| {
        let args = ["--sql", sql, "--output-format", "csv"];
        query_of(&[file.path().to_str().unwrap()], b"", &world, &args)
    };
    let alone = of("SELECT max(bytes) AS bytes FROM flows");
    assert_eq!(
        (alone.code, alone.stdout.as_str()),
        (0, "bytes\n9223372036854775807\n")
    );
    assert!(
        alone.stderr.contains("error[record-bad-number]"),
        "{}",
        alone.stderr
    );
    for sql in [
        "SELECT sum(bytes) AS bytes FROM flows",
        "SELECT version, sum(bytes) AS bytes FROM flows GROUP BY version",
        "SELECT sum(DISTINCT bytes) AS bytes FROM flows",
        "SELECT sum(bytes) OVER (ORDER BY bytes) AS bytes FROM flows",
        "SELECT sum(bytes) OVER (ORDER BY bytes ROWS 1 PRECEDING) AS bytes FROM flows",
    ] {
        let ran = of(sql);
        assert_eq!(ran.code, 2, "{sql}: {}", ran.stdout);
        assert!(ran.stderr.contains(BEYOND), "{sql}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("9223372036854775808"),
            "{sql}: {}",
            ran.stderr
        );
    }
    let wide = of("SELECT sum(CAST(bytes AS DECIMAL(38))) AS bytes FROM flows");
    assert_eq!(
        (wide.code, wide.stdout.as_str()),
        (0, "bytes\n9223372036854775808\n")
    );
}

#[test]
fn sums_that_fit_are_those_of_the_rows() {
    let world = world("forgotten-route-table");
    let bytes = rows(&world, "SELECT bytes, interface_id FROM flows");
    let all: i64 = bytes
        .iter()
        .map(|row| row.split(',').next().unwrap().parse().unwrap_or(0))
        .sum();
    assert_eq!(
        rows(&world, "SELECT sum(bytes) FROM flows"),
        [all.to_string()]
    );
    let grouped = "SELECT sum(bytes) FROM (SELECT interface_id, path, sum(bytes) AS bytes FROM flows GROUP BY interface_id, path)";
    assert_eq!(rows(&world, grouped), [all.to_string()]);
    let rolled = "SELECT interface_id, sum(bytes) FROM flows GROUP BY ROLLUP (interface_id) ORDER BY 2 DESC LIMIT 1";
    assert_eq!(rows(&world, rolled), [format!(",{all}")]);
    #[rustfmt::skip]
    let cases = [
        ("SELECT sum(x), sum(DISTINCT x) FROM (VALUES (5), (5), (NULL)) AS t(x)",                    "10,5"),
        ("SELECT sum(x) FROM (VALUES (9223372036854775807), (1), (-1)) AS t(x)",                     "9223372036854775807"),
        ("SELECT sum(x) FROM (SELECT CAST(18446744073709551615 AS BIGINT UNSIGNED) AS x)",           "18446744073709551615"),
        ("SELECT sum(x) FROM (VALUES (1.5), (2.0)) AS t(x)",                                         "3.5"),
        ("SELECT sum(bytes) IS NULL FROM flows WHERE false",                                         "true"),
        ("SELECT max(s) FROM (SELECT sum(x) OVER (ORDER BY x ROWS 1 PRECEDING) AS s FROM (VALUES (1), (2), (3)) AS t(x))", "5"),
        ("SELECT sum(x) FILTER (WHERE x > 1) FROM (VALUES (1), (2), (3)) AS t(x)",                   "5"),
    ];
    for (sql, expected) in cases {
        assert_eq!(rows(&world, sql), [expected], "{sql}");
    }
    let ran = query(
        &world,
        &[
            "--sql",
            "SELECT sum(CAST(x AS BIGINT UNSIGNED)) FROM (VALUES (18446744073709551615), (1)) AS t(x)",
        ],
    );
    assert!(
        ran.code == 2 && ran.stderr.contains(BEYOND),
        "{}",
        ran.stderr
    );
}
