//! Where values and lines end: text in, the places of its blanks and line ends out, found 64 bytes at a time.
//!
//! A byte up to 0x20 is a mark. A blank ends a value, any other mark a line; what is not exactly AWS's form (a byte beyond ASCII, two
//! marks in a row) is noted as odd. Whoever reads the marks takes lines without oddities, and leaves the rest to the slow way.

use crate::model::sixteen::Sixteen;

/// Bytes that are looked at together.
const CHUNK_BYTES: usize = 64;

/// The marks of a text.
#[derive(Default)]
pub(super) struct Marks {
    /// Where each mark stands, and behind them places that mean nothing.
    ends: Vec<u32>,
    /// How many marks there are.
    count: usize,
    /// Which of the marks are no blanks.
    line_ends: Vec<u32>,
    /// Where something odd stands.
    odd: Vec<u32>,
}

impl Marks {
    /// Where each mark stands, in order.
    pub(super) fn ends(&self) -> &[u32] {
        self.ends.get(..self.count).unwrap_or(&[])
    }

    /// The indices, among the marks, of those that are no blanks.
    pub(super) fn line_ends(&self) -> &[u32] {
        &self.line_ends
    }

    /// Where odd bytes stand, in order.
    pub(super) fn odd(&self) -> &[u32] {
        &self.odd
    }

    /// Finds the marks of `text[from..to]`, which is shorter than 4 GiB; places count from the text's start.
    #[inline(always)]
    pub(super) fn find(&mut self, text: &[u8], from: usize, to: usize) {
        self.count = 0;
        self.line_ends.clear();
        self.odd.clear();
        // Whatever comes before the first byte, a mark there is the start of an empty value.
        let mut after_mark = 1;
        let bytes = text.get(from..to).unwrap_or(&[]);
        let (chunks, rest) = bytes.as_chunks::<CHUNK_BYTES>();
        let mut base = from;
        for chunk in chunks {
            self.chunk(chunk, base, &mut after_mark);
            base += CHUNK_BYTES;
        }
        if !rest.is_empty() {
            let mut chunk = [b'a'; CHUNK_BYTES];
            chunk[..rest.len()].copy_from_slice(rest);
            self.chunk(&chunk, base, &mut after_mark);
        }
    }

    #[inline(always)]
    fn chunk(&mut self, chunk: &[u8; CHUNK_BYTES], base: usize, after_mark: &mut u64) {
        let found = Found::of(chunk);
        let odd = found.high | found.marks & (found.marks << 1 | *after_mark);
        *after_mark = found.marks >> 63;
        // INVARIANT: texts are shorter than 4 GiB.
        let base = u32::try_from(base).unwrap_or(u32::MAX);
        if found.breaks | odd != 0 {
            self.lines(&found, odd, base);
        }
        self.push(found.marks, base);
    }

    /// Writes the marks of a chunk: eight at a time, however many there are, for a loop without surprises is a fast one.
    #[inline(always)]
    fn push(&mut self, mut marks: u64, base: u32) {
        let more = marks.count_ones() as usize;
        if self.ends.len() < self.count + CHUNK_BYTES {
            self.ends.resize((self.count + CHUNK_BYTES) * 2, 0);
        }
        let room = self.ends.get_mut(self.count..);
        let Some(room) = room.and_then(|room| room.first_chunk_mut::<CHUNK_BYTES>()) else {
            return;
        };
        for eight in room
            .as_chunks_mut::<8>()
            .0
            .iter_mut()
            .take(more.div_ceil(8))
        {
            for place in eight {
                *place = base + marks.trailing_zeros();
                marks &= marks.wrapping_sub(1);
            }
        }
        self.count += more;
    }

    #[inline(always)]
    fn lines(&mut self, found: &Found, mut odd: u64, base: u32) {
        let mut breaks = found.breaks;
        while breaks != 0 {
            let before = (1 << breaks.trailing_zeros()) - 1;
            let index = self.count + (found.marks & before).count_ones() as usize;
            // INVARIANT: no more marks than bytes, and those fit.
            self.line_ends
                .push(u32::try_from(index).unwrap_or(u32::MAX));
            breaks &= breaks - 1;
        }
        while odd != 0 {
            self.odd.push(base + odd.trailing_zeros());
            odd &= odd - 1;
        }
    }
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
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]
        #[test]
        fn marks_are_what_a_look_at_each_byte_finds(
            text in prop::collection::vec(prop_oneof![3 => b'0'..=b'9', 2 => Just(b' '), 1 => any::<u8>()], 0..400),
            from in any::<prop::sample::Index>(),
        ) {
            let from = from.index(text.len() + 1);
            let mut marks = Marks::default();
            marks.find(&text, from, text.len());
            let at = |is: &dyn Fn(usize) -> bool| -> Vec<u32> {
                (from..text.len()).filter(|at| is(*at)).map(|at| u32::try_from(at).unwrap()).collect()
            };
            let mark = |at: usize| text[at] <= b' ';
            prop_assert_eq!(marks.ends(), at(&mark));
            prop_assert_eq!(marks.odd(), at(&|at| text[at] >= 0x80 || mark(at) && (at == from || mark(at - 1))));
            let breaks: Vec<u32> = marks.line_ends().iter().map(|index| marks.ends()[*index as usize]).collect();
            prop_assert_eq!(breaks, at(&|at| text[at] < b' '));
        }
    }
}
