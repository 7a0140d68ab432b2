//! What follows the kind that is told in full: other kinds, who is behind a NAT gateway, what to change; and what is said if there is none.

use crate::model::explanation::{Behind, Explanation, Kind, Near, Searched, SetAside, Weight};
use crate::report::page::{Page, Tone};
use crate::report::shown::{prose, safe, wrap};
use crate::report::units::{bytes, count, duration, len, plural, time};

use super::{line, placed, way_words, weight, whole};

/// Kinds that have a line of their own beside the one that is told in full.
const OTHERS_MAX: usize = 12;

const RECORD: &str = "      --record ";

pub(super) fn others(page: &mut Page, explanation: &Explanation) {
    let Some((first, rest)) = explanation.kinds.split_first() else {
        return;
    };
    if rest.is_empty() {
        return;
    }
    page.heading(
        "Other records of it",
        "* is the same packets at another place",
    );
    for (index, kind) in rest.iter().enumerate().take(OTHERS_MAX) {
        let same = if first.also_at.contains(&(index + 1)) {
            "*"
        } else {
            " "
        };
        let direction = kind
            .direction
            .map_or(String::new(), |word| format!(" {word}"));
        let worst = kind.claims.iter().min_by_key(|claim| claim.weight);
        let worst = worst.filter(|claim| claim.weight < Weight::NotAbout);
        let worst = worst.map_or(String::new(), |claim| {
            format!("; {} {}", safe(&claim.id), weight(claim.weight).1)
        });
        page.item(
            Tone::Plain,
            &format!(
                " {same}{}  ",
                kind.tag.interface.as_deref().map_or("-".to_owned(), safe)
            ),
            &format!(
                "{}{direction}: {}, {}, {}{worst}",
                kind.tag.vantage,
                way_words(kind),
                plural(kind.records, "record"),
                bytes(kind.bytes)
            ),
        );
        let room = page.width().saturating_sub(RECORD.len());
        page.quiet(RECORD, &placed(&kind.line.uri, kind.line.line, room));
    }
    let more = rest.len().saturating_sub(OTHERS_MAX);
    if more > 0 {
        page.quiet(
            "  ",
            &format!(
                "and {} in --output-format json",
                plural(len(more), "more kind")
            ),
        );
    }
}

pub(super) fn behind_nat(page: &mut Page, behind: &Behind) {
    page.heading("Behind the NAT gateway", "an inference: no verdict uses it");
    let told = match &behind.inferred {
        Some(address) => format!(
            "{} is probably {}: {}",
            the(behind.hides),
            safe(address),
            prose(&behind.why)
        ),
        None => format!(
            "{} stays unknown: {}",
            the(behind.hides),
            prose(&behind.why)
        ),
    };
    page.item(Tone::Doubt, "  ", &told);
    for candidate in &behind.candidates {
        let seen: Vec<&str> = candidate
            .seen_at
            .iter()
            .map(|vantage| vantage.as_str())
            .collect();
        let overlap = u64::try_from(candidate.overlap_s).unwrap_or(0);
        page.item(
            Tone::Strong,
            &format!("  {}  ", safe(&candidate.address)),
            &format!(
                "{} of that time, together for {} at most, {} with the very packets and bytes; seen at {}",
                plural(candidate.records, "record"),
                duration(overlap),
                count(candidate.same_counts),
                seen.join(", ")
            ),
        );
        for is in &candidate.is {
            page.quiet("    ", &prose(is));
        }
        page.quiet(
            "    ",
            &format!("{}:{}", whole(&candidate.uri), candidate.line),
        );
    }
    if behind.candidates_left_out > 0 {
        page.quiet(
            "  ",
            &format!(
                "and {}",
                plural(behind.candidates_left_out, "more candidate")
            ),
        );
    }
}

fn the(hides: &str) -> String {
    format!("the {hides}")
}

pub(super) fn advice(page: &mut Page, explanation: &Explanation, first: &Kind) {
    let (mut commands, mut any) = (Vec::new(), false);
    let others = explanation
        .kinds
        .iter()
        .skip(1)
        .flat_map(|kind| &kind.advice);
    // Of the others what can be done besides; the words for each are in the JSON.
    let others = others.filter(|advice| advice.command.is_some());
    for advice in first.advice.iter().chain(others) {
        if advice.command.is_some() && commands.contains(&&advice.command) {
            continue;
        }
        if !any {
            page.heading("What to change", "flowproof itself changes nothing");
        }
        any = true;
        commands.push(&advice.command);
        page.item(Tone::Plain, "  • ", &whole(&advice.says));
        if let Some(command) = &advice.command {
            let lines = wrap(&whole(command), page.width().saturating_sub(8));
            let last = lines.len().saturating_sub(1);
            for (index, line) in lines.iter().enumerate() {
                let (indent, end) = (
                    if index == 0 { "    " } else { "      " },
                    if index == last { "" } else { " \\" },
                );
                page.item(Tone::Plain, indent, &format!("{line}{end}"));
            }
        }
    }
}

pub(super) fn no_flow(page: &mut Page, set_aside: &SetAside) {
    page.heading("What stands there", "it is no flow");
    line(page, &set_aside.line);
    for complaint in &set_aside.complaints {
        page.item(Tone::Doubt, "  ! ", &prose(complaint));
    }
}

pub(super) fn not_found(page: &mut Page, near: &Near, read: &Searched) {
    page.heading("Nothing of it was found", "what comes near");
    if !near.other_ports.is_empty() {
        let ports: Vec<String> = near
            .other_ports
            .iter()
            .map(|(port, records)| format!("{port} ({})", plural(*records, "record")))
            .collect();
        page.item(Tone::Plain, "  both ends, other ports  ", &ports.join(", "));
    }
    for end in &near.ends {
        let records = if end.records == 0 {
            "never seen in these records".to_owned()
        } else {
            format!("in {}", plural(end.records, "record"))
        };
        page.item(Tone::Strong, &format!("  {}  ", safe(&end.word)), &records);
        for is in &end.is {
            page.item(Tone::Plain, "    ", &prose(is));
        }
    }
    if read.since.is_some() || read.until.is_some() {
        let word = |time_: &Option<String>| time_.as_deref().map_or("-".to_owned(), time);
        page.item(
            Tone::Plain,
            "  window  ",
            &format!("{} to {}", word(&read.since), word(&read.until)),
        );
    }
}
