//! The parts that every record passes, one core, seeded, from memory: unzipping, decoding Parquet, prefix lookup, classifying, weighing.
//!
//! `cargo bench --bench parts`. Sketch: 2.6 GB of such text are unzipped a second, by libdeflate 2, by zlib-rs 1; a lookup is one read of a 256 KiB table,
//! 5 ns; a record's class is found in 75 ns and weighed in 40, what is met first included. Splitting, reading and interning text are in `decode.rs`, the whole program in
//! `race/`.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

mod logs;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use divan::counter::{BytesCount, ItemsCount};
use flowproof::classify::Classifier;
use flowproof::ingest::{Gunzip, Input, InputReader, Opener, Ranges as ByteRanges, ReadOptions};
use flowproof::model::address::Address;
use flowproof::model::batch::FlowBatch;
use flowproof::model::field::FieldSet;
use flowproof::model::symbol::Symbols;
use flowproof::model::window::Window;
use flowproof::policy;
use flowproof::topology::cells::Cells;
use flowproof::topology::ranges::Ranges;
use flowproof::topology::{Document, World};
use flowproof::verify::{InputFacts, Plan, Weigher};

const ROWS: u64 = 250_000;
const LOOKUPS: usize = 4_000_000;

/// One file as AWS delivers it: its name, its bytes, and how much text it holds.
fn delivered(delivery: logs::Delivery) -> (tempfile::TempDir, PathBuf, u64) {
    let folder = tempfile::tempdir().unwrap();
    let written = logs::files::write(folder.path(), delivery, ROWS, 1, 1).unwrap();
    let day = format!(
        "AWSLogs/{}/vpcflowlogs/{}/2026/08/01",
        logs::ACCOUNT,
        logs::REGION
    );
    let mut files = fs::read_dir(folder.path().join(day)).unwrap();
    let file = files.next().unwrap().unwrap().path();
    (folder, file, written.text_bytes)
}

#[divan::bench(sample_count = 20)]
fn gunzip(bencher: divan::Bencher<'_, '_>) {
    gunzip_by(bencher, |stored, _| {
        let mut gzip = Gunzip::new(stored);
        while !gzip.is_at_end() {
            assert!(gzip.next_piece().1.is_none());
        }
    });
}

#[divan::bench(sample_count = 20)]
fn gunzip_by_libdeflate(bencher: divan::Bencher<'_, '_>) {
    let mut gzip = libdeflater::Decompressor::new();
    gunzip_by(bencher, |stored, text| {
        gzip.gzip_decompress(stored, text).unwrap();
    });
}

#[divan::bench(sample_count = 20)]
fn gunzip_by_zlib_rs(bencher: divan::Bencher<'_, '_>) {
    gunzip_by(bencher, |stored, text| {
        let mut gzip = flate2::bufread::MultiGzDecoder::new(stored);
        gzip.read_exact(text).unwrap();
    });
}

/// Unzips a file as AWS delivers it, from memory; libdeflate and zlib-rs into a buffer for all of it.
fn gunzip_by(bencher: divan::Bencher<'_, '_>, mut unzip: impl FnMut(&[u8], &mut [u8])) {
    let (_folder, file, text_bytes) = delivered(logs::Delivery::Text29);
    let stored = fs::read(file).unwrap();
    let mut text = vec![0; usize::try_from(text_bytes).unwrap()];
    let counted = BytesCount::new(text_bytes);
    bencher
        .counter(counted)
        .bench_local(|| unzip(&stored, &mut text));
}

struct OnDisk(PathBuf);

struct InFile(File);

impl Opener for OnDisk {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(&self.0)?))
    }

    fn ranges(&self) -> io::Result<Option<Box<dyn ByteRanges>>> {
        Ok(Some(Box::new(InFile(File::open(&self.0)?))))
    }
}

impl ByteRanges for InFile {
    fn size(&self) -> u64 {
        self.0.metadata().map_or(0, |known| known.len())
    }

    fn read(&mut self, range: std::ops::Range<u64>) -> io::Result<Vec<u8>> {
        use std::io::{Seek, SeekFrom};
        self.0.seek(SeekFrom::Start(range.start))?;
        let mut bytes =
            vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

#[divan::bench(args = [false, true], sample_count = 20)]
fn decode_parquet(bencher: divan::Bencher<'_, '_>, all_fields: bool) {
    let (_folder, file, _) = delivered(logs::Delivery::Parquet29);
    let input = Input::new("bench.parquet", None, Arc::new(OnDisk(file)));
    let rules = flowproof::classify::row::columns();
    let options = ReadOptions {
        projection: if all_fields { FieldSet::ALL } else { rules },
        ..ReadOptions::default()
    };
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut reader = InputReader::open(&input, &options);
        let batches = std::iter::from_fn(|| reader.next_batch());
        let rows: usize = batches.map(|batch| batch.len()).sum();
        assert_eq!(rows as u64, ROWS);
    });
}

/// Random addresses of all of IPv4 against all of ip-ranges.json.
#[divan::bench(sample_count = 20)]
fn prefix_lookup(bencher: divan::Bencher<'_, '_>) {
    let ranges = Ranges::built_in(&mut Symbols::default()).unwrap();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let any_address = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        Address(0xffff_0000_0000 | u128::from(seed >> 32))
    };
    let addresses: Vec<Address> = std::iter::repeat_with(any_address).take(LOOKUPS).collect();
    bencher.counter(ItemsCount::new(LOOKUPS)).bench_local(|| {
        let labels = addresses
            .iter()
            .map(|address| u64::from(ranges.labels(*address)));
        labels.sum::<u64>()
    });
}

/// Batches of one file, as `verify` reads them, and the world that they are of.
fn batches() -> (World, Vec<FlowBatch>) {
    let (folder, file, _) = delivered(logs::Delivery::Text29);
    let topology = Document {
        group: "topology.json".to_owned(),
        source: "topology.json".to_owned(),
        bytes: fs::read(folder.path().join("topology.json")).unwrap(),
    };
    let world = World::load(&[topology], None).unwrap();
    let input = Input::new("bench.log.gz", None, Arc::new(OnDisk(file)));
    let options = ReadOptions {
        projection: flowproof::classify::row::columns().union(Plan::columns()),
        batch_rows: 8_192,
        ..ReadOptions::default()
    };
    let mut reader = InputReader::open(&input, &options);
    let batches: Vec<FlowBatch> = std::iter::from_fn(|| reader.next_batch()).collect();
    assert_eq!(
        batches.iter().map(FlowBatch::len).sum::<usize>() as u64,
        ROWS
    );
    (world, batches)
}

/// The classes of all records, from nothing known.
#[divan::bench(sample_count = 20)]
fn classify(bencher: divan::Bencher<'_, '_>) {
    let (world, batches) = batches();
    let policy = policy::built_in();
    let questions = Plan::new(&world, &policy, Window::ALL).questions();
    let cells = Cells::new(&world, &questions);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut classifier = Classifier::new(&cells, &questions);
        let found = batches
            .iter()
            .map(|batch| classifier.classify(batch).rows.len());
        assert_eq!(found.sum::<usize>() as u64, ROWS);
    });
}

/// The same, and what they add up to; less [`classify`] it is weighing alone.
#[divan::bench(sample_count = 20)]
fn verify(bencher: divan::Bencher<'_, '_>) {
    let (world, batches) = batches();
    let policy = policy::built_in();
    let plan = Plan::new(&world, &policy, Window::ALL);
    let questions = plan.questions();
    let cells = Cells::new(&world, &questions);
    let facts = InputFacts {
        index: 0,
        flow_log: None,
    };
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut classifier = Classifier::new(&cells, &questions);
        let mut weigher = Weigher::new(&plan);
        for batch in &batches {
            weigher.observe(batch, classifier.classify(batch), &facts);
        }
        weigher.finish()
    });
}

/// What each start does before it reads a topology.
#[divan::bench]
fn built_in_ranges() -> Ranges {
    Ranges::built_in(&mut Symbols::default()).unwrap()
}

fn main() {
    divan::main();
}
