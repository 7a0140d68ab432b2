//! Keys of classes, column by column: some hundred rows at a time, for a loop over one column has no branches that a loop over rows has.
//!
//! In: the columns that decide ([`Decisive`]), and where the rows come from. Out: what a key is packed of, right for rows that lack
//! nothing but what many lack; the others go row by row.

use crate::classify::decisive::{Decisive, SMALL_BITS};
use crate::classify::kinds::Kinds;
use crate::classify::memo::Key;
use crate::classify::origin::Origin;
use crate::model::batch::Status;
use crate::model::batch::raw::{Addresses, each_null};
use crate::model::symbol::Sym;
use arrow::buffer::NullBuffer;

/// Rows of a chunk: all of its columns stay in the first-level cache.
pub(super) const ROWS: usize = 256;

/// Bits behind those of [`Decisive::small`]: whether the addresses of a side are the same, one a side, and whether the time is the end.
const SAME_BIT: u32 = SMALL_BITS;
const ENDED_BIT: u32 = SMALL_BITS + 2;
/// The time's word stands behind them all.
const TIME_BIT: u32 = SMALL_BITS + 3;
/// More times than a key has room for; no policy has so many.
const TIMES_MAX: u32 = u32::MAX >> TIME_BIT;

/// How a row is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Not at all: it is no flow.
    Not,
    /// Here.
    Columns,
    /// By itself, for it lacks what few lack.
    Row,
}

/// The columns of a chunk.
pub(super) struct Chunk {
    pub(super) ways: [Way; ROWS],
    origins: [u32; ROWS],
    interfaces: [Sym; ROWS],
    exact: [bool; ROWS],
    next_hops: [u32; ROWS],
    services: [[u32; ROWS]; 2],
    small: [u32; ROWS],
    hops: [[u32; ROWS]; 2],
    packets: [[u32; ROWS]; 2],
    /// -1 for none; only where somebody asks.
    pub(super) ports: [[i64; ROWS]; 2],
    pub(super) times_s: [i64; ROWS],
    /// Of a column in work.
    words: [u32; ROWS],
    numbers: [[i64; ROWS]; 2],
}

impl Chunk {
    pub(super) fn new() -> Box<Chunk> {
        Box::new(Chunk {
            ways: [Way::Not; ROWS],
            origins: [0; ROWS],
            interfaces: [Sym::NONE; ROWS],
            exact: [false; ROWS],
            next_hops: [0; ROWS],
            services: [[0; ROWS]; 2],
            small: [0; ROWS],
            hops: [[0; ROWS]; 2],
            packets: [[0; ROWS]; 2],
            ports: [[0; ROWS]; 2],
            times_s: [0; ROWS],
            words: [0; ROWS],
            numbers: [[0; ROWS]; 2],
        })
    }

    /// Which way each row goes.
    pub(super) fn ways(&mut self, statuses: &[Status], full: Option<&NullBuffer>, first: usize) {
        for (way, status) in self.ways.iter_mut().zip(statuses) {
            *way = match status {
                Status::Flow => Way::Columns,
                Status::NoData | Status::SkipData => Way::Not,
            };
        }
        if let Some(full) = full {
            each_null(full, first, statuses.len(), |place| {
                if self.ways[place] == Way::Columns {
                    self.ways[place] = Way::Row;
                }
            });
        }
    }

    /// Where a row comes from.
    #[inline(always)]
    pub(super) fn origin(&mut self, place: usize, origin: Origin) {
        self.origins[place] = origin.id;
        self.interfaces[place] = origin.interface;
        self.exact[place] = origin.exact;
    }

    /// Reads the columns of `count` rows from `first` on; the ports only if somebody asks.
    pub(super) fn read(
        &mut self,
        of: &Decisive<'_>,
        kinds: &mut Kinds<'_>,
        first: usize,
        count: usize,
        ports: bool,
    ) {
        let count = count.min(ROWS);
        of.next_hop.fill(first, &mut self.next_hops[..count]);
        for (service, out) in of.service.iter().zip(&mut self.services) {
            service.fill(first, &mut out[..count]);
        }
        let [numbers, others] = &mut self.numbers;
        of.small_of(
            first,
            &mut self.small[..count],
            &mut self.words,
            [numbers, others],
        );
        for side in 0..2 {
            self.addresses(&of.hop[side], &of.packet[side], kinds, side, first, count);
            if ports {
                of.port[side].fill(first, -1, &mut self.ports[side][..count]);
            }
        }
        let small = &mut self.small;
        of.times_of(
            first,
            &mut self.times_s[..count],
            &mut self.numbers[0],
            |place, ended| {
                small[place % ROWS] |= u32::from(ended) << ENDED_BIT;
            },
        );
    }

    /// The words for the addresses of one side, and whether both are the same.
    fn addresses(
        &mut self,
        hop: &Addresses<'_>,
        packet: &Addresses<'_>,
        kinds: &mut Kinds<'_>,
        side: usize,
        first: usize,
        count: usize,
    ) {
        let (hops, packets) = (hop.slice(first, count), packet.slice(first, count));
        match (hops, packets) {
            (Some(hops), Some(packets)) => {
                for (place, (hop, packet)) in hops.iter().zip(packets).enumerate().take(ROWS) {
                    let word = self.word(kinds, place, hop);
                    let same = u128::from_ne_bytes(*hop) == u128::from_ne_bytes(*packet);
                    let other = if same {
                        word
                    } else {
                        self.word(kinds, place, packet)
                    };
                    self.side(side, place, word, other, same);
                }
            }
            (hops, packets) => {
                let both = hops.is_none() && packets.is_none();
                for place in 0..count {
                    let hop = hops.map_or(0, |hops| self.word(kinds, place, &hops[place]));
                    let packet =
                        packets.map_or(0, |packets| self.word(kinds, place, &packets[place]));
                    self.side(side, place, hop, packet, both);
                }
            }
        }
        // Where one is often missing.
        let mut again = |place: usize| {
            let row = first + place;
            self.pair(kinds, side, place, hop.get(row), packet.get(row));
        };
        hop.each_often_null(first, count, &mut again);
        packet.each_often_null(first, count, again);
    }

    /// Reads a row by itself, whatever it lacks.
    pub(super) fn read_row(
        &mut self,
        of: &Decisive<'_>,
        kinds: &mut Kinds<'_>,
        place: usize,
        row: usize,
    ) {
        self.next_hops[place] = of.next_hop.get(row);
        let (time_s, ended) = of.time_s(row);
        self.times_s[place] = time_s;
        self.small[place] = of.small(row) | u32::from(ended) << ENDED_BIT;
        for side in 0..2 {
            self.services[side][place] = of.service[side].get(row);
            self.ports[side][place] = of.port[side].get(row).unwrap_or(-1);
            self.pair(
                kinds,
                side,
                place,
                of.hop[side].get(row),
                of.packet[side].get(row),
            );
        }
    }

    /// The words for two addresses of one side, either of which may be missing, and whether they are the same.
    fn pair(
        &mut self,
        kinds: &mut Kinds<'_>,
        side: usize,
        place: usize,
        hop: Option<&[u8; 16]>,
        packet: Option<&[u8; 16]>,
    ) {
        let word = |of: Option<&[u8; 16]>| of.map_or(0, |of| self.word(kinds, place, of));
        let [hop_word, packet_word] = [hop, packet].map(word);
        self.side(side, place, hop_word, packet_word, hop == packet);
    }

    #[inline(always)]
    fn word(&self, kinds: &mut Kinds<'_>, place: usize, address: &[u8; 16]) -> u32 {
        let place = place % ROWS;
        let near = [self.interfaces[place], Sym(self.next_hops[place])];
        kinds.word(address, self.exact[place], near)
    }

    #[inline(always)]
    fn side(&mut self, side: usize, place: usize, hop: u32, packet: u32, same: bool) {
        let place = place % ROWS;
        self.hops[side][place] = hop;
        self.packets[side][place] = packet;
        let bit = 1 << SAME_BIT << side;
        self.small[place] = self.small[place] & !bit | if same { bit } else { 0 };
    }

    /// The key of a row that has been read, for the words of its ports and of its time; `None` if it has no room.
    #[inline(always)]
    pub(super) fn key(&self, place: usize, ports: u32, time: u32) -> Option<Key> {
        if time > TIMES_MAX {
            return None;
        }
        let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        Some([
            pair(self.origins[place], self.next_hops[place]),
            pair(self.services[0][place], self.services[1][place]),
            pair(self.small[place] | time << TIME_BIT, ports),
            pair(self.hops[0][place], self.hops[1][place]),
            pair(self.packets[0][place], self.packets[1][place]),
        ])
    }
}
