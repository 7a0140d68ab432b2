//! Reports: one [`Evidence`] in, bytes out. Decides nothing: verdicts and counts are copied, never computed again.
//!
//! To add a format:
//! 1. a file of its name here, with `pub(super) fn render(evidence: &Evidence, …) -> …`, importing `model` and `diag` only;
//! 2. a variant of [`Format`], with its word in [`Format::as_str`] and its place in [`Format::ALL`];
//! 3. its arm in [`render`], and a variant of [`Error`] if writing it can fail;
//! 4. a line in `every_format_tells_the_same_verdict_and_counts` (`tests.rs`); hostile text is tried by itself for all of
//!    [`Format::ALL`];
//! 5. if people read it: a snapshot in `snapshots/`, made by `FLOWPROOF_BLESS=1 cargo test report`;
//! 6. a line in `FILES` of `tests/formats.rs`, which keeps its golden files, and its published schema in `tests/schemas/`;
//! 7. its row in README.md, and what maps to what in docs/reports.md.
//!
//! Whoever shows text that came from a log, a tag, the topology or the policy makes it safe first: for people by
//! `shown::safe`, for machines by `shown::visible`, for spreadsheets by `csv::defused`, for readers of Markdown by
//! `markdown::escape`, for SARIF's messages by `sarif::text`. Words that several reports say stand in `said`.

mod cited;
mod csv;
pub mod explain;
#[cfg(test)]
mod fixture;
mod html;
mod json;
mod junit;
mod markdown;
mod ocsf;
mod page;
pub mod permits;
pub mod rows;
mod said;
mod sarif;
mod shown;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod units;

use crate::model::evidence::Evidence;

/// What a report looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One screen for people.
    Text,
    /// The evidence itself, whole.
    Json,
    /// GitHub's job summary.
    Markdown,
    /// One self-contained page.
    Html,
    /// A test case a claim.
    Junit,
    /// For code scanning, 2.1.0.
    Sarif,
    /// Compliance Findings for a SIEM, one a line.
    Ocsf,
    /// The sampled witnesses and attempts, one a row.
    Csv,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: &[Format] = &[
        Format::Text,
        Format::Json,
        Format::Markdown,
        Format::Html,
        Format::Junit,
        Format::Sarif,
        Format::Ocsf,
        Format::Csv,
    ];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Markdown => "markdown",
            Format::Html => "html",
            Format::Junit => "junit",
            Format::Sarif => "sarif",
            Format::Ocsf => "ocsf",
            Format::Csv => "csv",
        }
    }

    /// The format with this word.
    pub fn from_word(word: &str) -> Option<Format> {
        Format::ALL
            .iter()
            .copied()
            .find(|format| format.as_str() == word)
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The terminal that [`Format::Text`] is made for; the other formats do not look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns that no line exceeds. Below 60 counts as 60, beyond 120 as 120.
    pub width: usize,
    /// Whether ANSI colours are wanted. The words say the same without.
    pub color: bool,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            width: 80,
            color: false,
        }
    }
}

/// Why there is no report.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// serde_json refused.
    #[error("the evidence cannot be written as JSON")]
    Json(#[source] serde_json::Error),
    /// The csv crate refused.
    #[error("the witnesses cannot be written as CSV")]
    Csv(#[source] ::csv::Error),
    /// The template engine refused.
    #[error("the page cannot be made")]
    Html(#[source] minijinja::Error),
    /// The XML writer refused.
    #[error("the test report cannot be written as XML")]
    Junit(#[source] quick_junit::SerializeError),
}

/// Renders the evidence: the same evidence, format and style give the same bytes.
///
/// # Errors
/// The one of the format, if its writer refuses; with memory as the only sink, it has no cause to.
pub fn render(evidence: &Evidence, format: Format, style: Style) -> Result<Vec<u8>, Error> {
    match format {
        Format::Text => Ok(text::render(evidence, style).into_bytes()),
        Format::Json => json::render(evidence).map_err(Error::Json),
        Format::Markdown => Ok(markdown::render(evidence).into_bytes()),
        Format::Html => html::render(evidence).map_err(Error::Html),
        Format::Junit => junit::render(evidence).map_err(Error::Junit),
        Format::Sarif => sarif::render(evidence).map_err(Error::Json),
        Format::Ocsf => ocsf::render(evidence).map_err(Error::Json),
        Format::Csv => csv::render(evidence).map_err(Error::Csv),
    }
}
