//! Says of every flow which way it went, and on what grounds.
//!
//! In: a [`FlowBatch`](crate::model::batch::FlowBatch) and the [`World`](crate::topology::World). Out: one
//! [`Tag`](crate::model::tag::Tag) a record. Nothing travels back; no policy is known here.
//!
//! How a record becomes a tag:
//!
//! 1. [`row`] reads the record's values, names as symbols.
//! 2. [`place`] finds the snapshot that is valid at its time, the interface, VPC, subnet and route table. Where two snapshots
//!    around the record differ, both are asked; if their answers differ, the path is undetermined.
//! 3. [`ends`] says who logged it, and so which address is the workload's and which the peer's.
//! 4. [`rules`] holds the ordered table; the first rule that speaks decides, and its name is the basis.
//! 5. [`exit`] follows the next hops' own tables; [`naming`] says whose address the peer's is.
//!
//! Records are many and differ in little that decides: [`classes`] finds those of one class without asking again, by the kinds of
//! their addresses ([`Cells`](crate::topology::cells::Cells)), and steps 2 to 5 are gone once a class.
//!
//! To add a rule: 1. a function in `rules.rs`, one row in `RULES` where it must stand; 2. its basis in `BASES`; 3. a row in the table
//! test; 4. the same in `naive/judging.rs`, in other words; 5. a column that it needs in [`row::COLUMNS`];
//! 6. what it asks and looks at in `trace.rs`.

mod chunk;
pub mod classes;
pub mod columns;
mod decisive;
pub mod ends;
pub mod engine;
pub mod exit;
mod kinds;
mod memo;
pub mod naming;
mod origin;
pub mod permits;
pub mod place;
mod probes;
pub mod row;
pub mod rules;
pub mod trace;

#[cfg(test)]
mod harness;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use classes::Classifier;
pub use engine::tags;
