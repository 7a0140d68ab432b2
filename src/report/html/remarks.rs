//! What to do next, what flow logs cannot say, and what the tool complained about.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::diag::{Diagnostic, Severity};
use crate::model::evidence::{Evidence, ObligationState};
use crate::report::units::{count, len, plural};

use super::claims::shortened;

/// Complaints in the table, the weightiest first.
const COMPLAINTS_MAX: usize = 200;

/// What AWS documents as never recorded (VPC user guide, "Flow log limitations", read 2026-08).
const NEVER: &[&str] = &[
    "Traffic to the Amazon DNS server of a VPC. Names that were looked up, and data carried in look-ups, are invisible: Resolver query logs have them.",
    "Instance metadata (169.254.169.254), Amazon’s time service (169.254.169.123), DHCP, ARP, and Windows licence activation.",
    "Traffic to the reserved address of the VPC’s router.",
    "The source side of mirrored traffic.",
    "The leg between an endpoint’s interface and a Network Load Balancer’s interface, on the provider’s side of PrivateLink.",
    "A regional NAT gateway that lived for a few minutes only.",
];

/// What follows from how they are made.
const ALSO: &[&str] = &[
    "Flow logs name no process, user, host name or URL. This page speaks of addresses, interfaces and paths.",
    "Delivery is best effort and may be late. A window that ends in the past by hours rests on firmer ground than one that ends now.",
    "A lost file goes unnoticed where every interface still has a record within the longest silence allowed.",
    "What lies behind a transit gateway, a VPN or a peering is known as far as the topology tells it.",
];

/// Fields that decide, and what a log without them costs.
const FIELDS: &[(&str, &str)] = &[
    (
        "traffic-path",
        "how a packet left the VPC is known from the route table alone, and a stale table would go unnoticed",
    ),
    (
        "flow-direction",
        "whether the interface sent or received is guessed from addresses",
    ),
    (
        "pkt-srcaddr",
        "behind a NAT gateway or a second address, the true sender is hidden",
    ),
    (
        "pkt-dstaddr",
        "behind a NAT gateway or a second address, the true far end is hidden",
    ),
    (
        "pkt-src-aws-service",
        "the AWS service that answers is known from published ranges alone",
    ),
    (
        "pkt-dst-aws-service",
        "the AWS service that is reached is known from published ranges alone",
    ),
    ("tcp-flags", "who opened a connection is unknown"),
];

/// Something to do, and the claims that it is for.
#[derive(Serialize)]
pub(super) struct Step {
    text: String,
    claims: Vec<(usize, String)>,
}

/// The help of every violated claim, then of every failed obligation, each once.
pub(super) fn steps(evidence: &Evidence) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut put = |help: &str, number: usize, id: &str| {
        let claim = (number, id.to_owned());
        match steps.iter_mut().find(|step| step.text == help) {
            Some(step) if step.claims.contains(&claim) => {}
            Some(step) => step.claims.push(claim),
            None => steps.push(Step {
                text: help.to_owned(),
                claims: vec![claim],
            }),
        }
    };
    for (claim, number) in evidence.claims.iter().zip(1..) {
        if let Some(help) = &claim.help {
            put(help, number, &claim.id);
        }
    }
    for (claim, number) in evidence.claims.iter().zip(1..) {
        let failed = claim
            .obligations
            .iter()
            .filter(|o| o.state == ObligationState::Failed);
        for help in failed.filter_map(|obligation| obligation.help.as_ref()) {
            put(help, number, &claim.id);
        }
    }
    steps
}

/// What the evidence cannot say.
#[derive(Serialize)]
pub(super) struct Limits {
    never: &'static [&'static str],
    also: &'static [&'static str],
    fields: Vec<Lacking>,
    fields_said: String,
}

/// A field that some inputs lack.
#[derive(Serialize)]
struct Lacking {
    field: &'static str,
    inputs: String,
    cost: &'static str,
}

/// The limits of flow logs, and of these flow logs.
pub(super) fn limits(evidence: &Evidence) -> Limits {
    let mut without: BTreeMap<&str, u64> = BTreeMap::new();
    let told = evidence
        .inputs
        .iter()
        .filter(|input| !input.formats.is_empty());
    for input in told.clone() {
        for (field, _) in FIELDS {
            if input
                .formats
                .iter()
                .any(|format| !names(format).contains(field))
            {
                *without.entry(field).or_default() += 1;
            }
        }
    }
    let fields: Vec<Lacking> = FIELDS
        .iter()
        .filter_map(|(field, cost)| {
            Some(Lacking {
                field,
                inputs: count(*without.get(field)?),
                cost,
            })
        })
        .collect();
    let all = plural(len(told.count()), "input");
    Limits {
        never: NEVER,
        also: ALSO,
        fields_said: match fields.len() {
            _ if all.starts_with('0') => "No input says which fields it has.".to_owned(),
            0 => format!("The format of {all} has every field that decides a path."),
            _ => format!(
                "Of {all}, some lack fields that decide. Whether that weighs on a claim, its obligation fields-suffice says."
            ),
        },
        fields,
    }
}

/// The fields of `${a} ${b}`.
fn names(format: &str) -> BTreeSet<&str> {
    let words = format.split_whitespace();
    words
        .map(|word| word.trim_start_matches("${").trim_end_matches('}'))
        .collect()
}

/// What the tool complained about.
#[derive(Serialize)]
pub(super) struct Complaints {
    rows: Vec<Complaint>,
    shortened: Option<String>,
}

#[derive(Serialize)]
struct Complaint {
    severity: String,
    code: String,
    message: String,
    at: Vec<String>,
    got: String,
    why: String,
    help: String,
}

/// The weightiest first, then in the order of the evidence.
pub(super) fn complaints(evidence: &Evidence) -> Complaints {
    let of_inputs = evidence.inputs.iter().flat_map(|input| &input.diagnostics);
    let mut all: Vec<&Diagnostic> = evidence.diagnostics.iter().chain(of_inputs).collect();
    all.sort_by_key(|said| match said.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    });
    let rows = all.iter().take(COMPLAINTS_MAX).map(|said| Complaint {
        severity: said.severity.to_string(),
        code: said.code.clone(),
        message: said.message.clone(),
        at: said.at.iter().map(ToString::to_string).collect(),
        got: said.got.clone().unwrap_or_default(),
        why: said.why.clone(),
        help: said.help.clone(),
    });
    Complaints {
        rows: rows.collect(),
        shortened: shortened(all.len(), COMPLAINTS_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_step_stands_once_and_names_its_claims() {
        let steps = steps(&fixture::unproven());
        assert_eq!(steps.len(), 2);
        let ids: Vec<&str> = steps[0].claims.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(ids, ["s3-private", "no-internet"]);
        assert!(super::steps(&fixture::proven()).is_empty());
    }

    #[test]
    fn a_field_that_one_format_lacks_is_told() {
        let mut evidence = fixture::proven();
        assert_eq!(
            limits(&evidence).fields_said,
            "No input says which fields it has."
        );
        let every = FIELDS.iter().map(|(field, _)| format!("${{{field}}}"));
        let whole = every.collect::<Vec<_>>().join(" ");
        evidence.inputs[0].formats = vec![whole.clone()];
        assert!(limits(&evidence).fields.is_empty());
        evidence.inputs[0]
            .formats
            .push(whole.replace("${tcp-flags}", ""));
        let lacking = limits(&evidence).fields;
        assert_eq!((lacking.len(), lacking[0].field), (1, "tcp-flags"));
    }
}
