//! Mistakes that people make, each with its place and what to do.

use super::common::world;
use super::query;

#[test]
fn a_mistake_is_told_with_its_place_and_what_to_do() {
    let world = world("nat-interface-only");
    // SQL, code, line and column, a part of what is said.
    #[rustfmt::skip]
    let cases = [
        ("SELECT byts FROM flows", "query-unknown-name", "1:8", "did you mean `bytes`?"),
        ("SELECT bytes,\n  flows.pth\nFROM flows", "query-unknown-name", "2:3", "did you mean `path`?"),
        ("SELECT source_ip FROM flows", "query-unknown-name", "1:8", "did you mean `srcaddr`?"),
        ("SELECT \"Bytes\" FROM flows", "query-unknown-name", "1:8", "did you mean `bytes`?"),
        ("SELECT endpoint_id FROM flows", "query-unknown-name", "1:8", "a column of `interfaces` and `endpoints`"),
        ("SELECT flows.bytes FROM flows f", "query-unknown-name", "1:8", "`f.bytes`"),
        ("SELECT x.bytes FROM flows f", "query-unknown-name", "1:8", "no table or alias `x`"),
        ("SELECT bytes FROM flows WHERE path = \"via-nat\"", "query-unknown-name", "1:38", "single quotes: 'via-nat'"),
        ("SELECT bytes FROM flows WHERE action = ACCEPT", "query-unknown-name", "1:40", "single quotes"),
        ("SELECT path, sum(bytes) AS b FROM flows WHERE b > 5 GROUP BY path", "query-unknown-name", "1:47", "HAVING"),
        ("SELECT DISTINC path FROM flows", "query-unknown-name", "1:8", "`DISTINCT`"),
        ("SELECT interface_id FROM flows f JOIN interfaces i ON f.interface_id = i.interface_id", "query-unknown-name", "1:8", "`flows.interface_id`"),
        ("SELECT 1 FROM flow", "query-unknown-name", "1:15", "did you mean `flows`?"),
        ("SELECT 1 FROM vpc_flow_logs", "query-unknown-name", "1:15", "did you mean `flows`?"),
        ("SELECT * FROM 'file:///etc/passwd'", "query-unknown-name", "1:15", "no table `file:///etc/passwd`"),
        ("SELECT * FROM 's3://b/k.parquet'", "query-unknown-name", "1:15", "--allow-files"),
        ("SELECT cidr_contain('10.0.0.0/8', peer) FROM flows", "query-unknown-name", "1:8", "did you mean `cidr_contains`?"),
        ("SELECT path bytes packets FROM flows", "query-bad-sql", "1:19", "something is missing before `packets`"),
        ("SELECT path, FROM", "query-bad-sql", "1:18", "the SQL ends too early"),
        ("SELECT bytes FROM flows WHERE", "query-bad-sql", "1:30", "the SQL ends too early"),
        ("SELECT , path FROM flows", "query-bad-sql", "1:8", "no expression before `,`"),
        ("SELECT (path FROM flows", "query-bad-sql", "1:14", "`(` is not closed"),
        ("SELECT path) FROM flows", "query-bad-sql", "1:12", "`)` closes nothing"),
        ("SELECT 'abc FROM flows", "query-bad-sql", "1:8", "a text in quotes does not end"),
        ("SELECT \"end FROM flows", "query-bad-sql", "1:8", "a name in double quotes does not end"),
        ("SELECT bytes end FROM flows", "query-bad-sql", "1:14", "\"end\""),
        ("SELCT path FROM flows", "query-bad-sql", "1:1", "did you mean `SELECT`?"),
        ("SELECT path FORM flows", "query-bad-sql", "1:13", "did you mean `FROM`?"),
        ("SELECT 1\n FRM flows x", "query-bad-sql", "2:2", "did you mean `FROM`?"),
        ("SELECT path FROM flows WHER bytes > 1", "query-bad-sql", "1:24", "did you mean `WHERE`?"),
        ("SELECT path FROM flows GRUOP BY path", "query-bad-sql", "1:24", "did you mean `GROUP`?"),
        ("SELECT path FROM flows ORDER path", "query-bad-sql", "1:24", "write `ORDER BY`"),
        ("SELECT path, bytes FROM flows GROUP BY path", "query-bad-sql", "1:14", "`bytes` is neither grouped nor added up"),
        ("SELECT path, count(*) FROM flows", "query-bad-sql", "1:8", "GROUP BY"),
        ("SELECT count(*) FROM flows WHERE count(*) > 1", "query-bad-sql", "1:28", "HAVING"),
        ("SELECT 1; SELECT 2", "query-bad-sql", "1:11", "two statements"),
        ("SELECT top 5 path FROM flows", "query-bad-sql", "1:8", "LIMIT"),
        ("SELECT path FROM flows LIMIT -1", "query-bad-sql", "1:24", "from 0 up"),
        ("SELECT CAST(bytes AS IPADDR) FROM flows", "query-bad-sql", "1:22", "no type `IPADDR`"),
        ("SELECT cidr_contains('10.0.0.0/8') FROM flows", "query-bad-sql", "1:8", "cidr_contains(cidr, address)"),
        ("SELECT sum(path) FROM flows", "query-bad-sql", "1:8", "`sum` does not take these"),
        ("SELECT bytes + path FROM flows", "query-bad-sql", "1:14", "CAST"),
        ("SELECT max(ended_at) - 3600 FROM flows", "query-bad-sql", "1:22", "INTERVAL"),
        ("SELECT bytes FROM flows WHERE ended_at > 1786430583", "query-bad-sql", "1:40", "to_timestamp_seconds"),
        ("SELECT 1 FROM flows WHERE path IS DISTINCT FROM 'a' OR vantage = 'nat'", "query-bad-sql", "1:35", "put parentheses around it"),
        ("SELECT 1 FROM flows WHERE bytes AND path = 'a'", "query-bad-sql", "1:33", "such as a = b"),
        ("SELECT 1 UNION SELECT 1, 2", "query-bad-sql", "1:10", "UNION"),
        ("SELECT bytes FROM flows WHERE reject_reason <> NULL", "query-bad-sql", "1:45", "write `IS NOT NULL`"),
        ("SELECT bytes FROM flows WHERE reject_reason = NULL", "query-bad-sql", "1:45", "write `IS NULL`"),
        ("SELECT bytes FROM flows WHERE bytes = 'many'", "query-failed", "1:39", "`many` is not a whole number"),
        ("SELECT CAST(path AS INT) FROM flows", "query-failed", "1:8", "TRY_CAST"),
        ("SELECT bytes FROM flows WHERE ended_at > 'yesterday'", "query-failed", "1:42", "2026-08-01T00:00:00Z"),
        ("SELECT bytes / 0 FROM flows", "query-failed", "1:14", "nullif"),
        ("SELECT sum(x) FROM (VALUES (9223372036854775807), (1)) AS t(x)", "query-failed", "1:8", "DECIMAL(38)"),
        ("SELECT (SELECT path FROM flows)", "query-failed", "1:9", "LIMIT 1"),
        ("SELECT bucket('5', ended_at) FROM flows", "query-failed", "1:15", "'30s', '5m'"),
        ("SELECT ip('10.0.0')", "query-failed", "1:11", "`10.0.0` is not an address"),
        ("SELECT date_trunc('fortnight', ended_at) FROM flows", "query-failed", "1:19", "granularity"),
        ("SELECT interval '5 parsecs'", "query-failed", "1:17", "5 parsecs"),
        ("SELECT regexp_like(path, '(') FROM flows", "query-failed", "", "regex parse error: ("),
    ];
    for (sql, code, place, said) in cases {
        let ran = query(&world, &["--sql", sql, "--output-format", "jsonl"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{sql}");
        assert!(
            ran.stderr.starts_with(&format!("error[{code}]: ")),
            "{sql}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(said), "{sql}: {}", ran.stderr);
        let at = ran.stderr.lines().find(|line| line.starts_with("   at: "));
        let expected = format!("   at: --sql:{place}");
        assert_eq!(at, Some(expected.trim_end_matches(':')), "{sql}");
        if place.is_empty() {
            continue;
        }
        // The caret stands below the place.
        let (line, column) = place.split_once(':').unwrap();
        let (line, column): (usize, usize) = (line.parse().unwrap(), column.parse().unwrap());
        let shown = sql.lines().nth(line - 1).unwrap().trim_end();
        let caret = format!("{shown}\n{}^\n", " ".repeat(6 + column));
        let short = shown.chars().count() < 60 || column < 60;
        assert!(
            short && ran.stderr.contains(&caret),
            "{sql}: {}",
            ran.stderr
        );
    }
}
