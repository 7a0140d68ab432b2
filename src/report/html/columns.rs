//! Bytes over time by path: a stacked column for each moment.

use crate::model::evidence::{Moment, Timeline};
use crate::model::path::Path;
use crate::report::units::{bytes, time};

use super::bar::unix_s;
use super::palette;
use super::svg::{Anchor, Area, Svg};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 218.0;
/// Marks on the axis of time, at most.
const MARKS_MAX: i64 = 8;
/// Distances between marks that people count in.
const MARK_S: &[i64] = &[
    60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_592_000,
];

/// The axis of time: its ends in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    since: i64,
    until: i64,
}

impl Span {
    /// The window, widened to all moments; `None` if there is no time at all.
    fn of(timeline: &Timeline, window: Option<(i64, i64)>) -> Option<Span> {
        let starts = timeline
            .moments
            .iter()
            .filter_map(|moment| unix_s(&moment.since));
        let ends = starts
            .clone()
            .map(|start| start.saturating_add(timeline.step_s));
        let since = starts.chain(window.map(|window| window.0)).min()?;
        let until = ends.chain(window.map(|window| window.1)).max()?;
        (until > since).then_some(Span { since, until })
    }

    fn x(self, at: i64) -> f64 {
        let part = (at - self.since) as f64 / (self.until - self.since) as f64;
        LEFT + part * (WIDTH - LEFT)
    }

    /// Round times in it, few enough to read.
    fn marks(self) -> Vec<i64> {
        let lasts = self.until - self.since;
        let step = MARK_S
            .iter()
            .copied()
            .find(|step| lasts / step <= MARKS_MAX);
        let step = step.unwrap_or(lasts / MARKS_MAX).max(1);
        let first = self.since.div_euclid(step) * step;
        let times = (0..=MARKS_MAX + 1).map(|n| first + n * step);
        times
            .filter(|at| (self.since..=self.until).contains(at))
            .collect()
    }
}

/// The picture; `None` if there is not a byte to draw.
pub(super) fn draw(timeline: &Timeline, window: Option<(i64, i64)>) -> Option<String> {
    let span = Span::of(timeline, window)?;
    let most = timeline
        .moments
        .iter()
        .map(size)
        .max()
        .filter(|most| *most > 0)?;
    let top = ceiling(most);
    let label = "Bytes over time by path; the table below has the numbers";
    let mut svg = Svg::new(WIDTH, HEIGHT, "columns", label);
    for part in 0..=2u64 {
        let y = BOTTOM - (BOTTOM - TOP) * part as f64 / 2.0;
        svg.line(
            (LEFT, y),
            (WIDTH, y),
            if part == 0 { "base" } else { "grid" },
        );
        svg.text(
            (LEFT - 8.0, y + 4.0),
            Anchor::End,
            "axis",
            &bytes(top / 2 * part),
        );
    }
    for at in span.marks() {
        let x = span.x(at);
        svg.line((x, BOTTOM), (x, BOTTOM + 5.0), "base");
        let anchor = match x {
            x if x < LEFT + 20.0 => Anchor::Start,
            x if x > WIDTH - 30.0 => Anchor::End,
            _ => Anchor::Middle,
        };
        svg.text((x, BOTTOM + 19.0), anchor, "axis", &mark(at, span));
    }
    for moment in &timeline.moments {
        column(&mut svg, moment, timeline.step_s, span, top);
    }
    Some(svg.finish())
}

fn column(svg: &mut Svg, moment: &Moment, step_s: i64, span: Span, top: u64) {
    let Some(start) = unix_s(&moment.since) else {
        return;
    };
    let (x, end) = (span.x(start), span.x(start.saturating_add(step_s)));
    // A blank between columns, as long as they are wide enough to have one.
    let width = if end - x > 4.0 {
        end - x - 1.0
    } else {
        (end - x).max(1.0)
    };
    let mut y = BOTTOM;
    for (path, share) in moment.by_path.iter().filter(|(_, share)| share.bytes > 0) {
        let height = share.bytes as f64 / top as f64 * (BOTTOM - TOP);
        y -= height;
        let area = Area {
            x,
            y,
            width,
            height,
        };
        palette::fill(svg, area, *path, &tip(moment, *path, share.bytes));
    }
}

fn tip(moment: &Moment, path: Path, size: u64) -> String {
    format!("{} {path}: {}", time(&moment.since), bytes(size))
}

fn size(moment: &Moment) -> u64 {
    let shares = moment.by_path.values();
    shares.fold(0, |sum: u64, share| sum.saturating_add(share.bytes))
}

/// The next even number of one digit and zeros, so that half of it is round too.
fn ceiling(most: u64) -> u64 {
    let mut unit = 1u64;
    loop {
        for digit in [2, 4, 6, 8, 10] {
            match unit.checked_mul(digit) {
                Some(round) if round >= most => return round,
                Some(_) => {}
                None => return u64::MAX,
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// The clock within two days, else the day.
fn mark(at: i64, span: Span) -> String {
    let format = match span.until - span.since {
        ..172_800 => "%H:%M",
        _ => "%m-%d",
    };
    jiff::Timestamp::from_second(at)
        .map(|time| time.strftime(format).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::evidence::Share;

    fn timeline(moments: &[(&str, u64)]) -> Timeline {
        let moment = |(since, bytes): &(&str, u64)| Moment {
            since: (*since).to_owned(),
            by_path: BTreeMap::from([(
                Path::ViaNat,
                Share {
                    flows: 1,
                    bytes: *bytes,
                },
            )]),
        };
        Timeline {
            step_s: 300,
            moments: moments.iter().map(moment).collect(),
        }
    }

    #[test]
    fn the_axis_has_round_times() {
        let hour = Span {
            since: 1_786_429_800,
            until: 1_786_431_600,
        };
        let shown: Vec<String> = hour.marks().iter().map(|at| mark(*at, hour)).collect();
        assert_eq!(
            shown,
            [
                "06:30", "06:35", "06:40", "06:45", "06:50", "06:55", "07:00"
            ]
        );
        let month = Span {
            since: 1_785_542_400,
            until: 1_788_220_800,
        };
        let shown: Vec<String> = month.marks().iter().map(|at| mark(*at, month)).collect();
        assert_eq!(shown, ["08-06", "08-13", "08-20", "08-27"]);
    }

    #[test]
    fn the_top_is_round_and_never_too_low() {
        for (most, expected) in [
            (1, 2),
            (2, 2),
            (3, 4),
            (9, 10),
            (11, 20),
            (580_776, 600_000),
        ] {
            assert_eq!(ceiling(most), expected, "{most}");
        }
        assert_eq!(ceiling(u64::MAX), u64::MAX);
    }

    #[test]
    fn nothing_is_drawn_of_nothing_and_times_that_are_none_are_left_out() {
        assert_eq!(draw(&timeline(&[]), None), None);
        assert_eq!(draw(&timeline(&[("2026-08-01T00:00:00Z", 0)]), None), None);
        assert_eq!(draw(&timeline(&[("<b>", 7)]), None), None);
        let svg = draw(
            &timeline(&[("2026-08-01T00:00:00Z", u64::MAX), ("<b>", 7)]),
            None,
        )
        .unwrap();
        assert_eq!(svg.matches("class=\"p-via-nat\"").count(), 1);
        assert!(!svg.contains("<b>") && !svg.contains("NaN"));
    }
}
