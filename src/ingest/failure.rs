//! Why an input is not read to its end: what the system or a limit says goes in, a [`Diagnostic`] comes out.

use std::io;

use crate::aws::Fault;
use crate::diag::{Diagnostic, show};
use crate::ingest::complaint::unreadable;

const WHY: &str =
    "what stands in the rest of it is not known, so claims about that time cannot be proven";

/// A failure at AWS, which says more than an error of the system's.
pub(super) fn fault_of(why: &io::Error) -> Option<&Fault> {
    why.get_ref()?.downcast_ref::<Fault>()
}

/// What ended the reading of an input too early.
pub(super) enum Failure {
    /// What the system, or the unzipping, says.
    Io(io::Error),
    /// It unzips to more than this.
    TooLarge(u64),
    /// The run was stopped.
    Stopped,
    /// Nobody asked for the rest.
    Left,
    /// Something with a code of its own.
    Said(Box<Diagnostic>),
}

impl Failure {
    /// An input that is not what it should be.
    pub(super) fn new(code: &'static str, uri: &str, what: impl Into<String>) -> Failure {
        Failure::Said(Box::new(unreadable(code, uri, what)))
    }

    /// The complaint.
    pub(super) fn diagnostic(self, uri: &str) -> Diagnostic {
        let text = |code, what: &str| unreadable(code, uri, what);
        match self {
            Failure::Io(why) if fault_of(&why).is_some() => {
                let fault = fault_of(&why).cloned();
                fault.map_or_else(
                    || text("input-unreadable", "it cannot be read, or not to its end"),
                    |fault| fault.on(uri).diagnostic(WHY),
                )
            }
            Failure::Io(why) if why.kind() == io::ErrorKind::UnexpectedEof => {
                text("input-truncated", "it ends too early").got(show(&why.to_string()))
            }
            Failure::Io(why) => text("input-unreadable", "it cannot be read, or not to its end")
                .got(show(&why.to_string())),
            Failure::TooLarge(limit) => {
                let what = format!("it unzips to more than the limit of {limit} bytes");
                unreadable("input-too-large", uri, what)
            }
            Failure::Stopped => text("input-interrupted", "the run was stopped before its end"),
            Failure::Left => text("input-interrupted", "it was not read to its end"),
            Failure::Said(diagnostic) => *diagnostic,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(why: io::Error) -> Failure {
        Failure::Io(why)
    }
}

impl From<Box<Diagnostic>> for Failure {
    fn from(why: Box<Diagnostic>) -> Failure {
        Failure::Said(why)
    }
}
