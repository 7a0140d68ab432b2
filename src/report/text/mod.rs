//! One screen for a tired person: the verdict first, then why, then what to do.
//!
//! Sections in the order of reading: header, claims, bytes by path, coverage, next steps, limits. Each, and each claim, is
//! bounded, however large the evidence; what is cut says so, and stands whole in the JSON.

mod claims;
mod coverage;
pub(super) mod header;
mod obligations;
mod steps;
pub(super) mod traffic;
mod witnesses;

use crate::model::evidence::Evidence;

use super::Style;
use super::cited::Places;
use super::page::{Page, Tone};
use steps::Steps;

/// What AWS documents as never recorded (VPC user guide, flow log limitations; read 2026-08).
const NEVER_RECORDED: &str = "LIMITS  flow logs never record Amazon DNS, IMDS, time sync, DHCP, ARP, Windows activation, \
    mirrored sources, the VPC router, endpoint-to-load-balancer legs";

/// The whole page.
pub(super) fn render(evidence: &Evidence, style: Style) -> String {
    let places = Places::of(evidence);
    let steps = Steps::of(evidence);
    let mut page = Page::new(style);
    header::put(&mut page, evidence);
    claims::put(&mut page, evidence, &places, &steps);
    traffic::put(&mut page, &evidence.totals);
    coverage::put(&mut page, &evidence.coverage);
    steps.put(&mut page);
    page.item(Tone::Plain, "", "");
    page.quiet("", NEVER_RECORDED);
    page.finish()
}
