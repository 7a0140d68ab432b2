//! `flowproof verify`: everything from sources to a verdict.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flowproof::diag::{Diagnostic, Location, Severity};
use flowproof::ingest;
use flowproof::model::evidence::{Evidence, InputReport};
use flowproof::report::{self, Style};
use flowproof::verify::{Plan, Run, conclude};
use flowproof::{classify, model::window::rfc3339};

use super::args::Verify;
use super::console::Console;
use super::exit::Outcome;
use super::output::{self, Output};
use super::progress::Progress;
use super::values::Target;
use super::{load, metrics, pipeline, remote};

/// Complaints about inputs that are printed; the evidence has them all.
const SAID_MAX: usize = 20;

/// Runs the command.
pub fn run(asked: &Verify, now_s: i64, stop: &Arc<AtomicBool>) -> Outcome {
    let console = Console::new(asked.speech);
    match judge(asked, now_s, stop, console) {
        Ok(evidence) => write(asked, &evidence, console),
        Err(problems) => {
            console.say_all(&problems);
            Outcome::NoVerdict
        }
    }
}

fn judge(
    asked: &Verify,
    now_s: i64,
    stop: &Arc<AtomicBool>,
    console: Console,
) -> Result<Evidence, Vec<Diagnostic>> {
    let (policy, mut warnings) = load::policy(asked.policy.as_deref())?;
    let world = load::world(&asked.input.topologies, &asked.input.ranges)?;
    let remote = remote::sources(&asked.input, None, &world, now_s)?;
    let inputs = ingest::list(&asked.input.sources, remote.as_ref())?.inputs;
    let window = asked.input.window(now_s);
    let counters = metrics::of(asked, None, &world, window, now_s)?;
    let mut plan = Plan::new(&world, &policy, window);
    if let Some((metrics, said)) = &counters {
        warnings.extend_from_slice(said);
        plan = plan.metered(metrics);
    }
    let projection = classify::row::columns().union(Plan::columns());
    let options = pipeline::read_options(&asked.input, &world, projection, stop)?;
    let progress = Progress::new(pipeline::total_bytes(&inputs), asked.speech.quiet);
    let (tally, inputs) = pipeline::weigh(&inputs, &options, &world, &plan, &progress);
    progress.finish();
    if stop.load(Ordering::SeqCst) {
        return Err(vec![interrupted()]);
    }
    let run = Run {
        inputs,
        diagnostics: warnings,
        generated_at: rfc3339(now_s),
    };
    let evidence = conclude(&plan, tally, run).map_err(|error| vec![bug(&error.to_string())])?;
    console.say_all(&evidence.diagnostics);
    say_inputs(&evidence.inputs, console);
    Ok(evidence)
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
        match report::render(evidence, to.format.into(), style) {
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
