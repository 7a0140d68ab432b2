//! What the words of a policy mean, one at a time: targets, addresses, ids, ports, durations, dates.
//!
//! To add a form of `to`: one variant of [`To`], one arm in [`to`], one row in its test.

use super::complain::Wrong;
use super::network::{block, id, looks_like_an_address};
use super::{Expiry, From, To};
use crate::diag::{did_you_mean, show};
use crate::model::name::normal_service;

const TO_FORMS: &str = "the forms are: service:NAME, service:*, internet, any, private, a CIDR such as 10.0.0.0/8, a prefix list such as pl-0a1b2c3d";

/// What is reached.
pub(super) fn to(word: &str) -> Result<To, Wrong> {
    match word {
        "internet" => return Ok(To::Internet),
        "any" => return Ok(To::Any),
        "private" => return Ok(To::Private),
        "service:*" => return Ok(To::AnyService),
        _ => {}
    }
    if let Some(name) = word.strip_prefix("service:") {
        return service(name);
    }
    if word.starts_with("pl-") {
        return id("pl-", word).map(To::PrefixList);
    }
    if looks_like_an_address(word) {
        return block(word).map(To::Cidr);
    }
    let kind = word.split_once(':').map(|(kind, _)| kind);
    let guess = if let Some(near) = did_you_mean(word, ["internet", "any", "private"]) {
        format!("did you mean `{near}`? ")
    } else if kind.is_some_and(|kind| did_you_mean(kind, ["service"]).is_some()) {
        "did you mean `service:`? ".to_owned()
    } else {
        String::new()
    };
    Err(Wrong::new(
        "this names nothing that traffic can reach",
        "a service, a CIDR, a prefix list, internet, any or private",
        format!("{guess}{TO_FORMS}"),
    ))
}

fn service(name: &str) -> Result<To, Wrong> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !name.is_empty() && name.chars().all(plain) {
        return Ok(To::Service(normal_service(name)));
    }
    let message = if name.is_empty() {
        "`service:` names no service"
    } else {
        "this is not the name of a service"
    };
    Err(Wrong::new(
        message,
        "letters, digits, `.`, `-` and `_` after `service:`, or `service:*` for every service",
        format!("write for example service:s3; {TO_FORMS}"),
    ))
}

/// Where traffic comes from.
pub(super) fn from(word: &str) -> Result<From, Wrong> {
    if word.starts_with("subnet-") {
        return id("subnet-", word).map(From::Subnet);
    }
    if word.starts_with("eni-") {
        return id("eni-", word).map(From::Interface);
    }
    if looks_like_an_address(word) {
        return block(word).map(From::Cidr);
    }
    Err(Wrong::new(
        "this names no workload",
        "a CIDR, a subnet (subnet-…) or an interface (eni-…)",
        "name where the traffic starts by CIDR, subnet or interface, or leave `from` out for the whole scope",
    ))
}

/// A word of a closed list; `not_here` is in the list but means nothing in a policy.
pub(super) fn one_of<T: Copy>(
    word: &str,
    kind: &str,
    all: &[T],
    text_of: fn(T) -> &'static str,
    not_here: &str,
) -> Result<T, Wrong> {
    let known = || {
        all.iter()
            .map(|value| text_of(*value))
            .filter(|text| *text != not_here)
    };
    let list = known().collect::<Vec<_>>().join(", ");
    if word == not_here {
        return Err(Wrong::new(
            format!("`{not_here}` cannot be allowed"),
            format!("a known {kind}"),
            format!("what the evidence does not say can never be proven; the words are: {list}"),
        ));
    }
    if let Some(value) = all.iter().find(|value| text_of(**value) == word) {
        return Ok(*value);
    }
    let guess = did_you_mean(word, known())
        .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    Err(Wrong::new(
        format!("`{}` is not a known {kind}", show(word)),
        format!("a known {kind}"),
        format!("{guess}the words are: {list}"),
    ))
}

/// A port at the far end.
pub(super) fn port(number: i64) -> Result<u16, Wrong> {
    u16::try_from(number)
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| {
            Wrong::new(
                "this is not a port number",
                "1 to 65535",
                "leave `ports` out for every port",
            )
        })
}

/// The id of a claim.
pub(super) fn claim_id(word: &str) -> Result<String, Wrong> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !word.is_empty() && word.bytes().all(plain) {
        return Ok(word.to_owned());
    }
    Err(Wrong::new(
        "this cannot be the id of a claim",
        "letters, digits, `.`, `_` and `-`",
        "choose a short name such as s3-private; `title` is the place for words",
    ))
}

/// Text for people.
pub(super) fn text(word: &str) -> Result<String, Wrong> {
    if !word.trim().is_empty() {
        return Ok(word.to_owned());
    }
    Err(Wrong::new(
        "this text is empty",
        "some words",
        "write what a reader of the report should know",
    ))
}

/// A duration such as `20m` in seconds.
pub(super) fn duration_s(word: &str) -> Result<i64, Wrong> {
    let wrong = || {
        Wrong::new(
            "this is not a duration",
            "a whole number above 0 with its unit: s, m, h or d",
            "write for example 90s, 20m, 24h or 7d",
        )
    };
    let unit_s = match word.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let number = &word[..word.len() - 1];
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    number
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(unit_s))
        .filter(|seconds| *seconds > 0)
        .ok_or_else(wrong)
}

/// A date such as `2026-12-31`: the last day on which an exception excepts.
pub(super) fn expiry(word: &str) -> Result<Expiry, Wrong> {
    last_second(word)
        .map(|last_s| Expiry {
            text: word.to_owned(),
            last_s,
        })
        .ok_or_else(|| {
            Wrong::new(
                "this is not a date",
                "a day of the calendar as YEAR-MONTH-DAY, without a time",
                "write for example 2026-12-31; the exception holds to the end of that day in UTC",
            )
        })
}

fn last_second(word: &str) -> Option<i64> {
    let parts: Vec<&str> = word.split('-').collect();
    let &[year, month, day] = parts.as_slice() else {
        return None;
    };
    let digits = |text: &str, len: usize| {
        text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return None;
    }
    let date =
        jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    // Not by way of `Timestamp`: 9999-12-31, written for "never", lies beyond its end.
    let since_epoch = date.duration_since(jiff::civil::Date::constant(1970, 1, 1));
    since_epoch.as_secs().checked_add(86_399)
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
