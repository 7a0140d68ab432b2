//! Evidence of logs in S3: checked against the bucket, and against a copy of it elsewhere.

use std::fs;

use crate::common::{Ran, World, gzip, world};
use crate::run::{flowproof, put_objects};
use crate::s3::bucket_of;
use crate::servers::servers;

/// `verify` with a bundle, in this window.
fn bundled(world: &World, endpoint: &str, source: &str, bundle: &str, window: &[&str]) -> Ran {
    let (topology, policy) = (world.path("topology.json"), world.path("policy.toml"));
    let mut args = vec![
        "verify",
        source,
        "--topology",
        &topology,
        "--policy",
        &policy,
        "--bundle",
        bundle,
    ];
    args.extend(window);
    flowproof(&args, &[("AWS_ENDPOINT_URL_S3", endpoint)])
}

fn check(endpoint: &str, bundle: &str, source: &str) -> Ran {
    flowproof(
        &["check", bundle, source, "--quiet"],
        &[("AWS_ENDPOINT_URL_S3", endpoint)],
    )
}

#[test]
fn what_was_read_from_a_bucket_is_reproduced_from_it_and_from_a_copy() {
    let Some(servers) = servers() else { return };
    for (name, bucket) in [
        ("forgotten-route-table", "checked-text"),
        ("parquet", "checked-parquet"),
    ] {
        let world = world(name);
        let source = bucket_of(servers, bucket, &world);
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("bundle");
        let bundle = bundle.to_str().unwrap();
        let window: Vec<&str> = world.args.iter().map(String::as_str).collect();
        let ran = bundled(&world, &servers.s3, &source, bundle, &window);
        assert_eq!(ran.code, world.exit, "{}", ran.stderr);
        for (endpoint, source) in [
            (servers.s3.as_str(), source.as_str()),
            ("", &world.path("logs")),
        ] {
            let ran = check(endpoint, bundle, source);
            assert_eq!(
                (ran.code, ran.stderr.as_str()),
                (0, ""),
                "{source}: {}",
                ran.stdout
            );
            assert!(
                ran.stdout.ends_with("INTACT, AND REPRODUCED\n"),
                "{}",
                ran.stdout
            );
            let in_part = name == "parquet" && endpoint.is_empty();
            assert_eq!(
                ran.stdout.contains("no digest of one kind"),
                in_part,
                "{}",
                ran.stdout
            );
        }
        // Bytes that changed in the bucket.
        let (key, bytes) = crate::s3::objects(&world).pop().unwrap();
        put_objects(servers, bucket, &[(key, [&bytes[..], b"\n"].concat())]);
        let ran = check(&servers.s3, bundle, &source);
        assert_eq!(ran.code, 2, "{name}: {}", ran.stdout);
    }
}

#[test]
fn what_came_since_is_a_failure_only_where_the_window_had_an_end() {
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    let source = bucket_of(servers, "checked-open", &world);
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let asked: Vec<&str> = world.args.iter().map(String::as_str).collect();
    for (name, window) in [("open", &asked[..2]), ("asked", &asked[..])] {
        let ran = bundled(&world, &servers.s3, &source, &place(name), window);
        assert!(fs::metadata(place(name)).is_ok(), "{}", ran.stderr);
        let ran = check(&servers.s3, &place(name), &source);
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (0, ""),
            "{name}: {}",
            ran.stdout
        );
    }
    let (key, bytes) = crate::s3::objects(&world).pop().unwrap();
    let late = key.replace(".log.gz", "0.log.gz");
    put_objects(
        servers,
        "checked-open",
        &[(late, [bytes, gzip(b"")].concat())],
    );
    let ran = check(&servers.s3, &place("open"), &source);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("1 more that were delivered since"),
        "{}",
        ran.stdout
    );
    let ran = check(&servers.s3, &place("asked"), &source);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("error[rests-differ]"), "{}", ran.stderr);
}

#[test]
fn a_topology_that_was_asked_for_live_is_kept_and_judged_by_again() {
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    let (bundle, logs) = (bundle.to_str().unwrap(), world.path("logs"));
    let mut args = vec!["verify", &logs, "--topology", "live", "--bundle", bundle];
    args.extend(["--region", "eu-west-2", "--region", "us-west-1"]);
    args.extend(world.args.iter().map(String::as_str));
    let ran = flowproof(&args, &[("AWS_ENDPOINT_URL", &servers.aws)]);
    // The interfaces of these logs are not in that account.
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let ran = check("", bundle, &logs);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("topology: 2 files with the same digests"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.ends_with("INTACT, AND REPRODUCED\n"));
}

#[test]
fn a_state_ends_its_window_where_everything_can_have_been_delivered() {
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    let source = bucket_of(servers, "remembered", &world);
    let folder = tempfile::tempdir().unwrap();
    let word = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (state, evidence) = (word("state.json"), word("evidence.json"));
    let (topology, policy) = (world.path("topology.json"), world.path("policy.toml"));
    let run = |more: &[&str]| {
        let rests = [
            "--topology",
            &topology,
            "--policy",
            &policy,
            "--state",
            &state,
        ];
        let words = [
            &["verify", &source, "--evidence", &evidence],
            &rests[..],
            more,
        ]
        .concat();
        flowproof(&words, &[("AWS_ENDPOINT_URL_S3", &servers.s3)])
    };
    let first = [
        "--since",
        "2026-08-01T12:00:00Z",
        "--until",
        "2026-08-01T12:30:00Z",
    ];
    let ran = run(&first);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    // The logs end here, and the window does not: nothing was heard of since.
    let before = jiff::Timestamp::now().as_second();
    let ran = run(&[]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let json = fs::read_to_string(&evidence).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let window = &json["window"];
    assert_eq!(window["since"], "2026-08-01T12:30:00Z");
    assert_eq!(window["until_from"], "asked");
    assert_eq!(window["due"], serde_json::Value::Null);
    let until: jiff::Timestamp = window["until"].as_str().unwrap().parse().unwrap();
    let ago_s = before - until.as_second();
    assert!((3_540..3_661).contains(&ago_s), "{ago_s} s");
    let state = fs::read_to_string(&state).unwrap();
    assert!(state.contains("\"until\": \"2026-08-01T12:30:00Z\"") && state.contains("\"runs\": 2"));
}
