//! What of a batch's columns decides of a class, as numbers: read row by row without making a [`Row`](crate::classify::row::Row).

use arrow::buffer::NullBuffer;

use crate::classify::row::{Direction, Extra, TypeWord};
use crate::model::batch::FlowBatch;
use crate::model::batch::raw::{Addresses, Codes, Numbers, full_rows};
use crate::model::field::Field;
use crate::model::path::{ACK, SYN};
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

/// Where in them stands who opened the connection, in two bits; the lowest two are the direction.
const OPENING_BIT: u32 = 11;

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
        let mut syms = |field| {
            let syms = extra.syms(batch, field);
            let codes = syms.iter().map(|sym| sym.0).collect();
            Codes::new(batch.text(field), Sym::NONE.0, codes)
        };
        let words = |field, code: fn(&str) -> u32| {
            let column = batch.text(field);
            let codes = column.map(|column| column.values().map(code).collect());
            Codes::new(column, 0, codes.unwrap_or_default())
        };
        Decisive {
            hop: [address(Field::SrcAddr), address(Field::DstAddr)],
            packet: [address(Field::PktSrcAddr), address(Field::PktDstAddr)],
            service: [Field::PktSrcAwsService, Field::PktDstAwsService].map(&mut syms),
            next_hop: syms(Field::NextHopInterfaceId),
            words: [
                words(Field::FlowDirection, direction),
                words(Field::NextHopInterfaceType, next_hop_type),
                words(Field::Action, action),
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
    pub(super) fn small(&self, row: usize) -> u32 {
        let words = &self.words;
        let path = path_code(self.traffic_path.get(row).unwrap_or(NULL));
        words[0].get(row)
            | words[1].get(row)
            | words[2].get(row)
            | path << 7
            | self.opening(row) << OPENING_BIT
    }

    /// [`Decisive::small`] of the rows from `first` on; `words` and `numbers` are room to work in, as long as `out` at least.
    pub(super) fn small_of(
        &self,
        first: usize,
        out: &mut [u32],
        words: &mut [u32],
        numbers: [&mut [i64]; 2],
    ) {
        let count = out.len();
        let (words, [numbers, others]) = (&mut words[..count], numbers);
        let (numbers, others) = (&mut numbers[..count], &mut others[..count]);
        out.fill(0);
        for column in &self.words {
            column.fill(first, words);
            for (out, word) in out.iter_mut().zip(&*words) {
                *out |= word;
            }
        }
        self.traffic_path.fill(first, NULL, numbers);
        for (out, path) in out.iter_mut().zip(&*numbers) {
            *out |= path_code(*path) << 7;
        }
        self.protocol.fill(first, NULL, numbers);
        self.tcp_flags.fill(first, NULL, others);
        for (out, (protocol, flags)) in out.iter_mut().zip(numbers.iter().zip(&*others)) {
            *out |= opening_code(*protocol, *flags) << OPENING_BIT;
        }
    }

    /// [`Decisive::time_s`] of the rows from `first` on; `ended` is called with the places of those whose end it is.
    pub(super) fn times_of(
        &self,
        first: usize,
        times_s: &mut [i64],
        starts: &mut [i64],
        mut ended: impl FnMut(usize, bool),
    ) {
        let starts = &mut starts[..times_s.len()];
        self.end.fill(first, NULL, times_s);
        self.start.fill(first, 0, starts);
        for (place, (time_s, start)) in times_s.iter_mut().zip(&*starts).enumerate() {
            let end = some(*time_s);
            ended(place, end.is_some());
            *time_s = end.unwrap_or(*start);
        }
    }

    #[inline]
    fn opening(&self, row: usize) -> u32 {
        let [protocol, flags] = [&self.protocol, &self.tcp_flags].map(|of| of.get(row));
        opening_code(protocol.unwrap_or(NULL), flags.unwrap_or(NULL))
    }

    /// The time that decides, and whether it is the record's end.
    #[inline]
    pub(super) fn time_s(&self, row: usize) -> (i64, bool) {
        match self.end.get(row) {
            Some(end) => (end, true),
            None => (self.start.get(row).unwrap_or(0), false),
        }
    }
}

/// Stands for a missing number in columns; no decoder takes it for one.
const NULL: i64 = i64::MIN;

#[inline]
fn some(number: i64) -> Option<i64> {
    (number != NULL).then_some(number)
}

/// 0 for none, 1 to 8 as rules know them, 9 for others. Without a branch, for the next one is never like the last.
#[inline]
fn path_code(path: i64) -> u32 {
    let known = (1..=8).contains(&path);
    let code = u32::try_from(path).unwrap_or(0);
    u32::from(known) * code + u32::from(!known & (path != NULL)) * 9
}

/// 1 if the sender opened the connection, 2 if the other side did, 0 if the record does not say:
/// [`opening`](crate::model::path::opening), without a branch.
#[inline]
fn opening_code(protocol: i64, tcp_flags: i64) -> u32 {
    // INVARIANT: no flag that is asked about is set in NULL.
    let tcp = (protocol == NULL) | (protocol == 6);
    let says = tcp & (tcp_flags & SYN != 0);
    let other = tcp_flags & ACK != 0;
    u32::from(says) * (1 + u32::from(other))
}

const _: () = assert!(NULL & (SYN | ACK) == 0);

/// What is left of who opened a connection where not all of it decides: a table of two bits for each direction and opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening(u32);

impl Opening {
    /// It decides nothing.
    pub(super) const NOTHING: Opening = Opening(0);
    /// All of it decides.
    pub(super) const ALL: Opening = Opening::new(true);
    /// It decides whether the far end did: the sender of what comes in, the receiver of what goes out. Where the direction is not told,
    /// either may be meant.
    pub(super) const PEER: Opening = Opening::new(false);

    const fn new(all: bool) -> Opening {
        let (mut table, mut place) = (0, 0);
        while place < 16 {
            let (direction, opening) = (place & 3, place >> 2);
            // Who sent what came in has the number of what comes in; whom it was sent to that of what goes out.
            if all || direction == 0 || direction == opening {
                table |= opening << (2 * place);
            }
            place += 1;
        }
        Opening(table)
    }

    /// The bits of a row, with as much of its opening as decides.
    #[inline(always)]
    pub(super) fn of(self, small: u32) -> u32 {
        let (direction, opening) = (small & 3, small >> OPENING_BIT & 3);
        let kept = self.0 >> (2 * (direction | opening << 2)) & 3;
        small & !(3 << OPENING_BIT) | kept << OPENING_BIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::{Initiator, opening};

    #[test]
    fn codes_are_what_the_rules_read() {
        let numbers = (-2..300).chain([NULL, i64::MAX, 1 << 32 | 2, 1 << 40 | 3]);
        let some = |number: i64| (number != NULL).then_some(number);
        for number in numbers {
            let path = match number {
                NULL => 0,
                1..=8 => u32::try_from(number).unwrap(),
                _ => 9,
            };
            assert_eq!(path_code(number), path, "path {number}");
            for protocol in [NULL, 0, 6, 17, -6, 1 << 32 | 6] {
                let code = match opening(some(protocol), some(number)) {
                    None => 0,
                    Some(true) => 1,
                    Some(false) => 2,
                };
                assert_eq!(opening_code(protocol, number), code, "{protocol} {number}");
            }
        }
    }

    #[test]
    fn what_is_kept_of_an_opening_tells_the_far_end() {
        for (told, sends) in [("ingress", Some(false)), ("egress", Some(true)), ("", None)] {
            for (flags, opened) in [(0, None), (SYN, Some(true)), (SYN | ACK, Some(false))] {
                let small = direction(told) | opening_code(6, flags) << OPENING_BIT | 0x7f << 2;
                let kept = |of: Opening| of.of(small) >> OPENING_BIT;
                assert_eq!(Opening::ALL.of(small), small);
                assert_eq!(kept(Opening::NOTHING), 0);
                let by_peer = Initiator::new(opened, sends) == Initiator::Peer;
                let expected = by_peer || sends.is_none() && opened.is_some();
                assert_eq!(kept(Opening::PEER) != 0, expected, "{told} {flags}");
                assert_eq!(Opening::PEER.of(small) & 0x7ff, small & 0x7ff);
            }
        }
    }
}
