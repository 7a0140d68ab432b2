//! What reading alone costs: the floor under any program that reads the same files on as many threads.
//!
//! `cargo run --release --example floor -- --threads 2 gunzip FILE…` unzips whole files with libdeflate into a buffer that is used again;
//! `… parquet FILE…` reads the columns that `verify` needs. Prints the bytes or rows that came out.

#![expect(clippy::print_stdout, reason = "an example's result is what it prints")]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;

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
    let counted: io::Result<Vec<u64>> = pool.install(|| match args.kind {
        Kind::Gunzip => {
            let scratch = || (Vec::new(), libdeflater::Decompressor::new());
            let files = args.files.par_iter().with_max_len(1);
            let each = |(out, gzip): &mut (Vec<u8>, _), file: &PathBuf| gunzip(file, out, gzip);
            files.map_init(scratch, each).collect()
        }
        Kind::Parquet => args
            .files
            .par_iter()
            .with_max_len(1)
            .map(|file| rows(file))
            .collect(),
    });
    println!("{}", counted?.iter().sum::<u64>());
    Ok(())
}

fn gunzip(file: &Path, out: &mut Vec<u8>, gzip: &mut libdeflater::Decompressor) -> io::Result<u64> {
    let stored = fs::read(file)?;
    // The last four bytes of a gzip member tell its size, which holds for one member of less than 4 GiB.
    let size = stored.last_chunk().copied().map_or(0, u32::from_le_bytes);
    let size = usize::try_from(size).map_err(io::Error::other)?;
    if out.len() < size {
        out.resize(size, 0);
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
