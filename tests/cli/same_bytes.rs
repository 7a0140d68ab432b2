//! What `classify` writes does not depend on how the work was cut.

use std::fs;

use super::common::{Copied, flowproof, gzip};

#[test]
fn classified_records_are_the_same_bytes_whatever_threads_and_batches() {
    let copied = Copied::of("gateway-endpoint-only");
    // Three files of some thousand records: batches of 512 and of 16,384 rows cut them differently.
    let files: Vec<String> = (0..3)
        .map(|file| {
            let text = copied.text(file % 2);
            let (header, records) = text.split_once('\n').unwrap();
            let text = format!("{header}\n{}", records.repeat(60 + file));
            let path = copied.word(&format!("{file}.log.gz"));
            fs::write(&path, gzip(text.as_bytes())).unwrap();
            path
        })
        .collect();
    let topology = copied.word("topology.json");
    for format in ["parquet", "csv", "jsonl", "arrow"] {
        let written = |threads: &str, memory: &str| {
            let out = copied.word(&format!("{threads}-{memory}.{format}"));
            let mut args = vec!["classify"];
            args.extend(files.iter().map(String::as_str));
            args.extend(["--topology", &topology, "--output", &out]);
            args.extend(["--threads", threads, "--memory", memory]);
            let ran = flowproof(&args, b"");
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            fs::read(out).unwrap()
        };
        let one = written("1", "1GiB");
        assert!(one.len() > 3_000, "{format}: {} bytes", one.len());
        assert!(one == written("2", "1GiB"), "{format}: two threads");
        // An Arrow file keeps the batches as they came.
        if format != "arrow" {
            assert!(one == written("8", "16MiB"), "{format}: small batches");
        }
    }
}
