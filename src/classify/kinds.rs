//! Addresses by kind: what a class knows of an address instead of the address.

use crate::model::map::Map;
use crate::model::symbol::Sym;
use crate::topology::cells::{Answer, Cells, Kin};

/// More kinds than this need not be told apart by answers: each further cell is its own.
const KINDS_MAX: usize = 1 << 14;

/// Marks a word as a cell, with the identity of whoever owns it; others are kinds.
const CELL: u32 = 1 << 23;

/// Nobody owns it, or it cannot be said who: never equal to an interface's symbol.
const NO_OWNER: Sym = Sym(u32::MAX - 1);

/// Not asked yet.
const UNASKED: u32 = 0;

/// The kinds of all cells, asked when one is first met.
pub(super) struct Kinds<'w> {
    cells: &'w Cells<'w>,
    /// By cell: its word, and its owner.
    known: Vec<(u32, Sym)>,
    by_answers: Map<Vec<Answer>, u32>,
    asked: bool,
}

impl<'w> Kinds<'w> {
    pub(super) fn new(cells: &'w Cells<'w>) -> Kinds<'w> {
        Kinds {
            cells,
            known: vec![(UNASKED, NO_OWNER); cells.len()],
            by_answers: Map::default(),
            asked: cells.are_asked(),
        }
    }

    /// Whether every cell fits a word.
    pub(super) fn fit(&self) -> bool {
        self.known.len() < CELL as usize
    }

    /// Which cell an address is in.
    #[inline(always)]
    pub(super) fn cell(&self, address: &[u8; 16]) -> u32 {
        u32::try_from(self.cells.of_bytes(address)).unwrap_or(0)
    }

    /// A word for an address in a cell, never 0 and below `1 << 24`: equal words get equal answers to every question.
    ///
    /// `near` are the interfaces whose identity decides: of theirs, the cell itself is told. `exact`: of everybody's.
    #[inline(always)]
    pub(super) fn word(&mut self, cell: u32, exact: bool, near: [Sym; 2]) -> u32 {
        let (mut word, mut owner) = self.known[cell as usize];
        if word == UNASKED {
            (word, owner) = self.ask(cell as usize);
        }
        if exact | (owner == near[0]) | (owner == near[1]) {
            CELL | cell
        } else {
            word
        }
    }

    #[cold]
    fn ask(&mut self, cell: usize) -> (u32, Sym) {
        let own = CELL | u32::try_from(cell).unwrap_or(0);
        let found = if self.asked && self.by_answers.len() < KINDS_MAX {
            let (answers, kin) = self.cells.answers(cell);
            let next = u32::try_from(self.by_answers.len() + 1).unwrap_or(own);
            match kin {
                Kin::Nobody => (*self.by_answers.entry(answers).or_insert(next), NO_OWNER),
                Kin::One(id) => (*self.by_answers.entry(answers).or_insert(next), id),
                Kin::Several => (own, NO_OWNER),
            }
        } else {
            (own, NO_OWNER)
        };
        self.known[cell] = found;
        found
    }
}
