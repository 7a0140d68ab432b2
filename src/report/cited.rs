//! Where the shown flows stand: from a claim's sample back to input and line.

use std::collections::BTreeMap;

use crate::model::evidence::Evidence;

/// The group of the flows that break a claim, as citations name it.
pub(super) const WITNESSES: &str = "witnesses";
/// The group of the rejected flows, as citations name it.
pub(super) const ATTEMPTS: &str = "attempts";

/// A line or row, from 1, of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'a> {
    /// File, key, or `-`.
    pub uri: &'a str,
    /// From 1.
    pub line: u64,
}

/// All places by claim, group and index.
pub(super) struct Places<'a>(BTreeMap<(&'a str, &'a str, u64), Place<'a>>);

impl<'a> Places<'a> {
    /// The first place, by input and line, of each flow that is cited.
    pub(super) fn of(evidence: &'a Evidence) -> Places<'a> {
        let mut places = BTreeMap::new();
        for input in &evidence.inputs {
            for cited in &input.cited {
                let place = Place {
                    uri: &input.uri,
                    line: cited.line,
                };
                places
                    .entry((cited.claim.as_str(), cited.group.as_str(), cited.index))
                    .and_modify(|first: &mut Place<'a>| *first = place.min(*first))
                    .or_insert(place);
            }
        }
        Places(places)
    }

    /// Where the flow at `index` of this sample stands, if an input says so.
    pub(super) fn find(&self, claim: &str, group: &str, index: usize) -> Option<Place<'a>> {
        let index = u64::try_from(index).ok()?;
        self.0.get(&(claim, group, index)).copied()
    }
}
