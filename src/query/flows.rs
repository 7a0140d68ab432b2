//! The table `flows`: read from the inputs each time that a query asks for it, and only what it asks for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result, exec_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use crate::model::window::Window;
use crate::query::columns::Columns;
use crate::query::ledger::InputLedger;
use crate::query::pushdown::{both, columns_of, is_of_a_row, window_of};
use crate::query::scan::{Pass, Predicate, Task};
use crate::query::sources::{Problems, Sources};
use crate::topology::World;

/// Batches between a worker and DataFusion.
const READY: usize = 1;

/// The table.
#[derive(Debug)]
pub struct Flows {
    pub(super) columns: Arc<Columns>,
    pub(super) sources: Arc<dyn Sources>,
    pub(super) world: Arc<World>,
    pub(super) ledger: Arc<InputLedger>,
    /// Partitions, each with a thread.
    pub(super) threads: usize,
}

#[async_trait]
impl TableProvider for Flows {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.columns.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let taken = |filter: &&Expr| {
            if is_of_a_row(filter) {
                TableProviderFilterPushDown::Exact
            } else {
                TableProviderFilterPushDown::Unsupported
            }
        };
        Ok(filters.iter().map(taken).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let task = self.task(state, projection, filters)?;
        let schema = Arc::clone(&task.schema);
        let passes = Arc::new(Passes {
            task: Arc::new(task),
            threads: self.threads,
            begun: Mutex::new((vec![0; self.threads], Vec::new())),
        });
        let partitions = (0..self.threads)
            .map(|partition| {
                Arc::new(Part {
                    partition,
                    passes: Arc::clone(&passes),
                }) as Arc<dyn PartitionStream>
            })
            .collect();
        let plan = StreamingTableExec::try_new(schema, partitions, None, None, false, limit)?;
        Ok(Arc::new(plan))
    }
}

impl Flows {
    fn task(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Task> {
        let all = self.columns.schema();
        let projection = projection
            .cloned()
            .unwrap_or_else(|| (0..all.fields().len()).collect());
        let (mut of_log, mut of_tags) = (Vec::new(), Vec::new());
        for filter in filters {
            if self.columns.need_tags(&self.places(filter)?) {
                of_tags.push(filter.clone());
            } else {
                of_log.push(filter.clone());
            }
        }
        // The window prunes the listing; filters on time prune it further, and stay filters of rows.
        let listed = both(self.sources.window(), window_of(filters));
        let inputs = if listed.since.zip(listed.until).is_some_and(|(a, b)| a >= b) {
            Vec::new()
        } else {
            self.listed(listed)?
        };
        Ok(Task {
            schema: Arc::new(all.project(&projection)?),
            columns: Arc::clone(&self.columns),
            projection,
            of_log: self.predicate(state, of_log)?,
            of_tags: self.predicate(state, of_tags)?,
            window: self.sources.window(),
            bounded: listed != self.sources.window(),
            inputs,
            world: Arc::clone(&self.world),
            ledger: Arc::clone(&self.ledger),
            sources: Arc::clone(&self.sources),
        })
    }

    /// Listing blocks, and may wait for AWS's own runtime: not on a thread of this one.
    fn listed(&self, window: Window) -> Result<Vec<crate::ingest::Input>> {
        let listed = std::thread::scope(|scope| scope.spawn(|| self.sources.inputs(window)).join());
        match listed {
            Ok(listed) => listed.map_err(|problems| {
                datafusion::common::DataFusionError::External(Box::new(Problems(problems)))
            }),
            Err(_) => exec_err!("listing failed: a fault in this tool"),
        }
    }

    fn places(&self, filter: &Expr) -> Result<Vec<usize>> {
        let names = columns_of(filter);
        let places = names
            .iter()
            .map(|name| self.columns.schema().index_of(name));
        Ok(places.collect::<Result<_, _>>()?)
    }

    fn predicate(&self, state: &dyn Session, filters: Vec<Expr>) -> Result<Predicate> {
        let Some(filter) = conjunction(filters) else {
            return Ok(Predicate::default());
        };
        let places = self.places(&filter)?;
        let schema: SchemaRef = Arc::new(self.columns.schema().project(&places)?);
        let named = DFSchema::try_from(Schema::clone(&schema))?;
        Ok(Predicate {
            places,
            filter: Some(state.create_physical_expr(filter, &named)?),
            schema: Some(schema),
        })
    }
}

/// Passes over the inputs: one for each time that the plan is executed, for a recursive query executes it again and again.
struct Passes {
    task: Arc<Task>,
    threads: usize,
    /// How often each partition was executed, and the passes so far.
    begun: Mutex<(Vec<usize>, Vec<Arc<Pass>>)>,
}

impl Passes {
    fn of(&self, partition: usize) -> Result<Arc<Pass>> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let (executed, passes) = &mut *begun;
        let nth = executed[partition];
        executed[partition] += 1;
        if passes.len() == nth {
            passes.push(Pass::begin(&self.task, self.threads)?);
        }
        Ok(Arc::clone(&passes[nth]))
    }
}

/// One partition.
struct Part {
    partition: usize,
    passes: Arc<Passes>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flows, partition {}", self.partition)
    }
}

impl PartitionStream for Part {
    fn schema(&self) -> &SchemaRef {
        &self.passes.task.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let task = Arc::clone(&self.passes.task);
        let mut stream = RecordBatchReceiverStreamBuilder::new(Arc::clone(&task.schema), READY);
        let (pass, out) = (self.passes.of(self.partition), stream.tx());
        stream.spawn_blocking(move || {
            let give = |batch| out.blocking_send(Ok(batch)).is_ok();
            pass?.work(&task, || !out.is_closed(), give)
        });
        stream.build()
    }
}
