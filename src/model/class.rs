//! Records of a kind: those of which every question has one answer, whatever their addresses, ports and times are in particular.

use std::sync::Arc;

use crate::model::address::Address;
use crate::model::batch::FlowBatch;
use crate::model::batch::raw::{Addresses, Numbers};
use crate::model::field::Field;
use crate::model::path::{Initiator, opening};
use crate::model::tag::{Tag, Tags};

/// Where an address of a tag stands in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// `srcaddr` (0) or `dstaddr` (1).
    Hop(u8),
    /// `pkt-srcaddr` (0) or `pkt-dstaddr` (1).
    Packet(u8),
}

/// What all records of a class have in common. Addresses, ports, and who opened the connection, stand in each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Of the first record that was met. Addresses, ports and initiator in it are that record's alone.
    pub tag: Tag,
    /// Where the workload's address stands; `None` if the tag has none.
    pub workload: Option<Stands>,
    /// Where the peer's stands.
    pub peer: Option<Stands>,
    /// Whose port is the workload's: 0 the source's, 1 the destination's.
    pub workload_port: Option<u8>,
    /// Whose is the peer's.
    pub peer_port: Option<u8>,
}

/// The classes met so far, and those of the records of one batch.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    /// One a row: index into `classes`, or [`Classes::NONE`] for NODATA and SKIPDATA rows.
    pub rows: Vec<u32>,
    /// They stay, from batch to batch, as long as `generation` is the same.
    pub classes: Vec<Class>,
    /// Grows when all classes are forgotten, to keep them bounded.
    pub generation: u64,
    /// Names that stand in the records and not in the topology: symbol `world.symbols.len() + i`.
    pub extra: Vec<Arc<str>>,
}

impl Classes {
    /// Not a flow.
    pub const NONE: u32 = u32::MAX;

    /// Room for so many is taken from the start by whoever keeps something of each: a vector that grows touches its memory twice, and what
    /// is taken and not touched costs nothing.
    pub const LIKELY: usize = 1 << 13;

    /// A class for each record, from its tag: for who looks at few records, one by one.
    pub fn one_each(batch: &FlowBatch, tags: &Tags) -> Classes {
        let at = Particulars::new(batch);
        let mut found = Classes {
            extra: tags.extra.clone(),
            ..Classes::default()
        };
        for (row, tag) in tags.rows.iter().enumerate() {
            let class = tag.map(|tag| at.class(tag, row));
            let id = class.and_then(|_| u32::try_from(found.classes.len()).ok());
            found.rows.push(id.unwrap_or(Classes::NONE));
            found.classes.extend(class);
        }
        found
    }
}

/// The columns of a batch that hold what classes leave open.
#[derive(Clone, Copy, Debug)]
pub struct Particulars<'a> {
    hop: [Addresses<'a>; 2],
    packet: [Addresses<'a>; 2],
    port: [Numbers<'a>; 2],
    protocol: Numbers<'a>,
    tcp_flags: Numbers<'a>,
}

impl<'a> Particulars<'a> {
    /// Of a batch.
    pub fn new(batch: &'a FlowBatch) -> Particulars<'a> {
        let address = |field| Addresses::new(batch.address(field));
        let number = |field| Numbers::new(batch.number(field));
        Particulars {
            hop: [Field::SrcAddr, Field::DstAddr].map(address),
            packet: [Field::PktSrcAddr, Field::PktDstAddr].map(address),
            port: [Field::SrcPort, Field::DstPort].map(number),
            protocol: number(Field::Protocol),
            tcp_flags: number(Field::TcpFlags),
        }
    }

    /// An address of a record.
    pub fn address(&self, stands: Option<Stands>, row: usize) -> Option<Address> {
        let (columns, side) = match stands? {
            Stands::Hop(side) => (&self.hop, side),
            Stands::Packet(side) => (&self.packet, side),
        };
        let bytes = columns.get(usize::from(side))?.get(row)?;
        Some(Address(u128::from_be_bytes(*bytes)))
    }

    /// The class of one record, by its tag: where each address and port of the tag stands.
    fn class(&self, tag: Tag, row: usize) -> Class {
        const PLACES: [Stands; 4] = [
            Stands::Hop(0),
            Stands::Hop(1),
            Stands::Packet(0),
            Stands::Packet(1),
        ];
        let stands = |address: Option<Address>| {
            let has = |place: &Stands| self.address(Some(*place), row) == address;
            address.and_then(|_| PLACES.into_iter().find(has))
        };
        let side = |port: Option<u16>| {
            let has = |side: &u8| self.port(Some(*side), row) == port;
            port.and_then(|_| [0, 1].into_iter().find(has))
        };
        Class {
            workload: stands(tag.workload),
            peer: stands(tag.peer),
            workload_port: side(tag.workload_port),
            peer_port: side(tag.peer_port),
            tag,
        }
    }

    fn port(&self, side: Option<u8>, row: usize) -> Option<u16> {
        let column = self.port.get(usize::from(side?))?;
        u16::try_from(column.get(row)?).ok()
    }

    /// Who opened the connection of a record of this class.
    pub fn initiator(&self, class: &Class, row: usize) -> Initiator {
        let opened = opening(self.protocol.get(row), self.tcp_flags.get(row));
        Initiator::new(opened, class.tag.workload_sends)
    }

    /// The tag of a record of this class.
    pub fn tag(&self, class: &Class, row: usize) -> Tag {
        Tag {
            workload: self.address(class.workload, row),
            peer: self.address(class.peer, row),
            workload_port: self.port(class.workload_port, row),
            peer_port: self.port(class.peer_port, row),
            initiator: self.initiator(class, row),
            ..class.tag
        }
    }
}
