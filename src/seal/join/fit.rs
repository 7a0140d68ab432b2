//! Whether parts are of one kind and their windows meet. In: parts in any order. Out: parts by time, complaints, seams.

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::evidence::{ClaimReport, Evidence, SCHEMA, TopologyReport};
use crate::model::window::{rfc3339, unix_s};
use crate::seal::join::Part;

const ANOTHER_QUESTION: &str =
    "a verdict over all of the time must be the answer to one question, asked of one scope";

/// There is no part.
pub(super) fn nothing() -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "join-nothing",
        "there is no evidence to join",
        "without evidence there is no verdict",
        "name the files that `flowproof verify --evidence` wrote",
    )
}

fn differs(message: String, files: [&str; 2], got: String) -> Diagnostic {
    let help = "join what was asked alike, or verify the others again with the same policy";
    let [first, other] = files.map(Location::source);
    Diagnostic::new(
        Severity::Error,
        "join-differs",
        message,
        ANOTHER_QUESTION,
        help,
    )
    .at(first)
    .at(other)
    .got(got)
}

/// Complains of every part whose schema this version does not know.
pub(super) fn same_schema(parts: &[(String, Evidence)]) -> Result<(), Vec<Diagnostic>> {
    let other = parts.iter().filter(|part| part.1.schema != SCHEMA);
    let found: Vec<Diagnostic> = other
        .map(|(file, evidence)| {
            Diagnostic::new(
                Severity::Error,
                "join-differs",
                "this is evidence of another schema",
                "what its fields mean is not known to this version",
                "use the version of flowproof that wrote it, or verify again",
            )
            .at(Location::source(file))
            .got(format!("`{}`, expected `{SCHEMA}`", show(&evidence.schema)))
        })
        .collect();
    all_or(found)
}

/// The complaint about a part that cannot be written down, so that nothing can name it.
pub(super) fn unwritable(file: &str, error: &str) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "join-nothing",
        "this evidence cannot be written down again",
        "a part that has no digest is not known",
        "verify it again",
    )
    .at(Location::source(file))
    .got(error.to_owned())
}

fn all_or(found: Vec<Diagnostic>) -> Result<(), Vec<Diagnostic>> {
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// The parts by time.
pub(super) fn in_order(parts: Vec<(String, Evidence)>) -> Result<Vec<Part>, Vec<Diagnostic>> {
    let (mut placed, mut found) = (Vec::new(), Vec::new());
    for (file, evidence) in parts {
        let window = &evidence.window;
        let ends = window.since.as_deref().and_then(unix_s);
        let ends = ends.zip(window.until.as_deref().and_then(unix_s));
        match ends.filter(|(since, until)| since <= until) {
            Some((since_s, until_s)) => placed.push(Part {
                file,
                since_s,
                until_s,
                evidence,
            }),
            None => found.push(
                Diagnostic::new(
                    Severity::Error,
                    "join-no-window",
                    "this evidence has no window",
                    "it cannot be told what it lies beside, nor whether something lies between",
                    "verify it again with --since and --until",
                )
                .at(Location::source(file)),
            ),
        }
    }
    placed.sort_by(|a, b| {
        let key = |part: &Part| (part.since_s, part.until_s);
        key(a).cmp(&key(b)).then_with(|| a.file.cmp(&b.file))
    });
    for pair in placed.windows(2) {
        if let [before, after] = pair
            && after.since_s < before.until_s
        {
            found.push(overlap(before, after));
        }
    }
    all_or(found).map(|()| placed)
}

fn overlap(before: &Part, after: &Part) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "join-overlap",
        "two windows overlap",
        "records of the time that both are about would count twice",
        "leave one of them out, or verify it again with --since and --until that meet",
    )
    .at(Location::source(&before.file))
    .at(Location::source(&after.file))
    .got(format!(
        "{} and {}, expected that one begins where the other ends",
        before.window(),
        after.window()
    ))
}

/// Complains of every part that does not ask what the first one asks.
pub(super) fn same_question(parts: &[Part]) -> Result<(), Vec<Diagnostic>> {
    let mut found = Vec::new();
    let Some((first, others)) = parts.split_first() else {
        return Ok(());
    };
    for other in others {
        let files = [&*first.file, &*other.file];
        let (a, b) = (&first.evidence, &other.evidence);
        let networks = |one: &Evidence| TopologyReport::networks(&one.topologies).join(", ");
        let (mine, theirs) = (networks(a), networks(b));
        let both = [
            ("scope", &a.scope.description, &b.scope.description),
            ("policy, by its digest,", &a.policy.sha256, &b.policy.sha256),
            ("topology, by account and Region,", &mine, &theirs),
        ];
        let texts = both.into_iter().filter(|(_, a, b)| a != b);
        found.extend(texts.map(|(what, a, b)| {
            let got = format!("`{}` and `{}`", show(a), show(b));
            differs(format!("the {what} is another one"), files, got)
        }));
        let ids = |claims: &[ClaimReport]| -> Vec<String> {
            claims.iter().map(|claim| claim.id.clone()).collect()
        };
        let (mine, theirs) = (ids(&a.claims), ids(&b.claims));
        if mine != theirs {
            let got = format!(
                "`{}` and `{}`",
                show(&mine.join(", ")),
                show(&theirs.join(", "))
            );
            found.push(differs("the claims are others".to_owned(), files, got));
            continue;
        }
        for (mine, theirs) in a.claims.iter().zip(&b.claims) {
            found.extend(
                same_claim(mine, theirs).map(|(message, got)| differs(message, files, got)),
            );
        }
    }
    all_or(found)
}

/// In what two claims of one id differ, and how: what they assert first, then what is excepted.
fn same_claim(mine: &ClaimReport, theirs: &ClaimReport) -> Option<(String, String)> {
    let id = show(&mine.id);
    let mut keys: Vec<&String> = mine.asserts.keys().chain(theirs.asserts.keys()).collect();
    keys.sort();
    let key = keys
        .into_iter()
        .find(|key| mine.asserts.get(*key) != theirs.asserts.get(*key));
    if let Some(key) = key {
        let told = |claim: &ClaimReport| {
            let values = claim.asserts.get(key);
            values.map_or("nothing".to_owned(), |values| {
                format!("`{}`", show(&values.join(", ")))
            })
        };
        let message = format!("`{}` of claim `{id}` is another one", show(key));
        return Some((message, format!("{} and {}", told(mine), told(theirs))));
    }
    let excepted = |claim: &ClaimReport| -> Vec<_> {
        let all = claim.exceptions.iter().cloned();
        all.map(|one| (one.to, one.reason, one.owner, one.expires))
            .collect()
    };
    (excepted(mine) != excepted(theirs)).then(|| {
        let message = format!("the exceptions of claim `{id}` are others");
        let got = format!(
            "{} and {} of them",
            mine.exceptions.len(),
            theirs.exceptions.len()
        );
        (message, got)
    })
}

/// Why nothing is proven over all of the time, where windows do not meet for certain.
pub(super) fn seams(parts: &[Part]) -> Vec<String> {
    let mut found = Vec::new();
    for part in parts {
        let window = &part.evidence.window;
        let own = |from: &String| (from != "asked").then_some(());
        if own(&window.since_from)
            .or(own(&window.until_from))
            .is_some()
        {
            found.push(format!(
                "{}: this window was taken from the records themselves, which do not say where it ends",
                part.window()
            ));
        }
    }
    for pair in parts.windows(2) {
        if let [before, after] = pair
            && before.until_s < after.since_s
        {
            found.push(format!(
                "no evidence from {} to {}",
                rfc3339(before.until_s),
                rfc3339(after.since_s)
            ));
        }
    }
    found
}

/// Warnings where parts were made by other tools, or with other published ranges.
pub(super) fn mixed(parts: &[Part]) -> Vec<Diagnostic> {
    let Some((first, others)) = parts.split_first() else {
        return Vec::new();
    };
    let mine = &first.evidence.tool;
    let mut found = Vec::new();
    let mut warn = |message: &str, why: &str, got: String, other: &Part| {
        let help = "nothing, if that is known; else verify all of them again with one";
        let said = Diagnostic::new(Severity::Warning, "join-mixed", message, why, help);
        let places = [&first.file, &other.file].map(Location::source);
        found.push(places.into_iter().fold(said, Diagnostic::at).got(got));
    };
    let other = |differs: fn(&Part, &Part) -> bool| others.iter().find(|part| differs(first, part));
    let version =
        |part: &Part| format!("{} {}", part.evidence.tool.name, part.evidence.tool.version);
    if let Some(part) = other(|a, b| {
        let (a, b) = (&a.evidence.tool, &b.evidence.tool);
        (&a.name, &a.version) != (&b.name, &b.version)
    }) {
        let got = format!("`{}` and `{}`", show(&version(first)), show(&version(part)));
        let why =
            "another version may judge the same flow otherwise; each part has what its own said";
        warn(
            "the parts were made by more than one version",
            why,
            got,
            part,
        );
    }
    if let Some(part) =
        other(|a, b| a.evidence.tool.ip_ranges.sha256 != b.evidence.tool.ip_ranges.sha256)
    {
        let (a, b) = (
            &mine.ip_ranges.created,
            &part.evidence.tool.ip_ranges.created,
        );
        let got = format!("of `{}` and of `{}`", show(a), show(b));
        let why = "a public address may have another name in another ip-ranges.json; each part has what its own said";
        warn(
            "the parts rest on more than one ip-ranges.json",
            why,
            got,
            part,
        );
    }
    found
}
