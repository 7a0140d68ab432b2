//! An interface's window as a bar: covered, skipped by AWS, or silent.

use crate::model::evidence::{Gap, InterfaceCoverage};
use crate::report::units::period;

use super::svg::{Area, Svg};

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 14.0;
/// A minute of a month would vanish; it is what the reader looks for.
const GAP_MIN: f64 = 2.0;

/// What a bar's ground says.
fn ground(interface: &InterfaceCoverage) -> &'static str {
    let unlisted = interface.gap_count > u64::try_from(interface.gaps.len()).unwrap_or(u64::MAX);
    if unlisted || (!interface.complete && interface.gaps.is_empty()) {
        "partly"
    } else if interface.flows == 0 && interface.nodata > 0 {
        "nodata"
    } else {
        "covered"
    }
}

/// The bar over `since..until` (Unix seconds). `said` is the same in words.
pub(super) fn draw(interface: &InterfaceCoverage, window: (i64, i64), said: &str) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT, "bar", said);
    let whole = Area {
        x: 0.0,
        y: 2.0,
        width: WIDTH,
        height: HEIGHT - 4.0,
    };
    let ground = ground(interface);
    svg.rect(whole, ground, None);
    match ground {
        "partly" => svg.rect(whole, "over h-diagonal", None),
        "nodata" => svg.rect(whole, "over h-dots", None),
        _ => {}
    }
    for gap in &interface.gaps {
        let Some((x, width)) = place(gap, window) else {
            continue;
        };
        let area = Area {
            x,
            y: 0.5,
            width,
            height: HEIGHT - 1.0,
        };
        let tip = format!("{}: {}", gap.cause, period(&gap.since, &gap.until));
        if gap.cause == "skipdata" {
            svg.rect(area, "skipdata", Some(&tip));
            svg.rect(area, "over h-cross", None);
        } else {
            svg.rect(area, "silent", Some(&tip));
        }
    }
    svg.finish()
}

/// Where a gap begins and how wide it is; `None` if its times are no times or lie outside.
fn place(gap: &Gap, (since, until): (i64, i64)) -> Option<(f64, f64)> {
    let from = unix_s(&gap.since)?.max(since);
    let to = unix_s(&gap.until)?.min(until);
    if to <= from || until <= since {
        return None;
    }
    let scale = WIDTH / (until - since) as f64;
    let width = ((to - from) as f64 * scale).max(GAP_MIN);
    let x = ((from - since) as f64 * scale).min(WIDTH - width);
    Some((x, width))
}

/// RFC 3339 as Unix seconds.
pub(super) fn unix_s(rfc3339: &str) -> Option<i64> {
    let time: jiff::Timestamp = rfc3339.parse().ok()?;
    Some(time.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    const DAY: (i64, i64) = (1_785_542_400, 1_785_628_800);

    fn gap(since: &str, until: &str, cause: &str) -> Gap {
        Gap {
            since: since.to_owned(),
            until: until.to_owned(),
            cause: cause.to_owned(),
        }
    }

    #[test]
    fn a_gap_stands_where_it_was_and_is_never_too_thin_to_see() {
        let morning = gap("2026-08-01T06:00:00Z", "2026-08-01T12:00:00Z", "silent");
        assert_eq!(place(&morning, DAY), Some((80.0, 80.0)));
        let blink = gap("2026-08-01T23:59:59Z", "2026-08-02T00:00:00Z", "skipdata");
        assert_eq!(place(&blink, DAY), Some((318.0, 2.0)));
        let other_day = gap("2026-07-01T06:00:00Z", "2026-07-01T12:00:00Z", "silent");
        assert_eq!(place(&other_day, DAY), None);
        assert_eq!(place(&gap("x", "<b>", "silent"), DAY), None);
    }

    #[test]
    fn a_bar_never_looks_whole_where_gaps_are_not_listed() {
        let mut interface = fixture::proven().coverage.remove(0);
        assert_eq!(ground(&interface), "covered");
        (interface.complete, interface.gap_count) = (false, 7);
        assert_eq!(ground(&interface), "partly");
        (interface.complete, interface.gap_count) = (false, 0);
        assert_eq!(ground(&interface), "partly");
        (interface.complete, interface.flows) = (true, 0);
        assert_eq!(ground(&interface), "nodata");
    }
}
