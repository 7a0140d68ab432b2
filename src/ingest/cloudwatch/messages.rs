//! The messages of a slice or a stream as text: calls run ahead of the reader, as far as a bounded channel lets them.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::aws::Fault;
use crate::ingest::cloudwatch::group::{Group, is_token_expired};
use crate::ingest::cloudwatch::paging::Paging;
use crate::ingest::source::Opener;

/// Pages that wait for their reader, each up to 1 MB; one more is under way.
const PAGES_AHEAD: usize = 2;

/// One input: all events of the group, or of one stream, from a time up to before another.
pub(super) struct Messages {
    pub(super) group: Arc<Group>,
    pub(super) stream: Option<String>,
    pub(super) from_s: i64,
    pub(super) to_s: i64,
    pub(super) begun: Mutex<Option<Receiver<Piece>>>,
}

/// What comes through the channel.
pub(super) enum Piece {
    Text(Vec<u8>),
    /// All that there is has come.
    End,
    Failed(Box<Fault>),
}

impl Messages {
    fn begin(&self) -> Receiver<Piece> {
        let (sender, receiver) = channel(PAGES_AHEAD);
        let (group, stream) = (Arc::clone(&self.group), self.stream.clone());
        let (from_ms, to_ms) = (
            self.from_s.saturating_mul(1_000),
            self.to_s.saturating_mul(1_000),
        );
        let runtime = self.group.session.aws().runtime().clone();
        runtime.spawn(async move {
            let read = pages(&group, stream.as_deref(), (from_ms, to_ms), &sender).await;
            let last = match read {
                Ok(()) => Piece::End,
                Err(fault) => Piece::Failed(fault),
            };
            // Nobody reads any more: nobody misses it.
            drop(sender.send(last).await);
        });
        receiver
    }
}

/// Asks for pages until the last, or until nobody reads.
async fn pages(
    group: &Group,
    stream: Option<&str>,
    (from_ms, to_ms): (i64, i64),
    out: &Sender<Piece>,
) -> Result<(), Box<Fault>> {
    let mut paging = match stream {
        Some(_) => Paging::stream(from_ms),
        None => Paging::slice(from_ms, group.place.prefix.clone()),
    };
    loop {
        let (from_ms, token) = (paging.start_ms(), paging.token());
        let answer = match stream {
            Some(stream) => group.get(stream, from_ms, to_ms, token).await,
            None => group.filter(from_ms, to_ms, token).await,
        };
        let page = match answer {
            Err(fault) if token.is_some() && is_token_expired(&fault) => {
                let begun = paging.restart();
                begun.map_err(|what| group.trouble(stream, what))?;
                continue;
            }
            answer => answer?,
        };
        let mut text = Vec::new();
        let more = paging.take(page, &mut text);
        // What came before trouble is kept.
        if !text.is_empty() && out.send(Piece::Text(text)).await.is_err() {
            return Ok(());
        }
        if !more.map_err(|what| group.trouble(stream, what))? {
            return Ok(());
        }
    }
}

impl Opener for Messages {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let pieces = begun.take().unwrap_or_else(|| self.begin());
        Ok(Box::new(Text {
            pieces,
            text: Vec::new(),
            at: 0,
            ended: false,
        }))
    }

    fn prepare(&self) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.is_none() {
            *begun = Some(self.begin());
        }
    }

    fn encoding(&self) -> Option<&'static str> {
        Some("cloudwatch")
    }
}

/// The reader's end of the channel. It is read by threads that run no tasks.
struct Text {
    pieces: Receiver<Piece>,
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for Text {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Piece::Text(text)) => (self.text, self.at) = (text, 0),
                Some(Piece::End) => self.ended = true,
                Some(Piece::Failed(fault)) => return Err(fault.into()),
                // Silence is no end: whoever asked is gone without a word.
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let rest = &self.text[self.at..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}
