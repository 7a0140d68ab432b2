//! Whose an address is: an interface, a gateway, a prefix list's, a published range's.

use crate::classify::place::Place;
use crate::explain::names::{Names, cidr};
use crate::model::address::Address;
use crate::model::symbol::Sym;
use crate::model::window::rfc3339;
use crate::topology::World;
use crate::topology::snapshot::{Interface, InterfaceKind, Snapshot};

/// Everything that is known of an address, from the place of a record.
pub(super) fn whose(names: &Names<'_>, place: &Place<'_>, address: Address) -> Vec<String> {
    let mut known = Vec::new();
    match (place.owner(address), place.snapshot) {
        (Some(interface), Some(snapshot)) => {
            known.push(interface_words(names, snapshot, interface));
        }
        _ if place.in_vpc(address) => {
            let vpc = place.vpc.map_or(Sym::NONE, |vpc| vpc.id);
            let vpc = names.or_dash(vpc);
            known.push(format!("in {vpc}, and no interface of the topology has it"));
        }
        _ => known.extend(elsewhere(names, place.world, address)),
    }
    known.extend(listed(names, place, address));
    known.extend(published(names, place.world, address));
    if known.is_empty() && address.is_private() {
        known.push("a private address that the topology does not know".to_owned());
    } else if known.is_empty() {
        known.push("a public address in no prefix list and no range of AWS's".to_owned());
    }
    known
}

/// The same, where no record gives a place.
pub(super) fn anywhere(names: &Names<'_>, world: &World, address: Address) -> Vec<String> {
    let mut known = elsewhere(names, world, address);
    known.extend(published(names, world, address));
    if known.is_empty() {
        known.push("not known to the topology, nor to ip-ranges.json".to_owned());
    }
    known
}

fn interface_words(names: &Names<'_>, snapshot: &Snapshot, interface: &Interface) -> String {
    let service = |id: Sym| {
        let endpoint = snapshot.endpoints.get(&id);
        let service = endpoint.and_then(|endpoint| names.of(endpoint.service));
        service.map_or_else(String::new, |service| format!(" for {service}"))
    };
    let what = match interface.kind {
        InterfaceKind::Plain => "an interface".to_owned(),
        InterfaceKind::Endpoint(id) => format!("endpoint {}{}", names.or_dash(id), service(id)),
        InterfaceKind::ApplianceEndpoint(id) => {
            format!("Gateway Load Balancer endpoint {}", names.or_dash(id))
        }
        InterfaceKind::Nat(id) => format!("NAT gateway {}", names.or_dash(id)),
        InterfaceKind::TransitGateway(id) => format!("transit gateway {}", names.or_dash(id)),
        InterfaceKind::RouteTarget => "an interface that routes lead to".to_owned(),
    };
    let name = interface.tags.iter().find(|(key, _)| key == "Name");
    let name = name.map_or_else(String::new, |(_, name)| format!(" `{name}`"));
    format!(
        "{what}: {}{name} in {}, {}",
        names.or_dash(interface.id),
        names.or_dash(interface.subnet),
        names.or_dash(interface.vpc)
    )
}

/// What any topology says, the latest first: an interface's own or public address, a NAT gateway's.
fn elsewhere(names: &Names<'_>, world: &World, address: Address) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for snapshot in world.snapshots.iter().rev() {
        let owners = snapshot.interfaces.iter().filter(|one| one.owns(address));
        known.extend(owners.map(|one| interface_words(names, snapshot, one)));
        let text = address.to_string();
        let public = snapshot.answers.network_interfaces.iter().filter(|raw| {
            let each = raw
                .private_ip_addresses
                .iter()
                .map(|one| one.association.as_ref());
            each.chain([raw.association.as_ref()])
                .flatten()
                .any(|association| association.public_ip.as_ref() == Some(&text))
        });
        known.extend(public.map(|raw| format!("public address of {}", raw.network_interface_id)));
        let mut nats: Vec<&Sym> = snapshot
            .nats
            .iter()
            .filter(|(_, nat)| nat.addresses.contains(&address))
            .map(|(id, _)| id)
            .collect();
        nats.sort_unstable();
        known.extend(
            nats.iter()
                .map(|id| format!("of NAT gateway {}", names.or_dash(**id))),
        );
    }
    let mut seen = std::collections::BTreeSet::new();
    known.retain(|words| seen.insert(words.clone()));
    known
}

/// AWS's and customers' prefix lists of the VPC's Region.
fn listed(names: &Names<'_>, place: &Place<'_>, address: Address) -> Vec<String> {
    let Some(snapshot) = place.snapshot else {
        return Vec::new();
    };
    let region = place.vpc.and_then(|vpc| vpc.region.as_deref());
    let inner = address.behind_nat64();
    let here = snapshot.prefix_lists.iter().filter(|list| {
        list.region.is_none() || region.is_none() || list.region.as_deref() == region
    });
    let found = here.filter_map(|list| {
        let blocks = list.blocks.iter().flatten();
        let block = blocks.into_iter().find(|block| block.contains(inner))?;
        let id = names.or_dash(list.id);
        Some(match names.of(list.service) {
            Some(service) => format!("in prefix list {id} of {service}, block {}", cidr(block)),
            None => format!("in prefix list {id}, block {}", cidr(block)),
        })
    });
    found.collect()
}

/// What AWS's ip-ranges.json says.
fn published(names: &Names<'_>, world: &World, address: Address) -> Option<String> {
    let ranges = &world.ranges;
    let set = ranges.set(ranges.labels(address.behind_nat64()));
    if set.services.is_empty() {
        return None;
    }
    let services: Vec<String> = set.services.iter().map(|sym| names.or_dash(*sym)).collect();
    let of = rfc3339(ranges.created_s);
    let day = of.split('T').next().unwrap_or(&of);
    Some(format!(
        "ip-ranges.json of {day} ({}): {}",
        ranges.source,
        services.join(", ")
    ))
}
