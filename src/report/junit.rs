//! A test case a claim: violated is a failure, unproven an error, held by an exception alone is skipped.
//!
//! The shape is the one that the xUnit plugin of Jenkins checks (`tests/schemas/junit-10.xsd`), the strictest reader known. The
//! only time in it is the evidence's own: a test report of the same evidence is the same file.

use std::collections::BTreeSet;
use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Property, Report, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

use crate::model::evidence::{ClaimReport, Evidence, ObligationState};
use crate::model::path::Verdict;

use super::cited::{Places, WITNESSES};
use super::said::{counted, end_point, exception_line, is_excepted, plain, sentence, used};
use super::shown::visible;
use super::units::len;

/// Witnesses written out for each claim; the evidence keeps more.
const WITNESSES_MAX: usize = 10;

/// The XML document.
pub(super) fn render(evidence: &Evidence) -> Result<Vec<u8>, SerializeError> {
    let places = Places::of(evidence);
    let class = class(evidence);
    let mut suite = TestSuite::new("flowproof");
    suite.timestamp = evidence.generated_at.parse().ok();
    // Readers want a time, and how long the checking took is no part of the evidence.
    suite.set_time(Duration::ZERO);
    suite.add_properties(properties(evidence));
    for claim in &evidence.claims {
        let mut case = TestCase::new(visible(&claim.id), status(claim));
        case.set_classname(class.as_str());
        case.set_time(Duration::ZERO);
        case.set_system_out(output(claim, &places));
        suite.add_test_case(case);
    }
    let mut report = Report::new("flowproof");
    report.set_time(Duration::ZERO);
    report.add_test_suite(suite);
    // quick-junit counts the skipped on the root too, an attribute that the schema does not have there, and Jenkins refuses
    // what the schema does not have. The root comes first, so the first match is the root's.
    let counted = format!(" skipped=\"{}\"", report.skipped);
    let xml = report.to_string()?.replacen(&counted, "", 1);
    // The two characters that `visible` lets through and XML 1.0 forbids.
    let xml = xml
        .replace('\u{fffe}', "\\u{fffe}")
        .replace('\u{ffff}', "\\u{ffff}");
    Ok(xml.into_bytes())
}

/// The VPC, where there is one: what Jenkins groups by.
fn class(evidence: &Evidence) -> String {
    let vpcs = vpcs(evidence);
    match vpcs.len() {
        0 => "no-vpc".to_owned(),
        1 => vpcs.into_iter().next().map(visible).unwrap_or_default(),
        several => format!("{several}-vpcs"),
    }
}

fn vpcs(evidence: &Evidence) -> BTreeSet<&str> {
    let all = evidence.coverage.iter();
    all.map(|interface| interface.vpc.as_str()).collect()
}

fn properties(evidence: &Evidence) -> Vec<Property> {
    let (window, scope, ranges) = (&evidence.window, &evidence.scope, &evidence.tool.ip_ranges);
    let totals = &evidence.totals;
    let mut all = vec![
        ("verdict", evidence.verdict.to_string()),
        ("sentence", plain(&sentence(evidence))),
        ("window.since", window.since.clone().unwrap_or_default()),
        ("window.until", window.until.clone().unwrap_or_default()),
        ("window.since_from", window.since_from.clone()),
        ("window.until_from", window.until_from.clone()),
        ("scope", scope.description.clone()),
        ("scope.interfaces", scope.interfaces.to_string()),
        ("policy", evidence.policy.source.clone()),
        ("policy.sha256", evidence.policy.sha256.clone()),
        ("tool", evidence.tool.name.clone()),
        ("tool.version", evidence.tool.version.clone()),
        ("ip_ranges.created", ranges.created.clone()),
        ("ip_ranges.sha256", ranges.sha256.clone()),
        ("totals.records", totals.records.to_string()),
        ("totals.flows", totals.flows.to_string()),
        ("totals.nodata", totals.nodata.to_string()),
        ("totals.skipdata", totals.skipdata.to_string()),
        ("totals.set_aside", totals.set_aside.to_string()),
    ];
    all.extend(
        vpcs(evidence)
            .into_iter()
            .map(|vpc| ("vpc", vpc.to_owned())),
    );
    let files = evidence
        .topologies
        .iter()
        .flat_map(|topology| &topology.files);
    all.extend(files.map(|file| ("topology.sha256", file.sha256.clone())));
    let property = |(name, value): (&str, String)| Property::new(name, visible(&value));
    all.into_iter().map(property).collect()
}

fn status(claim: &ClaimReport) -> TestCaseStatus {
    let mut status = match claim.verdict {
        Verdict::Violated => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Unproven => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Proven if is_excepted(claim) => TestCaseStatus::skipped(),
        Verdict::Proven => return TestCaseStatus::success(),
    };
    let (kind, message, description) = match claim.verdict {
        Verdict::Violated => ("violated", plain(&counted(claim)), claim.help.clone()),
        Verdict::Unproven => ("unproven", failed(claim), Some(reasons(claim))),
        Verdict::Proven => ("excepted", excepted(claim), None),
    };
    status.set_type(kind).set_message(visible(&message));
    if let Some(description) = description {
        // Line by line: the breaks between them are ours.
        let lines: Vec<String> = description.lines().map(visible).collect();
        status.set_description(lines.join("\n"));
    }
    status
}

/// Owner and expiry of every exception that was made use of.
fn excepted(claim: &ClaimReport) -> String {
    let each = used(claim).map(|exception| {
        let owner = exception.owner.as_deref().unwrap_or("nobody");
        let until = exception.expires.as_deref().unwrap_or("for ever");
        format!(
            "excepted: owner {owner}, expires {until}, {} flows: {}",
            exception.flows, exception.reason
        )
    });
    each.collect::<Vec<_>>().join("; ")
}

fn failed(claim: &ClaimReport) -> String {
    let failed = claim
        .obligations
        .iter()
        .filter(|o| o.state == ObligationState::Failed);
    let ids: Vec<&str> = failed.map(|obligation| obligation.id.as_str()).collect();
    format!("no witness, but these do not hold: {}", ids.join(", "))
}

fn reasons(claim: &ClaimReport) -> String {
    let mut lines = Vec::new();
    for obligation in claim
        .obligations
        .iter()
        .filter(|o| o.state == ObligationState::Failed)
    {
        lines.push(format!(
            "{}: {}",
            visible(&obligation.id),
            visible(&obligation.checked)
        ));
        lines.extend(
            obligation
                .why
                .iter()
                .map(|why| format!("  - {}", visible(why))),
        );
        let more = obligation
            .failures
            .saturating_sub(len(obligation.why.len()));
        if more > 0 {
            lines.push(format!("  - {more} more"));
        }
        lines.extend(
            obligation
                .help
                .iter()
                .map(|help| format!("  help: {}", visible(help))),
        );
    }
    lines.join("\n")
}

/// All that was checked, and the first witnesses with their records.
fn output(claim: &ClaimReport, places: &Places<'_>) -> String {
    let mut lines = vec![
        format!("{}: {}", claim.verdict, visible(&claim.title)),
        plain(&counted(claim)),
        format!(
            "flows_checked={} witnesses={} attempts={}",
            claim.flows_checked, claim.witnesses.count, claim.attempts.count
        ),
        "obligations:".to_owned(),
    ];
    for obligation in &claim.obligations {
        let state = match obligation.state {
            ObligationState::Held => "held",
            ObligationState::Failed => "FAILED",
            ObligationState::NotAsked => "not asked",
        };
        lines.push(format!(
            "  {state:<9} {}: {}",
            visible(&obligation.id),
            visible(&obligation.checked)
        ));
    }
    if claim.verdict == Verdict::Violated {
        lines.push(reasons(claim));
    }
    let shown_witnesses = claim.witnesses.sample.len().min(WITNESSES_MAX);
    if claim.witnesses.count > 0 {
        lines.push(format!(
            "witnesses, {shown_witnesses} of {} shown:",
            claim.witnesses.count
        ));
    }
    for (index, flow) in claim
        .witnesses
        .sample
        .iter()
        .enumerate()
        .take(WITNESSES_MAX)
    {
        let from = flow.workload.as_deref().unwrap_or(&flow.interface);
        let to = flow.peer.as_deref().unwrap_or("far end unknown");
        let record = places.find(&claim.id, WITNESSES, index);
        let record = record.map(|place| format!(" at {}:{}", visible(place.uri), place.line));
        lines.push(format!(
            "  {} -> {} {}{} {} B: {}{}",
            end_point(from, flow.workload_port),
            end_point(to, flow.peer_port),
            flow.path,
            flow.via
                .iter()
                .map(|via| format!(" {}", visible(via)))
                .collect::<String>(),
            flow.bytes.0,
            visible(&flow.why),
            record.unwrap_or_default()
        ));
    }
    lines.extend(
        claim
            .exceptions
            .iter()
            .map(|e| format!("exception: {}", plain(&exception_line(e)))),
    );
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}
