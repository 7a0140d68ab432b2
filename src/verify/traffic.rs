//! Where bytes went, and when: for totals and pictures. In: accepted flows, by way and by moment. Out: shares by way and by moment.
//!
//! Everything is kept by vantage, for the same packet is logged wherever it passes; sums are never taken over vantages.

use std::collections::BTreeMap;

use crate::diag::show;
use crate::model::bounded;
use crate::model::evidence::{Share, Timeline, Way};
use crate::model::map::Map;
use crate::model::path::{Path, Vantage};
use crate::model::symbol::{Sym, Symbols};

/// Flows are told apart by this many seconds; AWS publishes files by it.
const STEP_S: i64 = 300;
/// Moments that are kept: years of steps. Records with times beyond all measure cannot take more memory than this.
const TIMES_MAX: usize = 1 << 20;

/// A way: who logged it, path, the workload's subnet, service; either of them [`Sym::NONE`] where it is not known.
pub(super) type Key = (Vantage, Path, Sym, Sym);

/// The moment of a time, in seconds.
#[inline]
pub(super) fn step(time_s: i64) -> i64 {
    time_s.div_euclid(STEP_S)
}

/// What one thread has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    ways: Map<Key, Share>,
    times: Map<(Vantage, Path, i64), Share>,
    /// More moments than are kept: then none is shown.
    endless: bool,
}

impl Traffic {
    /// Accepted flows of a way.
    pub(super) fn flows(&mut self, way: Key, share: Share) {
        self.ways.entry(way).or_default().add(share);
    }

    /// The same flows at a moment, as [`step`] numbers them.
    pub(super) fn at(&mut self, (vantage, path): (Vantage, Path), step: i64, share: Share) {
        let moment = (vantage, path, step);
        if self.times.len() < TIMES_MAX || self.times.contains_key(&moment) {
            self.times.entry(moment).or_default().add(share);
        } else {
            self.endless = true;
        }
    }

    /// An accepted flow.
    #[cfg(test)]
    pub(super) fn flow(&mut self, way: Key, bytes: u64, time_s: i64) {
        let share = Share { flows: 1, bytes };
        self.flows(way, share);
        self.at((way.0, way.1), step(time_s), share);
    }

    pub(super) fn merge(&mut self, other: Traffic) {
        for (way, share) in other.ways {
            self.ways.entry(way).or_default().add(share);
        }
        for (moment, share) in other.times {
            self.times.entry(moment).or_default().add(share);
        }
        self.endless |= other.endless || self.times.len() > TIMES_MAX;
    }

    /// Shares by vantage and path.
    pub(super) fn by_vantage(&self) -> BTreeMap<Vantage, BTreeMap<Path, Share>> {
        let mut found: BTreeMap<Vantage, BTreeMap<Path, Share>> = BTreeMap::new();
        for ((vantage, path, ..), share) in &self.ways {
            found
                .entry(*vantage)
                .or_default()
                .entry(*path)
                .or_default()
                .add(*share);
        }
        found
    }

    /// Who went which way to what at one vantage, most bytes first; what is beyond the limit is one way without names.
    pub(super) fn ways(&self, at: Option<Vantage>, symbols: &Symbols) -> Vec<Way> {
        let name = |sym: Sym| sym.is_some().then(|| show(symbols.name(sym)));
        let found: Vec<Way> = self
            .ways
            .iter()
            .filter(|((vantage, ..), _)| Some(*vantage) == at)
            .map(|((_, path, subnet, service), share)| Way {
                subnet: name(*subnet),
                path: *path,
                service: name(*service),
                share: *share,
            })
            .collect();
        bounded::ways(found)
    }

    /// Bytes over time at one vantage, in steps that make a picture.
    pub(super) fn timeline(&self, at: Option<Vantage>) -> Option<Timeline> {
        let here = self
            .times
            .iter()
            .filter(|((vantage, ..), _)| Some(*vantage) == at)
            .map(|((_, path, step), share)| (step.saturating_mul(STEP_S), *path, *share));
        if self.endless {
            return None;
        }
        bounded::timeline(here, STEP_S)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(times: &[i64]) -> Traffic {
        let mut traffic = Traffic::default();
        for time_s in times {
            let way = (Vantage::Workload, Path::ViaNat, Sym::NONE, Sym::NONE);
            traffic.flow(way, 10, *time_s);
        }
        traffic
    }

    #[test]
    fn steps_grow_with_the_time_that_they_cover() {
        #[rustfmt::skip]
        let cases = [
            // title,        times,                       step, moments
            ("an hour",      vec![0, 299, 300, 3_599],    Some((300, 3))),
            ("a day",        vec![0, 86_399],             Some((600, 2))),
            ("a month",      vec![0, 30 * 86_400],        Some((21_600, 2))),
            ("a year",       vec![0, 365 * 86_400],       Some((604_800, 2))),
            ("ten years",    vec![0, 3_650 * 86_400],     None),
            ("nothing",      vec![],                      None),
        ];
        for (title, times, expected) in cases {
            let timeline = seen(&times).timeline(Some(Vantage::Workload));
            let got = timeline.map(|timeline| (timeline.step_s, timeline.moments.len()));
            assert_eq!(got, expected, "{title}");
        }
    }

    #[test]
    fn what_two_threads_saw_is_what_one_would_have_seen() {
        let mut merged = seen(&[0, 700]);
        merged.merge(seen(&[5, 900]));
        assert_eq!(merged, seen(&[900, 5, 700, 0]));
        let ways = merged.ways(Some(Vantage::Workload), &Symbols::default());
        assert_eq!(ways.len(), 1);
        assert_eq!((ways[0].share.flows, ways[0].share.bytes), (4, 40));
        assert!(
            merged
                .ways(Some(Vantage::Nat), &Symbols::default())
                .is_empty()
        );
    }
}
