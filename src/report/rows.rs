//! Writers of classified records: Parquet, CSV, JSON lines, Arrow IPC. One batch in, bytes out; nothing is decided here.
//!
//! Every format has the same columns and the same values: text, addresses as text, whole numbers, null where the log
//! has none. A cell that a spreadsheet would run as a formula (`=1+1`) is **not** changed in CSV: these files are data for
//! tools, and a changed cell would no longer be the log's. Reports for people are another module's.

mod align;
mod error;
mod groups;
mod lent;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::ipc::writer::{FileWriter, StreamWriter};
use arrow::json::writer::LineDelimited;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

pub use align::{align, union_schema};
pub use error::Error;
pub use groups::GROUP_ROWS;
use groups::{GroupWriter, ZSTD_LEVEL};
use lent::Lent;

/// A row group of an answer is closed when what it holds in memory passes this.
const ROW_GROUP_MEMORY_BYTES: usize = 64 << 20;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowFormat {
    /// Parquet with zstd: strings, INT32 and INT64, no Arrow-only types.
    Parquet,
    /// CSV with a header; null is empty; quoted as RFC 4180 says, lines end in `\n`.
    Csv,
    /// One JSON object a line, with every column; null is `null`.
    JsonLines,
    /// Arrow's IPC file format, for files.
    Arrow,
    /// Arrow's IPC stream format, for pipes.
    ArrowStream,
}

impl RowFormat {
    /// The words of `--output-format`.
    pub const WORDS: &[(&str, RowFormat)] = &[
        ("parquet", RowFormat::Parquet),
        ("csv", RowFormat::Csv),
        ("jsonl", RowFormat::JsonLines),
        ("arrow", RowFormat::Arrow),
    ];

    /// The format with this word; `arrow` is the file format.
    pub fn from_word(word: &str) -> Option<RowFormat> {
        Self::WORDS
            .iter()
            .find(|row| row.0 == word)
            .map(|row| row.1)
    }

    /// The format that a file's ending names: the same words, in any case.
    pub fn from_extension(file: &Path) -> Option<RowFormat> {
        let ending = file.extension()?.to_str()?.to_ascii_lowercase();
        RowFormat::from_word(&ending)
    }

    /// The format for an output that nobody can seek in: a stream instead of Arrow's file format, else the same.
    #[must_use]
    pub fn for_pipe(self) -> RowFormat {
        match self {
            RowFormat::Arrow | RowFormat::ArrowStream => RowFormat::ArrowStream,
            RowFormat::Parquet | RowFormat::Csv | RowFormat::JsonLines => self,
        }
    }
}

/// Writes batches, one after the other, into one output of one schema.
///
/// The bytes are whole only after [`RowWriter::finish`]: Parquet and Arrow files end in an index.
pub struct RowWriter<W: Write + Send> {
    schema: SchemaRef,
    encoder: Encoder<W>,
}

enum Encoder<W: Write + Send> {
    /// Classified records, and answers of nothing but texts and whole numbers.
    Groups(Box<GroupWriter<W>>),
    /// Answers of `query` with columns of other types.
    Parquet(Box<ArrowWriter<Lent<W>>>),
    /// Text is made in a buffer first: Arrow's CSV writer panics if its output fails in the end.
    Csv(W, Vec<u8>),
    JsonLines(W, Vec<u8>),
    Arrow(FileWriter<W>),
    ArrowStream(StreamWriter<W>),
}

impl<W: Write + Send> RowWriter<W> {
    /// Begins an output with these columns; the header is written even if no row follows.
    ///
    /// `out` should be buffered. CSV, JSON lines and Parquet take dictionaries as they are; Arrow outputs have plain text
    /// instead, because a file cannot hold one dictionary a batch.
    ///
    /// # Errors
    /// An output that does not take the header, or columns of a type that the format does not have.
    pub fn new(out: W, format: RowFormat, schema: SchemaRef) -> Result<Self, Error> {
        let (schema, encoder) = match format {
            RowFormat::Parquet if GroupWriter::<W>::takes(&schema) => {
                let writer = GroupWriter::new(out, Arc::clone(&schema), parquet_properties()?)?;
                (schema, Encoder::Groups(Box::new(writer)))
            }
            RowFormat::Parquet => {
                // Without Arrow's own schema beside Parquet's, every reader sees strings; with it, pandas would see categories.
                let options = ArrowWriterOptions::new()
                    .with_properties(parquet_properties()?)
                    .with_skip_arrow_metadata(true);
                let out = Lent::new(out);
                let writer = ArrowWriter::try_new_with_options(out, Arc::clone(&schema), options)?;
                (schema, Encoder::Parquet(Box::new(writer)))
            }
            RowFormat::Csv => {
                let (mut out, mut text) = (out, Vec::new());
                let header = RecordBatch::new_empty(Arc::clone(&schema));
                arrow::csv::Writer::new(&mut text).write(&header)?;
                out.write_all(&text)?;
                (schema, Encoder::Csv(out, text))
            }
            RowFormat::JsonLines => (schema, Encoder::JsonLines(out, Vec::new())),
            RowFormat::Arrow => {
                let schema = plain(&schema);
                let writer = FileWriter::try_new(out, &schema)?;
                (schema, Encoder::Arrow(writer))
            }
            RowFormat::ArrowStream => {
                let schema = plain(&schema);
                let writer = StreamWriter::try_new(out, &schema)?;
                (schema, Encoder::ArrowStream(writer))
            }
        };
        Ok(RowWriter { schema, encoder })
    }

    /// Adds the rows of a batch; its columns are brought into the output's order by [`align()`].
    ///
    /// # Errors
    /// A column that the output does not have or has with another type, or an output that does not take the bytes.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let batch = &align(batch, &self.schema)?;
        match &mut self.encoder {
            Encoder::Groups(writer) => writer.write(batch)?,
            Encoder::Parquet(writer) => {
                writer.write(batch)?;
                if writer.memory_size() > ROW_GROUP_MEMORY_BYTES {
                    writer.flush()?;
                }
            }
            Encoder::Csv(out, text) => {
                text.clear();
                let builder = arrow::csv::WriterBuilder::new().with_header(false);
                builder.build(&mut *text).write(batch)?;
                out.write_all(text)?;
            }
            Encoder::JsonLines(out, text) => {
                text.clear();
                let builder = arrow::json::WriterBuilder::new().with_explicit_nulls(true);
                let mut writer = builder.build::<_, LineDelimited>(&mut *text);
                writer.write(batch)?;
                writer.finish()?;
                out.write_all(text)?;
            }
            Encoder::Arrow(writer) => writer.write(batch)?,
            Encoder::ArrowStream(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    /// Writes what must stand at the end, and gives the output back, flushed.
    ///
    /// # Errors
    /// An output that does not take the bytes.
    pub fn finish(self) -> Result<W, Error> {
        let mut out = match self.encoder {
            Encoder::Groups(writer) => writer.finish()?,
            Encoder::Parquet(mut writer) => {
                writer.finish()?;
                writer.inner_mut().take()?
            }
            Encoder::Csv(out, _) | Encoder::JsonLines(out, _) => out,
            Encoder::Arrow(writer) => writer.into_inner()?,
            Encoder::ArrowStream(writer) => writer.into_inner()?,
        };
        out.flush()?;
        Ok(out)
    }
}

/// The same columns with plain text for dictionaries.
fn plain(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Dictionary(_, values) => {
            let field = field.as_ref().clone();
            Arc::new(field.with_data_type(values.as_ref().clone()))
        }
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Level 1 of zstd: the encoder, not the disk, is what `classify` waits for. No statistics: of ids, words and addresses in no order least
/// and greatest say nothing, and cost a sixth of the encoding.
fn parquet_properties() -> Result<WriterProperties, ParquetError> {
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::None)
        .build())
}

#[cfg(test)]
mod tests;
