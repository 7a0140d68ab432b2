//! A dictionary of text in the making, keys in order of first appearance.
//!
//! Arrow's own builder hashes every value with a strong hash; here a small table by a cheap one answers for nearly all of them, for
//! few texts stand in many records. A text of up to 24 bytes, as nearly all ids are, is told by its length and three words of it, so
//! that it is compared without a loop.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{DictionaryArray, Int32Array, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use super::column::Nulls;

/// What a text is told by: its length, and its bytes in three words that may overlap.
///
/// Two texts of at most [`Mark::WHOLE_BYTES`] bytes are equal if and only if their marks are; longer ones are equal only if.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The last eight bytes, little-endian; of a shorter text all of it, behind zeros.
    pub tail: u64,
    /// The eight before them, if there are as many.
    pub middle: u64,
    /// The first eight, if there are as many.
    pub head: u64,
    /// Bytes.
    pub len: usize,
}

impl Mark {
    /// The longest text that its mark holds whole.
    pub const WHOLE_BYTES: usize = 24;

    /// The mark of `-`, which stands for a missing value.
    pub const DASH: Mark = Mark {
        tail: (b'-' as u64) << 56,
        middle: 0,
        head: 0,
        len: 1,
    };

    /// The mark of a text.
    pub fn of(text: &[u8]) -> Mark {
        let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let before = text.len().checked_sub(8).map(|end| &text[..end]);
        let tail = match text.last_chunk() {
            Some(tail) => u64::from_le_bytes(*tail),
            None => text
                .iter()
                .rev()
                .fold(0, |tail, byte| tail << 8 | u64::from(*byte))
                .checked_shl(u32::try_from(64 - text.len() * 8).unwrap_or(0))
                .unwrap_or(0),
        };
        Mark {
            tail,
            middle: word(before.and_then(|before| before.last_chunk())),
            head: word(text.first_chunk()),
            len: text.len(),
        }
    }

    /// Ids differ in their last characters, so these and the length make the hash.
    #[inline(always)]
    fn slot(&self) -> usize {
        let mix = (self.tail ^ (self.len as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mix >> (64 - RECENT_BITS)).unwrap_or(0)
    }
}

/// A text that has come before.
#[derive(Clone, Copy)]
struct Recent {
    mark: Mark,
    /// Its key; `NONE` in a place that nothing has come to.
    key: i32,
}

const NONE: Recent = Recent {
    mark: Mark {
        len: usize::MAX,
        ..Mark::DASH
    },
    key: 0,
};

const RECENT_BITS: u32 = 9;

/// Builds a text column.
pub struct TextBuilder {
    keys: Vec<i32>,
    nulls: Nulls,
    /// All distinct texts, one behind the other, and where each ends.
    texts: String,
    ends: Vec<i32>,
    found: HashMap<Box<str>, i32>,
    /// By the cheap hash.
    recent: Box<[Recent; 1 << RECENT_BITS]>,
}

impl TextBuilder {
    pub(super) fn new() -> TextBuilder {
        TextBuilder {
            keys: Vec::new(),
            nulls: Nulls::default(),
            texts: String::new(),
            ends: Vec::new(),
            found: HashMap::new(),
            recent: Box::new([NONE; 1 << RECENT_BITS]),
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
        let key = self.key(Mark::of(text.as_bytes()), || Some(text))?;
        self.keys.push(key);
        self.nulls.push(1, 0);
        Ok(())
    }

    pub(super) fn push_null(&mut self) {
        self.keys.push(0);
        self.nulls.push(1, 1);
    }

    /// Adds texts by their marks, at most 64; `-` is a missing one. `text` gives the text behind the mark at an index, where the mark
    /// does not say enough.
    ///
    /// # Errors
    /// A dictionary that overflows, or a mark without its text; the batch is then unusable.
    #[inline(always)]
    pub fn push_marked<'t>(
        &mut self,
        marks: &[Mark],
        text: impl Fn(usize) -> Option<&'t str>,
    ) -> Result<(), ArrowError> {
        let (mut keys, mut nulls, mut others) = ([0; 64], 0u64, 0u64);
        for (index, (mark, key)) in marks.iter().zip(&mut keys).enumerate() {
            let recent = &self.recent[mark.slot()];
            let differs = (recent.mark.tail ^ mark.tail)
                | (recent.mark.middle ^ mark.middle)
                | (recent.mark.head ^ mark.head)
                | (recent.mark.len ^ mark.len) as u64;
            let found = differs == 0 && mark.len <= Mark::WHOLE_BYTES;
            let missing = mark.tail == Mark::DASH.tail && mark.len == Mark::DASH.len;
            *key = if missing { 0 } else { recent.key };
            nulls |= u64::from(missing) << index;
            others |= u64::from(!found && !missing) << index;
        }
        // In order, so that keys are in order of first appearance.
        while others != 0 {
            let index = others.trailing_zeros() as usize;
            if let (Some(mark), Some(key)) = (marks.get(index), keys.get_mut(index)) {
                *key = self.key(*mark, || text(index))?;
            }
            others &= others - 1;
        }
        let keys = keys.get(..marks.len()).unwrap_or(&keys);
        self.keys.extend_from_slice(keys);
        self.nulls.push(keys.len(), nulls);
        Ok(())
    }

    /// The key of a text, old or new.
    #[inline(never)]
    fn key<'t>(
        &mut self,
        mark: Mark,
        text: impl FnOnce() -> Option<&'t str>,
    ) -> Result<i32, ArrowError> {
        let slot = mark.slot();
        let recent = self.recent[slot];
        let same = recent.mark == mark;
        if same && mark.len <= Mark::WHOLE_BYTES {
            return Ok(recent.key);
        }
        let text = text().ok_or_else(|| {
            ArrowError::InvalidArgumentError("a mark whose text is not there".into())
        })?;
        if same && self.text(recent.key) == Some(text) {
            return Ok(recent.key);
        }
        let key = match self.found.get(text) {
            Some(key) => *key,
            None => self.add(text)?,
        };
        self.recent[slot] = Recent { mark, key };
        Ok(key)
    }

    fn add(&mut self, text: &str) -> Result<i32, ArrowError> {
        let key = i32::try_from(self.ends.len());
        let end = i32::try_from(self.texts.len() + text.len());
        let (Ok(key @ 0..=0x7fff_fffe), Ok(end)) = (key, end) else {
            return Err(ArrowError::DictionaryKeyOverflowError);
        };
        self.texts.push_str(text);
        self.ends.push(end);
        self.found.insert(text.into(), key);
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
        self.found.clear();
        self.recent.fill(NONE);
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

    #[test]
    fn longer_texts_are_told_apart_where_their_marks_are_not() {
        let texts = ["a", "b"].map(|middle| format!("12345678{}12345678", middle.repeat(12)));
        let long = ["a", "b"].map(|middle| format!("12345678{middle}1234567812345678"));
        assert_eq!(Mark::of(long[0].as_bytes()), Mark::of(long[1].as_bytes()));
        let mut builder = TextBuilder::new();
        let all: Vec<&str> = texts
            .iter()
            .chain(&long)
            .chain(&long)
            .map(String::as_str)
            .collect();
        let marks: Vec<Mark> = all.iter().map(|text| Mark::of(text.as_bytes())).collect();
        builder
            .push_marked(&marks, |index| all.get(index).copied())
            .unwrap();
        let array = builder.finish().unwrap();
        assert_eq!(array.keys().values(), &[0, 1, 2, 3, 2, 3]);
    }
}
