//! Reads what `verify --bundle` wrote, and says what is not as it was written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flowproof::diag::Diagnostic;
use flowproof::model::evidence::Evidence;
use flowproof::report::{self, Format, Style};
use flowproof::seal::manifest::{self, ENVELOPE, Entry, MANIFEST, Manifest, Role, sha256};
use flowproof::seal::read::BYTES_MAX;

/// A bundle, read.
pub struct Bundle {
    pub manifest: Manifest,
    /// Of the manifest itself: a signature's subject.
    pub digest: String,
    files: BTreeMap<String, Vec<u8>>,
    folder: PathBuf,
}

/// Reads every file that the manifest names; complaints beside it, each about a file that is not as it was written.
///
/// # Errors
/// Without a manifest as it was written there is no bundle.
pub fn open(folder: &Path) -> Result<(Bundle, Vec<Diagnostic>), Box<Diagnostic>> {
    let list = folder.join(MANIFEST);
    let name = list.display().to_string();
    let bytes = limited(&list).map_err(|error| {
        manifest::changed(
            &name,
            "the list of contents cannot be read",
            &error.to_string(),
        )
    })?;
    let manifest = Manifest::read(&name, &bytes)?;
    let (mut files, mut problems) = (BTreeMap::new(), Vec::new());
    for entry in &manifest.files {
        let place = folder.join(&entry.file);
        let name = place.display().to_string();
        match limited(&place) {
            Ok(bytes) => {
                let digest = sha256(&bytes);
                if digest != entry.sha256 {
                    let got = format!("SHA-256 {digest}, and {} when it was written", entry.sha256);
                    let message = "a file of the bundle was changed";
                    problems.push(*manifest::changed(&name, message, &got));
                }
                files.insert(entry.file.clone(), bytes);
            }
            Err(error) => {
                let message = "a file of the bundle cannot be read";
                problems.push(*manifest::changed(&name, message, &error.to_string()));
            }
        }
    }
    let bundle = Bundle {
        digest: sha256(&bytes),
        manifest,
        files,
        folder: folder.to_owned(),
    };
    Ok((bundle, problems))
}

fn limited(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Bundle {
    /// Name and bytes of its files of a kind.
    pub fn of(&self, role: Role) -> impl Iterator<Item = (String, &[u8])> {
        self.entries(role).filter_map(|entry| {
            let name = self.folder.join(&entry.file).display().to_string();
            Some((name, self.files.get(&entry.file)?.as_slice()))
        })
    }

    fn entries(&self, role: Role) -> impl Iterator<Item = &Entry> {
        let entries = self.manifest.files.iter();
        entries.filter(move |entry| entry.role == role)
    }

    /// How many reports it has, and those that this evidence does not make; `None` if another version wrote them, whose words may
    /// be others.
    pub fn reports(&self, evidence: &Evidence) -> Option<(usize, Vec<Diagnostic>)> {
        if self.manifest.version != env!("CARGO_PKG_VERSION") {
            return None;
        }
        let (mut count, mut problems) = (0, Vec::new());
        for entry in self.entries(Role::Report) {
            count += 1;
            let format = entry.format.as_deref().and_then(Format::from_word);
            let made = format.map(|format| report::render(evidence, format, Style::default()));
            let same = matches!((&made, self.files.get(&entry.file)), (Some(Ok(made)), Some(file)) if made == file);
            if !same {
                let name = self.folder.join(&entry.file).display().to_string();
                let message = "this report is not what the evidence makes";
                let got = "other bytes than `flowproof report` writes";
                problems.push(*manifest::changed(&name, message, got));
            }
        }
        Some((count, problems))
    }

    /// Files in its folder that it does not know.
    pub fn strangers(&self) -> Vec<String> {
        let mut known: BTreeSet<PathBuf> = [MANIFEST, ENVELOPE]
            .into_iter()
            .map(|name| self.folder.join(name))
            .collect();
        known.extend(
            self.manifest
                .files
                .iter()
                .map(|entry| self.folder.join(&entry.file)),
        );
        let (mut folders, mut found) = (vec![self.folder.clone()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let place = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(place);
                } else if !known.contains(&place) {
                    found.push(place.display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}
