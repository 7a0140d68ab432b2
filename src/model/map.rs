//! Hash maps and sets of small keys: symbols, addresses, ways, and the like.
//!
//! Each class of records asks some twenty of them, and a run has thousands of classes: the standard library's hash took a third of that
//! (docs/benchmarks.md, "What a class costs that is met first"). No answer depends on the order in which a map gives what it has.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::SharedSeed;
use foldhash::fast::{FoldHasher, SeedableRandomState};

/// A hash map.
pub type Map<K, V> = HashMap<K, V, Seed>;

/// A hash set.
pub type Set<K> = HashSet<K, Seed>;

/// The seed of one map: of a random number that the system gave this run, and of how many maps there were before. Without its standard library
/// `foldhash` would take addresses for random. Who writes records does not know it, and as a run answers nobody before its end, cannot find it
/// out to make up keys that collide.
#[derive(Clone, Debug)]
pub struct Seed(SeedableRandomState);

impl Default for Seed {
    fn default() -> Seed {
        static OF_RUN: OnceLock<SharedSeed> = OnceLock::new();
        static MAPS: AtomicU64 = AtomicU64::new(0);
        let of_run = OF_RUN.get_or_init(|| SharedSeed::from_u64(RandomState::new().hash_one(0_u8)));
        let map = MAPS.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        Seed(SeedableRandomState::with_seed(map, of_run))
    }
}

impl BuildHasher for Seed {
    type Hasher = FoldHasher<'static>;

    #[inline(always)]
    fn build_hasher(&self) -> FoldHasher<'static> {
        self.0.build_hasher()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_have_seeds_of_their_own() {
        let (one, other) = (Seed::default(), Seed::default());
        assert_ne!(one.hash_one(1_u32), other.hash_one(1_u32));
        assert_eq!(one.hash_one(1_u32), one.clone().hash_one(1_u32));
    }
}
