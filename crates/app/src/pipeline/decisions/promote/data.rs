//! What promotions rest on besides prices and demand: which weeks were promoted and how deep, what was asked day by day, what
//! orders came to, and what is bought together.

use super::super::demand::{first_week, one};
use super::super::inputs::{Inputs, MarketSales};
use super::super::prices::{PriceRow, money};
use crate::pipeline::rows::Rows;
use anyhow::Result;
use audience::rules::set_names;
use decide::promotion::prior_price::{PriceKind, PricePoint};
use decide::promotion::uplift::{Lift, own_lift};
use domain::{Day, Decimal, Market};
use lake::Engine;
use std::collections::{BTreeMap, BTreeSet};

/// Share of a week's lines that has to be reduced for the week to count as promoted.
const PROMOTED: f64 = 0.5;
/// Days of own prices that are looked at: the rule's 30 and what sparse sales need before them.
const HISTORY: i32 = 400;

/// Weeks with the share of lines sold below their list price, and how far below.
const REDUCED: &str = "\
select market, currency, product_id, cast(date_trunc('week', day) as date) as week,
  avg(case when cast(amount as double) < 0.99 * quantity * cast(unit_price as double) then 1.0 else 0.0 end) as promoted,
  1 - sum(cast(amount as double)) / sum(quantity * cast(unit_price as double)) as depth
from clean.order_lines where settled and not repeat and product_id is not null
group by market, currency, product_id, date_trunc('week', day) order by market, product_id, week, currency";

/// What was asked on a day: the list price, and the reduced one where most lines of the day had one.
const ASKED: &str = "\
select market, currency, product_id, day, min(cast(unit_price as double)) as list,
  min(cast(amount as double) / quantity) as paid,
  avg(case when cast(amount as double) < 0.99 * quantity * cast(unit_price as double) then 1.0 else 0.0 end) as promoted
from clean.order_lines where settled and not repeat and product_id is not null and day >= ";

const ORDERS: &str = "\
select market, currency, order_key, sum(cast(amount as double)) as total from clean.order_lines
where settled and not repeat group by market, currency, order_key order by market, currency, order_key";

const RULES: &str = "select market, antecedent, consequent, support_count, confidence, lift from marts.rules \
order by market, lift desc, antecedent, consequent";

/// What is bought together, by place of product.
pub(super) struct Rule {
    pub(super) market: usize,
    pub(super) first: Vec<usize>,
    pub(super) then: Vec<usize>,
    pub(super) with_all: u64,
    pub(super) first_alone: u64,
}

/// All of it, by place of market and product.
pub(crate) struct History {
    /// Lift of own promotions with their mean depth.
    pub(super) lifts: BTreeMap<(usize, usize), (Lift, Decimal)>,
    pub(super) asked: BTreeMap<(usize, usize), Vec<PricePoint>>,
    /// Totals of orders in minor units, by place of market.
    pub(super) orders: BTreeMap<usize, Vec<f64>>,
    pub(super) rules: Vec<Rule>,
    /// Lifts of other markets than these, with their mean depth and the market, by place of product.
    elsewhere: BTreeMap<usize, (Lift, Decimal, Market)>,
}

impl History {
    pub(crate) async fn load(engine: &Engine, inputs: &Inputs) -> Result<Self> {
        let at: BTreeMap<&str, usize> = inputs.products.iter().enumerate().map(|(i, p)| (p.id.as_str(), i)).collect();
        Ok(Self {
            lifts: lifts(engine, inputs, &at).await?,
            asked: asked(engine, inputs, &at).await?,
            orders: orders(engine, inputs).await?,
            rules: rules(engine, inputs, &at).await?,
            elsewhere: BTreeMap::new(),
        })
    }

    /// Of markets where nothing was sold yet: what promotions did in the `served` ones, and the prices that are to be asked from a day on.
    pub(crate) fn of_entered(&self, served: &[MarketSales], prices: &[PriceRow], from: Day) -> Self {
        let known: BTreeSet<usize> = self.lifts.keys().map(|(_, product)| *product).collect();
        let none = usize::MAX;
        let lift = |product: usize| Some((product, self.borrowed((none, product), served)?));
        let asked = |row: &PriceRow| {
            let price = row.price()?;
            Some(((row.market, row.product), vec![PricePoint { from, price, kind: PriceKind::Regular }]))
        };
        Self {
            lifts: BTreeMap::new(),
            asked: prices.iter().filter_map(asked).collect(),
            orders: BTreeMap::new(),
            rules: Vec::new(),
            elsewhere: known.into_iter().filter_map(lift).collect(),
        }
    }

    /// The lift of the same product in the other market with most promotions, and that market.
    pub(super) fn borrowed(
        &self,
        (market, product): (usize, usize),
        markets: &[MarketSales],
    ) -> Option<(Lift, Decimal, Market)> {
        if let Some(found) = self.elsewhere.get(&product) {
            return Some(*found);
        }
        let others = (0..markets.len()).filter(|other| *other != market);
        let found = others.filter_map(|other| Some((other, self.lifts.get(&(other, product))?)));
        let most = found.max_by_key(|(other, (lift, _))| (lift.n, std::cmp::Reverse(*other)));
        most.map(|(other, (lift, depth))| (*lift, *depth, markets[other].market))
    }
}

/// The place of a row's market, if the row is in the market's currency: prices of others do not compare.
fn place(inputs: &Inputs, market: domain::Market, currency: &str) -> Option<usize> {
    let at = inputs.markets.iter().position(|m| m.market == market)?;
    (inputs.markets[at].currency.code() == currency).then_some(at)
}

async fn lifts(
    engine: &Engine,
    inputs: &Inputs,
    at: &BTreeMap<&str, usize>,
) -> Result<BTreeMap<(usize, usize), (Lift, Decimal)>> {
    let rows = Rows::query(engine, REDUCED).await?;
    let (markets, currencies, ids) = (rows.markets("market")?, rows.texts("currency")?, rows.texts("product_id")?);
    let (weeks, promoted, depth) = (rows.days("week")?, rows.floats("promoted")?, rows.floats("depth")?);
    let mut reduced: BTreeMap<(usize, usize), BTreeMap<Day, f64>> = BTreeMap::new();
    for i in 0..ids.len() {
        let (Some(market), Some(&product)) = (place(inputs, markets[i], &currencies[i]), at.get(ids[i].as_str()))
        else {
            continue;
        };
        if promoted[i].is_some_and(|p| p >= PROMOTED)
            && let Some(depth) = depth[i].filter(|d| *d > 0.0 && *d < 1.0)
        {
            reduced.entry((market, product)).or_default().insert(weeks[i], depth);
        }
    }
    let until = first_week(inputs);
    let mut sold: BTreeMap<(usize, usize), BTreeMap<Day, (f64, f64)>> = BTreeMap::new();
    for week in inputs.weeks.iter().filter(|w| w.week < until) {
        let key = (week.market, week.product);
        if reduced.contains_key(&key) {
            sold.entry(key).or_default().insert(week.week, (week.units as f64, week.price));
        }
    }
    let mut found = BTreeMap::new();
    for (key, weeks) in sold {
        let Some(mut series) = one(u32::try_from(key.1)?, &weeks, until) else { continue };
        let depths = &reduced[&key];
        for t in 0..series.units.len() {
            let week = series.first.plus(7 * i32::try_from(t)?);
            series.promoted[t] = f64::from(u8::from(depths.contains_key(&week)));
        }
        let mean = depths.values().sum::<f64>() / depths.len() as f64;
        if let (Some(lift), Ok(depth)) = (own_lift(&series), Decimal::try_from(mean)) {
            found.insert(key, (lift, depth));
        }
    }
    Ok(found)
}

async fn asked(
    engine: &Engine,
    inputs: &Inputs,
    at: &BTreeMap<&str, usize>,
) -> Result<BTreeMap<(usize, usize), Vec<PricePoint>>> {
    let from = inputs.as_of.plus(-HISTORY);
    let sql = format!(
        "{ASKED}cast('{from}' as date) group by market, currency, product_id, day order by market, product_id, day, currency"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (markets, currencies, ids) = (rows.markets("market")?, rows.texts("currency")?, rows.texts("product_id")?);
    let (days, list) = (rows.days("day")?, rows.floats("list")?);
    let (paid, promoted) = (rows.floats("paid")?, rows.floats("promoted")?);
    let mut all: BTreeMap<(usize, usize), Vec<PricePoint>> = BTreeMap::new();
    for i in 0..ids.len() {
        let (Some(market), Some(&product)) = (place(inputs, markets[i], &currencies[i]), at.get(ids[i].as_str()))
        else {
            continue;
        };
        let reduced = promoted[i].is_some_and(|p| p >= PROMOTED);
        let price = if reduced { paid[i] } else { list[i] };
        let Some(price) = price.and_then(|x| money(x, inputs.markets[market].currency)).filter(|m| m.minor > 0) else {
            continue;
        };
        let kind = if reduced { PriceKind::Reduced } else { PriceKind::Regular };
        let points = all.entry((market, product)).or_default();
        // A price holds until the next one that was seen.
        if points.last().is_none_or(|last| (last.price, last.kind) != (price, kind) && last.from < days[i]) {
            points.push(PricePoint { from: days[i], price, kind });
        }
    }
    Ok(all)
}

async fn orders(engine: &Engine, inputs: &Inputs) -> Result<BTreeMap<usize, Vec<f64>>> {
    let rows = Rows::query(engine, ORDERS).await?;
    let (markets, currencies, totals) = (rows.markets("market")?, rows.texts("currency")?, rows.floats("total")?);
    let mut all: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for i in 0..totals.len() {
        if let (Some(market), Some(total)) = (place(inputs, markets[i], &currencies[i]), totals[i]) {
            let minor = 10_f64.powi(i32::try_from(inputs.markets[market].currency.exponent())?);
            all.entry(market).or_default().push(total * minor);
        }
    }
    Ok(all)
}

async fn rules(engine: &Engine, inputs: &Inputs, at: &BTreeMap<&str, usize>) -> Result<Vec<Rule>> {
    let rows = Rows::query(engine, RULES).await?;
    let (markets, first, then) = (rows.markets("market")?, rows.texts("antecedent")?, rows.texts("consequent")?);
    let (support, confidence) = (rows.ints("support_count")?, rows.floats("confidence")?);
    let lift = rows.floats("lift")?;
    let places =
        |text: &str| -> Option<Vec<usize>> { set_names(text).iter().map(|id| at.get(id.as_str()).copied()).collect() };
    let mut all = Vec::new();
    for i in 0..first.len() {
        let market = inputs.markets.iter().position(|m| m.market == markets[i]);
        let (Some(market), Some(a), Some(b)) = (market, places(&first[i]), places(&then[i])) else { continue };
        let (Some(confidence), true) = (confidence[i].filter(|c| *c > 0.0), lift[i].is_some_and(|l| l > 1.0)) else {
            continue;
        };
        let with_all = support[i].unsigned_abs();
        let with_first = (with_all as f64 / confidence).round() as u64;
        let first_alone = with_first.saturating_sub(with_all);
        all.push(Rule { market, first: a, then: b, with_all, first_alone });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    /// Two served markets know the lift of product 7; the one with more promotions is asked, by a market that neither of them is.
    #[test]
    fn a_market_to_be_entered_borrows_from_the_served_one_with_most_promotions() {
        let lift = |n: usize| (Lift { factor: 2.0, low: 1.5, high: 3.0, n }, Decimal::new(15, 2));
        let place =
            |code: &str| MarketSales { market: code.parse().unwrap(), currency: Currency::new(*b"EUR"), last: Day(0) };
        let own = History {
            lifts: [((0, 7), lift(4)), ((1, 7), lift(9)), ((1, 8), lift(5))].into(),
            asked: BTreeMap::new(),
            orders: BTreeMap::new(),
            rules: Vec::new(),
            elsewhere: BTreeMap::new(),
        };
        let there = own.of_entered(&[place("DE"), place("FR")], &[], Day(20));
        let candidates = [place("GB")];
        let (found, depth, market) = there.borrowed((0, 7), &candidates).unwrap();
        assert_eq!((found.n, depth, market), (9, Decimal::new(15, 2), place("FR").market));
        assert!(there.borrowed((0, 8), &candidates).is_some() && there.borrowed((0, 6), &candidates).is_none());
        assert!(there.lifts.is_empty() && there.orders.is_empty(), "nothing of it is its own");
    }
}
