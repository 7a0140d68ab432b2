//! The text of a query, and places in it: what a complaint points at.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::diag::{Diagnostic, Location, hides};

/// Characters of a line that are shown around a place.
const SHOWN_CHARS: usize = 90;

/// The text of a query, and how it is called.
#[derive(Clone, Debug)]
pub struct Place {
    name: String,
    sql: String,
}

/// Line and column, from 1.
pub type At = (u64, u64);

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
        self.pointed(problem, self.find(word))
    }

    /// The complaint at a place, with the line and a caret below it; about the query as a whole if there is none.
    pub fn pointed(&self, problem: Diagnostic, place: Option<At>) -> Diagnostic {
        let Some((line, column)) = place else {
            return self.at(problem);
        };
        let got = match (&problem.got, self.caret((line, column))) {
            (Some(got), Some(caret)) => Some(format!("{got}\n       {caret}")),
            (None, caret) => caret,
            (got, None) => got.clone(),
        };
        let mut location = Location::line(self.name.as_str(), line);
        location.column = Some(column);
        Diagnostic { got, ..problem }.at(location)
    }

    /// The line, or the part of it around the place, and below it a caret.
    fn caret(&self, (line, column): At) -> Option<String> {
        let line = self.sql.lines().nth(index(line)?)?;
        let column = index(column)?;
        // Each character takes one place, or the caret would not stand below its own.
        let plain = |c: char| if hides(c) { ' ' } else { c };
        let skipped = column.saturating_sub(SHOWN_CHARS * 2 / 3);
        let left = line.chars().count().saturating_sub(skipped);
        let part: String = line
            .chars()
            .skip(skipped)
            .take(SHOWN_CHARS)
            .map(plain)
            .collect();
        let before = if skipped > 0 { "…" } else { "" };
        let behind = if left > SHOWN_CHARS { "…" } else { "" };
        let indent = " ".repeat(7 + before.chars().count() + column - skipped);
        Some(format!("{before}{}{behind}\n{indent}^", part.trim_end()))
    }

    /// The words, texts and signs of the query, without blanks and comments; none if a quote in it does not end.
    pub fn tokens(&self) -> Vec<TokenWithSpan> {
        let tokens = Tokenizer::new(&GenericDialect {}, &self.sql).tokenize_with_location();
        let mut tokens = tokens.unwrap_or_default();
        tokens.retain(|one| !matches!(one.token, Token::Whitespace(_) | Token::EOF));
        tokens
    }

    /// Where the query ends: behind its last word.
    pub fn end(&self) -> Option<At> {
        self.tokens().last().map(|one| place_of(&one.span.end))
    }

    /// Whether the word, perhaps behind its table's name, stands at a place.
    pub fn stands(&self, place: At, word: &str) -> bool {
        let tokens = self.tokens();
        let Some(mut at) = tokens.iter().position(|one| start(one) == place) else {
            return false;
        };
        // `flows.bytes`: the place is the table's.
        while let Some([_, dot, _]) = tokens.get(at..at + 3)
            && dot.token == Token::Period
        {
            at += 2;
        }
        is(&tokens[at].token, word)
    }

    /// Where a word, a placeholder or a text in quotes stands first.
    pub fn find(&self, word: &str) -> Option<At> {
        let tokens = self.tokens();
        tokens.iter().find(|one| is(&one.token, word)).map(start)
    }

    /// Where one of these signs stands, if there is only one of them.
    pub fn only(&self, signs: &[&str]) -> Option<At> {
        let tokens = self.tokens();
        let sign = |one: &&TokenWithSpan| signs.contains(&one.token.to_string().as_str());
        let mut found = tokens.iter().filter(sign);
        let first = found.next().map(start);
        first.filter(|_| found.next().is_none())
    }

    /// Whether a word stands somewhere right behind another.
    pub fn follows(&self, first: &str, second: &str) -> bool {
        let tokens = self.tokens();
        let mut pairs = tokens.windows(2);
        pairs.any(|pair| is(&pair[0].token, first) && is(&pair[1].token, second))
    }

    /// Whether the place is a name in double quotes.
    pub fn is_quoted(&self, place: At) -> bool {
        let tokens = self.tokens();
        let mut there = tokens.iter().filter(|one| start(one) == place);
        there.any(|one| matches!(&one.token, Token::Word(word) if word.quote_style == Some('"')))
    }
}

/// Where a token begins.
pub fn start(token: &TokenWithSpan) -> At {
    place_of(&token.span.start)
}

fn place_of(location: &datafusion::sql::sqlparser::tokenizer::Location) -> At {
    (location.line, location.column)
}

/// Whether a token is this word, in any case, or the text in quotes.
fn is(token: &Token, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    match token {
        Token::Word(own) => own.value.eq_ignore_ascii_case(word),
        Token::SingleQuotedString(text) => text == word,
        Token::Placeholder(name) => name == word,
        Token::Number(digits, _) => digits == word,
        _ => false,
    }
}

fn index(number: u64) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Severity;

    #[test]
    fn a_word_is_found_where_it_stands_alone() {
        let place = Place::new("q", "SELECT bytes_total,\n  'é', Bytes FROM flows");
        assert_eq!(place.find("bytes"), Some((2, 8)));
        assert_eq!(place.find("flow"), None);
        assert_eq!(place.find(""), None);
        assert_eq!(place.find("é"), Some((2, 3)));
        let place = Place::new(
            "q",
            "-- bytes\nSELECT 'bytes in it', \"Flows\".bytes, bytes_total, $x /* bytes */ + 1 % 2",
        );
        assert_eq!(place.find("bytes"), Some((2, 31)));
        assert_eq!(place.find("$x"), Some((2, 51)));
        for (column, word, stands) in [
            (23, "bytes", true),
            (31, "bytes", true),
            (38, "bytes", false),
        ] {
            assert_eq!(place.stands((2, column), word), stands, "{column}");
        }
        assert!(!place.stands((9, 9), "bytes") && !place.stands((0, 0), "bytes"));
        assert!(place.is_quoted((2, 23)) && !place.is_quoted((2, 31)));
        assert_eq!(place.only(&["/", "%"]), Some((2, 70)));
        assert_eq!(place.only(&[","]), None);
        assert_eq!(place.end(), Some((2, 73)));
    }

    #[test]
    fn a_caret_stands_below_the_place_in_a_line_of_any_length() {
        let problem = || Diagnostic::new(Severity::Error, "query-failed", "m", "w", "h");
        let shown = |sql: &str, column: u64| {
            let pointed = Place::new("q", sql).pointed(problem(), Some((1, column)));
            let text = pointed.to_string();
            let lines: Vec<&str> = text.lines().skip(2).take(2).collect();
            let caret = lines[1].chars().position(|c| c == '^').unwrap();
            (
                lines[0].chars().nth(caret).unwrap_or(' '),
                lines[0].chars().count(),
            )
        };
        assert_eq!(shown("SELECT é, X", 11).0, 'X');
        assert_eq!(shown("\u{1b}[31m\tX", 7).0, 'X');
        let long = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let (under, width) = shown(&long, 501);
        assert!(under == 'X' && width < 110, "{width}");
        // The end, where there is nothing.
        assert_eq!(shown("SELECT", 7).0, ' ');
        let said = problem().got("SELECT is said");
        let pointed = Place::new("q", "SELECT x").pointed(said, Some((1, 8)));
        let got = "SELECT is said\n       SELECT x\n              ^";
        assert_eq!(pointed.got.as_deref(), Some(got));
    }
}
