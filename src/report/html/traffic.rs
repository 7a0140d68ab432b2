//! Traffic: pictures, and the same numbers as tables.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use minijinja::value::Value;
use serde::Serialize;

use crate::model::evidence::{Evidence, Share, Timeline, Totals};
use crate::model::path::Path;
use crate::report::said::seen_by;
use crate::report::units::{bytes, count, duration, plural, share, time};

use super::bar::unix_s;
use super::{columns, palette, sankey};

/// The section.
#[derive(Serialize)]
pub(super) struct Traffic {
    said: String,
    paths: Vec<PathRow>,
    elsewhere: Vec<String>,
    sankey: Option<Value>,
    ways: Vec<WayRow>,
    columns: Option<Value>,
    step: String,
    /// Paths that the columns show.
    heads: Vec<&'static str>,
    moments: Vec<MomentRow>,
}

#[derive(Serialize)]
struct PathRow {
    swatch: Value,
    path: &'static str,
    flows: String,
    flows_exact: u64,
    bytes: String,
    bytes_exact: u64,
    share: String,
}

#[derive(Serialize)]
struct WayRow {
    subnet: String,
    path: &'static str,
    service: String,
    flows: String,
    flows_exact: u64,
    bytes: String,
    bytes_exact: u64,
}

#[derive(Serialize)]
struct MomentRow {
    since: String,
    /// In the order of the heads.
    cells: Vec<String>,
}

/// The section of the accepted flows in the window, at the one vantage that counts.
pub(super) fn view(evidence: &Evidence) -> Traffic {
    let totals = &evidence.totals;
    let window = &evidence.window;
    let seconds = |time: &Option<String>| time.as_deref().and_then(unix_s);
    let span = seconds(&window.since).zip(seconds(&window.until));
    let timeline = totals.timeline.as_ref();
    let (heads, moments) = timeline.map(moments).unwrap_or_default();
    let drawn = timeline.and_then(|timeline| columns::draw(timeline, span));
    Traffic {
        said: match totals.counted_at {
            Some(vantage) => format!(
                "{} in {} accepted and in the window, counted at {}: the same packet is logged at every interface that it crosses, so nothing is added up over interfaces.",
                bytes(totals.bytes),
                plural(flows(totals), "flow"),
                seen_by(vantage)
            ),
            None => "No accepted flow in the window.".to_owned(),
        },
        paths: paths(totals),
        elsewhere: elsewhere(totals),
        sankey: sankey::draw(&totals.ways).map(Value::from_safe_string),
        ways: ways(totals),
        columns: drawn.map(Value::from_safe_string),
        step: timeline.map_or_else(String::new, |timeline| {
            duration(u64::try_from(timeline.step_s).unwrap_or(0))
        }),
        heads,
        moments,
    }
}

fn flows(totals: &Totals) -> u64 {
    let shares = totals.by_path.values();
    shares.fold(0u64, |sum, part| sum.saturating_add(part.flows))
}

fn paths(totals: &Totals) -> Vec<PathRow> {
    let mut shares: Vec<(Path, Share)> = totals.by_path.iter().map(|(p, s)| (*p, *s)).collect();
    shares.sort_by_key(|(path, share)| (Reverse(share.bytes), *path));
    let row = |(path, part): (Path, Share)| PathRow {
        swatch: Value::from_safe_string(palette::swatch(path)),
        path: path.as_str(),
        flows: count(part.flows),
        flows_exact: part.flows,
        bytes: bytes(part.bytes),
        bytes_exact: part.bytes,
        share: share(part.bytes, totals.bytes),
    };
    shares.into_iter().map(row).collect()
}

/// What the other vantages logged of the same traffic.
fn elsewhere(totals: &Totals) -> Vec<String> {
    let mut out = Vec::new();
    for (vantage, paths) in &totals.by_vantage {
        let mut all = Share::default();
        for part in paths.values() {
            all.flows = all.flows.saturating_add(part.flows);
            all.bytes = all.bytes.saturating_add(part.bytes);
        }
        if Some(*vantage) != totals.counted_at && all.flows > 0 {
            out.push(format!(
                "{}: {}, {}",
                seen_by(*vantage),
                plural(all.flows, "flow"),
                bytes(all.bytes)
            ));
        }
    }
    out
}

fn ways(totals: &Totals) -> Vec<WayRow> {
    let rows = totals.ways.iter().map(|way| WayRow {
        subnet: way
            .subnet
            .clone()
            .unwrap_or_else(|| "(not told)".to_owned()),
        path: way.path.as_str(),
        service: way
            .service
            .clone()
            .unwrap_or_else(|| "(none named)".to_owned()),
        flows: count(way.share.flows),
        flows_exact: way.share.flows,
        bytes: bytes(way.share.bytes),
        bytes_exact: way.share.bytes,
    });
    rows.collect()
}

fn moments(timeline: &Timeline) -> (Vec<&'static str>, Vec<MomentRow>) {
    let all = timeline.moments.iter();
    let paths: BTreeSet<Path> = all
        .clone()
        .flat_map(|moment| moment.by_path.keys().copied())
        .collect();
    let rows = all.map(|moment| MomentRow {
        since: time(&moment.since),
        cells: paths
            .iter()
            .map(|path| match moment.by_path.get(path) {
                Some(share) => bytes(share.bytes),
                None => "–".to_owned(),
            })
            .collect(),
    });
    let rows = rows.collect();
    (paths.into_iter().map(Path::as_str).collect(), rows)
}
