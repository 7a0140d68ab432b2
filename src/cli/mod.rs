//! The command line: what was asked, where outputs go, how the run ends. Bin only; judges nothing.

pub mod args;
pub mod console;
pub mod exit;
pub mod interrupt;
pub mod output;
pub mod parse;
pub mod progress;
pub mod shell;
pub mod values;
