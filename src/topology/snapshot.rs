//! One account and Region at one time, compiled for lookups.
//!
//! In: [`Answers`] and what stands beside them. Out: interfaces, VPCs, subnets, tables, gateways by symbol.

use crate::model::address::{Address, Block};
use crate::model::evidence::TopologyReport;
use crate::model::format::Format;
use crate::model::map::Map;
use crate::model::symbol::Sym;
use crate::topology::describe::{Answers, MissingCall};
use crate::topology::routes::Table;

/// What an interface is for, as far as it matters to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InterfaceKind {
    /// A host's, a load balancer's, a function's.
    Plain,
    /// Of an interface, resource or service-network endpoint: its id.
    Endpoint(Sym),
    /// Of a Gateway Load Balancer or firewall endpoint: its id.
    ApplianceEndpoint(Sym),
    /// Of a NAT gateway: its id.
    Nat(Sym),
    /// Of a transit gateway's attachment: the gateway's id, if the attachment is known.
    TransitGateway(Sym),
    /// A host's, and a route leads to it: NAT instance, appliance.
    RouteTarget,
}

/// An interface.
#[derive(Clone, Debug)]
pub struct Interface {
    /// `eni-…`
    pub id: Sym,
    /// What it is for.
    pub kind: InterfaceKind,
    /// AWS's word for its type.
    pub type_name: String,
    /// Its VPC.
    pub vpc: Sym,
    /// Its subnet.
    pub subnet: Sym,
    /// Its own addresses, IPv4 and IPv6, secondary ones too.
    pub addresses: Vec<Address>,
    /// Blocks delegated to it, or to its endpoint in its subnet.
    pub prefixes: Vec<Block>,
    /// Whether the internet can reach it by IPv4, as far as addresses go: it has a public one.
    pub public: bool,
    /// Whether AWS drops what an internet gateway would bring to it (`DenyAllIgwTraffic`, facts 7.8).
    pub shut: bool,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Interface {
    /// Whether the address is one of its own.
    pub fn owns(&self, address: Address) -> bool {
        self.addresses.contains(&address)
            || self.prefixes.iter().any(|block| block.contains(address))
    }
}

/// A VPC.
#[derive(Clone, Debug)]
pub struct Vpc {
    /// `vpc-…`
    pub id: Sym,
    /// Its Region, if anything tells.
    pub region: Option<String>,
    /// Its CIDRs, IPv4 and IPv6, secondary ones too.
    pub blocks: Vec<Block>,
    /// Its main table.
    pub main_table: Option<usize>,
    /// Its interfaces by address.
    pub by_address: Map<Address, usize>,
    /// Its interfaces by delegated block.
    pub by_prefix: Vec<(Block, usize)>,
    /// Its subnets.
    pub subnets: Vec<Sym>,
}

impl Vpc {
    /// Whether the address is in its CIDRs.
    pub fn contains(&self, address: Address) -> bool {
        self.blocks.iter().any(|block| block.contains(address))
    }

    /// The interface that has the address.
    pub fn owner(&self, address: Address) -> Option<usize> {
        let delegated = || {
            self.by_prefix
                .iter()
                .find(|(block, _)| block.contains(address))
                .map(|(_, index)| *index)
        };
        self.by_address.get(&address).copied().or_else(delegated)
    }
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Its VPC.
    pub vpc: Sym,
    /// Its CIDRs.
    pub blocks: Vec<Block>,
    /// The table that it names itself; else the VPC's main one counts.
    pub table: Option<usize>,
}

/// The type of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointKind {
    /// Interface, resource, service network: the way ends at its interfaces.
    Interface,
    /// Gateway.
    Gateway,
    /// Gateway Load Balancer, Network Firewall, or a type that AWS added since: nobody knows what lies behind.
    Appliance,
}

/// An endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its type.
    pub kind: EndpointKind,
    /// Its VPC.
    pub vpc: Sym,
    /// Its service, in normal form.
    pub service: Sym,
    /// Subnets with an interface of it.
    pub subnets: Vec<Sym>,
}

/// A NAT gateway.
#[derive(Clone, Debug)]
pub struct Nat {
    /// Its VPC.
    pub vpc: Sym,
    /// Its subnet; none if regional.
    pub subnet: Sym,
    /// A regional gateway's own table.
    pub table: Option<usize>,
    /// Its addresses, private and public.
    pub addresses: Vec<Address>,
}

/// One side of a peering.
#[derive(Clone, Debug)]
pub struct PeeringSide {
    /// Its VPC.
    pub vpc: Sym,
    /// Its CIDRs, as the peering tells them.
    pub blocks: Vec<Block>,
}

/// A transit gateway's attachment to a VPC.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The gateway.
    pub gateway: Sym,
    /// The VPC.
    pub vpc: Sym,
}

/// A prefix list.
#[derive(Clone, Debug)]
pub struct PrefixList {
    /// `pl-…`; the same id means different lists in different Regions.
    pub id: Sym,
    /// Its Region, if anything tells.
    pub region: Option<String>,
    /// The service, if it is one of AWS's lists.
    pub service: Sym,
    /// Its blocks; `None` if the topology does not give them.
    pub blocks: Option<Vec<Block>>,
}

/// A flow log, as DescribeFlowLogs tells it.
#[derive(Clone, Debug)]
pub struct FlowLog {
    /// `fl-…`
    pub id: String,
    /// `vpc-…`, `subnet-…`, `eni-…`, `tgw-…`, `nat-…`
    pub resource: Sym,
    /// Why its records may not be all there are; empty if nothing is wrong.
    pub defects: Vec<String>,
    /// Seconds between records of a silent interface, at most.
    pub aggregation_s: i64,
    /// When it was made.
    pub created_s: Option<i64>,
    /// Where it writes to: `log group NAME` or an ARN, as far as it is told.
    pub destination: Option<String>,
    /// The CloudWatch log group that it writes to, by name.
    pub group: Option<String>,
    /// Its format.
    pub format: Option<Format>,
}

/// One account and Region at one time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What it was read from.
    pub report: TopologyReport,
    /// When it was taken, if it says so.
    pub captured_s: Option<i64>,
    /// The answers as they were, for whoever wants to look again.
    pub answers: Answers,
    /// All interfaces.
    pub interfaces: Vec<Interface>,
    /// Interfaces by id.
    pub interface_by_id: Map<Sym, usize>,
    /// VPCs by id.
    pub vpcs: Map<Sym, Vpc>,
    /// Subnets by id.
    pub subnets: Map<Sym, Subnet>,
    /// Route tables.
    pub tables: Vec<Table>,
    /// Endpoints by id.
    pub endpoints: Map<Sym, Endpoint>,
    /// NAT gateways by id.
    pub nats: Map<Sym, Nat>,
    /// Peerings by id: requester, accepter.
    pub peerings: Map<Sym, [PeeringSide; 2]>,
    /// Attachments.
    pub attachments: Vec<Attachment>,
    /// Prefix lists.
    pub prefix_lists: Vec<PrefixList>,
    /// Flow logs; `None` if the topology does not tell them.
    pub flow_logs: Option<Vec<FlowLog>>,
}

impl Snapshot {
    /// The table of a subnet: its own, else its VPC's main one.
    pub fn table_of(&self, subnet: Sym) -> Option<&Table> {
        let subnet = self.subnets.get(&subnet)?;
        let index = subnet
            .table
            .or_else(|| self.vpcs.get(&subnet.vpc)?.main_table)?;
        self.tables.get(index)
    }

    /// The interface with this id.
    pub fn interface(&self, id: Sym) -> Option<&Interface> {
        self.interface_by_id
            .get(&id)
            .map(|index| &self.interfaces[*index])
    }

    /// The interface of a VPC that has the address.
    pub fn owner(&self, vpc: Sym, address: Address) -> Option<&Interface> {
        self.vpcs
            .get(&vpc)?
            .owner(address)
            .map(|index| &self.interfaces[index])
    }

    /// The calls that could not be made for it, and that this obligation rests on.
    pub fn missing_for(&self, obligation: &str) -> impl Iterator<Item = &MissingCall> {
        let calls = self.answers.missing.iter();
        calls.filter(move |call| call.obligation() == Some(obligation))
    }

    /// Whether the other says the same of everything but flow logs and security groups. What one lacks weighs by itself.
    pub fn same_network(&self, other: &Snapshot) -> bool {
        let network = |answers: &Answers| Answers {
            flow_logs: Vec::new(),
            security_groups: Vec::new(),
            missing: Vec::new(),
            ..answers.clone()
        };
        network(&self.answers) == network(&other.answers)
    }

    /// AWS's service whose prefix list of this Region has the address.
    pub fn listed_service(&self, region: Option<&str>, address: Address) -> Sym {
        let of_region = |list: &&PrefixList| {
            list.service.is_some() && (list.region.is_none() || list.region.as_deref() == region)
        };
        self.prefix_lists
            .iter()
            .filter(of_region)
            .find(|list| {
                list.blocks
                    .iter()
                    .flatten()
                    .any(|block| block.contains(address))
            })
            .map_or(Sym::NONE, |list| list.service)
    }
}
