//! Gamma-Gamma: what a shopper spends on a purchase day, when few days were seen.
//!
//! A shopper's purchases are gamma of shape `p` around a mean of their own, and these means are spread
//! over shoppers by `q` and `v`; how often somebody buys says nothing about how much. With `m` the mean of
//! `x` repeat purchase days,
//!
//! `L = Γ(px+q)/(Γ(px)Γ(q)) · v^q m^{px-1} x^{px} (xm+v)^{-(px+q)}` and `E[M | x, m] = p(v + xm)/(px+q-1)`,
//!
//! a mean of the shopper's own and everybody's, in which the own one weighs more the more days there are.
//! The first purchase day is left out, as its amount is often another kind of purchase.
//! Source: Fader, Hardie and Lee, "RFM and CLV: using iso-value curves for customer base analysis",
//! Journal of Marketing Research 42(4), 2005; Fader and Hardie, "The Gamma-Gamma model of monetary value",
//! 2013. Cost: one logarithm a distinct row and call, about 20 calls.

use super::ValueError;
use super::fitted::{FitReport, HowFitted, at_edge, wall};
use super::model::positive;
use super::rows::CHUNK;
use learn::gamma_family::digamma;
use learn::optimise::{OptimiseParams, bfgs, nelder_mead};
use learn::special::ln_gamma;
use rayon::prelude::*;

/// What one shopper spent on repeat purchase days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spend {
    /// Repeat purchase days.
    pub repeats: u32,
    /// Mean of their amounts.
    pub mean: f64,
}

/// Spend of shoppers with at least one repeat purchase day of a positive amount.
#[derive(Clone, Debug, PartialEq)]
pub struct SpendTable {
    repeats: Vec<f64>,
    /// Position in `repeats`, mean, its logarithm.
    rows: Vec<(u32, f64, f64)>,
    n_left_out: usize,
}

impl SpendTable {
    /// Keeps who has spent: shoppers without a repeat purchase day, or with a mean that is not positive, say
    /// nothing about spend and are counted apart.
    ///
    /// # Errors
    /// [`ValueError::Param`] for a mean that is not a finite number.
    pub fn new(shoppers: &[Spend]) -> Result<Self, ValueError> {
        if let Some(bad) = shoppers.iter().find(|s| !s.mean.is_finite()) {
            return Err(ValueError::Param { name: "mean spend", rule: "a finite number", got: bad.mean });
        }
        let mut kept: Vec<Spend> = shoppers.iter().filter(|s| s.repeats > 0 && s.mean > 0.0).copied().collect();
        let n_left_out = shoppers.len() - kept.len();
        kept.par_sort_by(|a, b| a.repeats.cmp(&b.repeats).then(a.mean.total_cmp(&b.mean)));
        let mut repeats: Vec<f64> = Vec::new();
        let mut rows = Vec::with_capacity(kept.len());
        for s in kept {
            if repeats.last() != Some(&f64::from(s.repeats)) {
                repeats.push(f64::from(s.repeats));
            }
            rows.push((repeats.len() as u32 - 1, s.mean, s.mean.ln()));
        }
        Ok(Self { repeats, rows, n_left_out })
    }

    /// Shoppers kept.
    pub fn n_shoppers(&self) -> usize {
        self.rows.len()
    }

    /// Shoppers that say nothing about spend.
    pub fn n_left_out(&self) -> usize {
        self.n_left_out
    }

    /// Mean over the shoppers of their mean spend; `None` without one.
    pub fn mean(&self) -> Option<f64> {
        let sum: f64 = self.rows.iter().map(|r| r.1).sum();
        (!self.rows.is_empty()).then(|| sum / self.rows.len() as f64)
    }

    /// Pearson's correlation of how often with how much: the model takes it to be 0. `None` where one of
    /// them does not vary.
    pub fn correlation(&self) -> Option<f64> {
        let n = self.rows.len() as f64;
        let x = |row: &(u32, f64, f64)| self.repeats[row.0 as usize];
        let (mx, mm) = (self.rows.iter().map(x).sum::<f64>() / n, self.mean()?);
        let of = |f: &dyn Fn(f64, f64) -> f64| self.rows.iter().map(|r| f(x(r) - mx, r.1 - mm)).sum::<f64>();
        let correlation = of(&|x, m| x * m) / (of(&|x, _| x * x) * of(&|_, m| m * m)).sqrt();
        correlation.is_finite().then_some(correlation)
    }

    fn sum<const N: usize>(&self, part: impl Fn(&(u32, f64, f64)) -> [f64; N] + Sync) -> [f64; N] {
        let chunk = |rows: &[(u32, f64, f64)]| {
            rows.iter().map(&part).fold([0.0; N], |mut sum, part| {
                sum.iter_mut().zip(part).for_each(|(s, p)| *s += p);
                sum
            })
        };
        if self.rows.len() <= CHUNK {
            return chunk(&self.rows);
        }
        let parts: Vec<[f64; N]> = self.rows.par_chunks(CHUNK).map(chunk).collect();
        parts.iter().fold([0.0; N], |mut sum, part| {
            sum.iter_mut().zip(part).for_each(|(s, p)| *s += p);
            sum
        })
    }
}

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct GammaGammaParams {
    /// Most calls of the likelihood a start.
    pub max_calls: usize,
}

impl Default for GammaGammaParams {
    fn default() -> Self {
        Self { max_calls: 300 }
    }
}

/// The fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct GammaGamma {
    p: f64,
    q: f64,
    v: f64,
    report: FitReport,
}

impl GammaGammaParams {
    /// Maximum likelihood. Where spend does not vary between shoppers or between purchases, the parameters sit at the edge
    /// of what is searched and [`FitReport::how`] says so; the expected spend is right all the same.
    ///
    /// # Errors
    /// [`ValueError::TooLittleData`] without a shopper of positive spend.
    pub fn fit(&self, table: &SpendTable) -> Result<GammaGamma, ValueError> {
        let need = ValueError::TooLittleData { what: "shoppers with a paid repeat purchase", have: 0, need: 1 };
        let mean = table.mean().ok_or(need)?;
        let middles = [0.0, 0.0, mean.ln()];
        let params = OptimiseParams { max_calls: self.max_calls, ..OptimiseParams::default() };
        let mut call = |at: &[f64], g: &mut [f64]| {
            let value = negative(table, at, g);
            value + wall(at, &middles, g)
        };
        let start = [f64::ln(4.0), f64::ln(3.5), (mean * 2.5 / 4.0).ln()];
        let mut found = bfgs(&start, &params, &mut call);
        let mut n_calls = found.n_calls;
        if !found.settled {
            let walked = nelder_mead(&found.at, 0.3, &params, |at| call(at, &mut [0.0; 3]));
            n_calls += walked.n_calls;
            if walked.value < found.value {
                found = walked;
            }
        }
        let how = if at_edge(&found.at, &middles) { HowFitted::SameForAll } else { HowFitted::Full };
        let report = FitReport {
            how,
            log_likelihood: -negative(table, &found.at, &mut [0.0; 3]),
            n_shoppers: table.n_shoppers() as f64,
            n_calls,
        };
        Ok(GammaGamma { p: found.at[0].exp(), q: found.at[1].exp(), v: found.at[2].exp(), report })
    }
}

impl GammaGamma {
    /// From known parameters.
    ///
    /// # Errors
    /// [`ValueError::Param`] for one that is not positive.
    pub fn from_parameters(p: f64, q: f64, v: f64) -> Result<Self, ValueError> {
        Ok(Self { p: positive("p", p)?, q: positive("q", q)?, v: positive("v", v)?, report: FitReport::GIVEN })
    }

    /// Shape of a purchase around the shopper's mean.
    pub fn p(&self) -> f64 {
        self.p
    }

    /// Shape of the means over shoppers.
    pub fn q(&self) -> f64 {
        self.q
    }

    /// Scale of the means over shoppers, in the currency of the amounts.
    pub fn v(&self) -> f64 {
        self.v
    }

    /// How the parameters were found.
    pub fn report(&self) -> &FitReport {
        &self.report
    }

    /// Sum of the log-likelihoods of the shoppers.
    pub fn log_likelihood(&self, table: &SpendTable) -> f64 {
        -negative(table, &[self.p.ln(), self.q.ln(), self.v.ln()], &mut [0.0; 3])
    }

    /// Mean spend over all shoppers, `p v / (q - 1)`; `None` where `q` is at most 1 and the mean infinite.
    pub fn population_mean(&self) -> Option<f64> {
        (self.q > 1.0).then(|| self.p * self.v / (self.q - 1.0))
    }

    /// Expected spend on a purchase day of a shopper who spent `mean` on `repeats` of them; with none, the
    /// population's mean. `None` where that is infinite.
    pub fn expected_spend(&self, spend: &Spend) -> Option<f64> {
        if spend.repeats == 0 || spend.mean <= 0.0 {
            return self.population_mean();
        }
        let x = f64::from(spend.repeats);
        let below = self.p * x + self.q - 1.0;
        (below > 0.0).then(|| self.p * (self.v + x * spend.mean) / below)
    }
}

/// Negative log-likelihood and its gradient, in logarithms of `(p, q, v)`.
pub(crate) fn negative(table: &SpendTable, at: &[f64], gradient: &mut [f64]) -> f64 {
    let (p, q, v) = (at[0].exp(), at[1].exp(), at[2].exp());
    let (ln_gamma_q, psi_q) = (ln_gamma(q), digamma(q));
    // Value, slopes by p and q: what depends on x alone.
    let of = |x: &f64| {
        let shape = p * x;
        let (all, own) = (digamma(shape + q), digamma(shape));
        let value = ln_gamma(shape + q) - ln_gamma(shape) - ln_gamma_q + q * at[2] + shape * x.ln();
        [value, x * (all - own + x.ln()), all - psi_q + at[2]]
    };
    let by_repeats: Vec<[f64; 3]> = table.repeats.iter().map(of).collect();
    let [value, by_p, by_q, by_v] = table.sum(|&(at, m, ln_m)| {
        let x = table.repeats[at as usize];
        let [value, by_p, by_q] = by_repeats[at as usize];
        let (shape, reach) = (p * x, x * m + v);
        let ln_reach = reach.ln();
        [
            value + (shape - 1.0) * ln_m - (shape + q) * ln_reach,
            by_p + x * (ln_m - ln_reach),
            by_q - ln_reach,
            q / v - (shape + q) / reach,
        ]
    });
    for (g, (slope, p)) in gradient.iter_mut().zip([(by_p, p), (by_q, q), (by_v, v)]) {
        *g = -slope * p;
    }
    -value
}

/// The log-likelihood alone, at `(p, q, v)`: for samplers, which want no gradient and call it often on few rows.
pub(crate) fn log_likelihood(table: &SpendTable, [p, q, v]: [f64; 3]) -> f64 {
    let base = q * v.ln() - ln_gamma(q);
    let of = |x: &f64| base + ln_gamma(p * x + q) - ln_gamma(p * x) + p * x * x.ln();
    let by_repeats: Vec<f64> = table.repeats.iter().map(of).collect();
    let [value] = table.sum(|&(at, m, ln_m)| {
        let x = table.repeats[at as usize];
        [by_repeats[at as usize] + (p * x - 1.0) * ln_m - (p * x + q) * (x * m + v).ln()]
    });
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;
    use learn::variates::gamma;
    use proptest::prelude::*;

    fn spend(repeats: u32, mean: f64) -> Spend {
        Spend { repeats, mean }
    }

    // x = 1, m = 1, all parameters 1: Γ(2)/(Γ(1)Γ(1)) · 1 · 1 · 1 · 2^-2 = 1/4. E[M] = 1(1 + 1)/(1 + 1 - 1) = 2.
    #[test]
    fn likelihood_and_expectation_by_hand() {
        let table = SpendTable::new(&[spend(1, 1.0), spend(0, 0.0)]).unwrap();
        let model = GammaGamma::from_parameters(1.0, 1.0, 1.0).unwrap();
        assert!((model.log_likelihood(&table) + 4.0_f64.ln()).abs() < 1e-12);
        assert_eq!((table.n_shoppers(), table.n_left_out()), (1, 1));
        assert_eq!(model.expected_spend(&spend(1, 1.0)), Some(2.0));
        assert_eq!(model.population_mean(), None); // q = 1: infinite
    }

    #[test]
    fn planted_parameters_are_found() {
        let mut rng = Seed(9).stream(0);
        let shoppers: Vec<Spend> = (0..20_000)
            .map(|i| {
                let scale = gamma(&mut rng, 3.0) / 20.0;
                let x = 1 + i % 6;
                spend(x, gamma(&mut rng, 5.0 * f64::from(x)) / scale / f64::from(x))
            })
            .collect();
        let model = GammaGammaParams::default().fit(&SpendTable::new(&shoppers).unwrap()).unwrap();
        assert_eq!(model.report().how, HowFitted::Full);
        for (got, want) in [(model.p(), 5.0), (model.q(), 3.0), (model.v(), 20.0)] {
            assert!((got / want - 1.0).abs() < 0.06, "{got} {want}");
        }
    }

    #[test]
    fn shoppers_who_all_spend_the_same_have_that_expectation() {
        for n in [1, 40] {
            let same = vec![spend(3, 25.0); n];
            let model = GammaGammaParams::default().fit(&SpendTable::new(&same).unwrap()).unwrap();
            let expected = model.expected_spend(&spend(3, 25.0)).unwrap();
            assert_eq!(model.report().how, HowFitted::SameForAll);
            assert!((expected / 25.0 - 1.0).abs() < 0.01, "{expected}");
        }
        let nobody = SpendTable::new(&[spend(0, 0.0)]).unwrap();
        assert!(matches!(GammaGammaParams::default().fit(&nobody), Err(ValueError::TooLittleData { .. })));
        assert!(SpendTable::new(&[spend(1, f64::NAN)]).is_err());
    }

    proptest! {
        #[test]
        fn the_gradient_is_the_slope(at in prop::collection::vec(-1.0_f64..2.5, 3)) {
            let table = SpendTable::new(&[spend(1, 3.0), spend(4, 8.0), spend(4, 0.7), spend(30, 11.0)]).unwrap();
            let (mut g, mut rest) = ([0.0; 3], [0.0; 3]);
            let value = -negative(&table, &at, &mut g);
            let alone = log_likelihood(&table, [at[0].exp(), at[1].exp(), at[2].exp()]);
            prop_assert!((value - alone).abs() < 1e-9 * (1.0 + value.abs()), "{value} {alone}");
            for i in 0..3 {
                let mut moved = at.clone();
                moved[i] += 1e-5;
                let up = negative(&table, &moved, &mut rest);
                moved[i] -= 2e-5;
                let slope = (up - negative(&table, &moved, &mut rest)) / 2e-5;
                prop_assert!((slope - g[i]).abs() < 1e-5 * (1.0 + slope.abs()), "{i}: {slope} {}", g[i]);
            }
        }

        #[test]
        fn another_currency_moves_only_the_scale(rate in 0.01_f64..200.0, own in 1.0_f64..100.0) {
            let model = |k: f64| GammaGamma::from_parameters(6.0, 4.0, 15.0 * k).unwrap();
            let (here, there) = (model(1.0).expected_spend(&spend(3, own)), model(rate).expected_spend(&spend(3, own * rate)));
            prop_assert!((here.unwrap() * rate - there.unwrap()).abs() < 1e-9 * rate * own);
        }
    }
}
