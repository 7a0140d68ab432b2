//! Every query in every world, in this process: three hundred runs of the binary would take minutes.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::datatypes::DataType;
use flowproof::diag::Diagnostic;
use flowproof::ingest::{self, Input, ReadOptions};
use flowproof::model::evidence::Evidence;
use flowproof::model::window::{Window, unix_s};
use flowproof::query::named::bundled;
use flowproof::query::params::Values;
use flowproof::query::place::Place;
use flowproof::query::tables::{Facts, Prices};
use flowproof::query::{Session, Setup, Sources, Step};
use flowproof::topology::{Document, World as Network};

use crate::common::{World, root, worlds};

/// A world's logs; what `verify` says of them is the evidence that the golden test keeps.
struct Kept {
    words: Vec<String>,
    options: ReadOptions,
    window: Window,
    evidence: String,
}

impl Sources for Kept {
    fn inputs(&self, _: Window) -> Result<Vec<Input>, Vec<Diagnostic>> {
        Ok(ingest::list(&self.words, None)?.inputs)
    }

    fn samples(&self) -> Result<Vec<Input>, Vec<Diagnostic>> {
        self.inputs(self.window)
    }

    fn options(&self) -> &ReadOptions {
        &self.options
    }

    fn window(&self) -> Window {
        self.window
    }

    fn evidence(&self) -> Result<Evidence, Vec<Diagnostic>> {
        let mut document: serde_json::Value = serde_json::from_str(&self.evidence).unwrap();
        document["generated_at"] = "2026-11-22T12:00:00Z".into();
        Ok(serde_json::from_value(document).unwrap())
    }

    fn say(&self, diagnostic: &Diagnostic) {
        panic!("{diagnostic}");
    }

    fn read(&self, _: u64, _: u64) {}
}

fn session(world: &World) -> Session {
    let golden = root().join("tests/golden").join(&world.name);
    let kept = Kept {
        words: vec![root().join(world.path("logs")).to_str().unwrap().to_owned()],
        options: ReadOptions::default(),
        window: Window {
            since: unix_s(&world.args[1]),
            until: unix_s(&world.args[3]),
        },
        evidence: fs::read_to_string(golden.join("evidence.json")).unwrap(),
    };
    let topology = Document {
        group: "topology".to_owned(),
        source: "topology.json".to_owned(),
        bytes: fs::read(root().join(world.path("topology.json"))).unwrap(),
    };
    let network = Network::load(&[topology], None).unwrap();
    let setup = Setup {
        sources: Arc::new(kept),
        world: Arc::new(network),
        facts: Facts {
            prices: Prices::read(None).unwrap(),
            ..Facts::default()
        },
        threads: 2,
        memory: 256 << 20,
        files: false,
    };
    Session::new(setup).unwrap()
}

/// The word of a header for a type.
fn word(kind: &DataType) -> &'static str {
    match kind {
        DataType::Dictionary(_, value) => word(value),
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => "text",
        DataType::Float64 => "float",
        DataType::Boolean => "boolean",
        DataType::Timestamp(..) => "timestamp",
        kind if kind.is_integer() => "int",
        kind => panic!("{kind}: no word for it"),
    }
}

#[test]
fn every_query_answers_in_every_world_with_the_columns_that_it_promises() {
    for world in worlds() {
        let session = session(&world);
        for query in bundled() {
            let title = format!("{} in {}", query.name, world.name);
            let place = Place::new(&query.name, &query.sql);
            let values = Values::new(&query.params, &[], &[], &place).unwrap();
            let planned = session.plan(&query.sql, &query.name, &values);
            let planned = planned.unwrap_or_else(|why| panic!("{title}: {}", said(&why)));
            let mut columns = Vec::new();
            let ran = session.run::<Vec<Diagnostic>>(planned, &AtomicBool::new(false), |step| {
                if let Step::Columns(schema) = step {
                    let fields = schema.fields().iter();
                    let fields = fields.map(|f| format!("{} {}", f.name(), word(f.data_type())));
                    columns = fields.collect();
                }
                Ok(true)
            });
            ran.unwrap_or_else(|why| panic!("{title}: {}", said(&why)));
            let promised = query
                .columns
                .iter()
                .map(|c| format!("{} {}", c.name, c.kind));
            assert_eq!(columns, promised.collect::<Vec<_>>(), "{title}");
            let whole = session.inputs().iter().all(|input| input.whole);
            assert!(whole, "{title}: an input was not read to its end");
        }
    }
}

fn said(problems: &[Diagnostic]) -> String {
    problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect()
}
