//! Tags a batch: rows to cases to tags.
//!
//! Cost: one route lookup and at most one range lookup a record; allocates the tags and nothing a record.

use rayon::prelude::*;

use crate::classify::ends::{Ends, Logger, ends};
use crate::classify::exit::{End, follow, unowned};
use crate::classify::naming::{Name, name};
use crate::classify::place::{Place, places};
use crate::classify::row::{Direction, Extra, Row, Rows};
use crate::classify::rules::{Case, Decision, by_route, decide};
use crate::model::batch::{FlowBatch, Status};
use crate::model::path::{Exit, Initiator, Path};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, ServiceBy, Tag, Tags};
use crate::topology::World;

/// Tags every record of a batch; NODATA and SKIPDATA rows get `None`.
pub fn tags(batch: &FlowBatch, world: &World) -> Tags {
    let mut extra = Extra::new(&world.symbols);
    let rows = Rows::new(batch, &mut extra);
    let tagged = batch
        .statuses()
        .iter()
        .enumerate()
        .map(|(index, status)| match status {
            Status::Flow => Some(tag(&rows.get(index), world)),
            Status::NoData | Status::SkipData => None,
        });
    Tags {
        rows: tagged.collect(),
        extra: extra.into_names(),
    }
}

/// Tags several batches, in parallel.
pub fn tags_of_all(batches: &[FlowBatch], world: &World) -> Vec<Tags> {
    batches.par_iter().map(|batch| tags(batch, world)).collect()
}

fn tag(row: &Row, world: &World) -> Tag {
    let (first, second) = places(world, row);
    let tag = tag_at(row, first);
    match second.map(|second| tag_at(row, second)) {
        Some(other)
            if (other.path, other.via, other.exit, other.service)
                != (tag.path, tag.via, tag.exit, tag.service) =>
        {
            Tag {
                path: Path::Undetermined,
                basis: "snapshots-differ",
                via: Sym::NONE,
                exit: Exit::Unknown,
                flags: tag.flags.with(Flags::SNAPSHOTS_DIFFER),
                ..tag
            }
        }
        Some(_) | None => tag,
    }
}

fn tag_at(row: &Row, place: Place<'_>) -> Tag {
    let ends = ends(row, &place);
    let route = by_route(&place, &ends);
    let case = Case {
        row: *row,
        place,
        ends,
        route,
    };
    let decision = decide(&case);
    let (end, flags) = end_of(&case, &decision);
    let flags = flags.with(unowned(&place, decision.path, end, ends.peer));
    let named = ends
        .peer
        .map(|peer| name(&place, peer, decision.path, end.endpoint, ends.peer_service));
    let vpc = place.vpc.map_or(row.vpc, |vpc| vpc.id);
    let vpc_unknown = if place.vpc.is_none() {
        Flags::VPC_UNKNOWN
    } else {
        Flags::default()
    };
    Tag {
        path: decision.path,
        basis: decision.basis,
        via: decision.via,
        exit: end.exit,
        realm: named.map(|name| name.realm),
        service: named.map_or(Sym::NONE, |name: Name| name.service),
        labels: named.map_or(0, |name| name.labels),
        service_by: named.map_or(ServiceBy::Nobody, |name| name.by),
        workload: ends.workload,
        workload_interface: workload_interface(row, &case),
        vpc,
        peer: ends.peer,
        workload_port: ends.workload_port,
        peer_port: ends.peer_port,
        vantage: ends.logger.vantage(),
        interface: row.interface,
        initiator: initiator(row, &ends),
        flags: flags
            .with(named.map_or(Flags::default(), |name| name.flags))
            .with(vpc_unknown),
    }
}

/// The end of the way; where a NAT gateway's own record tells it, the record wins over the table.
fn end_of(case: &Case<'_>, decision: &Decision) -> (End, Flags) {
    let flags = case.ends.flags.with(decision.flags);
    let by_table = follow(&case.place, decision.path, decision.via, case.ends.peer);
    let outside = matches!(case.ends.logger, Logger::Nat(_)) && case.ends.flags.has(Flags::MASKED);
    let told = match case
        .row
        .traffic_path
        .filter(|_| outside && case.ends.direction == Some(Direction::Egress))
    {
        Some(7) => Exit::GatewayEndpoint,
        Some(8) => Exit::InternetGateway,
        Some(3) => Exit::Vpn,
        Some(_) | None => return (by_table, flags),
    };
    if told == by_table.exit {
        return (by_table, flags);
    }
    let disagrees = if by_table.exit == Exit::Unknown {
        Flags::default()
    } else {
        Flags::DISAGREES
    };
    (
        End {
            exit: told,
            endpoint: Sym::NONE,
        },
        flags.with(disagrees),
    )
}

fn workload_interface(row: &Row, case: &Case<'_>) -> Sym {
    match case.ends.logger {
        Logger::Host | Logger::Stranger => row.interface,
        Logger::Endpoint(_) | Logger::Nat(_) | Logger::TransitGateway(_) | Logger::Appliance(_) => {
            let owner = case
                .ends
                .workload
                .and_then(|workload| case.place.owner(workload));
            owner.map_or(Sym::NONE, |interface| interface.id)
        }
    }
}

/// Who opened the connection: a SYN without ACK comes from the opener, a SYN-ACK (18) from the other side (facts 1.1).
fn initiator(row: &Row, ends: &Ends) -> Initiator {
    const SYN: i64 = 2;
    const ACK: i64 = 16;
    let tcp = row.protocol.is_none_or(|protocol| protocol == 6);
    let flags = row.tcp_flags.filter(|flags| tcp && flags & SYN != 0);
    let (Some(flags), Some(workload_sends)) = (flags, ends.workload_sends) else {
        return Initiator::Unknown;
    };
    let sender_opened = flags & ACK == 0;
    if sender_opened == workload_sends {
        Initiator::Workload
    } else {
        Initiator::Peer
    }
}
