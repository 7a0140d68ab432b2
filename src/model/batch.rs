//! A batch of records as Arrow columns, and the builder that every decoder fills.

pub mod raw;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, FixedSizeBinaryArray, FixedSizeBinaryBuilder,
    Int32Array, Int32Builder, Int64Builder, PrimitiveArray, RecordBatch, RecordBatchOptions,
    StringArray,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field as ArrowField, Int32Type, Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::model::address::Address;
use crate::model::field::{Field, FieldSet, Kind};
use crate::model::format::{Format, FormatField};

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

/// Records in columns. Known fields have the types of [`Kind::arrow`]; unknown ones are dictionaries of text.
///
/// A missing value is null, whatever the log wrote for it (`-`, null).
#[derive(Clone, Debug)]
pub struct FlowBatch {
    records: RecordBatch,
    slots: [Option<u8>; Field::COUNT],
    statuses: Vec<Status>,
    lines: Vec<u64>,
}

impl FlowBatch {
    /// Joins columns with what each record is and where it stood: line (text, unzipped) or row (Parquet), from 1.
    ///
    /// # Errors
    /// Lengths that differ, or a known column of another type than its field's.
    pub fn new(
        records: RecordBatch,
        statuses: Vec<Status>,
        lines: Vec<u64>,
    ) -> Result<FlowBatch, ArrowError> {
        if statuses.len() != records.num_rows() || lines.len() != records.num_rows() {
            return Err(ArrowError::InvalidArgumentError(
                "statuses and lines must be one a row".into(),
            ));
        }
        let mut slots = [None; Field::COUNT];
        for (index, column) in records.schema().fields().iter().enumerate() {
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
        Ok(FlowBatch {
            records,
            slots,
            statuses,
            lines,
        })
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.statuses.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.statuses.is_empty()
    }

    /// The Arrow columns, named as in Parquet (underscores).
    pub fn records(&self) -> &RecordBatch {
        &self.records
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

    fn column(&self, field: Field) -> Option<&ArrayRef> {
        self.slots[field as usize].map(|slot| self.records.column(usize::from(slot)))
    }

    /// A text column; `None` if the log lacks it.
    pub fn text(&self, field: Field) -> Option<TextColumn<'_>> {
        let dictionary = self.column(field)?.as_dictionary_opt::<Int32Type>()?;
        Some(TextColumn {
            keys: dictionary.keys(),
            values: dictionary.values().as_string_opt()?,
        })
    }

    /// An address column; `None` if the log lacks it.
    pub fn address(&self, field: Field) -> Option<AddressColumn<'_>> {
        Some(AddressColumn(
            self.column(field)?.as_fixed_size_binary_opt()?,
        ))
    }

    /// A number column, widened; `None` if the log lacks it.
    pub fn number(&self, field: Field) -> Option<NumberColumn<'_>> {
        let column = self.column(field)?;
        match field.info().kind {
            Kind::Int32 => column.as_primitive_opt().map(NumberColumn::Int32),
            Kind::Int64 => column.as_primitive_opt().map(NumberColumn::Int64),
            Kind::Text | Kind::Address => None,
        }
    }
}

/// Text by row; equal texts have equal keys inside one batch.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    keys: &'a Int32Array,
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

    /// The distinct texts of the batch, by key.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &'a str> {
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

/// A value that a decoder has read and found good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Missing.
    Null,
    /// Text, for [`Kind::Text`] and unknown fields.
    Text(&'a str),
    /// For [`Kind::Address`].
    Address(Address),
    /// For [`Kind::Int32`] (in range) and [`Kind::Int64`].
    Number(i64),
}

enum ColumnBuilder {
    Text(Box<TextBuilder>),
    Address(FixedSizeBinaryBuilder),
    Int32(Int32Builder),
    Int64(Int64Builder),
}

impl ColumnBuilder {
    fn new(kind: Kind) -> ColumnBuilder {
        match kind {
            Kind::Text => ColumnBuilder::Text(Box::new(TextBuilder::new())),
            Kind::Address => ColumnBuilder::Address(FixedSizeBinaryBuilder::new(16)),
            Kind::Int32 => ColumnBuilder::Int32(Int32Builder::new()),
            Kind::Int64 => ColumnBuilder::Int64(Int64Builder::new()),
        }
    }

    fn push(&mut self, value: Value<'_>) -> Result<(), ArrowError> {
        match (self, value) {
            (ColumnBuilder::Text(builder), Value::Text(text)) => builder.append(text),
            (ColumnBuilder::Text(builder), _) => {
                builder.keys.append_null();
                Ok(())
            }
            (ColumnBuilder::Address(builder), Value::Address(address)) => {
                builder.append_value(address.0.to_be_bytes())
            }
            (ColumnBuilder::Address(builder), _) => {
                builder.append_null();
                Ok(())
            }
            (ColumnBuilder::Int32(builder), value) => {
                let number = if let Value::Number(number) = value {
                    i32::try_from(number).ok()
                } else {
                    None
                };
                builder.append_option(number);
                Ok(())
            }
            (ColumnBuilder::Int64(builder), value) => {
                builder.append_option(if let Value::Number(number) = value {
                    Some(number)
                } else {
                    None
                });
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            ColumnBuilder::Text(builder) => Arc::new(builder.finish()?),
            ColumnBuilder::Address(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Int32(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Int64(builder) => Arc::new(builder.finish()),
        })
    }
}

/// A dictionary of text in the making, keys in order of first appearance.
///
/// Arrow's own builder hashes every value with a strong hash; here a small table by a cheap one answers for nearly all of
/// them, for few texts stand in many records.
struct TextBuilder {
    keys: Int32Builder,
    /// All distinct texts, one behind the other, and where each ends.
    texts: String,
    ends: Vec<i32>,
    found: HashMap<Box<str>, i32>,
    /// By the cheap hash: a key that may be the one, plus 1.
    recent: Box<[i32; 1 << RECENT_BITS]>,
}

const RECENT_BITS: u32 = 9;

impl TextBuilder {
    fn new() -> TextBuilder {
        TextBuilder {
            keys: Int32Builder::new(),
            texts: String::new(),
            ends: Vec::new(),
            found: HashMap::new(),
            recent: Box::new([0; 1 << RECENT_BITS]),
        }
    }

    /// Ids differ in their last characters, so these and the length make the hash.
    fn slot(text: &str) -> usize {
        let mix = match text.as_bytes().last_chunk::<8>() {
            Some(tail) => u64::from_le_bytes(*tail),
            None => text.bytes().fold(0, |mix, byte| mix << 8 | u64::from(byte)),
        };
        let mix = (mix ^ (text.len() as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mix >> (64 - RECENT_BITS)).unwrap_or(0)
    }

    fn text(&self, key: i32) -> Option<&str> {
        let key = usize::try_from(key).ok()?;
        let end = usize::try_from(*self.ends.get(key)?).ok()?;
        let start = match key.checked_sub(1) {
            Some(before) => usize::try_from(*self.ends.get(before)?).ok()?,
            None => 0,
        };
        self.texts.get(start..end)
    }

    fn append(&mut self, text: &str) -> Result<(), ArrowError> {
        let slot = TextBuilder::slot(text);
        let likely = self.recent[slot] - 1;
        if likely >= 0 && self.text(likely) == Some(text) {
            self.keys.append_value(likely);
            return Ok(());
        }
        let key = match self.found.get(text) {
            Some(key) => *key,
            None => self.add(text)?,
        };
        self.recent[slot] = key + 1;
        self.keys.append_value(key);
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<i32, ArrowError> {
        let key = i32::try_from(self.ends.len());
        let end = i32::try_from(self.texts.len() + text.len());
        let (Ok(key @ 0..=0x7fff_fffe), Ok(end)) = (key, end) else {
            return Err(ArrowError::DictionaryKeyOverflowError);
        };
        self.texts.push_str(text);
        self.ends.push(end);
        self.found.insert(text.into(), key);
        Ok(key)
    }

    fn finish(&mut self) -> Result<DictionaryArray<Int32Type>, ArrowError> {
        let TextBuilder {
            mut keys,
            texts,
            ends,
            ..
        } = std::mem::replace(self, TextBuilder::new());
        let offsets: Vec<i32> = std::iter::once(0).chain(ends).collect();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let values = StringArray::try_new(offsets, Buffer::from_vec(texts.into_bytes()), None)?;
        DictionaryArray::try_new(keys.finish(), Arc::new(values))
    }
}

/// Fills a batch record by record.
pub struct BatchBuilder {
    schema: SchemaRef,
    /// One a field of the format: the column that its values go to, unless the projection drops it.
    targets: Vec<Option<usize>>,
    columns: Vec<ColumnBuilder>,
    statuses: Vec<Status>,
    lines: Vec<u64>,
}

impl BatchBuilder {
    /// A builder for records of `format` that keeps the fields of `projection`; unknown fields only if it is all.
    pub fn new(format: &Format, projection: FieldSet) -> BatchBuilder {
        let (mut fields, mut columns, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for field in format.fields() {
            let kind = match field {
                FormatField::Known(known) if projection.contains(*known) => Some(known.info().kind),
                FormatField::Unknown(_) if projection.is_all() => Some(Kind::Text),
                FormatField::Known(_) | FormatField::Unknown(_) => None,
            };
            targets.push(kind.map(|_| columns.len()));
            if let Some(kind) = kind {
                fields.push(ArrowField::new(field.column(), kind.arrow(), true));
                columns.push(ColumnBuilder::new(kind));
            }
        }
        BatchBuilder {
            schema: Arc::new(Schema::new(fields)),
            targets,
            columns,
            statuses: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Adds a record: one value a field of the format, in its order.
    ///
    /// # Errors
    /// A dictionary that overflows; the batch is then unusable.
    pub fn push(
        &mut self,
        values: &[Value<'_>],
        status: Status,
        line: u64,
    ) -> Result<(), ArrowError> {
        for (target, value) in self.targets.iter().zip(values) {
            if let Some(index) = target {
                self.columns[*index].push(*value)?;
            }
        }
        self.statuses.push(status);
        self.lines.push(line);
        Ok(())
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.statuses.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.statuses.is_empty()
    }

    /// The batch; the builder is empty again.
    ///
    /// # Errors
    /// None that a builder filled by [`BatchBuilder::push`] alone can meet.
    pub fn finish(&mut self) -> Result<FlowBatch, ArrowError> {
        let rows = self.statuses.len();
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish);
        let columns = columns.collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let records =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        FlowBatch::new(
            records,
            std::mem::take(&mut self.statuses),
            std::mem::take(&mut self.lines),
        )
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
            let text: StringArray = (0..column.len())
                .map(|row| addresses.get(row).map(|address| address.to_string()))
                .collect();
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
        let shown = readable(batch.records()).unwrap();
        assert_eq!(shown.column(0).as_string::<i32>().value(0), "10.0.0.1");
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
