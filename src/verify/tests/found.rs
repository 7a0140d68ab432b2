//! Ways to a wrong verdict that somebody found by attacking it; each is closed, and stays so.

use serde_json::json;

use super::*;

/// The world of the other tests with a NAT gateway in its own subnet, whose interface is logged and idle.
pub(super) fn with_nat(case: &mut Case) {
    let push = |list: &mut Json, item: Json| list.as_array_mut().unwrap().push(item);
    push(
        &mut case.topology["Subnets"],
        json!({"SubnetId": "subnet-n", "VpcId": "vpc-1", "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "us-east-1a"}),
    );
    push(
        &mut case.topology["NetworkInterfaces"],
        json!({"NetworkInterfaceId": "eni-nat", "VpcId": "vpc-1", "SubnetId": "subnet-n", "InterfaceType": "nat_gateway", "PrivateIpAddress": "10.0.2.9"}),
    );
    case.topology["NatGateways"] = json!([{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-n", "NatGatewayAddresses": [{"NetworkInterfaceId": "eni-nat", "PrivateIp": "10.0.2.9"}]}]);
    for minute in [0, 10, 20] {
        let (start, end) = (T0 + minute * 60 + 5, T0 + minute * 60 + 595);
        case.records.push(format!(
            "eni-nat - - - - - - {start} {end} - NODATA - - - - vpc-1"
        ));
    }
}

const OUTSIDE: &str =
    "eni-nat 10.0.2.9 52.218.0.9 1024 443 6 5 TIME ACCEPT OK 10.0.2.9 52.218.0.9 egress 8";
const INSIDE: &str =
    "eni-nat 10.0.1.5 10.0.2.9 40000 443 6 5 TIME ACCEPT OK 10.0.1.5 52.218.0.9 ingress -";
const INSIDE_OF_THE_OTHER: &str =
    "eni-nat 10.0.1.6 10.0.2.9 40000 443 6 5 TIME ACCEPT OK 10.0.1.6 52.218.0.9 ingress -";

#[test]
fn the_outside_of_a_nat_gateway_needs_an_inside_that_names_the_workload() {
    #[rustfmt::skip]
    let cases: [(&str, &str, &[&str], Verdict); 6] = [
        ("nobody named",                    "",                                         &[OUTSIDE],                      Verdict::Unproven),
        ("named",                           "",                                         &[OUTSIDE, INSIDE],              Verdict::Violated),
        ("neither",                         "",                                         &[],                             Verdict::Proven),
        ("named, and out of scope",         "[scope]\ninterfaces = ['eni-w']\n",        &[OUTSIDE, INSIDE_OF_THE_OTHER], Verdict::Proven),
        ("nobody named, narrow scope",      "[scope]\ninterfaces = ['eni-w']\n",        &[OUTSIDE],                      Verdict::Unproven),
        ("the gateway itself is the scope", "[scope]\ninterfaces = ['eni-nat']\n",      &[OUTSIDE, INSIDE_OF_THE_OTHER], Verdict::Unproven),
    ];
    for (title, scope, records, verdict) in cases {
        let case = changed(|case| {
            with_nat(case);
            case.policy = case
                .policy
                .replace("[[claim]]", &format!("{scope}[[claim]]"));
            case.records
                .extend(records.iter().map(|record| flow(record)));
        });
        let evidence = case.evidence();
        assert_eq!(
            evidence.verdict,
            verdict,
            "{title}: {:?}",
            failed(&evidence)
        );
    }
}

#[test]
fn whoever_is_behind_a_gateways_own_address_may_have_come_any_way() {
    let all = "version = 1\n[[claim]]\nid = 'a'\nfrom = ['10.0.1.6/32']\nto = ['any']\nallow = ['intra-vpc']\n";
    let internet =
        "version = 1\n[[claim]]\nid = 'i'\nto = ['internet']\nallow = ['via-gateway-endpoint']\n";
    let other = all.replace("'intra-vpc'", "'via-nat'");
    let flows = |peer: &str| {
        flow(&format!(
            "eni-v {peer} 10.0.1.6 40000 443 6 5 TIME ACCEPT OK {peer} 10.0.1.6 ingress -"
        ))
    };
    let (nat, appliance, neighbour) = ("10.0.2.9", "10.0.1.60", "10.0.1.5");
    #[rustfmt::skip]
    let cases = [
        ("a neighbour",                     neighbour, all,      Verdict::Proven),
        ("a NAT gateway",                   nat,       all,      Verdict::Unproven),
        ("a NAT gateway, not as allowed",   nat,       &*other,  Verdict::Violated),
        ("a NAT gateway, and the internet", nat,       internet, Verdict::Proven),
        ("an endpoint of a type of tomorrow", appliance, all,    Verdict::Unproven),
    ];
    for (title, peer, policy, verdict) in cases {
        let case = changed(|case| {
            with_nat(case);
            with_endpoint(case);
            case.topology["NetworkInterfaces"][3]["PrivateIpAddress"] = json!(appliance);
            case.topology["VpcEndpoints"][1]["VpcEndpointType"] = json!("OfTomorrow");
            case.policy = policy.to_owned();
            case.records.push(flows(peer));
        });
        let evidence = case.evidence();
        let why = failed(&evidence);
        assert_eq!(evidence.verdict, verdict, "{title}: {why:?}");
        if verdict == Verdict::Unproven {
            assert_eq!(why, ["no-unknown-path"], "{title}");
        }
    }
}

#[test]
fn what_no_topology_alone_proves_two_together_do_not() {
    type Change = fn(&mut Json);
    fn route(topology: &mut Json, cidr: &str, key: &str, target: &str) {
        let route = json!({"DestinationCidrBlock": cidr, key: target});
        topology["RouteTables"][0]["Routes"]
            .as_array_mut()
            .unwrap()
            .push(route);
    }
    fn interface(topology: &mut Json, sort: &str) {
        let eni = json!({"NetworkInterfaceId": "eni-x", "VpcId": "vpc-1", "SubnetId": "subnet-a", "InterfaceType": sort, "PrivateIpAddress": "10.0.1.60"});
        topology["NetworkInterfaces"]
            .as_array_mut()
            .unwrap()
            .push(eni);
    }
    const PEER: &str = "10.80.0.0/16";
    fn peered(topology: &mut Json) {
        topology["VpcPeeringConnections"] = json!([{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"},
            "RequesterVpcInfo": {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, "AccepterVpcInfo": {"VpcId": "vpc-9", "CidrBlock": PEER}}]);
    }
    let by_transit_gateway: Change = |t| {
        peered(t);
        route(t, PEER, "TransitGatewayId", "tgw-1");
    };
    let by_peering: Change = |t| {
        peered(t);
        route(t, PEER, "VpcPeeringConnectionId", "pcx-1");
    };
    let own: Change = |t| {
        t["Vpcs"][0]["CidrBlockAssociationSet"] = json!([{"CidrBlock": "44.0.0.0/16"}]);
        route(t, "44.0.0.0/16", "GatewayId", "local");
    };
    let nothing: Change = |_| {};
    let plain: Change = |t| interface(t, "interface");
    let nat: Change = |t| interface(t, "nat_gateway");
    let within = "allow = ['intra-vpc', 'via-endpoint-eni']";
    #[rustfmt::skip]
    let cases = [
        ("two ways out",                 by_transit_gateway, by_peering,         "10.80.0.9", "10.80.0.0/16", Verdict::Violated, Verdict::Violated, Verdict::Unproven),
        ("and back",                     by_peering,         by_transit_gateway, "10.80.0.9", "10.80.0.0/16", Verdict::Violated, Verdict::Violated, Verdict::Unproven),
        ("no longer its own",            own,                nothing,            "44.0.0.9",  "internet",     Verdict::Proven,   Verdict::Violated, Verdict::Unproven),
        ("its own since",                nothing,            own,                "44.0.0.9",  "internet",     Verdict::Violated, Verdict::Proven,   Verdict::Unproven),
        ("a neighbour, and a gateway",   plain,              nat,                "10.0.1.60", "private",      Verdict::Proven,   Verdict::Unproven, Verdict::Unproven),
        ("a gateway, and a neighbour",   nat,                plain,              "10.0.1.60", "private",      Verdict::Unproven, Verdict::Proven,   Verdict::Unproven),
        ("nobody, and a neighbour",      nothing,            plain,              "10.0.1.60", "private",      Verdict::Proven,   Verdict::Proven,   Verdict::Proven),
        ("nobody, and a gateway",        nothing,            nat,                "10.0.1.60", "private",      Verdict::Proven,   Verdict::Unproven, Verdict::Unproven),
    ];
    for (title, first, second, peer, to, alone, alone_too, together) in cases {
        let verdict = |several: &[Change]| {
            let case = changed(|case| {
                case.policy =
                    format!("version = 1\n[[claim]]\nid = 'a'\nto = ['{to}']\n{within}\n");
                // Of an interface that the topologies do not always have nothing need be heard.
                case.policy.push_str("[scope]\ninterfaces = ['eni-w']\n");
                let times = ["2026-08-01T11:59:00Z", "2026-08-01T12:40:00Z"];
                let topologies = several.iter().zip(times).map(|(change, time)| {
                    let mut topology = case.topology.clone();
                    topology["captured_at"] = json!(time);
                    change(&mut topology);
                    topology
                });
                case.topology = topologies.collect();
                case.records.push(flow(&format!(
                    "eni-w 10.0.1.5 {peer} 40000 443 6 5 TIME ACCEPT OK 10.0.1.5 {peer} egress -"
                )));
            });
            let evidence = case.evidence();
            (evidence.verdict, format!("{:?}", failed(&evidence)))
        };
        for (several, expected) in [
            (&[first][..], alone),
            (&[second], alone_too),
            (&[first, second], together),
        ] {
            let (found, why) = verdict(several);
            assert_eq!(found, expected, "{title}, {}: {why}", several.len());
        }
    }
}

#[test]
fn what_a_later_topology_says_of_another_vpc_counts() {
    let beyond = |case: &Case, time: &str, endpoint: bool| {
        let mut topology = case.topology.clone();
        topology["captured_at"] = json!(time);
        let push = |list: &mut Json, item: Json| list.as_array_mut().unwrap().push(item);
        push(
            &mut topology["Vpcs"],
            json!({"VpcId": "vpc-9", "CidrBlock": "10.80.0.0/16"}),
        );
        push(
            &mut topology["Subnets"],
            json!({"SubnetId": "subnet-9", "VpcId": "vpc-9", "CidrBlock": "10.80.0.0/24", "AvailabilityZone": "us-east-1a"}),
        );
        push(
            &mut topology["RouteTables"][0]["Routes"],
            json!({"DestinationCidrBlock": "10.80.0.0/16", "VpcPeeringConnectionId": "pcx-1"}),
        );
        topology["VpcPeeringConnections"] = json!([{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"},
            "RequesterVpcInfo": {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, "AccepterVpcInfo": {"VpcId": "vpc-9", "CidrBlock": "10.80.0.0/16"}}]);
        let sort = if endpoint {
            "vpc_endpoint"
        } else {
            "interface"
        };
        push(
            &mut topology["NetworkInterfaces"],
            json!({"NetworkInterfaceId": "eni-9", "VpcId": "vpc-9", "SubnetId": "subnet-9", "InterfaceType": sort, "PrivateIpAddress": "10.80.0.9"}),
        );
        if endpoint {
            push(
                &mut topology["VpcEndpoints"],
                json!({"VpcEndpointId": "vpce-9", "VpcEndpointType": "Interface", "VpcId": "vpc-9", "ServiceName": "com.amazonaws.us-east-1.sts", "NetworkInterfaceIds": ["eni-9"]}),
            );
        }
        topology
    };
    let times = ["2026-08-01T11:59:00Z", "2026-08-01T12:40:00Z"];
    #[rustfmt::skip]
    let cases: [(&[bool], Verdict); 4] = [
        (&[false],       Verdict::Proven),
        (&[true],        Verdict::Violated),
        (&[false, true], Verdict::Unproven),
        (&[true, false], Verdict::Unproven),
    ];
    for (endpoints, verdict) in cases {
        let case = changed(|case| {
            case.policy = "version = 1\n[scope]\ninterfaces = ['eni-w']\n[[claim]]\nid = 'a'\nto = ['10.80.0.0/16']\nallow = ['via-peering']\nexits = ['none']\n".to_owned();
            let topologies = endpoints
                .iter()
                .zip(times)
                .map(|(endpoint, time)| beyond(case, time, *endpoint));
            case.topology = topologies.collect();
            case.records.push(flow(
                "eni-w 10.0.1.5 10.80.0.9 40000 443 6 5 TIME ACCEPT OK 10.0.1.5 10.80.0.9 egress 4",
            ));
        });
        let evidence = case.evidence();
        assert_eq!(
            evidence.verdict,
            verdict,
            "{endpoints:?}: {:?}",
            failed(&evidence)
        );
    }
}

#[test]
fn only_a_sound_flow_log_ends_a_silence() {
    let second = |traffic: &str| json!({"FlowLogId": "fl-2", "ResourceId": "vpc-1", "FlowLogStatus": "ACTIVE", "TrafficType": traffic, "MaxAggregationInterval": 600, "CreationTime": "2026-07-01T00:00:00Z"});
    let undescribed = changed(|case| case.input.flow_log = Some("fl-9".into()));
    assert!(failed(&undescribed.evidence()).contains(&"no-silence"));
    // A faulty log that reports every ten minutes does not excuse a sound one that owes a report every minute.
    let slow = changed(|case| {
        case.topology["FlowLogs"][0]["MaxAggregationInterval"] = json!(60);
        case.topology["FlowLogs"]
            .as_array_mut()
            .unwrap()
            .push(second("REJECT"));
    });
    assert_eq!(failed(&slow.evidence()), ["no-silence"]);
}

#[test]
fn skipped_records_reach_over_the_end_of_the_window() {
    let over = format!(
        "eni-v - - - - - - {} {} - SKIPDATA - - - - vpc-1",
        T0 + 1780,
        T0 + 1830
    );
    let after = format!(
        "eni-v - - - - - - {} {} - SKIPDATA - - - - vpc-1",
        T0 + 1800,
        T0 + 1830
    );
    assert_eq!(
        failed(&changed(|case| case.records.push(over)).evidence()),
        ["no-skipdata"]
    );
    assert_eq!(
        changed(|case| case.records.push(after)).verdict(),
        Verdict::Proven
    );
}

#[test]
fn without_packet_addresses_a_secondary_address_may_be_meant() {
    let leak = flow(
        "eni-w 10.0.1.5 52.218.0.9 40000 443 6 77 TIME ACCEPT OK 10.0.1.5 52.218.0.9 egress 8",
    );
    let case = |from: &str, packets: bool| {
        changed(|case| {
            case.topology["NetworkInterfaces"][0]["PrivateIpAddresses"] =
                json!([{"PrivateIpAddress": "10.0.1.5"}, {"PrivateIpAddress": "10.0.1.200"}]);
            case.policy.push_str(&format!("from = ['{from}']\n"));
            case.records.push(leak.clone());
            if !packets {
                let drop = |text: &str| {
                    text.split(' ')
                        .enumerate()
                        .filter(|(index, _)| !matches!(index, 11 | 12))
                        .map(|(_, word)| word)
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                case.records = case.records.iter().map(|record| drop(record)).collect();
                case.format = drop(&case.format);
            }
        })
    };
    assert_eq!(case("10.0.1.200/32", true).verdict(), Verdict::Proven);
    assert_eq!(case("10.0.1.200/32", false).verdict(), Verdict::Unproven);
    assert_eq!(case("10.0.1.5/32", true).verdict(), Verdict::Violated);
    assert_eq!(case("10.0.1.5/32", false).verdict(), Verdict::Unproven);
}

#[test]
fn a_service_may_go_by_another_code_than_its_name() {
    let ranges = r#"{"ip_prefix": "7.0.0.0/8", "service": "AMAZON_APPFLOW"}, {"ip_prefix": "52.0.0.0/8", "service": "AMAZON"}"#;
    let flow =
        flow("eni-w 10.0.1.5 7.0.0.9 40000 443 6 77 TIME ACCEPT OK 10.0.1.5 7.0.0.9 egress 8");
    for (service, verdict) in [
        ("appflow", Verdict::Unproven),
        ("amazon_appflow", Verdict::Violated),
        ("kms", Verdict::Proven),
        ("s3", Verdict::Proven),
    ] {
        let case = changed(|case| {
            case.ranges = case.ranges.replace(
                r#"{"ip_prefix": "52.0.0.0/8", "service": "AMAZON"}"#,
                ranges,
            );
            case.policy = case
                .policy
                .replace("service:s3", &format!("service:{service}"));
            case.records.push(flow.clone());
        });
        assert_eq!(case.verdict(), verdict, "{service}");
    }
}

#[test]
fn a_topology_that_contradicts_itself_proves_nothing() {
    type Change = fn(&mut Json);
    #[rustfmt::skip]
    let cases: Vec<(&str, Change)> = vec![
        ("an interface twice",      |t| { let mut twin = t["NetworkInterfaces"][0].clone(); twin["TagSet"] = json!([]); t["NetworkInterfaces"].as_array_mut().unwrap().push(twin); }),
        ("a prefix list twice",     |t| t["ManagedPrefixLists"] = json!([{"PrefixListId": "pl-63a5400a", "PrefixListName": "com.amazonaws.us-east-1.s3", "Entries": [{"Cidr": "52.216.0.0/16"}]}])),
        ("an address twice",        |t| t["NetworkInterfaces"][1]["PrivateIpAddresses"] = json!([{"PrivateIpAddress": "10.0.1.5"}])),
        ("an address in a block",   |t| t["NetworkInterfaces"][1]["Ipv4Prefixes"] = json!([{"Ipv4Prefix": "10.0.1.0/28"}])),
        ("two tables of a subnet",  |t| for id in ["rtb-b", "rtb-c"] { let routes = t["RouteTables"][0]["Routes"].clone(); t["RouteTables"].as_array_mut().unwrap().push(json!({"RouteTableId": id, "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-a"}], "Routes": routes})); }),
    ];
    for (title, change) in cases {
        let evidence = changed(|case| change(&mut case.topology)).evidence();
        assert_eq!(
            (evidence.verdict, failed(&evidence)),
            (Verdict::Unproven, vec!["topology-fits"]),
            "{title}"
        );
    }
}

#[test]
fn a_record_without_a_time_is_not_named_by_a_list_of_any_age() {
    let stranger = "eni-w 10.0.1.5 203.0.113.9 40000 443 6 1 - - ACCEPT OK 10.0.1.5 203.0.113.9 egress 8 vpc-1";
    let evidence = changed(|case| case.records.push(stranger.to_owned())).evidence();
    assert_eq!(
        (evidence.verdict, failed(&evidence)),
        (Verdict::Unproven, vec!["services-known"])
    );
}

/// The world of the other tests with an interface endpoint, idle but for what is added.
fn with_endpoint(case: &mut Case) {
    let push = |list: &mut Json, item: Json| list.as_array_mut().unwrap().push(item);
    push(
        &mut case.topology["NetworkInterfaces"],
        json!({"NetworkInterfaceId": "eni-e", "VpcId": "vpc-1", "SubnetId": "subnet-a", "InterfaceType": "vpc_endpoint", "PrivateIpAddress": "10.0.1.50"}),
    );
    push(
        &mut case.topology["VpcEndpoints"],
        json!({"VpcEndpointId": "vpce-i", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.s3", "SubnetIds": ["subnet-a"], "NetworkInterfaceIds": ["eni-e"]}),
    );
    push(
        &mut case.topology["RouteTables"][0]["Routes"],
        json!({"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}),
    );
    for minute in [0, 10, 20] {
        let (start, end) = (T0 + minute * 60 + 5, T0 + minute * 60 + 595);
        case.records.push(format!(
            "eni-e - - - - - - {start} {end} - NODATA - - - - vpc-1"
        ));
    }
}

#[test]
fn a_client_of_an_endpoint_out_on_the_internet_is_no_private_traffic() {
    let no_internet = "version = 1\n[[claim]]\nid = 'i'\nto = ['internet']\nallow = ['intra-vpc', 'via-endpoint-eni']\n";
    let flows = |src: &str, dst: &str, way: &str| {
        format!("eni-e {src} {dst} 443 40000 6 5 TIME ACCEPT OK {src} {dst} {way}")
    };
    let (own, client, stranger) = ("10.0.1.50", "192.168.7.7", "203.0.113.9");
    #[rustfmt::skip]
    let cases = [
        ("on-premises",                        flows(client, own, "ingress -"),    Verdict::Proven,   Verdict::Proven),
        ("on-premises, reply",                 flows(own, client, "egress 3"),     Verdict::Proven,   Verdict::Proven),
        ("on-premises, by internet gateway",   flows(own, client, "egress 8"),     Verdict::Unproven, Verdict::Unproven),
        ("a neighbour",                        flows("10.0.1.6", own, "ingress -"), Verdict::Proven,  Verdict::Proven),
        ("a stranger, reply",                  flows(own, stranger, "egress 8"),   Verdict::Violated, Verdict::Violated),
        ("a stranger, by what lets none in",   flows(own, stranger, "egress 7"),   Verdict::Unproven, Verdict::Unproven),
        ("a stranger, by VPN",                 flows(own, stranger, "egress 3"),   Verdict::Unproven, Verdict::Unproven),
        ("a stranger, by a path of tomorrow",  flows(own, stranger, "egress 9"),   Verdict::Unproven, Verdict::Unproven),
        ("a stranger, request",                flows(stranger, own, "ingress -"),  Verdict::Unproven, Verdict::Unproven),
        ("a stranger who was turned away",     flows(stranger, own, "ingress -").replace("ACCEPT", "REJECT"), Verdict::Proven, Verdict::Proven),
        ("the endpoint's own end is the other", flows(stranger, own, "egress 8"),  Verdict::Unproven, Verdict::Unproven),
        ("neither end is the endpoint's",      flows("10.0.1.7", client, "egress 3"), Verdict::Unproven, Verdict::Unproven),
    ];
    for (title, record, s3, internet) in cases {
        for (policy, verdict) in [(S3_PRIVATE, s3), (no_internet, internet)] {
            let case = changed(|case| {
                with_endpoint(case);
                case.policy = policy.to_owned();
                case.records.push(flow(&record));
            });
            let evidence = case.evidence();
            assert_eq!(
                evidence.verdict,
                verdict,
                "{title}, {}: {:?}",
                evidence.claims[0].id,
                failed(&evidence)
            );
        }
    }
}

#[test]
fn an_endpoint_that_serves_the_internet_is_in_scope_and_found_whatever_the_topology_lacks() {
    let leak =
        "eni-e 2600:1f18::50 2a00::9 443 40000 6 5 TIME ACCEPT OK 2600:1f18::50 2a00::9 egress 8";
    let scopes = [
        "",
        "[scope]\nvpcs = ['vpc-1']\n",
        "[scope]\nsubnets = ['subnet-a']\n",
        "[scope]\ninterfaces = ['eni-e']\n",
        "[scope]\ncidrs = ['10.0.1.0/24']\n",
        "[scope]\ncidrs = ['2a00::/16']\n",
    ];
    for scope in scopes {
        // No block of the VPC that the topology knows has the address.
        let case = changed(|case| {
            with_endpoint(case);
            case.topology["NetworkInterfaces"][2]["Ipv6Addresses"] =
                json!([{"Ipv6Address": "2600:1f18::50"}]);
            case.policy = format!(
                "version = 1\n{scope}[[claim]]\nid = 'i'\nto = ['internet']\nallow = ['intra-vpc', 'via-endpoint-eni']\n"
            );
            case.records.push(flow(leak));
        });
        let evidence = case.evidence();
        assert_eq!(evidence.verdict, Verdict::Violated, "{scope}");
        let help = evidence.claims[0].help.as_deref().unwrap_or_default();
        let told =
            "2a00::9, out on the internet, uses the endpoint behind eni-e in subnet-a (rtb-a)";
        assert!(help.contains(told), "{help}");
    }
}

#[test]
fn a_client_of_an_endpoint_in_scope_who_may_be_anybody_is_in_scope() {
    let record =
        "eni-e 10.0.1.50 203.0.113.9 443 40000 6 5 TIME ACCEPT OK 10.0.1.50 203.0.113.9 egress 9";
    for scope in ["", "cidrs = ['10.0.1.0/24']", "vpcs = ['vpc-1']"] {
        let case = changed(|case| {
            with_endpoint(case);
            case.policy = case
                .policy
                .replace("[[claim]]", &format!("[scope]\n{scope}\n[[claim]]"));
            case.records.push(flow(record));
        });
        assert_eq!(case.verdict(), Verdict::Unproven, "{scope}");
    }
}

#[test]
fn a_record_that_has_the_interfaces_own_end_elsewhere_proves_nothing() {
    for record in [
        "eni-w 10.0.1.5 203.0.113.9 40000 443 6 5 TIME ACCEPT OK 10.0.1.5 203.0.113.9 ingress -",
        "eni-w 203.0.113.9 10.0.1.5 443 40000 6 5 TIME ACCEPT OK 203.0.113.9 10.0.1.5 egress 1",
    ] {
        let case = changed(|case| case.records.push(flow(record)));
        let evidence = case.evidence();
        assert_eq!(evidence.verdict, Verdict::Unproven, "{record}");
        assert!(failed(&evidence).contains(&"topology-fits"), "{record}");
    }
}
