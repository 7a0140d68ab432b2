//! Claims: sums, the worst flows of all parts, and every obligation in every part. The verdict follows as it does in each part.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::bounded::{self, SAMPLE_MAX, WHY_MAX};
use crate::model::evidence::*;
use crate::model::path::Verdict;
use crate::model::window::unix_s;
use crate::seal::join::Part;

/// Texts of what was checked that are told one by one; the rest are counted.
const CHECKED_MAX: usize = 3;

/// The obligation that fails where windows do not meet.
const NO_SILENCE: &str = "no-silence";

/// The samples of claims by claim and group, as citations name them.
pub(super) fn samples(claims: &[ClaimReport]) -> BTreeMap<(&str, &str), &[FlowSample]> {
    let mut found = BTreeMap::new();
    for claim in claims {
        let groups = [
            ("witnesses", &claim.witnesses.sample),
            ("attempts", &claim.attempts.sample),
        ];
        let obligations = claim.obligations.iter();
        let obligations = obligations.map(|one| (one.id.as_str(), &one.sample));
        for (group, sample) in groups.into_iter().chain(obligations) {
            found.insert((claim.id.as_str(), group), sample.as_slice());
        }
    }
    found
}

/// Where each flow stands that is shown.
pub(super) fn shown(claims: &[ClaimReport]) -> BTreeMap<(&str, &str, &FlowSample), u64> {
    let mut found = BTreeMap::new();
    for ((claim, group), sample) in samples(claims) {
        for (index, flow) in (0..).zip(sample) {
            found.insert((claim, group, flow), index);
        }
    }
    found
}

/// One claim for each of the policy. `seams`: why nothing is proven over all of the time.
pub(super) fn claims(parts: &[Part], seams: &[String]) -> Vec<ClaimReport> {
    let Some(last) = parts.last() else {
        return Vec::new();
    };
    let join_one = |(index, newest): (usize, &ClaimReport)| {
        let all: Vec<(&Part, &ClaimReport)> = parts
            .iter()
            .filter_map(|part| Some((part, part.evidence.claims.get(index)?)))
            .collect();
        claim(&all, newest, seams)
    };
    let newest = last.evidence.claims.iter();
    newest.enumerate().map(join_one).collect()
}

fn claim(all: &[(&Part, &ClaimReport)], newest: &ClaimReport, seams: &[String]) -> ClaimReport {
    let witnesses = group(all.iter().map(|(_, claim)| &claim.witnesses));
    let obligations = obligations(all, seams);
    let failed = obligations
        .iter()
        .any(|one| one.state == ObligationState::Failed);
    let follows = match (witnesses.count, failed) {
        (1.., _) => Verdict::Violated,
        (0, true) => Verdict::Unproven,
        (0, false) => Verdict::Proven,
    };
    // A part that says worse than follows from what it shows is taken at its word.
    let worst = all.iter().map(|(_, claim)| claim.verdict).min();
    // Where to look first is told of the worst witness, wherever it is.
    let broken = all.iter().filter(|(_, claim)| claim.witnesses.count > 0);
    let help = broken
        .min_by_key(|(_, claim)| claim.witnesses.sample.first())
        .and_then(|(_, claim)| claim.help.clone());
    let exceptions = newest.exceptions.iter().enumerate().map(|(place, newest)| {
        let same = || {
            all.iter()
                .filter_map(|(_, claim)| claim.exceptions.get(place))
        };
        ExceptionReport {
            flows: sum(same().map(|one| one.flows)),
            expired_flows: sum(same().map(|one| one.expired_flows)),
            ..newest.clone()
        }
    });
    ClaimReport {
        verdict: worst.map_or(follows, |worst| worst.min(follows)),
        flows_checked: sum(all.iter().map(|(_, claim)| claim.flows_checked)),
        witnesses,
        obligations,
        attempts: group(all.iter().map(|(_, claim)| &claim.attempts)),
        exceptions: exceptions.collect(),
        help,
        ..newest.clone()
    }
}

/// A sum that does not overflow, whatever a file says.
pub(super) fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

/// The worst flows of all; those that are the same in every word are shown once.
fn sample<'s>(all: impl Iterator<Item = &'s FlowSample>) -> Vec<FlowSample> {
    let all: BTreeSet<&FlowSample> = all.collect();
    all.into_iter().take(SAMPLE_MAX).cloned().collect()
}

fn group<'g>(all: impl Iterator<Item = &'g FlowGroup> + Clone) -> FlowGroup {
    let mut by: BTreeMap<_, Share> = BTreeMap::new();
    for one in all.clone().flat_map(|group| &group.by) {
        let key = (one.path, &one.via, one.exit, &one.service, one.vantage);
        by.entry(key).or_default().add(Share {
            flows: one.count,
            bytes: one.bytes,
        });
    }
    let by = by
        .into_iter()
        .map(|((path, via, exit, service, vantage), share)| FlowsBy {
            path,
            via: via.clone(),
            exit,
            service: service.clone(),
            vantage,
            count: share.flows,
            bytes: share.bytes,
        });
    let time = |text: &Option<String>| text.as_deref().and_then(unix_s);
    bounded::group(
        sum(all.clone().map(|group| group.count)),
        (
            all.clone().filter_map(|group| time(&group.first)).min(),
            all.clone().filter_map(|group| time(&group.last)).max(),
        ),
        by.collect(),
        sample(all.flat_map(|group| &group.sample)),
    )
}

fn obligations(all: &[(&Part, &ClaimReport)], seams: &[String]) -> Vec<Obligation> {
    let mut ids: Vec<&str> = Vec::new();
    let known = all.iter().flat_map(|(_, claim)| &claim.obligations);
    for id in known.map(|one| one.id.as_str()).chain([NO_SILENCE]) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.into_iter()
        .map(|id| {
            let each: Vec<(&Part, Option<&Obligation>)> = all
                .iter()
                .map(|(part, claim)| (*part, claim.obligations.iter().find(|one| one.id == id)))
                .collect();
            obligation(id, &each, if id == NO_SILENCE { seams } else { &[] })
        })
        .collect()
}

/// One obligation over all of the time: it holds if it holds in every part that was asked, and between them.
fn obligation(id: &str, each: &[(&Part, Option<&Obligation>)], seams: &[String]) -> Obligation {
    let told = || each.iter().filter_map(|(_, one)| *one);
    let asked = told().any(|one| one.state != ObligationState::NotAsked);
    let mut failures = u64::try_from(seams.len()).unwrap_or(u64::MAX);
    // By rank, then by part: every part that fails has its first reason told before any has its second.
    let mut why: Vec<(usize, usize, String)> = Vec::new();
    for (place, (part, one)) in each.iter().enumerate() {
        let failed = |one: &&Obligation| one.state == ObligationState::Failed || one.failures > 0;
        match one {
            Some(one) if failed(one) => {
                failures = failures.saturating_add(one.failures.max(1));
                let reasons = one.why.iter().take(WHY_MAX).enumerate();
                why.extend(
                    reasons.map(|(rank, reason)| {
                        (rank, place, format!("{}: {reason}", part.window()))
                    }),
                );
            }
            None if asked => {
                failures = failures.saturating_add(1);
                let reason = "this was not checked by the version that made the evidence";
                why.push((0, place, format!("{}: {reason}", part.window())));
            }
            Some(_) | None => {}
        }
    }
    why.sort();
    why.truncate(WHY_MAX.saturating_sub(seams.len()));
    why.sort_by_key(|(rank, place, _)| (*place, *rank));
    let state = match (failures, asked) {
        (1.., _) => ObligationState::Failed,
        (0, true) => ObligationState::Held,
        (0, false) => ObligationState::NotAsked,
    };
    let seam_help = "give the evidence of every window, each verified with --since where the one before it had --until";
    let help = told()
        .find_map(|one| one.help.clone())
        .filter(|_| seams.is_empty())
        .unwrap_or_else(|| seam_help.to_owned());
    let seams = seams.iter().take(WHY_MAX).cloned();
    Obligation {
        id: id.to_owned(),
        state,
        checked: checked(each),
        failures,
        why: seams
            .chain(why.into_iter().map(|(.., reason)| reason))
            .collect(),
        help: (failures > 0).then_some(help),
        sample: sample(told().flat_map(|one| &one.sample)),
    }
}

/// What was checked, in words: once if it is the same everywhere.
fn checked(each: &[(&Part, Option<&Obligation>)]) -> String {
    let mut texts: Vec<&str> = Vec::new();
    for (_, one) in each {
        let text = one.map_or("not checked", |one| one.checked.as_str());
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if let [text] = texts.as_slice() {
        return (*text).to_owned();
    }
    let more = texts.len().saturating_sub(CHECKED_MAX);
    let mut told = texts
        .into_iter()
        .take(CHECKED_MAX)
        .collect::<Vec<_>>()
        .join("; ");
    if more > 0 {
        told.push_str(&format!("; and {more} others"));
    }
    format!("in {} windows: {told}", each.len())
}
