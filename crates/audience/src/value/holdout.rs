//! Was the forecast right? The last days are hidden, forecast, and then counted.
//!
//! Two tables of the same shape are needed: rows before an earlier cutoff, and rows before the present one. What a
//! shopper bought in between is the difference of their purchase days; shoppers who came later are not forecast and not
//! counted. The naive forecast beside it goes on at each shopper's own past rate, `repeats / age × weeks`.

use super::predict::{shortest_count, totals};
use super::{ValueError, ValueParams, ValueRow};
use crate::figures::MIN_OBSERVATIONS;
use domain::{Day, Figure, Market, Seed, ShopperId, Unit};
use std::collections::BTreeMap;

/// How a forecast of one market came out.
#[derive(Clone, Debug, PartialEq)]
pub struct FitQuality {
    /// Where.
    pub market: Market,
    /// Purchase days that were forecast. Key `value.holdout_expected`.
    pub expected: Figure,
    /// Purchase days that there were. Key `value.holdout_actual`.
    pub actual: Figure,
    /// Mean absolute error a shopper. Key `value.holdout_mae`.
    pub error: Figure,
    /// That of the naive forecast. Key `value.holdout_naive_mae`.
    pub naive_error: Figure,
    /// Whether the interval held the actual number; `None` without a shopper.
    pub inside: Option<bool>,
}

impl ValueParams {
    /// Forecasts the days from `cutoff` to `until` from the rows before `cutoff`, and compares with the rows before
    /// `until`. Markets by code.
    ///
    /// # Errors
    /// As [`ValueParams::value`]; [`ValueError::Param`] where `until` is not after `cutoff`, [`ValueError::Row`] where a
    /// shopper has fewer purchase days later than before.
    pub fn fit_quality(
        &self,
        before: &[ValueRow],
        cutoff: Day,
        after: &[ValueRow],
        until: Day,
        seed: Seed,
    ) -> Result<Vec<FitQuality>, ValueError> {
        let days = until.since(cutoff);
        if days < 1 {
            return Err(ValueError::Param { name: "until", rule: "after the cutoff", got: f64::from(days) });
        }
        let later: BTreeMap<(Market, &ShopperId), u32> =
            after.iter().map(|r| ((r.market, &r.shopper), r.n_days)).collect();
        let groups = self.groups(before, &[], cutoff)?;
        let tables: Vec<_> = groups.iter().map(|g| g.purchases.clone()).collect();
        let pooled = self.sampling.pool(&tables, &super::valuation::spend_tables(&groups)?, seed.derive(1))?;
        let weeks = f64::from(days) / 7.0;
        let quality = |(g, group): (usize, &super::valuation::MarketRows)| {
            let mut actual = Vec::with_capacity(group.at.len());
            for &at in &group.at {
                let row = &before[at];
                let now = later.get(&(row.market, &row.shopper)).copied().unwrap_or(row.n_days);
                let what = "there cannot be fewer purchase days later than before";
                let gained = now.checked_sub(row.n_days);
                actual.push(f64::from(gained.ok_or_else(|| ValueError::Row { shopper: row.shopper.clone(), what })?));
            }
            let buy = pooled.buy(g);
            let drawn = totals(&group.purchases, &group.seen, &buy, None, weeks, 4, seed.derive(2).derive(g as u64));
            let expected = self.mean_scores(&group.purchases, &buy, weeks);
            let n = group.at.len();
            let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / n as f64;
            let rows = group.purchases.row_of();
            let error = mean(&mut rows.iter().zip(&actual).map(|(&r, a)| (expected[r as usize] - a).abs()));
            let naive = mean(&mut rows.iter().zip(&actual).map(|(&r, a)| {
                let (p, _) = group.purchases.row(r as usize);
                let rate = if p.age > 0.0 { f64::from(p.repeats) / p.age } else { 0.0 };
                (rate * weeks * group.purchases.pace(r as usize) - a).abs()
            }));
            let total: f64 = actual.iter().sum();
            let interval = shortest_count(&drawn.orders, self.level);
            let figure = |key, unit, value, formula: String| {
                Figure::number(key, unit, value, n as u64, 0)
                    .formula(formula)
                    .source(format!("rows before {cutoff} and before {until}"))
            };
            let sum: f64 = rows.iter().map(|&r| expected[r as usize]).sum();
            let forecast = figure(
                "value.holdout_expected",
                Unit::Count,
                sum,
                format!("sum over shoppers of P(alive) × expected purchase days in {days} days"),
            );
            let shown = |key, value| {
                let formula = "mean over shoppers of |forecast - purchase days|".to_owned();
                let mut figure = figure(key, Unit::Ratio, value, formula);
                if (n as u64) < MIN_OBSERVATIONS {
                    figure.value = domain::FigureValue::TooLittleData { have: n as u64, need: MIN_OBSERVATIONS };
                }
                figure
            };
            Ok(FitQuality {
                market: group.market,
                expected: match interval {
                    Some(i) => forecast.interval(i.low, i.high, i.level),
                    None => forecast,
                },
                actual: figure(
                    "value.holdout_actual",
                    Unit::Count,
                    total,
                    format!("purchase days of the same shoppers in these {days} days"),
                ),
                error: shown("value.holdout_mae", error),
                naive_error: shown("value.holdout_naive_mae", naive),
                inside: interval.filter(|_| n > 0).map(|i| i.low <= total && total <= i.high),
            })
        };
        groups.iter().enumerate().map(quality).collect()
    }
}
