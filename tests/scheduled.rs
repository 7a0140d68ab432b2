//! Night by night (`verify --state`), and the month from its days (`report` over several evidences), run as a user would.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;

use common::{Copied, Ran, flowproof, world};
use serde_json::Value;

const BEGIN: &str = "2026-08-01T12:00:00Z";
const MIDDLE: &str = "2026-08-01T12:15:00Z";
const END: &str = "2026-08-01T12:30:00Z";

/// A world whose every half is proven.
const WORLD: &str = "gateway-endpoint-only";

/// A copy of a world, with a state and a folder's worth of evidence.
struct Nights(Copied);

impl Nights {
    fn of(name: &str) -> Nights {
        let mut copied = Copied::of(name);
        copied.args.clear();
        Nights(copied)
    }

    /// A run with the state; its evidence goes to this file.
    fn run(&self, evidence: &str, more: &[&str]) -> Ran {
        let (state, evidence) = (self.word("state.json"), self.word(evidence));
        let words = [&["--state", &state, "--evidence", &evidence], more].concat();
        self.0.verify(&words)
    }

    /// The first two nights, proven.
    fn both(&self) -> [String; 2] {
        let first = self.run("1.json", &["--since", BEGIN, "--until", MIDDLE]);
        assert_eq!((first.code, first.stderr.as_str()), (0, ""));
        let second = self.run("2.json", &["--until", END]);
        assert_eq!((second.code, second.stderr.as_str()), (0, ""));
        [self.word("1.json"), self.word("2.json")]
    }

    fn word(&self, part: &str) -> String {
        self.0.word(part)
    }

    fn text(&self, part: &str) -> String {
        fs::read_to_string(self.0.at(part)).unwrap()
    }

    fn json(&self, part: &str) -> Value {
        serde_json::from_str(&self.text(part)).unwrap()
    }

    /// Takes all logs but the first away, or brings them back.
    fn late(&self, here: bool) {
        let mut names: Vec<_> = fs::read_dir(self.0.at(if here { "late" } else { "logs" }))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        fs::create_dir_all(self.0.at("late")).unwrap();
        for name in names.into_iter().skip(usize::from(!here)) {
            let places = [self.0.at("logs").join(&name), self.0.at("late").join(&name)];
            let (from, to) = if here { (1, 0) } else { (0, 1) };
            fs::rename(&places[from], &places[to]).unwrap();
        }
    }
}

fn fails(ran: &Ran, code: &str) {
    assert_eq!(ran.code, 2, "{code}: {}", ran.stderr);
    assert!(ran.stderr.contains(&format!("[{code}]")), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

/// As [`fails`], for `check`, which says on stdout what it did.
fn fails_to(ran: &Ran, code: &str) {
    assert_eq!(ran.code, 2, "{code}: {}", ran.stderr);
    assert!(ran.stderr.contains(&format!("[{code}]")), "{}", ran.stderr);
}

#[test]
fn each_night_begins_where_the_last_proven_one_ended() {
    let nights = Nights::of(WORLD);
    fails(&nights.run("1.json", &["--until", MIDDLE]), "state-since");
    assert!(!nights.0.at("state.json").exists());
    nights.both();
    let state = nights.json("state.json");
    assert_eq!(state["runs"], 2);
    assert_eq!(state["proven"]["since"], MIDDLE);
    assert_eq!(state["proven"]["until"], END);
    assert_eq!(
        state["proven"]["networks"],
        serde_json::json!(["123456789012 us-east-1"])
    );
    let digest = |file: &str| flowproof::seal::manifest::sha256(nights.text(file).as_bytes());
    assert_eq!(state["proven"]["evidence_sha256"], digest("2.json"));
    for (file, since, until) in [("1.json", BEGIN, MIDDLE), ("2.json", MIDDLE, END)] {
        let window = &nights.json(file)["window"];
        assert_eq!(
            (&window["since"], &window["until"]),
            (&since.into(), &until.into())
        );
        assert_eq!(window["until_from"], "asked");
    }

    let before = (nights.text("state.json"), nights.text("2.json"));
    let again = ["--since", END, "--until", "2026-08-01T13:00:00Z"];
    fails(&nights.run("2.json", &again), "state-since");
    fails(
        &nights.run("2.json", &["--until", END]),
        "state-nothing-yet",
    );
    fails(
        &nights.run("2.json", &["--until", MIDDLE]),
        "state-nothing-yet",
    );
    fails(&nights.run("2.json", &[]), "state-until");
    assert_eq!(before, (nights.text("state.json"), nights.text("2.json")));
}

#[test]
fn a_night_that_is_not_proven_is_covered_again_from_its_beginning() {
    let nights = Nights::of(WORLD);
    nights.late(false);
    let ran = nights.run("1.json", &["--since", BEGIN, "--until", END]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("state-kept") && ran.stderr.contains(BEGIN));
    let state = nights.json("state.json");
    assert_eq!(
        state,
        serde_json::json!({ "schema": "flowproof.state/v1", "begins": BEGIN, "runs": 1 })
    );
    fails(
        &nights.run("1.json", &["--since", BEGIN, "--until", END]),
        "state-since",
    );

    assert_eq!(nights.run("1.json", &["--until", MIDDLE]).code, 0);
    let proven = nights.json("state.json")["proven"].clone();
    assert_eq!(proven["until"], MIDDLE);
    assert_eq!(nights.run("2.json", &["--until", END]).code, 3);
    assert_eq!(nights.json("state.json")["proven"], proven);
    nights.late(true);
    assert_eq!(nights.run("2.json", &["--until", END]).code, 0);
    let state = nights.json("state.json");
    assert_eq!(
        (&state["proven"]["until"], &state["runs"]),
        (&END.into(), &4.into())
    );
}

#[test]
fn a_witness_keeps_the_state_where_it_is() {
    let nights = Nights::of("internet-gateway-only");
    let args = world("internet-gateway-only").args;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let [_, begin, _, end] = args[..] else {
        panic!("{args:?}")
    };
    let ran = nights.run("1.json", &args);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("it is violated"), "{}", ran.stderr);
    assert_eq!(nights.json("state.json")["begins"], begin);
    assert_eq!(nights.run("1.json", &["--until", end]).code, 1);
}

#[test]
fn of_files_no_more_is_believed_than_aws_can_have_delivered() {
    let nights = Nights::of(WORLD);
    let ran = nights.run(
        "1.json",
        &["--since", BEGIN, "--until", "2199-01-01T00:00:00Z"],
    );
    assert_eq!(ran.code, 3);
    let window = &nights.json("1.json")["window"];
    assert_eq!(window["due"], "2199-01-01T00:20:00Z");
    assert_eq!(flowproof(&["check", &nights.word("1.json")], b"").code, 0);
}

#[test]
fn another_question_is_said_and_another_network_is_refused() {
    let nights = Nights::of(WORLD);
    let since = ["--since", BEGIN, "--until", MIDDLE];
    assert_eq!(nights.run("1.json", &since).code, 0);
    nights.0.edit("policy.toml", |text| text + "\n# another\n");
    let ran = nights.run("2.json", &["--until", END]);
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("[state-changed]"), "{}", ran.stderr);
    let joined = flowproof(
        &["report", &nights.word("1.json"), &nights.word("2.json")],
        b"",
    );
    fails(&joined, "join-differs");

    let account = |text: String| text.replace("123456789012", "999988887777");
    nights.0.edit("topology.json", account);
    fails(
        &nights.run("3.json", &["--until", "2026-08-01T12:45:00Z"]),
        "state-other",
    );
    assert!(!nights.0.at("3.json").exists());
}

#[test]
fn of_two_runs_at_once_one_is_refused() {
    let nights = Nights::of(WORLD);
    let lock = fs::File::create(nights.0.at("state.json.lock")).unwrap();
    lock.lock().unwrap();
    let since = ["--since", BEGIN, "--until", MIDDLE];
    fails(&nights.run("1.json", &since), "state-busy");
    assert!(!nights.0.at("1.json").exists());
    lock.unlock().unwrap();
    assert_eq!(nights.run("1.json", &since).code, 0);
}

#[test]
fn the_state_goes_on_only_if_everything_else_is_written() {
    let nights = Nights::of(WORLD);
    let since = ["--since", BEGIN, "--until", MIDDLE];
    fails(&nights.run("nowhere/1.json", &since), "output-failed");
    assert!(!nights.0.at("state.json").exists());
    fs::create_dir(nights.0.at("state.json")).unwrap();
    fails(&nights.run("1.json", &since), "state-bad");
    assert!(!nights.0.at("1.json").exists());
    fs::remove_dir(nights.0.at("state.json")).unwrap();
    for (state, code) in [
        ("", "state-bad"),
        ("{}", "state-bad"),
        (
            "{\"schema\": \"flowproof.state/v1\", \"runs\": 1}",
            "state-bad",
        ),
    ] {
        fs::write(nights.0.at("state.json"), state).unwrap();
        fails(&nights.run("1.json", &since), code);
        assert_eq!(nights.text("state.json"), state);
    }
}

#[test]
fn days_that_meet_are_a_month_and_a_gap_is_seen() {
    let nights = Nights::of(WORLD);
    let [first, second] = nights.both();
    let month = nights.word("month.json");
    let json = format!("json={month}");
    let ran = flowproof(&["report", &second, "text", &first, &json], b"");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("PROVEN"), "{}", ran.stdout);
    assert!(ran.stdout.contains("2 evidences joined"), "{}", ran.stdout);
    let joined = nights.json("month.json");
    assert_eq!(joined["window"]["since"], BEGIN);
    assert_eq!(joined["window"]["until"], END);
    let digest = |file: &str| flowproof::seal::manifest::sha256(nights.text(file).as_bytes());
    assert_eq!(joined["parts"][0]["sha256"], digest("1.json"));
    assert_eq!(joined["parts"][1]["sha256"], digest("2.json"));
    let formats = ["markdown", "html", "junit", "sarif", "ocsf", "csv"];
    for format in formats {
        let of_days = flowproof(&["report", &first, &second, format], b"");
        let of_month = flowproof(&["report", &month, format], b"");
        assert_eq!(
            (of_days.code, of_days.stdout),
            (0, of_month.stdout),
            "{format}"
        );
    }

    let check = |more: &[&str]| flowproof(&[&["check", &month], more].concat(), b"");
    let alone = check(&[]);
    assert_eq!(alone.code, 0, "{}", alone.stderr);
    assert!(alone.stdout.contains("not checked  parts: the 2 evidences"));
    let whole = check(&[&second, &first]);
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    assert!(
        whole
            .stdout
            .contains("ok           parts: 2 evidences, joined again")
    );
    assert!(whole.stdout.ends_with("INTACT, as far as it was checked\n"));
    fails_to(&check(&[&first]), "rests-missing");
    let words = ["--since", "2026-08-01T12:16:00Z", "--until", END];
    let apart = nights.word("apart.json");
    nights
        .0
        .verify(&[&words[..], &["--evidence", &apart]].concat());
    let ran = flowproof(&["report", &first, &apart], b"");
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.starts_with("UNPROVEN"), "{}", ran.stdout);
    assert!(ran.stdout.contains("no evidence from"), "{}", ran.stdout);
    fails(&flowproof(&["report", &first, &first], b""), "join-overlap");
    fails_to(&check(&[&first, &apart]), "rests-missing");
    for (from, to) in [
        ("\"flows_checked\": 1", "\"flows_checked\": 2"),
        ("\"rows\": 8", "\"rows\": 9"),
        (MIDDLE, "2026-08-01T12:14:00Z"),
    ] {
        let intact = nights.text("month.json");
        nights
            .0
            .edit("month.json", |text| text.replacen(from, to, 1));
        let ran = check(&[&first, &second]);
        assert_eq!(ran.code, 2, "{from}");
        assert!(ran.stdout.contains("FAILED"), "{}", ran.stdout);
        fs::write(nights.0.at("month.json"), intact).unwrap();
    }
}

#[test]
fn what_does_not_agree_with_itself_is_no_part_of_a_month() {
    let nights = Nights::of(WORLD);
    let [first, second] = nights.both();
    nights
        .0
        .edit("2.json", |text| text.replacen("\"held\"", "\"failed\"", 1));
    let ran = flowproof(&["report", &first, &second], b"");
    fails(&ran, "evidence-inconsistent");
    assert!(ran.stderr.contains("2.json"));
}
