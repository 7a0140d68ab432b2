//! CloudWatch Logs: `cloudwatch:LOG-GROUP` goes in, one [`Input`](crate::ingest::Input) a piece of it comes out.

use crate::diag::Diagnostic;
use crate::ingest::error::Error;
use crate::ingest::remote::{Listed, Remote};

/// Lists what is under the word.
///
/// # Errors
/// A listing that is not whole: it may hide hours.
pub(super) fn list(word: &str, _remote: &Remote) -> Result<Listed, Vec<Diagnostic>> {
    let error = Error::NotLocal {
        word: word.to_owned(),
    };
    Err(vec![error.diagnostic()])
}
