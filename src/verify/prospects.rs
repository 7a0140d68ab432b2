//! Which claims the routes alone let be broken, and by which way.
//!
//! In: the plan, and one [`Tag`] for every part of the address space that a table may treat in its own way. Out: one
//! [`ClaimSurvey`] a claim. It says what is configured, and judges nothing: no verdict follows from it.

use std::collections::BTreeMap;

use crate::model::address::Address;
use crate::model::path::{Exit, Path};
use crate::model::survey::{ClaimSurvey, Prospect, ProspectOfTable, ProspectWay, SubnetShown};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, Tag};
use crate::topology::snapshot::InterfaceKind;
use crate::verify::meaning::keeps;
use crate::verify::plan::{ClaimPlan, Plan};
use crate::verify::reach::Placed;
use crate::verify::tri::{Reach, Tri};

/// Sorts of traffic, each with its first address.
type Seen = BTreeMap<String, Address>;

/// A way, and what it does to the claim.
type Way = (Prospect, Path, &'static str, Sym, Exit);

/// What one table's routes mean for every claim.
pub struct Prospects<'p, 'w> {
    plan: &'p Plan<'w>,
    /// When exceptions are looked at, in Unix seconds.
    time_s: i64,
    /// One a claim: ways, and what goes there with its first address.
    ways: Vec<BTreeMap<Way, Seen>>,
}

impl<'p, 'w> Prospects<'p, 'w> {
    /// Of a topology that was taken at `captured_s`.
    pub fn new(plan: &'p Plan<'w>, captured_s: Option<i64>) -> Prospects<'p, 'w> {
        Prospects {
            plan,
            time_s: captured_s.unwrap_or(0),
            ways: vec![BTreeMap::new(); plan.claims.len()],
        }
    }

    /// Takes a probe of the table: its sort of traffic, and where it would go.
    pub fn see(&mut self, to: &str, tag: &Tag) {
        let placed = Placed {
            plan: self.plan,
            tag,
            // Public addresses are what the list at hand calls them, whenever the topology was taken.
            time_s: self.plan.world.ranges.created_s.max(1),
            extra_service: None,
            tells_packets: true,
        };
        for (claim, ways) in self.plan.claims.iter().zip(&mut self.ways) {
            if excepted(self.plan, claim, &placed, self.time_s) {
                continue;
            }
            let Some(prospect) = prospect(claim, &placed) else {
                continue;
            };
            let way = (prospect, tag.path, tag.basis, tag.via, tag.exit);
            let sorts = ways.entry(way).or_default();
            if let Some(peer) = tag.peer.filter(|_| !sorts.contains_key(to)) {
                sorts.insert(to.to_owned(), peer);
            }
        }
    }

    /// What was found of each claim in this table; `None` for those that are not about its subnets.
    pub fn found(&self, table: &str, subnets: &[SubnetShown]) -> Vec<Option<ProspectOfTable>> {
        let claims = self.plan.claims.iter().zip(&self.ways);
        let found = claims.map(|(claim, ways)| {
            let about: Vec<SubnetShown> = subnets
                .iter()
                .filter_map(|subnet| of_claim(self.plan, claim, subnet))
                .collect();
            let prospect = ways.keys().map(|way| way.0).min();
            let prospect = prospect.unwrap_or(Prospect::NoRoute);
            let ways = ways.iter().filter(|(way, _)| way.0 != Prospect::NoRoute);
            (!about.is_empty()).then(|| ProspectOfTable {
                table: table.to_owned(),
                subnets: about,
                prospect,
                ways: ways.map(|(way, seen)| self.shown(way, seen)).collect(),
            })
        });
        found.collect()
    }

    fn shown(&self, way: &Way, seen: &Seen) -> ProspectWay {
        let (prospect, path, basis, via, exit) = *way;
        let via = via
            .is_some()
            .then(|| self.plan.world.symbols.name(via).to_owned());
        ProspectWay {
            prospect,
            path,
            basis,
            via: via.unwrap_or_else(|| "-".to_owned()),
            exit,
            to: seen.keys().cloned().collect(),
            example: seen
                .values()
                .next()
                .map_or_else(String::new, |peer| peer.to_string()),
        }
    }
}

/// The claims, with what was found in each table.
pub fn claims(plan: &Plan<'_>, tables: Vec<Vec<Option<ProspectOfTable>>>) -> Vec<ClaimSurvey> {
    let mut claims: Vec<ClaimSurvey> = plan
        .policy
        .claims
        .iter()
        .map(|claim| ClaimSurvey {
            id: claim.id.clone(),
            title: claim.title.clone(),
            tables: Vec::new(),
        })
        .collect();
    for table in tables {
        for (claim, found) in claims.iter_mut().zip(table) {
            claim.tables.extend(found);
        }
    }
    claims
}

/// What a way means for a claim; `None` if it is not about that traffic.
fn prospect(claim: &ClaimPlan, placed: &Placed<'_, '_>) -> Option<Prospect> {
    let tag = placed.tag;
    // Ports are not the routes': whatever port it is, it goes this way.
    let reach = placed.reaches(&claim.to, None);
    let nobody = tag.flags.has(Flags::PEER_UNOWNED);
    match reach {
        Reach::No => return None,
        // An address that no interface has is nobody's, as far as the topology goes.
        Reach::Hidden if nobody => return None,
        Reach::Hidden | Reach::Unnamed | Reach::Yes => {}
    }
    if tag.path == Path::Undetermined {
        let dropped = matches!(tag.basis, "route-none" | "route-blackhole");
        return Some(if dropped {
            Prospect::NoRoute
        } else {
            Prospect::NotKnown
        });
    }
    Some(match (keeps(tag, claim), reach) {
        (Tri::Yes, _) => Prospect::AllowedWaysOnly,
        (Tri::No, Reach::Yes) => Prospect::CanBeBroken,
        (Tri::No | Tri::Maybe, _) => Prospect::MayBeBroken,
    })
}

/// Whether an exception that is still good takes this traffic out, whoever's it is.
fn excepted(plan: &Plan<'_>, claim: &ClaimPlan, placed: &Placed<'_, '_>, time_s: i64) -> bool {
    let mut exceptions = claim
        .exceptions
        .iter()
        .map(|index| &plan.exceptions[*index]);
    exceptions.any(|exception| {
        exception.from.is_none()
            && exception.ports.is_none()
            && exception.last_s.is_none_or(|last_s| time_s <= last_s)
            && placed.reaches(&exception.to, None) == Reach::Yes
    })
}

/// The subnet with its workloads that the claim is about; `None` if it is not about the subnet.
///
/// A claim about everybody is about a subnet that is still empty too.
fn of_claim(plan: &Plan<'_>, claim: &ClaimPlan, subnet: &SubnetShown) -> Option<SubnetShown> {
    let sym = plan.world.symbols.find(&subnet.id)?;
    let of_subnet = claim.interfaces.iter().filter(|index| {
        let known = &plan.interfaces[**index].known;
        let works = matches!(
            known.kind,
            InterfaceKind::Plain | InterfaceKind::RouteTarget
        );
        known.subnet == sym && works
    });
    let workloads = of_subnet.count();
    let everybody = plan.scope_subjects.default && claim.from.is_none();
    (workloads > 0 || everybody).then(|| SubnetShown {
        workloads,
        ..subnet.clone()
    })
}
