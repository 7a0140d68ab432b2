//! From tallies to the evidence: nothing is decided before, nothing after.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::bounded::{self, GAPS_MAX};
use crate::model::evidence::*;
use crate::model::path::{Path, Vantage, Verdict};
use crate::model::symbol::Sym;
use crate::model::window::rfc3339;
use crate::verify::coverage::{Heard, reach_s};
use crate::verify::delivery::{Delivery, pending, settled_s};
use crate::verify::group::{Cite, Group, NEAREST};
use crate::verify::metrics;
use crate::verify::obligations::{Checked, OBLIGATIONS, Pending};
use crate::verify::plan::{Plan, ScopeInterface};
use crate::verify::tally::{ClaimTally, Tally};

/// Why there is no evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Our bug: a record that was read is not in the sums, or is there twice.
    #[error(
        "{read} records were read and {weighed} were weighed: this is a bug in flowproof, and there is no verdict"
    )]
    Unaccounted {
        /// Flows, NODATA and SKIPDATA by the inputs' ledgers.
        read: u64,
        /// The same by the tally.
        weighed: u64,
    },
}

/// What the run knows beside records.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Sorted by uri; [`crate::verify::InputFacts::index`] is the place here.
    pub inputs: Vec<InputReport>,
    /// Complaints of policy and command line.
    pub diagnostics: Vec<Diagnostic>,
    /// Now, RFC 3339.
    pub generated_at: String,
    /// Of sources that AWS still delivers to; `None` for files, of which nobody knows.
    pub delivery: Option<Delivery>,
}

/// Checks every obligation of every claim and writes it all down.
///
/// # Errors
/// [`Error::Unaccounted`] if the sums do not add up, in release builds too.
pub fn conclude(plan: &Plan<'_>, mut tally: Tally, run: Run) -> Result<Evidence, Error> {
    tally
        .claims
        .resize_with(plan.claims.len(), ClaimTally::default);
    let read: u64 = run
        .inputs
        .iter()
        .map(|input| input.flows + input.nodata + input.skipdata)
        .sum();
    let weighed = tally.flows + tally.nodata + tally.skipdata;
    let lines: u64 = run.inputs.iter().map(|input| input.rows).sum();
    let set_aside: u64 = run.inputs.iter().map(|input| input.set_aside).sum();
    if read != weighed || lines != read + set_aside {
        return Err(Error::Unaccounted {
            read: lines,
            weighed: weighed + set_aside,
        });
    }
    tally.claims.iter_mut().for_each(ClaimTally::settle);
    let settled = run.delivery.map(|delivery| settled_s(plan, delivery));
    let window = window(plan, &tally, settled);
    let pending = run
        .delivery
        .and_then(|delivery| pending(plan, window?, delivery));
    let claims = claims(plan, &tally, &run.inputs, window, pending);
    let verdict = claims
        .iter()
        .map(|claim| claim.verdict)
        .min()
        .unwrap_or(Verdict::Unproven);
    let totals = totals(plan, &tally, lines, set_aside);
    let mut diagnostics = diagnostics(plan, &run, &claims, window);
    diagnostics.extend(bounded::saturated(&totals, &claims));
    diagnostics.sort();
    diagnostics.dedup();
    let mut inputs = run.inputs;
    cite(plan, &tally, &mut inputs);
    Ok(Evidence {
        schema: SCHEMA.to_owned(),
        tool: tool(plan),
        generated_at: run.generated_at,
        window: window_report(plan, &tally, window, pending),
        parts: Vec::new(),
        scope: ScopeReport {
            description: describe_scope(plan),
            interfaces: u64::try_from(plan.interfaces.len()).unwrap_or(u64::MAX),
        },
        verdict,
        claims,
        totals,
        coverage: coverage(plan, &tally, window),
        metrics: metrics::report(plan, &tally, window),
        inputs,
        topologies: plan
            .world
            .snapshots
            .iter()
            .map(|snapshot| snapshot.report.clone())
            .collect(),
        policy: PolicyReport {
            source: plan.policy.source.clone(),
            sha256: plan.policy.sha256.clone(),
            rejected: plan.policy.rejected.as_str().to_owned(),
            max_silence_s: plan.policy.max_silence_s,
        },
        diagnostics,
    })
}

fn tool(plan: &Plan<'_>) -> Tool {
    let ranges = &plan.world.ranges;
    Tool {
        name: "flowproof".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ip_ranges: RangesReport {
            source: ranges.source.clone(),
            created: rfc3339(ranges.created_s),
            sha256: ranges.sha256.clone(),
        },
    }
}

/// The window: as asked; where it was not, from the first start to the second after the last end. Of sources that AWS still
/// delivers to, an open window ends where everything must have come, whether or not it has: else a delivery that has died
/// would only make the window shorter.
fn window(plan: &Plan<'_>, tally: &Tally, settled: Option<i64>) -> Option<(i64, i64)> {
    let since = plan.window.since.or(tally.first)?;
    let until = match plan.window.until {
        Some(until) => until,
        None => {
            let last = tally.last.map(|last| last.saturating_add(1));
            match (settled, plan.window.since) {
                (Some(settled), Some(_)) => settled,
                (Some(settled), None) => last?.min(settled),
                (None, _) => last?,
            }
        }
    };
    Some((since, until.max(since)))
}

fn window_report(
    plan: &Plan<'_>,
    tally: &Tally,
    window: Option<(i64, i64)>,
    pending: Option<Pending>,
) -> WindowReport {
    let delivered = plan.window.until.is_none()
        && window
            .is_some_and(|(_, until)| Some(until) != tally.last.map(|last| last.saturating_add(1)));
    let from = |asked: bool| if asked { "asked" } else { "records" }.to_owned();
    WindowReport {
        since: window.map(|window| rfc3339(window.0)),
        until: window.map(|window| rfc3339(window.1)),
        since_from: from(plan.window.since.is_some()),
        until_from: if delivered {
            "delivery".to_owned()
        } else {
            from(plan.window.until.is_some())
        },
        due: pending.map(|pending| rfc3339(pending.due_s)),
    }
}

fn describe_scope(plan: &Plan<'_>) -> String {
    let scope = &plan.policy.scope;
    let mut parts = Vec::new();
    for (key, values) in [
        ("vpcs", &scope.vpcs),
        ("subnets", &scope.subnets),
        ("interfaces", &scope.interfaces),
    ] {
        if !values.is_empty() {
            parts.push(format!("{key} {}", values.join(", ")));
        }
    }
    if !scope.cidrs.is_empty() {
        let cidrs: Vec<String> = scope
            .cidrs
            .iter()
            .map(|block| format!("{}/{}", block.first, block.prefix_len))
            .collect();
        parts.push(format!("cidrs {}", cidrs.join(", ")));
    }
    parts.extend(
        scope
            .tags
            .iter()
            .map(|(key, values)| format!("tag {key} = {}", values.join(" or "))),
    );
    if parts.is_empty() {
        "every interface of the topology".to_owned()
    } else {
        parts.join("; ")
    }
}

fn claims(
    plan: &Plan<'_>,
    tally: &Tally,
    inputs: &[InputReport],
    window: Option<(i64, i64)>,
    pending: Option<Pending>,
) -> Vec<ClaimReport> {
    let symbols = &plan.world.symbols;
    let report = |((policy, claim), seen): (
        (&crate::policy::Claim, &crate::verify::plan::ClaimPlan),
        &ClaimTally,
    )| {
        let checked = Checked {
            plan,
            claim,
            tally,
            seen,
            inputs,
            window,
            pending,
        };
        let obligations: Vec<Obligation> = OBLIGATIONS
            .iter()
            .map(|(id, check)| Obligation {
                id: (*id).to_owned(),
                ..check(&checked)
            })
            .collect();
        let failed = obligations
            .iter()
            .any(|obligation| obligation.state == ObligationState::Failed);
        let verdict = match (seen.witnesses.count, failed) {
            (1.., _) => Verdict::Violated,
            (0, true) => Verdict::Unproven,
            (0, false) => Verdict::Proven,
        };
        let exceptions = claim.exceptions.iter().enumerate().map(|(place, index)| {
            let exception = &plan.policy.exceptions[*index];
            let (flows, expired_flows) = seen.excepted.get(place).copied().unwrap_or_default();
            ExceptionReport {
                at: Some(exception.at.clone()),
                to: exception
                    .to
                    .iter()
                    .map(crate::policy::To::to_string)
                    .collect(),
                reason: exception.reason.clone(),
                owner: exception.owner.clone(),
                expires: exception.expires.as_ref().map(|expiry| expiry.text.clone()),
                flows,
                expired_flows,
            }
        });
        let witnesses = seen.witnesses.report(symbols);
        ClaimReport {
            id: policy.id.clone(),
            title: policy.title.clone(),
            verdict,
            at: Some(policy.at.clone()),
            asserts: policy.asserts.clone(),
            flows_checked: seen.checked,
            obligations,
            attempts: seen.attempts.report(symbols),
            exceptions: exceptions.collect(),
            help: remedy(plan, &policy.id, &witnesses),
            witnesses,
        }
    };
    plan.policy
        .claims
        .iter()
        .zip(&plan.claims)
        .zip(&tally.claims)
        .map(report)
        .collect()
}

fn totals(plan: &Plan<'_>, tally: &Tally, records: u64, set_aside: u64) -> Totals {
    let by_vantage = tally.traffic.by_vantage();
    let counted_at = NEAREST
        .into_iter()
        .find(|vantage| by_vantage.contains_key(vantage));
    let by_path = counted_at
        .and_then(|vantage| by_vantage.get(&vantage).cloned())
        .unwrap_or_default();
    Totals {
        records,
        flows: tally.flows,
        nodata: tally.nodata,
        skipdata: tally.skipdata,
        set_aside,
        outside_window: tally.outside_window,
        rejected: tally.rejected,
        bytes: by_path
            .values()
            .fold(0, |sum, share| sum.saturating_add(share.bytes)),
        counted_at,
        by_path,
        by_vantage,
        ways: tally.traffic.ways(counted_at, &plan.world.symbols),
        timeline: tally.traffic.timeline(counted_at),
    }
}

fn coverage(plan: &Plan<'_>, tally: &Tally, window: Option<(i64, i64)>) -> Vec<InterfaceCoverage> {
    let silent = Heard::default();
    let report = |(index, interface): (usize, &ScopeInterface)| {
        let heard = u32::try_from(index)
            .ok()
            .and_then(|index| tally.heard.get(&index))
            .unwrap_or(&silent);
        let (since, until) = window.unwrap_or((0, 0));
        let unheard = heard.covered.is_empty();
        let silences = if unheard {
            vec![(since, until)]
        } else {
            heard.silences(since, until, interface.max_silence_s)
        };
        // A gap is shown from the last record on, not from where it became too long.
        let shown = |(from, to): &(i64, i64)| {
            if unheard {
                (*from, *to)
            } else {
                (from.saturating_sub(reach_s(interface.max_silence_s)), *to)
            }
        };
        let gap = |(from, to): (i64, i64), cause: &str| Gap {
            since: rfc3339(from),
            until: rfc3339(to),
            cause: cause.to_owned(),
        };
        let mut gaps: Vec<Gap> = silences
            .iter()
            .map(|silence| gap(shown(silence), "silent"))
            .collect();
        gaps.extend(heard.skipped.pieces().map(|piece| gap(piece, "skipdata")));
        gaps.sort();
        let gap_s = silences.iter().map(shown).fold(0u64, |sum, (from, to)| {
            sum.saturating_add(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
        });
        let name = |sym: Sym| plan.world.symbols.name(sym).to_owned();
        let gap_count = u64::try_from(gaps.len()).unwrap_or(u64::MAX);
        gaps.truncate(GAPS_MAX);
        InterfaceCoverage {
            interface: name(interface.id),
            kind: interface.known.type_name.clone(),
            vpc: name(interface.known.vpc),
            subnet: name(interface.known.subnet),
            flow_logs: interface
                .flow_logs
                .iter()
                .map(|log| log.id.clone())
                .collect(),
            first: heard.first.map(rfc3339),
            last: heard.last.map(rfc3339),
            flows: heard.flows,
            nodata: heard.nodata,
            skipdata: heard.skipdata,
            complete: silences.is_empty() && heard.skipdata == 0,
            gap_count,
            gap_s,
            gaps,
            heard: heard.between(interface.max_silence_s),
        }
    };
    plan.interfaces.iter().enumerate().map(report).collect()
}

/// Writes into each input where in it the shown flows stand.
fn cite(plan: &Plan<'_>, tally: &Tally, inputs: &mut [InputReport]) {
    let mut note = |claim: &str, group: &str, flows: &Group| {
        for (index, (input, line)) in flows.sample.values().enumerate() {
            let place: &Cite = &(*input, *line);
            if let Some(input) = usize::try_from(place.0)
                .ok()
                .and_then(|input| inputs.get_mut(input))
            {
                let index = u64::try_from(index).unwrap_or(u64::MAX);
                input.cited.push(Citation {
                    claim: claim.to_owned(),
                    group: group.to_owned(),
                    index,
                    line: place.1,
                });
            }
        }
    };
    for (claim, seen) in plan.policy.claims.iter().zip(&tally.claims) {
        note(&claim.id, "witnesses", &seen.witnesses);
        note(&claim.id, "attempts", &seen.attempts);
        note(&claim.id, "no-unknown-path", &seen.unknown);
        note(&claim.id, "fields-suffice", &seen.route_alone);
        note(&claim.id, "services-known", &seen.unnamed);
        note(&claim.id, "topology-fits", &tally.disagreements);
    }
}

/// Inputs with the same bytes. It changes no verdict, for what is there twice hides nothing; but every sum has it twice.
fn duplicates(inputs: &[InputReport]) -> Vec<Diagnostic> {
    let mut by_hash: BTreeMap<&str, &InputReport> = BTreeMap::new();
    let mut found = Vec::new();
    for input in inputs.iter().filter(|input| input.rows > 0) {
        let Some(hash) = input.sha256.as_deref() else {
            continue;
        };
        let Some(first) = by_hash.get(hash) else {
            by_hash.insert(hash, input);
            continue;
        };
        found.push(
            Diagnostic::new(
                Severity::Warning,
                "duplicate-input",
                "two inputs have the same bytes",
                "their records are counted twice, in every sum of flows and bytes",
                "leave one of them out",
            )
            .at(Location::source(&input.uri))
            .at(Location::source(&first.uri)),
        );
    }
    found
}

fn diagnostics(
    plan: &Plan<'_>,
    run: &Run,
    claims: &[ClaimReport],
    window: Option<(i64, i64)>,
) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = run
        .diagnostics
        .iter()
        .chain(&plan.diagnostics)
        .chain(&plan.world.diagnostics)
        .cloned()
        .collect();
    found.extend(duplicates(&run.inputs));
    if plan.window.since.is_none() || plan.window.until.is_none() {
        found.push(Diagnostic::new(
            Severity::Note,
            "window-from-records",
            "the window was taken from the records themselves",
            "what is missing before the first and after the last record goes unnoticed",
            "give --since and --until",
        ));
    }
    let ranges = &plan.world.ranges;
    if window.is_some_and(|(_, until)| until > plan.ranges_good_until_s) {
        found.push(
            Diagnostic::new(
                Severity::Warning,
                "ranges-old",
                format!("ip-ranges.json of {} is more than 30 days older than the window's end", rfc3339(ranges.created_s)),
                "an address that AWS added since could be the very service a claim is about",
                "download https://ip-ranges.amazonaws.com/ip-ranges.json and give it with --ip-ranges",
            )
            .at(Location::source(&ranges.source)),
        );
    }
    for (claim, exception) in claims.iter().flat_map(|claim| {
        claim
            .exceptions
            .iter()
            .map(move |exception| (claim, exception))
    }) {
        let at = exception.at.clone().unwrap_or_default();
        let over = exception_is_over(plan, exception, window);
        if exception.expired_flows > 0 || over {
            found.push(
                Diagnostic::new(
                    Severity::Warning,
                    "exception-expired",
                    format!(
                        "this exception of `{}` ended on {}",
                        show(&claim.id),
                        exception.expires.as_deref().unwrap_or_default()
                    ),
                    format!(
                        "{} flows after that day are not excepted",
                        exception.expired_flows
                    ),
                    "stop the traffic, or have the exception renewed",
                )
                .at(at),
            );
        } else if exception.flows == 0 {
            found.push(
                Diagnostic::new(
                    Severity::Warning,
                    "exception-unused",
                    format!(
                        "this exception of `{}` matched nothing that breaks it",
                        show(&claim.id)
                    ),
                    "an exception that nothing needs is a hole that something may find",
                    "take it out",
                )
                .at(at),
            );
        }
    }
    found
}

/// Whether an exception's last day lies before the window.
fn exception_is_over(
    plan: &Plan<'_>,
    exception: &ExceptionReport,
    window: Option<(i64, i64)>,
) -> bool {
    let mine = plan
        .policy
        .exceptions
        .iter()
        .find(|known| Some(&known.at) == exception.at.as_ref());
    let last = mine
        .and_then(|known| known.expires.as_ref())
        .map(|expiry| expiry.last_s);
    last.zip(window)
        .is_some_and(|(last, (since, _))| last < since)
}

/// Where to look first: the route table behind the worst witness.
fn remedy(plan: &Plan<'_>, claim: &str, witnesses: &FlowGroup) -> Option<String> {
    let worst = witnesses.sample.first()?;
    let world = plan.world;
    // Of a client out on the internet it is the endpoint's own.
    let served = worst.vantage == Vantage::Endpoint && worst.path == Path::InternetBound;
    let interface = if served {
        Some(worst.interface.as_str())
    } else {
        worst.workload_interface.as_deref()
    };
    let interface = interface.and_then(|name| world.symbols.find(name));
    let snapshot = interface
        .and_then(|id| world.of_interface(id).last())
        .map(|index| &world.snapshots[*index]);
    let subnet = snapshot
        .zip(interface)
        .and_then(|(snapshot, id)| snapshot.interface(id))
        .map(|interface| interface.subnet);
    let table = snapshot
        .zip(subnet)
        .and_then(|(snapshot, subnet)| snapshot.table_of(subnet));
    let what = worst
        .service
        .as_deref()
        .or(worst.peer.as_deref())
        .unwrap_or("it");
    let way = worst.via.as_deref().unwrap_or(worst.path.as_str());
    let place = match (table, subnet) {
        (Some(table), Some(subnet)) if served => format!(
            "{}, out on the internet, uses the endpoint behind {} in {} ({}): let its security groups admit private networks only",
            worst.workload.as_deref().unwrap_or("somebody"),
            worst.interface,
            world.symbols.name(subnet),
            world.symbols.name(table.id)
        ),
        (Some(table), Some(subnet)) => {
            format!(
                "{}, the route table of {}, sends {what} through {way}",
                world.symbols.name(table.id),
                world.symbols.name(subnet)
            )
        }
        (_, _) => format!("{what} goes through {way}"),
    };
    Some(format!(
        "{claim}: {place}; `flowproof topology check` shows what every subnet's routes permit"
    ))
}
