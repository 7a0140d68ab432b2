//! What to do next: where to look for what is violated, and the help of everything that failed, once each.

use crate::model::evidence::{Evidence, ObligationState};
use crate::report::page::{Page, Tone};
use crate::report::shown::prose;
use crate::report::units::{count, len};

/// Steps that a tired person takes in one go.
const STEPS_MAX: usize = 5;

/// Help lines in the order of claims and obligations, each once.
pub(super) struct Steps<'a>(Vec<&'a str>);

impl<'a> Steps<'a> {
    /// The help of every violated claim, then of every failed obligation.
    pub(super) fn of(evidence: &'a Evidence) -> Steps<'a> {
        let mut steps: Vec<&str> = evidence
            .claims
            .iter()
            .filter_map(|claim| claim.help.as_deref())
            .collect();
        let obligations = evidence.claims.iter().flat_map(|claim| &claim.obligations);
        for obligation in obligations.filter(|o| o.state == ObligationState::Failed) {
            if let Some(help) = obligation.help.as_deref()
                && !steps.contains(&help)
            {
                steps.push(help);
            }
        }
        Steps(steps)
    }

    /// The number under which this help is shown, if it is.
    pub(super) fn number(&self, help: &str) -> Option<usize> {
        let at = self
            .0
            .iter()
            .take(STEPS_MAX)
            .position(|step| *step == help)?;
        Some(at + 1)
    }

    /// The numbered list; nothing where nothing is to be done.
    pub(super) fn put(&self, page: &mut Page) {
        if self.0.is_empty() {
            return;
        }
        page.heading("WHAT TO DO NEXT", "");
        for (i, step) in self.0.iter().take(STEPS_MAX).enumerate() {
            page.item(Tone::Plain, &format!("  {}. ", i + 1), &prose(step));
        }
        let more = self.0.len().saturating_sub(STEPS_MAX);
        if more > 0 {
            page.quiet(
                "     ",
                &format!(
                    "and {} more, under the claims and in the JSON",
                    count(len(more))
                ),
            );
        }
    }
}
