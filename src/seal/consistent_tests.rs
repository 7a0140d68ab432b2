use serde_json::{Value, json};

use super::*;

/// The evidence of a world of `sample-data/`, as the golden tests hold it.
fn golden(world: &str) -> Value {
    let file = format!(
        "{}/tests/golden/{world}/evidence.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut evidence: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    evidence["generated_at"] = json!("2026-08-01T00:00:00Z");
    evidence
}

fn complaints(evidence: &Value) -> Vec<Diagnostic> {
    consistent(&serde_json::from_value(evidence.clone()).unwrap())
}

#[test]
fn every_world_agrees_with_itself() {
    let folder = format!("{}/tests/golden", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let world = entry.unwrap().file_name().into_string().unwrap();
        assert_eq!(complaints(&golden(&world)), [], "{world}");
    }
}

#[test]
fn each_kind_of_change_is_named_by_its_place() {
    // A violated claim, an unproven one, and a proven one.
    let (violated, silent, proven) = (
        "forgotten-route-table",
        "silent-interface",
        "gateway-endpoint-only",
    );
    #[rustfmt::skip]
    let cases = [
        // world,   pointer to what is changed,                     to,                   named
        (violated, "/verdict",                                     json!("proven"),      "verdict"),
        (violated, "/claims/0/verdict",                            json!("proven"),      "claims[0].verdict"),
        (violated, "/claims/0/witnesses/count",                    json!(0),             "claims[0].witnesses.count"),
        (violated, "/claims/0/witnesses/bytes",                    json!(1),             "claims[0].witnesses.bytes"),
        (violated, "/claims/0/witnesses/sample",                   json!([]),            "claims[0].witnesses.sample"),
        (violated, "/claims/0/witnesses/sample/0/bytes",           json!(u64::MAX),      "claims[0].witnesses.sample[0]"),
        (violated, "/claims/0/witnesses/counted_at",               json!("nat"),         "claims[0].witnesses.counted_at"),
        (silent,   "/verdict",                                     json!("proven"),      "verdict"),
        (silent,   "/claims/0/verdict",                            json!("proven"),      "claims[0].verdict"),
        (silent,   "/claims/0/obligations/2/state",                json!("held"),        "claims[0].obligations[2].state"),
        (silent,   "/claims/0/obligations/2/state",                json!("not-asked"),   "claims[0].obligations[2].state"),
        (silent,   "/claims/0/obligations/2/failures",             json!(0),             "claims[0].obligations[2].state"),
        (silent,   "/claims/0/obligations",                        json!([]),            "claims[0].obligations"),
        (proven,   "/claims",                                      json!([]),            "verdict"),
        (proven,   "/claims/0/obligations/4/failures",             json!(1),             "claims[0].obligations[4].failures"),
        (proven,   "/claims/0/obligations/8/state",                json!("held"),        "claims[0].obligations[8].state"),
        (proven,   "/totals/records",                              json!(1),             "totals.records"),
        (proven,   "/totals/flows",                                json!(1),             "totals.flows"),
        (proven,   "/totals/set_aside",                            json!(1),             "totals.set_aside"),
        (proven,   "/totals/outside_window",                       json!(99_999),        "totals.outside_window"),
        (proven,   "/totals/bytes",                                json!(1),             "totals.bytes"),
        (proven,   "/totals/by_path",                              json!({}),            "totals.by_path"),
        (proven,   "/totals/ways/0/bytes",                         json!(1),             "totals.ways"),
        (proven,   "/totals/timeline/moments/0/by_path",           json!({}),            "totals.timeline"),
        (proven,   "/totals/by_vantage",                           json!({}),            "totals.counted_at"),
        (proven,   "/totals/rejected",                             json!(99_999),        "totals.by_vantage"),
        (proven,   "/coverage/0/flows",                            json!(99_999),        "coverage"),
        (proven,   "/coverage/0/complete",                         json!(false),         "coverage[0].complete"),
        (proven,   "/coverage/0/gap_count",                        json!(1),             "coverage[0].gap_count"),
        (proven,   "/coverage/0/gap_s",                            json!(1),             "coverage[0].gap_s"),
        (proven,   "/coverage",                                    json!([]),            "scope.interfaces"),
        (proven,   "/inputs/0/rows",                               json!(1),             "inputs[0].rows"),
        (proven,   "/inputs/0/whole",                              json!(false),         "claims[0].obligations[4].failures"),
        (proven,   "/inputs/0/sha256",                             json!("AB"),          "inputs[0].sha256"),
        (violated, "/inputs",                                      json!([]),            "inputs"),
        (proven,   "/policy/sha256",                               json!(""),            "policy.sha256"),
        (proven,   "/window/since",                                json!("yesterday"),   "window.since"),
        (proven,   "/window/until",                                json!("2020-01-01T00:00:00Z"), "window.until"),
        (proven,   "/window/until",                                json!("2027-01-01T00:00:00Z"), "claims[0].obligations[2].state"),
        (proven,   "/window/since",                                json!("2026-01-01T00:00:00Z"), "claims[0].obligations[2].state"),
        (proven,   "/window/until_from",                           json!("hope"),        "window.until_from"),
    ];
    for (world, pointer, to, named) in cases {
        let mut evidence = golden(world);
        let place = evidence
            .pointer_mut(pointer)
            .unwrap_or_else(|| panic!("{world} has no {pointer}"));
        assert_ne!(*place, to, "{world} {pointer}");
        *place = to;
        let found = complaints(&evidence);
        let names: Vec<&str> = found
            .iter()
            .filter_map(|one| one.at[0].name.as_deref())
            .collect();
        assert!(names.contains(&named), "{world} {pointer}: {names:?}");
    }
}

#[test]
fn a_silence_that_was_hidden_with_its_obligation_shows_in_the_coverage() {
    let mut evidence = golden("silent-interface");
    let claim = &mut evidence["claims"][0];
    claim["obligations"][2] =
        json!({"id": "no-silence", "state": "held", "checked": "", "failures": 0, "why": []});
    claim["verdict"] = json!("proven");
    evidence["verdict"] = json!("proven");
    let found = complaints(&evidence);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].at[0].name.as_deref(),
        Some("claims[0].obligations[2].state")
    );
}

#[test]
fn a_witness_cited_nowhere_or_twice_is_found() {
    let mut evidence = golden("forgotten-route-table");
    let inputs = evidence["inputs"].as_array_mut().unwrap();
    let cited = inputs
        .iter_mut()
        .find_map(|input| input.get_mut("cited"))
        .unwrap();
    let first = cited[0].clone();
    cited[0]["index"] = json!(77);
    assert_eq!(complaints(&evidence).len(), 2);
    let inputs = evidence["inputs"].as_array_mut().unwrap();
    let cited = inputs
        .iter_mut()
        .find_map(|input| input.get_mut("cited"))
        .unwrap();
    cited[0] = first.clone();
    cited.as_array_mut().unwrap().push(first);
    assert_eq!(complaints(&evidence).len(), 1);
}
