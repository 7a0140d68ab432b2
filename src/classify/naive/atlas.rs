//! What the describe answers say, read afresh for every question.
//!
//! Everything here is a linear scan over AWS's own words; nothing is compiled, interned or remembered.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::topology::describe::{
    Answers, NatGateway, NetworkInterface, PrefixList, Route, RouteTable, VpcEndpoint,
};
use crate::topology::service::{region_of_arn, region_of_name, service_of_name};

/// One topology file.
#[derive(Clone, Debug, Default)]
pub struct Shot {
    pub captured_s: Option<i64>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub answers: Answers,
}

/// What an interface is for; an empty id is one that nobody tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Host,
    RouteTarget,
    Endpoint(String),
    Appliance(String),
    Nat(String),
    TransitGateway(String),
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Local,
    Internet(String),
    GatewayEndpoint(String),
    Appliance(String),
    Nat(String),
    TransitGateway(String),
    Peering(String),
    Vpn(String),
    LocalGateway(String),
    CloudWan(String),
    Strange,
}

/// What a table says of an address.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    To(Target),
    Blackhole,
    NoRoute,
    Ambiguous,
    UnknownList,
}

/// Addresses that no stranger on the internet has.
pub fn private(address: IpAddr) -> bool {
    const BLOCKS: &[&str] = &[
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "::/128",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    ];
    BLOCKS.iter().any(|block| within(block, address))
}

/// The address inside a NAT64 one, or the address.
pub fn inside_nat64(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if within("64:ff9b::/96", address) => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::from([a, b, c, d])
        }
        _ => address,
    }
}

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn within(block: &str, address: IpAddr) -> bool {
    net(block).contains(&address)
}

fn is(text: Option<&str>, address: IpAddr) -> bool {
    text.is_some_and(|text| text.parse() == Ok(address))
}

fn has_itself(eni: &NetworkInterface, address: IpAddr) -> bool {
    is(eni.private_ip_address.as_deref(), address)
        || eni
            .private_ip_addresses
            .iter()
            .any(|one| is(one.private_ip_address.as_deref(), address))
        || eni
            .ipv6_addresses
            .iter()
            .any(|one| is(one.ipv6_address.as_deref(), address))
}

fn cidr_of(route: &Route) -> Option<&String> {
    let v6 = route.destination_ipv6_cidr_block.as_ref();
    route.destination_cidr_block.as_ref().or(v6)
}

impl Shot {
    pub fn eni(&self, id: &str) -> Option<&NetworkInterface> {
        self.answers
            .network_interfaces
            .iter()
            .find(|eni| eni.network_interface_id == id)
    }

    /// Whether an interface has the address: primary, secondary, IPv6, or inside a block delegated to it or to its endpoint there.
    pub fn has(&self, eni: &NetworkInterface, address: IpAddr) -> bool {
        has_itself(eni, address) || self.has_delegated(eni, address)
    }

    fn has_delegated(&self, eni: &NetworkInterface, address: IpAddr) -> bool {
        let mut blocks: Vec<&str> = vec![];
        for one in &eni.ipv4_prefixes {
            blocks.extend(one.ipv4_prefix.as_deref());
        }
        for one in &eni.ipv6_prefixes {
            blocks.extend(one.ipv6_prefix.as_deref());
        }
        let mut said = self.said_of(eni);
        said.retain(|block| within(block, address) && self.can_be_of_endpoint(eni, block));
        blocks.extend(said);
        blocks.into_iter().any(|block| within(block, address))
    }

    /// What the endpoint that lists an interface says to have in its subnet, if it is of a sort that answers by itself.
    fn said_of(&self, eni: &NetworkInterface) -> Vec<&str> {
        let lists = |one: &&VpcEndpoint| {
            one.network_interface_ids
                .contains(&eni.network_interface_id)
        };
        let known = ["Interface", "Resource", "ServiceNetwork"].map(Some);
        let mut endpoints = self.answers.vpc_endpoints.iter();
        let endpoint = endpoints.find(lists);
        let mut said = vec![];
        if let Some(endpoint) = endpoint.filter(|one| {
            known.contains(&one.vpc_endpoint_type.as_deref())
                && [None, Some("available")].contains(&one.state.as_deref())
        }) {
            for there in endpoint.ipv4_prefixes.iter().chain(&endpoint.ipv6_prefixes) {
                if there.subnet_id.is_some() && there.subnet_id == eni.subnet_id {
                    said.extend(there.ip_prefixes.iter().map(String::as_str));
                }
            }
        }
        said
    }

    /// Whether a block lies in the interface's subnet, and no interface of anybody else has any of it.
    fn can_be_of_endpoint(&self, eni: &NetworkInterface, block: &str) -> bool {
        let mut subnets = self.answers.subnets.iter();
        let subnet = subnets.find(|one| Some(&one.subnet_id) == eni.subnet_id.as_ref());
        let cidr = subnet.and_then(|one| one.cidr_block.as_deref());
        if !cidr.is_some_and(|cidr| net(cidr).contains(&net(block))) {
            return false;
        }
        let meets =
            |other: &str| net(other).contains(&net(block)) || net(block).contains(&net(other));
        let mut others = self.answers.network_interfaces.iter();
        !others.any(|other| {
            let mut texts = vec![other.private_ip_address.as_deref()];
            for one in &other.private_ip_addresses {
                texts.push(one.private_ip_address.as_deref());
            }
            for one in &other.ipv6_addresses {
                texts.push(one.ipv6_address.as_deref());
            }
            let mut blocks = self.said_of(other);
            for one in &other.ipv4_prefixes {
                blocks.extend(one.ipv4_prefix.as_deref());
            }
            for one in &other.ipv6_prefixes {
                blocks.extend(one.ipv6_prefix.as_deref());
            }
            let mut own = texts.into_iter().flatten();
            let has = own.any(|text| text.parse().is_ok_and(|own| within(block, own)));
            other.vpc_id == eni.vpc_id
                && self.kind(other) != self.kind(eni)
                && (has || blocks.into_iter().any(meets))
        })
    }

    /// Whether a NAT gateway that may be of the VPC says that it has the address.
    pub fn nat_has(&self, vpc: &str, address: IpAddr) -> bool {
        self.answers.nat_gateways.iter().any(|nat| {
            let gone = nat.state.as_deref() == Some("deleted");
            let elsewhere = nat
                .vpc_id
                .as_deref()
                .is_some_and(|id| !id.is_empty() && id != vpc);
            let own = nat.nat_gateway_addresses.iter();
            let mut texts = own
                .flat_map(|one| [&one.private_ip, &one.public_ip])
                .flatten();
            !gone && !elsewhere && texts.any(|text| text.parse() == Ok(address))
        })
    }

    pub fn nat(&self, id: &str) -> Option<&NatGateway> {
        let mut live = self
            .answers
            .nat_gateways
            .iter()
            .filter(|nat| nat.state.as_deref() != Some("deleted"));
        live.find(|nat| nat.nat_gateway_id == id)
    }

    pub fn describes_vpc(&self, vpc: &str) -> bool {
        self.answers.vpcs.iter().any(|one| one.vpc_id == vpc)
    }

    /// Every block of a VPC that is not being taken from it.
    pub fn vpc_blocks(&self, vpc: &str) -> Vec<IpNet> {
        let mut blocks = Vec::new();
        for one in self.answers.vpcs.iter().filter(|one| one.vpc_id == vpc) {
            blocks.extend(one.cidr_block.as_deref().map(net));
            for association in one
                .cidr_block_association_set
                .iter()
                .chain(&one.ipv6_cidr_block_association_set)
            {
                let states = [
                    &association.cidr_block_state,
                    &association.ipv6_cidr_block_state,
                ];
                let gone = states
                    .into_iter()
                    .flatten()
                    .any(|state| state.state.as_deref() == Some("disassociated"));
                if !gone {
                    blocks.extend(association.cidr_block.as_deref().map(net));
                    blocks.extend(association.ipv6_cidr_block.as_deref().map(net));
                }
            }
        }
        blocks
    }

    pub fn vpc_contains(&self, vpc: &str, address: IpAddr) -> bool {
        self.vpc_blocks(vpc)
            .iter()
            .any(|block| block.contains(&address))
    }

    /// The interface in this VPC that has the address; whoever has it for its own goes before whoever has it delegated.
    pub fn owner(&self, vpc: &str, address: IpAddr) -> Option<&NetworkInterface> {
        if !self.describes_vpc(vpc) {
            return None;
        }
        let there = || {
            self.answers
                .network_interfaces
                .iter()
                .filter(|eni| eni.vpc_id.as_deref() == Some(vpc))
        };
        there()
            .find(|eni| has_itself(eni, address))
            .or_else(|| there().find(|eni| self.has_delegated(eni, address)))
    }

    /// A VPC's Region: that of its subnets, else the file's.
    pub fn region_of_vpc(&self, vpc: &str) -> Option<String> {
        let subnets = self
            .answers
            .subnets
            .iter()
            .filter(|subnet| subnet.vpc_id == vpc);
        let mut regions = subnets
            .filter_map(|subnet| subnet.availability_zone.as_deref().and_then(region_of_name));
        regions.next().or_else(|| self.region.clone())
    }

    /// The table that a subnet uses: the one that names it, else its VPC's main one.
    pub fn table_of_subnet(&self, subnet: &str) -> Option<&RouteTable> {
        let vpc = &self
            .answers
            .subnets
            .iter()
            .find(|one| one.subnet_id == subnet)?
            .vpc_id;
        let tables = &self.answers.route_tables;
        let own = tables.iter().find(|table| {
            table
                .associations
                .iter()
                .any(|association| association.subnet_id.as_deref() == Some(subnet))
        });
        let main = || {
            let is_main = |table: &&RouteTable| table.associations.iter().any(|one| one.main);
            let mut of_vpc = tables
                .iter()
                .filter(|table| table.vpc_id == *vpc && self.describes_vpc(vpc));
            of_vpc.rfind(is_main)
        };
        own.or_else(main)
    }

    /// The table that a NAT gateway's own packets use.
    pub fn table_of_nat(&self, nat: &str) -> Option<&RouteTable> {
        let nat = self.nat(nat)?;
        let own = self
            .answers
            .route_tables
            .iter()
            .find(|table| Some(&table.route_table_id) == nat.route_table_id.as_ref());
        own.or_else(|| self.table_of_subnet(nat.subnet_id.as_deref()?))
    }

    /// What an interface is for: the endpoint or NAT gateway that lists it, then AWS's type, then the routes.
    pub fn kind(&self, eni: &NetworkInterface) -> Kind {
        let id = &eni.network_interface_id;
        if let Some(endpoint) = self
            .answers
            .vpc_endpoints
            .iter()
            .find(|one| one.network_interface_ids.contains(id))
        {
            let vpce = endpoint.vpc_endpoint_id.clone();
            return match endpoint.vpc_endpoint_type.as_deref() {
                Some("Interface" | "Resource" | "ServiceNetwork" | "Gateway") | None => {
                    Kind::Endpoint(vpce)
                }
                // Gateway Load Balancers, and whatever AWS invents: nothing says that it ends there.
                Some(_) => Kind::Appliance(vpce),
            };
        }
        for nat in &self.answers.nat_gateways {
            if nat
                .nat_gateway_addresses
                .iter()
                .any(|one| one.network_interface_id.as_ref() == Some(id))
            {
                return Kind::Nat(nat.nat_gateway_id.clone());
            }
        }
        let described = |prefix: &str| {
            let words = eni
                .description
                .as_deref()
                .unwrap_or_default()
                .split_whitespace();
            words
                .filter(|word| word.starts_with(prefix))
                .map(str::to_owned)
                .next()
        };
        match eni.interface_type.as_deref() {
            Some("vpc_endpoint") => return Kind::Endpoint(described("vpce-").unwrap_or_default()),
            Some("gateway_load_balancer_endpoint") => {
                return Kind::Appliance(described("vpce-").unwrap_or_default());
            }
            Some("nat_gateway" | "natGateway") => {
                return Kind::Nat(described("nat-").unwrap_or_default());
            }
            Some("transit_gateway") => {
                let attachments = &self.answers.transit_gateway_vpc_attachments;
                let told = described("tgw-attach-");
                let mut fitting: Vec<&str> = attachments
                    .iter()
                    .filter(|one| match &told {
                        Some(told) => one.transit_gateway_attachment_id == *told,
                        None => {
                            Some(&one.vpc_id) == eni.vpc_id.as_ref()
                                && eni
                                    .subnet_id
                                    .as_ref()
                                    .is_some_and(|subnet| one.subnet_ids.contains(subnet))
                        }
                    })
                    .map(|one| one.transit_gateway_id.as_str())
                    .collect();
                fitting.dedup();
                // Two gateways with a foot in the same subnet: it cannot be told whose this is.
                return Kind::TransitGateway(if let [one] = fitting[..] {
                    one.to_owned()
                } else {
                    String::new()
                });
            }
            Some(_) | None => {}
        }
        let mut routes = self
            .answers
            .route_tables
            .iter()
            .flat_map(|table| &table.routes);
        if routes.any(|route| route.network_interface_id.as_ref() == Some(id)) {
            Kind::RouteTarget
        } else {
            Kind::Host
        }
    }

    fn region_of_list(&self, list: &PrefixList) -> Option<String> {
        let arn = list.prefix_list_arn.as_deref().and_then(region_of_arn);
        let name = || {
            list.prefix_list_name
                .as_deref()?
                .split('.')
                .find_map(region_of_name)
        };
        arn.or_else(name).or_else(|| self.region.clone())
    }

    /// All prefix lists; where one is told twice, the telling with CIDRs counts.
    fn lists(&self) -> Vec<(Option<String>, &PrefixList)> {
        let mut lists: Vec<(Option<String>, &PrefixList)> = Vec::new();
        for list in self
            .answers
            .prefix_lists
            .iter()
            .chain(&self.answers.managed_prefix_lists)
        {
            let region = self.region_of_list(list);
            let same = lists.iter_mut().find(|(other, known)| {
                known.prefix_list_id == list.prefix_list_id && *other == region
            });
            match same {
                Some((_, known)) if blocks_of(known).is_none() => *known = list,
                Some(_) => {}
                None => lists.push((region, list)),
            }
        }
        lists
    }

    /// AWS's service whose list of the VPC's Region has the address.
    pub fn listed_service(&self, vpc: &str, address: IpAddr) -> Option<String> {
        let home = self.region_of_vpc(vpc);
        for (region, list) in self.lists() {
            let Some(service) = service_of_list(list) else {
                continue;
            };
            let here = region.is_none() || region == home;
            if here
                && blocks_of(list)
                    .into_iter()
                    .flatten()
                    .any(|block| block.contains(&address))
            {
                return Some(service);
            }
        }
        None
    }

    /// The list that an id means in a Region. Ids repeat across Regions, so a Region that is not known must leave no choice.
    fn list(&self, id: &str, home: Option<&str>) -> Option<&PrefixList> {
        let lists: Vec<_> = self
            .lists()
            .into_iter()
            .filter(|(_, list)| list.prefix_list_id == id)
            .collect();
        let exact = lists
            .iter()
            .find(|(region, _)| region.is_some() && region.as_deref() == home);
        let anywhere = lists.iter().find(|(region, _)| region.is_none());
        let only = if home.is_none() && lists.len() == 1 {
            lists.first()
        } else {
            None
        };
        exact.or(anywhere).or(only).map(|(_, list)| *list)
    }

    /// Where a table sends a packet for an address (facts 7.3).
    pub fn way(&self, table: &RouteTable, address: IpAddr) -> Way {
        let home = self.region_of_vpc(&table.vpc_id);
        let mut holding: Vec<(IpNet, Sort, bool, Target)> = Vec::new();
        for route in table
            .routes
            .iter()
            .filter(|route| route.state.as_deref() != Some("filtered"))
        {
            let (target, hole) = (
                self.target(route),
                route.state.as_deref() == Some("blackhole"),
            );
            let cidr = cidr_of(route);
            let blocks = match (cidr, &route.destination_prefix_list_id) {
                (Some(cidr), _) => vec![net(cidr)],
                (None, Some(id)) => {
                    let list = self.list(id, home.as_deref());
                    match list.and_then(blocks_of) {
                        Some(blocks) => blocks,
                        None => {
                            // AWS's own lists have no private addresses, and only gateway endpoints are sure to be led to by them.
                            let of_aws = list.is_some_and(|list| service_of_list(list).is_some())
                                || matches!(target, Target::GatewayEndpoint(_));
                            if of_aws && private(address) {
                                continue;
                            }
                            return Way::UnknownList;
                        }
                    }
                }
                (None, None) => return Way::UnknownList,
            };
            let sort = sort_of(route);
            holding.extend(
                blocks
                    .into_iter()
                    .filter(|block| block.contains(&address))
                    .map(|block| (block, sort, hole, target.clone())),
            );
        }
        let Some(longest) = holding.iter().map(|(block, ..)| block.prefix_len()).max() else {
            return Way::NoRoute;
        };
        let best = holding
            .iter()
            .filter(|(block, ..)| block.prefix_len() == longest)
            .map(|(_, sort, ..)| *sort)
            .min()
            .unwrap();
        let winners: Vec<_> = holding
            .iter()
            .filter(|(block, sort, ..)| block.prefix_len() == longest && *sort == best)
            .collect();
        let (_, _, hole, target) = winners[0];
        let alike = winners
            .iter()
            .all(|(_, _, other_hole, other)| (other_hole, other) == (hole, target));
        // "If prefix lists overlap with different targets, one is picked at random", whatever their lengths.
        let lists_agree = best != Sort::List
            || holding
                .iter()
                .filter(|(_, sort, ..)| *sort == Sort::List)
                .all(|(_, _, _, other)| other == target);
        let learnt_inside_local =
            best == Sort::Learnt && holding.iter().any(|(_, sort, ..)| *sort == Sort::Local);
        if !alike || !lists_agree || learnt_inside_local {
            Way::Ambiguous
        } else if *hole {
            Way::Blackhole
        } else {
            Way::To(target.clone())
        }
    }

    /// Whether a route of a table is of a /8 (IPv4) or /16 (IPv6) at most and holds the address, and such routes to its target are of
    /// three /8 of public IPv4 at most.
    pub fn is_specific(&self, table: &RouteTable, address: IpAddr) -> bool {
        let home = self.region_of_vpc(&table.vpc_id);
        let mut told: Vec<(IpNet, Target)> = Vec::new();
        for route in &table.routes {
            let blocks = match (cidr_of(route), &route.destination_prefix_list_id) {
                (Some(cidr), _) => vec![net(cidr)],
                (None, Some(id)) => self
                    .list(id, home.as_deref())
                    .and_then(blocks_of)
                    .unwrap_or_default(),
                (None, None) => Vec::new(),
            };
            let filtered = route.state.as_deref() == Some("filtered");
            for block in blocks.into_iter().filter(|_| !filtered) {
                let enough = if block.addr().is_ipv4() { 8 } else { 16 };
                if block.prefix_len() >= enough {
                    told.push((block, self.target(route)));
                }
            }
        }
        let size = |block: &IpNet| 1_u64 << (32 - block.prefix_len());
        let few = |target: &Target| {
            let same = told.iter().filter(|(_, other)| other == target);
            let blocks = same.map(|(block, _)| block);
            let public = blocks.filter(|block| block.addr().is_ipv4() && !private(block.network()));
            public.map(size).sum::<u64>() <= 3 << 24
        };
        told.iter()
            .any(|(block, target)| block.contains(&address) && few(target))
    }

    fn target(&self, route: &Route) -> Target {
        if let Some(id) = &route.nat_gateway_id {
            return Target::Nat(id.clone());
        }
        if let Some(id) = &route.transit_gateway_id {
            return Target::TransitGateway(id.clone());
        }
        if let Some(id) = &route.vpc_peering_connection_id {
            return Target::Peering(id.clone());
        }
        if let Some(id) = &route.network_interface_id {
            return Target::Appliance(id.clone());
        }
        if let Some(id) = route
            .egress_only_internet_gateway_id
            .as_ref()
            .or(route.carrier_gateway_id.as_ref())
        {
            return Target::Internet(id.clone());
        }
        if let Some(id) = &route.local_gateway_id {
            return Target::LocalGateway(id.clone());
        }
        if let Some(id) = &route.core_network_arn {
            return Target::CloudWan(id.clone());
        }
        let Some(id) = &route.gateway_id else {
            return Target::Strange;
        };
        if id == "local" {
            Target::Local
        } else if id.starts_with("igw-") {
            Target::Internet(id.clone())
        } else if id.starts_with("vgw-") {
            Target::Vpn(id.clone())
        } else if id.starts_with("vpce-") {
            let endpoint = self
                .answers
                .vpc_endpoints
                .iter()
                .find(|one| one.vpc_endpoint_id == *id);
            let by_list = route.destination_prefix_list_id.is_some();
            let gateway = match endpoint {
                Some(one) => match one.vpc_endpoint_type.as_deref() {
                    Some(word) => word == "Gateway",
                    None => !one.route_table_ids.is_empty(),
                },
                None => by_list,
            };
            if gateway {
                Target::GatewayEndpoint(id.clone())
            } else {
                Target::Appliance(id.clone())
            }
        } else {
            Target::Strange
        }
    }
}

/// What sort of route, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Local,
    Static,
    List,
    Learnt,
}

fn sort_of(route: &Route) -> Sort {
    if route.gateway_id.as_deref() == Some("local") {
        Sort::Local
    } else if route.destination_prefix_list_id.is_some() {
        Sort::List
    } else if matches!(
        route.origin.as_deref(),
        Some("EnableVgwRoutePropagation" | "Advertisement")
    ) {
        Sort::Learnt
    } else {
        Sort::Static
    }
}

fn blocks_of(list: &PrefixList) -> Option<Vec<IpNet>> {
    if list.cidrs.is_none() && list.entries.is_none() {
        return None;
    }
    let entries = list.entries.iter().flatten().map(|entry| &entry.cidr);
    Some(
        list.cidrs
            .iter()
            .flatten()
            .chain(entries)
            .map(|cidr| net(cidr))
            .collect(),
    )
}

fn service_of_list(list: &PrefixList) -> Option<String> {
    let name = list
        .prefix_list_name
        .as_deref()
        .filter(|name| name.starts_with("com.amazonaws."))?;
    service_of_name(name)
}
