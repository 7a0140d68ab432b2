//! What every source at AWS needs: who asks, how much may be asked, and what went wrong.
//!
//! ```text
//!  Ask ─▶ Aws::session ─▶ Session ─┬─▶ the SDK's clients (ingest/s3, ingest/cloudwatch)
//!                                  └─▶ query: signed POST, XML back ─▶ ec2, metrics
//!  every attempt ─▶ Meter (budget, sums)      every failure ─▶ Fault ─▶ Diagnostic
//! ```
//!
//! Async stays inside: a [`Session`] has a runtime of its own to wait on. Nothing is judged here, and nothing is fetched unless a
//! source, a topology or metrics at AWS were asked for by name.

mod ec2;
mod endpoint;
mod fault;
pub mod flow_logs;
mod http;
mod meter;
pub mod metrics;
pub mod query;
mod session;
mod shapes;
mod xml;

pub use ec2::{Snapshot, SnapshotAsk, snapshot};
pub use fault::{Call, Fault, Kind};
pub use meter::{Meter, Spent};
pub(crate) use session::ATTEMPTS_MAX;
pub use session::{Ask, Aws, Session};
