//! Parquet inputs of other hands: types and names that AWS does not write.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, DictionaryArray, Float64Array, Int32Array, Int64Array, LargeStringArray,
    RecordBatch, StringArray, UInt64Array,
};
use arrow::datatypes::{Field as ArrowField, Int32Type, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel};
use parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData};
use parquet::file::properties::WriterProperties;

use crate::ingest::testing::{codes, facts, parquet, random_access, read};
use crate::ingest::{Input, Limits, Opener, Ranges, ReadOptions, Stamp};
use crate::model::batch::FlowBatch;
use crate::model::evidence::InputReport;

fn written(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Vec<u8> {
    let fields: Vec<ArrowField> = columns
        .iter()
        .map(|(name, column)| ArrowField::new(*name, column.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn of(columns: Vec<(&str, ArrayRef)>) -> (Vec<String>, InputReport) {
    let bytes = written(columns, Compression::SNAPPY);
    let (batches, report) = read(&random_access("a.parquet", &bytes), &ReadOptions::default());
    (facts(&batches), report)
}

#[test]
fn each_file_has_its_own_types() {
    let dictionary: DictionaryArray<Int32Type> = vec![Some("10.0.0.1"), None, Some("-")]
        .into_iter()
        .collect();
    #[rustfmt::skip]
    let cases: Vec<(&str, &str, ArrayRef, Vec<&str>, &str)> = vec![
        // title,                     name,       column,                                                     facts,                                                 codes
        ("INT32 for a number",        "bytes",    Arc::new(Int32Array::from(vec![Some(5), None])),            vec!["1: Flow bytes=5", "2: Flow bytes=-"],           ""),
        ("INT64 for a port",          "dstport",  Arc::new(Int64Array::from(vec![443, 70_000])),              vec!["1: Flow dstport=443"],                          "record-bad-number"),
        ("text for a number",         "bytes",    Arc::new(StringArray::from(vec!["5", "-", ""])),            vec!["1: Flow bytes=5", "2: Flow bytes=-"],           "record-bad-number"),
        ("a negative number",         "bytes",    Arc::new(Int64Array::from(vec![-1])),                       vec![],                                               "record-bad-number"),
        ("an unsigned number",        "bytes",    Arc::new(UInt64Array::from(vec![7, u64::MAX])),             vec!["1: Flow bytes=7"],                              "record-bad-number"),
        ("a fraction",                "bytes",    Arc::new(Float64Array::from(vec![1.5])),                    vec![],                                               "record-bad-number"),
        ("a number for an account",   "account_id", Arc::new(Int64Array::from(vec![123_456_789_012])),        vec!["1: Flow account_id=123456789012"],              ""),
        ("a dictionary of addresses", "pkt_srcaddr", Arc::new(dictionary),                                    vec!["1: Flow pkt_srcaddr=10.0.0.1", "2: Flow pkt_srcaddr=-", "3: Flow pkt_srcaddr=-"], ""),
        ("large text",                "pkt_srcaddr", Arc::new(LargeStringArray::from(vec!["::1", "x"])),      vec!["1: Flow pkt_srcaddr=::1"],                      "record-bad-address"),
        ("bytes that are text",       "action",   Arc::new(BinaryArray::from(vec![&b"ACCEPT"[..], b"\xff"])), vec!["1: Flow action=ACCEPT"],                        "record-bad-encoding"),
        ("no addresses, no status",   "srcaddr",  Arc::new(StringArray::from(vec!["-"])),                     vec!["1: SkipData srcaddr=-"],                        ""),
        ("a status of tomorrow",      "log_status", Arc::new(StringArray::from(vec!["NODATA", "LATE"])),      vec!["1: NoData log_status=NODATA"],                  "record-bad-status"),
        ("hyphens",                   "log-status", Arc::new(StringArray::from(vec!["OK"])),                  vec!["1: Flow log_status=OK"],                        ""),
        ("another case is another name", "Action", Arc::new(StringArray::from(vec!["ACCEPT"])),               vec!["1: Flow Action=ACCEPT"],                        "format-unknown-field"),
    ];
    for (title, name, column, expected, code) in cases {
        let (facts, report) = of(vec![(name, column)]);
        assert_eq!(facts, expected, "{title}");
        assert_eq!(codes(&report).join(" "), code, "{title}");
        assert!(report.whole && report.sha256.is_some(), "{title}");
    }
}

#[test]
fn columns_that_are_no_format_set_all_rows_aside() {
    let column = || Arc::new(StringArray::from(vec!["10.0.0.1", "10.0.0.2"])) as ArrayRef;
    for (names, code) in [
        (["srcaddr", "srcaddr"], "format-duplicate-field"),
        (["srcaddr", "tag.name"], "format-bad"),
    ] {
        let (facts, report) = of(names.map(|name| (name, column())).into());
        assert!(facts.is_empty() && !report.whole);
        assert_eq!((report.rows, report.set_aside), (2, 2));
        assert_eq!(codes(&report), [code]);
    }
}

#[test]
fn codecs_and_limits() {
    let column = || Arc::new(Int64Array::from_iter_values(0..10_000)) as ArrayRef;
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
    ] {
        let bytes = written(vec![("bytes", column())], codec);
        let (_, report) = read(
            &random_access("a", &bytes),
            &ReadOptions {
                batch_rows: 777,
                ..ReadOptions::default()
            },
        );
        assert_eq!(
            (report.flows, report.whole, report.encoding.as_str()),
            (10_000, true, "parquet")
        );
        assert_eq!(report.size, bytes.len() as u64);
        let limits = Limits {
            object_bytes: 10_000,
            ..Limits::default()
        };
        let (_, report) = read(
            &random_access("a", &bytes),
            &ReadOptions {
                limits,
                ..ReadOptions::default()
            },
        );
        assert_eq!(
            (report.flows, report.whole, codes(&report)),
            (0, false, vec!["input-too-large".to_owned()])
        );
    }
}

/// Bytes under a stamp: Parquet by name, as in S3.
struct Stamped(Vec<u8>);

impl Opener for Stamped {
    fn open(&self) -> io::Result<Box<dyn io::Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.0.clone())))
    }

    fn ranges(&self) -> io::Result<Option<Box<dyn Ranges>>> {
        Ok(Some(Box::new(Stamped(self.0.clone()))))
    }

    fn is_columnar(&self) -> bool {
        true
    }

    fn stamp(&self) -> Stamp {
        let etag = Some("\"a\"".to_owned());
        Stamp {
            etag,
            ..Stamp::default()
        }
    }
}

impl Ranges for Stamped {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&mut self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let (start, end) = (usize::try_from(range.start), usize::try_from(range.end));
        let bytes = self.0.get(start.unwrap()..end.unwrap());
        bytes
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn is_stamped(&self) -> bool {
        true
    }
}

#[test]
fn under_a_stamp_only_what_is_parquet_goes_without_a_digest() {
    let column: ArrayRef = Arc::new(StringArray::from(vec!["10.0.0.1"]));
    let parquet = written(vec![("srcaddr", column)], Compression::SNAPPY);
    let mut cut = parquet.clone();
    cut.truncate(parquet.len() - 1);
    #[rustfmt::skip]
    let cases = [
        // title,                 bytes,                            whole, sha256, encoding
        ("Parquet",               parquet,                          true,  false,  "parquet"),
        ("its end is missing",    cut,                              false, false,  "parquet"),
        ("text under that name",  b"srcaddr\n10.0.0.1\n".to_vec(), true,  true,   "text"),
        ("nothing",               vec![],                           true,  true,   "text"),
    ];
    for (title, bytes, whole, sha256, encoding) in cases {
        let size = bytes.len() as u64;
        let input = Input::new("a.parquet", Some(size), Arc::new(Stamped(bytes)));
        let (_, report) = read(&input, &ReadOptions::default());
        assert_eq!(
            (report.whole, report.sha256.is_some(), report.size),
            (whole, sha256, size),
            "{title}"
        );
        assert_eq!(report.encoding, encoding, "{title}");
        assert!(report.etag.is_some(), "{title}");
    }
}

/// The file with another footer.
fn refooted(
    bytes: &[u8],
    change: impl Fn(Vec<RowGroupMetaData>) -> Vec<RowGroupMetaData>,
) -> Vec<u8> {
    let bytes = Bytes::copy_from_slice(bytes);
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&bytes)
        .unwrap();
    let tail: [u8; 8] = bytes[bytes.len() - 8..].try_into().unwrap();
    let footer = u32::from_le_bytes(tail[..4].try_into().unwrap()) as usize;
    let mut out = bytes[..bytes.len() - 8 - footer].to_vec();
    let mut builder = metadata.into_builder();
    let groups = change(builder.take_row_groups());
    let metadata = builder.set_row_groups(groups).build();
    ParquetMetaDataWriter::new(&mut out, &metadata)
        .finish()
        .unwrap();
    out
}

#[test]
fn rows_that_a_footer_denies_are_not_passed_over_in_silence() {
    let rows: Vec<Vec<String>> = (0..20).map(|n| vec![format!("10.0.0.{n}")]).collect();
    // Seven rows, seven and six. The footer's own count will be the sum of theirs.
    let bytes = parquet(&["srcaddr"], &rows, true, true);
    let with = |rows: &'static [i64]| {
        refooted(&bytes, |groups| {
            let groups = groups.into_iter().zip(rows);
            let group = |(group, rows): (RowGroupMetaData, &i64)| {
                group.into_builder().set_num_rows(*rows).build().unwrap()
            };
            groups.map(group).collect()
        })
    };
    #[rustfmt::skip]
    let cases: [(&str, &[i64], bool); 4] = [
        ("as it was",              &[7, 7, 6],  true),
        ("none, but it has some",  &[7, 0, 6],  false),
        ("less than no rows",      &[7, -7, 7], false),
        ("one too many",           &[7, 8, 6],  false),
    ];
    for (title, rows, whole) in cases {
        let input = random_access("a.parquet", &with(rows));
        let (batches, report) = read(&input, &ReadOptions::default());
        let read: usize = batches.iter().map(FlowBatch::len).sum();
        assert_eq!(report.whole, whole, "{title}");
        assert!(!whole || read == 20, "{title}: {read}");
    }
}

#[test]
fn a_page_that_is_not_as_long_as_its_header_says_is_damage() {
    let address: ArrayRef = Arc::new(StringArray::from(vec!["10.0.0.1"; 3]));
    let mut bytes = written(
        vec![("srcaddr", address)],
        Compression::GZIP(GzipLevel::default()),
    );
    let whole = |bytes: &[u8]| {
        read(&random_access("a.parquet", bytes), &ReadOptions::default())
            .1
            .whole
    };
    assert!(whole(&bytes));
    // Behind the magic: the header of the first page, its type, and its bytes in an even number, which stands for twice as few.
    assert_eq!((bytes[4], bytes[6]), (0x15, 0x15));
    bytes[7] += 2;
    assert!(!whole(&bytes));
}
