//! What a parameter of a query takes beyond its type: words, words of a table's column, numbers from and to.
//!
//! A value that is none of these would bind as well as any other, match nothing, and give an empty answer that looks like "there is none".

use crate::diag::{Diagnostic, Severity, did_you_mean, show};

/// Words that a help shows one by one; of more it shows how to list them.
const SHOWN_MAX: usize = 12;

/// What a `values` line of a head says. Empty: all that the type takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Words, in the case that the query compares them in.
    pub words: Vec<String>,
    /// Columns whose values are words too: table, column. A later one is read only if the earlier do not have the value.
    pub columns: Vec<(String, String)>,
    /// The least and the greatest number.
    pub range: Option<(i64, i64)>,
}

/// What a value was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// This, in the case that the query compares it in.
    Word(String),
    /// Nothing that is there.
    Nothing {
        /// A word that is near.
        near: Option<String>,
        /// Every word that there is.
        words: Vec<String>,
    },
}

impl Allowed {
    /// Reads `'*', 'aws'`, `table.column`, `1..100`, `0..`, joined by commas.
    ///
    /// # Errors
    /// In words, what cannot be read.
    pub fn parse(text: &str) -> Result<Allowed, String> {
        let mut allowed = Allowed::default();
        for part in text.split(',').map(str::trim) {
            let quoted = part
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''));
            if let Some(word) = quoted {
                allowed.words.push(word.to_owned());
            } else if let Some((least, greatest)) = part.split_once("..") {
                let range = number(least, i64::MIN).zip(number(greatest, i64::MAX));
                let range = range.filter(|(least, greatest)| least <= greatest);
                allowed.range = Some(range.ok_or("numbers are `FROM..TO`, `FROM..` or `..TO`")?);
            } else if let Some((table, column)) = part.split_once('.')
                && is_name(table)
                && is_name(column)
            {
                allowed.columns.push((table.to_owned(), column.to_owned()));
            } else {
                return Err(format!(
                    "`{}` is no value: 'WORD', TABLE.COLUMN or FROM..TO, joined by commas",
                    show(part)
                ));
            }
        }
        Ok(allowed)
    }

    /// Whether a text must be one of the words.
    pub fn is_closed(&self) -> bool {
        !self.words.is_empty() || !self.columns.is_empty()
    }

    /// Whether the number lies in the range.
    pub fn takes(&self, number: i64) -> bool {
        self.range
            .is_none_or(|(least, greatest)| (least..=greatest).contains(&number))
    }

    /// What a text means, in any case. `values` gives those of a column, and is asked only as far as it must be.
    ///
    /// # Errors
    /// Those of `values`.
    pub fn meant<E>(
        &self,
        text: &str,
        mut values: impl FnMut(&str, &str) -> Result<Vec<String>, E>,
    ) -> Result<Meant, E> {
        let mut words = self.words.clone();
        if let Some(word) = same(text, &words) {
            return Ok(Meant::Word(word));
        }
        for (table, column) in &self.columns {
            let found = values(table, column)?;
            if let Some(word) = same(text, &found) {
                return Ok(Meant::Word(word));
            }
            words.extend(found);
        }
        words.sort();
        words.dedup();
        let lower = text.to_lowercase();
        // An AWS name ends in the word: com.amazonaws.eu-west-1.s3.
        let last = lower.rsplit('.').next().unwrap_or_default();
        let near = same(last, &words).or_else(|| {
            let known = words.iter().map(String::as_str);
            let near = did_you_mean(&lower, known.filter(|word| word.len() > 1));
            near.map(str::to_owned)
        });
        Ok(Meant::Nothing { near, words })
    }

    /// A value that means nothing, as a complaint.
    pub fn refused(&self, name: &str, near: Option<&str>, words: &[String]) -> Diagnostic {
        let shown = |words: &[String]| {
            let words: Vec<String> = words
                .iter()
                .map(|word| format!("'{}'", show(word)))
                .collect();
            words.join(", ")
        };
        let help = match (near, self.columns.first()) {
            (Some(near), _) => format!("did you mean `{}`?", show(near)),
            (None, Some((table, column))) if words.len() > SHOWN_MAX => format!(
                "--sql 'SELECT DISTINCT {column} FROM {table}' lists them; {} is taken too",
                shown(&self.words)
            ),
            (None, _) => format!("it is one of {}", shown(words)),
        };
        let whence: Vec<String> = self
            .columns
            .iter()
            .map(|(table, column)| format!("`{table}.{column}`"))
            .collect();
        let what = if whence.is_empty() {
            format!("the parameter `{}` has no such value", show(name))
        } else {
            format!(
                "the parameter `{}` has no such value: it is nowhere in {}",
                show(name),
                whence.join(", ")
            )
        };
        refused(what, help)
    }

    /// A number out of the range, as a complaint.
    pub fn beyond(&self, name: &str) -> Diagnostic {
        let (least, greatest) = self.range.unwrap_or((i64::MIN, i64::MAX));
        let help = match (least, greatest) {
            (least, i64::MAX) => format!("give {least} or more"),
            (i64::MIN, greatest) => format!("give {greatest} or less"),
            (least, greatest) => format!("give a number from {least} to {greatest}"),
        };
        refused(
            format!("the parameter `{}` is out of its range", show(name)),
            help,
        )
    }
}

fn refused(what: String, help: String) -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        "query-bad-parameter",
        what,
        "a value that means nothing matches nothing, and the empty answer would look like one",
        help,
    )
}

/// The word that is the text, if need be in another case; of several that differ in case alone none but the text itself.
fn same(text: &str, words: &[String]) -> Option<String> {
    if words.iter().any(|word| word == text) {
        return Some(text.to_owned());
    }
    let mut alike = words.iter().filter(|word| word.eq_ignore_ascii_case(text));
    match (alike.next(), alike.next()) {
        (Some(word), None) => Some(word.clone()),
        _ => None,
    }
}

fn number(text: &str, open: i64) -> Option<i64> {
    if text.is_empty() {
        return Some(open);
    }
    text.parse().ok()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(allowed: &Allowed, text: &str) -> (Meant, usize) {
        let mut asked = 0;
        let meant = allowed.meant(text, |table, _| {
            asked += 1;
            let words: &[&str] = match table {
                "prefixes" => &["s3", "dynamodb", "Mixed", "mixed"],
                _ => &["only-records-name-it"],
            };
            Ok::<_, ()>(words.iter().map(|word| (*word).to_owned()).collect())
        });
        (meant.unwrap(), asked)
    }

    #[test]
    fn a_word_is_taken_in_any_case_and_a_stranger_is_not() {
        let allowed = Allowed::parse("'*', prefixes.service, flows.service").unwrap();
        #[rustfmt::skip]
        let cases = [
            ("*",                    Ok("*"),                    0),
            ("s3",                   Ok("s3"),                   1),
            ("S3",                   Ok("s3"),                   1),
            ("only-records-name-it", Ok("only-records-name-it"), 2),
            ("S4",                   Err(Some("s3")),            2),
            ("dynamo",               Err(None),                  2),
            ("com.amazonaws.eu-west-1.s3", Err(Some("s3")),      2),
            ("Mixed",                Ok("Mixed"),                1),
            ("MIXED",                Err(None),                  2),
            ("",                     Err(None),                  2),
        ];
        for (text, expected, asked) in cases {
            let (found, times) = meant(&allowed, text);
            assert_eq!(times, asked, "{text}");
            match (found, expected) {
                (Meant::Word(word), Ok(expected)) => assert_eq!(word, expected, "{text}"),
                (Meant::Nothing { near, .. }, Err(expected)) => {
                    if expected.is_some() {
                        assert_eq!(near.as_deref(), expected, "{text}");
                    }
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_line_is_read_or_refused() {
        let allowed = Allowed::parse("'*', 'a b',endpoints.service, 1..10").unwrap();
        assert_eq!(allowed.words, ["*", "a b"]);
        assert_eq!(
            allowed.columns,
            [("endpoints".to_owned(), "service".to_owned())]
        );
        assert!(allowed.takes(1) && allowed.takes(10) && !allowed.takes(0) && !allowed.takes(11));
        assert!(Allowed::parse("0..").unwrap().takes(i64::MAX));
        for bad in ["", "word", "'open", "a..b", "9..1", "a.b.c", "a. b"] {
            assert!(Allowed::parse(bad).is_err(), "{bad}");
        }
    }
}
