//! Both classifiers over the same topologies and records, in plain words.

use std::collections::BTreeSet;
use std::net::IpAddr;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use ipnet::IpNet;
use serde_json::{Value as Json, json};

use crate::classify::columns::{output_fields, tag_column, with_classes};
use crate::classify::naive::{Atlas, Record, Said, Shot};
use crate::classify::{Classifier, engine};
use crate::model::address::Address;
use crate::model::batch::{BatchBuilder, FlowBatch, Status, Value};
use crate::model::class::Particulars;
use crate::model::field::{Field, FieldSet};
use crate::model::format::Format;
use crate::model::question::Questions;
use crate::model::symbol::Sym;
use crate::model::tag::{Flags, Tag, Tags};
use crate::topology::cells::Cells;
use crate::topology::describe::Answers;
use crate::topology::{Document, World};

/// Fields of a VPC flow log that classifying reads.
#[rustfmt::skip]
pub const VPC_FIELDS: &[Field] = &[
    Field::InterfaceId, Field::VpcId, Field::SubnetId, Field::ResourceId, Field::InterfaceType, Field::SrcAddr, Field::DstAddr,
    Field::PktSrcAddr, Field::PktDstAddr, Field::PktSrcAwsService, Field::PktDstAwsService, Field::Protocol, Field::TcpFlags,
    Field::FlowDirection, Field::TrafficPath, Field::NextHopInterfaceId, Field::NextHopInterfaceType, Field::Start, Field::End,
];

/// Those of the default format.
#[rustfmt::skip]
pub const DEFAULT_FIELDS: &[Field] = &[
    Field::InterfaceId, Field::SrcAddr, Field::DstAddr, Field::Protocol, Field::Start, Field::End,
];

/// Those of a transit gateway's flow log.
#[rustfmt::skip]
pub const GATEWAY_FIELDS: &[Field] = &[
    Field::ResourceType, Field::TgwId, Field::TgwSrcVpcId, Field::SrcAddr, Field::DstAddr, Field::Protocol, Field::TcpFlags,
    Field::FlowDirection, Field::PktSrcAwsService, Field::PktDstAwsService, Field::Start, Field::End,
];

/// Both classifiers' knowledge.
pub struct Twins {
    pub world: World,
    pub atlas: Atlas,
}

impl Twins {
    /// From describe answers, one document a topology, and published prefixes.
    pub fn new(topologies: &[Json], ranges: &[(&str, &str)]) -> Twins {
        let documents: Vec<Document> = topologies
            .iter()
            .enumerate()
            .map(|(index, value)| Document {
                group: format!("t{index}"),
                source: format!("t{index}.json"),
                bytes: serde_json::to_vec(value).unwrap(),
            })
            .collect();
        let of_family = |key: &str, v6: bool| -> Vec<Json> {
            let prefixes = ranges
                .iter()
                .filter(|(prefix, _)| prefix.contains(':') == v6);
            prefixes.map(|(prefix, service)| json!({key: prefix, "region": "us-east-1", "service": service})).collect()
        };
        let published = json!({"syncToken": "1", "createDate": "2026-08-01-00-00-00", "prefixes": of_family("ip_prefix", false), "ipv6_prefixes": of_family("ipv6_prefix", true)});
        let published = serde_json::to_vec(&published).unwrap();
        let mut shots: Vec<Shot> = topologies
            .iter()
            .map(|value| Shot {
                captured_s: value["captured_at"].as_i64(),
                account: value["account_id"].as_str().map(str::to_owned),
                region: value["region"].as_str().map(str::to_owned),
                answers: serde_json::from_value::<Answers>(value.clone()).unwrap(),
            })
            .collect();
        shots.sort_by_key(|shot| shot.captured_s);
        Twins {
            world: World::load(&documents, Some(("r.json", &published))).unwrap(),
            atlas: Atlas {
                shots,
                ranges: ranges
                    .iter()
                    .map(|(prefix, service)| {
                        (prefix.parse::<IpNet>().unwrap(), (*service).to_owned())
                    })
                    .collect(),
            },
        }
    }

    /// What the fast side says of records whose log has these fields.
    pub fn fast(&self, records: &[Record], fields: &[Field]) -> Vec<Said> {
        let batch = batch(records, fields);
        let tags = engine::tags(&batch, &self.world);
        tags.rows
            .iter()
            .map(|tag| self.words(&tags, tag.as_ref().unwrap()))
            .collect()
    }

    /// The tags' columns as text, cell by cell: record by record, and by classes.
    pub fn cells(&self, records: &[Record], fields: &[Field]) -> [Vec<Vec<Option<String>>>; 2] {
        let batch = batch(records, fields);
        let text = |column: &ArrayRef| {
            let text = cast(column, &DataType::Utf8).unwrap();
            let cells = text.as_string::<i32>().iter();
            cells.map(|cell| cell.map(str::to_owned)).collect()
        };
        let tags = engine::tags(&batch, &self.world);
        let places = 0..output_fields().len();
        let one_by_one =
            places.map(|place| text(&tag_column(place, &tags, &self.world.symbols).unwrap()));
        let questions = Questions::default();
        let cells = Cells::new(&self.world, &questions);
        let mut classifier = Classifier::new(&cells, &questions);
        let classes = classifier.classify(&batch);
        let written = with_classes(&batch, classes, &self.world.symbols).unwrap();
        let by_class = output_fields();
        let by_class = by_class
            .iter()
            .map(|field| text(written.column_by_name(field.name()).unwrap()));
        [one_by_one.collect(), by_class.collect()]
    }

    /// What the fast side says by classes, record after record in batches of so many rows, when it sees them for the second time: then batches
    /// share their dictionaries.
    pub fn by_class(&self, records: &[Record], fields: &[Field], rows: usize) -> Vec<Said> {
        let questions = Questions::default();
        let cells = Cells::new(&self.world, &questions);
        let mut classifier = Classifier::new(&cells, &questions);
        let mut builder = builder(fields).keeping_texts();
        let mut said = Vec::new();
        for _ in 0..2 {
            said.clear();
            for some in records.chunks(rows) {
                let batch = fill(&mut builder, some, fields);
                let classes = classifier.classify(&batch);
                let particulars = Particulars::new(&batch);
                let tag = |(row, class): (usize, &u32)| {
                    let class = &classes.classes[usize::try_from(*class).unwrap()];
                    Some(particulars.tag(class, row))
                };
                let tags = Tags {
                    rows: classes.rows.iter().enumerate().map(tag).collect(),
                    extra: classes.extra.clone(),
                };
                let words = |tag: &Option<Tag>| self.words(&tags, tag.as_ref().unwrap());
                said.extend(tags.rows.iter().map(words));
            }
        }
        said
    }

    /// What the slow side says.
    pub fn slow(&self, records: &[Record], fields: &[Field]) -> Vec<Said> {
        records
            .iter()
            .map(|record| self.atlas.says(&known(record, fields)))
            .collect()
    }

    fn words(&self, tags: &Tags, tag: &Tag) -> Said {
        let name = |sym: Sym| {
            let extra = usize::try_from(sym.0)
                .unwrap()
                .checked_sub(self.world.symbols.len());
            let name = extra.map_or_else(
                || Some(self.world.symbols.name(sym)),
                |extra| tags.extra.get(extra).map(AsRef::as_ref),
            );
            assert!(
                name.is_some() || !sym.is_some(),
                "a symbol that nobody names"
            );
            name.map(str::to_owned)
        };
        Said {
            path: tag.path.as_str(),
            basis: tag.basis,
            via: name(tag.via),
            exit: tag.exit.as_str(),
            realm: tag.realm.map(|realm| realm.as_str()),
            service: name(tag.service),
            workload: tag.workload.map(Address::to_ip),
            workload_interface: name(tag.workload_interface),
            peer: tag.peer.map(Address::to_ip),
            vantage: tag.vantage.as_str(),
            initiator: tag.initiator.as_str(),
            workload_sends: tag.workload_sends,
            doubts: doubts(tag.flags),
        }
    }
}

fn doubts(flags: Flags) -> BTreeSet<&'static str> {
    let all = [
        (Flags::DISAGREES, "DISAGREES"),
        (Flags::FAR_HIDDEN, "FAR_HIDDEN"),
        (Flags::MASKED, "MASKED"),
        (Flags::ROUTE_ALONE, "ROUTE_ALONE"),
        (Flags::INTERFACE_UNKNOWN, "INTERFACE_UNKNOWN"),
        (Flags::PEER_UNOWNED, "PEER_UNOWNED"),
    ];
    all.into_iter()
        .filter(|(flag, _)| flags.has(*flag))
        .map(|(_, name)| name)
        .collect()
}

/// Records as a decoder would give them.
pub fn batch(records: &[Record], fields: &[Field]) -> FlowBatch {
    fill(&mut builder(fields), records, fields)
}

fn builder(fields: &[Field]) -> BatchBuilder {
    let format = Format::from_names(fields.iter().map(|field| field.text())).unwrap();
    BatchBuilder::new(&format, FieldSet::ALL)
}

fn fill(builder: &mut BatchBuilder, records: &[Record], fields: &[Field]) -> FlowBatch {
    for (line, record) in (1..).zip(records) {
        let values: Vec<Value<'_>> = fields.iter().map(|field| value(record, *field)).collect();
        builder.push(&values, Status::Flow, line).unwrap();
    }
    builder.finish().unwrap()
}

fn value(record: &Record, field: Field) -> Value<'_> {
    let address = |address: Option<IpAddr>| address.map(|address| Value::Address(address.into()));
    let number = |number: Option<i64>| number.map(Value::Number);
    let value = match field {
        Field::InterfaceId => record.interface_id.as_deref().map(Value::Text),
        Field::VpcId => record.vpc_id.as_deref().map(Value::Text),
        Field::SubnetId => record.subnet_id.as_deref().map(Value::Text),
        Field::ResourceId => record.resource_id.as_deref().map(Value::Text),
        Field::InterfaceType => record.interface_type.as_deref().map(Value::Text),
        Field::PktSrcAwsService => record.pkt_src_aws_service.as_deref().map(Value::Text),
        Field::PktDstAwsService => record.pkt_dst_aws_service.as_deref().map(Value::Text),
        Field::FlowDirection => record.flow_direction.as_deref().map(Value::Text),
        Field::NextHopInterfaceId => record.next_hop_interface_id.as_deref().map(Value::Text),
        Field::NextHopInterfaceType => record.next_hop_interface_type.as_deref().map(Value::Text),
        Field::TgwId => record.tgw_id.as_deref().map(Value::Text),
        Field::TgwSrcVpcId => record.tgw_src_vpc_id.as_deref().map(Value::Text),
        Field::ResourceType => Some(Value::Text("TransitGateway")),
        Field::SrcAddr => address(record.srcaddr),
        Field::DstAddr => address(record.dstaddr),
        Field::PktSrcAddr => address(record.pkt_srcaddr),
        Field::PktDstAddr => address(record.pkt_dstaddr),
        Field::Protocol => number(record.protocol),
        Field::TcpFlags => number(record.tcp_flags),
        Field::TrafficPath => number(record.traffic_path),
        Field::Start => number(record.start),
        Field::End => number(record.end),
        other => panic!("no record of these tests has {}", other.text()),
    };
    value.unwrap_or(Value::Null)
}

/// A record without the fields that its log lacks.
pub fn known(record: &Record, fields: &[Field]) -> Record {
    let has = |field: Field| fields.contains(&field);
    macro_rules! keep {
        ($($name:ident $field:ident),*) => { Record {
            $($name: if has(Field::$field) { record.$name.clone() } else { None },)*
            log_tells_path: has(Field::TrafficPath) && has(Field::FlowDirection),
            log_of_gateway: has(Field::ResourceType) || (has(Field::TgwId) && !has(Field::InterfaceId)),
        } };
    }
    keep!(
        interface_id InterfaceId, vpc_id VpcId, subnet_id SubnetId, resource_id ResourceId, interface_type InterfaceType, srcaddr SrcAddr,
        dstaddr DstAddr, pkt_srcaddr PktSrcAddr, pkt_dstaddr PktDstAddr, pkt_src_aws_service PktSrcAwsService,
        pkt_dst_aws_service PktDstAwsService, protocol Protocol, tcp_flags TcpFlags, flow_direction FlowDirection,
        traffic_path TrafficPath, next_hop_interface_id NextHopInterfaceId, next_hop_interface_type NextHopInterfaceType, start Start,
        end End, tgw_id TgwId, tgw_src_vpc_id TgwSrcVpcId
    )
}
