//! Counters and records of each gateway, over the buckets of which both speak whole.

use crate::model::evidence::{CounterReport, GatewayMetrics, MetricsReport};
use crate::model::symbol::Sym;
use crate::model::window::rfc3339;
use crate::verify::metrics::gateways::{Gateway, Metering, Sort};
use crate::verify::metrics::metered::{Leg, Legs, Metered};
use crate::verify::plan::Plan;
use crate::verify::tally::Tally;

/// Sums may differ by one part in so many. Whether flow logs and counters count the same headers is not documented (facts 8.1):
/// 20 bytes of IP header are 1 % of full packets and 10 % of packets of 200 bytes.
pub(super) const TOLERANCE_PART: u64 = 10;

/// Sums may differ by this whatever they are: of a few packets, one that falls into the next minute is all the difference.
pub(super) const TOLERANCE_BYTES: u64 = 64 << 10;

/// ListMetrics names only metrics that had data in the two weeks before (CloudWatch API, ListMetrics).
const LISTED_S: i64 = 14 * 86_400;

/// A new metric shows in ListMetrics up to so long after its first data (CloudWatch API, ListMetrics).
const APPEARS_S: i64 = 900;

/// What both say of the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// Of which counter; `None` is all together.
    pub(super) name: Option<&'static str>,
    pub(super) counter_bytes: u64,
    pub(super) flow_bytes: u64,
}

impl Sum {
    /// How far they may be apart.
    pub(super) fn tolerance_bytes(self) -> u64 {
        (self.counter_bytes / TOLERANCE_PART).max(TOLERANCE_BYTES)
    }

    fn agrees(self) -> bool {
        self.counter_bytes.abs_diff(self.flow_bytes) <= self.tolerance_bytes()
    }
}

/// What came of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Compared, and alike.
    Agrees,
    /// There is no such metric in CloudWatch, and why.
    Uncounted(&'static str),
    /// Neither records nor counters, of a time when every counter with data was listed.
    Idle,
    /// Neither records nor counters, and a counter might not have been listed.
    Unlisted,
    /// It has records, or other counters, and lacks these.
    NoCounter(Vec<&'static str>),
    /// Records without a time.
    Undated(u64),
    /// The counters were taken of another time than the window, or of a part of it.
    Elsewhen,
    /// Every bucket is left out.
    NothingLeft,
    /// The sum that differs most plainly.
    Differs(Sum),
}

/// A gateway, compared.
#[derive(Clone, Debug)]
pub(super) struct Compared<'p> {
    pub(super) gateway: &'p Gateway,
    pub(super) outcome: Outcome,
    /// From the first compared bucket to the end of the last.
    pub(super) span: Option<(i64, i64)>,
    /// Of the window.
    pub(super) excluded_s: i64,
    /// All together, then by counter if the records tell their legs.
    pub(super) sums: Vec<Sum>,
}

/// Compares every gateway in these VPCs.
pub(super) fn compare<'p>(
    metering: &'p Metering<'_>,
    tally: &Tally,
    window: Option<(i64, i64)>,
    vpcs: &[Sym],
) -> Vec<Compared<'p>> {
    let quiet = Metered::default();
    let one = |(index, gateway): (usize, &'p Gateway)| {
        let metered = u32::try_from(index)
            .ok()
            .and_then(|index| tally.metered.get(&index));
        let window = window.unwrap_or((0, 0));
        gateway_of(metering, gateway, metered.unwrap_or(&quiet), window)
    };
    let gateways = metering.gateways.iter().enumerate();
    let mine = gateways.filter(|(_, gateway)| vpcs.contains(&gateway.vpc));
    mine.map(one).collect()
}

fn gateway_of<'p>(
    metering: &Metering<'_>,
    gateway: &'p Gateway,
    metered: &Metered,
    window: (i64, i64),
) -> Compared<'p> {
    let length_s = window.1.saturating_sub(window.0).max(0);
    let mut compared = Compared {
        gateway,
        outcome: Outcome::Agrees,
        span: None,
        excluded_s: length_s,
        sums: Vec::new(),
    };
    if let Some(outcome) = not_comparable(metering, gateway, metered, window) {
        compared.outcome = outcome;
        return compared;
    }
    let buckets = buckets(metering, gateway, metered, window);
    let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else {
        compared.outcome = Outcome::NothingLeft;
        return compared;
    };
    let bucket_s = gateway.bucket_s;
    compared.span = Some((
        first.saturating_mul(bucket_s),
        last.saturating_add(1).saturating_mul(bucket_s),
    ));
    let compared_s = i64::try_from(buckets.len())
        .unwrap_or(i64::MAX)
        .saturating_mul(bucket_s);
    compared.excluded_s = length_s.saturating_sub(compared_s).max(0);
    compared.sums = sums(gateway, metered, &buckets);
    let differs = compared.sums.iter().find(|sum| !sum.agrees());
    if let Some(sum) = differs {
        compared.outcome = Outcome::Differs(*sum);
    }
    compared
}

/// Why nothing can be compared, if nothing can.
fn not_comparable(
    metering: &Metering<'_>,
    gateway: &Gateway,
    metered: &Metered,
    window: (i64, i64),
) -> Option<Outcome> {
    if let Sort::Uncounted(why) = gateway.sort {
        return Some(Outcome::Uncounted(why));
    }
    // The last interval is not compared, and what is younger than a quarter of an hour may not have been there to be fetched.
    let (metrics, last_s) = (metering.metrics, gateway.aggregation_s.max(APPEARS_S));
    if metrics.since_s > window.0 || metrics.until_s < window.1.saturating_sub(last_s) {
        return Some(Outcome::Elsewhen);
    }
    if gateway.sort == Sort::RegionalNat && metered.flows == 0 {
        let why = "a regional NAT gateway of which no record tells by resource-id";
        return Some(Outcome::Uncounted(why));
    }
    let names = gateway.sort.counters().iter().zip(&gateway.counters);
    let missing: Vec<&'static str> = names
        .filter(|(_, counter)| counter.is_none())
        .map(|(name, _)| *name)
        .collect();
    if missing.len() == gateway.counters.len() && metered.flows == 0 {
        let listed = metering.metrics.captured_s.is_some_and(|asked_s| {
            asked_s.saturating_sub(window.0) <= LISTED_S
                && window.1.saturating_add(APPEARS_S) <= asked_s
        });
        return Some(if listed {
            Outcome::Idle
        } else {
            Outcome::Unlisted
        });
    }
    if !missing.is_empty() {
        return Some(Outcome::NoCounter(missing));
    }
    (metered.undated > 0).then_some(Outcome::Undated(metered.undated))
}

/// The numbers of the buckets that are compared: whole ones within window and metrics, before the last aggregation interval (a
/// record may end after the window, and is not judged then), without SKIPDATA.
fn buckets(
    metering: &Metering<'_>,
    gateway: &Gateway,
    metered: &Metered,
    window: (i64, i64),
) -> Vec<i64> {
    if metered.skipped_undated > 0 {
        return Vec::new();
    }
    let (metrics, bucket_s) = (metering.metrics, gateway.bucket_s);
    let since = window.0.max(metrics.since_s);
    let until = window
        .1
        .saturating_sub(gateway.aggregation_s)
        .min(metrics.until_s);
    let first = since.saturating_add(bucket_s - 1).div_euclid(bucket_s);
    let last = until.div_euclid(bucket_s);
    let skipped: Vec<(i64, i64)> = metered.skipped.pieces().collect();
    let whole = |bucket: &i64| {
        let (begin, end) = (bucket * bucket_s, (bucket + 1) * bucket_s);
        let next = skipped.partition_point(|piece| piece.1 <= begin);
        skipped.get(next).is_none_or(|piece| piece.0 >= end)
    };
    (first..last).filter(whole).collect()
}

fn sums(gateway: &Gateway, metered: &Metered, buckets: &[i64]) -> Vec<Sum> {
    let mut legs: Legs = Legs::default();
    let mut counters = vec![0u64; gateway.counters.len()];
    for bucket in buckets {
        for (sum, bytes) in legs
            .iter_mut()
            .zip(metered.buckets.get(bucket).into_iter().flatten())
        {
            *sum = sum.saturating_add(*bytes);
        }
        for (sum, counter) in counters.iter_mut().zip(&gateway.counters) {
            let bytes = counter.as_ref().and_then(|counter| counter.get(bucket));
            *sum = sum.saturating_add(bytes.copied().unwrap_or(0));
        }
    }
    let all = |bytes: &[u64]| {
        bytes
            .iter()
            .fold(0u64, |sum, more| sum.saturating_add(*more))
    };
    let mut sums = vec![Sum {
        name: None,
        counter_bytes: all(&counters),
        flow_bytes: all(&legs),
    }];
    if gateway.sort == Sort::Nat && legs[Leg::Untold.index()] == 0 {
        let names = gateway.sort.counters().iter();
        sums.extend(
            names
                .zip(counters)
                .zip(legs)
                .map(|((name, counter_bytes), flow_bytes)| Sum {
                    name: Some(name),
                    counter_bytes,
                    flow_bytes,
                }),
        );
    }
    sums
}

/// What the evidence keeps: every gateway in the scope's VPCs.
pub(in crate::verify) fn report(
    plan: &Plan<'_>,
    tally: &Tally,
    window: Option<(i64, i64)>,
) -> Option<MetricsReport> {
    let metering = plan.metering.as_ref()?;
    let vpcs: Vec<Sym> = plan.interfaces.iter().map(|one| one.known.vpc).collect();
    let metrics = metering.metrics;
    let name = |sym: Sym| plan.world.symbols.name(sym).to_owned();
    let gateway = |compared: Compared<'_>| {
        let counter = |sum: &Sum| CounterReport {
            name: sum.name.map(str::to_owned),
            counter_bytes: sum.counter_bytes,
            flow_bytes: sum.flow_bytes,
            tolerance_bytes: sum.tolerance_bytes(),
        };
        GatewayMetrics {
            id: name(compared.gateway.id),
            vpc: name(compared.gateway.vpc),
            outcome: compared.outcome.word().to_owned(),
            since: compared.span.map(|span| rfc3339(span.0)),
            until: compared.span.map(|span| rfc3339(span.1)),
            bucket_s: u64::try_from(compared.gateway.bucket_s).unwrap_or(0),
            excluded_s: u64::try_from(compared.excluded_s).unwrap_or(0),
            sums: compared.sums.iter().map(counter).collect(),
        }
    };
    let compared = compare(metering, tally, window, &vpcs);
    Some(MetricsReport {
        source: metrics.source.clone(),
        sha256: metrics.sha256.clone(),
        captured_at: metrics.captured_s.map(rfc3339),
        since: rfc3339(metrics.since_s),
        until: rfc3339(metrics.until_s),
        gateways: compared.into_iter().map(gateway).collect(),
    })
}

impl Outcome {
    /// As the evidence has it.
    fn word(&self) -> &'static str {
        match self {
            Outcome::Agrees => "agrees",
            Outcome::Uncounted(_) => "no-such-metric",
            Outcome::Idle => "idle",
            Outcome::Unlisted | Outcome::NoCounter(_) => "no-counter",
            Outcome::Undated(_) => "records-without-time",
            Outcome::Elsewhen => "other-time",
            Outcome::NothingLeft => "nothing-left",
            Outcome::Differs(sum) if sum.counter_bytes > sum.flow_bytes => {
                "traffic-without-records"
            }
            Outcome::Differs(_) => "records-without-traffic",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_agree_within_a_tenth_of_the_counter_or_a_few_packets() {
        #[rustfmt::skip]
        let cases = [
            // counter,     records,    agree
            (0,             0,          true),
            (0,             65_536,     true),
            (0,             65_537,     false),
            (65_536,        0,          true),
            (65_537,        0,          false),
            (655_360,       589_824,    true),
            (655_360,       589_823,    false),
            (1_000_000,     900_000,    true),
            (1_000_000,     899_999,    false),
            (1_000_000,     1_100_000,  true),
            (1_000_000,     1_100_001,  false),
            (u64::MAX,      0,          false),
            (0,             u64::MAX,   false),
            (u64::MAX,      u64::MAX,   true),
        ];
        for (counter_bytes, flow_bytes, agree) in cases {
            let sum = Sum {
                name: None,
                counter_bytes,
                flow_bytes,
            };
            assert_eq!(sum.agrees(), agree, "{sum:?}");
        }
    }
}
