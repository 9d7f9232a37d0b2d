//! `portolan decide demand`: the weeks ahead of a market, a product or a category, with what the forecast rests on.
//!
//! A category is the sum of the forecasts of its products; its interval adds their widths as if half of each were the market's
//! common part and half the product's own, so it lies between "all err together" and "each for itself".

use super::{Opened, none, objects};
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A week ahead.
#[derive(Clone, Copy, Default)]
struct Week {
    units: f64,
    low: (f64, f64),
    high: (f64, f64),
    n: usize,
}

pub(super) async fn demand(opened: &Opened, args: &cli::Demand) -> Result<()> {
    let market = args.market;
    let quoted = |text: &str| text.replace('\'', "''");
    let which = match (&args.product, &args.category) {
        (Some(id), _) => format!("d.product_id = '{}'", quoted(id)),
        (None, Some(category)) => format!("q.category = '{}'", quoted(category)),
        (None, None) => "d.product_id = ''".to_owned(),
    };
    let sql = format!(
        "select d.product_id, q.name, q.category, d.week, d.units, d.low, d.high, d.level, d.method, d.source from marts.demand d \
         left join clean.products q on q.product_id = d.product_id where d.market = '{market}' and {which} \
         order by d.week, d.product_id"
    );
    let rows = objects(opened, &sql).await?;
    if rows.is_empty() {
        return Err(match (&args.product, &args.category) {
            (Some(id), _) => unforeseen(opened, args, &format!("product {id}")).await?,
            (None, Some(category)) => unforeseen(opened, args, &format!("category {category}")).await?,
            (None, None) => none(market, "no demand"),
        });
    }
    let mut weeks: BTreeMap<String, Week> = BTreeMap::new();
    for row in &rows {
        let number = |key: &str| row[key].as_f64().unwrap_or(0.0);
        let week = weeks.entry(row["week"].as_str().unwrap_or_default().to_owned()).or_default();
        let (below, above) = (number("units") - number("low"), number("high") - number("units"));
        week.units += number("units");
        week.low = (week.low.0 + below, week.low.1 + below * below);
        week.high = (week.high.0 + above, week.high.1 + above * above);
        week.n += 1;
    }
    let mut methods: BTreeMap<&str, usize> = BTreeMap::new();
    let first = rows[0]["week"].clone();
    for row in rows.iter().filter(|r| r["week"] == first) {
        *methods.entry(row["method"].as_str().unwrap_or_default()).or_default() += 1;
    }
    let level = rows[0]["level"].as_f64().unwrap_or(0.9);
    let reach = |(together, squares): (f64, f64)| (0.5 * together * together + 0.5 * squares).sqrt();
    let told: Vec<Value> = weeks
        .iter()
        .map(|(week, w)| {
            let (low, high) = ((w.units - reach(w.low)).max(0.0), w.units + reach(w.high));
            json!({"week": week, "units": w.units, "low": low, "high": high, "level": level, "products": w.n})
        })
        .collect();
    let total: f64 = weeks.values().map(|w| w.units).sum();
    let said: Vec<Value> = methods.iter().map(|(method, n)| json!({"method": method, "products": n})).collect();
    if args.json {
        return output::json(&json!({
            "market": market, "product": args.product, "category": args.category, "units": total,
            "weeks": told, "methods": said,
        }));
    }
    let what = match (&args.product, &args.category) {
        (Some(id), _) => rows[0]["name"].as_str().filter(|n| !n.is_empty()).unwrap_or(id).to_owned(),
        (None, Some(category)) => format!("{category}, {} products", methods.values().sum::<usize>()),
        (None, None) => "all products".to_owned(),
    };
    output::line(&format!("{market}, {what}: {total:.0} units in {} weeks", weeks.len()));
    let cells = told.iter().map(|w| {
        let number = |key: &str| format!("{:.1}", w[key].as_f64().unwrap_or(0.0));
        vec![w["week"].as_str().unwrap_or_default().to_owned(), number("units"), number("low"), number("high")]
    });
    output::table(&["week from", "units", "from", "to"], &[1, 2, 3], cells.collect());
    for (method, n) in methods {
        let of = if n > 1 { format!("{n} products by ") } else { "by ".to_owned() };
        output::line(&format!("{of}{method}"));
    }
    Ok(())
}

/// What there is instead.
async fn unforeseen(opened: &Opened, args: &cli::Demand, what: &str) -> Result<anyhow::Error> {
    let market = args.market;
    let sql = format!(
        "select distinct q.category from marts.demand d join clean.products q on q.product_id = d.product_id \
         where d.market = '{market}' order by q.category limit 40"
    );
    let known: Vec<String> = objects(opened, &sql)
        .await?
        .iter()
        .filter_map(|r| r["category"].as_str().filter(|c| !c.is_empty()).map(str::to_owned))
        .collect();
    let hint = if args.category.is_some() && !known.is_empty() {
        format!("categories with a forecast there: {}", known.join(", "))
    } else {
        "a product needs eight weeks with sales there, the last of them within half a year".to_owned()
    };
    Ok(Stop::error(Exit::Missing, format!("{what} has no forecast in {market}"), hint))
}
