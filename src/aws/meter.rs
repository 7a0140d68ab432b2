//! How much was asked of AWS, and how much may be: every attempt of every call goes through here.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Counts requests and bytes, and refuses the request after the last that is allowed.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    requests_max: Option<u64>,
    received_bytes: AtomicU64,
}

/// The budget of requests is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{requests_max} requests were allowed, and all are made")]
pub struct Spent {
    /// As asked for with `--max-requests`.
    pub requests_max: u64,
}

impl Meter {
    /// A new one; `requests_max` counts every attempt, retries included.
    pub fn new(requests_max: Option<u64>) -> Meter {
        Meter {
            requests_max,
            ..Meter::default()
        }
    }

    /// One more attempt.
    ///
    /// # Errors
    /// [`Spent`]: it must not be made.
    pub fn spend(&self) -> Result<(), Spent> {
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        match self.requests_max {
            Some(requests_max) if before >= requests_max => {
                self.requests.fetch_sub(1, Ordering::Relaxed);
                Err(Spent { requests_max })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Bytes of a body have come.
    pub fn received(&self, bytes: u64) {
        self.received_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Attempts made so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes of bodies so far.
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes.load(Ordering::Relaxed)
    }

    /// For the SDK's clients: counts each attempt before it is sent.
    pub fn interceptor(self: &Arc<Self>) -> impl Intercept + 'static {
        Metered(Arc::clone(self))
    }
}

struct Metered(Arc<Meter>);

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metered")
    }
}

impl Intercept for Metered {
    fn name(&self) -> &'static str {
        "flowproof's request budget"
    }

    fn modify_before_transmit(
        &self,
        _: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Ok(self.0.spend()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_after_the_last_is_refused_and_not_counted() {
        let meter = Meter::new(Some(2));
        assert_eq!(
            [meter.spend(), meter.spend(), meter.spend()],
            [Ok(()), Ok(()), Err(Spent { requests_max: 2 })]
        );
        assert_eq!(meter.requests(), 2);
    }
}
