//! Why one flow got its path, and what that means to a policy: plain words, ready to be shown. Schema `flowproof.explanation/v1`.
//!
//! Made by `explain` from what the classifier and the verifier themselves say; a report renders it and decides nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::path::{Exit, Initiator, Path, Realm, Vantage};

/// The schema's name.
pub const SCHEMA: &str = "flowproof.explanation/v1";

/// Everything that is said of a flow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The flow or record, as it was asked for.
    pub asked: String,
    /// What was read to find it.
    pub read: Searched,
    /// Records that match, in the window.
    pub found: u64,
    /// Records whose explanation is the same stand together: the workload's own first, and what breaks a claim before what does not.
    pub kinds: Vec<Kind>,
    /// Matching records whose explanation is not here, because there are more kinds than are kept.
    pub records_left_out: u64,
    /// A line that was asked for by its place and could not be read as a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<SetAside>,
    /// What comes close, if nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<Near>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Searched {
    /// Files, keys or streams.
    pub inputs: u64,
    /// Of them, not read to the end.
    pub inputs_broken: u64,
    /// Lines or rows that are records.
    pub records: u64,
    /// Lines or rows that could not be read: the flow may be among them.
    pub set_aside: u64,
    /// Earliest start and latest end of all records, RFC 3339.
    pub first: Option<String>,
    /// See `first`.
    pub last: Option<String>,
    /// The window that was asked for.
    pub since: Option<String>,
    /// See `since`.
    pub until: Option<String>,
    /// Records that match and end outside that window.
    pub outside_window: u64,
}

/// Records near to what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Near {
    /// Records with both ends and other ports: by the lower of the two ports.
    pub other_ports: BTreeMap<u16, u64>,
    /// One an end that was asked for.
    pub ends: Vec<NearEnd>,
}

/// One of the two ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearEnd {
    /// As it was asked for.
    pub word: String,
    /// Records that have it at either end.
    pub records: u64,
    /// Whose it is.
    pub is: Vec<String>,
}

/// A line that is no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetAside {
    /// The line.
    pub line: Line,
    /// What is wrong with it, as `verify` says it.
    pub complaints: Vec<String>,
}

/// Records that are explained alike, by the newest of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// How many.
    pub records: u64,
    /// Sum of their bytes.
    pub bytes: u64,
    /// Earliest start.
    pub first: Option<String>,
    /// Latest end.
    pub last: Option<String>,
    /// Who opened the connection, by how many of the records show it.
    pub initiators: BTreeMap<Initiator, u64>,
    /// The newest of them.
    pub newest: Vec<Cited>,
    /// The newest, as it was read.
    pub line: Line,
    /// Accepted, rejected, and by what protocol.
    pub said: Vec<(String, String)>,
    /// Whose address is whose.
    pub addresses: Vec<Whose>,
    /// By which topology it was judged.
    pub topology: TopologyUsed,
    /// Who logged it.
    pub logger: String,
    /// `ingress` or `egress`, as the record says, or as the interface's own addresses tell.
    pub direction: Option<&'static str>,
    /// The rules that were asked, in their order; the last one decided.
    pub rules: Vec<RuleSaid>,
    /// How many rules were not asked any more.
    pub rules_left: u64,
    /// The routes for the far end, from the subnet of the interface that logged it.
    pub route: Option<RouteSaid>,
    /// The route of the hop behind: of a NAT gateway's or appliance's own subnet.
    pub onward: Vec<RouteSaid>,
    /// What was made of it.
    pub tag: TagSaid,
    /// What each claim says.
    pub claims: Vec<ClaimSaid>,
    /// Other kinds that are the same packets at other places, by their index here.
    pub also_at: Vec<usize>,
    /// Who may be behind a NAT gateway, if the record does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<Behind>,
    /// What to change.
    pub advice: Vec<Advice>,
}

/// A record by its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cited {
    /// File, key, or `-`.
    pub uri: String,
    /// Line or row, from 1.
    pub line: u64,
    /// RFC 3339.
    pub start: Option<String>,
    /// RFC 3339.
    pub end: Option<String>,
    /// `address:port` as the record has it.
    pub src: String,
    /// See `src`.
    pub dst: String,
    /// As the record has it.
    pub bytes: Option<u64>,
}

/// What stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// File, key, or `-`.
    pub uri: String,
    /// Line or row, from 1.
    pub line: u64,
    /// The bytes as they are, if they are text and can be read again; else the values in the format's order.
    pub text: String,
    /// Whether `text` is the line itself, byte for byte.
    pub raw: bool,
    /// The format in force there.
    pub format: String,
    /// Who says so: `header in line 1`, `--log-format` …
    pub format_from: String,
    /// Each field with its value, in the format's order.
    pub values: Vec<(String, String)>,
}

/// Whose an address is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Whose {
    /// The fields that have it: `srcaddr`, `pkt-dstaddr` …
    pub fields: Vec<String>,
    /// The address.
    pub address: String,
    /// What is known of it.
    pub is: Vec<String>,
}

/// The topology that a record was judged by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TopologyUsed {
    /// File or folder; none if no topology knows the interface or VPC.
    pub source: Option<String>,
    /// When it was taken.
    pub captured_at: Option<String>,
    /// Seconds from then to the record's end; negative if it was taken later.
    pub age_s: Option<i64>,
    /// Account and Region, as far as they are told.
    pub of: Option<String>,
    /// Another one that might be the valid one, and whether it says the same.
    pub contested_by: Option<String>,
    /// What the other one says, if it says otherwise.
    pub other_says: Option<String>,
}

/// One rule of the table, and what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleSaid {
    /// Its name.
    pub rule: &'static str,
    /// What it asks.
    pub asks: &'static str,
    /// What it found to look at.
    pub saw: String,
    /// The path, if it spoke.
    pub says: Option<String>,
}

/// The routes that hold an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteSaid {
    /// Whose table: `subnet-…`, `nat-…`.
    pub of: String,
    /// `rtb-…`
    pub table: String,
    /// The address that was looked up.
    pub to: String,
    /// Where it leads, or why nowhere.
    pub leads: String,
    /// The route that won first, then those that lost.
    pub routes: Vec<RouteRow>,
}

/// One route that holds the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteRow {
    /// Destination, as the table has it: a CIDR, or a prefix list with the block of it that matched.
    pub destination: String,
    /// Gateway.
    pub target: String,
    /// Whether it won.
    pub won: bool,
    /// Why it won or lost.
    pub why: String,
}

/// What the classifier made of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TagSaid {
    /// The way.
    pub path: Path,
    /// The rule or finding that decided.
    pub path_basis: String,
    /// What that means.
    pub basis_means: String,
    /// Gateway or endpoint.
    pub via: Option<String>,
    /// Where it leaves in the end.
    pub exit: Exit,
    /// Whose address the peer's is.
    pub realm: Option<Realm>,
    /// Its service.
    pub service: Option<String>,
    /// Who named it.
    pub service_by: String,
    /// Who logged it.
    pub vantage: Vantage,
    /// Who opened the connection.
    pub initiator: Initiator,
    /// The host whose traffic it is.
    pub workload: Option<String>,
    /// Its interface.
    pub workload_interface: Option<String>,
    /// The interface that logged it.
    pub interface: Option<String>,
    /// The far end.
    pub peer: Option<String>,
    /// Doubts and findings that weigh on a verdict.
    pub doubts: Vec<String>,
}

/// What a record is to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// It breaks the claim.
    Witness,
    /// It would have broken it, and was rejected.
    Attempt,
    /// It may break it: the claim cannot be proven with it.
    Doubt,
    /// The outside of a NAT gateway: a doubt, unless a record of the inside names who is behind.
    Masked,
    /// It keeps it by the route table's word alone, which does not suffice for "proven".
    RouteAlone,
    /// An exception takes it out.
    Excepted,
    /// It keeps the claim.
    Keeps,
    /// The claim is not about it.
    NotAbout,
    /// It ends outside the window.
    OutsideWindow,
}

/// What one claim says of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimSaid {
    /// The claim's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What the record is to it.
    pub weight: Weight,
    /// Why, in the verifier's words.
    pub why: String,
    /// Each question on the way, with its answer: scope, from, reach, path, exception.
    pub asked: Vec<(&'static str, String)>,
    /// Obligations that it weighs on, with how.
    pub weighs_on: Vec<(&'static str, String)>,
}

/// What one can do about it. Never done by the tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What is so, and what would change it.
    pub says: String,
    /// The AWS CLI's command for it, where there is no doubt about it.
    pub command: Option<String>,
}

/// Who may be behind a NAT gateway. An inference: it proves nothing, and no verdict uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Behind {
    /// What the record hides: `workload` or `far end`.
    pub hides: &'static str,
    /// Whom the evidence points to, if to one alone.
    pub inferred: Option<String>,
    /// Why that one, or why none.
    pub why: String,
    /// All that fit, best first.
    pub candidates: Vec<Candidate>,
    /// Others that were not kept.
    pub candidates_left_out: u64,
}

/// One that may be behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its address.
    pub address: String,
    /// Whose that is.
    pub is: Vec<String>,
    /// Records that show it: its own, or the inside of the gateway.
    pub seen_at: Vec<Vantage>,
    /// Records of it that overlap in time.
    pub records: u64,
    /// Of them, with the very packets and bytes.
    pub same_counts: u64,
    /// The longest that one of them overlaps, in seconds.
    pub overlap_s: i64,
    /// The record that fits best.
    pub uri: String,
    /// Its line.
    pub line: u64,
}
