//! Columns of a Parquet file, whatever their types, as values row by row.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::ingest::complaint::Fault;
use crate::ingest::shape::Shape;
use crate::model::batch::Value;

/// One column of a batch.
pub(super) enum Cells {
    /// Nobody asked for it.
    Unread,
    /// Numbers, with the same as text for complaints.
    Numbers(Int64Array),
    /// Text; also what is neither number nor text, written out.
    Text(StringArray),
    /// Text that nobody has checked to be UTF-8.
    Bytes(BinaryArray),
}

impl Cells {
    /// Reads a column for the field at `index` of the shape.
    ///
    /// # Errors
    /// A column that Arrow cannot turn into text.
    pub(super) fn new(column: &ArrayRef, shape: &Shape, index: usize) -> Result<Cells, ArrowError> {
        let is_number = matches!(
            column.data_type(),
            DataType::Int8
                | DataType::Int16
                | DataType::Int32
                | DataType::Int64
                | DataType::UInt8
                | DataType::UInt16
                | DataType::UInt32
        );
        if is_number && !shape.is_text(index) {
            let wide = cast(column, &DataType::Int64)?;
            return Ok(Cells::Numbers(wide.as_primitive::<Int64Type>().clone()));
        }
        match column.data_type() {
            DataType::Utf8 => Ok(Cells::Text(column.as_string::<i32>().clone())),
            DataType::LargeUtf8 | DataType::Utf8View => Ok(Cells::Text(
                cast(column, &DataType::Utf8)?.as_string::<i32>().clone(),
            )),
            DataType::Dictionary(_, values)
                if matches!(**values, DataType::Utf8 | DataType::LargeUtf8) =>
            {
                Ok(Cells::Text(
                    cast(column, &DataType::Utf8)?.as_string::<i32>().clone(),
                ))
            }
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Ok(Cells::Bytes(
                cast(column, &DataType::Binary)?.as_binary::<i32>().clone(),
            )),
            _ => written_out(column),
        }
    }

    /// The value of a row, checked.
    ///
    /// # Errors
    /// A value that its field cannot have. The text of a number that is out of range goes into `text`.
    pub(super) fn value<'a>(
        &'a self,
        row: usize,
        shape: &Shape,
        index: usize,
        line_bytes_max: usize,
    ) -> Result<Value<'a>, CellFault<'a>> {
        let text = match self {
            Cells::Unread => return Ok(Value::Null),
            Cells::Numbers(numbers) if numbers.is_null(row) => return Ok(Value::Null),
            Cells::Numbers(numbers) => {
                let number = numbers.value(row);
                return shape.number(index, number).ok_or(CellFault::Number(number));
            }
            Cells::Text(texts) if texts.is_null(row) => return Ok(Value::Null),
            Cells::Text(texts) => texts.value(row),
            Cells::Bytes(bytes) if bytes.is_null(row) => return Ok(Value::Null),
            Cells::Bytes(bytes) => {
                let bytes = bytes.value(row);
                std::str::from_utf8(bytes).map_err(|_| CellFault::Fault(Fault::Encoding(bytes)))?
            }
        };
        if text.len() > line_bytes_max {
            return Err(CellFault::Fault(Fault::TooLong(line_bytes_max)));
        }
        shape.text(index, text).map_err(CellFault::Fault)
    }
}

/// Why a value is none.
pub(super) enum CellFault<'a> {
    /// As in text.
    Fault(Fault<'a>),
    /// A number that its field cannot have.
    Number(i64),
}

/// Columns of other types, as Arrow prints them: what does not read as a number or address then is set aside, row by row.
fn written_out(column: &ArrayRef) -> Result<Cells, ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let mut texts: Vec<Option<String>> = Vec::with_capacity(column.len());
    for row in 0..column.len() {
        texts.push(if column.is_null(row) {
            None
        } else {
            Some(formatter.value(row).try_to_string()?)
        });
    }
    Ok(Cells::Text(StringArray::from(texts)))
}
