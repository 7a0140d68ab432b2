//! A compressed block: bits go in, text comes out.
//!
//! The fast way takes a token after the other while eight bytes are ahead, and has one branch that is not always the same: whether a
//! token has its distance. Whatever it is not made for it leaves to the slow way, which reads one symbol and checks all.

use std::io::{self, Read};

use crate::ingest::gunzip::bits::{Bits, low};
use crate::ingest::gunzip::code::{Code, SYMBOLS_MAX};
use crate::ingest::gunzip::text::{Text, put_literals, put_match};
use crate::ingest::gunzip::tokens::{
    DISTANCE_NUMBERS, END, LENGTH_FIRST, LENGTH_NUMBERS, Number, Tokens,
};

/// The longest match.
const LENGTH_MAX: usize = 258;

/// Bits that a word has at least, once it is filled.
const FILLED: u32 = 56;

/// The codes of a block.
pub(super) struct Codes {
    symbols: Code,
    distances: Code,
    tokens: Tokens,
    /// The symbols that are read before the tables are made; `None` once they are: a block of a few symbols is not worth them.
    few: Option<u32>,
    /// They are the fixed ones.
    are_fixed: bool,
    run: Run,
}

/// Symbols of a block that are read without tables.
const FEW: u32 = 8;

/// How the fast way is compiled.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// For every processor.
    Anywhere,
    /// For this one.
    #[cfg(target_arch = "x86_64")]
    BitInstructions(bit_instructions::AreThere),
}

impl Run {
    /// The best for this processor.
    pub(super) fn best() -> Run {
        #[cfg(target_arch = "x86_64")]
        if let Some(proof) = bit_instructions::AreThere::ask() {
            return Run::BitInstructions(proof);
        }
        Run::Anywhere
    }
}

/// Why the fast way ends.
enum Stop {
    /// The piece has its bytes.
    Full,
    /// The next symbol is none that it reads, or fewer than eight bytes are ahead.
    Slow,
    /// A match that it does not copy: it repeats itself, or begins before there is anything. Or none, so near the beginning.
    Match { distance: usize, length: usize },
    /// A match so long, whose distance it does not read.
    Length(usize),
}

impl Stop {
    /// What a match is that may not be copied.
    #[cold]
    fn of(distance: usize, length: usize) -> Stop {
        if length > LENGTH_MAX {
            Stop::Slow
        } else if distance == 0 {
            Stop::Length(length)
        } else {
            Stop::Match { distance, length }
        }
    }
}

/// Where the fast way is.
#[derive(Clone, Copy)]
struct Place {
    word: u64,
    count: u32,
    end: usize,
}

impl Place {
    /// Fills the word from the bytes that come next; how many have been taken.
    #[inline(always)]
    fn fill(&mut self, next: [u8; 8]) -> usize {
        self.word |= u64::from_le_bytes(next).wrapping_shl(self.count);
        let taken = (63 - self.count % 64) / 8;
        self.count |= FILLED;
        taken as usize
    }

    /// Uses the bits of a token; those behind the first `before`.
    #[inline(always)]
    fn skip(&mut self, bits: u8, before: u8) -> usize {
        let bits = u32::from(bits);
        let rest = self.word.wrapping_shr(bits);
        let own = self.word ^ rest.wrapping_shl(bits);
        self.word = rest;
        self.count = self.count.wrapping_sub(bits);
        low(own.wrapping_shr(u32::from(before)))
    }
}

impl Codes {
    pub(super) fn new(run: Run) -> Box<Codes> {
        Box::new(Codes {
            symbols: Code::EMPTY,
            distances: Code::EMPTY,
            tokens: Tokens::default(),
            few: None,
            are_fixed: false,
            run,
        })
    }

    /// Takes the codes that the standard fixes (RFC 1951, 3.2.6), unless they are in place.
    pub(super) fn fix(&mut self) -> Option<()> {
        if !self.are_fixed {
            let mut lengths = [8; SYMBOLS_MAX];
            lengths[144..256].fill(9);
            lengths[256..280].fill(7);
            self.build(&lengths, &[5; 32])?;
            self.are_fixed = true;
        }
        Some(())
    }

    /// Takes the codes that have these lengths; `None` if there are no such codes, or none that ends the block.
    pub(super) fn build(&mut self, symbols: &[u8], distances: &[u8]) -> Option<()> {
        self.are_fixed = false;
        self.symbols.build(symbols, true)?;
        self.distances.build(distances, true)?;
        self.few = Some(FEW);
        symbols.get(END).filter(|length| **length > 0).map(drop)
    }

    /// Adds to the text until the piece has its bytes or the block ends; whether it ends.
    ///
    /// # Errors
    /// Damage, the end of the source, or whatever it says. The text then has what came before.
    pub(super) fn read<R: Read>(
        &mut self,
        bits: &mut Bits<R>,
        text: &mut Text,
    ) -> io::Result<bool> {
        while let Some(left) = self.few {
            if Text::is_full(text.end) {
                return Ok(false);
            }
            if self.symbol(bits, text)? {
                return Ok(true);
            }
            self.few = left.checked_sub(1);
            if self.few.is_none() {
                self.tokens.fill(&self.symbols, &self.distances);
            }
        }
        loop {
            match self.tokens.read(self.run, bits, text) {
                Stop::Full => return Ok(false),
                Stop::Match { distance, length } => {
                    text.push_match(distance, length)
                        .ok_or_else(super::corrupt)?;
                }
                Stop::Length(length) => self.distance(bits, text, length)?,
                Stop::Slow => {
                    if self.symbol(bits, text)? {
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// Reads one symbol, and the distance if it stands for a length; whether it ends the block.
    #[inline(never)]
    fn symbol<R: Read>(&self, bits: &mut Bits<R>, text: &mut Text) -> io::Result<bool> {
        let symbol = code(bits, |word| self.symbols.read(word))?;
        if let Ok(byte) = u8::try_from(symbol) {
            text.push(byte);
            return Ok(false);
        }
        if symbol == END {
            return Ok(true);
        }
        let length = number(bits, LENGTH_NUMBERS.get(symbol - LENGTH_FIRST))?;
        self.distance(bits, text, length)?;
        Ok(false)
    }

    /// Reads the distance of a match, and adds it.
    fn distance<R: Read>(
        &self,
        bits: &mut Bits<R>,
        text: &mut Text,
        length: usize,
    ) -> io::Result<()> {
        let symbol = code(bits, |word| self.distances.read(word))?;
        let distance = number(bits, DISTANCE_NUMBERS.get(symbol))?;
        text.push_match(distance, length).ok_or_else(super::corrupt)
    }
}

/// The symbol whose code comes next.
pub(super) fn code<R: Read>(
    bits: &mut Bits<R>,
    read: impl Fn(u64) -> Option<(usize, u32)>,
) -> io::Result<usize> {
    const CODE_BITS: u32 = 15;
    let whole = bits.top_up(CODE_BITS);
    match read(bits.word) {
        Some((symbol, len)) if len <= bits.count => {
            bits.skip(len);
            Ok(symbol)
        }
        // Where bits are missing, zeros were read for them.
        Some(_) | None if !whole => Err(bits.end()),
        Some(_) | None => Err(super::corrupt()),
    }
}

fn number<R: Read>(bits: &mut Bits<R>, number: Option<&Number>) -> io::Result<usize> {
    let number = number.ok_or_else(super::corrupt)?;
    Ok(usize::from(number.base) + low(bits.take(u32::from(number.bits))?))
}

impl Tokens {
    /// The fast way.
    fn read<R: Read>(&self, run: Run, bits: &mut Bits<R>, text: &mut Text) -> Stop {
        if Text::is_full(text.end) {
            return Stop::Full;
        }
        if !bits.look_ahead(8) {
            return Stop::Slow;
        }
        let mut place = Place {
            word: bits.word,
            count: bits.count,
            end: text.end,
        };
        let ahead = bits.ahead();
        let (taken, stop) = match run {
            Run::Anywhere => self.run(&mut place, ahead, text),
            #[cfg(target_arch = "x86_64")]
            Run::BitInstructions(proof) => proof.run(self, &mut place, ahead, text),
        };
        bits.pass(taken);
        (bits.word, bits.count, text.end) = (place.word, place.count, place.end);
        stop
    }

    /// Takes token after token; how many bytes have been taken into the word, and why it ends.
    #[inline(always)]
    fn run(&self, place: &mut Place, ahead: &[u8], text: &mut Text) -> (usize, Stop) {
        let mut now = *place;
        let mut rest = ahead;
        let (bytes, oldest) = (&mut *text.bytes, text.oldest);
        if let Some(next) = rest.first_chunk() {
            rest = &rest[now.fill(*next) % 8..];
        }
        let stop = loop {
            if Text::is_full(now.end) {
                break Stop::Full;
            }
            let Some(next) = rest.first_chunk() else {
                break Stop::Slow;
            };
            // Of the last word there are still enough bits, so that what is looked up does not wait for the next.
            let token = self.token(low(now.word));
            rest = &rest[now.fill(*next) % 8..];
            // INVARIANT: there is room. If the token is none after all, others come to stand there.
            if put_literals(bytes, now.end, token.literals).is_none() {
                break Stop::Slow;
            }
            let extra = now.skip(token.bits, token.before);
            let mut length = usize::from(token.length);
            let mut distance = usize::from(token.distance).wrapping_add(extra);
            if token.distance == 0 {
                let token = self.distance(low(now.word));
                length = length.wrapping_add(extra);
                let extra = now.skip(token.bits, token.before);
                distance = usize::from(token.distance).wrapping_add(extra);
            }
            now.end = now.end.wrapping_add(token.literal_count());
            let from = now.end.wrapping_sub(distance);
            if distance < length || from < oldest {
                break Stop::of(distance, length);
            }
            // INVARIANT: a match that begins in the text has room.
            if put_match(bytes, from, now.end, length).is_none() {
                break Stop::Match { distance, length };
            }
            now.end = now.end.wrapping_add(length);
        };
        *place = now;
        (ahead.len() - rest.len(), stop)
    }
}

/// Bits are shifted and cut off in one instruction each, and text is copied by 32 bytes, on processors since 2013.
#[cfg(target_arch = "x86_64")]
mod bit_instructions {
    use super::{Place, Stop, Text, Tokens};

    /// The processor has been asked.
    #[derive(Clone, Copy)]
    pub(in crate::ingest::gunzip) struct AreThere(());

    impl AreThere {
        pub(super) fn ask() -> Option<AreThere> {
            let are_there = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2");
            are_there.then_some(AreThere(()))
        }

        /// [`Tokens::run`].
        pub(super) fn run(
            self,
            tokens: &Tokens,
            place: &mut Place,
            ahead: &[u8],
            text: &mut Text,
        ) -> (usize, Stop) {
            #[expect(
                unsafe_code,
                reason = "the compiler may not assume what has been asked; see docs/benchmarks.md"
            )]
            // SAFETY: the processor has what the function is compiled for, or there would be no `self`. It is the same safe code.
            unsafe {
                run(tokens, place, ahead, text)
            }
        }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn run(tokens: &Tokens, place: &mut Place, ahead: &[u8], text: &mut Text) -> (usize, Stop) {
        tokens.run(place, ahead, text)
    }
}
