//! Topologies from strings.

use serde_json::json;

use super::routes::{Lookup, Target};
use super::snapshot::InterfaceKind;
use super::*;
use crate::model::address::Address;

fn document(group: &str, source: &str, value: serde_json::Value) -> Document {
    Document {
        group: group.into(),
        source: source.into(),
        bytes: serde_json::to_vec(&value).unwrap(),
    }
}

fn world(value: serde_json::Value) -> World {
    World::load(&[document("t", "t/all.json", value)], None).unwrap()
}

fn small() -> serde_json::Value {
    json!({
        "captured_at": "2026-08-01T12:00:00Z",
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Quantum": {"New": 1},
            "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}, {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}}],
            "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2600:1f18::/56"}]}],
        "Subnets": [{"SubnetId": "subnet-a", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a", "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2600:1f18::/64"}]},
            {"SubnetId": "subnet-b", "VpcId": "vpc-1", "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "us-east-1b"}],
        "RouteTables": [
            {"RouteTableId": "rtb-main", "VpcId": "vpc-1", "Associations": [{"Main": true}],
             "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}]},
            {"RouteTableId": "rtb-a", "VpcId": "vpc-1", "Associations": [{"Main": false, "SubnetId": "subnet-a"}],
             "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, {"DestinationPrefixListId": "pl-63a5400a", "GatewayId": "vpce-s3"}]}],
        "NetworkInterfaces": [
            {"NetworkInterfaceId": "eni-w", "VpcId": "vpc-1", "SubnetId": "subnet-a", "InterfaceType": "interface", "PrivateIpAddress": "10.0.1.5",
             "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.5"}, {"PrivateIpAddress": "10.0.1.6"}], "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}], "Ipv6Addresses": [{"Ipv6Address": "2600:1f18::5"}]},
            {"NetworkInterfaceId": "eni-e", "VpcId": "vpc-1", "SubnetId": "subnet-a", "InterfaceType": "vpc_endpoint", "PrivateIpAddress": "10.0.1.100"},
            {"NetworkInterfaceId": "eni-n", "VpcId": "vpc-1", "SubnetId": "subnet-b", "InterfaceType": "natGateway", "PrivateIpAddress": "10.0.2.9", "Description": "Interface for NAT Gateway nat-1"}],
        "VpcEndpoints": [{"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.s3"},
            {"VpcEndpointId": "vpce-i", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.sts", "NetworkInterfaceIds": ["eni-e"],
             "Ipv4Prefixes": [{"SubnetId": "subnet-a", "IpPrefixes": ["10.0.1.112/28"]}, {"SubnetId": "subnet-b", "IpPrefixes": ["10.0.2.112/28"]}],
             "Ipv6Prefixes": [{"SubnetId": "subnet-a", "IpPrefixes": ["2600:1f18::e0/124"]}]}],
        "PrefixLists": [{"PrefixListId": "pl-63a5400a", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": ["52.216.0.0/15"]},
            {"PrefixListId": "pl-63a5400a", "PrefixListName": "com.amazonaws.eu-west-9.dynamodb", "Cidrs": ["52.94.0.0/22"]}],
        "FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "vpc-1", "FlowLogStatus": "ACTIVE", "TrafficType": "REJECT", "DeliverLogsErrorMessage": "Access error", "CreationTime": "2017-05-16T08:52:56+00:00"}]
    })
}

fn address(text: &str) -> Address {
    Address::parse(text.as_bytes()).unwrap()
}

#[test]
fn subnets_use_their_own_table_else_the_main_one() {
    let world = world(small());
    let (snapshot, sym) = (&world.snapshots[0], |name| {
        world.symbols.find(name).unwrap()
    });
    let lookup = |subnet, to| snapshot.table_of(sym(subnet)).unwrap().lookup(address(to));
    assert_eq!(
        lookup("subnet-a", "52.217.0.1"),
        Lookup::To(Target::GatewayEndpoint(sym("vpce-s3")))
    );
    assert_eq!(lookup("subnet-a", "203.0.113.1"), Lookup::NoRoute);
    assert_eq!(
        lookup("subnet-b", "52.217.0.1"),
        Lookup::To(Target::Nat(sym("nat-1")))
    );
    assert_eq!(lookup("subnet-b", "10.0.1.5"), Lookup::To(Target::Local));
}

/// Found by the simulator of truth: a default route to an appliance carried, on paper, what stays in the VPC.
#[test]
fn a_table_that_lacks_the_vpcs_own_route_is_complained_about_where_a_wider_one_stands_in_for_it() {
    let own = |routes: serde_json::Value| {
        let mut value = small();
        value["RouteTables"][0]["Routes"] = routes;
        let complaints = world(value).diagnostics.into_iter();
        let complaints = complaints.filter(|one| one.message.contains("a CIDR of its own VPC"));
        complaints.map(|one| one.message).collect::<Vec<_>>()
    };
    let default = json!({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"});
    let local = json!({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"});
    let led_elsewhere =
        json!({"DestinationCidrBlock": "10.0.0.0/16", "NetworkInterfaceId": "eni-w"});
    let part = json!({"DestinationCidrBlock": "10.0.0.0/17", "GatewayId": "local"});
    let lacks = vec!["rtb-main has no route to 10.0.0.0/16, a CIDR of its own VPC".to_owned()];
    assert_eq!(own(json!([local, default])), Vec::<String>::new());
    assert_eq!(own(json!([led_elsewhere, default])), Vec::<String>::new());
    assert_eq!(own(json!([])), Vec::<String>::new());
    assert_eq!(own(json!([default])), lacks);
    assert_eq!(own(json!([part, default])), lacks);
}

#[test]
fn prefix_lists_are_of_their_region() {
    let world = world(small());
    let snapshot = &world.snapshots[0];
    let vpc = &snapshot.vpcs[&world.symbols.find("vpc-1").unwrap()];
    assert_eq!(vpc.region.as_deref(), Some("us-east-1"));
    let service = |to| {
        world
            .symbols
            .name(snapshot.listed_service(vpc.region.as_deref(), address(to)))
    };
    assert_eq!(service("52.217.0.1"), "s3");
    assert_eq!(
        service("52.94.0.1"),
        "",
        "that list is another Region's, whatever its id"
    );
}

#[test]
fn interfaces_own_secondary_delegated_and_ipv6_addresses_and_blocks_of_their_endpoint() {
    let world = world(small());
    let (snapshot, vpc) = (&world.snapshots[0], world.symbols.find("vpc-1").unwrap());
    #[rustfmt::skip]
    let cases = [("10.0.1.5", Some("eni-w")), ("10.0.1.6", Some("eni-w")), ("10.0.1.20", Some("eni-w")), ("2600:1f18::5", Some("eni-w")), ("10.0.1.100", Some("eni-e")), ("10.0.1.7", None),
        ("10.0.1.113", Some("eni-e")), ("2600:1f18::e1", Some("eni-e")), ("10.0.2.113", None)];
    for (text, owner) in cases {
        assert_eq!(
            snapshot
                .owner(vpc, address(text))
                .map(|interface| world.symbols.name(interface.id)),
            owner,
            "{text}"
        );
    }
    assert!(
        snapshot.vpcs[&vpc].contains(address("2600:1f18::5"))
            && !snapshot.vpcs[&vpc].contains(address("10.9.0.1"))
    );
}

#[test]
fn a_block_that_cannot_be_the_endpoints_is_told_and_not_taken() {
    let block = |kind: &str, state: &str, block: &str| {
        let mut answers = small();
        answers["VpcEndpoints"][1]["State"] = json!(state);
        answers["VpcEndpoints"][1]["VpcEndpointType"] = json!(kind);
        answers["VpcEndpoints"][1]["Ipv4Prefixes"] =
            json!([{"SubnetId": "subnet-a", "IpPrefixes": [block]}]);
        answers["VpcEndpoints"][1]["Ipv6Prefixes"] = json!([]);
        let world = world(answers);
        let endpoint = world.symbols.find("eni-e").unwrap();
        let taken = world.snapshots[0]
            .interface(endpoint)
            .unwrap()
            .prefixes
            .len();
        let mut said = world.diagnostics.iter().map(|one| one.message.clone());
        (taken, said.find(|said| said.contains("IpPrefixes")))
    };
    let said =
        |wrong: &str, block: &str| Some(format!("`IpPrefixes` of vpce-i is {wrong}: `{block}`"));
    #[rustfmt::skip]
    let cases = [
        ("ServiceNetwork",      "available", "10.0.1.112/28", 1, None),
        ("Resource",            "Available", "10.0.1.96/28",  1, None),
        ("ServiceNetwork",      "deleted",   "10.0.1.112/28", 0, None),
        ("GatewayLoadBalancer", "available", "10.0.1.112/28", 0, None),
        ("Quantum",             "available", "10.0.1.112/28", 0, None),
        ("ServiceNetwork",      "available", "10.0.2.112/28", 0, said("not within its subnet", "10.0.2.112/28")),
        ("ServiceNetwork",      "available", "0.0.0.0/0",     0, said("not within its subnet", "0.0.0.0/0")),
        ("ServiceNetwork",      "available", "10.0.1.0/28",   0, said("what another interface has", "10.0.1.0/28")),
        ("ServiceNetwork",      "available", "10.0.1.24/29",  0, said("what another interface has", "10.0.1.24/29")),
        ("ServiceNetwork",      "available", "junk",          0, said("not a CIDR", "junk")),
        ("ServiceNetwork",      "available", "010.0.1.112/28", 0, said("not a CIDR", "010.0.1.112/28")),
    ];
    for (kind, state, text, taken, said) in cases {
        assert_eq!(
            block(kind, state, text),
            (taken, said),
            "{kind} {state} {text}"
        );
    }
}

#[test]
fn an_interface_without_an_id_is_told_and_nothing_else() {
    let mut answers = small();
    answers["NetworkInterfaces"]
        .as_array_mut()
        .unwrap()
        .push(json!({}));
    let world = world(answers);
    assert_eq!(world.snapshots[0].interfaces.len(), 3);
    let mut said = world.diagnostics.iter().map(|one| &one.message);
    assert!(said.any(|said| said.contains("NetworkInterfaceId")));
}

#[test]
fn interfaces_are_known_for_what_they_are() {
    let world = world(small());
    let kind = |id| {
        world.snapshots[0]
            .interface(world.symbols.find(id).unwrap())
            .unwrap()
            .kind
    };
    assert_eq!(kind("eni-w"), InterfaceKind::Plain);
    assert_eq!(
        kind("eni-e"),
        InterfaceKind::Endpoint(world.symbols.find("vpce-i").unwrap())
    );
    assert_eq!(
        kind("eni-n"),
        InterfaceKind::Nat(world.symbols.find("nat-1").unwrap())
    );
}

#[test]
fn a_flow_log_tells_its_defects() {
    let world = world(small());
    let log = world.flow_logs().next().unwrap();
    assert_eq!(
        log.defects,
        [
            "its TrafficType is REJECT, not ALL",
            "AWS says that delivery fails: Access error"
        ]
    );
    assert_eq!(log.created_s, Some(1_494_924_776));
}

#[test]
fn files_of_a_folder_make_one_snapshot_and_clashes_are_said() {
    let mut whole = small();
    let subnets = json!({"Subnets": whole["Subnets"].take(), "Strange": []});
    for key in ["captured_at", "Subnets"] {
        whole.as_object_mut().unwrap().remove(key);
    }
    let mut other = json!({"Vpcs": whole["Vpcs"].clone()});
    other["Vpcs"][0]["CidrBlock"] = json!("10.1.0.0/16");
    let documents = [
        document("t", "t/a.json", whole),
        document("t", "t/b.json", subnets),
        document("t", "t/c.json", other),
    ];
    let world = World::load(&documents, None).unwrap();
    assert_eq!(world.snapshots.len(), 1);
    assert_eq!(world.snapshots[0].subnets.len(), 2);
    let codes: Vec<&str> = world
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.as_str())
        .collect();
    assert_eq!(
        codes,
        [
            "topology-duplicate",
            "topology-undated",
            "topology-unknown-key"
        ]
    );
}

/// Messages of code `topology-duplicate`.
fn told_twice(documents: &[Document]) -> Vec<String> {
    let said = World::load(documents, None).unwrap().diagnostics;
    let twice = said.iter().filter(|one| one.code == "topology-duplicate");
    twice.map(|one| one.message.clone()).collect()
}

#[test]
fn an_address_that_two_interfaces_have_is_said() {
    let eni = |id: &str, vpc: &str, address: &str| json!({"NetworkInterfaceId": id, "VpcId": vpc, "PrivateIpAddress": address});
    let with = |key: &str, value: serde_json::Value| {
        let mut eni = eni("eni-x", "vpc-1", "10.0.2.77");
        eni[key] = value;
        eni
    };
    #[rustfmt::skip]
    let cases = [
        ("nobody's",            eni("eni-x", "vpc-1", "10.0.2.77"),  ""),
        ("of another VPC",      eni("eni-x", "vpc-2", "10.0.1.5"),   ""),
        ("of none",             eni("eni-x", "", "10.0.1.5"),        ""),
        ("an address",          eni("eni-x", "vpc-1", "10.0.1.6"),   "10.0.1.6"),
        ("of IPv6",             with("Ipv6Addresses", json!([{"Ipv6Address": "2600:1f18::5"}])), "2600:1f18::5"),
        ("in a block",          eni("eni-x", "vpc-1", "10.0.1.17"),  "10.0.1.17"),
        ("a block around one",  with("Ipv4Prefixes", json!([{"Ipv4Prefix": "10.0.2.0/28"}])), "10.0.2.9"),
        ("a block",             with("Ipv4Prefixes", json!([{"Ipv4Prefix": "10.0.1.16/28"}])), "10.0.1.16"),
        ("its own twice",       with("Ipv4Prefixes", json!([{"Ipv4Prefix": "10.0.2.64/28"}, {"Ipv4Prefix": "10.0.2.64/28"}])), ""),
    ];
    for (title, extra, expected) in cases {
        let mut value = small();
        value["NetworkInterfaces"]
            .as_array_mut()
            .unwrap()
            .push(extra);
        let said = told_twice(&[document("t", "t/all.json", value)]);
        assert_eq!(
            said.len(),
            usize::from(!expected.is_empty()),
            "{title}: {said:?}"
        );
        let shown = said.concat();
        assert!(shown.contains(expected), "{title}: {shown}");
        assert!(
            shown.is_empty() || shown.contains("eni-x"),
            "{title}: {shown}"
        );
    }
}

#[test]
fn what_dates_a_topology_is_told_once() {
    let time = "\"captured_at\": \"2026-08-01T12:00:00Z\"";
    let text = |more: &str| format!("{{{time}, {more}, \"Vpcs\": [{{\"VpcId\": \"vpc-1\"}}]}}");
    let written = |text: &str| Document {
        group: "t".into(),
        source: "t/all.json".into(),
        bytes: text.into(),
    };
    assert!(told_twice(&[written(&text(time))]).is_empty());
    let other = time.replace("12:00", "13:00");
    let region = "\"region\": \"eu-west-1\"";
    for more in [&other, &format!("{region}, \"region\": null")] {
        assert_eq!(told_twice(&[written(&text(more))]).len(), 1, "{more}");
    }
    let undated = "{\"Vpcs\": [{\"VpcId\": \"vpc-1\"}]}".to_owned();
    let folder = [
        undated,
        format!("{{{time}}}"),
        format!("{{{time}, {region}}}"),
        format!("{{{other}}}"),
    ];
    let said =
        |files: &[String]| told_twice(&files.iter().map(|text| written(text)).collect::<Vec<_>>());
    assert_eq!(said(&folder[..3]).len(), 0);
    assert_eq!(
        said(&folder),
        ["`captured_at` stands there twice, and not alike"]
    );
}

#[test]
fn a_file_with_nothing_but_a_time_dates_its_folder() {
    let mut whole = small();
    whole.as_object_mut().unwrap().remove("captured_at");
    let when = json!({"captured_at": "2026-08-01T12:00:00Z", "region": "us-east-1"});
    for documents in [
        [("t/a.json", &whole), ("t/when.json", &when)],
        [("t/0.json", &when), ("t/a.json", &whole)],
    ] {
        let documents = documents.map(|(source, value)| document("t", source, value.clone()));
        let world = World::load(&documents, None).unwrap();
        assert_eq!(world.snapshots.len(), 1);
        assert_eq!(
            world.snapshots[0].report.captured_at.as_deref(),
            Some("2026-08-01T12:00:00Z")
        );
    }
}

#[test]
fn snapshots_follow_each_other_in_time() {
    let mut later = small();
    later["captured_at"] = json!("2026-08-02T12:00:00Z");
    let world = World::load(
        &[
            document("b", "b.json", later),
            document("a", "a.json", small()),
        ],
        None,
    )
    .unwrap();
    let vpc = world.symbols.find("vpc-1").unwrap();
    let source = |time: &str| {
        let time_s = time.parse::<jiff::Timestamp>().unwrap().as_second();
        world.vpc_at(vpc, time_s).unwrap().report.source.clone()
    };
    assert_eq!(
        source("2026-07-01T00:00:00Z"),
        "a.json",
        "the earliest, if there is none before"
    );
    assert_eq!(source("2026-08-02T11:59:59Z"), "a.json");
    assert_eq!(source("2026-08-02T12:00:00Z"), "b.json");
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let load = |bytes: &[u8]| {
        World::load(
            &[Document {
                group: "g".into(),
                source: "x.json".into(),
                bytes: bytes.to_vec(),
            }],
            None,
        )
    };
    #[rustfmt::skip]
    let cases: [(&str, &[u8], &str, Option<u64>); 5] = [
        ("not JSON",            b"{\n\"Vpcs\": [}",                        "topology-bad-json", Some(2)),
        ("not UTF-8",           b"{\n\"Vpcs\": \"\xff\"}",                  "topology-bad-json", Some(2)),
        ("not an object",       b"[]",                                     "topology-bad-json", None),
        ("a shape of its own",  b"{\n\"Vpcs\": [{\"VpcId\": 7}]}",         "topology-bad-json", Some(2)),
        ("no VPC",              b"{\"Subnets\": []}",                      "topology-empty",    None),
    ];
    for (title, bytes, code, line) in cases {
        let diagnostics = load(bytes).unwrap_err();
        assert_eq!(
            (diagnostics[0].code.as_str(), diagnostics[0].at[0].line),
            (code, line),
            "{title}"
        );
    }
    let world = load(br#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/99"}], "NextToken": "x", "Entries": []}"#).unwrap();
    let errors: Vec<&str> = world
        .diagnostics
        .iter()
        .filter(|d| d.severity == crate::diag::Severity::Error)
        .map(|d| d.code.as_str())
        .collect();
    assert_eq!(
        errors,
        [
            "topology-bad-value",
            "topology-entries-without-id",
            "topology-partial-page"
        ]
    );
}

#[test]
fn what_has_no_id_is_nobodys_and_is_said() {
    use crate::model::symbol::Sym;
    let mut value = small();
    for (key, id) in [
        ("Vpcs", "VpcId"),
        ("NetworkInterfaces", "NetworkInterfaceId"),
    ] {
        let mut copy = value[key][0].clone();
        copy.as_object_mut().unwrap().remove(id);
        value[key].as_array_mut().unwrap().push(copy);
    }
    let world = world(value);
    assert!(world.of_interface(Sym::NONE).is_empty() && world.of_vpc(Sym::NONE).is_empty());
    assert!(world.snapshots[0].interface(Sym::NONE).is_none());
    let mut said = world.diagnostics.iter().map(|one| one.code.as_str());
    assert_eq!(
        said.by_ref()
            .filter(|code| *code == "topology-bad-value")
            .count(),
        2
    );
}
