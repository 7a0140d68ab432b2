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

#[cfg(test)]
mod tests {
    use super::*;

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
