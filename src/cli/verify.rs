//! `flowproof verify`: everything from sources to a verdict.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flowproof::aws::Aws;
use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::ingest::{self, Input};
use flowproof::model::evidence::{Evidence, InputReport};
use flowproof::model::window::Window;
use flowproof::report::{self, Style};
use flowproof::verify::{Delivery, Plan, Run, conclude};
use flowproof::{classify, model::window::rfc3339};

use super::args::{MetricsFrom, Verify};
use super::console::Console;
use super::exit::Outcome;
use super::output::{self, Output};
use super::progress::Progress;
use super::values::Target;
use super::{load, metrics, pipeline, remote, wait};

/// Complaints about inputs that are printed; the evidence has them all.
const SAID_MAX: usize = 20;

/// Runs the command.
pub fn run(asked: &Verify, now_s: i64, stop: &Arc<AtomicBool>) -> Outcome {
    let console = Console::new(asked.speech);
    let judged = Judge::new(asked, now_s, stop).and_then(|mut judge| {
        let evidence = match asked.wait {
            None => judge.look(now_s),
            Some(wait_s) => {
                wait::until_decided(Duration::from_secs(wait_s), unix_s, stop, console, || {
                    judge.look(unix_s())
                })
            }
        };
        judge.say_requests(console);
        evidence
    });
    match judged {
        Ok(evidence) => {
            console.say_all(&evidence.diagnostics);
            say_inputs(&evidence.inputs, console);
            write(asked, &evidence, console)
        }
        Err(problems) => {
            console.say_all(&problems);
            Outcome::NoVerdict
        }
    }
}

fn unix_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// What stays the same from look to look.
struct Judge<'a> {
    asked: &'a Verify,
    window: Window,
    aws: Option<Aws>,
    stop: &'a Arc<AtomicBool>,
    before: Option<Look>,
}

/// What was seen, and what it was seen in.
struct Look {
    listing: Vec<(String, Option<u64>, Option<String>)>,
    topology: Vec<String>,
    evidence: Evidence,
}

impl<'a> Judge<'a> {
    fn new(
        asked: &'a Verify,
        now_s: i64,
        stop: &'a Arc<AtomicBool>,
    ) -> Result<Judge<'a>, Vec<Diagnostic>> {
        let metered = asked.metrics == Some(MetricsFrom::Live);
        let aws = match remote::way(&asked.input)? {
            None if metered => Some(remote::aws(&asked.input.aws)?),
            way => way,
        };
        Ok(Judge {
            asked,
            window: asked.input.window(now_s),
            aws,
            stop,
            before: None,
        })
    }

    /// Everything from sources to a verdict. What has not changed since the last look is not read again.
    fn look(&mut self, now_s: i64) -> Result<Evidence, Vec<Diagnostic>> {
        let asked = self.asked;
        let (policy, mut warnings) = load::policy(asked.policy.as_deref())?;
        let live = remote::topologies(&asked.input, self.aws.as_ref(), now_s)?;
        let world = load::world(
            &asked.input.topologies,
            &asked.input.ranges,
            &live.documents,
        )?;
        let remote = remote::sources(&asked.input, self.aws.as_ref(), &world, self.window, now_s);
        let listed = ingest::list(&asked.input.sources, remote.as_ref())?;
        let listing: Vec<_> = listed.inputs.iter().map(Input::identity).collect();
        let told =
            |(_, size, etag): &(_, Option<u64>, Option<String>)| size.is_some() && etag.is_some();
        let still = asked.metrics.is_none() && listing.iter().all(told);
        if let Some(before) = &self.before
            && still
            && before.listing == listing
            && before.topology == live.shape()
            && !waits_for_the_clock(&before.evidence)
        {
            return Ok(before.evidence.clone());
        }
        let counters = metrics::of(asked, self.aws.as_ref(), &world, self.window, now_s)?;
        let mut plan = Plan::new(&world, &policy, self.window);
        if let Some((metrics, said)) = &counters {
            warnings.extend_from_slice(said);
            plan = plan.metered(metrics);
        }
        let projection = classify::row::columns().union(Plan::columns());
        let options = pipeline::read_options(&asked.input, &world, projection, self.stop)?;
        let progress = Progress::new(pipeline::total_bytes(&listed.inputs), asked.speech.quiet);
        let (tally, inputs) = pipeline::weigh(&listed.inputs, &options, &world, &plan, &progress);
        progress.finish();
        if self.stop.load(Ordering::SeqCst) {
            return Err(vec![interrupted()]);
        }
        let topology = live.shape();
        let run = Run {
            inputs,
            diagnostics: [warnings, live.notes, listed.notes].concat(),
            generated_at: rfc3339(now_s),
            delivery: listed.delivery_s.map(|takes_s| Delivery {
                listed_s: now_s,
                takes_s,
            }),
        };
        let evidence =
            conclude(&plan, tally, run).map_err(|error| vec![bug(&error.to_string())])?;
        self.before = Some(Look {
            listing,
            topology,
            evidence: evidence.clone(),
        });
        Ok(evidence)
    }

    /// What AWS was asked, in one line.
    fn say_requests(&self, console: Console) {
        if let Some(aws) = &self.aws {
            console.note(&remote::summary(aws));
        }
    }
}

/// Whether time alone may change the verdict: records that were on their way when they were looked for.
fn waits_for_the_clock(evidence: &Evidence) -> bool {
    evidence.window.until_from == "delivery" || evidence.window.due.is_some()
}

/// The complaint about Ctrl-C.
pub fn interrupted() -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "interrupted",
        "interrupted before everything was read",
        "a verdict on a part would say nothing of the rest, so there is none, and no output was written",
        "run it again",
    )
}

fn bug(message: &str) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "records-unaccounted",
        message,
        "a record that is lost, or counted twice, could be the witness",
        "please report it, with the command and, if you can, the logs",
    )
}

/// Says what is wrong with inputs: the first few, and how many more.
pub fn say_inputs(inputs: &[InputReport], console: Console) {
    let all = inputs.iter().flat_map(|input| &input.diagnostics);
    console.say_all(all.clone().take(SAID_MAX));
    let more = all.count().saturating_sub(SAID_MAX);
    if more > 0 {
        console.say(
            &Diagnostic::new(
                Severity::Warning,
                "more-complaints",
                format!("{more} more complaints about inputs"),
                "each of them weighs on the verdict like those above",
                "see `inputs` in the evidence: --evidence FILE",
            )
            .at(Location::source("inputs")),
        );
    }
}

/// Writes everything that was asked for: all outputs are made before the first one appears.
fn write(asked: &Verify, evidence: &Evidence, console: Console) -> Outcome {
    let mut outputs: Vec<(Target, Vec<u8>)> = Vec::new();
    for to in asked.reports() {
        let style = style_of(asked, &to.target);
        match report::render(evidence, to.format, style) {
            Ok(bytes) => outputs.push((to.target, bytes)),
            Err(error) => {
                console.say(&output::failed(&to.target, &io::Error::other(error)));
                return Outcome::NoVerdict;
            }
        }
    }
    if let Some(target) = &asked.evidence {
        match report::render(evidence, report::Format::Json, Style::default()) {
            Ok(bytes) => outputs.push((target.clone(), bytes)),
            Err(error) => {
                console.say(&output::failed(target, &io::Error::other(error)));
                return Outcome::NoVerdict;
            }
        }
    }
    // Stdout comes last: what is written there cannot be taken back if a file then fails.
    outputs.sort_by_key(|(target, _)| matches!(target, Target::Stdout));
    let mut ready = Vec::new();
    for (target, bytes) in outputs {
        let written =
            Output::create(&target).and_then(|mut out| out.write_all(&bytes).map(|()| out));
        match written {
            Ok(out) => ready.push((target, out)),
            Err(error) if output::is_broken_pipe(&error) => {}
            Err(error) => {
                console.say(&output::failed(&target, &error));
                return Outcome::NoVerdict;
            }
        }
    }
    for (target, out) in ready {
        match out.commit() {
            Err(error) if !output::is_broken_pipe(&error) => {
                console.say(&output::failed(&target, &error));
                return Outcome::NoVerdict;
            }
            Ok(()) | Err(_) => {}
        }
    }
    evidence.verdict.into()
}

fn style_of(asked: &Verify, target: &Target) -> Style {
    use std::io::IsTerminal;
    let terminal = matches!(target, Target::Stdout) && io::stdout().is_terminal();
    let width = match (
        terminal,
        std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok()),
    ) {
        (true, Some(columns)) => columns,
        (true, None) | (false, _) => Style::default().width,
    };
    Style {
        width,
        color: asked.speech.color.enabled(terminal),
    }
}
