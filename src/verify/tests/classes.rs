//! Records by class and record by record come to the same evidence, whatever stands in them: `compared_in` compares the two.

use std::sync::Arc;

use super::*;
use crate::classify::{self, Classifier};
use crate::model::class::Particulars;
use crate::model::symbol::Sym;
use crate::model::tag::Tag;
use crate::topology::cells::Cells;
use crate::verify::{Weigher, naive};

const FIELDS: &str = "${interface-id} ${vpc-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${tcp-flags} ${bytes} ${start} ${end} ${action} ${log-status} ${pkt-srcaddr} ${pkt-dstaddr} ${pkt-dst-aws-service} ${flow-direction} ${traffic-path}";

/// What a thread sees of batches: by classes, and record by record, one tally a batch, merged from the last to the first.
pub(super) fn weighed(plan: &Plan<'_>, batches: &[FlowBatch], facts: &InputFacts) -> [Tally; 2] {
    let questions = plan.questions();
    let cells = Cells::new(plan.world, &questions);
    let mut weigher = Weigher::new(plan);
    let mut classifier = Classifier::new(&cells, &questions);
    let mut slow = Tally::default();
    for batch in batches {
        let classes = classifier.classify(batch);
        weigher.observe(batch, classes, facts);
        let tags = classify::tags(batch, plan.world);
        let particulars = Particulars::new(batch);
        for (row, tag) in tags.rows.iter().enumerate() {
            let class = classes.classes.get(classes.rows[row] as usize);
            let of_class = class.map(|class| particulars.tag(class, row));
            let names =
                |tag: Option<Tag>, extra: &[Arc<str>]| tag.map(|tag| shown(tag, extra, plan.world));
            assert_eq!(names(of_class, &classes.extra), names(*tag, &tags.extra));
        }
        let mut tally = Tally::default();
        naive::observe(plan, &mut tally, batch, &tags, facts);
        slow = tally.merge(slow);
    }
    [weigher.finish(), slow]
}

/// A tag, with the names that stand in the records alone: their symbols are each classifier's own.
fn shown(tag: Tag, extra: &[Arc<str>], world: &World) -> (Tag, Vec<Option<String>>) {
    let mut tag = tag;
    let mut names = Vec::new();
    for sym in [
        &mut tag.via,
        &mut tag.service,
        &mut tag.workload_interface,
        &mut tag.vpc,
        &mut tag.interface,
    ] {
        let index = (sym.0 as usize).checked_sub(world.symbols.len());
        let name = index.and_then(|index| extra.get(index));
        if name.is_some() {
            *sym = Sym::NONE;
        }
        names.push(name.map(|name| name.to_string()));
    }
    (tag, names)
}

/// Claims and exceptions with everything that a flow may be asked: addresses, ports, times, scope.
const ASKING: &str = r#"
version = 1
rejected = "attempt"
[[claim]]
id = "s3"
to = ["service:s3", "203.0.113.16/28", "10.0.1.128/25"]
allow = ["via-gateway-endpoint", "via-endpoint-eni"]
[[claim]]
id = "ports"
to = ["any"]
ports = [443, 5432]
from = ["10.0.1.0/29", "eni-v"]
allow = ["intra-vpc"]
[[claim]]
id = "internet"
to = ["internet", "pl-63a5400a", "service:*"]
allow = ["via-gateway-endpoint"]
exits = ["gateway-endpoint"]
[[exception]]
claim = "internet"
to = ["198.51.100.0/25", "64:ff9b::/96"]
from = ["10.0.1.5/32"]
ports = [443]
reason = "until noon"
owner = "somebody"
expires = 2026-08-01
[[exception]]
claim = "ports"
to = ["10.0.1.64/26"]
reason = "for ever"
owner = "somebody"
expires = 2026-12-31
"#;

/// A few of each, and numbers beside them.
fn address(choice: u16) -> String {
    let (low, kind) = (choice >> 8, choice & 0xff);
    match kind % 12 {
        0 | 1 => "10.0.1.5".to_owned(),
        2 => "10.0.1.6".to_owned(),
        3 => format!("10.0.1.{low}"),
        4 => "10.0.2.9".to_owned(),
        5 => format!("52.216.{low}.9"),
        6 => format!("52.218.{low}.9"),
        7 => format!("203.0.113.{low}"),
        8 => format!("198.51.100.{low}"),
        9 => format!("64:ff9b::{:x}:{:x}", 0xc633, 0x6400 + low),
        10 => format!("3.{low}.1.1"),
        _ => "-".to_owned(),
    }
}

/// Numbers in both addresses, and what else may differ, to what.
type Change = ([u8; 2], u16, u16);

/// Records alike: the same choices, but for the numbers in their addresses, and now and then a port or a time.
fn any_records() -> impl Strategy<Value = Vec<String>> {
    let variant = (any::<[u8; 2]>(), any::<u16>(), any::<u16>());
    let alike = (
        prop::collection::vec(any::<u16>(), 20),
        prop::collection::vec(variant, 1..40),
    );
    let records = |(base, variants): (Vec<u16>, Vec<Change>)| {
        let of = |(low, which, other): &Change| {
            let mut choices = base.clone();
            for (side, low) in low.iter().enumerate() {
                let kind = choices[16 + side] & 0xff;
                choices[16 + side] = kind | u16::from(*low) << 8;
            }
            // Source port, destination port, start, end: the places at which `record` takes them.
            if let Some(place) = [2, 3, 7, 8].get(usize::from(which % 8)) {
                choices[*place] = *other;
            }
            record(&choices)
        };
        variants.iter().map(of).collect::<Vec<_>>()
    };
    let several = prop::collection::vec(alike.prop_map(records), 1..12);
    several.prop_map(|several| several.concat())
}

/// A record by choices.
fn record(choices: &[u16]) -> String {
    let mut at = 0;
    let mut next = |below: usize| {
        at += 1;
        usize::from(choices[at - 1]) % below
    };
    let interface = ["eni-w", "eni-w", "eni-v", "eni-nat", "eni-new", "-"][next(6)];
    let vpc = ["vpc-1", "vpc-1", "vpc-9", "-"][next(4)];
    let ports = ["443", "5432", "40000", "-"];
    let (src_port, dst_port) = (ports[next(4)], ports[next(4)]);
    let protocol = ["6", "17", "-"][next(3)];
    let flags = ["2", "18", "0", "-"][next(4)];
    let bytes = ["1", "40", "40", "9000", "-"][next(5)];
    let times = [0, 60, 1_199, 1_800, 43_199, 43_200, 90_000];
    let start = T0 + times[next(7)];
    let end = start + [0, 59, 600][next(3)];
    let span = match next(8) {
        0 => format!("- {end}"),
        1 => format!("{start} -"),
        2 => "- -".to_owned(),
        _ => format!("{start} {end}"),
    };
    let action = ["ACCEPT", "ACCEPT", "ACCEPT", "REJECT", "-"][next(5)];
    let status = ["OK", "OK", "OK", "OK", "OK", "OK", "NODATA", "SKIPDATA"][next(8)];
    let service = ["-", "-", "S3", "EC2", "NEW_THING"][next(5)];
    let direction = ["egress", "ingress", "-"][next(3)];
    let path = ["-", "1", "2", "7", "8", "12"][next(6)];
    let (src, dst) = (address(choices[16]), address(choices[17]));
    let packet = |choice: u16, hop: &String| match choice % 5 {
        0 => address(choice),
        _ => hop.clone(),
    };
    let (packet_src, packet_dst) = (packet(choices[18], &src), packet(choices[19], &dst));
    format!(
        "{interface} {vpc} {src} {dst} {src_port} {dst_port} {protocol} {flags} {bytes} {span} {action} {status} {packet_src} {packet_dst} {service} {direction} {path}"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_one_record_means_all_of_its_class_mean(records in any_records(), rows in 1usize..80, scope in 0usize..4, windowed in any::<bool>()) {
        let mut case = Case::new();
        found::with_nat(&mut case);
        let scope = ["", "[scope]\ncidrs = ['10.0.1.0/28']\n", "[scope]\ninterfaces = ['eni-w']\n", "[scope]\nvpcs = ['vpc-1']\n"][scope];
        case.policy = ASKING.replacen("[[claim]]", &format!("{scope}[[claim]]"), 1);
        if !windowed {
            case.window = Window::ALL;
        }
        case.format = FIELDS.to_owned();
        case.records = records;
        case.compared_in(rows);
    }
}
