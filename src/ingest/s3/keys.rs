//! What a key tells: a key, or a folder of keys, goes in; out comes when the records below it end, and whether they are flow logs
//! at all. Pure: nothing is asked of anybody.
//!
//! AWS lays keys out in four ways, each below a prefix of the user's own or none:
//!
//! ```text
//! AWSLogs/<account>/vpcflowlogs/<region>/<YYYY>/<MM>/<DD>/[<HH>/]
//! AWSLogs/aws-account-id=<account>/aws-service=vpcflowlogs/aws-region=<region>/year=<YYYY>/month=<MM>/day=<DD>/[hour=<HH>/]
//! ```
//!
//! and names objects `<account>_vpcflowlogs_<region>_<fl-id>_<YYYYMMDD>T<HHmm>Z_<hash>.log.gz`. Whatever is laid out otherwise is
//! of unknown time, and is never left out of a listing.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::window::Window;

/// Added to a span on both sides before it is compared with the window. AWS delivers within about 10 minutes, "best effort", and
/// does not say whether a record that is later than that lands under the stamp of its end or of its delivery; an hour covers six
/// times the usual delay, and costs a listing two hours more at most.
pub(super) const LATE_S: i64 = 3_600;

/// A stamp is the start of this many seconds: `T1620Z` holds records whose end lies in 16:20:00 to 16:24:59.
const STAMP_S: i64 = 300;

/// Services that write below `AWSLogs/<account>/` too. A closed list: what is not on it is read, and shows if it is no flow log;
/// passing over what only looks foreign would lose records.
const OTHERS: &[&str] = &[
    "CloudTrail",
    "CloudTrail-Aggregated",
    "CloudTrail-Digest",
    "CloudTrail-Insight",
    "Config",
    "GuardDuty",
    "VpcLattice",
    "WAFLogs",
    "elasticloadbalancing",
    "globalaccelerator",
    "network-firewall",
    "redshift",
    "vpcdnsquerylogs",
];

/// Objects that services write to see whether they may.
const WRITE_TESTS: &[&str] = &["aws-logs-write-test", "ELBAccessLogTestFile"];

/// They hold a sentence.
const WRITE_TEST_BYTES_MAX: u64 = 256;

/// The seconds in which records end, the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from_s: i64,
    pub(super) to_s: i64,
}

impl Span {
    /// Whether a record of it may belong to the window, however late it came.
    pub(super) fn may_touch(self, window: Window) -> bool {
        window.overlaps(
            Some(self.from_s.saturating_sub(LATE_S)),
            Some(self.to_s.saturating_add(LATE_S)),
        )
    }

    /// Whether all of it belongs to the window, so that there is nothing to prune below.
    pub(super) fn lies_in(self, window: Window) -> bool {
        window.contains(Some(self.from_s)) && window.contains(Some(self.to_s))
    }

    fn covers(self, other: Span) -> bool {
        self.from_s <= other.from_s && other.to_s <= self.to_s
    }
}

/// How fine a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grain {
    Year,
    Month,
    Day,
    Hour,
}

/// Where in AWS's layout a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere in it, or above it.
    Unknown,
    /// Above the year.
    Way,
    /// Another service's.
    Foreign,
    /// Of this time.
    Dated(Span, Grain),
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// To be read: a log, or what may be one.
    Log,
    /// Another service's.
    Foreign,
    /// A service's attempt whether it may write.
    WriteTest,
    /// What the console makes for an empty folder.
    FolderMark,
}

/// What the object of this key and size is.
pub(super) fn thing(key: &str, size: u64) -> Thing {
    let name = key.rsplit('/').next().unwrap_or(key);
    if name.is_empty() && size == 0 {
        Thing::FolderMark
    } else if WRITE_TESTS.contains(&name) && size <= WRITE_TEST_BYTES_MAX {
        Thing::WriteTest
    } else if place(key) == Place::Foreign {
        Thing::Foreign
    } else {
        Thing::Log
    }
}

/// Whether the object may hold records of the window.
pub(super) fn may_hold(key: &str, window: Window) -> bool {
    span(key).is_none_or(|span| span.may_touch(window))
}

/// When the records of an object end, if its key says so, and says one thing only.
fn span(key: &str) -> Option<Span> {
    let named = stamp(key);
    let Place::Dated(folder, _) = place(key) else {
        return named;
    };
    match named {
        None => Some(folder),
        Some(named) => folder.covers(named).then_some(named),
    }
}

/// The place of the folder that a key is in; a key that ends in `/` is the folder itself.
pub(super) fn place(key: &str) -> Place {
    let folder = key.rfind('/').map_or("", |slash| &key[..slash]);
    let parts: Vec<&str> = folder.split('/').collect();
    // The last one: a copy of a bucket may stand below another.
    let Some(root) = parts.iter().rposition(|part| *part == "AWSLogs") else {
        return Place::Unknown;
    };
    let mut parts = &parts[root + 1..];
    // CloudTrail's organisation trails put the organisation first.
    if parts.first().is_some_and(|part| part.starts_with("o-")) {
        parts = &parts[1..];
    }
    below_root(parts).unwrap_or(Place::Unknown)
}

/// `None`: not as AWS lays it out.
fn below_root(parts: &[&str]) -> Option<Place> {
    let Some((account, rest)) = parts.split_first() else {
        return Some(Place::Way);
    };
    let hive = account.contains('=');
    let account = value(account, hive, &["aws-account-id"])?;
    digits(account, 12)?;
    let Some((service, rest)) = rest.split_first() else {
        return Some(Place::Way);
    };
    let service = value(service, hive, &["aws-service", "service"])?;
    if OTHERS.contains(&service) {
        return Some(Place::Foreign);
    }
    if service != "vpcflowlogs" {
        return None;
    }
    let Some((region, rest)) = rest.split_first() else {
        return Some(Place::Way);
    };
    value(region, hive, &["aws-region", "region"])?;
    dated(rest, hive)
}

fn dated(parts: &[&str], hive: bool) -> Option<Place> {
    const NAMES: [(&str, usize); 4] = [("year", 4), ("month", 2), ("day", 2), ("hour", 2)];
    if parts.len() > NAMES.len() {
        return None;
    }
    let mut numbers = Vec::with_capacity(NAMES.len());
    for (part, (name, len)) in parts.iter().zip(NAMES) {
        numbers.push(digits(value(part, hive, &[name])?, len)?);
    }
    let small = |number: i16| i8::try_from(number).ok();
    let place = |from: Date, to: Date, grain| {
        let (from_s, to_s) = (unix_s(from)?, unix_s(to)? - 1);
        Some(Place::Dated(Span { from_s, to_s }, grain))
    };
    match *numbers.as_slice() {
        [] => Some(Place::Way),
        [year] => {
            let from = Date::new(year, 1, 1).ok()?;
            place(from, from.checked_add(1.year()).ok()?, Grain::Year)
        }
        [year, month] => {
            let from = Date::new(year, small(month)?, 1).ok()?;
            place(from, from.checked_add(1.month()).ok()?, Grain::Month)
        }
        [year, month, day] => {
            let from = Date::new(year, small(month)?, small(day)?).ok()?;
            place(from, from.checked_add(1.day()).ok()?, Grain::Day)
        }
        [year, month, day, hour] => {
            let day = Date::new(year, small(month)?, small(day)?).ok()?;
            let from_s = unix_s(day)? + 3_600 * i64::from(hour);
            let to_s = from_s + 3_599;
            (hour < 24).then_some(Place::Dated(Span { from_s, to_s }, Grain::Hour))
        }
        _ => None,
    }
}

/// The value of a part, `name=value` in Hive's way.
fn value<'a>(part: &'a str, hive: bool, names: &[&str]) -> Option<&'a str> {
    let value = if hive {
        let (name, value) = part.split_once('=')?;
        names.contains(&name).then_some(value)?
    } else {
        part
    };
    (!value.is_empty() && !value.contains('=')).then_some(value)
}

/// A number of exactly so many digits; of more than four, only that it is one.
fn digits(text: &str, len: usize) -> Option<i16> {
    let fits = text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    if len > 4 {
        return fits.then_some(0);
    }
    text.parse().ok().filter(|_| fits)
}

fn unix_s(date: Date) -> Option<i64> {
    let midnight = date.to_zoned(TimeZone::UTC).ok()?;
    Some(midnight.timestamp().as_second())
}

/// What the stamp in an object's name says, wherever the object is.
fn stamp(key: &str) -> Option<Span> {
    let name = key.rsplit('/').next()?;
    let mut parts = name.split('_');
    digits(parts.next()?, 12)?;
    if parts.next()? != "vpcflowlogs" || parts.next()?.is_empty() {
        return None;
    }
    parts.next()?.strip_prefix("fl-")?;
    let (date, time) = parts.next()?.split_once('T')?;
    parts.next()?;
    let time = time.strip_suffix('Z')?;
    if date.len() != 8 || !date.is_ascii() || time.len() != 4 || !time.is_ascii() {
        return None;
    }
    let month = i8::try_from(digits(&date[4..6], 2)?).ok()?;
    let day = i8::try_from(digits(&date[6..], 2)?).ok()?;
    let day = Date::new(digits(&date[..4], 4)?, month, day).ok()?;
    let (hour, minute) = (digits(&time[..2], 2)?, digits(&time[2..], 2)?);
    if hour > 23 || minute > 59 {
        return None;
    }
    let from_s = unix_s(day)? + 3_600 * i64::from(hour) + 60 * i64::from(minute);
    let to_s = from_s + STAMP_S - 1;
    Some(Span { from_s, to_s })
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
