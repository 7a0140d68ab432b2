//! When an interface was heard of: a union of times, bounded by the window and not by the records.

use std::collections::BTreeMap;

use crate::model::evidence::HeardBetween;
use crate::model::window::rfc3339;

/// Disjoint half-open times: end by start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Times(BTreeMap<i64, i64>);

impl Times {
    /// Adds `[since, until)`; times that meet become one.
    pub(super) fn add(&mut self, since: i64, until: i64) {
        if until <= since {
            return;
        }
        let (mut first, mut last) = (since, until);
        while let Some((start, end)) = self
            .0
            .range(..=last)
            .next_back()
            .map(|(start, end)| (*start, *end))
        {
            if end < first {
                break;
            }
            // Records come nearly in order: mostly there is one piece to grow, and nothing is taken out.
            if start <= first && end >= last {
                return;
            }
            self.0.remove(&start);
            (first, last) = (first.min(start), last.max(end));
        }
        self.0.insert(first, last);
    }

    /// Adds all of another.
    pub(super) fn merge(&mut self, other: &Times) {
        for (since, until) in &other.0 {
            self.add(*since, *until);
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pieces, by time.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter().map(|(start, end)| (*start, *end))
    }

    /// What of `[since, until)` is in none.
    pub(super) fn gaps(&self, since: i64, until: i64) -> Vec<(i64, i64)> {
        let (mut gaps, mut from) = (Vec::new(), since);
        for (start, end) in &self.0 {
            if *start > from && from < until {
                gaps.push((from, (*start).min(until)));
            }
            from = from.max(*end);
        }
        if from < until {
            gaps.push((from, until));
        }
        gaps
    }
}

/// How long after a record nothing need be heard: one second less than the silence that is too long.
///
/// A record counts at its end, and the next must end *within* the time, not at its end: where AWS reports every ten minutes and twenty are
/// allowed, one lost report makes a distance of exactly twenty.
pub(super) fn reach_s(max_silence_s: i64) -> i64 {
    max_silence_s.saturating_sub(1).max(0)
}

/// What the records say of one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) flows: u64,
    pub(super) nodata: u64,
    pub(super) skipdata: u64,
    /// Each record's time, stretched by the longest silence that is none: what is not covered is silence.
    pub(super) covered: Times,
    /// Times in which AWS skipped records.
    pub(super) skipped: Times,
}

impl Heard {
    /// There is a record, whatever it is worth.
    pub(super) fn note(&mut self, start: Option<i64>, end: Option<i64>) {
        self.first = [self.first, start].into_iter().flatten().min();
        self.last = [self.last, end].into_iter().flatten().max();
    }

    /// A record of a flow log that logs everything: the interface was not silent then. The plain way, for tests; the other is
    /// [`Lately`](crate::verify::account::Lately).
    #[cfg(test)]
    pub(super) fn hear(&mut self, end: Option<i64>, max_silence_s: i64) {
        let Some(end) = end else { return };
        self.covered
            .add(end, end.saturating_add(reach_s(max_silence_s)));
    }

    /// AWS skipped records here. Whole minutes, so that the pieces are bounded by the window.
    pub(super) fn skip(&mut self, start: i64, end: i64) {
        let minute = |time: i64| time.div_euclid(60).saturating_mul(60);
        self.skipped
            .add(minute(start), minute(end).saturating_add(60));
    }

    /// Adds what another thread heard.
    pub(super) fn merge(&mut self, other: &Heard) {
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = [self.last, other.last].into_iter().flatten().max();
        self.flows += other.flows;
        self.nodata += other.nodata;
        self.skipdata += other.skipdata;
        self.covered.merge(&other.covered);
        self.skipped.merge(&other.skipped);
    }

    /// The first and the last that was heard: what the windows before and after need to know of this one.
    pub(super) fn between(&self, max_silence_s: i64) -> Option<HeardBetween> {
        let first = self.covered.pieces().next()?.0;
        let last = self.covered.pieces().last()?.1;
        Some(HeardBetween {
            first: rfc3339(first),
            last: rfc3339(last.saturating_sub(reach_s(max_silence_s))),
            max_silence_s,
        })
    }

    /// Silences in the window; its first second counts as a record.
    pub(super) fn silences(&self, since: i64, until: i64, max_silence_s: i64) -> Vec<(i64, i64)> {
        self.covered
            .gaps(since.saturating_add(reach_s(max_silence_s)), until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn silence_is_what_lies_too_far_behind_a_record() {
        let mut heard = Heard::default();
        for end in [1_060, 1_959, 2_558] {
            heard.hear(Some(end), 600);
        }
        assert_eq!(heard.silences(500, 3_157, 600), [(1_659, 1_959)]);
        assert_eq!(
            heard.silences(300, 3_157, 600),
            [(899, 1_060), (1_659, 1_959)]
        );
        assert_eq!(
            heard.silences(500, 3_200, 600),
            [(1_659, 1_959), (3_157, 3_200)]
        );
    }

    #[test]
    fn one_report_lost_of_a_regular_row_is_a_silence() {
        let ends = [600, 1_200, 1_800, 2_400];
        let silences = |lost: Option<i64>| {
            let mut heard = Heard::default();
            ends.iter()
                .filter(|end| Some(**end) != lost)
                .for_each(|end| heard.hear(Some(*end), 1_200));
            heard.silences(0, 3_000, 1_200).len()
        };
        assert_eq!(silences(None), 0);
        for lost in ends {
            assert_eq!(silences(Some(lost)), 1, "{lost}");
        }
    }

    proptest! {
        #[test]
        fn the_union_is_the_same_in_any_order(pieces in prop::collection::vec((0i64..200, 0i64..40), 0..30), at in any::<prop::sample::Index>()) {
            let mut forward = Times::default();
            pieces.iter().for_each(|(start, len)| forward.add(*start, start + len));
            let mut backward = Times::default();
            pieces.iter().rev().for_each(|(start, len)| backward.add(*start, start + len));
            let mut halves = [Times::default(), Times::default()];
            let cut = if pieces.is_empty() { 0 } else { at.index(pieces.len()) };
            pieces.iter().enumerate().for_each(|(index, (start, len))| halves[usize::from(index < cut)].add(*start, start + len));
            let [mut first, second] = halves;
            first.merge(&second);
            prop_assert_eq!(&forward, &backward);
            prop_assert_eq!(&forward, &first);
            for second in 0..240 {
                let inside = pieces.iter().any(|(start, len)| (*start..start + len).contains(&second));
                let gap = forward.gaps(0, 240).iter().any(|(start, end)| (*start..*end).contains(&second));
                prop_assert_eq!(inside, !gap);
            }
        }
    }
}
