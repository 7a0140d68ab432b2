//! VPCs, subnets, routes, interfaces, endpoints, gateways, prefix lists, as AWS's describe calls print them.
//!
//! In: JSON documents. Out: a [`World`] that answers: whose interface is this, whose address is that in this VPC, where does
//! this subnet's table send a packet, which service has this public address.
//!
//! To read one more key of AWS's: 1. its struct in `describe.rs` and its name in `KEYS`; 2. compile it in `compile.rs` to a field of
//! `Snapshot`; 3. `merge` in `load.rs`; 4. a case in the tests here.

pub mod cells;
mod compile;
mod compile_interfaces;
mod compile_routes;
mod compiler;
pub mod describe;
pub mod facts;
pub mod facts_of_groups;
pub mod facts_of_routes;
pub mod health;
mod health_endpoints;
pub mod intervals;
mod load;
mod packed;
pub mod ranges;
pub mod routes;
pub mod service;
pub mod snapshot;
pub mod weighed;
mod world;

#[cfg(test)]
mod health_tests;
#[cfg(test)]
mod tests;

pub use load::Document;
pub use world::World;
