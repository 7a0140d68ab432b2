//! One address for every part of the address space that a route table, a list or an owner could treat in its own way.
//!
//! In: the topology, and blocks that a policy names. Out: addresses, sorted. Between two of them nothing changes: no route begins or
//! ends, no published range, no prefix list, no VPC, no interface. So what holds for all of them holds for every address.

use std::collections::BTreeSet;

use crate::model::address::{Address, Block};
use crate::topology::World;
use crate::topology::snapshot::Snapshot;

/// Blocks in which an address is private, or nobody's at all (as [`Address::is_private`] has them).
const SPECIAL: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "::/127",
    "64:ff9b::/96",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// `64:ff9b::/96`: IPv4 behind NAT64.
const NAT64: u128 = 0x0064_ff9b << 96;

/// Every address at which something may change.
pub(super) fn probes(world: &World, snapshot: &Snapshot, named: &[Block]) -> Vec<Address> {
    let mut borders: BTreeSet<Address> = BTreeSet::from([Address(0)]);
    borders.extend(world.ranges.borders());
    let mut cut = |block: &Block| {
        borders.insert(block.first);
        borders.extend(block.last.0.checked_add(1).map(Address));
    };
    let entries = || snapshot.tables.iter().flat_map(|table| &table.entries);
    entries().for_each(|entry| cut(&entry.block));
    named.iter().for_each(&mut cut);
    let special = SPECIAL.iter().filter_map(|text| text.parse().ok());
    special.for_each(|net: ipnet::IpNet| cut(&net.into()));
    for snapshot in &world.snapshots {
        let lists = snapshot.prefix_lists.iter().flat_map(|list| &list.blocks);
        lists.flatten().for_each(&mut cut);
        let vpcs = snapshot.vpcs.values().flat_map(|vpc| &vpc.blocks);
        let sides = snapshot.peerings.values().flatten();
        let peered = sides.flat_map(|side| &side.blocks);
        vpcs.chain(peered).for_each(&mut cut);
        for interface in &snapshot.interfaces {
            interface.prefixes.iter().for_each(&mut cut);
            for address in &interface.addresses {
                cut(&Block {
                    first: *address,
                    last: *address,
                    prefix_len: if address.as_ipv4().is_some() { 32 } else { 128 },
                });
            }
        }
    }
    // Only a route into NAT64's block makes its addresses more than some IPv6 ones.
    let nat64 = entries().any(|entry| entry.block.prefix_len > 0 && behind(entry.block.first));
    if nat64 {
        let inside = borders.iter().filter_map(|address| address.as_ipv4());
        let mapped: Vec<Address> = inside
            .map(|v4| Address(NAT64 | u128::from(u32::from(v4))))
            .collect();
        borders.extend(mapped);
    }
    borders.into_iter().collect()
}

/// Whether the address hides an IPv4 one.
pub(super) fn behind(address: Address) -> bool {
    address.0 & !0xffff_ffff == NAT64
}
