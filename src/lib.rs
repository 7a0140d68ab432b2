//! Reads AWS VPC Flow Logs, says which way every flow went, and proves or refutes that traffic stayed private.
//!
//! ```text
//!  files, stdin ──ingest──▶ FlowBatch ──classify──▶ Tags ──verify──▶ Evidence ──report──▶ text, JSON, CSV
//!                 (ledger)               ▲                  ▲
//!                               topology: routes,      policy: claims,
//!                               interfaces, ranges     exceptions, scope
//! ```
//!
//! Data flows one way. The promise that every line serves: **a verdict is never better than the evidence.** What cannot be
//! read is counted and weighs; what cannot be known is called unknown; thread count, file order and output format
//! never change the answer.

pub mod aws;
pub mod classify;
pub mod diag;
pub mod explain;
pub mod ingest;
pub mod model;
pub mod policy;
pub mod report;
pub mod seal;
pub mod topology;
pub mod verify;
