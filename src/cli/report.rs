//! `flowproof report`: reports from evidence alone; several evidences are joined to one first. Judges no traffic.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::model::evidence::Evidence;
use flowproof::seal::join::join;
use flowproof::seal::manifest::EVIDENCE;
use flowproof::seal::{self, consistent};

use super::args_evidence::Report;
use super::console::Console;
use super::deliver;
use super::exit::Outcome;
use super::values::Target;

/// Runs the command: 0, or 2 if there is no evidence, the evidences do not join, or a report cannot be written.
pub fn run(asked: &Report) -> Outcome {
    let console = Console::new(asked.speech);
    let rendered = evidence(&asked.evidences()).and_then(|evidence| {
        let joined = evidence.diagnostics.iter();
        console.say_all(joined.filter(|said| said.code == "join-mixed"));
        let outputs = deliver::reports(&evidence, &asked.reports(), asked.speech);
        let delivered = outputs.and_then(|outputs| deliver::deliver(outputs, None, None));
        delivered.map_err(|problem| vec![*problem])
    });
    match rendered {
        Ok(()) => Outcome::Done,
        Err(problems) => {
            console.say_all(&problems);
            Outcome::NoVerdict
        }
    }
}

/// The only evidence as it is, or all of them joined.
///
/// # Errors
/// One that cannot be read; evidences that do not join, or do not agree with themselves.
pub fn evidence(from: &[&Target]) -> Result<Evidence, Vec<Diagnostic>> {
    let mut parts = Vec::new();
    for place in from {
        let (name, bytes) = read(place).map_err(|problem| vec![*problem])?;
        let evidence = seal::read(&name, &bytes).map_err(|problem| vec![*problem])?;
        parts.push((name, evidence));
    }
    intact(&parts)?;
    join(parts)
}

/// A verdict that does not follow from the rest of its document is shown to nobody, and a verdict over several is not made of it.
fn intact(parts: &[(String, Evidence)]) -> Result<(), Vec<Diagnostic>> {
    let mut problems = Vec::new();
    for (name, evidence) in parts {
        for mut problem in consistent(evidence) {
            for place in &mut problem.at {
                name.clone_into(&mut place.source);
            }
            problems.push(problem);
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// An evidence's name and bytes: of a file, of the bundle in a folder, or of stdin.
///
/// # Errors
/// A file that cannot be read, or is too large to be one.
pub fn read(from: &Target) -> Result<(String, Vec<u8>), Box<Diagnostic>> {
    let place = place(from);
    let name = place
        .as_ref()
        .map_or_else(|| "-".to_owned(), |file| file.display().to_string());
    let bytes = match &place {
        None => limited(io::stdin()),
        Some(file) => File::open(file).and_then(limited),
    };
    match bytes {
        Ok(bytes) => Ok((name, bytes)),
        Err(error) => Err(Box::new(
            Diagnostic::new(
                Severity::Error,
                "evidence-unreadable",
                format!("the evidence cannot be read: {error}"),
                "what cannot be read can neither be shown nor checked",
                "name the file that `flowproof verify --evidence FILE` wrote, or the folder of --bundle",
            )
            .at(Location::source(name)),
        )),
    }
}

/// The file of the evidence; `None` is stdin.
pub fn place(from: &Target) -> Option<PathBuf> {
    from.file().map(|file| {
        if file.is_dir() {
            file.join(EVIDENCE)
        } else {
            Path::to_path_buf(file)
        }
    })
}

fn limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is allowed shows that there is more, without reading it all.
    from.take(seal::read::BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(read) if read <= seal::read::BYTES_MAX => Ok(bytes),
        Ok(_) | Err(_) => Err(io::Error::other("it is too large to be one")),
    }
}
