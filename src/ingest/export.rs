//! The time that CloudWatch export files put before each record: a line in, the record out.

/// The record behind `2024-01-01T00:00:00.000Z ` or `1742570569000,`; `None` if the line has neither.
#[inline]
pub(super) fn strip(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .take(17)
        .count();
    match (digits, bytes.get(digits)) {
        (4, Some(b'-')) => rfc3339(line),
        // Milliseconds have 13 digits from 2001 until 2286.
        (10..=16, Some(b',')) => Some(&line[digits + 1..]),
        _ => None,
    }
}

/// What follows `YYYY-MM-DDThh:mm:ss[.fraction]Z` and a blank, or nothing.
fn rfc3339(line: &str) -> Option<&str> {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let head = line.as_bytes().get(..SHAPE.len())?;
    let fits = head.iter().zip(SHAPE).all(|(byte, shape)| {
        if *shape == b'd' {
            byte.is_ascii_digit()
        } else {
            byte == shape
        }
    });
    if !fits {
        return None;
    }
    let rest = line.get(SHAPE.len()..)?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let rest = rest.strip_prefix('Z')?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_before_a_record_is_taken_off() {
        #[rustfmt::skip]
        let cases = [
            ("milliseconds",                 "2024-01-01T00:00:00.000Z 2 1", Some(" 2 1")),
            ("seconds",                      "2024-01-01T00:00:00Z 2 1",     Some(" 2 1")),
            ("a tab",                        "2024-01-01T00:00:00Z\t2 1",    Some("\t2 1")),
            ("no record behind it",          "2024-01-01T00:00:00Z",         Some("")),
            ("epoch and comma",              "1742570569000,2 6273",         Some("2 6273")),
            ("a record",                     "2 123456789012 eni-1",         None),
            ("a record that begins with start", "1742570569 2",              None),
            ("an account first",             "123456789012 eni-1",           None),
            ("a few digits and a comma",     "2,3",                          None),
            ("a date alone",                 "2024-01-01 2 1",               None),
            ("not in UTC",                   "2024-01-01T00:00:00+01:00 2",  None),
            ("more behind the Z",            "2024-01-01T00:00:00Zulu 2",    None),
            ("not ASCII",                    "2024-01-01T00:00:0é 2 1 3 4",  None),
            ("nothing",                      "",                             None),
        ];
        for (title, line, expected) in cases {
            assert_eq!(strip(line), expected, "{title}");
        }
    }
}
