//! gunzip (RFC 1952, 1951): bytes as stored go in, text comes out, a piece at a time, each member checked against its checksum.
//!
//! Of our own, where a library would do, for unzipping was half of reading a log: this takes three quarters of libdeflate's time and two fifths
//! of zlib-rs's, and holds 250 KB instead of an object (docs/benchmarks.md, "gunzip"). It is built for what a log is: pieces of lines shortly
//! before, hardly any nearer than it is long, and few literals. Properties hold it against zlib-rs, and should it get something wrong, the
//! checksum shows it.

mod bits;
mod block;
mod code;
mod text;
mod tokens;

#[cfg(test)]
mod properties;

use std::io::{self, Read};
use std::ops::Range;

use crate::ingest::gunzip::bits::Bits;
use crate::ingest::gunzip::block::{Codes, Run};
use crate::ingest::gunzip::code::Code;
use crate::ingest::gunzip::text::Text;

/// What every member begins with.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Unzips the members of a source, one after the other.
pub struct Gunzip<R> {
    bits: Bits<R>,
    text: Text,
    codes: Box<Codes>,
    stage: Stage,
    /// The block in work is the last of its member.
    last: bool,
    check: Check,
    /// Of the last piece, what [`Read`] has not given out; and what came behind it.
    unread: Range<usize>,
    failed: Option<io::Error>,
}

/// What comes next.
#[derive(Clone, Copy)]
enum Stage {
    /// A member; only if there is something.
    Member { first: bool },
    /// A block of one.
    Block,
    /// Symbols of a compressed block.
    Symbols,
    /// So many bytes that are stored as they are.
    Stored(usize),
    /// What a member's text should be.
    Trailer,
    /// Nothing.
    Nothing,
}

/// What the text of a member is, to be held against its trailer.
struct Check {
    crc: crc32fast::Hasher,
    bytes: u64,
    /// The bytes before it in the piece have been reckoned.
    at: usize,
}

impl Check {
    fn new(at: usize) -> Check {
        Check {
            crc: crc32fast::Hasher::new(),
            bytes: 0,
            at,
        }
    }

    /// Reckons what has been added to the text.
    fn reckon(&mut self, text: &Text) {
        let added = text.bytes.get(self.at..text.end).unwrap_or(&[]);
        self.crc.update(added);
        self.bytes += added.len() as u64;
        self.at = text.end;
    }
}

impl<R: Read> Gunzip<R> {
    /// Reads nothing yet.
    pub fn new(source: R) -> Gunzip<R> {
        Gunzip::by(Run::best(), source)
    }

    fn by(run: Run, source: R) -> Gunzip<R> {
        Gunzip {
            bits: Bits::new(source),
            text: Text::new(),
            codes: Codes::new(run),
            stage: Stage::Member { first: true },
            last: false,
            check: Check::new(Text::START),
            unread: 0..0,
            failed: None,
        }
    }

    pub(super) fn source(&self) -> &R {
        &self.bits.source
    }

    pub(super) fn source_mut(&mut self) -> &mut R {
        &mut self.bits.source
    }

    /// The text in memory: the last piece, before it what came before, as far as it is there, and behind it what means nothing.
    pub fn held(&self) -> &[u8] {
        self.text.bytes.get(self.text.first..).unwrap_or(&[])
    }

    /// Unzips on. Where the next piece stands in [`Gunzip::held`], which may be empty before [`Gunzip::is_at_end`] says so; and why there will
    /// be no other: damage (also where the checksum does not fit the text, which has then been given out), an early end, or whatever the
    /// source says.
    pub fn next_piece(&mut self) -> (Range<usize>, Option<io::Error>) {
        /// Blocks may be empty, and members too: so many are looked at before the caller may think of something else.
        const STEPS: usize = 1 << 12;
        self.text.slide();
        self.check.at = Text::START;
        let mut error = None;
        for _ in 0..STEPS {
            if Text::is_full(self.text.end) || self.is_at_end() {
                break;
            }
            if let Err(why) = self.step() {
                (self.stage, error) = (Stage::Nothing, Some(why));
            }
        }
        self.check.reckon(&self.text);
        let first = self.text.first;
        (Text::START - first..self.text.end - first, error)
    }

    /// Whether there will be no other piece.
    pub fn is_at_end(&self) -> bool {
        matches!(self.stage, Stage::Nothing)
    }

    fn step(&mut self) -> io::Result<()> {
        self.stage = match self.stage {
            Stage::Nothing => Stage::Nothing,
            Stage::Member { first: false } if self.bits.are_at_their_end() => Stage::Nothing,
            Stage::Member { .. } => {
                self.member()?;
                self.text.oldest = self.text.end;
                self.check = Check::new(self.text.end);
                Stage::Block
            }
            Stage::Block => self.block()?,
            Stage::Symbols => {
                if self.codes.read(&mut self.bits, &mut self.text)? {
                    self.block_ended()
                } else {
                    Stage::Symbols
                }
            }
            Stage::Stored(0) => self.block_ended(),
            Stage::Stored(left) => {
                let room = self.text.room();
                let len = room.len().min(left);
                let copied = self.bits.copy(&mut room[..len])?;
                self.text.end += copied;
                Stage::Stored(left - copied)
            }
            Stage::Trailer => {
                self.trailer()?;
                Stage::Member { first: false }
            }
        };
        Ok(())
    }

    fn block_ended(&self) -> Stage {
        if self.last {
            Stage::Trailer
        } else {
            Stage::Block
        }
    }

    /// Reads the header of a member (RFC 1952, 2.3).
    fn member(&mut self) -> io::Result<()> {
        const DEFLATE: u8 = 8;
        const HAS_HEADER_CRC: u8 = 1 << 1;
        const HAS_EXTRA: u8 = 1 << 2;
        const HAS_NAME: u8 = 1 << 3;
        const HAS_COMMENT: u8 = 1 << 4;
        const RESERVED: u8 = !0 << 5;
        /// Nobody's names and comments are as long.
        const HEADER_TEXT_BYTES_MAX: u32 = 1 << 20;
        let mut crc = crc32fast::Hasher::new();
        let mut byte = || {
            let byte = self.bits.take(8)?.to_le_bytes()[0];
            crc.update(&[byte]);
            io::Result::Ok(byte)
        };
        let mut fixed = [0; 10];
        for place in &mut fixed {
            *place = byte()?;
        }
        let flags = fixed[3];
        if fixed[..2] != MAGIC || fixed[2] != DEFLATE || flags & RESERVED != 0 {
            return Err(invalid("invalid gzip header"));
        }
        if flags & HAS_EXTRA != 0 {
            for _ in 0..u16::from_le_bytes([byte()?, byte()?]) {
                byte()?;
            }
        }
        for flag in [HAS_NAME, HAS_COMMENT] {
            let mut left = HEADER_TEXT_BYTES_MAX;
            while flags & flag != 0 && byte()? != 0 {
                left -= 1;
                if left == 0 {
                    return Err(invalid("a name or comment in the gzip header does not end"));
                }
            }
        }
        if flags & HAS_HEADER_CRC != 0 {
            let expected = self.bits.take(16)?;
            if u64::from(crc.finalize()) & 0xffff != expected {
                return Err(invalid("the gzip header does not match its checksum"));
            }
        }
        Ok(())
    }

    /// Holds the text of a member against its trailer.
    fn trailer(&mut self) -> io::Result<()> {
        self.bits.skip_to_byte();
        self.check.reckon(&self.text);
        let (crc, bytes) = (self.bits.take(32)?, self.bits.take(32)?);
        if u64::from(self.check.crc.clone().finalize()) != crc {
            return Err(invalid("the text does not match the gzip checksum"));
        }
        if self.check.bytes & u64::from(u32::MAX) != bytes {
            return Err(invalid("the text is not as long as the gzip trailer says"));
        }
        Ok(())
    }

    /// Reads the header of a block (RFC 1951, 3.2.3).
    fn block(&mut self) -> io::Result<Stage> {
        self.last = self.bits.take(1)? == 1;
        match self.bits.take(2)? {
            0 => {
                self.bits.skip_to_byte();
                let (len, not) = (self.bits.take(16)?, self.bits.take(16)?);
                if len != !not & 0xffff {
                    return Err(corrupt());
                }
                Ok(Stage::Stored(bits::low(len)))
            }
            1 => {
                self.codes.fix().ok_or_else(corrupt)?;
                Ok(Stage::Symbols)
            }
            2 => {
                let (lengths, symbols) = self.code_lengths()?;
                let (symbols, distances) = lengths.split_at(symbols);
                let built = self.codes.build(symbols, distances);
                built.ok_or_else(corrupt)?;
                Ok(Stage::Symbols)
            }
            _ => Err(corrupt()),
        }
    }

    /// The lengths of a block's codes, and how many of them are those of symbols; behind them are those of distances.
    fn code_lengths(&mut self) -> io::Result<(Vec<u8>, usize)> {
        /// The order in which the lengths of the lengths' own codes stand.
        const ORDER: [usize; 19] = [
            16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
        ];
        const SYMBOLS: usize = 286;
        const DISTANCES: usize = 30;
        let symbols = bits::low(self.bits.take(5)?) + 257;
        let distances = bits::low(self.bits.take(5)?) + 1;
        let own = bits::low(self.bits.take(4)?) + 4;
        if symbols > SYMBOLS || distances > DISTANCES {
            return Err(corrupt());
        }
        let mut own_lengths = [0; ORDER.len()];
        for place in ORDER.into_iter().take(own) {
            own_lengths[place] = self.bits.take(3)?.to_le_bytes()[0];
        }
        let mut code = Code::EMPTY;
        code.build(&own_lengths, false).ok_or_else(corrupt)?;
        // None of its codes is longer than seven bits.
        let mut by_bits = [(0, 0); 1 << 7];
        code.spread(&mut by_bits, (0, 0), |code| (code.symbol, code.bits));
        let read = |word| {
            let (symbol, bits) = by_bits[bits::low(word) % by_bits.len()];
            (bits > 0).then_some((usize::from(symbol), u32::from(bits)))
        };
        let count = symbols + distances;
        let mut lengths = Vec::with_capacity(count);
        while lengths.len() < count {
            let symbol = block::code(&mut self.bits, read)?;
            let (length, times) = match symbol {
                16 => {
                    let last = lengths.last().copied().ok_or_else(corrupt)?;
                    (last, 3 + self.bits.take(2)?)
                }
                17 => (0, 3 + self.bits.take(3)?),
                18 => (0, 11 + self.bits.take(7)?),
                _ => (symbol.to_le_bytes()[0], 1),
            };
            lengths.resize(lengths.len() + bits::low(times), length);
        }
        if lengths.len() > count {
            return Err(corrupt());
        }
        Ok((lengths, symbols))
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.unread.is_empty() && self.failed.is_none() && !self.is_at_end() {
            (self.unread, self.failed) = self.next_piece();
        }
        if self.unread.is_empty()
            && let Some(why) = self.failed.take()
        {
            return Err(why);
        }
        let mut piece = self.held().get(self.unread.clone()).unwrap_or(&[]);
        let len = piece.read(buffer)?;
        self.unread.start += len;
        Ok(len)
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn corrupt() -> io::Error {
    invalid("corrupt deflate stream")
}
