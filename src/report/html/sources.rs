//! What the verdict rests on: inputs, topologies, policy, ranges, each by digest.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::evidence::{Evidence, InputReport};
use crate::report::cited::Place;
use crate::report::units::{bytes, count, day, duration, len, time};

use super::claims::shortened;

/// Inputs in the table: spoiled ones first, then cited ones.
const INPUTS_MAX: usize = 500;
/// Files of topologies in the table.
const FILES_MAX: usize = 500;

/// Which inputs stand in the table, and under which number.
pub(super) struct Shelf {
    /// Number by name.
    numbers: BTreeMap<String, usize>,
    shown: BTreeSet<usize>,
}

/// A link to a record: the input's number, and the line in it.
#[derive(Serialize)]
pub(super) struct Citing {
    /// Its row, if it has one.
    anchor: Option<String>,
    /// The whole name.
    uri: String,
    /// The end of the name, which tells it from its neighbours, in two pieces: a line may break between them.
    short: String,
    short_end: String,
    pub(super) line: u64,
}

impl Shelf {
    /// Numbers all inputs from 1, and chooses those that are shown.
    pub(super) fn of(evidence: &Evidence) -> Shelf {
        let mut order: Vec<(bool, bool, usize)> = evidence
            .inputs
            .iter()
            .enumerate()
            .map(|(at, input)| (sound(input), input.cited.is_empty(), at))
            .collect();
        order.sort_unstable();
        let named = evidence.inputs.iter().enumerate();
        Shelf {
            numbers: named
                .map(|(at, input)| (input.uri.clone(), at + 1))
                .collect(),
            shown: order
                .iter()
                .take(INPUTS_MAX)
                .map(|(_, _, at)| at + 1)
                .collect(),
        }
    }

    /// How a record is cited.
    pub(super) fn cite(&self, place: Place<'_>) -> Citing {
        let number = self
            .numbers
            .get(place.uri)
            .filter(|number| self.shown.contains(number));
        let short = place.uri.rsplit('/').next().unwrap_or(place.uri);
        let short = match number {
            Some(_) => short
                .rfind("_20")
                .and_then(|at| short.get(at + 1..))
                .unwrap_or(short),
            None => place.uri,
        };
        let before = if short.len() < place.uri.len() {
            "…"
        } else {
            ""
        };
        let (start, end) = match short.rfind('_') {
            Some(at) => short.split_at(at + 1),
            None => (short, ""),
        };
        Citing {
            anchor: number.map(|number| format!("input-{number}")),
            uri: place.uri.to_owned(),
            short: format!("{before}{start}"),
            short_end: end.to_owned(),
            line: place.line,
        }
    }
}

fn sound(input: &InputReport) -> bool {
    input.whole && input.set_aside == 0 && input.diagnostics.is_empty()
}

/// The sections.
#[derive(Serialize)]
pub(super) struct Sources {
    inputs: Vec<Input>,
    inputs_said: String,
    shortened: Option<String>,
    foundations: Vec<Foundation>,
    more_foundations: Option<String>,
    rules: String,
}

#[derive(Serialize)]
struct Input {
    number: usize,
    uri: String,
    size: String,
    size_exact: u64,
    encoding: String,
    rows: String,
    rows_exact: u64,
    flows: String,
    nodata: String,
    skipdata: String,
    set_aside: String,
    glyph: &'static str,
    word: &'static str,
    class: &'static str,
    flow_log: String,
    /// Name and value, all that are known.
    digests: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct Foundation {
    what: &'static str,
    source: String,
    of: String,
    sha256: String,
}

/// Inputs by their number, then what they were judged by.
pub(super) fn view(evidence: &Evidence, shelf: &Shelf) -> Sources {
    let numbered = evidence.inputs.iter().zip(1..);
    let inputs = numbered.filter(|(_, number)| shelf.shown.contains(number));
    let mut foundations = foundations(evidence);
    let files = foundations.len();
    foundations.truncate(FILES_MAX);
    let total = evidence
        .inputs
        .iter()
        .fold(0u64, |sum, input| sum.saturating_add(input.size));
    Sources {
        inputs: inputs.map(|(input, number)| row(input, number)).collect(),
        inputs_said: format!(
            "{} files or objects, {} as stored.",
            count(len(evidence.inputs.len())),
            bytes(total)
        ),
        shortened: shortened(evidence.inputs.len(), INPUTS_MAX),
        foundations,
        more_foundations: shortened(files, FILES_MAX),
        rules: rules(evidence),
    }
}

fn row(input: &InputReport, number: usize) -> Input {
    let (glyph, word, class) = match (input.whole, sound(input)) {
        (true, true) => ("✓", "whole", "held"),
        (true, false) => ("?", "whole, with complaints", "gaps"),
        (false, _) => ("✗", "not whole", "failed"),
    };
    let digests = [
        ("sha256", &input.sha256),
        ("ETag", &input.etag),
        ("version", &input.version_id),
        ("checksum", &input.checksum),
    ];
    Input {
        number,
        uri: input.uri.clone(),
        size: bytes(input.size),
        size_exact: input.size,
        encoding: input.encoding.clone(),
        rows: count(input.rows),
        rows_exact: input.rows,
        flows: count(input.flows),
        nodata: count(input.nodata),
        skipdata: count(input.skipdata),
        set_aside: count(input.set_aside),
        glyph,
        word,
        class,
        flow_log: input.flow_log.clone().unwrap_or_default(),
        digests: digests
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect(),
    }
}

fn foundations(evidence: &Evidence) -> Vec<Foundation> {
    let mut out = vec![Foundation {
        what: "Policy",
        source: evidence.policy.source.clone(),
        of: String::new(),
        sha256: evidence.policy.sha256.clone(),
    }];
    for part in &evidence.parts {
        out.push(Foundation {
            what: "Joined evidence",
            source: format!("{} to {} UTC", time(&part.since), time(&part.until)),
            of: part.verdict.to_string(),
            sha256: part.sha256.clone(),
        });
    }
    for topology in &evidence.topologies {
        let known = [
            topology
                .captured_at
                .as_ref()
                .map(|at| format!("taken {} UTC", time(at))),
            topology.account_id.clone(),
            topology.region.clone(),
        ];
        let of = known.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let file = |source: &str, sha256: &str| Foundation {
            what: "Topology",
            source: source.to_owned(),
            of: of.clone(),
            sha256: sha256.to_owned(),
        };
        if topology.files.is_empty() {
            out.push(file(&topology.source, ""));
        }
        out.extend(
            topology
                .files
                .iter()
                .map(|digest| file(&digest.source, &digest.sha256)),
        );
    }
    let ranges = &evidence.tool.ip_ranges;
    out.push(Foundation {
        what: "AWS’s IP ranges",
        source: ranges.source.clone(),
        of: format!("published {}", day(&ranges.created)),
        sha256: ranges.sha256.clone(),
    });
    out
}

fn rules(evidence: &Evidence) -> String {
    let silence = match evidence.policy.max_silence_s {
        Some(seconds) => format!(
            "An interface may be silent for {} at most, as the policy says.",
            duration(u64::try_from(seconds).unwrap_or(0))
        ),
        None => {
            "An interface may be silent for twice the aggregation interval of its flow log at most."
                .to_owned()
        }
    };
    format!(
        "A rejected flow counts as: {}. {silence}",
        evidence.policy.rejected
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::PartReport;
    use crate::model::path::Verdict;
    use crate::report::fixture;

    #[test]
    fn what_was_joined_is_named_by_digest() {
        let mut evidence = fixture::proven();
        let alone = foundations(&evidence).len();
        evidence.parts = vec![PartReport {
            since: "2026-08-01T00:00:00Z".to_owned(),
            until: "2026-08-02T00:00:00Z".to_owned(),
            verdict: Verdict::Proven,
            sha256: "ab".repeat(32),
        }];
        let made = foundations(&evidence);
        assert_eq!(made.len(), alone + 1);
        assert_eq!(
            (made[1].sha256.as_str(), made[1].of.as_str()),
            (&*"ab".repeat(32), "proven")
        );
    }

    #[test]
    fn the_spoiled_are_shown_before_the_sound() {
        let mut evidence = fixture::proven();
        let sound = InputReport {
            whole: true,
            ..InputReport::default()
        };
        let named = |n: usize| InputReport {
            uri: format!("s3://b/{n:04}.log"),
            ..sound.clone()
        };
        evidence.inputs = (0..INPUTS_MAX + 5).map(named).collect();
        evidence.inputs[INPUTS_MAX + 3].whole = false;
        let shelf = Shelf::of(&evidence);
        let made = view(&evidence, &shelf);
        assert_eq!(made.inputs.len(), INPUTS_MAX);
        assert_eq!(made.shortened.as_deref(), Some("500 of 505 shown"));
        assert_eq!(made.inputs.last().unwrap().word, "not whole");
        let unshown = shelf.cite(Place {
            uri: "s3://b/0502.log",
            line: 7,
        });
        assert_eq!(
            (unshown.anchor, unshown.short.as_str()),
            (None, "s3://b/0502.log")
        );
        let shown = shelf.cite(Place {
            uri: "s3://b/0000.log",
            line: 7,
        });
        assert_eq!(
            (shown.anchor.as_deref(), shown.short.as_str()),
            (Some("input-1"), "…0000.log")
        );
    }
}
