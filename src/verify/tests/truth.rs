//! What AWS would do and log: a small network, its packets routed hop by hop, and the records of every interface crossed.
//!
//! In: a tape of choices, so that a failure shrinks. Out: a [`Truth`]: interfaces, tables, trips that truly happened, records. Nothing
//! here looks at the product; sources: facts 1, 5.3 to 5.5, 6 and 7.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::path::{Exit, Path};

/// Choices, read one after the other; past its end everything is the first choice.
pub(super) struct Tape<'t> {
    words: &'t [u16],
    at: usize,
}

impl<'t> Tape<'t> {
    pub(super) fn new(words: &'t [u16]) -> Self {
        Tape { words, at: 0 }
    }

    /// One of the first `n` numbers.
    pub(super) fn pick(&mut self, n: usize) -> usize {
        let word = self.words.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(word) % n.max(1)
    }

    /// Yes once in `n`.
    pub(super) fn once_in(&mut self, n: usize) -> bool {
        self.pick(n) == n - 1
    }

    pub(super) fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.pick(choices.len())].clone()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Workload,
    /// Endpoint id and service.
    Endpoint(&'static str, &'static str),
    Nat(&'static str),
    Tgw,
    /// Whether it translates addresses.
    Appliance(bool),
    Gwlbe(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Eni {
    pub(super) id: String,
    pub(super) vpc: usize,
    pub(super) subnet: usize,
    pub(super) kind: Kind,
    /// The primary IPv4 address first.
    pub(super) addresses: Vec<IpAddr>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    Local,
    Igw,
    Eigw,
    GatewayEndpoint,
    Nat(&'static str),
    Tgw,
    Peering,
    Vgw,
    /// An interface by id.
    Eni(String),
    Gwlbe(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Route {
    /// `None` is S3's prefix list.
    pub(super) to: Option<IpNet>,
    pub(super) target: Target,
}

#[derive(Clone, Debug)]
pub(super) struct Subnet {
    pub(super) vpc: usize,
    /// Its own table; else the VPC's main one, which has the VPC's index.
    pub(super) table: Option<usize>,
}

/// What the peer truly is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Thing {
    Service(&'static str),
    Stranger,
    Private,
}

/// Public and private hosts beyond the VPCs: address, what it is, what AWS's records call it.
#[rustfmt::skip]
pub(super) const HOSTS: &[(&str, Thing, &str)] = &[
    ("52.216.0.9",        Thing::Service("s3"),  "S3"),
    ("52.216.8.9",        Thing::Service("s3"),  "S3"),
    ("52.218.0.9",        Thing::Service("s3"),  "S3"),
    ("203.0.113.9",       Thing::Stranger,       "-"),
    ("3.5.0.9",           Thing::Stranger,       "EC2"),
    ("3.5.9.9",           Thing::Service("sts"), "EC2"),
    ("52.94.0.9",         Thing::Service("sts"), "AMAZON"),
    ("192.168.7.7",       Thing::Private,        "-"),
    ("2600:1fa0:8000::9", Thing::Service("s3"),  "S3"),
    ("2001:db8:ffff::9",  Thing::Stranger,       "-"),
    // AWS took it into use after the list of ranges was made, if that is old.
    ("16.12.0.9",         Thing::Service("s3"),  "S3"),
];

/// S3's prefix list.
pub(super) const LIST: &[&str] = &["52.216.0.0/15", "54.231.0.0/17"];

pub(super) fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn blocks_of_vpc(vpc: usize) -> [IpNet; 2] {
    [
        net(&format!("10.{vpc}.0.0/16")),
        net(&format!("2600:1f00:0:{vpc}00::/56")),
    ]
}

pub(super) fn block_of_subnet(vpc: usize, place: usize) -> String {
    format!("10.{vpc}.{}.0/24", place + 1)
}

/// One hop's way on: path and gateway.
pub(super) type Hop = (Path, String);

/// A conversation as one workload sees it: whom it truly talks to, which way its packets truly go.
#[derive(Clone, Debug)]
pub(super) struct Trip {
    pub(super) workload: usize,
    pub(super) own: IpAddr,
    pub(super) peer: IpAddr,
    pub(super) peer_port: u16,
    pub(super) thing: Thing,
    /// The first is the workload's own.
    pub(super) hops: Vec<Hop>,
    pub(super) exit: Option<Exit>,
    /// Interfaces that its packets and their answers cross, its own among them.
    pub(super) crossed: Vec<usize>,
}

/// A record before it is cut to a format: field and text.
pub(super) type Record = Vec<(&'static str, String)>;

#[derive(Clone, Debug, Default)]
pub(super) struct Truth {
    pub(super) vpcs: usize,
    pub(super) subnets: Vec<Subnet>,
    /// Main tables first, in the VPCs' order; with their VPC.
    pub(super) tables: Vec<(usize, Vec<Route>)>,
    pub(super) enis: Vec<Eni>,
    /// Where a transit gateway sends what no VPC of its own has.
    pub(super) tgw_default: Option<usize>,
    /// Old instances say 2 for 7 and 8.
    pub(super) vague: bool,
    pub(super) trips: Vec<Trip>,
    pub(super) records: Vec<Record>,
    translations: Vec<(usize, IpAddr, u16, u16)>,
}

#[derive(Clone, Copy, Debug)]
struct Packet {
    src: IpAddr,
    dst: IpAddr,
    sport: u16,
    dport: u16,
}

/// How a packet ended.
enum Fate {
    Delivered(usize, Packet),
    /// It left the VPCs from this interface; the reply comes in by a transit gateway, or not.
    Outside(usize, Packet, bool),
    Dropped,
}

#[derive(Default)]
struct Walked {
    hops: Vec<Hop>,
    crossed: Vec<usize>,
    exit: Option<Exit>,
}

impl Truth {
    pub(super) fn new(tape: &mut Tape<'_>) -> Truth {
        let mut truth = Truth {
            vpcs: 1 + tape.pick(2),
            ..Truth::default()
        };
        truth.vague = tape.once_in(8);
        for vpc in 0..truth.vpcs {
            let main = truth.table(tape, vpc);
            truth.tables.push((vpc, main));
        }
        for vpc in 0..truth.vpcs {
            for place in 0..=1 + tape.pick(2) {
                let own = place < 2 && !tape.once_in(4);
                let table = own.then(|| {
                    let routes = truth.table(tape, vpc);
                    truth.tables.push((vpc, routes));
                    truth.tables.len() - 1
                });
                truth.subnets.push(Subnet { vpc, table });
            }
        }
        truth.tgw_default = tape.once_in(3).then(|| truth.vpcs - 1);
        for vpc in 0..truth.vpcs {
            truth.infrastructure(tape, vpc);
        }
        for _ in 0..=tape.pick(2) {
            truth.workload(tape);
        }
        for _ in 0..=tape.pick(5) {
            truth.flow(tape);
        }
        truth
    }

    fn subnets_of(&self, vpc: usize) -> Vec<usize> {
        (0..self.subnets.len())
            .filter(|index| self.subnets[*index].vpc == vpc)
            .collect()
    }

    /// Place of a subnet among its VPC's.
    pub(super) fn place(&self, subnet: usize) -> usize {
        self.subnets_of(self.subnets[subnet].vpc)
            .iter()
            .position(|other| *other == subnet)
            .unwrap()
    }

    /// A table: local, and of each other sort a route or none.
    fn table(&self, tape: &mut Tape<'_>, vpc: usize) -> Vec<Route> {
        let nat = ["nat-a", "nat-b"][vpc];
        let gwlbe = ["vpce-gwa", "vpce-gwb"][vpc];
        let appliance = Target::Eni(format!("eni-appl{vpc}"));
        let mut routes: Vec<Route> = blocks_of_vpc(vpc)
            .into_iter()
            .map(|to| Route {
                to: Some(to),
                target: Target::Local,
            })
            .collect();
        let mut add = |to: Option<&str>, target: Option<Target>| {
            if let Some(target) = target {
                routes.push(Route {
                    to: to.map(net),
                    target,
                });
            }
        };
        let some = [
            Target::Igw,
            Target::Nat(nat),
            appliance.clone(),
            Target::Gwlbe(gwlbe),
            Target::Tgw,
            Target::Vgw,
        ];
        let default = tape.pick(7);
        add(
            Some("0.0.0.0/0"),
            default.checked_sub(1).map(|index| some[index].clone()),
        );
        if tape.pick(3) > 0 {
            add(None, Some(Target::GatewayEndpoint));
        }
        if tape.once_in(4) {
            add(Some("52.216.8.0/24"), Some(tape.of(&some)));
        }
        if tape.once_in(3) {
            add(
                Some("192.168.0.0/16"),
                Some(tape.of(&[Target::Tgw, Target::Vgw, Target::Nat(nat)])),
            );
        }
        if self.vpcs > 1 && tape.pick(4) > 0 {
            let other = format!("10.{}.0.0/16", 1 - vpc);
            add(
                Some(&other),
                Some(tape.of(&[
                    Target::Peering,
                    Target::Tgw,
                    Target::Peering,
                    Target::Tgw,
                    appliance.clone(),
                    Target::Nat(nat),
                ])),
            );
            if tape.once_in(2) {
                let other = format!("2600:1f00:0:{}00::/56", 1 - vpc);
                add(Some(&other), Some(tape.of(&[Target::Peering, Target::Tgw])));
            }
        }
        if tape.once_in(2) {
            add(Some("::/0"), Some(tape.of(&[Target::Igw, Target::Eigw])));
        }
        if tape.once_in(6) {
            let inside = block_of_subnet(vpc, tape.pick(3));
            add(
                Some(&inside),
                Some(tape.of(&[appliance, Target::Gwlbe(gwlbe), Target::Nat(nat)])),
            );
        }
        routes
    }

    fn eni(&mut self, id: String, subnet: usize, kind: Kind, last: u8) -> usize {
        let (vpc, place) = (self.subnets[subnet].vpc, self.place(subnet));
        let mut addresses = vec![ip(&format!("10.{vpc}.{}.{last}", place + 1))];
        if kind == Kind::Workload || kind == Kind::Tgw {
            addresses.push(ip(&format!("2600:1f00:0:{vpc}0{place}::{last:x}")));
        }
        self.enis.push(Eni {
            id,
            vpc,
            subnet,
            kind,
            addresses,
        });
        self.enis.len() - 1
    }

    /// What routes lead to, and endpoints.
    fn infrastructure(&mut self, tape: &mut Tape<'_>, vpc: usize) {
        let subnets = self.subnets_of(vpc);
        let at = |tape: &mut Tape<'_>| subnets[tape.pick(subnets.len())];
        let needed = |truth: &Truth, target: &Target| {
            truth
                .tables
                .iter()
                .any(|(_, routes)| routes.iter().any(|route| route.target == *target))
        };
        let (nat, gwlbe, appliance) = (
            ["nat-a", "nat-b"][vpc],
            ["vpce-gwa", "vpce-gwb"][vpc],
            format!("eni-appl{vpc}"),
        );
        if needed(self, &Target::Nat(nat)) {
            let subnet = at(tape);
            self.eni(format!("eni-nat{vpc}"), subnet, Kind::Nat(nat), 20);
        }
        if needed(self, &Target::Gwlbe(gwlbe)) {
            let subnet = at(tape);
            self.eni(format!("eni-gwlbe{vpc}"), subnet, Kind::Gwlbe(gwlbe), 21);
        }
        if needed(self, &Target::Eni(appliance.clone())) {
            let (subnet, translates) = (at(tape), tape.once_in(2));
            self.eni(appliance, subnet, Kind::Appliance(translates), 22);
        }
        if needed(self, &Target::Tgw) {
            let subnet = at(tape);
            self.eni(format!("eni-tgw{vpc}"), subnet, Kind::Tgw, 23);
        }
        for (service, id, last) in [
            ("s3", ["vpce-s3a", "vpce-s3b"][vpc], 24),
            ("sts", ["vpce-stsa", "vpce-stsb"][vpc], 25),
        ] {
            if tape.once_in(2) {
                let subnet = at(tape);
                self.eni(
                    format!("eni-{service}{vpc}"),
                    subnet,
                    Kind::Endpoint(id, service),
                    last,
                );
            }
        }
    }

    fn workload(&mut self, tape: &mut Tape<'_>) {
        let subnet = tape.pick(self.subnets.len());
        let number = self.enis.len();
        let last = u8::try_from(100 + number).unwrap();
        let index = self.eni(format!("eni-w{number}"), subnet, Kind::Workload, last);
        if tape.once_in(3) {
            let second = ip(&format!(
                "10.{}.{}.{}",
                self.enis[index].vpc,
                self.place(subnet) + 1,
                last + 100
            ));
            self.enis[index].addresses.insert(1, second);
        }
    }

    // ---- packets ----

    pub(super) fn routes_of(&self, subnet: usize) -> &[Route] {
        &self.tables[self.subnets[subnet]
            .table
            .unwrap_or(self.subnets[subnet].vpc)]
        .1
    }

    /// Longest prefix; a route to a block before one to a list.
    fn lookup(&self, eni: usize, dst: IpAddr) -> Option<Target> {
        let mut best: Option<(u8, bool, &Target)> = None;
        for route in self.routes_of(self.enis[eni].subnet) {
            let blocks: Vec<IpNet> = route.to.map_or_else(
                || LIST.iter().map(|text| net(text)).collect(),
                |to| vec![to],
            );
            for block in blocks.iter().filter(|block| block.contains(&dst)) {
                let key = (block.prefix_len(), route.to.is_some());
                if best.is_none_or(|(len, fixed, _)| key > (len, fixed)) {
                    best = Some((key.0, key.1, &route.target));
                }
            }
        }
        best.map(|(.., target)| target.clone())
    }

    pub(super) fn owner(&self, vpc: usize, address: IpAddr) -> Option<usize> {
        self.enis
            .iter()
            .position(|eni| eni.vpc == vpc && eni.addresses.contains(&address))
    }

    fn find(&self, found: impl Fn(&Eni) -> bool) -> Option<usize> {
        self.enis.iter().position(found)
    }

    /// What a hop leads to: path, gateway, traffic-path, receiving interface.
    fn hop(
        &self,
        eni: usize,
        target: Option<&Target>,
        dst: IpAddr,
    ) -> (Option<Hop>, &'static str, Option<usize>) {
        let vpc = self.enis[eni].vpc;
        let here = |kind: &Kind| self.find(|eni| eni.vpc == vpc && eni.kind == *kind);
        let says = |path, via: &str, value, next| (Some((path, via.to_owned())), value, next);
        let (seven, eight) = if self.vague { ("2", "2") } else { ("7", "8") };
        match target {
            None => (None, "-", None),
            Some(Target::Local) => match self.owner(vpc, dst) {
                Some(owner) => match self.enis[owner].kind {
                    Kind::Endpoint(id, _) => says(Path::ViaEndpointEni, id, "1", Some(owner)),
                    _ => says(Path::IntraVpc, "", "1", Some(owner)),
                },
                None => says(Path::IntraVpc, "", "1", None),
            },
            Some(Target::Igw) => says(Path::InternetBound, ["igw-a", "igw-b"][vpc], eight, None),
            Some(Target::Eigw) => says(Path::InternetBound, ["eigw-a", "eigw-b"][vpc], eight, None),
            Some(Target::GatewayEndpoint) => says(
                Path::ViaGatewayEndpoint,
                ["vpce-gwep0", "vpce-gwep1"][vpc],
                seven,
                None,
            ),
            Some(Target::Nat(id)) => says(Path::ViaNat, id, "1", here(&Kind::Nat(id))),
            Some(Target::Tgw) => says(Path::ViaTransitGateway, "tgw-1", "1", here(&Kind::Tgw)),
            Some(Target::Peering) => says(Path::ViaPeering, "pcx-1", "4", None),
            Some(Target::Vgw) => says(Path::ViaVpn, ["vgw-a", "vgw-b"][vpc], "3", None),
            Some(Target::Eni(id)) => {
                says(Path::ViaAppliance, id, "1", self.find(|eni| eni.id == *id))
            }
            Some(Target::Gwlbe(id)) => says(Path::ViaAppliance, id, "1", here(&Kind::Gwlbe(id))),
        }
    }

    fn thing(&self, address: IpAddr, vpc: usize) -> Thing {
        if let Some((_, thing, _)) = HOSTS.iter().find(|host| ip(host.0) == address) {
            return *thing;
        }
        let owner = self
            .owner(vpc, address)
            .or_else(|| (0..self.vpcs).find_map(|vpc| self.owner(vpc, address)));
        match owner.map(|owner| &self.enis[owner].kind) {
            Some(Kind::Endpoint(_, service)) => Thing::Service(service),
            Some(_) | None => Thing::Private,
        }
    }

    /// Sends a packet out of an interface, and logs it wherever it passes.
    fn send(&mut self, from: usize, packet: Packet, walked: &mut Walked) -> Fate {
        let (mut at, mut packet) = (from, packet);
        for _ in 0..5 {
            let target = self.lookup(at, packet.dst);
            let (hop, value, next) = self.hop(at, target.as_ref(), packet.dst);
            self.log_out(at, packet, value, next);
            walked.crossed.push(at);
            walked.hops.extend(hop);
            let last = at;
            let next = match target {
                Some(Target::Igw | Target::Eigw) => {
                    walked.exit = Some(Exit::InternetGateway);
                    return Fate::Outside(last, packet, false);
                }
                Some(Target::GatewayEndpoint) => {
                    walked.exit = Some(Exit::GatewayEndpoint);
                    return Fate::Outside(last, packet, false);
                }
                Some(Target::Vgw) => {
                    walked.exit = Some(Exit::Vpn);
                    return Fate::Outside(last, packet, false);
                }
                Some(Target::Peering) if self.vpcs > 1 => {
                    self.owner(1 - self.enis[at].vpc, packet.dst)
                }
                Some(
                    Target::Local
                    | Target::Nat(_)
                    | Target::Tgw
                    | Target::Eni(_)
                    | Target::Gwlbe(_),
                ) => next,
                Some(Target::Peering) | None => None,
            };
            let Some(next) = next else {
                return Fate::Dropped;
            };
            self.log_in(next, packet);
            walked.crossed.push(next);
            let addressed = self.enis[next].addresses.contains(&packet.dst);
            match self.enis[next].kind.clone() {
                Kind::Nat(_) | Kind::Appliance(true) if addressed => {
                    let known = self
                        .translations
                        .iter()
                        .rev()
                        .find(|known| known.0 == next && known.3 == packet.dport)
                        .copied();
                    let Some((_, src, port, _)) = known else {
                        return self.delivered(next, packet, walked);
                    };
                    packet = Packet {
                        dst: src,
                        dport: port,
                        ..packet
                    };
                }
                _ if addressed => return self.delivered(next, packet, walked),
                Kind::Nat(_) | Kind::Appliance(true) if packet.src.is_ipv4() => {
                    let port = u16::try_from(2_000 + self.translations.len()).unwrap();
                    self.translations
                        .push((next, packet.src, packet.sport, port));
                    packet = Packet {
                        src: self.enis[next].addresses[0],
                        sport: port,
                        ..packet
                    };
                }
                Kind::Appliance(_) | Kind::Gwlbe(_) => {}
                Kind::Tgw => {
                    let of_vpc = (0..self.vpcs).find(|vpc| {
                        blocks_of_vpc(*vpc)
                            .iter()
                            .any(|block| block.contains(&packet.dst))
                    });
                    let other = of_vpc
                        .or(self.tgw_default)
                        .filter(|vpc| *vpc != self.enis[next].vpc);
                    match other
                        .and_then(|vpc| self.find(|eni| eni.vpc == vpc && eni.kind == Kind::Tgw))
                    {
                        Some(attached) => {
                            at = attached;
                            continue;
                        }
                        None if of_vpc.is_some() => return Fate::Dropped,
                        None => {
                            walked.exit = Some(Exit::TransitGateway);
                            return Fate::Outside(next, packet, true);
                        }
                    }
                }
                Kind::Workload | Kind::Endpoint(..) | Kind::Nat(_) => return Fate::Dropped,
            }
            at = next;
        }
        Fate::Dropped
    }

    fn delivered(&self, at: usize, packet: Packet, walked: &mut Walked) -> Fate {
        walked.exit = Some(if matches!(self.enis[at].kind, Kind::Endpoint(..)) {
            Exit::Endpoint
        } else {
            Exit::None
        });
        Fate::Delivered(at, packet)
    }

    fn log_out(&mut self, at: usize, packet: Packet, value: &str, next: Option<usize>) {
        let eni = &self.enis[at];
        let foreign = packet.src.is_ipv4() && !eni.addresses.contains(&packet.src);
        let src = if foreign {
            eni.addresses[0]
        } else {
            packet.src
        };
        // Towards a hop that forwards, the far address stands; the return through a NAT gateway shows the client there.
        let record = self.record(at, packet, src, packet.dst, ("egress", value), next);
        self.records.push(record);
    }

    fn log_in(&mut self, at: usize, packet: Packet) {
        let eni = &self.enis[at];
        let dst = if packet.dst.is_ipv4() {
            eni.addresses[0]
        } else {
            packet.dst
        };
        let record = self.record(at, packet, packet.src, dst, ("ingress", "-"), None);
        self.records.push(record);
    }

    fn type_word(&self, eni: Option<usize>) -> &'static str {
        match eni.map(|eni| &self.enis[eni].kind) {
            Some(Kind::Nat(_)) => "nat_gateway",
            Some(Kind::Tgw) => "transit_gateway",
            Some(Kind::Endpoint(..) | Kind::Gwlbe(_)) => "vpc_endpoint",
            Some(Kind::Workload | Kind::Appliance(_)) | None => "-",
        }
    }

    fn record(
        &self,
        at: usize,
        packet: Packet,
        src: IpAddr,
        dst: IpAddr,
        way: (&str, &str),
        next: Option<usize>,
    ) -> Record {
        let eni = &self.enis[at];
        let minute = i64::try_from(self.records.len() % 25).unwrap();
        let start = super::T0 + 60 * minute + 5;
        // What leaves by the NAT gateway's inside has the far end's address in pkt-srcaddr, and the gateway's in srcaddr.
        let code = |address: IpAddr| {
            HOSTS
                .iter()
                .find(|host| ip(host.0) == address)
                .map_or("-", |host| host.2)
                .to_owned()
        };
        vec![
            ("version", "5".to_owned()),
            ("account-id", "111122223333".to_owned()),
            ("interface-id", eni.id.clone()),
            ("srcaddr", src.to_string()),
            ("dstaddr", dst.to_string()),
            ("srcport", packet.sport.to_string()),
            ("dstport", packet.dport.to_string()),
            ("protocol", "6".to_owned()),
            ("packets", "10".to_owned()),
            ("bytes", "1000".to_owned()),
            ("start", start.to_string()),
            ("end", (start + 50).to_string()),
            ("action", "ACCEPT".to_owned()),
            ("log-status", "OK".to_owned()),
            ("vpc-id", format!("vpc-{}", eni.vpc)),
            ("subnet-id", format!("subnet-{}", eni.subnet)),
            ("instance-id", "-".to_owned()),
            ("tcp-flags", "3".to_owned()),
            (
                "type",
                if packet.src.is_ipv4() { "IPv4" } else { "IPv6" }.to_owned(),
            ),
            ("pkt-srcaddr", packet.src.to_string()),
            ("pkt-dstaddr", packet.dst.to_string()),
            ("pkt-src-aws-service", code(packet.src)),
            ("pkt-dst-aws-service", code(packet.dst)),
            ("flow-direction", way.0.to_owned()),
            ("traffic-path", way.1.to_owned()),
            ("interface-type", self.type_word(Some(at)).to_owned()),
            (
                "next-hop-interface-id",
                next.map_or("-".to_owned(), |next| self.enis[next].id.clone()),
            ),
            ("next-hop-interface-type", self.type_word(next).to_owned()),
        ]
    }

    /// A true flow: forward, and its reply.
    fn flow(&mut self, tape: &mut Tape<'_>) {
        let workloads: Vec<usize> = (0..self.enis.len())
            .filter(|index| self.enis[*index].kind == Kind::Workload)
            .collect();
        let workload = tape.of(&workloads);
        let mut peers: Vec<IpAddr> = HOSTS.iter().map(|host| ip(host.0)).collect();
        peers.extend(
            self.enis
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != workload)
                .flat_map(|(_, eni)| eni.addresses.clone()),
        );
        peers.push(ip("10.0.1.250"));
        let peer = tape.of(&peers);
        let own: Vec<IpAddr> = self.enis[workload]
            .addresses
            .iter()
            .copied()
            .filter(|own| own.is_ipv4() == peer.is_ipv4())
            .collect();
        let own = tape.of(&own);
        let packet = Packet {
            src: own,
            dst: peer,
            sport: u16::try_from(40_000 + self.records.len()).unwrap(),
            dport: tape.of(&[443, 80]),
        };
        if tape.once_in(8) {
            // A security group stops it: one record, and no traffic.
            let before = self.records.len();
            let target = self.lookup(workload, peer);
            let (_, value, next) = self.hop(workload, target.as_ref(), peer);
            self.log_out(workload, packet, value, next);
            self.records[before][12].1 = "REJECT".to_owned();
            return;
        }
        let (mut walked, mut reply) = (Walked::default(), Walked::default());
        match self.send(workload, packet, &mut walked) {
            Fate::Dropped => {}
            Fate::Delivered(at, seen) => {
                let back = Packet {
                    src: seen.dst,
                    dst: seen.src,
                    sport: seen.dport,
                    dport: seen.sport,
                };
                let reached = !matches!(self.send(at, back, &mut reply), Fate::Dropped);
                if self.enis[at].kind == Kind::Workload && reached {
                    self.trip(at, back, &reply, &walked);
                }
            }
            Fate::Outside(last, seen, by_tgw) => {
                let back = Packet {
                    src: seen.dst,
                    dst: seen.src,
                    sport: seen.dport,
                    dport: seen.sport,
                };
                let vpc = self.enis[last].vpc;
                if by_tgw {
                    self.send(last, back, &mut reply);
                } else if let Some(owner) = self.owner(vpc, back.dst) {
                    self.log_in(owner, back);
                    let known = self
                        .translations
                        .iter()
                        .rev()
                        .find(|known| known.0 == owner && known.3 == back.dport)
                        .copied();
                    if let Some((_, src, port, _)) = known {
                        self.send(
                            owner,
                            Packet {
                                dst: src,
                                dport: port,
                                ..back
                            },
                            &mut reply,
                        );
                    }
                }
            }
        }
        self.trip(workload, packet, &walked, &reply);
    }

    fn trip(&mut self, workload: usize, packet: Packet, walked: &Walked, answer: &Walked) {
        let thing = self.thing(packet.dst, self.enis[workload].vpc);
        self.trips.push(Trip {
            workload,
            own: packet.src,
            peer: packet.dst,
            peer_port: packet.dport,
            thing,
            hops: walked.hops.clone(),
            exit: walked.exit,
            crossed: [&walked.crossed[..], &answer.crossed].concat(),
        });
    }
}
