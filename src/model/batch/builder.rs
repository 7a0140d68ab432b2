//! Fills a batch: record by record with values, or many records at once with whole columns.

use std::sync::Arc;

use arrow::datatypes::{Field as ArrowField, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::column::ColumnBuilder;
use super::texts::TextBuilder;
use super::{FlowBatch, Slots, Status, slots};
use crate::model::address::Address;
use crate::model::field::{FieldSet, Kind};
use crate::model::format::{Format, FormatField};

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

/// Fills a batch.
pub struct BatchBuilder {
    schema: SchemaRef,
    /// None if an unknown field has the column of a known one, but not its type.
    slots: Option<Slots>,
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
        let schema = Schema::new(fields);
        BatchBuilder {
            slots: slots(&schema).ok(),
            schema: Arc::new(schema),
            targets,
            columns,
            statuses: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Keeps the texts of a batch for the next one, as long as there are few: for whoever remembers what it has understood of them. Batches that
    /// are kept themselves would each seem to have all.
    #[must_use]
    pub fn keeping_texts(mut self) -> BatchBuilder {
        for column in &mut self.columns {
            if let ColumnBuilder::Text(texts) = column {
                texts.keep();
            }
        }
        self
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

    /// Whether the batch keeps the field at this place of the format.
    pub fn keeps(&self, place: usize) -> bool {
        self.targets.get(place).is_some_and(Option::is_some)
    }

    fn column(&mut self, place: usize) -> Option<&mut ColumnBuilder> {
        let target = *self.targets.get(place)?;
        self.columns.get_mut(target?)
    }

    /// Adds numbers to the field at this place, unless the projection drops it. Bit n of `nulls` says that number n is missing;
    /// its value is then 0.
    ///
    /// Whoever fills columns fills all of them, and then says what the records are: [`BatchBuilder::push_rows`].
    #[inline(always)]
    pub fn push_numbers(&mut self, place: usize, numbers: &[i64], nulls: u64) {
        if let Some(column) = self.column(place) {
            column.push_numbers(numbers, nulls);
        }
    }

    /// Adds addresses as sixteen big-endian bytes, as [`BatchBuilder::push_numbers`] adds numbers.
    #[inline(always)]
    pub fn push_addresses(&mut self, place: usize, addresses: &[[u8; 16]], nulls: u64) {
        if let Some(column) = self.column(place) {
            column.push_addresses(addresses, nulls);
        }
    }

    /// The texts of the field at this place, to add to; `None` if the projection drops it, or it is no text.
    pub fn texts(&mut self, place: usize) -> Option<&mut TextBuilder> {
        match self.column(place)? {
            ColumnBuilder::Text(texts) => Some(texts),
            ColumnBuilder::Address(_) | ColumnBuilder::Int32(_) | ColumnBuilder::Int64(_) => None,
        }
    }

    /// Says of the records whose columns have been filled what they are; they stood in consecutive lines from `line`.
    pub fn push_rows(&mut self, statuses: &[Status], line: u64) {
        self.statuses.extend_from_slice(statuses);
        self.lines.extend((line..).take(statuses.len()));
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
    /// Columns of other lengths than there are records, which a builder filled by [`BatchBuilder::push`] alone cannot meet; an unknown field that
    /// has the column of a known one, but not its type (`packets-lost_no_route`).
    pub fn finish(&mut self) -> Result<FlowBatch, ArrowError> {
        let rows = self.statuses.len();
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish);
        let columns = columns.collect::<Result<_, _>>()?;
        // The next batch will be as long, if there is one.
        let statuses = std::mem::replace(&mut self.statuses, Vec::with_capacity(rows));
        let lines = std::mem::replace(&mut self.lines, Vec::with_capacity(rows));
        let slots = match self.slots {
            Some(slots) => slots,
            None => slots(&self.schema)?,
        };
        FlowBatch::of_columns(Arc::clone(&self.schema), columns, slots, statuses, lines)
    }
}
