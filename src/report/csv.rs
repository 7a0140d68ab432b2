//! The sampled witnesses and attempts, one a row, for spreadsheets and scripts.
//!
//! A row stands for a flow that the evidence *shows*. Where it counts more than it shows, the rest has no row: counts, and the
//! claims without any such flow, stand in the other formats. Header always, so that an empty table is still a table.

use crate::model::evidence::{ClaimReport, Evidence, FlowSample};
use crate::model::window::rfc3339;

use super::cited::{ATTEMPTS, Place, Places, WITNESSES};
use super::shown::visible;

/// One row, before it is words.
struct Row<'a> {
    claim: &'a ClaimReport,
    group: &'static str,
    flow: &'a FlowSample,
    place: Option<Place<'a>>,
}

/// A column's name and how to fill it.
type Column = (&'static str, fn(&Row<'_>) -> String);

/// The columns, in order: an API, only ever added to at the end.
#[rustfmt::skip]
const COLUMNS: &[Column] = &[
    ("claim", |row| row.claim.id.clone()),
    ("verdict", |row| row.claim.verdict.to_string()),
    ("group", |row| row.group.to_owned()),
    ("start", |row| row.flow.start.map(rfc3339).unwrap_or_default()),
    ("end", |row| row.flow.end.map(rfc3339).unwrap_or_default()),
    ("interface", |row| row.flow.interface.clone()),
    ("workload", |row| words(row.flow.workload.as_ref())),
    ("workload_port", |row| words(row.flow.workload_port)),
    ("workload_interface", |row| words(row.flow.workload_interface.as_ref())),
    ("peer", |row| words(row.flow.peer.as_ref())),
    ("peer_port", |row| words(row.flow.peer_port)),
    ("protocol", |row| words(row.flow.protocol)),
    ("action", |row| words(row.flow.action.as_ref())),
    ("path", |row| row.flow.path.to_string()),
    ("path_basis", |row| row.flow.path_basis.clone()),
    ("via", |row| words(row.flow.via.as_ref())),
    ("exit", |row| row.flow.exit.to_string()),
    ("realm", |row| words(row.flow.realm)),
    ("service", |row| words(row.flow.service.as_ref())),
    ("vantage", |row| row.flow.vantage.to_string()),
    ("initiator", |row| row.flow.initiator.to_string()),
    ("packets", |row| words(row.flow.packets)),
    ("bytes", |row| row.flow.bytes.0.to_string()),
    ("why", |row| row.flow.why.clone()),
    ("input", |row| words(row.place.map(|place| place.uri))),
    ("line", |row| words(row.place.map(|place| place.line))),
];

/// The table, header first, rows by claim, then witnesses before attempts, each in the order of its sample.
pub(super) fn render(evidence: &Evidence) -> Result<Vec<u8>, ::csv::Error> {
    let places = Places::of(evidence);
    let mut out = ::csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS.iter().map(|(name, _)| name))?;
    for claim in &evidence.claims {
        let groups = [(WITNESSES, &claim.witnesses), (ATTEMPTS, &claim.attempts)];
        for (group, flows) in groups {
            for (index, flow) in flows.sample.iter().enumerate() {
                let place = places.find(&claim.id, group, index);
                let row = Row {
                    claim,
                    group,
                    flow,
                    place,
                };
                out.write_record(COLUMNS.iter().map(|(_, cell)| defused(&cell(&row))))?;
            }
        }
    }
    out.into_inner().map_err(|error| error.into_error().into())
}

fn words(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A cell that no spreadsheet runs and no terminal obeys.
///
/// OWASP's list of what starts a formula: `= + - @`, tab, CR. A leading apostrophe makes it text. Plain numbers stay as they are,
/// so that sums work. What hides is escaped, wherever it stands; nothing is cut.
pub(super) fn defused(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_plain_number(cell) {
        out.push('\'');
    }
    out.push_str(&visible(cell));
    out
}

/// `-12`, `+3.5`: digits with at most one sign and one point, and nothing that a spreadsheet could take for more.
fn is_plain_number(cell: &str) -> bool {
    let unsigned = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    [whole, part]
        .iter()
        .all(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        #[rustfmt::skip]
        let cases = [
            ("a formula",             "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("a sum",                 "+1+2",               "'+1+2"),
            ("a minus with a call",   "-2+cmd()",           "'-2+cmd()"),
            ("a macro",               "@SUM(A1)",           "'@SUM(A1)"),
            ("a tab before it",       "\t=1",               "'\\t=1"),
            ("a CR before it",        "\r=1",               "'\\r=1"),
            ("AWS's nothing",         "-",                  "'-"),
            ("a negative number",     "-12",                "-12"),
            ("a signed decimal",      "+3.50",              "+3.50"),
            ("two points",            "-1.2.3",             "'-1.2.3"),
            ("an exponent",           "-1e5",               "'-1e5"),
            ("an IPv6 address",       "::1",                "::1"),
            ("a sign in mid-cell",    "a=b",                "a=b"),
            ("an escape code",        "a\u{1b}[2J",         "a\\u{1b}[2J"),
            ("a change of direction", "a\u{202e}b",         "a\\u{202e}b"),
            ("nothing",               "",                   ""),
        ];
        for (title, cell, expected) in cases {
            assert_eq!(defused(cell), expected, "{title}");
        }
    }
}
