//! Holds the layout: which module may import which, which outside crate comes in by which door, and how long files may be.
//! The table here is the one in CONTRIBUTING.md; the test compares the two.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

/// Module, and what it may import of ours.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("diag", &[]),
    ("model", &["diag"]),
    ("aws", &["model", "diag"]),
    ("topology", &["model", "diag"]),
    ("policy", &["model", "diag"]),
    ("ingest", &["aws", "model", "diag"]),
    ("classify", &["model", "topology", "diag"]),
    ("verify", &["model", "topology", "policy", "diag"]),
    (
        "explain",
        &["classify", "verify", "topology", "model", "diag"],
    ),
    (
        "query",
        &["ingest", "classify", "topology", "model", "diag"],
    ),
    ("report", &["model", "diag"]),
    ("seal", &["model", "diag"]),
];

/// Outside crate, and the files or folders that may name it.
const DOORS: &[(&str, &[&str])] = &[
    ("async_trait", &["src/query/"]),
    ("aws_config", &["src/aws/"]),
    ("aws_credential_types", &["src/aws/"]),
    ("aws_sdk_cloudwatchlogs", &["src/ingest/cloudwatch"]),
    ("aws_sdk_s3", &["src/ingest/s3"]),
    ("aws_sigv4", &["src/aws/"]),
    ("aws_smithy_http_client", &["src/aws/http.rs"]),
    (
        "aws_smithy_runtime_api",
        &["src/aws/", "src/ingest/s3", "src/ingest/cloudwatch"],
    ),
    (
        "aws_smithy_types",
        &["src/aws/", "src/ingest/s3", "src/ingest/cloudwatch"],
    ),
    ("aws_types", &["src/aws/"]),
    ("base64", &["src/report/html", "src/seal/"]),
    (
        "bytemuck",
        &[
            "src/ingest/alike.rs",
            "src/ingest/marks.rs",
            "src/ingest/number.rs",
            "src/ingest/quads.rs",
        ],
    ),
    (
        "bytes",
        &["src/ingest/parquet", "src/ingest/s3", "src/report/rows"],
    ),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("crc32fast", &["src/ingest/gunzip"]),
    ("ctrlc", &["src/cli/interrupt.rs"]),
    ("datafusion", &["src/query/"]),
    ("ed25519_dalek", &["src/seal/"]),
    ("flate2", &["src/ingest/", "src/topology/ranges.rs"]),
    ("foldhash", &["src/model/map.rs"]),
    ("glob", &["src/ingest/"]),
    ("indicatif", &["src/cli/progress.rs", "src/cli/remote.rs"]),
    ("libc", &["src/cli/memory.rs"]),
    ("libdeflate_sys", &["src/ingest/inflate.rs"]),
    ("memchr", &["src/ingest/"]),
    ("minijinja", &["src/report/html", "src/report/mod.rs"]),
    ("parquet", &["src/ingest/", "src/report/rows"]),
    ("quick_junit", &["src/report/junit.rs", "src/report/mod.rs"]),
    ("quick_xml", &["src/aws/xml.rs"]),
    ("rayon", &["src/cli/", "src/report/rows"]),
    ("rustyline", &["src/cli/query_shell.rs"]),
    ("tabled", &["src/report/table.rs"]),
    ("tempfile", &["src/cli/", "src/ingest/"]),
    (
        "tokio",
        &[
            "src/aws/",
            "src/ingest/s3",
            "src/ingest/cloudwatch",
            "src/query/session.rs",
        ],
    ),
    ("toml", &["src/policy/", "src/query/tables/prices.rs"]),
    ("wide", &["src/model/sixteen.rs"]),
    ("zstd", &["src/report/rows"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files of the crate with their names from its root, without comments. Tests may reach further, to build what they test.
fn code() -> Vec<(String, String)> {
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap();
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        (name, lines.collect::<Vec<_>>().join("\n"))
    };
    sources(&root().join("src")).into_iter().map(read).collect()
}

fn is_test(name: &str) -> bool {
    [
        "/tests",
        "_tests.rs",
        "/properties",
        "/naive",
        "/fixture",
        "/samples",
    ]
    .iter()
    .any(|part| name.contains(part))
}

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text)
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for (name, text) in code() {
        let module = name
            .trim_start_matches("src/")
            .split(['/', '.'])
            .next()
            .unwrap()
            .to_owned();
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|row| row.0 == module) else {
            continue;
        };
        if is_test(&name) {
            continue;
        }
        for part in without_tests(&text).split("crate::").skip(1) {
            let used = part
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next()
                .unwrap();
            if used != module
                && MAY_IMPORT.iter().any(|row| row.0 == used)
                && !allowed.contains(&used)
            {
                wrong.push(format!("{name} imports crate::{used}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn an_outside_crate_has_one_door() {
    let mut wrong = Vec::new();
    for (name, text) in code() {
        for (outside, doors) in DOORS {
            let named = text.match_indices(&format!("{outside}::")).any(|(at, _)| {
                !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':')
            });
            if named && !is_test(&name) && !doors.iter().any(|door| name.starts_with(door)) {
                wrong.push(format!("{name} uses {outside}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_file_is_longer_than_eight_hundred_lines() {
    let long = |path: &PathBuf| fs::read_to_string(path).unwrap().lines().count() > 800;
    let folders = ["src", "tests", "benches", "examples"].map(|folder| root().join(folder));
    let found: Vec<PathBuf> = folders
        .iter()
        .filter(|folder| folder.exists())
        .flat_map(|folder| sources(folder))
        .filter(long)
        .collect();
    assert_eq!(found, Vec::<PathBuf>::new());
}

#[test]
fn the_table_is_the_one_in_the_notes() {
    let notes = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    for (module, allowed) in MAY_IMPORT {
        let names: Vec<String> = allowed.iter().map(|name| format!("`{name}`")).collect();
        let row = format!(
            "| `{module}` | {} |",
            if names.is_empty() {
                "nothing of ours".to_owned()
            } else {
                names.join(", ")
            }
        );
        assert!(notes.contains(&row), "CONTRIBUTING.md lacks the row {row}");
    }
}

#[test]
fn one_arrow_is_in_the_tree() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for name in ["arrow", "arrow-array", "arrow-schema", "parquet"] {
        assert_eq!(
            lock.matches(&format!("name = \"{name}\"\n")).count(),
            1,
            "{name}"
        );
    }
}
