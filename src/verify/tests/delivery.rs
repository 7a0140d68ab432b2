//! Records that are on their way when they are looked for: what has not been delivered is not silence heard out.

use super::*;
use crate::model::window::rfc3339;

/// The interval of the flow log and ten minutes.
const WAY_S: i64 = 600 + 600;

fn listed(listed_s: i64, until: Option<i64>) -> Case {
    changed(|case| {
        case.window.until = until;
        case.delivery = Some(Delivery {
            listed_s,
            takes_s: 600,
        });
    })
}

#[test]
fn a_window_that_was_asked_for_is_proven_once_all_of_it_must_have_come() {
    let until = T0 + 1800;
    let settled = listed(until + WAY_S, Some(until)).evidence();
    assert_eq!(
        (settled.verdict, settled.window.due),
        (Verdict::Proven, None)
    );

    let early = listed(until + WAY_S - 1, Some(until)).evidence();
    assert_eq!(
        (early.verdict, failed(&early)),
        (Verdict::Unproven, vec!["no-silence"])
    );
    assert_eq!(early.window.due, Some(rfc3339(until + WAY_S)));
}

#[test]
fn an_open_window_ends_where_delivery_must_have_come_to() {
    let evidence = listed(T0 + 900 + WAY_S, None).evidence();
    assert_eq!(evidence.verdict, Verdict::Proven);
    assert_eq!(evidence.window.until, Some(rfc3339(T0 + 900)));
    assert_eq!(evidence.window.until_from, "delivery");
}

#[test]
fn a_delivery_that_has_died_does_not_make_the_window_shorter() {
    let dead = listed(T0 + 86_400, None).evidence();
    assert_eq!(
        (dead.verdict, failed(&dead)),
        (Verdict::Unproven, vec!["no-silence"])
    );
    assert_eq!(dead.window.until, Some(rfc3339(T0 + 86_400 - WAY_S)));
}

#[test]
fn a_window_that_nobody_asked_for_is_the_records_own() {
    let mut case = listed(T0 + 86_400, None);
    case.window.since = None;
    let evidence = case.evidence();
    assert_eq!(evidence.window.until_from, "records");
    assert_eq!(evidence.verdict, Verdict::Proven);
}

#[test]
fn where_less_than_an_interval_can_have_come_nothing_is_proven() {
    for listed_s in [T0, T0 + WAY_S, T0 + WAY_S + 599] {
        let evidence = listed(listed_s, None).evidence();
        assert_eq!(
            (evidence.verdict, failed(&evidence)),
            (Verdict::Unproven, vec!["no-silence"])
        );
        assert_eq!(evidence.window.due, Some(rfc3339(T0 + 600 + WAY_S)));
    }
    assert_eq!(listed(T0 + WAY_S + 600, None).verdict(), Verdict::Proven);
}

#[test]
fn a_witness_that_came_early_counts_at_once() {
    let mut case = listed(T0 + 60, None);
    let witness =
        "eni-w 10.0.1.5 52.218.0.9 40000 443 6 1 TIME ACCEPT OK 10.0.1.5 52.218.0.9 egress 8";
    case.records.push(flow(witness));
    assert_eq!(case.verdict(), Verdict::Violated);
}

#[test]
fn whoever_judges_the_same_records_later_comes_to_the_same_window() {
    let until = T0 + 1800;
    let listings = [
        T0,
        T0 + WAY_S,
        T0 + 900 + WAY_S,
        until + WAY_S - 1,
        T0 + 86_400,
    ];
    for listed_s in listings {
        for asked in [None, Some(until)] {
            let mut case = listed(listed_s, asked);
            let first = case.evidence();
            let (world, policy) = (case.world(), case.policy());
            let plan = Plan::new(&world, &policy, case.window);
            case.delivery = Delivery::told_by(&plan, &first.window, &rfc3339(listed_s));
            assert_eq!(case.evidence(), first, "{listed_s} {asked:?}");
        }
    }
}
