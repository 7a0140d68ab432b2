//! `--state`: the window of this run, and what the file says after it.
//!
//! A lock beside the file is held from its reading to its writing: of two runs at once, each would go on from the same place, and
//! the later one would forget what the other has proven.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::ingest;
use flowproof::model::evidence::{Evidence, TopologyReport};
use flowproof::model::window::{Window, rfc3339};
use flowproof::policy::Policy;
use flowproof::seal::manifest::sha256;
use flowproof::seal::state::{self, Next, State};
use flowproof::topology::World;
use flowproof::verify::{Plan, way_s};

use super::deliver::{self, Bytes};
use super::output;
use super::values::Target;

/// What was remembered, and the lock, which is held for as long as this lives.
pub struct Remembered {
    path: PathBuf,
    state: Option<State>,
    _lock: File,
}

/// Locks and reads the file; there need be none yet.
///
/// # Errors
/// Another run has it; no state, or one that cannot be read; a folder where nothing can be written.
pub fn open(path: &Path) -> Result<Remembered, Vec<Diagnostic>> {
    let lock = locked(path).map_err(|problem| vec![*problem])?;
    Ok(Remembered {
        path: path.to_owned(),
        state: state::read(path)?,
        _lock: lock,
    })
}

fn locked(path: &Path) -> Result<File, Box<Diagnostic>> {
    // Two names of one file have one lock.
    let mut place = fs::canonicalize(path)
        .unwrap_or_else(|_| path.to_owned())
        .into_os_string();
    place.push(".lock");
    let place = PathBuf::from(place);
    let failed = |error: io::Error| Box::new(output::failed(&Target::File(place.clone()), &error));
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&place);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Box::new(
            Diagnostic::new(
                Severity::Error,
                "state-busy",
                "another run has this state",
                "two runs at once would go on from the same place, and one would forget what the other has proven",
                "wait for it to end, or give each its own --state",
            )
            .at(Location::source(path.to_string_lossy())),
        )),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

impl Remembered {
    /// The window to verify now.
    ///
    /// # Errors
    /// No beginning or no end; another network; nothing to verify yet.
    pub fn window(
        &self,
        asked: Window,
        (world, policy): (&World, &Policy),
        sources: &[String],
        now_s: i64,
    ) -> Result<Window, Vec<Diagnostic>> {
        let reports = world.snapshots.iter().map(|snapshot| &snapshot.report);
        state::same_networks(self.state.as_ref(), &TopologyReport::networks(reports))?;
        let takes_s = ingest::delivery_s(sources);
        let settle_s =
            takes_s.map(|takes_s| way_s(&Plan::new(world, policy, Window::ALL), takes_s));
        match state::window(self.state.as_ref(), asked, now_s, settle_s)? {
            Next::Verify(window) => Ok(window),
            Next::NothingYet { since_s, until_s } => Err(vec![self.nothing_yet(since_s, until_s)]),
        }
    }

    fn nothing_yet(&self, since_s: i64, until_s: i64) -> Diagnostic {
        Diagnostic::new(
            Severity::Error,
            "state-nothing-yet",
            "there is no time left to verify",
            "nothing was judged, so there is no verdict (exit 2); what was proven before stays, and no output is written",
            "run again later, or give a later --until",
        )
        .at(Location::source(self.path.to_string_lossy()))
        .got(format!(
            "the next window begins at {}, and would end at {}",
            rfc3339(since_s),
            rfc3339(until_s)
        ))
    }

    /// The file as it is after the run, and what is to be said of it. `kept`: whether the evidence was written to a file.
    ///
    /// # Errors
    /// JSON that cannot be made.
    pub fn after(
        &self,
        evidence: &Evidence,
        kept: bool,
    ) -> Result<(Bytes, Vec<Diagnostic>), Box<Diagnostic>> {
        let target = Target::File(self.path.clone());
        let digest = kept.then(|| deliver::evidence(evidence, &target));
        let digest = digest.transpose()?.map(|bytes| sha256(&bytes));
        let (after, said) = state::after(self.state.as_ref(), evidence, digest);
        let json = after.to_json();
        let json =
            json.map_err(|error| Box::new(output::failed(&target, &io::Error::other(error))))?;
        Ok(((target, json.into_bytes()), said))
    }
}
