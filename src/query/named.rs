//! Queries with a name: a file of SQL whose first comment says the question, its parameters and the columns of the answer.
//!
//! ```sql
//! -- leaks-by-workload: which workloads sent what past the endpoints
//! --
//! -- What the answer means and does not mean.
//! --
//! -- param service text 's3'   the service in question
//! -- values service '*', endpoints.service
//! -- column workload text      address of the workload
//! SELECT …
//! ```
//!
//! `param NAME TYPE DEFAULT description`, DEFAULT `-` where a value must be given; `values NAME …` behind it says what of the type it takes
//! ([`Allowed`]). To add a query: a file in `queries/`.

use std::fmt;

use datafusion::common::ScalarValue;

use crate::query::allowed::Allowed;
use crate::query::params;

/// A query as its file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedQuery {
    /// Before the colon of the first line; empty in a file without one.
    pub name: String,
    /// The question, behind the colon.
    pub title: String,
    /// What the answer means, in lines.
    pub description: Vec<String>,
    /// Its parameters.
    pub params: Vec<Param>,
    /// The columns of its answer, in order.
    pub columns: Vec<ColumnNote>,
    /// The whole text: comments are SQL too, and lines keep their numbers.
    pub sql: String,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name, `$name` in SQL.
    pub name: String,
    /// What it takes.
    pub kind: ParamType,
    /// What it is if nobody says; `None`: somebody must.
    pub default: Option<String>,
    /// What it means.
    pub means: String,
    /// What of its type it takes.
    pub allowed: Allowed,
}

impl Param {
    /// The value of a text, as far as it can be told without looking at any table; `None` if it has none.
    pub fn value(&self, text: &str) -> Option<ScalarValue> {
        if self.allowed.words.iter().any(|word| word == text) {
            return Some(ScalarValue::Utf8(Some(text.to_owned())));
        }
        params::value(self.kind, text)
    }

    fn takes_its_default(&self) -> bool {
        let Some(default) = &self.default else {
            return true;
        };
        let closed = self.allowed.is_closed() && self.kind == ParamType::Text;
        match self.value(default) {
            Some(ScalarValue::Int64(Some(number))) => self.allowed.takes(number),
            Some(_) => !closed || self.allowed.words.contains(default),
            None => false,
        }
    }
}

/// A column of the answer, as the file promises it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNote {
    /// Its name.
    pub name: String,
    /// Its type, in words.
    pub kind: String,
    /// What it means.
    pub means: String,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// RFC 3339 with a zone, whole seconds.
    Timestamp,
    /// A CIDR, IPv4 or IPv6.
    Cidr,
    /// A width of time, such as `5m`.
    Duration,
    /// Ports, joined by commas.
    Ports,
}

impl ParamType {
    const ALL: [ParamType; 7] = [
        ParamType::Text,
        ParamType::Int,
        ParamType::Float,
        ParamType::Timestamp,
        ParamType::Cidr,
        ParamType::Duration,
        ParamType::Ports,
    ];

    /// Its word in a header.
    pub fn word(self) -> &'static str {
        match self {
            ParamType::Text => "text",
            ParamType::Int => "int",
            ParamType::Float => "float",
            ParamType::Timestamp => "timestamp",
            ParamType::Cidr => "cidr",
            ParamType::Duration => "duration",
            ParamType::Ports => "ports",
        }
    }

    /// What it takes, in words.
    pub fn means(self) -> &'static str {
        match self {
            ParamType::Text => "text",
            ParamType::Int => "a whole number",
            ParamType::Float => "a number",
            ParamType::Timestamp => "a time",
            ParamType::Cidr => "a CIDR",
            ParamType::Duration => "a width of time",
            ParamType::Ports => "a list of ports",
        }
    }

    /// How to write one.
    pub fn help(self) -> &'static str {
        match self {
            ParamType::Text => "any text",
            ParamType::Int => "write digits, such as 443",
            ParamType::Float => "write a number, such as 0.045",
            ParamType::Timestamp => "write it with its zone, such as 2026-08-01T00:00:00Z",
            ParamType::Cidr => "write it as 10.0.0.0/8 or 2001:db8::/32",
            ParamType::Duration => "write it as 30s, 5m, 1h or 7d",
            ParamType::Ports => "write them as 443 or 443,8443",
        }
    }
}

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderError {
    /// From 1.
    pub line: u64,
    /// In words.
    pub what: String,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Reads a file. One without a header is a query without name and parameters.
///
/// # Errors
/// A `param` or `column` line that cannot be read, or a parameter twice.
pub fn parse(text: &str) -> Result<NamedQuery, HeaderError> {
    let mut query = NamedQuery {
        sql: text.to_owned(),
        ..NamedQuery::default()
    };
    let header = text
        .lines()
        .map_while(|line| line.trim_start().strip_prefix("--"));
    for (number, line) in (1..).zip(header) {
        let line = line.trim();
        let error = |what: String| HeaderError { line: number, what };
        if number == 1
            && let Some((name, title)) = line.split_once(':')
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            (query.name, query.title) = (name.to_owned(), title.trim().to_owned());
        } else if let Some(rest) = line.strip_prefix("param ") {
            let param = param(rest).map_err(error)?;
            if query.params.iter().any(|known| known.name == param.name) {
                return Err(error(format!(
                    "the parameter `{}` stands there twice",
                    param.name
                )));
            }
            query.params.push(param);
        } else if let Some(rest) = line.strip_prefix("values ") {
            values(rest, &mut query.params).map_err(error)?;
        } else if let Some(rest) = line.strip_prefix("column ") {
            let (name, rest) = word(rest);
            let (kind, means) = word(rest);
            if name.is_empty() || kind.is_empty() {
                return Err(error(
                    "a column is `column NAME TYPE description`".to_owned(),
                ));
            }
            query.columns.push(ColumnNote {
                name: name.to_owned(),
                kind: kind.to_owned(),
                means: means.to_owned(),
            });
        } else {
            query.description.push(line.to_owned());
        }
    }
    if let Some(param) = query.params.iter().find(|param| !param.takes_its_default()) {
        return Err(HeaderError {
            line: 1,
            what: format!("the default of `{}` is not among its values", param.name),
        });
    }
    let blank = |line: &String| line.is_empty();
    let start = query
        .description
        .iter()
        .take_while(|line| blank(line))
        .count();
    query.description.drain(..start);
    while query.description.last().is_some_and(blank) {
        query.description.pop();
    }
    Ok(query)
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace)
        .map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

fn param(text: &str) -> Result<Param, String> {
    let (name, rest) = word(text);
    let (kind, rest) = word(rest);
    let named = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let Some(kind) = ParamType::ALL.into_iter().find(|one| one.word() == kind) else {
        return Err(format!(
            "`{}` is no type of a parameter: text, int, float, timestamp, cidr, duration or ports",
            crate::diag::show(kind)
        ));
    };
    let (default, means) = match rest.strip_prefix('\'') {
        Some(quoted) => quoted
            .split_once('\'')
            .map(|(default, means)| (Some(default), means.trim()))
            .ok_or("a quote that does not end")?,
        None => match word(rest) {
            ("-", means) => (None, means),
            (default, means) => (Some(default), means),
        },
    };
    if !named || default == Some("") && !rest.starts_with('\'') {
        return Err("a parameter is `param NAME TYPE DEFAULT description`".to_owned());
    }
    // The word that stands for all need not be of the type: `values` behind it says whether it is taken.
    if let Some(default) = default.filter(|_| !rest.starts_with('\''))
        && params::value(kind, default).is_none()
    {
        return Err(format!("the default of `{name}` is not {}", kind.means()));
    }
    Ok(Param {
        name: name.to_owned(),
        kind,
        default: default.map(str::to_owned),
        means: means.to_owned(),
        allowed: Allowed::default(),
    })
}

/// `values NAME …`, of a parameter above.
fn values(text: &str, params: &mut [Param]) -> Result<(), String> {
    let (name, rest) = word(text);
    let param = params.iter_mut().find(|param| param.name == name);
    let param = param.ok_or("`values NAME …` stands below its parameter")?;
    if param.allowed != Allowed::default() {
        return Err(format!("the values of `{name}` stand there twice"));
    }
    let allowed = Allowed::parse(rest)?;
    // What the type does not ask for would do nothing, in silence.
    let ranges = allowed.range.is_none() || param.kind == ParamType::Int;
    let columns = allowed.columns.is_empty() || param.kind == ParamType::Text;
    let words = allowed.words.is_empty() || matches!(param.kind, ParamType::Text | ParamType::Cidr);
    if !(ranges && columns && words) {
        return Err(format!(
            "`{name}` is {}: FROM..TO is for int, TABLE.COLUMN for text, words for text and cidr",
            param.kind.word()
        ));
    }
    param.allowed = allowed;
    Ok(())
}

// `BUNDLED`: file name without ending, text; sorted. Written by build.rs from `queries/`.
include!(concat!(env!("OUT_DIR"), "/queries.rs"));

/// The bundled queries that can be read, which the tests hold to be all of them; by name.
pub fn bundled() -> Vec<NamedQuery> {
    let read = |(name, text): &(&str, &str)| {
        let query = parse(text).ok()?;
        Some(NamedQuery {
            name: (*name).to_owned(),
            ..query
        })
    };
    BUNDLED.iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "-- leaks: who leaks\n--\n-- More\n-- of it.\n--\n-- param service text 's3'  the one; '*' is all\n-- param least int 0\n-- param net cidr -  where\n-- column who text  a host\n\nSELECT 1 -- param x\n";

    #[test]
    fn the_first_comment_is_the_header() {
        let query = parse(FILE).unwrap();
        assert_eq!(
            (query.name.as_str(), query.title.as_str()),
            ("leaks", "who leaks")
        );
        assert_eq!(query.description, ["More", "of it."]);
        let params: Vec<_> = query
            .params
            .iter()
            .map(|p| {
                (
                    p.name.as_str(),
                    p.kind,
                    p.default.as_deref(),
                    p.means.as_str(),
                )
            })
            .collect();
        assert_eq!(
            params,
            [
                (
                    "service",
                    ParamType::Text,
                    Some("s3"),
                    "the one; '*' is all"
                ),
                ("least", ParamType::Int, Some("0"), ""),
                ("net", ParamType::Cidr, None, "where"),
            ]
        );
        assert_eq!(query.columns[0].means, "a host");
        assert_eq!(query.sql, FILE);
        assert_eq!(parse("SELECT 1").unwrap().name, "");
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line() {
        #[rustfmt::skip]
        let cases = [
            ("-- q: t\n-- param x number 1",            2, "no type"),
            ("-- q: t\n-- param x int one",             2, "default of `x`"),
            ("-- q: t\n-- param x text 'one",           2, "quote"),
            ("-- q: t\n-- param x int",                 2, "NAME TYPE DEFAULT"),
            ("-- q: t\n-- param x int 1\n-- param x int 2", 3, "twice"),
            ("-- q: t\n-- column x",                    2, "NAME TYPE"),
            ("-- q: t\n-- values x 'a'",                2, "below its parameter"),
            ("-- q: t\n-- param x text 'a'\n-- values x a", 3, "no value"),
            ("-- q: t\n-- param x text 'a'\n-- values x 'b'", 1, "default of `x`"),
            ("-- q: t\n-- param x float 0\n-- values x 0..1",  3, "FROM..TO is for int"),
            ("-- q: t\n-- param x text 'a'\n-- values x 0..1", 3, "FROM..TO is for int"),
            ("-- q: t\n-- param x int 0\n-- values x flows.service", 3, "TABLE.COLUMN for text"),
            ("-- q: t\n-- param x int 0\n-- values x '*'",     3, "words for text and cidr"),
            ("-- q: t\n-- param x int 0\n-- values x 0..\n-- values x 1..", 4, "twice"),
            ("-- q: t\n-- param x int 0\n-- values x 1..", 1, "default of `x`"),
            ("-- q: t\n-- param x cidr '*'",             1, "default of `x`"),
        ];
        for (text, line, what) in cases {
            let error = parse(text).unwrap_err();
            assert!(
                error.line == line && error.what.contains(what),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn every_file_of_the_folder_is_bundled_and_named_as_it_says() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
            .collect();
        files.sort();
        let names: Vec<&str> = BUNDLED.iter().map(|row| row.0).collect();
        assert_eq!(names, files);
        for (name, text) in BUNDLED {
            let query = parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(query.name, *name);
            assert!(
                !query.title.is_empty() && !query.columns.is_empty(),
                "{name}"
            );
        }
    }
}
