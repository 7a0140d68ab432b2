//! What has been unzipped: the last 32 KiB, to which matches reach back, and behind them the piece that is made.

use crate::ingest::window;

/// How far back a match may begin.
const REACH: usize = 32 << 10;

/// Bytes of a piece: together with what is made of it, it stays in the second-level cache.
const PIECE: usize = 128 << 10;

/// Bytes that are copied at a time, whatever the length of a match: nearly all are shorter.
const CHUNK: usize = 96;

/// Bytes that may be written behind the piece: two literals, the longest match, and what is copied too much.
const BEHIND: usize = 2 + 258 + CHUNK;

/// And never written: it is looked at through windows that are larger than the last part of a piece.
const WINDOW: usize = window::BYTES;

const BYTES: usize = REACH + PIECE + BEHIND + WINDOW;

/// Text that has been made.
pub(super) struct Text {
    pub(super) bytes: Box<[u8; BYTES]>,
    /// Behind what has been made.
    pub(super) end: usize,
    /// Where the oldest byte is that a match may have: the member begins there, or the reach does.
    pub(super) oldest: usize,
    /// The same, whichever member it is of.
    pub(super) first: usize,
}

impl Text {
    /// The place where a piece begins.
    pub(super) const START: usize = REACH;

    pub(super) fn new() -> Text {
        Text {
            bytes: Box::new([0; BYTES]),
            end: Text::START,
            oldest: Text::START,
            first: Text::START,
        }
    }

    /// Whether the piece has its bytes. Until then there is room for one more token.
    #[inline(always)]
    pub(super) fn is_full(end: usize) -> bool {
        end >= REACH + PIECE
    }

    /// Makes room for the next piece.
    pub(super) fn slide(&mut self) {
        let made = self.end - Text::START;
        self.bytes.copy_within(made..self.end, 0);
        self.oldest = self.oldest.saturating_sub(made);
        self.first = self.first.saturating_sub(made);
        self.end = Text::START;
    }

    /// The room that is left in the piece.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.end..(REACH + PIECE).max(self.end)]
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.bytes[self.end] = byte;
        self.end += 1;
    }

    /// Adds a match; `None` if it begins before there is anything.
    pub(super) fn push_match(&mut self, distance: usize, length: usize) -> Option<()> {
        let from = self.end.checked_sub(distance)?;
        if from < self.oldest && length > 0 {
            return None;
        }
        // What it begins with may be repeated: each copy has twice as much to copy from.
        let mut copied = 0;
        while copied < length {
            let len = (distance + copied).min(length - copied);
            self.bytes.copy_within(from..from + len, self.end + copied);
            copied += len;
        }
        self.end += length;
        Some(())
    }
}

/// Writes two literals at `end`; both are there whether they count or not.
#[inline(always)]
pub(super) fn put_literals(bytes: &mut [u8; BYTES], end: usize, literals: [u8; 2]) -> Option<()> {
    *bytes.get_mut(end..)?.first_chunk_mut()? = literals;
    Some(())
}

/// Copies `length` bytes from `from` to `end`, which is not nearer than they are long; and some bytes behind them.
#[inline(always)]
pub(super) fn put_match(
    bytes: &mut [u8; BYTES],
    from: usize,
    end: usize,
    length: usize,
) -> Option<()> {
    put_chunk(bytes, from, end)?;
    let mut copied = CHUNK;
    while copied < length {
        put_chunk(bytes, from.wrapping_add(copied), end.wrapping_add(copied))?;
        copied += CHUNK;
    }
    Some(())
}

#[inline(always)]
fn put_chunk(bytes: &mut [u8; BYTES], from: usize, end: usize) -> Option<()> {
    let chunk: [u8; CHUNK] = *bytes.get(from..)?.first_chunk()?;
    *bytes.get_mut(end..)?.first_chunk_mut()? = chunk;
    Some(())
}
