//! What is not in order in a VPC, as the describe calls show it: routes and gateways here, endpoints in `health_endpoints`.
//!
//! In: a snapshot and its [`Facts`]. Out: [`Finding`]s, worst first. What the answers do not tell is said to be not known; nothing is
//! guessed. To add one: its id in [`FINDINGS`], a function that is called in [`findings`], a case in the tests with its negative, and
//! its row in docs/topology-check.md.

use std::collections::BTreeSet;

use crate::model::address::Block;
use crate::model::survey::{Finding, Level, SubnetShown};
use crate::model::symbol::{Sym, Symbols};
use crate::topology::facts::{Facts, Interface, name_of};
use crate::topology::facts_of_routes::{Route, RouteTable};
use crate::topology::routes::{Entry, Lookup, Rank};
use crate::topology::snapshot::{InterfaceKind, Snapshot};

/// Every finding, in the order of the documentation.
pub const FINDINGS: &[&str] = &[
    "endpoint-not-available",
    "endpoint-private-dns-off",
    "endpoint-group-shuts-out",
    "gateway-endpoint-not-associated",
    "blackhole-route",
    "nat-gateway-not-available",
    "overlapping-prefix-lists",
    "endpoint-zone-missing",
    "endpoint-policy-full-access",
    "endpoint-other-region",
    "duplicate-endpoints",
    "endpoint-groups-not-known",
    "endpoint-not-told",
];

/// One VPC under examination.
pub(super) struct Look<'w> {
    pub(super) symbols: &'w Symbols,
    pub(super) snapshot: &'w Snapshot,
    pub(super) facts: &'w Facts,
    pub(super) vpc: &'w str,
    pub(super) region: Option<&'w str>,
    pub(super) found: Vec<Finding>,
}

/// What is not in order in a VPC, worst first.
pub fn findings(symbols: &Symbols, snapshot: &Snapshot, facts: &Facts, vpc: Sym) -> Vec<Finding> {
    let known = snapshot.vpcs.get(&vpc);
    let mut look = Look {
        symbols,
        snapshot,
        facts,
        vpc: symbols.name(vpc),
        region: known.and_then(|vpc| vpc.region.as_deref()),
        found: Vec::new(),
    };
    look.endpoints();
    look.blackholes();
    look.nat_gateways();
    look.overlaps();
    look.found.sort();
    look.found.dedup();
    look.found
}

/// A subnet with its name and its workloads.
pub fn subnet_shown(symbols: &Symbols, snapshot: &Snapshot, facts: &Facts, id: Sym) -> SubnetShown {
    let text = symbols.name(id);
    let name = facts.subnet(text).and_then(|subnet| name_of(&subnet.tags));
    let interfaces = snapshot.interfaces.iter();
    SubnetShown {
        id: text.to_owned(),
        name: name.map(str::to_owned),
        workloads: interfaces
            .filter(|one| one.subnet == id && works(one.kind))
            .count(),
    }
}

/// Whether an interface is a workload's, and no endpoint's or gateway's.
fn works(kind: InterfaceKind) -> bool {
    matches!(kind, InterfaceKind::Plain | InterfaceKind::RouteTarget)
}

/// An id that may stand in a command, or a place to fill in: ids come from files that anybody may have written.
pub(super) fn word(id: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '.' | ':');
    if !id.is_empty() && id.chars().all(plain) {
        id
    } else {
        "ID"
    }
}

impl<'w> Look<'w> {
    /// What to do and the command that does it, in the VPC's Region where that is known: without it the caller's own would be asked.
    pub(super) fn command(&self, says: &str, command: &str) -> String {
        let region = self.region.filter(|region| word(region) == *region);
        let region = region.map_or_else(String::new, |region| format!(" --region {region}"));
        format!("{says}: aws ec2 {command}{region}")
    }

    pub(super) fn find(
        &mut self,
        (level, id): (Level, &'static str),
        resource: &str,
        message: String,
        why: &'static str,
        help: String,
    ) {
        self.found.push(Finding {
            level,
            id,
            resource: resource.to_owned(),
            message,
            why,
            help,
        });
    }

    /// The workloads' interfaces of the VPC.
    pub(super) fn workloads(&self) -> Vec<&'w Interface> {
        let (snapshot, symbols, vpc) = (self.snapshot, self.symbols, self.vpc);
        let workload = |id: &str| {
            let sym = symbols.find(id);
            let known = sym.and_then(|sym| snapshot.interface(sym));
            known.is_some_and(|known| works(known.kind))
        };
        let here = self.facts.interfaces.iter();
        here.filter(|one| one.vpc_id.as_deref() == Some(vpc) && workload(&one.id))
            .collect()
    }

    /// Subnets of the VPC in which there are workloads.
    pub(super) fn busy_subnets(&self) -> BTreeSet<&'w str> {
        let workloads = self.workloads();
        workloads
            .iter()
            .filter_map(|one| one.subnet_id.as_deref())
            .collect()
    }

    /// The VPC's tables.
    pub(super) fn tables(&self) -> impl Iterator<Item = &'w RouteTable> + use<'w> {
        let vpc = self.vpc;
        let tables = self.facts.route_tables.iter();
        tables.filter(move |table| table.vpc_id == vpc)
    }

    fn blackholes(&mut self) {
        for table in self.tables() {
            for route in table.routes.iter().filter(|route| route.is_blackhole()) {
                let users = users(table);
                let mut message = format!(
                    "the route to {} leads to {}, which is gone: what is for it is dropped, {users}",
                    self.destination(route),
                    target(route),
                );
                if let Some(wider) = wider(table, route) {
                    message += &format!(
                        "; without the route it would go by {} to {}",
                        wider.destination,
                        target(wider)
                    );
                }
                let level = if table.subnets.is_empty() {
                    Level::Advice
                } else {
                    Level::Problem
                };
                let flag = match route.destination.as_str() {
                    list if list.starts_with("pl-") => "--destination-prefix-list-id",
                    block if block.contains(':') => "--destination-ipv6-cidr-block",
                    _ => "--destination-cidr-block",
                };
                self.find(
                    (level, "blackhole-route"),
                    &table.id,
                    message,
                    "a blackhole wins over every wider route, so the traffic is lost; and when it is deleted in haste, the wider route takes over, which may be the way out",
                    self.command(
                        "lead it to a target that exists, or delete it",
                        &format!(
                            "delete-route --route-table-id {} {flag} {}",
                            word(&table.id),
                            word(&route.destination)
                        ),
                    ),
                );
            }
        }
    }

    /// A destination, with the service where it is one of AWS's lists.
    fn destination(&self, route: &Route) -> String {
        let of_list = |list: &&crate::topology::facts::PrefixList| list.id == route.destination;
        let list = self.facts.prefix_lists.iter().find(of_list);
        match list.and_then(|list| list.name.as_deref()) {
            Some(name) => format!("{} ({name})", route.destination),
            None => route.destination.clone(),
        }
    }

    fn nat_gateways(&mut self) {
        for nat in &self.facts.nat_gateways {
            let state = nat.state.as_deref().unwrap_or("available");
            if nat.vpc_id.as_deref() != Some(self.vpc) || state == "available" {
                continue;
            }
            let used = |table: &&RouteTable| table.routes.iter().any(|one| one.target == nat.id);
            let tables: Vec<&str> = self
                .tables()
                .filter(used)
                .map(|table| table.id.as_str())
                .collect();
            // AWS still shows a deleted gateway for about an hour.
            if tables.is_empty() && state.starts_with("delet") {
                continue;
            }
            let users = if tables.is_empty() {
                "no route leads to it".to_owned()
            } else {
                format!("{} leads to it", tables.join(", "))
            };
            let failure = nat.failure.as_ref();
            let failure = failure.map_or_else(String::new, |text| format!(" ({text})"));
            self.find(
                (Level::Problem, "nat-gateway-not-available"),
                &nat.id,
                format!("its state is {state}{failure}; {users}"),
                "what is sent to it does not arrive, and whoever repairs that in haste may open another way out",
                self.command(
                    "look at it",
                    &format!("describe-nat-gateways --nat-gateway-ids {}", word(&nat.id)),
                ),
            );
        }
    }

    /// Routes to prefix lists that overlap and lead to different targets: asked of the very lookup that judges flows.
    fn overlaps(&mut self) {
        let snapshot = self.snapshot;
        let here: BTreeSet<&str> = self.tables().map(|table| table.id.as_str()).collect();
        for table in &snapshot.tables {
            let id = self.symbols.name(table.id);
            if !here.contains(id) {
                continue;
            }
            let lists = table.entries.iter();
            let lists = lists.filter(|entry| entry.rank == Rank::PrefixList);
            let both = first_overlap(lists.collect());
            let Some(block) = both.filter(|block| table.lookup(block.first) == Lookup::Ambiguous)
            else {
                continue;
            };
            self.find(
                (Level::Problem, "overlapping-prefix-lists"),
                id,
                format!(
                    "two routes to prefix lists both hold {}/{}, and lead to different targets",
                    block.first, block.prefix_len
                ),
                "AWS chooses one of the two at random, so the way cannot be told, and no claim about such traffic can be proven",
                self.command(
                    "take the addresses out of one list, or lead both to one target",
                    &format!("describe-route-tables --route-table-ids {}", word(id)),
                ),
            );
        }
    }
}

/// The first block that two entries with different targets share: blocks nest or are disjoint.
fn first_overlap(mut entries: Vec<&Entry>) -> Option<Block> {
    entries.sort_by_key(|entry| (entry.block.first, std::cmp::Reverse(entry.block.last)));
    let mut open: Vec<&Entry> = Vec::new();
    for entry in entries {
        open.retain(|outer| outer.block.last >= entry.block.first);
        if open.iter().any(|outer| outer.target != entry.target) {
            return Some(entry.block);
        }
        open.push(entry);
    }
    None
}

/// `for subnet-… and 2 more subnets`
fn users(table: &RouteTable) -> String {
    match &table.subnets[..] {
        [] => "but no subnet uses the table".to_owned(),
        [one] => format!("for {one}"),
        [one, rest @ ..] => format!("for {one} and {} more subnets", rest.len()),
    }
}

/// What the route leads to, as far as the answer tells.
fn target(route: &Route) -> &str {
    if route.target.is_empty() {
        "a target that the answer does not name"
    } else {
        &route.target
    }
}

/// The narrowest active route that holds the whole destination.
fn wider<'t>(table: &'t RouteTable, route: &Route) -> Option<&'t Route> {
    let net = |route: &Route| route.destination.parse::<ipnet::IpNet>().ok();
    let lost = net(route)?;
    let active = table.routes.iter().filter(|other| {
        other.state.as_deref() == Some("active") && other.destination != route.destination
    });
    active
        .filter(|other| net(other).is_some_and(|wide| wide.contains(&lost)))
        .max_by_key(|other| net(other).map_or(0, |net| net.prefix_len()))
}
