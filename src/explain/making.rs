//! What was found, put into words: the explanation of each kind of record.

use std::collections::BTreeMap;

use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::classify::ends::Logger;
use crate::classify::place::Place;
use crate::classify::row::Direction;
use crate::classify::trace::{Asked as Rules, asks, meaning, saw, trace};
use crate::classify::{self, rules::RULES};
use crate::explain::asked::Asked;
use crate::explain::behind::Candidates;
use crate::explain::find::{Found, Gathered, Place as Stands};
use crate::explain::names::{Names, time};
use crate::explain::{Look, advice, routes, whose};
use crate::model::address::Address;
use crate::model::batch::{FlowBatch, readable};
use crate::model::explanation::{
    Cited, Explanation, Kind, Line, Near, NearEnd, RuleSaid, SCHEMA, Searched, SetAside, TagSaid,
    TopologyUsed, Weight, Whose,
};
use crate::model::field::Field;
use crate::model::tag::{Flags, ServiceBy, Tag};
use crate::model::window::rfc3339;
use crate::verify::{InputFacts, explain};

/// What only the caller has: names of inputs, and lines as they stand.
pub trait Source {
    /// An input's uri and flow log.
    fn input(&self, index: u32) -> (String, InputFacts);

    /// A line as it stands, if it can be had, and what tells its format.
    fn line(&self, index: u32, line: u64, values: Values) -> Line;
}

/// A record's values, and the format in force there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// `${field} …`
    pub format: String,
    /// Each field with its value, `-` where there is none.
    pub values: Vec<(String, String)>,
}

impl Values {
    /// Of the first record of a batch.
    pub fn of(batch: &FlowBatch) -> Values {
        let records = batch.records().and_then(readable).ok();
        let values = records.map(|records| {
            let options = FormatOptions::new().with_null("-");
            let schema = records.schema();
            let columns = schema.fields().iter().zip(records.columns());
            let mut values = Vec::new();
            for (field, column) in columns {
                let known = Field::by_name(field.name());
                let name =
                    known.map_or_else(|| field.name().clone(), |known| known.text().to_owned());
                let shown = ArrayFormatter::try_new(column, &options).ok();
                let shown = shown.filter(|_| records.num_rows() > 0);
                let shown = shown.map_or("-".to_owned(), |shown| shown.value(0).to_string());
                values.push((name, shown));
            }
            values
        });
        let values = values.unwrap_or_default();
        let names: Vec<String> = values
            .iter()
            .map(|(name, _)| format!("${{{name}}}"))
            .collect();
        Values {
            format: names.join(" "),
            values,
        }
    }
}

/// The explanation of everything that was found. `near`: what to say of if nothing was.
pub fn explanation(
    look: Look<'_>,
    asked: (String, Option<&Asked>),
    (found, candidates): (&Found, &Candidates),
    searched: Searched,
    source: &impl Source,
) -> Explanation {
    let mut kinds: Vec<(bool, Kind)> = found
        .kinds
        .values()
        .filter_map(|gathered| {
            let hides = Candidates::hides(look, gathered);
            Some((hides, kind(look, gathered, source)?))
        })
        .collect();
    let uris: Vec<String> = (0..u32::try_from(searched.inputs).unwrap_or(u32::MAX))
        .map(|index| source.input(index).0)
        .collect();
    let mut behind = candidates.said(look, &uris).into_iter();
    for (hides, kind) in &mut kinds {
        if *hides {
            kind.behind = behind.next();
        }
    }
    let mut kinds: Vec<Kind> = kinds.into_iter().map(|(_, kind)| kind).collect();
    kinds.sort_by_key(worst_first);
    for index in 0..kinds.len() {
        kinds[index].also_at = also_at(&kinds, index);
    }
    let shown: u64 = kinds.iter().map(|kind| kind.records).sum();
    let near = asked.1.filter(|_| found.matched == 0);
    Explanation {
        schema: SCHEMA,
        asked: asked.0,
        read: searched,
        found: found.matched,
        near: near.map(|asked| self::near(look, asked, found)),
        kinds,
        records_left_out: found.matched.saturating_sub(shown),
        set_aside: None,
    }
}

/// A line that is no flow, by its place.
pub fn no_flow(
    asked: String,
    searched: Searched,
    line: Line,
    complaints: Vec<String>,
) -> Explanation {
    Explanation {
        schema: SCHEMA,
        asked,
        read: searched,
        found: 0,
        kinds: Vec::new(),
        records_left_out: 0,
        set_aside: Some(SetAside { line, complaints }),
        near: None,
    }
}

fn near(look: Look<'_>, asked: &Asked, found: &Found) -> Near {
    let names = Names {
        world: look.world,
        extra: &[],
    };
    let ends = asked
        .ends
        .iter()
        .zip(found.ends)
        .map(|(end, records)| NearEnd {
            word: end.word.clone(),
            records,
            is: end
                .address()
                .map(|address| whose::anywhere(&names, look.world, address))
                .unwrap_or_default(),
        });
    Near {
        other_ports: found.other_ports.clone(),
        ends: ends.collect(),
    }
}

/// What breaks a claim first; then the workload's own records before those of what lies on the way, out before in, new before old.
fn worst_first(kind: &Kind) -> impl Ord + use<> {
    let worst = kind.claims.iter().map(|claim| claim.weight).min();
    let ingress = kind.direction == Some("ingress");
    let place = kind
        .newest
        .first()
        .map(|cited| (cited.uri.clone(), cited.line));
    (
        worst.unwrap_or(Weight::OutsideWindow),
        kind.tag.vantage,
        ingress,
        std::cmp::Reverse(kind.last.clone()),
        place,
    )
}

/// The same two ends at another interface.
fn also_at(kinds: &[Kind], index: usize) -> Vec<usize> {
    let ends = |kind: &Kind| (kind.tag.workload.clone(), kind.tag.peer.clone());
    let mine = &kinds[index];
    let same = |(place, kind): (usize, &Kind)| {
        let other = place != index && kind.tag.interface != mine.tag.interface;
        let known = mine.tag.workload.is_some() && mine.tag.peer.is_some();
        (other && known && ends(kind) == ends(mine)).then_some(place)
    };
    kinds.iter().enumerate().filter_map(same).collect()
}

fn kind(look: Look<'_>, gathered: &Gathered, source: &impl Source) -> Option<Kind> {
    let (batch, counts) = (&gathered.sample, &gathered.counts);
    let newest = counts.newest.first()?;
    let (uri, facts) = source.input(newest.input);
    let tags = classify::tags(batch, look.world);
    let tag = tags.rows.first()?.as_ref()?;
    let traced = trace(batch, look.world)?;
    let names = Names {
        world: look.world,
        extra: &tags.extra,
    };
    let case = &traced.first.case;
    let (rules, rules_left) = rules(&names, &traced.first);
    let cited = |place: &Stands| Cited {
        uri: if place.input == newest.input {
            uri.clone()
        } else {
            source.input(place.input).0
        },
        line: place.line,
        start: time(place.start),
        end: time(place.end.0),
        src: place.src.clone(),
        dst: place.dst.clone(),
        bytes: place.bytes,
    };
    let claims = explain::claims(look.plan, batch, &tags, &facts);
    let advice = advice::of(&names, case, tag, &claims, batch);
    // At an endpoint's own interface the way in question is that to its client.
    let route_to = match case.ends.logger {
        Logger::Endpoint(_) => case.ends.workload,
        _ => case.ends.peer,
    };
    Some(Kind {
        records: counts.records,
        bytes: counts.bytes,
        first: time(counts.first),
        last: time(counts.last),
        initiators: counts.initiators.clone(),
        newest: counts.newest.iter().map(cited).collect(),
        line: source.line(newest.input, newest.line, Values::of(batch)),
        said: said(batch),
        addresses: addresses(&names, batch, &case.place),
        topology: topology(&names, &traced.first, traced.second.as_ref(), newest),
        logger: logger(&names, case.ends.logger),
        direction: case.ends.direction.map(|direction| match direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }),
        rules,
        rules_left,
        route: routes::here(&names, &case.place, route_to),
        onward: routes::onward(&names, &case.place, (tag.path, tag.via), case.ends.peer),
        tag: tag_said(&names, tag),
        claims,
        also_at: Vec::new(),
        behind: None,
        advice,
    })
}

fn rules(names: &Names<'_>, asked: &Rules<'_>) -> (Vec<RuleSaid>, u64) {
    let name = |sym| names.of(sym);
    let said = asked.said.iter().map(|(rule, said)| RuleSaid {
        rule,
        asks: asks(rule),
        saw: saw(rule, &asked.case, &name),
        says: said.map(|decision| {
            let via = names.of(decision.via);
            let via = via.map_or_else(String::new, |via| format!(" {via}"));
            format!("{}{via} ({})", decision.path, decision.basis)
        }),
    });
    let left = RULES.len().saturating_sub(asked.said.len());
    (said.collect(), u64::try_from(left).unwrap_or(0))
}

fn topology(
    names: &Names<'_>,
    first: &Rules<'_>,
    second: Option<&Rules<'_>>,
    newest: &Stands,
) -> TopologyUsed {
    let Some(snapshot) = first.case.place.snapshot else {
        return TopologyUsed::default();
    };
    let of = [&snapshot.report.account_id, &snapshot.report.region];
    let of: Vec<&str> = of.into_iter().flatten().map(String::as_str).collect();
    let says = |asked: &Rules<'_>| {
        asked
            .decision()
            .map(|decision| (decision.path, decision.via))
    };
    let other = second.and_then(|second| Some((second, second.case.place.snapshot?)));
    let differs = other.filter(|(second, _)| says(second) != says(first));
    TopologyUsed {
        source: Some(snapshot.report.source.clone()),
        captured_at: snapshot.captured_s.map(rfc3339),
        age_s: snapshot
            .captured_s
            .zip(newest.end.0)
            .map(|(captured_s, end)| end.saturating_sub(captured_s)),
        of: (!of.is_empty()).then(|| of.join(", ")),
        contested_by: other.map(|(_, snapshot)| {
            let taken = snapshot.captured_s.map_or_else(String::new, rfc3339);
            format!("{} {taken}", snapshot.report.source)
        }),
        other_says: differs
            .and_then(|(second, _)| second.decision())
            .map(|decision| {
                format!(
                    "{} {} ({})",
                    decision.path,
                    names.or_dash(decision.via),
                    decision.basis
                )
            }),
    }
}

fn logger(names: &Names<'_>, logger: Logger) -> String {
    match logger {
        Logger::Host => "the workload's own interface".to_owned(),
        Logger::Endpoint(id) => format!("endpoint {}", names.or_dash(id)),
        Logger::Nat(id) => format!("NAT gateway {}", names.or_dash(id)),
        Logger::TransitGateway(id) => format!("transit gateway {}", names.or_dash(id)),
        Logger::Appliance(id) => format!("{}, which routes lead to", names.or_dash(id)),
        Logger::Stranger => "an interface that the topology does not know".to_owned(),
    }
}

/// Each address of the record once, with the fields that have it.
fn addresses(names: &Names<'_>, batch: &FlowBatch, place: &Place<'_>) -> Vec<Whose> {
    let fields = [
        Field::SrcAddr,
        Field::PktSrcAddr,
        Field::DstAddr,
        Field::PktDstAddr,
    ];
    let mut found: Vec<(Address, Vec<String>)> = Vec::new();
    for field in fields {
        let Some(address) = batch.address(field).and_then(|column| column.get(0)) else {
            continue;
        };
        match found.iter_mut().find(|(known, _)| *known == address) {
            Some((_, fields)) => fields.push(field.text().to_owned()),
            None => found.push((address, vec![field.text().to_owned()])),
        }
    }
    let named = [
        (Field::PktSrcAwsService, [Field::PktSrcAddr, Field::SrcAddr]),
        (Field::PktDstAwsService, [Field::PktDstAddr, Field::DstAddr]),
    ];
    let each = found.into_iter().map(|(address, fields)| {
        let mut is = whose::whose(names, place, address);
        for (service, of) in named {
            let word = batch.text(service).and_then(|column| column.get(0));
            let field = of.into_iter().find(|field| batch.has(*field));
            if let (Some(word), Some(field)) = (word, field)
                && fields.iter().any(|name| name == field.text())
            {
                is.push(format!("the record says {word} ({})", service.text()));
            }
        }
        Whose {
            fields,
            address: address.to_string(),
            is,
        }
    });
    each.collect()
}

/// What a record says beside its ends, decoded.
fn said(batch: &FlowBatch) -> Vec<(String, String)> {
    let number = |field| batch.number(field).and_then(|column| column.get(0));
    let text = |field| batch.text(field).and_then(|column| column.get(0));
    let mut said = Vec::new();
    let mut tell = |field: Field, words: Option<String>| {
        said.extend(words.map(|words| (field.text().to_owned(), words)));
    };
    tell(Field::Action, text(Field::Action).map(str::to_owned));
    let protocol = number(Field::Protocol).map(|protocol| match protocol {
        1 => "1 (ICMP)".to_owned(),
        6 => "6 (TCP)".to_owned(),
        17 => "17 (UDP)".to_owned(),
        58 => "58 (ICMPv6)".to_owned(),
        other => other.to_string(),
    });
    tell(Field::Protocol, protocol);
    tell(Field::TcpFlags, number(Field::TcpFlags).map(tcp_flags));
    tell(
        Field::FlowDirection,
        text(Field::FlowDirection).map(str::to_owned),
    );
    tell(
        Field::TrafficPath,
        number(Field::TrafficPath).map(|path| path.to_string()),
    );
    tell(
        Field::Packets,
        number(Field::Packets).map(|packets| packets.to_string()),
    );
    tell(
        Field::Bytes,
        number(Field::Bytes).map(|bytes| bytes.to_string()),
    );
    tell(Field::Start, number(Field::Start).map(rfc3339));
    tell(Field::End, number(Field::End).map(rfc3339));
    said
}

fn tcp_flags(flags: i64) -> String {
    const NAMES: [(i64, &str); 5] = [(1, "FIN"), (2, "SYN"), (4, "RST"), (8, "PSH"), (16, "ACK")];
    let set = NAMES.iter().filter(|(bit, _)| flags & bit != 0);
    let set: Vec<&str> = set.map(|(_, name)| *name).collect();
    if set.is_empty() {
        flags.to_string()
    } else {
        format!("{flags} ({})", set.join(" "))
    }
}

fn tag_said(names: &Names<'_>, tag: &Tag) -> TagSaid {
    let address = |address: Option<Address>| address.map(|address| address.to_string());
    TagSaid {
        path: tag.path,
        path_basis: tag.basis.to_owned(),
        basis_means: meaning(tag.basis).to_owned(),
        via: names.of(tag.via),
        exit: tag.exit,
        realm: tag.realm,
        service: names.of(tag.service),
        service_by: match tag.service_by {
            ServiceBy::Nobody => "nobody",
            ServiceBy::Endpoint => "the endpoint that it went through or to",
            ServiceBy::PrefixList => "an AWS prefix list of the topology",
            ServiceBy::Record => "the record's pkt-*-aws-service",
            ServiceBy::Ranges => "ip-ranges.json",
        }
        .to_owned(),
        vantage: tag.vantage,
        initiator: tag.initiator,
        workload: address(tag.workload),
        workload_interface: names.of(tag.workload_interface),
        interface: names.of(tag.interface),
        peer: address(tag.peer),
        doubts: doubts(tag.flags),
    }
}

fn doubts(flags: Flags) -> Vec<String> {
    #[rustfmt::skip]
    const WORDS: [(Flags, &str); 12] = [
        (Flags::DISAGREES,         "record and topology disagree; the record won"),
        (Flags::FAR_HIDDEN,        "the far end is not in the record"),
        (Flags::MASKED,            "the workload is not in the record"),
        (Flags::MASK_EXPLAINED,    "the same interface logs the inside of these packets, with the workload"),
        (Flags::ROUTE_ALONE,       "the route table alone tells where it left the VPC"),
        (Flags::INTERFACE_UNKNOWN, "the interface that logged it is not in the topology"),
        (Flags::VPC_UNKNOWN,       "its VPC is not in the topology"),
        (Flags::PEER_UNOWNED,      "the far end is in a VPC of the topology, and no interface there has it: an endpoint may"),
        (Flags::SNAPSHOTS_DIFFER,  "two topologies around it say different things"),
        (Flags::WORKLOAD_UNSURE,   "two topologies around it do not give its workload the same interface"),
        (Flags::SERVICE_UNSURE,    "two topologies around it do not say the same of whose service its far end is"),
        (Flags::NAMED_BY_RANGES,   "whose address the far end's is rests on ip-ranges.json alone"),
    ];
    let set = WORDS.iter().filter(|(flag, _)| flags.has(*flag));
    set.map(|(_, words)| (*words).to_owned()).collect()
}

/// Counts of what was read, from the reports of all inputs.
pub fn searched<'r>(
    reports: impl Iterator<Item = &'r crate::model::evidence::InputReport>,
    found: &Found,
    window: crate::model::window::Window,
) -> Searched {
    let mut searched = Searched {
        first: time(found.first),
        last: time(found.last),
        since: time(window.since),
        until: time(window.until),
        outside_window: found.outside_window,
        ..Searched::default()
    };
    let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
    for report in reports {
        seen.insert(&report.uri, ());
        searched.inputs_broken += u64::from(!report.whole);
        searched.records += report.flows + report.nodata + report.skipdata;
        searched.set_aside += report.set_aside;
    }
    searched.inputs = u64::try_from(seen.len()).unwrap_or(0);
    searched
}
