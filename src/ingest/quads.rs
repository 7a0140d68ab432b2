//! IPv4 addresses as text, those of many lines at once: their four numbers go in as words, addresses come out.
//!
//! Where the numbers begin and end is found value by value; what they are is reckoned for all in loops without a branch, which the compiler
//! makes ones over vectors.

use crate::ingest::number::COUNT;
use crate::ingest::window::{self, Bytes};
use crate::model::sixteen::Sixteen;

/// The longest there is.
pub(super) const LEN_MAX: usize = 15;

/// The numbers of many addresses.
pub(super) struct Quads {
    /// By place in the address: four bytes from its first digit on.
    words: [[u32; COUNT]; 4],
    /// How many digits it has.
    digits: [[u32; COUNT]; 4],
    /// Not 0 if it is no address after all.
    wrong: [u32; COUNT],
    addresses: [u32; COUNT],
}

impl Quads {
    pub(super) const EMPTY: Quads = Quads {
        words: [[0; COUNT]; 4],
        digits: [[0; COUNT]; 4],
        wrong: [0; COUNT],
        addresses: [0; COUNT],
    };

    /// Takes the value of `len` bytes that begins at a place.
    #[inline(always)]
    pub(super) fn put(&mut self, index: usize, bytes: &Bytes, start: usize, len: usize) {
        let index = index % COUNT;
        let inside = (1 << (len & LEN_MAX)) - 1;
        let dots = Sixteen::new(*window::from(bytes, start)).equal(b'.') & inside;
        // The end stands for a fourth dot.
        let mut ends = dots | (inside + 1);
        let mut from = 0;
        for (words, digits) in self.words.iter_mut().zip(&mut self.digits) {
            let end = ends.trailing_zeros();
            ends &= ends.wrapping_sub(1);
            digits[index] = end.wrapping_sub(from);
            words[index] =
                u32::from_le_bytes(*window::from(bytes, start.wrapping_add(from as usize)));
            from = end.wrapping_add(1);
        }
        // Fewer dots, and the last number ends where nothing is; more, and there are ends left.
        self.wrong[index] = ends | u32::from(len > LEN_MAX);
    }

    /// Reckons the first `count` of them; a bit for each that is no address.
    #[inline(always)]
    pub(super) fn read(&mut self, count: usize) -> u64 {
        let count = count.min(COUNT);
        for ((words, digits), shift) in self.words.iter().zip(&self.digits).zip([24, 16, 8, 0]) {
            for index in 0..count {
                let (octet, wrong) = octet(words[index], digits[index]);
                let before = if shift == 24 {
                    0
                } else {
                    self.addresses[index]
                };
                self.addresses[index] = before | octet.wrapping_shl(shift);
                self.wrong[index] |= wrong;
            }
        }
        let mut others = 0;
        for (index, wrong) in self.wrong.iter().enumerate().take(count) {
            others |= u64::from(*wrong != 0) << index;
        }
        others
    }

    /// An address that has been read, mapped into IPv6, big-endian.
    #[inline(always)]
    pub(super) fn mapped(&self, index: usize) -> [u8; 16] {
        let address = u128::from(self.addresses[index % COUNT]);
        (0xffff_0000_0000 | address).to_be_bytes()
    }
}

/// A number of one to three digits up to 255 without leading zeros, given by the four bytes from its first digit on; and not 0 if it is none.
#[inline(always)]
fn octet(word: u32, digits: u32) -> (u32, u32) {
    // Right-aligned in the upper three bytes.
    let value = (word ^ ZEROS32).wrapping_shl(8u32.wrapping_mul(4u32.wrapping_sub(digits)));
    let not_digits = (value.wrapping_add(0x7676_7676) | value) & 0x8080_8080;
    let value = (value >> 24)
        .wrapping_add((value >> 16 & 0xff).wrapping_mul(10))
        .wrapping_add((value >> 8 & 0xff).wrapping_mul(100));
    // Two digits are at least 10, three at least 100.
    let least = 0x640a_0000_u32.wrapping_shr(8u32.wrapping_mul(digits)) & 0xff;
    let wrong =
        u32::from(digits.wrapping_sub(1) > 2) | u32::from(value < least) | u32::from(value > 255);
    (value, wrong | not_digits)
}

const ZEROS32: u32 = 0x3030_3030;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::window::{BEFORE, Window};
    use crate::model::address::Address;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2048, ..ProptestConfig::default() })]
        #[test]
        fn many_at_once_are_the_same_addresses(
            values in prop::collection::vec((
                any::<[u8; 4]>(),
                any::<Option<(prop::sample::Index, u8)>>(),
                prop::option::of(prop::collection::vec(prop::sample::select(&b"0012595..:a-"[..]), 1..18)),
            ), 1..=COUNT),
            behind in any::<[u8; 20]>(),
        ) {
            let texts: Vec<Vec<u8>> = values.into_iter().map(|(octets, broken, odd)| {
                let mut text = odd.unwrap_or_else(|| Ipv4Addr::from(octets).to_string().into_bytes());
                if let Some((at, byte)) = broken {
                    let at = at.index(text.len());
                    text[at] = byte;
                }
                text
            }).collect();
            let mut quads = Quads::EMPTY;
            for (index, text) in texts.iter().enumerate() {
                let mut window = Window::default();
                let all = [&text[..], &behind].concat();
                quads.put(index, window.on(&all, 0, all.len()), BEFORE, text.len());
            }
            let others = quads.read(texts.len());
            for (index, text) in texts.iter().enumerate() {
                let ipv4 = Address::parse(text).filter(|address| address.as_ipv4().is_some() && !text.contains(&b':'));
                let read = (others >> index & 1 == 0).then(|| Address(u128::from_be_bytes(quads.mapped(index))));
                prop_assert_eq!(read, ipv4, "{:?}", text);
            }
        }
    }
}
