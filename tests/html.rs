//! The HTML report in a real Chromium: no request, no word on the console, sorting and filtering by mouse and keyboard,
//! complete without script, printable. `html/browser.py` holds what is checked.
//!
//! Screenshots and PDFs are left in `target/tmp/html/` for people to look at.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Copied, flowproof, root, world};

const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Worlds that look unlike each other: violated with exceptions or attempts, unproven by silence, by SKIPDATA, by fields, proven.
const WORLDS: &[&str] = &[
    "forgotten-route-table",
    "silent-interface",
    "skipdata",
    "lacking-fields",
    "rejected-attempts",
];

/// What a tag, a policy or a key may hold.
const HOSTILE: &str = "</script><script>document.title='owned'</script><img src=https://evil.example/x onerror=alert(1)>\"' =cmd() \u{202e}";

/// A program on the path; or none, and then a test says so and returns. In CI that is a failure.
fn found(names: &[&str]) -> Option<String> {
    let starts = |name: &&&str| Command::new(name).arg("--version").output().is_ok();
    let found = names.iter().find(starts);
    if found.is_none() {
        let why = format!("no {}", names.join(", "));
        assert!(
            std::env::var_os("CI").is_none(),
            "{why}: CI runs every test"
        );
        // Past libtest's capture, so that a green run without this test does not look like one with it.
        let note = format!("skipped: {why}; the HTML report was not tried in a browser\n");
        std::io::stderr().write_all(note.as_bytes()).unwrap();
    }
    found.map(|name| (*name).to_owned())
}

/// The page of a world's evidence, as a user would make it.
fn page_of(name: &str, folder: &Path) -> PathBuf {
    let world = world(name);
    let file = folder.join(format!("{name}.html"));
    let (logs, topology, policy) = (
        world.path("logs"),
        world.path("topology.json"),
        world.path("policy.toml"),
    );
    let report = format!("html={}", file.display());
    let mut args = vec![
        "verify",
        &logs,
        "--topology",
        &topology,
        "--policy",
        &policy,
        "--report",
        &report,
    ];
    args.extend(world.args.iter().map(String::as_str));
    let ran = flowproof(&args, b"");
    assert_eq!(ran.code, world.exit, "{name}: {}", ran.stderr);
    file
}

/// The page of a world whose policy has hostile words.
fn hostile_page(folder: &Path) -> PathBuf {
    let copied = Copied::of("forgotten-route-table");
    copied.edit("policy.toml", |text| {
        // A JSON string without escapes other than of quotes is a TOML string too.
        let title = serde_json::Value::from(HOSTILE).to_string();
        let lines = text.lines().map(|line| match line.starts_with("title") {
            true => format!("title = {title}"),
            false => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    let file = folder.join("hostile.html");
    let ran = copied.verify(&["--report", &format!("html={}", file.display())]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    file
}

/// The page of evidence with ten thousand witnesses and two thousand interfaces, by the library: no log is that rich here.
fn stress_page(folder: &Path) -> PathBuf {
    use flowproof::model::evidence::Evidence;
    use flowproof::report::{Format, Style, render};
    let json = fs::read_to_string(root().join("tests/golden/forgotten-route-table/evidence.json"))
        .unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
    value["generated_at"] = "2026-08-12T00:00:00Z".into();
    let mut evidence: Evidence = serde_json::from_value(value).unwrap();
    let group = &mut evidence.claims[0].witnesses;
    let one = group.sample[0].clone();
    group.count = 10_000;
    group.sample = (0..10_000u64)
        .map(|n| {
            let mut flow = one.clone();
            flow.bytes.0 = 1_000_000 - n;
            flow.peer = Some(format!("3.5.{}.{}", n / 250, n % 250));
            flow
        })
        .collect();
    let one = evidence.coverage[0].clone();
    evidence.coverage = (0..2000u64)
        .map(|n| {
            let mut interface = one.clone();
            interface.interface = format!("eni-{n:017x}");
            interface
        })
        .collect();
    let file = folder.join("stress.html");
    fs::write(
        &file,
        render(&evidence, Format::Html, Style::default()).unwrap(),
    )
    .unwrap();
    file
}

#[test]
fn a_browser_shows_sorts_filters_and_prints_it() {
    let (Some(chromium), Some(python)) = (found(CHROMIUM), found(&["python3"])) else {
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("html");
    fs::create_dir_all(&folder).unwrap();
    let mut pages: Vec<PathBuf> = WORLDS.iter().map(|name| page_of(name, &folder)).collect();
    pages.push(hostile_page(&folder));
    pages.push(stress_page(&folder));
    let ran = Command::new(python)
        .arg(root().join("tests/html/browser.py"))
        .arg(chromium)
        .arg(&folder)
        .args(&pages)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
}
