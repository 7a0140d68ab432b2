//! Text from outside as Markdown that renders as that text.
//!
//! Words that cannot mean anything stay words; everything else becomes a code span, where GitHub and CommonMark read no markup,
//! no HTML, no link, no @mention and no #reference. Escaping by backslash would not do: GitHub looks for mentions after parsing.

use crate::report::said::plain;
use crate::report::shown::{prose as cut_prose, safe};

/// A name or id: always code.
pub(super) fn code(text: &str) -> String {
    span(&safe(&plain(text)))
}

/// Sentences, ours and from outside mixed: words where nothing can be read into them, code where something could.
pub(super) fn prose(text: &str) -> String {
    let text = cut_prose(&plain(text));
    let parts: Vec<&str> = text.split('`').collect();
    // Our own sentences put names in backticks, in pairs. An odd one out is somebody else's.
    let blank = parts
        .iter()
        .skip(1)
        .step_by(2)
        .any(|part| part.trim().is_empty());
    if parts.len().is_multiple_of(2) || blank {
        return span(&text);
    }
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index % 2 == 1 {
            out.push_str(&apart(&out, &span(part)));
        } else {
            out.push_str(&apart(&out, &words(part, index == 0)));
        }
    }
    out
}

/// The second text, with a blank before it if two code spans would melt into one.
fn apart(before: &str, after: &str) -> String {
    if before.ends_with('`') && after.starts_with('`') {
        format!(" {after}")
    } else {
        after.to_owned()
    }
}

/// Each run of words that mean something to a reader of Markdown as one span; blanks as they are.
fn words(text: &str, at_start: bool) -> String {
    let mut out = String::new();
    let mut wild: Vec<&str> = Vec::new();
    for (index, word) in text.split(' ').enumerate() {
        if !(word.is_empty() || is_tame(word, at_start && index == 0)) {
            wild.push(word);
            continue;
        }
        flush(&mut out, &mut wild, index);
        if index > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
    flush(&mut out, &mut wild, text.split(' ').count());
    out
}

fn flush(out: &mut String, wild: &mut Vec<&str>, index: usize) {
    if wild.is_empty() {
        return;
    }
    if index > wild.len() {
        out.push(' ');
    }
    out.push_str(&span(&wild.join(" ")));
    wild.clear();
}

/// Letters, digits and the punctuation of plain sentences, nothing that starts a link, and at a start nothing that starts a list.
fn is_tame(word: &str, first: bool) -> bool {
    let quiet = |c: char| c.is_alphanumeric() || ",.;:()'/%+=-→…".contains(c);
    let lower = word.to_ascii_lowercase();
    word.chars().all(quiet)
        && !lower.contains("www.")
        && !lower.contains("://")
        && !has_emoji(word)
        && (!first || !starts_a_block(word))
}

/// `-`, `+`, `=` and `1.`, `1)`: what would be a list or a heading where a line begins.
fn starts_a_block(word: &str) -> bool {
    let number = word.trim_end_matches(['.', ')']);
    !word.starts_with(char::is_alphanumeric)
        || (number.len() < word.len() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// `:name:` is a picture on GitHub; `03:12:07` is a time.
fn has_emoji(word: &str) -> bool {
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    word.matches(':').count() > 1
        && !word
            .trim_end_matches([',', ')', '.'])
            .split(':')
            .all(two_digits)
}

/// A code span whose fence is longer than any run of backticks in it.
fn span(text: &str) -> String {
    if text.trim().is_empty() {
        return "–".to_owned();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        return format!("{fence} {text} {fence}");
    }
    format!("{fence}{text}{fence}")
}

/// A row of a table: a pipe in a cell, in code too, is escaped as GitHub's tables want it.
pub(super) fn row(cells: &[String]) -> String {
    // `\|` would end as an escaped backslash for one reader and an escaped pipe for another.
    let escaped = cells
        .iter()
        .map(|cell| cell.replace("\\|", "\\ |").replace('|', "\\|"));
    format!("| {} |\n", escaped.collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_stay_sentences_and_markup_becomes_code() {
        #[rustfmt::skip]
        let cases = [
            ("a sentence",       "S3 is reached through endpoints only", "S3 is reached through endpoints only"),
            ("our own code",     "a; `flowproof x` shows",               "a; `flowproof x` shows"),
            ("a mention",        "ask @octocat now",                     "ask `@octocat` now"),
            ("a link",           "see https://evil.example/x",           "see `https://evil.example/x`"),
            ("a bare link",      "WWW.evil.example",                     "`WWW.evil.example`"),
            ("an image",         "![x](y)",                              "`![x](y)`"),
            ("HTML",             "a <img src=x onerror=y> b",            "a `<img` src=x `onerror=y>` b"),
            ("a heading",        "# top",                                "`#` top"),
            ("a list",           "- x",                                  "`-` x"),
            ("a count",          "24 flows checked",                     "24 flows checked"),
            ("a numbered list",  "1. x",                                 "`1.` x"),
            ("an odd backtick",  "a ` b",                                "``a ` b``"),
            ("backticks only",   "``",                                   "``` `` ```"),
            ("emphasis",         "*a* _b_ ~c~",                          "`*a* _b_ ~c~`"),
            ("mathematics",      "a $x$ b",                              "a `$x$` b"),
            ("a picture",        "a :+1: at 03:12:07, b",                "a `:+1:` at 03:12:07, b"),
            ("an entity",        "&lt;b&gt;",                            "`&lt;b&gt;`"),
            ("a line break",     "a\nb",                                 "`a\\nb`"),
        ];
        for (title, text, expected) in cases {
            assert_eq!(prose(text), expected, "{title}");
        }
    }

    #[test]
    fn no_cell_ends_early() {
        assert_eq!(row(&[code("a|b"), code("c")]), "| `a\\|b` | `c` |\n");
        assert_eq!(row(&[code("a\\|b")]), "| `a\\ \\|b` |\n");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code(""), "–");
    }
}
