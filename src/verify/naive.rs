//! Weighs a batch record by record, asking everything again of each: what the weigher by classes must come to as well.
//!
//! Judgement of a flow against a claim, in this order: is it the claim's workload, does it reach what the claim is about, does
//! its path keep the claim? Only three certain answers make a witness; a doubt in any makes the claim unproven, unless the
//! path keeps it whatever the doubt.

use std::cmp::Reverse;

use crate::model::batch::{FlowBatch, NumberColumn, Status};
use crate::model::evidence::{FlowSample, Share};
use crate::model::field::Field;
use crate::model::path::{Exit, Path, Vantage};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, Tag, Tags};
use crate::policy::Rejected;
use crate::verify::InputFacts;
use crate::verify::group::{Group, Key};
use crate::verify::metrics::Observer;
use crate::verify::plan::{ClaimPlan, Plan};
use crate::verify::reach::Placed;
use crate::verify::tally::{ClaimTally, Tally};
use crate::verify::tri::{Reach, Tri};

/// Weighs the records of a batch.
pub(super) fn observe(
    plan: &Plan<'_>,
    tally: &mut Tally,
    batch: &FlowBatch,
    tags: &Tags,
    input: &InputFacts,
) {
    tally
        .claims
        .resize_with(plan.claims.len(), ClaimTally::default);
    let batch = Observed::new(plan, batch, tags, input);
    for row in 0..batch.batch.len() {
        batch.record(tally, row);
    }
}

/// A flow as groups see it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    key: Key,
    bytes: u64,
    start: Option<i64>,
    end: Option<i64>,
    cite: (u32, u64),
}

impl Group {
    /// Counts a flow, and keeps it if it is among the worst.
    fn add(&mut self, seen: Seen, show: impl FnOnce() -> FlowSample) {
        let share = Share {
            flows: 1,
            bytes: seen.bytes,
        };
        self.count(seen.key, share, (seen.start, seen.end));
        self.keep(show(), seen.cite);
    }
}

/// A batch, with its columns at hand.
struct Observed<'b, 'p, 'w> {
    plan: &'p Plan<'w>,
    batch: &'b FlowBatch,
    tags: &'b Tags,
    input: &'b InputFacts,
    interface: Option<crate::model::batch::TextColumn<'b>>,
    vpc: Option<crate::model::batch::TextColumn<'b>>,
    /// By key of the interface column: its symbol in the topology.
    interfaces: Vec<Sym>,
    /// By the same key: its subnet, if the topology tells.
    subnets: Vec<Sym>,
    actions: Vec<Action>,
    action: Option<crate::model::batch::TextColumn<'b>>,
    start: Option<NumberColumn<'b>>,
    end: Option<NumberColumn<'b>>,
    bytes: Option<NumberColumn<'b>>,
    packets: Option<NumberColumn<'b>>,
    protocol: Option<NumberColumn<'b>>,
    /// Whether records of this input show that an interface is logged: not if its flow log leaves out what was accepted or rejected.
    covers: bool,
    /// Fields that every claim needs and this log lacks.
    lacking: Vec<Field>,
    of_gateway: bool,
    /// Whether the log has the packets' own addresses: without them a secondary address is printed as the primary one.
    tells_packets: bool,
    /// Of the gateways' own records, if metrics were given.
    observer: Option<Observer<'b, 'p>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Accept,
    Reject,
    Unknown,
}

/// What must be in a log before anything can be proven by it. A transit gateway's log has neither interface nor action.
const NEEDED: &[Field] = &[
    Field::InterfaceId,
    Field::SrcAddr,
    Field::DstAddr,
    Field::Action,
    Field::LogStatus,
    Field::Start,
    Field::End,
];

impl<'b, 'p, 'w> Observed<'b, 'p, 'w> {
    fn new(
        plan: &'p Plan<'w>,
        batch: &'b FlowBatch,
        tags: &'b Tags,
        input: &'b InputFacts,
    ) -> Self {
        let of_gateway = batch.has(Field::ResourceType)
            || (batch.has(Field::TgwId) && !batch.has(Field::InterfaceId));
        let interface = batch.text(Field::InterfaceId);
        let action = batch.text(Field::Action);
        let find = |name: &str| plan.world.symbols.find(name).unwrap_or(Sym::NONE);
        let interfaces: Vec<Sym> = interface
            .map(|column| column.values().map(find).collect())
            .unwrap_or_default();
        let subnets = interfaces.iter().map(|id| plan.world.subnet_of(*id));
        let understand = |word: &str| match word {
            "ACCEPT" => Action::Accept,
            "REJECT" => Action::Reject,
            _ => Action::Unknown,
        };
        // A flow log that leaves records out, or is not among those described, does not show that an interface was not silent.
        let described = plan.world.flow_logs().next().is_some();
        let sound = |id: &str| {
            let mut logs = plan.world.flow_logs().filter(|log| log.id == id).peekable();
            !described || (logs.peek().is_some() && logs.all(|log| log.defects.is_empty()))
        };
        let lacks = |field: &Field| {
            let not_there = of_gateway && matches!(field, Field::InterfaceId | Field::Action);
            let regional = *field == Field::InterfaceId && batch.has(Field::ResourceId);
            !batch.has(*field) && !not_there && !regional
        };
        Observed {
            plan,
            batch,
            tags,
            input,
            interface,
            vpc: batch.text(Field::VpcId),
            subnets: subnets.collect(),
            interfaces,
            actions: action
                .map(|column| column.values().map(understand).collect())
                .unwrap_or_default(),
            action,
            start: batch.number(Field::Start),
            end: batch.number(Field::End),
            bytes: batch.number(Field::Bytes),
            packets: batch.number(Field::Packets),
            protocol: batch.number(Field::Protocol),
            // A log group may have several, and each must be sound: whose a record is, it does not say.
            covers: input
                .flow_log
                .as_deref()
                .is_none_or(|logs| logs.split(',').all(sound)),
            lacking: NEEDED.iter().copied().filter(lacks).collect(),
            of_gateway,
            tells_packets: batch.has(Field::PktSrcAddr) && batch.has(Field::PktDstAddr),
            observer: Observer::new(plan, batch),
        }
    }

    fn record(&self, tally: &mut Tally, row: usize) {
        let number = |column: Option<NumberColumn<'_>>| column.and_then(|column| column.get(row));
        let (start, end) = (number(self.start), number(self.end));
        let status = self.batch.statuses()[row];
        match status {
            Status::Flow => tally.flows += 1,
            Status::NoData => tally.nodata += 1,
            Status::SkipData => tally.skipdata += 1,
        }
        tally.first = [tally.first, start.or(end)].into_iter().flatten().min();
        tally.last = [tally.last, end.or(start)].into_iter().flatten().max();
        // What AWS skipped may have ended at any time in between: one second of the window is enough.
        let inside = match status {
            Status::SkipData => self.plan.window.overlaps(start, end),
            Status::Flow | Status::NoData => self.plan.window.contains(end),
        };
        let tag = self.tags.rows.get(row).and_then(Option::as_ref);
        if let Some(observer) = &self.observer {
            observer.record(tally, row, status, (start, end), inside, tag);
        }
        if !inside {
            tally.outside_window += 1;
            return;
        }
        tally.in_window += 1;
        let interface = self
            .interface
            .and_then(|column| column.key(row))
            .map_or(Sym::NONE, |key| self.interfaces[key]);
        self.cover(tally, row, interface, status, start, end);
        if let Some(tag) = tag {
            self.flow(tally, row, tag, start, end);
        }
    }

    /// What a record of any status says of its interface.
    fn cover(
        &self,
        tally: &mut Tally,
        row: usize,
        interface: Sym,
        status: Status,
        start: Option<i64>,
        end: Option<i64>,
    ) {
        let index = self
            .plan
            .scope_index
            .get(interface.0 as usize)
            .copied()
            .unwrap_or(0);
        if let Some(place) = index.checked_sub(1) {
            // Where nothing flowed, a log without these fields shows as little as where something did; flows are counted by
            // whose they are.
            for field in self.lacking.iter().filter(|_| status != Status::Flow) {
                *tally.lacking.entry(*field).or_default() += 1;
            }
            let heard = tally.heard.entry(place).or_default();
            match status {
                Status::Flow => heard.flows += 1,
                Status::NoData => heard.nodata += 1,
                Status::SkipData => {
                    heard.skipdata += 1;
                    // Without a time it may be any: the count alone then fails `no-skipdata`.
                    if let (Some(start), Some(end)) = (start, end) {
                        heard.skip(start, end);
                    }
                }
            }
            heard.note(start, end);
            if self.covers {
                heard.hear(end, self.plan.interfaces[place as usize].max_silence_s);
            }
            return;
        }
        // Not in scope as far as the topology knows it; an interface that it does not know may be.
        let known = interface.is_some() && !self.plan.world.of_interface(interface).is_empty();
        if !known
            && !self.of_gateway
            && status != Status::Flow
            && self.stranger_may_be_in_scope(row)
        {
            let name = self
                .interface
                .and_then(|column| column.get(row))
                .unwrap_or("-");
            tally.stranger(name, 1);
            tally.skipped_strangers += u64::from(status == Status::SkipData);
        }
    }

    /// Whether a NODATA or SKIPDATA record of an unknown interface may concern the scope: its VPC is the only key that tells.
    fn stranger_may_be_in_scope(&self, row: usize) -> bool {
        let scope = &self.plan.scope_subjects;
        let vpc = self
            .vpc
            .and_then(|column| column.get(row))
            .map(|name| self.plan.world.symbols.find(name));
        let elsewhere = |vpc: Option<Sym>| vpc.is_none_or(|vpc| !scope.vpcs.contains(&vpc));
        scope.default || self.plan.policy.scope.vpcs.is_empty() || !vpc.is_some_and(elsewhere)
    }

    /// A symbol that means the same in every batch; names that only a record tells have none.
    fn of_topology(&self, sym: Sym) -> Sym {
        let known = (sym.0 as usize) < self.plan.world.symbols.len();
        if known { sym } else { Sym::NONE }
    }

    /// For the totals: an accepted flow, whosever it is.
    fn travelled(&self, tally: &mut Tally, row: usize, tag: &Tag, bytes: u64, time_s: i64) {
        // Only a workload's own interface tells its subnet.
        let subnet = self
            .interface
            .filter(|_| tag.vantage == Vantage::Workload)
            .and_then(|column| column.key(row))
            .map_or(Sym::NONE, |key| self.subnets[key]);
        let way = (tag.vantage, tag.path, subnet, self.of_topology(tag.service));
        tally.traffic.flow(way, bytes, time_s);
    }

    fn flow(&self, tally: &mut Tally, row: usize, tag: &Tag, start: Option<i64>, end: Option<i64>) {
        let number = |column: Option<NumberColumn<'_>>| column.and_then(|column| column.get(row));
        let bytes = number(self.bytes)
            .and_then(|bytes| u64::try_from(bytes).ok())
            .unwrap_or(0);
        let action = match self.action.and_then(|column| column.key(row)) {
            Some(key) => self.actions[key],
            None if self.of_gateway => Action::Accept,
            None => Action::Unknown,
        };
        let time_s = end.or(start).unwrap_or(0);
        if action == Action::Reject {
            tally.rejected += 1;
        } else {
            self.travelled(tally, row, tag, bytes, time_s);
        }
        let extra = (tag.service.0 as usize)
            .checked_sub(self.plan.world.symbols.len())
            .and_then(|index| self.tags.extra.get(index));
        let placed = Placed {
            plan: self.plan,
            tag,
            time_s,
            extra_service: extra.map(|name| &**name),
            tells_packets: self.tells_packets,
        };
        let scope = placed.in_scope();
        // What a hop out of scope says against the topology, it says of the workload in scope that it forwards for.
        let against = tag.flags.has(Flags::DISAGREES) && placed.hop_of_scope();
        // On a NAT gateway, records of the inside say who is behind those of the outside, whoever it is.
        let names =
            tag.vantage == Vantage::Nat && !tag.flags.has(Flags::MASKED) && tag.peer.is_some();
        if scope == Tri::No && !against && !names {
            return;
        }
        let cite = (self.input.index, self.batch.lines()[row]);
        let seen = Seen {
            key: (
                tag.path,
                self.of_topology(tag.via),
                tag.exit,
                self.of_topology(tag.service),
                tag.vantage,
            ),
            bytes,
            start,
            end,
            cite,
        };
        if tag.flags.has(Flags::DISAGREES) && (scope != Tri::No || against) {
            tally.disagreements.add(seen, || {
                self.sample(
                    row,
                    tag,
                    bytes,
                    start,
                    end,
                    "record and route table disagree".to_owned(),
                )
            });
        }
        if scope != Tri::No {
            for field in &self.lacking {
                *tally.lacking.entry(*field).or_default() += 1;
            }
            if tag.flags.has(Flags::INTERFACE_UNKNOWN) && !self.of_gateway {
                tally.stranger(self.name(tag.interface).unwrap_or("-"), 1);
            }
        }
        for (claim, tally) in self.plan.claims.iter().zip(&mut tally.claims) {
            let flow = Flow {
                observed: self,
                row,
                tag,
                placed: &placed,
                scope,
                action,
                seen,
            };
            if names {
                flow.name_far_end(claim, tally);
            }
            if tag.flags.has(Flags::MASK_EXPLAINED) {
                flow.judge_masked(claim, tally);
            } else {
                flow.judge(claim, tally);
            }
        }
    }

    fn name(&self, sym: Sym) -> Option<&str> {
        if sym == Sym::NONE {
            return None;
        }
        let known = self.plan.world.symbols.len();
        match (sym.0 as usize).checked_sub(known) {
            Some(index) => self.tags.extra.get(index).map(|name| &**name),
            None => Some(self.plan.world.symbols.name(sym)),
        }
    }

    fn sample(
        &self,
        row: usize,
        tag: &Tag,
        bytes: u64,
        start: Option<i64>,
        end: Option<i64>,
        why: String,
    ) -> FlowSample {
        let number = |column: Option<NumberColumn<'_>>| column.and_then(|column| column.get(row));
        let name = |sym: Sym| self.name(sym).map(str::to_owned);
        FlowSample {
            bytes: Reverse(bytes),
            start,
            end,
            interface: name(tag.interface).unwrap_or_else(|| "-".to_owned()),
            workload: tag.workload.map(|address| address.to_string()),
            workload_port: tag.workload_port,
            workload_interface: name(tag.workload_interface),
            peer: tag.peer.map(|address| address.to_string()),
            peer_port: tag.peer_port,
            protocol: number(self.protocol).and_then(|protocol| u8::try_from(protocol).ok()),
            action: self
                .action
                .and_then(|column| column.get(row))
                .map(str::to_owned),
            path: tag.path,
            path_basis: tag.basis.to_owned(),
            via: name(tag.via),
            exit: tag.exit,
            realm: tag.realm,
            service: name(tag.service),
            vantage: tag.vantage,
            initiator: tag.initiator,
            packets: number(self.packets).and_then(|packets| u64::try_from(packets).ok()),
            why,
        }
    }
}

/// One flow in front of one claim.
struct Flow<'f, 'b, 'p, 'w> {
    observed: &'f Observed<'b, 'p, 'w>,
    row: usize,
    tag: &'f Tag,
    placed: &'f Placed<'f, 'w>,
    scope: Tri,
    action: Action,
    seen: Seen,
}

impl Flow<'_, '_, '_, '_> {
    fn judge(&self, claim: &ClaimPlan, tally: &mut ClaimTally) {
        let rejected = self.observed.plan.policy.rejected;
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
                tally
                    .attempts
                    .add(self.seen, || self.sample("rejected".to_owned()));
            }
            return;
        }
        let excepted = if keeps == Tri::Yes {
            Tri::No
        } else {
            self.excepted(claim, tally)
        };
        if excepted == Tri::Yes {
            return;
        }
        tally.checked += u64::from(whose == Tri::Yes && reach == Reach::Yes);
        self.lacks(claim, tally);
        if keeps == Tri::Yes {
            if self.tag.flags.has(Flags::ROUTE_ALONE) {
                tally.route_alone.add(self.seen, || {
                    self.sample(
                        "the record does not say where it left the VPC; only the route table does"
                            .to_owned(),
                    )
                });
            }
            return;
        }
        let certain = whose == Tri::Yes
            && keeps == Tri::No
            && excepted == Tri::No
            && self.action != Action::Unknown
            && !self.tag.flags.has(Flags::MASKED);
        match (certain, reach) {
            (true, Reach::Yes) => tally.witnesses.add(self.seen, || self.sample(self.why_broken(claim))),
            (_, Reach::Unnamed) => tally.unnamed.add(self.seen, || self.sample("its public peer may be what the claim is about: no record, prefix list or recent ip-ranges.json names it".to_owned())),
            (_, Reach::Yes | Reach::Hidden | Reach::No) => tally.unknown.add(self.seen, || self.sample(self.why_unknown(whose, reach))),
        }
    }

    /// A record of a NAT gateway's inside: whoever is named there, the outside to the same far end is accounted for.
    fn name_far_end(&self, claim: &ClaimPlan, tally: &mut ClaimTally) {
        let Some(peer) = self.tag.peer.filter(|_| self.may_break(claim)) else {
            return;
        };
        tally.masked.at(peer).named = true;
        tally.masked.bound();
    }

    /// A record of a NAT gateway's outside: judged where the inside names the workload, and a doubt where nothing does.
    fn judge_masked(&self, claim: &ClaimPlan, tally: &mut ClaimTally) {
        let from = self.placed.is_from(claim.from.as_ref());
        let Some(peer) = self.tag.peer.filter(|_| self.may_break(claim)) else {
            return;
        };
        if self.scope.min(from) == Tri::No || self.excepted(claim, tally) == Tri::Yes {
            return;
        }
        // Whoever names the gateway itself asks about what leaves it, not about who is behind.
        let gateway_itself = (!self.observed.plan.scope_subjects.default && self.scope == Tri::Yes)
            || (claim.from.is_some() && from == Tri::Yes);
        let why = || {
            self.sample(
                "whose traffic it is is hidden, and no record of the inside names it".to_owned(),
            )
        };
        if gateway_itself {
            tally.unknown.add(self.seen, why);
        } else {
            tally.masked.at(peer).outside.add(self.seen, why);
            tally.masked.bound();
        }
    }

    /// Whether the flow may reach what the claim is about on a way that does not keep it, whoever's it is.
    fn may_break(&self, claim: &ClaimPlan) -> bool {
        let counts = self.action != Action::Reject
            || self.observed.plan.policy.rejected == Rejected::Violation;
        counts
            && self.keeps(claim) != Tri::Yes
            && self.placed.reaches(&claim.to, claim.ports.as_deref()) != Reach::No
    }

    /// Whether the flow's path keeps the claim.
    fn keeps(&self, claim: &ClaimPlan) -> Tri {
        let tag = self.tag;
        if tag.path == Path::Undetermined {
            // Stays in the VPC, or is an endpoint's there: what is allowed either way keeps the claim.
            let either = tag.flags.has(Flags::PEER_UNOWNED)
                && claim.exits.is_none()
                && claim.through.is_none();
            return if either && allows(claim, Path::IntraVpc) && allows(claim, Path::ViaEndpointEni)
            {
                Tri::Yes
            } else {
                Tri::Maybe
            };
        }
        if tag.vantage == Vantage::Gateway && tag.flags.has(Flags::MASKED) {
            return self.keeps_masked(claim);
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
    fn excepted(&self, claim: &ClaimPlan, tally: &mut ClaimTally) -> Tri {
        tally.excepted.resize(claim.exceptions.len(), (0, 0));
        let mut excepted = Tri::No;
        for (index, count) in claim.exceptions.iter().zip(&mut tally.excepted) {
            let exception = &self.observed.plan.exceptions[*index];
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
                .is_none_or(|last| self.seen.end.is_some_and(|end| end <= last));
            match (fits, in_time) {
                (Tri::Yes, true) => {
                    count.0 += 1;
                    excepted = Tri::Yes;
                }
                (Tri::Yes, false) => count.1 += 1,
                (Tri::Maybe, true) => excepted = excepted.max(Tri::Maybe),
                (Tri::Maybe | Tri::No, _) => {}
            }
        }
        excepted
    }

    /// Counts the fields that would have told more of a flow in question.
    fn lacks(&self, claim: &ClaimPlan, tally: &mut ClaimTally) {
        let batch = self.observed.batch;
        let mut lack = |field: Field| {
            if !batch.has(field) {
                *tally.lacking.entry(field).or_default() += 1;
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

    fn sample(&self, why: String) -> FlowSample {
        self.observed.sample(
            self.row,
            self.tag,
            self.seen.bytes,
            self.seen.start,
            self.seen.end,
            why,
        )
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
            self.observed.name(tag.via).unwrap_or("an unknown gateway")
        )
    }

    fn why_unknown(&self, whose: Tri, reach: Reach) -> String {
        let tag = self.tag;
        let why = match (tag.path, reach, whose) {
            (Path::Undetermined, ..) => "its path is undetermined",
            _ if tag.flags.has(Flags::FAR_HIDDEN) => "its far end is hidden",
            _ if tag.flags.has(Flags::MASKED) => "whose traffic it is is hidden",
            (_, Reach::Hidden, _) => "it may reach what the claim is about",
            (_, _, Tri::Maybe) => "it may be of a workload in scope",
            _ if self.action == Action::Unknown => {
                "the record does not say whether it was accepted"
            }
            _ => "where it leaves, or by which gateway, is not known",
        };
        why.to_owned()
    }
}

fn allows(claim: &ClaimPlan, path: Path) -> bool {
    claim.allow[path as usize]
}
