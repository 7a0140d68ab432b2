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

/// One address after the other, for processors that can move bytes to any place: most of x86 since 2013.
#[cfg(target_arch = "x86_64")]
pub(super) mod shuffled {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cmpgt_epi32, _mm_madd_epi16, _mm_maddubs_epi16,
        _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32,
        _mm_shuffle_epi8, _mm_subs_epu8, _mm_xor_si128,
    };

    use super::LEN_MAX;

    /// Whether the processor is one.
    #[inline(always)]
    pub(in crate::ingest) fn are_there() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
    }

    /// Combinations of how many digits each number has.
    const COUNT: usize = 81;

    /// Room in a table of them, so that no index need be checked.
    const ROOM: usize = COUNT.next_power_of_two();

    /// No byte: a shuffle makes it zero.
    const ZERO: u8 = 0x80;

    /// By the dots, which stand at places 1 to 11: the combination of an address whose last number has one digit, and the length of such an
    /// address; where dots stand so in no address, one that no address has.
    const BY_DOTS: [(u8, u8); 1 << 11] = {
        let mut all = [(0, u8::MAX); 1 << 11];
        let mut combination = 0;
        while combination < COUNT {
            let [a, b, c, _] = digits(combination);
            let dots = [a, a + 1 + b, a + b + c + 2];
            let index = 1 << (dots[0] - 1) | 1 << (dots[1] - 1) | 1 << (dots[2] - 1);
            if combination % 3 == 0 {
                all[index] = (byte(combination), byte(dots[2] + 2));
            }
            combination += 1;
        }
        all
    };

    /// Each number right-aligned in the lower three of four bytes, the highest digit first.
    const PLACES: [[u8; 16]; ROOM] = {
        let mut all = [[ZERO; 16]; ROOM];
        let mut combination = 0;
        while combination < COUNT {
            let (digits, mut from, mut number) = (digits(combination), 0, 0);
            while number < 4 {
                let mut digit = 0;
                while digit < digits[number] {
                    all[combination][4 * number + 3 - digits[number] + digit] = byte(from + digit);
                    digit += 1;
                }
                from += digits[number] + 1;
                number += 1;
            }
            combination += 1;
        }
        all
    };

    /// The least that a number with so many digits is: one that is less has a leading zero.
    const LEAST: [[i32; 4]; ROOM] = {
        let mut all = [[0; 4]; ROOM];
        let mut combination = 0;
        while combination < COUNT {
            let mut number = 0;
            while number < 4 {
                all[combination][number] = [0, 10, 100][digits(combination)[number] - 1];
                number += 1;
            }
            combination += 1;
        }
        all
    };

    const fn digits(combination: usize) -> [usize; 4] {
        let [a, b, c] = [combination / 27, combination / 9 % 3, combination / 3 % 3];
        [a + 1, b + 1, c + 1, combination % 3 + 1]
    }

    #[expect(clippy::cast_possible_truncation, reason = "all of them are small")]
    const fn byte(number: usize) -> u8 {
        number as u8
    }

    /// The address that is the first `len` of these bytes, mapped into IPv6, big-endian, and whether it is one.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(in crate::ingest) fn read(bytes: &[u8; 16], len: usize) -> ([u8; 16], bool) {
        let text: __m128i = bytemuck::cast(*bytes);
        let inside = (1 << (len & LEN_MAX)) - 1;
        let dots = _mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8(0x2e))).cast_unsigned();
        let dots = (dots & inside) as usize;
        let (combination, shortest) = BY_DOTS[dots >> 1 & (BY_DOTS.len() - 1)];
        // Up to two digits more than one: then all bytes are these three dots, or looked at as digits. Of a longer text not all dots were seen.
        let more = len.wrapping_sub(usize::from(shortest));
        let form = (more < 3) & (len <= LEN_MAX);
        let combination = usize::from(combination).wrapping_add(more) % ROOM;
        let digits = _mm_xor_si128(text, _mm_set1_epi8(0x30));
        let digits = _mm_shuffle_epi8(digits, bytemuck::cast(PLACES[combination]));
        // 0x010a64: times 100, 10 and 1.
        let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi32(0x0001_0a64));
        let numbers = _mm_madd_epi16(pairs, _mm_set1_epi16(1));
        let wrong = _mm_subs_epu8(digits, _mm_set1_epi8(9));
        let large = _mm_cmpgt_epi32(numbers, _mm_set1_epi32(255));
        let small = _mm_cmpgt_epi32(bytemuck::cast(LEAST[combination]), numbers);
        let wrong: u128 = bytemuck::cast(_mm_or_si128(_mm_or_si128(wrong, large), small));
        const LAST: [u8; 16] = [
            ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, 0, 4, 8, 12,
        ];
        let mapped = (0xffff_0000_0000_u128).to_be_bytes();
        let address = _mm_shuffle_epi8(numbers, bytemuck::cast(LAST));
        let address = _mm_or_si128(address, bytemuck::cast(mapped));
        (bytemuck::cast(address), form & (wrong == 0))
    }
}

#[cfg(test)]
#[expect(unsafe_code, reason = "what only some processors have, see `shuffled`")]
mod tests {
    use super::*;
    use crate::ingest::window::{FIRST, Window};
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
                prop::option::of((
                    prop::collection::vec(prop::sample::select(&b"0012595..:a-"[..]), 1..18),
                    prop_oneof![4 => Just(0usize), 1 => 0..40usize, 1 => 230..280usize, 1 => 490..530usize],
                )),
            ), 1..=COUNT),
            behind in any::<[u8; 20]>(),
        ) {
            let texts: Vec<Vec<u8>> = values.into_iter().map(|(octets, broken, odd)| {
                let mut text = odd.map_or_else(
                    || Ipv4Addr::from(octets).to_string().into_bytes(),
                    // What stands behind the first bytes is not looked at.
                    |(begin, more)| [begin, vec![b'z'; more]].concat(),
                );
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
                quads.put(index, window.on(&all, 0, all.len()), FIRST, text.len());
            }
            let others = quads.read(texts.len());
            for (index, text) in texts.iter().enumerate() {
                let ipv4 = Address::parse(text).filter(|address| address.as_ipv4().is_some() && !text.contains(&b':'));
                let read = (others >> index & 1 == 0).then(|| Address(u128::from_be_bytes(quads.mapped(index))));
                prop_assert_eq!(read, ipv4, "{:?}", text);
                #[cfg(target_arch = "x86_64")]
                if shuffled::are_there() {
                    let bytes = [&text[..], &behind].concat();
                    // SAFETY: the processor has just been asked.
                    let (address, is) = unsafe { shuffled::read(bytes.first_chunk().unwrap(), text.len()) };
                    let read = is.then(|| Address(u128::from_be_bytes(address)));
                    prop_assert_eq!(read, ipv4, "shuffled: {:?}", text);
                }
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn what_is_longer_than_an_address_is_none_whatever_it_begins_with() {
        for begin in ["1x2x3x4", "1.2.3.4", "1.2.3.44", "1.2.3.144", "1234567"] {
            for len in super::LEN_MAX + 1..1_100 {
                let bytes: [u8; 16] =
                    std::array::from_fn(|at| *begin.as_bytes().get(at).unwrap_or(&b'z'));
                if shuffled::are_there() {
                    // SAFETY: the processor has just been asked.
                    let (_, is) = unsafe { shuffled::read(&bytes, len) };
                    assert!(!is, "{begin}, {len}");
                }
            }
        }
    }
}
