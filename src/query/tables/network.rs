//! Tables of the topology: interfaces, subnets, routes, endpoints, NAT gateways.

use serde_json::{Map, Value};

use super::{Facts, joined};
use crate::query::small::Kind::{Bool, Text, Time};
use crate::query::small::{Cell, Rows, TableInfo};
use crate::topology::describe::{Route, Tag};
use crate::topology::facts::{Facts as Network, Group, Interface, Told};
use crate::topology::service::{region_of_arn, region_of_name, service_of_name};

#[rustfmt::skip]
pub const INTERFACES: TableInfo = TableInfo {
    name: "interfaces",
    means: "an interface (ENI) of the topology",
    columns: &[
        ("interface_id", Text, "`eni-…`"),
        ("interface_type", Text, "AWS's word for what it is for"),
        ("description", Text, "as AWS or its maker wrote it"),
        ("name", Text, "its tag `Name`"),
        ("vpc_id", Text, ""),
        ("subnet_id", Text, ""),
        ("availability_zone", Text, "its zone by name, which differs from account to account"),
        ("availability_zone_id", Text, "its zone by id, which does not"),
        ("region", Text, ""),
        ("account_id", Text, "who owns it"),
        ("instance_id", Text, "the instance that it is plugged in"),
        ("requester_managed", Bool, "whether a service of AWS made it"),
        ("status", Text, "`in-use`, `available` …"),
        ("private_addresses", Text, "IPv4 and IPv6, joined by commas"),
        ("public_addresses", Text, "that stand for private ones, joined by commas"),
        ("security_groups", Text, "joined by commas"),
        ("endpoint_id", Text, "the endpoint that it is of"),
        ("nat_gateway_id", Text, "the NAT gateway that it is of"),
        ("tags", Text, "a JSON object"),
        ("in_scope", Bool, "whether the policy judges its traffic"),
        ("captured_at", Time, "when the topology was taken that tells this"),
    ],
};

#[rustfmt::skip]
pub const SUBNETS: TableInfo = TableInfo {
    name: "subnets",
    means: "a subnet of the topology",
    columns: &[
        ("subnet_id", Text, "`subnet-…`"),
        ("vpc_id", Text, ""),
        ("name", Text, "its tag `Name`"),
        ("cidr", Text, "IPv4"),
        ("ipv6_cidr", Text, "joined by commas"),
        ("availability_zone", Text, "by name"),
        ("availability_zone_id", Text, "by id"),
        ("region", Text, ""),
        ("route_table_id", Text, "the table in force: its own, else its VPC's main one"),
        ("tags", Text, "a JSON object"),
    ],
};

#[rustfmt::skip]
pub const ROUTES: TableInfo = TableInfo {
    name: "routes",
    means: "a route of a route table",
    columns: &[
        ("route_table_id", Text, "`rtb-…`"),
        ("vpc_id", Text, ""),
        ("region", Text, ""),
        ("destination", Text, "as written: a CIDR or `pl-…`"),
        ("prefix_list_id", Text, "the destination, if it is a list"),
        ("target", Text, "the id that it leads to, or `local`"),
        ("target_kind", Text, "`local`, `internet-gateway`, `nat-gateway`, `gateway-endpoint`, `appliance-endpoint`, `transit-gateway`, `peering`, `vpn`, `egress-only-internet-gateway`, `interface`, `carrier-gateway`, `local-gateway`, `core-network`, `other`"),
        ("origin", Text, "how it came there, AWS's word"),
        ("state", Text, "`active`, `blackhole` …"),
        ("subnets", Text, "that use the table, joined by commas"),
    ],
};

#[rustfmt::skip]
pub const ENDPOINTS: TableInfo = TableInfo {
    name: "endpoints",
    means: "a VPC endpoint",
    columns: &[
        ("endpoint_id", Text, "`vpce-…`"),
        ("endpoint_type", Text, "`Interface`, `Gateway`, `GatewayLoadBalancer` …"),
        ("service_name", Text, "AWS's long name"),
        ("service", Text, "as in `flows`"),
        ("service_region", Text, "the service's Region"),
        ("vpc_id", Text, ""),
        ("region", Text, "the endpoint's Region"),
        ("state", Text, "`available` …"),
        ("private_dns", Bool, "whether the service's own names lead here"),
        ("subnet_ids", Text, "joined by commas"),
        ("interface_ids", Text, "joined by commas"),
        ("route_table_ids", Text, "of a gateway endpoint, joined by commas"),
        ("security_groups", Text, "joined by commas"),
        ("availability_zone_ids", Text, "of its subnets, joined by commas"),
        ("policy", Text, "`full-access`: everybody may do everything; `custom`; null if none is told"),
        ("name", Text, "its tag `Name`"),
        ("created_at", Time, ""),
    ],
};

#[rustfmt::skip]
pub const NAT_GATEWAYS: TableInfo = TableInfo {
    name: "nat_gateways",
    means: "a NAT gateway",
    columns: &[
        ("nat_gateway_id", Text, "`nat-…`"),
        ("vpc_id", Text, ""),
        ("subnet_id", Text, "null for a regional one"),
        ("availability_zone_id", Text, "of its subnet"),
        ("region", Text, ""),
        ("state", Text, "`available` …"),
        ("connectivity_type", Text, "`public` or `private`"),
        ("availability_mode", Text, "`zonal` or `regional`"),
        ("private_addresses", Text, "joined by commas"),
        ("public_addresses", Text, "joined by commas"),
        ("interface_ids", Text, "joined by commas"),
        ("name", Text, "its tag `Name`"),
    ],
};

type Make = fn(&Network, &Facts) -> Rows;

/// What makes the rows of a table.
pub fn maker(name: &str) -> Option<Make> {
    match name {
        "interfaces" => Some(interfaces),
        "subnets" => Some(|network, _| subnets(network)),
        "routes" => Some(|network, _| routes(network)),
        "endpoints" => Some(|network, _| endpoints(network)),
        "nat_gateways" => Some(|network, _| nat_gateways(network)),
        _ => None,
    }
}

fn interfaces(network: &Network, facts: &Facts) -> Rows {
    let row = |told: &Told<Interface>| {
        let (fact, known) = (&told.fact, &told.fact.known);
        let id = &known.network_interface_id;
        let subnet = known
            .subnet_id
            .as_ref()
            .and_then(|id| network.subnets.get(id));
        let zone = fact.availability_zone.as_ref();
        let zone = zone
            .or_else(|| subnet?.fact.availability_zone.as_ref())
            .cloned();
        let zone_id = fact.availability_zone_id.as_ref();
        let zone_id = zone_id.or_else(|| subnet?.fact.availability_zone_id.as_ref());
        let instance = fact.attachment.as_ref();
        vec![
            id.into(),
            (&known.interface_type).into(),
            (&known.description).into(),
            name_in(&known.tag_set),
            (&known.vpc_id).into(),
            (&known.subnet_id).into(),
            (&zone).into(),
            (&zone_id.cloned()).into(),
            region(zone.as_deref(), told),
            (&known.owner_id.clone().or_else(|| told.account_id.clone())).into(),
            instance.map_or(Cell::Null, |instance| (&instance.instance_id).into()),
            fact.requester_managed.into(),
            (&known.status).into(),
            joined(private_of(fact).into_iter()),
            joined(public_of(fact).into_iter()),
            groups(&fact.groups),
            network.endpoint_of(id).into(),
            network.nat_gateway_of(id).into(),
            tags(&known.tag_set),
            facts.in_scope.contains(id).into(),
            told.captured_s.into(),
        ]
    };
    network.interfaces.values().map(row).collect()
}

/// Its own addresses, the primary one first, each once.
fn private_of(fact: &Interface) -> Vec<&str> {
    let known = &fact.known;
    let listed = known.private_ip_addresses.iter();
    let v6 = known.ipv6_addresses.iter();
    let all = std::iter::once(known.private_ip_address.as_deref())
        .chain(listed.map(|one| one.private_ip_address.as_deref()))
        .chain(v6.map(|one| one.ipv6_address.as_deref()));
    once(all.flatten())
}

fn public_of(fact: &Interface) -> Vec<&str> {
    let listed = fact.known.private_ip_addresses.iter();
    let listed = listed.filter_map(|one| one.association.as_ref());
    let all = fact.known.association.iter().chain(listed);
    let texts = all.flat_map(|one| [one.public_ip.as_deref(), one.carrier_ip.as_deref()]);
    once(texts.flatten())
}

fn once<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut seen = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

fn subnets(network: &Network) -> Rows {
    let row = |told: &Told<crate::topology::describe::Subnet>| {
        let fact = &told.fact;
        let v6 = fact.ipv6_cidr_block_association_set.iter();
        let of_arn = fact.subnet_arn.as_deref().and_then(region_of_arn);
        vec![
            (&fact.subnet_id).into(),
            (&fact.vpc_id).into(),
            name_in(&fact.tags),
            (&fact.cidr_block).into(),
            joined(v6.filter_map(|one| one.ipv6_cidr_block.as_deref())),
            (&fact.availability_zone).into(),
            (&fact.availability_zone_id).into(),
            of_arn.map_or_else(
                || region(fact.availability_zone.as_deref(), told),
                Cell::Text,
            ),
            network.table_of(fact).into(),
            tags(&fact.tags),
        ]
    };
    network.subnets.values().map(row).collect()
}

fn routes(network: &Network) -> Rows {
    let mut rows = Rows::new();
    for told in network.route_tables.values() {
        let table = &told.fact;
        let subnets = network.subnets_of(table);
        let zone = subnets.iter().find_map(|id| {
            let subnet = network.subnets.get(*id)?;
            subnet.fact.availability_zone.as_deref()
        });
        for route in &table.routes {
            let destination = route
                .destination_cidr_block
                .as_ref()
                .or(route.destination_ipv6_cidr_block.as_ref())
                .or(route.destination_prefix_list_id.as_ref());
            let (target, kind) = target(route, network);
            rows.push(vec![
                (&table.route_table_id).into(),
                (&table.vpc_id).into(),
                region(zone, told),
                (&destination.cloned()).into(),
                (&route.destination_prefix_list_id).into(),
                target.into(),
                kind.into(),
                (&route.origin).into(),
                (&route.state).into(),
                joined(subnets.iter().copied()),
            ]);
        }
    }
    rows
}

/// The id that a route leads to, and what that is.
fn target<'r>(route: &'r Route, network: &Network) -> (Option<&'r str>, &'static str) {
    let by_key = [
        (&route.nat_gateway_id, "nat-gateway"),
        (&route.transit_gateway_id, "transit-gateway"),
        (&route.vpc_peering_connection_id, "peering"),
        (&route.network_interface_id, "interface"),
        (
            &route.egress_only_internet_gateway_id,
            "egress-only-internet-gateway",
        ),
        (&route.carrier_gateway_id, "carrier-gateway"),
        (&route.local_gateway_id, "local-gateway"),
        (&route.core_network_arn, "core-network"),
    ];
    let known = by_key.into_iter().find(|(id, _)| id.is_some());
    if let Some((id, kind)) = known {
        return (id.as_deref(), kind);
    }
    let Some(gateway) = route.gateway_id.as_deref() else {
        let other = route.odb_network_arn.as_deref();
        return (other.or(route.instance_id.as_deref()), "other");
    };
    let kind = match gateway.split('-').next() {
        Some("local") => "local",
        Some("igw") => "internet-gateway",
        Some("eigw") => "egress-only-internet-gateway",
        Some("cagw") => "carrier-gateway",
        Some("vgw") => "vpn",
        Some("vpce") => {
            let endpoint = network.endpoints.get(gateway);
            let told = endpoint.and_then(|told| told.fact.known.vpc_endpoint_type.as_deref());
            match (told, &route.destination_prefix_list_id) {
                (Some("Gateway"), _) | (None, Some(_)) => "gateway-endpoint",
                (Some(_), _) | (None, None) => "appliance-endpoint",
            }
        }
        Some(_) | None => "other",
    };
    (Some(gateway), kind)
}

fn endpoints(network: &Network) -> Rows {
    let row = |told: &Told<crate::topology::facts::Endpoint>| {
        let (fact, known) = (&told.fact, &told.fact.known);
        let subnets = || {
            known
                .subnet_ids
                .iter()
                .filter_map(|id| network.subnets.get(id))
        };
        let zone = subnets().find_map(|told| told.fact.availability_zone.as_deref());
        let name = known.service_name.as_deref();
        let service_region = known.service_region.clone();
        let service_region = service_region.or_else(|| name?.split('.').find_map(region_of_name));
        let zones = subnets().filter_map(|told| told.fact.availability_zone_id.as_deref());
        vec![
            (&known.vpc_endpoint_id).into(),
            (&known.vpc_endpoint_type).into(),
            (&known.service_name).into(),
            (&name.and_then(service_of_name)).into(),
            (&service_region).into(),
            (&known.vpc_id).into(),
            region(zone, told),
            (&known.state).into(),
            fact.private_dns_enabled.into(),
            joined(known.subnet_ids.iter().map(String::as_str)),
            joined(known.network_interface_ids.iter().map(String::as_str)),
            joined(known.route_table_ids.iter().map(String::as_str)),
            groups(&fact.groups),
            joined(once(zones).into_iter()),
            fact.policy_word().into(),
            name_in(&fact.tags),
            fact.created_s().into(),
        ]
    };
    network.endpoints.values().map(row).collect()
}

fn nat_gateways(network: &Network) -> Rows {
    let row = |told: &Told<crate::topology::facts::NatGateway>| {
        let (fact, known) = (&told.fact, &told.fact.known);
        let subnet = known
            .subnet_id
            .as_ref()
            .and_then(|id| network.subnets.get(id));
        let zone = subnet.and_then(|told| told.fact.availability_zone.as_deref());
        let zone_id = subnet.and_then(|told| told.fact.availability_zone_id.as_deref());
        let addresses = || known.nat_gateway_addresses.iter();
        vec![
            (&known.nat_gateway_id).into(),
            (&known.vpc_id).into(),
            (&known.subnet_id).into(),
            zone_id.into(),
            region(zone, told),
            (&known.state).into(),
            (&known.connectivity_type).into(),
            (&known.availability_mode).into(),
            joined(addresses().filter_map(|one| one.private_ip.as_deref())),
            joined(addresses().filter_map(|one| one.public_ip.as_deref())),
            joined(addresses().filter_map(|one| one.network_interface_id.as_deref())),
            name_in(&fact.tags),
        ]
    };
    network.nat_gateways.values().map(row).collect()
}

/// By the zone, else as the document says of all that is in it.
fn region<T>(zone: Option<&str>, told: &Told<T>) -> Cell {
    let of_zone = zone.and_then(region_of_name);
    (&of_zone.or_else(|| told.region.clone())).into()
}

fn name_in(tags: &[Tag]) -> Cell {
    let name = tags.iter().find(|tag| tag.key == "Name");
    name.map(|tag| tag.value.as_str()).into()
}

fn groups(groups: &[Group]) -> Cell {
    joined(groups.iter().map(|group| group.group_id.as_str()))
}

/// A JSON object, keys sorted.
fn tags(tags: &[Tag]) -> Cell {
    let mut tags: Vec<&Tag> = tags.iter().collect();
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    let pairs = tags
        .iter()
        .map(|tag| (tag.key.clone(), Value::from(tag.value.as_str())));
    Cell::Text(Value::Object(pairs.collect::<Map<_, _>>()).to_string())
}
