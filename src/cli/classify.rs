//! `flowproof classify`: every record with the path that it took, in the order of the inputs.

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use flowproof::classify::Classifier;
use flowproof::classify::columns::{output_fields, schema, with_classes};
use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::ingest::{self, Input, InputReader, ReadOptions};
use flowproof::model::batch::FlowBatch;
use flowproof::model::evidence::InputReport;
use flowproof::model::field::{Field, FieldSet};
use flowproof::model::question::Questions;
use flowproof::model::window::Window;
use flowproof::report::rows::{self, GROUP_ROWS, RowFormat, RowWriter, union_schema};
use flowproof::topology::cells::Cells;

use super::args::{Classify, OutputFormat};
use super::console::Console;
use super::exit::Outcome;
use super::judge::interrupted;
use super::output::{self, Output};
use super::progress::Progress;
use super::values::Target;
use super::verify::say_inputs;
use super::{load, pipeline, remote};

/// Batches decoded at a time for each thread, at most.
const BATCHES_PER_THREAD: usize = 4;
/// Rows of the batch that shows an input's format.
const PEEK_ROWS: usize = 256;

/// Runs the command.
pub fn run(asked: &Classify, now_s: i64, stop: &Arc<AtomicBool>) -> Outcome {
    let console = Console::new(asked.speech);
    match write(asked, now_s, stop, console) {
        Ok(inputs) => {
            say_inputs(&inputs, console);
            if inputs.iter().all(|input| input.whole) {
                Outcome::Done
            } else {
                Outcome::NoVerdict
            }
        }
        Err(Stop::Problems(problems)) => {
            console.say_all(&problems);
            Outcome::NoVerdict
        }
        Err(Stop::Output(error)) if error.is_closed_pipe() => Outcome::Done,
        Err(Stop::Output(error)) => {
            console.say(&problem_of(&asked.output, &error));
            Outcome::NoVerdict
        }
    }
}

enum Stop {
    Problems(Vec<Diagnostic>),
    Output(rows::Error),
}

impl From<Vec<Diagnostic>> for Stop {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Stop::Problems(problems)
    }
}

impl From<rows::Error> for Stop {
    fn from(error: rows::Error) -> Self {
        Stop::Output(error)
    }
}

impl From<arrow::error::ArrowError> for Stop {
    fn from(error: arrow::error::ArrowError) -> Self {
        Stop::Output(error.into())
    }
}

fn problem_of(target: &Target, error: &rows::Error) -> Diagnostic {
    match error {
        rows::Error::ColumnNotInOutput { name } => Diagnostic::new(
            Severity::Error,
            "column-not-in-output",
            format!("a header in mid-file brings the column `{}`", flowproof::diag::show(name)),
            "the output's header is written already, so its values would be lost; no output was written",
            "split that file before its second header",
        )
        .at(Location::source(target.to_string())),
        rows::Error::Io(error) => output::failed(target, error),
        other => output::failed(target, &std::io::Error::other(other.to_string())),
    }
}

fn write(
    asked: &Classify,
    now_s: i64,
    stop: &Arc<AtomicBool>,
    console: Console,
) -> Result<Vec<InputReport>, Stop> {
    let aws = remote::way(&asked.input)?;
    let live = remote::topologies(&asked.input, aws.as_ref(), now_s)?;
    let world = load::world(
        &asked.input.topologies,
        &asked.input.ranges,
        &live.documents,
    )?;
    let window = asked.input.window(now_s);
    let remote = remote::sources(&asked.input, aws.as_ref(), &world, window, now_s);
    let listed = ingest::list(&asked.input.sources, remote.as_ref())?;
    console.say_all(live.notes.iter().chain(&listed.notes));
    let inputs = listed.inputs;
    let options = pipeline::read_options(&asked.input, &world, pipeline::Fate::Written, stop)?;
    let opened = Opened::new(&inputs, &options)?;
    let format = match asked.format().map_err(|message| vec![usage(&message)])? {
        OutputFormat::Parquet => RowFormat::Parquet,
        OutputFormat::Csv => RowFormat::Csv,
        OutputFormat::Jsonl => RowFormat::JsonLines,
        OutputFormat::Arrow => RowFormat::Arrow,
    };
    let format = if matches!(asked.output, Target::Stdout) {
        format.for_pipe()
    } else {
        format
    };
    let out = Output::create(&asked.output).map_err(rows::Error::Io)?;
    let mut writer = RowWriter::new(BufWriter::new(out), format, Arc::clone(&opened.schema))?;
    let progress = Progress::new(pipeline::total_bytes(&inputs), asked.speech.quiet);
    let questions = Questions::default();
    let cells = Cells::new(&world, &questions);
    let classifiers = Classifiers::new(&cells, &questions);
    let mut reading = Reading::new(&inputs, opened, &options, &progress);
    copy(&mut reading, &classifiers, window, &mut writer, stop)?;
    progress.finish();
    let mut out = writer.finish()?;
    out.flush().map_err(rows::Error::Io)?;
    let out = out
        .into_inner()
        .map_err(|error| rows::Error::Io(error.into_error()))?;
    out.commit().map_err(rows::Error::Io)?;
    if let Some(aws) = &aws {
        console.note(&remote::summary(aws));
    }
    Ok(reading.reports)
}

fn usage(message: &str) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "output-failed",
        message,
        "without a format nothing can be written",
        "see `flowproof classify --help`",
    )
}

/// Readers whose formats are known: the output's header needs them all before the first record is written.
struct Opened {
    schema: SchemaRef,
    /// By uri: stdin and pipes with a name (`<(…)`) give their bytes once, and cannot be opened again.
    kept: HashMap<String, (InputReader, Option<FlowBatch>)>,
}

impl Opened {
    fn new(inputs: &[Input], options: &ReadOptions) -> Result<Opened, Stop> {
        let mut peek = options.clone();
        // A header takes no more records than the first piece has: batches of one would be hundreds.
        peek.batch_rows = PEEK_ROWS;
        let (mut schemas, mut kept) = (Vec::new(), HashMap::new());
        for (index, input) in inputs.iter().enumerate() {
            pipeline::prepare(inputs, index + 1..index + 1 + pipeline::AHEAD_PER_THREAD);
            // What is asked for at AWS can be asked for again, and hundreds of open answers would need memory.
            let once = input.size().is_none() && !ingest::is_remote(input.uri());
            let mut reader = InputReader::open(input, if once { options } else { &peek });
            let first = reader.next_batch();
            for format in reader.formats() {
                schemas.push(schema(format, FieldSet::ALL)?);
            }
            if once {
                kept.insert(input.uri().to_owned(), (reader, first));
            }
        }
        Ok(Opened {
            schema: union_schema(&schemas, &output_fields()),
            kept,
        })
    }

    fn open(&mut self, input: &Input, options: &ReadOptions) -> (InputReader, Option<FlowBatch>) {
        self.kept.remove(input.uri()).unwrap_or_else(|| {
            let mut reader = InputReader::open(input, options);
            let first = reader.next_batch();
            (reader, first)
        })
    }
}

/// All inputs as one stream of batches, in order.
struct Reading<'a> {
    inputs: &'a [Input],
    opened: Opened,
    options: &'a ReadOptions,
    progress: &'a Progress,
    /// Of the next input.
    index: usize,
    /// The input that is being read, its first batch, and how many of its bytes are counted.
    current: Option<(InputReader, Option<FlowBatch>, u64)>,
    /// Of those that are read.
    reports: Vec<InputReport>,
}

impl<'a> Reading<'a> {
    fn new(
        inputs: &'a [Input],
        opened: Opened,
        options: &'a ReadOptions,
        progress: &'a Progress,
    ) -> Reading<'a> {
        Reading {
            inputs,
            opened,
            options,
            progress,
            index: 0,
            current: None,
            reports: Vec::new(),
        }
    }

    /// The next batches: as many as a row group takes, whatever inputs they are of, or as memory allows; none at the end.
    fn batches(&mut self) -> Vec<FlowBatch> {
        let batches_max = rayon::current_num_threads() * BATCHES_PER_THREAD;
        let rows_max = GROUP_ROWS.min(self.options.batch_rows * batches_max);
        let (mut batches, mut rows) = (Vec::new(), 0);
        while rows < rows_max {
            let Some(batch) = self.next() else {
                break;
            };
            rows += batch.len();
            batches.push(batch);
        }
        batches
    }

    fn next(&mut self) -> Option<FlowBatch> {
        loop {
            let (mut reader, first, counted) = match self.current.take() {
                Some(current) => current,
                None => {
                    let input = self.inputs.get(self.index)?;
                    self.index += 1;
                    let ahead = self.index..self.index + pipeline::AHEAD_PER_THREAD;
                    pipeline::prepare(self.inputs, ahead);
                    let (reader, first) = self.opened.open(input, self.options);
                    (reader, first, 0)
                }
            };
            let batch = first.or_else(|| reader.next_batch());
            let read = reader.bytes_read();
            self.progress.add_bytes(read.saturating_sub(counted));
            if batch.is_some() {
                self.current = Some((reader, None, read));
                return batch;
            }
            self.reports.push(reader.into_report());
        }
    }
}

/// Copies all inputs, classified: while some batches are classified and written by whatever threads are free, the next are decoded.
fn copy<W: Write + Send>(
    reading: &mut Reading<'_>,
    classifiers: &Classifiers<'_, '_>,
    window: Window,
    writer: &mut RowWriter<W>,
    stop: &AtomicBool,
) -> Result<(), Stop> {
    let mut batches = reading.batches();
    loop {
        // A reader that was stopped has no more batches, and what was written is not whole.
        if stop.load(Ordering::SeqCst) {
            return Err(vec![interrupted()].into());
        }
        if batches.is_empty() {
            return Ok(());
        }
        let (written, next) = rayon::join(
            || classify_and_write(&batches, classifiers, window, writer),
            || reading.batches(),
        );
        written?;
        let rows = batches
            .iter()
            .map(|batch| u64::try_from(batch.len()).unwrap_or(0));
        reading.progress.add_records(rows.sum());
        batches = next;
    }
}

/// One classifier a thread, as many as there are at work.
struct Classifiers<'a, 'w> {
    cells: &'a Cells<'w>,
    questions: &'a Questions,
    idle: Mutex<Vec<Classifier<'a>>>,
}

impl<'a, 'w> Classifiers<'a, 'w> {
    fn new(cells: &'a Cells<'w>, questions: &'a Questions) -> Classifiers<'a, 'w> {
        Classifiers {
            cells,
            questions,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// The batch's columns and those of its tags, without the rows outside the window.
    fn classified(&self, batch: &FlowBatch, window: Window) -> Result<RecordBatch, Stop> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle().pop();
        let mut classifier = known.unwrap_or_else(|| Classifier::new(self.cells, self.questions));
        let classes = classifier.classify(batch);
        let rows = with_classes(batch, classes, &self.cells.world.symbols)?;
        idle().push(classifier);
        Ok(in_window(batch, rows, window)?)
    }
}

/// Which thread classifies a batch shows nowhere: classes are numbered as they are met, but rows have their words.
fn classify_and_write<W: Write + Send>(
    batches: &[FlowBatch],
    classifiers: &Classifiers<'_, '_>,
    window: Window,
    writer: &mut RowWriter<W>,
) -> Result<(), Stop> {
    let classified: Result<Vec<RecordBatch>, Stop> = batches
        .par_iter()
        .with_max_len(1)
        .map(|batch| classifiers.classified(batch, window))
        .collect();
    for rows in classified? {
        writer.write(&rows)?;
    }
    Ok(())
}

fn in_window(
    batch: &FlowBatch,
    rows: RecordBatch,
    window: Window,
) -> Result<RecordBatch, arrow::error::ArrowError> {
    if window == Window::ALL {
        return Ok(rows);
    }
    let end = batch.number(Field::End);
    let inside: BooleanArray = (0..batch.len())
        .map(|row| Some(window.contains(end.and_then(|end| end.get(row)))))
        .collect();
    filter_record_batch(&rows, &inside)
}
