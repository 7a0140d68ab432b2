use std::io::{self, Cursor};

use arrow::array::{ArrayRef, AsArray, DictionaryArray, Int32Array, Int64Array, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{Field as ArrowField, Int32Type};
use arrow::ipc::reader::{FileReader, StreamReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::statistics::Statistics;
use proptest::prelude::*;

use super::*;

const FORMATS: [RowFormat; 5] = [
    RowFormat::Parquet,
    RowFormat::Csv,
    RowFormat::JsonLines,
    RowFormat::Arrow,
    RowFormat::ArrowStream,
];

/// Text that breaks careless writers; none is empty, because CSV has no empty text beside null.
const HOSTILE: [&str; 8] = [
    "plain",
    "a,b",
    "say \"no\"",
    "two\nlines",
    "two\r\nlines",
    "=1+1",
    "grüße 漢字 🦀 \u{202e}",
    "\u{1b}[2J \\ \t",
];

/// Three columns: text in a dictionary, address text, numbers; the last row is null in all but one.
fn batch(texts: &[&str], first_number: i64) -> RecordBatch {
    let nulls = [None];
    let actions: DictionaryArray<Int32Type> = texts.iter().map(|t| Some(*t)).chain(nulls).collect();
    let addresses: StringArray = texts
        .iter()
        .map(|_| Some("10.0.0.1"))
        .chain(nulls)
        .collect();
    let ports: Int32Array = texts.iter().map(|_| Some(443)).chain([None]).collect();
    let numbers: Int64Array = (first_number..).take(texts.len() + 1).map(Some).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("srcaddr", Arc::new(addresses) as ArrayRef, true),
        ("srcport", Arc::new(ports), true),
        ("bytes", Arc::new(numbers), true),
        ("action", Arc::new(actions), true),
    ])
    .unwrap()
}

fn written(format: RowFormat, schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = RowWriter::new(Vec::new(), format, Arc::clone(schema)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap()
}

/// What a reader of the format sees, as one batch of plain columns.
fn read(format: RowFormat, schema: &SchemaRef, bytes: Vec<u8>) -> RecordBatch {
    let plain = plain(schema);
    let cursor = Cursor::new(bytes);
    let batches: Vec<RecordBatch> = match format {
        RowFormat::Parquet => {
            let file = file_of(cursor.get_ref());
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            assert_eq!(builder.schema().fields(), plain.fields(), "no Arrow types");
            builder.build().unwrap().map(Result::unwrap).collect()
        }
        RowFormat::Csv => arrow::csv::ReaderBuilder::new(Arc::clone(&plain))
            .with_header(true)
            .build(cursor)
            .unwrap()
            .map(Result::unwrap)
            .collect(),
        RowFormat::JsonLines => arrow::json::ReaderBuilder::new(Arc::clone(&plain))
            .build(cursor)
            .unwrap()
            .map(Result::unwrap)
            .collect(),
        RowFormat::Arrow => FileReader::try_new(cursor, None)
            .unwrap()
            .map(Result::unwrap)
            .collect(),
        RowFormat::ArrowStream => StreamReader::try_new(cursor, None)
            .unwrap()
            .map(Result::unwrap)
            .collect(),
    };
    concat_batches(&plain, &batches).unwrap()
}

/// Parquet's readers take a file, or a type of a crate that is not ours.
fn file_of(bytes: &[u8]) -> std::fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn plain_batch(batch: &RecordBatch) -> RecordBatch {
    align(batch, &plain(&batch.schema())).unwrap()
}

#[test]
fn what_is_written_is_read_back_in_every_format() {
    // Two batches whose dictionaries differ: an Arrow file could not hold both.
    let batches = [batch(&HOSTILE, 1), batch(&["other", "plain"], i64::MAX - 3)];
    let schema = batches[0].schema();
    let expected = concat_batches(&plain(&schema), &batches.each_ref().map(plain_batch)).unwrap();
    for format in FORMATS {
        let bytes = written(format, &schema, &batches);
        assert_eq!(read(format, &schema, bytes), expected, "{format:?}");
    }
}

#[test]
fn no_row_is_still_an_output_with_columns() {
    let schema = batch(&[], 0).schema();
    let empty = RecordBatch::new_empty(Arc::clone(&schema));
    for format in FORMATS {
        let none = written(format, &schema, &[]);
        let read_back = read(format, &schema, none.clone());
        assert_eq!(read_back.num_rows(), 0, "{format:?}");
        let one_empty = read(
            format,
            &schema,
            written(format, &schema, std::slice::from_ref(&empty)),
        );
        assert_eq!(one_empty.num_rows(), 0, "{format:?}");
        if format == RowFormat::Csv {
            assert_eq!(none, b"srcaddr,srcport,bytes,action\n");
        }
    }
}

#[test]
fn text_formats_are_as_documented() {
    let one = batch(&["a,\"b\"\n"], 7);
    let text = |format| {
        String::from_utf8(written(format, &one.schema(), std::slice::from_ref(&one))).unwrap()
    };
    assert_eq!(
        text(RowFormat::Csv),
        "srcaddr,srcport,bytes,action\n10.0.0.1,443,7,\"a,\"\"b\"\"\n\"\n,,8,\n"
    );
    assert_eq!(
        text(RowFormat::JsonLines),
        concat!(
            r#"{"srcaddr":"10.0.0.1","srcport":443,"bytes":7,"action":"a,\"b\"\n"}"#,
            "\n",
            r#"{"srcaddr":null,"srcport":null,"bytes":8,"action":null}"#,
            "\n"
        )
    );
}

#[test]
fn logs_of_different_formats_share_an_output() {
    let whole = batch(&["ACCEPT"], 1);
    let few = whole.project(&[3]).unwrap();
    let tags = [ArrowField::new("path", DataType::Utf8, true)];
    let schema = union_schema(&[few.schema(), whole.schema()], &tags);
    for format in FORMATS {
        let bytes = written(format, &schema, &[few.clone(), whole.clone()]);
        let rows = read(format, &schema, bytes);
        assert_eq!(rows.num_rows(), 4, "{format:?}");
        let action = cast(rows.column_by_name("action").unwrap(), &DataType::Utf8).unwrap();
        assert_eq!(action.as_string::<i32>().value(0), "ACCEPT");
        assert_eq!(rows.column_by_name("bytes").unwrap().null_count(), 2);
        assert_eq!(rows.column_by_name("path").unwrap().null_count(), 4);
    }
}

#[test]
fn a_stranger_in_mid_run_is_refused_by_name() {
    let whole = batch(&["ACCEPT"], 1);
    let schema = whole.project(&[0]).unwrap().schema();
    let mut writer = RowWriter::new(Vec::new(), RowFormat::Csv, schema).unwrap();
    let error = writer.write(&whole).unwrap_err();
    assert!(matches!(error, Error::ColumnNotInOutput { name } if name == "srcport"));
}

fn groups_of(bytes: &[u8]) -> Vec<RowGroupMetaData> {
    let reader = SerializedFileReader::new(file_of(bytes)).unwrap();
    reader.metadata().row_groups().to_vec()
}

#[test]
fn parquet_is_zstd_in_row_groups_of_one_size() {
    let numbers: Int64Array = (0..300_000).map(Some).collect();
    let only_numbers =
        RecordBatch::try_from_iter([("end", Arc::new(numbers) as ArrayRef)]).unwrap();
    // A column of another type is left to the crate's own encoder.
    let text: StringArray = (0..300_000).map(|_| Some("x")).collect();
    let with_text = RecordBatch::try_from_iter([
        ("end", Arc::clone(only_numbers.column(0))),
        ("input", Arc::new(text) as ArrayRef),
    ])
    .unwrap();
    for rows in [only_numbers, with_text] {
        let bytes = written(RowFormat::Parquet, &rows.schema(), &[rows]);
        let groups = groups_of(&bytes);
        let rows: Vec<i64> = groups.iter().map(RowGroupMetaData::num_rows).collect();
        assert_eq!(rows, [1 << 17, 1 << 17, 300_000 - (2 << 17)]);
        let codec = groups[0].column(0).compression();
        assert!(matches!(codec, Compression::ZSTD(_)), "{codec}");
    }
}

#[test]
fn readers_can_pass_over_row_groups_by_their_times() {
    let numbers: Int64Array = (0..200_000)
        .rev()
        .map(|n| (n % 9 > 0).then_some(n))
        .collect();
    let numbers = Arc::new(numbers) as ArrayRef;
    let rows =
        RecordBatch::try_from_iter([("end", Arc::clone(&numbers)), ("bytes", numbers)]).unwrap();
    let groups = groups_of(&written(RowFormat::Parquet, &rows.schema(), &[rows]));
    // `SELECT srcport AS start`: no time, and not as wide as one.
    let port = Arc::new(Int32Array::from(vec![443])) as ArrayRef;
    let named_so = RecordBatch::try_from_iter([("start", port)]).unwrap();
    let of_ports = groups_of(&written(
        RowFormat::Parquet,
        &named_so.schema(),
        &[named_so],
    ));
    assert!(of_ports[0].column(0).statistics().is_none());
    let [Some(Statistics::Int64(end)), None] =
        [0, 1].map(|column| groups[1].column(column).statistics())
    else {
        panic!("statistics of the end alone");
    };
    let bounds = (end.min_opt(), end.max_opt(), end.null_count_opt());
    assert_eq!(
        bounds,
        (Some(&1), Some(&(200_000 - (1 << 17) - 1)), Some(7_659))
    );
}

/// Columns of every kind that a group has, from cells: few texts, many texts, narrow and wide numbers; `None` is null.
fn table(cells: &[Option<u16>]) -> RecordBatch {
    let text = |of: fn(u16) -> String| -> ArrayRef {
        let cells = cells.iter().map(|cell| cell.map(of));
        let cells: Vec<Option<String>> = cells.collect();
        let column: DictionaryArray<Int32Type> = cells.iter().map(Option::as_deref).collect();
        Arc::new(column)
    };
    let number = |of: fn(u16) -> i64| -> ArrayRef {
        let column: Int64Array = cells.iter().map(|cell| cell.map(of)).collect();
        Arc::new(column)
    };
    let ports: Int32Array = cells.iter().map(|cell| cell.map(i32::from)).collect();
    RecordBatch::try_from_iter_with_nullable([
        (
            "action",
            text(|cell| ["ACCEPT", "REJECT", ""][usize::from(cell % 3)].to_owned()),
            true,
        ),
        ("region", text(|_| "eu-west-1".to_owned()), true),
        (
            "srcaddr",
            text(|cell| format!("10.0.{}.{}", cell >> 8, cell & 255)),
            true,
        ),
        ("srcport", Arc::new(ports), true),
        (
            "protocol",
            number(|cell| i64::from(cell % 2 * 11 + 6)),
            true,
        ),
        (
            "start",
            number(|cell| 1_785_888_000 + i64::from(cell % 60)),
            true,
        ),
        (
            "bytes",
            number(|cell| i64::from(cell).pow(3) - (1 << 40)),
            true,
        ),
        (
            "packets",
            number(|cell| i64::from(cell % 4) * (i64::MAX / 3)),
            true,
        ),
        (
            "end",
            number(|cell| if cell % 2 == 0 { i64::MIN } else { i64::MAX }),
            true,
        ),
    ])
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    /// The bytes are those of the rows, however these come in batches, and they are read as they were.
    #[test]
    fn row_groups_hold_what_was_written(cells in prop::collection::vec(prop::option::weighted(0.9, any::<u16>()), 0..400), cut in 0usize..400, only in prop::sample::select(vec![1u16, 3, 300, u16::MAX])) {
        let cells: Vec<Option<u16>> = cells.iter().map(|cell| cell.map(|cell| cell % only)).collect();
        let whole = table(&cells);
        let (first, second) = cells.split_at(cut.min(cells.len()));
        let parts = [table(first), table(second)];
        let bytes = written(RowFormat::Parquet, &whole.schema(), std::slice::from_ref(&whole));
        prop_assert!(bytes == written(RowFormat::Parquet, &whole.schema(), &parts));
        // A slice, and a dictionary with texts that no row has.
        let middle = whole.slice(first.len(), second.len());
        let sliced = written(RowFormat::Parquet, &whole.schema(), &[middle]);
        prop_assert!(sliced == written(RowFormat::Parquet, &whole.schema(), &parts[1..]));
        prop_assert_eq!(read(RowFormat::Parquet, &whole.schema(), bytes), plain_batch(&whole));
    }
}

#[test]
fn a_column_that_is_never_null_stays_so() {
    let counts = Arc::new(Int64Array::from(vec![5, 7, 5])) as ArrayRef;
    let rows = RecordBatch::try_from_iter_with_nullable([("count", counts, false)]).unwrap();
    let bytes = written(
        RowFormat::Parquet,
        &rows.schema(),
        std::slice::from_ref(&rows),
    );
    assert_eq!(read(RowFormat::Parquet, &rows.schema(), bytes), rows);
}

#[test]
fn words_and_endings_name_formats() {
    for (word, format) in RowFormat::WORDS {
        assert_eq!(RowFormat::from_word(word), Some(*format));
        let file = format!("out/x.{}", word.to_uppercase());
        assert_eq!(RowFormat::from_extension(Path::new(&file)), Some(*format));
    }
    assert_eq!(RowFormat::from_word("xlsx"), None);
    assert_eq!(RowFormat::from_extension(Path::new("parquet")), None);
    assert_eq!(RowFormat::Arrow.for_pipe(), RowFormat::ArrowStream);
    assert_eq!(RowFormat::Csv.for_pipe(), RowFormat::Csv);
}

/// Takes some bytes, then fails.
struct Failing(usize, io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(self.1.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0 == 0 {
            Err(self.1.into())
        } else {
            Ok(())
        }
    }
}

#[test]
fn a_full_disk_is_an_error_and_a_closed_pipe_a_quiet_one() {
    let rows = batch(&HOSTILE, 1);
    let run = |rows: &RecordBatch, format, room, kind| -> Result<(), Error> {
        let mut writer = RowWriter::new(Failing(room, kind), format, rows.schema())?;
        writer.write(rows)?;
        writer.finish().map(drop)
    };
    // Without its plain text, the batch is one that row groups are made of.
    let few = rows.project(&[1, 2, 3]).unwrap();
    let cases = FORMATS.map(|format| (format, &rows)).into_iter();
    for (format, rows) in cases.chain([(RowFormat::Parquet, &few)]) {
        for room in [0, 3, 60, 200] {
            let error = run(rows, format, room, io::ErrorKind::StorageFull).unwrap_err();
            assert!(!error.is_closed_pipe(), "{format:?} {room}");
            let error = run(rows, format, room, io::ErrorKind::BrokenPipe).unwrap_err();
            assert!(error.is_closed_pipe(), "{format:?} {room}: {error:?}");
        }
    }
}
