//! The verdict made again from the logs, in the window of the evidence, and compared with it word by word.
//!
//! Inputs are read under the names that the evidence has for them, found by their digests: so the copy of a folder, or of a
//! bucket, says the very same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::ingest::{self, Input};
use flowproof::model::evidence::{Evidence, InputReport};
use flowproof::model::window::{Window, unix_s};
use flowproof::seal::difference::differences;
use flowproof::seal::pairing::{Named, pair};
use flowproof::verify::{Delivery, Plan};
use serde_json::Value;

use super::args;
use super::check::Examined;
use super::rests::{self, Rests};
use super::{judge, remote};

/// Differences that are told.
const TOLD_MAX: usize = 10;

/// What only the run that asked AWS, or listed a bucket, can have seen.
const OF_THE_RUN: &[&str] = &["input-passed-over", "metrics-none", "metrics-old"];

/// An evidence to be reproduced.
pub struct Told<'e> {
    pub name: &'e str,
    pub evidence: &'e Evidence,
    /// The same as JSON, as it stands in the file.
    pub json: &'e Value,
}

/// Judges the sources and compares.
///
/// # Errors
/// Sources that cannot be listed; an interrupted run.
pub fn again(
    told: &Told<'_>,
    how: &args::Input,
    rests: Rests,
    (now_s, quiet): (i64, bool),
    stop: &Arc<AtomicBool>,
    examined: &mut Examined,
) -> Result<(), Vec<Diagnostic>> {
    let evidence = told.evidence;
    let window = window(evidence);
    let aws = remote::way(how)?;
    // An open window reaches to where it reached then, and log groups are cut into the same pieces.
    let then_s = unix_s(&evidence.generated_at).unwrap_or(now_s);
    let remote = remote::sources(how, aws.as_ref(), &rests.world, window, then_s);
    let listed = ingest::list(&how.sources, remote.as_ref())?;
    let (inputs, whole) = of_evidence(evidence, listed.inputs, examined)?;
    let case = judge::Case {
        how,
        world: &rests.world,
        policy: &rests.policy,
        metrics: rests.metrics.as_ref(),
        window,
        inputs: &inputs,
        said: rests.said,
        generated_at: evidence.generated_at.clone(),
        quiet,
    };
    let delivery =
        |plan: &Plan<'_>| Delivery::told_by(plan, &evidence.window, &evidence.generated_at);
    let now = judge::judge(case, delivery, stop)?;
    compare(told, &now, whole, examined);
    Ok(())
}

/// As it was asked for.
fn window(evidence: &Evidence) -> Window {
    let told = &evidence.window;
    let asked = |from: &str, time: &Option<String>| {
        let time = time.as_deref().filter(|_| from == "asked");
        time.and_then(unix_s)
    };
    Window {
        since: asked(&told.since_from, &told.since),
        until: asked(&told.until_from, &told.until),
    }
}

/// The inputs of the evidence, under its names and in its order; whether all are there.
fn of_evidence(
    evidence: &Evidence,
    listed: Vec<Input>,
    examined: &mut Examined,
) -> Result<(Vec<Input>, bool), Vec<Diagnostic>> {
    let names: BTreeSet<&str> = evidence.inputs.iter().map(|one| one.uri.as_str()).collect();
    let told: Vec<Named> = evidence
        .inputs
        .iter()
        .map(|input| Named {
            name: input.uri.clone(),
            sha256: input.sha256.clone(),
        })
        .collect();
    let mut here = Vec::new();
    for input in &listed {
        // In its place it is read once: the digest is compared then.
        let moved = !names.contains(input.uri());
        let sha256 = if moved { input.sha256() } else { Ok(None) };
        here.push(Named {
            name: input.uri().to_owned(),
            sha256: sha256.map_err(|error| vec![unreadable(input.uri(), &error)])?,
        });
    }
    let pairing = pair(&told, &here);
    let mut problems = Vec::new();
    for index in &pairing.missing {
        problems.push(
            Diagnostic::new(
                Severity::Error,
                "rests-missing",
                "an input that the evidence rests on was not given",
                "without its records the verdict cannot be made again",
                "give the folder, bucket or log group that has it too",
            )
            .at(Location::source(&told[*index].name)),
        );
    }
    // To a window without end AWS goes on to deliver; anything else that the evidence does not know is one that it left out.
    let is_late = |name: &str| ingest::is_remote(name) && evidence.window.until_from != "asked";
    let left = pairing.left.iter().map(|place| here[*place].name.as_str());
    let (late, left): (Vec<&str>, Vec<&str>) = left.partition(|name| is_late(name));
    for name in &left {
        let message = "the evidence does not rest on this input; it is left out".to_owned();
        problems.push(rests::differs(name, message, None));
    }
    if !late.is_empty() {
        examined.open(format!(
            "inputs: {} more that were delivered since, left out",
            late.len()
        ));
    }
    let moved = pairing.pairs.iter();
    let moved = moved.filter(|(index, place)| told[*index].name != here[*place].name);
    let (moved, all) = (moved.count(), told.len());
    let elsewhere = match moved {
        0 => String::new(),
        moved => format!(", {moved} under other names now"),
    };
    let whole = pairing.missing.is_empty();
    let line = format!(
        "inputs: {} of {all} are here{elsewhere}",
        pairing.pairs.len()
    );
    if problems.is_empty() {
        examined.good(line);
    } else {
        let line = match left.len() {
            0 => line,
            left => format!("{line}; {left} more that it does not rest on"),
        };
        examined.bad(line, problems);
    }
    let mut listed: Vec<Option<Input>> = listed.into_iter().map(Some).collect();
    let mut inputs: Vec<Input> = Vec::new();
    for (index, place) in pairing.pairs {
        let input = listed.get_mut(place).and_then(Option::take);
        inputs.extend(input.map(|input| input.renamed(&told[index].name)));
    }
    inputs.sort_by(|a, b| a.uri().cmp(b.uri()));
    Ok((inputs, whole))
}

fn unreadable(uri: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "input-unreadable",
        format!("this input cannot be read: {error}"),
        "without its records the verdict cannot be made again",
        "check the rights",
    )
    .at(Location::source(uri))
}

fn compare(told: &Told<'_>, now: &Evidence, whole: bool, examined: &mut Examined) {
    let Ok(mut second) = serde_json::to_value(now) else {
        return;
    };
    let mut first = told.json.clone();
    let unstamped = align(&mut first, &mut second);
    if !whole {
        // Inputs that are missing have been named; the rest would be compared with their neighbours.
        for document in [&mut first, &mut second] {
            document["inputs"].take();
        }
    }
    let changed = changed_inputs(told.evidence, now);
    if !changed.is_empty() {
        examined.bad(
            format!("inputs: {} with other bytes", changed.len()),
            changed,
        );
    }
    let found = differences(&first, &second, TOLD_MAX + 1);
    if unstamped > 0 {
        examined.open(format!(
            "bytes of {unstamped} inputs: no digest of one kind then and now (their records were compared)"
        ));
    }
    let version = &told.evidence.tool.version;
    if *version != now.tool.version {
        examined.open(format!(
            "whether flowproof {version}, which made it, would say the same as this {}",
            now.tool.version
        ));
    }
    if found.is_empty() {
        examined.good(format!(
            "recomputed: the same verdict ({}), counts, witnesses and coverage",
            now.verdict
        ));
        return;
    }
    let more = if found.len() > TOLD_MAX {
        " and more"
    } else {
        ""
    };
    let line = format!(
        "recomputed: {} difference{}{more}; the verdict is {} in the evidence, {} now",
        found.len().min(TOLD_MAX),
        if found.len() == 1 { "" } else { "s" },
        told.evidence.verdict,
        now.verdict
    );
    let problems = found.into_iter().take(TOLD_MAX).map(|one| {
        Diagnostic::new(
            Severity::Error,
            "evidence-differs",
            format!("{}: {} in the evidence, {} now", one.path, one.first, one.second),
            "who judges the same logs by the same policy must come to the same",
            "if the evidence was not changed, give what it was made from, and --log-format as it was given then",
        )
        .at(Location::source(told.name).named(one.path))
    });
    examined.bad(line, problems.collect());
}

/// Inputs of one name and two digests: said first, for all else may follow from them.
fn changed_inputs(then: &Evidence, now: &Evidence) -> Vec<Diagnostic> {
    let digests: BTreeMap<&str, &str> = now
        .inputs
        .iter()
        .filter_map(|input| Some((input.uri.as_str(), input.sha256.as_deref()?)))
        .collect();
    let changed = |input: &InputReport| {
        let (then, now) = (input.sha256.as_deref()?, *digests.get(input.uri.as_str())?);
        let message = "this input has other bytes than the evidence rests on".to_owned();
        (then != now).then(|| rests::differs(&input.uri, message, Some((now, then))))
    };
    then.inputs.iter().filter_map(changed).collect()
}

/// Takes out what need not be the same; the number of inputs whose bytes cannot be compared.
fn align(first: &mut Value, second: &mut Value) -> usize {
    for document in [&mut *first, &mut *second] {
        if let Some(fields) = document.as_object_mut() {
            fields.remove("generated_at");
        }
        if let Some(tool) = document["tool"].as_object_mut() {
            tool.remove("version");
        }
        if let Some(said) = document["diagnostics"].as_array_mut() {
            said.retain(|one| {
                let code = one["code"].as_str().unwrap_or_default();
                !code.starts_with("aws-") && !OF_THE_RUN.contains(&code)
            });
        }
    }
    let mut unstamped = 0;
    let inputs = first["inputs"].as_array_mut().into_iter().flatten();
    for (then, now) in inputs.zip(second["inputs"].as_array_mut().into_iter().flatten()) {
        let (Some(then), Some(now)) = (then.as_object_mut(), now.as_object_mut()) else {
            continue;
        };
        let mut common = 0;
        for key in ["sha256", "etag", "version_id", "checksum"] {
            let told =
                |one: &serde_json::Map<String, Value>| one.get(key).is_some_and(Value::is_string);
            if told(then) && told(now) {
                common += 1;
            } else {
                then.remove(key);
                now.remove(key);
            }
        }
        unstamped += usize::from(common == 0);
    }
    unstamped
}
