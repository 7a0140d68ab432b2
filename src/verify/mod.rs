//! Weighs classified flows against a policy: witnesses, obligations, verdict, evidence.
//!
//! In: batches with their classes, what is known of each input, the policy, the topology. Out: one [`Evidence`](crate::model::evidence::Evidence).
//!
//! ```text
//! Policy + World ──plan──▶ Plan        batch + classes ──judge──▶ Tally ──merge──▶ Tally ──conclude──▶ Evidence
//! ```
//!
//! A [`Tally`] is what one thread has seen; tallies merge in any order to the same. It knows counts, times, and the worst flows of
//! each kind, so memory does not grow with the records. Nothing is decided before [`conclude()`]: there every obligation is
//! checked, and a claim is proven only if all hold.
//!
//! To add an obligation: 1. what it must know of each flow goes to `tally.rs` and `meaning.rs`, and to `naive.rs`, which says the same record by record; 2. a function in `obligations.rs` and
//! its row in `OBLIGATIONS`, in the contract's order, and its id in `OBLIGATION_IDS` of the evidence; 3. a case in the tests that only this obligation fails.

mod account;
mod conclude;
mod coverage;
mod delivery;
pub mod explain;
mod group;
mod judge;
mod log;
mod meaning;
mod metrics;
#[cfg(test)]
mod naive;
mod obligations;
mod plan;
pub mod prospects;
mod reach;
mod tally;
mod tell;
mod traffic;
mod tri;

#[cfg(test)]
mod tests;

pub use conclude::{Error, Run, conclude};
pub use delivery::{Delivery, way_s};
pub use judge::Weigher;
pub use metrics::{Counted, counted};
pub use plan::Plan;
pub use tally::Tally;

/// What is known of an input before its records are weighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFacts {
    /// Its place in the sorted list of inputs.
    pub index: u32,
    /// The flow log that wrote it, if its name tells.
    pub flow_log: Option<String>,
}
