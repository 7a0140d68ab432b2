//! What the routes alone permit, as a table for people.

use crate::model::permit::Permit;
use crate::report::shown;
use crate::report::table::{Column, lines};

/// Columns that the table may take: it is read on a wide terminal or in a pipeline's log.
const WIDTH: usize = 160;

/// The permits, one a line.
pub fn render(permits: &[Permit]) -> String {
    let columns =
        ["vpc", "subnet", "route table", "to", "path", "via", "exit"].map(|title| Column {
            title,
            number: false,
        });
    let rows = permits.iter().map(|permit| {
        // A way that nothing opens says why.
        let path = match permit.path {
            crate::model::path::Path::Undetermined => permit.basis.clone(),
            path => path.to_string(),
        };
        let texts = [
            &permit.vpc,
            &permit.subnet,
            &permit.table,
            &permit.to,
            &path,
            &permit.via,
        ];
        let mut cells: Vec<String> = texts.iter().map(|text| shown::safe(text)).collect();
        cells.push(permit.exit.to_string());
        cells
    });
    let mut text = lines(&columns, rows.collect(), WIDTH).join("\n");
    text.push_str("\n\nRoutes alone, before any traffic: what they permit may never happen, and a log may show what they did not foresee.\n");
    text
}
