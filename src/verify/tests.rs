//! Verdicts over small worlds: each obligation by itself, each kind of witness, and what must hold whatever the records.

mod claims;
mod classes;
mod delivery;
mod described;
mod found;
mod joined;
mod metered;
mod missing;
mod prospects;
mod soundness;
mod truth;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::model::address::Address;
use crate::model::batch::{BatchBuilder, FlowBatch, Status, Value};
use crate::model::evidence::{Evidence, InputReport, ObligationState};
use crate::model::field::{FieldSet, Kind};
use crate::model::format::{Format, FormatField};
use crate::model::path::Verdict;
use crate::model::window::Window;
use crate::policy::{self, Policy};
use crate::topology::{Document, World};
use crate::verify::{Delivery, InputFacts, Plan, Run, Tally, conclude};

/// 2026-08-01T12:00:00Z
const T0: i64 = 1_785_585_600;

const FORMAT: &str = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${bytes} ${start} ${end} ${action} ${log-status} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${traffic-path} ${vpc-id}";

const RANGES: &str = r#"{"createDate": "2026-07-31-00-00-00", "prefixes": [
    {"ip_prefix": "52.216.0.0/15", "service": "S3"}, {"ip_prefix": "52.218.0.0/17", "service": "S3"}, {"ip_prefix": "52.0.0.0/8", "service": "AMAZON"},
    {"ip_prefix": "3.0.0.0/8", "service": "EC2"}, {"ip_prefix": "3.0.0.0/8", "service": "AMAZON"}], "ipv6_prefixes": []}"#;

const S3_PRIVATE: &str = "version = 1\n[[claim]]\nid = 's3'\nto = ['service:s3']\nallow = ['via-gateway-endpoint', 'via-endpoint-eni']\n";

fn topology() -> Json {
    json!({
        "captured_at": "2026-08-01T12:00:00Z",
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
        "Subnets": [{"SubnetId": "subnet-a", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a"}],
        "RouteTables": [{"RouteTableId": "rtb-a", "VpcId": "vpc-1", "Associations": [{"Main": true}], "Routes": [
            {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"},
            {"DestinationPrefixListId": "pl-63a5400a", "GatewayId": "vpce-s3"}]}],
        "NetworkInterfaces": [{"NetworkInterfaceId": "eni-w", "VpcId": "vpc-1", "SubnetId": "subnet-a", "PrivateIpAddress": "10.0.1.5", "TagSet": [{"Key": "env", "Value": "prod"}]},
            {"NetworkInterfaceId": "eni-v", "VpcId": "vpc-1", "SubnetId": "subnet-a", "PrivateIpAddress": "10.0.1.6"}],
        "VpcEndpoints": [{"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.s3"}],
        "PrefixLists": [{"PrefixListId": "pl-63a5400a", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": ["52.216.0.0/15"]}],
        "FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "vpc-1", "FlowLogStatus": "ACTIVE", "TrafficType": "ALL", "DeliverLogsStatus": "SUCCESS", "MaxAggregationInterval": 600, "CreationTime": "2026-07-01T00:00:00Z"}]
    })
}

/// A complete half hour: both interfaces are heard of every ten minutes, and S3 goes through the endpoint.
fn complete() -> Vec<String> {
    let mut records = Vec::new();
    for minute in [0, 10, 20] {
        let (start, end) = (T0 + minute * 60 + 5, T0 + minute * 60 + 595);
        records.push(format!("eni-w 10.0.1.5 52.216.0.9 40000 443 6 1000 {start} {end} ACCEPT OK 10.0.1.5 52.216.0.9 egress 7 vpc-1"));
        records.push(format!("eni-w 52.216.0.9 10.0.1.5 443 40000 6 9000 {start} {end} ACCEPT OK 52.216.0.9 10.0.1.5 ingress - vpc-1"));
        records.push(format!(
            "eni-v - - - - - - {start} {end} - NODATA - - - - vpc-1"
        ));
    }
    records
}

fn flow(rest: &str) -> String {
    format!("{rest} vpc-1").replace("TIME", &format!("{} {}", T0 + 60, T0 + 120))
}

fn batch(format: &str, records: &[String]) -> FlowBatch {
    let format = Format::parse(format).unwrap();
    let mut builder = BatchBuilder::new(&format, FieldSet::ALL);
    for (index, record) in records.iter().enumerate() {
        let mut status = Status::Flow;
        let values: Vec<Value<'_>> = record
            .split_whitespace()
            .zip(format.fields())
            .map(|(text, field)| match (text, field) {
                ("-", _) => Value::Null,
                (text, FormatField::Known(field)) => match field.info().kind {
                    Kind::Text => {
                        match text {
                            "NODATA" => status = Status::NoData,
                            "SKIPDATA" => status = Status::SkipData,
                            _ => {}
                        }
                        Value::Text(text)
                    }
                    Kind::Address => Value::Address(Address::parse(text.as_bytes()).unwrap()),
                    Kind::Int32 | Kind::Int64 => Value::Number(text.parse().unwrap()),
                },
                (text, FormatField::Unknown(_)) => Value::Text(text),
            })
            .collect();
        assert_eq!(values.len(), format.fields().len(), "{record}");
        builder.push(&values, status, index as u64 + 1).unwrap();
    }
    builder.finish().unwrap()
}

/// A run that the tests change in one place at a time.
#[derive(Clone, Debug)]
struct Case {
    /// Or several, as an array.
    topology: Json,
    ranges: String,
    policy: String,
    window: Window,
    format: String,
    records: Vec<String>,
    input: InputReport,
    delivery: Option<Delivery>,
}

impl Case {
    fn new() -> Case {
        Case {
            topology: topology(),
            ranges: RANGES.to_owned(),
            policy: S3_PRIVATE.to_owned(),
            window: Window {
                since: Some(T0),
                until: Some(T0 + 1800),
            },
            format: FORMAT.to_owned(),
            records: complete(),
            input: InputReport {
                uri: "a.log".into(),
                whole: true,
                flow_log: Some("fl-1".into()),
                ..InputReport::default()
            },
            delivery: None,
        }
    }

    fn policy(&self) -> Policy {
        policy::parse("policy.toml", &self.policy).unwrap().0
    }

    fn world(&self) -> World {
        let one = std::slice::from_ref(&self.topology);
        let all = self.topology.as_array().map_or(one, Vec::as_slice);
        let document = |(at, value): (usize, &Json)| Document {
            group: format!("t{at}"),
            source: format!("t{at}.json"),
            bytes: serde_json::to_vec(value).unwrap(),
        };
        let documents: Vec<Document> = all.iter().enumerate().map(document).collect();
        World::load(&documents, Some(("r.json", self.ranges.as_bytes()))).unwrap()
    }

    /// The evidence by classes, which must be that of record by record; the records cut into batches of so many, from the last on.
    fn compared_in(&self, rows: usize) -> Evidence {
        let (world, policy) = (self.world(), self.policy());
        let plan = Plan::new(&world, &policy, self.window);
        let mut input = self.input.clone();
        let chunks = self.records.chunks(rows.max(1)).rev();
        let batches: Vec<FlowBatch> = chunks.map(|records| batch(&self.format, records)).collect();
        for status in batches.iter().flat_map(FlowBatch::statuses) {
            match status {
                Status::Flow => input.flows += 1,
                Status::NoData => input.nodata += 1,
                Status::SkipData => input.skipdata += 1,
            }
        }
        let facts = InputFacts {
            index: 0,
            flow_log: input.flow_log.clone(),
        };
        let tallies = classes::weighed(&plan, &batches, &facts);
        input.rows = input.flows + input.nodata + input.skipdata + input.set_aside;
        let run = Run {
            inputs: vec![input],
            delivery: self.delivery,
            ..Run::default()
        };
        let [evidence, slow] = tallies.map(|tally| conclude(&plan, tally, run.clone()).unwrap());
        assert_eq!(evidence, slow, "classes and records differ");
        evidence
    }

    /// The same; whatever is judged here, `flowproof check` must find that it agrees with itself.
    fn evidence_in(&self, rows: usize) -> Evidence {
        let evidence = self.compared_in(rows);
        assert_eq!(crate::seal::consistent(&evidence), []);
        evidence
    }

    fn evidence(&self) -> Evidence {
        self.evidence_in(usize::MAX)
    }

    fn verdict(&self) -> Verdict {
        self.evidence().verdict
    }
}

/// Obligations of the first claim that failed.
fn failed(evidence: &Evidence) -> Vec<&str> {
    let obligations = evidence.claims[0].obligations.iter();
    obligations
        .filter(|obligation| obligation.state == ObligationState::Failed)
        .map(|obligation| obligation.id.as_str())
        .collect()
}

fn changed(change: impl FnOnce(&mut Case)) -> Case {
    let mut case = Case::new();
    change(&mut case);
    case
}

#[test]
fn a_complete_record_without_a_witness_is_proven() {
    let evidence = Case::new().evidence();
    assert_eq!(
        (evidence.verdict, failed(&evidence)),
        (Verdict::Proven, vec![])
    );
    assert_eq!(evidence.claims[0].flows_checked, 6);
    assert!(evidence.coverage.iter().all(|interface| interface.complete));
}

#[test]
fn each_hole_fails_its_obligation_and_no_other() {
    type Change = fn(&mut Case);
    #[rustfmt::skip]
    let cases: Vec<(&str, &str, Change)> = vec![
        ("an undetermined path", "no-unknown-path", |case| case.records.push(flow("eni-w 10.0.1.5 52.216.0.9 40000 443 6 1 TIME ACCEPT OK 10.0.1.5 52.216.0.9 egress 9"))),
        ("an address that only an endpoint missing from the topology may have, with `through`", "no-unknown-path", |case| {
            case.policy.push_str("through = ['vpce-s3']\n");
            case.records.push(flow("eni-w 10.0.1.5 10.0.1.77 40000 443 6 1 TIME ACCEPT OK 10.0.1.5 10.0.1.77 egress 1"));
        }),
        ("an action that is neither", "no-unknown-path", |case| case.records.push(flow("eni-w 10.0.1.5 52.218.0.9 40000 443 6 1 TIME - OK 10.0.1.5 52.218.0.9 egress 8"))),
        ("an internet gateway or a gateway endpoint, as the routes have it", "fields-suffice", |case| case.records.push(flow("eni-w 10.0.1.5 52.216.0.9 40000 443 6 1 TIME ACCEPT OK 10.0.1.5 52.216.0.9 egress 2"))),
        ("no flow log", "interfaces-logged", |case| case.topology["FlowLogs"] = json!([])),
        ("flow logs not told", "interfaces-logged", |case| { case.topology.as_object_mut().unwrap().remove("FlowLogs"); }),
        ("rejects only", "interfaces-logged no-silence", |case| case.topology["FlowLogs"][0]["TrafficType"] = json!("REJECT")),
        ("delivery fails", "interfaces-logged no-silence", |case| case.topology["FlowLogs"][0]["DeliverLogsErrorMessage"] = json!("Access error")),
        ("delivery failed", "interfaces-logged no-silence", |case| case.topology["FlowLogs"][0]["DeliverLogsStatus"] = json!("FAILED")),
        ("not active", "interfaces-logged no-silence", |case| case.topology["FlowLogs"][0]["FlowLogStatus"] = json!("DELETING")),
        ("made after the window began", "interfaces-logged", |case| case.topology["FlowLogs"][0]["CreationTime"] = json!("2026-08-01T12:10:00Z")),
        ("on another subnet", "interfaces-logged", |case| case.topology["FlowLogs"][0]["ResourceId"] = json!("subnet-b")),
        ("what was read is another's", "interfaces-logged no-silence", |case| case.input.flow_log = Some("fl-2".into())),
        ("one silent interface", "no-silence", |case| case.records.retain(|record| !record.starts_with("eni-v"))),
        ("one silent interface of nothing but a subnet's flow log", "no-silence", |case| {
            case.topology["FlowLogs"][0]["ResourceId"] = json!("subnet-a");
            case.records.retain(|record| !record.starts_with("eni-v"));
        }),
        ("a gap", "no-silence", |case| { case.policy.push_str("[coverage]\nmax_silence = '5m'\n"); case.records.drain(3..6); }),
        ("the end is missing", "no-silence", |case| case.window.until = Some(T0 + 3600)),
        ("the beginning is missing", "no-silence", |case| { case.window.since = Some(T0 - 3600); }),
        ("AWS skipped", "no-skipdata", |case| case.records.push(flow("eni-v - - - - - - TIME - SKIPDATA - - - -"))),
        ("an input that breaks off", "inputs-whole", |case| case.input.whole = false),
        ("a line set aside", "inputs-whole", |case| case.input.set_aside = 1),
        ("an old list and a stranger", "services-known", |case| {
            case.ranges = case.ranges.replace("2026-07-31", "2026-06-01");
            case.records.push(flow("eni-w 10.0.1.5 203.0.113.9 40000 443 6 1 TIME ACCEPT OK 10.0.1.5 203.0.113.9 egress 8"));
        }),
        ("a service without ranges of its own", "services-known", |case| {
            case.policy = case.policy.replace("service:s3", "service:sts");
            case.records.push(flow("eni-w 10.0.1.5 3.5.0.9 40000 443 6 1 TIME ACCEPT OK 10.0.1.5 3.5.0.9 egress 8"));
        }),
        ("an interface that the topology does not know", "topology-fits", |case| case.records.push(flow("eni-x - - - - - - TIME - NODATA - - - -"))),
        ("record against route", "topology-fits", |case| case.records.push(flow("eni-w 10.0.1.5 203.0.113.9 40000 443 6 1 TIME ACCEPT OK 10.0.1.5 203.0.113.9 egress 7"))),
        ("a topology of another week", "topology-fits", |case| case.topology["captured_at"] = json!("2026-07-20T12:00:00Z")),
        ("a topology with a hole", "topology-fits", |case| case.topology["NextToken"] = json!("more")),
        ("the policy names what is not there", "topology-fits", |case| case.policy.push_str("from = ['subnet-a', 'subnet-zz']\n")),
    ];
    for (title, obligations, change) in cases {
        let case = changed(change);
        let evidence = case.evidence();
        let expected: Vec<&str> = obligations.split(' ').collect();
        assert_eq!(
            (evidence.verdict, failed(&evidence)),
            (Verdict::Unproven, expected),
            "{title}"
        );
    }
}

#[test]
fn a_log_that_does_not_tell_paths_proves_nothing_of_public_addresses() {
    let case = changed(|case| {
        case.format = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${bytes} ${start} ${end} ${action} ${log-status}".into();
        case.records
            .iter_mut()
            .for_each(|record| *record = record.split(' ').take(11).collect::<Vec<_>>().join(" "));
    });
    let evidence = case.evidence();
    assert_eq!(
        (evidence.verdict, failed(&evidence)),
        (Verdict::Unproven, vec!["fields-suffice"])
    );
    let needs = case.clone();
    let without = |field: &str| {
        let mut case = needs.clone();
        let place = case
            .format
            .split(' ')
            .position(|word| word == field)
            .unwrap();
        let drop = |text: &str| {
            text.split(' ')
                .enumerate()
                .filter(|(index, _)| *index != place)
                .map(|(_, word)| word)
                .collect::<Vec<_>>()
                .join(" ")
        };
        case.records = case.records.iter().map(|record| drop(record)).collect();
        case.format = drop(&case.format);
        case
    };
    for field in ["${action}", "${log-status}", "${end}", "${interface-id}"] {
        let evidence = without(field).evidence();
        assert_eq!(evidence.verdict, Verdict::Unproven, "{field}");
        assert!(failed(&evidence).contains(&"fields-suffice"), "{field}");
    }
}

#[test]
fn a_witness_breaks_the_claim_whatever_else_fails() {
    #[rustfmt::skip]
    let cases = [
        ("by the internet gateway, as the record says",  "eni-w 10.0.1.5 52.216.0.9 40000 443 6 77 TIME ACCEPT OK 10.0.1.5 52.216.0.9 egress 8", "s3", 1),
        ("another Region's, by the default route",       "eni-w 10.0.1.5 52.218.0.9 40000 443 6 77 TIME ACCEPT OK 10.0.1.5 52.218.0.9 egress 8", "s3", 1),
        ("its reply alone",                              "eni-w 52.218.0.9 10.0.1.5 443 40000 6 77 TIME ACCEPT OK 52.218.0.9 10.0.1.5 ingress -", "s3", 1),
        ("rejected is an attempt",                       "eni-w 10.0.1.5 52.218.0.9 40000 443 6 77 TIME REJECT OK 10.0.1.5 52.218.0.9 egress 8", "s3", 0),
        ("another service",                              "eni-w 10.0.1.5 3.5.0.9 40000 443 6 77 TIME ACCEPT OK 10.0.1.5 3.5.0.9 egress 8", "s3", 0),
    ];
    for (title, record, id, witnesses) in cases {
        let mut case = changed(|case| case.records.push(flow(record)));
        let evidence = case.evidence();
        assert_eq!(
            (
                evidence.claims[0].id.as_str(),
                evidence.claims[0].witnesses.count
            ),
            (id, witnesses),
            "{title}"
        );
        case.topology["FlowLogs"] = json!([]);
        case.input.whole = false;
        let expected = if witnesses > 0 {
            Verdict::Violated
        } else {
            Verdict::Unproven
        };
        assert_eq!(case.verdict(), expected, "{title}, with holes");
    }
}

/// The half hour with a NAT gateway, an appliance and a transit gateway whose interfaces are quiet.
fn with_gateways(case: &mut Case) {
    let enis = case.topology["NetworkInterfaces"].as_array_mut().unwrap();
    for (id, kind, address) in [
        ("eni-n", "nat_gateway", "10.0.1.20"),
        ("eni-a", "interface", "10.0.1.22"),
        ("eni-t", "transit_gateway", "10.0.1.23"),
    ] {
        enis.push(json!({"NetworkInterfaceId": id, "InterfaceType": kind, "VpcId": "vpc-1", "SubnetId": "subnet-a", "PrivateIpAddress": address}));
        for minute in [0, 10, 20] {
            let (start, end) = (T0 + minute * 60 + 5, T0 + minute * 60 + 595);
            case.records.push(format!(
                "{id} - - - - - - {start} {end} - NODATA - - - - vpc-1"
            ));
        }
    }
    case.topology["RouteTables"][0]["Routes"][1] =
        json!({"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1"});
}

#[test]
fn a_route_that_is_stale_shows_at_the_interface_it_misses_even_out_of_scope() {
    // Truly the default route leads elsewhere; traffic-path 1 fits the transit gateway as well.
    #[rustfmt::skip]
    let cases = [
        ("an appliance that no route of the topology leads to", None,
            "eni-a 10.0.1.5 10.0.1.22 40000 443 6 7 TIME ACCEPT OK 10.0.1.5 203.0.113.9 ingress -"),
        ("a NAT gateway that the topology does not know", Some("eni-n"),
            "eni-n 10.0.1.5 10.0.1.20 40000 443 6 7 TIME ACCEPT OK 10.0.1.5 203.0.113.9 ingress -"),
    ];
    for (title, missing, crossed) in cases {
        for scope in [
            "",
            "[scope]\ninterfaces = ['eni-w']\n",
            "[scope]\ncidrs = ['10.0.1.5/32']\n",
        ] {
            let case = changed(|case| {
                with_gateways(case);
                case.policy = format!(
                    "version = 1\n{scope}[[claim]]\nid = 'i'\nto = ['internet']\nallow = ['via-transit-gateway']\n"
                );
                case.records.push(flow("eni-w 10.0.1.5 203.0.113.9 40000 443 6 7 TIME ACCEPT OK 10.0.1.5 203.0.113.9 egress 1"));
            });
            assert_eq!(case.verdict(), Verdict::Proven, "{title}, {scope}");
            let mut truly = case.clone();
            truly.records.push(flow(crossed));
            let enis = truly.topology["NetworkInterfaces"].as_array_mut().unwrap();
            enis.retain(|eni| missing.is_none_or(|id| eni["NetworkInterfaceId"] != id));
            truly.records.retain(|record| {
                missing.is_none_or(|id| !record.starts_with(id) || !record.contains("NODATA"))
            });
            let evidence = truly.evidence();
            assert_eq!(
                (evidence.verdict, failed(&evidence)),
                (Verdict::Unproven, vec!["topology-fits"]),
                "{title}, {scope}"
            );
        }
    }
}

#[test]
fn an_address_of_a_known_vpc_that_no_interface_has_may_be_an_endpoint() {
    let ways = [
        ("peering", json!({"VpcPeeringConnectionId": "pcx-1"}), "4"),
        ("transit gateway", json!({"TransitGatewayId": "tgw-1"}), "1"),
        ("VPN", json!({"GatewayId": "vgw-1"}), "3"),
    ];
    for (title, target, value) in ways {
        let case = changed(|case| {
            let mut route = target.clone();
            route["DestinationCidrBlock"] = json!("10.9.0.0/16");
            let topology = &mut case.topology;
            topology["RouteTables"][0]["Routes"]
                .as_array_mut()
                .unwrap()
                .push(route);
            let vpcs = topology["Vpcs"].as_array_mut().unwrap();
            vpcs.push(json!({"VpcId": "vpc-9", "CidrBlock": "10.9.0.0/24"}));
        });
        for (peer, verdict) in [
            ("10.9.0.7", Verdict::Unproven),
            ("10.9.1.7", Verdict::Proven),
        ] {
            let mut case = case.clone();
            case.records.push(flow(&format!(
                "eni-w 10.0.1.5 {peer} 40000 443 6 7 TIME ACCEPT OK 10.0.1.5 {peer} egress {value}"
            )));
            assert_eq!(case.verdict(), verdict, "{title} to {peer}");
        }
    }
}

#[test]
fn an_endpoint_without_a_service_behind_a_peering_may_be_any() {
    let case = changed(|case| {
        let topology = &mut case.topology;
        topology["Vpcs"]
            .as_array_mut()
            .unwrap()
            .push(json!({"VpcId": "vpc-9", "CidrBlock": "10.9.0.0/24"}));
        topology["RouteTables"][0]["Routes"]
            .as_array_mut()
            .unwrap()
            .push(
                json!({"DestinationCidrBlock": "10.9.0.0/24", "VpcPeeringConnectionId": "pcx-1"}),
            );
        topology["VpcPeeringConnections"] = json!([{"VpcPeeringConnectionId": "pcx-1", "RequesterVpcInfo": {"VpcId": "vpc-1"}, "AccepterVpcInfo": {"VpcId": "vpc-9"}}]);
        topology["NetworkInterfaces"].as_array_mut().unwrap().push(json!({"NetworkInterfaceId": "eni-e", "InterfaceType": "vpc_endpoint", "VpcId": "vpc-9", "PrivateIpAddress": "10.9.0.7"}));
        case.policy = case
            .policy
            .replace("[[claim]]", "[scope]\nvpcs = ['vpc-1']\n[[claim]]");
        case.records.push(flow(
            "eni-w 10.0.1.5 10.9.0.7 40000 443 6 7 TIME ACCEPT OK 10.0.1.5 10.9.0.7 egress 4",
        ));
    });
    let evidence = case.evidence();
    assert_eq!(
        (evidence.verdict, failed(&evidence)),
        (Verdict::Unproven, vec!["no-unknown-path"])
    );
}

#[test]
fn a_log_without_its_fields_proves_nothing_even_where_nothing_flowed() {
    for field in ["${action}", "${srcaddr}", "${dstaddr}"] {
        let case = changed(|case| {
            case.records
                .retain(|record| record.contains("NODATA") || record.starts_with("eni-w"));
            case.policy = case
                .policy
                .replace("[[claim]]", "[scope]\ninterfaces = ['eni-v']\n[[claim]]");
            let place = case
                .format
                .split(' ')
                .position(|word| word == field)
                .unwrap();
            let drop = |text: &str| {
                let words = text.split(' ').enumerate();
                words
                    .filter(|(index, _)| *index != place)
                    .map(|(_, word)| word)
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            case.records = case.records.iter().map(|record| drop(record)).collect();
            case.format = drop(&case.format);
        });
        let evidence = case.evidence();
        assert_eq!(
            (evidence.verdict, failed(&evidence)),
            (Verdict::Unproven, vec!["fields-suffice"]),
            "{field}"
        );
    }
}

#[test]
fn without_packet_addresses_an_appliance_within_the_vpc_cannot_be_ruled_out() {
    let policy = |allow: &str| {
        format!("version = 1\n[[claim]]\nid = 'p'\nto = ['private']\nallow = [{allow}]\n")
    };
    let both = "'intra-vpc', 'via-appliance'";
    for (fields, allow, verdict) in [
        (16, "'intra-vpc'", Verdict::Proven),
        (11, "'intra-vpc'", Verdict::Unproven),
        (11, both, Verdict::Proven),
    ] {
        let case = changed(|case| {
            let cut = |text: &str| text.split(' ').take(fields).collect::<Vec<_>>().join(" ");
            case.policy = policy(allow);
            case.records.push(flow(
                "eni-w 10.0.1.5 10.0.1.6 40000 443 6 7 TIME ACCEPT OK 10.0.1.5 10.0.1.6 egress 1",
            ));
            case.records = case.records.iter().map(|record| cut(record)).collect();
            case.format = cut(&case.format);
        });
        assert_eq!(case.verdict(), verdict, "{fields} fields, {allow}");
    }
}

#[test]
fn rejected_flows_count_as_the_policy_says() {
    let record = flow(
        "eni-w 10.0.1.5 52.218.0.9 40000 443 6 77 TIME REJECT OK 10.0.1.5 52.218.0.9 egress 8",
    );
    for (mode, verdict, attempts) in [
        ("attempt", Verdict::Proven, 1),
        ("violation", Verdict::Violated, 0),
        ("ignore", Verdict::Proven, 0),
    ] {
        let case = changed(|case| {
            case.policy = case.policy.replace(
                "version = 1\n",
                &format!("version = 1\nrejected = '{mode}'\n"),
            );
            case.records.push(record.clone());
        });
        let evidence = case.evidence();
        assert_eq!(
            (evidence.verdict, evidence.claims[0].attempts.count),
            (verdict, attempts),
            "{mode}"
        );
    }
}

#[test]
fn exceptions_except_until_their_day_is_over() {
    let exception =
        "[[exception]]\nclaim = 's3'\nto = ['52.218.0.0/17']\nreason = 'copy'\nexpires = ";
    let record = flow(
        "eni-w 10.0.1.5 52.218.0.9 40000 443 6 77 TIME ACCEPT OK 10.0.1.5 52.218.0.9 egress 8",
    );
    for (expires, verdict, code) in [
        ("2026-08-01", Verdict::Proven, None),
        ("2026-07-31", Verdict::Violated, Some("exception-expired")),
    ] {
        let case = changed(|case| {
            case.policy.push_str(&format!("{exception}{expires}\n"));
            case.records.push(record.clone());
        });
        let evidence = case.evidence();
        let said = evidence
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic.code.as_str())
            .find(|code| code.starts_with("exception"));
        assert_eq!((evidence.verdict, said), (verdict, code), "{expires}");
    }
    let unused =
        changed(|case| case.policy.push_str(&format!("{exception}2026-08-01\n"))).evidence();
    assert!(
        unused
            .diagnostics
            .iter()
            .any(|diagnostic| diagnostic.code == "exception-unused")
    );
}

#[test]
fn scope_and_from_say_whose_traffic_is_judged() {
    let leak = flow(
        "eni-w 10.0.1.5 52.218.0.9 40000 443 6 77 TIME ACCEPT OK 10.0.1.5 52.218.0.9 egress 8",
    );
    #[rustfmt::skip]
    let cases = [
        ("the other interface",        "[scope]\ninterfaces = ['eni-v']\n",            Verdict::Proven),
        ("the leaking interface",      "[scope]\ninterfaces = ['eni-w']\n",            Verdict::Violated),
        ("its tag",                    "[scope]\ntags = { env = 'prod' }\n",           Verdict::Violated),
        ("another tag",                "[scope]\ntags = { env = 'test' }\n",           Verdict::Unproven),
        ("its address",                "[scope]\ncidrs = ['10.0.1.5/32']\n",           Verdict::Violated),
        ("the other's address",        "[scope]\ncidrs = ['10.0.1.6/32']\n",           Verdict::Proven),
    ];
    for (title, scope, verdict) in cases {
        let case = changed(|case| {
            case.policy = case
                .policy
                .replace("[[claim]]", &format!("{scope}[[claim]]"));
            case.records.push(leak.clone());
        });
        assert_eq!(case.verdict(), verdict, "{title}");
    }
    for (title, from, verdict) in [
        ("from the other", "eni-v", Verdict::Proven),
        ("from the leaking one", "eni-w", Verdict::Violated),
        ("from its address", "10.0.1.5/32", Verdict::Violated),
        ("from elsewhere", "10.0.1.6/32", Verdict::Proven),
    ] {
        let case = changed(|case| {
            case.policy.push_str(&format!("from = ['{from}']\n"));
            case.records.push(leak.clone());
        });
        assert_eq!(case.verdict(), verdict, "{title}");
    }
}

#[test]
fn ports_exits_and_gateways_narrow_a_claim() {
    let leak =
        flow("eni-w 10.0.1.5 52.218.0.9 40000 80 6 77 TIME ACCEPT OK 10.0.1.5 52.218.0.9 egress 8");
    #[rustfmt::skip]
    let cases = [
        ("its port",              "ports = [80]\n",                        Verdict::Violated),
        ("another port",          "ports = [443]\n",                       Verdict::Proven),
        ("the endpoint's exit",   "exits = ['gateway-endpoint']\nports = [443]\n",  Verdict::Proven),
        ("another exit",          "exits = ['endpoint']\nports = [443]\n", Verdict::Violated),
        ("the endpoint",          "through = ['vpce-s3']\nports = [443]\n", Verdict::Proven),
        ("another gateway",       "through = ['igw-1']\nports = [443]\n",  Verdict::Violated),
    ];
    for (title, narrowed, verdict) in cases {
        let case = changed(|case| {
            case.policy.push_str(narrowed);
            case.records.push(leak.clone());
        });
        assert_eq!(case.verdict(), verdict, "{title}");
    }
}

#[test]
fn without_records_or_interfaces_nothing_is_proven() {
    assert_eq!(
        changed(|case| case.records.clear()).verdict(),
        Verdict::Unproven
    );
    assert_eq!(
        changed(|case| {
            case.records.clear();
            case.window = Window::ALL;
        })
        .verdict(),
        Verdict::Unproven
    );
    assert_eq!(
        changed(|case| case.topology["NetworkInterfaces"] = json!([])).verdict(),
        Verdict::Unproven
    );
}

#[test]
fn a_record_that_is_lost_on_the_way_is_our_bug_and_no_verdict() {
    let case = Case::new();
    let (world, policy) = (case.world(), case.policy());
    let plan = Plan::new(&world, &policy, case.window);
    let input = InputReport {
        rows: 9,
        flows: 9,
        whole: true,
        ..InputReport::default()
    };
    assert!(
        conclude(
            &plan,
            Tally::default(),
            Run {
                inputs: vec![input],
                ..Run::default()
            }
        )
        .is_err()
    );
}

/// A record of any kind, at any time in the window, on any interface.
fn any_record() -> impl Strategy<Value = String> {
    let interface = prop_oneof![4 => Just("eni-w"), 2 => Just("eni-v"), 1 => Just("eni-x")];
    let peer = prop_oneof![
        Just("52.216.0.9"),
        Just("52.218.0.9"),
        Just("203.0.113.9"),
        Just("10.0.1.6"),
        Just("10.0.1.77"),
        Just("3.5.0.9")
    ];
    let path = prop_oneof![Just("1"), Just("2"), Just("7"), Just("8"), Just("-")];
    let action = prop_oneof![3 => Just("ACCEPT"), 1 => Just("REJECT"), 1 => Just("-")];
    (interface, peer, path, action, 0..1790i64, 0..5000u32, 0..10u8).prop_map(|(interface, peer, path, action, at, bytes, kind)| {
        let (start, end) = (T0 + at, T0 + at + 9);
        match kind {
            0 => format!("{interface} - - - - - - {start} {end} - NODATA - - - - vpc-1"),
            1 => format!("{interface} - - - - - - {start} {end} - SKIPDATA - - - - vpc-1"),
            2..=4 => format!("{interface} {peer} 10.0.1.5 443 40000 6 {bytes} {start} {end} {action} OK {peer} 10.0.1.5 ingress - vpc-1"),
            _ => format!("{interface} 10.0.1.5 {peer} 40000 443 6 {bytes} {start} {end} {action} OK 10.0.1.5 {peer} egress {path} vpc-1"),
        }
    })
}

fn any_case() -> impl Strategy<Value = Case> {
    let policies = prop_oneof![
        Just(S3_PRIVATE.to_owned()),
        Just("version = 1\n[[claim]]\nid = 'i'\nto = ['internet']\nallow = []\n".to_owned()),
        Just("version = 1\n[[claim]]\nid = 'a'\nto = ['any']\nallow = ['intra-vpc', 'via-gateway-endpoint']\n".to_owned()),
    ];
    (prop::collection::vec(any_record(), 0..6), policies).prop_map(|(records, policy)| {
        changed(|case| {
            case.policy = policy;
            case.records.extend(records);
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_more_record_never_betters_a_verdict_that_is_not_about_silence(case in any_case(), record in any_record()) {
        // NODATA may well end a silence; a flow or SKIPDATA more is a doubt more.
        prop_assume!(!record.contains("NODATA"));
        let before = case.verdict();
        let mut more = case.clone();
        more.records.push(record);
        prop_assert!(more.verdict() <= before, "{before} became {}", more.verdict());
    }

    #[test]
    fn a_record_less_never_proves(case in any_case(), which in any::<prop::sample::Index>()) {
        let mut less = case.clone();
        let gone = less.records.remove(which.index(case.records.len()));
        if less.verdict() == Verdict::Proven {
            // What is left is complete by itself; only a record that raised the doubt can have been taken: a flow, SKIPDATA, or
            // anything of an interface that the topology does not know.
            let doubtful = !gone.contains("NODATA") || gone.starts_with("eni-x");
            prop_assert!(case.verdict() == Verdict::Proven || doubtful);
        }
    }

    #[test]
    fn a_record_that_aws_skipped_never_proves(case in any_case(), which in any::<prop::sample::Index>()) {
        let mut skipped = case.clone();
        let index = which.index(case.records.len());
        let words: Vec<&str> = case.records[index].split(' ').collect();
        skipped.records[index] = format!("{} - - - - - - {} {} - SKIPDATA - - - - vpc-1", words[0], words[7], words[8]);
        prop_assert_ne!(skipped.verdict(), Verdict::Proven);
    }

    #[test]
    fn how_records_are_cut_and_merged_does_not_matter(case in any_case(), rows in 1usize..8) {
        prop_assert_eq!(case.evidence(), case.evidence_in(rows).without_lines_of(&case));
    }
}

impl Evidence {
    /// Lines are counted a batch in these tests, so cutting moves them; everything else must stay.
    fn without_lines_of(mut self, case: &Case) -> Evidence {
        self.inputs = case.evidence().inputs;
        self
    }
}
