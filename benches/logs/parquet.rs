//! Records of version 5 as AWS writes them in Parquet: names with underscores, 32 and 64 bit numbers, gzip columns.
//!
//! Types as in "Flow log files" of the VPC user guide: a missing number is null, a missing text `-`. One row group a file, as its writer
//! makes of files of this size.

use std::io;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Builder, Int64Builder, RecordBatch, StringBuilder};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

/// Rows that are handed to the writer at a time.
const ROWS: usize = 16_384;

enum Column {
    Text(StringBuilder),
    Int32(Int32Builder),
    Int64(Int64Builder),
}

impl Column {
    fn new(name: &str) -> Column {
        match name {
            "version" | "srcport" | "dstport" | "protocol" | "tcp-flags" | "traffic-path" => {
                Column::Int32(Int32Builder::new())
            }
            "packets" | "bytes" | "start" | "end" => Column::Int64(Int64Builder::new()),
            _ => Column::Text(StringBuilder::new()),
        }
    }

    fn push(&mut self, value: &str) -> io::Result<()> {
        match self {
            Column::Text(builder) => builder.append_value(value),
            Column::Int32(builder) => builder.append_option(number(value)?),
            Column::Int64(builder) => builder.append_option(number(value)?),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Column::Text(builder) => Arc::new(builder.finish()),
            Column::Int32(builder) => Arc::new(builder.finish()),
            Column::Int64(builder) => Arc::new(builder.finish()),
        }
    }
}

fn number<T: std::str::FromStr>(value: &str) -> io::Result<Option<T>> {
    match value {
        "-" => Ok(None),
        digits => digits
            .parse()
            .map(Some)
            .map_err(|_| io::Error::other(format!("{digits} is no number"))),
    }
}

/// The file that holds the records of this text, whose first line names the fields.
pub fn of_text(text: &[u8]) -> io::Result<Vec<u8>> {
    let text = std::str::from_utf8(text).map_err(io::Error::other)?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let mut columns: Vec<Column> = names.iter().map(|name| Column::new(name)).collect();
    let batch = |columns: &mut Vec<Column>| {
        let arrays = columns.iter_mut().map(Column::finish);
        let named = names.iter().map(|name| name.replace('-', "_")).zip(arrays);
        let nullable = named.map(|(name, array)| (name, array, true));
        RecordBatch::try_from_iter_with_nullable(nullable).map_err(io::Error::other)
    };
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(Default::default()))
        .build();
    let schema = batch(&mut columns)?.schema();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    for (number, line) in lines.enumerate() {
        for (column, value) in columns.iter_mut().zip(line.split(' ')) {
            column.push(value)?;
        }
        if (number + 1) % ROWS == 0 {
            writer.write(&batch(&mut columns)?)?;
        }
    }
    writer.write(&batch(&mut columns)?)?;
    Ok(writer.into_inner()?)
}
