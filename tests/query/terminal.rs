//! The interactive mode, typed at on a terminal (a pseudo-terminal of Python's).

#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

use super::common::{root, world};

/// What is shown while these lines are typed, and the exit code.
fn typed(more: &[&str], lines: &[&str]) -> (i32, String) {
    let world = world("forgotten-route-table");
    let home = tempfile::tempdir().unwrap();
    let ran = Command::new("python3")
        .arg(root().join("tests/query/terminal.py"))
        .arg(serde_json::to_string(lines).unwrap())
        .args([env!("CARGO_BIN_EXE_flowproof"), "query"])
        .args([
            &world.path("logs"),
            "--topology",
            &world.path("topology.json"),
        ])
        .args(more)
        .env("XDG_STATE_HOME", home.path())
        .env("TERM", "xterm")
        .current_dir(root())
        .output()
        .unwrap();
    let shown = String::from_utf8(ran.stdout).unwrap();
    (ran.status.code().unwrap(), shown)
}

#[test]
fn values_of_the_command_line_stand_in_where_a_query_has_them() {
    let given = [
        "--param",
        "x=443",
        "--param",
        "service=S3",
        "--param",
        "other=1",
    ];
    let (code, shown) = typed(
        &given,
        &[
            "SELECT 'n' || count(*) AS n FROM flows WHERE dstport = $x;\n",
            "endpoint-usage\n",
            "endpoint-usage service=dynamodb\n",
            "\\q\n",
        ],
    );
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("error["), "{shown}");
    assert!(shown.contains("\nn18"), "{shown}");
    assert!(
        shown.contains("(0 rows)"),
        "typed values come first: {shown}"
    );
    let (code, shown) = typed(
        &["--param", "service=bogus"],
        &["leaks-by-workload\n", "\\q\n"],
    );
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("error[query-bad-parameter]"), "{shown}");
}

#[test]
fn tab_completes_a_table_behind_from_and_a_column_elsewhere() {
    let (code, shown) = typed(&[], &["SELECT nat_g\t FROM nat_g\t;\n", "\\q\n"]);
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("SELECT nat_gateway_id FROM nat_gateways"),
        "{shown}"
    );
    assert!(shown.contains("\nnat-07d72e4dc575a2bf1"), "{shown}");
}
