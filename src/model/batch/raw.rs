//! Columns as they lie in memory, for loops over all rows: values whatever the validity, and where the nulls are.

use arrow::array::Array;
use arrow::buffer::NullBuffer;

use super::{AddressColumn, NumberColumn, TextColumn};

/// None where nothing is null, so that a loop need not ask.
fn some_null(nulls: Option<&NullBuffer>) -> Option<&NullBuffer> {
    nulls.filter(|nulls| nulls.null_count() > 0)
}

impl<'a> TextColumn<'a> {
    /// The key of each row; that of a null row means nothing.
    pub fn raw(&self) -> &'a [i32] {
        self.keys.values()
    }

    /// Which rows have a value; `None` if all have.
    pub fn nulls(&self) -> Option<&'a NullBuffer> {
        some_null(self.keys.nulls())
    }
}

impl<'a> AddressColumn<'a> {
    /// The address of each row, big-endian; that of a null row means nothing.
    pub fn raw(&self) -> &'a [[u8; 16]] {
        self.0.value_data().as_chunks().0
    }

    /// Which rows have a value; `None` if all have.
    pub fn nulls(&self) -> Option<&'a NullBuffer> {
        some_null(self.0.nulls())
    }
}

/// Where a column has values. Most columns lack one in few rows or none, so these rows are found once for all columns.
#[derive(Clone, Copy, Debug, Default)]
struct Present<'a> {
    nulls: Option<&'a NullBuffer>,
    /// Null so often that each row is asked.
    often: bool,
}

impl<'a> Present<'a> {
    fn new(nulls: Option<&'a NullBuffer>) -> Present<'a> {
        let often = nulls.is_some_and(|nulls| nulls.null_count() > nulls.len() / 8);
        Present { nulls, often }
    }

    /// Whether the row is null. `FULL`: it is none of the rows that [`full_rows`] leaves out.
    #[inline]
    fn lacks<const FULL: bool>(&self, row: usize) -> bool {
        (!FULL || self.often) && self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    fn seldom(&self) -> Option<&'a NullBuffer> {
        self.nulls.filter(|_| !self.often)
    }
}

/// The rows in which no column lacks a value, but those that often do; `None` if all are.
pub fn full_rows<'a>(columns: impl Iterator<Item = Option<&'a NullBuffer>>) -> Option<NullBuffer> {
    columns.fold(None, |rows, nulls| NullBuffer::union(rows.as_ref(), nulls))
}

/// A number column of either width, or none at all: then nothing has a value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers<'a> {
    narrow: &'a [i32],
    wide: &'a [i64],
    present: Present<'a>,
}

impl<'a> Numbers<'a> {
    /// Of a column, if the log has it.
    pub fn new(column: Option<NumberColumn<'a>>) -> Numbers<'a> {
        let present = |nulls| Present::new(some_null(nulls));
        match column {
            None => Numbers::default(),
            Some(NumberColumn::Int32(column)) => Numbers {
                narrow: column.values(),
                wide: &[],
                present: present(column.nulls()),
            },
            Some(NumberColumn::Int64(column)) => Numbers {
                narrow: &[],
                wide: column.values(),
                present: present(column.nulls()),
            },
        }
    }

    /// The number of a row. `FULL`: it is one of [`full_rows`].
    #[inline]
    pub fn at<const FULL: bool>(&self, row: usize) -> Option<i64> {
        if self.present.lacks::<FULL>(row) {
            return None;
        }
        match self.narrow.get(row) {
            Some(number) => Some(i64::from(*number)),
            None => self.wide.get(row).copied(),
        }
    }

    /// The number of a row.
    pub fn get(&self, row: usize) -> Option<i64> {
        self.at::<false>(row)
    }

    /// For [`full_rows`].
    pub fn seldom_null(&self) -> Option<&'a NullBuffer> {
        self.present.seldom()
    }
}

/// A text column whose values stand for numbers: one a value, one for null. A log without the column has null everywhere.
#[derive(Clone, Debug)]
pub struct Codes<'a> {
    keys: &'a [i32],
    present: Present<'a>,
    codes: Vec<u32>,
    null: u32,
}

impl<'a> Codes<'a> {
    /// Of a column, if the log has it.
    pub fn new(
        column: Option<TextColumn<'a>>,
        null: u32,
        code: impl FnMut(&'a str) -> u32,
    ) -> Self {
        Codes {
            keys: column.map_or(&[], |column| column.raw()),
            present: Present::new(column.and_then(|column| column.nulls())),
            codes: column.map_or_else(Vec::new, |column| column.values().map(code).collect()),
            null,
        }
    }

    /// The number of a row. `FULL`: it is one of [`full_rows`].
    #[inline]
    pub fn at<const FULL: bool>(&self, row: usize) -> u32 {
        let Some(key) = self.keys.get(row) else {
            return self.null;
        };
        if self.present.lacks::<FULL>(row) {
            return self.null;
        }
        self.codes[key.unsigned_abs() as usize]
    }

    /// For [`full_rows`].
    pub fn seldom_null(&self) -> Option<&'a NullBuffer> {
        self.present.seldom()
    }
}

/// An address column, or none at all: then nothing has a value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Addresses<'a> {
    raw: &'a [[u8; 16]],
    present: Present<'a>,
}

impl<'a> Addresses<'a> {
    /// Of a column, if the log has it.
    pub fn new(column: Option<AddressColumn<'a>>) -> Addresses<'a> {
        Addresses {
            raw: column.map_or(&[], |column| column.raw()),
            present: Present::new(column.and_then(|column| column.nulls())),
        }
    }

    /// The address of a row, big-endian. `FULL`: it is one of [`full_rows`].
    #[inline]
    pub fn at<const FULL: bool>(&self, row: usize) -> Option<&'a [u8; 16]> {
        if self.present.lacks::<FULL>(row) {
            return None;
        }
        self.raw.get(row)
    }

    /// For [`full_rows`].
    pub fn seldom_null(&self) -> Option<&'a NullBuffer> {
        self.present.seldom()
    }
}
