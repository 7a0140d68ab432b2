//! The bytes of an object, or of a part of one, over however many connections it takes: exactly those that were listed, or a fault.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;

use crate::aws::query::backoff;
use crate::aws::{Fault, Kind};
use crate::ingest::s3::bucket::{Bucket, GET};
use crate::ingest::s3::listing::Entry;
use crate::ingest::source::Stamp;

/// Connections in a row that may break without getting on. With backoff and jitter this bridges some ten seconds; before each,
/// the SDK has attempts of its own to get an answer at all.
const BREAKS_MAX: u32 = 6;

/// Fewer bytes than this between two breaks is not getting on: a store that cuts every answer short after a few bytes would
/// otherwise be asked a thousand times for one object.
const PROGRESS_BYTES: u64 = 64 << 10;

/// What is to be read: an object as it was listed.
pub(super) struct Target {
    pub(super) bucket: Arc<Bucket>,
    pub(super) listed: Entry,
    pub(super) stamp: Mutex<Stamp>,
}

impl Target {
    pub(super) fn new(bucket: Arc<Bucket>, listed: Entry) -> Target {
        let stamp = Stamp {
            etag: listed.etag.clone(),
            ..Stamp::default()
        };
        Target {
            bucket,
            listed,
            stamp: Mutex::new(stamp),
        }
    }

    pub(super) fn fault(&self, kind: Kind, message: &str) -> Box<Fault> {
        self.bucket.fault(kind, GET, &self.listed.key, message)
    }

    /// What S3 says of the object, beside its bytes.
    fn note(&self, answer: &GetObjectOutput) {
        let mut stamp = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        let own = |text: Option<&str>| text.map(str::to_owned);
        if stamp.etag.is_none() {
            stamp.etag = own(answer.e_tag());
        }
        if stamp.version_id.is_none() {
            // S3 says `null` of objects that are older than the bucket's versions.
            stamp.version_id = own(answer.version_id().filter(|id| *id != "null"));
        }
        if stamp.checksum.is_none() {
            stamp.checksum = checksum(answer);
        }
    }
}

/// S3's checksum, the strongest first. Of a part of an object S3 has none.
fn checksum(answer: &GetObjectOutput) -> Option<String> {
    let all = [
        ("sha256", answer.checksum_sha256()),
        ("sha1", answer.checksum_sha1()),
        ("crc64nvme", answer.checksum_crc64_nvme()),
        ("crc32c", answer.checksum_crc32_c()),
        ("crc32", answer.checksum_crc32()),
    ];
    let mut given = all.into_iter();
    given.find_map(|(name, value)| Some(format!("{name}:{}", value?)))
}

/// Bytes on their way.
pub(super) struct Transfer {
    target: Arc<Target>,
    /// The next byte, and the one after the last.
    at: u64,
    end: u64,
    etag: Option<String>,
    body: Option<ByteStream>,
    begun: bool,
    breaks: u32,
    /// Bytes since the last break.
    progress: u64,
}

impl Transfer {
    pub(super) fn new(target: Arc<Target>, part: Range<u64>) -> Transfer {
        Transfer {
            at: part.start,
            end: part.end,
            etag: target.listed.etag.clone(),
            target,
            body: None,
            begun: false,
            breaks: 0,
            progress: 0,
        }
    }

    /// The next bytes; `None` after the last.
    ///
    /// # Errors
    /// Another object than was listed, whatever S3 says, and connections that break for ever.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Box<Fault>> {
        loop {
            // An empty object is asked for too: it may have changed.
            if self.body.is_none() && self.begun && self.at == self.end {
                return Ok(None);
            }
            let mut body = match self.body.take() {
                Some(body) => body,
                None => self.begin().await?,
            };
            let bucket = &self.target.bucket;
            let broke = match tokio::time::timeout(bucket.timeout, body.next()).await {
                Ok(Some(Ok(bytes))) => {
                    let len = bytes.len() as u64;
                    bucket.meter.received(len);
                    self.advance(len)?;
                    self.body = Some(body);
                    return Ok(Some(bytes));
                }
                Ok(None) if self.at == self.end => continue,
                Ok(None) => "the answer ended early".to_owned(),
                Ok(Some(Err(why))) => format!("the connection broke: {}", words(&why)),
                Err(_) => format!("no bytes came for {} s", bucket.timeout.as_secs()),
            };
            self.broke(&broke).await?;
        }
    }

    /// All of it, in memory.
    ///
    /// # Errors
    /// See [`Transfer::next`].
    pub(super) async fn collect(mut self) -> Result<Vec<u8>, Box<Fault>> {
        let len = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let mut all = Vec::with_capacity(len);
        while let Some(bytes) = self.next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    fn advance(&mut self, len: u64) -> Result<(), Box<Fault>> {
        self.at += len;
        self.progress += len;
        if self.progress >= PROGRESS_BYTES {
            self.breaks = 0;
        }
        if self.at > self.end {
            let what = format!("it gave more bytes than the {} asked for", self.end);
            return Err(self.target.fault(Kind::Changed, &what));
        }
        Ok(())
    }

    async fn broke(&mut self, what: &str) -> Result<(), Box<Fault>> {
        self.breaks += 1;
        self.progress = 0;
        if self.at == self.end {
            return Ok(());
        }
        if self.at > 0 && self.etag.is_none() {
            let what = format!("{what}, and without an ETag the rest could be another object's");
            return Err(self.target.fault(Kind::Unreachable, &what));
        }
        if self.breaks >= BREAKS_MAX {
            let Range { start, end } = self.at..self.end;
            let what = format!(
                "{what} before byte {start} of {end}, {} times in a row",
                self.breaks
            );
            return Err(self.target.fault(Kind::Unreachable, &what));
        }
        tokio::time::sleep(backoff(self.breaks)).await;
        Ok(())
    }

    /// Asks for what is still missing.
    async fn begin(&mut self) -> Result<ByteStream, Box<Fault>> {
        let target = &self.target;
        let size = target.listed.size;
        let whole = self.at == 0 && self.end == size;
        let part = (!whole).then(|| (self.at, self.end.saturating_sub(1)));
        let etag = self.etag.as_deref();
        let answer = target.bucket.get(&target.listed.key, etag, part).await?;
        let said = Said {
            length: answer.content_length(),
            range: answer.content_range(),
            etag: answer.e_tag(),
        };
        said.fits(part, size, etag)
            .map_err(|(kind, what)| target.fault(kind, &what))?;
        if self.etag.is_none() {
            self.etag = answer.e_tag().map(str::to_owned);
        }
        target.note(&answer);
        self.begun = true;
        Ok(answer.body)
    }
}

/// The head of an answer, as far as it tells which bytes follow.
struct Said<'a> {
    length: Option<i64>,
    range: Option<&'a str>,
    etag: Option<&'a str>,
}

impl Said<'_> {
    /// Whether what follows is what was asked for, of what was listed.
    fn fits(
        &self,
        part: Option<(u64, u64)>,
        size: u64,
        etag: Option<&str>,
    ) -> Result<(), (Kind, String)> {
        if let Some(had) = etag {
            let has = self.etag.unwrap_or("not told");
            if had.trim_matches('"') != has.trim_matches('"') {
                let what = format!("its ETag is {has}, and was {had} when it was listed");
                return Err((Kind::Changed, what));
            }
        }
        let changed = |total: u64| {
            let what = format!("it has {total} bytes, and had {size} when it was listed");
            Err((Kind::Changed, what))
        };
        let length = self.length.and_then(|length| u64::try_from(length).ok());
        let Some((first, last)) = part else {
            return match length {
                _ if self.range.is_some() => Err((
                    Kind::Other,
                    "all of it was asked for, and it gives a part".to_owned(),
                )),
                Some(total) if total != size => changed(total),
                Some(_) | None => Ok(()),
            };
        };
        let other = |what: String| Err((Kind::Other, what));
        let Some(range) = self.range else {
            return other("a part was asked for, and it does not say which one it gives".into());
        };
        match part_of(range) {
            Some((_, _, Some(total))) if total != size => changed(total),
            Some((a, b, _)) if (a, b) != (first, last) => other(format!(
                "bytes {first}-{last} were asked for, and it gives {range}"
            )),
            Some(_) if length.is_some_and(|length| length != last - first + 1) => {
                other(format!("it gives {range} in another number of bytes"))
            }
            Some(_) => Ok(()),
            None => other(format!("a part was asked for, and it gives `{range}`")),
        }
    }
}

/// `bytes 0-9/100`
fn part_of(range: &str) -> Option<(u64, u64, Option<u64>)> {
    let (part, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()))
}

/// The last link of what an error is made of says most.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut link = error;
    while let Some(source) = link.source() {
        link = source;
    }
    link.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_listed_and_asked_for_fits() {
        let (tag, part) = (Some("\"a\""), Some((2, 5)));
        #[rustfmt::skip]
        let cases = [
            // title,                    asked, length,   range,                 etag,         expected
            ("all of it",                None,  Some(10), None,                  tag,          None),
            ("no length",                None,  None,     None,                  tag,          None),
            ("no tag",                   None,  Some(10), None,                  None,         Some(Kind::Changed)),
            ("a part of it, unasked",    None,  Some(10), Some("bytes 0-9/10"),  tag,          Some(Kind::Other)),
            ("a tag without quotes",     None,  Some(10), None,                  Some("a"),    None),
            ("shorter",                  None,  Some(9),  None,                  tag,          Some(Kind::Changed)),
            ("longer",                   None,  Some(11), None,                  tag,          Some(Kind::Changed)),
            ("another tag",              None,  Some(10), None,                  Some("\"b\""), Some(Kind::Changed)),
            ("the part",                 part,  Some(4),  Some("bytes 2-5/10"),  tag,          None),
            ("of an unknown total",      part,  Some(4),  Some("bytes 2-5/*"),   tag,          None),
            ("of a larger object",       part,  Some(4),  Some("bytes 2-5/11"),  tag,          Some(Kind::Changed)),
            ("another part",             part,  Some(4),  Some("bytes 0-3/10"),  tag,          Some(Kind::Other)),
            ("a shorter part",           part,  Some(3),  Some("bytes 2-4/10"),  tag,          Some(Kind::Other)),
            ("a length that lies",       part,  Some(5),  Some("bytes 2-5/10"),  tag,          Some(Kind::Other)),
            ("all, though not asked for", part, Some(10), None,                  tag,          Some(Kind::Other)),
            ("nonsense",                 part,  Some(4),  Some("lines 2-5"),     tag,          Some(Kind::Other)),
        ];
        for (title, asked, length, range, etag, expected) in cases {
            let said = Said {
                length,
                range,
                etag,
            };
            let got = said.fits(asked, 10, Some("\"a\"")).err();
            assert_eq!(got.map(|(kind, _)| kind), expected, "{title}");
        }
    }

    #[test]
    fn the_strongest_checksum_is_named() {
        let none = GetObjectOutput::builder().build();
        assert_eq!(checksum(&none), None);
        let answer = GetObjectOutput::builder();
        let answer = answer.checksum_crc32("AA==").checksum_crc64_nvme("BB==");
        assert_eq!(checksum(&answer.build()).as_deref(), Some("crc64nvme:BB=="));
    }
}
