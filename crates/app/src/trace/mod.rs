//! From a number of a launch plan back to its formula and its rows.
//!
//! Every figure of a plan names the query that it comes from. The query is run, and the number has to be found in its rows:
//! in a cell (to half of the figure's last digit; where the figure is one row of many, in a row that says so), or reckoned anew from
//! the cells by [`recipes`], which share no code with what made the plan. Anything else is not resolved, and says why.
//! Cost: one query for each different source.

mod recipes;
mod rows;

use anyhow::Result;
use domain::{Figure, FigureValue, Seed};
use lake::Engine;
use rows::{Row, rows_of};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What became of a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Traced {
    pub(crate) key: String,
    pub(crate) value: f64,
    pub(crate) formula: String,
    pub(crate) source: String,
    /// Rows that the source has.
    pub(crate) rows: usize,
    /// Where the number stands or how it follows from them; `None` where it does not.
    pub(crate) found: Option<String>,
}

/// Every figure of a plan that has a value, in the order of its JSON.
pub(crate) fn figures(plan: &Value) -> Vec<Figure> {
    let mut found = Vec::new();
    collect(plan, &mut found);
    found.retain(|f: &Figure| f.as_f64().is_some());
    found
}

fn collect(value: &Value, found: &mut Vec<Figure>) {
    match value {
        Value::Object(fields) => match serde_json::from_value::<Figure>(value.clone()) {
            Ok(figure) => found.push(figure),
            Err(_) => fields.values().for_each(|v| collect(v, found)),
        },
        Value::Array(items) => items.iter().for_each(|v| collect(v, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `n` of them at random, all where there are no more.
pub(crate) fn drawn(mut figures: Vec<Figure>, n: usize, seed: Seed) -> Vec<Figure> {
    let mut rng = seed.stream(0);
    let n = n.min(figures.len());
    for i in 0..n {
        let j = i + rng.below(figures.len() - i);
        figures.swap(i, j);
    }
    figures.truncate(n);
    figures
}

/// Looks each figure up.
pub(crate) async fn trace(engine: &Engine, figures: &[Figure]) -> Result<Vec<Traced>> {
    let mut known: BTreeMap<String, Result<Vec<Row>, String>> = BTreeMap::new();
    let mut traced = Vec::new();
    for figure in figures {
        // What a query adds behind its last line is a comment to the reader, and to the recipe.
        let sql = figure.source.split(" -- ").next().unwrap_or_default().to_owned();
        if !known.contains_key(&sql) {
            let asked = rows_of(engine, &sql).await.map_err(|e| e.to_string());
            known.insert(sql.clone(), asked);
        }
        let rows = known[&sql].as_deref().unwrap_or_default();
        let found = if figure.formula.is_empty() { None } else { found(figure, rows) };
        traced.push(Traced {
            key: figure.key.clone(),
            value: figure.as_f64().unwrap_or(f64::NAN),
            formula: figure.formula.clone(),
            source: figure.source.clone(),
            rows: rows.len(),
            found,
        });
    }
    Ok(traced)
}

fn found(figure: &Figure, rows: &[Row]) -> Option<String> {
    let value = figure.as_f64()?;
    let (base, row) = match figure.key.split_once('[') {
        Some((base, row)) => (base, row.trim_end_matches(']')),
        None => (figure.key.as_str(), ""),
    };
    let close = |x: f64| (x - value).abs() <= tolerance(figure, value);
    if let Some(recipe) = recipes::of(base) {
        let again = recipe(rows, row, &figure.source)?;
        // The plan divides amounts that it has rounded to the minor unit: cents of a month that sold little are seen.
        let same = close(again) || (again - value).abs() <= 1e-4 * value.abs();
        return same.then(|| format!("reckoned anew from {} rows: {again}", rows.len()));
    }
    let here = |(at, cells): (usize, &Row)| {
        let (column, _) = cells.numbers().find(|(_, x)| close(*x))?;
        (row.is_empty() || cells.names(row)).then(|| format!("row {}, column {column}", at + 1))
    };
    rows.iter().enumerate().find_map(here)
}

/// Half of the last digit that the figure has: minor units of money, everything of a number but rounding of floats.
fn tolerance(figure: &Figure, value: f64) -> f64 {
    match figure.value {
        FigureValue::Money(m) => 0.500_001 / 10_f64.powi(m.currency.exponent() as i32),
        FigureValue::Number(_) | FigureValue::TooLittleData { .. } | FigureValue::Undefined => {
            1e-9 * value.abs().max(1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Unit;
    use serde_json::json;

    fn figure(key: &str, value: f64) -> Figure {
        Figure::number(key, Unit::Count, value, 1, 0).formula("a count").source("select 1 -- here")
    }

    #[test]
    fn figures_are_found_wherever_they_stand_and_those_without_a_value_are_none() {
        let thin = Figure::number("c", Unit::Count, 1.0, 3, 30);
        let plan = json!({"a": figure("a", 1.0), "list": [{"b": figure("b", 2.0)}, [thin]], "text": "x"});
        assert_eq!(figures(&plan).iter().map(|f| f.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_draw_is_without_repeats_and_follows_the_seed() {
        let all: Vec<Figure> = (0..20).map(|i| figure(&format!("k{i}"), 1.0)).collect();
        let keys = |seed| drawn(all.clone(), 8, Seed(seed)).into_iter().map(|f| f.key).collect::<Vec<_>>();
        let mut once = keys(1);
        assert_eq!(once, keys(1));
        assert_ne!(once, keys(2));
        once.sort();
        once.dedup();
        assert_eq!(once.len(), 8);
        assert_eq!(drawn(all, 99, Seed(1)).len(), 20);
    }

    #[test]
    fn a_number_has_to_stand_in_a_row_that_names_it() {
        let rows: Vec<Row> = [json!({"product_id": "A", "units": 3.0}), json!({"product_id": "B", "units": "4.00"})]
            .into_iter()
            .map(Row::of)
            .collect();
        assert_eq!(found(&figure("x.units[B]", 4.0), &rows).as_deref(), Some("row 2, column units"));
        assert_eq!(found(&figure("x.units[A]", 4.0), &rows), None, "the number of another row");
        assert_eq!(found(&figure("x.units", 5.0), &rows), None);
    }
}
