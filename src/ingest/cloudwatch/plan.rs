//! How a log group is cut into inputs: a window and the number of streams go in, slices of time and a [`Way`] come out.

use crate::ingest::cloudwatch::pace::Quota;
use crate::model::window::Window;

/// Seconds before the window's begin that are read too. The window is about a record's `end`, an event has its `start` as
/// timestamp: the two are at most 600 s apart (the longer aggregation interval), and 60 s are for clocks. An hour costs little
/// and also serves logs that another writer put there, minutes late and by its own clock.
const MARGIN_S: i64 = 3_600;

/// Slices are cut at full multiples of one of these.
const LENGTHS_S: &[i64] = &[
    3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000,
];

/// Slices at most, and one or two for the ends: a week by the hour, a month by six hours. Each costs a call even if empty.
pub(super) const SLICES_MAX: u32 = 180;

/// Calls that a stream needs at least by GetLogEvents: its end is known only when the token comes back.
const CALLS_PER_STREAM: u32 = 2;

/// How events are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// FilterLogEvents, an input a slice of time.
    Slices,
    /// GetLogEvents, an input a stream.
    Streams,
}

/// Half-open spans of Unix seconds that cover all events whose records may be in the window. `first_s`: when the first event is
/// said to be; as that may be wrong, it only says where to cut finely.
pub(super) fn slices(window: Window, now_s: i64, first_s: Option<i64>) -> Vec<(i64, i64)> {
    let (from, to) = span(window, now_s);
    let fine = match window.since {
        Some(_) => from,
        None => full_hour(first_s.unwrap_or(to)).clamp(from, to),
    };
    let fits = |length: &&i64| (to - fine) / **length <= i64::from(SLICES_MAX);
    let length = LENGTHS_S.iter().find(fits).copied().unwrap_or(i64::MAX);
    let mut cuts = vec![from];
    if fine > from {
        cuts.push(fine);
    }
    let mut next = (fine / length).saturating_add(1).saturating_mul(length);
    while next < to {
        cuts.push(next);
        next = next.saturating_add(length);
    }
    cuts.push(to);
    cuts.windows(2)
        .filter_map(|pair| match pair {
            [a, b] if a < b => Some((*a, *b)),
            _ => None,
        })
        .collect()
}

/// All of it in one, never empty.
pub(super) fn span(window: Window, now_s: i64) -> (i64, i64) {
    let from = window
        .since
        .map_or(0, |since| full_hour(since.saturating_sub(MARGIN_S)).max(0));
    let to = window.until.unwrap_or(now_s);
    (from, to.max(from.saturating_add(1)))
}

fn full_hour(unix_s: i64) -> i64 {
    unix_s.div_euclid(3_600) * 3_600
}

/// Streams up to this many are better read one by one.
///
/// Both ways give up to 10,000 events a call, so what differs is the quota, and the calls that give nothing: one a slice, two a
/// stream. GetLogEvents is taken only where its quota is no smaller and its empty calls take no longer. Beside speed it has
/// nothing to remember (no duplicates by event id), and no empty pages.
pub(super) fn streams_max(slices: usize, quota: Quota) -> usize {
    if quota.get < quota.filter {
        return 0;
    }
    let slices = u64::try_from(slices).unwrap_or(u64::MAX);
    let streams = slices.saturating_mul(u64::from(quota.get))
        / u64::from(quota.filter * CALLS_PER_STREAM).max(1);
    usize::try_from(streams).unwrap_or(usize::MAX)
}

/// The way that needs less time. `streams`: how many there are, `None` if not all are known, so that not all would be read.
pub(super) fn way(streams: Option<usize>, slices: usize, quota: Quota) -> Way {
    if streams.is_some_and(|streams| streams <= streams_max(slices, quota)) {
        Way::Streams
    } else {
        Way::Slices
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::cloudwatch::pace::quota;

    const HOUR: i64 = 3_600;
    const NOON: i64 = 1_785_585_600;

    fn window(since: Option<i64>, until: Option<i64>) -> Window {
        Window { since, until }
    }

    #[test]
    fn slices_tile_the_window_and_an_hour_before_it() {
        let day = slices(window(Some(NOON - 24 * HOUR), Some(NOON)), NOON, None);
        assert_eq!(day.len(), 25);
        assert_eq!(day[0], (NOON - 25 * HOUR, NOON - 24 * HOUR));
        let odd = slices(window(Some(NOON + 5), None), NOON + HOUR + 7, None);
        assert_eq!(
            odd,
            [
                (NOON - HOUR, NOON),
                (NOON, NOON + HOUR),
                (NOON + HOUR, NOON + HOUR + 7)
            ]
        );
    }

    #[test]
    fn whatever_the_window_slices_tile_it_and_are_few() {
        let sinces = [
            None,
            Some(0),
            Some(5),
            Some(NOON - 90 * 24 * HOUR),
            Some(NOON - 7 * 24 * HOUR),
            Some(NOON - 1),
        ];
        let firsts = [
            None,
            Some(-5),
            Some(7),
            Some(NOON - 400 * 24 * HOUR),
            Some(NOON + HOUR),
            Some(i64::MAX / 2),
        ];
        for since in sinces {
            for first_s in firsts {
                let window = window(since, Some(NOON));
                let got = slices(window, NOON, first_s);
                let (from, to) = span(window, NOON);
                assert_eq!((got[0].0, got[got.len() - 1].1), (from, to));
                assert!(since.is_none_or(|since| from <= (since - 660).max(0)));
                assert!(got.windows(2).all(|pair| pair[0].1 == pair[1].0));
                assert!(got.iter().all(|(a, b)| a < b));
                assert!(
                    got.len() <= 3 + SLICES_MAX as usize,
                    "{since:?} {first_s:?} {}",
                    got.len()
                );
            }
        }
        let backwards = window(Some(NOON), Some(NOON - 24 * HOUR));
        assert_eq!(slices(backwards, NOON, None).len(), 1);
    }

    #[test]
    fn without_since_the_first_event_only_says_where_to_cut() {
        let all = window(None, Some(NOON));
        assert_eq!(slices(all, NOON, None), [(0, NOON)]);
        let cut = slices(all, NOON, Some(NOON - 2 * HOUR + 9));
        assert_eq!(
            cut,
            [
                (0, NOON - 2 * HOUR),
                (NOON - 2 * HOUR, NOON - HOUR),
                (NOON - HOUR, NOON)
            ]
        );
    }

    #[test]
    fn few_streams_over_a_long_time_are_read_one_by_one() {
        #[rustfmt::skip]
        let cases = [
            // title,                                     Region,         streams, slices, expected
            ("few streams, a day",                        "eu-west-1",    12,      25,     Way::Streams),
            ("more streams than half the hours",          "eu-west-1",    13,      25,     Way::Slices),
            ("one stream, an hour",                       "eu-west-1",    1,       2,      Way::Streams),
            ("a greater quota bears more streams",        "eu-west-2",    31,      25,     Way::Streams),
            ("thousands of streams",                      "eu-west-2",    5_000,   180,    Way::Slices),
            ("us-east-1 is good at FilterLogEvents",      "us-east-1",    13,      25,     Way::Slices),
            ("us-west-2 has 10 of each",                  "us-west-2",    12,      25,     Way::Streams),
        ];
        for (title, region, streams, slices, expected) in cases {
            assert_eq!(
                way(Some(streams), slices, quota(region)),
                expected,
                "{title}"
            );
        }
        let poor = Quota {
            get: 5,
            ..quota("eu-west-1")
        };
        assert_eq!(way(Some(1), 25, poor), Way::Slices);
        assert_eq!(way(None, 1_000_000, quota("eu-west-1")), Way::Slices);
    }
}
