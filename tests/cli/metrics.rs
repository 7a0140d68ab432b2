//! `--metrics FILE`: counters that agree change no verdict, counters that do not make it unproven, a file that is none ends the run.

use serde_json::Value;

use super::*;

/// A copy of a world with its counters, changed.
fn counted(name: &str, change: impl Fn(&mut Vec<Value>)) -> Copied {
    let copied = Copied::of(name);
    let file = root().join(world(name).path("metrics.json"));
    let mut document: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    change(document["Metrics"].as_array_mut().unwrap());
    fs::write(copied.at("metrics.json"), document.to_string()).unwrap();
    copied
}

fn verify(copied: &Copied, more: &[&str]) -> Ran {
    let metrics = copied.word("metrics.json");
    let mut args = vec!["--metrics", metrics.as_str()];
    args.extend(more);
    copied.verify(&args)
}

fn evidence(copied: &Copied, threads: &str) -> Value {
    let ran = verify(copied, &["--report", "json", "--threads", threads]);
    let mut evidence: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}\n{}", ran.stderr));
    evidence.as_object_mut().unwrap().remove("generated_at");
    evidence
}

/// Obligations that failed, of each claim.
fn failed(evidence: &Value) -> Vec<Vec<&str>> {
    let claims = evidence["claims"].as_array().unwrap().iter();
    claims
        .map(|claim| {
            let obligations = claim["obligations"].as_array().unwrap().iter();
            let failed = obligations.filter(|one| one["state"] == "failed");
            failed.map(|one| one["id"].as_str().unwrap()).collect()
        })
        .collect()
}

fn times(series: &mut Value, numerator: u64, denominator: u64) {
    for value in series["Values"].as_array_mut().unwrap() {
        *value = json!(value.as_u64().unwrap() * numerator / denominator);
    }
}

#[test]
fn counters_that_agree_change_no_verdict() {
    for name in ["nat-interface-only", "hybrid-vpn-endpoint"] {
        let copied = counted(name, |_| ());
        let plain = copied.verify(&["--report", "json"]);
        let plain: Value = serde_json::from_str(&plain.stdout).unwrap();
        let with = evidence(&copied, "1");
        assert_eq!(with["verdict"], plain["verdict"], "{name}");
        assert_eq!(failed(&with), failed(&plain), "{name}");
        assert_eq!(plain.get("metrics"), None, "{name}");
        let gateway = &with["metrics"]["gateways"][0];
        assert_eq!(gateway["outcome"], "agrees", "{name}");
        assert_eq!(gateway["excluded_s"], 600, "{name}");
        assert_eq!(with, evidence(&copied, "8"), "{name}");
    }
}

#[test]
fn traffic_without_records_leaves_it_unproven() {
    // The counters have half as much again: a third of the traffic has no record.
    let copied = counted("hybrid-vpn-endpoint", |series| times(&mut series[0], 3, 2));
    let found = evidence(&copied, "2");
    assert_eq!(failed(&found), [["metrics-agree"], ["metrics-agree"]]);
    assert_eq!(found["verdict"], "unproven");
    let ran = verify(&copied, &[]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "failed: metrics-agree counters of vpce-091241a239d4480a3",
        "traffic without records: CloudWatch counted 5104386 bytes, and the records have 3402925, 1701461 too few",
        "give all files of the window",
    ] {
        assert!(text.contains(words), "{words}\n{}", ran.stdout);
    }
}

#[test]
fn a_leg_that_differs_is_named() {
    let copied = counted("nat-interface-only", |series| times(&mut series[0], 1, 2));
    let found = evidence(&copied, "2");
    let gateway = &found["metrics"]["gateways"][0];
    assert_eq!(gateway["outcome"], "records-without-traffic");
    assert_eq!(found["verdict"], "violated");
}

#[test]
fn minutes_that_aws_skipped_are_left_out() {
    let copied = counted("hybrid-vpn-endpoint", |_| ());
    let skip = |text: String| {
        // The first ten minutes of the endpoint's records are skipped, and what was counted then has no record.
        let (header, records) = text.split_once('\n').unwrap();
        let fields: Vec<&str> = header.split(' ').collect();
        let at = |name: &str| fields.iter().position(|field| *field == name).unwrap();
        let line = records
            .lines()
            .find(|line| line.split(' ').nth(at("action")) == Some("ACCEPT"))
            .unwrap();
        let mut values: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let keep = [
            "version",
            "account-id",
            "interface-id",
            "vpc-id",
            "subnet-id",
            "region",
            "az-id",
        ];
        for (value, field) in values.iter_mut().zip(&fields) {
            if !keep.contains(field) {
                *value = "-".to_owned();
            }
        }
        let topology: Value =
            serde_json::from_str(&fs::read_to_string(copied.at("topology.json")).unwrap()).unwrap();
        let since: jiff::Timestamp = "2026-07-21T09:00:00Z".parse().unwrap();
        values[at("interface-id")] = topology["VpcEndpoints"][0]["NetworkInterfaceIds"][0]
            .as_str()
            .unwrap()
            .to_owned();
        values[at("start")] = (since.as_second() + 120).to_string();
        values[at("end")] = (since.as_second() + 180).to_string();
        values[at("log-status")] = "SKIPDATA".to_owned();
        format!("{text}{}\n", values.join(" "))
    };
    let text = skip(copied.text(0));
    fs::write(copied.log(0), gzip(text.as_bytes())).unwrap();
    let found = evidence(&copied, "2");
    assert_eq!(found["metrics"]["gateways"][0]["excluded_s"], 1_200);
    assert_eq!(found["metrics"]["gateways"][0]["outcome"], "agrees");
    assert_eq!(failed(&found), [["no-skipdata"], ["no-skipdata"]]);
}

#[test]
fn a_gateway_without_counters_leaves_it_unproven() {
    let copied = counted("hybrid-vpn-endpoint", Vec::clear);
    let found = evidence(&copied, "2");
    assert_eq!(failed(&found), [["metrics-agree"], ["metrics-agree"]]);
    assert_eq!(found["metrics"]["gateways"][0]["outcome"], "no-counter");
}

#[test]
fn a_file_that_is_none_and_words_that_do_not_fit_end_the_run() {
    let copied = counted("hybrid-vpn-endpoint", |series| {
        series[0]["Values"][3] = json!(-1)
    });
    let ran = verify(&copied, &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("error[metrics-bad]: no count of bytes"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("`Metrics[0].Values[3]`"),
        "{}",
        ran.stderr
    );
    #[rustfmt::skip]
    let cases: [(&[&str], &str); 3] = [
        (&["--metrics", "nowhere.json"],                            "error[file-unreadable]: there is no such file"),
        (&["--save-metrics", "m.json"],                             "--save-metrics writes what --metrics live fetches"),
        (&["--metrics", "nowhere.json", "--save-metrics", "x"],     "--save-metrics writes what --metrics live fetches"),
    ];
    for (more, words) in cases {
        let ran = copied.verify(more);
        assert_eq!(ran.code, 2, "{more:?}");
        assert!(ran.stderr.contains(words), "{more:?}: {}", ran.stderr);
    }
    let (logs, topology) = (copied.word("logs"), copied.word("topology.json"));
    let args = [
        "verify",
        &logs,
        "--topology",
        &topology,
        "--metrics",
        "live",
    ];
    let ran = flowproof(&args, b"");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("give --since and --until"),
        "{}",
        ran.stderr
    );
}
