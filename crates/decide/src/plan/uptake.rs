//! Expected uptake of a product in a market: the share of its shoppers who buy it.
//!
//! A beta-binomial estimate. The home market's rate is the prior, worth `k` shoppers:
//! `p_home = (buyers_home + 1) / (shoppers_home + 2)`, `a = k p_home + buyers`,
//! `b = k (1 − p_home) + shoppers − buyers`; the estimate is `a / (a + b)`, the interval the
//! quantiles of `Beta(a, b)`. With no shoppers here it is home's rate with an honest, wide
//! interval; with many it is the market's own rate.
//!
//! At home, and wherever home has no shoppers, there is nothing to start from: the estimate is the
//! plain share `buyers / shoppers` with Jeffreys' interval, the quantiles of
//! `Beta(buyers + 1/2, shoppers − buyers + 1/2)`, its ends 0 and 1 where nobody or everybody bought
//! (Brown, Cai, DasGupta, "Interval estimation for a binomial proportion", Statistical Science
//! 16(2), 2001). A prior of one half worth 20 shoppers would turn 1 buyer of 30 into 22 %.
//! Source: Gelman et al., "Bayesian Data Analysis", 3rd ed. 2013, section 2.4 (informative
//! conjugate prior). Cost: some hundred evaluations of a continued fraction a product.

use super::Metric;
use super::metric::Other;
use domain::Figure;

/// How much home counts and how wide the interval is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UptakeParams {
    /// Shoppers of this market that home's rate is worth, above 0. Lower it where markets differ.
    pub prior_shoppers: f64,
    /// Coverage of the interval, in (0, 1).
    pub level: f64,
}

impl Default for UptakeParams {
    fn default() -> Self {
        Self { prior_shoppers: 20.0, level: 0.95 }
    }
}

/// Buyers and shoppers here and at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uptake {
    /// Shoppers of this market who bought the product.
    pub buyers: u64,
    /// Shoppers of this market.
    pub shoppers: u64,
    /// Shoppers of the home market who bought it; 0 for a plan of the home market.
    pub buyers_home: u64,
    /// Shoppers of the home market; 0 for a plan of the home market and where home has no data.
    pub shoppers_home: u64,
}

/// Why there is no estimate.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum UptakeError {
    /// More buyers than shoppers.
    #[error("{buyers} buyers among {shoppers} shoppers: buyers are a part of the shoppers")]
    Buyers {
        /// Buyers given.
        buyers: u64,
        /// Shoppers given.
        shoppers: u64,
    },
    /// A parameter outside its range.
    #[error("`{name}` is {got}, it has to be {rule}")]
    Param {
        /// Its name.
        name: &'static str,
        /// The rule it breaks.
        rule: &'static str,
        /// The value given.
        got: f64,
    },
}

impl Uptake {
    /// What stands in place of an estimate where the counts contradict each other: no number, and why.
    pub fn contradiction(self, source: &str) -> Figure {
        Metric::ProductUptake.number(f64::NAN, self.shoppers, source).formula(Other::UPTAKE_CONTRADICTS.en)
    }
}

impl UptakeParams {
    /// The estimate as a figure ([`Metric::ProductUptake`]) that rests on the shoppers here.
    ///
    /// # Errors
    /// [`UptakeError`] for more buyers than shoppers and for parameters outside their range.
    pub fn estimate(&self, seen: Uptake, source: &str) -> Result<Figure, UptakeError> {
        let k = self.prior_shoppers;
        if !(k.is_finite() && k > 0.0) {
            return Err(UptakeError::Param { name: "prior_shoppers", rule: "a number above 0", got: k });
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(UptakeError::Param { name: "level", rule: "between 0 and 1", got: self.level });
        }
        for (buyers, shoppers) in [(seen.buyers, seen.shoppers), (seen.buyers_home, seen.shoppers_home)] {
            if buyers > shoppers {
                return Err(UptakeError::Buyers { buyers, shoppers });
            }
        }
        if seen.shoppers_home == 0 {
            return Ok(self.own_share(seen, source));
        }
        let prior = (seen.buyers_home as f64 + 1.0) / (seen.shoppers_home as f64 + 2.0);
        let a = k * prior + seen.buyers as f64;
        let b = k * (1.0 - prior) + (seen.shoppers - seen.buyers) as f64;
        let tail = (1.0 - self.level) / 2.0;
        let (low, high) = (beta_quantile(a, b, tail), beta_quantile(a, b, 1.0 - tail));
        // The formula's k goes with the query, as a comment, so that the query still runs.
        let source = format!("{source} -- k = {k}");
        let figure = Metric::ProductUptake.number(a / (a + b), seen.shoppers, &source);
        Ok(figure.interval(low, high, self.level))
    }

    fn own_share(&self, seen: Uptake, source: &str) -> Figure {
        let (a, b) = (seen.buyers as f64 + 0.5, (seen.shoppers - seen.buyers) as f64 + 0.5);
        let tail = (1.0 - self.level) / 2.0;
        let low = if seen.buyers == 0 { 0.0 } else { beta_quantile(a, b, tail) };
        let high = if seen.buyers == seen.shoppers { 1.0 } else { beta_quantile(a, b, 1.0 - tail) };
        let share = seen.buyers as f64 / seen.shoppers as f64;
        let figure = Metric::ProductUptake.number(share, seen.shoppers, source).formula(Other::UPTAKE_OWN.en);
        figure.interval(low, high, self.level)
    }
}

/// The x with `P(Beta(a, b) ≤ x) = p`, by bisection: 60 halvings are below the last bit that matters.
fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let mid = 0.5 * (low + high);
        if beta_cdf(a, b, mid) < p {
            low = mid;
        } else {
            high = mid;
        }
    }
    0.5 * (low + high)
}

/// Regularised incomplete beta function by Lentz's continued fraction (DLMF 8.17.22).
fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast only below the mean; above it the other tail is computed.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_cdf(b, a, 1.0 - x);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp() / a;
    let tiny = 1e-300;
    let (mut c, mut d) = (1.0, 1.0 - (a + b) * x / (a + 1.0));
    d = 1.0 / if d.abs() < tiny { tiny } else { d };
    let mut fraction = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            d = 1.0 + term * d;
            d = 1.0 / if d.abs() < tiny { tiny } else { d };
            c = 1.0 + term / c;
            c = if c.abs() < tiny { tiny } else { c };
            fraction *= c * d;
        }
        if (fraction - before).abs() < 1e-15 * fraction.abs() {
            break;
        }
    }
    front * fraction
}

/// Stirling's series after shifting the argument above 20, where the first term left out is below 2e-15.
fn ln_gamma(x: f64) -> f64 {
    let (mut shift, mut z) = (0.0, x);
    while z < 20.0 {
        shift += z.ln();
        z += 1.0;
    }
    let z2 = z * z;
    let series = (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * z2)) / z2) / z2) / z;
    (z - 0.5) * z.ln() - z + 0.5 * std::f64::consts::TAU.ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FigureValue;
    use proptest::prelude::*;

    fn number(figure: &Figure) -> f64 {
        figure.as_f64().unwrap()
    }

    #[test] // p_home = (98 + 1)/(998 + 2) = 0.099; a = 20·0.099 + 5 = 6.98; a + b = 20 + 80 = 100.
    fn the_estimate_is_worked_by_hand() {
        let seen = Uptake { buyers: 5, shoppers: 80, buyers_home: 98, shoppers_home: 998 };
        let figure = UptakeParams::default().estimate(seen, "q").unwrap();
        assert!((number(&figure) - 0.0698).abs() < 1e-12);
        assert_eq!((figure.n, figure.source.as_str()), (80, "q -- k = 20"));
    }

    #[test] // Beta(1, 3): P(X ≤ x) = 1 − (1 − x)³, so the 2.5 % quantile is 1 − 0.975^(1/3).
    fn quantiles_match_a_distribution_with_a_closed_form() {
        assert!((beta_quantile(1.0, 3.0, 0.025) - (1.0 - 0.975_f64.powf(1.0 / 3.0))).abs() < 1e-12);
        assert!((beta_quantile(3.0, 1.0, 0.5) - 0.5_f64.powf(1.0 / 3.0)).abs() < 1e-12);
        assert!((beta_cdf(2.0, 2.0, 0.3) - (3.0 * 0.09 - 2.0 * 0.027)).abs() < 1e-13);
    }

    #[test] // Γ(5) = 24, Γ(1/2) = √π.
    fn ln_gamma_is_the_factorial_between_integers() {
        assert!((ln_gamma(5.0) - 24_f64.ln()).abs() < 1e-13);
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-13);
    }

    // Home itself: 1 of 30 is 3.3 %. Jeffreys by Beta(1.5, 29.5): 0.36 % to 14.5 % (Brown et al. give such by table).
    #[test]
    fn at_home_the_estimate_is_the_plain_share() {
        let seen = |buyers| Uptake { buyers, shoppers: 30, buyers_home: 0, shoppers_home: 0 };
        let figure = UptakeParams::default().estimate(seen(1), "q").unwrap();
        assert!((number(&figure) - 1.0 / 30.0).abs() < 1e-12);
        let interval = figure.interval.unwrap();
        assert!((beta_cdf(1.5, 29.5, interval.low) - 0.025).abs() < 1e-9);
        assert!((beta_cdf(1.5, 29.5, interval.high) - 0.975).abs() < 1e-9);
        assert_eq!(figure.formula, Other::UPTAKE_OWN.en);
        assert_eq!(UptakeParams::default().estimate(seen(0), "q").unwrap().interval.unwrap().low, 0.0);
        assert_eq!(UptakeParams::default().estimate(seen(30), "q").unwrap().interval.unwrap().high, 1.0);
        let nobody = Uptake { buyers: 0, shoppers: 0, buyers_home: 0, shoppers_home: 0 };
        assert_eq!(UptakeParams::default().estimate(nobody, "q").unwrap().value, FigureValue::Undefined);
    }

    #[test]
    fn more_buyers_than_shoppers_is_refused() {
        let seen = Uptake { buyers: 5, shoppers: 4, buyers_home: 0, shoppers_home: 0 };
        let error = UptakeParams::default().estimate(seen, "q").unwrap_err();
        assert_eq!(error.to_string(), "5 buyers among 4 shoppers: buyers are a part of the shoppers");
        let instead = seen.contradiction("q");
        assert!(instead.value == FigureValue::Undefined && instead.formula.contains("more buyers than shoppers"));
        let none = UptakeParams { prior_shoppers: 0.0, level: 0.95 };
        assert!(matches!(none.estimate(seen, "q"), Err(UptakeError::Param { name: "prior_shoppers", .. })));
    }

    proptest! {
        #[test]
        fn the_estimate_lies_in_its_interval_and_between_zero_and_one(
            shoppers in 1_u64..5_000, part in 0.0_f64..=1.0, home in 0_u64..50_000, home_part in 0.0_f64..=1.0,
        ) {
            let buyers = (shoppers as f64 * part) as u64;
            let buyers_home = (home as f64 * home_part) as u64;
            let seen = Uptake { buyers, shoppers, buyers_home, shoppers_home: home };
            let figure = UptakeParams::default().estimate(seen, "q").unwrap();
            prop_assert!(matches!(figure.value, FigureValue::Number(_)));
            let interval = figure.interval.unwrap();
            let x = number(&figure);
            prop_assert!(0.0 <= interval.low && interval.low < interval.high && interval.high <= 1.0);
            prop_assert!(interval.low <= x && x <= interval.high || buyers_home == 0 || buyers_home == home);
        }

        #[test] // One more buyer among the same shoppers never lowers the estimate.
        fn uptake_grows_with_buyers(shoppers in 1_u64..1_000, buyers in 0_u64..1_000) {
            prop_assume!(buyers < shoppers);
            let at = |buyers| {
                let seen = Uptake { buyers, shoppers, buyers_home: 10, shoppers_home: 100 };
                number(&UptakeParams::default().estimate(seen, "q").unwrap())
            };
            prop_assert!(at(buyers) < at(buyers + 1));
        }
    }
}
