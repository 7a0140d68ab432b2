//! Runs of the binary and of boto3 scripts, each in an environment of its own and with a limit on its time.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::common::{Ran, root};
use crate::servers::Servers;

/// No run of a test takes this long; one that does hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// Credentials that both servers take, and no way to the instance metadata of the machine that runs the tests.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "testkey"),
    ("AWS_SECRET_ACCESS_KEY", "testsecret"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

/// A child with a home of its own. It is killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    _home: TempDir,
}

impl Running {
    /// Starts `command` with nothing in its environment but what a test needs and `env`, which has the last word. An empty
    /// value takes a variable away.
    fn start(command: &mut Command, env: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .envs(ENVIRONMENT);
        for (name, value) in env {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Both are read while it runs: a full pipe would stop it.
        let stdout = read_all(child.stdout.take().unwrap());
        let stderr = read_all(child.stderr.take().unwrap());
        Self {
            child,
            stdout: Some(stdout),
            stderr: Some(stderr),
            _home: home,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal by name: `INT`, `TERM`, `KILL`.
    pub fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .args(["-s", name, &self.id().to_string()])
            .status()
            .unwrap();
        assert!(done.success(), "kill -s {name}");
    }

    /// Waits for its end; the code is -1 after a signal. One that hangs is killed, and the test fails.
    pub fn wait(mut self) -> Ran {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break Some(status);
            }
            if started.elapsed() > LIMIT {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                break None;
            }
            sleep(Duration::from_millis(10));
        };
        let text = |reader: Option<JoinHandle<Vec<u8>>>| {
            String::from_utf8(reader.unwrap().join().unwrap()).unwrap()
        };
        let stdout = text(self.stdout.take());
        let stderr = text(self.stderr.take());
        assert!(
            status.is_some(),
            "still running after {LIMIT:?}\nstdout: {stdout}\nstderr: {stderr}"
        );
        Ran {
            code: status.and_then(|status| status.code()).unwrap_or(-1),
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail on a child that has ended, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn read_all(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Runs the binary from the crate's folder and waits for its end.
pub fn flowproof(args: &[&str], env: &[(&str, &str)]) -> Ran {
    start_flowproof(args, env).wait()
}

/// Starts the binary, for a test that kills it or changes the world under it.
pub fn start_flowproof(args: &[&str], env: &[(&str, &str)]) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowproof"));
    Running::start(command.args(args).current_dir(root()), env)
}

/// Runs a boto3 script and returns what it printed. `boto3.client("s3")` is seaweedfs, any other client is moto; a script
/// that wants something else passes `endpoint_url` or keys itself. A script that fails fails the test.
pub fn python(servers: &Servers, script: &str, args: &[&str]) -> String {
    let mut command = Command::new(&servers.python);
    command.args(["-c", script]).args(args);
    finished(servers, &mut command, "the script")
}

/// Runs AWS's own command line against the same servers, and returns what it printed.
pub fn aws_cli(servers: &Servers, args: &[&str]) -> String {
    finished(servers, Command::new(&servers.aws_cli).args(args), "aws")
}

fn finished(servers: &Servers, command: &mut Command, what: &str) -> String {
    let endpoints = [
        ("AWS_ENDPOINT_URL", servers.aws.as_str()),
        ("AWS_ENDPOINT_URL_S3", servers.s3.as_str()),
        // boto3 reads only this name, not AWS_REGION.
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ];
    let ran = Running::start(command, &endpoints).wait();
    assert_eq!(ran.code, 0, "{what} failed:\n{}{}", ran.stdout, ran.stderr);
    ran.stdout
}

/// Makes a bucket in seaweedfs. Each test takes a name of its own.
pub fn make_bucket(servers: &Servers, bucket: &str) {
    let script = "import boto3, sys; boto3.client('s3').create_bucket(Bucket=sys.argv[1], CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})";
    python(servers, script, &[bucket]);
}

/// Puts objects into a bucket of seaweedfs, many at a time.
pub fn put_objects(
    servers: &Servers,
    bucket: &str,
    objects: &[(impl AsRef<str>, impl AsRef<[u8]>)],
) {
    const SCRIPT: &str = r#"
import boto3, concurrent.futures, json, pathlib, sys
from botocore.config import Config
bucket, folder = sys.argv[1], pathlib.Path(sys.argv[2])
s3 = boto3.client("s3", config=Config(max_pool_connections=16))
def put(job):
    number, key = job
    s3.put_object(Bucket=bucket, Key=key, Body=(folder / str(number)).read_bytes())
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    for _ in pool.map(put, enumerate(json.loads((folder / "keys.json").read_text()))):
        pass
"#;
    let folder = tempfile::tempdir().unwrap();
    for (number, (_, bytes)) in objects.iter().enumerate() {
        fs::write(folder.path().join(number.to_string()), bytes).unwrap();
    }
    let keys: Vec<&str> = objects.iter().map(|(key, _)| key.as_ref()).collect();
    let names = serde_json::to_vec(&keys).unwrap();
    fs::write(folder.path().join("keys.json"), names).unwrap();
    python(servers, SCRIPT, &[bucket, folder.path().to_str().unwrap()]);
}

/// A log stream's name, and its events as milliseconds since 1970 and text.
pub type Stream<'a> = (&'a str, &'a [(i64, &'a str)]);

/// Puts events into moto, and makes the log group and its streams if they are missing. As in AWS an event may be 14 days old
/// at most and 2 hours ahead; one that is refused fails the test.
pub fn put_events(servers: &Servers, log_group: &str, streams: &[Stream<'_>]) {
    const SCRIPT: &str = r#"
import boto3, json, sys
logs = boto3.client("logs")
def make(call, **names):
    try:
        call(**names)
    except logs.exceptions.ResourceAlreadyExistsException:
        pass
group = sys.argv[1]
make(logs.create_log_group, logGroupName=group)
for stream, events in json.load(open(sys.argv[2])):
    make(logs.create_log_stream, logGroupName=group, logStreamName=stream)
    events.sort(key=lambda event: event[0])
    # AWS takes 10,000 events a call, and 1 MiB.
    for first in range(0, len(events), 5000):
        batch = [{"timestamp": time, "message": text} for time, text in events[first:first + 5000]]
        refused = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch).get("rejectedLogEventsInfo")
        if refused:
            sys.exit(f"{stream}: events refused: {refused}")
"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.json");
    fs::write(&file, json!(streams).to_string()).unwrap();
    python(servers, SCRIPT, &[log_group, file.to_str().unwrap()]);
}
