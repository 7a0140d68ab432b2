//! Ids and names interned once, compared as integers.

use crate::model::map::Map;
use std::sync::Arc;

/// An interned id or name; [`Sym::NONE`] is absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(pub u32);

impl Sym {
    /// No name.
    pub const NONE: Sym = Sym(u32::MAX);

    /// Whether there is a name.
    pub fn is_some(self) -> bool {
        self != Sym::NONE
    }
}

/// The names behind the symbols: filled while topologies load, then read by all threads.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    names: Vec<Arc<str>>,
    by_name: Map<Arc<str>, Sym>,
}

impl Symbols {
    /// The symbol of a name, made if it is new.
    pub fn intern(&mut self, name: &str) -> Sym {
        if let Some(sym) = self.by_name.get(name) {
            return *sym;
        }
        let sym = Sym(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.by_name.insert(name, sym);
        sym
    }

    /// The symbol of a name that is known already.
    pub fn find(&self, name: &str) -> Option<Sym> {
        self.by_name.get(name).copied()
    }

    /// The name behind a symbol; empty for [`Sym::NONE`] and for one that is not of this table.
    pub fn name(&self, sym: Sym) -> &str {
        usize::try_from(sym.0)
            .ok()
            .and_then(|index| self.names.get(index))
            .map_or("", |name| name)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
