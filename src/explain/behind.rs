//! Who may be behind a NAT gateway whose record does not say: a second look through the records, and what it points to.
//!
//! A gateway's outside shows the far end and not the workload; its inside, in a log without `pkt-*`, shows the workload and not the far
//! end. Both are joined with records that show both ends, by what a NAT gateway leaves as it is: the known address, the far port, the
//! protocol, the direction and the time. What comes out is an inference: it proves nothing, and no verdict uses it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::classify;
use crate::explain::Look;
use crate::explain::find::{Found, Gathered};
use crate::explain::names::Names;
use crate::explain::whose::anywhere;
use crate::model::address::Address;
use crate::model::batch::FlowBatch;
use crate::model::explanation::{Behind, Candidate};
use crate::model::field::Field;
use crate::model::path::{Path, Vantage};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, Tag};

/// Candidates that are told apart for each record; of more, the lowest addresses stay, and then nobody is named.
const CANDIDATES_MAX: usize = 1_000;

/// Candidates that are shown.
const SHOWN_MAX: usize = 10;

/// What a record hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hides {
    Workload,
    FarEnd,
}

/// A record that hides an end, and what is known of it.
#[derive(Clone, Debug)]
struct Wanted {
    hides: Hides,
    /// The end that it shows.
    known: Address,
    peer_port: Option<u16>,
    /// Shown on the inside only: the gateway translates it.
    workload_port: Option<u16>,
    protocol: Option<i64>,
    /// The far end sent the packets; `None` if not known.
    far_sends: Option<bool>,
    gateway: Sym,
    times: (i64, i64),
    counts: (Option<i64>, Option<i64>),
}

/// What is looked for in the second look, and what has been found.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    wanted: Vec<(Wanted, BTreeMap<Address, Fit>)>,
    more: BTreeSet<usize>,
}

/// How well one fits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fit {
    seen_at: BTreeSet<Vantage>,
    records: u64,
    same_counts: u64,
    overlap_s: i64,
    /// The best: overlap, then place.
    best: (Reverse<bool>, Reverse<i64>, u32, u64),
}

impl Candidates {
    /// What to look for, one for each kind that hides an end; nothing if none does.
    pub fn of(look: Look<'_>, found: &Found) -> Candidates {
        let kinds = found.kinds.values();
        let wanted = kinds.filter_map(|kind| wanted(look, kind));
        Candidates {
            wanted: wanted.map(|wanted| (wanted, BTreeMap::new())).collect(),
            more: BTreeSet::new(),
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Looks through a batch.
    pub fn observe(&mut self, look: Look<'_>, batch: &FlowBatch, input: u32) {
        let columns = [
            Field::SrcAddr,
            Field::DstAddr,
            Field::PktSrcAddr,
            Field::PktDstAddr,
        ];
        let columns: Vec<_> = columns
            .iter()
            .filter_map(|field| batch.address(*field))
            .collect();
        let is_known = |address| {
            self.wanted
                .iter()
                .any(|(wanted, _)| wanted.known == address)
        };
        let rows: Vec<usize> = (0..batch.len())
            .filter(|row| {
                columns
                    .iter()
                    .any(|column| column.get(*row).is_some_and(is_known))
            })
            .collect();
        // A row of the batch is there, so this cannot fail.
        let Some(batch) = Some(rows)
            .filter(|rows| !rows.is_empty())
            .and_then(|rows| batch.only(&rows).ok())
        else {
            return;
        };
        let tags = classify::tags(&batch, look.world);
        for (row, tag) in tags.rows.iter().enumerate() {
            let Some(tag) = tag else { continue };
            let record = Record::new(&batch, row, tag);
            for (index, (wanted, fits)) in self.wanted.iter_mut().enumerate() {
                let Some((address, fit)) = record.fits(wanted, input) else {
                    continue;
                };
                match fits.get_mut(&address) {
                    Some(mine) => mine.merge(fit),
                    None => {
                        fits.insert(address, fit);
                    }
                }
                if fits.len() > CANDIDATES_MAX {
                    fits.pop_last();
                    self.more.insert(index);
                }
            }
        }
    }

    /// Adds what another thread found, looking for the same.
    #[must_use]
    pub fn merge(mut self, other: Candidates) -> Candidates {
        if self.wanted.is_empty() {
            return other;
        }
        self.more.extend(other.more);
        for (index, ((_, mine), (_, theirs))) in
            self.wanted.iter_mut().zip(other.wanted).enumerate()
        {
            for (address, fit) in theirs {
                match mine.get_mut(&address) {
                    Some(mine) => mine.merge(fit),
                    None => {
                        mine.insert(address, fit);
                    }
                }
            }
            while mine.len() > CANDIDATES_MAX {
                mine.pop_last();
                self.more.insert(index);
            }
        }
        self
    }

    /// What was found, in the order of the kinds that hide an end.
    pub(super) fn said(&self, look: Look<'_>, uris: &[String]) -> Vec<Behind> {
        let each = self.wanted.iter().enumerate();
        each.map(|(index, (wanted, fits))| {
            said(look, wanted, fits, self.more.contains(&index), uris)
        })
        .collect()
    }

    /// Whether a kind is one of those that hide an end.
    pub(super) fn hides(look: Look<'_>, kind: &Gathered) -> bool {
        wanted(look, kind).is_some()
    }
}

fn wanted(look: Look<'_>, kind: &Gathered) -> Option<Wanted> {
    let batch = &kind.sample;
    let tags = classify::tags(batch, look.world);
    let tag = tags.rows.first()?.as_ref()?;
    let (hides, known) = match (tag.workload, tag.peer) {
        (None, Some(peer)) => (Hides::Workload, peer),
        (Some(workload), None) => (Hides::FarEnd, workload),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    if tag.vantage != Vantage::Nat || !tag.flags.has(Flags::MASKED.with(Flags::FAR_HIDDEN)) {
        return None;
    }
    let number = |field| batch.number(field).and_then(|column| column.get(0));
    let (start, end) = (number(Field::Start), number(Field::End));
    let src = batch
        .address(Field::SrcAddr)
        .and_then(|column| column.get(0));
    // On the inside a gateway without pkt-* stands in the far end's place, and so do its ports.
    let ports = (number(Field::SrcPort), number(Field::DstPort));
    let port = |port: Option<i64>| port.and_then(|port| u16::try_from(port).ok());
    let known_sends = src == Some(known);
    let (near, far) = if known_sends {
        ports
    } else {
        (ports.1, ports.0)
    };
    let (workload_port, peer_port) = match hides {
        Hides::Workload => (None, port(near)),
        Hides::FarEnd => (port(near), port(far)),
    };
    Some(Wanted {
        hides,
        known,
        peer_port,
        workload_port,
        protocol: number(Field::Protocol),
        far_sends: src.map(|_| known_sends == (hides == Hides::Workload)),
        gateway: tag.via,
        times: (start.or(end)?, end.or(start)?),
        counts: (number(Field::Packets), number(Field::Bytes)),
    })
}

/// A record that may show both ends.
struct Record<'r> {
    tag: &'r Tag,
    protocol: Option<i64>,
    far_sends: bool,
    times: Option<(i64, i64)>,
    counts: (Option<i64>, Option<i64>),
    line: u64,
}

impl<'r> Record<'r> {
    fn new(batch: &FlowBatch, row: usize, tag: &'r Tag) -> Record<'r> {
        let number = |field| batch.number(field).and_then(|column| column.get(row));
        let address = |field| batch.address(field).and_then(|column| column.get(row));
        let src = address(Field::PktSrcAddr).or(address(Field::SrcAddr));
        Record {
            tag,
            protocol: number(Field::Protocol),
            far_sends: src.is_some() && src == tag.peer,
            times: number(Field::Start).zip(number(Field::End)),
            counts: (number(Field::Packets), number(Field::Bytes)),
            line: batch.lines()[row],
        }
    }

    /// The end that the wanted record hides, if this one can be of the same packets.
    fn fits(&self, wanted: &Wanted, input: u32) -> Option<(Address, Fit)> {
        let (workload, peer) = (self.tag.workload?, self.tag.peer?);
        let (known, hidden) = match wanted.hides {
            Hides::Workload => (peer, workload),
            Hides::FarEnd => (workload, peer),
        };
        // A NAT gateway speaks IPv4 for whoever uses NAT64.
        if known != wanted.known && known.behind_nat64() != wanted.known {
            return None;
        }
        // What is known to go another way is not behind this gateway.
        let way = match self.tag.path {
            Path::ViaNat => {
                [Sym::NONE, wanted.gateway].contains(&self.tag.via) || wanted.gateway == Sym::NONE
            }
            Path::Undetermined => true,
            _ => false,
        };
        let port = |wanted: Option<u16>, has: Option<u16>| wanted.is_none() || wanted == has;
        let same = way
            && port(wanted.peer_port, self.tag.peer_port)
            && port(wanted.workload_port, self.tag.workload_port)
            && wanted.protocol == self.protocol
            && wanted
                .far_sends
                .is_none_or(|far_sends| far_sends == self.far_sends);
        let times = self.times.filter(|_| same)?;
        let overlap_s = times.1.min(wanted.times.1) - times.0.max(wanted.times.0);
        if overlap_s < 0 {
            return None;
        }
        let counted = self.counts.0.is_some() && self.counts.1.is_some();
        let same_counts = counted && self.counts == wanted.counts;
        let fit = Fit {
            seen_at: BTreeSet::from([self.tag.vantage]),
            records: 1,
            same_counts: u64::from(same_counts),
            overlap_s,
            best: (Reverse(same_counts), Reverse(overlap_s), input, self.line),
        };
        Some((hidden, fit))
    }
}

impl Fit {
    fn merge(&mut self, other: Fit) {
        self.seen_at.extend(other.seen_at);
        self.records += other.records;
        self.same_counts += other.same_counts;
        self.overlap_s = self.overlap_s.max(other.overlap_s);
        self.best = self.best.min(other.best);
    }

    /// Best first: named by the gateway's inside, then the very counts, then the longest time together.
    fn rank(&self) -> (bool, bool, Reverse<i64>) {
        (
            !self.seen_at.contains(&Vantage::Nat),
            self.same_counts == 0,
            Reverse(self.overlap_s),
        )
    }
}

fn said(
    look: Look<'_>,
    wanted: &Wanted,
    fits: &BTreeMap<Address, Fit>,
    more: bool,
    uris: &[String],
) -> Behind {
    let names = Names {
        world: look.world,
        extra: &[],
    };
    let mut ranked: Vec<(&Address, &Fit)> = fits.iter().collect();
    ranked.sort_by_key(|(address, fit)| (fit.rank(), **address));
    let (inferred, why) = inferred(&ranked, more);
    let candidates = ranked
        .iter()
        .take(SHOWN_MAX)
        .map(|(address, fit)| Candidate {
            address: address.to_string(),
            is: anywhere(&names, look.world, **address),
            seen_at: fit.seen_at.iter().copied().collect(),
            records: fit.records,
            same_counts: fit.same_counts,
            overlap_s: fit.overlap_s,
            uri: usize::try_from(fit.best.2)
                .ok()
                .and_then(|index| uris.get(index))
                .cloned()
                .unwrap_or_default(),
            line: fit.best.3,
        });
    Behind {
        hides: match wanted.hides {
            Hides::Workload => "workload",
            Hides::FarEnd => "far end",
        },
        inferred: inferred.map(|address| address.to_string()),
        why,
        candidates: candidates.collect(),
        candidates_left_out: u64::try_from(ranked.len().saturating_sub(SHOWN_MAX)).unwrap_or(0),
    }
}

/// The one that fits better than all others, and by what; nobody, if two fit alike.
fn inferred(ranked: &[(&Address, &Fit)], more: bool) -> (Option<Address>, String) {
    let Some((address, best)) = ranked.first() else {
        let why =
            "no record that shows both ends fits in address, port, protocol, direction and time";
        return (None, why.to_owned());
    };
    if more {
        let why = format!("more than {CANDIDATES_MAX} fit, so none is named");
        return (None, why);
    }
    let alike = ranked
        .iter()
        .filter(|(_, fit)| fit.rank() == best.rank())
        .count();
    if alike > 1 {
        return (None, format!("{alike} fit equally well, so none is named"));
    }
    let by = match best.rank() {
        (false, false, _) => {
            "a record of the gateway's inside shows both ends, with the very packets and bytes"
        }
        (false, true, _) => "a record of the gateway's inside shows both ends at that time",
        (true, false, _) => "its own record has the very packets and bytes at that time",
        (true, true, _) if ranked.len() == 1 => "it alone talked to the far end at that time",
        (true, true, _) => "its own records overlap longest in time",
    };
    (Some(**address), by.to_owned())
}
