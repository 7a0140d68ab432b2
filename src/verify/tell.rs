//! Tells a tally of records that mean the same, and says from where on one may be among the worst.

use crate::model::address::Address;
use crate::model::evidence::Share;
use crate::verify::group::Group;
use crate::verify::meaning::{Finding, Kind, Meaning};
use crate::verify::tally::{ClaimTally, Tally};

/// The group of a claim; those of masked flows are by far end.
pub(super) fn group(claim: &mut ClaimTally, kind: Kind) -> Option<&mut Group> {
    match kind {
        Kind::Witness => Some(&mut claim.witnesses),
        Kind::Attempt => Some(&mut claim.attempts),
        Kind::Unknown => Some(&mut claim.unknown),
        Kind::Unnamed => Some(&mut claim.unnamed),
        Kind::RouteAlone => Some(&mut claim.route_alone),
        Kind::Masked => None,
    }
}

/// What a flow means to claims by its far end, and why.
pub(super) fn masked_with(meaning: &Meaning) -> impl Iterator<Item = (&Finding, &str)> {
    meaning.findings.iter().filter_map(|finding| {
        let (kind, why) = finding.group.as_ref()?;
        (*kind == Kind::Masked).then_some((finding, why.as_ref()))
    })
}

/// From how many bytes on a record of this meaning may be among the worst of any of its groups.
pub(super) fn shown_from_bytes(tally: &Tally, meaning: &Meaning) -> u64 {
    let disagreements = meaning.disagrees.then_some(&tally.disagreements);
    let groups = meaning.findings.iter().filter_map(|finding| {
        let claim = &tally.claims[finding.claim];
        match finding.group.as_ref()?.0 {
            Kind::Witness => Some(&claim.witnesses),
            Kind::Attempt => Some(&claim.attempts),
            Kind::Unknown => Some(&claim.unknown),
            Kind::Unnamed => Some(&claim.unnamed),
            Kind::RouteAlone => Some(&claim.route_alone),
            Kind::Masked => None,
        }
    });
    let least = groups
        .chain(disagreements)
        .map(Group::shown_from_bytes)
        .min();
    least.unwrap_or(u64::MAX)
}

/// The same for the outside of one far end; who is named is not shown.
pub(super) fn outside_shown_from_bytes(tally: &Tally, meaning: &Meaning, peer: Address) -> u64 {
    let least = masked_with(meaning).map(|(finding, _)| {
        let known = tally.claims[finding.claim].masked.by_peer.get(&peer);
        match known {
            Some(far) if far.named => u64::MAX,
            Some(far) => far.outside.shown_from_bytes(),
            None => 0,
        }
    });
    least.min().unwrap_or(u64::MAX)
}

/// Tells the tally of records that mean the same.
pub(super) fn tell_class(
    tally: &mut Tally,
    meaning: &Meaning,
    share: Share,
    times: (Option<i64>, Option<i64>),
) {
    if share.flows == 0 {
        return;
    }
    tally.flows += share.flows;
    tally.in_window += share.flows;
    match meaning.way {
        Some(way) => tally.traffic.flows(way, share),
        None => tally.rejected += share.flows,
    }
    if let Some(place) = meaning.place {
        let heard = tally.heard.entry(place).or_default();
        heard.flows += share.flows;
        heard.note(times.0, times.1);
    }
    if meaning.disagrees {
        tally.disagreements.count(meaning.key, share, times);
    }
    for field in &meaning.lacking {
        *tally.lacking.entry(*field).or_default() += share.flows;
    }
    if let Some(name) = &meaning.stranger {
        tally.stranger(name, share.flows);
    }
    for finding in &meaning.findings {
        let claim = &mut tally.claims[finding.claim];
        tell_claim(claim, finding, meaning, share, times);
    }
}

fn tell_claim(
    claim: &mut ClaimTally,
    finding: &Finding,
    meaning: &Meaning,
    share: Share,
    times: (Option<i64>, Option<i64>),
) {
    if finding.checked {
        claim.checked += share.flows;
    }
    for (place, in_time) in &finding.excepted {
        let most = claim.excepted.len().max(place + 1);
        claim.excepted.resize(most, (0, 0));
        let count = &mut claim.excepted[*place];
        if *in_time {
            count.0 += share.flows;
        } else {
            count.1 += share.flows;
        }
    }
    for field in &finding.lacking {
        *claim.lacking.entry(*field).or_default() += share.flows;
    }
    if let Some((kind, _)) = &finding.group
        && let Some(group) = group(claim, *kind)
    {
        group.count(meaning.key, share, times);
    }
}

/// Tells the tally of records of a NAT gateway's outside to one far end.
pub(super) fn tell_outside(
    tally: &mut Tally,
    meaning: &Meaning,
    peer: Address,
    share: Share,
    times: (Option<i64>, Option<i64>),
) {
    if share.flows == 0 {
        return;
    }
    for (finding, _) in masked_with(meaning) {
        let ends = &mut tally.claims[finding.claim].masked;
        let far = ends.at(peer);
        if !far.named {
            far.outside.count(meaning.key, share, times);
        }
        ends.bound();
    }
}
