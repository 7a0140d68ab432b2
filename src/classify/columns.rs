//! Tags as Arrow columns: what `classify` and `query` show beside the log's own fields.
//!
//! To add a column: 1. its name in `TAG_COLUMNS`; 2. its values in `tag_column`, and of an address where it stands, in `stands`; 3. a row in
//! product.md section 5. The test holds names and values together.

mod by_class;
mod own;

use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Int32Array, Int32Builder, RecordBatch, RecordBatchOptions,
    StringArray,
};
use arrow::datatypes::{DataType, Field as ArrowField, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::model::address::Address;
use crate::model::address_text::{AddressColumns, texts};
use crate::model::batch::{BatchBuilder, FlowBatch};
use crate::model::class::{Class, Classes, Particulars, Stands};
use crate::model::field::{Field, FieldSet, Kind};
use crate::model::format::Format;
use crate::model::path::{Exit, Initiator, Path, Realm, Vantage};
use crate::model::symbol::{Sym, Symbols};
use crate::model::tag::{Tag, Tags};
use by_class::Present;

/// The columns beside the log's own, in their order, and whether they hold an address.
const TAG_COLUMNS: &[(&str, bool)] = &[
    ("path", false),
    ("path_basis", false),
    ("via", false),
    ("exit", false),
    ("realm", false),
    ("service", false),
    ("workload", true),
    ("workload_interface", false),
    ("peer", true),
    ("vantage", false),
    ("initiator", false),
];

/// The columns of tags, in their order, as [`tag_column`] gives them: words and ids as dictionaries, addresses as text.
pub fn tag_fields() -> Vec<ArrowField> {
    TAG_COLUMNS
        .iter()
        .map(|(name, is_address)| {
            let data_type = if *is_address {
                DataType::Utf8
            } else {
                Kind::Text.arrow()
            };
            ArrowField::new(*name, data_type, true)
        })
        .collect()
}

/// The columns that [`with_classes`] adds, in their order: all of them dictionaries of text.
pub fn output_fields() -> Vec<ArrowField> {
    let field = |row: &(&str, bool)| ArrowField::new(row.0, Kind::Text.arrow(), true);
    TAG_COLUMNS.iter().map(field).collect()
}

/// The columns of a classified log of this format: what [`with_classes`] gives if the decoder kept the fields of `projection`.
///
/// An output needs it before the first record is read, as its header cannot change afterwards.
///
/// # Errors
/// None that a format of ours can meet.
pub fn schema(format: &Format, projection: FieldSet) -> Result<SchemaRef, ArrowError> {
    let mut empty = BatchBuilder::new(format, projection);
    let classes = Classes::default();
    Ok(with_classes(&empty.finish()?, &classes, &Symbols::default())?.schema())
}

/// The batch's own columns, addresses as text, and the tags' beside them; NODATA and SKIPDATA rows have no tags. All texts are in
/// dictionaries; addresses share one.
///
/// A column of the log that has a tag column's name is kept as `log_<name>`: AWS may add a field that is called `path`.
/// Two unknown fields that differ in a hyphen or in case alone are told apart in the same way.
///
/// # Errors
/// Classes that are not of this batch, or that name a symbol which neither `symbols` nor the classes have.
pub fn with_classes(
    batch: &FlowBatch,
    classes: &Classes,
    symbols: &Symbols,
) -> Result<RecordBatch, ArrowError> {
    if classes.rows.len() != batch.len() {
        return Err(ArrowError::InvalidArgumentError(format!(
            "classes of {} records for {}",
            classes.rows.len(),
            batch.len()
        )));
    }
    let addresses = AddressColumns::new(batch)?;
    let log = batch.records()?;
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in log.schema_ref().fields().iter().zip(log.columns()) {
        let keys = Field::by_name(field.name()).and_then(|field| addresses.keys(field));
        let text = || field.as_ref().clone().with_data_type(Kind::Text.arrow());
        fields.push(keys.map_or_else(|| Arc::clone(field), |_| Arc::new(text())));
        columns.push(match keys {
            Some(keys) => addresses.column(keys.clone())?,
            None => Arc::clone(column),
        });
    }
    let mut fields = own::own_fields(&fields);
    fields.extend(output_fields().into_iter().map(Arc::new));
    let present = Present::new(classes);
    for (place, (name, _)) in TAG_COLUMNS.iter().enumerate() {
        columns.push(match (stands(name), *name) {
            (Some(stands), _) => present.addresses(&addresses, stands)?,
            (None, "initiator") => present.initiators(&Particulars::new(batch))?,
            (None, _) => present.column(place, symbols)?,
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// Where an address of the tags stands.
fn stands(name: &str) -> Option<fn(&Class) -> Option<Stands>> {
    match name {
        "workload" => Some(|class| class.workload),
        "peer" => Some(|class| class.peer),
        _ => None,
    }
}

/// One of the columns of [`tag_fields`], by its place there: for who wants few of them.
///
/// # Errors
/// Tags that name a symbol which neither `symbols` nor the tags have; a place beyond the last.
pub fn tag_column(place: usize, tags: &Tags, symbols: &Symbols) -> Result<ArrayRef, ArrowError> {
    let rows = tags.rows.as_slice();
    let names = Names {
        symbols,
        extra: &tags.extra,
    };
    match TAG_COLUMNS.get(place).map_or("", |row| row.0) {
        "path" => words(rows, Path::ALL, Path::as_str, |tag| Some(tag.path as i32)),
        "path_basis" => bases(rows),
        "via" => names.column(rows, |tag| tag.via),
        "exit" => words(rows, Exit::ALL, Exit::as_str, |tag| Some(tag.exit as i32)),
        "realm" => words(rows, Realm::ALL, Realm::as_str, |tag| {
            tag.realm.map(|realm| realm as i32)
        }),
        "service" => names.column(rows, |tag| tag.service),
        "workload" => addresses(rows, |tag| tag.workload),
        "workload_interface" => names.column(rows, |tag| tag.workload_interface),
        "peer" => addresses(rows, |tag| tag.peer),
        "vantage" => words(rows, Vantage::ALL, Vantage::as_str, |tag| {
            Some(tag.vantage as i32)
        }),
        "initiator" => initiators(
            rows.iter()
                .map(|row| row.map(|tag| tag.initiator as i32))
                .collect(),
        ),
        name => Err(ArrowError::SchemaError(format!("no tag column `{name}`"))),
    }
}

fn dictionary(keys: Int32Array, values: StringArray) -> Result<ArrayRef, ArrowError> {
    let array = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values))?;
    Ok(Arc::new(array))
}

/// A closed set of words: the key is the value's place in `all`.
fn words<T: Copy>(
    rows: &[Option<Tag>],
    all: &[T],
    word: fn(T) -> &'static str,
    key: impl Fn(&Tag) -> Option<i32>,
) -> Result<ArrayRef, ArrowError> {
    let keys: Int32Array = rows.iter().map(|row| row.as_ref().and_then(&key)).collect();
    dictionary(keys, all.iter().map(|value| Some(word(*value))).collect())
}

/// Who opened connections, by place among the words.
fn initiators(keys: Int32Array) -> Result<ArrayRef, ArrowError> {
    let words = Initiator::ALL.iter().map(|word| Some(word.as_str()));
    dictionary(keys, words.collect())
}

/// The rules' names: a few dozen static texts.
fn bases(rows: &[Option<Tag>]) -> Result<ArrayRef, ArrowError> {
    let mut values: Vec<&'static str> = Vec::new();
    let mut keys = Int32Builder::with_capacity(rows.len());
    for row in rows {
        let Some(tag) = row else {
            keys.append_null();
            continue;
        };
        // So few that to hash one takes longer than to find it.
        let known = values.iter().position(|value| *value == tag.basis);
        let key = match known.and_then(|key| i32::try_from(key).ok()) {
            Some(key) => key,
            None => next_key(&mut values, tag.basis)?,
        };
        keys.append_value(key);
    }
    dictionary(keys.finish(), StringArray::from(values))
}

fn next_key<'a>(values: &mut Vec<&'a str>, value: &'a str) -> Result<i32, ArrowError> {
    let key = i32::try_from(values.len()).map_err(|_| ArrowError::DictionaryKeyOverflowError)?;
    values.push(value);
    Ok(key)
}

/// The names behind symbols: the world's, then those that only the records have.
struct Names<'a> {
    symbols: &'a Symbols,
    extra: &'a [Arc<str>],
}

impl Names<'_> {
    fn name(&self, sym: Sym) -> Option<&str> {
        let index = usize::try_from(sym.0).ok()?;
        match index.checked_sub(self.symbols.len()) {
            None => Some(self.symbols.name(sym)),
            Some(extra) => self.extra.get(extra).map(|name| &**name),
        }
    }

    fn column(
        &self,
        rows: &[Option<Tag>],
        sym: impl Fn(&Tag) -> Sym,
    ) -> Result<ArrayRef, ArrowError> {
        let mut values: Vec<&str> = Vec::new();
        // By symbol; symbols are numbered from zero, those of the records behind the world's.
        let mut key_of: Vec<Option<i32>> = vec![None; self.symbols.len() + self.extra.len()];
        let mut keys = Int32Builder::with_capacity(rows.len());
        for row in rows {
            let Some(sym) = row.as_ref().map(&sym).filter(|sym| sym.is_some()) else {
                keys.append_null();
                continue;
            };
            let place = usize::try_from(sym.0)
                .ok()
                .and_then(|place| key_of.get_mut(place));
            let (Some(known), Some(name)) = (place, self.name(sym)) else {
                let nameless = format!("symbol {} has no name", sym.0);
                return Err(ArrowError::InvalidArgumentError(nameless));
            };
            let key = match *known {
                Some(key) => key,
                None => next_key(&mut values, name)?,
            };
            *known = Some(key);
            keys.append_value(key);
        }
        dictionary(keys.finish(), StringArray::from(values))
    }
}

fn addresses(
    rows: &[Option<Tag>],
    address: impl Fn(&Tag) -> Option<Address>,
) -> Result<ArrayRef, ArrowError> {
    let addresses = rows.iter().map(|row| row.as_ref().and_then(&address));
    Ok(Arc::new(texts(addresses)?))
}

#[cfg(test)]
mod tests;
