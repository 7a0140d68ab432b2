//! Where values and lines end: text in, the places of its blanks and line ends out, found 64 bytes at a time.
//!
//! A byte up to 0x20 is a mark. A blank ends a value, any other mark a line; what is not exactly AWS's form (a byte beyond ASCII, two
//! marks in a row) is noted as odd. Whoever reads the marks takes lines without oddities, and leaves the rest to the slow way.

use crate::ingest::window::{BEFORE, Bytes, PLACES, TEXT_BYTES_MAX};
use crate::model::sixteen::Sixteen;

/// Bytes that are looked at together.
const CHUNK_BYTES: usize = 64;

/// The marks of a window.
pub(super) struct Marks {
    /// Where each mark stands, and behind them places that mean nothing.
    ends: Box<[u32; PLACES]>,
    /// How many marks there are.
    count: usize,
    /// Which of the marks are no blanks.
    line_ends: Vec<u32>,
    /// Where something odd stands.
    odd: Vec<u32>,
}

// Each byte may be a mark, so is the one before the text, and whole chunks are written.
const _: () = assert!(TEXT_BYTES_MAX + 1 + 72 <= PLACES);

impl Default for Marks {
    fn default() -> Marks {
        Marks {
            ends: Box::new([0; PLACES]),
            count: 0,
            line_ends: Vec::new(),
            odd: Vec::new(),
        }
    }
}

impl Marks {
    /// Where each mark stands, in order. The first is the one before the text.
    pub(super) fn ends(&self) -> &[u32] {
        self.ends.get(..self.count).unwrap_or(&[])
    }

    /// The same, and behind them places that mean nothing.
    pub(super) fn padded(&self) -> &[u32; PLACES] {
        &self.ends
    }

    /// The indices, among the marks, of those that are no blanks.
    pub(super) fn line_ends(&self) -> &[u32] {
        &self.line_ends
    }

    /// Where odd bytes stand, in order.
    pub(super) fn odd(&self) -> &[u32] {
        &self.odd
    }

    /// Finds the marks of a window's text, which has so many bytes and stands behind a line end.
    #[inline(always)]
    pub(super) fn find(&mut self, bytes: &Bytes, len: usize) {
        self.line_ends.clear();
        self.odd.clear();
        self.line_ends.push(0);
        self.ends[0] = place(BEFORE - 1);
        self.count = 1;
        let mut after_mark = 1;
        let text = bytes
            .get(BEFORE..)
            .and_then(|text| text.get(..len))
            .unwrap_or(&[]);
        let (chunks, rest) = text.as_chunks::<CHUNK_BYTES>();
        let mut base = place(BEFORE);
        for chunk in chunks {
            self.chunk(chunk, base, &mut after_mark);
            base += place(CHUNK_BYTES);
        }
        if !rest.is_empty() {
            let mut chunk = [b'a'; CHUNK_BYTES];
            chunk[..rest.len()].copy_from_slice(rest);
            self.chunk(&chunk, base, &mut after_mark);
        }
    }

    #[inline(always)]
    fn chunk(&mut self, chunk: &[u8; CHUNK_BYTES], base: u32, after_mark: &mut u64) {
        let found = Found::of(chunk);
        let doubled = found.marks & (found.marks << 1 | *after_mark);
        *after_mark = found.marks >> 63;
        if found.special | (doubled != 0) {
            self.lines(chunk, &found, doubled, base);
        }
        self.push(found.marks, base);
    }

    /// Writes the marks of a chunk, twelve at a time: there are seldom more, and a branch that is always the same is free.
    #[inline(always)]
    fn push(&mut self, mut marks: u64, base: u32) {
        let more = marks.count_ones() as usize;
        // INVARIANT: there is room for all.
        let room = self.ends.get_mut(self.count..);
        let Some(room) = room.and_then(|room| room.first_chunk_mut::<72>()) else {
            return;
        };
        for twelve in room.as_chunks_mut::<12>().0 {
            for place in twelve {
                *place = base.wrapping_add(marks.trailing_zeros());
                marks &= marks.wrapping_sub(1);
            }
            if marks == 0 {
                break;
            }
        }
        self.count += more;
    }

    #[inline(always)]
    fn lines(&mut self, chunk: &[u8; CHUNK_BYTES], found: &Found, doubled: u64, base: u32) {
        let (breaks, high) = Found::special(chunk);
        let (mut breaks, mut odd) = (breaks, high | doubled);
        while breaks != 0 {
            let before = (1 << breaks.trailing_zeros()) - 1;
            let index = self.count + (found.marks & before).count_ones() as usize;
            self.line_ends.push(place(index));
            breaks &= breaks - 1;
        }
        while odd != 0 {
            self.odd.push(base + odd.trailing_zeros());
            odd &= odd - 1;
        }
    }
}

/// A place in a window, or the index of one.
#[inline(always)]
fn place(at: usize) -> u32 {
    // INVARIANT: a window has fewer.
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A bit a byte of a chunk.
struct Found {
    /// Up to 0x20.
    marks: u64,
    /// A byte is below 0x20, or from 0x80: [`Found::special`] says which.
    special: bool,
}

impl Found {
    #[inline(always)]
    fn of(chunk: &[u8; CHUNK_BYTES]) -> Found {
        let parts = chunk.as_chunks::<16>().0.iter();
        let marks = parts.clone().enumerate().fold(0, |marks, (index, part)| {
            marks | u64::from(Sixteen::new(*part).at_most(b' ')) << (16 * index)
        });
        let parts = parts.map(|part| Sixteen::new(*part));
        let any = Sixteen::new([0; 16]);
        let least = parts.clone().fold(Sixteen::new([b'a'; 16]), Sixteen::least);
        Found {
            marks,
            special: least.at_most(b' ' - 1) | parts.fold(any, Sixteen::union).beyond_ascii() != 0,
        }
    }

    /// Which bytes are below 0x20, and which from 0x80.
    #[inline(always)]
    fn special(chunk: &[u8; CHUNK_BYTES]) -> (u64, u64) {
        let (mut breaks, mut high) = (0, 0);
        for (index, part) in chunk.as_chunks::<16>().0.iter().enumerate() {
            let bytes = Sixteen::new(*part);
            breaks |= u64::from(bytes.at_most(b' ' - 1)) << (16 * index);
            high |= u64::from(bytes.beyond_ascii()) << (16 * index);
        }
        (breaks, high)
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
            text in prop::collection::vec(prop_oneof![3 => b'0'..=b'9', 2 => Just(b' '), 1 => any::<u8>()], 0..400),
        ) {
            let mut window = Window::default();
            let mut marks = Marks::default();
            marks.find(window.on(&text, 0, text.len()), text.len());
            let at = |is: &dyn Fn(usize) -> bool| -> Vec<u32> {
                (0..text.len()).filter(|at| is(*at)).map(|at| place(at + BEFORE)).collect()
            };
            let mark = |at: usize| text[at] <= b' ';
            prop_assert_eq!(marks.ends()[0], place(BEFORE - 1));
            prop_assert_eq!(&marks.ends()[1..], at(&mark));
            prop_assert_eq!(marks.odd(), at(&|at| text[at] >= 0x80 || mark(at) && (at == 0 || mark(at - 1))));
            let breaks: Vec<u32> = marks.line_ends().iter().map(|index| marks.ends()[*index as usize]).collect();
            prop_assert_eq!(&breaks[1..], at(&|at| text[at] < b' '));
        }
    }
}
