//! The file of `--state`: the last proven window, from which the next run goes on.
//!
//! In: the file, what was asked, the clock. Out: the window to verify, and what the file says afterwards; the caller writes it, by
//! rename, after every other output. A run that is not proven leaves the window where it was, so the next one covers that time
//! again, with what was delivered since; before anything is proven, the beginning of the first run stays. Nobody signs the file:
//! whoever can write it decides what is not looked at again.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::evidence::{Evidence, TopologyReport};
use crate::model::path::Verdict;
use crate::model::window::{Window, rfc3339, unix_s};

/// The schema's name.
pub const SCHEMA: &str = "flowproof.state/v1";

/// A state has some hundred bytes; what is larger is none.
const SIZE_MAX: u64 = 1 << 20;

/// Seconds that a remembered window keeps away from now at least, if nobody asks for its end: what comes later than AWS's own
/// figures say would be in no window, and the next run takes what this one leaves.
const SETTLE_MIN_S: i64 = 3_600;

/// What is remembered from run to run: a proven window, or where the first one is to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// [`SCHEMA`].
    pub schema: String,
    /// The last proven window; `None` before there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proven: Option<Proven>,
    /// While nothing is proven: where the first run began, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub begins: Option<String>,
    /// Runs that have written here, whatever their verdict.
    pub runs: u64,
}

/// A window of which every claim was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proven {
    /// First second, RFC 3339.
    pub since: String,
    /// First second after it: where the next run begins.
    pub until: String,
    /// Of the policy.
    pub policy_sha256: String,
    /// In words, as the evidence has it.
    pub scope: String,
    /// Accounts and Regions of the topology.
    pub networks: Vec<String>,
    /// Of the evidence, if it was written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub evidence_sha256: Option<String>,
}

/// What a run has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Verify this; both ends are given.
    Verify(Window),
    /// Everything that can have been delivered is proven already.
    NothingYet {
        /// Where the next window begins, Unix seconds.
        since_s: i64,
        /// Where it would end now: not after its beginning.
        until_s: i64,
    },
}

impl State {
    /// Where the next window begins.
    fn next(&self) -> &str {
        let proven = self.proven.as_ref().map(|proven| &*proven.until);
        proven.or(self.begins.as_deref()).unwrap_or_default()
    }

    /// The file's text: the same state, the same bytes.
    ///
    /// # Errors
    /// What serde_json says; it has no reason to.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

fn bad(path: &Path, message: &str, got: String) -> Vec<Diagnostic> {
    let said = Diagnostic::new(
        Severity::Error,
        "state-bad",
        message,
        "without the last proven window it is not known what this run has to cover",
        "give the file that earlier runs wrote; to begin anew, take it away and give --since",
    )
    .at(Location::source(path.to_string_lossy()))
    .got(got);
    vec![said]
}

/// Reads the file; `None` if there is none yet.
///
/// # Errors
/// It cannot be read, or is not a state of this schema, with a window that is one.
pub fn read(path: &Path) -> Result<Option<State>, Vec<Diagnostic>> {
    let unreadable =
        |error: std::io::Error| bad(path, "the state cannot be read", error.to_string());
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unreadable)?,
    };
    let mut bytes = Vec::new();
    file.take(SIZE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    parse(path, &bytes).map(Some)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<State, Vec<Diagnostic>> {
    let foreign = |got: String| bad(path, "this is not a state of flowproof", got);
    if u64::try_from(bytes.len()).is_ok_and(|len| len > SIZE_MAX) {
        return Err(foreign(format!("more than {SIZE_MAX} bytes")));
    }
    let json: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| foreign(error.to_string()))?;
    let schema = json.get("schema").and_then(|schema| schema.as_str());
    if schema != Some(SCHEMA) {
        let got = schema.map_or("no schema".to_owned(), |schema| {
            format!("`{}`", show(schema))
        });
        return Err(foreign(format!("{got}, expected `{SCHEMA}`")));
    }
    let state: State =
        serde_json::from_value(json).map_err(|error| foreign(show(&error.to_string())))?;
    let begins = state.begins.as_deref().and_then(unix_s);
    if state.proven.is_some() == state.begins.is_some()
        || state.begins.is_some() && begins.is_none()
    {
        return Err(foreign(
            "neither a proven window nor a beginning, or both".to_owned(),
        ));
    }
    if let Some(proven) = &state.proven {
        let ends = unix_s(&proven.since).zip(unix_s(&proven.until));
        if ends.is_none_or(|(since, until)| since >= until) {
            let got = format!("`{}` to `{}`", show(&proven.since), show(&proven.until));
            return Err(bad(path, "the proven window is none", got));
        }
    }
    Ok(state)
}

/// The window of this run: from where the last proven one ended to --until, or to the last whole minute of which everything can
/// have been delivered.
///
/// `settle_s`: seconds that AWS takes, from a record's end to its arrival; `None` of files, of which nobody knows when they were
/// copied.
///
/// # Errors
/// --since beside a state, or neither of the two; an end that nobody gives.
pub fn window(
    state: Option<&State>,
    asked: Window,
    now_s: i64,
    settle_s: Option<i64>,
) -> Result<Next, Vec<Diagnostic>> {
    let since_s = match (state.map(State::next), asked.since) {
        (None, Some(since_s)) => since_s,
        (None, None) => return Err(vec![no_beginning()]),
        (Some(next), Some(since_s)) => return Err(vec![two_beginnings(next, since_s)]),
        (Some(next), None) => unix_s(next).ok_or_else(|| {
            let got = format!("`{}`", show(next));
            bad(Path::new("--state"), "the next window begins nowhere", got)
        })?,
    };
    let until_s = match (asked.until, settle_s) {
        (Some(until_s), _) => until_s,
        (None, Some(settle_s)) => {
            let settled_s = now_s.saturating_sub(settle_s.max(SETTLE_MIN_S));
            settled_s.div_euclid(60).saturating_mul(60)
        }
        (None, None) => return Err(vec![no_end()]),
    };
    Ok(if until_s <= since_s {
        Next::NothingYet { since_s, until_s }
    } else {
        Next::Verify(Window {
            since: Some(since_s),
            until: Some(until_s),
        })
    })
}

/// Refuses to go on for other accounts or Regions than those of the last proven window: of their own time before it nothing is
/// known.
///
/// # Errors
/// `state-other`.
pub fn same_networks(state: Option<&State>, networks: &[String]) -> Result<(), Vec<Diagnostic>> {
    let Some(proven) = state.and_then(|state| state.proven.as_ref()) else {
        return Ok(());
    };
    if proven.networks == networks {
        return Ok(());
    }
    let told = |networks: &[String]| show(&networks.join(", "));
    let said = Diagnostic::new(
        Severity::Error,
        "state-other",
        "the topology is of other accounts or Regions than the last proven window",
        "to go on would leave out all of their time before it, and nobody would notice",
        "give each account and Region its own --state; to add one to this, begin anew: take the file away and give --since",
    );
    let got = format!(
        "`{}`, and before `{}`",
        told(networks),
        told(&proven.networks)
    );
    Err(vec![said.got(got)])
}

fn no_end() -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "state-until",
        "the sources are files, and --until is not given",
        "when they were copied is not known, so nobody can tell of which time all records are there",
        "give --until: the time before which everything had been delivered when the files were copied",
    )
}

fn no_beginning() -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "state-since",
        "there is no state yet, and --since is not given",
        "what comes before the first record would go unnoticed",
        "give --since the first time; from then on the state counts",
    )
}

fn two_beginnings(next: &str, since_s: i64) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "state-since",
        "--since is given, and the state tells where to go on: the state counts",
        "another beginning would leave a gap between windows, or an overlap",
        "leave --since out; to verify another time, leave --state out; to begin anew, take the file away",
    )
    .got(format!(
        "--since {}, and the next window begins at {}",
        rfc3339(since_s),
        show(next)
    ))
}

/// What the file says after a run, and what is to be said of it. The window advances only if it is proven, was asked for, and
/// begins where the last proven one ended.
///
/// `evidence_sha256`: of the bytes of the evidence, if it was written.
pub fn after(
    before: Option<&State>,
    evidence: &Evidence,
    evidence_sha256: Option<String>,
) -> (State, Vec<Diagnostic>) {
    let proven = before.and_then(|state| state.proven.as_ref());
    let runs = before.map_or(0, |state| state.runs).saturating_add(1);
    let mut said = Vec::new();
    let advanced = match advance(proven, evidence, evidence_sha256) {
        Ok(advanced) => {
            said.extend(
                proven
                    .into_iter()
                    .flat_map(|before| changed(before, &advanced)),
            );
            Some(advanced)
        }
        Err(why) => {
            let from = before.map(State::next).or(evidence.window.since.as_deref());
            said.push(kept(from.unwrap_or_default(), &why));
            proven.cloned()
        }
    };
    let begins = match (&advanced, before) {
        (Some(_), _) => None,
        (None, Some(before)) => before.begins.clone(),
        (None, None) => evidence.window.since.clone(),
    };
    let state = State {
        schema: SCHEMA.to_owned(),
        proven: advanced,
        begins,
        runs,
    };
    (state, said)
}

fn advance(
    before: Option<&Proven>,
    evidence: &Evidence,
    evidence_sha256: Option<String>,
) -> Result<Proven, String> {
    let window = &evidence.window;
    if evidence.verdict != Verdict::Proven {
        return Err(format!("it is {}", evidence.verdict));
    }
    if window.since_from != "asked" || window.until_from != "asked" {
        return Err("its window was taken from the records".to_owned());
    }
    let ends = window.since.as_ref().zip(window.until.as_ref());
    let seconds = ends.and_then(|(since, until)| unix_s(since).zip(unix_s(until)));
    let Some(((since, until), (since_s, _))) =
        ends.zip(seconds.filter(|(since_s, until_s)| since_s < until_s))
    else {
        return Err("its window is empty".to_owned());
    };
    if before.is_some_and(|before| unix_s(&before.until) != Some(since_s)) {
        return Err("it does not begin where the last proven window ended".to_owned());
    }
    Ok(Proven {
        since: since.clone(),
        until: until.clone(),
        policy_sha256: evidence.policy.sha256.clone(),
        scope: evidence.scope.description.clone(),
        networks: TopologyReport::networks(&evidence.topologies),
        evidence_sha256,
    })
}

fn kept(from: &str, why: &str) -> Diagnostic {
    let from = show(from);
    Diagnostic::new(
        Severity::Note,
        "state-kept",
        format!("the state does not go on after this run: {why}"),
        format!("the next run covers the time from {from} on again"),
        "see the report; once that time is proven, the state goes on by itself",
    )
}

/// Warnings where the question is no longer the one that was answered before.
fn changed(before: &Proven, now: &Proven) -> Vec<Diagnostic> {
    let both = [
        ("policy", &before.policy_sha256, &now.policy_sha256),
        ("scope", &before.scope, &now.scope),
    ];
    let others = both.into_iter().filter(|(_, before, now)| before != now);
    others
        .map(|(what, before, now)| {
            Diagnostic::new(
                Severity::Warning,
                "state-changed",
                format!("the {what} is not that of the last proven window"),
                "windows that were asked otherwise do not join to a longer one",
                "if it was changed on purpose, nothing; to have one answer, verify the earlier windows with it too",
            )
            .got(format!("`{}`, and before `{}`", show(now), show(before)))
        })
        .collect()
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
