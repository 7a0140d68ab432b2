//! What the tests of this module share: inputs in memory, and reading one to its end.

use std::io::{self, Cursor, Read, Write};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use crate::ingest::{Input, InputReader, Opener, Ranges, ReadOptions};
use crate::model::batch::FlowBatch;
use crate::model::evidence::InputReport;
use crate::model::field::{Field, Kind};

/// Bytes in memory, given out in reads of at most so many; after the last, perhaps an error.
struct Memory {
    bytes: Vec<u8>,
    read_max: usize,
    error: bool,
}

struct Pieces {
    bytes: Cursor<Vec<u8>>,
    read_max: usize,
    error: bool,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(self.read_max);
        match self.bytes.read(&mut buffer[..len])? {
            0 if self.error => Err(io::Error::other("the wire is cut")),
            len => Ok(len),
        }
    }
}

impl Opener for Memory {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Pieces {
            bytes: Cursor::new(self.bytes.clone()),
            read_max: self.read_max,
            error: self.error,
        }))
    }
}

/// The same, in any order.
struct Random(Vec<u8>);

impl Opener for Random {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.0.clone())))
    }

    fn ranges(&self) -> io::Result<Option<Box<dyn Ranges>>> {
        Ok(Some(Box::new(Random(self.0.clone()))))
    }
}

impl Ranges for Random {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&mut self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let start = usize::try_from(range.start).map_err(io::Error::other)?;
        let end = usize::try_from(range.end).map_err(io::Error::other)?;
        self.0
            .get(start..end)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// An input that comes once, in order.
pub(super) fn input(name: &str, bytes: &[u8]) -> Input {
    input_in_reads(name, bytes, usize::MAX, false)
}

/// An input that comes in reads of at most `read_max` bytes, and may end in an error.
pub(super) fn input_in_reads(name: &str, bytes: &[u8], read_max: usize, error: bool) -> Input {
    let bytes = bytes.to_vec();
    Input::new(
        name,
        None,
        Arc::new(Memory {
            bytes,
            read_max,
            error,
        }),
    )
}

/// An input that comes in any order.
pub(super) fn random_access(name: &str, bytes: &[u8]) -> Input {
    Input::new(
        name,
        Some(bytes.len() as u64),
        Arc::new(Random(bytes.to_vec())),
    )
}

/// Reads an input to its end, and holds what must hold of every report.
pub(super) fn read(input: &Input, options: &ReadOptions) -> (Vec<FlowBatch>, InputReport) {
    let mut reader = InputReader::open(input, options);
    let batches: Vec<FlowBatch> = std::iter::from_fn(|| reader.next_batch()).collect();
    let report = reader.into_report();
    let records = report.flows + report.nodata + report.skipdata;
    assert_eq!(
        report.rows,
        records + report.set_aside,
        "lines in, lines accounted for"
    );
    assert_eq!(
        batches.iter().map(|batch| batch.len() as u64).sum::<u64>(),
        records
    );
    assert!(!codes(&report).contains(&"ledger-mismatch".to_owned()));
    (batches, report)
}

/// The same, with the options that nobody has to set.
pub(super) fn read_bytes(bytes: &[u8]) -> (Vec<FlowBatch>, InputReport) {
    read(&input("a.log", bytes), &ReadOptions::default())
}

/// The codes of the complaints, in order, each once.
pub(super) fn codes(report: &InputReport) -> Vec<String> {
    let mut codes: Vec<String> = report.diagnostics.iter().map(|d| d.code.clone()).collect();
    codes.dedup();
    codes
}

/// Everything that batches say, however they are cut: line, status, columns by name.
pub(super) fn facts(batches: &[FlowBatch]) -> Vec<String> {
    let mut facts = Vec::new();
    for batch in batches {
        let readable = crate::model::batch::readable(batch.records().unwrap()).unwrap();
        for row in 0..batch.len() {
            let mut fact = format!("{}: {:?}", batch.lines()[row], batch.statuses()[row]);
            for (field, column) in readable.schema().fields().iter().zip(readable.columns()) {
                let value = arrow::util::display::array_value_to_string(column, row).unwrap();
                let null = arrow::array::Array::is_null(column, row);
                fact.push_str(&format!(
                    " {}={}",
                    field.name(),
                    if null { "-" } else { &value }
                ));
            }
            facts.push(fact);
        }
    }
    facts
}

/// One gzip member.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The same records in Parquet; missing values as null or as `-`, numbers as INT32, INT64 or text.
pub(super) fn parquet(names: &[&str], rows: &[Vec<String>], nulls: bool, typed: bool) -> Vec<u8> {
    let pages = Pages {
        nulls,
        typed,
        ..Pages::default()
    };
    parquet_pages(names, rows, pages)
}

/// How records are laid down in Parquet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pages {
    /// Missing values are null, not `-`.
    pub(super) nulls: bool,
    /// Numbers are INT32 or INT64, not text.
    pub(super) typed: bool,
    /// Texts stand in dictionaries.
    pub(super) dictionaries: bool,
    /// Pages of the second version, whose levels are not zipped.
    pub(super) second: bool,
}

impl Default for Pages {
    fn default() -> Pages {
        Pages {
            nulls: true,
            typed: false,
            dictionaries: true,
            second: false,
        }
    }
}

/// Records in Parquet, seven a row group.
pub(super) fn parquet_pages(names: &[&str], rows: &[Vec<String>], pages: Pages) -> Vec<u8> {
    let Pages {
        nulls,
        typed,
        dictionaries,
        second,
    } = pages;
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let values = rows.iter().map(|row| row[index].as_str());
        let kind = Field::by_name(name).map(|field| field.info().kind);
        let column: ArrayRef = match kind {
            Some(Kind::Int32) if typed => Arc::new(
                values
                    .map(|v| v.parse::<i32>().ok())
                    .collect::<Int32Array>(),
            ),
            Some(Kind::Int64) if typed => Arc::new(
                values
                    .map(|v| v.parse::<i64>().ok())
                    .collect::<Int64Array>(),
            ),
            _ => Arc::new(
                values
                    .map(|v| (!nulls || v != "-").then_some(v))
                    .collect::<StringArray>(),
            ),
        };
        columns.push((name.replace('-', "_"), column));
    }
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))
            .unwrap();
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(GzipLevel::default()))
        .set_max_row_group_row_count(Some(7))
        .set_dictionary_enabled(dictionaries)
        .set_writer_version(if second {
            WriterVersion::PARQUET_2_0
        } else {
            WriterVersion::PARQUET_1_0
        })
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}
