//! The command line: what was asked, where outputs go, how the run ends. Bin only; judges nothing.

pub mod args;
pub mod classify;
pub mod console;
pub mod exit;
pub mod interrupt;
pub mod load;
pub mod output;
pub mod parse;
pub mod pipeline;
pub mod progress;
pub mod shell;
pub mod topology;
pub mod values;
pub mod verify;

/// Sets how many threads work; by default one a processor. Without effect if a pool is there already.
pub fn pool(threads: Option<u16>) {
    let threads = threads.map_or(0, usize::from);
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global();
}
