//! Parquet row groups of text and whole numbers, made whole: all rows of a group are there before its columns are encoded, each by one thread.
//!
//! In: batches whose texts are dictionaries. Out: a file with a dictionary page and one data page a column and group. The `parquet` crate
//! writes pages, footers and everything else; here is only what it does by hashing each value of each row, though a dictionary says already
//! which values are the same: see [`values`] and [`chunk`].
//!
//! The bytes depend on the rows alone, not on how they came in batches, nor on threads; but for groups that are closed early for
//! the texts in them, where a batch is the measure.

mod bits;
mod chunk;
mod values;

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type, Int64Type, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::SchemaDescriptor;
use rayon::prelude::*;

use super::Error;
use super::lent::Lent;
use crate::model::field::Field;
pub use chunk::ZSTD_LEVEL;
use chunk::{Chunk, Compressor};
use values::Values;

/// A row group's rows: few enough that most dictionaries of one fit a core's caches, and as many as DuckDB's have, nearly.
pub const GROUP_ROWS: usize = 1 << 17;
/// A row group is closed earlier when the texts of its batches are longer than this.
const GROUP_TEXT_BYTES: usize = 64 << 20;

/// Writes row groups.
pub struct GroupWriter<W: Write + Send> {
    file: SerializedFileWriter<Lent<W>>,
    next: Group,
}

/// The rows of the next group.
struct Group {
    schema: SchemaRef,
    columns: SchemaDescriptor,
    batches: Vec<RecordBatch>,
    rows: usize,
    text_bytes: usize,
    /// As many as threads have been at work: one takes half a megabyte, and longer to make than to use for a small page.
    idle: Mutex<Vec<Compressor>>,
}

impl<W: Write + Send> GroupWriter<W> {
    /// Whether these columns can be written so: texts in dictionaries, and whole numbers.
    pub fn takes(schema: &Schema) -> bool {
        let is_text = |data_type: &DataType| match data_type {
            DataType::Dictionary(keys, values) => {
                **keys == DataType::Int32 && **values == DataType::Utf8
            }
            _ => false,
        };
        let mut types = schema.fields().iter().map(|field| field.data_type());
        !schema.fields().is_empty()
            && types.all(|one| is_text(one) || matches!(one, DataType::Int32 | DataType::Int64))
    }

    /// Begins a file.
    ///
    /// # Errors
    /// An output that does not take its first bytes.
    pub fn new(
        out: W,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, ParquetError> {
        let columns = ArrowSchemaConverter::new().convert(&schema)?;
        let root = columns.root_schema_ptr();
        let file = SerializedFileWriter::new(Lent::new(out), root, Arc::new(properties))?;
        let next = Group {
            schema,
            columns,
            batches: Vec::new(),
            rows: 0,
            text_bytes: 0,
            idle: Mutex::new(Vec::new()),
        };
        Ok(GroupWriter { file, next })
    }

    /// Adds rows; the columns must be the file's.
    ///
    /// # Errors
    /// An output that does not take the bytes of a full group.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let mut rest = batch.clone();
        while rest.num_rows() > 0 {
            let taken = rest.num_rows().min(GROUP_ROWS - self.next.rows);
            self.next.batches.push(rest.slice(0, taken));
            self.next.rows += taken;
            self.next.text_bytes += text_bytes(&rest);
            rest = rest.slice(taken, rest.num_rows() - taken);
            if self.next.rows == GROUP_ROWS || self.next.text_bytes > GROUP_TEXT_BYTES {
                self.close_group()?;
            }
        }
        Ok(())
    }

    /// Writes what is left and the footer, and gives the output back.
    ///
    /// # Errors
    /// An output that does not take the bytes.
    pub fn finish(mut self) -> Result<W, Error> {
        if self.next.rows > 0 {
            self.close_group()?;
        }
        self.file.finish()?;
        Ok(self.file.inner_mut().take()?)
    }

    fn close_group(&mut self) -> Result<(), Error> {
        let chunks = self.next.chunks()?;
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to(&mut group)?;
        }
        group.close()?;
        self.next.batches.clear();
        (self.next.rows, self.next.text_bytes) = (0, 0);
        Ok(())
    }
}

impl Group {
    /// The columns, encoded by all threads.
    fn chunks(&self) -> Result<Vec<Chunk>, Error> {
        (0..self.schema.fields().len())
            .into_par_iter()
            .with_max_len(1)
            .map(|place| {
                let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                let made = idle().pop();
                let mut compressor = made.map_or_else(Compressor::new, Ok)?;
                let chunk = self.chunk(place, &mut compressor);
                idle().push(compressor);
                chunk
            })
            .collect()
    }

    fn chunk(&self, place: usize, compressor: &mut Compressor) -> Result<Chunk, Error> {
        let field = self.schema.field(place);
        let parts: Vec<&ArrayRef> = self.batches.iter().map(|one| one.column(place)).collect();
        let values = match field.data_type() {
            DataType::Int32 => Values::of_numbers::<Int32Type>(&parts)?,
            DataType::Int64 => Values::of_numbers::<Int64Type>(&parts)?,
            _ => Values::of_texts(&parts)?,
        };
        // Readers pass over row groups by their times; of anything else in no order, least and greatest say nothing.
        let is_time = *field.data_type() == DataType::Int64
            && [Field::Start, Field::End]
                .iter()
                .any(|time| time.info().column == field.name());
        Chunk::new(self.columns.column(place), values, is_time, compressor)
    }
}

/// Bytes of the distinct texts of a batch.
fn text_bytes(batch: &RecordBatch) -> usize {
    let texts = batch.columns().iter().filter_map(|column| {
        let values = column.as_dictionary_opt::<Int32Type>()?.values();
        values.as_string_opt::<i32>()
    });
    texts.map(|texts| texts.value_data().len()).sum()
}
