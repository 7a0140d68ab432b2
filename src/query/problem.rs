//! What DataFusion says of a query, in this tool's voice: with the place in the SQL, and the name that may be meant.

use std::collections::BTreeSet;

use datafusion::common::{Column, DataFusionError, SchemaError, TableReference};

use crate::classify::columns::tag_fields;
use crate::diag::{Diagnostic, Severity, did_you_mean, show};
use crate::model::field::FIELDS;
use crate::query::near::near;
use crate::query::place::{At, Place};
use crate::query::slips::{KEYWORDS, Slip, never_true, of_engine, of_parser, said_place};
use crate::query::sources::Problems;
use crate::query::tables::SMALL;

const WHY: &str = "a query that is not understood has no answer";
/// Where DataFusion looks for a table: the catalog and schema of the session.
const HOME: &str = "flowproof.run.";
const WHY_FAILED: &str = "the part of an answer that there is may be wrong, so there is none";

impl Place {
    /// A statement that would do more than ask.
    pub fn forbidden(&self, files: bool) -> Diagnostic {
        let help = if files {
            "ask with SELECT, WITH, VALUES, EXPLAIN or SHOW; settings stand in options"
        } else {
            "ask with SELECT, WITH, VALUES, EXPLAIN or SHOW; write answers with --output, and read files with --allow-files"
        };
        self.at(Diagnostic::new(
            Severity::Error,
            "query-forbidden",
            "this statement does more than ask",
            "a query may read the tables of this run, and nothing else on this machine",
            help,
        ))
    }

    /// What can be read and planned and has no answer but an empty one.
    ///
    /// # Errors
    /// A comparison with NULL.
    pub fn can_be_true(&self) -> Result<(), Vec<Diagnostic>> {
        let Some(Slip { what, help, at }) = never_true(self) else {
            return Ok(());
        };
        let why = "nothing passes such a filter, and the empty answer would look like one";
        let problem = Diagnostic::new(Severity::Error, "query-bad-sql", what, why, help);
        Err(vec![self.pointed(problem, at)])
    }

    /// What DataFusion says. `names`: the tables and functions that there are.
    pub fn problems(&self, why: &DataFusionError, names: &[String]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.collect(why, None, names, &mut found);
        found.sort();
        found.dedup();
        found
    }

    fn collect(
        &self,
        why: &DataFusionError,
        span: Option<At>,
        names: &[String],
        found: &mut Vec<Diagnostic>,
    ) {
        match why {
            DataFusionError::Context(_, inner) => self.collect(inner, span, names, found),
            DataFusionError::Shared(inner) => self.collect(inner, span, names, found),
            DataFusionError::Diagnostic(said, inner) => {
                let start = said.span.map(|span| (span.start.line, span.start.column));
                self.collect(inner, start.or(span), names, found);
            }
            DataFusionError::Collection(all) => {
                all.iter()
                    .for_each(|one| self.collect(one, span, names, found));
            }
            DataFusionError::External(inner) => match inner.downcast_ref::<Problems>() {
                Some(problems) => found.extend(problems.0.iter().cloned()),
                None => found.push(self.failed(&inner.to_string())),
            },
            DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
                arrow::error::ArrowError::ExternalError(inner)
                    if inner.downcast_ref::<DataFusionError>().is_some() =>
                {
                    if let Some(inner) = inner.downcast_ref::<DataFusionError>() {
                        self.collect(inner, span, names, found);
                    }
                }
                inner => found.push(self.failed(&inner.to_string())),
            },
            DataFusionError::SchemaError(error, _) => found.push(self.schema(error, span)),
            DataFusionError::SQL(error, _) => found.push(self.unreadable(&error.to_string(), span)),
            DataFusionError::ResourcesExhausted(what) => found.push(self.exhausted(what)),
            DataFusionError::Plan(what)
            | DataFusionError::NotImplemented(what)
            | DataFusionError::Configuration(what) => found.push(self.planned(what, span, names)),
            other => found.push(self.failed(&other.strip_backtrace())),
        }
    }

    /// With the place that DataFusion tells, if the word stands there, else where it first stands.
    fn placed(&self, problem: Diagnostic, span: Option<At>, word: &str) -> Diagnostic {
        match span {
            Some(place) if word.is_empty() || self.stands(place, word) => {
                self.pointed(problem, Some(place))
            }
            Some(_) | None => self.named(problem, word),
        }
    }

    fn schema(&self, error: &SchemaError, span: Option<At>) -> Diagnostic {
        let (what, help, word) = match error {
            SchemaError::FieldNotFound {
                field,
                valid_fields,
            } => {
                let (what, help) = self.no_column(field, valid_fields, span);
                (what, help, field.name.clone())
            }
            SchemaError::AmbiguousReference { field } => (
                format!("`{}` may be of more than one table", show(&field.name)),
                format!(
                    "put the table's name, or its alias, before it: `flows.{}`",
                    show(&field.name)
                ),
                field.name.clone(),
            ),
            SchemaError::DuplicateQualifiedField { name, .. }
            | SchemaError::DuplicateUnqualifiedField { name } => (
                format!("two columns would be called `{}`", show(name)),
                "give one of them another name: `AS …`".to_owned(),
                name.clone(),
            ),
        };
        let problem = Diagnostic::new(Severity::Error, "query-unknown-name", what, WHY, help);
        let told = span.is_some_and(|place| self.stands(place, &word));
        // What is ambiguous may be clear where it first stands.
        if !told && !matches!(error, SchemaError::FieldNotFound { .. }) {
            return self.at(problem);
        }
        self.placed(problem, span, &word)
    }

    /// A column that is not there: what and help.
    fn no_column(&self, field: &Column, known: &[Column], span: Option<At>) -> (String, String) {
        let name = field.name.as_str();
        let what = format!("there is no column `{}`", show(&field.flat_name()));
        let tables: BTreeSet<String> = known
            .iter()
            .filter_map(|one| one.relation.as_ref().map(|table| table.table().to_owned()))
            .collect();
        let here = |table: &str| tables.contains(table);
        if let Some(table) = field.relation.as_ref().map(TableReference::table)
            && !here(table)
            && !tables.is_empty()
        {
            let what = format!("there is no table or alias `{}` here", show(table));
            let called: Vec<String> = tables
                .iter()
                .map(|table| format!("`{}.{}`", show(table), show(name)))
                .collect();
            return (
                what,
                format!("tables go by their alias: {}", called.join(" or ")),
            );
        }
        let of_table = known.iter().filter(|one| {
            field.relation.is_none() || one.relation.is_none() || one.relation == field.relation
        });
        if let Some(near) = near(name, of_table.map(|one| one.name.as_str())) {
            return (what, format!("did you mean `{}`?", show(near)));
        }
        let at = span.filter(|place| self.stands(*place, name));
        if at
            .or_else(|| self.find(name))
            .is_some_and(|at| self.is_quoted(at))
        {
            let help = format!("a text stands in single quotes: '{}'", show(name));
            return (what, help);
        }
        let elsewhere: Vec<String> = tables_with(name)
            .filter(|table| !here(table))
            .map(|table| format!("`{table}`"))
            .collect();
        if !elsewhere.is_empty() {
            let help = format!("it is a column of {}: join it", elsewhere.join(" and "));
            return (what, help);
        }
        if self.follows("as", name) {
            let help = format!(
                "`AS {}` names a column of the answer, which WHERE does not know: use HAVING, or ask FROM (SELECT …)",
                show(name)
            );
            return (what, help);
        }
        if let Some(word) = did_you_mean(&name.to_uppercase(), KEYWORDS.iter().copied()) {
            return (what, format!("did you mean the word `{word}`?"));
        }
        let help = "docs/sql.md has the tables and their columns, so has `\\d TABLE` when no query is given; a text stands in single quotes";
        (what, help.to_owned())
    }

    fn unreadable(&self, what: &str, span: Option<At>) -> Diagnostic {
        let (what, told) = without_place(what);
        let slip = of_parser(&what, told.or(span), self).unwrap_or_else(|| Slip {
            what: "this is not SQL that can be read".to_owned(),
            help: "see docs/sql.md".to_owned(),
            at: told.or(span),
        });
        let code = "query-bad-sql";
        let problem = Diagnostic::new(Severity::Error, code, slip.what, WHY, slip.help);
        self.pointed(problem.got(show(&what)), slip.at)
    }

    /// A message about the plan: a table or function that is not there has its name in quotes.
    fn planned(&self, what: &str, span: Option<At>, names: &[String]) -> Diagnostic {
        let what = what.lines().next().unwrap_or_default();
        let quoted = what.split('\'').nth(1).unwrap_or_default();
        // A table is told with where it is looked for.
        let name = quoted.strip_prefix(HOME).unwrap_or(quoted);
        let missing = |kind: &str| {
            let near = near(name, names.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{}`?", show(near)),
                None if name.contains(['/', '.']) => {
                    "files are read with --allow-files only".to_owned()
                }
                None => {
                    "docs/sql.md has the tables and functions; so has `\\d` when no query is given"
                        .to_owned()
                }
            };
            let what = format!("there is no {kind} `{}`", show(name));
            let problem = Diagnostic::new(Severity::Error, "query-unknown-name", what, WHY, help);
            let last = name.rsplit('.').next().unwrap_or_default();
            let told = span.filter(|place| self.stands(*place, last));
            let found = || self.find(name).or_else(|| self.find(last));
            self.pointed(problem, told.or_else(found))
        };
        if what.starts_with("table ") && what.contains("not found") {
            return missing("table");
        }
        if what.starts_with("Invalid function") || what.starts_with("Table function ") {
            return missing("function");
        }
        let what_is = "this query cannot be planned";
        let code = "query-bad-sql";
        let unknown = Diagnostic::new(Severity::Error, code, what_is, WHY, "see docs/sql.md");
        self.understood(what, span, unknown)
    }

    fn exhausted(&self, what: &str) -> Diagnostic {
        self.at(Diagnostic::new(
            Severity::Error,
            "query-memory",
            "the query needs more memory than it may have",
            WHY_FAILED,
            "give it more with --memory, or ask for less: fewer groups, a shorter window",
        ))
        .got(show(what.lines().next().unwrap_or_default()))
    }

    fn failed(&self, what: &str) -> Diagnostic {
        let unknown = Diagnostic::new(
            Severity::Error,
            "query-failed",
            "the query failed on its data",
            WHY_FAILED,
            "mend the expression, or leave out the rows that it cannot take",
        );
        // Some say in the first line only that something follows.
        let mut lines = what.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut said = lines.next().unwrap_or_default().to_owned();
        if said.ends_with(':') {
            lines.for_each(|line| said = format!("{said} {line}"));
        }
        self.understood(&said, None, unknown)
    }

    /// A mistake that is known, as such; else what the engine says of it, and its place as far as it can be told.
    fn understood(&self, said: &str, span: Option<At>, unknown: Diagnostic) -> Diagnostic {
        let said = said.trim_start_matches("Execution error: ");
        let (problem, at) = match of_engine(said, self) {
            Some(Slip { what, help, at }) => {
                let known = Diagnostic {
                    message: what,
                    help,
                    ..unknown
                };
                (known, at.or(span))
            }
            None => (unknown, span.or_else(|| said_place(said, self))),
        };
        self.pointed(problem.got(show(said)), at)
    }
}

/// The tables that have a column of this name.
fn tables_with(column: &str) -> impl Iterator<Item = &'static str> {
    let of_log = FIELDS.iter().any(|row| row.column == column);
    let tags = tag_fields().iter().any(|field| field.name() == column);
    let flows = (of_log || tags).then_some("flows");
    let column = column.to_owned();
    let small = SMALL.iter();
    let small = small.filter(move |info| info.columns.iter().any(|row| row.0 == column));
    flows.into_iter().chain(small.map(|info| info.name))
}

/// A parser's message without `at Line: 1, Column: 8` and what stands before it by custom, and that place.
fn without_place(what: &str) -> (String, Option<At>) {
    let what = what.strip_prefix("sql parser error: ").unwrap_or(what);
    let Some((before, place)) = what.split_once(" at Line: ") else {
        return (what.to_owned(), None);
    };
    let mut numbers = place
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok());
    let place = numbers.next().zip(numbers.next());
    (before.to_owned(), place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parsers_place_is_taken_out_of_its_message() {
        assert_eq!(
            without_place(
                "sql parser error: Expected: an expression, found: FROM at Line: 2, Column: 8"
            ),
            (
                "Expected: an expression, found: FROM".to_owned(),
                Some((2, 8))
            )
        );
        assert_eq!(without_place("x"), ("x".to_owned(), None));
    }
}
