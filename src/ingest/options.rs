//! What the caller wants to be read, and how far a reader may go.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::ingest::spare::Spare;
use crate::model::field::FieldSet;
use crate::model::format::Format;

/// How to read every input of a run.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The columns that batches have; values of other fields are checked and dropped.
    pub projection: FieldSet,
    /// The format of logs without a header, as the user says.
    pub log_format: Option<Format>,
    /// The formats of flow logs by id (`fl-…`), as DescribeFlowLogs has them.
    pub described: Vec<(String, Format)>,
    /// Records a batch; at least one.
    pub batch_rows: usize,
    /// Whether batches share their texts: [`BatchBuilder::keeping_texts`](crate::model::batch::BatchBuilder::keeping_texts).
    pub keep_texts: bool,
    /// How far to go.
    pub limits: Limits,
    /// Buffers of readers that have ended, for those that begin.
    pub spare: Arc<Spare>,
    /// Set it, and every reader ends at its next piece; its input is then not whole.
    pub stop: Arc<AtomicBool>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            projection: FieldSet::ALL,
            log_format: None,
            described: Vec::new(),
            batch_rows: 16_384,
            keep_texts: false,
            limits: Limits::default(),
            spare: Arc::default(),
            stop: Arc::default(),
        }
    }
}

/// Bounds on what an input may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line. AWS's longest records, with every ARN and tag, stay below 8 KiB.
    pub line_bytes: usize,
    /// The most that an input may unzip to. AWS's own files end at 75 MB zipped; beyond this it is a bomb.
    pub object_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line_bytes: 64 << 10,
            object_bytes: 64 << 30,
        }
    }
}
