//! Every world of `sample-data/`, cut in two and joined: the same counts as at once, and never a better verdict.

#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{World, flowproof, worlds};
use flowproof::model::evidence::{ClaimReport, Evidence, FlowGroup, FlowSample};
use flowproof::model::window::{rfc3339, unix_s};
use flowproof::seal::consistent;
use flowproof::seal::join::join;

fn evidence(world: &World, since_s: i64, until_s: i64) -> Evidence {
    let (logs, topology, policy) = (
        world.path("logs"),
        world.path("topology.json"),
        world.path("policy.toml"),
    );
    let (since, until) = (rfc3339(since_s), rfc3339(until_s));
    let mut args = vec![
        "verify",
        &*logs,
        "--topology",
        &*topology,
        "--policy",
        &*policy,
    ];
    args.extend(["--since", &*since, "--until", &*until, "--report", "json"]);
    let ran = flowproof(&args, b"");
    serde_json::from_str(&ran.stdout).unwrap()
}

type Counts<'c> = (u64, &'c FlowGroup, &'c FlowGroup, Vec<(u64, u64)>);

fn counts(claim: &ClaimReport) -> Counts<'_> {
    let exceptions = claim.exceptions.iter();
    (
        claim.flows_checked,
        &claim.witnesses,
        &claim.attempts,
        exceptions
            .map(|one| (one.flows, one.expired_flows))
            .collect(),
    )
}

/// Where each shown witness stands, as the inputs say.
fn cited(evidence: &Evidence) -> Vec<(String, String, &FlowSample, u64)> {
    let mut found = Vec::new();
    for input in &evidence.inputs {
        for one in input.cited.iter().filter(|one| one.group == "witnesses") {
            let claim = evidence
                .claims
                .iter()
                .find(|claim| claim.id == one.claim)
                .unwrap();
            let flow = &claim.witnesses.sample[usize::try_from(one.index).unwrap()];
            found.push((input.uri.clone(), one.claim.clone(), flow, one.line));
        }
    }
    found.sort();
    found
}

#[test]
fn a_window_cut_in_two_has_the_counts_of_the_whole() {
    for world in worlds() {
        let time = |flag: &str| {
            let at = world.args.iter().position(|word| word == flag).unwrap();
            unix_s(&world.args[at + 1]).unwrap()
        };
        let (since_s, until_s) = (time("--since"), time("--until"));
        let whole = evidence(&world, since_s, until_s);
        for cut_s in [since_s + (until_s - since_s) / 2, since_s + 431] {
            let halves = [(since_s, cut_s), (cut_s, until_s)].map(|(since_s, until_s)| {
                (
                    format!("{since_s}.json"),
                    evidence(&world, since_s, until_s),
                )
            });
            let [first, second] = halves.clone();
            let joined = join(vec![second, first]).unwrap();
            let title = format!("{} cut at {}", world.name, rfc3339(cut_s));
            assert_eq!(joined.window, whole.window, "{title}");
            assert_eq!(consistent(&joined), [], "{title}");
            for (one, at_once) in joined.claims.iter().zip(&whole.claims) {
                assert_eq!(counts(one), counts(at_once), "{title}: {}", one.id);
                assert!(one.verdict <= at_once.verdict, "{title}: {}", one.id);
                assert_eq!(one.help, at_once.help, "{title}: {}", one.id);
            }
            assert_eq!(cited(&joined), cited(&whole), "{title}");
            let mut totals = joined.totals.clone();
            // Both halves read every file here: lines are counted as often as they were read.
            assert_eq!(totals.records, 2 * whole.totals.records, "{title}");
            totals.records = whole.totals.records;
            for (mine, at_once) in [
                (&mut totals.flows, whole.totals.flows),
                (&mut totals.nodata, whole.totals.nodata),
                (&mut totals.skipdata, whole.totals.skipdata),
                (&mut totals.set_aside, whole.totals.set_aside),
            ] {
                assert_eq!(*mine, 2 * at_once, "{title}");
                *mine = at_once;
            }
            totals.outside_window = whole.totals.outside_window;
            assert_eq!(totals, whole.totals, "{title}");
        }
    }
}
