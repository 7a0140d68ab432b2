//! The two classifiers agree, whatever the topology and the record.
//!
//! Cases are drawn from a tape of numbers, so that proptest shrinks any of them by shortening the tape.

use std::net::IpAddr;

use ipnet::IpNet;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::classify::harness::{DEFAULT_FIELDS, GATEWAY_FIELDS, Twins, VPC_FIELDS};
use crate::classify::naive::Record;
use crate::model::field::Field;

struct Tape {
    numbers: Vec<u16>,
    at: usize,
}

impl Tape {
    fn below(&mut self, count: usize) -> usize {
        let number = self
            .numbers
            .get(self.at % self.numbers.len().max(1))
            .copied()
            .unwrap_or(0);
        // A short tape is played again, a little faster each time.
        let number = usize::from(number).wrapping_add(self.at / self.numbers.len().max(1) * 7919);
        self.at += 1;
        number % count
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn maybe<T: Clone>(&mut self, null_in: usize, of: &[T]) -> Option<T> {
        if self.one_in(null_in) {
            None
        } else {
            Some(self.pick(of))
        }
    }
}

const RANGES: &[(&str, &str)] = &[
    ("52.216.0.0/15", "AMAZON"),
    ("52.216.0.0/15", "S3"),
    ("52.216.0.0/16", "EC2"),
    ("52.94.0.0/22", "AMAZON"),
    ("52.94.0.0/22", "DYNAMODB"),
    ("54.0.0.0/8", "AMAZON"),
    ("54.1.0.0/16", "EC2"),
    ("13.32.0.0/15", "CLOUDFRONT"),
    ("13.32.0.0/15", "AMAZON"),
    ("2600:9000::/28", "CLOUDFRONT"),
    ("2600:1fa0::/32", "S3"),
    ("2600:1fa0::/32", "AMAZON"),
    ("3.5.0.0/19", "S3"),
    ("3.4.0.0/16", "GLOBALACCELERATOR"),
    ("18.0.0.0/8", "AMAZON"),
];

const SOME_ADDRESSES: &[&str] = &[
    "8.8.8.8",
    "52.216.8.9",
    "52.217.1.1",
    "52.94.0.1",
    "3.5.0.9",
    "54.1.1.1",
    "54.2.2.2",
    "13.32.1.1",
    "18.1.1.1",
    "3.4.5.6",
    "192.168.7.7",
    "169.254.171.5",
    "10.0.1.250",
    "10.0.2.200",
    "10.1.1.10",
    "10.9.9.9",
    "100.70.1.10",
    "2600:1f18::5",
    "2600:1f18:1::5",
    "2600:9000::1",
    "2600:1fa0::9",
    "64:ff9b::34d8:809",
    "64:ff9b::a00:10b",
    "64:ff9b::808:808",
    "2001:db8::1",
    "fd00::9",
    "203.0.113.5",
    "203.0.113.80",
];

const BLOCKS: &[&str] = &[
    "0.0.0.0/0",
    "0.0.0.0/0",
    "0.0.0.0/0",
    "::/0",
    "::/0",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.1.0.0/16",
    "10.0.1.0/24",
    "10.0.2.128/25",
    "52.216.0.0/15",
    "52.216.8.0/24",
    "192.168.0.0/16",
    "64:ff9b::/96",
    "2600:1f18::/32",
    "2600:1f18::/56",
    "203.0.113.0/24",
    "100.70.0.0/16",
];

const LISTS: &[&str] = &[
    "pl-s3",
    "pl-s3",
    "pl-ddb",
    "pl-own",
    "pl-bare",
    "pl-bare-aws",
    "pl-nowhere",
];

fn topology(tape: &mut Tape, captured_s: i64) -> Json {
    let vpcs = 1 + tape.below(3);
    let (mut all_vpcs, mut subnets, mut tables, mut enis) = (vec![], vec![], vec![], vec![]);
    let (mut endpoints, mut nats, mut attachments) = (vec![], vec![], vec![]);
    for vpc in 0..vpcs {
        let cidr = tape.pick(&[
            "10.0.0.0/16",
            "10.0.0.0/16",
            "10.1.0.0/16",
            "100.70.0.0/16",
            "52.216.0.0/16",
        ]);
        let id = format!("vpc-{vpc}");
        let v6 = tape.maybe(
            2,
            &[format!("2600:1f18:{vpc}::/56"), "2600:1f18::/56".to_owned()],
        );
        let state = tape.pick(&["associated", "associated", "disassociated"]);
        all_vpcs.push(json!({"VpcId": id, "CidrBlock": cidr,
            "CidrBlockAssociationSet": [{"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": state}}],
            "Ipv6CidrBlockAssociationSet": v6.iter().map(|block| json!({"Ipv6CidrBlock": block})).collect::<Vec<_>>()}));
        let base = cidr.rsplitn(3, '.').nth(2).unwrap().to_owned();
        let zoned = !tape.one_in(8);
        for subnet in 0..2 {
            let zone = zoned.then_some("us-east-1a");
            subnets.push(json!({"SubnetId": format!("subnet-{vpc}{subnet}"), "VpcId": id, "CidrBlock": format!("{base}.{}.0/24", subnet + 1), "AvailabilityZone": zone}));
        }
        let main = !tape.one_in(8);
        tables.push(json!({"RouteTableId": format!("rtb-{vpc}"), "VpcId": id, "Associations": [{"Main": main}], "Routes": routes(tape, cidr, vpc)}));
        if tape.one_in(2) {
            tables.push(json!({"RouteTableId": format!("rtb-{vpc}0"), "VpcId": id, "Associations": [{"SubnetId": format!("subnet-{vpc}0")}], "Routes": routes(tape, cidr, vpc)}));
        }
        if tape.one_in(3) {
            tables.push(json!({"RouteTableId": format!("rtb-{vpc}r"), "VpcId": id, "Routes": routes(tape, cidr, vpc)}));
            nats.push(json!({"NatGatewayId": format!("nat-{vpc}r"), "State": tape.pick(&["available", "available", "deleted"]), "VpcId": id, "AvailabilityMode": "regional",
                "RouteTableId": tape.maybe(4, &[format!("rtb-{vpc}r")]), "NatGatewayAddresses": [{"PublicIp": "203.0.113.80"}]}));
        }
        for index in 0..(3 + tape.below(6)) {
            let eni = format!("eni-{vpc}{index}");
            let subnet = format!("subnet-{vpc}{}", tape.below(2));
            let address = format!("{base}.1.{}", 10 + index);
            let (mut kind, mut description) = (Some("interface"), String::new());
            match tape.below(10) {
                0..=2 => {}
                3 => {
                    kind = tape.pick(&[Some("nat_gateway"), Some("natGateway"), None]);
                    if tape.one_in(2) {
                        nats.push(json!({"NatGatewayId": format!("nat-{vpc}{index}"), "State": "available", "VpcId": id, "SubnetId": subnet,
                            "NatGatewayAddresses": [{"NetworkInterfaceId": eni, "PrivateIp": address, "PublicIp": format!("203.0.113.{index}")}]}));
                    } else {
                        description = format!("Interface for NAT Gateway nat-{vpc}z");
                    }
                }
                4 => {
                    kind = Some("transit_gateway");
                    description = tape
                        .pick(&[
                            "Network Interface for Transit Gateway Attachment tgw-attach-00",
                            "Network Interface for Transit Gateway Attachment tgw-attach-x",
                            "",
                        ])
                        .to_owned();
                }
                5 | 6 => {
                    kind = tape.pick(&[Some("vpc_endpoint"), None]);
                    let service = tape.pick(&[
                        "com.amazonaws.us-east-1.s3",
                        "com.amazonaws.us-east-1.sts",
                        "com.amazonaws.vpce.us-east-1.vpce-svc-9",
                    ]);
                    let blocks = tape.maybe(4, &[format!("{base}.2.{}/28", 16 * (index + 1))]);
                    let sort = tape.pick(&[
                        Some("Interface"),
                        Some("Interface"),
                        Some("Resource"),
                        Some("ServiceNetwork"),
                        Some("GatewayLoadBalancer"),
                        Some("Quantum"),
                        None,
                    ]);
                    endpoints.push(json!({"VpcEndpointId": format!("vpce-{vpc}{index}"), "VpcEndpointType": sort, "VpcId": id, "ServiceName": service, "NetworkInterfaceIds": [eni], "SubnetIds": [subnet],
                        "Ipv4Prefixes": [{"SubnetId": tape.pick(&[subnet.as_str(), "subnet-00"]), "IpPrefixes": blocks.iter().collect::<Vec<_>>()}]}));
                }
                7 => {
                    kind =
                        tape.pick(&[Some("vpc_endpoint"), Some("gateway_load_balancer_endpoint")]);
                    description = tape
                        .pick(&["VPC Endpoint Interface vpce-told", ""])
                        .to_owned();
                }
                _ => kind = tape.pick(&[Some("network_load_balancer"), Some("lambda"), None]),
            }
            let secondary = tape.one_in(3).then(|| json!([{"PrivateIpAddress": address}, {"PrivateIpAddress": format!("{base}.1.{}", 100 + index)}]));
            let delegated = tape
                .one_in(4)
                .then(|| json!([{"Ipv4Prefix": format!("{base}.2.{}/28", 16 * index)}]));
            let v6 = v6.as_ref().filter(|_| tape.one_in(2)).map(|block| {
                let text = block.parse::<IpNet>().unwrap().network().to_string();
                json!([{"Ipv6Address": format!("{text}{}", 5 + index)}])
            });
            let public = tape
                .one_in(3)
                .then(|| json!({"PublicIp": format!("198.51.100.{index}")}));
            enis.push(json!({"NetworkInterfaceId": eni, "InterfaceType": kind, "Description": description, "VpcId": id, "SubnetId": subnet, "PrivateIpAddress": address,
                "DenyAllIgwTraffic": tape.maybe(3, &[true]), "Association": public, "PrivateIpAddresses": secondary.unwrap_or(json!([])), "Ipv4Prefixes": delegated.unwrap_or(json!([])), "Ipv6Addresses": v6.unwrap_or(json!([]))}));
        }
        for tgw in 0..2 {
            if tape.one_in(2) {
                attachments.push(json!({"TransitGatewayAttachmentId": format!("tgw-attach-{vpc}{tgw}"), "TransitGatewayId": format!("tgw-{tgw}"), "VpcId": id,
                    "State": tape.pick(&["available", "available", "deleted"]), "SubnetIds": [format!("subnet-{vpc}0")]}));
            }
        }
    }
    for (id, sort) in [
        ("vpce-gs3", "Gateway"),
        ("vpce-gddb", "Gateway"),
        ("vpce-glb", "GatewayLoadBalancer"),
    ] {
        if !tape.one_in(4) {
            let service = if id == "vpce-gddb" {
                "com.amazonaws.us-east-1.dynamodb"
            } else {
                "com.amazonaws.us-east-1.s3"
            };
            let near = tape.pick(&[
                json!([]),
                json!(["subnet-01"]),
                json!(["subnet-00", "subnet-01"]),
            ]);
            endpoints.push(json!({"VpcEndpointId": id, "VpcEndpointType": sort, "VpcId": "vpc-0", "ServiceName": service, "SubnetIds": near}));
        }
    }
    let mut peerings = vec![];
    for (index, (one, other)) in [("vpc-0", "vpc-1"), ("vpc-2", "vpc-1"), ("vpc-0", "vpc-9")]
        .into_iter()
        .enumerate()
    {
        let status = tape.pick(&[
            json!({"Code": "active"}),
            json!({"Code": "deleted"}),
            Json::Null,
        ]);
        peerings.push(json!({"VpcPeeringConnectionId": format!("pcx-{index}"), "Status": status, "RequesterVpcInfo": {"VpcId": one},
            "AccepterVpcInfo": {"VpcId": other, "CidrBlock": tape.pick(&["10.1.0.0/16", "203.0.113.0/24", "54.2.0.0/16"])}}));
    }
    let mut lists = vec![
        json!({"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": ["52.216.0.0/15", "3.5.0.0/20"]}),
        json!({"PrefixListId": "pl-ddb", "PrefixListName": "com.amazonaws.us-east-1.dynamodb", "Cidrs": ["52.94.0.0/22"]}),
        json!({"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.eu-west-1.dynamodb", "Cidrs": ["54.2.0.0/16"]}),
        json!({"PrefixListId": "pl-own", "PrefixListName": "ours", "Entries": [{"Cidr": "10.1.0.0/16"}, {"Cidr": "52.216.8.0/24"}, {"Cidr": "192.168.0.0/16"}]}),
    ];
    lists.retain(|_| !tape.one_in(8));
    let managed = json!([
        {"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.us-east-1.s3"},
        {"PrefixListId": "pl-bare", "PrefixListName": "bare", "PrefixListArn": "arn:aws:ec2:us-east-1:1:prefix-list/pl-bare"},
        {"PrefixListId": "pl-bare-aws", "PrefixListName": "com.amazonaws.us-east-1.s3express"},
    ]);
    let region = tape.maybe(3, &["us-east-1", "eu-west-1"]);
    json!({"captured_at": captured_s, "region": region, "Vpcs": all_vpcs, "Subnets": subnets, "RouteTables": tables, "NetworkInterfaces": enis, "VpcEndpoints": endpoints,
        "NatGateways": nats, "TransitGatewayVpcAttachments": attachments, "VpcPeeringConnections": peerings, "PrefixLists": lists, "ManagedPrefixLists": managed})
}

fn routes(tape: &mut Tape, cidr: &str, vpc: usize) -> Vec<Json> {
    let mut routes = vec![];
    if !tape.one_in(10) {
        routes.push(json!({"DestinationCidrBlock": cidr, "GatewayId": "local"}));
        routes.push(json!({"DestinationIpv6CidrBlock": "2600:1f18::/40", "GatewayId": "local"}));
    }
    for _ in 0..(1 + tape.below(7)) {
        let mut route = json!({"Origin": tape.pick(&["CreateRoute", "CreateRoute", "EnableVgwRoutePropagation", "Advertisement", "CreateRouteTable"]),
            "State": tape.pick(&["active", "active", "active", "active", "active", "blackhole", "filtered"])});
        let by_list = tape.one_in(3);
        let (key, to): (&str, String) = if by_list {
            ("DestinationPrefixListId", tape.pick(LISTS).to_owned())
        } else {
            let block = tape.pick(BLOCKS);
            (
                if block.contains(':') {
                    "DestinationIpv6CidrBlock"
                } else {
                    "DestinationCidrBlock"
                },
                block.to_owned(),
            )
        };
        route[key] = json!(to);
        let (index, subnet) = (tape.below(9), tape.below(3));
        let targets: &[(&str, String)] = &[
            ("GatewayId", "igw-1".into()),
            ("NatGatewayId", format!("nat-{vpc}{index}")),
            ("NatGatewayId", format!("nat-{vpc}r")),
            ("TransitGatewayId", "tgw-0".into()),
            ("TransitGatewayId", "tgw-1".into()),
            ("VpcPeeringConnectionId", format!("pcx-{subnet}")),
            ("NetworkInterfaceId", format!("eni-{vpc}{index}")),
            ("GatewayId", "vpce-gs3".into()),
            ("GatewayId", "vpce-gddb".into()),
            ("GatewayId", "vpce-glb".into()),
            ("GatewayId", format!("vpce-{vpc}{index}")),
            ("GatewayId", "vgw-1".into()),
            ("EgressOnlyInternetGatewayId", "eigw-1".into()),
            ("CarrierGatewayId", "cagw-1".into()),
            ("LocalGatewayId", "lgw-1".into()),
            ("CoreNetworkArn", "arn:core".into()),
            ("OdbNetworkArn", "arn:odb".into()),
            ("InstanceId", "i-1".into()),
            ("GatewayId", "local".into()),
        ];
        let target = if by_list && !tape.one_in(3) {
            targets[7 + tape.below(2)].clone()
        } else {
            tape.pick(targets)
        };
        route[target.0] = json!(target.1);
        routes.push(route);
    }
    routes
}

/// Addresses that the topologies name.
fn addresses(topologies: &[Json]) -> Vec<IpAddr> {
    let mut found = vec![];
    for eni in topologies
        .iter()
        .flat_map(|topology| topology["NetworkInterfaces"].as_array().unwrap())
    {
        let own = eni["PrivateIpAddress"].as_str().into_iter();
        let more = eni["PrivateIpAddresses"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["PrivateIpAddress"].as_str());
        let v6 = eni["Ipv6Addresses"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["Ipv6Address"].as_str());
        found.extend(
            own.chain(more)
                .chain(v6)
                .map(|text| text.parse::<IpAddr>().unwrap()),
        );
    }
    found.extend(
        SOME_ADDRESSES
            .iter()
            .map(|text| text.parse::<IpAddr>().unwrap()),
    );
    found
}

fn record(tape: &mut Tape, topologies: &[Json], pool: &[IpAddr]) -> Record {
    let topology = &topologies[tape.below(topologies.len())];
    let eni = tape.pick(topology["NetworkInterfaces"].as_array().unwrap());
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let mut record = Record {
        interface_id: if tape.one_in(10) {
            tape.maybe(2, &["eni-strange".to_owned()])
        } else {
            text(&eni["NetworkInterfaceId"])
        },
        vpc_id: if tape.one_in(12) {
            Some("vpc-1".to_owned())
        } else {
            text(&eni["VpcId"]).filter(|_| !tape.one_in(3))
        },
        subnet_id: if tape.one_in(12) {
            Some("subnet-01".to_owned())
        } else {
            text(&eni["SubnetId"]).filter(|_| !tape.one_in(3))
        },
        resource_id: if tape.one_in(10) {
            Some(
                tape.pick(&["nat-0r", "nat-1r", "nat-x", "other-1"])
                    .to_owned(),
            )
        } else {
            None
        },
        interface_type: if tape.one_in(4) {
            Some(
                tape.pick(&[
                    "nat_gateway",
                    "regional_nat_gateway",
                    "vpc_endpoint",
                    "transit_gateway",
                    "network_load_balancer",
                    "new_thing",
                ])
                .to_owned(),
            )
        } else {
            None
        },
        pkt_src_aws_service: if tape.one_in(3) {
            Some(
                tape.pick(&[
                    "S3",
                    "EC2",
                    "AMAZON",
                    "API_GATEWAY",
                    "NEW_THING",
                    "DYNAMODB",
                ])
                .to_owned(),
            )
        } else {
            None
        },
        pkt_dst_aws_service: if tape.one_in(3) {
            Some(
                tape.pick(&[
                    "S3",
                    "EC2",
                    "AMAZON",
                    "GLOBALACCELERATOR",
                    "NEW_THING",
                    "CODEBUILD",
                ])
                .to_owned(),
            )
        } else {
            None
        },
        protocol: tape.maybe(4, &[6, 6, 6, 17]),
        tcp_flags: tape.maybe(3, &[0, 1, 2, 3, 18, 19, 4, 6]),
        flow_direction: tape
            .maybe(6, &["ingress", "egress", "egress", "sideways"])
            .map(str::to_owned),
        traffic_path: if tape.one_in(2) {
            Some(tape.pick(&[1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 0]))
        } else {
            None
        },
        next_hop_interface_id: if tape.one_in(4) {
            tape.maybe(
                4,
                &[
                    "eni-00", "eni-01", "eni-02", "eni-03", "eni-04", "eni-05", "eni-06", "eni-10",
                    "eni-13",
                ],
            )
            .or(Some("eni-new"))
            .map(str::to_owned)
        } else {
            None
        },
        next_hop_interface_type: if tape.one_in(5) {
            Some(
                tape.pick(&[
                    "nat_gateway",
                    "vpc_endpoint",
                    "vpc_endpoint",
                    "transit_gateway",
                    "network_load_balancer",
                    "new_thing",
                ])
                .to_owned(),
            )
        } else {
            None
        },
        start: tape.maybe(3, &[0, 900, 1900]),
        end: tape.maybe(4, &[500, 1000, 1500, 1999, 2000, 2500]),
        tgw_id: tape.maybe(
            4,
            &["tgw-0".to_owned(), "tgw-1".to_owned(), "tgw-new".to_owned()],
        ),
        tgw_src_vpc_id: tape.maybe(
            4,
            &["vpc-0".to_owned(), "vpc-1".to_owned(), "vpc-9".to_owned()],
        ),
        ..Record::default()
    };
    let own: IpAddr = eni["PrivateIpAddress"].as_str().unwrap().parse().unwrap();
    let near = if tape.one_in(6) { tape.pick(pool) } else { own };
    let far = tape.pick(pool);
    let near_pkt = if tape.one_in(5) {
        tape.maybe(3, pool)
    } else {
        Some(near)
    };
    let far_pkt = if tape.one_in(6) {
        tape.maybe(3, pool)
    } else {
        Some(far)
    };
    let ((src, src_pkt), (dst, dst_pkt)) = if record.flow_direction.as_deref() == Some("ingress") {
        ((far, far_pkt), (near, near_pkt))
    } else {
        ((near, near_pkt), (far, far_pkt))
    };
    record.srcaddr = Some(src).filter(|_| !tape.one_in(14));
    record.dstaddr = Some(dst).filter(|_| !tape.one_in(14));
    (record.pkt_srcaddr, record.pkt_dstaddr) = (src_pkt, dst_pkt);
    record
}

fn fields(tape: &mut Tape) -> Vec<Field> {
    match tape.below(8) {
        0 => DEFAULT_FIELDS.to_vec(),
        1 => GATEWAY_FIELDS.to_vec(),
        2 => VPC_FIELDS
            .iter()
            .copied()
            .filter(|_| !tape.one_in(6))
            .collect(),
        _ => VPC_FIELDS.to_vec(),
    }
}

fn case(numbers: Vec<u16>) -> (Vec<Json>, Vec<Record>, Vec<Field>) {
    let mut tape = Tape { numbers, at: 0 };
    let fields = fields(&mut tape);
    let mut topologies = vec![topology(&mut tape, 1000)];
    if tape.one_in(2) {
        let mut later = if tape.one_in(2) {
            topologies[0].clone()
        } else {
            topology(&mut tape, 2000)
        };
        later["captured_at"] = json!(2000);
        if tape.one_in(3) {
            later["RouteTables"][0]["Routes"] = json!(routes(&mut tape, "10.0.0.0/16", 0));
        }
        if tape.one_in(3) {
            later["NetworkInterfaces"].as_array_mut().unwrap().remove(0);
        }
        if tape.one_in(4) {
            topologies[0]["account_id"] = json!("111122223333");
            later["account_id"] = json!(tape.pick(&["111122223333", "444455556666"]));
        }
        topologies.push(later);
    }
    let pool = addresses(&topologies);
    let records = (0..24)
        .map(|_| record(&mut tape, &topologies, &pool))
        .collect();
    (topologies, records, fields)
}

/// An address near another: mostly of the same kind, sometimes just beyond a border.
fn near(tape: &mut Tape, address: IpAddr) -> IpAddr {
    let step = tape.pick(&[0, 1, 1, 2, 64, 256, 65_536]);
    match address {
        IpAddr::V4(v4) => IpAddr::from((u32::from(v4) ^ step).to_be_bytes()),
        IpAddr::V6(v6) => IpAddr::from((u128::from(v6) ^ u128::from(step)).to_be_bytes()),
    }
}

/// Records that differ in addresses alone: what one class would have, if the kinds of addresses were all that decides.
fn alike(tape: &mut Tape, record: &Record, pool: &[IpAddr]) -> Vec<Record> {
    let other = |tape: &mut Tape, address: Option<IpAddr>| {
        let (far, from_pool) = (tape.pick(pool), tape.one_in(3));
        address.map(|address| near(tape, if from_pool { far } else { address }))
    };
    let variant = |tape: &mut Tape| {
        let mut record = record.clone();
        let together = [
            record.srcaddr == record.pkt_srcaddr,
            record.dstaddr == record.pkt_dstaddr,
        ];
        record.srcaddr = other(tape, record.srcaddr);
        record.dstaddr = other(tape, record.dstaddr);
        record.pkt_srcaddr = match together[0] && !tape.one_in(5) {
            true => record.srcaddr,
            false => other(tape, record.pkt_srcaddr),
        };
        record.pkt_dstaddr = match together[1] && !tape.one_in(5) {
            true => record.dstaddr,
            false => other(tape, record.pkt_dstaddr),
        };
        record
    };
    (0..12).map(|_| variant(tape)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn fast_and_naive_agree(numbers in prop::collection::vec(any::<u16>(), 40..1200)) {
        let (topologies, records, fields) = case(numbers);
        let twins = Twins::new(&topologies, RANGES);
        let (fast, slow) = (twins.fast(&records, &fields), twins.slow(&records, &fields));
        for ((record, fast), slow) in records.iter().zip(fast).zip(slow) {
            prop_assert_eq!(fast, slow, "{:#?}\n{:?}\n{}", record, fields, topologies.iter().map(Json::to_string).collect::<Vec<_>>().join("\n"));
        }
    }
    #[test]
    fn records_of_a_class_have_one_tag(numbers in prop::collection::vec(any::<u16>(), 40..1200), more in prop::collection::vec(any::<u16>(), 40..400), rows in 1usize..20) {
        let (topologies, records, fields) = case(numbers);
        let (pool, tape) = (addresses(&topologies), &mut Tape { numbers: more, at: 0 });
        let records: Vec<Record> = records.iter().flat_map(|record| alike(tape, record, &pool)).collect();
        let twins = Twins::new(&topologies, RANGES);
        let (by_class, one_by_one) = (twins.by_class(&records, &fields, rows), twins.fast(&records, &fields));
        for ((record, by_class), alone) in records.iter().zip(by_class).zip(one_by_one) {
            prop_assert_eq!(by_class, alone, "{:#?}\n{:?}\n{}", record, fields, topologies.iter().map(Json::to_string).collect::<Vec<_>>().join("\n"));
        }
    }
    #[test]
    fn columns_by_class_say_what_each_tag_says(numbers in prop::collection::vec(any::<u16>(), 40..1200), more in prop::collection::vec(any::<u16>(), 40..400)) {
        let (topologies, records, fields) = case(numbers);
        let (pool, tape) = (addresses(&topologies), &mut Tape { numbers: more, at: 0 });
        let records: Vec<Record> = records.iter().flat_map(|record| alike(tape, record, &pool)).collect();
        let [one_by_one, by_class] = Twins::new(&topologies, RANGES).cells(&records, &fields);
        prop_assert_eq!(one_by_one, by_class);
    }
}
