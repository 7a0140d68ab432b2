//! The schema of a session: tables by name, each made when a query first names it, and its rows when a query reads it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::TableType;

use crate::diag::Diagnostic;
use crate::query::sources::Problems;

/// Makes the table with a name.
pub type Make = dyn Fn(&str) -> Result<Arc<dyn TableProvider>, Vec<Diagnostic>> + Send + Sync;

/// Tables that are made on demand: the columns of `flows` are looked for in the logs.
pub struct Tables {
    names: &'static [&'static str],
    make: Box<Make>,
    made: Mutex<BTreeMap<String, Arc<dyn TableProvider>>>,
    /// Whether SQL may add tables, of files.
    open: bool,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables")
            .field("names", &self.names)
            .finish()
    }
}

impl Tables {
    /// Tables with these names.
    pub fn new(names: &'static [&'static str], make: Box<Make>, open: bool) -> Tables {
        Tables {
            names,
            make,
            made: Mutex::default(),
            open,
        }
    }

    fn made(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<dyn TableProvider>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        let made = self.made();
        let more = made
            .keys()
            .filter(|name| !self.names.contains(&name.as_str()));
        let names = self.names.iter().map(|name| (*name).to_owned());
        names.chain(more.cloned()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        if let Some(table) = self.made().get(name) {
            return Ok(Some(Arc::clone(table)));
        }
        if !self.names.contains(&name) {
            return Ok(None);
        }
        // On a thread of its own: it may read, and wait for runtimes that are not this one.
        let made = std::thread::scope(|scope| scope.spawn(|| (self.make)(name)).join());
        let table = match made {
            Ok(made) => made.map_err(|why| DataFusionError::External(Box::new(Problems(why))))?,
            Err(_) => {
                let what = format!("the table `{name}` could not be made: a fault in this tool");
                return Err(DataFusionError::Execution(what));
            }
        };
        self.made().insert(name.to_owned(), Arc::clone(&table));
        Ok(Some(table))
    }

    /// Without making it: a list of tables costs nothing.
    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::Base))
    }

    fn register_table(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        if !self.open || self.names.contains(&name.as_str()) {
            return datafusion::common::exec_err!("no table can be added under this name");
        }
        Ok(self.made().insert(name, table))
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if !self.open || self.names.contains(&name) {
            return datafusion::common::exec_err!("this table cannot be removed");
        }
        Ok(self.made().remove(name))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.names.contains(&name) || self.made().contains_key(name)
    }
}
