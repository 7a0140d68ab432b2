//! Logs of different formats in one output: one schema for all, and each batch brought into it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Schema, SchemaRef};

use super::Error;
use crate::model::field::{FIELDS, Field};

/// The columns of an output that takes batches of all these schemas.
///
/// Order: AWS's fields as the table has them, then fields that this version does not know by name, then `last` (the tags'
/// columns) as given, whether or not a batch has them. Every column may be null. A name stands once.
pub fn union_schema(schemas: &[SchemaRef], last: &[ArrowField]) -> SchemaRef {
    let mut known: [Option<FieldRef>; Field::COUNT] = [const { None }; Field::COUNT];
    let mut unknown: BTreeMap<&str, FieldRef> = BTreeMap::new();
    let columns = schemas.iter().flat_map(|schema| schema.fields().iter());
    for field in columns.filter(|field| last.iter().all(|tag| tag.name() != field.name())) {
        let nullable = || Arc::new(field.as_ref().clone().with_nullable(true));
        match FIELDS.iter().position(|row| row.column == field.name()) {
            Some(place) => _ = known[place].get_or_insert_with(nullable),
            None => _ = unknown.entry(field.name()).or_insert_with(nullable),
        }
    }
    let fields: Vec<FieldRef> = known
        .into_iter()
        .flatten()
        .chain(unknown.into_values())
        .chain(last.iter().cloned().map(Arc::new))
        .collect();
    Arc::new(Schema::new(fields))
}

/// The batch with the columns of `schema`, in its order; a column that it lacks is null.
///
/// Text in a dictionary and plain text are one type to a reader; here the schema's is made of either.
///
/// # Errors
/// [`Error::ColumnNotInOutput`] for a column that the schema lacks: nothing is dropped in silence.
/// [`Error::ColumnType`] for one with another type.
pub fn align(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Error> {
    let own = batch.schema();
    if own == *schema {
        return Ok(batch.clone());
    }
    for field in own.fields() {
        if schema.index_of(field.name()).is_err() {
            let name = field.name().clone();
            return Err(Error::ColumnNotInOutput { name });
        }
    }
    let columns: Result<Vec<ArrayRef>, Error> = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
            Some(column) => as_type(column, field),
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns?,
        &options,
    )?)
}

fn as_type(column: &ArrayRef, field: &FieldRef) -> Result<ArrayRef, Error> {
    let (got, expected) = (column.data_type(), field.data_type());
    if got == expected {
        Ok(Arc::clone(column))
    } else if is_text(got) && is_text(expected) {
        Ok(cast(column, expected)?)
    } else {
        Err(Error::ColumnType {
            name: field.name().clone(),
            got: got.clone(),
            expected: expected.clone(),
        })
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        data_type => *data_type == DataType::Utf8,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, Int32Array, StringArray};
    use arrow::datatypes::Int32Type;

    use super::*;
    use crate::model::field::Kind;

    fn schema(fields: &[(&str, DataType)]) -> SchemaRef {
        let fields = fields
            .iter()
            .map(|(name, data_type)| ArrowField::new(*name, data_type.clone(), true));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    fn names(schema: &SchemaRef) -> Vec<&str> {
        schema.fields().iter().map(|f| f.name().as_str()).collect()
    }

    #[test]
    fn the_union_has_awss_order_then_the_strangers_then_the_tags() {
        let text = Kind::Text.arrow();
        let one = schema(&[
            ("zebra", text.clone()),
            ("action", text.clone()),
            ("srcaddr", DataType::Utf8),
            ("path", text.clone()),
            ("via", text.clone()),
        ]);
        let other = schema(&[
            ("bytes", DataType::Int64),
            ("ant", text.clone()),
            ("srcaddr", DataType::Utf8),
        ]);
        let tags = [
            ArrowField::new("path", text.clone(), true),
            ArrowField::new("via", text, true),
        ];
        let expected = ["srcaddr", "bytes", "action", "ant", "zebra", "path", "via"];
        let union = union_schema(&[Arc::clone(&one), Arc::clone(&other)], &tags);
        assert_eq!(names(&union), expected);
        assert_eq!(union_schema(&[other, one], &tags), union, "input order");
        assert_eq!(names(&union_schema(&[], &tags)), ["path", "via"]);
    }

    #[test]
    fn a_missing_column_is_null_and_the_order_is_the_outputs() {
        let output = schema(&[
            ("srcport", DataType::Int32),
            ("action", Kind::Text.arrow()),
            ("via", DataType::Utf8),
        ]);
        let batch = RecordBatch::try_from_iter([
            (
                "via",
                Arc::new(StringArray::from(vec!["nat-1"])) as ArrayRef,
            ),
            ("srcport", Arc::new(Int32Array::from(vec![443]))),
        ])
        .unwrap();
        let aligned = align(&batch, &output).unwrap();
        assert_eq!(aligned.schema(), output);
        assert_eq!(aligned.column(0).as_primitive::<Int32Type>().value(0), 443);
        assert_eq!(aligned.column(1).logical_null_count(), 1);
        assert_eq!(aligned.column(2).as_string::<i32>().value(0), "nat-1");
    }

    #[test]
    fn what_does_not_fit_is_said_by_name() {
        let port = Arc::new(Int32Array::from(vec![443])) as ArrayRef;
        let batch = RecordBatch::try_from_iter([("srcport", port)]).unwrap();
        let lacks = align(&batch, &schema(&[("dstport", DataType::Int32)])).unwrap_err();
        assert_eq!(lacks.to_string(), "column `srcport` is not in the output");
        let other = align(&batch, &schema(&[("srcport", DataType::Utf8)])).unwrap_err();
        let message = "column `srcport` is Int32, and Utf8 in the output";
        assert_eq!(other.to_string(), message);
    }
}
