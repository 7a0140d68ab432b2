//! The obligation `metrics-agree`: where metrics are given, the records of the claim's gateways have the bytes that AWS counted.

use crate::model::evidence::{Obligation, ObligationState};
use crate::model::symbol::Sym;
use crate::model::window::rfc3339;
use crate::verify::metrics::compare::{
    Compared, Outcome, Sum, TOLERANCE_BYTES, TOLERANCE_PART, compare,
};
use crate::verify::metrics::gateways::Sort;
use crate::verify::obligations::{Checked, Found, some};

/// Gateways that `checked` names; the rest are counted, and the evidence has them all.
const NAMED_MAX: usize = 5;

/// Checks it for one claim.
pub(in crate::verify) fn metrics_agree(of: &Checked<'_, '_>) -> Obligation {
    let Some(metering) = &of.plan.metering else {
        return not_asked();
    };
    let mut vpcs: Vec<Sym> = of.interfaces().map(|(_, one)| one.known.vpc).collect();
    vpcs.sort_unstable();
    vpcs.dedup();
    let all = compare(metering, of.tally, of.window, &vpcs);
    let mut found = Found::default();
    let mut help = None;
    for one in &all {
        let id = of.name(one.gateway.id);
        if let Some((why, advice)) = failure(&one.outcome, &id) {
            found.fail(|| why);
            help = help.or(Some(advice));
        }
    }
    let idle = all
        .iter()
        .filter(|one| one.outcome == Outcome::Idle)
        .count();
    let counted = all
        .iter()
        .filter(|one| !matches!(one.gateway.sort, Sort::Uncounted(_)));
    if idle > 0 && idle == counted.count() {
        found.fail(|| {
            "no gateway has a counter in the metrics, nor a record: nothing was compared".to_owned()
        });
        help = help.or(Some(NO_COUNTER));
    }
    found.obligation(checked(of, &all), help.unwrap_or(NO_COUNTER))
}

fn not_asked() -> Obligation {
    Obligation {
        id: String::new(),
        state: ObligationState::NotAsked,
        checked: "no CloudWatch metrics were given".to_owned(),
        failures: 0,
        why: Vec::new(),
        help: None,
        sample: Vec::new(),
    }
}

const NO_COUNTER: &str = "fetch the metrics with --metrics live in the gateways' own account and Region, or add the counters to the file; CloudWatch lists only metrics with data in the last two weeks";

/// What failed, and what to do; nothing if nothing did.
fn failure(outcome: &Outcome, id: &str) -> Option<(String, &'static str)> {
    match outcome {
        Outcome::Agrees | Outcome::Uncounted(_) | Outcome::Idle => None,
        Outcome::Unlisted => Some((
            format!(
                "{id}: no counter of it in the metrics, which were not taken after the window and within two weeks of it: it may have had traffic, and no record shows it"
            ),
            NO_COUNTER,
        )),
        Outcome::NoCounter(names) => Some((
            format!(
                "{id}: no counter of it in the metrics ({})",
                names.join(", ")
            ),
            NO_COUNTER,
        )),
        Outcome::Undated(records) => Some((
            format!(
                "{id}: {} without a time",
                some(*records, "record", "records")
            ),
            "create a flow log whose format includes ${start} and ${end}",
        )),
        Outcome::Elsewhen => Some((
            format!("{id}: the metrics are of another time than the window, or of a part of it"),
            "take metrics that begin with the window and end with it, a quarter of an hour after its end",
        )),
        Outcome::NothingLeft => Some((
            format!(
                "{id}: nothing is left to compare, once SKIPDATA, the edges and the last aggregation interval are out"
            ),
            "claim over a longer window, with whole ten minutes in it and metrics for all of it",
        )),
        Outcome::Differs(sum) => Some(differs(id, *sum)),
    }
}

fn differs(id: &str, sum: Sum) -> (String, &'static str) {
    let (counter, flows) = (sum.counter_bytes, sum.flow_bytes);
    let name = sum
        .name
        .map_or_else(String::new, |name| format!(" as {name}"));
    if counter > flows {
        let lost = counter - flows;
        (
            format!(
                "{id}: traffic without records: CloudWatch counted {counter} bytes{name}, and the records have {flows}, {lost} too few"
            ),
            "give all files of the window, and look for a flow log that leaves records out: what has no record may be the witness",
        )
    } else {
        let more = flows - counter;
        (
            format!(
                "{id}: records without traffic: CloudWatch counted {counter} bytes{name}, and the records have {flows}, {more} too many"
            ),
            "give each record once (one flow log over each interface, each file once), and metrics of these gateways: records that are not theirs, or there twice, may hide that others are missing",
        )
    }
}

/// Which gateways, over which time, how exactly, and what was not compared.
fn checked(of: &Checked<'_, '_>, all: &[Compared<'_>]) -> String {
    let mut parts = Vec::new();
    let compared: Vec<&Compared<'_>> = all.iter().filter(|one| one.span.is_some()).collect();
    let names = |of_those: &[&Compared<'_>]| {
        let mut names: Vec<String> = of_those.iter().map(|one| of.name(one.gateway.id)).collect();
        let more = names.len().saturating_sub(NAMED_MAX);
        names.truncate(NAMED_MAX);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        names.join(", ")
    };
    let spans = || compared.iter().filter_map(|one| one.span);
    let (since, until) = (
        spans().map(|span| span.0).min(),
        spans().map(|span| span.1).max(),
    );
    if let (Some(since), Some(until)) = (since, until) {
        let excluded = compared.iter().map(|one| one.excluded_s).max().unwrap_or(0);
        parts.push(format!(
            "counters of {}, {} to {} ({excluded} s of the window left out), within 1/{TOLERANCE_PART} or {TOLERANCE_BYTES} bytes",
            names(&compared),
            rfc3339(since),
            rfc3339(until)
        ));
    } else {
        parts.push("no counter of a NAT gateway or endpoint was compared".to_owned());
    }
    let idle: Vec<&Compared<'_>> = all
        .iter()
        .filter(|one| one.outcome == Outcome::Idle)
        .collect();
    if !idle.is_empty() {
        parts.push(format!("neither counted nor recorded: {}", names(&idle)));
    }
    for one in all {
        if let Outcome::Uncounted(why) = one.outcome {
            parts.push(format!("{} not compared: {why}", of.name(one.gateway.id)));
        }
    }
    let scope = &of.plan.policy.scope;
    let narrow = of.claim.from.is_some()
        || !(scope.subnets.is_empty() && scope.interfaces.is_empty())
        || !(scope.cidrs.is_empty() && scope.tags.is_empty());
    if narrow && !compared.is_empty() {
        parts.push("each gateway whole, though the claim is about a part".to_owned());
    }
    parts.push("none exist of gateway endpoints or to other Regions".to_owned());
    parts.join("; ")
}
