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
    let (mut documents, mut problems) = (live.to_vec(), Vec::new());
    for file in topologies.files() {
        match documents_of(file) {
            Ok(found) => documents.extend(found),
            Err(problem) => problems.push(*problem),
        }
    }
    let ranges = ranges.ip_ranges.as_deref().map(|file| {
        let bytes = fs::read(file).map_err(|error| unreadable("ranges-bad", file, &error))?;
        Ok::<_, Box<Diagnostic>>((file.display().to_string(), bytes))
    });
    let ranges = match ranges.transpose() {
        Ok(ranges) => ranges,
        Err(problem) => {
            problems.push(*problem);
            None
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    let ranges = ranges
        .as_ref()
        .map(|(source, bytes)| (source.as_str(), bytes.as_slice()));
    World::load(&documents, ranges)
}

/// A file, or all files of a folder: their names do not matter, hidden ones are left out.
fn documents_of(path: &Path) -> Result<Vec<Document>, Box<Diagnostic>> {
    let bad = |at: &Path, error: &std::io::Error| unreadable("topology-bad-json", at, error);
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

fn unreadable(code: &'static str, file: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(
            Severity::Error,
            code,
            format!("this file cannot be read: {error}"),
            "what it holds may decide the verdict, so there is none",
            "check the name and the rights",
        )
        .at(Location::source(file.display().to_string())),
    )
}

/// Reads the policy, or takes the built-in one; warnings beside it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn policy(file: Option<&Path>) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    let Some(file) = file else {
        return Ok((policy::built_in(), Vec::new()));
    };
    let bytes =
        fs::read(file).map_err(|error| vec![*unreadable("policy-bad-toml", file, &error)])?;
    let text = String::from_utf8(bytes).map_err(|_| {
        vec![
            Diagnostic::new(
                Severity::Error,
                "policy-bad-toml",
                "the policy is not UTF-8",
                "a claim that cannot be read cannot be judged",
                "save it as UTF-8",
            )
            .at(Location::source(file.display().to_string())),
        ]
    })?;
    policy::parse(&file.display().to_string(), &text)
}
