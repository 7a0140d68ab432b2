//! The pipeline: inputs in parallel, and within one input the next batch is decoded while this one is weighed.
//!
//! In: inputs, topology, plan. Out: one tally and the inputs' reports. Each thread has its own classes and its own tally, and takes one
//! input after the other. A rayon worker never waits for another: `join` runs both halves itself if nobody else is free, so one
//! thread is as right as eight.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use flowproof::classify::Classifier;
use flowproof::diag::{Diagnostic, Severity, show};
use flowproof::ingest::{Input, InputReader, ReadOptions};
use flowproof::model::batch::FlowBatch;
use flowproof::model::evidence::InputReport;
use flowproof::model::field::FieldSet;
use flowproof::model::format::{Format, FormatError};
use flowproof::topology::World;
use flowproof::topology::cells::Cells;
use flowproof::verify::{InputFacts, Plan, Tally, Weigher};

use super::args;
use super::progress::Progress;

/// What becomes of batches.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// They are weighed and forgotten; these fields are asked for.
    Weighed(FieldSet),
    /// Their rows are written, or asked about, with all that they have.
    Written,
}

impl Fate {
    /// Rows of a batch, as many as memory allows. Of more, a batch and what its classes are weighed by leave a second-level cache of 512 KiB before
    /// they are used; but one that is written has forty columns, which cost something each.
    fn rows_max(self) -> u64 {
        match self {
            Fate::Weighed(_) => 2_048,
            Fate::Written => 8_192,
        }
    }
}

const BATCH_ROWS_MIN: u64 = 512;
/// What a row may take in all its forms: columns, tags, text of the piece that it came from.
const ROW_BYTES: u64 = 1_024;

/// Inputs whose bytes are on their way before a thread opens them; each holds a bounded buffer.
pub const AHEAD_PER_THREAD: usize = 4;

/// How inputs are read.
///
/// # Errors
/// A `--log-format` that is none.
pub fn read_options(
    input: &args::Input,
    world: &World,
    fate: Fate,
    stop: &Arc<AtomicBool>,
) -> Result<ReadOptions, Vec<Diagnostic>> {
    let threads = u64::try_from(rayon::current_num_threads()).unwrap_or(1);
    // Two batches a thread are alive: one decoded, one weighed. Half of the memory is left to everything else.
    let rows =
        (input.work.memory / 2 / threads / 2 / ROW_BYTES).clamp(BATCH_ROWS_MIN, fate.rows_max());
    let (projection, keep_texts) = match fate {
        Fate::Weighed(fields) => (fields, true),
        Fate::Written => (FieldSet::ALL, false),
    };
    let mut options = ReadOptions {
        projection,
        described: world.described_formats(),
        batch_rows: usize::try_from(rows).unwrap_or(1),
        keep_texts,
        stop: Arc::clone(stop),
        ..ReadOptions::default()
    };
    if let Some(text) = &input.log_format {
        options.log_format =
            Some(Format::parse(text).map_err(|error| vec![bad_format(text, &error)])?);
    }
    Ok(options)
}

fn bad_format(text: &str, error: &FormatError) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "format-bad",
        format!("--log-format cannot be used: {error}"),
        "values read under wrong names would make a wrong verdict",
        "write it as AWS does: --log-format '${version} ${account-id} ${interface-id} …'",
    )
    .got(format!("`{}`", show(text)))
}

/// Bytes to read, if every input tells its size.
pub fn total_bytes(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(Input::size).sum()
}

/// Tells inputs that they will be opened soon.
pub fn prepare(inputs: &[Input], soon: std::ops::Range<usize>) {
    for input in inputs.iter().take(soon.end).skip(soon.start) {
        input.prepare();
    }
}

/// Weighs all inputs.
pub fn weigh(
    inputs: &[Input],
    options: &ReadOptions,
    world: &World,
    plan: &Plan<'_>,
    progress: &Progress,
) -> (Tally, Vec<InputReport>) {
    type Part = (Tally, Vec<(usize, InputReport)>);
    let questions = plan.questions();
    let cells = Cells::new(world, &questions);
    // In order, so that what comes next is known, and its bytes are on their way before a thread is free for them.
    let workers = rayon::current_num_threads().min(inputs.len());
    let (next, ahead) = (AtomicUsize::new(0), AHEAD_PER_THREAD * workers);
    let busy = AtomicUsize::new(workers);
    prepare(inputs, 0..ahead);
    let work = |_| -> Part {
        let mut classifier = Classifier::new(&cells, &questions);
        let mut weigher = Weigher::new(plan);
        let mut reports = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            prepare(inputs, index + ahead..index + ahead + 1);
            let Some(input) = inputs.get(index) else {
                break;
            };
            let facts = InputFacts {
                index: u32::try_from(index).unwrap_or(u32::MAX),
                flow_log: input.flow_log().map(str::to_owned),
            };
            let alone = || busy.load(Ordering::Relaxed) < rayon::current_num_threads();
            let report = each_batch(input, options, progress, alone, |batch| {
                weigher.observe(&batch, classifier.classify(&batch), &facts);
            });
            reports.push((index, report));
        }
        busy.fetch_sub(1, Ordering::Relaxed);
        (weigher.finish(), reports)
    };
    let join = |a: Part, b: Part| {
        let mut reports = a.1;
        reports.extend(b.1);
        (a.0.merge(b.0), reports)
    };
    let (tally, mut reports) = (0..workers)
        .into_par_iter()
        .with_max_len(1)
        .map(work)
        .reduce(Part::default, join);
    reports.sort_by_key(|(index, _)| *index);
    (
        tally,
        reports.into_iter().map(|(_, report)| report).collect(),
    )
}

/// Reads one input, handing over each batch; while the next is decoded, if a thread has nothing else to do.
pub fn each_batch(
    input: &Input,
    options: &ReadOptions,
    progress: &Progress,
    is_alone: impl Fn() -> bool,
    mut take: impl FnMut(FlowBatch) + Send,
) -> InputReport {
    let mut reader = InputReader::open(input, options);
    let mut read = 0;
    let mut next = reader.next_batch();
    while let Some(batch) = next {
        let rows = u64::try_from(batch.len()).unwrap_or(0);
        next = if is_alone() {
            rayon::join(|| take(batch), || reader.next_batch()).1
        } else {
            take(batch);
            reader.next_batch()
        };
        progress.add_records(rows);
        progress.add_bytes(reader.bytes_read().saturating_sub(read));
        read = reader.bytes_read();
    }
    progress.add_bytes(reader.bytes_read().saturating_sub(read));
    reader.into_report()
}
