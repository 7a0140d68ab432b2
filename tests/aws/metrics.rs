//! `--metrics live`: the counters that moto holds, and answers that it never gives.

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::common::{Copied, Ran, root, world};
use crate::proxy::{Action, Proxy, Request};
use crate::run::{flowproof, python};
use crate::servers::servers;

const WORLD: &str = "hybrid-vpn-endpoint";
const ENDPOINT: &str = "vpce-091241a239d4480a3";
/// 2026-07-21T09:00:00Z, when that world begins.
const SINCE_S: i64 = 1_784_624_400;

fn rfc3339(unix_s: i64) -> String {
    jiff::Timestamp::from_second(unix_s).unwrap().to_string()
}

/// The world as if it were of two hours ago, in a Region of its own: CloudWatch keeps minutes for two weeks only.
struct Recent {
    copied: Copied,
    since_s: i64,
    region: String,
}

impl Recent {
    fn new(region: &str) -> Recent {
        let copied = Copied::of(WORLD);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now_s = i64::try_from(now.as_secs()).unwrap();
        let since_s = (now_s - 7_200) / 600 * 600;
        let later_s = since_s - SINCE_S;
        for index in 0.. {
            let Some(file) = files(&copied).get(index).cloned() else {
                break;
            };
            let text = shifted(&copied.text(index), later_s);
            fs::write(file, crate::common::gzip(text.as_bytes())).unwrap();
        }
        copied.edit("topology.json", |text| {
            let captured = rfc3339(SINCE_S + 55 * 60);
            text.replace(&captured, &rfc3339(since_s + 55 * 60))
                .replace("eu-west-1", region)
        });
        Recent {
            copied,
            since_s,
            region: region.to_owned(),
        }
    }

    fn verify(&self, url: &str, more: &[&str]) -> Ran {
        let [logs, topology, policy] =
            ["logs", "topology.json", "policy.toml"].map(|part| self.copied.word(part));
        let (since, until) = (rfc3339(self.since_s), rfc3339(self.since_s + 1_800));
        let mut args = vec![
            "verify",
            &logs,
            "--topology",
            &topology,
            "--policy",
            &policy,
            "--since",
            &since,
            "--until",
            &until,
        ];
        args.extend(more);
        flowproof(&args, &[("AWS_ENDPOINT_URL", url)])
    }

    fn live(&self, url: &str, more: &[&str]) -> Ran {
        let mut args = vec![
            "--metrics",
            "live",
            "--endpoint-url",
            url,
            "--report",
            "json",
        ];
        args.extend(more);
        self.verify(url, &args)
    }

    /// Minutes and bytes of the endpoint.
    fn points(&self) -> Vec<(i64, u64)> {
        let file = root().join(world(WORLD).path("metrics.json"));
        let document: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let series = &document["Metrics"][0];
        let times = series["Timestamps"].as_array().unwrap().iter();
        let values = series["Values"].as_array().unwrap().iter();
        let time = |text: &Value| {
            text.as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .unwrap()
                .as_second()
        };
        times
            .zip(values)
            .map(|(at, bytes)| (time(at) - SINCE_S + self.since_s, bytes.as_u64().unwrap()))
            .collect()
    }

    fn dimensions(&self) -> [(&'static str, String); 4] {
        [
            ("Endpoint Type", "Interface".to_owned()),
            ("Service Name", format!("com.amazonaws.{}.s3", self.region)),
            ("VPC Endpoint Id", ENDPOINT.to_owned()),
            ("VPC Id", "vpc-0165aa59d3ffa8e09".to_owned()),
        ]
    }
}

fn files(copied: &Copied) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = fs::read_dir(copied.at("logs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn shifted(text: &str, later_s: i64) -> String {
    let (header, records) = text.split_once('\n').unwrap();
    let timed: Vec<bool> = header
        .split(' ')
        .map(|field| matches!(field, "start" | "end"))
        .collect();
    let mut out = format!("{header}\n");
    for record in records.lines() {
        let shift = |(value, timed): (&str, &bool)| match value.parse::<i64>() {
            Ok(time) if *timed => (time + later_s).to_string(),
            Ok(_) | Err(_) => value.to_owned(),
        };
        let values: Vec<String> = record.split(' ').zip(&timed).map(shift).collect();
        out.push_str(&values.join(" "));
        out.push('\n');
    }
    out
}

/// Puts the endpoint's counters into moto, and beside them those by subnet and of another endpoint, which must not be added.
fn put(recent: &Recent, percent: u64) {
    const SCRIPT: &str = "
import boto3, json, sys
watch = boto3.client('cloudwatch', region_name=sys.argv[1])
data = []
for dimensions, points in json.loads(sys.argv[2]):
    dimensions = [{'Name': name, 'Value': value} for name, value in dimensions]
    for time, value in points:
        data.append({'MetricName': 'BytesProcessed', 'Dimensions': dimensions, 'Timestamp': time, 'Value': value, 'Unit': 'Bytes'})
for first in range(0, len(data), 500):
    watch.put_metric_data(Namespace='AWS/PrivateLinkEndpoints', MetricData=data[first:first + 500])
";
    let servers = servers().unwrap();
    let points: Vec<(i64, u64)> = recent
        .points()
        .into_iter()
        .map(|(time, bytes)| (time, bytes * percent / 100))
        .collect();
    let own = recent.dimensions();
    let mut by_subnet = own.to_vec();
    by_subnet.push(("Subnet Id", "subnet-1".to_owned()));
    let mut other = own.to_vec();
    other[2].1 = "vpce-other".to_owned();
    let all = json!([[own, points], [by_subnet, points], [other, points]]);
    python(servers, SCRIPT, &[&recent.region, &all.to_string()]);
}

fn evidence(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}: exit {}\n{}", ran.code, ran.stderr))
}

fn agreement(evidence: &Value) -> (&str, &str) {
    let obligations = evidence["claims"][0]["obligations"].as_array().unwrap();
    let state = obligations
        .iter()
        .find(|one| one["id"] == "metrics-agree")
        .unwrap()["state"]
        .as_str();
    let outcome = evidence["metrics"]["gateways"][0]["outcome"].as_str();
    (state.unwrap(), outcome.unwrap())
}

#[test]
fn live_counters_agree_and_are_kept() {
    let Some(servers) = servers() else { return };
    let recent = Recent::new("eu-central-1");
    put(&recent, 100);
    let file = recent.copied.word("kept.json");
    let ran = recent.live(&servers.aws, &["--save-metrics", &file]);
    let live = evidence(&ran);
    assert_eq!(agreement(&live), ("held", "agrees"), "{}", ran.stderr);
    assert_eq!(live["metrics"]["source"], "cloudwatch");
    let sum = &live["metrics"]["gateways"][0]["sums"][0];
    assert_eq!(sum["counter_bytes"], sum["flow_bytes"]);
    assert!(sum["flow_bytes"].as_u64().unwrap() > 1_000_000);
    // What was kept says the same.
    let again = evidence(&recent.verify(&servers.aws, &["--metrics", &file, "--report", "json"]));
    assert_eq!(again["metrics"]["gateways"], live["metrics"]["gateways"]);
    assert_eq!(again["metrics"]["sha256"], live["metrics"]["sha256"]);
}

#[test]
fn live_counters_that_differ_are_no_proof() {
    let Some(servers) = servers() else { return };
    let recent = Recent::new("eu-north-1");
    put(&recent, 150);
    let ran = recent.live(&servers.aws, &[]);
    assert_eq!(
        agreement(&evidence(&ran)),
        ("failed", "traffic-without-records")
    );
    assert_eq!(ran.code, 3);
}

#[test]
fn a_gateway_that_cloudwatch_does_not_list_is_not_one_without_traffic() {
    let Some(servers) = servers() else { return };
    let recent = Recent::new("eu-south-1");
    let ran = recent.live(&servers.aws, &[]);
    assert_eq!(agreement(&evidence(&ran)), ("failed", "no-counter"));
}

fn action(request: &Request) -> String {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let action = body
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="));
    action.unwrap_or_default().to_owned()
}

fn error(code: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
    )
}

#[test]
fn throttling_passes() {
    let Some(servers) = servers() else { return };
    let recent = Recent::new("eu-west-2");
    put(&recent, 100);
    // The first two of each call.
    let proxy = Proxy::start(Some(&servers.aws), {
        let seen = std::sync::Mutex::new(std::collections::HashMap::<String, u32>::new());
        move |request| {
            let mut seen = seen.lock().unwrap();
            let times = seen.entry(action(request)).or_default();
            *times += 1;
            if *times <= 2 {
                Action::answer(400, error("Throttling"))
            } else {
                Action::Pass
            }
        }
    });
    let ran = recent.live(&proxy.url(), &[]);
    assert_eq!(
        agreement(&evidence(&ran)),
        ("held", "agrees"),
        "{}",
        ran.stderr
    );
    let calls: Vec<String> = proxy.requests().iter().map(action).collect();
    assert_eq!(
        calls,
        [
            "ListMetrics",
            "ListMetrics",
            "ListMetrics",
            "GetMetricData",
            "GetMetricData",
            "GetMetricData"
        ]
    );
}

/// Plays CloudWatch: `data` answers GetMetricData by the page's token.
fn scripted(recent: &Recent, data: impl Fn(&str) -> String + Send + Sync + 'static) -> Proxy {
    let dimension = |(name, value): &(&str, String)| {
        format!("<member><Name>{name}</Name><Value>{value}</Value></member>")
    };
    let dimensions: String = recent.dimensions().iter().map(dimension).collect();
    let metric = format!(
        "<member><Namespace>AWS/PrivateLinkEndpoints</Namespace><MetricName>BytesProcessed</MetricName><Dimensions>{dimensions}</Dimensions></member>"
    );
    Proxy::start(None, move |request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let token = body
            .split('&')
            .find_map(|pair| pair.strip_prefix("NextToken="))
            .unwrap_or("");
        let answer = match (action(request).as_str(), token) {
            // An empty first page, as AWS may have it.
            ("ListMetrics", "") => "<ListMetricsResponse><ListMetricsResult><Metrics/><NextToken>two</NextToken></ListMetricsResult></ListMetricsResponse>".to_owned(),
            ("ListMetrics", _) => format!("<ListMetricsResponse><ListMetricsResult><Metrics>{metric}</Metrics></ListMetricsResult></ListMetricsResponse>"),
            (_, token) => format!("<GetMetricDataResponse><GetMetricDataResult>{}</GetMetricDataResult></GetMetricDataResponse>", data(token)),
        };
        Action::answer(200, answer)
    })
}

fn page(points: &[(i64, u64)], status: &str, next: &str) -> String {
    let times: String = points
        .iter()
        .map(|(time, _)| format!("<member>{}</member>", rfc3339(*time)))
        .collect();
    let values: String = points
        .iter()
        .map(|(_, bytes)| format!("<member>{bytes}.0</member>"))
        .collect();
    let next = if next.is_empty() {
        String::new()
    } else {
        format!("<NextToken>{next}</NextToken>")
    };
    format!(
        "<MetricDataResults><member><Id>q0</Id><StatusCode>{status}</StatusCode><Timestamps>{times}</Timestamps><Values>{values}</Values></member></MetricDataResults>{next}"
    )
}

#[test]
fn partial_data_is_followed_to_its_end() {
    let recent = Recent::new("eu-west-3");
    let points = recent.points();
    let proxy = scripted(&recent, move |token| {
        let (first, last) = points.split_at(points.len() / 2);
        match token {
            "" => page(first, "PartialData", "more"),
            _ => page(last, "Complete", ""),
        }
    });
    let ran = recent.live(&proxy.url(), &[]);
    assert_eq!(
        agreement(&evidence(&ran)),
        ("held", "agrees"),
        "{}",
        ran.stderr
    );
    let asked = proxy.requests();
    let get = String::from_utf8_lossy(&asked[2].body).into_owned();
    for part in [
        "MetricStat.Period=60",
        "MetricStat.Stat=Sum",
        "Dimensions.member.1.Name=Endpoint%20Type",
        "ScanBy=TimestampAscending",
    ] {
        assert!(get.contains(part), "{part}: {get}");
    }
}

#[test]
fn what_is_not_whole_is_no_verdict() {
    type Data = fn(&str) -> String;
    #[rustfmt::skip]
    let cases: [(&str, &str, Data); 7] = [
        ("partial to the end",      "is not there, or not to its end",      |_| page(&[], "PartialData", "")),
        ("nothing of what was asked", "is not there, or not to its end",    |_| page(&[], "Complete", "").replace("<member>", "<!--").replace("</member>", "-->")),
        ("inside AWS",              "status InternalError",                 |_| page(&[], "InternalError", "")),
        ("forbidden",               "cloudwatch:GetMetricData",             |_| page(&[], "Forbidden", "")),
        ("the same page again",     "the same page again and again",        |_| page(&[], "Complete", "more")),
        ("no result",               "a query that was not asked",           |_| page(&[], "Complete", "").replace("q0", "q7")),
        ("a value that is none",    "a point that is none",                 |_| page(&[(SINCE_S, 1)], "Complete", "").replace("1.0", "NaN")),
    ];
    let recent = Recent::new("eu-west-3");
    for (title, words, data) in cases {
        let proxy = scripted(&recent, data);
        let ran = recent.live(&proxy.url(), &[]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (2, ""),
            "{title}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(words), "{title}: {}", ran.stderr);
    }
}

#[test]
fn a_missing_right_is_named_and_ends_the_run() {
    let recent = Recent::new("eu-west-3");
    for (call, permission) in [
        ("ListMetrics", "cloudwatch:ListMetrics"),
        ("GetMetricData", "cloudwatch:GetMetricData"),
    ] {
        let cloudwatch = scripted(&recent, |_| page(&[], "Complete", ""));
        let proxy = Proxy::start(Some(&cloudwatch.url()), move |request| {
            if action(request) == call {
                Action::answer(403, error("AccessDenied"))
            } else {
                Action::Pass
            }
        });
        let file = recent.copied.word("kept.json");
        let ran = recent.live(&proxy.url(), &["--save-metrics", &file]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{call}");
        assert!(
            ran.stderr.contains("error[aws-access-denied]"),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains(&format!("grant `{permission}`")),
            "{}",
            ran.stderr
        );
        assert!(!recent.copied.at("kept.json").exists(), "{call}");
    }
}
