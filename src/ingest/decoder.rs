//! What every decoder of bytes is: pieces in, cut anywhere; records out, always the same.

use std::ops::Range;

use crate::diag::Diagnostic;
use crate::ingest::records::Records;

/// A decoder without I/O.
pub(super) trait Decoder: Send {
    /// Takes the next piece of a text. Before it stands the end of what came before it, as far as that is still in memory; what stands behind
    /// it means nothing.
    ///
    /// # Errors
    /// Bytes after which nothing can be read any more; what came before is kept.
    fn push(
        &mut self,
        text: &[u8],
        piece: Range<usize>,
        records: &mut Records,
    ) -> Result<(), Box<Diagnostic>>;

    /// The input has ended, as it should.
    ///
    /// # Errors
    /// It has ended too early.
    fn finish(&mut self, records: &mut Records) -> Result<(), Box<Diagnostic>>;

    /// The input has ended as it should not: what stands half read is set aside, for half a number is a number.
    fn cut(&mut self, records: &mut Records);

    /// What it has read: `text`, `export` or `json`.
    fn encoding(&self) -> &'static str;
}
