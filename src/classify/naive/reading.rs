//! Who logged a record, and which end is whose.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::atlas::{Kind, private};
use super::{Place, Record, regional_nat};

/// Who logged it; an empty id is one that nobody tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Logger {
    Host,
    Stranger,
    Endpoint(String),
    Nat(String),
    TransitGateway(String),
    Appliance(String),
}

/// A record, read from the workload's side.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub logger: Logger,
    /// `Some(true)` out of the interface.
    pub outward: Option<bool>,
    pub workload: Option<IpAddr>,
    pub peer: Option<IpAddr>,
    /// The address by which the peer was reached.
    pub hop: Option<IpAddr>,
    /// At an endpoint, the address by which its client was reached.
    pub client_hop: Option<IpAddr>,
    pub service: Option<String>,
    pub workload_sends: Option<bool>,
    pub doubts: BTreeSet<&'static str>,
}

/// One end of the record as it stands.
#[derive(Clone, Debug)]
struct End {
    hop: Option<IpAddr>,
    pkt: Option<IpAddr>,
    service: Option<String>,
}

impl End {
    fn packet(&self) -> Option<IpAddr> {
        self.pkt.or(self.hop)
    }
}

pub(super) fn read(record: &Record, place: &Place<'_>) -> Reading {
    let src = End {
        hop: record.srcaddr,
        pkt: record.pkt_srcaddr,
        service: record.pkt_src_aws_service.clone(),
    };
    let dst = End {
        hop: record.dstaddr,
        pkt: record.pkt_dstaddr,
        service: record.pkt_dst_aws_service.clone(),
    };
    if record.log_of_gateway {
        // A gateway's own log shows both true ends; whoever sends counts as the workload.
        let reading = nothing(
            Logger::TransitGateway(record.tgw_id.clone().unwrap_or_default()),
            None,
        );
        return two_ends(reading, &src, &dst, true);
    }
    let (logger, mut doubts) = logger(record, place);
    let told = match record.flow_direction.as_deref() {
        Some("egress") => Some(true),
        Some("ingress") => Some(false),
        Some(_) | None => None,
    };
    let by_address = || {
        let (from, to) = (place.own(src.hop?), place.own(dst.hop?));
        (from != to).then_some(from)
    };
    // The interface's own address at the end that the direction says is the other: one of the two is wrong.
    let reversed = told.is_some() && by_address().is_some_and(|found| told != Some(found));
    if reversed {
        doubts.insert("DISAGREES");
    }
    let outward = if reversed {
        None
    } else {
        told.or_else(by_address)
    };
    let mut reading = nothing(logger.clone(), outward);
    if matches!(logger, Logger::Nat(_)) && regional_nat(record).is_some() {
        reading.outward = None;
        reading = at_regional_nat(reading, &src, &dst, place);
    } else {
        reading = match (outward, &logger) {
            // Where both real ends stand in the record, an attachment's or appliance's record needs no direction.
            (_, Logger::TransitGateway(_) | Logger::Appliance(_))
                if src.pkt.is_some() && dst.pkt.is_some() =>
            {
                through_gateway(reading, &src, &dst, place)
            }
            (None, _) => reading,
            (Some(outward), _) => {
                let (near, far) = if outward { (&src, &dst) } else { (&dst, &src) };
                match logger {
                    Logger::Host | Logger::Stranger => at_host(reading, near, far, outward, place),
                    Logger::Endpoint(_) => {
                        // The client is the workload, wherever it is; the endpoint itself is the far end.
                        let mut reading = two_ends(reading, far, near, !outward);
                        reading.client_hop = far.hop;
                        // An address that the endpoint does not have.
                        if place.eni.is_some() && near.hop.is_some_and(|hop| !place.own(hop)) {
                            reading.doubts.insert("DISAGREES");
                        }
                        match near.pkt {
                            // Addressed to somebody behind it: it is not the far end, whatever the topology calls it.
                            Some(pkt)
                                if near.hop != Some(pkt)
                                    && place.eni.is_some()
                                    && !place.own(pkt) =>
                            {
                                reading.doubts.insert("DISAGREES");
                            }
                            pkt => {
                                (reading.peer, reading.hop) = (near.hop.or(pkt), near.hop.or(pkt))
                            }
                        }
                        reading
                    }
                    Logger::Nat(_) => at_nat(reading, near, far, outward, place),
                    Logger::TransitGateway(_) | Logger::Appliance(_) => {
                        // Without pkt-* there is one real end: the one that is not the gateway's own interface.
                        near_only(reading, far.hop, outward)
                    }
                }
            }
        };
    }
    doubts.extend(&reading.doubts);
    Reading { doubts, ..reading }
}

/// A reading that knows who logged it, and nothing else.
fn nothing(logger: Logger, outward: Option<bool>) -> Reading {
    Reading {
        logger,
        outward,
        workload: None,
        peer: None,
        hop: None,
        client_hop: None,
        service: None,
        workload_sends: None,
        doubts: BTreeSet::from(["FAR_HIDDEN", "MASKED"]),
    }
}

/// A reading in which both ends are told.
fn two_ends(mut reading: Reading, workload: &End, peer: &End, workload_sends: bool) -> Reading {
    reading.workload = workload.packet();
    reading.peer = peer.packet();
    reading.hop = peer.hop;
    reading.service = peer.service.clone();
    reading.workload_sends = Some(workload_sends);
    reading.doubts.remove("MASKED");
    if reading.peer.is_some() {
        reading.doubts.remove("FAR_HIDDEN");
    }
    reading
}

/// A reading in which the workload is the end beyond the gateway's own interface, and the peer is hidden.
fn near_only(mut reading: Reading, workload: Option<IpAddr>, outward: bool) -> Reading {
    (reading.workload, reading.workload_sends) = (workload, Some(!outward));
    if workload.is_some() {
        reading.doubts.remove("MASKED");
    }
    reading
}

/// A reading in which the workload is hidden behind whoever logged it.
fn outside(mut reading: Reading, far: &End, far_sends: bool) -> Reading {
    reading.peer = far.packet();
    reading.hop = far.hop;
    reading.service = far.service.clone();
    reading.workload_sends = Some(!far_sends);
    if reading.peer.is_some() {
        reading.doubts.remove("FAR_HIDDEN");
    }
    reading
}

fn logger(record: &Record, place: &Place<'_>) -> (Logger, BTreeSet<&'static str>) {
    let mut doubts = BTreeSet::new();
    if let Some(nat) = regional_nat(record) {
        if place.regional.is_none() {
            doubts.insert("INTERFACE_UNKNOWN");
        }
        return (Logger::Nat(nat.to_owned()), doubts);
    }
    match place.eni {
        None => {
            doubts.insert("INTERFACE_UNKNOWN");
        }
        // The record was logged elsewhere than the topology has the interface.
        Some(eni) => {
            let other =
                |told: &Option<String>, known: &Option<String>| told.is_some() && told != known;
            if other(&record.vpc_id, &eni.vpc_id) || other(&record.subnet_id, &eni.subnet_id) {
                doubts.insert("DISAGREES");
            }
        }
    }
    let known = match place.kind.clone() {
        None => Logger::Stranger,
        Some(Kind::Host) => Logger::Host,
        Some(Kind::RouteTarget) => {
            Logger::Appliance(record.interface_id.clone().unwrap_or_default())
        }
        Some(Kind::Endpoint(id)) => Logger::Endpoint(id),
        Some(Kind::Appliance(id)) => Logger::Appliance(id),
        Some(Kind::Nat(id)) => Logger::Nat(id),
        Some(Kind::TransitGateway(id)) => Logger::TransitGateway(id),
    };
    // The record's own word outweighs the topology's, which may be stale.
    let (agrees, told) = match record.interface_type.as_deref() {
        Some("nat_gateway" | "regional_nat_gateway") => {
            (matches!(known, Logger::Nat(_)), Logger::Nat(String::new()))
        }
        Some("vpc_endpoint") => (
            matches!(known, Logger::Endpoint(_) | Logger::Appliance(_)),
            Logger::Endpoint(String::new()),
        ),
        Some("transit_gateway") => (
            matches!(known, Logger::TransitGateway(_)),
            Logger::TransitGateway(String::new()),
        ),
        Some("network_load_balancer") => (
            matches!(known, Logger::Host | Logger::Appliance(_)),
            Logger::Host,
        ),
        Some(_) | None => (true, known.clone()),
    };
    if agrees {
        return (known, doubts);
    }
    if place.eni.is_some() {
        doubts.insert("DISAGREES");
    }
    (told, doubts)
}

fn at_host(reading: Reading, near: &End, far: &End, outward: bool, place: &Place<'_>) -> Reading {
    let mut reading = two_ends(reading, near, far, outward);
    // The packet's near address is printed apart where it is a secondary one. If it is not the interface's at all, the interface
    // forwards for somebody, and no route tells of it.
    if let Some(pkt) = near.pkt.filter(|pkt| near.hop != Some(*pkt)) {
        let forwards = match place.eni {
            Some(_) => !place.own(pkt),
            None => {
                place
                    .shot
                    .is_some_and(|shot| shot.describes_vpc(&place.vpc))
                    && !place.in_vpc(pkt)
            }
        };
        if forwards {
            reading.workload = near.hop;
            reading.doubts.insert("DISAGREES");
        }
    }
    reading
}

/// Rows (a) and (d) of facts 7.4 are inside: the interface's own address stands for the host's. Rows (b) and (c) are outside.
fn at_nat(reading: Reading, near: &End, far: &End, outward: bool, place: &Place<'_>) -> Reading {
    match (near.pkt, far.pkt) {
        (Some(host), Some(_)) if near.hop != Some(host) && !place.own(host) => {
            let mut reading = two_ends(reading, far, near, !outward);
            reading.hop = Some(host);
            reading
        }
        (Some(_), Some(_)) => outside(reading, far, !outward),
        // Without pkt-* a private far end may be the client, and then the host is hidden.
        _ => match far.hop {
            Some(client) if private(client) || place.in_vpc(client) => {
                near_only(reading, far.hop, outward)
            }
            _ => outside(reading, far, !outward),
        },
    }
}

/// Samples 22 to 25: both legs show real addresses, the outside one the gateway's public address.
fn at_regional_nat(reading: Reading, src: &End, dst: &End, place: &Place<'_>) -> Reading {
    let gateways = |end: &End| end.packet().is_some_and(|address| place.own(address));
    let inside = |end: &End| {
        end.packet().is_some_and(|address| {
            !place.own(address) && (private(address) || place.in_vpc(address))
        })
    };
    if gateways(src) != gateways(dst) {
        let (far, far_sends) = if gateways(src) {
            (dst, false)
        } else {
            (src, true)
        };
        return outside(reading, far, far_sends);
    }
    if gateways(src) || inside(src) == inside(dst) {
        return reading;
    }
    if inside(src) {
        two_ends(reading, src, dst, true)
    } else {
        two_ends(reading, dst, src, false)
    }
}

/// Samples 30 and 31: the true ends stand in pkt-*. Whoever is in this VPC is the workload, else the private one, else the sender.
fn through_gateway(reading: Reading, src: &End, dst: &End, place: &Place<'_>) -> Reading {
    let (from, to) = (src.pkt.unwrap(), dst.pkt.unwrap());
    // What the gateway sends or gets for itself hides whoever is behind it.
    let own = |address| place.eni.is_some_and(|eni| place.has(eni, address));
    if own(from) != own(to) {
        return if own(from) {
            outside(reading, dst, false)
        } else {
            outside(reading, src, true)
        };
    }
    let src_is_workload = if place.in_vpc(from) != place.in_vpc(to) {
        place.in_vpc(from)
    } else {
        private(from) || !private(to)
    };
    let (workload, peer) = if src_is_workload {
        (src, dst)
    } else {
        (dst, src)
    };
    let mut reading = two_ends(reading, workload, peer, src_is_workload);
    reading.hop = reading.peer;
    reading
}
