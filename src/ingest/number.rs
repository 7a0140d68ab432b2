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

/// The longest number that [`at_end`] reads; longer ones are rare, and not all of them fit.
pub(super) const AT_ONCE_BYTES: usize = 16;

/// Reads the `len` digits, at most sixteen, that end where two words of text do: `low` is the last eight bytes, `high` the eight before
/// them, little-endian. What stands before the digits does not matter. The second value is 0 if all are digits.
#[inline(always)]
pub(super) fn at_end(high: u64, low: u64, len: usize) -> (i64, u64) {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    // Bytes that are no digit after all: `v + 0x76` has its top bit from 10 on, and those beyond ASCII have it anyway.
    let not_digits = |v: u64| {
        (((v & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | v) & 0x8080_8080_8080_8080
    };
    let bits = |len: usize| 64 - 8 * len;
    if len <= 8 {
        let low = (low ^ ZEROS) & (u64::MAX << bits(len.max(1)));
        return (eight(low), not_digits(low));
    }
    let (low, high) = (
        low ^ ZEROS,
        (high ^ ZEROS) & (u64::MAX << bits((len - 8).min(8))),
    );
    let value = eight(high) * 100_000_000 + eight(low);
    (value, not_digits(low) | not_digits(high))
}

/// Eight digits as values 0 to 9, the first in the lowest byte: three multiplications instead of eight.
#[inline(always)]
fn eight(digits: u64) -> i64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let even = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let odd = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    (even.wrapping_add(odd) >> 32).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]
        #[test]
        fn sixteen_digits_at_once_are_the_same_number(
            before in any::<[u8; 16]>(),
            text in prop::collection::vec(prop_oneof![30 => b'0'..=b'9', 1 => any::<u8>()], 1..=16),
        ) {
            let bytes = [&before[..], &text].concat();
            let end = bytes.len();
            let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
            let (value, wrong) = at_end(word(end - 16), word(end - 8), text.len());
            prop_assert_eq!((wrong == 0).then_some(value), number(&text));
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
