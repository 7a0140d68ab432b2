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
use crate::ingest::remote::{Destination, GroupLog, Listed, Remote};
use crate::ingest::source::Input;
use crate::model::format::Format;
use crate::model::window::rfc3339;

const WHY: &str = "logs that are not found may hide whole hours, so there is no verdict at all";
const WHY_NOTE: &str = "which formats its lines have is not told, so they are read by --log-format, or else by AWS's default format; lines that do not fit are set aside";

/// How long AWS says that records take to CloudWatch Logs.
pub(super) const DELIVERY_S: i64 = 300;

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
    let writers = writers(&group, remote).map_err(|fault| said(&fault))?;
    let inputs = inputs(&group, &streams, remote, quota);
    let (flow_log, formats) = (writers.name(), writers.formats());
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
        notes: writers.notes,
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

/// Who writes to the group.
struct Writers {
    /// Flow logs that do, by the topology or by what AWS tells now.
    logs: Vec<GroupLog>,
    /// No flow log that is known does: what stands there is of one that nobody described.
    strange: bool,
    notes: Vec<Diagnostic>,
}

/// The flow logs that write to the group: the topology's, or else those that AWS tells of now.
fn writers(group: &Group, remote: &Remote) -> Result<Writers, Box<Fault>> {
    let place = &group.place;
    let region = group.session.region();
    let here = |log: &&GroupLog| is_here(log, place, region);
    let logs: Vec<GroupLog> = remote.flow_logs.iter().filter(here).cloned().collect();
    if !logs.is_empty() {
        return Ok(Writers {
            logs,
            strange: false,
            notes: Vec::new(),
        });
    }
    // Only where every described flow log is known to write to another place can none of them have written here.
    let mut described = remote.flow_logs.iter();
    let strange = described.all(|log| log.destination != Destination::Untold);
    let asked = flow_logs::of_group(&group.session, &place.group);
    match remote.aws.block_on(asked) {
        Ok(found) => {
            let told =
                |account: &Option<String>| place.account.is_none() || *account == place.account;
            let found = found.into_iter().filter(|writer| told(&writer.account));
            let logs: Vec<GroupLog> = found
                .map(|writer| GroupLog {
                    id: writer.id,
                    destination: Destination::Untold,
                    format: writer.format,
                })
                .collect();
            Ok(Writers {
                strange: strange && logs.is_empty(),
                logs,
                notes: Vec::new(),
            })
        }
        Err(fault) => match fault.kind {
            // No other call would fare better.
            Kind::Credentials | Kind::Expired | Kind::Budget => Err(fault),
            _ => {
                let mut note = fault.on(&place.uri).diagnostic(WHY_NOTE);
                note.severity = Severity::Warning;
                Ok(Writers {
                    logs: Vec::new(),
                    strange,
                    notes: vec![note],
                })
            }
        },
    }
}

/// Whether the topology says that the flow log writes to this group: by name, and by Region and account where both are told.
fn is_here(log: &GroupLog, place: &Place, here: &str) -> bool {
    let Destination::Group {
        name,
        region,
        account,
    } = &log.destination
    else {
        return false;
    };
    let fits = |told: &Option<String>, asked: Option<&str>| {
        told.as_deref()
            .zip(asked)
            .is_none_or(|(told, asked)| told == asked)
    };
    *name == place.group && fits(region, Some(here)) && fits(account, place.account.as_deref())
}

impl Writers {
    /// What goes for the flow log of the inputs: one id, several, or words that are no flow log's id; `None` if nobody can tell.
    fn name(&self) -> Option<String> {
        let mut ids: Vec<&str> = self.logs.iter().map(|log| log.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        match (ids.is_empty(), self.strange) {
            (false, _) => Some(ids.join(",")),
            (true, true) => Some("a flow log that is not described".to_owned()),
            (true, false) => None,
        }
    }

    /// Their formats, each once.
    fn formats(&self) -> Vec<Format> {
        let mut formats: Vec<Format> = Vec::new();
        for format in self.logs.iter().filter_map(|log| log.format.as_ref()) {
            if !formats.contains(format) {
                formats.push(format.clone());
            }
        }
        formats
    }
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
    fn a_group_is_the_topologys_if_name_region_and_account_fit() {
        let log = |name: &str, region: Option<&str>, account: Option<&str>| GroupLog {
            id: "fl-1".to_owned(),
            destination: Destination::Group {
                name: name.to_owned(),
                region: region.map(str::to_owned),
                account: account.map(str::to_owned),
            },
            format: None,
        };
        let (name, arn) = (
            "cloudwatch:g",
            "cloudwatch:arn:aws:logs:eu-west-1:111122223333:log-group:g",
        );
        #[rustfmt::skip]
        let cases = [
            ("by name",             name, log("g", None, None),                                   true),
            ("another name",        name, log("h", None, None),                                   false),
            ("another Region",      name, log("g", Some("us-east-1"), None),                      false),
            ("an account untold",   name, log("g", Some("eu-west-1"), Some("999999999999")),      true),
            ("another account",     arn,  log("g", Some("eu-west-1"), Some("999999999999")),      false),
            ("all of it",           arn,  log("g", Some("eu-west-1"), Some("111122223333")),      true),
        ];
        for (title, word, log, expected) in cases {
            let place = Place::parse(word).unwrap();
            assert_eq!(is_here(&log, &place, "eu-west-1"), expected, "{title}");
        }
        let elsewhere = GroupLog {
            destination: Destination::Elsewhere,
            ..log("g", None, None)
        };
        assert!(!is_here(
            &elsewhere,
            &Place::parse(name).unwrap(),
            "eu-west-1"
        ));
    }

    #[test]
    fn flow_logs_give_their_names_and_formats() {
        let log = |id: &str, format: Option<&str>| GroupLog {
            id: id.to_owned(),
            destination: Destination::Untold,
            format: format.map(|text| Format::parse(text).unwrap()),
        };
        let (a, b) = (Some("${srcaddr}"), Some("${dstaddr}"));
        #[rustfmt::skip]
        let cases = [
            ("none",                          vec![],                          None,         0),
            ("one",                           vec![log("fl-1", a)],            Some("fl-1"), 1),
            ("one, without its format",       vec![log("fl-1", None)],         Some("fl-1"), 0),
            ("one, told by two snapshots",    vec![log("fl-1", a); 2],         Some("fl-1"), 1),
            ("two of one format",             vec![log("fl-2", a), log("fl-1", a)], Some("fl-1,fl-2"), 1),
            ("two of two formats",            vec![log("fl-1", a), log("fl-2", b)], Some("fl-1,fl-2"), 2),
        ];
        for (title, logs, id, formats) in cases {
            let writers = Writers {
                logs,
                strange: false,
                notes: Vec::new(),
            };
            let got = (writers.name(), writers.formats().len());
            assert_eq!((got.0.as_deref(), got.1), (id, formats), "{title}");
        }
    }
}
