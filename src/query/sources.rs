//! What a session asks of its surroundings; `cli` answers. So nothing here knows of options, accounts or policies.

use std::fmt;

use crate::diag::Diagnostic;
use crate::ingest::{Input, ReadOptions};
use crate::model::evidence::Evidence;
use crate::model::window::Window;

/// Where records come from, and what a judgement of them would be.
pub trait Sources: Send + Sync {
    /// The inputs that may hold records of the window. Asked once for each scan; each input can be opened any number of times.
    ///
    /// # Errors
    /// A source that cannot be listed to its end.
    fn inputs(&self, window: Window) -> Result<Vec<Input>, Vec<Diagnostic>>;

    /// Those whose formats tell the columns of `flows`: of the inputs that cost nothing to open.
    ///
    /// # Errors
    /// As [`Sources::inputs`].
    fn samples(&self) -> Result<Vec<Input>, Vec<Diagnostic>>;

    /// How inputs are read; the projection is the scan's own.
    fn options(&self) -> &ReadOptions;

    /// Only records of this window are there.
    fn window(&self) -> Window;

    /// What `verify` says of the same records, judged by the policy that was given.
    ///
    /// # Errors
    /// Whatever keeps a run of `verify` from ending in evidence.
    fn evidence(&self) -> Result<Evidence, Vec<Diagnostic>>;

    /// Something is to be said that takes nothing from the answer but must be known.
    fn say(&self, diagnostic: &Diagnostic);

    /// Records and stored bytes that were read since the last call.
    fn read(&self, records: u64, bytes: u64);
}

impl fmt::Debug for dyn Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sources")
    }
}

/// Complaints on their way through DataFusion's errors.
#[derive(Debug)]
pub struct Problems(pub Vec<Diagnostic>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| problem.fmt(f))
    }
}

impl std::error::Error for Problems {}
