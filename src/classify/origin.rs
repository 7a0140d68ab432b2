//! Where records come from: format, interface and what the record says of its place, as one small number.
//!
//! An interface's records nearly always name the same VPC, subnet and type, so the last answer by interface answers for nearly all.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::buffer::NullBuffer;

use crate::classify::decisive::Opening;
use crate::classify::row::{Row, TypeWord};
use crate::model::batch::raw::each_null;
use crate::model::batch::{FlowBatch, TextColumn};
use crate::model::field::{FIELDS, Field, FieldSet};
use crate::model::map::Map;
use crate::model::symbol::Sym;
use crate::topology::World;
use crate::topology::snapshot::{Interface, InterfaceKind};

/// Everything that the origin of a record is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Parts {
    /// The fields that its log has.
    format: Option<FieldSet>,
    interface: Sym,
    vpc: Sym,
    subnet: Sym,
    regional_nat: Sym,
    type_word: Option<TypeWord>,
    gateway_log: Option<Sym>,
}

/// An origin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// Its number.
    pub(super) id: u32,
    /// The interface that logged.
    pub(super) interface: Sym,
    /// Whether somebody else's interface may decide by who it is: then addresses are told exactly.
    pub(super) exact: bool,
    /// What decides of who opened a connection.
    pub(super) opening: Opening,
}

/// Columns that say of a record's place more than its interface does.
const PLACES: [Field; 6] = [
    Field::VpcId,
    Field::SubnetId,
    Field::ResourceId,
    Field::InterfaceType,
    Field::TgwId,
    Field::TgwSrcVpcId,
];

/// The keys of one text column, null as 0.
struct Keys<'b> {
    raw: &'b [i32],
    nulls: Option<&'b NullBuffer>,
}

impl<'b> Keys<'b> {
    fn new(column: TextColumn<'b>) -> Keys<'b> {
        Keys {
            raw: column.raw(),
            nulls: column.nulls(),
        }
    }

    /// Adds the keys of the rows from `first` on, each so many times.
    fn add(&self, first: usize, times: u64, sums: &mut [u64]) {
        let keys = self.raw.get(first..first + sums.len()).unwrap_or(&[]);
        let term = |key: i32| (u64::from(key.cast_unsigned()) + 1).wrapping_mul(times);
        for (sum, key) in sums.iter_mut().zip(keys) {
            *sum = sum.wrapping_add(term(*key));
        }
        if let Some(nulls) = self.nulls {
            each_null(nulls, first, sums.len(), |place| {
                // A null row has any key.
                sums[place] = sums[place].wrapping_sub(term(keys[place]));
            });
        }
    }
}

/// The origins of a batch's records.
pub(super) struct Batch<'b> {
    pivot: Option<Keys<'b>>,
    /// With the number that each key is multiplied by, so that the sum is another for any two places.
    places: Vec<(Keys<'b>, u64)>,
}

impl<'b> Batch<'b> {
    /// The numbers of the interfaces and places of the rows from `first` on.
    pub(super) fn numbers(&self, first: usize, pivots: &mut [u64], places: &mut [u64]) {
        pivots.fill(0);
        places.fill(0);
        if let Some(pivot) = &self.pivot {
            pivot.add(first, 1, pivots);
        }
        for (keys, radix) in &self.places {
            keys.add(first, *radix, places);
        }
    }
}

/// All origins met, in any batch.
#[derive(Default)]
pub(super) struct Origins {
    by_parts: Map<Parts, Origin>,
    /// The fields and distinct texts of the batch in work: its keys mean what those of a batch before meant that had the same.
    format: Option<FieldSet>,
    texts: Vec<ArrayRef>,
    /// By the pivot's key: the place last seen, and its origin.
    last: Vec<Option<(u64, Origin)>>,
}

impl Origins {
    pub(super) fn len(&self) -> usize {
        self.by_parts.len()
    }

    /// The next batch; `None` if its places cannot be numbered; no real log has so many.
    pub(super) fn of<'b>(&mut self, batch: &'b FlowBatch) -> Option<Batch<'b>> {
        let format = FIELDS.iter().map(|row| row.field);
        let format = format.filter(|field| batch.has(*field));
        let format = Some(format.fold(FieldSet::of(&[]), FieldSet::with));
        let pivot = batch.text(Field::InterfaceId);
        let (mut places, mut radix) = (Vec::new(), 1u64);
        for column in PLACES.iter().filter_map(|field| batch.text(*field)) {
            places.push((Keys::new(column), radix));
            radix = radix.checked_mul(u64::try_from(column.values().len()).ok()? + 1)?;
        }
        let fields = std::iter::once(Field::InterfaceId).chain(PLACES);
        let columns = fields.filter_map(|field| batch.text(field));
        let texts = || columns.clone().map(|column| column.dictionary());
        let same = |(a, b): (&ArrayRef, &ArrayRef)| Arc::ptr_eq(a, b);
        if self.format != format
            || self.texts.len() != texts().count()
            || !self.texts.iter().zip(texts()).all(same)
        {
            self.format = format;
            self.texts = texts().cloned().collect();
            self.last.clear();
            let keys = pivot.map_or(1, |column| column.values().len() + 1);
            self.last.resize(keys, None);
        }
        Some(Batch {
            pivot: pivot.map(Keys::new),
            places,
        })
    }

    /// The origin of a record of the batch in work, whose numbers [`Batch::numbers`] has given. `read`: the record, if it must be looked at.
    #[inline(always)]
    pub(super) fn at(
        &mut self,
        pivot: u64,
        place: u64,
        world: &World,
        read: impl FnOnce() -> Row,
    ) -> Origin {
        let pivot = usize::try_from(pivot).unwrap_or(0);
        match self.last[pivot] {
            Some((known, origin)) if known == place => origin,
            Some(_) | None => {
                let origin = self.find(&read(), world);
                self.last[pivot] = Some((place, origin));
                origin
            }
        }
    }

    #[cold]
    fn find(&mut self, row: &Row, world: &World) -> Origin {
        let parts = Parts {
            format: self.format,
            interface: row.interface,
            vpc: row.vpc,
            subnet: row.subnet,
            regional_nat: row.regional_nat,
            type_word: row.type_word,
            gateway_log: row.gateway_log,
        };
        let id = u32::try_from(self.by_parts.len()).unwrap_or(u32::MAX);
        *self.by_parts.entry(parts).or_insert_with(|| Origin {
            id,
            interface: row.interface,
            exact: is_exact(row, world),
            opening: opening(row, world),
        })
    }
}

/// A host's own records ask of others' addresses what they are for. On a gateway's or endpoint's, the workload is somebody else, and
/// it matters who.
fn is_exact(row: &Row, world: &World) -> bool {
    let told = matches!(
        row.type_word,
        Some(TypeWord::Nat | TypeWord::Endpoint | TypeWord::TransitGateway)
    );
    told || row.gateway_log.is_some()
        || row.regional_nat.is_some()
        || known(row, world).any(|interface| interface.kind != InterfaceKind::Plain)
}

/// As all topologies have it.
fn known<'w>(row: &Row, world: &'w World) -> impl Iterator<Item = &'w Interface> {
    let indexes = world.of_interface(row.interface).iter();
    indexes.filter_map(|index| world.snapshots[*index].interface(row.interface))
}

/// Who opened a connection is asked where a host's own record leaves the path to the route table, and there it is whether the far end did.
/// Where the flags do not say, an interface that the internet can reach may be meant, so there is no more to leave out.
fn opening(row: &Row, world: &World) -> Opening {
    // What the record says goes first; only these words make a host of what is none.
    let forwards = match row.type_word {
        Some(TypeWord::Nat | TypeWord::Endpoint | TypeWord::TransitGateway) => true,
        Some(TypeWord::LoadBalancer) => false,
        Some(TypeWord::Other) | None => {
            let mut known = known(row, world).peekable();
            known.peek().is_some() && known.all(|interface| interface.kind != InterfaceKind::Plain)
        }
    };
    if forwards || row.gateway_log.is_some() || row.regional_nat.is_some() {
        Opening::NOTHING
    } else if known(row, world).any(|interface| interface.public) {
        Opening::ALL
    } else {
        Opening::PEER
    }
}
