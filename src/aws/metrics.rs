//! CloudWatch's byte counters: which there are (ListMetrics), then their sums (GetMetricData), by the query API.
//!
//! A set of dimensions that is not exactly right is answered with nothing, which would look like no traffic: so only sets that
//! ListMetrics names are asked for, and what it does not name is no counter of zero but none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Number;

use crate::aws::fault::{Call, Fault, Kind};
use crate::aws::query::{self, MONITORING};
use crate::aws::session::Session;
use crate::aws::xml::{self, Element};
use crate::model::metrics::{ENDPOINT_COUNTER, NAT, NAT_COUNTERS, Series, bytes_of};
use crate::model::window::rfc3339;

/// `cloudwatch:ListMetrics`
pub const LIST: Call = Call {
    name: "ListMetrics",
    permission: "cloudwatch:ListMetrics",
};
/// `cloudwatch:GetMetricData`
pub const GET: Call = Call {
    name: "GetMetricData",
    permission: "cloudwatch:GetMetricData",
};

/// Queries of one GetMetricData call, and data points of one answer (API reference, GetMetricData).
const QUERIES_MAX: i64 = 500;
const POINTS_MAX: i64 = 100_800;

/// How old data of each period may be, with an hour to spare: CloudWatch keeps minutes for 15 days, five minutes for 63, hours for
/// 455.
const KEPT_S: [(i64, i64); 3] = [
    (60, 15 * 86_400 - 3_600),
    (300, 63 * 86_400 - 3_600),
    (3_600, 455 * 86_400 - 3_600),
];
/// Minutes of longer windows are many, and tell no more: bytes are compared over ten minutes.
const MINUTES_S_MAX: i64 = 2 * 86_400;

/// A counter that was published this long ago is taken to be whole: AWS names no time (UNVERIFIED).
const SETTLED_S: i64 = 300;

/// Bytes are compared over whole buckets of this length, so what is fetched begins and ends with one.
const ALIGNED_S: i64 = 600;

/// A gateway whose counters are wanted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// `nat-…`, `vpce-…`
    pub id: String,
    /// `AWS/NATGateway` or `AWS/PrivateLinkEndpoints`.
    pub namespace: &'static str,
}

/// Of which time, and how finely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First second.
    pub since_s: i64,
    /// First second after it.
    pub until_s: i64,
    /// Seconds a point.
    pub period_s: i64,
}

impl Span {
    /// The finest counters that are kept for a window; `None` if there are none yet, or no longer.
    pub fn of(since_s: i64, until_s: i64, now_s: i64) -> Option<Span> {
        let (age_s, length_s) = (
            now_s.saturating_sub(since_s),
            until_s.saturating_sub(since_s),
        );
        let (period_s, _) = KEPT_S.into_iter().find(|(period_s, kept_s)| {
            age_s <= *kept_s && (*period_s > 60 || length_s <= MINUTES_S_MAX)
        })?;
        let step = ALIGNED_S.max(period_s);
        let since_s = since_s.div_euclid(step).saturating_mul(step);
        let end_s = until_s
            .saturating_add(step - 1)
            .div_euclid(step)
            .saturating_mul(step);
        let settled_s = now_s
            .saturating_sub(SETTLED_S)
            .div_euclid(period_s)
            .saturating_mul(period_s);
        let until_s = end_s.min(settled_s);
        (since_s < until_s).then_some(Span {
            since_s,
            until_s,
            period_s,
        })
    }
}

/// The counters of these gateways, as far as there are any, from each of these places.
///
/// # Errors
/// The first call that fails for good: a place that was not asked may have the counter that differs.
pub fn fetch(places: &[(Session, Vec<Wanted>)], span: Span) -> Result<Vec<Series>, Box<Fault>> {
    let mut found: BTreeMap<Key, Series> = BTreeMap::new();
    for (session, wanted) in places {
        let series = session.aws().block_on(series_at(session, wanted, span))?;
        for one in series {
            found.entry(key_of(&one)).or_insert(one);
        }
    }
    Ok(found.into_values().collect())
}

type Key = (String, String, BTreeMap<String, String>);

fn key_of(series: &Series) -> Key {
    (
        series.namespace.clone(),
        series.name.clone(),
        series.dimensions.clone(),
    )
}

async fn series_at(
    session: &Session,
    wanted: &[Wanted],
    span: Span,
) -> Result<Vec<Series>, Box<Fault>> {
    let wanted: BTreeSet<(&str, &str)> = wanted
        .iter()
        .map(|one| (one.namespace, one.id.as_str()))
        .collect();
    let namespaces: BTreeSet<&str> = wanted.iter().map(|one| one.0).collect();
    let mut series = Vec::new();
    for namespace in namespaces {
        let names: &[&str] = match namespace {
            NAT => &NAT_COUNTERS,
            _ => &[ENDPOINT_COUNTER],
        };
        for name in names {
            let listed = listed(session, namespace, name, span).await?;
            series.extend(listed.into_iter().filter(|one| {
                let mine = |id| wanted.contains(&(namespace, id));
                one.is_compared() && one.resource().is_some_and(mine)
            }));
        }
    }
    series.sort();
    series.dedup();
    let points = ((span.until_s - span.since_s) / span.period_s).max(1);
    let chunk = usize::try_from((POINTS_MAX / points).clamp(1, QUERIES_MAX)).unwrap_or(1);
    for series in series.chunks_mut(chunk) {
        filled(session, series, span).await?;
    }
    Ok(series)
}

/// Every set of dimensions of a metric that had data in the last two weeks.
async fn listed(
    session: &Session,
    namespace: &str,
    name: &str,
    span: Span,
) -> Result<Vec<Series>, Box<Fault>> {
    let mut found = Vec::new();
    let mut pages = Pages::default();
    loop {
        let mut form = vec![pair("Namespace", namespace), pair("MetricName", name)];
        form.extend(pages.token().map(|token| pair("NextToken", token)));
        let xml = query::call(session, MONITORING, LIST, &form).await?;
        let answer = result(session, LIST, &xml, "ListMetricsResult")?;
        for member in members(&answer, "Metrics") {
            let dimensions = members(member, "Dimensions").map(|dimension| {
                let text = |name| dimension.text_of(name).unwrap_or_default().to_owned();
                (text("Name"), text("Value"))
            });
            found.push(Series {
                namespace: member.text_of("Namespace").unwrap_or_default().to_owned(),
                name: member.text_of("MetricName").unwrap_or_default().to_owned(),
                dimensions: dimensions.collect(),
                period_s: span.period_s,
                points: BTreeMap::new(),
            });
        }
        if !pages.go_on(session, LIST, &answer)? {
            return Ok(found);
        }
    }
}

/// Puts the sums into these series.
async fn filled(session: &Session, series: &mut [Series], span: Span) -> Result<(), Box<Fault>> {
    let mut form = vec![
        pair("StartTime", &rfc3339(span.since_s)),
        pair("EndTime", &rfc3339(span.until_s)),
        pair("ScanBy", "TimestampAscending"),
        pair("MaxDatapoints", &POINTS_MAX.to_string()),
    ];
    for (index, one) in series.iter().enumerate() {
        form.extend(query_of(index, one));
    }
    // Of all that was asked for: a series that is never answered is no series of zeros.
    let mut partial: BTreeSet<usize> = (0..series.len()).collect();
    let mut pages = Pages::default();
    loop {
        let mut form = form.clone();
        form.extend(pages.token().map(|token| pair("NextToken", token)));
        let xml = query::call(session, MONITORING, GET, &form).await?;
        let answer = result(session, GET, &xml, "GetMetricDataResult")?;
        take(session, &answer, series, &mut partial)?;
        if !pages.go_on(session, GET, &answer)? {
            break;
        }
    }
    match partial.first() {
        None => Ok(()),
        Some(index) => {
            let name = series[*index].resource().unwrap_or_default();
            Err(garbled(session, GET, "its answer is not there, or not to its end").on_boxed(name))
        }
    }
}

fn query_of(index: usize, series: &Series) -> Vec<(String, String)> {
    let of = |rest: &str| format!("MetricDataQueries.member.{}.{rest}", index + 1);
    let mut form = vec![
        (of("Id"), format!("q{index}")),
        (of("MetricStat.Metric.Namespace"), series.namespace.clone()),
        (of("MetricStat.Metric.MetricName"), series.name.clone()),
        (of("MetricStat.Period"), series.period_s.to_string()),
        (of("MetricStat.Stat"), "Sum".to_owned()),
        (of("ReturnData"), "true".to_owned()),
    ];
    for (place, (name, value)) in series.dimensions.iter().enumerate() {
        let of = |part: &str| {
            let place = place + 1;
            of(&format!(
                "MetricStat.Metric.Dimensions.member.{place}.{part}"
            ))
        };
        form.push((of("Name"), name.clone()));
        form.push((of("Value"), value.clone()));
    }
    form
}

/// Takes the points of one page. `partial`: series of which more is to come.
fn take(
    session: &Session,
    answer: &Element,
    series: &mut [Series],
    partial: &mut BTreeSet<usize>,
) -> Result<(), Box<Fault>> {
    for member in members(answer, "MetricDataResults") {
        let id = member.text_of("Id").unwrap_or_default();
        let index = id.strip_prefix('q').and_then(|id| id.parse::<usize>().ok());
        let Some((index, one)) = index.and_then(|index| Some((index, series.get_mut(index)?)))
        else {
            return Err(garbled(session, GET, "an answer to a query that was not asked").into());
        };
        let name = one.resource().unwrap_or_default().to_owned();
        match member.text_of("StatusCode") {
            Some("Complete") => {
                partial.remove(&index);
            }
            Some("PartialData") => {
                partial.insert(index);
            }
            status => {
                let kind = match status {
                    Some("Forbidden") => Kind::Denied,
                    Some(_) | None => Kind::Other,
                };
                let message = format!("status {}", status.unwrap_or("missing"));
                let fault = Fault::new(kind, GET, &name, session.region(), &message);
                return Err(Box::new(fault));
            }
        }
        let times: Vec<&Element> = members(member, "Timestamps").collect();
        let values: Vec<&Element> = members(member, "Values").collect();
        if times.len() != values.len() {
            return Err(garbled(session, GET, "not one value a timestamp").on_boxed(&name));
        }
        for (time, value) in times.into_iter().zip(values) {
            let time_s = time.text.parse::<jiff::Timestamp>().ok();
            let bytes = value.text.parse::<f64>().ok().and_then(Number::from_f64);
            let (Some(time), Some(bytes)) = (time_s, bytes.as_ref().and_then(bytes_of)) else {
                return Err(garbled(session, GET, "a point that is none").on_boxed(&name));
            };
            one.points.insert(time.as_second(), bytes);
        }
    }
    Ok(())
}

/// Where a list of pages stands.
#[derive(Default)]
struct Pages {
    next: Option<String>,
    seen: BTreeSet<String>,
}

impl Pages {
    fn token(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Whether there is another page.
    fn go_on(
        &mut self,
        session: &Session,
        call: Call,
        answer: &Element,
    ) -> Result<bool, Box<Fault>> {
        let next = answer
            .text_of("NextToken")
            .filter(|token| !token.is_empty());
        if next.is_some_and(|token| !self.seen.insert(token.to_owned())) {
            return Err(garbled(session, call, "the same page again and again").into());
        }
        self.next = next.map(str::to_owned);
        Ok(self.next.is_some())
    }
}

fn result(session: &Session, call: Call, xml: &str, name: &str) -> Result<Element, Box<Fault>> {
    let root = xml::parse(xml).map_err(|why| garbled(session, call, &why))?;
    let found = root.children.into_iter().find(|child| child.name == name);
    let missing = || garbled(session, call, &format!("an answer without {name}"));
    Ok(found.ok_or_else(missing)?)
}

fn members<'e>(of: &'e Element, list: &str) -> impl Iterator<Item = &'e Element> {
    let list = of.child(list).into_iter().flat_map(|list| &list.children);
    list.filter(|child| child.name == "member")
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn garbled(session: &Session, call: Call, message: &str) -> Fault {
    Fault::new(
        Kind::Other,
        call,
        "CloudWatch metrics",
        session.region(),
        message,
    )
}

impl Fault {
    fn on_boxed(self, resource: &str) -> Box<Fault> {
        Box::new(self.on(resource))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_785_585_600;
    const DAY_S: i64 = 86_400;

    #[test]
    fn the_period_is_the_finest_that_is_kept() {
        #[rustfmt::skip]
        let cases = [
            ("an hour ago",                 3_600,          3_600,      Some(60)),
            ("two weeks ago",               14 * DAY_S,     DAY_S,      Some(60)),
            ("a week long",                 7 * DAY_S,      7 * DAY_S,  Some(300)),
            ("fifteen days ago",            15 * DAY_S,     DAY_S,      Some(300)),
            ("two months ago",              62 * DAY_S,     DAY_S,      Some(300)),
            ("three months ago",            90 * DAY_S,     DAY_S,      Some(3_600)),
            ("longer ago than it is kept",  455 * DAY_S,    DAY_S,      None),
            ("not yet begun",               -1_000,         200,        None),
        ];
        for (title, ago_s, length_s, period_s) in cases {
            let since_s = NOW_S - ago_s;
            let span = Span::of(since_s, since_s + length_s, NOW_S);
            assert_eq!(span.map(|span| span.period_s), period_s, "{title}");
        }
    }

    #[test]
    fn what_is_fetched_begins_and_ends_with_a_bucket_or_where_all_is_counted() {
        let span = Span::of(NOW_S - 3_601, NOW_S - 1_799, NOW_S).unwrap();
        assert_eq!((span.since_s, span.until_s), (NOW_S - 4_200, NOW_S - 1_200));
        let span = Span::of(NOW_S - 3_600, NOW_S, NOW_S + 30).unwrap();
        assert_eq!((span.since_s, span.until_s), (NOW_S - 3_600, NOW_S - 300));
        let old = NOW_S - 100 * DAY_S + 1_800;
        let span = Span::of(old, old + 3_600, NOW_S).unwrap();
        assert_eq!(span.since_s % 3_600, 0);
        assert_eq!(span.until_s - span.since_s, 7_200);
    }
}
