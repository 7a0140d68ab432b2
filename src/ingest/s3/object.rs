//! One object: its bytes come over the network into a bounded buffer, and out of it to a thread that reads and waits.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::aws::{Aws, Fault};
use crate::ingest::s3::bucket::Bucket;
use crate::ingest::s3::listing::Entry;
use crate::ingest::s3::ranges::{S3Ranges, Tail};
use crate::ingest::s3::transfer::{Target, Transfer};
use crate::ingest::source::{Opener, Ranges, Stamp};

/// Bytes of one object that wait to be read, whatever its size. Large enough that the network and the decoder rarely wait for each
/// other; a dozen objects are on their way at once.
const BUFFER_BYTES: u32 = 1 << 20;

/// The most that is passed on at once.
const PIECE_BYTES: usize = 256 << 10;

/// An object as it was listed, and what of it is on its way.
pub(super) struct Object {
    aws: Aws,
    target: Arc<Target>,
    begun: Mutex<Option<Begun>>,
}

/// What was begun before anybody asked for it.
enum Begun {
    Bytes(Pipe),
    Tail(Tail),
}

impl Object {
    pub(super) fn new(aws: Aws, bucket: Arc<Bucket>, listed: Entry) -> Object {
        Object {
            aws,
            target: Arc::new(Target::new(bucket, listed)),
            begun: Mutex::default(),
        }
    }

    fn pipe(&self) -> Pipe {
        Pipe::new(&self.aws, Arc::clone(&self.target))
    }

    /// Whether the stamp may stand for bytes that are not read: only an ETag makes all parts those of one object.
    fn is_told_apart(&self) -> bool {
        !self.target.bucket.full_digest && self.target.listed.etag.is_some()
    }

    fn tail(&self) -> Tail {
        Tail::new(&self.aws, Arc::clone(&self.target))
    }

    fn taken(&self) -> Option<Begun> {
        self.begun
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Opener for Object {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let pipe = match self.taken() {
            Some(Begun::Bytes(pipe)) => pipe,
            Some(Begun::Tail(_)) | None => self.pipe(),
        };
        Ok(Box::new(pipe))
    }

    fn ranges(&self) -> io::Result<Option<Box<dyn Ranges>>> {
        if !self.is_told_apart() {
            return Ok(None);
        }
        let tail = match self.taken() {
            Some(Begun::Tail(tail)) => tail,
            Some(Begun::Bytes(_)) | None => self.tail(),
        };
        let ranges = S3Ranges::new(self.aws.clone(), Arc::clone(&self.target), tail)?;
        Ok(Some(Box::new(ranges)))
    }

    fn is_columnar(&self) -> bool {
        self.is_told_apart() && self.target.listed.key.ends_with(".parquet")
    }

    fn prepare(&self) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.is_none() {
            *begun = Some(if self.is_columnar() {
                Begun::Tail(self.tail())
            } else {
                Begun::Bytes(self.pipe())
            });
        }
    }

    fn stamp(&self) -> Stamp {
        let stamp = self.target.stamp.lock();
        stamp.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The reading end of the buffer. Dropped early, it ends the transfer.
struct Pipe {
    pieces: UnboundedReceiver<Result<Bytes, Box<Fault>>>,
    room: Arc<Semaphore>,
    task: JoinHandle<()>,
    current: Bytes,
    read: u64,
    size: u64,
}

impl Pipe {
    /// Begins the transfer.
    fn new(aws: &Aws, target: Arc<Target>) -> Pipe {
        let size = target.listed.size;
        let (sender, pieces) = unbounded_channel();
        let room = Arc::new(Semaphore::new(BUFFER_BYTES as usize));
        let transfer = Transfer::new(target, 0..size);
        let task = pump(transfer, Arc::clone(&room), sender);
        Pipe {
            pieces,
            room,
            task: aws.runtime().spawn(task),
            current: Bytes::new(),
            read: 0,
            size,
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                Some(Ok(bytes)) => {
                    self.room.add_permits(bytes.len());
                    self.current = bytes;
                }
                Some(Err(fault)) => return Err(fault.into()),
                None if self.read == self.size => return Ok(0),
                // The task has died; it says why or gives every byte.
                None => return Err(io::Error::other("the transfer ended without a word")),
            }
        }
        let len = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..len]);
        self.read += len as u64;
        Ok(len)
    }
}

/// Fills the buffer, and waits for room in it.
async fn pump(
    mut transfer: Transfer,
    room: Arc<Semaphore>,
    pieces: UnboundedSender<Result<Bytes, Box<Fault>>>,
) {
    loop {
        let mut bytes = match transfer.next().await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return,
            // Nobody listens any more, or there is nothing more to say.
            Err(fault) => return drop(pieces.send(Err(fault))),
        };
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE_BYTES));
            let len = u32::try_from(piece.len()).unwrap_or(BUFFER_BYTES);
            match room.acquire_many(len).await {
                Ok(permit) => permit.forget(),
                Err(_) => return,
            }
            if pieces.send(Ok(piece)).is_err() {
                return;
            }
        }
    }
}
