//! The results: one a way for what is violated, one for the rest, and one suppressed for each exception in use.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::diag::Location;
use crate::model::evidence::{
    ClaimReport, Evidence, ExceptionReport, FlowSample, FlowsBy, ObligationState,
};
use crate::model::path::{Path, Verdict};
use crate::report::cited::{Places, WITNESSES};
use crate::report::said::{counted, end_point, exception_line, plain, used};
use crate::report::shown::visible;

use super::{BUILT_IN_URI, text};

/// Ways of a claim that have a result of their own. Code scanning shows some thousands in all, and ranks what it drops itself.
const WAYS_MAX: usize = 100;
/// Witnesses that a result points at.
const RELATED_MAX: usize = 10;
/// Reasons of a failed obligation that stand in the message.
const WHY_MAX: usize = 3;

/// What makes two violations the same one.
type Way<'a> = (Path, Option<&'a str>, Option<&'a str>);

/// All results, in the order of the claims.
pub(super) fn of(evidence: &Evidence) -> Vec<Value> {
    let places = Places::of(evidence);
    let mut results = Vec::new();
    for (index, claim) in evidence.claims.iter().enumerate() {
        match claim.verdict {
            Verdict::Violated => results.extend(failures(claim, index, &places)),
            Verdict::Unproven => results.push(single(claim, index, "open", &open(claim))),
            Verdict::Proven => {
                let message = format!("proven: {}", plain(&counted(claim)));
                results.push(single(claim, index, "pass", &message));
            }
        }
        results.extend(used(claim).map(|exception| suppressed(claim, index, exception)));
    }
    results
}

/// A result without anything that only one kind has.
fn single(claim: &ClaimReport, rule: usize, kind: &str, message: &str) -> Value {
    let level = if kind == "fail" { "error" } else { "none" };
    json!({
        "ruleId": visible(&claim.id),
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": text::safe(message)},
        "locations": [place(claim.at.as_ref())],
        "partialFingerprints": fingerprints(&[&claim.id, kind]),
        "properties": {"verdict": claim.verdict, "obligations": obligations(claim)},
    })
}

fn obligations(claim: &ClaimReport) -> Value {
    let each = claim.obligations.iter().map(|obligation| {
        let state = match obligation.state {
            ObligationState::Held => "held",
            ObligationState::Failed => "failed",
            ObligationState::NotAsked => "not-asked",
        };
        (visible(&obligation.id), Value::from(state))
    });
    Value::Object(each.collect())
}

fn open(claim: &ClaimReport) -> String {
    let mut parts =
        vec!["unproven: no witness, but what must hold before \"proven\" does not".to_owned()];
    for obligation in claim
        .obligations
        .iter()
        .filter(|o| o.state == ObligationState::Failed)
    {
        let why: Vec<&str> = obligation
            .why
            .iter()
            .take(WHY_MAX)
            .map(String::as_str)
            .collect();
        parts.push(format!(
            "{}: {} ({} in all) {}",
            obligation.id,
            obligation.checked,
            obligation.failures,
            why.join("; ")
        ));
        parts.extend(obligation.help.iter().map(|help| format!("help: {help}")));
    }
    parts.join(". ")
}

fn failures(claim: &ClaimReport, rule: usize, places: &Places<'_>) -> Vec<Value> {
    let mut ways: BTreeMap<Way<'_>, Vec<&FlowsBy>> = BTreeMap::new();
    // In the order of the evidence, which is the worst first.
    let mut order = Vec::new();
    for by in &claim.witnesses.by {
        let way = (by.path, by.via.as_deref(), by.service.as_deref());
        let shares = ways.entry(way).or_default();
        if shares.is_empty() {
            order.push(way);
        }
        shares.push(by);
    }
    if order.is_empty() {
        let message = format!("violated: {}", plain(&counted(claim)));
        return vec![single(claim, rule, "fail", &message)];
    }
    let mut results = Vec::new();
    for way in order.iter().take(WAYS_MAX) {
        let mut result = failure(claim, rule, places, *way);
        result["properties"]["way"]["by"] = ways
            .get(way)
            .into_iter()
            .flatten()
            .map(|by| share(by))
            .collect();
        result["properties"]["waysShown"] = order.len().min(WAYS_MAX).into();
        result["properties"]["ways"] = order.len().into();
        results.push(result);
    }
    results
}

fn share(by: &FlowsBy) -> Value {
    json!({"exit": by.exit, "vantage": by.vantage, "flows": by.count, "bytes": by.bytes})
}

fn failure(claim: &ClaimReport, rule: usize, places: &Places<'_>, way: Way<'_>) -> Value {
    let (path, via, service) = way;
    let went = [
        service.unwrap_or("traffic"),
        path.as_str(),
        via.unwrap_or_default(),
    ];
    let message = format!(
        "violated: {} by {}. All of the claim: {}. {}",
        went[0],
        went[1..].join(" ").trim_end(),
        plain(&counted(claim)),
        claim.help.as_deref().unwrap_or_default()
    );
    let mut result = single(claim, rule, "fail", message.trim_end());
    let shown: Vec<(usize, &FlowSample)> = claim
        .witnesses
        .sample
        .iter()
        .enumerate()
        .filter(|(_, flow)| (flow.path, flow.via.as_deref(), flow.service.as_deref()) == way)
        .take(RELATED_MAX)
        .collect();
    let related: Vec<Value> = shown
        .iter()
        .map(|(index, flow)| related(claim, *index, flow, places))
        .collect();
    result["relatedLocations"] = Value::Array(related);
    let parts = [
        claim.id.as_str(),
        path.as_str(),
        via.unwrap_or_default(),
        service.unwrap_or_default(),
    ];
    result["partialFingerprints"] = fingerprints(&parts);
    result["locations"][0]["logicalLocations"] = resources(via, &shown);
    result["properties"]["way"] = json!({
        "path": path,
        "via": via.map(visible),
        "service": service.map(visible),
    });
    result
}

/// The resources that the violation is about: the gateway, then the workloads' interfaces of the shown witnesses.
fn resources(via: Option<&str>, shown: &[(usize, &FlowSample)]) -> Value {
    let mut ids: Vec<&str> = via.into_iter().collect();
    for (_, flow) in shown {
        let interface = flow
            .workload_interface
            .as_deref()
            .unwrap_or(&flow.interface);
        if !ids.contains(&interface) {
            ids.push(interface);
        }
    }
    let named = |id: &&str| json!({"name": visible(id), "fullyQualifiedName": visible(id), "kind": "resource"});
    Value::Array(ids.iter().map(named).collect())
}

/// A witness: its ends, what it weighs, and its record as `key:line`.
fn related(claim: &ClaimReport, index: usize, flow: &FlowSample, places: &Places<'_>) -> Value {
    let from = flow.workload.as_deref().unwrap_or(&flow.interface);
    let to = flow.peer.as_deref().unwrap_or("far end unknown");
    let message = format!(
        "{} -> {}, {} B, logged by {} ({}): {}",
        end_point(from, flow.workload_port),
        end_point(to, flow.peer_port),
        flow.bytes.0,
        flow.interface,
        flow.vantage,
        flow.why
    );
    let mut logical = vec![json!({"name": visible(&flow.interface), "kind": "resource"})];
    if let Some(place) = places.find(&claim.id, WITNESSES, index) {
        let record = format!("{}:{}", visible(place.uri), place.line);
        logical.push(json!({"name": record, "fullyQualifiedName": record, "kind": "record"}));
    }
    json!({
        "id": index,
        "message": {"text": text::safe(&message)},
        "logicalLocations": logical,
        "properties": {"start": flow.start, "end": flow.end, "bytes": flow.bytes.0, "packets": flow.packets},
    })
}

/// What an exception covered: it would have been a failure, and somebody answers for it.
fn suppressed(claim: &ClaimReport, rule: usize, exception: &ExceptionReport) -> Value {
    let mut result = single(
        claim,
        rule,
        "fail",
        &format!("excepted: {}", plain(&exception_line(exception))),
    );
    let owner = exception.owner.as_deref().unwrap_or("nobody");
    let until = exception.expires.as_deref().unwrap_or("never");
    let justification = format!("{} (owner {owner}, expires {until})", exception.reason);
    // A reader that knows no suppressions shows a note, and no error.
    result["level"] = Value::from("note");
    result["suppressions"] = json!([{
        "kind": "external",
        "status": "accepted",
        "justification": visible(&justification),
        "location": place(exception.at.as_ref().or(claim.at.as_ref())),
    }]);
    let to = exception.to.join(" ");
    result["partialFingerprints"] = fingerprints(&[&claim.id, "exception", &to]);
    result["properties"] = json!({"verdict": claim.verdict, "exceptedFlows": exception.flows});
    result
}

/// Where it stands in the policy.
fn place(at: Option<&Location>) -> Value {
    let uri = match at {
        Some(at) if at.source != "built-in" => text::uri(&at.source),
        _ => BUILT_IN_URI.to_owned(),
    };
    let line = at.and_then(|at| at.line).unwrap_or(1).max(1);
    json!({"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}})
}

/// The same violation in the next run has the same fingerprint: no count and no time is in it. `primaryLocationLineHash` is the
/// name that GitHub compares by; without it GitHub would hash the policy's line, which all ways of a claim share.
fn fingerprints(parts: &[&str]) -> Value {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hex: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({"flowproof/v1": hex, "primaryLocationLineHash": hex})
}
