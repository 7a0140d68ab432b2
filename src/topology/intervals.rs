//! Addresses to values by disjoint intervals: built once, looked up by binary search or, for IPv4, in three steps.
//!
//! In: blocks with values, nested or overlapping as prefixes do. Out: for any address, the value that a resolver gave for
//! all blocks that hold it.

use crate::model::address::{Address, Block};

/// First address of the IPv4-mapped block, and the first after it: borders that families never cross.
const V4_FIRST: u128 = 0xffff_0000_0000;
const V4_AFTER: u128 = 0x1_0000_0000_0000;

/// Marks an entry of the IPv4 index as the number of a leaf; others are intervals.
const LEAF: u32 = 1 << 31;

/// Marks an entry of a leaf as the number of one below it, among those of its own; others are intervals behind its first.
const BELOW: u16 = 1 << 15;

/// What the addresses are in that share their first 16 bits, by the next 8.
#[derive(Clone, Debug, PartialEq)]
struct Leaf {
    /// The interval of the first address.
    first: u32,
    /// The number of its first leaf below.
    below: u32,
    entries: [u16; 256],
}

/// What the addresses are in that share their first 24 bits: each begins one interval at most, so that a byte says how many have begun.
#[derive(Clone, Debug, PartialEq)]
struct LowLeaf {
    /// The interval of the first address.
    first: u32,
    entries: [u8; 256],
}

/// A total map from addresses to values.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals<T> {
    starts: Vec<u128>,
    values: Vec<T>,
    /// By the first 16 bits of an IPv4 address: its interval, or a leaf by the next 8, and so again; empty if not asked for.
    v4_index: Vec<u32>,
    v4_leaves: Vec<Leaf>,
    v4_low_leaves: Vec<LowLeaf>,
}

impl Intervals<()> {
    /// Pieces that begin at each of these, however often it is named.
    pub fn cut(borders: impl Iterator<Item = Address>) -> Intervals<()> {
        let mut starts: Vec<u128> = vec![0, V4_FIRST, V4_AFTER];
        starts.extend(borders.map(|border| border.0));
        // They come as runs in order, which a sort that keeps equals in theirs takes as they are.
        starts.sort();
        starts.dedup();
        Intervals {
            values: vec![(); starts.len()],
            starts,
            v4_index: Vec::new(),
            v4_leaves: Vec::new(),
            v4_low_leaves: Vec::new(),
        }
    }
}

impl<T> Intervals<T> {
    /// The first address of each piece, in order.
    pub fn starts(&self) -> impl ExactSizeIterator<Item = Address> {
        self.starts.iter().map(|start| Address(*start))
    }

    /// The first address of one piece.
    pub fn start(&self, place: usize) -> Option<Address> {
        self.starts.get(place).map(|start| Address(*start))
    }

    /// The same map with an index over IPv4: three steps at most to an interval, a MiB for big maps.
    #[must_use]
    pub fn indexed(mut self) -> Self {
        let mut at = self.search(V4_FIRST, 0, self.starts.len());
        let (mut index, mut done) = (vec![0; 1 << 16], 0);
        self.v4_leaves.reserve(self.divided(16));
        self.v4_low_leaves.reserve(self.divided(8));
        while done < index.len() {
            let next = V4_FIRST + ((done as u128) << 16);
            let whole = self.whole(&mut at, next, 16).min(index.len() - done);
            if whole > 0 {
                index[done..done + whole].fill(number(at));
            } else {
                index[done] = LEAF | number(self.v4_leaves.len());
                let leaf = self.leaf(&mut at, next);
                self.v4_leaves.push(leaf);
            }
            done += whole.max(1);
        }
        self.v4_index = index;
        // There is a first leaf of each kind, though nobody may need it.
        if self.v4_leaves.is_empty() {
            self.v4_leaves.push(Leaf {
                first: 0,
                below: 0,
                entries: [0; 256],
            });
        }
        if self.v4_low_leaves.is_empty() {
            self.v4_low_leaves.push(LowLeaf {
                first: 0,
                entries: [0; 256],
            });
        }
        self
    }

    /// How many blocks of `2^bits` IPv4 addresses have a border within: as many leaves there are, or a few more.
    fn divided(&self, bits: u32) -> usize {
        let v4 = self.starts.iter().map(|start| start ^ V4_FIRST);
        let v4 = v4.filter_map(|v4| u32::try_from(v4).ok());
        let (mut count, mut last) = (0, None);
        for block in v4.filter(|v4| v4 & ((1 << bits) - 1) != 0) {
            let block = Some(block >> bits);
            count += usize::from(block != last);
            last = block;
        }
        count
    }

    /// How many times `2^bits` addresses, from `next` on, are in its interval, to which `at` is moved on.
    fn whole(&self, at: &mut usize, next: u128, bits: u32) -> usize {
        while self.starts.get(*at + 1).is_some_and(|start| *start <= next) {
            *at += 1;
        }
        let end = self.starts.get(*at + 1).copied().unwrap_or(u128::MAX);
        usize::try_from((end - next) >> bits).unwrap_or(usize::MAX)
    }

    /// The leaf of 2^16 addresses.
    fn leaf(&mut self, at: &mut usize, first: u128) -> Leaf {
        self.whole(at, first, 8);
        let begin = *at;
        let mut leaf = Leaf {
            first: number(begin),
            below: number(self.v4_low_leaves.len()),
            entries: [0; 256],
        };
        let (mut done, mut below) = (0, 0);
        while done < leaf.entries.len() {
            let next = first + ((done as u128) << 8);
            let whole = self.whole(at, next, 8).min(leaf.entries.len() - done);
            match u16::try_from(*at - begin) {
                Ok(behind) if whole > 0 && behind < BELOW => {
                    leaf.entries[done..done + whole].fill(behind);
                    done += whole;
                }
                // A border is within it, or so many were before that the number has no room here.
                Ok(_) | Err(_) => {
                    leaf.entries[done] = BELOW | below;
                    let low = self.low_leaf(at, next);
                    self.v4_low_leaves.push(low);
                    (done, below) = (done + 1, below + 1);
                }
            }
        }
        leaf
    }

    /// The leaf of 2^8 addresses.
    fn low_leaf(&self, at: &mut usize, first: u128) -> LowLeaf {
        self.whole(at, first, 0);
        let begin = *at;
        let mut leaf = LowLeaf {
            first: number(begin),
            entries: [0; 256],
        };
        let mut done = 0;
        while done < leaf.entries.len() {
            let whole = self.whole(at, first + done as u128, 0);
            let whole = whole.clamp(1, leaf.entries.len() - done);
            // INVARIANT: at most one begins at each address behind the first.
            let behind = u8::try_from(*at - begin).unwrap_or(u8::MAX);
            leaf.entries[done..done + whole].fill(behind);
            done += whole;
        }
        leaf
    }

    fn search(&self, address: u128, low: usize, high: usize) -> usize {
        low + self.starts[low..high].partition_point(|start| *start <= address) - 1
    }

    /// Which piece holds an address: the place of its first address in [`Intervals::starts`].
    #[inline]
    pub fn place(&self, address: Address) -> usize {
        match address.as_ipv4() {
            Some(v4) => self.place_v4(v4.to_bits()),
            None => self.search(address.0, 0, self.starts.len()),
        }
    }

    /// The same for an IPv4 address.
    #[inline]
    pub fn place_v4(&self, v4: u32) -> usize {
        let [c, d] = [v4 >> 8, v4].map(|bits| (bits & 0xff) as usize);
        let Some(entry) = self.v4_index.get((v4 >> 16) as usize).copied() else {
            return self.search(V4_FIRST | u128::from(v4), 0, self.starts.len());
        };
        // All three steps are always made, for nobody can guess how many the next address needs: where there is no leaf, in the first one.
        let is_leaf = all_if(entry & LEAF != 0);
        let leaf = &self.v4_leaves[(entry & !LEAF & is_leaf) as usize];
        let behind = leaf.entries[c];
        let is_below = all_if(behind & BELOW != 0) & is_leaf;
        let below = leaf.below.wrapping_add(u32::from(behind & !BELOW));
        let low = &self.v4_low_leaves[(below & is_below) as usize];
        let place = (entry & !is_leaf)
            | (leaf.first.wrapping_add(u32::from(behind)) & is_leaf & !is_below)
            | (low.first.wrapping_add(u32::from(low.entries[d])) & is_below);
        place as usize
    }
}

/// All bits, or none.
#[inline(always)]
fn all_if(is: bool) -> u32 {
    u32::from(is).wrapping_neg()
}

/// The number of an interval or a leaf: there are at most 2^24 leaves, and more intervals than have room would need 2^31 routes.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(0)
}

impl<T: Copy + PartialEq> Intervals<T> {
    /// Cuts the space at every border of `blocks` and asks `resolve` once for each piece.
    ///
    /// `resolve` gets the blocks that hold the piece, widest first, as indexes into `blocks`. Blocks are prefixes, so they nest
    /// or are disjoint, and a stack follows them: O(n log n) and one call a piece.
    pub fn build(
        blocks: &[Block],
        mut resolve: impl FnMut(Address, &[usize]) -> T,
    ) -> Intervals<T> {
        let mut order: Vec<usize> = (0..blocks.len()).collect();
        order.sort_by_key(|index| {
            (
                blocks[*index].first,
                std::cmp::Reverse(blocks[*index].last),
                *index,
            )
        });
        let mut borders: Vec<u128> = vec![0, V4_FIRST, V4_AFTER];
        for block in blocks {
            borders.push(block.first.0);
            borders.extend(block.last.0.checked_add(1));
        }
        borders.sort();
        borders.dedup();
        let mut map = Intervals {
            starts: Vec::new(),
            values: Vec::new(),
            v4_index: Vec::new(),
            v4_leaves: Vec::new(),
            v4_low_leaves: Vec::new(),
        };
        let (mut open, mut next): (Vec<usize>, usize) = (Vec::new(), 0);
        let mut holding: Vec<usize> = Vec::new();
        for border in borders {
            let address = Address(border);
            open.retain(|index| blocks[*index].last >= address);
            while next < order.len() && blocks[order[next]].first <= address {
                open.push(order[next]);
                next += 1;
            }
            holding.clear();
            holding.extend(
                open.iter()
                    .copied()
                    .filter(|index| blocks[*index].contains(address)),
            );
            let value = resolve(address, &holding);
            if map.values.last() != Some(&value) {
                map.starts.push(border);
                map.values.push(value);
            }
        }
        map
    }

    /// A map of pieces as [`Intervals::pieces`] gives them, indexed; `None` if they are not in order from address 0.
    pub fn of_pieces(starts: Vec<u128>, values: Vec<T>) -> Option<Intervals<T>> {
        let in_order = starts.first() == Some(&0) && starts.is_sorted_by(|a, b| a < b);
        (in_order && starts.len() == values.len()).then_some(())?;
        let map = Intervals {
            starts,
            values,
            v4_index: Vec::new(),
            v4_leaves: Vec::new(),
            v4_low_leaves: Vec::new(),
        };
        Some(map.indexed())
    }

    /// Each piece: its first address, and its value.
    pub fn pieces(&self) -> impl Iterator<Item = (u128, T)> {
        self.starts.iter().copied().zip(self.values.iter().copied())
    }

    /// The value at an address.
    #[inline]
    pub fn get(&self, address: Address) -> T {
        self.values[self.place(address)]
    }

    /// How many pieces.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none; never so.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use ipnet::{IpNet, Ipv4Net, Ipv6Net};
    use proptest::prelude::*;

    use super::*;

    fn any_net() -> impl Strategy<Value = IpNet> {
        prop_oneof![
            (any::<u16>(), 0u8..=32).prop_map(|(high, len)| Ipv4Net::new_assert(
                (u32::from(high) << 12).into(),
                len
            )
            .trunc()
            .into()),
            (any::<u32>(), 0u8..=128).prop_map(|(high, len)| Ipv6Net::new_assert(
                (u128::from(high) << 30).into(),
                len
            )
            .trunc()
            .into()),
        ]
    }

    /// So many intervals in one leaf that the last have no room in its entries.
    #[test]
    fn each_of_65_536_neighbours_has_its_own_interval() {
        let first = Address::parse(b"10.1.0.0").unwrap();
        let borders = (0..1 << 16).map(|n| Address(first.0 + n));
        let cut = Intervals::cut(borders.clone());
        let indexed = cut.clone().indexed();
        for address in borders.chain([Address(first.0 - 1), Address(first.0 + (1 << 16))]) {
            assert_eq!(indexed.place(address), cut.place(address), "{address}");
        }
    }

    proptest! {
        // An index has 65,536 entries, whatever the blocks.
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_lookup_is_the_longest_prefix_that_holds_the_address(nets in prop::collection::vec(any_net(), 0..40), probe in any_net()) {
            let blocks: Vec<Block> = nets.iter().map(|net| (*net).into()).collect();
            let map = Intervals::build(&blocks, |_, holding| holding.iter().map(|index| blocks[*index].prefix_len).max());
            let indexed = map.clone().indexed();
            for address in [Address::from(probe.network()), probe.broadcast().into()].into_iter().chain(blocks.iter().flat_map(|block| [block.first, block.last])) {
                let expected = nets.iter().filter(|net| net.contains(&address.to_ip())).map(|net| net.prefix_len()).max();
                prop_assert_eq!(map.get(address), expected);
                prop_assert_eq!(indexed.get(address), expected);
                let borders = || blocks.iter().flat_map(Block::borders);
                let (cut, indexed) = (Intervals::cut(borders()), Intervals::cut(borders()).indexed());
                prop_assert_eq!(indexed.place(address), cut.place(address));
                let first = cut.start(cut.place(address)).unwrap();
                for block in &blocks {
                    prop_assert_eq!(block.contains(first), block.contains(address));
                }
            }
            let (starts, values) = map.pieces().unzip();
            prop_assert_eq!(Intervals::of_pieces(starts, values), Some(map.clone().indexed()));
        }
    }
}
