//! Numbers as AWS writes them: digits in, an integer out.

use crate::model::batch::BITS;

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

/// Values as text, in words: no loop over them has a branch or a second way to end, so that the compiler makes each one over vectors.
#[cfg_attr(test, derive(Clone))]
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
    /// A value is neither digits nor `-`.
    pub(super) wrong: bool,
    /// A bit for each value that is `-`. Its number is 0.
    pub(super) nulls: u64,
    /// The largest number.
    pub(super) largest: i64,
}

impl Words {
    pub(super) const EMPTY: Words = Words {
        lens: [1; COUNT],
        lows: [ZEROS; COUNT],
        highs: [0; COUNT],
    };

    /// Reads the first `count` values; none has more than [`AT_ONCE_BYTES`]. `long`: one has more than eight, and all have their high
    /// word. What stood in the words is lost.
    #[inline(always)]
    pub(super) fn numbers(
        &mut self,
        count: usize,
        long: bool,
        numbers: &mut [i64; COUNT],
    ) -> Found {
        // The loops are over all there is room for; whatever stands behind the last value is made a number.
        for index in count..COUNT {
            (self.lens[index], self.lows[index]) = (1, ZEROS);
        }
        #[cfg(target_arch = "x86_64")]
        if four::are_there() {
            #[expect(
                unsafe_code,
                reason = "the compiler may not assume what has been asked; see docs/benchmarks.md"
            )]
            // SAFETY: the processor has just been asked, and has what the function is compiled for. It is safe code.
            return unsafe { four::numbers(self, long, numbers) };
        }
        self.numbers_anywhere(long, numbers)
    }

    #[inline(always)]
    fn numbers_anywhere(&mut self, long: bool, numbers: &mut [i64; COUNT]) -> Found {
        let mut nulls = 0;
        let all = self.lens.iter().zip(&mut self.lows);
        for ((len, low), bit) in all.zip(&BITS) {
            let digits = (*low ^ ZEROS) & last_bytes(*len);
            let missing = mask(*len == 1) & mask(digits == DASH_DIGIT);
            nulls |= missing & bit;
            *low = digits & !missing;
        }
        let mut wrong = eights(&mut self.lows);
        if long {
            for (len, high) in self.lens.iter().zip(&mut self.highs) {
                *high = (*high ^ ZEROS) & last_bytes(len.saturating_sub(8));
            }
            wrong |= eights(&mut self.highs);
            for (high, low) in self.highs.iter().zip(&mut self.lows) {
                *low += (high & 0xffff_ffff) * 100_000_000;
            }
        }
        let mut largest = 0;
        for (low, number) in self.lows.iter().zip(numbers) {
            *number = low.cast_signed();
            largest = largest.max(*number);
        }
        Found {
            wrong,
            nulls,
            largest,
        }
    }
}

/// For processors since 2013, with vectors of 32 bytes: four values at a time stay in registers from text to number. The compiler makes one
/// loop through memory of each step.
#[cfg(target_arch = "x86_64")]
mod four {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi64, _mm256_and_si256, _mm256_andnot_si256, _mm256_blendv_epi8,
        _mm256_castsi256_pd, _mm256_cmpeq_epi64, _mm256_cmpgt_epi64, _mm256_madd_epi16,
        _mm256_maddubs_epi16, _mm256_movemask_pd, _mm256_mul_epu32, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_epi64x,
        _mm256_setzero_si256, _mm256_slli_epi64, _mm256_sllv_epi64, _mm256_srli_epi64,
        _mm256_subs_epu8, _mm256_subs_epu16, _mm256_xor_si256,
    };

    use super::{COUNT, DASH_DIGIT, Found, Words, ZEROS};

    const LANES: usize = 4;

    /// Whether the processor is one.
    #[inline(always)]
    pub(super) fn are_there() -> bool {
        is_x86_feature_detected!("avx2")
    }

    /// [`Words::numbers`], once there is a number in every place.
    #[target_feature(enable = "avx2")]
    pub(super) fn numbers(words: &Words, long: bool, numbers: &mut [i64; COUNT]) -> Found {
        let one = _mm256_set1_epi64x(1);
        let dash = _mm256_set1_epi64x(DASH_DIGIT.cast_signed());
        let zeros = _mm256_setzero_si256();
        let (mut nulls, mut wrong, mut largest) = (0, zeros, zeros);
        let texts = words.lens.as_chunks::<LANES>().0.iter();
        let texts = texts.zip(words.lows.as_chunks::<LANES>().0);
        let texts = texts.zip(words.highs.as_chunks::<LANES>().0);
        let places = numbers.as_chunks_mut::<LANES>().0.iter_mut().enumerate();
        for ((index, place), ((lens, lows), highs)) in places.zip(texts) {
            let lens = bytemuck::cast(*lens);
            let digits = digits(bytemuck::cast(*lows), lens, 8);
            let missing = _mm256_and_si256(
                _mm256_cmpeq_epi64(lens, one),
                _mm256_cmpeq_epi64(digits, dash),
            );
            let bits = _mm256_movemask_pd(_mm256_castsi256_pd(missing));
            nulls |= u64::from(bits.cast_unsigned()) << (LANES * index);
            let digits = _mm256_andnot_si256(missing, digits);
            wrong = _mm256_or_si256(wrong, beyond_nine(digits));
            let mut value = value(digits);
            if long {
                let digits = self::digits(bytemuck::cast(*highs), lens, 16);
                wrong = _mm256_or_si256(wrong, beyond_nine(digits));
                let scale = _mm256_set1_epi64x(100_000_000);
                let high = _mm256_mul_epu32(self::value(digits), scale);
                value = _mm256_add_epi64(value, high);
            }
            let larger = _mm256_cmpgt_epi64(value, largest);
            largest = _mm256_blendv_epi8(largest, value, larger);
            *place = bytemuck::cast(value);
        }
        let largest: [i64; LANES] = bytemuck::cast(largest);
        let wrong: [u64; LANES] = bytemuck::cast(wrong);
        Found {
            wrong: wrong != [0; LANES],
            nulls,
            largest: largest.into_iter().fold(0, i64::max),
        }
    }

    /// The digits of values in the eight bytes that end `bytes_max` bytes from where the longest may begin; zeros before them.
    #[target_feature(enable = "avx2")]
    fn digits(words: __m256i, lens: __m256i, bytes_max: i64) -> __m256i {
        let digits = _mm256_xor_si256(words, _mm256_set1_epi64x(ZEROS.cast_signed()));
        // Of 64 bits and more none is left.
        let before = _mm256_subs_epu16(_mm256_set1_epi64x(bytes_max), lens);
        let kept = _mm256_sllv_epi64(_mm256_set1_epi64x(-1), _mm256_slli_epi64(before, 3));
        _mm256_and_si256(digits, kept)
    }

    /// Zeros, if all are digits.
    #[target_feature(enable = "avx2")]
    fn beyond_nine(digits: __m256i) -> __m256i {
        _mm256_subs_epu8(digits, _mm256_set1_epi8(9))
    }

    /// The number that eight digits are: pairs, fours, all.
    #[target_feature(enable = "avx2")]
    fn value(digits: __m256i) -> __m256i {
        // In each the first digit is the lowest byte.
        let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(1 << 8 | 10));
        let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(1 << 16 | 100));
        let high = _mm256_mul_epu32(fours, _mm256_set1_epi64x(10_000));
        _mm256_add_epi64(high, _mm256_srli_epi64(fours, 32))
    }
}

/// `-` where a digit is expected.
const DASH_DIGIT: u64 = ((b'-' ^ b'0') as u64) << 56;

/// All bits or none.
#[inline(always)]
fn mask(set: bool) -> u64 {
    if set { u64::MAX } else { 0 }
}

/// The last bytes of a word of text, by how many there are, up to eight: for one word, while [`last_bytes`] is for loops over many.
pub(super) const LAST_BYTES: [u64; 16] = {
    let mut masks = [0; 16];
    let mut len = 1;
    while len <= 8 {
        masks[len] = u64::MAX << (64 - 8 * len);
        len += 1;
    }
    masks
};

/// The last `len` bytes of a word of text; from eight on it is all of it.
#[inline(always)]
fn last_bytes(len: u64) -> u64 {
    // INVARIANT: at most 64.
    let before = u32::try_from(8u64.saturating_sub(len) * 8).unwrap_or(0);
    u64::MAX.checked_shl(before).unwrap_or(0)
}

/// Makes eight digits a word, the first in the lowest byte, one number below 2^32 each: pairs, fours, all. Whether one of the bytes is
/// no digit.
#[inline(always)]
fn eights(words: &mut [u64; COUNT]) -> bool {
    // Lanes of a word in the order of its bytes, which the first digit leads.
    const {
        assert!(
            cfg!(target_endian = "little"),
            "digits are read in the order of a little-endian word"
        )
    };
    let bytes: &[u8; 8 * COUNT] = bytemuck::cast_ref(words);
    let mut largest = 0;
    for byte in bytes {
        largest = largest.max(*byte);
    }
    let pairs: &mut [u16; 4 * COUNT] = bytemuck::cast_mut(words);
    for pair in pairs {
        *pair = (*pair & 0xff).wrapping_mul(10).wrapping_add(*pair >> 8);
    }
    let fours: &mut [u32; 2 * COUNT] = bytemuck::cast_mut(words);
    for four in fours {
        *four = (*four & 0xffff).wrapping_mul(100).wrapping_add(*four >> 16);
    }
    for eight in words {
        *eight = (*eight & 0xffff_ffff)
            .wrapping_mul(10_000)
            .wrapping_add(*eight >> 32);
    }
    largest > 9
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
                prop::collection::vec(prop_oneof![30 => b'0'..=b'9', 1 => any::<u8>()], 1..=16),
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
            for index in values.len()..COUNT {
                (words.lens[index], words.lows[index]) = (1, ZEROS);
            }
            let (mut numbers, mut anywhere) = ([0; COUNT], [0; COUNT]);
            let mut same = words.clone();
            let found = words.numbers(values.len(), long, &mut numbers);
            let found_anywhere = same.numbers_anywhere(long, &mut anywhere);
            prop_assert_eq!(found.wrong, found_anywhere.wrong);
            prop_assert!(found.wrong || (found, numbers) == (found_anywhere, anywhere));
            let wrong = |(_, text): &(_, Vec<u8>)| text != b"-" && number(text).is_none();
            prop_assert_eq!(found.wrong, values.iter().any(wrong));
            for (index, ((_, text), value)) in values.iter().zip(numbers).enumerate() {
                prop_assert_eq!(found.nulls >> index & 1 == 1, text == b"-");
                if let Some(number) = number(text).or((text == b"-").then_some(0)) {
                    prop_assert_eq!(value, number);
                }
            }
            prop_assert_eq!(found.nulls.count_ones() as usize, values.iter().filter(|(_, text)| text == b"-").count());
            if !found.wrong {
                prop_assert_eq!(Some(found.largest), numbers[..values.len()].iter().copied().max());
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
