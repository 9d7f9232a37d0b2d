//! `portolan decide bands`: what the shoppers of each segment pay beside the usual price, around the price advised of a product.

use super::{Opened, none_of, objects};
use crate::output;
use crate::pipeline::gather::PAID_LINES;
use anyhow::Result;
use decide::price::endings::ENDINGS;
use decide::price::segments::{MIN_LINES, SegmentPaid, bands};
use domain::{Currency, Decimal, Market, Money, Rounding};
use serde_json::json;
use std::collections::BTreeMap;

pub(super) async fn bands_of(opened: &Opened, market: Market, product: &str, json: bool) -> Result<()> {
    let id = product.replace('\'', "''");
    let sql = format!(
        "select currency, cast(coalesce(advised, price) as double) as asked, cast(floor as double) as floor from marts.prices \
         where market = '{market}' and product_id = '{id}' and coalesce(advised, price) is not null and floor is not null"
    );
    let Some(row) = objects(opened, &sql).await?.into_iter().next() else {
        return Err(none_of(opened, market, product, "no price with a floor").await?);
    };
    let currency: Currency = row["currency"].as_str().unwrap_or_default().parse()?;
    let money = |key: &str| -> Result<Money> {
        let value = Decimal::try_from(row[key].as_f64().unwrap_or(0.0))?;
        Ok(Money::from_decimal(value, currency, Rounding::HalfEven)?)
    };
    let (asked, floor) = (money("asked")?, money("floor")?);
    let mut paid: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let lines = PAID_LINES.replace("{market}", market.code());
    let sql = format!(
        "select s.segment, l.paid / l.usual as ratio from ({lines}) l join marts.segments s on s.shopper_id = l.shopper_id \
         and s.market = '{market}' order by s.segment, ratio"
    );
    for line in objects(opened, &sql).await? {
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
