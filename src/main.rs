//! flowproof.
fn main() {}
