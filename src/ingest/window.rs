//! A window on text: so many bytes from the start of a line on, with some before and behind, in an array whose size the compiler knows.
//!
//! In: a text, and where in it. Out: [`Bytes`]. A place in a window is a number that cannot be outside of it ([`at`]), so that nothing in the
//! hot loops is checked again and nothing there is unsafe.

/// Bytes before the text that may be looked at: values are loaded by words that end where they end.
pub(super) const BEFORE: usize = 64;

/// The same behind it.
const BEHIND: usize = 64;

/// Places in a window: a power of two, below 2^16.
pub(super) const PLACES: usize = 1 << 15;

/// The longest text of a window.
pub(super) const TEXT_BYTES_MAX: usize = PLACES - 2 * BEFORE;

/// What a window shows.
pub(super) type Bytes = [u8; PLACES + BEHIND];

/// A place, whatever the number.
#[inline(always)]
pub(super) fn at(place: usize) -> usize {
    place % PLACES
}

/// So many bytes from a place on; at most as many as there are behind the text.
#[inline(always)]
pub(super) fn from<const N: usize>(bytes: &Bytes, place: usize) -> &[u8; N] {
    const { assert!(N <= BEHIND) };
    // INVARIANT: there are as many.
    bytes[at(place)..].first_chunk().unwrap_or(&[0; N])
}

/// So many bytes that end before a place.
#[inline(always)]
pub(super) fn before<const N: usize>(bytes: &Bytes, place: usize) -> &[u8; N] {
    from(bytes, place.wrapping_sub(N))
}

/// Holds a copy where the text itself is too short for a window.
pub(super) struct Window(Box<Bytes>);

impl Default for Window {
    fn default() -> Window {
        Window(Box::new([0; PLACES + BEHIND]))
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
