//! The calls on one log group: each at its pace, with retries; a [`Fault`] after the last.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::Builder;
use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, LogStream, OutputLogEvent};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;

use crate::aws::query::backoff;
use crate::aws::{ATTEMPTS_MAX, Ask, Call, Fault, Kind, Session};
use crate::ingest::cloudwatch::pace::{Asked, Pace};
use crate::ingest::cloudwatch::paging::{Event, Page};
use crate::ingest::cloudwatch::place::Place;

const FILTER: Call = Call {
    name: "FilterLogEvents",
    permission: "logs:FilterLogEvents",
};
const GET: Call = Call {
    name: "GetLogEvents",
    permission: "logs:GetLogEvents",
};
/// An empty page has an empty list; an answer without one is no page.
const NO_EVENTS: &str = "its answer has no list of events";

const DESCRIBE: Call = Call {
    name: "DescribeLogStreams",
    permission: "logs:DescribeLogStreams",
};

/// Streams a page; AWS gives no more.
const STREAMS_A_PAGE: i32 = 50;

/// A log group, and the way to it.
pub(super) struct Group {
    pub(super) place: Place,
    pub(super) session: Session,
    client: Client,
    pace: Arc<Pace>,
}

/// What DescribeLogStreams says.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Their names, in the order of the alphabet.
    pub(super) names: Vec<String>,
    /// Those are all.
    pub(super) all: bool,
    /// The earliest time that one of them gives for its first event. AWS keeps it right only in the long run, so nothing is
    /// ever left out by it.
    pub(super) first_ms: Option<i64>,
}

impl Group {
    pub(super) fn new(place: Place, ask: &Ask, session: Session) -> Group {
        let config = Builder::from(session.config())
            // Every attempt has its turn, so they are made here.
            .retry_config(RetryConfig::disabled())
            .interceptor(session.aws().meter().interceptor())
            .build();
        let pace = if session.config().endpoint_url().is_some() {
            Pace::free()
        } else {
            Pace::of(ask, session.region())
        };
        Group {
            place,
            client: Client::from_conf(config),
            session,
            pace,
        }
    }

    /// Exactly one of the two names a group: its name, unless it is another account's.
    fn name(&self) -> Option<String> {
        self.place.arn.is_none().then(|| self.place.group.clone())
    }

    /// Lists streams until their end, or until there are more than `enough`.
    pub(super) async fn streams(&self, enough: usize) -> Result<Streams, Box<Fault>> {
        let mut found = Streams::default();
        let mut tokens = HashSet::new();
        let mut token: Option<String> = None;
        loop {
            let sent = token.clone();
            let ask = || {
                self.client
                    .describe_log_streams()
                    .set_log_group_name(self.name())
                    .set_log_group_identifier(self.place.arn.clone())
                    .set_log_stream_name_prefix(self.place.prefix.clone())
                    .limit(STREAMS_A_PAGE)
                    .set_next_token(sent.clone())
                    .send()
            };
            let answer = self.called(DESCRIBE, Asked::Describe, ask).await?;
            for stream in answer.log_streams.unwrap_or_default() {
                let LogStream {
                    log_stream_name: Some(name),
                    first_event_timestamp,
                    ..
                } = stream
                else {
                    return Err(self.fault(DESCRIBE, "a stream in its answer has no name"));
                };
                // Not every server listens to the prefix.
                if self
                    .place
                    .prefix
                    .as_ref()
                    .is_none_or(|prefix| name.starts_with(prefix))
                {
                    found.names.push(name);
                    found.first_ms = match (found.first_ms, first_event_timestamp) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                }
            }
            found.all = answer.next_token.is_none();
            if found.all || found.names.len() > enough {
                return Ok(found);
            }
            if answer
                .next_token
                .as_ref()
                .is_some_and(|token| !tokens.insert(token.clone()))
            {
                let what = "it gave a token for the second time, so the rest of the list cannot be reached";
                return Err(self.fault(DESCRIBE, what));
            }
            token = answer.next_token;
        }
    }

    /// A page of FilterLogEvents. Its end time is inclusive, ours is not.
    pub(super) async fn filter(
        &self,
        from_ms: i64,
        to_ms: i64,
        token: Option<&str>,
    ) -> Result<Page, Box<Fault>> {
        let ask = || {
            self.client
                .filter_log_events()
                .set_log_group_name(self.name())
                .set_log_group_identifier(self.place.arn.clone())
                .set_log_stream_name_prefix(self.place.prefix.clone())
                .start_time(from_ms)
                .end_time(to_ms - 1)
                .start_from_head(true)
                .set_next_token(token.map(str::to_owned))
                .send()
        };
        let answer = self.called(FILTER, Asked::Filter, ask).await?;
        let events = answer.events.ok_or_else(|| self.fault(FILTER, NO_EVENTS))?;
        let event = |event: FilteredLogEvent| {
            Some(Event {
                id: event.event_id,
                stream: event.log_stream_name,
                timestamp_ms: event.timestamp.unwrap_or(0),
                ingested_ms: event.ingestion_time.unwrap_or(0),
                message: event.message?,
            })
        };
        let events = events.into_iter().map(event).collect();
        self.page(FILTER, events, answer.next_token)
    }

    /// A page of GetLogEvents. Its end time is exclusive.
    pub(super) async fn get(
        &self,
        stream: &str,
        from_ms: i64,
        to_ms: i64,
        token: Option<&str>,
    ) -> Result<Page, Box<Fault>> {
        let ask = || {
            self.client
                .get_log_events()
                .set_log_group_name(self.name())
                .set_log_group_identifier(self.place.arn.clone())
                .log_stream_name(stream)
                .start_time(from_ms)
                .end_time(to_ms)
                // With every call, or the newest come first, and the forward token is refused.
                .start_from_head(true)
                .set_next_token(token.map(str::to_owned))
                .send()
        };
        let answer = self.called(GET, Asked::Get, ask).await?;
        let events = answer.events.ok_or_else(|| self.fault(GET, NO_EVENTS))?;
        let event = |event: OutputLogEvent| {
            Some(Event {
                id: None,
                stream: None,
                timestamp_ms: event.timestamp.unwrap_or(0),
                ingested_ms: event.ingestion_time.unwrap_or(0),
                message: event.message?,
            })
        };
        let events = events.into_iter().map(event).collect();
        self.page(GET, events, answer.next_forward_token)
    }

    fn page(
        &self,
        call: Call,
        events: Option<Vec<Event>>,
        token: Option<String>,
    ) -> Result<Page, Box<Fault>> {
        // An event that says nothing may have been a record.
        let events =
            events.ok_or_else(|| self.fault(call, "an event in its answer has no message"))?;
        let bytes: usize = events.iter().map(|event| event.message.len()).sum();
        let meter = self.session.aws().meter();
        meter.received(u64::try_from(bytes).unwrap_or(u64::MAX));
        Ok(Page { events, token })
    }

    /// An answer that cannot be used.
    fn fault(&self, call: Call, what: &str) -> Box<Fault> {
        let region = self.session.region();
        Box::new(Fault::new(Kind::Other, call, &self.place.uri, region, what))
    }

    /// Trouble with the pages of a slice or of a stream.
    pub(super) fn trouble(&self, stream: Option<&str>, what: &str) -> Box<Fault> {
        self.fault(if stream.is_some() { GET } else { FILTER }, what)
    }

    /// One call, until it is answered or there is no hope.
    async fn called<T, E, F>(
        &self,
        call: Call,
        asked: Asked,
        ask: impl Fn() -> F,
    ) -> Result<T, Box<Fault>>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let region = self.session.region();
        let of = |kind, what: &str| Fault::new(kind, call, &self.place.uri, region, what);
        let mut attempt = 1;
        loop {
            let credentials = self.session.credentials().await;
            credentials.map_err(|message| of(Kind::Credentials, &message))?;
            self.pace.turn(asked).await;
            let fault = match tokio::time::timeout(self.session.aws().timeout(), ask()).await {
                Ok(Ok(answer)) => {
                    self.pace.answered(asked);
                    return Ok(answer);
                }
                Ok(Err(error)) => Fault::of_sdk(call, &self.place.uri, region, &error),
                Err(_) => of(Kind::Unreachable, "timed out"),
            };
            if fault.kind == Kind::Throttled {
                self.pace.throttled(asked);
            }
            if attempt == ATTEMPTS_MAX || !fault.is_passing() {
                return Err(Box::new(fault));
            }
            tokio::time::sleep(backoff(attempt)).await;
            attempt += 1;
        }
    }
}

/// Whether AWS no longer knows the token that was sent: it does for a day.
pub(super) fn is_token_expired(fault: &Fault) -> bool {
    fault.code.as_deref() == Some("InvalidParameterException")
        && fault.message.to_ascii_lowercase().contains("token")
}
