//! The routes for the far end in words: which won, which lost, and why.

use crate::classify::place::Place;
use crate::explain::names::{Names, cidr, rank};
use crate::model::address::Address;
use crate::model::explanation::{RouteRow, RouteSaid};
use crate::model::path::Path;
use crate::model::symbol::Sym;
use crate::topology::routes::{Entry, Lookup, Rank, Table};
use crate::topology::snapshot::Snapshot;
use crate::topology::weighed::Standing;

/// Routes that lost and are shown; a list overlaps itself rarely, but a table may hold thousands.
const ROUTES_MAX: usize = 8;

/// From the subnet of the interface that logged the record to the far end.
pub(super) fn here(
    names: &Names<'_>,
    place: &Place<'_>,
    peer: Option<Address>,
) -> Option<RouteSaid> {
    let (table, peer, snapshot) = (place.table?, peer?, place.snapshot?);
    let subnet = place
        .interface
        .map_or(Sym::NONE, |interface| interface.subnet);
    let of = match (names.of(subnet), place.regional_nat) {
        (Some(subnet), _) => subnet,
        (None, Some(_)) => "the NAT gateway".to_owned(),
        (None, None) => "the record's subnet".to_owned(),
    };
    Some(said(names, snapshot, place, (of, table), peer))
}

/// From the next hop's own subnets.
pub(super) fn onward(
    names: &Names<'_>,
    place: &Place<'_>,
    (path, via): (Path, Sym),
    peer: Option<Address>,
) -> Vec<RouteSaid> {
    let (Some(snapshot), Some(peer)) = (place.snapshot, peer) else {
        return Vec::new();
    };
    let subnets: Vec<Sym> = match path {
        Path::ViaNat => match snapshot.nats.get(&via) {
            Some(nat) => {
                if let Some(table) = nat.table.and_then(|index| snapshot.tables.get(index)) {
                    let of = (names.or_dash(via), table);
                    return vec![said(names, snapshot, place, of, peer.behind_nat64())];
                }
                vec![nat.subnet]
            }
            None => Vec::new(),
        },
        Path::ViaAppliance => match (snapshot.endpoints.get(&via), snapshot.interface(via)) {
            (Some(endpoint), _) => endpoint.subnets.clone(),
            (None, Some(interface)) => vec![interface.subnet],
            (None, None) => Vec::new(),
        },
        _ => Vec::new(),
    };
    let peer = if path == Path::ViaNat {
        peer.behind_nat64()
    } else {
        peer
    };
    let tables = subnets.iter().filter_map(|subnet| {
        let table = snapshot.table_of(*subnet)?;
        // On the gateway's own interface this is the table that has been shown.
        if place.table.is_some_and(|here| here.id == table.id) {
            return None;
        }
        let of = format!("{} (of {})", names.or_dash(*subnet), names.or_dash(via));
        Some(said(names, snapshot, place, (of, table), peer))
    });
    tables.collect()
}

fn said(
    names: &Names<'_>,
    snapshot: &Snapshot,
    place: &Place<'_>,
    (of, table): (String, &Table),
    peer: Address,
) -> RouteSaid {
    let weighed = table.weigh(peer);
    let leads = match weighed.lookup {
        Lookup::To(target) => names.target(target),
        Lookup::Blackhole => "nowhere: the target is gone (blackhole)".to_owned(),
        Lookup::NoRoute => "nowhere: no route".to_owned(),
        Lookup::Ambiguous => "not known: routes tie".to_owned(),
        Lookup::UnknownList => "not known: a prefix list without its CIDRs".to_owned(),
    };
    let table_name = names.or_dash(table.id);
    let rows = weighed
        .routes
        .iter()
        .take(ROUTES_MAX)
        .map(|route| RouteRow {
            destination: destination(names, snapshot, place, &table_name, &route.entry),
            target: names.target(route.entry.target),
            won: route.standing == Standing::Won,
            why: standing(route.standing, &route.entry),
        });
    RouteSaid {
        of,
        to: peer.to_string(),
        leads,
        routes: rows.collect(),
        table: table_name,
    }
}

fn standing(standing: Standing, entry: &Entry) -> String {
    let length = entry.block.prefix_len;
    match standing {
        Standing::Won => format!("most specific: /{length}, {}", rank(entry.rank)),
        Standing::Same => "says the same".to_owned(),
        Standing::Tied => "ties: AWS does not say which it takes".to_owned(),
        Standing::Shorter(best) => format!("less specific: /{length}, not /{best}"),
        Standing::Worse(best) => {
            format!(
                "as long, but {} goes before {}",
                rank(best),
                rank(entry.rank)
            )
        }
        Standing::Open => "may or may not win".to_owned(),
    }
}

/// As the table has it: a prefix list by its id, with the block of it that holds the address.
fn destination(
    names: &Names<'_>,
    snapshot: &Snapshot,
    place: &Place<'_>,
    table: &str,
    entry: &Entry,
) -> String {
    let block = cidr(&entry.block);
    if entry.rank != Rank::PrefixList {
        return block;
    }
    let region = place.vpc.and_then(|vpc| vpc.region.as_deref());
    let raw = snapshot.answers.route_tables.iter();
    let lists = raw
        .filter(|raw| raw.route_table_id == table)
        .flat_map(|raw| &raw.routes)
        .filter_map(|route| route.destination_prefix_list_id.as_deref());
    let holds = |id: &&str| {
        snapshot.prefix_lists.iter().any(|list| {
            names.of(list.id).as_deref() == Some(*id)
                && (list.region.is_none() || list.region.as_deref() == region)
                && list
                    .blocks
                    .iter()
                    .flatten()
                    .any(|known| *known == entry.block)
        })
    };
    let lists: Vec<&str> = lists.filter(holds).collect();
    format!("{} ({block})", lists.first().unwrap_or(&"pl-?"))
}
