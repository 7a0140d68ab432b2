//! What a topology alone says, before any traffic: where it would go, which claims that could break, what is not in order.
//!
//! It is a statement about configuration and no verdict. Schema `flowproof.topology-check/v1`.

use serde::Serialize;

use crate::model::evidence::TopologyReport;
use crate::model::path::{Exit, Path};

/// The schema's name; a change that breaks readers changes it.
pub const SCHEMA: &str = "flowproof.topology-check/v1";

/// A topology, looked over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Survey {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Time of the ip-ranges.json that names public addresses.
    pub ip_ranges_created_at: String,
    /// What was read, by digest.
    pub topologies: Vec<TopologyReport>,
    /// Whether no error was found in it; with one, anything said here may be wrong.
    pub whole: bool,
    /// By id.
    pub vpcs: Vec<VpcSurvey>,
}

/// One VPC, as the latest snapshot has it that knows its route tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct VpcSurvey {
    /// `vpc-…`
    pub vpc: String,
    /// Its tag `Name`.
    pub name: Option<String>,
    /// Its Region.
    pub region: Option<String>,
    /// When the snapshot was taken.
    pub captured_at: Option<String>,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// By the id of the table.
    pub tables: Vec<TableSurvey>,
    /// In the policy's order.
    pub claims: Vec<ClaimSurvey>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Traffic is lost, or takes another way than the endpoint that is there for it.
    Problem,
    /// It works, and is not as tight or as safe as it could be.
    Advice,
    /// The topology does not say.
    NotKnown,
}

/// Something that is not in order, or cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What is found, in one word: `endpoint-private-dns-off`.
    pub id: &'static str,
    /// What it is about: `vpce-…`, `rtb-…`, `nat-…`
    pub resource: String,
    /// What is so.
    pub message: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do; commands of the AWS CLI are meant to be read before they are run.
    pub help: String,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SubnetShown {
    /// `subnet-…`
    pub id: String,
    /// Its tag `Name`.
    pub name: Option<String>,
    /// Interfaces in it that are no endpoint's and no gateway's.
    pub workloads: usize,
}

/// Where a route table sends whatever leaves its subnets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableSurvey {
    /// `rtb-…`, or `-` if the topology has none for them.
    pub table: String,
    /// Its tag `Name`.
    pub name: Option<String>,
    /// Subnets that use it, by id.
    pub subnets: Vec<SubnetShown>,
    /// One a kind of traffic and way, sorted.
    pub permits: Vec<Permit>,
}

/// Where a route table sends one kind of traffic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Permit {
    /// `internet IPv4`, `s3`, `s3 elsewhere IPv6`, `sqs endpoint`, `private IPv4` …
    pub to: String,
    /// The way.
    pub path: Path,
    /// The rule, or why there is none.
    pub basis: &'static str,
    /// Gateway, or `-`.
    pub via: String,
    /// Where it leaves in the end.
    pub exit: Exit,
    /// The first address that goes this way.
    pub example: String,
}

/// Whether the routes let a claim be broken. Worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prospect {
    /// There is a way that the claim does not allow.
    CanBeBroken,
    /// There is a way that may not be allowed, or an address that may be what the claim is about.
    MayBeBroken,
    /// The topology does not tell the way.
    NotKnown,
    /// Every way there is allowed.
    AllowedWaysOnly,
    /// There is no way at all.
    NoRoute,
}

/// One claim in one VPC.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimSurvey {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// One a route table whose subnets it is about, in the order of the tables.
    pub tables: Vec<ProspectOfTable>,
}

/// What a table's routes mean for a claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProspectOfTable {
    /// `rtb-…`
    pub table: String,
    /// Subnets that the claim is about, by id.
    pub subnets: Vec<SubnetShown>,
    /// Whether it can be broken there.
    pub prospect: Prospect,
    /// Ways that could break it, worst first; of allowed ones, which those are.
    pub ways: Vec<ProspectWay>,
}

/// A way that a claim's traffic could take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ProspectWay {
    /// What it does to the claim.
    pub prospect: Prospect,
    /// The way.
    pub path: Path,
    /// The rule, or why there is none.
    pub basis: &'static str,
    /// Gateway, or `-`.
    pub via: String,
    /// Where it leaves in the end.
    pub exit: Exit,
    /// Sorts of traffic that go this way, sorted.
    pub to: Vec<String>,
    /// The first address of the first of them.
    pub example: String,
}
