//! Route tables as AWS wrote them: what a destination is called, what a target is, who uses the table.

use crate::topology::describe::{self, Answers};
use crate::topology::facts::{Label, labels};

/// A route table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteTable {
    /// `rtb-…`
    pub id: String,
    /// `vpc-…`
    pub vpc_id: String,
    /// Whether it is the VPC's main table.
    pub main: bool,
    /// Subnets that use it, those by way of the main table too, sorted.
    pub subnets: Vec<String>,
    /// Gateways whose incoming traffic it routes (edge association), sorted.
    pub gateways: Vec<String>,
    /// In AWS's order.
    pub routes: Vec<Route>,
    /// Its tags.
    pub tags: Vec<Label>,
    named: Vec<String>,
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// CIDR or `pl-…` as written; empty if the answer has none that this version knows.
    pub destination: String,
    /// `local`, `igw-…`, `nat-…`, `eni-…`, an ARN …; empty if the answer has none that this version knows.
    pub target: String,
    /// What the target is: `local`, `internet-gateway`, `nat-gateway` …
    pub target_kind: &'static str,
    /// The instance behind an interface that is the target.
    pub instance_id: Option<String>,
    /// `CreateRouteTable`, `CreateRoute`, `EnableVgwRoutePropagation`, `Advertisement`
    pub origin: Option<String>,
    /// `active`, `blackhole`, `filtered`
    pub state: Option<String>,
}

impl Route {
    /// Whether its target is gone, and packets are dropped.
    pub fn is_blackhole(&self) -> bool {
        self.state.as_deref() == Some("blackhole")
    }
}

impl RouteTable {
    /// Whether the table is associated with the subnet itself.
    pub fn names(&self, subnet: &str) -> bool {
        self.named.iter().any(|named| named == subnet)
    }
}

/// Every table, by id.
pub(super) fn route_tables(answers: &Answers) -> Vec<RouteTable> {
    let mut tables: Vec<RouteTable> = answers.route_tables.iter().map(table).collect();
    tables.sort_by(|a, b| a.id.cmp(&b.id));
    let claimed: Vec<String> = tables
        .iter()
        .flat_map(|table| table.named.clone())
        .collect();
    for table in &mut tables {
        table.subnets = table.named.clone();
        if table.main {
            let unclaimed = answers.subnets.iter().filter(|subnet| {
                subnet.vpc_id == table.vpc_id && !claimed.contains(&subnet.subnet_id)
            });
            table
                .subnets
                .extend(unclaimed.map(|subnet| subnet.subnet_id.clone()));
        }
        table.subnets.sort();
        table.subnets.dedup();
    }
    tables
}

fn table(raw: &describe::RouteTable) -> RouteTable {
    let in_force = |association: &&describe::RouteTableAssociation| {
        let state = association.association_state.as_ref();
        let state = state.and_then(|state| state.state.as_deref());
        state.is_none_or(|state| state == "associated" || state == "associating")
    };
    let associations = || raw.associations.iter().filter(in_force);
    let mut gateways: Vec<String> = associations()
        .filter_map(|association| association.gateway_id.clone())
        .collect();
    gateways.sort();
    RouteTable {
        id: raw.route_table_id.clone(),
        vpc_id: raw.vpc_id.clone(),
        main: associations().any(|association| association.main),
        named: associations()
            .filter_map(|association| association.subnet_id.clone())
            .collect(),
        subnets: Vec::new(),
        gateways,
        routes: raw.routes.iter().map(route).collect(),
        tags: labels(&raw.tags.0),
    }
}

fn route(raw: &describe::Route) -> Route {
    let destination = raw
        .destination_cidr_block
        .as_ref()
        .or(raw.destination_ipv6_cidr_block.as_ref())
        .or(raw.destination_prefix_list_id.as_ref());
    let (target, target_kind) = target(raw);
    Route {
        destination: destination.cloned().unwrap_or_default(),
        target: target.unwrap_or_default().to_owned(),
        target_kind,
        instance_id: raw.instance_id.clone(),
        origin: raw.origin.clone(),
        state: raw.state.clone(),
    }
}

fn target(raw: &describe::Route) -> (Option<&str>, &'static str) {
    let by_key = [
        (&raw.nat_gateway_id, "nat-gateway"),
        (&raw.transit_gateway_id, "transit-gateway"),
        (&raw.vpc_peering_connection_id, "peering"),
        (&raw.network_interface_id, "interface"),
        (&raw.instance_id, "interface"),
        (
            &raw.egress_only_internet_gateway_id,
            "egress-only-internet-gateway",
        ),
        (&raw.carrier_gateway_id, "carrier-gateway"),
        (&raw.local_gateway_id, "local-gateway"),
        (&raw.core_network_arn, "core-network"),
        (&raw.odb_network_arn, "odb-network"),
    ];
    if let Some((id, kind)) = by_key.into_iter().find(|(id, _)| id.is_some()) {
        return (id.as_deref(), kind);
    }
    let gateway = raw.gateway_id.as_deref();
    let kind = match gateway.and_then(|id| id.split('-').next()) {
        Some("local") => "local",
        Some("igw") => "internet-gateway",
        Some("eigw") => "egress-only-internet-gateway",
        Some("cagw") => "carrier-gateway",
        Some("vgw") => "vpn-gateway",
        Some("vpce") => "endpoint",
        Some(_) | None => "other",
    };
    (gateway, kind)
}
