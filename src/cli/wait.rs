//! `--wait`: look again until the verdict is decided, or the time is up. In: a way to look. Out: the last look.
//!
//! Each look reads the whole window anew: late records carry old times, so nothing that was read before may be taken as read
//! for good.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use flowproof::diag::{Diagnostic, show};
use flowproof::model::evidence::{Evidence, ObligationState};
use flowproof::model::path::Verdict;
use flowproof::model::window::rfc3339;

use super::console::Console;

/// Between the first look and the second; each further wait is half as long again.
const FIRST: Duration = Duration::from_secs(5);
/// AWS publishes every five minutes, so a look a minute loses little.
const LONGEST: Duration = Duration::from_secs(60);
/// How long Ctrl-C may take.
const STEP: Duration = Duration::from_millis(100);
/// Reasons that are shown of one look.
const SHOWN_MAX: usize = 3;

/// Complaints that time may cure: what is not there yet, and calls that got no answer.
const PASSING: &[&str] = &[
    "aws-not-found",
    "aws-throttled",
    "aws-unreachable",
    "input-not-found",
    "state-nothing-yet",
];

/// Looks until the verdict is decided, the time is up, or the run is stopped.
///
/// # Errors
/// Those of the last look, or of the first that time does not cure.
pub fn until_decided(
    wait: Duration,
    now_s: impl Fn() -> i64,
    stop: &AtomicBool,
    console: Console,
    mut look: impl FnMut() -> Result<Evidence, Vec<Diagnostic>>,
) -> Result<Evidence, Vec<Diagnostic>> {
    let begun = Instant::now();
    let ends = rfc3339(now_s().saturating_add(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX)));
    let (mut pause, mut said) = (FIRST, String::new());
    loop {
        let looked = look();
        let left = wait.saturating_sub(begun.elapsed());
        if is_decided(&looked) || left.is_zero() || stop.load(Ordering::SeqCst) {
            return looked;
        }
        let awaited = match &looked {
            Ok(evidence) => awaited(evidence),
            Err(problems) => problems
                .first()
                .map_or_else(String::new, |problem| problem.message.clone()),
        };
        if awaited != said {
            console.note(&format!("waiting until {ends} at most: {awaited}"));
            said = awaited;
        }
        rest(pause.min(left), stop);
        pause = (pause + pause / 2).min(LONGEST);
    }
}

fn is_decided(looked: &Result<Evidence, Vec<Diagnostic>>) -> bool {
    match looked {
        Ok(evidence) => evidence.verdict != Verdict::Unproven,
        Err(problems) => !problems
            .iter()
            .all(|problem| PASSING.contains(&problem.code.as_str())),
    }
}

/// What keeps the verdict open: first of all silence, which delivery ends.
fn awaited(evidence: &Evidence) -> String {
    let open = evidence
        .claims
        .iter()
        .filter(|claim| claim.verdict == Verdict::Unproven)
        .flat_map(|claim| &claim.obligations)
        .filter(|obligation| obligation.state == ObligationState::Failed);
    let (mut silence, mut other) = (Vec::new(), Vec::new());
    for obligation in open {
        let (reasons, name) = if obligation.id == "no-silence" {
            (&mut silence, String::new())
        } else {
            (&mut other, format!("{}: ", obligation.id))
        };
        for why in &obligation.why {
            let reason = format!("{name}{}", show(why));
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    let delivery = if silence.is_empty() {
        ""
    } else {
        " (delivery takes about 10 min)"
    };
    silence.extend(other);
    let more = silence.len().saturating_sub(SHOWN_MAX);
    silence.truncate(SHOWN_MAX);
    let more = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}{delivery}", silence.join("; "))
}

fn rest(pause: Duration, stop: &AtomicBool) {
    let begun = Instant::now();
    while begun.elapsed() < pause && !stop.load(Ordering::SeqCst) {
        sleep(STEP.min(pause.saturating_sub(begun.elapsed())));
    }
}
