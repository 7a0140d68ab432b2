//! Tables of flows: witnesses, attempts, and the flows that fail an obligation, each with the line that says so.

use serde::Serialize;

use crate::model::evidence::FlowSample;
use crate::model::window::rfc3339;
use crate::report::cited::Places;
use crate::report::said::seen_by;
use crate::report::units::{bytes, count, len, time};

use super::sources::{Citing, Shelf};

/// Rows of one table: a browser sorts and filters as many at once, and nobody reads more.
const ROWS_MAX: usize = 1000;

/// A table of flows.
#[derive(Serialize)]
pub(super) struct FlowTable {
    /// Unique on the page.
    id: String,
    caption: String,
    /// `20 of 1,234 shown`, with what shows the rest; `None` if all are here.
    shortened: Option<String>,
    /// The reason that all rows share.
    why: Option<String>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    bytes: String,
    bytes_exact: u64,
    start: String,
    start_unix_s: i64,
    workload: String,
    peer: String,
    protocol: String,
    service: String,
    path: &'static str,
    via: String,
    exit: &'static str,
    logged_by: &'static str,
    interface: String,
    basis: String,
    action: String,
    /// Only where reasons differ.
    why: Option<String>,
    record: Option<Citing>,
}

/// Which sample of which claim.
pub(super) struct Group<'a> {
    /// Unique on the page.
    pub id: String,
    pub claim: &'a str,
    /// As citations name it.
    pub name: &'a str,
    pub caption: String,
    pub sample: &'a [FlowSample],
    /// Of how many it is a sample, if that is counted.
    pub of: Option<u64>,
}

/// The table of a sample; `None` if there is no flow in it.
pub(super) fn table(group: Group<'_>, places: &Places<'_>, shelf: &Shelf) -> Option<FlowTable> {
    let first = group.sample.first()?;
    let alike = group.sample.iter().all(|flow| flow.why == first.why);
    let rows = group.sample.iter().enumerate().take(ROWS_MAX);
    let rows: Vec<Row> = rows
        .map(|(index, flow)| {
            let place = places.find(group.claim, group.name, index);
            let record = place.map(|place| shelf.cite(place));
            row(flow, record, !alike)
        })
        .collect();
    let shown = len(rows.len());
    let all = group.of.unwrap_or(0).max(len(group.sample.len()));
    Some(FlowTable {
        id: group.id,
        caption: group.caption,
        shortened: (shown < all).then(|| {
            format!(
                "{} of {} shown, those with the most bytes.",
                count(shown),
                count(all)
            )
        }),
        why: alike
            .then(|| first.why.clone())
            .filter(|why| !why.is_empty()),
        rows,
    })
}

fn row(flow: &FlowSample, record: Option<Citing>, with_why: bool) -> Row {
    let words = |text: &Option<String>| text.clone().unwrap_or_default();
    Row {
        bytes: bytes(flow.bytes.0),
        bytes_exact: flow.bytes.0,
        start: flow
            .start
            .map_or_else(|| "-".to_owned(), |at| time(&rfc3339(at))),
        start_unix_s: flow.start.unwrap_or(0),
        workload: end_point(flow.workload.as_deref(), flow.workload_port, "hidden"),
        peer: end_point(flow.peer.as_deref(), flow.peer_port, "unknown"),
        protocol: flow.protocol.map(protocol).unwrap_or_default(),
        service: words(&flow.service),
        path: flow.path.as_str(),
        via: words(&flow.via),
        exit: flow.exit.as_str(),
        logged_by: seen_by(flow.vantage),
        interface: flow.interface.clone(),
        basis: flow.path_basis.clone(),
        action: words(&flow.action),
        why: with_why.then(|| flow.why.clone()),
        record,
    }
}

/// `address:port`, with brackets around IPv6.
fn end_point(address: Option<&str>, port: Option<u16>, none: &str) -> String {
    match (address, port) {
        (None, _) => none.to_owned(),
        (Some(address), None) => address.to_owned(),
        (Some(address), Some(port)) if address.contains(':') => format!("[{address}]:{port}"),
        (Some(address), Some(port)) => format!("{address}:{port}"),
    }
}

fn protocol(number: u8) -> String {
    match number {
        1 => "ICMP".to_owned(),
        6 => "TCP".to_owned(),
        17 => "UDP".to_owned(),
        58 => "ICMPv6".to_owned(),
        number => format!("protocol {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn what_is_cut_is_said_and_a_row_leads_to_its_line() {
        let evidence = fixture::violated();
        let (places, shelf) = (Places::of(&evidence), Shelf::of(&evidence));
        let claim = &evidence.claims[0];
        let group = || Group {
            id: "x".to_owned(),
            claim: &claim.id,
            name: "witnesses",
            caption: String::new(),
            sample: &claim.witnesses.sample,
            of: Some(claim.witnesses.count),
        };
        let made = table(group(), &places, &shelf).unwrap();
        assert_eq!(
            made.shortened.as_deref(),
            Some("7 of 12 shown, those with the most bytes.")
        );
        assert_eq!(made.rows[0].record.as_ref().unwrap().line, 1842);
        assert!(made.rows[6].record.is_none());
        assert_eq!(
            made.rows[1].workload,
            "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:48123"
        );
        assert_eq!(made.rows[2].workload, "hidden");
        let none = Group {
            sample: &[],
            ..group()
        };
        assert!(table(none, &places, &shelf).is_none());
    }
}
