//! `--wait`: what was not there at the first look, and is at a later one.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::common::{Ran, World, root, world};
use crate::proxy::{Action, Proxy};
use crate::run::{Running, flowproof, make_bucket, put_objects, start_flowproof};
use crate::servers::{Servers, servers};

/// The files of a world, by the keys that they have in a bucket.
fn objects(world: &World) -> Vec<(String, Vec<u8>)> {
    let logs = root().join(world.path("logs"));
    let key = |file: &std::path::Path| {
        file.strip_prefix(&logs)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let files = world.files();
    files
        .iter()
        .map(|file| (key(file), fs::read(file).unwrap()))
        .collect()
}

fn args(world: &World, bucket: &str, wait: &str) -> Vec<String> {
    let mut args = [
        "verify",
        &format!("s3://{bucket}/"),
        "--wait",
        wait,
        "--topology",
        &world.path("topology.json"),
    ]
    .map(str::to_owned)
    .to_vec();
    args.extend(["--policy".to_owned(), world.path("policy.toml")]);
    args.extend(world.args.iter().cloned());
    args
}

fn start(args: &[String], url: &str) -> Running {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    start_flowproof(&words, &[("AWS_ENDPOINT_URL", url)])
}

fn listings(proxy: &Proxy) -> usize {
    proxy
        .requests()
        .iter()
        .filter(|request| request.target.contains("list-type=2"))
        .count()
}

/// Starts a run, and brings the rest of the logs once it has looked and not found them.
fn late(servers: &Servers, bucket: &str, world: &World, first: usize) -> (Ran, Proxy) {
    let all = objects(world);
    make_bucket(servers, bucket);
    put_objects(servers, bucket, &all[..first]);
    let proxy = Proxy::start(Some(&servers.s3), |_| Action::Pass);
    let mut running = start(&args(world, bucket, "60s"), &proxy.url());
    while listings(&proxy) < 2 && running.is_running() {
        sleep(Duration::from_millis(50));
    }
    // The first look is over when something else than its listing has been asked for, or the second has begun.
    sleep(Duration::from_millis(500));
    put_objects(servers, bucket, &all[first..]);
    (running.wait(), proxy)
}

#[test]
fn what_is_late_is_waited_for() {
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    let (ran, proxy) = late(servers, "wait-late", &world, 1);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("waiting until"), "{}", ran.stderr);
    assert!(ran.stderr.contains("silent from"), "{}", ran.stderr);
    assert!(listings(&proxy) >= 2);
}

#[test]
fn a_prefix_without_any_object_may_fill_yet() {
    let Some(servers) = servers() else { return };
    let (ran, _) = late(servers, "wait-empty", &world("gateway-endpoint-only"), 0);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("waiting until"), "{}", ran.stderr);
}

#[test]
fn a_witness_ends_it_at_once_and_time_ends_it_unproven() {
    let Some(servers) = servers() else { return };
    let env = [("AWS_ENDPOINT_URL", servers.s3.as_str())];
    let cases = [
        // world, wait, exit, says that it waits
        ("forgotten-route-table", "60s", 1, false),
        ("silent-interface", "1s", 3, true),
    ];
    for (name, wait, code, waits) in cases {
        let (world, bucket) = (world(name), format!("wait-{name}"));
        make_bucket(servers, &bucket);
        put_objects(servers, &bucket, &objects(&world));
        let args = args(&world, &bucket, wait);
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = flowproof(&words, &env);
        assert_eq!(ran.code, code, "{name}: {}", ran.stderr);
        assert_eq!(
            ran.stderr.contains("waiting until"),
            waits,
            "{name}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_policy_that_changes_meanwhile_is_judged_by() {
    let Some(servers) = servers() else { return };
    let world = world("silent-interface");
    make_bucket(servers, "wait-policy");
    put_objects(servers, "wait-policy", &objects(&world));
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    fs::copy(root().join(world.path("policy.toml")), &policy).unwrap();
    let mut args = args(&world, "wait-policy", "60s");
    let place = args.iter().position(|arg| arg == "--policy").unwrap();
    args[place + 1] = policy.to_str().unwrap().to_owned();
    let proxy = Proxy::start(Some(&servers.s3), |_| Action::Pass);
    let mut running = start(&args, &proxy.url());
    while listings(&proxy) < 2 && running.is_running() {
        sleep(Duration::from_millis(50));
    }
    // The same objects, and a claim that every flow to S3 breaks.
    let broken =
        "version = 1\n[[claim]]\nid = \"s3\"\nto = [\"service:s3\"]\nallow = [\"via-nat\"]\n";
    fs::write(&policy, broken).unwrap();
    let ran = running.wait();
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_run_that_waits_can_be_stopped() {
    let Some(servers) = servers() else { return };
    let world = world("silent-interface");
    make_bucket(servers, "wait-stop");
    put_objects(servers, "wait-stop", &objects(&world));
    let proxy = Proxy::start(Some(&servers.s3), |_| Action::Pass);
    let mut running = start(&args(&world, "wait-stop", "10m"), &proxy.url());
    while listings(&proxy) < 2 && running.is_running() {
        sleep(Duration::from_millis(50));
    }
    running.signal("INT");
    let ran = running.wait();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
}
