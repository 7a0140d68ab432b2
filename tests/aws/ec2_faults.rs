//! `topology snapshot` when EC2 does not answer well: pages, throttling, answers that are none, the end in mid-run.

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::ec2::{asks, assert_empty, place, read, refusal, take};
use crate::proxy::{Action, Proxy, Request};
use crate::run::start_flowproof;
use crate::servers::servers;

/// A page of subnets.
fn page(id: &str, token: &str) -> Action {
    let token = if token.is_empty() {
        String::new()
    } else {
        format!("<nextToken>{token}</nextToken>")
    };
    Action::answer(
        200,
        format!(
            "<DescribeSubnetsResponse><subnetSet><item><subnetId>{id}</subnetId></item></subnetSet>{token}</DescribeSubnetsResponse>"
        ),
    )
}

#[test]
fn every_page_is_read_and_a_page_that_comes_again_is_an_error() {
    let Some(servers) = servers() else { return };
    let rule = |endless: bool| {
        move |request: &Request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            match (
                asks(request, "DescribeSubnets"),
                body.split("NextToken=").nth(1),
            ) {
                (false, _) => Action::Pass,
                (true, None) => page("subnet-2", "a+/="),
                (true, Some("a%2B%2F%3D")) => page("subnet-3", "b"),
                (true, Some("b")) if endless => page("subnet-1", "a+/="),
                (true, Some("b")) => page("subnet-1", ""),
                (true, Some(_)) => refusal(400, "InvalidNextToken"),
            }
        }
    };
    let proxy = Proxy::start(Some(&servers.aws), rule(false));
    let (_folder, file) = place();
    let ran = take(&proxy.url(), "eu-north-1", &file, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        read(&file)["Subnets"],
        json!([{"SubnetId": "subnet-1"}, {"SubnetId": "subnet-2"}, {"SubnetId": "subnet-3"}])
    );
    let pages = proxy
        .requests()
        .into_iter()
        .filter(|request| asks(request, "DescribeSubnets"));
    let lengths =
        pages.filter(|request| String::from_utf8_lossy(&request.body).contains("MaxResults=1000"));
    assert_eq!(lengths.count(), 3);

    let proxy = Proxy::start(Some(&servers.aws), rule(true));
    let (folder, file) = place();
    let ran = take(&proxy.url(), "eu-north-1", &file, &[]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("DescribeSubnets"), "{}", ran.stderr);
    assert!(ran.stderr.contains("read before"), "{}", ran.stderr);
    assert_empty(&folder);
}

#[test]
fn an_answer_that_is_none_leaves_no_file() {
    let Some(servers) = servers() else { return };
    let whole = "<DescribeSubnetsResponse><subnetSet><item><subnetId>s</subnetId></item></subnetSet></DescribeSubnetsResponse>";
    #[rustfmt::skip]
    let cases = [
        ("a page cut short, and its length with it", Action::answer(200, &whole[..80])),
        ("no list", Action::answer(200, "<DescribeSubnetsResponse><requestId>r</requestId></DescribeSubnetsResponse>")),
        ("another call's", Action::answer(200, "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>")),
        ("a login page", Action::answer(200, "<html><body>welcome</body></html>")),
        ("an expired token", refusal(400, "RequestExpired")),
        ("a Region that is not enabled", refusal(401, "OptInRequired")),
        ("a proxy's refusal, which says nothing of rights", Action::answer(403, "forbidden")),
    ];
    for (title, answer) in cases {
        let proxy = Proxy::start(Some(&servers.aws), move |request| {
            if asks(request, "DescribeSubnets") {
                answer.clone()
            } else {
                Action::Pass
            }
        });
        let (folder, file) = place();
        let ran = take(&proxy.url(), "eu-north-1", &file, &[]);
        assert_eq!(ran.code, 2, "{title}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("DescribeSubnets"),
            "{title}: {}",
            ran.stderr
        );
        let expired = ran.stderr.contains("error[aws-credentials-expired]");
        assert_eq!(expired, title == "an expired token", "{}", ran.stderr);
        assert_empty(&folder);
    }
}

#[test]
fn throttling_passes_or_there_is_no_file() {
    let Some(servers) = servers() else { return };
    let proxy = Proxy::start(Some(&servers.aws), |request| {
        let is = |call: &str| asks(request, call);
        match request.number {
            _ if request.number < 3 => refusal(503, "RequestLimitExceeded"),
            3..6 if is("DescribeVpcs") || is("DescribeSubnets") => Action::answer(503, ""),
            _ => Action::Pass,
        }
    });
    let (_folder, file) = place();
    let ran = take(&proxy.url(), "eu-north-1", &file, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(read(&file)["FlowLogs"].is_array());

    let proxy = Proxy::start(Some(&servers.aws), |request| {
        if asks(request, "DescribeRouteTables") {
            refusal(503, "RequestLimitExceeded")
        } else {
            Action::Pass
        }
    });
    let (folder, file) = place();
    let ran = take(&proxy.url(), "eu-north-1", &file, &[]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("error[aws-throttled]"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("DescribeRouteTables"), "{}", ran.stderr);
    assert_empty(&folder);
}

#[test]
fn the_budget_of_requests_is_heeded() {
    let Some(servers) = servers() else { return };
    let proxy = Proxy::start(Some(&servers.aws), |_| Action::Pass);
    let (folder, file) = place();
    let ran = take(&proxy.url(), "eu-north-1", &file, &["--max-requests", "5"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("error[aws-budget-spent]"),
        "{}",
        ran.stderr
    );
    assert!(proxy.requests().len() <= 5);
    assert_empty(&folder);
}

#[test]
fn a_run_that_is_killed_leaves_no_file() {
    let Some(servers) = servers() else { return };
    let proxy = Proxy::start(Some(&servers.aws), |request| {
        if asks(request, "DescribeFlowLogs") {
            Action::Delay(Duration::from_secs(60))
        } else {
            Action::Pass
        }
    });
    let (folder, file) = place();
    let args = ["topology", "snapshot", "--output", file.to_str().unwrap()];
    let url = proxy.url();
    let mut running = start_flowproof(&args, &[("AWS_ENDPOINT_URL", &url)]);
    while !proxy
        .requests()
        .iter()
        .any(|request| asks(request, "DescribeFlowLogs"))
    {
        assert!(running.is_running());
        sleep(Duration::from_millis(10));
    }
    running.signal("KILL");
    assert_eq!(running.wait().code, -1);
    assert_empty(&folder);
}
