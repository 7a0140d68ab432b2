//! The bytes of an input: as stored they go in and are hashed and counted; plain they come out, in pieces.

use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::ingest::inflate;
use crate::ingest::spare::{Buffer, Spare};

use crate::model::name::hex;

/// Bytes as stored.
pub(super) struct Stored {
    inner: Box<dyn Read + Send>,
    hash: Sha256,
    count: u64,
}

impl Stored {
    /// Reads what is left, for the hash alone.
    fn drain(&mut self, stopped: impl Fn() -> bool) -> io::Result<()> {
        let mut scratch = vec![0; 256 << 10];
        while fill(self, &mut scratch)? > 0 {
            if stopped() {
                return Err(io::Error::from(io::ErrorKind::Interrupted));
            }
        }
        Ok(())
    }

    fn hex(&self) -> String {
        hex(&self.hash.clone().finalize())
    }
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        let read = buffer
            .get(..len)
            .ok_or_else(|| io::Error::other("more bytes read than asked for"))?;
        self.hash.update(read);
        self.count += len as u64;
        Ok(len)
    }
}

/// Bytes as stored, of which the first have been read, but not used.
pub(super) struct Resumed {
    held: Option<Buffer>,
    range: Range<usize>,
    /// What came behind the held ones.
    error: Option<io::Error>,
    stored: Stored,
}

impl Read for Resumed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(held) = &self.held {
            let mut rest = held.bytes.get(self.range.clone()).unwrap_or(&[]);
            let len = rest.read(buffer)?;
            self.range.start += len;
            if len > 0 || buffer.is_empty() {
                return Ok(len);
            }
            self.held = None;
        }
        match self.error.take() {
            Some(why) => Err(why),
            None => self.stored.read(buffer),
        }
    }
}

/// An object that has been unzipped whole.
pub(super) struct Whole {
    text: Buffer,
    len: usize,
    /// Where what has not been read begins.
    at: usize,
    stored: Stored,
}

/// What an object may take in memory.
pub(super) struct Room<'a> {
    /// Bytes as stored, as listed.
    pub(super) listed: u64,
    /// The most that it may take, zipped and unzipped.
    pub(super) whole_bytes: u64,
    /// The most that it may unzip to.
    pub(super) object_bytes: u64,
    pub(super) spare: &'a Arc<Spare>,
}

/// Bytes as they are meant: unzipped, if they were zipped.
pub(super) enum Stream {
    /// As stored.
    Plain(BufReader<Stored>),
    /// gzip, one member or several.
    Gzip(Box<MultiGzDecoder<BufReader<Resumed>>>),
    /// gzip, one member, in memory.
    Whole(Box<Whole>),
}

/// Bytes that are read at a time.
const READ_BYTES: usize = 128 << 10;

impl Stream {
    /// Looks at the first bytes, and unzips if they say so: at once, if there is room.
    ///
    /// # Errors
    /// Whatever the place says.
    pub(super) fn new(
        mut inner: Box<dyn Read + Send>,
        room: Option<Room<'_>>,
    ) -> io::Result<Stream> {
        // A pipe may give its first byte alone, and the magic has two.
        let mut head = [0u8; 2];
        let len = fill(&mut inner, &mut head)?;
        let stored = Stored {
            inner: Box::new(io::Cursor::new(head).take(len as u64).chain(inner)),
            hash: Sha256::new(),
            count: 0,
        };
        if head != [0x1f, 0x8b] {
            return Ok(Stream::Plain(BufReader::with_capacity(READ_BYTES, stored)));
        }
        let resumed = Resumed {
            held: None,
            range: 0..0,
            error: None,
            stored,
        };
        Ok(match room {
            Some(room) => Stream::whole(resumed.stored, &room),
            None => Stream::pieces(resumed),
        })
    }

    fn pieces(resumed: Resumed) -> Stream {
        let reader = BufReader::with_capacity(READ_BYTES, resumed);
        Stream::Gzip(Box::new(MultiGzDecoder::new(reader)))
    }

    /// Reads the object to its end and unzips it; or goes on piece by piece from its first byte, if it is not what it should be.
    fn whole(mut stored: Stored, room: &Room<'_>) -> Stream {
        // One byte more than listed, to see that it ends there.
        let size = usize::try_from(room.listed.min(room.whole_bytes)).unwrap_or(0) + 1;
        let mut packed = room.spare.take(size);
        let (mut len, mut error) = (0, None);
        for part in packed.bytes[..size].chunks_mut(READ_BYTES) {
            let read;
            (read, error) = fill_part(&mut stored, part);
            len += read;
            if read < part.len() {
                break;
            }
        }
        if len < size && error.is_none() {
            let bytes = packed.bytes.get(..len).unwrap_or(&[]);
            let fits = |text: &usize| {
                let text = *text as u64;
                text <= room.object_bytes && text + len as u64 <= room.whole_bytes
            };
            if let Some(text_len) = inflate::announced_bytes(bytes).filter(fits) {
                let mut text = room.spare.take(text_len);
                if inflate::gunzip(bytes, &mut text.bytes[..text_len]) {
                    return Stream::Whole(Box::new(Whole {
                        text,
                        len: text_len,
                        at: 0,
                        stored,
                    }));
                }
            }
        }
        Stream::pieces(Resumed {
            held: Some(packed),
            range: 0..len,
            error,
            stored,
        })
    }

    /// The next so many bytes of those that are in memory, as a place in [`Stream::held`]; `None` if they must be read.
    pub(super) fn next_held(&mut self, len: usize) -> Option<Range<usize>> {
        match self {
            Stream::Plain(_) | Stream::Gzip(_) => None,
            Stream::Whole(whole) => {
                let start = whole.at;
                whole.at = whole.len.min(start + len);
                Some(start..whole.at)
            }
        }
    }

    /// The text that is in memory.
    pub(super) fn held(&self) -> &[u8] {
        match self {
            Stream::Plain(_) | Stream::Gzip(_) => &[],
            Stream::Whole(whole) => whole.text.bytes.get(..whole.len).unwrap_or(&[]),
        }
    }

    /// Whether it is unzipped.
    pub(super) fn is_gzip(&self) -> bool {
        matches!(self, Stream::Gzip(_) | Stream::Whole(_))
    }

    fn stored(&self) -> &Stored {
        match self {
            Stream::Plain(reader) => reader.get_ref(),
            Stream::Gzip(decoder) => &decoder.get_ref().get_ref().stored,
            Stream::Whole(whole) => &whole.stored,
        }
    }

    /// Bytes as stored that have been read.
    pub(super) fn count(&self) -> u64 {
        self.stored().count
    }

    /// sha256 of the bytes as stored, lower hex. Of all of them only if they have been read to the end.
    pub(super) fn sha256(&self) -> String {
        self.stored().hex()
    }

    /// Reads what is left as stored, for the hash alone.
    ///
    /// # Errors
    /// Whatever the place says; `Interrupted` if `stopped` says so.
    pub(super) fn drain(&mut self, stopped: impl Fn() -> bool) -> io::Result<()> {
        match self {
            Stream::Plain(reader) => reader.get_mut().drain(stopped),
            Stream::Gzip(decoder) => decoder.get_mut().get_mut().stored.drain(stopped),
            Stream::Whole(whole) => whole.stored.drain(stopped),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(reader) => reader.read(buffer),
            Stream::Gzip(decoder) => decoder.read(buffer),
            Stream::Whole(_) => {
                let range = self.next_held(buffer.len()).unwrap_or_default();
                self.held().get(range).unwrap_or(&[]).read(buffer)
            }
        }
    }
}

/// Reads until the buffer is full or the bytes end.
///
/// # Errors
/// Whatever the reader says; use [`fill_part`] to keep what came before.
pub(super) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    match fill_part(reader, buffer) {
        (len, None) => Ok(len),
        (_, Some(why)) => Err(why),
    }
}

/// Reads until the buffer is full, the bytes end, or an error, which comes beside what was read before it.
pub(super) fn fill_part(reader: &mut impl Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut len = 0;
    while len < buffer.len() {
        match reader.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(more) => len += more,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return (len, Some(why)),
        }
    }
    (len, None)
}
