//! One table of the TOML: keys by name, values by type, every complaint with its place.

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::complain;
use super::place::Text;
use crate::diag::{Diagnostic, Location};

/// A value as written, and where.
#[derive(Clone, Debug)]
pub(super) struct Written<T> {
    /// As written.
    pub(super) value: T,
    /// Where it begins.
    pub(super) at: Location,
}

/// A string.
pub(super) type Word = Written<String>;
/// A list of strings; items of another type were complained of and left out.
pub(super) type Words = Written<Vec<Word>>;
/// A list of integers.
pub(super) type Numbers = Written<Vec<Written<i64>>>;

/// Whether a list may have no items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// It means something.
    Fine,
    /// It could mean everything or nothing.
    Refused,
}

/// A table with the keys that it may have.
pub(super) struct Section<'a> {
    pub(super) table: &'a DeTable<'a>,
    /// Where it begins, and its name.
    pub(super) at: Location,
    pub(super) keys: &'static [&'static str],
}

/// Reads sections and gathers complaints.
pub(super) struct Reader<'a> {
    pub(super) text: &'a Text<'a>,
    pub(super) problems: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    /// The place of `offset`, named as `section` is.
    pub(super) fn at(&self, offset: usize, section: &Section<'_>) -> Location {
        Location {
            name: section.at.name.clone(),
            ..self.text.at(offset)
        }
    }

    /// Complains of every key of `section` that is not among its keys; `home` says where a key belongs.
    pub(super) fn unknown_keys(
        &mut self,
        section: &Section<'_>,
        home: fn(&str) -> Option<&'static str>,
    ) {
        for key in section.table.keys() {
            let name: &str = key.get_ref();
            if !section.keys.contains(&name) {
                let at = self.at(key.span().start, section);
                self.problems
                    .push(complain::unknown_key(at, name, section.keys, home(name)));
            }
        }
    }

    /// The one table of this name.
    pub(super) fn table(
        &mut self,
        top: &Section<'a>,
        key: &'static str,
        keys: &'static [&'static str],
        home: fn(&str) -> Option<&'static str>,
    ) -> Option<Section<'a>> {
        let value = self.value(top, key, None)?;
        let at = self.text.at(value.span().start).named(format!("[{key}]"));
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(at, key, value.get_ref(), &format!("one table, [{key}]"));
            return None;
        };
        let section = Section { table, at, keys };
        self.unknown_keys(&section, home);
        Some(section)
    }

    /// The tables of this name. The name of each is that of its `named_by`, or its number.
    pub(super) fn tables(
        &mut self,
        top: &Section<'a>,
        key: &'static str,
        named_by: &str,
        keys: &'static [&'static str],
        home: fn(&str) -> Option<&'static str>,
    ) -> Vec<Section<'a>> {
        let Some(value) = self.value(top, key, None) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            let at = self.text.at(value.span().start).named(key);
            let expected = format!("tables, each with the header [[{key}]]");
            self.wrong_type(at, key, value.get_ref(), &expected);
            return Vec::new();
        };
        let mut sections = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let mut at = self.text.at(item.span().start);
            let Some(table) = item.get_ref().as_table() else {
                self.wrong_type(at.named(key), key, item.get_ref(), "a table");
                continue;
            };
            let name = table
                .get(named_by)
                .and_then(|name: &Spanned<DeValue<'_>>| name.get_ref().as_str())
                .map_or_else(|| format!("number {}", index + 1), str::to_owned);
            at.name = Some(format!("[[{key}]] {name}"));
            let section = Section { table, at, keys };
            self.unknown_keys(&section, home);
            sections.push(section);
        }
        sections
    }

    /// The value of `key`; `meaning` says what to write if it must be there and is not.
    pub(super) fn value(
        &mut self,
        section: &Section<'a>,
        key: &str,
        meaning: Option<&str>,
    ) -> Option<&'a Spanned<DeValue<'a>>> {
        let found = section.table.get(key);
        if let (None, Some(meaning)) = (found, meaning) {
            self.problems
                .push(complain::missing_key(section.at.clone(), key, meaning));
        }
        found
    }

    /// A string.
    pub(super) fn word(
        &mut self,
        section: &Section<'a>,
        key: &str,
        meaning: Option<&str>,
    ) -> Option<Word> {
        let value = self.value(section, key, meaning)?;
        self.as_word(section, key, value)
    }

    /// A string at hand.
    pub(super) fn as_word(
        &mut self,
        section: &Section<'_>,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Word> {
        let at = self.at(value.span().start, section);
        match value.get_ref().as_str() {
            Some(text) => Some(Written {
                value: text.to_owned(),
                at,
            }),
            None => {
                self.wrong_type(at, key, value.get_ref(), "a string in quotes");
                None
            }
        }
    }

    /// A list of strings.
    pub(super) fn words(
        &mut self,
        section: &Section<'a>,
        key: &str,
        meaning: Option<&str>,
        empty: Empty,
    ) -> Option<Words> {
        let (at, items) = self.list(section, key, meaning, empty, "a list of strings")?;
        let words = items
            .iter()
            .filter_map(|item| self.as_word(section, key, item))
            .collect();
        Some(Written { value: words, at })
    }

    /// A list of integers, with at least one.
    pub(super) fn numbers(&mut self, section: &Section<'a>, key: &str) -> Option<Numbers> {
        let (at, items) = self.list(section, key, None, Empty::Refused, "a list of integers")?;
        let mut numbers = Vec::with_capacity(items.len());
        for item in items.iter() {
            let at = self.at(item.span().start, section);
            match integer(item.get_ref()) {
                Some(value) => numbers.push(Written { value, at }),
                None => self.wrong_type(at, key, item.get_ref(), "an integer"),
            }
        }
        Some(Written { value: numbers, at })
    }

    fn list(
        &mut self,
        section: &Section<'a>,
        key: &str,
        meaning: Option<&str>,
        empty: Empty,
        expected: &str,
    ) -> Option<(Location, &'a DeArray<'a>)> {
        let value = self.value(section, key, meaning)?;
        let at = self.at(value.span().start, section);
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(at, key, value.get_ref(), expected);
            return None;
        };
        if items.is_empty() && empty == Empty::Refused {
            self.problems.push(complain::empty(at, key));
            return None;
        }
        Some((at, items))
    }

    /// Complains of a type.
    pub(super) fn wrong_type(
        &mut self,
        at: Location,
        key: &str,
        got: &DeValue<'_>,
        expected: &str,
    ) {
        let article = match got.type_str() {
            kind if kind.starts_with(['a', 'i']) => format!("an {kind}"),
            kind => format!("a {kind}"),
        };
        self.problems
            .push(complain::wrong_type(at, key, &article, expected));
    }
}

/// The integer in `value`, if it is one that fits.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
