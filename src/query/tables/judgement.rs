//! Tables of what `verify` says of the same records: gaps and claims. They cost a judgement, and only where a query reads them.

use super::Judged;
use crate::diag::{Diagnostic, Location, Severity};
use crate::model::evidence::ObligationState;
use crate::model::window::unix_s;
use crate::query::small::Kind::{Int, Text, Time};
use crate::query::small::{Cell, Rows, TableInfo};
use crate::query::sources::Sources;

#[rustfmt::skip]
pub const GAPS: TableInfo = TableInfo {
    name: "gaps",
    means: "a time of which the records of an interface in scope do not speak; of many gaps of one interface the longest",
    columns: &[
        ("interface_id", Text, "`eni-…`"),
        ("vpc_id", Text, ""),
        ("subnet_id", Text, ""),
        ("since", Time, "first second"),
        ("until", Time, "first second after it"),
        ("seconds", Int, "how long it is"),
        ("cause", Text, "`silent` or `skipdata`"),
    ],
};

#[rustfmt::skip]
pub const CLAIMS: TableInfo = TableInfo {
    name: "claims",
    means: "a claim of the policy, judged on these records as `verify` judges it (without metrics)",
    columns: &[
        ("claim", Text, "its id"),
        ("title", Text, ""),
        ("verdict", Text, "`proven`, `unproven` or `violated`"),
        ("flows_checked", Int, "accepted flows in its reach, at every vantage"),
        ("witnesses", Int, "flows that break it, at every vantage"),
        ("witness_bytes", Int, "their bytes at the one vantage nearest to the workload"),
        ("attempts", Int, "rejected flows that would have broken it"),
        ("unproven_because", Text, "obligations that failed, joined by commas"),
    ],
};

pub fn gaps(sources: &dyn Sources) -> Judged<Rows> {
    let evidence = sources.evidence()?;
    let (mut rows, mut cut) = (Rows::new(), 0);
    for interface in &evidence.coverage {
        let shown = u64::try_from(interface.gaps.len()).unwrap_or(u64::MAX);
        cut += u64::from(shown < interface.gap_count);
        for gap in &interface.gaps {
            let (since, until) = (unix_s(&gap.since), unix_s(&gap.until));
            let seconds = since
                .zip(until)
                .map(|(since, until)| until.saturating_sub(since));
            rows.push(vec![
                (&interface.interface).into(),
                (&interface.vpc).into(),
                (&interface.subnet).into(),
                since.into(),
                until.into(),
                seconds.into(),
                (&gap.cause).into(),
            ]);
        }
    }
    if cut > 0 {
        let what = format!("{cut} interfaces have more gaps than the table `gaps` holds");
        sources.say(
            &Diagnostic::new(
                Severity::Warning,
                "query-gaps-cut",
                what,
                "sums and counts over `gaps` are too low for them; the longest gaps of each are there",
                "ask for a shorter window with --since and --until",
            )
            .at(Location::source("gaps")),
        );
    }
    Ok(rows)
}

pub fn claims(sources: &dyn Sources) -> Judged<Rows> {
    let evidence = sources.evidence()?;
    let count = |number: u64| Cell::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let rows = evidence.claims.iter().map(|claim| {
        let failed = claim.obligations.iter();
        let failed = failed.filter(|one| one.state == ObligationState::Failed);
        vec![
            (&claim.id).into(),
            (&claim.title).into(),
            claim.verdict.to_string().into(),
            count(claim.flows_checked),
            count(claim.witnesses.count),
            count(claim.witnesses.bytes),
            count(claim.attempts.count),
            super::joined(failed.map(|one| one.id.as_str())),
        ]
    });
    Ok(rows.collect())
}
