//! Columns of a Parquet file as columns of a batch, without a step a row: the way of files as AWS writes them.
//!
//! In: the arrays that the decoder brings. Out: a batch, if every value of every row is good; else nothing, and the caller goes row by row
//! (`parquet_cells`), which says what is wrong and where. Two ways, one meaning: a property in `properties` reads the same records as
//! text. Texts and addresses that the file keeps in a dictionary are read once a dictionary, not once a row; a dictionary of few texts is
//! that of all its batches, if whoever reads them remembers what it has understood.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int32Array, Int64Array, PrimitiveArray,
    RecordBatch, StringArray,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field as ArrowField, Int32Type, Int64Type, Schema, SchemaRef,
};

use crate::ingest::options::ReadOptions;
use crate::ingest::shape::{END_S_MAX, SPAN_S_MAX};
use crate::model::address::Address;
use crate::model::batch::{Column, FlowBatch, Slots, Status, are_few, slots};
use crate::model::field::{Field, FieldInfo, Kind};
use crate::model::format::{Format, FormatField};

/// The columns of one file, and what their dictionaries were found to mean.
pub(super) struct Columns {
    columns: Vec<Source>,
    schema: SchemaRef,
    /// None if an unknown field has the column of a known one, but not its type: then nothing is read here.
    slots: Option<Slots>,
    has_status: bool,
    line_bytes_max: usize,
    keep_texts: bool,
}

/// A column of the file.
struct Source {
    field: Option<Field>,
    kind: Kind,
    /// The largest number, for numbers.
    max: i64,
    /// Whether the batch has it; else it is read to be checked.
    is_kept: bool,
    texts: Option<TextsRead>,
    addresses: Option<AddressesRead>,
}

/// A dictionary, and for each of its places the place of the first equal text; `None` for a missing value.
struct TextsRead {
    dictionary: StringArray,
    same: Vec<Option<u32>>,
    /// For each place the key in the batch at work; [`UNSEEN`] before its first row, [`MISSING`] of a missing value.
    keys: Vec<i32>,
    /// All texts, if they are those of every batch: all keys are known then.
    shared: Option<ArrayRef>,
    /// Each place is its own key: no text is missing or there twice.
    as_they_are: bool,
}

const UNSEEN: i32 = -1;
const MISSING: i32 = -2;

/// A dictionary, and the address at each of its places, or zeros for a missing value.
struct AddressesRead {
    dictionary: StringArray,
    addresses: Vec<[u8; 16]>,
    /// By place; empty if none is missing.
    missing: Vec<bool>,
}

impl Columns {
    /// For the fields of a format at these places, in the decoder's order; there are none if the columns are no format.
    pub(super) fn new(format: Option<&Format>, read: &[usize], options: &ReadOptions) -> Columns {
        let projection = options.projection;
        let (mut columns, mut fields) = (Vec::new(), Vec::new());
        for field in read.iter().filter_map(|index| format?.fields().get(*index)) {
            let (known, is_kept) = match field {
                FormatField::Known(known) => (Some(*known), projection.contains(*known)),
                FormatField::Unknown(_) => (None, projection.is_all()),
            };
            let info: Option<&FieldInfo> = known.map(Field::info);
            let kind = info.map_or(Kind::Text, |info| info.kind);
            if is_kept {
                fields.push(ArrowField::new(field.column(), kind.arrow(), true));
            }
            columns.push(Source {
                field: known,
                kind,
                max: info.map_or(0, |info| info.max),
                is_kept,
                texts: None,
                addresses: None,
            });
        }
        let has_status = columns
            .iter()
            .any(|column| column.field == Some(Field::LogStatus));
        let schema = Schema::new(fields);
        Columns {
            columns,
            slots: slots(&schema).ok(),
            schema: Arc::new(schema),
            has_status,
            line_bytes_max: options.limits.line_bytes,
            keep_texts: options.keep_texts,
        }
    }

    /// The rows as a batch whose first row has this number, if all of them are good and of the types that AWS writes.
    pub(super) fn batch(&mut self, rows: &RecordBatch, first: u64) -> Option<FlowBatch> {
        let (slots, count) = (self.slots?, rows.num_rows());
        let mut kept = Vec::with_capacity(self.columns.len());
        let mut facts = Facts::default();
        for (column, array) in self.columns.iter_mut().zip(rows.columns()) {
            let read = column.read(array, self.line_bytes_max, self.keep_texts)?;
            facts.note(column.field, &read);
            if column.is_kept {
                kept.push(read);
            }
        }
        facts.times_are_good()?;
        let statuses = facts.statuses(self.has_status, count)?;
        let lines = (first..first.checked_add(u64::try_from(count).ok()?)?).collect();
        let schema = Arc::clone(&self.schema);
        FlowBatch::of_columns(schema, kept, slots, statuses, lines).ok()
    }
}

impl Source {
    fn read(&mut self, array: &ArrayRef, line_bytes_max: usize, keep: bool) -> Option<Column> {
        match self.kind {
            Kind::Int32 => numbers(array, self.max).map(Column::Int32),
            Kind::Int64 => numbers(array, self.max).map(Column::Int64),
            Kind::Text => self.read_texts(array, line_bytes_max, keep),
            Kind::Address => self.read_addresses(array, line_bytes_max),
        }
    }

    /// Keys in order of first appearance, equal texts under one key, only texts that stand in these rows; of few that are kept, in the order of
    /// the file's dictionary, and all.
    fn read_texts(
        &mut self,
        array: &ArrayRef,
        line_bytes_max: usize,
        keep: bool,
    ) -> Option<Column> {
        let (keys, dictionary) = dictionary_of(array)?;
        if !matches!(&self.texts, Some(read) if is_same(&read.dictionary, dictionary)) {
            self.texts = TextsRead::new(dictionary, line_bytes_max);
            if keep && are_few(dictionary.len(), dictionary.value_data().len()) {
                self.texts.as_mut()?.share()?;
            }
        }
        let read = self.texts.as_mut()?;
        if let Some(shared) = &read.shared {
            if read.as_they_are && are_below(keys.values(), shared.len()) {
                return Some(Column::Text {
                    keys: keys.clone(),
                    texts: Arc::clone(shared),
                });
            }
        } else {
            read.keys.fill(UNSEEN);
        }
        let (mut out, mut places) = (vec![0; keys.len()], Vec::new());
        let mut missing = Missing::new(keys.len());
        for rows in valid_rows(keys) {
            let start = rows.start;
            let (keys, out) = (keys.values().get(rows.clone())?, out.get_mut(rows)?);
            let runs = keys.chunks(RUN_ROWS).zip(out.chunks_mut(RUN_ROWS));
            for ((keys, out), start) in runs.zip((start..).step_by(RUN_ROWS)) {
                let mut lack = 0;
                for (row, (key, out)) in keys.iter().zip(out).enumerate() {
                    let place = place(*key);
                    let mut known = *read.keys.get(place)?;
                    if known == UNSEEN {
                        known = read.first(place, &mut places)?;
                    }
                    // Without a branch: in a column of services, a value is missing in every other row.
                    lack |= u64::from(known == MISSING) << row;
                    *out = known.max(0);
                }
                missing.note(start, lack);
            }
        }
        let nulls = NullBuffer::union(keys.nulls(), missing.nulls().as_ref());
        Some(Column::Text {
            keys: PrimitiveArray::new(out.into(), nulls),
            texts: match &read.shared {
                Some(shared) => Arc::clone(shared),
                None => texts_at(dictionary, &places),
            },
        })
    }

    fn read_addresses(&mut self, array: &ArrayRef, line_bytes_max: usize) -> Option<Column> {
        let mut bytes = Vec::with_capacity(array.len());
        let mut missing = Missing::new(array.len());
        if let Some(texts) = array.as_string_opt::<i32>() {
            for (row, text) in texts.iter().enumerate() {
                let address = text.map_or(Some(None), address)?;
                if address.is_none() {
                    missing.note(row, 1);
                }
                bytes.push(address.unwrap_or_default());
            }
            return addresses_of(bytes, missing.nulls());
        }
        let (keys, dictionary) = dictionary_of(array)?;
        if !matches!(&self.addresses, Some(read) if is_same(&read.dictionary, dictionary)) {
            self.addresses = AddressesRead::new(dictionary, line_bytes_max);
        }
        let read = self.addresses.as_ref()?;
        let mut all_known = true;
        for rows in valid_rows(keys) {
            let start = rows.start;
            let keys = keys.values().get(rows)?;
            bytes.resize(start, [0; 16]);
            bytes.extend(keys.iter().map(|key| {
                let known = read.addresses.get(place(*key));
                all_known &= known.is_some();
                known.copied().unwrap_or_default()
            }));
            if !read.missing.is_empty() {
                for (keys, start) in keys.chunks(RUN_ROWS).zip((start..).step_by(RUN_ROWS)) {
                    let lacks = |key: &i32| read.missing.get(place(*key)) == Some(&true);
                    let bits = keys.iter().enumerate();
                    let lack = bits.map(|(row, key)| u64::from(lacks(key)) << row);
                    missing.note(start, lack.fold(0, |all, bit| all | bit));
                }
            }
        }
        all_known.then_some(())?;
        bytes.resize(array.len(), [0; 16]);
        let nulls = NullBuffer::union(keys.nulls(), missing.nulls().as_ref());
        addresses_of(bytes, nulls)
    }
}

/// Whether all keys are places among so many, those under nulls too.
fn are_below(keys: &[i32], len: usize) -> bool {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    // Without a way out in the middle, so that it is a loop over vectors.
    keys.iter()
        .fold(true, |all, key| all & (key.cast_unsigned() < len))
}

/// The place in a dictionary that a key means; of a negative one none that a dictionary has.
#[inline]
fn place(key: i32) -> usize {
    usize::try_from(key).unwrap_or(usize::MAX)
}

fn texts_at(dictionary: &StringArray, places: &[usize]) -> ArrayRef {
    let texts = places.iter().map(|place| dictionary.value(*place));
    Arc::new(StringArray::from_iter_values(texts))
}

fn addresses_of(bytes: Vec<[u8; 16]>, nulls: Option<NullBuffer>) -> Option<Column> {
    let values = Buffer::from_vec(bytes.into_flattened());
    let addresses = FixedSizeBinaryArray::try_new(16, values, nulls).ok()?;
    Some(Column::Address(addresses))
}

/// The rows that have a key, in order: what stands under a null is no key.
fn valid_rows(keys: &Int32Array) -> impl Iterator<Item = Range<usize>> {
    let nulls = keys.nulls().filter(|nulls| nulls.null_count() > 0);
    let all = nulls.is_none().then_some(0..keys.len());
    let some = nulls.into_iter().flat_map(NullBuffer::valid_slices);
    all.into_iter().chain(some.map(|(start, end)| start..end))
}

impl TextsRead {
    /// Makes its texts those of every batch.
    fn share(&mut self) -> Option<()> {
        let mut places = Vec::new();
        for place in 0..self.keys.len() {
            if self.keys[place] == UNSEEN {
                self.first(place, &mut places)?;
            }
        }
        self.as_they_are = self.keys.iter().zip(0..).all(|(key, place)| *key == place);
        self.shared = Some(texts_at(&self.dictionary, &places));
        Some(())
    }

    /// The key of the text at a place that no row of the batch has had yet: that of an equal one, or the next.
    #[cold]
    fn first(&mut self, place: usize, places: &mut Vec<usize>) -> Option<i32> {
        let key = match self.same.get(place)? {
            None => MISSING,
            Some(first) => {
                let first = usize::try_from(*first).ok()?;
                if self.keys[first] == UNSEEN {
                    self.keys[first] = i32::try_from(places.len()).ok()?;
                    places.push(first);
                }
                self.keys[first]
            }
        };
        self.keys[place] = key;
        Some(key)
    }

    /// `None` if a text is too long for a line.
    fn new(dictionary: &StringArray, line_bytes_max: usize) -> Option<TextsRead> {
        let mut first: HashMap<&str, u32> = HashMap::with_capacity(dictionary.len());
        let mut same = Vec::with_capacity(dictionary.len());
        for (place, text) in dictionary.iter().enumerate() {
            let place = u32::try_from(place).ok()?;
            same.push(match text {
                None | Some("-") => None,
                Some(text) if text.len() > line_bytes_max => return None,
                Some(text) => Some(*first.entry(text).or_insert(place)),
            });
        }
        Some(TextsRead {
            dictionary: dictionary.clone(),
            keys: vec![UNSEEN; same.len()],
            same,
            shared: None,
            as_they_are: false,
        })
    }
}

impl AddressesRead {
    /// `None` if one of the texts is no address, whether a row of this batch has it or not.
    fn new(dictionary: &StringArray, line_bytes_max: usize) -> Option<AddressesRead> {
        let texts = dictionary.iter();
        let addresses = texts.map(|text| text.map_or(Some(None), address));
        let addresses: Option<Vec<Option<[u8; 16]>>> = addresses.collect();
        let addresses = addresses?;
        // The longest address is shorter than any limit in earnest.
        let longest = dictionary.iter().flatten().map(str::len).max();
        (longest <= Some(line_bytes_max)).then_some(())?;
        let mut missing: Vec<bool> = addresses.iter().map(Option::is_none).collect();
        if !missing.contains(&true) {
            missing.clear();
        }
        Some(AddressesRead {
            dictionary: dictionary.clone(),
            addresses: addresses
                .into_iter()
                .map(Option::unwrap_or_default)
                .collect(),
            missing,
        })
    }
}

/// `None` if it is no address, `Some(None)` if it says that there is none.
fn address(text: &str) -> Option<Option<[u8; 16]>> {
    match text {
        "-" => Some(None),
        text => Address::parse(text.as_bytes()).map(|address| Some(address.0.to_be_bytes())),
    }
}

fn dictionary_of(array: &ArrayRef) -> Option<(&Int32Array, &StringArray)> {
    let dictionary = array.as_dictionary_opt::<Int32Type>()?;
    Some((dictionary.keys(), dictionary.values().as_string_opt()?))
}

/// Whether two arrays are the same memory. INVARIANT: one of them is held, so its memory cannot be another's by now.
fn is_same(held: &StringArray, other: &StringArray) -> bool {
    held.len() == other.len()
        && held.values().as_ptr() == other.values().as_ptr()
        && held.offsets().as_ptr() == other.offsets().as_ptr()
        && held.nulls().is_none()
        && other.nulls().is_none()
}

/// Rows whose missing values are noted at once.
const RUN_ROWS: usize = 64;

/// Which rows lack a value.
struct Missing {
    /// A bit a row, and a word more.
    words: Vec<u64>,
    len: usize,
    any: bool,
}

impl Missing {
    fn new(len: usize) -> Missing {
        Missing {
            words: vec![0; len / 64 + 2],
            len,
            any: false,
        }
    }

    /// Bit n says that row `start + n` lacks one.
    fn note(&mut self, start: usize, lack: u64) {
        let (word, bit) = (start / 64, start % 64);
        // INVARIANT: the row is one of `len`, so both words are there.
        if let Some([low, high]) = self
            .words
            .get_mut(word..)
            .and_then(|of| of.first_chunk_mut())
        {
            *low |= lack << bit;
            *high |= (lack >> 1) >> (63 - bit);
        }
        self.any |= lack != 0;
    }

    /// None at all if no row lacks one.
    fn nulls(self) -> Option<NullBuffer> {
        self.any.then(|| {
            let valid = self.words.iter().map(|word| !word).collect();
            NullBuffer::new(BooleanBuffer::new(
                Buffer::from_vec::<u64>(valid),
                0,
                self.len,
            ))
        })
    }
}

/// Numbers of 32 or 64 bits in the width of their field, if all are in its range.
fn numbers<T>(array: &ArrayRef, max: i64) -> Option<PrimitiveArray<T>>
where
    T: ArrowPrimitiveType<Native: TryFrom<i64> + From<i32>>,
{
    let in_range = match array.data_type() {
        DataType::Int32 => are_in_range(array.as_primitive::<Int32Type>(), max),
        DataType::Int64 => are_in_range(array.as_primitive::<Int64Type>(), max),
        _ => return None,
    };
    in_range.then_some(())?;
    if let Some(numbers) = array.as_primitive_opt::<T>() {
        return Some(numbers.clone());
    }
    // In range, but for what stands under a null.
    match array.as_primitive_opt::<Int64Type>() {
        Some(wide) => Some(wide.unary(|value| T::Native::try_from(value).unwrap_or_default())),
        None => Some(
            array
                .as_primitive_opt::<Int32Type>()?
                .unary(T::Native::from),
        ),
    }
}

fn are_in_range<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, max: i64) -> bool
where
    T::Native: Into<i64>,
{
    let inside = |value: T::Native| (0..=max).contains(&value.into());
    // Without a way out in the middle, so that it is a loop over vectors. What stands under a null is nearly always zero; where it is
    // not, only real values count.
    let all = array
        .values()
        .iter()
        .fold(true, |all, value| all & inside(*value));
    all || array.iter().flatten().all(inside)
}

/// What decides what each record is.
#[derive(Default)]
struct Facts {
    /// Keys and texts.
    status: Option<(Int32Array, ArrayRef)>,
    start: Option<Int64Array>,
    end: Option<Int64Array>,
    addresses: Vec<FixedSizeBinaryArray>,
}

impl Facts {
    fn note(&mut self, field: Option<Field>, column: &Column) {
        match (field, column) {
            (Some(Field::LogStatus), Column::Text { keys, texts }) => {
                self.status = Some((keys.clone(), Arc::clone(texts)));
            }
            (Some(Field::Start), Column::Int64(times)) => self.start = Some(times.clone()),
            (Some(Field::End), Column::Int64(times)) => self.end = Some(times.clone()),
            (Some(Field::SrcAddr | Field::DstAddr), Column::Address(addresses)) => {
                self.addresses.push(addresses.clone());
            }
            _ => {}
        }
    }

    /// `None` if the times of a record cannot be.
    fn times_are_good(&self) -> Option<()> {
        let (Some(start), Some(end)) = (&self.start, &self.end) else {
            return Some(());
        };
        let good = |start: i64, end: i64| {
            (start <= end) & (end.saturating_sub(start) <= SPAN_S_MAX) & (end <= END_S_MAX)
        };
        let both = start.values().iter().zip(end.values());
        let all = both.fold(true, |all, (start, end)| all & good(*start, *end));
        let pairs = || start.iter().zip(end);
        (all || pairs().all(|pair| !matches!(pair, (Some(start), Some(end)) if !good(start, end))))
            .then_some(())
    }

    /// What each record is, by the rules of `Shape::judge`; `None` if a status is none of AWS's.
    fn statuses(&self, has_status: bool, count: usize) -> Option<Vec<Status>> {
        let named = |row: usize| self.addresses.iter().any(|column| column.is_valid(row));
        if !has_status {
            let status = |row| {
                if self.addresses.is_empty() || named(row) {
                    Status::Flow
                } else {
                    Status::SkipData
                }
            };
            return Some((0..count).map(status).collect());
        }
        let (keys, texts) = self.status.as_ref()?;
        let texts = texts.as_string_opt::<i32>()?;
        let known: Option<Vec<Status>> = texts.iter().map(|text| status_of(text?)).collect();
        let known = known?;
        if keys.null_count() > 0 {
            return None;
        }
        let mut statuses = vec![Status::Flow; count];
        for (status, key) in statuses.iter_mut().zip(keys.values()) {
            *status = *known.get(place(*key))?;
        }
        if known.contains(&Status::NoData) {
            for (row, status) in statuses.iter_mut().enumerate() {
                if *status == Status::NoData && named(row) {
                    *status = Status::SkipData;
                }
            }
        }
        Some(statuses)
    }
}

fn status_of(text: &str) -> Option<Status> {
    match text {
        "OK" => Some(Status::Flow),
        "NODATA" => Some(Status::NoData),
        "SKIPDATA" => Some(Status::SkipData),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]
        #[test]
        fn rows_lack_values_where_it_was_noted(runs in prop::collection::vec((0usize..200, any::<u64>(), 1usize..=64), 0..8), len in 1usize..300) {
            let mut missing = Missing::new(len);
            let mut expected = vec![false; len];
            for (start, bits, rows) in runs {
                let start = start % len;
                let rows = rows.min(len - start);
                let bits = bits & u64::MAX >> (64 - rows);
                missing.note(start, bits);
                for row in 0..rows {
                    expected[start + row] |= bits >> row & 1 == 1;
                }
            }
            let nulls = missing.nulls();
            prop_assert_eq!(nulls.is_some(), expected.contains(&true));
            if let Some(nulls) = nulls {
                prop_assert_eq!(nulls.len(), len);
                prop_assert_eq!((0..len).map(|row| nulls.is_null(row)).collect::<Vec<_>>(), expected);
            }
        }
    }
}
