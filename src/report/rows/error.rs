//! Why rows could not be written.

use std::io;

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use parquet::errors::ParquetError;

/// Why rows could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A batch brings a column that the output's header does not have.
    #[error("column `{}` is not in the output", crate::diag::show(.name))]
    ColumnNotInOutput {
        /// The column.
        name: String,
    },
    /// A batch brings a column with another type than the output's.
    #[error("column `{}` is {got}, and {expected} in the output", crate::diag::show(.name))]
    ColumnType {
        /// The column.
        name: String,
        /// Its type in the batch.
        got: DataType,
        /// Its type in the output.
        expected: DataType,
    },
    /// Rows that could not be encoded, or bytes that the output did not take.
    #[error("rows could not be written: {0}")]
    Arrow(#[from] ArrowError),
    /// The same, from the Parquet encoder.
    #[error("rows could not be written as Parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// The output did not take the bytes.
    #[error("the output cannot be written: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// Whether the reader of a pipe has gone: a quiet end, not an error.
    pub fn is_closed_pipe(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<io::Error>() {
                return io.kind() == io::ErrorKind::BrokenPipe;
            }
            cause = error.source();
        }
        false
    }
}
