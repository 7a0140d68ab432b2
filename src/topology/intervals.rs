//! Addresses to values by disjoint intervals: built once, looked up by binary search.
//!
//! In: blocks with values, nested or overlapping as prefixes do. Out: for any address, the value that a resolver gave for
//! all blocks that hold it.

use crate::model::address::{Address, Block};

/// First address of the IPv4-mapped block, and the first after it: borders that families never cross.
const V4_FIRST: u128 = 0xffff_0000_0000;
const V4_AFTER: u128 = 0x1_0000_0000_0000;

/// A total map from addresses to values.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals<T> {
    starts: Vec<u128>,
    values: Vec<T>,
    /// `None` if not asked for.
    v4: Option<V4<T>>,
}

/// IPv4 alone, so that a lookup touches little memory: 4 bytes a start, and a table over the first 16 bits.
#[derive(Clone, Debug, PartialEq)]
struct V4<T> {
    starts: Vec<u32>,
    values: Vec<T>,
    /// For each first 16 bits the place of the interval that holds their first address; one more for the end.
    index: Vec<u32>,
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
        borders.sort_unstable();
        borders.dedup();
        let mut map = Intervals {
            starts: Vec::new(),
            values: Vec::new(),
            v4: None,
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
        let v4 = None;
        Some(Intervals { starts, values, v4 }.indexed())
    }

    /// Each piece: its first address, and its value.
    pub fn pieces(&self) -> impl Iterator<Item = (u128, T)> {
        self.starts.iter().copied().zip(self.values.iter().copied())
    }

    /// The same map with a table over IPv4: 256 KiB for many times the speed on big maps.
    #[must_use]
    pub fn indexed(mut self) -> Self {
        let mut v4 = V4 {
            starts: vec![0],
            values: vec![self.values[self.slot(V4_FIRST)]],
            index: Vec::with_capacity((1 << 16) + 1),
        };
        for (start, value) in self.pieces() {
            if let Some(start) = start
                .checked_sub(V4_FIRST)
                .and_then(|start| u32::try_from(start).ok())
                && start > 0
            {
                v4.starts.push(start);
                v4.values.push(value);
            }
        }
        let mut last = 0;
        for (place, start) in (0..).zip(&v4.starts).skip(1) {
            // All that begin before this one belong to the one before.
            let before = usize::try_from((*start - 1) >> 16).unwrap_or(0) + 1;
            v4.index.resize(before, last);
            last = place;
        }
        v4.index.resize((1 << 16) + 1, last);
        self.v4 = Some(v4);
        self
    }

    fn slot(&self, address: u128) -> usize {
        self.starts.partition_point(|start| *start <= address) - 1
    }

    /// The value at an address.
    #[inline]
    pub fn get(&self, address: Address) -> T {
        match (&self.v4, address.as_ipv4()) {
            (Some(v4), Some(address)) => v4.get(u32::from(address)),
            _ => self.values[self.slot(address.0)],
        }
    }

    /// The first address of each piece, in order.
    pub fn starts(&self) -> impl Iterator<Item = Address> {
        self.starts.iter().copied().map(Address)
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

impl<T: Copy> V4<T> {
    #[inline]
    fn get(&self, address: u32) -> T {
        let high = usize::from(u16::try_from(address >> 16).unwrap_or(0));
        let place = |index: usize| usize::try_from(self.index[index]).unwrap_or(0);
        let (low, end) = (place(high), place(high + 1));
        // Most of the space lies in intervals wider than a /16.
        if low == end {
            return self.values[low];
        }
        let behind = self.starts[low + 1..=end].partition_point(|start| *start <= address);
        self.values[low + behind]
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

    proptest! {
        #[test]
        fn a_lookup_is_the_longest_prefix_that_holds_the_address(nets in prop::collection::vec(any_net(), 0..40), probe in any_net()) {
            let blocks: Vec<Block> = nets.iter().map(|net| (*net).into()).collect();
            let map = Intervals::build(&blocks, |_, holding| holding.iter().map(|index| blocks[*index].prefix_len).max());
            let indexed = map.clone().indexed();
            for address in [Address::from(probe.network()), probe.broadcast().into()].into_iter().chain(blocks.iter().flat_map(|block| [block.first, block.last])) {
                let expected = nets.iter().filter(|net| net.contains(&address.to_ip())).map(|net| net.prefix_len()).max();
                prop_assert_eq!(map.get(address), expected);
                prop_assert_eq!(indexed.get(address), expected);
            }
            let (starts, values) = map.pieces().unzip();
            prop_assert_eq!(Intervals::of_pieces(starts, values), Some(indexed));
        }
    }
}
