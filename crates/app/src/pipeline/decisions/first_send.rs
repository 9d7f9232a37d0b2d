//! How much of each product to send to a market at first: one order that has to last, weighed between what a unit too few and
//! a unit too many cost ([`decide::stock::newsvendor`]).
//!
//! Demand is the market's own forecast where there is one (it may rest on a lent season), else by analogy with the market that sells most
//! of the product ([`decide::stock::analogy`]). The weeks are those of the forecast. A unit too few loses its margin; one too many loses a
//! stated share of what it cost to land.

use super::costs::Costed;
use super::demand::{Demand, HORIZON, LEVEL, first_week};
use super::inputs::Inputs;
use super::prices::PriceRow;
use super::sell::Verdict;
use crate::pipeline::batch::Columns;
use anyhow::Result;
use arrow::array::RecordBatch;
use decide::Said;
use decide::stock::analogy::{Analogy, analogy};
use decide::stock::newsvendor::{Allocation, Demand as Wanted, allocate_first};
use domain::{Market, Money};
use std::collections::{BTreeMap, BTreeSet};

/// Last weeks over which markets are compared.
const COMPARED: i32 = 26;

/// What to send of one product.
pub(super) struct FirstRow {
    market: usize,
    product: usize,
    on_hand: Option<i64>,
    allocation: Allocation,
    demand: (f64, f64, f64),
    /// own, lent or analogy.
    basis: &'static str,
    source: Option<Market>,
    /// Minor units to major ones.
    scale: f64,
    said: Said,
}

impl FirstRow {
    pub(super) fn is_of(&self, market: usize) -> bool {
        self.market == market
    }

    /// Units to send beside what is there.
    pub(super) fn send(&self) -> u64 {
        let there = self.on_hand.unwrap_or(0).max(0).unsigned_abs();
        self.allocation.units.saturating_sub(there)
    }
}

/// What first orders follow from.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) demand: &'a Demand,
    pub(super) costs: &'a [Costed],
    pub(super) prices: &'a [PriceRow],
    pub(super) verdicts: &'a [Verdict],
    /// Share of the landed cost that a unit left over loses.
    pub(super) left_over: f64,
}

/// Rows of every market, and markets where nothing can be said by analogy.
pub(super) fn first_send(given: Given<'_>) -> Result<(Vec<FirstRow>, Vec<Market>)> {
    let inputs = given.inputs;
    let weekly = weekly(inputs);
    let priced: BTreeMap<(usize, usize), Money> =
        given.prices.iter().filter_map(|r| Some(((r.market, r.product), r.price()?))).collect();
    let (mut rows, mut untold) = (Vec::new(), Vec::new());
    for market in 0..inputs.markets.len() {
        let place = &inputs.markets[market];
        let compared: BTreeMap<usize, Analogy> = (0..inputs.markets.len())
            .filter(|other| *other != market)
            .filter_map(|other| Some((other, analogy(&shared(&weekly, market, other))?)))
            .collect();
        if compared.is_empty() {
            untold.push(place.market);
        }
        let blocked = |v: &&Verdict| v.market == place.market && v.explained.code == "blocked";
        let barred: BTreeSet<usize> = given.verdicts.iter().filter(blocked).map(|v| v.product).collect();
        let scale = 10_f64.powi(i32::try_from(place.currency.exponent())?);
        for costed in given.costs.iter().filter(|c| c.market == market && !barred.contains(&c.product)) {
            let product = costed.product;
            let Some((wanted, basis, source, told)) = wanted(given, &weekly, &compared, (market, product))? else {
                continue;
            };
            // Without a price of its own it is sold at its floor or above: the least margin is what is known.
            let price = priced.get(&(market, product)).copied().filter(|p| p.minor >= costed.floor.floor.minor);
            let price = price.unwrap_or(costed.floor.floor);
            let (under, bill) = (costed.landed.margin(price)?, costed.landed.bill(price)?);
            let over = (bill.landed_cost().minor as f64 * given.left_over).round().max(1.0) as i64;
            if under.minor <= 0 {
                continue;
            }
            let allocation = allocate_first(&wanted, under, Money { minor: over, ..under })?;
            let on_hand = inputs.stock.units(&inputs.products[product].id, place.market);
            let (low, high) = (quantile(&wanted, 0.05), quantile(&wanted, 0.95));
            let over = Money { minor: over, ..under };
            let said = Said::new(
                format!(
                    "{} units for {HORIZON} weeks: a unit too few loses {under}, one too many {over}, so they are to be enough in {:.0} of 100 cases; {}",
                    allocation.units,
                    100.0 * allocation.critical_ratio,
                    told.en
                ),
                format!(
                    "{HORIZON} 周共 {} 件：少一件损失 {under}，多一件损失 {over}，因此应在 {:.0} % 的情形下够用；{}",
                    allocation.units,
                    100.0 * allocation.critical_ratio,
                    told.zh
                ),
            );
            rows.push(FirstRow {
                market,
                product,
                on_hand,
                allocation,
                demand: (wanted.mean(), low, high),
                basis,
                source,
                scale,
                said,
            });
        }
    }
    Ok((rows, untold))
}

type Told = (Wanted, &'static str, Option<Market>, Said);

fn wanted(
    given: Given<'_>,
    weekly: &BTreeMap<(usize, usize), f64>,
    compared: &BTreeMap<usize, Analogy>,
    (market, product): (usize, usize),
) -> Result<Option<Told>> {
    let inputs = given.inputs;
    if let Some(forecast) = given.demand.products.get(&(market, product)) {
        let ends = forecast.total.1.first().copied().filter(|(low, high)| high > low && *high > 0.0);
        let Some((low, high)) = ends.filter(|_| forecast.total.0 > 0.0) else { return Ok(None) };
        let spread = Wanted::of_interval(low.max(0.0), high, LEVEL)?;
        // The interval's log-normal has a mean of its own: the forecast's is kept, the width is the interval's.
        let Wanted::LogNormal { mean, sd } = spread else { return Ok(None) };
        let own = forecast.total.0;
        let wanted = Wanted::LogNormal { mean: own, sd: sd / mean * own };
        let lent = given.demand.lent.get(&(market, product));
        let said = match lent {
            Some(lent) => lent.said.clone(),
            None => Said::new("by the market's own weeks", "依据本市场自身数据"),
        };
        let source = lent.and_then(|l| l.source);
        let basis = match source {
            _ if inputs.carried.contains_key(&(market, product)) => "analogy",
            Some(_) => "lent",
            None => "own",
        };
        return Ok(Some((wanted, basis, source, said)));
    }
    // What was offered here and hardly sold has a demand of its own: nothing is borrowed for it.
    if weekly.contains_key(&(market, product)) {
        return Ok(None);
    }
    let sold = |other: &usize| given.demand.products.get(&(*other, product)).map(|f| f.total.0).filter(|t| *t > 0.0);
    let best = compared.iter().filter_map(|(other, a)| Some((*other, a, sold(other)?)));
    let Some((other, known, there)) = best.max_by(|a, b| a.2.total_cmp(&b.2).then(b.0.cmp(&a.0))) else {
        return Ok(None);
    };
    let source = inputs.markets[other].market;
    let (middle, times) = (known.median(there), known.spread.exp());
    let said = Said::new(
        format!(
            "never sold here; {source} is to sell {there:.0}, and by the {} products sold in both what sells that much there sells {middle:.0} here, {:.0} to {:.0} for two of three",
            known.n,
            middle / times,
            middle * times
        ),
        format!(
            "此前未在此销售；{source} 预计售出 {there:.0} 件，依两地共售的 {} 个商品，在该市场售出这么多的商品在本市场约售出 {middle:.0} 件（三分之二在 {:.0} 至 {:.0} 件之间）",
            known.n,
            middle / times,
            middle * times
        ),
    );
    Ok(Some((known.demand(there)?, "analogy", Some(source), said)))
}

/// Units a week of the last weeks, by place of market and product; products ever sold there and not in those weeks have 0.
pub(super) fn weekly(inputs: &Inputs) -> BTreeMap<(usize, usize), f64> {
    let until = first_week(inputs);
    let mut found: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for week in inputs.weeks.iter().filter(|w| w.week < until) {
        let units = found.entry((week.market, week.product)).or_default();
        if until.since(week.week) <= 7 * COMPARED {
            *units += week.units as f64 / f64::from(COMPARED);
        }
    }
    found
}

/// Units of as many weeks as are planned for, of what both markets sell, here and there.
pub(super) fn shared(weekly: &BTreeMap<(usize, usize), f64>, here: usize, there: usize) -> Vec<(f64, f64)> {
    let of = |market: usize| weekly.range((market, 0)..=(market, usize::MAX));
    let counted = |units: &f64| units * f64::from(COMPARED);
    of(here)
        .filter_map(|((_, product), units)| Some((counted(units), counted(weekly.get(&(there, *product))?))))
        .collect()
}

/// By halving: the distribution has no inverse of its own here.
fn quantile(wanted: &Wanted, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, wanted.mean().max(1.0));
    while wanted.chance_of_at_most(high) < p && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if wanted.chance_of_at_most(middle) < p { low = middle } else { high = middle }
    }
    high
}

/// `marts.first_send`.
pub(super) fn table(inputs: &Inputs, rows: &[FirstRow]) -> Result<RecordBatch> {
    let units = |r: &FirstRow| i64::try_from(r.allocation.units).unwrap_or(i64::MAX);
    Columns::default()
        .text("market", rows.iter().map(|r| inputs.markets[r.market].market.code().to_owned()))
        .text("product_id", rows.iter().map(|r| inputs.products[r.product].id.as_str()))
        .int("weeks", rows.iter().map(|_| HORIZON as i64))
        .int("units", rows.iter().map(units))
        .optional_int("on_hand", rows.iter().map(|r| r.on_hand))
        .int("send", rows.iter().map(|r| (units(r) - r.on_hand.unwrap_or(0).max(0)).max(0)))
        .float("enough", rows.iter().map(|r| r.allocation.critical_ratio))
        .float("demand", rows.iter().map(|r| r.demand.0))
        .float("low", rows.iter().map(|r| r.demand.1))
        .float("high", rows.iter().map(|r| r.demand.2))
        .text("basis", rows.iter().map(|r| r.basis))
        .optional_text("source", rows.iter().map(|r| r.source.map(|m| m.code().to_owned())))
        .float("sold", rows.iter().map(|r| r.allocation.sold))
        .float("left", rows.iter().map(|r| r.allocation.left))
        .float("margin", rows.iter().map(|r| r.allocation.profit / r.scale))
        .text("currency", rows.iter().map(|r| inputs.markets[r.market].currency.to_string()))
        .text("en", rows.iter().map(|r| r.said.en.as_str()))
        .text("zh", rows.iter().map(|r| r.said.zh.as_str()))
        .batch()
}
