//! All that a market sells, as a rehearsal plays it: its best sellers and what the plan moves one by one, and the rest as one.
//!
//! Those played one by one have forecasts of their own, drawn to that of the market. The *rest* are the other products whose cost and price
//! are known: their share of the units of late times the market's forecast, with its interval, at what a unit of them brought and cost
//! on the whole in those weeks. A market's margin is that of both. Products without a known cost are in neither, and the advertising
//! that is set against the margin is the share of sales of those with one.

use super::costs::Costed;
use super::demand::{HORIZON, LEVEL, first_week};
use super::inputs::ProductWeek;
use super::outcome::{Decided, Play};
use super::prices::money;
use super::promote::PromoRow;
use anyhow::Result;
use decide::price::elasticity::Basis;
use decide::rehearsal::{Delivery, Estimate, Product, Promoted};
use domain::Money;
use std::collections::{BTreeMap, BTreeSet};

/// Best sellers that are played one by one, and the most others that are: those whose price or promotion the plan moves, the best
/// sellers of them first.
const PRODUCTS: usize = 150;
const MOVED: usize = 350;

/// What a unit that is left after the weeks played is still worth, as a share of its landed cost, where stock runs out: it will be sold
/// later, after a quarter of a year's usual cost of holding goods, a quarter of their worth a year.
const KEPT_FOR_LATER: f64 = 0.94;

/// What is played of a market.
pub(super) struct Assortment {
    /// What is played one by one, with places in [`super::inputs::Inputs::products`].
    own: Vec<(usize, Product)>,
    /// Every product whose price, cost and demand are known, best sellers first.
    pub(super) listed: Vec<Listed>,
    rest: Option<Product>,
    /// Share of the market's sales of late that both together have.
    pub(super) covered: f64,
}

impl Assortment {
    /// Best sellers and the rest.
    pub(super) fn all(&self) -> Vec<Product> {
        self.own.iter().map(|(_, p)| p).chain(&self.rest).cloned().collect()
    }

    /// The same with the stock of now, for the products whose stock somebody counted; the others never run out. Empty where
    /// nothing was counted.
    pub(super) fn stocked(&self, d: Decided<'_>, at: usize) -> Vec<Product> {
        let advised: BTreeMap<usize, &super::when::StockRow> =
            d.stock.iter().filter(|r| r.market == at).map(|r| (r.product, r)).collect();
        let lead: BTreeMap<usize, usize> = d
            .costs
            .iter()
            .filter(|c| c.market == at)
            .map(|c| (c.product, (f64::from(c.supply_days().0) / 7.0).ceil() as usize))
            .collect();
        let mut counted = false;
        let mut products: Vec<Product> = Vec::new();
        for (place, product) in &self.own {
            let mut product = product.clone();
            let row = advised.get(place);
            if let Some((row, on_hand)) = row.and_then(|row| Some((row, row.on_hand?))) {
                counted = true;
                product.salvage = KEPT_FOR_LATER;
                let lead = lead.get(place).copied().unwrap_or(4);
                product.stock = on_hand.max(0) as f64;
                let first = row.send.unwrap_or(0).max(0) as f64;
                let first = Delivery { week: lead, units: first };
                // A pile is sold off before anything is sent after it.
                let later = (lead + 1..HORIZON).filter(|_| row.state != "over");
                let later = later.map(|week| Delivery { week, units: product.demand[week - lead].mean });
                product.deliveries =
                    std::iter::once(first).filter(|d| d.units > 0.0 && d.week < HORIZON).chain(later).collect();
            }
            products.push(product);
        }
        products.extend(self.rest.clone());
        if counted { products } else { Vec::new() }
    }
}

/// A product whose price, cost and demand are known, in the reporting currency.
pub(super) struct Listed {
    /// Place in [`super::inputs::Inputs::products`].
    pub(super) place: usize,
    pub(super) product: Product,
    /// Margin of a unit at the price of now.
    pub(super) margin_now: f64,
    /// Prices now and planned, in the market's currency.
    pub(super) now: Money,
    pub(super) asked: Money,
    /// What the answer to price rests on.
    pub(super) basis: Basis,
    /// Whether the plan changes what it sells, whatever prices are played.
    moves: bool,
}

/// Everything that a market sells and whose cost is known.
pub(super) fn assortment(d: Decided<'_>, at: usize) -> Result<Assortment> {
    let listed = listed(d, at)?;
    let moves: Vec<bool> = listed.iter().map(|l| l.moves).collect();
    let one = |at: usize| (listed[at].place, listed[at].product.clone());
    let own: Vec<(usize, Product)> = one_by_one(&moves).map(one).collect();
    let played: BTreeSet<usize> = own.iter().map(|(product, _)| *product).collect();
    let late = Late::of(d, at, &played)?;
    let rest = late.rest(d, at);
    Ok(Assortment { covered: late.covered(d, at), own, listed, rest })
}

/// Places of those played one by one, of products from the best seller down of which it is known whether the plan moves them.
fn one_by_one(moves: &[bool]) -> impl Iterator<Item = usize> {
    let others = moves.iter().enumerate().skip(PRODUCTS).filter(|(_, moves)| **moves).map(|(at, _)| at);
    (0..moves.len().min(PRODUCTS)).chain(others.take(MOVED))
}

/// Sums over the weeks of late, in the reporting currency.
#[derive(Default)]
struct Late {
    /// Units of everything, and of what is neither played nor without a cost.
    all: f64,
    rest: f64,
    /// Of the rest: what was paid, what is left of it after taxes and fees, what it cost to land.
    paid: f64,
    kept: f64,
    landed: f64,
    /// Paid for everything whose cost is known.
    with_cost: f64,
}

impl Late {
    fn of(d: Decided<'_>, at: usize, played: &BTreeSet<usize>) -> Result<Self> {
        let place = &d.inputs.markets[at];
        let Some(rate) = d.inputs.rate(place.currency, d.inputs.base) else { return Ok(Self::default()) };
        let scale = rate / 10_f64.powi(place.currency.exponent() as i32);
        let costed: BTreeMap<usize, &Costed> =
            d.costs.iter().filter(|c| c.market == at).map(|c| (c.product, c)).collect();
        let mut sums = Self::default();
        for week in d.inputs.weeks.iter().filter(|w| of_late(d, at, w)) {
            let units = week.units as f64;
            sums.all += units;
            let (Some(costed), Some(price)) = (costed.get(&week.product), money(week.price, place.currency)) else {
                continue;
            };
            let (Ok(bill), Ok(margin)) = (costed.landed.bill(price), costed.landed.margin(price)) else { continue };
            let paid = units * price.minor as f64 * scale;
            sums.with_cost += paid;
            if !played.contains(&week.product) {
                let cost = bill.landed_cost().minor as f64;
                sums.rest += units;
                sums.paid += paid;
                sums.landed += units * cost * scale;
                sums.kept += units * (margin.minor as f64 + cost) * scale;
            }
        }
        Ok(sums)
    }

    fn rest(&self, d: Decided<'_>, at: usize) -> Option<Product> {
        let (kept, price, cost) = (self.kept / self.paid, self.paid / self.rest, self.landed / self.rest);
        let forecast = d.demand.units.get(&at)?;
        let band = forecast.bands.first()?;
        if self.rest <= 0.0 || !(kept > 0.0 && kept <= 1.0) || cost <= 0.0 || forecast.mean.len() < HORIZON {
            return None;
        }
        let share = self.rest / self.all;
        let demand: Vec<Estimate> = (0..HORIZON)
            .map(|i| {
                let mean = forecast.mean[i].max(0.0) * share;
                let (low, high) = (band.low[i].max(0.0) * share, band.high[i] * share);
                Estimate { mean, low: low.min(mean), high: high.max(mean), level: LEVEL }
            })
            .collect();
        let stock = 3.0 * demand.iter().map(|e| e.high).sum::<f64>() + 10.0;
        Some(Product {
            name: "everything else".to_owned(),
            demand,
            reference_price: price,
            price: vec![price; HORIZON],
            kept,
            landed_cost: cost,
            elasticity: None,
            promoted: None,
            stock,
            deliveries: Vec::new(),
            salvage: 1.0,
        })
    }

    fn covered(&self, d: Decided<'_>, at: usize) -> f64 {
        let until = first_week(d.inputs);
        let late = |week: domain::Day| week < until && until.since(week) <= 7 * HORIZON as i32;
        let market = d.inputs.markets[at].market;
        let sales: f64 = d.inputs.sales.iter().filter(|w| w.market == market && late(w.week)).map(|w| w.sales).sum();
        if sales > 0.0 { (self.with_cost / sales).min(1.0) } else { 1.0 }
    }
}

fn of_late(d: Decided<'_>, at: usize, week: &ProductWeek) -> bool {
    let until = first_week(d.inputs);
    week.market == at && week.week < until && until.since(week.week) <= 7 * HORIZON as i32
}

/// The products of a market whose price, cost and demand are known, best sellers first.
fn listed(d: Decided<'_>, at: usize) -> Result<Vec<Listed>> {
    let place = &d.inputs.markets[at];
    let Some(rate) = d.inputs.rate(place.currency, d.inputs.base) else { return Ok(Vec::new()) };
    let units = 10_f64.powi(place.currency.exponent() as i32);
    let major = |minor: i64| minor as f64 / units * rate;
    let costed: BTreeMap<usize, &Costed> = d.costs.iter().filter(|c| c.market == at).map(|c| (c.product, c)).collect();
    let paying: BTreeMap<usize, &PromoRow> = d
        .promotions
        .iter()
        .filter(|r| r.market == at && (r.kind, r.verdict) == ("limited", "pays"))
        .filter_map(|r| Some((*r.products.first()?, r)))
        .collect();
    let drawn = to_the_total(d, at);
    let mut products: Vec<(f64, Listed)> = Vec::new();
    for row in d.prices.iter().filter(|r| r.market == at) {
        let (Some(costed), Some(forecast)) = (costed.get(&row.product), d.demand.products.get(&(at, row.product)))
        else {
            continue;
        };
        let (Some(now), Some(advised)) = (row.now.or_else(|| row.price()), row.price()) else { continue };
        // Where nobody knows how demand answers, the plan is played at the present price.
        let known = d.answers.of((at, row.product));
        let answer = known.and_then(|e| Some((e.shown?, e.interval()?)));
        let moves = answer.is_some() && advised != now;
        let answer = answer.filter(|_| d.play == Play::Advised);
        let price = if answer.is_some() { advised } else { now };
        let Ok(bill) = costed.landed.bill(price) else { continue };
        let cost = bill.landed_cost().minor;
        let margin = costed.landed.margin(price)?.minor;
        let kept = (margin + cost) as f64 / price.minor as f64;
        let Some(band) = forecast.bands.first() else { continue };
        let demand: Vec<Estimate> = (0..HORIZON.min(forecast.mean.len()))
            .map(|i| {
                let mean = forecast.mean[i].max(0.0) * drawn;
                let (low, high) = (band.low[i].max(0.0) * drawn, band.high[i] * drawn);
                Estimate { mean, low: low.min(mean), high: high.max(mean), level: LEVEL }
            })
            .collect();
        if demand.len() < HORIZON || kept <= 0.0 || kept > 1.0 || cost <= 0 {
            continue;
        }
        let elasticity = answer.map(|(e, (low, high))| Estimate { mean: e.value, low, high, level: 0.95 });
        let high: f64 = demand.iter().map(|e| e.high).sum();
        let expected = demand.iter().map(|e| e.mean).sum();
        let promoted = paying.get(&row.product).and_then(|promo| promoted(promo, forecast.first, &major));
        let product = Product {
            name: d.inputs.products[row.product].id.clone(),
            demand,
            reference_price: major(now.minor),
            price: vec![major(price.minor); HORIZON],
            kept,
            landed_cost: major(cost),
            // A lift that follows from the elasticity needs it.
            promoted: promoted.filter(|p| p.lift.is_some() || elasticity.is_some()),
            elasticity,
            // Stock has its own advice: here everything that is asked for is there, and what is left keeps its worth.
            stock: 3.0 * high + 10.0,
            deliveries: Vec::new(),
            salvage: 1.0,
        };
        let listed = Listed {
            place: row.product,
            product,
            margin_now: major(costed.landed.margin(now)?.minor),
            now,
            asked: price,
            basis: known.map_or(Basis::Refused, |e| e.basis),
            moves: moves || paying.contains_key(&row.product),
        };
        products.push((expected, listed));
    }
    products.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.product.name.cmp(&b.1.product.name)));
    Ok(products.into_iter().map(|(_, listed)| listed).collect())
}

/// A discount that is known to pay, in the weeks of a forecast.
fn promoted(promo: &PromoRow, first: domain::Day, major: &impl Fn(i64) -> f64) -> Option<Promoted> {
    let (days, list, price) = (promo.days?, promo.list?, promo.price?);
    let share = |week: usize| {
        let from = first.plus(7 * week as i32);
        let (from, to) = (from.0.max(days.from.0), (from.0 + 7).min(days.to.0));
        f64::from((to - from).max(0)) / 7.0
    };
    // One of no promotions is the elasticity's.
    let lift = promo.lift.filter(|l| l.n > 0);
    let lift = lift.map(|l| Estimate { mean: l.factor, low: l.low.max(0.0), high: l.high, level: LEVEL });
    let share: Vec<f64> = (0..HORIZON).map(share).collect();
    let reached = share.iter().any(|s| *s > 0.0);
    reached.then(|| Promoted { share, list: major(list.minor), price: major(price.minor), lift })
}

/// Factor that draws the forecasts of single products to that of the market: a sum says more about a season or a growth than
/// hundreds of small series, whose forecasts added up miss it. The total counts as far as those products sold of late.
fn to_the_total(d: Decided<'_>, at: usize) -> f64 {
    /// Sums further apart than this are not of the same thing.
    const MOST: f64 = 2.0;
    let Some(total) = d.demand.units.get(&at).map(|f| f.total.0.max(0.0)) else { return 1.0 };
    let of_market = d.demand.products.range((at, 0)..(at + 1, 0));
    let (foreseen, sum) = of_market.fold((BTreeSet::new(), 0.0), |(mut ids, sum), ((_, product), f)| {
        ids.insert(*product);
        (ids, sum + f.mean.iter().map(|x| x.max(0.0)).sum::<f64>())
    });
    let (mut of_these, mut of_all) = (0.0, 0.0);
    for week in d.inputs.weeks.iter().filter(|w| of_late(d, at, w)) {
        of_all += week.units as f64;
        of_these += if foreseen.contains(&week.product) { week.units as f64 } else { 0.0 };
    }
    let factor = total * of_these / of_all / sum;
    if factor.is_finite() { factor.clamp(1.0 / MOST, MOST) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_plan_moves_is_played_however_little_of_it_sells() {
        let mut moves = vec![false; 1_000];
        moves[3] = true;
        moves[700] = true;
        let played: Vec<usize> = one_by_one(&moves).collect();
        assert_eq!(played, (0..PRODUCTS).chain([700]).collect::<Vec<_>>());
        assert_eq!(one_by_one(&[true; 1_000]).count(), PRODUCTS + MOVED);
        assert_eq!(one_by_one(&[false; 20]).count(), 20);
    }
}
