//! Tags a batch: rows to cases to tags.
//!
//! Cost: one route lookup and at most one range lookup a record; allocates the tags and nothing a record.

use crate::classify::ends::{Logger, initiator};
use crate::classify::exit::{End, follow, unowned};
use crate::classify::naming::{Name, name};
use crate::classify::place::{Place, places};
use crate::classify::row::{Direction, Extra, Row, Rows};
use crate::classify::rules::{Case, Decision, decide};
use crate::model::batch::{FlowBatch, Status};
use crate::model::path::{Exit, Initiator, Path, Realm, Vantage};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, ServiceBy, Tag, Tags};
use crate::topology::World;
use crate::topology::routes::{Lookup, Target};
use crate::topology::snapshot::InterfaceKind;

/// Tags every record of a batch; NODATA and SKIPDATA rows get `None`.
pub fn tags(batch: &FlowBatch, world: &World) -> Tags {
    let mut extra = Extra::new(&world.symbols);
    let rows = Rows::new(batch, &mut extra);
    let tagged = batch
        .statuses()
        .iter()
        .enumerate()
        .map(|(index, status)| match status {
            Status::Flow => Some(tag(&rows.get(index), world)),
            Status::NoData | Status::SkipData => None,
        });
    Tags {
        rows: tagged.collect(),
        extra: extra.into_names(),
    }
}

/// Tags one record.
pub(super) fn tag(row: &Row, world: &World) -> Tag {
    let (first, second) = places(world, row);
    let tag = tag_at(row, first);
    match second {
        Some(second) => between(tag, tag_at(row, second)),
        None => tag,
    }
}

/// What two topologies around a record say of it together: what both say, and of the rest nothing. So whatever claim is kept is kept by either.
fn between(tag: Tag, other: Tag) -> Tag {
    const DOUBTS: Flags = Flags::FAR_HIDDEN
        .with(Flags::MASKED)
        .with(Flags::PEER_UNOWNED);
    let mut both = tag;
    both.flags = tag.flags.with(other.flags.among(Flags::NAMED_BY_RANGES));
    if (tag.labels, tag.service_by) != (other.labels, other.service_by) {
        let named = tag.labels == other.labels && tag.realm == Some(Realm::Aws);
        both.service_by = ServiceBy::Ranges;
        if !named {
            both.flags = both.flags.with(Flags::SERVICE_UNSURE);
        }
    }
    // Whose the workload is may have changed hands, or not be known to one of them: then a scope that narrows has it perhaps.
    if tag.workload_interface != other.workload_interface {
        both.workload_interface = Sym::NONE;
        both.flags = both.flags.with(Flags::WORKLOAD_UNSURE);
    }
    let told = |tag: &Tag| {
        let way = (tag.path, tag.via, tag.exit, tag.vantage);
        let far = (tag.peer, tag.realm, tag.service);
        // Which end is which: their addresses may be the same.
        let ends = (tag.workload, tag.workload_sends);
        (way, ends, far, tag.flags.among(DOUBTS))
    };
    if told(&tag) == told(&other) {
        return both;
    }
    // One of both may be a service's own address, though neither says which.
    let may_be = |tag: &Tag| {
        let endpoint = tag.path == Path::ViaEndpointEni
            || tag.exit == Exit::Endpoint
            || tag.vantage == Vantage::Endpoint;
        tag.flags.has(Flags::PEER_UNOWNED) || endpoint && tag.service == Sym::NONE
    };
    let unsure = tag.service != other.service || may_be(&tag) || may_be(&other);
    let explained = tag.flags.among(other.flags).among(Flags::MASK_EXPLAINED);
    let mut flags = both
        .flags
        .with(other.flags.among(DOUBTS))
        .without(Flags::MASK_EXPLAINED.with(Flags::PEER_UNOWNED))
        .with(explained)
        .with(Flags::SNAPSHOTS_DIFFER);
    if unsure {
        flags = flags.with(Flags::SERVICE_UNSURE);
    }
    if stays(&tag) && stays(&other) {
        flags = flags.with(Flags::PEER_UNOWNED);
    }
    both.path = Path::Undetermined;
    both.basis = "snapshots-differ";
    (both.via, both.exit) = (Sym::NONE, Exit::Unknown);
    if tag.service != other.service {
        (both.service, both.labels) = (Sym::NONE, 0);
    }
    if tag.vantage != other.vantage {
        both.vantage = Vantage::Unknown;
    }
    let turned = tag.workload_sends != other.workload_sends;
    if turned || tag.workload != other.workload {
        (both.workload, both.workload_port) = (None, None);
        (both.workload_interface, both.workload_sends) = (Sym::NONE, None);
        both.initiator = Initiator::Unknown;
    }
    if tag.realm != other.realm {
        both.realm = None;
    }
    if turned || tag.peer != other.peer {
        (both.peer, both.peer_port, both.realm) = (None, None, None);
        flags = flags.with(Flags::FAR_HIDDEN);
    }
    Tag { flags, ..both }
}

/// Whether a flow stays in its VPC, though its far end may be an endpoint there.
fn stays(tag: &Tag) -> bool {
    match tag.path {
        Path::IntraVpc => !tag.flags.has(Flags::FAR_HIDDEN),
        Path::ViaEndpointEni => true,
        Path::Undetermined => tag.flags.has(Flags::PEER_UNOWNED),
        _ => false,
    }
}

fn tag_at(row: &Row, place: Place<'_>) -> Tag {
    let case = Case::new(row, place);
    let ends = case.ends;
    let decision = decide(&case);
    let (end, flags) = end_of(&case, &decision);
    // Wherever its clients are, an endpoint's own interface is the far end, and in the VPC.
    let at_endpoint = match ends.logger {
        Logger::Endpoint(id) if ends.peer == ends.peer_hop => Some(id),
        _ => None,
    };
    let unowned = match at_endpoint {
        Some(_) => Flags::default(),
        None => unowned(&place, decision.path, end, ends.peer),
    };
    let flags = flags.with(unowned);
    let named = ends.peer.map(|peer| {
        let way = (decision.path, decision.via);
        let endpoint = at_endpoint.unwrap_or(end.endpoint);
        let named = name(&place, peer, way, endpoint, ends.peer_service);
        let own = place.interface.is_some_and(|one| one.owns(peer));
        match at_endpoint {
            Some(_) if own => Name {
                realm: Realm::Vpc,
                ..named
            },
            _ => named,
        }
    });
    let vpc = place.vpc.map_or(row.vpc, |vpc| vpc.id);
    let vpc_unknown = if place.vpc.is_none() {
        Flags::VPC_UNKNOWN
    } else {
        Flags::default()
    };
    Tag {
        path: decision.path,
        basis: decision.basis,
        via: decision.via,
        exit: end.exit,
        realm: named.map(|name| name.realm),
        service: named.map_or(Sym::NONE, |name: Name| name.service),
        labels: named.map_or(0, |name| name.labels),
        service_by: named.map_or(ServiceBy::Nobody, |name| name.by),
        workload: ends.workload,
        workload_interface: workload_interface(row, &case),
        vpc,
        peer: ends.peer,
        workload_port: ends.workload_port,
        peer_port: ends.peer_port,
        vantage: ends.logger.vantage(),
        interface: row.interface,
        workload_sends: ends.workload_sends,
        initiator: initiator(row, &ends),
        flags: flags
            .with(named.map_or(Flags::default(), |name| name.flags))
            .with(vpc_unknown),
    }
}

/// The end of the way. Where a gateway's own record tells how it sends on towards the peer, the record wins over the table.
fn end_of(case: &Case<'_>, decision: &Decision) -> (End, Flags) {
    let flags = case.ends.flags.with(decision.flags);
    let by_table = follow(&case.place, decision.path, decision.via, case.ends.peer);
    let gateway = matches!(
        case.ends.logger,
        Logger::Nat(_) | Logger::TransitGateway(_) | Logger::Appliance(_)
    );
    let onward = gateway
        && case.ends.direction == Some(Direction::Egress)
        && case.ends.workload_sends == Some(true);
    let Some(value) = case.row.traffic_path.filter(|_| onward) else {
        return (by_table, flags);
    };
    let bare = |exit| End {
        exit,
        endpoint: Sym::NONE,
    };
    let told = match value {
        7 => Exit::GatewayEndpoint,
        8 => Exit::InternetGateway,
        3 => Exit::Vpn,
        1..=6 if next_may_be(case, value) => return (by_table, flags),
        1..=6 => return (bare(Exit::Unknown), flags.with(Flags::DISAGREES)),
        _ => return (bare(Exit::Unknown), flags),
    };
    if told == by_table.exit {
        return (by_table, flags);
    }
    let disagrees = if by_table.exit == Exit::Unknown {
        Flags::default()
    } else {
        Flags::DISAGREES
    };
    (bare(told), flags.with(disagrees))
}

/// Whether the table of the gateway that logged the record lets `traffic-path` 1, 2, 4, 5 or 6 be; what says nothing lets all be.
fn next_may_be(case: &Case<'_>, value: i64) -> bool {
    let peer = case.ends.peer.map(|peer| match case.ends.logger {
        Logger::Nat(_) => peer.behind_nat64(),
        _ => peer,
    });
    let Some((table, peer)) = case.place.table.zip(peer) else {
        return true;
    };
    let Lookup::To(target) = table.lookup(peer) else {
        return true;
    };
    let (two, three, four, strange) = match target {
        Target::InternetGateway(_)
        | Target::EgressOnly(_)
        | Target::Carrier(_)
        | Target::GatewayEndpoint(_) => (true, false, false, false),
        Target::Vpn(_) => (false, true, false, false),
        Target::Peering(_) => (false, false, true, false),
        Target::Other => (false, false, false, true),
        Target::Local
        | Target::ApplianceEndpoint(_)
        | Target::Nat(_)
        | Target::TransitGateway(_)
        | Target::Interface(_)
        | Target::LocalGateway(_)
        | Target::CloudWan(_) => (false, false, false, false),
    };
    match value {
        2 => two,
        4 | 5 => four,
        6 => target == Target::Local,
        _ => !(two || three || four || strange),
    }
}

fn workload_interface(row: &Row, case: &Case<'_>) -> Sym {
    match case.ends.logger {
        Logger::Host | Logger::Stranger => row.interface,
        Logger::Endpoint(_) | Logger::Nat(_) | Logger::TransitGateway(_) | Logger::Appliance(_) => {
            let owner = case
                .ends
                .workload
                .and_then(|workload| case.place.owner(workload));
            // Nobody opens from an endpoint's interface: whoever did by a NAT gateway had the address before it.
            let by_nat = matches!(case.ends.logger, Logger::Nat(_));
            let owner =
                owner.filter(|owner| !(by_nat && matches!(owner.kind, InterfaceKind::Endpoint(_))));
            owner.map_or(Sym::NONE, |interface| interface.id)
        }
    }
}
