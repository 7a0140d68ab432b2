//! One voice for every complaint: what is wrong, where, got and expected, why it matters to the verdict, what to do.
//!
//! Two roads, never mixed. An `Err` means: cannot go on (no policy, no access). A [`Diagnostic`] means: can go on, but
//! the evidence is thinner; it goes into the evidence and, where it says so, weighs on the verdict.
//!
//! To add a code: one row in [`CODES`], in the order of the alphabet; the test below holds order and uniqueness.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad it is. Only obligations decide a verdict; a severity decides colour and order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something could not be read or done.
    Error,
    /// The evidence is thinner than it looks, or a setting does nothing.
    Warning,
    /// Worth knowing; changes nothing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// Where: a file or key, and the place in it as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// File, key, or `-` for stdin.
    pub source: String,
    /// Line (text, unzipped) or row (Parquet), from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u64>,
    /// Column in characters, from 1, where a place in a line is meant.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u64>,
    /// Field, key or table by name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

impl Location {
    /// A whole file or key.
    pub fn source(source: impl Into<String>) -> Self {
        Location {
            source: source.into(),
            ..Location::default()
        }
    }

    /// A line of a file or key.
    pub fn line(source: impl Into<String>, line: u64) -> Self {
        Location {
            line: Some(line),
            ..Location::source(source)
        }
    }

    /// The same place, with the column by name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// Names of sources are shown whole: the keys that AWS gives to flow logs are 190 characters long, and those of one day differ
/// after 150. S3 ends keys at 1,024 bytes.
const SOURCE_CHARS: usize = 1_100;

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show_to(&self.source, SOURCE_CHARS))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        if let Some(name) = &self.name {
            write!(f, ", `{}`", show(name))?;
        }
        Ok(())
    }
}

/// A complaint with its five parts.
///
/// Messages are lower case, without a full stop; text of the user's stands in backticks, made safe by [`show`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// One of [`CODES`].
    pub code: String,
    /// What, in one clause.
    pub message: String,
    /// Where.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub at: Vec<Location>,
    /// What stood there, and what should have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub got: Option<String>,
    /// Why it matters to the verdict.
    pub why: String,
    /// One thing to do.
    pub help: String,
}

impl Diagnostic {
    /// A new complaint; `code` must stand in [`CODES`].
    pub fn new(
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        why: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        debug_assert!(
            CODES.iter().any(|row| row.0 == code),
            "{code} is not in CODES"
        );
        Diagnostic {
            severity,
            code: code.to_owned(),
            message: message.into(),
            at: Vec::new(),
            got: None,
            why: why.into(),
            help: help.into(),
        }
    }

    /// The same, with a place.
    #[must_use]
    pub fn at(mut self, place: Location) -> Self {
        self.at.push(place);
        self
    }

    /// The same, with what stood there and what was expected.
    #[must_use]
    pub fn got(mut self, got: impl Into<String>) -> Self {
        self.got = Some(got.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}[{}]: {}", self.severity, self.code, self.message)?;
        for place in &self.at {
            writeln!(f, "   at: {place}")?;
        }
        if let Some(got) = &self.got {
            writeln!(f, "  got: {got}")?;
        }
        writeln!(f, "  why: {}", self.why)?;
        writeln!(f, " help: {}", self.help)
    }
}

/// Whether a character moves the cursor, changes the direction of writing, breaks a line, or cannot be seen: controls, bidi
/// marks, soft hyphen, zero widths, line and paragraph separators, tags.
pub fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text from outside, fit to be shown: what [`hides`] is escaped, cut at 120 characters.
pub fn show(text: &str) -> String {
    show_to(text, 120)
}

/// The same, cut at so many characters.
fn show_to(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(chars_max));
    for (shown, c) in text.chars().enumerate() {
        if shown == chars_max {
            out.push('…');
            break;
        }
        if hides(c) {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
    }
    out
}

/// The nearest of `known` to `word`, if it is near enough to be a slip of the finger.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Every code, and what it means: an API, kept stable.
#[rustfmt::skip]
pub const CODES: &[(&str, &str)] = &[
    ("aws-access-denied", "a call that the caller has no right to"),
    ("aws-budget-spent", "the requests of --max-requests are spent"),
    ("aws-call-failed", "a call that AWS answered with an error"),
    ("aws-credentials", "no credentials, or none that AWS knows"),
    ("aws-credentials-expired", "credentials that expired in mid-run"),
    ("aws-not-found", "a bucket, key or log group that is not there"),
    ("aws-object-archived", "an object in an archive that must be restored first"),
    ("aws-object-changed", "an object that is no longer what was listed"),
    ("aws-region", "no Region, or the wrong one"),
    ("aws-throttled", "a call that was throttled at every attempt"),
    ("aws-unreachable", "a call without an answer"),
    ("bundle-changed", "a bundle that is not what was written"),
    ("bundle-in-the-way", "a folder for a bundle that has something in it"),
    ("bytes-saturated", "a sum of bytes beyond the largest number, which then stands for it"),
    ("clock-before-window", "the window ends before it begins"),
    ("column-not-in-output", "a file brings a column in mid-run that the output's header does not have"),
    ("duplicate-input", "two inputs have the same bytes"),
    ("envelope-bad", "an envelope that cannot be read"),
    ("evidence-bad-json", "a file that was to be evidence and is not JSON"),
    ("evidence-bad-value", "evidence with a field that is missing, or is not what it should be"),
    ("evidence-changed", "evidence that does not stand there as it was written"),
    ("evidence-differs", "evidence that says otherwise than what was recomputed"),
    ("evidence-inconsistent", "evidence in which one thing does not follow from another"),
    ("evidence-other-schema", "JSON that is no evidence that this version knows"),
    ("evidence-unreadable", "an evidence that cannot be read"),
    ("exception-expired", "an exception's date has passed, so it excepts nothing"),
    ("exception-unused", "an exception matched nothing"),
    ("file-unreadable", "a file that was named and is not there, or cannot be read"),
    ("flow-bad", "words that name no flow or record to explain"),
    ("flow-read-once", "an input that could be read only once, where a second look was needed"),
    ("format-ambiguous", "a log without header, and more than one format it could have"),
    ("format-bad", "a log format or header that cannot be read"),
    ("format-duplicate-field", "a log format names a field twice"),
    ("format-unknown-field", "a field that this version does not know; it is kept as text"),
    ("input-changed-format", "a header in mid-file gives another format"),
    ("input-empty", "an input without a single record"),
    ("input-incomplete-page", "a saved answer that says that there are more pages"),
    ("input-interrupted", "an input not read to its end, because the run was stopped"),
    ("input-not-found", "a source that names nothing"),
    ("input-passed-over", "objects that are no flow logs by their keys"),
    ("input-too-large", "an input that grows beyond the limit when it is unzipped"),
    ("input-truncated", "an input that ends too early"),
    ("input-unreadable", "an input that cannot be read or decoded"),
    ("interrupted", "the run was ended by Ctrl-C"),
    ("join-differs", "evidence to join that is not about the same"),
    ("join-mixed", "joined evidence of more than one version or ip-ranges.json"),
    ("join-no-window", "evidence to join that has no window"),
    ("join-nothing", "no evidence to join"),
    ("join-overlap", "evidence to join whose windows overlap"),
    ("key-bad", "a key that is none"),
    ("key-readable", "a private key that others can read"),
    ("ledger-mismatch", "rows and what became of them do not add up: a bug in flowproof"),
    ("metrics-bad", "CloudWatch metrics that cannot be read"),
    ("metrics-none", "no gateway or endpoint whose metrics could be asked for"),
    ("metrics-old", "a window before the two weeks of which CloudWatch lists metrics"),
    ("metrics-unused", "a key or metric in the metrics that is not read"),
    ("more-complaints", "more complaints than are printed"),
    ("output-failed", "an output that cannot be written"),
    ("policy-ambiguous-list", "a prefix-list id that means another list in another Region"),
    ("policy-bad-toml", "a policy that is not TOML"),
    ("policy-bad-value", "a value in the policy that means nothing"),
    ("policy-claim-matches-nothing", "a claim, or a part of it, that nothing can match"),
    ("policy-duplicate-id", "two claims with the same id"),
    ("policy-missing-key", "a key that must be there is not"),
    ("policy-no-claims", "a policy that claims nothing"),
    ("policy-unknown-claim", "an exception for a claim that is not there"),
    ("policy-unknown-key", "a key that the policy does not have"),
    ("policy-unknown-service", "a service that no endpoint, prefix list or published range names"),
    ("policy-version", "a policy of a version that this tool does not know"),
    ("query-bad-file", "a file of SQL that cannot be read, or whose header cannot"),
    ("query-bad-parameter", "a parameter without a value, without a place, or with a value that it does not take"),
    ("query-bad-sql", "SQL that cannot be read or planned"),
    ("query-failed", "a query that failed on its data"),
    ("query-forbidden", "a statement that would do more than ask"),
    ("query-gaps-cut", "more gaps of an interface than the table `gaps` has"),
    ("query-memory", "a query that needs more memory than it may have"),
    ("query-no-records", "a query over logs without a single record of the window"),
    ("query-unknown-name", "a table, column, function or query that is not there"),
    ("ranges-bad", "an ip-ranges.json that cannot be read"),
    ("ranges-old", "an ip-ranges.json more than 30 days older than the window"),
    ("record-bad-address", "an address that is none"),
    ("record-bad-encoding", "a line that is not UTF-8"),
    ("record-bad-number", "a number that is none, or out of range"),
    ("record-bad-status", "a log-status that AWS does not document"),
    ("record-bad-time", "a record whose times cannot be"),
    ("record-field-count", "a line with more or fewer values than its format has fields"),
    ("record-too-long", "a line beyond the limit"),
    ("records-unaccounted", "records read and records weighed differ: a bug in flowproof"),
    ("rests-differ", "what is at hand is not what the evidence rests on"),
    ("rests-missing", "something that the evidence rests on was not given"),
    ("signature-bad", "a signature that is not of the key, or over something else"),
    ("state-bad", "a --state file that cannot be read, or is none"),
    ("state-busy", "another run with the same --state file"),
    ("state-changed", "a policy or scope that is not that of the last proven window"),
    ("state-kept", "a run after which the --state file still names the window before"),
    ("state-nothing-yet", "a run with --state for which no time is left to verify"),
    ("state-other", "a topology of other accounts or Regions than the last proven window"),
    ("state-since", "neither --since nor a window to go on from, or both"),
    ("state-until", "files with --state, and no --until"),
    ("topology-bad-json", "a topology file that is not JSON"),
    ("topology-bad-value", "a value in the topology that cannot be read"),
    ("topology-duplicate", "the same resource twice, and not alike, or an address that two interfaces have"),
    ("topology-empty", "a topology without a single VPC"),
    ("topology-entries-without-id", "entries of a prefix list that do not say of which"),
    ("topology-missing-right", "a call that `topology snapshot` had no right to, so the topology lacks its answer"),
    ("topology-no-flow-logs", "a topology that does not tell the flow logs"),
    ("topology-partial-page", "a describe answer that says that there are more pages"),
    ("topology-undated", "a topology that does not say when it was taken"),
    ("topology-unknown-key", "a top-level key that is not used"),
    ("topology-unresolved", "a resource that names another which is not in the topology"),
    ("window-from-records", "no window was asked for, so the records' own times are the window"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_unique_and_kebab_case() {
        for pair in CODES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        for (code, meaning) in CODES {
            assert!(
                code.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{code}"
            );
            assert!(!meaning.is_empty(), "{code}");
        }
    }

    #[test]
    fn shown_text_cannot_move_the_cursor_or_hide() {
        assert_eq!(show("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\n");
        assert_eq!(show(&"x".repeat(200)).chars().count(), 121);
    }

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        assert_eq!(did_you_mean("alow", ["allow", "exits"]), Some("allow"));
        assert_eq!(did_you_mean("paths", ["allow", "exits"]), None);
    }

    #[test]
    fn the_five_parts_stand_in_order() {
        let text = Diagnostic::new(
            Severity::Error,
            "record-bad-number",
            "`dstport` is not a port",
            "set aside",
            "look",
        )
        .at(Location::line("a.log", 7).named("dstport"))
        .got("`70000`, expected 0-65535 or `-`")
        .to_string();
        assert_eq!(
            text,
            "error[record-bad-number]: `dstport` is not a port\n   at: a.log:7, `dstport`\n  got: `70000`, expected 0-65535 or `-`\n  why: set aside\n help: look\n"
        );
    }
}
