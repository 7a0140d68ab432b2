//! What the routes alone permit: where each subnet would send traffic to the internet and to AWS's listed services.
//!
//! In: the topology. Out: one [`Permit`] a subnet and kind of traffic, by the same rules that judge flows.

use std::collections::BTreeSet;

use crate::classify::ends::{Ends, Logger};
use crate::classify::exit::follow;
use crate::classify::place::Place;
use crate::classify::row::Direction;
use crate::classify::rules::by_route;
use crate::model::address::Address;
use crate::model::path::{Exit, Path};
use crate::model::permit::Permit;
use crate::model::symbol::Sym;
use crate::model::tag::Flags;
use crate::topology::World;
use crate::topology::snapshot::Snapshot;

/// Addresses of the documentation blocks (RFC 5737, 3849): no route table is likely to name them, so they follow the default route.
const STRANGERS: [(&str, &str); 2] = [
    ("internet IPv4", "203.0.113.1"),
    ("internet IPv6", "2001:db8::1"),
];

/// What every subnet's routes permit, sorted.
pub fn permits(world: &World) -> Vec<Permit> {
    let mut found = BTreeSet::new();
    for snapshot in &world.snapshots {
        for (id, subnet) in &snapshot.subnets {
            for (to, address) in probes(world, snapshot, subnet.vpc) {
                found.insert(permit(world, snapshot, *id, &to, address));
            }
        }
    }
    found.into_iter().collect()
}

/// One address for each kind of traffic; of a service's list, one a block, since routes may cut it in parts.
fn probes(world: &World, snapshot: &Snapshot, vpc: Sym) -> Vec<(String, Address)> {
    let strangers = STRANGERS
        .iter()
        .filter_map(|(to, text)| Some(((*to).to_owned(), Address::parse(text.as_bytes())?)));
    let region = snapshot
        .vpcs
        .get(&vpc)
        .and_then(|vpc| vpc.region.as_deref());
    let lists = snapshot.prefix_lists.iter().filter(|list| {
        list.service.is_some() && (list.region.is_none() || list.region.as_deref() == region)
    });
    let services = lists.flat_map(|list| {
        let name = world.symbols.name(list.service).to_owned();
        list.blocks
            .iter()
            .flatten()
            .map(move |block| (name.clone(), block.first))
    });
    strangers.chain(services).collect()
}

fn permit(world: &World, snapshot: &Snapshot, subnet: Sym, to: &str, address: Address) -> Permit {
    let vpc = snapshot
        .subnets
        .get(&subnet)
        .map_or(Sym::NONE, |subnet| subnet.vpc);
    let table = snapshot.table_of(subnet);
    let place = Place {
        world,
        snapshot: Some(snapshot),
        interface: None,
        vpc: snapshot.vpcs.get(&vpc),
        table,
        regional_nat: None,
        moved: false,
        time_s: snapshot.captured_s.unwrap_or(0),
    };
    let ends = Ends {
        logger: Logger::Host,
        direction: Some(Direction::Egress),
        workload: None,
        workload_port: None,
        peer: Some(address),
        peer_hop: Some(address),
        peer_port: None,
        peer_service: Sym::NONE,
        workload_sends: Some(true),
        flags: Flags::default(),
    };
    let name = |sym: Sym| {
        if sym.is_some() {
            world.symbols.name(sym).to_owned()
        } else {
            "-".to_owned()
        }
    };
    let decision = by_route(&place, &ends);
    let path = decision.map_or(Path::Undetermined, |decision| decision.path);
    let via = decision.map_or(Sym::NONE, |decision| decision.via);
    Permit {
        vpc: name(vpc),
        subnet: name(subnet),
        table: name(table.map_or(Sym::NONE, |table| table.id)),
        to: to.to_owned(),
        path,
        basis: decision
            .map_or("interface-not-in-topology", |decision| decision.basis)
            .to_owned(),
        via: name(via),
        exit: if decision.is_some() {
            follow(&place, path, via, Some(address)).exit
        } else {
            Exit::Unknown
        },
    }
}
