//! classify

pub mod columns;
