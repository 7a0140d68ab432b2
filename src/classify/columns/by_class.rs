//! Tags as columns, from classes: a tag's word or id is looked up once a class and batch, and each record only gets its key.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use super::tag_column;
use crate::model::address_text::AddressColumns;
use crate::model::class::{Class, Classes, Stands};
use crate::model::field::Field;
use crate::model::symbol::Symbols;
use crate::model::tag::Tags;

/// The classes of one batch.
pub struct Present<'a> {
    classes: Vec<&'a Class>,
    /// A class's tag, one a class, with the names that only records have.
    tags: Tags,
    /// One a row: the place of its class; behind the last for rows without.
    places: Vec<usize>,
}

impl<'a> Present<'a> {
    /// Those that the rows have, in the order of their first rows.
    pub fn new(all: &'a Classes) -> Present<'a> {
        let mut met: Vec<Option<usize>> = vec![None; all.classes.len()];
        let mut classes = Vec::new();
        let places: Vec<Option<usize>> = all
            .rows
            .iter()
            .map(|row| {
                let id = usize::try_from(*row).ok()?;
                let slot = met.get_mut(id)?;
                if slot.is_none() {
                    *slot = Some(classes.len());
                    classes.push(&all.classes[id]);
                }
                *slot
            })
            .collect();
        let none = classes.len();
        Present {
            tags: Tags {
                rows: classes.iter().map(|class| Some(class.tag)).collect(),
                extra: all.extra.clone(),
            },
            places: places
                .into_iter()
                .map(|place| place.unwrap_or(none))
                .collect(),
            classes,
        }
    }

    /// The tag column at this place, of words or ids.
    ///
    /// # Errors
    /// A tag that names a symbol which neither `symbols` nor the classes have.
    pub fn column(&self, place: usize, symbols: &Symbols) -> Result<ArrayRef, ArrowError> {
        let of_classes = tag_column(place, &self.tags, symbols)?;
        let of_classes = of_classes.as_dictionary::<Int32Type>();
        let keys: Vec<Option<i32>> = of_classes.keys().iter().chain([None]).collect();
        let nulls = self.nulls(|class| keys[class].is_some());
        let keys = self
            .places
            .iter()
            .map(|class| keys[*class].unwrap_or(0))
            .collect();
        let keys = Int32Array::try_new(keys, nulls)?;
        let column = DictionaryArray::try_new(keys, Arc::clone(of_classes.values()))?;
        Ok(Arc::new(column))
    }

    /// An address of the tags, where it stands in each record.
    ///
    /// # Errors
    /// None that classes of this batch can meet.
    pub fn addresses(
        &self,
        of: &AddressColumns,
        stands: impl Fn(&Class) -> Option<Stands>,
    ) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<Option<&Int32Array>> = self
            .classes
            .iter()
            .map(|class| of.keys(field_of(stands(class)?)))
            .chain([None])
            .collect();
        let rows = || self.places.iter().map(|class| columns[*class]).enumerate();
        let valid = |(row, column): (usize, Option<&Int32Array>)| {
            column.is_some_and(|column| column.is_valid(row))
        };
        let nulls: BooleanBuffer = rows().map(valid).collect();
        let keys = rows().map(|(row, column)| column.map_or(0, |column| column.value(row)));
        of.column(Int32Array::try_new(
            keys.collect(),
            Some(NullBuffer::new(nulls)),
        )?)
    }

    /// Which rows have a value, by their class; `None` if all.
    fn nulls(&self, has_value: impl Fn(usize) -> bool) -> Option<NullBuffer> {
        let without = |class: usize| !has_value(class);
        // Behind the last class stand the rows without.
        let none = self.classes.len();
        if !(0..none).any(without) && !self.places.contains(&none) {
            return None;
        }
        let valid =
            BooleanBuffer::collect_bool(self.places.len(), |row| has_value(self.places[row]));
        Some(NullBuffer::new(valid))
    }
}

fn field_of(stands: Stands) -> Field {
    match stands {
        Stands::Hop(0) => Field::SrcAddr,
        Stands::Hop(_) => Field::DstAddr,
        Stands::Packet(0) => Field::PktSrcAddr,
        Stands::Packet(_) => Field::PktDstAddr,
    }
}
