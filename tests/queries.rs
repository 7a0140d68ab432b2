//! The bundled queries: every one in every sample world, the columns that its header promises, and answers by value.
//!
//! Answers stand in `tests/golden-queries/<query>.<world>.csv`; `FLOWPROOF_BLESS=1` writes those that are there and those of
//! [`ANSWERS`]. The Athena versions need Python (`queries/check.py`): on a developer's machine without it they are skipped, in CI they must run.

#![cfg(feature = "sql")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "queries/athena.rs"]
mod athena;
mod common;
#[path = "queries/inside.rs"]
mod inside;
#[path = "queries/spoiled.rs"]
mod spoiled;

use std::collections::BTreeSet;
use std::fs;

use common::{Copied, bless, flowproof, root, world};
use flowproof::query::named::bundled;

/// Query, world, parameters: where a question has an answer worth keeping.
#[rustfmt::skip]
const ANSWERS: &[(&str, &str, &[&str])] = &[
    ("behind-nat",                   "nat-interface-only",          &[]),
    ("cross-region-service-traffic", "cross-region-s3",             &[]),
    ("cross-zone-endpoint-traffic",  "shared-services-tgw-peering", &[]),
    ("cross-zone-endpoint-traffic",  "hybrid-vpn-endpoint",         &[]),
    ("endpoint-usage",               "hybrid-vpn-endpoint",         &[]),
    ("endpoint-usage",               "shared-services-tgw-peering", &[]),
    ("endpoint-usage",               "gateway-endpoint-only",       &["service=s3"]),
    ("ipv6-bypass",                  "ipv6-past-endpoint",          &[]),
    ("leaks-by-destination",         "overlapping-vpcs",            &[]),
    ("leaks-by-destination",         "appliances",                  &["realm=internet"]),
    ("leaks-by-workload",            "forgotten-route-table",       &[]),
    ("leaks-by-workload",            "nat-interface-only",          &[]),
    ("leaks-by-workload",            "lacking-fields",              &[]),
    ("nat-cost",                     "nat-interface-only",          &[]),
    ("nat-to-aws-services",          "forgotten-route-table",       &[]),
    ("nat-to-aws-services",          "cross-region-s3",             &[]),
    ("new-destinations",             "forgotten-route-table",       &[]),
    ("on-premises-clients",          "hybrid-vpn-endpoint",         &[]),
    ("path-over-time",               "forgotten-route-table",       &["service=s3"]),
    ("rejected-attempts",            "rejected-attempts",           &[]),
    ("silent-interfaces",            "silent-interface",            &[]),
    ("silent-interfaces",            "skipdata",                    &[]),
    ("top-talkers",                  "shared-services-tgw-peering", &["rows=3"]),
    ("unusual-ports-on-endpoints",   "hybrid-vpn-endpoint",         &["usual=22,80"]),
];
/// Questions whose answer no sample world has: `spoiled.rs` makes the worlds.
const SPOILED: &[&str] = &["path-disagreements"];

/// A query by name over a world's logs in its window.
fn answer(query: &str, name: &str, params: &[&str]) -> String {
    let world = world(name);
    let paths = ["logs", "topology.json", "policy.toml"].map(|part| world.path(part));
    let mut args = vec![
        "query",
        &paths[0],
        query,
        "--topology",
        &paths[1],
        "--policy",
        &paths[2],
    ];
    args.extend(world.args.iter().map(String::as_str));
    args.extend(["--output-format", "csv", "--quiet"]);
    args.extend(params.iter().flat_map(|param| ["--param", param]));
    let ran = flowproof(&args, b"");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{query} {name}");
    ran.stdout
}

/// The same over a copy that was changed.
fn answer_of(query: &str, copied: &Copied, params: &[&str]) -> String {
    let words = ["logs", "topology.json", "policy.toml"].map(|part| copied.word(part));
    let mut args = vec![
        "query",
        &words[0],
        query,
        "--topology",
        &words[1],
        "--policy",
        &words[2],
    ];
    args.extend(copied.args.iter().map(String::as_str));
    args.extend(["--output-format", "csv", "--quiet"]);
    args.extend(params.iter().flat_map(|param| ["--param", param]));
    let ran = flowproof(&args, b"");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{query}");
    ran.stdout
}

/// One column of an answer in CSV, without its head. No cell of these answers has a comma in it.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = head.iter().position(|title| *title == name).unwrap();
    lines
        .map(|line| line.split(',').nth(place).unwrap().to_owned())
        .collect()
}

#[test]
fn answers_are_those_that_were_checked_by_hand() {
    let folder = root().join("tests/golden-queries");
    let mut known = BTreeSet::new();
    for (query, world, params) in ANSWERS {
        let file = format!("{query}.{world}.csv");
        let got = answer(query, world, params);
        assert!(
            got.lines().count() > 1,
            "{file}: an empty answer shows nothing"
        );
        if bless() {
            fs::write(folder.join(&file), &got).unwrap();
        }
        let expected = fs::read_to_string(folder.join(&file)).unwrap_or_default();
        pretty_assertions::assert_str_eq!(expected, got, "{file}");
        known.insert(file);
    }
    let files = fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        files.collect::<BTreeSet<_>>(),
        known,
        "an answer that no test reads"
    );
}

#[test]
fn every_query_has_an_answer_that_was_checked() {
    let checked = ANSWERS
        .iter()
        .map(|row| row.0)
        .chain(SPOILED.iter().copied());
    let names = bundled().into_iter().map(|query| query.name);
    assert_eq!(
        checked.map(str::to_owned).collect::<BTreeSet<_>>(),
        names.collect::<BTreeSet<_>>()
    );
}

#[test]
fn the_list_names_every_query_with_its_question() {
    let listed = flowproof(&["query", "--list"], b"");
    assert_eq!(listed.code, 0);
    for query in bundled() {
        assert!(listed.stdout.contains(&query.name), "{}", query.name);
        assert!(listed.stdout.contains(&query.title), "{}", query.title);
    }
}
