//! Tables about the whole run: exceptions, inputs, coverage.

use crate::model::evidence::Evidence;
use crate::report::said::{plain, urgency};
use crate::report::units::{count, duration, len};

use super::escape::{code, prose, row};

/// The first two lines of a table.
pub(super) fn heading_of(titles: &[&str]) -> String {
    let names: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    format!("{}|{}\n", row(&names), " --- |".repeat(titles.len()))
}

/// Rows that open on a click. The blank lines are what makes GitHub read Markdown between the tags.
pub(super) fn folded(title: &str, table: &str) -> String {
    format!("\n<details><summary>{title}</summary>\n\n{table}\n</details>\n")
}

fn cut(shown: usize, all: usize) -> String {
    if shown == all {
        return String::new();
    }
    format!("\n{} of {} shown\n", count(len(shown)), count(len(all)))
}

/// Every exception, those first that ask for a hand: expired, unused, used.
pub(super) fn exceptions(evidence: &Evidence, rows: usize) -> String {
    let mut all: Vec<_> = evidence
        .claims
        .iter()
        .flat_map(|claim| {
            claim
                .exceptions
                .iter()
                .map(move |exception| (claim, exception))
        })
        .collect();
    if all.is_empty() {
        return String::new();
    }
    all.sort_by_key(|(_, exception)| urgency(exception));
    let mut out = "\n## Exceptions\n\n".to_owned();
    out.push_str(&heading_of(&[
        "State", "Claim", "To", "Flows", "Owner", "Expires", "Reason",
    ]));
    for (claim, exception) in all.iter().take(rows) {
        let (state, flows) = match urgency(exception) {
            0 => ("✗ EXPIRED, excepts nothing", exception.expired_flows),
            1 => ("? UNUSED", 0),
            _ => ("✓ in use", exception.flows),
        };
        let to: Vec<String> = exception.to.iter().take(5).map(|to| code(to)).collect();
        let cells = [
            state.to_owned(),
            code(&claim.id),
            to.join(" "),
            count(flows),
            exception
                .owner
                .as_deref()
                .map_or_else(|| "nobody".to_owned(), code),
            exception
                .expires
                .as_deref()
                .map_or_else(|| "never".to_owned(), code),
            prose(&exception.reason),
        ];
        out.push_str(&row(&cells));
    }
    out + &cut(all.len().min(rows), all.len())
}

/// What was not read to its end, or has records that were set aside.
pub(super) fn inputs_not_whole(evidence: &Evidence, rows: usize) -> String {
    let all: Vec<_> = evidence
        .inputs
        .iter()
        .filter(|input| !input.whole || input.set_aside > 0)
        .collect();
    if all.is_empty() {
        return String::new();
    }
    let mut out = "\n## Inputs not whole\n\n".to_owned();
    out.push_str(&heading_of(&[
        "Input",
        "Read to its end",
        "Rows",
        "Set aside",
        "First complaint",
    ]));
    for input in all.iter().take(rows) {
        let complaint = input.diagnostics.first();
        let cells = [
            code(&input.uri),
            if input.whole { "yes" } else { "NO" }.to_owned(),
            count(input.rows),
            count(input.set_aside),
            complaint.map_or_else(
                || "–".to_owned(),
                |said| format!("{} {}", code(&said.code), prose(&said.message)),
            ),
        ];
        out.push_str(&row(&cells));
    }
    out + &cut(all.len().min(rows), all.len())
}

/// Interfaces of which the records do not tell everything, the longest silence first.
pub(super) fn gaps(evidence: &Evidence, rows: usize) -> String {
    let mut all: Vec<_> = evidence
        .coverage
        .iter()
        .filter(|interface| !interface.complete)
        .collect();
    if all.is_empty() {
        return String::new();
    }
    all.sort_by(|a, b| {
        (b.gap_s, b.skipdata, &a.interface).cmp(&(a.gap_s, a.skipdata, &b.interface))
    });
    let mut table = heading_of(&["Interface", "VPC", "Gaps", "Silent", "SKIPDATA"]);
    for interface in all.iter().take(rows) {
        let cells = [
            code(&interface.interface),
            code(&interface.vpc),
            count(interface.gap_count),
            plain(&duration(interface.gap_s)),
            count(interface.skipdata),
        ];
        table.push_str(&row(&cells));
    }
    let title = format!(
        "{} of {} interfaces have gaps, {} shown",
        count(len(all.len())),
        count(len(evidence.coverage.len())),
        count(len(all.len().min(rows)))
    );
    folded(&title, &table)
}

/// Complaints that are about the run and not about an input, each once.
pub(super) fn complaints(evidence: &Evidence, rows: usize) -> String {
    let mut all: Vec<_> = evidence.diagnostics.iter().collect();
    if all.is_empty() {
        return String::new();
    }
    all.sort_by_key(|said| said.severity);
    let mut table = heading_of(&["Severity", "Code", "What", "Why it matters", "What to do"]);
    for said in all.iter().take(rows) {
        let cells = [
            said.severity.to_string(),
            code(&said.code),
            prose(&said.message),
            prose(&said.why),
            prose(&said.help),
        ];
        table.push_str(&row(&cells));
    }
    let (shown, all) = (count(len(all.len().min(rows))), count(len(all.len())));
    folded(
        &format!("Notes and warnings: {shown} of {all} shown"),
        &table,
    )
}
