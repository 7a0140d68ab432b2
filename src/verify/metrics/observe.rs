//! Records at the gateways' own interfaces: which gateway's, which leg, how many bytes, when.

use crate::model::batch::{FlowBatch, NumberColumn, Status, TextColumn};
use crate::model::field::Field;
use crate::model::path::Vantage;
use crate::model::tag::{Flags, Tag};
use crate::verify::metrics::gateways::{Metering, Sort};
use crate::verify::metrics::metered::Leg;
use crate::verify::plan::Plan;
use crate::verify::tally::Tally;

/// A record's times may be off by so much (facts 8.1), so SKIPDATA reaches so far around itself.
const CLOCK_S: i64 = 60;

/// Records may be a day long, ingest sets aside what is longer: a bucket further than this from the metrics is never compared.
const REACH_S: i64 = 2 * 86_400;

/// A batch, with what metering reads at hand.
pub(in crate::verify) struct Observer<'b, 'p> {
    metering: &'p Metering<'p>,
    interface: Option<TextColumn<'b>>,
    resource: Option<TextColumn<'b>>,
    /// By key of their columns: gateway by index plus one; 0 is none.
    by_interface: Vec<u32>,
    by_resource: Vec<u32>,
    action: Option<TextColumn<'b>>,
    accepted: Vec<bool>,
    direction: Option<TextColumn<'b>>,
    /// By key: whether it goes in.
    inward: Vec<Option<bool>>,
    bytes: Option<NumberColumn<'b>>,
}

impl<'b, 'p> Observer<'b, 'p> {
    /// Nothing, unless metrics were given.
    pub(in crate::verify) fn new(plan: &'p Plan<'_>, batch: &'b FlowBatch) -> Option<Self> {
        let metering = plan.metering.as_ref()?;
        let gateway = |name: &str| {
            let sym = plan.world.symbols.find(name);
            sym.and_then(|sym| metering.by_symbol.get(sym.0 as usize).copied())
                .unwrap_or(0)
        };
        let keys = |column: Option<TextColumn<'b>>| {
            column.map_or_else(Vec::new, |column| column.values().map(gateway).collect())
        };
        let (interface, resource) = (
            batch.text(Field::InterfaceId),
            batch.text(Field::ResourceId),
        );
        let (action, direction) = (batch.text(Field::Action), batch.text(Field::FlowDirection));
        let inward = |word: &str| match word {
            "ingress" => Some(true),
            "egress" => Some(false),
            _ => None,
        };
        Some(Observer {
            metering,
            interface,
            resource,
            by_interface: keys(interface),
            by_resource: keys(resource),
            action,
            accepted: action.map_or_else(Vec::new, |column| {
                column.values().map(|word| word == "ACCEPT").collect()
            }),
            direction,
            inward: direction.map_or_else(Vec::new, |column| column.values().map(inward).collect()),
            bytes: batch.number(Field::Bytes),
        })
    }

    /// One record. `inside`: whether it is in the window.
    pub(in crate::verify) fn record(
        &self,
        tally: &mut Tally,
        row: usize,
        status: Status,
        span: (Option<i64>, Option<i64>),
        inside: bool,
        tag: Option<&Tag>,
    ) {
        let key = |column: Option<TextColumn<'_>>, by: &[u32]| {
            column
                .and_then(|column| column.key(row))
                .map_or(0, |key| by[key])
        };
        let place = match key(self.interface, &self.by_interface) {
            0 => key(self.resource, &self.by_resource),
            place => place,
        };
        let Some(index) = place.checked_sub(1) else {
            return;
        };
        let metrics = self.metering.metrics;
        let (low, high) = (
            metrics.since_s.saturating_sub(REACH_S),
            metrics.until_s.saturating_add(REACH_S),
        );
        match status {
            // Records in a minute beyond the window may have been skipped within it, so these are not judged by the window.
            Status::SkipData => {
                let metered = tally.metered.entry(index).or_default();
                match span {
                    (Some(start), Some(end)) => metered.skipped.add(
                        start.saturating_sub(CLOCK_S).max(low),
                        end.saturating_add(1 + CLOCK_S).min(high),
                    ),
                    (_, _) => metered.skipped_undated += 1,
                }
            }
            Status::Flow if inside && self.is_accepted(row) => {
                let metered = tally.metered.entry(index).or_default();
                metered.flows += 1;
                let gateway = &self.metering.gateways[index as usize];
                let bytes = self.bytes.and_then(|column| column.get(row));
                let bytes = bytes.and_then(|bytes| u64::try_from(bytes).ok());
                match (span.0.or(span.1), span.1.or(span.0)) {
                    (Some(start), Some(end)) if start >= low && end < high => {
                        let leg = self.leg(gateway.sort, row, tag);
                        metered.spread(leg, bytes.unwrap_or(0), (start, end), gateway.bucket_s);
                    }
                    // Too far from the metrics to be compared with them.
                    (Some(_), Some(_)) => {}
                    (_, _) => metered.undated += 1,
                }
            }
            Status::Flow | Status::NoData => {}
        }
    }

    fn is_accepted(&self, row: usize) -> bool {
        self.action
            .and_then(|column| column.key(row))
            .is_some_and(|key| self.accepted[key])
    }

    /// The inside leg names its workload, the outside one masks it (facts 7.4); flow-direction tells the way. Without either only
    /// the sum can be compared.
    fn leg(&self, sort: Sort, row: usize, tag: Option<&Tag>) -> Leg {
        if sort == Sort::Endpoint {
            return Leg::FromSource;
        }
        let inward = self
            .direction
            .and_then(|column| column.key(row))
            .and_then(|key| self.inward[key]);
        let tag = tag.filter(|tag| tag.vantage == Vantage::Nat && sort == Sort::Nat);
        let (Some(inward), Some(tag)) = (inward, tag) else {
            return Leg::Untold;
        };
        let outside = tag.flags.has(Flags::MASK_EXPLAINED);
        let inside = tag.workload.is_some()
            && tag.peer.is_some()
            && !tag.flags.has(Flags::MASKED)
            && !tag.flags.has(Flags::FAR_HIDDEN);
        match (inside, outside, inward) {
            (true, false, true) => Leg::FromSource,
            (false, true, false) => Leg::ToDestination,
            (false, true, true) => Leg::FromDestination,
            (true, false, false) => Leg::ToSource,
            (true, true, _) | (false, false, _) => Leg::Untold,
        }
    }
}
