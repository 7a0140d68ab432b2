//! What holds of any input: where bytes are cut, what they are zipped in and how they are encoded changes nothing, and every
//! line is accounted for.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::ingest::ReadOptions;
use crate::ingest::decoder::Decoder;
use crate::ingest::records::Records;
use crate::ingest::testing::{
    Pages, codes, facts, gzip, input, input_in_reads, parquet, parquet_pages, random_access, read,
    read_bytes,
};
use crate::ingest::text::TextDecoder;
use crate::model::field::{Field, FieldSet};

const NAMES: [&str; 8] = [
    "srcaddr",
    "dstport",
    "bytes",
    "start",
    "end",
    "action",
    "lane",
    "log-status",
];

const WIDE: [&str; 17] = [
    "version",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "srcport",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
    "vpc-id",
    "instance-tag",
    "flow-direction",
    "traffic-path",
    "quantum-lane",
];

/// A line of version 5 as AWS writes it, now and then with something odd in it.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let address = || {
        prop_oneof![
            8 => any::<[u8; 4]>().prop_map(|octets| std::net::Ipv4Addr::from(octets).to_string()),
            2 => prop::sample::select(&["10.0.0.1", "-", "2001:db8::1", "::ffff:10.0.0.1"][..]).prop_map(str::to_owned),
            // Longer than a mark, and their last 32 bytes.
            1 => prop::sample::select(&["1111:2222::aaaa:bbbb:cccc:dddd:eeee", "1:2222::aaaa:bbbb:cccc:dddd:eeee"][..]).prop_map(str::to_owned),
        ]
    };
    let text = || {
        prop_oneof![
            // Only the slow way takes a NUL.
            1 => prop::sample::select(&["\0-", "\0S3", "-", "S3"][..]).prop_map(str::to_owned),
            20 => prop::sample::select(&["-", "S3", "eni-0123456789abcdef0", "eni-0123456789abcdef1", "vpc-12345678", "OK"][..]).prop_map(str::to_owned),
            3 => "[a-c]{1,40}",
        ]
    };
    let number = || prop_oneof![8 => (0u64..70_000).prop_map(|n| n.to_string()), 1 => any::<u64>().prop_map(|n| (n >> (n % 64)).to_string()), 1 => Just("-".to_owned())];
    let times = prop_oneof![9 => (1_700_000_000u64..1_700_000_999, 0u64..600), 1 => (any::<u64>(), 80_000u64..90_000)];
    let status = prop::sample::select(&["OK", "OK", "OK", "OK", "NODATA", "SKIPDATA"][..]);
    let same = any::<bool>();
    let record = (
        (address(), address(), address(), address()),
        (text(), text(), text(), text()),
        (number(), number(), number()),
        times,
        status,
        same,
    );
    let line = record.prop_map(|((a, b, c, d), (eni, vpc, tag, lane), (port, bytes, path), (start, span), status, same)| {
        let (c, d) = if same { (a.clone(), b.clone()) } else { (c, d) };
        let port = port.parse::<u16>().map_or("-".to_owned(), |port| port.to_string());
        let end = start.saturating_add(span);
        format!("5 {eni} {a} {b} {c} {d} {port} {bytes} {start} {end} ACCEPT {status} {vpc} {tag} egress {path} {lane}").into_bytes()
    });
    let odd = prop::option::weighted(
        0.02,
        (
            any::<prop::sample::Index>(),
            prop::sample::select(&b" \t\r\n-9.:\x00\xffa"[..]),
            any::<bool>(),
        ),
    );
    (line, odd).prop_map(|(mut line, odd)| {
        if let Some((at, byte, insert)) = odd {
            let at = at.index(line.len());
            if insert {
                line.insert(at, byte)
            } else {
                line[at] = byte
            }
        }
        line
    })
}

/// A record by its values; some are wrong.
fn any_record() -> impl Strategy<Value = Vec<String>> {
    let pick =
        |values: &'static [&'static str]| prop::sample::select(values).prop_map(str::to_owned);
    let address = pick(&["10.0.0.1", "2001:db8::1", "-", "10.0.0.256"]);
    let port = pick(&["443", "0", "65535", "-", "65536", "-1"]);
    let bytes = pick(&["0", "9223372036854775807", "-", "12"]);
    let start = pick(&["100", "160", "-"]);
    let end = pick(&["160", "99", "200000", "-"]);
    let action = pick(&["ACCEPT", "REJECT", "-", "version"]);
    let lane = pick(&["7", "-", "a"]);
    let status = pick(&["OK", "OK", "NODATA", "SKIPDATA", "LATE", "-"]);
    (address, port, bytes, start, end, action, lane, status)
        .prop_map(|(a, b, c, d, e, f, g, h)| vec![a, b, c, d, e, f, g, h])
}

/// Records without a fault: of each value what [`any_record`] has that is right.
fn any_good_records() -> impl Strategy<Value = Vec<Vec<String>>> {
    let pick =
        |values: &'static [&'static str]| prop::sample::select(values).prop_map(str::to_owned);
    let address = pick(&["10.0.0.1", "2001:db8::1", "10.0.0.2", "-"]);
    let port = pick(&["443", "0", "65535", "-"]);
    let bytes = pick(&["0", "9223372036854775807", "-", "12"]);
    let (start, end) = (pick(&["100", "160", "-"]), pick(&["160", "86500", "-"]));
    let (action, lane) = (pick(&["ACCEPT", "REJECT", "-"]), pick(&["7", "-", "a"]));
    let status = pick(&["OK", "OK", "NODATA", "SKIPDATA"]);
    let record = (address, port, bytes, start, end, action, lane, status);
    let record = record.prop_map(|(a, b, c, d, e, f, g, h)| vec![a, b, c, d, e, f, g, h]);
    vec(record, 1..20)
}

/// Good ones, with perhaps a bad one among them: whether a batch goes the quick way must not show.
fn any_records() -> impl Strategy<Value = Vec<Vec<String>>> {
    (
        any_good_records(),
        vec(any_record(), 0..3),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(mut good, bad, at)| {
            let at = at.index(good.len() + 1);
            good.splice(at..at, bad);
            good
        })
}

/// Lines of a log, most of them records; some are none.
fn any_log() -> impl Strategy<Value = Vec<u8>> {
    let record = any_record().prop_map(|values| values.join(" ").into_bytes());
    let line = prop_oneof![
        6 => record,
        1 => Just(NAMES.join(" ").into_bytes()),
        1 => Just(b"srcaddr dstport".to_vec()),
        1 => Just(b"  ".to_vec()),
        1 => Just(vec![b'x'; 300]),
        1 => vec(any::<u8>(), 0..20),
    ];
    (any::<bool>(), vec(line, 0..30)).prop_map(|(header, lines)| {
        let mut log = if header {
            NAMES.join("\t").into_bytes()
        } else {
            Vec::new()
        };
        for line in lines {
            log.extend_from_slice(b"\n");
            log.extend_from_slice(&line);
        }
        log
    })
}

fn small() -> ReadOptions {
    let mut options = ReadOptions {
        batch_rows: 4,
        ..ReadOptions::default()
    };
    options.limits.line_bytes = 200;
    options
}

/// What a log says, apart from how it is stored.
fn said(bytes: &[u8], read_max: usize) -> (Vec<String>, Vec<String>, Vec<String>, bool) {
    let (batches, report) = read(&input_in_reads("a", bytes, read_max, false), &small());
    let complaints = report.diagnostics.iter().map(ToString::to_string).collect();
    (facts(&batches), complaints, report.formats, report.whole)
}

/// Feeds a decoder the same bytes, cut at these places.
fn decoded(bytes: &[u8], cuts: &[prop::sample::Index], json: bool) -> (Vec<String>, Vec<String>) {
    let cuts = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    decoded_in(bytes, cuts, json, &small())
}

/// Text that is read without runs.
fn decoded_slowly(text: &[u8], options: &ReadOptions) -> (Vec<String>, Vec<String>) {
    let mut records = Records::new(&input_in_reads("a", text, 1, false), options);
    TextDecoder::new(options.limits.line_bytes).push_slowly(text, &mut records);
    said_in(records)
}

fn decoded_in(
    bytes: &[u8],
    mut cuts: Vec<usize>,
    json: bool,
    options: &ReadOptions,
) -> (Vec<String>, Vec<String>) {
    let mut records = Records::new(&input_in_reads("a", bytes, 1, false), options);
    let mut decoder: Box<dyn Decoder> = if json {
        Box::new(crate::ingest::json::JsonDecoder::new(
            options.limits.line_bytes,
        ))
    } else {
        Box::new(TextDecoder::new(options.limits.line_bytes))
    };
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    let pushed = cuts.windows(2).try_for_each(|cut| {
        // Sometimes nothing of what came before is at hand, sometimes some of it, or all.
        let held = cut[0] - cut[0] * (cut[1] % 3) / 2;
        decoder.push(&bytes[held..], cut[0] - held..cut[1] - held, &mut records)
    });
    match pushed.and_then(|()| decoder.finish(&mut records)) {
        Ok(()) => {}
        Err(why) => {
            decoder.cut(&mut records);
            records.ledger.not_whole(*why);
        }
    }
    said_in(records)
}

/// What records say once the last has come, and what is said of them.
fn said_in(mut records: Records) -> (Vec<String>, Vec<String>) {
    records.finish();
    let batches: Vec<_> = std::iter::from_fn(|| records.next_ready()).collect();
    let report = records.ledger.into_report();
    let records = report.flows + report.nodata + report.skipdata;
    assert_eq!(
        report.rows,
        records + report.set_aside,
        "lines in, lines accounted for"
    );
    (
        facts(&batches),
        report.diagnostics.iter().map(ToString::to_string).collect(),
    )
}

/// Facts and codes, with lines counted from the first record.
fn parquet_and_text(
    rows: &[Vec<String>],
    pages: Pages,
    projection: FieldSet,
) -> [(Vec<String>, Vec<String>); 2] {
    let format = crate::model::format::Format::from_names(NAMES).unwrap();
    let options = ReadOptions {
        projection,
        log_format: Some(format),
        ..ReadOptions::default()
    };
    let text: String = rows.iter().map(|row| row.join(" ") + "\n").collect();
    let bytes = parquet_pages(&NAMES, rows, pages);
    // A dictionary that is that of every batch, or of each its own.
    let keep_texts = rows.len().is_multiple_of(2);
    let inputs = [
        (random_access("a", &bytes), keep_texts),
        (input("a", text.as_bytes()), false),
    ];
    inputs.map(|(input, keep_texts)| {
        let options = ReadOptions {
            keep_texts,
            ..options.clone()
        };
        let (batches, report) = read(&input, &options);
        assert!(report.whole && report.sha256.is_some());
        (
            facts(&batches),
            report.diagnostics.iter().map(ToString::to_string).collect(),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn where_the_bytes_of_text_are_cut_does_not_matter(log in any_log(), cuts in vec(any::<prop::sample::Index>(), 0..8)) {
        prop_assert_eq!(decoded(&log, &cuts, false), decoded(&log, &[], false));
    }

    #[test]
    fn the_fast_way_says_what_the_slow_way_says(lines in vec(any_line(), 0..150), times in 1usize..6, rows in prop::sample::select(vec![7usize, 1000]), drop in any::<bool>()) {
        let mut log = WIDE.join(" ").into_bytes();
        for line in std::iter::repeat_n(&lines, times).flatten() {
            log.push(b'\n');
            log.extend_from_slice(line);
        }
        let projection = if drop { FieldSet::of(&[Field::DstAddr, Field::PktSrcAddr, Field::InterfaceId]) } else { FieldSet::ALL };
        let options = ReadOptions { batch_rows: rows, projection, ..ReadOptions::default() };
        let fast = decoded_in(&log, Vec::new(), false, &options);
        // By runs of one line, and by none.
        prop_assert_eq!(&fast, &decoded_in(&log, (0..log.len()).collect(), false, &options));
        prop_assert_eq!(fast, decoded_slowly(&log, &options));
    }

    #[test]
    fn members_of_gzip_and_sizes_of_reads_do_not_matter(log in any_log(), at in any::<prop::sample::Index>(), read_max in 1usize..40) {
        let (head, tail) = log.split_at(at.index(log.len() + 1));
        let zipped = [gzip(head), gzip(tail)].concat();
        prop_assert_eq!(said(&zipped, read_max), said(&log, usize::MAX));
    }

    #[test]
    fn where_the_bytes_of_json_are_cut_does_not_matter(
        records in vec(any_record(), 0..12),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
        broken in any::<Option<(prop::sample::Index, u8)>>(),
    ) {
        let messages = records.iter().map(|values| serde_json::json!({"id": "é\"", "message": values.join(" ")}));
        let mut json = serde_json::json!({"messageType": "DATA_MESSAGE", "logEvents": messages.collect::<Vec<_>>()}).to_string().into_bytes();
        if let Some((at, byte)) = broken {
            let at = at.index(json.len());
            json[at] = byte;
        }
        prop_assert_eq!(decoded(&json, &cuts, true), decoded(&json, &[], true));
    }

    #[test]
    fn parquet_says_what_text_says(rows in any_records(), nulls in any::<bool>(), second in any::<bool>(), all in any::<bool>()) {
        let projection = if all { FieldSet::ALL } else { FieldSet::of(&[Field::SrcAddr, Field::Action]) };
        let [parquet, text] = parquet_and_text(&rows, Pages { nulls, second, ..Pages::default() }, projection);
        prop_assert_eq!(parquet, text);
    }

    #[test]
    fn parquet_with_types_of_its_own_says_what_text_says(rows in any_records(), nulls in any::<bool>(), dictionaries in any::<bool>(), second in any::<bool>(), all in any::<bool>()) {
        let projection = if all { FieldSet::ALL } else { FieldSet::of(&[Field::DstPort, Field::Action]) };
        let [parquet, text] = parquet_and_text(&rows, Pages { nulls, typed: true, dictionaries, second }, projection);
        prop_assert_eq!(parquet, text);
    }

    #[test]
    fn any_bytes_are_accounted_for(bytes in vec(any::<u8>(), 0..400), magic in 0usize..5) {
        let magic: &[u8] = [&b""[..], b"PAR1", b"\x1f\x8b\x08", b"{\"events\":[", b"[{\"message\":\""][magic];
        let bytes = [magic, &bytes].concat();
        read(&random_access("a", &bytes), &small());
        read(&input("a", &bytes), &small());
    }

    #[test]
    fn any_damage_to_parquet_is_accounted_for(
        rows in vec(any_record(), 1..20),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        len in any::<Option<prop::sample::Index>>(),
    ) {
        let mut bytes = parquet(&NAMES, &rows, true, true);
        for (at, byte) in damage {
            let at = 4 + at.index(bytes.len() - 4);
            bytes[at] = byte;
        }
        if let Some(len) = len {
            bytes.truncate(4 + len.index(bytes.len() - 4));
        }
        read(&random_access("a", &bytes), &small());
    }
}

#[test]
fn parquet_comes_through_a_pipe_and_through_gzip_too() {
    let row: Vec<String> = ["10.0.0.1", "443", "5", "100", "160", "ACCEPT", "7", "OK"]
        .map(str::to_owned)
        .into();
    let bytes = parquet(&NAMES, &[row.clone(), row], false, true);
    let (direct, report) = read(&random_access("a", &bytes), &ReadOptions::default());
    let hash = report.sha256;
    let (piped, report) = read(
        &input_in_reads("-", &bytes, 11, false),
        &ReadOptions::default(),
    );
    assert_eq!((facts(&direct), &hash), (facts(&piped), &report.sha256));
    assert_eq!((report.encoding.as_str(), report.flows), ("parquet", 2));
    let (zipped, report) = read_bytes(&gzip(&bytes));
    assert_eq!(
        (facts(&zipped), report.encoding.as_str()),
        (facts(&direct), "parquet+gzip")
    );
    let (_, report) = read(
        &random_access("a", &bytes[..bytes.len() - 9]),
        &ReadOptions::default(),
    );
    assert!(!report.whole && codes(&report).contains(&"input-unreadable".to_owned()));
    let none = ReadOptions {
        projection: FieldSet::NONE,
        ..ReadOptions::default()
    };
    let (batches, report) = read(&random_access("a", &bytes), &none);
    assert_eq!((batches[0].schema().fields().len(), report.flows), (0, 2));
}
