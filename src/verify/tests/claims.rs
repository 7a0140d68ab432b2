//! Claims about a simulated truth, and whether they truly hold: decided by what packets did, not by what the product says of them.

use ipnet::IpNet;

use super::truth::{
    HOSTS, Hop, Kind, Tape, Thing, Trip, Truth, block_of_subnet, blocks_of_vpc, net,
};
use crate::model::path::{Exit, Path};

#[derive(Clone, Debug)]
pub(super) enum Whom {
    Service(&'static str),
    AnyService,
    Internet,
    Any,
    Private,
    Block(IpNet),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Whose {
    vpcs: Vec<usize>,
    subnets: Vec<usize>,
    interfaces: Vec<usize>,
    cidrs: Vec<IpNet>,
}

#[derive(Clone, Debug)]
pub(super) struct Claim {
    to: Whom,
    allow: Vec<Path>,
    exits: Option<Vec<Exit>>,
    through: Option<Vec<String>>,
    ports: Option<Vec<u16>>,
    pub(super) from: Whose,
    pub(super) scope: Whose,
}

impl Whose {
    fn new(tape: &mut Tape<'_>, truth: &Truth, vpcs: bool) -> Whose {
        let workloads: Vec<usize> = (0..truth.enis.len())
            .filter(|index| truth.enis[*index].kind == Kind::Workload)
            .collect();
        let workload = tape.of(&workloads);
        let eni = &truth.enis[workload];
        let mut whose = Whose::default();
        match tape.pick(4) {
            0 if vpcs => whose.vpcs.push(eni.vpc),
            0 | 1 => whose.subnets.push(eni.subnet),
            2 => whose.interfaces.push(workload),
            _ => whose.cidrs.push(tape.of(&[
                IpNet::from(eni.addresses[0]),
                net(&block_of_subnet(eni.vpc, truth.place(eni.subnet))),
                blocks_of_vpc(eni.vpc)[0],
            ])),
        }
        whose
    }

    fn is_default(&self) -> bool {
        self.vpcs.is_empty()
            && self.subnets.is_empty()
            && self.interfaces.is_empty()
            && self.cidrs.is_empty()
    }

    /// Whether an interface is meant; by address, if any of its own is.
    pub(super) fn has(&self, truth: &Truth, index: usize) -> bool {
        let eni = &truth.enis[index];
        self.is_default()
            || self.vpcs.contains(&eni.vpc)
            || self.subnets.contains(&eni.subnet)
            || self.interfaces.contains(&index)
            || eni
                .addresses
                .iter()
                .any(|address| self.cidrs.iter().any(|block| block.contains(address)))
    }

    fn words(&self, truth: &Truth) -> [Vec<String>; 4] {
        [
            self.vpcs.iter().map(|vpc| format!("'vpc-{vpc}'")).collect(),
            self.subnets
                .iter()
                .map(|subnet| format!("'subnet-{subnet}'"))
                .collect(),
            self.interfaces
                .iter()
                .map(|index| format!("'{}'", truth.enis[*index].id))
                .collect(),
            self.cidrs
                .iter()
                .map(|block| format!("'{block}'"))
                .collect(),
        ]
    }
}

impl Claim {
    pub(super) fn new(tape: &mut Tape<'_>, truth: &Truth) -> Claim {
        let s3 = Whom::Service("s3");
        let blocks = [
            "10.1.0.0/16",
            "52.216.0.0/15",
            "0.0.0.0/0",
            "192.168.0.0/16",
        ];
        // Most interesting are claims that what truly happens breaks by itself alone.
        let broken = truth
            .trips
            .get(tape.pick(2 * truth.trips.len()))
            .filter(|trip| !trip.hops.is_empty());
        let to = match (tape.pick(8), broken.map(|trip| trip.thing)) {
            (4.., Some(Thing::Service(name))) => Whom::Service(name),
            (4.., Some(Thing::Stranger)) => Whom::Internet,
            (6.., Some(Thing::Private)) => Whom::Private,
            (kind, _) => match kind {
                0 | 1 => s3,
                2 => Whom::AnyService,
                3 => Whom::Service("sts"),
                4 => Whom::Internet,
                5 => Whom::Any,
                6 => Whom::Private,
                _ => Whom::Block(net(tape.of(&blocks))),
            },
        };
        let paths: Vec<Path> = Path::ALL
            .iter()
            .copied()
            .filter(|path| *path != Path::Undetermined)
            .collect();
        let mut allow: Vec<Path> = paths
            .iter()
            .copied()
            .filter(|_| tape.pick(3) == 1)
            .collect();
        let forbidden = tape.of(&paths);
        let forbidden = broken.map_or(forbidden, |trip| trip.hops[0].0);
        if broken.is_some() || tape.once_in(2) {
            allow = paths
                .into_iter()
                .filter(|path| *path != forbidden)
                .collect();
        }
        let known: Vec<Exit> = Exit::ALL
            .iter()
            .copied()
            .filter(|exit| *exit != Exit::Unknown)
            .collect();
        let exits = (tape.once_in(4) && !allow.is_empty()).then(|| {
            let not = tape.of(&known);
            known.into_iter().filter(|exit| *exit != not).collect()
        });
        let through = (tape.once_in(6) && !allow.is_empty()).then(|| {
            let all = [
                "nat-a",
                "igw-a",
                "vpce-gwep0",
                "vpce-s3a",
                "vpce-gwa",
                "tgw-1",
                "pcx-1",
                "eni-appl0",
                "vgw-a",
            ];
            let not = tape.pick(all.len());
            all.iter()
                .enumerate()
                .filter(|(index, _)| *index != not)
                .map(|(_, id)| (*id).to_owned())
                .filter(|id| !id.starts_with("eni-"))
                .collect()
        });
        Claim {
            to,
            allow,
            exits,
            through,
            ports: tape.once_in(6).then(|| vec![443]),
            from: if tape.once_in(4) {
                Whose::new(tape, truth, false)
            } else {
                Whose::default()
            },
            scope: if tape.once_in(3) {
                Whose::new(tape, truth, true)
            } else {
                Whose::default()
            },
        }
    }

    pub(super) fn policy(&self, truth: &Truth) -> String {
        let to = match &self.to {
            Whom::Service(name) => format!("service:{name}"),
            Whom::AnyService => "service:*".to_owned(),
            Whom::Internet => "internet".to_owned(),
            Whom::Any => "any".to_owned(),
            Whom::Private => "private".to_owned(),
            Whom::Block(block) => block.to_string(),
        };
        let quoted = |words: Vec<&str>| {
            words
                .iter()
                .map(|word| format!("'{word}'"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut text = "version = 1\n".to_owned();
        let scope = self.scope.words(truth);
        for (key, words) in ["vpcs", "subnets", "interfaces", "cidrs"]
            .iter()
            .zip(&scope)
            .filter(|(_, words)| !words.is_empty())
        {
            text += &format!("[scope]\n{key} = [{}]\n", words.join(", "));
        }
        text += &format!(
            "[[claim]]\nid = 'c'\nto = ['{to}']\nallow = [{}]\n",
            quoted(self.allow.iter().map(|path| path.as_str()).collect())
        );
        if let Some(exits) = &self.exits {
            text += &format!(
                "exits = [{}]\n",
                quoted(exits.iter().map(|exit| exit.as_str()).collect())
            );
        }
        if let Some(through) = &self.through {
            text += &format!(
                "through = [{}]\n",
                quoted(through.iter().map(String::as_str).collect())
            );
        }
        if let Some(ports) = &self.ports {
            text += &format!("ports = {ports:?}\n");
        }
        let from = self.from.words(truth).concat();
        if !from.is_empty() {
            text += &format!("from = [{}]\n", from.join(", "));
        }
        text
    }

    /// Whether the flow is of somebody whose traffic is judged.
    fn is_of(&self, truth: &Truth, trip: &Trip) -> bool {
        let from = self.from.cidrs.is_empty() && self.from.has(truth, trip.workload)
            || self
                .from
                .cidrs
                .iter()
                .any(|block| block.contains(&trip.own));
        self.scope.has(truth, trip.workload) && from
    }

    fn reaches(&self, trip: &Trip) -> bool {
        if self
            .ports
            .as_ref()
            .is_some_and(|ports| !ports.contains(&trip.peer_port))
        {
            return false;
        }
        let private = trip.peer.to_string().starts_with("10.")
            || trip.peer.to_string().starts_with("192.168.");
        match &self.to {
            Whom::Service(name) => trip.thing == Thing::Service(name),
            Whom::AnyService => matches!(trip.thing, Thing::Service(_)),
            Whom::Internet => trip.thing == Thing::Stranger,
            Whom::Any => true,
            Whom::Private => private,
            Whom::Block(block) => block.contains(&trip.peer),
        }
    }

    fn keeps(&self, hop: &Hop, exit: Option<Exit>) -> bool {
        self.allow.contains(&hop.0)
            && self
                .exits
                .as_ref()
                .is_none_or(|exits| exit.is_some_and(|exit| exits.contains(&exit)))
            && self
                .through
                .as_ref()
                .is_none_or(|through| through.contains(&hop.1))
    }

    /// Whether it is truly violated: a flow of the scope arrives where the claim says, and not as it says.
    pub(super) fn violated(&self, truth: &Truth) -> Option<Trip> {
        let broken = |trip: &&Trip| {
            trip.exit.is_some()
                && self.is_of(truth, trip)
                && self.reaches(trip)
                && !self.keeps(&trip.hops[0], trip.exit)
        };
        truth.trips.iter().find(broken).cloned()
    }

    /// Whether a witness would be a lie: no flow of anybody that could be meant takes at any hop a way that is not allowed. A
    /// flow that is lost on its way counts, and so does every interface crossed: each has a record of its own.
    pub(super) fn kept(&self, truth: &Truth) -> bool {
        let reaches = |trip: &Trip| {
            let public = matches!(
                self.to,
                Whom::Internet | Whom::AnyService | Whom::Service(_)
            ) && HOSTS.iter().any(|host| {
                host.0 == trip.peer.to_string() && (host.2 == "EC2" || host.2 == "AMAZON")
            });
            // An old list leaves it out, so that it looks like a stranger's.
            // A public address of another VPC's, by way of the internet, is the internet's (naming).
            let nameless = matches!(self.to, Whom::Internet)
                && (trip.peer.is_ipv6() || trip.peer.to_string() == "16.12.0.9");
            let private = matches!(self.to, Whom::Private) && trip.thing != Thing::Stranger;
            // A gateway's interface reads either end as the workload, an endpoint's or a host's of the other VPC.
            let either = match &self.to {
                Whom::Block(block) => block.contains(&trip.own),
                Whom::Private => true,
                _ => false,
            };
            self.reaches(trip) || public || private || nameless || either
        };
        !truth.trips.iter().any(|trip| {
            let crossed = trip
                .crossed
                .iter()
                .any(|index| self.scope.has(truth, *index));
            let from = self.from.is_default()
                || trip
                    .crossed
                    .iter()
                    .any(|index| self.from.has(truth, *index));
            let narrow = self.exits.is_some() || self.through.is_some();
            let stands = trip
                .crossed
                .iter()
                .filter_map(|index| match &truth.enis[*index].kind {
                    Kind::Workload => None,
                    Kind::Endpoint(id, _) => Some((Path::ViaEndpointEni, (*id).to_owned())),
                    Kind::Nat(id) => Some((Path::ViaNat, (*id).to_owned())),
                    Kind::Tgw => Some((Path::ViaTransitGateway, "tgw-1".to_owned())),
                    Kind::Appliance(_) => Some((Path::ViaAppliance, truth.enis[*index].id.clone())),
                    Kind::Gwlbe(id) => Some((Path::ViaAppliance, (*id).to_owned())),
                });
            let all = trip
                .hops
                .iter()
                .cloned()
                .chain(stands)
                .all(|hop| self.keeps(&hop, trip.exit))
                && (!narrow || trip.exit.is_some());
            crossed && from && reaches(trip) && !all
        })
    }
}
