//! The verdict in one line, and what it is about: window, scope, records, and what it rests on.

use crate::diag::Severity;
use crate::model::evidence::{Evidence, Totals, WindowReport};
use crate::model::path::Verdict;
use crate::report::page::{Page, Tone};
use crate::report::shown::{prose, safe};
use crate::report::units::{
    GLUE, count, day, duration, len, period, plural, seconds_between, time,
};

/// Topologies and codes that are named; the rest is counted.
const NAMED_MAX: usize = 3;

/// The block at the top.
pub(super) fn put(page: &mut Page, evidence: &Evidence) {
    let word = format!("{:<10}", verdict_word(evidence.verdict));
    page.item(Tone::of(evidence.verdict), &word, &sentence(evidence));
    page.item(Tone::Plain, "", "");
    page.item(Tone::Quiet, "window    ", &window(&evidence.window));
    let scope = format!(
        "{}: {}",
        plural(evidence.scope.interfaces, "interface"),
        prose(&evidence.scope.description)
    );
    page.item(Tone::Quiet, "scope     ", &scope);
    page.item(Tone::Quiet, "records   ", &records(&evidence.totals));
    page.item(Tone::Quiet, "rests on  ", &foundations(evidence));
    if let Some(complaints) = complaints(evidence) {
        page.item(Tone::Quiet, "warnings  ", &complaints);
    }
}

/// The verdict as this page shouts it.
pub(super) fn verdict_word(verdict: Verdict) -> String {
    verdict.as_str().to_uppercase()
}

/// The verdict in one clause: how many claims it is about.
pub(in crate::report) fn sentence(evidence: &Evidence) -> String {
    let all = len(evidence.claims.len());
    let of = |verdict| {
        len(evidence
            .claims
            .iter()
            .filter(|claim| claim.verdict == verdict)
            .count())
    };
    let (broken, open, held) = (
        of(Verdict::Violated),
        of(Verdict::Unproven),
        of(Verdict::Proven),
    );
    let is = |number| if number == 1 { "is" } else { "are" };
    let lack = if open == 1 { "lacks" } else { "lack" };
    match evidence.verdict {
        _ if all == 0 => "there is no claim, so nothing was judged".to_owned(),
        Verdict::Violated => {
            let mut out = format!(
                "{} of {} {} broken",
                count(broken),
                plural(all, "claim"),
                is(broken)
            );
            if open > 0 {
                out.push_str(&format!(", {} {lack} evidence", count(open)));
            }
            out
        }
        Verdict::Unproven => format!(
            "no witness, but {} of {} {lack} evidence",
            count(open),
            plural(all, "claim")
        ),
        Verdict::Proven if held == all && all == 1 => "the only claim holds".to_owned(),
        Verdict::Proven if held == all => format!("all {} hold", plural(all, "claim")),
        Verdict::Proven => format!("{} of {} hold", count(held), plural(all, "claim")),
    }
}

/// The window, how long it is, and who set its ends.
pub(in crate::report) fn window(window: &WindowReport) -> String {
    let from = |word: &str| match word {
        "asked" => "asked for".to_owned(),
        "records" => "taken from the records".to_owned(),
        "delivery" => "later records may be on their way".to_owned(),
        other => safe(other),
    };
    let source = if window.since_from == window.until_from {
        from(&window.since_from)
    } else {
        format!(
            "start {}, end {}",
            from(&window.since_from),
            from(&window.until_from)
        )
    };
    match (&window.since, &window.until) {
        (Some(since), Some(until)) => {
            let lasts = seconds_between(since, until).map(|s| format!(", {}", duration(s)));
            format!(
                "{} UTC{} ({source})",
                period(since, until),
                lasts.unwrap_or_default()
            )
        }
        (Some(since), None) => format!("from {} UTC, without end ({source})", time(since)),
        (None, Some(until)) => format!("until {} UTC, without beginning ({source})", time(until)),
        (None, None) => "none: nobody asked for one, and no record gives one".to_owned(),
    }
}

/// What was read, and what became of it.
pub(in crate::report) fn records(totals: &Totals) -> String {
    if totals.records == 0 {
        return "none at all, and zero records prove nothing".to_owned();
    }
    let mut out = format!(
        "{} read: {}, {}{GLUE}nodata, {}{GLUE}skipdata, {}{GLUE}set{GLUE}aside",
        count(totals.records),
        plural(totals.flows, "flow"),
        count(totals.nodata),
        count(totals.skipdata),
        count(totals.set_aside)
    );
    if totals.outside_window > 0 {
        out.push_str(&format!(
            "; {} outside the window, not judged",
            count(totals.outside_window)
        ));
    }
    if totals.rejected > 0 {
        out.push_str(&format!("; {} rejected", plural(totals.rejected, "flow")));
    }
    out
}

fn foundations(evidence: &Evidence) -> String {
    let mut parts = Vec::new();
    for topology in evidence.topologies.iter().take(NAMED_MAX) {
        let dated = match &topology.captured_at {
            Some(at) => time(at),
            None => "undated".to_owned(),
        };
        let place = [&topology.account_id, &topology.region];
        let place: Vec<String> = place.into_iter().flatten().map(|word| safe(word)).collect();
        let place = if place.is_empty() {
            String::new()
        } else {
            format!(", {}", place.join(" "))
        };
        parts.push(format!(
            "topology {} ({dated}{place})",
            safe(&topology.source)
        ));
    }
    match evidence.topologies.len().saturating_sub(NAMED_MAX) {
        _ if evidence.topologies.is_empty() => parts.push("no topology".to_owned()),
        0 => {}
        more => parts.push(format!("{} more topologies", count(len(more)))),
    }
    parts.push(format!("policy {}", safe(&evidence.policy.source)));
    let ranges = &evidence.tool.ip_ranges;
    parts.push(format!(
        "ip-ranges {} ({})",
        safe(&ranges.source),
        day(&ranges.created)
    ));
    parts.join(", ")
}

/// Complaints by number and code, those about inputs included: their texts are long, and what weighs fails an obligation.
fn complaints(evidence: &Evidence) -> Option<String> {
    let inputs = evidence.inputs.iter().flat_map(|input| &input.diagnostics);
    let mut weighty: Vec<_> = evidence
        .diagnostics
        .iter()
        .chain(inputs)
        .filter(|said| said.severity != Severity::Note)
        .map(|said| (said.severity, said.code.as_str()))
        .collect();
    if weighty.is_empty() {
        return None;
    }
    let errors = len(weighty
        .iter()
        .filter(|(severity, _)| *severity == Severity::Error)
        .count());
    let warnings = len(weighty.len()) - errors;
    let counts = match (errors, warnings) {
        (0, _) => plural(warnings, "warning"),
        (_, 0) => plural(errors, "error"),
        _ => format!(
            "{}, {}",
            plural(errors, "error"),
            plural(warnings, "warning")
        ),
    };
    weighty.sort_unstable();
    weighty.dedup();
    let codes: Vec<String> = weighty
        .iter()
        .take(NAMED_MAX)
        .map(|(_, code)| safe(code))
        .collect();
    let more = if weighty.len() > NAMED_MAX {
        ", …"
    } else {
        ""
    };
    Some(format!("{counts}: {}{more}", codes.join(", ")))
}
