//! A dictionary of text in the making, keys in order of first appearance.
//!
//! Arrow's own builder hashes every value with a strong hash. Here a text of up to 32 bytes, as nearly all ids are, is told by its length and
//! its bytes in two vectors, so that it is compared without a loop, and found by a cheap hash of its last word. Where a column's texts have
//! at most eight bytes, as actions and directions have, that word is all of them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::error::ArrowError;

use super::column::{BITS, Nulls};
use crate::model::map::Map;
use crate::model::sixteen::Sixteen;

/// What a text is told by: its length, and its last bytes.
///
/// Two texts of at most [`Mark::WHOLE_BYTES`] bytes are equal if and only if their marks are; longer ones are equal only if.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// The last 32 bytes; of a shorter text all of it, behind zeros.
    halves: [Sixteen; 2],
    /// The last eight of them, little-endian.
    tail: u64,
    /// Bytes; of a text that has more, the largest number.
    len: u32,
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
    pub const DASH: Mark = {
        let mut last = [0; 16];
        last[15] = b'-';
        Mark {
            halves: [Sixteen::new([0; 16]), Sixteen::new(last)],
            tail: (b'-' as u64) << 56,
            len: 1,
        }
    };

    /// The mark of a text of `len` bytes that ends where these do.
    #[inline(always)]
    pub fn ending(bytes: &[u8; Mark::WHOLE_BYTES], len: u32) -> Mark {
        let at = (len as usize).min(Mark::WHOLE_BYTES);
        let keep = KEEP[at..].first_chunk().unwrap_or(&[0; 32]);
        let tail = last_word(bytes) & last_word(keep);
        let keep = halves(keep);
        let kept = halves(bytes);
        Mark {
            halves: [kept[0].and(keep[0]), kept[1].and(keep[1])],
            tail,
            len,
        }
    }

    /// The mark of a text.
    pub fn of(text: &[u8]) -> Mark {
        let mut bytes = [0; Mark::WHOLE_BYTES];
        let kept = &text[text.len().saturating_sub(Mark::WHOLE_BYTES)..];
        bytes[Mark::WHOLE_BYTES - kept.len()..].copy_from_slice(kept);
        Mark {
            halves: halves(&bytes),
            tail: last_word(&bytes),
            len: u32::try_from(text.len()).unwrap_or(u32::MAX),
        }
    }

    /// Its last word, as [`Marked::each_brief`] tells it.
    #[inline(always)]
    pub fn tail(&self) -> u64 {
        self.tail
    }

    /// How many bytes the text has; of one that has more, the largest number.
    #[inline(always)]
    pub fn byte_count(&self) -> u32 {
        self.len
    }

    /// Whether it holds the whole text.
    #[inline(always)]
    pub fn is_whole(&self) -> bool {
        self.len as usize <= Mark::WHOLE_BYTES
    }

    /// Whether length and last bytes are the same, without a branch: those of whole texts are only if the texts are. The length too: a
    /// text that begins with NUL, as only the slow way takes, has the bytes of the text behind it.
    #[inline(always)]
    pub fn same(&self, other: &Mark) -> bool {
        Sixteen::same(self.halves, other.halves) & (self.len == other.len)
    }

    /// Its slot in a table of so many bits.
    #[inline(always)]
    fn slot(&self, bits: u32) -> usize {
        slot(self.tail, bits)
    }
}

/// Ids differ in their last characters, so these make the hash: so many bits of it.
#[inline(always)]
fn slot(tail: u64, bits: u32) -> usize {
    let mix = tail.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mix.wrapping_shr(64u32.wrapping_sub(bits))).unwrap_or(0)
}

#[inline(always)]
fn halves(bytes: &[u8; Mark::WHOLE_BYTES]) -> [Sixteen; 2] {
    let half = |at| bytes.as_chunks().0.get(at).copied().unwrap_or([0; 16]);
    [Sixteen::new(half(0)), Sixteen::new(half(1))]
}

#[inline(always)]
fn last_word(bytes: &[u8; Mark::WHOLE_BYTES]) -> u64 {
    bytes
        .last_chunk()
        .map_or(0, |word| u64::from_le_bytes(*word))
}

/// Texts of one column, at most 64, and their marks.
pub trait Marked {
    /// How many.
    fn count(&self) -> usize;

    /// Calls `each` with the index and the mark of every one.
    fn each(&self, each: impl FnMut(usize, Mark));

    /// Calls `each` with the index of every one, the last word of its mark, and its length in bytes. Where that is more than eight, the word may
    /// be any.
    fn each_brief(&self, each: impl FnMut(usize, u64, u32));

    /// The text at an index, and its mark.
    fn text(&self, index: usize) -> Option<(Mark, &str)>;
}

/// A text that has come before.
#[derive(Clone, Copy)]
struct Known {
    mark: Mark,
    /// Its key; [`MISSING`] of `-`.
    key: i32,
}

impl Known {
    /// No text is so long.
    const NONE: Known = Known {
        mark: Mark {
            len: u32::MAX,
            ..Mark::DASH
        },
        key: 0,
    };
}

/// Key of a missing value, until it is a null.
const MISSING: i32 = -1;

/// Stands for the key of a text that is not known yet.
const UNKNOWN: i32 = -2;

/// Texts that their marks hold whole, by the cheap hash: open addressing with a few linear steps. The table has indices alone, for
/// the first-level cache has more to hold than texts.
struct Whole {
    /// Places in `texts`; of no text, 0.
    slots: Vec<u32>,
    /// The slots are a power of two: this one.
    bits: u32,
    /// The first is none.
    texts: Vec<Known>,
}

/// Of a table without texts.
const WHOLE_BITS: u32 = 8;

/// A text further from where it should stand is not in the table: ids that end alike would make it a list.
const STEPS_MAX: usize = 16;

impl Whole {
    fn new() -> Whole {
        Whole {
            slots: vec![0; 1 << WHOLE_BITS],
            bits: WHOLE_BITS,
            texts: vec![Known::NONE],
        }
    }

    #[inline(always)]
    fn at(&self, place: usize) -> &Known {
        let index = self.slots.get(place).map_or(0, |index| *index as usize);
        self.texts.get(index).unwrap_or(&Known::NONE)
    }

    /// What stands where a text should.
    #[inline(always)]
    fn first(&self, mark: &Mark) -> &Known {
        self.at(mark.slot(self.bits))
    }

    /// The place of a text, or else where there is room for it.
    fn place(&self, mark: &Mark) -> Option<usize> {
        let first = mark.slot(self.bits);
        let mut places = (first..first + STEPS_MAX).map(|at| at % self.slots.len());
        places.find(|at| self.slots[*at] == 0 || self.at(*at).mark.same(mark))
    }

    fn get(&self, mark: &Mark) -> Option<i32> {
        let place = self.place(mark)?;
        (self.slots[place] != 0).then(|| self.at(place).key)
    }

    /// Adds a text that it does not have; whether there was room.
    fn insert(&mut self, known: Known) -> bool {
        let index = u32::try_from(self.texts.len());
        let (Some(place), Ok(index)) = (self.place(&known.mark), index) else {
            return false;
        };
        self.slots[place] = index;
        self.texts.push(known);
        true
    }

    /// Whether one more would be too many: nearly all are to stand where they should, though a large table is not as sparse.
    fn is_full(&self) -> bool {
        let share = if self.bits <= 12 { 8 } else { 2 };
        self.texts.len() * share > self.slots.len()
    }

    /// Twice the table; what finds no room in it is given back.
    fn grow(&mut self) -> Vec<Known> {
        self.bits += 1;
        self.slots = vec![0; 1 << self.bits];
        let before = std::mem::replace(&mut self.texts, vec![Known::NONE]);
        let taken = before.into_iter().skip(1);
        taken.filter(|known| !self.insert(*known)).collect()
    }

    /// Forgets all. There will be as many again.
    fn clear(&mut self) {
        self.slots.fill(0);
        self.texts.truncate(1);
    }
}

const RECENT_BITS: u32 = 9;

/// A text of at most eight bytes, by the last word of its mark.
#[derive(Clone, Copy)]
struct Brief {
    tail: u64,
    len: u32,
    key: i32,
}

impl Brief {
    /// No text has this length.
    const NONE: Brief = Brief {
        tail: 0,
        len: u32::MAX,
        key: 0,
    };

    /// The longest that the last word holds whole.
    const BYTES_MAX: u32 = 8;
}

/// Two texts in one place are looked up the slow way each time: with so many places hardly any meet.
const BRIEF_BITS: u32 = 8;

/// A column that has more long texts than this in one run is not one of brief texts.
const LONG_MAX: u32 = 8;

/// More texts, or bytes of them, are forgotten with their batch even if they are to be kept: whoever reads the next one would go through all,
/// whichever it has.
const KEPT_TEXTS: usize = 1_024;
const KEPT_BYTES: usize = 32 << 10;

/// Whether so many texts with so many bytes are few enough to be kept for the next batch.
pub fn are_few(texts: usize, bytes: usize) -> bool {
    texts <= KEPT_TEXTS && bytes <= KEPT_BYTES
}

/// Builds a text column.
pub struct TextBuilder {
    keys: Vec<i32>,
    nulls: Nulls,
    /// All distinct texts, one behind the other, and where each ends.
    texts: String,
    ends: Vec<i32>,
    /// Whether they stay for the next batch.
    keeps: bool,
    /// The same, as the last batch has them.
    shared: Option<ArrayRef>,
    whole: Whole,
    /// Longer texts, those that found no room, and which of them came last, by the cheap hash.
    others: Map<Box<str>, i32>,
    recent: Box<[Known; 1 << RECENT_BITS]>,
    /// The texts of a column of brief ones, as actions and directions are, that came last.
    brief: [Brief; 1 << BRIEF_BITS],
    is_brief: bool,
}

impl TextBuilder {
    pub(super) fn new() -> TextBuilder {
        TextBuilder {
            keys: Vec::new(),
            nulls: Nulls::default(),
            texts: String::new(),
            ends: Vec::new(),
            keeps: false,
            shared: None,
            whole: Whole::new(),
            others: Map::default(),
            recent: Box::new([Known::NONE; 1 << RECENT_BITS]),
            brief: [Brief::NONE; 1 << BRIEF_BITS],
            is_brief: true,
        }
    }

    /// From now on texts stay, and batches with the same ones share an array of them, as long as there are few.
    pub(super) fn keep(&mut self) {
        self.keeps = true;
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
        if self.is_brief {
            self.brief_keys(texts, &mut keys);
        } else {
            self.whole_keys(texts, &mut keys);
        }
        let (mut nulls, mut others) = (0, 0);
        // Most columns have none of either.
        if keys.iter().fold(0, |least, key| least.min(*key)) < 0 {
            for (key, bit) in keys.iter_mut().zip(&BITS) {
                nulls |= if *key == MISSING { *bit } else { 0 };
                others |= if *key == UNKNOWN { *bit } else { 0 };
                *key = (*key).max(0);
            }
        }
        let mut long = 0;
        // In order, so that keys are in order of first appearance.
        while others != 0 {
            let index = others.trailing_zeros() as usize;
            let Some((mark, text)) = texts.text(index) else {
                return Err(ArrowError::InvalidArgumentError(
                    "a mark whose text is not there".into(),
                ));
            };
            long += u32::from(mark.len > Brief::BYTES_MAX);
            let key = self.key(mark, text)?;
            nulls |= u64::from(key == MISSING) << index;
            keys[index] = key.max(0);
            others &= others - 1;
        }
        self.is_brief &= long <= LONG_MAX;
        let count = texts.count().min(64);
        self.keys.extend_from_slice(&keys[..count]);
        self.nulls.push(count, nulls);
        Ok(())
    }

    /// The keys of texts of at most eight bytes that came lately, else [`UNKNOWN`]. A function of its own, as [`TextBuilder::whole_keys`]: all that
    /// the loop has at hand stays in registers.
    #[inline(never)]
    fn brief_keys(&self, texts: &impl Marked, keys: &mut [i32; 64]) {
        texts.each_brief(|index, tail, len| {
            let known = &self.brief[slot(tail, BRIEF_BITS) % (1 << BRIEF_BITS)];
            let is = (known.tail == tail) & (known.len == len);
            keys[index % 64] = if is { known.key } else { UNKNOWN };
        });
    }

    /// The keys of texts that stand where they should in the table of whole ones, else [`UNKNOWN`].
    #[inline(never)]
    fn whole_keys(&self, texts: &impl Marked, keys: &mut [i32; 64]) {
        texts.each(|index, mark| {
            let known = self.whole.first(&mark);
            let is = mark.is_whole() & known.mark.same(&mark);
            keys[index % 64] = if is { known.key } else { UNKNOWN };
        });
    }

    /// The key of a text, old or new; [`MISSING`] of `-`.
    #[inline(never)]
    fn key(&mut self, mark: Mark, text: &str) -> Result<i32, ArrowError> {
        let key = self.find(mark, text)?;
        let Mark { tail, len, .. } = mark;
        if (1..=Brief::BYTES_MAX).contains(&len) {
            self.brief[slot(tail, BRIEF_BITS)] = Brief { tail, len, key };
        }
        Ok(key)
    }

    fn find(&mut self, mark: Mark, text: &str) -> Result<i32, ArrowError> {
        let is_whole = mark.is_whole();
        if let Some(key) = self.whole.get(&mark).filter(|_| is_whole) {
            return Ok(key);
        }
        let slot = mark.slot(RECENT_BITS);
        let recent = self.recent[slot];
        if recent.mark.same(&mark) && self.text(recent.key) == Some(text) {
            return Ok(recent.key);
        }
        let old = self.others.get(text).copied();
        let key = match old {
            Some(key) => key,
            None if mark == Mark::DASH => MISSING,
            None => self.add(text)?,
        };
        let known = Known { mark, key };
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

    /// The keys of the rows, each below the number of texts, and the texts; the builder has no rows again.
    pub(super) fn finish(&mut self) -> Result<(Int32Array, ArrayRef), ArrowError> {
        let next = Vec::with_capacity(self.keys.len());
        let keys = std::mem::replace(&mut self.keys, next);
        let keys = Int32Array::try_new(keys.into(), self.nulls.finish())?;
        let values = self.values()?;
        if !self.keeps || !are_few(self.ends.len(), self.texts.len()) {
            self.forget();
        }
        Ok((keys, values))
    }

    /// The distinct texts.
    fn values(&mut self) -> Result<ArrayRef, ArrowError> {
        if let Some(shared) = &self.shared
            && shared.len() == self.ends.len()
        {
            return Ok(Arc::clone(shared));
        }
        let offsets: Vec<i32> = std::iter::once(0)
            .chain(self.ends.iter().copied())
            .collect();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let texts = Buffer::from(self.texts.as_bytes());
        let values: ArrayRef = Arc::new(StringArray::try_new(offsets, texts, None)?);
        self.shared = Some(Arc::clone(&values));
        Ok(values)
    }

    /// Forgets all texts. There will be as many again.
    fn forget(&mut self) {
        self.texts.clear();
        self.ends.clear();
        self.shared = None;
        self.whole.clear();
        self.brief = [Brief::NONE; 1 << BRIEF_BITS];
        if !self.others.is_empty() {
            self.others.clear();
            self.recent.fill(Known::NONE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::DictionaryArray;
    use arrow::datatypes::Int32Type;

    /// As Arrow has it, which looks whether each key has its text.
    fn finished(builder: &mut TextBuilder) -> DictionaryArray<Int32Type> {
        let (keys, texts) = builder.finish().unwrap();
        DictionaryArray::try_new(keys, texts).unwrap()
    }

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

        fn each_brief(&self, mut each: impl FnMut(usize, u64, u32)) {
            self.each(|index, mark| each(index, mark.tail, mark.len));
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
        let array = finished(&mut builder);
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
            let array = finished(&mut builder);
            assert_eq!(array.len(), 2 * texts.len());
            for row in 0..array.len() {
                let place = row % texts.len();
                let expected = (place + 1 < texts.len()).then_some(place);
                assert_eq!(array.key(row), expected, "{}", texts[place]);
            }
        }
    }

    #[test]
    fn batches_share_their_texts_until_there_are_new_ones_or_too_many() {
        let mut builder = TextBuilder::new();
        builder.keep();
        let mut batch = |texts: &[&str]| {
            let all = Many(texts.iter().map(|text| (*text).to_owned()).collect());
            for some in all.0.chunks(64) {
                builder.push_marked(&Many(some.to_vec())).unwrap();
            }
            finished(&mut builder)
        };
        let rows = |array: &DictionaryArray<Int32Type>| -> Vec<Option<String>> {
            let array = array.downcast_dict::<StringArray>().unwrap();
            array
                .into_iter()
                .map(|text| text.map(str::to_owned))
                .collect()
        };
        let long = "longer-than-any-mark-is-and-kept-elsewhere";
        let first = batch(&["ACCEPT", "-", long]);
        let same = batch(&[long, "ACCEPT", "ACCEPT"]);
        assert!(Arc::ptr_eq(first.values(), same.values()));
        assert_eq!(same.keys().values(), &[1, 0, 0]);
        let none = batch(&["-"]);
        assert!(Arc::ptr_eq(first.values(), none.values()));
        let new = batch(&["REJECT", "ACCEPT"]);
        assert_eq!(
            (new.keys().values().as_ref(), new.values().len()),
            (&[2, 0][..], 3)
        );
        let many: Vec<String> = (0..KEPT_TEXTS).map(|n| format!("eni-{n:017x}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(rows(&batch(&many)).len(), KEPT_TEXTS);
        let after = batch(&["REJECT", long, "-"]);
        assert_eq!((after.keys().values()[0], after.values().len()), (0, 2));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(rows(&after), [text("REJECT"), text(long), None]);
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
        let array = finished(&mut builder);
        let keys: Vec<Option<usize>> = (0..6).map(|row| array.key(row)).collect();
        assert_eq!(keys, [Some(0), Some(1), Some(2), None, Some(3), Some(1)]);
    }

    #[test]
    fn a_mark_ends_where_its_text_ends() {
        let bytes: [u8; 32] = std::array::from_fn(|at| b'a' + u8::try_from(at).unwrap());
        for len in 1..=40 {
            let mark = Mark::ending(&bytes, len);
            let text = &bytes[32 - (len as usize).min(32)..];
            assert_eq!(
                (mark.halves, mark.tail),
                (Mark::of(text).halves, Mark::of(text).tail),
                "{len}"
            );
            assert_eq!((mark.len, mark.is_whole()), (len, len <= 32));
        }
    }
}
