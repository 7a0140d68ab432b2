//! What DataFusion says of a query, in this tool's voice: with the place in the SQL, and the name that may be meant.

use datafusion::common::{DataFusionError, SchemaError};

use crate::diag::{Diagnostic, Location, Severity, did_you_mean, show};
use crate::query::sources::Problems;

const WHY: &str = "a query that is not understood has no answer";
const WHY_FAILED: &str = "the part of an answer that there is may be wrong, so there is none";

/// The text of a query, and how it is called.
#[derive(Clone, Debug)]
pub struct Place {
    name: String,
    sql: String,
}

impl Place {
    /// `name`: a file, `--sql`, or the name of a bundled query.
    pub fn new(name: &str, sql: &str) -> Place {
        Place {
            name: name.to_owned(),
            sql: sql.to_owned(),
        }
    }

    /// The complaint, about the query as a whole.
    pub fn at(&self, problem: Diagnostic) -> Diagnostic {
        problem.at(Location::source(self.name.as_str()))
    }

    /// The complaint, where the text first has this word.
    pub fn named(&self, problem: Diagnostic, word: &str) -> Diagnostic {
        problem.at(match self.find(word) {
            Some((line, column)) => self.location(line, column),
            None => Location::source(self.name.as_str()),
        })
    }

    fn location(&self, line: u64, column: u64) -> Location {
        let mut place = Location::line(self.name.as_str(), line);
        place.column = Some(column);
        place
    }

    /// Whether the word, perhaps behind its table's name, stands at a place.
    fn stands(&self, (line, column): (u64, u64), word: &str) -> bool {
        let place = |number: u64| usize::try_from(number).ok()?.checked_sub(1);
        let rest = place(line)
            .zip(place(column))
            .and_then(|(line, column)| self.sql.lines().nth(line).map(|text| (text, column)))
            .map(|(text, column)| text.chars().skip(column).collect::<String>());
        let rest = rest.unwrap_or_default().to_ascii_lowercase();
        let token: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || ['_', '.', '"', '$'].contains(c))
            .filter(|c| *c != '"')
            .collect();
        let word = word.to_ascii_lowercase();
        token
            .strip_suffix(word.as_str())
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }

    /// Line and column of a word outside of comments, in any case, from 1: the first.
    fn find(&self, word: &str) -> Option<(u64, u64)> {
        let word = word.to_ascii_lowercase();
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let code = (1..).zip(self.sql.lines());
        for (line, text) in code.filter(|(_, text)| !text.trim_start().starts_with("--")) {
            let lower = text.to_ascii_lowercase();
            let found = lower.match_indices(&word).find(|(at, found)| {
                !lower[..*at].ends_with(part) && !lower[at + found.len()..].starts_with(part)
            });
            if let Some((at, _)) = found.filter(|_| !word.is_empty()) {
                let column = u64::try_from(lower[..at].chars().count()).ok()?;
                return Some((line, column + 1));
            }
        }
        None
    }

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
        span: Option<(u64, u64)>,
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
    fn placed(&self, problem: Diagnostic, span: Option<(u64, u64)>, word: &str) -> Diagnostic {
        match span {
            Some((line, column)) if word.is_empty() || self.stands((line, column), word) => {
                problem.at(self.location(line, column))
            }
            Some(_) | None => self.named(problem, word),
        }
    }

    fn schema(&self, error: &SchemaError, span: Option<(u64, u64)>) -> Diagnostic {
        let (what, help, word) = match error {
            SchemaError::FieldNotFound {
                field,
                valid_fields,
            } => {
                let known = valid_fields.iter().map(|field| field.name.as_str());
                let help = match did_you_mean(&field.name, known) {
                    Some(near) => format!("did you mean `{}`?", show(near)),
                    None => "docs/sql.md has the tables and their columns; so has `\\d TABLE` when no query is given".to_owned(),
                };
                (
                    format!("there is no column `{}`", show(&field.flat_name())),
                    help,
                    field.name.clone(),
                )
            }
            SchemaError::AmbiguousReference { field } => (
                format!("`{}` may be of more than one table", show(&field.name)),
                "put the table's name before it: `flows.bytes`".to_owned(),
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

    fn unreadable(&self, what: &str, span: Option<(u64, u64)>) -> Diagnostic {
        let (what, told) = without_place(what);
        let problem = Diagnostic::new(
            Severity::Error,
            "query-bad-sql",
            "this is not SQL that can be read",
            WHY,
            "see docs/sql.md; `end` and `start` are words of SQL: write them as \"end\" and \"start\"",
        );
        self.placed(problem, told.or(span), "").got(show(&what))
    }

    /// A message about the plan: a table or function that is not there has its name in quotes.
    fn planned(&self, what: &str, span: Option<(u64, u64)>, names: &[String]) -> Diagnostic {
        let what = what.lines().next().unwrap_or_default();
        let quoted = what.split('\'').nth(1).unwrap_or_default();
        let name = quoted.rsplit('.').next().unwrap_or_default();
        let missing = |kind: &str| {
            let near = did_you_mean(name, names.iter().map(String::as_str));
            let help = near.map_or_else(
                || {
                    "docs/sql.md has the tables and functions; so has `\\d` when no query is given"
                        .to_owned()
                },
                |near| format!("did you mean `{}`?", show(near)),
            );
            let what = format!("there is no {kind} `{}`", show(name));
            let problem = Diagnostic::new(Severity::Error, "query-unknown-name", what, WHY, help);
            self.placed(problem, span, name)
        };
        if what.starts_with("table ") && what.contains("not found") {
            return missing("table");
        }
        if what.starts_with("Invalid function") {
            return missing("function");
        }
        let problem = Diagnostic::new(
            Severity::Error,
            "query-bad-sql",
            "this query cannot be planned",
            WHY,
            "see docs/sql.md",
        );
        self.placed(problem, span, "").got(show(what))
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
        self.at(Diagnostic::new(
            Severity::Error,
            "query-failed",
            "the query failed on its data",
            WHY_FAILED,
            "mend the expression, or leave out the rows that it cannot take",
        ))
        .got(show(what.lines().next().unwrap_or_default()))
    }
}

/// A parser's message without `at Line: 1, Column: 8` and what stands before it by custom, and that place.
fn without_place(what: &str) -> (String, Option<(u64, u64)>) {
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
    fn a_word_is_found_where_it_stands_alone() {
        let place = Place::new("q", "SELECT bytes_total,\n  'é', Bytes FROM flows");
        assert_eq!(place.find("bytes"), Some((2, 8)));
        assert_eq!(place.find("flow"), None);
        assert_eq!(place.find(""), None);
        let place = Place::new("q", "-- bytes\nSELECT \"Flows\".bytes, bytes_total");
        assert_eq!(place.find("bytes"), Some((2, 16)));
        for (column, word, stands) in [
            (8, "bytes", true),
            (16, "bytes", true),
            (23, "bytes", false),
        ] {
            assert_eq!(place.stands((2, column), word), stands, "{column}");
        }
        assert!(!place.stands((9, 9), "bytes") && !place.stands((0, 0), "bytes"));
    }

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
