//! Text that is fit to be shown: made safe, cut and wrapped.

use crate::diag::{hides, show};

use super::table::columns_of;

/// Four lines of the usual terminal: longer sentences are not read at 3 am, and stand whole in the JSON.
const PROSE_COLUMNS: usize = 320;

/// A name from a log, a tag, the topology or the policy, fit to be shown.
pub(super) fn safe(text: &str) -> String {
    show(text)
}

/// Text for machines that show it to people: what [`hides`] is escaped, and nothing is cut.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if hides(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Sentences, fit to be shown: each word as by [`safe`], cut at [`PROSE_COLUMNS`] in all.
pub(super) fn prose(text: &str) -> String {
    let words: Vec<String> = text.split(' ').map(safe).collect();
    cut_end(&words.join(" "), PROSE_COLUMNS)
}

/// The text, or as much of its beginning as fits, with `…` for the rest.
pub(super) fn cut_end(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut out: String = text.chars().take_while(|c| take(*c, &mut left)).collect();
    out.push('…');
    out
}

/// The text, or as much of its end as fits, with `…` before it: the end of a key is what tells it from its neighbours.
pub(super) fn cut_start(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut end: Vec<char> = text
        .chars()
        .rev()
        .take_while(|c| take(*c, &mut left))
        .collect();
    end.push('…');
    end.into_iter().rev().collect()
}

fn take(c: char, left: &mut usize) -> bool {
    match left.checked_sub(columns_of(c)) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
    }
}

/// How many columns of a terminal the text takes, at most.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Lines of at most `width` columns, broken at blanks; a word that is wider is broken where it must. At least one line.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for (i, word) in text.split(' ').enumerate() {
        let fits = columns(&line) + 1 + columns(word) <= width;
        if i > 0 && fits {
            line.push(' ');
        } else if i > 0 {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            if columns(&line) + columns_of(c) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
        .iter()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_long_words_where_they_must() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("漢字漢字", 5), ["漢字", "漢字"]);
    }

    #[test]
    fn both_ends_can_be_cut() {
        assert_eq!(cut_end("abcdef", 4), "abc…");
        assert_eq!(cut_start("abcdef", 4), "…def");
        assert_eq!(cut_start("abcd", 4), "abcd");
        assert_eq!(cut_end("漢字漢", 4), "漢…");
    }

    #[test]
    fn nothing_hides_in_shown_text() {
        assert_eq!(
            safe("a\u{2028}b\u{61c}\u{1b}[1m"),
            "a\\u{2028}b\\u{61c}\\u{1b}[1m"
        );
        assert_eq!(prose(&"word ".repeat(1000)).chars().count(), PROSE_COLUMNS);
    }
}
