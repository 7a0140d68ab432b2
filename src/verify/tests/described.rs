//! A simulated truth as describe calls would tell it, and what may be missing from or wrong in such an answer.

use std::net::IpAddr;

use serde_json::{Value as Json, json};

use super::truth::{Kind, LIST, Tape, Target, Truth, block_of_subnet, blocks_of_vpc};

fn target_json(target: &Target, vpc: usize) -> (&'static str, String) {
    let name = |names: [&str; 2]| names[vpc].to_owned();
    match target {
        Target::Local => ("GatewayId", "local".to_owned()),
        Target::Igw => ("GatewayId", name(["igw-a", "igw-b"])),
        Target::Eigw => ("EgressOnlyInternetGatewayId", name(["eigw-a", "eigw-b"])),
        Target::GatewayEndpoint => ("GatewayId", name(["vpce-gwep0", "vpce-gwep1"])),
        Target::Nat(id) => ("NatGatewayId", (*id).to_owned()),
        Target::Tgw => ("TransitGatewayId", "tgw-1".to_owned()),
        Target::Peering => ("VpcPeeringConnectionId", "pcx-1".to_owned()),
        Target::Vgw => ("GatewayId", name(["vgw-a", "vgw-b"])),
        Target::Eni(id) => ("NetworkInterfaceId", id.clone()),
        Target::Gwlbe(id) => ("GatewayId", (*id).to_owned()),
    }
}

pub(super) fn topology(truth: &Truth) -> Json {
    let vpcs: Vec<Json> = (0..truth.vpcs).map(|vpc| {
        let [v4, v6] = blocks_of_vpc(vpc);
        json!({"VpcId": format!("vpc-{vpc}"), "CidrBlock": v4, "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": v6}]})
    }).collect();
    let subnets: Vec<Json> = (0..truth.subnets.len()).map(|index| {
        let vpc = truth.subnets[index].vpc;
        json!({"SubnetId": format!("subnet-{index}"), "VpcId": format!("vpc-{vpc}"), "CidrBlock": block_of_subnet(vpc, truth.place(index)), "AvailabilityZone": "us-east-1a"})
    }).collect();
    let tables: Vec<Json> = truth.tables.iter().enumerate().map(|(index, (vpc, routes))| {
        let routes: Vec<Json> = routes.iter().map(|route| {
            let (key, id) = target_json(&route.target, *vpc);
            match route.to {
                None => json!({"DestinationPrefixListId": "pl-63a5400a", key: id}),
                Some(to) if to.addr().is_ipv4() => json!({"DestinationCidrBlock": to, key: id}),
                Some(to) => json!({"DestinationIpv6CidrBlock": to, key: id}),
            }
        }).collect();
        let mut associations: Vec<Json> = truth.subnets.iter().enumerate().filter(|(_, subnet)| subnet.table == Some(index))
            .map(|(subnet, _)| json!({"Main": false, "SubnetId": format!("subnet-{subnet}")})).collect();
        if index == *vpc {
            associations.push(json!({"Main": true}));
        }
        json!({"RouteTableId": format!("rtb-{index}"), "VpcId": format!("vpc-{vpc}"), "Associations": associations, "Routes": routes})
    }).collect();
    let enis: Vec<Json> = truth.enis.iter().map(|eni| {
        let (kind, description) = match &eni.kind {
            Kind::Workload | Kind::Appliance(_) => ("interface", String::new()),
            Kind::Endpoint(id, _) => ("vpc_endpoint", format!("VPC Endpoint Interface {id}")),
            Kind::Gwlbe(id) => ("gateway_load_balancer_endpoint", format!("VPC Endpoint Interface {id}")),
            Kind::Nat(id) => ("nat_gateway", format!("Interface for NAT Gateway {id}")),
            Kind::Tgw => ("transit_gateway", format!("Network Interface for Transit Gateway Attachment tgw-attach-{}", eni.vpc)),
        };
        let (v4, v6): (Vec<&IpAddr>, Vec<&IpAddr>) = eni.addresses.iter().partition(|address| address.is_ipv4());
        let v4: Vec<Json> = v4.iter().map(|address| json!({"PrivateIpAddress": address})).collect();
        let v6: Vec<Json> = v6.iter().map(|address| json!({"Ipv6Address": address})).collect();
        json!({"NetworkInterfaceId": eni.id, "InterfaceType": kind, "Description": description, "VpcId": format!("vpc-{}", eni.vpc), "SubnetId": format!("subnet-{}", eni.subnet),
            "PrivateIpAddress": eni.addresses[0], "PrivateIpAddresses": v4, "Ipv6Addresses": v6})
    }).collect();
    let mut endpoints = Vec::new();
    let mut nats = Vec::new();
    for eni in &truth.enis {
        let (vpc, subnet) = (format!("vpc-{}", eni.vpc), format!("subnet-{}", eni.subnet));
        match &eni.kind {
            Kind::Endpoint(id, service) => endpoints.push(json!({"VpcEndpointId": id, "VpcEndpointType": "Interface", "VpcId": vpc, "ServiceName": format!("com.amazonaws.us-east-1.{service}"), "SubnetIds": [subnet], "NetworkInterfaceIds": [eni.id]})),
            Kind::Gwlbe(id) => endpoints.push(json!({"VpcEndpointId": id, "VpcEndpointType": "GatewayLoadBalancer", "VpcId": vpc, "ServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-1", "SubnetIds": [subnet], "NetworkInterfaceIds": [eni.id]})),
            Kind::Nat(id) => nats.push(json!({"NatGatewayId": id, "State": "available", "VpcId": vpc, "SubnetId": subnet, "NatGatewayAddresses": [{"NetworkInterfaceId": eni.id, "PrivateIp": eni.addresses[0]}]})),
            Kind::Workload | Kind::Tgw | Kind::Appliance(_) => {}
        }
    }
    for vpc in 0..truth.vpcs {
        endpoints.push(json!({"VpcEndpointId": format!("vpce-gwep{vpc}"), "VpcEndpointType": "Gateway", "VpcId": format!("vpc-{vpc}"), "ServiceName": "com.amazonaws.us-east-1.s3"}));
    }
    let attachments: Vec<Json> = truth.enis.iter().filter(|eni| eni.kind == Kind::Tgw).map(|eni| json!({"TransitGatewayAttachmentId": format!("tgw-attach-{}", eni.vpc), "TransitGatewayId": "tgw-1", "VpcId": format!("vpc-{}", eni.vpc), "State": "available", "SubnetIds": [format!("subnet-{}", eni.subnet)]})).collect();
    let logs: Vec<Json> = (0..truth.vpcs).map(|vpc| json!({"FlowLogId": "fl-1", "ResourceId": format!("vpc-{vpc}"), "FlowLogStatus": "ACTIVE", "TrafficType": "ALL", "DeliverLogsStatus": "SUCCESS", "MaxAggregationInterval": 600, "CreationTime": "2026-07-01T00:00:00Z"})).collect();
    let side = |vpc: usize| json!({"VpcId": format!("vpc-{vpc}"), "CidrBlock": format!("10.{vpc}.0.0/16")});
    let peerings = if truth.vpcs > 1 {
        json!([{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, "RequesterVpcInfo": side(0), "AccepterVpcInfo": side(1)}])
    } else {
        json!([])
    };
    json!({"captured_at": "2026-08-01T12:00:00Z", "Vpcs": vpcs, "Subnets": subnets, "RouteTables": tables, "NetworkInterfaces": enis, "VpcEndpoints": endpoints, "NatGateways": nats,
        "TransitGatewayVpcAttachments": attachments, "VpcPeeringConnections": peerings, "PrefixLists": [{"PrefixListId": "pl-63a5400a", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": LIST}], "FlowLogs": logs})
}

/// Takes something out of the topology, or leads a route elsewhere, often near a table; says what.
pub(super) fn stale(topology: &mut Json, tape: &mut Tape<'_>, near: usize) -> String {
    let gone = |list: &mut Json, tape: &mut Tape<'_>| -> String {
        let list = list.as_array_mut().unwrap();
        if list.is_empty() {
            return "nothing".to_owned();
        }
        let at = tape.pick(list.len());
        list.remove(at).to_string()
    };
    let tables = topology["RouteTables"].as_array().unwrap().len();
    // Half of the time the table that decided what is violated.
    let table = match tape.pick(2 * tables) {
        table if table < tables => table,
        _ => near,
    };
    match tape.pick(9) {
        0 => gone(&mut topology["NetworkInterfaces"], tape),
        1 => gone(&mut topology["RouteTables"][table]["Routes"], tape),
        2 => gone(&mut topology["RouteTables"][table]["Associations"], tape),
        3 => gone(&mut topology["VpcEndpoints"], tape),
        4 => gone(&mut topology["PrefixLists"][0]["Cidrs"], tape),
        5 => gone(&mut topology["NatGateways"], tape),
        6 => gone(&mut topology["VpcPeeringConnections"], tape),
        7 => gone(&mut topology["TransitGatewayVpcAttachments"], tape),
        _ => {
            let vpc = usize::from(topology["RouteTables"][table]["VpcId"] == "vpc-1");
            let routes = topology["RouteTables"][table]["Routes"]
                .as_array_mut()
                .unwrap();
            if routes.is_empty() {
                return "nothing".to_owned();
            }
            let at = tape.pick(routes.len());
            let route = &mut routes[at];
            let to = [
                "DestinationCidrBlock",
                "DestinationIpv6CidrBlock",
                "DestinationPrefixListId",
            ]
            .into_iter()
            .find(|key| route.get(key).is_some())
            .unwrap();
            let all = [
                Target::Igw,
                Target::Nat(["nat-a", "nat-b"][vpc]),
                Target::Eni(format!("eni-appl{vpc}")),
                Target::Gwlbe(["vpce-gwa", "vpce-gwb"][vpc]),
                Target::Tgw,
                Target::Vgw,
                Target::Peering,
                Target::GatewayEndpoint,
            ];
            let (key, id) = target_json(&tape.of(&all), vpc);
            let before = route.to_string();
            *route = json!({to: route[to].clone(), key: id});
            format!("{before} became {route}")
        }
    }
}
