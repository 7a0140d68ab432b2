//! One column of a batch in the making. Nulls cost nothing until the first comes.

use arrow::array::{FixedSizeBinaryArray, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::ArrowPrimitiveType;
use arrow::error::ArrowError;

use super::Value;
use super::array::Column;
use super::texts::TextBuilder;
use crate::model::field::Kind;

/// Values of one type, and which are missing.
pub(super) struct Values<T> {
    values: Vec<T>,
    nulls: Nulls,
}

impl<T: Copy + Default> Values<T> {
    fn new() -> Values<T> {
        Values {
            values: Vec::new(),
            nulls: Nulls::default(),
        }
    }

    fn push(&mut self, value: Option<T>) {
        self.values.push(value.unwrap_or_default());
        self.nulls.push(1, u64::from(value.is_none()));
    }

    #[inline(always)]
    fn extend(&mut self, values: impl ExactSizeIterator<Item = T>, nulls: u64) {
        self.nulls.push(values.len(), nulls);
        self.values.extend(values);
    }

    /// The same, where they need not be changed.
    #[inline(always)]
    fn extend_from(&mut self, values: &[T], nulls: u64) {
        self.nulls.push(values.len(), nulls);
        self.values.extend_from_slice(values);
    }

    /// The values so far; there will be as many again.
    fn take(&mut self) -> Vec<T> {
        let next = Vec::with_capacity(self.values.len());
        std::mem::replace(&mut self.values, next)
    }
}

/// The bit of each of 64 values.
pub const BITS: [u64; 64] = {
    let mut bits = [1; 64];
    let mut index = 1;
    while index < bits.len() {
        bits[index] = bits[index - 1] << 1;
        index += 1;
    }
    bits
};

/// Which values are missing, a bit a value; Arrow's own builder takes them one by one.
#[derive(Default)]
pub(super) struct Nulls {
    /// Full words.
    valid: Vec<u64>,
    /// Bits of the word in work, from the lowest, and how many there are.
    word: u64,
    bits: usize,
    any: bool,
}

impl Nulls {
    /// So many more values, at most 64, of which those with their bit set are missing.
    #[inline(always)]
    pub(super) fn push(&mut self, count: usize, nulls: u64) {
        if count == 0 {
            return;
        }
        // INVARIANT: 1 <= count <= 64, bits < 64.
        let all = u64::MAX >> (64 - count.min(64));
        let valid = !nulls & all;
        self.any |= valid != all;
        self.word |= valid << self.bits;
        if self.bits + count >= 64 {
            self.valid.push(self.word);
            let used = 64 - self.bits;
            self.word = if used == 64 { 0 } else { valid >> used };
            self.bits += count;
            self.bits -= 64;
        } else {
            self.bits += count;
        }
    }

    /// The bitmap, if any value is missing; and all over again.
    pub(super) fn finish(&mut self) -> Option<NullBuffer> {
        let len = self.valid.len() * 64 + self.bits;
        self.valid.push(self.word);
        (self.word, self.bits) = (0, 0);
        if !std::mem::take(&mut self.any) {
            self.valid.clear();
            return None;
        }
        let next = Vec::with_capacity(self.valid.len());
        let valid = std::mem::replace(&mut self.valid, next);
        let valid = BooleanBuffer::new(Buffer::from_vec(valid), 0, len);
        Some(NullBuffer::new(valid))
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
    #[inline(always)]
    pub(super) fn push_numbers(&mut self, numbers: &[i64], nulls: u64) {
        match self {
            ColumnBuilder::Int32(values) => {
                let narrow = numbers
                    .iter()
                    .map(|number| i32::try_from(*number).unwrap_or(i32::MAX));
                values.extend(narrow, nulls);
            }
            ColumnBuilder::Int64(values) => values.extend_from(numbers, nulls),
            ColumnBuilder::Text(_) | ColumnBuilder::Address(_) => {}
        }
    }

    #[inline(always)]
    pub(super) fn push_addresses(&mut self, addresses: &[[u8; 16]], nulls: u64) {
        if let ColumnBuilder::Address(values) = self {
            values.extend_from(addresses, nulls);
        }
    }

    pub(super) fn finish(&mut self) -> Result<Column, ArrowError> {
        Ok(match self {
            ColumnBuilder::Text(texts) => {
                let (keys, texts) = texts.finish()?;
                Column::Text { keys, texts }
            }
            ColumnBuilder::Address(values) => {
                let bytes = Buffer::from_vec(values.take().into_flattened());
                let nulls = values.nulls.finish();
                Column::Address(FixedSizeBinaryArray::try_new(16, bytes, nulls)?)
            }
            ColumnBuilder::Int32(values) => Column::Int32(numbers(values)?),
            ColumnBuilder::Int64(values) => Column::Int64(numbers(values)?),
        })
    }
}

fn numbers<T: ArrowPrimitiveType>(
    values: &mut Values<T::Native>,
) -> Result<PrimitiveArray<T>, ArrowError> {
    PrimitiveArray::try_new(values.take().into(), values.nulls.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn nulls_are_where_they_were_put(runs in prop::collection::vec((0usize..=64, prop_oneof![Just(0), any::<u64>()]), 0..12)) {
            let mut nulls = Nulls::default();
            for round in 0..2 {
                let mut expected = Vec::new();
                for (count, bits) in &runs {
                    nulls.push(*count, *bits);
                    expected.extend((0..*count).map(|index| bits >> index & 1 == 0));
                }
                let got = nulls.finish();
                let any = expected.contains(&false);
                prop_assert_eq!(got.is_some(), any, "round {}", round);
                if let Some(got) = got {
                    prop_assert_eq!(got.iter().collect::<Vec<_>>(), expected);
                }
            }
        }
    }
}
