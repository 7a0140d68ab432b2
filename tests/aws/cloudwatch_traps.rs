//! What a log group's API does that no emulator does, answered by a script: the wire, the request, and what the run says.

use serde_json::{Value, json};

use crate::proxy::{Action, Proxy, Request};
use crate::run::flowproof;

const SINCE: &str = "2026-08-01T12:00:00Z";
const UNTIL: &str = "2026-08-01T13:00:00Z";
/// [`SINCE`] in milliseconds.
const NOON_MS: i64 = 1_785_585_600_000;
const HOUR_MS: i64 = 3_600_000;

fn line(n: i64) -> String {
    let start = NOON_MS / 1000 + n;
    format!(
        "2 123456789012 eni-1 10.0.0.1 10.0.0.2 443 {} 6 1 40 {start} {} ACCEPT OK",
        2000 + n,
        start + 60
    )
}

fn event(n: i64) -> Value {
    json!({"eventId": n.to_string(), "logStreamName": "eni-1-all", "timestamp": NOON_MS + n * 1000, "message": line(n)})
}

fn page(events: &[i64], token: Option<&str>) -> Action {
    let events: Vec<Value> = events.iter().map(|n| event(*n)).collect();
    let answer = json!({"events": events, "nextToken": token, "nextForwardToken": token});
    Action::answer(200, answer.to_string())
}

fn error(code: &str, message: &str) -> Action {
    Action::answer(400, json!({"__type": code, "message": message}).to_string())
}

fn operation(request: &Request) -> &str {
    let target = request.header("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

const NO_FLOW_LOGS: &str = "<R><flowLogSet/></R>";

/// A log group with so many streams; `events` answers FilterLogEvents for the hour from noon, and GetLogEvents, by the token and
/// by how many of them were asked before. Other hours are empty.
fn group(
    streams: usize,
    flow_logs: &'static str,
    events: impl Fn(Option<&str>, usize) -> Action + Send + Sync + 'static,
) -> Proxy {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Proxy::start(None, move |request| {
        let body = body(request);
        match operation(request) {
            "DescribeLogStreams" => {
                let name =
                    |n| json!({"logStreamName": format!("eni-{n}-all"), "lastEventTimestamp": 5});
                let streams: Vec<Value> = (1..=streams).map(name).collect();
                Action::answer(200, json!({"logStreams": streams}).to_string())
            }
            "FilterLogEvents" if body["startTime"] != NOON_MS => page(&[], None),
            "FilterLogEvents" | "GetLogEvents" => {
                let before = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                events(body["nextToken"].as_str(), before)
            }
            _ => Action::answer(200, flow_logs),
        }
    })
}

struct Said {
    code: i32,
    stderr: String,
    /// Rows taken; `None` without a verdict.
    flows: Option<u64>,
    whole: bool,
}

fn verify(proxy: &Proxy, source: &str, more: &[&str]) -> Said {
    let url = proxy.url();
    let mut args = vec!["verify", source, "--endpoint-url", &url, "--report", "json"];
    args.extend([
        "--topology",
        "sample-data/gateway-endpoint-only/topology.json",
    ]);
    args.extend(["--until", UNTIL]);
    args.extend(more);
    if !more.contains(&"--since") {
        args.extend(["--since", SINCE]);
    }
    let ran = flowproof(&args, &[]);
    let evidence: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    let inputs = evidence["inputs"].as_array();
    Said {
        code: ran.code,
        stderr: ran.stderr,
        flows: inputs.map(|all| all.iter().filter_map(|input| input["flows"].as_u64()).sum()),
        whole: inputs.is_some_and(|all| all.iter().all(|input| input["whole"] == true)),
    }
}

fn sent(proxy: &Proxy, name: &str) -> Vec<Value> {
    let requests = proxy.requests();
    let of = requests.iter().filter(|request| operation(request) == name);
    of.map(body).collect()
}

/// Streams that are too many to be read one by one in a window of an hour.
const MANY: usize = 4;

#[test]
fn empty_pages_duplicates_disorder_and_an_expired_token_lose_and_add_nothing() {
    let proxy = group(MANY, NO_FLOW_LOGS, |token, before| match (token, before) {
        (None, 0) => page(&[], Some("a")),
        (Some("a"), 1) => page(&[2, 1, 2], Some("b")),
        (Some("b"), 2) => error(
            "InvalidParameterException",
            "The specified nextToken is invalid.",
        ),
        (None, 3) => page(&[1, 2, 5], Some("a")),
        (Some("a"), 4) => page(&[4, 3], None),
        other => error(
            "InvalidParameterException",
            &format!("not asked for: {other:?}"),
        ),
    });
    let said = verify(&proxy, "cloudwatch:g", &[]);
    assert_eq!((said.flows, said.whole), (Some(5), true), "{}", said.stderr);
    let asked = sent(&proxy, "FilterLogEvents");
    assert!(asked.len() >= 6);
    for request in asked {
        let start = request["startTime"].as_i64().unwrap();
        // Its end is inclusive.
        assert_eq!(request["endTime"].as_i64().unwrap(), start + HOUR_MS - 1);
        assert_eq!(request["startFromHead"], true);
        assert_eq!(request["logGroupName"], "g");
        assert!(
            request.get("interleaved").is_none() && request.get("logGroupIdentifier").is_none()
        );
    }
}

#[test]
fn a_stream_is_read_until_its_token_comes_back() {
    let proxy = group(1, NO_FLOW_LOGS, |token, before| match (token, before) {
        (None, 0) => page(&[], Some("a")),
        (Some("a"), 1) => page(&[1, 2], Some("b")),
        (Some("b"), 2) => error(
            "InvalidParameterException",
            "The specified nextToken is invalid.",
        ),
        (None, 3) => page(&[2, 3], Some("c")),
        (Some("c"), 4) => page(&[4], Some("d")),
        (Some("d"), 5) => page(&[], Some("d")),
        other => error(
            "InvalidParameterException",
            &format!("not asked for: {other:?}"),
        ),
    });
    let said = verify(&proxy, "cloudwatch:g", &[]);
    assert_eq!((said.flows, said.whole), (Some(4), true), "{}", said.stderr);
    let asked = sent(&proxy, "GetLogEvents");
    assert_eq!(asked.len(), 6);
    for (place, request) in asked.iter().enumerate() {
        let start = if place < 3 {
            NOON_MS - HOUR_MS
        } else {
            NOON_MS + 2_000
        };
        assert_eq!(request["startTime"], start);
        // Its end is exclusive.
        assert_eq!(request["endTime"], NOON_MS + HOUR_MS);
        assert_eq!(request["startFromHead"], true);
    }
}

#[test]
fn what_cannot_be_read_to_its_end_is_not_whole_and_says_why() {
    type Script = fn(Option<&str>, usize) -> Action;
    #[rustfmt::skip]
    let cases: [(&str, usize, Script, &str); 6] = [
        ("a token again",         MANY, |_, _| page(&[1], Some("a")),                                  "for the second time"),
        ("a circle of tokens",    1,    |_, n| page(&[1], Some(["a", "b"][n % 2])),                    "for the second time"),
        ("no token at all",       1,    |_, _| page(&[1], None),                                       "no token to go on with"),
        ("always expired",        MANY, |token, _| token.map_or_else(|| page(&[1], Some("a")), |_| error("InvalidParameterException", "Invalid nextToken")), "expire faster"),
        ("denied in mid-run",     MANY, |token, _| token.map_or_else(|| page(&[1], Some("a")), |_| error("AccessDeniedException", "no")), "`logs:FilterLogEvents`"),
        ("gone in mid-run",       1,    |token, _| token.map_or_else(|| page(&[1], Some("a")), |_| error("ResourceNotFoundException", "no")), "aws-not-found"),
    ];
    for (title, streams, script, words) in cases {
        let proxy = group(streams, NO_FLOW_LOGS, script);
        let said = verify(&proxy, "cloudwatch:g", &[]);
        assert_eq!(
            (said.code, said.whole),
            (3, false),
            "{title}: {}",
            said.stderr
        );
        // What came before counts, once or twice as it came.
        assert!(said.flows.unwrap() >= 1, "{title}");
        assert!(said.stderr.contains(words), "{title}: {}", said.stderr);
    }
}

#[test]
fn streams_on_later_pages_are_read_too() {
    // Three pages, one of them empty; the last event of each stream is said to be long past.
    let proxy = Proxy::start(None, |request| {
        let body = body(request);
        let token = body["nextToken"].as_str();
        match operation(request) {
            "DescribeLogStreams" => {
                let (name, next) = match token {
                    None => (Some("eni-1-all"), Some("empty")),
                    Some("empty") => (None, Some("last")),
                    Some(_) => (Some("eni-2-all"), None),
                };
                let named = |name| json!({"logStreamName": name, "lastEventTimestamp": 5});
                let streams: Vec<Value> = name.into_iter().map(named).collect();
                let answer = json!({"logStreams": streams, "nextToken": next});
                Action::answer(200, answer.to_string())
            }
            "GetLogEvents" if token.is_none() => page(&[1], Some("a")),
            "GetLogEvents" => page(&[], Some("a")),
            "FilterLogEvents" => page(&[], None),
            _ => Action::answer(200, NO_FLOW_LOGS),
        }
    });
    // Four hours and one before bear two streams.
    let said = verify(&proxy, "cloudwatch:g", &["--since", "2026-08-01T09:00:00Z"]);
    assert_eq!((said.flows, said.whole), (Some(2), true), "{}", said.stderr);
    for request in sent(&proxy, "DescribeLogStreams") {
        assert_eq!(request["limit"], 50);
    }
}

#[test]
fn throttling_and_a_lost_connection_pass() {
    let proxy = group(MANY, NO_FLOW_LOGS, |_, before| match before {
        0 | 1 => error("ThrottlingException", "Rate exceeded"),
        2 => Action::Drop,
        3 => Action::answer(500, "{}"),
        _ => page(&[1, 2], None),
    });
    let said = verify(&proxy, "cloudwatch:g", &[]);
    assert_eq!((said.flows, said.whole), (Some(2), true), "{}", said.stderr);
}

#[test]
fn throttling_without_end_is_not_whole() {
    let proxy = group(MANY, NO_FLOW_LOGS, |_, _| {
        error("ThrottlingException", "Rate exceeded")
    });
    let said = verify(&proxy, "cloudwatch:g", &[]);
    assert_eq!((said.code, said.whole), (3, false), "{}", said.stderr);
    assert!(said.stderr.contains("aws-throttled"), "{}", said.stderr);
}

#[test]
fn the_budget_of_requests_holds() {
    let busy = || group(MANY, NO_FLOW_LOGS, |_, n| page(&[1], Some(&n.to_string())));
    for (most, code) in [("1", 2), ("2", 3), ("9", 3)] {
        let proxy = busy();
        let said = verify(&proxy, "cloudwatch:g", &["--max-requests", most]);
        assert_eq!(
            (said.code, said.whole),
            (code, false),
            "{most}: {}",
            said.stderr
        );
        assert!(
            said.stderr.contains("aws-budget-spent"),
            "{most}: {}",
            said.stderr
        );
        assert_eq!(proxy.requests().len().to_string(), most);
    }
}

#[test]
fn without_the_right_to_list_there_is_no_verdict() {
    let proxy = Proxy::start(None, |_| error("AccessDeniedException", "not authorized"));
    let said = verify(&proxy, "cloudwatch:g", &[]);
    assert_eq!((said.code, said.flows), (2, None));
    assert!(
        said.stderr.contains("`logs:DescribeLogStreams`"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_formats_are_those_that_aws_tells() {
    const TWO: &str = "<R><flowLogSet><item><flowLogId>fl-1</flowLogId><logFormat>${srcaddr} ${dstaddr} ${end}</logFormat></item>\
        <item><flowLogId>fl-2</flowLogId><logFormat>${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
        ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}</logFormat></item></flowLogSet></R>";
    let mixed = |_: Option<&str>, _: usize| {
        let mut other = event(2);
        other["message"] = json!(format!("10.0.0.1 10.0.0.2 {}", NOON_MS / 1000 + 60));
        Action::answer(
            200,
            json!({"events": [event(1), other, event(3)]}).to_string(),
        )
    };
    let said = verify(&group(MANY, TWO, mixed), "cloudwatch:g", &[]);
    assert_eq!((said.flows, said.whole), (Some(3), true), "{}", said.stderr);
    // Not told: AWS's default format, and lines that do not fit it are set aside.
    let said = verify(&group(MANY, NO_FLOW_LOGS, mixed), "cloudwatch:g", &[]);
    assert_eq!((said.flows, said.code), (Some(2), 3), "{}", said.stderr);
    // Not allowed to be told: the same, and said.
    let denied = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>";
    let upstream = group(MANY, NO_FLOW_LOGS, mixed);
    let proxy = Proxy::start(Some(&upstream.url()), move |request| {
        match operation(request) {
            "" => Action::answer(403, denied),
            _ => Action::Pass,
        }
    });
    let said = verify(&proxy, "cloudwatch:g", &[]);
    assert_eq!((said.flows, said.code), (Some(2), 3), "{}", said.stderr);
    assert!(
        said.stderr.contains("`ec2:DescribeFlowLogs`"),
        "{}",
        said.stderr
    );
}

#[test]
fn an_arn_names_its_region_and_reaches_other_accounts() {
    let arn = "arn:aws:logs:ap-south-1:210987654321:log-group:g";
    let proxy = group(MANY, NO_FLOW_LOGS, |_, _| page(&[1], None));
    let said = verify(&proxy, &format!("cloudwatch:{arn}:*"), &[]);
    assert_eq!((said.flows, said.whole), (Some(1), true), "{}", said.stderr);
    for request in proxy.requests() {
        let signed = request.header("authorization").unwrap();
        assert!(signed.contains("/ap-south-1/"), "{signed}");
        if !operation(&request).is_empty() {
            assert_eq!(body(&request)["logGroupIdentifier"], arn);
            assert!(body(&request).get("logGroupName").is_none());
        }
    }
}

#[test]
fn a_prefix_is_asked_for_and_kept_to() {
    let proxy = group(MANY, NO_FLOW_LOGS, |_, _| {
        let mut other = event(2);
        other["logStreamName"] = json!("other");
        Action::answer(200, json!({"events": [event(1), other]}).to_string())
    });
    let said = verify(&proxy, "cloudwatch:g:eni-", &[]);
    assert_eq!((said.flows, said.whole), (Some(1), true), "{}", said.stderr);
    for name in ["DescribeLogStreams", "FilterLogEvents"] {
        let asked = sent(&proxy, name);
        assert!(!asked.is_empty());
        assert!(
            asked
                .iter()
                .all(|request| request["logStreamNamePrefix"] == "eni-")
        );
    }
}
