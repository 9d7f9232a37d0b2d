//! When the next order comes: a day with an interval, from the shopper's own gaps and those of everybody.
//!
//! The days between two visits of a shopper are `gap ~ Gamma(k, rate λ)`, with a regularity `k` that all share and a
//! rate `λ ~ Gamma(a, b)` of one's own (gamma-gamma). After `n` gaps that sum to `S` the rate is
//! `Gamma(a + k n, b + S)`, so a shopper with one order has everybody's rhythm and one with twenty has their own.
//! The next gap then has `P(gap ≤ x) = I_{x / (b + S + x)}(k, a + k n)`, a regularised incomplete beta
//! function. Days that already passed without an order are not forgotten:
//! `P(gap ≤ x | gap > t) = (F(x) − F(t)) / (1 − F(t))`.
//!
//! `k`, `a`, `b` maximise the likelihood of all shoppers' gaps, the running gap counted as longer than it is so far.
//! Markets have their own scale of `b`, pulled towards 1: `ln s_m ~ N(0, market_sd²)`, the mode of its posterior.
//! The model has no drop-outs: who has left for good looks like somebody slow. The longer the silence, the later
//! the day; the chance to come within a year is given beside it.
//!
//! Source: the compound follows Fader, Hardie & Lee, "RFM and CLV: using iso-value curves for customer base analysis",
//! Journal of Marketing Research 42(4), 2005 (gamma-gamma, there for spend).
//! Cost: about 300 passes over the shoppers to fit; a quantile is 60 evaluations.

use super::facts::{ShopperFacts, checked};
use crate::AudienceError;
use crate::figures::LEVEL;
use domain::{Day, Figure, Interval, Market, ShopperId, Unit};
use learn::optimise::{OptimiseParams, nelder_mead};
use learn::special::{beta_i, ln_gamma};
use std::collections::BTreeMap;

/// How rhythms are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NextOrderParams {
    /// Gaps of all shoppers together that are needed.
    pub min_gaps: usize,
    /// How much markets may differ in the logarithm of their gaps, above 0.
    pub market_sd: f64,
}

impl Default for NextOrderParams {
    fn default() -> Self {
        Self { min_gaps: 30, market_sd: 0.3 }
    }
}

/// Fitted rhythm.
#[derive(Clone, Debug, PartialEq)]
pub struct NextOrderModel {
    k: f64,
    a: f64,
    b: f64,
    scales: BTreeMap<Market, f64>,
    n_gaps: u64,
}

/// When a shopper is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct NextOrder {
    /// Who.
    pub shopper: ShopperId,
    /// The day by which the order has come with probability one half.
    pub expected: Day,
    /// Days from the cutoff to it.
    pub days: f64,
    /// Days from the cutoff between which the order comes with probability 95 %; the end may be far away.
    pub interval: Interval,
    /// Probability of an order within a year.
    pub within_year: f64,
    /// Gaps of one's own.
    pub n_gaps: usize,
}

/// What the likelihood needs of one shopper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rhythm {
    /// Gaps of at least a day.
    pub(super) n: f64,
    /// Their sum, days.
    pub(super) sum: f64,
    /// Sum of their logarithms.
    pub(super) logs: f64,
    /// Days since the last visit.
    pub(super) silent: f64,
}

impl Rhythm {
    /// `None` without an order before the day.
    pub(super) fn of(facts: &ShopperFacts, cutoff: Day) -> Option<Self> {
        let days = facts.order_days(cutoff);
        let silent = f64::from(cutoff.since(*days.last()?));
        let gaps = || days.windows(2).map(|pair| f64::from(pair[1].since(pair[0])));
        Some(Self { n: gaps().count() as f64, sum: gaps().sum(), logs: gaps().map(f64::ln).sum(), silent })
    }

    fn log_likelihood(&self, k: f64, a: f64, b: f64) -> f64 {
        let (shape, rate) = (a + k * self.n, b + self.sum);
        let gaps = (k - 1.0) * self.logs - self.n * ln_gamma(k) + ln_gamma(shape) - ln_gamma(a) + a * b.ln()
            - shape * rate.ln();
        // The silence so far began after the last visit; on its day there is none yet.
        let running = (self.silent - 1.0).max(0.0);
        gaps + (1.0 - below(running, k, shape, rate)).max(1e-300).ln()
    }
}

/// `P(gap ≤ x)` after `n` gaps: shape `a + k n`, rate `b + S`.
fn below(x: f64, k: f64, shape: f64, rate: f64) -> f64 {
    if x <= 0.0 { 0.0 } else { beta_i(k, shape, x / (rate + x)) }
}

impl NextOrderParams {
    /// Learns from what lies before a day.
    ///
    /// # Errors
    /// [`AudienceError::TooLittleData`] below the minimum of gaps, [`AudienceError::Param`] for a deviation that is not
    /// above 0, [`AudienceError::Twice`] for a repeated shopper.
    pub fn fit(&self, shoppers: &[ShopperFacts], cutoff: Day) -> Result<NextOrderModel, AudienceError> {
        if !(self.market_sd > 0.0 && self.market_sd.is_finite()) {
            return Err(AudienceError::Param { name: "market_sd", rule: "above 0", got: self.market_sd });
        }
        let mut by_market: BTreeMap<Option<Market>, Vec<Rhythm>> = BTreeMap::new();
        for facts in checked(shoppers)? {
            if let Some(rhythm) = Rhythm::of(facts, cutoff) {
                by_market.entry(facts.market_at(cutoff)).or_default().push(rhythm);
            }
        }
        let all = || by_market.values().flatten();
        let (n_gaps, days) = all().fold((0.0, 0.0), |sum, r| (sum.0 + r.n, sum.1 + r.sum));
        if (n_gaps as usize) < self.min_gaps.max(1) {
            let need = self.min_gaps.max(1);
            return Err(AudienceError::TooLittleData { what: "gaps between orders", have: n_gaps as usize, need });
        }
        // Logarithms, so that any point is allowed; a weak pull towards moderate values keeps ridges finite.
        let bounded = |v: f64| v.clamp(-8.0, 12.0).exp();
        let loss = |x: &[f64]| {
            let (k, a, b) = (bounded(x[0]), bounded(x[1]), bounded(x[2]));
            let pull: f64 = 0.01 * (x[0] * x[0] + (x[1] - 0.7) * (x[1] - 0.7));
            pull - all().map(|r| r.log_likelihood(k, a, b)).sum::<f64>()
        };
        let start = [0.0, 2.0_f64.ln(), (2.0 * days / n_gaps).ln()];
        let lowest = nelder_mead(&start, 0.5, &OptimiseParams { max_calls: 600, ..OptimiseParams::default() }, loss).at;
        let (k, a, b) = (bounded(lowest[0]), bounded(lowest[1]), bounded(lowest[2]));
        let scale = |rhythms: &[Rhythm]| {
            let loss = |x: &[f64]| {
                let pull = 0.5 * (x[0] / self.market_sd).powi(2);
                pull - rhythms.iter().map(|r| r.log_likelihood(k, a, b * x[0].exp())).sum::<f64>()
            };
            nelder_mead(&[0.0], 0.1, &OptimiseParams { max_calls: 150, ..OptimiseParams::default() }, loss).at[0].exp()
        };
        let scales = by_market.iter().filter_map(|(market, rhythms)| Some(((*market)?, scale(rhythms)))).collect();
        Ok(NextOrderModel { k, a, b, scales, n_gaps: n_gaps as u64 })
    }
}

/// Days after which an order is as good as never.
const FAR: f64 = 36_525.0;

impl NextOrderModel {
    /// Regularity: 1 for a shopper without memory, above 1 for one with a beat.
    pub const fn regularity(&self) -> f64 {
        self.k
    }

    /// Scale of the gaps of a market against all, 1 for an unknown one.
    pub fn market_scale(&self, market: Option<Market>) -> f64 {
        market.and_then(|market| self.scales.get(&market).copied()).unwrap_or(1.0)
    }

    /// Probability that the next order comes within `days` of the cutoff.
    pub(super) fn within(&self, rhythm: &Rhythm, market: Option<Market>, days: f64) -> f64 {
        let (shape, rate) = (self.a + self.k * rhythm.n, self.b * self.market_scale(market) + rhythm.sum);
        // The day of the cutoff itself is one on which an order may still come.
        let passed = (rhythm.silent - 1.0).max(0.0);
        let (then, now) = (below(passed + days, self.k, shape, rate), below(passed, self.k, shape, rate));
        if now < 1.0 { ((then - now) / (1.0 - now)).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// When a shopper orders next, as of a day; `None` for one without an order.
    pub fn expect(&self, facts: &ShopperFacts, cutoff: Day) -> Option<NextOrder> {
        let rhythm = Rhythm::of(facts, cutoff)?;
        let market = facts.market_at(cutoff);
        let quantile = |p: f64| {
            let (mut low, mut high) = (0.0, FAR);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if self.within(&rhythm, market, middle) < p { low = middle } else { high = middle }
            }
            high
        };
        let tail = (1.0 - LEVEL) / 2.0;
        let days = quantile(0.5);
        Some(NextOrder {
            shopper: facts.shopper.clone(),
            // The first day after the cutoff's beginning is the day of the cutoff itself.
            expected: cutoff.plus(days.floor() as i32),
            days,
            interval: Interval { low: quantile(tail), high: quantile(1.0 - tail), level: LEVEL },
            within_year: self.within(&rhythm, market, 365.0),
            n_gaps: rhythm.n as usize,
        })
    }

    /// The days to the next order as a figure. Key `predict.next_order_days`.
    pub fn figure(&self, next: &NextOrder) -> Figure {
        Figure::number("predict.next_order_days", Unit::Days, next.days, self.n_gaps, 1)
            .formula("median of the time to the next order, from the shopper's gaps and those of everybody, given the silence so far")
            .interval(next.interval.low, next.interval.high, next.interval.level)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::facts::tests::shopper;
    use super::*;
    use domain::{Rng, Seed};

    /// Sum of `shape` exponentials: a gamma variate of whole shape and rate 1.
    fn gamma(rng: &mut Rng, shape: usize) -> f64 {
        (0..shape).map(|_| rng.exponential()).sum()
    }

    /// Planted truth: k = 2, λ ~ Gamma(3, 60), so a mean gap of 2 · 60 / 2 = 60 days; orders from day 0 to `end`.
    pub(crate) fn world(n: usize, end: i32, seed: u64) -> Vec<ShopperFacts> {
        let draw = |i: usize| {
            let mut rng = Seed(seed).stream(i as u64);
            let rate = gamma(&mut rng, 3) / 60.0;
            let (mut day, mut days) = (300.0 * rng.uniform(), Vec::new());
            while day < f64::from(end) {
                days.push(day as i32);
                day += gamma(&mut rng, 2) / rate;
            }
            shopper(&format!("{i}"), if i.is_multiple_of(2) { "DE" } else { "FR" }, &days)
        };
        (0..n).map(draw).collect()
    }

    #[test]
    fn the_planted_rhythm_is_found_again() {
        let model = NextOrderParams::default().fit(&world(1_500, 720, 1), Day(720)).unwrap();
        assert!((model.k - 2.0).abs() < 0.25, "{model:?}");
        assert!((model.a - 3.0).abs() < 0.8 && (model.b / model.a - 20.0).abs() < 4.0, "{model:?}");
        assert!((model.market_scale(Some("DE".parse().unwrap())) - 1.0).abs() < 0.1);
    }

    // k = 1, a = 1, b = 10, no gap of one's own: P(gap ≤ x) = x / (10 + x). On the day after the order nothing has passed:
    // the median is 10. After 11 days 10 have passed: P(x) = 1 − 20 / (20 + x), median 20.
    #[test]
    fn one_order_by_hand() {
        let model = NextOrderModel { k: 1.0, a: 1.0, b: 10.0, scales: BTreeMap::new(), n_gaps: 30 };
        let days = |cutoff| model.expect(&shopper("a", "DE", &[0]), Day(cutoff)).unwrap().days;
        assert!((days(1) - 10.0).abs() < 1e-6 && (days(11) - 20.0).abs() < 1e-6, "{} {}", days(1), days(11));
        let next = model.expect(&shopper("a", "DE", &[0]), Day(1)).unwrap();
        // x / (10 + x) = 0.025 and 0.975.
        assert!((next.interval.low - 10.0 * 0.025 / 0.975).abs() < 1e-6 && (next.interval.high - 390.0).abs() < 1e-4);
        assert_eq!((next.expected, next.n_gaps), (Day(11), 0)); // ten whole days from the beginning of day 1
        assert!((next.within_year - 365.0 / 375.0).abs() < 1e-9);
        assert!(model.figure(&next).interval.is_some());
        assert_eq!(model.expect(&shopper("a", "DE", &[5]), Day(5)), None);
    }

    #[test]
    fn a_beat_of_ones_own_outweighs_everybody() {
        let model = NextOrderParams::default().fit(&world(400, 720, 2), Day(720)).unwrap();
        let weekly = model.expect(&shopper("w", "DE", &(0..50).map(|i| 7 * i).collect::<Vec<_>>()), Day(344)).unwrap();
        assert!(weekly.days < 14.0 && weekly.interval.high < 40.0, "{weekly:?}");
        let once = model.expect(&shopper("o", "DE", &[343]), Day(344)).unwrap();
        assert!(once.days > 25.0 && once.interval.high > 3.0 * weekly.interval.high, "{once:?}");
    }

    #[test]
    fn too_few_gaps_are_refused() {
        let wrong = NextOrderParams::default().fit(&[shopper("a", "DE", &[0, 5])], Day(9));
        assert_eq!(wrong, Err(AudienceError::TooLittleData { what: "gaps between orders", have: 1, need: 30 }));
        assert!(NextOrderParams { market_sd: 0.0, ..NextOrderParams::default() }.fit(&[], Day(9)).is_err());
    }
}
