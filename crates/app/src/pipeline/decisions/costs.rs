//! What a unit costs until it is sold in a market, and the price below which it must not be sold.
//!
//! Each order is taken to cross the border as a parcel from home, by the cheapest lane that takes it; the fees are those of
//! the channel in the settings. At home there is no border: no duty, no low-value scheme. What is missing is said, product by
//! product: nothing is assumed about a cost.

use super::inputs::{Inputs, Product};
use super::tables::Tables;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::landed::{
    Citation, CostTables, DutyRate, FxBook, Landed, LandedCase, LaneTable, MarginFloor, Parcel, Route, UnitCosts,
    cheapest,
};
use decide::own_file::Confidence;
use decide::sellability::{Family, ProductFacts};
use domain::{Amount, Day, Decimal, FxRate, Market, Money, Rounding};
use std::collections::BTreeMap;

/// How costs are put together.
#[derive(Clone, Copy, Debug)]
pub(super) struct CostSettings<'a> {
    pub(super) home: Market,
    /// Share of the net price that has to be left.
    pub(super) margin: Decimal,
    pub(super) channel: &'a str,
    pub(super) insurance: Decimal,
    pub(super) fx_buffer: Decimal,
}

/// A product's cost in a market.
pub(super) struct Costed {
    /// Place in [`Inputs::markets`].
    pub(super) market: usize,
    /// Place in [`Inputs::products`].
    pub(super) product: usize,
    pub(super) landed: Landed,
    pub(super) floor: MarginFloor,
    /// The lane's name and its days, half and nine of ten.
    pub(super) lane: String,
    pub(super) days: (u16, u16),
}

/// Costs of every product that one can be told of; the others with the reason, each with the number of products.
pub(super) fn costs(
    inputs: &Inputs,
    own: &Tables,
    facts: &[ProductFacts],
    settings: CostSettings<'_>,
) -> (Vec<Costed>, BTreeMap<(Market, String), usize>) {
    let (mut all, mut refused) = (Vec::new(), BTreeMap::new());
    let fx = rates(inputs);
    let tables = &with_no_border_at_home(own.costs.clone(), settings.home);
    let lanes = &own.lanes;
    for market in 0..inputs.markets.len() {
        for (product, facts) in facts.iter().enumerate() {
            match cost(inputs, (tables, lanes), facts, &fx, settings, (market, product)) {
                Ok(costed) => all.push(costed),
                Err(why) => *refused.entry((inputs.markets[market].market, why)).or_default() += 1,
            }
        }
    }
    (all, refused)
}

/// Every currency of the lake against the reporting currency.
pub(super) fn rates(inputs: &Inputs) -> FxBook {
    let pairs = inputs.currencies().filter(|c| *c != inputs.base).filter_map(|c| inputs.fx(c, inputs.base));
    FxBook::on(inputs.as_of, pairs.collect::<Vec<FxRate>>())
}

/// HS code of what crosses no border: in no nomenclature.
const AT_HOME: &str = "00";

fn with_no_border_at_home(mut tables: CostTables, home: Market) -> CostTables {
    let cite = Citation {
        id: "no-border".to_owned(),
        from: Day(0),
        source: "goods that cross no border pay no duty".to_owned(),
        confidence: Confidence::Stated,
    };
    let (markets, origins) = (vec![home], vec![home]);
    tables.duties.push(DutyRate { markets, hs: AT_HOME.to_owned(), origins, rate: Decimal::ZERO, until: None, cite });
    tables
}

/// The chapter of the tariff that most goods of a family stand in: what a product's own code would say better.
pub(super) fn chapter(family: Option<Family>) -> &'static str {
    match family {
        Some(Family::Appliance | Family::Electronics) => "85",
        Some(Family::Cosmetic) => "33",
        Some(Family::Apparel) => "62",
        Some(Family::Toy) => "95",
        // "All other goods" of the tables.
        Some(Family::Household | Family::Controlled) | None => "99",
    }
}

fn cost(
    inputs: &Inputs,
    (tables, lanes): (&CostTables, &LaneTable),
    facts: &ProductFacts,
    fx: &FxBook,
    settings: CostSettings<'_>,
    (market, product): (usize, usize),
) -> Result<Costed, String> {
    let (place, row) = (&inputs.markets[market], &inputs.products[product]);
    let hs = if place.market == settings.home { AT_HOME } else { chapter(facts.family) };
    let unit = unit(row, facts, settings.home, hs)?;
    let channel = tables
        .channel(settings.channel, place.market, inputs.as_of)
        .ok_or_else(|| format!("there is no channel `{}` in the tables of costs", settings.channel))?;
    let route = (settings.home, place.market);
    let (found, no) = cheapest(&lanes.lanes, route, &unit.parcel, &unit.classes, None, (fx, place.currency));
    let Some(best) = found.first() else {
        return Err(no.first().map_or_else(
            || format!("no lane from {} to {}: lanes.toml may have one", settings.home, place.market),
            // The measures of each product would make a line each.
            |_| "too large, too heavy or of a class that no lane takes".to_owned(),
        ));
    };
    let case = LandedCase {
        market: place.market,
        currency: place.currency,
        day: inputs.as_of,
        route: if place.market == settings.home { Route::Stock } else { Route::Parcel },
        costs: &unit,
        lane: best.lane,
        tables,
        channel,
        fx,
        insurance: settings.insurance,
        fx_buffer: settings.fx_buffer,
    };
    let landed = case.prepare().map_err(|e| e.to_string())?;
    let floor = landed.floor(settings.margin).map_err(|e| e.to_string())?;
    let days = landed.days;
    let lane = format!("{}, {}–{} d", best.lane.carrier, days.0, days.1);
    Ok(Costed { market, product, landed, floor, lane, days })
}

pub(super) fn unit(row: &Product, facts: &ProductFacts, home: Market, hs: &str) -> Result<UnitCosts, String> {
    let (amount, currency) = row.cost.ok_or("its cost is not known")?;
    let goods = Money::from_decimal(amount.to_decimal(), currency, Rounding::HalfUp).map_err(|e| e.to_string())?;
    let weight = row.weight_kg.ok_or("its weight is not known")?;
    let sides = row.size_cm.ok_or("its size is not known")?;
    let parcel = Parcel::from_catalogue(weight, sides).map_err(|e| e.to_string())?;
    let classes = facts.transport_classes();
    Ok(UnitCosts { goods, inland: None, hs: hs.to_owned(), origin: home, parcel, classes })
}

/// `marts.landed_costs`: what the price is made of at the given price of each, the price itself last.
pub(super) fn table(inputs: &Inputs, rows: &[(&Costed, Money)]) -> Result<RecordBatch> {
    struct Row<'a> {
        costed: &'a Costed,
        place: i64,
        part: (String, String),
        amount: Amount,
        how: String,
    }
    let mut all = Vec::new();
    for (costed, price) in rows {
        let Ok(bill) = costed.landed.bill(*price) else { continue };
        let mut add = |part: (String, String), amount: Money, how: String| {
            let amount = Amount::from_decimal(amount.to_decimal()).unwrap_or(Amount::ZERO);
            all.push(Row { costed, place: 0, part, amount, how });
        };
        for part in &bill.parts {
            if part.amount.minor != 0 {
                let said = part.kind.said();
                add((said.en, said.zh), part.amount, part.formula.clone());
            }
        }
        let how = format!("sum of the parts; {}", costed.landed.source());
        add(("price".to_owned(), "售价".to_owned()), bill.price, how);
    }
    let mut last = None;
    let mut place = 0;
    for row in &mut all {
        let key = (row.costed.market, row.costed.product);
        place = if last == Some(key) { place + 1 } else { 1 };
        last = Some(key);
        row.place = place;
    }
    let currency = |r: &Row<'_>| inputs.markets[r.costed.market].currency.to_string();
    Columns::default()
        .text("market", all.iter().map(|r| inputs.markets[r.costed.market].market.code().to_owned()))
        .text("product_id", all.iter().map(|r| inputs.products[r.costed.product].id.as_str()))
        .int("place", all.iter().map(|r| r.place))
        .text("part", all.iter().map(|r| r.part.0.as_str()))
        .text("zh", all.iter().map(|r| r.part.1.as_str()))
        .amount("amount", all.iter().map(|r| r.amount))?
        .text("currency", all.iter().map(currency))
        .text("how", all.iter().map(|r| r.how.as_str()))
        .text("lane", all.iter().map(|r| r.costed.lane.as_str()))
        .batch()
}
