//! SARIF 2.1.0: a rule a claim, and results whose `kind` is the verdict: `fail`, `open` (could not be proved either way), `pass`.
//!
//! The results of a rule that are *not suppressed* tell its verdict. A violated claim has one a way that its witnesses took
//! (path, gateway, service); the others have one. Beside them stands a suppressed result for each exception that was made use
//! of: never on the verdict itself, so that no exception can hide a witness that it does not cover.
//!
//! Every result points at its claim in the policy, because code scanning refuses a file that has one without a place. For the
//! built-in policy that is [`BUILT_IN_URI`], which no repository has: the alert then shows without its line of code.

mod notifications;
mod results;
mod text;

use serde_json::{Value, json};

use crate::model::evidence::{ClaimReport, Evidence};

use super::said::{plain, sentence};
use super::shown::visible;

/// Where claims of the built-in policy are said to stand.
const BUILT_IN_URI: &str = "built-in-policy.toml";
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log, with one run.
pub(super) fn render(evidence: &Evidence) -> Result<Vec<u8>, serde_json::Error> {
    let rules: Vec<Value> = evidence.claims.iter().map(rule).collect();
    let notified = notifications::of(evidence);
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": visible(&evidence.tool.name),
                "version": visible(&evidence.tool.version),
                "rules": rules,
                "notifications": notified.descriptors,
            }},
            "invocations": [{
                // What was not read to its end is no full execution, whatever the verdict.
                "executionSuccessful": evidence.totals.records > 0 && evidence.inputs.iter().all(|input| input.whole),
                "endTimeUtc": visible(&evidence.generated_at),
                "toolExecutionNotifications": notified.list,
            }],
            "results": results::of(evidence),
            "properties": about(evidence),
        }],
    });
    let mut out = serde_json::to_vec_pretty(&log)?;
    out.push(b'\n');
    Ok(out)
}

fn rule(claim: &ClaimReport) -> Value {
    let asserts: Vec<String> = claim
        .asserts
        .iter()
        .map(|(key, words)| format!("{key} = {}", words.join(" ")))
        .collect();
    json!({
        "id": visible(&claim.id),
        "shortDescription": {"text": text::safe(&claim.title)},
        "fullDescription": {"text": text::safe(&format!("{}: {}", claim.title, asserts.join("; ")))},
        "help": {"text": text::safe(claim.help.as_deref().unwrap_or("docs/reports.md tells what the kinds of a result mean"))},
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", "network"],
            "verdict": claim.verdict,
            "flowsChecked": claim.flows_checked,
            "witnesses": claim.witnesses.count,
            "witnessBytes": claim.witnesses.bytes,
            "attempts": claim.attempts.count,
        },
    })
}

fn about(evidence: &Evidence) -> Value {
    json!({
        "verdict": evidence.verdict,
        "sentence": plain(&sentence(evidence)),
        "windowSince": evidence.window.since.as_deref().map(visible),
        "windowUntil": evidence.window.until.as_deref().map(visible),
        "scope": visible(&evidence.scope.description),
        "policySha256": visible(&evidence.policy.sha256),
        "records": evidence.totals.records,
        "flows": evidence.totals.flows,
        "nodata": evidence.totals.nodata,
        "skipdata": evidence.totals.skipdata,
        "setAside": evidence.totals.set_aside,
    })
}
