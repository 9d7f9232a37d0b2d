//! What BG/NBD and MBG/NBD share: after a purchase a shopper drops out with a chance of their own.
//!
//! With `k` the times a shopper has been seen to stay on (`x` in BG/NBD, where the coin is thrown after each
//! repeat purchase; `x + 1` in MBG/NBD, where it is thrown after the first one too):
//!
//! `L = Γ(r+x)/Γ(r) · α^r (α+T)^{-(r+x)} · B(a, b+k)/B(a, b) · (1 + a/(b+k-1) · ((α+T)/(α+t_x))^{r+x})`,
//!
//! the last bracket being 1 where `k = 0`. The second term of the bracket is the odds of having dropped out,
//! so `P(alive)` is one over the bracket. The likelihood is maximised in logarithms by the analytic gradient, inside a wall
//! (`fitted::wall`) that is flat where parameters have a meaning, and compared with the best model without
//! drop-out: where that is as good, drop-out is not identified.
//!
//! Cost: one exponential and one logarithm a distinct row and call, about 30 calls.

use super::fitted::{FitReport, HowFitted, at_edge, wall};
use super::rows::{PurchaseTable, Row};
use super::{Living, Purchases, ValueError};
use learn::gamma_family::digamma;
use learn::optimise::{OptimiseParams, bfgs, nelder_mead};
use learn::special::ln_gamma;

/// When the coin of dropping out is thrown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstCoin {
    /// After the first repeat purchase (BG/NBD).
    AfterRepeat,
    /// After the very first purchase (MBG/NBD).
    AtOnce,
}

impl FirstCoin {
    fn stays(self, repeats: f64) -> f64 {
        match self {
            Self::AfterRepeat => repeats,
            Self::AtOnce => repeats + 1.0,
        }
    }
}

/// Parameters, fitted or given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Geometric {
    pub coin: FirstCoin,
    pub r: f64,
    pub alpha: f64,
    pub drop_out: Option<(f64, f64)>,
    pub report: FitReport,
}

/// Log-likelihood that counts as no better: far below what any data could tell.
const NO_BETTER: f64 = 0.01;

/// Shape of a rate that is the same for everybody.
const SAME: f64 = 1e6;

impl Geometric {
    pub(crate) fn given(coin: FirstCoin, r: f64, alpha: f64, a: f64, b: f64) -> Result<Self, ValueError> {
        for (name, got) in [("r", r), ("alpha", alpha), ("a", a), ("b", b)] {
            if !(got > 0.0 && got.is_finite()) {
                return Err(ValueError::Param { name, rule: "positive", got });
            }
        }
        Ok(Self { coin, r, alpha, drop_out: Some((a, b)), report: FitReport::GIVEN })
    }

    pub(crate) fn fit(coin: FirstCoin, table: &PurchaseTable, max_calls: usize) -> Result<Self, ValueError> {
        let n = table.n_shoppers();
        if n == 0.0 {
            return Err(ValueError::TooLittleData { what: "shoppers", have: 0, need: 1 });
        }
        if table.sum_age() <= 0.0 {
            return Err(ValueError::TooLittleData { what: "weeks of observation", have: 0, need: 1 });
        }
        if table.sum_repeats() == 0.0 {
            return Ok(rate_alone(coin, table, 0));
        }
        let params = OptimiseParams { max_calls, ..OptimiseParams::default() };
        let rate = table.sum_repeats() / table.sum_age();
        let alpha = (table.sum_age() / n).ln();
        let middles = [0.0, alpha, 0.0, 0.0];
        let mut n_calls = 0;
        let without = nbd(table, &params, &middles[..2], rate);
        n_calls += without.n_calls;
        let mut call = |at: &[f64], g: &mut [f64]| {
            let value = negative(coin, table, at, g);
            value + wall(at, &middles, g)
        };
        // Shape of the rate, share and certainty of dropping out: a common shop first, then the corners.
        let starts = [(0.6, 0.7, 2.5), (0.5, 0.2, 4.0), (2.0, 1.5, 3.0), (1.0, 4.0, 40.0)];
        let mut best = None;
        for (i, (r, a, b)) in starts.into_iter().enumerate() {
            let start: [f64; 4] = [f64::ln(r), f64::ln(1.3 * r / rate), f64::ln(a), f64::ln(b)];
            let mut found = bfgs(&start, &params, &mut call);
            n_calls += found.n_calls;
            if !found.settled {
                let walked = nelder_mead(&found.at, 0.3, &params, |at| call(at, &mut [0.0; 4]));
                n_calls += walked.n_calls;
                if walked.value < found.value {
                    found = walked;
                }
            }
            if best.as_ref().is_none_or(|b: &learn::optimise::Lowest| found.value < b.value) {
                best = Some(found);
            }
            // One clear optimum inside is enough.
            let clear =
                best.as_ref().is_some_and(|b| b.settled && !at_edge(&b.at, &middles) && b.value < without.value - 0.5);
            if clear || i + 1 == starts.len() {
                break;
            }
        }
        let best = best.ok_or(ValueError::TooLittleData { what: "starts", have: 0, need: 1 })?;
        if without.value - best.value <= NO_BETTER {
            if without.at[0] > super::fitted::EDGE - 1.0 {
                return Ok(rate_alone(coin, table, n_calls));
            }
            let (r, alpha) = (without.at[0].exp(), without.at[1].exp());
            let log_likelihood = -negative_nbd(table, &without.at, &mut [0.0; 2]);
            let report = FitReport { how: HowFitted::NoDropOut, log_likelihood, n_shoppers: n, n_calls };
            return Ok(Self { coin, r, alpha, drop_out: None, report });
        }
        let how = if at_edge(&best.at, &middles) { HowFitted::SameForAll } else { HowFitted::Full };
        let log_likelihood = -negative(coin, table, &best.at, &mut [0.0; 4]);
        let p: Vec<f64> = best.at.iter().map(|x| x.exp()).collect();
        let report = FitReport { how, log_likelihood, n_shoppers: n, n_calls };
        Ok(Self { coin, r: p[0], alpha: p[1], drop_out: Some((p[2], p[3])), report })
    }

    /// Sum over the shoppers.
    pub(crate) fn log_likelihood(&self, table: &PurchaseTable) -> f64 {
        let (r, alpha) = (self.r.ln(), self.alpha.ln());
        match self.drop_out {
            Some((a, b)) => -negative(self.coin, table, &[r, alpha, a.ln(), b.ln()], &mut [0.0; 4]),
            None => -negative_nbd(table, &[r, alpha], &mut [0.0; 2]),
        }
    }

    pub(crate) fn p_alive(&self, p: &Purchases) -> f64 {
        let Some((a, b)) = self.drop_out else { return 1.0 };
        let x = f64::from(p.repeats);
        let k = self.coin.stays(x);
        if k == 0.0 {
            return 1.0;
        }
        let ln_odds =
            a.ln() - (b + k - 1.0).ln() + (self.r + x) * ((self.alpha + p.age).ln() - (self.alpha + p.recency).ln());
        1.0 / (1.0 + ln_odds.exp())
    }

    /// What is believed of this shopper if alive.
    pub(crate) fn living(&self, p: &Purchases) -> Living {
        let x = f64::from(p.repeats);
        Living {
            shape: self.r + x,
            rate: self.alpha + p.age,
            drop_out: self.drop_out.map(|(a, b)| (a, b + self.coin.stays(x))),
        }
    }

    /// What is believed of somebody at the moment of the first purchase.
    pub(crate) fn newcomer(&self) -> (f64, Living) {
        let first = Purchases::new(0, 0.0, 0.0);
        (self.p_alive(&first), self.living(&first))
    }
}

/// One rate for everybody, nobody drops out. The rate is Jeffreys' estimate, so that no repeat purchase at all
/// still leaves half a purchase to be expected of all shoppers together in as long again.
fn rate_alone(coin: FirstCoin, table: &PurchaseTable, n_calls: usize) -> Geometric {
    let rate = (table.sum_repeats() + 0.5) / table.sum_age();
    let mut model = Geometric { coin, r: SAME, alpha: SAME / rate, drop_out: None, report: FitReport::GIVEN };
    let log_likelihood = model.log_likelihood(table);
    model.report = FitReport { how: HowFitted::RateAlone, log_likelihood, n_shoppers: table.n_shoppers(), n_calls };
    model
}

/// The best model without drop-out, in logarithms of `(r, α)`.
fn nbd(table: &PurchaseTable, params: &OptimiseParams, middles: &[f64], rate: f64) -> learn::optimise::Lowest {
    bfgs(&[f64::ln(0.7), f64::ln(0.7 / rate)], params, |at, g| {
        let value = negative_nbd(table, at, g);
        value + wall(at, middles, g)
    })
}

/// Negative log-likelihood without drop-out and its gradient, in logarithms of `(r, α)`.
fn negative_nbd(table: &PurchaseTable, at: &[f64], gradient: &mut [f64]) -> f64 {
    let (r, alpha) = (at[0].exp(), at[1].exp());
    let rising = Rising::new(r, alpha, table);
    let ages = Logs::new(alpha, &table.ages);
    let [value, by_r, by_alpha] = table.sum(|row| {
        let (x, t) = (row.repeats as usize, row.age as usize);
        let shape = r + table.repeats[x];
        [rising.value[x] - shape * ages.ln[t], rising.slope[x] - ages.ln[t], r / alpha - shape * ages.inverse[t]]
    });
    gradient[0] = -by_r * r;
    gradient[1] = -by_alpha * alpha;
    -value
}

/// `ln Γ(r+x) - ln Γ(r) + r ln α` and its derivative by `r`, a value of `x`.
struct Rising {
    value: Vec<f64>,
    slope: Vec<f64>,
}

impl Rising {
    fn new(r: f64, alpha: f64, table: &PurchaseTable) -> Self {
        let (base, slope, ln_alpha) = (ln_gamma(r), digamma(r), alpha.ln());
        let of = |x: &f64| if *x == 0.0 { (0.0, 0.0) } else { (ln_gamma(r + x) - base, digamma(r + x) - slope) };
        let pairs: Vec<(f64, f64)> = table.repeats.iter().map(of).collect();
        Self {
            value: pairs.iter().map(|p| p.0 + r * ln_alpha).collect(),
            slope: pairs.iter().map(|p| p.1 + ln_alpha).collect(),
        }
    }
}

/// `ln(α + t)` and `1 / (α + t)`, a value of `t`.
pub(crate) struct Logs {
    pub ln: Vec<f64>,
    pub inverse: Vec<f64>,
}

impl Logs {
    pub(crate) fn new(alpha: f64, times: &[f64]) -> Self {
        Self {
            ln: times.iter().map(|t| (alpha + t).ln()).collect(),
            inverse: times.iter().map(|t| 1.0 / (alpha + t)).collect(),
        }
    }
}

/// `ln B(a, b+k)/B(a, b)` with its derivatives, and `a/(b+k-1)`, a value of `x`.
struct Coins {
    value: Vec<f64>,
    by_a: Vec<f64>,
    by_b: Vec<f64>,
    /// `ln a - ln(b+k-1)`; `None` where the coin was not thrown.
    ln_odds: Vec<Option<f64>>,
    inverse: Vec<f64>,
}

impl Coins {
    fn new(coin: FirstCoin, a: f64, b: f64, table: &PurchaseTable) -> Self {
        let n = table.repeats.len();
        let mut coins = Self {
            value: vec![0.0; n],
            by_a: vec![0.0; n],
            by_b: vec![0.0; n],
            ln_odds: vec![None; n],
            inverse: vec![0.0; n],
        };
        let (base, by_a, by_b) = (ln_gamma(a + b) - ln_gamma(b), digamma(a + b), digamma(b));
        for (i, x) in table.repeats.iter().enumerate() {
            let k = coin.stays(*x);
            if k == 0.0 {
                continue;
            }
            let all = digamma(a + b + k);
            coins.value[i] = base + ln_gamma(b + k) - ln_gamma(a + b + k);
            coins.by_a[i] = by_a - all;
            coins.by_b[i] = by_a - by_b + digamma(b + k) - all;
            coins.ln_odds[i] = Some(a.ln() - (b + k - 1.0).ln());
            coins.inverse[i] = 1.0 / (b + k - 1.0);
        }
        coins
    }
}

/// Negative log-likelihood and its gradient, in logarithms of `(r, α, a, b)`.
pub(crate) fn negative(coin: FirstCoin, table: &PurchaseTable, at: &[f64], gradient: &mut [f64]) -> f64 {
    let (r, alpha, a, b) = (at[0].exp(), at[1].exp(), at[2].exp(), at[3].exp());
    let rising = Rising::new(r, alpha, table);
    let coins = Coins::new(coin, a, b, table);
    let (ages, recencies) = (Logs::new(alpha, &table.ages), Logs::new(alpha, &table.recencies));
    let [value, by_r, by_alpha, by_a, by_b] = table.sum(|row: &Row| {
        let (x, t, last) = (row.repeats as usize, row.age as usize, row.recency as usize);
        let shape = r + table.repeats[x];
        let mut value = rising.value[x] - shape * ages.ln[t] + coins.value[x];
        let mut by_r = rising.slope[x] - ages.ln[t];
        let mut by_alpha = r / alpha - shape * ages.inverse[t];
        let (mut by_a, mut by_b) = (coins.by_a[x], coins.by_b[x]);
        if let Some(ln_odds) = coins.ln_odds[x] {
            let silence = ages.ln[t] - recencies.ln[last];
            let u = ln_odds + shape * silence;
            let small = (-u.abs()).exp();
            value += u.max(0.0) + small.ln_1p();
            let gone = if u >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
            by_r += gone * silence;
            by_alpha += gone * shape * (ages.inverse[t] - recencies.inverse[last]);
            by_a += gone / a;
            by_b -= gone * coins.inverse[x];
        }
        [value, by_r, by_alpha, by_a, by_b]
    });
    for (g, (slope, p)) in gradient.iter_mut().zip([(by_r, r), (by_alpha, alpha), (by_a, a), (by_b, b)]) {
        *g = -slope * p;
    }
    -value
}

/// The log-likelihood alone, at `(r, α, a, b)`: for samplers, which want no gradient and call it often on few rows.
pub(crate) fn log_likelihood(coin: FirstCoin, table: &PurchaseTable, [r, alpha, a, b]: [f64; 4]) -> f64 {
    let (ln_gamma_r, start, ln_alpha) = (ln_gamma(r), ln_gamma(a + b) - ln_gamma(b), alpha.ln());
    let of = |x: &f64| {
        let k = coin.stays(*x);
        let rising = if *x == 0.0 { 0.0 } else { ln_gamma(r + x) - ln_gamma_r };
        if k == 0.0 {
            return (rising + r * ln_alpha, f64::NEG_INFINITY);
        }
        let coins = start + ln_gamma(b + k) - ln_gamma(a + b + k);
        (rising + r * ln_alpha + coins, a.ln() - (b + k - 1.0).ln())
    };
    let by_repeats: Vec<(f64, f64)> = table.repeats.iter().map(of).collect();
    let ages: Vec<f64> = table.ages.iter().map(|t| (alpha + t).ln()).collect();
    let [value] = table.sum(|row: &Row| {
        let (x, ln_age) = (row.repeats as usize, ages[row.age as usize]);
        let (value, ln_odds) = by_repeats[x];
        let shape = r + table.repeats[x];
        if ln_odds == f64::NEG_INFINITY {
            return [value - shape * ln_age];
        }
        let u = ln_odds + shape * (ln_age - (alpha + table.recencies[row.recency as usize]).ln());
        [value - shape * ln_age + u.max(0.0) + (-u.abs()).exp().ln_1p()]
    });
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table() -> PurchaseTable {
        PurchaseTable::new(&[
            Purchases::new(0, 0.0, 38.86),
            Purchases::new(1, 1.71, 38.86),
            Purchases::new(2, 30.43, 38.86),
            Purchases::new(7, 29.43, 38.86),
            Purchases::new(26, 30.86, 31.0),
            Purchases::new(0, 0.0, 0.0),
        ])
        .unwrap()
    }

    // One shopper, x = 1, t_x = 2, T = 3, all parameters 1:
    // Γ(2)/Γ(1) · (1/4)² · B(1,2)/B(1,1) · (1 + 1/1 · (4/3)²) = 1/16 · 1/2 · 25/9 = 0.0868056.
    // MBG: k = 2, B(1,3)/B(1,1) = 1/3, odds 1/2 · 16/9: 1/16 · 1/3 · 17/9 = 0.0393519.
    #[test]
    fn likelihoods_by_hand() {
        let table = PurchaseTable::new(&[Purchases::new(1, 2.0, 3.0)]).unwrap();
        for (coin, want) in [(FirstCoin::AfterRepeat, 25.0_f64 / 288.0), (FirstCoin::AtOnce, 17.0 / 432.0)] {
            let got = -negative(coin, &table, &[0.0; 4], &mut [0.0; 4]);
            assert!((got - want.ln()).abs() < 1e-12, "{got}");
        }
        let model = Geometric::given(FirstCoin::AfterRepeat, 1.0, 1.0, 1.0, 1.0).unwrap();
        assert!((model.p_alive(&Purchases::new(1, 2.0, 3.0)) - 9.0 / 25.0).abs() < 1e-12);
        assert_eq!(model.p_alive(&Purchases::new(0, 0.0, 3.0)), 1.0);
    }

    proptest! {
        #[test]
        fn the_value_alone_is_the_same(at in prop::collection::vec(-2.0_f64..2.5, 4), at_once in any::<bool>()) {
            let (table, coin) = (table(), if at_once { FirstCoin::AtOnce } else { FirstCoin::AfterRepeat });
            let p = [at[0].exp(), at[1].exp(), at[2].exp(), at[3].exp()];
            let (got, want) = (log_likelihood(coin, &table, p), -negative(coin, &table, &at, &mut [0.0; 4]));
            prop_assert!((got - want).abs() < 1e-9 * (1.0 + want.abs()), "{got} {want}");
        }

        #[test]
        fn the_gradient_is_the_slope(at in prop::collection::vec(-2.0_f64..2.5, 4), at_once in any::<bool>()) {
            let (table, coin) = (table(), if at_once { FirstCoin::AtOnce } else { FirstCoin::AfterRepeat });
            let (mut g, mut rest) = ([0.0; 4], [0.0; 4]);
            negative(coin, &table, &at, &mut g);
            for i in 0..4 {
                let mut moved = at.clone();
                moved[i] += 1e-5;
                let up = negative(coin, &table, &moved, &mut rest);
                moved[i] -= 2e-5;
                let slope = (up - negative(coin, &table, &moved, &mut rest)) / 2e-5;
                prop_assert!((slope - g[i]).abs() < 1e-5 * (1.0 + slope.abs()), "{i}: {slope} {}", g[i]);
            }
        }
    }
}
