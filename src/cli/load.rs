//! What a run rests on, read from files: topology, ip-ranges, policy.

use std::fs;
use std::path::{Path, PathBuf};

use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::policy::{self, Policy};
use flowproof::topology::{Document, World};

use super::args::{Ranges, Topologies};

/// Reads topologies and ranges. `live`: what the EC2 API said.
///
/// # Errors
/// Everything that keeps a file from being read.
pub fn world(
    topologies: &Topologies,
    ranges: &Ranges,
    live: &[Document],
) -> Result<World, Vec<Diagnostic>> {
    let documents = documents(topologies.files()).map(|found| [live.to_vec(), found].concat());
    let (documents, ranges) = both(documents, self::ranges(ranges.ip_ranges.as_deref()))?;
    world_of(&documents, ranges.as_ref())
}

/// A file's name and bytes.
pub type Named<B> = (String, B);

/// Both, or all that is wrong with either.
pub fn both<A, B>(
    a: Result<A, Vec<Diagnostic>>,
    b: Result<B, Vec<Diagnostic>>,
) -> Result<(A, B), Vec<Diagnostic>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err([a, b].concat()),
        (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(problems),
    }
}

/// The world of what has been read.
///
/// # Errors
/// Everything that keeps a document from being understood.
pub fn world_of(
    documents: &[Document],
    ranges: Option<&Named<Vec<u8>>>,
) -> Result<World, Vec<Diagnostic>> {
    let ranges = ranges.map(|(source, bytes)| (source.as_str(), bytes.as_slice()));
    World::load(documents, ranges)
}

/// Reads the files of topologies.
///
/// # Errors
/// Each that cannot be read.
pub fn documents<'f>(
    files: impl Iterator<Item = &'f PathBuf>,
) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match documents_of(file) {
            Ok(found) => documents.extend(found),
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() {
        Ok(documents)
    } else {
        Err(problems)
    }
}

/// Reads an ip-ranges.json, if one was given.
///
/// # Errors
/// A file that cannot be read.
pub fn ranges(file: Option<&Path>) -> Result<Option<Named<Vec<u8>>>, Vec<Diagnostic>> {
    let read = |file: &Path| {
        let bytes = fs::read(file).map_err(|error| vec![*unreadable(file, &error, DECIDES)])?;
        Ok((file.display().to_string(), bytes))
    };
    file.map(read).transpose()
}

/// A file, or all files of a folder: their names do not matter, hidden ones are left out.
fn documents_of(path: &Path) -> Result<Vec<Document>, Box<Diagnostic>> {
    let bad = |at: &Path, error: &std::io::Error| unreadable(at, error, DECIDES);
    let group = path.display().to_string();
    let mut files: Vec<PathBuf> = vec![path.to_owned()];
    if path.is_dir() {
        files.clear();
        for entry in fs::read_dir(path).map_err(|error| bad(path, &error))? {
            let entry = entry.map_err(|error| bad(path, &error))?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if !hidden && !entry.path().is_dir() {
                files.push(entry.path());
            }
        }
        files.sort();
    }
    if files.is_empty() {
        return Err(Box::new(
            Diagnostic::new(
                Severity::Error,
                "topology-empty",
                "there is no file in this folder",
                "without a topology nothing can be told from the internet, so there is no verdict at all",
                "name the folder with the answers of `aws ec2 describe-vpcs`, describe-subnets and so on; names that begin with `.` are not read",
            )
            .at(Location::source(group)),
        ));
    }
    let mut documents = Vec::new();
    for file in files {
        let bytes = fs::read(&file).map_err(|error| bad(&file, &error))?;
        documents.push(Document {
            group: group.clone(),
            source: file.display().to_string(),
            bytes,
        });
    }
    Ok(documents)
}

/// Why a file that a verdict rests on must be read.
const DECIDES: &str = "what it holds may decide the verdict, so there is none";

/// A file that was named and cannot be read: what it should have been does not matter yet.
pub fn unreadable(file: &Path, error: &std::io::Error, why: &str) -> Box<Diagnostic> {
    let (what, help) = if error.kind() == std::io::ErrorKind::NotFound {
        ("there is no such file".to_owned(), "check the name")
    } else {
        (
            format!("this file cannot be read: {error}"),
            "check the name and the rights",
        )
    };
    Box::new(
        Diagnostic::new(Severity::Error, "file-unreadable", what, why, help)
            .at(Location::source(file.display().to_string())),
    )
}

/// Reads the policy's text, if one was given.
///
/// # Errors
/// A file that cannot be read, or is not UTF-8.
pub fn policy_text(file: Option<&Path>) -> Result<Option<Named<String>>, Vec<Diagnostic>> {
    let Some(file) = file else { return Ok(None) };
    let bytes = fs::read(file).map_err(|error| vec![*unreadable(file, &error, DECIDES)])?;
    let name = file.display().to_string();
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some((name, text))),
        Err(_) => Err(vec![
            Diagnostic::new(
                Severity::Error,
                "policy-bad-toml",
                "the policy is not UTF-8",
                "a claim that cannot be read cannot be judged",
                "save it as UTF-8",
            )
            .at(Location::source(name)),
        ]),
    }
}

/// The policy of a text, or the built-in one; warnings beside it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn policy_of(
    text: Option<&Named<String>>,
) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    match text {
        Some((name, text)) => policy::parse(name, text),
        None => Ok((policy::built_in(), Vec::new())),
    }
}

/// Reads the policy, or takes the built-in one; warnings beside it.
///
/// # Errors
/// As [`policy_text`] and [`policy_of`].
pub fn policy(file: Option<&Path>) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    policy_of(policy_text(file)?.as_ref())
}
