//! The totals of an evidence: sums over inputs, and shares by path, each told in more than one place.

use std::collections::BTreeMap;

use crate::model::evidence::{Evidence, InputReport, Share};
use crate::model::path::Path;
use crate::seal::consistent::{Found, NEAREST};

/// A sum that cannot overflow: numbers may have been changed to anything.
pub(super) fn all(numbers: impl IntoIterator<Item = u64>) -> u128 {
    numbers.into_iter().map(u128::from).sum()
}

/// Bytes are added saturating, so that a sum is at most the largest number.
pub(super) fn bytes(numbers: impl IntoIterator<Item = u64>) -> u128 {
    all(numbers).min(u128::from(u64::MAX))
}

type ByPath = BTreeMap<Path, (u128, u128)>;

fn by_path<'s>(shares: impl IntoIterator<Item = (Path, &'s Share)>) -> ByPath {
    let mut sums = ByPath::new();
    for (path, share) in shares {
        let sum = sums.entry(path).or_default();
        sum.0 += u128::from(share.flows);
        sum.1 = (sum.1 + u128::from(share.bytes)).min(u128::from(u64::MAX));
    }
    sums
}

fn told(sums: &ByPath) -> String {
    let told: Vec<String> = sums
        .iter()
        .map(|(path, (flows, bytes))| format!("{path}: {flows} flows, {bytes} bytes"))
        .collect();
    if told.is_empty() {
        "nothing".to_owned()
    } else {
        told.join("; ")
    }
}

/// Sums over inputs, and over paths.
pub(super) fn totals(found: &mut Found, evidence: &Evidence) {
    let totals = &evidence.totals;
    let over = |number: fn(&InputReport) -> u64| all(evidence.inputs.iter().map(number));
    #[rustfmt::skip]
    let sums = [
        ("records",   totals.records,   over(|input| input.rows)),
        ("flows",     totals.flows,     over(|input| input.flows)),
        ("nodata",    totals.nodata,    over(|input| input.nodata)),
        ("skipdata",  totals.skipdata,  over(|input| input.skipdata)),
        ("set_aside", totals.set_aside, over(|input| input.set_aside)),
    ];
    for (key, stands, follows) in sums {
        let message = "the total is not the sum over the inputs";
        found.same(
            format!("totals.{key}"),
            message,
            (u128::from(stands), follows),
        );
    }
    found.same(
        "totals.records",
        "the records are not the sum of what became of them",
        (
            u128::from(totals.records),
            all([
                totals.flows,
                totals.nodata,
                totals.skipdata,
                totals.set_aside,
            ]),
        ),
    );
    let judged = all([totals.flows, totals.nodata, totals.skipdata]);
    found.holds(
        u128::from(totals.outside_window) <= judged,
        "totals.outside_window",
        "more records outside the window than there are",
        || totals.outside_window.to_string(),
    );
    paths(found, evidence);
    let heard = evidence.coverage.iter();
    let heard = heard.map(|one| all([one.flows, one.nodata, one.skipdata]));
    let (heard, inside) = (
        heard.sum::<u128>(),
        judged.saturating_sub(u128::from(totals.outside_window)),
    );
    found.holds(
        heard <= inside,
        "coverage",
        "more records of interfaces than there are in the window",
        || format!("{heard}, of {inside}"),
    );
}

fn paths(found: &mut Found, evidence: &Evidence) {
    let totals = &evidence.totals;
    let nearest = NEAREST
        .into_iter()
        .find(|vantage| totals.by_vantage.contains_key(vantage));
    found.holds(
        totals.counted_at == nearest,
        "totals.counted_at",
        "bytes are counted at another vantage than the nearest",
        || format!("{:?}, and the nearest is {nearest:?}", totals.counted_at),
    );
    let at_nearest = nearest.and_then(|vantage| totals.by_vantage.get(&vantage));
    let follows = by_path(
        at_nearest
            .into_iter()
            .flatten()
            .map(|(path, share)| (*path, share)),
    );
    let stands = by_path(totals.by_path.iter().map(|(path, share)| (*path, share)));
    let mut same = |path: &str, message: &str, stands: &ByPath| {
        found.holds(*stands == follows, path, message, || {
            format!("{}, and by vantage: {}", told(stands), told(&follows))
        });
    };
    same(
        "totals.by_path",
        "the shares by path are not those of the vantage",
        &stands,
    );
    let ways = by_path(totals.ways.iter().map(|way| (way.path, &way.share)));
    same("totals.ways", "the ways do not add up to the paths", &ways);
    if let Some(timeline) = &totals.timeline {
        let moments = timeline.moments.iter().flat_map(|moment| &moment.by_path);
        let moments = by_path(moments.map(|(path, share)| (*path, share)));
        same(
            "totals.timeline",
            "the moments do not add up to the paths",
            &moments,
        );
    }
    found.same(
        "totals.bytes",
        "the bytes are not the sum over the paths",
        (
            u128::from(totals.bytes),
            bytes(totals.by_path.values().map(|share| share.bytes)),
        ),
    );
    let accepted = totals.by_vantage.values().flat_map(BTreeMap::values);
    let seen = all(accepted.map(|share| share.flows)) + u128::from(totals.rejected);
    found.holds(
        seen <= u128::from(totals.flows),
        "totals.by_vantage",
        "more flows by vantage than there are",
        || format!("{seen}, of {}", totals.flows),
    );
}
