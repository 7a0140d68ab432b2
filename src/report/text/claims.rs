//! Claim by claim: what is said of it, on how many flows, and why it is not better.

use std::collections::BTreeSet;

use crate::model::evidence::{ClaimReport, Evidence, ExceptionReport};
use crate::model::path::Verdict;
use crate::report::cited::Places;
use crate::report::page::{Page, Tone};
use crate::report::said::{counted, exception_line, mark, urgency, verdict_word};
use crate::report::shown::{prose, safe};
use crate::report::units::{count, len, period, plural};

use super::obligations::{self, Told};
use super::steps::Steps;
use super::witnesses;

/// Exceptions of a claim that have a line of their own.
const EXCEPTIONS_MAX: usize = 5;

/// All claims, in the order of the policy.
pub(super) fn put(page: &mut Page, evidence: &Evidence, places: &Places<'_>, steps: &Steps<'_>) {
    if evidence.claims.is_empty() {
        return;
    }
    page.heading("CLAIMS", "");
    let mut told = Told::default();
    // What was not asked is mostly the same for all, and then said once.
    let not_asked: BTreeSet<String> = evidence.claims.iter().map(obligations::not_asked).collect();
    for claim in &evidence.claims {
        let label = format!(
            "{} {:<10}",
            mark(claim.verdict),
            verdict_word(claim.verdict)
        );
        let name = format!("{}  {}", safe(&claim.id), prose(&claim.title));
        page.item(Tone::of(claim.verdict), &label, &name);
        let mut folded = vec![obligations::held(claim)];
        if not_asked.len() > 1 {
            folded.push(obligations::not_asked(claim));
        }
        folded.retain(|part| !part.is_empty());
        if claim.verdict == Verdict::Proven {
            folded.insert(0, counted(claim));
        } else {
            page.item(Tone::Plain, "    ", &counted(claim));
        }
        witnesses::put(page, claim, places, shown_witnesses(evidence));
        told.put(page, claim, steps);
        if !folded.is_empty() {
            page.quiet("    ", &folded.join("; "));
        }
        attempts(page, claim);
        exceptions(page, claim);
    }
    if let (1, Some(common)) = (
        not_asked.len(),
        not_asked.first().filter(|ids| !ids.is_empty()),
    ) {
        page.quiet("  ", common);
    }
}

/// Five where one claim is broken; fewer where several share the screen.
fn shown_witnesses(evidence: &Evidence) -> usize {
    let broken = evidence
        .claims
        .iter()
        .filter(|claim| claim.witnesses.count > 0)
        .count();
    match broken {
        0 | 1 => 5,
        2 => 3,
        _ => 1,
    }
}

fn attempts(page: &mut Page, claim: &ClaimReport) {
    let attempts = &claim.attempts;
    if attempts.count == 0 {
        return;
    }
    let when = match (&attempts.first, &attempts.last) {
        (Some(first), Some(last)) => format!(", {}", period(first, last)),
        _ => String::new(),
    };
    let text = format!(
        "{} that would have broken it{when}",
        plural(attempts.count, "flow")
    );
    page.item(Tone::Plain, "    rejected: ", &text);
}

/// One line each, those first that ask for a hand: expired, then unused, then used.
fn exceptions(page: &mut Page, claim: &ClaimReport) {
    let mut sorted: Vec<(u8, &ExceptionReport)> =
        claim.exceptions.iter().map(|e| (urgency(e), e)).collect();
    sorted.sort_by_key(|(urgency, _)| *urgency);
    for (_, exception) in sorted.iter().take(EXCEPTIONS_MAX) {
        page.item(Tone::Plain, "    exception: ", &exception_line(exception));
    }
    let more = sorted.len().saturating_sub(EXCEPTIONS_MAX);
    if more > 0 {
        page.quiet("    exception: ", &format!("and {} more", count(len(more))));
    }
}
