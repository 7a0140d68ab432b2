//! What one thread has seen. Tallies merge in any order to the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::address::Address;
use crate::model::field::Field;
use crate::model::map::Map;
use crate::verify::coverage::Heard;
use crate::verify::group::Group;
use crate::verify::metrics::Metered;
use crate::verify::traffic::Traffic;

/// Unknown interfaces that are named in a report; more are only counted.
pub(super) const STRANGERS_MAX: usize = 1_000;

/// Far ends behind NAT gateways that are told apart; with more, the claim is unproven.
pub(super) const MASKED_MAX: usize = 10_000;

/// What NAT gateways logged of one far end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Masked {
    /// A record of the inside names a workload that reached it.
    pub(super) named: bool,
    /// Records of the outside, which do not.
    pub(super) outside: Group,
}

/// Far ends by address: of too many, the lowest stay, and it is said that there were more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FarEnds {
    pub(super) by_peer: BTreeMap<Address, Masked>,
    pub(super) more: bool,
}

impl Masked {
    /// Somebody is behind it by name: what the outside does not tell is told.
    pub(super) fn name(&mut self) {
        self.named = true;
        // What is accounted for is not shown: without it, memory does not grow with the far ends.
        self.outside = Group::default();
    }
}

impl FarEnds {
    /// What is known of a far end.
    pub(super) fn at(&mut self, peer: Address) -> &mut Masked {
        self.by_peer.entry(peer).or_default()
    }

    /// Keeps the number of far ends bounded.
    pub(super) fn bound(&mut self) {
        while self.by_peer.len() > MASKED_MAX {
            self.by_peer.pop_last();
            self.more = true;
        }
    }

    fn merge(&mut self, other: FarEnds) {
        self.more |= other.more;
        for (peer, masked) in other.by_peer {
            let mine = self.at(peer);
            match mine.named || masked.named {
                true => mine.name(),
                false => mine.outside.merge(masked.outside),
            }
        }
        self.bound();
    }
}

/// What was seen for one claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClaimTally {
    /// Accepted flows in reach.
    pub(super) checked: u64,
    /// They break it.
    pub(super) witnesses: Group,
    /// They would have broken it, and were rejected.
    pub(super) attempts: Group,
    /// They may break it: path, far end or workload is not known.
    pub(super) unknown: Group,
    /// They may break it: nobody with authority has named the public peer.
    pub(super) unnamed: Group,
    /// Would-be witnesses on the outside of NAT gateways, where the workload is masked, by far end.
    pub(super) masked: FarEnds,
    /// They keep it by the route table's word alone.
    pub(super) route_alone: Group,
    /// Fields that the log of a flow in question lacks, with the flows.
    pub(super) lacking: BTreeMap<Field, u64>,
    /// By exception of the claim: flows excepted, flows that it would have excepted.
    pub(super) excepted: Vec<(u64, u64)>,
}

impl ClaimTally {
    /// All records are in: what no record of the inside names stays unknown.
    pub(super) fn settle(&mut self) {
        for masked in std::mem::take(&mut self.masked.by_peer).into_values() {
            if !masked.named {
                self.unknown.merge(masked.outside);
            }
        }
    }

    fn merge(&mut self, other: ClaimTally) {
        self.checked += other.checked;
        self.witnesses.merge(other.witnesses);
        self.attempts.merge(other.attempts);
        self.unknown.merge(other.unknown);
        self.unnamed.merge(other.unnamed);
        self.masked.merge(other.masked);
        self.route_alone.merge(other.route_alone);
        for (field, flows) in other.lacking {
            *self.lacking.entry(field).or_default() += flows;
        }
        self.excepted
            .resize(self.excepted.len().max(other.excepted.len()), (0, 0));
        for (mine, theirs) in self.excepted.iter_mut().zip(other.excepted) {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
    }
}

/// What one thread has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub(super) flows: u64,
    pub(super) nodata: u64,
    pub(super) skipdata: u64,
    pub(super) outside_window: u64,
    pub(super) in_window: u64,
    pub(super) rejected: u64,
    /// Earliest start and latest end of any record.
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    /// Accepted flows in the window.
    pub(super) traffic: Traffic,
    /// By index into the plan's interfaces.
    pub(super) heard: Map<u32, Heard>,
    /// By index into the plan's gateways; empty unless metrics were given.
    pub(super) metered: Map<u32, Metered>,
    /// SKIPDATA of interfaces that are not in scope but may be: unknown ones.
    pub(super) skipped_strangers: u64,
    /// Interfaces that are or may be in scope and are not in the topology.
    pub(super) strangers: BTreeSet<String>,
    pub(super) stranger_records: u64,
    /// Flows in scope of which record and topology disagree.
    pub(super) disagreements: Group,
    /// Records in scope that lack what every claim needs.
    pub(super) lacking: BTreeMap<Field, u64>,
    pub(super) claims: Vec<ClaimTally>,
}

impl Tally {
    /// Remembers an unknown interface with so many records; of too many, the first by name stay.
    pub(super) fn stranger(&mut self, name: &str, records: u64) {
        self.stranger_records += records;
        if !self.strangers.contains(name) {
            self.strangers.insert(name.to_owned());
            if self.strangers.len() > STRANGERS_MAX {
                self.strangers.pop_last();
            }
        }
    }

    /// Adds what another thread saw.
    #[must_use]
    pub fn merge(mut self, other: Tally) -> Tally {
        self.flows += other.flows;
        self.nodata += other.nodata;
        self.skipdata += other.skipdata;
        self.outside_window += other.outside_window;
        self.in_window += other.in_window;
        self.rejected += other.rejected;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = [self.last, other.last].into_iter().flatten().max();
        self.traffic.merge(other.traffic);
        for (index, heard) in other.heard {
            self.heard.entry(index).or_default().merge(&heard);
        }
        for (index, metered) in other.metered {
            self.metered.entry(index).or_default().merge(metered);
        }
        self.skipped_strangers += other.skipped_strangers;
        self.stranger_records += other.stranger_records;
        self.strangers.extend(other.strangers);
        while self.strangers.len() > STRANGERS_MAX {
            self.strangers.pop_last();
        }
        self.disagreements.merge(other.disagreements);
        for (field, records) in other.lacking {
            *self.lacking.entry(field).or_default() += records;
        }
        self.claims.resize_with(
            self.claims.len().max(other.claims.len()),
            ClaimTally::default,
        );
        for (mine, theirs) in self.claims.iter_mut().zip(other.claims) {
            mine.merge(theirs);
        }
        self
    }
}
