//! CloudWatch's counters over the parts that were given any.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::model::evidence::{CounterReport, GatewayMetrics, MetricsReport};
use crate::model::name::hex;
use crate::seal::join::claims::sum;
use crate::seal::join::{Part, earliest, latest};

/// Outcomes, the worst first. One that this version does not know is worse than all.
const WORST: &[&str] = &[
    "traffic-without-records",
    "records-without-traffic",
    "no-counter",
    "records-without-time",
    "nothing-left",
    "agrees",
    "idle",
    "no-such-metric",
];

/// Counters and records summed by gateway; `None` if no part has any. The digest is that of the parts' digests, one a line, in the
/// order of time, unless all are the same.
pub(super) fn metrics(parts: &[Part]) -> Option<MetricsReport> {
    let all: Vec<&MetricsReport> = parts
        .iter()
        .filter_map(|part| part.evidence.metrics.as_ref())
        .collect();
    let distinct = |text: fn(&MetricsReport) -> &String| {
        let mut found: Vec<&String> = all.iter().map(|one| text(one)).collect();
        found.dedup();
        found
    };
    let sha256 = match distinct(|one| &one.sha256).as_slice() {
        [] => return None,
        [same] => (*same).clone(),
        many => digest(many),
    };
    let mut sources = distinct(|one| &one.source);
    sources.sort();
    sources.dedup();
    let source = match sources.as_slice() {
        [first, _, ..] => format!("{first} and {} others", sources.len() - 1),
        one => one.first().map_or_else(String::new, |one| (*one).clone()),
    };
    let mut by_id: BTreeMap<&str, Vec<&GatewayMetrics>> = BTreeMap::new();
    for gateway in all.iter().flat_map(|one| &one.gateways) {
        by_id.entry(&gateway.id).or_default().push(gateway);
    }
    Some(MetricsReport {
        source,
        sha256,
        captured_at: latest(all.iter().filter_map(|one| one.captured_at.as_deref())),
        since: earliest(all.iter().map(|one| &*one.since))?,
        until: latest(all.iter().map(|one| &*one.until))?,
        gateways: by_id
            .into_values()
            .filter_map(|each| gateway(&each))
            .collect(),
    })
}

fn digest(digests: &[&String]) -> String {
    let mut hash = Sha256::new();
    for one in digests {
        hash.update(one.as_bytes());
        hash.update(b"\n");
    }
    hex(&hash.finalize())
}

fn gateway(each: &[&GatewayMetrics]) -> Option<GatewayMetrics> {
    let rank = |one: &&&GatewayMetrics| WORST.iter().position(|known| *known == one.outcome);
    let mut sums: Vec<CounterReport> = Vec::new();
    for one in each.iter().flat_map(|one| &one.sums) {
        match sums.iter_mut().find(|sum| sum.name == one.name) {
            None => sums.push(one.clone()),
            Some(sum) => {
                sum.counter_bytes = sum.counter_bytes.saturating_add(one.counter_bytes);
                sum.flow_bytes = sum.flow_bytes.saturating_add(one.flow_bytes);
                sum.tolerance_bytes = sum.tolerance_bytes.saturating_add(one.tolerance_bytes);
            }
        }
    }
    // `None`, all counters together, comes first: as in every part.
    sums.sort_by(|a, b| a.name.cmp(&b.name));
    let newest = each.last()?;
    Some(GatewayMetrics {
        id: newest.id.clone(),
        vpc: newest.vpc.clone(),
        outcome: each.iter().min_by_key(rank)?.outcome.clone(),
        since: earliest(each.iter().filter_map(|one| one.since.as_deref())),
        until: latest(each.iter().filter_map(|one| one.until.as_deref())),
        bucket_s: each.iter().map(|one| one.bucket_s).max()?,
        excluded_s: sum(each.iter().map(|one| one.excluded_s)),
        sums,
    })
}
