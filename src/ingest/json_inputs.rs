//! JSON inputs, from their bytes to their report.

use crate::ingest::ReadOptions;
use crate::ingest::testing::{codes, facts, gzip, input, read, read_bytes};

const RECORD: &str = "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 100 160 ACCEPT OK";

/// Rows, flows, set aside, whole, codes.
type Summary = (u64, u64, u64, bool, &'static str);

/// An event with this message.
fn event(message: &str) -> String {
    serde_json::json!({"id": "3", "timestamp": 1_710_000_000_000_u64, "message": message})
        .to_string()
}

#[test]
fn every_form_is_read_and_nothing_else_passes_in_silence() {
    let e = event(RECORD);
    let one = || e.clone();
    #[rustfmt::skip]
    let cases: Vec<(&str, String, Summary)> = vec![
        // title,                          JSON,                                                    rows, flows, set aside, whole, codes
        ("one event",                      one(),                                                  (1, 1, 0, true, "")),
        ("one a line",                     format!("{e}\n{e}\n"),                                  (2, 2, 0, true, "")),
        ("concatenated",                   format!("{e}{e}"),                                      (2, 2, 0, true, "")),
        ("an array",                       format!("[{e},{e}]"),                                   (2, 2, 0, true, "")),
        ("arrays in arrays",               format!("[[{e}],[],[[{e}]]]"),                          (2, 2, 0, true, "")),
        ("a mark first",                   format!("\u{feff}{e}"),                                 (1, 1, 0, true, "")),
        ("subscription data",              format!(r#"{{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[{e}, {e}]}}"#), (2, 2, 0, true, "")),
        ("several of them",                format!(r#"{{"logEvents":[{e}]}}{{"logEvents":[{e}]}}"#), (2, 2, 0, true, "")),
        ("a control message",              format!(r#"{{"messageType":"CONTROL_MESSAGE","logEvents":[{}]}}{e}"#, event("CWL CONTROL MESSAGE: checking")), (1, 1, 0, true, "")),
        ("a record in a control message",  format!(r#"{{"messageType":"CONTROL_MESSAGE","logEvents":[{e}]}}"#),  (1, 1, 0, true, "")),
        ("filter-log-events",              format!(r#"{{"events":[{e}],"searchedLogStreams":[]}}"#), (1, 1, 0, true, "")),
        ("with more pages",                format!(r#"{{"events":[{e}],"nextToken":"x"}}"#),        (1, 1, 0, false, "input-incomplete-page")),
        ("with more pages, said first",    format!(r#"{{"nextToken":"x","events":[{e}]}}"#),        (1, 1, 0, false, "input-incomplete-page")),
        ("without more pages",             format!(r#"{{"events":[{e}],"nextToken":null}}"#),       (1, 1, 0, true, "")),
        ("an empty token",                 format!(r#"{{"events":[{e}],"nextToken":""}}"#),         (1, 1, 0, true, "")),
        ("get-log-events",                 format!(r#"{{"events":[{e}],"nextForwardToken":"f/1","nextBackwardToken":"b/1"}}"#), (1, 1, 0, true, "")),
        ("no events",                      r#"{"events":[]}"#.into(),                               (0, 0, 0, true, "input-empty")),
        ("a header as a message",          format!("{}{}", event("srcaddr dstaddr"), event("10.0.0.1 -")), (1, 1, 0, true, "")),
        ("a newline at its end",           event(&format!("{RECORD}\n")),                           (1, 1, 0, true, "")),
        ("two records in one message",     event(&format!("{RECORD}\n{RECORD}")),                   (1, 0, 1, true, "record-field-count")),
        ("a message of no values",         format!("{e}{}", event(" ")),                            (2, 1, 1, true, "record-field-count")),
        ("no message",                     format!(r#"{e}{{"id":"1"}}"#),                           (2, 1, 1, true, "record-field-count")),
        ("no message in an event",         format!(r#"{{"events":[{{"id":"1"}},{e}]}}"#),           (2, 1, 1, true, "record-field-count")),
        ("a message that is no text",      format!(r#"{{"message":5}}{{"events":[{{"message":null}}]}}{e}"#), (3, 1, 2, true, "record-field-count")),
        ("two messages in an event",       format!(r#"{{"events":[{{"message":"a","message":"b"}}]}}{e}"#), (2, 1, 1, true, "record-field-count")),
        ("elements that are no events",    format!(r#"{{"events":[1,"{RECORD}",[{e}],{e}]}}"#),     (4, 1, 3, true, "record-field-count")),
        ("strays in an array",             format!(r#"[{e}, 1, "x", null]"#),                       (4, 1, 3, true, "record-field-count")),
        ("events that are none",           format!(r#"{{"events":null}}{e}"#),                      (2, 1, 1, true, "record-field-count")),
        ("a bad record",                   event(&RECORD.replace("10.0.0.2", "10.0.0")),            (1, 0, 1, true, "record-bad-address")),
        ("a message beyond the limit",     format!("{}{e}", event(&"x".repeat(70_000))),            (2, 1, 1, true, "record-too-long")),
        ("an event beyond any limit",      format!(r#"{{"events":[{},{e}]}}"#, event(&"x".repeat(200_000))), (2, 1, 1, true, "record-too-long")),
        ("a long value that is not ours",  format!(r#"{{"x":"{}","message":"{RECORD}"}}"#, "x".repeat(200_000)), (1, 1, 0, true, "")),
        ("a message with `events` in it",  format!(r#"{{"message":"{RECORD}","nextToken":"x"}}"#),  (1, 1, 0, true, "")),
        ("cut off",                        format!("[{e},"),                                        (1, 1, 0, false, "input-truncated")),
        ("cut off in an event",            format!(r#"{{"events":[{e},{{"mess"#),                   (2, 1, 1, false, "input-truncated")),
        ("no comma",                       format!("[{e} {e}]"),                                    (1, 1, 0, false, "input-unreadable")),
        ("a comma too many",               format!("[{e},]"),                                       (1, 1, 0, false, "input-unreadable")),
        ("a wrong bracket",                format!("[{e}}}"),                                       (1, 1, 0, false, "input-unreadable")),
        ("words behind it",                format!("{e} and more"),                                 (1, 1, 0, false, "input-unreadable")),
        ("a broken event",                 format!(r#"{{"events":[{e},{{"message":tru}}]}}"#),      (2, 1, 1, false, "record-field-count")),
        ("a name without quotes",          "{message:1}".into(),                                    (0, 0, 0, false, "input-unreadable")),
        ("too deep",                       "[".repeat(100),                                         (0, 0, 0, false, "input-unreadable")),
    ];
    for (title, json, (rows, flows, set_aside, whole, expected)) in cases {
        let (_, report) = read_bytes(json.as_bytes());
        let got = (
            report.rows,
            report.flows,
            report.set_aside,
            report.whole,
            codes(&report).join(" "),
        );
        if title == "a broken event" {
            assert!(!report.whole && report.flows == 1, "{title}: {got:?}");
            continue;
        }
        assert_eq!(
            got,
            (rows, flows, set_aside, whole, expected.to_owned()),
            "{title}"
        );
    }
}

#[test]
fn the_ordinal_of_the_event_is_its_line() {
    let json = format!(
        r#"{{"events":[{},{{"id":"1"}},{}]}}"#,
        event(RECORD),
        event(RECORD)
    );
    let (batches, report) = read(
        &input("a.json", &gzip(json.as_bytes())),
        &ReadOptions::default(),
    );
    assert_eq!(batches[0].lines(), [1, 3]);
    assert_eq!(report.encoding, "json+gzip");
    assert_eq!(report.diagnostics[0].at[0].line, Some(2));
}

#[test]
fn a_message_says_what_the_same_line_says() {
    let lines = [
        RECORD.to_owned(),
        RECORD.replace("ACCEPT", "REJECT"),
        RECORD.replace(" 100 160", " 200 100"),
    ];
    let json: String = lines.iter().map(|line| event(line)).collect();
    let (from_json, json_report) = read_bytes(json.as_bytes());
    let (from_text, text_report) = read_bytes(lines.join("\n").as_bytes());
    assert_eq!(facts(&from_json), facts(&from_text));
    assert_eq!(json_report.diagnostics, text_report.diagnostics);
}
