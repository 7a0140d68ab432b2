//! Parts of an object, for Parquet: the end comes in one request, for the footer is there; the columns of a row group come in as
//! few as their places allow, several at once.
//!
//! Every part is asked for under the ETag that was listed, so all are of one object; that, the version and S3's own checksum stand
//! for its bytes, and no digest is made.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use tokio::task::{JoinHandle, JoinSet};

use crate::aws::{Aws, Fault};
use crate::ingest::s3::transfer::{Target, Transfer};
use crate::ingest::source::Ranges;

/// Bytes of the end that are read at once. Footers of flow logs are a few KiB a row group; all of a small object is in it.
const TAIL_BYTES: u64 = 64 << 10;

/// Ranges with fewer bytes between them are one request: those bytes take less time than another round trip.
const GAP_BYTES: u64 = 64 << 10;

/// Ranges are joined up to this: several connections bring more than one.
const JOINED_BYTES: u64 = 8 << 20;

/// Requests at once for one object.
const AT_ONCE: usize = 8;

/// The end of an object, on its way. Dropped early, it ends the transfer.
pub(super) struct Tail {
    from: u64,
    task: JoinHandle<Result<Vec<u8>, Box<Fault>>>,
}

impl Tail {
    /// Begins the transfer.
    pub(super) fn new(aws: &Aws, target: Arc<Target>) -> Tail {
        let size = target.listed.size;
        let from = size.saturating_sub(TAIL_BYTES);
        let transfer = Transfer::new(target, from..size);
        let task = aws.runtime().spawn(transfer.collect());
        Tail { from, task }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An object in any order.
pub(super) struct S3Ranges {
    aws: Aws,
    target: Arc<Target>,
    tail_from: u64,
    tail: Vec<u8>,
}

impl S3Ranges {
    /// Waits for the end of the object.
    ///
    /// # Errors
    /// Whatever S3 says.
    pub(super) fn new(aws: Aws, target: Arc<Target>, mut tail: Tail) -> io::Result<S3Ranges> {
        let bytes = aws.block_on(&mut tail.task).map_err(io::Error::other)??;
        Ok(S3Ranges {
            aws,
            target,
            tail_from: tail.from,
            tail: bytes,
        })
    }

    /// The range out of the tail, if it is there.
    fn kept(&self, range: &Range<u64>) -> Option<Vec<u8>> {
        slice(&self.tail, self.tail_from, range)
    }

    /// Several at once, in the order of `parts`.
    async fn fetched(&self, parts: &[Range<u64>]) -> Result<Vec<Vec<u8>>, Box<Fault>> {
        let mut got: Vec<Vec<u8>> = vec![Vec::new(); parts.len()];
        let (mut left, mut running) = (parts.iter().enumerate(), JoinSet::new());
        loop {
            while running.len() < AT_ONCE
                && let Some((index, part)) = left.next()
            {
                let transfer = Transfer::new(Arc::clone(&self.target), part.clone());
                running.spawn(async move { transfer.collect().await.map(|bytes| (index, bytes)) });
            }
            let Some(done) = running.join_next().await else {
                return Ok(got);
            };
            let done =
                done.map_err(|why| Box::new(Fault::local(&format!("a transfer ended: {why}"))));
            let (index, bytes) = done??;
            got[index] = bytes;
        }
    }
}

impl Ranges for S3Ranges {
    fn size(&self) -> u64 {
        self.target.listed.size
    }

    fn read(&mut self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut all = self.read_all(std::slice::from_ref(&range))?;
        all.pop().ok_or(io::ErrorKind::UnexpectedEof.into())
    }

    fn read_all(&mut self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>> {
        // Ranges may come from a footer that lies.
        let size = self.size();
        if ranges
            .iter()
            .any(|range| range.start > range.end || range.end > size)
        {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let missing = ranges.iter().filter(|range| range.start < self.tail_from);
        let parts = joined(missing.cloned().collect());
        let fetched = self.aws.block_on(self.fetched(&parts))?;
        let find = |range: &Range<u64>| {
            let of_parts = || {
                let mut all = parts.iter().zip(&fetched);
                all.find_map(|(part, bytes)| slice(bytes, part.start, range))
            };
            self.kept(range).or_else(of_parts)
        };
        let found: Option<Vec<Vec<u8>>> = ranges.iter().map(find).collect();
        found.ok_or(io::ErrorKind::UnexpectedEof.into())
    }

    fn is_stamped(&self) -> bool {
        true
    }
}

/// The range out of bytes that begin at `from`, if they have all of it.
fn slice(bytes: &[u8], from: u64, range: &Range<u64>) -> Option<Vec<u8>> {
    let start = usize::try_from(range.start.checked_sub(from)?).ok()?;
    let end = usize::try_from(range.end.checked_sub(from)?).ok()?;
    bytes.get(start..end).map(<[u8]>::to_vec)
}

/// The requests that cover all ranges.
fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut parts: Vec<Range<u64>> = Vec::new();
    for range in ranges.into_iter().filter(|range| !range.is_empty()) {
        match parts.last_mut() {
            Some(last)
                if range.end <= last.end
                    || (range.start <= last.end.saturating_add(GAP_BYTES)
                        && range.end - last.start <= JOINED_BYTES) =>
            {
                last.end = last.end.max(range.end);
            }
            Some(_) | None => parts.push(range),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_are_one_request() {
        let (gap, most) = (GAP_BYTES, JOINED_BYTES);
        #[rustfmt::skip]
        let cases = [
            // title,              ranges,                                    expected
            ("none",               vec![],                                    vec![]),
            ("empty ones",         vec![5..5],                                vec![]),
            ("side by side",       vec![10..20, 0..10],                       vec![0..20]),
            ("one in another",     vec![0..100, 10..20],                      vec![0..100]),
            ("a small gap",        vec![0..10, 10 + gap..20 + gap],           vec![0..20 + gap]),
            ("a larger gap",       vec![0..10, 11 + gap..20 + gap],           vec![0..10, 11 + gap..20 + gap]),
            ("too much together",  vec![0..most, most..most + 1],             vec![0..most, most..most + 1]),
        ];
        for (title, ranges, expected) in cases {
            assert_eq!(joined(ranges), expected, "{title}");
        }
    }

    #[test]
    fn a_slice_is_all_of_the_range_or_none() {
        let bytes = b"0123456789";
        assert_eq!(slice(bytes, 100, &(102..105)).as_deref(), Some(&b"234"[..]));
        assert_eq!(slice(bytes, 100, &(110..110)).as_deref(), Some(&b""[..]));
        for range in [99..105, 108..111, 0..0] {
            assert_eq!(slice(bytes, 100, &range), None, "{range:?}");
        }
    }
}
