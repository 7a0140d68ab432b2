//! Long queries: the tree of a chain is as deep as the chain is long, and whoever goes down it needs room.

use super::common::{World, world};
use super::{query, rows};

/// So many words and signs may nest.
const DEEPEST: usize = 10_000;

/// A query that has no answer but this.
fn is_refused(world: &World, sql: &str, said: &str) {
    let ran = query(world, &["--sql", sql]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}…", &sql[..40]);
    assert!(
        ran.stderr.starts_with(said),
        "{}…: {}",
        &sql[..40],
        ran.stderr
    );
}

#[test]
fn a_chain_is_answered_however_deep_its_tree() {
    let world = world("nat-interface-only");
    let chain = |first: &str, more: &str, count: usize| format!("{first}{}", more.repeat(count));
    #[rustfmt::skip]
    let cases = [
        (chain("SELECT 7 WHERE 1 = 2", " OR 1 = 1", 1_500),                            "7"),
        (chain("SELECT 7 WHERE 1 = 1", " AND 2 = 2", 1_500),                           "7"),
        (chain("SELECT 1", " + 1", 999) + " AS n",                                     "1000"),
        (chain("SELECT count(*) FROM flows WHERE bytes < 0", " OR bytes >= 0", 1_000), "32"),
        (chain("SELECT sum(length(path", " || 'a'", 500) + ")) > 16000 FROM flows",    "true"),
        (chain("SELECT max(bytes", "::INT::BIGINT", 500) + ") > 0 FROM flows",         "true"),
        (chain("SELECT bytes", " IS NULL", 2_000) + " AS x FROM flows LIMIT 1",        "false"),
        (chain("SELECT count(*) FROM (SELECT 1", " UNION ALL SELECT 1", 499) + ")",    "500"),
    ];
    for (sql, expected) in cases {
        assert_eq!(rows(&world, &sql), [expected], "{}…", &sql[..60]);
    }
}

#[test]
fn a_chain_that_may_be_too_deep_is_told_where_it_is() {
    let world = world("nat-interface-only");
    // SELECT and what stands behind a word are two; each term has one more.
    let sum = |terms: usize| format!("SELECT 1{}", " + 1".repeat(terms));
    let ran = query(&world, &["--sql", &sum(DEEPEST)]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    let place = format!("--sql:1:{}", sum(DEEPEST - 2).len() + 2);
    for said in [
        "error[query-bad-sql]: the query has more than 10000 operators and words",
        &place,
        "x IN (1, 2, …)",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    // A list may have any length.
    let list: Vec<String> = (0..30_000).map(|number| number.to_string()).collect();
    let sql = format!(
        "SELECT count(*) FROM flows WHERE bytes IN ({})",
        list.join(", ")
    );
    let under = rows(&world, "SELECT count(*) FROM flows WHERE bytes < 30000");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, sql).unwrap();
    let file = file.path().display().to_string();
    let ran = query(&world, &["--file", &file, "--output-format", "csv"]);
    assert_eq!(
        ran.stdout.lines().nth(1),
        Some(under[0].as_str()),
        "{}",
        ran.stderr
    );
}

#[test]
fn parentheses_that_the_parser_does_not_count_are_counted() {
    let world = world("nat-interface-only");
    let nested = |before: &str, open: &str, inner: &str, after: &str, depth: usize| {
        let (opened, closed) = (open.repeat(depth), ")".repeat(depth));
        format!("{before}{opened}{inner}{closed}{after}")
    };
    let pattern = |depth| {
        let before = "SELECT * FROM claims MATCH_RECOGNIZE(PATTERN (";
        nested(before, "(", "A", ") DEFINE A AS true)", depth)
    };
    let of_type = |depth| {
        nested(
            "SELECT arrow_cast(NULL, '",
            "List(",
            "Int32",
            "') AS a",
            depth,
        )
    };
    is_refused(
        &world,
        &pattern(5_000),
        "error[query-bad-sql]: more than 500 parentheses",
    );
    is_refused(
        &world,
        &of_type(5_000),
        "error[query-bad-sql]: more than 500 parentheses",
    );
    is_refused(&world, &pattern(400), "error[query-");
    let ran = query(
        &world,
        &["--sql", &of_type(400), "--output-format", "jsonl"],
    );
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "{\"a\":null}\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_nests_too_deep_to_be_read_is_told() {
    let world = world("nat-interface-only");
    let nested = |before: &str, inner: &str, after: &str| {
        format!(
            "SELECT {}{inner}{}",
            before.repeat(3_000),
            after.repeat(3_000)
        )
    };
    let nested = [
        nested("(", "1", ")"),
        nested("abs(", "1", ")"),
        nested("- ", "1", ""),
        nested("NOT ", "true", ""),
        nested("(SELECT ", "1", ")"),
        nested("CASE WHEN true THEN ", "1", " END"),
        nested("* FROM (SELECT ", "1", ")"),
        nested("[", "1", "]"),
    ];
    for sql in nested {
        is_refused(&world, &sql, "error[query-bad-sql]: ");
    }
}
