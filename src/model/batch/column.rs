//! One column of a batch in the making. Nulls cost nothing until the first comes.

use std::sync::Arc;

use arrow::array::builder::NullBufferBuilder;
use arrow::array::{ArrayRef, FixedSizeBinaryArray, PrimitiveArray};
use arrow::buffer::Buffer;
use arrow::datatypes::{ArrowPrimitiveType, Int32Type, Int64Type};
use arrow::error::ArrowError;

use super::Value;
use super::texts::TextBuilder;
use crate::model::field::Kind;

/// Values of one type, and which are missing.
pub(super) struct Values<T> {
    values: Vec<T>,
    nulls: NullBufferBuilder,
}

impl<T: Copy + Default> Values<T> {
    fn new() -> Values<T> {
        Values {
            values: Vec::new(),
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn push(&mut self, value: Option<T>) {
        self.values.push(value.unwrap_or_default());
        self.nulls.append(value.is_some());
    }

    fn extend(&mut self, values: impl ExactSizeIterator<Item = T>, nulls: u64) {
        push_nulls(&mut self.nulls, values.len(), nulls);
        self.values.extend(values);
    }

    /// The values so far; there will be as many again.
    fn take(&mut self) -> Vec<T> {
        let next = Vec::with_capacity(self.values.len());
        std::mem::replace(&mut self.values, next)
    }
}

/// So many more, of which those with their bit set are missing.
pub(super) fn push_nulls(builder: &mut NullBufferBuilder, count: usize, nulls: u64) {
    if nulls == 0 {
        builder.append_n_non_nulls(count);
        return;
    }
    for index in 0..count {
        builder.append(nulls >> index & 1 == 0);
    }
}

/// A column in the making.
pub(super) enum ColumnBuilder {
    Text(Box<TextBuilder>),
    Address(Values<[u8; 16]>),
    Int32(Values<i32>),
    Int64(Values<i64>),
}

impl ColumnBuilder {
    pub(super) fn new(kind: Kind) -> ColumnBuilder {
        match kind {
            Kind::Text => ColumnBuilder::Text(Box::new(TextBuilder::new())),
            Kind::Address => ColumnBuilder::Address(Values::new()),
            Kind::Int32 => ColumnBuilder::Int32(Values::new()),
            Kind::Int64 => ColumnBuilder::Int64(Values::new()),
        }
    }

    pub(super) fn push(&mut self, value: Value<'_>) -> Result<(), ArrowError> {
        let number = match value {
            Value::Number(number) => Some(number),
            Value::Null | Value::Text(_) | Value::Address(_) => None,
        };
        match (self, value) {
            (ColumnBuilder::Text(texts), Value::Text(text)) => texts.push(text)?,
            (ColumnBuilder::Text(texts), _) => texts.push_null(),
            (ColumnBuilder::Address(values), Value::Address(address)) => {
                values.push(Some(address.0.to_be_bytes()));
            }
            (ColumnBuilder::Address(values), _) => values.push(None),
            (ColumnBuilder::Int32(values), _) => {
                values.push(number.and_then(|number| i32::try_from(number).ok()));
            }
            (ColumnBuilder::Int64(values), _) => values.push(number),
        }
        Ok(())
    }

    /// Numbers that are all in range.
    pub(super) fn push_numbers(&mut self, numbers: &[i64], nulls: u64) {
        match self {
            ColumnBuilder::Int32(values) => {
                let narrow = numbers
                    .iter()
                    .map(|number| i32::try_from(*number).unwrap_or(i32::MAX));
                values.extend(narrow, nulls);
            }
            ColumnBuilder::Int64(values) => values.extend(numbers.iter().copied(), nulls),
            ColumnBuilder::Text(_) | ColumnBuilder::Address(_) => {}
        }
    }

    pub(super) fn push_addresses(&mut self, addresses: &[[u8; 16]], nulls: u64) {
        if let ColumnBuilder::Address(values) = self {
            values.extend(addresses.iter().copied(), nulls);
        }
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            ColumnBuilder::Text(texts) => Arc::new(texts.finish()?),
            ColumnBuilder::Address(values) => {
                let bytes = Buffer::from_vec(values.take().into_flattened());
                Arc::new(FixedSizeBinaryArray::try_new(
                    16,
                    bytes,
                    values.nulls.finish(),
                )?)
            }
            ColumnBuilder::Int32(values) => Arc::new(numbers::<Int32Type>(values)?),
            ColumnBuilder::Int64(values) => Arc::new(numbers::<Int64Type>(values)?),
        })
    }
}

fn numbers<T: ArrowPrimitiveType>(
    values: &mut Values<T::Native>,
) -> Result<PrimitiveArray<T>, ArrowError> {
    PrimitiveArray::try_new(values.take().into(), values.nulls.finish())
}
