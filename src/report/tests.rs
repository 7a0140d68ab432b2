//! What holds for every format, and what the text looks like.

use pretty_assertions::assert_eq;
use serde_json::Value;

use super::*;
use crate::model::path::Verdict;

const HOSTILE: &str = "=cmd|'/C calc'!A0 \u{1b}[2J\u{1b}]0;own\u{7}\r\n\t\u{202e}gnp\u{2028}\u{61c}<b>|`x` 漢字漢字 \u{9b}31m";

fn text(evidence: &Evidence, width: usize, color: bool) -> String {
    String::from_utf8(render(evidence, Format::Text, Style { width, color }).unwrap()).unwrap()
}

fn all() -> Vec<(&'static str, Evidence)> {
    vec![
        ("proven", fixture::proven()),
        ("violated", fixture::violated()),
        ("unproven", fixture::unproven()),
        ("empty", fixture::empty()),
        ("huge", fixture::huge()),
    ]
}

/// The text without ANSI's colours.
fn uncoloured(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    out + rest
}

fn assert_fits(title: &str, text: &str, width: usize) {
    for line in text.lines() {
        assert!(line.chars().count() <= width, "{title} at {width}: {line}");
        assert!(!line.chars().any(char::is_control), "{title}: {line:?}");
        assert!(!line.ends_with(' '), "{title}: {line:?}");
        for hidden in ['\u{202e}', '\u{2028}', '\u{61c}', '\u{a0}'] {
            assert!(!line.contains(hidden), "{title}: {line:?}");
        }
    }
}

#[test]
fn words_of_formats_are_read_back() {
    for format in Format::ALL {
        assert_eq!(Format::from_word(format.as_str()), Some(*format));
    }
    assert_eq!(Format::from_word("docx"), None);
}

#[test]
fn every_line_fits_and_the_screen_is_bounded() {
    for (title, evidence) in all() {
        for width in [0, 60, 72, 80, 100, 120, 500] {
            let page = text(&evidence, width, false);
            assert_fits(title, &page, width.clamp(60, 120));
            assert!(
                page.lines().count() <= 400,
                "{title}: {} lines",
                page.lines().count()
            );
        }
    }
}

#[test]
fn the_common_case_is_one_screen() {
    let mut violated = fixture::violated();
    violated.coverage = fixture::proven().coverage;
    let claim = &mut violated.claims[0];
    claim.obligations = fixture::proven().claims[0].obligations.clone();
    claim.exceptions.clear();
    claim.witnesses.sample[1] = claim.witnesses.sample[0].clone();
    let mut unproven = fixture::unproven();
    unproven.claims.truncate(1);
    let cases = [
        ("proven", fixture::proven(), 45),
        ("empty", fixture::empty(), 45),
        ("violated", violated, 45),
        ("unproven", unproven, 45),
        ("violated, with all that can be", fixture::violated(), 60),
        ("unproven, with all that can be", fixture::unproven(), 60),
    ];
    for (title, evidence, most) in cases {
        let lines = text(&evidence, 80, false).lines().count();
        assert!(lines <= most, "{title}: {lines} lines");
    }
}

#[test]
fn colour_changes_no_word() {
    for (title, evidence) in all() {
        let coloured = text(&evidence, 80, true);
        assert!(coloured.contains("\u{1b}["), "{title}");
        assert_eq!(uncoloured(&coloured), text(&evidence, 80, false), "{title}");
    }
}

#[test]
fn the_page_looks_as_it_did() {
    let cases = [
        ("proven.txt", fixture::proven()),
        ("unproven.txt", fixture::unproven()),
        ("violated.txt", fixture::violated()),
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/snapshots");
    let bless = std::env::var_os("FLOWPROOF_BLESS").is_some();
    assert!(
        !(bless && std::env::var_os("CI").is_some()),
        "CI never writes a snapshot"
    );
    for (name, evidence) in &cases {
        let file = folder.join(name);
        let actual = text(evidence, 80, false);
        if bless {
            std::fs::write(&file, &actual).unwrap();
        }
        let expected = std::fs::read(&file).unwrap();
        assert_eq!(actual, String::from_utf8(expected).unwrap(), "{name}");
    }
    let mut read: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    read.sort();
    assert_eq!(
        read,
        cases.map(|(name, _)| name),
        "a snapshot that no test reads"
    );
}

#[test]
fn every_format_tells_the_same_verdict_and_counts() {
    for (title, evidence) in all() {
        let json = render(&evidence, Format::Json, Style::default()).unwrap();
        assert!(json.ends_with(b"}\n"), "{title}");
        assert_eq!(
            serde_json::from_slice::<Evidence>(&json).unwrap(),
            evidence,
            "{title}"
        );

        let page = text(&evidence, 80, false);
        let word = evidence.verdict.as_str().to_uppercase();
        assert!(page.starts_with(&word), "{title}");
        for verdict in Verdict::ALL {
            let marked = format!(" {}  ", verdict.as_str().to_uppercase());
            let lines = page
                .lines()
                .filter(|line| line.starts_with(['✗', '?', '✓']));
            let told = lines
                .filter(|line| line.contains(marked.trim_end()))
                .count();
            let claims = evidence
                .claims
                .iter()
                .filter(|claim| claim.verdict == *verdict);
            assert_eq!(told, claims.count(), "{title}: {verdict}");
        }
        for claim in &evidence.claims {
            let flows = units::plural(claim.flows_checked, "flow").replace(units::GLUE, " ");
            let witnesses = match claim.witnesses.count {
                0 => "no witness".to_owned(),
                count => units::plural(count, "witness").replace(units::GLUE, " "),
            };
            let line = format!("{flows} checked, {witnesses}");
            assert!(page.contains(&line), "{title}: {line}");
        }

        let csv = render(&evidence, Format::Csv, Style::default()).unwrap();
        let mut rows = ::csv::Reader::from_reader(csv.as_slice());
        assert_eq!(rows.headers().unwrap().len(), 26, "{title}");
        let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
        for claim in &evidence.claims {
            for (group, flows) in [
                ("witnesses", &claim.witnesses),
                ("attempts", &claim.attempts),
            ] {
                let of_group: Vec<_> = rows
                    .iter()
                    .filter(|row| row[0] == claim.id && &row[2] == group)
                    .collect();
                assert_eq!(of_group.len(), flows.sample.len(), "{title}");
                assert!(
                    of_group.iter().all(|row| &row[1] == claim.verdict.as_str()),
                    "{title}"
                );
            }
        }
    }
}

#[test]
fn a_row_of_csv_leads_back_to_its_record() {
    let csv = render(&fixture::violated(), Format::Csv, Style::default()).unwrap();
    let mut rows = ::csv::Reader::from_reader(csv.as_slice());
    let names = rows.headers().unwrap().clone();
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        let at = names.iter().position(|column| column == name).unwrap();
        rows[row][at].to_owned()
    };
    assert_eq!(cell(0, "start"), "2026-08-01T03:12:07Z");
    assert_eq!(
        (cell(0, "input").as_str(), cell(0, "line").as_str()),
        (fixture::KEY, "1842")
    );
    assert_eq!(
        (cell(6, "input"), cell(6, "line")),
        (String::new(), String::new())
    );
    assert_eq!(cell(0, "bytes"), "800000000");
    assert_eq!(cell(7, "group"), "attempts");
}

#[test]
fn the_first_place_by_name_and_line_is_cited() {
    let mut evidence = fixture::violated();
    let mut twin = evidence.inputs[0].clone();
    twin.uri = "a.log".to_owned();
    evidence.inputs.push(twin);
    let places = cited::Places::of(&evidence);
    let place = places.find("s3-private", "witnesses", 0).unwrap();
    assert_eq!((place.uri, place.line), ("a.log", 1842));
}

/// Puts hostile text in place of every string of the document in turn, where the document stays one.
#[test]
fn hostile_text_moves_no_cursor_wherever_it_stands() {
    for (title, evidence) in [
        ("violated", fixture::violated()),
        ("unproven", fixture::unproven()),
    ] {
        let document = serde_json::to_value(&evidence).unwrap();
        let mut places = Vec::new();
        strings(&document, String::new(), &mut places);
        let mut tried = 0;
        for place in &places {
            let mut spoiled = document.clone();
            *spoiled.pointer_mut(place).unwrap() = Value::from(HOSTILE);
            let Ok(spoiled) = serde_json::from_value::<Evidence>(spoiled) else {
                continue;
            };
            tried += 1;
            assert_fits(&format!("{title} {place}"), &text(&spoiled, 80, false), 80);
            let csv = render(&spoiled, Format::Csv, Style::default()).unwrap();
            for row in ::csv::Reader::from_reader(csv.as_slice()).records() {
                for cell in &row.unwrap() {
                    assert!(
                        !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                        "{place}: {cell:?}"
                    );
                    assert!(!cell.chars().any(char::is_control), "{place}: {cell:?}");
                }
            }
        }
        assert!(tried > 100, "{title}: only {tried} of {}", places.len());
    }
}

pub(super) fn strings(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::String(_) => places.push(at),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                strings(item, format!("{at}/{i}"), places);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                strings(field, format!("{at}/{name}"), places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
