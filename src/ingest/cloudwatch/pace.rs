//! How fast AWS may be asked: quotas by Region, and a token bucket for each call that all inputs share.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::aws::Ask;

/// Calls a second that an account has in a Region, by the "CloudWatch Logs quotas" page as of autumn 2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) filter: u32,
    pub(super) get: u32,
    pub(super) describe: u32,
}

/// The quotas of a Region; one that AWS opens later has those that most have.
pub(super) fn quota(region: &str) -> Quota {
    let filter = match region {
        "us-east-1" => 25,
        "ap-northeast-3" | "ap-southeast-3" | "ca-west-1" | "eu-central-1" | "il-central-1" => 5,
        _ => 10,
    };
    let get = match region {
        "eu-west-3" => 30,
        "us-west-2" | "ap-northeast-3" | "ap-southeast-3" | "ca-west-1" | "eu-central-1"
        | "eu-west-1" | "il-central-1" => 10,
        _ => 25,
    };
    Quota {
        filter,
        get,
        describe: 25,
    }
}

/// Of the quota, what this run takes; the rest is for the account's other readers.
const SHARE: f64 = 0.8;
/// However often AWS throttles, this part of the full rate stays.
const SLOWEST: f64 = 1.0 / 32.0;
/// Of the full rate, what an answer gives back.
const RECOVERY: f64 = 0.02;

/// A token bucket that holds one token, so that calls come evenly. Times are seconds since its making.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    full: f64,
    rate: f64,
    tokens: f64,
    at_s: f64,
    slowed_s: f64,
}

impl Bucket {
    fn new(quota: u32) -> Bucket {
        let full = f64::from(quota) * SHARE;
        Bucket {
            full,
            rate: full,
            tokens: 1.0,
            at_s: 0.0,
            slowed_s: -1.0,
        }
    }

    /// Takes a token, perhaps one that is still to come: how long to wait for it.
    fn take(&mut self, now_s: f64) -> f64 {
        let since_s = (now_s - self.at_s).max(0.0);
        self.tokens = (self.tokens + since_s * self.rate).min(1.0) - 1.0;
        self.at_s = self.at_s.max(now_s);
        (-self.tokens / self.rate).max(0.0)
    }

    /// AWS says it is too fast. All calls under way at that time say so together, so only the first of a second counts.
    fn throttled(&mut self, now_s: f64) {
        if now_s - self.slowed_s >= 1.0 {
            self.rate = (self.rate / 2.0).max(self.full * SLOWEST);
            self.slowed_s = now_s;
        }
    }

    /// AWS answered.
    fn answered(&mut self) {
        self.rate = (self.rate + self.full * RECOVERY).min(self.full);
    }
}

/// Which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Filter,
    Get,
    Describe,
}

/// The buckets of one caller in one Region; none where the user's own server answers, which has no quotas of AWS's.
pub(super) struct Pace {
    began: Instant,
    buckets: Option<[Mutex<Bucket>; 3]>,
}

impl Pace {
    /// The pace of this caller in this Region: one for the process, as the quota is one.
    pub(super) fn of(ask: &Ask, region: &str) -> Arc<Pace> {
        type Paces = Mutex<HashMap<(Ask, String), Arc<Pace>>>;
        static PACES: LazyLock<Paces> = LazyLock::new(Paces::default);
        let key = (ask.clone(), region.to_owned());
        let mut paces = PACES.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces.entry(key).or_insert_with(|| {
            let quota = quota(region);
            let buckets = [quota.filter, quota.get, quota.describe];
            Arc::new(Pace {
                began: Instant::now(),
                buckets: Some(buckets.map(|quota| Mutex::new(Bucket::new(quota)))),
            })
        });
        Arc::clone(pace)
    }

    /// No pace at all.
    pub(super) fn free() -> Arc<Pace> {
        Arc::new(Pace {
            began: Instant::now(),
            buckets: None,
        })
    }

    fn with<T>(&self, asked: Asked, act: impl FnOnce(&mut Bucket, f64) -> T) -> Option<T> {
        let [filter, get, describe] = self.buckets.as_ref()?;
        let bucket = match asked {
            Asked::Filter => filter,
            Asked::Get => get,
            Asked::Describe => describe,
        };
        let now_s = self.began.elapsed().as_secs_f64();
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        Some(act(&mut bucket, now_s))
    }

    /// Waits for its turn.
    pub(super) async fn turn(&self, asked: Asked) {
        let wait_s = self.with(asked, Bucket::take).unwrap_or(0.0);
        if wait_s > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(wait_s)).await;
        }
    }

    /// AWS says it is too fast.
    pub(super) fn throttled(&self, asked: Asked) {
        self.with(asked, Bucket::throttled);
    }

    /// AWS answered.
    pub(super) fn answered(&self, asked: Asked) {
        self.with(asked, |bucket, _| bucket.answered());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many calls are made in so many seconds by callers who ask again at once.
    fn calls(bucket: &mut Bucket, from_s: f64, seconds: f64) -> u32 {
        let (mut now_s, mut calls) = (from_s, 0);
        while now_s < from_s + seconds {
            now_s += bucket.take(now_s);
            calls += 1;
        }
        calls
    }

    #[test]
    fn a_bucket_stays_below_the_quota_from_the_first_second_on() {
        for quota in [5, 10, 25, 30] {
            let mut bucket = Bucket::new(quota);
            for second in 0..10 {
                let got = calls(&mut bucket, f64::from(second), 1.0);
                assert!(got <= quota, "{quota}: {got}");
            }
            // Silence saves nothing up.
            assert!(calls(&mut bucket, 1_000.0, 1.0) <= quota);
        }
    }

    #[test]
    fn throttling_halves_once_a_second_and_answers_win_it_back() {
        let mut bucket = Bucket::new(10);
        for _ in 0..8 {
            bucket.throttled(3.0);
        }
        assert!((bucket.rate - 4.0).abs() < 1e-9);
        for second in 4..40 {
            bucket.throttled(f64::from(second));
        }
        assert!((bucket.rate - 0.25).abs() < 1e-9, "never to a standstill");
        for _ in 0..60 {
            bucket.answered();
        }
        assert!((bucket.rate - 8.0).abs() < 1e-9);
    }

    #[test]
    fn callers_who_share_a_quota_share_a_pace() {
        let ask = |profile: &str| Ask {
            profile: Some(profile.to_owned()),
            ..Ask::default()
        };
        let (a, b) = (Pace::of(&ask("x"), "r-1"), Pace::of(&ask("x"), "r-1"));
        assert!(Arc::ptr_eq(&a, &b));
        assert!(!Arc::ptr_eq(&a, &Pace::of(&ask("x"), "r-2")));
        assert!(!Arc::ptr_eq(&a, &Pace::of(&ask("y"), "r-1")));
    }

    #[test]
    fn quotas_are_awss() {
        let of = |region| {
            let quota = quota(region);
            (quota.filter, quota.get, quota.describe)
        };
        assert_eq!(of("us-east-1"), (25, 25, 25));
        assert_eq!(of("eu-central-1"), (5, 10, 25));
        assert_eq!(of("eu-west-3"), (10, 30, 25));
        assert_eq!(of("eu-west-1"), (10, 10, 25));
        assert_eq!(of("mx-central-1"), (10, 25, 25));
    }
}
