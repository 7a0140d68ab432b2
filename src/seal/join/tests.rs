//! Days made from the evidence of a sample world, moved in time and spoilt in one place at a time.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::path::Vantage;
use crate::seal::samples::{self, PROVEN, VIOLATED};

/// 2026-08-01T12:00:00Z, where both worlds begin; their windows are half an hour long.
const T0: i64 = 1_785_585_600;
const LONG_S: i64 = 1_800;

fn moved(text: &mut String, by_s: i64) {
    *text = rfc3339(unix_s(text).unwrap() + by_s);
}

/// The evidence of the n-th half hour.
fn part(json: &str, n: i64) -> (String, Evidence) {
    let mut evidence = samples::evidence(json);
    evidence.generated_at = format!("2026-08-0{}T00:00:00Z", n + 2);
    let begin = unix_s(evidence.window.since.as_deref().unwrap()).unwrap();
    let by_s = T0 + n * LONG_S - begin;
    let window = &mut evidence.window;
    window
        .since
        .iter_mut()
        .chain(&mut window.until)
        .for_each(|time| moved(time, by_s));
    for one in &mut evidence.coverage {
        one.first
            .iter_mut()
            .chain(&mut one.last)
            .for_each(|time| moved(time, by_s));
        if let Some(heard) = &mut one.heard {
            moved(&mut heard.first, by_s);
            moved(&mut heard.last, by_s);
        }
    }
    (format!("{n}.json"), evidence)
}

fn days(count: i64) -> Vec<(String, Evidence)> {
    (0..count).map(|n| part(PROVEN, n)).collect()
}

/// Three half hours, the middle one changed.
fn spoilt(change: impl FnOnce(&mut Evidence)) -> Vec<(String, Evidence)> {
    let mut parts = days(3);
    change(&mut parts[1].1);
    parts
}

fn no_silence(evidence: &Evidence) -> &Obligation {
    let mut all = evidence.claims[0].obligations.iter();
    all.find(|one| one.id == "no-silence").unwrap()
}

#[test]
fn proven_days_that_meet_are_a_proven_month() {
    let joined = join(days(3)).unwrap();
    let one = part(PROVEN, 0).1;
    assert_eq!(joined.verdict, Verdict::Proven);
    assert_eq!(joined.window.since, Some(rfc3339(T0)));
    assert_eq!(joined.window.until, Some(rfc3339(T0 + 3 * LONG_S)));
    assert_eq!(joined.generated_at, "2026-08-04T00:00:00Z");
    assert_eq!(joined.totals.records, 3 * one.totals.records);
    assert_eq!(joined.totals.bytes, 3 * one.totals.bytes);
    assert_eq!(
        joined.claims[0].flows_checked,
        3 * one.claims[0].flows_checked
    );
    assert_eq!(joined.topologies, one.topologies);
    assert_eq!(joined.scope, one.scope);
    assert_eq!(joined.inputs.len(), 3 * one.inputs.len());
    assert_eq!(crate::seal::consistent(&joined), []);
    for (n, part) in (0..).zip(&joined.parts) {
        assert_eq!(part.since, rfc3339(T0 + n * LONG_S));
        assert_eq!(part.verdict, Verdict::Proven);
    }
    assert_eq!(joined.parts.len(), 3);
    for (all, one) in joined.coverage.iter().zip(&one.coverage) {
        assert_eq!((all.flows, all.complete), (3 * one.flows, true));
        assert_eq!(all.first, one.first);
    }
}

#[test]
fn one_part_stays_as_it_is() {
    for json in [PROVEN, VIOLATED] {
        let mut one = part(json, 0);
        one.1.window.until_from = "records".to_owned();
        assert_eq!(join(vec![one.clone()]), Ok(one.1));
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    type Parts = Vec<(String, Evidence)>;
    #[rustfmt::skip]
    let cases: Vec<(&str, Parts, &str)> = vec![
        ("nothing",            vec![],                                                                      "join-nothing"),
        ("another schema",     spoilt(|day| day.schema.push('9')),                                          "join-differs"),
        ("another scope",      spoilt(|day| day.scope.description.push('x')),                               "join-differs"),
        ("another policy",     spoilt(|day| day.policy.sha256 = "0".repeat(64)),                            "join-differs"),
        ("another account",    spoilt(|day| day.topologies[0].account_id = Some("999988887777".into())),    "join-differs"),
        ("another Region",     spoilt(|day| day.topologies.clear()),                                        "join-differs"),
        ("a claim less",       spoilt(|day| { day.claims.pop(); }),                                         "join-differs"),
        ("another claim",      spoilt(|day| day.claims[0].id.push('x')),                                    "join-differs"),
        ("claims in another order", spoilt(|day| day.claims.reverse()),                                     "join-differs"),
        ("another assertion",  spoilt(|day| { day.claims[0].asserts.insert("ports".into(), vec![]); }),     "join-differs"),
        ("another exception",  spoilt(|day| day.claims[0].exceptions.push(exception())),                    "join-differs"),
        ("no window",          spoilt(|day| day.window.since = None),                                       "join-no-window"),
        ("a window that is none", spoilt(|day| day.window.until = Some("soon".into())),                     "join-no-window"),
        ("an overlap",         spoilt(|day| moved(day.window.since.as_mut().unwrap(), -1)),                 "join-overlap"),
        ("the same twice",     [days(1), days(1)].concat(),                                                 "join-overlap"),
    ];
    for (title, parts, code) in cases {
        let said = join(parts).unwrap_err();
        let codes: Vec<&str> = said.iter().map(|one| &*one.code).collect();
        assert_eq!(codes, [code], "{title}");
        let files = said[0].at.iter().filter(|at| at.source.ends_with(".json"));
        let named = match code {
            "join-nothing" => 0,
            "join-no-window" => 1,
            _ if title == "another schema" => 1,
            _ => 2,
        };
        assert_eq!(files.count(), named, "{title}");
    }
}

fn exception() -> ExceptionReport {
    ExceptionReport {
        at: Some(Location::line("policy.toml", 9)),
        to: vec!["internet".to_owned()],
        reason: "why".to_owned(),
        owner: None,
        expires: None,
        flows: 0,
        expired_flows: 0,
    }
}

#[test]
fn where_windows_do_not_meet_for_certain_nothing_is_proven() {
    let mut without_second = days(3);
    without_second.remove(1);
    // Each half by itself allows for this silence; the two together are longer than that.
    let across = spoilt(|day| {
        let heard = day.coverage[0].heard.as_mut().unwrap();
        moved(&mut heard.last, -(heard.max_silence_s / 2));
    });
    let across = with_late_first(across);
    #[rustfmt::skip]
    let cases = [
        ("a window missing",  without_second,                                                            "no evidence from 2026-08-01T12:30:00Z to 2026-08-01T13:00:00Z"),
        ("a second missing",  spoilt(|day| moved(day.window.until.as_mut().unwrap(), -1)),               "no evidence from 2026-08-01T12:59:59Z to 2026-08-01T13:00:00Z"),
        ("since not asked",   spoilt(|day| day.window.since_from = "records".into()),                    "taken from the records"),
        ("until not asked",   spoilt(|day| day.window.until_from = "delivery".into()),                   "taken from the records"),
        ("heard is untold",   spoilt(|day| day.coverage[0].heard = None),                                "does not tell when it was heard of"),
        ("silence across",    across,                                                                    "across the end of a window"),
        ("not checked",       spoilt(|day| day.claims[0].obligations.retain(|one| one.id != "no-silence")), "was not checked by the version"),
    ];
    for (title, parts, why) in cases {
        let joined = join(parts).unwrap();
        assert_eq!(joined.verdict, Verdict::Unproven, "{title}");
        let failed = no_silence(&joined);
        assert_eq!(failed.state, ObligationState::Failed, "{title}");
        assert!(
            failed.why.iter().any(|told| told.contains(why)),
            "{title}: {:?}",
            failed.why
        );
        assert!(failed.failures > 0 && failed.help.is_some(), "{title}");
    }
}

/// The third part's first interface is heard of late, and yet in time for its own window.
fn with_late_first(mut parts: Vec<(String, Evidence)>) -> Vec<(String, Evidence)> {
    let heard = parts[2].1.coverage[0].heard.as_mut().unwrap();
    heard.first = rfc3339(T0 + 2 * LONG_S + heard.max_silence_s - 1);
    parts
}

#[test]
fn a_silence_across_a_boundary_is_a_gap_like_any_other() {
    let late = with_late_first(days(3));
    let joined = join(late).unwrap();
    let (silent, other) = (&joined.coverage[0], &joined.coverage[1]);
    assert!(!silent.complete && other.complete);
    assert_eq!((silent.gap_count, silent.gaps.len()), (1, 1));
    let gap = &silent.gaps[0];
    let long_s = unix_s(&gap.until).unwrap() - unix_s(&gap.since).unwrap();
    assert_eq!(silent.gap_s, u64::try_from(long_s).unwrap());
    assert_eq!(gap.cause, "silent");
}

#[test]
fn a_witness_breaks_the_month_whatever_is_missing() {
    let day = |n| part(VIOLATED, n);
    let joined = join(vec![day(0), day(2)]).unwrap();
    assert_eq!(joined.verdict, Verdict::Violated);
    let (one, all) = (&day(0).1.claims[0], &joined.claims[0]);
    assert_eq!(all.witnesses.count, 2 * one.witnesses.count);
    assert_eq!(all.witnesses.bytes, 2 * one.witnesses.bytes);
    // The days are copies, so the worst flows are the same in every word: shown once, cited once.
    assert_eq!(all.witnesses.sample, one.witnesses.sample);
    assert_eq!(all.help, one.help);
    let cited: Vec<usize> = joined
        .inputs
        .iter()
        .map(|input| input.cited.len())
        .collect();
    let before: usize = day(0).1.inputs.iter().map(|input| input.cited.len()).sum();
    assert_eq!(cited.iter().sum::<usize>(), before);
}

#[test]
fn bytes_are_counted_at_the_vantage_nearest_to_the_workload_that_any_part_has() {
    let mut parts = vec![part(VIOLATED, 0), part(VIOLATED, 1)];
    let far = &mut parts[1].1.claims[0].witnesses;
    far.by
        .iter_mut()
        .for_each(|share| share.vantage = Vantage::Nat);
    let near = parts[0].1.claims[0].witnesses.clone();
    let joined = join(parts).unwrap().claims.remove(0).witnesses;
    assert_eq!(joined.counted_at, Some(Vantage::Workload));
    assert_eq!((joined.bytes, joined.count), (near.bytes, 2 * near.count));
    assert_eq!(joined.by.len(), 2 * near.by.len());
}

#[test]
fn the_worst_flows_of_all_are_shown_and_cited_where_they_stand() {
    let mut parts = vec![part(VIOLATED, 0), part(VIOLATED, 1)];
    let template = parts[0].1.claims[0].witnesses.sample[0].clone();
    for (place, (_, evidence)) in parts.iter_mut().enumerate() {
        let claim = evidence.claims[0].id.clone();
        let flow = |n: u64| FlowSample {
            bytes: std::cmp::Reverse(1_000_000 - 2 * n - place as u64),
            ..template.clone()
        };
        evidence.claims[0].witnesses.sample = (0..20).map(flow).collect();
        for input in &mut evidence.inputs {
            input.cited.clear();
        }
        evidence.inputs[0].cited = (0..20)
            .map(|index| Citation {
                claim: claim.clone(),
                group: "witnesses".to_owned(),
                index,
                line: 100 * (place as u64 + 1) + index,
            })
            .collect();
    }
    let inputs = parts[0].1.inputs.len();
    let joined = join(parts).unwrap();
    let sample = &joined.claims[0].witnesses.sample;
    let bytes: Vec<u64> = sample.iter().map(|flow| flow.bytes.0).collect();
    assert_eq!(bytes, (0..20).map(|n| 1_000_000 - n).collect::<Vec<_>>());
    let lines = |input: usize| -> Vec<(u64, u64)> {
        let cited = joined.inputs[input].cited.iter();
        cited.map(|one| (one.index, one.line)).collect()
    };
    assert_eq!(
        lines(0),
        (0..10).map(|n| (2 * n, 100 + n)).collect::<Vec<_>>()
    );
    assert_eq!(
        lines(inputs),
        (0..10).map(|n| (2 * n + 1, 200 + n)).collect::<Vec<_>>()
    );
}

#[test]
fn what_failed_is_told_of_every_part_before_it_is_told_twice_of_one() {
    let mut parts = days(4);
    for (_, evidence) in &mut parts[1..] {
        let failed = &mut evidence.claims[0].obligations[0];
        failed.state = ObligationState::Failed;
        failed.failures = 7;
        failed.why = (0..5).map(|n| format!("reason {n}")).collect();
        failed.help = Some("look".to_owned());
        evidence.claims[0].verdict = Verdict::Unproven;
        evidence.verdict = Verdict::Unproven;
    }
    let joined = join(parts).unwrap();
    let failed = &joined.claims[0].obligations[0];
    assert_eq!((failed.failures, failed.why.len()), (21, 10));
    let of = |since: &str| {
        failed
            .why
            .iter()
            .filter(|why| why.starts_with(since))
            .count()
    };
    assert_eq!(
        of("2026-08-01T12:30:00Z to 2026-08-01T13:00:00Z: reason"),
        4
    );
    assert_eq!(
        of("2026-08-01T13:30:00Z to 2026-08-01T14:00:00Z: reason"),
        3
    );
    assert_eq!(failed.help.as_deref(), Some("look"));
    assert_eq!(joined.claims[1].verdict, Verdict::Proven);
}

#[test]
fn a_part_that_says_worse_than_it_shows_is_taken_at_its_word() {
    let worse = join(spoilt(|day| day.claims[0].verdict = Verdict::Violated)).unwrap();
    assert_eq!(worse.verdict, Verdict::Violated);
    let whole = join(spoilt(|day| day.verdict = Verdict::Unproven)).unwrap();
    assert_eq!(whole.verdict, Verdict::Unproven);
}

#[test]
fn other_tools_are_said_and_a_needed_exception_is_not_stale() {
    let unused = Diagnostic::new(
        crate::diag::Severity::Warning,
        "exception-unused",
        "unused",
        "why",
        "help",
    )
    .at(Location::line("policy.toml", 9));
    let mut parts = days(2);
    for (_, evidence) in &mut parts {
        evidence.claims[0].exceptions = vec![exception()];
        evidence.diagnostics = vec![unused.clone()];
    }
    let codes = |parts: &[(String, Evidence)]| -> Vec<String> {
        let joined = join(parts.to_vec()).unwrap();
        joined.diagnostics.into_iter().map(|one| one.code).collect()
    };
    assert_eq!(codes(&parts), ["exception-unused"]);
    parts[1].1.claims[0].exceptions[0].flows = 3;
    parts[1].1.diagnostics.clear();
    assert_eq!(codes(&parts), [""; 0]);
    parts[1].1.tool.version.push('9');
    parts[1].1.tool.ip_ranges.sha256 = "0".repeat(64);
    assert_eq!(codes(&parts), ["join-mixed", "join-mixed"]);
}

#[test]
fn a_timeline_stays_bounded_and_keeps_every_byte() {
    let joined = join((0..9).map(|n| part(PROVEN, n)).collect()).unwrap();
    let mut year = vec![part(PROVEN, 0), part(PROVEN, 1)];
    let late = year[1].1.totals.timeline.as_mut().unwrap();
    late.moments
        .iter_mut()
        .for_each(|moment| moved(&mut moment.since, 300 * 86_400));
    let year = join(year).unwrap();
    for (evidence, step_s) in [(&joined, 300), (&year, 604_800)] {
        let timeline = evidence.totals.timeline.as_ref().unwrap();
        assert_eq!(timeline.step_s, step_s);
        let shares = timeline
            .moments
            .iter()
            .flat_map(|moment| moment.by_path.values());
        assert_eq!(
            shares.map(|share| share.bytes).sum::<u64>(),
            evidence.totals.bytes
        );
        let ways = evidence.totals.ways.iter().map(|way| way.share.bytes);
        assert_eq!(ways.sum::<u64>(), evidence.totals.bytes);
    }
    let mut strange = days(2);
    strange[1].1.totals.timeline.as_mut().unwrap().step_s = 0;
    assert_eq!(join(strange).unwrap().totals.timeline, None);
}

#[test]
fn counters_are_summed_and_the_worst_outcome_stays() {
    let metered = |outcome: &str| MetricsReport {
        source: "cloudwatch".to_owned(),
        sha256: outcome.to_owned(),
        captured_at: None,
        since: rfc3339(T0),
        until: rfc3339(T0 + LONG_S),
        gateways: vec![GatewayMetrics {
            id: "nat-1".to_owned(),
            vpc: "vpc-1".to_owned(),
            outcome: outcome.to_owned(),
            since: None,
            until: None,
            bucket_s: 300,
            excluded_s: 600,
            sums: vec![CounterReport {
                name: None,
                counter_bytes: 100,
                flow_bytes: 90,
                tolerance_bytes: 20,
            }],
        }],
    };
    let mut parts = days(3);
    parts[0].1.metrics = Some(metered("agrees"));
    parts[2].1.metrics = Some(metered("no-counter"));
    let joined = join(parts).unwrap().metrics.unwrap();
    assert_eq!(joined.gateways[0].outcome, "no-counter");
    assert_eq!(joined.gateways[0].excluded_s, 1_200);
    assert_eq!(joined.gateways[0].sums[0].counter_bytes, 200);
    assert_eq!(joined.sha256.len(), 64);
}

#[test]
fn numbers_that_were_made_up_do_not_end_the_run() {
    let mut parts = days(2);
    for (_, evidence) in &mut parts {
        evidence.totals.records = u64::MAX;
        evidence.claims[0].flows_checked = u64::MAX;
        evidence.claims[0].witnesses.count = u64::MAX;
        evidence.coverage[0].gap_s = u64::MAX;
        let heard = evidence.coverage[0].heard.as_mut().unwrap();
        (heard.first, heard.last) = (i64::MIN.to_string(), i64::MAX.to_string());
        heard.max_silence_s = i64::MIN;
    }
    assert_eq!(join(parts).unwrap().verdict, Verdict::Violated);
}

#[test]
fn a_sum_of_bytes_that_no_number_holds_is_said() {
    let said = |bytes: u64| {
        let mut parts = days(2);
        for (_, evidence) in &mut parts {
            let shares = evidence.totals.by_vantage.values_mut();
            let share = shares.flat_map(BTreeMap::values_mut).next();
            share.unwrap().bytes = bytes;
        }
        let joined = join(parts).unwrap();
        let mut said = joined.diagnostics.iter();
        said.any(|one| one.code == "bytes-saturated")
    };
    assert!(!said(1 << 62));
    assert!(said(1 << 63));
}

proptest! {
    #[test]
    fn the_order_of_the_parts_does_not_matter_and_none_makes_it_better(
        kinds in prop::collection::vec(0..4, 1..6),
        seed in prop::collection::vec(any::<u64>(), 6),
    ) {
        let made = |(n, kind): (i64, &i32)| {
            let mut one = part(if *kind == 3 { VIOLATED } else { PROVEN }, n);
            if *kind == 3 {
                // Another world's claims, so that only the first is joined: the policy's digest and scope are made the same.
                let other = part(PROVEN, n).1;
                one.1.policy = other.policy;
                one.1.scope = other.scope;
                let witnesses = one.1.claims.remove(0).witnesses;
                one.1.claims = other.claims;
                one.1.claims[0].verdict = Verdict::Violated;
                one.1.claims[0].witnesses = witnesses;
            }
            if *kind == 2 {
                let failed = &mut one.1.claims[1].obligations[3];
                (failed.state, failed.failures) = (ObligationState::Failed, 1);
                failed.why = vec!["skipped".to_owned()];
                one.1.claims[1].verdict = Verdict::Unproven;
                one.1.verdict = Verdict::Unproven;
            }
            one
        };
        let parts: Vec<(String, Evidence)> = (0..).zip(&kinds).map(made).collect();
        let mut shuffled: Vec<_> = seed.iter().zip(parts.clone()).collect();
        shuffled.sort_by_key(|(key, _)| **key);
        let joined = join(parts.clone()).unwrap();
        let other = join(shuffled.into_iter().map(|(_, part)| part).collect()).unwrap();
        prop_assert_eq!(serde_json::to_string(&joined).unwrap(), serde_json::to_string(&other).unwrap());
        let worst = parts.iter().map(|(_, part)| part.verdict).min().unwrap();
        prop_assert!(joined.verdict <= worst);
        for (place, claim) in joined.claims.iter().enumerate() {
            let each = || parts.iter().map(|(_, part)| &part.claims[place]);
            prop_assert!(claim.verdict <= each().map(|one| one.verdict).min().unwrap());
            prop_assert_eq!(claim.flows_checked, each().map(|one| one.flows_checked).sum::<u64>());
            prop_assert_eq!(claim.witnesses.count, each().map(|one| one.witnesses.count).sum::<u64>());
            for (at, obligation) in claim.obligations.iter().enumerate() {
                let failures = each().map(|one| one.obligations[at].failures).sum::<u64>();
                prop_assert!(obligation.failures >= failures);
            }
        }
        // Joined in two steps it is the same claims, as long as both halves are there.
        let (earlier, later) = parts.split_at(parts.len() / 2);
        if !earlier.is_empty() {
            let halves = [earlier, later].map(|half| ("half.json".to_owned(), join(half.to_vec()).unwrap()));
            let stepwise = join(halves.to_vec()).unwrap();
            prop_assert_eq!(stepwise.verdict, joined.verdict);
            prop_assert_eq!(&stepwise.totals, &joined.totals);
            prop_assert_eq!(&stepwise.coverage, &joined.coverage);
            prop_assert_eq!(&stepwise.inputs, &joined.inputs);
        }
    }
}
