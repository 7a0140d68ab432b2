//! `--bundle DIR`: the evidence with everything that it rests on but the logs, written whole; and how `check` reads it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::model::evidence::Evidence;
use flowproof::report::{self, Format, Style};
use flowproof::seal::key::PrivateKey;
use flowproof::seal::manifest::{
    self, ENVELOPE, EVIDENCE, Entry, MANIFEST, Manifest, Role, sha256,
};
use flowproof::{policy, topology};
use tempfile::TempDir;

use super::output;
use super::values::{ReportTo, Target};
use super::verify::Rests;
use super::{deliver, signing};

/// What goes into a bundle.
pub struct Contents<'a> {
    pub evidence: &'a Evidence,
    pub rests: &'a Rests,
    pub reports: &'a [ReportTo],
    pub log_format: Option<&'a str>,
    pub key: Option<&'a PrivateKey>,
}

/// A bundle under a temporary name.
pub struct Staged {
    temp: TempDir,
    folder: PathBuf,
}

/// Whether a bundle may be put there: nothing is there, or an empty folder.
///
/// # Errors
/// `bundle-in-the-way`.
pub fn is_free(folder: &Path) -> Result<(), Box<Diagnostic>> {
    let free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if free {
        return Ok(());
    }
    Err(Box::new(
        Diagnostic::new(
            Severity::Error,
            "bundle-in-the-way",
            "there is something at the place of the bundle already",
            "files of two runs in one folder would tell two stories",
            "name a folder that is empty, or is not there yet",
        )
        .at(Location::source(folder.display().to_string())),
    ))
}

/// Writes a bundle beside its place.
///
/// # Errors
/// A file that cannot be written.
pub fn stage(folder: &Path, contents: &Contents<'_>) -> Result<Staged, Box<Diagnostic>> {
    is_free(folder)?;
    let target = Target::File(folder.to_owned());
    let failed = |error: io::Error| Box::new(output::failed(&target, &error));
    let files = files(contents, &target)?;
    let manifest = Manifest {
        schema: manifest::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        log_format: contents.log_format.map(str::to_owned),
        files: files.iter().map(|(entry, _)| entry.clone()).collect(),
    };
    let list = manifest
        .to_json()
        .map_err(|error| failed(io::Error::other(error)))?;
    let temp = temporary(folder).map_err(failed)?;
    let write = |name: &str, bytes: &[u8]| {
        let file = temp.path().join(name);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = fs::File::create(file)?;
        out.write_all(bytes)?;
        // Full disks and network file systems may tell of a lost write only here.
        out.sync_all()
    };
    for (entry, bytes) in &files {
        write(&entry.file, bytes).map_err(failed)?;
    }
    write(MANIFEST, &list).map_err(failed)?;
    if let Some(key) = contents.key {
        let digest = sha256(&list);
        let signed = signing::envelope(contents.evidence, Some(&digest), key, &target)?;
        write(ENVELOPE, &signed).map_err(failed)?;
    }
    Ok(Staged {
        temp,
        folder: folder.to_owned(),
    })
}

impl Staged {
    /// Puts it in its place.
    ///
    /// # Errors
    /// A folder that cannot be renamed.
    pub fn commit(self) -> Result<(), Box<Diagnostic>> {
        match fs::rename(self.temp.path(), &self.folder) {
            Ok(()) => {
                output::finished(self.temp.path());
                // It is in its place now, and no longer there to be removed.
                let _ = self.temp.keep();
                Ok(())
            }
            Err(error) => {
                let target = Target::File(self.folder);
                Err(Box::new(output::failed(&target, &error)))
            }
        }
    }
}

/// A folder beside `place`, with the permissions that any new folder would have.
fn temporary(place: &Path) -> io::Result<TempDir> {
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".flowproof-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let temp = builder.tempdir_in(folder)?;
    output::begun(temp.path());
    Ok(temp)
}

type File = (Entry, Vec<u8>);

fn files(contents: &Contents<'_>, target: &Target) -> Result<Vec<File>, Box<Diagnostic>> {
    let rests = contents.rests;
    let failed = |error: io::Error| Box::new(output::failed(target, &error));
    let mut files: Vec<File> = Vec::new();
    let mut add = |file: String, role: Role, format: Option<Format>, bytes: Vec<u8>| {
        let entry = Entry {
            file,
            role,
            format: format.map(|format| format.as_str().to_owned()),
            sha256: sha256(&bytes),
        };
        files.push((entry, bytes));
    };
    let evidence = deliver::evidence(contents.evidence, target)?;
    add(EVIDENCE.to_owned(), Role::Evidence, None, evidence);
    for (index, document) in rests.documents.iter().enumerate() {
        let name = format!("topology/{:04}.json", index + 1);
        add(name, Role::Topology, None, document.bytes.clone());
    }
    let text = rests
        .policy
        .as_ref()
        .map_or(policy::BUILT_IN, |(_, text)| text);
    add("policy.toml".to_owned(), Role::Policy, None, text.into());
    let ranges = match &rests.ranges {
        Some((_, bytes)) => bytes.clone(),
        None => topology::ranges::built_in_json().map_err(failed)?,
    };
    add("ip-ranges.json".to_owned(), Role::IpRanges, None, ranges);
    if let Some(metrics) = &rests.metrics {
        add(
            "metrics.json".to_owned(),
            Role::Metrics,
            None,
            metrics.clone(),
        );
    }
    let mut formats: Vec<Format> = contents.reports.iter().map(|to| to.format).collect();
    formats.sort_unstable();
    formats.dedup();
    for format in formats {
        let bytes = report::render(contents.evidence, format, Style::default());
        let bytes = bytes.map_err(|error| failed(io::Error::other(error)))?;
        let name = format!("reports/report.{}", ending(format));
        add(name, Role::Report, Some(format), bytes);
    }
    Ok(files)
}

/// What files of a format end in; no two the same.
fn ending(format: Format) -> &'static str {
    match format {
        Format::Text => "txt",
        Format::Json => "json",
        Format::Markdown => "md",
        Format::Html => "html",
        Format::Junit => "junit.xml",
        Format::Sarif => "sarif",
        Format::Ocsf => "ocsf.jsonl",
        Format::Csv => "csv",
    }
}
