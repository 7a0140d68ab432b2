//! The Athena versions, by other people's parsers, and run by DuckDB beside our own answers.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use flowproof::model::field::FIELDS;
use flowproof::query::named::bundled;

use crate::common::{World, flowproof, root, world};

/// The worlds that DuckDB asks.
const WORLDS: &[&str] = &[
    "forgotten-route-table",
    "hybrid-vpn-endpoint",
    "rejected-attempts",
];
/// The small tables that the Athena versions read.
const TABLES: &[&str] = &[
    "interfaces",
    "subnets",
    "routes",
    "prefixes",
    "endpoints",
    "nat_gateways",
    "prices",
];

/// `query` or `classify` over a world, into a file.
fn write(command: &str, world: &World, more: &[&str]) {
    let (logs, topology) = (world.path("logs"), world.path("topology.json"));
    let mut args = vec![command, &logs, "--topology", &topology, "--quiet"];
    args.extend(world.args.iter().map(String::as_str));
    args.extend(more);
    let ran = flowproof(&args, b"");
    assert_eq!(ran.code, 0, "{}: {}", world.name, ran.stderr);
}

#[test]
fn every_query_has_an_athena_version_and_says_what_it_cannot_know() {
    let folder = root().join("queries/athena");
    for query in bundled() {
        let file = folder.join(format!("{}.sql", query.name));
        let text = fs::read_to_string(&file).unwrap_or_default();
        let first = format!("-- {}, for Athena: ", query.name);
        assert!(text.starts_with(&first), "{}", file.display());
        let head = text.split("\n\n").next().unwrap().replace("\n-- ", " ");
        assert!(head.contains("cannot know"), "{}: {head}", query.name);
    }
}

#[test]
fn the_tables_have_all_fields_in_awss_order() {
    let vpc: Vec<_> = FIELDS.iter().filter(|row| row.vpc > 0).collect();
    for name in ["create-table.sql", "create-table-parquet.sql"] {
        let text = fs::read_to_string(root().join("queries/athena").join(name)).unwrap();
        let declared = text.split("PARTITIONED").next().unwrap();
        let columns: Vec<&str> = declared
            .lines()
            .filter_map(|line| line.strip_prefix("  `")?.split('`').next())
            .collect();
        let expected: Vec<&str> = vpc.iter().map(|row| row.column).collect();
        assert_eq!(columns, expected, "{name}");
    }
}

#[test]
fn the_athena_versions_parse_and_answer_as_ours_do() {
    let folder = tempfile::tempdir().unwrap();
    for name in WORLDS {
        let world = world(name);
        let place = folder.path().join(name);
        fs::create_dir(&place).unwrap();
        let file = |table: &str| {
            place
                .join(format!("{table}.parquet"))
                .to_str()
                .unwrap()
                .to_owned()
        };
        write("classify", &world, &["--output", &file("flows")]);
        for table in TABLES {
            let sql = format!("SELECT * FROM {table}");
            write("query", &world, &["--sql", &sql, "--output", &file(table)]);
        }
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let checked = Command::new("python3")
        .arg(root().join("tests/queries/check.py"))
        .args([&target.join("queries-venv"), folder.path()])
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
