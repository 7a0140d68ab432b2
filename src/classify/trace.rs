//! How a record became its tag, step by step, for whoever asks about one flow.
//!
//! In: a batch of one record, the world. Out: a [`Trace`]: the cases that [`RULES`] were asked about, and what each rule said. The rules
//! are the very ones that decide; this file adds what each asks and what it looks at, in words. Nothing here is on the way of `classify`
//! and `verify`.

use crate::classify::ends::Logger;
use crate::classify::place::places;
use crate::classify::row::{Extra, Rows, TypeWord};
use crate::classify::rules::{BASES, Case, Decision, RULES};
use crate::model::address::Address;
use crate::model::batch::FlowBatch;
use crate::model::symbol::Sym;
use crate::topology::World;

/// A record with the way to its tag.
pub struct Trace<'w> {
    /// At the snapshot that is valid at its time.
    pub first: Asked<'w>,
    /// At another one that might be the valid one.
    pub second: Option<Asked<'w>>,
    /// Names in the record that the topology does not know: symbol `world.symbols.len() + i`.
    pub extra: Vec<std::sync::Arc<str>>,
}

/// The rules, asked about one case.
pub struct Asked<'w> {
    /// What they were asked about.
    pub case: Case<'w>,
    /// Each that was asked, in order, with what it said; the last one spoke.
    pub said: Vec<(&'static str, Option<Decision>)>,
}

impl<'w> Asked<'w> {
    fn new(case: Case<'w>) -> Asked<'w> {
        let mut said = Vec::new();
        for (name, rule) in RULES {
            let spoken = rule(&case);
            said.push((*name, spoken));
            if spoken.is_some() {
                break;
            }
        }
        Asked { case, said }
    }

    /// What the rule that spoke said.
    pub fn decision(&self) -> Option<Decision> {
        self.said.last().and_then(|(_, said)| *said)
    }
}

/// Asks the rules about the first record of a batch; `None` if there is none.
pub fn trace<'w>(batch: &FlowBatch, world: &'w World) -> Option<Trace<'w>> {
    if batch.is_empty() {
        return None;
    }
    let mut extra = Extra::new(&world.symbols);
    let row = Rows::new(batch, &mut extra).get(0);
    let (first, second) = places(world, &row);
    Some(Trace {
        first: Asked::new(Case::new(&row, first)),
        second: second.map(|second| Asked::new(Case::new(&row, second))),
        extra: extra.into_names(),
    })
}

/// What a basis means, in the words of [`BASES`].
pub fn meaning(basis: &str) -> &'static str {
    let found = BASES.iter().find(|(name, _)| *name == basis);
    found.map_or("", |(_, means)| means)
}

/// What a rule asks.
pub fn asks(rule: &str) -> &'static str {
    ASKS.iter()
        .find(|(name, _)| *name == rule)
        .map_or("", |(_, asks)| asks)
}

#[rustfmt::skip]
const ASKS: &[(&str, &str)] = &[
    ("logged-by-nat",             "did a NAT gateway log it?"),
    ("logged-by-endpoint",        "did an endpoint's interface log it?"),
    ("logged-by-transit-gateway", "did a transit gateway log it?"),
    ("logged-by-appliance",       "did an interface that routes lead to log it?"),
    ("direction-unknown",         "is it unknown which end is the interface's own?"),
    ("address-missing",           "does the record lack the far end's address?"),
    ("record-contradicts-itself", "do traffic-path and next hop exclude each other?"),
    ("next-hop-nat",              "is the next hop a NAT gateway?"),
    ("next-hop-transit-gateway",  "is the next hop a transit gateway?"),
    ("traffic-path-4-5",          "does traffic-path say a peering (4, 5)?"),
    ("next-hop-endpoint",         "is the next hop an endpoint?"),
    ("traffic-path-3",            "does traffic-path say a virtual private gateway (3)?"),
    ("traffic-path-7",            "does traffic-path say a gateway endpoint (7)?"),
    ("traffic-path-8",            "does traffic-path say an internet gateway (8)?"),
    ("next-hop-is-interface",     "is the next hop an interface other than the far end's?"),
    ("hop-is-interface",          "was the far end reached by another address than its own?"),
    ("traffic-path-new",          "is traffic-path a value of tomorrow?"),
    ("route",                     "where does the route table lead, as far as traffic-path lets it?"),
    ("interface-not-in-topology", "is nothing known at all?"),
];

/// What a rule found to look at. `name` names symbols.
pub fn saw(rule: &str, case: &Case<'_>, name: &impl Fn(Sym) -> Option<String>) -> String {
    let told = |address: Option<Address>| address.map_or("-".to_owned(), |a| a.to_string());
    match rule {
        "logged-by-endpoint" => match (case.ends.logger, case.towards_client()) {
            (Logger::Endpoint(_), Some(towards)) => format!(
                "{}; its client {}: {}",
                logger(case),
                told(towards.ends.peer),
                route(&towards)
            ),
            _ => logger(case),
        },
        "logged-by-nat" | "logged-by-transit-gateway" | "logged-by-appliance" => logger(case),
        "direction-unknown" => match (case.row.direction, case.ends.direction) {
            (Some(told), None) => format!(
                "flow-direction {}, and the interface's own address is at the other end",
                format!("{told:?}").to_lowercase()
            ),
            (Some(told), Some(_)) => format!("flow-direction {told:?}").to_lowercase(),
            (None, Some(found)) => format!(
                "no flow-direction; by the interface's own addresses {}",
                format!("{found:?}").to_lowercase()
            ),
            (None, None) => "no flow-direction, and the addresses do not tell".to_owned(),
        },
        "address-missing" => format!("far end {}", told(case.ends.peer)),
        "record-contradicts-itself" => format!("{}, {}", traffic_path(case), next_hop(case, name)),
        "next-hop-nat"
        | "next-hop-transit-gateway"
        | "next-hop-endpoint"
        | "next-hop-is-interface" => next_hop(case, name),
        "traffic-path-4-5" | "traffic-path-3" | "traffic-path-7" | "traffic-path-8"
        | "traffic-path-new" => traffic_path(case),
        "hop-is-interface" => format!(
            "reached by {}, far end {}",
            told(case.ends.peer_hop),
            told(case.ends.peer)
        ),
        "route" => route(case),
        _ => String::new(),
    }
}

fn logger(case: &Case<'_>) -> String {
    let kind = case.place.interface.map(|interface| {
        let word = interface.type_name.as_str();
        if word.is_empty() { "interface" } else { word }
    });
    let known = match (kind, case.place.regional_nat) {
        (_, Some(_)) => "regional NAT gateway of the topology".to_owned(),
        (Some(word), None) => format!("topology: {word}"),
        (None, None) => "not in the topology".to_owned(),
    };
    match case.row.type_word {
        Some(word) => format!("{known}; record: {}", type_word(word)),
        None => known,
    }
}

fn type_word(word: TypeWord) -> &'static str {
    match word {
        TypeWord::Nat => "NAT gateway",
        TypeWord::Endpoint => "vpc_endpoint",
        TypeWord::TransitGateway => "transit_gateway",
        TypeWord::LoadBalancer => "network_load_balancer",
        TypeWord::Other => "another type",
    }
}

fn traffic_path(case: &Case<'_>) -> String {
    use crate::classify::row::Direction;
    match (case.row.traffic_path, case.ends.direction) {
        (None, Some(Direction::Ingress)) => {
            "no traffic-path: ingress records never have one".to_owned()
        }
        (None, _) => "no traffic-path".to_owned(),
        (Some(value), Some(Direction::Egress)) => format!("traffic-path {value}"),
        (Some(value), _) => format!("traffic-path {value}, which counts on egress only"),
    }
}

fn route(case: &Case<'_>) -> String {
    match case.route {
        Some(route) => format!("{}; route: {}", traffic_path(case), meaning(route.basis)),
        None => format!("{}; no route table is known", traffic_path(case)),
    }
}

fn next_hop(case: &Case<'_>, name: &impl Fn(Sym) -> Option<String>) -> String {
    match (name(case.row.next_hop), case.row.next_hop_word) {
        (None, None) => "no next-hop fields".to_owned(),
        (Some(id), None) => format!("next hop {id}, no type"),
        (None, Some(word)) => format!("next hop of type {}", type_word(word)),
        (Some(id), Some(word)) => format!("next hop {id}, {}", type_word(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_it_asks() {
        let rules: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
        let told: Vec<&str> = ASKS.iter().map(|(name, _)| *name).collect();
        assert_eq!(rules, told);
    }
}
