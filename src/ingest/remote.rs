//! Sources at AWS: what they need beside their word, and what their listing tells beside inputs.

use crate::aws::{Ask, Aws};
use crate::diag::Diagnostic;
use crate::ingest::source::Input;
use crate::model::format::Format;
use crate::model::window::Window;

/// The way to sources at AWS, and what is asked of them.
#[derive(Clone)]
pub struct Remote {
    /// Connections, budget, timeouts.
    pub aws: Aws,
    /// Whose eyes to look through.
    pub ask: Ask,
    /// Prunes listings, with a margin for late delivery.
    pub window: Window,
    /// Unix seconds: an open window ends here.
    pub now_s: i64,
    /// Read Parquet objects whole, for a sha256 of each, where ranges of the needed columns would do.
    pub full_digest: bool,
    /// Pay for requests to a bucket whose owner does not.
    pub requester_pays: bool,
    /// What the topology tells of flow logs: which log group each writes to, in which format.
    pub flow_logs: Vec<GroupLog>,
}

/// Where a flow log writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A log group by name, in a Region and an account as far as they are told.
    Group {
        /// Its name.
        name: String,
        /// Its Region.
        region: Option<String>,
        /// Its account.
        account: Option<String>,
    },
    /// S3, Firehose, or what AWS may add.
    Elsewhere,
    /// Not told.
    Untold,
}

/// A flow log, as far as its log group is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLog {
    /// `fl-…`
    pub id: String,
    /// Where it writes to.
    pub destination: Destination,
    /// `${version} …`, if it is told and can be read.
    pub format: Option<Format>,
}

/// What a source has.
#[derive(Debug, Default)]
pub struct Listed {
    /// Everything in it, sorted by uri.
    pub inputs: Vec<Input>,
    /// What was left out of the listing, and why; calls that failed and were not needed.
    pub notes: Vec<Diagnostic>,
    /// How long after a record is closed it may still be on its way, in seconds: 600 to S3, 300 to CloudWatch Logs (AWS's
    /// figures); `None` for files, of which nobody knows.
    pub delivery_s: Option<i64>,
}

impl Listed {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Listed) -> Listed {
        self.inputs.extend(other.inputs);
        self.notes.extend(other.notes);
        self.delivery_s = self.delivery_s.max(other.delivery_s);
        self
    }
}
