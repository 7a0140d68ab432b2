//! The bytes of one input in pieces: a stream goes in, a decoder is fed, or a file is filled.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ingest::decoder::Decoder;
use crate::ingest::failure::Failure;
use crate::ingest::opener::FileRanges;
use crate::ingest::records::Records;
use crate::ingest::stream::{Stream, fill_part};

/// Bytes a piece: large enough that cuts cost nothing, small enough for the second-level cache.
const PIECE_BYTES: usize = 256 << 10;

/// The piece in work, and what went wrong behind it.
pub(super) struct Piece {
    /// What was read of a plain stream; one that is unzipped has it in memory itself.
    buffer: Vec<u8>,
    /// Where the piece is in what either holds.
    range: Range<usize>,
    error: Option<io::Error>,
    /// It is empty, and there is none behind it.
    is_end: bool,
}

impl Piece {
    /// The first piece of a stream that has bytes, or its end.
    pub(super) fn first(stream: &mut Stream, stop: &AtomicBool) -> Piece {
        let mut piece = Piece {
            buffer: Vec::new(),
            range: 0..0,
            error: None,
            is_end: false,
        };
        loop {
            piece.next(stream);
            let is_something = piece.is_end || piece.error.is_some() || !piece.range.is_empty();
            if is_something || stop.load(Ordering::Relaxed) {
                return piece;
            }
        }
    }

    /// Its bytes.
    pub(super) fn bytes<'a>(&'a self, stream: &'a Stream) -> &'a [u8] {
        self.held(stream).get(self.range.clone()).unwrap_or(&[])
    }

    /// The text that its bytes are in; before them stands what came before them.
    fn held<'a>(&'a self, stream: &'a Stream) -> &'a [u8] {
        match stream {
            Stream::Plain(_) => &self.buffer,
            Stream::Gzip(gunzip) => gunzip.held(),
        }
    }

    fn next(&mut self, stream: &mut Stream) {
        (self.range, self.error) = match stream {
            Stream::Plain(plain) => {
                self.buffer.resize(PIECE_BYTES, 0);
                let (len, error) = fill_part(plain, &mut self.buffer);
                (0..len, error)
            }
            Stream::Gzip(gunzip) => gunzip.next_piece(),
        };
        self.is_end = self.range.is_empty()
            && match stream {
                Stream::Plain(_) => true,
                Stream::Gzip(gunzip) => gunzip.is_at_end(),
            };
    }

    /// Copies what comes only once into a file, to have it in any order.
    ///
    /// # Errors
    /// More bytes than the limit, a stop, or whatever stream and disk say.
    pub(super) fn spool(
        mut self,
        stream: &mut Stream,
        limit: u64,
        stop: &AtomicBool,
    ) -> Result<FileRanges, Failure> {
        let mut file = tempfile::tempfile()?;
        let mut bytes = 0;
        while !self.is_end {
            bytes += self.range.len() as u64;
            if bytes > limit {
                return Err(Failure::TooLarge(limit));
            }
            if stop.load(Ordering::Relaxed) {
                return Err(Failure::Stopped);
            }
            file.write_all(self.bytes(stream))?;
            if let Some(why) = self.error.take() {
                return Err(why.into());
            }
            self.next(stream);
        }
        match self.error {
            Some(why) => Err(why.into()),
            None => Ok(FileRanges::new(file)?),
        }
    }
}

/// A decoder that is fed piece by piece.
pub(super) struct Pieces {
    decoder: Box<dyn Decoder>,
    piece: Piece,
    /// Bytes before the piece, unzipped.
    bytes: u64,
}

impl Pieces {
    pub(super) fn new(decoder: Box<dyn Decoder>, piece: Piece) -> Pieces {
        Pieces {
            decoder,
            piece,
            bytes: 0,
        }
    }

    /// What the decoder has read so far.
    pub(super) fn encoding(&self) -> &'static str {
        self.decoder.encoding()
    }

    /// Feeds the piece, and fetches the next; whether there may be more.
    ///
    /// # Errors
    /// More bytes than the limit, bytes that the decoder cannot read, or whatever the stream says.
    pub(super) fn step(
        &mut self,
        stream: &mut Stream,
        limit: u64,
        records: &mut Records,
    ) -> Result<bool, Failure> {
        let room = usize::try_from(limit.saturating_sub(self.bytes)).unwrap_or(usize::MAX);
        let (text, from) = (self.piece.held(stream), self.piece.range.start);
        let len = self.piece.range.len();
        let fits = len.min(room);
        self.decoder.push(text, from..from + fits, records)?;
        self.bytes += fits as u64;
        if fits < len {
            return Err(Failure::TooLarge(limit));
        }
        if let Some(why) = self.piece.error.take() {
            return Err(why.into());
        }
        if self.piece.is_end {
            self.decoder.finish(records)?;
            return Ok(false);
        }
        self.piece.next(stream);
        Ok(true)
    }

    /// The input ends as it should not.
    pub(super) fn cut(&mut self, records: &mut Records) {
        self.decoder.cut(records);
    }
}
