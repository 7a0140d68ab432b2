//! Whose address the peer's is.

use std::net::IpAddr;

use super::Place;
use super::atlas::{Shot, inside_nat64, private};
use crate::model::name::normal_service;
use crate::topology::describe::{PeeringSide, VpcPeeringConnection};
use crate::topology::service::service_of_name;

/// Realm and service of a peer.
pub(super) fn name(
    place: &Place<'_>,
    peer: IpAddr,
    way: (&str, &str),
    endpoint: &str,
    told: Option<&str>,
) -> (&'static str, Option<String>) {
    let peer = inside_nat64(peer);
    let shots = &place.atlas.shots;
    let realm = if place.in_vpc(peer) {
        Some("vpc")
    } else if private(peer) || led_to(place, peer, way) {
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

/// Whether this very peering or transit gateway leads to a VPC that has the address.
fn led_to(place: &Place<'_>, peer: IpAddr, (path, via): (&str, &str)) -> bool {
    let of_vpc = |vpc: &str| {
        let shot = place.atlas.of_vpc(vpc, place.time_s);
        shot.is_some_and(|shot| shot.vpc_contains(vpc, peer))
    };
    let side = |one: &PeeringSide| one.vpc_id.as_deref().is_some_and(of_vpc) || side_has(one, peer);
    let is_it = |one: &&VpcPeeringConnection| {
        let code = one
            .status
            .as_ref()
            .and_then(|status| status.code.as_deref());
        code.is_none_or(|code| code == "active") && one.vpc_peering_connection_id == via
    };
    let of_shot = |shot: &Shot| {
        shot.answers
            .vpc_peering_connections
            .iter()
            .any(|one| is_it(&one))
    };
    let elsewhere = !place.shot.is_some_and(of_shot);
    let asked = |shot: &Shot| elsewhere || place.shot.is_some_and(|own| std::ptr::eq(own, shot));
    place.atlas.shots.iter().any(|shot| match path {
        "via-peering" if asked(shot) => shot
            .answers
            .vpc_peering_connections
            .iter()
            .filter(is_it)
            .any(|one| side(&one.requester_vpc_info) || side(&one.accepter_vpc_info)),
        "via-transit-gateway" => shot
            .answers
            .transit_gateway_vpc_attachments
            .iter()
            .any(|one| {
                let live = one
                    .state
                    .as_deref()
                    .is_none_or(|state| state == "available");
                live && one.transit_gateway_id == via && of_vpc(&one.vpc_id)
            }),
        _ => false,
    })
}

/// Whether any VPC that is known, or a side of a live peering, has the address.
pub(super) fn in_any_vpc(shot: &Shot, address: IpAddr) -> bool {
    let mut vpcs = shot.answers.vpcs.iter();
    let mut peerings = shot.answers.vpc_peering_connections.iter();
    vpcs.any(|vpc| shot.vpc_contains(&vpc.vpc_id, address))
        || peerings.any(|one| {
            let code = one
                .status
                .as_ref()
                .and_then(|status| status.code.as_deref());
            let live = code.is_none_or(|code| code == "active");
            live && (side_has(&one.requester_vpc_info, address)
                || side_has(&one.accepter_vpc_info, address))
        })
}

/// Whether a side of a peering lists the address.
fn side_has(side: &PeeringSide, address: IpAddr) -> bool {
    let holds = |text: &Option<String>| {
        let net = text
            .as_deref()
            .map(|text| text.parse::<ipnet::IpNet>().unwrap());
        net.is_some_and(|net| net.contains(&address))
    };
    let mut sets = side.cidr_block_set.iter().chain(&side.ipv6_cidr_block_set);
    holds(&side.cidr_block) || sets.any(|set| holds(&set.cidr_block) || holds(&set.ipv6_cidr_block))
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
