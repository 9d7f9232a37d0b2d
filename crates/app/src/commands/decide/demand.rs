//! `portolan decide demand`: the weeks ahead of a market, a product or a category, with what the forecast rests on, and what the plan's
//! own price and promotions make of them.

use super::{Opened, none, objects};
use crate::exit::{Exit, Stop};
use crate::{cli, output};
use anyhow::Result;
use serde_json::{Value, json};

pub(super) async fn demand(opened: &Opened, args: &cli::Demand) -> Result<()> {
    let market = args.market.get()?;
    let quoted = |text: &str| text.replace('\'', "''");
    let columns = "d.week, d.units, d.low, d.high, d.level, d.method";
    let (sql, subject) = match (&args.product, &args.category) {
        (Some(id), _) => {
            let from = "marts.demand d left join clean.products q on q.product_id = d.product_id";
            let which = format!("d.product_id = '{}'", quoted(id));
            (
                format!("select {columns}, q.name from {from} where d.market = '{market}' and {which}"),
                format!("product:{id}"),
            )
        }
        (None, Some(category)) => {
            let which = format!("d.category = '{}'", quoted(category));
            let sql = format!("select {columns} from marts.category_demand d where d.market = '{market}' and {which}");
            (sql, format!("category:{category}"))
        }
        (None, None) => {
            let which = "d.product_id = ''";
            (
                format!("select {columns} from marts.demand d where d.market = '{market}' and {which}"),
                "market".to_owned(),
            )
        }
    };
    let rows = objects(opened, &format!("{sql} order by d.week")).await?;
    if rows.is_empty() {
        return Err(match (&args.product, &args.category) {
            (Some(id), _) => unforeseen(opened, args, &format!("product {id}")).await?,
            (None, Some(category)) => unforeseen(opened, args, &format!("category {category}")).await?,
            (None, None) => none(market, "no demand"),
        });
    }
    let sql = format!("select * from marts.planned where market = '{market}' and subject = '{}'", quoted(&subject));
    let planned = objects(opened, &sql).await?.into_iter().next();
    let total: f64 = rows.iter().filter_map(|row| row["units"].as_f64()).sum();
    let method = rows[0]["method"].clone();
    if args.json {
        let week = |row: &Value| json!({"week": row["week"], "units": row["units"], "low": row["low"], "high": row["high"], "level": row["level"]});
        return output::json(&json!({
            "market": market, "product": args.product, "category": args.category, "units": total,
            "weeks": rows.iter().map(week).collect::<Vec<_>>(), "method": method, "planned": planned,
        }));
    }
    let what = match (&args.product, &args.category) {
        (Some(id), _) => rows[0]["name"].as_str().filter(|n| !n.is_empty()).unwrap_or(id),
        (None, Some(category)) => category,
        (None, None) => "all products",
    };
    output::line(&format!("{market}, {what}: {total:.0} units in {} weeks at the prices of now", rows.len()));
    let cells = rows.iter().map(|row| {
        let number = |key: &str| format!("{:.1}", row[key].as_f64().unwrap_or(0.0));
        vec![row["week"].as_str().unwrap_or_default().to_owned(), number("units"), number("low"), number("high")]
    });
    output::table(&["week from", "units", "from", "to"], &[1, 2, 3], cells.collect());
    output::line(&format!("by {}", method.as_str().unwrap_or_default()));
    if let Some(planned) = planned {
        output::line(&told(&planned));
    }
    Ok(())
}

/// `as planned: 171 units (125 to 225), 12 by new prices, 2 by promotions; …`
fn told(planned: &Value) -> String {
    let number = |key: &str| planned[key].as_f64();
    let whole = |key: &str| number(key).map_or("-".to_owned(), |x| format!("{x:.0}"));
    let currency = planned["currency"].as_str().unwrap_or_default();
    let mut said = format!(
        "as planned: {} units ({} to {}), {:+.0} by new prices, {:+.0} by promotions",
        whole("units"),
        whole("units_low"),
        whole("units_high"),
        number("by_price").unwrap_or(0.0),
        number("by_promotion").unwrap_or(0.0),
    );
    for what in ["sales", "margin"].into_iter().filter(|what| number(what).is_some()) {
        let (low, high, now) = (format!("{what}_low"), format!("{what}_high"), format!("{what}_now"));
        said.push_str(&format!(
            "; {what} {} {currency} ({} to {}), now {}",
            whole(what),
            whole(&low),
            whole(&high),
            whole(&now)
        ));
    }
    format!("{said}\n{}", planned["en"].as_str().unwrap_or_default())
}

/// What there is instead.
async fn unforeseen(opened: &Opened, args: &cli::Demand, what: &str) -> Result<anyhow::Error> {
    let market = args.market.get()?;
    let sql = format!(
        "select distinct category from marts.category_demand where market = '{market}' order by category limit 40"
    );
    let known: Vec<String> =
        objects(opened, &sql).await?.iter().filter_map(|r| r["category"].as_str().map(str::to_owned)).collect();
    let hint = if args.category.is_some() && !known.is_empty() {
        format!("categories with a forecast there: {}", known.join(", "))
    } else {
        "a product or a category needs eight weeks with sales there, the last of them within half a year".to_owned()
    };
    Ok(Stop::error(Exit::Missing, format!("{what} has no forecast in {market}"), hint))
}
