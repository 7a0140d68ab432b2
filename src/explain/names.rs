//! Names of symbols, blocks, targets and times in words.

use std::sync::Arc;

use crate::model::address::Block;
use crate::model::symbol::Sym;
use crate::model::window::rfc3339;
use crate::topology::World;
use crate::topology::routes::{Rank, Target};

/// Names of the topology, and of one record beside it.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) world: &'a World,
    pub(super) extra: &'a [Arc<str>],
}

impl Names<'_> {
    /// The name of a symbol; `None` of none.
    pub(super) fn of(&self, sym: Sym) -> Option<String> {
        if sym == Sym::NONE {
            return None;
        }
        match (sym.0 as usize).checked_sub(self.world.symbols.len()) {
            Some(index) => self.extra.get(index).map(|name| name.to_string()),
            None => Some(self.world.symbols.name(sym).to_owned()),
        }
    }

    /// The same, `-` of none.
    pub(super) fn or_dash(&self, sym: Sym) -> String {
        self.of(sym).unwrap_or_else(|| "-".to_owned())
    }

    /// Where a route leads.
    pub(super) fn target(&self, target: Target) -> String {
        match target {
            Target::Local => "local".to_owned(),
            Target::Other => "something that this version does not know".to_owned(),
            Target::InternetGateway(id)
            | Target::EgressOnly(id)
            | Target::Carrier(id)
            | Target::GatewayEndpoint(id)
            | Target::ApplianceEndpoint(id)
            | Target::Nat(id)
            | Target::TransitGateway(id)
            | Target::Peering(id)
            | Target::Vpn(id)
            | Target::Interface(id)
            | Target::LocalGateway(id)
            | Target::CloudWan(id) => self.or_dash(id),
        }
    }
}

/// A block as a CIDR.
pub(super) fn cidr(block: &Block) -> String {
    format!("{}/{}", block.first, block.prefix_len)
}

/// AWS's sorts of routes.
pub(super) const fn rank(rank: Rank) -> &'static str {
    match rank {
        Rank::Local => "local",
        Rank::Static => "static",
        Rank::PrefixList => "prefix-list",
        Rank::Propagated => "propagated",
    }
}

/// A time, if there is one.
pub(super) fn time(unix_s: Option<i64>) -> Option<String> {
    unix_s.map(rfc3339)
}
