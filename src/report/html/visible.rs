//! The one door for text from outside: nothing in it hides, moves, or is longer than anybody reads.

use crate::diag::hides;

/// Longer than any S3 key (1,024 bytes), so that what leads back to a record is never cut.
const SHOWN_CHARS: usize = 1200;

/// The text with what [`hides`] escaped, cut at [`SHOWN_CHARS`]. Not yet escaped for HTML: the template does that.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(SHOWN_CHARS));
    for (shown, c) in text.chars().enumerate() {
        if shown == SHOWN_CHARS {
            out.push('…');
            break;
        }
        if hides(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// The same as text or attribute of an SVG.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The text, or its two ends with `…` between: ids tell themselves apart at both.
pub(super) fn middle_cut(text: &str, chars: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= chars {
        return text.to_owned();
    }
    let half = chars.saturating_sub(1) / 2;
    let (start, end) = (&all[..half], &all[all.len() - half..]);
    start.iter().chain(&['…']).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_and_nothing_is_markup() {
        assert_eq!(
            xml("<script>'\"&\u{202e}\u{0}\n"),
            "&lt;script&gt;&#39;&quot;&amp;\\u{202e}\\u{0}\\n"
        );
        assert_eq!(visible(&"x".repeat(5000)).chars().count(), SHOWN_CHARS + 1);
    }

    #[test]
    fn both_ends_of_an_id_stay() {
        assert_eq!(middle_cut("subnet-0123456789", 9), "subn…6789");
        assert_eq!(middle_cut("ab", 9), "ab");
        assert_eq!(middle_cut("漢字漢字漢字", 5), "漢字…漢字");
    }
}
