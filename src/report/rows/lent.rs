//! An output lent to the Parquet encoder.

use std::io::{self, Write};

/// An output that can be taken back once the encoder has flushed.
///
/// The encoder's own `into_inner` turns an error of the output into text, and a closed pipe must stay one that can be told.
pub struct Lent<W>(Option<W>);

impl<W: Write> Lent<W> {
    pub fn new(out: W) -> Self {
        Lent(Some(out))
    }

    /// The output; an error if it was taken before.
    pub fn take(&mut self) -> io::Result<W> {
        self.0.take().ok_or_else(gone)
    }
}

impl<W: Write> Write for Lent<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().ok_or_else(gone)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().ok_or_else(gone)?.flush()
    }
}

fn gone() -> io::Error {
    io::ErrorKind::NotConnected.into()
}
