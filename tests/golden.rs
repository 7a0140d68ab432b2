//! Every world of `sample-data/`, run as a user would: exit code, stdout, stderr, evidence.
//!
//! Expected outputs stand in `tests/golden/<world>/`; `FLOWPROOF_BLESS=1 cargo test --test golden` writes them, and CI never does. A
//! world without expectations, or expectations without a world, is a failure, so that none can rot.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{Ran, World, bless, flowproof, root, worlds};

#[test]
fn every_world_is_expected_and_every_expectation_has_a_world() {
    let have: BTreeSet<String> = worlds().into_iter().map(|world| world.name).collect();
    let expected: BTreeSet<String> = fs::read_dir(root().join("tests/golden"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(have, expected);
    assert!(have.len() >= 18);
}

fn verify(world: &World, threads: &str, more: &[&str]) -> Ran {
    let mut args = vec!["verify", "--threads", threads];
    let (logs, topology, policy) = (
        world.path("logs"),
        world.path("topology.json"),
        world.path("policy.toml"),
    );
    args.extend([logs.as_str(), "--topology", &topology, "--policy", &policy]);
    args.extend(world.args.iter().map(String::as_str));
    args.extend(more);
    flowproof(&args, b"")
}

/// Evidence without the one field that knows the clock.
fn timeless(json: &str) -> String {
    let lines = json
        .lines()
        .filter(|line| !line.trim_start().starts_with("\"generated_at\""));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// A page without the lines that hold the time or a digest over it, and without style and script, which are the same in all.
fn timeless_page(html: &str) -> String {
    let mut page = String::new();
    let mut inside = None;
    for line in html.lines() {
        let end = inside.or(["style", "script"]
            .into_iter()
            .find(|tag| line.starts_with(&format!("<{tag}>"))));
        if let Some(tag) = end {
            inside = (!line.ends_with(&format!("</{tag}>"))).then_some(tag);
        } else if !line.contains("data-made") && !line.contains("Content-Security-Policy") {
            page.push_str(line);
            page.push('\n');
        }
    }
    page
}

fn same_as_file(file: &Path, got: &str) {
    if bless() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, got).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    pretty_assertions::assert_str_eq!(expected, got, "{}", file.display());
}

#[test]
fn every_world_says_what_is_expected() {
    for world in worlds() {
        let folder = root().join("tests/golden").join(&world.name);
        let evidence = tempfile::NamedTempFile::new().unwrap();
        let file = evidence.path().to_str().unwrap();
        let page = tempfile::NamedTempFile::new().unwrap();
        let html = format!("html={}", page.path().display());
        let more = ["--evidence", file, "--report", "text", "--report", &html];
        let ran = verify(&world, "1", &more);
        let json = fs::read_to_string(file).unwrap();
        assert_eq!(
            ran.code, world.exit,
            "{}: {}{}",
            world.name, ran.stdout, ran.stderr
        );
        let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
        for (claim, verdict) in &world.claims {
            let found = parsed["claims"]
                .as_array()
                .unwrap()
                .iter()
                .find(|found| found["id"] == claim.as_str())
                .unwrap();
            assert_eq!(found["verdict"], verdict.as_str(), "{} {claim}", world.name);
        }
        same_as_file(&folder.join("stdout"), &ran.stdout);
        same_as_file(&folder.join("stderr"), &ran.stderr);
        same_as_file(&folder.join("evidence.json"), &timeless(&json));
        let html = fs::read_to_string(page.path()).unwrap();
        same_as_file(&folder.join("report.html"), &timeless_page(&html));
    }
}

#[test]
fn threads_and_formats_change_nothing() {
    for world in worlds() {
        let runs = ["1", "8"].map(|threads| verify(&world, threads, &["--report", "json"]));
        assert_eq!(
            timeless(&runs[0].stdout),
            timeless(&runs[1].stdout),
            "{}",
            world.name
        );
        for format in ["text", "csv", "markdown", "junit", "sarif", "ocsf"] {
            assert_eq!(
                verify(&world, "2", &["--report", format]).code,
                world.exit,
                "{} as {format}",
                world.name
            );
        }
        assert_eq!(
            runs.map(|run| run.code),
            [world.exit, world.exit],
            "{}",
            world.name
        );
    }
}

/// The evidence with everything but what depends on how records are cut into files.
fn uncut(json: &str) -> serde_json::Value {
    let mut evidence: serde_json::Value = serde_json::from_str(json).unwrap();
    let object = evidence.as_object_mut().unwrap();
    object.remove("generated_at");
    object.remove("inputs");
    object.remove("topologies");
    object.remove("policy");
    // Where the policy stands is part of its claims' places.
    fn places(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(map) => {
                map.remove("at");
                map.values_mut().for_each(places);
            }
            serde_json::Value::Array(list) => list.iter_mut().for_each(places),
            _ => {}
        }
    }
    places(&mut evidence);
    evidence
}

#[test]
fn parquet_says_what_the_text_says() {
    let of = |name: &str| {
        let world = worlds()
            .into_iter()
            .find(|world| world.name == name)
            .unwrap();
        uncut(&verify(&world, "2", &["--report", "json"]).stdout)
    };
    assert_eq!(of("gateway-endpoint-only"), of("parquet"));
}

#[test]
fn one_file_cut_in_many_says_what_the_whole_says() {
    for world in worlds().into_iter().filter(|world| world.name != "parquet") {
        let whole = verify(&world, "2", &["--report", "json"]).stdout;
        let cut = tempfile::tempdir().unwrap();
        for (index, (name, text)) in world.texts().into_iter().enumerate() {
            let mut lines = text.lines();
            let header = lines.next().unwrap();
            // Shuffled too: the last record is in the first file.
            for (place, record) in lines.rev().enumerate() {
                fs::write(
                    cut.path().join(format!("{place:04}_{index}_{name}.log")),
                    format!("{header}\n{record}\n"),
                )
                .unwrap();
            }
        }
        let (logs, topology, policy) = (
            cut.path().to_str().unwrap(),
            world.path("topology.json"),
            world.path("policy.toml"),
        );
        let mut args = vec![
            "verify",
            logs,
            "--topology",
            &topology,
            "--policy",
            &policy,
            "--report",
            "json",
        ];
        args.extend(world.args.iter().map(String::as_str));
        assert_eq!(
            uncut(&whole),
            uncut(&flowproof(&args, b"").stdout),
            "{}",
            world.name
        );
    }
}

#[test]
fn a_file_less_never_proves() {
    for world in worlds() {
        for missing in world.files() {
            let left = tempfile::tempdir().unwrap();
            for file in world.files().iter().filter(|file| **file != missing) {
                fs::copy(file, left.path().join(file.file_name().unwrap())).unwrap();
            }
            let (logs, topology, policy) = (
                left.path().to_str().unwrap(),
                world.path("topology.json"),
                world.path("policy.toml"),
            );
            let mut args = vec!["verify", logs, "--topology", &topology, "--policy", &policy];
            args.extend(world.args.iter().map(String::as_str));
            let ran = flowproof(&args, b"");
            assert!(
                ran.code != 0 || world.exit == 0,
                "{} without {}",
                world.name,
                missing.display()
            );
        }
    }
}
