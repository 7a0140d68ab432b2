//! CloudWatch's byte counters against the records: traffic without records, and records without traffic.
//!
//! ```text
//! World ──gateways──▶ Gateway ─┐                      ┌─▶ obligation `metrics-agree`
//! Metrics (a file, or live) ───┴─▶ Metering ─▶ compare┤
//! records at the gateways' own interfaces ─observe─▶ Metered (bytes by bucket) ┘ └─▶ evidence
//! ```
//!
//! Nothing here costs anything unless metrics were given. A counter that is not in the metrics is not zero: it is missing.

mod agree;
mod compare;
mod gateways;
mod metered;
mod observe;

pub(super) use agree::metrics_agree;
pub(super) use compare::report;
pub(super) use gateways::Metering;
pub use gateways::{Counted, counted};
pub(super) use metered::Metered;
pub(super) use observe::Observer;
