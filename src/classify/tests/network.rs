//! The network of the table tests.
//!
//! vpc-a 10.0.0.0/16: private (10.0.1), public (10.0.2), transit (10.0.3), inspected (10.0.4), odd (10.0.5, a route of every other sort).
//! vpc-b 10.1.0.0/16 is peered and attached to tgw-1; vpc-c 10.2.0.0/16 is attached to tgw-1; vpc-d overlaps vpc-a.

use serde_json::{Value as Json, json};

/// Published prefixes.
#[rustfmt::skip]
pub const RANGES: &[(&str, &str)] = &[
    ("52.216.0.0/15", "AMAZON"), ("52.216.0.0/15", "S3"), ("52.216.0.0/15", "EC2"), ("52.95.128.0/21", "AMAZON"), ("52.95.128.0/21", "S3"),
    ("54.1.0.0/16", "AMAZON"), ("54.1.0.0/16", "EC2"), ("18.0.0.0/16", "AMAZON"), ("13.32.0.0/15", "AMAZON"), ("13.32.0.0/15", "CLOUDFRONT"),
    ("2600:1fa0::/32", "AMAZON"), ("2600:1fa0::/32", "S3"),
];

fn eni(id: &str, kind: &str, description: &str, vpc: &str, subnet: &str, address: &str) -> Json {
    json!({"NetworkInterfaceId": id, "InterfaceType": kind, "Description": description, "VpcId": vpc, "SubnetId": subnet, "PrivateIpAddress": address})
}

fn local(cidr: &str) -> Json {
    json!({"DestinationCidrBlock": cidr, "GatewayId": "local"})
}

fn route(to: &str, key: &str, target: &str) -> Json {
    let destination = if to.starts_with("pl-") {
        "DestinationPrefixListId"
    } else if to.contains(':') {
        "DestinationIpv6CidrBlock"
    } else {
        "DestinationCidrBlock"
    };
    json!({destination: to, key: target, "Origin": "CreateRoute", "State": "active"})
}

fn subnet(id: &str, vpc: &str, cidr: &str) -> Json {
    json!({"SubnetId": id, "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": "us-east-1a"})
}

fn table(id: &str, vpc: &str, association: Json, routes: Vec<Json>) -> Json {
    json!({"RouteTableId": id, "VpcId": vpc, "Associations": association, "Routes": routes})
}

fn tables() -> Vec<Json> {
    let a = || local("10.0.0.0/16");
    let mut hole = route("198.51.100.0/24", "NatGatewayId", "nat-gone");
    hole["State"] = json!("blackhole");
    let learnt = |to: &str| json!({"DestinationCidrBlock": to, "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"});
    vec![
        table(
            "rtb-private",
            "vpc-a",
            json!([{"SubnetId": "subnet-private"}]),
            vec![
                a(),
                json!({"DestinationIpv6CidrBlock": "2600:1f18::/56", "GatewayId": "local"}),
                route("pl-s3", "GatewayId", "vpce-s3"),
                route("0.0.0.0/0", "NatGatewayId", "nat-z"),
                route("64:ff9b::/96", "NatGatewayId", "nat-z"),
                route("::/0", "EgressOnlyInternetGatewayId", "eigw-1"),
                route("10.1.0.0/16", "VpcPeeringConnectionId", "pcx-1"),
                route("10.2.0.0/16", "TransitGatewayId", "tgw-1"),
                route("10.3.0.0/16", "TransitGatewayId", "tgw-1"),
                learnt("192.168.0.0/16"),
                hole,
            ],
        ),
        table(
            "rtb-public",
            "vpc-a",
            json!([{"SubnetId": "subnet-public"}]),
            vec![
                a(),
                route("0.0.0.0/0", "GatewayId", "igw-1"),
                route("pl-ddb", "GatewayId", "vpce-ddb"),
                route("::/0", "GatewayId", "igw-1"),
                learnt("192.168.0.0/16"),
            ],
        ),
        table(
            "rtb-transit",
            "vpc-a",
            json!([{"SubnetId": "subnet-transit"}]),
            vec![
                a(),
                route("0.0.0.0/0", "NatGatewayId", "nat-z"),
                route("10.2.0.0/16", "TransitGatewayId", "tgw-1"),
            ],
        ),
        table(
            "rtb-inspected",
            "vpc-a",
            json!([{"SubnetId": "subnet-inspected"}]),
            vec![
                a(),
                route("0.0.0.0/0", "GatewayId", "vpce-fw"),
                route("203.0.113.0/24", "NetworkInterfaceId", "eni-i"),
                route("198.18.0.0/15", "NatGatewayId", "nat-r"),
                route("10.0.2.0/24", "GatewayId", "vpce-fw"),
            ],
        ),
        table(
            "rtb-odd",
            "vpc-a",
            json!([{"SubnetId": "subnet-odd"}]),
            vec![
                a(),
                route("172.20.0.0/16", "LocalGatewayId", "lgw-1"),
                route("172.21.0.0/16", "CoreNetworkArn", "arn:core"),
                route("172.22.0.0/16", "OdbNetworkArn", "arn:odb"),
                learnt("10.0.9.0/24"),
                learnt("172.23.0.0/16"),
                route("172.24.0.0/16", "CarrierGatewayId", "cagw-1"),
            ],
        ),
        table(
            "rtb-bare",
            "vpc-a",
            json!([{"SubnetId": "subnet-bare"}]),
            vec![
                a(),
                route("pl-bare", "TransitGatewayId", "tgw-1"),
                route("0.0.0.0/0", "GatewayId", "igw-1"),
            ],
        ),
        table(
            "rtb-regional",
            "vpc-a",
            json!([]),
            vec![a(), route("0.0.0.0/0", "GatewayId", "igw-1")],
        ),
        table(
            "rtb-b",
            "vpc-b",
            json!([{"Main": true}]),
            vec![
                local("10.1.0.0/16"),
                route("10.0.0.0/16", "VpcPeeringConnectionId", "pcx-1"),
            ],
        ),
        table(
            "rtb-c",
            "vpc-c",
            json!([{"Main": true}]),
            vec![
                local("10.2.0.0/16"),
                route("0.0.0.0/0", "TransitGatewayId", "tgw-1"),
                route("203.0.113.0/24", "TransitGatewayId", "tgw-1"),
                route("64:ff9b::/96", "TransitGatewayId", "tgw-1"),
            ],
        ),
        table(
            "rtb-d",
            "vpc-d",
            json!([{"Main": true}]),
            vec![
                local("10.0.0.0/16"),
                route("0.0.0.0/0", "GatewayId", "igw-d"),
            ],
        ),
    ]
}

fn interfaces() -> Vec<Json> {
    let mut w = eni(
        "eni-w",
        "interface",
        "",
        "vpc-a",
        "subnet-private",
        "10.0.1.5",
    );
    w["PrivateIpAddresses"] =
        json!([{"PrivateIpAddress": "10.0.1.5"}, {"PrivateIpAddress": "10.0.1.15"}]);
    w["Ipv4Prefixes"] = json!([{"Ipv4Prefix": "10.0.1.128/28"}]);
    w["Ipv6Addresses"] = json!([{"Ipv6Address": "2600:1f18::5"}]);
    let mut n = eni(
        "eni-n",
        "nat_gateway",
        "Interface for NAT Gateway nat-z",
        "vpc-a",
        "subnet-public",
        "10.0.2.220",
    );
    n["PrivateIpAddresses"] =
        json!([{"PrivateIpAddress": "10.0.2.220"}, {"PrivateIpAddress": "10.0.2.221"}]);
    let mut pe = eni(
        "eni-pe",
        "vpc_endpoint",
        "",
        "vpc-a",
        "subnet-public",
        "10.0.2.50",
    );
    pe["Ipv6Addresses"] = json!([{"Ipv6Address": "2600:1f18::2:50"}]);
    let mut shut = eni(
        "eni-se",
        "vpc_endpoint",
        "",
        "vpc-a",
        "subnet-public",
        "10.0.2.51",
    );
    shut["Ipv6Addresses"] = json!([{"Ipv6Address": "2600:1f18::2:51"}]);
    shut["DenyAllIgwTraffic"] = json!(true);
    vec![
        w,
        n,
        pe,
        shut,
        eni(
            "eni-xe",
            "vpc_endpoint",
            "",
            "vpc-a",
            "subnet-inspected",
            "10.0.4.50",
        ),
        eni(
            "eni-w2",
            "interface",
            "",
            "vpc-a",
            "subnet-private",
            "10.0.1.6",
        ),
        eni(
            "eni-lb",
            "network_load_balancer",
            "ELB net/lb/1",
            "vpc-a",
            "subnet-private",
            "10.0.1.60",
        ),
        eni(
            "eni-e",
            "vpc_endpoint",
            "VPC Endpoint Interface vpce-sts",
            "vpc-a",
            "subnet-private",
            "10.0.1.50",
        ),
        eni(
            "eni-p",
            "interface",
            "",
            "vpc-a",
            "subnet-public",
            "10.0.2.5",
        ),
        eni(
            "eni-t",
            "transit_gateway",
            "Network Interface for Transit Gateway Attachment tgw-attach-1",
            "vpc-a",
            "subnet-transit",
            "10.0.3.7",
        ),
        eni(
            "eni-t2",
            "transit_gateway",
            "",
            "vpc-a",
            "subnet-transit",
            "10.0.3.8",
        ),
        eni(
            "eni-f",
            "gateway_load_balancer_endpoint",
            "",
            "vpc-a",
            "subnet-public",
            "10.0.2.30",
        ),
        eni(
            "eni-i",
            "interface",
            "",
            "vpc-a",
            "subnet-public",
            "10.0.2.40",
        ),
        eni(
            "eni-x1",
            "interface",
            "",
            "vpc-a",
            "subnet-inspected",
            "10.0.4.5",
        ),
        eni("eni-o", "interface", "", "vpc-a", "subnet-odd", "10.0.5.5"),
        eni("eni-u", "interface", "", "vpc-a", "subnet-bare", "10.0.6.5"),
        eni("eni-z", "interface", "", "vpc-a", "subnet-none", "10.0.7.5"),
        eni(
            "eni-be",
            "vpc_endpoint",
            "",
            "vpc-b",
            "subnet-b",
            "10.1.1.50",
        ),
        eni("eni-bw", "interface", "", "vpc-b", "subnet-b", "10.1.1.5"),
        eni(
            "eni-ce",
            "vpc_endpoint",
            "",
            "vpc-c",
            "subnet-c",
            "10.2.1.50",
        ),
        eni("eni-cw", "interface", "", "vpc-c", "subnet-c", "10.2.1.5"),
        eni("eni-dw", "interface", "", "vpc-d", "subnet-d", "10.0.1.5"),
        eni("eni-dx", "interface", "", "vpc-d", "subnet-d", "10.0.1.50"),
    ]
}

fn endpoint(
    id: &str,
    kind: &str,
    vpc: &str,
    service: &str,
    enis: &[&str],
    subnets: &[&str],
) -> Json {
    json!({"VpcEndpointId": id, "VpcEndpointType": kind, "VpcId": vpc, "ServiceName": service, "NetworkInterfaceIds": enis, "SubnetIds": subnets, "State": "available"})
}

/// The describe answers.
pub fn network() -> Json {
    let attachment = |id: &str, vpc: &str, subnet: &str| json!({"TransitGatewayAttachmentId": id, "TransitGatewayId": "tgw-1", "VpcId": vpc, "State": "available", "SubnetIds": [subnet]});
    let kms = "com.amazonaws.us-east-1.kms";
    let mut in_blocks = endpoint(
        "vpce-b",
        "Interface",
        "vpc-b",
        kms,
        &["eni-be"],
        &["subnet-b"],
    );
    in_blocks["Ipv4Prefixes"] = json!([{"SubnetId": "subnet-b", "IpPrefixes": ["10.1.1.64/28"]}, {"SubnetId": "subnet-elsewhere", "IpPrefixes": ["10.1.1.96/28"]}]);
    json!({
        "captured_at": 1000,
        "Vpcs": [
            {"VpcId": "vpc-a", "CidrBlock": "10.0.0.0/16", "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2600:1f18::/56"}]},
            {"VpcId": "vpc-b", "CidrBlock": "10.1.0.0/16"}, {"VpcId": "vpc-c", "CidrBlock": "10.2.0.0/16"}, {"VpcId": "vpc-d", "CidrBlock": "10.0.0.0/16"}],
        "Subnets": [
            subnet("subnet-private", "vpc-a", "10.0.1.0/24"), subnet("subnet-public", "vpc-a", "10.0.2.0/24"), subnet("subnet-transit", "vpc-a", "10.0.3.0/24"),
            subnet("subnet-inspected", "vpc-a", "10.0.4.0/24"), subnet("subnet-odd", "vpc-a", "10.0.5.0/24"), subnet("subnet-bare", "vpc-a", "10.0.6.0/24"),
            subnet("subnet-none", "vpc-a", "10.0.7.0/24"), subnet("subnet-b", "vpc-b", "10.1.1.0/24"), subnet("subnet-c", "vpc-c", "10.2.1.0/24"), subnet("subnet-d", "vpc-d", "10.0.1.0/24")],
        "RouteTables": tables(),
        "NetworkInterfaces": interfaces(),
        "VpcEndpoints": [
            endpoint("vpce-s3", "Gateway", "vpc-a", "com.amazonaws.us-east-1.s3", &[], &[]), endpoint("vpce-ddb", "Gateway", "vpc-a", "com.amazonaws.us-east-1.dynamodb", &[], &[]),
            endpoint("vpce-sts", "Interface", "vpc-a", "com.amazonaws.us-east-1.sts", &["eni-e"], &["subnet-private"]),
            endpoint("vpce-logs", "Interface", "vpc-a", "com.amazonaws.us-east-1.logs", &["eni-pe", "eni-xe", "eni-se"], &["subnet-public", "subnet-inspected"]),
            endpoint("vpce-fw", "GatewayLoadBalancer", "vpc-a", "com.amazonaws.vpce.us-east-1.vpce-svc-1", &["eni-f"], &["subnet-public"]),
            in_blocks,
            endpoint("vpce-c", "Interface", "vpc-c", "com.amazonaws.us-east-1.ssm", &["eni-ce"], &["subnet-c"])],
        "NatGateways": [
            {"NatGatewayId": "nat-z", "State": "available", "VpcId": "vpc-a", "SubnetId": "subnet-public", "NatGatewayAddresses": [{"NetworkInterfaceId": "eni-n", "PrivateIp": "10.0.2.220", "PublicIp": "198.51.100.9"}]},
            {"NatGatewayId": "nat-r", "State": "available", "VpcId": "vpc-a", "AvailabilityMode": "regional", "RouteTableId": "rtb-regional", "NatGatewayAddresses": [{"PublicIp": "107.22.182.139"}]}],
        "TransitGatewayVpcAttachments": [attachment("tgw-attach-1", "vpc-a", "subnet-transit"), attachment("tgw-attach-2", "vpc-b", "subnet-b"), attachment("tgw-attach-3", "vpc-c", "subnet-c")],
        "VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, "RequesterVpcInfo": {"VpcId": "vpc-a", "CidrBlock": "10.0.0.0/16"}, "AccepterVpcInfo": {"VpcId": "vpc-b", "CidrBlock": "10.1.0.0/16"}}],
        "PrefixLists": [
            {"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": ["52.216.0.0/15"]},
            {"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.eu-west-1.dynamodb", "Cidrs": ["52.94.24.0/23"]},
            {"PrefixListId": "pl-ddb", "PrefixListName": "com.amazonaws.us-east-1.dynamodb", "Cidrs": ["52.94.0.0/22"]},
            {"PrefixListId": "pl-own", "PrefixListName": "ours", "Entries": [{"Cidr": "52.216.8.0/24"}]}],
    })
}
