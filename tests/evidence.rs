//! Evidence that others can check: `report`, `check`, `verify --bundle` and `--sign`, run as a user would over the worlds of
//! `sample-data/`.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "evidence/bundles.rs"]
mod bundles;
mod common;
#[path = "evidence/signatures.rs"]
mod signatures;

use std::fs;
use std::path::Path;

use common::{Copied, Ran, World, flowproof, root, worlds};
use serde_json::{Value, json};

/// Formats that are written by now; those that are not give one line, the same in both commands.
const FORMATS: &[&str] = &[
    "text", "json", "markdown", "html", "junit", "sarif", "ocsf", "csv",
];

/// `verify` over a world, with more words.
fn verify(world: &World, more: &[&str]) -> Ran {
    let [logs, topology, policy] =
        ["logs", "topology.json", "policy.toml"].map(|part| world.path(part));
    let mut args = vec![
        "verify",
        &logs,
        "--topology",
        &topology,
        "--policy",
        &policy,
    ];
    args.extend(world.args.iter().map(String::as_str));
    args.extend(more);
    let ran = flowproof(&args, b"");
    assert_eq!(ran.code, world.exit, "{}: {}", world.name, ran.stderr);
    ran
}

fn check(evidence: &str, more: &[&str]) -> Ran {
    flowproof(&[&["check", evidence], more].concat(), b"")
}

fn word(place: &Path) -> &str {
    place.to_str().unwrap()
}

/// A copy of a world, its evidence, and the words that check it by all that it rests on.
struct Kept {
    copied: Copied,
    evidence: String,
}

impl Kept {
    fn of(name: &str, more: &[&str]) -> Kept {
        let copied = Copied::of(name);
        let evidence = copied.word("evidence.json");
        copied.verify(&[&["--evidence", &evidence], more].concat());
        Kept { copied, evidence }
    }

    fn check(&self, more: &[&str]) -> Ran {
        check(&self.evidence, more)
    }

    fn check_all(&self, more: &[&str]) -> Ran {
        let [logs, topology, policy] =
            ["logs", "topology.json", "policy.toml"].map(|part| self.copied.word(part));
        let rests = [logs.as_str(), "--topology", &topology, "--policy", &policy];
        self.check(&[&rests, more].concat())
    }
}

#[test]
fn a_report_made_later_is_the_one_that_verify_made() {
    for world in worlds() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| word(&folder.path().join(name)).to_owned();
        let (evidence, reports) = (place("evidence.json"), |when: &str| -> Vec<String> {
            let one = |format: &&str| format!("{format}={}", place(&format!("{when}.{format}")));
            FORMATS.iter().map(one).collect()
        });
        let first = reports("first");
        let mut more = vec!["--evidence", &evidence];
        more.extend(first.iter().flat_map(|report| ["--report", report]));
        verify(&world, &more);
        let later = reports("later");
        let mut args = vec!["report", &evidence];
        args.extend(later.iter().map(String::as_str));
        let ran = flowproof(&args, b"");
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (0, "", ""),
            "{}",
            world.name
        );
        for format in FORMATS {
            let [first, later] = ["first", "later"]
                .map(|when| fs::read(place(&format!("{when}.{format}"))).unwrap());
            assert!(first == later, "{} as {format}", world.name);
        }
        let piped = flowproof(&["report", "-"], &fs::read(&evidence).unwrap());
        assert_eq!(piped.code, 0);
        assert_eq!(
            piped.stdout,
            fs::read_to_string(place("first.text")).unwrap()
        );
    }
}

#[test]
fn what_is_no_evidence_is_2_for_both_commands() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("nothing", "", "evidence-bad-json"),
        ("text", "PROVEN\n", "evidence-bad-json"),
        ("other JSON", "{}", "evidence-other-schema"),
        (
            "another schema",
            "{\"schema\": \"flowproof.evidence/v9\"}",
            "evidence-other-schema",
        ),
        (
            "fields missing",
            "{\"schema\": \"flowproof.evidence/v1\"}",
            "evidence-bad-value",
        ),
    ];
    for (title, text, code) in cases {
        let file = folder.path().join("evidence.json");
        fs::write(&file, text).unwrap();
        for command in ["report", "check"] {
            let ran = flowproof(&[command, word(&file)], b"");
            assert_eq!(ran.code, 2, "{command} {title}");
            assert!(
                ran.stderr.contains(&format!("error[{code}]")),
                "{command} {title}: {}",
                ran.stderr
            );
        }
    }
    for command in ["report", "check"] {
        let ran = flowproof(&[command, word(&folder.path().join("none.json"))], b"");
        assert_eq!(ran.code, 2);
        assert!(
            ran.stderr.contains("error[evidence-unreadable]"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn the_evidence_of_every_world_is_intact_and_reproducible() {
    for world in worlds() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("evidence.json");
        let metrics = root().join(world.path("metrics.json"));
        let with: Vec<&str> = if metrics.exists() {
            vec!["--metrics", word(&metrics)]
        } else {
            Vec::new()
        };
        verify(&world, &[&["--evidence", word(&file)], &with[..]].concat());
        let ran = check(word(&file), &[]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", world.name);
        assert!(
            ran.stdout.contains("the verdict was not recomputed"),
            "{}",
            ran.stdout
        );
        assert!(
            ran.stdout.ends_with("INTACT, as far as it was checked\n"),
            "{}",
            ran.stdout
        );
        // Copied elsewhere, under other names, and given one by one in another order.
        let mut args: Vec<String> = Vec::new();
        for (index, log) in world.files().iter().enumerate() {
            let copy = folder.path().join(format!("{:02}", 50 - index));
            fs::copy(log, &copy).unwrap();
            args.push(word(&copy).to_owned());
        }
        for (option, part) in [("--topology", "topology.json"), ("--policy", "policy.toml")] {
            let copy = folder.path().join(format!("{option}.copy"));
            fs::copy(root().join(world.path(part)), &copy).unwrap();
            args.extend([option.to_owned(), word(&copy).to_owned()]);
        }
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.extend(with);
        let ran = check(word(&file), &args);
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (0, ""),
            "{}: {}",
            world.name,
            ran.stdout
        );
        assert!(
            ran.stdout.ends_with("INTACT, AND REPRODUCED\n"),
            "{}",
            ran.stdout
        );
        assert!(
            ran.stdout.contains("under other names now"),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn a_window_taken_from_the_records_is_reproduced_too() {
    let copied = Copied::of("gateway-endpoint-only");
    let [logs, topology, evidence] =
        ["logs", "topology.json", "e.json"].map(|part| copied.word(part));
    let ran = flowproof(
        &[
            "verify",
            &logs,
            "--topology",
            &topology,
            "--evidence",
            &evidence,
            "--quiet",
        ],
        b"",
    );
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.stderr);
    let ran = check(&evidence, &[&logs, "--topology", &topology]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("policy: the built-in one"),
        "{}",
        ran.stdout
    );
    // Everything on one pipe.
    let text: String = (0..6).map(|index| copied.text(index)).collect();
    let args = [
        "verify",
        "-",
        "--topology",
        &topology,
        "--evidence",
        &evidence,
        "--quiet",
    ];
    flowproof(&args, text.as_bytes());
    let ran = flowproof(
        &["check", &evidence, "-", "--topology", &topology],
        text.as_bytes(),
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
}

/// Writes the evidence anew, as flowproof would, with a change.
fn tampered(kept: &Kept, change: impl Fn(&mut Value)) {
    let mut evidence: Value = serde_json::from_slice(&fs::read(&kept.evidence).unwrap()).unwrap();
    change(&mut evidence);
    let text = serde_json::to_string_pretty(&evidence).unwrap() + "\n";
    fs::write(&kept.evidence, text).unwrap();
}

#[test]
fn each_kind_of_tampering_is_named() {
    type Change = fn(&mut Value);
    // title, whether the document alone shows it, what is named, change
    let cases: &[(&str, bool, &str, Change)] = &[
        ("the verdict", true, "`verdict`", |e| {
            e["verdict"] = json!("proven")
        }),
        (
            "a count",
            true,
            "claims[0].witnesses.count: 11 in the evidence, 12 now",
            |e| {
                e["claims"][0]["witnesses"]["count"] = json!(11);
            },
        ),
        ("a key of its own", true, "error[evidence-changed]", |e| {
            e["note"] = json!("seen")
        }),
        (
            "a witness's address",
            false,
            "claims[0].witnesses.sample[0].peer: \"1.2.3.4\" in the evidence",
            |e| {
                e["claims"][0]["witnesses"]["sample"][0]["peer"] = json!("1.2.3.4");
            },
        ),
        ("a title", false, "claims[0].title", |e| {
            e["claims"][0]["title"] = json!("All is well")
        }),
        (
            "the window",
            false,
            "claims[0].witnesses.count: 12 in the evidence, 4 now",
            |e| e["window"]["since"] = json!("2026-08-11T06:45:00Z"),
        ),
        ("a line", false, "inputs[0].cited[0].line", |e| {
            e["inputs"][0]["cited"][0]["line"] = json!(999)
        }),
        ("a digest", false, "inputs[0].sha256", |e| {
            e["inputs"][0]["sha256"] = json!("0".repeat(64))
        }),
        ("another policy", false, "this is not the policy", |e| {
            e["policy"]["sha256"] = json!("0".repeat(64))
        }),
        ("other ranges", false, "error[rests-missing]", |e| {
            e["tool"]["ip_ranges"]["sha256"] = json!("0".repeat(64))
        }),
        (
            "all of a claim, proven",
            false,
            "claims[0].verdict: \"proven\" in the evidence, \"violated\" now",
            |e| {
                let none = json!({"count": 0, "bytes": 0, "by": [], "sample": []});
                e["claims"][0]["witnesses"] =
                    json!({"count": 0, "bytes": 0, "counted_at": null, "by": [], "sample": []});
                e["claims"][0]["witnesses"] = none;
                e["claims"][0]["verdict"] = json!("proven");
                e["verdict"] = json!("proven");
                for input in e["inputs"].as_array_mut().unwrap() {
                    let input = input.as_object_mut().unwrap();
                    let cited = input.get_mut("cited").and_then(Value::as_array_mut);
                    if let Some(cited) = cited {
                        cited.retain(|one| one["group"] != "witnesses");
                        if cited.is_empty() {
                            input.remove("cited");
                        }
                    }
                }
            },
        ),
    ];
    for (title, alone, named, change) in cases {
        let kept = Kept::of("forgotten-route-table", &[]);
        tampered(&kept, change);
        let by_itself = kept.check(&[]);
        assert_eq!(
            by_itself.code,
            if *alone { 2 } else { 0 },
            "{title}: {}{}",
            by_itself.stdout,
            by_itself.stderr
        );
        let ran = kept.check_all(&[]);
        assert_eq!(ran.code, 2, "{title}: {}", ran.stdout);
        assert!(ran.stderr.contains(named), "{title}: {}", ran.stderr);
        assert!(
            ran.stdout
                .ends_with("NOT INTACT, or not what it was made from\n"),
            "{title}"
        );
    }
}

/// A claim that is taken out changes no other, so that only the policy tells of it.
#[test]
fn the_policy_alone_tells_of_a_claim_that_is_not_its_own() {
    type Change = fn(&mut Value);
    let cases: &[(&str, &str, Change)] = &[
        ("taken out", "claim 2 of the evidence", |e| {
            e["claims"].as_array_mut().unwrap().remove(1);
        }),
        (
            "the last taken out",
            "got: nothing, and the policy has",
            |e| {
                e["claims"].as_array_mut().unwrap().pop();
            },
        ),
        ("another assertion", "claim 1 of the evidence", |e| {
            e["claims"][0]["asserts"]["to"] = json!(["service:dynamodb"]);
        }),
        ("another title", "claim 3 of the evidence", |e| {
            e["claims"][2]["title"] = json!("All is well");
        }),
    ];
    for (title, named, change) in cases {
        let kept = Kept::of("gateway-endpoint-only", &[]);
        let policy = kept.copied.word("policy.toml");
        let ran = kept.check(&["--policy", &policy]);
        assert_eq!(ran.code, 0, "{title}: {}{}", ran.stdout, ran.stderr);
        assert!(
            ran.stdout.contains("claims: all 3 of the policy"),
            "{}",
            ran.stdout
        );
        tampered(&kept, change);
        assert_eq!(kept.check(&[]).code, 0, "{title}");
        let ran = kept.check(&["--policy", &policy]);
        assert_eq!(ran.code, 2, "{title}: {}", ran.stdout);
        assert!(ran.stderr.contains(named), "{title}: {}", ran.stderr);
    }
}

#[test]
fn what_it_rests_on_must_be_the_same_and_all_of_it() {
    type Change = fn(&Copied);
    let cases: &[(&str, &str, Change)] = &[
        ("a log changed", "this input has other bytes", |copied| {
            let text = copied.text(0).replace("ACCEPT", "REJECT");
            fs::write(copied.log(0), common::gzip(text.as_bytes())).unwrap();
        }),
        ("a log less", "error[rests-missing]", |copied| {
            fs::remove_file(copied.log(0)).unwrap()
        }),
        ("a log more", "error[rests-differ]", |copied| {
            fs::write(copied.at("logs/more.log"), copied.text(0)).unwrap()
        }),
        (
            "another topology",
            "this is not the topology file",
            |copied| {
                copied.edit("topology.json", |text| {
                    text.replacen("us-east-1", "us-east-2", 1)
                });
            },
        ),
        ("another policy", "this is not the policy", |copied| {
            copied.edit("policy.toml", |text| {
                text.replace("via-gateway-endpoint", "via-nat")
            });
        }),
        (
            "no topology that can be read",
            "error[topology-bad-json]",
            |copied| {
                fs::write(copied.at("topology.json"), "{").unwrap();
            },
        ),
    ];
    for (title, named, change) in cases {
        let kept = Kept::of("forgotten-route-table", &[]);
        assert_eq!(kept.check_all(&[]).code, 0, "{title}");
        change(&kept.copied);
        let ran = kept.check_all(&[]);
        assert_eq!(ran.code, 2, "{title}: {}", ran.stdout);
        assert!(ran.stderr.contains(named), "{title}: {}", ran.stderr);
    }
    let kept = Kept::of("forgotten-route-table", &[]);
    let logs = kept.copied.word("logs");
    let ran = kept.check(&[&logs]);
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr.matches("error[rests-missing]").count(),
        2,
        "{}",
        ran.stderr
    );
    assert!(
        ran.stdout.contains("the verdict was not recomputed"),
        "{}",
        ran.stdout
    );
    let metrics = root().join("sample-data/nat-interface-only/metrics.json");
    let ran = kept.check_all(&["--metrics", word(&metrics)]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("rests on no metrics"), "{}", ran.stderr);
}

#[test]
fn quiet_says_it_on_stdout_all_the_same() {
    let kept = Kept::of("forgotten-route-table", &[]);
    let ran = kept.check_all(&["--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.ends_with("INTACT, AND REPRODUCED\n"));
}

#[test]
fn wrong_usage_is_2() {
    #[rustfmt::skip]
    let cases: &[(&[&str], &str)] = &[
        (&["check", "-", "-", "--topology", "t"],                         "stdin"),
        (&["check", "-", "--public-key", "k"],                            "envelope"),
        (&["check", "e", "logs", "--topology", "live"],                   "--save-topology"),
        (&["report", "e", "text", "json"],                                "both be written to stdout"),
        (&["report", "e", "pdf=x"],                                       "no format"),
        (&["verify", "l", "--topology", "t", "--sign", "k"],              "--evidence FILE or --bundle DIR"),
        (&["verify", "l", "--topology", "t", "--sign", "k", "--evidence", "a", "--report", "json=a.dsse.json"], "--sign"),
    ];
    for (args, named) in cases {
        let ran = flowproof(args, b"");
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(named), "{args:?}: {}", ran.stderr);
    }
}
