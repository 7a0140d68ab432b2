//! The ordered table of rules: the first that speaks decides the path.
//!
//! In: a row, its place, its ends, and what the route table says. Out: a [`Decision`]. What the record says of itself stands
//! before what the topology says: it was there. Sources: facts 1.2 (traffic-path), 1.6 (next-hop-*), 7 (each path).

use crate::classify::ends::{Ends, Logger, ends, initiator, near_far};
use crate::classify::exit::follow;
use crate::classify::place::Place;
use crate::classify::row::{Direction, Row, TypeWord};
use crate::model::address::Address;
use crate::model::path::{Exit, Initiator, Path};
use crate::model::symbol::Sym;
use crate::model::tag::Flags;
use crate::topology::routes::{Lookup, Target};
use crate::topology::snapshot::{Interface, InterfaceKind};

/// A path, and on what grounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The way.
    pub path: Path,
    /// Endpoint, NAT or other gateway.
    pub via: Sym,
    /// One of [`BASES`].
    pub basis: &'static str,
    /// Doubts that come with it.
    pub flags: Flags,
}

/// Everything that a rule may look at.
#[derive(Clone, Copy)]
pub struct Case<'w> {
    /// The record.
    pub row: Row,
    /// Where it was logged.
    pub place: Place<'w>,
    /// Its ends.
    pub ends: Ends,
    /// What the route table says of a packet from this interface to the peer.
    pub route: Option<Decision>,
}

impl<'w> Case<'w> {
    /// A record at a place: its ends, and what the route table says of the way to the far end.
    pub fn new(row: &Row, place: Place<'w>) -> Case<'w> {
        let ends = ends(row, &place);
        Case {
            row: *row,
            place,
            ends,
            route: by_route(&place, &ends),
        }
    }

    /// Of an endpoint's record: the same as it would be of a host, with the client as the far end. `None` if the record does not tell the
    /// client.
    pub fn towards_client(&self) -> Option<Case<'w>> {
        let (client, direction) = self.ends.workload.zip(self.ends.direction)?;
        let (_, far) = near_far(&self.row, direction);
        let ends = Ends {
            logger: Logger::Host,
            workload: self.ends.peer,
            workload_port: self.ends.peer_port,
            peer: Some(client),
            peer_hop: far.hop,
            peer_port: self.ends.workload_port,
            peer_service: far.service,
            workload_sends: self.ends.workload_sends.map(|sends| !sends),
            ..self.ends
        };
        // Whatever the flags say, a client is who opens.
        let row = Row {
            tcp_flags: None,
            ..self.row
        };
        Some(Case {
            route: by_route(&self.place, &ends),
            row,
            ends,
            ..*self
        })
    }
}

/// A rule: a name, and what it says, if it has something to say.
pub type Rule = (&'static str, fn(&Case<'_>) -> Option<Decision>);

/// The table.
pub const RULES: &[Rule] = &[
    ("logged-by-nat", logged_by_nat),
    ("logged-by-endpoint", logged_by_endpoint),
    ("logged-by-transit-gateway", logged_by_transit_gateway),
    ("logged-by-appliance", logged_by_appliance),
    ("direction-unknown", direction_unknown),
    ("address-missing", address_missing),
    ("record-contradicts-itself", record_contradicts_itself),
    ("next-hop-nat", next_hop_nat),
    ("next-hop-transit-gateway", next_hop_transit_gateway),
    ("traffic-path-4-5", traffic_path_4_5),
    ("next-hop-endpoint", next_hop_endpoint),
    ("traffic-path-3", traffic_path_3),
    ("traffic-path-7", traffic_path_7),
    ("traffic-path-8", traffic_path_8),
    ("next-hop-is-interface", next_hop_is_interface),
    ("hop-is-interface", hop_is_interface),
    ("traffic-path-new", traffic_path_new),
    ("route", route),
    ("interface-not-in-topology", interface_not_in_topology),
];

/// Every basis, and what it means: the rules, and what the rule `route` and its kin find.
#[rustfmt::skip]
pub const BASES: &[(&str, &str)] = &[
    ("address-missing",                "the record has no address for the far end"),
    ("address-without-interface",      "the address is in this VPC, and no interface of the topology has it"),
    ("direction-unknown",              "flow-direction and the interface's addresses do not tell which end is its own, or contradict each other"),
    ("endpoint-client-unclear",        "an endpoint's interface logged it, and record and routes do not tell that its client is on a private network"),
    ("hop-behind-interface",           "the record reached the far end by another interface or address, which the topology does not explain"),
    ("hop-is-interface",               "the record reached the far end by the interface or address of a NAT gateway, transit gateway or appliance"),
    ("interface-not-in-topology",      "the record does not say, and the topology does not know the interface or its route table"),
    ("logged-by-appliance",            "an interface that routes lead to logged it"),
    ("logged-by-endpoint",             "an endpoint's interface logged it"),
    ("logged-by-endpoint-unknown",     "interface-type says vpc_endpoint, and the topology does not tell which sort"),
    ("logged-by-nat",                  "a NAT gateway logged it"),
    ("logged-by-transit-gateway",      "a transit gateway or its interface logged it"),
    ("next-hop-endpoint",              "next-hop-interface-type says vpc_endpoint"),
    ("next-hop-endpoint-unknown",      "next-hop-interface-type says vpc_endpoint, and it cannot be told which sort"),
    ("next-hop-nat",                   "next-hop-interface-type says NAT gateway"),
    ("next-hop-transit-gateway",       "next-hop-interface-type says transit_gateway"),
    ("opened-from-outside",            "the far end opened the connection, which the gateway that the route leads to does not let it do"),
    ("record-contradicts-itself",      "next-hop-interface-type and traffic-path exclude each other"),
    ("route-ambiguous",                "routes tie, and AWS does not say which one it takes"),
    ("route-appliance",                "the route leads to a Gateway Load Balancer endpoint or an interface"),
    ("route-blackhole",                "the route that wins leads nowhere"),
    ("route-cloud-wan",                "the route leads to a core network"),
    ("route-endpoint-interface",       "the address is that of an endpoint's interface in this VPC"),
    ("route-gateway-endpoint",         "the route to a prefix list leads to a gateway endpoint"),
    ("route-internet-gateway",         "the route leads to an internet, egress-only internet or carrier gateway"),
    ("route-local",                    "the route stays in the VPC"),
    ("route-local-gateway",            "the route leads to an Outpost's local gateway"),
    ("route-nat",                      "the route leads to a NAT gateway"),
    ("route-none",                     "no route"),
    ("route-peering",                  "the route leads to a peering connection"),
    ("route-transit-gateway",          "the route leads to a transit gateway"),
    ("route-unknown-prefix-list",      "a route to a prefix list whose CIDRs the topology does not give"),
    ("route-unknown-target",           "the route leads to something that this version does not know"),
    ("route-vpn",                      "the route leads to a virtual private gateway"),
    ("snapshots-differ",               "two topologies around the record say different things"),
    ("traffic-path-3",                 "traffic-path 3: a virtual private gateway"),
    ("traffic-path-4-5",               "traffic-path 4 or 5: a peering connection"),
    ("traffic-path-7",                 "traffic-path 7: a gateway endpoint"),
    ("traffic-path-8",                 "traffic-path 8: an internet gateway"),
    ("traffic-path-ambiguous",         "traffic-path says only what kinds it may be, and the topology does not narrow it down"),
    ("traffic-path-disagrees",         "traffic-path and route table exclude each other, and the record does not say enough alone"),
    ("traffic-path-new",               "a traffic-path that this version does not know"),
];

/// Decides a case.
pub fn decide(case: &Case<'_>) -> Decision {
    let spoken = RULES.iter().find_map(|(_, rule)| rule(case));
    // The last rule always speaks.
    spoken.unwrap_or_else(|| undetermined("interface-not-in-topology"))
}

fn to(path: Path, via: Sym, basis: &'static str) -> Decision {
    Decision {
        path,
        via,
        basis,
        flags: Flags::default(),
    }
}

fn undetermined(basis: &'static str) -> Decision {
    to(Path::Undetermined, Sym::NONE, basis)
}

impl Decision {
    fn with(self, flags: Flags) -> Decision {
        Decision {
            flags: self.flags.with(flags),
            ..self
        }
    }
}

// ---- who logged it ----

fn logged_by_nat(case: &Case<'_>) -> Option<Decision> {
    let Logger::Nat(id) = case.ends.logger else {
        return None;
    };
    Some(to(Path::ViaNat, id, "logged-by-nat"))
}

fn logged_by_endpoint(case: &Case<'_>) -> Option<Decision> {
    let Logger::Endpoint(id) = case.ends.logger else {
        return None;
    };
    // The record's word alone may mean a Gateway Load Balancer endpoint: AWS documents no other word for one.
    Some(match case.place.interface.map(|interface| interface.kind) {
        Some(InterfaceKind::Endpoint(_)) if case.ends.peer == case.ends.peer_hop => {
            let inside = to(Path::ViaEndpointEni, id, "logged-by-endpoint");
            match case.towards_client() {
                Some(towards) => by_client(&towards, inside),
                None if case.ends.direction.is_none() => undetermined("direction-unknown"),
                None => undetermined("address-missing"),
            }
        }
        Some(_) | None => undetermined("logged-by-endpoint-unknown"),
    })
}

/// `inside`, if the way to the client leads to none but private networks. An endpoint may have IPv6 addresses that an internet gateway
/// leads to (facts 7.8); and a record that says so is not set right by a topology that says otherwise.
fn by_client(towards: &Case<'_>, inside: Decision) -> Decision {
    let way = decide(towards);
    let unclear = undetermined("endpoint-client-unclear");
    let replied = towards.ends.direction == Some(Direction::Egress);
    if within(towards) {
        // Nobody out there has its address, so a way out is one of a stale table, or of a record that cannot be. That a table has no way
        // back to whoever only tried to come in means nothing.
        let told = matches!(traffic_path(towards), Some(2 | 7 | 8));
        let routed = replied && towards.route.is_some_and(|route| leads_out(route.path));
        return if told || routed || leads_out(way.path) && replied {
            inside.with(Flags::DISAGREES)
        } else {
            inside
        };
    }
    match way.path {
        Path::Undetermined => way,
        Path::InternetBound if way.basis == "traffic-path-8" || lets_in(towards) => way,
        // It is always the client who opens, and these let nobody in; that somebody tried means nothing.
        Path::InternetBound | Path::ViaNat | Path::ViaGatewayEndpoint if replied => {
            unclear.with(Flags::DISAGREES)
        }
        Path::InternetBound | Path::ViaNat | Path::ViaGatewayEndpoint => unclear,
        Path::ViaAppliance
        | Path::ViaTransitGateway
        | Path::ViaPeering
        | Path::ViaVpn
        | Path::ViaLocalGateway
        | Path::ViaCloudWan => {
            let known = is_known_network(towards, &way);
            (if known { inside } else { unclear }).with(way.flags)
        }
        Path::IntraVpc | Path::ViaEndpointEni => inside.with(way.flags),
    }
}

/// Whether the client has a private address, or one of this VPC, as far as the record tells any.
fn within(towards: &Case<'_>) -> bool {
    let (peer, hop) = (towards.ends.peer, towards.ends.peer_hop);
    let private = |address: Address| address.is_private() || towards.place.in_vpc(address);
    peer.is_some_and(private) && hop.is_none_or(private)
}

fn leads_out(path: Path) -> bool {
    matches!(
        path,
        Path::InternetBound | Path::ViaGatewayEndpoint | Path::ViaNat
    )
}

/// Whether the gateway that the route table leads to lets a client in: none reaches an IPv4 address without a public one behind it, nor an
/// interface that AWS keeps the internet from.
fn lets_in(towards: &Case<'_>) -> bool {
    let Some((table, client)) = towards.place.table.zip(towards.ends.peer) else {
        return false;
    };
    let interface = towards.place.interface;
    let public = client.as_ipv4().is_none() || interface.is_some_and(|interface| interface.public);
    let shut = interface.is_some_and(|interface| interface.shut);
    let both_ways = matches!(
        table.lookup(client),
        Lookup::To(Target::InternetGateway(_) | Target::Carrier(_))
    );
    public && !shut && both_ways
}

/// Whether a public address that a way to other networks leads to is one of theirs: an interface of another VPC has it, or the routes are of
/// just such addresses, and beyond an appliance none leads out. Behind a default route may be anybody.
fn is_known_network(towards: &Case<'_>, way: &Decision) -> bool {
    let Some((table, client)) = towards.place.table.zip(towards.ends.peer) else {
        return false;
    };
    let end = follow(&towards.place, way.path, way.via, Some(client)).exit;
    let landed = matches!(end, Exit::None | Exit::Endpoint);
    let ends_within = landed || matches!(end, Exit::TransitGateway | Exit::Peering | Exit::Vpn);
    let home = |address: Address| address.is_private() || towards.place.in_vpc(address);
    let told = |address: Address| home(address) || table.is_specific(address);
    // Whom a NAT64 address hides is not told by the route to it.
    let told =
        told(client) && towards.ends.peer_hop.is_none_or(told) && client.behind_nat64() == client;
    landed || told && (way.path != Path::ViaAppliance || ends_within)
}

fn logged_by_transit_gateway(case: &Case<'_>) -> Option<Decision> {
    let Logger::TransitGateway(id) = case.ends.logger else {
        return None;
    };
    Some(to(Path::ViaTransitGateway, id, "logged-by-transit-gateway"))
}

fn logged_by_appliance(case: &Case<'_>) -> Option<Decision> {
    let Logger::Appliance(id) = case.ends.logger else {
        return None;
    };
    Some(to(Path::ViaAppliance, id, "logged-by-appliance"))
}

// ---- what is missing ----

fn direction_unknown(case: &Case<'_>) -> Option<Decision> {
    case.ends
        .direction
        .is_none()
        .then(|| undetermined("direction-unknown"))
}

fn address_missing(case: &Case<'_>) -> Option<Decision> {
    case.ends
        .peer
        .is_none()
        .then(|| undetermined("address-missing"))
}

// ---- what the record says of its next hop ----

/// `traffic-path`, of egress records only: AWS gives it for no others, and a value there would mean nothing.
fn traffic_path(case: &Case<'_>) -> Option<i64> {
    case.row
        .traffic_path
        .filter(|_| case.ends.direction == Some(Direction::Egress))
}

fn record_contradicts_itself(case: &Case<'_>) -> Option<Decision> {
    let contradicts = match traffic_path(case) {
        // They lead to what has no interface.
        Some(2 | 3 | 7 | 8) => case.row.next_hop.is_some() || case.row.next_hop_word.is_some(),
        // A peering has none either, but may show the far end's; a gateway behind it cannot be used (facts 7.13).
        Some(4 | 5) => matches!(
            case.row.next_hop_word,
            Some(TypeWord::Nat | TypeWord::TransitGateway)
        ),
        Some(_) | None => false,
    };
    contradicts.then(|| undetermined("record-contradicts-itself").with(Flags::DISAGREES))
}

/// A path that the record names, with the gateway's id from the route table if that agrees; if it does not, it is counted.
fn told(case: &Case<'_>, path: Path, via: Sym, basis: &'static str) -> Decision {
    let decision = to(path, via, basis);
    match case.route {
        Some(route) if route.path == path => Decision {
            via: if via.is_some() { via } else { route.via },
            ..decision
        },
        Some(Decision {
            basis: "route-ambiguous" | "route-unknown-prefix-list" | "route-unknown-target",
            ..
        })
        | None => decision,
        Some(_) => decision.with(Flags::DISAGREES),
    }
}

fn next_hop_interface<'w>(case: &Case<'w>) -> Option<&'w Interface> {
    case.place.snapshot?.interface(case.row.next_hop)
}

fn next_hop_nat(case: &Case<'_>) -> Option<Decision> {
    (case.row.next_hop_word == Some(TypeWord::Nat)).then(|| {
        let via = match next_hop_interface(case).map(|interface| interface.kind) {
            Some(InterfaceKind::Nat(id)) => id,
            Some(_) | None => Sym::NONE,
        };
        told(case, Path::ViaNat, via, "next-hop-nat")
    })
}

fn next_hop_transit_gateway(case: &Case<'_>) -> Option<Decision> {
    (case.row.next_hop_word == Some(TypeWord::TransitGateway)).then(|| {
        let via = match next_hop_interface(case).map(|interface| interface.kind) {
            Some(InterfaceKind::TransitGateway(id)) => id,
            Some(_) | None => Sym::NONE,
        };
        told(
            case,
            Path::ViaTransitGateway,
            via,
            "next-hop-transit-gateway",
        )
    })
}

/// An interface endpoint is a next hop only as the destination itself; a Gateway Load Balancer endpoint only on the way.
fn next_hop_endpoint(case: &Case<'_>) -> Option<Decision> {
    if case.row.next_hop_word != Some(TypeWord::Endpoint) {
        return None;
    }
    let next = next_hop_interface(case);
    // In another VPC it is what a peering leads to: the route tells by which.
    let home = case.place.vpc.map(|vpc| vpc.id);
    if next.is_some_and(|next| Some(next.vpc) != home) {
        return None;
    }
    match (
        next.map(|interface| interface.kind),
        case.route.map(|route| route.path),
    ) {
        (Some(InterfaceKind::Endpoint(id)), _) if reaches(case, next) => {
            Some(told(case, Path::ViaEndpointEni, id, "next-hop-endpoint"))
        }
        (Some(InterfaceKind::Endpoint(_)), _) => {
            Some(undetermined("next-hop-endpoint-unknown").with(Flags::DISAGREES))
        }
        (Some(InterfaceKind::ApplianceEndpoint(id)), _) => {
            Some(told(case, Path::ViaAppliance, id, "next-hop-endpoint"))
        }
        (_, Some(Path::ViaEndpointEni | Path::ViaAppliance)) => None,
        (_, None) => Some(undetermined("next-hop-endpoint-unknown")),
        (_, Some(_)) => Some(undetermined("next-hop-endpoint-unknown").with(Flags::DISAGREES)),
    }
}

/// Whether an interface is the far end itself, as far as the topology knows.
fn reaches(case: &Case<'_>, interface: Option<&Interface>) -> bool {
    let Some((interface, peer)) = interface.zip(case.ends.peer) else {
        return false;
    };
    interface.owns(peer) || (case.place.in_vpc(peer) && case.place.owner(peer).is_none())
}

fn traffic_path_3(case: &Case<'_>) -> Option<Decision> {
    (traffic_path(case) == Some(3)).then(|| told(case, Path::ViaVpn, Sym::NONE, "traffic-path-3"))
}

fn traffic_path_4_5(case: &Case<'_>) -> Option<Decision> {
    matches!(traffic_path(case), Some(4 | 5))
        .then(|| told(case, Path::ViaPeering, Sym::NONE, "traffic-path-4-5"))
}

fn traffic_path_7(case: &Case<'_>) -> Option<Decision> {
    (traffic_path(case) == Some(7))
        .then(|| told(case, Path::ViaGatewayEndpoint, Sym::NONE, "traffic-path-7"))
}

fn traffic_path_8(case: &Case<'_>) -> Option<Decision> {
    (traffic_path(case) == Some(8))
        .then(|| told(case, Path::InternetBound, Sym::NONE, "traffic-path-8"))
}

/// What an interface between the ends is, if it is one that forwards.
fn forwarder(interface: &Interface) -> Option<(Path, Sym)> {
    match interface.kind {
        InterfaceKind::Nat(id) => Some((Path::ViaNat, id)),
        InterfaceKind::TransitGateway(id) => Some((Path::ViaTransitGateway, id)),
        InterfaceKind::ApplianceEndpoint(id) => Some((Path::ViaAppliance, id)),
        InterfaceKind::RouteTarget => Some((Path::ViaAppliance, interface.id)),
        InterfaceKind::Plain | InterfaceKind::Endpoint(_) => None,
    }
}

/// The record names its next hop by id, and it is not the far end's own interface: then it stands between, whatever the routes say.
fn next_hop_is_interface(case: &Case<'_>) -> Option<Decision> {
    let peer = case.ends.peer?;
    case.place
        .snapshot
        .filter(|_| case.row.next_hop.is_some())?;
    let Some(next) = next_hop_interface(case) else {
        // One that the topology lacks: neither a gateway that has none, nor that of a far end which the topology knows.
        let excluded = matches!(
            case.route?.path,
            Path::IntraVpc
                | Path::ViaEndpointEni
                | Path::ViaGatewayEndpoint
                | Path::InternetBound
                | Path::ViaVpn
        );
        return excluded.then(|| undetermined("hop-behind-interface").with(Flags::DISAGREES));
    };
    if next.owns(peer) {
        return None;
    }
    Some(match forwarder(next) {
        Some((path, via)) => told(case, path, via, "hop-is-interface"),
        None => undetermined("hop-behind-interface").with(Flags::DISAGREES),
    })
}

/// The far end was reached by another address than its own: that address's interface is the hop.
fn hop_is_interface(case: &Case<'_>) -> Option<Decision> {
    let (hop, peer) = (case.ends.peer_hop?, case.ends.peer?);
    if hop == peer {
        return None;
    }
    // 2 leads to what has no interface.
    if traffic_path(case) == Some(2) {
        return Some(undetermined("traffic-path-disagrees").with(Flags::DISAGREES));
    }
    Some(match case.place.owner(hop).and_then(forwarder) {
        Some((path, via)) => to(path, via, "hop-is-interface"),
        None => undetermined("hop-behind-interface"),
    })
}

fn traffic_path_new(case: &Case<'_>) -> Option<Decision> {
    traffic_path(case)
        .filter(|value| !matches!(value, 1..=8))
        .map(|_| undetermined("traffic-path-new"))
}

// ---- what the topology says ----

/// What the route table says of a packet from this interface to the peer; `None` without a table.
pub fn by_route(place: &Place<'_>, ends: &Ends) -> Option<Decision> {
    let (table, peer) = (place.table?, ends.peer?);
    Some(match table.lookup(peer) {
        Lookup::To(Target::Local) => match place.owner(peer).map(|interface| interface.kind) {
            Some(InterfaceKind::Endpoint(id)) => {
                to(Path::ViaEndpointEni, id, "route-endpoint-interface")
            }
            // A gateway has no business of its own: whoever it speaks for is hidden.
            Some(
                InterfaceKind::Nat(_)
                | InterfaceKind::TransitGateway(_)
                | InterfaceKind::ApplianceEndpoint(_),
            ) => to(Path::IntraVpc, Sym::NONE, "route-local").with(Flags::FAR_HIDDEN),
            Some(InterfaceKind::Plain | InterfaceKind::RouteTarget) => {
                to(Path::IntraVpc, Sym::NONE, "route-local")
            }
            // The same, where its interface is not in the topology; it may be gone, and the address an endpoint's.
            None if place.is_of_nat(peer) => to(Path::IntraVpc, Sym::NONE, "route-local")
                .with(Flags::FAR_HIDDEN.with(Flags::PEER_UNOWNED)),
            None => undetermined("address-without-interface").with(Flags::PEER_UNOWNED),
        },
        Lookup::To(Target::InternetGateway(id) | Target::EgressOnly(id) | Target::Carrier(id)) => {
            to(Path::InternetBound, id, "route-internet-gateway")
        }
        Lookup::To(Target::GatewayEndpoint(id)) => {
            to(Path::ViaGatewayEndpoint, id, "route-gateway-endpoint")
        }
        Lookup::To(Target::ApplianceEndpoint(id) | Target::Interface(id)) => {
            to(Path::ViaAppliance, id, "route-appliance")
        }
        Lookup::To(Target::Nat(id)) => to(Path::ViaNat, id, "route-nat"),
        Lookup::To(Target::TransitGateway(id)) => {
            to(Path::ViaTransitGateway, id, "route-transit-gateway")
        }
        Lookup::To(Target::Peering(id)) => to(Path::ViaPeering, id, "route-peering"),
        Lookup::To(Target::Vpn(id)) => to(Path::ViaVpn, id, "route-vpn"),
        Lookup::To(Target::LocalGateway(id)) => {
            to(Path::ViaLocalGateway, id, "route-local-gateway")
        }
        Lookup::To(Target::CloudWan(id)) => to(Path::ViaCloudWan, id, "route-cloud-wan"),
        Lookup::To(Target::Other) => undetermined("route-unknown-target"),
        Lookup::Blackhole => undetermined("route-blackhole"),
        Lookup::NoRoute => undetermined("route-none"),
        Lookup::Ambiguous => undetermined("route-ambiguous"),
        Lookup::UnknownList => undetermined("route-unknown-prefix-list"),
    })
}

/// The route table decides, as far as `traffic-path` lets it.
fn route(case: &Case<'_>) -> Option<Decision> {
    let value = traffic_path(case);
    let Some(route) = case.route else {
        return value.map(|_| undetermined("traffic-path-ambiguous"));
    };
    if route.path == Path::Undetermined {
        // "An address of this VPC" and a way out of it exclude each other.
        let out = route.flags.has(Flags::PEER_UNOWNED) && matches!(value, Some(2..=8));
        return Some(if out {
            undetermined("traffic-path-disagrees").with(Flags::DISAGREES)
        } else {
            route
        });
    }
    let possible = match value {
        // "Another resource in the same VPC, including an AWS-managed network interface, or an Outpost local gateway".
        Some(1) => matches!(
            route.path,
            Path::IntraVpc
                | Path::ViaEndpointEni
                | Path::ViaNat
                | Path::ViaAppliance
                | Path::ViaTransitGateway
                | Path::ViaLocalGateway
                | Path::ViaCloudWan
        ),
        // "An internet gateway or a gateway VPC endpoint".
        Some(2) => matches!(route.path, Path::InternetBound | Path::ViaGatewayEndpoint),
        // "A Local Zone or Wavelength Zone": the VPC goes on there.
        Some(6) => matches!(route.path, Path::IntraVpc | Path::ViaEndpointEni),
        Some(_) | None => true,
    };
    if !possible {
        return Some(undetermined("traffic-path-disagrees").with(Flags::DISAGREES));
    }
    // Nobody can open a connection through a gateway endpoint or NAT gateway from outside (facts 7.1, 7.4): it came another way.
    // Where flags do not say who opened it, a host that the internet can reach may have been.
    let outside = match initiator(&case.row, &case.ends) {
        Initiator::Peer => true,
        Initiator::Workload => false,
        Initiator::Unknown => {
            case.ends.direction == Some(Direction::Ingress)
                && case
                    .place
                    .interface
                    .is_some_and(|interface| interface.public)
        }
    };
    if outside && matches!(route.path, Path::ViaGatewayEndpoint | Path::ViaNat) {
        return Some(undetermined("opened-from-outside").with(Flags::DISAGREES));
    }
    // 2 is either gateway: a table that has lost the endpoint's route, or has kept it, fits as well as the true one.
    let alone = value == Some(2) || (value.is_none() && rests_on_route_alone(case, route.path));
    Some(if alone {
        route.with(Flags::ROUTE_ALONE)
    } else {
        route
    })
}

/// Whether the record could have said where a packet left the VPC, and did not: then a stale table would go unnoticed.
fn rests_on_route_alone(case: &Case<'_>, path: Path) -> bool {
    // Ingress records never tell a path; in a log that tells paths, the egress records of the same interface do.
    if case.row.tells_path && case.ends.direction == Some(Direction::Ingress) {
        return false;
    }
    match path {
        Path::IntraVpc | Path::ViaEndpointEni | Path::Undetermined => false,
        // AWS documents no value for these, so `-` in a log that has the field is all that can be expected.
        Path::ViaTransitGateway
        | Path::ViaCloudWan
        | Path::ViaLocalGateway
        | Path::ViaAppliance => !case.row.tells_path,
        Path::InternetBound
        | Path::ViaGatewayEndpoint
        | Path::ViaNat
        | Path::ViaPeering
        | Path::ViaVpn => true,
    }
}

fn interface_not_in_topology(_: &Case<'_>) -> Option<Decision> {
    Some(undetermined("interface-not-in-topology"))
}
