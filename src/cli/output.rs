//! Outputs appear whole or not at all: written beside their place, put there by rename.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use flowproof::diag::{Diagnostic, Location, Severity};
use tempfile::{NamedTempFile, TempPath};

use super::values::Target;

/// Temporary files of this process that are neither in place nor removed; for the second Ctrl-C.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every unfinished output of this process.
pub fn remove_unfinished() {
    for place in std::mem::take(&mut *unfinished()) {
        if fs::remove_file(&place).is_err() {
            let _ = fs::remove_dir_all(&place);
        }
    }
}

/// A temporary folder that is to be removed if the run ends before it is in its place.
pub fn begun(folder: &Path) {
    unfinished().insert(folder.to_path_buf());
}

/// It is in its place, or gone.
pub fn finished(folder: &Path) {
    unfinished().remove(folder);
}

/// Whether the reader has gone, which is a quiet end and no failure: the exit code is what it would have been.
pub fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// The complaint about an output that cannot be written.
pub fn failed(target: &Target, error: &io::Error) -> Diagnostic {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "make the folder first, or name another",
        io::ErrorKind::PermissionDenied => "name a folder that you may write to",
        io::ErrorKind::IsADirectory => "name a file in that folder",
        io::ErrorKind::StorageFull => "make room, or name another place",
        _ => "name another place, or `-` for stdout",
    };
    Diagnostic::new(
        Severity::Error,
        "output-failed",
        format!("an output cannot be written: {error}"),
        "a verdict that cannot be read is none, so the run ends without one (exit 2)",
        help,
    )
    .at(Location::source(target.to_string()))
}

/// One output, to a file or to stdout. Nothing is certain before [`Output::commit`].
pub enum Output {
    /// To stdout, as it comes.
    Stdout(BufWriter<Stdout>),
    /// To a file, whole.
    File(AtomicFile),
}

impl Output {
    /// Opens it; a file that stands in its place is left alone until [`Output::commit`].
    pub fn create(target: &Target) -> io::Result<Output> {
        match target {
            Target::Stdout => Ok(Output::Stdout(BufWriter::new(io::stdout()))),
            Target::File(file) => AtomicFile::create(file).map(Output::File),
        }
    }

    /// Puts it in its place.
    pub fn commit(self) -> io::Result<()> {
        match self {
            Output::Stdout(mut out) => out.flush(),
            Output::File(file) => file.commit(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Stdout(out) => out.write(bytes),
            Output::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Stdout(out) => out.flush(),
            Output::File(file) => file.flush(),
        }
    }
}

/// A file that appears whole on [`AtomicFile::commit`], and leaves no trace if it is dropped before.
///
/// A device, a FIFO or one of the process's own streams (`/dev/stdout`) cannot be replaced by rename: it is written directly.
pub struct AtomicFile {
    out: BufWriter<File>,
    /// `None`: written directly. Dropped, it removes the file.
    unfinished: Option<Unfinished>,
}

struct Unfinished {
    /// `None` once it is in place.
    temp: Option<TempPath>,
    registered: PathBuf,
    place: PathBuf,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        drop(self.temp.take());
        unfinished().remove(&self.registered);
    }
}

impl AtomicFile {
    /// Opens a temporary file in the folder of `target`.
    pub fn create(target: &Path) -> io::Result<AtomicFile> {
        let there = fs::metadata(target).ok();
        if there.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let is_stream = target.starts_with("/dev") || target.starts_with("/proc");
        if is_stream || there.as_ref().is_some_and(|meta| !meta.is_file()) {
            // Append: `>> log` behind /dev/stdout keeps what it has.
            let file = OpenOptions::new().append(true).open(target)?;
            return Ok(AtomicFile {
                out: BufWriter::new(file),
                unfinished: None,
            });
        }
        // A link stays a link; the file that it names is replaced.
        let place = match there {
            Some(_) => fs::canonicalize(target)?,
            None => target.to_path_buf(),
        };
        let temp = temporary(&place)?;
        if let Some(meta) = there {
            temp.as_file().set_permissions(meta.permissions())?;
        }
        let registered = temp.path().to_path_buf();
        unfinished().insert(registered.clone());
        let (file, temp) = temp.into_parts();
        Ok(AtomicFile {
            out: BufWriter::new(file),
            unfinished: Some(Unfinished {
                temp: Some(temp),
                registered,
                place,
            }),
        })
    }

    /// Writes what is left and puts the file in its place.
    pub fn commit(mut self) -> io::Result<()> {
        self.out.flush()?;
        let Some(mut unfinished) = self.unfinished.take() else {
            return Ok(());
        };
        // Full disks and network file systems may tell of a lost write only here.
        self.out.get_ref().sync_all()?;
        if let Some(temp) = unfinished.temp.take() {
            temp.persist(&unfinished.place)
                .map_err(|error| error.error)?;
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A file beside `place`, with the permissions that any new file would have.
fn temporary(place: &Path) -> io::Result<NamedTempFile> {
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".flowproof-").suffix(".tmp");
    // Less what the umask takes: 0644 as a rule. The crate's own default, 0600, would keep a report from its readers.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
