//! S3: `s3://bucket/prefix` goes in, one [`Input`] an object comes out.
//!
//! ```text
//!  word ─▶ listing (pages, pruned by keys) ─▶ Object ─┬─ prepare, open ─▶ Transfer ─▶ bounded buffer ─▶ Read
//!                                                     └─ ranges ────────▶ Transfers of parts ─────────▶ Ranges
//! ```
//!
//! A listing that fails is an error: it may hide hours. An object that cannot be read to its end is an input that is not whole.
//! A [`Transfer`](transfer::Transfer) gives exactly the bytes that were listed, under the ETag that was listed, or a fault.

mod bucket;
mod keys;
mod listing;
mod object;
mod ranges;
mod transfer;

use std::sync::Arc;

use crate::aws::{Fault, Kind, Session};
use crate::diag::{Diagnostic, Location, Severity, show};
use crate::ingest::error::Error;
use crate::ingest::remote::{Listed, Remote};
use crate::ingest::s3::bucket::Bucket;
use crate::ingest::s3::listing::{Found, Passed, Refusal, walk};
use crate::ingest::s3::object::Object;
use crate::ingest::source::Input;

/// "About 10 minutes", says AWS, after the aggregation interval has ended (VPC user guide, "Flow log records").
pub(super) const DELIVERY_S: i64 = 600;

const WHY: &str = "an unread listing may hide whole hours, so there is no verdict at all";

/// Lists what is under the word.
///
/// # Errors
/// A listing that is not whole: it may hide hours. A word under which there is nothing.
pub(super) fn list(word: &str, remote: &Remote) -> Result<Listed, Vec<Diagnostic>> {
    let failed = |fault: Box<Fault>| vec![fault.diagnostic(WHY)];
    let path = word.strip_prefix("s3://").unwrap_or(word);
    let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
    if name.is_empty() {
        let word = word.to_owned();
        return Err(vec![Error::NoBucket { word }.diagnostic()]);
    }
    let session = remote
        .aws
        .session(&remote.ask)
        .map_err(|fault| failed(Box::new(fault.on(word))))?;
    let (bucket, found) = listing_of(&session, name, prefix, remote).map_err(failed)?;
    let notes = noted(word, &found.passed);
    if found.objects.is_empty() {
        let error = Error::NoObject {
            word: word.to_owned(),
            outside: found.outside,
        };
        return Err([vec![error.diagnostic()], notes].concat());
    }
    let mut inputs: Vec<Input> = found
        .objects
        .into_iter()
        .map(|entry| {
            let uri = bucket.uri(&entry.key);
            let size = entry.size;
            let object = Object::new(remote.aws.clone(), Arc::clone(&bucket), entry);
            Input::new(uri, Some(size), Arc::new(object))
        })
        .collect();
    inputs.sort_by(|a, b| a.uri().cmp(b.uri()));
    Ok(Listed {
        inputs,
        notes,
        delivery_s: Some(DELIVERY_S),
    })
}

/// Lists, and once more in the Region that S3 names, if the bucket is in another than was asked.
fn listing_of(
    session: &Session,
    name: &str,
    prefix: &str,
    remote: &Remote,
) -> Result<(Arc<Bucket>, Found), Box<Fault>> {
    let once = |session: &Session| {
        let bucket = Arc::new(Bucket::new(session, name, remote));
        let walked = walk(Arc::clone(&bucket), prefix.to_owned(), remote.window);
        remote.aws.block_on(walked).map(|found| (bucket, found))
    };
    match once(session) {
        Err(Refusal {
            fault,
            region: Some(region),
        }) if fault.kind == Kind::WrongRegion && region != session.region() => {
            once(&session.in_region(&region)).map_err(|refusal| refusal.fault)
        }
        listed => listed.map_err(|refusal| refusal.fault),
    }
}

/// What was passed over, in one note.
fn noted(word: &str, passed: &Passed) -> Vec<Diagnostic> {
    let Some(example) = &passed.example else {
        return Vec::new();
    };
    let counted = |number: u64, what: &str| (number > 0).then(|| format!("{number} {what}"));
    let parts = [
        counted(passed.foreign, "objects of other services"),
        counted(
            passed.foreign_folders,
            "folders of other services, unlisted",
        ),
        counted(passed.write_tests, "write tests"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let note = Diagnostic::new(
        Severity::Note,
        "input-passed-over",
        format!("passed over: {}", parts.join(", ")),
        "by their keys they hold no flow logs; if one did, its records would be missing from the evidence",
        "copy them to a prefix outside `AWSLogs/<account>/<service>/` if they are flow logs after all",
    );
    let note = note.at(Location::source(word));
    vec![note.got(format!("for example `{}`", show(example)))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_note_counts_what_is_passed_over() {
        assert!(noted("s3://b/", &Passed::default()).is_empty());
        let passed = Passed {
            foreign: 3,
            foreign_folders: 1,
            write_tests: 1,
            example: Some("AWSLogs/1/CloudTrail/".to_owned()),
        };
        let notes = noted("s3://b/", &passed);
        assert_eq!(notes.len(), 1);
        assert_eq!(
            notes[0].message,
            "passed over: 3 objects of other services, 1 folders of other services, unlisted, 1 write tests"
        );
    }
}
