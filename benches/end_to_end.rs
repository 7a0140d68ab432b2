//! The whole program on generated logs: time, speed and memory of `verify`, as a user runs it.
//!
//! `cargo bench --bench end_to_end [-- RECORDS FILES THREADS]`; by default a million 29-field records in one file and in eight, on two
//! threads. Sketch: 239 B of text and 27 B of gzip a record; unzipping runs at 600 MB/s of text and parsing at 400 MB/s a core, so
//! 240 MB/s a core is the most to hope for; memory is two batches of 16 Ki rows a thread, whatever the input.
//! What flowproof counts is compared with what the generator meant, so that a fast wrong answer shows.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark's result is what it prints"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

mod logs;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;

fn main() {
    let numbers: Vec<u64> = std::env::args()
        .filter_map(|word| word.parse().ok())
        .collect();
    let records = numbers.first().copied().unwrap_or(1_000_000);
    let threads = numbers.get(2).copied().unwrap_or(2).to_string();
    let files: Vec<u64> = numbers
        .get(1)
        .map_or_else(|| vec![1, 8], |files| vec![*files]);
    println!(
        "{:>10} {:>6} {:>9} {:>9} {:>12} {:>12}",
        "records", "files", "median s", "MB/s", "krecords/s", "peak MiB"
    );
    for files in files {
        let folder = tempfile::tempdir().unwrap();
        let written =
            logs::files::write(folder.path(), logs::Delivery::Text29, records, files, 1).unwrap();
        let mut rounds: Vec<(Duration, u64)> = (0..ROUNDS)
            .map(|_| run(folder.path(), &threads, &written))
            .collect();
        rounds.sort();
        let (time, _) = rounds[ROUNDS / 2];
        let peak = rounds.iter().map(|round| round.1).max().unwrap();
        let per_second = |count: u64| count as f64 / time.as_secs_f64();
        println!(
            "{records:>10} {files:>6} {:>9.3} {:>9.0} {:>12.0} {:>12}",
            time.as_secs_f64(),
            per_second(written.text_bytes) / 1e6,
            per_second(records) / 1e3,
            peak >> 10
        );
    }
}

/// One run: its time, and its peak memory in KiB as the kernel tells it.
fn run(folder: &Path, threads: &str, written: &logs::files::Written) -> (Duration, u64) {
    let evidence = folder.join("evidence.json");
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_flowproof"))
        .args(["verify", "--quiet", "--threads", threads])
        .arg(folder.join("AWSLogs"))
        .arg("--topology")
        .arg(folder.join("topology.json"))
        .arg("--evidence")
        .arg(&evidence)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = peak.max(
            line.and_then(|line| line.split_whitespace().next()?.parse().ok())
                .unwrap_or(0),
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    let time = begin.elapsed();
    let evidence: serde_json::Value =
        serde_json::from_slice(&std::fs::read(evidence).unwrap()).unwrap();
    let totals = &evidence["totals"];
    assert_eq!(totals["records"], written.totals.records);
    assert_eq!(totals["nodata"], written.totals.nodata);
    assert_eq!(totals["rejected"], written.totals.rejected);
    (time, peak)
}
