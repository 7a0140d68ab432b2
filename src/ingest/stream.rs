//! The bytes of an input: as stored they go in and are hashed and counted; plain they come out, in pieces.

use std::io::{self, BufReader, Read};

use sha2::{Digest, Sha256};

use crate::ingest::gunzip::{Gunzip, MAGIC};
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
        let mut scratch = [0; 16 << 10];
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

/// Bytes as they are meant: unzipped, if they were zipped.
pub(super) enum Stream {
    /// As stored.
    Plain(BufReader<Stored>),
    /// gzip, one member or several.
    Gzip(Box<Gunzip<Stored>>),
}

/// Bytes that are read at a time.
const READ_BYTES: usize = 128 << 10;

impl Stream {
    /// Looks at the first bytes, and unzips if they say so.
    ///
    /// # Errors
    /// Whatever the place says.
    pub(super) fn new(mut inner: Box<dyn Read + Send>) -> io::Result<Stream> {
        // A pipe may give its first byte alone, and the magic has two.
        let mut head = [0u8; 2];
        let len = fill(&mut inner, &mut head)?;
        let stored = Stored {
            inner: Box::new(io::Cursor::new(head).take(len as u64).chain(inner)),
            hash: Sha256::new(),
            count: 0,
        };
        Ok(if head == MAGIC {
            Stream::Gzip(Box::new(Gunzip::new(stored)))
        } else {
            Stream::Plain(BufReader::with_capacity(READ_BYTES, stored))
        })
    }

    /// Whether it is unzipped.
    pub(super) fn is_gzip(&self) -> bool {
        matches!(self, Stream::Gzip(_))
    }

    fn stored(&self) -> &Stored {
        match self {
            Stream::Plain(reader) => reader.get_ref(),
            Stream::Gzip(gunzip) => gunzip.source(),
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
            Stream::Gzip(gunzip) => gunzip.source_mut().drain(stopped),
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
