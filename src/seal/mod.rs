//! Evidence after it was written: does it agree with itself, with what it rests on, with a signature; joined to longer windows, and
//! remembered from run to run.
//!
//! ```text
//! bytes ──read──▶ Evidence ──consistent──▶ complaints       Evidence ──statement──▶ payload ──dsse + key──▶ envelope
//! what it rests on ──pairing──▶ names as in the evidence    two of one thing ──difference──▶ JSON paths
//! Evidence of days ──join──▶ Evidence of a month            State, clock ──next──▶ window to verify
//! ```
//!
//! In: bytes and values. Out: complaints, evidence, or what the next run has to cover. Only the file of `--state` is opened here, and
//! nothing is judged: who recomputes a verdict does it with the very function that made it, in `cli`, and a joined verdict follows from
//! the witnesses and obligations that the parts have.
//!
//! To add a rule of consistency: its check in `consistent` (or the part of it that it belongs to), and a row in its tests that
//! breaks this rule only.

mod claims;
pub mod consistent;
pub mod difference;
pub mod dsse;
pub mod join;
pub mod key;
pub mod manifest;
pub mod pairing;
pub mod read;
#[cfg(test)]
mod samples;
pub mod state;
pub mod statement;
mod sums;

pub use consistent::consistent;
pub use read::read;
