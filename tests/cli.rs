//! The command line as users meet it: every way to hand in logs says the same, every way out is whole or not there.

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "cli/metrics.rs"]
mod metrics;
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/same_bytes.rs"]
mod same_bytes;
#[path = "cli/topology.rs"]
mod topology;

use std::fs;
use std::io::Write;

use common::{Copied, Ran, bless, flowproof, gzip, root, world};
use serde_json::{Value, json};

const TEXT: &str = "gateway-endpoint-only";
const FORMAT: &str = "${action} ${version} ${az-id} ${interface-id} ${tcp-flags} ${account-id} ${srcaddr} ${pkt-src-aws-service} ${dstaddr} ${pkt-dst-aws-service} ${region} ${start} ${log-status} ${bytes} ${type} ${flow-direction} ${protocol} ${packets} ${sublocation-id} ${subnet-id} ${srcport} ${pkt-dstaddr} ${dstport} ${end} ${instance-id} ${traffic-path} ${vpc-id} ${pkt-srcaddr} ${sublocation-type}";

/// What must not depend on how records are handed in.
fn judged(ran: &Ran, title: &str) -> Value {
    let evidence: Value = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{title}: {error}\n{}", ran.stderr));
    let mut claims = evidence["claims"].clone();
    for claim in claims.as_array_mut().unwrap() {
        claim.as_object_mut().unwrap().remove("at");
    }
    json!({ "verdict": evidence["verdict"], "totals": evidence["totals"], "claims": claims, "coverage": evidence["coverage"] })
}

fn original() -> Value {
    judged(&Copied::of(TEXT).verify(&["--report", "json"]), "original")
}

/// Header and records of a log file.
fn parts(text: &str) -> (&str, Vec<&str>) {
    let mut lines = text.lines();
    (lines.next().unwrap(), lines.collect())
}

/// Writes every log file anew.
fn rewritten(change: impl Fn(&str) -> Vec<u8>) -> Copied {
    let copied = Copied::of(TEXT);
    for index in 0..6 {
        let bytes = change(&copied.text(index));
        fs::write(copied.log(index), bytes).unwrap();
    }
    copied
}

#[test]
fn the_same_records_in_any_clothes_say_the_same() {
    type Case = (&'static str, fn(&str) -> Vec<u8>);
    let cases: &[Case] = &[
        ("plain text", |text| text.into()),
        ("gzip", |text| gzip(text.as_bytes())),
        ("several gzip members", |text| {
            let (first, rest) = text.as_bytes().split_at(700);
            [gzip(first), gzip(b""), gzip(rest)].concat()
        }),
        ("CRLF", |text| text.replace('\n', "\r\n").into()),
        ("a byte order mark", |text| format!("\u{feff}{text}").into()),
        ("the header before every record", |text| {
            let (header, records) = parts(text);
            let lines = records.iter().map(|record| format!("{header}\n{record}\n"));
            lines.collect::<String>().into()
        }),
        ("blanks and blank lines", |text| {
            format!(
                "\n  {}  \n\n",
                text.replace(' ', " \t  ").replace('\n', "  \n \n\t")
            )
            .into()
        }),
        ("no newline at the end", |text| text.trim_end().into()),
        ("names with underscores", |text| {
            let (header, records) = parts(text);
            format!("{}\n{}\n", header.replace('-', "_"), records.join("\n")).into()
        }),
        ("no header, and the topology knows the format", |text| {
            (parts(text).1.join("\n") + "\n").into()
        }),
        ("an export of CloudWatch Logs", |text| {
            let line = |line: &str| format!("2026-08-01T12:00:00.000Z {line}\n");
            parts(text)
                .1
                .iter()
                .map(|record| line(record))
                .collect::<String>()
                .into()
        }),
        ("an export with milliseconds", |text| {
            let line = |line: &str| format!("1785585600000,{line}\n");
            parts(text)
                .1
                .iter()
                .map(|record| line(record))
                .collect::<String>()
                .into()
        }),
        ("subscription data, gzipped, one after another", |text| {
            let events = |records: &[&str]| {
                let events: Vec<Value> = records
                    .iter()
                    .map(|record| json!({ "id": "1", "timestamp": 1, "message": record }))
                    .collect();
                json!({ "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "g", "logStream": "s",
                        "subscriptionFilters": ["f"], "logEvents": events })
                .to_string()
            };
            let (_, records) = parts(text);
            let control = json!({ "messageType": "CONTROL_MESSAGE", "logEvents": [{ "id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose." }] });
            gzip(
                format!(
                    "{control}{}{}",
                    events(&records[..2]),
                    events(&records[2..])
                )
                .as_bytes(),
            )
        }),
        ("messages as lines of JSON", |text| {
            let line = |line: &&str| json!({ "message": format!("{line}\n") }).to_string() + "\n";
            parts(text).1.iter().map(line).collect::<String>().into()
        }),
        ("messages in an array", |text| {
            let messages: Vec<Value> = parts(text)
                .1
                .iter()
                .map(|line| json!({ "message": line }))
                .collect();
            Value::from(messages).to_string().into()
        }),
        ("the answer of filter-log-events", |text| {
            let events: Vec<Value> = parts(text)
                .1
                .iter()
                .map(|line| json!({ "logStreamName": "s", "timestamp": 1, "message": line, "ingestionTime": 2, "eventId": "3" }))
                .collect();
            serde_json::to_vec_pretty(&json!({ "events": events, "searchedLogStreams": [] }))
                .unwrap()
        }),
    ];
    let original = original();
    for (title, change) in cases {
        let ran = rewritten(change).verify(&["--report", "json"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{title}");
        pretty_assertions::assert_eq!(judged(&ran, title), original, "{title}");
    }
}

#[test]
fn a_log_without_header_has_the_format_that_somebody_names() {
    let headerless = || rewritten(|text| (parts(text).1.join("\n") + "\n").into());
    let renamed = |copied: &Copied| {
        for index in 0..6 {
            let log = copied.log(index);
            fs::rename(&log, log.with_file_name(format!("0{index}.log"))).unwrap();
        }
    };
    // A second flow log with another format: now the file name must tell which is meant.
    let second = |copied: &Copied| {
        copied.edit("topology.json", |text| {
            let mut topology: Value = serde_json::from_str(&text).unwrap();
            let mut other = topology["FlowLogs"][0].clone();
            other["FlowLogId"] = "fl-0123456789abcdef0".into();
            other["ResourceId"] = "eni-0fffffffffffffff0".into();
            other["LogFormat"] = "${version} ${srcaddr}".into();
            topology["FlowLogs"]
                .as_array_mut()
                .unwrap()
                .insert(0, other);
            topology.to_string()
        });
    };
    let original = original();
    let by_name = headerless();
    second(&by_name);
    let ran = by_name.verify(&["--report", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(judged(&ran, "by name"), original);
    renamed(&by_name);
    let ran = by_name.verify(&["--report", "json"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.contains("error[format-ambiguous]"),
        "{}",
        ran.stderr
    );
    assert_eq!(judged(&ran, "ambiguous")["totals"]["set_aside"], 38);
    let ran = by_name.verify(&["--report", "json", "--log-format", FORMAT]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(judged(&ran, "--log-format"), original);
}

/// An AWS-like folder of files that say one thing each, from sources of any kind.
#[test]
fn however_sources_are_named_they_say_the_same() {
    let original = original();
    let copied = Copied::of(TEXT);
    let folder = copied.word("logs");
    let files: Vec<String> = (0..6)
        .map(|index| copied.log(index).to_str().unwrap().to_owned())
        .collect();
    let all: Vec<&str> = files.iter().map(String::as_str).collect();
    let backwards: Vec<&str> = all.iter().rev().copied().collect();
    let (star, deep) = (
        copied.word("logs/*.log.gz"),
        copied.word("**/*_vpcflowlogs_*"),
    );
    let text: String = (0..6).map(|index| copied.text(index)).collect();
    let zipped: Vec<u8> = (0..6)
        .flat_map(|index| fs::read(copied.log(index)).unwrap())
        .collect();
    let tail: Vec<u8> = (3..6)
        .flat_map(|index| fs::read(copied.log(index)).unwrap())
        .collect();
    let dotted = format!("{folder}/../logs");
    #[rustfmt::skip]
    let cases: Vec<(&str, Vec<&str>, &[u8])> = vec![
        ("a folder",                vec![&folder],                   b""),
        ("a list of files",         all.clone(),                     b""),
        ("the list backwards",      backwards,                       b""),
        ("a glob in quotes",        vec![&star],                     b""),
        ("a deep glob",             vec![&deep],                     b""),
        ("the same thrice",         vec![&folder, &star, &dotted, all[0]], b""),
        ("stdin, plain",            vec!["-"],                       text.as_bytes()),
        ("stdin, gzip",             vec!["-"],                       &zipped),
        ("files and stdin",         vec![all[0], "-", all[1], all[2]], &tail),
    ];
    for (title, sources, stdin) in cases {
        let ran = copied.verify_of(&sources, stdin, &["--report", "json"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{title}");
        pretty_assertions::assert_eq!(judged(&ran, title), original, "{title}");
    }
    let none = copied.verify_of(&all[..2], b"", &["--report", "json"]);
    assert_eq!(none.code, 3, "half of it proves nothing");
}

#[test]
fn parquet_on_stdin_and_text_beside_parquet_say_the_same() {
    let original = original();
    let (text, parquet) = (Copied::of(TEXT), Copied::of("parquet"));
    let bytes = fs::read(parquet.log(0)).unwrap();
    let rest: Vec<String> = (1..6)
        .map(|index| {
            if index % 2 == 0 {
                text.log(index)
            } else {
                parquet.log(index)
            }
        })
        .map(|log| log.to_str().unwrap().to_owned())
        .collect();
    let mut sources: Vec<&str> = rest.iter().map(String::as_str).collect();
    sources.push("-");
    for stdin in [bytes.clone(), gzip(&bytes)] {
        let ran = text.verify_of(&sources, &stdin, &["--report", "json"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        assert_eq!(judged(&ran, "mixed"), original);
    }
}

#[test]
fn exit_codes_are_the_same_in_every_format() {
    let worlds = [
        ("gateway-endpoint-only", 0),
        ("internet-gateway-only", 1),
        ("skipdata", 3),
    ];
    for format in ["text", "json", "csv"] {
        for (name, code) in worlds {
            let copied = Copied::of(name);
            let ran = copied.verify(&["--report", format]);
            assert_eq!(ran.code, code, "{name} as {format}");
            assert!(!ran.stdout.is_empty(), "{name} as {format}");
        }
        let copied = Copied::of(TEXT);
        fs::remove_file(copied.at("policy.toml")).unwrap();
        let ran = copied.verify(&["--report", format]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{format}");
    }
}

#[test]
fn wrong_usage_is_2_on_stderr() {
    #[rustfmt::skip]
    let cases: &[&[&str]] = &[
        &[], &["frobnicate"], &["verify"], &["verify", "logs"], &["verify", "--topology", "t.json"],
        &["verify", "logs", "--topology", "t.json", "--no-such-option"], &["verify", "logs", "--topology", "t", "--since", "now"],
        &["verify", "logs", "--topology", "t", "--evidence", "a", "--report", "json=a"],
        &["classify", "logs", "--topology", "t.json"], &["classify", "logs", "--topology", "t.json", "--output", "-"],
        &["classify", "logs", "--topology", "t.json", "--output", "flows.xlsx"],
        &["classify", "logs", "--topology", "t.json", "--output", "flows", "--output-format", "xlsx"],
        &["topology"], &["topology", "check"], &["completions"], &["completions", "tcsh"], &["man", "verify"],
    ];
    for args in cases {
        let ran = flowproof(args, b"");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(!ran.stderr.is_empty(), "{args:?}");
    }
    let ran = flowproof(
        &[
            "classify",
            "logs",
            "--topology",
            "t.json",
            "--output",
            "flows.xlsx",
        ],
        b"",
    );
    assert!(
        ran.stderr
            .contains("the name `flows.xlsx` does not tell the format"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("help: add --output-format parquet, csv, jsonl or arrow"),
        "{}",
        ran.stderr
    );
}

fn same_as_golden(name: &str, got: &str) {
    let file = root().join("tests/golden-help").join(name);
    if bless() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, got).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    pretty_assertions::assert_str_eq!(expected, got, "{name}; FLOWPROOF_BLESS=1 writes it");
}

#[test]
fn help_is_as_expected() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        ("flowproof",      &["--help"]),
        ("flowproof-short", &["-h"]),
        ("verify",         &["verify", "--help"]),
        ("verify-short",   &["verify", "-h"]),
        ("classify",       &["classify", "--help"]),
        ("explain",        &["explain", "--help"]),
        ("query",          &["query", "--help"]),
        ("report",         &["report", "--help"]),
        ("check",          &["check", "--help"]),
        ("topology",       &["topology", "--help"]),
        ("topology-check", &["topology", "check", "--help"]),
        ("topology-snapshot", &["topology", "snapshot", "--help"]),
        ("completions",    &["completions", "--help"]),
        ("man",            &["man", "--help"]),
    ];
    for (name, args) in cases {
        let ran = flowproof(args, b"");
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{name}");
        same_as_golden(name, &ran.stdout);
    }
    let mut known: Vec<String> = cases.iter().map(|case| case.0.to_owned()).collect();
    let mut there: Vec<String> = fs::read_dir(root().join("tests/golden-help"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    known.sort();
    there.sort();
    if bless() {
        // The other test may not have written its own yet.
        return;
    }
    assert_eq!(known, there, "an expectation that no test reads");
}

#[test]
fn version_tells_the_date_of_the_ranges() {
    let ran = flowproof(&["--version"], b"");
    assert_eq!(ran.code, 0);
    let version = concat!("flowproof ", env!("CARGO_PKG_VERSION"), " (ip-ranges of 20");
    assert!(ran.stdout.starts_with(version), "{}", ran.stdout);
}

#[test]
fn completions_and_manual_are_there() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = flowproof(&["completions", shell], b"");
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{shell}");
        assert!(
            ran.stdout.contains("classify") && ran.stdout.contains("evidence"),
            "{shell}"
        );
    }
    let ran = flowproof(&["man"], b"");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(
        ran.stdout.contains(".TH flowproof-verify 1"),
        "{}",
        ran.stdout
    );
}

#[test]
fn quiet_says_errors_only() {
    let copied = Copied::of(TEXT);
    copied.edit("topology.json", |text| {
        text.replacen('{', "{\"Stranger\": 1,", 1)
    });
    let loud = copied.verify(&[]);
    assert!(
        loud.stderr.contains("warning[topology-unknown-key]"),
        "{}",
        loud.stderr
    );
    let quiet = copied.verify(&["--quiet"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (loud.code, ""));
    assert_eq!(quiet.stdout, loud.stdout);
    fs::remove_file(copied.at("topology.json")).unwrap();
    assert!(
        copied
            .verify(&["--quiet"])
            .stderr
            .contains("error[file-unreadable]")
    );
}

#[test]
fn colour_is_there_on_request_only() {
    let copied = Copied::of("internet-gateway-only");
    assert!(!copied.verify(&[]).stdout.contains('\u{1b}'));
    assert!(
        copied
            .verify(&["--color", "always"])
            .stdout
            .contains('\u{1b}')
    );
    let json = copied.verify(&["--color", "always", "--report", "json"]);
    assert!(!json.stdout.contains('\u{1b}'));
}

/// A topology folder: one file a describe call, whatever their names.
#[test]
fn a_topology_in_parts_says_the_same() {
    let copied = Copied::of(TEXT);
    let text = fs::read_to_string(copied.at("topology.json")).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    fs::remove_file(copied.at("topology.json")).unwrap();
    fs::create_dir(copied.at("topology.json")).unwrap();
    let mut written = 0;
    for (key, value) in whole.as_object().unwrap() {
        if value.is_array() {
            let mut file =
                fs::File::create(copied.at(&format!("topology.json/{written}.txt"))).unwrap();
            write!(file, "{}", json!({ key.as_str(): value })).unwrap();
            written += 1;
        }
    }
    assert!(written > 8);
    let ran = copied.verify(&["--report", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let (mut got, mut original) = (judged(&ran, "parts"), original());
    for evidence in [&mut got, &mut original] {
        evidence["claims"] = Value::Null;
    }
    assert_eq!(got, original);
}
