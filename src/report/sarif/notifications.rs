//! What was not seen: gaps of coverage, inputs that were not read to their end, and every complaint.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::diag::{Diagnostic, Severity};
use crate::model::evidence::{Evidence, InputReport, InterfaceCoverage};
use crate::report::shown::visible;

use super::text;

/// Notifications of each kind; one more says how many were left out.
const EACH_MAX: usize = 200;

/// The notifications, and the ids that they go by.
pub(super) struct Notified {
    pub list: Vec<Value>,
    pub descriptors: Vec<Value>,
}

/// Everything that makes the evidence thinner, inputs first.
pub(super) fn of(evidence: &Evidence) -> Notified {
    let mut list = Vec::new();
    let unread = evidence.inputs.iter().filter(|input| !input.whole);
    bounded(
        &mut list,
        "input-not-whole",
        unread.map(not_whole).collect(),
    );
    let missing = evidence
        .coverage
        .iter()
        .filter(|interface| !interface.complete);
    bounded(&mut list, "coverage-gap", missing.map(gap).collect());
    let complaints = evidence
        .diagnostics
        .iter()
        .chain(evidence.inputs.iter().flat_map(|input| &input.diagnostics));
    bounded(
        &mut list,
        "more-complaints",
        complaints.map(complaint).collect(),
    );
    if evidence.totals.records == 0 {
        list.push(notification(
            "no-records",
            "error",
            "zero records were read, and zero records prove nothing",
        ));
    }
    let ids: BTreeSet<&str> = list
        .iter()
        .filter_map(|one| one["descriptor"]["id"].as_str())
        .collect();
    let descriptors = ids.iter().map(|id| json!({"id": id})).collect();
    Notified { list, descriptors }
}

fn bounded(list: &mut Vec<Value>, id: &str, mut all: Vec<Value>) {
    let more = all.len().saturating_sub(EACH_MAX);
    all.truncate(EACH_MAX);
    list.append(&mut all);
    if more > 0 {
        list.push(notification(
            id,
            "warning",
            &format!("{more} more, in the evidence"),
        ));
    }
}

fn notification(id: &str, level: &str, message: &str) -> Value {
    json!({"descriptor": {"id": visible(id)}, "level": level, "message": {"text": text::safe(message)}})
}

fn not_whole(input: &InputReport) -> Value {
    let message = format!(
        "{} was not read to its end: {} rows were",
        input.uri, input.rows
    );
    notification("input-not-whole", "error", &message)
}

fn gap(interface: &InterfaceCoverage) -> Value {
    let longest: Vec<String> = interface
        .gaps
        .iter()
        .take(3)
        .map(|gap| format!("{} from {} to {}", gap.cause, gap.since, gap.until))
        .collect();
    let message = format!(
        "{}: {} gaps, {} s of silence, {} SKIPDATA records: {}",
        interface.interface,
        interface.gap_count,
        interface.gap_s,
        interface.skipdata,
        longest.join("; ")
    );
    notification("coverage-gap", "warning", &message)
}

fn complaint(said: &Diagnostic) -> Value {
    let level = match said.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let at: Vec<String> = said.at.iter().map(ToString::to_string).collect();
    let at = if at.is_empty() {
        String::new()
    } else {
        format!(" at {}", at.join(", "))
    };
    notification(
        &said.code,
        level,
        &format!(
            "{}{at}. why: {}. help: {}",
            said.message, said.why, said.help
        ),
    )
}
