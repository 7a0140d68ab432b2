//! `flowproof explain` as a user runs it: one situation a folder of `tests/golden-explain/`, and what no golden file can hold.
//! `FLOWPROOF_BLESS=1 cargo test --test explain` writes the files; look at them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{Copied, Ran, bless, flowproof, root, world};
use serde_json::Value;

/// Name, world, flow, exit code.
#[rustfmt::skip]
const SITUATIONS: &[(&str, &str, &str, i32)] = &[
    ("gateway-endpoint",     "gateway-endpoint-only",       "10.20.1.10 52.216.205.3 443", 0),
    ("nat-leak",             "forgotten-route-table",       "10.40.2.10 3.5.11.24 443", 0),
    ("interface-endpoint",   "privatelink-partner",         "10.70.1.11 10.70.3.50 443", 0),
    ("ipv6-bypass",          "ipv6-past-endpoint",          "any 2600:1fa0::/32 443", 0),
    ("cross-region",         "cross-region-s3",             "10.30.1.15 52.218.33.21 443", 0),
    ("masked-nat",           "nat-interface-only",          "10.50.0.220 52.216.12.77 443", 0),
    ("transit-gateway",      "shared-services-tgw-peering", "10.1.1.10 10.0.2.100 443", 0),
    ("default-format",       "lacking-fields",              "10.110.1.10 52.216.12.77 443", 0),
    ("default-format-nat",   "lacking-fields",              "10.110.0.220 198.51.100.23 587", 0),
    ("default-format-inside", "lacking-fields",             "10.110.1.11 10.110.0.220 587", 0),
    ("nat-instance",         "appliances",                  "10.91.1.10 any 443", 0),
    ("rejected",             "rejected-attempts",           "10.100.1.11 203.0.113.40 443", 0),
    ("parquet",              "parquet",                     "10.20.1.10 52.216.205.3 443", 0),
    ("another-port",         "forgotten-route-table",       "10.40.2.10 3.5.11.24 22", 2),
    ("never-seen",           "forgotten-route-table",       "10.40.2.10 192.0.2.77", 2),
];

fn explain(name: &str, flow: &str, more: &[&str]) -> Ran {
    let world = world(name);
    let (logs, topology, policy) = (
        world.path("logs"),
        world.path("topology.json"),
        world.path("policy.toml"),
    );
    let mut args = vec![
        "explain",
        logs.as_str(),
        "--topology",
        &topology,
        "--policy",
        &policy,
        "--flow",
        flow,
    ];
    args.extend(world.args.iter().map(String::as_str));
    args.extend(more);
    flowproof(&args, b"")
}

#[test]
fn every_situation_is_explained_as_expected() {
    let folder = root().join("tests/golden-explain");
    for (situation, name, flow, exit) in SITUATIONS {
        let ran = explain(name, flow, &["--threads", "1"]);
        assert_eq!(ran.code, *exit, "{situation}: {}{}", ran.stdout, ran.stderr);
        let file = folder.join(format!("{situation}.txt"));
        if bless() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&file, &ran.stdout).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        pretty_assertions::assert_str_eq!(expected, ran.stdout, "{situation}");
        let wide = ran.stdout.lines().filter(|line| line.chars().count() > 80);
        assert_eq!(wide.collect::<Vec<_>>(), Vec::<&str>::new(), "{situation}");
    }
    let known: BTreeSet<String> = SITUATIONS
        .iter()
        .map(|row| format!("{}.txt", row.0))
        .collect();
    let there = fs::read_dir(&folder).unwrap();
    let there: BTreeSet<String> = there
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(known, there, "an expectation that no test reads");
}

fn json(name: &str, flow: &str, threads: &str) -> (i32, Value) {
    let ran = explain(
        name,
        flow,
        &["--output-format", "json", "--threads", threads],
    );
    (ran.code, serde_json::from_str(&ran.stdout).unwrap())
}

#[test]
fn threads_change_nothing_and_both_formats_end_alike() {
    for (situation, name, flow, exit) in SITUATIONS {
        let (one, eight) = (json(name, flow, "1"), json(name, flow, "8"));
        assert_eq!(one, eight, "{situation}");
        assert_eq!(one.0, *exit, "{situation}");
        assert_eq!(one.1["schema"], "flowproof.explanation/v1");
    }
}

#[test]
fn the_page_shows_what_is_printed() {
    let page = fs::read_to_string(root().join("docs/explain.md")).unwrap();
    let printed = fs::read_to_string(root().join("tests/golden-explain/nat-leak.txt")).unwrap();
    assert!(
        page.contains(&format!("```text\n{printed}```\n")),
        "docs/explain.md shows another output than nat-leak.txt"
    );
}

#[test]
fn the_advice_for_a_forgotten_table_is_the_missing_association() {
    let (_, told) = json("forgotten-route-table", "10.40.2.10 3.5.11.24 443", "2");
    let advice = &told["kinds"][0]["advice"][0];
    assert_eq!(
        advice["command"],
        "aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-03678bfd90f6376a7 --add-route-table-ids rtb-0bf4618aeef08e2c2 --region us-east-1"
    );
    assert_eq!(told["kinds"][0]["claims"][0]["weight"], "witness");
}

#[test]
fn a_record_that_a_report_names_is_explained_by_its_line() {
    let world = world("forgotten-route-table");
    let (logs, topology, policy) = (
        world.path("logs"),
        world.path("topology.json"),
        world.path("policy.toml"),
    );
    let record = |place: &str| {
        let args = [
            "explain",
            &logs,
            "--topology",
            &topology,
            "--policy",
            &policy,
            "--record",
            place,
            "--output-format",
            "json",
        ];
        flowproof(&args, b"")
    };
    let ran = record("…_20260811T0640Z_af1538f3.log.gz:7");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let line = &told["kinds"][0]["line"];
    let (_, text) = world
        .texts()
        .into_iter()
        .find(|(name, _)| name.ends_with("af1538f3"))
        .unwrap();
    assert_eq!(line["text"], text.lines().nth(6).unwrap());
    assert_eq!(
        (line["line"].as_u64(), line["raw"].as_bool()),
        (Some(7), Some(true))
    );
    for (place, says) in [
        ("af1538f3.log.gz:7000", "there is no record"),
        (".log.gz:7", "more than one input"),
        ("none.log:7", "no input ends in"),
        ("af1538f3.log.gz", "no"),
    ] {
        let ran = record(place);
        assert_eq!(ran.code, 2, "{place}");
        assert!(
            ran.stderr.contains("flow-bad") && ran.stderr.contains(says),
            "{place}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_line_that_was_set_aside_is_shown_with_what_is_wrong() {
    let copied = Copied::of("lacking-fields");
    let text = copied.text(0);
    let broken = format!("{text}2 123456789012 eni-1 ten 10.0.0.1 1 2 6 1 1 1 2 ACCEPT OK\n");
    let lines = broken.lines().count();
    fs::write(copied.log(0), broken).unwrap();
    let name = copied.log(0).to_str().unwrap().to_owned();
    let (logs, topology) = (copied.word("logs"), copied.word("topology.json"));
    let record = |line: usize| {
        let place = format!("{name}:{line}");
        flowproof(
            &[
                "explain",
                &logs,
                "--topology",
                &topology,
                "--record",
                &place,
            ],
            b"",
        )
    };
    let ran = record(lines);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("record-bad-address"), "{}", ran.stdout);
    assert!(ran.stdout.contains("eni-1 ten 10.0.0.1"), "{}", ran.stdout);
    let ran = record(1);
    assert!(
        ran.code == 2 && ran.stdout.contains("it is a header"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_record_that_is_no_flow_is_shown_with_what_it_means() {
    let world = world("skipdata");
    let (logs, topology) = (world.path("logs"), world.path("topology.json"));
    for (word, obligation) in [("NODATA", "no-silence"), ("SKIPDATA", "no-skipdata")] {
        let texts = world.texts();
        let found = texts.iter().find_map(|(name, text)| {
            let line = text.lines().position(|line| line.contains(word))?;
            Some(format!("{name}.log.gz:{}", line + 1))
        });
        let place = found.unwrap();
        let ran = flowproof(
            &[
                "explain",
                &logs,
                "--topology",
                &topology,
                "--record",
                &place,
            ],
            b"",
        );
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(
            ran.stdout.contains(word) && ran.stdout.contains(obligation),
            "{}",
            ran.stdout
        );
    }
}

/// The first kind that a NAT gateway hides an end of.
fn behind(told: &Value) -> &Value {
    let kinds = told["kinds"].as_array().unwrap();
    kinds
        .iter()
        .map(|kind| &kind["behind"])
        .find(|behind| !behind.is_null())
        .unwrap()
}

#[test]
fn who_is_behind_a_nat_gateway_is_inferred_only_if_one_fits_best() {
    let flow = "10.110.0.220 198.51.100.23 587";
    let copied = Copied::of("lacking-fields");
    let (logs, topology, policy) = (
        copied.word("logs"),
        copied.word("topology.json"),
        copied.word("policy.toml"),
    );
    let ask = || {
        let args = [
            "explain",
            &logs,
            "--topology",
            &topology,
            "--policy",
            &policy,
            "--flow",
            flow,
            "--output-format",
            "json",
        ];
        let ran = flowproof(&args, b"");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()
    };
    let verdict = || {
        let ran = copied.verify(&["--report", "json"]);
        (
            ran.code,
            serde_json::from_str::<Value>(&ran.stdout).unwrap()["claims"].clone(),
        )
    };
    let before = verdict();
    let alone = ask();
    assert_eq!(behind(&alone)["inferred"], "10.110.1.11");
    // A second host that sent the very same: nobody is named.
    for index in 0..copied_logs(&copied) {
        let text = copied.text(index);
        let twin = |line: &str| {
            let mail = line.contains("10.110.1.11") && line.contains("198.51.100.23");
            mail.then(|| {
                line.replace("10.110.1.11", "10.110.1.10")
                    .replace("eni-04e4aa9f4a568e264", "eni-0df47484486ad8db9")
            })
        };
        let twins: Vec<String> = text.lines().filter_map(twin).collect();
        if !twins.is_empty() {
            fs::write(copied.log(index), format!("{text}{}\n", twins.join("\n"))).unwrap();
        }
    }
    let two = ask();
    assert_eq!(behind(&two)["inferred"], Value::Null);
    assert!(
        behind(&two)["why"]
            .as_str()
            .unwrap()
            .starts_with("2 fit equally well")
    );
    assert_eq!(behind(&two)["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(verdict().0, 3);
    // An inference is no proof: the doubt about the gateway's own records is as it was.
    assert_eq!(before.0, 3);
    let masked = alone["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .find(|kind| !kind["behind"].is_null())
        .unwrap();
    for claim in masked["claims"].as_array().unwrap() {
        assert_ne!(claim["weight"], "witness");
    }
}

fn copied_logs(copied: &Copied) -> usize {
    fs::read_dir(copied.at("logs")).unwrap().count()
}

#[test]
fn nothing_but_a_flow_or_a_record_is_asked() {
    let world = world("forgotten-route-table");
    let (logs, topology) = (world.path("logs"), world.path("topology.json"));
    for more in [
        &[][..],
        &["--flow", "10.0.0.1 10.0.0.2", "--record", "a:1"],
        &["--flow", "10.0.0.1"],
    ] {
        let mut args = vec!["explain", logs.as_str(), "--topology", &topology];
        args.extend(more);
        assert_eq!(flowproof(&args, b"").code, 2, "{more:?}");
    }
}
