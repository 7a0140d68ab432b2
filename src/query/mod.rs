//! SQL over classified flows, on DataFusion.
//!
//! ```text
//!  SQL ─▶ session ─▶ plan ─▶ flows: inputs ─ingest─▶ FlowBatch ─classify─▶ columns ─┐
//!           ▲                tables of the topology, of a judgement, of prices ─────┴─▶ batches
//!        params, named
//! ```
//!
//! A query reads the tables of a run and nothing else. `flows` is read from the inputs each time that it is asked for: only the
//! columns that the query names are decoded, nothing is classified that no column needs, filters go into the scan, filters on time
//! into the listing. What an answer rests on and was not whole stands in [`Session::inputs`].
//!
//! To add a table: 1. its [`small::TableInfo`] and rows in `tables/`; 2. its name in `session::TABLES`. To add a function: the steps in
//! `functions`. To add a query: the steps in `named`.

pub mod allowed;
mod catalog;
pub mod columns;
mod depth;
mod flows;
pub mod functions;
mod ledger;
pub mod named;
mod near;
pub mod params;
pub mod place;
mod pool;
mod problem;
mod pushdown;
mod scan;
pub mod session;
mod slips;
pub mod small;
pub mod sources;
mod sum;
pub mod tables;

pub use session::{Planned, Session, Setup, Step};
pub use sources::Sources;
