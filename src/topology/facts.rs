//! What the describe calls tell of a network and no path rests on: names, tags, zones, states, groups, policies.
//!
//! In: a [`Snapshot`]. Out: [`Facts`], plain lists in the order of their ids. Ids and CIDRs stand as AWS wrote them, a time is Unix
//! seconds, and what the answers do not tell is `None` or empty, never a guess.

use crate::topology::compiler::time_of;
use crate::topology::describe::{self, Tag};
use crate::topology::facts_of_groups::{SecurityGroup, security_groups};
use crate::topology::facts_of_routes::{RouteTable, route_tables};
use crate::topology::snapshot::Snapshot;

/// One snapshot's facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The file or folder that it was read from.
    pub source: String,
    /// The account, if the document says so.
    pub account_id: Option<String>,
    /// The Region, if the document says so.
    pub region: Option<String>,
    /// When it was taken, in Unix seconds, if the document says so.
    pub captured_s: Option<i64>,
    /// describe-network-interfaces
    pub interfaces: Vec<Interface>,
    /// describe-subnets
    pub subnets: Vec<Subnet>,
    /// describe-route-tables
    pub route_tables: Vec<RouteTable>,
    /// describe-vpc-endpoints
    pub endpoints: Vec<Endpoint>,
    /// describe-nat-gateways, deleted ones too.
    pub nat_gateways: Vec<NatGateway>,
    /// describe-prefix-lists, describe-managed-prefix-lists
    pub prefix_lists: Vec<PrefixList>,
    /// describe-security-groups; empty if the topology does not have them.
    pub security_groups: Vec<SecurityGroup>,
}

/// A tag: key, value.
pub type Label = (String, String);

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are AWS's, named and documented by AWS"
)]
pub struct Interface {
    pub id: String,
    /// AWS's word; `interface` if the answer has none.
    pub interface_type: String,
    pub description: Option<String>,
    pub tags: Vec<Label>,
    pub vpc_id: Option<String>,
    pub subnet_id: Option<String>,
    /// `us-east-1a`
    pub zone: Option<String>,
    /// `use1-az6`: the same place in every account.
    pub zone_id: Option<String>,
    pub owner_id: Option<String>,
    pub instance_id: Option<String>,
    pub requester_managed: Option<bool>,
    pub status: Option<String>,
    /// IPv4 and IPv6, secondary ones too, delegated blocks as CIDRs; in AWS's order.
    pub private_addresses: Vec<String>,
    /// Public and carrier addresses that stand for private ones.
    pub public_addresses: Vec<String>,
    pub security_groups: Vec<String>,
}

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are AWS's, named and documented by AWS"
)]
pub struct Subnet {
    pub id: String,
    pub vpc_id: String,
    pub cidr: Option<String>,
    pub ipv6_cidrs: Vec<String>,
    pub zone: Option<String>,
    pub zone_id: Option<String>,
    pub tags: Vec<Label>,
    /// The table in force: its own, else its VPC's main one.
    pub route_table: Option<String>,
    /// Whether that is the VPC's main table, for want of its own.
    pub by_main_table: bool,
}

/// What an endpoint's policy lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointPolicy {
    /// Everybody, everything: AWS's default.
    FullAccess,
    /// Anything else, even if it comes to the same.
    Custom,
    /// The answer has none, or none that can be read.
    NotTold,
}

impl EndpointPolicy {
    /// The word for it in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            EndpointPolicy::FullAccess => "full-access",
            EndpointPolicy::Custom => "custom",
            EndpointPolicy::NotTold => "not-told",
        }
    }
}

/// A VPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are AWS's, named and documented by AWS"
)]
pub struct Endpoint {
    pub id: String,
    pub endpoint_type: Option<String>,
    pub vpc_id: Option<String>,
    /// `com.amazonaws.us-east-1.s3`
    pub service_name: Option<String>,
    pub service_region: Option<String>,
    pub state: Option<String>,
    pub private_dns: Option<bool>,
    /// Whether the private name is answered to resolver endpoints only, not in the VPC itself.
    pub private_dns_for_inbound_only: Option<bool>,
    pub subnets: Vec<String>,
    pub interfaces: Vec<String>,
    pub route_tables: Vec<String>,
    pub security_groups: Vec<String>,
    pub policy: EndpointPolicy,
    /// Zones of its subnets, sorted, each once.
    pub zones: Vec<String>,
    pub created_s: Option<i64>,
    pub tags: Vec<Label>,
}

/// A NAT gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are AWS's, named and documented by AWS"
)]
pub struct NatGateway {
    pub id: String,
    pub state: Option<String>,
    /// `public` or `private`
    pub connectivity: Option<String>,
    /// `zonal` or `regional`
    pub mode: Option<String>,
    pub vpc_id: Option<String>,
    pub subnet_id: Option<String>,
    /// The zone of its subnet; a regional gateway has none of its own.
    pub zone: Option<String>,
    /// The table of a regional gateway itself.
    pub route_table: Option<String>,
    pub private_addresses: Vec<String>,
    pub public_addresses: Vec<String>,
    pub interfaces: Vec<String>,
    pub created_s: Option<i64>,
    pub failure: Option<String>,
    pub tags: Vec<Label>,
}

/// A prefix list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are AWS's, named and documented by AWS"
)]
pub struct PrefixList {
    pub id: String,
    pub name: Option<String>,
    /// `None`: the topology does not give them.
    pub cidrs: Option<Vec<String>>,
}

/// The value of the tag `Name`.
pub fn name_of(tags: &[Label]) -> Option<&str> {
    let name = tags.iter().find(|(key, _)| key == "Name");
    name.map(|(_, value)| value.as_str())
}

impl Facts {
    /// What a snapshot's answers tell.
    pub fn of(snapshot: &Snapshot) -> Facts {
        let answers = &snapshot.answers;
        let mut facts = Facts {
            source: snapshot.report.source.clone(),
            account_id: snapshot.report.account_id.clone(),
            region: snapshot.report.region.clone(),
            captured_s: snapshot.captured_s,
            route_tables: route_tables(answers),
            prefix_lists: prefix_lists(answers),
            security_groups: security_groups(answers),
            ..Facts::default()
        };
        facts.subnets = answers
            .subnets
            .iter()
            .map(|raw| subnet(raw, &facts.route_tables))
            .collect();
        facts.subnets.sort_by(|a, b| a.id.cmp(&b.id));
        facts.interfaces = answers
            .network_interfaces
            .iter()
            .map(|raw| {
                interface(
                    raw,
                    answers.endpoint_of(&raw.network_interface_id),
                    &facts.subnets,
                )
            })
            .collect();
        facts.interfaces.sort_by(|a, b| a.id.cmp(&b.id));
        facts.endpoints = answers
            .vpc_endpoints
            .iter()
            .map(|raw| endpoint(raw, &facts.subnets))
            .collect();
        facts.endpoints.sort_by(|a, b| a.id.cmp(&b.id));
        facts.nat_gateways = answers
            .nat_gateways
            .iter()
            .map(|raw| nat_gateway(raw, &facts.subnets))
            .collect();
        facts.nat_gateways.sort_by(|a, b| a.id.cmp(&b.id));
        facts
    }

    /// The subnet with this id.
    pub fn subnet(&self, id: &str) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| subnet.id == id)
    }

    /// The route table with this id.
    pub fn route_table(&self, id: &str) -> Option<&RouteTable> {
        self.route_tables.iter().find(|table| table.id == id)
    }

    /// The security group with this id, if the topology has it.
    pub fn security_group(&self, id: &str) -> Option<&SecurityGroup> {
        self.security_groups.iter().find(|group| group.id == id)
    }
}

pub(super) fn labels(tags: &[Tag]) -> Vec<Label> {
    tags.iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect()
}

fn group_ids(groups: &[describe::GroupId]) -> Vec<String> {
    groups
        .iter()
        .filter_map(|group| group.group_id.clone())
        .collect()
}

fn subnet(raw: &describe::Subnet, tables: &[RouteTable]) -> Subnet {
    let own = tables.iter().find(|table| table.names(&raw.subnet_id));
    let main = || {
        let of_vpc = |table: &&RouteTable| table.main && table.vpc_id == raw.vpc_id;
        tables.iter().find(of_vpc)
    };
    Subnet {
        id: raw.subnet_id.clone(),
        vpc_id: raw.vpc_id.clone(),
        cidr: raw.cidr_block.clone(),
        ipv6_cidrs: raw
            .ipv6_cidr_block_association_set
            .iter()
            .filter_map(|association| association.ipv6_cidr_block.clone())
            .collect(),
        zone: raw.availability_zone.clone(),
        zone_id: raw.availability_zone_id.clone(),
        tags: labels(&raw.tags),
        by_main_table: own.is_none() && main().is_some(),
        route_table: own.or_else(main).map(|table| table.id.clone()),
    }
}

fn in_subnet<'s>(subnets: &'s [Subnet], id: Option<&str>) -> Option<&'s Subnet> {
    let id = id?;
    subnets.iter().find(|subnet| subnet.id == id)
}

fn interface(
    raw: &describe::NetworkInterface,
    endpoint: Option<&describe::VpcEndpoint>,
    subnets: &[Subnet],
) -> Interface {
    let subnet = in_subnet(subnets, raw.subnet_id.as_deref());
    let zone = |subnet: &Subnet| subnet.zone.clone();
    let zone_id = |subnet: &Subnet| subnet.zone_id.clone();
    let mut private: Vec<String> = Vec::new();
    let listed = raw
        .private_ip_addresses
        .iter()
        .filter_map(|one| one.private_ip_address.clone());
    let ipv6 = raw
        .ipv6_addresses
        .iter()
        .filter_map(|one| one.ipv6_address.clone());
    let of_endpoint = endpoint
        .into_iter()
        .flat_map(|endpoint| endpoint.blocks_in(raw.subnet_id.as_deref()));
    let blocks = raw.blocks().chain(of_endpoint).map(str::to_owned);
    let all = raw.private_ip_address.clone().into_iter().chain(listed);
    for address in all.chain(ipv6).chain(blocks) {
        if !private.contains(&address) {
            private.push(address);
        }
    }
    let associations = raw
        .private_ip_addresses
        .iter()
        .filter_map(|one| one.association.as_ref());
    let mut public: Vec<String> = Vec::new();
    for association in raw.association.iter().chain(associations) {
        for address in association.public_ip.iter().chain(&association.carrier_ip) {
            if !public.contains(address) {
                public.push(address.clone());
            }
        }
    }
    let attachment = raw.attachment.0.as_ref();
    Interface {
        id: raw.network_interface_id.clone(),
        interface_type: raw
            .interface_type
            .clone()
            .unwrap_or_else(|| "interface".to_owned()),
        description: raw.description.clone(),
        tags: labels(&raw.tag_set),
        vpc_id: raw.vpc_id.clone(),
        subnet_id: raw.subnet_id.clone(),
        zone: raw
            .availability_zone
            .0
            .clone()
            .or_else(|| subnet.and_then(zone)),
        zone_id: raw
            .availability_zone_id
            .0
            .clone()
            .or_else(|| subnet.and_then(zone_id)),
        owner_id: raw.owner_id.clone(),
        instance_id: attachment.and_then(|attachment| attachment.instance_id.clone()),
        requester_managed: raw.requester_managed.0,
        status: raw.status.clone(),
        private_addresses: private,
        public_addresses: public,
        security_groups: group_ids(&raw.groups.0),
    }
}

fn endpoint(raw: &describe::VpcEndpoint, subnets: &[Subnet]) -> Endpoint {
    let mut zones: Vec<String> = raw
        .subnet_ids
        .iter()
        .filter_map(|id| in_subnet(subnets, Some(id))?.zone.clone())
        .collect();
    zones.sort();
    zones.dedup();
    let dns = raw.dns_options.0.as_ref();
    Endpoint {
        id: raw.vpc_endpoint_id.clone(),
        endpoint_type: raw.vpc_endpoint_type.clone(),
        vpc_id: raw.vpc_id.clone(),
        service_name: raw.service_name.clone(),
        service_region: raw.service_region.clone(),
        state: raw.state.clone(),
        private_dns: raw.private_dns_enabled.0,
        private_dns_for_inbound_only: dns
            .and_then(|dns| dns.private_dns_only_for_inbound_resolver_endpoint),
        subnets: raw.subnet_ids.clone(),
        interfaces: raw.network_interface_ids.clone(),
        route_tables: raw.route_table_ids.clone(),
        security_groups: group_ids(&raw.groups.0),
        policy: policy_of(raw.policy_document.0.as_deref()),
        zones,
        created_s: raw.creation_timestamp.0.as_ref().and_then(time_of),
        tags: labels(&raw.tags.0),
    }
}

fn nat_gateway(raw: &describe::NatGateway, subnets: &[Subnet]) -> NatGateway {
    let addresses = &raw.nat_gateway_addresses;
    let texts = |of: fn(&describe::NatGatewayAddress) -> Option<&String>| {
        addresses.iter().filter_map(of).cloned().collect()
    };
    NatGateway {
        id: raw.nat_gateway_id.clone(),
        state: raw.state.clone(),
        connectivity: raw.connectivity_type.clone(),
        mode: raw.availability_mode.clone(),
        vpc_id: raw.vpc_id.clone(),
        subnet_id: raw.subnet_id.clone(),
        zone: in_subnet(subnets, raw.subnet_id.as_deref()).and_then(|subnet| subnet.zone.clone()),
        route_table: raw.route_table_id.clone(),
        private_addresses: texts(|address| address.private_ip.as_ref()),
        public_addresses: texts(|address| address.public_ip.as_ref()),
        interfaces: texts(|address| address.network_interface_id.as_ref()),
        created_s: raw.create_time.0.as_ref().and_then(time_of),
        failure: raw.failure_message.0.clone(),
        tags: labels(&raw.tags.0),
    }
}

/// Every list once: describe-managed-prefix-lists knows AWS's own without their CIDRs.
fn prefix_lists(answers: &describe::Answers) -> Vec<PrefixList> {
    let mut lists: Vec<PrefixList> = Vec::new();
    for raw in answers
        .prefix_lists
        .iter()
        .chain(&answers.managed_prefix_lists)
    {
        let told = raw.cidrs.is_some() || raw.entries.is_some();
        let entries = raw.entries.iter().flatten().map(|entry| entry.cidr.clone());
        let cidrs: Vec<String> = raw.cidrs.iter().flatten().cloned().chain(entries).collect();
        let list = PrefixList {
            id: raw.prefix_list_id.clone(),
            name: raw.prefix_list_name.clone(),
            cidrs: told.then_some(cidrs),
        };
        let known = |known: &&mut PrefixList| (&known.id, &known.name) == (&list.id, &list.name);
        match lists.iter_mut().find(known) {
            Some(known) if known.cidrs.is_none() => *known = list,
            Some(_) => {}
            None => lists.push(list),
        }
    }
    lists.sort_by(|a, b| (&a.id, &a.name).cmp(&(&b.id, &b.name)));
    lists
}

/// Full access is one statement that allows everybody everything without a condition, and none that denies.
fn policy_of(document: Option<&str>) -> EndpointPolicy {
    let parsed = document.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let Some(statements) = parsed.as_ref().and_then(|policy| policy.get("Statement")) else {
        return EndpointPolicy::NotTold;
    };
    let one = std::slice::from_ref(statements);
    let statements = statements.as_array().map_or(one, Vec::as_slice);
    let any = |value: Option<&serde_json::Value>| {
        value.is_some_and(|value| {
            let list = value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice);
            list.iter().any(|word| word == "*")
        })
    };
    let open = |statement: &serde_json::Value| {
        let principal = statement.get("Principal");
        let everybody = any(principal) || any(principal.and_then(|of| of.get("AWS")));
        statement
            .get("Effect")
            .is_some_and(|effect| effect == "Allow")
            && everybody
            && any(statement.get("Action"))
            && any(statement.get("Resource"))
            && statement.get("Condition").is_none()
    };
    let denies = |statement: &serde_json::Value| {
        statement
            .get("Effect")
            .is_some_and(|effect| effect != "Allow")
    };
    if statements.iter().any(open) && !statements.iter().any(denies) {
        EndpointPolicy::FullAccess
    } else {
        EndpointPolicy::Custom
    }
}
