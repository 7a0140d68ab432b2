//! Flow logs of a made-up world, the same for the same seed: what benchmarks read, and a topology that fits.
//!
//! Every conversation is logged as AWS logs it: at the workload, and again at each endpoint's or NAT gateway's interface that
//! it crosses. What was meant is counted while it is written ([`Totals`]), so that a fast wrong answer shows.
//! Include it with `mod logs;` from a file in `benches/`, or with `#[path]` from elsewhere.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub mod files;
mod leg;
mod parquet;
mod random;
mod record;
mod traffic;
mod world;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

pub use files::Delivery;
pub use world::{ACCOUNT, FLOW_LOG, HOUR_START_UNIX_S, REGION, topology_json};

/// The header line: the 29 fields of version 5, in AWS's order.
pub const V5_HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id \
sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path";

/// Flows and bytes of one intended answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meant {
    /// Accepted flows.
    pub flows: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What was written, and what a classifier should make of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Lines without the header.
    pub records: u64,
    /// Of them, NODATA.
    pub nodata: u64,
    /// Of them, REJECT.
    pub rejected: u64,
    /// By `<vantage> <path>`. A NAT gateway's outside leg stands alone as `nat (outside leg)`: its workload is masked.
    pub meant: BTreeMap<&'static str, Meant>,
}

impl Totals {
    /// Adds another file's.
    pub fn add(&mut self, other: &Totals) {
        self.records += other.records;
        self.nodata += other.nodata;
        self.rejected += other.rejected;
        for (answer, meant) in &other.meant {
            let sum = self.meant.entry(answer).or_default();
            sum.flows += meant.flows;
            sum.bytes += meant.bytes;
        }
    }
}

/// Writes a header and so many records that end within the hour from [`HOUR_START_UNIX_S`].
pub fn v5_text(records: u64, seed: u64, out: &mut impl Write) -> io::Result<Totals> {
    v5_text_within(
        records,
        seed,
        HOUR_START_UNIX_S..HOUR_START_UNIX_S + 3600,
        out,
    )
}

/// The same for another window: every `end` lies in it, as in a file that AWS names after its first five minutes.
pub fn v5_text_within(
    records: u64,
    seed: u64,
    window: Range<u64>,
    out: &mut impl Write,
) -> io::Result<Totals> {
    writeln!(out, "{V5_HEADER}")?;
    traffic::Traffic::new(records, seed, window).write(out)
}
