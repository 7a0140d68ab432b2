//! Which of the things at hand is which of those that an evidence names: by content first, for they may lie elsewhere now.
//!
//! In: names and digests of both. Out: pairs, and what is left on either side.

use std::collections::{HashMap, HashSet, VecDeque};

/// A name, and the SHA-256 of what is there, if it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// File, key or uri.
    pub name: String,
    /// Lower-case hex.
    pub sha256: Option<String>,
}

/// Indexes into both lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairing {
    /// Of the evidence, at hand.
    pub pairs: Vec<(usize, usize)>,
    /// Of the evidence, and not at hand.
    pub missing: Vec<usize>,
    /// At hand, and not of the evidence.
    pub left: Vec<usize>,
}

type Key<'n> = (Option<&'n str>, Option<&'n str>);
type Rule = fn(&Named) -> Option<Key<'_>>;

/// What two must have in common, from the surest to the last resort. Who has another digest is paired by name, so that the
/// difference can be told.
const RULES: &[Rule] = &[
    |one| Some((Some(&one.name), Some(one.sha256.as_deref()?))),
    |one| Some((None, Some(one.sha256.as_deref()?))),
    |one| Some((Some(&one.name), None)),
    |one| Some((one.name.rsplit(['/', '\\']).next(), None)),
];

/// Pairs each of `told` with at most one of `here`. The only one left on each side are a pair too.
pub fn pair(told: &[Named], here: &[Named]) -> Pairing {
    let mut pairing = Pairing {
        pairs: Vec::new(),
        missing: (0..told.len()).collect(),
        left: (0..here.len()).collect(),
    };
    for rule in RULES {
        let mut places: HashMap<Key<'_>, VecDeque<usize>> = HashMap::new();
        for place in &pairing.left {
            if let Some(key) = rule(&here[*place]) {
                places.entry(key).or_default().push_back(*place);
            }
        }
        let mut taken = HashSet::new();
        pairing.missing.retain(|index| {
            let key = rule(&told[*index]);
            let place = key.and_then(|key| places.get_mut(&key)?.pop_front());
            if let Some(place) = place {
                pairing.pairs.push((*index, place));
                taken.insert(place);
            }
            place.is_none()
        });
        pairing.left.retain(|place| !taken.contains(place));
    }
    if let ([index], [place]) = (&pairing.missing[..], &pairing.left[..]) {
        pairing.pairs.push((*index, *place));
        pairing.missing.clear();
        pairing.left.clear();
    }
    pairing.pairs.sort_unstable();
    pairing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(all: &[(&str, &str)]) -> Vec<Named> {
        let one = |(name, digest): &(&str, &str)| Named {
            name: (*name).to_owned(),
            sha256: (!digest.is_empty()).then(|| (*digest).to_owned()),
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn content_counts_before_names() {
        type Names = &'static [(&'static str, &'static str)];
        type Row = (
            &'static str,
            Names,
            Names,
            &'static [(usize, usize)],
            &'static [usize],
            &'static [usize],
        );
        #[rustfmt::skip]
        let cases: &[Row] = &[
            ("in place",         &[("a", "1"), ("b", "2")],  &[("a", "1"), ("b", "2")],      &[(0, 0), (1, 1)], &[],  &[]),
            ("moved, renamed",   &[("a", "1"), ("b", "2")],  &[("x/c", "2"), ("x/d", "1")],  &[(0, 1), (1, 0)], &[],  &[]),
            ("names swapped",    &[("a", "1"), ("b", "2")],  &[("a", "2"), ("b", "1")],      &[(0, 1), (1, 0)], &[],  &[]),
            ("twice the same",   &[("a", "1"), ("b", "1")],  &[("y", "1"), ("b", "1")],      &[(0, 0), (1, 1)], &[],  &[]),
            ("changed",          &[("a", "1"), ("b", "2")],  &[("a", "3"), ("b", "2")],      &[(0, 0), (1, 1)], &[],  &[]),
            ("moved, changed",   &[("p/a", "1"), ("b", "2")],&[("q/a", "3"), ("b", "2")],    &[(0, 0), (1, 1)], &[],  &[]),
            ("the only ones",    &[("a", "1")],              &[("b", "2")],                  &[(0, 0)],         &[],  &[]),
            ("no digest",        &[("a", "")],               &[("a", "2"), ("b", "3")],      &[(0, 0)],         &[],  &[1]),
            ("one is missing",   &[("a", "1"), ("b", "2")],  &[("b", "2")],                  &[(1, 0)],         &[0], &[]),
            ("one too many",     &[("a", "1")],              &[("b", "2"), ("c", "1")],      &[(0, 1)],         &[],  &[0]),
        ];
        for (title, told, here, pairs, missing, left) in cases {
            let expected = Pairing {
                pairs: pairs.to_vec(),
                missing: missing.to_vec(),
                left: left.to_vec(),
            };
            assert_eq!(pair(&named(told), &named(here)), expected, "{title}");
        }
    }
}
