//! From files to snapshots: which files belong together, and what is wrong with them.
//!
//! In: [`Document`]s, grouped by the `--topology` that named them. Out: one [`Parcel`] a snapshot, and complaints.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::evidence::{FileDigest, TopologyReport};
use crate::model::map::Map;
use crate::model::name::hex;
use crate::topology::compiler::time_of;
use crate::topology::describe::{Answers, KEYS};

/// A file of a topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The `--topology` that named it: files of one folder without a time of their own make one snapshot.
    pub group: String,
    /// The file.
    pub source: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The answers of one snapshot.
pub(super) struct Parcel {
    pub(super) answers: Answers,
    pub(super) told_flow_logs: bool,
    pub(super) captured_s: Option<i64>,
    pub(super) report: TopologyReport,
}

/// What may stand beside the answers: when they were taken, and of whom.
const BESIDE: &[&str] = &["captured_at", "account_id", "region"];

const WHY: &str = "without a topology that can be trusted no path can be decided by it";

/// Reads every document.
///
/// # Errors
/// Everything that keeps a document from being read at all.
pub(super) fn load(
    documents: &[Document],
) -> Result<(Vec<Parcel>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (mut parcels, mut diagnostics, mut fatal): (Vec<Parcel>, Vec<Diagnostic>, Vec<Diagnostic>) =
        (Vec::new(), Vec::new(), Vec::new());
    let mut merged: Map<&str, usize> = Map::default();
    for document in documents {
        let keys = match keys_of(document) {
            Ok(keys) => keys,
            Err(diagnostic) => {
                fatal.push(*diagnostic);
                continue;
            }
        };
        check_keys(document, &keys, &mut diagnostics);
        let mut parcel = match parcel_of(document, &keys, &mut diagnostics) {
            Ok(parcel) => parcel,
            Err(diagnostic) => {
                fatal.push(*diagnostic);
                continue;
            }
        };
        let told = |key: &&&str| keys.values.contains_key(**key);
        let of_its_own = BESIDE.iter().any(|key| told(&key));
        // A file that says no more than when, and of whom: it dates the other files of its folder.
        let dates_the_rest = of_its_own
            && !KEYS
                .iter()
                .filter(|key| !BESIDE.contains(key))
                .any(|key| told(&key));
        if dates_the_rest {
            parcel.report.source = document.group.clone();
        }
        match merged.get(document.group.as_str()) {
            Some(index) if !of_its_own || dates_the_rest => {
                merge(&mut parcels[*index], parcel, &mut diagnostics)
            }
            Some(_) | None => {
                if !of_its_own || dates_the_rest {
                    merged.insert(&document.group, parcels.len());
                }
                parcels.push(parcel);
            }
        }
    }
    for parcel in parcels
        .iter_mut()
        .filter(|parcel| parcel.report.files.len() > 1)
    {
        parcel.report.files.sort();
    }
    if fatal.is_empty() {
        Ok((parcels, diagnostics))
    } else {
        Err(fatal)
    }
}

/// The keys of a file, in its order, with what stands at those that are no answers: the answers are read once only, into their own shapes.
#[derive(Default)]
struct Keys {
    values: serde_json::Map<String, Value>,
    /// Those that stand there again, and not alike.
    again: Vec<String>,
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Keys, D::Error> {
        deserializer.deserialize_map(Keys::default())
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = Keys;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Keys, A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let value = if key == "NextToken" || BESIDE.contains(&key.as_str()) {
                map.next_value()?
            } else {
                map.next_value::<IgnoredAny>()?;
                Value::Null
            };
            match self.values.get(&key) {
                Some(before) if *before != value => self.again.push(key),
                Some(_) => {}
                None => drop(self.values.insert(key, value)),
            }
        }
        Ok(self)
    }
}

fn keys_of(document: &Document) -> Result<Keys, Box<Diagnostic>> {
    serde_json::from_str(text_of(document)?).map_err(|error| {
        if !error.is_data() {
            return bad_json(
                document,
                &error,
                "JSON as `aws ec2 describe-… --output json` prints it",
            );
        }
        Box::new(
            Diagnostic::new(
                Severity::Error,
                "topology-bad-json",
                "a topology file must be one JSON object",
                WHY,
                "give the whole answer of `aws ec2 describe-…`, not a part cut out with --query",
            )
            .at(Location::source(&document.source)),
        )
    })
}

/// Without the mark of UTF-8 that some editors put first.
fn text_of(document: &Document) -> Result<&str, Box<Diagnostic>> {
    let mark = b"\xef\xbb\xbf";
    let bytes = document.bytes.strip_prefix(mark);
    let bytes = bytes.unwrap_or(&document.bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n');
        let place = (line, column.count() + 1);
        cannot_read(
            document,
            place,
            "a byte that is not UTF-8; expected JSON, which is",
        )
    })
}

fn bad_json(document: &Document, error: &serde_json::Error, expected: &str) -> Box<Diagnostic> {
    let got = format!("{}; expected {expected}", show(&error.to_string()));
    cannot_read(document, (error.line(), error.column()), &got)
}

fn cannot_read(document: &Document, (line, column): (usize, usize), got: &str) -> Box<Diagnostic> {
    let mut place = Location::source(&document.source);
    place.line = u64::try_from(line).ok();
    place.column = u64::try_from(column).ok();
    Box::new(
        Diagnostic::new(
            Severity::Error,
            "topology-bad-json",
            "this topology file cannot be read",
            WHY,
            "take it again with `aws ec2 describe-… --output json`, or leave the file out of the folder",
        )
        .at(place)
        .got(got),
    )
}

fn check_keys(document: &Document, keys: &Keys, diagnostics: &mut Vec<Diagnostic>) {
    let names = keys.values.keys().map(String::as_str);
    for key in names.filter(|key| !KEYS.contains(key)) {
        let place = Location::source(&document.source).named(key);
        diagnostics.push(if key == "Entries" {
            Diagnostic::new(
                Severity::Error,
                "topology-entries-without-id",
                "entries of a prefix list that do not say of which list",
                "a route to that list could lead anywhere",
                "write them as {\"ManagedPrefixLists\": [{\"PrefixListId\": \"pl-…\", \"Entries\": […]}]}, or use `aws ec2 describe-prefix-lists`",
            )
            .at(place)
        } else {
            Diagnostic::new(
                Severity::Warning,
                "topology-unknown-key",
                format!("`{}` is not read", show(key)),
                "what stands there does not count",
                "this is fine for describe answers that flowproof does not need",
            )
            .at(place)
        });
    }
    for key in &keys.again {
        diagnostics.push(twice(&document.source, key, &format!("`{key}`")));
    }
    if keys
        .values
        .get("NextToken")
        .and_then(Value::as_str)
        .is_some_and(|token| !token.is_empty())
    {
        diagnostics.push(
            Diagnostic::new(
                Severity::Error,
                "topology-partial-page",
                "this answer says that there are more pages",
                "an interface or route on a missing page could be the way out",
                "take it again without --max-items and --no-paginate",
            )
            .at(Location::source(&document.source).named("NextToken")),
        );
    }
}

fn parcel_of(
    document: &Document,
    keys: &Keys,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Parcel, Box<Diagnostic>> {
    let keys = &keys.values;
    let answers: Answers = serde_json::from_str(text_of(document)?)
        .map_err(|error| bad_json(document, &error, "the shapes of the EC2 API"))?;
    let word = |key: &str| keys.get(key).and_then(Value::as_str).map(str::to_owned);
    let captured_s = keys.get("captured_at").and_then(time_of);
    if keys.contains_key("captured_at") && captured_s.is_none() {
        diagnostics.push(
            Diagnostic::new(
                Severity::Error,
                "topology-bad-value",
                "`captured_at` is not a time",
                "it cannot be said whether the topology is of the window",
                "write it as 2026-08-01T12:00:00Z",
            )
            .at(Location::source(&document.source).named("captured_at")),
        );
    }
    let digest = FileDigest {
        source: document.source.clone(),
        sha256: hex(&Sha256::digest(&document.bytes)),
    };
    let of_its_own =
        captured_s.is_some() || word("account_id").is_some() || word("region").is_some();
    let report = TopologyReport {
        source: if of_its_own {
            document.source.clone()
        } else {
            document.group.clone()
        },
        files: vec![digest],
        captured_at: captured_s.map(crate::model::window::rfc3339),
        account_id: word("account_id"),
        region: word("region"),
    };
    let told_flow_logs = keys.contains_key("FlowLogs");
    let empty = TopologyReport {
        files: Vec::new(),
        ..report.clone()
    };
    // One by one, as if each resource stood in a file of its own: two of one id must say the same.
    let mut parcel = Parcel {
        answers: Answers::default(),
        told_flow_logs,
        captured_s,
        report: empty,
    };
    merge(
        &mut parcel,
        Parcel {
            answers,
            told_flow_logs,
            captured_s,
            report,
        },
        diagnostics,
    );
    Ok(parcel)
}

/// Complains about what stands at a key of a file, and stood there or in another file before.
fn twice(source: &str, key: &str, what: &str) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "topology-duplicate",
        format!("{what} stands there twice, and not alike"),
        "one of the two is stale, and it cannot be told which",
        "keep one answer of each describe call in a folder; give snapshots of several times as files with `captured_at`",
    )
    .at(Location::source(source).named(key))
}

/// Adds a file of the same folder. The same resource twice is fine if it says the same.
fn merge(into: &mut Parcel, from: Parcel, diagnostics: &mut Vec<Diagnostic>) {
    let source = from
        .report
        .files
        .first()
        .map(|file| file.source.clone())
        .unwrap_or_default();
    let mut clash = |key: &str, id: &str| diagnostics.push(twice(&source, key, &show(id)));
    macro_rules! take {
        ($($list:ident by $id:ident),*) => {$(
            let known = &mut into.answers.$list;
            let mut places: Map<String, usize> = known.iter().enumerate().map(|(place, item)| (item.$id.clone(), place)).collect();
            for item in from.answers.$list {
                match places.get(&item.$id) {
                    Some(place) if known[*place] == item => {}
                    Some(_) => clash(stringify!($list), &item.$id),
                    None => {
                        places.insert(item.$id.clone(), known.len());
                        known.push(item);
                    }
                }
            }
        )*};
    }
    take!(
        vpcs by vpc_id, subnets by subnet_id, route_tables by route_table_id, network_interfaces by network_interface_id,
        vpc_endpoints by vpc_endpoint_id, nat_gateways by nat_gateway_id, internet_gateways by internet_gateway_id,
        egress_only_internet_gateways by egress_only_internet_gateway_id, vpn_gateways by vpn_gateway_id,
        transit_gateway_vpc_attachments by transit_gateway_attachment_id,
        vpc_peering_connections by vpc_peering_connection_id, flow_logs by flow_log_id, security_groups by group_id
    );
    // Both describe-prefix-lists and describe-managed-prefix-lists print `PrefixLists`; ids repeat across Regions.
    into.answers.prefix_lists.extend(from.answers.prefix_lists);
    into.answers
        .managed_prefix_lists
        .extend(from.answers.managed_prefix_lists);
    into.answers.missing.extend(from.answers.missing);
    into.told_flow_logs |= from.told_flow_logs;
    let (mine, theirs) = (&mut into.report, &from.report);
    for (key, own, other) in [
        ("captured_at", &mine.captured_at, &theirs.captured_at),
        ("account_id", &mine.account_id, &theirs.account_id),
        ("region", &mine.region, &theirs.region),
    ] {
        if own.is_some() && other.is_some() && own != other {
            clash(key, &format!("`{key}`"));
        }
    }
    into.captured_s = into.captured_s.or(from.captured_s);
    mine.captured_at = mine.captured_at.take().or(theirs.captured_at.clone());
    mine.account_id = mine.account_id.take().or(theirs.account_id.clone());
    mine.region = mine.region.take().or(theirs.region.clone());
    into.report.files.extend(from.report.files);
}
