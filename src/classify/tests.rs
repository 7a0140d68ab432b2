//! The table of rules, case by case, over one hand-made network. Whatever a case says, the slow twin must say too.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value as Json, json};

use crate::classify::harness::{DEFAULT_FIELDS, GATEWAY_FIELDS, Twins, VPC_FIELDS};
use crate::classify::naive::{Record, Said};
use crate::classify::rules::{BASES, RULES};
use crate::model::field::Field;

mod cases;
mod network;

use network::{RANGES, network};

/// A record as `name=value` words, by the names of the fields.
pub(super) fn record(words: &str) -> Record {
    let mut record = Record {
        end: Some(1500),
        ..Record::default()
    };
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap();
        let (text, address) = (Some(value.to_owned()), value.parse::<IpAddr>().ok());
        match name {
            "eni" => record.interface_id = text,
            "vpc" => record.vpc_id = text,
            "subnet" => record.subnet_id = text,
            "resource" => record.resource_id = text,
            "type" => record.interface_type = text,
            "src" => {
                (record.srcaddr, record.pkt_srcaddr) = (address, record.pkt_srcaddr.or(address))
            }
            "dst" => {
                (record.dstaddr, record.pkt_dstaddr) = (address, record.pkt_dstaddr.or(address))
            }
            "pkt-src" => record.pkt_srcaddr = address,
            "pkt-dst" => record.pkt_dstaddr = address,
            "src-service" => record.pkt_src_aws_service = text,
            "dst-service" => record.pkt_dst_aws_service = text,
            "proto" => record.protocol = value.parse().ok(),
            "flags" => record.tcp_flags = value.parse().ok(),
            "dir" => {
                record.flow_direction =
                    Some(if value == "out" { "egress" } else { "ingress" }.to_owned())
            }
            "tp" => record.traffic_path = value.parse().ok(),
            "next" => record.next_hop_interface_id = text,
            "next-type" => record.next_hop_interface_type = text,
            "end" => record.end = value.parse().ok(),
            "tgw" => record.tgw_id = text,
            "tgw-src-vpc" => record.tgw_src_vpc_id = text,
            other => panic!("{other}"),
        }
    }
    record
}

/// What is expected, as words: whatever is not named is not asked. Gives what differs.
fn check(title: &str, said: &Said, expected: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let address =
        |value: Option<IpAddr>| value.map_or_else(|| "-".to_owned(), |address| address.to_string());
    for word in expected.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap();
        let got = match name {
            "path" => said.path.to_owned(),
            "basis" => said.basis.to_owned(),
            "via" => text(&said.via),
            "exit" => said.exit.to_owned(),
            "realm" => said.realm.unwrap_or("-").to_owned(),
            "service" => text(&said.service),
            "workload" => address(said.workload),
            "peer" => address(said.peer),
            "at" => text(&said.workload_interface),
            "vantage" => said.vantage.to_owned(),
            "initiator" => said.initiator.to_owned(),
            "doubts" => {
                if said.doubts.is_empty() {
                    "-".to_owned()
                } else {
                    said.doubts.iter().copied().collect::<Vec<_>>().join(",")
                }
            }
            other => panic!("{other}"),
        };
        if got != value {
            wrong.push(format!("{title}: {name} is {got}, expected {value}"));
        }
    }
    wrong
}

/// Fields that a case's log has: those of a VPC flow log, unless the record names a format.
fn fields_of(words: &str) -> (&[Field], &str) {
    if let Some(rest) = words.strip_prefix("default:") {
        (DEFAULT_FIELDS, rest)
    } else if let Some(rest) = words.strip_prefix("gateway:") {
        (GATEWAY_FIELDS, rest)
    } else {
        (VPC_FIELDS, words)
    }
}

fn run(twins: &Twins, cases: &[(&str, &str, &str)]) -> BTreeSet<&'static str> {
    let (mut bases, mut wrong) = (BTreeSet::new(), Vec::new());
    for (title, words, expected) in cases {
        let (fields, words) = fields_of(words);
        let record = record(words);
        let said = twins.fast(std::slice::from_ref(&record), fields).remove(0);
        wrong.extend(check(title, &said, expected));
        assert_eq!(
            said,
            twins.slow(std::slice::from_ref(&record), fields).remove(0),
            "{title}: the twins differ"
        );
        bases.insert(said.basis);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    bases
}

fn one(topology: &Json) -> Twins {
    Twins::new(std::slice::from_ref(topology), RANGES)
}

#[test]
fn every_rule_and_every_basis_speaks_in_some_case() {
    let bases: BTreeSet<&str> = [
        run(&one(&network()), cases::CASES),
        run(&two_snapshots(), SNAPSHOT_CASES),
    ]
    .into_iter()
    .flatten()
    .collect();
    let known: BTreeSet<&str> = BASES.iter().map(|(basis, _)| *basis).collect();
    assert_eq!(bases, known);
    assert!(BASES.is_sorted_by_key(|(basis, _)| *basis));
    // These two speak through bases of their own: what they find is more than a name.
    let spoken =
        |rule: &str| known.contains(rule) || ["next-hop-is-interface", "route"].contains(&rule);
    assert!(RULES.iter().all(|(rule, _)| spoken(rule)));
}

/// The key of a class has of who opened a connection only what decides; whoever comes first must not decide for the others.
#[test]
fn records_of_a_class_may_be_opened_by_either_end() {
    let mut public = network();
    for eni in public["NetworkInterfaces"].as_array_mut().unwrap() {
        eni["Association"] = json!({"PublicIp": "198.51.100.1"});
    }
    let orders = [
        [None, Some(2), Some(18)],
        [Some(2), Some(18), None],
        [Some(18), None, Some(2)],
    ];
    for twins in [one(&network()), one(&public)] {
        for (title, words, _) in cases::CASES {
            let (fields, words) = fields_of(words);
            let record = record(words);
            let opened = |tcp_flags| Record {
                tcp_flags,
                protocol: Some(6),
                ..record.clone()
            };
            for order in orders {
                let records = order.map(opened);
                assert_eq!(
                    twins.by_class(&records, fields, records.len()),
                    twins.fast(&records, fields),
                    "{title}"
                );
            }
        }
    }
}

/// As the network, but later: the private subnet's S3 goes to the NAT gateway, eni-new is there, and eni-old is gone.
fn two_snapshots() -> Twins {
    let (mut before, mut after) = (network(), network());
    (before["captured_at"], after["captured_at"]) = (json!(1000), json!(2000));
    let routes = after["RouteTables"][0]["Routes"].as_array_mut().unwrap();
    routes.retain(|route| route["DestinationPrefixListId"] != "pl-s3");
    let eni = |id: &str, address: &str| json!({"NetworkInterfaceId": id, "VpcId": "vpc-a", "SubnetId": "subnet-private", "PrivateIpAddress": address});
    before["NetworkInterfaces"]
        .as_array_mut()
        .unwrap()
        .push(eni("eni-old", "10.0.1.70"));
    after["NetworkInterfaces"]
        .as_array_mut()
        .unwrap()
        .push(eni("eni-new", "10.0.1.71"));
    Twins::new(&[before, after], RANGES)
}

#[rustfmt::skip]
const SNAPSHOT_CASES: &[(&str, &str, &str)] = &[
    ("before both: the earlier",          "eni=eni-w dir=out src=10.0.1.5 dst=52.216.8.9 end=500",  "path=via-gateway-endpoint via=vpce-s3"),
    ("between: both, and they differ",    "eni=eni-w dir=out src=10.0.1.5 dst=52.216.8.9 end=1500", "path=undetermined basis=snapshots-differ via=- exit=unknown"),
    ("between: both, and they agree",     "eni=eni-w dir=out src=10.0.1.5 dst=8.8.8.8 end=1500",    "path=via-nat via=nat-z"),
    ("after both: the later",             "eni=eni-w dir=out src=10.0.1.5 dst=52.216.8.9 end=2000", "path=via-nat via=nat-z"),
    ("between, and the record tells: 7",  "eni=eni-w dir=out src=10.0.1.5 dst=52.216.8.9 tp=7 end=1500", "path=undetermined basis=snapshots-differ"),
    ("made in between: the earlier routes still count",  "eni=eni-new dir=out src=10.0.1.71 dst=52.216.8.9 end=1500", "path=undetermined basis=snapshots-differ"),
    ("gone in between: the later routes count already",  "eni=eni-old dir=out src=10.0.1.70 dst=52.216.8.9 end=1500", "path=undetermined basis=snapshots-differ"),
    ("made in between, and the routes agree", "eni=eni-new dir=out src=10.0.1.71 dst=8.8.8.8 end=1500", "path=via-nat via=nat-z vantage=workload"),
    ("neither knows the interface",       "eni=eni-x vpc=vpc-a dir=out src=10.0.1.99 dst=8.8.8.8 end=1500", "path=undetermined basis=interface-not-in-topology vantage=unknown doubts=INTERFACE_UNKNOWN"),
];

#[test]
fn prefix_lists_that_overlap_with_two_targets_decide_nothing() {
    let mut topology = network();
    let routes = topology["RouteTables"][0]["Routes"].as_array_mut().unwrap();
    routes.push(json!({"DestinationPrefixListId": "pl-own", "NatGatewayId": "nat-z"}));
    run(
        &one(&topology),
        &[
            (
                "in both, at two lengths",
                "eni=eni-w dir=out src=10.0.1.5 dst=52.216.8.9",
                "path=undetermined basis=route-ambiguous",
            ),
            (
                "in one of them only",
                "eni=eni-w dir=out src=10.0.1.5 dst=52.217.8.9",
                "path=via-gateway-endpoint via=vpce-s3",
            ),
            (
                "the record knows",
                "eni=eni-w dir=out src=10.0.1.5 dst=52.216.8.9 tp=7",
                "path=via-gateway-endpoint basis=traffic-path-7 doubts=-",
            ),
        ],
    );
}

#[test]
fn a_prefix_list_of_two_regions_means_nothing_where_the_region_is_not_known() {
    let mut topology = network();
    for subnet in topology["Subnets"].as_array_mut().unwrap() {
        subnet.as_object_mut().unwrap().remove("AvailabilityZone");
    }
    run(
        &one(&topology),
        &[
            (
                "could be either",
                "eni=eni-w dir=out src=10.0.1.5 dst=52.216.8.9",
                "path=undetermined basis=route-unknown-prefix-list",
            ),
            (
                "not for private addresses",
                "eni=eni-w dir=out src=10.0.1.5 dst=10.0.1.50",
                "path=via-endpoint-eni",
            ),
        ],
    );
}

#[test]
fn another_accounts_view_is_not_another_times() {
    let (mut ours, mut theirs) = (network(), network());
    (ours["account_id"], theirs["account_id"]) = (json!("111122223333"), json!("444455556666"));
    theirs["captured_at"] = json!(1400);
    for key in ["NetworkInterfaces", "RouteTables"] {
        theirs[key] = json!([]);
    }
    run(
        &Twins::new(&[ours, theirs], RANGES),
        &[(
            "ours knows it",
            "eni=eni-w dir=out src=10.0.1.5 dst=52.216.8.9 end=1500",
            "path=via-gateway-endpoint via=vpce-s3",
        )],
    );
}

#[test]
fn an_endpoint_of_a_new_type_is_not_an_end() {
    let mut topology = network();
    for endpoint in topology["VpcEndpoints"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .filter(|one| one["VpcEndpointId"] == "vpce-sts")
    {
        endpoint["VpcEndpointType"] = json!("Quantum");
    }
    run(
        &one(&topology),
        &[
            (
                "its own record",
                "eni=eni-e dir=in src=10.0.1.5 dst=10.0.1.50",
                "path=via-appliance via=vpce-sts vantage=gateway",
            ),
            (
                "towards it",
                "eni=eni-w dir=out src=10.0.1.5 dst=10.0.1.50",
                "path=intra-vpc doubts=FAR_HIDDEN",
            ),
        ],
    );
}

#[test]
fn two_gateways_in_one_subnet_are_not_told_apart() {
    let mut topology = network();
    topology["TransitGatewayVpcAttachments"].as_array_mut().unwrap().push(json!(
        {"TransitGatewayAttachmentId": "tgw-attach-9", "TransitGatewayId": "tgw-9", "VpcId": "vpc-a", "State": "available", "SubnetIds": ["subnet-transit"]}));
    run(
        &one(&topology),
        &[
            (
                "by subnet",
                "eni=eni-t2 dir=in src=10.1.1.5 dst=10.0.3.8 pkt-dst=10.0.1.5",
                "path=via-transit-gateway via=- exit=transit-gateway",
            ),
            (
                "by description",
                "eni=eni-t dir=in src=10.1.1.5 dst=10.0.3.7 pkt-dst=10.0.1.5",
                "path=via-transit-gateway via=tgw-1",
            ),
        ],
    );
}

#[test]
fn a_stranger_by_name_is_the_internet_even_where_no_list_has_the_name() {
    let twins = Twins::new(&[network()], &[("54.1.0.0/16", "EC2")]);
    run(
        &twins,
        &[
            (
                "EC2",
                "eni=eni-p dir=out src=10.0.2.5 dst=18.1.1.1 dst-service=EC2",
                "realm=internet service=ec2",
            ),
            (
                "AMAZON",
                "eni=eni-p dir=out src=10.0.2.5 dst=18.1.1.1 dst-service=AMAZON",
                "realm=internet service=amazon",
            ),
            (
                "Global Accelerator",
                "eni=eni-p dir=out src=10.0.2.5 dst=18.1.1.1 dst-service=GLOBALACCELERATOR",
                "realm=internet service=globalaccelerator",
            ),
            (
                "a service of tomorrow",
                "eni=eni-p dir=out src=10.0.2.5 dst=18.1.1.1 dst-service=NEW_THING",
                "realm=aws service=new-thing",
            ),
        ],
    );
}

#[test]
fn the_initiator_is_whom_the_flags_show() {
    let twins = one(&network());
    #[rustfmt::skip]
    let cases = [
        // title,                   flags, protocol, direction, expected
        ("SYN out",                 "2",   "6",  "out", "workload"),
        ("SYN and FIN out",         "3",   "6",  "out", "workload"),
        ("SYN-ACK in",              "18",  "6",  "in",  "workload"),
        ("SYN in",                  "2",   "6",  "in",  "peer"),
        ("SYN-ACK and FIN out",     "19",  "6",  "out", "peer"),
        ("mid-connection",          "0",   "6",  "out", "unknown"),
        ("FIN alone",               "1",   "6",  "out", "unknown"),
        ("not computed",            "-",   "6",  "out", "unknown"),
        ("UDP has no such flags",   "2",   "17", "out", "unknown"),
    ];
    for (title, flags, protocol, direction, expected) in cases {
        let (src, dst) = if direction == "out" {
            ("10.0.1.5", "10.0.1.6")
        } else {
            ("10.0.1.6", "10.0.1.5")
        };
        let words =
            format!("eni=eni-w dir={direction} src={src} dst={dst} flags={flags} proto={protocol}");
        run(
            &twins,
            &[(
                title,
                &words,
                &format!("initiator={expected} path=intra-vpc"),
            )],
        );
    }
}

#[test]
fn nodata_and_skipdata_have_no_tag() {
    use crate::model::batch::{BatchBuilder, Status, Value};
    use crate::model::{field::FieldSet, format::Format};
    let mut builder = BatchBuilder::new(
        &Format::from_names(["interface-id"]).unwrap(),
        FieldSet::ALL,
    );
    builder
        .push(&[Value::Text("eni-w")], Status::NoData, 1)
        .unwrap();
    builder
        .push(&[Value::Text("eni-w")], Status::SkipData, 2)
        .unwrap();
    let tags = super::tags(&builder.finish().unwrap(), &one(&network()).world);
    assert_eq!(tags.rows, [None, None]);
}
