//! From what AWS's describe calls print to a [`Snapshot`].
//!
//! In: [`Answers`]. Out: a snapshot, and a complaint for everything that could not be read; each one weighs on `topology-fits`.

use crate::diag::{Diagnostic, show};
use crate::model::address::Block;
use crate::model::evidence::TopologyReport;
use crate::model::format::Format;
use crate::model::map::Map;
use crate::model::symbol::{Sym, Symbols};
use crate::topology::compile_interfaces::Parts;
use crate::topology::compile_routes::compile_tables;
use crate::topology::compiler::{Compiler, time_of};
use crate::topology::describe::{self, Answers};
use crate::topology::service::{region_of_arn, region_of_name, service_of_name};
use crate::topology::snapshot::*;

impl Compiler<'_> {
    /// Complains about resources without an id: records without one must not be taken for theirs.
    fn nameless(&mut self) {
        let a = self.answers;
        let found = [
            ("VpcId", a.vpcs.iter().any(|one| one.vpc_id.is_empty())),
            (
                "SubnetId",
                a.subnets.iter().any(|one| one.subnet_id.is_empty()),
            ),
            (
                "NetworkInterfaceId",
                a.network_interfaces
                    .iter()
                    .any(|one| one.network_interface_id.is_empty()),
            ),
            (
                "VpcEndpointId",
                a.vpc_endpoints
                    .iter()
                    .any(|one| one.vpc_endpoint_id.is_empty()),
            ),
            (
                "NatGatewayId",
                a.nat_gateways
                    .iter()
                    .any(|one| one.nat_gateway_id.is_empty()),
            ),
        ];
        for (key, _) in found.into_iter().filter(|(_, missing)| *missing) {
            self.complain(
                "topology-bad-value",
                key,
                format!("a resource has no `{key}`"),
                "take the topology again with `aws ec2 describe-…`",
            );
        }
    }

    /// The Region of a VPC, by its subnets, else by the snapshot.
    fn region_of_vpc(&self, vpc: &str) -> Option<String> {
        let of_subnet = |subnet: &describe::Subnet| {
            let zone = subnet.availability_zone.as_deref().and_then(region_of_name);
            zone.or_else(|| subnet.subnet_arn.as_deref().and_then(region_of_arn))
        };
        let subnets = self
            .answers
            .subnets
            .iter()
            .filter(|subnet| subnet.vpc_id == vpc);
        subnets
            .filter_map(of_subnet)
            .next()
            .or_else(|| self.region.map(str::to_owned))
    }

    fn subnets(&mut self) -> Map<Sym, Subnet> {
        let mut subnets = Map::default();
        for raw in &self.answers.subnets {
            let mut blocks =
                self.associations(&raw.subnet_id, &raw.ipv6_cidr_block_association_set);
            if let Some(text) = &raw.cidr_block {
                blocks.extend(self.block(&raw.subnet_id, "CidrBlock", text));
            }
            let subnet = Subnet {
                vpc: self.sym(Some(&raw.vpc_id)),
                blocks,
                table: None,
            };
            subnets.insert(self.sym(Some(&raw.subnet_id)), subnet);
        }
        subnets
    }

    fn vpcs(&mut self) -> Map<Sym, Vpc> {
        let mut vpcs = Map::default();
        for raw in &self.answers.vpcs {
            let mut blocks = self.associations(&raw.vpc_id, &raw.cidr_block_association_set);
            blocks.extend(self.associations(&raw.vpc_id, &raw.ipv6_cidr_block_association_set));
            if let Some(block) = raw
                .cidr_block
                .as_deref()
                .and_then(|text| self.block(&raw.vpc_id, "CidrBlock", text))
                && !blocks.contains(&block)
            {
                blocks.push(block);
            }
            let region = self.region_of_vpc(&raw.vpc_id);
            let id = self.sym(Some(&raw.vpc_id));
            let vpc = Vpc {
                id,
                region,
                blocks,
                main_table: None,
                by_address: Map::default(),
                by_prefix: Vec::new(),
                subnets: Vec::new(),
            };
            vpcs.insert(id, vpc);
        }
        for raw in &self.answers.subnets {
            let (subnet, vpc) = (self.sym(Some(&raw.subnet_id)), self.sym(Some(&raw.vpc_id)));
            if let Some(vpc) = vpcs.get_mut(&vpc) {
                vpc.subnets.push(subnet);
            }
        }
        vpcs
    }

    fn endpoints(&mut self) -> Map<Sym, Endpoint> {
        let mut endpoints = Map::default();
        for raw in &self.answers.vpc_endpoints {
            let kind = match raw.vpc_endpoint_type.as_deref() {
                Some("Gateway") => EndpointKind::Gateway,
                Some("GatewayLoadBalancer") => EndpointKind::Appliance,
                None if !raw.route_table_ids.is_empty() => EndpointKind::Gateway,
                Some("Interface" | "Resource" | "ServiceNetwork") | None => EndpointKind::Interface,
                // A type that AWS added since: nothing says that the way ends there.
                Some(_) => EndpointKind::Appliance,
            };
            let service = raw.service_name.as_deref().and_then(service_of_name);
            let endpoint = Endpoint {
                kind,
                vpc: self.sym(raw.vpc_id.as_deref()),
                service: self.sym(service.as_deref()),
                subnets: raw
                    .subnet_ids
                    .iter()
                    .map(|id| self.symbols.intern(id))
                    .collect(),
            };
            endpoints.insert(self.sym(Some(&raw.vpc_endpoint_id)), endpoint);
        }
        endpoints
    }

    fn nats(&mut self) -> Map<Sym, Nat> {
        let mut nats = Map::default();
        for raw in self
            .answers
            .nat_gateways
            .iter()
            .filter(|raw| raw.state.as_deref() != Some("deleted"))
        {
            let mut addresses = Vec::new();
            for address in &raw.nat_gateway_addresses {
                addresses.extend(self.address(
                    &raw.nat_gateway_id,
                    "PrivateIp",
                    address.private_ip.as_deref(),
                ));
                addresses.extend(self.address(
                    &raw.nat_gateway_id,
                    "PublicIp",
                    address.public_ip.as_deref(),
                ));
            }
            let nat = Nat {
                vpc: self.sym(raw.vpc_id.as_deref()),
                subnet: self.sym(raw.subnet_id.as_deref()),
                table: None,
                addresses,
            };
            nats.insert(self.sym(Some(&raw.nat_gateway_id)), nat);
        }
        nats
    }

    fn peerings(&mut self) -> Map<Sym, [PeeringSide; 2]> {
        let mut peerings = Map::default();
        let active = |raw: &&describe::VpcPeeringConnection| {
            raw.status
                .as_ref()
                .and_then(|status| status.code.as_deref())
                .is_none_or(|code| code == "active")
        };
        for raw in self.answers.vpc_peering_connections.iter().filter(active) {
            let id = &raw.vpc_peering_connection_id;
            let mut side = |side: &describe::PeeringSide| {
                let mut blocks = self.associations(id, &side.cidr_block_set);
                blocks.extend(self.associations(id, &side.ipv6_cidr_block_set));
                blocks.extend(
                    side.cidr_block
                        .as_deref()
                        .and_then(|text| self.block(id, "CidrBlock", text)),
                );
                PeeringSide {
                    vpc: self.sym(side.vpc_id.as_deref()),
                    blocks,
                }
            };
            let sides = [side(&raw.requester_vpc_info), side(&raw.accepter_vpc_info)];
            peerings.insert(self.sym(Some(id)), sides);
        }
        peerings
    }

    fn prefix_lists(&mut self) -> Vec<PrefixList> {
        let mut lists: Vec<PrefixList> = Vec::new();
        for raw in self
            .answers
            .prefix_lists
            .iter()
            .chain(&self.answers.managed_prefix_lists)
        {
            let texts: Option<Vec<&str>> = match (&raw.cidrs, &raw.entries) {
                (None, None) => None,
                (cidrs, entries) => {
                    let entries = entries.iter().flatten().map(|entry| entry.cidr.as_str());
                    Some(
                        cidrs
                            .iter()
                            .flatten()
                            .map(String::as_str)
                            .chain(entries)
                            .collect(),
                    )
                }
            };
            let name = raw.prefix_list_name.as_deref().unwrap_or_default();
            let aws = name.starts_with("com.amazonaws.");
            let region = raw.prefix_list_arn.as_deref().and_then(region_of_arn);
            let region = region
                .or_else(|| name.split('.').find_map(region_of_name))
                .or_else(|| self.region.map(str::to_owned));
            let service = if aws { service_of_name(name) } else { None };
            let blocks = texts.map(|texts| {
                texts
                    .iter()
                    .filter_map(|text| self.block(&raw.prefix_list_id, "Cidr", text))
                    .collect()
            });
            let list = PrefixList {
                id: self.sym(Some(&raw.prefix_list_id)),
                region,
                service: self.sym(service.as_deref()),
                blocks,
            };
            // describe-managed-prefix-lists knows the same list without its CIDRs.
            match lists
                .iter_mut()
                .find(|known| known.id == list.id && known.region == list.region)
            {
                Some(known) if known.blocks.is_none() => *known = list,
                Some(known)
                    if list
                        .blocks
                        .as_ref()
                        .is_some_and(|blocks| !same(blocks, known.blocks.as_deref())) =>
                {
                    let message = format!(
                        "{} stands there twice, and not alike",
                        show(&raw.prefix_list_id)
                    );
                    self.complain(
                        "topology-duplicate",
                        &raw.prefix_list_id,
                        message,
                        "keep the answer that is of the window",
                    );
                }
                Some(_) => {}
                None => lists.push(list),
            }
        }
        lists
    }

    fn flow_logs(&mut self) -> Vec<FlowLog> {
        let mut logs = Vec::new();
        for raw in &self.answers.flow_logs {
            let mut defects = Vec::new();
            if raw.flow_log_status.as_deref() != Some("ACTIVE") {
                defects.push(format!(
                    "its status is {}, not ACTIVE",
                    show(raw.flow_log_status.as_deref().unwrap_or("missing"))
                ));
            }
            // Transit gateway flow logs have no TrafficType: they log everything.
            let of_gateway = raw.resource_id.starts_with("tgw-");
            if raw.traffic_type.as_deref() != Some("ALL") && !of_gateway {
                defects.push(format!(
                    "its TrafficType is {}, not ALL",
                    show(raw.traffic_type.as_deref().unwrap_or("missing"))
                ));
            }
            let failed = raw
                .deliver_logs_status
                .as_deref()
                .filter(|status| *status != "SUCCESS");
            if let Some(problem) = raw
                .deliver_logs_error_message
                .as_deref()
                .filter(|text| !text.is_empty())
                .or(failed)
            {
                defects.push(format!("AWS says that delivery fails: {}", show(problem)));
            }
            let format = raw.log_format.as_deref().map(Format::parse).transpose();
            if let Err(error) = &format {
                let message = format!(
                    "`LogFormat` of {} cannot be read: {error}",
                    show(&raw.flow_log_id)
                );
                self.complain(
                    "format-bad",
                    &raw.flow_log_id,
                    message,
                    "take DescribeFlowLogs again, or give --log-format",
                );
            }
            logs.push(FlowLog {
                id: raw.flow_log_id.clone(),
                resource: self.sym(Some(&raw.resource_id)),
                defects,
                aggregation_s: raw
                    .max_aggregation_interval
                    .filter(|seconds| *seconds > 0)
                    .unwrap_or(600),
                created_s: raw.creation_time.as_ref().and_then(time_of),
                destination: raw.log_destination.clone(),
                group: group_of(raw),
                format: format.ok().flatten(),
            });
        }
        logs
    }
}

/// Whether two lists have the same blocks, in whatever order.
fn same(blocks: &[Block], others: Option<&[Block]>) -> bool {
    others.is_some_and(|others| {
        blocks.len() == others.len() && blocks.iter().all(|block| others.contains(block))
    })
}

/// Compiles one snapshot.
pub(super) fn compile(
    answers: Answers,
    told_flow_logs: bool,
    captured_s: Option<i64>,
    report: TopologyReport,
    symbols: &mut Symbols,
) -> (Snapshot, Vec<Diagnostic>) {
    let mut compiler = Compiler {
        answers: &answers,
        source: &report.source,
        region: report.region.as_deref(),
        symbols,
        diagnostics: Vec::new(),
    };
    compiler.nameless();
    let (mut subnets, mut vpcs, mut nats) = (compiler.subnets(), compiler.vpcs(), compiler.nats());
    let endpoints = compiler.endpoints();
    let prefix_lists = compiler.prefix_lists();
    let tables = compile_tables(
        &mut compiler,
        &endpoints,
        &prefix_lists,
        &mut subnets,
        &mut vpcs,
        &mut nats,
    );
    let route_targets = answers.route_tables.iter().flat_map(|table| &table.routes);
    let route_targets = route_targets
        .filter_map(|route| route.network_interface_id.as_deref())
        .map(|id| compiler.symbols.intern(id))
        .collect();
    let parts = Parts {
        endpoints,
        route_targets,
    };
    let interfaces = compiler.interfaces(&parts, &subnets);
    let peerings = compiler.peerings();
    let flow_logs = told_flow_logs.then(|| compiler.flow_logs());
    let attachments = answers
        .transit_gateway_vpc_attachments
        .iter()
        .filter(|raw| {
            raw.state
                .as_deref()
                .is_none_or(|state| state == "available")
        });
    let attachments = attachments
        .map(|raw| Attachment {
            gateway: compiler.symbols.intern(&raw.transit_gateway_id),
            vpc: compiler.symbols.intern(&raw.vpc_id),
        })
        .collect();
    let mut interface_by_id = Map::default();
    vpcs.remove(&Sym::NONE);
    subnets.remove(&Sym::NONE);
    nats.remove(&Sym::NONE);
    for (index, interface) in interfaces.iter().enumerate() {
        if interface.id.is_some() {
            interface_by_id.insert(interface.id, index);
        }
        if let Some(vpc) = vpcs.get_mut(&interface.vpc) {
            vpc.by_address
                .extend(interface.addresses.iter().map(|address| (*address, index)));
            vpc.by_prefix
                .extend(interface.prefixes.iter().map(|block| (*block, index)));
        }
    }
    let diagnostics = compiler.diagnostics;
    let mut endpoints = parts.endpoints;
    endpoints.remove(&Sym::NONE);
    let snapshot = Snapshot {
        report,
        captured_s,
        interfaces,
        interface_by_id,
        vpcs,
        subnets,
        tables,
        endpoints,
        nats,
        peerings,
        attachments,
        prefix_lists,
        flow_logs,
        answers,
    };
    (snapshot, diagnostics)
}

/// The log group, named or as the last part of its ARN: `arn:aws:logs:…:log-group:NAME:*`.
fn group_of(log: &describe::FlowLog) -> Option<String> {
    log.log_group_name.clone().or_else(|| {
        let (_, name) = log.log_destination.as_deref()?.split_once(":log-group:")?;
        Some(name.strip_suffix(":*").unwrap_or(name).to_owned())
    })
}
