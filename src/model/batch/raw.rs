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

    /// Whether the row is null.
    #[inline]
    fn lacks(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    fn seldom(&self) -> Option<&'a NullBuffer> {
        self.nulls.filter(|_| !self.often)
    }

    /// Calls `each` with the places of rows that lack a value, if many do.
    fn each_often(&self, first: usize, count: usize, each: impl FnMut(usize)) {
        if let Some(nulls) = self.nulls.filter(|_| self.often) {
            each_null(nulls, first, count, each);
        }
    }
}

/// The places, from the first of `count` rows on, of those that are null.
pub fn each_null(nulls: &NullBuffer, first: usize, count: usize, mut each: impl FnMut(usize)) {
    let rows = nulls.inner().slice(first, count);
    for (index, valid) in rows.bit_chunks().iter_padded().enumerate() {
        let base = index * 64;
        // Behind the last row are zeros.
        let mut null = !valid & ones(count.saturating_sub(base));
        while null != 0 {
            each(base + null.trailing_zeros() as usize);
            null &= null - 1;
        }
    }
}

/// So many bits from the lowest; from 64 on all.
fn ones(count: usize) -> u64 {
    if count >= 64 {
        u64::MAX
    } else {
        (1 << count) - 1
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

    /// The number of a row.
    #[inline]
    pub fn get(&self, row: usize) -> Option<i64> {
        if self.present.lacks(row) {
            return None;
        }
        match self.narrow.get(row) {
            Some(number) => Some(i64::from(*number)),
            None => self.wide.get(row).copied(),
        }
    }

    /// The numbers of the rows from `first` on, `null` where there is none; right for [`full_rows`] alone.
    pub fn fill(&self, first: usize, null: i64, out: &mut [i64]) {
        if let Some(narrow) = self.narrow.get(first..first + out.len()) {
            for (out, number) in out.iter_mut().zip(narrow) {
                *out = i64::from(*number);
            }
        } else if let Some(wide) = self.wide.get(first..first + out.len()) {
            out.copy_from_slice(wide);
        } else {
            out.fill(null);
        }
        self.present
            .each_often(first, out.len(), |place| out[place] = null);
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
    /// Of a column, if the log has it, with the number of each of its distinct values.
    pub fn new(column: Option<TextColumn<'a>>, null: u32, codes: Vec<u32>) -> Self {
        Codes {
            keys: column.map_or(&[], |column| column.raw()),
            present: Present::new(column.and_then(|column| column.nulls())),
            codes,
            null,
        }
    }

    /// The number of a row.
    pub fn get(&self, row: usize) -> u32 {
        let Some(key) = self.keys.get(row) else {
            return self.null;
        };
        if self.present.lacks(row) {
            return self.null;
        }
        self.codes[key.cast_unsigned() as usize]
    }

    /// The numbers of the rows from `first` on; right for [`full_rows`] alone.
    pub fn fill(&self, first: usize, out: &mut [u32]) {
        match self.keys.get(first..first + out.len()) {
            // A null row has any key.
            Some(keys) if !self.codes.is_empty() => {
                for (out, key) in out.iter_mut().zip(keys) {
                    let code = self.codes.get(key.cast_unsigned() as usize);
                    *out = code.copied().unwrap_or(self.null);
                }
            }
            Some(_) | None => out.fill(self.null),
        }
        self.present
            .each_often(first, out.len(), |place| out[place] = self.null);
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

    /// The address of a row, big-endian.
    pub fn get(&self, row: usize) -> Option<&'a [u8; 16]> {
        if self.present.lacks(row) {
            return None;
        }
        self.raw.get(row)
    }

    /// The addresses of the rows from `first` on, if the log has any; right for [`full_rows`] alone, and but for those of
    /// [`Addresses::each_often_null`].
    pub fn slice(&self, first: usize, count: usize) -> Option<&'a [[u8; 16]]> {
        self.raw.get(first..first + count)
    }

    /// Calls `each` with the places, from row `first` on, of rows that lack one, if many do.
    pub fn each_often_null(&self, first: usize, count: usize, each: impl FnMut(usize)) {
        self.present.each_often(first, count, each);
    }

    /// For [`full_rows`].
    pub fn seldom_null(&self) -> Option<&'a NullBuffer> {
        self.present.seldom()
    }
}
