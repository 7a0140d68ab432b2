//! Tags as columns, from classes: a tag's word or id is looked up once a class and batch, and each record only gets its key.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use super::{initiators, tag_column};
use crate::model::address_text::AddressColumns;
use crate::model::class::{Class, Classes, Particulars, Stands};
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
    /// Which rows have a class; `None` if all.
    classified: Option<NullBuffer>,
}

impl<'a> Present<'a> {
    /// Those that the rows have, in the order of their first rows.
    pub fn new(all: &'a Classes) -> Present<'a> {
        const UNMET: usize = usize::MAX;
        let mut met = vec![UNMET; all.classes.len()];
        let mut classes = Vec::new();
        let mut places = Vec::with_capacity(all.rows.len());
        for row in &all.rows {
            let id = usize::try_from(*row).unwrap_or(UNMET);
            places.push(match met.get_mut(id) {
                Some(place) => {
                    if *place == UNMET {
                        *place = classes.len();
                        classes.push(&all.classes[id]);
                    }
                    *place
                }
                None => UNMET,
            });
        }
        let none = classes.len();
        let classified = places.contains(&UNMET).then(|| {
            let classified = |row: usize| places[row] != UNMET;
            NullBuffer::new(BooleanBuffer::collect_bool(places.len(), classified))
        });
        for place in &mut places {
            *place = none.min(*place);
        }
        Present {
            tags: Tags {
                rows: classes.iter().map(|class| Some(class.tag)).collect(),
                extra: all.extra.clone(),
            },
            classes,
            places,
            classified,
        }
    }

    /// The tag column at this place, of words or ids.
    ///
    /// # Errors
    /// A tag that names a symbol which neither `symbols` nor the classes have.
    pub fn column(&self, place: usize, symbols: &Symbols) -> Result<ArrayRef, ArrowError> {
        let of_classes = tag_column(place, &self.tags, symbols)?;
        let of_classes = of_classes.as_dictionary::<Int32Type>();
        // Behind the last class stands the key of rows without, which says nothing.
        let own = of_classes.keys();
        let keys: Vec<i32> = own
            .iter()
            .map(Option::unwrap_or_default)
            .chain([0])
            .collect();
        let nulls = if own.null_count() > 0 {
            let valid: Vec<bool> = own.iter().map(|key| key.is_some()).chain([false]).collect();
            let valid = |row: usize| valid[self.places[row]];
            let valid = BooleanBuffer::collect_bool(self.places.len(), valid);
            Some(NullBuffer::new(valid))
        } else {
            self.classified.clone()
        };
        let keys = self.places.iter().map(|class| keys[*class]).collect();
        let keys = Int32Array::try_new(keys, nulls)?;
        let column = DictionaryArray::try_new(keys, Arc::clone(of_classes.values()))?;
        Ok(Arc::new(column))
    }

    /// Who opened each record's connection.
    ///
    /// # Errors
    /// None that classes of this batch can meet.
    pub fn initiators(&self, of: &Particulars<'_>) -> Result<ArrayRef, ArrowError> {
        let key = |(row, place): (usize, &usize)| {
            let class = self.classes.get(*place)?;
            Some(of.initiator(class, row) as i32)
        };
        let keys = self.places.iter().enumerate().map(key);
        initiators(keys.collect())
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
        let mut keys = Vec::with_capacity(self.places.len());
        let mut valid = Vec::with_capacity(self.places.len());
        for (row, class) in self.places.iter().enumerate() {
            let column = columns[*class];
            keys.push(column.map_or(0, |column| column.value(row)));
            valid.push(column.is_some_and(|column| column.is_valid(row)));
        }
        let nulls = Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0);
        of.column(Int32Array::try_new(keys.into(), nulls)?)
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
