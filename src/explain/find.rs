//! The records of a flow, gathered by explanation: of each kind one record and the newest places, and how many there are.
//!
//! Two records are of one kind if their tags, their values that rules read, and what a plan tells apart are the same; see
//! [`Alike`](crate::verify::explain::Alike). Found in any order and on any number of threads, they merge to the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::classify;
use crate::classify::row::{Extra, Row, Rows, Side};
use crate::explain::Look;
use crate::explain::asked::{Asked, Fits};
use crate::explain::names::Names;
use crate::model::batch::{FlowBatch, Status};
use crate::model::field::Field;
use crate::model::path::{Initiator, Vantage};
use crate::model::symbol::Sym;
use crate::model::tag::{Tag, Tags};

/// Kinds that are told apart; of more, the first by their key stay, and the rest is counted.
pub const KINDS_MAX: usize = 64;

/// Places that are shown of each kind.
pub const NEWEST_MAX: usize = 5;

/// Other ports that are told apart.
const PORTS_MAX: usize = 20;

/// What one thread has found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Records of any sort.
    pub records: u64,
    /// Earliest start and latest end of any record.
    pub first: Option<i64>,
    /// See `first`.
    pub last: Option<i64>,
    /// Records of the flow, in the window.
    pub matched: u64,
    /// Records of the flow that end outside it.
    pub outside_window: u64,
    /// Records with both ends and another port, by the lower port.
    pub other_ports: BTreeMap<u16, u64>,
    /// Records that have each of the two ends.
    pub ends: [u64; 2],
    /// By kind.
    pub(super) kinds: BTreeMap<Key, Gathered>,
}

/// What makes records alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    vantage: Vantage,
    rest: String,
}

/// Records of one kind.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    pub(super) counts: Counts,
    /// The newest record.
    pub(super) sample: FlowBatch,
}

/// How many records of a kind there are, and where.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub(super) records: u64,
    pub(super) bytes: u64,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) initiators: BTreeMap<Initiator, u64>,
    /// The newest, first.
    pub(super) newest: Vec<Place>,
}

/// Where a record stands, newest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it ended.
    pub end: Reverse<Option<i64>>,
    /// Index of its input.
    pub input: u32,
    /// Line or row.
    pub line: u64,
    /// When it began.
    pub start: Option<i64>,
    /// `address:port`.
    pub src: String,
    /// See `src`.
    pub dst: String,
    /// Its bytes.
    pub bytes: Option<u64>,
}

impl Found {
    /// Looks through a batch for a flow.
    pub fn observe(&mut self, look: Look<'_>, asked: &Asked, batch: &FlowBatch, input: u32) {
        self.count(batch);
        let end = batch.number(Field::End);
        let window = look.plan.window();
        let mut rows = Vec::new();
        for (row, fits) in asked.fits(batch).enumerate() {
            self.near(fits);
            if !fits.flow {
                continue;
            }
            if window.contains(end.and_then(|end| end.get(row))) {
                rows.push(row);
            } else {
                self.outside_window += 1;
            }
        }
        self.take(look, batch, &rows, input);
    }

    /// Takes the records at these rows, whatever flow they are of.
    pub fn take(&mut self, look: Look<'_>, batch: &FlowBatch, rows: &[usize], input: u32) {
        if rows.is_empty() {
            return;
        }
        // A row of the batch is there, so this cannot fail.
        let Ok(batch) = batch.only(rows) else { return };
        let tags = classify::tags(&batch, look.world);
        let mut extra = Extra::new(&look.world.symbols);
        let values = Rows::new(&batch, &mut extra);
        for (row, tag) in tags.rows.iter().enumerate() {
            let Some(tag) = tag else { continue };
            self.matched += 1;
            self.add(look, &batch, (row, &values.get(row)), (tag, &tags), input);
        }
    }

    fn count(&mut self, batch: &FlowBatch) {
        let (start, end) = (batch.number(Field::Start), batch.number(Field::End));
        self.records += u64::try_from(batch.len()).unwrap_or(0);
        for row in 0..batch.len() {
            let (start, end) = (
                start.and_then(|column| column.get(row)),
                end.and_then(|column| column.get(row)),
            );
            self.first = [self.first, start.or(end)].into_iter().flatten().min();
            self.last = [self.last, end.or(start)].into_iter().flatten().max();
        }
    }

    fn near(&mut self, fits: Fits) {
        for (count, fits) in self.ends.iter_mut().zip(fits.ends) {
            *count += u64::from(fits);
        }
        if let Some(port) = fits.other_port {
            *self.other_ports.entry(port).or_default() += 1;
            while self.other_ports.len() > PORTS_MAX {
                self.other_ports.pop_last();
            }
        }
    }

    fn add(
        &mut self,
        look: Look<'_>,
        batch: &FlowBatch,
        (row, values): (usize, &Row),
        (tag, tags): (&Tag, &Tags),
        input: u32,
    ) {
        let number = |field| batch.number(field).and_then(|column| column.get(row));
        let bytes = number(Field::Bytes).and_then(|bytes| u64::try_from(bytes).ok());
        let (start, end) = (number(Field::Start), number(Field::End));
        let place = Place {
            end: Reverse(end.or(start)),
            input,
            line: batch.lines()[row],
            start,
            src: end_point(&values.src),
            dst: end_point(&values.dst),
            bytes,
        };
        let key = key(look, batch, (row, values), (tag, tags), (start, end));
        let known = self.kinds.get_mut(&key);
        let seen = Counts {
            records: 1,
            bytes: bytes.unwrap_or(0),
            first: start.or(end),
            last: end.or(start),
            initiators: BTreeMap::from([(tag.initiator, 1)]),
            newest: vec![place],
        };
        match known {
            // The record itself is wanted of the newest alone.
            Some(known) if known.counts.newest.first() < seen.newest.first() => {
                known.counts.merge(seen);
            }
            Some(_) | None => {
                let Ok(sample) = batch.only(&[row]) else {
                    return;
                };
                let counts = seen;
                self.gather(key, Gathered { counts, sample });
                self.bound();
            }
        }
    }

    fn gather(&mut self, key: Key, other: Gathered) {
        match self.kinds.entry(key) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(other);
            }
            std::collections::btree_map::Entry::Occupied(mut mine) => mine.get_mut().merge(other),
        }
    }

    /// INVARIANT: a key that is among the lowest in the end was so at any time, so what stays is counted whole.
    fn bound(&mut self) {
        while self.kinds.len() > KINDS_MAX {
            self.kinds.pop_last();
        }
    }

    /// Adds what another thread found.
    #[must_use]
    pub fn merge(mut self, other: Found) -> Found {
        self.records += other.records;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = [self.last, other.last].into_iter().flatten().max();
        self.matched += other.matched;
        self.outside_window += other.outside_window;
        for (mine, theirs) in self.ends.iter_mut().zip(other.ends) {
            *mine += theirs;
        }
        for (port, records) in other.other_ports {
            *self.other_ports.entry(port).or_default() += records;
        }
        while self.other_ports.len() > PORTS_MAX {
            self.other_ports.pop_last();
        }
        for (key, gathered) in other.kinds {
            self.gather(key, gathered);
        }
        self.bound();
        self
    }

    /// The inputs that hold a record which will be shown as it stands, with its line.
    pub fn shown(&self) -> impl Iterator<Item = (u32, u64)> {
        let places = self
            .kinds
            .values()
            .filter_map(|kind| kind.counts.newest.first());
        places.map(|place| (place.input, place.line))
    }
}

impl Gathered {
    fn merge(&mut self, other: Gathered) {
        if other.counts.newest.first() < self.counts.newest.first() {
            self.sample = other.sample;
        }
        self.counts.merge(other.counts);
    }
}

impl Counts {
    fn merge(&mut self, other: Counts) {
        self.records += other.records;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = [self.last, other.last].into_iter().flatten().max();
        for (initiator, records) in other.initiators {
            *self.initiators.entry(initiator).or_default() += records;
        }
        self.newest.extend(other.newest);
        self.newest.sort_unstable();
        self.newest.truncate(NEWEST_MAX);
    }
}

/// `address:port`, as the record's own fields have it.
fn end_point(side: &Side) -> String {
    let address = side
        .packet()
        .map_or("-".to_owned(), |address| address.to_string());
    match side.port {
        Some(port) if address.contains(':') => format!("[{address}]:{port}"),
        Some(port) => format!("{address}:{port}"),
        None => address,
    }
}

/// Everything that an explanation depends on. Ports count as far as a plan tells them apart, and times too.
fn key(
    look: Look<'_>,
    batch: &FlowBatch,
    (row, values): (usize, &Row),
    (tag, tags): (&Tag, &Tags),
    times: (Option<i64>, Option<i64>),
) -> Key {
    let names = Names {
        world: look.world,
        extra: &tags.extra,
    };
    let alike = look.plan.alike(times, tag.peer_port);
    let action = batch.text(Field::Action).and_then(|column| column.get(row));
    let syms = [
        tag.via,
        tag.service,
        tag.workload_interface,
        tag.vpc,
        tag.interface,
        values.next_hop,
        values.subnet,
        values.regional_nat,
    ];
    // Names that only the record tells are other symbols in another batch.
    let named = syms.map(|sym| names.of(sym));
    let nameless = Tag {
        via: Sym::NONE,
        service: Sym::NONE,
        workload_interface: Sym::NONE,
        vpc: Sym::NONE,
        interface: Sym::NONE,
        workload_port: None,
        peer_port: None,
        initiator: Initiator::Unknown,
        ..*tag
    };
    let side = |side: &Side| (side.hop, side.pkt, names.of(side.service));
    let read = (
        side(&values.src),
        side(&values.dst),
        values.type_word,
        values.next_hop_word,
        values.direction,
        values.traffic_path,
        values.protocol,
    );
    let format: Vec<&str> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let status = batch.statuses().get(row).copied().unwrap_or(Status::Flow);
    Key {
        vantage: tag.vantage,
        rest: format!("{nameless:?} {named:?} {read:?} {action:?} {status:?} {alike:?} {format:?}"),
    }
}
