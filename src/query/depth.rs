//! How deep a query may go, and the room that it has for it.
//!
//! In: the words and signs of a query. Out: a complaint if they are too many, else a stack on which whatever recurses has room. SQL's parser
//! counts most of what it nests itself; a chain (`a OR b OR c`, `a + b`, `a UNION b`) it reads in a loop, and makes a tree of it that is as deep as the
//! chain is long. To plan it, to compute with it and to drop it goes down to its ground, in a dozen crates.

use std::panic::resume_unwind;

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::diag::{Diagnostic, Severity};
use crate::query::place::{Place, start};

/// Words and signs of a query that may each nest once.
const DEEPEST: usize = 10_000;

/// Parentheses of a query, or within one text of it, that may be open at a time: the parser counts most of them, and stops at fifty, but not those
/// of a pattern (MATCH_RECOGNIZE) or of a type (`arrow_cast`).
const OPEN_MAX: usize = 500;

/// Address space for the stack of whoever plans or drops a query; only what is touched of it takes memory. Of seventeen kinds of chains the hungriest
/// (`x::INT::BIGINT …`) took 27 KB a word or sign with code that is not optimised: 260 MiB at [`DEEPEST`].
const STACK_BYTES: usize = 512 << 20;

/// The same for each thread that computes with its expressions: `a || b || …` took 4 KB a sign, 39 MiB at [`DEEPEST`].
pub const COMPUTING_STACK_BYTES: usize = 128 << 20;

const WHY: &str = "each may be one level deeper, and beyond these there may be no room to go down";

/// Does the work on a stack of [`STACK_BYTES`], of a thread of its own.
///
/// # Errors
/// A system without another thread or without so much address space.
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, work)?;
        Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

impl Place {
    /// Whether the query can be planned in the room that there is.
    ///
    /// # Errors
    /// Too many operators and words, the place of the first that is one too many.
    pub fn has_room(&self) -> Result<(), Vec<Diagnostic>> {
        let tokens = self.tokens();
        if let Some(beyond) = open_beyond(&tokens) {
            let problem = Diagnostic::new(
                Severity::Error,
                "query-bad-sql",
                format!("more than {OPEN_MAX} parentheses are open here"),
                WHY,
                "write it flatter, or name its parts: WITH a AS (…)",
            );
            return Err(vec![self.pointed(problem, Some(start(beyond)))]);
        }
        let before = std::iter::once(None).chain(tokens.iter().map(|one| Some(&one.token)));
        let pairs = before.zip(&tokens);
        let mut nesting = pairs.filter(|(before, one)| nests(*before, &one.token));
        let Some((_, beyond)) = nesting.nth(DEEPEST) else {
            return Ok(());
        };
        let problem = Diagnostic::new(
            Severity::Error,
            "query-bad-sql",
            format!("the query has more than {DEEPEST} operators and words"),
            WHY,
            "write `x IN (1, 2, …)` instead of `x = 1 OR x = 2 …`: a list may have any length",
        );
        Err(vec![self.pointed(problem, Some(start(beyond)))])
    }
}

/// Where one parenthesis too many is open.
fn open_beyond(tokens: &[TokenWithSpan]) -> Option<&TokenWithSpan> {
    let mut open = 0usize;
    tokens.iter().find(|one| {
        match &one.token {
            Token::LParen => open += 1,
            Token::RParen => open = open.saturating_sub(1),
            other => return open_most(&other.to_string()) > OPEN_MAX,
        }
        open > OPEN_MAX
    })
}

/// How many parentheses of a text are open at a time, at most.
fn open_most(text: &str) -> usize {
    let (mut open, mut most) = (0usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// Whether a tree can be one level deeper by it, by what stands before it. Lists cannot: values and what parts them; for what is in parentheses
/// see [`OPEN_MAX`]. A text or number behind a word or another text is no item of a list, but a name, say.
fn nests(before: Option<&Token>, token: &Token) -> bool {
    match token {
        Token::Number(..) | Token::SingleQuotedString(_) | Token::Placeholder(_) => {
            matches!(
                before,
                Some(
                    Token::SingleQuotedString(_)
                        | Token::Number(..)
                        | Token::Word(_)
                        | Token::RParen
                )
            )
        }
        Token::Comma | Token::Period | Token::LParen | Token::RParen => false,
        _ => true,
    }
}
