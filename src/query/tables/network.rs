//! Tables of the topology: interfaces, subnets, routes, endpoints, NAT gateways.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Facts, joined};
use crate::query::small::Kind::{Bool, Text, Time};
use crate::query::small::{Cell, Rows, TableInfo};
use crate::topology::World;
use crate::topology::facts::{self, EndpointPolicy, Label, name_of};
use crate::topology::facts_of_routes::{Route, RouteTable};
use crate::topology::service::{region_of_name, service_of_name};

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

/// Every resource of the topologies once, by id, beside the snapshot that knows it last.
pub struct Network {
    snapshots: Vec<facts::Facts>,
}

type Latest<'n, T> = BTreeMap<&'n str, (&'n facts::Facts, &'n T)>;

impl Network {
    /// What all snapshots tell, by time, undated ones first.
    pub fn of(world: &World) -> Network {
        Network {
            snapshots: world.snapshots.iter().map(facts::Facts::of).collect(),
        }
    }

    fn latest<'n, T>(
        &'n self,
        list: impl Fn(&'n facts::Facts) -> &'n [T],
        id: impl Fn(&'n T) -> &'n str,
    ) -> Latest<'n, T> {
        let all = self.snapshots.iter();
        let all = all.flat_map(|facts| list(facts).iter().map(move |one| (facts, one)));
        all.map(|(facts, one)| (id(one), (facts, one))).collect()
    }

    fn endpoints(&self) -> Latest<'_, facts::Endpoint> {
        self.latest(|facts| &facts.endpoints, |one| &one.id)
    }

    fn nat_gateways(&self) -> Latest<'_, facts::NatGateway> {
        self.latest(|facts| &facts.nat_gateways, |one| &one.id)
    }

    /// Prefix lists by id and Region, for the same id is another list elsewhere; one with its CIDRs before one without.
    pub fn prefix_lists(&self) -> Vec<(Option<&str>, &facts::PrefixList)> {
        let mut lists = BTreeMap::new();
        for facts in &self.snapshots {
            for list in &facts.prefix_lists {
                let key = (list.id.as_str(), facts.region.as_deref());
                if list.cidrs.is_some() || !lists.contains_key(&key) {
                    lists.insert(key, list);
                }
            }
        }
        let lists = lists.into_iter();
        lists.map(|((_, region), list)| (region, list)).collect()
    }
}

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

fn interfaces(network: &Network, known: &Facts) -> Rows {
    let (mut endpoint_of, mut nat_of) = (BTreeMap::new(), BTreeMap::new());
    for (_, endpoint) in network.endpoints().into_values() {
        endpoint_of.extend(endpoint.interfaces.iter().map(|id| (id, &endpoint.id)));
    }
    for (_, nat) in network.nat_gateways().into_values() {
        nat_of.extend(nat.interfaces.iter().map(|id| (id, &nat.id)));
    }
    let row = |(facts, one): (&facts::Facts, &facts::Interface)| {
        let owner = one.owner_id.as_ref().or(facts.account_id.as_ref());
        vec![
            (&one.id).into(),
            (&one.interface_type).into(),
            (&one.description).into(),
            name_of(&one.tags).into(),
            (&one.vpc_id).into(),
            (&one.subnet_id).into(),
            (&one.zone).into(),
            (&one.zone_id).into(),
            region(one.zone.as_deref(), facts),
            (&owner.cloned()).into(),
            (&one.instance_id).into(),
            one.requester_managed.into(),
            (&one.status).into(),
            all(&one.private_addresses),
            all(&one.public_addresses),
            all(&one.security_groups),
            endpoint_of.get(&one.id).map(|id| id.as_str()).into(),
            nat_of.get(&one.id).map(|id| id.as_str()).into(),
            tags(&one.tags),
            known.in_scope.contains(&one.id).into(),
            facts.captured_s.into(),
        ]
    };
    let latest = network.latest(|facts| &facts.interfaces, |one| &one.id);
    latest.into_values().map(row).collect()
}

fn subnets(network: &Network) -> Rows {
    let row = |(facts, one): (&facts::Facts, &facts::Subnet)| {
        vec![
            (&one.id).into(),
            (&one.vpc_id).into(),
            name_of(&one.tags).into(),
            (&one.cidr).into(),
            all(&one.ipv6_cidrs),
            (&one.zone).into(),
            (&one.zone_id).into(),
            region(one.zone.as_deref(), facts),
            (&one.route_table).into(),
            tags(&one.tags),
        ]
    };
    let latest = network.latest(|facts| &facts.subnets, |one| &one.id);
    latest.into_values().map(row).collect()
}

fn routes(network: &Network) -> Rows {
    let (mut rows, endpoints) = (Rows::new(), network.endpoints());
    let latest = network.latest(|facts| &facts.route_tables, |one: &RouteTable| &one.id);
    for (facts, table) in latest.into_values() {
        let zone = zone_of(facts, &table.subnets);
        for route in &table.routes {
            let text = |text: &str| Cell::from((!text.is_empty()).then_some(text));
            let list = route.destination.starts_with("pl-");
            rows.push(vec![
                (&table.id).into(),
                (&table.vpc_id).into(),
                region(zone, facts),
                text(&route.destination),
                list.then_some(route.destination.as_str()).into(),
                text(&route.target),
                kind_of(route, &endpoints).into(),
                (&route.origin).into(),
                (&route.state).into(),
                all(&table.subnets),
            ]);
        }
    }
    rows
}

/// What a route leads to, in the words of the table.
fn kind_of(route: &Route, endpoints: &Latest<'_, facts::Endpoint>) -> &'static str {
    match route.target_kind {
        "vpn-gateway" => "vpn",
        "odb-network" => "other",
        "endpoint" => {
            let endpoint = endpoints.get(route.target.as_str());
            let told = endpoint.and_then(|(_, one)| one.endpoint_type.as_deref());
            // Only a gateway endpoint takes a prefix list.
            let list = route.destination.starts_with("pl-");
            match told {
                Some("Gateway") => "gateway-endpoint",
                None if list => "gateway-endpoint",
                Some(_) | None => "appliance-endpoint",
            }
        }
        kind => kind,
    }
}

fn endpoints(network: &Network) -> Rows {
    let row = |(facts, one): (&facts::Facts, &facts::Endpoint)| {
        let name = one.service_name.as_deref();
        let of_name = || name?.split('.').find_map(region_of_name);
        let mut zone_ids: Vec<&str> = one
            .subnets
            .iter()
            .filter_map(|id| facts.subnet(id)?.zone_id.as_deref())
            .collect();
        zone_ids.sort_unstable();
        zone_ids.dedup();
        let policy = match one.policy {
            EndpointPolicy::NotTold => None,
            told => Some(told.as_str()),
        };
        vec![
            (&one.id).into(),
            (&one.endpoint_type).into(),
            (&one.service_name).into(),
            (&name.and_then(service_of_name)).into(),
            (&one.service_region.clone().or_else(of_name)).into(),
            (&one.vpc_id).into(),
            region(zone_of(facts, &one.subnets), facts),
            (&one.state).into(),
            one.private_dns.into(),
            all(&one.subnets),
            all(&one.interfaces),
            all(&one.route_tables),
            all(&one.security_groups),
            joined(zone_ids.into_iter()),
            policy.into(),
            name_of(&one.tags).into(),
            one.created_s.into(),
        ]
    };
    network.endpoints().into_values().map(row).collect()
}

fn nat_gateways(network: &Network) -> Rows {
    let row = |(facts, one): (&facts::Facts, &facts::NatGateway)| {
        let subnet = one.subnet_id.as_deref().and_then(|id| facts.subnet(id));
        let zone_id = subnet.and_then(|subnet| subnet.zone_id.as_deref());
        vec![
            (&one.id).into(),
            (&one.vpc_id).into(),
            (&one.subnet_id).into(),
            zone_id.into(),
            region(one.zone.as_deref(), facts),
            (&one.state).into(),
            (&one.connectivity).into(),
            (&one.mode).into(),
            all(&one.private_addresses),
            all(&one.public_addresses),
            all(&one.interfaces),
            name_of(&one.tags).into(),
        ]
    };
    network.nat_gateways().into_values().map(row).collect()
}

fn zone_of<'f>(facts: &'f facts::Facts, subnets: &[String]) -> Option<&'f str> {
    subnets
        .iter()
        .find_map(|id| facts.subnet(id)?.zone.as_deref())
}

/// By the zone, else as the document says of all that is in it.
fn region(zone: Option<&str>, facts: &facts::Facts) -> Cell {
    let of_zone = zone.and_then(region_of_name);
    (&of_zone.or_else(|| facts.region.clone())).into()
}

fn all(texts: &[String]) -> Cell {
    joined(texts.iter().map(String::as_str))
}

/// A JSON object, keys sorted.
fn tags(tags: &[Label]) -> Cell {
    let mut tags: Vec<&Label> = tags.iter().collect();
    tags.sort();
    let pairs = tags
        .iter()
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())));
    Cell::Text(Value::Object(pairs.collect::<Map<_, _>>()).to_string())
}
