//! Logs in S3: the same as in files, in every layout, pruned, paged, and of any size.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use crate::common::{Ran, World, gzip, root, world, worlds};
use crate::proxy::{Action, Proxy, Request};
use crate::run::{flowproof, make_bucket, put_objects, python, start_flowproof};
use crate::servers::{Servers, servers};

/// `verify` of a world's logs at another place; the evidence is null if there is none.
pub fn verify(
    world: &World,
    endpoint: &str,
    source: &str,
    more: &[&str],
    env: &[(&str, &str)],
) -> (Ran, Value) {
    let folder = tempfile::tempdir().unwrap();
    let evidence = folder.path().join("evidence.json");
    let (topology, policy) = (world.path("topology.json"), world.path("policy.toml"));
    let mut args = vec![
        "verify",
        source,
        "--topology",
        &topology,
        "--policy",
        &policy,
    ];
    args.extend(["--evidence", evidence.to_str().unwrap()]);
    args.extend(world.args.iter().map(String::as_str));
    args.extend(more);
    let mut all = vec![("AWS_ENDPOINT_URL_S3", endpoint)];
    all.extend(env);
    let ran = flowproof(&args, &all);
    let text = fs::read_to_string(&evidence).unwrap_or_else(|_| "null".to_owned());
    (ran, serde_json::from_str(&text).unwrap())
}

/// A world's logs under their names from `logs/` on.
pub fn objects(world: &World) -> Vec<(String, Vec<u8>)> {
    let base = root().join(world.path("logs"));
    let files = world.files().into_iter();
    let named = |file: &Path| {
        file.strip_prefix(&base)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    files
        .map(|file| (named(&file), fs::read(&file).unwrap()))
        .collect()
}

/// A bucket with a world's logs.
pub fn bucket_of(servers: &Servers, bucket: &str, world: &World) -> String {
    make_bucket(servers, bucket);
    put_objects(servers, bucket, &objects(world));
    format!("s3://{bucket}/")
}

pub fn is_get(request: &Request) -> bool {
    request.method == "GET" && !is_list(request)
}

pub fn is_list(request: &Request) -> bool {
    request.target.contains("list-type=2")
}

/// What must be the same wherever the logs are: everything but when it was made, and how each input was had.
fn same(mut evidence: Value) -> Value {
    let object = evidence.as_object_mut().unwrap();
    for own in ["generated_at", "topologies", "policy"] {
        object.remove(own);
    }
    for input in evidence["inputs"].as_array_mut().unwrap() {
        let input = input.as_object_mut().unwrap();
        for own in ["sha256", "etag", "version_id", "checksum"] {
            input.remove(own);
        }
    }
    evidence
}

#[test]
fn every_world_is_the_same_from_files_and_from_s3() {
    let Some(servers) = servers() else { return };
    make_bucket(servers, "worlds");
    let mut all = Vec::new();
    for world in worlds() {
        let named = objects(&world).into_iter();
        all.extend(named.map(|(key, bytes)| (format!("{}/{key}", world.name), bytes)));
    }
    put_objects(servers, "worlds", &all);
    for world in worlds() {
        let (files, place) = (world.path("logs"), format!("s3://worlds/{}", world.name));
        let (local, from_files) = verify(&world, "", &files, &[], &[]);
        let (remote, from_s3) = verify(&world, &servers.s3, &format!("{place}/"), &[], &[]);
        assert_eq!(
            (local.code, remote.code),
            (world.exit, world.exit),
            "{}: {}",
            world.name,
            remote.stderr
        );
        for input in from_s3["inputs"].as_array().unwrap() {
            let parquet = input["encoding"] == "parquet";
            assert!(
                input["etag"].is_string() && input["whole"] == true,
                "{input}"
            );
            assert_eq!(input["sha256"].is_null(), parquet, "{input}");
        }
        let moved = from_files.to_string().replace(&files, &place);
        let moved: Value = serde_json::from_str(&moved).unwrap();
        pretty_assertions::assert_eq!(same(moved), same(from_s3), "{}", world.name);
    }
}

#[test]
fn classified_rows_are_the_same_from_files_and_from_s3() {
    let Some(servers) = servers() else { return };
    for (bucket, name) in [
        ("rows-text", "nat-interface-only"),
        ("rows-parquet", "parquet"),
    ] {
        let world = world(name);
        let source = bucket_of(servers, bucket, &world);
        let (files, topology) = (world.path("logs"), world.path("topology.json"));
        let rows = |source: &str| {
            let args = [
                "classify",
                source,
                "--topology",
                &topology,
                "--output",
                "-",
                "--output-format",
                "csv",
            ];
            let ran = flowproof(&args, &[("AWS_ENDPOINT_URL_S3", &servers.s3)]);
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            assert!(ran.stdout.lines().count() > 10, "{}", ran.stdout);
            ran.stdout
        };
        let moved = rows(&files).replace(&format!("{files}/"), &source);
        pretty_assertions::assert_str_eq!(moved, rows(&source));
    }
}

#[test]
fn each_layout_is_found_and_the_hour_is_enough() {
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    let plain = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/08/01/";
    let hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=08/day=01/";
    make_bucket(servers, "layouts");
    let layouts = [
        plain.to_owned(),
        format!("own/prefix/{plain}"),
        format!("hourly/{plain}12/"),
        format!("hive/{hive}"),
        format!("hive-hourly/{hive}hour=12/"),
        format!("other/{hive}").replace("aws-service", "service"),
        "of/ones/own/".to_owned(),
    ];
    let mut all = Vec::new();
    for folder in &layouts {
        for (key, bytes) in objects(&world) {
            all.push((key.replace(plain, folder), bytes.clone()));
            // A day that is not asked for: to read it would be an error.
            let other = folder
                .replace("/08/01/", "/08/03/")
                .replace("day=01", "day=03");
            if other != *folder {
                all.push((format!("{other}not-a-log"), b"\x7fELF".to_vec()));
            }
        }
    }
    put_objects(servers, "layouts", &all);
    for folder in &layouts {
        let top = folder.split_inclusive('/').next().unwrap();
        let (ran, evidence) = verify(
            &world,
            &servers.s3,
            &format!("s3://layouts/{top}"),
            &[],
            &[],
        );
        assert_eq!(ran.code, 0, "{folder}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(evidence["inputs"].as_array().unwrap().len(), 6, "{folder}");
    }
}

#[test]
fn an_hour_of_a_month_lists_two_days_at_most() {
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    let mut all = objects(&world);
    for day in 1..=31 {
        let folder = format!("AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/08/{day:02}/");
        all.push((
            format!(
                "{folder}123456789012_vpcflowlogs_us-east-1_fl-1_202608{day:02}T0000Z_a.log.gz"
            ),
            b"\x7fELF".to_vec(),
        ));
    }
    make_bucket(servers, "month");
    put_objects(servers, "month", &all);
    let proxy = Proxy::start(Some(&servers.s3), |_| Action::Pass);
    let source = "s3://month/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/08/";
    let (ran, _) = verify(&world, &proxy.url(), source, &[], &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lists: Vec<String> = proxy
        .requests()
        .into_iter()
        .filter(is_list)
        .map(|asked| asked.target)
        .collect();
    // The month, and the first of August.
    assert_eq!(lists.len(), 2, "{lists:#?}");
    let none = verify(
        &world,
        &proxy.url(),
        "s3://month/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/08/20/",
        &[],
        &[],
    );
    assert_eq!(none.0.code, 2);
    assert!(
        none.0.stderr.contains("error[input-not-found]"),
        "{}",
        none.0.stderr
    );
    assert!(
        none.0.stderr.contains("lies outside it"),
        "{}",
        none.0.stderr
    );
}

#[test]
fn thousands_of_objects_come_over_several_pages() {
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    let (header, records) = lines(&world);
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for number in 0..1_105 {
        let record = &records[number % records.len()];
        all.push((
            format!("many/{number:05}.log.gz"),
            gzip(format!("{header}\n{record}\n").as_bytes()),
        ));
    }
    make_bucket(servers, "s3-pages");
    put_objects(servers, "s3-pages", &all);
    let proxy = Proxy::start(Some(&servers.s3), |_| Action::Pass);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("many")).unwrap();
    for (key, bytes) in &all {
        fs::write(folder.path().join(key), bytes).unwrap();
    }
    let (_, local) = verify(&world, "", folder.path().to_str().unwrap(), &[], &[]);
    let (ran, remote) = verify(&world, &proxy.url(), "s3://s3-pages/many/", &[], &[]);
    assert_eq!(remote["totals"]["records"], 1_105, "{}", ran.stderr);
    assert_eq!(
        (&local["totals"], &local["verdict"]),
        (&remote["totals"], &remote["verdict"])
    );
    let asked = proxy.requests();
    let pages = asked
        .iter()
        .filter(|asked| asked.target.contains("continuation-token"));
    assert!(pages.count() >= 1);
    assert_eq!(asked.iter().filter(|asked| is_get(asked)).count(), 1_105);
}

/// The header and the records of a world, plain.
fn lines(world: &World) -> (String, Vec<String>) {
    let texts = world.texts();
    let header = texts[0].1.lines().next().unwrap().to_owned();
    let all = texts.iter().flat_map(|(_, text)| text.lines().skip(1));
    (header, all.map(str::to_owned).collect())
}

#[test]
fn a_large_object_takes_no_more_memory_than_a_small_one() {
    const PUT: &str = r#"
import boto3, sys
# Wide records: the bytes count here, and a dev build is slow at many.
header, record = sys.argv[1].encode() + b" instance-tag\n", sys.argv[2].encode() + b" " + b"x" * 4000 + b"\n"
size = 200_000_000
body = header + record * ((size - len(header)) // len(record))
boto3.client("s3").put_object(Bucket="large", Key="large.log", Body=body)
print(len(body))
"#;
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    make_bucket(servers, "large");
    let (header, records) = lines(&world);
    let size: u64 = python(servers, PUT, &[&header, &records[0]])
        .trim()
        .parse()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let evidence = folder.path().join("evidence.json");
    let topology = world.path("topology.json");
    let args = [
        "verify",
        "s3://large/",
        "--topology",
        &topology,
        "--memory",
        "64MiB",
        "--evidence",
        evidence.to_str().unwrap(),
    ];
    let mut running = start_flowproof(&args, &[("AWS_ENDPOINT_URL_S3", &servers.s3)]);
    let status = format!("/proc/{}/status", running.id());
    let mut peak_kib = 0;
    while running.is_running() {
        peak_kib = fs::read_to_string(&status)
            .ok()
            .and_then(|text| high_water_kib(&text))
            .unwrap_or(0)
            .max(peak_kib);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let ran = running.wait();
    let evidence: Value = serde_json::from_str(&fs::read_to_string(&evidence).unwrap()).unwrap();
    let input = &evidence["inputs"][0];
    assert_eq!(
        (input["size"].as_u64(), &input["whole"]),
        (Some(size), &Value::Bool(true)),
        "{}",
        ran.stderr
    );
    assert!(input["sha256"].is_string() && input["rows"].as_u64().unwrap() > 40_000);
    // Below half of the object, whatever the world and the binary take. Where there is no /proc it stays 0.
    assert!(peak_kib < 100_000, "{peak_kib} KiB");
}

fn high_water_kib(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A world's records as one Parquet object with a large column that no claim reads.
fn with_a_large_column(world: &World) -> Vec<u8> {
    let (header, records) = lines(world);
    let names: Vec<&str> = header.split(' ').collect();
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let values = records
            .iter()
            .map(|record| record.split_whitespace().nth(index).unwrap());
        let number = ["start", "end", "bytes", "packets"].contains(name);
        let column: ArrayRef = if number {
            Arc::new(
                values
                    .map(|value| value.parse::<i64>().ok())
                    .collect::<Int64Array>(),
            )
        } else {
            Arc::new(values.map(Some).collect::<StringArray>())
        };
        columns.push((name.replace('-', "_"), column));
    }
    // Each value once, so that no dictionary makes it small.
    let tag = |row: usize| {
        (0..4_000)
            .map(|n| {
                format!(
                    "{:x}",
                    (row * 4_000 + n).wrapping_mul(2_654_435_761) % 65_521
                )
            })
            .collect::<String>()
    };
    let tags: StringArray = (0..records.len()).map(|row| Some(tag(row))).collect();
    columns.insert(3, ("instance_tag".to_owned(), Arc::new(tags)));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(20))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn parquet_comes_in_ranges_unless_a_digest_is_asked_for() {
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    let bytes = with_a_large_column(&world);
    assert!(bytes.len() > 300_000, "{}", bytes.len());
    make_bucket(servers, "columns");
    put_objects(servers, "columns", &[("a.log.parquet", &bytes)]);
    let proxy = Proxy::start(Some(&servers.s3), |_| Action::Pass);
    let (ran, evidence) = verify(&world, &proxy.url(), "s3://columns/", &[], &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let input = &evidence["inputs"][0];
    assert!(
        input["etag"].is_string() && input["sha256"].is_null() && input["whole"] == true,
        "{input}"
    );
    assert_eq!(input["size"], bytes.len());
    let mut asked_bytes = 0;
    for asked in proxy.requests().iter().filter(|asked| is_get(asked)) {
        let range = asked
            .header("range")
            .unwrap()
            .strip_prefix("bytes=")
            .unwrap();
        let (first, last) = range.split_once('-').unwrap();
        asked_bytes += last.parse::<usize>().unwrap() + 1 - first.parse::<usize>().unwrap();
        assert_eq!(asked.header("if-match"), input["etag"].as_str());
    }
    assert!(
        asked_bytes < bytes.len() / 2,
        "{asked_bytes} of {}",
        bytes.len()
    );
    let (ran, evidence) = verify(
        &world,
        &servers.s3,
        "s3://columns/",
        &["--full-digest"],
        &[],
    );
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let input = &evidence["inputs"][0];
    assert!(
        input["etag"].is_string() && input["sha256"].is_string() && input["whole"] == true,
        "{input}"
    );
}

#[test]
fn what_is_no_flow_log_is_passed_over_and_said() {
    let Some(servers) = servers() else { return };
    let world = world("gateway-endpoint-only");
    let source = bucket_of(servers, "mixed", &world);
    let account = "AWSLogs/123456789012/";
    put_objects(
        servers,
        "mixed",
        &[
            (
                format!("{account}CloudTrail/us-east-1/2026/08/01/a.json.gz"),
                "{}",
            ),
            (format!("{account}vpcflowlogs/aws-logs-write-test"), "test"),
            (format!("{account}vpcflowlogs/us-east-1/"), ""),
        ],
    );
    let (ran, evidence) = verify(&world, &servers.s3, &source, &[], &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("note[input-passed-over]: passed over: 1 folders of other services, unlisted, 1 write tests"), "{}", ran.stderr);
    assert_eq!(evidence["inputs"].as_array().unwrap().len(), 6);
}
