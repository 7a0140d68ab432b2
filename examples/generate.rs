//! Writes flow logs of a made-up world, gzipped and named as AWS delivers them, and the topology that fits.
//!
//! `cargo run --release --example generate -- --records 1000000 --files 4 --out DIR`
//!
//! What was meant is printed, so that a fast wrong answer shows: flows and bytes by vantage and path.

#![expect(clippy::print_stdout, reason = "an example's result is what it prints")]

#[path = "../benches/logs/mod.rs"]
mod logs;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;

/// AWS names a file after the five minutes that its records end in.
const SLOT_S: u64 = 300;
/// The slots of the hour; more files share them.
const SLOTS: u64 = 12;

/// Writes flow logs of a made-up world, and the topology that fits.
#[derive(Parser)]
struct Args {
    /// Records in all.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Files; up to twelve cover five minutes each, one after the other.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    files: u64,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for `AWSLogs/` and `topology.json`.
    #[arg(long)]
    out: PathBuf,
}

/// Counts bytes on their way.
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.bytes += u64::try_from(taken).unwrap_or(u64::MAX);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let folder = args.out.join(format!(
        "AWSLogs/{}/vpcflowlogs/{}/2026/08/01",
        logs::ACCOUNT,
        logs::REGION
    ));
    fs::create_dir_all(&folder)?;
    fs::write(args.out.join("topology.json"), logs::topology_json())?;
    let (mut totals, mut text_bytes, mut gz_bytes) = (logs::Totals::default(), 0, 0);
    for file in 0..args.files {
        let records = args.records / args.files + u64::from(file < args.records % args.files);
        let (wrote, text, gz) = write_file(&folder, file, records, args.seed)?;
        totals.add(&wrote);
        text_bytes += text;
        gz_bytes += gz;
    }
    println!("records    {:>14}", totals.records);
    println!("  nodata   {:>14}", totals.nodata);
    println!("  rejected {:>14}", totals.rejected);
    println!("text bytes {text_bytes:>14}");
    println!("gz bytes   {gz_bytes:>14}");
    println!("{:<32} {:>12} {:>20}", "vantage path", "flows", "bytes");
    for (answer, meant) in &totals.meant {
        println!("{answer:<32} {:>12} {:>20}", meant.flows, meant.bytes);
    }
    Ok(())
}

/// One file: what was meant, bytes of text, bytes on disk.
fn write_file(
    folder: &Path,
    file: u64,
    records: u64,
    seed: u64,
) -> io::Result<(logs::Totals, u64, u64)> {
    let slot = file % SLOTS;
    let start = logs::HOUR_START_UNIX_S + slot * SLOT_S;
    let name = format!(
        "{}_vpcflowlogs_{}_{}_20260801T00{:02}Z_{:08x}.log.gz",
        logs::ACCOUNT,
        logs::REGION,
        logs::FLOW_LOG,
        slot * SLOT_S / 60,
        0xf10c_0000 + file,
    );
    let file_name = folder.join(name);
    let disk = BufWriter::new(File::create(&file_name)?);
    let gzip = GzEncoder::new(disk, Compression::new(6));
    let mut text = Counted {
        out: BufWriter::new(gzip),
        bytes: 0,
    };
    let file_seed = seed.wrapping_mul(1_000_003).wrapping_add(file);
    let totals = logs::v5_text_within(records, file_seed, start..start + SLOT_S, &mut text)?;
    let gzip = text.out.into_inner().map_err(io::Error::from)?;
    gzip.finish()?.flush()?;
    Ok((totals, text.bytes, fs::metadata(&file_name)?.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_with_29_values_a_line() {
        let text = |seed| {
            let mut text = Vec::new();
            let totals = logs::v5_text(5_000, seed, &mut text).unwrap();
            (String::from_utf8(text).unwrap(), totals)
        };
        let (one, totals) = text(7);
        assert_eq!((one.clone(), totals.clone()), text(7));
        assert_ne!(one, text(8).0);
        assert!(one.lines().all(|line| line.split(' ').count() == 29));
        assert_eq!(one.lines().count(), 5_001);
        assert_eq!((totals.records, totals.nodata), (5_000, 100));
        assert_eq!(totals.rejected, 50);
        let flows: u64 = totals.meant.values().map(|meant| meant.flows).sum();
        assert_eq!(flows + totals.nodata, totals.records);
    }

    #[test]
    fn every_interface_of_the_records_is_in_the_topology_with_its_subnet() {
        let mut text = Vec::new();
        logs::v5_text(5_000, 1, &mut text).unwrap();
        let topology: serde_json::Value = serde_json::from_str(&logs::topology_json()).unwrap();
        let enis = topology["NetworkInterfaces"].as_array().unwrap();
        assert_eq!(enis.len(), 203);
        let window = logs::HOUR_START_UNIX_S..logs::HOUR_START_UNIX_S + 3600;
        for line in String::from_utf8(text).unwrap().lines().skip(1) {
            let values: Vec<&str> = line.split(' ').collect();
            let eni = enis
                .iter()
                .find(|eni| eni["NetworkInterfaceId"] == values[2]);
            assert_eq!(eni.unwrap()["SubnetId"], values[15], "{line}");
            assert!(window.contains(&values[11].parse().unwrap()), "{line}");
        }
    }
}
