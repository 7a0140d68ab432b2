//! Reads logs: in go SOURCE words, out come [`FlowBatch`](crate::model::batch::FlowBatch)es and one
//! [`InputReport`](crate::model::evidence::InputReport) an input.
//!
//! ```text
//!  list ─▶ Input ─▶ stream (sha256, gunzip) ─▶ sniff ─▶ text ───┐
//!                                                 ├───▶ json ───┤ lines         ┌─▶ FlowBatch
//!                                                 │             ▼               │
//!                                                 │          records ─▶ shape ──┤
//!                                                 │             ▲               │
//!                                                 └─▶ parquet ──┘ rows          └─▶ ledger ─▶ InputReport
//! ```
//!
//! Text in AWS's own form takes a short cut: `marks` finds where its values end, and `run` reads 64 lines column by column. Whatever is odd
//! goes the way above, which alone says what is wrong with it.
//!
//! Whatever the encoding, a record goes through the same `shape` and the same `ledger`: `flows + nodata + skipdata +
//! set aside == rows`, always. What cannot be read makes the input "not whole"; what cannot be parsed is set aside, counted
//! and shown. Nothing is judged here.
//!
//! To add a source: 1. a file with an [`Opener`] and a `list`; 2. its scheme in [`list`]. To add an encoding: 1. a
//! decoder that feeds `records`; 2. its magic in `sniff`; 3. its arm in `reader`.

mod alike;
mod cloudwatch;
mod complaint;
mod decoder;
mod error;
mod export;
mod failure;
mod file;
mod gunzip;
mod header;
mod inflate;
mod json;
mod json_grammar;
mod json_scan;
mod ledger;
mod lines;
mod marks;
mod number;
mod opener;
mod options;
mod parquet;
mod parquet_cells;
mod parquet_columns;
mod parquet_footer;
mod parquet_pages;
mod pieces;
mod quads;
pub mod raw;
mod reader;
mod records;
mod remote;
mod run;
mod s3;
mod shape;
mod sniff;
mod source;
mod spare;
mod stream;
mod text;
mod window;

#[cfg(test)]
mod early_ends;
#[cfg(test)]
mod json_inputs;
#[cfg(test)]
mod parquet_inputs;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod wholeness;

pub use error::Error;
pub use gunzip::Gunzip;
pub use options::{Limits, ReadOptions};
pub use parquet_footer::panic_is_caught;
pub use reader::InputReader;
pub use remote::{Destination, GroupLog, Listed, Remote};
pub use source::{Input, LONGEST_DELIVERY_S, Opener, Ranges, Stamp, delivery_s, is_remote, list};
pub use spare::Spare;
