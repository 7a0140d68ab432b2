//! What the routes alone permit: where each route table would send every sort of traffic.
//!
//! In: the topology. Out: one [`Permit`] a sort of traffic and way, by the same rules that judge flows; and each probe's [`Tag`], for
//! whoever asks what it would mean.

use std::collections::{BTreeMap, BTreeSet};

use crate::classify::ends::{Ends, Logger};
use crate::classify::exit::{follow, unowned};
use crate::classify::naming::name;
use crate::classify::place::Place;
use crate::classify::probes::{behind, probes};
use crate::classify::row::Direction;
use crate::classify::rules::by_route;
use crate::model::address::{Address, Block};
use crate::model::path::{Exit, Initiator, Path, Realm, Vantage};
use crate::model::survey::Permit;
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, ServiceBy, Tag};
use crate::topology::World;
use crate::topology::snapshot::{Snapshot, Vpc};

/// Services that are always told apart: gateway endpoints exist for them.
const ALWAYS: [&str; 2] = ["dynamodb", "s3"];

/// A route table and the subnets that use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The VPC.
    pub vpc: Sym,
    /// The table; none if the topology has none for these subnets.
    pub table: Sym,
    /// By id.
    pub subnets: Vec<Sym>,
}

/// The snapshot that speaks for a VPC: the latest that knows its route tables, else the latest.
pub fn snapshot_of(world: &World, vpc: Sym) -> Option<&Snapshot> {
    let known = || world.of_vpc(vpc).iter().rev();
    let snapshots = || known().map(|index| &world.snapshots[*index]);
    let routed = |snapshot: &&Snapshot| {
        let mut subnets = snapshot.subnets.iter().filter(|(_, one)| one.vpc == vpc);
        subnets.any(|(id, _)| snapshot.table_of(*id).is_some())
    };
    snapshots().find(routed).or_else(|| snapshots().next())
}

/// A VPC's route tables with their subnets, by the table's name.
pub fn sites(world: &World, snapshot: &Snapshot, vpc: Sym) -> Vec<Site> {
    let mut by_table: BTreeMap<&str, Site> = BTreeMap::new();
    for (id, _) in snapshot.subnets.iter().filter(|(_, one)| one.vpc == vpc) {
        let table = snapshot.table_of(*id).map_or(Sym::NONE, |table| table.id);
        let empty = || Site {
            vpc,
            table,
            subnets: Vec::new(),
        };
        let site = by_table
            .entry(world.symbols.name(table))
            .or_insert_with(empty);
        site.subnets.push(*id);
    }
    let mut sites: Vec<Site> = by_table.into_values().collect();
    for site in &mut sites {
        site.subnets.sort_by_key(|id| world.symbols.name(*id));
    }
    sites
}

/// Probes one VPC's tables.
pub struct Prober<'w> {
    world: &'w World,
    snapshot: &'w Snapshot,
    vpc: Option<&'w Vpc>,
    probes: Vec<Address>,
    /// Services that are told apart, and whether a prefix list of the VPC's Region has their addresses there.
    services: BTreeMap<Sym, bool>,
}

impl<'w> Prober<'w> {
    /// `named`: blocks and services that a policy names.
    pub fn new(
        world: &'w World,
        snapshot: &'w Snapshot,
        vpc: Sym,
        named: (&[Block], &[String]),
    ) -> Prober<'w> {
        let vpc = snapshot.vpcs.get(&vpc);
        let region = vpc.and_then(|vpc| vpc.region.as_deref());
        let mut services: BTreeMap<Sym, bool> = BTreeMap::new();
        let words = named.1.iter().map(String::as_str).chain(ALWAYS);
        let known = words.filter_map(|word| world.symbols.find(word));
        let of_endpoints = snapshot.endpoints.values().map(|one| one.service);
        for service in known.chain(of_endpoints).filter(|sym| sym.is_some()) {
            services.insert(service, false);
        }
        for list in &snapshot.prefix_lists {
            let here = list.region.is_none() || list.region.as_deref() == region;
            let told = list.blocks.is_some();
            if here && told && list.service.is_some() {
                services.insert(list.service, true);
            }
        }
        Prober {
            world,
            snapshot,
            vpc,
            probes: probes(world, snapshot, named.0),
            services,
        }
    }

    /// What the table of a site permits. `see` is told of every probe that somebody may have, with its sort.
    pub fn permits(&self, site: &Site, mut see: impl FnMut(&str, &Tag)) -> Vec<Permit> {
        let mut found: BTreeMap<(String, Path, &'static str, Sym, Exit), Address> = BTreeMap::new();
        for address in &self.probes {
            let tag = self.tag(site, *address);
            let Some(to) = self.sort_of(&tag, *address) else {
                continue;
            };
            see(&to, &tag);
            found
                .entry((to, tag.path, tag.basis, tag.via, tag.exit))
                .or_insert(*address);
        }
        let permit = |((to, path, basis, via, exit), example): (_, Address)| Permit {
            to,
            path,
            basis,
            via: self.shown(via),
            exit,
            example: example.to_string(),
        };
        let permits: BTreeSet<Permit> = found.into_iter().map(permit).collect();
        permits.into_iter().collect()
    }

    fn shown(&self, sym: Sym) -> String {
        if sym.is_some() {
            self.world.symbols.name(sym).to_owned()
        } else {
            "-".to_owned()
        }
    }

    fn tag(&self, site: &Site, peer: Address) -> Tag {
        let table = site.subnets.first();
        let place = Place {
            world: self.world,
            snapshot: Some(self.snapshot),
            interface: None,
            vpc: self.vpc,
            table: table.and_then(|subnet| self.snapshot.table_of(*subnet)),
            regional_nat: None,
            moved: false,
            time_s: self.snapshot.captured_s.unwrap_or(0),
        };
        let ends = ends(peer);
        let decision = by_route(&place, &ends);
        let path = decision.map_or(Path::Undetermined, |decision| decision.path);
        let via = decision.map_or(Sym::NONE, |decision| decision.via);
        let end = follow(&place, path, via, Some(peer));
        let named = name(&place, peer, (path, via), end.endpoint, Sym::NONE);
        let doubts = decision.map_or(Flags::default(), |decision| decision.flags);
        Tag {
            path,
            basis: decision.map_or("interface-not-in-topology", |decision| decision.basis),
            via,
            exit: end.exit,
            realm: Some(named.realm),
            service: named.service,
            labels: named.labels,
            service_by: named.by,
            workload: None,
            workload_interface: Sym::NONE,
            vpc: site.vpc,
            peer: Some(peer),
            workload_port: None,
            peer_port: None,
            vantage: Vantage::Workload,
            interface: Sym::NONE,
            workload_sends: Some(true),
            initiator: Initiator::Workload,
            flags: doubts
                .with(named.flags)
                .with(unowned(&place, path, end, Some(peer))),
        }
    }

    /// The sort of traffic; `None` for addresses that nobody has.
    fn sort_of(&self, tag: &Tag, peer: Address) -> Option<String> {
        let family = match (peer.as_ipv4(), behind(peer)) {
            (Some(_), _) => "IPv4",
            (None, true) => "IPv6 (NAT64)",
            (None, false) => "IPv6",
        };
        let symbols = &self.world.symbols;
        let of_service = |service: &str, where_: &str| match family {
            "IPv4" => format!("{service}{where_}"),
            family => format!("{service}{where_} {family}"),
        };
        if tag.path == Path::ViaEndpointEni || tag.exit == Exit::Endpoint {
            let service = Some(symbols.name(tag.service)).filter(|name| !name.is_empty());
            return Some(of_service(service.unwrap_or("unknown"), " endpoint"));
        }
        if tag.service_by == ServiceBy::PrefixList || tag.service_by == ServiceBy::Endpoint {
            return Some(of_service(symbols.name(tag.service), ""));
        }
        match tag.realm? {
            Realm::Vpc => {
                let nobody = tag.flags.has(Flags::PEER_UNOWNED);
                (!nobody).then(|| "this VPC".to_owned())
            }
            Realm::Private => reachable(peer).then(|| format!("private {family}")),
            Realm::Aws | Realm::Internet => {
                let labels = &self.world.ranges.set(tag.labels).services;
                let told_apart = labels
                    .iter()
                    .find_map(|sym| self.services.get_key_value(sym));
                Some(match (told_apart, tag.realm) {
                    (Some((service, true)), _) => of_service(symbols.name(*service), " elsewhere"),
                    (Some((service, false)), _) => of_service(symbols.name(*service), ""),
                    (None, Some(Realm::Aws)) => of_service("other AWS", ""),
                    (None, _) => format!("internet {family}"),
                })
            }
        }
    }
}

/// Whether anybody can have the private address: the others are a host's own, or nobody's.
fn reachable(peer: Address) -> bool {
    match peer.to_ip() {
        std::net::IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || (a == 100 && (64..128).contains(&b))
        }
        std::net::IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

/// A workload that opens a connection.
fn ends(peer: Address) -> Ends {
    Ends {
        logger: Logger::Host,
        direction: Some(Direction::Egress),
        workload: None,
        workload_port: None,
        peer: Some(peer),
        peer_hop: Some(peer),
        peer_port: None,
        peer_service: Sym::NONE,
        workload_sends: Some(true),
        flags: Flags::default(),
    }
}

#[cfg(test)]
#[path = "permits_tests.rs"]
mod tests;
