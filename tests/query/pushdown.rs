//! What is pushed into the scan changes no answer.

use super::common::world;
use super::{query, rows, rows_with};

/// A filter, and the same in words that nothing can be pushed from: a random number is never below nought.
fn pairs() -> Vec<(String, String)> {
    let filters = [
        "bytes > 1000",
        "protocol = 6 AND dstport = 443",
        "dstport IN (443, 53) OR srcport IN (443, 53)",
        "action = 'REJECT'",
        "log_status <> 'OK'",
        "srcaddr LIKE '10.%'",
        "path = 'via-nat'",
        "path IN ('via-nat', 'internet-bound') AND bytes > 100",
        "path IS NULL",
        "NOT (path = 'via-nat')",
        "service = 's3' AND vantage = 'workload'",
        "cidr_contains('10.0.0.0/8', workload)",
        "peer_port < 1024 AND workload_port >= 1024",
        "line = 2",
        "input LIKE '%.gz'",
        "\"end\" - \"start\" > 30",
    ];
    let unpushed = |filter: &str| format!("CASE WHEN random() < 0 THEN true ELSE ({filter}) END");
    filters
        .iter()
        .map(|filter| ((*filter).to_owned(), unpushed(filter)))
        .collect()
}

#[test]
fn a_filter_in_the_scan_lets_the_same_rows_pass() {
    for name in [
        "forgotten-route-table",
        "ipv6-past-endpoint",
        "skipdata",
        "parquet",
    ] {
        let world = world(name);
        let mut sql = String::new();
        for (index, (pushed, unpushed)) in pairs().iter().enumerate() {
            let what = "count(*), sum(bytes), min(line), max(peer)";
            let glue = if index == 0 { "" } else { " UNION ALL " };
            sql.push_str(&format!(
                "{glue}SELECT {index} AS n, 'pushed' AS how, {what} FROM flows WHERE {pushed}
                 UNION ALL SELECT {index}, 'unpushed', {what} FROM flows WHERE {unpushed}"
            ));
        }
        let found = rows(&world, &format!("{sql} ORDER BY n, how"));
        assert_eq!(found.len(), 2 * pairs().len());
        for pair in found.chunks(2) {
            assert_eq!(
                pair[0].replace("pushed", "unpushed"),
                pair[1],
                "{}",
                world.name
            );
        }
    }
}

#[test]
fn the_plan_shows_that_filters_and_columns_are_pushed() {
    let world = world("nat-interface-only");
    let plan = |sql: &str| query(&world, &["--sql", &format!("EXPLAIN {sql}")]).stdout;
    let pushed = plan("SELECT sum(bytes) FROM flows WHERE path = 'via-nat' AND dstport = 443");
    assert!(
        !pushed.contains("FilterExec") && !pushed.contains("Filter:"),
        "{pushed}"
    );
    assert!(pushed.contains("projection=[bytes]"), "{pushed}");
    let unpushed = plan("SELECT sum(bytes) FROM flows WHERE random() < 0.5");
    assert!(unpushed.contains("FilterExec"), "{unpushed}");
}

#[test]
fn filters_on_time_agree_with_the_window() {
    let world = world("nat-interface-only");
    let window = [
        "--since",
        "2026-07-15T16:05:00Z",
        "--until",
        "2026-07-15T16:15:00Z",
    ];
    let sql = "SELECT count(*), sum(bytes) FROM flows";
    let windowed = rows_with(&world, sql, &window);
    for filter in [
        "ended_at >= TIMESTAMP '2026-07-15T16:05:00Z' AND ended_at < TIMESTAMP '2026-07-15T16:15:00Z'",
        "ended_at >= '2026-07-15T16:05:00Z' AND ended_at < '2026-07-15T16:15:00Z'",
        "\"end\" >= 1784131500 AND \"end\" < 1784132100",
        "\"end\" BETWEEN 1784131500 AND 1784132099",
        "bucket('10m', ended_at - INTERVAL '5 minutes') = TIMESTAMP '2026-07-15T16:00:00Z'",
    ] {
        let found = rows(&world, &format!("{sql} WHERE {filter}"));
        assert_eq!(found, windowed, "{filter}");
    }
    assert_ne!(windowed, rows(&world, sql));
}

#[test]
fn flows_can_be_read_several_times_in_one_query() {
    let world = world("forgotten-route-table");
    let all: u64 = rows(&world, "SELECT count(*) FROM flows")[0]
        .parse()
        .unwrap();
    let both = "SELECT (SELECT count(*) FROM flows) + (SELECT count(*) FROM flows)";
    assert_eq!(rows(&world, both), [(2 * all).to_string()]);
    let joined =
        "SELECT count(*) FROM flows a JOIN flows b ON a.input = b.input AND a.line = b.line";
    assert_eq!(rows(&world, joined), [all.to_string()]);
    // A recursive query executes its plan again for each step.
    let recursive = "WITH RECURSIVE step(n, seen) AS (
            SELECT 1, CAST(0 AS BIGINT)
            UNION ALL
            SELECT n + 1, c FROM step CROSS JOIN (SELECT count(*) AS c FROM flows) f WHERE n < 4)
        SELECT DISTINCT seen FROM step WHERE n > 1";
    assert_eq!(rows(&world, recursive), [all.to_string()]);
}

#[test]
fn threads_and_memory_change_no_answer() {
    let world = world("forgotten-route-table");
    let sql = "SELECT path, vantage, count(*), sum(bytes) FROM flows GROUP BY path, vantage ORDER BY path, vantage";
    let one = rows_with(&world, sql, &["--threads", "1"]);
    for more in [["--threads", "8"], ["--memory", "16MiB"]] {
        assert_eq!(rows_with(&world, sql, &more), one, "{more:?}");
    }
    let sorted = "SELECT input, line FROM flows ORDER BY input, line";
    assert_eq!(
        rows_with(&world, sorted, &["--threads", "8"]),
        rows_with(&world, sorted, &["--threads", "1"])
    );
}
