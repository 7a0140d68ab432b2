//! The one door to `tabled`: rows of cells in, lines out that fit.

use tabled::builder::Builder;
use tabled::grid::util::string::get_char_width;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::peaker::Priority;
use tabled::settings::{Alignment, Modify, Padding, Style, Width};

/// A column: its heading, and whether it holds numbers.
pub(super) struct Column<'t> {
    /// Heading.
    pub title: &'t str,
    /// Numbers stand to the right.
    pub number: bool,
}

/// How many columns of a terminal the character takes; never none, so that no text is longer than it looks.
pub(super) fn columns_of(c: char) -> usize {
    get_char_width(c).max(1)
}

/// The table in lines of at most `width` columns, heading first. Where it is too wide, the widest column is cut.
///
/// Cells must be safe to show: see [`super::shown::safe`].
pub(super) fn lines(columns: &[Column<'_>], rows: Vec<Vec<String>>, width: usize) -> Vec<String> {
    const GAP: usize = 2;
    let mut builder = Builder::default();
    builder.push_record(columns.iter().map(|column| column.title));
    for row in rows {
        builder.push_record(row);
    }
    let mut table = builder.build();
    table
        .with(Style::empty())
        .with(Padding::new(0, GAP, 0, 0))
        .with(Modify::new(Rows::new(..)).with(Alignment::left()));
    for (i, _) in columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.number)
    {
        table.with(Modify::new(Columns::one(i)).with(Alignment::right()));
    }
    // The gap behind the last column is blank and trimmed, so the table may be wider by it.
    table.with(
        Width::truncate(width + GAP)
            .suffix("…")
            .priority(Priority::max(true)),
    );
    table
        .to_string()
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}
