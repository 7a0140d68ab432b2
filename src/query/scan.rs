//! The scan of `flows`: inputs in, batches of the asked columns out, on as many threads as there are partitions.
//!
//! ```text
//!  inputs ─▶ decoders ─▶ bounded queue ─▶ one worker a partition: window, filters, tags, filters, columns ─▶ DataFusion
//! ```
//!
//! Decoders and workers are threads of their own, for reading blocks. Memory is bounded: a few batches a thread. When nobody wants
//! more (LIMIT), workers end, the queue closes, and decoders leave their inputs: that is no defect of the inputs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{filter_record_batch, prep_null_mask_filter};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result};
use datafusion::physical_expr::PhysicalExpr;

use crate::classify::tags;
use crate::ingest::{Input, InputReader, ReadOptions};
use crate::model::batch::FlowBatch;
use crate::model::field::{Field, FieldSet};
use crate::model::tag::Tags;
use crate::model::window::Window;
use crate::query::columns::{Columns, Rows};
use crate::query::ledger::InputLedger;
use crate::query::sources::Sources;
use crate::topology::World;

/// Batches in the queue for each partition.
const QUEUED: usize = 2;
/// Inputs whose bytes are on their way before a decoder opens them.
const AHEAD: usize = 4;

/// Filters that must all hold, and the columns that they read.
#[derive(Debug, Default)]
pub struct Predicate {
    /// Places of the columns in `flows`.
    pub places: Vec<usize>,
    /// Their names and types, in that order.
    pub schema: Option<SchemaRef>,
    /// What must hold; `None` lets everything pass.
    pub filter: Option<Arc<dyn PhysicalExpr>>,
}

/// What a scan is to do.
#[derive(Debug)]
pub struct Task {
    /// The columns of `flows`.
    pub columns: Arc<Columns>,
    /// Those that are asked for, by place.
    pub projection: Vec<usize>,
    /// Their names and types.
    pub schema: SchemaRef,
    /// Filters on the log's own columns: decided before anything is classified.
    pub of_log: Predicate,
    /// Filters that need the classifier.
    pub of_tags: Predicate,
    /// Rows outside are not there.
    pub window: Window,
    /// Whether SQL bounds the time further, so that fewer inputs are read.
    pub bounded: bool,
    /// What is read.
    pub inputs: Vec<Input>,
    /// The network.
    pub world: Arc<World>,
    /// Where complaints go.
    pub ledger: Arc<InputLedger>,
    /// Who is told of progress.
    pub sources: Arc<dyn Sources>,
}

/// A decoded batch and the index of its input.
type Decoded = Result<(usize, FlowBatch)>;

/// One pass over the inputs, shared by all partitions.
pub struct Pass {
    queue: Mutex<Receiver<Decoded>>,
}

impl Pass {
    /// Begins to decode.
    ///
    /// # Errors
    /// A system without threads.
    pub fn begin(task: &Arc<Task>, threads: usize) -> Result<Arc<Pass>> {
        let (send, receive) = sync_channel(QUEUED * threads);
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..threads.min(task.inputs.len()) {
            let (task, next, send) = (Arc::clone(task), Arc::clone(&next), send.clone());
            let busy = task.ledger.busy();
            std::thread::Builder::new()
                .name("decode".to_owned())
                .spawn(move || {
                    let done = catch_unwind(AssertUnwindSafe(|| decode(&task, &next, &send)));
                    // A decoder that fails must not look like one that is done.
                    if done.is_err() {
                        let _ = send.send(Err(DataFusionError::Execution(
                            "a decoder failed: a fault in this tool".to_owned(),
                        )));
                    }
                    drop(busy);
                })?;
        }
        Ok(Arc::new(Pass {
            queue: Mutex::new(receive),
        }))
    }

    /// The next batch; `None` when all inputs are read.
    fn next(&self) -> Option<Decoded> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.recv().ok()
    }

    /// Works until there is no more, or nobody wants more: `give` says so, and `wanted` before the next batch is looked at.
    ///
    /// # Errors
    /// A filter that cannot be evaluated, such as a division by zero.
    pub fn work(
        &self,
        task: &Task,
        wanted: impl Fn() -> bool,
        give: impl Fn(RecordBatch) -> bool,
    ) -> Result<()> {
        let _busy = task.ledger.busy();
        while wanted() {
            let Some(decoded) = self.next() else {
                // Read to the end: only then is it known that there was nothing.
                if !task.bounded {
                    task.ledger.ask();
                }
                return Ok(());
            };
            let (index, batch) = decoded?;
            let made = task.made(batch, task.inputs[index].uri())?;
            if made.is_some_and(|made| !give(made)) {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Reads inputs, one after the other, until there is none or nobody wants more.
fn decode(task: &Task, next: &AtomicUsize, send: &SyncSender<Decoded>) {
    let options = task.options();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let soon = task.inputs.iter().skip(index + 1).take(AHEAD);
        soon.for_each(Input::prepare);
        let Some(input) = task.inputs.get(index) else {
            return;
        };
        let (mut reader, mut read) = (InputReader::open(input, &options), 0);
        while let Some(batch) = reader.next_batch() {
            let bytes = reader.bytes_read();
            let rows = u64::try_from(batch.len()).unwrap_or(0);
            task.sources.read(rows, bytes.saturating_sub(read));
            read = bytes;
            if send.send(Ok((index, batch))).is_err() {
                task.ledger.add(reader.left());
                return;
            }
        }
        task.sources
            .read(0, reader.bytes_read().saturating_sub(read));
        task.ledger.add(reader.into_report());
    }
}

impl Task {
    /// How inputs are read: only the fields that something here needs.
    fn options(&self) -> ReadOptions {
        let needs = |places: &[usize]| self.columns.needs(places);
        let timed = if self.window == Window::ALL {
            FieldSet::NONE
        } else {
            FieldSet::NONE.with(Field::End)
        };
        ReadOptions {
            projection: needs(&self.projection)
                .union(needs(&self.of_log.places))
                .union(needs(&self.of_tags.places))
                .union(timed),
            ..self.sources.options().clone()
        }
    }

    fn need_tags(&self) -> bool {
        self.columns.need_tags(&self.projection) || self.columns.need_tags(&self.of_tags.places)
    }

    /// The asked columns of the rows that pass; `None` if none does.
    fn made(&self, batch: FlowBatch, uri: &str) -> Result<Option<RecordBatch>> {
        let none = Tags::default();
        let inside = self.in_window(&batch);
        let Some(batch) = kept(batch, inside)? else {
            return Ok(None);
        };
        if !batch.is_empty() {
            self.ledger.find();
        }
        let passes = self.passes(&self.of_log, &batch, &none, uri)?;
        let Some(batch) = kept(batch, passes)? else {
            return Ok(None);
        };
        if !self.need_tags() {
            return self.projected(&batch, &none, uri).map(Some);
        }
        let mut tags = tags(&batch, &self.world);
        let passes = self.passes(&self.of_tags, &batch, &tags, uri)?;
        if let Some(passes) = &passes {
            let mut row = 0;
            tags.rows.retain(|_| {
                row += 1;
                passes.value(row - 1)
            });
        }
        let Some(batch) = kept(batch, passes)? else {
            return Ok(None);
        };
        self.projected(&batch, &tags, uri).map(Some)
    }

    /// Which rows are of the window; `None` is all.
    fn in_window(&self, batch: &FlowBatch) -> Option<BooleanArray> {
        if self.window == Window::ALL {
            return None;
        }
        let end = batch.number(Field::End);
        let inside = |row| self.window.contains(end.and_then(|end| end.get(row)));
        Some((0..batch.len()).map(|row| Some(inside(row))).collect())
    }

    fn projected(&self, batch: &FlowBatch, tags: &Tags, uri: &str) -> Result<RecordBatch> {
        let columns = self.built(&self.projection, batch, tags, uri)?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.len()));
        let schema = Arc::clone(&self.schema);
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }

    fn built(
        &self,
        places: &[usize],
        batch: &FlowBatch,
        tags: &Tags,
        uri: &str,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let rows = Rows {
            batch,
            tags,
            symbols: &self.world.symbols,
            uri,
        };
        let columns = places.iter().map(|place| self.columns.build(*place, &rows));
        columns.collect()
    }

    /// Which rows the filters let pass; `None` is all.
    fn passes(
        &self,
        predicate: &Predicate,
        batch: &FlowBatch,
        tags: &Tags,
        uri: &str,
    ) -> Result<Option<BooleanArray>> {
        let (Some(filter), Some(schema)) = (&predicate.filter, &predicate.schema) else {
            return Ok(None);
        };
        let columns = self.built(&predicate.places, batch, tags, uri)?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.len()));
        let narrow = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?;
        let passes = filter.evaluate(&narrow)?.into_array(batch.len())?;
        let Some(passes) = passes.as_boolean_opt() else {
            return Err(DataFusionError::Internal(
                "a filter is not of truth values".to_owned(),
            ));
        };
        // Null is not true.
        Ok(Some(if passes.nulls().is_some() {
            prep_null_mask_filter(passes)
        } else {
            passes.clone()
        }))
    }
}

/// The rows that pass; `None` if there is none.
fn kept(batch: FlowBatch, passes: Option<BooleanArray>) -> Result<Option<FlowBatch>, ArrowError> {
    let Some(passes) = passes else {
        return Ok(Some(batch));
    };
    match passes.true_count() {
        0 => Ok(None),
        all if all == batch.len() => Ok(Some(batch)),
        _ => {
            let records = filter_record_batch(batch.records()?, &passes)?;
            let rows = || (0..batch.len()).filter(|row| passes.value(*row));
            let statuses = rows().map(|row| batch.statuses()[row]).collect();
            let lines = rows().map(|row| batch.lines()[row]).collect();
            FlowBatch::new(records, statuses, lines).map(Some)
        }
    }
}
