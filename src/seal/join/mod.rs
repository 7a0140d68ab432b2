//! Many evidences become one: days a month.
//!
//! Windows must meet: each begins with the second at which the one before it ended. Where they overlap there is no answer, for
//! records would count twice. Where there is a gap, or an end that the records themselves gave and nobody asked for, no claim is
//! proven; a witness stays one. All parts must ask the same of the same: schema, scope, policy, claims, accounts and Regions.
//! Whether each agrees with itself is for `consistent` to say, before.
//!
//! What a sum means here:
//!
//! - A record belongs to a window by its `end`, so it is judged in one part only, and claims, coverage and shares by path have it
//!   once. Two kinds are in every part that read them, as nobody can say where they belong: records without a time, and SKIPDATA
//!   that reaches across a boundary.
//! - An object at a boundary has records of both windows and is read by both runs. It stands in `inputs` once a part, and
//!   `totals.records` counts the lines that were read, so its lines are there twice; what was read twice and judged once is in
//!   `totals.outside_window` of one of the two.
//! - Whoever is known only by a record on the other side of a boundary stays unknown: a month can be less proven than its days
//!   verified at once. A silence that runs across a boundary is found by what each part heard last and first. More proven it can be
//!   in one way only: an interface that is in scope in some parts is judged in these, and not asked for in the others.

mod claims;
mod coverage;
mod fit;
mod metrics;
mod totals;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Location};
use crate::model::bounded;
use crate::model::evidence::*;
use crate::model::path::Verdict;
use crate::model::window::{rfc3339, unix_s};
use crate::seal::manifest::sha256;

/// Evidence on its way into a longer window.
struct Part {
    /// Where it was read from, for complaints.
    file: String,
    since_s: i64,
    until_s: i64,
    evidence: Evidence,
}

impl Part {
    fn window(&self) -> String {
        format!("{} to {}", rfc3339(self.since_s), rfc3339(self.until_s))
    }
}

/// Joins evidences of windows that follow each other to one over all of them; one alone stays as it is.
///
/// `parts`: each with the name of its file, and agreeing with itself. Their order does not matter.
///
/// # Errors
/// Everything that keeps them from being one: nothing to join, another schema, scope, policy, claim, account or Region, no window,
/// windows that overlap.
pub fn join(parts: Vec<(String, Evidence)>) -> Result<Evidence, Vec<Diagnostic>> {
    fit::same_schema(&parts)?;
    let mut parts = parts;
    if parts.len() < 2 {
        return parts
            .pop()
            .map(|(_, evidence)| evidence)
            .ok_or_else(|| vec![fit::nothing()]);
    }
    let parts = fit::in_order(parts)?;
    fit::same_question(&parts)?;
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return Err(vec![fit::nothing()]);
    };
    let (coverage, across) = coverage::coverage(&parts);
    let mut seams = fit::seams(&parts);
    seams.extend(across);
    let claims = claims::claims(&parts, &seams);
    let worst = parts.iter().map(|part| part.evidence.verdict).min();
    let verdict = claims.iter().map(|claim| claim.verdict).chain(worst).min();
    let of_window = |part: &Part| part.evidence.window.clone();
    let dues: Vec<_> = parts
        .iter()
        .filter_map(|part| of_window(part).due)
        .collect();
    let made = parts.iter().map(|part| &*part.evidence.generated_at);
    let totals = totals::totals(&parts);
    let mut diagnostics = diagnostics(&parts, &claims);
    diagnostics.extend(bounded::saturated(&totals, &claims));
    diagnostics.sort();
    diagnostics.dedup();
    Ok(Evidence {
        schema: SCHEMA.to_owned(),
        tool: last.evidence.tool.clone(),
        generated_at: latest(made).unwrap_or_default(),
        window: WindowReport {
            since: of_window(first).since,
            until: of_window(last).until,
            since_from: of_window(first).since_from,
            until_from: of_window(last).until_from,
            due: latest(dues.iter().map(String::as_str)),
        },
        parts: reports(&parts)?,
        scope: ScopeReport {
            description: last.evidence.scope.description.clone(),
            interfaces: u64::try_from(coverage.len()).unwrap_or(u64::MAX),
        },
        verdict: verdict.unwrap_or(Verdict::Unproven),
        totals,
        coverage,
        metrics: metrics::metrics(&parts),
        inputs: inputs(&parts, &claims),
        topologies: topologies(&parts),
        policy: last.evidence.policy.clone(),
        diagnostics,
        claims,
    })
}

/// What each part is known by.
fn reports(parts: &[Part]) -> Result<Vec<PartReport>, Vec<Diagnostic>> {
    let one = |part: &Part| {
        let json = part.evidence.to_json();
        let json = json.map_err(|error| vec![fit::unwritable(&part.file, &error.to_string())])?;
        Ok(PartReport {
            since: rfc3339(part.since_s),
            until: rfc3339(part.until_s),
            verdict: part.evidence.verdict,
            sha256: sha256(&json),
        })
    };
    parts.iter().map(one).collect()
}

fn latest<'t>(times: impl Iterator<Item = &'t str>) -> Option<String> {
    times
        .max_by_key(|text| (unix_s(text), *text))
        .map(str::to_owned)
}

fn earliest<'t>(times: impl Iterator<Item = &'t str>) -> Option<String> {
    times
        .min_by_key(|text| (unix_s(text), *text))
        .map(str::to_owned)
}

/// All inputs, part by part. What they cite is found again among the flows that the joined claims show.
fn inputs(parts: &[Part], claims: &[ClaimReport]) -> Vec<InputReport> {
    let shown = claims::shown(claims);
    let mut cited_already: BTreeSet<(String, String, u64)> = BTreeSet::new();
    let mut found = Vec::new();
    for part in parts {
        let before = claims::samples(&part.evidence.claims);
        for input in &part.evidence.inputs {
            let mut input = input.clone();
            let cited = std::mem::take(&mut input.cited);
            for one in cited {
                let sample = before.get(&(&*one.claim, &*one.group));
                let flow = usize::try_from(one.index)
                    .ok()
                    .and_then(|index| sample?.get(index));
                let index = flow.and_then(|flow| shown.get(&(&*one.claim, &*one.group, flow)));
                // A flow that is the same in every word in two parts is shown once, at its first place.
                if let Some(index) = index.copied()
                    && cited_already.insert((one.claim.clone(), one.group.clone(), index))
                {
                    input.cited.push(Citation { index, ..one });
                }
            }
            found.push(input);
        }
    }
    found
}

/// Each topology once, by the digests of its files.
fn topologies(parts: &[Part]) -> Vec<TopologyReport> {
    let mut known = BTreeSet::new();
    let all = parts.iter().flat_map(|part| &part.evidence.topologies);
    let digests = |one: &TopologyReport| -> Vec<String> {
        one.files.iter().map(|file| file.sha256.clone()).collect()
    };
    all.filter(|one| {
        // One that names no file has nothing to be known by but all that it says.
        let whole = one.files.is_empty().then(|| (*one).clone());
        known.insert((digests(one), whole))
    })
    .cloned()
    .collect()
}

/// The complaints of all parts, and what differs between them. That an exception matched nothing is said only if it
/// did so in none.
fn diagnostics(parts: &[Part], claims: &[ClaimReport]) -> Vec<Diagnostic> {
    let mut found = fit::mixed(parts);
    for part in parts {
        let exceptions = |claims: &[ClaimReport]| -> Vec<ExceptionReport> {
            let all = claims.iter().flat_map(|claim| &claim.exceptions);
            all.cloned().collect()
        };
        let (mine, joined) = (exceptions(&part.evidence.claims), exceptions(claims));
        let needed = |at: &Location| {
            let mut both = mine.iter().zip(&joined);
            both.any(|(one, joined)| {
                one.at.as_ref() == Some(at) && (joined.flows > 0 || joined.expired_flows > 0)
            })
        };
        let stale = |one: &&Diagnostic| one.code == "exception-unused" && one.at.iter().any(needed);
        let kept = part.evidence.diagnostics.iter().filter(|one| !stale(one));
        found.extend(kept.cloned());
    }
    found
}
