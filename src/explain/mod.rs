//! Says of one flow why it got its path, and what that means to a policy, step by step.
//!
//! In: what was asked, batches, topology, plan. Out: one [`Explanation`](crate::model::explanation::Explanation). Every answer is that of the
//! code that decides: rules are asked by `classify::trace`, routes by `topology::weighed`, claims by `verify::explain`. Here they are put into
//! words and in an order.
//!
//! ```text
//! "SRC DST [PORT]" ──asked──▶ Asked      batch ──find──▶ Found ──merge──▶ Found ──making──▶ Explanation
//!                                       batch ──behind──▶ Candidates, only if a NAT gateway hides an end ──┘
//! ```
//!
//! Memory is bounded: [`find::Found`] keeps one record of each kind, and of kinds at most [`find::KINDS_MAX`].
//! What is inferred is marked as inference, and no verdict ever sees it.

mod advice;
pub mod asked;
pub mod behind;
pub mod find;
pub mod making;
mod names;
mod routes;
mod whose;

#[cfg(test)]
mod tests;

use crate::topology::World;
use crate::verify::Plan;

/// What everything is asked of.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The network.
    pub world: &'a World,
    /// The policy, resolved.
    pub plan: &'a Plan<'a>,
}
