//! Route tables out of describe-route-tables: destinations resolved to blocks, targets to what they are.

use crate::diag::show;
use crate::model::address::Block;
use crate::model::map::Map;
use crate::model::symbol::Sym;
use crate::topology::compiler::Compiler;
use crate::topology::describe;
use crate::topology::routes::{Entry, Rank, Table, Target};
use crate::topology::snapshot::{Endpoint, EndpointKind, Nat, PrefixList, Subnet, Vpc};

/// Compiles every table and tells subnets, VPCs and regional NAT gateways which one is theirs.
pub(super) fn compile_tables(
    compiler: &mut Compiler<'_>,
    endpoints: &Map<Sym, Endpoint>,
    lists: &[PrefixList],
    subnets: &mut Map<Sym, Subnet>,
    vpcs: &mut Map<Sym, Vpc>,
    nats: &mut Map<Sym, Nat>,
) -> Vec<Table> {
    let mut tables = Vec::new();
    for raw in &compiler.answers.route_tables {
        let id = compiler.sym(Some(&raw.route_table_id));
        let vpc = compiler.sym(Some(&raw.vpc_id));
        let region = vpcs.get(&vpc).and_then(|vpc| vpc.region.clone());
        let table = compile_table(compiler, raw, id, region.as_deref(), endpoints, lists);
        let blocks = vpcs.get(&vpc).map_or(&[][..], |vpc| &vpc.blocks);
        has_own_routes(compiler, &raw.route_table_id, &table, blocks);
        let index = tables.len();
        tables.push(table);
        for association in &raw.associations {
            let state = association
                .association_state
                .as_ref()
                .and_then(|state| state.state.as_deref());
            if state.is_some_and(|state| state != "associated" && state != "associating") {
                continue;
            }
            if association.main
                && let Some(vpc) = vpcs.get_mut(&vpc)
            {
                vpc.main_table = Some(index);
            }
            let subnet = compiler.sym(association.subnet_id.as_deref());
            match subnets.get_mut(&subnet) {
                Some(subnet) => {
                    let before = subnet.table.replace(index);
                    // A subnet has one table: with two, it cannot be told which one AWS uses.
                    if before.is_some() {
                        let named = show(association.subnet_id.as_deref().unwrap_or_default());
                        let message = format!("two route tables claim {named}");
                        let help = "take describe-route-tables again: one of the two is stale";
                        compiler.complain("topology-duplicate", &raw.route_table_id, message, help);
                    }
                }
                None if subnet.is_some() => unresolved(
                    compiler,
                    &raw.route_table_id,
                    association.subnet_id.as_deref(),
                ),
                None => {}
            }
        }
        for nat in compiler
            .answers
            .nat_gateways
            .iter()
            .filter(|nat| nat.route_table_id.as_ref() == Some(&raw.route_table_id))
        {
            let nat = compiler.sym(Some(&nat.nat_gateway_id));
            if let Some(nat) = nats.get_mut(&nat) {
                nat.table = Some(index);
            }
        }
    }
    tables
}

/// AWS puts a route to each of the VPC's CIDRs into each of its tables and lets nobody delete it, only lead it elsewhere ("Local route", VPC
/// user guide). Where a description lacks one, a wider route would seem to carry what stays in the VPC.
fn has_own_routes(compiler: &mut Compiler<'_>, table: &str, compiled: &Table, blocks: &[Block]) {
    let routes = || compiled.entries.iter().map(|entry| entry.block);
    let wider =
        |own: &Block| routes().any(|route| route.contains(own.first) && route.contains(own.last));
    for own in blocks {
        if !routes().any(|route| route == *own) && wider(own) {
            let message = format!(
                "{} has no route to {}/{}, a CIDR of its own VPC",
                show(table),
                own.first,
                own.prefix_len
            );
            let help = "take describe-vpcs and describe-route-tables again, at one time: AWS lets nobody delete that route";
            compiler.complain("topology-unresolved", table, message, help);
        }
    }
}

fn unresolved(compiler: &mut Compiler<'_>, table: &str, other: Option<&str>) {
    let message = format!(
        "{} names {}, which the topology does not have",
        show(table),
        show(other.unwrap_or_default())
    );
    compiler.complain(
        "topology-unresolved",
        table,
        message,
        "take the whole topology at one time: describe-subnets is missing or stale",
    );
}

fn compile_table(
    compiler: &mut Compiler<'_>,
    raw: &describe::RouteTable,
    id: Sym,
    region: Option<&str>,
    endpoints: &Map<Sym, Endpoint>,
    lists: &[PrefixList],
) -> Table {
    let (mut entries, mut unknown_list, mut unknown_aws_list) = (Vec::new(), false, false);
    // A filtered route is one that AWS shows and does not use.
    for route in raw
        .routes
        .iter()
        .filter(|route| route.state.as_deref() != Some("filtered"))
    {
        let target = target_of(compiler, route, endpoints);
        let blackhole = route.state.as_deref() == Some("blackhole");
        let list = route.destination_prefix_list_id.as_deref();
        let rank = match (route.gateway_id.as_deref(), list, route.origin.as_deref()) {
            (Some("local"), ..) => Rank::Local,
            (_, Some(_), _) => Rank::PrefixList,
            (_, None, Some("EnableVgwRoutePropagation" | "Advertisement")) => Rank::Propagated,
            // The route made with the VPC, led elsewhere (a middlebox): it is static now.
            (_, None, Some(_) | None) => Rank::Static,
        };
        let text = route
            .destination_cidr_block
            .as_deref()
            .or(route.destination_ipv6_cidr_block.as_deref());
        match (text, list) {
            (Some(text), _) => {
                let block = compiler.block(&raw.route_table_id, "DestinationCidrBlock", text);
                // A destination that cannot be read could be any.
                unknown_list |= block.is_none();
                entries.extend(block.map(|block| Entry {
                    block,
                    rank,
                    target,
                    blackhole,
                }));
            }
            (None, Some(list)) => {
                let sym = compiler.sym(Some(list));
                let known = list_in(lists, sym, region);
                match known.map(|known| (known.blocks.as_ref(), known.service.is_some())) {
                    Some((Some(blocks), _)) => entries.extend(blocks.iter().map(|block| Entry {
                        block: *block,
                        rank,
                        target,
                        blackhole,
                    })),
                    Some((None, true)) => unknown_aws_list = true,
                    // A list that nothing describes: only a gateway endpoint's target tells that it is one of AWS's.
                    Some((None, false)) | None if matches!(target, Target::GatewayEndpoint(_)) => {
                        unknown_aws_list = true
                    }
                    Some((None, false)) | None => unknown_list = true,
                }
            }
            (None, None) => {
                unknown_list = true;
                let message = format!(
                    "a route of {} has no destination that this version knows",
                    show(&raw.route_table_id)
                );
                compiler.complain(
                    "topology-bad-value",
                    &raw.route_table_id,
                    message,
                    "look for a newer version of flowproof",
                );
            }
        }
    }
    Table::new(id, entries, unknown_list, unknown_aws_list)
}

/// The list that an id means in a Region. Ids repeat across Regions (facts 10), so where the VPC's is not known there must be no choice.
fn list_in<'l>(lists: &'l [PrefixList], id: Sym, region: Option<&str>) -> Option<&'l PrefixList> {
    let with_id = || lists.iter().filter(move |list| list.id == id);
    let exact = with_id().find(|list| list.region.is_some() && list.region.as_deref() == region);
    let only = || {
        with_id()
            .next()
            .filter(|_| region.is_none() && with_id().count() == 1)
    };
    exact
        .or_else(|| with_id().find(|list| list.region.is_none()))
        .or_else(only)
}

fn target_of(
    compiler: &mut Compiler<'_>,
    route: &describe::Route,
    endpoints: &Map<Sym, Endpoint>,
) -> Target {
    type Make = fn(Sym) -> Target;
    let by_key: [(Option<&str>, Make); 8] = [
        (route.nat_gateway_id.as_deref(), Target::Nat),
        (route.transit_gateway_id.as_deref(), Target::TransitGateway),
        (route.vpc_peering_connection_id.as_deref(), Target::Peering),
        (route.network_interface_id.as_deref(), Target::Interface),
        (
            route.egress_only_internet_gateway_id.as_deref(),
            Target::EgressOnly,
        ),
        (route.carrier_gateway_id.as_deref(), Target::Carrier),
        (route.local_gateway_id.as_deref(), Target::LocalGateway),
        (route.core_network_arn.as_deref(), Target::CloudWan),
    ];
    if let Some((id, make)) = by_key.into_iter().find(|(id, _)| id.is_some()) {
        return make(compiler.sym(id));
    }
    let Some(gateway) = route.gateway_id.as_deref() else {
        return Target::Other;
    };
    if gateway == "local" {
        return Target::Local;
    }
    let sym = compiler.sym(Some(gateway));
    match gateway.split('-').next() {
        Some("igw") => Target::InternetGateway(sym),
        Some("eigw") => Target::EgressOnly(sym),
        Some("cagw") => Target::Carrier(sym),
        Some("vgw") => Target::Vpn(sym),
        // Gateway endpoints take prefix lists only, Gateway Load Balancer endpoints never do.
        Some("vpce") => match endpoints.get(&sym).map(|endpoint| endpoint.kind) {
            Some(EndpointKind::Gateway) => Target::GatewayEndpoint(sym),
            Some(EndpointKind::Appliance | EndpointKind::Interface) => {
                Target::ApplianceEndpoint(sym)
            }
            None if route.destination_prefix_list_id.is_some() => Target::GatewayEndpoint(sym),
            None => Target::ApplianceEndpoint(sym),
        },
        Some(_) | None => Target::Other,
    }
}
