//! Whether a flow is in a claim's reach: whose it is, what it reaches, at which port.
//!
//! Every answer has its doubt: a hidden far end may be anything; a public address that only an old list leaves out may be the
//! very service; an address in a VPC that no interface has may be an endpoint.

use crate::model::address::{Address, Block};
use crate::model::path::{Exit, Path, Realm};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, ServiceBy, Tag};
use crate::topology::snapshot::Interface;
use crate::verify::plan::{Plan, ScopeInterface, Term, Whose};
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
    /// The record's end, or 0.
    pub(super) time_s: i64,
    /// Name of a service that the topology does not know.
    pub(super) extra_service: Option<&'p str>,
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
        let scoped = |sym: Sym| plan.in_scope.get(sym.0 as usize).copied();
        let subject = self.subject();
        let scope = &plan.policy.scope;
        if self.known(subject).is_some() {
            let by_interface = scoped(subject).unwrap_or(Tri::No);
            // A masked workload hides behind the interface; the interface in scope or not, whose traffic it is stays open.
            let masked = tag.workload.is_none() && !plan.scope_subjects.default;
            let by_cidr = match tag.workload {
                Some(workload)
                    if tag.workload_interface == Sym::NONE && !scope.cidrs.is_empty() =>
                {
                    Tri::of(holds(&scope.cidrs, workload))
                }
                Some(_) | None => Tri::Yes,
            };
            return if masked && by_interface == Tri::No {
                Tri::Maybe
            } else {
                by_interface.min(by_cidr)
            };
        }
        // An interface that the topology does not know. Its VPC, if the record tells it, is the only key that can exclude it.
        if plan.scope_subjects.default {
            return if tag.flags.has(Flags::VPC_UNKNOWN) {
                Tri::Maybe
            } else {
                Tri::Yes
            };
        }
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
        let by_name = match (named, self.tag.workload, self.known(subject)) {
            (true, Some(_), _) => Tri::Yes,
            (false, Some(_), Some(_)) => Tri::No,
            // Masked, or an interface that the topology does not know.
            (_, None, _) | (false, Some(_), None) => {
                if whose.subjects.is_empty() {
                    Tri::No
                } else {
                    Tri::Maybe
                }
            }
        };
        let by_address = match self.tag.workload {
            Some(workload) => Tri::of(holds(&whose.blocks, workload)),
            None if whose.blocks.is_empty() => Tri::No,
            None => Tri::Maybe,
        };
        by_name.max(by_address)
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
            Term::Internet => match realm {
                Realm::Internet => Reach::Yes,
                // AWS may have given up since what an old list calls its own.
                Realm::Aws if tag.flags.has(Flags::NAMED_BY_RANGES) && !self.ranges_are_fresh() => {
                    Reach::Unnamed
                }
                Realm::Aws | Realm::Private | Realm::Vpc => Reach::No,
            },
            Term::Blocks(None) => {
                if peer.is_private() {
                    Reach::No
                } else {
                    Reach::Hidden
                }
            }
            Term::Blocks(Some(blocks)) => {
                yes(holds(blocks, peer) || holds(blocks, peer.behind_nat64()))
            }
            Term::AnyService => self.reaches_any_service(realm),
            Term::Service { coded, is } => self.reaches_service(realm, *coded, is),
        }
    }

    fn ranges_are_fresh(&self) -> bool {
        self.time_s <= self.plan.ranges_good_until_s
    }

    /// A private address is a service's only if an endpoint has it; one that nobody has may be an endpoint.
    fn private_service(&self) -> Reach {
        let tag = self.tag;
        let endpoint = (tag.path == Path::ViaEndpointEni || tag.exit == Exit::Endpoint)
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

    fn reaches_service(&self, realm: Realm, coded: bool, is: &[bool]) -> Reach {
        let tag = self.tag;
        let by_name = is.get(tag.service.0 as usize).copied().unwrap_or(false);
        let by_list = self
            .plan
            .world
            .ranges
            .set(tag.labels)
            .services
            .iter()
            .any(|sym| is[sym.0 as usize]);
        if by_name || by_list {
            return Reach::Yes;
        }
        match (realm, tag.service_by) {
            (_, ServiceBy::Endpoint | ServiceBy::PrefixList) => Reach::No,
            (Realm::Vpc | Realm::Private, _) => self.private_service(),
            // The record itself names another service in particular.
            (_, ServiceBy::Record) => {
                if UNPARTICULAR.contains(&self.shown_service()) && !coded {
                    Reach::Unnamed
                } else {
                    Reach::No
                }
            }
            (_, ServiceBy::Ranges | ServiceBy::Nobody) if !self.ranges_are_fresh() => {
                Reach::Unnamed
            }
            (_, ServiceBy::Ranges) if !coded && UNPARTICULAR.contains(&self.shown_service()) => {
                Reach::Unnamed
            }
            (_, ServiceBy::Ranges | ServiceBy::Nobody) => Reach::No,
        }
    }
}

fn holds(blocks: &[Block], address: Address) -> bool {
    blocks.iter().any(|block| block.contains(address))
}
