//! Bytes by path, at the one vantage that counts; the others are named, never added.

use std::cmp::Reverse;

use crate::model::evidence::{Share, Totals};
use crate::model::path::{Path, Vantage};
use crate::report::page::Page;
use crate::report::table::Column;
use crate::report::units::{bytes, count, plural, share};

const COLUMNS: &[Column] = &[
    Column {
        title: "path",
        number: false,
    },
    Column {
        title: "flows",
        number: true,
    },
    Column {
        title: "bytes",
        number: true,
    },
    Column {
        title: "share",
        number: true,
    },
];

/// The table, then a line for each other vantage.
pub(super) fn put(page: &mut Page, totals: &Totals) {
    let at = match totals.counted_at {
        Some(vantage) => format!(
            "accepted flows in the window, counted at {}",
            seen_by(vantage)
        ),
        None => "no accepted flow in the window".to_owned(),
    };
    page.heading("BYTES BY PATH", &at);
    let mut shares: Vec<(Path, Share)> = totals
        .by_path
        .iter()
        .map(|(path, share)| (*path, *share))
        .collect();
    shares.sort_by_key(|(path, share)| (Reverse(share.bytes), *path));
    let rows: Vec<Vec<String>> = shares
        .iter()
        .map(|(path, part)| {
            vec![
                path.to_string(),
                count(part.flows),
                bytes(part.bytes),
                share(part.bytes, totals.bytes),
            ]
        })
        .collect();
    if !rows.is_empty() {
        page.table(2, COLUMNS, rows);
    }
    for (vantage, paths) in &totals.by_vantage {
        let flows = paths
            .values()
            .fold(0u64, |sum, part| sum.saturating_add(part.flows));
        if Some(*vantage) == totals.counted_at || flows == 0 {
            continue;
        }
        let size = paths
            .values()
            .fold(0u64, |sum, part| sum.saturating_add(part.bytes));
        let text = format!("{}, {}, never added up", plural(flows, "flow"), bytes(size));
        page.quiet(
            &format!("  the same traffic seen at {}: ", seen_by(*vantage)),
            &text,
        );
    }
}

/// The interfaces of a vantage, in words.
pub(in crate::report) fn seen_by(vantage: Vantage) -> &'static str {
    match vantage {
        Vantage::Workload => "the workloads",
        Vantage::Endpoint => "endpoints",
        Vantage::Nat => "NAT gateways",
        Vantage::Gateway => "other gateways",
        Vantage::Unknown => "unknown interfaces",
    }
}
