//! Everything that must hold before "proven" may be said, one function each, in the contract's order.
//!
//! In: the plan, the merged tally, the inputs. Out: one [`Obligation`] each, with what was checked and what failed. None looks at
//! another, and none looks at witnesses: a claim without a witness is proven only if all hold.

use std::collections::BTreeSet;

use crate::diag::{Severity, show};
use crate::model::bounded::WHY_MAX;
use crate::model::evidence::{InputReport, Obligation, ObligationState};
use crate::model::symbol::Sym;
use crate::model::window::rfc3339;
use crate::verify::coverage::{Heard, reach_s};
use crate::verify::group::Group;
use crate::verify::metrics::metrics_agree;
use crate::verify::plan::{ClaimPlan, Plan, ScopeInterface};
use crate::verify::tally::{ClaimTally, MASKED_MAX, Tally};

/// A snapshot speaks for this long before and after it was taken; between two that say the same, for all the time between.
const SNAPSHOT_REACH_S: i64 = 86_400;

/// Everything that an obligation may look at.
pub(super) struct Checked<'c, 'w> {
    pub(super) plan: &'c Plan<'w>,
    pub(super) claim: &'c ClaimPlan,
    pub(super) tally: &'c Tally,
    pub(super) seen: &'c ClaimTally,
    pub(super) inputs: &'c [InputReport],
    /// The window, if there is any.
    pub(super) window: Option<(i64, i64)>,
    /// Records of the window that may be on their way.
    pub(super) pending: Option<Pending>,
}

/// The window reaches further than AWS has delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pending {
    /// Records that end before this have come.
    pub(super) settled_s: i64,
    /// When all of the window will have.
    pub(super) due_s: i64,
}

type Check = fn(&Checked<'_, '_>) -> Obligation;

/// The contract's list.
pub(super) const OBLIGATIONS: &[(&str, Check)] = &[
    ("no-unknown-path", no_unknown_path),
    ("interfaces-logged", interfaces_logged),
    ("no-silence", no_silence),
    ("no-skipdata", no_skipdata),
    ("inputs-whole", inputs_whole),
    ("fields-suffice", fields_suffice),
    ("services-known", services_known),
    ("topology-fits", topology_fits),
    ("metrics-agree", metrics_agree),
];

/// What to do where a snapshot lacks an answer for want of a right.
const GRANT: &str =
    "grant the right that is named to whoever takes the topology, and take it again";

/// Fails for each call that a snapshot lacks for want of a right; whether there is any.
fn fail_missing(found: &mut Found, of: &Checked<'_, '_>, obligation: &str) -> bool {
    let before = found.failures;
    for (snapshot, call) in of.plan.world.missing_for(obligation) {
        found.fail(|| format!("{}: {}", show(&snapshot.report.source), call.told()));
    }
    found.failures > before
}

/// Failures on their way to an obligation.
#[derive(Default)]
pub(super) struct Found {
    failures: u64,
    why: Vec<String>,
}

impl Found {
    pub(super) fn fail(&mut self, why: impl FnOnce() -> String) {
        self.fail_many(1, why);
    }

    pub(super) fn fail_many(&mut self, failures: u64, why: impl FnOnce() -> String) {
        if failures > 0 {
            self.failures += failures;
            if self.why.len() < WHY_MAX {
                self.why.push(why());
            }
        }
    }

    pub(super) fn obligation(self, checked: String, help: &str) -> Obligation {
        let held = self.failures == 0;
        Obligation {
            id: String::new(),
            state: if held {
                ObligationState::Held
            } else {
                ObligationState::Failed
            },
            checked,
            failures: self.failures,
            why: self.why,
            help: (!held).then(|| help.to_owned()),
            sample: Vec::new(),
        }
    }
}

impl Obligation {
    fn showing(mut self, group: &Group) -> Obligation {
        self.sample = group.sample.keys().cloned().collect();
        self
    }
}

/// Counts with their noun.
pub(super) fn some(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

impl<'c> Checked<'c, '_> {
    pub(super) fn interfaces(&self) -> impl Iterator<Item = (u32, &'c ScopeInterface)> {
        let all = &self.plan.interfaces;
        self.claim
            .interfaces
            .iter()
            .map(move |index| (u32::try_from(*index).unwrap_or(u32::MAX), &all[*index]))
    }

    pub(super) fn name(&self, sym: Sym) -> String {
        show(self.plan.world.symbols.name(sym))
    }

    fn heard(&self, index: u32) -> Option<&'c Heard> {
        self.tally.heard.get(&index)
    }
}

fn no_unknown_path(of: &Checked<'_, '_>) -> Obligation {
    let mut found = Found::default();
    let group = &of.seen.unknown;
    let mut bases: BTreeSet<(String, String)> = BTreeSet::new();
    bases.extend(
        group
            .sample
            .keys()
            .map(|flow| (flow.why.clone(), flow.path_basis.clone())),
    );
    found.fail_many(group.count, || {
        let told: Vec<String> = bases
            .iter()
            .map(|(why, basis)| format!("{why} ({basis})"))
            .collect();
        format!(
            "{}: {}",
            some(group.count, "flow", "flows"),
            told.join("; ")
        )
    });
    let checked = format!(
        "{} in reach, and those that may be",
        some(of.seen.checked, "flow", "flows")
    );
    found.fail_many(u64::from(of.seen.masked.more), || {
        format!("more than {MASKED_MAX} far ends behind NAT gateways: whether each has a record that names its workload was not followed up")
    });
    let help = "look at the flows shown: a log format with traffic-path, flow-direction, pkt-srcaddr and pkt-dstaddr, or a topology that knows their interfaces, would decide them";
    found.obligation(checked, help).showing(group)
}

fn interfaces_logged(of: &Checked<'_, '_>) -> Obligation {
    let mut found = Found::default();
    if of.claim.interfaces.is_empty() {
        found.fail(|| "no interface of the topology is in the claim's scope: about nothing, nothing is proven".to_owned());
    }
    let read: BTreeSet<&str> = of
        .inputs
        .iter()
        .filter_map(|input| input.flow_log.as_deref())
        .flat_map(|logs| logs.split(','))
        .collect();
    let anonymous = of
        .inputs
        .iter()
        .any(|input| input.flow_log.is_none() && input.rows > 0);
    for (_, interface) in of.interfaces() {
        let id = || of.name(interface.id);
        if !interface.flow_logs_told {
            let missing = interface.flow_logs_missing.as_ref();
            let missing = missing.map_or_else(String::new, |missing| format!(": {missing}"));
            found.fail(|| {
                format!(
                    "{}: the topology does not tell the flow logs{missing}",
                    id()
                )
            });
            continue;
        }
        let late = |created: Option<i64>| {
            created
                .zip(of.window)
                .is_some_and(|(created, (since, _))| created > since)
        };
        let read_here = |log: &str| read.contains(log) || anonymous;
        let good = |log: &&crate::verify::plan::CoveringLog| {
            log.defects.is_empty() && !late(log.created_s) && read_here(&log.id)
        };
        // The same log, told differently by two snapshots, is as good as its worst.
        let sound = interface.flow_logs.iter().filter(good).any(|log| {
            interface
                .flow_logs
                .iter()
                .filter(|other| other.id == log.id)
                .all(|other| good(&other))
        });
        let partial = interface
            .flow_logs
            .iter()
            .find(|log| !log.defects.is_empty());
        if sound && anonymous && partial.is_some() {
            found.fail(|| format!("{}: some inputs do not tell which flow log wrote them, and {} may leave records out", id(), show(partial.map_or("", |log| &log.id))));
        } else if !sound {
            found.fail(|| match interface.flow_logs.first() {
                None => format!("{}: no flow log covers it", id()),
                Some(log) if !log.defects.is_empty() => {
                    format!("{}: {}: {}", id(), show(&log.id), log.defects.join(", "))
                }
                Some(log) if late(log.created_s) => format!(
                    "{}: {} was made at {}, after the window began",
                    id(),
                    show(&log.id),
                    log.created_s.map_or_else(String::new, rfc3339)
                ),
                Some(log) => format!(
                    "{}: covered by {}, but what was read is of {}",
                    id(),
                    show(&log.id),
                    read.iter()
                        .map(|log| show(log))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            });
        }
    }
    let count = u64::try_from(of.claim.interfaces.len()).unwrap_or(u64::MAX);
    let untold = of
        .interfaces()
        .any(|(_, interface)| !interface.flow_logs_told);
    let denied = of
        .interfaces()
        .any(|(_, interface)| interface.flow_logs_missing.is_some());
    let help = match (of.claim.interfaces.is_empty(), untold) {
        (true, _) => "add the answer of `aws ec2 describe-network-interfaces`, or widen the scope",
        (false, true) if denied => GRANT,
        (false, true) => "add the answer of `aws ec2 describe-flow-logs` to the topology",
        (false, false) => {
            "create a flow log on the VPC with TrafficType ALL, and give the files that it wrote"
        }
    };
    let checked = format!("flow logs over {}", some(count, "interface", "interfaces"));
    found.obligation(checked, help)
}

fn no_silence(of: &Checked<'_, '_>) -> Obligation {
    let mut found = Found::default();
    let Some((since, until)) = of.window else {
        found.fail(|| "there is no record at all".to_owned());
        return found.obligation(
            "no window".to_owned(),
            "give sources that have records, or --since and --until",
        );
    };
    if of.tally.in_window == 0 {
        found.fail(|| {
            format!(
                "there is no record between {} and {}",
                rfc3339(since),
                rfc3339(until)
            )
        });
    }
    if let Some(pending) = of.pending {
        found.fail(|| {
            format!(
                "records that end after {} may still be on their way: all of the window should be there at {}",
                rfc3339(pending.settled_s),
                rfc3339(pending.due_s)
            )
        });
    }
    for (index, interface) in of.interfaces() {
        let id = || of.name(interface.id);
        let Some(heard) = of.heard(index) else {
            found.fail(|| format!("{}: no record in the window", id()));
            continue;
        };
        if heard.covered.is_empty() {
            found.fail(|| {
                format!(
                    "{}: no record of a flow log that is known to log everything",
                    id()
                )
            });
            continue;
        }
        let silences = heard.silences(since, until, interface.max_silence_s);
        if let Some((from, to)) = silences.first() {
            let more = if silences.len() > 1 {
                format!(", and {} more", silences.len() - 1)
            } else {
                String::new()
            };
            found.fail(|| {
                format!(
                    "{}: silent from {} to {}{more}",
                    id(),
                    rfc3339(from.saturating_sub(reach_s(interface.max_silence_s))),
                    rfc3339(*to)
                )
            });
        }
    }
    let allowed: BTreeSet<i64> = of
        .interfaces()
        .map(|(_, interface)| interface.max_silence_s)
        .collect();
    let allowed: Vec<String> = allowed
        .iter()
        .map(|seconds| format!("{seconds} s"))
        .collect();
    let count = u64::try_from(of.claim.interfaces.len()).unwrap_or(u64::MAX);
    let checked = format!(
        "a record at least every {} on {}",
        allowed.join(" or "),
        some(count, "interface", "interfaces")
    );
    found.obligation(checked, "wait for late delivery (about 10 minutes), give the missing files, or narrow the window or the scope")
}

fn no_skipdata(of: &Checked<'_, '_>) -> Obligation {
    let mut found = Found::default();
    for (index, interface) in of.interfaces() {
        if let Some(heard) = of.heard(index).filter(|heard| heard.skipdata > 0) {
            let since = heard.skipped.pieces().next().map_or_else(
                || "a time that the record does not tell".to_owned(),
                |piece| rfc3339(piece.0),
            );
            found.fail(|| {
                format!(
                    "{}: {}, first at {since}",
                    of.name(interface.id),
                    some(heard.skipdata, "SKIPDATA record", "SKIPDATA records")
                )
            });
        }
    }
    let strangers = of.tally.skipped_strangers;
    found.fail_many(strangers, || {
        format!(
            "{} of interfaces that the topology does not know",
            some(strangers, "SKIPDATA record", "SKIPDATA records")
        )
    });
    found.obligation(
        "SKIPDATA records in the window".to_owned(),
        "AWS dropped records there, and they cannot be had again: claim over a window without them",
    )
}

fn inputs_whole(of: &Checked<'_, '_>) -> Obligation {
    let mut found = Found::default();
    let broken: Vec<&InputReport> = of.inputs.iter().filter(|input| !input.whole).collect();
    let set_aside: u64 = of.inputs.iter().map(|input| input.set_aside).sum();
    // AWS writes no object without records; what is left of one that lost them all looks just like this. JSON says itself that
    // it has come to its end, and CloudWatch does write it without events; an hour of a log group may have none.
    let may_be_empty = |encoding: &str| encoding.starts_with("json") || encoding == "cloudwatch";
    let hollow = of
        .inputs
        .iter()
        .filter(|input| input.whole && input.rows == 0 && !may_be_empty(&input.encoding))
        .count();
    let hollow = u64::try_from(hollow).unwrap_or(u64::MAX);
    let broken_count = u64::try_from(broken.len()).unwrap_or(u64::MAX);
    // No names here: how records are cut into files must not change this part of the evidence.
    found.fail_many(broken_count, || {
        format!(
            "{} not read to the end (`inputs` names them)",
            some(broken_count, "input was", "inputs were")
        )
    });
    found.fail_many(hollow, || {
        format!(
            "{} without a single record, and AWS writes none like it",
            some(hollow, "input is", "inputs are")
        )
    });
    found.fail_many(set_aside, || {
        format!(
            "{} did not parse and count for nothing (`inputs` shows the first)",
            some(set_aside, "line", "lines")
        )
    });
    found.obligation("every input to its end, every line understood".to_owned(), "see the complaints about the inputs; fetch broken files again, give --log-format if fields are in another order")
}

fn fields_suffice(of: &Checked<'_, '_>) -> Obligation {
    let mut found = Found::default();
    for (field, records) in of.tally.lacking.iter().chain(&of.seen.lacking) {
        found.fail_many(*records, || {
            format!(
                "{} in question without `{}` in the log",
                some(*records, "record", "records"),
                field.text()
            )
        });
    }
    let alone = of.seen.route_alone.count;
    found.fail_many(alone, || format!("{} whose way out of the VPC only the route table tells: if that is stale, nothing shows it", some(alone, "flow", "flows")));
    let help = "create a flow log whose format includes ${flow-direction}, ${traffic-path}, ${pkt-srcaddr} and ${pkt-dstaddr} beside the default fields";
    found
        .obligation("the fields that decide the claim's flows".to_owned(), help)
        .showing(&of.seen.route_alone)
}

fn services_known(of: &Checked<'_, '_>) -> Obligation {
    let mut found = Found::default();
    let group = &of.seen.unnamed;
    let denied = fail_missing(&mut found, of, "services-known");
    found.fail_many(group.count, || {
        format!(
            "{} to public addresses that may be what the claim is about",
            some(group.count, "flow", "flows")
        )
    });
    let ranges = &of.plan.world.ranges;
    let checked = format!(
        "public peers by record, prefix list, or ip-ranges.json of {}",
        rfc3339(ranges.created_s)
    );
    let help = if denied {
        GRANT
    } else {
        "give AWS's current file with --ip-ranges, and a log format with pkt-src-aws-service and pkt-dst-aws-service; a service without ranges of its own cannot be told from others by address"
    };
    found.obligation(checked, help).showing(group)
}

fn topology_fits(of: &Checked<'_, '_>) -> Obligation {
    let mut found = Found::default();
    let (world, tally) = (of.plan.world, of.tally);
    let denied = fail_missing(&mut found, of, "topology-fits");
    for diagnostic in world
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
    {
        found.fail(|| format!("{}: {}", diagnostic.code, diagnostic.message));
    }
    for name in &of.claim.unresolved {
        found.fail(|| {
            format!(
                "the policy names {}, which the topology does not have",
                show(name)
            )
        });
    }
    let strangers: Vec<String> = tally
        .strangers
        .iter()
        .take(5)
        .map(|name| show(name))
        .collect();
    found.fail_many(tally.stranger_records, || {
        format!(
            "{} of interfaces that it does not know: {}",
            some(tally.stranger_records, "record", "records"),
            strangers.join(", ")
        )
    });
    found.fail_many(tally.disagreements.count, || {
        format!(
            "{} of which the record and the routes disagree",
            some(tally.disagreements.count, "flow", "flows")
        )
    });
    if let Some((since, until)) = of.window {
        let vpcs: BTreeSet<Sym> = of
            .interfaces()
            .map(|(_, interface)| interface.known.vpc)
            .collect();
        for vpc in vpcs {
            if let Some(time) = uncovered(of, vpc, since, until) {
                found.fail(|| {
                    format!(
                        "{}: no topology was taken within 24 h of {}",
                        of.name(vpc),
                        rfc3339(time)
                    )
                });
            }
        }
    }
    let checked = format!(
        "{} against records and window",
        some(
            u64::try_from(world.snapshots.len()).unwrap_or(u64::MAX),
            "topology",
            "topologies"
        )
    );
    let help = if denied {
        GRANT
    } else {
        "take the topology again, at least daily, and give all that fall into the window; narrow the scope if the logs hold VPCs that it leaves out"
    };
    found
        .obligation(checked, help)
        .showing(&tally.disagreements)
}

/// The first moment of the window for which no snapshot of the VPC speaks. One without a time speaks for all of it.
fn uncovered(of: &Checked<'_, '_>, vpc: Sym, since: i64, until: i64) -> Option<i64> {
    let world = of.plan.world;
    let indexes = world.of_vpc(vpc);
    let captured = |index: usize| world.snapshots[index].captured_s;
    if indexes.iter().any(|index| captured(*index).is_none()) {
        return None;
    }
    let mut times = crate::verify::coverage::Times::default();
    for index in indexes {
        if let Some(time) = captured(*index) {
            times.add(
                time.saturating_sub(SNAPSHOT_REACH_S),
                time.saturating_add(SNAPSHOT_REACH_S),
            );
        }
    }
    for pair in indexes.windows(2) {
        if let (Some(earlier), Some(later)) = (captured(pair[0]), captured(pair[1]))
            && world.unchanged(pair[0], pair[1])
        {
            times.add(earlier, later);
        }
    }
    times.gaps(since, until).first().map(|gap| gap.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_the_one_that_readers_of_evidence_know() {
        let ids: Vec<&str> = OBLIGATIONS.iter().map(|row| row.0).collect();
        assert_eq!(ids, crate::model::evidence::OBLIGATION_IDS);
    }
}
