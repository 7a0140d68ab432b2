//! Why the inputs cannot be listed. Once they are, nothing is an error any more: it stands in the input's report.

use crate::diag::{Diagnostic, Location, Severity, show};

/// Why there is no list of inputs, and so no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A word that names no file, folder or match.
    #[error("`{}` names no file", show(.word))]
    NotFound {
        /// As written.
        word: String,
    },
    /// A folder without a single file in it.
    #[error("`{}` is a folder without any file", show(.word))]
    EmptyFolder {
        /// As written.
        word: String,
    },
    /// A glob that cannot be read.
    #[error("`{}` is not a pattern: {why}", show(.word))]
    BadPattern {
        /// As written.
        word: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file or folder that cannot be looked at: what it hides is not known.
    #[error("cannot list `{}`: {why}", show(.path))]
    CannotList {
        /// The file or folder.
        path: String,
        /// What the system says.
        why: std::io::Error,
    },
    /// `s3://` without a bucket.
    #[error("`{}` names no bucket", show(.word))]
    NoBucket {
        /// As written.
        word: String,
    },
    /// A prefix without a single object that may be a log of the window.
    #[error("`{}` names no object{}", show(.word), if *.outside > 0 { " of the window: all that is there lies outside it" } else { "" })]
    NoObject {
        /// As written.
        word: String,
        /// Objects and folders that the window leaves out.
        outside: u64,
    },
    /// A signed URL in the place of a word: it opens doors, so it is not shown.
    #[error("a source holds a signature (`X-Amz-…`), and is not shown here")]
    Signed,
    /// A place at AWS, where the caller gave no way to AWS.
    #[error("cannot read `{}`: local files only are read here", show(.word))]
    NotLocal {
        /// As written.
        word: String,
    },
}

impl Error {
    /// The error with its five parts.
    pub fn diagnostic(&self) -> Diagnostic {
        let signed = "a signed source".to_owned();
        let (code, at, help) = match self {
            Error::NotFound { word } => (
                "input-not-found",
                word,
                "name a file, a folder, a glob in quotes, or `-` for stdin",
            ),
            Error::EmptyFolder { word } => (
                "input-not-found",
                word,
                "name the folder that the logs were copied to; names that begin with `.` are not read",
            ),
            Error::BadPattern { word, .. } => (
                "input-not-found",
                word,
                "write `*`, `?`, `[a-z]` or `**` between slashes; put a `[` that is meant as such in brackets: `[[]`",
            ),
            Error::CannotList { path, .. } => (
                "input-unreadable",
                path,
                "let the user who runs this read the folder, or copy the logs to one that can be read",
            ),
            Error::NoBucket { word } => ("input-not-found", word, "write it as s3://BUCKET/PREFIX"),
            Error::NoObject { word, outside } => (
                "input-not-found",
                word,
                if *outside > 0 {
                    "check --since and --until, which are compared with the dates in the keys, and whether the flow log delivers there"
                } else {
                    "check bucket and prefix with `aws s3 ls`; a prefix is compared with keys letter by letter"
                },
            ),
            Error::Signed => (
                "input-not-found",
                &signed,
                "name the bucket and the prefix alone, s3://BUCKET/PREFIX, and give credentials as for the AWS CLI",
            ),
            Error::NotLocal { word } => (
                "input-unreadable",
                word,
                "copy the logs to a folder first, for example with `aws s3 sync`, and name the folder",
            ),
        };
        let why = "logs that are not found may hide whole hours, so there is no verdict at all";
        Diagnostic::new(Severity::Error, code, self.to_string(), why, help)
            .at(Location::source(at.as_str()))
    }
}
