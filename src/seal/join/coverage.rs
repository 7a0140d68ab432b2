//! Interfaces over all of the time, and silences that only two windows together show.
//!
//! The first second of a window counts as a record, so each of two windows allows for a silence of its own at the boundary. Over
//! both, the last record before it and the first one after it may be too far apart.

use std::collections::BTreeMap;

use crate::diag::show;
use crate::model::bounded::GAPS_MAX;
use crate::model::evidence::{Gap, HeardBetween, InterfaceCoverage};
use crate::model::window::{rfc3339, unix_s};
use crate::seal::join::claims::sum;
use crate::seal::join::{Part, earliest, latest};

/// What lies between two windows that meet.
enum Between {
    /// Heard of in time, or silent so long in one of the windows that its own part says so.
    Told,
    /// Nobody can say: the evidence does not tell when it was heard of.
    Untold,
    /// A silence that is too long, and in neither window by itself.
    Silent(Gap, u64),
}

/// One an interface of any part, by id; and why nothing is proven where one was silent across a boundary.
pub(super) fn coverage(parts: &[Part]) -> (Vec<InterfaceCoverage>, Vec<String>) {
    let mut by_id: BTreeMap<&str, Vec<(&Part, &InterfaceCoverage)>> = BTreeMap::new();
    for part in parts {
        for one in &part.evidence.coverage {
            by_id.entry(&one.interface).or_default().push((part, one));
        }
    }
    let mut why = Vec::new();
    let found = by_id
        .into_values()
        .filter_map(|each| interface(&each, &mut why))
        .collect();
    (found, why)
}

fn interface(
    each: &[(&Part, &InterfaceCoverage)],
    why: &mut Vec<String>,
) -> Option<InterfaceCoverage> {
    let newest = each.last()?.1;
    let all = || each.iter().map(|(_, one)| *one);
    let mut gaps: Vec<Gap> = all().flat_map(|one| &one.gaps).cloned().collect();
    let (mut gap_count, mut gap_s) = (
        sum(all().map(|one| one.gap_count)),
        sum(all().map(|one| one.gap_s)),
    );
    let mut complete = all().all(|one| one.complete);
    for pair in each.windows(2) {
        let [before, after] = pair else { continue };
        match between(*before, *after) {
            Between::Told => {}
            Between::Untold => {
                why.push(format!(
                    "{}: the evidence does not tell when it was heard of before and after {}",
                    show(&newest.interface),
                    rfc3339(after.0.since_s)
                ));
            }
            Between::Silent(gap, seconds) => {
                why.push(format!(
                    "{}: silent from {} to {}, across the end of a window",
                    show(&newest.interface),
                    gap.since,
                    gap.until
                ));
                gaps.push(gap);
                gap_count = gap_count.saturating_add(1);
                gap_s = gap_s.saturating_add(seconds);
                complete = false;
            }
        }
    }
    gaps.sort();
    gaps.truncate(GAPS_MAX);
    Some(InterfaceCoverage {
        flow_logs: flow_logs(all()),
        first: earliest(all().filter_map(|one| one.first.as_deref())),
        last: latest(all().filter_map(|one| one.last.as_deref())),
        flows: sum(all().map(|one| one.flows)),
        nodata: sum(all().map(|one| one.nodata)),
        skipdata: sum(all().map(|one| one.skipdata)),
        complete,
        gap_count,
        gap_s,
        gaps,
        heard: heard(
            &all()
                .filter_map(|one| one.heard.as_ref())
                .collect::<Vec<_>>(),
        ),
        ..newest.clone()
    })
}

/// Every log of any part once, in the order in which they first stand there.
fn flow_logs<'c>(all: impl Iterator<Item = &'c InterfaceCoverage>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for log in all.flat_map(|one| &one.flow_logs) {
        if !found.contains(log) {
            found.push(log.clone());
        }
    }
    found
}

fn heard(each: &[&HeardBetween]) -> Option<HeardBetween> {
    Some(HeardBetween {
        first: earliest(each.iter().map(|one| &*one.first))?,
        last: latest(each.iter().map(|one| &*one.last))?,
        max_silence_s: each.iter().map(|one| one.max_silence_s).min()?,
    })
}

/// What two neighbours say of the time between the last record of one and the first of the other.
fn between(
    (before, earlier): (&Part, &InterfaceCoverage),
    (after, later): (&Part, &InterfaceCoverage),
) -> Between {
    // Where windows do not meet, that is said already; and an interface that was not there for a while was not silent.
    if before.until_s != after.since_s {
        return Between::Told;
    }
    let (Some(earlier_heard), Some(later_heard)) = (&earlier.heard, &later.heard) else {
        // One that was never heard of in a window is a gap there, and its part says so.
        let told = |one: &InterfaceCoverage| one.heard.is_some() || !one.complete;
        let untold = !told(earlier) || !told(later);
        return if untold {
            Between::Untold
        } else {
            Between::Told
        };
    };
    let times = unix_s(&earlier_heard.last).zip(unix_s(&later_heard.first));
    let Some((last, first)) = times else {
        return Between::Untold;
    };
    let (mine, theirs) = (earlier_heard.max_silence_s, later_heard.max_silence_s);
    let silent_s = first.saturating_sub(last);
    let shown_by_one = before.until_s.saturating_sub(last) >= mine.max(1)
        || first.saturating_sub(after.since_s) >= theirs.max(1);
    if silent_s < mine.min(theirs) || shown_by_one {
        return Between::Told;
    }
    let gap = Gap {
        since: earlier_heard.last.clone(),
        until: later_heard.first.clone(),
        cause: "silent".to_owned(),
    };
    Between::Silent(gap, u64::try_from(silent_s).unwrap_or(0))
}
