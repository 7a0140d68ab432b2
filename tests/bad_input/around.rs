//! What stands around the logs: sources, topology, policy, options; and text that is there to do harm.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};

use super::common::{Copied, Ran, flowproof, flowproof_in};
use super::*;

/// No verdict: exit 2, nothing on stdout, and this on stderr.
fn assert_no_verdict(ran: &Ran, says: &[&str], title: &str) {
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (2, ""),
        "{title}: {}",
        ran.stderr
    );
    assert_tame(ran, title);
    assert_says(ran, says, title);
}

#[test]
fn sources_that_name_nothing_give_no_verdict() {
    let copied = Copied::of(TEXT);
    fs::create_dir(copied.at("empty")).unwrap();
    fs::create_dir(copied.at("hidden")).unwrap();
    fs::write(copied.at("hidden/.log"), "").unwrap();
    std::os::unix::fs::symlink("nowhere", copied.at("dangling.log")).unwrap();
    let (logs, not_found) = (copied.word("logs"), "error[input-not-found]");
    #[rustfmt::skip]
    let cases = [
        ("a file that is not there",   copied.word("missing.log"),   [not_found, "missing.log` names no file", "help: name a file, a folder, a glob in quotes"]),
        ("a folder without files",     copied.word("empty"),         [not_found, "is a folder without any file", "names that begin with `.`"]),
        ("a folder of hidden files",   copied.word("hidden"),        [not_found, "is a folder without any file", "names that begin with `.`"]),
        ("a glob that hits nothing",   copied.word("logs/*.parquet"), [not_found, "names no file", "why: logs that are not found"]),
        ("a glob that is none",        copied.word("logs/[a"),       [not_found, "is not a pattern", "help: write `*`"]),
        ("a link that leads nowhere",  copied.word("dangling.log"),  ["error[input-unreadable]", "cannot list", "help: "]),
        ("no bucket",                  "s3://".into(),               [not_found, "`s3://` names no bucket", "help: write it as s3://BUCKET/PREFIX"]),
    ];
    for (title, word, says) in &cases {
        let ran = copied.verify_of(&[&logs, word], b"", &["--report", "json"]);
        assert_no_verdict(&ran, says, title);
    }
    let twice = copied.verify_of(&["-", &logs, "-"], b"", &[]);
    assert_no_verdict(
        &twice,
        &["stdin (`-`) can be read only once"],
        "stdin twice",
    );
}

#[test]
fn a_bucket_without_region_or_credentials_gives_no_verdict() {
    let copied = Copied::of(TEXT);
    let (topology, policy) = (copied.word("topology.json"), copied.word("policy.toml"));
    let nobody = [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_PROFILE", "default"),
        ("AWS_REGION", ""),
        ("AWS_DEFAULT_REGION", ""),
    ];
    let run = |more: &[&str]| {
        let mut args = vec!["verify", "s3://bucket/logs", "--topology", &topology];
        args.extend(["--policy", &policy, "--endpoint-url", "http://127.0.0.1:1"]);
        args.extend(more);
        flowproof_in(&args, b"", &nobody)
    };
    let says = ["error[aws-region]", "s3://bucket/logs", "give --region"];
    assert_no_verdict(&run(&[]), &says, "no Region");
    let says = [
        "error[aws-credentials]",
        "s3://bucket/logs, `ListObjectsV2 in eu-west-1`",
        "give credentials as for the AWS CLI",
    ];
    assert_no_verdict(&run(&["--region", "eu-west-1"]), &says, "no credentials");
}

#[test]
fn a_file_of_the_folder_that_cannot_be_opened_is_a_hole() {
    let change = |copied: &Copied| {
        let file = copied.log(SPOILED);
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("nowhere", &file).unwrap();
    };
    let says = [
        "error[input-unreadable]: it cannot be read",
        "got: No such file",
    ];
    spoiled(
        "a link that leads nowhere",
        TEXT,
        change,
        left(0, 0, false),
        None,
        &says,
    );
    let change = |copied: &Copied| {
        use std::os::unix::fs::PermissionsExt;
        let file = copied.log(SPOILED);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        // Root reads it all the same.
        if fs::File::open(&file).is_ok() {
            fs::remove_file(&file).unwrap();
            std::os::unix::fs::symlink(&file, &file).unwrap();
        }
    };
    let says = ["error[input-unreadable]: it cannot be read"];
    spoiled(
        "no right to read it",
        TEXT,
        change,
        left(0, 0, false),
        None,
        &says,
    );
}

#[test]
fn the_same_bytes_twice_are_said() {
    let copied = Copied::of(TEXT);
    fs::copy(copied.log(0), copied.at("logs/copy.log.gz")).unwrap();
    let ran = copied.verify(&["--report", "json"]);
    assert_eq!(ran.code, 0, "what is there twice hides nothing");
    let says = [
        "warning[duplicate-input]",
        "logs/copy.log.gz\n",
        "counted twice",
    ];
    assert_says(&ran, &says, "a copy");
    assert_eq!(evidence(&ran)["totals"]["records"], OTHERS + RECORDS + 8);
}

#[test]
fn a_sum_of_bytes_that_no_number_holds_is_said() {
    let copied = Copied::of(TEXT);
    let file = copied.log(0);
    let text = copied.text(0);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let place = lines[0].split(' ').position(|name| name == "bytes");
    let mut values: Vec<&str> = lines[1].split(' ').collect();
    values[place.unwrap()] = "9223372036854775807";
    let vast = values.join(" ");
    lines.extend([vast.clone(), vast.clone(), vast]);
    fs::write(&file, gzip((lines.join("\n") + "\n").as_bytes())).unwrap();
    let ran = copied.verify(&["--report", "json"]);
    assert_eq!(ran.code, 0, "bytes prove nothing, and refute nothing");
    let says = ["warning[bytes-saturated]", "18446744073709551615 or more"];
    assert_says(&ran, &says, "a vast sum");
    assert_eq!(evidence(&ran)["totals"]["bytes"], u64::MAX);
}

#[test]
fn nothing_at_all_on_stdin_proves_nothing() {
    for (title, stdin) in [
        ("nothing", ""),
        ("a header", "version srcaddr\n"),
        ("no event", "{\"events\":[]}"),
    ] {
        let copied = Copied::of(TEXT);
        let ran = copied.verify_of(&["-"], stdin.as_bytes(), &["--report", "json"]);
        assert_eq!(ran.code, 3, "{title}: {}", ran.stderr);
        assert_says(&ran, &["warning[input-empty]", "at: -\n"], title);
        assert_eq!(evidence(&ran)["totals"]["records"], 0, "{title}");
    }
}

#[test]
fn a_topology_that_cannot_be_read_gives_no_verdict() {
    type Case<'a> = (&'a str, fn(&Path), &'a [&'a str]);
    let bad = "error[topology-bad-json]";
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        ("not there",         |file| fs::remove_file(file).unwrap(),                      &["error[file-unreadable]: there is no such file", "topology.json\n"]),
        ("not JSON",          |file| fs::write(file, "{\n \"Vpcs\": [}").unwrap(),        &[bad, "topology.json:2:11", "expected JSON as `aws ec2 describe-"]),
        ("nothing",           |file| fs::write(file, "").unwrap(),                        &[bad, "topology.json:1:0", "got: EOF"]),
        ("a list",            |file| fs::write(file, "[]").unwrap(),                      &[bad, "must be one JSON object"]),
        ("another shape",     |file| fs::write(file, "{\"Vpcs\": 5}").unwrap(),           &[bad, "topology.json:1:10", "the shapes of the EC2 API"]),
        ("not UTF-8",         |file| fs::write(file, b"{\"Vpcs\": [\"\xff\"]}").unwrap(), &[bad, "topology.json:1:"]),
        ("an empty folder",   |file| { fs::remove_file(file).unwrap(); fs::create_dir(file).unwrap() }, &["error[topology-empty]: there is no file in this folder", "topology.json\n"]),
        ("no VPC",            |file| fs::write(file, "{}").unwrap(),                      &["error[topology-empty]: the topology has no VPC", "topology.json\n"]),
        ("too deep",          |file| fs::write(file, "[".repeat(100_000)).unwrap(),       &[bad]),
    ];
    for (title, spoil, says) in cases {
        let copied = Copied::of(TEXT);
        spoil(&copied.at("topology.json"));
        assert_no_verdict(&copied.verify(&["--report", "json"]), says, title);
        let check = flowproof(
            &[
                "topology",
                "check",
                "--topology",
                &copied.word("topology.json"),
            ],
            b"",
        );
        assert_no_verdict(&check, says, title);
    }
}

#[test]
fn a_topology_with_a_hole_is_unproven_by_it() {
    type Case<'a> = (&'a str, fn(String) -> String, &'a [&'a str]);
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        ("a bad CIDR of a VPC",  |text| text.replacen("10.20.0.0/16", "10.20.0.0/33", 1),      &["error[topology-bad-value]", "topology.json", "`10.20.0.0/33`"]),
        ("a bad CIDR of a route", |text| text.replacen("\"DestinationCidrBlock\": \"10.20.0.0/16\"", "\"DestinationCidrBlock\": \"all\"", 1), &["error[topology-bad-value]", "`all`"]),
        ("an IPv4 route as IPv6", |text| text.replacen("\"DestinationCidrBlock\": \"10.20.0.0/16\"", "\"DestinationIpv6CidrBlock\": \"::ffff:10.20.0.0/112\"", 1), &["error[topology-bad-value]", "is IPv4 written as IPv6: `::ffff:10.20.0.0/112`"]),
        ("a bad CIDR of a prefix list", |text| text.replacen("\"3.5.0.0/19\"", "\"3.5.0.0\"", 1), &["error[topology-bad-value]", "`3.5.0.0`"]),
        ("a bad address",        |text| text.replacen("\"PrivateIpAddress\": \"10.20.1.10\"", "\"PrivateIpAddress\": \"ten\"", 2), &["error[topology-bad-value]", "`ten`"]),
        ("an IPv4 address as IPv6", |text| text.replacen("\"PrivateIpAddress\": \"10.20.1.10\"", "\"PrivateIpAddress\": \"::ffff:10.20.1.10\"", 2), &["error[topology-bad-value]", "is IPv4 written as IPv6: `::ffff:10.20.1.10`"]),
        ("a bad time",           |text| text.replacen("2026-08-01T12:55:00Z", "noon", 1),      &["error[topology-bad-value]", "`captured_at`"]),
        ("a page of several",    |text| text.replacen('{', "{\"NextToken\": \"more\",", 1),    &["error[topology-partial-page]", "`NextToken`"]),
        ("of another week",      |text| text.replacen("2026-08-01T12:55:00Z", "2026-07-20T12:55:00Z", 1), &[]),
    ];
    for (title, spoil, says) in cases {
        let copied = Copied::of(TEXT);
        copied.edit("topology.json", spoil);
        let ran = copied.verify(&["--report", "json"]);
        assert_eq!(ran.code, 3, "{title}: {}", ran.stderr);
        assert_tame(&ran, title);
        assert_says(&ran, says, title);
        let evidence = evidence(&ran);
        assert_accounted(&evidence, title);
        assert_unproven_by(&evidence, "topology-fits", title);
        assert_eq!(evidence["totals"]["flows"], OTHERS + RECORDS, "{title}");
    }
}

#[test]
fn a_policy_that_cannot_be_understood_gives_no_verdict() {
    type Case<'a> = (&'a str, fn(String) -> String, &'a [&'a str]);
    #[rustfmt::skip]
    let cases: &[Case<'_>] = &[
        ("a typo",              |text| text.replacen("allow =", "alow =", 1),                  &["error[policy-unknown-key]: unknown key `alow`", "policy.toml:7:1", "did you mean `allow`?"]),
        ("bad TOML",            |text| text.replacen("title = ", "title ", 1),                 &["error[policy-bad-toml]", "policy.toml:5:7"]),
        ("a path that is none", |text| text.replacen("via-gateway-endpoint", "via-gateway", 1), &["error[policy-bad-value]", "policy.toml:7:", "`via-gateway`"]),
        ("another version",     |text| text.replacen("version = 1", "version = 2", 1),         &["error[policy-version]", "policy.toml:1:", "`2`, expected 1"]),
        ("an id twice",         |text| text.replacen("dynamodb-private", "s3-private", 1),     &["error[policy-duplicate-id]", "policy.toml:10:", "policy.toml:4:"]),
        ("a key missing",       |text| text.replacen("id = \"s3-private\"\n", "", 1),          &["error[policy-missing-key]", "policy.toml:3:"]),
        ("an exception of nothing", |text| text + "[[exception]]\nclaim = \"s3-privat\"\nto = [\"52.92.128.0/17\"]\nreason = \"r\"\n", &["error[policy-unknown-claim]", "policy.toml:", "did you mean `s3-private`?"]),
        ("no claims",           |_| "version = 1\n".into(),                                    &["error[policy-no-claims]", "policy.toml"]),
        ("nothing",             |_| String::new(),                                             &["error[policy-", "policy.toml"]),
        ("escapes in a key",    |text| text + "\"\\u001b[31m\" = 1\n",                         &["error[policy-unknown-key]", "\\u{1b}[31m"]),
    ];
    for (title, spoil, says) in cases {
        let copied = Copied::of(TEXT);
        copied.edit("policy.toml", spoil);
        assert_no_verdict(&copied.verify(&["--report", "json"]), says, title);
    }
    let copied = Copied::of(TEXT);
    fs::write(copied.at("policy.toml"), b"version = 1 # \xff\n").unwrap();
    assert_no_verdict(
        &copied.verify(&[]),
        &[
            "error[policy-bad-toml]: the policy is not UTF-8",
            "policy.toml",
        ],
        "not UTF-8",
    );
    fs::remove_file(copied.at("policy.toml")).unwrap();
    assert_no_verdict(
        &copied.verify(&[]),
        &[
            "error[file-unreadable]: there is no such file",
            "policy.toml\n",
        ],
        "no file",
    );
}

#[test]
fn options_that_mean_nothing_give_no_verdict() {
    let copied = Copied::of(TEXT);
    fs::write(copied.at("ranges.json"), "{\"prefixes\": 5}").unwrap();
    fs::write(copied.at("ranges.txt"), "10.0.0.0/8").unwrap();
    let (odd, text, missing) = (
        copied.word("ranges.json"),
        copied.word("ranges.txt"),
        copied.word("ranges"),
    );
    #[rustfmt::skip]
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("a format of no fields",    &["--log-format", ""],                             &["error[format-bad]", "--log-format"]),
        ("a format of words",        &["--log-format", "version srcaddr%"],             &["error[format-bad]", "got: `version srcaddr%`", "help: write it as AWS does"]),
        ("a field twice",            &["--log-format", "${srcaddr} ${srcaddr}"],        &["error[format-bad]", "`srcaddr`"]),
        ("a brace open",             &["--log-format", "${version"],                    &["error[format-bad]"]),
        ("escapes in a format",      &["--log-format", "${\u{1b}[31m}"],                &["error[format-bad]", "\\u{1b}"]),
        ("ranges of another shape",  &["--ip-ranges", &odd],                            &["error[ranges-bad]", "ranges.json"]),
        ("ranges that are not JSON", &["--ip-ranges", &text],                           &["error[ranges-bad]", "ranges.txt"]),
        ("ranges that are not there", &["--ip-ranges", &missing],                       &["error[file-unreadable]: there is no such file"]),
        ("no memory",                &["--memory", "0MiB"],                             &["this is no size", "--memory"]),
        ("no threads",               &["--threads", "0"],                               &["--threads"]),
        ("a report of no format",    &["--report", "jsn=a"],                            &["did you mean `json`?"]),
        ("two on stdout",            &["--report", "text", "--report", "json"],         &["would both be written to stdout"]),
        ("a file in no folder",      &["--report", "text=/nowhere/at/all"],             &["error[output-failed]", "/nowhere/at/all", "help: make the folder first"]),
        ("a folder for a file",      &["--evidence", "/"],                              &["error[output-failed]", "help: name a file in that folder"]),
    ];
    for (title, more, says) in cases {
        assert_no_verdict(&copied.verify(more), says, title);
    }
    let mut plain = Copied::of(TEXT);
    for (title, since, until, says) in [
        (
            "the wrong way round",
            "2026-08-01T12:30:00Z",
            "2026-08-01T12:00:00Z",
            ["the window is empty", "--until must be later"],
        ),
        (
            "no time at all",
            "2026-08-01T12:00:00Z",
            "2026-08-01T12:00:00Z",
            ["the window is empty", "--until must be later"],
        ),
        (
            "no zone",
            "2026-08-01T12:00:00",
            "2026-08-01T12:30:00Z",
            ["this time has no zone", "2026-08-01T12:00:00Z for UTC"],
        ),
        (
            "no time",
            "noon",
            "2026-08-01T12:30:00Z",
            ["this is no time", "such as 90m, 24h or 7d"],
        ),
    ] {
        plain.args = ["--since", since, "--until", until]
            .map(str::to_owned)
            .to_vec();
        assert_no_verdict(&plain.verify(&[]), &says, title);
    }
}

/// Text that a terminal would obey, a browser run, a spreadsheet compute, a table break at.
const HOSTILE: &str = "=cmd()|\u{1b}[2J\u{1b}]0;x\u{7}<script>\u{9b}31m\u{202e}\u{7f}\r";

#[test]
fn hostile_text_reaches_nobody_raw() {
    let in_field = |field: &'static str| {
        move |copied: &Copied| {
            let text = with_value(&copied.text(SPOILED), 3, field, &format!("{HOSTILE}x"));
            fs::write(copied.log(SPOILED), text).unwrap();
        }
    };
    let in_header = |copied: &Copied| {
        let text = copied.text(SPOILED).replacen("az-id", HOSTILE, 1);
        fs::write(copied.log(SPOILED), text).unwrap();
    };
    let in_column = |copied: &Copied| {
        let file = copied.log(SPOILED);
        let column: ArrayRef = Arc::new(StringArray::from(vec![HOSTILE; 6]));
        write_rows(&file, vec![(HOSTILE.to_owned(), column)]);
    };
    let in_tag = |copied: &Copied| {
        let hostile = serde_json::to_string(HOSTILE).unwrap();
        copied.edit("topology.json", |text| {
            text.replace("\"app-1\"", &hostile)
                .replacen("10.20.1.0/24", HOSTILE, 1)
                .replace("\u{1b}", "\\u001b")
                .replace("\u{7}", "\\u0007")
                .replace('\r', "\\r")
        });
    };
    let in_name = |copied: &Copied| {
        let file = copied.log(SPOILED);
        fs::rename(&file, file.with_file_name("a\u{1b}[31m\nb\u{9b}.log")).unwrap();
        fs::write(copied.at("logs/z\u{1b}[31m\nb"), "1 2 3\n").unwrap();
    };
    let in_end = |copied: &Copied| in_field("log-status")(copied);
    type Spoil<'a> = &'a dyn Fn(&Copied);
    let in_interface = in_field("interface-id");
    let in_service = in_field("pkt-dst-aws-service");
    let in_number = in_field("bytes");
    let cases: [(&str, Spoil<'_>); 8] = [
        ("an interface", &in_interface),
        ("a service", &in_service),
        ("a number", &in_number),
        ("a status", &in_end),
        ("a header", &in_header),
        ("a column", &in_column),
        ("a tag and a CIDR", &in_tag),
        ("a file name", &in_name),
    ];
    for (title, spoil) in cases {
        let copied = Copied::of(TEXT);
        spoil(&copied);
        for format in ["text", "csv", "json"] {
            let ran = copied.verify(&["--report", format]);
            assert_tame(&ran, title);
            // A service of that name is reached by an endpoint like any other.
            let expected = if title == "a service" { 0 } else { 3 };
            assert_eq!(ran.code, expected, "{title}: {}", ran.stderr);
        }
    }
    let copied = Copied::of(TEXT);
    let ran = copied.verify_of(&["no\u{1b}[31m\nfile"], b"", &[]);
    assert_no_verdict(&ran, &["no\\u{1b}[31m\\nfile"], "a source");
}

/// A witness out of a hostile log, for those reports that show flows.
#[test]
fn a_hostile_witness_is_shown_harmless() {
    let copied = Copied::of("internet-gateway-only");
    let text = copied.text(0);
    let header = text.lines().next().unwrap().to_owned();
    for field in [
        "interface-id",
        "action",
        "pkt-dst-aws-service",
        "instance-id",
        "vpc-id",
        "subnet-id",
    ] {
        if !header.split(' ').any(|name| name == field) {
            continue;
        }
        for line in 2..=text.lines().count() {
            fs::write(
                copied.log(0),
                with_value(&text, line, field, &format!("{HOSTILE}x")),
            )
            .unwrap();
            if line > 4 {
                break;
            }
            for format in ["text", "csv", "json"] {
                let ran = copied.verify(&["--report", format]);
                assert_tame(&ran, field);
                if format == "csv" {
                    assert!(!ran.stdout.contains(",=cmd"), "{}", ran.stdout);
                }
            }
        }
    }
}
