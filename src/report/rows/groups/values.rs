//! The values of a column chunk, in the order of rows: keys of a dictionary, or as they are.

use std::collections::hash_map::Entry;
use std::ops::RangeInclusive;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanBufferBuilder, StringArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Int32Type, ToByteSlice};
use arrow::error::ArrowError;

use crate::model::map::Map;

/// Not in the dictionary yet.
const UNMET: u32 = u32::MAX;
/// Numbers in a span of so many get a table instead of a hash.
const DENSE_SPAN: u64 = 1 << 17;
/// Fewer rows than this a distinct number, and the numbers stand as they are.
const ROWS_PER_KEY: usize = 8;

/// The keys of texts. Which text has which does not depend on the hash.
type Known<'a> = Map<&'a str, u32>;

/// A dictionary in the making, or whole.
#[derive(Debug, Default)]
pub struct Dictionary {
    /// As Parquet writes them plainly, one behind the other.
    pub plain: Vec<u8>,
    /// How many.
    pub len: u32,
}

impl Dictionary {
    fn add_text(&mut self, text: &str) -> Result<u32, ArrowError> {
        let len =
            u32::try_from(text.len()).map_err(|_| ArrowError::OffsetOverflowError(text.len()))?;
        self.plain.extend_from_slice(&len.to_le_bytes());
        self.add(text.as_bytes())
    }

    fn add(&mut self, plain: &[u8]) -> Result<u32, ArrowError> {
        let key = self.len;
        if key == UNMET {
            return Err(ArrowError::DictionaryKeyOverflowError);
        }
        self.plain.extend_from_slice(plain);
        self.len += 1;
        Ok(key)
    }
}

/// What stands in the rows that have a value.
#[derive(Debug)]
pub enum Stored {
    /// Places in a dictionary.
    Keys(Vec<u32>, Dictionary),
    /// The values themselves, as Parquet writes them plainly.
    Plain(Vec<u8>),
}

/// The values of a column chunk.
#[derive(Debug)]
pub struct Values {
    /// How many rows.
    pub rows: usize,
    /// Which of them have a value; `None` if all.
    pub present: Option<NullBuffer>,
    /// Least and greatest, of numbers.
    pub range: Option<RangeInclusive<i64>>,
    /// Those that are there.
    pub stored: Stored,
}

impl Values {
    /// Texts, from arrays of `Dictionary(Int32, Utf8)`; keys in the order of the texts' first rows, whatever the arrays' own are.
    ///
    /// # Errors
    /// An array of another type, or more texts than there are keys.
    pub fn of_texts(parts: &[&ArrayRef]) -> Result<Values, ArrowError> {
        let (rows, present) = present(parts);
        let mut keys = vec![0; rows];
        let mut filled = 0;
        let (mut known, mut dictionary) = (Known::default(), Dictionary::default());
        for part in parts {
            let array = part.as_dictionary_opt::<Int32Type>().ok_or_else(odd)?;
            let texts = array.values().as_string_opt::<i32>().ok_or_else(odd)?;
            let nulls = part.logical_nulls().filter(|nulls| nulls.null_count() > 0);
            let own = array.keys().values();
            let found = keys_of(own, nulls.as_ref(), texts, &mut known, &mut dictionary)?;
            let key = |own: &i32| {
                let own = usize::try_from(*own).ok();
                own.and_then(|own| found.get(own)).copied().unwrap_or(UNMET)
            };
            match nulls {
                // Every row is stored; that of a null is overwritten by the next.
                Some(nulls) => {
                    for (own, valid) in own.iter().zip(nulls.iter()) {
                        keys[filled] = key(own);
                        filled += usize::from(valid);
                    }
                }
                None => {
                    let room = keys.iter_mut().skip(filled);
                    room.zip(own).for_each(|(slot, own)| *slot = key(own));
                    filled += own.len();
                }
            }
        }
        keys.truncate(filled);
        Ok(Values {
            rows,
            present,
            range: None,
            stored: Stored::Keys(keys, dictionary),
        })
    }

    /// Whole numbers: keys where few are distinct, else as they are.
    ///
    /// # Errors
    /// An array of another type.
    pub fn of_numbers<T>(parts: &[&ArrayRef]) -> Result<Values, ArrowError>
    where
        T: ArrowPrimitiveType,
        T::Native: Into<i64> + ToByteSlice,
    {
        let (rows, present) = present(parts);
        let mut numbers: Vec<T::Native> = Vec::with_capacity(rows);
        for part in parts {
            let array = part.as_primitive_opt::<T>().ok_or_else(odd)?;
            match array.nulls().filter(|nulls| nulls.null_count() > 0) {
                Some(nulls) => numbers.extend(nulls.valid_indices().map(|row| array.value(row))),
                None => numbers.extend_from_slice(array.values()),
            }
        }
        let wide = || numbers.iter().map(|number| (*number).into());
        let range = wide().min().zip(wide().max()).map(|(min, max)| min..=max);
        let stored = match range.as_ref().and_then(|range| keyed::<T>(&numbers, range)) {
            Some(keyed) => keyed,
            None => Stored::Plain(numbers.as_slice().to_byte_slice().to_vec()),
        };
        Ok(Values {
            rows,
            present,
            range,
            stored,
        })
    }
}

/// The dictionary's key for each of an array's own, as far as they stand in rows that have a value.
fn keys_of<'a>(
    own: &[i32],
    nulls: Option<&NullBuffer>,
    texts: &'a StringArray,
    known: &mut Known<'a>,
    dictionary: &mut Dictionary,
) -> Result<Vec<u32>, ArrowError> {
    let mut found = vec![UNMET; texts.len()];
    let mut unmet = texts.len();
    for (row, own) in own.iter().enumerate() {
        // Of a few texts all are met in a few rows.
        if unmet == 0 {
            break;
        }
        let place = usize::try_from(*own).unwrap_or(usize::MAX);
        if found.get(place) == Some(&UNMET) && nulls.is_none_or(|nulls| nulls.is_valid(row)) {
            let text = texts.value(place);
            found[place] = match known.entry(text) {
                Entry::Occupied(key) => *key.get(),
                Entry::Vacant(new) => *new.insert(dictionary.add_text(text)?),
            };
            unmet -= 1;
        }
    }
    Ok(found)
}

/// The numbers as keys; `None` if too many are distinct, or lie too far apart to tell at once.
fn keyed<T>(numbers: &[T::Native], range: &RangeInclusive<i64>) -> Option<Stored>
where
    T: ArrowPrimitiveType,
    T::Native: Into<i64> + ToByteSlice,
{
    let keys_max = numbers.len().div_ceil(ROWS_PER_KEY);
    let span = range.end().abs_diff(*range.start());
    let mut dictionary = Dictionary::default();
    let mut keys = Vec::with_capacity(numbers.len());
    let mut add = |number: &T::Native| {
        let key = dictionary
            .add(std::slice::from_ref(number).to_byte_slice())
            .ok()?;
        ((key as usize) < keys_max).then_some(key)
    };
    if span < DENSE_SPAN {
        let mut met = vec![UNMET; usize::try_from(span).ok()? + 1];
        for number in numbers {
            let place = (*number).into().abs_diff(*range.start());
            let slot = met.get_mut(usize::try_from(place).ok()?)?;
            if *slot == UNMET {
                *slot = add(number)?;
            }
            keys.push(*slot);
        }
    } else {
        let mut met = Map::<i64, u32>::default();
        for number in numbers {
            let key = match met.get(&(*number).into()) {
                Some(key) => *key,
                None => {
                    let key = add(number)?;
                    met.insert((*number).into(), key);
                    key
                }
            };
            keys.push(key);
        }
    }
    Some(Stored::Keys(keys, dictionary))
}

/// How many rows, and which have a value.
fn present(parts: &[&ArrayRef]) -> (usize, Option<NullBuffer>) {
    let rows = parts.iter().map(|part| part.len()).sum();
    let mut present = BooleanBufferBuilder::new(rows);
    for part in parts {
        match part.logical_nulls() {
            Some(nulls) => present.append_buffer(nulls.inner()),
            None => present.append_n(part.len(), true),
        }
    }
    let present = NullBuffer::new(present.finish());
    (
        rows,
        Some(present).filter(|present| present.null_count() > 0),
    )
}

fn odd() -> ArrowError {
    ArrowError::SchemaError("a column is not of its schema's type".to_owned())
}
