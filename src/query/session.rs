//! A DataFusion session over one run's sources: SQL in, batches out, and never more than its tables.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, TableProvider};
use datafusion::common::DataFusionError;
use datafusion::common::config::Dialect;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionConfig;
use tokio::runtime::Runtime;

use crate::diag::{Diagnostic, Severity};
use crate::ingest::InputReader;
use crate::model::evidence::InputReport;
use crate::model::field::FieldSet;
use crate::model::format::{Format, FormatField};
use crate::query::catalog::Tables;
use crate::query::columns::Columns;
use crate::query::depth::{COMPUTING_STACK_BYTES, with_room};
use crate::query::flows::Flows;
use crate::query::functions::functions;
use crate::query::ledger::InputLedger;
use crate::query::named::Param;
use crate::query::params::Values;
use crate::query::place::Place;
use crate::query::pool::Halves;
use crate::query::sources::Sources;
use crate::query::sum::sum;
use crate::query::tables::{self, Facts};
use crate::topology::World;

/// Every table of a session.
pub const TABLES: &[&str] = &[
    "flows",
    "interfaces",
    "subnets",
    "routes",
    "prefixes",
    "endpoints",
    "nat_gateways",
    "gaps",
    "claims",
    "prices",
];

const CATALOG: &str = "flowproof";
const SCHEMA: &str = "run";
/// How long a query computes before it looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// What each partition of a sort needs to merge what it has spilled: with less for each, fewer work at a time and all get through.
const PARTITION_BYTES: u64 = 64 << 20;

/// What a session is made of.
pub struct Setup {
    /// Where records come from.
    pub sources: Arc<dyn Sources>,
    /// The network.
    pub world: Arc<World>,
    /// What the small tables are made of.
    pub facts: Facts,
    /// Threads, as far as the memory is enough for what each does.
    pub threads: usize,
    /// What sorts, joins and groups may hold in memory, in bytes; beyond it they spill to temporary files.
    pub memory: u64,
    /// Whether SQL may read and write files.
    pub files: bool,
}

/// A session.
pub struct Session {
    runtime: Runtime,
    context: SessionContext,
    ledger: Arc<InputLedger>,
    files: bool,
}

/// A query that is ready to run.
#[derive(Debug)]
pub struct Planned {
    plan: LogicalPlan,
    place: Place,
}

impl Session {
    /// Makes a session; nothing is read yet.
    ///
    /// # Errors
    /// A system without threads or temporary files.
    pub fn new(mut setup: Setup) -> Result<Session, Vec<Diagnostic>> {
        let affordable = usize::try_from(setup.memory / PARTITION_BYTES).unwrap_or(usize::MAX);
        setup.threads = setup.threads.min(affordable).max(1);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(setup.threads)
            .thread_stack_size(COMPUTING_STACK_BYTES)
            .enable_time()
            .build()
            .map_err(|why| vec![cannot(&why.to_string())])?;
        let (ledger, files) = (Arc::new(InputLedger::default()), setup.files);
        let context =
            context(setup, &ledger).map_err(|why| vec![cannot(&why.strip_backtrace())])?;
        Ok(Session {
            runtime,
            context,
            ledger,
            files,
        })
    }

    /// Understands a query. `place`: how its text is called.
    ///
    /// # Errors
    /// SQL that is none, that names what is not there, or that would do more than ask; parameters without a value.
    pub fn plan(
        &self,
        sql: &str,
        place: &str,
        values: &Values,
    ) -> Result<Planned, Vec<Diagnostic>> {
        let place = Place::new(place, sql);
        place.has_room()?;
        with_room(|| self.understand(sql, place, values))
            .map_err(|why| vec![cannot(&why.to_string())])?
    }

    fn understand(
        &self,
        sql: &str,
        place: Place,
        values: &Values,
    ) -> Result<Planned, Vec<Diagnostic>> {
        let told = |why: DataFusionError| place.problems(&why, &self.names());
        let state = self.context.state();
        let plan = self
            .runtime
            .block_on(state.create_logical_plan(sql))
            .map_err(told)?;
        let allowed = SQLOptions::new()
            .with_allow_ddl(self.files)
            .with_allow_dml(self.files)
            .with_allow_statements(false);
        if allowed.verify_plan(&plan).is_err() {
            return Err(vec![place.forbidden(self.files)]);
        }
        place.can_be_true()?;
        let names = plan.get_parameter_names().map_err(told)?;
        values.check(&names, &place)?;
        let plan = if names.is_empty() {
            plan
        } else {
            plan.with_param_values(values.bound(&names)).map_err(told)?
        };
        Ok(Planned { plan, place })
    }

    /// Makes of each value that must be a word the word that it means, reading tables only where the head of the query sends it.
    ///
    /// # Errors
    /// A value that is no word; a table that cannot be read.
    pub fn meant(
        &self,
        declared: &[Param],
        values: &mut Values,
        place: &str,
        stop: &AtomicBool,
    ) -> Result<(), Vec<Diagnostic>> {
        let words = |table: &str, column: &str| self.words(table, column, stop);
        let meant = values.meant(declared, &Place::new(place, ""), words);
        // What was read to find a word is read again for the answer, and told there.
        self.inputs();
        self.found_none();
        meant
    }

    fn words(
        &self,
        table: &str,
        column: &str,
        stop: &AtomicBool,
    ) -> Result<Vec<String>, Vec<Diagnostic>> {
        let sql = format!("SELECT DISTINCT CAST({column} AS VARCHAR) FROM {table}");
        let planned = self.plan(&sql, "values of a parameter", &Values::default())?;
        let mut words = Vec::new();
        self.run::<Vec<Diagnostic>>(planned, stop, |step| {
            if let Step::Rows(batch) = step {
                let text = cast(batch.column(0), &DataType::Utf8).ok();
                let text = text.as_ref().and_then(|text| text.as_string_opt::<i32>());
                words.extend(text.into_iter().flatten().flatten().map(str::to_owned));
            }
            Ok(true)
        })?;
        Ok(words)
    }

    /// Runs a query: `take` gets the columns first, then the rows, and says whether it wants more.
    ///
    /// # Errors
    /// A query that fails on its data, that needs more memory than it may have, or that is stopped; what `take` says.
    pub fn run<E: From<Vec<Diagnostic>> + Send>(
        &self,
        planned: Planned,
        stop: &AtomicBool,
        mut take: impl FnMut(Step) -> Result<bool, E> + Send,
    ) -> Result<(), E> {
        let place = planned.place;
        let told = |why: DataFusionError| E::from(place.problems(&why, &self.names()));
        let run = async {
            let frame = self.context.execute_logical_plan(planned.plan).await;
            let mut rows = frame.map_err(told)?.execute_stream().await.map_err(told)?;
            if !take(Step::Columns(plain(&rows.schema())))? {
                return Ok(());
            }
            while let Some(batch) = next(&mut rows, stop).await {
                let batch = batch.map_err(told)?;
                // The stream's own batches may differ from its schema in what they say of nulls.
                let schema = plain(&rows.schema());
                let batch = RecordBatch::try_new_with_options(
                    schema,
                    batch.columns().to_vec(),
                    &arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows())),
                );
                let batch = batch.map_err(|why| told(why.into()))?;
                if !take(Step::Rows(batch))? {
                    return Ok(());
                }
            }
            Ok(())
        };
        with_room(|| self.runtime.block_on(run)).map_err(|why| vec![cannot(&why.to_string())])?
    }

    /// What is to be said of the inputs that were read since the last call; waits until all of them are closed.
    pub fn inputs(&self) -> Vec<InputReport> {
        self.ledger.take()
    }

    /// Whether `flows` was read since the last call and had no record at all, where SQL itself bounds no time.
    pub fn found_none(&self) -> bool {
        self.ledger.found_none()
    }

    /// The tables and their columns, those of files too, as far as they have been added.
    pub fn columns(&self) -> Vec<(String, SchemaRef)> {
        let Some(schema) = self
            .context
            .catalog(CATALOG)
            .and_then(|catalog| catalog.schema(SCHEMA))
        else {
            return Vec::new();
        };
        let of = |name: String| {
            let table = self.runtime.block_on(schema.table(&name)).ok().flatten();
            table.map(|table| (name, table.schema()))
        };
        schema.table_names().into_iter().filter_map(of).collect()
    }

    /// The functions that SQL can call, sorted.
    pub fn functions(&self) -> Vec<String> {
        let state = self.context.state();
        let mut names: Vec<String> = state
            .scalar_functions()
            .keys()
            .chain(state.aggregate_functions().keys())
            .chain(state.window_functions().keys())
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// What may be meant where SQL names something that is not there.
    fn names(&self) -> Vec<String> {
        let tables = TABLES.iter().map(|name| (*name).to_owned());
        tables.chain(self.functions()).collect()
    }
}

/// What [`Session::run`] gives.
pub enum Step {
    /// The columns of the answer.
    Columns(SchemaRef),
    /// Some of its rows.
    Rows(RecordBatch),
}

/// The columns without what DataFusion notes beside them, and each of them nullable.
fn plain(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter();
    let fields = fields
        .map(|field| arrow::datatypes::Field::new(field.name(), field.data_type().clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The next rows; looks every now and then whether the query is to stop, and then ends as if there were no more.
async fn next(
    rows: &mut SendableRecordBatchStream,
    stop: &AtomicBool,
) -> Option<Result<RecordBatch, DataFusionError>> {
    loop {
        if stop.load(Ordering::SeqCst) {
            return None;
        }
        let step = poll_fn(|context| rows.as_mut().poll_next(context));
        if let Ok(step) = tokio::time::timeout(LOOK, step).await {
            return step;
        }
    }
}

fn context(setup: Setup, ledger: &Arc<InputLedger>) -> Result<SessionContext, DataFusionError> {
    let mut config = SessionConfig::new()
        .with_target_partitions(setup.threads)
        .with_information_schema(true)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA);
    config.options_mut().sql_parser.collect_spans = true;
    config.options_mut().sql_parser.dialect = Dialect::Generic;
    let memory = usize::try_from(setup.memory).unwrap_or(usize::MAX);
    // What each partition of a sort keeps free to merge what it has spilled: not more than its share of little memory.
    let execution = &mut config.options_mut().execution;
    execution.sort_spill_reservation_bytes = execution
        .sort_spill_reservation_bytes
        .min(memory / setup.threads.max(1) / 8);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(Halves::new(memory)))
        .build_arc()?;
    let mut context = SessionContext::new_with_config_rt(config, runtime);
    for function in functions(&setup.world) {
        context.register_udf(function);
    }
    context.register_udaf(sum());
    let files = setup.files;
    let tables = Tables::new(TABLES, Box::new(maker(setup, Arc::clone(ledger))), files);
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, Arc::new(tables))?;
    context.register_catalog(CATALOG, Arc::new(catalog));
    if files {
        context = context.enable_url_table();
    }
    Ok(context)
}

/// Makes a table by its name.
fn maker(
    setup: Setup,
    ledger: Arc<InputLedger>,
) -> impl Fn(&str) -> Result<Arc<dyn TableProvider>, Vec<Diagnostic>> + Send + Sync {
    let facts = Arc::new(setup.facts);
    move |name| {
        if name == "flows" {
            return Ok(Arc::new(Flows {
                columns: Arc::new(Columns::new(&unknown_fields(setup.sources.as_ref())?)),
                sources: Arc::clone(&setup.sources),
                world: Arc::clone(&setup.world),
                ledger: Arc::clone(&ledger),
                threads: setup.threads,
            }));
        }
        tables::table(name, &facts, &setup.world, &setup.sources).ok_or_else(Vec::new)
    }
}

/// The fields that this version does not know, as far as formats that are at hand tell them; sorted.
fn unknown_fields(sources: &dyn Sources) -> Result<Vec<String>, Vec<Diagnostic>> {
    let options = sources.options();
    let mut peek = options.clone();
    (peek.batch_rows, peek.projection) = (1, FieldSet::NONE);
    let mut formats: Vec<Format> = options.log_format.iter().cloned().collect();
    formats.extend(options.described.iter().map(|(_, format)| format.clone()));
    for input in sources.samples()? {
        let mut reader = InputReader::open(&input, &peek);
        let _ = reader.next_batch();
        formats.extend_from_slice(reader.formats());
    }
    let fields = formats.iter().flat_map(Format::fields);
    let mut names: Vec<String> = fields
        .filter(|field| matches!(field, FormatField::Unknown(_)))
        .map(FormatField::column)
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn cannot(why: &str) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "query-failed",
        "the query engine cannot start",
        "without it no query is answered",
        "look whether memory, threads or temporary space have run out",
    )
    .got(crate::diag::show(why))
}
