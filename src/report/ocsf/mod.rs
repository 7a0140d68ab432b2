//! OCSF 1.5.0 Compliance Finding (class 2003): one a claim, one a line. Checks are obligations, evidences are witnesses.
//!
//! `compliance.status_code` is our verdict, always. `compliance.status_id` is what a SIEM filters by: Pass, Fail, or Warning,
//! which OCSF words as "missing information". A claim that holds by an exception alone is a Fail that is Suppressed.

mod witness;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::model::evidence::{ClaimReport, Evidence, Obligation, ObligationState};
use crate::model::path::Verdict;

use super::cited::Places;
use super::said::{counted, exception_line, is_excepted, plain};
use super::shown::visible;

/// The version that `tests/schemas/` holds.
const SCHEMA_VERSION: &str = "1.5.0";
/// Witnesses of a finding; the evidence keeps twenty.
const EVIDENCES_MAX: usize = 20;
/// Resources of a finding. A Security Lake row is no inventory.
const RESOURCES_MAX: usize = 100;

/// JSON lines, in the order of the claims.
pub(super) fn render(evidence: &Evidence) -> Result<Vec<u8>, serde_json::Error> {
    let places = Places::of(evidence);
    let mut out = Vec::new();
    for claim in &evidence.claims {
        serde_json::to_writer(&mut out, &finding(evidence, claim, &places))?;
        out.push(b'\n');
    }
    Ok(out)
}

/// A value of an OCSF enum with its caption.
type Word = (i64, &'static str);

fn compliance_status(claim: &ClaimReport) -> Word {
    match claim.verdict {
        Verdict::Violated => (3, "Fail"),
        Verdict::Unproven => (2, "Warning"),
        Verdict::Proven if is_excepted(claim) => (3, "Fail"),
        Verdict::Proven => (1, "Pass"),
    }
}

fn severity(claim: &ClaimReport) -> Word {
    match claim.verdict {
        Verdict::Violated => (4, "High"),
        Verdict::Unproven => (3, "Medium"),
        Verdict::Proven => (1, "Informational"),
    }
}

fn finding(evidence: &Evidence, claim: &ClaimReport, places: &Places<'_>) -> Value {
    let (severity_id, severity) = severity(claim);
    let (status_id, status) = if is_excepted(claim) {
        (3, "Suppressed")
    } else {
        (1, "New")
    };
    // A witness and a whole record are certain; where something is missing, nobody can say how much.
    let (confidence_id, confidence) = match claim.verdict {
        Verdict::Violated | Verdict::Proven => (3, "High"),
        Verdict::Unproven => (0, "Unknown"),
    };
    let shown = claim
        .witnesses
        .sample
        .iter()
        .enumerate()
        .take(EVIDENCES_MAX);
    let evidences: Vec<Value> = shown
        .map(|(index, flow)| witness::evidence(claim, index, flow, places))
        .collect();
    let mut finding = json!({
        "activity_id": 1, "activity_name": "Create",
        "category_uid": 2, "category_name": "Findings",
        "class_uid": 2003, "class_name": "Compliance Finding",
        "type_uid": 200_301, "type_name": "Compliance Finding: Create",
        "severity_id": severity_id, "severity": severity,
        "status_id": status_id, "status": status,
        "confidence_id": confidence_id, "confidence": confidence,
        "time": millis(Some(&evidence.generated_at)).unwrap_or(0),
        "message": visible(&format!("{}: {}: {}", claim.verdict, claim.title, plain(&counted(claim)))),
        "metadata": {
            "version": SCHEMA_VERSION,
            "product": {"name": visible(&evidence.tool.name), "vendor_name": "flowproof", "version": visible(&evidence.tool.version)},
        },
        "finding_info": finding_info(evidence, claim),
        "compliance": compliance(evidence, claim),
        "resources": resources(evidence, claim),
        "unmapped": counts(evidence, claim),
    });
    let remedies = remedies(claim);
    let optional = [
        (
            "start_time",
            millis(evidence.window.since.as_deref()).map(Value::from),
        ),
        (
            "end_time",
            millis(evidence.window.until.as_deref()).map(Value::from),
        ),
        (
            "observables",
            Some(witness::observables(claim, EVIDENCES_MAX)).filter(|list| list != &json!([])),
        ),
        (
            "evidences",
            Some(evidences)
                .filter(|list| !list.is_empty())
                .map(Value::Array),
        ),
        (
            "remediation",
            Some(remedies)
                .filter(|text| !text.is_empty())
                .map(|desc| json!({"desc": desc})),
        ),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            finding[key] = value;
        }
    }
    finding
}

/// Milliseconds since 1970.
fn millis(rfc3339: Option<&str>) -> Option<i64> {
    let time: jiff::Timestamp = rfc3339?.parse().ok()?;
    Some(time.as_millisecond())
}

/// The same claim over the same scope of the same accounts has the same uid in every run, so that a rerun updates.
fn uid(evidence: &Evidence, claim: &ClaimReport) -> String {
    let mut places: Vec<&str> = evidence
        .topologies
        .iter()
        .flat_map(|topology| [&topology.account_id, &topology.region])
        .flatten()
        .map(String::as_str)
        .collect();
    places.sort_unstable();
    places.dedup();
    let mut hash = Sha256::new();
    for part in [claim.id.as_str(), &evidence.scope.description]
        .into_iter()
        .chain(places)
    {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn finding_info(evidence: &Evidence, claim: &ClaimReport) -> Value {
    let mut info = json!({
        "uid": uid(evidence, claim),
        "title": visible(&claim.title),
        "types": ["Network Path"],
        "analytic": {"type_id": 1, "type": "Rule", "uid": visible(&claim.id), "name": visible(&claim.title)},
    });
    if let Some(first) = millis(claim.witnesses.first.as_deref()) {
        info["first_seen_time"] = Value::from(first);
    }
    if let Some(last) = millis(claim.witnesses.last.as_deref()) {
        info["last_seen_time"] = Value::from(last);
    }
    info
}

fn compliance(evidence: &Evidence, claim: &ClaimReport) -> Value {
    let (status_id, status) = compliance_status(claim);
    let mut details: Vec<String> = vec![plain(&counted(claim))];
    for obligation in claim
        .obligations
        .iter()
        .filter(|o| o.state == ObligationState::Failed)
    {
        details.push(format!("{}: {}", obligation.id, obligation.checked));
        details.extend(obligation.why.iter().cloned());
    }
    details.extend(
        claim
            .exceptions
            .iter()
            .map(|exception| format!("exception: {}", plain(&exception_line(exception)))),
    );
    let details: Vec<String> = details.iter().map(|text| visible(text)).collect();
    let asserts = claim
        .asserts
        .iter()
        .map(|(key, words)| visible(&format!("{key} = {}", words.join(" "))));
    json!({
        "control": visible(&claim.id),
        "desc": visible(&claim.title),
        "requirements": asserts.collect::<Vec<_>>(),
        "standards": [visible(&format!("flowproof policy {} sha256:{}", evidence.policy.source, evidence.policy.sha256))],
        "status_id": status_id,
        "status": status,
        "status_code": claim.verdict,
        "status_details": details,
        "checks": claim.obligations.iter().map(check).collect::<Vec<_>>(),
    })
}

fn check(obligation: &Obligation) -> Value {
    let (status_id, status) = match obligation.state {
        ObligationState::Held => (1, "Pass"),
        ObligationState::Failed => (3, "Fail"),
        ObligationState::NotAsked => (99, "Not asked"),
    };
    json!({
        "uid": visible(&obligation.id),
        "name": visible(&obligation.id),
        "desc": visible(&obligation.checked),
        "status_id": status_id,
        "status": status,
    })
}

/// Gateways and workloads' interfaces of the witnesses; without any, the VPCs in scope.
fn resources(evidence: &Evidence, claim: &ClaimReport) -> Value {
    let mut all: Vec<(&str, &str)> = Vec::new();
    for flow in claim.witnesses.sample.iter().take(EVIDENCES_MAX) {
        let interface = flow
            .workload_interface
            .as_deref()
            .unwrap_or(&flow.interface);
        all.push((interface, "AWS::EC2::NetworkInterface"));
        all.extend(flow.via.as_deref().map(|via| (via, "gateway")));
    }
    if all.is_empty() {
        all.extend(
            evidence
                .coverage
                .iter()
                .map(|interface| (interface.vpc.as_str(), "AWS::EC2::VPC")),
        );
    }
    all.sort_unstable();
    all.dedup();
    let each = all.iter().take(RESOURCES_MAX);
    Value::Array(
        each.map(|(uid, kind)| json!({"uid": visible(uid), "type": kind}))
            .collect(),
    )
}

fn remedies(claim: &ClaimReport) -> String {
    let failed = claim
        .obligations
        .iter()
        .filter(|o| o.state == ObligationState::Failed);
    let mut all: Vec<&str> = claim.help.iter().map(String::as_str).collect();
    for help in failed.filter_map(|obligation| obligation.help.as_deref()) {
        if !all.contains(&help) {
            all.push(help);
        }
    }
    visible(&all.join("; "))
}

/// The counts of the evidence under its own names, and what they are about.
fn counts(evidence: &Evidence, claim: &ClaimReport) -> Value {
    json!({
        "verdict": claim.verdict,
        "run_verdict": evidence.verdict,
        "flows_checked": claim.flows_checked,
        "witnesses": claim.witnesses.count,
        "witness_bytes": claim.witnesses.bytes,
        "counted_at": claim.witnesses.counted_at,
        "attempts": claim.attempts.count,
        "scope": visible(&evidence.scope.description),
        "ip_ranges_created": visible(&evidence.tool.ip_ranges.created),
    })
}
