//! Writes flow logs of a made-up world, gzipped and named as AWS delivers them, and the topology that fits.
//!
//! `cargo run --release --example generate -- --records 1000000 --files 4 --out DIR`
//!
//! What was meant is printed, so that a fast wrong answer shows: flows and bytes by vantage and path.

#![expect(clippy::print_stdout, reason = "an example's result is what it prints")]

#[path = "../benches/logs/mod.rs"]
mod logs;

use std::io;
use std::path::PathBuf;

use clap::Parser;

/// Writes flow logs of a made-up world, and the topology that fits.
#[derive(Parser)]
struct Args {
    /// Records in all.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Files; up to twelve cover five minutes each, one after the other.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    files: u64,
    /// What the files hold, and how.
    #[arg(long, value_enum, default_value_t)]
    delivery: logs::Delivery,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for `AWSLogs/` and `topology.json`.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let written = logs::files::write(
        &args.out,
        args.delivery,
        args.records,
        args.files,
        args.seed,
    )?;
    let totals = &written.totals;
    println!("records    {:>14}", totals.records);
    println!("  nodata   {:>14}", totals.nodata);
    println!("  rejected {:>14}", totals.rejected);
    println!("text bytes {:>14}", written.text_bytes);
    println!("stored     {:>14}", written.stored_bytes);
    println!("{:<32} {:>12} {:>20}", "vantage path", "flows", "bytes");
    for (answer, meant) in &totals.meant {
        println!("{answer:<32} {:>12} {:>20}", meant.flows, meant.bytes);
    }
    Ok(())
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
        assert_eq!(flows + totals.nodata + totals.rejected, totals.records);
    }

    #[test]
    fn every_interface_of_the_records_is_in_the_topology_with_its_subnet() {
        let mut text = Vec::new();
        logs::v5_text(5_000, 1, &mut text).unwrap();
        let topology: serde_json::Value =
            serde_json::from_str(&logs::topology_json(logs::Delivery::default())).unwrap();
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
