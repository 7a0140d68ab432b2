//! `flowproof topology snapshot`: what the EC2 API says of the network, in files; and the same for `--topology live`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use flowproof::aws::{self, Ask, Aws, Fault, SnapshotAsk};
use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::topology::describe::MissingCall;

use super::args;
use super::console::Console;
use super::exit::Outcome;
use super::judge::interrupted;
use super::output::{self, Output};
use super::remote;
use super::values::Target;

/// What was taken of one account and Region.
pub struct Snapshot {
    pub account_id: String,
    pub region: String,
    /// A topology file.
    pub json: Vec<u8>,
    /// Calls that the caller had no right to.
    pub notes: Vec<Diagnostic>,
    /// Keys of the file, and how many resources stand there.
    pub counts: Vec<(&'static str, usize)>,
}

impl Snapshot {
    /// `111122223333_eu-west-1.json`
    fn file_name(&self) -> String {
        format!("{}_{}.json", self.account_id, self.region)
    }

    /// What was taken, in one line.
    fn summary(&self) -> String {
        let counts = self.counts.iter();
        let counts: Vec<String> = counts
            .map(|(key, count)| format!("{key} {count}"))
            .collect();
        let (account, region) = (&self.account_id, &self.region);
        format!("taken of {account} in {region}: {}", counts.join(", "))
    }
}

const WHY: &str =
    "an interface or route that was not told could be the way out, so half a topology is none";

/// Runs the command: 0, or 2 if a call failed otherwise than for a missing right, or a file cannot be written.
pub fn run(asked: &args::Snapshot, now_s: i64, stop: &Arc<AtomicBool>) -> Outcome {
    let console = Console::new(asked.speech);
    let taken = remote::aws(&asked.aws).and_then(|aws| {
        let snapshots = take(&remote::asks(&asked.aws), &aws, &asked.vpcs, now_s);
        console.note(&remote::summary(&aws));
        snapshots
    });
    let written = taken.and_then(|snapshots| {
        if stop.load(Ordering::SeqCst) {
            return Err(vec![interrupted()]);
        }
        for snapshot in &snapshots {
            console.say_all(&snapshot.notes);
            console.note(&snapshot.summary());
        }
        let several = remote::asks(&asked.aws).len() > 1;
        write(&asked.output, &snapshots, several)
    });
    match written {
        Ok(()) => Outcome::Done,
        Err(problems) => {
            console.say_all(&problems);
            Outcome::NoVerdict
        }
    }
}

/// Takes a snapshot with every pair of eyes, one after the other: EC2's quotas are per account and Region, but patience is not.
/// `now_s`: now.
///
/// # Errors
/// The first call that failed otherwise than for a missing right.
pub fn take(
    asks: &[Ask],
    aws: &Aws,
    vpcs: &[String],
    now_s: i64,
) -> Result<Vec<Snapshot>, Vec<Diagnostic>> {
    let began = Instant::now();
    let fatal = |fault: Box<Fault>| vec![fault.diagnostic(WHY)];
    let mut snapshots = Vec::new();
    for ask in asks {
        let session = aws.session(ask).map_err(fatal)?;
        // The later ones are taken later.
        let passed = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX);
        let ask = SnapshotAsk {
            vpcs: vpcs.to_vec(),
            captured_s: now_s.saturating_add(passed),
        };
        let taken = aws::snapshot(&session, &ask).map_err(fatal)?;
        snapshots.push(Snapshot {
            notes: taken.missing.iter().map(note).collect(),
            account_id: taken.account_id,
            region: taken.region,
            json: taken.json,
            counts: taken.counts,
        });
    }
    Ok(snapshots)
}

/// The complaint about a call that the caller had no right to.
fn note(fault: &Fault) -> Diagnostic {
    let call = MissingCall {
        call: fault
            .call
            .map_or_else(String::new, |call| call.name.to_owned()),
        ..MissingCall::default()
    };
    let why = match call.obligation() {
        Some(obligation) => format!(
            "the snapshot is without its answer and says so; with it the obligation `{obligation}` fails"
        ),
        None => "the snapshot is without its answer and says so; no verdict rests on it, and `topology check` cannot look at it".to_owned(),
    };
    Diagnostic {
        severity: Severity::Warning,
        ..fault.diagnostic(&why)
    }
}

/// Keeps snapshots: one in a file, several in a folder; and one in a folder, if there is one of that name.
///
/// # Errors
/// A file or folder that cannot be written; nothing is half written then.
pub fn save(path: &Path, snapshots: &[Snapshot]) -> Result<(), Vec<Diagnostic>> {
    let target = Target::File(path.to_owned());
    write(&target, snapshots, snapshots.len() > 1)
}

fn write(target: &Target, snapshots: &[Snapshot], several: bool) -> Result<(), Vec<Diagnostic>> {
    let failed = |target: &Target, error: &io::Error| vec![output::failed(target, error)];
    let targets: Vec<Target> = match target {
        Target::File(path) if several || is_folder(path) => {
            fs::create_dir_all(path).map_err(|error| failed(target, &error))?;
            let files = snapshots
                .iter()
                .map(|snapshot| path.join(snapshot.file_name()));
            let files: Vec<PathBuf> = files.collect();
            twice(&files).map_or(Ok(()), |file| Err(vec![same_place(file)]))?;
            files.into_iter().map(Target::File).collect()
        }
        target => snapshots.iter().map(|_| target.clone()).collect(),
    };
    let mut ready = Vec::new();
    for (target, snapshot) in targets.iter().zip(snapshots) {
        let written =
            Output::create(target).and_then(|mut out| out.write_all(&snapshot.json).map(|()| out));
        match written {
            Ok(out) => ready.push((target, out)),
            Err(error) if output::is_broken_pipe(&error) => {}
            Err(error) => return Err(failed(target, &error)),
        }
    }
    for (target, out) in ready {
        match out.commit() {
            Err(error) if !output::is_broken_pipe(&error) => return Err(failed(target, &error)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Whether a folder is meant, by what is there or by how it is written.
fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.to_string_lossy().ends_with(std::path::MAIN_SEPARATOR)
}

fn twice(files: &[PathBuf]) -> Option<&PathBuf> {
    let mut others = files.iter().enumerate();
    others.find_map(|(place, file)| files[..place].contains(file).then_some(file))
}

fn same_place(file: &Path) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "output-failed",
        "two snapshots would be written to one file",
        "one would hide the other, and it may have been taken with more rights",
        "name one profile or role for each account",
    )
    .at(Location::source(file.display().to_string()))
}

/// Several snapshots need a folder.
///
/// # Errors
/// In words: stdout, or a file's name.
pub fn check(asked: &args::Snapshot) -> Result<(), String> {
    if remote::asks(&asked.aws).len() < 2 {
        return Ok(());
    }
    let what = match &asked.output {
        Target::Stdout => "stdout".to_owned(),
        Target::File(path) => {
            let named = path.extension().is_some_and(|ending| ending == "json");
            let there = path.exists() && !path.is_dir();
            if !named && !there {
                return Ok(());
            }
            format!(
                "the file {}",
                flowproof::diag::show(&path.display().to_string())
            )
        }
    };
    Err(format!(
        "several Regions, profiles or roles make several snapshots, and --output is {what}\n\n  help: name a folder, for example --output topologies"
    ))
}
