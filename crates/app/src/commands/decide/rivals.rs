//! `portolan decide rivals`: where our prices stand beside each competitor's in a market, and which of theirs moved lately.
//!
//! A move is a newest price of a competitor at least a stated share away from the one before it, seen within the days asked for; beside
//! it stand our price and floor, so that it is plain whether an answer is possible.

use super::{Opened, objects};
use crate::exit::{Exit, Stop};
use crate::pipeline::rates::Rates;
use crate::pipeline::rows::Rows;
use crate::{cli, output};
use anyhow::Result;
use decide::price::index::{IndexParams, OwnPrice, PriceIndex, RivalPrice, indices};
use domain::{Currency, Decimal, Money, ProductId, Rounding};
use serde_json::{Value, json};

fn money(value: f64, currency: Currency) -> Option<Money> {
    Money::from_decimal(Decimal::try_from(value).ok()?, currency, Rounding::HalfEven).ok().filter(|m| m.minor > 0)
}

pub(super) async fn rivals(opened: &Opened, args: &cli::Rivals) -> Result<()> {
    let market = args.market;
    if !(args.moved > 0.0 && args.moved < 100.0) {
        return Err(Stop::error(Exit::Usage, format!("--moved {}", args.moved), "per cent, above 0 and below 100"));
    }
    let sql = format!(
        "select p.product_id, p.currency, cast(p.price as double) as price, coalesce(cast(m.revenue as double), 0) as weight \
         from marts.prices p left join marts.product_market m on m.market = p.market and m.product_id = p.product_id \
         where p.market = '{market}' and p.price is not null order by p.product_id"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (ids, currencies) = (rows.texts("product_id")?, rows.texts("currency")?);
    let (prices, weights) = (rows.floats("price")?, rows.floats("weight")?);
    let Some(currency) = currencies.first().and_then(|c| c.parse::<Currency>().ok()) else {
        return Err(Stop::error(
            Exit::Missing,
            format!("nothing is sold in {market} yet, so there is no price to compare"),
            format!("`portolan decide prices {market}` has the competitors' band where they are known"),
        ));
    };
    let own: Vec<OwnPrice> = (0..ids.len())
        .filter_map(|i| {
            let price = money(prices[i]?, currency)?;
            Some(OwnPrice {
                product: ProductId::new(ids[i].as_str()),
                price,
                weight: weights[i].unwrap_or(0.0).max(0.0),
            })
        })
        .collect();
    let rates = Rates::load(&opened.engine).await?;
    let sql = format!(
        "select product_id, competitor, day, cast(price as double) as price, currency from clean.competitor_prices \
         where market = '{market}' order by product_id, competitor, day"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (products, who, days) = (rows.texts("product_id")?, rows.texts("competitor")?, rows.days("day")?);
    let (theirs, codes) = (rows.floats("price")?, rows.texts("currency")?);
    let Some(newest) = days.iter().max().copied() else {
        return Err(Stop::error(
            Exit::Missing,
            format!("no competitor's price is known in {market}"),
            "`portolan ingest` takes a table: day, market, product_id, competitor, price, currency",
        ));
    };
    let seen: Vec<RivalPrice> = (0..products.len())
        .filter_map(|i| {
            let rate = rates.rate(codes[i].parse().ok()?, currency)?;
            let price = money(theirs[i]? * rate, currency)?;
            let product = ProductId::new(products[i].as_str());
            Some(RivalPrice { product, competitor: who[i].clone(), day: days[i], price })
        })
        .collect();
    let params = IndexParams { max_age_days: args.days, ..IndexParams::default() };
    let found = indices(&own, &seen, newest, &params)?;
    let moves = moves(opened, args, newest.plus(-args.days)).await?;
    if args.json {
        let found: Vec<Value> = found.iter().map(index_json).collect();
        return output::json(
            &json!({"market": market, "day": newest, "currency": currency, "indices": found, "moves": moves}),
        );
    }
    output::line(&format!(
        "{market}, prices seen up to {newest}; above 1 we are dearer, weighed by our sales of each product"
    ));
    let cells = found.iter().map(|f| {
        let index = f.index.as_f64().map_or_else(|| "too few products".to_owned(), |x| format!("{x:.3}"));
        let ends = f.index.interval.map_or_else(String::new, |i| format!("{:.3} to {:.3}", i.low, i.high));
        let share = f.matched.as_f64().map_or_else(String::new, |x| format!("{:.0} %", 100.0 * x));
        let who = f.competitor.clone().unwrap_or_else(|| "the cheapest of all".to_owned());
        vec![who, index, ends, f.n_matched.to_string(), share, f.n_dearer.to_string(), f.n_cheaper.to_string()]
    });
    output::table(
        &["competitor", "index", "95 % interval", "products", "of our sales", "we are dearer", "cheaper"],
        &[1, 3, 4, 5, 6],
        cells.collect(),
    );
    if moves.is_empty() {
        output::line(&format!("no competitor moved a price by {} % or more in {} days", args.moved, args.days));
        return Ok(());
    }
    let text = |r: &Value, key: &str| r[key].as_str().unwrap_or_default().to_owned();
    let number = |r: &Value, key: &str| r[key].as_f64().map_or_else(String::new, |x| format!("{x:.2}"));
    let cells = moves.iter().take(args.n).map(|r| {
        vec![
            text(r, "competitor"),
            text(r, "name"),
            number(r, "before"),
            number(r, "price"),
            r["change"].as_f64().map_or_else(String::new, |x| format!("{:+.1} %", 100.0 * x)),
            number(r, "own"),
            number(r, "floor"),
            text(r, "said"),
        ]
    });
    output::table(
        &["competitor", "product", "before", "now", "change", "ours", "our floor", "what follows"],
        &[2, 3, 4, 5, 6],
        cells.collect(),
    );
    output::line(&format!("{} moves of {} % or more in {} days", moves.len(), args.moved, args.days));
    Ok(())
}

fn index_json(f: &PriceIndex) -> Value {
    json!({"competitor": f.competitor, "index": f.index, "matched": f.matched, "products": f.n_matched,
        "dearer": f.n_dearer, "cheaper": f.n_cheaper})
}

/// Newest moves, the largest loss of position first.
async fn moves(opened: &Opened, args: &cli::Rivals, since: domain::Day) -> Result<Vec<Value>> {
    let (market, least) = (args.market, args.moved / 100.0);
    let sql = format!(
        "with seen as (select product_id, competitor, currency, day, cast(price as double) as price, \
           lag(cast(price as double)) over (partition by product_id, competitor, currency order by day) as before, \
           row_number() over (partition by product_id, competitor, currency order by day desc) as nth \
           from clean.competitor_prices where market = '{market}') \
         select s.competitor, s.product_id, q.name, s.day, s.currency, s.before, s.price, s.price / s.before - 1 as change, \
           cast(p.price as double) as own, cast(p.floor as double) as floor, p.currency as own_currency \
         from seen s left join clean.products q on q.product_id = s.product_id \
         left join marts.prices p on p.market = '{market}' and p.product_id = s.product_id \
         where s.nth = 1 and s.before > 0 and s.day >= date '{since}' and abs(s.price / s.before - 1) >= {least} \
         order by s.price / s.before, s.competitor, s.product_id"
    );
    let mut rows = objects(opened, &sql).await?;
    for row in &mut rows {
        let same = row["currency"] == row["own_currency"];
        let (price, own, floor) = (row["price"].as_f64(), row["own"].as_f64(), row["floor"].as_f64());
        let said = match (price, own, floor) {
            _ if !same => "in another currency than ours",
            (Some(price), Some(own), Some(floor)) if price < own && price < floor => {
                "undercuts us below our floor: do not follow"
            }
            (Some(price), Some(own), Some(_)) if price < own => "undercuts us, and there is room to follow",
            (Some(price), Some(own), _) if price > own => "dearer than we are",
            _ => "",
        };
        row["said"] = Value::from(said);
    }
    Ok(rows)
}
