//! Whose address the peer's is.

use std::net::IpAddr;

use super::Place;
use super::atlas::{Shot, inside_nat64, private};
use crate::model::name::normal_service;
use crate::topology::service::service_of_name;

/// Realm and service of a peer.
pub(super) fn name(
    place: &Place<'_>,
    peer: IpAddr,
    path: &str,
    endpoint: &str,
    told: Option<&str>,
) -> (&'static str, Option<String>) {
    let peer = inside_nat64(peer);
    let shots = &place.atlas.shots;
    let realm = if place.in_vpc(peer) {
        Some("vpc")
    } else if private(peer)
        || ([
            "via-peering",
            "via-transit-gateway",
            "via-vpn",
            "via-cloud-wan",
        ]
        .contains(&path)
            && shots.iter().any(|shot| in_any_vpc(shot, peer)))
    {
        Some("private")
    } else {
        None
    };
    let service_at = |shot: &Shot| {
        let endpoint = shot
            .answers
            .vpc_endpoints
            .iter()
            .find(|one| one.vpc_endpoint_id == endpoint && !endpoint.is_empty())?;
        Some(endpoint.service_name.as_deref().and_then(service_of_name))
    };
    let of_endpoint = place
        .shot
        .and_then(service_at)
        .or_else(|| shots.iter().find_map(service_at))
        .flatten();
    let listed = || {
        place
            .shot
            .filter(|shot| shot.describes_vpc(&place.vpc))?
            .listed_service(&place.vpc, peer)
    };
    if let Some(service) = of_endpoint.or_else(listed) {
        return (realm.unwrap_or("aws"), Some(service));
    }
    if let Some(realm) = realm {
        return (realm, None);
    }
    let told = told.map(normal_service);
    let mut names: Vec<String> = place
        .atlas
        .ranges
        .iter()
        .filter(|(block, _)| block.contains(&peer))
        .map(|(_, service)| normal_service(service))
        .collect();
    match told {
        None => {
            let (realm, service) = of_names(&names);
            (realm.unwrap_or("internet"), service)
        }
        // AMAZON and EC2 are ranges where anybody may live.
        Some(vague) if vague == "amazon" || vague == "ec2" => {
            if names.is_empty() {
                return ("internet", Some(vague));
            }
            names.push(vague);
            let (realm, service) = of_names(&names);
            (realm.unwrap_or("internet"), service)
        }
        Some(particular) => {
            names.push(particular.clone());
            (of_names(&names).0.unwrap_or("internet"), Some(particular))
        }
    }
}

fn in_any_vpc(shot: &Shot, address: IpAddr) -> bool {
    let vpcs = shot
        .answers
        .vpcs
        .iter()
        .any(|vpc| shot.vpc_contains(&vpc.vpc_id, address));
    let live = shot.answers.vpc_peering_connections.iter().filter(|one| {
        one.status
            .as_ref()
            .and_then(|status| status.code.as_deref())
            .is_none_or(|code| code == "active")
    });
    let mut sides = live.flat_map(|one| [&one.requester_vpc_info, &one.accepter_vpc_info]);
    let holds = |text: &Option<String>| {
        text.as_deref()
            .is_some_and(|text| text.parse::<ipnet::IpNet>().unwrap().contains(&address))
    };
    vpcs || sides.any(|side| {
        let sets = side.cidr_block_set.iter().chain(&side.ipv6_cidr_block_set);
        holds(&side.cidr_block)
            || sets
                .into_iter()
                .any(|one| holds(&one.cidr_block) || holds(&one.ipv6_cidr_block))
    })
}

/// Realm and service of a place with these names: strangers' services make it the internet; the most particular is shown.
fn of_names(names: &[String]) -> (Option<&'static str>, Option<String>) {
    const STRANGERS: &[&str] = &[
        "api-gateway",
        "cloud9",
        "cloudfront",
        "codebuild",
        "globalaccelerator",
    ];
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    let has = |name: &str| names.contains(&name);
    let particular: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| *name != "amazon" && *name != "ec2")
        .collect();
    if let Some(stranger) = particular.iter().find(|name| STRANGERS.contains(name)) {
        (Some("internet"), Some((*stranger).to_owned()))
    } else if let Some(first) = particular.first() {
        (Some("aws"), Some((*first).to_owned()))
    } else if has("ec2") {
        (Some("internet"), Some("ec2".to_owned()))
    } else if has("amazon") {
        (Some("aws"), Some("amazon".to_owned()))
    } else {
        (None, None)
    }
}
