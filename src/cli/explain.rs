//! `flowproof explain`: one flow or record, with every reason.
//!
//! The first pass finds the flow's records. A second one is made only if a NAT gateway hides an end of one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use flowproof::diag::{Diagnostic, Location, Severity, show};
use flowproof::explain::Look;
use flowproof::explain::asked::Asked;
use flowproof::explain::behind::Candidates;
use flowproof::explain::find::Found;
use flowproof::explain::making;
use flowproof::ingest::raw::{can_be_read_again, complaints, raw_line, record_at};
use flowproof::ingest::{self, Input, ReadOptions};
use flowproof::model::batch::{FlowBatch, Status};
use flowproof::model::evidence::InputReport;
use flowproof::model::explanation::{Explanation, Searched};
use flowproof::report::explain as pages;
use flowproof::verify::Plan;

use super::args::{Explain, ExplainFormat};
use super::console::Console;
use super::exit::Outcome;
use super::explain_lines::{Lines, sentence};
use super::judge::interrupted;
use super::progress::Progress;
use super::values::Target;
use super::verify::say_inputs;
use super::{deliver, load, pipeline, remote, shell};

/// Runs the command: 0 if there is something to explain, 2 if not.
pub fn run(asked: &Explain, now_s: i64, stop: &Arc<AtomicBool>) -> Outcome {
    let console = Console::new(asked.speech);
    let made = explain(asked, now_s, stop, console);
    let (explanation, found) = match made {
        Ok(made) => made,
        Err(problems) => {
            console.say_all(&problems);
            return Outcome::NoVerdict;
        }
    };
    let page = match asked.output_format {
        ExplainFormat::Text => pages::text(
            &explanation,
            deliver::style_of(asked.speech, &Target::Stdout),
        ),
        ExplainFormat::Json => match pages::json(&explanation) {
            Ok(page) => page,
            Err(error) => {
                console.say_all(&[bad(&error.to_string(), "report it, with the command")]);
                return Outcome::NoVerdict;
            }
        },
    };
    match shell::written(page.as_bytes()) {
        Outcome::Done if !found => Outcome::NoVerdict,
        outcome => outcome,
    }
}

/// What every step needs.
struct Run<'a> {
    look: Look<'a>,
    inputs: &'a [Input],
    options: &'a ReadOptions,
    progress: &'a Progress,
    stop: &'a AtomicBool,
}

fn explain(
    asked: &Explain,
    now_s: i64,
    stop: &Arc<AtomicBool>,
    console: Console,
) -> Result<(Explanation, bool), Vec<Diagnostic>> {
    let (policy, warnings) = load::policy(asked.policy.as_deref())?;
    let aws = remote::way(&asked.input)?;
    let live = remote::topologies(&asked.input, aws.as_ref(), now_s)?;
    let (topologies, ranges) = (&asked.input.topologies, &asked.input.ranges);
    let world = load::world(topologies, ranges, &live.documents)?;
    let window = asked.input.window(now_s);
    let plan = Plan::new(&world, &policy, window);
    let flow = asked.flow.as_deref().map(|text| {
        let bad = |why: &dyn std::fmt::Display| {
            vec![bad(
                &format!("--flow cannot be used: {why}"),
                "write it as --flow '10.0.2.10 52.217.14.22 443'",
            )]
        };
        Asked::parse(text, &world).map_err(|why| bad(&why))
    });
    let flow = flow.transpose()?;
    let remote = remote::sources(&asked.input, aws.as_ref(), &world, window, now_s);
    let listed = ingest::list(&asked.input.sources, remote.as_ref())?;
    console.say_all(live.notes.iter().chain(&listed.notes));
    console.say_all(
        warnings
            .iter()
            .chain(&plan.diagnostics)
            .chain(&world.diagnostics),
    );
    let options = pipeline::read_options(&asked.input, &world, pipeline::Fate::Written, stop)?;
    let progress = Progress::new(pipeline::total_bytes(&listed.inputs), asked.speech.quiet);
    let run = Run {
        look: Look {
            world: &world,
            plan: &plan,
        },
        inputs: &listed.inputs,
        options: &options,
        progress: &progress,
        stop,
    };
    let made = match (&flow, &asked.record) {
        (Some(flow), _) => run.flow(flow, asked.flow.as_deref().unwrap_or_default(), console),
        (None, place) => run.record(place.as_deref().unwrap_or_default(), console),
    };
    progress.finish();
    if let Some(aws) = &aws {
        console.note(&remote::summary(aws));
    }
    made
}

impl Run<'_> {
    fn flow(
        &self,
        asked: &Asked,
        text: &str,
        console: Console,
    ) -> Result<(Explanation, bool), Vec<Diagnostic>> {
        let every = |_: &Input| true;
        let find = |found: &mut Found, batch: &FlowBatch, index| {
            found.observe(self.look, asked, batch, index);
        };
        let (found, reports) = self.each(every, Found::default, find, Found::merge)?;
        say_inputs(&reports, console);
        let searched = making::searched(reports.iter(), &found, self.look.plan.window());
        let candidates = self.second_look(&found, console)?;
        let is_found = found.matched > 0;
        let asked = (text.to_owned(), Some(asked));
        let made = self.made(asked, (&found, &candidates), searched);
        Ok((made, is_found))
    }

    fn made(
        &self,
        asked: (String, Option<&Asked>),
        found: (&Found, &Candidates),
        searched: Searched,
    ) -> Explanation {
        let lines = Lines {
            inputs: self.inputs,
            options: self.options,
        };
        making::explanation(self.look, asked, found, searched, &lines)
    }

    /// Who may be behind a NAT gateway; nothing is read if none hides anything.
    fn second_look(&self, found: &Found, console: Console) -> Result<Candidates, Vec<Diagnostic>> {
        let wanted = Candidates::of(self.look, found);
        if wanted.is_empty() {
            return Ok(wanted);
        }
        for gone in self.inputs.iter().filter(|input| !can_be_read_again(input)) {
            console.say_all(&[Diagnostic::new(
                Severity::Warning,
                "flow-read-once",
                "this input cannot be read a second time, so who is behind the NAT gateway was not looked for in it",
                "an inference may miss the one that fits best; no verdict depends on it",
                "give it as a file",
            )
            .at(Location::source(gone.uri()))]);
        }
        let again = |input: &Input| can_be_read_again(input);
        let look = |candidates: &mut Candidates, batch: &FlowBatch, index| {
            candidates.observe(self.look, batch, index);
        };
        let (candidates, _) = self.each(again, || wanted.clone(), look, Candidates::merge)?;
        Ok(candidates)
    }

    /// Reads every input that is wanted, on all threads, and merges what each has seen.
    fn each<T: Send>(
        &self,
        wanted: impl Fn(&Input) -> bool + Sync,
        new: impl Fn() -> T + Sync + Send,
        see: impl Fn(&mut T, &FlowBatch, u32) + Sync,
        merge: impl Fn(T, T) -> T + Sync + Send,
    ) -> Result<(T, Vec<InputReport>), Vec<Diagnostic>> {
        let workers = rayon::current_num_threads().min(self.inputs.len()).max(1);
        let (next, ahead) = (AtomicUsize::new(0), pipeline::AHEAD_PER_THREAD * workers);
        pipeline::prepare(self.inputs, 0..ahead);
        let one = |(mut seen, mut reports): (T, Vec<(usize, InputReport)>), index: usize| {
            let Some(input) = self.inputs.get(index).filter(|input| wanted(input)) else {
                return (seen, reports);
            };
            let place = u32::try_from(index).unwrap_or(u32::MAX);
            let alone = || workers < rayon::current_num_threads();
            let report = pipeline::each_batch(input, self.options, self.progress, alone, |batch| {
                see(&mut seen, &batch, place);
            });
            reports.push((index, report));
            (seen, reports)
        };
        let work = |_| {
            std::iter::from_fn(|| {
                let index = next.fetch_add(1, Ordering::Relaxed);
                pipeline::prepare(self.inputs, index + ahead..index + ahead + 1);
                (index < self.inputs.len()).then_some(index)
            })
            .fold((new(), Vec::new()), one)
        };
        let join = |a: (T, Vec<_>), b: (T, Vec<_>)| (merge(a.0, b.0), [a.1, b.1].concat());
        let (seen, mut reports) = (0..workers)
            .into_par_iter()
            .with_max_len(1)
            .map(work)
            .reduce(|| (new(), Vec::new()), join);
        if self.stop.load(Ordering::SeqCst) {
            return Err(vec![interrupted()]);
        }
        reports.sort_by_key(|(index, _)| *index);
        Ok((
            seen,
            reports.into_iter().map(|(_, report)| report).collect(),
        ))
    }

    fn record(
        &self,
        place: &str,
        console: Console,
    ) -> Result<(Explanation, bool), Vec<Diagnostic>> {
        let (index, line) = self.place(place)?;
        let Some(input) = self.inputs.get(index) else {
            return Err(vec![no_record(place)]);
        };
        let mut searched = Searched {
            inputs: u64::try_from(self.inputs.len()).unwrap_or(0),
            ..Searched::default()
        };
        let Some(batch) = record_at(input, line, self.options) else {
            return self.no_record(place, input, line, searched);
        };
        searched.records = 1;
        if batch.statuses() != [Status::Flow] {
            return Ok((self.status(place, input, &batch, searched), true));
        }
        let mut found = Found::default();
        found.take(
            self.look,
            &batch,
            &[0],
            u32::try_from(index).unwrap_or(u32::MAX),
        );
        let candidates = self.second_look(&found, console)?;
        let asked = (place.to_owned(), None);
        Ok((self.made(asked, (&found, &candidates), searched), true))
    }

    /// An input and a line; of an input the end of its name will do, if it is of one alone.
    fn place(&self, place: &str) -> Result<(usize, u64), Vec<Diagnostic>> {
        let wrong = |what: &str| {
            let help = "write it as --record INPUT:LINE, as reports print it";
            vec![bad(&format!("--record cannot be used: {what}"), help)]
        };
        let (name, line) = place
            .rsplit_once(':')
            .ok_or_else(|| wrong("it names no line"))?;
        let line: u64 = line
            .parse()
            .map_err(|_| wrong("what follows the last `:` is no number"))?;
        let end = name.trim_start_matches('…');
        let inputs = || self.inputs.iter().enumerate();
        if let Some((index, _)) = inputs().find(|(_, input)| input.uri() == name) {
            return Ok((index, line));
        }
        let mut fit = inputs().filter(|(_, input)| !end.is_empty() && input.uri().ends_with(end));
        match (fit.next(), fit.next()) {
            (Some((index, _)), None) => Ok((index, line)),
            (Some(_), Some(_)) => Err(wrong(&format!(
                "more than one input ends in `{}`",
                show(end)
            ))),
            (None, _) => Err(wrong(&format!("no input ends in `{}`", show(end)))),
        }
    }

    /// NODATA or SKIPDATA.
    fn status(
        &self,
        place: &str,
        input: &Input,
        batch: &FlowBatch,
        searched: Searched,
    ) -> Explanation {
        let (line, word) = (
            batch.lines().first().copied().unwrap_or(0),
            match batch.statuses().first() {
                Some(Status::SkipData) => {
                    "SKIPDATA: AWS dropped records here, and one may stand for many flows; it fails `no-skipdata` of every claim about its interface"
                }
                _ => {
                    "NODATA: nothing passed the interface in that time; it shows that the interface was logged, and so keeps `no-silence`"
                }
            },
        );
        let values = making::Values::of(batch);
        let lines = Lines {
            inputs: std::slice::from_ref(input),
            options: self.options,
        };
        let shown = making::Source::line(&lines, 0, line, values);
        making::no_flow(place.to_owned(), searched, shown, vec![word.to_owned()])
    }

    /// A line that was set aside, a header, an empty line, or none at all.
    fn no_record(
        &self,
        place: &str,
        input: &Input,
        line: u64,
        searched: Searched,
    ) -> Result<(Explanation, bool), Vec<Diagnostic>> {
        let raw = raw_line(input, line, self.options).ok().flatten();
        let Some(raw) = raw else {
            return Err(vec![no_record(place)]);
        };
        let mut said: Vec<String> = complaints(input, line, &raw, self.options)
            .iter()
            .filter(|complaint| complaint.at.iter().any(|at| at.line == Some(line)))
            .map(sentence)
            .collect();
        if said.is_empty() {
            said.push("it is a header or an empty line, and no record".to_owned());
        }
        let lines = Lines {
            inputs: self.inputs,
            options: self.options,
        };
        let shown = lines.bare(input, line, &raw);
        Ok((
            making::no_flow(place.to_owned(), searched, shown, said),
            false,
        ))
    }
}

fn bad(message: &str, help: &str) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "flow-bad",
        message,
        "without a flow there is nothing to explain; no verdict is concerned",
        help,
    )
}

fn no_record(place: &str) -> Diagnostic {
    bad(
        &format!("there is no record at `{}`", show(place)),
        "count lines of the unzipped text from 1, and rows of Parquet or events of JSON likewise",
    )
}
