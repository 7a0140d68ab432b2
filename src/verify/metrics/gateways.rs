//! Which gateways there are, what CloudWatch counts of each, and the given counters by bucket.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::metrics::{
    ENDPOINT_COUNTER, ENDPOINTS, Metrics, NAT, NAT_COUNTERS, OF_ENDPOINT, OF_NAT, OF_REGIONAL_NAT,
};
use crate::model::symbol::Sym;
use crate::topology::World;
use crate::topology::snapshot::{InterfaceKind, Snapshot};

/// Bytes are compared over whole buckets of this length, or of the metric's period if that is longer: records are of up to ten
/// minutes, and their times may be off by one (facts 8.1).
const BUCKET_S: i64 = 600;

/// Where DescribeFlowLogs does not tell it: AWS's default, and the longest.
const AGGREGATION_S: i64 = 600;

/// What CloudWatch counts of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Sort {
    /// Four counters.
    Nat,
    /// Four counters a zone; its records have no interface.
    RegionalNat,
    /// One counter.
    Endpoint,
    /// Nothing, and why.
    Uncounted(&'static str),
}

impl Sort {
    /// The names of its counters.
    pub(in crate::verify) fn counters(self) -> &'static [&'static str] {
        match self {
            Sort::Nat | Sort::RegionalNat => &NAT_COUNTERS,
            Sort::Endpoint => &[ENDPOINT_COUNTER],
            Sort::Uncounted(_) => &[],
        }
    }

    fn dimensions(self) -> &'static [&'static str] {
        match self {
            Sort::Nat => OF_NAT,
            Sort::RegionalNat => OF_REGIONAL_NAT,
            Sort::Endpoint => OF_ENDPOINT,
            Sort::Uncounted(_) => &[],
        }
    }

    fn namespace(self) -> Option<&'static str> {
        match self {
            Sort::Nat | Sort::RegionalNat => Some(NAT),
            Sort::Endpoint => Some(ENDPOINTS),
            Sort::Uncounted(_) => None,
        }
    }
}

/// A gateway whose metrics can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// `nat-…`, `vpce-…`
    pub id: String,
    /// [`NAT`] or [`ENDPOINTS`].
    pub namespace: &'static str,
    /// Its Region, if the topology tells it.
    pub region: Option<String>,
}

/// Every gateway of the topology that CloudWatch counts bytes of, by id.
pub fn counted(world: &World) -> Vec<Counted> {
    let counted = |gateway: Gateway| {
        Some(Counted {
            id: world.symbols.name(gateway.id).to_owned(),
            namespace: gateway.sort.namespace()?,
            region: gateway.region,
        })
    };
    gateways(world).into_iter().filter_map(counted).collect()
}

/// A gateway or endpoint.
#[derive(Clone, Debug)]
pub(in crate::verify) struct Gateway {
    pub(in crate::verify) id: Sym,
    pub(in crate::verify) vpc: Sym,
    pub(in crate::verify) region: Option<String>,
    pub(in crate::verify) sort: Sort,
    /// Its own, in any snapshot.
    pub(in crate::verify) interfaces: BTreeSet<Sym>,
    /// The longest of the flow logs over it: so long a record may be on its way.
    pub(in crate::verify) aggregation_s: i64,
    /// Length of the time over which bytes are compared.
    pub(in crate::verify) bucket_s: i64,
    /// By name, in the order of [`Sort::counters`]: bytes by bucket; `None` is no such counter, not zero.
    pub(in crate::verify) counters: Vec<Option<BTreeMap<i64, u64>>>,
}

/// All gateways, with the counters that were given.
#[derive(Clone, Debug)]
pub(in crate::verify) struct Metering<'w> {
    pub(in crate::verify) metrics: &'w Metrics,
    /// By id.
    pub(in crate::verify) gateways: Vec<Gateway>,
    /// By symbol of an interface, or of a regional NAT gateway: index into `gateways` plus one; 0 is none.
    pub(in crate::verify) by_symbol: Vec<u32>,
}

impl<'w> Metering<'w> {
    pub(in crate::verify) fn new(world: &World, metrics: &'w Metrics) -> Metering<'w> {
        let mut gateways = gateways(world);
        let mut by_symbol = vec![0; world.symbols.len()];
        for (index, gateway) in gateways.iter_mut().enumerate() {
            gateway.count(metrics, world.symbols.name(gateway.id));
            let place = u32::try_from(index + 1).unwrap_or(0);
            for interface in &gateway.interfaces {
                by_symbol[interface.0 as usize] = place;
            }
            if gateway.sort == Sort::RegionalNat {
                by_symbol[gateway.id.0 as usize] = place;
            }
        }
        Metering {
            metrics,
            gateways,
            by_symbol,
        }
    }
}

impl Gateway {
    /// Takes its counters out of the metrics.
    fn count(&mut self, metrics: &Metrics, name: &str) {
        let mine: Vec<_> = metrics
            .series
            .iter()
            .filter(|series| {
                Some(series.namespace.as_str()) == self.sort.namespace()
                    && series.resource() == Some(name)
                    && series.has_dimensions(self.sort.dimensions())
            })
            .collect();
        let period_s = mine.iter().map(|series| series.period_s).fold(1, lcm);
        self.bucket_s = (BUCKET_S - 1)
            .div_euclid(period_s)
            .saturating_add(1)
            .saturating_mul(period_s);
        let counter = |wanted: &&str| {
            let mut parts = mine.iter().filter(|series| series.name == **wanted);
            let mut buckets: BTreeMap<i64, u64> = BTreeMap::new();
            parts.clone().next()?;
            parts
                .by_ref()
                .flat_map(|series| &series.points)
                .for_each(|(time, bytes)| {
                    let sum = buckets.entry(time.div_euclid(self.bucket_s)).or_default();
                    *sum = sum.saturating_add(*bytes);
                });
            Some(buckets)
        };
        self.counters = self.sort.counters().iter().map(counter).collect();
    }
}

/// The least time that is whole in both. Periods are at most a day, and few: it stays small, or saturates.
fn lcm(a: i64, b: i64) -> i64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x.max(1)).saturating_mul(b)
}

/// Every NAT gateway and every endpoint that is no gateway endpoint, by id.
fn gateways(world: &World) -> Vec<Gateway> {
    let mut found: BTreeMap<&str, Gateway> = BTreeMap::new();
    for snapshot in &world.snapshots {
        for (id, vpc, sort) in nats(snapshot).chain(endpoints(world, snapshot)) {
            let region = snapshot.vpcs.get(&vpc).and_then(|vpc| vpc.region.clone());
            let gateway = found.entry(world.symbols.name(id)).or_insert(Gateway {
                id,
                vpc,
                region: None,
                sort,
                interfaces: BTreeSet::new(),
                aggregation_s: AGGREGATION_S,
                bucket_s: BUCKET_S,
                counters: Vec::new(),
            });
            // The latest snapshot counts.
            (gateway.vpc, gateway.sort) = (vpc, sort);
            gateway.region = region.or(gateway.region.take());
        }
    }
    for interface in world.snapshots.iter().flat_map(|one| &one.interfaces) {
        let owner = match interface.kind {
            InterfaceKind::Nat(id)
            | InterfaceKind::Endpoint(id)
            | InterfaceKind::ApplianceEndpoint(id) => world.symbols.name(id),
            InterfaceKind::Plain
            | InterfaceKind::TransitGateway(_)
            | InterfaceKind::RouteTarget => continue,
        };
        if let Some(gateway) = found.get_mut(owner) {
            gateway.interfaces.insert(interface.id);
        }
    }
    let mut gateways: Vec<Gateway> = found.into_values().collect();
    for gateway in &mut gateways {
        let covers = |resource: Sym| {
            let of_interface = world.of_interface(resource).is_empty();
            resource == gateway.vpc
                || resource == gateway.id
                || (!of_interface && gateway.interfaces.contains(&resource))
        };
        let logs = world.flow_logs().filter(|log| covers(log.resource));
        let slowest = logs.map(|log| log.aggregation_s).max();
        gateway.aggregation_s = slowest.unwrap_or(AGGREGATION_S);
    }
    gateways
}

fn nats(snapshot: &Snapshot) -> impl Iterator<Item = (Sym, Sym, Sort)> {
    let sort = |regional: bool| {
        if regional {
            Sort::RegionalNat
        } else {
            Sort::Nat
        }
    };
    snapshot
        .nats
        .iter()
        .map(move |(id, nat)| (*id, nat.vpc, sort(!nat.subnet.is_some())))
}

/// Types and Regions stand in AWS's answer only: only interface and Gateway Load Balancer endpoints of the own Region are counted
/// (facts 8.1, 7.2).
fn endpoints(world: &World, snapshot: &Snapshot) -> impl Iterator<Item = (Sym, Sym, Sort)> {
    snapshot.answers.vpc_endpoints.iter().filter_map(|raw| {
        let id = world.symbols.find(&raw.vpc_endpoint_id)?;
        let vpc = snapshot.endpoints.get(&id)?.vpc;
        let region = snapshot
            .vpcs
            .get(&vpc)
            .and_then(|vpc| vpc.region.as_deref());
        let elsewhere = raw
            .service_region
            .as_deref()
            .zip(region)
            .is_some_and(|(service, own)| service != own);
        let sort = match raw.vpc_endpoint_type.as_deref() {
            Some("Gateway") => return None,
            None if !raw.route_table_ids.is_empty() => return None,
            Some("Interface") | None if elsewhere => Sort::Uncounted(
                "its service is in another Region, and CloudWatch counts nothing of such",
            ),
            Some("Interface" | "GatewayLoadBalancer") | None => Sort::Endpoint,
            Some(_) => Sort::Uncounted("CloudWatch counts nothing of endpoints of its type"),
        };
        Some((id, vpc, sort))
    })
}
