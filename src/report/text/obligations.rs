//! What must hold before "proven": what failed, in words, and the rest folded.

use std::collections::BTreeMap;

use crate::model::evidence::{ClaimReport, Obligation, ObligationState};
use crate::model::path::Verdict;
use crate::report::page::{Page, Tone};
use crate::report::shown::{prose, safe};
use crate::report::units::{count, len};

use super::steps::Steps;

/// Reasons shown of each failed obligation.
const WHY_MAX: usize = 3;

/// The failures told so far: claims with the same scope fail alike, and nobody reads the same reasons twice.
#[derive(Default)]
pub(super) struct Told<'a>(Vec<(&'a ClaimReport, &'a Obligation)>);

impl<'a> Told<'a> {
    /// The obligations of one claim. Where a witness decides, those that failed are named only.
    pub(super) fn put(&mut self, page: &mut Page, claim: &'a ClaimReport, steps: &Steps<'_>) {
        let failed = named(claim, ObligationState::Failed);
        match claim.verdict {
            Verdict::Violated if !failed.is_empty() => {
                let (held, all) = held_of(claim);
                let text = format!(
                    "{failed} ({} of {} held); there may be more witnesses",
                    count(held),
                    count(all)
                );
                page.item(Tone::Plain, "    failed too: ", &text);
            }
            Verdict::Violated => {}
            Verdict::Unproven | Verdict::Proven => self.failures(page, claim, steps),
        }
    }

    fn failures(&mut self, page: &mut Page, claim: &'a ClaimReport, steps: &Steps<'_>) {
        let mut known: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for obligation in of_state(claim, ObligationState::Failed) {
            let earlier = self
                .0
                .iter()
                .find(|(_, told)| same_failure(told, obligation));
            if let Some((earlier, _)) = earlier {
                known
                    .entry(&earlier.id)
                    .or_default()
                    .push(safe(&obligation.id));
            } else {
                self.0.push((claim, obligation));
                failure(page, obligation, steps);
            }
        }
        for (earlier, ids) in known {
            let label = format!("    failed as for {}: ", safe(earlier));
            page.item(Tone::Plain, &label, &ids.join(", "));
        }
    }
}

/// One failed obligation: what was checked, the first reasons, and where the help stands.
fn failure(page: &mut Page, obligation: &Obligation, steps: &Steps<'_>) {
    let label = format!("    failed: {}  ", safe(&obligation.id));
    page.item(Tone::Plain, &label, &prose(&obligation.checked));
    for why in obligation.why.iter().take(WHY_MAX) {
        page.item(Tone::Plain, "      - ", &prose(why));
    }
    let shown = len(obligation.why.len().min(WHY_MAX));
    let more = match obligation.failures.saturating_sub(shown) {
        0 => String::new(),
        more if shown == 0 => format!("{} in all", count(more)),
        more => format!("and {} more", count(more)),
    };
    let help = obligation
        .help
        .as_ref()
        .map(|help| match steps.number(help) {
            Some(step) => format!("see step {step} below"),
            None => format!("help: {}", prose(help)),
        });
    let parts: Vec<String> = [Some(more).filter(|more| !more.is_empty()), help]
        .into_iter()
        .flatten()
        .collect();
    if !parts.is_empty() {
        page.quiet("        ", &parts.join("; "));
    }
}

/// Alike in all that is shown.
fn same_failure(a: &Obligation, b: &Obligation) -> bool {
    (&a.id, &a.checked, a.failures, &a.why, &a.help)
        == (&b.id, &b.checked, b.failures, &b.why, &b.help)
}

/// The obligations in this state, in the order of the contract.
fn of_state(claim: &ClaimReport, state: ObligationState) -> impl Iterator<Item = &Obligation> {
    claim
        .obligations
        .iter()
        .filter(move |obligation| obligation.state == state)
}

fn named(claim: &ClaimReport, state: ObligationState) -> String {
    let ids: Vec<String> = of_state(claim, state).map(|o| safe(&o.id)).collect();
    ids.join(", ")
}

/// How many held, of those that were checked.
fn held_of(claim: &ClaimReport) -> (u64, u64) {
    let held = len(of_state(claim, ObligationState::Held).count());
    let failed = len(of_state(claim, ObligationState::Failed).count());
    (held, held + failed)
}

/// What held, by name only where that tells how far an unproven claim is from proven; empty if it is said or is nothing.
pub(super) fn held(claim: &ClaimReport) -> String {
    match (claim.verdict, held_of(claim)) {
        (_, (0, _)) => String::new(),
        (_, (held, all)) if held == all => format!("held: all {} obligations", count(all)),
        (Verdict::Violated, _) => String::new(),
        (Verdict::Unproven | Verdict::Proven, _) => {
            format!("held: {}", named(claim, ObligationState::Held))
        }
    }
}

/// What nobody asked for, so that it does not weigh; empty if all was asked.
pub(super) fn not_asked(claim: &ClaimReport) -> String {
    match named(claim, ObligationState::NotAsked) {
        none if none.is_empty() => none,
        ids => format!("not asked: {ids}"),
    }
}
