//! Bytes of one gateway's records by bucket: what one thread has seen. They merge in any order to the same.

use std::collections::BTreeMap;

use crate::verify::coverage::Times;

/// Which of a NAT gateway's counters a record belongs to, in the order of facts 8.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Leg {
    /// In from the client, `BytesInFromSource`; of an endpoint, either direction.
    FromSource,
    /// Out to the far end.
    ToDestination,
    /// In from the far end.
    FromDestination,
    /// Out to the client.
    ToSource,
    /// The record does not tell.
    Untold,
}

impl Leg {
    /// Its place in [`Legs`].
    pub(in crate::verify) fn index(self) -> usize {
        match self {
            Leg::FromSource => 0,
            Leg::ToDestination => 1,
            Leg::FromDestination => 2,
            Leg::ToSource => 3,
            Leg::Untold => 4,
        }
    }
}

/// Bytes by [`Leg`].
pub(in crate::verify) type Legs = [u64; 5];

/// What the records say of one gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::verify) struct Metered {
    /// Accepted flows in the window.
    pub(in crate::verify) flows: u64,
    /// Of them those without a time: they are in no bucket.
    pub(in crate::verify) undated: u64,
    /// By number of the bucket since 1970.
    pub(in crate::verify) buckets: BTreeMap<i64, Legs>,
    /// Times in which AWS skipped records of it, and a minute around each.
    pub(in crate::verify) skipped: Times,
    /// SKIPDATA without a time: it may be any.
    pub(in crate::verify) skipped_undated: u64,
}

impl Metered {
    /// Spreads a record's bytes over the seconds from `start` to `end`, both included, as evenly as whole bytes allow: what falls
    /// into a bucket is the difference of two rounded-down sums, so nothing is lost or made, whatever the cut.
    pub(in crate::verify) fn spread(
        &mut self,
        leg: Leg,
        bytes: u64,
        span: (i64, i64),
        bucket_s: i64,
    ) {
        let (start, end) = (span.0, span.1.max(span.0));
        let seconds = end.saturating_sub(start).saturating_add(1);
        let until = |time: i64| -> u64 {
            let passed = u128::try_from(time.saturating_sub(start).clamp(0, seconds)).unwrap_or(0);
            let all = u128::try_from(seconds).unwrap_or(1);
            u64::try_from(u128::from(bytes) * passed / all).unwrap_or(bytes)
        };
        let (first, last) = (start.div_euclid(bucket_s), end.div_euclid(bucket_s));
        for bucket in first..=last {
            let begin = bucket.saturating_mul(bucket_s);
            let share = until(begin.saturating_add(bucket_s)) - until(begin);
            let sum = &mut self.buckets.entry(bucket).or_default()[leg.index()];
            *sum = sum.saturating_add(share);
        }
    }

    /// Adds what another thread saw.
    pub(in crate::verify) fn merge(&mut self, other: Metered) {
        self.flows += other.flows;
        self.undated += other.undated;
        self.skipped_undated += other.skipped_undated;
        self.skipped.merge(&other.skipped);
        for (bucket, legs) in other.buckets {
            let mine = self.buckets.entry(bucket).or_default();
            for (sum, more) in mine.iter_mut().zip(legs) {
                *sum = sum.saturating_add(more);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LEGS: [Leg; 5] = [
        Leg::FromSource,
        Leg::ToDestination,
        Leg::FromDestination,
        Leg::ToSource,
        Leg::Untold,
    ];

    fn spread(bytes: u64, span: (i64, i64)) -> Vec<(i64, u64)> {
        let mut metered = Metered::default();
        metered.spread(Leg::FromSource, bytes, span, 600);
        let buckets = metered.buckets.into_iter();
        buckets.map(|(bucket, legs)| (bucket, legs[0])).collect()
    }

    #[test]
    fn bytes_are_spread_over_the_seconds_of_a_record() {
        type Shares = &'static [(i64, u64)];
        #[rustfmt::skip]
        let cases: [(&str, u64, (i64, i64), Shares); 9] = [
            ("within one bucket",                       999,    (600, 1_199),       &[(1, 999)]),
            ("one second",                              7,      (1_199, 1_199),     &[(1, 7)]),
            ("half and half",                           600,    (300, 899),         &[(0, 300), (1, 300)]),
            ("what is left over goes to the later one", 601,    (300, 899),         &[(0, 300), (1, 301)]),
            ("the last second only is in the next",     600,    (1, 600),           &[(0, 599), (1, 1)]),
            ("over three",                              2_400,  (0, 1_799),         &[(0, 800), (1, 800), (2, 800)]),
            ("an end before the start is the start",    5,      (700, 10),          &[(1, 5)]),
            ("before 1970",                             600,    (-300, 299),        &[(-1, 300), (0, 300)]),
            ("as many as there can be",                 u64::MAX, (0, 1_199),       &[(0, u64::MAX / 2), (1, u64::MAX / 2 + 1)]),
        ];
        for (title, bytes, span, expected) in cases {
            assert_eq!(spread(bytes, span), expected, "{title}");
        }
    }

    #[test]
    fn sums_stop_at_the_largest_number() {
        let mut metered = Metered::default();
        metered.spread(Leg::ToSource, u64::MAX, (0, 9), 600);
        let twice = metered.clone();
        metered.merge(twice);
        assert_eq!(metered.buckets[&0][3], u64::MAX);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_made(bytes in any::<u64>(), start in -5_000i64..5_000, length in 0i64..5_000, bucket_s in 1i64..4_000) {
            let mut metered = Metered::default();
            metered.spread(Leg::Untold, bytes, (start, start + length), bucket_s);
            let sum: u64 = metered.buckets.values().map(|legs| legs[4]).sum();
            prop_assert_eq!(sum, bytes);
        }

        #[test]
        fn tallies_merge_in_any_order_to_the_same(
            records in prop::collection::vec((0usize..5, any::<u64>(), 0i64..9_000, 0i64..700, any::<bool>()), 0..40),
            parts in prop::collection::vec(0usize..4, 40),
            order in Just([0usize, 1, 2, 3]).prop_shuffle(),
        ) {
            let add = |metered: &mut Metered, record: &(usize, u64, i64, i64, bool)| {
                let (leg, bytes, start, length, skipped) = *record;
                if skipped {
                    metered.skipped.add(start, start + length + 1);
                } else {
                    metered.flows += 1;
                    metered.spread(LEGS[leg], bytes, (start, start + length), 600);
                }
            };
            let mut whole = Metered::default();
            let mut cut: [Metered; 4] = Default::default();
            for (record, part) in records.iter().zip(parts) {
                add(&mut whole, record);
                add(&mut cut[part], record);
            }
            let mut merged = Metered::default();
            for part in order {
                merged.merge(cut[part].clone());
            }
            prop_assert_eq!(whole, merged);
        }
    }
}
