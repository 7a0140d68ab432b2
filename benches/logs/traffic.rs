//! Who talks to whom, in which share, and how each interface on the way logs it.

use std::io::{self, Write};
use std::ops::Range;

use super::Totals;
use super::leg::{Exchange, Leg, host, public};
use super::random::Random;
use super::record::{Flow, Host, write_nodata};
use super::world::{self, Interface};

/// Of a hundred conversations: to S3, to an interface endpoint, inside the VPC; the rest to the internet.
const TO_S3: u64 = 40;
const TO_ENDPOINT: u64 = 20;
const INSIDE: u64 = 25;
/// One record in so many is a REJECT, and one in so many NODATA.
const REJECT_EVERY: u64 = 100;
const NODATA_EVERY: u64 = 50;
const HTTPS: u64 = 443;

/// The interfaces that speak.
struct World {
    workloads: Vec<Interface>,
    endpoints: Vec<Interface>,
    nat: Interface,
}

/// Writes conversations until the records are all there.
pub struct Traffic {
    random: Random,
    records: u64,
    window: Range<u64>,
    totals: Totals,
}

impl Traffic {
    pub fn new(records: u64, seed: u64, window: Range<u64>) -> Traffic {
        Traffic {
            random: Random::new(seed),
            records,
            window,
            totals: Totals::default(),
        }
    }

    pub fn write(mut self, out: &mut impl Write) -> io::Result<Totals> {
        let world = World {
            workloads: world::workloads(),
            endpoints: world::endpoints(),
            nat: world::nat(),
        };
        while self.totals.records < self.records {
            let (done, kind) = (self.totals.records, self.random.below(100));
            if self.totals.nodata * NODATA_EVERY < done {
                self.nodata(&world, out)?;
            } else if self.totals.rejected * REJECT_EVERY < done {
                self.rejected(&world, out)?;
            } else if kind < TO_S3 {
                self.with_s3(&world, out)?;
            } else if kind < TO_S3 + TO_ENDPOINT {
                self.with_endpoint(&world, out)?;
            } else if kind < TO_S3 + TO_ENDPOINT + INSIDE {
                self.inside(&world, out)?;
            } else {
                self.with_internet(&world, out)?;
            }
        }
        Ok(self.totals)
    }

    /// Records go forward through the window; an interval lasts a minute at most.
    fn times(&mut self) -> (u64, u64) {
        let last = self.window.end - 1;
        let passed = (last - self.window.start) * self.totals.records / self.records;
        let start = self.window.start + passed;
        (start, last.min(start + self.random.below(60)))
    }

    fn exchange(&mut self) -> Exchange {
        let (start_unix_s, end_unix_s) = self.times();
        let random = &mut self.random;
        let mut packets = || {
            let magnitude = random.below(11);
            1 + random.below(2 << magnitude)
        };
        let packets = [packets(), packets()];
        let whole = [[3, 19], [3, 19], [2, 18], [0, 0]];
        Exchange {
            protocol: 6,
            packets,
            bytes: packets.map(|count| count * (52 + random.below(1400))),
            tcp_flags: *random.pick(&whole),
            start_unix_s,
            end_unix_s,
        }
    }

    fn client<'a>(&mut self, world: &'a World) -> (&'a Interface, Host) {
        let eni = self.random.pick(&world.workloads);
        (eni, host(eni, 32_768 + self.random.below(28_232)))
    }

    fn other<'a>(&mut self, world: &'a World, than: &Interface) -> &'a Interface {
        loop {
            let eni = self.random.pick(&world.workloads);
            if eni.id != than.id {
                return eni;
            }
        }
    }

    fn flow(&mut self, flow: &Flow, meant: &'static str, out: &mut impl Write) -> io::Result<()> {
        if self.totals.records == self.records {
            return Ok(());
        }
        self.totals.records += 1;
        if !flow.accepted {
            self.totals.rejected += 1;
            return flow.write(out);
        }
        let sum = self.totals.meant.entry(meant).or_default();
        sum.flows += 1;
        sum.bytes += flow.bytes;
        flow.write(out)
    }

    fn leg(&mut self, leg: &Leg, exchange: &Exchange, out: &mut impl Write) -> io::Result<()> {
        self.flow(&leg.request(exchange), leg.meant, out)?;
        self.flow(&leg.reply(exchange), leg.meant, out)
    }

    fn nodata(&mut self, world: &World, out: &mut impl Write) -> io::Result<()> {
        let (start, end) = self.times();
        self.totals.records += 1;
        self.totals.nodata += 1;
        write_nodata(self.random.pick(&world.workloads), start, end, out)
    }

    /// The sender's interface lets it out, the receiver's does not let it in.
    fn rejected(&mut self, world: &World, out: &mut impl Write) -> io::Result<()> {
        let (at, client) = self.client(world);
        let to = self.other(world, at);
        let mut exchange = self.exchange();
        (exchange.packets[0], exchange.bytes[0]) = (1, 60);
        exchange.tcp_flags[0] = 2;
        let mut leg = Leg::at_client(
            at,
            client,
            host(to, *self.random.pick(&[22, 3389])),
            "workload intra-vpc",
        );
        self.flow(&leg.request(&exchange), leg.meant, out)?;
        (leg.at, leg.client_side) = (to, false);
        let refused = Flow {
            accepted: false,
            ..leg.request(&exchange)
        };
        self.flow(&refused, leg.meant, out)
    }

    fn with_s3(&mut self, world: &World, out: &mut impl Write) -> io::Result<()> {
        let (at, client) = self.client(world);
        let octets = [
            52,
            216 + self.random.below(2),
            self.random.below(256),
            self.random.below(256),
        ];
        let server = public(octets, HTTPS, "S3");
        let leg = Leg {
            egress_path: 7,
            ..Leg::at_client(at, client, server, "workload via-gateway-endpoint")
        };
        let exchange = self.exchange();
        self.leg(&leg, &exchange, out)
    }

    fn with_endpoint(&mut self, world: &World, out: &mut impl Write) -> io::Result<()> {
        let ((at, client), endpoint) = (self.client(world), self.random.pick(&world.endpoints));
        let mut leg = Leg::at_client(
            at,
            client,
            host(endpoint, HTTPS),
            "workload via-endpoint-eni",
        );
        let exchange = self.exchange();
        self.leg(&leg, &exchange, out)?;
        (leg.at, leg.client_side, leg.meant) = (endpoint, false, "endpoint via-endpoint-eni");
        self.leg(&leg, &exchange, out)
    }

    fn inside(&mut self, world: &World, out: &mut impl Write) -> io::Result<()> {
        let (at, client) = self.client(world);
        let to = self.other(world, at);
        let port = *self.random.pick(&[HTTPS, 5432, 6379, 8080, 8125]);
        let mut exchange = self.exchange();
        if port == 8125 {
            (exchange.protocol, exchange.tcp_flags) = (17, [0, 0]);
        }
        let mut leg = Leg::at_client(at, client, host(to, port), "workload intra-vpc");
        self.leg(&leg, &exchange, out)?;
        (leg.at, leg.client_side) = (to, false);
        self.leg(&leg, &exchange, out)
    }

    /// Three legs: at the workload, and at the NAT gateway's interface inside and outside.
    fn with_internet(&mut self, world: &World, out: &mut impl Write) -> io::Result<()> {
        let ((at, client), nat) = (self.client(world), &world.nat);
        let stranger = public([203, 0, 113, 1 + self.random.below(254)], HTTPS, "-");
        let outside = host(nat, 1024 + self.random.below(64_512));
        let exchange = self.exchange();
        let workload = Leg::at_client(at, client, stranger, "workload via-nat");
        self.leg(&workload, &exchange, out)?;
        let inside = Leg {
            at: nat,
            server: host(nat, HTTPS),
            server_behind: Some(stranger),
            client_side: false,
            meant: "nat via-nat",
            ..workload
        };
        self.leg(&inside, &exchange, out)?;
        let beyond = Leg {
            client: outside,
            server: stranger,
            server_behind: None,
            client_side: true,
            egress_path: 8,
            meant: "nat (outside leg)",
            ..inside
        };
        self.leg(&beyond, &exchange, out)
    }
}
