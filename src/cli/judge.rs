//! From everything that a verdict rests on to the evidence: the one way, for who makes it (`verify`) and who checks it (`check`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flowproof::classify;
use flowproof::diag::{Diagnostic, Severity};
use flowproof::ingest::Input;
use flowproof::model::evidence::Evidence;
use flowproof::model::metrics::Metrics;
use flowproof::model::window::Window;
use flowproof::policy::Policy;
use flowproof::topology::World;
use flowproof::verify::{Delivery, Plan, Run, conclude};

use super::args;
use super::pipeline;
use super::progress::Progress;

/// Everything that a verdict rests on.
pub struct Case<'a> {
    /// How logs are read: format, threads, memory. Nothing else of it counts.
    pub how: &'a args::Input,
    pub world: &'a World,
    pub policy: &'a Policy,
    pub metrics: Option<&'a Metrics>,
    /// As it was asked for.
    pub window: Window,
    /// Sorted by uri.
    pub inputs: &'a [Input],
    /// What has been said on the way here.
    pub said: Vec<Diagnostic>,
    /// Now, RFC 3339.
    pub generated_at: String,
    /// No progress is shown.
    pub quiet: bool,
}

/// Reads, classifies and weighs every input, and concludes. `delivery`: what is still on its way, as far as the plan matters to it.
///
/// # Errors
/// A `--log-format` that is none; an interrupted run; sums that do not add up.
pub fn judge(
    case: Case<'_>,
    delivery: impl FnOnce(&Plan<'_>) -> Option<Delivery>,
    stop: &Arc<AtomicBool>,
) -> Result<Evidence, Vec<Diagnostic>> {
    let mut plan = Plan::new(case.world, case.policy, case.window);
    if let Some(metrics) = case.metrics {
        plan = plan.metered(metrics);
    }
    let projection = classify::row::columns().union(Plan::columns());
    let options = pipeline::read_options(
        case.how,
        case.world,
        pipeline::Fate::Weighed(projection),
        stop,
    )?;
    let progress = Progress::new(pipeline::total_bytes(case.inputs), case.quiet);
    let (tally, inputs) = pipeline::weigh(case.inputs, &options, case.world, &plan, &progress);
    progress.finish();
    if stop.load(Ordering::SeqCst) {
        return Err(vec![interrupted()]);
    }
    let run = Run {
        inputs,
        diagnostics: case.said,
        generated_at: case.generated_at,
        delivery: delivery(&plan),
    };
    conclude(&plan, tally, run).map_err(|error| vec![bug(&error.to_string())])
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
