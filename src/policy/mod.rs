//! What is claimed: a TOML text in, claims, exceptions and scope out, every complaint with line and column.
//!
//! ```text
//! text ──section──▶ raw (keys, types, presence) ──words──▶ valid (meaning) ──▶ Policy, warnings
//! ```
//!
//! To add a key: its name in the key list of `raw`, a field there, its meaning in `words`, a field here, a row in the tests.

mod complain;
mod network;
mod place;
mod raw;
mod section;
mod valid;
mod words;

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::diag::{Diagnostic, Location, Severity};
use crate::model::address::Block;
use crate::model::name::hex;
use crate::model::path::{Exit, Path};

/// The text of [`built_in`].
pub const BUILT_IN: &str = include_str!("built-in.toml");

/// What is claimed, of whose traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The file, or `built-in`.
    pub source: String,
    /// Of its bytes, in lower-case hex.
    pub sha256: String,
    /// How a REJECTed flow counts.
    pub rejected: Rejected,
    /// Whose traffic is judged.
    pub scope: Scope,
    /// Longest time without a record, in seconds; `None`: as the flow log's aggregation interval has it.
    pub max_silence_s: Option<i64>,
    /// At least one, in the order of the text, with unique ids.
    pub claims: Vec<Claim>,
    /// In the order of the text.
    pub exceptions: Vec<Exception>,
}

/// How a flow that a security group or ACL rejected counts against a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rejected {
    /// It is reported, and breaks nothing: it did not get through.
    #[default]
    Attempt,
    /// It breaks the claim like an accepted one.
    Violation,
    /// It is not looked at.
    Ignore,
}

impl Rejected {
    /// The word as it stands in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rejected::Attempt => "attempt",
            Rejected::Violation => "violation",
            Rejected::Ignore => "ignore",
        }
    }
}

/// Whose traffic is judged. Every key narrows; an empty one does not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// `vpc-…`
    pub vpcs: Vec<String>,
    /// `subnet-…`
    pub subnets: Vec<String>,
    /// `eni-…`
    pub interfaces: Vec<String>,
    /// Addresses of workloads.
    pub cidrs: Vec<Block>,
    /// Tags by name, sorted; each has one of the values.
    pub tags: Vec<(String, Vec<String>)>,
}

impl Scope {
    /// Whether it narrows nothing: every interface of the topology is judged.
    pub fn is_default(&self) -> bool {
        *self == Scope::default()
    }
}

/// What is asserted of some traffic: it takes an allowed path, or there is none of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Unique in the policy; letters, digits, `.`, `_`, `-`.
    pub id: String,
    /// As written, or made from the claim.
    pub title: String,
    /// Where it stands.
    pub at: Location,
    /// What is reached; at least one, and any of them will do.
    pub to: Vec<To>,
    /// Whose traffic; empty: all in scope.
    pub from: Vec<From>,
    /// Allowed paths, never [`Path::Undetermined`]; empty: none.
    pub allow: Vec<Path>,
    /// Allowed exits, never [`Exit::Unknown`], if they are narrowed.
    pub exits: Option<Vec<Exit>>,
    /// Allowed gateways and endpoints by id, if they are narrowed.
    pub through: Option<Vec<String>>,
    /// Ports at the far end, if they are narrowed.
    pub ports: Option<Vec<u16>>,
    /// As written, by key, for the evidence.
    pub asserts: BTreeMap<String, Vec<String>>,
}

/// What traffic reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// One service, in the form of [`normal_service`](crate::model::name::normal_service).
    Service(String),
    /// Every service of AWS's.
    AnyService,
    /// Anybody's public addresses.
    Internet,
    /// Everything.
    Any,
    /// Private addresses.
    Private,
    /// Addresses.
    Cidr(Block),
    /// `pl-…`
    PrefixList(String),
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            To::Service(name) => write!(f, "service:{name}"),
            To::AnyService => f.write_str("service:*"),
            To::Internet => f.write_str("internet"),
            To::Any => f.write_str("any"),
            To::Private => f.write_str("private"),
            To::Cidr(block) => write!(f, "{}/{}", block.first, block.prefix_len),
            To::PrefixList(id) => f.write_str(id),
        }
    }
}

/// Whose traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// Addresses of workloads.
    Cidr(Block),
    /// `subnet-…`
    Subnet(String),
    /// `eni-…`
    Interface(String),
}

/// Traffic that a claim does not weigh, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// Index into [`Policy::claims`].
    pub claim: usize,
    /// Where it stands.
    pub at: Location,
    /// What is reached; at least one.
    pub to: Vec<To>,
    /// Whose traffic; empty: all that the claim is about.
    pub from: Vec<From>,
    /// Ports at the far end, if they are narrowed.
    pub ports: Option<Vec<u16>>,
    /// For people.
    pub reason: String,
    /// For people.
    pub owner: Option<String>,
    /// The last day on which it excepts; `None`: it has no end.
    pub expires: Option<Expiry>,
}

/// The last day of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// As written: `2026-12-31`.
    pub text: String,
    /// The last second of that day in UTC, Unix time.
    pub last_s: i64,
}

/// Reads a policy; `source` is its name in complaints.
///
/// ```
/// let text = "version = 1\n[[claim]]\nid = 'a'\nto = ['internet']\nallow = []\n";
/// let (policy, warnings) = flowproof::policy::parse("policy.toml", text).unwrap();
/// assert_eq!(policy.claims[0].title, "no traffic to internet");
/// assert!(warnings.is_empty());
/// ```
///
/// # Errors
/// Every complaint, warnings included, in the order of the text, if one of them is an error. After a syntax error or an unknown
/// version nothing else is looked at.
pub fn parse(source: &str, text: &str) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (raw, problems) = raw::read(source, text);
    let mut meaning = valid::Meaning { problems };
    let policy = meaning.policy(raw, source, hex(&Sha256::digest(text.as_bytes())));
    let mut problems = meaning.problems;
    problems.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.cmp(b)));
    let failed = problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    if failed {
        Err(problems)
    } else {
        Ok((policy, problems))
    }
}

/// The policy that stands when none is given: AWS services through endpoints only, and nothing to the internet.
#[expect(
    clippy::expect_used,
    reason = "the text is compiled in, and a test reads it; an empty policy in its place could prove everything"
)]
pub fn built_in() -> Policy {
    let (policy, _) = parse("built-in", BUILT_IN).expect("the built-in policy is a policy");
    policy
}

#[cfg(test)]
mod tests;
