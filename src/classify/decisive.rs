//! What of a batch's columns decides of a class, as numbers: read row by row without making a [`Row`](crate::classify::row::Row).

use arrow::buffer::NullBuffer;

use crate::classify::row::{Direction, Extra, TypeWord, opening};
use crate::model::batch::FlowBatch;
use crate::model::batch::raw::{Addresses, Codes, Numbers, full_rows};
use crate::model::field::Field;
use crate::model::name::normal_service;
use crate::model::symbol::Sym;

/// The columns, at hand.
pub(super) struct Decisive<'b> {
    pub(super) hop: [Addresses<'b>; 2],
    pub(super) packet: [Addresses<'b>; 2],
    /// As symbols.
    pub(super) service: [Codes<'b>; 2],
    pub(super) next_hop: Codes<'b>,
    /// Each in bits of its own.
    words: [Codes<'b>; 3],
    pub(super) port: [Numbers<'b>; 2],
    protocol: Numbers<'b>,
    tcp_flags: Numbers<'b>,
    traffic_path: Numbers<'b>,
    start: Numbers<'b>,
    end: Numbers<'b>,
}

/// Bits of [`Decisive::small`].
pub(super) const SMALL_BITS: u32 = 13;

fn direction(word: &str) -> u32 {
    match Direction::from_word(word) {
        None => 0,
        Some(Direction::Ingress) => 1,
        Some(Direction::Egress) => 2,
    }
}

fn next_hop_type(word: &str) -> u32 {
    let code = match TypeWord::new(word) {
        TypeWord::Nat => 1,
        TypeWord::Endpoint => 2,
        TypeWord::TransitGateway => 3,
        TypeWord::LoadBalancer => 4,
        TypeWord::Other => 5,
    };
    code << 2
}

/// No rule asks, but whoever judges does.
fn action(word: &str) -> u32 {
    let code = match word {
        "ACCEPT" => 1,
        "REJECT" => 2,
        _ => 3,
    };
    code << 5
}

impl<'b> Decisive<'b> {
    pub(super) fn new(batch: &'b FlowBatch, extra: &mut Extra<'_>) -> Decisive<'b> {
        let address = |field| Addresses::new(batch.address(field));
        let number = |field| Numbers::new(batch.number(field));
        let mut service = |field| {
            let code = |code: &str| extra.sym(&normal_service(code)).0;
            Codes::new(batch.text(field), Sym::NONE.0, code)
        };
        Decisive {
            hop: [address(Field::SrcAddr), address(Field::DstAddr)],
            packet: [address(Field::PktSrcAddr), address(Field::PktDstAddr)],
            service: [
                service(Field::PktSrcAwsService),
                service(Field::PktDstAwsService),
            ],
            next_hop: Codes::new(batch.text(Field::NextHopInterfaceId), Sym::NONE.0, |name| {
                extra.sym(name).0
            }),
            words: [
                Codes::new(batch.text(Field::FlowDirection), 0, direction),
                Codes::new(batch.text(Field::NextHopInterfaceType), 0, next_hop_type),
                Codes::new(batch.text(Field::Action), 0, action),
            ],
            port: [number(Field::SrcPort), number(Field::DstPort)],
            protocol: number(Field::Protocol),
            tcp_flags: number(Field::TcpFlags),
            traffic_path: number(Field::TrafficPath),
            start: number(Field::Start),
            end: number(Field::End),
        }
    }

    /// Rows that lack nothing but what many lack.
    pub(super) fn full_rows(&self) -> Option<NullBuffer> {
        let addresses = self
            .hop
            .iter()
            .chain(&self.packet)
            .map(Addresses::seldom_null);
        let codes = self
            .service
            .iter()
            .chain(&self.words)
            .chain([&self.next_hop]);
        let numbers = [
            &self.protocol,
            &self.tcp_flags,
            &self.traffic_path,
            &self.start,
            &self.end,
        ];
        let numbers = numbers.into_iter().chain(&self.port);
        full_rows(
            addresses
                .chain(codes.map(Codes::seldom_null))
                .chain(numbers.map(Numbers::seldom_null)),
        )
    }

    /// The few values that decide by which of a few they are: direction, type of the next hop, action, traffic-path, who opened.
    #[inline]
    pub(super) fn small<const FULL: bool>(&self, row: usize) -> u32 {
        let words = &self.words;
        let path = match self.traffic_path.at::<FULL>(row) {
            None => 0,
            // Rules know 1 to 8.
            Some(value) => u32::try_from(value)
                .ok()
                .filter(|value| matches!(value, 1..=8))
                .unwrap_or(9),
        };
        words[0].at::<FULL>(row)
            | words[1].at::<FULL>(row)
            | words[2].at::<FULL>(row)
            | path << 7
            | self.opening::<FULL>(row) << 11
    }

    #[inline]
    fn opening<const FULL: bool>(&self, row: usize) -> u32 {
        match opening(
            self.protocol.at::<FULL>(row),
            self.tcp_flags.at::<FULL>(row),
        ) {
            None => 0,
            Some(true) => 1,
            Some(false) => 2,
        }
    }

    /// The time that decides, and whether it is the record's end.
    #[inline]
    pub(super) fn time_s<const FULL: bool>(&self, row: usize) -> (i64, bool) {
        match self.end.at::<FULL>(row) {
            Some(end) => (end, true),
            None => (self.start.at::<FULL>(row).unwrap_or(0), false),
        }
    }
}
