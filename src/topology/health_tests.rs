//! Every finding: a world where it is, made from one where nothing is amiss.

use serde_json::{Value, json};

use super::facts::{EndpointPolicy, Facts};
use super::health::{FINDINGS, findings};
use super::*;
use crate::model::survey::{Finding, Level};

const OPEN: &str =
    r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;
const TIGHT: &str = r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}]}"#;

/// Two zones with a workload each, a gateway and an interface endpoint, a NAT gateway. Nothing is amiss.
fn sound() -> Value {
    let table = |id: &str, subnet: &str| {
        json!({"RouteTableId": id, "VpcId": "vpc-1", "Associations": [{"SubnetId": subnet}], "Routes": [
            {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
            {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-s3", "State": "active"},
            {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}]})
    };
    let host = |id: &str, subnet: &str, address: &str| {
        json!({"NetworkInterfaceId": id, "VpcId": "vpc-1", "SubnetId": subnet, "InterfaceType": "interface", "PrivateIpAddress": address,
            "Groups": [{"GroupId": "sg-app"}]})
    };
    json!({
        "captured_at": "2026-08-01T12:00:00Z", "region": "us-east-1",
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
        "Subnets": [
            {"SubnetId": "subnet-a", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az1"},
            {"SubnetId": "subnet-b", "VpcId": "vpc-1", "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "us-east-1b", "AvailabilityZoneId": "use1-az2"}],
        "RouteTables": [table("rtb-a", "subnet-a"), table("rtb-b", "subnet-b")],
        "NetworkInterfaces": [host("eni-a", "subnet-a", "10.0.1.5"), host("eni-b", "subnet-b", "10.0.2.5"),
            {"NetworkInterfaceId": "eni-e", "VpcId": "vpc-1", "SubnetId": "subnet-a", "InterfaceType": "vpc_endpoint", "PrivateIpAddress": "10.0.1.100"}],
        "VpcEndpoints": [
            {"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.s3", "State": "available",
             "RouteTableIds": ["rtb-a", "rtb-b"], "PolicyDocument": TIGHT, "PrivateDnsEnabled": false},
            {"VpcEndpointId": "vpce-sts", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.sts", "ServiceRegion": "us-east-1",
             "State": "available", "SubnetIds": ["subnet-a", "subnet-b"], "NetworkInterfaceIds": ["eni-e"], "PrivateDnsEnabled": true,
             "Groups": [{"GroupId": "sg-e", "GroupName": "e"}], "PolicyDocument": TIGHT, "CreationTimestamp": "2026-03-02T09:20:05+00:00"}],
        "NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-a", "State": "available", "NatGatewayAddresses": []}],
        "PrefixLists": [{"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": ["52.216.0.0/15"]}],
        "SecurityGroups": [{"GroupId": "sg-e", "VpcId": "vpc-1", "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]}],
        "FlowLogs": [],
    })
}

fn found(value: Value) -> Vec<Finding> {
    let document = Document {
        group: "t".into(),
        source: "t.json".into(),
        bytes: serde_json::to_vec(&value).unwrap(),
    };
    let world = World::load(&[document], None).unwrap();
    let snapshot = &world.snapshots[0];
    let vpc = world.symbols.find("vpc-1").unwrap();
    findings(&world.symbols, snapshot, &Facts::of(snapshot), vpc)
}

/// The sound world, but for one value.
fn but(pointer: &str, value: Value) -> Value {
    let mut world = sound();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = world.pointer_mut(parent).unwrap();
    match parent {
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
        }
        Value::Array(list) if key == "-" => list.push(value),
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer} leads to no container"),
    }
    world
}

fn rule(rule: Value) -> Value {
    but("/SecurityGroups/0/IpPermissions", json!([rule]))
}

#[test]
fn each_finding_is_found_and_nothing_else_is() {
    assert_eq!(found(sound()), vec![]);
    let (problem, advice, not_known) = (Level::Problem, Level::Advice, Level::NotKnown);
    let sts = "/VpcEndpoints/1";
    let at = |key: &str| format!("{sts}/{key}");
    let route = |route: Value| but("/RouteTables/0/Routes/-", route);
    let other_list = json!({"PrefixListId": "pl-own", "PrefixListName": "own", "Entries": [{"Cidr": "52.216.8.0/24"}]});
    let mut overlapping = but("/PrefixLists/-", other_list.clone());
    overlapping["RouteTables"][0]["Routes"].as_array_mut().unwrap().push(json!({"DestinationPrefixListId": "pl-own", "NatGatewayId": "nat-1", "State": "active"}));
    let mut twins = sound();
    let copy = twins["VpcEndpoints"][0].clone();
    twins["VpcEndpoints"].as_array_mut().unwrap().push(copy);
    twins["VpcEndpoints"][2]["VpcEndpointId"] = json!("vpce-s4");
    let without_groups = but("/SecurityGroups", json!([]));
    #[rustfmt::skip]
    let cases: Vec<(&str, Value, Level, &str, &str)> = vec![
        ("waits for acceptance",        but(&at("State"), json!("pendingAcceptance")),                        problem, "endpoint-not-available", "vpce-sts"),
        ("private DNS is off",          but(&at("PrivateDnsEnabled"), json!(false)),                          problem, "endpoint-private-dns-off", "vpce-sts"),
        ("another port",                rule(json!({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]})), problem, "endpoint-group-shuts-out", "vpce-sts"),
        ("another protocol",            rule(json!({"IpProtocol": "udp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]})), problem, "endpoint-group-shuts-out", "vpce-sts"),
        ("one subnet only",             rule(json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.1.0/24"}]})), problem, "endpoint-group-shuts-out", "vpce-sts"),
        ("another group's members",     rule(json!({"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-else"}]})), problem, "endpoint-group-shuts-out", "vpce-sts"),
        ("a table is forgotten",        but("/VpcEndpoints/0/RouteTableIds", json!(["rtb-a"])),               problem, "gateway-endpoint-not-associated", "vpce-s3"),
        ("a blackhole",                 route(json!({"DestinationCidrBlock": "192.168.0.0/16", "TransitGatewayId": "tgw-1", "State": "blackhole"})), problem, "blackhole-route", "rtb-a"),
        ("a NAT gateway failed",        but("/NatGateways/0/State", json!("failed")),                         problem, "nat-gateway-not-available", "nat-1"),
        ("a NAT gateway is gone",       but("/NatGateways/0/State", json!("deleted")),                        problem, "nat-gateway-not-available", "nat-1"),
        ("lists overlap",               overlapping,                                                          problem, "overlapping-prefix-lists", "rtb-a"),
        ("a zone is missing",           but(&at("SubnetIds"), json!(["subnet-a"])),                           advice,  "endpoint-zone-missing", "vpce-sts"),
        ("full access",                 but(&at("PolicyDocument"), json!(OPEN)),                              advice,  "endpoint-policy-full-access", "vpce-sts"),
        ("another Region",              but(&at("ServiceRegion"), json!("eu-west-1")),                        advice,  "endpoint-other-region", "vpce-sts"),
        ("two of one service",          twins,                                                                advice,  "duplicate-endpoints", "vpce-s3"),
        ("no security groups told",     without_groups,                                                       not_known, "endpoint-groups-not-known", "vpc-1"),
        ("a list without CIDRs",        rule(json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-else"}]})), not_known, "endpoint-groups-not-known", "vpc-1"),
        ("no policy told",              but(&at("PolicyDocument"), Value::Null),                              not_known, "endpoint-not-told", "vpce-sts"),
        ("a policy that cannot be read", but(&at("PolicyDocument"), json!("{")),                              not_known, "endpoint-not-told", "vpce-sts"),
    ];
    for (title, world, level, id, resource) in &cases {
        let found = found(world.clone());
        let short: Vec<_> = found
            .iter()
            .map(|finding| (finding.level, finding.id, finding.resource.as_str()))
            .collect();
        assert_eq!(short, [(*level, *id, *resource)], "{title}");
        // A command that leaves the Region to the caller's profile would look for the resource elsewhere.
        let help = &found[0].help;
        let complete = help.ends_with(" --region us-east-1");
        assert_eq!(help.contains("aws ec2 "), complete, "{title}: {help}");
    }
    for id in FINDINGS {
        assert!(cases.iter().any(|case| case.3 == *id), "no case of {id}");
    }
}

#[test]
fn what_is_in_order_in_another_way_is_no_finding() {
    let mut beside_gateway = but(
        "/VpcEndpoints/1/ServiceName",
        json!("com.amazonaws.us-east-1.s3"),
    );
    beside_gateway["VpcEndpoints"][1]["PrivateDnsEnabled"] = json!(false);
    let mut partner = but(
        "/VpcEndpoints/1/ServiceName",
        json!("com.amazonaws.vpce.us-east-1.vpce-svc-1"),
    );
    partner["VpcEndpoints"][1]["PrivateDnsEnabled"] = json!(false);
    partner["VpcEndpoints"][1]["Groups"] = json!([{"GroupId": "sg-unknown"}]);
    let mut same_target = but(
        "/PrefixLists/-",
        json!({"PrefixListId": "pl-own", "Entries": [{"Cidr": "52.216.8.0/24"}]}),
    );
    same_target["RouteTables"][0]["Routes"]
        .as_array_mut()
        .unwrap()
        .push(
            json!({"DestinationPrefixListId": "pl-own", "GatewayId": "vpce-s3", "State": "active"}),
        );
    #[rustfmt::skip]
    let cases = [
        ("all protocols",                     rule(json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}))),
        ("members of a group",                rule(json!({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "UserIdGroupPairs": [{"GroupId": "sg-app"}]}))),
        ("an interface beside a gateway endpoint", beside_gateway),
        ("a partner's service has no public name, nor 443 for certain", partner),
        ("lists overlap with one target",     same_target),
        ("a deleted NAT gateway of which no route knows", but("/NatGateways/-", json!({"NatGatewayId": "nat-2", "VpcId": "vpc-1", "State": "deleted"}))),
        ("a table that nobody with workloads uses", but("/RouteTables/-", json!({"RouteTableId": "rtb-c", "VpcId": "vpc-1", "Associations": [], "Routes": []}))),
        ("another VPC's endpoint",            but("/VpcEndpoints/-", json!({"VpcEndpointId": "vpce-x", "VpcId": "vpc-2", "ServiceName": "com.amazonaws.us-east-1.kms", "State": "failed"}))),
    ];
    for (title, world) in cases {
        assert_eq!(found(world), vec![], "{title}");
    }
}

#[test]
fn a_blackhole_names_what_would_take_over_and_a_forgotten_table_without_a_way_is_advice() {
    let hole = json!({"DestinationCidrBlock": "192.168.0.0/16", "TransitGatewayId": "tgw-1", "State": "blackhole"});
    let finding = &found(but("/RouteTables/0/Routes/-", hole))[0];
    assert!(
        finding.message.contains("for subnet-a"),
        "{}",
        finding.message
    );
    assert!(
        finding.message.contains("by 0.0.0.0/0 to nat-1"),
        "{}",
        finding.message
    );
    let mut isolated = but("/VpcEndpoints/0/RouteTableIds", json!(["rtb-a"]));
    isolated["RouteTables"][1]["Routes"] = json!([]);
    let finding = &found(isolated)[0];
    assert_eq!(
        (finding.id, finding.level),
        ("gateway-endpoint-not-associated", Level::Advice)
    );
}

#[test]
fn a_command_names_what_it_is_about() {
    let help = |world: Value| found(world).swap_remove(0).help;
    let zone = help(but("/VpcEndpoints/1/SubnetIds", json!(["subnet-a"])));
    assert!(zone.contains(" --add-subnet-ids subnet-b "), "{zone}");
    let tcp = |cidr: &str| {
        rule(
            json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": cidr}]}),
        )
    };
    let one = help(tcp("10.0.1.0/24"));
    assert!(one.starts_with("admit them: "), "{one}");
    assert!(one.contains(" --cidr 10.0.2.0/24 "), "{one}");
    let both = help(tcp("192.0.2.0/24"));
    assert!(
        both.starts_with("admit them, with a call for each subnet: "),
        "{both}"
    );
    assert!(both.contains(" --cidr 10.0.1.0/24 "), "{both}");
    let mut hostile = but("/VpcEndpoints/0/RouteTableIds", json!(["rtb-a"]));
    hostile["region"] = json!("us-east-1; rm -rf ~");
    for finding in found(hostile) {
        assert!(!finding.help.contains("rm"), "{}", finding.help);
    }
}

#[test]
fn a_hostile_id_does_not_come_into_a_command() {
    let mut world = sound();
    world["VpcEndpoints"][1]["VpcEndpointId"] = json!("vpce-1; rm -rf ~");
    world["VpcEndpoints"][1]["PrivateDnsEnabled"] = json!(false);
    let finding = &found(world)[0];
    assert!(
        finding.help.contains("--vpc-endpoint-id ID "),
        "{}",
        finding.help
    );
    assert!(!finding.help.contains("rm"), "{}", finding.help);
}

#[test]
fn facts_are_as_aws_wrote_them() {
    let world = World::load(
        &[Document {
            group: "t".into(),
            source: "t.json".into(),
            bytes: serde_json::to_vec(&sound()).unwrap(),
        }],
        None,
    )
    .unwrap();
    let facts = Facts::of(&world.snapshots[0]);
    assert_eq!(
        (facts.region.as_deref(), facts.captured_s),
        (Some("us-east-1"), Some(1_785_585_600))
    );
    let interface = &facts.interfaces[0];
    assert_eq!(
        (interface.id.as_str(), interface.zone_id.as_deref()),
        ("eni-a", Some("use1-az1"))
    );
    assert_eq!(interface.security_groups, ["sg-app"]);
    let subnet = facts.subnet("subnet-b").unwrap();
    assert_eq!(
        (subnet.route_table.as_deref(), subnet.by_main_table),
        (Some("rtb-b"), false)
    );
    let table = facts.route_table("rtb-a").unwrap();
    let routes: Vec<_> = table
        .routes
        .iter()
        .map(|route| {
            (
                route.destination.as_str(),
                route.target.as_str(),
                route.target_kind,
            )
        })
        .collect();
    assert_eq!(
        routes,
        [
            ("10.0.0.0/16", "local", "local"),
            ("pl-s3", "vpce-s3", "endpoint"),
            ("0.0.0.0/0", "nat-1", "nat-gateway")
        ]
    );
    let endpoint = &facts.endpoints[1];
    assert_eq!(
        (endpoint.policy, endpoint.private_dns, endpoint.created_s),
        (EndpointPolicy::Custom, Some(true), Some(1_772_443_205))
    );
    assert_eq!(endpoint.zones, ["us-east-1a", "us-east-1b"]);
    assert_eq!(facts.nat_gateways[0].zone.as_deref(), Some("us-east-1a"));
}

#[test]
fn what_no_verdict_rests_on_makes_no_two_topologies_differ() {
    let load = |value: &Value| {
        let bytes = serde_json::to_vec(value).unwrap();
        World::load(
            &[Document {
                group: "t".into(),
                source: "t.json".into(),
                bytes,
            }],
            None,
        )
        .unwrap()
    };
    let before = load(&sound());
    for (pointer, value, same) in [
        ("/VpcEndpoints/1/PolicyDocument", json!(OPEN), true),
        ("/VpcEndpoints/1/PrivateDnsEnabled", json!(false), true),
        ("/SecurityGroups", json!([]), true),
        ("/NetworkInterfaces/0/Groups", json!([]), true),
        ("/VpcEndpoints/1/SubnetIds", json!(["subnet-a"]), false),
    ] {
        let after = load(&but(pointer, value));
        assert_eq!(
            before.snapshots[0].same_network(&after.snapshots[0]),
            same,
            "{pointer}"
        );
    }
    // The right to describe security groups is no verdict's either.
    let mut lacking = sound();
    lacking["Missing"] =
        json!([{"Call": "DescribeSecurityGroups", "Permission": "ec2:DescribeSecurityGroups"}]);
    let lacking = load(&lacking);
    assert!(lacking.missing_for("topology-fits").next().is_none());
    assert_eq!(lacking.diagnostics, before.diagnostics);
}
