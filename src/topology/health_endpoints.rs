//! What is not in order with a VPC's endpoints.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::address::{Address, Block};
use crate::model::survey::Level;
use crate::topology::facts::{Endpoint, EndpointPolicy, Interface};
use crate::topology::facts_of_groups::{Ingress, SecurityGroup};
use crate::topology::health::{Look, word};
use crate::topology::routes::Lookup;
use crate::topology::service::{region_of_name, service_of_name};

/// The port of AWS's own services.
const HTTPS: i64 = 443;

/// Whether something is let in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Admitted {
    No,
    NotKnown,
    Yes,
}

impl Endpoint {
    fn is_gateway(&self) -> bool {
        self.endpoint_type.as_deref() == Some("Gateway")
            || (self.endpoint_type.is_none() && !self.route_tables.is_empty())
    }

    fn is_interface(&self) -> bool {
        matches!(self.endpoint_type.as_deref(), Some("Interface"))
            || (self.endpoint_type.is_none() && !self.is_gateway())
    }

    /// The service in normal form; empty if it has no name.
    fn service(&self) -> String {
        let name = self.service_name.as_deref().and_then(service_of_name);
        name.unwrap_or_default()
    }

    /// Whether the service is one of AWS's, which listen at 443 and have a public name that private DNS can take over.
    fn is_of_aws(&self) -> bool {
        let service = self.service();
        !service.is_empty() && !service.starts_with("vpce-svc-")
    }

    fn is_available(&self) -> bool {
        let state = self.state.as_deref();
        state.is_none_or(|state| state.eq_ignore_ascii_case("available"))
    }
}

impl<'w> Look<'w> {
    pub(super) fn endpoints(&mut self) {
        let here = self.facts.endpoints.iter();
        let here: Vec<&Endpoint> = here
            .filter(|one| one.vpc_id.as_deref() == Some(self.vpc))
            .filter(|one| one.state.as_deref() != Some("deleted"))
            .collect();
        for endpoint in &here {
            self.not_available(endpoint);
            self.private_dns(endpoint, &here);
            self.zones(endpoint);
            self.policy(endpoint);
            self.other_region(endpoint);
            self.associations(endpoint, &here);
            self.not_told(endpoint);
        }
        self.groups(&here);
        self.duplicates(&here);
    }

    fn not_available(&mut self, endpoint: &Endpoint) {
        if endpoint.is_available() {
            return;
        }
        let state = endpoint.state.as_deref().unwrap_or_default();
        let service = endpoint.service();
        self.find(
            (Level::Problem, "endpoint-not-available"),
            &endpoint.id,
            format!("the endpoint of {service} is in the state {state}"),
            "traffic that it is there for fails, or takes the way that is left",
            self.command(
                "see what it waits for (pendingAcceptance: the service's owner must accept)",
                &format!(
                    "describe-vpc-endpoints --vpc-endpoint-ids {}",
                    word(&endpoint.id)
                ),
            ),
        );
    }

    fn private_dns(&mut self, endpoint: &Endpoint, here: &[&Endpoint]) {
        let twin = |other: &&Endpoint| other.is_gateway() && other.service() == endpoint.service();
        // With a gateway endpoint beside it, the public name is meant for that one.
        let beside_gateway = here.iter().any(twin);
        let off = endpoint.private_dns == Some(false);
        if !endpoint.is_interface() || !endpoint.is_of_aws() || !off || beside_gateway {
            return;
        }
        let service = endpoint.service();
        self.find(
            (Level::Problem, "endpoint-private-dns-off"),
            &endpoint.id,
            format!("private DNS of the endpoint of {service} is off"),
            "the service's usual name leads to its public addresses, past the endpoint and by whatever way the routes have to them",
            self.command(
                "turn it on, unless a zone of your own or the endpoint's own names do the same",
                &format!(
                    "modify-vpc-endpoint --vpc-endpoint-id {} --private-dns-enabled",
                    word(&endpoint.id)
                ),
            ),
        );
    }

    fn zones(&mut self, endpoint: &Endpoint) {
        if !endpoint.is_interface() || endpoint.zones.is_empty() {
            return;
        }
        let workloads = self.workloads();
        let busy: BTreeSet<&str> = workloads
            .iter()
            .filter_map(|one| one.zone.as_deref())
            .collect();
        let known = |zone: &&&str| !endpoint.zones.iter().any(|has| has == **zone);
        let lacking: Vec<&str> = busy.iter().filter(known).copied().collect();
        if lacking.is_empty() {
            return;
        }
        // One subnet a zone: AWS takes no more.
        let subnet_in = |zone: &&str| {
            let there = workloads.iter();
            let mut there = there.filter(|one| one.zone.as_deref() == Some(*zone));
            there
                .find_map(|one| one.subnet_id.as_deref())
                .map_or("SUBNET", word)
        };
        let subnets: Vec<&str> = lacking.iter().map(subnet_in).collect();
        let service = endpoint.service();
        self.find(
            (Level::Advice, "endpoint-zone-missing"),
            &endpoint.id,
            format!(
                "the endpoint of {service} has no interface in {}, where there are workloads",
                lacking.join(", ")
            ),
            "their traffic crosses zones, which costs, and is lost with the zone that the endpoint is in",
            self.command(
                "add a subnet of each",
                &format!(
                    "modify-vpc-endpoint --vpc-endpoint-id {} --add-subnet-ids {}",
                    word(&endpoint.id),
                    subnets.join(" ")
                ),
            ),
        );
    }

    fn policy(&mut self, endpoint: &Endpoint) {
        if endpoint.policy != EndpointPolicy::FullAccess || !endpoint.is_of_aws() {
            return;
        }
        let service = endpoint.service();
        self.find(
            (Level::Advice, "endpoint-policy-full-access"),
            &endpoint.id,
            format!("the policy of the endpoint of {service} lets everybody do everything"),
            "the way is private, but it leads to everybody's resources: data can leave through it to another account",
            self.command(
                "name your own accounts or resources",
                &format!(
                    "modify-vpc-endpoint --vpc-endpoint-id {} --policy-document file://policy.json",
                    word(&endpoint.id)
                ),
            ),
        );
    }

    /// Where the service is, against where the VPC is; and the Region in the service's name against the one beside it.
    fn other_region(&mut self, endpoint: &Endpoint) {
        let name = endpoint.service_name.as_deref().unwrap_or_default();
        let named = name.split('.').find_map(region_of_name);
        let told = endpoint.service_region.clone();
        let (Some(own), Some(of_service)) = (self.region, told.clone().or(named.clone())) else {
            return;
        };
        let contradicts = told.is_some() && named.is_some() && told != named;
        if of_service == own && !contradicts {
            return;
        }
        let message = match named.filter(|_| contradicts) {
            Some(named) => format!(
                "the service is called {name}, of {named}, and said to be in {of_service}; the VPC is in {own}"
            ),
            None => format!("the service {name} is in {of_service}, the VPC is in {own}"),
        };
        self.find(
            (Level::Advice, "endpoint-other-region"),
            &endpoint.id,
            message,
            "it carries traffic to that Region only; what is for the service in the VPC's own Region takes another way",
            "have an endpoint of the VPC's own Region too, if the service is used there".to_owned(),
        );
    }

    /// A gateway endpoint is there for the tables that it is associated with, and for no others.
    fn associations(&mut self, endpoint: &Endpoint, here: &[&Endpoint]) {
        if !endpoint.is_gateway() {
            return;
        }
        let service = endpoint.service();
        let busy = self.busy_subnets();
        let twins: Vec<&&Endpoint> = here
            .iter()
            .filter(|other| other.is_gateway() && other.service() == service)
            .collect();
        let tables: Vec<_> = self.tables().collect();
        for table in tables {
            let users: Vec<&str> = table
                .subnets
                .iter()
                .map(String::as_str)
                .filter(|subnet| busy.contains(subnet))
                .collect();
            let associated = twins.iter().any(|one| one.route_tables.contains(&table.id));
            if users.is_empty() || associated {
                continue;
            }
            let (level, why) = if self.leads_to(&table.id, &service) {
                (
                    Level::Problem,
                    "what these subnets send to the service passes the endpoint by, on the way that their table has to public addresses",
                )
            } else {
                (
                    Level::Advice,
                    "these subnets have no way to the service, and would take any that is added later",
                )
            };
            self.find(
                (level, "gateway-endpoint-not-associated"),
                &endpoint.id,
                format!(
                    "the gateway endpoint of {service} is not associated with {}, which {} uses",
                    table.id,
                    users.join(", ")
                ),
                why,
                self.command(
                    "add the association",
                    &format!(
                        "modify-vpc-endpoint --vpc-endpoint-id {} --add-route-table-ids {}",
                        word(&endpoint.id),
                        word(&table.id)
                    ),
                ),
            );
        }
    }

    /// Whether a table has any way to the service's listed addresses, or may have one.
    fn leads_to(&self, table: &str, service: &str) -> bool {
        let mut tables = self.snapshot.tables.iter();
        let Some(table) = tables.find(|one| self.symbols.name(one.id) == table) else {
            return true;
        };
        let lists = self.snapshot.prefix_lists.iter();
        let mut blocks = lists
            .filter(|list| self.symbols.name(list.service) == service)
            .flat_map(|list| list.blocks.iter().flatten())
            .peekable();
        let told = blocks.peek().is_some();
        let shut = |block: &Block| {
            matches!(
                table.lookup(block.first),
                Lookup::NoRoute | Lookup::Blackhole
            )
        };
        !told || !blocks.all(shut)
    }

    /// What the answer leaves out, and a finding would rest on.
    fn not_told(&mut self, endpoint: &Endpoint) {
        let aws_interface = endpoint.is_interface() && endpoint.is_of_aws();
        let lacking = [
            ("State", endpoint.state.is_none()),
            (
                "PrivateDnsEnabled",
                aws_interface && endpoint.private_dns.is_none(),
            ),
            (
                "Groups",
                aws_interface && endpoint.security_groups.is_empty(),
            ),
            (
                "PolicyDocument",
                endpoint.is_of_aws() && endpoint.policy == EndpointPolicy::NotTold,
            ),
        ];
        let lacking: Vec<&str> = lacking
            .iter()
            .filter(|(_, lacks)| *lacks)
            .map(|(key, _)| *key)
            .collect();
        if lacking.is_empty() {
            return;
        }
        self.find(
            (Level::NotKnown, "endpoint-not-told"),
            &endpoint.id,
            format!("the topology does not tell its {}", lacking.join(", ")),
            "whether that is in order cannot be said",
            self.command(
                "take the whole answer of",
                "describe-vpc-endpoints --output json",
            ),
        );
    }

    fn duplicates(&mut self, here: &[&Endpoint]) {
        let mut by_kind: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
        for endpoint in here.iter().filter(|one| !one.service().is_empty()) {
            let kind = endpoint.endpoint_type.clone().unwrap_or_default();
            let name = endpoint.service_name.clone().unwrap_or_default();
            by_kind.entry((kind, name)).or_default().push(&endpoint.id);
        }
        for ((kind, name), ids) in by_kind.iter().filter(|(_, ids)| ids.len() > 1) {
            self.find(
                (Level::Advice, "duplicate-endpoints"),
                ids[0],
                format!("{} endpoints of the type {kind} are for {name}: {}", ids.len(), ids.join(", ")),
                "policies, groups and associations must be kept alike in each, and only one of them can have the private name",
                "keep one, and delete the others when nothing goes through them any more".to_owned(),
            );
        }
    }

    // ---- security groups ----

    fn groups(&mut self, here: &[&Endpoint]) {
        let mut not_known: Vec<&str> = Vec::new();
        for endpoint in here {
            let asked = endpoint.is_interface() && endpoint.is_of_aws();
            if !asked || endpoint.security_groups.is_empty() {
                continue;
            }
            let mut shut: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
            let mut doubtful = false;
            for workload in self.workloads() {
                let admitted = self.admitted(endpoint, workload);
                doubtful |= admitted == Admitted::NotKnown;
                let subnet = workload.subnet_id.as_deref().unwrap_or("-");
                let (out, all) = shut.entry(subnet).or_default();
                *all += 1;
                *out += usize::from(admitted == Admitted::No);
            }
            if doubtful {
                not_known.push(&endpoint.id);
            }
            shut.retain(|_, (out, _)| *out > 0);
            let ids: Vec<&str> = shut.keys().copied().collect();
            let shut: Vec<String> = shut
                .iter()
                .map(|(subnet, (out, all))| format!("{subnet} ({out} of {all} interfaces)"))
                .collect();
            if !shut.is_empty() {
                self.shuts_out(endpoint, &ids, &shut);
            }
        }
        if !not_known.is_empty() {
            let vpc = self.vpc;
            self.find(
                (Level::NotKnown, "endpoint-groups-not-known"),
                vpc,
                format!(
                    "the topology does not tell the security groups, or prefix lists in them, of {}",
                    not_known.join(", ")
                ),
                "whether they admit the workloads on port 443 cannot be said",
                self.command(
                    "add the answer of",
                    "describe-security-groups --output json",
                ),
            );
        }
    }

    /// `ids`: the subnets; `subnets`: with how many of their interfaces.
    fn shuts_out(&mut self, endpoint: &Endpoint, ids: &[&str], subnets: &[String]) {
        let cidr = ids
            .first()
            .and_then(|id| self.facts.subnet(id)?.cidr.as_deref());
        let says = if ids.len() > 1 {
            "admit them, with a call for each subnet"
        } else {
            "admit them"
        };
        let service = endpoint.service();
        let group = endpoint
            .security_groups
            .first()
            .map_or("ID", String::as_str);
        self.find(
            (Level::Problem, "endpoint-group-shuts-out"),
            &endpoint.id,
            format!(
                "the security groups of the endpoint of {service} do not admit {} on port 443",
                subnets.join(", ")
            ),
            "they cannot use the endpoint: with private DNS their requests fail, without it they go another way",
            self.command(
                says,
                &format!(
                    "authorize-security-group-ingress --group-id {} --protocol tcp --port 443 --cidr {}",
                    word(group),
                    cidr.map_or("CIDR", word)
                ),
            ),
        );
    }

    /// Whether any of the endpoint's groups admits the workload at 443, by its first IPv4 address, else by its first.
    fn admitted(&self, endpoint: &Endpoint, workload: &Interface) -> Admitted {
        let parsed = workload.private_addresses.iter();
        let parsed: Vec<Address> = parsed
            .filter_map(|text| Address::parse(text.as_bytes()))
            .collect();
        let v4 = parsed.iter().find(|address| address.as_ipv4().is_some());
        let Some(address) = v4.or(parsed.first()) else {
            return Admitted::NotKnown;
        };
        let group = |id: &String| match self.facts.security_group(id) {
            Some(group) => self.group_admits(group, *address, workload),
            None => Admitted::NotKnown,
        };
        let groups = endpoint.security_groups.iter().map(group);
        groups.max().unwrap_or(Admitted::NotKnown)
    }

    fn group_admits(
        &self,
        group: &SecurityGroup,
        address: Address,
        workload: &Interface,
    ) -> Admitted {
        let rules = group.ingress.iter().filter(|rule| rule.admits_tcp(HTTPS));
        let admits = rules.map(|rule| self.rule_admits(rule, address, workload));
        admits.max().unwrap_or(Admitted::No)
    }

    fn rule_admits(&self, rule: &Ingress, address: Address, workload: &Interface) -> Admitted {
        let by_cidr = rule.cidrs.iter().any(|text| holds(text, address));
        let members = &workload.security_groups;
        let by_group = rule.groups.iter().any(|group| members.contains(group));
        if by_cidr || by_group {
            return Admitted::Yes;
        }
        // An interface whose groups are not told may be a member.
        let unknown_member = members.is_empty() && !rule.groups.is_empty();
        let of_list = |id: &String| {
            let mut lists = self.facts.prefix_lists.iter().filter(|list| list.id == *id);
            match lists.next().and_then(|list| list.cidrs.as_ref()) {
                Some(cidrs) if cidrs.iter().any(|text| holds(text, address)) => Admitted::Yes,
                Some(_) => Admitted::No,
                None => Admitted::NotKnown,
            }
        };
        let by_list = rule.prefix_lists.iter().map(of_list).max();
        let doubt = if unknown_member {
            Admitted::NotKnown
        } else {
            Admitted::No
        };
        by_list.unwrap_or(Admitted::No).max(doubt)
    }
}

fn holds(cidr: &str, address: Address) -> bool {
    let block = cidr.parse::<ipnet::IpNet>().ok().map(Block::from);
    block.is_some_and(|block| block.contains(address))
}
