//! Generated logs as files: gzipped and named as AWS delivers them, with the topology beside them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{ACCOUNT, FLOW_LOG, HOUR_START_UNIX_S, REGION, Totals, topology_json, v5_text_within};

/// AWS names a file after the five minutes that its records end in.
const SLOT_S: u64 = 300;
/// The slots of the hour; more files share them.
const SLOTS: u64 = 12;

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

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// What was meant.
    pub totals: Totals,
    /// Bytes of text.
    pub text_bytes: u64,
    /// Bytes on disk.
    pub gz_bytes: u64,
}

/// Writes `AWSLogs/…` and `topology.json` below a folder; up to twelve files cover five minutes each, one after the other.
pub fn write(out: &Path, records: u64, files: u64, seed: u64) -> io::Result<Written> {
    let folder = out.join(format!("AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/08/01"));
    fs::create_dir_all(&folder)?;
    fs::write(out.join("topology.json"), topology_json())?;
    let mut written = Written::default();
    for file in 0..files {
        let share = records / files + u64::from(file < records % files);
        let (totals, text, gz) = write_file(&folder, file, share, seed)?;
        written.totals.add(&totals);
        written.text_bytes += text;
        written.gz_bytes += gz;
    }
    Ok(written)
}

/// One file: what was meant, bytes of text, bytes on disk.
fn write_file(folder: &Path, file: u64, records: u64, seed: u64) -> io::Result<(Totals, u64, u64)> {
    let slot = file % SLOTS;
    let start = HOUR_START_UNIX_S + slot * SLOT_S;
    let name = format!(
        "{}_vpcflowlogs_{}_{}_20260801T00{:02}Z_{:08x}.log.gz",
        ACCOUNT,
        REGION,
        FLOW_LOG,
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
    let totals = v5_text_within(records, file_seed, start..start + SLOT_S, &mut text)?;
    let gzip = text.out.into_inner().map_err(io::Error::from)?;
    gzip.finish()?.flush()?;
    Ok((totals, text.bytes, fs::metadata(&file_name)?.len()))
}
