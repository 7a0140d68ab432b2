//! Where a service answers: partition, FIPS, dual stack, or a URL of the user's own.

use crate::aws::query::Service;
use crate::aws::session::Session;

/// Where to send a call, and for which Region to sign it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) signing_region: String,
}

/// The endpoint of a service in the session's Region.
pub(super) fn of(session: &Session, service: Service) -> Endpoint {
    let url = session.config().endpoint_url().map_or_else(
        || {
            format!(
                "https://{}.{}.amazonaws.com",
                service.name,
                session.region()
            )
        },
        str::to_owned,
    );
    Endpoint {
        url,
        signing_region: session.region().to_owned(),
    }
}
