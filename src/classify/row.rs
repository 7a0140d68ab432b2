//! A record's values, read out of a batch's columns.
//!
//! In: a batch. Out: one [`Row`] a record, names as symbols. Names are resolved once a batch and distinct value, not once a record.

use std::sync::Arc;

use arrow::array::ArrayRef;

use crate::model::address::Address;
use crate::model::batch::{AddressColumn, FlowBatch, NumberColumn, TextColumn};
use crate::model::field::{Field, FieldSet};
use crate::model::map::Map;
use crate::model::name::normal_service;
use crate::model::symbol::{Sym, Symbols};

/// The fields that classifying reads.
#[rustfmt::skip]
pub const COLUMNS: &[Field] = &[
    Field::InterfaceId, Field::VpcId, Field::SubnetId, Field::ResourceId, Field::InterfaceType,
    Field::SrcAddr, Field::DstAddr, Field::SrcPort, Field::DstPort, Field::PktSrcAddr, Field::PktDstAddr,
    Field::PktSrcAwsService, Field::PktDstAwsService, Field::Protocol, Field::TcpFlags, Field::FlowDirection,
    Field::TrafficPath, Field::NextHopInterfaceId, Field::NextHopInterfaceType, Field::Start, Field::End,
    Field::ResourceType, Field::TgwId, Field::TgwSrcVpcId,
];

/// [`COLUMNS`] as a set.
pub fn columns() -> FieldSet {
    FieldSet::of(COLUMNS)
}

/// Which way a record looks, relative to the interface that logged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the interface.
    Ingress,
    /// Out of it.
    Egress,
}

impl Direction {
    /// AWS's word for it.
    pub(super) fn from_word(word: &str) -> Option<Direction> {
        match word {
            "ingress" => Some(Direction::Ingress),
            "egress" => Some(Direction::Egress),
            _ => None,
        }
    }
}

/// AWS's words for an interface, as far as they decide (facts 1, fields 49 and 54).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeWord {
    /// `nat_gateway`, `regional_nat_gateway`
    Nat,
    /// `vpc_endpoint`
    Endpoint,
    /// `transit_gateway`
    TransitGateway,
    /// `network_load_balancer`
    LoadBalancer,
    /// A word that AWS added since.
    Other,
}

impl TypeWord {
    pub(super) fn new(word: &str) -> TypeWord {
        match word {
            "nat_gateway" | "regional_nat_gateway" => TypeWord::Nat,
            "vpc_endpoint" => TypeWord::Endpoint,
            "transit_gateway" => TypeWord::TransitGateway,
            "network_load_balancer" => TypeWord::LoadBalancer,
            _ => TypeWord::Other,
        }
    }
}

/// One end of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// `srcaddr` or `dstaddr`: the interface's own, or the next hop's idea of it.
    pub hop: Option<Address>,
    /// `pkt-srcaddr` or `pkt-dstaddr`.
    pub pkt: Option<Address>,
    /// Its port.
    pub port: Option<u16>,
    /// `pkt-*-aws-service`, in normal form.
    pub service: Sym,
}

impl Side {
    /// The address in the packet, as far as the record tells.
    pub fn packet(&self) -> Option<Address> {
        self.pkt.or(self.hop)
    }
}

/// A record.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// `interface-id`
    pub interface: Sym,
    /// `vpc-id`
    pub vpc: Sym,
    /// `subnet-id`
    pub subnet: Sym,
    /// `resource-id` of a regional NAT gateway.
    pub regional_nat: Sym,
    /// `interface-type`
    pub type_word: Option<TypeWord>,
    /// `next-hop-interface-id`
    pub next_hop: Sym,
    /// `next-hop-interface-type`
    pub next_hop_word: Option<TypeWord>,
    /// Source.
    pub src: Side,
    /// Destination.
    pub dst: Side,
    /// `protocol`
    pub protocol: Option<i64>,
    /// `tcp-flags`
    pub tcp_flags: Option<i64>,
    /// `flow-direction`
    pub direction: Option<Direction>,
    /// `traffic-path`
    pub traffic_path: Option<i64>,
    /// Whether the log has `traffic-path` and `flow-direction` at all.
    pub tells_path: bool,
    /// Of a transit gateway's own flow log: the gateway.
    pub gateway_log: Option<Sym>,
    /// `end`, else `start`, else 0.
    pub time_s: i64,
}

/// Names in the records that the topology does not know.
#[derive(Debug)]
pub struct Extra<'a> {
    symbols: &'a Symbols,
    names: Vec<Arc<str>>,
    by_name: Map<Arc<str>, Sym>,
    /// By field: the distinct texts of the last batch, and their symbols. Most batches have those of the batch before.
    last: Vec<(Field, ArrayRef, Arc<[Sym]>)>,
}

impl<'a> Extra<'a> {
    /// Beside the topology's names.
    pub fn new(symbols: &'a Symbols) -> Self {
        Extra {
            symbols,
            names: Vec::new(),
            by_name: Map::default(),
            last: Vec::new(),
        }
    }

    /// The symbols of a column's distinct texts, by key; of a service in normal form, and of a resource only if it is a NAT gateway.
    pub fn syms(&mut self, batch: &FlowBatch, field: Field) -> Arc<[Sym]> {
        let Some(column) = batch.text(field) else {
            return Arc::default();
        };
        let place = self.last.iter().position(|(of, ..)| *of == field);
        if let Some((_, texts, syms)) = place.map(|place| &self.last[place])
            && Arc::ptr_eq(texts, column.dictionary())
        {
            return Arc::clone(syms);
        }
        let sym = |text: &str| match field {
            Field::PktSrcAwsService | Field::PktDstAwsService => self.sym(&normal_service(text)),
            Field::ResourceId if !text.starts_with("nat-") => Sym::NONE,
            _ => self.sym(text),
        };
        let syms: Arc<[Sym]> = column.values().map(sym).collect();
        let known = (field, Arc::clone(column.dictionary()), Arc::clone(&syms));
        match place {
            Some(place) => self.last[place] = known,
            None => self.last.push(known),
        }
        syms
    }

    /// The symbol of a name: the topology's, else one of ours.
    pub fn sym(&mut self, name: &str) -> Sym {
        if let Some(sym) = self
            .symbols
            .find(name)
            .or_else(|| self.by_name.get(name).copied())
        {
            return sym;
        }
        let sym = Sym(u32::try_from(self.symbols.len() + self.names.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.by_name.insert(name, sym);
        sym
    }

    /// The names, in the order of their symbols.
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// The names, in the order of their symbols.
    pub fn into_names(self) -> Vec<Arc<str>> {
        self.names
    }
}

/// A text column with its distinct values already understood.
struct Words<'a, T> {
    column: Option<TextColumn<'a>>,
    values: Arc<[T]>,
}

impl<'a, T: Copy> Words<'a, T> {
    fn new(batch: &'a FlowBatch, field: Field, understand: impl FnMut(&'a str) -> T) -> Self {
        let column = batch.text(field);
        let values = column.into_iter().flat_map(|column| column.values());
        Words {
            column,
            values: values.map(understand).collect(),
        }
    }

    fn get(&self, row: usize) -> Option<T> {
        self.values.get(self.column?.key(row)?).copied()
    }
}

/// The columns of a batch, understood.
pub struct Rows<'a> {
    interface: Words<'a, Sym>,
    vpc: Words<'a, Sym>,
    subnet: Words<'a, Sym>,
    resource: Words<'a, Sym>,
    type_word: Words<'a, TypeWord>,
    next_hop: Words<'a, Sym>,
    next_hop_word: Words<'a, TypeWord>,
    service: [Words<'a, Sym>; 2],
    direction: Words<'a, Option<Direction>>,
    gateway: Words<'a, Sym>,
    gateway_vpc: Words<'a, Sym>,
    of_gateway: bool,
    hop: [Option<AddressColumn<'a>>; 2],
    pkt: [Option<AddressColumn<'a>>; 2],
    port: [Option<NumberColumn<'a>>; 2],
    protocol: Option<NumberColumn<'a>>,
    tcp_flags: Option<NumberColumn<'a>>,
    traffic_path: Option<NumberColumn<'a>>,
    start: Option<NumberColumn<'a>>,
    end: Option<NumberColumn<'a>>,
    tells_path: bool,
}

impl<'a> Rows<'a> {
    /// Understands the columns; names that the topology lacks go to `extra`.
    pub fn new(batch: &'a FlowBatch, extra: &mut Extra<'_>) -> Rows<'a> {
        let mut names = |field| Words {
            column: batch.text(field),
            values: extra.syms(batch, field),
        };
        Rows {
            service: [Field::PktSrcAwsService, Field::PktDstAwsService].map(&mut names),
            interface: names(Field::InterfaceId),
            vpc: names(Field::VpcId),
            subnet: names(Field::SubnetId),
            resource: names(Field::ResourceId),
            next_hop: names(Field::NextHopInterfaceId),
            gateway: names(Field::TgwId),
            gateway_vpc: names(Field::TgwSrcVpcId),
            type_word: Words::new(batch, Field::InterfaceType, TypeWord::new),
            next_hop_word: Words::new(batch, Field::NextHopInterfaceType, TypeWord::new),
            direction: Words::new(batch, Field::FlowDirection, Direction::from_word),
            of_gateway: batch.has(Field::ResourceType)
                || (batch.has(Field::TgwId) && !batch.has(Field::InterfaceId)),
            hop: [batch.address(Field::SrcAddr), batch.address(Field::DstAddr)],
            pkt: [
                batch.address(Field::PktSrcAddr),
                batch.address(Field::PktDstAddr),
            ],
            port: [batch.number(Field::SrcPort), batch.number(Field::DstPort)],
            protocol: batch.number(Field::Protocol),
            tcp_flags: batch.number(Field::TcpFlags),
            traffic_path: batch.number(Field::TrafficPath),
            start: batch.number(Field::Start),
            end: batch.number(Field::End),
            tells_path: batch.has(Field::TrafficPath) && batch.has(Field::FlowDirection),
        }
    }

    /// The record at a row.
    #[inline]
    pub fn get(&self, row: usize) -> Row {
        let number = |column: Option<NumberColumn<'_>>| column.and_then(|column| column.get(row));
        let side = |index: usize| Side {
            hop: self.hop[index].and_then(|column| column.get(row)),
            pkt: self.pkt[index].and_then(|column| column.get(row)),
            port: number(self.port[index]).and_then(|port| u16::try_from(port).ok()),
            service: self.service[index].get(row).unwrap_or(Sym::NONE),
        };
        let vpc = if self.of_gateway {
            &self.gateway_vpc
        } else {
            &self.vpc
        };
        Row {
            interface: self.interface.get(row).unwrap_or(Sym::NONE),
            vpc: vpc.get(row).unwrap_or(Sym::NONE),
            subnet: self.subnet.get(row).unwrap_or(Sym::NONE),
            regional_nat: self.resource.get(row).unwrap_or(Sym::NONE),
            type_word: self.type_word.get(row),
            next_hop: self.next_hop.get(row).unwrap_or(Sym::NONE),
            next_hop_word: self.next_hop_word.get(row),
            src: side(0),
            dst: side(1),
            protocol: number(self.protocol),
            tcp_flags: number(self.tcp_flags),
            direction: self.direction.get(row).flatten(),
            traffic_path: number(self.traffic_path),
            tells_path: self.tells_path,
            gateway_log: self
                .of_gateway
                .then(|| self.gateway.get(row).unwrap_or(Sym::NONE)),
            time_s: number(self.end).or(number(self.start)).unwrap_or(0),
        }
    }
}
