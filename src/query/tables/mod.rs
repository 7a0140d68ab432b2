//! The small tables: what the topology, a judgement and a list of prices say.
//!
//! A resource that several topologies know is there once, as the latest of them has it: a join with it doubles nothing.

mod judgement;
mod network;
mod prefixes;
mod prices;

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::TableProvider;

use crate::diag::Diagnostic;
use crate::query::small::{MakeRows, Small, TableInfo};
use crate::query::sources::Sources;
use crate::topology::World;

pub use prices::Prices;

/// What the small tables are made of.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// An ip-ranges.json by name, if one was given; else the built-in one.
    pub ranges: Option<(String, Vec<u8>)>,
    /// Ids of the interfaces in the policy's scope.
    pub in_scope: BTreeSet<String>,
    /// The list of prices.
    pub prices: Prices,
}

/// Every small table, in the order of the docs.
pub const SMALL: &[TableInfo] = &[
    network::INTERFACES,
    network::SUBNETS,
    network::ROUTES,
    prefixes::PREFIXES,
    network::ENDPOINTS,
    network::NAT_GATEWAYS,
    judgement::GAPS,
    judgement::CLAIMS,
    prices::PRICES,
];

/// What a small table is, by its name.
pub fn described(name: &str) -> Option<&'static TableInfo> {
    SMALL.iter().find(|info| info.name == name)
}

/// The table with a name, if there is one.
pub(super) fn table(
    name: &str,
    facts: &Arc<Facts>,
    world: &Arc<World>,
    sources: &Arc<dyn Sources>,
) -> Option<Arc<dyn TableProvider>> {
    let info = described(name)?;
    let (facts, sources, world) = (Arc::clone(facts), Arc::clone(sources), Arc::clone(world));
    let made: Box<MakeRows> = match name {
        "prefixes" => Box::new(move || prefixes::rows(&facts, &network::Network::of(&world))),
        "prices" => Box::new(move || Ok(facts.prices.rows())),
        "gaps" => Box::new(move || judgement::gaps(sources.as_ref())),
        "claims" => Box::new(move || judgement::claims(sources.as_ref())),
        name => {
            let make = network::maker(name)?;
            Box::new(move || Ok(make(&network::Network::of(&world), &facts)))
        }
    };
    Some(Arc::new(Small::new(*info, made)) as Arc<dyn TableProvider>)
}

/// Several texts in one, as `a,b,c`; null for none.
fn joined<'t>(texts: impl Iterator<Item = &'t str>) -> crate::query::small::Cell {
    let texts: Vec<&str> = texts.collect();
    let text = (!texts.is_empty()).then(|| texts.join(","));
    (&text).into()
}

/// Errors of a judgement, as this module hands them on.
type Judged<T> = Result<T, Vec<Diagnostic>>;
