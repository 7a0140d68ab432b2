//! Generated logs as files: encoded and named as AWS delivers them, with the topology beside them.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::random::Random;
use super::{
    ACCOUNT, FLOW_LOG, HOUR_START_UNIX_S, REGION, Totals, parquet, topology_json, v5_text_within,
};

/// AWS names a file after the five minutes that its records end in.
const SLOT_S: u64 = 300;
/// The slots of the hour; more files share them.
const SLOTS: u64 = 12;
/// Records that are under way at a time.
const BLOCK: usize = 16_384;

/// What the files hold, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Delivery {
    /// Gzipped text, the 29 fields of version 5.
    #[default]
    Text29,
    /// Gzipped text, the 14 fields of the default format.
    Text14,
    /// Parquet with gzip columns, 29 fields.
    Parquet29,
}

impl Delivery {
    /// The fields, as the header of a text file has them.
    pub fn header(self) -> String {
        match self {
            Delivery::Text29 | Delivery::Parquet29 => super::V5_HEADER.to_owned(),
            Delivery::Text14 => first_14(super::V5_HEADER).join(" "),
        }
    }

    /// As DescribeFlowLogs calls it.
    pub fn file_format(self) -> &'static str {
        match self {
            Delivery::Text29 | Delivery::Text14 => "plain-text",
            Delivery::Parquet29 => "parquet",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Delivery::Text29 | Delivery::Text14 => "log.gz",
            Delivery::Parquet29 => "log.parquet",
        }
    }

    /// The text of a file as it is delivered: how many bytes a reader parses, and the bytes on disk.
    fn encode(self, text: Vec<u8>) -> io::Result<(usize, Vec<u8>)> {
        match self {
            Delivery::Text29 => Ok((text.len(), gzip(&text)?)),
            Delivery::Text14 => {
                let text = of_version_2(&text)?;
                Ok((text.len(), gzip(&text)?))
            }
            Delivery::Parquet29 => Ok((text.len(), parquet::of_text(&text)?)),
        }
    }
}

/// The default format is the first 14 fields of version 5, in the same order.
fn first_14(line: &str) -> Vec<&str> {
    line.splitn(15, ' ').take(14).collect()
}

/// The same records as a flow log in the default format writes them.
fn of_version_2(text: &[u8]) -> io::Result<Vec<u8>> {
    let text = std::str::from_utf8(text).map_err(io::Error::other)?;
    let mut out = Vec::with_capacity(text.len() / 2);
    for (number, line) in text.lines().enumerate() {
        let mut values = first_14(line);
        if number > 0 {
            values[0] = "2";
        }
        writeln!(out, "{}", values.join(" "))?;
    }
    Ok(out)
}

fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
    gzip.write_all(text)?;
    gzip.finish()
}

/// The same lines as they reach a file from many hosts: what the two ends of a conversation tell does not stand side by side. Without
/// this gzip makes a quarter less of a record than it makes of AWS's files.
fn mixed(text: &[u8], seed: u64) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let mut random = Random::new(seed);
    // The header stays.
    for block in lines[1..].chunks_mut(BLOCK) {
        for place in (1..block.len()).rev() {
            let other = random.below(u64::try_from(place).unwrap_or(0) + 1);
            block.swap(place, usize::try_from(other).unwrap_or(0));
        }
    }
    lines.concat()
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// What was meant.
    pub totals: Totals,
    /// Bytes of text.
    pub text_bytes: u64,
    /// Bytes on disk.
    pub stored_bytes: u64,
}

/// Writes `AWSLogs/…` and `topology.json` below a folder; up to twelve files cover five minutes each, one after the other.
pub fn write(
    out: &Path,
    delivery: Delivery,
    records: u64,
    files: u64,
    seed: u64,
) -> io::Result<Written> {
    let folder = out.join(format!("AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/08/01"));
    fs::create_dir_all(&folder)?;
    fs::write(out.join("topology.json"), topology_json(delivery))?;
    let mut written = Written::default();
    for file in 0..files {
        let records = records / files + u64::from(file < records % files);
        write_file(&folder, delivery, file, records, seed, &mut written)?;
    }
    Ok(written)
}

fn write_file(
    folder: &Path,
    delivery: Delivery,
    file: u64,
    records: u64,
    seed: u64,
    written: &mut Written,
) -> io::Result<()> {
    let slot = file % SLOTS;
    let start = HOUR_START_UNIX_S + slot * SLOT_S;
    let name = format!(
        "{}_vpcflowlogs_{}_{}_20260801T00{:02}Z_{:08x}.{}",
        ACCOUNT,
        REGION,
        FLOW_LOG,
        slot * SLOT_S / 60,
        0xf10c_0000 + file,
        delivery.ending(),
    );
    let mut text = Vec::new();
    let file_seed = seed.wrapping_mul(1_000_003).wrapping_add(file);
    let totals = v5_text_within(records, file_seed, start..start + SLOT_S, &mut text)?;
    let (text_bytes, stored) = delivery.encode(mixed(&text, file_seed))?;
    fs::write(folder.join(name), &stored)?;
    written.totals.add(&totals);
    written.text_bytes += u64::try_from(text_bytes).unwrap_or(u64::MAX);
    written.stored_bytes += u64::try_from(stored.len()).unwrap_or(u64::MAX);
    Ok(())
}
