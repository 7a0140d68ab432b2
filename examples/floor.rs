//! What reading alone costs: the floor under any program that reads the same files on as many threads.
//!
//! `cargo run --release --example floor -- --threads 2 gunzip FILE…` unzips whole files with libdeflate, each thread into one buffer that it
//! keeps; `gunzip-fresh` into a new buffer a file, as a program does that unzips files one by one. `… parquet FILE…` reads the columns that
//! `verify` needs. Prints the bytes or rows that came out.

#![expect(clippy::print_stdout, reason = "an example's result is what it prints")]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Parser, ValueEnum};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Reads files and does nothing with them.
#[derive(Parser)]
struct Args {
    /// How many files are read at a time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// What the files are.
    #[arg(value_enum)]
    kind: Kind,
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Gunzip,
    GunzipFresh,
    Parquet,
}

/// What `verify` reads of 29 fields with the built-in policy.
const COLUMNS: [&str; 18] = [
    "interface_id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "bytes",
    "start",
    "end",
    "action",
    "log_status",
    "vpc_id",
    "subnet_id",
    "tcp_flags",
    "pkt_srcaddr",
    "pkt_dstaddr",
    "flow_direction",
    "traffic_path",
];

fn main() -> io::Result<()> {
    let args = Args::parse();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads);
    let pool = pool.build().map_err(io::Error::other)?;
    let next = AtomicUsize::new(0);
    let counted: Vec<io::Result<u64>> = pool.broadcast(|_| {
        let mut gzip = libdeflater::Decompressor::new();
        let (mut kept, mut sum) = (Vec::new(), 0);
        while let Some(file) = args.files.get(next.fetch_add(1, Ordering::Relaxed)) {
            sum += match args.kind {
                Kind::Gunzip => gunzip(file, &mut kept, &mut gzip)?,
                Kind::GunzipFresh => gunzip(file, &mut Vec::new(), &mut gzip)?,
                Kind::Parquet => rows(file)?,
            };
        }
        Ok(sum)
    });
    let counted: io::Result<Vec<u64>> = counted.into_iter().collect();
    println!("{}", counted?.iter().sum::<u64>());
    Ok(())
}

fn gunzip(file: &Path, out: &mut Vec<u8>, gzip: &mut libdeflater::Decompressor) -> io::Result<u64> {
    let stored = fs::read(file)?;
    // The last four bytes of a gzip member tell its size, which holds for one member of less than 4 GiB.
    let size = stored.last_chunk().copied().map_or(0, u32::from_le_bytes);
    let size = usize::try_from(size).map_err(io::Error::other)?;
    if out.len() < size {
        // Zeros that nobody has to write, where the memory is new.
        *out = vec![0; size];
    }
    let got = gzip
        .gzip_decompress(&stored, &mut out[..size])
        .map_err(io::Error::other)?;
    u64::try_from(got).map_err(io::Error::other)
}

fn rows(file: &Path) -> io::Result<u64> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(file)?)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
    let mut rows = 0;
    for batch in builder
        .with_projection(mask)
        .with_batch_size(16_384)
        .build()?
    {
        rows +=
            u64::try_from(batch.map_err(io::Error::other)?.num_rows()).map_err(io::Error::other)?;
    }
    Ok(rows)
}
