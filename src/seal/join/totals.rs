//! Sums over parts. Bytes and shares are those of one vantage: the nearest to the workload that any part has, and then of all
//! parts at that one, as if all had been verified at once.

use std::collections::BTreeMap;

use crate::model::bounded::{self, NEAREST, STEPS_S};
use crate::model::evidence::*;
use crate::model::path::{Path, Vantage};
use crate::model::window::unix_s;
use crate::seal::join::Part;
use crate::seal::join::claims::sum;

/// What was read, over all parts.
pub(super) fn totals(parts: &[Part]) -> Totals {
    let each = || parts.iter().map(|part| &part.evidence.totals);
    let over = |number: fn(&Totals) -> u64| sum(each().map(number));
    let mut by_vantage: BTreeMap<Vantage, BTreeMap<Path, Share>> = BTreeMap::new();
    for (vantage, paths) in each().flat_map(|totals| &totals.by_vantage) {
        let mine = by_vantage.entry(*vantage).or_default();
        for (path, share) in paths {
            mine.entry(*path).or_default().add(*share);
        }
    }
    let counted_at = NEAREST
        .into_iter()
        .find(|vantage| by_vantage.contains_key(vantage));
    let by_path = counted_at.and_then(|vantage| by_vantage.get(&vantage).cloned());
    let by_path = by_path.unwrap_or_default();
    // A part whose nearest vantage lies further out has no flow at this one, so its pictures have none to add.
    let pictured: Vec<&Totals> = each()
        .filter(|totals| totals.counted_at == counted_at)
        .collect();
    Totals {
        records: over(|totals| totals.records),
        flows: over(|totals| totals.flows),
        nodata: over(|totals| totals.nodata),
        skipdata: over(|totals| totals.skipdata),
        set_aside: over(|totals| totals.set_aside),
        outside_window: over(|totals| totals.outside_window),
        rejected: over(|totals| totals.rejected),
        bytes: sum(by_path.values().map(|share| share.bytes)),
        counted_at,
        by_path,
        by_vantage,
        ways: ways(&pictured),
        timeline: timeline(&pictured),
    }
}

fn ways(parts: &[&Totals]) -> Vec<Way> {
    let mut found: BTreeMap<_, Share> = BTreeMap::new();
    for way in parts.iter().flat_map(|totals| &totals.ways) {
        let key = (&way.subnet, way.path, &way.service);
        found.entry(key).or_default().add(way.share);
    }
    let found = found
        .into_iter()
        .map(|((subnet, path, service), share)| Way {
            subnet: subnet.clone(),
            path,
            service: service.clone(),
            share,
        });
    bounded::ways(found.collect())
}

/// `None` if a part with flows has none: a picture with a hole in it would show less than there was.
fn timeline(parts: &[&Totals]) -> Option<Timeline> {
    let mut shares = Vec::new();
    let mut finest_s = *STEPS_S.first()?;
    for totals in parts.iter().filter(|totals| !totals.by_path.is_empty()) {
        let timeline = totals.timeline.as_ref()?;
        finest_s = finest_s.max(*STEPS_S.iter().find(|step| **step == timeline.step_s)?);
        for moment in &timeline.moments {
            let since_s = unix_s(&moment.since)?;
            let by_path = moment.by_path.iter();
            shares.extend(by_path.map(|(path, share)| (since_s, *path, *share)));
        }
    }
    bounded::timeline(shares.into_iter(), finest_s)
}
