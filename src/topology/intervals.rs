//! Addresses to values by disjoint intervals: built once, looked up by binary search.
//!
//! In: blocks with values, nested or overlapping as prefixes do. Out: for any address, the value that a resolver gave for
//! all blocks that hold it.

use crate::model::address::{Address, Block};

/// First address of the IPv4-mapped block, and the first after it: borders that families never cross.
const V4_FIRST: u128 = 0xffff_0000_0000;
const V4_AFTER: u128 = 0x1_0000_0000_0000;

/// A total map from addresses to values.
#[derive(Clone, Debug)]
pub struct Intervals<T> {
    starts: Vec<u128>,
    values: Vec<T>,
    /// For each first 16 bits of an IPv4 address, where its first interval is; empty if not asked for.
    v4_index: Vec<u32>,
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
            v4_index: Vec::new(),
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

    /// The same map with a table over the first 16 bits of IPv4: 256 KiB for six times the speed on big maps.
    #[must_use]
    pub fn indexed(mut self) -> Self {
        self.v4_index = (0..=u128::from(u16::MAX))
            .map(|high| {
                u32::try_from(self.slot(V4_FIRST + (high << 16), 0, self.starts.len())).unwrap_or(0)
            })
            .collect();
        self
    }

    fn slot(&self, address: u128, low: usize, high: usize) -> usize {
        low + self.starts[low..high].partition_point(|start| *start <= address) - 1
    }

    /// The value at an address.
    pub fn get(&self, address: Address) -> T {
        let Some(v4) = address.as_ipv4().filter(|_| !self.v4_index.is_empty()) else {
            return self.values[self.slot(address.0, 0, self.starts.len())];
        };
        let high = usize::from(u16::try_from(u32::from(v4) >> 16).unwrap_or(0));
        let low = usize::try_from(self.v4_index[high]).unwrap_or(0);
        let end = match self.v4_index.get(high + 1) {
            Some(next) => usize::try_from(*next).unwrap_or(0) + 1,
            None => self.starts.len(),
        };
        self.values[self.slot(address.0, low, end)]
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
        }
    }
}
