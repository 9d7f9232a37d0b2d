//! `portolan markets position`: own and rival offers by price and one attribute, and where people buy beside what is offered.
//!
//! Offers stand at the list price (rivals at their newest price, with the attribute of the product that they compete with), demand
//! at what was paid in the last year. A gap is therefore a price that people pay at which nothing is listed; what nobody has
//! offered so far leaves no trace in orders.

use super::super::Opened;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use audience::entry::positioning::{Demand, PositionParams, Product, Whose};
use audience::entry::{EntryError, Words};
use domain::{Market, Seed};
use serde_json::json;

/// What products can be placed by: column, English, Chinese.
pub(crate) const ATTRIBUTES: [(&str, &str, &str); 7] = [
    ("rating", "rating", "评分"),
    ("wattage_w", "power in watt", "功率（瓦）"),
    ("weight_kg", "weight in kg", "重量（千克）"),
    ("temperature_c", "highest temperature in °C", "最高温度（摄氏度）"),
    ("length_cm", "length in cm", "长度（厘米）"),
    ("width_cm", "width in cm", "宽度（厘米）"),
    ("height_cm", "height in cm", "高度（厘米）"),
];

/// Products with their attribute; the price is the mean of what a unit costs before reductions.
fn offers(market: Market, by: &str, category: Option<&str>) -> String {
    let quoted = category.map(|c| c.replace('\'', "''").to_lowercase());
    let inside = quoted.map_or_else(String::new, |c| {
        format!(" and strpos(concat(' > ', lower(coalesce(p.category, '')), ' > '), ' > {c} > ') > 0")
    });
    let value = if by == "rating" {
        "(select product_id, avg(rating) as value from clean.reviews where rating is not null group by product_id)"
            .to_owned()
    } else {
        format!("(select product_id, {by} as value from clean.products where {by} is not null)")
    };
    format!(
        "select l.product_id, coalesce(p.name, l.product_id) as name, cast(a.value as double) as value, \
         cast(l.unit_price * l.amount_base as double) / cast(l.amount as double) as list, \
         cast(l.amount_base as double) / l.quantity as paid, l.quantity, l.day \
         from clean.order_lines l join clean.products p on p.product_id = l.product_id join {value} a on a.product_id = l.product_id \
         where l.settled and l.market = '{market}' and l.amount > 0 and l.quantity > 0{inside} \
         order by l.product_id, l.day desc, l.source, l.line"
    )
}

/// Newest prices of rivals of these products, as a part of our own price on that day's rates: only their ratio is needed.
fn rivals(market: Market) -> String {
    format!(
        "select product_id, competitor, cast(price as double) as price, currency from (select *, row_number() over \
         (partition by product_id, competitor order by day desc) as nth from clean.competitor_prices where market = '{market}') \
         where nth = 1 order by product_id, competitor"
    )
}

pub(super) async fn position(
    opened: &Opened,
    market: Market,
    by: &str,
    category: Option<&str>,
    json: bool,
) -> Result<()> {
    let Some((_, en, zh)) = ATTRIBUTES.iter().find(|a| a.0 == by) else {
        let names: Vec<&str> = ATTRIBUTES.iter().map(|a| a.0).collect();
        let next = format!("products are placed by {}", names.join(", "));
        return Err(Stop::error(Exit::Usage, format!("`{by}` is no attribute"), next));
    };
    let rows = Rows::query(&opened.engine, &offers(market, by, category)).await?;
    let (ids, names, values) = (rows.texts("product_id")?, rows.texts("name")?, rows.floats("value")?);
    let (lists, paids, units) = (rows.floats("list")?, rows.floats("paid")?, rows.ints("quantity")?);
    let (mut products, mut demand, mut placed) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..ids.len() {
        let (Some(attribute), Some(list), Some(paid)) = (values[i], lists[i], paids[i]) else { continue };
        if placed.last().is_none_or(|(last, _)| *last != ids[i]) {
            // The newest sale of a product comes first: its list price is the offer.
            products.push(Product { name: names[i].clone(), whose: Whose::Own, price: list, attribute });
            placed.push((ids[i].clone(), attribute));
        }
        demand.push(Demand { price: paid, attribute, weight: units[i] as f64 });
    }
    let currency = opened.snapshot.currency;
    let rows = Rows::query(&opened.engine, &rivals(market)).await?;
    let (of, who) = (rows.texts("product_id")?, rows.texts("competitor")?);
    let (prices, currencies) = (rows.floats("price")?, rows.texts("currency")?);
    let mut left_out = 0;
    for i in 0..of.len() {
        let Some((_, attribute)) = placed.iter().find(|(id, _)| *id == of[i]) else { continue };
        match prices[i].filter(|p| *p > 0.0 && currency.is_some_and(|c| c.code() == currencies[i])) {
            Some(price) => products.push(Product {
                name: format!("{}: {}", who[i], of[i]),
                whose: Whose::Rival,
                price,
                attribute: *attribute,
            }),
            None => left_out += 1,
        }
    }
    let map = PositionParams::default().map(&products, &demand, Seed(1)).map_err(|error| match error {
        EntryError::TooLittle { .. } => {
            let why = format!("{market} by {en}: {error}");
            Stop::error(Exit::Missing, why, "another attribute (--by), or without --category")
        }
        other => other.into(),
    })?;
    let attribute = Words::new(*en, *zh);
    let said = map.sentences(&attribute);
    if json {
        let placed: Vec<_> = map
            .products()
            .iter()
            .map(|(p, at)| json!({"name": p.name, "whose": p.whose, "price": p.price, "attribute": p.attribute, "at": at}))
            .collect();
        let (en, zh): (Vec<&str>, Vec<&str>) = said.iter().map(|w| (w.en.as_str(), w.zh.as_str())).unzip();
        return output::json(&json!({"market": market, "by": by, "category": category, "currency": currency,
            "products": placed, "gaps": map.gaps(), "demand_lines": demand.len(),
            "rivals_left_out": left_out, "en": en, "zh": zh}));
    }
    let of = |whose| products.iter().filter(|p| p.whose == whose).count();
    let code = currency.map_or_else(String::new, |c| format!(", prices in {c}"));
    let (own, others, lines) = (of(Whose::Own), of(Whose::Rival), output::count(demand.len() as u64));
    output::line(&format!(
        "{market} by price and {en}: {own} own offers, {others} of rivals, {lines} lines bought{code}"
    ));
    said.iter().for_each(|words| output::line(&words.en));
    said.iter().for_each(|words| output::line(&words.zh));
    if left_out > 0 {
        output::note(&format!("{left_out} prices of rivals are in another currency and were left out"));
    }
    Ok(())
}
