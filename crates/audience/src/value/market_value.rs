//! What a market will be worth, as figures that say where they come from.

use super::predict::{Totals, shortest};
use super::valuation::{Basis, MarketRows, ValueParams, orders_interval, own_fit};
use super::{BuyDraw, HowFitted, SpendDraw};
use crate::figures::MIN_OBSERVATIONS;
use domain::{Currency, Decimal, Figure, FigureValue, Interval, Market, Money, Rounding, Unit};
use rayon::prelude::*;

/// What one market will be worth in the horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketValue {
    /// Where.
    pub market: Market,
    /// Shoppers it has.
    pub n_shoppers: u64,
    /// What the figures rest on.
    pub basis: Basis,
    /// How a model of this market alone would come out; `None` without a shopper or any time observed.
    pub own_fit: Option<HowFitted>,
    /// Purchase days in the horizon. Key `value.orders`.
    pub orders: Figure,
    /// Revenue in the horizon. Key `value.revenue`.
    pub revenue: Figure,
    /// Margin in the horizon; undefined without a margin share. Key `value.margin`.
    pub margin: Figure,
    /// Mean discounted value of a shopper. Key `value.clv_mean`.
    pub clv_mean: Figure,
    /// Share of the shoppers who are still active. Key `value.share_alive`.
    pub share_alive: Figure,
    /// Purchase days of a new shopper in the horizon, the first left out. Key `value.newcomer_orders`.
    pub newcomer_orders: Figure,
    /// Revenue of a new shopper in the horizon, the first purchase left out. Key `value.newcomer_revenue`.
    pub newcomer_revenue: Figure,
}

/// Draws of a figure, turned into one.
struct Draws<'a> {
    key: &'static str,
    unit: Unit,
    values: &'a [f64],
    interval: Option<Interval>,
    formula: String,
}

#[expect(clippy::too_many_arguments, reason = "one caller, which has all of it at hand")]
pub(crate) fn figures(
    params: &ValueParams,
    group: &MarketRows,
    n_all: u64,
    draws: &Totals,
    buy: &[BuyDraw],
    spend: Option<&[SpendDraw]>,
    basis: Basis,
    currency: Currency,
) -> MarketValue {
    let n = group.at.len() as u64;
    let level = params.level;
    let days = params.horizon_days;
    let weeks = f64::from(days) / 7.0;
    let percent = level * 100.0;
    let figure = |d: Draws| {
        let mean = d.values.iter().sum::<f64>() / d.values.len() as f64;
        let mut figure = Figure::number(d.key, d.unit, mean, n_all, MIN_OBSERVATIONS);
        if let (Unit::Money, FigureValue::Number(x)) = (d.unit, figure.value) {
            figure.value = Decimal::from_f64_retain(x)
                .and_then(|x| Money::from_decimal(x, currency, Rounding::HalfEven).ok())
                .map_or(FigureValue::Undefined, FigureValue::Money);
        }
        figure.n = n;
        let source = format!("BG/NBD and Gamma-Gamma of all markets together, {} shoppers here, {n_all} in all", n);
        let figure = figure.formula(d.formula).source(source);
        match d.interval {
            Some(i) => figure.interval(i.low, i.high, i.level),
            None => figure,
        }
    };
    let money = |key, values: &[f64], formula: String| {
        figure(Draws { key, unit: Unit::Money, values, interval: shortest(values, level), formula })
    };
    let share = params.margin_share.get(&group.market).copied();
    let margins: Vec<f64> = share.map_or_else(Vec::new, |s| draws.revenue.iter().map(|r| r * s).collect());
    let one = |key, unit, value: Option<f64>, interval, formula: String| {
        let values: Vec<f64> = value.into_iter().collect();
        figure(Draws { key, unit, values: &values, interval, formula })
    };
    // Doubt about the market only: the mean over its shoppers, a draw of the parameters each.
    let alive = shares_alive(group, buy);
    let clv = clv_means(params, group, buy, spend, share.unwrap_or(1.0));
    let newcomer: Vec<f64> = buy
        .iter()
        .map(|d| d.model())
        .map(|m| {
            let (p, l) = m.newcomer();
            p * l.purchases(weeks).mean
        })
        .collect();
    let newcomer_spend: Vec<f64> =
        spend.map_or_else(Vec::new, |s| newcomer.iter().zip(s.iter().cycle()).map(|(n, s)| n * s.mean()).collect());
    let worth = if share.is_some() { "margin" } else { "revenue" };
    MarketValue {
        market: group.market,
        n_shoppers: n,
        basis,
        own_fit: own_fit(&group.purchases),
        orders: figure(Draws {
            key: "value.orders",
            unit: Unit::Count,
            values: &draws.orders,
            interval: orders_interval(&draws.orders, level),
            formula: format!(
                "sum over shoppers of P(alive) × expected purchase days in {days} days; {percent} % interval of the total"
            ),
        }),
        revenue: money(
            "value.revenue",
            &draws.revenue,
            format!("sum over shoppers of purchase days in {days} days × spend; {percent} % interval of the total"),
        ),
        margin: money(
            "value.margin",
            &margins,
            match share {
                Some(s) => format!("revenue in {days} days × margin share {s:.3}; {percent} % interval"),
                None => "revenue × margin share, which is not known".to_owned(),
            },
        ),
        clv_mean: money(
            "value.clv_mean",
            &clv,
            format!(
                "mean over shoppers of Σ months 1 to {}: expected {worth} of the month / (1 + {})^month; {percent} % interval",
                params.discount.months, params.discount.monthly
            ),
        ),
        share_alive: one(
            "value.share_alive",
            Unit::Share,
            mean(&alive),
            shortest(&alive, level),
            format!("mean over shoppers of P(alive); {percent} % interval"),
        ),
        newcomer_orders: figure(Draws {
            key: "value.newcomer_orders",
            unit: Unit::Count,
            values: &newcomer,
            interval: shortest(&newcomer, level),
            formula: format!(
                "expected purchase days in the first {days} days, the first one left out; {percent} % interval of the expectation"
            ),
        }),
        newcomer_revenue: money(
            "value.newcomer_revenue",
            &newcomer_spend,
            format!(
                "expected purchase days of a new shopper in {days} days × mean spend; {percent} % interval of the expectation"
            ),
        ),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Draws used for means over shoppers: enough for the ends of an interval.
const MEAN_DRAWS: usize = 200;

fn shares_alive(group: &MarketRows, buy: &[BuyDraw]) -> Vec<f64> {
    let table = &group.purchases;
    if table.n_rows() == 0 {
        return Vec::new();
    }
    let share = |draw: &BuyDraw| {
        let model = draw.model();
        let sum: f64 = (0..table.n_rows())
            .map(|i| {
                let (p, n) = table.row(i);
                n * model.p_alive(&p)
            })
            .sum();
        sum / table.n_shoppers()
    };
    thinned(buy).into_par_iter().map(share).collect()
}

fn thinned<T>(draws: &[T]) -> Vec<&T> {
    draws.iter().step_by((draws.len() / MEAN_DRAWS).max(1)).collect()
}

fn clv_means(
    params: &ValueParams,
    group: &MarketRows,
    buy: &[BuyDraw],
    spend: Option<&[SpendDraw]>,
    share: f64,
) -> Vec<f64> {
    let everybody = vec![Some(0); group.at.len()];
    clv_means_of(params, group, buy, spend, share, &everybody, 1).into_iter().next().unwrap_or_default()
}

/// Draws of the mean discounted value of each part of a market's shoppers: one mean a part for each draw of the parameters.
/// `part_of` is the part of each shopper of the group, in its order; a part of nobody has no draws.
pub(super) fn clv_means_of(
    params: &ValueParams,
    group: &MarketRows,
    buy: &[BuyDraw],
    spend: Option<&[SpendDraw]>,
    share: f64,
    part_of: &[Option<usize>],
    n_parts: usize,
) -> Vec<Vec<f64>> {
    let mut shoppers = vec![0.0; n_parts];
    part_of.iter().flatten().for_each(|&part| shoppers[part] += 1.0);
    let Some(spend) = spend.filter(|_| group.purchases.n_rows() > 0) else { return vec![Vec::new(); n_parts] };
    let table = &group.purchases;
    let ends = params.discount.ends();
    let means = |(buy, spend): (&BuyDraw, &SpendDraw)| {
        let model = buy.model();
        let mut last = None;
        let rows: Vec<f64> = (0..table.n_rows())
            .map(|i| {
                let (p, _) = table.row(i);
                let key = (p.repeats, p.age, table.pace(i));
                let discounted = match last {
                    Some((seen, discounted)) if seen == key => discounted,
                    _ => {
                        let living = model.living(&p);
                        let expected: Vec<f64> =
                            ends.iter().map(|w| living.purchases(table.pace(i) * w).mean).collect();
                        params.discount.purchases(&expected)
                    }
                };
                last = Some((key, discounted));
                model.p_alive(&p) * discounted
            })
            .collect();
        let mut sums = vec![0.0; n_parts];
        for ((&row, seen), part) in table.row_of().iter().zip(&group.seen).zip(part_of) {
            if let Some(part) = *part {
                sums[part] += rows[row as usize] * super::valuation::expected_spend(spend, seen);
            }
        }
        sums.iter().zip(&shoppers).map(|(sum, n)| share * sum / n).collect::<Vec<f64>>()
    };
    let draws: Vec<Vec<f64>> = thinned(buy).into_par_iter().zip(thinned(spend)).map(means).collect();
    let of = |part: usize| if shoppers[part] > 0.0 { draws.iter().map(|d| d[part]).collect() } else { Vec::new() };
    (0..n_parts).map(of).collect()
}
