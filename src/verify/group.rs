//! Flows of one kind: counted whole, the worst few kept.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::bounded::{self, SAMPLE_MAX};
use crate::model::evidence::{FlowGroup, FlowSample, FlowsBy, Share};
use crate::model::map::Map;
use crate::model::path::{Exit, Path, Vantage};
use crate::model::symbol::{Sym, Symbols};

pub(super) use crate::model::bounded::NEAREST;

/// Where a shown flow stands: input by its place in the sorted list, and line.
pub(super) type Cite = (u32, u64);

/// What a group tells its flows apart by.
pub(super) type Key = (Path, Sym, Exit, Sym, Vantage);

/// Flows of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) count: u64,
    first: Option<i64>,
    last: Option<i64>,
    by: Map<Key, Share>,
    pub(super) sample: BTreeMap<FlowSample, Cite>,
}

/// What a group must know of a flow at once; the rest is asked for only if the flow is among the worst.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) bytes: u64,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) cite: Cite,
}

impl Group {
    /// Counts flows of one key: the earliest start and the latest end of any.
    pub(super) fn count(
        &mut self,
        key: Key,
        share: Share,
        (first, last): (Option<i64>, Option<i64>),
    ) {
        self.count += share.flows;
        self.first = [self.first, first].into_iter().flatten().min();
        self.last = [self.last, last].into_iter().flatten().max();
        let mine = self.by.entry(key).or_default();
        mine.flows += share.flows;
        mine.bytes = mine.bytes.saturating_add(share.bytes);
    }

    /// The fewest bytes with which a flow may still be among the worst.
    pub(super) fn shown_from_bytes(&self) -> u64 {
        if self.sample.len() < SAMPLE_MAX {
            return 0;
        }
        self.sample
            .last_key_value()
            .map_or(0, |(least, _)| least.bytes.0)
    }

    /// Keeps a flow that was or will be counted, if it is among the worst.
    pub(super) fn offer(&mut self, seen: Seen, show: impl FnOnce() -> FlowSample) {
        let full = self.sample.len() == SAMPLE_MAX;
        // In the order of samples, as far as it is known without making one.
        let rank = (Reverse(seen.bytes), seen.start, seen.end);
        let behind = |least: &FlowSample| (least.bytes, least.start, least.end) < rank;
        if full
            && self
                .sample
                .last_key_value()
                .is_some_and(|(least, _)| behind(least))
        {
            return;
        }
        self.keep(show(), seen.cite);
    }

    /// Records that are the same in every word are shown once, at the first place.
    pub(super) fn keep(&mut self, sample: FlowSample, cite: Cite) {
        self.sample
            .entry(sample)
            .and_modify(|known| *known = (*known).min(cite))
            .or_insert(cite);
        if self.sample.len() > SAMPLE_MAX {
            self.sample.pop_last();
        }
    }

    /// Adds what another thread saw.
    pub(super) fn merge(&mut self, other: Group) {
        self.count += other.count;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = [self.last, other.last].into_iter().flatten().max();
        for (key, share) in other.by {
            let mine = self.by.entry(key).or_default();
            mine.flows += share.flows;
            mine.bytes = mine.bytes.saturating_add(share.bytes);
        }
        for (sample, cite) in other.sample {
            self.keep(sample, cite);
        }
    }

    /// The group as the evidence has it.
    pub(super) fn report(&self, symbols: &Symbols) -> FlowGroup {
        let name = |sym: Sym| sym.is_some().then(|| symbols.name(sym).to_owned());
        let by = self
            .by
            .iter()
            .map(|((path, via, exit, service, vantage), share)| FlowsBy {
                path: *path,
                via: name(*via),
                exit: *exit,
                service: name(*service),
                vantage: *vantage,
                count: share.flows,
                bytes: share.bytes,
            })
            .collect();
        let sample = self.sample.keys().cloned().collect();
        bounded::group(self.count, (self.first, self.last), by, sample)
    }
}
