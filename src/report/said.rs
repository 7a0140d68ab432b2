//! What several reports say, in the same words. Blanks that hold a number and its unit together are [`GLUE`]; [`plain`] makes
//! them ordinary ones.

use crate::model::evidence::{ClaimReport, Evidence, ExceptionReport, Totals, WindowReport};
use crate::model::path::{Vantage, Verdict};

use super::shown::{prose, safe};
use super::units::{GLUE, bytes, count, duration, len, period, plural, seconds_between, time};

/// The same text with ordinary blanks.
pub(super) fn plain(text: &str) -> String {
    text.replace(GLUE, " ")
}

/// A verdict at a glance, never without its word.
pub(super) fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Violated => '✗',
        Verdict::Unproven => '?',
        Verdict::Proven => '✓',
    }
}

/// The verdict as this page shouts it.
pub(super) fn verdict_word(verdict: Verdict) -> String {
    verdict.as_str().to_uppercase()
}

/// How many claims hold, in a sentence.
pub(super) fn sentence(evidence: &Evidence) -> String {
    let all = len(evidence.claims.len());
    let of = |verdict| {
        len(evidence
            .claims
            .iter()
            .filter(|claim| claim.verdict == verdict)
            .count())
    };
    let (broken, open, held) = (
        of(Verdict::Violated),
        of(Verdict::Unproven),
        of(Verdict::Proven),
    );
    let is = |number| if number == 1 { "is" } else { "are" };
    let lack = if open == 1 { "lacks" } else { "lack" };
    match evidence.verdict {
        _ if all == 0 => "there is no claim, so nothing was judged".to_owned(),
        Verdict::Violated => {
            let mut out = format!(
                "{} of {} {} broken",
                count(broken),
                plural(all, "claim"),
                is(broken)
            );
            if open > 0 {
                out.push_str(&format!(", {} {lack} evidence", count(open)));
            }
            out
        }
        Verdict::Unproven => format!(
            "no witness, but {} of {} {lack} evidence",
            count(open),
            plural(all, "claim")
        ),
        Verdict::Proven if held == all && all == 1 => "the only claim holds".to_owned(),
        Verdict::Proven if held == all => format!("all {} hold", plural(all, "claim")),
        Verdict::Proven => format!("{} of {} hold", count(held), plural(all, "claim")),
    }
}

/// The time that the verdict is about, who chose it, and of how many parts it is made.
pub(super) fn window(evidence: &Evidence) -> String {
    match evidence.parts.len() {
        0 => period_of(&evidence.window),
        parts => format!("{}; {parts} evidences joined", period_of(&evidence.window)),
    }
}

fn period_of(window: &WindowReport) -> String {
    let from = |word: &str| match word {
        "asked" => "asked for".to_owned(),
        "records" => "taken from the records".to_owned(),
        "delivery" => "later records may be on their way".to_owned(),
        other => safe(other),
    };
    let source = if window.since_from == window.until_from {
        from(&window.since_from)
    } else {
        format!(
            "start {}, end {}",
            from(&window.since_from),
            from(&window.until_from)
        )
    };
    match (&window.since, &window.until) {
        (Some(since), Some(until)) => {
            let lasts = seconds_between(since, until).map(|s| format!(", {}", duration(s)));
            format!(
                "{} UTC{} ({source})",
                period(since, until),
                lasts.unwrap_or_default()
            )
        }
        (Some(since), None) => format!("from {} UTC, without end ({source})", time(since)),
        (None, Some(until)) => format!("until {} UTC, without beginning ({source})", time(until)),
        (None, None) => "none: nobody asked for one, and no record gives one".to_owned(),
    }
}

/// What was read, by status.
pub(super) fn records(totals: &Totals) -> String {
    if totals.records == 0 {
        return "none at all, and zero records prove nothing".to_owned();
    }
    let mut out = format!(
        "{} read: {}, {}{GLUE}nodata, {}{GLUE}skipdata, {}{GLUE}set{GLUE}aside",
        count(totals.records),
        plural(totals.flows, "flow"),
        count(totals.nodata),
        count(totals.skipdata),
        count(totals.set_aside)
    );
    if totals.outside_window > 0 {
        out.push_str(&format!(
            "; {} outside the window, not judged",
            count(totals.outside_window)
        ));
    }
    if totals.rejected > 0 {
        out.push_str(&format!("; {} rejected", plural(totals.rejected, "flow")));
    }
    out
}

/// Flows checked and witnesses of a claim, with their bytes, vantage and time.
pub(super) fn counted(claim: &ClaimReport) -> String {
    let flows = plural(claim.flows_checked, "flow");
    let witnesses = &claim.witnesses;
    if witnesses.count == 0 {
        return format!("{flows} checked, no witness");
    }
    let at = witnesses
        .counted_at
        .map(|vantage| format!(" counted at {}", seen_by(vantage)));
    let when = match (&witnesses.first, &witnesses.last) {
        (Some(first), Some(last)) => format!(", {}", period(first, last)),
        _ => String::new(),
    };
    format!(
        "{flows} checked, {}: {}{}{when}",
        plural(witnesses.count, "witness"),
        bytes(witnesses.bytes),
        at.unwrap_or_default()
    )
}

/// An exception's place among those of its claim: those first that ask for a hand.
pub(super) fn urgency(exception: &ExceptionReport) -> u8 {
    match (exception.expired_flows, exception.flows) {
        (1.., _) => 0,
        (0, 0) => 1,
        (0, 1..) => 2,
    }
}

/// What an exception did, until when, whose it is and why.
pub(super) fn exception_line(exception: &ExceptionReport) -> String {
    let until = exception.expires.as_ref().map(|day| safe(day));
    let state = match (urgency(exception), until) {
        (0, until) => format!(
            "EXPIRED {}, excepts nothing ({} now count)",
            until.unwrap_or_default(),
            plural(exception.expired_flows, "flow")
        ),
        (1, Some(until)) => format!("UNUSED, matched nothing, ends {until}"),
        (1, None) => "UNUSED, matched nothing, never ends".to_owned(),
        (_, Some(until)) => format!("used for {}, ends {until}", plural(exception.flows, "flow")),
        (_, None) => format!("used for {}, never ends", plural(exception.flows, "flow")),
    };
    let to: Vec<String> = exception.to.iter().map(|word| safe(word)).collect();
    let owner = exception
        .owner
        .as_ref()
        .map(|owner| format!(", {}", safe(owner)));
    let text = format!(
        "{state}: {} ({}{})",
        to.join(" "),
        safe(&exception.reason),
        owner.unwrap_or_default()
    );
    prose(&text)
}

/// `address:port`, with brackets around IPv6.
pub(super) fn end_point(address: &str, port: Option<u16>) -> String {
    match port {
        Some(port) if address.contains(':') => format!("[{}]:{port}", safe(address)),
        Some(port) => format!("{}:{port}", safe(address)),
        None => safe(address),
    }
}

/// The interfaces of a vantage, in words.
pub(super) fn seen_by(vantage: Vantage) -> &'static str {
    match vantage {
        Vantage::Workload => "the workloads",
        Vantage::Endpoint => "endpoints",
        Vantage::Nat => "NAT gateways",
        Vantage::Gateway => "other gateways",
        Vantage::Unknown => "unknown interfaces",
    }
}

/// Whether a claim holds only because an exception is in force: it is proven, and flows that would have broken it were excepted.
pub(super) fn is_excepted(claim: &ClaimReport) -> bool {
    claim.verdict == Verdict::Proven && used(claim).next().is_some()
}

/// The exceptions that flows made use of.
pub(super) fn used(claim: &ClaimReport) -> impl Iterator<Item = &ExceptionReport> {
    claim
        .exceptions
        .iter()
        .filter(|exception| exception.flows > 0)
}
