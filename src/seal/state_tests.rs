//! What the file of `--state` may hold, and how windows follow each other.

use super::*;
use crate::seal::samples::{PROVEN, VIOLATED, evidence};

/// 2026-08-01T12:00:00Z, where the evidence's window begins; it is half an hour long.
const T0: i64 = 1_785_585_600;

fn proven(since_s: i64, until_s: i64) -> State {
    let mut evidence = evidence(PROVEN);
    evidence.window.since = Some(rfc3339(since_s));
    evidence.window.until = Some(rfc3339(until_s));
    let (state, said) = after(None, &evidence, None);
    assert_eq!(said, []);
    state
}

fn asked(since: Option<i64>, until: Option<i64>) -> Window {
    Window { since, until }
}

#[test]
fn the_next_window_begins_where_the_last_proven_one_ended() {
    let state = proven(T0, T0 + 1800);
    let now = T0 + 86_400 + 42;
    let verify = |since, until| Ok(Next::Verify(asked(Some(since), Some(until))));
    let settled = T0 + 86_400 - 3_600;
    let mut begun = evidence(VIOLATED);
    begun.window.since = Some(rfc3339(T0));
    let (begun, _) = after(None, &begun, None);
    #[rustfmt::skip]
    let cases = [
        // title,                     state,          asked,                                    expected
        ("the first needs --since",   None,           asked(None, None),                        Err("state-since")),
        ("and takes it",              None,           asked(Some(T0), None),                    verify(T0, settled)),
        ("then the state counts",     Some(&state),   asked(None, None),                        verify(T0 + 1800, settled)),
        ("and --since may not",       Some(&state),   asked(Some(T0 + 1800), None),             Err("state-since")),
        ("--until counts if given",   Some(&state),   asked(None, Some(T0 + 3600)),             verify(T0 + 1800, T0 + 3600)),
        ("the same end again",        Some(&state),   asked(None, Some(T0 + 1800)),             Ok(Next::NothingYet { since_s: T0 + 1800, until_s: T0 + 1800 })),
        ("a beginning counts too",    Some(&begun),   asked(None, Some(T0 + 60)),               verify(T0, T0 + 60)),
        ("and --since may not",       Some(&begun),   asked(Some(T0), Some(T0 + 60)),           Err("state-since")),
        ("an end before",             None,           asked(Some(T0), Some(T0 - 60)),           Ok(Next::NothingYet { since_s: T0, until_s: T0 - 60 })),
    ];
    for (title, state, asked, expected) in cases {
        let got = window(state, asked, now, Some(1_200));
        let got = got.map_err(|said| said[0].code.clone());
        assert_eq!(got, expected.map_err(str::to_owned), "{title}");
    }
    let soon = window(Some(&state), asked(None, None), T0 + 1800 + 3_659, Some(0)).unwrap();
    let (since_s, until_s) = (T0 + 1800, T0 + 1800);
    assert_eq!(soon, Next::NothingYet { since_s, until_s });
    let slow = window(Some(&state), asked(None, None), now, Some(7_200));
    let expected = asked(Some(T0 + 1800), Some(settled - 3_600));
    assert_eq!(slow, Ok(Next::Verify(expected)));
    let of_files = window(Some(&state), asked(None, None), now, None).unwrap_err();
    assert_eq!(of_files[0].code, "state-until");
    let extreme = window(Some(&state), asked(None, None), i64::MIN, Some(i64::MAX)).unwrap();
    assert!(matches!(extreme, Next::NothingYet { .. }));
}

#[test]
fn before_anything_is_proven_the_first_beginning_stays() {
    let (state, _) = after(None, &evidence(VIOLATED), None);
    assert_eq!((state.proven.is_none(), state.runs), (true, 1));
    assert_eq!(state.begins, evidence(VIOLATED).window.since);
    let (state, said) = after(Some(&state), &evidence(VIOLATED), None);
    assert_eq!(
        (state.begins, state.runs),
        (evidence(VIOLATED).window.since, 2)
    );
    assert_eq!(said[0].code, "state-kept");
}

#[test]
fn another_network_is_refused() {
    let state = proven(T0, T0 + 1800);
    let networks = state.proven.as_ref().unwrap().networks.clone();
    assert_eq!(same_networks(Some(&state), &networks), Ok(()));
    assert_eq!(same_networks(None, &[]), Ok(()));
    let two = [networks, vec!["1 eu-west-1".to_owned()]].concat();
    let said = same_networks(Some(&state), &two).unwrap_err();
    assert_eq!(said[0].code, "state-other");
}

#[test]
fn only_a_proven_window_that_was_asked_for_and_meets_goes_on() {
    let before = proven(T0 - 1800, T0);
    let elsewhere = proven(T0 - 1800, T0 - 60);
    let own = |which: usize| {
        let mut evidence = evidence(PROVEN);
        [
            &mut evidence.window.since_from,
            &mut evidence.window.until_from,
        ][which]
            .replace_range(.., "records");
        evidence
    };
    let mut delivery = evidence(PROVEN);
    delivery.window.until_from = "delivery".to_owned();
    let mut empty = evidence(PROVEN);
    empty.window.until = empty.window.since.clone();
    let mut endless = evidence(PROVEN);
    endless.window.until = None;
    let mut unproven = evidence(PROVEN);
    unproven.verdict = Verdict::Unproven;
    #[rustfmt::skip]
    let cases = [
        // title,                          state,        evidence,            goes on
        ("proven, asked, meets",           &before,      evidence(PROVEN),    true),
        ("violated",                       &before,      evidence(VIOLATED),  false),
        ("unproven",                       &before,      unproven,            false),
        ("since from the records",         &before,      own(0),              false),
        ("until from the records",         &before,      own(1),              false),
        ("until from what was delivered",  &before,      delivery,            false),
        ("empty",                          &before,      empty,               false),
        ("without an end",                 &before,      endless,             false),
        ("with a gap before it",           &elsewhere,   evidence(PROVEN),    false),
    ];
    for (title, before, evidence, goes_on) in cases {
        let (state, said) = after(Some(before), &evidence, Some("ab".repeat(32)));
        assert_eq!(state.runs, 2, "{title}");
        assert_eq!(state.proven != before.proven, goes_on, "{title}");
        assert_eq!(
            said.iter().any(|one| one.code == "state-kept"),
            !goes_on,
            "{title}"
        );
        if goes_on {
            let now = state.proven.unwrap();
            assert_eq!(Some(now.until), evidence.window.until);
            assert_eq!(now.evidence_sha256, Some("ab".repeat(32)));
        }
    }
}

#[test]
fn another_policy_or_scope_is_said_and_goes_on() {
    let before = proven(T0 - 1800, T0);
    let mut now = evidence(PROVEN);
    now.policy.sha256 = "0".repeat(64);
    now.scope.description = "vpcs vpc-2".to_owned();
    let (state, said) = after(Some(&before), &now, None);
    let codes: Vec<&str> = said.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["state-changed", "state-changed"]);
    assert_eq!(state.proven.unwrap().scope, "vpcs vpc-2");
}

#[test]
fn nights_follow_each_other_without_gap_or_overlap() {
    let (mut state, mut proven_s) = (None::<State>, Vec::new());
    let verdicts = [false, true, true, false, true];
    for (night, holds) in (1..).zip(verdicts) {
        let asked = asked(state.is_none().then_some(T0), None);
        let next = window(state.as_ref(), asked, T0 + night * 86_400, Some(3_600)).unwrap();
        let Next::Verify(window) = next else {
            panic!("{next:?}")
        };
        let mut evidence = evidence(if holds { PROVEN } else { VIOLATED });
        evidence.window.since = window.since.map(rfc3339);
        evidence.window.until = window.until.map(rfc3339);
        if holds {
            proven_s.push((window.since.unwrap(), window.until.unwrap()));
        }
        state = Some(after(state.as_ref(), &evidence, None).0);
    }
    assert_eq!(proven_s[0].0, T0);
    assert_eq!(proven_s.len(), 3);
    assert!(proven_s.windows(2).all(|pair| pair[0].1 == pair[1].0));
    assert_eq!(state.unwrap().runs, 5);
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    assert_eq!(read(&file), Ok(None));
    let state = proven(T0, T0 + 1800);
    std::fs::write(&file, state.to_json().unwrap()).unwrap();
    assert_eq!(read(&file), Ok(Some(state.clone())));
    assert_eq!(
        state.to_json().unwrap(),
        format!(
            "{{\n  \"schema\": \"flowproof.state/v1\",\n  \"proven\": {{\n    \"since\": \"2026-08-01T12:00:00Z\",\n    \"until\": \"2026-08-01T12:30:00Z\",\n    \"policy_sha256\": \"{}\",\n    \"scope\": \"{}\",\n    \"networks\": [\n      \"123456789012 us-east-1\"\n    ]\n  }},\n  \"runs\": 1\n}}\n",
            evidence(PROVEN).policy.sha256,
            evidence(PROVEN).scope.description
        )
    );
    assert_eq!(unix_s(&state.proven.unwrap().since), Some(T0));
    assert!(read(folder.path()).is_err());
}

#[test]
fn what_is_no_state_is_refused() {
    let good = proven(T0, T0 + 1800).to_json().unwrap();
    let cases = [
        ("empty", String::new()),
        ("no JSON", "proven".to_owned()),
        ("a list", "[]".to_owned()),
        ("an evidence", PROVEN.to_owned()),
        ("another version", good.replace("state/v1", "state/v2")),
        ("cut off", good[..good.len() / 2].to_owned()),
        (
            "an unknown key",
            good.replace("\"runs\"", "\"run\": 1, \"runs\""),
        ),
        (
            "a time that is none",
            good.replace("2026-08-01T12:30:00Z", "soon"),
        ),
        (
            "an end before the beginning",
            good.replace("T12:30", "T11:30"),
        ),
        ("too large", format!("{good}{}", " ".repeat(1 << 20))),
    ];
    for (title, text) in cases {
        let said = parse(Path::new("state.json"), text.as_bytes()).unwrap_err();
        assert_eq!(said[0].code, "state-bad", "{title}");
    }
}
