//! What the parts of a market's shoppers are worth: the mean lifetime value of each segment, with the interval of that mean.
//!
//! The draws are those of the market's parameters ([`super::Valuation::pooled`]), so a part of few shoppers in a market of few
//! leans on the other markets exactly as its market does. The interval holds the doubt about the market, not the chance of
//! what each shopper happens to do: it is that of an expectation. Cost: the draws × distinct rows, as for a market's mean.

use super::market_value::clv_means_of;
use super::predict::shortest;
use super::{Basis, Valuation, ValueError, ValueParams, ValueRow};
use domain::{Day, Interval, Market, ShopperId};
use std::collections::BTreeMap;

/// One part of a market.
#[derive(Clone, Debug, PartialEq)]
pub struct PartValue {
    /// Where.
    pub market: Market,
    /// Which part.
    pub part: String,
    /// Shoppers in it.
    pub n_shoppers: u64,
    /// Mean discounted value of one of them: margin where its share is known, else sales; reporting currency.
    pub clv: f64,
    /// Shortest interval of that mean, of the level of the parameters.
    pub interval: Interval,
    /// What it rests on.
    pub basis: Basis,
}

impl ValueParams {
    /// Mean values of the parts that `part_of` names. Shoppers that it does not know are in none; `rows`, `markets` and
    /// `cutoff` are those that `valued` was made from. Parts by market and name; nothing where no spend is known.
    ///
    /// # Errors
    /// As [`ValueParams::value`].
    pub fn parts(
        &self,
        valued: &Valuation,
        rows: &[ValueRow],
        markets: &[Market],
        cutoff: Day,
        part_of: &BTreeMap<ShopperId, String>,
    ) -> Result<Vec<PartValue>, ValueError> {
        let mut all = Vec::new();
        for (g, group) in self.groups(rows, markets, cutoff)?.iter().enumerate() {
            let Some(basis) = valued.markets().iter().find(|m| m.market == group.market).map(|m| m.basis) else {
                continue;
            };
            let name = |at: &usize| part_of.get(&rows[*at].shopper);
            let mut names: Vec<&String> = group.at.iter().filter_map(name).collect();
            names.sort_unstable();
            names.dedup();
            let of: Vec<Option<usize>> =
                group.at.iter().map(|at| name(at).and_then(|part| names.binary_search(&part).ok())).collect();
            let (buy, spend) = (valued.pooled().buy(g), valued.pooled().spend(g));
            let share = self.margin_share.get(&group.market).copied().unwrap_or(1.0);
            let draws = clv_means_of(self, group, &buy, spend.as_deref(), share, &of, names.len());
            for (part, draws) in draws.iter().enumerate() {
                let Some(interval) = shortest(draws, self.level) else { continue };
                all.push(PartValue {
                    market: group.market,
                    part: names[part].clone(),
                    n_shoppers: of.iter().filter(|p| **p == Some(part)).count() as u64,
                    clv: draws.iter().sum::<f64>() / draws.len() as f64,
                    interval,
                    basis,
                });
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Sampling;
    use domain::{Amount, Currency, Seed};

    fn row(i: usize, n_days: u32, last: i32, euros: i64) -> ValueRow {
        ValueRow {
            shopper: ShopperId::new(format!("s{i:03}")),
            market: if i.is_multiple_of(4) { "DE" } else { "FR" }.parse().unwrap(),
            first_day: Day(20_000 + (i % 30) as i32),
            last_day: Day(if n_days == 1 { 20_000 + (i % 30) as i32 } else { last }),
            n_days,
            repeat_spend: (n_days > 1).then(|| Amount::from_micros(euros * 1_000_000)),
            revenue: Amount::from_micros(euros * i64::from(n_days) * 1_000_000),
        }
    }

    /// Who buys often, lately and for much is worth more than who bought once; the parts' means make the market's.
    #[test]
    fn parts_are_worth_what_their_shoppers_are_and_make_up_the_market() {
        let rows: Vec<ValueRow> = (0..120)
            .map(|i| if i % 3 == 0 { row(i, 6, 20_300, 60) } else { row(i, 1 + (i % 2) as u32, 20_100, 20) })
            .collect();
        let params = ValueParams { sampling: Sampling::default(), ..ValueParams::default() };
        let markets: Vec<Market> = ["DE", "FR"].map(|m| m.parse().unwrap()).to_vec();
        let (cutoff, eur) = (Day(20_320), Currency::new(*b"EUR"));
        let valued = params.value(&rows, &markets, cutoff, eur, Seed(3)).unwrap();
        let part_of: BTreeMap<ShopperId, String> = rows
            .iter()
            .map(|r| (r.shopper.clone(), if r.n_days == 6 { "often" } else { "seldom" }.to_owned()))
            .collect();
        let parts = params.parts(&valued, &rows, &markets, cutoff, &part_of).unwrap();
        assert_eq!(parts.len(), 4);
        for two in parts.chunks(2) {
            let [often, seldom] = two else { panic!("{parts:?}") };
            assert_eq!((often.part.as_str(), seldom.part.as_str()), ("often", "seldom"));
            assert!(often.interval.low > seldom.interval.high, "{often:?} {seldom:?}");
            assert_eq!(often.interval.level, 0.9);
            let n = (often.n_shoppers + seldom.n_shoppers) as f64;
            let mean = (often.clv * often.n_shoppers as f64 + seldom.clv * seldom.n_shoppers as f64) / n;
            let market = valued.markets().iter().find(|m| m.market == often.market).unwrap();
            assert!((mean / market.clv_mean.as_f64().unwrap() - 1.0).abs() < 1e-3, "{mean} {market:?}");
        }
        // Nobody of whom nothing is said.
        assert!(params.parts(&valued, &rows, &markets, cutoff, &BTreeMap::new()).unwrap().is_empty());
    }
}
