//! Keys of classes, column by column: some hundred rows at a time, for a loop over one column has no branches that a loop over rows has.
//!
//! In: the columns that decide ([`Decisive`]), and where the rows come from. Out: what a key is packed of, right for rows that lack
//! nothing but what many lack; the others go row by row.

use crate::classify::decisive::{Decisive, Opening, SMALL_BITS};
use crate::classify::kinds::Kinds;
use crate::classify::memo::{Guess, Key, Memo, NOT_FOUND};
use crate::classify::origin::Origin;
use crate::model::batch::Status;
use crate::model::batch::raw::{Addresses, each_null};
use crate::model::symbol::Sym;
use arrow::buffer::NullBuffer;

/// Rows of a chunk: all of its columns stay in the first-level cache.
pub(super) const ROWS: usize = 256;
// Places are kept in a byte.
const _: () = assert!(ROWS <= 1 << u8::BITS);

/// Bits behind those of [`Decisive::small`]: whether the addresses of a side are the same, one a side, and whether the time is the end.
const SAME_BIT: u32 = SMALL_BITS;
const ENDED_BIT: u32 = SMALL_BITS + 2;
const _: () = assert!(ENDED_BIT < HALF_BITS);

/// Bits that a key has for a symbol, or the word of an address.
const WORD_BITS: u32 = 24;
/// Those for the small fields, the ports and the time.
const HALF_BITS: u32 = 16;

/// The bit of a side whose addresses are the same.
const fn same_bit(side: usize) -> u32 {
    1 << SAME_BIT << side
}

/// Stands for the cell of an address that is missing.
const NO_CELL: u32 = u32::MAX;

/// How many symbols there may be; those of a row are counted from 1, and 0 is none.
pub(super) const SYMBOLS_MAX: usize = (1 << WORD_BITS) - 2;

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
    openings: [Opening; ROWS],
    next_hops: [u32; ROWS],
    services: [[u32; ROWS]; 2],
    small: [u32; ROWS],
    /// Words of addresses; of hops before that their cells.
    hops: [[u32; ROWS]; 2],
    packets: [[u32; ROWS]; 2],
    /// Places of a side whose two addresses are not the same.
    others: [u8; ROWS],
    /// -1 for none; only where somebody asks.
    pub(super) ports: [[i64; ROWS]; 2],
    pub(super) times_s: [i64; ROWS],
    /// What each row's class goes by, or [`Key::NONE`], where that may be found, and the class.
    pub(super) keys: [Key; ROWS],
    guesses: [Guess; ROWS],
    pub(super) classes: [u32; ROWS],
    /// Of a column in work.
    codes: [u32; ROWS],
    numbers: [[i64; ROWS]; 2],
}

impl Chunk {
    pub(super) fn new() -> Box<Chunk> {
        Box::new(Chunk {
            ways: [Way::Not; ROWS],
            origins: [0; ROWS],
            interfaces: [Sym::NONE; ROWS],
            exact: [false; ROWS],
            openings: [Opening::ALL; ROWS],
            next_hops: [0; ROWS],
            services: [[0; ROWS]; 2],
            small: [0; ROWS],
            hops: [[0; ROWS]; 2],
            packets: [[0; ROWS]; 2],
            others: [0; ROWS],
            ports: [[0; ROWS]; 2],
            times_s: [0; ROWS],
            keys: [Key::NONE; ROWS],
            guesses: [Guess::NONE; ROWS],
            classes: [NOT_FOUND; ROWS],
            codes: [0; ROWS],
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
        self.openings[place] = origin.opening;
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
            &mut self.codes,
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

    /// The words for the addresses of one side, and whether both are the same: the cells of all first, so that none waits for another's. Most
    /// packets have the hop's address, and so its word.
    fn addresses(
        &mut self,
        hop: &Addresses<'_>,
        packet: &Addresses<'_>,
        kinds: &mut Kinds<'_>,
        side: usize,
        first: usize,
        count: usize,
    ) {
        let (raw_hops, raw_packets) = (hop.slice(first, count), packet.slice(first, count));
        match (raw_hops, raw_packets) {
            (Some(raw_hops), Some(raw_packets)) => {
                let (hops, small, bit) = (&mut self.hops[side], &mut self.small, same_bit(side));
                let mut apart = 0;
                for (place, (hop, packet)) in (0..=u8::MAX).zip(raw_hops.iter().zip(raw_packets)) {
                    let same = u128::from_ne_bytes(*hop) == u128::from_ne_bytes(*packet);
                    hops[usize::from(place)] = kinds.cell(hop);
                    small[usize::from(place)] |= if same { bit } else { 0 };
                    self.others[apart % ROWS] = place;
                    apart += usize::from(!same);
                }
                for place in 0..count {
                    self.hops[side][place] = self.word(kinds, place, self.hops[side][place]);
                }
                self.packets[side] = self.hops[side];
                for other in 0..apart.min(ROWS) {
                    let place = usize::from(self.others[other]);
                    let cell = kinds.cell(&raw_packets[place]);
                    self.packets[side][place] = self.word(kinds, place, cell);
                }
            }
            // The log lacks one, or both.
            (Some(hops), None) => {
                for (place, hop) in hops.iter().enumerate().take(ROWS) {
                    self.side(kinds, side, place, [kinds.cell(hop), NO_CELL], false);
                }
            }
            (None, packets) => {
                for place in 0..count {
                    let packet = packets.map_or(NO_CELL, |packets| kinds.cell(&packets[place]));
                    self.side(kinds, side, place, [NO_CELL, packet], packets.is_none());
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
            let (hop, packet) = (of.hop[side].get(row), of.packet[side].get(row));
            self.pair(kinds, side, place, hop, packet);
        }
    }

    /// The words of two addresses of one side, either of which may be missing, and whether they are the same.
    fn pair(
        &mut self,
        kinds: &mut Kinds<'_>,
        side: usize,
        place: usize,
        hop: Option<&[u8; 16]>,
        packet: Option<&[u8; 16]>,
    ) {
        let cells = [hop, packet].map(|of| of.map_or(NO_CELL, |of| kinds.cell(of)));
        self.side(kinds, side, place, cells, hop == packet);
    }

    /// The same of two cells.
    #[inline(always)]
    fn side(
        &mut self,
        kinds: &mut Kinds<'_>,
        side: usize,
        place: usize,
        cells: [u32; 2],
        same: bool,
    ) {
        let place = place % ROWS;
        let [hop, packet] = cells.map(|cell| match cell {
            NO_CELL => 0,
            cell => self.word(kinds, place, cell),
        });
        (self.hops[side][place], self.packets[side][place]) = (hop, packet);
        let bit = same_bit(side);
        self.small[place] = self.small[place] & !bit | if same { bit } else { 0 };
    }

    /// The word for an address of the row at a place, by its cell.
    #[inline(always)]
    fn word(&self, kinds: &mut Kinds<'_>, place: usize, cell: u32) -> u32 {
        let place = place % ROWS;
        let near = [self.interfaces[place], Sym(self.next_hops[place])];
        kinds.word(cell, self.exact[place], near)
    }

    /// Packs the key of a row that has been read, for the words of its ports and of its time, and reckons its hash.
    #[inline(always)]
    pub(super) fn pack(&mut self, place: usize, ports: Option<u32>, time: u32) {
        let key = ports.and_then(|ports| self.key(place, ports, time));
        let key = key.unwrap_or(Key::NONE);
        self.guesses[place] = Guess::of(&key);
        self.keys[place] = key;
    }

    /// Looks up the classes of all rows, whose keys have been packed; of those that are not where they should be, [`NOT_FOUND`].
    pub(super) fn look(&mut self, memo: &Memo) {
        memo.look(&self.keys, &mut self.guesses, &mut self.classes);
    }

    /// `None` if it has no room.
    #[inline(always)]
    fn key(&self, place: usize, ports: u32, time: u32) -> Option<Key> {
        if (time | ports) >> HALF_BITS != 0 {
            return None;
        }
        // INVARIANT: symbols are fewer than SYMBOLS_MAX or none, addresses' words below `1 << WORD_BITS`.
        let sym = |sym: u32| u64::from(sym.wrapping_add(1));
        let pack = |low: u64, middle: u64, high: u32| {
            low | middle << WORD_BITS | u64::from(high) << (2 * WORD_BITS)
        };
        let pair = |of: &[[u32; ROWS]; 2]| of.each_ref().map(|side| side[place]);
        let [services, hops, packets] = [&self.services, &self.hops, &self.packets].map(pair);
        let [hops, packets] = [hops, packets].map(|pair| pair.map(u64::from));
        let small = self.openings[place].of(self.small[place]);
        Some(Key([
            u64::from(self.origins[place]) | sym(self.next_hops[place]) << 32,
            pack(sym(services[0]), sym(services[1]), small),
            pack(hops[0], hops[1], time),
            pack(packets[0], packets[1], ports),
        ]))
    }
}
