//! Answers that no sample world has, in worlds that are changed a little.

use std::fs;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::json;

use crate::common::{Copied, gzip};
use crate::{answer_of, column};

#[test]
fn a_route_that_was_taken_away_since_disagrees_with_the_records() {
    let copied = Copied::of("forgotten-route-table");
    assert_eq!(
        answer_of("path-disagreements", &copied, &[])
            .lines()
            .count(),
        1
    );
    let mut removed = 0;
    copied.edit("topology.json", |text| {
        let mut topology: serde_json::Value = serde_json::from_str(&text).unwrap();
        for table in topology["RouteTables"].as_array_mut().unwrap() {
            let routes = table["Routes"].as_array_mut().unwrap();
            let before = routes.len();
            routes.retain(|route| route.get("DestinationPrefixListId").is_none());
            removed += before - routes.len();
        }
        topology.to_string()
    });
    assert_eq!(removed, 1, "one table has the endpoint's route");
    let got = answer_of("path-disagreements", &copied, &[]);
    assert_eq!(column(&got, "path"), ["via-gateway-endpoint"; 6]);
    assert_eq!(column(&got, "traffic_path"), ["7"; 6]);
    assert_eq!(column(&got, "route_destination"), ["0.0.0.0/0"; 6]);
    assert_eq!(column(&got, "route_path"), ["via-nat"; 6]);
    assert_eq!(column(&got, "bytes")[0], "10926");
}

/// Changes the text of every log file; says how many were changed.
fn rewritten(copied: &Copied, change: impl Fn(&str) -> String) -> usize {
    let mut changed = 0;
    for file in fs::read_dir(copied.at("logs")).unwrap() {
        let file = file.unwrap().path();
        let mut text = String::new();
        let bytes = fs::File::open(&file).unwrap();
        MultiGzDecoder::new(bytes)
            .read_to_string(&mut text)
            .unwrap();
        let new = change(&text);
        changed += usize::from(new != text);
        fs::write(&file, gzip(new.as_bytes())).unwrap();
    }
    changed
}

#[test]
fn nobody_is_picked_behind_a_nat_gateway_where_two_fit() {
    let copied = Copied::of("nat-interface-only");
    let twin = |text: &str| {
        let lines = text.lines().filter(|line| line.contains(" 10.50.1.11 "));
        let more = lines.map(|line| line.replace("10.50.1.11", "10.50.1.12") + "\n");
        text.to_owned() + &more.collect::<String>()
    };
    assert!(rewritten(&copied, twin) > 0);
    let got = answer_of("behind-nat", &copied, &[]);
    let (candidates, picked) = (
        column(&got, "candidates"),
        column(&got, "inferred_workload"),
    );
    let (named, ranks) = (column(&got, "candidate"), column(&got, "rank"));
    assert!(candidates.iter().any(|count| count == "2"));
    for row in 0..candidates.len() {
        let alone = candidates[row] == "1";
        assert_eq!(picked[row] == named[row], alone, "line {row}: {got}");
        assert!(alone || picked[row].is_empty() && ["1", "2"].contains(&ranks[row].as_str()));
    }
}

#[test]
fn what_no_workload_side_record_fits_has_no_candidate() {
    let copied = Copied::of("nat-interface-only");
    let outside = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains(" 10.50.1."));
        lines.map(|line| format!("{line}\n")).collect()
    };
    assert!(rewritten(&copied, outside) > 0);
    let got = answer_of("behind-nat", &copied, &[]);
    let lines = got.lines().count() - 1;
    assert!(lines > 0);
    assert_eq!(column(&got, "basis"), vec!["nobody fits"; lines]);
    let leaks = answer_of("leaks-by-workload", &copied, &[]);
    let masked = [("workload", ""), ("finding", "leak"), ("bytes", "2563902")];
    for (name, value) in masked {
        assert_eq!(
            column(&leaks, name),
            [value],
            "masked, but not hidden: {leaks}"
        );
    }
}

/// A range that is `AMAZON` and of no service by name.
const AMAZON: &str = "104.153.112.9";

#[test]
fn an_interface_endpoint_costs_its_gigabytes_and_a_share_of_its_hours() {
    let copied = Copied::of("nat-interface-only");
    let other = |text: &str| {
        let s3 = [
            "3.5.11.24",
            "52.216.12.77",
            "16.182.34.9",
            "52.217.88.140",
            "52.216.205.3",
            "54.231.130.9",
        ];
        let text = s3
            .iter()
            .fold(text.to_owned(), |text, ip| text.replace(ip, AMAZON));
        text.replace("S3", "AMAZON")
    };
    assert!(rewritten(&copied, other) > 0);
    let got = answer_of("nat-cost", &copied, &[]);
    assert_eq!(column(&got, "service"), ["amazon"; 3]);
    assert_eq!(column(&got, "endpoint"), ["interface"; 3]);
    let number = |name: &str| -> Vec<f64> {
        let cells = column(&got, name);
        cells.iter().map(|cell| cell.parse().unwrap()).collect()
    };
    let (gb, cost, hours) = (number("gb"), number("endpoint_usd"), number("window_hours"));
    assert_eq!(gb, [0.001_139_872, 0.000_815_216, 0.000_608_814]);
    let whole: f64 = gb.iter().sum();
    for row in 0..3 {
        // One zone: 0.01 a GB, and 0.01 an hour shared by bytes. Hours are rounded in the answer.
        let expected = gb[row] * 0.01 + hours[row] * 0.01 * gb[row] / whole;
        assert!((cost[row] - expected).abs() < 1e-6, "{got}");
    }
}

#[test]
fn a_client_that_an_endpoint_serves_out_there_is_listed_whatever_the_realm() {
    let copied = Copied::of("hybrid-vpn-endpoint");
    assert_eq!(
        answer_of("leaks-by-workload", &copied, &[]).lines().count(),
        1
    );
    // Its own interface stands in a VPC that is known, so that is where it is counted, and to it the endpoint has a private address.
    copied.edit("topology.json", |text| {
        let mut topology: serde_json::Value = serde_json::from_str(&text).unwrap();
        let lists = [
            ("Vpcs", json!({"VpcId": "vpc-b", "CidrBlock": "203.0.113.0/24"})),
            ("Subnets", json!({"SubnetId": "subnet-b", "VpcId": "vpc-b", "CidrBlock": "203.0.113.0/24"})),
            ("RouteTables", json!({"RouteTableId": "rtb-b", "VpcId": "vpc-b", "Associations": [{"Main": true}], "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-b"}]})),
            ("NetworkInterfaces", json!({"NetworkInterfaceId": "eni-b", "VpcId": "vpc-b", "SubnetId": "subnet-b", "InterfaceType": "interface", "PrivateIpAddress": "203.0.113.5"})),
        ];
        for (list, one) in lists {
            topology[list].as_array_mut().unwrap().push(one);
        }
        topology.to_string()
    });
    let lines = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status flow-direction traffic-path vpc-id
5 444455556666 eni-02b54aa85d11912a9 10.0.1.100 203.0.113.5 443 40000 6 3 900 1784624527 1784624572 ACCEPT OK egress 8 vpc-0165aa59d3ffa8e09
5 444455556666 eni-b 203.0.113.5 10.0.1.100 40000 443 6 2 100 1784624527 1784624572 ACCEPT OK egress 8 vpc-b
";
    fs::write(copied.at("logs/more.log"), lines).unwrap();
    for query in ["leaks-by-workload", "leaks-by-destination"] {
        let got = answer_of(query, &copied, &[]);
        assert_eq!(column(&got, "finding"), ["leak"], "{query}: {got}");
        assert_eq!(column(&got, "bytes"), ["100"], "{query}: {got}");
    }
}
