//! When an interface was heard of: a union of times, bounded by the window and not by the records.

/// Disjoint half-open times, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Times(Vec<(i64, i64)>);

impl Times {
    /// Adds `[since, until)`; times that meet become one.
    pub(super) fn add(&mut self, since: i64, until: i64) {
        if until <= since {
            return;
        }
        // Records come nearly in order, so the last piece is nearly always the one.
        if let Some(last) = self.0.last_mut()
            && last.0 <= since
        {
            if since <= last.1 {
                last.1 = last.1.max(until);
            } else {
                self.0.push((since, until));
            }
            return;
        }
        let first = self.0.partition_point(|piece| piece.1 < since);
        let after = self.0.partition_point(|piece| piece.0 <= until);
        let merged = self.0[first..after]
            .iter()
            .fold((since, until), |(a, b), piece| {
                (a.min(piece.0), b.max(piece.1))
            });
        self.0.splice(first..after, [merged]);
    }

    /// Adds all of another.
    pub(super) fn merge(&mut self, other: &Times) {
        for (since, until) in &other.0 {
            self.add(*since, *until);
        }
    }

    /// The pieces.
    pub(super) fn pieces(&self) -> &[(i64, i64)] {
        &self.0
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
    /// Hears of the interface by a record.
    pub(super) fn hear(&mut self, start: Option<i64>, end: Option<i64>, max_silence_s: i64) {
        let (Some(start), Some(end)) = (start, end) else {
            return;
        };
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
        self.last = Some(self.last.map_or(end, |last| last.max(end)));
        // A record counts at its end, and the next must end *within* the time, not at its end: where AWS reports every ten
        // minutes and twenty are allowed, one lost report makes a distance of exactly twenty.
        self.covered
            .add(end, end.saturating_add(reach_s(max_silence_s)));
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
        for (start, end) in [(1_000, 1_060), (1_900, 1_959), (2_000, 2_558)] {
            heard.hear(Some(start), Some(end), 600);
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
                .for_each(|end| heard.hear(Some(end - 600), Some(*end), 1_200));
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
