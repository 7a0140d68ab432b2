//! Whose address the peer's is: realm and service.
//!
//! In: the peer, the way to it, what the record says. Out: a [`Name`]. Order of trust for the service: the endpoint on the way, AWS's
//! prefix lists, the record's `pkt-*-aws-service`, ip-ranges.json (facts 1.4, 8).

use crate::classify::place::Place;
use crate::model::address::Address;
use crate::model::path::{Path, Realm};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, ServiceBy};
use crate::topology::ranges::judge;
use crate::topology::snapshot::Endpoint;

/// What the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Whose address.
    pub realm: Realm,
    /// The service to show.
    pub service: Sym,
    /// All that ip-ranges.json says.
    pub labels: u16,
    /// Who named it.
    pub by: ServiceBy,
    /// `NAMED_BY_RANGES`, or nothing.
    pub flags: Flags,
}

/// Names a peer. `way` is the path and its gateway, `endpoint` is the endpoint at the end of the way, if there is one; `told` the record's own word.
pub fn name(place: &Place<'_>, peer: Address, way: (Path, Sym), endpoint: Sym, told: Sym) -> Name {
    let inner = peer.behind_nat64();
    let realm = private_realm(place, inner, way);
    if let Some(service) = service_of_endpoint(place, endpoint) {
        let realm = realm.unwrap_or(Realm::Aws);
        return Name {
            realm,
            service,
            labels: 0,
            by: ServiceBy::Endpoint,
            flags: Flags::default(),
        };
    }
    let listed = listed(place, inner);
    if listed.is_some() {
        let realm = realm.unwrap_or(Realm::Aws);
        return Name {
            realm,
            service: listed,
            labels: 0,
            by: ServiceBy::PrefixList,
            flags: Flags::default(),
        };
    }
    if let Some(realm) = realm {
        return Name {
            realm,
            service: Sym::NONE,
            labels: 0,
            by: ServiceBy::Nobody,
            flags: Flags::default(),
        };
    }
    public(place, inner, told)
}

/// The realm of an address that is not the internet's, whatever lists say.
fn private_realm(place: &Place<'_>, peer: Address, (path, via): (Path, Sym)) -> Option<Realm> {
    if place.in_vpc(peer) {
        return Some(Realm::Vpc);
    }
    if peer.is_private() {
        return Some(Realm::Private);
    }
    // Public addresses may be a VPC's own: of one that this very peering or transit gateway leads to. Elsewhere they are what the
    // internet says.
    let world = place.world;
    let of_vpc = |vpc: Sym| {
        let snapshot = world.vpc_at(vpc, place.time_s);
        snapshot
            .and_then(|snapshot| snapshot.vpcs.get(&vpc))
            .is_some_and(|vpc| vpc.contains(peer))
    };
    let mut snapshots = world.snapshots.iter();
    let own = place
        .snapshot
        .filter(|snapshot| snapshot.peerings.contains_key(&via));
    let led_to = match path {
        Path::ViaPeering => snapshots
            .filter(|snapshot| own.is_none_or(|own| std::ptr::eq(own, *snapshot)))
            .filter_map(|snapshot| snapshot.peerings.get(&via))
            .flatten()
            .any(|side| of_vpc(side.vpc) || side.blocks.iter().any(|block| block.contains(peer))),
        Path::ViaTransitGateway => snapshots.any(|snapshot| {
            let mut attached = snapshot
                .attachments
                .iter()
                .filter(|attachment| attachment.gateway == via);
            attached.any(|attachment| of_vpc(attachment.vpc))
        }),
        _ => false,
    };
    led_to.then_some(Realm::Private)
}

/// The service of an endpoint, of this snapshot or of any other (shared-services VPCs of other accounts).
fn service_of_endpoint(place: &Place<'_>, endpoint: Sym) -> Option<Sym> {
    let here = place
        .snapshot
        .and_then(|snapshot| snapshot.endpoints.get(&endpoint));
    let anywhere = || {
        place
            .world
            .snapshots
            .iter()
            .find_map(|snapshot| snapshot.endpoints.get(&endpoint))
    };
    let found: Option<&Endpoint> = if endpoint.is_some() {
        here.or_else(anywhere)
    } else {
        None
    };
    found
        .map(|endpoint| endpoint.service)
        .filter(|service| service.is_some())
}

/// AWS's prefix lists hold public and link-local addresses; a private one in a list would be a customer's.
fn listed(place: &Place<'_>, peer: Address) -> Sym {
    let (Some(snapshot), Some(vpc)) = (place.snapshot, place.vpc) else {
        return Sym::NONE;
    };
    snapshot.listed_service(vpc.region.as_deref(), peer)
}

/// Stands for a code that no list has: AWS's own, and no stranger's.
const NEW_SERVICE: &str = "-";

fn public(place: &Place<'_>, peer: Address, told: Sym) -> Name {
    let symbols = &place.world.symbols;
    let labels = place.world.ranges.labels(peer);
    let set = place.world.ranges.set(labels);
    // A code that this ip-ranges.json has never heard of is a symbol of the batch's own; it stands for itself.
    let told_name = symbols.name(told);
    let known = told.is_some() && !told_name.is_empty();
    let particular = told.is_some() && !matches!(told_name, "amazon" | "ec2");
    if told.is_some() && !known {
        let names = set.services.iter().map(|sym| symbols.name(*sym));
        let names: Vec<&str> = names.chain([NEW_SERVICE]).collect();
        return Name {
            realm: judge(&names).1.unwrap_or(Realm::Aws),
            service: told,
            labels,
            by: ServiceBy::Record,
            flags: Flags::default(),
        };
    }
    let (shown, realm) = match (known, set.shown) {
        (false, shown) => (shown.unwrap_or(Sym::NONE), set.realm),
        // AMAZON alone may be anybody's address that AWS announces: only a list that knows it can say more.
        (true, None) if !particular => (told, Some(Realm::Internet)),
        (true, None) => (told, judge(&[told_name]).1),
        (true, Some(_)) => {
            let mut names: Vec<&str> = set.services.iter().map(|sym| symbols.name(*sym)).collect();
            if !names.contains(&told_name) {
                names.push(told_name);
            }
            let (shown, realm) = judge(&names);
            // The record's own particular word is shown before another list's.
            let shown = if particular { Some(told_name) } else { shown };
            (
                shown.and_then(|name| symbols.find(name)).unwrap_or(told),
                realm,
            )
        }
    };
    let by = match (particular, shown.is_some()) {
        (true, _) => ServiceBy::Record,
        (false, true) => ServiceBy::Ranges,
        (false, false) => ServiceBy::Nobody,
    };
    let flags = if particular {
        Flags::default()
    } else {
        Flags::NAMED_BY_RANGES
    };
    Name {
        realm: realm.unwrap_or(Realm::Internet),
        service: shown,
        labels,
        by,
        flags,
    }
}
