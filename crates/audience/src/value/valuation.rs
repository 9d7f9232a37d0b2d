//! From rows of shoppers to what each shopper and each market will be worth.
//!
//! All markets are sampled together ([`super::PooledMarkets`]). A shopper's values are means over the draws of the
//! market's parameters; a market's totals are drawn ahead shopper by shopper ([`super::totals`]), so their intervals hold
//! both the doubt about the market and the chance of what shoppers do. Orders are purchase days: two orders of one
//! day are one.
//!
//! | value | formula |
//! |---|---|
//! | orders of a shopper | mean over draws of P(alive) · E[purchases if alive] |
//! | revenue | orders · expected spend (Gamma-Gamma) |
//! | margin | revenue · margin share of the market |
//! | CLV | discounted revenue, or margin where the share is known, month by month |
//!
//! **Basis.** `Own`: at least nine tenths of what is known of the market's purchase rate come from its own shoppers.
//! `Pooled`: other markets say much of it. `Fallback`: all markets together have fewer shoppers than a figure
//! needs, so what is believed beforehand decides; per-market figures then say "too little data".
//!
//! Cost: sampling (see `pooled_markets`), then 48 expectations a distinct (repeats, age) for the scores, then the totals
//! (see `predict`).

use super::market_value::{MarketValue, figures};
use super::predict::shortest_count;
use super::{
    BuyDraw, Discount, HowFitted, PooledMarkets, PurchaseTable, Purchases, Sampling, Spend, SpendDraw, SpendTable,
    ValueError, totals,
};
use crate::figures::MIN_OBSERVATIONS;
use domain::{Amount, Currency, Day, Interval, Language, Market, Seed, ShopperId};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Purchases of one shopper in one market before the cutoff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueRow {
    /// Who.
    pub shopper: ShopperId,
    /// Where.
    pub market: Market,
    /// Day of the first purchase.
    pub first_day: Day,
    /// Day of the last purchase.
    pub last_day: Day,
    /// Distinct days with a purchase, at least 1.
    pub n_days: u32,
    /// Mean spend of the purchase days after the first, in the reporting currency; `None` without one.
    pub repeat_spend: Option<Amount>,
    /// Revenue of all purchases, in the reporting currency.
    pub revenue: Amount,
}

/// What to value, how far ahead.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueParams {
    /// Days ahead, at least 1.
    pub horizon_days: u32,
    /// Horizon and discount of the CLV.
    pub discount: Discount,
    /// Coverage of the intervals, in (0, 1).
    pub level: f64,
    /// Share of the revenue that is margin, by market; a market that is missing has no margin.
    pub margin_share: BTreeMap<Market, f64>,
    /// How long to sample.
    pub sampling: Sampling,
    /// How many times as fast as the market's the time of a shopper runs, above 0; who is missing has the market's. See
    /// [`super::choose_traits`].
    pub pace: BTreeMap<ShopperId, f64>,
}

impl Default for ValueParams {
    fn default() -> Self {
        Self {
            horizon_days: 90,
            discount: Discount::default(),
            level: 0.9,
            margin_share: BTreeMap::new(),
            sampling: Sampling::default(),
            pace: BTreeMap::new(),
        }
    }
}

/// What a value rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The market's own shoppers.
    Own,
    /// The market's shoppers and other markets.
    Pooled,
    /// What is believed before any data.
    Fallback,
}

impl Basis {
    /// In words, for a page.
    pub fn label(self, language: Language) -> &'static str {
        let (english, chinese) = match self {
            Self::Own => ("this market's own shoppers", "本市场顾客"),
            Self::Pooled => ("this market's shoppers and other markets", "本市场顾客与其他市场合并"),
            Self::Fallback => ("too few shoppers anywhere: prior beliefs", "各市场顾客均过少：先验假设"),
        };
        if language == Language::ZH { chinese } else { english }
    }
}

/// What one shopper will be worth.
#[derive(Clone, Debug, PartialEq)]
pub struct ShopperValue {
    /// Who.
    pub shopper: ShopperId,
    /// Where.
    pub market: Market,
    /// Probability of still being active.
    pub p_alive: f64,
    /// Expected purchase days in the horizon.
    pub orders: f64,
    /// Interval of the number of purchase days.
    pub orders_interval: Interval,
    /// Expected revenue in the horizon; `None` where no market has any spend.
    pub revenue: Option<Amount>,
    /// Interval of the revenue: that of the orders × expected spend of one, so without the spread of single amounts.
    pub revenue_interval: Option<Interval>,
    /// Expected margin in the horizon; `None` without revenue or margin share.
    pub margin: Option<Amount>,
    /// Discounted value: margin where its share is known, else revenue.
    pub clv: Option<Amount>,
    /// What it rests on.
    pub basis: Basis,
}

/// Values of all shoppers and markets.
#[derive(Clone, Debug)]
pub struct Valuation {
    shoppers: Vec<ShopperValue>,
    markets: Vec<MarketValue>,
    pooled: PooledMarkets,
    r_hat: f64,
}

impl Valuation {
    /// In the order of the rows.
    pub fn shoppers(&self) -> &[ShopperValue] {
        &self.shoppers
    }

    /// By market code.
    pub fn markets(&self) -> &[MarketValue] {
        &self.markets
    }

    /// Draws of the markets' parameters, in the same order.
    pub fn pooled(&self) -> &PooledMarkets {
        &self.pooled
    }

    /// Disagreement of the sampling chains: near 1; above 1.1 sample longer.
    pub fn r_hat(&self) -> f64 {
        self.r_hat
    }
}

/// One market's rows in tables.
pub(crate) struct MarketRows {
    pub market: Market,
    /// Positions of its shoppers among the rows.
    pub at: Vec<usize>,
    pub purchases: PurchaseTable,
    pub seen: Vec<Spend>,
}

/// Draws that shoppers are scored with.
const SCORING_DRAWS: usize = 48;

impl ValueParams {
    /// Values the shoppers of `rows`, and the markets of `markets` and of the rows; a market may be without any
    /// shopper. `cutoff` is the first day that may not be seen.
    ///
    /// # Errors
    /// [`ValueError`] for a row that contradicts itself or the cutoff, a parameter outside its range, or no row at all.
    pub fn value(
        &self,
        rows: &[ValueRow],
        markets: &[Market],
        cutoff: Day,
        currency: Currency,
        seed: Seed,
    ) -> Result<Valuation, ValueError> {
        let groups = self.groups(rows, markets, cutoff)?;
        let spend = spend_tables(&groups)?;
        let tables: Vec<PurchaseTable> = groups.iter().map(|g| g.purchases.clone()).collect();
        let pooled = self.sampling.pool(&tables, &spend, seed.derive(1))?;
        let mut shoppers: Vec<Option<ShopperValue>> = vec![None; rows.len()];
        let mut values = Vec::with_capacity(groups.len());
        let weeks = f64::from(self.horizon_days) / 7.0;
        for (g, group) in groups.iter().enumerate() {
            let (buy, spend) = (pooled.buy(g), pooled.spend(g));
            let basis = if (rows.len() as u64) < MIN_OBSERVATIONS {
                Basis::Fallback
            } else if pooled.own_share(g) >= 0.9 {
                Basis::Own
            } else {
                Basis::Pooled
            };
            let margin_share = self.margin_share.get(&group.market).copied();
            let scored = self.score(group, &buy, spend.as_deref(), margin_share, basis, rows);
            let draws = totals(
                &group.purchases,
                &group.seen,
                &buy,
                spend.as_deref(),
                weeks,
                4,
                seed.derive(2).derive(g as u64),
            );
            values.push(figures(self, group, rows.len() as u64, &draws, &buy, spend.as_deref(), basis, currency));
            for (at, value) in group.at.iter().zip(scored) {
                shoppers[*at] = Some(value);
            }
        }
        let r_hat = pooled.r_hat();
        Ok(Valuation { shoppers: shoppers.into_iter().flatten().collect(), markets: values, pooled, r_hat })
    }

    pub(crate) fn groups(
        &self,
        rows: &[ValueRow],
        markets: &[Market],
        cutoff: Day,
    ) -> Result<Vec<MarketRows>, ValueError> {
        self.check()?;
        if rows.is_empty() {
            return Err(ValueError::TooLittleData { what: "shoppers", have: 0, need: 1 });
        }
        let mut at: BTreeMap<Market, Vec<usize>> = markets.iter().map(|m| (*m, Vec::new())).collect();
        let mut known = BTreeSet::new();
        for (i, row) in rows.iter().enumerate() {
            row.check(cutoff)?;
            if !known.insert((row.market, &row.shopper)) {
                return Err(ValueError::Twice(row.shopper.clone()));
            }
            at.entry(row.market).or_default().push(i);
        }
        let group = |(market, at): (Market, Vec<usize>)| {
            let purchases: Vec<Purchases> = at.iter().map(|&i| rows[i].purchases(cutoff)).collect();
            let seen = at.iter().map(|&i| rows[i].spend()).collect();
            let pace: Vec<f64> = at.iter().map(|&i| self.pace.get(&rows[i].shopper).copied().unwrap_or(1.0)).collect();
            Ok(MarketRows { market, purchases: PurchaseTable::paced(&purchases, &pace)?, seen, at })
        };
        at.into_iter().map(group).collect()
    }

    fn check(&self) -> Result<(), ValueError> {
        let wrong = |name, rule, got| Err(ValueError::Param { name, rule, got });
        self.discount.check()?;
        if self.horizon_days == 0 {
            return wrong("horizon_days", "at least 1", 0.0);
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return wrong("level", "between 0 and 1", self.level);
        }
        match self.margin_share.values().find(|share| !(share.is_finite() && **share <= 1.0)) {
            Some(&got) => wrong("margin_share", "at most 1", got),
            None => Ok(()),
        }
    }

    fn score(
        &self,
        group: &MarketRows,
        buy: &[BuyDraw],
        spend: Option<&[SpendDraw]>,
        margin_share: Option<f64>,
        basis: Basis,
        rows: &[ValueRow],
    ) -> Vec<ShopperValue> {
        let weeks = f64::from(self.horizon_days) / 7.0;
        let chosen: Vec<usize> = spread_over(buy.len());
        let of_row = self.score_rows(&group.purchases, &chosen, buy, weeks);
        let shopper = |(i, &at): (usize, &usize)| {
            let row = &of_row[group.purchases.row_of()[i] as usize];
            let each = spend.map(|draws| {
                chosen.iter().map(|&d| expected_spend(&draws[d], &group.seen[i])).sum::<f64>() / chosen.len() as f64
            });
            let amount = |x: f64| Amount::from_micros((x * 1e6).round() as i64);
            let revenue = each.map(|e| row.orders * e);
            let value = each.map(|e| row.discounted * e * margin_share.unwrap_or(1.0));
            ShopperValue {
                shopper: rows[at].shopper.clone(),
                market: group.market,
                p_alive: row.p_alive,
                orders: row.orders,
                orders_interval: row.interval,
                revenue: revenue.map(amount),
                revenue_interval: each.map(|e| Interval {
                    low: row.interval.low * e,
                    high: row.interval.high * e,
                    level: self.level,
                }),
                margin: revenue.zip(margin_share).map(|(r, share)| amount(r * share)),
                clv: value.map(amount),
                basis,
            }
        };
        group.at.par_iter().enumerate().map(shopper).collect()
    }

    /// Expected purchases of the distinct rows, each a mean over some draws.
    pub(crate) fn mean_scores(&self, table: &PurchaseTable, buy: &[BuyDraw], weeks: f64) -> Vec<f64> {
        let chosen = spread_over(buy.len());
        self.score_rows(table, &chosen, buy, weeks).iter().map(|s| s.orders).collect()
    }

    /// Scores of the distinct rows, each a mean over the chosen draws.
    fn score_rows(&self, table: &PurchaseTable, chosen: &[usize], buy: &[BuyDraw], weeks: f64) -> Vec<RowScore> {
        let models: Vec<_> = chosen.iter().map(|&d| buy[d].model()).collect();
        let ends = self.discount.ends();
        let n = models.len() as f64;
        // What a living shopper is expected to do depends on repeats and age: once for neighbours.
        let mut starts: Vec<usize> = Vec::new();
        for i in 0..table.n_rows() {
            let key = |i: usize| (table.rows[i].repeats, table.rows[i].age, table.rows[i].pace);
            if i == 0 || key(i) != key(i - 1) {
                starts.push(i);
            }
        }
        starts.push(table.n_rows());
        let span = |pair: &[usize]| -> Vec<RowScore> {
            let pace = table.pace(pair[0]);
            let living: Vec<(f64, f64, Vec<f64>)> = models
                .iter()
                .map(|m| {
                    let living = m.living(&table.row(pair[0]).0);
                    let expected: Vec<f64> = ends.iter().map(|w| living.purchases(pace * w).mean).collect();
                    let shares = living.distribution(pace * weeks, 1e-4);
                    (living.purchases(pace * weeks).mean, self.discount.purchases(&expected), shares)
                })
                .collect();
            let longest = living.iter().map(|l| l.2.len()).max().unwrap_or(0);
            (pair[0]..pair[1])
                .map(|i| {
                    let p = table.row(i).0;
                    let mut score = RowScore::default();
                    let mut shares = vec![0.0; longest.max(1)];
                    for (model, (orders, discounted, if_alive)) in models.iter().zip(&living) {
                        let p_alive = model.p_alive(&p) / n;
                        score.p_alive += p_alive;
                        score.orders += p_alive * orders;
                        score.discounted += p_alive * discounted;
                        shares[0] += 1.0 / n - p_alive;
                        for (total, share) in shares.iter_mut().zip(if_alive) {
                            *total += p_alive * share;
                        }
                    }
                    // 48 shares of a sum may exceed it in the last bit.
                    score.p_alive = score.p_alive.min(1.0);
                    score.interval = count_interval(&shares, self.level);
                    score
                })
                .collect()
        };
        let spans: Vec<&[usize]> = starts.windows(2).collect();
        let parts: Vec<Vec<RowScore>> = spans.into_par_iter().map(span).collect();
        parts.into_iter().flatten().collect()
    }
}

#[derive(Clone, Copy, Debug)]
struct RowScore {
    p_alive: f64,
    orders: f64,
    discounted: f64,
    interval: Interval,
}

impl Default for RowScore {
    fn default() -> Self {
        Self { p_alive: 0.0, orders: 0.0, discounted: 0.0, interval: Interval { low: 0.0, high: 0.0, level: 0.0 } }
    }
}

/// Up to [`SCORING_DRAWS`] positions, evenly over all draws.
fn spread_over(n: usize) -> Vec<usize> {
    let k = n.min(SCORING_DRAWS);
    (0..k).map(|i| i * n / k).collect()
}

/// Expected spend on one purchase day of a shopper.
pub(crate) fn expected_spend(draw: &SpendDraw, seen: &Spend) -> f64 {
    let x = if seen.mean > 0.0 { f64::from(seen.repeats) } else { 0.0 };
    draw.p * (draw.v + x * seen.mean) / (draw.p * x + draw.q - 1.0)
}

/// The shortest run of counts that holds at least `level` of the probability.
fn count_interval(shares: &[f64], level: f64) -> Interval {
    let (mut low, mut held, mut best) = (0, 0.0, (0, shares.len().saturating_sub(1)));
    for (high, share) in shares.iter().enumerate() {
        held += share;
        while held - shares[low] >= level && low < high {
            held -= shares[low];
            low += 1;
        }
        if held >= level && high - low < best.1 - best.0 {
            best = (low, high);
        }
    }
    Interval { low: best.0 as f64, high: best.1 as f64, level }
}

pub(crate) fn spend_tables(groups: &[MarketRows]) -> Result<Vec<SpendTable>, ValueError> {
    groups.iter().map(|g| SpendTable::new(&g.seen)).collect()
}

impl ValueRow {
    /// Checks one row against itself and the cutoff.
    ///
    /// # Errors
    /// [`ValueError::AfterCutoff`], [`ValueError::Row`].
    pub fn check(&self, cutoff: Day) -> Result<(), ValueError> {
        let wrong = |what| Err(ValueError::Row { shopper: self.shopper.clone(), what });
        if self.last_day >= cutoff {
            let (shopper, last_day) = (self.shopper.clone(), self.last_day);
            return Err(ValueError::AfterCutoff { shopper, last_day, cutoff });
        }
        if self.first_day > self.last_day {
            return wrong("the first purchase has to be on or before the day of the last");
        }
        if self.n_days == 0 {
            return wrong("there has to be at least one purchase day");
        }
        if i64::from(self.n_days) > i64::from(self.last_day.since(self.first_day)) + 1 {
            return wrong("there cannot be more purchase days than days");
        }
        if (self.n_days == 1) != (self.first_day == self.last_day) {
            return wrong("one purchase day means that the first is the last");
        }
        Ok(())
    }

    /// As the models see it. Observation ends with the day before the cutoff.
    pub fn purchases(&self, cutoff: Day) -> Purchases {
        let weeks = |to: Day| f64::from(to.since(self.first_day)) / 7.0;
        Purchases::new(self.n_days - 1, weeks(self.last_day), weeks(cutoff.plus(-1)))
    }

    /// Spend on repeat purchase days; without a positive amount nothing is known of it.
    pub fn spend(&self) -> Spend {
        let mean = self.repeat_spend.map_or(0.0, Amount::to_f64);
        Spend { repeats: if mean > 0.0 { self.n_days - 1 } else { 0 }, mean: mean.max(0.0) }
    }
}

/// How a market's own model would be fitted alone, for the notes beside its figures.
pub(crate) fn own_fit(table: &PurchaseTable) -> Option<HowFitted> {
    use super::{BgNbdParams, PurchaseModel};
    BgNbdParams::default().fit(table).ok().map(|model| model.report().how)
}

/// Interval of a count by draws, for [`figures`].
pub(crate) fn orders_interval(draws: &[f64], level: f64) -> Option<Interval> {
    shortest_count(draws, level)
}
