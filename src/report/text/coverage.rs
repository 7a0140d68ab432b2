//! Coverage: only what is missing.

use std::cmp::Reverse;

use crate::model::evidence::{Gap, InterfaceCoverage};
use crate::report::page::Page;
use crate::report::shown::safe;
use crate::report::table::Column;
use crate::report::units::{count, duration, len, plural, time};

/// Interfaces shown: the worst.
const INTERFACES_MAX: usize = 5;

const COLUMNS: &[Column] = &[
    Column {
        title: "interface",
        number: false,
    },
    Column {
        title: "gaps",
        number: true,
    },
    Column {
        title: "silent",
        number: true,
    },
    // The evidence keeps the longest gaps, so the first of them need not be the first of all.
    Column {
        title: "gap from (UTC)",
        number: false,
    },
    Column {
        title: "cause",
        number: false,
    },
];

/// The interfaces with gaps, the longest silence first; or one line that there are none.
pub(super) fn put(page: &mut Page, coverage: &[InterfaceCoverage]) {
    let mut missing: Vec<&InterfaceCoverage> = coverage
        .iter()
        .filter(|interface| !interface.complete)
        .collect();
    let all = plural(len(coverage.len()), "interface");
    if missing.is_empty() {
        let remark = match coverage.len() {
            0 => "no interface in scope".to_owned(),
            1 => "the only interface recorded without a gap".to_owned(),
            _ => format!("all {all} recorded without a gap"),
        };
        page.heading("COVERAGE", &remark);
        return;
    }
    let remark = format!("{} of {all} with gaps", count(len(missing.len())));
    page.heading("COVERAGE", &remark);
    missing.sort_by_key(|interface| {
        (
            Reverse(interface.gap_s),
            Reverse(interface.gap_count),
            Reverse(interface.skipdata),
            &interface.interface,
        )
    });
    let rows = missing
        .iter()
        .take(INTERFACES_MAX)
        .map(|interface| row(interface))
        .collect();
    page.table(2, COLUMNS, rows);
    let more = missing.len().saturating_sub(INTERFACES_MAX);
    if more > 0 {
        page.quiet("  ", &format!("and {} more", count(len(more))));
    }
}

fn row(interface: &InterfaceCoverage) -> Vec<String> {
    let silent = match interface.gap_s {
        0 => "-".to_owned(),
        seconds => duration(seconds),
    };
    let first: Option<&Gap> = interface.gaps.first();
    let began = match (first, &interface.first) {
        (_, None) => "no record at all".to_owned(),
        (Some(gap), Some(_)) => time(&gap.since),
        (None, Some(_)) => "-".to_owned(),
    };
    vec![
        safe(&interface.interface),
        count(interface.gap_count),
        silent,
        began,
        first.map_or_else(|| "-".to_owned(), |gap| safe(&gap.cause)),
    ]
}
