//! Shoppers made up by the models' own story: what tests, coverage studies and rehearsals draw from.
//!
//! A shopper has a purchase rate and a chance to drop out after each repeat purchase, buys at the rate until the coin
//! says so, and spends around a mean of their own. Cost: one exponential a purchase.

use super::{BuyDraw, Purchases, Spend, SpendDraw};
use domain::Rng;
use learn::variates::{beta, gamma, ln_gamma_variate};

/// One shopper's purchases: weeks of the repeat purchases since the first one.
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    /// Ascending, the first purchase (at 0) left out.
    pub weeks: Vec<f64>,
}

/// Repeat purchases up to `until` weeks after the first one.
pub fn life(buy: &BuyDraw, until: f64, rng: &mut Rng) -> Life {
    let (rate, p) = (gamma(rng, buy.r) / buy.alpha, beta(rng, buy.a, buy.b));
    let mut weeks = Vec::new();
    let mut at = rng.exponential() / rate;
    while at <= until {
        weeks.push(at);
        if rng.uniform() < p {
            break;
        }
        at += rng.exponential() / rate;
    }
    Life { weeks }
}

impl Life {
    /// What is seen `age` weeks after the first purchase.
    pub fn seen(&self, age: f64) -> Purchases {
        let n = self.weeks.partition_point(|w| *w <= age);
        Purchases::new(n as u32, if n > 0 { self.weeks[n - 1] } else { 0.0 }, age)
    }

    /// Purchases after week `from` up to week `to`.
    pub fn between(&self, from: f64, to: f64) -> usize {
        self.weeks.partition_point(|w| *w <= to) - self.weeks.partition_point(|w| *w <= from)
    }
}

/// What is seen of a shopper `age` weeks after the first purchase.
pub fn history(buy: &BuyDraw, age: f64, rng: &mut Rng) -> Purchases {
    life(buy, age, rng).seen(age)
}

/// Logarithm of a shopper's own scale of spend.
pub fn ln_scale(spend: &SpendDraw, rng: &mut Rng) -> f64 {
    ln_gamma_variate(rng, spend.q) - spend.v.ln()
}

/// Total of `n` purchases at a shopper's own scale.
pub fn amount(spend: &SpendDraw, ln_scale: f64, n: u32, rng: &mut Rng) -> f64 {
    if n == 0 { 0.0 } else { (ln_gamma_variate(rng, spend.p * f64::from(n)) - ln_scale).exp() }
}

/// Mean of `n` purchases, as [`super::GammaGamma`] sees it.
pub fn spend(draw: &SpendDraw, ln_scale: f64, n: u32, rng: &mut Rng) -> Spend {
    let total = amount(draw, ln_scale, n, rng);
    Spend { repeats: n, mean: if n > 0 { total / f64::from(n) } else { 0.0 } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{BgNbd, PurchaseModel as _};
    use domain::Seed;

    #[test]
    fn the_made_up_shoppers_buy_as_the_model_expects() {
        let buy = BuyDraw { r: 0.7, alpha: 7.0, a: 0.8, b: 2.5 };
        let mut rng = Seed(2).stream(0);
        let n = 30_000;
        let mean = (0..n).map(|_| f64::from(history(&buy, 26.0, &mut rng).repeats)).sum::<f64>() / f64::from(n);
        let expected = BgNbd::from_parameters(0.7, 7.0, 0.8, 2.5).unwrap().expected_of_newcomer(26.0);
        assert!((mean / expected - 1.0).abs() < 0.03, "{mean} {expected}");
    }

    #[test]
    fn a_life_is_cut_where_it_is_looked_at() {
        let life = Life { weeks: vec![1.0, 4.0, 9.0] };
        assert_eq!(life.seen(5.0), Purchases::new(2, 4.0, 5.0));
        assert_eq!(life.seen(0.5), Purchases::new(0, 0.0, 0.5));
        assert_eq!(life.between(5.0, 12.0), 1);
    }

    #[test]
    fn made_up_amounts_have_the_mean_of_the_model() {
        let draw = SpendDraw { p: 6.0, q: 5.0, v: 20.0 };
        let mut rng = Seed(2).stream(1);
        let n = 40_000;
        let total: f64 = (0..n)
            .map(|_| {
                let scale = ln_scale(&draw, &mut rng);
                spend(&draw, scale, 2, &mut rng).mean
            })
            .sum();
        assert!((total / f64::from(n) / draw.mean() - 1.0).abs() < 0.02);
    }
}
