//! `flowproof topology check`: what the routes alone permit, before any traffic.

use flowproof::classify::permits::permits;
use flowproof::diag::Severity;
use flowproof::model::window::Window;
use flowproof::report::permits::render;
use flowproof::verify::Plan;

use super::args::Check;
use super::console::Console;
use super::exit::Outcome;
use super::{load, shell};

/// Runs the command: 0, or 2 if the topology or policy cannot be read or is not whole.
pub fn run(asked: &Check) -> Outcome {
    let console = Console::new(asked.speech);
    let loaded = load::world(&asked.topologies, &asked.ranges, &[])
        .and_then(|world| load::policy(asked.policy.as_deref()).map(|policy| (world, policy)));
    let (world, (policy, warnings)) = match loaded {
        Ok(loaded) => loaded,
        Err(problems) => {
            console.say_all(&problems);
            return Outcome::NoVerdict;
        }
    };
    let plan = Plan::new(&world, &policy, Window::ALL);
    console.say_all(
        warnings
            .iter()
            .chain(&plan.diagnostics)
            .chain(&world.diagnostics),
    );
    let whole = world
        .diagnostics
        .iter()
        .all(|diagnostic| diagnostic.severity != Severity::Error);
    match shell::written(render(&permits(&world)).as_bytes()) {
        Outcome::Done if !whole => Outcome::NoVerdict,
        outcome => outcome,
    }
}
