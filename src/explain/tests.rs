//! Every record of every sample world: what is explained is what classify and verify say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::classify;
use crate::classify::trace::trace;
use crate::explain::Look;
use crate::explain::asked::{Asked, AskedError};
use crate::explain::behind::Candidates;
use crate::explain::find::Found;
use crate::explain::making::{Source, Values, explanation};
use crate::ingest::{self, InputReader, ReadOptions};
use crate::model::batch::{FlowBatch, Status};
use crate::model::evidence::{Evidence, InputReport, ObligationState};
use crate::model::explanation::{Explanation, Line, Searched, Weight};
use crate::model::window::{Window, unix_s};
use crate::policy;
use crate::topology::cells::Cells;
use crate::topology::{Document, World};
use crate::verify::{InputFacts, Plan, Run, Weigher, conclude, explain};

/// A sample world, read.
struct Sample {
    name: String,
    world: World,
    policy: policy::Policy,
    window: Window,
    inputs: Vec<(InputFacts, InputReport, Vec<FlowBatch>)>,
}

/// Read once for all tests: each world unzips and reads ip-ranges.json.
static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(read_samples);

fn read_samples() -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.retain(|folder| folder.join("expect.toml").exists());
    folders.sort();
    folders.iter().map(|folder| Sample::read(folder)).collect()
}

impl Sample {
    fn read(folder: &Path) -> Sample {
        let document = Document {
            group: "topology.json".to_owned(),
            source: "topology.json".to_owned(),
            bytes: fs::read(folder.join("topology.json")).unwrap(),
        };
        let world = World::load(&[document], None).unwrap();
        let text = fs::read_to_string(folder.join("policy.toml")).unwrap();
        let expect = fs::read_to_string(folder.join("expect.toml")).unwrap();
        let after = |option: &str| {
            let rest = expect.split(&format!("\"{option}\", \"")).nth(1)?;
            unix_s(rest.split('"').next()?)
        };
        let options = ReadOptions {
            described: world.described_formats(),
            ..ReadOptions::default()
        };
        let logs = folder.join("logs").to_str().unwrap().to_owned();
        let listed = ingest::list(&[logs], None).unwrap().inputs;
        let read = listed.iter().enumerate().map(|(index, input)| {
            let facts = InputFacts {
                index: u32::try_from(index).unwrap(),
                flow_log: input.flow_log().map(str::to_owned),
            };
            let mut reader = InputReader::open(input, &options);
            let batches = std::iter::from_fn(|| reader.next_batch()).collect();
            (facts, reader.into_report(), batches)
        });
        Sample {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            inputs: read.collect(),
            policy: policy::parse("policy.toml", &text).unwrap().0,
            window: Window {
                since: after("--since"),
                until: after("--until"),
            },
            world,
        }
    }

    fn evidence(&self, plan: &Plan<'_>) -> Evidence {
        let questions = plan.questions();
        let cells = Cells::new(&self.world, &questions);
        let mut classifier = classify::Classifier::new(&cells, &questions);
        let mut weigher = Weigher::new(plan);
        for (facts, _, batches) in &self.inputs {
            for batch in batches {
                weigher.observe(batch, classifier.classify(batch), facts);
            }
        }
        let run = Run {
            inputs: self
                .inputs
                .iter()
                .map(|(_, report, _)| report.clone())
                .collect(),
            diagnostics: Vec::new(),
            generated_at: "2026-01-01T00:00:00Z".to_owned(),
            delivery: None,
        };
        conclude(plan, weigher.finish(), run).unwrap()
    }

    /// Every record alone, with the input that it is of.
    fn records(&self) -> impl Iterator<Item = (&InputFacts, FlowBatch)> {
        self.inputs.iter().flat_map(|(facts, _, batches)| {
            let rows = batches.iter().flat_map(|batch| {
                let flows = (0..batch.len()).filter(|row| batch.statuses()[*row] == Status::Flow);
                flows.map(|row| batch.only(&[row]).unwrap())
            });
            rows.map(move |batch| (facts, batch))
        })
    }
}

/// Inputs by their facts; lines are not read again.
struct Facts<'s>(&'s Sample);

impl Source for Facts<'_> {
    fn input(&self, index: u32) -> (String, InputFacts) {
        let (facts, report, _) = &self.0.inputs[usize::try_from(index).unwrap()];
        (report.uri.clone(), facts.clone())
    }

    fn line(&self, index: u32, line: u64, values: Values) -> Line {
        Line {
            uri: self.input(index).0,
            line,
            text: String::new(),
            raw: false,
            format: values.format,
            format_from: String::new(),
            values: values.values,
        }
    }
}

fn explained(sample: &Sample, look: Look<'_>, found: &Found) -> Explanation {
    let asked = ("all".to_owned(), None);
    let searched = Searched {
        inputs: u64::try_from(sample.inputs.len()).unwrap(),
        ..Searched::default()
    };
    explanation(
        look,
        asked,
        (found, &Candidates::default()),
        searched,
        &Facts(sample),
    )
}

#[test]
fn every_record_is_explained_as_it_is_classified() {
    for sample in SAMPLES.iter() {
        let plan = Plan::new(&sample.world, &sample.policy, sample.window);
        let look = Look {
            world: &sample.world,
            plan: &plan,
        };
        for (facts, batch) in sample.records() {
            let tags = classify::tags(&batch, &sample.world);
            let tag = tags.rows[0].unwrap();
            let traced = trace(&batch, &sample.world).unwrap();
            if tag.basis != "snapshots-differ" {
                let decision = traced.first.decision().unwrap();
                assert_eq!(
                    (decision.path, decision.via, decision.basis),
                    (tag.path, tag.via, tag.basis),
                    "{}",
                    sample.name
                );
            }
            let mut found = Found::default();
            found.take(look, &batch, &[0], facts.index);
            let told = explained(sample, look, &found);
            assert_eq!((told.found, told.kinds.len()), (1, 1));
            let kind = &told.kinds[0];
            assert_eq!(
                (kind.tag.path, kind.tag.path_basis.as_str(), kind.tag.exit),
                (tag.path, tag.basis, tag.exit)
            );
            assert_eq!(kind.claims, explain::claims(&plan, &batch, &tags, facts));
            // The route that is shown as the winner is the one that the rule `route` took.
            if let (
                Some(route),
                "route-nat" | "route-internet-gateway" | "route-gateway-endpoint",
            ) = (&kind.route, tag.basis)
            {
                assert_eq!(Some(&route.leads), kind.tag.via.as_ref(), "{}", sample.name);
                assert!(route.routes[0].won);
            }
        }
    }
}

#[test]
fn weights_of_all_records_add_up_to_the_evidence() {
    for sample in SAMPLES.iter() {
        let plan = Plan::new(&sample.world, &sample.policy, sample.window);
        let mut weights: BTreeMap<(String, Weight), u64> = BTreeMap::new();
        for (facts, batch) in sample.records() {
            let tags = classify::tags(&batch, &sample.world);
            for claim in explain::claims(&plan, &batch, &tags, facts) {
                *weights.entry((claim.id, claim.weight)).or_default() += 1;
            }
        }
        for claim in sample.evidence(&plan).claims {
            let told = |weight| {
                weights
                    .get(&(claim.id.clone(), weight))
                    .copied()
                    .unwrap_or(0)
            };
            let name = format!("{} {}", sample.name, claim.id);
            assert_eq!(told(Weight::Witness), claim.witnesses.count, "{name}");
            assert_eq!(told(Weight::Attempt), claim.attempts.count, "{name}");
            let failed = |id: &str| {
                let obligation = claim.obligations.iter().find(|one| one.id == id).unwrap();
                obligation.state == ObligationState::Failed
            };
            // A masked record is a doubt only where no record of the inside names who is behind.
            let doubts = told(Weight::Doubt);
            assert!(
                doubts == 0 || failed("no-unknown-path") || failed("services-known"),
                "{name}"
            );
            assert!(
                told(Weight::RouteAlone) == 0 || failed("fields-suffice"),
                "{name}"
            );
        }
    }
}

#[test]
fn records_of_one_kind_are_weighed_alike_and_any_order_gives_the_same() {
    for sample in SAMPLES.iter() {
        let plan = Plan::new(&sample.world, &sample.policy, sample.window);
        let look = Look {
            world: &sample.world,
            plan: &plan,
        };
        let (mut forward, mut parts, mut alone) = (Found::default(), Vec::new(), BTreeMap::new());
        for (facts, batch) in sample.records() {
            let mut one = Found::default();
            one.take(look, &batch, &[0], facts.index);
            let key = one.kinds.keys().next().unwrap().clone();
            let kind = explained(sample, look, &one).kinds.remove(0);
            let said = (
                kind.tag.path,
                kind.tag.via,
                kind.tag.exit,
                kind.route,
                kind.claims,
                kind.advice,
            );
            let before = alone.entry(key).or_insert_with(|| said.clone());
            assert_eq!(*before, said, "{}", sample.name);
            forward.take(look, &batch, &[0], facts.index);
            parts.push(one);
        }
        let backward = parts.into_iter().rev().fold(Found::default(), Found::merge);
        assert_eq!(
            explained(sample, look, &forward),
            explained(sample, look, &backward)
        );
        assert!(forward.kinds.len() > 1);
    }
}

#[test]
fn words_name_a_flow_or_say_why_not() {
    let sample = &SAMPLES[0];
    let end = |word: &str| AskedError::End(word.to_owned());
    #[rustfmt::skip]
    let cases = [
        ("two ends",             "10.0.0.1 10.0.0.2",              None),
        ("and a port",           "10.0.0.1 10.0.0.2 443",          None),
        ("as reports print it",  "10.0.0.1:46846 → 3.5.11.24:443", None),
        ("IPv6, with a port",    "[2600:1f18::11]:443 any",        None),
        ("IPv6, without one",    "2600:1f18::11 any",              None),
        ("a CIDR",               "10.0.0.0/8 any 22",              None),
        ("one word",             "10.0.0.1",                       Some(AskedError::Words(1))),
        ("four words",           "10.0.0.1 10.0.0.2 443 6",        Some(AskedError::Words(4))),
        ("a name",               "orders-1 10.0.0.2",              Some(end("orders-1"))),
        ("no port",              "10.0.0.1 10.0.0.2 https",        Some(AskedError::Port("https".to_owned()))),
        ("a port too large",     "10.0.0.1 10.0.0.2 65536",        Some(AskedError::Port("65536".to_owned()))),
        ("everything",           "any any",                        Some(AskedError::Anything)),
        ("an unknown interface", "eni-0 any",                      Some(AskedError::Interface("eni-0".to_owned()))),
    ];
    for (title, text, expected) in cases {
        assert_eq!(Asked::parse(text, &sample.world).err(), expected, "{title}");
    }
}
