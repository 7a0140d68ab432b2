//! The explanation of one flow, for people and for machines. In the order in which a person asks: what was it, what was read, whose is it,
//! which way and why, what does the policy say, who else saw it, what is to be done.

mod rest;

use crate::model::explanation::{ClaimSaid, Explanation, Kind, Line, RouteSaid, Weight};
use crate::report::Style;
use crate::report::page::{Page, Tone};
use crate::report::shown::{cut_start, prose, safe, visible};
use crate::report::units::{GLUE, bytes, count, duration, len, period, plural, time};

use rest::{advice, behind_nat, no_flow, not_found, others};

/// What of a place tells it from its neighbours.
const PLACE_COLUMNS: usize = 36;

/// Renders an explanation as text: the first kind in full, a line for each other.
pub fn text(explanation: &Explanation, style: Style) -> String {
    let mut page = Page::new(style);
    page.item(Tone::Strong, "", &prose(&explanation.asked));
    searched(&mut page, explanation);
    if let Some(set_aside) = &explanation.set_aside {
        no_flow(&mut page, set_aside);
    }
    if let Some(near) = &explanation.near {
        not_found(&mut page, near, &explanation.read);
    }
    if let Some(kind) = explanation.kinds.first() {
        told(&mut page, kind);
        others(&mut page, explanation);
        if let Some(behind) = &kind.behind {
            behind_nat(&mut page, behind);
        }
        advice(&mut page, explanation, kind);
    }
    page.finish()
}

/// Renders an explanation as JSON, everything in full.
///
/// # Errors
/// serde_json refuses; with memory as the only sink, it has no cause to.
pub fn json(explanation: &Explanation) -> Result<String, serde_json::Error> {
    let mut text = visible_lines(&serde_json::to_string_pretty(explanation)?);
    text.push('\n');
    Ok(text)
}

/// JSON escapes control characters itself; what else hides is made visible, line by line.
fn visible_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible).collect();
    lines.join("\n")
}

fn searched(page: &mut Page, explanation: &Explanation) {
    let read = &explanation.read;
    // A record that was asked for by its place: nothing was searched.
    if read.records <= 1 && read.first.is_none() && explanation.near.is_none() {
        return;
    }
    let mut told = format!(
        "{} of {} in {} {}",
        count(explanation.found),
        plural(read.records, "record"),
        plural(read.inputs, "input"),
        if explanation.found == 1 {
            "is of it"
        } else {
            "are of it"
        },
    );
    if explanation.kinds.len() > 1 {
        told.push_str(&format!(
            ", of {}",
            plural(len(explanation.kinds.len()), "kind")
        ));
    }
    if let (Some(first), Some(last)) = (&read.first, &read.last) {
        told.push_str(&format!("; they span {}", period(first, last)));
    }
    page.quiet("  ", &told);
    let mut doubt = Vec::new();
    if read.outside_window > 0 {
        doubt.push(format!(
            "{} of it end outside the window",
            plural(read.outside_window, "more record")
        ));
    }
    if read.set_aside > 0 {
        doubt.push(format!(
            "{} could not be read, and may be of it",
            plural(read.set_aside, "line")
        ));
    }
    if read.inputs_broken > 0 {
        doubt.push(format!(
            "{} not read to the end",
            plural(read.inputs_broken, "input")
        ));
    }
    if explanation.records_left_out > 0 {
        doubt.push(format!(
            "{} of more kinds than are kept",
            plural(explanation.records_left_out, "record")
        ));
    }
    for doubt in doubt {
        page.item(Tone::Doubt, "  ! ", &doubt);
    }
}

fn told(page: &mut Page, kind: &Kind) {
    way(page, kind);
    record(page, kind);
    addresses(page, kind);
    rules(page, kind);
    routes(page, kind);
    claims(page, &kind.claims);
}

/// The answer, before its reasons.
fn way(page: &mut Page, kind: &Kind) {
    let tag = &kind.tag;
    page.heading("Which way it took", &way_words(kind));
    page.item(
        Tone::Plain,
        "  because   ",
        &prose(&format!("{} ({})", tag.basis_means, tag.path_basis)),
    );
    let or = |word: &Option<String>, none: &str| word.as_deref().map_or(none.to_owned(), safe);
    let workload = or(&tag.workload, "hidden");
    let interface = tag
        .workload_interface
        .as_deref()
        .map(|id| format!(" at {}", safe(id)));
    page.item(
        Tone::Plain,
        "  workload  ",
        &format!("{workload}{}", interface.unwrap_or_default()),
    );
    let realm = tag
        .realm
        .map_or(String::new(), |realm| format!(", realm {realm}"));
    let service = tag.service.as_deref().map_or(String::new(), |service| {
        format!(", service {} named by {}", safe(service), tag.service_by)
    });
    page.item(
        Tone::Plain,
        "  far end   ",
        &format!("{}{realm}{service}", or(&tag.peer, "hidden")),
    );
    let opened: Vec<String> = kind
        .initiators
        .iter()
        .map(|(who, records)| format!("{who} ({})", count(*records)))
        .collect();
    page.item(
        Tone::Plain,
        "  logged    ",
        &format!(
            "by {}, {} (vantage {})",
            or(&tag.interface, "-"),
            prose(&kind.logger),
            tag.vantage
        ),
    );
    page.item(Tone::Plain, "  opened by ", &opened.join(", "));
    for doubt in &tag.doubts {
        page.item(Tone::Doubt, "  doubt     ", &prose(doubt));
    }
    for claim in &kind.claims {
        let (tone, word) = weight(claim.weight);
        if claim.weight != Weight::NotAbout {
            page.item(
                tone,
                "  claim     ",
                &format!("{} {word}: {}", safe(&claim.id), prose(&claim.why)),
            );
        }
    }
}

fn way_words(kind: &Kind) -> String {
    let tag = &kind.tag;
    let via = tag
        .via
        .as_deref()
        .map_or(String::new(), |via| format!(" {}", safe(via)));
    format!("{}{via}, exit {}", tag.path, tag.exit)
}

fn weight(weight: Weight) -> (Tone, &'static str) {
    match weight {
        Weight::Witness => (Tone::Bad, "WITNESS"),
        Weight::Attempt => (Tone::Doubt, "attempt"),
        Weight::Doubt => (Tone::Doubt, "doubt"),
        Weight::Masked => (Tone::Doubt, "masked"),
        Weight::RouteAlone => (Tone::Doubt, "kept by the route alone"),
        Weight::Excepted => (Tone::Quiet, "excepted"),
        Weight::Keeps => (Tone::Good, "kept"),
        Weight::NotAbout => (Tone::Quiet, "not about it"),
        Weight::OutsideWindow => (Tone::Quiet, "outside the window"),
    }
}

fn record(page: &mut Page, kind: &Kind) {
    let sum = format!("{}, {}", plural(kind.records, "record"), bytes(kind.bytes));
    let span = match (&kind.first, &kind.last) {
        (Some(first), Some(last)) => format!("{sum}, {}", period(first, last)),
        _ => sum,
    };
    page.heading("What was read", &span);
    line(page, &kind.line);
    let said: Vec<String> = kind
        .said
        .iter()
        .map(|(field, value)| {
            format!(
                "{}{GLUE}{}",
                safe(field),
                shown_value(field, value).replace(' ', &GLUE.to_string())
            )
        })
        .collect();
    page.item(Tone::Plain, "  says      ", &said.join(", "));
    for cited in kind.newest.iter().skip(1) {
        let when = cited.end.as_deref().map_or("-".to_owned(), time);
        page.quiet(
            "  also      ",
            &format!(
                "{when}  {} → {}  {}  {}",
                safe(&cited.src),
                safe(&cited.dst),
                cited.bytes.map_or("-".to_owned(), bytes),
                placed(&cited.uri, cited.line, PLACE_COLUMNS)
            ),
        );
    }
    let more = kind.records.saturating_sub(len(kind.newest.len()));
    if more > 0 {
        page.quiet("            ", &format!("and {} older", count(more)));
    }
}

fn shown_value(field: &str, value: &str) -> String {
    match field {
        "start" | "end" => time(value),
        _ => safe(value),
    }
}

/// `…end-of-the-key.log.gz:17`, as `--record` takes it: the line is never cut, the key from its start.
fn placed(uri: &str, line: u64, room: usize) -> String {
    let line = format!(":{line}");
    let key = visible(uri).replace(' ', &GLUE.to_string());
    format!("{}{line}", cut_start(&key, room.saturating_sub(line.len())))
}

fn line(page: &mut Page, line: &Line) {
    page.item(
        Tone::Plain,
        "  place     ",
        &format!("{}:{}", whole(&line.uri), line.line),
    );
    let label = if line.raw {
        "  line      "
    } else {
        "  values    "
    };
    page.item(Tone::Plain, label, &whole(&line.text));
    page.quiet(
        "  format    ",
        &format!(
            "{}, by {}",
            plural(len(line.values.len()), "field"),
            prose(&line.format_from)
        ),
    );
}

/// All of a text, each word made safe: a line is not cut, for whoever compares it with the log.
fn whole(text: &str) -> String {
    let words: Vec<String> = text.split(' ').map(visible).collect();
    words.join(" ")
}

fn addresses(page: &mut Page, kind: &Kind) {
    page.heading("Whose address is whose", "");
    for whose in &kind.addresses {
        let fields: Vec<String> = whose.fields.iter().map(|field| safe(field)).collect();
        page.item(
            Tone::Strong,
            &format!("  {}  ", safe(&whose.address)),
            &fields.join(", "),
        );
        for is in &whose.is {
            page.item(Tone::Plain, "    ", &prose(is));
        }
    }
    let used = &kind.topology;
    let Some(source) = &used.source else {
        page.item(
            Tone::Doubt,
            "  topology  ",
            "none knows the interface or its VPC",
        );
        return;
    };
    let taken = match (&used.captured_at, used.age_s) {
        (Some(at), Some(age_s)) => {
            let (age, word) = (
                duration(age_s.unsigned_abs()),
                if age_s < 0 { "after" } else { "before" },
            );
            format!(", taken {} ({age} {word} the record's end)", time(at))
        }
        (Some(at), None) => format!(", taken {}", time(at)),
        (None, _) => ", which does not say when it was taken".to_owned(),
    };
    let of = used
        .of
        .as_deref()
        .map_or(String::new(), |of| format!(" of {}", safe(of)));
    page.item(
        Tone::Plain,
        "  topology  ",
        &format!("{}{of}{taken}", whole(source)),
    );
    if let Some(other) = &used.contested_by {
        let says = used.other_says.as_deref();
        let says = says.map_or("says the same".to_owned(), |says| {
            format!("says {}", prose(says))
        });
        page.item(
            Tone::Doubt,
            "            ",
            &format!("{} may be the valid one, and {says}", prose(other)),
        );
    }
}

fn rules(page: &mut Page, kind: &Kind) {
    page.heading(
        "Which rule decided",
        "in their order; the first that speaks",
    );
    let width = kind
        .rules
        .iter()
        .map(|rule| rule.rule.len())
        .max()
        .unwrap_or(0);
    for rule in &kind.rules {
        let label = format!("  {:<width$}  ", rule.rule);
        match &rule.says {
            None => page.quiet(&label, &prose(&format!("silent: {}", rule.saw))),
            Some(says) => {
                page.item(Tone::Strong, &label, &prose(&format!("says {says}")));
                let blank = " ".repeat(width + 4);
                page.item(
                    Tone::Plain,
                    &blank,
                    &prose(&format!("{} {}", rule.asks, rule.saw)),
                );
            }
        }
    }
    if kind.rules_left > 0 {
        page.quiet(
            "  ",
            &format!(
                "{} after it {} not asked",
                plural(kind.rules_left, "rule"),
                if kind.rules_left == 1 { "was" } else { "were" }
            ),
        );
    }
}

fn routes(page: &mut Page, kind: &Kind) {
    let all: Vec<&RouteSaid> = kind.route.iter().chain(&kind.onward).collect();
    if all.is_empty() {
        return;
    }
    page.heading("Which route matches", "");
    for route in all {
        page.item(
            Tone::Plain,
            "  ",
            &format!(
                "{} uses {}: {} goes to {}",
                prose(&route.of),
                safe(&route.table),
                safe(&route.to),
                prose(&route.leads)
            ),
        );
        for row in &route.routes {
            let (tone, word) = if row.won {
                (Tone::Strong, "won ")
            } else {
                (Tone::Quiet, "lost")
            };
            let label = format!("    {word} {}  ", safe(&row.destination));
            let body = format!("→{GLUE}{}; {}", safe(&row.target), prose(&row.why));
            if row.won {
                page.item(tone, &label, &body);
            } else {
                page.quiet(&label, &body);
            }
        }
    }
}

fn claims(page: &mut Page, claims: &[ClaimSaid]) {
    page.heading("What the claims say", "");
    for claim in claims {
        let (tone, word) = weight(claim.weight);
        page.item(
            tone,
            &format!("  {word}  "),
            &format!("{}  {}", safe(&claim.id), prose(&claim.title)),
        );
        page.item(Tone::Plain, "    why        ", &prose(&claim.why));
        for (question, answer) in &claim.asked {
            page.item(Tone::Plain, &format!("    {question:<9}  "), &prose(answer));
        }
        for (obligation, how) in &claim.weighs_on {
            page.item(Tone::Doubt, &format!("    {obligation}  "), &prose(how));
        }
    }
}
