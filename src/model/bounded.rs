//! How much of everything the evidence shows, and in which order.
//!
//! Whoever writes evidence goes by this: a month that is joined from days looks as if it had been verified at once.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Severity};
use crate::model::evidence::{
    ClaimReport, FlowGroup, FlowSample, FlowsBy, Moment, Share, Timeline, Totals, Way,
};
use crate::model::path::{Path, Vantage};
use crate::model::window::rfc3339;

/// Flows shown of a group.
pub const SAMPLE_MAX: usize = 20;

/// Gaps shown of one interface.
pub const GAPS_MAX: usize = 20;

/// Reasons that are told of each obligation; the rest are counted.
pub const WHY_MAX: usize = 10;

/// Ways that are shown; the rest are summed up.
const WAYS_MAX: usize = 200;

/// Steps that a picture may have, in seconds, and how many of them it may show.
pub const STEPS_S: &[i64] = &[300, 600, 1_800, 3_600, 21_600, 86_400, 604_800];
const MOMENTS_MAX: i64 = 200;

/// The nearest to the workload first: packets are counted where they are first seen.
pub const NEAREST: [Vantage; 5] = [
    Vantage::Workload,
    Vantage::Endpoint,
    Vantage::Nat,
    Vantage::Gateway,
    Vantage::Unknown,
];

impl Share {
    /// Adds another's flows and bytes; a sum is at most the largest number.
    #[inline]
    pub fn add(&mut self, other: Share) {
        self.flows = self.flows.saturating_add(other.flows);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// Says that a sum of bytes has come to the largest number, which stands for every larger one.
pub fn saturated(totals: &Totals, claims: &[ClaimReport]) -> Option<Diagnostic> {
    let shares = totals.by_vantage.values().flat_map(BTreeMap::values);
    let groups = claims
        .iter()
        .flat_map(|claim| [&claim.witnesses, &claim.attempts]);
    let mut bytes = shares
        .map(|share| share.bytes)
        .chain(groups.map(|group| group.bytes))
        .chain([totals.bytes]);
    bytes.any(|bytes| bytes == u64::MAX).then(|| {
        Diagnostic::new(
            Severity::Warning,
            "bytes-saturated",
            format!("a sum of bytes is {} or more", u64::MAX),
            "where that number stands, the bytes are more than can be said; verdicts rest on flows, and on bytes in `metrics-agree` alone",
            "look for records that no network can have carried: their bytes are in the samples",
        )
    })
}

/// Flows of one kind as the evidence has them: shares by bytes, and bytes at one vantage, for packets are logged at every
/// interface that they cross. `times`: the earliest start and the latest end.
pub fn group(
    count: u64,
    times: (Option<i64>, Option<i64>),
    mut by: Vec<FlowsBy>,
    sample: Vec<FlowSample>,
) -> FlowGroup {
    by.sort_by(|a, b| {
        let key = |one: &FlowsBy| (Reverse(one.bytes), Reverse(one.count), one.path);
        key(a).cmp(&key(b)).then_with(|| {
            (&a.via, a.exit, &a.service, a.vantage).cmp(&(&b.via, b.exit, &b.service, b.vantage))
        })
    });
    let counted_at = NEAREST
        .into_iter()
        .find(|vantage| by.iter().any(|share| share.vantage == *vantage));
    let bytes = by
        .iter()
        .filter(|share| Some(share.vantage) == counted_at)
        .fold(0u64, |sum, share| sum.saturating_add(share.bytes));
    FlowGroup {
        count,
        bytes,
        counted_at,
        first: times.0.map(rfc3339),
        last: times.1.map(rfc3339),
        by,
        sample,
    }
}

/// Ways with the most bytes first; what is beyond the limit is one way for each path, without names.
pub fn ways(mut found: Vec<Way>) -> Vec<Way> {
    found.sort_by(|a, b| {
        (b.share.bytes, b.share.flows)
            .cmp(&(a.share.bytes, a.share.flows))
            .then_with(|| (&a.subnet, a.path, &a.service).cmp(&(&b.subnet, b.path, &b.service)))
    });
    let mut rest: BTreeMap<Path, Share> = BTreeMap::new();
    for way in found.drain(WAYS_MAX.min(found.len())..) {
        rest.entry(way.path).or_default().add(way.share);
    }
    found.extend(rest.into_iter().map(|(path, share)| Way {
        subnet: None,
        path,
        service: None,
        share,
    }));
    found
}

/// Shares over time, in the finest step that makes a picture; `None` without shares, and where their times are years apart.
///
/// `shares`: each with the first second of its moment. `finest_s`: one of [`STEPS_S`], no shorter than any of these moments.
pub fn timeline(
    shares: impl Iterator<Item = (i64, Path, Share)> + Clone,
    finest_s: i64,
) -> Option<Timeline> {
    let floor = |time_s: i64, step_s: i64| time_s.div_euclid(step_s).saturating_mul(step_s);
    let times = || shares.clone().map(|(since_s, ..)| floor(since_s, finest_s));
    let (first, last) = (times().min()?, times().max()?);
    let seconds = last.saturating_sub(first).saturating_add(finest_s);
    // The first that is coarse enough; of centuries, none is.
    let step_s = STEPS_S
        .iter()
        .copied()
        .find(|step_s| *step_s >= finest_s && seconds / step_s < MOMENTS_MAX)?;
    let mut moments: BTreeMap<i64, BTreeMap<Path, Share>> = BTreeMap::new();
    for (since_s, path, share) in shares {
        moments
            .entry(floor(since_s, step_s))
            .or_default()
            .entry(path)
            .or_default()
            .add(share);
    }
    Some(Timeline {
        step_s,
        moments: moments
            .into_iter()
            .map(|(since, by_path)| Moment {
                since: rfc3339(since),
                by_path,
            })
            .collect(),
    })
}
