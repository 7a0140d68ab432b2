//! Every format of every world: one verdict and one exit code, the same bytes from the evidence alone, and valid by its
//! published schema. Expected outputs stand in `tests/golden/<world>/`; `FLOWPROOF_BLESS=1` writes them.
//!
//! The schemas of `schemas/` and CommonMark are asked in Python (`formats/check.py`): on a developer's machine without it that is
//! skipped, in CI it must run.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use common::{World, bless, flowproof, root, worlds};
use flowproof::model::evidence::Evidence;
use flowproof::report::{Format, Style, render};
use serde_json::Value;

/// The formats of this test, and what their files are called. The page has tests of its own.
const FILES: &[(Format, &str)] = &[
    (Format::Markdown, "report.md"),
    (Format::Junit, "report.junit.xml"),
    (Format::Sarif, "report.sarif"),
    (Format::Ocsf, "report.ocsf.jsonl"),
    (Format::Csv, "report.csv"),
];
/// Stands in for the clock in what is kept.
const NOW: &str = "2026-11-22T12:00:00Z";
/// What a tag, a policy or a log may say.
const HOSTILE: &str = "=cmd|'/C calc'!A0 \u{1b}[2J\u{7}\r\n\t\u{202e}gnp\u{2028}\u{fffe}\u{ffff}<script>alert(1)</script> \
    <!-- ]]> &amp; &#64; [x](http://evil.example) ![y](z) @octocat #1 www.evil.example a@b.example {0} |`x`| ``` \\| $x$ :+1: 漢字";

fn rendered(evidence: &Evidence, format: Format) -> String {
    String::from_utf8(render(evidence, format, Style::default()).unwrap()).unwrap()
}

/// One run with every format at once.
fn run(world: &World, folder: &Path) -> Evidence {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (logs, topology, policy) = (
        world.path("logs"),
        world.path("topology.json"),
        world.path("policy.toml"),
    );
    let mut args: Vec<String> = [
        "verify",
        &logs,
        "--topology",
        &topology,
        "--policy",
        &policy,
    ]
    .map(str::to_owned)
    .to_vec();
    args.extend(world.args.iter().cloned());
    args.extend(["--evidence".to_owned(), at("evidence.json")]);
    for (format, name) in FILES {
        args.extend(["--report".to_owned(), format!("{format}={}", at(name))]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    assert_eq!(
        flowproof(&args, b"").code,
        world.exit,
        "{} in every format",
        world.name
    );
    serde_json::from_str(&fs::read_to_string(folder.join("evidence.json")).unwrap()).unwrap()
}

#[test]
fn several_formats_in_one_run_are_what_the_evidence_alone_gives() {
    for world in worlds() {
        let folder = tempfile::tempdir().unwrap();
        let mut evidence = run(&world, folder.path());
        for (format, name) in FILES {
            let written = fs::read_to_string(folder.path().join(name)).unwrap();
            pretty_assertions::assert_str_eq!(
                written,
                rendered(&evidence, *format),
                "{} {name}",
                world.name
            );
        }
        evidence.generated_at = NOW.to_owned();
        for (format, name) in FILES {
            let file = root().join("tests/golden").join(&world.name).join(name);
            let got = rendered(&evidence, *format);
            if bless() {
                fs::write(&file, &got).unwrap();
            }
            let expected = fs::read_to_string(&file).unwrap_or_default();
            pretty_assertions::assert_str_eq!(expected, got, "{}", file.display());
        }
    }
}

/// The evidence of every world, as it is kept, and with hostile text in place of everything that came from outside.
fn evidences() -> Vec<(String, Evidence)> {
    let mut all = Vec::new();
    for world in worlds() {
        let file = root()
            .join("tests/golden")
            .join(&world.name)
            .join("evidence.json");
        let mut document: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        document["generated_at"] = NOW.into();
        let honest: Evidence = serde_json::from_value(document).unwrap();
        let mut spoiled = honest.clone();
        spoil(&mut spoiled);
        all.push((world.name.clone(), honest));
        all.push((format!("{}, spoiled", world.name), spoiled));
    }
    all
}

fn spoil(evidence: &mut Evidence) {
    let hostile = || HOSTILE.to_owned();
    evidence.scope.description = hostile();
    evidence.policy.source = hostile();
    for claim in &mut evidence.claims {
        claim.id.push_str(HOSTILE);
        claim.title = hostile();
        claim.help = claim.help.as_ref().map(|_| hostile());
        if let Some(at) = &mut claim.at {
            at.source = hostile();
        }
        for obligation in &mut claim.obligations {
            obligation.checked = hostile();
            obligation.why.iter_mut().for_each(|why| *why = hostile());
        }
        for flow in claim
            .witnesses
            .sample
            .iter_mut()
            .chain(&mut claim.attempts.sample)
        {
            (flow.interface, flow.why) = (hostile(), hostile());
            (flow.workload, flow.peer, flow.via) =
                (Some(hostile()), Some(hostile()), Some(hostile()));
        }
        for exception in &mut claim.exceptions {
            (exception.reason, exception.owner, exception.expires) =
                (hostile(), Some(hostile()), Some(hostile()));
        }
    }
    for interface in &mut evidence.coverage {
        (interface.interface, interface.vpc) = (hostile(), hostile());
    }
    for input in &mut evidence.inputs {
        input.uri = hostile();
        input.whole = false;
    }
}

#[test]
fn every_format_is_valid_by_its_schema_and_markdown_renders_as_text() {
    let folder = tempfile::tempdir().unwrap();
    for (index, (_, evidence)) in evidences().iter().enumerate() {
        for (format, ending) in [
            (Format::Junit, "xml"),
            (Format::Markdown, "md"),
            (Format::Ocsf, "jsonl"),
            (Format::Sarif, "sarif"),
        ] {
            fs::write(
                folder.path().join(format!("{index:03}.{ending}")),
                rendered(evidence, format),
            )
            .unwrap();
        }
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let checked = Command::new("python3")
        .arg(root().join("tests/formats/check.py"))
        .args([&target.join("formats-venv"), folder.path()])
        .output();
    let (code, said) = match checked {
        Ok(output) => (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ),
        Err(error) => (Some(3), error.to_string()),
    };
    if code == Some(3) {
        assert!(
            std::env::var_os("CI").is_none(),
            "{said}: CI runs every test"
        );
        std::io::stderr()
            .write_all(format!("skipped: {said}\n").as_bytes())
            .unwrap();
        return;
    }
    assert_eq!(code, Some(0), "{said}");
}
