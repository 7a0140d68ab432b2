//! The worst witnesses of a claim, gathered by the way they took.

use crate::model::evidence::{ClaimReport, FlowGroup, FlowSample, FlowsBy};
use crate::model::path::{Exit, Path, Vantage};
use crate::report::cited::{Place, Places, WITNESSES};
use crate::report::page::{Page, Tone};
use crate::report::said::end_point;
use crate::report::shown::{columns, cut_start, prose, safe};
use crate::report::units::{GLUE, bytes, count, len, minute, plural};

/// Ways that are named beside those of the shown witnesses.
const OTHER_WAYS_MAX: usize = 3;
/// Characters of a key that can matter: more than the widest page, and few enough to stay whole in `safe`.
const KEY_TAIL_CHARS: usize = 110;

/// What witnesses of one kind have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Way<'a> {
    path: Path,
    via: Option<&'a str>,
    exit: Exit,
    service: Option<&'a str>,
}

impl<'a> Way<'a> {
    fn of(flow: &'a FlowSample) -> Way<'a> {
        Way {
            path: flow.path,
            via: flow.via.as_deref(),
            exit: flow.exit,
            service: flow.service.as_deref(),
        }
    }

    fn of_share(by: &'a FlowsBy) -> Way<'a> {
        Way {
            path: by.path,
            via: by.via.as_deref(),
            exit: by.exit,
            service: by.service.as_deref(),
        }
    }

    fn words(&self) -> String {
        let mut out = String::new();
        if let Some(service) = self.service {
            out.push_str(&format!("{} ", safe(service)));
        }
        out.push_str(self.path.as_str());
        if let Some(via) = self.via {
            out.push_str(&format!("{GLUE}{}", safe(via)));
        }
        out.push_str(&format!(", exit{GLUE}{}", self.exit));
        out
    }
}

/// The first `shown` of the sample, which is the worst by bytes, under the way that they took; then what is not shown.
pub(super) fn put(page: &mut Page, claim: &ClaimReport, places: &Places<'_>, shown: usize) {
    let group = &claim.witnesses;
    let worst: Vec<(usize, &FlowSample)> = group.sample.iter().enumerate().take(shown).collect();
    let mut ways: Vec<Way<'_>> = Vec::new();
    for (_, flow) in &worst {
        if !ways.contains(&Way::of(flow)) {
            ways.push(Way::of(flow));
        }
    }
    for way in &ways {
        let flows = worst.iter().filter(|(_, flow)| Way::of(flow) == *way);
        page.item(
            Tone::Plain,
            "    ",
            &format!("{}{}", way.words(), share_of(group, way)),
        );
        let mut why = None;
        for (index, flow) in flows {
            if why != Some(&flow.why) && !flow.why.is_empty() {
                page.quiet("      why: ", &prose(&flow.why));
            }
            why = Some(&flow.why);
            row(page, flow, places.find(&claim.id, WITNESSES, *index));
        }
    }
    rest(page, group, len(worst.len()), &ways);
}

/// How much took this way: at the vantage that counts if it logged any, else at the one that logged most, by name.
fn share_of(group: &FlowGroup, way: &Way<'_>) -> String {
    let mut shares = group.by.iter().filter(|by| Way::of_share(by) == *way);
    let counted = shares
        .clone()
        .find(|by| Some(by.vantage) == group.counted_at);
    match (counted, shares.next()) {
        (Some(by), _) => format!(": {}, {}", plural(by.count, "flow"), bytes(by.bytes)),
        (None, Some(by)) => format!(
            ": {}, {} (seen at {} only)",
            plural(by.count, "flow"),
            bytes(by.bytes),
            by.vantage
        ),
        (None, None) => String::new(),
    }
}

fn row(page: &mut Page, flow: &FlowSample, place: Option<Place<'_>>) {
    let size = bytes(flow.bytes.0).replace(GLUE, " ");
    let label = format!("    {size:>8}  {}  ", minute(flow.start));
    let from = match (&flow.workload, &flow.workload_interface) {
        (Some(workload), _) => end_point(workload, flow.workload_port),
        (None, Some(interface)) => safe(interface),
        (None, None) => safe(&flow.interface),
    };
    let to = match &flow.peer {
        Some(peer) => end_point(peer, flow.peer_port),
        None => "far end unknown".to_owned(),
    };
    let rejected = match flow.action.as_deref() {
        None | Some("ACCEPT") => String::new(),
        Some(action) => format!(" {}", safe(action)),
    };
    page.item(
        Tone::Plain,
        &label,
        &format!("{from} →{GLUE}{to}{rejected}"),
    );

    let seen_at = match flow.vantage {
        Vantage::Workload => String::new(),
        vantage => format!(" ({vantage})"),
    };
    let label = format!("              {}{seen_at}  ", safe(&flow.interface));
    let room = page.width().saturating_sub(columns(&label)).max(20);
    page.quiet(
        &label,
        &place.map(|place| record(place, room)).unwrap_or_default(),
    );
}

/// `…end-of-the-key.log.gz:17`: the line is never cut, the key from its start.
fn record(place: Place<'_>, room: usize) -> String {
    let line = format!(":{}", place.line);
    let length = place.uri.chars().count();
    let tail: String = place
        .uri
        .chars()
        .skip(length.saturating_sub(KEY_TAIL_CHARS))
        .collect();
    let tail = if length > KEY_TAIL_CHARS {
        format!("…{tail}")
    } else {
        tail
    };
    let tail = safe(&tail).replace(' ', &GLUE.to_string());
    format!(
        "{}{line}",
        cut_start(&tail, room.saturating_sub(line.len()))
    )
}

fn rest(page: &mut Page, group: &FlowGroup, shown: u64, ways: &[Way<'_>]) {
    let more = group.count.saturating_sub(shown);
    if more == 0 {
        return;
    }
    let others: Vec<&FlowsBy> = group
        .by
        .iter()
        .filter(|by| Some(by.vantage) == group.counted_at && !ways.contains(&Way::of_share(by)))
        .collect();
    let mut text = format!("and {} more", count(more));
    let listed = len(group.sample.len());
    if listed > shown {
        text.push_str(&format!(
            " (the csv report lists the worst {})",
            count(listed)
        ));
    }
    for by in others.iter().take(OTHER_WAYS_MAX) {
        let way = Way::of_share(by);
        text.push_str(&format!(
            "; {}: {}, {}",
            way.words(),
            plural(by.count, "flow"),
            bytes(by.bytes)
        ));
    }
    let unnamed = len(others.len().saturating_sub(OTHER_WAYS_MAX));
    if unnamed > 0 {
        text.push_str(&format!("; and {} by other ways", count(unnamed)));
    }
    page.item(Tone::Plain, "      ", &text);
}
