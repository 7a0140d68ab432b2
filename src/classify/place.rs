//! Where a record was logged: snapshot, interface, VPC, subnet, route table.

use crate::classify::row::Row;
use crate::model::symbol::Sym;
use crate::topology::World;
use crate::topology::routes::Table;
use crate::topology::snapshot::{Interface, Nat, Snapshot, Vpc};

/// What the topology knows of the place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'w> {
    /// All topologies.
    pub world: &'w World,
    /// The snapshot that is valid at the record's time.
    pub snapshot: Option<&'w Snapshot>,
    /// The interface that logged it.
    pub interface: Option<&'w Interface>,
    /// Its VPC.
    pub vpc: Option<&'w Vpc>,
    /// Its subnet's route table.
    pub table: Option<&'w Table>,
    /// The regional NAT gateway that logged it.
    pub regional_nat: Option<&'w Nat>,
    /// The record names another VPC or subnet than the topology.
    pub moved: bool,
    /// The record's time.
    pub time_s: i64,
}

/// The place of a record, and a second one if another snapshot might be the valid one.
///
/// A snapshot that does not know the interface, yet or any more, still knows the routes of its time: it is asked with the interface
/// as the other has it.
pub fn places<'w>(world: &'w World, row: &Row) -> (Place<'w>, Option<Place<'w>>) {
    let by_interface = world.of_interface(row.interface);
    let vpc = match by_interface
        .first()
        .and_then(|index| world.snapshots[*index].interface(row.interface))
    {
        Some(interface) => interface.vpc,
        None if row.vpc.is_some() => row.vpc,
        None => vpc_of_nat(world, row.regional_nat),
    };
    let by_vpc = world.of_vpc(vpc);
    let valid = world.valid_at(by_vpc, row.time_s);
    // A snapshot before the interface was made does not know it: the one that does, and is nearest in time, speaks.
    let knows = |index: usize| {
        row.interface == Sym::NONE || by_interface.is_empty() || by_interface.contains(&index)
    };
    let chosen = match valid.filter(|index| knows(*index)) {
        Some(index) => Some(index),
        None => world.valid_at(by_interface, row.time_s).or(valid),
    };
    let second = match valid.filter(|index| Some(*index) != chosen) {
        Some(valid) => Some(valid),
        None => chosen.and_then(|index| world.contested_at(by_vpc, index, row.time_s)),
    };
    // Another account's view of a shared VPC is not another time's: it lacks what that account may not see.
    let same_account = |index: usize, other: usize| {
        let account = |index: usize| world.snapshots[index].report.account_id.as_deref();
        account(index).is_none() || account(other).is_none() || account(index) == account(other)
    };
    let second = second.filter(|index| chosen.is_some_and(|chosen| same_account(chosen, *index)));
    let first = place(world, chosen, vpc, row, None);
    let second = second.map(|index| {
        let second = place(world, Some(index), vpc, row, first.interface);
        // What lies beyond other VPCs is looked up where this topology stands.
        let captured_s = world.snapshots[index].captured_s;
        Place {
            time_s: captured_s.map_or(row.time_s, |captured| captured.max(row.time_s)),
            ..second
        }
    });
    (first, second)
}

fn vpc_of_nat(world: &World, nat: Sym) -> Sym {
    let found = world
        .snapshots
        .iter()
        .find_map(|snapshot| snapshot.nats.get(&nat));
    found
        .filter(|_| nat.is_some())
        .map_or(Sym::NONE, |nat| nat.vpc)
}

fn place<'w>(
    world: &'w World,
    snapshot: Option<usize>,
    vpc: Sym,
    row: &Row,
    lent: Option<&'w Interface>,
) -> Place<'w> {
    let snapshot = snapshot.map(|index| &world.snapshots[index]);
    let interface = snapshot
        .and_then(|snapshot| snapshot.interface(row.interface))
        .or(lent);
    let subnet = interface.map_or(row.subnet, |interface| interface.subnet);
    let moved = interface.is_some_and(|interface| {
        (row.vpc.is_some() && row.vpc != interface.vpc)
            || (row.subnet.is_some() && row.subnet != interface.subnet)
    });
    Place {
        world,
        snapshot,
        interface,
        vpc: snapshot.and_then(|snapshot| snapshot.vpcs.get(&vpc)),
        table: snapshot.and_then(|snapshot| snapshot.table_of(subnet)),
        regional_nat: snapshot
            .and_then(|snapshot| snapshot.nats.get(&row.regional_nat))
            .filter(|_| row.regional_nat.is_some()),
        moved,
        time_s: row.time_s,
    }
}

impl<'w> Place<'w> {
    /// The interface of this VPC that has the address.
    pub fn owner(&self, address: crate::model::address::Address) -> Option<&'w Interface> {
        let snapshot = self.snapshot?;
        self.vpc?
            .owner(address)
            .map(|index| &snapshot.interfaces[index])
    }

    /// Whether a NAT gateway, of this VPC as far as the topology tells, has the address.
    pub fn is_of_nat(&self, address: crate::model::address::Address) -> bool {
        let (Some(snapshot), Some(vpc)) = (self.snapshot, self.vpc) else {
            return false;
        };
        let mut here = snapshot
            .nats
            .values()
            .filter(|nat| nat.vpc == vpc.id || nat.vpc == Sym::NONE);
        here.any(|nat| nat.addresses.contains(&address))
    }

    /// Whether the address is in this VPC's CIDRs.
    pub fn in_vpc(&self, address: crate::model::address::Address) -> bool {
        self.vpc.is_some_and(|vpc| vpc.contains(address))
    }
}
