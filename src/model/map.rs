//! Hash maps and sets of small keys: symbols, addresses, ways, and the like.
//!
//! Each class of records asks some twenty of them, and a run has thousands of classes: the standard library's hash took a third of that
//! (docs/benchmarks.md, "A million records"). This one is as safe against made-up keys, for it is seeded at random too. No answer depends on
//! the order in which a map gives what it has.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

/// A hash map.
pub type Map<K, V> = HashMap<K, V, RandomState>;

/// A hash set.
pub type Set<K> = HashSet<K, RandomState>;
