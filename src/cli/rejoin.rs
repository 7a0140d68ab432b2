//! A joined evidence checked by its parts: they are the ones that it names, and joined again they say the same.

use std::collections::BTreeSet;

use flowproof::diag::{Diagnostic, Location, Severity, show};
use flowproof::model::evidence::Evidence;
use flowproof::seal::difference::{Difference, differences};
use flowproof::seal::manifest::sha256;

use super::check::Examined;
use super::recompute::Told;
use super::values::Target;
use super::{report, rests};

/// Differences that are told.
const TOLD_MAX: usize = 10;

/// Joins the evidences of these words again and compares.
///
/// # Errors
/// An evidence that cannot be read, or does not agree with itself; evidences that do not join.
pub fn again(
    told: &Told<'_>,
    words: &[String],
    examined: &mut Examined,
) -> Result<(), Vec<Diagnostic>> {
    let places: Vec<Target> = words
        .iter()
        .map(|word| Target::from(word.as_str()))
        .collect();
    let now = report::evidence(&places.iter().collect::<Vec<_>>())?;
    let others = others(told, &now);
    if !others.is_empty() {
        examined.bad("parts: not those that were joined".to_owned(), others);
        return Ok(());
    }
    let second = serde_json::to_value(&now).unwrap_or_default();
    let found = differences(told.json, &second, TOLD_MAX);
    if found.is_empty() {
        examined.good(format!(
            "parts: {} evidences, joined again to the same verdict ({}) and counts",
            now.parts.len(),
            now.verdict
        ));
        return Ok(());
    }
    let problem = |one: Difference| {
        Diagnostic::new(
            Severity::Error,
            "evidence-differs",
            format!(
                "{}: {} in the evidence, {} now",
                one.path, one.first, one.second
            ),
            "who joins the same evidences must come to the same",
            "make it anew from its parts, with `flowproof report`",
        )
        .at(Location::source(told.name).named(one.path))
    };
    let problems = found.into_iter().map(problem).collect();
    examined.bad(
        "parts: joined again, they say otherwise".to_owned(),
        problems,
    );
    Ok(())
}

/// Parts that are missing here, or that the evidence does not name.
fn others(told: &Told<'_>, now: &Evidence) -> Vec<Diagnostic> {
    // One alone is not joined to anything, and names no parts.
    let alone = now
        .parts
        .is_empty()
        .then(|| now.to_json().unwrap_or_default());
    let here: BTreeSet<String> = match alone {
        Some(bytes) => BTreeSet::from([sha256(&bytes)]),
        None => now.parts.iter().map(|part| part.sha256.clone()).collect(),
    };
    let named = &told.evidence.parts;
    let mut problems = Vec::new();
    for part in named.iter().filter(|part| !here.contains(&part.sha256)) {
        problems.push(
            Diagnostic::new(
                Severity::Error,
                "rests-missing",
                format!(
                    "the evidence from {} to {} was not given",
                    show(&part.since),
                    show(&part.until)
                ),
                "without it the parts cannot be joined again",
                "give the file that was joined, unchanged",
            )
            .at(Location::source(told.name))
            .got(format!("expected SHA-256 {}", show(&part.sha256))),
        );
    }
    for digest in here
        .iter()
        .filter(|digest| named.iter().all(|part| part.sha256 != **digest))
    {
        let message = format!("an evidence was given that is no part of it: SHA-256 {digest}");
        problems.push(rests::differs(told.name, message, None));
    }
    problems
}
