//! `flowproof check`: is this evidence intact, and, given what it rests on, reproducible?

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use flowproof::diag::{Diagnostic, Location, Severity, show};
use flowproof::model::evidence::Evidence;
use flowproof::report::{self as reports, Format, Style};
use flowproof::seal::difference::differences;
use flowproof::seal::key::PublicKey;
use flowproof::seal::manifest::ENVELOPE;
use flowproof::seal::{self, dsse, statement};
use serde_json::Value;

use super::args::Input;
use super::args_evidence::CheckEvidence;
use super::console::Console;
use super::exit::Outcome;
use super::load;
use super::recompute::{self, Told};
use super::unbundle::{self, Bundle};
use super::{rejoin, report, rests, shell, signing};

/// Complaints that are printed of one evidence.
const SAID_MAX: usize = 20;

/// What has been checked, and what came of it.
#[derive(Default)]
pub struct Examined {
    lines: Vec<(&'static str, String)>,
    problems: Vec<Diagnostic>,
}

impl Examined {
    /// Checked, and it holds.
    pub fn good(&mut self, line: String) {
        self.lines.push(("ok", line));
    }

    /// Not checked.
    pub fn open(&mut self, line: String) {
        self.lines.push(("not checked", line));
    }

    /// Checked, and it does not hold.
    pub fn bad(&mut self, line: String, problems: Vec<Diagnostic>) {
        self.lines.push(("FAILED", line));
        self.problems.extend(problems);
    }

    /// Good without problems, else bad.
    pub fn either(&mut self, problems: Vec<Diagnostic>, good: String, bad: &str) {
        if problems.is_empty() {
            self.good(good);
        } else {
            self.bad(bad.to_owned(), problems);
        }
    }

    /// For people: what was checked and what was not, and in the last line what that comes to.
    fn text(&self, recomputed: bool) -> String {
        let mut text = String::new();
        for (mark, line) in &self.lines {
            text.push_str(&format!("{mark:<12} {}\n", show_line(line)));
        }
        text.push_str(match (self.problems.is_empty(), recomputed) {
            (true, true) => "INTACT, AND REPRODUCED\n",
            (true, false) => "INTACT, as far as it was checked\n",
            (false, _) => "NOT INTACT, or not what it was made from\n",
        });
        text
    }
}

/// A line has names from outside in it.
fn show_line(line: &str) -> String {
    line.chars()
        .map(|c| {
            if flowproof::diag::hides(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Runs the command: 0 if everything that was checked holds, else 2.
pub fn run(asked: &CheckEvidence, now_s: i64, stop: &Arc<AtomicBool>) -> Outcome {
    let console = Console::new(asked.speech);
    let mut examined = Examined::default();
    let recomputed = match examine(asked, now_s, stop, console, &mut examined) {
        Ok(recomputed) => recomputed,
        Err(problems) => {
            examined.bad("it cannot be checked to the end".to_owned(), problems);
            false
        }
    };
    console.say_all(examined.problems.iter().take(SAID_MAX));
    if let Some(more) = examined.problems.len().checked_sub(SAID_MAX + 1) {
        console.note(&format!("and {} more", more + 1));
    }
    let written = shell::written(examined.text(recomputed).as_bytes());
    if examined.problems.is_empty() {
        written
    } else {
        Outcome::NoVerdict
    }
}

/// Everything, step by step; whether the verdict was made again.
fn examine(
    asked: &CheckEvidence,
    now_s: i64,
    stop: &Arc<AtomicBool>,
    console: Console,
    examined: &mut Examined,
) -> Result<bool, Vec<Diagnostic>> {
    let one = |problem: Box<Diagnostic>| vec![*problem];
    let key = asked.public_key.as_deref().map(signing::public_key);
    let key = key.transpose().map_err(one)?;
    let folder = asked.evidence.file().filter(|place| place.is_dir());
    let bundle = folder
        .map(|folder| opened(folder, examined))
        .transpose()
        .map_err(one)?;
    let (name, bytes) = report::read(&asked.evidence).map_err(one)?;
    let evidence = seal::read(&name, &bytes).map_err(one)?;
    let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    alone(&name, &bytes, &evidence, examined);
    if let Some(bundle) = &bundle {
        of_bundle(bundle, &evidence, examined, console);
    }
    let told = Told {
        name: &name,
        evidence: &evidence,
        json: &json,
    };
    signature(asked, &told, bundle.as_ref(), key.as_ref(), examined);
    let at_hand = rests::at_hand(asked, bundle.as_ref())?;
    let joined = !evidence.parts.is_empty();
    let needed = !asked.sources.is_empty() && !joined;
    let rests = rests::settle(&evidence, at_hand, needed, examined)?;
    if joined {
        if asked.sources.is_empty() {
            let count = evidence.parts.len();
            examined.open(format!("parts: the {count} evidences that it was joined from were not given; what each rests on is for it to be checked by"));
        } else {
            rejoin::again(&told, &asked.sources, examined)?;
        }
        return Ok(false);
    }
    if !needed {
        examined.open("inputs: no SOURCE was given, so the verdict was not recomputed".to_owned());
        return Ok(false);
    }
    let Some(rests) = rests else {
        examined.open("the verdict was not recomputed".to_owned());
        return Ok(false);
    };
    let kept = bundle.and_then(|bundle| bundle.manifest.log_format);
    let log_format = asked.log_format.clone().or(kept);
    let how = Input::again(&asked.sources, log_format, &asked.work, &asked.aws);
    let run = (now_s, asked.speech.quiet);
    recompute::again(&told, &how, rests, run, stop, examined)?;
    Ok(true)
}

/// What the document alone can tell.
fn alone(name: &str, bytes: &[u8], evidence: &Evidence, examined: &mut Examined) {
    let written = reports::render(evidence, Format::Json, Style::default()).unwrap_or_default();
    if written != bytes {
        let problem = rewritten(name, bytes, &written);
        let line = "evidence: it does not stand there as flowproof writes it";
        examined.bad(line.to_owned(), vec![problem]);
    }
    let mut problems = seal::consistent(evidence);
    for place in problems.iter_mut().flat_map(|problem| &mut problem.at) {
        name.clone_into(&mut place.source);
    }
    let good = format!(
        "evidence: {} agrees with itself: {}, claims {}, records {}, inputs {}",
        show(name),
        evidence.verdict,
        evidence.claims.len(),
        evidence.totals.records,
        evidence.inputs.len()
    );
    examined.either(problems, good, "evidence: it does not agree with itself");
}

/// The complaint about bytes that flowproof would not have written: the first line of them.
fn rewritten(name: &str, bytes: &[u8], written: &[u8]) -> Diagnostic {
    let (mut here, mut ours) = (
        bytes.split(|byte| *byte == b'\n'),
        written.split(|byte| *byte == b'\n'),
    );
    let mut line = 1;
    let (got, expected) = loop {
        match (here.next(), ours.next()) {
            (Some(a), Some(b)) if a == b => line += 1,
            (None, None) => break (String::new(), String::new()),
            (a, b) => {
                let text = |line: Option<&[u8]>| match line {
                    Some(line) => format!("`{}`", show(&String::from_utf8_lossy(line))),
                    None => "nothing".to_owned(),
                };
                break (text(a), text(b));
            }
        }
    };
    Diagnostic::new(
        Severity::Error,
        "evidence-changed",
        "this evidence does not stand there as it was written",
        "keys that this version does not know, or other blanks, were put there since, or by another version",
        "give the file as `flowproof verify --evidence FILE` wrote it, to the version that stands in `tool`",
    )
    .at(Location::line(name, line))
    .got(format!("{got}, expected {expected}"))
}

fn opened(folder: &Path, examined: &mut Examined) -> Result<Bundle, Box<Diagnostic>> {
    let (bundle, problems) = unbundle::open(folder)?;
    let count = bundle.manifest.files.len();
    let good = format!("bundle: {count} files as they were written");
    examined.either(problems, good, "bundle: not as it was written");
    Ok(bundle)
}

fn of_bundle(bundle: &Bundle, evidence: &Evidence, examined: &mut Examined, console: Console) {
    match bundle.reports(evidence) {
        Some((0, _)) => {}
        Some((count, problems)) => {
            let good = format!("reports: {count} made again, and the same");
            examined.either(problems, good, "reports: not what the evidence makes");
        }
        None => examined.open("reports: another version of flowproof made them".to_owned()),
    }
    for stranger in bundle.strangers() {
        console.say(
            &Diagnostic::new(
                Severity::Warning,
                "bundle-changed",
                "this file is not of the bundle",
                "nothing vouches for it",
                "keep other files elsewhere",
            )
            .at(Location::source(stranger)),
        );
    }
}

/// Where the envelope stands, if it can stand anywhere.
fn envelope(asked: &CheckEvidence, bundle: Option<&Bundle>) -> Option<PathBuf> {
    let file = asked.evidence.file()?;
    Some(match bundle {
        Some(_) => file.join(ENVELOPE),
        None => signing::envelope_of(file),
    })
}

fn signature(
    asked: &CheckEvidence,
    told: &Told<'_>,
    bundle: Option<&Bundle>,
    key: Option<&PublicKey>,
    examined: &mut Examined,
) {
    let Some(file) = envelope(asked, bundle) else {
        return examined.open("signature: stdin has no envelope beside it".to_owned());
    };
    let name = file.display().to_string();
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(_) if key.is_none() && !file.exists() => {
            return examined
                .open("signature: there is none, so anybody could have written it".to_owned());
        }
        Err(error) => {
            let mut problem = *load::unreadable(
                &file,
                &error,
                "without a good signature anybody could have written this evidence",
            );
            problem.help =
                "put the envelope beside the evidence, under the name that `verify --sign` gave it"
                    .to_owned();
            return examined.bad(
                "signature: no envelope to be read".to_owned(),
                vec![problem],
            );
        }
    };
    signed(&name, told, bundle, (&bytes, key), examined);
}

/// An envelope, with the key that must have signed it, and whether it is around this evidence.
fn signed(
    name: &str,
    told: &Told<'_>,
    bundle: Option<&Bundle>,
    (envelope, key): (&[u8], Option<&PublicKey>),
    examined: &mut Examined,
) {
    let opened = match dsse::open(name, envelope, key) {
        Ok(opened) => opened,
        Err(problem) => return examined.bad("signature: not good".to_owned(), vec![*problem]),
    };
    let problems = other_statement(name, told, bundle, &opened.payload);
    if !problems.is_empty() {
        return examined.bad("signature: over another evidence".to_owned(), problems);
    }
    match key {
        Some(key) => {
            let others = match opened.signatures - 1 {
                0 => String::new(),
                others => format!("; not checked: {others} of other keys"),
            };
            let line = format!("signature: good, of the key {}{others}", key.id());
            examined.good(line);
        }
        None => {
            let keyids: Vec<String> = opened.keyids.iter().map(|id| show(id)).collect();
            let line = format!(
                "signature: it says to be of the key {}; no --public-key was given",
                keyids.join(", ")
            );
            examined.open(line);
        }
    }
}

/// Where the signed statement is another than that of this evidence.
fn other_statement(
    name: &str,
    told: &Told<'_>,
    bundle: Option<&Bundle>,
    payload: &[u8],
) -> Vec<Diagnostic> {
    let problem = |message: String| {
        Diagnostic::new(
            Severity::Error,
            "signature-bad",
            message,
            "the signature says nothing of the evidence that stands here",
            "put evidence and envelope together as they were written",
        )
        .at(Location::source(name))
    };
    let manifest = bundle.map(|bundle| bundle.digest.as_str());
    let Ok(expected) = statement::payload(told.evidence, manifest) else {
        return vec![problem("the statement cannot be made".to_owned())];
    };
    if expected == payload {
        return Vec::new();
    }
    let values: Result<(Value, Value), _> = serde_json::from_slice(payload)
        .and_then(|signed| Ok((signed, serde_json::from_slice(&expected)?)));
    let Ok((signed, expected)) = values else {
        return vec![problem("what was signed is not JSON".to_owned())];
    };
    let found = differences(&signed, &expected, SAID_MAX);
    if found.is_empty() {
        return vec![problem(
            "what was signed stands there in other bytes than flowproof writes".to_owned(),
        )];
    }
    found
        .into_iter()
        .map(|one| {
            problem(format!(
                "{}: {} was signed, and {} stands here",
                one.path, one.first, one.second
            ))
        })
        .collect()
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
