//! Records that were on their way when they were looked for: how far the window reaches then, and when the rest is due.

use crate::model::evidence::WindowReport;
use crate::model::window::unix_s;
use crate::verify::obligations::Pending;
use crate::verify::plan::Plan;

/// Records that are on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Unix seconds: when the sources were listed.
    pub listed_s: i64,
    /// Seconds that AWS takes to deliver a record once its interval is over.
    pub takes_s: i64,
}

/// Records that end before this are there, by AWS's own figures: interval, then delivery.
pub(super) fn settled_s(plan: &Plan<'_>, delivery: Delivery) -> i64 {
    delivery
        .listed_s
        .saturating_sub(way_s(plan, delivery.takes_s))
}

/// Seconds from a record's end to its arrival, by AWS's own figures: the longest interval in scope, then what delivery takes.
pub fn way_s(plan: &Plan<'_>, takes_s: i64) -> i64 {
    interval_s(plan).saturating_add(takes_s)
}

/// The longest aggregation interval in scope.
fn interval_s(plan: &Plan<'_>) -> i64 {
    let logs = plan
        .interfaces
        .iter()
        .flat_map(|interface| &interface.flow_logs);
    logs.map(|log| log.aggregation_s).max().unwrap_or(600)
}

/// When the window's last records will have come, if that is later than they were looked for.
pub(super) fn pending(
    plan: &Plan<'_>,
    (since, until): (i64, i64),
    delivery: Delivery,
) -> Option<Pending> {
    let settled = settled_s(plan, delivery);
    // Less than one interval is no evidence of anything: an interface that is not logged would not be missed in it.
    let least = since.saturating_add(interval_s(plan));
    let (awaited, until) = match plan.window.until {
        Some(_) => (until > settled, until),
        None => (settled < least, least),
    };
    awaited.then(|| Pending {
        settled_s: settled,
        due_s: until.saturating_add(way_s(plan, delivery.takes_s)),
    })
}

impl Delivery {
    /// The delivery under which an evidence was made, from what its window tells: whoever judges the same records with it comes to
    /// the same window. `None` if the window does not depend on it. `generated_at` counts only where records were still due.
    pub fn told_by(plan: &Plan<'_>, window: &WindowReport, generated_at: &str) -> Option<Delivery> {
        let time_s = |text: &Option<String>| text.as_deref().and_then(unix_s);
        let (since, until) = (time_s(&window.since)?, time_s(&window.until)?);
        if let Some(due_s) = time_s(&window.due) {
            let begun = match plan.window.until {
                Some(_) => until,
                None => since.saturating_add(interval_s(plan)),
            };
            return Some(Delivery {
                listed_s: unix_s(generated_at)?,
                takes_s: due_s.saturating_sub(begun).saturating_sub(interval_s(plan)),
            });
        }
        (window.until_from == "delivery").then(|| Delivery {
            listed_s: until.saturating_add(interval_s(plan)),
            takes_s: 0,
        })
    }
}
