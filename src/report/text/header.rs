//! The verdict in one line, and what it is about: window, scope, records, and what it rests on.

use crate::diag::Severity;
use crate::model::evidence::Evidence;
use crate::report::page::{Page, Tone};
use crate::report::said::{records, sentence, verdict_word, window};
use crate::report::shown::{prose, safe};
use crate::report::units::{count, day, len, plural, time};

/// Topologies and codes that are named; the rest is counted.
const NAMED_MAX: usize = 3;

/// The block at the top.
pub(super) fn put(page: &mut Page, evidence: &Evidence) {
    let word = format!("{:<10}", verdict_word(evidence.verdict));
    page.item(Tone::of(evidence.verdict), &word, &sentence(evidence));
    page.item(Tone::Plain, "", "");
    page.item(Tone::Quiet, "window    ", &window(evidence));
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
