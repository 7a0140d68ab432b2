//! Whose eyes a run looks through: profiles and roles, each with an account of its own, and a provider that never answers.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;

use crate::run::flowproof;
use crate::servers::servers;

const CONFIG: &str = "\
[profile west]
region = eu-west-1
[profile north]
region = eu-north-1
[profile mute]
region = eu-west-1
credential_process = /bin/sleep 60
";

const KEYS: &str = "\
[west]
aws_access_key_id = testkey
aws_secret_access_key = testsecret
[north]
aws_access_key_id = testkey
aws_secret_access_key = testsecret
";

/// Runs with the two files of the AWS CLI, and without keys or a Region in the environment.
fn with_profiles(url: &str, args: &[&str]) -> crate::common::Ran {
    let folder = tempfile::tempdir().unwrap();
    let (config, keys) = (folder.path().join("config"), folder.path().join("keys"));
    fs::write(&config, CONFIG).unwrap();
    fs::write(&keys, KEYS).unwrap();
    let env = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", keys.to_str().unwrap()),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_REGION", ""),
    ];
    flowproof(args, &env)
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn each_profile_is_asked_in_its_own_region() {
    let Some(servers) = servers() else { return };
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().to_str().unwrap();
    let args = [
        "topology",
        "snapshot",
        "--profile",
        "west",
        "--profile",
        "north",
        "--output",
        into,
    ];
    let ran = with_profiles(&servers.aws, &args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        names(&folder),
        [
            "123456789012_eu-north-1.json",
            "123456789012_eu-west-1.json"
        ]
    );
}

#[test]
fn each_role_is_an_account_of_its_own() {
    let Some(servers) = servers() else { return };
    let folder = tempfile::tempdir().unwrap();
    let role = |account: &str| format!("arn:aws:iam::{account}:role/reader");
    let (a, b) = (role("123456789012"), role("222222222222"));
    let into = folder.path().to_str().unwrap();
    let args = [
        "topology",
        "snapshot",
        "--role-arn",
        &a,
        "--role-arn",
        &b,
        "--output",
        into,
    ];
    let ran = flowproof(&args, &[("AWS_ENDPOINT_URL", &servers.aws)]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        names(&folder),
        ["123456789012_eu-west-1.json", "222222222222_eu-west-1.json"]
    );
}

#[test]
fn a_provider_that_never_answers_ends_the_run() {
    let Some(servers) = servers() else { return };
    let topology = ["--topology", "sample-data/skipdata/topology.json"];
    let patience = ["--profile", "mute", "--timeout", "1s"];
    let sources = [
        (vec!["verify", "s3://bucket/"], true),
        (vec!["verify", "cloudwatch:group"], true),
        (vec!["topology", "snapshot", "--output", "-"], false),
    ];
    for (mut args, judges) in sources {
        let title = args.join(" ");
        args.extend(patience);
        args.extend(topology.iter().filter(|_| judges));
        let ran = with_profiles(&servers.aws, &args);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (2, ""),
            "{title}: {}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("timed out after 1 seconds"),
            "{title}: {}",
            ran.stderr
        );
    }
}
