//! A route table, compiled: the most specific route wins, ties by AWS's rules.
//!
//! In: routes with their destinations as blocks. Out: for any address, the route, or why there is none to name.
//! Source: "Route priority" in the VPC user guide: longest prefix; at the same length static, then prefix list, then
//! propagated; two prefix lists that overlap with different targets: AWS picks one at random and keeps it.

use crate::model::address::{Address, Block};
use crate::model::symbol::Sym;
use crate::topology::intervals::Intervals;

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Stays in the VPC.
    Local,
    /// Internet gateway.
    InternetGateway(Sym),
    /// Egress-only internet gateway.
    EgressOnly(Sym),
    /// Carrier gateway of a Wavelength Zone.
    Carrier(Sym),
    /// Gateway endpoint.
    GatewayEndpoint(Sym),
    /// Gateway Load Balancer or firewall endpoint.
    ApplianceEndpoint(Sym),
    /// NAT gateway.
    Nat(Sym),
    /// Transit gateway.
    TransitGateway(Sym),
    /// Peering connection.
    Peering(Sym),
    /// Virtual private gateway.
    Vpn(Sym),
    /// An interface (NAT instance, appliance).
    Interface(Sym),
    /// An Outpost's local gateway.
    LocalGateway(Sym),
    /// A Cloud WAN core network.
    CloudWan(Sym),
    /// A target that AWS added since.
    Other,
}

/// What sort of route it is, best first at the same length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// Made with the VPC.
    Local,
    /// Made by hand, to a CIDR.
    Static,
    /// To a prefix list.
    PrefixList,
    /// Learnt from a gateway or route server.
    Propagated,
}

/// One destination block of a route; a prefix-list route has one a CIDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Addresses that it is for.
    pub block: Block,
    /// Sort of route.
    pub rank: Rank,
    /// Where it leads.
    pub target: Target,
    /// Its target is gone: packets are dropped.
    pub blackhole: bool,
}

/// The answer of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// This way.
    To(Target),
    /// The route that wins leads nowhere.
    Blackhole,
    /// No route.
    NoRoute,
    /// Routes that AWS chooses between by rules that are not documented or at random.
    Ambiguous,
    /// A route to a prefix list whose CIDRs the topology does not give could win.
    UnknownList,
}

/// A compiled table.
#[derive(Clone, Debug)]
pub struct Table {
    /// `rtb-…`
    pub id: Sym,
    /// Its routes, block by block.
    pub entries: Vec<Entry>,
    /// A route to a customer's prefix list without CIDRs: any address may be in it.
    pub unknown_list: bool,
    /// A route to one of AWS's prefix lists without CIDRs: any public address may be in it.
    pub unknown_aws_list: bool,
    lookups: Intervals<Lookup>,
}

impl Table {
    /// Compiles the routes.
    pub fn new(id: Sym, entries: Vec<Entry>, unknown_list: bool, unknown_aws_list: bool) -> Table {
        let blocks: Vec<Block> = entries.iter().map(|entry| entry.block).collect();
        let lookups = Intervals::build(&blocks, |_, holding| {
            resolve(holding.iter().map(|index| &entries[*index]))
        });
        Table {
            id,
            entries,
            unknown_list,
            unknown_aws_list,
            lookups,
        }
    }

    /// Where the table sends a packet for this address.
    pub fn lookup(&self, address: Address) -> Lookup {
        // AWS's service lists hold public and link-local addresses only, so they cannot draw traffic of the VPC's own.
        if self.unknown_list || (self.unknown_aws_list && !address.is_private()) {
            return Lookup::UnknownList;
        }
        self.lookups.get(address)
    }

    /// Whether a route is of so few addresses that a network behind it may be told by them: a /8 of IPv4, a /16 of IPv6, or less; and its
    /// target has no more than three /8 of public IPv4 in such routes. Defaults are written as halves, as eighths, and as all that is not
    /// private, too.
    pub fn is_specific(&self, address: Address) -> bool {
        const MANY: u128 = 3 << 24;
        let told = |entry: &&Entry| {
            let enough = if entry.block.is_ipv4() { 8 } else { 16 };
            entry.block.prefix_len >= enough
        };
        let few = |target: Target| {
            let public = |entry: &&Entry| {
                entry.target == target && entry.block.is_ipv4() && !entry.block.first.is_private()
            };
            let blocks = self.entries.iter().filter(told).filter(public);
            let sizes = blocks.map(|entry| entry.block.last.0 - entry.block.first.0 + 1);
            sizes.fold(0, u128::saturating_add) <= MANY
        };
        let mut holding = self.entries.iter().filter(told);
        holding.any(|entry| entry.block.contains(address) && few(entry.target))
    }
}

/// The winner among the routes that hold an address.
pub fn resolve<'a>(holding: impl Iterator<Item = &'a Entry> + Clone) -> Lookup {
    let Some(best) = holding
        .clone()
        .max_by_key(|entry| (entry.block.prefix_len, std::cmp::Reverse(entry.rank)))
    else {
        return Lookup::NoRoute;
    };
    let tie = holding.clone().any(|entry| {
        entry.block.prefix_len == best.block.prefix_len
            && entry.rank == best.rank
            && (entry.target, entry.blackhole) != (best.target, best.blackhole)
    });
    // Two prefix lists that overlap: AWS picks one at random and keeps it, and does not say that their lengths matter.
    let lists = best.rank == Rank::PrefixList
        && holding
            .clone()
            .any(|entry| entry.rank == Rank::PrefixList && entry.target != best.target);
    // A propagated route inside the VPC's own range: AWS's pages disagree whether the local route or the longer one wins.
    let inside_local =
        best.rank == Rank::Propagated && holding.clone().any(|entry| entry.rank == Rank::Local);
    if tie || lists || inside_local {
        Lookup::Ambiguous
    } else if best.blackhole {
        Lookup::Blackhole
    } else {
        Lookup::To(best.target)
    }
}

#[cfg(test)]
mod tests {
    use ipnet::IpNet;

    use super::*;

    fn entry(net: &str, rank: Rank, target: Target) -> Entry {
        Entry {
            block: net.parse::<IpNet>().unwrap().into(),
            rank,
            target,
            blackhole: false,
        }
    }

    fn table(entries: Vec<Entry>) -> Table {
        Table::new(Sym(0), entries, false, false)
    }

    fn lookup(table: &Table, address: &str) -> Lookup {
        table.lookup(Address::parse(address.as_bytes()).unwrap())
    }

    const IGW: Target = Target::InternetGateway(Sym(1));
    const S3: Target = Target::GatewayEndpoint(Sym(2));
    const S3_TOO: Target = Target::GatewayEndpoint(Sym(3));
    const VGW: Target = Target::Vpn(Sym(4));

    #[test]
    fn the_longest_prefix_wins_and_ties_go_static_list_propagated() {
        let (local, fixed, list, learnt) = (
            Rank::Local,
            Rank::Static,
            Rank::PrefixList,
            Rank::Propagated,
        );
        #[rustfmt::skip]
        let cases = [
            ("default", vec![entry("0.0.0.0/0", fixed, IGW)], Lookup::To(IGW)),
            ("no route", vec![entry("10.0.0.0/16", local, Target::Local)], Lookup::NoRoute),
            ("IPv6 default is not for IPv4", vec![entry("::/0", fixed, IGW)], Lookup::NoRoute),
            ("list over default", vec![entry("0.0.0.0/0", fixed, IGW), entry("52.216.0.0/15", list, S3)], Lookup::To(S3)),
            ("a longer static over the list", vec![entry("52.216.8.0/24", fixed, IGW), entry("52.216.0.0/15", list, S3)], Lookup::To(IGW)),
            ("static over list at the same length", vec![entry("52.216.0.0/15", list, S3), entry("52.216.0.0/15", fixed, IGW)], Lookup::To(IGW)),
            ("list over propagated at the same length", vec![entry("52.216.0.0/15", learnt, VGW), entry("52.216.0.0/15", list, S3)], Lookup::To(S3)),
            ("two lists, two targets", vec![entry("52.216.0.0/15", list, S3), entry("52.216.0.0/15", list, S3_TOO)], Lookup::Ambiguous),
            ("two lists of two lengths, two targets", vec![entry("52.216.8.0/24", list, S3), entry("52.216.0.0/15", list, S3_TOO)], Lookup::Ambiguous),
            ("two lists, two targets, and a longer static", vec![entry("52.216.8.0/24", fixed, IGW), entry("52.216.0.0/15", list, S3_TOO), entry("52.216.0.0/15", list, S3)], Lookup::To(IGW)),
            ("two lists, one target", vec![entry("52.216.0.0/15", list, S3), entry("52.216.0.0/15", list, S3)], Lookup::To(S3)),
            ("propagated inside local", vec![entry("52.0.0.0/8", local, Target::Local), entry("52.216.0.0/15", learnt, VGW)], Lookup::Ambiguous),
        ];
        for (title, entries, expected) in cases {
            assert_eq!(lookup(&table(entries), "52.216.8.9"), expected, "{title}");
        }
    }

    #[test]
    fn a_blackhole_still_wins_over_a_shorter_route() {
        let mut hole = entry("52.216.0.0/15", Rank::Static, IGW);
        hole.blackhole = true;
        let table = table(vec![hole, entry("0.0.0.0/0", Rank::Static, IGW)]);
        assert_eq!(lookup(&table, "52.217.0.1"), Lookup::Blackhole);
        assert_eq!(lookup(&table, "52.218.0.1"), Lookup::To(IGW));
    }

    #[test]
    fn a_list_without_cidrs_could_hold_anything() {
        let entries = vec![
            entry("0.0.0.0/0", Rank::Static, IGW),
            entry("10.0.0.0/16", Rank::Local, Target::Local),
        ];
        let aws = Table::new(Sym(0), entries.clone(), false, true);
        assert_eq!(lookup(&aws, "52.216.8.9"), Lookup::UnknownList);
        assert_eq!(lookup(&aws, "10.0.0.9"), Lookup::To(Target::Local));
        let own = Table::new(Sym(0), entries, true, false);
        assert_eq!(lookup(&own, "10.0.0.9"), Lookup::UnknownList);
    }
}
