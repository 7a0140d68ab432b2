//! Keys to classes: a hash table of fixed keys, as small as a record's lookup needs it.

/// What makes a class, packed.
pub(super) type Key = [u64; 5];

/// Open addressing with linear steps; never more than half full. The table has only a part of the hash and where the key is, so that a
/// lookup that misses the cache misses a small one.
pub(super) struct Memo {
    slots: Vec<(u32, u32)>,
    keys: Vec<(Key, u32)>,
}

const EMPTY: u32 = u32::MAX;

impl Memo {
    pub(super) fn new() -> Memo {
        Memo {
            slots: vec![(0, EMPTY); 1 << 10],
            keys: Vec::new(),
        }
    }

    /// Mixes all words: three multiplications, two of them at once.
    #[inline(always)]
    fn hash(key: &Key) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let [a, b, c, d, e] = *key;
        let one = (a ^ b.rotate_left(23)).wrapping_mul(ODD);
        let other = (c ^ d.rotate_left(29)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let mix = (one ^ other.rotate_left(32) ^ e).wrapping_mul(ODD);
        mix ^ mix >> 32
    }

    /// Without a call, which comparing arrays would make.
    #[inline(always)]
    fn same(a: &Key, b: &Key) -> bool {
        let differs = a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b));
        differs == 0
    }

    /// Where a search begins, and what the slot has of the hash.
    #[inline(always)]
    fn first(&self, key: &Key) -> (usize, u32) {
        let hash = Memo::hash(key);
        let at = usize::try_from(hash >> 16).unwrap_or(0) & (self.slots.len() - 1);
        (at, u32::try_from(hash >> 32).unwrap_or(0))
    }

    /// The class of a key, if it is known.
    #[inline(always)]
    pub(super) fn get(&self, key: &Key) -> Option<u32> {
        let (mut at, part) = self.first(key);
        loop {
            let (known, index) = self.slots[at];
            if index == EMPTY {
                return None;
            }
            if known == part
                && let Some((known, class)) = self.keys.get(index as usize)
                && Memo::same(known, key)
            {
                return Some(*class);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Remembers the class of a key that is not known.
    pub(super) fn insert(&mut self, key: Key, class: u32) {
        if (self.keys.len() + 1) * 2 > self.slots.len() {
            self.slots = vec![(0, EMPTY); self.slots.len() * 2];
            for index in 0..self.keys.len() {
                self.put(index);
            }
        }
        self.keys.push((key, class));
        self.put(self.keys.len() - 1);
    }

    fn put(&mut self, index: usize) {
        let (mut at, part) = self.first(&self.keys[index].0);
        while self.slots[at].1 != EMPTY {
            at = (at + 1) & (self.slots.len() - 1);
        }
        // INVARIANT: classes are fewer than 2^32.
        self.slots[at] = (part, u32::try_from(index).unwrap_or(EMPTY));
    }
}
