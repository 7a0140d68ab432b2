//! The table `prices`: a small dated list, which users replace by their own.

use serde::Deserialize;

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::query::small::Kind::{Float, Text};
use crate::query::small::{Cell, Rows, TableInfo};

const BUILT_IN: &str = include_str!("../../../assets/prices.toml");

#[rustfmt::skip]
pub const PRICES: TableInfo = TableInfo {
    name: "prices",
    means: "a price, from the list that is built in or given with `--prices`",
    columns: &[
        ("item", Text, "what is paid for, such as `nat-gateway-gb`"),
        ("region", Text, ""),
        ("unit", Text, "what one of it is: `GB`, `hour`"),
        ("usd", Float, "US dollars a unit"),
        ("as_of", Text, "the day or month that the list is of"),
        ("source", Text, "who says so"),
    ],
};

/// A list of prices.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    as_of: String,
    #[serde(default)]
    price: Vec<Price>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    item: String,
    region: String,
    unit: String,
    usd: f64,
    source: String,
}

impl Prices {
    /// Reads a list by name and text; the built-in one if none is given.
    ///
    /// # Errors
    /// Text that is no such list.
    pub fn read(list: Option<(&str, &str)>) -> Result<Prices, Vec<Diagnostic>> {
        let (name, text) = list.unwrap_or(("built-in prices", BUILT_IN));
        toml::from_str(text).map_err(|error| {
            let mut place = Location::source(name);
            if let Some(before) = error.span().and_then(|span| text.get(..span.start)) {
                let line = before.bytes().filter(|byte| *byte == b'\n').count();
                place.line = u64::try_from(line + 1).ok();
            }
            vec![
                Diagnostic::new(
                    Severity::Error,
                    "query-bad-file",
                    "the list of prices cannot be read",
                    "costs by other prices than were meant mislead",
                    "write `as_of` and `[[price]]` with item, region, unit, usd and source, as docs/sql.md shows",
                )
                .at(place)
                .got(show(error.message())),
            ]
        })
    }

    /// Its rows.
    pub fn rows(&self) -> Rows {
        let row = |price: &Price| {
            vec![
                (&price.item).into(),
                (&price.region).into(),
                (&price.unit).into(),
                Cell::Float(price.usd),
                (&self.as_of).into(),
                (&price.source).into(),
            ]
        };
        self.price.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_can_be_read_and_says_of_when_it_is() {
        let prices = Prices::read(None).unwrap();
        assert!(!prices.rows().is_empty() && !prices.as_of.is_empty());
        assert!(prices.price.iter().all(|price| price.usd >= 0.0));
    }

    #[test]
    fn a_list_with_a_slip_is_refused_with_its_line() {
        let text = "as_of = \"2026\"\n[[price]]\nitem = \"x\"\nusdd = 1.0\n";
        let problems = Prices::read(Some(("p.toml", text))).unwrap_err();
        assert_eq!(problems[0].at[0].line, Some(4));
    }
}
