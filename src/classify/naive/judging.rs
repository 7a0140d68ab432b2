//! The path: what the record says of itself, then what the routes say.

use std::net::IpAddr;

use super::atlas::{Kind, Target, Way, inside_nat64, private};
use super::exit::exit;
use super::naming::{in_any_vpc, name};
use super::reading::{Logger, Reading, read};
use super::{Place, Record, Said};
use crate::topology::describe::NetworkInterface;

/// A path, its basis, the gateway, and doubts.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub path: &'static str,
    pub basis: &'static str,
    pub via: String,
    pub doubts: Vec<&'static str>,
}

fn goes(path: &'static str, via: &str, basis: &'static str) -> Verdict {
    Verdict {
        path,
        basis,
        via: via.to_owned(),
        doubts: Vec::new(),
    }
}

fn unsure(basis: &'static str, doubts: &[&'static str]) -> Verdict {
    Verdict {
        doubts: doubts.to_vec(),
        ..goes("undetermined", "", basis)
    }
}

pub(super) fn judge(record: &Record, place: &Place<'_>) -> Said {
    let reading = read(record, place);
    let initiator = initiator(record, &reading);
    let verdict = path(record, place, &reading, initiator);
    let mut doubts = reading.doubts.clone();
    doubts.extend(&verdict.doubts);
    let (exit, endpoint, disagrees) = exit(record, place, &reading, &verdict);
    if disagrees {
        doubts.insert("DISAGREES");
    }
    // Further on, to an address of a VPC that is known, and no interface there: what is missing may be an endpoint.
    let at_endpoint = matches!(&reading.logger, Logger::Endpoint(_) if reading.peer == reading.hop);
    let onward = !at_endpoint
        && ![
            "intra-vpc",
            "via-endpoint-eni",
            "via-gateway-endpoint",
            "undetermined",
        ]
        .contains(&verdict.path);
    let landed = ["none", "endpoint"].contains(&exit);
    if onward
        && !landed
        && reading
            .peer
            .is_some_and(|peer| place.atlas.shots.iter().any(|shot| in_any_vpc(shot, peer)))
    {
        doubts.insert("PEER_UNOWNED");
    }
    let endpoint = match &reading.logger {
        Logger::Endpoint(id) if at_endpoint => id,
        _ => &endpoint,
    };
    let named = reading.peer.map(|peer| {
        name(
            place,
            peer,
            (verdict.path, &verdict.via),
            endpoint,
            reading.service.as_deref(),
        )
    });
    let own = |peer: IpAddr| place.eni.is_some_and(|eni| place.has(eni, peer));
    let named_realm = if at_endpoint && reading.peer.is_some_and(own) {
        Some("vpc")
    } else {
        named.as_ref().map(|(realm, _)| *realm)
    };
    let workload_interface = match &reading.logger {
        Logger::Host | Logger::Stranger => record.interface_id.clone(),
        _ => reading
            .workload
            .and_then(|address| place.owner(address))
            .filter(|eni| {
                // An endpoint opens nothing: the address was somebody else's.
                let of_endpoint = || matches!(place.shot.unwrap().kind(eni), Kind::Endpoint(_));
                !(matches!(reading.logger, Logger::Nat(_)) && of_endpoint())
            })
            .map(|eni| eni.network_interface_id.clone()),
    };
    Said {
        path: verdict.path,
        basis: verdict.basis,
        via: Some(verdict.via).filter(|id| !id.is_empty()),
        exit,
        realm: named_realm,
        service: named.and_then(|(_, service)| service),
        workload: reading.workload,
        workload_interface,
        peer: reading.peer,
        vantage: match reading.logger {
            Logger::Host => "workload",
            Logger::Endpoint(_) => "endpoint",
            Logger::Nat(_) => "nat",
            Logger::TransitGateway(_) | Logger::Appliance(_) => "gateway",
            Logger::Stranger => "unknown",
        },
        initiator,
        workload_sends: reading.workload_sends,
        doubts,
    }
}

/// A SYN without ACK comes from whoever opened the connection; a SYN-ACK goes to whoever did.
fn initiator(record: &Record, reading: &Reading) -> &'static str {
    if record.protocol.is_some_and(|protocol| protocol != 6) {
        return "unknown";
    }
    let (syn, ack) = match record.tcp_flags {
        Some(flags) => (flags & 2 != 0, flags & 16 != 0),
        None => return "unknown",
    };
    match (syn, ack, reading.workload_sends) {
        (false, ..) | (.., None) => "unknown",
        (true, false, Some(true)) | (true, true, Some(false)) => "workload",
        (true, false, Some(false)) | (true, true, Some(true)) => "peer",
    }
}

/// What the route table alone says of the way to the peer.
fn by_route(place: &Place<'_>, peer: Option<IpAddr>) -> Option<Verdict> {
    let (shot, table, peer) = (place.shot?, place.table?, peer?);
    Some(match shot.way(table, peer) {
        Way::Ambiguous => unsure("route-ambiguous", &[]),
        Way::Blackhole => unsure("route-blackhole", &[]),
        Way::NoRoute => unsure("route-none", &[]),
        Way::UnknownList => unsure("route-unknown-prefix-list", &[]),
        Way::To(target) => match target {
            Target::Local => match place.owner(peer).map(|eni| shot.kind(eni)) {
                Some(Kind::Endpoint(id)) => {
                    goes("via-endpoint-eni", &id, "route-endpoint-interface")
                }
                // A gateway has no business of its own: whoever it speaks for is hidden.
                Some(Kind::Nat(_) | Kind::TransitGateway(_) | Kind::Appliance(_)) => Verdict {
                    doubts: vec!["FAR_HIDDEN"],
                    ..goes("intra-vpc", "", "route-local")
                },
                Some(Kind::Host | Kind::RouteTarget) => goes("intra-vpc", "", "route-local"),
                None if shot.nat_has(&place.vpc, peer) => Verdict {
                    doubts: vec!["FAR_HIDDEN", "PEER_UNOWNED"],
                    ..goes("intra-vpc", "", "route-local")
                },
                None => unsure("address-without-interface", &["PEER_UNOWNED"]),
            },
            Target::Internet(id) => goes("internet-bound", &id, "route-internet-gateway"),
            Target::GatewayEndpoint(id) => {
                goes("via-gateway-endpoint", &id, "route-gateway-endpoint")
            }
            Target::Appliance(id) => goes("via-appliance", &id, "route-appliance"),
            Target::Nat(id) => goes("via-nat", &id, "route-nat"),
            Target::TransitGateway(id) => goes("via-transit-gateway", &id, "route-transit-gateway"),
            Target::Peering(id) => goes("via-peering", &id, "route-peering"),
            Target::Vpn(id) => goes("via-vpn", &id, "route-vpn"),
            Target::LocalGateway(id) => goes("via-local-gateway", &id, "route-local-gateway"),
            Target::CloudWan(id) => goes("via-cloud-wan", &id, "route-cloud-wan"),
            Target::Strange => unsure("route-unknown-target", &[]),
        },
    })
}

/// What the record tells, joined with the route: it may know the gateway's id, or say otherwise.
fn told(route: Option<&Verdict>, path: &'static str, via: &str, basis: &'static str) -> Verdict {
    let mut verdict = goes(path, via, basis);
    if let Some(route) = route {
        let mute = [
            "route-ambiguous",
            "route-unknown-prefix-list",
            "route-unknown-target",
        ]
        .contains(&route.basis);
        if route.path != path && !mute {
            verdict.doubts.push("DISAGREES");
        }
        if route.path == path && via.is_empty() {
            verdict.via = route.via.clone();
        }
    }
    verdict
}

fn path(record: &Record, place: &Place<'_>, reading: &Reading, initiator: &str) -> Verdict {
    // 1. A gateway's or endpoint's own record.
    match &reading.logger {
        Logger::Nat(id) => return goes("via-nat", id, "logged-by-nat"),
        // The record's word `vpc_endpoint` alone may mean a Gateway Load Balancer endpoint as well.
        Logger::Endpoint(id) => {
            return match place.kind {
                Some(Kind::Endpoint(_)) if reading.peer == reading.hop => {
                    served(record, place, reading, id)
                }
                _ => unsure("logged-by-endpoint-unknown", &[]),
            };
        }
        Logger::TransitGateway(id) => {
            return goes("via-transit-gateway", id, "logged-by-transit-gateway");
        }
        Logger::Appliance(id) => return goes("via-appliance", id, "logged-by-appliance"),
        Logger::Host | Logger::Stranger => {}
    }
    // 2. What is missing.
    let Some(outward) = reading.outward else {
        return unsure("direction-unknown", &[]);
    };
    let Some(peer) = reading.peer else {
        return unsure("address-missing", &[]);
    };
    // 3. The record on its next hop. Only egress records have a traffic-path that means something.
    let route = by_route(place, Some(peer));
    let number = record.traffic_path.filter(|_| outward);
    let word = record.next_hop_interface_type.as_deref();
    let (nat, tgw, endpoint) = (
        matches!(word, Some("nat_gateway" | "regional_nat_gateway")),
        word == Some("transit_gateway"),
        word == Some("vpc_endpoint"),
    );
    let next = record.next_hop_interface_id.as_deref();
    let next_eni = next.and_then(|id| place.shot?.eni(id));
    let next_kind = next_eni.and_then(|eni| Some(place.shot?.kind(eni)));
    match number {
        // An internet gateway, a VPN gateway, a gateway endpoint have no interface that could be the next hop.
        Some(2 | 3 | 7 | 8) if next.is_some() || word.is_some() => {
            return unsure("record-contradicts-itself", &["DISAGREES"]);
        }
        // Neither a NAT gateway nor a transit gateway can be used through a peering.
        Some(4 | 5) if nat || tgw => return unsure("record-contradicts-itself", &["DISAGREES"]),
        _ => {}
    }
    if nat {
        let id = if let Some(Kind::Nat(id)) = &next_kind {
            id
        } else {
            ""
        };
        return told(route.as_ref(), "via-nat", id, "next-hop-nat");
    }
    if tgw {
        let id = if let Some(Kind::TransitGateway(id)) = &next_kind {
            id
        } else {
            ""
        };
        return told(
            route.as_ref(),
            "via-transit-gateway",
            id,
            "next-hop-transit-gateway",
        );
    }
    if matches!(number, Some(4 | 5)) {
        return told(route.as_ref(), "via-peering", "", "traffic-path-4-5");
    }
    if endpoint && let Some(verdict) = next_is_endpoint(place, peer, next, route.as_ref()) {
        return verdict;
    }
    match number {
        Some(3) => return told(route.as_ref(), "via-vpn", "", "traffic-path-3"),
        Some(7) => return told(route.as_ref(), "via-gateway-endpoint", "", "traffic-path-7"),
        Some(8) => return told(route.as_ref(), "internet-bound", "", "traffic-path-8"),
        _ => {}
    }
    // 4. A next hop, by interface or by address, that is not the far end itself.
    if next.is_some() {
        match next_eni {
            Some(eni) if place.has(eni, peer) => {}
            Some(eni) => {
                return match next_kind {
                    Some(Kind::Nat(id)) => told(route.as_ref(), "via-nat", &id, "hop-is-interface"),
                    Some(Kind::TransitGateway(id)) => told(
                        route.as_ref(),
                        "via-transit-gateway",
                        &id,
                        "hop-is-interface",
                    ),
                    Some(Kind::Appliance(id)) => {
                        told(route.as_ref(), "via-appliance", &id, "hop-is-interface")
                    }
                    Some(Kind::RouteTarget) => told(
                        route.as_ref(),
                        "via-appliance",
                        &eni.network_interface_id,
                        "hop-is-interface",
                    ),
                    Some(Kind::Host | Kind::Endpoint(_)) | None => {
                        unsure("hop-behind-interface", &["DISAGREES"])
                    }
                };
            }
            // An interface that the topology lacks: then neither a gateway without one, nor the far end, which it has.
            None => {
                let excluded = [
                    "intra-vpc",
                    "via-endpoint-eni",
                    "via-gateway-endpoint",
                    "internet-bound",
                    "via-vpn",
                ];
                if place.shot.is_some()
                    && route
                        .as_ref()
                        .is_some_and(|route| excluded.contains(&route.path))
                {
                    return unsure("hop-behind-interface", &["DISAGREES"]);
                }
            }
        }
    }
    if let Some(hop) = reading.hop.filter(|hop| *hop != peer) {
        if number == Some(2) {
            return unsure("traffic-path-disagrees", &["DISAGREES"]);
        }
        let owner = place.owner(hop);
        return match owner.and_then(|eni| Some(place.shot?.kind(eni))) {
            Some(Kind::Nat(id)) => goes("via-nat", &id, "hop-is-interface"),
            Some(Kind::TransitGateway(id)) => goes("via-transit-gateway", &id, "hop-is-interface"),
            Some(Kind::Appliance(id)) => goes("via-appliance", &id, "hop-is-interface"),
            Some(Kind::RouteTarget) => goes(
                "via-appliance",
                &owner.unwrap().network_interface_id,
                "hop-is-interface",
            ),
            Some(Kind::Host | Kind::Endpoint(_)) | None => unsure("hop-behind-interface", &[]),
        };
    }
    if number.is_some_and(|number| !(1..=8).contains(&number)) {
        return unsure("traffic-path-new", &[]);
    }
    // 5. The route table, as far as traffic-path lets it.
    let Some(route) = route else {
        return unsure(
            if number.is_some() {
                "traffic-path-ambiguous"
            } else {
                "interface-not-in-topology"
            },
            &[],
        );
    };
    let allowed: &[&str] = match number {
        // A way out of the VPC, and an address of the VPC: one of the two is wrong.
        Some(2..=8) if route.basis == "address-without-interface" => {
            return unsure("traffic-path-disagrees", &["DISAGREES"]);
        }
        _ if route.path == "undetermined" => return route,
        Some(1) => &[
            "intra-vpc",
            "via-endpoint-eni",
            "via-nat",
            "via-appliance",
            "via-transit-gateway",
            "via-local-gateway",
            "via-cloud-wan",
        ],
        Some(2) => &["internet-bound", "via-gateway-endpoint"],
        Some(6) => &["intra-vpc", "via-endpoint-eni"],
        _ => &[route.path],
    };
    if !allowed.contains(&route.path) {
        return unsure("traffic-path-disagrees", &["DISAGREES"]);
    }
    // Where flags do not say who opened, somebody out there may have reached a public address.
    let outside = match initiator {
        "peer" => true,
        "unknown" => !outward && place.eni.is_some_and(is_public),
        _ => false,
    };
    if outside && ["via-gateway-endpoint", "via-nat"].contains(&route.path) {
        return unsure("opened-from-outside", &["DISAGREES"]);
    }
    // 6. Nothing but the table speaks: that is a doubt where the record could have spoken.
    let could_tell = match route.path {
        "intra-vpc" | "via-endpoint-eni" => false,
        "via-transit-gateway" | "via-cloud-wan" | "via-local-gateway" | "via-appliance" => {
            !record.log_tells_path
        }
        _ => outward || !record.log_tells_path,
    };
    let mut verdict = route;
    // traffic-path 2 is either gateway, so the table alone tells which.
    if number == Some(2) || (number.is_none() && could_tell) {
        verdict.doubts.push("ROUTE_ALONE");
    }
    verdict
}

/// At an endpoint's own interface: through the endpoint, unless its client is, or may be, out on the internet.
fn served(record: &Record, place: &Place<'_>, reading: &Reading, id: &str) -> Verdict {
    let Some(_) = reading.outward else {
        return unsure("direction-unknown", &[]);
    };
    let Some(client) = reading.workload else {
        return unsure("address-missing", &[]);
    };
    // Were the endpoint a host, and its client the far end; who opens is not asked, for it is always the client.
    let as_host = Reading {
        logger: Logger::Host,
        workload: reading.peer,
        peer: Some(client),
        hop: reading.client_hop,
        workload_sends: reading.workload_sends.map(|sends| !sends),
        ..reading.clone()
    };
    let way = path(record, place, &as_host, "unknown");
    let mut here = goes("via-endpoint-eni", id, "logged-by-endpoint");
    let out = |path: &str| ["internet-bound", "via-gateway-endpoint", "via-nat"].contains(&path);
    let unclear = |doubts: &[&'static str]| unsure("endpoint-client-unclear", doubts);
    let route = by_route(place, Some(client));
    // A private address, or one of this VPC: nobody on the internet has it.
    let home = |address: IpAddr| private(address) || place.in_vpc(address);
    if home(client) && reading.client_hop.is_none_or(home) {
        let replied = reading.outward == Some(true);
        let told = matches!(record.traffic_path, Some(2 | 7 | 8));
        let sent = out(way.path) || route.is_some_and(|route| out(route.path));
        if replied && (told || sent) {
            here.doubts.push("DISAGREES");
        }
        return here;
    }
    let replied = reading.outward == Some(true);
    let nobody_in = |tried: bool| {
        if tried {
            unclear(&["DISAGREES"])
        } else {
            unclear(&[])
        }
    };
    // Where the way ends: at an interface of a VPC that is known, or on some network.
    let beyond = Reading {
        peer: Some(client),
        ..as_host
    };
    let (end, _, _) = exit(record, place, &beyond, &way);
    let landed = ["none", "endpoint"].contains(&end);
    let within = landed || ["transit-gateway", "peering", "vpn"].contains(&end);
    let table = place.shot.zip(place.table);
    let by_route =
        |address: IpAddr| table.is_some_and(|(shot, table)| shot.is_specific(table, address));
    let told = |address: IpAddr| home(address) || by_route(address);
    let told = told(client) && reading.client_hop.is_none_or(told);
    let told = told && table.is_some() && inside_nat64(client) == client;
    let known = table.is_some() && landed || told && (way.path != "via-appliance" || within);
    match way.path {
        "undetermined" => way,
        "internet-bound" if way.basis == "traffic-path-8" => way,
        // An egress-only gateway lets nobody in, no other reaches IPv4 without a public address, and AWS keeps the internet from some.
        "internet-bound"
            if !way.via.starts_with("eigw-")
                && place.eni.and_then(|eni| eni.deny_all_igw_traffic) != Some(true)
                && (client.is_ipv6() || place.eni.is_some_and(is_public)) =>
        {
            way
        }
        path if out(path) => nobody_in(replied),
        "intra-vpc" | "via-endpoint-eni" => Verdict {
            doubts: way.doubts,
            ..here
        },
        _ if known => Verdict {
            doubts: way.doubts,
            ..here
        },
        _ => Verdict {
            doubts: way.doubts,
            ..unclear(&[])
        },
    }
}

/// `vpc_endpoint` as next hop is the far end itself, or a Gateway Load Balancer endpoint on the way.
fn next_is_endpoint(
    place: &Place<'_>,
    peer: IpAddr,
    next: Option<&str>,
    route: Option<&Verdict>,
) -> Option<Verdict> {
    let shot = place.shot;
    let eni = next
        .and_then(|id| shot?.eni(id))
        .filter(|eni| eni.vpc_id.as_deref() == Some(&place.vpc));
    let foreign =
        next.is_some_and(|id| shot.is_some_and(|shot| shot.eni(id).is_some())) && eni.is_none();
    if foreign {
        return None;
    }
    match eni.map(|eni| (eni, shot.unwrap().kind(eni))) {
        Some((eni, Kind::Endpoint(id))) => {
            let fits = place.has(eni, peer) || (place.in_vpc(peer) && place.owner(peer).is_none());
            Some(if fits {
                told(route, "via-endpoint-eni", &id, "next-hop-endpoint")
            } else {
                unsure("next-hop-endpoint-unknown", &["DISAGREES"])
            })
        }
        Some((_, Kind::Appliance(id))) => {
            Some(told(route, "via-appliance", &id, "next-hop-endpoint"))
        }
        _ => match route.map(|route| route.path) {
            Some("via-endpoint-eni" | "via-appliance") => None,
            Some(_) => Some(unsure("next-hop-endpoint-unknown", &["DISAGREES"])),
            None => Some(unsure("next-hop-endpoint-unknown", &[])),
        },
    }
}

fn is_public(eni: &NetworkInterface) -> bool {
    let own = eni.association.iter();
    let others = eni.private_ip_addresses.iter();
    own.chain(others.filter_map(|one| one.association.as_ref()))
        .any(|one| one.public_ip.is_some() || one.carrier_ip.is_some())
}
