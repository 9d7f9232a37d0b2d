//! Figures that stand in no cell, reckoned anew from the rows by their formulas.
//!
//! Written from the formulas that the plan states, not from the code that made it: a recipe that used the same code could
//! not contradict it.

use super::rows::Row;
use std::collections::BTreeMap;

/// The rows, what the key has in brackets, and the source with what its comment says.
pub(super) type Recipe = fn(&[Row], &str, &str) -> Option<f64>;

/// How a figure follows from its rows; `None` for what stands in a cell.
pub(super) fn of(key: &str) -> Option<Recipe> {
    Some(match key {
        "market.revenue" => |rows, _, _| net(rows.first()?),
        "market.basket" => |rows, _, _| ratio(rows.first()?, "revenue", "n_orders"),
        "market.repeat_rate" => |rows, _, _| ratio(rows.first()?, "n_repeat_shoppers", "n_shoppers"),
        "market.return_rate" => |rows, _, _| Some(-ratio(rows.first()?, "returned", "revenue")?),
        "market.growth" => growth,
        "market.sales_share" => |_, _, _| None,
        "month.revenue" => |rows, month, _| Some(of_month(rows, month).map_or(0.0, |r| net(r).unwrap_or(0.0))),
        "month.orders" => |rows, month, _| Some(of_month(rows, month).and_then(|r| r.number("n_orders")).unwrap_or(0.0)),
        "decide.products" => |rows, verdict, _| {
            let row = rows.iter().find(|r| r.text("verdict") == Some(verdict));
            Some(row.and_then(|r| r.number("n")).unwrap_or(0.0))
        },
        "decide.week" => |rows, week, _| Some(named(rows, "week", week)?.number("units")?.round()),
        "decide.cover" => |rows, product, _| Some(7.0 * named(rows, "product_id", product)?.number("weeks")?),
        _ => return None,
    })
}

/// The row whose cell begins with a name.
fn named<'a>(rows: &'a [Row], column: &str, name: &str) -> Option<&'a Row> {
    rows.iter().find(|r| r.text(column).is_some_and(|text| text.starts_with(name)))
}

fn of_month<'a>(rows: &'a [Row], month: &str) -> Option<&'a Row> {
    named(rows, "month", month)
}

fn ratio(row: &Row, above: &str, below: &str) -> Option<f64> {
    Some(row.number(above)? / row.number(below)?)
}

/// What came back is negative.
fn net(row: &Row) -> Option<f64> {
    Some(row.number("revenue")? + row.number("returned")?)
}

/// `… -- 2025-10 to 2025-12 against 2024-10 to 2024-12`
fn growth(rows: &[Row], _: &str, source: &str) -> Option<f64> {
    let (_, said) = source.split_once(" -- ")?;
    let (later, earlier) = said.split_once(" against ")?;
    let sum = |span: &str| {
        let (from, to) = span.split_once(" to ")?;
        let inside = |r: &&Row| r.text("month").is_some_and(|m| m.get(..7).is_some_and(|m| (from..=to).contains(&m)));
        Some(rows.iter().filter(inside).filter_map(|r| r.number("revenue")).sum::<f64>())
    };
    Some(sum(later)? / sum(earlier)? - 1.0)
}
