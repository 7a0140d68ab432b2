//! A column that is done: Arrow's arrays, by what a field may be.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, FixedSizeBinaryArray, Int32Array, Int64Array,
};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use crate::model::field::Kind;

/// The values of a field, by row, as [`Kind::arrow`] says.
#[derive(Clone, Debug)]
pub enum Column {
    /// [`Kind::Text`], in two parts: Arrow looks at each key when it makes a dictionary of them.
    Text {
        /// Each below the number of texts; that of a null row may be any.
        keys: Int32Array,
        /// A `StringArray` without equal texts and without nulls.
        texts: ArrayRef,
    },
    /// [`Kind::Address`]
    Address(FixedSizeBinaryArray),
    /// [`Kind::Int32`]
    Int32(Int32Array),
    /// [`Kind::Int64`]
    Int64(Int64Array),
}

impl Column {
    /// An array of one of the types of [`Kind::arrow`].
    ///
    /// # Errors
    /// Another type.
    pub(super) fn of(array: &ArrayRef) -> Result<Column, ArrowError> {
        let kind = [Kind::Text, Kind::Address, Kind::Int32, Kind::Int64]
            .into_iter()
            .find(|kind| kind.arrow() == *array.data_type());
        let column = kind.and_then(|kind| match kind {
            Kind::Text => array
                .as_dictionary_opt::<Int32Type>()
                .map(|dictionary| Column::Text {
                    keys: dictionary.keys().clone(),
                    texts: Arc::clone(dictionary.values()),
                }),
            Kind::Address => array
                .as_fixed_size_binary_opt()
                .cloned()
                .map(Column::Address),
            Kind::Int32 => array.as_primitive_opt().cloned().map(Column::Int32),
            Kind::Int64 => array.as_primitive_opt().cloned().map(Column::Int64),
        });
        let other = || ArrowError::SchemaError(format!("{} is no field's", array.data_type()));
        column.ok_or_else(other)
    }

    /// How many values.
    pub(super) fn len(&self) -> usize {
        match self {
            Column::Text { keys, .. } => keys.len(),
            Column::Address(addresses) => addresses.len(),
            Column::Int32(numbers) => numbers.len(),
            Column::Int64(numbers) => numbers.len(),
        }
    }

    /// As Arrow has it.
    ///
    /// # Errors
    /// A key without its text.
    pub(super) fn array(&self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Column::Text { keys, texts } => {
                Arc::new(DictionaryArray::try_new(keys.clone(), Arc::clone(texts))?)
            }
            Column::Address(addresses) => Arc::new(addresses.clone()),
            Column::Int32(numbers) => Arc::new(numbers.clone()),
            Column::Int64(numbers) => Arc::new(numbers.clone()),
        })
    }
}
