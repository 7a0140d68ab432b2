//! The policies of docs/iam: each allows what it is for, and without any one of its actions the run says which is missing.
//!
//! moto evaluates actions once it is told to, for all of its clients, so this is a moto of its own. It calls CloudWatch's
//! actions by another prefix than AWS, so metrics.json is only read.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::common::root;
use crate::run::flowproof;
use crate::servers::{Servers, servers};

/// Starts moto, makes what is read and a user for each policy of stdin, turns rights on, and prints the users' keys. Ends with us.
const SCRIPT: &str = r#"
import boto3, json, os, socket, subprocess, sys, time, urllib.request
free = socket.socket(); free.bind(("127.0.0.1", 0)); port = free.getsockname()[1]; free.close()
url = f"http://127.0.0.1:{port}"
quiet = subprocess.DEVNULL
moto = subprocess.Popen([sys.executable, sys.argv[1], str(port)], env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "100000"}, stdin=quiet, stdout=quiet, stderr=quiet)
try:
    for _ in range(300):
        try:
            urllib.request.urlopen(url + "/moto-api/").read(); break
        except OSError:
            time.sleep(0.1)
    all = dict(endpoint_url=url, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
    s3, logs, iam = (boto3.client(name, **all) for name in ("s3", "logs", "iam"))
    s3.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="logs", Key="a.log", Body=b"version account-id\n2 123456789012\n")
    logs.create_log_group(logGroupName="group")
    logs.create_log_stream(logGroupName="group", logStreamName="eni-1-all")
    keys = []
    for number, policy in enumerate(json.loads(sys.stdin.readline())):
        name = f"user-{number}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys.append([key["AccessKeyId"], key["SecretAccessKey"]])
    urllib.request.urlopen(urllib.request.Request(url + "/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"})).read()
    print(json.dumps({"url": url, "keys": keys}), flush=True)
    sys.stdin.read()
finally:
    moto.kill()
"#;

/// A moto that asks for rights, and the keys of its users.
struct Guarded {
    child: Child,
    url: String,
    keys: Vec<(String, String)>,
}

impl Guarded {
    fn start(servers: &Servers, policies: &[Value]) -> Guarded {
        let mut child = Command::new(&servers.python)
            .args(["-c", SCRIPT])
            .arg(root().join("tests/aws/mock_aws.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = serde_json::to_string(policies).unwrap();
        line.push('\n');
        child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();
        let mut answer = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut answer)
            .unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        Guarded {
            child,
            url: answer["url"].as_str().unwrap().to_owned(),
            keys: serde_json::from_value(answer["keys"].clone()).unwrap(),
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Its stdin closes, so it ends its moto and then itself.
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

fn policy(name: &str) -> Value {
    let text = fs::read_to_string(root().join(format!("docs/iam/{name}.json"))).unwrap();
    let text = text
        .replace("BUCKET", "logs")
        .replace("LOG-GROUP", "group")
        .replace("REGION", "eu-west-1");
    serde_json::from_str(&text.replace("ACCOUNT", "123456789012")).unwrap()
}

/// Every action of a policy, and the policy without it.
fn without_each(policy: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (place, statement) in policy["Statement"].as_array().unwrap().iter().enumerate() {
        let actions = match &statement["Action"] {
            Value::Array(actions) => actions.clone(),
            one => vec![one.clone()],
        };
        for action in &actions {
            let rest: Vec<&Value> = actions.iter().filter(|other| *other != action).collect();
            let mut less = policy.clone();
            less["Statement"][place]["Action"] = if rest.is_empty() {
                json!(["sts:GetCallerIdentity"])
            } else {
                json!(rest)
            };
            found.push((action.as_str().unwrap().to_owned(), less));
        }
    }
    found
}

#[test]
fn each_policy_suffices_and_nothing_in_it_is_idle() {
    let Some(servers) = servers() else { return };
    let topology = "sample-data/gateway-endpoint-only/topology.json";
    // GetLogEvents is for groups of few streams; which of the two is asked is not the policy's to know.
    let spare = [
        "logs:GetLogEvents",
        "logs:FilterLogEvents",
        "ec2:DescribeFlowLogs of logs",
    ];
    #[rustfmt::skip]
    let uses: [(&str, Vec<&str>); 3] = [
        ("topology",        vec!["topology", "snapshot", "--region", "eu-west-1", "--output", "-"]),
        ("s3",              vec!["verify", "s3://logs/", "--topology", topology]),
        ("cloudwatch-logs", vec!["verify", "cloudwatch:group", "--since", "1h", "--topology", topology]),
    ];
    for (name, args) in uses {
        let whole = policy(name);
        let less = without_each(&whole);
        let mut policies = vec![whole];
        policies.extend(less.iter().map(|(_, policy)| policy.clone()));
        let guarded = Guarded::start(servers, &policies);
        let run = |place: usize| {
            let (id, secret) = &guarded.keys[place];
            flowproof(
                &args,
                &[
                    ("AWS_ENDPOINT_URL", &guarded.url),
                    ("AWS_ACCESS_KEY_ID", id),
                    ("AWS_SECRET_ACCESS_KEY", secret),
                ],
            )
        };
        let allowed = run(0);
        assert!(
            !allowed.stderr.contains("aws-access-denied"),
            "{name}: {}",
            allowed.stderr
        );
        for (place, (action, _)) in less.iter().enumerate() {
            let ran = run(place + 1);
            let named = ran.stderr.contains(&format!("`{action}`"));
            assert!(
                named || spare.contains(&action.as_str()),
                "{name} without {action}: exit {} {}",
                ran.code,
                ran.stderr
            );
        }
    }
}

#[test]
fn every_policy_is_one_that_aws_could_read() {
    for entry in fs::read_dir(root().join("docs/iam")).unwrap() {
        let file = entry.unwrap().path();
        let policy: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(policy["Version"], "2012-10-17", "{}", file.display());
        for statement in policy["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow", "{}", file.display());
            assert!(
                statement["Action"].is_string() || statement["Action"].is_array(),
                "{}",
                file.display()
            );
        }
    }
}
