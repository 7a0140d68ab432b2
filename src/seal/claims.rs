//! The claims of an evidence: a verdict follows from witnesses and obligations, and these from what the rest of the document says.

use std::collections::BTreeSet;

use crate::diag::{Severity, show};
use crate::model::evidence::*;
use crate::model::path::Verdict;
use crate::model::window::unix_s;
use crate::seal::consistent::{Found, NEAREST};
use crate::seal::sums;

/// Flows that are shown of a group.
const SAMPLE_MAX: usize = 20;

/// One claim, for itself and beside the rest.
pub(super) fn claim(found: &mut Found, evidence: &Evidence, index: usize, claim: &ClaimReport) {
    let at = format!("claims[{index}]");
    let twice = evidence.claims[..index]
        .iter()
        .any(|other| other.id == claim.id);
    found.holds(!twice, format!("{at}.id"), "a claim twice", || {
        show(&claim.id)
    });
    let ids: Vec<&str> = claim
        .obligations
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    found.holds(
        ids == OBLIGATION_IDS,
        format!("{at}.obligations"),
        "these are not the obligations of the contract",
        || show(&ids.join(", ")),
    );
    let failed = claim
        .obligations
        .iter()
        .any(|one| one.state == ObligationState::Failed);
    let follows = match (claim.witnesses.count, failed) {
        (1.., _) => Verdict::Violated,
        (0, true) => Verdict::Unproven,
        (0, false) => Verdict::Proven,
    };
    found.same(
        format!("{at}.verdict"),
        "the verdict does not follow from witnesses and obligations",
        (claim.verdict, follows),
    );
    group(found, &format!("{at}.witnesses"), &claim.witnesses);
    group(found, &format!("{at}.attempts"), &claim.attempts);
    for (place, one) in claim.obligations.iter().enumerate() {
        let at = format!("{at}.obligations[{place}]");
        obligation(found, &at, one);
        beside(found, &at, evidence, claim, one);
    }
}

/// What an obligation says, for itself.
fn obligation(found: &mut Found, at: &str, one: &Obligation) {
    let follows = match (one.failures, one.state) {
        (0, ObligationState::NotAsked) => ObligationState::NotAsked,
        (0, _) => ObligationState::Held,
        (1.., _) => ObligationState::Failed,
    };
    found.holds(
        one.state == follows,
        format!("{at}.state"),
        "whether the obligation holds does not follow from its failures",
        || format!("{:?} with {} failures", one.state, one.failures),
    );
    found.holds(
        one.why.is_empty() == (one.failures == 0) && one.help.is_some() == (one.failures > 0),
        format!("{at}.why"),
        "reasons and failures do not go together",
        || format!("{} reasons, {} failures", one.why.len(), one.failures),
    );
    let shown = u64::try_from(one.sample.len()).unwrap_or(u64::MAX);
    found.holds(
        shown <= one.failures,
        format!("{at}.sample"),
        "more flows are shown than failed",
        || format!("{shown} shown, {} failures", one.failures),
    );
}

/// Whether an interface was heard of so near to both ends of the window that there was no silence; its first second counts as a record.
fn is_heard_at_the_edges(window: &WindowReport, one: &InterfaceCoverage) -> bool {
    let Some(heard) = &one.heard else {
        return true;
    };
    let time = |text: &Option<String>| text.as_deref().and_then(unix_s);
    let (first, last) = (unix_s(&heard.first), unix_s(&heard.last));
    let near = |from: Option<i64>, to: Option<i64>| {
        let silence_s = from.zip(to).map(|(from, to)| to.saturating_sub(from));
        silence_s.is_some_and(|silence_s| silence_s < heard.max_silence_s.max(1))
    };
    near(time(&window.since), first) && near(last, time(&window.until))
}

/// What an obligation says, beside what the rest of the document says of the same.
fn beside(found: &mut Found, at: &str, evidence: &Evidence, claim: &ClaimReport, one: &Obligation) {
    let held = one.state == ObligationState::Held;
    // A claim with `from` may be about a part of the scope only.
    let all_of_scope = !claim.asserts.contains_key("from");
    let coverage = &evidence.coverage;
    let mut holds = |holds: bool, message: &str| {
        found.holds(holds, format!("{at}.state"), message, || {
            format!("{:?}", one.state)
        });
    };
    match one.id.as_str() {
        "interfaces-logged" if held => {
            holds(!coverage.is_empty(), "of no interface nothing can hold");
            let logged = coverage.iter().all(|one| !one.flow_logs.is_empty());
            holds(
                logged || !all_of_scope,
                "an interface without a flow log, and yet it holds",
            );
        }
        "no-silence" if held => {
            let silent = |gap: &Gap| gap.cause == "silent";
            let heard = !coverage.iter().any(|one| one.gaps.iter().any(silent));
            holds(
                heard || !all_of_scope,
                "an interface was silent, and yet it holds",
            );
            // Joined evidence has interfaces that were in scope for a part of its window; its parts are checked by themselves.
            let to_the_edges = !evidence.parts.is_empty()
                || coverage
                    .iter()
                    .all(|one| is_heard_at_the_edges(&evidence.window, one));
            holds(
                to_the_edges || !all_of_scope,
                "the window reaches further than records were heard, and yet it holds",
            );
            let whole = evidence.window.since.is_some() && evidence.window.due.is_none();
            holds(whole, "the window was not there yet, and yet it holds");
        }
        "no-skipdata" if held => {
            let skipped = coverage.iter().any(|one| one.skipdata > 0);
            holds(
                !skipped || !all_of_scope,
                "AWS skipped records, and yet it holds",
            );
        }
        "inputs-whole" => {
            let failures = not_whole(&evidence.inputs);
            found.same(
                format!("{at}.failures"),
                "the failures are not those of the inputs",
                (u128::from(one.failures), failures),
            );
        }
        "topology-fits" if held => {
            let broken = evidence
                .diagnostics
                .iter()
                .any(|one| one.severity == Severity::Error && one.code.starts_with("topology-"));
            holds(!broken, "the topology has errors, and yet it holds");
        }
        "metrics-agree" => {
            let asked = one.state != ObligationState::NotAsked;
            holds(
                asked == evidence.metrics.is_some(),
                "whether it was asked does not follow from the metrics",
            );
        }
        _ => {}
    }
    let optional = one.id == "metrics-agree";
    found.holds(
        optional || one.state != ObligationState::NotAsked,
        format!("{at}.state"),
        "this obligation is always asked",
        String::new,
    );
}

/// As `inputs-whole` counts: inputs not read to their end, inputs without a record, lines set aside.
fn not_whole(inputs: &[InputReport]) -> u128 {
    let may_be_empty =
        |input: &InputReport| input.encoding.starts_with("json") || input.encoding == "cloudwatch";
    let bad = |input: &InputReport| {
        let hollow = input.whole && input.rows == 0 && !may_be_empty(input);
        u128::from(u8::from(!input.whole || hollow)) + u128::from(input.set_aside)
    };
    inputs.iter().map(bad).sum()
}

fn group(found: &mut Found, at: &str, group: &FlowGroup) {
    found.same(
        format!("{at}.count"),
        "the count is not the sum over its shares",
        (
            u128::from(group.count),
            sums::all(group.by.iter().map(|share| share.count)),
        ),
    );
    let nearest = NEAREST
        .into_iter()
        .find(|vantage| group.by.iter().any(|share| share.vantage == *vantage));
    found.holds(
        group.counted_at == nearest,
        format!("{at}.counted_at"),
        "bytes are counted at another vantage than the nearest",
        || format!("{:?}, and the nearest is {nearest:?}", group.counted_at),
    );
    let here = group.by.iter().filter(|one| Some(one.vantage) == nearest);
    found.same(
        format!("{at}.bytes"),
        "the bytes are not the sum over its shares",
        (
            u128::from(group.bytes),
            sums::bytes(here.map(|one| one.bytes)),
        ),
    );
    let shown = u64::try_from(group.sample.len()).unwrap_or(u64::MAX);
    found.holds(
        shown <= group.count && (shown > 0 || group.count == 0) && group.sample.len() <= SAMPLE_MAX,
        format!("{at}.sample"),
        "the flows that are shown cannot be of so many",
        || format!("{shown} shown, {} counted", group.count),
    );
    for (place, flow) in group.sample.iter().enumerate() {
        let of_it = |share: &&FlowsBy| {
            // A service or gateway that only records name, and the topology does not know, has no name in a share.
            let named =
                |share: &Option<String>, flow: &Option<String>| share.is_none() || share == flow;
            let same =
                (share.path, share.exit, share.vantage) == (flow.path, flow.exit, flow.vantage);
            same && named(&share.via, &flow.via) && named(&share.service, &flow.service)
        };
        let mut shares = group.by.iter().filter(of_it);
        found.holds(
            shares.any(|share| flow.bytes.0 <= share.bytes),
            format!("{at}.sample[{place}]"),
            "a flow is shown that is in no share, or is larger than it",
            || format!("{} bytes, {}", flow.bytes.0, flow.path),
        );
    }
    let sorted = group.sample.windows(2).all(|pair| pair[0] < pair[1]);
    found.holds(
        sorted,
        format!("{at}.sample"),
        "the flows that are shown are not in their order",
        String::new,
    );
}

/// Each flow that is shown stands in one place of one input.
pub(super) fn citations(found: &mut Found, evidence: &Evidence) {
    let mut shown: BTreeSet<(&str, &str, u64)> = BTreeSet::new();
    for claim in &evidence.claims {
        let groups = [
            ("witnesses", &claim.witnesses.sample),
            ("attempts", &claim.attempts.sample),
        ];
        let obligations = claim.obligations.iter();
        let obligations = obligations.map(|one| (one.id.as_str(), &one.sample));
        for (group, sample) in groups.into_iter().chain(obligations) {
            for index in 0..sample.len() {
                let index = u64::try_from(index).unwrap_or(u64::MAX);
                shown.insert((&claim.id, group, index));
            }
        }
    }
    for (place, input) in evidence.inputs.iter().enumerate() {
        for (index, cited) in input.cited.iter().enumerate() {
            let at = format!("inputs[{place}].cited[{index}]");
            let key = (cited.claim.as_str(), cited.group.as_str(), cited.index);
            found.holds(
                shown.remove(&key),
                &at,
                "it cites a flow that is not shown, or is cited before",
                || show(&format!("{} {} {}", cited.claim, cited.group, cited.index)),
            );
            found.holds(
                cited.line > 0 && input.rows > 0,
                &at,
                "there is no such line",
                || cited.line.to_string(),
            );
        }
    }
    for (claim, group, index) in shown {
        found.wrong(
            "inputs",
            "no input cites a flow that is shown",
            show(&format!("{claim} {group} {index}")),
        );
    }
}
