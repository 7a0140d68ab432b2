//! Where logs come from: SOURCE words in, a sorted list of [`Input`]s out. Nothing is opened yet.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use crate::ingest::error::Error;
use crate::ingest::file::LocalFiles;
use crate::ingest::opener;

/// A place that logs come from.
pub trait LogSource: Send + Sync {
    /// Everything in it, sorted by uri.
    ///
    /// # Errors
    /// A place that cannot be listed: an unread listing may hide whole hours.
    fn inputs(&self) -> Result<Vec<Input>, Error>;
}

/// How the bytes of one input are had. One a kind of source.
pub trait Opener: Send + Sync {
    /// The bytes as stored, from the first.
    ///
    /// # Errors
    /// Whatever the place says.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;

    /// The same bytes in any order, for Parquet; `None` if they come only once (a pipe), and must be spooled.
    ///
    /// # Errors
    /// Whatever the place says.
    fn ranges(&self) -> io::Result<Option<Box<dyn Ranges>>> {
        Ok(None)
    }
}

/// Bytes in any order.
pub trait Ranges: Send {
    /// How many there are.
    fn size(&self) -> u64;

    /// All bytes of the range, or an error.
    ///
    /// # Errors
    /// A range beyond the end, or whatever the place says.
    fn read(&mut self, range: Range<u64>) -> io::Result<Vec<u8>>;
}

/// One file, key or stream, not opened yet.
#[derive(Clone)]
pub struct Input {
    uri: String,
    size: Option<u64>,
    opener: Arc<dyn Opener>,
}

impl Input {
    /// An input of any source. `size` is what the listing says, if it does; an input that ends before it is not whole.
    pub fn new(uri: impl Into<String>, size: Option<u64>, opener: Arc<dyn Opener>) -> Input {
        Input {
            uri: uri.into(),
            size,
            opener,
        }
    }

    /// File, key, or `-`.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Bytes as stored, if the listing says so.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The flow log that wrote it (`fl-…`), if the file name is one of AWS's:
    /// `<account>_vpcflowlogs_<region>_<fl-id>_<stamp>_<hash>…`.
    pub fn flow_log(&self) -> Option<&str> {
        let name = self.uri.rsplit('/').next()?;
        let mut parts = name.split('_');
        let account = parts.next()?;
        let kind = parts.next()?;
        let id = parts.nth(1)?;
        let fits = !account.is_empty()
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && kind == "vpcflowlogs"
            && parts.next().is_some()
            && id.strip_prefix("fl-").is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        fits.then_some(id)
    }

    pub(super) fn opener(&self) -> &dyn Opener {
        self.opener.as_ref()
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("uri", &self.uri)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// Turns SOURCE words (file, folder, glob, `-`) into inputs, sorted by uri, each file once however often it is named.
///
/// # Errors
/// A word that names nothing, a folder without a file, a folder that cannot be listed, a place that is not local.
pub fn list(sources: &[String]) -> Result<Vec<Input>, Error> {
    for word in sources {
        if word.starts_with("s3://") || word.starts_with("cloudwatch:") {
            return Err(Error::NotLocal { word: word.clone() });
        }
    }
    let (pipes, files): (Vec<&String>, Vec<&String>) =
        sources.iter().partition(|word| *word == "-");
    let mut inputs = LocalFiles::new(files.into_iter().cloned().collect()).inputs()?;
    if !pipes.is_empty() {
        inputs.push(opener::stdin());
    }
    inputs.sort_by(|a, b| a.uri.cmp(&b.uri));
    Ok(inputs)
}

/// The inputs by the name that the system itself has for them, so that each is there once: under its first uri.
pub(super) fn once(found: BTreeMap<std::path::PathBuf, Vec<Input>>) -> Vec<Input> {
    let mut inputs: Vec<Input> = found
        .into_values()
        .filter_map(|same| same.into_iter().min_by(|a, b| a.uri.cmp(&b.uri)))
        .collect();
    inputs.sort_by(|a, b| a.uri.cmp(&b.uri));
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow_log_of(uri: &str) -> Option<String> {
        Input::new(uri, None, Arc::new(opener::Stdin))
            .flow_log()
            .map(str::to_owned)
    }

    #[test]
    fn the_file_name_tells_the_flow_log() {
        let aws = "123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_fe123456.log.gz";
        #[rustfmt::skip]
        let cases = [
            // title,                 uri,                               expected
            ("as AWS writes it",      aws.to_owned(),                    Some("fl-1234abcd")),
            ("in a folder",           format!("AWSLogs/1/vpcflowlogs/{aws}"), Some("fl-1234abcd")),
            ("parquet",               aws.replace(".gz", ".parquet"),    Some("fl-1234abcd")),
            ("a folder of that name", format!("{aws}/x.log"),            None),
            ("renamed",               "fl-1234abcd.log".to_owned(),      None),
            ("another service",       aws.replace("vpcflow", "elb"),     None),
            ("no id",                 aws.replace("fl-1234abcd", "fl-"), None),
            ("no account",            aws.replace("123456789012", "me"), None),
            ("no stamp",              "1_vpcflowlogs_us-east-1_fl-1".to_owned(), None),
            ("stdin",                 "-".to_owned(),                    None),
        ];
        for (title, uri, expected) in cases {
            assert_eq!(flow_log_of(&uri).as_deref(), expected, "{title}");
        }
    }

    #[test]
    fn what_is_not_local_is_said_so() {
        for word in ["s3://bucket/AWSLogs/", "cloudwatch:group"] {
            let error = list(&[word.to_owned()]).unwrap_err();
            assert!(matches!(error, Error::NotLocal { .. }), "{word}");
            assert!(error.to_string().contains("local files only"), "{word}");
        }
    }

    #[test]
    fn stdin_is_one_input_however_often_it_is_named() {
        let inputs = list(&["-".to_owned(), "-".to_owned()]).unwrap();
        assert_eq!(inputs.len(), 1);
        assert_eq!((inputs[0].uri(), inputs[0].size()), ("-", None));
    }
}
