//! gunzip of a page of Parquet, by libdeflate: for what is exactly one member, as everybody writes it. A page is mostly literals, and of those
//! libdeflate makes text faster than [`gunzip`](crate::ingest::gunzip), which is built for lines of logs: reading Parquet takes a fifteenth less.
//!
//! Everything else is left to the way of text, which says what is wrong: several members, bytes behind the last, damage, an end too
//! early, a size that is not what the trailer says.

use std::io::{self, Read};
use std::ptr::NonNull;

use libdeflate_sys as sys;

use crate::ingest::gunzip::Gunzip;

/// No 1,032 bytes of text are zipped into less than one byte.
const RATIO_MAX: usize = 1032;

/// The fixed part of a member's header, and its trailer.
const FRAME_BYTES: usize = 10 + 8;

/// Header flags that the other way checks more strictly: a checksum of the header, and what nobody has defined.
const FLAGS_BEYOND: u8 = 0xe2;

/// What a member that is all of `packed` says that it unzips to; `None` if it cannot be one that is read here.
pub(super) fn announced_bytes(packed: &[u8]) -> Option<usize> {
    let plain = packed.starts_with(b"\x1f\x8b\x08") && packed.get(3)? & FLAGS_BEYOND == 0;
    let size = u32::from_le_bytes(*packed.last_chunk()?);
    let size = usize::try_from(size).ok()?;
    let likely = size > 0 && packed.len() > FRAME_BYTES && size / RATIO_MAX <= packed.len();
    (plain && likely).then_some(size)
}

/// Unzips `packed` into `text`; whether it is one whole member that fills it, its checksum included.
pub(super) fn gunzip(packed: &[u8], text: &mut [u8]) -> bool {
    let Some(mut decompressor) = Decompressor::new() else {
        return false;
    };
    decompressor.gunzip(packed, text) == Some((packed.len(), text.len()))
}

/// Unzips what [`gunzip`] would not, and adds it to `text`: all members that there are.
///
/// # Errors
/// Damage, and an end too early.
pub(super) fn gunzip_slowly(packed: &[u8], text: &mut Vec<u8>) -> io::Result<()> {
    Gunzip::new(packed).read_to_end(text).map(drop)
}

/// libdeflate's own, with the one call that says how much it has read; `libdeflater` does not pass that on, and without it a second
/// member would be lost in silence.
struct Decompressor(NonNull<sys::libdeflate_decompressor>);

impl Decompressor {
    #[expect(
        unsafe_code,
        reason = "libdeflate is C; measured in docs/benchmarks.md"
    )]
    fn new() -> Option<Decompressor> {
        // SAFETY: takes nothing, gives null or a decompressor that is ours alone.
        NonNull::new(unsafe { sys::libdeflate_alloc_decompressor() }).map(Decompressor)
    }

    /// Bytes read and written, if all was well.
    #[expect(unsafe_code, reason = "see `new`")]
    fn gunzip(&mut self, packed: &[u8], text: &mut [u8]) -> Option<(usize, usize)> {
        let (mut read, mut written) = (0, 0);
        // SAFETY: both buffers live until the call returns, do not overlap (one is borrowed mutably), and go with their lengths,
        // beyond which libdeflate neither reads nor writes; the decompressor is alive and lent to this call alone.
        let result = unsafe {
            sys::libdeflate_gzip_decompress_ex(
                self.0.as_ptr(),
                packed.as_ptr().cast(),
                packed.len(),
                text.as_mut_ptr().cast(),
                text.len(),
                &raw mut read,
                &raw mut written,
            )
        };
        (result == sys::libdeflate_result_LIBDEFLATE_SUCCESS).then_some((read, written))
    }
}

impl Drop for Decompressor {
    #[expect(unsafe_code, reason = "see `new`")]
    fn drop(&mut self) {
        // SAFETY: made by `new`, and freed here alone.
        unsafe { sys::libdeflate_free_decompressor(self.0.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::testing::gzip;

    #[test]
    fn exactly_one_whole_member_is_unzipped() {
        let text = b"2 123456789010 eni-1\n".repeat(50);
        let one = gzip(&text);
        let changed = |at: usize, byte: u8| {
            let mut bytes = one.clone();
            bytes[at] ^= byte;
            bytes
        };
        let end = one.len();
        #[rustfmt::skip]
        let cases = [
            ("one member",                    one.clone(),                             true),
            ("the same member twice",         [&one[..], &one].concat(),               false),
            ("its own trailer behind it",     [&one[..], &one[end - 8..]].concat(),    false),
            ("an empty member behind it",     [&one[..], &gzip(b"")].concat(),         false),
            ("a byte behind it",              [&one[..], b"x"].concat(),               false),
            ("a byte too few",                one[..end - 1].to_vec(),                 false),
            ("another checksum",              changed(end - 5, 1),                     false),
            ("another size",                  changed(end - 4, 1),                     false),
            ("damage in the middle",          changed(end / 2, 0x55),                  false),
            ("a checksum of the header",      changed(3, 2),                           false),
            ("nothing zipped",                gzip(b""),                               false),
            ("nothing",                       Vec::new(),                              false),
        ];
        for (title, packed, expected) in cases {
            let mut out = vec![0; announced_bytes(&packed).unwrap_or(0).min(1 << 20)];
            let whole = announced_bytes(&packed).is_some() && gunzip(&packed, &mut out);
            assert_eq!(whole, expected, "{title}");
            assert!(!whole || out == text, "{title}");
        }
    }
}
