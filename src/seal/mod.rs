//! Evidence that others can check: whether it agrees with itself, with what it rests on, and with a signature over it.
//!
//! ```text
//! bytes ──read──▶ Evidence ──consistent──▶ complaints       Evidence ──statement──▶ payload ──dsse + key──▶ envelope
//! what it rests on ──pairing──▶ names as in the evidence    two of one thing ──difference──▶ JSON paths
//! ```
//!
//! In: bytes and values. Out: complaints. No file is opened and nothing is judged here: who recomputes a verdict does it with the
//! very function that made it, in `cli`.
//!
//! To add a rule of consistency: its check in `consistent` (or the part of it that it belongs to), and a row in its tests that
//! breaks this rule only.

mod claims;
pub mod consistent;
pub mod difference;
pub mod dsse;
pub mod key;
pub mod manifest;
pub mod pairing;
pub mod read;
pub mod statement;
mod sums;

pub use consistent::consistent;
pub use read::read;
