//! Classes of records: equal in everything that any answer depends on, so that one answer is all answers.
//!
//! In: batches, one after the other. Out: [`Classes`]. A key is packed of what decides: origin, services, next hop, the kinds of the
//! addresses, and what the few small fields say. A record whose key cannot be packed is a class of its own.
//!
//! Memory: classes, names and origins are bounded; beyond it all are forgotten between two batches, and `generation` tells.

use crate::classify::chunk::{self, Chunk, Way};
use crate::classify::decisive::Decisive;
use crate::classify::engine;
use crate::classify::kinds::Kinds;
use crate::classify::memo::{Key, Memo, NOT_FOUND};
use crate::classify::origin::{self, Origins};
use crate::classify::row::{Extra, Row, Rows};
use crate::model::address::Address;
use crate::model::batch::{FlowBatch, Status};
use crate::model::class::{Class, Classes, Stands};
use crate::model::question::Questions;
use crate::model::tag::Tag;
use crate::topology::World;
use crate::topology::cells::Cells;

/// Beyond so many classes, or names that the topology lacks, all are forgotten.
const CLASSES_MAX: usize = 1 << 16;
const EXTRA_MAX: usize = 1 << 16;

/// Finds the classes of records, for one thread.
pub struct Classifier<'w> {
    world: &'w World,
    kinds: Kinds<'w>,
    questions: Asked,
    extra: Extra<'w>,
    origins: Origins,
    memo: Memo,
    chunk: Box<Chunk>,
    classes: Classes,
}

/// The questions that are not about addresses, at hand.
struct Asked {
    /// By port: a word for it; empty if none is asked for.
    ports: Vec<u8>,
    /// Times at which an answer may change, in order.
    times_s: Vec<i64>,
    /// The span around the last record's time in which none does, and its number.
    now: (i64, i64, u32),
}

/// Words for ports: null, and any that is not asked for. Those that are have the next ones.
const NO_PORT: u8 = 0;
const ANY_PORT: u8 = 1;
/// Too many are asked for to have a word each.
const PORT_UNWORDED: u8 = u8::MAX;

impl Asked {
    fn new(world: &World, questions: &Questions) -> Asked {
        let mut ports = Vec::new();
        if !questions.ports.is_empty() {
            ports.resize(1 << 16, ANY_PORT);
            let mut word = ANY_PORT;
            for port in &questions.ports {
                word = word.saturating_add(1);
                ports[usize::from(*port)] = word;
            }
        }
        let captured = world.snapshots.iter().filter_map(|one| one.captured_s);
        let mut times_s: Vec<i64> = captured.chain(questions.times_s.iter().copied()).collect();
        times_s.sort_unstable();
        times_s.dedup();
        Asked {
            ports,
            times_s,
            now: (0, 0, 0),
        }
    }

    /// The words of a record's ports, -1 for none; `None` if one has none.
    #[inline]
    fn ports(&self, ports: [i64; 2]) -> Option<u32> {
        if self.ports.is_empty() {
            return Some(0);
        }
        let words = ports.map(|port| match u16::try_from(port) {
            Ok(port) => self.ports[usize::from(port)],
            Err(_) => NO_PORT,
        });
        let known = !words.contains(&PORT_UNWORDED);
        known.then_some(u32::from(words[0]) | u32::from(words[1]) << 8)
    }

    /// How many of the times have come.
    #[inline]
    fn time(&mut self, time_s: i64) -> u32 {
        let (since, until, number) = self.now;
        if since <= time_s && time_s < until {
            return number;
        }
        let passed = self.times_s.partition_point(|at| *at <= time_s);
        let since = passed
            .checked_sub(1)
            .map_or(i64::MIN, |at| self.times_s[at]);
        let until = self.times_s.get(passed).copied().unwrap_or(i64::MAX);
        self.now = (since, until, u32::try_from(passed).unwrap_or(u32::MAX));
        self.now.2
    }
}

impl<'w> Classifier<'w> {
    /// For one thread. `cells` must be of these questions.
    pub fn new(cells: &'w Cells<'w>, questions: &Questions) -> Classifier<'w> {
        Classifier {
            world: cells.world,
            kinds: Kinds::new(cells),
            questions: Asked::new(cells.world, questions),
            extra: Extra::new(&cells.world.symbols),
            origins: Origins::default(),
            memo: Memo::new(),
            chunk: Chunk::new(),
            classes: Classes {
                classes: Vec::with_capacity(Classes::LIKELY),
                ..Classes::default()
            },
        }
    }

    /// The classes of a batch's records.
    pub fn classify(&mut self, batch: &FlowBatch) -> &Classes {
        self.bound(batch.len());
        let rows = Rows::new(batch, &mut self.extra);
        let decisive = Decisive::new(batch, &mut self.extra);
        let known = self.classes.extra.len();
        self.classes
            .extra
            .extend_from_slice(&self.extra.names()[known..]);
        let symbols = self.world.symbols.len() + self.extra.names().len();
        let fit = self.kinds.fit() && symbols <= chunk::SYMBOLS_MAX;
        let origins = self.origins.of(batch).filter(|_| fit);
        let full = decisive.full_rows();
        let mut found = std::mem::take(&mut self.classes.rows);
        found.clear();
        match &origins {
            Some(origins) => {
                for first in (0..batch.len()).step_by(chunk::ROWS) {
                    let count = chunk::ROWS.min(batch.len() - first);
                    let statuses = &batch.statuses()[first..first + count];
                    self.chunk.ways(statuses, full.as_ref(), first);
                    self.read(&rows, &decisive, origins, first, count);
                    self.find(&rows, first, count, &mut found);
                }
            }
            None => {
                for (row, status) in batch.statuses().iter().enumerate() {
                    found.push(match status {
                        Status::Flow => self.add(&rows.get(row), Key::NONE),
                        Status::NoData | Status::SkipData => Classes::NONE,
                    });
                }
            }
        }
        self.classes.rows = found;
        &self.classes
    }

    /// Reads a chunk of rows: column by column, and by themselves those that lack what few lack.
    fn read(
        &mut self,
        rows: &Rows<'_>,
        decisive: &Decisive<'_>,
        origins: &origin::Batch<'_>,
        first: usize,
        count: usize,
    ) {
        let (mut pivots, mut places) = ([0; chunk::ROWS], [0; chunk::ROWS]);
        origins.numbers(first, &mut pivots[..count], &mut places[..count]);
        for place in 0..count {
            if self.chunk.ways[place] != Way::Not {
                let (pivot, at) = (pivots[place], places[place]);
                let read = || rows.get(first + place);
                let origin = self.origins.at(pivot, at, self.world, read);
                self.chunk.origin(place, origin);
            }
        }
        let (chunk, kinds) = (&mut self.chunk, &mut self.kinds);
        chunk.read(
            decisive,
            kinds,
            first,
            count,
            !self.questions.ports.is_empty(),
        );
        for place in 0..count {
            if chunk.ways[place] == Way::Row {
                chunk.read_row(decisive, kinds, place, first + place);
            }
        }
    }

    /// The classes of a chunk of rows that have been read: all keys first, then all places to look at, so that no lookup waits for another.
    fn find(&mut self, rows: &Rows<'_>, first: usize, count: usize, found: &mut Vec<u32>) {
        for place in 0..count.min(chunk::ROWS) {
            let chunk = &mut self.chunk;
            let time = self.questions.time(chunk.times_s[place]);
            let ports = [0, 1].map(|side| chunk.ports[side][place]);
            let ports = self.questions.ports(ports);
            chunk.pack(place, ports, time);
        }
        self.chunk.look(&self.memo);
        for place in 0..count.min(chunk::ROWS) {
            let class = self.chunk.classes[place];
            found.push(match self.chunk.ways[place] {
                Way::Not => Classes::NONE,
                Way::Columns | Way::Row if class != NOT_FOUND => class,
                Way::Columns | Way::Row => {
                    let key = self.chunk.keys[place];
                    match self.memo.search(&key) {
                        Some(class) => class,
                        None => self.add(&rows.get(first + place), key),
                    }
                }
            });
        }
    }

    /// Forgets everything where it might become too much in the next batch.
    fn bound(&mut self, rows: usize) {
        let classes = &mut self.classes;
        // Few classes beyond it are no harm; a batch never has more than its rows.
        let full = !classes.classes.is_empty() && classes.classes.len() + rows > CLASSES_MAX;
        if full || classes.extra.len() > EXTRA_MAX || self.origins.len() > CLASSES_MAX {
            classes.classes.clear();
            classes.extra.clear();
            classes.generation += 1;
            self.extra = Extra::new(&self.world.symbols);
            self.origins = Origins::default();
            self.memo = Memo::new();
        }
    }

    /// A class that was not met before.
    #[cold]
    fn add(&mut self, row: &Row, key: Key) -> u32 {
        let class = class_of(row, self.world);
        let id = u32::try_from(self.classes.classes.len()).unwrap_or(u32::MAX);
        self.classes.classes.push(class);
        if key != Key::NONE {
            self.memo.insert(key, id);
        }
        id
    }
}

/// Tags a record, and finds out which of its addresses and ports the tag has: ports decide nothing here, so they are made to show it.
fn class_of(row: &Row, world: &World) -> Class {
    let mut marked = *row;
    (marked.src.port, marked.dst.port) = (Some(0), Some(1));
    let tag = engine::tag(&marked, world);
    let side = |port: Option<u16>| port.and_then(|port| u8::try_from(port).ok());
    let (workload_port, peer_port) = (side(tag.workload_port), side(tag.peer_port));
    let ends = [row.src, row.dst];
    let stands = |address: Option<Address>, side: Option<u8>| {
        let side = side.filter(|_| address.is_some())?;
        let of = ends[usize::from(side)];
        Some(if of.hop == address {
            Stands::Hop(side)
        } else {
            Stands::Packet(side)
        })
    };
    let own = |side: Option<u8>| ends[usize::from(side?)].port;
    Class {
        workload: stands(tag.workload, workload_port),
        peer: stands(tag.peer, peer_port),
        workload_port,
        peer_port,
        tag: Tag {
            workload_port: own(workload_port),
            peer_port: own(peer_port),
            ..tag
        },
    }
}
