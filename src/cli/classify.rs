//! `flowproof classify`: every record with the path that it took, in the order of the inputs.

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use flowproof::classify::columns::{schema, tag_fields, with_tags};
use flowproof::classify::engine::tags_of_all;
use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::ingest::{self, Input, InputReader, ReadOptions};
use flowproof::model::batch::FlowBatch;
use flowproof::model::evidence::InputReport;
use flowproof::model::field::{Field, FieldSet};
use flowproof::model::window::Window;
use flowproof::report::rows::{self, RowFormat, RowWriter, union_schema};
use flowproof::topology::World;

use super::args::{Classify, OutputFormat};
use super::console::Console;
use super::exit::Outcome;
use super::judge::interrupted;
use super::output::{self, Output};
use super::progress::Progress;
use super::values::Target;
use super::verify::say_inputs;
use super::{load, pipeline, remote};

/// Batches decoded at a time for each thread, so that all threads tag while the next ones are decoded.
const BATCHES_PER_THREAD: usize = 2;

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
    let options = pipeline::read_options(&asked.input, &world, FieldSet::ALL, stop)?;
    let mut opened = Opened::new(&inputs, &options)?;
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
    let mut reports = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        pipeline::prepare(&inputs, index + 1..index + 1 + pipeline::AHEAD_PER_THREAD);
        let reader = opened.open(input, &options);
        reports.push(copy(reader, &world, window, &mut writer, &progress)?);
        if stop.load(Ordering::SeqCst) {
            return Err(vec![interrupted()].into());
        }
    }
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
    Ok(reports)
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
        peek.batch_rows = 1;
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
            schema: union_schema(&schemas, &tag_fields()),
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

/// Copies one input, tagged: a few batches are tagged by all threads while the next few are decoded.
fn copy<W: Write + Send>(
    (mut reader, first): (InputReader, Option<FlowBatch>),
    world: &World,
    window: Window,
    writer: &mut RowWriter<W>,
    progress: &Progress,
) -> Result<InputReport, Stop> {
    let many = rayon::current_num_threads() * BATCHES_PER_THREAD;
    let mut batches: Vec<FlowBatch> = first.into_iter().collect();
    let mut read = 0;
    while !batches.is_empty() {
        let (written, next) = rayon::join(
            || tag_and_write(&batches, world, window, writer),
            || {
                std::iter::from_fn(|| reader.next_batch())
                    .take(many)
                    .collect::<Vec<_>>()
            },
        );
        written?;
        progress.add_records(
            batches
                .iter()
                .map(|batch| u64::try_from(batch.len()).unwrap_or(0))
                .sum(),
        );
        progress.add_bytes(reader.bytes_read().saturating_sub(read));
        read = reader.bytes_read();
        batches = next;
    }
    Ok(reader.into_report())
}

fn tag_and_write<W: Write + Send>(
    batches: &[FlowBatch],
    world: &World,
    window: Window,
    writer: &mut RowWriter<W>,
) -> Result<(), Stop> {
    let tags = tags_of_all(batches, world);
    for (batch, tags) in batches.iter().zip(&tags) {
        let rows = with_tags(batch, tags, &world.symbols)?;
        writer.write(&in_window(batch, rows, window)?)?;
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
