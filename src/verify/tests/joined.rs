//! A window cut in two: joined it says what the whole says, or less.

use super::*;
use crate::model::evidence::ObligationState;
use crate::seal::join::join;

fn cut(case: &Case, cut_s: i64) -> Evidence {
    let halves = [(T0, cut_s), (cut_s, T0 + 7_200)].map(|(since, until)| {
        let window = Window {
            since: Some(since),
            until: Some(until),
        };
        let half = Case {
            window,
            ..case.clone()
        };
        (format!("{since}.json"), half.evidence())
    });
    join(halves.to_vec()).unwrap()
}

/// Two hours of records that end at these seconds, on either interface; twenty minutes of silence are too many.
fn case(ends: &[(bool, i64)], leak: bool) -> Case {
    let mut case = Case::new();
    case.window.until = Some(T0 + 7_200);
    let path = if leak { 8 } else { 7 };
    case.records = ends
        .iter()
        .map(|(other, end)| {
            let (eni, ip) = if *other { ("eni-v", "10.0.1.6") } else { ("eni-w", "10.0.1.5") };
            let (start, end) = (T0 + end - 60, T0 + end);
            format!("{eni} {ip} 52.216.0.9 40000 443 6 {end} {start} {end} ACCEPT OK {ip} 52.216.0.9 egress {path} vpc-1")
        })
        .collect();
    case
}

#[test]
fn a_silence_across_the_cut_is_found() {
    let regular = |skip: std::ops::Range<i64>| -> Vec<(bool, i64)> {
        let ends = (300..7_200).step_by(300).filter(|end| !skip.contains(end));
        ends.flat_map(|end| [(true, end), (false, end)]).collect()
    };
    let whole = case(&regular(0..0), false);
    assert_eq!(whole.verdict(), Verdict::Proven);
    assert_eq!(cut(&whole, T0 + 3_600).verdict, Verdict::Proven);
    let silent = case(&regular(3_000..4_500), false);
    assert_eq!(silent.verdict(), Verdict::Unproven);
    let joined = cut(&silent, T0 + 3_600);
    assert_eq!(joined.verdict, Verdict::Unproven);
    let failed: Vec<&str> = joined.claims[0]
        .obligations
        .iter()
        .filter(|one| one.state == ObligationState::Failed)
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(failed, ["no-silence"]);
    assert_eq!(joined.coverage[0].gaps, silent.evidence().coverage[0].gaps);
}

proptest! {
    #[test]
    fn joined_halves_have_the_counts_of_the_whole_and_no_better_verdict(
        ends in prop::collection::vec((any::<bool>(), 0i64..7_200), 0..40),
        regular_s in 300i64..1_300,
        leak in prop::bool::weighted(0.2),
        cut_s in 1i64..7_200,
    ) {
        let mut ends = ends;
        let steps = (regular_s..7_200).step_by(usize::try_from(regular_s).unwrap());
        ends.extend(steps.flat_map(|end| [(true, end), (false, end)]));
        let case = case(&ends, leak);
        let (whole, joined) = (case.evidence(), cut(&case, T0 + cut_s));
        let (all, one) = (&whole.claims[0], &joined.claims[0]);
        prop_assert_eq!(all.flows_checked, one.flows_checked);
        prop_assert_eq!(&all.witnesses, &one.witnesses);
        prop_assert_eq!(&all.attempts, &one.attempts);
        // A half that is too short for any record proves nothing.
        prop_assert!(one.verdict <= all.verdict);
        prop_assert_eq!(&whole.totals.by_vantage, &joined.totals.by_vantage);
        prop_assert_eq!(&whole.totals.ways, &joined.totals.ways);
        prop_assert_eq!(&whole.totals.timeline, &joined.totals.timeline);
        for (all, one) in whole.coverage.iter().zip(&joined.coverage) {
            prop_assert_eq!((&all.interface, &all.first, &all.last), (&one.interface, &one.first, &one.last));
            prop_assert_eq!((all.flows, all.nodata), (one.flows, one.nodata));
            prop_assert!(all.complete || !one.complete);
            prop_assert_eq!(&all.heard, &one.heard);
        }
    }
}
