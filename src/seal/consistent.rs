//! Whether an evidence agrees with itself: sums, and what follows from what. In: an [`Evidence`]. Out: a complaint for each place
//! that does not follow from the others; none means intact, as far as the document alone can tell.
//!
//! It cannot tell a document that was invented as a whole: for that it takes the inputs, or a signature.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Location, Severity};
use crate::model::evidence::*;
use crate::model::path::{Vantage, Verdict};
use crate::model::window::unix_s;
use crate::seal::{claims, sums};

/// The nearest to the workload first, as the evidence counts bytes.
pub(super) const NEAREST: [Vantage; 5] = [
    Vantage::Workload,
    Vantage::Endpoint,
    Vantage::Nat,
    Vantage::Gateway,
    Vantage::Unknown,
];

/// What does not follow, place by place.
#[derive(Default)]
pub(super) struct Found(Vec<Diagnostic>);

impl Found {
    /// `path`: a JSON path. `message`: what does not follow, in one clause.
    pub(super) fn wrong(&mut self, path: impl Into<String>, message: &str, got: String) {
        self.0.push(
            Diagnostic::new(
                Severity::Error,
                "evidence-inconsistent",
                message,
                "what does not follow from the rest was changed after it was written, or is a bug: the verdict cannot be relied on",
                "have the verdict made anew from the inputs, with `flowproof verify`",
            )
            .at(Location::source("evidence").named(path.into()))
            .got(got),
        );
    }

    /// Complains unless the two are the same.
    pub(super) fn same<T: PartialEq + std::fmt::Display>(
        &mut self,
        path: impl Into<String>,
        message: &str,
        (stands, follows): (T, T),
    ) {
        if stands != follows {
            self.wrong(
                path,
                message,
                format!("{stands}, and from the rest follows {follows}"),
            );
        }
    }

    /// Complains unless it holds.
    pub(super) fn holds(
        &mut self,
        holds: bool,
        path: impl Into<String>,
        message: &str,
        got: impl FnOnce() -> String,
    ) {
        if !holds {
            self.wrong(path, message, got());
        }
    }
}

/// Every place that does not follow from the others, in the order of the document.
pub fn consistent(evidence: &Evidence) -> Vec<Diagnostic> {
    let mut found = Found::default();
    found.same(
        "schema",
        "another schema",
        (evidence.schema.as_str(), SCHEMA),
    );
    window(&mut found, &evidence.window);
    parts(&mut found, evidence);
    let worst = evidence.claims.iter().map(|claim| claim.verdict).min();
    found.same(
        "verdict",
        "the verdict is not that of the worst claim",
        (evidence.verdict, worst.unwrap_or(Verdict::Unproven)),
    );
    for (index, claim) in evidence.claims.iter().enumerate() {
        claims::claim(&mut found, evidence, index, claim);
    }
    sums::totals(&mut found, evidence);
    coverage(&mut found, evidence);
    inputs(&mut found, evidence);
    claims::citations(&mut found, evidence);
    digests(&mut found, evidence);
    found.0
}

fn window(found: &mut Found, window: &WindowReport) {
    let word = |found: &mut Found, path: &str, word: &str, known: &[&str]| {
        found.holds(
            known.contains(&word),
            path,
            "this is not where a window comes from",
            || format!("`{}`", crate::diag::show(word)),
        );
    };
    word(
        found,
        "window.since_from",
        &window.since_from,
        &["asked", "records"],
    );
    word(
        found,
        "window.until_from",
        &window.until_from,
        &["asked", "records", "delivery"],
    );
    let times = [
        ("window.since", &window.since),
        ("window.until", &window.until),
        ("window.due", &window.due),
    ];
    for (path, text) in times {
        if let Some(text) = text {
            time(found, path, text);
        }
    }
    found.holds(
        window.since.is_some() == window.until.is_some(),
        "window",
        "a window with one end",
        String::new,
    );
    let ends = window.since.as_deref().and_then(unix_s);
    let ends = ends.zip(window.until.as_deref().and_then(unix_s));
    found.holds(
        ends.is_none_or(|(since, until)| since <= until),
        "window.until",
        "the window ends before it begins",
        || window.until.clone().unwrap_or_default(),
    );
}

/// A joined evidence is about all of its parts and no more, and no better than the worst of them.
fn parts(found: &mut Found, evidence: &Evidence) {
    let (Some(first), Some(last)) = (evidence.parts.first(), evidence.parts.last()) else {
        return;
    };
    found.holds(
        evidence.parts.len() > 1,
        "parts",
        "one part is not joined to anything",
        String::new,
    );
    let ends = [
        ("window.since", &evidence.window.since, &first.since),
        ("window.until", &evidence.window.until, &last.until),
    ];
    for (path, stands, part) in ends {
        found.same(
            path,
            "the window is not that of its parts",
            (stands.as_deref().unwrap_or("nothing"), part),
        );
    }
    let mut gap = false;
    let mut before = None;
    for (index, part) in evidence.parts.iter().enumerate() {
        let at = format!("parts[{index}]");
        let ends = unix_s(&part.since).zip(unix_s(&part.until));
        found.holds(
            ends.is_some_and(|(since, until)| since <= until),
            &at,
            "a window that is no time",
            || format!("{} to {}", part.since, part.until),
        );
        let Some((since, until)) = ends else { continue };
        let met = before.replace(until);
        found.holds(
            met.is_none_or(|met| met <= since),
            &at,
            "it begins before the one before it ends",
            || part.since.clone(),
        );
        gap |= met.is_some_and(|met| met < since);
    }
    let worst = evidence.parts.iter().map(|part| part.verdict).min();
    let limit = match (worst, gap) {
        (Some(Verdict::Proven), true) => Verdict::Unproven,
        (worst, _) => worst.unwrap_or(Verdict::Unproven),
    };
    found.holds(
        evidence.verdict <= limit,
        "verdict",
        "it is better than its parts and the gaps between them allow",
        || format!("{}, and at most {limit}", evidence.verdict),
    );
}

fn time(found: &mut Found, path: &str, text: &str) {
    found.holds(unix_s(text).is_some(), path, "this is no time", || {
        format!("`{}`", crate::diag::show(text))
    });
}

/// Gaps that are shown of one interface; with fewer, all of them are.
const GAPS_MAX: usize = 20;

fn coverage(found: &mut Found, evidence: &Evidence) {
    let interfaces = u64::try_from(evidence.coverage.len()).unwrap_or(u64::MAX);
    found.same(
        "scope.interfaces",
        "the scope has another number of interfaces than the coverage",
        (evidence.scope.interfaces, interfaces),
    );
    let mut known = BTreeSet::new();
    for (index, one) in evidence.coverage.iter().enumerate() {
        let path = |key: &str| format!("coverage[{index}].{key}");
        found.holds(
            known.insert(&one.interface),
            path("interface"),
            "an interface twice",
            || one.interface.clone(),
        );
        let shown = u64::try_from(one.gaps.len()).unwrap_or(u64::MAX);
        let all_shown = one.gap_count == shown;
        found.holds(
            all_shown || (one.gap_count > shown && one.gaps.len() == GAPS_MAX),
            path("gap_count"),
            "the gaps are not as many as are counted",
            || format!("{} counted, {shown} shown", one.gap_count),
        );
        let silent = |gap: &&Gap| gap.cause == "silent";
        let mut silent_s: u64 = 0;
        for (place, gap) in one.gaps.iter().enumerate() {
            let ends = unix_s(&gap.since).zip(unix_s(&gap.until));
            found.holds(
                ends.is_some_and(|(since, until)| since <= until),
                path(&format!("gaps[{place}]")),
                "a gap that is no time",
                || format!("{} to {}", gap.since, gap.until),
            );
            found.holds(
                ["silent", "skipdata"].contains(&gap.cause.as_str()),
                path(&format!("gaps[{place}].cause")),
                "this is no cause of a gap",
                || format!("`{}`", crate::diag::show(&gap.cause)),
            );
            let long_s = ends.map_or(0, |(since, until)| until.saturating_sub(since));
            if silent(&gap) {
                silent_s = silent_s.saturating_add(u64::try_from(long_s).unwrap_or(0));
            }
        }
        if all_shown {
            found.same(
                path("gap_s"),
                "the silence is not as long as its gaps",
                (one.gap_s, silent_s),
            );
            let complete = one.skipdata == 0 && !one.gaps.iter().any(|gap| silent(&gap));
            found.same(
                path("complete"),
                "whether it is complete does not follow from its gaps",
                (one.complete, complete),
            );
        } else {
            found.holds(
                !one.complete && one.gap_s >= silent_s,
                path("complete"),
                "an interface with gaps is not complete",
                String::new,
            );
        }
    }
}

fn inputs(found: &mut Found, evidence: &Evidence) {
    let mut known = BTreeSet::new();
    for (index, input) in evidence.inputs.iter().enumerate() {
        found.same(
            format!("inputs[{index}].rows"),
            "the rows of an input are not the sum of what became of them",
            (
                u128::from(input.rows),
                sums::all([input.flows, input.nodata, input.skipdata, input.set_aside]),
            ),
        );
        // Where two windows meet, an object has records of both and was read for both.
        found.holds(
            known.insert(&input.uri) || !evidence.parts.is_empty(),
            format!("inputs[{index}].uri"),
            "an input twice",
            || crate::diag::show(&input.uri),
        );
    }
}

fn digests(found: &mut Found, evidence: &Evidence) {
    let mut one = |path: String, digest: &str| {
        let hex = digest.len() == 64
            && digest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        found.holds(hex, path, "this is no SHA-256 in lower-case hex", || {
            format!("`{}`", crate::diag::show(digest))
        });
    };
    one(
        "tool.ip_ranges.sha256".to_owned(),
        &evidence.tool.ip_ranges.sha256,
    );
    if let Some(metrics) = &evidence.metrics {
        one("metrics.sha256".to_owned(), &metrics.sha256);
    }
    for (index, input) in evidence.inputs.iter().enumerate() {
        if let Some(digest) = &input.sha256 {
            one(format!("inputs[{index}].sha256"), digest);
        }
    }
    for (index, part) in evidence.parts.iter().enumerate() {
        one(format!("parts[{index}].sha256"), &part.sha256);
    }
    for (index, topology) in evidence.topologies.iter().enumerate() {
        for (place, file) in topology.files.iter().enumerate() {
            one(
                format!("topologies[{index}].files[{place}].sha256"),
                &file.sha256,
            );
        }
    }
    one("policy.sha256".to_owned(), &evidence.policy.sha256);
}

#[cfg(test)]
#[path = "consistent_tests.rs"]
mod tests;
