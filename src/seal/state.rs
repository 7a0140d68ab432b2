//! The file of `--state`: the last proven window, from which the next run goes on.
//!
//! In: the file, what was asked, the clock. Out: the window to verify, and what the file says afterwards; the caller writes it, by
//! rename, after every other output. A run that is not proven leaves the window where it was, so the next one covers that time
//! again, with what was delivered since. Nobody signs the file: whoever can write it decides what is not looked at again.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::evidence::Evidence;
use crate::model::path::Verdict;
use crate::model::window::{Window, rfc3339, unix_s};

/// The schema's name.
pub const SCHEMA: &str = "flowproof.state/v1";

/// A state has some hundred bytes; what is larger is none.
const SIZE_MAX: u64 = 1 << 20;

/// What is remembered from run to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// [`SCHEMA`].
    pub schema: String,
    /// The last proven window; `None` before there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proven: Option<Proven>,
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
/// `settle_s`: seconds that AWS takes, from a record's end to its arrival.
///
/// # Errors
/// --since beside a proven window, or neither of the two.
pub fn window(
    state: Option<&State>,
    asked: Window,
    now_s: i64,
    settle_s: i64,
) -> Result<Next, Vec<Diagnostic>> {
    let proven = state.and_then(|state| state.proven.as_ref());
    let since_s = match (proven, asked.since) {
        (None, Some(since_s)) => since_s,
        (None, None) => return Err(vec![no_beginning()]),
        (Some(proven), Some(since_s)) => return Err(vec![two_beginnings(proven, since_s)]),
        (Some(proven), None) => unix_s(&proven.until).ok_or_else(|| {
            let got = format!("`{}`", show(&proven.until));
            bad(Path::new("--state"), "the proven window is none", got)
        })?,
    };
    let settled_s = now_s
        .saturating_sub(settle_s)
        .div_euclid(60)
        .saturating_mul(60);
    let until_s = asked.until.unwrap_or(settled_s);
    Ok(if until_s <= since_s {
        Next::NothingYet { since_s, until_s }
    } else {
        Next::Verify(Window {
            since: Some(since_s),
            until: Some(until_s),
        })
    })
}

fn no_beginning() -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "state-since",
        "no window is proven yet, and --since is not given",
        "what comes before the first record would go unnoticed",
        "give --since until a first window is proven; from then on the state counts",
    )
}

fn two_beginnings(proven: &Proven, since_s: i64) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "state-since",
        "--since is given, and the state has a proven window to go on from: the state counts",
        "another beginning would leave a gap between windows, or an overlap",
        "leave --since out; to verify another time, leave --state out",
    )
    .got(format!(
        "--since {}, and proven until {}",
        rfc3339(since_s),
        show(&proven.until)
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
            said.push(kept(proven, &why));
            proven.cloned()
        }
    };
    let state = State {
        schema: SCHEMA.to_owned(),
        proven: advanced,
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
        evidence_sha256,
    })
}

fn kept(before: Option<&Proven>, why: &str) -> Diagnostic {
    let from = before.map_or("--since".to_owned(), |before| show(&before.until));
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
