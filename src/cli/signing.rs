//! Keys from files, and envelopes.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::model::evidence::Evidence;
use flowproof::seal::key::{BYTES_MAX, PrivateKey, PublicKey};
use flowproof::seal::{dsse, statement};

use super::console::Console;
use super::load;
use super::output;
use super::values::Target;

/// Where the envelope of an evidence stands: beside it.
pub fn envelope_of(evidence: &Path) -> PathBuf {
    let mut name = evidence.as_os_str().to_owned();
    name.push(".dsse.json");
    PathBuf::from(name)
}

/// Signs an evidence. `manifest`: the digest of the manifest of its bundle.
///
/// # Errors
/// JSON that cannot be made.
pub fn envelope(
    evidence: &Evidence,
    manifest: Option<&str>,
    key: &PrivateKey,
    target: &Target,
) -> Result<Vec<u8>, Box<Diagnostic>> {
    statement::payload(evidence, manifest)
        .and_then(|payload| dsse::sign(&payload, key))
        .map_err(|error| Box::new(output::failed(target, &io::Error::other(error))))
}

/// Reads the key that signs; warns if others can read it too.
///
/// # Errors
/// A file that cannot be read, or holds no such key.
pub fn private_key(file: &Path, console: Console) -> Result<PrivateKey, Box<Diagnostic>> {
    let pem = text(file)?;
    let key = PrivateKey::from_pem(&file.display().to_string(), &pem)?;
    if let Some(mode) = open_to_others(file) {
        console.say(
            &Diagnostic::new(
                Severity::Warning,
                "key-readable",
                "others can read this private key",
                "whoever has the key can sign evidence as its owner",
                "take the right from them: chmod 600 FILE",
            )
            .at(Location::source(file.display().to_string()))
            .got(format!("mode {mode:o}, expected 600")),
        );
    }
    Ok(key)
}

/// Reads the key that checks.
///
/// # Errors
/// A file that cannot be read, or holds no such key.
pub fn public_key(file: &Path) -> Result<PublicKey, Box<Diagnostic>> {
    PublicKey::from_pem(&file.display().to_string(), &text(file)?)
}

fn text(file: &Path) -> Result<String, Box<Diagnostic>> {
    let mut pem = String::new();
    let read = File::open(file).and_then(|open| open.take(BYTES_MAX).read_to_string(&mut pem));
    match read {
        Ok(_) => Ok(pem),
        Err(error) => Err(load::unreadable(
            file,
            &error,
            "without a key nothing can be signed or checked",
        )),
    }
}

/// The file's mode, if group or others have any right to it.
#[cfg(unix)]
fn open_to_others(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let meta = fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
    let mode = meta.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Option<u32> {
    None
}
