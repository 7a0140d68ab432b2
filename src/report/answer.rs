//! Rows of an answer for people: lines of a table, and cells that a spreadsheet does not run.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::csv::defused;
use super::shown::visible;
use super::table::{Column, lines};

/// The rows as lines of at most `width` columns, heading first; null is blank.
///
/// # Errors
/// A type that has no text.
pub fn table(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    width: usize,
) -> Result<Vec<String>, ArrowError> {
    let titles: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| visible(field.name()))
        .collect();
    let fields = schema.fields().iter().zip(&titles);
    let columns: Vec<Column<'_>> = fields
        .map(|(field, title)| Column {
            title,
            number: field.data_type().is_numeric(),
        })
        .collect();
    let options = FormatOptions::default().with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%SZ"));
    // A plan is of this tool's making, and is read line by line.
    let is_plan = titles == ["plan_type", "plan"];
    let mut rows = Vec::new();
    for batch in batches {
        let cells = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let text = |cell: &ArrayFormatter<'_>| {
                let text = cell.value(row).try_to_string()?;
                Ok::<_, ArrowError>(if is_plan {
                    text.lines().map(visible).collect::<Vec<_>>().join("\n")
                } else {
                    visible(&text)
                })
            };
            rows.push(cells.iter().map(text).collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(lines(&columns, rows, width))
}

/// The same rows with every text made fit for spreadsheets, as the CSV report has it.
///
/// # Errors
/// None that text can meet.
pub fn for_spreadsheets(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for column in batch.columns() {
        if !is_text(column.data_type()) {
            columns.push(Arc::clone(column));
            continue;
        }
        let text = cast(column, &DataType::Utf8)?;
        let cells = text.as_string::<i32>().iter();
        let safe: StringArray = cells.map(|cell| cell.map(defused)).collect();
        columns.push(Arc::new(safe));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let schema = spreadsheet_schema(&batch.schema());
    RecordBatch::try_new_with_options(schema, columns, &options)
}

/// The columns of [`for_spreadsheets`].
pub fn spreadsheet_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let data_type = if is_text(field.data_type()) {
            DataType::Utf8
        } else {
            field.data_type().clone()
        };
        Field::new(defused(field.name()), data_type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    fn batch() -> RecordBatch {
        let text: ArrayRef = Arc::new(StringArray::from(vec![
            Some("=1+1"),
            None,
            Some("a\u{1b}[2J"),
        ]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![-1, 20, 300]));
        RecordBatch::try_from_iter_with_nullable([("name", text, true), ("bytes", numbers, true)])
            .unwrap()
    }

    #[test]
    fn a_table_has_a_heading_and_cannot_move_the_cursor() {
        let lines = table(&batch().schema(), &[batch()], 80).unwrap();
        assert_eq!(
            lines,
            [
                "name        bytes",
                "=1+1           -1",
                "               20",
                "a\\u{1b}[2J    300",
            ]
        );
    }

    #[test]
    fn spreadsheets_run_nothing_and_numbers_stay_numbers() {
        let made = for_spreadsheets(&batch()).unwrap();
        let text = made.column(0).as_string::<i32>();
        assert_eq!((text.value(0), text.is_null(1)), ("'=1+1", true));
        assert_eq!(text.value(2), "a\\u{1b}[2J");
        assert_eq!(made.column(1).data_type(), &DataType::Int64);
    }
}
