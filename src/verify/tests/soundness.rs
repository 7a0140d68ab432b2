//! The worst bug would be a wrong `proven`: against a simulated truth, with every record that AWS would write, nothing that is
//! left out of the topology or of the log may bring one about; and no witness may be wrong.

use std::net::IpAddr;

use ipnet::IpNet;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::truth::{
    HOSTS, Hop, Kind, LIST, Record, Tape, Target, Thing, Trip, Truth, block_of_subnet,
    blocks_of_vpc, net,
};
use super::{Case, T0, failed};
use crate::model::evidence::{Evidence, InputReport};
use crate::model::path::{Exit, Path, Verdict};
use crate::model::window::Window;

#[rustfmt::skip]
const V2: &[&str] = &["version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log-status"];
#[rustfmt::skip]
const MORE: &[&str] = &["vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr", "region", "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction", "traffic-path"];
const V11: &[&str] = &[
    "interface-type",
    "next-hop-interface-id",
    "next-hop-interface-type",
];

/// Fields that a log may do without, and that tell of the way or of its ends.
#[rustfmt::skip]
const OPTIONAL: [&str; 8] = ["vpc-id", "subnet-id", "pkt-srcaddr", "pkt-dstaddr", "flow-direction", "traffic-path", "pkt-src-aws-service", "pkt-dst-aws-service"];

/// Fields without which nothing may be proven (contract, `fields-suffice`).
#[rustfmt::skip]
const NEEDED: &[&str] = &["interface-id", "srcaddr", "dstaddr", "action", "log-status", "start", "end"];

// ---- the topology, as describe calls would tell it ----

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

fn topology(truth: &Truth) -> Json {
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
fn stale(topology: &mut Json, tape: &mut Tape<'_>, near: usize) -> String {
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

// ---- claims ----

#[derive(Clone, Debug)]
enum Whom {
    Service(&'static str),
    AnyService,
    Internet,
    Any,
    Private,
    Block(IpNet),
}

#[derive(Clone, Debug, Default)]
struct Whose {
    vpcs: Vec<usize>,
    subnets: Vec<usize>,
    interfaces: Vec<usize>,
    cidrs: Vec<IpNet>,
}

#[derive(Clone, Debug)]
struct Claim {
    to: Whom,
    allow: Vec<Path>,
    exits: Option<Vec<Exit>>,
    through: Option<Vec<String>>,
    ports: Option<Vec<u16>>,
    from: Whose,
    scope: Whose,
}

impl Whose {
    fn new(tape: &mut Tape<'_>, truth: &Truth, vpcs: bool) -> Whose {
        let workloads: Vec<usize> = (0..truth.enis.len())
            .filter(|index| truth.enis[*index].kind == Kind::Workload)
            .collect();
        let workload = tape.of(&workloads);
        let eni = &truth.enis[workload];
        let mut whose = Whose::default();
        match tape.pick(4) {
            0 if vpcs => whose.vpcs.push(eni.vpc),
            0 | 1 => whose.subnets.push(eni.subnet),
            2 => whose.interfaces.push(workload),
            _ => whose.cidrs.push(tape.of(&[
                IpNet::from(eni.addresses[0]),
                net(&block_of_subnet(eni.vpc, truth.place(eni.subnet))),
                blocks_of_vpc(eni.vpc)[0],
            ])),
        }
        whose
    }

    fn is_default(&self) -> bool {
        self.vpcs.is_empty()
            && self.subnets.is_empty()
            && self.interfaces.is_empty()
            && self.cidrs.is_empty()
    }

    /// Whether an interface is meant; by address, if any of its own is.
    fn has(&self, truth: &Truth, index: usize) -> bool {
        let eni = &truth.enis[index];
        self.is_default()
            || self.vpcs.contains(&eni.vpc)
            || self.subnets.contains(&eni.subnet)
            || self.interfaces.contains(&index)
            || eni
                .addresses
                .iter()
                .any(|address| self.cidrs.iter().any(|block| block.contains(address)))
    }

    fn words(&self, truth: &Truth) -> [Vec<String>; 4] {
        [
            self.vpcs.iter().map(|vpc| format!("'vpc-{vpc}'")).collect(),
            self.subnets
                .iter()
                .map(|subnet| format!("'subnet-{subnet}'"))
                .collect(),
            self.interfaces
                .iter()
                .map(|index| format!("'{}'", truth.enis[*index].id))
                .collect(),
            self.cidrs
                .iter()
                .map(|block| format!("'{block}'"))
                .collect(),
        ]
    }
}

impl Claim {
    fn new(tape: &mut Tape<'_>, truth: &Truth) -> Claim {
        let s3 = Whom::Service("s3");
        let blocks = [
            "10.1.0.0/16",
            "52.216.0.0/15",
            "0.0.0.0/0",
            "192.168.0.0/16",
        ];
        // Most interesting are claims that what truly happens breaks by itself alone.
        let broken = truth
            .trips
            .get(tape.pick(2 * truth.trips.len()))
            .filter(|trip| !trip.hops.is_empty());
        let to = match (tape.pick(8), broken.map(|trip| trip.thing)) {
            (4.., Some(Thing::Service(name))) => Whom::Service(name),
            (4.., Some(Thing::Stranger)) => Whom::Internet,
            (6.., Some(Thing::Private)) => Whom::Private,
            (kind, _) => match kind {
                0 | 1 => s3,
                2 => Whom::AnyService,
                3 => Whom::Service("sts"),
                4 => Whom::Internet,
                5 => Whom::Any,
                6 => Whom::Private,
                _ => Whom::Block(net(&tape.of(&blocks))),
            },
        };
        let paths: Vec<Path> = Path::ALL
            .iter()
            .copied()
            .filter(|path| *path != Path::Undetermined)
            .collect();
        let mut allow: Vec<Path> = paths
            .iter()
            .copied()
            .filter(|_| tape.pick(3) == 1)
            .collect();
        let forbidden = tape.of(&paths);
        let forbidden = broken.map_or(forbidden, |trip| trip.hops[0].0);
        if broken.is_some() || tape.once_in(2) {
            allow = paths
                .into_iter()
                .filter(|path| *path != forbidden)
                .collect();
        }
        let known: Vec<Exit> = Exit::ALL
            .iter()
            .copied()
            .filter(|exit| *exit != Exit::Unknown)
            .collect();
        let exits = (tape.once_in(4) && !allow.is_empty()).then(|| {
            let not = tape.of(&known);
            known.into_iter().filter(|exit| *exit != not).collect()
        });
        let through = (tape.once_in(6) && !allow.is_empty()).then(|| {
            let all = [
                "nat-a",
                "igw-a",
                "vpce-gwep0",
                "vpce-s3a",
                "vpce-gwa",
                "tgw-1",
                "pcx-1",
                "eni-appl0",
                "vgw-a",
            ];
            let not = tape.pick(all.len());
            all.iter()
                .enumerate()
                .filter(|(index, _)| *index != not)
                .map(|(_, id)| (*id).to_owned())
                .filter(|id| !id.starts_with("eni-"))
                .collect()
        });
        Claim {
            to,
            allow,
            exits,
            through,
            ports: tape.once_in(6).then(|| vec![443]),
            from: if tape.once_in(4) {
                Whose::new(tape, truth, false)
            } else {
                Whose::default()
            },
            scope: if tape.once_in(3) {
                Whose::new(tape, truth, true)
            } else {
                Whose::default()
            },
        }
    }

    fn policy(&self, truth: &Truth) -> String {
        let to = match &self.to {
            Whom::Service(name) => format!("service:{name}"),
            Whom::AnyService => "service:*".to_owned(),
            Whom::Internet => "internet".to_owned(),
            Whom::Any => "any".to_owned(),
            Whom::Private => "private".to_owned(),
            Whom::Block(block) => block.to_string(),
        };
        let quoted = |words: Vec<&str>| {
            words
                .iter()
                .map(|word| format!("'{word}'"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut text = "version = 1\n".to_owned();
        let scope = self.scope.words(truth);
        for (key, words) in ["vpcs", "subnets", "interfaces", "cidrs"]
            .iter()
            .zip(&scope)
            .filter(|(_, words)| !words.is_empty())
        {
            text += &format!("[scope]\n{key} = [{}]\n", words.join(", "));
        }
        text += &format!(
            "[[claim]]\nid = 'c'\nto = ['{to}']\nallow = [{}]\n",
            quoted(self.allow.iter().map(|path| path.as_str()).collect())
        );
        if let Some(exits) = &self.exits {
            text += &format!(
                "exits = [{}]\n",
                quoted(exits.iter().map(|exit| exit.as_str()).collect())
            );
        }
        if let Some(through) = &self.through {
            text += &format!(
                "through = [{}]\n",
                quoted(through.iter().map(String::as_str).collect())
            );
        }
        if let Some(ports) = &self.ports {
            text += &format!("ports = {ports:?}\n");
        }
        let from = self.from.words(truth).concat();
        if !from.is_empty() {
            text += &format!("from = [{}]\n", from.join(", "));
        }
        text
    }

    /// Whether the flow is of somebody whose traffic is judged.
    fn is_of(&self, truth: &Truth, trip: &Trip) -> bool {
        let from = self.from.cidrs.is_empty() && self.from.has(truth, trip.workload)
            || self
                .from
                .cidrs
                .iter()
                .any(|block| block.contains(&trip.own));
        self.scope.has(truth, trip.workload) && from
    }

    fn reaches(&self, trip: &Trip) -> bool {
        if self
            .ports
            .as_ref()
            .is_some_and(|ports| !ports.contains(&trip.peer_port))
        {
            return false;
        }
        let private = trip.peer.to_string().starts_with("10.")
            || trip.peer.to_string().starts_with("192.168.");
        match &self.to {
            Whom::Service(name) => trip.thing == Thing::Service(name),
            Whom::AnyService => matches!(trip.thing, Thing::Service(_)),
            Whom::Internet => trip.thing == Thing::Stranger,
            Whom::Any => true,
            Whom::Private => private,
            Whom::Block(block) => block.contains(&trip.peer),
        }
    }

    fn keeps(&self, hop: &Hop, exit: Option<Exit>) -> bool {
        self.allow.contains(&hop.0)
            && self
                .exits
                .as_ref()
                .is_none_or(|exits| exit.is_some_and(|exit| exits.contains(&exit)))
            && self
                .through
                .as_ref()
                .is_none_or(|through| through.contains(&hop.1))
    }

    /// Whether it is truly violated: a flow of the scope arrives where the claim says, and not as it says.
    fn violated(&self, truth: &Truth) -> Option<Trip> {
        let broken = |trip: &&Trip| {
            trip.exit.is_some()
                && self.is_of(truth, trip)
                && self.reaches(trip)
                && !self.keeps(&trip.hops[0], trip.exit)
        };
        truth.trips.iter().find(broken).cloned()
    }

    /// Whether a witness would be a lie: no flow of anybody that could be meant takes at any hop a way that is not allowed. A
    /// flow that is lost on its way counts, and so does every interface crossed: each has a record of its own.
    fn kept(&self, truth: &Truth) -> bool {
        let reaches = |trip: &Trip| {
            let public = matches!(
                self.to,
                Whom::Internet | Whom::AnyService | Whom::Service(_)
            ) && HOSTS.iter().any(|host| {
                host.0 == trip.peer.to_string() && (host.2 == "EC2" || host.2 == "AMAZON")
            });
            // An old list leaves it out, so that it looks like a stranger's.
            // A public address of another VPC's, by way of the internet, is the internet's (naming).
            let nameless = matches!(self.to, Whom::Internet)
                && (trip.peer.is_ipv6() || trip.peer.to_string() == "16.12.0.9");
            let private = matches!(self.to, Whom::Private) && trip.thing != Thing::Stranger;
            // A gateway's interface reads either end as the workload, an endpoint's or a host's of the other VPC.
            let either = match &self.to {
                Whom::Block(block) => block.contains(&trip.own),
                Whom::Private => true,
                _ => false,
            };
            self.reaches(trip) || public || private || nameless || either
        };
        !truth.trips.iter().any(|trip| {
            let crossed = trip
                .crossed
                .iter()
                .any(|index| self.scope.has(truth, *index));
            let from = self.from.is_default()
                || trip
                    .crossed
                    .iter()
                    .any(|index| self.from.has(truth, *index));
            let narrow = self.exits.is_some() || self.through.is_some();
            let stands = trip
                .crossed
                .iter()
                .filter_map(|index| match &truth.enis[*index].kind {
                    Kind::Workload => None,
                    Kind::Endpoint(id, _) => Some((Path::ViaEndpointEni, (*id).to_owned())),
                    Kind::Nat(id) => Some((Path::ViaNat, (*id).to_owned())),
                    Kind::Tgw => Some((Path::ViaTransitGateway, "tgw-1".to_owned())),
                    Kind::Appliance(_) => Some((Path::ViaAppliance, truth.enis[*index].id.clone())),
                    Kind::Gwlbe(id) => Some((Path::ViaAppliance, (*id).to_owned())),
                });
            let all = trip
                .hops
                .iter()
                .cloned()
                .chain(stands)
                .all(|hop| self.keeps(&hop, trip.exit))
                && (!narrow || trip.exit.is_some());
            crossed && from && reaches(trip) && !all
        })
    }
}

// ---- runs ----

#[derive(Clone, Debug)]
struct Run {
    truth: Truth,
    claim: Claim,
    case: Case,
}

fn ranges(old: bool) -> String {
    let created = if old { "2026-06-01" } else { "2026-07-31" };
    let mut prefixes: Vec<Json> = [
        ("52.216.0.0/15", "S3"),
        ("52.218.0.0/17", "S3"),
        ("52.0.0.0/8", "AMAZON"),
        ("3.0.0.0/8", "EC2"),
        ("3.0.0.0/8", "AMAZON"),
    ]
    .iter()
    .map(|(prefix, service)| json!({"ip_prefix": prefix, "service": service}))
    .collect();
    if !old {
        prefixes.push(json!({"ip_prefix": "16.12.0.0/16", "service": "S3"}));
    }
    json!({"createDate": format!("{created}-00-00-00"), "prefixes": prefixes, "ipv6_prefixes": [{"ipv6_prefix": "2600:1fa0::/28", "service": "S3"}]}).to_string()
}

fn cut(record: &Record, format: &[&str]) -> String {
    let word = |name: &&str| {
        record
            .iter()
            .find(|(field, _)| field == name)
            .map_or("-".to_owned(), |(_, text)| text.clone())
    };
    format.iter().map(word).collect::<Vec<_>>().join(" ")
}

impl Run {
    fn new((world, claim): &(Choices, Choices)) -> Run {
        let (tape, asked) = (&mut Tape::new(&world.0), &mut Tape::new(&claim.0));
        let (format, old) = (asked.pick(6), asked.once_in(5));
        let truth = Truth::new(tape);
        let claim = Claim::new(asked, &truth);
        let format: Vec<&str> = match format {
            0..=2 => [V2, MORE].concat(),
            3 | 4 => [V2, MORE, V11].concat(),
            _ => V2.to_vec(),
        };
        let mut records: Vec<String> = truth
            .records
            .iter()
            .map(|record| cut(record, &format))
            .collect();
        for eni in &truth.enis {
            for minute in [0, 10, 20] {
                let (start, end) = (T0 + minute * 60 + 5, T0 + minute * 60 + 595);
                let silent: Record = vec![
                    ("interface-id", eni.id.clone()),
                    ("start", start.to_string()),
                    ("end", end.to_string()),
                    ("log-status", "NODATA".into()),
                    ("vpc-id", format!("vpc-{}", eni.vpc)),
                    ("subnet-id", format!("subnet-{}", eni.subnet)),
                ];
                records.push(cut(&silent, &format));
            }
        }
        let case = Case {
            topology: topology(&truth),
            ranges: ranges(old),
            policy: claim.policy(&truth),
            window: Window {
                since: Some(T0),
                until: Some(T0 + 1800),
            },
            format: format
                .iter()
                .map(|field| format!("${{{field}}}"))
                .collect::<Vec<_>>()
                .join(" "),
            records,
            input: InputReport {
                uri: "a.log".into(),
                whole: true,
                flow_log: Some("fl-1".into()),
                ..InputReport::default()
            },
        };
        Run { truth, claim, case }
    }

    fn shown(&self, evidence: &Evidence) -> String {
        let truth: Vec<String> = self
            .truth
            .trips
            .iter()
            .map(|trip| {
                format!(
                    "{} {} -> {} {:?} {:?} {:?}",
                    self.truth.enis[trip.workload].id,
                    trip.own,
                    trip.peer,
                    trip.thing,
                    trip.hops,
                    trip.exit
                )
            })
            .collect();
        let records: Vec<&str> = self
            .case
            .records
            .iter()
            .map(String::as_str)
            .filter(|record| !record.contains("NODATA"))
            .collect();
        let tables: Vec<String> = self.case.topology["RouteTables"]
            .as_array()
            .unwrap()
            .iter()
            .map(Json::to_string)
            .collect();
        let enis: Vec<String> = self
            .truth
            .enis
            .iter()
            .map(|eni| {
                format!(
                    "{} {:?} subnet-{} {:?}",
                    eni.id, eni.kind, eni.subnet, eni.addresses
                )
            })
            .collect();
        let witnesses: Vec<String> = evidence.claims[0]
            .witnesses
            .sample
            .iter()
            .map(|flow| format!("{flow:?}"))
            .collect();
        format!(
            "{}\n-- truth\n{}\n-- interfaces\n{}\n-- tables\n{}\n-- {}\n{}\n-- failed {:?}\n{}",
            self.case.policy,
            truth.join("\n"),
            enis.join("\n"),
            tables.join("\n"),
            self.case.format,
            records.join("\n"),
            failed(evidence),
            witnesses.join("\n")
        )
    }
}

/// Choices, shown on one line.
#[derive(Clone)]
struct Choices(Vec<u16>);

impl std::fmt::Debug for Choices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.0.iter().map(u16::to_string).collect();
        f.write_str(words.join(" ").trim_end_matches(" 0"))
    }
}

/// A world, and what is claimed of it.
fn any_run() -> impl Strategy<Value = (Choices, Choices)> {
    (any_choices(150), any_choices(60))
}

fn any_choices(length: usize) -> impl Strategy<Value = Choices> {
    prop::collection::vec(any::<u16>(), length).prop_map(Choices)
}

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("SOUNDNESS_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(cases);
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 700,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn with_all_evidence_no_verdict_is_wrong(words in any_run()) {
        let run = Run::new(&words);
        let evidence = run.case.evidence();
        if let Some(trip) = run.claim.violated(&run.truth) {
            prop_assert_ne!(evidence.verdict, Verdict::Proven, "{:?}\n{}", trip, run.shown(&evidence));
        }
        if run.claim.kept(&run.truth) {
            prop_assert_ne!(evidence.verdict, Verdict::Violated, "{}", run.shown(&evidence));
        }
    }

    #[test]
    fn a_stale_topology_never_proves_what_is_violated(words in any_run(), changes in any_choices(40)) {
        let mut run = Run::new(&words);
        if let Some(trip) = run.claim.violated(&run.truth) {
            let mut tape = Tape::new(&changes.0);
            let subnet = &run.truth.subnets[run.truth.enis[trip.workload].subnet];
            let near = subnet.table.unwrap_or(subnet.vpc);
            let said: Vec<String> = (0..=tape.pick(3)).map(|_| stale(&mut run.case.topology, &mut tape, near)).collect();
            for _ in 0..tape.pick(6).saturating_sub(2) {
                run = without(&run, tape.of(&OPTIONAL));
            }
            let evidence = run.case.evidence();
            prop_assert_ne!(evidence.verdict, Verdict::Proven, "{:?}\n{:?}\n{}", said, trip, run.shown(&evidence));
        }
    }

    #[test]
    fn an_interface_without_records_or_a_log_without_its_fields_never_proves(words in any_run(), which in any::<u16>()) {
        let run = Run::new(&words);
        let which = usize::from(which);
        let mut silent = run.clone();
        // Who must be logged: in scope, and of the claim's workloads.
        let must: Vec<usize> = (0..run.truth.enis.len()).filter(|index| run.claim.scope.has(&run.truth, *index) && run.claim.from.has(&run.truth, *index)).collect();
        if !must.is_empty() {
            let id = format!(" {} ", run.truth.enis[must[which % must.len()]].id);
            silent.case.records.retain(|record| !format!(" {record} ").split_once(" - ").map_or(record.contains(&id), |_| own_id(record, &silent.case.format) == id.trim()) && own_id(record, &silent.case.format) != id.trim());
            let evidence = silent.case.evidence();
            prop_assert_ne!(evidence.verdict, Verdict::Proven, "{}\n{}", id, silent.shown(&evidence));
        }
        let lacking = without(&run, NEEDED[which % NEEDED.len()]);
        let evidence = lacking.case.evidence();
        prop_assert_ne!(evidence.verdict, Verdict::Proven, "{}", lacking.shown(&evidence));
    }

    #[test]
    fn a_log_with_fewer_fields_or_skipped_records_never_proves_what_is_violated(words in any_run(), drops in any_choices(40)) {
        let mut run = Run::new(&words);
        let Some(trip) = run.claim.violated(&run.truth) else { return Ok(()) };
        let mut tape = Tape::new(&drops.0);
        match tape.pick(3) {
            0 => {
                let first = run.truth.records.len();
                let at = first + tape.pick(run.case.records.len() - first);
                run.case.records.remove(at);
            }
            1 => {
                for _ in 0..=tape.pick(8) {
                    let fields: Vec<String> = run.case.format.split(' ').map(|field| field[2..field.len() - 1].to_owned()).collect();
                    run = without(&run, &tape.of(&fields));
                }
            }
            _ => {
                let at = tape.pick(run.truth.records.len());
                let record = run.case.records[at].clone();
                let skipped = run.case.format.split(' ').zip(record.split(' ')).map(|(field, text)| match field {
                    "${log-status}" => "SKIPDATA",
                    "${interface-id}" | "${start}" | "${end}" | "${vpc-id}" | "${subnet-id}" => text,
                    _ => "-",
                });
                run.case.records[at] = skipped.collect::<Vec<_>>().join(" ");
            }
        }
        let evidence = run.case.evidence();
        prop_assert_ne!(evidence.verdict, Verdict::Proven, "{:?}\n{}", trip, run.shown(&evidence));
    }
}

/// The interface that logged a record.
fn own_id<'r>(record: &'r str, format: &str) -> &'r str {
    let at = format
        .split(' ')
        .position(|field| field == "${interface-id}")
        .unwrap();
    record.split(' ').nth(at).unwrap()
}

/// The same run from a log that does not have a field.
fn without(run: &Run, field: &str) -> Run {
    let mut run = run.clone();
    let word = format!("${{{field}}}");
    let Some(at) = run.case.format.split(' ').position(|other| other == word) else {
        return run;
    };
    let drop = |text: &str| {
        text.split(' ')
            .enumerate()
            .filter(|(index, _)| *index != at)
            .map(|(_, word)| word)
            .collect::<Vec<_>>()
            .join(" ")
    };
    if run.case.format.split(' ').count() > 1 {
        run.case.records = run.case.records.iter().map(|record| drop(record)).collect();
        run.case.format = drop(&run.case.format);
    }
    run
}
