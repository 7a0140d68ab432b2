//! Numbers as AWS writes them: digits in, an integer out.

/// Digits as a number; `None` for anything else, a sign included, and for what does not fit.
#[inline]
pub(super) fn number(text: &[u8]) -> Option<i64> {
    // Eighteen digits always fit, so that they need no check each; longer ones are rare.
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    let (head, tail) = text.split_at(text.len().min(18));
    let mut value = 0i64;
    for &byte in head {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    for &byte in tail {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i64::from(digit))?;
    }
    Some(value)
}

/// The longest number that [`Words::numbers`] reads; longer ones are rare, and not all of them fit.
pub(super) const AT_ONCE_BYTES: u64 = 16;

/// Values that are read together.
pub(super) const COUNT: usize = 64;

const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Values as text, in words: no loop over them has a branch, so that the compiler makes it one over vectors.
pub(super) struct Words {
    /// Bytes of each value, at least one.
    pub(super) lens: [u64; COUNT],
    /// Its last eight bytes, little-endian, whatever stands before it.
    pub(super) lows: [u64; COUNT],
    /// The eight before them.
    pub(super) highs: [u64; COUNT],
}

/// What [`Words::numbers`] found in values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// A value is neither digits nor `-`, or too long.
    pub(super) wrong: bool,
    /// A value is `-`.
    pub(super) dash: bool,
}

impl Words {
    pub(super) const EMPTY: Words = Words {
        lens: [1; COUNT],
        lows: [0; COUNT],
        highs: [0; COUNT],
    };

    /// Reads the first `count` values, `-` as [`Words::DASH`]. `long`: one is longer than eight bytes, and all have their high word.
    #[inline(always)]
    pub(super) fn numbers(&self, count: usize, long: bool, numbers: &mut [i64; COUNT]) -> Found {
        let (mut wrong, mut dash) = (0, 0);
        let all = self.lens.iter().zip(&self.lows);
        for ((len, low), number) in all.zip(numbers.iter_mut()).take(count) {
            let digits = (low ^ ZEROS) & last_bytes(*len);
            let missing = mask(*len == 1) & mask(digits == DASH_DIGIT);
            wrong |= (not_digits(digits) & !missing) | mask(*len > AT_ONCE_BYTES);
            dash |= missing;
            *number = (eight(digits) | missing).cast_signed();
        }
        if long {
            let all = self.lens.iter().zip(&self.highs);
            for ((len, high), number) in all.zip(numbers.iter_mut()).take(count) {
                let digits = (high ^ ZEROS) & last_of_sixteen(*len).0;
                wrong |= not_digits(digits);
                let more = (eight(digits) & 0xffff_ffff) * 100_000_000;
                *number = number.wrapping_add(more.cast_signed());
            }
        }
        Found {
            wrong: wrong != 0,
            dash: dash != 0,
        }
    }

    /// Stands for `-` among numbers.
    pub(super) const DASH: i64 = -1;
}

/// `-` where a digit is expected.
const DASH_DIGIT: u64 = ((b'-' ^ b'0') as u64) << 56;

/// All bits or none.
#[inline(always)]
fn mask(set: bool) -> u64 {
    if set { u64::MAX } else { 0 }
}

/// The last `len` bytes of a word of text; from eight on it is all of it.
#[inline(always)]
pub(super) fn last_bytes(len: u64) -> u64 {
    // INVARIANT: at most 56.
    u64::MAX.wrapping_shl(u32::try_from(8u64.saturating_sub(len) * 8).unwrap_or(0))
}

/// The last `len` bytes of two words, the first and the second.
#[inline(always)]
pub(super) fn last_of_sixteen(len: u64) -> (u64, u64) {
    let beyond = len.saturating_sub(8);
    (last_bytes(beyond) & mask(beyond > 0), last_bytes(len))
}

/// A bit is set if one of the bytes is no digit after all: `v + 0x76` has its top bit from 10 on, and those beyond ASCII have it anyway.
#[inline(always)]
fn not_digits(v: u64) -> u64 {
    (((v & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | v) & 0x8080_8080_8080_8080
}

/// Eight digits as values 0 to 9, the first in the lowest byte: pairs, fours, all, by shifts that every vector unit has.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    let ten = digits.wrapping_shl(3).wrapping_add(digits.wrapping_shl(1));
    let pairs = ten.wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let hundred = pairs
        .wrapping_shl(6)
        .wrapping_add(pairs.wrapping_shl(5))
        .wrapping_add(pairs.wrapping_shl(2));
    let fours = hundred.wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    (fours & 0xffff)
        .wrapping_mul(10_000)
        .wrapping_add(fours >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]
        #[test]
        fn many_values_at_once_are_the_same_numbers(
            values in prop::collection::vec((
                any::<[u8; 16]>(),
                prop::collection::vec(prop_oneof![30 => b'0'..=b'9', 1 => any::<u8>()], 1..=18),
            ), 1..=COUNT),
        ) {
            let mut words = Words::EMPTY;
            let mut long = false;
            for (index, (before, text)) in values.iter().enumerate() {
                let bytes = [&before[..], text].concat();
                let word = |end: usize| u64::from_le_bytes(bytes[end - 8..end].try_into().unwrap());
                words.lens[index] = text.len() as u64;
                words.lows[index] = word(bytes.len());
                words.highs[index] = word(bytes.len() - 8);
                long |= text.len() > 8;
            }
            let mut numbers = [0; COUNT];
            let found = words.numbers(values.len(), long, &mut numbers);
            let too_long = |text: &Vec<u8>| text.len() as u64 > AT_ONCE_BYTES;
            let wrong = |(_, text): &(_, Vec<u8>)| too_long(text) || text != b"-" && number(text).is_none();
            prop_assert_eq!(found.wrong, values.iter().any(wrong));
            prop_assert_eq!(found.dash, values.iter().any(|(_, text)| text == b"-"));
            for ((_, text), value) in values.iter().zip(numbers) {
                if text == b"-" {
                    prop_assert_eq!(value, Words::DASH);
                } else if let Some(number) = number(text).filter(|_| !too_long(text)) {
                    prop_assert_eq!(value, number);
                }
            }
        }
    }

    #[test]
    fn numbers_are_digits_that_fit() {
        #[rustfmt::skip]
        let cases = [
            ("0", Some(0)), ("65535", Some(65_535)), ("007", Some(7)),
            ("9223372036854775807", Some(i64::MAX)), ("999999999999999999", Some(999_999_999_999_999_999)),
            ("9223372036854775808", None), ("92233720368547758070", None),
            ("", None), ("-1", None), ("+1", None), ("1.0", None), ("1e3", None), ("0x1", None), ("1 ", None), ("١", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number(text.as_bytes()), expected, "{text}");
        }
    }
}
