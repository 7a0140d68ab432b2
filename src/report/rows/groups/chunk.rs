//! A column chunk: its pages, compressed, and what the footer says of them.

use arrow::buffer::NullBuffer;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk;

use super::bits::{push_hybrid, push_packed_header, push_run, width_bits};
use super::values::{Stored, Values};
use crate::report::rows::Error;

/// Level 1 of zstd: the encoder, not the disk, is what `classify` waits for.
pub const ZSTD_LEVEL: i32 = 1;

/// Compresses pages, one after the other.
pub struct Compressor(bulk::Compressor<'static>);

impl Compressor {
    /// For one thread at a time.
    ///
    /// # Errors
    /// No memory.
    pub fn new() -> Result<Compressor, Error> {
        Ok(Compressor(bulk::Compressor::new(ZSTD_LEVEL)?))
    }

    fn compress(&mut self, plain: &[u8]) -> Result<Bytes, Error> {
        Ok(self.0.compress(plain)?.into())
    }
}

/// The bytes of a column chunk, and what is known of it.
pub struct Chunk {
    bytes: Bytes,
    close: ColumnCloseResult,
}

/// What has been written of a chunk.
struct Pages {
    out: TrackedWrite<Vec<u8>>,
    plain_bytes: usize,
    stats: Vec<PageEncodingStats>,
}

impl Pages {
    fn push(&mut self, page: Page, plain_len: usize) -> Result<(), ParquetError> {
        self.stats.push(PageEncodingStats {
            page_type: page.page_type(),
            encoding: page.encoding(),
            count: 1,
        });
        let page = CompressedPage::new(page, plain_len);
        let spec = SerializedPageWriter::new(&mut self.out).write_page(page)?;
        self.plain_bytes += spec.uncompressed_size;
        Ok(())
    }
}

impl Chunk {
    /// Encodes the values of a column. Least and greatest stand in the footer if `bounded`, which only INT64 may be.
    ///
    /// # Errors
    /// A page beyond two gigabytes.
    pub fn new(
        column: ColumnDescPtr,
        values: Values,
        bounded: bool,
        compressor: &mut Compressor,
    ) -> Result<Chunk, Error> {
        let mut pages = Pages {
            out: TrackedWrite::new(Vec::new()),
            plain_bytes: 0,
            stats: Vec::new(),
        };
        let mut plain = Vec::new();
        // A column that is never null has no levels.
        if column.max_def_level() > 0 {
            push_levels(&mut plain, &values)?;
        }
        let mut dictionary_bytes = None;
        let encoding = match &values.stored {
            Stored::Plain(numbers) => {
                plain.extend_from_slice(numbers);
                Encoding::PLAIN
            }
            Stored::Keys(keys, dictionary) => {
                let width = width_bits(dictionary.len as usize);
                plain.push(width.to_le_bytes()[0]);
                push_hybrid(&mut plain, keys, width);
                let page = Page::DictionaryPage {
                    buf: compressor.compress(&dictionary.plain)?,
                    num_values: dictionary.len,
                    encoding: Encoding::PLAIN,
                    is_sorted: false,
                };
                pages.push(page, dictionary.plain.len())?;
                dictionary_bytes = Some(pages.out.bytes_written());
                Encoding::RLE_DICTIONARY
            }
        };
        let rows = u32::try_from(values.rows).map_err(beyond)?;
        let page = Page::DataPage {
            buf: compressor.compress(&plain)?,
            num_values: rows,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        pages.push(page, plain.len())?;
        let statistics = values.range.as_ref().filter(|_| bounded);
        let statistics = statistics.map(|range| {
            let nulls = values.present.as_ref().map_or(0, NullBuffer::null_count);
            let (min, max) = (Some(*range.start()), Some(*range.end()));
            Statistics::int64(min, max, None, Some(nulls as u64), false)
        });
        Chunk::of_pages(column, pages, rows, dictionary_bytes, statistics)
    }

    fn of_pages(
        column: ColumnDescPtr,
        pages: Pages,
        rows: u32,
        dictionary_bytes: Option<usize>,
        statistics: Option<Statistics>,
    ) -> Result<Chunk, Error> {
        let mut encodings: Vec<Encoding> = pages.stats.iter().map(|page| page.encoding).collect();
        encodings.push(Encoding::RLE);
        let bytes = pages.out.into_inner()?;
        let place = |bytes: usize| i64::try_from(bytes).map_err(beyond);
        let mut metadata = ColumnChunkMetaData::builder(column)
            .set_encodings(encodings)
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
            .set_num_values(i64::from(rows))
            .set_total_compressed_size(place(bytes.len())?)
            .set_total_uncompressed_size(place(pages.plain_bytes)?)
            .set_dictionary_page_offset(dictionary_bytes.map(|_| 0))
            .set_data_page_offset(place(dictionary_bytes.unwrap_or(0))?)
            .set_page_encoding_stats(pages.stats);
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: u64::from(rows),
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk {
            bytes: bytes.into(),
            close,
        })
    }

    /// Writes the chunk behind those before it.
    ///
    /// # Errors
    /// An output that does not take the bytes.
    pub fn append_to<W: std::io::Write + Send>(
        self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        group.append_column(&self.bytes, self.close)
    }
}

/// Which rows have a value: a bit each, behind their length.
fn push_levels(out: &mut Vec<u8>, values: &Values) -> Result<(), ParquetError> {
    let mut levels = Vec::new();
    match &values.present {
        None => push_run(&mut levels, values.rows, 1, 1),
        Some(present) if present.null_count() == values.rows => {
            push_run(&mut levels, values.rows, 0, 1)
        }
        Some(present) => {
            push_packed_header(&mut levels, values.rows);
            levels.extend_from_slice(&present.inner().sliced()[..values.rows.div_ceil(8)]);
        }
    }
    let len = u32::try_from(levels.len()).map_err(beyond)?;
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&levels);
    Ok(())
}

fn beyond(error: std::num::TryFromIntError) -> ParquetError {
    ParquetError::General(error.to_string())
}
