//! Plain data that every floor shares: fields, batches, paths, verdicts. No I/O, no threads, no clock.

pub mod address;
pub mod batch;
pub mod bounded;
pub mod class;
pub mod evidence;
pub mod field;
pub mod format;
pub mod metrics;
pub mod name;
pub mod path;
pub mod permit;
pub mod question;
pub mod symbol;
pub mod tag;
pub mod window;
