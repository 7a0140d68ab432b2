//! What pages of events mean: pages go in, each event's message comes out once, and whether there is more.
//!
//! No call is made here, so every trap of the two calls is tested below with pages written by hand.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

/// An event, as far as it matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// FilterLogEvents only.
    pub(super) id: Option<String>,
    /// FilterLogEvents only.
    pub(super) stream: Option<String>,
    pub(super) timestamp_ms: i64,
    pub(super) ingested_ms: i64,
    pub(super) message: String,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) events: Vec<Event>,
    /// `nextToken`, or `nextForwardToken`.
    pub(super) token: Option<String>,
}

/// A token lives for a day; a run that meets more of them expired is not moving.
const RESTARTS_MAX: u32 = 3;

/// Why the pages cannot be all there are.
pub(super) type Trouble = &'static str;

/// 128 bits by two keyed hashes of this process: two different events meet with a chance of one in 2^128 a pair.
#[derive(Default)]
struct Prints(RandomState, RandomState);

impl Prints {
    fn of(&self, what: impl Hash) -> u128 {
        u128::from(self.0.hash_one(&what)) << 64 | u128::from(self.1.hash_one(&what))
    }
}

/// The pages of one input, from the first to the last.
pub(super) struct Paging {
    from_ms: i64,
    sent: Option<String>,
    /// Tokens that were sent.
    tokens: HashSet<u128>,
    restarts: u32,
    prints: Prints,
    memory: Memory,
}

/// What must be remembered to give each event once.
enum Memory {
    /// FilterLogEvents.
    ///
    /// 128 bits an event, with the table's slack at most 40 bytes: a slice of a million events takes 40 MB until its end.
    Ids {
        seen: HashSet<u128>,
        /// Streams whose names begin so; the server was asked for them, and not every server listens.
        prefix: Option<String>,
        /// An event without an id was given.
        nameless: bool,
    },
    /// GetLogEvents, whose events have no ids but come in the order of time: those of the last timestamp, how often each.
    Last {
        last_ms: i64,
        given: HashMap<u128, u32>,
        /// After a restart: events that come a second time.
        again: HashMap<u128, u32>,
        ordered: bool,
    },
}

impl Paging {
    /// For FilterLogEvents.
    pub(super) fn slice(from_ms: i64, prefix: Option<String>) -> Paging {
        Paging::with(
            from_ms,
            Memory::Ids {
                seen: HashSet::new(),
                prefix,
                nameless: false,
            },
        )
    }

    /// For GetLogEvents.
    pub(super) fn stream(from_ms: i64) -> Paging {
        Paging::with(
            from_ms,
            Memory::Last {
                last_ms: i64::MIN,
                given: HashMap::new(),
                again: HashMap::new(),
                ordered: true,
            },
        )
    }

    fn with(from_ms: i64, memory: Memory) -> Paging {
        Paging {
            from_ms,
            sent: None,
            tokens: HashSet::new(),
            restarts: 0,
            prints: Prints::default(),
            memory,
        }
    }

    /// The start time to ask with.
    pub(super) fn start_ms(&self) -> i64 {
        self.from_ms
    }

    /// The token to ask with.
    pub(super) fn token(&self) -> Option<&str> {
        self.sent.as_deref()
    }

    /// Takes an answer: new messages are added to `text`, a line each. Whether there may be more.
    ///
    /// # Errors
    /// A token that comes a second time, or none where there must be one: what is missing behind it is not known.
    pub(super) fn take(&mut self, page: Page, text: &mut Vec<u8>) -> Result<bool, Trouble> {
        for event in &page.events {
            if self.is_new(event) {
                // A blank line is no line to a log; a blank event is one that says nothing, and is set aside as such.
                let blank = event.message.trim().is_empty();
                text.extend_from_slice(if blank {
                    b"-"
                } else {
                    event.message.as_bytes()
                });
                text.push(b'\n');
            }
        }
        match (&self.memory, page.token) {
            (Memory::Ids { .. }, None) => return Ok(false),
            (Memory::Last { .. }, None) => return Err("it gave no token to go on with"),
            // The end of a stream is a token that comes back; there is no other sign of it.
            (Memory::Last { .. }, token) if token == self.sent => return Ok(false),
            (_, token) => self.sent = token,
        }
        let print = self.prints.of(&self.sent);
        if self.tokens.insert(print) {
            Ok(true)
        } else {
            Err("it gave a token for the second time, so the pages behind it cannot be reached")
        }
    }

    /// The token has expired: the next question is the first again, and what was given is not given twice.
    ///
    /// # Errors
    /// Nothing to tell old events from new by, or too many restarts.
    pub(super) fn restart(&mut self) -> Result<(), Trouble> {
        self.restarts += 1;
        if self.restarts > RESTARTS_MAX {
            return Err("its tokens expire faster than pages can be read");
        }
        match &mut self.memory {
            // From the beginning: events may come out of order, so the last timestamp says nothing of those before it.
            Memory::Ids {
                nameless: false, ..
            } => {}
            Memory::Last {
                last_ms,
                given,
                again,
                ordered: true,
            } => {
                self.from_ms = self.from_ms.max(*last_ms);
                again.clone_from(given);
            }
            Memory::Ids { .. } | Memory::Last { .. } => {
                return Err(
                    "its token expired, and events that were read cannot be told from new ones",
                );
            }
        }
        self.sent = None;
        self.tokens.clear();
        Ok(())
    }

    fn is_new(&mut self, event: &Event) -> bool {
        match &mut self.memory {
            Memory::Ids {
                seen,
                prefix,
                nameless,
            } => {
                if let (Some(prefix), Some(stream)) = (prefix, &event.stream)
                    && !stream.starts_with(prefix.as_str())
                {
                    return false;
                }
                let Some(id) = &event.id else {
                    *nameless = true;
                    return true;
                };
                seen.insert(self.prints.of(id))
            }
            Memory::Last {
                last_ms,
                given,
                again,
                ordered,
            } => {
                let time_ms = event.timestamp_ms;
                if time_ms > *last_ms {
                    *last_ms = time_ms;
                    given.clear();
                    again.clear();
                }
                *ordered &= time_ms == *last_ms;
                let print = self.prints.of((time_ms, event.ingested_ms, &event.message));
                if let Some(left @ 1..) = again.get_mut(&print) {
                    *left -= 1;
                    return false;
                }
                *given.entry(print).or_default() += 1;
                true
            }
        }
    }
}

#[cfg(test)]
#[path = "paging_tests.rs"]
mod tests;
