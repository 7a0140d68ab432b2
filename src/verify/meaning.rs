//! What a record means: for the totals, for coverage, for every claim. Asked once a class, since all its records mean the same.
//!
//! Judgement of a flow against a claim, in this order: is it the claim's workload, does it reach what the claim is about, does
//! its path keep the claim? Only three certain answers make a witness; a doubt in any makes the claim unproven, unless the
//! path keeps it whatever the doubt.

use std::borrow::Cow;

use crate::model::field::Field;
use crate::model::path::{Exit, Path, Vantage};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, Tag};
use crate::policy::Rejected;
use crate::verify::group::Key;
use crate::verify::log::{Action, Log};
use crate::verify::plan::ClaimPlan;
use crate::verify::reach::Placed;
use crate::verify::traffic;
use crate::verify::tri::{Reach, Tri};

/// The group of a claim that a flow is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It breaks the claim.
    Witness,
    /// It would have, and was rejected.
    Attempt,
    /// It may: path, far end or workload is not known.
    Unknown,
    /// It may: nobody with authority has named the public peer.
    Unnamed,
    /// It may, unless a record of the inside names the workload: told apart by far end.
    Masked,
    /// It keeps it by the route table's word alone.
    RouteAlone,
}

/// What a flow means to one claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Finding {
    /// The claim, by place.
    pub(super) claim: usize,
    /// Accepted and in reach.
    pub(super) checked: bool,
    /// Exceptions of the claim that fit, by place, and whether in time.
    pub(super) excepted: Vec<(usize, bool)>,
    /// Fields that would have told more, and that the log lacks.
    pub(super) lacking: Vec<Field>,
    /// The group, and why.
    pub(super) group: Option<(Kind, Cow<'static, str>)>,
    /// A record of a NAT gateway's inside: it names who is behind those of the outside to the same far end.
    pub(super) names: bool,
}

/// What a flow means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    /// What groups tell flows apart by.
    pub(super) key: Key,
    /// Its way, for the totals; `None` if it was rejected.
    pub(super) way: Option<traffic::Key>,
    /// The interface in scope that logged it: index into the plan's.
    pub(super) place: Option<u32>,
    /// Fields that every claim needs, that the log lacks, and that it counts for: it is or may be in scope.
    pub(super) lacking: Vec<Field>,
    /// The interface, if the topology does not have it and it may be in scope.
    pub(super) stranger: Option<String>,
    /// Record and topology disagree, of a flow that is or may be in scope.
    pub(super) disagrees: bool,
    /// For each claim to which it means anything.
    pub(super) findings: Vec<Finding>,
}

impl Meaning {
    /// Of a record with this tag.
    pub(super) fn new(log: &Log<'_, '_, '_>, row: usize, tag: &Tag) -> Meaning {
        let (plan, (start, end), action) = (log.plan, log.span(row), log.action(row));
        let placed = Placed {
            plan,
            tag,
            time_s: end.or(start).unwrap_or(0),
            extra_service: log.extra_name(tag.service),
            tells_packets: log.tells_packets,
        };
        let scope = placed.in_scope();
        // What a hop out of scope says against the topology, it says of the workload in scope that it forwards for.
        let against = tag.flags.has(Flags::DISAGREES) && placed.hop_of_scope();
        // On a NAT gateway, records of the inside say who is behind those of the outside, whoever it is.
        let names =
            tag.vantage == Vantage::Nat && !tag.flags.has(Flags::MASKED) && tag.peer.is_some();
        let interface = log.of_topology(tag.interface);
        let place = plan.scope_index.get(interface.0 as usize).copied();
        let mut meaning = Meaning {
            key: (
                tag.path,
                log.of_topology(tag.via),
                tag.exit,
                log.of_topology(tag.service),
                tag.vantage,
            ),
            way: (action != Action::Reject).then(|| way(log, tag)),
            place: place.and_then(|place| place.checked_sub(1)),
            lacking: Vec::new(),
            stranger: None,
            disagrees: tag.flags.has(Flags::DISAGREES) && (scope != Tri::No || against),
            findings: Vec::new(),
        };
        if scope == Tri::No && !against && !names {
            return meaning;
        }
        if scope != Tri::No {
            meaning.lacking.clone_from(&log.lacking);
            if tag.flags.has(Flags::INTERFACE_UNKNOWN) && !log.of_gateway {
                let name = log.name(tag.interface).unwrap_or("-");
                meaning.stranger = Some(name.to_owned());
            }
        }
        for (index, claim) in plan.claims.iter().enumerate() {
            let flow = Flow {
                log,
                tag,
                placed: &placed,
                scope,
                action,
                end,
            };
            let nothing = Finding {
                claim: index,
                ..Finding::default()
            };
            let mut finding = nothing.clone();
            finding.names = names && tag.peer.is_some() && flow.may_break(claim);
            if tag.flags.has(Flags::MASK_EXPLAINED) {
                flow.judge_masked(claim, &mut finding);
            } else {
                flow.judge(claim, &mut finding);
            }
            if finding != nothing {
                // Mostly there are one or two, and a vector would begin with room for four.
                meaning.findings.reserve_exact(1);
                meaning.findings.push(finding);
            }
        }
        meaning
    }
}

/// For the totals: an accepted flow, whosever it is.
fn way(log: &Log<'_, '_, '_>, tag: &Tag) -> traffic::Key {
    // Only a workload's own interface tells its subnet.
    let subnet = if tag.vantage == Vantage::Workload {
        log.plan.world.subnet_of(log.of_topology(tag.interface))
    } else {
        Sym::NONE
    };
    (tag.vantage, tag.path, subnet, log.of_topology(tag.service))
}

/// One flow in front of one claim.
struct Flow<'f, 'b, 'p, 'w> {
    log: &'f Log<'b, 'p, 'w>,
    tag: &'f Tag,
    placed: &'f Placed<'f, 'w>,
    scope: Tri,
    action: Action,
    end: Option<i64>,
}

impl Flow<'_, '_, '_, '_> {
    fn judge(&self, claim: &ClaimPlan, finding: &mut Finding) {
        let rejected = self.log.plan.policy.rejected;
        if self.action == Action::Reject && rejected == Rejected::Ignore {
            return;
        }
        let whose = self.scope.min(self.placed.is_from(claim.from.as_ref()));
        let reach = if whose == Tri::No {
            Reach::No
        } else {
            self.placed.reaches(&claim.to, claim.ports.as_deref())
        };
        if reach == Reach::No {
            return;
        }
        let keeps = self.keeps(claim);
        let attempt = self.action == Action::Reject && rejected == Rejected::Attempt;
        if attempt {
            if whose == Tri::Yes && reach == Reach::Yes && keeps == Tri::No {
                finding.group = Some((Kind::Attempt, "rejected".into()));
            }
            return;
        }
        let excepted = if keeps == Tri::Yes {
            Tri::No
        } else {
            self.excepted(claim, finding)
        };
        if excepted == Tri::Yes {
            return;
        }
        finding.checked = whose == Tri::Yes && reach == Reach::Yes;
        self.lacks(claim, finding);
        if keeps == Tri::Yes {
            if self.tag.flags.has(Flags::ROUTE_ALONE) {
                let why =
                    "the record does not say where it left the VPC; only the route table does";
                finding.group = Some((Kind::RouteAlone, why.into()));
            }
            return;
        }
        let certain = whose == Tri::Yes
            && keeps == Tri::No
            && excepted == Tri::No
            && self.action != Action::Unknown
            && !self.tag.flags.has(Flags::MASKED);
        finding.group = Some(match (certain, reach) {
            (true, Reach::Yes) => (Kind::Witness, self.why_broken(claim).into()),
            (_, Reach::Unnamed) => (Kind::Unnamed, "its public peer may be what the claim is about: no record, prefix list or recent ip-ranges.json names it".into()),
            (_, Reach::Yes | Reach::Hidden | Reach::No) => (Kind::Unknown, self.why_unknown(whose, reach).into()),
        });
    }

    /// A record of a NAT gateway's outside: judged where the inside names the workload, and a doubt where nothing does.
    fn judge_masked(&self, claim: &ClaimPlan, finding: &mut Finding) {
        let from = self.placed.is_from(claim.from.as_ref());
        if self.tag.peer.is_none() || !self.may_break(claim) {
            return;
        }
        if self.scope.min(from) == Tri::No || self.excepted(claim, finding) == Tri::Yes {
            return;
        }
        // Whoever names the gateway itself asks about what leaves it, not about who is behind.
        let gateway_itself = (!self.log.plan.scope_subjects.default && self.scope == Tri::Yes)
            || (claim.from.is_some() && from == Tri::Yes);
        let kind = if gateway_itself {
            Kind::Unknown
        } else {
            Kind::Masked
        };
        let why = "whose traffic it is is hidden, and no record of the inside names it";
        finding.group = Some((kind, why.into()));
    }

    /// Whether the flow may reach what the claim is about on a way that does not keep it, whoever's it is.
    fn may_break(&self, claim: &ClaimPlan) -> bool {
        let counts =
            self.action != Action::Reject || self.log.plan.policy.rejected == Rejected::Violation;
        counts
            && self.keeps(claim) != Tri::Yes
            && self.placed.reaches(&claim.to, claim.ports.as_deref()) != Reach::No
    }

    /// Whether the flow's path keeps the claim.
    fn keeps(&self, claim: &ClaimPlan) -> Tri {
        let tag = self.tag;
        let masked = tag.vantage == Vantage::Gateway && tag.flags.has(Flags::MASKED);
        if masked && tag.path != Path::Undetermined {
            self.keeps_masked(claim)
        } else {
            keeps(tag, claim)
        }
    }

    /// An appliance's outside: its own traffic, or somebody's behind it. Only what is allowed to both keeps the claim.
    fn keeps_masked(&self, claim: &ClaimPlan) -> Tri {
        let own = match self.tag.exit {
            Exit::InternetGateway => Some(Path::InternetBound),
            Exit::GatewayEndpoint => Some(Path::ViaGatewayEndpoint),
            Exit::Endpoint => Some(Path::ViaEndpointEni),
            Exit::TransitGateway => Some(Path::ViaTransitGateway),
            Exit::Peering => Some(Path::ViaPeering),
            Exit::Vpn => Some(Path::ViaVpn),
            Exit::None => Some(Path::IntraVpc),
            Exit::Unknown => None,
        };
        let narrowed = claim.exits.is_some() || claim.through.is_some();
        let both =
            !narrowed && allows(claim, self.tag.path) && own.is_some_and(|own| allows(claim, own));
        if both { Tri::Yes } else { Tri::Maybe }
    }

    /// Whether an exception takes the flow out; each one that does, or would have before its day was over, is counted.
    fn excepted(&self, claim: &ClaimPlan, finding: &mut Finding) -> Tri {
        let mut excepted = Tri::No;
        for (place, index) in claim.exceptions.iter().enumerate() {
            let exception = &self.log.plan.exceptions[*index];
            let to = match self
                .placed
                .reaches(&exception.to, exception.ports.as_deref())
            {
                Reach::Yes => Tri::Yes,
                Reach::No => Tri::No,
                Reach::Hidden | Reach::Unnamed => Tri::Maybe,
            };
            let fits = to.min(self.placed.is_from(exception.from.as_ref()));
            // A record without a time cannot be shown to lie before the end.
            let in_time = exception
                .last_s
                .is_none_or(|last| self.end.is_some_and(|end| end <= last));
            match (fits, in_time) {
                (Tri::Yes, true) => {
                    finding.excepted.push((place, true));
                    excepted = Tri::Yes;
                }
                (Tri::Yes, false) => finding.excepted.push((place, false)),
                (Tri::Maybe, true) => excepted = excepted.max(Tri::Maybe),
                (Tri::Maybe | Tri::No, _) => {}
            }
        }
        excepted
    }

    /// Counts the fields that would have told more of a flow in question.
    fn lacks(&self, claim: &ClaimPlan, finding: &mut Finding) {
        let batch = self.log.batch;
        let mut lack = |field: Field| {
            if !batch.has(field) {
                finding.lacking.push(field);
            }
        };
        let address_hidden = claim
            .from
            .as_ref()
            .is_some_and(|from| self.placed.address_is_from(from) == Tri::Maybe);
        if self.tag.flags.has(Flags::FAR_HIDDEN)
            || self.tag.flags.has(Flags::MASKED)
            || address_hidden
        {
            lack(Field::PktSrcAddr);
            lack(Field::PktDstAddr);
        }
        if self.tag.flags.has(Flags::ROUTE_ALONE) {
            lack(Field::TrafficPath);
            lack(Field::FlowDirection);
        }
        if self.tag.basis == "direction-unknown" {
            lack(Field::FlowDirection);
        }
        // An appliance between two of the same VPC, whose route the topology lacks, shows in pkt-* at its own interface and in
        // nothing else.
        let within = matches!(self.tag.path, Path::IntraVpc | Path::ViaEndpointEni);
        if within && !allows(claim, Path::ViaAppliance) {
            lack(Field::PktSrcAddr);
            lack(Field::PktDstAddr);
        }
        if claim.ports.is_some() {
            lack(Field::SrcPort);
            lack(Field::DstPort);
        }
    }

    fn why_broken(&self, claim: &ClaimPlan) -> String {
        let tag = self.tag;
        if !allows(claim, tag.path) {
            return format!("{} is not allowed", tag.path);
        }
        if claim
            .exits
            .as_ref()
            .is_some_and(|exits| !exits[tag.exit as usize])
        {
            return format!("it leaves by {}, which is not allowed", tag.exit);
        }
        format!(
            "it goes through {}, which is not allowed",
            self.log.name(tag.via).unwrap_or("an unknown gateway")
        )
    }

    fn why_unknown(&self, whose: Tri, reach: Reach) -> &'static str {
        let tag = self.tag;
        match (tag.path, reach, whose) {
            (Path::Undetermined, ..) => "its path is undetermined",
            _ if tag.flags.has(Flags::FAR_HIDDEN) => "its far end is hidden",
            _ if tag.flags.has(Flags::MASKED) => "whose traffic it is is hidden",
            (_, Reach::Hidden, _) => "it may reach what the claim is about",
            (_, _, Tri::Maybe) => "it may be of a workload in scope",
            _ if self.action == Action::Unknown => {
                "the record does not say whether it was accepted"
            }
            _ => "where it leaves, or by which gateway, is not known",
        }
    }
}

fn allows(claim: &ClaimPlan, path: Path) -> bool {
    claim.allow[path as usize]
}

/// Whether a path keeps the claim, whoever's it is.
pub(super) fn keeps(tag: &Tag, claim: &ClaimPlan) -> Tri {
    if tag.path == Path::Undetermined {
        // Stays in the VPC, or is an endpoint's there: what is allowed either way keeps the claim.
        let either =
            tag.flags.has(Flags::PEER_UNOWNED) && claim.exits.is_none() && claim.through.is_none();
        return if either && allows(claim, Path::IntraVpc) && allows(claim, Path::ViaEndpointEni) {
            Tri::Yes
        } else {
            Tri::Maybe
        };
    }
    if !allows(claim, tag.path) {
        return Tri::No;
    }
    // The far end is a gateway's own address: whoever that speaks for may have come any way.
    if tag.path == Path::IntraVpc && tag.flags.has(Flags::FAR_HIDDEN) {
        return Tri::Maybe;
    }
    let exit = claim
        .exits
        .as_ref()
        .map_or(Tri::Yes, |exits| match tag.exit {
            exit if exits[exit as usize] => Tri::Yes,
            // What lies behind these may yet be an allowed end.
            Exit::Unknown | Exit::TransitGateway | Exit::Peering => Tri::Maybe,
            Exit::InternetGateway
            | Exit::GatewayEndpoint
            | Exit::Endpoint
            | Exit::Vpn
            | Exit::None => Tri::No,
        });
    let through = claim
        .through
        .as_ref()
        .map_or(Tri::Yes, |through| match tag.via {
            Sym::NONE => Tri::Maybe,
            via => Tri::of(through.contains(&via)),
        });
    exit.min(through)
}
