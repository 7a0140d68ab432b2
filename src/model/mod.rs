//! Plain data that every floor shares: fields, batches, paths, verdicts. No I/O, no threads, no clock.

pub mod address;
pub mod address_text;
pub mod batch;
pub mod bounded;
pub mod class;
pub mod document;
pub mod evidence;
pub mod explanation;
pub mod field;
pub mod format;
pub mod map;
pub mod metrics;
pub mod name;
pub mod path;
pub mod question;
pub mod sixteen;
pub mod survey;
pub mod symbol;
pub mod tag;
pub mod window;
