//! Weighs records by their classes: what a class means is asked once, and each of its records only adds up.
//!
//! In: batches with their classes. Out: a [`Tally`]. A record costs a look at its class's account and at when its interface was heard
//! of; whoever is among the worst of its group is shown. Sums are told to the tally when classes are forgotten, and at the end.

use crate::model::address::Address;
use crate::model::batch::{FlowBatch, Status};
use crate::model::class::{Classes, Particulars, Stands};
use crate::model::evidence::Share;
use crate::model::symbol::Sym;
use crate::verify::InputFacts;
use crate::verify::account::{Lasting, Lately, Moments, Sum, lane};
use crate::verify::coverage::reach_s;
use crate::verify::group::Seen;
use crate::verify::log::{Log, Met, ROWS, Sizes, Time};
use crate::verify::meaning::Meaning;
use crate::verify::metrics::Observer;
use crate::verify::plan::Plan;
use crate::verify::tally::{ClaimTally, Tally};
use crate::verify::tell::{
    group, masked_with, outside_shown_from_bytes, shown_from_bytes, tell_class, tell_outside,
};

/// No lane, place or set.
const NONE: u32 = u32::MAX;

/// What a class's records add up to, and what must be known of it at each: one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Account {
    sum: Sum,
    /// From so many bytes on, a record may be among the worst of a group.
    shown_from_bytes: u64,
    /// Of its moments; `NONE` if it was rejected.
    lane: u32,
    /// Of its interface in scope.
    place: u32,
    /// The claims for which its far ends are named, by place in `sets`.
    names: u32,
    /// Where its far end stands.
    peer: Option<Stands>,
    /// Its flows are told apart by far end.
    masked: bool,
    understood: bool,
}

const _: () = assert!(size_of::<Account>() == 64);

const FRESH: Account = Account {
    sum: Sum::NOTHING,
    shown_from_bytes: u64::MAX,
    lane: NONE,
    place: NONE,
    names: NONE,
    peer: None,
    masked: false,
    understood: false,
};

/// Records of a NAT gateway's outside to one far end.
#[derive(Clone, Copy, Debug)]
struct Outside {
    sum: Sum,
    shown_from_bytes: u64,
}

impl Default for Outside {
    fn default() -> Outside {
        Outside {
            sum: Sum::NOTHING,
            shown_from_bytes: u64::MAX,
        }
    }
}

/// Weighs batches, for one thread.
pub struct Weigher<'p, 'w> {
    plan: &'p Plan<'w>,
    tally: Tally,
    generation: u64,
    accounts: Vec<Account>,
    meanings: Vec<Option<Meaning>>,
    /// Claims for which a class names its far ends, each set once.
    sets: Vec<Vec<usize>>,
    lately: Vec<Lately>,
    moments: Moments,
    named: Lasting<()>,
    outside: Lasting<Outside>,
    /// Of the rows in work.
    sizes: Box<Sizes>,
    /// Interfaces of records without a flow.
    met: Met,
    /// Whether the records of an input show that an interface is logged, by the input asked last.
    covers: Option<(u32, bool)>,
}

/// One batch, as the weigher looks at it.
struct Look<'b, 'p, 'w> {
    log: Log<'b, 'p, 'w>,
    classes: &'b Classes,
    particulars: Particulars<'b>,
    observer: Option<Observer<'b, 'p>>,
    input: u32,
    covers: bool,
}

/// A flow: its row, class, times and bytes.
#[derive(Clone, Copy)]
struct Record {
    row: usize,
    class: usize,
    start: Time,
    end: Time,
    bytes: u64,
}

impl Record {
    fn span(&self) -> (Option<i64>, Option<i64>) {
        (self.start.get(), self.end.get())
    }
}

impl<'p, 'w> Weigher<'p, 'w> {
    /// For one thread.
    pub fn new(plan: &'p Plan<'w>) -> Weigher<'p, 'w> {
        let mut tally = Tally::default();
        tally
            .claims
            .resize_with(plan.claims.len(), ClaimTally::default);
        Weigher {
            plan,
            tally,
            generation: 0,
            accounts: Vec::with_capacity(Classes::LIKELY),
            meanings: Vec::with_capacity(Classes::LIKELY),
            sets: Vec::new(),
            lately: plan
                .interfaces
                .iter()
                .map(|interface| Lately::new(reach_s(interface.max_silence_s)))
                .collect(),
            moments: Moments::new(),
            named: Lasting::new(),
            outside: Lasting::new(),
            sizes: Sizes::new(),
            met: Met::default(),
            covers: None,
        }
    }

    /// Weighs the records of a batch. `classes`: those of this batch, always by the same classifier, made for the plan's questions.
    pub fn observe(&mut self, batch: &FlowBatch, classes: &Classes, input: &InputFacts) {
        if self.generation != classes.generation {
            self.tell();
            self.generation = classes.generation;
        }
        self.accounts.resize(classes.classes.len(), FRESH);
        self.meanings.resize_with(classes.classes.len(), || None);
        let look = Look {
            log: Log::new(self.plan, batch, &classes.extra),
            classes,
            particulars: Particulars::new(batch),
            observer: Observer::new(self.plan, batch),
            input: input.index,
            covers: self.covers(input),
        };
        let full = look.log.full_rows();
        let rows = batch.len();
        for first in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - first);
            look.log.sizes(first, count, full.as_ref(), &mut self.sizes);
            let understood = self.are_understood(&classes.rows[first..first + count]);
            let (mut apart, mut places) = (0, [0; ROWS]);
            for place in 0..count {
                let row = first + place;
                match batch.statuses()[row] {
                    Status::Flow => {
                        let record = self.record(classes, row, place);
                        places[apart % ROWS] = place;
                        apart += usize::from(self.flow(&look, record, understood));
                    }
                    status => self.silent(&look, row, status),
                }
            }
            self.tell_apart(&look, first, &places[..apart.min(ROWS)]);
        }
    }

    /// The flow in a row, by its place among those in work.
    #[inline(always)]
    fn record(&self, classes: &Classes, row: usize, place: usize) -> Record {
        let (start, end, bytes) = self.sizes.at(place);
        Record {
            row,
            class: classes.rows[row] as usize,
            start,
            end,
            bytes,
        }
    }

    /// Whether all classes of some rows are. Asked of many rows before any is weighed: so their accounts come into the cache at once, and no
    /// record waits for its own.
    fn are_understood(&self, classes: &[u32]) -> bool {
        classes.iter().fold(true, |all, class| {
            let account = self.accounts.get(*class as usize);
            all & account.is_none_or(|account| account.understood)
        })
    }

    /// What was seen.
    pub fn finish(mut self) -> Tally {
        self.tell();
        self.tally
    }

    /// A flow log that leaves records out, or is not among those described, does not show that an interface was not silent.
    fn covers(&mut self, input: &InputFacts) -> bool {
        if let Some((_, covers)) = self.covers.filter(|(index, _)| *index == input.index) {
            return covers;
        }
        let world = self.plan.world;
        let described = world.flow_logs().next().is_some();
        let sound = |id: &str| {
            let mut logs = world.flow_logs().filter(|log| log.id == id).peekable();
            !described || (logs.peek().is_some() && logs.all(|log| log.defects.is_empty()))
        };
        // A log group may have several, and each must be sound: whose a record is, it does not say.
        let logs = input.flow_log.as_deref();
        let covers = logs.is_none_or(|logs| logs.split(',').all(sound));
        self.covers = Some((input.index, covers));
        covers
    }

    /// Weighs a flow; whether it is to be told apart as well. `understood`: its class surely is.
    #[inline]
    fn flow(&mut self, look: &Look<'_, 'p, 'w>, record: Record, understood: bool) -> bool {
        let (class, end) = (record.class, record.end.get());
        let inside = self.plan.window.contains(end);
        if let Some(observer) = &look.observer {
            // Of a tag it reads only what is the same in all of the class.
            let tag = &look.classes.classes[class].tag;
            let (row, span) = (record.row, record.span());
            observer.record(&mut self.tally, row, Status::Flow, span, inside, Some(tag));
        }
        if !inside {
            self.tally.flows += 1;
            self.span(record.start.get(), end);
            self.tally.outside_window += 1;
            return false;
        }
        if !understood && !self.accounts[class].understood {
            self.understand(look, record);
        }
        let account = &mut self.accounts[class];
        if look.covers
            && let (Some(lately), Some(end)) = (self.lately.get_mut(account.place as usize), end)
            && let Some((since, until)) = lately.hear(end)
        {
            let heard = self.tally.heard.entry(account.place).or_default();
            heard.covered.add(since, until);
        }
        if account.lane != NONE {
            let time_s = end.or(record.start.get()).unwrap_or(0);
            let traffic = &mut self.tally.traffic;
            self.moments
                .add(account.lane, time_s, record.bytes, traffic);
        }
        let (shown, apart) = (
            record.bytes >= account.shown_from_bytes,
            account.masked || account.names != NONE,
        );
        match Sum::is_timed(record.span()) {
            Some(span) => account.sum.add(record.bytes, span),
            None => self.tell_untimed(record),
        }
        if shown {
            self.show(look, record);
        }
        apart
    }

    fn span(&mut self, start: Option<i64>, end: Option<i64>) {
        let tally = &mut self.tally;
        tally.first = [tally.first, start.or(end)].into_iter().flatten().min();
        tally.last = [tally.last, end.or(start)].into_iter().flatten().max();
    }

    /// The first record of a class: what do all of them mean?
    #[cold]
    fn understand(&mut self, look: &Look<'_, 'p, 'w>, record: Record) {
        let class = &look.classes.classes[record.class];
        let tag = look.particulars.tag(class, record.row);
        let meaning = Meaning::new(&look.log, record.row, &tag);
        let findings = meaning.findings.iter();
        let named = findings.filter(|finding| finding.names);
        let names: Vec<usize> = named.map(|finding| finding.claim).collect();
        self.accounts[record.class] = Account {
            sum: Sum::NOTHING,
            shown_from_bytes: shown_from_bytes(&self.tally, &meaning),
            lane: meaning.way.map_or(NONE, |way| lane(way.0, way.1)),
            place: meaning.place.unwrap_or(NONE),
            names: self.set(names),
            peer: class.peer,
            masked: masked_with(&meaning).next().is_some(),
            understood: true,
        };
        self.meanings[record.class] = Some(meaning);
    }

    /// A set of claims by its place; none is `NONE`.
    fn set(&mut self, claims: Vec<usize>) -> u32 {
        if claims.is_empty() {
            return NONE;
        }
        let known = self.sets.iter().position(|known| *known == claims);
        let place = known.unwrap_or(self.sets.len());
        if known.is_none() {
            self.sets.push(claims);
        }
        u32::try_from(place).unwrap_or(NONE)
    }

    /// A record that lacks a time: rare, and told by itself.
    #[cold]
    fn tell_untimed(&mut self, record: Record) {
        let span = record.span();
        self.span(span.0, span.1);
        let share = Share {
            flows: 1,
            bytes: record.bytes,
        };
        if let Some(meaning) = &self.meanings[record.class] {
            tell_class(&mut self.tally, meaning, share, span);
        }
    }

    /// A record that may be among the worst of a group.
    #[cold]
    fn show(&mut self, look: &Look<'_, 'p, 'w>, record: Record) {
        let Some(meaning) = &self.meanings[record.class] else {
            return;
        };
        let tag = look
            .particulars
            .tag(&look.classes.classes[record.class], record.row);
        let seen = look.seen(record);
        let sample = |why: &str| look.log.sample(record.row, &tag, why);
        if meaning.disagrees {
            let group = &mut self.tally.disagreements;
            group.offer(seen, || sample("record and route table disagree"));
        }
        for finding in &meaning.findings {
            if let Some((kind, why)) = &finding.group
                && let Some(group) = group(&mut self.tally.claims[finding.claim], *kind)
            {
                group.offer(seen, || sample(why));
            }
        }
        self.accounts[record.class].shown_from_bytes = shown_from_bytes(&self.tally, meaning);
    }

    /// Records of NAT gateways, by their places behind row `first`: the far end is named, or hidden until another names it. Whose far ends
    /// they are is asked of all first, so that none waits for another's address.
    fn tell_apart(&mut self, look: &Look<'_, 'p, 'w>, first: usize, places: &[usize]) {
        let mut peers = [None; ROWS];
        for (peer, place) in peers.iter_mut().zip(places) {
            let row = first + place;
            let class = look.classes.rows[row] as usize;
            *peer = look.particulars.address(self.accounts[class].peer, row);
        }
        for (peer, place) in peers.iter().zip(places) {
            let record = self.record(look.classes, first + place, *place);
            let Account { names, masked, .. } = self.accounts[record.class];
            let Some(peer) = *peer else {
                continue;
            };
            if names != NONE && !self.named.place(names, peer).is(names, peer) {
                self.name(names, peer);
            }
            if masked {
                self.tell_masked(look, record, peer);
            }
        }
    }

    /// A far end that a set of claims has a name for, and did not have lately.
    fn name(&mut self, names: u32, peer: Address) {
        let kept = self.named.place(names, peer);
        kept.replace(names, peer, ());
        for claim in self.sets.get(names as usize).into_iter().flatten() {
            let ends = &mut self.tally.claims[*claim].masked;
            ends.at(peer).name();
            ends.bound();
        }
    }

    #[inline]
    fn tell_masked(&mut self, look: &Look<'_, 'p, 'w>, record: Record, peer: Address) {
        let id = u32::try_from(record.class).unwrap_or(NONE);
        if !self.outside.place(id, peer).is(id, peer) {
            self.keep_outside(id, peer);
        }
        // INVARIANT: a class that is masked has a meaning, so it has its place now.
        let outside = &mut self.outside.place(id, peer).what;
        let timed = Sum::is_timed(record.span());
        if let Some(span) = timed {
            outside.sum.add(record.bytes, span);
        }
        if timed.is_none() || record.bytes >= outside.shown_from_bytes {
            self.show_outside(look, record, peer, timed.is_some());
        }
    }

    /// Makes room for the sums of a class and far end.
    fn keep_outside(&mut self, id: u32, peer: Address) {
        let tally = &mut self.tally;
        let Some(Some(meaning)) = self.meanings.get(id as usize) else {
            return;
        };
        let new = Outside {
            sum: Sum::NOTHING,
            shown_from_bytes: outside_shown_from_bytes(tally, meaning, peer),
        };
        let kept = self.outside.place(id, peer);
        if let Some((known, far, before)) = kept.replace(id, peer, new)
            && let Some(meaning) = &self.meanings[known as usize]
        {
            tell_outside(tally, meaning, far, before.sum.share, before.sum.times());
        }
    }

    /// A record to a far end that may be among the worst of its group, or that lacks a time and is told by itself.
    #[cold]
    fn show_outside(
        &mut self,
        look: &Look<'_, 'p, 'w>,
        record: Record,
        peer: Address,
        is_timed: bool,
    ) {
        let (class, tally) = (record.class, &mut self.tally);
        let Some(meaning) = &self.meanings[class] else {
            return;
        };
        if !is_timed {
            let share = Share {
                flows: 1,
                bytes: record.bytes,
            };
            tell_outside(tally, meaning, peer, share, record.span());
        }
        let id = u32::try_from(class).unwrap_or(NONE);
        let outside = &mut self.outside.place(id, peer).what;
        if record.bytes >= outside.shown_from_bytes {
            let tag = look
                .particulars
                .tag(&look.classes.classes[class], record.row);
            for (finding, why) in masked_with(meaning) {
                let ends = &mut tally.claims[finding.claim].masked;
                let far = ends.at(peer);
                if !far.named {
                    let sample = || look.log.sample(record.row, &tag, why);
                    far.outside.offer(look.seen(record), sample);
                }
                ends.bound();
            }
            outside.shown_from_bytes = outside_shown_from_bytes(tally, meaning, peer);
        }
    }

    /// A record without a flow.
    fn silent(&mut self, look: &Look<'_, 'p, 'w>, row: usize, status: Status) {
        let (start, end) = look.log.span(row);
        self.span(start, end);
        // What AWS skipped may have ended at any time in between: one second of the window is enough.
        let inside = if status == Status::SkipData {
            self.tally.skipdata += 1;
            self.plan.window.overlaps(start, end)
        } else {
            self.tally.nodata += 1;
            self.plan.window.contains(end)
        };
        if let Some(observer) = &look.observer {
            observer.record(&mut self.tally, row, status, (start, end), inside, None);
        }
        if !inside {
            self.tally.outside_window += 1;
            return;
        }
        self.tally.in_window += 1;
        let symbols = &self.plan.world.symbols;
        let interface = look
            .log
            .interface
            .map_or(Sym::NONE, |column| self.met.symbol(column, row, symbols));
        let (tally, lately) = (&mut self.tally, &mut self.lately);
        look.cover(tally, lately, row, interface, status, (start, end));
    }

    /// Tells everything that was summed up, and forgets what classes mean.
    fn tell(&mut self) {
        let tally = &mut self.tally;
        for (class, peer, outside) in self.outside.take() {
            if let Some(meaning) = &self.meanings[class as usize] {
                tell_outside(tally, meaning, peer, outside.sum.share, outside.sum.times());
            }
        }
        for (account, meaning) in self.accounts.iter().zip(&self.meanings) {
            if let Some(meaning) = meaning {
                let (first, last) = account.sum.times();
                tally.first = [tally.first, first].into_iter().flatten().min();
                tally.last = [tally.last, last].into_iter().flatten().max();
                tell_class(tally, meaning, account.sum.share, (first, last));
            }
        }
        for (place, lately) in (0..).zip(&mut self.lately) {
            if let Some((since, until)) = lately.take() {
                let heard = tally.heard.entry(place).or_default();
                heard.covered.add(since, until);
            }
        }
        self.moments.tell(&mut tally.traffic);
        self.accounts.clear();
        self.meanings.clear();
    }
}

impl Look<'_, '_, '_> {
    fn seen(&self, record: Record) -> Seen {
        Seen {
            bytes: record.bytes,
            start: record.start.get(),
            end: record.end.get(),
            cite: (self.input, self.log.batch.lines()[record.row]),
        }
    }

    /// What a record without a flow says of its interface.
    fn cover(
        &self,
        tally: &mut Tally,
        lately: &mut [Lately],
        row: usize,
        interface: Sym,
        status: Status,
        (start, end): (Option<i64>, Option<i64>),
    ) {
        let plan = self.log.plan;
        let index = plan.scope_index.get(interface.0 as usize);
        if let Some(place) = index.and_then(|index| index.checked_sub(1)) {
            // Where nothing flowed, a log without these fields shows as little as where something did; flows are counted by
            // whose they are.
            for field in &self.log.lacking {
                *tally.lacking.entry(*field).or_default() += 1;
            }
            let heard = tally.heard.entry(place).or_default();
            if status == Status::SkipData {
                heard.skipdata += 1;
                // Without a time it may be any: the count alone then fails `no-skipdata`.
                if let (Some(start), Some(end)) = (start, end) {
                    heard.skip(start, end);
                }
            } else {
                heard.nodata += 1;
            }
            heard.note(start, end);
            if self.covers
                && let (Some(lately), Some(end)) = (lately.get_mut(place as usize), end)
                && let Some((since, until)) = lately.hear(end)
            {
                heard.covered.add(since, until);
            }
            return;
        }
        // Not in scope as far as the topology knows it; an interface that it does not know may be.
        let known = interface.is_some() && !plan.world.of_interface(interface).is_empty();
        if !known && !self.log.of_gateway && self.stranger_may_be_in_scope(row) {
            let name = self.log.interface.and_then(|column| column.get(row));
            tally.stranger(name.unwrap_or("-"), 1);
            tally.skipped_strangers += u64::from(status == Status::SkipData);
        }
    }

    /// Whether a NODATA or SKIPDATA record of an unknown interface may concern the scope: its VPC is the only key that tells.
    fn stranger_may_be_in_scope(&self, row: usize) -> bool {
        let plan = self.log.plan;
        let scope = &plan.scope_subjects;
        let vpc = self.log.vpc.and_then(|column| column.get(row));
        let vpc = vpc.map(|name| plan.world.symbols.find(name));
        let elsewhere = |vpc: Option<Sym>| vpc.is_none_or(|vpc| !scope.vpcs.contains(&vpc));
        scope.default || plan.policy.scope.vpcs.is_empty() || !vpc.is_some_and(elsewhere)
    }
}
