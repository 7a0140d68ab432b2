//! The evidence: the one document from which every report is rendered. Schema `flowproof.evidence/v1`.
//!
//! The same records give the same bytes, whatever the threads, the order of files, or how records are cut into files:
//! all that depends on the cut stands in [`Evidence::inputs`]. Only [`Evidence::generated_at`] knows the clock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Location};
use crate::model::path::{Exit, Initiator, Path, Realm, Vantage, Verdict};

/// The schema's name; a change that breaks readers changes it.
pub const SCHEMA: &str = "flowproof.evidence/v1";

/// Everything that must hold before "proven", in the order of the contract.
pub const OBLIGATION_IDS: [&str; 9] = [
    "no-unknown-path",
    "interfaces-logged",
    "no-silence",
    "no-skipdata",
    "inputs-whole",
    "fields-suffice",
    "services-known",
    "topology-fits",
    "metrics-agree",
];

/// Everything that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which tool, and which ip-ranges.json.
    pub tool: Tool,
    /// When this document was made; ignored by whoever compares.
    pub generated_at: String,
    /// The time that the verdict is about.
    pub window: WindowReport,
    /// The evidences that were joined to this one, by time; empty for what was judged in one run.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub parts: Vec<PartReport>,
    /// Whose traffic was judged.
    pub scope: ScopeReport,
    /// The verdict of the worst claim.
    pub verdict: Verdict,
    /// One a claim, in the order of the policy.
    pub claims: Vec<ClaimReport>,
    /// What was read.
    pub totals: Totals,
    /// One an interface in scope, by id.
    pub coverage: Vec<InterfaceCoverage>,
    /// CloudWatch's counters beside the records, if metrics were given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub metrics: Option<MetricsReport>,
    /// What was read from where; all that depends on how records are cut into files stands here.
    pub inputs: Vec<InputReport>,
    /// The topologies, by digest.
    pub topologies: Vec<TopologyReport>,
    /// The policy.
    pub policy: PolicyReport,
    /// Complaints that are not about a place in an input.
    pub diagnostics: Vec<Diagnostic>,
}

/// Which tool made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// `flowproof`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The published ranges that named public addresses.
    pub ip_ranges: RangesReport,
}

/// An ip-ranges.json.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RangesReport {
    /// `built-in` or the file.
    pub source: String,
    /// AWS's createDate, RFC 3339.
    pub created: String,
    /// Of the JSON, unzipped.
    pub sha256: String,
}

/// The window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowReport {
    /// First second, RFC 3339; `None` if there was neither a question nor a record.
    pub since: Option<String>,
    /// First second after it.
    pub until: Option<String>,
    /// `asked` (--since/--until) or `records` (from the first start to the last end).
    pub since_from: String,
    /// As `since_from`; or `delivery`: later records were there, but others of their time may be on their way.
    pub until_from: String,
    /// When the last records of the window should have come, if they were looked for before, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<String>,
}

/// An evidence that was joined with others to a longer window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartReport {
    /// First second, RFC 3339.
    pub since: String,
    /// First second after it.
    pub until: String,
    /// What was proven of it.
    pub verdict: Verdict,
    /// Of the document, as flowproof writes it.
    pub sha256: String,
}

/// Whose traffic was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScopeReport {
    /// In words.
    pub description: String,
    /// Interfaces of the topology in it.
    pub interfaces: u64,
}

/// What is said of a claim, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimReport {
    /// From the policy.
    pub id: String,
    /// From the policy, or made from the claim.
    pub title: String,
    /// What is said of it.
    pub verdict: Verdict,
    /// Where it stands in the policy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Location>,
    /// What it says, as written: `to`, `from`, `allow`, `exits`, `through`, `ports`.
    pub asserts: BTreeMap<String, Vec<String>>,
    /// Accepted flows in the claim's reach, at every vantage; excepted ones are not among them.
    pub flows_checked: u64,
    /// Flows that break it.
    pub witnesses: FlowGroup,
    /// Everything that must hold before "proven", in the order of the contract.
    pub obligations: Vec<Obligation>,
    /// Rejected flows that would have broken it.
    pub attempts: FlowGroup,
    /// What was excepted, by exception.
    pub exceptions: Vec<ExceptionReport>,
    /// Of a violated claim: where to look first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<String>,
}

/// Flows of one kind: counted whole, shown in part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlowGroup {
    /// Records, at every vantage.
    pub count: u64,
    /// Bytes at the one vantage named by `counted_at`: packets are logged at every interface that they cross.
    pub bytes: u64,
    /// The vantage nearest to the workload that has any of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counted_at: Option<Vantage>,
    /// Earliest start, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<String>,
    /// Latest end, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last: Option<String>,
    /// By way and vantage, most bytes first.
    pub by: Vec<FlowsBy>,
    /// The worst, by bytes: bounded, and the same every run.
    pub sample: Vec<FlowSample>,
}

/// A share of a [`FlowGroup`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowsBy {
    /// The way.
    pub path: Path,
    /// Gateway, if known.
    pub via: Option<String>,
    /// Where it leaves.
    pub exit: Exit,
    /// What it reached, if known.
    pub service: Option<String>,
    /// Who logged it.
    pub vantage: Vantage,
    /// Records.
    pub count: u64,
    /// Bytes.
    pub bytes: u64,
}

/// One flow, shown. Ordered by bytes, most first, then by what it says: the same order every run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FlowSample {
    /// The `bytes` field; 0 if it is missing.
    #[serde(with = "reversed")]
    pub bytes: Reverse<u64>,
    /// Unix seconds.
    pub start: Option<i64>,
    /// Unix seconds.
    pub end: Option<i64>,
    /// Who logged it.
    pub interface: String,
    /// The host whose traffic it is.
    pub workload: Option<String>,
    /// Port at the workload's end.
    pub workload_port: Option<u16>,
    /// Its interface.
    pub workload_interface: Option<String>,
    /// The far end.
    pub peer: Option<String>,
    /// Port at the far end.
    pub peer_port: Option<u16>,
    /// IANA number.
    pub protocol: Option<u8>,
    /// `ACCEPT`, `REJECT` or missing.
    pub action: Option<String>,
    /// The way.
    pub path: Path,
    /// The rule that decided.
    pub path_basis: String,
    /// Gateway, if known.
    pub via: Option<String>,
    /// Where it leaves.
    pub exit: Exit,
    /// Whose address the peer's is.
    pub realm: Option<Realm>,
    /// What it reached.
    pub service: Option<String>,
    /// Who logged it.
    pub vantage: Vantage,
    /// Who opened it.
    pub initiator: Initiator,
    /// The `packets` field.
    pub packets: Option<u64>,
    /// Why it stands here, in words.
    pub why: String,
}

mod reversed {
    use std::cmp::Reverse;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(
        value: &Reverse<u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Reverse<u64>, D::Error> {
        u64::deserialize(deserializer).map(Reverse)
    }
}

/// Whether an obligation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObligationState {
    /// Checked, and it holds.
    Held,
    /// Checked, and it does not.
    Failed,
    /// Not asked for; does not weigh.
    NotAsked,
}

/// One thing that must hold before "proven".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Obligation {
    /// Its id in the contract, for example `no-silence`.
    pub id: String,
    /// Whether it holds.
    pub state: ObligationState,
    /// What was checked, in words with numbers.
    pub checked: String,
    /// How many things failed it (flows, interfaces, inputs: `checked` says which).
    pub failures: u64,
    /// The first of them in words, in a fixed order.
    pub why: Vec<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<String>,
    /// Flows that fail it, the worst by bytes.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sample: Vec<FlowSample>,
}

/// An exception of the policy, and what it did for its claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExceptionReport {
    /// Where it stands in the policy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Location>,
    /// As written.
    pub to: Vec<String>,
    /// As written.
    pub reason: String,
    /// As written.
    pub owner: Option<String>,
    /// As written: the last day on which it excepts.
    pub expires: Option<String>,
    /// Flows that it excepted.
    pub flows: u64,
    /// Flows that it would have excepted, had it not expired.
    pub expired_flows: u64,
}

/// What was read. Bytes and shares by path are those of one vantage, `counted_at`; never summed over vantages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Lines or rows read: `flows + nodata + skipdata + set_aside`.
    pub records: u64,
    /// Status OK.
    pub flows: u64,
    /// Status NODATA.
    pub nodata: u64,
    /// Status SKIPDATA.
    pub skipdata: u64,
    /// Did not parse.
    pub set_aside: u64,
    /// Of all but those set aside: outside the window, and not judged.
    pub outside_window: u64,
    /// Of the flows in the window: action REJECT.
    pub rejected: u64,
    /// Bytes of accepted flows in the window at `counted_at`.
    pub bytes: u64,
    /// The vantage nearest to the workload that has any flows.
    pub counted_at: Option<Vantage>,
    /// Accepted flows in the window at `counted_at`.
    pub by_path: BTreeMap<Path, Share>,
    /// Accepted flows in the window, at each vantage.
    pub by_vantage: BTreeMap<Vantage, BTreeMap<Path, Share>>,
    /// Who went which way to what, of the same flows as `by_path`, most bytes first; what is beyond the limit stands at the end,
    /// without subnet and service.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub ways: Vec<Way>,
    /// The same flows over time; `None` if there are none, or their times are years apart.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timeline: Option<Timeline>,
}

/// Flows of one subnet, one way, to one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Of the workload, if known.
    pub subnet: Option<String>,
    /// The way.
    pub path: Path,
    /// What it reached, if known.
    pub service: Option<String>,
    /// How much.
    #[serde(flatten)]
    pub share: Share,
}

/// Flows by the time of their end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// Seconds that each moment lasts.
    pub step_s: i64,
    /// By time; those without a flow are left out.
    pub moments: Vec<Moment>,
}

/// A step of a [`Timeline`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// RFC 3339.
    pub since: String,
    /// Flows that ended in it.
    pub by_path: BTreeMap<Path, Share>,
}

/// Flows and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Records.
    pub flows: u64,
    /// Their `bytes`.
    pub bytes: u64,
}

/// What the records say of one interface in scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InterfaceCoverage {
    /// `eni-…`
    pub interface: String,
    /// Its type as AWS names it.
    pub kind: String,
    /// Its VPC.
    pub vpc: String,
    /// Its subnet.
    pub subnet: String,
    /// Flow logs that cover it, by id.
    pub flow_logs: Vec<String>,
    /// Earliest start of a record in the window.
    pub first: Option<String>,
    /// Latest end.
    pub last: Option<String>,
    /// Records.
    pub flows: u64,
    /// Records.
    pub nodata: u64,
    /// Records.
    pub skipdata: u64,
    /// Whether anything is missing in the window.
    pub complete: bool,
    /// How many gaps.
    pub gap_count: u64,
    /// Seconds of silence in all.
    pub gap_s: u64,
    /// The longest gaps, by time.
    pub gaps: Vec<Gap>,
    /// When it was heard of: a silence that runs across the end of a window shows only beside the next one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub heard: Option<HeardBetween>,
}

/// The first and the last records that show an interface not to be silent: those of a flow log that is known to log everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardBetween {
    /// End of the first, RFC 3339.
    pub first: String,
    /// End of the last.
    pub last: String,
    /// Ends that are so many seconds apart, or more, have a silence between them.
    pub max_silence_s: i64,
}

/// A time of which the records do not speak.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// RFC 3339.
    pub since: String,
    /// RFC 3339.
    pub until: String,
    /// `silent` or `skipdata`.
    pub cause: String,
}

/// CloudWatch's counters, and what the records say of the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsReport {
    /// The file, or `cloudwatch`.
    pub source: String,
    /// Of the document that `--metrics` reads and `--save-metrics` writes.
    pub sha256: String,
    /// When CloudWatch was asked, if it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub captured_at: Option<String>,
    /// First second that the counters are about, RFC 3339.
    pub since: String,
    /// First second after it.
    pub until: String,
    /// One a NAT gateway or endpoint in the scope's VPCs, by id; gateway endpoints have no counters.
    pub gateways: Vec<GatewayMetrics>,
}

/// One gateway's counters and records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayMetrics {
    /// `nat-…`, `vpce-…`
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// `agrees`, `traffic-without-records`, `records-without-traffic`, `no-counter`, `nothing-left`, `records-without-time`, `idle`
    /// or `no-such-metric`.
    pub outcome: String,
    /// Begin of the first bucket that was compared, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<String>,
    /// End of the last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<String>,
    /// Length of a bucket.
    pub bucket_s: u64,
    /// Seconds of the window that were not compared: edges, the last aggregation interval, SKIPDATA.
    pub excluded_s: u64,
    /// All counters together, then each by name if the records tell their legs.
    pub sums: Vec<CounterReport>,
}

/// Bytes over all compared buckets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterReport {
    /// The metric; `None` is all of the gateway's together.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// As CloudWatch counted.
    pub counter_bytes: u64,
    /// As the records have it.
    pub flow_bytes: u64,
    /// How far they may be apart.
    pub tolerance_bytes: u64,
}

/// What was read from one place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputReport {
    /// File, key, or `-`.
    pub uri: String,
    /// Bytes as stored.
    pub size: u64,
    /// Of the bytes as stored, if all were read.
    pub sha256: Option<String>,
    /// S3's ETag: with `If-Match` it names the bytes that were read, also where only columns of them were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub etag: Option<String>,
    /// S3's version id, if the bucket keeps versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version_id: Option<String>,
    /// S3's own checksum of the object, `algorithm:base64`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub checksum: Option<String>,
    /// `text`, `parquet`, `json`, `export`, `cloudwatch`; with `+gzip` if zipped.
    pub encoding: String,
    /// The flow log that wrote it, if its name tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flow_log: Option<String>,
    /// The formats in it, as `${field} …`.
    pub formats: Vec<String>,
    /// Lines or rows read.
    pub rows: u64,
    /// Status OK.
    pub flows: u64,
    /// Status NODATA.
    pub nodata: u64,
    /// Status SKIPDATA.
    pub skipdata: u64,
    /// Did not parse.
    pub set_aside: u64,
    /// Read to its end, as far as can be told.
    pub whole: bool,
    /// Complaints about it, the first few of each code.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub diagnostics: Vec<Diagnostic>,
    /// Where in it the flows stand that the claims show.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub cited: Vec<Citation>,
}

/// The place of a shown flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Citation {
    /// Id of the claim.
    pub claim: String,
    /// `witnesses`, `attempts`, or the obligation whose sample it is in.
    pub group: String,
    /// Index in that sample.
    pub index: u64,
    /// Line or row, from 1.
    pub line: u64,
}

/// A topology that the verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TopologyReport {
    /// File or folder.
    pub source: String,
    /// Its files with their digests.
    pub files: Vec<FileDigest>,
    /// When it was taken, if it says so.
    pub captured_at: Option<String>,
    /// Of which account, if it says so.
    pub account_id: Option<String>,
    /// Of which Region, if it says so.
    pub region: Option<String>,
}

impl TopologyReport {
    /// Accounts and Regions of all of them in words, each once and in order; `?` for what is not told.
    pub fn networks<'t>(all: impl IntoIterator<Item = &'t TopologyReport>) -> Vec<String> {
        let word = |part: &Option<String>| part.clone().unwrap_or_else(|| "?".to_owned());
        let one = |one: &TopologyReport| format!("{} {}", word(&one.account_id), word(&one.region));
        let found: BTreeSet<String> = all.into_iter().map(one).collect();
        found.into_iter().collect()
    }
}

/// A file by digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileDigest {
    /// The file.
    pub source: String,
    /// Of its bytes.
    pub sha256: String,
}

/// The policy that the verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyReport {
    /// The file, or `built-in`.
    pub source: String,
    /// Of its bytes.
    pub sha256: String,
    /// How a REJECTed flow counts: `attempt`, `violation` or `ignore`.
    pub rejected: String,
    /// Seconds, if the policy says so.
    pub max_silence_s: Option<i64>,
}
