//! Where a flow leaves in the end: the next hops' own route tables, hop by hop.
//!
//! In: the decision and the peer. Out: an [`Exit`]. A transit gateway's own route tables are not part of a topology: behind it, a far
//! end is known only if exactly one attached VPC has its address.

use crate::classify::place::Place;
use crate::model::address::Address;
use crate::model::path::{Exit, Path};
use crate::model::symbol::Sym;
use crate::model::tag::Flags;
use crate::topology::routes::{Lookup, Table, Target};
use crate::topology::snapshot::{Endpoint, Interface, InterfaceKind, Snapshot};

/// More hops than any sane network has; a loop ends here.
const HOPS_MAX: u8 = 8;

/// What was found at the end of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Where it leaves.
    pub exit: Exit,
    /// The endpoint that it ends at, in whichever VPC.
    pub endpoint: Sym,
}

fn end(exit: Exit) -> End {
    End {
        exit,
        endpoint: Sym::NONE,
    }
}

/// Follows a path to its end.
pub fn follow(place: &Place<'_>, path: Path, via: Sym, peer: Option<Address>) -> End {
    match path {
        Path::IntraVpc => end(Exit::None),
        Path::ViaEndpointEni => End {
            exit: Exit::Endpoint,
            endpoint: via,
        },
        Path::ViaGatewayEndpoint => End {
            exit: Exit::GatewayEndpoint,
            endpoint: via,
        },
        Path::InternetBound => end(Exit::InternetGateway),
        Path::ViaVpn => end(Exit::Vpn),
        Path::ViaLocalGateway | Path::ViaCloudWan | Path::Undetermined => end(Exit::Unknown),
        Path::ViaNat | Path::ViaAppliance | Path::ViaPeering | Path::ViaTransitGateway => {
            match (peer, place.snapshot) {
                (Some(peer), Some(snapshot)) => Walk {
                    place,
                    snapshot,
                    peer,
                }
                .beyond(path, via),
                (Some(_) | None, _) => end(Exit::Unknown),
            }
        }
    }
}

/// `PEER_UNOWNED` where a way on leads to an address of a VPC that the topology knows, and to no interface there: that of an endpoint
/// may be missing, or the peering or attachment that leads to it.
pub fn unowned(place: &Place<'_>, path: Path, end: End, peer: Option<Address>) -> Flags {
    let onward = !matches!(
        path,
        Path::IntraVpc | Path::ViaEndpointEni | Path::ViaGatewayEndpoint | Path::Undetermined
    );
    let landed = matches!(end.exit, Exit::None | Exit::Endpoint);
    let of_a_vpc = |peer: Address| {
        place.world.snapshots.iter().any(|snapshot| {
            let sides = snapshot.peerings.values().flatten();
            snapshot.vpcs.values().any(|vpc| vpc.contains(peer))
                || sides
                    .flat_map(|side| &side.blocks)
                    .any(|block| block.contains(peer))
        })
    };
    if onward && !landed && peer.is_some_and(of_a_vpc) {
        Flags::PEER_UNOWNED
    } else {
        Flags::default()
    }
}

struct Walk<'p, 'w> {
    place: &'p Place<'w>,
    snapshot: &'w Snapshot,
    peer: Address,
}

impl<'w> Walk<'_, 'w> {
    fn beyond(&self, path: Path, via: Sym) -> End {
        match path {
            Path::ViaNat => self.nat(via, HOPS_MAX),
            Path::ViaAppliance => self.appliance(via, HOPS_MAX),
            Path::ViaPeering => self.peering(via),
            Path::ViaTransitGateway => self.transit_gateway(via),
            _ => end(Exit::Unknown),
        }
    }

    fn nat_table(&self, nat: Sym) -> Option<&'w Table> {
        let nat = self.snapshot.nats.get(&nat)?;
        let own = nat.table.and_then(|index| self.snapshot.tables.get(index));
        own.or_else(|| self.snapshot.table_of(nat.subnet))
    }

    /// A NAT gateway speaks IPv4 to whoever hides behind a NAT64 address: from there on that is the address to look up.
    fn nat(&self, id: Sym, hops: u8) -> End {
        let inner = Walk {
            peer: self.peer.behind_nat64(),
            ..*self
        };
        inner.table(self.nat_table(id), hops)
    }

    /// Through a table that some hop uses.
    fn table(&self, table: Option<&Table>, hops: u8) -> End {
        let (Some(table), Some(hops)) = (table, hops.checked_sub(1)) else {
            return end(Exit::Unknown);
        };
        match table.lookup(self.peer) {
            Lookup::To(Target::Local) => self.lands(self.place.owner(self.peer)),
            Lookup::To(Target::InternetGateway(_) | Target::EgressOnly(_) | Target::Carrier(_)) => {
                end(Exit::InternetGateway)
            }
            Lookup::To(Target::GatewayEndpoint(id)) => End {
                exit: Exit::GatewayEndpoint,
                endpoint: id,
            },
            Lookup::To(Target::Nat(id)) => self.nat(id, hops),
            Lookup::To(Target::ApplianceEndpoint(id) | Target::Interface(id)) => {
                self.appliance(id, hops)
            }
            Lookup::To(Target::Peering(id)) => self.peering(id),
            Lookup::To(Target::TransitGateway(id)) => self.transit_gateway(id),
            Lookup::To(Target::Vpn(_)) => end(Exit::Vpn),
            Lookup::To(Target::LocalGateway(_) | Target::CloudWan(_) | Target::Other)
            | Lookup::Blackhole
            | Lookup::NoRoute
            | Lookup::Ambiguous
            | Lookup::UnknownList => end(Exit::Unknown),
        }
    }

    /// After inspection traffic goes on from the appliance's own subnet; an endpoint in several must agree with itself.
    fn appliance(&self, id: Sym, hops: u8) -> End {
        let subnets: Vec<Sym> = match self.snapshot.endpoints.get(&id) {
            Some(Endpoint { subnets, .. }) => subnets.clone(),
            None => self
                .snapshot
                .interface(id)
                .map(|interface| vec![interface.subnet])
                .unwrap_or_default(),
        };
        let mut ends = subnets
            .iter()
            .map(|subnet| self.table(self.snapshot.table_of(*subnet), hops));
        let first = ends.next().unwrap_or(end(Exit::Unknown));
        if ends.all(|other| other == first) {
            first
        } else {
            end(Exit::Unknown)
        }
    }

    /// A peering ends in the other VPC: it is neither transitive nor lets its gateways be used (facts 7.13).
    fn peering(&self, id: Sym) -> End {
        let Some(sides) = self.snapshot.peerings.get(&id) else {
            return end(Exit::Peering);
        };
        let own = self.place.vpc.map_or(Sym::NONE, |vpc| vpc.id);
        let other = match [sides[0].vpc == own, sides[1].vpc == own] {
            [true, _] => sides[1].vpc,
            [false, true] => sides[0].vpc,
            // The topology has this peering between two other VPCs.
            [false, false] => Sym::NONE,
        };
        self.in_vpc(other).unwrap_or(end(Exit::Peering))
    }

    fn transit_gateway(&self, id: Sym) -> End {
        let own = self.place.vpc.map_or(Sym::NONE, |vpc| vpc.id);
        let mut vpcs: Vec<Sym> = Vec::new();
        for snapshot in &self.place.world.snapshots {
            for attachment in snapshot
                .attachments
                .iter()
                .filter(|attachment| attachment.gateway == id && attachment.vpc != own)
            {
                let holds = self
                    .place
                    .world
                    .vpc_at(attachment.vpc, self.place.time_s)
                    .and_then(|snapshot| snapshot.vpcs.get(&attachment.vpc));
                if holds.is_some_and(|vpc| vpc.contains(self.peer))
                    && !vpcs.contains(&attachment.vpc)
                {
                    vpcs.push(attachment.vpc);
                }
            }
        }
        match vpcs[..] {
            [vpc] => self.in_vpc(vpc).unwrap_or(end(Exit::TransitGateway)),
            [] if self.peer.is_private() => end(Exit::TransitGateway),
            _ => end(Exit::Unknown),
        }
    }

    /// The interface of another VPC that has the peer's address.
    fn in_vpc(&self, vpc: Sym) -> Option<End> {
        let snapshot = self.place.world.vpc_at(vpc, self.place.time_s)?;
        snapshot
            .owner(vpc, self.peer)
            .map(|interface| self.lands(Some(interface)))
    }

    fn lands(&self, interface: Option<&Interface>) -> End {
        match interface.map(|interface| interface.kind) {
            Some(InterfaceKind::Endpoint(id)) => End {
                exit: Exit::Endpoint,
                endpoint: id,
            },
            Some(InterfaceKind::Plain | InterfaceKind::RouteTarget | InterfaceKind::Nat(_)) => {
                end(Exit::None)
            }
            Some(InterfaceKind::ApplianceEndpoint(_) | InterfaceKind::TransitGateway(_)) | None => {
                end(Exit::Unknown)
            }
        }
    }
}
