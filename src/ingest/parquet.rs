//! Parquet: byte ranges go in, rows come out, by the names and types of each file's own columns.
//!
//! Built on the decoders of the `parquet` crate, which get the bytes of one row group after the other and do no I/O; so a file, a spooled
//! pipe and ranged reads of S3 feed the same code. Memory: the wanted columns of one row group, and one batch.

use std::sync::Arc;

use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
};
use ::parquet::arrow::{FieldLevels, ProjectionMask, parquet_to_arrow_field_levels};
use ::parquet::basic::Encoding;
use ::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};

use crate::diag::Location;
use crate::ingest::complaint::unreadable;
use crate::ingest::options::ReadOptions;
use crate::ingest::parquet_cells::{CellFault, Cells};
use crate::ingest::parquet_columns::Columns;
use crate::ingest::parquet_footer::{Broken, corrupt, footer, guarded, unread};
use crate::ingest::parquet_pages::Group;
use crate::ingest::records::Records;
use crate::ingest::shape::{Shape, is_read};
use crate::ingest::source::Ranges;
use crate::ingest::spare::Spare;
use crate::model::batch::Value;
use crate::model::field::{Field, Kind};
use crate::model::format::Format;

/// Rows of one file.
pub(super) struct ParquetReader {
    ranges: Box<dyn Ranges>,
    metadata: Arc<ParquetMetaData>,
    /// The columns that are decoded, and as what.
    mask: ProjectionMask,
    levels: FieldLevels,
    batch_rows: usize,
    spare: Arc<Spare>,
    /// The row group that comes next, and what is left of the one before it.
    next: usize,
    group: Option<ParquetRecordBatchReader>,
    /// `None` if the columns are no format: rows are then only counted.
    shape: Option<Shape>,
    /// The fields of the shape that the decoder brings, in its order.
    columns: Vec<usize>,
    /// The way of batches without a fault.
    whole: Columns,
    line_bytes_max: usize,
    rows: u64,
    rows_claimed: u64,
    bytes: u64,
}

impl ParquetReader {
    /// Reads the footer.
    ///
    /// # Errors
    /// A file that is not Parquet, or that claims to be larger than the limit.
    pub(super) fn open(
        mut ranges: Box<dyn Ranges>,
        options: &ReadOptions,
        records: &mut Records,
    ) -> Result<ParquetReader, Broken> {
        let uri = records.ledger.uri().to_owned();
        let mut bytes = 0;
        let metadata = footer(ranges.as_mut(), &mut bytes, &uri)?;
        let claimed: u64 = metadata
            .row_groups()
            .iter()
            .map(|group| u64::try_from(group.total_byte_size()).unwrap_or(u64::MAX))
            .fold(0, u64::saturating_add);
        if claimed > options.limits.object_bytes {
            let what = format!(
                "it unzips to {claimed} bytes, beyond the limit of {}",
                options.limits.object_bytes
            );
            return Err(Box::new(unreadable("input-too-large", &uri, what)));
        }
        let rows_claimed = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
        let metadata = Arc::new(metadata);
        let opened = guarded(|| {
            // The Arrow schema that some writers embed is passed over: only Parquet's own types count.
            let reader_options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
            let plain = ArrowReaderMetadata::try_new(Arc::clone(&metadata), reader_options)
                .map_err(|why| why.to_string())?;
            let reader_options = ArrowReaderOptions::new().with_schema(with_dictionaries(&plain));
            // A schema that the decoder will not have is no fault of the file.
            Ok(ArrowReaderMetadata::try_new(metadata, reader_options).unwrap_or(plain))
        });
        let metadata = opened.map_err(|why| corrupt(&uri, &why))?;
        let (shape, columns) = shape_of(&metadata, options, records);
        let whole = Columns::new(records.formats().last(), &columns, options);
        let schema = metadata.parquet_schema();
        let mask = ProjectionMask::roots(schema, columns.iter().copied());
        let levels = guarded(|| {
            let fields = Some(metadata.schema().fields());
            parquet_to_arrow_field_levels(schema, mask.clone(), fields)
                .map_err(|why| why.to_string())
        });
        Ok(ParquetReader {
            ranges,
            levels: levels.map_err(|why| corrupt(&uri, &why))?,
            mask,
            metadata: Arc::clone(metadata.metadata()),
            batch_rows: options.batch_rows.max(1),
            spare: Arc::clone(&options.spare),
            next: 0,
            group: None,
            shape,
            whole,
            columns,
            line_bytes_max: options.limits.line_bytes,
            rows: 0,
            rows_claimed,
            bytes,
        })
    }

    /// Bytes of the file that were read, some perhaps twice.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads the next rows; whether there may be more.
    ///
    /// # Errors
    /// A file that cannot be read any further.
    pub(super) fn step(&mut self, records: &mut Records) -> Result<bool, Broken> {
        let decoded = guarded(|| {
            let batch = self.group.as_mut().and_then(Iterator::next);
            batch.transpose().map_err(|why| why.to_string())
        });
        let uri = records.ledger.uri();
        if let Some(batch) = decoded.map_err(|why| corrupt(uri, &why))? {
            self.batch(&batch, records)?;
            return Ok(true);
        }
        // Before the next one takes memory.
        self.group = None;
        if let Some(group) = self.metadata.row_groups().get(self.next) {
            if !is_empty(group) {
                self.group = Some(self.open_group(uri)?);
            }
            self.next += 1;
            return Ok(true);
        }
        if self.rows != self.rows_claimed {
            let why = format!("{} rows, its footer says {}", self.rows, self.rows_claimed);
            return Err(corrupt(uri, &why));
        }
        Ok(false)
    }

    /// Reads the wanted columns of the next row group.
    fn open_group(&mut self, uri: &str) -> Result<ParquetRecordBatchReader, Broken> {
        let group = Group::new(&self.metadata, self.next, &self.spare);
        let mut group = group.ok_or_else(|| corrupt(uri, "a row group without its rows"))?;
        let wanted = guarded(|| Ok(group.ranges(|column| self.mask.leaf_included(column))));
        let (columns, ranges): (Vec<_>, Vec<_>) = wanted
            .map_err(|why| corrupt(uri, &why))?
            .into_iter()
            .unzip();
        let read = self.ranges.read_all(&ranges);
        let read = read.map_err(|why| unread(uri, why))?;
        for ((column, range), bytes) in columns.into_iter().zip(&ranges).zip(read) {
            self.bytes += bytes.len() as u64;
            group.put(column, range.start, bytes);
        }
        let rows = guarded(|| {
            let (levels, batch_rows) = (&self.levels, self.batch_rows);
            ParquetRecordBatchReader::try_new_with_row_groups(levels, &group, batch_rows, None)
                .map_err(|why| why.to_string())
        });
        rows.map_err(|why| corrupt(uri, &why))
    }

    fn batch(&mut self, batch: &RecordBatch, records: &mut Records) -> Result<(), Broken> {
        let Some(shape) = &self.shape else {
            for _ in 0..batch.num_rows() {
                self.rows += 1;
                records.formatless_row();
            }
            return Ok(());
        };
        if let Ok(Some(good)) = guarded(|| Ok(self.whole.batch(batch, self.rows + 1))) {
            for _ in 0..batch.num_rows() {
                self.rows += 1;
                records.ledger.row();
            }
            records.take_batch(good);
            return Ok(());
        }
        let mut cells: Vec<Cells> = Vec::new();
        cells.resize_with(shape.len(), || Cells::Unread);
        for (column, index) in batch.columns().iter().zip(&self.columns) {
            let read = guarded(|| Cells::new(column, shape, *index).map_err(|why| why.to_string()));
            cells[*index] = read.map_err(|why| corrupt(records.ledger.uri(), &why))?;
        }
        let mut values = Vec::with_capacity(shape.len());
        for row in 0..batch.num_rows() {
            self.rows += 1;
            records.ledger.row();
            take_row(
                &cells,
                row,
                shape,
                self.line_bytes_max,
                self.rows,
                records,
                &mut values,
            );
        }
        Ok(())
    }
}

/// Whether a row group has nothing to read, as its rows and each of its columns say; of some writers such columns have no whole pages.
fn is_empty(group: &RowGroupMetaData) -> bool {
    let columns = group.columns();
    group.num_rows() == 0 && columns.iter().all(|column| column.num_values() == 0)
}

/// One row: the first value that is wrong sets it aside, as in text.
fn take_row<'a>(
    cells: &'a [Cells],
    row: usize,
    shape: &Shape,
    line_bytes_max: usize,
    number: u64,
    records: &mut Records,
    values: &mut Vec<Value<'a>>,
) {
    values.clear();
    for (index, column) in cells.iter().enumerate() {
        match column.value(row, shape, index, line_bytes_max) {
            Ok(value) => values.push(value),
            Err(CellFault::Fault(fault)) => return records.fault(fault, number),
            Err(CellFault::Number(got)) => {
                return records.fault(shape.fault(index, &got.to_string()), number);
            }
        }
    }
    match shape.judge(values) {
        Ok(status) => records.take(values, status, number),
        Err(fault) => records.fault(fault, number),
    }
}

/// The schema of a file with texts as dictionaries, where the file has them so: then a text is looked at once, however many rows it stands in.
///
/// A column of addresses with too many of them for a dictionary is plain from some page on, and to make a dictionary of it would cost more
/// than to read each. Texts are few, whatever the pages look like.
fn with_dictionaries(plain: &ArrowReaderMetadata) -> SchemaRef {
    let groups = plain.metadata().row_groups();
    let is_dictionary = |index: usize| {
        groups.iter().all(|group| {
            let column = group.columns().get(index);
            let pages = column.and_then(|column| column.page_encoding_stats_mask());
            pages.is_some_and(|pages| {
                pages.is_only(Encoding::PLAIN_DICTIONARY) || pages.is_only(Encoding::RLE_DICTIONARY)
            })
        })
    };
    let fields = plain
        .schema()
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let kind = Field::by_name(field.name()).map(|known| known.info().kind);
            let wanted = *field.data_type() == DataType::Utf8
                && (!matches!(kind, Some(Kind::Address)) || is_dictionary(index));
            if wanted {
                let dictionary =
                    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                Arc::new(field.as_ref().clone().with_data_type(dictionary))
            } else {
                Arc::clone(field)
            }
        });
    let fields: Vec<FieldRef> = fields.collect();
    Arc::new(Schema::new(fields))
}

/// The format that the columns are, and which of them must be read.
fn shape_of(
    metadata: &ArrowReaderMetadata,
    options: &ReadOptions,
    records: &mut Records,
) -> (Option<Shape>, Vec<usize>) {
    let names = metadata
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().as_str());
    match Format::from_names(names) {
        Ok(format) => {
            let shape = Shape::new(&format);
            let columns = format.fields().iter().enumerate();
            let columns =
                columns.filter(|(index, field)| is_read(&shape, *index, field, options.projection));
            let columns = columns.map(|(index, _)| index).collect();
            records.open(format);
            (Some(shape), columns)
        }
        Err(why) => {
            let place = Location::source(records.ledger.uri());
            records.no_format(&why, place);
            (None, Vec::new())
        }
    }
}
