//! Keys to classes: a hash table of fixed keys, as small as a record's lookup needs it.

use crate::model::class::Classes;

/// What makes a class, packed: half a line of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(32))]
pub(super) struct Key(pub(super) [u64; 4]);

impl Key {
    /// No key is like this one.
    pub(super) const NONE: Key = Key([u64::MAX; 4]);

    /// Mixes all words: three multiplications, two of them at once.
    #[inline(always)]
    fn hash(&self) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let [a, b, c, d] = self.0;
        let one = (a ^ b.rotate_left(23)).wrapping_mul(ODD);
        let other = (c ^ d.rotate_left(29)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let mix = (one ^ other.rotate_left(32)).wrapping_mul(ODD);
        mix ^ mix >> 32
    }

    /// Without a call, which comparing arrays would make.
    #[inline(always)]
    fn is(&self, other: &Key) -> bool {
        let both = self.0.iter().zip(&other.0);
        both.fold(0, |bits, (a, b)| bits | (a ^ b)) == 0
    }
}

/// Open addressing with linear steps; never more than a quarter full, so that nearly all keys stand in one of the two places that are looked at.
/// A slot has a class and some bits of its key's hash: a lookup that misses the cache misses a small table.
pub(super) struct Memo {
    slots: Vec<u32>,
    /// How many slots are taken.
    len: usize,
    /// By class; whatever stands there for those without one is in no slot.
    keys: Vec<Key>,
}

const EMPTY: u32 = u32::MAX;

/// Bits of a slot that are the class; those above are of the hash.
const CLASS_BITS: u32 = 20;
const CLASS: u32 = (1 << CLASS_BITS) - 1;

/// Where a key should be: its hash, or the slot that may be its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess(u64);

impl Guess {
    pub(super) const NONE: Guess = Guess(0);

    /// Where to look for a key.
    #[inline(always)]
    pub(super) fn of(key: &Key) -> Guess {
        Guess(key.hash())
    }

    /// The class in the slot.
    #[inline(always)]
    fn class(self) -> u32 {
        // INVARIANT: 20 bits are a word.
        u32::try_from(self.0 & u64::from(CLASS)).unwrap_or(CLASS)
    }
}

/// No class.
pub(super) const NOT_FOUND: u32 = u32::MAX;

impl Memo {
    pub(super) fn new() -> Memo {
        Memo {
            slots: vec![EMPTY; 1 << 10],
            len: 0,
            keys: Vec::with_capacity(Classes::LIKELY),
        }
    }

    /// The classes of keys, or [`NOT_FOUND`]: then [`Memo::search`] may find one. Each loop but the last does nothing but fetch one word a key,
    /// or two neighbours, so that many are on their way at once: all classes together are larger than some second-level caches.
    pub(super) fn look<const N: usize>(
        &self,
        keys: &[Key; N],
        guesses: &mut [Guess; N],
        classes: &mut [u32; N],
    ) {
        for guess in &mut *guesses {
            let (at, tag) = (self.at(guess.0), tag(guess.0));
            let slot = |at: usize| self.slots.get(at).copied().unwrap_or(EMPTY);
            let (first, second) = (slot(at), slot(self.after(at)));
            let is_first = (first ^ tag) & !CLASS == 0;
            *guess = Guess(u64::from(if is_first { first } else { second }));
        }
        let mut firsts = [0; N];
        for (first, guess) in firsts.iter_mut().zip(&*guesses) {
            *first = self.known(*guess).0[0];
        }
        let keys = keys.iter().zip(&firsts);
        for ((class, guess), (key, first)) in classes.iter_mut().zip(&*guesses).zip(keys) {
            let known = self.known(*guess);
            // Nobody has the key that stands for none.
            let is = (*first == key.0[0]) & known.is(key) & !key.is(&Key::NONE);
            *class = if is { guess.class() } else { NOT_FOUND };
        }
    }

    /// The key of the class in a slot; [`Key::NONE`] if it is empty.
    #[inline(always)]
    fn known(&self, guess: Guess) -> &Key {
        let known = self.keys.get(guess.class() as usize);
        known.unwrap_or(&Key::NONE)
    }

    /// The class of a key, if it is known.
    #[inline(never)]
    pub(super) fn search(&self, key: &Key) -> Option<u32> {
        let hash = key.hash();
        let mut at = self.at(hash);
        loop {
            let slot = self.slots[at];
            if slot == EMPTY {
                return None;
            }
            let class = slot & CLASS;
            if slot & !CLASS == tag(hash) && self.keys[class as usize].is(key) {
                return Some(class);
            }
            at = self.after(at);
        }
    }

    /// Remembers the class of a key that is not known. There is no room for one beyond a million, which is then not found again.
    pub(super) fn insert(&mut self, key: Key, class: u32) {
        // The last one would be taken for an empty slot.
        if class >= CLASS {
            return;
        }
        if (self.len + 1) * 4 > self.slots.len() {
            let before = std::mem::take(&mut self.slots);
            self.slots = vec![EMPTY; before.len() * 2];
            for slot in before.into_iter().filter(|slot| *slot != EMPTY) {
                self.put(slot & CLASS);
            }
        }
        let index = class as usize;
        if self.keys.len() <= index {
            self.keys.resize(index + 1, Key::NONE);
        }
        self.keys[index] = key;
        self.put(class);
        self.len += 1;
    }

    fn put(&mut self, class: u32) {
        let hash = self.keys[class as usize].hash();
        let mut at = self.at(hash);
        while self.slots[at] != EMPTY {
            at = self.after(at);
        }
        self.slots[at] = class | tag(hash);
    }

    #[inline(always)]
    fn at(&self, hash: u64) -> usize {
        usize::try_from(hash >> 16).unwrap_or(0) & (self.slots.len() - 1)
    }

    /// The slot behind one.
    #[inline(always)]
    fn after(&self, at: usize) -> usize {
        at.wrapping_add(1) & (self.slots.len() - 1)
    }
}

/// The bits of a hash that a slot has.
#[inline(always)]
fn tag(hash: u64) -> u32 {
    // INVARIANT: the highest 32 bits are a word.
    u32::try_from(hash >> 32).unwrap_or(0) & !CLASS
}
