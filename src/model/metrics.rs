//! CloudWatch's byte counters of NAT gateways and endpoints: what `--metrics FILE` holds, `--metrics live` fetches and
//! `--save-metrics` writes. docs/metrics.md says the same in words.
//!
//! In: JSON text, untrusted. Out: [`Metrics`], every number checked. A counter that is not there is not zero: it is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Number;
use sha2::{Digest, Sha256};

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::window::rfc3339;

/// The namespace of NAT gateways' counters.
pub const NAT: &str = "AWS/NATGateway";
/// The namespace of endpoints' counters, at the consumer's side.
pub const ENDPOINTS: &str = "AWS/PrivateLinkEndpoints";
/// What a NAT gateway counts, in the order of facts 8.1: from the client, to the far end, from the far end, to the client.
pub const NAT_COUNTERS: [&str; 4] = [
    "BytesInFromSource",
    "BytesOutToDestination",
    "BytesInFromDestination",
    "BytesOutToSource",
];
/// What an endpoint counts: both directions in one.
pub const ENDPOINT_COUNTER: &str = "BytesProcessed";
/// Dimensions of a zonal NAT gateway's counters.
pub const OF_NAT: &[&str] = &["NatGatewayId"];
/// Dimensions of a regional NAT gateway's counters: one series a zone.
pub const OF_REGIONAL_NAT: &[&str] = &["AvailabilityZone", "NatGatewayId"];
/// Dimensions of an endpoint's counter. With `Subnet Id` too it is a part of the same bytes, and is not read.
pub const OF_ENDPOINT: &[&str] = &["Endpoint Type", "Service Name", "VPC Endpoint Id", "VPC Id"];

/// A file larger than this is none: a day of minutes of a hundred NAT gateways is 20 MB.
pub const FILE_BYTES_MAX: usize = 64 << 20;
/// CloudWatch keeps counters for 455 days.
const WINDOW_S_MAX: i64 = 456 * 86_400;
/// The longest period of a series.
const PERIOD_S_MAX: i64 = 86_400;
/// A counter of one period: beyond an exabyte it is no count of bytes.
const VALUE_MAX: u64 = 1_000_000_000_000_000_000;
/// Complaints about one file; the first tell enough.
const COMPLAINTS_MAX: usize = 20;

/// Counters of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// The file, or where it was fetched.
    pub source: String,
    /// Of the document's bytes.
    pub sha256: String,
    /// When CloudWatch was asked, if it says so. ListMetrics names only metrics that had data in the two weeks before.
    pub captured_s: Option<i64>,
    /// First second that the counters are about.
    pub since_s: i64,
    /// First second after it.
    pub until_s: i64,
    /// One a metric and set of dimensions.
    pub series: Vec<Series>,
}

/// One counter of one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// `AWS/NATGateway`
    pub namespace: String,
    /// `BytesInFromSource`
    pub name: String,
    /// Name and value.
    pub dimensions: BTreeMap<String, String>,
    /// Seconds that each point is the sum of.
    pub period_s: i64,
    /// Bytes by the first second of their period. A period without a point had none.
    pub points: BTreeMap<i64, u64>,
}

impl Series {
    /// Whether it is a counter that is compared: by namespace, name and the names of its dimensions.
    pub fn is_compared(&self) -> bool {
        match self.namespace.as_str() {
            NAT => {
                NAT_COUNTERS.contains(&self.name.as_str())
                    && (self.has_dimensions(OF_NAT) || self.has_dimensions(OF_REGIONAL_NAT))
            }
            ENDPOINTS => self.name == ENDPOINT_COUNTER && self.has_dimensions(OF_ENDPOINT),
            _ => false,
        }
    }

    /// Whether its dimensions are just these. `names` in the order of the alphabet.
    pub fn has_dimensions(&self, names: &[&str]) -> bool {
        self.dimensions
            .keys()
            .map(String::as_str)
            .eq(names.iter().copied())
    }

    /// Whose counter it is: `nat-…`, `vpce-…`.
    pub fn resource(&self) -> Option<&str> {
        let name = match self.namespace.as_str() {
            NAT => "NatGatewayId",
            _ => "VPC Endpoint Id",
        };
        self.dimensions.get(name).map(String::as_str)
    }
}

#[derive(Deserialize)]
struct Document {
    captured_at: Option<String>,
    since: String,
    until: String,
    #[serde(rename = "Metrics")]
    metrics: Vec<RawSeries>,
    #[serde(flatten)]
    unknown: BTreeMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawSeries {
    namespace: String,
    metric_name: String,
    dimensions: Vec<RawDimension>,
    period: i64,
    stat: String,
    timestamps: Vec<String>,
    values: Vec<Number>,
    #[serde(flatten)]
    unknown: BTreeMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawDimension {
    name: String,
    value: String,
}

impl Metrics {
    /// Reads a document; warnings beside it.
    ///
    /// # Errors
    /// Everything that is wrong with it (`metrics-bad`), up to a limit: a counter that is read wrong would excuse lost records.
    pub fn parse(
        source: &str,
        bytes: &[u8],
    ) -> Result<(Metrics, Vec<Diagnostic>), Vec<Diagnostic>> {
        if bytes.len() > FILE_BYTES_MAX {
            let got = format!("{} bytes, at most {FILE_BYTES_MAX}", bytes.len());
            let place = Location::source(source);
            return Err(vec![bad("the metrics are too large", place).got(got)]);
        }
        let document: Document = serde_json::from_slice(bytes).map_err(|error| {
            let mut place = Location::source(source);
            if error.line() > 0 {
                place.line = u64::try_from(error.line()).ok();
                place.column = u64::try_from(error.column()).ok();
            }
            vec![bad("the metrics cannot be read", place).got(show(&error.to_string()))]
        })?;
        let mut reading = Reading {
            source,
            wrong: Vec::new(),
            said: Vec::new(),
        };
        let metrics = reading.document(document, bytes);
        match metrics {
            Some(metrics) if reading.wrong.is_empty() => Ok((metrics, reading.said)),
            Some(_) | None => Err(reading.wrong),
        }
    }

    /// What was fetched, as the document that it would be read from again: sorted, the same every time.
    pub fn fetched(
        source: &str,
        captured_s: i64,
        window_s: (i64, i64),
        mut series: Vec<Series>,
    ) -> Metrics {
        series.sort();
        series.dedup();
        let mut metrics = Metrics {
            source: source.to_owned(),
            sha256: String::new(),
            captured_s: Some(captured_s),
            since_s: window_s.0,
            until_s: window_s.1,
            series,
        };
        metrics.sha256 = sha256(metrics.to_json().as_bytes());
        metrics
    }

    /// The document, one series a line.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{\n");
        if let Some(captured_s) = self.captured_s {
            let _ = writeln!(out, " \"captured_at\": \"{}\",", rfc3339(captured_s));
        }
        let (since, until) = (rfc3339(self.since_s), rfc3339(self.until_s));
        let _ = write!(
            out,
            " \"since\": \"{since}\",\n \"until\": \"{until}\",\n \"Metrics\": ["
        );
        for (index, series) in self.series.iter().enumerate() {
            let dimension = |(name, value): (&String, &String)| serde_json::json!({"Name": name, "Value": value});
            let line = serde_json::json!({
                "Namespace": series.namespace,
                "MetricName": series.name,
                "Dimensions": series.dimensions.iter().map(dimension).collect::<Vec<_>>(),
                "Period": series.period_s,
                "Stat": "Sum",
                "Timestamps": series.points.keys().map(|time| rfc3339(*time)).collect::<Vec<_>>(),
                "Values": series.points.values().collect::<Vec<_>>(),
            });
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(out, "{comma}\n  {line}");
        }
        out.push_str("\n ]\n}\n");
        out
    }
}

/// A sum of CloudWatch's, which are floating point, as bytes; `None` if it is no count.
pub fn bytes_of(number: &Number) -> Option<u64> {
    let exact = number.as_u64().or_else(|| {
        let float = number.as_f64().filter(|float| float.is_finite())?;
        // Printed without a fraction and read again: no cast that could cut.
        format!("{:.0}", float.abs())
            .parse()
            .ok()
            .filter(|bytes| float >= 0.0 || *bytes == 0)
    });
    exact.filter(|bytes| *bytes <= VALUE_MAX)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn bad(message: &str, place: Location) -> Diagnostic {
    let why =
        "a counter that is read wrong could excuse records that are lost, so there is no verdict";
    let help = "docs/metrics.md shows the format; `--metrics live --save-metrics FILE` writes it";
    Diagnostic::new(Severity::Error, "metrics-bad", message, why, help).at(place)
}

/// A document on its way to [`Metrics`].
struct Reading<'s> {
    source: &'s str,
    wrong: Vec<Diagnostic>,
    said: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn bad(&mut self, message: &str, name: String, got: String) {
        if self.wrong.len() < COMPLAINTS_MAX {
            let place = Location::source(self.source).named(name);
            self.wrong.push(bad(message, place).got(got));
        }
    }

    fn document(&mut self, raw: Document, bytes: &[u8]) -> Option<Metrics> {
        self.unknown("", &raw.unknown);
        let captured = raw
            .captured_at
            .map(|text| self.time("captured_at".to_owned(), &text));
        let since = self.time("since".to_owned(), &raw.since);
        let until = self.time("until".to_owned(), &raw.until);
        let (since_s, until_s) = (since?, until?);
        let length = until_s.saturating_sub(since_s);
        if length <= 0 || length > WINDOW_S_MAX {
            let got = format!("`since` is {}, `until` is {}", raw.since, raw.until);
            self.bad(
                "the metrics are about no time, or about more than CloudWatch keeps",
                "until".to_owned(),
                show(&got),
            );
            return None;
        }
        let mut series = Vec::new();
        let mut known = BTreeSet::new();
        for (index, raw) in raw.metrics.into_iter().enumerate() {
            let place = format!("Metrics[{index}]");
            let Some(one) = self.series(&place, raw, (since_s, until_s)) else {
                continue;
            };
            let key = (
                one.namespace.clone(),
                one.name.clone(),
                one.dimensions.clone(),
            );
            if !known.insert(key) {
                let got = show(&one.name);
                self.bad("the same metric with the same dimensions twice", place, got);
            }
            series.push(one);
        }
        Some(Metrics {
            source: self.source.to_owned(),
            sha256: sha256(bytes),
            captured_s: captured.flatten(),
            since_s,
            until_s,
            series,
        })
    }

    fn series(&mut self, place: &str, raw: RawSeries, window_s: (i64, i64)) -> Option<Series> {
        self.unknown(place, &raw.unknown);
        if raw.stat != "Sum" {
            let got = format!("`{}`, expected `Sum`", show(&raw.stat));
            self.bad("a statistic that is no sum", format!("{place}.Stat"), got);
        }
        if raw.period < 60 || raw.period % 60 != 0 || raw.period > PERIOD_S_MAX {
            let got = format!("`{}`, expected whole minutes up to a day", raw.period);
            self.bad("a period that is none", format!("{place}.Period"), got);
            return None;
        }
        if raw.timestamps.len() != raw.values.len() {
            let (times, values) = (raw.timestamps.len(), raw.values.len());
            let got = format!("{times} timestamps, {values} values");
            self.bad("not one value a timestamp", place.to_owned(), got);
            return None;
        }
        let mut dimensions = BTreeMap::new();
        for RawDimension { name, value } in raw.dimensions {
            if let Some(twice) = dimensions.insert(name, value) {
                let name = format!("{place}.Dimensions");
                self.bad("a dimension twice", name, format!("`{}`", show(&twice)));
            }
        }
        let points = self.points(place, raw.period, (&raw.timestamps, &raw.values), window_s);
        let series = Series {
            namespace: raw.namespace,
            name: raw.metric_name,
            dimensions,
            period_s: raw.period,
            points,
        };
        if !series.is_compared() {
            let message = format!(
                "`{}` of `{}` with these dimensions is not compared",
                show(&series.name),
                show(&series.namespace)
            );
            self.said.push(unused(self.source, message, place));
        }
        Some(series)
    }

    fn points(
        &mut self,
        place: &str,
        period_s: i64,
        (times, values): (&[String], &[Number]),
        window_s: (i64, i64),
    ) -> BTreeMap<i64, u64> {
        let mut points = BTreeMap::new();
        for (index, (time, value)) in times.iter().zip(values).enumerate() {
            let name = format!("{place}.Timestamps[{index}]");
            let Some(time_s) = self.time(name.clone(), time) else {
                continue;
            };
            let late = time_s.saturating_add(period_s) > window_s.1;
            if time_s % period_s != 0 || time_s < window_s.0 || late {
                let got = format!("`{}`, a period of {period_s} s", show(time));
                self.bad(
                    "a period that does not begin at a multiple of itself, or is not within `since` and `until`",
                    name,
                    got,
                );
                continue;
            }
            let Some(bytes) = bytes_of(value) else {
                let name = format!("{place}.Values[{index}]");
                self.bad("no count of bytes", name, format!("`{value}`"));
                continue;
            };
            if points.insert(time_s, bytes).is_some() {
                self.bad("a timestamp twice", name, format!("`{}`", show(time)));
            }
        }
        points
    }

    fn time(&mut self, name: String, text: &str) -> Option<i64> {
        match text.parse::<jiff::Timestamp>() {
            Ok(time) if time.subsec_nanosecond() == 0 => Some(time.as_second()),
            Ok(_) | Err(_) => {
                let got = format!("`{}`, expected RFC 3339 in whole seconds", show(text));
                self.bad("no time", name, got);
                None
            }
        }
    }

    fn unknown(&mut self, place: &str, keys: &BTreeMap<String, IgnoredAny>) {
        for key in keys.keys() {
            let message = format!("unknown key `{}`", show(key));
            self.said.push(unused(self.source, message, place));
        }
    }
}

fn unused(source: &str, message: String, place: &str) -> Diagnostic {
    let mut at = Location::source(source);
    if !place.is_empty() {
        at = at.named(place);
    }
    Diagnostic::new(
        Severity::Warning,
        "metrics-unused",
        message,
        "what is not read agrees with nothing; a slip in a name would leave a gateway without its counter",
        "docs/metrics.md names the keys, metrics and dimensions that are read",
    )
    .at(at)
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
