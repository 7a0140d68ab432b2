//! What the routes of a subnet permit, before any traffic.

use crate::model::path::{Exit, Path};

/// Where a subnet's route table sends one kind of traffic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permit {
    /// `vpc-…`
    pub vpc: String,
    /// `subnet-…`
    pub subnet: String,
    /// `rtb-…`, or `-` if the topology has none for it.
    pub table: String,
    /// `internet IPv4`, `internet IPv6`, or a service.
    pub to: String,
    /// The way.
    pub path: Path,
    /// The rule, or why there is none.
    pub basis: String,
    /// Gateway, or `-`.
    pub via: String,
    /// Where it leaves in the end.
    pub exit: Exit,
}
