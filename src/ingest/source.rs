//! Where logs come from: SOURCE words in, a sorted list of [`Input`]s out. Nothing is opened yet.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::diag::Diagnostic;
use crate::ingest::error::Error;
use crate::ingest::remote::{Listed, Remote};
use crate::ingest::{cloudwatch, file, opener, s3};
use crate::model::format::Format;
use crate::model::name::hex;

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

    /// Whether it is Parquet by its name, and its ranges are stamped: then they come first, and [`Opener::open`] only if the name
    /// was wrong.
    fn is_columnar(&self) -> bool {
        false
    }

    /// It will be opened soon: whoever reads over a network may begin, within bounds.
    fn prepare(&self) {}

    /// What the place itself says of these bytes, as far as it is known by now.
    fn stamp(&self) -> Stamp {
        Stamp::default()
    }

    /// How the records come, where that is not for the bytes to say: `cloudwatch`.
    fn encoding(&self) -> Option<&'static str> {
        None
    }
}

/// What a place says of an object: enough to tell it from any other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// S3's ETag, as given.
    pub etag: Option<String>,
    /// S3's version id, if the bucket keeps versions.
    pub version_id: Option<String>,
    /// S3's own checksum, as `sha256:…` or `crc64nvme:…` with its base64.
    pub checksum: Option<String>,
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

    /// All bytes of several ranges, in their order.
    ///
    /// # Errors
    /// As [`Ranges::read`].
    fn read_all(&mut self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>> {
        ranges
            .iter()
            .map(|range| self.read(range.clone()))
            .collect()
    }

    /// Whether the stamp stands for the bytes, so that those of other columns need not be read for a digest.
    fn is_stamped(&self) -> bool {
        false
    }
}

/// One file, key or stream, not opened yet.
#[derive(Clone)]
pub struct Input {
    uri: String,
    size: Option<u64>,
    flow_log: Option<String>,
    formats: Vec<Format>,
    opener: Arc<dyn Opener>,
}

impl Input {
    /// An input of any source. `size` is what the listing says, if it does; an input that ends before it is not whole.
    pub fn new(uri: impl Into<String>, size: Option<u64>, opener: Arc<dyn Opener>) -> Input {
        let uri = uri.into();
        Input {
            flow_log: flow_log_of(&uri).map(str::to_owned),
            formats: Vec::new(),
            uri,
            size,
            opener,
        }
    }

    /// The same, written by this flow log.
    #[must_use]
    pub fn of_flow_log(mut self, id: Option<String>) -> Input {
        self.flow_log = id;
        self
    }

    /// The same, without header and in one of these formats, each line in its own.
    #[must_use]
    pub fn in_formats(mut self, formats: Vec<Format>) -> Input {
        self.formats = formats;
        self
    }

    /// The same under another name, and of the flow log that this name tells: for a copy that is read in place of what it was
    /// copied from.
    #[must_use]
    pub fn renamed(mut self, uri: impl Into<String>) -> Input {
        self.uri = uri.into();
        if let Some(id) = flow_log_of(&self.uri) {
            self.flow_log = Some(id.to_owned());
        }
        self
    }

    /// SHA-256 of the bytes as stored, if they can be read more than once and are here: of a local file.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn sha256(&self) -> io::Result<Option<String>> {
        if is_remote(&self.uri) || self.opener.ranges()?.is_none() {
            return Ok(None);
        }
        let (mut stored, mut digest) = (self.opener.open()?, Sha256::new());
        let mut piece = vec![0; 1 << 16];
        loop {
            match stored.read(&mut piece)? {
                0 => return Ok(Some(hex(&digest.finalize()))),
                read => digest.update(&piece[..read]),
            }
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

    /// The flow log that wrote it (`fl-…`), if its name or its place tells.
    pub fn flow_log(&self) -> Option<&str> {
        self.flow_log.as_deref()
    }

    /// The formats that its lines may have; none if nothing is known before the first line.
    pub(super) fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// What tells that nothing has changed since an earlier listing: uri, size and ETag.
    pub fn identity(&self) -> (String, Option<u64>, Option<String>) {
        (self.uri.clone(), self.size, self.opener.stamp().etag)
    }

    /// It will be opened soon.
    pub fn prepare(&self) {
        self.opener.prepare();
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

/// The flow log (`fl-…`) that a file name of AWS's names: `<account>_vpcflowlogs_<region>_<fl-id>_<stamp>_<hash>…`.
pub(super) fn flow_log_of(uri: &str) -> Option<&str> {
    let name = uri.rsplit('/').next()?;
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

/// Turns SOURCE words (file, folder, glob, `-`, `s3://…`, `cloudwatch:…`) into inputs, sorted by uri, each once however often
/// it is named. `remote` is asked only if a word is at AWS.
///
/// # Errors
/// A word that names nothing, a place that cannot be listed to its end.
pub fn list(sources: &[String], remote: Option<&Remote>) -> Result<Listed, Vec<Diagnostic>> {
    let mut listed = Listed::default();
    let (mut files, mut pipe) = (Vec::new(), false);
    for word in sources {
        if !is_remote(word) {
            pipe |= word == "-";
            files.extend((word != "-").then(|| word.clone()));
            continue;
        }
        if word.to_ascii_lowercase().contains("x-amz-") {
            return Err(vec![Error::Signed.diagnostic()]);
        }
        let Some(remote) = remote else {
            let error = Error::NotLocal { word: word.clone() };
            return Err(vec![error.diagnostic()]);
        };
        let more = if word.starts_with(S3) {
            s3::list(word, remote)?
        } else {
            cloudwatch::list(word, remote)?
        };
        listed = listed.and(more);
    }
    let local = file::list(&files);
    listed
        .inputs
        .extend(local.map_err(|error| vec![error.diagnostic()])?);
    if pipe {
        listed.inputs.push(opener::stdin());
    }
    listed.inputs.sort_by(|a, b| a.uri.cmp(&b.uri));
    listed.inputs.dedup_by(|a, b| a.uri == b.uri);
    Ok(listed)
}

/// Seconds that AWS takes to deliver wherever it takes longest: to S3.
pub const LONGEST_DELIVERY_S: i64 = s3::DELIVERY_S;

/// Seconds that AWS takes to deliver to all of these, before any is listed; `None` if one is a file.
pub fn delivery_s(sources: &[String]) -> Option<i64> {
    let one = |word: &String| match is_remote(word) {
        true if word.starts_with(S3) => Some(s3::DELIVERY_S),
        true => Some(cloudwatch::DELIVERY_S),
        false => None,
    };
    let all: Option<Vec<i64>> = sources.iter().map(one).collect();
    all?.into_iter().max()
}

const S3: &str = "s3://";

/// Whether a SOURCE is at AWS.
pub fn is_remote(word: &str) -> bool {
    word.starts_with(S3) || word.starts_with("cloudwatch:")
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
    fn without_a_way_to_aws_its_sources_are_errors() {
        for word in ["s3://bucket/AWSLogs/", "cloudwatch:group"] {
            let problems = list(&[word.to_owned()], None).unwrap_err();
            assert_eq!(problems.len(), 1);
            assert!(problems[0].message.contains("local files only"), "{word}");
        }
    }

    #[test]
    fn a_signed_url_is_refused_and_not_shown() {
        let word = "s3://b/k?X-Amz-Signature=SECRET".to_owned();
        let problems = list(&[word], None).unwrap_err();
        assert_eq!(problems[0].code, "input-not-found");
        assert!(!problems[0].to_string().contains("SECRET"));
    }

    #[test]
    fn stdin_is_one_input_however_often_it_is_named() {
        let inputs = list(&["-".to_owned(), "-".to_owned()], None)
            .unwrap()
            .inputs;
        assert_eq!(inputs.len(), 1);
        assert_eq!((inputs[0].uri(), inputs[0].size()), ("-", None));
    }
}
