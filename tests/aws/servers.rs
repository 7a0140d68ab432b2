//! The two emulators, started by `servers.py` at the first question and gone with this process.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::common::root;

/// Where they answer.
#[derive(Debug, Deserialize)]
pub struct Servers {
    /// seaweedfs: S3 with signatures checked. `testkey`/`testsecret` may all, `rokey`/`rosecret` may read and list.
    pub s3: String,
    /// moto: CloudWatch Logs, EC2, STS, and an S3 that lets everybody in and lists in AWS's order.
    pub aws: String,
    /// A Python with boto3.
    pub python: String,
    /// AWS's own command line.
    pub aws_cli: String,
    /// The servers run until this closes, and the system closes it however this process ends. A child of ours does not
    /// inherit it: Rust opens pipes close-on-exec.
    #[serde(skip)]
    _lifeline: Option<ChildStdin>,
}

/// `servers.py`'s way to say that this machine cannot have the servers.
const MISSING: i32 = 3;

/// The servers, or none on a machine without Python: then a test says so and returns. In CI that is a failure.
pub fn servers() -> Option<&'static Servers> {
    static SERVERS: LazyLock<Option<Servers>> = LazyLock::new(start);
    SERVERS.as_ref()
}

fn start() -> Option<Servers> {
    // `target/tmp` is a constant of the build, whatever `CARGO_TARGET_DIR` says at run time.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let spawned = Command::new("python3")
        .arg(root().join("tests/aws/servers.py"))
        .arg(target.join("test-venv"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Err(error) if error.kind() == ErrorKind::NotFound => return skip("no python3"),
        spawned => spawned.unwrap(),
    };
    let mut line = String::new();
    let mut answer = BufReader::new(child.stdout.take().unwrap());
    answer.read_line(&mut line).unwrap();
    if line.is_empty() {
        // It has said why on stderr.
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(MISSING), "servers.py failed");
        return skip("no Python venv with moto and seaweedfs");
    }
    let mut servers: Servers = serde_json::from_str(&line).unwrap();
    servers._lifeline = child.stdin.take();
    Some(servers)
}

fn skip(why: &str) -> Option<Servers> {
    assert!(
        std::env::var_os("CI").is_none(),
        "{why}: CI runs every test"
    );
    // Past libtest's capture, so that a green run without these tests does not look like one with them.
    let note = format!("skipped: {why}; tests against AWS's emulators did not run\n");
    std::io::stderr().write_all(note.as_bytes()).unwrap();
    None
}
