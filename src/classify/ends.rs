//! Who logged a record, and so which end is the workload's and which the peer's.
//!
//! In: a row and its place. Out: [`Ends`]. Source: facts 1 (srcaddr, dstaddr), 5.3 to 5.5, 7.1 to 7.12.

use crate::classify::place::Place;
use crate::classify::row::{Direction, Row, Side, TypeWord};
use crate::model::address::Address;
use crate::model::path::{Initiator, Vantage, opening};
use crate::model::symbol::Sym;
use crate::model::tag::Flags;
use crate::topology::snapshot::InterfaceKind;

/// Who logged a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logger {
    /// A host, a load balancer, a function: the workload itself.
    Host,
    /// An endpoint's interface.
    Endpoint(Sym),
    /// A NAT gateway.
    Nat(Sym),
    /// A transit gateway's interface, or the gateway's own flow log.
    TransitGateway(Sym),
    /// A Gateway Load Balancer endpoint, or an interface that a route leads to.
    Appliance(Sym),
    /// An interface that neither the topology nor the record explains.
    Stranger,
}

impl Logger {
    /// The contract's word for it.
    pub fn vantage(self) -> Vantage {
        match self {
            Logger::Host => Vantage::Workload,
            Logger::Endpoint(_) => Vantage::Endpoint,
            Logger::Nat(_) => Vantage::Nat,
            Logger::TransitGateway(_) | Logger::Appliance(_) => Vantage::Gateway,
            Logger::Stranger => Vantage::Unknown,
        }
    }
}

/// The two ends of a flow, from the workload's side.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// Who logged it.
    pub logger: Logger,
    /// Into or out of the interface, as far as known.
    pub direction: Option<Direction>,
    /// The host whose traffic it is.
    pub workload: Option<Address>,
    /// Its port.
    pub workload_port: Option<u16>,
    /// The far end.
    pub peer: Option<Address>,
    /// The address by which the far end was reached, if the record tells another than the far end's own.
    pub peer_hop: Option<Address>,
    /// Its port.
    pub peer_port: Option<u16>,
    /// What the record says of the far end's service.
    pub peer_service: Sym,
    /// Whether the workload is the source of the packets; `None` if not known.
    pub workload_sends: Option<bool>,
    /// Doubts.
    pub flags: Flags,
}

/// Who opened the connection.
pub fn initiator(row: &Row, ends: &Ends) -> Initiator {
    Initiator::new(opening(row.protocol, row.tcp_flags), ends.workload_sends)
}

/// Reads the ends of a record.
pub fn ends(row: &Row, place: &Place<'_>) -> Ends {
    if let Some(gateway) = row.gateway_log {
        return between(
            Logger::TransitGateway(gateway),
            row,
            None,
            true,
            Flags::default(),
        );
    }
    let (logger, flags) = logger(row, place);
    let (direction, flags) = match (row.direction, direction_by_address(row, place)) {
        // Whichever is wrong, the other end is not the far end.
        (Some(told), Some(found)) if told != found => (None, flags.with(Flags::DISAGREES)),
        (told, found) => (told.or(found), flags),
    };
    match logger {
        Logger::Host | Logger::Stranger => host(logger, row, place, direction, flags),
        Logger::Endpoint(_) => endpoint(logger, row, place, direction, flags),
        Logger::Nat(_) => nat(logger, row, place, direction, flags),
        Logger::TransitGateway(_) | Logger::Appliance(_) => {
            gateway(logger, row, place, direction, flags)
        }
    }
}

/// Who logged it: the record's word first; where the topology says otherwise, the topology may be stale.
fn logger(row: &Row, place: &Place<'_>) -> (Logger, Flags) {
    if row.regional_nat.is_some() {
        let unknown = if place.regional_nat.is_none() {
            Flags::INTERFACE_UNKNOWN
        } else {
            Flags::default()
        };
        return (Logger::Nat(row.regional_nat), unknown);
    }
    let known = place.interface.map(|interface| match interface.kind {
        InterfaceKind::Plain => Logger::Host,
        InterfaceKind::Endpoint(id) => Logger::Endpoint(id),
        InterfaceKind::ApplianceEndpoint(id) => Logger::Appliance(id),
        InterfaceKind::Nat(id) => Logger::Nat(id),
        InterfaceKind::TransitGateway(id) => Logger::TransitGateway(id),
        InterfaceKind::RouteTarget => Logger::Appliance(interface.id),
    });
    let moved = if place.moved {
        Flags::DISAGREES
    } else {
        Flags::default()
    };
    let flags = if known.is_none() {
        Flags::INTERFACE_UNKNOWN
    } else {
        moved
    };
    let told = match (row.type_word, known) {
        (None | Some(TypeWord::Other), _) => None,
        (Some(TypeWord::Nat), Some(Logger::Nat(_)))
        | (Some(TypeWord::Endpoint), Some(Logger::Endpoint(_) | Logger::Appliance(_)))
        | (Some(TypeWord::TransitGateway), Some(Logger::TransitGateway(_)))
        | (Some(TypeWord::LoadBalancer), Some(Logger::Host | Logger::Appliance(_))) => None,
        (Some(TypeWord::Nat), _) => Some(Logger::Nat(Sym::NONE)),
        (Some(TypeWord::Endpoint), _) => Some(Logger::Endpoint(Sym::NONE)),
        (Some(TypeWord::TransitGateway), _) => Some(Logger::TransitGateway(Sym::NONE)),
        (Some(TypeWord::LoadBalancer), _) => Some(Logger::Host),
    };
    match (told, known) {
        (Some(told), Some(_)) => (told, flags.with(Flags::DISAGREES)),
        (Some(told), None) => (told, flags),
        (None, Some(known)) => (known, flags),
        (None, None) => (Logger::Stranger, flags),
    }
}

/// Which way, by whose address is the interface's own; only if one end is and the other is not.
fn direction_by_address(row: &Row, place: &Place<'_>) -> Option<Direction> {
    let own = |side: &Side| {
        let address = side.hop?;
        let of_interface = place
            .interface
            .is_some_and(|interface| interface.owns(address));
        Some(
            of_interface
                || place
                    .regional_nat
                    .is_some_and(|nat| nat.addresses.contains(&address)),
        )
    };
    match (own(&row.src)?, own(&row.dst)?) {
        (true, false) => Some(Direction::Egress),
        (false, true) => Some(Direction::Ingress),
        (true, true) | (false, false) => None,
    }
}

/// The ends in order of travel: the near one is the interface's.
pub(super) fn near_far(row: &Row, direction: Direction) -> (Side, Side) {
    match direction {
        Direction::Egress => (row.src, row.dst),
        Direction::Ingress => (row.dst, row.src),
    }
}

/// Nothing known but who logged it.
fn unknown(logger: Logger, direction: Option<Direction>, flags: Flags) -> Ends {
    Ends {
        logger,
        direction,
        workload: None,
        workload_port: None,
        peer: None,
        peer_hop: None,
        peer_port: None,
        peer_service: Sym::NONE,
        workload_sends: None,
        flags: flags.with(Flags::FAR_HIDDEN).with(Flags::MASKED),
    }
}

/// Packets between two ends, both in the record.
fn between(
    logger: Logger,
    row: &Row,
    direction: Option<Direction>,
    workload_sends: bool,
    flags: Flags,
) -> Ends {
    let (workload, peer) = if workload_sends {
        (row.src, row.dst)
    } else {
        (row.dst, row.src)
    };
    Ends {
        logger,
        direction,
        workload: workload.packet(),
        workload_port: workload.port,
        peer: peer.packet(),
        peer_hop: peer.hop,
        peer_port: peer.port,
        peer_service: peer.service,
        workload_sends: Some(workload_sends),
        flags: if peer.packet().is_none() {
            flags.with(Flags::FAR_HIDDEN)
        } else {
            flags
        },
    }
}

fn host(
    logger: Logger,
    row: &Row,
    place: &Place<'_>,
    direction: Option<Direction>,
    flags: Flags,
) -> Ends {
    let Some(direction) = direction else {
        return unknown(logger, None, flags);
    };
    let (near, _) = near_far(row, direction);
    let mut ends = between(
        logger,
        row,
        Some(direction),
        direction == Direction::Egress,
        flags,
    );
    // A secondary address is printed as the primary one; only pkt-* has it. A foreign address there means that the interface
    // forwards for somebody, although no route of the topology leads to it.
    let foreign = near
        .pkt
        .filter(|pkt| near.hop != Some(*pkt))
        .is_some_and(|pkt| match (place.interface, place.vpc) {
            (Some(interface), _) => !interface.owns(pkt),
            (None, Some(vpc)) => !vpc.contains(pkt),
            (None, None) => false,
        });
    if foreign {
        ends.workload = near.hop;
        ends.flags = ends.flags.with(Flags::DISAGREES);
    }
    ends
}

/// On an endpoint's interface the client is the workload, wherever it is.
fn endpoint(
    logger: Logger,
    row: &Row,
    place: &Place<'_>,
    direction: Option<Direction>,
    flags: Flags,
) -> Ends {
    let Some(direction) = direction else {
        return unknown(logger, None, flags);
    };
    let (near, _) = near_far(row, direction);
    let ends = between(
        logger,
        row,
        Some(direction),
        direction == Direction::Ingress,
        flags,
    );
    let foreign = |address: Address| {
        place
            .interface
            .is_some_and(|interface| !interface.owns(address))
    };
    let stranger = near.hop.is_some_and(foreign);
    // Packets that are addressed to somebody else end elsewhere: then it is no endpoint of a sort at which they end.
    let forwards = near
        .pkt
        .is_some_and(|pkt| near.hop != Some(pkt) && foreign(pkt));
    let flags = if stranger || forwards {
        ends.flags.with(Flags::DISAGREES)
    } else {
        ends.flags
    };
    if forwards {
        return Ends { flags, ..ends };
    }
    Ends {
        peer: near.hop.or(near.pkt),
        peer_hop: near.hop.or(near.pkt),
        flags,
        ..ends
    }
}

/// On a NAT gateway the inside leg has the far end in pkt-* only; the outside leg does not have the workload at all.
fn nat(
    logger: Logger,
    row: &Row,
    place: &Place<'_>,
    direction: Option<Direction>,
    flags: Flags,
) -> Ends {
    let own = |address: Address| {
        place
            .interface
            .is_some_and(|interface| interface.owns(address))
            || place
                .regional_nat
                .is_some_and(|nat| nat.addresses.contains(&address))
    };
    if row.regional_nat.is_some() {
        return regional_nat(logger, row, place, own, flags);
    }
    let Some(direction) = direction else {
        return unknown(logger, None, flags);
    };
    let (near, far) = near_far(row, direction);
    let told = near.pkt.is_some() && far.pkt.is_some();
    let inside = near
        .pkt
        .is_some_and(|pkt| near.hop != Some(pkt) && !own(pkt));
    let inward = direction == Direction::Ingress;
    match (told, inside) {
        (true, true) => {
            let ends = between(logger, row, Some(direction), inward, flags);
            Ends {
                peer_hop: near.pkt,
                ..ends
            }
        }
        (true, false) => masked(
            logger,
            far,
            Some(direction),
            inward,
            flags.with(Flags::MASK_EXPLAINED),
        ),
        // Without pkt-* the inside leg ends at the gateway itself. A private far end of the outside leg looks the same.
        (false, _)
            if far
                .hop
                .is_some_and(|hop| hop.is_private() || place.in_vpc(hop)) =>
        {
            Ends {
                workload: far.hop,
                workload_port: far.port,
                workload_sends: Some(inward),
                flags: flags.with(Flags::FAR_HIDDEN),
                ..unknown(logger, Some(direction), flags)
            }
        }
        (false, _) => masked(logger, far, Some(direction), inward, flags),
    }
}

/// A regional NAT gateway has no interface: both legs show real addresses, the outside one its public address (facts 5.4).
fn regional_nat(
    logger: Logger,
    row: &Row,
    place: &Place<'_>,
    own: impl Fn(Address) -> bool,
    flags: Flags,
) -> Ends {
    let inside = |side: &Side| {
        side.packet()
            .is_some_and(|address| !own(address) && (address.is_private() || place.in_vpc(address)))
    };
    let outside = |side: &Side| side.packet().is_some_and(&own);
    match (
        outside(&row.src),
        outside(&row.dst),
        inside(&row.src),
        inside(&row.dst),
    ) {
        (true, false, ..) => masked(
            logger,
            row.dst,
            None,
            false,
            flags.with(Flags::MASK_EXPLAINED),
        ),
        (false, true, ..) => masked(
            logger,
            row.src,
            None,
            true,
            flags.with(Flags::MASK_EXPLAINED),
        ),
        (false, false, true, false) => between(logger, row, None, true, flags),
        (false, false, false, true) => between(logger, row, None, false, flags),
        (true, true, ..) | (false, false, true, true) | (false, false, false, false) => {
            unknown(logger, None, flags)
        }
    }
}

/// The workload is hidden behind the interface that logged it.
fn masked(
    logger: Logger,
    far: Side,
    direction: Option<Direction>,
    far_sends: bool,
    flags: Flags,
) -> Ends {
    let hidden = if far.packet().is_none() {
        Flags::FAR_HIDDEN
    } else {
        Flags::default()
    };
    Ends {
        logger,
        direction,
        workload: None,
        workload_port: None,
        peer: far.packet(),
        peer_hop: far.hop,
        peer_port: far.port,
        peer_service: far.service,
        workload_sends: Some(!far_sends),
        flags: flags.with(Flags::MASKED).with(hidden),
    }
}

/// On an attachment or appliance both real ends stand in pkt-*; the one in this VPC is the workload, else the private one,
/// else the sender.
fn gateway(
    logger: Logger,
    row: &Row,
    place: &Place<'_>,
    direction: Option<Direction>,
    flags: Flags,
) -> Ends {
    let (Some(src), Some(dst)) = (row.src.pkt, row.dst.pkt) else {
        let Some(direction) = direction else {
            return unknown(logger, None, flags);
        };
        let (_, far) = near_far(row, direction);
        return Ends {
            workload: far.hop,
            workload_port: far.port,
            workload_sends: Some(direction == Direction::Ingress),
            flags: if far.hop.is_none() {
                flags.with(Flags::FAR_HIDDEN).with(Flags::MASKED)
            } else {
                flags.with(Flags::FAR_HIDDEN)
            },
            ..unknown(logger, Some(direction), flags)
        };
    };
    let own = |address| {
        place
            .interface
            .is_some_and(|interface| interface.owns(address))
    };
    match (own(src), own(dst)) {
        (true, false) => return masked(logger, row.dst, direction, false, flags),
        (false, true) => return masked(logger, row.src, direction, true, flags),
        (true, true) | (false, false) => {}
    }
    let src_is_workload = match (place.in_vpc(src), place.in_vpc(dst)) {
        (true, false) => true,
        (false, true) => false,
        (true, true) | (false, false) => src.is_private() || !dst.is_private(),
    };
    let ends = between(logger, row, direction, src_is_workload, flags);
    Ends {
        peer_hop: ends.peer,
        ..ends
    }
}
