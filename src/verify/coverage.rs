//! When an interface was heard of: a union of times, bounded by the window and not by the records.

/// Longest time that one record can speak for: the longest aggregation interval, and AWS's 60 s of slack at both ends (facts 1).
const RECORD_SPAN_MAX_S: i64 = 600 + 60 + 60;

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
        self.covered.add(
            start.max(end.saturating_sub(RECORD_SPAN_MAX_S)),
            end.saturating_add(max_silence_s),
        );
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
            .gaps(since.saturating_add(max_silence_s), until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn silence_is_what_lies_further_from_a_record_than_allowed() {
        let mut heard = Heard::default();
        for (start, end) in [(1_000, 1_060), (2_000, 2_050), (2_040, 2_100)] {
            heard.hear(Some(start), Some(end), 600);
        }
        assert_eq!(heard.silences(500, 2_700, 600), [(1_660, 2_000)]);
        assert_eq!(
            heard.silences(300, 2_700, 600),
            [(900, 1_000), (1_660, 2_000)]
        );
        assert_eq!(
            heard.silences(500, 2_800, 600),
            [(1_660, 2_000), (2_700, 2_800)]
        );
        assert_eq!(
            Heard::default().silences(0, 700, 600),
            [(600, 700)],
            "a window shorter than the silence allowed needs a record too: see no-silence"
        );
    }

    #[test]
    fn a_record_does_not_vouch_for_a_day() {
        let mut heard = Heard::default();
        heard.hear(Some(0), Some(86_400), 600);
        assert_eq!(
            heard.silences(0, 86_400, 600),
            [(600, 86_400 - RECORD_SPAN_MAX_S)]
        );
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
