//! S3 that fails: every failure is outlived, or said; none leads to `proven`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::common::{Ran, world};
use crate::proxy::{Action, Proxy, Request};
use crate::run::put_objects;
use crate::s3::{bucket_of, is_get, is_list, objects, verify};
use crate::servers::{Servers, servers};

/// A world that is proven when all is well.
const WORLD: &str = "gateway-endpoint-only";

/// The one object that the tests break.
fn is_victim(request: &Request) -> bool {
    is_get(request) && request.target.contains("T1210Z")
}

fn error(status: u16, code: &str) -> Action {
    Action::answer(
        status,
        format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>as the test says</Message><RequestId>TEST1</RequestId></Error>"
        ),
    )
}

fn slow_down() -> Action {
    error(503, "SlowDown")
}

/// The one bucket of these tests, which none of them changes: each bucket takes volumes of seaweedfs, which has not many.
fn source(servers: &'static Servers) -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| bucket_of(servers, "faults", &world(WORLD)))
}

/// A run with the proxy's rule between it and the bucket.
fn run(
    rule: impl Fn(&Request) -> Action + Send + Sync + 'static,
    more: &[&str],
) -> Option<(Ran, Value, Vec<Request>)> {
    let servers = servers()?;
    run_of(servers, source(servers), rule, more)
}

fn run_of(
    servers: &Servers,
    source: &str,
    rule: impl Fn(&Request) -> Action + Send + Sync + 'static,
    more: &[&str],
) -> Option<(Ran, Value, Vec<Request>)> {
    let proxy = Proxy::start(Some(&servers.s3), rule);
    let (ran, evidence) = verify(&world(WORLD), &proxy.url(), source, more, &[]);
    assert!(!ran.stderr.contains("testsecret") && !ran.stderr.contains("testkey"));
    Some((ran, evidence, proxy.requests()))
}

/// One input is not whole, that is said with these words, and nothing is proven.
fn assert_not_whole(title: &str, ran: &Ran, evidence: &Value, says: &[&str]) {
    assert_eq!(ran.code, 3, "{title}: {}{}", ran.stdout, ran.stderr);
    assert_eq!(evidence["verdict"], "unproven", "{title}");
    let inputs = evidence["inputs"].as_array().unwrap();
    let broken: Vec<&Value> = inputs
        .iter()
        .filter(|input| input["whole"] == false)
        .collect();
    assert_eq!(broken.len(), 1, "{title}: {}", ran.stderr);
    assert!(
        broken[0]["uri"].as_str().unwrap().contains("T1210Z"),
        "{title}"
    );
    assert!(broken[0]["sha256"].is_null(), "{title}");
    for words in says {
        assert!(
            ran.stderr.contains(words),
            "{title}: {words}\n{}",
            ran.stderr
        );
    }
    assert!(
        ran.stderr.contains("GetObject in eu-west-1"),
        "{title}: {}",
        ran.stderr
    );
}

type Rule = fn(&Request) -> Action;

#[test]
fn what_passes_is_outlived() {
    #[rustfmt::skip]
    let cases: [(&str, Rule, &[&str]); 5] = [
        ("throttled twice",  |asked| if asked.asked_before < 2 && asked.number < 9 { slow_down() } else { Action::Pass }, &[]),
        ("cut once",         |asked| if is_victim(asked) && asked.asked_before == 0 { Action::CutBodyAfter(100) } else { Action::Pass }, &[]),
        ("dropped once",     |asked| if is_victim(asked) && asked.asked_before == 0 { Action::Drop } else { Action::Pass }, &[]),
        ("slow",             |asked| if is_victim(asked) { Action::SlowBody { bytes: 50, pause: Duration::from_millis(30) } } else { Action::Pass }, &[]),
        ("stalled once",     |asked| if is_victim(asked) && asked.asked_before == 0 { Action::StallAfter(100, Duration::from_secs(60)) } else { Action::Pass }, &["--timeout", "2s"]),
    ];
    for (title, rule, more) in cases {
        let Some((ran, evidence, asked)) = run(rule, more) else {
            return;
        };
        assert_eq!(ran.code, 0, "{title}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(evidence["totals"]["records"], 38, "{title}");
        if title.contains("cut") || title.contains("stalled") {
            let rest = asked
                .iter()
                .filter(|asked| is_victim(asked))
                .nth(1)
                .unwrap();
            assert!(
                rest.header("range").unwrap().starts_with("bytes=100-"),
                "{title}"
            );
            assert!(rest.header("if-match").is_some(), "{title}");
        }
    }
}

#[test]
fn what_does_not_pass_leaves_the_input_not_whole() {
    #[rustfmt::skip]
    let cases: [(&str, Rule, &[&str], &[&str]); 11] = [
        ("denied",           |asked| if is_victim(asked) { error(403, "AccessDenied") } else { Action::Pass },        &[], &["error[aws-access-denied]", "HTTP 403 AccessDenied", "`s3:GetObject`", "T1210Z"]),
        ("vanished",         |asked| if is_victim(asked) { error(404, "NoSuchKey") } else { Action::Pass },           &[], &["error[aws-not-found]", "HTTP 404 NoSuchKey"]),
        ("expired",          |asked| if is_victim(asked) { error(400, "ExpiredToken") } else { Action::Pass },        &[], &["error[aws-credentials-expired]", "HTTP 400 ExpiredToken"]),
        ("archived",         |asked| if is_victim(asked) { error(403, "InvalidObjectState") } else { Action::Pass },  &[], &["error[aws-object-archived]", "restore-object"]),
        ("a length too long", |asked| if is_victim(asked) { Action::ContentLength(10) } else { Action::Pass },         &[], &["error[aws-object-changed]", "541 bytes, and had 531"]),
        ("a length too short", |asked| if is_victim(asked) { Action::ContentLength(-10) } else { Action::Pass },        &[], &["error[aws-object-changed]", "521 bytes, and had 531"]),
        ("another ETag",     |asked| if is_victim(asked) { Action::Answer { status: 200, headers: vec![("ETag".into(), "\"b\"".into())], body: vec![0; 531] } } else { Action::Pass }, &[], &["error[aws-object-changed]", "its ETag is"]),
        ("throttled for ever", |asked| if is_victim(asked) { slow_down() } else { Action::Pass },                       &[], &["error[aws-throttled]", "HTTP 503 SlowDown"]),
        ("cut for ever",     |asked| if is_victim(asked) { Action::CutBodyAfter(1) } else { Action::Pass },           &[], &["error[aws-unreachable]", "6 times in a row"]),
        ("dropped for ever", |asked| if is_victim(asked) { Action::Drop } else { Action::Pass },                      &[], &["error[aws-unreachable]"]),
        ("stalled for ever", |asked| if is_victim(asked) { Action::StallAfter(0, Duration::from_secs(60)) } else { Action::Pass }, &["--timeout", "2s"], &["error[aws-unreachable]", "no bytes came for 2 s"]),
    ];
    std::thread::scope(|scope| {
        for (title, rule, more, says) in cases {
            scope.spawn(move || {
                if let Some((ran, evidence, _)) = run(rule, more) {
                    assert_not_whole(title, &ran, &evidence, says);
                }
            });
        }
    });
}

#[test]
fn an_object_that_is_overwritten_meanwhile_is_not_read() {
    static WRITTEN: AtomicBool = AtomicBool::new(false);
    let overwrite = |asked: &Request| {
        if is_victim(asked) && !WRITTEN.swap(true, Ordering::SeqCst) {
            let all = objects(&world(WORLD));
            let (key, _) = all.iter().find(|(key, _)| key.contains("T1210Z")).unwrap();
            put_objects(servers().unwrap(), "overwritten", &[(key, "other bytes")]);
        }
        Action::Pass
    };
    let Some(servers) = servers() else { return };
    let source = bucket_of(servers, "overwritten", &world(WORLD));
    let Some((ran, evidence, _)) = run_of(servers, &source, overwrite, &[]) else {
        return;
    };
    let says = ["error[aws-object-changed]", "HTTP 412"];
    assert_not_whole("overwritten", &ran, &evidence, &says);
}

#[test]
fn a_listing_that_fails_is_no_verdict() {
    const PAGE: &str = "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a.log</Key><Size>1</Size><ETag>\"a\"</ETag></Contents>";
    #[rustfmt::skip]
    let cases: [(&str, Rule, &[&str]); 6] = [
        ("denied",         |asked| if is_list(asked) { error(403, "AccessDenied") } else { Action::Pass },  &["error[aws-access-denied]", "HTTP 403 AccessDenied", "`s3:ListBucket`"]),
        ("expired",        |asked| if is_list(asked) { error(400, "ExpiredToken") } else { Action::Pass },  &["error[aws-credentials-expired]"]),
        ("a step further", |asked| if is_list(asked) && asked.target.contains("us-east-1") { error(403, "AccessDenied") } else { Action::Pass }, &["error[aws-access-denied]"]),
        ("throttled",      |asked| if is_list(asked) { slow_down() } else { Action::Pass },                 &["error[aws-throttled]", "HTTP 503 SlowDown"]),
        ("no token",       |_| Action::answer(200, format!("{PAGE}</ListBucketResult>")),                  &["error[aws-call-failed]", "not how to ask for it"]),
        ("one token",      |_| Action::answer(200, format!("{PAGE}<NextContinuationToken>t</NextContinuationToken></ListBucketResult>")), &["error[aws-call-failed]", "a page that was there before"]),
    ];
    for (title, rule, says) in cases {
        let Some((ran, evidence, asked)) = run(rule, &[]) else {
            return;
        };
        assert_eq!(
            (ran.code, &evidence),
            (2, &Value::Null),
            "{title}: {}",
            ran.stderr
        );
        for words in says {
            assert!(
                ran.stderr.contains(words),
                "{title}: {words}\n{}",
                ran.stderr
            );
        }
        assert!(
            ran.stderr.contains("ListObjectsV2 in eu-west-1"),
            "{title}: {}",
            ran.stderr
        );
        assert!(!asked.iter().any(is_get), "{title}");
    }
}

#[test]
fn who_asks_decides() {
    let Some(servers) = servers() else { return };
    let source = source(servers).to_owned();
    let run =
        |source: &str, env: &[(&str, &str)]| verify(&world(WORLD), &servers.s3, source, &[], env);
    let reader = [
        ("AWS_ACCESS_KEY_ID", "rokey"),
        ("AWS_SECRET_ACCESS_KEY", "rosecret"),
    ];
    let (ran, _) = run(&source, &reader);
    assert_eq!(ran.code, 0, "a reader may: {}", ran.stderr);
    #[rustfmt::skip]
    let cases: [(&str, &str, &[(&str, &str)], &[&str]); 5] = [
        ("a wrong secret", &source, &[("AWS_SECRET_ACCESS_KEY", "open-sesame")],  &["error[aws-credentials]", "ListObjectsV2 in eu-west-1", "HTTP 403 SignatureDoesNotMatch"]),
        ("an unknown key", &source, &[("AWS_ACCESS_KEY_ID", "nobody")],           &["error[aws-credentials]", "HTTP 403 InvalidAccessKeyId"]),
        ("no credentials", &source, &[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")], &["error[aws-credentials]"]),
        ("no Region",      &source, &[("AWS_REGION", "")],                        &["error[aws-region]", "--region"]),
        ("no bucket",      "s3://nobody-has-this/", &[],                          &["error[aws-not-found]", "HTTP 404 NoSuchBucket"]),
    ];
    for (title, source, env, says) in cases {
        let (ran, _) = run(source, env);
        assert_eq!(ran.code, 2, "{title}: {}{}", ran.stdout, ran.stderr);
        for words in says {
            assert!(
                ran.stderr.contains(words),
                "{title}: {words}\n{}",
                ran.stderr
            );
        }
        assert!(
            !ran.stderr.contains("open-sesame") && !ran.stderr.contains("testsecret"),
            "{title}"
        );
    }
    let (ran, _) = run("s3://faults/nothing/", &[]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("error[input-not-found]: `s3://faults/nothing/` names no object\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_budget_that_is_spent_is_said() {
    for (budget, code) in [("2", 2), ("10", 3)] {
        let Some((ran, evidence, asked)) = run(|_| Action::Pass, &["--max-requests", budget])
        else {
            return;
        };
        assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
        assert_ne!(evidence["verdict"], "proven");
        assert!(
            ran.stderr.contains("error[aws-budget-spent]"),
            "{}",
            ran.stderr
        );
        assert_eq!(asked.len().to_string(), budget);
    }
}

#[test]
fn the_requester_pays_for_every_call_if_asked_to() {
    for (more, expected) in [
        (vec!["--requester-pays"], Some("requester")),
        (vec![], None),
    ] {
        let Some((ran, _, asked)) = run(|_| Action::Pass, &more) else {
            return;
        };
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(asked.len() > 6);
        for asked in asked {
            assert_eq!(
                asked.header("x-amz-request-payer"),
                expected,
                "{}",
                asked.target
            );
        }
    }
}

#[test]
fn a_bucket_in_another_region_is_asked_there() {
    let elsewhere = |asked: &Request| {
        let scope = asked.header("authorization").unwrap();
        if scope.contains("/eu-central-1/s3/") {
            return Action::Pass;
        }
        let Action::Answer { body, .. } = error(301, "PermanentRedirect") else {
            return Action::Drop;
        };
        let headers = vec![("x-amz-bucket-region".to_owned(), "eu-central-1".to_owned())];
        Action::Answer {
            status: 301,
            headers,
            body,
        }
    };
    let Some((ran, _, asked)) = run(elsewhere, &[]) else {
        return;
    };
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let wrong = asked.iter().filter(|asked| {
        asked
            .header("authorization")
            .unwrap()
            .contains("/eu-west-1/")
    });
    assert_eq!(wrong.count(), 1);
    let nowhere = |_: &Request| error(301, "PermanentRedirect");
    let (ran, _, _) = run(nowhere, &[]).unwrap();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("error[aws-region]"), "{}", ran.stderr);
}
