//! Hash maps and sets of small keys: symbols, addresses, ways, and the like.
//!
//! Each class of records asks some twenty of them, and a run has thousands of classes: the standard library's hash took a third of that
//! (docs/benchmarks.md, "What a class costs that is met first"). Each map is seeded at random, and a run answers nobody before its end: who writes
//! records cannot watch it to make up keys that collide. No answer depends on the order in which a map gives what it has.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

/// A hash map.
pub type Map<K, V> = HashMap<K, V, RandomState>;

/// A hash set.
pub type Set<K> = HashSet<K, RandomState>;
