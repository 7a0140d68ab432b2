//! Where the rows of an answer go: a table for people, or a file for tools.

use std::io::{BufWriter, IsTerminal, Write};

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use flowproof::diag::Diagnostic;
use flowproof::query::Step;
use flowproof::report::answer;
use flowproof::report::rows::{self, RowFormat, RowWriter};

use super::args_query::{Query, QueryFormat};
use super::output::{self, Output};
use super::values::Target;

/// Rows that a table shows: it is made in memory, and nobody reads more.
const TABLE_ROWS_MAX: usize = 10_000;
/// Wider than any answer, where nobody looks at a terminal.
const PIPE_COLUMNS: usize = 10_000;

/// Why there is no answer.
pub enum Stop {
    /// A question that cannot be answered.
    Problems(Vec<Diagnostic>),
    /// An output that does not take the answer.
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

impl From<ArrowError> for Stop {
    fn from(error: ArrowError) -> Self {
        Stop::Output(error.into())
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Stop::Output(error.into())
    }
}

/// Where the answer goes.
pub fn target(asked: &Query) -> Target {
    asked.output.clone().unwrap_or(Target::Stdout)
}

/// Takes an answer, columns first.
pub struct Sink {
    target: Target,
    format: QueryFormat,
    kind: Kind,
}

enum Kind {
    /// Before the columns are known.
    Waiting,
    Table {
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
        rows: usize,
        more: usize,
    },
    Rows(Box<RowWriter<BufWriter<Output>>>),
}

impl Sink {
    /// An output that nothing has come to yet.
    ///
    /// # Errors
    /// A format that nothing tells.
    pub fn new(asked: &Query) -> Result<Sink, Vec<Diagnostic>> {
        let target = target(asked);
        let format = asked
            .format()
            .map_err(|why| vec![output::failed(&target, &std::io::Error::other(why))])?;
        Ok(Sink {
            target,
            format,
            kind: Kind::Waiting,
        })
    }

    /// Takes a step, and says whether it wants more.
    ///
    /// # Errors
    /// An output that does not take it.
    pub fn take(&mut self, step: Step) -> Result<bool, Stop> {
        match (step, &mut self.kind) {
            (Step::Columns(schema), _) => self.kind = self.begun(schema)?,
            (
                Step::Rows(batch),
                Kind::Table {
                    batches,
                    rows,
                    more,
                    ..
                },
            ) => {
                let shown = batch.num_rows().min(TABLE_ROWS_MAX - *rows);
                *rows += shown;
                *more += batch.num_rows() - shown;
                if shown > 0 {
                    batches.push(batch.slice(0, shown));
                }
            }
            (Step::Rows(batch), Kind::Rows(writer)) => {
                let batch = if self.format == QueryFormat::Csv {
                    answer::for_spreadsheets(&batch)?
                } else {
                    batch
                };
                writer.write(&batch)?;
            }
            (Step::Rows(_), Kind::Waiting) => {}
        }
        Ok(true)
    }

    fn begun(&self, schema: SchemaRef) -> Result<Kind, Stop> {
        let format = match self.format {
            QueryFormat::Table => {
                return Ok(Kind::Table {
                    schema,
                    batches: Vec::new(),
                    rows: 0,
                    more: 0,
                });
            }
            QueryFormat::Csv => RowFormat::Csv,
            QueryFormat::Jsonl => RowFormat::JsonLines,
            QueryFormat::Parquet => RowFormat::Parquet,
            QueryFormat::Arrow => RowFormat::Arrow,
        };
        let format = if matches!(self.target, Target::Stdout) {
            format.for_pipe()
        } else {
            format
        };
        let schema = if format == RowFormat::Csv {
            answer::spreadsheet_schema(&schema)
        } else {
            schema
        };
        let out = BufWriter::new(Output::create(&self.target)?);
        let writer = RowWriter::new(out, format, schema)?;
        Ok(Kind::Rows(Box::new(writer)))
    }

    /// Puts the answer in its place.
    ///
    /// # Errors
    /// An output that does not take the rest of it.
    pub fn finish(self) -> Result<(), Stop> {
        match self.kind {
            Kind::Waiting => Ok(()),
            Kind::Rows(writer) => {
                let out = writer.finish()?;
                let out = out.into_inner().map_err(|error| error.into_error())?;
                Ok(out.commit()?)
            }
            Kind::Table {
                schema,
                batches,
                rows,
                more,
            } => {
                let lines = answer::table(&schema, &batches, width(&self.target))?;
                let mut out = Output::create(&self.target)?;
                for line in lines {
                    writeln!(out, "{line}")?;
                }
                let plural = if rows + more == 1 { "" } else { "s" };
                writeln!(out, "({} row{plural})", rows + more)?;
                if more > 0 {
                    writeln!(
                        out,
                        "{more} more rows are not shown: --output FILE.csv writes them all, LIMIT asks for fewer"
                    )?;
                }
                Ok(out.commit()?)
            }
        }
    }
}

fn width(target: &Target) -> usize {
    if !matches!(target, Target::Stdout) || !std::io::stdout().is_terminal() {
        return PIPE_COLUMNS;
    }
    let columns = std::env::var("COLUMNS").ok();
    columns
        .and_then(|columns| columns.parse().ok())
        .unwrap_or(PIPE_COLUMNS)
}
