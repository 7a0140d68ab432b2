//! `flowproof report`: reports from evidence alone. Decides nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::seal;
use flowproof::seal::manifest::EVIDENCE;

use super::args_evidence::Report;
use super::console::Console;
use super::deliver;
use super::exit::Outcome;
use super::values::Target;

/// Runs the command: 0, or 2 if there is no evidence, or a report cannot be written.
pub fn run(asked: &Report) -> Outcome {
    let rendered = read(&asked.evidence).and_then(|(name, bytes)| {
        let evidence = seal::read(&name, &bytes)?;
        let outputs = deliver::reports(&evidence, &asked.reports(), asked.speech)?;
        deliver::deliver(outputs, None)
    });
    match rendered {
        Ok(()) => Outcome::Done,
        Err(problem) => {
            Console::new(asked.speech).say(&problem);
            Outcome::NoVerdict
        }
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
