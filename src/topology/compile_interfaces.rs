//! Interfaces out of describe-network-interfaces, and what each is for.

use std::cmp::Reverse;

use crate::diag::show;
use crate::model::address::{Address, Block};
use crate::model::map::Map;
use crate::model::symbol::Sym;
use crate::topology::compiler::Compiler;
use crate::topology::describe;
use crate::topology::snapshot::{Endpoint, EndpointKind, Interface, InterfaceKind, Subnet};

/// What is compiled before the interfaces.
pub(super) struct Parts {
    pub(super) endpoints: Map<Sym, Endpoint>,
    pub(super) route_targets: Vec<Sym>,
}

impl Compiler<'_> {
    pub(super) fn interfaces(
        &mut self,
        parts: &Parts,
        subnets: &Map<Sym, Subnet>,
    ) -> Vec<Interface> {
        let mut interfaces = Vec::new();
        for raw in &self.answers.network_interfaces {
            let id = &raw.network_interface_id;
            // That it has no id has been said, and nothing can be known of it.
            if id.is_empty() {
                continue;
            }
            let mut addresses = Vec::new();
            let listed = raw
                .private_ip_addresses
                .iter()
                .map(|address| address.private_ip_address.as_deref());
            for text in std::iter::once(raw.private_ip_address.as_deref()).chain(listed) {
                addresses.extend(self.address(id, "PrivateIpAddress", text));
            }
            for address in &raw.ipv6_addresses {
                addresses.extend(self.address(id, "Ipv6Address", address.ipv6_address.as_deref()));
            }
            addresses.sort_unstable();
            addresses.dedup();
            let endpoint = self.answers.endpoint_of(id);
            let prefixes = raw.blocks();
            let prefixes = prefixes
                .filter_map(|text| self.block(id, "Prefix", text))
                .collect();
            interfaces.push(Interface {
                id: self.sym(Some(id)),
                kind: self.kind(raw, endpoint, parts),
                type_name: raw
                    .interface_type
                    .clone()
                    .unwrap_or_else(|| "interface".to_owned()),
                vpc: self.sym(raw.vpc_id.as_deref()),
                subnet: self.sym(raw.subnet_id.as_deref()),
                addresses,
                prefixes,
                public: is_public(raw),
                shut: raw.deny_all_igw_traffic == Some(true),
                tags: raw
                    .tag_set
                    .iter()
                    .map(|tag| (tag.key.clone(), tag.value.clone()))
                    .collect(),
            });
        }
        self.add_blocks_of_endpoints(&mut interfaces, subnets);
        self.check_owners(&interfaces);
        interfaces
    }

    /// Complains about addresses that two interfaces of a VPC have: one answer is stale, and whose flows they are cannot be told.
    fn check_owners(&mut self, interfaces: &[Interface]) {
        let mut owned: Vec<(Sym, Block, &Interface)> = Vec::new();
        for interface in interfaces.iter().filter(|one| one.vpc.is_some()) {
            let addresses = interface.addresses.iter().copied().map(Block::single);
            let blocks = addresses.chain(interface.prefixes.iter().copied());
            owned.extend(blocks.map(|block| (interface.vpc, block, interface)));
        }
        // Blocks nest, so whatever another one covers comes right behind it.
        owned.sort_by_key(|(vpc, block, _)| (*vpc, block.first, Reverse(block.last)));
        let mut around: Option<&(Sym, Block, &Interface)> = None;
        for own in &owned {
            let (vpc, block, interface) = own;
            let Some((_, _, other)) = around.filter(|(of, all, _)| of == vpc && all.covers(block))
            else {
                around = Some(own);
                continue;
            };
            // An endpoint's interfaces all lead to the same.
            let of_endpoint = matches!(interface.kind, InterfaceKind::Endpoint(id) | InterfaceKind::ApplianceEndpoint(id) if id.is_some());
            if interface.id == other.id || (of_endpoint && interface.kind == other.kind) {
                continue;
            }
            let [id, other] = [interface.id, other.id].map(|id| self.symbols.name(id).to_owned());
            self.shared(&id, &other, block.first);
        }
        let answers = self.answers;
        let there = |nat: &&describe::NatGateway| nat.state.as_deref() != Some("deleted");
        for nat in answers.nat_gateways.iter().filter(there) {
            let vpc = self.sym(nat.vpc_id.as_deref());
            for own in &nat.nat_gateway_addresses {
                let text = own.private_ip.as_deref();
                let address = text.and_then(|text| Address::parse(text.as_bytes()));
                let (Some(address), Some(id)) = (address, &own.network_interface_id) else {
                    continue;
                };
                let here = interfaces.iter().filter(|one| one.vpc == vpc);
                let mut others = here.filter(|one| self.symbols.name(one.id) != id);
                if let Some(other) = others.find(|one| one.owns(address)) {
                    let other = self.symbols.name(other.id).to_owned();
                    self.shared(&other, id, address);
                }
            }
        }
    }

    fn shared(&mut self, id: &str, other: &str, address: Address) {
        let message = format!("{} has {address}, which {} has too", show(id), show(other));
        let help = "take the topology again with `aws ec2 describe-network-interfaces` and describe-nat-gateways: one of the two is gone";
        self.complain("topology-duplicate", id, message, help);
    }

    /// Adds to interfaces what their endpoints have in their subnets. A block beyond the subnet, or with what another interface has, cannot be
    /// the endpoint's: it is told, and not taken.
    fn add_blocks_of_endpoints(
        &mut self,
        interfaces: &mut [Interface],
        subnets: &Map<Sym, Subnet>,
    ) {
        let answers = self.answers;
        let mut said: Vec<(usize, Block, &str, &str)> = Vec::new();
        for (index, interface) in interfaces.iter().enumerate() {
            let InterfaceKind::Endpoint(_) = interface.kind else {
                continue;
            };
            let subnet = self.symbols.name(interface.subnet).to_owned();
            let Some(endpoint) = answers.endpoint_of(self.symbols.name(interface.id)) else {
                continue;
            };
            for text in endpoint.blocks_in(Some(&subnet)) {
                let id = &endpoint.vpc_endpoint_id;
                let block = self.block(id, "IpPrefixes", text);
                said.extend(block.map(|block| (index, block, id.as_str(), text)));
            }
        }
        let mut good = Vec::new();
        for (index, block, id, text) in &said {
            let (index, interface) = (*index, &interfaces[*index]);
            let subnet = subnets.get(&interface.subnet);
            let within =
                subnet.is_some_and(|subnet| subnet.blocks.iter().any(|of| of.covers(block)));
            let foreign =
                |other: &Interface| other.vpc == interface.vpc && other.kind != interface.kind;
            let shared = |other: &Block| other.covers(block) || block.covers(other);
            let has = |other: &Interface| {
                other.addresses.iter().any(|own| block.contains(*own))
                    || other.prefixes.iter().any(shared)
            };
            let taken = interfaces.iter().any(|other| foreign(other) && has(other))
                || said
                    .iter()
                    .any(|(at, other, ..)| foreign(&interfaces[*at]) && shared(other));
            if !within {
                self.bad_value(id, "IpPrefixes", text, "not within its subnet");
            } else if taken {
                self.bad_value(id, "IpPrefixes", text, "what another interface has");
            } else if !interface.prefixes.contains(block) {
                good.push((index, *block));
            }
        }
        for (index, block) in good {
            interfaces[index].prefixes.push(block);
        }
    }

    /// What an interface is for: who claims it first, then AWS's type, then the description. Types vary in spelling, and
    /// descriptions are no contract (facts 8), so they come last.
    fn kind(
        &mut self,
        raw: &describe::NetworkInterface,
        endpoint: Option<&describe::VpcEndpoint>,
        parts: &Parts,
    ) -> InterfaceKind {
        let id = &raw.network_interface_id;
        let description = raw.description.as_deref().unwrap_or_default();
        let word = |prefix: &str| {
            description
                .split_whitespace()
                .find(|word| word.starts_with(prefix))
        };
        if let Some(endpoint) = endpoint {
            let endpoint = self.symbols.intern(&endpoint.vpc_endpoint_id);
            return match parts.endpoints.get(&endpoint).map(|endpoint| endpoint.kind) {
                Some(EndpointKind::Appliance) => InterfaceKind::ApplianceEndpoint(endpoint),
                Some(EndpointKind::Interface | EndpointKind::Gateway) | None => {
                    InterfaceKind::Endpoint(endpoint)
                }
            };
        }
        let of_nat = |nat: &&describe::NatGateway| {
            nat.nat_gateway_addresses
                .iter()
                .any(|address| address.network_interface_id.as_deref() == Some(id))
        };
        if let Some(nat) = self.answers.nat_gateways.iter().find(of_nat) {
            return InterfaceKind::Nat(self.symbols.intern(&nat.nat_gateway_id));
        }
        match raw.interface_type.as_deref() {
            Some("gateway_load_balancer_endpoint") => {
                return InterfaceKind::ApplianceEndpoint(self.sym(word("vpce-")));
            }
            Some("vpc_endpoint") => return InterfaceKind::Endpoint(self.sym(word("vpce-"))),
            Some("nat_gateway" | "natGateway") => {
                return InterfaceKind::Nat(self.sym(word("nat-")));
            }
            Some("transit_gateway") => {
                let attachment = word("tgw-attach-");
                let mut known: Vec<&str> = self
                    .answers
                    .transit_gateway_vpc_attachments
                    .iter()
                    .filter(|known| {
                        let by_subnet = || {
                            Some(&known.vpc_id) == raw.vpc_id.as_ref()
                                && raw
                                    .subnet_id
                                    .as_ref()
                                    .is_some_and(|subnet| known.subnet_ids.contains(subnet))
                        };
                        attachment.map_or_else(by_subnet, |attachment| {
                            known.transit_gateway_attachment_id == attachment
                        })
                    })
                    .map(|known| known.transit_gateway_id.as_str())
                    .collect();
                known.dedup();
                // Two gateways with a foot in the same subnet: it cannot be told whose this is.
                let only = if let [only] = known[..] {
                    Some(only)
                } else {
                    None
                };
                return InterfaceKind::TransitGateway(self.sym(only));
            }
            Some(_) | None => {}
        }
        if parts.route_targets.contains(&self.symbols.intern(id)) {
            InterfaceKind::RouteTarget
        } else {
            InterfaceKind::Plain
        }
    }
}

/// Whether any of its addresses has a public one.
fn is_public(raw: &describe::NetworkInterface) -> bool {
    let of_addresses = raw
        .private_ip_addresses
        .iter()
        .filter_map(|address| address.association.as_ref());
    raw.association
        .iter()
        .chain(of_addresses)
        .any(|association| association.public_ip.is_some() || association.carrier_ip.is_some())
}
