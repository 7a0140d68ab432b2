//! Accounts for every row of one input: rows and what became of them go in, an [`InputReport`] comes out.
//!
//! The counters have one door each. [`Ledger::row`] is opened by the decoder that sees a row, the others by whoever
//! decides what it is; so the sum at the end is a check and not a tautology.

use crate::diag::{Diagnostic, Location, Severity};
use crate::model::batch::Status;
use crate::model::evidence::InputReport;

/// Complaints of one code that are shown; further ones are only counted.
const SHOWN: usize = 5;

/// The book of one input.
#[derive(Debug)]
pub(super) struct Ledger {
    uri: String,
    rows: u64,
    flows: u64,
    nodata: u64,
    skipdata: u64,
    set_aside: u64,
    /// Rows in batches that have left the reader.
    handed: u64,
    whole: bool,
    /// An hour of a log group may have no record; a file has one.
    may_be_empty: bool,
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    code: String,
    shown: Vec<Diagnostic>,
    more: u64,
}

impl Ledger {
    pub(super) fn new(uri: &str, may_be_empty: bool) -> Ledger {
        Ledger {
            uri: uri.to_owned(),
            rows: 0,
            flows: 0,
            nodata: 0,
            skipdata: 0,
            set_aside: 0,
            handed: 0,
            whole: true,
            may_be_empty,
            kept: Vec::new(),
        }
    }

    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// A line or row that is neither blank nor a header.
    pub(super) fn row(&mut self) {
        self.rows += 1;
    }

    /// So many of them.
    pub(super) fn rows(&mut self, count: usize) {
        self.rows += count as u64;
    }

    /// So many rows are flows, and stand in a batch.
    pub(super) fn flows_taken(&mut self, count: usize) {
        self.flows += count as u64;
    }

    /// The row is a record, and stands in a batch.
    #[inline]
    pub(super) fn taken(&mut self, status: Status) {
        match status {
            Status::Flow => self.flows += 1,
            Status::NoData => self.nodata += 1,
            Status::SkipData => self.skipdata += 1,
        }
    }

    /// The row is not a record. `complain` is asked only while its complaint would be shown.
    pub(super) fn set_aside(&mut self, code: &str, complain: impl FnOnce(&str) -> Diagnostic) {
        self.set_aside += 1;
        self.keep(code, complain);
    }

    /// The row cannot be read for a reason that has been said already; it is only counted.
    pub(super) fn set_aside_again(&mut self, code: &str) {
        self.set_aside += 1;
        let index = self.kept(code);
        self.kept[index].more += 1;
    }

    /// Something about the input that takes nothing away from it.
    pub(super) fn say(&mut self, diagnostic: Diagnostic) {
        self.keep(&diagnostic.code.clone(), |_| diagnostic);
    }

    /// Something that keeps the input from being whole.
    pub(super) fn not_whole(&mut self, diagnostic: Diagnostic) {
        self.whole = false;
        self.say(diagnostic);
    }

    /// A batch with so many rows has left the reader.
    pub(super) fn handed(&mut self, rows: usize) {
        self.handed += rows as u64;
    }

    fn kept(&mut self, code: &str) -> usize {
        let found = self.kept.iter().position(|kept| kept.code == code);
        found.unwrap_or_else(|| {
            self.kept.push(Kept {
                code: code.to_owned(),
                shown: Vec::new(),
                more: 0,
            });
            self.kept.len() - 1
        })
    }

    fn keep(&mut self, code: &str, complain: impl FnOnce(&str) -> Diagnostic) {
        let index = self.kept(code);
        if self.kept[index].shown.len() < SHOWN {
            let diagnostic = complain(&self.uri);
            self.kept[index].shown.push(diagnostic);
        } else {
            self.kept[index].more += 1;
        }
    }

    /// The sums, checked: what does not add up is our fault, and never passes in silence.
    fn check(&mut self) {
        let records = self.flows + self.nodata + self.skipdata;
        if self.rows == records + self.set_aside && self.handed == records {
            return;
        }
        let sums = format!(
            "{} rows, {} flows, {} NODATA, {} SKIPDATA, {} set aside, {} handed on",
            self.rows, self.flows, self.nodata, self.skipdata, self.set_aside, self.handed
        );
        let fault = Diagnostic::new(
            Severity::Error,
            "ledger-mismatch",
            "rows and what became of them do not add up: a fault in this tool",
            "some records may be missing, so nothing can rest on this input",
            "report it as a bug, with the input if you can share it",
        )
        .at(Location::source(self.uri.as_str()))
        .got(sums);
        self.not_whole(fault);
    }

    /// The counts, `whole` and the complaints; the rest of the report is the reader's.
    pub(super) fn into_report(mut self) -> InputReport {
        self.check();
        if self.whole && self.rows == 0 && !self.may_be_empty {
            let empty = Diagnostic::new(
                Severity::Warning,
                "input-empty",
                "there is no record in it",
                "AWS writes no empty files: its records may have been lost, so claims cannot be proven",
                "fetch it again; if it is no log of AWS's, leave it out",
            );
            self.say(empty.at(Location::source(self.uri.as_str())));
        }
        let mut diagnostics = Vec::new();
        for mut kept in self.kept {
            if let (Some(last), true) = (kept.shown.last_mut(), kept.more > 0) {
                last.message = format!("{} … and {} more", last.message, kept.more);
            }
            diagnostics.append(&mut kept.shown);
        }
        InputReport {
            uri: self.uri,
            rows: self.rows,
            flows: self.flows,
            nodata: self.nodata,
            skipdata: self.skipdata,
            set_aside: self.set_aside,
            whole: self.whole,
            diagnostics,
            ..InputReport::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad() -> Diagnostic {
        Diagnostic::new(Severity::Error, "record-bad-number", "bad", "why", "help")
    }

    #[test]
    fn the_first_five_of_a_code_are_shown_and_the_rest_counted() {
        let mut ledger = Ledger::new("a.log", false);
        for _ in 0..8 {
            ledger.row();
            ledger.set_aside("record-bad-number", |_| bad());
        }
        let report = ledger.into_report();
        assert_eq!((report.rows, report.set_aside, report.whole), (8, 8, true));
        assert_eq!(report.diagnostics.len(), SHOWN);
        assert_eq!(report.diagnostics[4].message, "bad … and 3 more");
    }

    #[test]
    fn a_row_without_an_outcome_is_our_fault_and_said_so() {
        type Act = fn(&mut Ledger);
        #[rustfmt::skip]
        let cases: [(&str, Act, bool); 5] = [
            ("a row that became nothing",      |l| l.row(), false),
            ("an outcome without a row",       |l| l.taken(Status::Flow), false),
            ("a record that was not handed on", |l| { l.row(); l.taken(Status::Flow) }, false),
            ("a row from nowhere",             |l| l.handed(1), false),
            ("all in order",                   |l| { l.row(); l.taken(Status::SkipData); l.handed(1) }, true),
        ];
        for (title, act, whole) in cases {
            let mut ledger = Ledger::new("a.log", false);
            act(&mut ledger);
            let report = ledger.into_report();
            assert_eq!(report.whole, whole, "{title}");
            let said = report
                .diagnostics
                .iter()
                .any(|d| d.code == "ledger-mismatch");
            assert_eq!(said, !whole, "{title}");
        }
    }

    #[test]
    fn nothing_at_all_is_whole_but_said() {
        let report = Ledger::new("a.log", false).into_report();
        assert!(report.whole);
        assert_eq!(report.diagnostics[0].code, "input-empty");
        let report = Ledger::new("cloudwatch:g", true).into_report();
        assert!(report.whole && report.diagnostics.is_empty());
    }
}
