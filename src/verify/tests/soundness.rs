//! The worst bug would be a wrong `proven`: against a simulated truth, with every record that AWS would write, nothing that is
//! left out of the topology or of the log may bring one about; and no witness may be wrong.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::claims::Claim;
use super::described::{stale, topology};
use super::truth::{Record, Tape, Truth};
use super::{Case, T0, failed};
use crate::model::evidence::{Evidence, InputReport};
use crate::model::path::Verdict;
use crate::model::window::Window;

#[rustfmt::skip]
const V2: &[&str] = &["version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log-status"];
#[rustfmt::skip]
const MORE: &[&str] = &["vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr", "region", "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction", "traffic-path"];
const V11: &[&str] = &[
    "interface-type",
    "next-hop-interface-id",
    "next-hop-interface-type",
];

/// Fields that a log may do without, and that tell of the way or of its ends.
#[rustfmt::skip]
const OPTIONAL: [&str; 8] = ["vpc-id", "subnet-id", "pkt-srcaddr", "pkt-dstaddr", "flow-direction", "traffic-path", "pkt-src-aws-service", "pkt-dst-aws-service"];

/// Fields without which nothing may be proven (contract, `fields-suffice`).
#[rustfmt::skip]
const NEEDED: &[&str] = &["interface-id", "srcaddr", "dstaddr", "action", "log-status", "start", "end"];

#[derive(Clone, Debug)]
struct Run {
    truth: Truth,
    claim: Claim,
    case: Case,
}

fn ranges(old: bool) -> String {
    let created = if old { "2026-06-01" } else { "2026-07-31" };
    let mut prefixes: Vec<Json> = [
        ("52.216.0.0/15", "S3"),
        ("52.218.0.0/17", "S3"),
        ("52.0.0.0/8", "AMAZON"),
        ("3.0.0.0/8", "EC2"),
        ("3.0.0.0/8", "AMAZON"),
    ]
    .iter()
    .map(|(prefix, service)| json!({"ip_prefix": prefix, "service": service}))
    .collect();
    if !old {
        prefixes.push(json!({"ip_prefix": "16.12.0.0/16", "service": "S3"}));
    }
    json!({"createDate": format!("{created}-00-00-00"), "prefixes": prefixes, "ipv6_prefixes": [{"ipv6_prefix": "2600:1fa0::/28", "service": "S3"}]}).to_string()
}

fn cut(record: &Record, format: &[&str]) -> String {
    let word = |name: &&str| {
        record
            .iter()
            .find(|(field, _)| field == name)
            .map_or("-".to_owned(), |(_, text)| text.clone())
    };
    format.iter().map(word).collect::<Vec<_>>().join(" ")
}

impl Run {
    fn new((world, claim): &(Choices, Choices)) -> Run {
        let (tape, asked) = (&mut Tape::new(&world.0), &mut Tape::new(&claim.0));
        let (format, old) = (asked.pick(6), asked.once_in(5));
        let truth = Truth::new(tape);
        let claim = Claim::new(asked, &truth);
        let format: Vec<&str> = match format {
            0..=2 => [V2, MORE].concat(),
            3 | 4 => [V2, MORE, V11].concat(),
            _ => V2.to_vec(),
        };
        let mut records: Vec<String> = truth
            .records
            .iter()
            .map(|record| cut(record, &format))
            .collect();
        for eni in &truth.enis {
            for minute in [0, 10, 20] {
                let (start, end) = (T0 + minute * 60 + 5, T0 + minute * 60 + 595);
                let silent: Record = vec![
                    ("interface-id", eni.id.clone()),
                    ("start", start.to_string()),
                    ("end", end.to_string()),
                    ("log-status", "NODATA".into()),
                    ("vpc-id", format!("vpc-{}", eni.vpc)),
                    ("subnet-id", format!("subnet-{}", eni.subnet)),
                ];
                records.push(cut(&silent, &format));
            }
        }
        let case = Case {
            topology: topology(&truth),
            ranges: ranges(old),
            policy: claim.policy(&truth),
            window: Window {
                since: Some(T0),
                until: Some(T0 + 1800),
            },
            format: format
                .iter()
                .map(|field| format!("${{{field}}}"))
                .collect::<Vec<_>>()
                .join(" "),
            records,
            input: InputReport {
                uri: "a.log".into(),
                whole: true,
                flow_log: Some("fl-1".into()),
                ..InputReport::default()
            },
            delivery: None,
        };
        Run { truth, claim, case }
    }

    fn shown(&self, evidence: &Evidence) -> String {
        let truth: Vec<String> = self
            .truth
            .trips
            .iter()
            .map(|trip| {
                format!(
                    "{} {} -> {} {:?} {:?} {:?}",
                    self.truth.enis[trip.workload].id,
                    trip.own,
                    trip.peer,
                    trip.thing,
                    trip.hops,
                    trip.exit
                )
            })
            .collect();
        let records: Vec<&str> = self
            .case
            .records
            .iter()
            .map(String::as_str)
            .filter(|record| !record.contains("NODATA"))
            .collect();
        let tables: Vec<String> = self.case.topology["RouteTables"]
            .as_array()
            .unwrap()
            .iter()
            .map(Json::to_string)
            .collect();
        let enis: Vec<String> = self
            .truth
            .enis
            .iter()
            .map(|eni| {
                format!(
                    "{} {:?} subnet-{} {:?}",
                    eni.id, eni.kind, eni.subnet, eni.addresses
                )
            })
            .collect();
        let witnesses: Vec<String> = evidence.claims[0]
            .witnesses
            .sample
            .iter()
            .map(|flow| format!("{flow:?}"))
            .collect();
        format!(
            "{}\n-- truth\n{}\n-- interfaces\n{}\n-- tables\n{}\n-- {}\n{}\n-- failed {:?}\n{}",
            self.case.policy,
            truth.join("\n"),
            enis.join("\n"),
            tables.join("\n"),
            self.case.format,
            records.join("\n"),
            failed(evidence),
            witnesses.join("\n")
        )
    }
}

/// Choices, shown on one line.
#[derive(Clone)]
struct Choices(Vec<u16>);

impl std::fmt::Debug for Choices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.0.iter().map(u16::to_string).collect();
        f.write_str(words.join(" ").trim_end_matches(" 0"))
    }
}

/// A world, and what is claimed of it.
fn any_run() -> impl Strategy<Value = (Choices, Choices)> {
    (any_choices(150), any_choices(60))
}

fn any_choices(length: usize) -> impl Strategy<Value = Choices> {
    prop::collection::vec(any::<u16>(), length).prop_map(Choices)
}

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("SOUNDNESS_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(cases);
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 700,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn with_all_evidence_no_verdict_is_wrong(words in any_run()) {
        let run = Run::new(&words);
        let evidence = run.case.evidence();
        if let Some(trip) = run.claim.violated(&run.truth) {
            prop_assert_ne!(evidence.verdict, Verdict::Proven, "{:?}\n{}", trip, run.shown(&evidence));
        }
        if run.claim.kept(&run.truth) {
            prop_assert_ne!(evidence.verdict, Verdict::Violated, "{}", run.shown(&evidence));
        }
    }

    #[test]
    fn a_stale_topology_never_proves_what_is_violated(words in any_run(), changes in any_choices(40)) {
        let mut run = Run::new(&words);
        if let Some(trip) = run.claim.violated(&run.truth) {
            let mut tape = Tape::new(&changes.0);
            let subnet = &run.truth.subnets[run.truth.enis[trip.workload].subnet];
            let near = subnet.table.unwrap_or(subnet.vpc);
            let said: Vec<String> = (0..=tape.pick(3)).map(|_| stale(&mut run.case.topology, &mut tape, near)).collect();
            for _ in 0..tape.pick(6).saturating_sub(2) {
                run = without(&run, tape.of(&OPTIONAL));
            }
            let evidence = run.case.evidence();
            prop_assert_ne!(evidence.verdict, Verdict::Proven, "{:?}\n{:?}\n{}", said, trip, run.shown(&evidence));
        }
    }

    #[test]
    fn an_interface_without_records_or_a_log_without_its_fields_never_proves(words in any_run(), which in any::<u16>()) {
        let run = Run::new(&words);
        let which = usize::from(which);
        let mut silent = run.clone();
        // Who must be logged: in scope, and of the claim's workloads.
        let must: Vec<usize> = (0..run.truth.enis.len()).filter(|index| run.claim.scope.has(&run.truth, *index) && run.claim.from.has(&run.truth, *index)).collect();
        if !must.is_empty() {
            let id = format!(" {} ", run.truth.enis[must[which % must.len()]].id);
            silent.case.records.retain(|record| !format!(" {record} ").split_once(" - ").map_or(record.contains(&id), |_| own_id(record, &silent.case.format) == id.trim()) && own_id(record, &silent.case.format) != id.trim());
            let evidence = silent.case.evidence();
            prop_assert_ne!(evidence.verdict, Verdict::Proven, "{}\n{}", id, silent.shown(&evidence));
        }
        let lacking = without(&run, NEEDED[which % NEEDED.len()]);
        let evidence = lacking.case.evidence();
        prop_assert_ne!(evidence.verdict, Verdict::Proven, "{}", lacking.shown(&evidence));
    }

    #[test]
    fn a_log_with_fewer_fields_or_skipped_records_never_proves_what_is_violated(words in any_run(), drops in any_choices(40)) {
        let mut run = Run::new(&words);
        let Some(trip) = run.claim.violated(&run.truth) else { return Ok(()) };
        let mut tape = Tape::new(&drops.0);
        match tape.pick(3) {
            0 => {
                let first = run.truth.records.len();
                let at = first + tape.pick(run.case.records.len() - first);
                run.case.records.remove(at);
            }
            1 => {
                for _ in 0..=tape.pick(8) {
                    let fields: Vec<String> = run.case.format.split(' ').map(|field| field[2..field.len() - 1].to_owned()).collect();
                    run = without(&run, &tape.of(&fields));
                }
            }
            _ => {
                let at = tape.pick(run.truth.records.len());
                let record = run.case.records[at].clone();
                let skipped = run.case.format.split(' ').zip(record.split(' ')).map(|(field, text)| match field {
                    "${log-status}" => "SKIPDATA",
                    "${interface-id}" | "${start}" | "${end}" | "${vpc-id}" | "${subnet-id}" => text,
                    _ => "-",
                });
                run.case.records[at] = skipped.collect::<Vec<_>>().join(" ");
            }
        }
        let evidence = run.case.evidence();
        prop_assert_ne!(evidence.verdict, Verdict::Proven, "{:?}\n{}", trip, run.shown(&evidence));
    }
}

/// The interface that logged a record.
fn own_id<'r>(record: &'r str, format: &str) -> &'r str {
    let at = format
        .split(' ')
        .position(|field| field == "${interface-id}")
        .unwrap();
    record.split(' ').nth(at).unwrap()
}

/// The same run from a log that does not have a field.
fn without(run: &Run, field: &str) -> Run {
    let mut run = run.clone();
    let word = format!("${{{field}}}");
    let Some(at) = run.case.format.split(' ').position(|other| other == word) else {
        return run;
    };
    let drop = |text: &str| {
        text.split(' ')
            .enumerate()
            .filter(|(index, _)| *index != at)
            .map(|(_, word)| word)
            .collect::<Vec<_>>()
            .join(" ")
    };
    if run.case.format.split(' ').count() > 1 {
        run.case.records = run.case.records.iter().map(|record| drop(record)).collect();
        run.case.format = drop(&run.case.format);
    }
    run
}
