//! The address space cut so small that no question tells two addresses of a cell apart; and which cells are of one kind.
//!
//! In: the topology, and what else will be asked. Out: for any address its cell, and for any cell all answers, so that whoever
//! remembers what was found for one address knows it for all of the same kind.
//!
//! INVARIANT: every question that `classify` and `verify` ask of a single address is one of [`Answer`], at the address or at what
//! NAT64 hides in it, or is about identity: whether an interface owns it ([`Kin`]), or is asked only where cells are told apart exactly, as at
//! an endpoint's interface is whether a route is specific. The properties in `classify` and `verify` that
//! compare records of a class with records one by one hold it.

use crate::model::address::{Address, Block};
use crate::model::map::{Map, Set};
use crate::model::question::Questions;
use crate::model::symbol::Sym;
use crate::topology::World;
use crate::topology::intervals::Intervals;
use crate::topology::routes::Lookup;
use crate::topology::snapshot::{InterfaceKind, Snapshot};

/// The lower half of `::ffff:0:0`.
const V4_MAPPED_LOW: u64 = 0xffff_0000_0000;

/// More tables and VPCs than this are too many to ask of each cell: then each is of its own kind.
const ASKED_MAX: usize = 1_024;

/// One true thing about an address. Numbers are places in lists of the world and of the questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// What follows holds of the address that NAT64 hides in it.
    Behind,
    /// AWS's published ranges.
    Labels(u16),
    /// No stranger can have it.
    Private,
    /// It is in a VPC, by snapshot.
    InVpc(usize, Sym),
    /// An interface of that VPC has it, of this kind; which one, unless it is a host's.
    Owned(usize, Sym, InterfaceKind, Sym),
    /// What a table says, by snapshot.
    Route(usize, usize, Lookup),
    /// In a prefix list, by snapshot.
    Listed(usize, usize),
    /// An address of a NAT gateway, by snapshot.
    Nat(usize, Sym),
    /// In a side of a peering, by snapshot.
    Peering(usize, Sym, usize),
    /// In a list of blocks of the questions.
    Asked(usize),
}

/// Whose address it is, in any snapshot and VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kin {
    /// No interface's.
    Nobody,
    /// This one's alone.
    One(Sym),
    /// Of several, in several VPCs or one after the other.
    Several,
}

impl Kin {
    fn and(self, id: Sym) -> Kin {
        match self {
            Kin::Nobody => Kin::One(id),
            Kin::One(other) if other == id => self,
            Kin::One(_) | Kin::Several => Kin::Several,
        }
    }
}

/// Blocks of a question: single addresses by hash, for there may be thousands.
#[derive(Clone, Debug, Default)]
struct List {
    addresses: Set<Address>,
    blocks: Vec<Block>,
}

impl List {
    fn new(blocks: &[Block]) -> List {
        let (single, wide): (Vec<Block>, Vec<Block>) =
            blocks.iter().partition(|block| block.first == block.last);
        List {
            addresses: single.iter().map(|block| block.first).collect(),
            blocks: wide,
        }
    }

    fn holds(&self, address: Address) -> bool {
        self.addresses.contains(&address) || self.blocks.iter().any(|block| block.contains(address))
    }
}

/// The cells.
#[derive(Clone, Debug)]
pub struct Cells<'w> {
    /// All topologies.
    pub world: &'w World,
    cuts: Intervals<()>,
    lists: Vec<List>,
    kin: Map<Address, Kin>,
    delegated: Vec<(Block, Sym)>,
}

/// What [`Address::is_private`] asks.
#[rustfmt::skip]
const PRIVATE: &[(&str, u8)] = &[
    ("0.0.0.0", 8), ("10.0.0.0", 8), ("100.64.0.0", 10), ("127.0.0.0", 8), ("169.254.0.0", 16), ("172.16.0.0", 12), ("192.168.0.0", 16),
    ("224.0.0.0", 3), ("::", 128), ("::1", 128), ("fc00::", 7), ("fe80::", 10), ("ff00::", 8), ("64:ff9b::", 96),
];

fn private() -> impl Iterator<Item = Block> {
    PRIVATE.iter().filter_map(|(text, prefix_len)| {
        let first = Address::parse(text.as_bytes())?;
        let bits = if first.as_ipv4().is_some() { 32 } else { 128 } - u32::from(*prefix_len);
        let last = Address(first.0 | (1u128.checked_shl(bits)?).wrapping_sub(1));
        Some(Block {
            first,
            last,
            prefix_len: *prefix_len,
        })
    })
}

impl<'w> Cells<'w> {
    /// Cuts the space at every border that the world or the questions have.
    pub fn new(world: &'w World, questions: &Questions) -> Cells<'w> {
        let mut kin: Map<Address, Kin> = Map::default();
        let mut delegated: Set<(Block, Sym)> = Set::default();
        for interface in world.snapshots.iter().flat_map(|one| &one.interfaces) {
            for address in &interface.addresses {
                let known = kin.entry(*address).or_insert(Kin::Nobody);
                *known = known.and(interface.id);
            }
            delegated.extend(
                interface
                    .prefixes
                    .iter()
                    .map(|block| (*block, interface.id)),
            );
        }
        let mut blocks: Vec<Block> = world.snapshots.iter().flat_map(blocks_of).collect();
        blocks.extend(kin.keys().map(|address| Block::single(*address)));
        blocks.extend(delegated.iter().map(|(block, _)| *block));
        blocks.extend(questions.blocks.iter().flatten());
        blocks.extend(private());
        let named = world.ranges.borders();
        let hidden = world.ranges.borders().filter_map(Address::in_nat64);
        let borders = named.chain(hidden);
        let hidden: Vec<Block> = blocks.iter().filter_map(Block::in_nat64).collect();
        blocks.extend(hidden);
        Cells {
            world,
            cuts: Intervals::cut(borders.chain(blocks.iter().flat_map(Block::borders))).indexed(),
            lists: questions
                .blocks
                .iter()
                .map(|blocks| List::new(blocks))
                .collect(),
            kin,
            delegated: delegated.into_iter().collect(),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.cuts.len()
    }

    /// Whether there is none; never so.
    pub fn is_empty(&self) -> bool {
        self.cuts.is_empty()
    }

    /// The cell of an address, as its big-endian bytes.
    #[inline(always)]
    pub fn of_bytes(&self, address: &[u8; 16]) -> usize {
        // As two numbers: as one of 128 bits it would take four times the instructions.
        let half = |at: usize| {
            address[at..]
                .first_chunk()
                .map_or(0, |half| u64::from_be_bytes(*half))
        };
        let (high, low) = (half(0), half(8));
        match u32::try_from(low ^ V4_MAPPED_LOW) {
            Ok(v4) if high == 0 => self.cuts.place_v4(v4),
            Ok(_) | Err(_) => self.cuts.place(Address(u128::from_be_bytes(*address))),
        }
    }

    /// Whether the questions are few enough to be asked.
    pub fn are_asked(&self) -> bool {
        let asked = |snapshot: &Snapshot| snapshot.tables.len() + snapshot.vpcs.len();
        self.world.snapshots.iter().map(asked).sum::<usize>() <= ASKED_MAX
    }

    /// Every answer that an address of this cell gets, and whose it is.
    pub fn answers(&self, cell: usize) -> (Vec<Answer>, Kin) {
        let Some(address) = self.cuts.start(cell) else {
            return (Vec::new(), Kin::Several);
        };
        let mut answers = Vec::new();
        self.ask(address, &mut answers);
        let inner = address.behind_nat64();
        if inner != address {
            answers.push(Answer::Behind);
            self.ask(inner, &mut answers);
        }
        let mut kin = self.kin.get(&address).copied().unwrap_or(Kin::Nobody);
        for (_, id) in self
            .delegated
            .iter()
            .filter(|(block, _)| block.contains(address))
        {
            kin = kin.and(*id);
        }
        (answers, kin)
    }

    fn ask(&self, address: Address, answers: &mut Vec<Answer>) {
        answers.push(Answer::Labels(self.world.ranges.labels(address)));
        if address.is_private() {
            answers.push(Answer::Private);
        }
        for (index, snapshot) in self.world.snapshots.iter().enumerate() {
            ask_snapshot(index, snapshot, address, answers);
        }
        let lists = self.lists.iter().enumerate();
        answers.extend(
            lists
                .filter(|(_, list)| list.holds(address))
                .map(|(index, _)| Answer::Asked(index)),
        );
    }
}

fn ask_snapshot(index: usize, snapshot: &Snapshot, address: Address, answers: &mut Vec<Answer>) {
    for (id, vpc) in &snapshot.vpcs {
        if vpc.contains(address) {
            answers.push(Answer::InVpc(index, *id));
        }
        if let Some(owner) = vpc.owner(address).map(|owner| &snapshot.interfaces[owner]) {
            let name = match owner.kind {
                InterfaceKind::Plain => Sym::NONE,
                InterfaceKind::Endpoint(_)
                | InterfaceKind::ApplianceEndpoint(_)
                | InterfaceKind::Nat(_)
                | InterfaceKind::TransitGateway(_)
                | InterfaceKind::RouteTarget => owner.id,
            };
            answers.push(Answer::Owned(index, *id, owner.kind, name));
        }
    }
    for (table, routes) in snapshot.tables.iter().enumerate() {
        answers.push(Answer::Route(index, table, routes.lookup(address)));
    }
    for (place, list) in snapshot.prefix_lists.iter().enumerate() {
        if list
            .blocks
            .iter()
            .flatten()
            .any(|block| block.contains(address))
        {
            answers.push(Answer::Listed(index, place));
        }
    }
    for (id, nat) in &snapshot.nats {
        if nat.addresses.contains(&address) {
            answers.push(Answer::Nat(index, *id));
        }
    }
    for (id, sides) in &snapshot.peerings {
        for (side, of) in sides.iter().enumerate() {
            if of.blocks.iter().any(|block| block.contains(address)) {
                answers.push(Answer::Peering(index, *id, side));
            }
        }
    }
}

/// Everything in a snapshot that asks about addresses, but its interfaces.
fn blocks_of(snapshot: &Snapshot) -> impl Iterator<Item = Block> {
    let vpcs = snapshot.vpcs.values().flat_map(|vpc| {
        let delegated = vpc.by_prefix.iter().map(|(block, _)| *block);
        let owned = vpc.by_address.keys().map(|address| Block::single(*address));
        vpc.blocks.iter().copied().chain(delegated).chain(owned)
    });
    let routes = snapshot
        .tables
        .iter()
        .flat_map(|table| table.entries.iter());
    let lists = snapshot
        .prefix_lists
        .iter()
        .flat_map(|list| list.blocks.iter().flatten());
    let nats = snapshot.nats.values().flat_map(|nat| nat.addresses.iter());
    let sides = snapshot.peerings.values().flatten();
    vpcs.chain(routes.map(|entry| entry.block))
        .chain(lists.copied())
        .chain(nats.map(|address| Block::single(*address)))
        .chain(sides.flat_map(|side| side.blocks.iter().copied()))
}
