//! Mistakes that people make in SQL, by what the parser and the engine say of them: what it is, where, and what to do.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::diag::{did_you_mean, show};
use crate::query::functions::FUNCTIONS;
use crate::query::place::{At, Place, start};
use crate::query::sum::BEYOND;

/// A mistake that is understood.
#[derive(Debug)]
pub struct Slip {
    /// In one clause.
    pub what: String,
    /// One thing to do.
    pub help: String,
    /// Where; if the text does not tell, what the engine told.
    pub at: Option<At>,
}

fn slip(what: impl Into<String>, help: impl Into<String>, at: Option<At>) -> Slip {
    Slip {
        what: what.into(),
        help: help.into(),
        at,
    }
}

/// The words of SQL that a slip of the finger may have meant.
pub const KEYWORDS: &[&str] = &[
    "SELECT", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "JOIN", "UNION", "DISTINCT",
    "BETWEEN", "EXPLAIN", "WITH", "DESCRIBE", "VALUES",
];

/// What the parser says: `Expected: …, found: …`, and a place.
pub fn of_parser(said: &str, at: Option<At>, place: &Place) -> Option<Slip> {
    if said.starts_with("Unterminated string literal") {
        return Some(slip(
            "a text in quotes does not end",
            "end it with `'`; a quote within it is written twice: `''`",
            at,
        ));
    }
    if said.starts_with("Expected close delimiter") {
        return Some(slip(
            "a name in double quotes does not end",
            "end it with `\"`; a text stands in single quotes",
            at,
        ));
    }
    let (expected, found) = said.strip_prefix("Expected: ")?.rsplit_once(", found: ")?;
    let tokens = place.tokens();
    if found == "EOF" {
        let expected = if expected == "identifier" {
            "a name"
        } else {
            expected
        };
        let help = format!("go on with {}", show(expected));
        return Some(slip("the SQL ends too early", help, place.end()));
    }
    let here = tokens.iter().position(|one| Some(start(one)) == at)?;
    let before = here.checked_sub(1).map(|before| &tokens[before]);
    misspelt(&tokens[here], before)
        .or_else(|| by_is_missing(&tokens, here))
        .or_else(|| reserved(&tokens[here], before))
        .or_else(|| missing(expected, &tokens[here], before))
}

/// A word that is nearly one of SQL's: what could not be read, or what stands before it and was taken for a name.
fn misspelt(found: &TokenWithSpan, before: Option<&TokenWithSpan>) -> Option<Slip> {
    [Some(found), before].into_iter().flatten().find_map(|one| {
        let Token::Word(word) = &one.token else {
            return None;
        };
        if word.quote_style.is_some() || word.keyword != Keyword::NoKeyword && word.value != "FORM"
        {
            return None;
        }
        let meant = did_you_mean(&word.value.to_uppercase(), KEYWORDS.iter().copied())?;
        Some(slip(
            format!("`{}` is no word of SQL", show(&word.value)),
            format!("did you mean `{meant}`?"),
            Some(start(one)),
        ))
    })
}

fn is_keyword(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.keyword == keyword)
}

/// GROUP and ORDER without BY.
fn by_is_missing(tokens: &[TokenWithSpan], here: usize) -> Option<Slip> {
    let first = |keyword| is_keyword(&tokens[here].token, keyword);
    let word = [(Keyword::ORDER, "ORDER"), (Keyword::GROUP, "GROUP")];
    let (_, word) = word.into_iter().find(|(keyword, _)| first(*keyword))?;
    let by = tokens.get(here + 1).map(|one| &one.token);
    (!by.is_some_and(|by| is_keyword(by, Keyword::BY))).then(|| {
        slip(
            format!("`{word}` lacks its `BY`"),
            format!("write `{word} BY`"),
            Some(start(&tokens[here])),
        )
    })
}

/// A column that is called as a word of SQL.
fn reserved(found: &TokenWithSpan, before: Option<&TokenWithSpan>) -> Option<Slip> {
    [Some(found), before].into_iter().flatten().find_map(|one| {
        is_keyword(&one.token, Keyword::END).then(|| {
            slip(
                "`end` is a word of SQL here",
                "write the column as \"end\"",
                Some(start(one)),
            )
        })
    })
}

/// Something that should stand before what was found, or a parenthesis too many.
fn missing(expected: &str, found: &TokenWithSpan, before: Option<&TokenWithSpan>) -> Option<Slip> {
    let shown = show(&found.token.to_string());
    let at = Some(start(found));
    let is_word = |token: &Token| matches!(token, Token::Word(word) if word.quote_style.is_some() || word.keyword == Keyword::NoKeyword);
    let is_value = |token: &Token| {
        is_word(token) || matches!(token, Token::Number(..) | Token::SingleQuotedString(_))
    };
    // Many names of columns are words of SQL somewhere.
    let ends_a_value = |token: &Token| match token {
        Token::Word(word) => !KEYWORDS.contains(&word.value.to_uppercase().as_str()),
        token => is_value(token) || *token == Token::RParen,
    };
    match (expected, &found.token) {
        ("end of statement", Token::RParen) => Some(slip(
            "`)` closes nothing",
            "leave it out, or open it before with `(`",
            at,
        )),
        (")", _) => Some(slip(
            format!("`(` is not closed before `{shown}`"),
            if is_value(&found.token) {
                "close it with `)`, or put a comma or a sign between"
            } else {
                "close it with `)`"
            },
            at,
        )),
        ("end of statement", token)
            if is_value(token) && before.is_some_and(|one| ends_a_value(&one.token)) =>
        {
            Some(slip(
                format!("something is missing before `{shown}`"),
                "put a comma between columns, and a word of SQL or a sign between the rest",
                at,
            ))
        }
        ("an expression", _) => Some(slip(
            format!("there is no expression before `{shown}`"),
            "write one, or leave out the comma or sign that waits for it",
            at,
        )),
        _ => None,
    }
}

/// The pieces of a message that stand in quotes of a kind.
fn quoted(said: &str, quote: char) -> impl Iterator<Item = &str> {
    said.split(quote).skip(1).step_by(2)
}

/// What the planner or the engine says.
pub fn of_engine(said: &str, place: &Place) -> Option<Slip> {
    by_planner(said, place)
        .or_else(|| by_types(said, place))
        .or_else(|| by_data(said, place))
}

fn by_planner(said: &str, place: &Place) -> Option<Slip> {
    if said.contains("must be in GROUP BY or an aggregate function") {
        let column = quoted(said, '"').next().unwrap_or_default();
        let column = column.rsplit('.').next().unwrap_or_default();
        return Some(slip(
            format!("`{}` is neither grouped nor added up", show(column)),
            "name it behind GROUP BY, or put it into an aggregate: sum(…), max(…), count(DISTINCT …)",
            None,
        ));
    }
    if said.contains("only supports a single SQL statement") {
        let tokens = place.tokens();
        let mut ends = tokens.iter();
        ends.find(|one| one.token == Token::SemiColon);
        return Some(slip(
            "there are two statements",
            "ask them one at a time",
            ends.next().map(start),
        ));
    }
    if said.contains("Aggregate functions are not allowed in the WHERE clause") {
        return Some(slip(
            "WHERE has an aggregate",
            "WHERE looks at rows before they are grouped: put it behind HAVING",
            place.find("where"),
        ));
    }
    if let Some(kind) = said.strip_prefix("Unsupported SQL type ") {
        return Some(slip(
            format!("there is no type `{}`", show(kind)),
            "types are INT, BIGINT, DOUBLE, DECIMAL, VARCHAR, BOOLEAN, DATE and TIMESTAMP; addresses are text",
            place.find(kind),
        ));
    }
    if said.starts_with("LIMIT must be") {
        let help = "give a number from 0 up";
        return Some(slip(
            "LIMIT takes no such number",
            help,
            place.find("limit"),
        ));
    }
    if said == "TOP" {
        return Some(slip(
            "there is no TOP",
            "put LIMIT at the end of the query",
            place.find("top"),
        ));
    }
    if said.contains("queries have different number of columns") {
        return Some(slip(
            "the parts of the UNION have not the same number of columns",
            "select as many columns in each of them",
            place.find("union"),
        ));
    }
    if said.starts_with("Projections require unique expression names") {
        return Some(slip(
            "two columns of the answer have the same name",
            "give one of them another name: `AS …`",
            None,
        ));
    }
    None
}

fn by_types(said: &str, place: &Place) -> Option<Slip> {
    let arguments = [
        "failed to match any signature",
        "Failed to coerce arguments to satisfy",
        "No function matches the given name and argument types",
    ];
    if arguments.iter().any(|one| said.contains(one)) {
        let name = quoted(said, '\'').next().unwrap_or_default();
        let name = name.split('(').next().unwrap_or_default();
        let own = FUNCTIONS.iter().find(|one| one.name == name);
        let help = own.map_or_else(
            || {
                "look at how many and of what type they are; CAST makes one type of another"
                    .to_owned()
            },
            |own| format!("call it as {}", own.call),
        );
        let what = format!("`{}` does not take these arguments", show(name));
        return Some(slip(what, help, place.find(name)));
    }
    let of_comparison =
        said.strip_prefix("Cannot infer common argument type for comparison operation ");
    if let Some(operation) = of_comparison {
        let seconds = operation.contains("Timestamp") && operation.contains("Int");
        let sign = operation.split(' ').find(|word| {
            !word.is_empty() && word.chars().all(|c| matches!(c, '<' | '>' | '=' | '!'))
        });
        let help = if seconds {
            "compare \"start\" or \"end\", which are seconds, or make a time of the number: to_timestamp_seconds(…)"
        } else {
            "make one type of the other with CAST"
        };
        let what = format!("these cannot be compared: {}", types(operation));
        return Some(slip(what, help, sign.and_then(|sign| place.only(&[sign]))));
    }
    if said.starts_with("Cannot infer common argument type for logical boolean operation ") {
        let distinct = place.follows("is", "distinct") || place.follows("not", "distinct");
        let help = if distinct {
            "IS DISTINCT FROM takes all that follows for its right side: put parentheses around it, (a IS DISTINCT FROM b) OR …"
        } else {
            "put a condition on either side, such as a = b"
        };
        let at = place.find("distinct").filter(|_| distinct);
        return Some(slip(
            "AND and OR join conditions, and one of these is none",
            help,
            at.or_else(|| place.only(&["AND", "OR", "and", "or"])),
        ));
    }
    if let Some(operation) = said.strip_prefix("Cannot coerce arithmetic expression ") {
        let operation = operation.trim_end_matches(" to valid types");
        let help = if operation.contains("Timestamp") {
            "times differ by intervals: - INTERVAL '1 hour'"
        } else {
            "make a number of the text with CAST(… AS BIGINT), or join texts with ||"
        };
        let sign = operation
            .split(' ')
            .find(|word| matches!(*word, "+" | "-" | "*" | "/" | "%"));
        let at = sign.and_then(|sign| place.only(&[sign]));
        return Some(slip(
            format!("these cannot be computed: {}", types(operation)),
            help,
            at,
        ));
    }
    None
}

/// Arrow's names of types as those of docs/sql.md.
fn types(said: &str) -> String {
    let said = said
        .replace("Dictionary(Int32, Utf8)", "text")
        .replace("Timestamp(s, \"+00:00\")", "timestamp")
        .replace("Utf8", "text");
    show(&said)
}

fn by_data(said: &str, place: &Place) -> Option<Slip> {
    if said.contains("Divide by zero") {
        return Some(slip(
            "a division by zero",
            "divide by nullif(…, 0), which gives null instead",
            place.only(&["/", "%"]),
        ));
    }
    if let Some((_, sum)) = said.split_once(BEYOND) {
        return Some(slip(
            format!("a sum is {}, which its type does not hold", show(sum)),
            "add in a wider type: sum(CAST(… AS DECIMAL(38)))",
            place.find("sum"),
        ));
    }
    if said.contains("Cannot cast string '") {
        let text = quoted(said, '\'').next().unwrap_or_default();
        let kind = said
            .rsplit_once(" to value of ")
            .map_or("", |(_, kind)| kind);
        let kind = match kind.trim_end_matches(" type") {
            whole if whole.contains("Int") => "a whole number",
            float if float.contains("Float") || float.contains("Decimal") => "a number",
            other => other,
        };
        let compared = || place.only(&["=", "<", ">", "<=", ">=", "<>", "!="]);
        let at = place
            .find(text)
            .or_else(|| place.find("cast"))
            .or_else(compared);
        return Some(slip(
            format!("`{}` is not {}", show(text), show(kind)),
            "compare text with text; TRY_CAST gives null where a text is no number",
            at,
        ));
    }
    if said.contains("Error parsing timestamp from '") {
        let text = quoted(said, '\'').next().unwrap_or_default();
        return Some(slip(
            format!("`{}` is no time", show(text)),
            "write it as '2026-08-01T00:00:00Z', or reckon: now() - INTERVAL '1 day'",
            place.find(text),
        ));
    }
    if said.contains("Scalar subquery returned more than one row") {
        return Some(slip(
            "a query in place of a value gives more than one row",
            "add LIMIT 1 or an aggregate to it, or ask with IN (SELECT …)",
            inner_select(place),
        ));
    }
    let of_ours = [
        ("` is not a CIDR", "write it as 10.0.0.0/8 or 2001:db8::/32"),
        ("` is not an address", "write it as 10.0.0.1 or 2001:db8::1"),
        (
            "` is not a width of time",
            "write it as '30s', '5m', '1h' or '7d'",
        ),
    ];
    let (_, help) = of_ours
        .into_iter()
        .find(|(words, _)| said.contains(words))?;
    let text = quoted(said, '`').next().unwrap_or_default();
    let what = said.split(" such as ").next().unwrap_or_default();
    Some(slip(what, help, place.find(text)))
}

/// The only SELECT behind a parenthesis.
fn inner_select(place: &Place) -> Option<At> {
    let tokens = place.tokens();
    let mut inner = tokens.windows(2).filter(|pair| {
        pair[0].token == Token::LParen && is_keyword(&pair[1].token, Keyword::SELECT)
    });
    let first = inner.next().map(|pair| start(&pair[1]));
    first.filter(|_| inner.next().is_none())
}

/// A comparison with NULL: it is never true, so that its answer is empty whatever there is.
pub fn never_true(place: &Place) -> Option<Slip> {
    let tokens = place.tokens();
    let mut pairs = tokens.windows(2);
    let pair = pairs.find(|pair| {
        let sign = matches!(pair[0].token, Token::Eq | Token::DoubleEq | Token::Neq);
        sign && is_keyword(&pair[1].token, Keyword::NULL)
    })?;
    let (sign, instead) = match pair[0].token {
        Token::Neq => ("<>", "IS NOT NULL"),
        _ => ("=", "IS NULL"),
    };
    Some(slip(
        format!("`{sign} NULL` is never true"),
        format!("write `{instead}`"),
        Some(start(&pair[0])),
    ))
}

/// The first thing in quotes in a message that stands in the query too.
pub fn said_place(said: &str, place: &Place) -> Option<At> {
    ['`', '\'', '"']
        .into_iter()
        .flat_map(|quote| quoted(said, quote))
        .find_map(|piece| {
            let last = piece.rsplit('.').next().unwrap_or_default();
            place.find(piece).or_else(|| place.find(last))
        })
}
