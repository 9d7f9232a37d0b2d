//! What an order of a shopper is worth: the shopper's own mean, pulled towards that of everybody.
//!
//! `expected = (n · own mean + κ · mean of all) / (n + κ)` with `κ` = variance within shoppers / variance between
//! them, both on the logarithm of the order value (Bühlmann's credibility), and back to amounts by the
//! mean of the same shoppers' amounts: `exp(expected log) · smear`, `smear = mean(value / exp(fitted log))`
//! (Duan, "Smearing estimate", JASA 78, 1983). With one order the mean of all speaks loudest, with many the shopper's own.
//!
//! Source: Bühlmann, "Experience rating and credibility", ASTIN Bulletin 4(3), 1967. Cost: two passes.

use super::facts::ShopperFacts;
use crate::AudienceError;
use domain::Day;

/// How order values are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpendParams {
    /// Shoppers with an order that are needed, at least 2.
    pub min_shoppers: usize,
}

impl Default for SpendParams {
    fn default() -> Self {
        Self { min_shoppers: 30 }
    }
}

/// Fitted order values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpendModel {
    mean: f64,
    kappa: f64,
    smear: f64,
}

impl SpendParams {
    /// Learns from orders before a day that came to more than nothing.
    ///
    /// # Errors
    /// [`AudienceError::TooLittleData`] below the minimum of shoppers.
    pub fn fit(&self, shoppers: &[ShopperFacts], cutoff: Day) -> Result<SpendModel, AudienceError> {
        let logs: Vec<Vec<f64>> = shoppers.iter().map(|facts| logs(facts, cutoff)).filter(|l| !l.is_empty()).collect();
        if logs.len() < self.min_shoppers.max(2) {
            let (have, need) = (logs.len(), self.min_shoppers.max(2));
            return Err(AudienceError::TooLittleData { what: "shoppers with an order", have, need });
        }
        let n_orders: f64 = logs.iter().map(|l| l.len() as f64).sum();
        let mean = logs.iter().flatten().sum::<f64>() / n_orders;
        let own = |l: &[f64]| l.iter().sum::<f64>() / l.len() as f64;
        let squares = |l: &[f64]| l.iter().map(|x| (x - own(l)) * (x - own(l))).sum::<f64>();
        let degrees = n_orders - logs.len() as f64;
        let within = if degrees > 0.0 { logs.iter().map(|l| squares(l)).sum::<f64>() / degrees } else { 0.0 };
        // Unbiased for unequal numbers of orders; below 0 when shoppers differ less than chance would have it.
        let spread: f64 = logs.iter().map(|l| l.len() as f64 * (own(l) - mean) * (own(l) - mean)).sum();
        let effective = n_orders - logs.iter().map(|l| (l.len() as f64).powi(2)).sum::<f64>() / n_orders;
        let between = (spread - (logs.len() as f64 - 1.0) * within) / effective;
        let kappa = if degrees == 0.0 { 0.0 } else { (within / between.max(1e-9)).min(1e6) };
        let mut model = SpendModel { mean, kappa, smear: 1.0 };
        let ratios = logs.iter().flat_map(|l| l.iter().map(|x| (x - model.log(l)).exp())).sum::<f64>();
        model.smear = ratios / n_orders;
        Ok(model)
    }
}

fn logs(facts: &ShopperFacts, cutoff: Day) -> Vec<f64> {
    let values = facts.orders_before(cutoff).iter().map(|order| order.revenue.to_f64());
    values.filter(|value| *value > 0.0).map(f64::ln).collect()
}

impl SpendModel {
    fn log(&self, logs: &[f64]) -> f64 {
        (logs.iter().sum::<f64>() + self.kappa * self.mean) / (logs.len() as f64 + self.kappa).max(f64::MIN_POSITIVE)
    }

    /// Expected value of an order of a shopper as of a day, in major units of the reporting currency. A shopper without
    /// an order has the value of everybody.
    pub fn order_value(&self, facts: &ShopperFacts, cutoff: Day) -> f64 {
        let own = logs(facts, cutoff);
        self.smear * if own.is_empty() { self.mean.exp() } else { self.log(&own).exp() }
    }

    /// Orders after which a shopper's own mean counts as much as everybody's.
    pub const fn kappa(&self) -> f64 {
        self.kappa
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::{order, shopper};
    use super::*;
    use domain::Seed;

    /// Planted truth: log value of a shopper ~ N(3, 0.6²), of an order around it 0.3², so κ = 0.25; 2 to 6 orders.
    #[test]
    fn the_planted_ratio_is_found_and_pulling_helps() {
        let (mut shoppers, mut truth) = (Vec::new(), Vec::new());
        for i in 0..2_000 {
            let mut rng = Seed(1).stream(i);
            let own = 3.0 + 0.6 * rng.normal();
            let n = 2 + rng.below(5) as i32;
            let value = |rng: &mut domain::Rng| (own + 0.3 * rng.normal()).exp();
            let orders = (0..n)
                .map(|d| super::super::OrderFact {
                    revenue: domain::Amount::from_micros((1e6 * value(&mut rng)) as i64),
                    ..order(d, "DE", 0)
                })
                .collect();
            shoppers.push(ShopperFacts { orders, ..shopper(&format!("{i}"), "DE", &[]) });
            truth.push((own + 0.045).exp());
        }
        let model = SpendParams::default().fit(&shoppers, Day(100)).unwrap();
        assert!((model.kappa() - 0.25).abs() < 0.04, "{}", model.kappa());
        let miss = |of: &dyn Fn(&ShopperFacts) -> f64| {
            shoppers.iter().zip(&truth).map(|(f, t)| (of(f).ln() - t.ln()).powi(2)).sum::<f64>()
        };
        let own_mean =
            |f: &ShopperFacts| f.orders.iter().map(|o| o.revenue.to_f64()).sum::<f64>() / f.orders.len() as f64;
        assert!(miss(&|f| model.order_value(f, Day(100))) < miss(&own_mean));
    }

    #[test]
    fn one_order_each_keeps_its_value_and_few_shoppers_are_refused() {
        let shoppers: Vec<_> = (0..30).map(|i| shopper(&format!("{i}"), "DE", &[1])).collect();
        let model = SpendParams::default().fit(&shoppers, Day(5)).unwrap();
        assert!((model.order_value(&shoppers[0], Day(5)) - 10.0).abs() < 1e-6);
        assert!((model.order_value(&shoppers[0], Day(1)) - 10.0).abs() < 1e-6, "everybody's");
        assert!(SpendParams::default().fit(&shoppers[..9], Day(5)).is_err());
    }
}
