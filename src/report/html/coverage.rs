//! Coverage: each interface's window as a bar, with the same in words.

use std::cmp::Reverse;

use serde::Serialize;

use crate::model::evidence::{Evidence, InterfaceCoverage};
use crate::report::units::{count, duration, len, period, plural, time};

use super::bar;
use super::claims::shortened;
use minijinja::value::Value;

/// Interfaces in the table: those with gaps first.
const INTERFACES_MAX: usize = 500;
/// Gaps told in words; the bar has all that the evidence lists.
const TOLD_MAX: usize = 3;

/// The section.
#[derive(Serialize)]
pub(super) struct Coverage {
    said: String,
    since: String,
    until: String,
    rows: Vec<Row>,
    shortened: Option<String>,
}

#[derive(Serialize)]
struct Row {
    interface: String,
    kind: String,
    subnet: String,
    vpc: String,
    glyph: &'static str,
    word: &'static str,
    class: &'static str,
    bar: Option<Value>,
    said: String,
    flows: String,
    flows_exact: u64,
    nodata: String,
    nodata_exact: u64,
    skipdata: String,
    skipdata_exact: u64,
    silent: String,
    silent_s: u64,
    flow_logs: String,
}

/// The interfaces, those with gaps first, the longest silence before the shorter.
pub(super) fn view(evidence: &Evidence) -> Coverage {
    let window = &evidence.window;
    let seconds = |time: &Option<String>| time.as_deref().and_then(bar::unix_s);
    let span = seconds(&window.since).zip(seconds(&window.until));
    let mut sorted: Vec<&InterfaceCoverage> = evidence.coverage.iter().collect();
    sorted.sort_by_key(|interface| {
        (
            interface.complete,
            Reverse(interface.gap_s),
            Reverse(interface.gap_count),
            Reverse(interface.skipdata),
            &interface.interface,
        )
    });
    let shown = sorted.iter().take(INTERFACES_MAX);
    let shown_time = |at: &Option<String>| at.as_deref().map(time).unwrap_or_default();
    Coverage {
        said: said(&evidence.coverage),
        since: shown_time(&window.since),
        until: shown_time(&window.until),
        rows: shown.map(|interface| row(interface, span)).collect(),
        shortened: shortened(sorted.len(), INTERFACES_MAX),
    }
}

fn said(coverage: &[InterfaceCoverage]) -> String {
    let broken = coverage.iter().filter(|interface| !interface.complete);
    let all = plural(len(coverage.len()), "interface");
    match (coverage.len(), broken.count()) {
        (0, _) => "No interface is in scope.".to_owned(),
        (1, 0) => "The only interface in scope was recorded without a gap.".to_owned(),
        (_, 0) => format!("All {all} in scope were recorded without a gap."),
        (_, broken) => format!("{} of {all} in scope with gaps.", count(len(broken))),
    }
}

fn row(interface: &InterfaceCoverage, span: Option<(i64, i64)>) -> Row {
    let (glyph, word, class) = match (interface.complete, &interface.first) {
        (true, _) => ("✓", "covered", "held"),
        (false, Some(_)) => ("?", "gaps", "gaps"),
        (false, None) => ("✗", "no record", "failed"),
    };
    let said = gaps(interface);
    Row {
        interface: interface.interface.clone(),
        kind: interface.kind.clone(),
        subnet: interface.subnet.clone(),
        vpc: interface.vpc.clone(),
        glyph,
        word,
        class,
        bar: span.map(|span| Value::from_safe_string(bar::draw(interface, span, &said))),
        said,
        flows: count(interface.flows),
        flows_exact: interface.flows,
        nodata: count(interface.nodata),
        nodata_exact: interface.nodata,
        skipdata: count(interface.skipdata),
        skipdata_exact: interface.skipdata,
        silent: match interface.gap_s {
            0 => "–".to_owned(),
            seconds => duration(seconds),
        },
        silent_s: interface.gap_s,
        flow_logs: interface.flow_logs.join(", "),
    }
}

/// The gaps in words, the first few.
fn gaps(interface: &InterfaceCoverage) -> String {
    if interface.complete {
        return match (interface.flows, interface.nodata) {
            (0, 1..) => "no gap; all records say that there was no traffic".to_owned(),
            _ => "no gap".to_owned(),
        };
    }
    let told = interface.gaps.iter().take(TOLD_MAX);
    let mut parts: Vec<String> = told
        .map(|gap| format!("{} {}", gap.cause, period(&gap.since, &gap.until)))
        .collect();
    let rest = interface.gap_count.saturating_sub(len(parts.len()));
    if rest > 0 {
        parts.push(format!("{} more", count(rest)));
    }
    let drawn = len(interface.gaps.len());
    if interface.gap_count > drawn {
        parts.push(format!(
            "{} of {} gaps drawn",
            count(drawn),
            count(interface.gap_count)
        ));
    }
    match parts.is_empty() {
        true => "not complete".to_owned(),
        false => parts.join("; "),
    }
}
