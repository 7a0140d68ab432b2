//! Yes, no, and what cannot be said.

/// An answer that may be missing. Ordered so that `max` is *or* and `min` is *and*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tri {
    /// It is not so.
    No,
    /// The evidence does not say.
    Maybe,
    /// It is so.
    Yes,
}

impl Tri {
    /// A certain answer.
    pub fn of(is_so: bool) -> Tri {
        if is_so { Tri::Yes } else { Tri::No }
    }
}

/// Why a flow may be in reach of a claim, or may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It is not.
    No,
    /// Not known: nobody with authority has named the public peer.
    Unnamed,
    /// Not known: the far end, or whose address it is, is hidden.
    Hidden,
    /// It is.
    Yes,
}
