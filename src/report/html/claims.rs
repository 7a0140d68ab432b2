//! Claim by claim: what it asserts, what is said of it, and everything that this rests on.

use serde::Serialize;

use crate::model::evidence::{
    ClaimReport, Evidence, ExceptionReport, FlowGroup, FlowsBy, Obligation, ObligationState,
};
use crate::model::path::Verdict;
use crate::report::cited::{ATTEMPTS, Places, WITNESSES};
use crate::report::said::seen_by;
use crate::report::units::{bytes, count, len, period, plural};

use super::flows::{FlowTable, Group, table};
use super::sources::Shelf;
use super::verdict::{Mark, mark};

/// Reasons told of one obligation; the evidence itself keeps ten.
const WHY_MAX: usize = 20;
/// Ways told of one group of flows.
const WAYS_MAX: usize = 100;
/// Exceptions told of one claim.
const EXCEPTIONS_MAX: usize = 500;

/// A claim.
#[derive(Serialize)]
pub(super) struct Claim {
    /// From 1: the claim's id may be anything, and an anchor may not.
    number: usize,
    id: String,
    title: String,
    mark: Mark,
    asserts: Vec<(String, String)>,
    at: Option<String>,
    checked: String,
    help: Option<String>,
    obligations: Vec<Checked>,
    obligations_said: String,
    witnesses: Flows,
    attempts: Flows,
    exceptions: Vec<Exception>,
    more_exceptions: Option<String>,
}

/// An obligation.
#[derive(Serialize)]
struct Checked {
    id: String,
    glyph: &'static str,
    word: &'static str,
    class: &'static str,
    checked: String,
    failures: Option<String>,
    why: Vec<String>,
    more: Option<String>,
    help: Option<String>,
    flows: Option<FlowTable>,
}

/// Witnesses or attempts: counted whole, shown in part.
#[derive(Serialize)]
struct Flows {
    any: bool,
    said: String,
    ways: Vec<ByWay>,
    more_ways: Option<String>,
    table: Option<FlowTable>,
}

#[derive(Serialize)]
struct ByWay {
    path: &'static str,
    via: String,
    exit: &'static str,
    service: String,
    logged_by: &'static str,
    flows: String,
    bytes: String,
}

#[derive(Serialize)]
struct Exception {
    state: &'static str,
    class: &'static str,
    to: String,
    reason: String,
    owner: String,
    expires: String,
    effect: String,
    at: Option<String>,
}

/// All claims, in the order of the policy.
pub(super) fn views(evidence: &Evidence, places: &Places<'_>, shelf: &Shelf) -> Vec<Claim> {
    let numbered = evidence.claims.iter().zip(1..);
    numbered
        .map(|(claim, number)| view(claim, number, places, shelf))
        .collect()
}

fn view(claim: &ClaimReport, number: usize, places: &Places<'_>, shelf: &Shelf) -> Claim {
    let of = |name: &'static str, of: &FlowGroup, what: &str| {
        let group = Group {
            id: format!("claim-{number}-{name}"),
            claim: &claim.id,
            name,
            caption: format!("{what} of {}", claim.id),
            sample: &of.sample,
            of: Some(of.count),
        };
        flows(of, table(group, places, shelf), name)
    };
    let obligations = claim.obligations.iter().enumerate().map(|(n, obligation)| {
        let group = Group {
            id: format!("claim-{number}-obligation-{n}"),
            claim: &claim.id,
            name: &obligation.id,
            caption: format!("Flows that fail {} of {}", obligation.id, claim.id),
            sample: &obligation.sample,
            of: None,
        };
        checked(obligation, table(group, places, shelf))
    });
    let asserts = claim.asserts.iter();
    let listed = claim.exceptions.iter().take(EXCEPTIONS_MAX);
    Claim {
        number,
        id: claim.id.clone(),
        title: claim.title.clone(),
        mark: mark(claim.verdict),
        asserts: asserts
            .map(|(key, words)| match words.as_slice() {
                [] => (key.clone(), "nothing".to_owned()),
                words => (key.clone(), words.join(", ")),
            })
            .collect(),
        at: claim.at.as_ref().map(place),
        checked: format!(
            "{} in the claim’s reach, at every interface that logged them.",
            plural(claim.flows_checked, "accepted flow")
        ),
        help: claim.help.clone(),
        obligations: obligations.collect(),
        obligations_said: obligations_said(claim),
        witnesses: of(WITNESSES, &claim.witnesses, "Witnesses"),
        attempts: of(ATTEMPTS, &claim.attempts, "Rejected attempts"),
        exceptions: listed.map(exception).collect(),
        more_exceptions: shortened(claim.exceptions.len(), EXCEPTIONS_MAX),
    }
}

/// `file:line:column`, uncut: a location's own text is made for terminals.
fn place(at: &crate::diag::Location) -> String {
    let mut out = at.source.clone();
    for part in [at.line, at.column].into_iter().flatten() {
        out.push_str(&format!(":{part}"));
    }
    out
}

/// How many obligations held, failed, and were not asked.
fn obligations_said(claim: &ClaimReport) -> String {
    let of = |state| {
        let all = claim.obligations.iter();
        all.filter(|obligation| obligation.state == state).count()
    };
    let (held, failed) = (of(ObligationState::Held), of(ObligationState::Failed));
    let mut out = format!("{} held, {} failed", count(len(held)), count(len(failed)));
    if of(ObligationState::NotAsked) > 0 {
        out.push_str(&format!(", {} not asked", of(ObligationState::NotAsked)));
    }
    if claim.verdict == Verdict::Violated && failed > 0 {
        out.push_str(". There may be more witnesses than were recorded");
    }
    out
}

fn checked(obligation: &Obligation, flows: Option<FlowTable>) -> Checked {
    let (glyph, word, class) = match obligation.state {
        ObligationState::Held => ("✓", "held", "held"),
        ObligationState::Failed => ("✗", "failed", "failed"),
        ObligationState::NotAsked => ("–", "not asked", "not-asked"),
    };
    let told = obligation.why.iter().take(WHY_MAX);
    Checked {
        id: obligation.id.clone(),
        glyph,
        word,
        class,
        checked: obligation.checked.clone(),
        failures: (obligation.failures > 0)
            .then(|| format!("{} in all", plural(obligation.failures, "failure"))),
        why: told.cloned().collect(),
        more: shortened(obligation.why.len(), WHY_MAX),
        help: obligation.help.clone(),
        flows,
    }
}

fn flows(group: &FlowGroup, table: Option<FlowTable>, name: &str) -> Flows {
    let ways = group.by.iter().take(WAYS_MAX).map(by_way);
    Flows {
        any: group.count > 0 || table.is_some(),
        said: said(group, name),
        ways: ways.collect(),
        more_ways: shortened(group.by.len(), WAYS_MAX),
        table,
    }
}

fn said(group: &FlowGroup, name: &str) -> String {
    if group.count == 0 {
        return match name {
            WITNESSES => "No flow breaks the claim.".to_owned(),
            _ => "No rejected flow would have broken it.".to_owned(),
        };
    }
    let at = group
        .counted_at
        .map(|vantage| format!(" counted at {}", seen_by(vantage)));
    let when = match (&group.first, &group.last) {
        (Some(first), Some(last)) => format!(", {} UTC", period(first, last)),
        _ => String::new(),
    };
    format!(
        "{}: {}{}{when}.",
        plural(group.count, "record"),
        bytes(group.bytes),
        at.unwrap_or_default()
    )
}

fn by_way(by: &FlowsBy) -> ByWay {
    ByWay {
        path: by.path.as_str(),
        via: by.via.clone().unwrap_or_default(),
        exit: by.exit.as_str(),
        service: by.service.clone().unwrap_or_default(),
        logged_by: seen_by(by.vantage),
        flows: count(by.count),
        bytes: bytes(by.bytes),
    }
}

fn exception(exception: &ExceptionReport) -> Exception {
    let (state, class, effect) = match (exception.expired_flows, exception.flows) {
        (1.., _) => (
            "✗ expired",
            "failed",
            format!(
                "excepts nothing; {} that it once covered now count",
                plural(exception.expired_flows, "flow")
            ),
        ),
        (0, 0) => (
            "? unused",
            "not-asked",
            "matched nothing in this window".to_owned(),
        ),
        (0, 1..) => (
            "✓ used",
            "held",
            format!("{} excepted", plural(exception.flows, "flow")),
        ),
    };
    Exception {
        state,
        class,
        to: exception.to.join(", "),
        reason: exception.reason.clone(),
        owner: exception.owner.clone().unwrap_or_default(),
        expires: exception
            .expires
            .clone()
            .unwrap_or_else(|| "never".to_owned()),
        effect,
        at: exception.at.as_ref().map(place),
    }
}

/// `20 of 1,000 shown`, if so.
pub(super) fn shortened(all: usize, most: usize) -> Option<String> {
    (all > most).then(|| format!("{} of {} shown", count(len(most)), count(len(all))))
}
