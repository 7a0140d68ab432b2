//! The top of the page: the verdict in words, what it is about, and what it rests on.

use serde::Serialize;

use crate::model::evidence::Evidence;
use crate::model::path::Verdict;
use crate::report::said;
use crate::report::units::{count, day, len, plural, time};

/// A verdict as it is shown: never by colour alone.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Mark {
    glyph: &'static str,
    word: &'static str,
    /// CSS class.
    class: &'static str,
}

/// How a verdict is marked.
pub(super) fn mark(verdict: Verdict) -> Mark {
    let (glyph, word) = match verdict {
        Verdict::Violated => ("✗", "Violated"),
        Verdict::Unproven => ("?", "Unproven"),
        Verdict::Proven => ("✓", "Proven"),
    };
    Mark {
        glyph,
        word,
        class: verdict.as_str(),
    }
}

/// What stands at the top.
#[derive(Serialize)]
pub(super) struct Head {
    title: String,
    mark: Mark,
    sentence: String,
    /// What the word means.
    meaning: &'static str,
    facts: Vec<Fact>,
    tool: String,
}

/// A line of the block under the verdict; `href` leads to the details.
#[derive(Serialize)]
struct Fact {
    term: &'static str,
    text: String,
    href: Option<&'static str>,
}

/// The head of the page.
pub(super) fn head(evidence: &Evidence) -> Head {
    let mark = mark(evidence.verdict);
    let sentence = said::sentence(evidence);
    Head {
        title: format!("{}: {sentence} · flowproof", mark.word),
        mark,
        sentence,
        meaning: match evidence.verdict {
            Verdict::Violated => {
                "Recorded flows took a path that a claim does not allow. They are listed below as witnesses, with the line of the log that says so."
            }
            Verdict::Unproven => {
                "No recorded flow breaks a claim, but the evidence has holes, so nothing is said to be private. What is missing is listed under each claim."
            }
            Verdict::Proven => {
                "Every obligation that a proof needs was checked and holds, and no recorded flow breaks a claim."
            }
        },
        facts: facts(evidence),
        tool: format!("{} {}", evidence.tool.name, evidence.tool.version),
    }
}

fn facts(evidence: &Evidence) -> Vec<Fact> {
    let fact = |term, text, href| Fact { term, text, href };
    let interfaces = plural(evidence.scope.interfaces, "interface");
    vec![
        fact("Window", said::window(evidence), None),
        fact(
            "Scope",
            format!("{interfaces}: {}", evidence.scope.description),
            Some("#coverage"),
        ),
        fact("Records", said::records(&evidence.totals), Some("#inputs")),
        fact("Inputs", inputs(evidence), Some("#inputs")),
        fact("Topology", topologies(evidence), Some("#foundations")),
        fact(
            "Policy",
            evidence.policy.source.clone(),
            Some("#foundations"),
        ),
        fact("IP ranges", ranges(evidence), Some("#foundations")),
    ]
}

fn inputs(evidence: &Evidence) -> String {
    let whole = len(evidence.inputs.iter().filter(|input| input.whole).count());
    let all = len(evidence.inputs.len());
    match all {
        0 => "none: nothing was read".to_owned(),
        1 if whole == 1 => "1 file or object, read to its end".to_owned(),
        _ if whole == all => format!("{} files or objects, all read to their ends", count(all)),
        _ => format!(
            "{} files or objects, {} of them not read to the end",
            count(all),
            count(all - whole)
        ),
    }
}

fn topologies(evidence: &Evidence) -> String {
    match evidence.topologies.as_slice() {
        [] => "none".to_owned(),
        [one] => match &one.captured_at {
            Some(at) => format!("{}, taken {} UTC", one.source, time(at)),
            None => format!("{}, undated", one.source),
        },
        more => format!("{} snapshots", count(len(more.len()))),
    }
}

fn ranges(evidence: &Evidence) -> String {
    let ranges = &evidence.tool.ip_ranges;
    format!("{}, published {}", ranges.source, day(&ranges.created))
}
