//! What a unit costs until it is sold in a market, and the price below which it must not be sold.
//!
//! Where the seller counts stock for a market, goods are taken to come in bulk and each order to be sent inside the market;
//! elsewhere each order crosses the border as a parcel from home ([`Way`], or `route` in the settings). Always the cheapest
//! lane that takes it; the fees are those of the channel in the settings. At home there is no border: no duty, no low-value
//! scheme. The tariff's code is the one that the catalogue states, else the usual one of the product's kind, else "all other
//! goods", and the bill says which. What is missing is said, product by product: nothing is assumed about a cost.

use super::inputs::{Inputs, Product};
use super::tables::Tables;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::landed::{
    Citation, CostTables, DutyRate, FxBook, Landed, LandedCase, LaneTable, Load, MarginFloor, Parcel, PartKind, Route,
    UnitCosts, cheapest, cheapest_of,
};
use decide::own_file::Confidence;
use decide::sellability::{Kinds, ProductFacts};
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
    /// How goods reach buyers abroad; `None` where the stock tells.
    pub(super) route: Option<Route>,
}

/// How goods reach the buyers of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// At home: no border.
    Home,
    /// From home, order by order.
    Parcel,
    /// In bulk to a warehouse, then order by order.
    Stock,
}

/// A product's cost in a market.
pub(super) struct Costed {
    /// Place in [`Inputs::markets`].
    pub(super) market: usize,
    /// Place in [`Inputs::products`].
    pub(super) product: usize,
    pub(super) landed: Landed,
    pub(super) floor: MarginFloor,
    /// The lanes by name and days.
    pub(super) lane: String,
    /// What the duty's code rests on.
    pub(super) hs: String,
}

impl Costed {
    /// Days from an order to the door, half and nine of ten.
    pub(super) fn days(&self) -> (u16, u16) {
        self.landed.days
    }

    /// Days from home to where the market is supplied from, half and nine of ten.
    pub(super) fn supply_days(&self) -> (u16, u16) {
        self.landed.supply_days
    }

    /// The same where stock goes in bulk and a parcel goes on inside the market; `None` where one lane goes to the door.
    pub(super) fn bulk_days(&self) -> Option<(u16, u16)> {
        (self.supply_days() != self.days()).then_some(self.supply_days())
    }
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
    let own = &Own { tables, lanes: &own.lanes, kinds: own.rules.kinds(), fx: &fx, settings };
    for market in 0..inputs.markets.len() {
        let way = way(inputs, settings, market);
        for (product, facts) in facts.iter().enumerate() {
            match cost(inputs, own, facts, way, (market, product)) {
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

/// What costs are reckoned by, the same for all.
struct Own<'a> {
    tables: &'a CostTables,
    lanes: &'a LaneTable,
    kinds: &'a Kinds,
    fx: &'a FxBook,
    settings: CostSettings<'a>,
}

/// Stock that somebody counted for the market lies there.
fn way(inputs: &Inputs, settings: CostSettings<'_>, market: usize) -> Way {
    let market = inputs.markets[market].market;
    match settings.route {
        _ if market == settings.home => Way::Home,
        Some(Route::Parcel) => Way::Parcel,
        Some(Route::Stock) => Way::Stock,
        None if inputs.stock.is_kept_in(market) => Way::Stock,
        None => Way::Parcel,
    }
}

/// "All other goods" of the tables.
const OTHER: &str = "99";

/// The tariff's code, and what it rests on.
pub(super) fn tariff(row: &Product, facts: &ProductFacts, kinds: &Kinds) -> (String, String) {
    let stated: String = row.hs.iter().flat_map(|hs| hs.chars()).filter(char::is_ascii_digit).collect();
    let usual = facts.kind.and_then(|idx| kinds.get(idx)).and_then(|kind| Some((kind.hs.clone()?, &kind.said.en)));
    match usual {
        _ if (2..=14).contains(&stated.len()) => (stated.clone(), format!("HS {stated} as stated")),
        Some((hs, kind)) => (hs.clone(), format!("HS {hs} is usual for {kind}, verify")),
        None => (OTHER.to_owned(), "HS code unknown: the rate of all other goods, verify".to_owned()),
    }
}

fn cost(
    inputs: &Inputs,
    own: &Own<'_>,
    facts: &ProductFacts,
    way: Way,
    (market, product): (usize, usize),
) -> Result<Costed, String> {
    let (place, row, settings) = (&inputs.markets[market], &inputs.products[product], own.settings);
    let (hs, said) = match way {
        Way::Home => (AT_HOME.to_owned(), "no border, no duty".to_owned()),
        Way::Parcel | Way::Stock => tariff(row, facts, own.kinds),
    };
    let unit = unit(row, facts, settings.home, hs)?;
    let channel = own
        .tables
        .channel(settings.channel, place.market, inputs.as_of)
        .ok_or_else(|| format!("there is no channel `{}` in the tables of costs", settings.channel))?;
    let lanes = &own.lanes.lanes;
    let fx = (own.fx, place.currency);
    let (there, abroad) = ((place.market, place.market), (settings.home, place.market));
    // What no ship takes in bulk, or nobody carries inside the market, is sent order by order like everywhere else.
    let stocked = || {
        let (bulk, _) = cheapest_of(Load::Bulk, lanes, abroad, &unit.parcel, &unit.classes, None, fx);
        let (door, _) = cheapest(lanes, there, &unit.parcel, &unit.classes, None, fx);
        Some((bulk.first()?.lane, Some(door.first()?.lane)))
    };
    let (lane, last_mile) = match (way == Way::Stock).then(stocked).flatten() {
        Some(both) => both,
        None => {
            let (found, no) = cheapest(lanes, abroad, &unit.parcel, &unit.classes, None, fx);
            let none = || match no.first() {
                None => format!("no lane from {} to {}: lanes.toml may have one", settings.home, place.market),
                // The measures of each product would make a line each.
                Some(_) => "too large, too heavy or of a class that no lane takes".to_owned(),
            };
            (found.first().ok_or_else(none)?.lane, None)
        }
    };
    let case = LandedCase {
        market: place.market,
        currency: place.currency,
        day: inputs.as_of,
        route: if way == Way::Home || last_mile.is_some() { Route::Stock } else { Route::Parcel },
        costs: &unit,
        lane,
        last_mile,
        tables: own.tables,
        channel,
        fx: own.fx,
        insurance: settings.insurance,
        fx_buffer: settings.fx_buffer,
    };
    let landed = case.prepare().map_err(|e| e.to_string())?;
    let floor = landed.floor(settings.margin).map_err(|e| e.to_string())?;
    let named = |lane: &decide::landed::Lane| format!("{}, {}–{} d", lane.carrier, lane.days_p50, lane.days_p90);
    let lane = last_mile.map_or_else(|| named(lane), |last| format!("{}; then {}", named(lane), named(last)));
    Ok(Costed { market, product, landed, floor, lane, hs: said })
}

pub(super) fn unit(row: &Product, facts: &ProductFacts, home: Market, hs: String) -> Result<UnitCosts, String> {
    let (amount, currency) = row.cost.ok_or("its cost is not known")?;
    let goods = Money::from_decimal(amount.to_decimal(), currency, Rounding::HalfUp).map_err(|e| e.to_string())?;
    let weight = row.weight_kg.ok_or("its weight is not known")?;
    let sides = row.size_cm.ok_or("its size is not known")?;
    let parcel = Parcel::from_catalogue(weight, sides).map_err(|e| e.to_string())?;
    let classes = facts.transport_classes();
    Ok(UnitCosts { goods, inland: None, hs, origin: home, parcel, classes })
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
                let how = match part.kind {
                    PartKind::Duty => format!("{}; {}", part.formula, costed.hs),
                    _ => part.formula.clone(),
                };
                add((said.en, said.zh), part.amount, how);
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

#[cfg(test)]
mod tests {
    use super::*;
    use decide::sellability::CatalogueRow;

    #[test]
    fn a_stated_code_goes_before_the_usual_one_of_the_kind_and_that_before_none() {
        let kinds = Kinds::built_in();
        let said = |name: &str, hs: Option<&str>| {
            let row = CatalogueRow { name, ..CatalogueRow::default() };
            let facts = ProductFacts::from_catalogue(&row, &kinds);
            let product = Product {
                id: "A".to_owned(),
                name: name.to_owned(),
                description: String::new(),
                category: String::new(),
                voltage_v: None,
                plug: None,
                stated: Default::default(),
                battery_wh: None,
                wattage_w: None,
                size_cm: None,
                weight_kg: None,
                hs: hs.map(str::to_owned),
                cost: None,
            };
            tariff(&product, &facts, &kinds)
        };
        assert_eq!(said("Kettle", Some("8516.79 70")), ("85167970".to_owned(), "HS 85167970 as stated".to_owned()));
        let usual = ("851679".to_owned(), "HS 851679 is usual for electric kettle, verify".to_owned());
        assert_eq!(said("Kettle", None), usual);
        assert_eq!(said("Kettle", Some("?")), usual, "what has no digits is no code");
        assert_eq!(said("Zzyzx", None).0, OTHER);
    }
}
