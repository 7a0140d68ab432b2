//! Keys to classes: a hash table of fixed keys, as small as a record's lookup needs it.

/// What makes a class, packed.
pub(super) type Key = [u64; 5];

/// Open addressing with linear steps; never more than half full.
pub(super) struct Memo {
    slots: Vec<(Key, u32)>,
    len: usize,
}

const EMPTY: u32 = u32::MAX;

impl Memo {
    pub(super) fn new() -> Memo {
        Memo {
            slots: vec![([0; 5], EMPTY); 1 << 10],
            len: 0,
        }
    }

    /// Mixes all words: three multiplications, two of them at once.
    #[inline]
    fn hash(key: &Key) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let [a, b, c, d, e] = *key;
        let one = (a ^ b.rotate_left(23)).wrapping_mul(ODD);
        let other = (c ^ d.rotate_left(29)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let mix = (one ^ other.rotate_left(32) ^ e).wrapping_mul(ODD);
        mix ^ mix >> 32
    }

    /// Without a call, which comparing arrays would make.
    #[inline]
    fn same(a: &Key, b: &Key) -> bool {
        let differs = a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b));
        differs == 0
    }

    #[inline]
    fn first(&self, key: &Key) -> usize {
        usize::try_from(Memo::hash(key) >> 16).unwrap_or(0) & (self.slots.len() - 1)
    }

    /// The class of a key, if it is known.
    #[inline]
    pub(super) fn get(&self, key: &Key) -> Option<u32> {
        let mut at = self.first(key);
        loop {
            let (known, class) = &self.slots[at];
            if *class == EMPTY {
                return None;
            }
            if Memo::same(known, key) {
                return Some(*class);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Remembers the class of a key that is not known.
    pub(super) fn insert(&mut self, key: Key, class: u32) {
        if (self.len + 1) * 2 > self.slots.len() {
            let twice = vec![([0; 5], EMPTY); self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, twice);
            for (key, class) in old.into_iter().filter(|(_, class)| *class != EMPTY) {
                self.put(key, class);
            }
        }
        self.len += 1;
        self.put(key, class);
    }

    fn put(&mut self, key: Key, class: u32) {
        let mut at = self.first(&key);
        while self.slots[at].1 != EMPTY {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = (key, class);
    }
}
