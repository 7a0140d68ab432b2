//! A batch of records as Arrow columns, and the builder that every decoder fills.

mod array;
mod builder;
mod column;
pub mod raw;
mod texts;

use std::sync::{Arc, OnceLock};

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int32Array, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringArray, UInt32Array,
};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Field as ArrowField, Int32Type, Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::model::address::Address;
use crate::model::address_text::texts;
use crate::model::field::Field;

pub use array::Column;
pub use builder::{BatchBuilder, Value};
pub use column::BITS;
pub use texts::{Mark, Marked, TextBuilder, are_few};

/// What a record is, by its `log-status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `OK`: a flow. A log without `log-status` has only these, as far as addresses stand in them.
    Flow,
    /// `NODATA`: nothing passed the interface.
    NoData,
    /// `SKIPDATA`: AWS dropped records; one may stand for many flows.
    SkipData,
}

/// Records in columns. Known fields have the types of [`Kind::arrow`](crate::model::field::Kind::arrow); unknown ones are dictionaries of text.
///
/// A missing value is null, whatever the log wrote for it (`-`, null).
#[derive(Clone, Debug)]
pub struct FlowBatch {
    schema: SchemaRef,
    columns: Vec<Column>,
    slots: Slots,
    statuses: Vec<Status>,
    lines: Vec<u64>,
    /// The columns, once somebody has asked for them so.
    records: OnceLock<RecordBatch>,
}

/// In which column a field is.
pub type Slots = [Option<u8>; Field::COUNT];

/// The slots of a schema.
///
/// # Errors
/// A field with another type than its own.
pub fn slots(schema: &Schema) -> Result<Slots, ArrowError> {
    let mut slots = [None; Field::COUNT];
    for (index, column) in schema.fields().iter().enumerate() {
        if let Some(field) = Field::by_name(column.name()) {
            if *column.data_type() != field.info().kind.arrow() {
                return Err(ArrowError::SchemaError(format!(
                    "`{}` is {}",
                    column.name(),
                    column.data_type()
                )));
            }
            slots[field as usize] = u8::try_from(index).ok();
        }
    }
    Ok(slots)
}

impl FlowBatch {
    /// Joins columns with what each record is and where it stood: line (text, unzipped) or row (Parquet), from 1.
    ///
    /// # Errors
    /// Lengths that differ, a known column of another type than its field's, or one of a type that no field has.
    pub fn new(
        records: RecordBatch,
        statuses: Vec<Status>,
        lines: Vec<u64>,
    ) -> Result<FlowBatch, ArrowError> {
        let schema = records.schema();
        let slots = slots(&schema)?;
        let columns = records.columns().iter().map(Column::of);
        let columns = columns.collect::<Result<_, _>>()?;
        if records.num_rows() != statuses.len() {
            return Err(uneven());
        }
        let batch = FlowBatch::of_columns(schema, columns, slots, statuses, lines)?;
        Ok(FlowBatch {
            records: records.into(),
            ..batch
        })
    }

    /// The same of columns that have the types of the schema, whose slots these are.
    ///
    /// # Errors
    /// Lengths that differ, or more or fewer columns than the schema has.
    pub fn of_columns(
        schema: SchemaRef,
        columns: Vec<Column>,
        slots: Slots,
        statuses: Vec<Status>,
        lines: Vec<u64>,
    ) -> Result<FlowBatch, ArrowError> {
        let rows = statuses.len();
        let uneven_columns = columns.len() != schema.fields().len()
            || columns.iter().any(|column| column.len() != rows);
        if lines.len() != rows || uneven_columns {
            return Err(uneven());
        }
        Ok(FlowBatch {
            schema,
            columns,
            slots,
            statuses,
            lines,
            records: OnceLock::new(),
        })
    }

    /// Some of the records, by row, in this order; their values are copied.
    ///
    /// # Errors
    /// A row that is not there.
    pub fn only(&self, rows: &[usize]) -> Result<FlowBatch, ArrowError> {
        let beyond = || ArrowError::InvalidArgumentError("a row that is not there".into());
        let index = |row: &usize| u32::try_from(*row).map_err(|_| beyond());
        let indices: UInt32Array = rows
            .iter()
            .map(index)
            .collect::<Result<Vec<u32>, _>>()?
            .into();
        if rows.iter().any(|row| *row >= self.len()) {
            return Err(beyond());
        }
        FlowBatch::new(
            take_record_batch(self.records()?, &indices)?,
            rows.iter().map(|row| self.statuses[*row]).collect(),
            rows.iter().map(|row| self.lines[*row]).collect(),
        )
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.statuses.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.statuses.is_empty()
    }

    /// The names and types of the columns, named as in Parquet (underscores).
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The columns as Arrow has them. They are put together when they are first asked for: classifying and weighing ask for each by itself.
    ///
    /// # Errors
    /// None that a batch of ours can meet.
    pub fn records(&self) -> Result<&RecordBatch, ArrowError> {
        if let Some(records) = self.records.get() {
            return Ok(records);
        }
        let columns = self.columns.iter().map(Column::array);
        let columns = columns.collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.len()));
        let schema = Arc::clone(&self.schema);
        let records = RecordBatch::try_new_with_options(schema, columns, &options)?;
        Ok(self.records.get_or_init(|| records))
    }

    /// What each record is.
    pub fn statuses(&self) -> &[Status] {
        &self.statuses
    }

    /// Where each record stood.
    pub fn lines(&self) -> &[u64] {
        &self.lines
    }

    /// Whether the log has the field and the decoder was asked for it.
    pub fn has(&self, field: Field) -> bool {
        self.slots[field as usize].is_some()
    }

    fn column(&self, field: Field) -> Option<&Column> {
        self.columns.get(usize::from(self.slots[field as usize]?))
    }

    /// A text column; `None` if the log lacks it.
    pub fn text(&self, field: Field) -> Option<TextColumn<'_>> {
        match self.column(field)? {
            Column::Text { keys, texts } => Some(TextColumn {
                keys,
                dictionary: texts,
                values: texts.as_string_opt()?,
            }),
            Column::Address(_) | Column::Int32(_) | Column::Int64(_) => None,
        }
    }

    /// An address column; `None` if the log lacks it.
    pub fn address(&self, field: Field) -> Option<AddressColumn<'_>> {
        match self.column(field)? {
            Column::Address(addresses) => Some(AddressColumn(addresses)),
            Column::Text { .. } | Column::Int32(_) | Column::Int64(_) => None,
        }
    }

    /// A number column, widened; `None` if the log lacks it.
    pub fn number(&self, field: Field) -> Option<NumberColumn<'_>> {
        match self.column(field)? {
            Column::Int32(numbers) => Some(NumberColumn::Int32(numbers)),
            Column::Int64(numbers) => Some(NumberColumn::Int64(numbers)),
            Column::Text { .. } | Column::Address(_) => None,
        }
    }
}

fn uneven() -> ArrowError {
    ArrowError::InvalidArgumentError(
        "a column a field, and in each, as in statuses and lines, a value a row".into(),
    )
}

/// Text by row; equal texts have equal keys inside one batch.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    keys: &'a Int32Array,
    dictionary: &'a ArrayRef,
    values: &'a StringArray,
}

impl<'a> TextColumn<'a> {
    /// The text of a row.
    pub fn get(&self, row: usize) -> Option<&'a str> {
        self.key(row).map(|key| self.values.value(key))
    }

    /// The key of a row: index into [`TextColumn::values`].
    pub fn key(&self, row: usize) -> Option<usize> {
        if self.keys.is_null(row) {
            None
        } else {
            usize::try_from(self.keys.value(row)).ok()
        }
    }

    /// The distinct texts of the batch, by key, and maybe some of batches before. Batches that share this array have the same ones.
    pub fn dictionary(&self) -> &'a ArrayRef {
        self.dictionary
    }

    /// The same, one by one.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let values = self.values;
        (0..values.len()).map(move |key| values.value(key))
    }
}

/// Addresses by row.
#[derive(Clone, Copy, Debug)]
pub struct AddressColumn<'a>(&'a FixedSizeBinaryArray);

impl AddressColumn<'_> {
    /// The address of a row.
    pub fn get(&self, row: usize) -> Option<Address> {
        if self.0.is_null(row) {
            return None;
        }
        self.0
            .value(row)
            .try_into()
            .ok()
            .map(|bytes| Address(u128::from_be_bytes(bytes)))
    }
}

/// Numbers by row.
#[derive(Clone, Copy, Debug)]
pub enum NumberColumn<'a> {
    /// Kept in 32 bits.
    Int32(&'a PrimitiveArray<Int32Type>),
    /// Kept in 64 bits.
    Int64(&'a PrimitiveArray<Int64Type>),
}

impl NumberColumn<'_> {
    /// The number of a row.
    pub fn get(&self, row: usize) -> Option<i64> {
        match self {
            NumberColumn::Int32(column) => {
                (!column.is_null(row)).then(|| i64::from(column.value(row)))
            }
            NumberColumn::Int64(column) => (!column.is_null(row)).then(|| column.value(row)),
        }
    }
}

/// The columns of a batch as outputs have them: addresses as text.
///
/// # Errors
/// None that a batch of ours can meet.
pub fn readable(records: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = records.schema();
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (field, column) in schema.fields().iter().zip(records.columns()) {
        if *field.data_type() == DataType::FixedSizeBinary(16) {
            let addresses = AddressColumn(column.as_fixed_size_binary());
            let text = texts((0..column.len()).map(|row| addresses.get(row)))?;
            fields.push(Arc::new(ArrowField::new(
                field.name(),
                DataType::Utf8,
                true,
            )));
            columns.push(Arc::new(text) as ArrayRef);
        } else {
            fields.push(Arc::clone(field));
            columns.push(Arc::clone(column));
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(records.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::FieldSet;
    use crate::model::format::Format;

    #[test]
    fn what_goes_in_comes_out_and_the_projection_drops_the_rest() {
        let format = Format::from_names(["srcaddr", "bytes", "action", "dstport"]).unwrap();
        let mut builder = BatchBuilder::new(
            &format,
            FieldSet::of(&[Field::SrcAddr, Field::Action, Field::Bytes]),
        );
        let address = Address::parse(b"10.0.0.1").unwrap();
        builder
            .push(
                &[
                    Value::Address(address),
                    Value::Number(5),
                    Value::Text("ACCEPT"),
                    Value::Number(443),
                ],
                Status::Flow,
                2,
            )
            .unwrap();
        builder
            .push(
                &[Value::Null, Value::Null, Value::Null, Value::Null],
                Status::NoData,
                3,
            )
            .unwrap();
        let batch = builder.finish().unwrap();
        assert_eq!(batch.len(), 2);
        assert_eq!(batch.address(Field::SrcAddr).unwrap().get(0), Some(address));
        assert_eq!(batch.address(Field::SrcAddr).unwrap().get(1), None);
        assert_eq!(batch.number(Field::Bytes).unwrap().get(0), Some(5));
        assert_eq!(batch.text(Field::Action).unwrap().get(0), Some("ACCEPT"));
        assert_eq!(batch.text(Field::Action).unwrap().get(1), None);
        assert!(!batch.has(Field::DstPort));
        assert_eq!(batch.lines(), [2, 3]);
        assert!(builder.is_empty());
        let shown = readable(batch.records().unwrap()).unwrap();
        assert_eq!(shown.column(0).as_string::<i32>().value(0), "10.0.0.1");
    }

    #[test]
    fn an_unknown_field_with_the_column_of_a_known_one_and_another_type_is_no_batch() {
        let format = Format::from_names(["srcaddr", "packets-lost_no_route"]).unwrap();
        let row = [Value::Null, Value::Text("lost")];
        let mut builder = BatchBuilder::new(&format, FieldSet::ALL);
        builder.push(&row, Status::Flow, 1).unwrap();
        assert!(builder.finish().is_err());
        let mut builder = BatchBuilder::new(&format, FieldSet::of(&[Field::SrcAddr]));
        builder.push(&row, Status::Flow, 1).unwrap();
        assert_eq!(builder.finish().unwrap().len(), 1);
    }

    #[test]
    fn texts_keep_their_order_whatever_the_cheap_hash_says() {
        let format = Format::from_names(["action"]).unwrap();
        let mut builder = BatchBuilder::new(&format, FieldSet::ALL);
        // More texts than the small table has places, each twice and not in a row.
        let texts: Vec<String> = (0..2000).map(|n| format!("{}-{n}", n % 7)).collect();
        for text in texts.iter().chain(&texts) {
            builder.push(&[Value::Text(text)], Status::Flow, 1).unwrap();
        }
        builder.push(&[Value::Text("")], Status::Flow, 1).unwrap();
        builder.push(&[Value::Null], Status::Flow, 1).unwrap();
        let batch = builder.finish().unwrap();
        let column = batch.text(Field::Action).unwrap();
        assert_eq!(column.values().count(), 2001);
        for (row, text) in texts.iter().chain(&texts).enumerate() {
            assert_eq!(column.get(row), Some(text.as_str()));
            assert_eq!(column.key(row), Some(row % 2000));
        }
        assert_eq!((column.get(4000), column.get(4001)), (Some(""), None));
        builder
            .push(&[Value::Text("new")], Status::Flow, 1)
            .unwrap();
        let again = builder.finish().unwrap();
        assert_eq!(again.text(Field::Action).unwrap().key(0), Some(0));
    }
}
