//! What a line of the interactive mode may go on with: tables where a table must stand, columns elsewhere.

use arrow::datatypes::SchemaRef;
use flowproof::query::named::bundled;

/// The words of SQL that are offered.
const KEYWORDS: &[&str] = &[
    "AND", "AS", "ASC", "BETWEEN", "BY", "CASE", "COUNT", "DESC", "DISTINCT", "ELSE", "END",
    "EXPLAIN", "FROM", "GROUP", "HAVING", "IN", "INTERVAL", "IS", "JOIN", "LEFT", "LIKE", "LIMIT",
    "NOT", "NULL", "ON", "OR", "ORDER", "SELECT", "THEN", "UNION", "WHEN", "WHERE", "WITH",
];
/// Behind them, and behind commas that follow, a table stands.
const BEFORE_TABLES: &[&str] = &["from", "join", "describe", "\\d"];
/// They end a list of tables.
const BEHIND_TABLES: &[&str] = &[
    "select", "where", "on", "using", "group", "having", "order", "limit", "union", "window",
];

/// Words that a line may go on with.
pub struct Completions {
    tables: Vec<(String, Vec<String>)>,
    functions: Vec<String>,
    queries: Vec<String>,
}

impl Completions {
    /// Of these tables and functions, and the bundled queries.
    pub fn new(columns: &[(String, SchemaRef)], functions: Vec<String>) -> Completions {
        let names = |schema: &SchemaRef| {
            let fields = schema.fields().iter();
            fields.map(|field| field.name().clone()).collect()
        };
        Completions {
            tables: columns
                .iter()
                .map(|(table, schema)| (table.clone(), names(schema)))
                .collect(),
            functions,
            queries: bundled().into_iter().map(|query| query.name).collect(),
        }
    }

    /// Where the word under the cursor begins, and what it may become: what most likely stands there first.
    pub fn of(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let before = line.get(..at).unwrap_or(line);
        let first = !before.trim_start().contains(char::is_whitespace);
        let part = |c: char| c.is_alphanumeric() || c == '_' || (first && c == '-');
        let start = before
            .char_indices()
            .rev()
            .take_while(|(_, c)| part(*c))
            .last()
            .map_or(before.len(), |(start, _)| start);
        let (before, word) = before.split_at(start);
        let offered = if before.trim().is_empty() {
            sorted([&self.queries[..], &owned(KEYWORDS)])
        } else if let Some(qualified) = before.strip_suffix('.') {
            self.columns_of(last_word(qualified))
        } else if wants_table(before) {
            self.tables.iter().map(|(table, _)| table.clone()).collect()
        } else if word.is_empty() {
            Vec::new()
        } else {
            self.anywhere(line)
        };
        let word = word.to_lowercase();
        let fits = |one: &String| one.to_lowercase().starts_with(&word);
        (start, offered.into_iter().filter(fits).collect())
    }

    /// The columns behind a table's name, or behind an alias: those of every table.
    fn columns_of(&self, table: &str) -> Vec<String> {
        let known = self.tables.iter().find(|(name, _)| name == table);
        match known {
            Some((_, columns)) => columns.clone(),
            None => sorted(self.tables.iter().map(|(_, columns)| &columns[..])),
        }
    }

    /// Columns of the tables that the line names, if it names one, else of all; then functions, tables and words of SQL.
    fn anywhere(&self, line: &str) -> Vec<String> {
        let words: Vec<&str> = words(line).collect();
        let named = |table: &str| {
            let tables = words.windows(2);
            tables.into_iter().any(|pair| {
                BEFORE_TABLES.contains(&pair[0].to_lowercase().as_str()) && pair[1] == table
            })
        };
        let some = self.tables.iter().any(|(table, _)| named(table));
        let tables = self.tables.iter();
        let tables = tables.filter(|(table, _)| !some || named(table));
        let mut offered = sorted(tables.map(|(_, columns)| &columns[..]));
        offered.extend(self.functions.iter().cloned());
        offered.extend(self.tables.iter().map(|(table, _)| table.clone()));
        offered.extend(owned(KEYWORDS));
        let mut seen = std::collections::HashSet::new();
        offered.retain(|word| seen.insert(word.to_lowercase()));
        offered
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn sorted<'w>(lists: impl IntoIterator<Item = &'w [String]>) -> Vec<String> {
    let mut all: Vec<String> = lists.into_iter().flatten().cloned().collect();
    all.sort();
    all.dedup();
    all
}

/// The words of a line, and its commas.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let cut = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ';');
    let pieces = line.split(cut).flat_map(|piece| piece.split_inclusive(','));
    let pieces = pieces.flat_map(|piece| match piece.strip_suffix(',') {
        Some(word) => [word, ","],
        None => [piece, ""],
    });
    pieces.filter(|word| !word.is_empty())
}

fn last_word(text: &str) -> &str {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.rsplit(|c| !part(c)).next().unwrap_or_default()
}

/// Whether what comes next is a table's name.
fn wants_table(before: &str) -> bool {
    let mut words: Vec<String> = words(before).map(str::to_lowercase).collect();
    let Some(last) = words.pop() else {
        return false;
    };
    if last != "," {
        return BEFORE_TABLES.contains(&last.as_str());
    }
    let opens = |word: &&String| {
        BEFORE_TABLES.contains(&word.as_str()) || BEHIND_TABLES.contains(&word.as_str())
    };
    let clause = words.iter().rev().find(opens);
    clause.is_some_and(|word| BEFORE_TABLES.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completions() -> Completions {
        Completions {
            tables: vec![
                (
                    "flows".to_owned(),
                    owned(&["bytes", "flow_direction", "path"]),
                ),
                (
                    "interfaces".to_owned(),
                    owned(&["interface_id", "nat_gateway_id"]),
                ),
                (
                    "nat_gateways".to_owned(),
                    owned(&["nat_gateway_id", "name"]),
                ),
            ],
            functions: owned(&["floor", "sum"]),
            queries: owned(&["nat-cost", "top-talkers"]),
        }
    }

    #[test]
    fn a_table_stands_behind_from_and_a_column_elsewhere() {
        #[rustfmt::skip]
        let cases: &[(&str, usize, &[&str])] = &[
            ("SELECT * FROM nat_g",                  14, &["nat_gateways"]),
            ("SELECT * FROM ",                       14, &["flows", "interfaces", "nat_gateways"]),
            ("select * from flows f join nat",       27, &["nat_gateways"]),
            ("SELECT * FROM flows, nat",             21, &["nat_gateways"]),
            ("SELECT * FROM flows,nat",              20, &["nat_gateways"]),
            ("SELECT (SELECT 1 FROM nat",            22, &["nat_gateways"]),
            ("\\d nat",                              3,  &["nat_gateways"]),
            ("SELECT nat_g",                         7,  &["nat_gateway_id", "nat_gateways"]),
            ("SELECT 1 FROM flows WHERE a = 1, nat", 33, &["nat_gateways"]),
            ("SELECT path, fl",                      13, &["flow_direction", "floor", "flows"]),
            ("SELECT sum(by",                        11, &["bytes", "BY"]),
            ("SELECT bytes FROM flows WHERE n",      30, &["nat_gateways", "NOT", "NULL"]),
            ("SELECT f.pa",                          9,  &["path"]),
            ("SELECT interfaces.n",                  18, &["nat_gateway_id"]),
            ("SELECT f.",                            9,  &["bytes", "flow_direction", "interface_id", "name", "nat_gateway_id", "path"]),
            ("SELECT ",                              7,  &[]),
            ("nat-",                                 0,  &["nat-cost"]),
            ("se",                                   0,  &["SELECT"]),
        ];
        for (line, start, expected) in cases {
            let (begin, found) = completions().of(line, line.len());
            assert_eq!(
                (begin, found),
                (*start, owned(expected)),
                "completing `{line}`"
            );
        }
    }

    #[test]
    fn columns_of_the_tables_that_stand_behind_the_cursor_are_offered() {
        let line = "SELECT na FROM nat_gateways";
        let (start, found) = completions().of(line, 9);
        assert_eq!(start, 7);
        assert_eq!(found, ["name", "nat_gateway_id", "nat_gateways"]);
    }
}
