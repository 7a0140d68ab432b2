//! Numbers, sizes and times as people read them. Exact values stand in JSON and CSV.

use jiff::Timestamp;

/// A blank that no line is broken at, so that `1.2 GB` stays together. [`super::page::Page`] prints it as a blank.
pub(super) const GLUE: char = '\u{a0}';

/// A length as a count.
pub(super) fn len(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

/// `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 flow`, `1,234 flows`.
pub(super) fn plural(number: u64, word: &str) -> String {
    let ending = match (number, word) {
        (1, _) => "",
        (_, "witness") => "es",
        _ => "s",
    };
    format!("{}{GLUE}{word}{ending}", count(number))
}

/// Decimal units, as AWS bills: exact below 1000, else one digit after the point below 100, none from there.
pub(super) fn bytes(number: u64) -> String {
    if number < 1000 {
        return format!("{number}{GLUE}B");
    }
    let exact = u128::from(number);
    let mut unit = 1000u128;
    for name in ["kB", "MB", "GB", "TB", "PB"] {
        let tenths = (exact * 10 + unit / 2) / unit;
        if tenths < 1000 {
            return format!("{}.{}{GLUE}{name}", tenths / 10, tenths % 10);
        }
        let whole = (exact + unit / 2) / unit;
        if whole < 1000 {
            return format!("{whole}{GLUE}{name}");
        }
        unit *= 1000;
    }
    // The largest u64 is 18.4 EB, so one digit after the point always suffices here.
    let tenths = (exact * 10 + unit / 2) / unit;
    format!("{}.{}{GLUE}EB", tenths / 10, tenths % 10)
}

/// `45 s`, `14 min`, `1 h 20 min`, `2 d 3 h`: the two largest units, what is below them cut off.
pub(super) fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let first = units
        .iter()
        .position(|(unit_s, _)| seconds >= *unit_s)
        .unwrap_or(3);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit_s, name) in units.iter().skip(first).take(2) {
        if rest >= *unit_s || parts.is_empty() {
            parts.push(format!("{}{GLUE}{name}", rest / unit_s));
        }
        rest %= unit_s;
    }
    parts.join(&GLUE.to_string())
}

/// A time in UTC without its `T`, and without seconds where they are zero. What is no time is returned as it is.
pub(super) fn time(rfc3339: &str) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(time) => {
            let shown = time
                .strftime(&format!("%Y-%m-%d{GLUE}%H:%M:%S"))
                .to_string();
            shown.strip_suffix(":00").unwrap_or(&shown).to_owned()
        }
        Err(_) => super::shown::safe(rfc3339),
    }
}

/// The day of a time in UTC.
pub(super) fn day(rfc3339: &str) -> String {
    let time = time(rfc3339);
    time.split_once(GLUE)
        .map_or(time.clone(), |(day, _)| day.to_owned())
}

/// Unix seconds in UTC, to the minute; `-` where there is none.
pub(super) fn minute(unix_s: Option<i64>) -> String {
    unix_s
        .and_then(|unix_s| Timestamp::from_second(unix_s).ok())
        .map_or_else(
            || "-".to_owned(),
            |time| time.strftime(&format!("%Y-%m-%d{GLUE}%H:%M")).to_string(),
        )
}

/// `2026-08-01 03:12 to 03:26`: the second day only if it is another.
pub(super) fn period(since: &str, until: &str) -> String {
    let (since, until) = (time(since), time(until));
    match (since.split_once(GLUE), until.split_once(GLUE)) {
        (Some((day, _)), Some((last_day, clock))) if day == last_day => {
            format!("{since} to{GLUE}{clock}")
        }
        _ => format!("{since} to {until}"),
    }
}

/// Seconds from one time to another; `None` if either is no time or the order is wrong.
pub(super) fn seconds_between(since: &str, until: &str) -> Option<u64> {
    let since = since.parse::<Timestamp>().ok()?;
    let until = until.parse::<Timestamp>().ok()?;
    u64::try_from(until.as_second() - since.as_second()).ok()
}

/// A share with one digit. What is not all never reads `100.0 %`, and what is not nothing never reads `0.0 %`.
pub(super) fn share(part: u64, total: u64) -> String {
    if total == 0 {
        return "-".to_owned();
    }
    let (part, total) = (u128::from(part), u128::from(total));
    let per_mille = (part * 1000 + total / 2) / total;
    match per_mille {
        0 if part > 0 => format!("<0.1{GLUE}%"),
        1000 if part < total => format!(">99.9{GLUE}%"),
        _ => format!("{}.{}{GLUE}%", per_mille / 10, per_mille % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: String) -> String {
        text.replace(GLUE, " ")
    }

    #[test]
    fn sizes_round_without_changing_their_order_of_magnitude() {
        #[rustfmt::skip]
        let cases = [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1240, "1.2 kB"), (99_949, "99.9 kB"), (99_950, "100 kB"),
            (999_499, "999 kB"), (999_500, "1.0 MB"), (1_200_000_000, "1.2 GB"), (123_400_000_000, "123 GB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (number, expected) in cases {
            assert_eq!(plain(bytes(number)), expected, "{number}");
        }
    }

    #[test]
    fn durations_have_at_most_two_units() {
        #[rustfmt::skip]
        let cases = [
            (0, "0 s"), (45, "45 s"), (60, "1 min"), (61, "1 min 1 s"), (840, "14 min"), (4800, "1 h 20 min"),
            (3605, "1 h"), (86_400, "1 d"), (183_600, "2 d 3 h"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(plain(duration(seconds)), expected, "{seconds}");
        }
    }

    #[test]
    fn times_lose_their_t_and_empty_seconds() {
        assert_eq!(plain(time("2026-08-01T03:12:00Z")), "2026-08-01 03:12");
        assert_eq!(plain(time("2026-08-01T03:12:07Z")), "2026-08-01 03:12:07");
        assert_eq!(time("\u{1b}[2J"), "\\u{1b}[2J");
        let within = period("2026-08-01T03:12:00Z", "2026-08-01T03:26:00Z");
        assert_eq!(plain(within), "2026-08-01 03:12 to 03:26");
        let across = period("2026-08-01T23:50:00Z", "2026-08-02T00:10:00Z");
        assert_eq!(plain(across), "2026-08-01 23:50 to 2026-08-02 00:10");
    }

    #[test]
    fn shares_claim_neither_all_nor_nothing_too_early() {
        #[rustfmt::skip]
        let cases = [
            (0, 0, "-"), (0, 5, "0.0 %"), (1, 1_000_000, "<0.1 %"), (999_999, 1_000_000, ">99.9 %"), (5, 5, "100.0 %"),
            (1, 3, "33.3 %"), (u64::MAX, u64::MAX, "100.0 %"),
        ];
        for (part, total, expected) in cases {
            assert_eq!(plain(share(part, total)), expected, "{part}/{total}");
        }
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(123), "123");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(plain(plural(1, "witness")), "1 witness");
        assert_eq!(plain(plural(2, "witness")), "2 witnesses");
    }
}
