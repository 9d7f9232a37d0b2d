//! `portolan decide bands`: what the shoppers of each segment pay beside the usual price, around the price advised of a product.

use super::{Opened, none, objects};
use crate::output;
use anyhow::Result;
use decide::price::endings::ENDINGS;
use decide::price::segments::{MIN_LINES, SegmentPaid, bands};
use domain::{Currency, Decimal, Market, Money, Rounding};
use serde_json::json;
use std::collections::BTreeMap;

/// What a line paid over the median of its product in the same month, of lines whose shopper has a segment.
const PAID: &str = "\
with lines as (
  select product_id, shopper_id, date_trunc('month', day) as month, cast(amount as double) / quantity as paid
  from clean.order_lines where settled and not repeat and quantity > 0 and amount > 0 and product_id is not null and market = '{market}'
), usual as (select product_id, month, approx_median(paid) as usual, count(*) as n from lines group by product_id, month)
select s.segment, l.paid / u.usual as ratio from lines l join usual u on u.product_id = l.product_id and u.month = l.month
join marts.segments s on s.shopper_id = l.shopper_id where u.n > 1 order by s.segment, ratio";

pub(super) async fn bands_of(opened: &Opened, market: Market, product: &str, json: bool) -> Result<()> {
    let id = product.replace('\'', "''");
    let sql = format!(
        "select currency, cast(coalesce(advised, price) as double) as asked, cast(floor as double) as floor from marts.prices \
         where market = '{market}' and product_id = '{id}' and coalesce(advised, price) is not null and floor is not null"
    );
    let Some(row) = objects(opened, &sql).await?.into_iter().next() else {
        return Err(none(market, "no price with a floor of that product"));
    };
    let currency: Currency = row["currency"].as_str().unwrap_or_default().parse()?;
    let money = |key: &str| -> Result<Money> {
        let value = Decimal::try_from(row[key].as_f64().unwrap_or(0.0))?;
        Ok(Money::from_decimal(value, currency, Rounding::HalfEven)?)
    };
    let (asked, floor) = (money("asked")?, money("floor")?);
    let mut paid: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in objects(opened, &PAID.replace("{market}", market.code())).await? {
        if let (Some(segment), Some(ratio)) = (line["segment"].as_str(), line["ratio"].as_f64().filter(|r| *r > 0.0)) {
            paid.entry(segment.to_owned()).or_default().push(ratio);
        }
    }
    let segments: Vec<SegmentPaid> =
        paid.into_iter().map(|(segment, ratios)| SegmentPaid { segment, ratios }).collect();
    let found = bands(Some(asked), floor, &segments, ENDINGS)?;
    if json {
        let row = |b: &decide::price::segments::SegmentBand| {
            let [low, middle, high] = b.band.map_or([None; 3], |(a, m, z)| [a, m, z].map(|m| Some(m.to_decimal())));
            json!({"segment": b.segment, "low": low, "middle": middle, "high": high, "lines": b.n})
        };
        return output::json(&json!({
            "market": market, "product": product, "currency": currency, "asked": asked.to_decimal(), "floor": floor.to_decimal(),
            "segments": found.iter().map(row).collect::<Vec<_>>(),
        }));
    }
    output::line(&format!("{product} in {market}: {asked} asked, floor {floor}"));
    let row = |b: &decide::price::segments::SegmentBand| {
        let few = || vec![b.segment.clone(), "-".to_owned(), "-".to_owned(), "-".to_owned(), b.n.to_string()];
        b.band.map_or_else(few, |(low, middle, high)| {
            vec![b.segment.clone(), low.to_string(), middle.to_string(), high.to_string(), b.n.to_string()]
        })
    };
    output::table(&["segment", "from", "middle", "to", "lines"], &[1, 2, 3, 4], found.iter().map(row).collect());
    output::note(&format!(
        "what its shoppers paid beside the median of the same product and month, times the price asked, never below the floor; a segment needs {MIN_LINES} lines"
    ));
    Ok(())
}
