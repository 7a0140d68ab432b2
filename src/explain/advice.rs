//! What to change, where the topology leaves no doubt about it. Text only: this tool changes nothing.

use crate::classify::rules::Case;
use crate::diag::show;
use crate::explain::names::Names;
use crate::model::address::Address;
use crate::model::batch::FlowBatch;
use crate::model::explanation::{Advice, ClaimSaid, Weight};
use crate::model::field::Field;
use crate::model::path::{Path, Vantage};
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, Tag};
use crate::topology::describe::VpcEndpoint;
use crate::topology::routes::{Table, Target};
use crate::topology::snapshot::{EndpointKind, PrefixList, Snapshot, Vpc};

/// Services that have gateway endpoints, by AWS's page on them.
const GATEWAY_SERVICES: [&str; 2] = ["s3", "dynamodb"];

/// What would make the record keep the claims that it does not keep.
pub(super) fn of(
    names: &Names<'_>,
    case: &Case<'_>,
    tag: &Tag,
    claims: &[ClaimSaid],
    batch: &FlowBatch,
) -> Vec<Advice> {
    let concerned = |weight: &[Weight]| claims.iter().any(|claim| weight.contains(&claim.weight));
    let mut advice = Vec::new();
    if concerned(&[Weight::Witness, Weight::Attempt, Weight::Doubt]) {
        advice.extend(endpoint(names, case, tag));
    }
    if concerned(&[Weight::Doubt, Weight::Masked, Weight::RouteAlone]) {
        advice.extend(fields(tag, batch));
        advice.extend(stale(names, case, tag));
    }
    advice
}

fn words(says: String) -> Advice {
    Advice {
        says,
        command: None,
    }
}

/// A command that can be pasted: ids come from a file that somebody wrote, so nothing in it may mean anything to a shell.
fn command(text: String) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    text.chars().all(plain).then_some(text)
}

/// Where the flow starts: the workload's own subnet, wherever the record was logged.
struct Start<'w> {
    snapshot: &'w Snapshot,
    vpc: &'w Vpc,
    subnet: Sym,
    table: &'w Table,
}

fn start<'w>(case: &Case<'w>, tag: &Tag) -> Option<Start<'w>> {
    let snapshot = case.place.snapshot?;
    let workload = snapshot.interface(tag.workload_interface)?;
    Some(Start {
        snapshot,
        vpc: snapshot.vpcs.get(&workload.vpc)?,
        subnet: workload.subnet,
        table: snapshot.table_of(workload.subnet)?,
    })
}

/// An endpoint that the flow could have taken.
fn endpoint(names: &Names<'_>, case: &Case<'_>, tag: &Tag) -> Vec<Advice> {
    let leaves = matches!(
        tag.path,
        Path::ViaNat
            | Path::InternetBound
            | Path::ViaAppliance
            | Path::ViaTransitGateway
            | Path::ViaVpn
            | Path::ViaPeering
    );
    let (Some(service), Some(peer), true) = (names.of(tag.service), tag.peer, leaves) else {
        return Vec::new();
    };
    let Some(start) = start(case, tag) else {
        return Vec::new();
    };
    let mut advice = Vec::new();
    if GATEWAY_SERVICES.contains(&service.as_str()) {
        advice.push(gateway_endpoint(names, &start, tag.service, &service, peer));
    }
    advice.extend(interface_endpoint(names, &start, tag.service, &service));
    advice
}

fn raw<'w>(names: &Names<'_>, snapshot: &'w Snapshot, id: Sym) -> Option<&'w VpcEndpoint> {
    let id = names.of(id)?;
    let mut all = snapshot.answers.vpc_endpoints.iter();
    all.find(|raw| raw.vpc_endpoint_id == id)
}

/// Endpoints of the VPC for a service, by id.
fn endpoints_for(start: &Start<'_>, service: Sym, kind: EndpointKind) -> Vec<Sym> {
    let all = start.snapshot.endpoints.iter();
    let fit = all.filter(|(_, endpoint)| {
        endpoint.kind == kind && endpoint.service == service && endpoint.vpc == start.vpc.id
    });
    let mut ids: Vec<Sym> = fit.map(|(id, _)| *id).collect();
    ids.sort_unstable();
    ids
}

/// What a gateway endpoint would do for the flow, or why it would do nothing.
fn gateway_endpoint(
    names: &Names<'_>,
    start: &Start<'_>,
    service: Sym,
    word: &str,
    peer: Address,
) -> Advice {
    let region = start.vpc.region.as_deref();
    let at = region.unwrap_or("this Region");
    let of_region = region.map_or_else(String::new, |region| format!(" --region {}", show(region)));
    let lists = start.snapshot.prefix_lists.iter().filter(|list| {
        list.service == service && (list.region.is_none() || list.region.as_deref() == region)
    });
    let lists: Vec<&PrefixList> = lists.collect();
    if lists.is_empty() || lists.iter().any(|list| list.blocks.is_none()) {
        return words(format!(
            "the topology lacks the CIDRs of {word}'s prefix list in {at}, so whether a gateway endpoint would draw this flow is not known: add the answer of `aws ec2 describe-prefix-lists --output json{of_region}`"
        ));
    }
    let blocks = |list: &&PrefixList| list.blocks.clone().unwrap_or_default();
    let inner = peer.behind_nat64();
    let holds = |list: &&&PrefixList| blocks(list).iter().any(|block| block.contains(inner));
    if let Some(list) = lists.iter().find(holds) {
        return drawn(names, start, (service, word), list.id);
    }
    let list = lists.first().map_or(Sym::NONE, |list| list.id);
    let (list, table) = (names.or_dash(list), names.or_dash(start.table.id));
    let only_v4 = lists.iter().flat_map(blocks).all(|block| block.is_ipv4());
    words(if only_v4 && inner.as_ipv4().is_none() {
        format!(
            "{peer} is IPv6, and {list} of {word} in {at} holds IPv4 only: a gateway endpoint does not draw this flow. Use the IPv4 name of the service, or an endpoint that has IPv6, or take ::/0 out of {table} if nothing else needs it"
        )
    } else {
        format!(
            "{peer} is not in {list} of {word} in {at}, and a gateway endpoint draws only what is: its own Region's addresses. Reach what is in another Region through an interface endpoint there, or except it in the policy"
        )
    })
}

/// The far end is in the prefix list: with an endpoint on the table, the flow would take it.
fn drawn(names: &Names<'_>, start: &Start<'_>, (service, word): (Sym, &str), list: Sym) -> Advice {
    let region = start.vpc.region.as_deref();
    let vpc = names.or_dash(start.vpc.id);
    let (subnet, table) = (names.or_dash(start.subnet), names.or_dash(start.table.id));
    let list = names.or_dash(list);
    let Some(endpoint) = endpoints_for(start, service, EndpointKind::Gateway)
        .first()
        .copied()
    else {
        return Advice {
            says: format!(
                "{subnet} uses {table}, which has no route to {list}, and {vpc} has no gateway endpoint for {word}: create one"
            ),
            command: region.and_then(|region| {
                command(format!(
                    "aws ec2 create-vpc-endpoint --vpc-id {vpc} --service-name com.amazonaws.{region}.{word} --route-table-ids {table} --region {region}"
                ))
            }),
        };
    };
    let id = names.or_dash(endpoint);
    let raw = raw(names, start.snapshot, endpoint);
    let state = raw.and_then(|raw| raw.state.as_deref());
    if let Some(state) = state.filter(|state| !state.eq_ignore_ascii_case("available")) {
        return words(format!("{id} ({word}) is {}, not available", show(state)));
    }
    // Its routes are there only where it is associated; either shows that it is.
    let associated: Vec<&str> = raw
        .iter()
        .flat_map(|raw| raw.route_table_ids.iter().map(String::as_str))
        .collect();
    let to_it = Target::GatewayEndpoint(endpoint);
    let routed = start
        .table
        .entries
        .iter()
        .any(|entry| entry.target == to_it);
    if routed || associated.contains(&table.as_str()) {
        return words(format!(
            "{subnet} uses {table}, which {id} is associated with; a more specific route than {list}, or a change since, drew this flow elsewhere: see the routes above"
        ));
    }
    let with = if associated.is_empty() {
        "no route table".to_owned()
    } else {
        associated.join(", ")
    };
    let region = region.map_or_else(String::new, |region| format!(" --region {region}"));
    Advice {
        says: format!(
            "{subnet} uses {table}, which has no route to {list}; {id} ({word}) is associated with {with}: add the association"
        ),
        command: command(format!(
            "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {id} --add-route-table-ids {table}{region}"
        )),
    }
}

/// An interface endpoint that is there, and that names do not lead to.
fn interface_endpoint(
    names: &Names<'_>,
    start: &Start<'_>,
    service: Sym,
    word: &str,
) -> Option<Advice> {
    let id = *endpoints_for(start, service, EndpointKind::Interface).first()?;
    let state = raw(names, start.snapshot, id).and_then(|raw| raw.state.as_deref());
    let id = names.or_dash(id);
    Some(words(match state {
        Some(state) if !state.eq_ignore_ascii_case("available") => {
            format!(
                "{id} is an interface endpoint for {word} in this VPC, and is {state}, not available"
            )
        }
        Some(_) | None => format!(
            "{id} is an interface endpoint for {word} in this VPC, and the flow went to a public address: look whether its private DNS is on, and whether the workload asks the VPC's resolver"
        ),
    }))
}

/// Fields that would have told more.
fn fields(tag: &Tag, batch: &FlowBatch) -> Option<Advice> {
    let mut wanted: Vec<Field> = Vec::new();
    if tag.flags.has(Flags::FAR_HIDDEN.with(Flags::MASKED)) {
        wanted.extend([Field::PktSrcAddr, Field::PktDstAddr]);
    }
    if tag.flags.has(Flags::ROUTE_ALONE) || tag.basis == "direction-unknown" {
        wanted.extend([Field::FlowDirection, Field::TrafficPath]);
    }
    wanted.retain(|field| !batch.has(*field));
    let names: Vec<String> = wanted
        .iter()
        .map(|field| format!("${{{}}}", field.text()))
        .collect();
    (!names.is_empty()).then(|| {
        words(format!(
            "this flow log lacks {}, which would tell: a format cannot be changed, so create another flow log with them, best with all fields",
            names.join(", ")
        ))
    })
}

/// A topology that is not of the record's time.
fn stale(names: &Names<'_>, case: &Case<'_>, tag: &Tag) -> Option<Advice> {
    if tag.flags.has(Flags::INTERFACE_UNKNOWN) && tag.vantage == Vantage::Unknown {
        let interface = names.or_dash(case.row.interface);
        return Some(words(format!(
            "no topology knows {interface}: give one that was taken while it was there"
        )));
    }
    if tag.flags.has(Flags::PEER_UNOWNED) {
        let peer = tag
            .peer
            .map_or("the far end".to_owned(), |peer| peer.to_string());
        return Some(words(format!(
            "{peer} is in a VPC of the topology, and no interface there has it: give a topology with describe-network-interfaces that was taken while it was there"
        )));
    }
    let stale = Flags::DISAGREES.with(Flags::SNAPSHOTS_DIFFER);
    tag.flags.has(stale).then(|| {
        words(
            "record and topology do not fit: give a topology that was taken at the record's time"
                .to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn an_id_that_means_something_to_a_shell_makes_no_command() {
        let with = |id: &str| {
            command(format!(
                "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {id}"
            ))
        };
        assert!(with("vpce-03678bfd90f6376a7").is_some());
        for id in ["vpce-1; rm x", "$(id)", "`id`", "a|b", "a\nb", "a>b", "'"] {
            assert_eq!(with(id), None, "{id}");
        }
    }
}
