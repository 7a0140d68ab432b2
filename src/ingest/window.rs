//! A window on text: so many bytes from the start of a line on, with some before and behind, in an array whose size the compiler knows.
//!
//! In: a text, and where in it. Out: [`Bytes`]. A place in a window is a number of 16 bits, and an array has a byte for each of them, so that
//! nothing in the hot loops is checked again and nothing there is unsafe.

/// Bytes before the text that may be looked at: values are loaded by words that end where they end.
const BEFORE: usize = 64;

/// The same behind it.
const BEHIND: usize = 64;

/// Where the text begins. The place before is that of the line end before it.
pub(super) const FIRST: usize = 1;

/// The longest text of a window: with its marks it stays in the first-level cache, though there are places for twice as much.
pub(super) const TEXT_BYTES_MAX: usize = (32 << 10) - 128;

/// Bytes of a window.
pub(super) const BYTES: usize = BEFORE + (1 << 16) + BEHIND;

/// What a window shows; behind the text it is whatever stands there.
pub(super) type Bytes = [u8; BYTES];

/// So many bytes from a place on.
#[inline(always)]
pub(super) fn from<const N: usize>(bytes: &Bytes, place: usize) -> &[u8; N] {
    const { assert!(N <= BEHIND) };
    chunk(bytes, place.wrapping_add(BEFORE - FIRST))
}

/// So many bytes that end before a place.
#[inline(always)]
pub(super) fn before<const N: usize>(bytes: &Bytes, place: usize) -> &[u8; N] {
    const { assert!(N <= BEFORE - FIRST) };
    chunk(bytes, place.wrapping_add(BEFORE - FIRST - N))
}

#[inline(always)]
fn chunk<const N: usize>(bytes: &Bytes, at: usize) -> &[u8; N] {
    // INVARIANT: of a place in 16 bits, and of the one behind it, there are as many.
    let chunk = bytes.get(at..).and_then(|rest| rest.first_chunk());
    chunk.unwrap_or(&[0; N])
}

/// The bytes between two places.
pub(super) fn between(bytes: &Bytes, start: usize, end: usize) -> Option<&[u8]> {
    bytes.get(start + BEFORE - FIRST..end + BEFORE - FIRST)
}

/// Whether a newline stands at a place.
#[inline(always)]
pub(super) fn is_newline(bytes: &Bytes, place: usize) -> bool {
    from(bytes, place) == b"\n"
}

/// Holds a copy where the text itself has too little before or behind it for a window.
pub(super) struct Window(Box<Bytes>);

impl Default for Window {
    fn default() -> Window {
        Window(Box::new([0; BYTES]))
    }
}

impl Window {
    /// The window on `text` from the line start at `from` on, with at least `len` bytes of it, which are at most [`TEXT_BYTES_MAX`].
    #[inline(always)]
    pub(super) fn on<'a>(&'a mut self, text: &'a [u8], from: usize, len: usize) -> &'a Bytes {
        let whole = from
            .checked_sub(BEFORE)
            .and_then(|start| text.get(start..)?.first_chunk());
        match whole {
            Some(bytes) => bytes,
            None => self.copy(text, from, len),
        }
    }

    #[cold]
    fn copy(&mut self, text: &[u8], from: usize, len: usize) -> &Bytes {
        let shown = text.get(from..from + len).unwrap_or(&[]);
        if let Some(place) = self.0.get_mut(BEFORE..BEFORE + shown.len()) {
            place.copy_from_slice(shown);
        }
        &self.0
    }
}
