//! Tables of few rows, made of cells: their rows come when a query first reads them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    TimestampSecondArray,
};
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use arrow::error::ArrowError;
use async_trait::async_trait;
use datafusion::catalog::{MemTable, Session, TableProvider};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::diag::Diagnostic;
use crate::query::columns::{UTC, seconds_utc};
use crate::query::sources::Problems;

/// What a column of a small table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Yes or no.
    Bool,
    /// A second in UTC.
    Time,
}

impl Kind {
    /// Its Arrow type.
    pub fn arrow(self) -> DataType {
        match self {
            Kind::Text => DataType::Utf8,
            Kind::Int => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Bool => DataType::Boolean,
            Kind::Time => seconds_utc(),
        }
    }

    /// Its name in docs.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Bool => "boolean",
            Kind::Time => "timestamp",
        }
    }
}

/// A column: its name, what it holds, what it means.
pub type Column = (&'static str, Kind, &'static str);

/// A table of few rows.
#[derive(Clone, Copy, Debug)]
pub struct TableInfo {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub means: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
}

impl TableInfo {
    /// Names and types.
    pub fn schema(&self) -> SchemaRef {
        let field = |(name, kind, _): &Column| ArrowField::new(*name, kind.arrow(), true);
        Arc::new(Schema::new(
            self.columns.iter().map(field).collect::<Vec<_>>(),
        ))
    }
}

/// A value; of the column's kind, or null.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Not known.
    Null,
    /// For [`Kind::Text`].
    Text(String),
    /// For [`Kind::Int`], and seconds for [`Kind::Time`].
    Int(i64),
    /// For [`Kind::Float`].
    Float(f64),
    /// For [`Kind::Bool`].
    Bool(bool),
}

impl From<Option<&str>> for Cell {
    fn from(text: Option<&str>) -> Cell {
        text.map_or(Cell::Null, |text| Cell::Text(text.to_owned()))
    }
}

impl From<&Option<String>> for Cell {
    fn from(text: &Option<String>) -> Cell {
        text.as_deref().into()
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Cell {
        Cell::Text(text.clone())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Cell {
        number.map_or(Cell::Null, Cell::Int)
    }
}

impl From<bool> for Cell {
    fn from(yes: bool) -> Cell {
        Cell::Bool(yes)
    }
}

impl From<Option<bool>> for Cell {
    fn from(yes: Option<bool>) -> Cell {
        yes.map_or(Cell::Null, Cell::Bool)
    }
}

/// Rows of cells, one a column.
pub type Rows = Vec<Vec<Cell>>;

/// Makes the rows.
pub type MakeRows = dyn Fn() -> Result<Rows, Vec<Diagnostic>> + Send + Sync;

/// A table whose rows are made once, when they are first read.
pub struct Small {
    info: TableInfo,
    make: Box<MakeRows>,
    made: OnceLock<RecordBatch>,
}

impl fmt::Debug for Small {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info.name)
    }
}

impl Small {
    /// A table of these rows.
    pub fn new(info: TableInfo, make: Box<MakeRows>) -> Small {
        Small {
            info,
            make,
            made: OnceLock::new(),
        }
    }

    fn batch(&self) -> Result<RecordBatch> {
        if let Some(made) = self.made.get() {
            return Ok(made.clone());
        }
        // On a thread of its own: a judgement reads logs, and may wait for runtimes that are not this one.
        let rows = std::thread::scope(|scope| scope.spawn(|| (self.make)()).join());
        let Ok(rows) = rows else {
            return exec_err!(
                "`{}` could not be made: a fault in this tool",
                self.info.name
            );
        };
        let rows = rows.map_err(|why| DataFusionError::External(Box::new(Problems(why))))?;
        let batch = batch(&self.info, &rows)?;
        Ok(self.made.get_or_init(|| batch).clone())
    }
}

/// The rows as columns.
///
/// # Errors
/// None that rows of the table's own width can meet.
pub fn batch(info: &TableInfo, rows: &Rows) -> Result<RecordBatch, ArrowError> {
    let columns = info
        .columns
        .iter()
        .enumerate()
        .map(|(place, (_, kind, _))| {
            let cells = || rows.iter().map(move |row| row.get(place));
            let ints = || {
                cells().map(|cell| match cell {
                    Some(Cell::Int(number)) => Some(*number),
                    _ => None,
                })
            };
            let column: ArrayRef = match kind {
                Kind::Text => Arc::new(
                    cells()
                        .map(|cell| match cell {
                            Some(Cell::Text(text)) => Some(text.as_str()),
                            _ => None,
                        })
                        .collect::<StringArray>(),
                ),
                Kind::Int => Arc::new(ints().collect::<Int64Array>()),
                Kind::Time => Arc::new(ints().collect::<TimestampSecondArray>().with_timezone(UTC)),
                Kind::Float => Arc::new(
                    cells()
                        .map(|cell| match cell {
                            Some(Cell::Float(number)) => Some(*number),
                            _ => None,
                        })
                        .collect::<Float64Array>(),
                ),
                Kind::Bool => Arc::new(
                    cells()
                        .map(|cell| match cell {
                            Some(Cell::Bool(yes)) => Some(*yes),
                            _ => None,
                        })
                        .collect::<BooleanArray>(),
                ),
            };
            column
        });
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(info.schema(), columns.collect(), &options)
}

#[async_trait]
impl TableProvider for Small {
    fn schema(&self) -> SchemaRef {
        self.info.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = MemTable::try_new(self.info.schema(), vec![vec![self.batch()?]])?;
        rows.scan(state, projection, filters, limit).await
    }
}
