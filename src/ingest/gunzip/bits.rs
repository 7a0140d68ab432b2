//! What is stored, bit by bit: bytes of a source go in, bits come out, the lowest of each byte first.
//!
//! Bytes are read ahead into a buffer. A fast reader takes eight of them at a time from [`Bits::ahead`]; the others take no byte more than
//! they need, so that an early end is seen where it is.

use std::io::{self, Read};

use crate::ingest::stream::fill_part;

/// Bytes that are read ahead.
const AHEAD_BYTES: usize = 64 << 10;

/// Bits of a source.
pub(super) struct Bits<R> {
    pub(super) source: R,
    /// The next bits, the next one lowest. Above `count` there are zeros, or bits that the bytes ahead have too.
    pub(super) word: u64,
    /// How many of them count.
    pub(super) count: u32,
    buffer: Box<[u8]>,
    /// The bytes ahead, in `buffer`.
    start: usize,
    end: usize,
    /// Why the source has no more.
    ended: Option<io::Result<()>>,
}

/// The lowest bits of a word.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "where `usize` is smaller, the bits that are wanted are as low"
)]
pub(super) const fn low(word: u64) -> usize {
    word as usize
}

impl<R: Read> Bits<R> {
    pub(super) fn new(source: R) -> Bits<R> {
        Bits {
            source,
            word: 0,
            count: 0,
            buffer: vec![0; AHEAD_BYTES].into(),
            start: 0,
            end: 0,
            ended: None,
        }
    }

    /// Bytes behind those in the word, as far as they have been read.
    pub(super) fn ahead(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or(&[])
    }

    /// So many bytes ahead have been taken into the word.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.start = self.end.min(self.start + bytes);
    }

    /// Reads on, unless so many bytes are ahead; whether they are now. They are not where the source ends.
    pub(super) fn look_ahead(&mut self, bytes: usize) -> bool {
        let held = self.end - self.start;
        if held >= bytes {
            return true;
        }
        if self.ended.is_none() {
            self.buffer.copy_within(self.start..self.end, 0);
            let (read, error) = fill_part(&mut self.source, &mut self.buffer[held..]);
            (self.start, self.end) = (0, held + read);
            if self.end < self.buffer.len() {
                self.ended = Some(error.map_or(Ok(()), Err));
            }
        }
        self.end - self.start >= bytes
    }

    /// Takes bytes into the word until it has so many bits, at most 56; whether it has them.
    pub(super) fn top_up(&mut self, bits: u32) -> bool {
        while self.count < bits {
            if !self.look_ahead(1) {
                return false;
            }
            self.word |= u64::from(self.buffer[self.start]) << self.count;
            self.start += 1;
            self.count += 8;
        }
        true
    }

    /// So many bits of the word have been used; there are as many.
    pub(super) fn skip(&mut self, bits: u32) {
        self.word >>= bits;
        self.count -= bits;
    }

    /// The next bits as a number, at most 32 of them.
    ///
    /// # Errors
    /// The end, or whatever the source says.
    pub(super) fn take(&mut self, bits: u32) -> io::Result<u64> {
        if !self.top_up(bits) {
            return Err(self.end());
        }
        let number = self.word & ((1 << bits) - 1);
        self.skip(bits);
        Ok(number)
    }

    /// Passes over what is left of a byte of which some bits were used.
    pub(super) fn skip_to_byte(&mut self) {
        self.skip(self.count % 8);
    }

    /// Copies whole bytes, as many as fit and are there; how many.
    ///
    /// # Errors
    /// The end before the first, or whatever the source says.
    pub(super) fn copy(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut copied = 0;
        for byte in out.iter_mut() {
            if self.count < 8 {
                break;
            }
            *byte = self.word.to_le_bytes()[0];
            self.skip(8);
            copied += 1;
        }
        let rest = &mut out[copied..];
        if rest.is_empty() {
            return Ok(copied);
        }
        // What is above the bits that count would no longer be what the bytes ahead have.
        (self.word, self.count) = (0, 0);
        if !self.look_ahead(1) {
            return if copied > 0 {
                Ok(copied)
            } else {
                Err(self.end())
            };
        }
        let len = rest.len().min(self.end - self.start);
        rest[..len].copy_from_slice(&self.buffer[self.start..self.start + len]);
        self.start += len;
        Ok(copied + len)
    }

    /// Whether nothing is left, and that is no error of the source.
    pub(super) fn are_at_their_end(&mut self) -> bool {
        !self.top_up(8) && self.count < 8 && matches!(self.ended, Some(Ok(())))
    }

    /// Why there is no more.
    pub(super) fn end(&mut self) -> io::Error {
        match self.ended.replace(Ok(())) {
            Some(Err(why)) => why,
            Some(Ok(())) | None => io::ErrorKind::UnexpectedEof.into(),
        }
    }
}
