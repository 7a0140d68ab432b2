//! Values of parameters that mean nothing are refused: an empty answer would look like one.

use flowproof::query::named::{ParamType, bundled};

use super::common::{Copied, flowproof, gzip, world};
use super::{query, query_of};

#[test]
fn a_value_that_means_nothing_is_refused_and_another_case_is_taken() {
    let world = world("forgotten-route-table");
    let asked = |name: &str, param: &str| {
        let args = [name, "--param", param, "--output-format", "csv"];
        query(&world, &args)
    };
    #[rustfmt::skip]
    let refused = [
        // query,                     parameter,                                what helps
        ("leaks-by-workload",          "service=S4",                             "did you mean `s3`?"),
        ("leaks-by-workload",          "service=com.amazonaws.us-east-1.s3",     "did you mean `s3`?"),
        ("leaks-by-workload",          "service=bogus-service",                  "SELECT DISTINCT service FROM prefixes"),
        ("leaks-by-workload",          "service=",                               "SELECT DISTINCT service FROM prefixes"),
        ("leaks-by-workload",          "realm=bogus",                            "it is one of '*', 'aws', 'internet'"),
        ("leaks-by-workload",          "realm=vpc",                              "it is one of '*', 'aws', 'internet'"),
        ("leaks-by-destination",       "min_bytes=-1",                           "give 0 or more"),
        ("new-destinations",           "realm=intern",                           "did you mean `internet`?"),
        ("new-destinations",           "last_minutes=0",                         "from 1 to 5256000"),
        ("new-destinations",           "last_minutes=-10",                       "from 1 to 5256000"),
        ("new-destinations",           "last_minutes=153722867280912931",        "from 1 to 5256000"),
        ("new-destinations",           "last_minutes=9223372036854775807",       "from 1 to 5256000"),
        ("new-destinations",           "last_minutes=9223372036854775808",       "write digits"),
        ("behind-nat",                 "slack_seconds=9223372036854775807",      "from 0 to 86400"),
        ("behind-nat",                 "nat=nat-07d72e4dc575a2bf2",              "did you mean `nat-07d72e4dc575a2bf1`?"),
        ("top-talkers",                "rows=0",                                 "give 1 or more"),
        ("path-over-time",             "step=5",                                 "30s, 5m, 1h or 7d"),
        ("path-over-time",             "step=9223372036854775807d",              "30s, 5m, 1h or 7d"),
        ("unusual-ports-on-endpoints", "usual=https",                            "443,8443"),
        ("unusual-ports-on-endpoints", "usual=70000",                            "443,8443"),
        ("on-premises-clients",        "network=everywhere",                     "10.0.0.0/8"),
        ("rejected-attempts",          "opened=out",                             "it is one of '*', 'inbound', 'outbound'"),
        ("silent-interfaces",          "min_seconds=-1",                         "give 0 or more"),
    ];
    for (name, param, help) in refused {
        let ran = asked(name, param);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{name} {param}");
        assert!(
            ran.stderr.starts_with("error[query-bad-parameter]"),
            "{name} {param}: {}",
            ran.stderr
        );
        let place = format!("at: query {name}");
        assert!(
            ran.stderr.contains(help) && ran.stderr.contains(&place),
            "{name} {param}: {}",
            ran.stderr
        );
    }
    #[rustfmt::skip]
    let taken = [
        ("leaks-by-workload", "service=s3",                 "service=S3"),
        ("leaks-by-workload", "realm=internet",             "realm=Internet"),
        ("behind-nat",        "nat=nat-07d72e4dc575a2bf1",  "nat=NAT-07D72E4DC575A2BF1"),
        ("unusual-ports-on-endpoints", "usual=80,443",      "usual= 80, 443"),
    ];
    for (name, plain, other) in taken {
        let (plain, other) = (asked(name, plain), asked(name, other));
        assert_eq!(plain.code, 0, "{}", plain.stderr);
        assert_eq!(plain.stdout, other.stdout, "{name}");
    }
}

#[test]
fn a_service_that_only_records_name_is_one() {
    let copied = Copied::of("nat-interface-only");
    // Of an address that no published range has: those would name it.
    let text = copied.text(0);
    let spoilt = text
        .replace("S3 ", "NEWSERVICE ")
        .replace("52.216.12.77", "45.67.89.10");
    assert_ne!(spoilt, text);
    std::fs::write(copied.log(0), gzip(spoilt.as_bytes())).unwrap();
    let world = world("nat-interface-only");
    let named = |service: &str| {
        let param = format!("service={service}");
        query_of(
            &[&copied.word("logs")],
            b"",
            &world,
            &[
                "path-over-time",
                "--param",
                &param,
                "--output-format",
                "csv",
            ],
        )
    };
    let sql = "SELECT DISTINCT service FROM flows WHERE service NOT IN (SELECT service FROM prefixes WHERE service IS NOT NULL)";
    let args = ["--sql", sql, "--output-format", "csv"];
    let only = query_of(&[&copied.word("logs")], b"", &world, &args);
    assert_eq!(only.stdout, "service\nnewservice\n", "{}", only.stderr);
    let ran = named("NewService");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.lines().count() > 1, "{}", ran.stdout);
    assert_eq!(named("otherservice").code, 2);
}

#[test]
fn every_parameter_of_a_bundled_query_says_what_it_takes() {
    for query in bundled() {
        for param in &query.params {
            let said = match param.kind {
                ParamType::Text => param.allowed.is_closed(),
                ParamType::Int => param.allowed.range.is_some(),
                _ => true,
            };
            assert!(said, "{}: {}", query.name, param.name);
        }
    }
}

#[test]
fn an_answer_over_no_records_says_so() {
    let world = world("forgotten-route-table");
    let window = [
        "leaks-by-workload",
        "--since",
        "2030-01-01T00:00:00Z",
        "--until",
        "2030-01-02T00:00:00Z",
    ];
    let warned = |args: &[&str]| {
        let (logs, topology) = (world.path("logs"), world.path("topology.json"));
        let said = [&["query", &logs][..], args, &["--topology", &topology]].concat();
        let ran = flowproof(&said, b"");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stderr.contains("warning[query-no-records]")
    };
    assert!(warned(&window));
    // Nothing was found, which is an answer; SQL bounds the time itself; nothing was read.
    for sql in [
        "SELECT path FROM flows WHERE path = 'none'",
        "SELECT path FROM flows WHERE ended_at > '2030-01-01T00:00:00Z'",
        "EXPLAIN SELECT path FROM flows",
        "SELECT count(*) FROM subnets",
        "SELECT f.path FROM (SELECT * FROM subnets WHERE vpc_id = 'none') s JOIN flows f ON f.subnet_id = s.subnet_id",
    ] {
        assert!(!warned(&["--sql", sql]), "{sql}");
    }
}
