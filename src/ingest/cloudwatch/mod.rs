//! CloudWatch Logs: `cloudwatch:LOG-GROUP` goes in, one [`Input`] a slice of time or a log stream comes out.
//!
//! ```text
//!  word ─▶ place ─▶ DescribeLogStreams ─▶ plan ─┬─▶ slices:  FilterLogEvents ─┬─▶ paging ─▶ channel ─▶ text, a line an event
//!                                               └─▶ streams: GetLogEvents ────┘
//! ```
//!
//! **Time.** AWS gives an event the `start` of its record as timestamp, and the window is about `end`: an hour more is read before
//! it. FilterLogEvents includes its end time, GetLogEvents does not; slices are half-open.
//!
//! **Late events.** Records arrive out of order, minutes late, and nothing filters by arrival. So nothing is tailed or remembered
//! from run to run: each run reads its whole window anew, as it is by then. What is still on its way (AWS says about five
//! minutes) is for [`Listed::delivery_s`] to say. A stream that appears during a run is in the slices that are read after it;
//! where streams are read one by one it is not, and as its first records are as young as that, they too are still on their way.
//!
//! **Never whole in silence.** A call that fails after all retries, a token that comes twice or a page without one leave the
//! input not whole. Two words that overlap (a prefix within another, a name and its ARN) are read each for itself, so their
//! records count twice.
//!
//! **Memory.** A slice holds 40 bytes an event at most, against duplicates, until its end; and three pages of 1 MB.

mod group;
mod messages;
mod pace;
mod paging;
mod place;
mod plan;

use std::sync::{Arc, Mutex};

use crate::aws::{Ask, Fault, Kind, flow_logs};
use crate::diag::{Diagnostic, Location, Severity, show};
use crate::ingest::cloudwatch::group::{Group, Streams};
use crate::ingest::cloudwatch::messages::Messages;
use crate::ingest::cloudwatch::place::Place;
use crate::ingest::cloudwatch::plan::{SLICES_MAX, Way, slices, span, streams_max, way};
use crate::ingest::remote::{GroupLog, Listed, Remote};
use crate::ingest::source::Input;
use crate::model::format::Format;
use crate::model::window::rfc3339;

const WHY: &str = "logs that are not found may hide whole hours, so there is no verdict at all";
const WHY_NOTE: &str = "which formats its lines have is not told, so they are read by --log-format, or else by AWS's default format; lines that do not fit are set aside";

/// How long AWS says that records take to CloudWatch Logs.
const DELIVERY_S: i64 = 300;

/// Lists what is under the word.
///
/// # Errors
/// A word that names no group; a group that is not there, has no streams, or cannot be listed: it may hide hours.
pub(super) fn list(word: &str, remote: &Remote) -> Result<Listed, Vec<Diagnostic>> {
    let said = |fault: &Fault| vec![fault.diagnostic(WHY)];
    let place = Place::parse(word).map_err(|why| vec![*why])?;
    let ask = Ask {
        region: place.region.clone().or_else(|| remote.ask.region.clone()),
        ..remote.ask.clone()
    };
    let session = remote.aws.session(&ask).map_err(|fault| said(&fault))?;
    let quota = pace::quota(session.region());
    let group = Arc::new(Group::new(place, &ask, session));
    let enough = streams_max(usize::try_from(SLICES_MAX).unwrap_or(usize::MAX), quota);
    let streams = remote
        .aws
        .block_on(group.streams(enough))
        .map_err(|fault| said(&fault))?;
    if streams.names.is_empty() {
        return Err(vec![no_streams(&group.place)]);
    }
    let (logs, notes) = logs_of(&group, remote).map_err(|fault| said(&fault))?;
    let inputs = inputs(&group, &streams, remote, quota);
    let (flow_log, formats) = told(&logs);
    let mut inputs: Vec<Input> = inputs
        .into_iter()
        .map(|(uri, opener)| {
            Input::new(uri, None, Arc::new(opener))
                .of_flow_log(flow_log.clone())
                .in_formats(formats.clone())
        })
        .collect();
    inputs.sort_by(|a, b| a.uri().cmp(b.uri()));
    Ok(Listed {
        inputs,
        notes,
        delivery_s: Some(DELIVERY_S),
    })
}

/// The group in pieces, by the way that needs less time.
fn inputs(
    group: &Arc<Group>,
    streams: &Streams,
    remote: &Remote,
    quota: pace::Quota,
) -> Vec<(String, Messages)> {
    let place = &group.place;
    let messages = |stream: Option<&String>, (from_s, to_s)| Messages {
        group: Arc::clone(group),
        stream: stream.cloned(),
        from_s,
        to_s,
        begun: Mutex::default(),
    };
    let first_s = streams.first_ms.map(|ms| ms.div_euclid(1_000));
    let slices = slices(remote.window, remote.now_s, first_s);
    let known = streams.all.then_some(streams.names.len());
    match way(known, slices.len(), quota) {
        Way::Streams => {
            let span = span(remote.window, remote.now_s);
            let one = |name| (format!("{}/{name}", place.uri), messages(Some(name), span));
            streams.names.iter().map(one).collect()
        }
        Way::Slices => {
            let prefix = place.prefix.as_ref();
            let prefix = prefix.map_or_else(String::new, |prefix| format!("&prefix={prefix}"));
            let one = |(from_s, to_s)| {
                let (since, until) = (rfc3339(from_s), rfc3339(to_s));
                let uri = format!("{}?since={since}&until={until}{prefix}", place.uri);
                (uri, messages(None, (from_s, to_s)))
            };
            slices.into_iter().map(one).collect()
        }
    }
}

/// The flow logs that write to the group: the topology's, or else those that AWS tells of now.
fn logs_of(group: &Group, remote: &Remote) -> Result<(Vec<GroupLog>, Vec<Diagnostic>), Box<Fault>> {
    let name = Some(group.place.group.as_str());
    let here = |log: &&GroupLog| log.group.as_deref() == name;
    let logs: Vec<GroupLog> = remote.flow_logs.iter().filter(here).cloned().collect();
    if !logs.is_empty() {
        return Ok((logs, Vec::new()));
    }
    let asked = flow_logs::of_group(&group.session, &group.place.group);
    let fault = match remote.aws.block_on(asked) {
        Ok(found) => {
            let log = |(id, format)| GroupLog {
                id,
                group: Some(group.place.group.clone()),
                format,
            };
            return Ok((found.into_iter().map(log).collect(), Vec::new()));
        }
        Err(fault) => fault,
    };
    match fault.kind {
        // No other call would fare better.
        Kind::Credentials | Kind::Expired | Kind::Budget => Err(fault),
        _ => {
            let mut note = fault.on(&group.place.uri).diagnostic(WHY_NOTE);
            note.severity = Severity::Warning;
            Ok((Vec::new(), vec![note]))
        }
    }
}

/// The flow log, if there is only one; and the formats, each once.
fn told(logs: &[GroupLog]) -> (Option<String>, Vec<Format>) {
    let mut formats: Vec<Format> = Vec::new();
    for format in logs.iter().filter_map(|log| log.format.as_ref()) {
        if !formats.contains(format) {
            formats.push(format.clone());
        }
    }
    let id = match logs {
        [first, rest @ ..] if rest.iter().all(|log| log.id == first.id) => Some(first.id.clone()),
        _ => None,
    };
    (id, formats)
}

fn no_streams(place: &Place) -> Diagnostic {
    let what = match &place.prefix {
        Some(prefix) => format!("no log stream's name begins with `{}`", show(prefix)),
        None => "the log group has no log streams".to_owned(),
    };
    Diagnostic::new(
        Severity::Error,
        "input-not-found",
        what,
        WHY,
        "name the log group that the flow logs write to, see `aws ec2 describe-flow-logs`; AWS makes its streams with the first records",
    )
    .at(Location::source(place.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flow_log_gives_its_name_and_several_their_formats() {
        let log = |id: &str, format: Option<&str>| GroupLog {
            id: id.to_owned(),
            group: Some("g".to_owned()),
            format: format.map(|text| Format::parse(text).unwrap()),
        };
        let (a, b) = (Some("${srcaddr}"), Some("${dstaddr}"));
        #[rustfmt::skip]
        let cases = [
            ("none",                          vec![],                          None,         0),
            ("one",                           vec![log("fl-1", a)],            Some("fl-1"), 1),
            ("one, without its format",       vec![log("fl-1", None)],         Some("fl-1"), 0),
            ("one, told by two snapshots",    vec![log("fl-1", a); 2],         Some("fl-1"), 1),
            ("two of one format",             vec![log("fl-1", a), log("fl-2", a)], None,    1),
            ("two of two formats",            vec![log("fl-1", a), log("fl-2", b)], None,    2),
        ];
        for (title, logs, id, formats) in cases {
            let got = told(&logs);
            assert_eq!((got.0.as_deref(), got.1.len()), (id, formats), "{title}");
        }
    }
}
