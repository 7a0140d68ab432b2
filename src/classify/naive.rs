//! The slow twin of the classifier: the contract and the facts, once more, as straight prose over plain data.
//!
//! In: the describe answers as they were, the published prefixes as a list, a record as optional values. Out: plain words. It shares
//! with the fast side only AWS's shapes and the spelling of services; whatever it shares cannot be found wrong here.

mod atlas;
mod exit;
mod judging;
mod naming;
mod reading;

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::topology::describe::{NatGateway, NetworkInterface, RouteTable};

use atlas::Kind;
pub use atlas::Shot;

/// A record, by field. `None` is `-`, or a field that the log lacks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    pub interface_id: Option<String>,
    pub vpc_id: Option<String>,
    pub subnet_id: Option<String>,
    pub resource_id: Option<String>,
    pub interface_type: Option<String>,
    pub srcaddr: Option<IpAddr>,
    pub dstaddr: Option<IpAddr>,
    pub pkt_srcaddr: Option<IpAddr>,
    pub pkt_dstaddr: Option<IpAddr>,
    pub pkt_src_aws_service: Option<String>,
    pub pkt_dst_aws_service: Option<String>,
    pub protocol: Option<i64>,
    pub tcp_flags: Option<i64>,
    pub flow_direction: Option<String>,
    pub traffic_path: Option<i64>,
    pub next_hop_interface_id: Option<String>,
    pub next_hop_interface_type: Option<String>,
    pub start: Option<i64>,
    pub end: Option<i64>,
    pub tgw_id: Option<String>,
    pub tgw_src_vpc_id: Option<String>,
    /// Whether the log has both `traffic-path` and `flow-direction`, for whatever record.
    pub log_tells_path: bool,
    /// Whether it is a transit gateway's own log.
    pub log_of_gateway: bool,
}

/// What is said of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub path: &'static str,
    pub basis: &'static str,
    pub via: Option<String>,
    pub exit: &'static str,
    pub realm: Option<&'static str>,
    pub service: Option<String>,
    pub workload: Option<IpAddr>,
    pub workload_interface: Option<String>,
    pub peer: Option<IpAddr>,
    pub vantage: &'static str,
    pub initiator: &'static str,
    pub workload_sends: Option<bool>,
    pub doubts: BTreeSet<&'static str>,
}

/// All that is known: topologies by time, and ip-ranges.json.
#[derive(Clone, Debug, Default)]
pub struct Atlas {
    pub shots: Vec<Shot>,
    pub ranges: Vec<(ipnet::IpNet, String)>,
}

/// Where a record was logged, by one topology.
struct Place<'a> {
    atlas: &'a Atlas,
    shot: Option<&'a Shot>,
    eni: Option<&'a NetworkInterface>,
    kind: Option<Kind>,
    /// Empty if not known.
    vpc: String,
    table: Option<&'a RouteTable>,
    regional: Option<&'a NatGateway>,
    time_s: i64,
}

impl<'a> Place<'a> {
    fn in_vpc(&self, address: IpAddr) -> bool {
        self.shot
            .is_some_and(|shot| shot.vpc_contains(&self.vpc, address))
    }

    fn owner(&self, address: IpAddr) -> Option<&'a NetworkInterface> {
        self.shot?.owner(&self.vpc, address)
    }

    /// Whether the address is that of the interface, or regional NAT gateway, that logged the record.
    fn own(&self, address: IpAddr) -> bool {
        let of_nat = |nat: &NatGateway| {
            let texts = nat
                .nat_gateway_addresses
                .iter()
                .flat_map(|one| [&one.private_ip, &one.public_ip]);
            texts.flatten().any(|text| text.parse() == Ok(address))
        };
        self.eni.is_some_and(|eni| self.has(eni, address)) || self.regional.is_some_and(of_nat)
    }

    fn has(&self, eni: &NetworkInterface, address: IpAddr) -> bool {
        self.shot.is_some_and(|shot| shot.has(eni, address))
    }
}

impl Atlas {
    /// Of the topologies with these indexes, by time, the valid one: the last that is not after the time, else the first.
    fn valid(&self, indexes: &[usize], time_s: i64) -> Option<usize> {
        let before = |index: &&usize| {
            self.shots[**index]
                .captured_s
                .is_none_or(|captured| captured <= time_s)
        };
        indexes.iter().rfind(before).or(indexes.first()).copied()
    }

    fn with_vpc(&self, vpc: &str) -> Vec<usize> {
        (0..self.shots.len())
            .filter(|index| self.shots[*index].describes_vpc(vpc))
            .collect()
    }

    /// The topology of a VPC that is valid at a time.
    fn of_vpc(&self, vpc: &str, time_s: i64) -> Option<&Shot> {
        self.valid(&self.with_vpc(vpc), time_s)
            .map(|index| &self.shots[index])
    }

    fn places<'a>(&'a self, record: &Record) -> Vec<Place<'a>> {
        let time_s = record.end.or(record.start).unwrap_or(0);
        let id = record.interface_id.as_deref().unwrap_or_default();
        let knowing: Vec<usize> = (0..self.shots.len())
            .filter(|index| self.shots[*index].eni(id).is_some())
            .collect();
        let vpc = match knowing.first() {
            Some(first) => self.shots[*first].eni(id).unwrap().vpc_id.clone(),
            None if record.log_of_gateway => record.tgw_src_vpc_id.clone(),
            None => record.vpc_id.clone(),
        };
        let of_nat = || {
            self.shots
                .iter()
                .find_map(|shot| shot.nat(record.resource_id.as_deref()?)?.vpc_id.clone())
        };
        let vpc = if knowing.is_empty() {
            vpc.or_else(of_nat)
        } else {
            vpc
        }
        .unwrap_or_default();
        let all = self.with_vpc(&vpc);
        let valid = self.valid(&all, time_s);
        let told = valid.filter(|index| knowing.is_empty() || knowing.contains(index));
        let Some(chosen) = told.or_else(|| self.valid(&knowing, time_s)).or(valid) else {
            return vec![self.place(None, None, &vpc, record, time_s)];
        };
        let eni = self.shots[chosen].eni(id);
        // The routes are those of the time, whether or not that topology knew the interface already, or still.
        let mut asked = vec![chosen];
        if valid.is_some_and(|valid| valid != chosen) {
            asked.extend(valid);
        } else if self.shots[chosen]
            .captured_s
            .is_some_and(|captured| captured <= time_s)
        {
            let next = all.iter().copied().find(|index| *index > chosen);
            asked.extend(
                next.filter(|next| self.shots[*next].answers != self.shots[chosen].answers),
            );
        }
        let account = |index: usize| self.shots[index].account.as_ref();
        asked.retain(|index| {
            account(*index).is_none()
                || account(chosen).is_none()
                || account(*index) == account(chosen)
        });
        let lender = eni.is_some().then_some(&self.shots[chosen]);
        asked
            .into_iter()
            .map(|index| {
                // Other VPCs are as they are when the second topology is taken.
                let taken = self.shots[index].captured_s.filter(|_| index != chosen);
                let time_s = taken.map_or(time_s, |taken| taken.max(time_s));
                self.place(Some(index), lender, &vpc, record, time_s)
            })
            .collect()
    }

    /// By one topology; the interface is lent by another where this one lacks it.
    fn place<'a>(
        &'a self,
        index: Option<usize>,
        lender: Option<&'a Shot>,
        vpc: &str,
        record: &Record,
        time_s: i64,
    ) -> Place<'a> {
        let shot = index.map(|index| &self.shots[index]);
        let id = record.interface_id.as_deref().unwrap_or_default();
        let teller = shot.filter(|shot| shot.eni(id).is_some()).or(lender);
        let eni = teller.and_then(|shot| shot.eni(id));
        let subnet = eni.map_or(record.subnet_id.as_deref(), |eni| eni.subnet_id.as_deref());
        Place {
            atlas: self,
            shot,
            eni,
            kind: teller.zip(eni).map(|(shot, eni)| shot.kind(eni)),
            vpc: vpc.to_owned(),
            table: shot.and_then(|shot| shot.table_of_subnet(subnet?)),
            regional: shot.and_then(|shot| shot.nat(regional_nat(record)?)),
            time_s,
        }
    }

    /// Says of a record which way it went.
    pub fn says(&self, record: &Record) -> Said {
        let mut all: Vec<Said> = self
            .places(record)
            .iter()
            .map(|place| judging::judge(record, place))
            .collect();
        let said = all.remove(0);
        match all.pop() {
            Some(other) => agreed(said, &other),
            None => said,
        }
    }
}

/// What is left where two topologies are asked: only what both say.
fn agreed(mut said: Said, other: &Said) -> Said {
    if said.workload_interface != other.workload_interface {
        said.workload_interface = None;
    }
    let of_note = ["FAR_HIDDEN", "MASKED", "PEER_UNOWNED"];
    let noted = |said: &Said| of_note.map(|doubt| said.doubts.contains(doubt));
    let at_home = |said: &Said| match said.path {
        "intra-vpc" => !said.doubts.contains("FAR_HIDDEN"),
        "undetermined" => said.doubts.contains("PEER_UNOWNED"),
        path => path == "via-endpoint-eni",
    };
    let at_home = at_home(&said) && at_home(other);
    let same_way = (said.path, &said.via, said.exit) == (other.path, &other.via, other.exit);
    // Both ends may have the same address.
    let same_side = said.workload_sends == other.workload_sends;
    let same_peer = same_side && said.peer == other.peer;
    let same_workload = same_side && said.workload == other.workload;
    let same_service = said.service == other.service;
    let same_realm = said.realm == other.realm;
    let same_vantage = said.vantage == other.vantage;
    let alike = [
        same_way,
        same_peer,
        same_workload,
        same_service,
        same_realm,
        same_vantage,
    ];
    if alike.iter().all(|same| *same) && noted(&said) == noted(other) {
        return said;
    }
    (said.path, said.basis, said.via, said.exit) =
        ("undetermined", "snapshots-differ", None, "unknown");
    for doubt in ["FAR_HIDDEN", "MASKED"] {
        said.doubts.extend(other.doubts.get(doubt).copied());
    }
    said.doubts.remove("PEER_UNOWNED");
    if at_home {
        said.doubts.insert("PEER_UNOWNED");
    }
    if !same_service {
        said.service = None;
    }
    if !same_vantage {
        said.vantage = "unknown";
    }
    if !same_workload {
        (said.workload, said.workload_interface) = (None, None);
        (said.initiator, said.workload_sends) = ("unknown", None);
    }
    if !same_realm || !same_peer {
        said.realm = None;
    }
    if !same_peer {
        said.peer = None;
        said.doubts.insert("FAR_HIDDEN");
    }
    said
}

fn regional_nat(record: &Record) -> Option<&str> {
    record
        .resource_id
        .as_deref()
        .filter(|id| id.starts_with("nat-"))
}
