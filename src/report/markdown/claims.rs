//! The claims: a row each, then a section for each that is not simply proven.

use crate::model::evidence::{
    ClaimReport, Evidence, FlowGroup, FlowSample, Obligation, ObligationState,
};
use crate::model::path::Verdict;
use crate::report::cited::{ATTEMPTS, Places, WITNESSES};
use crate::report::said::{counted, end_point, is_excepted, mark, plain, used, verdict_word};
use crate::report::units::{bytes, count, len, minute, plural};

use super::escape::{code, prose, row};
use super::tables::{folded, heading_of};

/// One row a claim, whatever its verdict: nothing is dropped here, however many there are.
pub(super) fn table(evidence: &Evidence) -> String {
    if evidence.claims.is_empty() {
        return String::new();
    }
    let mut out = heading_of(&[
        "Verdict",
        "Claim",
        "Says",
        "Flows checked",
        "Witnesses",
        "Obligations",
    ]);
    for claim in &evidence.claims {
        let (held, asked) = held_of(claim);
        let cells = [
            format!(
                "{} {}{}",
                mark(claim.verdict),
                verdict_word(claim.verdict),
                until(claim)
            ),
            code(&claim.id),
            prose(&claim.title),
            count(claim.flows_checked),
            count(claim.witnesses.count),
            format!("{} of {} held", count(held), count(asked)),
        ];
        out.push_str(&row(&cells));
    }
    out
}

/// The earliest end of the exceptions that a proven claim leans on.
fn until(claim: &ClaimReport) -> String {
    if !is_excepted(claim) {
        return String::new();
    }
    match used(claim)
        .filter_map(|exception| exception.expires.as_deref())
        .min()
    {
        Some(day) => format!(", by EXCEPTION until {}", code(day)),
        None => ", by EXCEPTION without end".to_owned(),
    }
}

fn held_of(claim: &ClaimReport) -> (u64, u64) {
    let of = |state| {
        len(claim
            .obligations
            .iter()
            .filter(|o| o.state == state)
            .count())
    };
    let held = of(ObligationState::Held);
    (held, held.saturating_add(of(ObligationState::Failed)))
}

/// What failed and what to do, then the flows, folded. Nothing for a claim that is proven and was never tried.
pub(super) fn section(claim: &ClaimReport, places: &Places<'_>, rows: usize) -> String {
    let failed: Vec<&Obligation> = claim
        .obligations
        .iter()
        .filter(|obligation| obligation.state == ObligationState::Failed)
        .collect();
    if claim.verdict == Verdict::Proven && failed.is_empty() && claim.attempts.count == 0 {
        return String::new();
    }
    let mut out = format!(
        "\n## {} {}\n\n{}\n",
        mark(claim.verdict),
        code(&claim.id),
        prose(&counted(claim))
    );
    if let Some(help) = &claim.help {
        out.push_str(&format!("\n**What to do:** {}\n", prose(help)));
    }
    if !failed.is_empty() {
        out.push('\n');
    }
    for obligation in failed {
        out.push_str(&failure(obligation, rows));
    }
    out.push_str(&flows(claim, WITNESSES, &claim.witnesses, places, rows));
    out.push_str(&flows(claim, ATTEMPTS, &claim.attempts, places, rows));
    out
}

fn failure(obligation: &Obligation, rows: usize) -> String {
    let mut out = format!(
        "- failed {}: {}\n",
        code(&obligation.id),
        prose(&obligation.checked)
    );
    let shown: Vec<&String> = obligation.why.iter().take(rows.min(10)).collect();
    for why in &shown {
        out.push_str(&format!("  - {}\n", prose(why)));
    }
    if obligation.failures > len(shown.len()) {
        out.push_str(&format!(
            "  - {} of {} shown\n",
            count(len(shown.len())),
            count(obligation.failures)
        ));
    }
    if let Some(help) = &obligation.help {
        out.push_str(&format!("  - **what to do:** {}\n", prose(help)));
    }
    out
}

fn flows(
    claim: &ClaimReport,
    group: &str,
    flows: &FlowGroup,
    places: &Places<'_>,
    rows: usize,
) -> String {
    if flows.count == 0 {
        return String::new();
    }
    let shown = flows.sample.len().min(rows);
    let what = match group {
        WITNESSES => plural(flows.count, "witness"),
        _ => format!(
            "{} that would have broken it",
            plural(flows.count, "rejected flow")
        ),
    };
    let title = format!(
        "{}, {} of {} shown",
        plain(&what),
        count(len(shown)),
        count(flows.count)
    );
    let mut table = heading_of(&[
        "Bytes",
        "Start (UTC)",
        "From",
        "To",
        "Path",
        "Logged by",
        "Why",
        "Record",
    ]);
    for (index, flow) in flows.sample.iter().enumerate().take(shown) {
        let record = places.find(&claim.id, group, index);
        let record = record.map_or_else(
            || "–".to_owned(),
            |place| code(&end_of(&format!("{}:{}", place.uri, place.line))),
        );
        table.push_str(&row(&cells(flow, record)));
    }
    folded(&title, &table)
}

fn cells(flow: &FlowSample, record: String) -> [String; 8] {
    let from = flow.workload.as_deref().unwrap_or(&flow.interface);
    let to = match &flow.peer {
        Some(peer) => code(&end_point(peer, flow.peer_port)),
        None => "far end unknown".to_owned(),
    };
    let way = [
        flow.service.as_deref().unwrap_or_default(),
        flow.path.as_str(),
        flow.via.as_deref().unwrap_or_default(),
    ];
    [
        plain(&bytes(flow.bytes.0)),
        plain(&minute(flow.start)),
        code(&end_point(from, flow.workload_port)),
        to,
        code(way.join(" ").trim()),
        format!("{} ({})", code(&flow.interface), flow.vantage),
        prose(&flow.why),
        record,
    ]
}

/// The end of a key is what tells it from its neighbours, and the line stands there too.
fn end_of(record: &str) -> String {
    const SHOWN_CHARS: usize = 100;
    let length = record.chars().count();
    if length <= SHOWN_CHARS {
        return record.to_owned();
    }
    let tail: String = record.chars().skip(length - SHOWN_CHARS).collect();
    format!("…{tail}")
}
