//! From byte offsets to lines and columns.

use crate::diag::Location;

/// A policy's text, and where its lines begin.
pub(super) struct Text<'t> {
    source: &'t str,
    text: &'t str,
    line_starts: Vec<usize>,
}

impl<'t> Text<'t> {
    /// Indexes the lines of `text`.
    pub(super) fn new(source: &'t str, text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        // A byte order mark is no column.
        let first = text.len() - text.trim_start_matches('\u{feff}').len();
        Text {
            source,
            text,
            line_starts: std::iter::once(first).chain(after_breaks).collect(),
        }
    }

    /// The place of the byte at `offset`; the column counts characters.
    pub(super) fn at(&self, offset: usize) -> Location {
        let line = self
            .line_starts
            .partition_point(|start| *start <= offset)
            .max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        Location {
            line: u64::try_from(line).ok(),
            column: u64::try_from(before.chars().count() + 1).ok(),
            ..Location::source(self.source)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_with_their_break() {
        let text = Text::new("p", "\u{feff}é = 1\r\nb");
        let place = |offset| {
            let at = text.at(offset);
            (at.line.unwrap(), at.column.unwrap())
        };
        assert_eq!(place(0), (1, 1));
        assert_eq!(place(3), (1, 1));
        assert_eq!(place(6), (1, 3));
        assert_eq!(place(10), (1, 7));
        assert_eq!(place(11), (2, 1));
    }
}
