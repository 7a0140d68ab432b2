//! Sums of records that mean the same, before they are told to the tally: a record adds to a few numbers, and nothing is looked up.
//!
//! Sums are of numbers that add up in any order to the same, so that it does not matter when they are told.

use crate::model::address::Address;
use crate::model::evidence::Share;
use crate::model::path::{Path, Vantage};
use crate::verify::traffic::{self, Traffic};

/// Flows, bytes and times of records of one meaning. `first` of any start, `last` of any end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) share: Share,
    first_s: i64,
    last_s: i64,
}

impl Sum {
    pub(super) const NOTHING: Sum = Sum {
        share: Share { flows: 0, bytes: 0 },
        first_s: i64::MAX,
        last_s: i64::MIN,
    };

    /// Whether a record has both times, and neither is a number that stands for none here.
    #[inline]
    pub(super) fn is_timed((start, end): (Option<i64>, Option<i64>)) -> Option<(i64, i64)> {
        let (start, end) = start.zip(end)?;
        (start < i64::MAX && end > i64::MIN).then_some((start, end))
    }

    /// Adds a record.
    #[inline]
    pub(super) fn add(&mut self, bytes: u64, (start, end): (i64, i64)) {
        self.share.flows += 1;
        self.share.bytes = self.share.bytes.saturating_add(bytes);
        self.first_s = self.first_s.min(start);
        self.last_s = self.last_s.max(end);
    }

    /// The earliest start and the latest end of any.
    pub(super) fn times(&self) -> (Option<i64>, Option<i64>) {
        (
            (self.first_s < i64::MAX).then_some(self.first_s),
            (self.last_s > i64::MIN).then_some(self.last_s),
        )
    }
}

/// When one interface was heard of lately: one piece that grows, until a record lies too far off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lately {
    since: i64,
    until: i64,
    reach_s: i64,
}

impl Lately {
    /// Never heard of. Each record is good for `reach_s` from its end on.
    pub(super) fn new(reach_s: i64) -> Lately {
        Lately {
            since: i64::MAX,
            until: i64::MIN,
            reach_s,
        }
    }

    /// Adds `[end, end + reach)`, and gives a piece that does not meet it back.
    #[inline]
    pub(super) fn hear(&mut self, end: i64) -> Option<(i64, i64)> {
        let until = end.saturating_add(self.reach_s);
        if self.since <= end && end <= self.until {
            self.until = self.until.max(until);
            return None;
        }
        if end < self.since && self.since <= until && self.since <= self.until {
            self.since = end;
            self.until = self.until.max(until);
            return None;
        }
        let before = self.take();
        (self.since, self.until) = (end, until);
        before
    }

    /// What it holds, and nothing any more.
    pub(super) fn take(&mut self) -> Option<(i64, i64)> {
        let never = Lately::new(self.reach_s);
        let before = std::mem::replace(self, never);
        (before.since < before.until).then_some((before.since, before.until))
    }
}

/// Moments that are summed at a time, for each vantage and path; records come nearly in order.
const MOMENTS: usize = 16;

/// Bytes over time, by vantage and path.
#[derive(Clone, Debug)]
pub(super) struct Moments(Vec<[(i64, Share); MOMENTS]>);

/// Where the moments of a vantage and path are.
pub(super) fn lane(vantage: Vantage, path: Path) -> u32 {
    let lane = vantage as usize * Path::ALL.len() + path as usize;
    u32::try_from(lane).unwrap_or(0)
}

impl Moments {
    pub(super) fn new() -> Moments {
        let lanes = Vantage::ALL.len() * Path::ALL.len();
        Moments(vec![[(0, Share { flows: 0, bytes: 0 }); MOMENTS]; lanes])
    }

    /// Adds an accepted flow.
    #[inline]
    pub(super) fn add(&mut self, lane: u32, time_s: i64, bytes: u64, traffic: &mut Traffic) {
        let step = traffic::step(time_s);
        let place = usize::from(step.to_le_bytes()[0]) % MOMENTS;
        let moment = &mut self.0[lane as usize][place];
        if moment.0 != step {
            let before = std::mem::replace(moment, (step, Share { flows: 0, bytes: 0 }));
            tell(lane as usize, before, traffic);
        }
        moment.1.add(Share { flows: 1, bytes });
    }

    /// Tells all.
    pub(super) fn tell(&mut self, traffic: &mut Traffic) {
        for (lane, moments) in std::mem::replace(self, Moments::new())
            .0
            .into_iter()
            .enumerate()
        {
            for moment in moments {
                tell(lane, moment, traffic);
            }
        }
    }
}

fn tell(lane: usize, (step, share): (i64, Share), traffic: &mut Traffic) {
    let (vantage, path) = (lane / Path::ALL.len(), lane % Path::ALL.len());
    if share.flows > 0 {
        traffic.at((Vantage::ALL[vantage], Path::ALL[path]), step, share);
    }
}

/// A table by class and far end that holds what was met last at each place.
#[derive(Clone, Debug)]
pub(super) struct Lasting<T>(Vec<Kept<T>>);

/// What is held of a class and far end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept<T> {
    peer: Address,
    /// [`NOBODY`]'s place is empty.
    class: u32,
    pub(super) what: T,
}

/// No class.
const NOBODY: u32 = u32::MAX;

impl<T: Copy> Kept<T> {
    /// Whether it is of these; nothing is of [`NOBODY`].
    #[inline(always)]
    pub(super) fn is(&self, class: u32, peer: Address) -> bool {
        (self.class == class) & (self.peer == peer) & (class != NOBODY)
    }

    /// Holds another instead, and gives back what it held.
    pub(super) fn replace(
        &mut self,
        class: u32,
        peer: Address,
        what: T,
    ) -> Option<(u32, Address, T)> {
        let before = std::mem::replace(self, Kept { peer, class, what });
        before.taken()
    }

    fn taken(self) -> Option<(u32, Address, T)> {
        (self.class != NOBODY).then_some((self.class, self.peer, self.what))
    }
}

const LASTING_BITS: u32 = 11;

impl<T: Copy + Default> Lasting<T> {
    pub(super) fn new() -> Lasting<T> {
        let nothing = Kept {
            peer: Address(0),
            class: NOBODY,
            what: T::default(),
        };
        Lasting(vec![nothing; 1 << LASTING_BITS])
    }

    /// The place of a pair.
    #[inline]
    pub(super) fn place(&mut self, class: u32, peer: Address) -> &mut Kept<T> {
        let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
        let both = half(peer.0) ^ half(peer.0 >> 64).rotate_left(32);
        let mix = (both ^ u64::from(class) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &mut self.0[usize::try_from(mix >> (64 - LASTING_BITS)).unwrap_or(0)]
    }

    /// Everything in it, and nothing any more.
    pub(super) fn take(&mut self) -> Vec<(u32, Address, T)> {
        let places = std::mem::replace(self, Lasting::new()).0;
        places.into_iter().filter_map(Kept::taken).collect()
    }
}
