//! What each claim says of one record, in words. The answer is the verifier's own: the record is weighed alone by a [`Weigher`], and
//! what it left in the tally is read back. Nothing is judged here a second time.

use crate::model::batch::FlowBatch;
use crate::model::class::Classes;
use crate::model::explanation::{ClaimSaid, Weight};
use crate::model::path::Exit;
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, Tag, Tags};
use crate::model::window::{Window, rfc3339};
use crate::policy::{Claim, Rejected};
use crate::verify::InputFacts;
use crate::verify::group::Group;
use crate::verify::judge::Weigher;
use crate::verify::plan::{ClaimPlan, Plan};
use crate::verify::reach::Placed;
use crate::verify::tally::{ClaimTally, Tally};
use crate::verify::tri::{Reach, Tri};

/// What of a record's time and port a plan tells apart: two records with equal tags, actions, formats and this are judged alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alike {
    /// Whether it has an end.
    timed: bool,
    /// How many of the plan's edges lie before it.
    time: Option<usize>,
    /// Which lists of ports have it.
    port: Vec<bool>,
}

impl Plan<'_> {
    /// The window that was asked for.
    pub fn window(&self) -> Window {
        self.window
    }

    /// What matters of a record's times and of the far end's port.
    pub fn alike(&self, times: (Option<i64>, Option<i64>), peer_port: Option<u16>) -> Alike {
        let (start, end) = times;
        let exceptions = self.exceptions.iter().filter_map(|known| known.last_s);
        let edges = [
            self.window.since.map(|since| since.saturating_sub(1)),
            self.window.until.map(|until| until.saturating_sub(1)),
            Some(self.ranges_good_until_s),
            Some(0),
        ];
        let captured = self.world.snapshots.iter().filter_map(|one| one.captured_s);
        // Valid from its own second on.
        let captured = captured.map(|captured_s| captured_s.saturating_sub(1));
        let edges = edges
            .into_iter()
            .flatten()
            .chain(exceptions)
            .chain(captured);
        let ports = self.claims.iter().filter_map(|claim| claim.ports.as_ref());
        let ports = ports.chain(self.exceptions.iter().filter_map(|one| one.ports.as_ref()));
        let in_ports = |ports: &Vec<u16>| peer_port.is_some_and(|port| ports.contains(&port));
        Alike {
            timed: end.is_some(),
            time: end
                .or(start)
                .map(|end| edges.filter(|edge| *edge < end).count()),
            port: ports.map(in_ports).chain([peer_port.is_none()]).collect(),
        }
    }
}

/// What each claim says of the first record of a batch, in the policy's order. NODATA and SKIPDATA records are of no claim's concern.
pub fn claims(
    plan: &Plan<'_>,
    batch: &FlowBatch,
    tags: &Tags,
    input: &InputFacts,
) -> Vec<ClaimSaid> {
    let Some(tag) = tags.rows.first().and_then(Option::as_ref) else {
        return Vec::new();
    };
    let mut weigher = Weigher::new(plan);
    weigher.observe(batch, &Classes::one_each(batch, tags), input);
    let tally = weigher.finish();
    let end = batch.number(crate::model::field::Field::End);
    let start = batch.number(crate::model::field::Field::Start);
    let time_s = end
        .and_then(|end| end.get(0))
        .or(start.and_then(|start| start.get(0)));
    let extra = (tag.service.0 as usize)
        .checked_sub(plan.world.symbols.len())
        .and_then(|index| tags.extra.get(index));
    use crate::model::field::Field;
    let placed = Placed {
        plan,
        tag,
        time_s: time_s.unwrap_or(0),
        extra_service: extra.map(|name| &**name),
        tells_packets: batch.has(Field::PktSrcAddr) && batch.has(Field::PktDstAddr),
    };
    let rejected = batch.text(Field::Action).and_then(|column| column.get(0)) == Some("REJECT");
    let said = plan.policy.claims.iter().zip(&plan.claims).enumerate();
    said.map(|(index, (claim, resolved))| {
        let none = ClaimTally::default();
        One {
            plan,
            claim,
            resolved,
            placed: &placed,
            seen: tally.claims.get(index).unwrap_or(&none),
            tally: &tally,
            rejected,
        }
        .said()
    })
    .collect()
}

/// One claim and what the record left for it.
struct One<'o, 'p, 'w> {
    plan: &'o Plan<'w>,
    claim: &'o Claim,
    resolved: &'o ClaimPlan,
    placed: &'o Placed<'p, 'w>,
    seen: &'o ClaimTally,
    tally: &'o Tally,
    rejected: bool,
}

impl One<'_, '_, '_> {
    fn said(&self) -> ClaimSaid {
        let (weight, why) = self.weight();
        ClaimSaid {
            id: self.claim.id.clone(),
            title: self.claim.title.clone(),
            weight,
            why,
            asked: if weight == Weight::OutsideWindow {
                Vec::new()
            } else {
                self.asked()
            },
            weighs_on: self.weighs_on(),
        }
    }

    fn tag(&self) -> &Tag {
        self.placed.tag
    }

    /// Where the tally has it.
    fn weight(&self) -> (Weight, String) {
        let seen = self.seen;
        let why = |group: &Group| {
            let sample = group.sample.keys().next();
            sample.map_or_else(String::new, |sample| sample.why.clone())
        };
        let outside = seen
            .masked
            .by_peer
            .values()
            .find(|far| far.outside.count > 0);
        if self.tally.in_window == 0 {
            let why = "it ends outside the window that was asked for";
            (Weight::OutsideWindow, why.to_owned())
        } else if seen.witnesses.count > 0 {
            (Weight::Witness, why(&seen.witnesses))
        } else if seen.attempts.count > 0 {
            let why = "it would have broken the claim, and a security group or ACL rejected it";
            (Weight::Attempt, why.to_owned())
        } else if seen.unknown.count > 0 {
            (Weight::Doubt, why(&seen.unknown))
        } else if seen.unnamed.count > 0 {
            (Weight::Doubt, why(&seen.unnamed))
        } else if outside.is_some() {
            let why = "whose traffic it is is hidden on the gateway's outside; a record of the inside to the same far end accounts for it";
            (Weight::Masked, why.to_owned())
        } else if seen.route_alone.count > 0 {
            (Weight::RouteAlone, why(&seen.route_alone))
        } else if seen.excepted.iter().any(|(excepted, _)| *excepted > 0) {
            (Weight::Excepted, self.exceptions())
        } else if self.is_about() {
            (Weight::Keeps, "its path keeps the claim".to_owned())
        } else {
            (Weight::NotAbout, self.why_not_about())
        }
    }

    /// Whose it is, as far as this claim asks.
    fn whose(&self) -> (Tri, Tri) {
        let from = self.placed.is_from(self.resolved.from.as_ref());
        (self.placed.in_scope(), from)
    }

    fn reach(&self) -> Reach {
        self.placed
            .reaches(&self.resolved.to, self.resolved.ports.as_deref())
    }

    fn masked(&self) -> bool {
        self.tag().flags.has(Flags::MASK_EXPLAINED)
    }

    fn is_about(&self) -> bool {
        let (scope, from) = self.whose();
        let may_be = scope.min(from) != Tri::No && self.reach() != Reach::No;
        may_be && !self.rejected
    }

    fn why_not_about(&self) -> String {
        let (scope, from) = self.whose();
        match (scope, from, self.reach()) {
            (Tri::No, ..) => "its workload is not in the policy's scope".to_owned(),
            (_, Tri::No, _) => "its workload is not among those of `from`".to_owned(),
            (.., Reach::No) => format!("it does not reach {}", self.to()),
            _ if self.rejected && self.plan.policy.rejected == Rejected::Ignore => {
                "it was rejected, and the policy ignores what was".to_owned()
            }
            _ if self.rejected => {
                "it was rejected, and its path would have kept the claim".to_owned()
            }
            _ => "it is of no concern to the claim".to_owned(),
        }
    }

    fn to(&self) -> String {
        let terms: Vec<String> = self.claim.to.iter().map(ToString::to_string).collect();
        let mut to = terms.join(", ");
        if let Some(ports) = &self.claim.ports {
            let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
            to.push_str(&format!(" at port {}", ports.join(", ")));
        }
        to
    }

    fn asked(&self) -> Vec<(&'static str, String)> {
        let (scope, from) = self.whose();
        let answer = |tri: Tri| match tri {
            Tri::Yes => "yes",
            Tri::No => "no",
            Tri::Maybe => "the evidence does not say",
        };
        let mut asked = vec![("scope", answer(scope).to_owned())];
        if self.resolved.from.is_some() {
            asked.push(("from", answer(from).to_owned()));
        }
        let reach = match self.reach() {
            Reach::Yes => "yes",
            Reach::No => "no",
            Reach::Hidden => "not known: the far end, or whose address it is, is hidden",
            Reach::Unnamed => "not known: nobody with authority has named the public peer",
        };
        asked.push(("reach", format!("{}: {reach}", self.to())));
        if scope.min(from) == Tri::No || self.reach() == Reach::No {
            return asked;
        }
        asked.push(("path", self.path()));
        if !self.resolved.exceptions.is_empty() {
            asked.push(("exception", self.exceptions()));
        }
        if self.masked() {
            let why = "hidden here; the inside of the gateway may name it".to_owned();
            asked.push(("workload", why));
        }
        asked
    }

    /// The claim's own words on path, exit and gateway, beside the record's.
    fn path(&self) -> String {
        let list = |words: Vec<&str>| {
            if words.is_empty() {
                "none is".to_owned()
            } else {
                words.join(", ")
            }
        };
        let (tag, claim) = (self.tag(), self.claim);
        let allow = list(claim.allow.iter().map(|path| path.as_str()).collect());
        let mut out = format!("{}; allowed: {allow}", tag.path);
        if let Some(exits) = &claim.exits {
            let exits = list(exits.iter().map(|exit: &Exit| exit.as_str()).collect());
            out.push_str(&format!("; exit {}, allowed: {exits}", tag.exit));
        }
        if let Some(through) = &claim.through {
            let through = list(through.iter().map(String::as_str).collect());
            let via = if tag.via == Sym::NONE {
                "not known"
            } else if (tag.via.0 as usize) < self.plan.world.symbols.len() {
                self.plan.world.symbols.name(tag.via)
            } else {
                "not in the topology"
            };
            out.push_str(&format!("; through {via}, allowed: {through}"));
        }
        out
    }

    fn exceptions(&self) -> String {
        let none = (0, 0);
        let each = self.resolved.exceptions.iter().enumerate();
        let told = each.filter_map(|(place, index)| {
            let exception = self.plan.policy.exceptions.get(*index)?;
            let (fits, late) = self.seen.excepted.get(place).unwrap_or(&none);
            let ended = || {
                let last_s = exception.expires.as_ref().map_or(0, |expiry| expiry.last_s);
                rfc3339(last_s)
            };
            match (*fits, *late) {
                (1.., _) => Some(format!("excepted: {} ({})", exception.reason, exception.at)),
                (0, 1..) => Some(format!(
                    "would be excepted ({}), but that ended {} ({})",
                    exception.reason,
                    ended(),
                    exception.at
                )),
                (0, 0) => None,
            }
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() {
            "none takes it out".to_owned()
        } else {
            told.join("; ")
        }
    }

    fn weighs_on(&self) -> Vec<(&'static str, String)> {
        let (seen, mut out) = (self.seen, Vec::new());
        let masked = seen
            .masked
            .by_peer
            .values()
            .any(|far| far.outside.count > 0);
        if seen.unknown.count > 0 {
            out.push((
                "no-unknown-path",
                "fails: it may break the claim".to_owned(),
            ));
        }
        if masked {
            let why =
                "fails unless a record of the gateway's inside names who reached this far end";
            out.push(("no-unknown-path", why.to_owned()));
        }
        let fields = self.tally.lacking.keys().chain(seen.lacking.keys());
        let fields: Vec<&str> = fields.map(|field| field.text()).collect();
        if !fields.is_empty() {
            let why = format!("fails: the log lacks {}", fields.join(", "));
            out.push(("fields-suffice", why));
        }
        if seen.route_alone.count > 0 {
            let why = "fails: only the route table tells where it left the VPC";
            out.push(("fields-suffice", why.to_owned()));
        }
        if seen.unnamed.count > 0 {
            let why = "fails: its public peer has no name with authority";
            out.push(("services-known", why.to_owned()));
        }
        if self.tally.stranger_records > 0 {
            let why = "fails: the interface that logged it is not in the topology";
            out.push(("topology-fits", why.to_owned()));
        }
        if self.tally.disagreements.count > 0 {
            let why = "fails: record and topology disagree";
            out.push(("topology-fits", why.to_owned()));
        }
        out
    }
}
