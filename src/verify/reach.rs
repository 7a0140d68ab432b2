//! Whether a flow is in a claim's reach: whose it is, what it reaches, at which port.
//!
//! Every answer has its doubt: a hidden far end may be anything; a public address that only an old list leaves out may be the
//! very service; an address in a VPC that no interface has may be an endpoint.

use crate::model::address::{Address, Block};
use crate::model::path::{Exit, Path, Realm, Vantage};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, ServiceBy, Tag};
use crate::topology::snapshot::Interface;
use crate::verify::plan::{List, Plan, ScopeInterface, Service, Term, Whose};
use crate::verify::tri::{Reach, Tri};

/// Names that AWS gives to what may be any of its services, or a stranger: most regional APIs have no range of their own
/// and appear as one of these (facts 1.4).
const UNPARTICULAR: &[&str] = &[
    "amazon",
    "api-gateway",
    "cloudfront",
    "ec2",
    "globalaccelerator",
];

/// A flow, and what the plan must know to place it.
pub(super) struct Placed<'p, 'w> {
    pub(super) plan: &'p Plan<'w>,
    pub(super) tag: &'p Tag,
    /// The record's end, or its start, or 0 if it has neither.
    pub(super) time_s: i64,
    /// Name of a service that the topology does not know.
    pub(super) extra_service: Option<&'p str>,
    /// Whether the log has the packets' own addresses.
    pub(super) tells_packets: bool,
}

impl<'p, 'w> Placed<'p, 'w> {
    /// The interface whose traffic it is: the workload's, else, for a workload outside the topology, the one that logged it.
    fn subject(&self) -> Sym {
        let tag = self.tag;
        if tag.workload_interface.is_some() {
            tag.workload_interface
        } else {
            tag.interface
        }
    }

    fn known(&self, id: Sym) -> Option<&'w Interface> {
        let index = *self.plan.world.of_interface(id).last()?;
        self.plan.world.snapshots[index].interface(id)
    }

    /// Whether the flow's workload is in scope.
    pub(super) fn in_scope(&self) -> Tri {
        let (plan, tag) = (self.plan, self.tag);
        let scoped = |sym: Sym| {
            plan.in_scope
                .get(sym.0 as usize)
                .copied()
                .unwrap_or(Tri::No)
        };
        if self.known(tag.workload_interface).is_some() {
            return scoped(tag.workload_interface);
        }
        if tag.flags.has(Flags::WORKLOAD_UNSURE) && !plan.scope_subjects.default {
            return Tri::Maybe;
        }
        // What an endpoint does for a client who is, or may be, out on the internet is judged where either of them is in scope.
        let served = if tag.vantage == Vantage::Endpoint && self.known(tag.interface).is_some() {
            match tag.path {
                Path::InternetBound => scoped(tag.interface),
                Path::Undetermined => scoped(tag.interface).min(Tri::Maybe),
                _ => Tri::No,
            }
        } else {
            Tri::No
        };
        served.max(self.in_scope_elsewhere(scoped))
    }

    /// Whether a workload without an interface in the topology is in scope.
    fn in_scope_elsewhere(&self, scoped: impl Fn(Sym) -> Tri) -> Tri {
        let (plan, tag) = (self.plan, self.tag);
        let scope = &plan.policy.scope;
        if plan.scope_subjects.default {
            // An interface in no topology, in a VPC that is in none either, may be of another network altogether.
            let unknown = tag.flags.has(Flags::VPC_UNKNOWN) && self.known(tag.interface).is_none();
            return if unknown { Tri::Maybe } else { Tri::Yes };
        }
        if self.known(tag.interface).is_some() {
            return self.in_scope_beyond(scoped(tag.interface));
        }
        // An interface that the topology does not know. Its VPC, if the record tells it, is the only key that can exclude it.
        let elsewhere = !scope.vpcs.is_empty()
            && tag.vpc.is_some()
            && !plan.scope_subjects.vpcs.contains(&tag.vpc);
        let outside = !scope.cidrs.is_empty()
            && tag
                .workload
                .is_some_and(|workload| !holds(&scope.cidrs, workload));
        // It may be what a stale route table misses: then one in scope is the far end, as the record has it.
        if elsewhere || (outside && !self.hop_of_scope()) {
            Tri::No
        } else {
            Tri::Maybe
        }
    }

    /// Whether a workload without an interface of its own VPC is in a scope that narrows: logged by an interface that is (or not).
    /// On-premises clients and those of other VPCs are told apart from hosts in scope by nothing but their address.
    fn in_scope_beyond(&self, logger: Tri) -> Tri {
        let (scope, plan) = (&self.plan.policy.scope, self.plan);
        let Some(workload) = self.tag.workload else {
            return if logger == Tri::Yes {
                Tri::Yes
            } else {
                Tri::Maybe
            };
        };
        let by_cidr = if scope.cidrs.is_empty() {
            Tri::Maybe
        } else {
            Tri::of(holds(&scope.cidrs, workload))
        };
        let only_cidrs = scope.vpcs.is_empty()
            && scope.subnets.is_empty()
            && scope.interfaces.is_empty()
            && scope.tags.is_empty();
        if only_cidrs {
            return by_cidr;
        }
        let of_scope = || {
            plan.interfaces
                .iter()
                .any(|interface| interface.known.owns(workload))
        };
        if logger == Tri::No && !of_scope() {
            Tri::No
        } else {
            by_cidr.min(Tri::Maybe)
        }
    }

    /// Whether an interface that is not in scope may be a hop of one that is: it is in the same VPC, and names it as the far end. A NAT
    /// gateway or appliance that the topology does not know as one is read as a host, with its client as the peer.
    pub(super) fn hop_of_scope(&self) -> bool {
        let (plan, tag) = (self.plan, self.tag);
        let of_scope = |peer: &Address| {
            let known = |interface: &ScopeInterface| {
                (tag.vpc == Sym::NONE || interface.known.vpc == tag.vpc)
                    && interface.known.owns(*peer)
            };
            plan.interfaces.iter().any(known)
        };
        tag.peer.as_ref().is_some_and(of_scope)
    }

    /// Whether the flow is of one of these.
    pub(super) fn is_from(&self, whose: Option<&Whose>) -> Tri {
        let Some(whose) = whose else { return Tri::Yes };
        let subject = self.subject();
        let subnet = self
            .known(subject)
            .map_or(Sym::NONE, |interface| interface.subnet);
        let named = whose.subjects.contains(&subject)
            || (subnet.is_some() && whose.subjects.contains(&subnet));
        let unsure = self.tag.flags.has(Flags::WORKLOAD_UNSURE);
        let by_name = match (named, self.tag.workload, self.known(subject)) {
            _ if unsure && !whose.subjects.is_empty() => Tri::Maybe,
            (true, _, _) => Tri::Yes,
            (false, Some(_), Some(_)) => Tri::No,
            // Masked, or an interface that the topology does not know.
            (false, None, _) | (false, Some(_), None) => {
                if whose.subjects.is_empty() {
                    Tri::No
                } else {
                    Tri::Maybe
                }
            }
        };
        let by_address = self.address_is_from(whose);
        by_name.max(by_address)
    }

    /// Whether the workload's address is one of these.
    pub(super) fn address_is_from(&self, whose: &Whose) -> Tri {
        match self.tag.workload {
            None if whose.blocks.is_empty() => Tri::No,
            None => Tri::Maybe,
            Some(workload) => self.address_in(&whose.blocks, workload),
        }
    }

    /// Whether an address of a workload is in a block. A log without pkt-* prints an interface's primary address for all of its own
    /// (facts 1, `dstaddr`), so any of them may be meant.
    fn address_in(&self, blocks: &[Block], workload: Address) -> Tri {
        let interface = self
            .known(self.tag.workload_interface)
            .filter(|_| !self.tells_packets);
        let Some(interface) = interface else {
            return Tri::of(holds(blocks, workload));
        };
        let one_of = |block: &Block| {
            interface
                .addresses
                .iter()
                .any(|address| block.contains(*address))
                || interface
                    .prefixes
                    .iter()
                    .any(|prefix| block.covers(prefix) || prefix.covers(block))
        };
        let all = interface
            .addresses
            .iter()
            .all(|address| holds(blocks, *address))
            && interface
                .prefixes
                .iter()
                .all(|prefix| blocks.iter().any(|block| block.covers(prefix)));
        match (all, blocks.iter().any(one_of)) {
            (true, _) => Tri::of(holds(blocks, workload)),
            (false, true) => Tri::Maybe,
            (false, false) => Tri::of(holds(blocks, workload)),
        }
    }

    /// Whether the flow reaches one of these at one of the ports.
    pub(super) fn reaches(&self, terms: &[Term], ports: Option<&[u16]>) -> Reach {
        let what = terms
            .iter()
            .map(|term| self.reaches_term(term))
            .max()
            .unwrap_or(Reach::No);
        let port = match (ports, self.tag.peer_port) {
            (None, _) => Reach::Yes,
            (Some(ports), Some(port)) => {
                if ports.contains(&port) {
                    Reach::Yes
                } else {
                    Reach::No
                }
            }
            (Some(_), None) => Reach::Hidden,
        };
        if what == Reach::No || port == Reach::No {
            Reach::No
        } else {
            what.min(port)
        }
    }

    fn reaches_term(&self, term: &Term) -> Reach {
        let tag = self.tag;
        let (Some(peer), Some(realm)) = (tag.peer, tag.realm) else {
            return if matches!(term, Term::Any) {
                Reach::Yes
            } else {
                Reach::Hidden
            };
        };
        let yes = |is_so: bool| if is_so { Reach::Yes } else { Reach::No };
        match term {
            Term::Any => Reach::Yes,
            Term::Private => yes(matches!(realm, Realm::Vpc | Realm::Private)),
            Term::Internet => self.reaches_internet(realm),
            Term::Block(block) => yes(block.contains(peer) || block.contains(peer.behind_nat64())),
            Term::Lists(lists) => self.reaches_list(lists, peer),
            Term::AnyService => self.reaches_any_service(realm),
            Term::Service(service) => self.reaches_service(realm, service),
        }
    }

    fn reaches_internet(&self, realm: Realm) -> Reach {
        let tag = self.tag;
        // At an endpoint's own interface it is the client who may be there.
        let by_client = match (tag.vantage, tag.path) {
            (Vantage::Endpoint, Path::InternetBound) => Reach::Yes,
            (Vantage::Endpoint, Path::Undetermined) => Reach::Hidden,
            _ => Reach::No,
        };
        let by_peer = match realm {
            Realm::Internet => Reach::Yes,
            // AWS may have given up since what an old list calls its own.
            Realm::Aws if tag.flags.has(Flags::NAMED_BY_RANGES) && !self.ranges_are_fresh() => {
                Reach::Unnamed
            }
            Realm::Aws | Realm::Private | Realm::Vpc => Reach::No,
        };
        by_client.max(by_peer)
    }

    /// A prefix list of the VPC's Region: the same id is another list elsewhere.
    fn reaches_list(&self, lists: &[List], peer: Address) -> Reach {
        let snapshot = self.plan.world.vpc_at(self.tag.vpc, self.time_s);
        let region = snapshot
            .and_then(|snapshot| snapshot.vpcs.get(&self.tag.vpc))
            .and_then(|vpc| vpc.region.as_deref());
        let here = |list: &&List| {
            region.is_none() || list.region.is_none() || list.region.as_deref() == region
        };
        let mut found = lists.iter().filter(here).map(|list| match &list.blocks {
            Some(blocks) => {
                if holds(blocks, peer) || holds(blocks, peer.behind_nat64()) {
                    Reach::Yes
                } else {
                    Reach::No
                }
            }
            None => {
                if peer.is_private() {
                    Reach::No
                } else {
                    Reach::Hidden
                }
            }
        });
        let Some(first) = found.next() else {
            return if peer.is_private() {
                Reach::No
            } else {
                Reach::Hidden
            };
        };
        // Lists that disagree: whose is meant cannot be told.
        if found.all(|other| other == first) {
            first
        } else {
            Reach::Hidden
        }
    }

    /// Whether ip-ranges.json is young enough for the record. One without a time may be of any.
    fn ranges_are_fresh(&self) -> bool {
        (1..=self.plan.ranges_good_until_s).contains(&self.time_s)
    }

    /// A private address is a service's only if an endpoint has it; one that nobody has may be an endpoint.
    fn private_service(&self) -> Reach {
        let tag = self.tag;
        let endpoint = (tag.path == Path::ViaEndpointEni
            || tag.exit == Exit::Endpoint
            || tag.vantage == Vantage::Endpoint)
            && tag.service == Sym::NONE;
        if endpoint || tag.flags.has(Flags::PEER_UNOWNED) {
            Reach::Hidden
        } else {
            Reach::No
        }
    }

    fn shown_service(&self) -> &str {
        self.extra_service
            .unwrap_or_else(|| self.plan.world.symbols.name(self.tag.service))
    }

    fn reaches_any_service(&self, realm: Realm) -> Reach {
        let tag = self.tag;
        if tag.flags.has(Flags::SERVICE_UNSURE) {
            return Reach::Hidden;
        }
        if matches!(tag.service_by, ServiceBy::Endpoint | ServiceBy::PrefixList)
            || realm == Realm::Aws
        {
            return Reach::Yes;
        }
        match realm {
            Realm::Vpc | Realm::Private => self.private_service(),
            Realm::Aws | Realm::Internet if UNPARTICULAR.contains(&self.shown_service()) => {
                Reach::Unnamed
            }
            Realm::Aws | Realm::Internet => {
                if self.ranges_are_fresh() {
                    Reach::No
                } else {
                    Reach::Unnamed
                }
            }
        }
    }

    fn reaches_service(&self, realm: Realm, service: &Service) -> Reach {
        let (tag, symbols) = (self.tag, &self.plan.world.symbols);
        if tag.flags.has(Flags::SERVICE_UNSURE) {
            return Reach::Hidden;
        }
        let by_name = service
            .is
            .get(tag.service.0 as usize)
            .copied()
            .unwrap_or(false);
        let labels = &self.plan.world.ranges.set(tag.labels).services;
        if by_name || labels.iter().any(|sym| service.is[sym.0 as usize]) {
            return Reach::Yes;
        }
        let unparticular = !service.coded && UNPARTICULAR.contains(&self.shown_service());
        let alias = service.may_be(self.shown_service())
            || labels.iter().any(|sym| service.may_be(symbols.name(*sym)));
        match (realm, tag.service_by) {
            (_, ServiceBy::Endpoint | ServiceBy::PrefixList) => Reach::No,
            (Realm::Vpc | Realm::Private, _) => self.private_service(),
            (_, ServiceBy::Record | ServiceBy::Ranges) if unparticular || alias => Reach::Unnamed,
            // The record itself names another service in particular.
            (_, ServiceBy::Record) => Reach::No,
            (_, ServiceBy::Ranges | ServiceBy::Nobody) => {
                if self.ranges_are_fresh() {
                    Reach::No
                } else {
                    Reach::Unnamed
                }
            }
        }
    }
}

fn holds(blocks: &[Block], address: Address) -> bool {
    blocks.iter().any(|block| block.contains(address))
}
