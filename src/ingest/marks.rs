//! Where values and lines end: text in, the places of its blanks and line ends out, found 64 bytes at a time.
//!
//! A byte up to 0x20 is a mark. A blank ends a value, any other mark a line; what is not exactly AWS's form (a byte beyond ASCII, two
//! marks in a row) is noted as odd. Whoever reads the marks takes lines without oddities, and leaves the rest to the slow way.

use crate::ingest::window::{self, Bytes, FIRST, TEXT_BYTES_MAX};
use crate::model::sixteen::Sixteen;

/// Bytes that are looked at together.
const CHUNK_BYTES: usize = 64;

/// The marks of a window.
pub(super) struct Marks {
    /// Where each mark stands, and behind them places that mean nothing.
    ends: Box<Ends>,
    /// How many marks there are.
    count: usize,
    /// Which of the marks are no blanks, and behind them what means nothing.
    line_ends: Box<[u16; MARKS]>,
    line_count: usize,
    /// Where something odd stands.
    odd: Vec<u16>,
}

/// Marks that a window may have, and what is written behind them: a power of two.
const MARKS: usize = 1 << 15;

/// The index of a mark, whatever the number.
#[inline(always)]
pub(super) fn at(index: usize) -> usize {
    index % MARKS
}

/// Places of marks, with one more than can be the index of one: each has one behind it. In 16 bits, for each column of a log
/// looks at one in 29 of them: what is between goes through the first-level cache too.
pub(super) type Ends = [u16; MARKS + 1];

/// What the places of a chunk's marks are written to; some of what stands behind them is written too.
const ROOM: usize = 72;

// Each byte may be a mark, and so is the one before the text.
const _: () = assert!(TEXT_BYTES_MAX + 1 + ROOM <= MARKS);
// Places, and what is reckoned of them in 16 bits, do not wrap.
const _: () = assert!(FIRST + TEXT_BYTES_MAX + CHUNK_BYTES < 1 << 16);

/// How far a look at a window has come. No count in it is beyond [`MARKS`].
struct At {
    /// Marks before the chunk.
    count: usize,
    /// Those that are no blanks.
    lines: usize,
    /// 1 if the byte before the chunk is a mark.
    after_mark: u64,
    /// Where it begins.
    base: u16,
}

impl Default for Marks {
    fn default() -> Marks {
        Marks {
            ends: Box::new([0; MARKS + 1]),
            count: 0,
            line_ends: Box::new([0; MARKS]),
            line_count: 0,
            odd: Vec::new(),
        }
    }
}

impl Marks {
    /// Where each mark stands, in order. The first is the one before the text.
    pub(super) fn ends(&self) -> &[u16] {
        self.ends.get(..self.count).unwrap_or(&[])
    }

    /// The same, and behind them places that mean nothing.
    pub(super) fn padded(&self) -> &Ends {
        &self.ends
    }

    /// The indices, among the marks, of those that are no blanks.
    pub(super) fn line_ends(&self) -> &[u16] {
        self.line_ends.get(..self.line_count).unwrap_or(&[])
    }

    /// Where odd bytes stand, in order.
    pub(super) fn odd(&self) -> &[u16] {
        &self.odd
    }

    /// Finds the marks of a window's text, which has so many bytes and stands behind a line end.
    #[inline(always)]
    pub(super) fn find(&mut self, bytes: &Bytes, len: usize) {
        #[cfg(target_arch = "x86_64")]
        #[expect(
            unsafe_code,
            reason = "the compiler may not assume what has been asked; see docs/benchmarks.md"
        )]
        // SAFETY: the processor is asked right before, and has what the function is compiled for. Both are safe code.
        unsafe {
            if packed::is_there() {
                return packed::find(self, bytes, len);
            }
            if by_halves::is_there() {
                return by_halves::find(self, bytes, len);
            }
        }
        self.find_by(bytes, len, Found::of, write);
    }

    /// The same, with the way to look at a chunk, and the way to write the places of its marks behind a base.
    #[inline(always)]
    fn find_by(
        &mut self,
        bytes: &Bytes,
        len: usize,
        look: impl Fn(&[u8; CHUNK_BYTES]) -> Found,
        write: impl Fn(&mut [u16; ROOM], u64, u16),
    ) {
        self.odd.clear();
        self.line_ends[0] = 0;
        self.ends[0] = place(FIRST - 1);
        let mut at = At {
            count: 1,
            lines: 1,
            after_mark: 1,
            base: place(FIRST),
        };
        let text = window::between(bytes, FIRST, FIRST + len).unwrap_or(&[]);
        let (chunks, rest) = text.as_chunks::<CHUNK_BYTES>();
        for chunk in chunks {
            self.chunk(chunk, &mut at, &look, &write);
        }
        let mut last = [b'a'; CHUNK_BYTES];
        last[..rest.len()].copy_from_slice(rest);
        self.chunk(&last, &mut at, &look, &write);
        (self.count, self.line_count) = (at.count, at.lines);
    }

    /// The marks of one chunk.
    #[inline(always)]
    fn chunk(
        &mut self,
        chunk: &[u8; CHUNK_BYTES],
        at: &mut At,
        look: &impl Fn(&[u8; CHUNK_BYTES]) -> Found,
        write: &impl Fn(&mut [u16; ROOM], u64, u16),
    ) {
        let Found {
            marks,
            mut breaks,
            high,
        } = look(chunk);
        // INVARIANT: there is room for all.
        if let Some(room) = self
            .ends
            .get_mut(at.count..)
            .and_then(|room| room.first_chunk_mut())
        {
            write(room, marks, at.base);
        }
        // A chunk has seldom more than one: the first is written whether it is there or not, for a branch on it would be guessed
        // wrong once a line.
        loop {
            let before = (breaks & breaks.wrapping_neg()).wrapping_sub(1);
            let index = at
                .count
                .wrapping_add((marks & before).count_ones() as usize);
            self.line_ends[self::at(at.lines)] = place(index);
            at.lines = at.lines.wrapping_add(usize::from(breaks != 0));
            breaks &= breaks.wrapping_sub(1);
            if breaks == 0 {
                break;
            }
        }
        let odd = high | marks & (marks << 1 | at.after_mark);
        if odd != 0 {
            self.note(odd, at.base);
        }
        at.after_mark = marks >> 63;
        at.count = at.count.wrapping_add(marks.count_ones() as usize);
        at.base = at.base.wrapping_add(place(CHUNK_BYTES));
    }

    #[cold]
    fn note(&mut self, mut odd: u64, base: u16) {
        while odd != 0 {
            self.odd.push(base + place(odd.trailing_zeros() as usize));
            odd &= odd - 1;
        }
    }
}

/// Twelve at a time: there are seldom more, and a branch that is always the same is free.
#[inline(always)]
fn write(room: &mut [u16; ROOM], mut marks: u64, base: u16) {
    for twelve in room.as_chunks_mut::<12>().0 {
        for at in twelve {
            *at = base.wrapping_add(place(marks.trailing_zeros() as usize));
            marks &= marks.wrapping_sub(1);
        }
        if marks == 0 {
            break;
        }
    }
}

/// For processors that pack the places of all marks of a chunk at once: Intel's since 2019, AMD's since 2022.
#[cfg(target_arch = "x86_64")]
mod packed {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm512_add_epi16, _mm512_cmple_epu8_mask, _mm512_cmplt_epu8_mask,
        _mm512_cvtepu8_epi16, _mm512_maskz_compress_epi8, _mm512_movepi8_mask, _mm512_set1_epi8,
        _mm512_set1_epi16,
    };

    use super::{CHUNK_BYTES, Found, Marks, ROOM};
    use crate::ingest::window::Bytes;

    /// Whether the processor is one.
    pub(super) fn is_there() -> bool {
        is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("popcnt")
    }

    /// [`Marks::find`].
    #[target_feature(enable = "avx512bw,avx512f,avx512vbmi2,popcnt")]
    pub(super) fn find(marks: &mut Marks, bytes: &Bytes, len: usize) {
        marks.find_by(
            bytes,
            len,
            |chunk| look(chunk),
            |room, marks, base| write(room, marks, base),
        );
    }

    #[target_feature(enable = "avx512bw,avx512f,avx512vbmi2,popcnt")]
    fn look(chunk: &[u8; CHUNK_BYTES]) -> Found {
        let bytes: __m512i = bytemuck::cast(*chunk);
        let blank = _mm512_set1_epi8(0x20);
        Found {
            marks: _mm512_cmple_epu8_mask(bytes, blank),
            breaks: _mm512_cmplt_epu8_mask(bytes, blank),
            high: _mm512_movepi8_mask(bytes),
        }
    }

    #[target_feature(enable = "avx512bw,avx512f,avx512vbmi2,popcnt")]
    fn write(room: &mut [u16; ROOM], marks: u64, base: u16) {
        const PLACES: [u8; CHUNK_BYTES] = {
            let mut places = [0; CHUNK_BYTES];
            let mut place = 0;
            while place < CHUNK_BYTES {
                #[expect(clippy::cast_possible_truncation, reason = "below 64")]
                let byte = place as u8;
                places[place] = byte;
                place += 1;
            }
            places
        };
        let places = _mm512_maskz_compress_epi8(marks, bytemuck::cast(PLACES));
        let halves: [__m256i; 2] = bytemuck::cast(places);
        let base = _mm512_set1_epi16(base.cast_signed());
        for (room, half) in room.as_chunks_mut::<32>().0.iter_mut().zip(halves) {
            *room = bytemuck::cast(_mm512_add_epi16(_mm512_cvtepu8_epi16(half), base));
            // More than half of the bytes would be marks.
            if marks.count_ones() <= 32 {
                break;
            }
        }
    }
}

/// For other processors since 2013: 32 bytes at a time, and the places of eight.
#[cfg(target_arch = "x86_64")]
mod by_halves {
    use std::arch::x86_64::{
        __m256i, _mm_add_epi16, _mm_cvtepu8_epi16, _mm_cvtsi64_si128, _mm_set1_epi16,
        _mm256_cmpeq_epi8, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_set1_epi8,
    };

    use super::{CHUNK_BYTES, Found, Marks, ROOM};
    use crate::ingest::window::Bytes;

    /// Whether the processor is one.
    pub(super) fn is_there() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("popcnt")
    }

    /// [`Marks::find`].
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    pub(super) fn find(marks: &mut Marks, bytes: &Bytes, len: usize) {
        marks.find_by(
            bytes,
            len,
            |chunk| look(chunk),
            |room, marks, base| write(room, marks, base),
        );
    }

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn look(chunk: &[u8; CHUNK_BYTES]) -> Found {
        let halves: [__m256i; 2] = bytemuck::cast(*chunk);
        let bits = |of: [__m256i; 2]| {
            let [low, high] = of.map(|half| u64::from(_mm256_movemask_epi8(half).cast_unsigned()));
            low | high << 32
        };
        let at_most = |byte: i8| {
            let byte = _mm256_set1_epi8(byte);
            bits(halves.map(|half| _mm256_cmpeq_epi8(_mm256_min_epu8(half, byte), half)))
        };
        Found {
            marks: at_most(0x20),
            breaks: at_most(0x1f),
            high: bits(halves),
        }
    }

    /// By bits of a byte: where they are, in order; what stands behind them means nothing.
    const PLACES: [[u8; 8]; 256] = {
        let mut places = [[0; 8]; 256];
        let mut byte = 0;
        while byte < 256 {
            let (mut bit, mut count) = (0, 0);
            while bit < 8 {
                if byte >> bit & 1 == 1 {
                    places[byte][count] = bit;
                    count += 1;
                }
                bit += 1;
            }
            byte += 1;
        }
        places
    };

    /// Eight places a byte of the marks, whichever of them count: no loop whose end would have to be guessed.
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn write(room: &mut [u16; ROOM], marks: u64, base: u16) {
        let mut base = _mm_set1_epi16(base.cast_signed());
        let mut count = 0;
        for byte in marks.to_le_bytes() {
            let places = _mm_cvtsi64_si128(i64::from_le_bytes(PLACES[usize::from(byte)]));
            let places = _mm_add_epi16(_mm_cvtepu8_epi16(places), base);
            // INVARIANT: at most 56 have been counted.
            if let Some(room) = room[count % 64..].first_chunk_mut::<8>() {
                *room = bytemuck::cast(places);
            }
            count += byte.count_ones() as usize;
            base = _mm_add_epi16(base, _mm_set1_epi16(8));
        }
    }
}

/// A place in a window, or the index of one.
#[inline(always)]
fn place(at: usize) -> u16 {
    // INVARIANT: a window has fewer than `1 << 16`.
    let [low, high, ..] = at.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// A bit a byte of a chunk.
struct Found {
    /// Up to 0x20.
    marks: u64,
    /// Below 0x20.
    breaks: u64,
    /// From 0x80.
    high: u64,
}

impl Found {
    #[inline(always)]
    fn of(chunk: &[u8; CHUNK_BYTES]) -> Found {
        let mut found = Found {
            marks: 0,
            breaks: 0,
            high: 0,
        };
        for (index, part) in chunk.as_chunks::<16>().0.iter().enumerate() {
            let bytes = Sixteen::new(*part);
            let bits = |bits: u32| u64::from(bits) << (16 * index);
            found.marks |= bits(bytes.at_most(b' '));
            found.breaks |= bits(bytes.at_most(b' ' - 1));
            found.high |= bits(bytes.beyond_ascii());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::window::Window;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]
        #[test]
        fn marks_are_what_a_look_at_each_byte_finds(
            text in prop::collection::vec(prop_oneof![3 => b'0'..=b'9', 2 => Just(b' '), 1 => Just(b'\n'), 1 => any::<u8>()], 0..400),
        ) {
            let mut window = Window::default();
            let bytes = window.on(&text, 0, text.len());
            let mut marks = Marks::default();
            marks.find(bytes, text.len());
            // Some processors have another way.
            let same = |others: &Marks| {
                (marks.ends(), marks.line_ends(), marks.odd()) == (others.ends(), others.line_ends(), others.odd())
            };
            let mut one_by_one = Marks::default();
            one_by_one.find_by(bytes, text.len(), Found::of, write);
            prop_assert!(same(&one_by_one));
            #[cfg(target_arch = "x86_64")]
            if by_halves::is_there() {
                let mut halved = Marks::default();
                #[expect(unsafe_code, reason = "see `find`")]
                // SAFETY: see `find`.
                unsafe {
                    by_halves::find(&mut halved, bytes, text.len());
                }
                prop_assert!(same(&halved));
            }
            let at = |is: &dyn Fn(usize) -> bool| -> Vec<u16> {
                (0..text.len()).filter(|at| is(*at)).map(|at| place(at + FIRST)).collect()
            };
            let mark = |at: usize| text[at] <= b' ';
            prop_assert_eq!(marks.ends()[0], place(FIRST - 1));
            prop_assert_eq!(&marks.ends()[1..], at(&mark));
            prop_assert_eq!(marks.odd(), at(&|at| text[at] >= 0x80 || mark(at) && (at == 0 || mark(at - 1))));
            let breaks: Vec<u16> = marks.line_ends().iter().map(|index| marks.ends()[usize::from(*index)]).collect();
            prop_assert_eq!(&breaks[1..], at(&|at| text[at] < b' '));
        }
    }
}
