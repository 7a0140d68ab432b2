//! report

pub mod rows;
