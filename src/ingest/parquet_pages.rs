//! Pages of a Parquet file: the bytes of a row group's columns go in, unzipped pages come out, for the decoders of the `parquet` crate.
//!
//! The crate unzips gzip with zlib-rs; here it is done in half of the time (`inflate`). The crate reads the headers of pages and keeps their
//! kinds apart as before: it is only told that nothing is compressed. What it then does not check, that a page is as long as its header
//! says, is checked here.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::parquet::arrow::arrow_reader::RowGroups;
use ::parquet::basic::Compression;
use ::parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use ::parquet::file::reader::{ChunkReader, Length};
use ::parquet::file::serialized_reader::SerializedPageReader;
use bytes::{Buf, Bytes};

use crate::ingest::inflate::{announced_bytes, gunzip, gunzip_slowly};
use crate::ingest::spare::{Buffer, Spare};

/// One row group, with the bytes of the columns that are wanted of it.
pub(super) struct Group {
    metadata: Arc<ParquetMetaData>,
    index: usize,
    rows: usize,
    /// One a column of the file.
    chunks: Vec<Option<Arc<Chunk>>>,
    spare: Arc<Spare>,
}

/// The bytes of one column, as if the file were there.
struct Chunk {
    start: u64,
    bytes: Bytes,
    /// Where the bytes of the page that was asked for last begin, behind its header.
    page_start: AtomicU64,
}

impl Group {
    /// Without the bytes of its columns; `None` if there is no such group, or it has less than no rows.
    pub(super) fn new(
        metadata: &Arc<ParquetMetaData>,
        index: usize,
        spare: &Arc<Spare>,
    ) -> Option<Group> {
        let group = metadata.row_groups().get(index)?;
        Some(Group {
            metadata: Arc::clone(metadata),
            index,
            rows: usize::try_from(group.num_rows()).ok()?,
            chunks: vec![None; group.num_columns()],
            spare: Arc::clone(spare),
        })
    }

    /// Where the bytes of its columns stand.
    pub(super) fn ranges(&self, wanted: impl Fn(usize) -> bool) -> Vec<(usize, Range<u64>)> {
        let columns = self.row_groups().flat_map(RowGroupMetaData::columns);
        let columns = columns.enumerate().filter(|(index, _)| wanted(*index));
        let range = |column: &ColumnChunkMetaData| {
            let (start, len) = column.byte_range();
            start..start.saturating_add(len)
        };
        columns
            .map(|(index, column)| (index, range(column)))
            .collect()
    }

    /// Takes the bytes of a column.
    pub(super) fn put(&mut self, index: usize, start: u64, bytes: Vec<u8>) {
        if let Some(chunk) = self.chunks.get_mut(index) {
            let bytes = bytes.into();
            let page_start = AtomicU64::new(start);
            *chunk = Some(Arc::new(Chunk {
                start,
                bytes,
                page_start,
            }));
        }
    }
}

impl RowGroups for Group {
    fn num_rows(&self) -> usize {
        self.rows
    }

    fn column_chunks(&self, index: usize) -> Result<Box<dyn PageIterator>> {
        let column = self
            .row_groups()
            .find_map(|group| group.columns().get(index));
        let chunk = self.chunks.get(index).and_then(Option::as_ref);
        let (Some(column), Some(chunk)) = (column, chunk) else {
            return Err(ParquetError::General(format!(
                "column {index} was not read"
            )));
        };
        let zipped = matches!(column.compression(), Compression::GZIP(_));
        let pages = if zipped {
            let told = column.clone().into_builder();
            let told = told.set_compression(Compression::UNCOMPRESSED).build()?;
            let pages = SerializedPageReader::new(Arc::clone(chunk), &told, self.rows, None)?;
            Box::new(Unzipped {
                pages,
                ended: Some(chunk.start),
                chunk: Arc::clone(chunk),
                spare: Arc::clone(&self.spare),
            }) as Box<dyn PageReader>
        } else {
            let chunk = Arc::clone(chunk);
            Box::new(SerializedPageReader::new(chunk, column, self.rows, None)?)
        };
        Ok(Box::new(Once(Some(pages))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().get(self.index).into_iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

impl Chunk {
    fn from(&self, start: u64) -> Result<Bytes> {
        let at = start
            .checked_sub(self.start)
            .and_then(|at| usize::try_from(at).ok());
        let at = at.filter(|at| *at <= self.bytes.len());
        let at =
            at.ok_or_else(|| ParquetError::EOF("a page before or behind its column".into()))?;
        Ok(self.bytes.slice(at..))
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.start.saturating_add(self.bytes.len() as u64)
    }
}

impl ChunkReader for Chunk {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, len: usize) -> Result<Bytes> {
        let bytes = self.from(start)?;
        if len > bytes.len() {
            return Err(ParquetError::EOF("a page ends behind its column".into()));
        }
        self.page_start.store(start, Ordering::Relaxed);
        Ok(bytes.slice(..len))
    }
}

/// The pages of the one row group.
struct Once(Option<Box<dyn PageReader>>);

impl Iterator for Once {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for Once {}

/// Pages whose values are gzipped, whatever the reader of their headers was told.
struct Unzipped {
    pages: SerializedPageReader<Chunk>,
    chunk: Arc<Chunk>,
    /// Where the page before ended, and so the next header begins; `None` if a page was passed over.
    ended: Option<u64>,
    spare: Arc<Spare>,
}

impl Unzipped {
    /// The bytes that the page which was just read should have, its levels included.
    fn announced(&mut self, packed: &Bytes) -> Option<usize> {
        let start = self.chunk.page_start.load(Ordering::Relaxed);
        let end = start.saturating_add(packed.len() as u64);
        let before = self.ended.replace(end)?;
        let len = usize::try_from(start.checked_sub(before)?).ok()?;
        unzipped_bytes(self.chunk.from(before).ok()?.get(..len)?)
    }

    fn unpack(&mut self, mut page: Page) -> Result<Page> {
        let announced = self.announced(page.buffer());
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = unzipped(buf, 0, announced, &self.spare)?;
            }
            Page::DataPageV2 {
                buf,
                is_compressed: true,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let levels = def_levels_byte_len.saturating_add(*rep_levels_byte_len);
                let levels = usize::try_from(levels).unwrap_or(usize::MAX);
                *buf = unzipped(buf, levels, announced, &self.spare)?;
            }
            Page::DataPageV2 { .. } => {}
        }
        Ok(page)
    }
}

/// What a page's header says that it unzips to; `None` if it is of an index, or written in an order that nobody writes.
///
/// Thrift's compact protocol: fields 1 to 3 of `PageHeader` are its type, and its bytes unzipped and zipped, each a number behind the byte
/// 0x15 (32 bits, the next field).
fn unzipped_bytes(header: &[u8]) -> Option<usize> {
    const NEXT_I32: u8 = 0x15;
    const INDEX: i64 = 1;
    let (kind, rest) = number(header.strip_prefix(&[NEXT_I32])?)?;
    let (bytes, rest) = number(rest.strip_prefix(&[NEXT_I32])?)?;
    let usual = rest.first() == Some(&NEXT_I32) && kind != INDEX;
    usize::try_from(bytes).ok().filter(|_| usual)
}

/// A number in seven bits a byte, the lowest first, its sign in the lowest of all; and what stands behind it.
fn number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut value = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
            return Some((number, bytes.get(place + 1..)?));
        }
    }
    None
}

/// The bytes of a page whose values are zipped; `levels` bytes before them are not. `announced`: how many there should be in all.
fn unzipped(
    packed: &Bytes,
    levels: usize,
    announced: Option<usize>,
    spare: &Arc<Spare>,
) -> Result<Bytes> {
    let unpacked = unzipped_whole(packed, levels, announced, spare)?;
    match announced {
        Some(announced) if unpacked.len() != announced => {
            let got = unpacked.len();
            let why = format!("a page unzips to {got} bytes, its header says {announced}");
            Err(ParquetError::General(why))
        }
        Some(_) | None => Ok(unpacked),
    }
}

fn unzipped_whole(
    packed: &Bytes,
    levels: usize,
    announced: Option<usize>,
    spare: &Arc<Spare>,
) -> Result<Bytes> {
    let Some((before, zipped)) = packed.split_at_checked(levels) else {
        return Err(ParquetError::EOF("levels end behind their page".into()));
    };
    // A page of nothing but missing values has no bytes of values, zipped or not.
    if zipped.is_empty() || announced == Some(levels) {
        return Ok(packed.slice(..levels));
    }
    if let Some(size) = announced_bytes(zipped) {
        let len = levels + size;
        let mut whole = spare.take(len);
        if let Some((head, values)) = whole.bytes.split_at_mut_checked(levels)
            && let Some(values) = values.get_mut(..size)
            && gunzip(zipped, values)
        {
            head.copy_from_slice(before);
            return Ok(Bytes::from_owner(Unpacked { whole, len }));
        }
    }
    // Several members, say; or it is damaged, and this says how.
    let mut whole = before.to_vec();
    gunzip_slowly(zipped, &mut whole)?;
    Ok(whole.into())
}

/// A page in a buffer that may be longer.
struct Unpacked {
    whole: Buffer,
    len: usize,
}

impl AsRef<[u8]> for Unpacked {
    fn as_ref(&self) -> &[u8] {
        self.whole.bytes.get(..self.len).unwrap_or(&[])
    }
}

impl Iterator for Unzipped {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Unzipped {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        page.map(|page| self.unpack(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.ended = None;
        self.pages.skip_next_page()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::testing::gzip;

    #[test]
    fn a_page_is_what_all_of_its_members_say_behind_its_levels() {
        let text = b"eni-1 eni-2 eni-1 ".repeat(20);
        let one = gzip(&text);
        let mut damaged = one.clone();
        damaged[one.len() / 2] ^= 0x55;
        let join = |parts: &[&[u8]]| parts.concat();
        #[rustfmt::skip]
        let cases = [
            ("one member",             join(&[&one]),              0, Some(text.clone())),
            ("behind levels",          join(&[b"abc", &one]),      3, Some(join(&[b"abc", &text]))),
            ("two members",            join(&[&one, &one]),        0, Some(join(&[&text, &text]))),
            ("two behind levels",      join(&[b"a", &one, &one]),  1, Some(join(&[b"a", &text, &text]))),
            ("an empty member",        gzip(b""),                  0, Some(Vec::new())),
            ("nothing behind levels",  b"abc".to_vec(),            3, Some(b"abc".to_vec())),
            ("levels beyond the page", b"abc".to_vec(),            4, None),
            ("no gzip at all",         b"abc".to_vec(),            0, None),
            ("damage",                 damaged,                    0, None),
            ("an end too early",       one[..one.len() - 9].to_vec(), 0, None),
        ];
        let spare = Arc::default();
        for (title, packed, levels, expected) in cases {
            let got = unzipped(&packed.into(), levels, None, &spare).ok();
            assert_eq!(got.as_deref(), expected.as_deref(), "{title}");
        }
    }

    #[test]
    fn a_page_is_as_long_as_its_header_says() {
        let (one, spare) = (Bytes::from(gzip(b"eni-1")), Arc::default());
        for (announced, expected) in [
            (None, true),
            (Some(5), true),
            (Some(4), false),
            (Some(6), false),
        ] {
            assert_eq!(
                unzipped(&one, 0, announced, &spare).is_ok(),
                expected,
                "{announced:?}"
            );
        }
        #[rustfmt::skip]
        let headers: [(&str, &[u8], Option<usize>); 6] = [
            ("a data page of 155 bytes", &[0x15, 0, 0x15, 0xb6, 0x02, 0x15, 0x40], Some(155)),
            ("a dictionary",             &[0x15, 4, 0x15, 0x0a, 0x15, 0x40],       Some(5)),
            ("an index",                 &[0x15, 2, 0x15, 0x0a, 0x15, 0x40],       None),
            ("less than nothing",        &[0x15, 0, 0x15, 0x09, 0x15, 0x40],       None),
            ("another order",            &[0x25, 0, 0x15, 0x0a, 0x15, 0x40],       None),
            ("an end too early",         &[0x15, 0, 0x15, 0xb6],                   None),
        ];
        for (title, header, expected) in headers {
            assert_eq!(unzipped_bytes(header), expected, "{title}");
        }
    }
}
