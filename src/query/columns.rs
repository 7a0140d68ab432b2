//! The columns of `flows`: which there are, what each needs to be read, and how it is made of a batch.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Int32Array, StringArray, StringBuilder, TimestampSecondArray,
    UInt64Array, new_null_array,
};
use arrow::datatypes::{DataType, Field as ArrowField, Int32Type, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use std::fmt::Write;

use crate::classify::columns::{tag_column, tag_fields};
use crate::classify::row;
use crate::model::batch::FlowBatch;
use crate::model::field::{FIELDS, Field, FieldSet, Kind};
use crate::model::symbol::Symbols;
use crate::model::tag::{Tag, Tags};

/// The zone of every time: Arrow takes offsets, not names.
pub const UTC: &str = "+00:00";

/// Seconds in UTC.
pub fn seconds_utc() -> DataType {
    DataType::Timestamp(TimeUnit::Second, Some(UTC.into()))
}

/// Where a column's values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// A field of the table.
    Known(Field),
    /// A field that AWS added since, by its name in the batch.
    Unknown(String),
    /// A column of [`tag_fields`], by its place.
    Tag(usize),
    /// The classifier's port at the workload's end.
    WorkloadPort,
    /// The classifier's port at the far end.
    PeerPort,
    /// `start` or `end` as a time.
    Time(Field),
    /// The file or key.
    Input,
    /// The line or row in it.
    Line,
}

/// Behind the log's fields and the tags.
#[rustfmt::skip]
const LAST: &[(&str, Origin)] = &[
    ("workload_port", Origin::WorkloadPort), ("peer_port", Origin::PeerPort),
    ("started_at", Origin::Time(Field::Start)), ("ended_at", Origin::Time(Field::End)),
    ("input", Origin::Input), ("line", Origin::Line),
];

/// The columns of `flows`, in their order.
#[derive(Clone, Debug)]
pub struct Columns {
    origins: Vec<Origin>,
    schema: SchemaRef,
}

impl Columns {
    /// Every known field, then `unknown` ones (as batches name them), then what the classifier says, then times and places.
    ///
    /// An unknown field with the name of another column is `log_<name>`.
    pub fn new(unknown: &[String]) -> Columns {
        let (mut origins, mut fields) = (Vec::new(), Vec::new());
        for row in FIELDS {
            let data_type = match row.kind {
                Kind::Address => DataType::Utf8,
                Kind::Text | Kind::Int32 | Kind::Int64 => row.kind.arrow(),
            };
            fields.push(ArrowField::new(row.column, data_type, true));
            origins.push(Origin::Known(row.field));
        }
        let tags = tag_fields();
        let mut taken: Vec<String> = fields
            .iter()
            .chain(&tags)
            .map(|field| field.name().clone())
            .chain(LAST.iter().map(|row| row.0.to_owned()))
            .collect();
        for name in unknown {
            let mut shown = name.to_ascii_lowercase();
            while taken.contains(&shown) {
                shown.insert_str(0, "log_");
            }
            taken.push(shown.clone());
            fields.push(ArrowField::new(shown, Kind::Text.arrow(), true));
            origins.push(Origin::Unknown(name.clone()));
        }
        for (place, field) in tags.into_iter().enumerate() {
            fields.push(field);
            origins.push(Origin::Tag(place));
        }
        for (name, origin) in LAST {
            let data_type = match origin {
                Origin::Time(_) => seconds_utc(),
                Origin::Input => Kind::Text.arrow(),
                Origin::Line => DataType::UInt64,
                _ => DataType::Int32,
            };
            fields.push(ArrowField::new(*name, data_type, true));
            origins.push(origin.clone());
        }
        Columns {
            origins,
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// Names and types.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The fields that must be decoded for these columns.
    pub fn needs(&self, places: &[usize]) -> FieldSet {
        places.iter().fold(FieldSet::NONE, |set, place| {
            set.union(match &self.origins[*place] {
                Origin::Known(field) | Origin::Time(field) => FieldSet::NONE.with(*field),
                Origin::Unknown(_) => FieldSet::ALL,
                Origin::Tag(_) | Origin::WorkloadPort | Origin::PeerPort => row::columns(),
                Origin::Input | Origin::Line => FieldSet::NONE,
            })
        })
    }

    /// Whether any of them is the classifier's.
    pub fn need_tags(&self, places: &[usize]) -> bool {
        places.iter().any(|place| {
            matches!(
                self.origins[*place],
                Origin::Tag(_) | Origin::WorkloadPort | Origin::PeerPort
            )
        })
    }

    /// The column at a place.
    ///
    /// # Errors
    /// Tags that are not the batch's.
    pub fn build(&self, place: usize, rows: &Rows<'_>) -> Result<ArrayRef, ArrowError> {
        let batch = rows.batch;
        let data_type = self.schema.field(place).data_type();
        let missing = || new_null_array(data_type, batch.len());
        Ok(match &self.origins[place] {
            Origin::Known(field) => match field.info().kind {
                Kind::Address => addresses(batch, *field).unwrap_or_else(missing),
                Kind::Text | Kind::Int32 | Kind::Int64 => batch
                    .records()?
                    .column_by_name(field.column())
                    .map_or_else(missing, Arc::clone),
            },
            Origin::Unknown(name) => batch
                .records()?
                .column_by_name(name)
                .map_or_else(missing, Arc::clone),
            Origin::Tag(place) => tag_column(*place, rows.tags, rows.symbols)?,
            Origin::WorkloadPort => ports(rows.tags, |tag| tag.workload_port),
            Origin::PeerPort => ports(rows.tags, |tag| tag.peer_port),
            Origin::Time(field) => times(batch, *field).unwrap_or_else(missing),
            Origin::Input => {
                let keys = Int32Array::from_value(0, batch.len());
                let uri = Arc::new(StringArray::from(vec![rows.uri]));
                Arc::new(DictionaryArray::<Int32Type>::try_new(keys, uri)?)
            }
            Origin::Line => Arc::new(UInt64Array::from(batch.lines().to_vec())),
        })
    }
}

/// A batch and what stands beside it. `tags` are empty where no column needs them.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The records.
    pub batch: &'a FlowBatch,
    /// What the classifier says of them.
    pub tags: &'a Tags,
    /// The names behind the tags' symbols.
    pub symbols: &'a Symbols,
    /// Where they stood.
    pub uri: &'a str,
}

/// Addresses as text, written straight into the column's buffer.
fn addresses(batch: &FlowBatch, field: Field) -> Option<ArrayRef> {
    const IPV4_LEN_BYTES: usize = 12;
    let column = batch.address(field)?;
    let mut text = StringBuilder::with_capacity(batch.len(), batch.len() * IPV4_LEN_BYTES);
    for row in 0..batch.len() {
        match column.get(row) {
            // Writing into memory does not fail.
            Some(address) if write!(text, "{address}").is_ok() => text.append_value(""),
            Some(_) | None => text.append_null(),
        }
    }
    Some(Arc::new(text.finish()))
}

fn times(batch: &FlowBatch, field: Field) -> Option<ArrayRef> {
    let column = batch.number(field)?;
    let times: TimestampSecondArray = (0..batch.len()).map(|row| column.get(row)).collect();
    Some(Arc::new(times.with_timezone(UTC)))
}

fn ports(tags: &Tags, port: impl Fn(&Tag) -> Option<u16>) -> ArrayRef {
    let ports: Int32Array = tags
        .rows
        .iter()
        .map(|row| row.as_ref().and_then(&port).map(i32::from))
        .collect();
    Arc::new(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_its_own_name_and_strangers_give_way() {
        let columns = Columns::new(&["path".to_owned(), "line".to_owned(), "New_1".to_owned()]);
        let mut names: Vec<&str> = columns
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        for name in ["log_path", "log_line", "new_1", "path", "line", "srcaddr"] {
            assert!(names.contains(&name), "{name}");
        }
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn only_what_the_classifier_says_needs_the_classifier() {
        let columns = Columns::new(&["new".to_owned()]);
        let place = |name: &str| columns.schema().index_of(name).unwrap();
        #[rustfmt::skip]
        let cases = [
            ("bytes",      false, FieldSet::of(&[Field::Bytes])),
            ("started_at", false, FieldSet::of(&[Field::Start])),
            ("line",       false, FieldSet::NONE),
            ("input",      false, FieldSet::NONE),
            ("new",        false, FieldSet::ALL),
            ("path",       true,  row::columns()),
            ("peer_port",  true,  row::columns()),
        ];
        for (name, tags, fields) in cases {
            assert_eq!(columns.need_tags(&[place(name)]), tags, "{name}");
            assert_eq!(columns.needs(&[place(name)]), fields, "{name}");
        }
        assert_eq!(columns.needs(&[]), FieldSet::NONE);
    }
}
