//! Decoding, one core: version 5 records with all 29 fields, seeded, from memory.
//!
//! `cargo bench --bench decode`. Sketch: all fields 0.8 GB of text a second, none of them 1.1.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use std::fmt::Write as _;
use std::io::{self, Cursor, Read, Write as _};
use std::sync::Arc;

use divan::counter::{BytesCount, ItemsCount};
use flowproof::ingest::{Input, InputReader, Opener, ReadOptions};
use flowproof::model::batch::{BatchBuilder, Mark, Marked, Status};
use flowproof::model::field::{Field, FieldSet};
use flowproof::model::format::Format;

const ROWS: u64 = 200_000;

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path\n";

struct Memory(Arc<Vec<u8>>);

struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Opener for Memory {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(Shared(Arc::clone(&self.0)))))
    }
}

/// A log as a busy VPC has it: 200 interfaces, many peers, a few services.
fn log() -> Vec<u8> {
    let mut text = HEADER.to_owned();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = move |limit: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % limit
    };
    for row in 0..ROWS {
        let (eni, subnet) = (below(200), below(6));
        let (a, b, c, d) = (below(4), below(250), below(250), below(1 << 16));
        let start = 1_700_000_000 + row / 100;
        let (bytes, packets, end) = (below(1 << 20), below(1000), start + below(60));
        let outward = row % 2 == 0;
        let peer = if outward {
            format!("52.{}.{b}.{c}", 90 + a)
        } else {
            format!("10.0.{b}.{c}")
        };
        writeln!(
            text,
            "5 123456789012 eni-0a1b2c3d4e5f6{eni:04x} 10.0.{subnet}.{eni} {peer} {} 443 6 {packets} {bytes} {start} {end} ACCEPT OK vpc-abcdefab012345678 subnet-aaaaaaaa01234567{subnet} i-01234567890123{eni:03x} 19 IPv4 10.0.{subnet}.{eni} {peer} us-east-1 use1-az{} - - - {} egress {}",
            1024 + d % 60_000,
            1 + subnet % 3,
            if outward { "S3" } else { "-" },
            if outward { "8" } else { "1" },
        )
        .unwrap();
    }
    text.into_bytes()
}

fn decode(
    bencher: divan::Bencher<'_, '_>,
    stored: Vec<u8>,
    plain_len: usize,
    projection: FieldSet,
) {
    let input = Input::new("bench.log", None, Arc::new(Memory(Arc::new(stored))));
    let options = ReadOptions {
        projection,
        ..ReadOptions::default()
    };
    bencher
        .counter(BytesCount::new(plain_len))
        .counter(ItemsCount::new(ROWS))
        .bench(|| {
            let mut reader = InputReader::open(&input, &options);
            let rows: usize = std::iter::from_fn(|| reader.next_batch())
                .map(|batch| batch.len())
                .sum();
            assert_eq!(rows as u64, ROWS);
            reader.into_report()
        });
}

#[divan::bench(sample_count = 20)]
fn text_all_fields(bencher: divan::Bencher<'_, '_>) {
    let log = log();
    let len = log.len();
    decode(bencher, log, len, FieldSet::ALL);
}

/// Splitting, and the values that can be wrong.
#[divan::bench(sample_count = 20)]
fn text_no_fields(bencher: divan::Bencher<'_, '_>) {
    let log = log();
    let len = log.len();
    decode(bencher, log, len, FieldSet::NONE);
}

#[divan::bench(sample_count = 20)]
fn text_fields_of_the_rules(bencher: divan::Bencher<'_, '_>) {
    let log = log();
    let len = log.len();
    let fields = [
        Field::InterfaceId,
        Field::SrcAddr,
        Field::DstAddr,
        Field::PktSrcAddr,
        Field::PktDstAddr,
        Field::Bytes,
        Field::Start,
        Field::End,
        Field::Action,
        Field::FlowDirection,
        Field::TrafficPath,
    ];
    decode(bencher, log, len, FieldSet::of(&fields));
}

#[divan::bench(sample_count = 20)]
fn gzip_all_fields(bencher: divan::Bencher<'_, '_>) {
    let log = log();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&log).unwrap();
    decode(bencher, encoder.finish().unwrap(), log.len(), FieldSet::ALL);
}

/// Texts that stand in a log one below the other, at most 64.
struct Column<'a>(&'a [(&'a str, Mark)]);

impl Marked for Column<'_> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn each(&self, mut each: impl FnMut(usize, Mark)) {
        for (index, (_, mark)) in self.0.iter().enumerate() {
            each(index, *mark);
        }
    }

    fn each_brief(&self, mut each: impl FnMut(usize, u64, u32)) {
        for (index, (_, mark)) in self.0.iter().enumerate() {
            each(index, mark.tail(), mark.byte_count());
        }
    }

    fn text(&self, index: usize) -> Option<(Mark, &str)> {
        self.0.get(index).map(|(text, mark)| (*mark, *text))
    }
}

/// One column of dictionary keys, in batches of 8,192 rows: ids of 200 interfaces, or directions.
#[divan::bench(sample_count = 20, args = ["interface-id", "flow-direction"])]
fn intern(bencher: divan::Bencher<'_, '_>, field: &str) {
    let text = |row: u64| match (field, row * 7919) {
        ("interface-id", mixed) => format!("eni-0a1b2c3d4e5f6{:04x}", mixed % 200),
        (_, mixed) if mixed % 3 == 0 => "-".to_owned(),
        (_, mixed) if mixed % 3 == 1 => "ingress".to_owned(),
        _ => "egress".to_owned(),
    };
    let texts: Vec<String> = (0..ROWS).map(text).collect();
    let marked = texts
        .iter()
        .map(|text| (text.as_str(), Mark::of(text.as_bytes())));
    let marked: Vec<(&str, Mark)> = marked.collect();
    let format = Format::parse(&format!("${{{field}}}")).unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut builder = BatchBuilder::new(&format, FieldSet::ALL);
        let mut rows = 0;
        for run in marked.chunks(64) {
            let texts = builder.texts(0).unwrap();
            texts.push_marked(&Column(run)).unwrap();
            builder.push_rows(&[Status::Flow; 64][..run.len()], rows as u64);
            if builder.len() >= 8_192 {
                rows += builder.finish().unwrap().len();
            }
        }
        rows += builder.finish().unwrap().len();
        assert_eq!(rows as u64, ROWS);
    });
}

fn main() {
    divan::main();
}
