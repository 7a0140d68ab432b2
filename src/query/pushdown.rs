//! Which filters of a query the scan of `flows` takes over, and what they say of time.
//!
//! A filter that is taken over is evaluated by DataFusion's own expressions on the rows of each batch, so it is exact; what is
//! gained is that rows which it drops are not classified and have no wide columns made.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, Operator};

use crate::model::window::Window;

/// Whether the filter can be decided by one row of `flows` alone, always with the same outcome.
pub fn is_of_a_row(filter: &Expr) -> bool {
    let mut alone = !filter.is_volatile();
    let walked = filter.apply(|part| {
        alone &= !matches!(
            part,
            Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::SetComparison(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::Placeholder(_)
        );
        Ok(TreeNodeRecursion::Continue)
    });
    alone && walked.is_ok()
}

/// The names of the columns that the filter reads, sorted.
pub fn columns_of(filter: &Expr) -> Vec<String> {
    let mut names: Vec<String> = filter
        .column_refs()
        .into_iter()
        .map(|column: &Column| column.name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// What the filters, all of which must hold, say of the `end` of records; everything if they say nothing.
///
/// A record ends no earlier than it starts, so `start >= x` bounds its end too; an upper bound on `start` says nothing.
pub fn window_of(filters: &[Expr]) -> Window {
    filters
        .iter()
        .fold(Window::ALL, |window, filter| both(window, bound(filter)))
}

/// The time that is in both.
pub fn both(a: Window, b: Window) -> Window {
    let later = |a: Option<i64>, b: Option<i64>| a.max(b);
    let earlier = |a: Option<i64>, b: Option<i64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    Window {
        since: later(a.since, b.since),
        until: earlier(a.until, b.until),
    }
}

fn bound(filter: &Expr) -> Window {
    match filter {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::And,
            right,
        }) => both(bound(left), bound(right)),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            match (time_column(left), seconds(right)) {
                (Some(is_end), Some(second)) => compared(is_end, *op, second),
                _ => match (time_column(right), seconds(left), op.swap()) {
                    (Some(is_end), Some(second), Some(op)) => compared(is_end, op, second),
                    _ => Window::ALL,
                },
            }
        }
        Expr::Between(between) if !between.negated => {
            let of = |op, bound| {
                time_column(&between.expr)
                    .zip(seconds(bound))
                    .map_or(Window::ALL, |(is_end, second)| compared(is_end, op, second))
            };
            both(
                of(Operator::GtEq, &between.low),
                of(Operator::LtEq, &between.high),
            )
        }
        _ => Window::ALL,
    }
}

fn compared(is_end: bool, op: Operator, second: i64) -> Window {
    let since = |second| Window {
        since: Some(second),
        until: None,
    };
    let until = |second| Window {
        since: None,
        until: Some(second),
    };
    match op {
        // A literal between two seconds has been cut to the first, so `>` is bounded as `>=`.
        Operator::Gt | Operator::GtEq => since(second),
        Operator::Lt | Operator::LtEq if is_end => until(second.saturating_add(1)),
        Operator::Eq if is_end => both(since(second), until(second.saturating_add(1))),
        Operator::Eq => since(second),
        _ => Window::ALL,
    }
}

/// Whether the expression is the time at which a record ends (true) or starts (false), perhaps cast to another type of time.
fn time_column(expr: &Expr) -> Option<bool> {
    match expr {
        Expr::Column(column) => match column.name.as_str() {
            "end" | "ended_at" => Some(true),
            "start" | "started_at" => Some(false),
            _ => None,
        },
        Expr::Cast(Cast { expr, field }) if field.data_type().is_temporal() => {
            match expr.as_ref() {
                Expr::Column(column) if column.name.ends_with("ed_at") => time_column(expr),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A literal moment in Unix seconds, cut to the second before it.
fn seconds(expr: &Expr) -> Option<i64> {
    let Expr::Literal(value, _) = expr else {
        return None;
    };
    match value {
        ScalarValue::Int64(Some(second)) | ScalarValue::TimestampSecond(Some(second), _) => {
            Some(*second)
        }
        ScalarValue::Int32(Some(second)) => Some(i64::from(*second)),
        ScalarValue::TimestampMillisecond(Some(value), _) => Some(value.div_euclid(1_000)),
        ScalarValue::TimestampMicrosecond(Some(value), _) => Some(value.div_euclid(1_000_000)),
        ScalarValue::TimestampNanosecond(Some(value), _) => Some(value.div_euclid(1_000_000_000)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;

    fn window(since: Option<i64>, until: Option<i64>) -> Window {
        Window { since, until }
    }

    #[test]
    fn filters_on_time_bound_the_end_of_records_and_never_too_tightly() {
        let at = |ms| {
            Expr::Literal(
                ScalarValue::TimestampMillisecond(Some(ms), Some("+00:00".into())),
                None,
            )
        };
        #[rustfmt::skip]
        let cases = [
            ("end from",              col("end").gt_eq(lit(100i64)),                            window(Some(100), None)),
            ("end before",            col("end").lt(lit(200i64)),                               window(None, Some(201))),
            ("at the left",           lit(100i64).lt_eq(col("end")),                            window(Some(100), None)),
            ("start from",            col("start").gt(lit(100i64)),                             window(Some(100), None)),
            ("start before",          col("start").lt(lit(200i64)),                             Window::ALL),
            ("both in one",           col("end").gt(lit(1i64)).and(col("end").lt(lit(9i64))),   window(Some(1), Some(10))),
            ("either",                col("end").gt(lit(1i64)).or(col("end").lt(lit(9i64))),    Window::ALL),
            ("not",                   Expr::Not(Box::new(col("end").gt(lit(1i64)))),            Window::ALL),
            ("between",               col("end").between(lit(5i64), lit(6i64)),                 window(Some(5), Some(7))),
            ("not between",           col("end").not_between(lit(5i64), lit(6i64)),             Window::ALL),
            ("equal",                 col("end").eq(lit(5i64)),                                 window(Some(5), Some(6))),
            ("a fraction, from",      col("ended_at").gt(at(1_500)),                            window(Some(1), None)),
            ("a fraction, to",        col("ended_at").lt(at(1_500)),                            window(None, Some(2))),
            ("before 1970",           col("ended_at").gt(at(-1)),                               window(Some(-1), None)),
            ("another column",        col("bytes").gt(lit(5i64)),                               Window::ALL),
            ("two columns",           col("end").gt(col("start")),                              Window::ALL),
        ];
        for (title, filter, expected) in cases {
            assert_eq!(window_of(&[filter]), expected, "{title}");
        }
        let filters = [col("end").gt(lit(5i64)), col("start").gt(lit(7i64))];
        assert_eq!(window_of(&filters), window(Some(7), None), "the later one");
    }

    #[test]
    fn only_what_one_row_decides_is_taken_over() {
        assert!(is_of_a_row(&col("bytes").gt(lit(5i64))));
        let placeholder = Expr::Placeholder(
            datafusion::logical_expr::expr::Placeholder::new_with_field("$x".to_owned(), None),
        );
        assert!(!is_of_a_row(&col("bytes").gt(placeholder)));
        assert_eq!(
            columns_of(&col("a").gt(col("b")).and(col("a").lt(lit(1)))),
            ["a", "b"]
        );
    }
}
