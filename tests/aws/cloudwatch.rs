//! Log groups in moto: what they say is what the same records say as files.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::common::{Copied, Ran, world};
use crate::proxy::{Action, Proxy, Request};
use crate::run::{flowproof, put_events};
use crate::servers::{Servers, servers};

/// A record's time in milliseconds, and its line.
type Event = (i64, String);

/// The operation that a request names.
fn operation(request: &Request) -> &str {
    let target = request.header("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

fn asked(proxy: &Proxy, name: &str) -> usize {
    let requests = proxy.requests();
    let of = requests.iter().filter(|request| operation(request) == name);
    of.count()
}

/// A copy of a world whose flow logs write to a log group, and that group filled with its records: a stream an interface, or
/// all in one.
fn filled(servers: &Servers, name: &str, group: &str, by_interface: bool) -> Copied {
    let copied = Copied::of(name);
    let file = copied.at("topology.json");
    let mut topology: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    for log in topology["FlowLogs"].as_array_mut().unwrap() {
        let log = log.as_object_mut().unwrap();
        // The test's Region, which is not the world's.
        let arn = format!("arn:aws:logs:eu-west-1:123456789012:log-group:{group}");
        log.insert("LogDestination".to_owned(), json!(arn));
        log.remove("DestinationOptions");
        log.insert("LogDestinationType".to_owned(), json!("cloud-watch-logs"));
        log.insert("LogGroupName".to_owned(), json!(group));
    }
    fs::write(&file, topology.to_string()).unwrap();
    let mut streams: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for (_, text) in world(name).texts() {
        let (header, lines) = text.split_once('\n').unwrap();
        let place = |field: &str| header.split(' ').position(|found| found == field);
        for line in lines.lines() {
            let value = |field| line.split(' ').nth(place(field).unwrap()).unwrap();
            let stream = if by_interface {
                format!("{}-all", value("interface-id"))
            } else {
                "all".to_owned()
            };
            let start_s: i64 = value("start").parse().unwrap();
            let events = streams.entry(stream).or_default();
            events.push((start_s * 1000, line.to_owned()));
        }
    }
    put(servers, group, &streams);
    copied
}

fn put(servers: &Servers, group: &str, streams: &BTreeMap<String, Vec<Event>>) {
    let lent: Vec<(&str, Vec<(i64, &str)>)> = streams
        .iter()
        .map(|(stream, events)| {
            let events = events.iter().map(|(time, text)| (*time, text.as_str()));
            (stream.as_str(), events.collect())
        })
        .collect();
    let streams: Vec<(&str, &[(i64, &str)])> = lent
        .iter()
        .map(|(stream, events)| (*stream, events.as_slice()))
        .collect();
    put_events(servers, group, &streams);
}

fn verify(copied: &Copied, source: &str, url: &str) -> Ran {
    let (topology, policy) = (copied.word("topology.json"), copied.word("policy.toml"));
    let mut args = vec!["verify", source, "--endpoint-url", url];
    args.extend(["--topology", &topology, "--policy", &policy]);
    args.extend(["--report", "json"]);
    args.extend(copied.args.iter().map(String::as_str));
    flowproof(&args, &[])
}

fn classify(copied: &Copied, source: &str, url: &str, window: &[String]) -> Vec<String> {
    let topology = copied.word("topology.json");
    let mut args = vec!["classify", source, "--endpoint-url", url];
    args.extend(["--topology", &topology, "--output", "-"]);
    args.extend(["--output-format", "csv"]);
    args.extend(window.iter().map(String::as_str));
    let ran = flowproof(&args, &[]);
    assert_eq!(ran.code, 0, "{source}: {}", ran.stderr);
    let mut rows = csv::Reader::from_reader(ran.stdout.as_bytes());
    let names = rows.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        let cells = names.iter().zip(row.iter());
        let mut cells: Vec<String> = cells
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        cells.sort();
        cells.join(" ")
    };
    let mut rows: Vec<String> = rows.records().map(|record| row(record.unwrap())).collect();
    rows.sort();
    rows
}

/// The evidence without what tells how records came: inputs, places, the clock.
fn meaning(json: &str) -> Value {
    let mut evidence: Value = serde_json::from_str(json).unwrap();
    for part in ["generated_at", "inputs"] {
        evidence.as_object_mut().unwrap().remove(part);
    }
    fn places(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove("at");
                map.values_mut().for_each(places);
            }
            Value::Array(list) => list.iter_mut().for_each(places),
            _ => {}
        }
    }
    places(&mut evidence);
    evidence
}

/// How many rows of each kind the inputs had together.
fn sums(json: &str) -> Vec<u64> {
    let evidence: Value = serde_json::from_str(json).unwrap();
    let inputs = evidence["inputs"].as_array().unwrap();
    let names = ["rows", "flows", "nodata", "skipdata", "set_aside"];
    let sum = |name: &&str| {
        inputs
            .iter()
            .filter_map(|input| input[*name].as_u64())
            .sum()
    };
    names.iter().map(sum).collect()
}

#[test]
fn worlds_say_the_same_from_files_and_from_a_log_group_either_way() {
    let Some(servers) = servers() else { return };
    // Default format, custom formats, and two flow logs with different formats in one group.
    for name in [
        "skipdata",
        "gateway-endpoint-only",
        "silent-interface",
        "overlapping-vpcs",
    ] {
        for (by_interface, way) in [(true, "FilterLogEvents"), (false, "GetLogEvents")] {
            let group = format!("/worlds/{name}.{by_interface}");
            let copied = filled(servers, name, &group, by_interface);
            let proxy = Proxy::start(Some(&servers.aws), |_| Action::Pass);
            let (source, url) = (format!("cloudwatch:{group}"), proxy.url());
            let files = verify(&copied, &copied.word("logs"), &url);
            let events = verify(&copied, &source, &url);
            assert_eq!(events.code, world(name).exit, "{name}: {}", events.stderr);
            pretty_assertions::assert_eq!(
                meaning(&files.stdout),
                meaning(&events.stdout),
                "{name} {way}"
            );
            assert_eq!(sums(&files.stdout), sums(&events.stdout), "{name} {way}");
            assert!(asked(&proxy, way) > 0, "{name} {way}");
            pretty_assertions::assert_eq!(
                classify(&copied, &copied.word("logs"), &url, &copied.args),
                classify(&copied, &source, &url, &copied.args),
                "{name} {way}"
            );
        }
    }
}

#[test]
fn a_proven_world_is_unproven_once_the_credentials_expire() {
    let Some(servers) = servers() else { return };
    let group = "/expired/group";
    let copied = filled(servers, "gateway-endpoint-only", group, true);
    let good = verify(&copied, &format!("cloudwatch:{group}"), &servers.aws);
    assert_eq!(good.code, 0, "{}", good.stderr);
    let proxy = Proxy::start(Some(&servers.aws), |request| {
        let expired = r#"{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}"#;
        let started = operation(request) == "FilterLogEvents" && request.asked_before > 0;
        if started {
            Action::answer(400, expired)
        } else {
            Action::Pass
        }
    });
    let bad = verify(&copied, &format!("cloudwatch:{group}"), &proxy.url());
    assert_eq!(bad.code, 3, "{}", bad.stderr);
    assert!(
        bad.stderr.contains("aws-credentials-expired"),
        "{}",
        bad.stderr
    );
}

#[test]
fn many_events_over_several_pages_are_the_same_either_way() {
    let Some(servers) = servers() else { return };
    // The 1st of August 2026, 12:00.
    let noon_s = 1_785_585_600_i64;
    let mut streams: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for n in 0..25_000_i64 {
        let (stream, start) = (n % 3, noon_s + n % 1_500);
        let line = format!(
            "2 123456789012 eni-{stream} 10.0.{}.{} 10.0.9.9 443 {} 6 1 {} {start} {} ACCEPT OK",
            n / 250 % 250,
            n % 250,
            1024 + n % 60_000,
            40 + n,
            start + 60,
        );
        let events = streams.entry(format!("eni-{stream}-all")).or_default();
        events.push((start * 1000, line));
    }
    put(servers, "/many/events", &streams);
    let copied = Copied::of("gateway-endpoint-only");
    let window = |since: &str| {
        ["--since", since, "--until", "2026-08-01T13:00:00Z"]
            .map(str::to_owned)
            .to_vec()
    };
    let proxy = Proxy::start(Some(&servers.aws), |_| Action::Pass);
    let rows = |since, way, pages| {
        let before = asked(&proxy, way);
        let rows = classify(
            &copied,
            "cloudwatch:/many/events",
            &proxy.url(),
            &window(since),
        );
        assert!(asked(&proxy, way) - before >= pages, "{way}");
        rows
    };
    let slices = rows("2026-08-01T12:00:00Z", "FilterLogEvents", 4);
    assert_eq!(slices.len(), 25_000);
    let streams = rows("2026-07-31T12:00:00Z", "GetLogEvents", 6);
    assert_eq!(slices, streams);
    // One stream by its prefix.
    let source = "cloudwatch:/many/events:eni-1";
    let one = classify(
        &copied,
        source,
        &proxy.url(),
        &window("2026-08-01T12:00:00Z"),
    );
    assert_eq!(one.len(), 8_333);
    assert!(one.iter().all(|row| row.contains("interface_id=eni-1")));
}

#[test]
fn a_group_that_is_not_there_or_empty_ends_the_run() {
    let Some(servers) = servers() else { return };
    let copied = Copied::of("gateway-endpoint-only");
    put_events(servers, "/empty/group", &[]);
    #[rustfmt::skip]
    let cases = [
        ("no such group",  "cloudwatch:/no/such/group",      "aws-not-found"),
        ("no streams",     "cloudwatch:/empty/group",        "input-not-found"),
        ("no such name",   "cloudwatch:what is it",          "input-not-found"),
    ];
    for (title, source, code) in cases {
        let ran = verify(&copied, source, &servers.aws);
        assert_eq!(ran.code, 2, "{title}: {}", ran.stderr);
        assert!(ran.stderr.contains(code), "{title}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{title}");
    }
}
