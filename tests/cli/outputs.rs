//! What comes out, and where to: reports, evidence, classified records, closed pipes, interrupted runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::DataType;
use arrow::ipc::reader::{FileReader, StreamReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use super::common::{Copied, Ran, flowproof};

/// `classify` over a world's logs, with more words.
fn classify(copied: &Copied, sources: &[&str], more: &[&str]) -> Ran {
    let topology = copied.word("topology.json");
    let mut args = vec!["classify"];
    args.extend(sources);
    args.extend(["--topology", &topology]);
    args.extend(more);
    flowproof(&args, b"")
}

fn joined(batches: Vec<RecordBatch>) -> RecordBatch {
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn parquet(file: &Path) -> RecordBatch {
    let file = fs::File::open(file).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap();
    joined(reader.map(Result::unwrap).collect())
}

fn arrow_file(file: &Path) -> RecordBatch {
    let reader = FileReader::try_new(fs::File::open(file).unwrap(), None).unwrap();
    joined(reader.map(Result::unwrap).collect())
}

fn arrow_stream(bytes: &[u8]) -> RecordBatch {
    joined(
        StreamReader::try_new(bytes, None)
            .unwrap()
            .map(Result::unwrap)
            .collect(),
    )
}

/// A column as text; null as nothing.
fn column(rows: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = cast(rows.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    let texts = column.as_any().downcast_ref::<StringArray>().unwrap();
    texts.iter().map(|text| text.map(str::to_owned)).collect()
}

/// Of each record: destination, path, status.
type Told = Vec<[Option<String>; 3]>;
const TOLD: [&str; 3] = ["dstaddr", "path", "log_status"];

fn told(rows: &RecordBatch) -> Told {
    let columns = TOLD.map(|name| column(rows, name));
    (0..rows.num_rows())
        .map(|row| [0, 1, 2].map(|index: usize| columns[index][row].clone()))
        .collect()
}

fn told_by_json(text: &str) -> Told {
    text.lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            TOLD.map(|name| row[name].as_str().map(str::to_owned))
        })
        .collect()
}

fn told_by_csv(text: &str) -> Told {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let places = TOLD.map(|name| header.iter().position(|column| column == name).unwrap());
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            places.map(|place| Some(row[place].to_owned()).filter(|cell| !cell.is_empty()))
        })
        .collect()
}

#[test]
fn classified_records_are_the_same_in_every_format() {
    for (world, records) in [("gateway-endpoint-only", 38), ("skipdata", 0)] {
        let copied = Copied::of(world);
        let logs = copied.word("logs");
        let to_file = |name: &str| {
            let ran = classify(&copied, &[&logs], &["--output", &copied.word(name)]);
            assert_eq!(
                (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
                (0, "", ""),
                "{name}"
            );
            copied.at(name)
        };
        let text = |file: &Path| fs::read_to_string(file).unwrap();
        let first = told(&parquet(&to_file("a.parquet")));
        assert!(records == 0 || first.len() == records);
        let known = first
            .iter()
            .find(|row| row[0].as_deref() == Some("52.216.12.77"));
        assert!(records == 0 || known.unwrap()[1].as_deref() == Some("via-gateway-endpoint"));
        for row in &first {
            assert_eq!(row[1].is_some(), row[2].as_deref() == Some("OK"), "{row:?}");
        }
        let quiet = first.iter().filter(|row| row[1].is_none()).count();
        assert!(records > 0 || quiet > 0, "{world} has NODATA or SKIPDATA");
        assert_eq!(told(&arrow_file(&to_file("a.arrow"))), first);
        assert_eq!(told_by_csv(&text(&to_file("a.csv"))), first);
        assert_eq!(told_by_json(&text(&to_file("a.JSONL"))), first);
        let to_stdout = |format: &str| {
            let ran = classify(
                &copied,
                &[&logs],
                &["--output", "-", "--output-format", format],
            );
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{format}");
            ran.stdout
        };
        assert_eq!(told_by_csv(&to_stdout("csv")), first);
        assert_eq!(told_by_json(&to_stdout("jsonl")), first);
    }
}

/// Bytes on stdout, so not through the helper that wants text.
#[test]
fn binary_formats_go_to_a_pipe_too() {
    let copied = Copied::of("gateway-endpoint-only");
    let output = |format: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_flowproof"))
            .args([
                "classify",
                &copied.word("logs"),
                "--topology",
                &copied.word("topology.json"),
            ])
            .args(["--output", "-", "--output-format", format])
            .output()
            .unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.as_slice()),
            (Some(0), &b""[..])
        );
        output.stdout
    };
    let stream = told(&arrow_stream(&output("arrow")));
    assert_eq!(stream.len(), 38);
    let file = copied.at("out");
    fs::write(&file, output("parquet")).unwrap();
    assert_eq!(told(&parquet(&file)), stream);
}

#[test]
fn other_formats_of_logs_share_one_output() {
    let (text, other) = (
        Copied::of("gateway-endpoint-only"),
        Copied::of("lacking-fields"),
    );
    let also = Copied::of("parquet");
    let sources = [&text, &other, &also].map(|copied| copied.word("logs"));
    let sources = [0, 1, 2].map(|index: usize| sources[index].as_str());
    let out = text.word("all.parquet");
    let ran = classify(&text, &sources, &["--output", &out]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let rows = parquet(Path::new(&out));
    let lacking = classify(
        &other,
        &[sources[1]],
        &["--output", &text.word("lacking.parquet")],
    );
    assert_eq!(lacking.code, 0);
    let lacking = parquet(&text.at("lacking.parquet")).num_rows();
    assert_eq!(rows.num_rows(), 38 + lacking + 38);
    // Fields that one of them lacks are null there, not something else's values.
    let paths = column(&rows, "traffic_path");
    assert!(paths.iter().filter(|path| path.is_some()).count() <= 76);
    assert_eq!(
        column(&rows, "dstaddr").iter().flatten().count(),
        rows.num_rows()
    );
}

/// A pipe with a name gives its bytes once: looking at its header must not cost a record.
#[test]
fn nothing_of_a_named_pipe_is_lost() {
    let copied = Copied::of("gateway-endpoint-only");
    let fifos = ["x", "y"].map(|name| copied.word(name));
    let writers: Vec<_> = fifos
        .iter()
        .enumerate()
        .map(|(index, fifo)| {
            assert!(Command::new("mkfifo").arg(fifo).status().unwrap().success());
            let (fifo, text) = (fifo.clone(), copied.text(index));
            std::thread::spawn(move || fs::write(fifo, text).unwrap())
        })
        .collect();
    let ran = classify(
        &copied,
        &[&fifos[0], &fifos[1]],
        &["--output", "-", "--output-format", "jsonl"],
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(ran.stdout.lines().count(), 16);
    for writer in writers {
        writer.join().unwrap();
    }
}

#[test]
fn the_window_cuts_what_is_written() {
    let copied = Copied::of("gateway-endpoint-only");
    let logs = copied.word("logs");
    let rows = |since: &str, until: &str| {
        let ran = classify(
            &copied,
            &[&logs],
            &[
                "--since",
                since,
                "--until",
                until,
                "--output",
                "-",
                "--output-format",
                "jsonl",
            ],
        );
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout.lines().count()
    };
    let (start, middle, end) = (
        "2026-08-01T12:00:00Z",
        "2026-08-01T12:12:00Z",
        "2026-08-01T12:30:00Z",
    );
    assert!(rows(start, middle) > 0 && rows(middle, end) > 0);
    assert_eq!(rows(start, middle) + rows(middle, end), 38);
}

#[test]
fn an_output_that_cannot_be_written_is_said() {
    let copied = Copied::of("gateway-endpoint-only");
    let logs = copied.word("logs");
    let ran = classify(
        &copied,
        &[&logs],
        &["--output", &copied.word("nowhere/a.csv")],
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr
            .contains("error[output-failed]: an output cannot be written: No such file")
            && ran.stderr.contains("help: make the folder first"),
        "{}",
        ran.stderr
    );
}

#[test]
fn classify_says_what_it_could_not_read() {
    let copied = Copied::of("gateway-endpoint-only");
    let logs = copied.word("logs");
    let zip = fs::read(copied.log(2)).unwrap();
    fs::write(copied.log(2), &zip[..zip.len() - 4]).unwrap();
    let out = copied.word("a.csv");
    let ran = classify(&copied, &[&logs], &["--output", &out]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("error[input-truncated]"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        fs::read_to_string(&out).unwrap().lines().count(),
        39,
        "what could be read is there"
    );
}

#[test]
fn all_reports_of_one_run_tell_the_same_verdict() {
    for (world, code, word) in [
        ("gateway-endpoint-only", 0, "PROVEN"),
        ("internet-gateway-only", 1, "VIOLATED"),
        ("silent-interface", 3, "UNPROVEN"),
    ] {
        let copied = Copied::of(world);
        let (text, json, csv, evidence) = (
            copied.at("a.txt"),
            copied.at("b.json"),
            copied.at("d.csv"),
            copied.word("c.json"),
        );
        let of = |format: &str, file: &Path| format!("{format}={}", file.display());
        let ran = copied.verify(&[
            "--report",
            &of("text", &text),
            "--report",
            &of("json", &json),
            "--report",
            &of("csv", &csv),
            "--evidence",
            &evidence,
        ]);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{world}");
        let read = |file: &Path| fs::read_to_string(file).unwrap();
        assert!(read(&text).starts_with(word), "{world}");
        assert_eq!(read(&json), read(Path::new(&evidence)), "{world}");
        let parsed: Value = serde_json::from_str(&read(&json)).unwrap();
        assert_eq!(parsed["verdict"], word.to_lowercase(), "{world}");
        assert!(read(&csv).starts_with("claim,verdict,group,"), "{world}");
        // On stdout they are the same bytes.
        assert_eq!(
            copied.verify(&["--report", "text"]).stdout,
            read(&text),
            "{world}"
        );
        assert_eq!(
            copied.verify(&["--report", "csv"]).stdout,
            read(&csv),
            "{world}"
        );
        let left: Vec<_> = fs::read_dir(copied.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left.len(), 7, "nothing else is left: {left:?}");
    }
}

#[test]
fn evidence_may_go_to_stdout() {
    let copied = Copied::of("gateway-endpoint-only");
    let report = format!("text={}", copied.word("a.txt"));
    let ran = copied.verify(&["--report", &report, "--evidence", "-"]);
    assert_eq!(ran.code, 0);
    let parsed: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(parsed["schema"], "flowproof.evidence/v1");
}

/// Through a shell, as users meet it. The exit code is flowproof's, not that of `head`.
#[test]
fn a_closed_pipe_is_a_quiet_end() {
    // Large enough that it does not fit into the pipe.
    let copied = Copied::of("internet-gateway-only");
    let text = copied.text(0);
    let (header, records) = text.split_once('\n').unwrap();
    fs::write(copied.log(0), format!("{header}\n{}", records.repeat(2000))).unwrap();
    let verify = format!(
        "verify {} --topology {} --policy {} {} --report json",
        copied.word("logs"),
        copied.word("topology.json"),
        copied.word("policy.toml"),
        copied.args.join(" ")
    );
    let classify = format!(
        "classify {} --topology {} --output - --output-format csv",
        copied.word("logs"),
        copied.word("topology.json")
    );
    let parquet = classify.replace("csv", "parquet");
    let cases = [
        (verify.as_str(), 1),
        (&classify, 0),
        (&parquet, 0),
        ("--help", 0),
        ("man", 0),
        ("completions bash", 0),
    ];
    for (words, code) in cases {
        let script = format!(
            "{{ {} {words}; echo $? >&3; }} | head -c 10 >/dev/null",
            env!("CARGO_BIN_EXE_flowproof")
        );
        let output = Command::new("sh")
            .args(["-c", &format!("exec 3>{}; {script}", copied.word("code"))])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{words}");
        assert_eq!(
            fs::read_to_string(copied.at("code")).unwrap().trim(),
            code.to_string(),
            "{words}"
        );
    }
}

/// Waits until something is so, at most 30 s.
fn wait_for(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn interrupt(id: u32) {
    let sent = Command::new("kill")
        .args(["-INT", &id.to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// A run that waits for a FIFO on which nothing more comes; Ctrl-C once.
#[test]
fn an_interrupted_run_leaves_nothing() {
    for command in ["classify", "verify"] {
        let copied = Copied::of("gateway-endpoint-only");
        let (fifo, out) = (copied.word("fifo"), copied.word("out"));
        assert!(
            Command::new("mkfifo")
                .arg(&fifo)
                .status()
                .unwrap()
                .success()
        );
        fs::create_dir(&out).unwrap();
        let file = format!("{out}/flows.csv");
        let report = format!("text={file}");
        let topology = copied.word("topology.json");
        let more = if command == "classify" {
            ["--output", &file]
        } else {
            ["--report", &report]
        };
        let child = Command::new(env!("CARGO_BIN_EXE_flowproof"))
            .args([command, &fifo, "--topology", &topology])
            .args(more)
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Opens only once the run has opened its end, and so has its handler; kept open, and one record is written.
        let mut feed = fs::OpenOptions::new().write(true).open(&fifo).unwrap();
        std::io::Write::write_all(&mut feed, copied.text(0).as_bytes()).unwrap();
        interrupt(child.id());
        let (done, id) = (
            Arc::new(std::sync::atomic::AtomicBool::new(false)),
            child.id(),
        );
        let seen = Arc::clone(&done);
        let waiting = std::thread::spawn(move || {
            let output = child.wait_with_output().unwrap();
            seen.store(true, std::sync::atomic::Ordering::SeqCst);
            output
        });
        wait_for(&format!("{command} {id} ends"), || {
            done.load(std::sync::atomic::Ordering::SeqCst)
        });
        drop(feed);
        let output = waiting.join().unwrap();
        assert!(
            matches!(output.status.code(), Some(2 | 130)),
            "{command}: {output:?}"
        );
        assert_eq!(output.stdout, b"", "{command}");
        assert_eq!(
            fs::read_dir(&out).unwrap().count(),
            0,
            "{command}: no output, no temporary file"
        );
    }
}

/// Ctrl-C while there is more to read: an end in order, said so.
#[test]
fn an_interrupted_run_that_gets_more_says_so() {
    let copied = Copied::of("gateway-endpoint-only");
    let fifo = copied.word("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let child = Command::new(env!("CARGO_BIN_EXE_flowproof"))
        .args(["verify", &fifo, "--topology", &copied.word("topology.json")])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut feed = fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    interrupt(child.id());
    std::thread::sleep(Duration::from_millis(300));
    drop(std::io::Write::write_all(
        &mut feed,
        copied.text(0).as_bytes(),
    ));
    drop(feed);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(2), &b""[..]),
        "{stderr}"
    );
    assert!(stderr.contains("error[interrupted]"), "{stderr}");
}
