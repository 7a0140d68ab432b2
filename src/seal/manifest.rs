//! What a bundle holds: `manifest.json`, written by `verify --bundle` and read by `check DIR`.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::name::hex;

/// The schema's name.
pub const SCHEMA: &str = "flowproof.bundle/v1";
/// The manifest's own file.
pub const MANIFEST: &str = "manifest.json";
/// The evidence in a bundle.
pub const EVIDENCE: &str = "evidence.json";
/// What is appended to the evidence's name for its envelope; in a bundle it stands for `.json`.
pub const ENVELOPE: &str = "evidence.dsse.json";

/// A bundle's list of contents, and how its verdict was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version that wrote it.
    pub version: String,
    /// `--log-format`, if it was given: the one option that the evidence does not tell.
    pub log_format: Option<String>,
    /// Every file but this one and the envelope, by name.
    pub files: Vec<Entry>,
}

/// What a file of a bundle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The evidence.
    Evidence,
    /// A topology file.
    Topology,
    /// The policy.
    Policy,
    /// The published ranges.
    IpRanges,
    /// CloudWatch's counters.
    Metrics,
    /// A report: it can be made again from the evidence.
    Report,
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name in the bundle, with `/` between folders.
    pub file: String,
    /// What it is.
    pub role: Role,
    /// The report's format.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub format: Option<String>,
    /// Of its bytes.
    pub sha256: String,
}

/// SHA-256 in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Manifest {
    /// As it is written.
    ///
    /// # Errors
    /// serde_json's, which has no cause to refuse.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        Ok(json)
    }

    /// Reads it, byte for byte as it was written; `source` is its name in complaints.
    ///
    /// # Errors
    /// `bundle-changed` for anything else.
    pub fn read(source: &str, bytes: &[u8]) -> Result<Manifest, Box<Diagnostic>> {
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| {
            changed(
                source,
                "the list of contents cannot be read",
                &error.to_string(),
            )
        })?;
        if manifest.schema != SCHEMA {
            let got = format!("`{}`, expected `{SCHEMA}`", manifest.schema);
            return Err(changed(source, "a bundle of another schema", &got));
        }
        if manifest.to_json().ok().as_deref() != Some(bytes) {
            let got = "other blanks, order or escapes";
            return Err(changed(
                source,
                "the list of contents is not as it was written",
                got,
            ));
        }
        let wild = |entry: &&Entry| {
            let mut parts = entry.file.split('/');
            entry.file.contains('\\')
                || parts.any(|part| part.is_empty() || part == ".." || part == ".")
        };
        if let Some(entry) = manifest.files.iter().find(wild) {
            return Err(changed(source, "a file outside of the bundle", &entry.file));
        }
        Ok(manifest)
    }
}

/// The complaint about a bundle that is not what was written.
pub fn changed(source: &str, message: &str, got: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(
            Severity::Error,
            "bundle-changed",
            message,
            "what was changed, lost or added since could tell another story than the evidence",
            "take the bundle as `flowproof verify --bundle DIR` wrote it",
        )
        .at(Location::source(source))
        .got(show(got)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_it_was_written_or_not_at_all() {
        let manifest = Manifest {
            schema: SCHEMA.to_owned(),
            version: "0.1.0".to_owned(),
            log_format: None,
            files: vec![Entry {
                file: "topology/1.json".to_owned(),
                role: Role::Topology,
                format: None,
                sha256: sha256(b""),
            }],
        };
        let json = manifest.to_json().unwrap();
        assert_eq!(Manifest::read("m", &json).unwrap(), manifest);
        for index in 0..json.len() {
            let mut other = json.clone();
            other[index] ^= 1;
            assert_ne!(
                Manifest::read("m", &other).ok().as_ref(),
                Some(&manifest),
                "byte {index}"
            );
        }
        for wild in ["../x", "/etc/passwd", "a/../../x", "a\\..\\x", ""] {
            let mut other = manifest.clone();
            other.files[0].file = wild.to_owned();
            assert!(
                Manifest::read("m", &other.to_json().unwrap()).is_err(),
                "{wild}"
            );
        }
    }
}
