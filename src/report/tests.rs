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

        assert_markdown_tells(title, &evidence);
        assert_junit_tells(title, &evidence);
        assert_sarif_tells(title, &evidence);
        assert_ocsf_tells(title, &evidence);

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

fn bytes(evidence: &Evidence, format: Format) -> Vec<u8> {
    render(evidence, format, Style::default()).unwrap()
}

fn assert_markdown_tells(title: &str, evidence: &Evidence) {
    let page = String::from_utf8(bytes(evidence, Format::Markdown)).unwrap();
    assert!(page.len() <= 1000 * 1024, "{title}: {} bytes", page.len());
    let word = evidence.verdict.as_str().to_uppercase();
    let head = format!("# {} {word}: ", said::mark(evidence.verdict));
    assert!(page.starts_with(&head), "{title}");
    let rows: Vec<&str> = page
        .lines()
        .skip_while(|line| !line.starts_with("| Verdict |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert_eq!(rows.len(), evidence.claims.len(), "{title}");
    for (row, claim) in rows.iter().zip(&evidence.claims) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert!(
            cells[1].contains(&claim.verdict.as_str().to_uppercase()),
            "{title}: {row}"
        );
        assert_eq!(cells[4], units::count(claim.flows_checked), "{title}");
        assert_eq!(cells[5], units::count(claim.witnesses.count), "{title}");
    }
}

fn assert_junit_tells(title: &str, evidence: &Evidence) {
    let xml = String::from_utf8(bytes(evidence, Format::Junit)).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    let suite = &report.test_suites[0];
    assert_eq!(
        suite.properties[0].value.as_str(),
        evidence.verdict.as_str(),
        "{title}"
    );
    assert_eq!(suite.test_cases.len(), evidence.claims.len(), "{title}");
    let of = |verdict| {
        evidence
            .claims
            .iter()
            .filter(|claim| claim.verdict == verdict)
            .count()
    };
    assert_eq!(report.failures, of(Verdict::Violated), "{title}");
    assert_eq!(report.errors, of(Verdict::Unproven), "{title}");
    for (case, claim) in suite.test_cases.iter().zip(&evidence.claims) {
        use quick_junit::{NonSuccessKind, TestCaseStatus};
        let verdict = match &case.status {
            TestCaseStatus::NonSuccess {
                kind: NonSuccessKind::Failure,
                ..
            } => Verdict::Violated,
            TestCaseStatus::NonSuccess {
                kind: NonSuccessKind::Error,
                ..
            } => Verdict::Unproven,
            TestCaseStatus::Success { .. } | TestCaseStatus::Skipped { .. } => Verdict::Proven,
        };
        assert_eq!(verdict, claim.verdict, "{title}");
        assert_eq!(case.name.as_str(), claim.id, "{title}");
        let counts = format!(
            "flows_checked={} witnesses={} attempts={}",
            claim.flows_checked, claim.witnesses.count, claim.attempts.count
        );
        assert!(
            case.system_out.as_ref().unwrap().as_str().contains(&counts),
            "{title}: {counts}"
        );
    }
}

fn assert_sarif_tells(title: &str, evidence: &Evidence) {
    let log: Value = serde_json::from_slice(&bytes(evidence, Format::Sarif)).unwrap();
    let run = &log["runs"][0];
    assert_eq!(
        run["properties"]["verdict"],
        evidence.verdict.as_str(),
        "{title}"
    );
    assert_eq!(
        run["properties"]["records"], evidence.totals.records,
        "{title}"
    );
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), evidence.claims.len(), "{title}");
    let mut seen = std::collections::BTreeSet::new();
    for (rule, claim) in rules.iter().zip(&evidence.claims) {
        assert_eq!(
            rule["properties"]["flowsChecked"], claim.flows_checked,
            "{title}"
        );
        assert_eq!(
            rule["properties"]["witnesses"], claim.witnesses.count,
            "{title}"
        );
        assert_eq!(
            rule["properties"]["attempts"], claim.attempts.count,
            "{title}"
        );
        let kind = match claim.verdict {
            Verdict::Violated => "fail",
            Verdict::Unproven => "open",
            Verdict::Proven => "pass",
        };
        let results = run["results"].as_array().unwrap().iter();
        let (suppressed, told): (Vec<&Value>, Vec<&Value>) = results
            .filter(|result| result["ruleId"] == rule["id"])
            .partition(|result| result.get("suppressions").is_some());
        assert!(!told.is_empty(), "{title}");
        for result in &told {
            assert_eq!(result["kind"], kind, "{title}");
            assert_eq!(
                result["level"],
                if kind == "fail" { "error" } else { "none" },
                "{title}"
            );
        }
        assert_eq!(suppressed.len(), said::used(claim).count(), "{title}");
        for result in told {
            let print = result["partialFingerprints"]["flowproof/v1"]
                .as_str()
                .unwrap();
            assert!(
                seen.insert(print.to_owned()),
                "{title}: two results with one fingerprint"
            );
        }
    }
}

fn assert_ocsf_tells(title: &str, evidence: &Evidence) {
    let lines = String::from_utf8(bytes(evidence, Format::Ocsf)).unwrap();
    assert_eq!(lines.lines().count(), evidence.claims.len(), "{title}");
    for (line, claim) in lines.lines().zip(&evidence.claims) {
        let finding: Value = serde_json::from_str(line).unwrap();
        let compliance = &finding["compliance"];
        assert_eq!(compliance["status_code"], claim.verdict.as_str(), "{title}");
        let expected = match claim.verdict {
            Verdict::Violated => (3, 1),
            Verdict::Unproven => (2, 1),
            Verdict::Proven if said::is_excepted(claim) => (3, 3),
            Verdict::Proven => (1, 1),
        };
        assert_eq!(
            (&compliance["status_id"], &finding["status_id"]),
            (&expected.0.into(), &expected.1.into()),
            "{title}"
        );
        assert_eq!(
            finding["unmapped"]["run_verdict"],
            evidence.verdict.as_str(),
            "{title}"
        );
        assert_eq!(
            finding["unmapped"]["flows_checked"], claim.flows_checked,
            "{title}"
        );
        assert_eq!(
            finding["unmapped"]["witnesses"], claim.witnesses.count,
            "{title}"
        );
        assert_eq!(
            finding["unmapped"]["attempts"], claim.attempts.count,
            "{title}"
        );
        assert_eq!(
            compliance["checks"].as_array().unwrap().len(),
            claim.obligations.len(),
            "{title}"
        );
    }
}

/// Proven, because somebody answers for what would have broken it.
fn excepted() -> Evidence {
    let mut evidence = fixture::proven();
    evidence.claims[0].exceptions = vec![fixture::violated().claims[0].exceptions[0].clone()];
    evidence
}

#[test]
fn what_holds_by_an_exception_alone_names_owner_and_expiry_everywhere() {
    let evidence = excepted();
    let told = |format| String::from_utf8(bytes(&evidence, format)).unwrap();
    for format in [
        Format::Text,
        Format::Markdown,
        Format::Junit,
        Format::Sarif,
        Format::Ocsf,
    ] {
        let page = told(format);
        assert!(
            page.contains("data-platform") && page.contains("2026-12-31"),
            "{format}"
        );
    }
    let xml = told(Format::Junit);
    assert!(
        xml.contains(
            "<skipped message=\"excepted: owner data-platform, expires 2026-12-31, 40 flows"
        ),
        "{xml}"
    );
    assert!(told(Format::Markdown).contains("✓ PROVEN, by EXCEPTION until `2026-12-31`"));
    // An exception that matched nothing changes nothing.
    let mut unused = evidence.clone();
    unused.claims[0].exceptions[0].flows = 0;
    assert!(
        !String::from_utf8(bytes(&unused, Format::Junit))
            .unwrap()
            .contains("<skipped")
    );
}

#[test]
fn an_exception_never_suppresses_the_violation_beside_it() {
    let log: Value = serde_json::from_slice(&bytes(&fixture::violated(), Format::Sarif)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let shown: Vec<(&str, bool)> = results
        .iter()
        .map(|result| {
            (
                result["kind"].as_str().unwrap(),
                result.get("suppressions").is_some(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("fail", false),
            ("fail", false),
            ("fail", true),
            ("pass", false)
        ]
    );
}

#[test]
fn fingerprints_know_neither_counts_nor_times() {
    let prints = |evidence: &Evidence| -> Vec<Value> {
        let log: Value = serde_json::from_slice(&bytes(evidence, Format::Sarif)).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        results
            .map(|result| result["partialFingerprints"].clone())
            .collect()
    };
    let uid = |evidence: &Evidence| -> Value {
        let lines = String::from_utf8(bytes(evidence, Format::Ocsf)).unwrap();
        let finding: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        finding["finding_info"]["uid"].clone()
    };
    let (before, mut after) = (fixture::violated(), fixture::violated());
    after.generated_at = "2026-09-01T00:00:00Z".to_owned();
    after.window.since = Some("2026-08-31T00:00:00Z".to_owned());
    after.policy.sha256 = "0".repeat(64);
    let witnesses = &mut after.claims[0].witnesses;
    (witnesses.count, witnesses.bytes) = (99, 99);
    witnesses.sample.truncate(1);
    for by in &mut witnesses.by {
        (by.count, by.bytes) = (by.count + 1, by.bytes + 1);
    }
    assert_eq!(prints(&before), prints(&after));
    assert_eq!(uid(&before), uid(&after));
    after.claims[0].witnesses.by[0].via = Some("nat-other".to_owned());
    assert_ne!(prints(&before), prints(&after));
}

#[test]
fn a_summary_that_is_too_long_loses_rows_and_says_so() {
    let mut evidence = fixture::huge();
    evidence.claims[0].witnesses.sample.truncate(4000);
    let page = String::from_utf8(bytes(&evidence, Format::Markdown)).unwrap();
    assert!(page.len() <= 1000 * 1024);
    assert!(page.contains(" shown</summary>"));
    // So many claims that nothing but their rows fits: they stay.
    let claim = fixture::unproven().claims[0].clone();
    evidence.claims = vec![claim; 4000];
    let page = String::from_utf8(bytes(&evidence, Format::Markdown)).unwrap();
    assert!(page.len() <= 1000 * 1024, "{}", page.len());
    assert_eq!(
        page.lines()
            .filter(|line| line.starts_with("| ? UNPROVEN |"))
            .count(),
        4000
    );
    assert!(page.contains("Everything else is left out"));
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
            assert_nothing_hides(place, &spoiled);
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

/// A line of Markdown without its code spans: from a run of backticks to the next one as long.
fn outside_code(line: &str) -> String {
    let run = |text: &str| text.chars().take_while(|c| *c == '`').count();
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let fence = run(from);
        let mut end = fence;
        loop {
            let next = from[end..].find('`').expect("a code span without an end");
            end += next + run(&from[end + next..]);
            if run(&from[end - fence..]) == fence && !from[..end - fence].ends_with('`') {
                break;
            }
        }
        rest = &from[end..];
    }
    out + rest
}

/// No control or hidden character in any of the machine formats, and each is still what it claims to be.
fn assert_nothing_hides(place: &str, spoiled: &Evidence) {
    let hidden = |text: &str| text.chars().any(|c| crate::diag::hides(c) && c != '\n');
    let page = String::from_utf8(bytes(spoiled, Format::Markdown)).unwrap();
    assert!(!hidden(&page), "{place} in Markdown");
    for line in page.lines() {
        let outside = outside_code(line);
        assert!(
            !outside.contains("<b>") && !outside.contains("=cmd"),
            "{place}: {line}"
        );
    }
    let xml = String::from_utf8(bytes(spoiled, Format::Junit)).unwrap();
    assert!(!hidden(&xml), "{place} in JUnit");
    let cases = quick_junit::Report::deserialize_from_str(&xml)
        .unwrap()
        .test_suites[0]
        .test_cases
        .len();
    assert_eq!(cases, spoiled.claims.len(), "{place}");
    let sarif = String::from_utf8(bytes(spoiled, Format::Sarif)).unwrap();
    let ocsf = String::from_utf8(bytes(spoiled, Format::Ocsf)).unwrap();
    for document in std::iter::once(sarif.as_str()).chain(ocsf.lines()) {
        let document: Value = serde_json::from_str(document).unwrap();
        let mut places = Vec::new();
        strings(&document, String::new(), &mut places);
        for at in places {
            // Keys with a slash are not found again; they are ours.
            let text = document
                .pointer(&at)
                .and_then(Value::as_str)
                .unwrap_or_default();
            assert!(
                !hidden(text) && !text.contains('\n'),
                "{place} at {at}: {text:?}"
            );
        }
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
