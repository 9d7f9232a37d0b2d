//! `portolan decide exposure`: what a move of each currency does to the margin of the weeks ahead.
//!
//! A market is paid in its own currency and its goods are mostly bought in the seller's: when the market's currency loses 1 %, 1 % of what
//! its sales leave after taxes and fees is lost in the reporting currency. How far it may move in thirteen weeks is what it did: the
//! standard deviation of the logarithm of its rate over past thirteen weeks, at most three years of them.

use super::{Opened, none, objects};
use crate::output;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use domain::{Currency, Day, Market};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Days of the weeks ahead.
const AHEAD: i32 = 91;
/// Years that are looked back.
const YEARS: i32 = 3;

pub(super) async fn exposure(opened: &Opened, json: bool) -> Result<()> {
    let sql = "select f.market, f.figure, f.value, p.currency from marts.decision_figures f join (select distinct market, currency \
               from marts.prices) p on p.market = f.market where f.figure in ('decide.sales', 'decide.margin') order by f.market, f.figure";
    let rows = objects(opened, sql).await?;
    let base = opened.snapshot.currency.map(|c| c.to_string()).unwrap_or_default();
    let served = "select market from marts.market_summary";
    let served: Vec<Market> = Rows::query(&opened.engine, served).await?.markets("market")?;
    let mut of: BTreeMap<String, (f64, f64, Vec<String>)> = BTreeMap::new();
    for row in rows.iter().filter(|r| served.iter().any(|m| r["market"] == m.code())) {
        let (value, code) = (row["value"].as_f64().unwrap_or(0.0), row["currency"].as_str().unwrap_or_default());
        let sum = of.entry(code.to_owned()).or_default();
        if row["figure"] == "decide.sales" {
            sum.0 += value;
            sum.2.push(row["market"].as_str().unwrap_or_default().to_owned());
        } else {
            sum.1 += value;
        }
    }
    let Some(total) = (!of.is_empty()).then(|| of.values().map(|s| s.0).sum::<f64>()) else {
        return Err(none(Market::UNKNOWN, "nothing"));
    };
    let moves = moves(opened).await?;
    let base_code: Option<Currency> = opened.snapshot.currency;
    let mut told: Vec<Value> = Vec::new();
    for (code, (sales, margin, markets)) in &of {
        let currency: Option<Currency> = code.parse().ok();
        let spread = match (currency, base_code) {
            (Some(c), Some(b)) if c != b => spread(&moves, c, b),
            _ => Some(0.0),
        };
        let one = if *code == base { 0.0 } else { 0.01 * sales };
        let bad = spread.map(|s| one * 100.0 * (1.0 - (-1.645 * s).exp()));
        told.push(
            json!({"currency": code, "markets": markets, "sales": sales, "share": sales / total, "margin": margin,
            "one_percent": one, "spread": spread, "bad_case": bad}),
        );
    }
    told.sort_by(|a, b| b["one_percent"].as_f64().unwrap_or(0.0).total_cmp(&a["one_percent"].as_f64().unwrap_or(0.0)));
    if json {
        return output::json(&json!({"currency": base, "weeks": AHEAD / 7, "currencies": told}));
    }
    let number = |v: &Value| v.as_f64().map_or_else(|| "unknown".to_owned(), |x| output::count(x.round() as i64));
    let cells = told.iter().map(|r| {
        let markets: Vec<&str> =
            r["markets"].as_array().map(|m| m.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
        let percent = |v: &Value| v.as_f64().map_or_else(|| "unknown".to_owned(), |x| format!("{:.1} %", 100.0 * x));
        vec![
            r["currency"].as_str().unwrap_or_default().to_owned(),
            markets.join(", "),
            number(&r["sales"]),
            percent(&r["share"]),
            number(&r["margin"]),
            number(&r["one_percent"]),
            percent(&r["spread"]),
            number(&r["bad_case"]),
        ]
    });
    output::line(&format!("thirteen weeks ahead, amounts in {base}"));
    output::table(
        &["currency", "markets", "sales", "of all", "margin", "1 % weaker costs", "usual move", "1 of 20 costs"],
        &[2, 3, 4, 5, 6, 7],
        cells.collect(),
    );
    output::hint(
        "`fx_buffer` of [decide] in portolan.toml is the move that floors are kept against; `portolan plan --all --fx -10` decides again",
    );
    Ok(())
}

type Moves = BTreeMap<(String, String), BTreeMap<Day, f64>>;

async fn moves(opened: &Opened) -> Result<Moves> {
    let sql = "select base, quote, day, cast(rate as double) as rate from clean.fx_rates order by base, quote, day";
    let rows = Rows::query(&opened.engine, sql).await?;
    let (bases, quotes, days, rates) =
        (rows.texts("base")?, rows.texts("quote")?, rows.days("day")?, rows.floats("rate")?);
    let last = days.iter().max().copied().unwrap_or(Day(0));
    let mut all: Moves = BTreeMap::new();
    for i in 0..days.len() {
        if let Some(rate) = rates[i].filter(|r| *r > 0.0 && last.since(days[i]) <= 366 * YEARS) {
            all.entry((bases[i].clone(), quotes[i].clone())).or_default().insert(days[i], rate.ln());
        }
    }
    Ok(all)
}

/// Standard deviation of the logarithm of `of` in `to` over thirteen weeks; through a currency that both are quoted in. `None` below a year of
/// rates.
fn spread(moves: &Moves, of: Currency, to: Currency) -> Option<f64> {
    let quoted = |base: &str, quote: Currency| -> Option<BTreeMap<Day, f64>> {
        if base == quote.code() {
            return Some(BTreeMap::new());
        }
        moves.get(&(base.to_owned(), quote.code().to_owned())).cloned()
    };
    let bases: std::collections::BTreeSet<&str> = moves.keys().map(|k| k.0.as_str()).collect();
    let (a, b) = bases.iter().find_map(|base| Some((quoted(base, of)?, quoted(base, to)?)))?;
    let days: Vec<Day> = if a.is_empty() { b.keys() } else { a.keys() }.copied().collect();
    let at = |day: Day| -> Option<f64> {
        let one = |m: &BTreeMap<Day, f64>| if m.is_empty() { Some(0.0) } else { m.get(&day).copied() };
        Some(one(&b)? - one(&a)?)
    };
    let known: BTreeMap<Day, f64> = days.into_iter().filter_map(|d| Some((d, at(d)?))).collect();
    let steps: Vec<f64> = known
        .iter()
        .filter_map(|(day, now)| {
            let (then, before) = known.range(..=day.plus(-AHEAD)).next_back()?;
            (day.since(*then) <= AHEAD + 7).then(|| now - before)
        })
        .collect();
    if steps.len() < 180 {
        return None;
    }
    let mean = steps.iter().sum::<f64>() / steps.len() as f64;
    Some((steps.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (steps.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // EUR/CNY moves by ±10 % every other quarter while EUR/USD stands still: the USD in CNY moves alike, USD in EUR not at all.
    fn a_spread_through_a_third_currency() {
        let mut moves = Moves::new();
        for day in 0..730 {
            let up = f64::from((day / 91) % 2) * 0.1;
            moves.entry(("EUR".to_owned(), "CNY".to_owned())).or_default().insert(Day(day), 2.0 + up);
            moves.entry(("EUR".to_owned(), "USD".to_owned())).or_default().insert(Day(day), 0.1);
        }
        let c = |code: &str| code.parse::<Currency>().unwrap();
        assert!((spread(&moves, c("USD"), c("CNY")).unwrap() - 0.1).abs() < 0.01);
        assert!(spread(&moves, c("USD"), c("EUR")).unwrap() < 1e-12);
        assert_eq!(spread(&moves, c("JPY"), c("EUR")), None);
    }
}
