//! A batch with its columns at hand: what weighing reads of a record beside its class.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::NullBuffer;

use crate::model::batch::raw::{Numbers, each_null, full_rows};
use crate::model::batch::{FlowBatch, TextColumn};
use crate::model::evidence::FlowSample;
use crate::model::field::Field;
use crate::model::symbol::{Sym, Symbols};
use crate::model::tag::Tag;
use crate::verify::plan::Plan;

/// What AWS did with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Accept,
    Reject,
    Unknown,
}

/// Rows that are read together: few enough for the first-level cache.
pub(super) const ROWS: usize = 256;

/// Stands for a time that is missing; no decoder takes it for one.
const NULL: i64 = i64::MIN;

/// Times and bytes of some rows, column by column.
pub(super) struct Sizes {
    starts: [i64; ROWS],
    ends: [i64; ROWS],
    bytes: [i64; ROWS],
}

impl Sizes {
    pub(super) fn new() -> Box<Sizes> {
        Box::new(Sizes {
            starts: [NULL; ROWS],
            ends: [NULL; ROWS],
            bytes: [0; ROWS],
        })
    }

    /// Start, end and bytes of one of them.
    #[inline(always)]
    pub(super) fn at(&self, place: usize) -> (Time, Time, u64) {
        let place = place % ROWS;
        let [start, end] = [self.starts[place], self.ends[place]];
        (Time(start), Time(end), bytes(self.bytes[place]))
    }
}

fn bytes(number: i64) -> u64 {
    number.max(0).cast_unsigned()
}

/// A time that may be missing, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(i64);

impl Time {
    #[inline(always)]
    pub(super) fn get(self) -> Option<i64> {
        (self.0 != NULL).then_some(self.0)
    }
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

/// The symbols of the texts of a column, asked for when one is first met: batches mostly have the texts of the batch before.
#[derive(Default)]
pub(super) struct Met {
    texts: Option<ArrayRef>,
    /// By key.
    symbols: Vec<Option<Sym>>,
}

impl Met {
    /// The symbol of a row's text; [`Sym::NONE`] of none, and of one that has no symbol.
    pub(super) fn symbol(&mut self, column: TextColumn<'_>, row: usize, known: &Symbols) -> Sym {
        let texts = column.dictionary();
        if !self
            .texts
            .as_ref()
            .is_some_and(|met| Arc::ptr_eq(met, texts))
        {
            self.texts = Some(Arc::clone(texts));
            self.symbols.clear();
            self.symbols.resize(texts.len(), None);
        }
        let symbol = column.key(row).and_then(|key| self.symbols.get_mut(key));
        let find = || column.get(row).and_then(|name| known.find(name));
        symbol.map_or(Sym::NONE, |symbol| {
            *symbol.get_or_insert_with(|| find().unwrap_or(Sym::NONE))
        })
    }
}

/// A batch, with its columns at hand.
pub(super) struct Log<'b, 'p, 'w> {
    pub(super) plan: &'p Plan<'w>,
    pub(super) batch: &'b FlowBatch,
    /// Names that the topology does not have.
    pub(super) extra: &'b [Arc<str>],
    pub(super) interface: Option<TextColumn<'b>>,
    pub(super) vpc: Option<TextColumn<'b>>,
    action: Option<TextColumn<'b>>,
    start: Numbers<'b>,
    end: Numbers<'b>,
    bytes: Numbers<'b>,
    packets: Numbers<'b>,
    protocol: Numbers<'b>,
    /// Fields that every claim needs and this log lacks.
    pub(super) lacking: Vec<Field>,
    pub(super) of_gateway: bool,
    /// Whether the log has the packets' own addresses: without them a secondary address is printed as the primary one.
    pub(super) tells_packets: bool,
}

impl<'b, 'p, 'w> Log<'b, 'p, 'w> {
    pub(super) fn new(plan: &'p Plan<'w>, batch: &'b FlowBatch, extra: &'b [Arc<str>]) -> Self {
        let of_gateway = batch.has(Field::ResourceType)
            || (batch.has(Field::TgwId) && !batch.has(Field::InterfaceId));
        let lacks = |field: &Field| {
            let not_there = of_gateway && matches!(field, Field::InterfaceId | Field::Action);
            let regional = *field == Field::InterfaceId && batch.has(Field::ResourceId);
            !batch.has(*field) && !not_there && !regional
        };
        Log {
            plan,
            batch,
            extra,
            interface: batch.text(Field::InterfaceId),
            vpc: batch.text(Field::VpcId),
            action: batch.text(Field::Action),
            start: Numbers::new(batch.number(Field::Start)),
            end: Numbers::new(batch.number(Field::End)),
            bytes: Numbers::new(batch.number(Field::Bytes)),
            packets: Numbers::new(batch.number(Field::Packets)),
            protocol: Numbers::new(batch.number(Field::Protocol)),
            lacking: NEEDED.iter().copied().filter(lacks).collect(),
            of_gateway,
            tells_packets: batch.has(Field::PktSrcAddr) && batch.has(Field::PktDstAddr),
        }
    }

    /// Start and end of a record.
    pub(super) fn span(&self, row: usize) -> (Option<i64>, Option<i64>) {
        (self.start.get(row), self.end.get(row))
    }

    /// Rows that have times and bytes.
    pub(super) fn full_rows(&self) -> Option<NullBuffer> {
        let columns = [&self.start, &self.end, &self.bytes];
        full_rows(columns.into_iter().map(Numbers::seldom_null))
    }

    /// Bytes of a record; it may not say.
    fn bytes(&self, row: usize) -> u64 {
        bytes(self.bytes.get(row).unwrap_or(0))
    }

    /// Times and bytes of the rows from `first` on. `full`: [`Log::full_rows`].
    pub(super) fn sizes(
        &self,
        first: usize,
        count: usize,
        full: Option<&NullBuffer>,
        out: &mut Sizes,
    ) {
        let count = count.min(ROWS);
        self.start.fill(first, NULL, &mut out.starts[..count]);
        self.end.fill(first, NULL, &mut out.ends[..count]);
        self.bytes.fill(first, 0, &mut out.bytes[..count]);
        if let Some(full) = full {
            each_null(full, first, count, |place| {
                let row = first + place;
                out.starts[place] = self.start.get(row).unwrap_or(NULL);
                out.ends[place] = self.end.get(row).unwrap_or(NULL);
                out.bytes[place] = self.bytes.get(row).unwrap_or(0);
            });
        }
    }

    /// What was done with a flow.
    pub(super) fn action(&self, row: usize) -> Action {
        match self.action.and_then(|column| column.get(row)) {
            Some("ACCEPT") => Action::Accept,
            Some("REJECT") => Action::Reject,
            None if self.of_gateway => Action::Accept,
            Some(_) | None => Action::Unknown,
        }
    }

    /// A symbol that means the same in every batch; names that only a record tells have none.
    pub(super) fn of_topology(&self, sym: Sym) -> Sym {
        let known = (sym.0 as usize) < self.plan.world.symbols.len();
        if known { sym } else { Sym::NONE }
    }

    /// The name behind a symbol that only records have.
    pub(super) fn extra_name(&self, sym: Sym) -> Option<&'b str> {
        let index = (sym.0 as usize).checked_sub(self.plan.world.symbols.len())?;
        self.extra.get(index).map(|name| &**name)
    }

    /// The name behind a symbol.
    pub(super) fn name(&self, sym: Sym) -> Option<&str> {
        if sym == Sym::NONE {
            return None;
        }
        if (sym.0 as usize) < self.plan.world.symbols.len() {
            return Some(self.plan.world.symbols.name(sym));
        }
        self.extra_name(sym)
    }

    /// A flow as the evidence shows it.
    pub(super) fn sample(&self, row: usize, tag: &Tag, why: &str) -> FlowSample {
        let name = |sym: Sym| self.name(sym).map(str::to_owned);
        let (start, end) = self.span(row);
        FlowSample {
            bytes: Reverse(self.bytes(row)),
            start,
            end,
            interface: name(tag.interface).unwrap_or_else(|| "-".to_owned()),
            workload: tag.workload.map(|address| address.to_string()),
            workload_port: tag.workload_port,
            workload_interface: name(tag.workload_interface),
            peer: tag.peer.map(|address| address.to_string()),
            peer_port: tag.peer_port,
            protocol: self
                .protocol
                .get(row)
                .and_then(|protocol| u8::try_from(protocol).ok()),
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
            packets: self
                .packets
                .get(row)
                .and_then(|packets| u64::try_from(packets).ok()),
            why: why.to_owned(),
        }
    }
}
