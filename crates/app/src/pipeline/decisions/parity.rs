//! Prices that do not fit together: channels of a market that undercut each other, wars between them, and routes on which it pays to
//! buy in one market and bring the goods to another.
//!
//! A channel is held against the own shop week by week, where both sold the product; the week of the middle ratio is shown. A route is judged with the cheapest lane
//! that takes the parcel; where there is none between two markets the freight from home is taken and the row says so. A trader sends
//! ten units in a parcel. Duty, VAT and duty-free amounts are those of the tables of costs.

use super::channel_floors::ChannelFloor;
use super::costs::{rates, tariff, unit};
use super::inputs::Inputs;
use super::prices::{PriceRow, money};
use super::tables::Tables;
use crate::pipeline::batch::Columns;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::landed::{FxBook, Parcel, SchemeDuty, UnitCosts, cheapest};
use decide::own_file::GROUPS;
use decide::parity::arbitrage::{ArbitrageParams, Border, MarketPrice, Route, Who, leaks};
use decide::parity::channels::{ChannelPrice, ParityParams, Violation, violations, wars};
use decide::price::panel::monday;
use decide::sellability::ProductFacts;
use domain::{Amount, Day, Decimal, FxRate, Market, Money};
use lake::Engine;
use std::collections::BTreeMap;

/// Days whose paid prices are compared.
const RECENT: i32 = 180;
/// Fewest weeks in which both channels sold the product.
const COMMON: usize = 3;
/// Units in a trader's parcel: two by five of them.
const BULK: i64 = 10;

const PAID: &str = "\
select market, currency, product_id, channel, day, approx_median(cast(amount as double) / quantity) as paid, count(*) as n
from clean.order_lines where settled and not repeat and product_id is not null and channel is not null and day >= ";

/// One row of `marts.parity`.
pub(super) struct ParityRow {
    kind: &'static str,
    product: String,
    market: Market,
    /// A channel, or the market where it goes.
    other: String,
    who: Option<&'static str>,
    price: Option<Money>,
    reference: Option<Money>,
    gap: Option<f64>,
    /// What it gains, in the currency of where it goes.
    gain: Option<Money>,
    closes_at: Option<Money>,
    verify: bool,
    said: Said,
}

pub(super) async fn parity(
    engine: &Engine,
    inputs: &Inputs,
    own: &Tables,
    facts: &[ProductFacts],
    prices: &[PriceRow],
    home: Market,
    shop: &str,
) -> Result<Vec<ParityRow>> {
    let mut rows = channels(engine, inputs, shop).await?;
    rows.extend(routes(inputs, own, facts, prices, home)?);
    Ok(rows)
}

/// Products that a channel sells below their floor on it.
pub(super) fn below_floors(inputs: &Inputs, floors: &[ChannelFloor]) -> Vec<ParityRow> {
    let row = |c: &ChannelFloor| {
        let (price, floor) = c.price.zip(c.floor)?;
        Some(ParityRow {
            kind: "floor",
            product: inputs.products[c.product].id.clone(),
            market: inputs.markets[c.market].market,
            other: c.channel.clone(),
            who: None,
            price: Some(price),
            reference: Some(floor),
            gap: Some(price.minor as f64 / floor.minor as f64 - 1.0),
            gain: None,
            closes_at: None,
            verify: true,
            said: c.said.clone(),
        })
    };
    floors.iter().filter(|c| c.below()).filter_map(row).collect()
}

async fn channels(engine: &Engine, inputs: &Inputs, shop: &str) -> Result<Vec<ParityRow>> {
    let from = inputs.as_of.plus(-RECENT);
    let sql = format!(
        "{PAID}cast('{from}' as date) group by market, currency, product_id, channel, day \
         order by market, product_id, channel, day, currency"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (markets, currencies, ids) = (rows.markets("market")?, rows.texts("currency")?, rows.texts("product_id")?);
    let (names, days) = (rows.texts("channel")?, rows.days("day")?);
    let (paid, n) = (rows.floats("paid")?, rows.ints("n")?);
    let mut all: BTreeMap<usize, Vec<ChannelPrice>> = BTreeMap::new();
    let mut lines: BTreeMap<usize, BTreeMap<String, i64>> = BTreeMap::new();
    for i in 0..ids.len() {
        let Some(at) = inputs.markets.iter().position(|m| m.market == markets[i]) else { continue };
        let currency = inputs.markets[at].currency;
        let Some(price) = paid[i].and_then(|x| money(x, currency)).filter(|m| m.minor > 0) else { continue };
        if currency.code() == currencies[i] {
            *lines.entry(at).or_default().entry(names[i].clone()).or_default() += n[i];
            let product = ids[i].as_str().into();
            all.entry(at).or_default().push(ChannelPrice { product, channel: names[i].clone(), day: days[i], price });
        }
    }
    let params = ParityParams::default();
    let mut found = Vec::new();
    for (at, steps) in all {
        let market = inputs.markets[at].market;
        let sold = &lines[&at];
        // The seller's own shop, else the channel that sells most.
        let most = sold.iter().max_by_key(|(name, n)| (**n, std::cmp::Reverse((*name).clone()))).map(|c| c.0.clone());
        let Some(reference) = sold.keys().find(|name| *name == shop).cloned().or(most) else { continue };
        for v in violations_of(&steps, &reference, inputs, &params)? {
            found.push(ParityRow {
                kind: "channel",
                product: v.product.as_str().to_owned(),
                market,
                other: v.channel,
                who: None,
                price: Some(v.price),
                reference: Some(v.reference),
                gap: v.gap.to_string().parse().ok(),
                gain: None,
                closes_at: None,
                verify: false,
                said: v.said,
            });
        }
        for war in wars(&steps, &params)? {
            let last = war.cuts.last().map(|c| (c.0.clone(), c.2));
            // Of several wars over a product the latest counts.
            let id = war.product.as_str();
            found.retain(|r: &ParityRow| !(r.kind == "war" && r.market == market && r.product == id));
            found.push(ParityRow {
                kind: "war",
                product: war.product.as_str().to_owned(),
                market,
                other: last.as_ref().map(|l| l.0.clone()).unwrap_or_default(),
                who: None,
                price: last.map(|l| l.1),
                reference: Some(war.before),
                gap: (-war.fallen).to_string().parse().ok(),
                gain: None,
                closes_at: None,
                verify: false,
                said: war.said,
            });
        }
    }
    Ok(found)
}

/// Channels out of line: each against the reference in the weeks in which both sold the product. Prices move with time, so medians of
/// different weeks would call a promotion a breach.
fn violations_of(
    steps: &[ChannelPrice],
    reference: &str,
    inputs: &Inputs,
    params: &ParityParams,
) -> Result<Vec<Violation>> {
    let mut all: BTreeMap<&str, BTreeMap<&str, BTreeMap<Day, Vec<Money>>>> = BTreeMap::new();
    for step in steps {
        let weeks = all.entry(step.product.as_str()).or_default().entry(&step.channel).or_default();
        weeks.entry(monday(step.day)).or_default().push(step.price);
    }
    let middle = |prices: &[Money]| {
        let mut sorted = prices.to_vec();
        sorted.sort_by_key(|m| m.minor);
        // The lower middle: a price that was asked.
        sorted[(sorted.len() - 1) / 2]
    };
    let day = inputs.as_of.plus(-1);
    let mut found = Vec::new();
    for (product, channels) in all {
        let Some(base) = channels.get(reference) else { continue };
        for (channel, weeks) in channels.iter().filter(|(name, _)| **name != reference) {
            let mut pairs: Vec<(Money, Money)> =
                weeks.iter().filter_map(|(week, prices)| Some((middle(prices), middle(base.get(week)?)))).collect();
            if pairs.len() < COMMON {
                continue;
            }
            pairs.sort_by(|a, b| {
                (i128::from(a.0.minor) * i128::from(b.1.minor)).cmp(&(i128::from(b.0.minor) * i128::from(a.1.minor)))
            });
            let (price, own) = pairs[(pairs.len() - 1) / 2];
            let at = |channel: &str, price| ChannelPrice {
                product: product.into(),
                channel: channel.to_owned(),
                day,
                price,
            };
            found.extend(violations(&[at(reference, own), at(channel, price)], reference, day, params)?);
        }
    }
    found.sort_by(|a, b| {
        b.gap.abs().cmp(&a.gap.abs()).then_with(|| (&a.product, &a.channel).cmp(&(&b.product, &b.channel)))
    });
    Ok(found)
}

fn routes(
    inputs: &Inputs,
    own: &Tables,
    facts: &[ProductFacts],
    prices: &[PriceRow],
    home: Market,
) -> Result<Vec<ParityRow>> {
    let fx = rates(inputs);
    let mut by_product: BTreeMap<usize, Vec<(usize, Money)>> = BTreeMap::new();
    for row in prices {
        if let Some(now) = row.now.filter(|m| m.minor > 0) {
            by_product.entry(row.product).or_default().push((row.market, now));
        }
    }
    let mut found = Vec::new();
    for (product, places) in by_product {
        let (row, facts) = (&inputs.products[product], &facts[product]);
        let (hs, _) = tariff(row, facts, own.rules.kinds());
        let Ok(costs) = unit(row, facts, home, hs) else { continue };
        let mut priced = Vec::new();
        for (market, price) in &places {
            let market = inputs.markets[*market].market;
            let Some(tax) = own.costs.tax(market, inputs.as_of) else { continue };
            let product = inputs.products[product].id.as_str().into();
            priced.push(MarketPrice { product, market, price: *price, vat: tax.rate });
        }
        let (mut ways, mut assumed) = (Vec::new(), BTreeMap::new());
        for (from, _) in &places {
            for (to, _) in places.iter().filter(|(to, _)| to != from) {
                if let Some((route, how)) = route(inputs, own, &costs, &fx, home, (*from, *to)) {
                    assumed.insert((route.from, route.to), how);
                    ways.push(route);
                }
            }
        }
        for leak in leaks(&priced, &ways, &ArbitrageParams::default())? {
            let how = assumed.get(&(leak.from, leak.to));
            let mut said = leak.said;
            if let Some(how) = how {
                said.en.push_str(&format!("; {}", how.en));
                said.zh.push_str(&format!("；{}", how.zh));
            }
            let price = priced.iter().find(|p| p.market == leak.from).map(|p| p.price);
            found.push(ParityRow {
                kind: "route",
                product: leak.product.as_str().to_owned(),
                market: leak.from,
                other: leak.to.code().to_owned(),
                who: Some(match leak.who {
                    Who::Trader => "trader",
                    Who::Shopper => "shopper",
                }),
                price,
                reference: priced.iter().find(|p| p.market == leak.to).map(|p| p.price),
                gap: leak.margin.to_string().parse().ok(),
                gain: Some(leak.profit),
                closes_at: Some(leak.closes_at),
                // Freight, duty and VAT that the program brings are general knowledge.
                verify: true,
                said,
            });
        }
    }
    Ok(found)
}

/// What it takes from one market to another, and what its freight rests on; `None` where duty or freight is not known.
fn route(
    inputs: &Inputs,
    own: &Tables,
    costs: &UnitCosts,
    fx: &FxBook,
    home: Market,
    (from, to): (usize, usize),
) -> Option<(Route, Said)> {
    let (source, target) = (&inputs.markets[from], &inputs.markets[to]);
    let rate = FxRate { day: inputs.as_of.plus(-1), ..inputs.fx(source.currency, target.currency)? };
    let lanes = &own.lanes.lanes;
    let freight = |start: Market, end: Market, parcel: &Parcel| {
        let (found, _) = cheapest(lanes, (start, end), parcel, &costs.classes, None, (fx, target.currency));
        found.first().map(|c| c.total)
    };
    let straight = freight(source.market, target.market, &costs.parcel);
    let end = if target.market == home { source.market } else { target.market };
    let start = if straight.is_some() { source.market } else { home };
    let end = if straight.is_some() { target.market } else { end };
    let parcel_freight = straight.or_else(|| freight(start, end, &costs.parcel))?;
    let sides = costs.parcel.sides_cm();
    let ten = Decimal::from(BULK);
    let bulk =
        Parcel::new(costs.parcel.weight_kg() * ten, [sides[0], sides[1] * Decimal::TWO, sides[2] * Decimal::from(5)]);
    let each = |total: Money| Money { minor: (total.minor + BULK - 1) / BULK, ..total };
    // Ten that no lane takes travel one by one.
    let bulk_freight = bulk.ok().and_then(|p| freight(start, end, &p)).map_or(parcel_freight, each);
    let union = |m: Market| GROUPS.iter().any(|(g, all)| *g == "EU" && all.split(' ').any(|c| c == m.code()));
    let border = if union(source.market) && union(target.market) { Border::None } else { Border::Customs };
    let duty = match border {
        Border::None => Decimal::ZERO,
        Border::Customs => own.costs.duty(target.market, &costs.hs, home, inputs.as_of)?.rate,
    };
    let free = own.costs.schemes(target.market, home, inputs.as_of).filter(|s| s.duty == SchemeDuty::Free);
    let free_below = free.filter_map(|s| fx.convert(s.threshold, target.currency).ok()).max_by_key(|m| m.minor);
    let (a, b) = (source.market, target.market);
    let said = match straight {
        Some(_) => Said::new("freight by the cheapest lane of the table", "运费取表中最便宜的线路"),
        None => Said::new(
            format!(
                "freight assumed as between {home} and {end}: there is no lane from {a} to {b}, lanes.toml may have one"
            ),
            format!("运费按 {home} 与 {end} 之间假设：没有从 {a} 到 {b} 的线路，可写入 lanes.toml"),
        ),
    };
    let route = Route { from: a, to: b, rate, bulk_freight, parcel_freight, duty, free_below, border };
    Some((route, said))
}

/// `marts.parity`.
pub(super) fn table(rows: &[ParityRow]) -> Result<RecordBatch> {
    let amount = |m: Option<Money>| m.and_then(|m| Amount::from_decimal(m.to_decimal()));
    let code = |m: Option<Money>| m.map(|m| m.currency.to_string());
    Columns::default()
        .text("kind", rows.iter().map(|r| r.kind))
        .text("product_id", rows.iter().map(|r| r.product.as_str()))
        .text("market", rows.iter().map(|r| r.market.code().to_owned()))
        .text("other", rows.iter().map(|r| r.other.as_str()))
        .text("who", rows.iter().map(|r| r.who.unwrap_or("")))
        .optional_amount("price", rows.iter().map(|r| amount(r.price)))?
        .optional_text("currency", rows.iter().map(|r| code(r.price)))
        .optional_amount("reference", rows.iter().map(|r| amount(r.reference)))?
        .optional_text("reference_currency", rows.iter().map(|r| code(r.reference)))
        .optional_float("gap", rows.iter().map(|r| r.gap))
        .optional_amount("gain", rows.iter().map(|r| amount(r.gain)))?
        .optional_amount("closes_at", rows.iter().map(|r| amount(r.closes_at)))?
        .truth("verify", rows.iter().map(|r| r.verify))
        .text("en", rows.iter().map(|r| r.said.en.as_str()))
        .text("zh", rows.iter().map(|r| r.said.zh.as_str()))
        .batch()
}
