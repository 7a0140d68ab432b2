//! What became of the inputs that a query read: an answer must say when what it rests on was not whole.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::evidence::InputReport;

/// Reports of inputs that something is to be said of, by uri; the others leave no trace.
#[derive(Debug, Default)]
pub struct InputLedger {
    book: Mutex<Book>,
    idle: Condvar,
}

#[derive(Debug, Default)]
struct Book {
    reports: BTreeMap<String, InputReport>,
    /// Threads that may still add to it.
    busy: usize,
    /// Whether all records of the run's window were asked for.
    asked: bool,
    /// Whether there was one.
    found: bool,
}

/// While it lives, its thread may add to the ledger.
pub struct Busy(Arc<InputLedger>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.book().busy -= 1;
        self.0.idle.notify_all();
    }
}

impl InputLedger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread begins to read.
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.book().busy += 1;
        Busy(Arc::clone(self))
    }

    /// Adds what was read of an input. Read twice, as SQL may, it stands there once: as whole as the worse of the two.
    pub fn add(&self, report: InputReport) {
        if report.whole && report.diagnostics.is_empty() {
            return;
        }
        let reports = &mut self.book().reports;
        match reports.get_mut(&report.uri) {
            None => _ = reports.insert(report.uri.clone(), report),
            Some(known) => {
                let whole = known.whole && report.whole;
                if report.diagnostics.len() > known.diagnostics.len() {
                    *known = report;
                }
                known.whole = whole;
            }
        }
    }

    /// All records of the run's window were asked for, and not those of a time that SQL names, and read to the end.
    pub fn ask(&self) {
        self.book().asked = true;
    }

    /// A record of the window was there.
    pub fn find(&self) {
        self.book().found = true;
    }

    /// Whether records were asked for since the last call and there was none, when every thread has ended.
    pub fn found_none(&self) -> bool {
        let book = self.idle.wait_while(self.book(), |book| book.busy > 0);
        let mut book = book.unwrap_or_else(PoisonError::into_inner);
        let none = book.asked && !book.found;
        (book.asked, book.found) = (false, false);
        none
    }

    /// What has been said since the last call, by uri, when every thread has ended.
    pub fn take(&self) -> Vec<InputReport> {
        let book = self.idle.wait_while(self.book(), |book| book.busy > 0);
        let mut book = book.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut book.reports).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Diagnostic, Severity};

    fn report(uri: &str, whole: bool, complaints: usize) -> InputReport {
        let complaint = Diagnostic::new(Severity::Error, "input-unreadable", "m", "w", "h");
        InputReport {
            uri: uri.to_owned(),
            whole,
            diagnostics: vec![complaint; complaints],
            ..InputReport::default()
        }
    }

    #[test]
    fn that_nothing_was_found_is_known_only_where_it_was_asked() {
        let ledger = InputLedger::default();
        assert!(!ledger.found_none(), "nobody asked");
        ledger.ask();
        assert!(ledger.found_none() && !ledger.found_none(), "once");
        ledger.ask();
        ledger.find();
        assert!(!ledger.found_none());
    }

    #[test]
    fn an_input_that_was_read_twice_is_as_whole_as_its_worse_reading() {
        let ledger = Arc::new(InputLedger::default());
        let busy = ledger.busy();
        for one in [
            report("b", true, 1),
            report("a", false, 1),
            report("a", true, 2),
            report("c", true, 0),
        ] {
            ledger.add(one);
        }
        drop(busy);
        let said = ledger.take();
        let seen: Vec<_> = said
            .iter()
            .map(|one| (one.uri.as_str(), one.whole, one.diagnostics.len()))
            .collect();
        assert_eq!(seen, [("a", false, 2), ("b", true, 1)]);
        assert!(ledger.take().is_empty());
    }
}
