//! Where a way ends, table by table.

use std::net::IpAddr;

use super::atlas::{Kind, Shot, Target, Way, inside_nat64, private};
use super::judging::Verdict;
use super::reading::{Logger, Reading};
use super::{Place, Record};
use crate::topology::describe::RouteTable;

/// Where it leaves, at which endpoint, and whether record and table disagree on that.
pub(super) fn exit(
    record: &Record,
    place: &Place<'_>,
    reading: &Reading,
    verdict: &Verdict,
) -> (&'static str, String, bool) {
    let nowhere = String::new;
    let trip = place
        .shot
        .zip(reading.peer)
        .map(|(shot, peer)| Trip { place, shot, peer });
    let (exit, endpoint) = match (verdict.path, trip.as_ref()) {
        ("intra-vpc", _) => ("none", nowhere()),
        ("via-endpoint-eni", _) => ("endpoint", verdict.via.clone()),
        ("via-gateway-endpoint", _) => ("gateway-endpoint", verdict.via.clone()),
        ("internet-bound", _) => ("internet-gateway", nowhere()),
        ("via-vpn", _) => ("vpn", nowhere()),
        ("via-nat", Some(trip)) => trip.beyond_nat(&verdict.via, 8),
        ("via-appliance", Some(trip)) => trip.beyond_appliance(&verdict.via, 8),
        ("via-peering", Some(trip)) => trip.beyond_peering(&verdict.via),
        ("via-transit-gateway", Some(trip)) => trip.beyond_transit_gateway(&verdict.via),
        _ => ("unknown", nowhere()),
    };
    // A gateway that sends on towards the peer tells its own next hop: that outweighs its table.
    let gateway = matches!(
        reading.logger,
        Logger::Nat(_) | Logger::TransitGateway(_) | Logger::Appliance(_)
    );
    let onward = gateway && reading.outward == Some(true) && reading.workload_sends == Some(true);
    let Some(number) = record.traffic_path.filter(|_| onward) else {
        return (exit, endpoint, false);
    };
    let told = match number {
        7 => "gateway-endpoint",
        8 => "internet-gateway",
        3 => "vpn",
        1 | 2 | 4 | 5 | 6 => {
            let onto = trip.as_ref().and_then(|trip| {
                let peer = if matches!(reading.logger, Logger::Nat(_)) {
                    inside_nat64(trip.peer)
                } else {
                    trip.peer
                };
                place.table.map(|table| trip.shot.way(table, peer))
            });
            let fits = match onto {
                Some(Way::To(target)) => match number {
                    1 => !matches!(
                        target,
                        Target::Internet(_)
                            | Target::GatewayEndpoint(_)
                            | Target::Vpn(_)
                            | Target::Peering(_)
                            | Target::Strange
                    ),
                    2 => matches!(target, Target::Internet(_) | Target::GatewayEndpoint(_)),
                    6 => target == Target::Local,
                    _ => matches!(target, Target::Peering(_)),
                },
                Some(_) | None => true,
            };
            return if fits {
                (exit, endpoint, false)
            } else {
                ("unknown", nowhere(), true)
            };
        }
        _ => return ("unknown", nowhere(), false),
    };
    if told == exit {
        (exit, endpoint, false)
    } else {
        (told, nowhere(), exit != "unknown")
    }
}

/// On the way to a peer, table by table.
struct Trip<'p, 'a> {
    place: &'p Place<'a>,
    shot: &'a Shot,
    peer: IpAddr,
}

impl Trip<'_, '_> {
    /// A NAT gateway speaks IPv4 to whoever hides behind a NAT64 address.
    fn beyond_nat(&self, nat: &str, hops: u8) -> (&'static str, String) {
        Trip {
            peer: inside_nat64(self.peer),
            ..*self
        }
        .by_table(self.shot.table_of_nat(nat), hops)
    }

    fn by_table(&self, table: Option<&RouteTable>, hops: u8) -> (&'static str, String) {
        let Some(table) = table.filter(|_| hops > 0) else {
            return ("unknown", String::new());
        };
        match self.shot.way(table, self.peer) {
            Way::To(Target::Local) => self.arrives(&self.place.vpc, self.shot),
            Way::To(Target::Internet(_)) => ("internet-gateway", String::new()),
            Way::To(Target::GatewayEndpoint(id)) => ("gateway-endpoint", id),
            Way::To(Target::Nat(id)) => self.beyond_nat(&id, hops - 1),
            Way::To(Target::Appliance(id)) => self.beyond_appliance(&id, hops - 1),
            Way::To(Target::Peering(id)) => self.beyond_peering(&id),
            Way::To(Target::TransitGateway(id)) => self.beyond_transit_gateway(&id),
            Way::To(Target::Vpn(_)) => ("vpn", String::new()),
            _ => ("unknown", String::new()),
        }
    }

    fn beyond_appliance(&self, id: &str, hops: u8) -> (&'static str, String) {
        let endpoint = self
            .shot
            .answers
            .vpc_endpoints
            .iter()
            .find(|one| one.vpc_endpoint_id == id);
        let subnets: Vec<&str> = match endpoint {
            Some(endpoint) => endpoint.subnet_ids.iter().map(String::as_str).collect(),
            None => self
                .shot
                .eni(id)
                .and_then(|eni| eni.subnet_id.as_deref())
                .into_iter()
                .collect(),
        };
        let mut ends: Vec<_> = subnets
            .iter()
            .map(|subnet| self.by_table(self.shot.table_of_subnet(subnet), hops))
            .collect();
        ends.dedup();
        if let [end] = &ends[..] {
            end.clone()
        } else {
            ("unknown", String::new())
        }
    }

    /// A peering ends in the other VPC.
    fn beyond_peering(&self, id: &str) -> (&'static str, String) {
        let mut peerings = self.shot.answers.vpc_peering_connections.iter();
        let live = peerings.find(|one| {
            one.vpc_peering_connection_id == id
                && one
                    .status
                    .as_ref()
                    .and_then(|status| status.code.as_deref())
                    .is_none_or(|code| code == "active")
        });
        let sides = live.map(|one| {
            (
                one.requester_vpc_info.vpc_id.as_deref(),
                one.accepter_vpc_info.vpc_id.as_deref(),
            )
        });
        let own = Some(self.place.vpc.as_str());
        let other = match sides {
            Some((requester, accepter)) if requester == own => accepter,
            Some((requester, accepter)) if accepter == own => requester,
            Some(_) | None => None,
        };
        other
            .and_then(|vpc| self.in_other(vpc))
            .unwrap_or(("peering", String::new()))
    }

    /// Behind a transit gateway the far end is known if exactly one attached VPC has the address.
    fn beyond_transit_gateway(&self, id: &str) -> (&'static str, String) {
        let atlas = self.place.atlas;
        let attachments = atlas
            .shots
            .iter()
            .flat_map(|shot| &shot.answers.transit_gateway_vpc_attachments);
        let mut vpcs: Vec<&str> = attachments
            .filter(|one| {
                one.transit_gateway_id == id
                    && one
                        .state
                        .as_deref()
                        .is_none_or(|state| state == "available")
            })
            .map(|one| one.vpc_id.as_str())
            .filter(|vpc| *vpc != self.place.vpc)
            .filter(|vpc| {
                atlas
                    .of_vpc(vpc, self.place.time_s)
                    .is_some_and(|shot| shot.vpc_contains(vpc, self.peer))
            })
            .collect();
        vpcs.sort_unstable();
        vpcs.dedup();
        match vpcs[..] {
            [vpc] => self
                .in_other(vpc)
                .unwrap_or(("transit-gateway", String::new())),
            [] if private(self.peer) => ("transit-gateway", String::new()),
            _ => ("unknown", String::new()),
        }
    }

    fn in_other(&self, vpc: &str) -> Option<(&'static str, String)> {
        let shot = self.place.atlas.of_vpc(vpc, self.place.time_s)?;
        shot.owner(vpc, self.peer).map(|_| self.arrives(vpc, shot))
    }

    fn arrives(&self, vpc: &str, shot: &Shot) -> (&'static str, String) {
        match shot.owner(vpc, self.peer).map(|eni| shot.kind(eni)) {
            Some(Kind::Endpoint(id)) => ("endpoint", id),
            Some(Kind::Host | Kind::RouteTarget | Kind::Nat(_)) => ("none", String::new()),
            Some(Kind::Appliance(_) | Kind::TransitGateway(_)) | None => ("unknown", String::new()),
        }
    }
}
