//! A page of a terminal: every line fits, every line is safe, colour is laid over words that suffice without it.

use crate::model::path::Verdict;

use super::shown::{columns, wrap};
use super::table::{self, Column};
use super::units::GLUE;

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it is.
    Plain,
    /// Headings.
    Strong,
    /// Violated.
    Bad,
    /// Unproven.
    Doubt,
    /// Proven.
    Good,
    /// Folded: there for whoever looks for it.
    Quiet,
}

impl Tone {
    /// The colour of a verdict.
    pub(super) fn of(verdict: Verdict) -> Tone {
        match verdict {
            Verdict::Violated => Tone::Bad,
            Verdict::Unproven => Tone::Doubt,
            Verdict::Proven => Tone::Good,
        }
    }

    /// The parameters of ANSI's SGR sequence.
    fn sgr(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Strong => "1",
            Tone::Bad => "1;31",
            Tone::Doubt => "1;33",
            Tone::Good => "1;32",
            Tone::Quiet => "2",
        }
    }
}

/// A page as it grows. Texts must be safe: see [`super::shown`].
pub(super) struct Page {
    out: String,
    width: usize,
    color: bool,
}

impl Page {
    /// An empty page; see [`super::Style`] for the bounds of its width.
    pub(super) fn new(style: super::Style) -> Page {
        Page {
            out: String::new(),
            width: style.width.clamp(60, 120),
            color: style.color,
        }
    }

    /// Columns in a line.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// All lines, each with its newline.
    pub(super) fn finish(self) -> String {
        self.out
    }

    /// An empty line and a heading, with a quiet remark behind it.
    pub(super) fn heading(&mut self, title: &str, remark: &str) {
        self.out.push('\n');
        self.block(
            (Tone::Strong, title),
            if remark.is_empty() { "" } else { "  " },
            (Tone::Quiet, remark),
        );
    }

    /// A label and its text, wrapped to hang under where it began.
    pub(super) fn item(&mut self, tone: Tone, label: &str, body: &str) {
        self.block((tone, label), "", (Tone::Plain, body));
    }

    /// The same, folded away.
    pub(super) fn quiet(&mut self, label: &str, body: &str) {
        self.block((Tone::Quiet, label), "", (Tone::Quiet, body));
    }

    /// A table, indented.
    pub(super) fn table(&mut self, indent: usize, columns: &[Column], rows: Vec<Vec<String>>) {
        let lines = table::lines(columns, rows, self.width - indent);
        for (i, line) in lines.iter().enumerate() {
            let tone = if i == 0 { Tone::Quiet } else { Tone::Plain };
            self.out.extend(std::iter::repeat_n(' ', indent));
            self.paint(tone, line);
            self.out.push('\n');
        }
    }

    fn block(&mut self, (tone, label): (Tone, &str), gap: &str, (body_tone, body): (Tone, &str)) {
        // A label that leaves no room for its text stands on lines of its own, and the text hangs under it.
        let hang = columns(label) + gap.len();
        let room = self.width.saturating_sub(hang);
        if room < 20 {
            for line in wrap(label, self.width) {
                self.paint(tone, &line);
                self.out.push('\n');
            }
            return self.block((Tone::Plain, "    "), "", (body_tone, body));
        }
        let lines = wrap(body, room);
        for (i, line) in lines.iter().enumerate() {
            if i == 0 && line.is_empty() {
                self.paint(tone, label.trim_end());
            } else if i == 0 {
                self.paint(tone, label);
                self.out.push_str(gap);
            } else {
                self.out.extend(std::iter::repeat_n(' ', hang));
            }
            self.paint(body_tone, line);
            self.out.push('\n');
        }
    }

    /// Colour goes around the words, not around the blanks before and behind them.
    fn paint(&mut self, tone: Tone, text: &str) {
        let text: String = text.replace(GLUE, " ");
        let words = text.trim();
        if !self.color || tone == Tone::Plain || words.is_empty() {
            self.out.push_str(&text);
            return;
        }
        let before = text.len() - text.trim_start().len();
        let (blanks, rest) = text.split_at(before);
        let behind = rest.strip_prefix(words).unwrap_or_default();
        for part in [
            blanks,
            "\u{1b}[",
            tone.sgr(),
            "m",
            words,
            "\u{1b}[0m",
            behind,
        ] {
            self.out.push_str(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_goes_around_words_only() {
        let mut page = Page::new(super::super::Style {
            width: 80,
            color: true,
        });
        page.item(Tone::Bad, "VIOLATED  ", "two words");
        assert_eq!(page.finish(), "\u{1b}[1;31mVIOLATED\u{1b}[0m  two words\n");
    }
}
