//! That a probe speaks for every address up to the next one.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::topology::Document;

/// Two VPCs, and every sort of target.
fn world() -> World {
    let value = json!({
        "captured_at": "2026-08-01T12:00:00Z",
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2600:1f18::/56"}]},
            {"VpcId": "vpc-2", "CidrBlock": "10.8.0.0/16"}, {"VpcId": "vpc-3", "CidrBlock": "10.9.0.0/16"}],
        "Subnets": [{"SubnetId": "subnet-a", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a"},
            {"SubnetId": "subnet-n", "VpcId": "vpc-1", "CidrBlock": "10.0.2.0/24"}],
        "RouteTables": [
            {"RouteTableId": "rtb-a", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-a"}], "Routes": [
                {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, {"DestinationIpv6CidrBlock": "2600:1f18::/56", "GatewayId": "local"},
                {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}, {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
                {"DestinationIpv6CidrBlock": "64:ff9b::/96", "NatGatewayId": "nat-1"}, {"DestinationPrefixListId": "pl-63a5400a", "GatewayId": "vpce-s3"},
                {"DestinationCidrBlock": "10.8.0.0/16", "VpcPeeringConnectionId": "pcx-1"}, {"DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1"},
                {"DestinationCidrBlock": "52.218.7.0/24", "GatewayId": "vgw-1", "State": "blackhole"}]},
            {"RouteTableId": "rtb-n", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-n"}], "Routes": [
                {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"},
                {"DestinationCidrBlock": "52.94.0.0/22", "TransitGatewayId": "tgw-1"}, {"DestinationPrefixListId": "pl-63a5400a", "GatewayId": "vpce-s3"}]}],
        "NetworkInterfaces": [
            {"NetworkInterfaceId": "eni-w", "VpcId": "vpc-1", "SubnetId": "subnet-a", "PrivateIpAddress": "10.0.1.5", "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}]},
            {"NetworkInterfaceId": "eni-e", "VpcId": "vpc-1", "SubnetId": "subnet-a", "InterfaceType": "vpc_endpoint", "PrivateIpAddress": "10.0.1.100"},
            {"NetworkInterfaceId": "eni-x", "VpcId": "vpc-2", "InterfaceType": "vpc_endpoint", "PrivateIpAddress": "10.8.1.100"},
            {"NetworkInterfaceId": "eni-y", "VpcId": "vpc-3", "PrivateIpAddress": "10.9.1.9"}],
        "VpcEndpoints": [{"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.s3"},
            {"VpcEndpointId": "vpce-i", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.sts", "NetworkInterfaceIds": ["eni-e"]},
            {"VpcEndpointId": "vpce-x", "VpcEndpointType": "Interface", "VpcId": "vpc-2", "ServiceName": "com.amazonaws.us-east-1.kms", "NetworkInterfaceIds": ["eni-x"]}],
        "NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-n", "State": "available"}],
        "TransitGatewayVpcAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "VpcId": "vpc-1"},
            {"TransitGatewayAttachmentId": "tgw-attach-3", "TransitGatewayId": "tgw-1", "VpcId": "vpc-3"}],
        "VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1", "RequesterVpcInfo": {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, "AccepterVpcInfo": {"VpcId": "vpc-2", "CidrBlock": "10.8.0.0/16"}}],
        "PrefixLists": [{"PrefixListId": "pl-63a5400a", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": ["52.216.0.0/15", "3.5.0.0/19"]}],
        "FlowLogs": []
    });
    let bytes = serde_json::to_vec(&value).unwrap();
    let document = Document {
        group: "t".into(),
        source: "t.json".into(),
        bytes,
    };
    World::load(&[document], None).unwrap()
}

/// All of a tag but the address itself.
fn says(tag: Tag) -> Tag {
    Tag { peer: None, ..tag }
}

fn of_table<'s>(world: &World, sites: &'s [Site], table: &str) -> &'s Site {
    let named = |site: &&Site| world.symbols.name(site.table) == table;
    sites.iter().find(named).unwrap()
}

#[test]
fn a_probe_speaks_for_every_address_up_to_the_next() {
    let world = world();
    let vpc = world.symbols.find("vpc-1").unwrap();
    let snapshot = snapshot_of(&world, vpc).unwrap();
    let prober = Prober::new(&world, snapshot, vpc, (&[], &[]));
    let sites = sites(&world, snapshot, vpc);
    let count = prober.probes.len();
    let addresses = prop_oneof![
        // Near a border, where a mistake would be.
        (0..count, 0u128..6).prop_map(|(index, off)| (Some(index), off)),
        any::<u32>().prop_map(|v4| (None, 0xffff_0000_0000 | u128::from(v4))),
        any::<u32>().prop_map(|v4| (None, (0x0064_ff9b << 96) | u128::from(v4))),
        any::<u128>().prop_map(|v6| (None, v6)),
    ];
    proptest!(|((index, value) in addresses, table in 0usize..2)| {
        let address = match index {
            Some(index) => Address((prober.probes[index].0 + value).saturating_sub(3)),
            None => Address(value),
        };
        let place = prober.probes.partition_point(|probe| *probe <= address) - 1;
        let probe = prober.probes[place];
        let (near, far) = (prober.tag(&sites[table], probe), prober.tag(&sites[table], address));
        prop_assert_eq!(says(near), says(far), "{:?} for {:?}", probe, address);
        prop_assert_eq!(prober.sort_of(&near, probe), prober.sort_of(&far, address));
    });
}

#[test]
fn each_sort_of_traffic_goes_where_its_route_leads() {
    let world = world();
    let vpc = world.symbols.find("vpc-1").unwrap();
    let snapshot = snapshot_of(&world, vpc).unwrap();
    let prober = Prober::new(&world, snapshot, vpc, (&[], &[]));
    let sites = sites(&world, snapshot, vpc);
    let permits = prober.permits(of_table(&world, &sites, "rtb-a"), |_, _| {});
    #[rustfmt::skip]
    let expected = [
        ("internet IPv4",            Path::ViaNat,             "nat-1",   Exit::InternetGateway),
        ("internet IPv6",            Path::InternetBound,      "eigw-1",  Exit::InternetGateway),
        ("internet IPv6 (NAT64)",    Path::ViaNat,             "nat-1",   Exit::InternetGateway),
        ("s3",                       Path::ViaGatewayEndpoint, "vpce-s3", Exit::GatewayEndpoint),
        ("s3 IPv6 (NAT64)",          Path::ViaNat,             "nat-1",   Exit::GatewayEndpoint),
        ("s3 elsewhere",             Path::ViaNat,             "nat-1",   Exit::InternetGateway),
        ("s3 elsewhere",             Path::Undetermined,       "-",       Exit::Unknown),
        ("s3 elsewhere IPv6",        Path::InternetBound,      "eigw-1",  Exit::InternetGateway),
        ("dynamodb",                 Path::ViaNat,             "nat-1",   Exit::Unknown),
        ("sts endpoint",             Path::ViaEndpointEni,     "vpce-i",  Exit::Endpoint),
        ("kms endpoint",             Path::ViaPeering,         "pcx-1",   Exit::Endpoint),
        ("private IPv4",             Path::ViaTransitGateway,  "tgw-1",   Exit::None),
        ("private IPv4",             Path::ViaTransitGateway,  "tgw-1",   Exit::TransitGateway),
        ("private IPv4",             Path::ViaNat,             "nat-1",   Exit::InternetGateway),
        ("this VPC",                 Path::IntraVpc,           "-",       Exit::None),
    ];
    for (to, path, via, exit) in expected {
        let found = permits.iter().any(|permit| {
            (
                permit.to.as_str(),
                permit.path,
                permit.via.as_str(),
                permit.exit,
            ) == (to, path, via, exit)
        });
        assert!(
            found,
            "{to} by {path} {via} to {exit} is not in {permits:#?}"
        );
    }
    // The NAT gateway's own subnet is a place like any other.
    let own = prober.permits(of_table(&world, &sites, "rtb-n"), |_, _| {});
    let leaves =
        |permit: &Permit| permit.to == "internet IPv4" && permit.path == Path::InternetBound;
    assert!(own.iter().any(leaves), "{own:#?}");
}
