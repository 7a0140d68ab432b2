//! The window of time that a verdict is about.

use serde::{Deserialize, Serialize};

/// Half open in Unix seconds: a record is in it by its `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First second, if one was asked for.
    pub since: Option<i64>,
    /// First second after it, if one was asked for.
    pub until: Option<i64>,
}

impl Window {
    /// Everything.
    pub const ALL: Window = Window {
        since: None,
        until: None,
    };

    /// Whether a record with this `end` belongs to it. One without a time does: it cannot be shown to be elsewhere.
    pub fn contains(&self, end: Option<i64>) -> bool {
        let Some(end) = end else { return true };
        self.since.is_none_or(|since| since <= end) && self.until.is_none_or(|until| end < until)
    }

    /// Whether any second from `start` to `end` is in it.
    pub fn overlaps(&self, start: Option<i64>, end: Option<i64>) -> bool {
        let late = start
            .zip(self.until)
            .is_some_and(|(start, until)| start >= until);
        let early = end.zip(self.since).is_some_and(|(end, since)| end < since);
        !late && !early
    }
}

/// Unix seconds as RFC 3339 in UTC; a number where no calendar has it.
pub fn rfc3339(unix_s: i64) -> String {
    jiff::Timestamp::from_second(unix_s)
        .map_or_else(|_| unix_s.to_string(), |time| time.to_string())
}

/// The inverse of [`rfc3339`]; `None` for anything that it does not write, fractions of seconds among them.
pub fn unix_s(text: &str) -> Option<i64> {
    match text.parse::<jiff::Timestamp>() {
        Ok(time) => (time.subsec_nanosecond() == 0).then(|| time.as_second()),
        Err(_) => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for time in [0, -1, 1_785_542_400, i64::MAX, i64::MIN] {
            assert_eq!(unix_s(&rfc3339(time)), Some(time));
        }
        for text in ["", "yesterday", "2026-08-01", "2026-08-01T00:00:00.5Z"] {
            assert_eq!(unix_s(text), None, "{text}");
        }
    }

    #[test]
    fn the_end_decides_and_the_window_is_half_open() {
        let window = Window {
            since: Some(100),
            until: Some(200),
        };
        assert!(!window.contains(Some(99)));
        assert!(window.contains(Some(100)));
        assert!(window.contains(Some(199)));
        assert!(!window.contains(Some(200)));
        assert!(window.contains(None));
        assert!(
            window.overlaps(Some(50), Some(100))
                && window.overlaps(Some(199), Some(260))
                && window.overlaps(None, None)
        );
        assert!(!window.overlaps(Some(50), Some(99)) && !window.overlaps(Some(200), Some(260)));
    }
}
