//! What a later stage asks of a record, beside what classifying asks: so that records of one class have one answer.

use crate::model::address::Block;

/// Everything that the answer to any question depends on. A question that is not named here may not be asked of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Is an address in any block of this list? One list a question.
    pub blocks: Vec<Vec<Block>>,
    /// Is a port this one?
    pub ports: Vec<u16>,
    /// Is a record's time (its end, else its start, else 0) this second or later?
    pub times_s: Vec<i64>,
}
