//! A dictionary of text in the making, keys in order of first appearance.
//!
//! Arrow's own builder hashes every value with a strong hash. Here a text of up to 32 bytes, as nearly all ids are, is told by its length and
//! four words of it, so that it is compared without a loop, and found by a cheap hash of the last.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{DictionaryArray, Int32Array, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use super::column::Nulls;

/// What a text is told by: its length, and its last bytes.
///
/// Two texts of at most [`Mark::WHOLE_BYTES`] bytes are equal if and only if their marks are; longer ones are equal only if.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The last 32 bytes, little-endian; of a shorter text all of it, behind zeros.
    words: [u64; 4],
    /// The last of the words: read beside them, for it is wanted first.
    tail: u64,
    /// Bytes.
    len: usize,
}

/// Zeros, and behind them all bits: 32 bytes from place `n` keep the last `n` of 32.
const KEEP: [u8; 2 * Mark::WHOLE_BYTES] = {
    let mut bytes = [0; 2 * Mark::WHOLE_BYTES];
    let mut at = Mark::WHOLE_BYTES;
    while at < bytes.len() {
        bytes[at] = 0xff;
        at += 1;
    }
    bytes
};

impl Mark {
    /// The longest text that its mark holds whole.
    pub const WHOLE_BYTES: usize = 32;

    /// The mark of `-`, which stands for a missing value.
    pub const DASH: Mark = Mark {
        words: [0, 0, 0, (b'-' as u64) << 56],
        tail: (b'-' as u64) << 56,
        len: 1,
    };

    /// The mark of a text of `len` bytes that ends where these do.
    #[inline(always)]
    pub fn ending(bytes: &[u8; Mark::WHOLE_BYTES], len: usize) -> Mark {
        let at = len.min(Mark::WHOLE_BYTES);
        let keep = KEEP[at..].first_chunk().unwrap_or(&[0; 32]);
        let last = |bytes: &[u8; 32]| {
            bytes
                .last_chunk()
                .map_or(0, |word| u64::from_le_bytes(*word))
        };
        let tail = last(bytes) & last(keep);
        let mut kept = words(bytes);
        for (word, keep) in kept.iter_mut().zip(words(keep)) {
            *word &= keep;
        }
        Mark {
            words: kept,
            tail,
            len,
        }
    }

    /// The mark of a text.
    pub fn of(text: &[u8]) -> Mark {
        let mut bytes = [0; Mark::WHOLE_BYTES];
        let kept = &text[text.len().saturating_sub(Mark::WHOLE_BYTES)..];
        bytes[Mark::WHOLE_BYTES - kept.len()..].copy_from_slice(kept);
        let words = words(&bytes);
        Mark {
            words,
            tail: words[3],
            len: text.len(),
        }
    }

    /// Whether it holds the whole text.
    #[inline(always)]
    pub fn is_whole(&self) -> bool {
        self.len <= Mark::WHOLE_BYTES
    }

    /// Whether length and last bytes are the same, without a branch: those of whole texts are only if the texts are.
    #[inline(always)]
    pub fn same(&self, other: &Mark) -> bool {
        same(&self.words, &other.words) & (self.len == other.len)
    }

    /// Ids differ in their last characters, so these make the hash: so many bits of it.
    #[inline(always)]
    fn slot(&self, bits: u32) -> usize {
        let mix = self.tail.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mix.wrapping_shr(64u32.wrapping_sub(bits))).unwrap_or(0)
    }
}

#[inline(always)]
fn same(words: &[u64; 4], others: &[u64; 4]) -> bool {
    let pairs = words.iter().zip(others);
    pairs.fold(0, |bits, (a, b)| bits | (a ^ b)) == 0
}

#[inline(always)]
fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// Texts of one column, at most 64, and their marks.
pub trait Marked {
    /// How many.
    fn count(&self) -> usize;

    /// Calls `each` with the index and the mark of every one.
    fn each(&self, each: impl FnMut(usize, Mark));

    /// The text at an index, and its mark.
    fn text(&self, index: usize) -> Option<(Mark, &str)>;
}

/// A text that has come before.
#[derive(Clone, Copy)]
struct Known {
    words: [u64; 4],
    len: usize,
    /// Its key; [`MISSING`] of `-`.
    key: i32,
}

impl Known {
    /// No text is so long.
    const NONE: Known = Known {
        words: [1; 4],
        len: usize::MAX,
        key: 0,
    };

    fn new(mark: &Mark, key: i32) -> Known {
        Known {
            words: mark.words,
            len: mark.len,
            key,
        }
    }

    fn mark(&self) -> Mark {
        Mark {
            words: self.words,
            tail: self.words[3],
            len: self.len,
        }
    }

    fn is_nothing(&self) -> bool {
        self.len == usize::MAX
    }

    /// Whether it is what the mark is of, as far as the mark says.
    #[inline(always)]
    fn is(&self, mark: &Mark) -> bool {
        // The length too: a text that begins with NUL, as only the slow way takes, has the words of the text behind it.
        same(&self.words, &mark.words) & (self.len == mark.len)
    }
}

/// Key of a missing value, until it is a null.
const MISSING: i32 = -1;

/// Texts that their marks hold whole, by the cheap hash: open addressing with a few linear steps.
struct Whole {
    slots: Vec<Known>,
    /// The slots are a power of two: this one.
    bits: u32,
    /// How many are taken.
    len: usize,
}

/// Of a table without texts.
const WHOLE_BITS: u32 = 8;

/// A text further from where it should stand is not in the table: ids that end alike would make it a list.
const STEPS_MAX: usize = 16;

impl Whole {
    fn new() -> Whole {
        Whole {
            slots: vec![Known::NONE; 1 << WHOLE_BITS],
            bits: WHOLE_BITS,
            len: 0,
        }
    }

    /// What stands where a text should.
    #[inline(always)]
    fn first(&self, mark: &Mark) -> &Known {
        self.slots.get(mark.slot(self.bits)).unwrap_or(&Known::NONE)
    }

    /// The place of a text, or else where there is room for it.
    fn place(&self, mark: &Mark) -> Option<usize> {
        let first = mark.slot(self.bits);
        let mut places = (first..first + STEPS_MAX).map(|at| at % self.slots.len());
        places.find(|at| self.slots[*at].is(mark) || self.slots[*at].is_nothing())
    }

    fn get(&self, mark: &Mark) -> Option<i32> {
        let known = self.slots[self.place(mark)?];
        (!known.is_nothing()).then_some(known.key)
    }

    /// Adds a text that it does not have; whether there was room.
    fn insert(&mut self, known: Known) -> bool {
        let Some(place) = self.place(&known.mark()) else {
            return false;
        };
        self.slots[place] = known;
        self.len += 1;
        true
    }

    /// Whether one more would be too many: nearly all are to stand where they should, though a large table is not as sparse.
    fn is_full(&self) -> bool {
        let share = if self.bits <= 12 { 4 } else { 2 };
        (self.len + 1) * share > self.slots.len()
    }

    /// Twice the table; what finds no room in it is given back.
    fn grow(&mut self) -> Vec<Known> {
        let before = std::mem::take(&mut self.slots);
        (self.bits, self.len) = (self.bits + 1, 0);
        self.slots = vec![Known::NONE; 1 << self.bits];
        let taken = before.into_iter().filter(|known| !known.is_nothing());
        taken.filter(|known| !self.insert(*known)).collect()
    }

    /// Forgets all. There will be as many again.
    fn clear(&mut self) {
        self.slots.fill(Known::NONE);
        self.len = 0;
    }
}

const RECENT_BITS: u32 = 9;

/// Builds a text column.
pub struct TextBuilder {
    keys: Vec<i32>,
    nulls: Nulls,
    /// All distinct texts, one behind the other, and where each ends.
    texts: String,
    ends: Vec<i32>,
    whole: Whole,
    /// Longer texts, those that found no room, and which of them came last, by the cheap hash.
    others: HashMap<Box<str>, i32>,
    recent: Box<[Known; 1 << RECENT_BITS]>,
}

impl TextBuilder {
    pub(super) fn new() -> TextBuilder {
        TextBuilder {
            keys: Vec::new(),
            nulls: Nulls::default(),
            texts: String::new(),
            ends: Vec::new(),
            whole: Whole::new(),
            others: HashMap::new(),
            recent: Box::new([Known::NONE; 1 << RECENT_BITS]),
        }
    }

    fn text(&self, key: i32) -> Option<&str> {
        let key = usize::try_from(key).ok()?;
        let end = usize::try_from(*self.ends.get(key)?).ok()?;
        let start = match key.checked_sub(1) {
            Some(before) => usize::try_from(*self.ends.get(before)?).ok()?,
            None => 0,
        };
        self.texts.get(start..end)
    }

    pub(super) fn push(&mut self, text: &str) -> Result<(), ArrowError> {
        let key = self.key(Mark::of(text.as_bytes()), text)?;
        self.keys.push(key.max(0));
        self.nulls.push(1, u64::from(key == MISSING));
        Ok(())
    }

    pub(super) fn push_null(&mut self) {
        self.keys.push(0);
        self.nulls.push(1, 1);
    }

    /// Adds texts by their marks, at most 64; `-` is a missing one.
    ///
    /// # Errors
    /// A dictionary that overflows, or a mark without its text; the batch is then unusable.
    #[inline(always)]
    pub fn push_marked(&mut self, texts: &impl Marked) -> Result<(), ArrowError> {
        let mut keys = [0; 64];
        let (mut nulls, mut others) = (0u64, 0u64);
        texts.each(|index, mark| {
            let known = self.whole.first(&mark);
            let other = !(mark.is_whole() & known.is(&mark));
            keys[index % 64] = known.key;
            others |= u64::from(other) << index;
            nulls |= u64::from(known.key.cast_unsigned() >> 31) << index;
        });
        nulls &= !others;
        // In order, so that keys are in order of first appearance.
        while others != 0 {
            let index = others.trailing_zeros() as usize;
            let Some((mark, text)) = texts.text(index) else {
                return Err(ArrowError::InvalidArgumentError(
                    "a mark whose text is not there".into(),
                ));
            };
            let key = self.key(mark, text)?;
            nulls |= u64::from(key == MISSING) << index;
            keys[index] = key;
            others &= others - 1;
        }
        let count = texts.count().min(64);
        let keys = &mut keys[..count];
        if nulls != 0 {
            for key in keys.iter_mut() {
                *key = (*key).max(0);
            }
        }
        self.keys.extend_from_slice(keys);
        self.nulls.push(count, nulls);
        Ok(())
    }

    /// The key of a text, old or new; [`MISSING`] of `-`.
    #[inline(never)]
    fn key(&mut self, mark: Mark, text: &str) -> Result<i32, ArrowError> {
        let is_whole = mark.is_whole();
        if let Some(key) = self.whole.get(&mark).filter(|_| is_whole) {
            return Ok(key);
        }
        let slot = mark.slot(RECENT_BITS);
        let recent = self.recent[slot];
        if recent.is(&mark) && self.text(recent.key) == Some(text) {
            return Ok(recent.key);
        }
        let old = self.others.get(text).copied();
        let key = match old {
            Some(key) => key,
            None if mark == Mark::DASH => MISSING,
            None => self.add(text)?,
        };
        let known = Known::new(&mark, key);
        if old.is_none() && is_whole {
            if self.whole.is_full() {
                for known in self.whole.grow() {
                    self.keep_otherwise(known);
                }
            }
            if self.whole.insert(known) {
                return Ok(key);
            }
        }
        if old.is_none() {
            self.keep_otherwise(known);
        }
        self.recent[slot] = known;
        Ok(key)
    }

    /// Keeps a text that the table of whole ones has no room for.
    fn keep_otherwise(&mut self, known: Known) {
        if let Some(text) = self.text(known.key).map(Box::from) {
            self.others.insert(text, known.key);
        }
    }

    fn add(&mut self, text: &str) -> Result<i32, ArrowError> {
        let key = i32::try_from(self.ends.len());
        let end = i32::try_from(self.texts.len() + text.len());
        let (Ok(key @ 0..=0x7fff_fffe), Ok(end)) = (key, end) else {
            return Err(ArrowError::DictionaryKeyOverflowError);
        };
        self.texts.push_str(text);
        self.ends.push(end);
        Ok(key)
    }

    pub(super) fn finish(&mut self) -> Result<DictionaryArray<Int32Type>, ArrowError> {
        let next = Vec::with_capacity(self.keys.len());
        let keys = std::mem::replace(&mut self.keys, next);
        let keys = Int32Array::try_new(keys.into(), self.nulls.finish())?;
        let ends = std::mem::take(&mut self.ends);
        let offsets: Vec<i32> = std::iter::once(0).chain(ends).collect();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let texts = std::mem::take(&mut self.texts).into_bytes();
        let values = StringArray::try_new(offsets, Buffer::from_vec(texts), None)?;
        self.whole.clear();
        if !self.others.is_empty() {
            self.others.clear();
            self.recent.fill(Known::NONE);
        }
        DictionaryArray::try_new(keys, Arc::new(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_short_texts_are_equal_only_if_the_texts_are() {
        let texts: Vec<Vec<u8>> = (0..=Mark::WHOLE_BYTES)
            .flat_map(|len| {
                let plain = vec![b'a'; len];
                let changed = (0..len).map({
                    let plain = plain.clone();
                    move |at| {
                        let mut text = plain.clone();
                        text[at] = b'b';
                        text
                    }
                });
                std::iter::once(plain).chain(changed).collect::<Vec<_>>()
            })
            .collect();
        for (at, one) in texts.iter().enumerate() {
            for (other_at, other) in texts.iter().enumerate() {
                assert_eq!(Mark::of(one) == Mark::of(other), at == other_at);
            }
        }
        assert_eq!(Mark::of(b"-"), Mark::DASH);
    }

    struct Many(Vec<String>);

    impl Marked for Many {
        fn count(&self) -> usize {
            self.0.len()
        }

        fn each(&self, mut each: impl FnMut(usize, Mark)) {
            for (index, text) in self.0.iter().enumerate() {
                each(index, Mark::of(text.as_bytes()));
            }
        }

        fn text(&self, index: usize) -> Option<(Mark, &str)> {
            let text = self.0.get(index)?;
            Some((Mark::of(text.as_bytes()), text))
        }
    }

    #[test]
    fn longer_texts_are_told_apart_where_their_marks_are_not() {
        let end = "0123456789abcdef0123456789abcdef";
        let long = ["a", "b"].map(|start| format!("{start}{end}"));
        assert_eq!(Mark::of(long[0].as_bytes()), Mark::of(long[1].as_bytes()));
        // The last is as long as a mark, and what the mark of the others is but for the length.
        let all = [&long[0], &long[1], "-", &long[0], end, "-", end, &long[1]];
        let all = Many(all.map(str::to_owned).to_vec());
        let mut builder = TextBuilder::new();
        builder.push_marked(&all).unwrap();
        builder.push_marked(&all).unwrap();
        let array = builder.finish().unwrap();
        let key = |row: usize| array.key(row);
        let once = [
            Some(0),
            Some(1),
            None,
            Some(0),
            Some(2),
            None,
            Some(2),
            Some(1),
        ];
        assert_eq!((0..16).map(key).collect::<Vec<_>>(), [once, once].concat());
    }

    /// Alike in the bytes that are hashed: few find room in the table, and each has its key all the same, in every batch.
    #[test]
    fn texts_that_end_alike_have_a_key_each() {
        let mut texts: Vec<String> = (0..3000).map(|n| format!("e{n:08x}-aaaaaaaa")).collect();
        texts.extend((0..3000).map(|n| format!("eni-{n:017x}")));
        texts.push("-".to_owned());
        let mut builder = TextBuilder::new();
        for _ in 0..2 {
            for _ in 0..2 {
                for some in texts.chunks(64) {
                    builder.push_marked(&Many(some.to_vec())).unwrap();
                }
            }
            let array = builder.finish().unwrap();
            assert_eq!(array.len(), 2 * texts.len());
            for row in 0..array.len() {
                let place = row % texts.len();
                let expected = (place + 1 < texts.len()).then_some(place);
                assert_eq!(array.key(row), expected, "{}", texts[place]);
            }
        }
    }

    /// The slow way takes a text that begins with NUL, whose mark differs from that of the text behind it in the length alone.
    #[test]
    fn a_text_that_begins_with_nul_is_not_the_text_behind_it() {
        let mut builder = TextBuilder::new();
        for text in ["\0-", "\0S3", "\0\0S3"] {
            builder.push(text).unwrap();
        }
        let all = Many(["-", "S3", "\0S3"].map(str::to_owned).to_vec());
        builder.push_marked(&all).unwrap();
        let array = builder.finish().unwrap();
        let keys: Vec<Option<usize>> = (0..6).map(|row| array.key(row)).collect();
        assert_eq!(keys, [Some(0), Some(1), Some(2), None, Some(3), Some(1)]);
    }

    #[test]
    fn a_mark_ends_where_its_text_ends() {
        let bytes: [u8; 32] = std::array::from_fn(|at| b'a' + u8::try_from(at).unwrap());
        for len in 1..=40 {
            let mark = Mark::ending(&bytes, len);
            let text = &bytes[32 - len.min(32)..];
            assert_eq!(
                (mark.words, mark.tail),
                (Mark::of(text).words, Mark::of(text).tail),
                "{len}"
            );
            assert_eq!((mark.len, mark.is_whole()), (len, len <= 32));
        }
    }
}
