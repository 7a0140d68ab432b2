//! The command line: what was asked, where outputs go, how the run ends. Bin only; judges nothing.

pub mod args;
pub mod args_evidence;
#[cfg(feature = "sql")]
pub mod args_query;
pub mod bundle;
pub mod check;
pub mod classify;
pub mod console;
pub mod deliver;
pub mod exit;
pub mod explain;
pub mod explain_lines;
pub mod interrupt;
pub mod judge;
pub mod load;
mod memory;
pub mod metrics;
pub mod output;
pub mod parse;
pub mod pipeline;
pub mod progress;
#[cfg(feature = "sql")]
pub mod query;
#[cfg(feature = "sql")]
pub mod query_answer;
#[cfg(feature = "sql")]
pub mod query_complete;
#[cfg(feature = "sql")]
pub mod query_shell;
#[cfg(feature = "sql")]
pub mod query_sources;
pub mod recompute;
pub mod rejoin;
pub mod remote;
pub mod report;
pub mod rests;
pub mod shell;
pub mod signing;
pub mod snapshot;
pub mod state;
pub mod topology;
pub mod unbundle;
pub mod values;
pub mod verify;
pub mod wait;

use std::io::{self, Write};

/// Sets how many threads work; by default one a processor. Without effect if a pool is there already.
pub fn pool(threads: Option<u16>) {
    memory::keep();
    let threads = threads.map_or(0, usize::from);
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global();
}

/// Runs the command; a panic is our bug, said as such, and no verdict.
pub fn guarded(run: impl FnOnce() -> exit::Outcome + std::panic::UnwindSafe) -> exit::Outcome {
    std::panic::set_hook(Box::new(|panic| {
        if !flowproof::ingest::panic_is_caught() {
            // Where stderr is closed too, the exit code says it.
            let _ = writeln!(
                io::stderr(),
                "error: flowproof failed, so there is no verdict: {panic}\n help: please report it, with the command"
            );
        }
    }));
    std::panic::catch_unwind(run).unwrap_or_else(|_| {
        output::remove_unfinished();
        exit::Outcome::NoVerdict
    })
}
