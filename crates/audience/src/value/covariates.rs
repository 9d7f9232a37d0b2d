//! BG/NBD with what is known of shoppers: which traits go with buying often, and with staying.
//!
//! `α = α₀ e^{-γ·z}`, `a = a₀ e^{δ·w}`, `b = b₀ e^{ε·w}` with traits `z` (purchases) and `w` (drop-out) that do not change in time.
//! So one unit of a trait multiplies the purchase rate by `e^γ`, and the odds of dropping out after a purchase, `a/b`,
//! by `e^{δ-ε}`. Likelihood as in [`super::BgNbd`], a shopper's own parameters in it; the gradient is analytic, the
//! intervals come from the curvature at the optimum (Wald).
//! Source: Fader and Hardie, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models", 2007.
//! Cost: twelve gamma functions a distinct row and call, about 60 calls.

use super::fitted::{FitReport, HowFitted, at_edge, wall};
use super::geometric::{FirstCoin, Geometric};
use super::rows::CHUNK;
use super::{BgNbdParams, PurchaseModel as _, PurchaseTable, Purchases, ValueError};
use domain::Interval;
use learn::gamma_family::digamma;
use learn::interval::two_sided;
use learn::optimise::{Factor, OptimiseParams, bfgs, curvature};
use learn::special::ln_gamma;
use rayon::prelude::*;

/// One shopper with traits.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitRow {
    /// What was bought.
    pub purchases: Purchases,
    /// Traits that may go with the purchase rate.
    pub purchase: Vec<f64>,
    /// Traits that may go with dropping out.
    pub drop_out: Vec<f64>,
}

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitParams {
    /// Most calls of the likelihood.
    pub max_calls: usize,
    /// Coverage of the intervals of effects, in (0, 1).
    pub level: f64,
}

impl Default for TraitParams {
    fn default() -> Self {
        Self { max_calls: 600, level: 0.95 }
    }
}

/// Effect of one unit of a trait, on a logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The coefficient: `e` to it is the factor.
    pub value: f64,
    /// Its interval; `None` where the data do not identify it.
    pub interval: Option<Interval>,
}

/// The fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitModel {
    at: Vec<f64>,
    n_purchase: usize,
    n_drop_out: usize,
    purchase: Vec<Effect>,
    drop_odds: Vec<Effect>,
    report: FitReport,
}

impl TraitParams {
    /// Maximum likelihood from the model without traits.
    ///
    /// # Errors
    /// [`ValueError::TooLittleData`] as [`BgNbdParams::fit`]; [`ValueError::Param`] for a trait that is not finite or is the same
    /// for everybody, and for rows of different lengths.
    pub fn fit(&self, rows: &[TraitRow]) -> Result<TraitModel, ValueError> {
        if two_sided(self.level).is_none() {
            return Err(ValueError::Param { name: "level", rule: "between 0 and 1", got: self.level });
        }
        let shoppers: Vec<Purchases> = rows.iter().map(|r| r.purchases).collect();
        let table = PurchaseTable::new(&shoppers)?;
        let plain = BgNbdParams::default().fit(&table)?;
        let (n_z, n_w) = rows.first().map_or((0, 0), |r| (r.purchase.len(), r.drop_out.len()));
        check(rows, n_z, |r| &r.purchase)?;
        check(rows, n_w, |r| &r.drop_out)?;
        let (a, b) = plain.drop_out().unwrap_or((0.1, 10.0));
        let mut start = vec![plain.r().min(1e3).ln(), plain.alpha().min(1e5).ln(), a.ln(), b.ln()];
        let middles = [0.0, (table.sum_age() / table.n_shoppers()).ln(), 0.0, 0.0];
        start.resize(4 + n_z + 2 * n_w, 0.0);
        let call = |at: &[f64], g: &mut [f64]| {
            let value = negative(rows, n_z, n_w, at, g);
            value + wall(&at[..4], &middles, &mut g[..4])
        };
        let params = OptimiseParams { max_calls: self.max_calls, ..OptimiseParams::default() };
        let found = bfgs(&start, &params, call);
        let bend = curvature(&found.at, 1e-4, |x, g| {
            call(x, g);
        });
        let covariance = Factor::new(&bend, found.at.len()).map(|f| f.inverse());
        let how = match plain.report().how {
            HowFitted::Full if at_edge(&found.at[..4], &middles) => HowFitted::SameForAll,
            how => how,
        };
        let effect = |weights: &[(usize, f64)]| {
            let value = weights.iter().map(|(i, w)| w * found.at[*i]).sum::<f64>();
            let d = found.at.len();
            let variance = covariance.as_ref().map(|c| {
                weights.iter().flat_map(|(i, v)| weights.iter().map(move |(j, w)| v * w * c[i * d + j])).sum::<f64>()
            });
            let interval = variance.filter(|v| *v > 0.0).zip(two_sided(self.level)).map(|(v, z)| Interval {
                low: value - z * v.sqrt(),
                high: value + z * v.sqrt(),
                level: self.level,
            });
            Effect { value, interval }
        };
        Ok(TraitModel {
            n_purchase: n_z,
            n_drop_out: n_w,
            purchase: (0..n_z).map(|j| effect(&[(4 + j, 1.0)])).collect(),
            drop_odds: (0..n_w).map(|j| effect(&[(4 + n_z + j, 1.0), (4 + n_z + n_w + j, -1.0)])).collect(),
            report: FitReport {
                how,
                log_likelihood: -negative(rows, n_z, n_w, &found.at, &mut vec![0.0; found.at.len()]),
                n_shoppers: table.n_shoppers(),
                n_calls: found.n_calls,
            },
            at: found.at,
        })
    }
}

fn check(rows: &[TraitRow], n: usize, of: fn(&TraitRow) -> &Vec<f64>) -> Result<(), ValueError> {
    if let Some(bad) = rows.iter().find(|r| of(r).len() != n) {
        return Err(ValueError::Param { name: "traits", rule: "as many in every row", got: of(bad).len() as f64 });
    }
    for j in 0..n {
        let first = of(&rows[0])[j];
        if let Some(bad) = rows.iter().map(|r| of(r)[j]).find(|v| !v.is_finite()) {
            return Err(ValueError::Param { name: "trait", rule: "a finite number", got: bad });
        }
        if rows.iter().all(|r| of(r)[j] == first) {
            return Err(ValueError::Param { name: "trait", rule: "different between shoppers", got: first });
        }
    }
    Ok(())
}

impl TraitModel {
    /// Effects of the purchase traits on the logarithm of the purchase rate.
    pub fn purchase_effects(&self) -> &[Effect] {
        &self.purchase
    }

    /// Effects of the drop-out traits on the logarithm of the odds of dropping out after a purchase.
    pub fn drop_out_effects(&self) -> &[Effect] {
        &self.drop_odds
    }

    /// How the parameters were found.
    pub fn report(&self) -> &FitReport {
        &self.report
    }

    /// `(r, α, a, b)` of a shopper whose traits are all 0.
    pub fn base(&self) -> (f64, f64, f64, f64) {
        (self.at[0].exp(), self.at[1].exp(), self.at[2].exp(), self.at[3].exp())
    }

    /// Probability that this shopper is alive; traits beyond those fitted are ignored, missing ones count as 0.
    pub fn p_alive(&self, row: &TraitRow) -> f64 {
        self.of(row).p_alive(&row.purchases)
    }

    /// Expected purchases of this shopper in the next `weeks`.
    pub fn expected_purchases(&self, row: &TraitRow, weeks: f64) -> f64 {
        let model = self.of(row);
        model.p_alive(&row.purchases) * model.living(&row.purchases).purchases(weeks).mean
    }

    /// Probability that this shopper is alive, and those of 0, 1, 2 … purchases in the next `weeks` if so.
    pub fn ahead(&self, row: &TraitRow, weeks: f64) -> (f64, Vec<f64>) {
        let model = self.of(row);
        (model.p_alive(&row.purchases), model.living(&row.purchases).distribution(weeks, 1e-9))
    }

    fn of(&self, row: &TraitRow) -> Geometric {
        let p = own(&self.at, self.n_purchase, self.n_drop_out, &row.purchase, &row.drop_out);
        Geometric {
            coin: FirstCoin::AfterRepeat,
            r: p[0],
            alpha: p[1],
            drop_out: Some((p[2], p[3])),
            report: self.report,
        }
    }
}

/// `(r, α, a, b)` of one shopper.
fn own(at: &[f64], n_z: usize, n_w: usize, z: &[f64], w: &[f64]) -> [f64; 4] {
    let dot = |from: usize, n: usize, x: &[f64]| at[from..from + n].iter().zip(x).map(|(c, x)| c * x).sum::<f64>();
    [
        at[0].exp(),
        (at[1] - dot(4, n_z, z)).exp(),
        (at[2] + dot(4 + n_z, n_w, w)).exp(),
        (at[3] + dot(4 + n_z + n_w, n_w, w)).exp(),
    ]
}

/// Negative log-likelihood and its gradient in `(ln r, ln α₀, ln a₀, ln b₀, γ, δ, ε)`.
fn negative(rows: &[TraitRow], n_z: usize, n_w: usize, at: &[f64], gradient: &mut [f64]) -> f64 {
    let d = at.len();
    let chunk = |rows: &[TraitRow]| {
        let mut sum = vec![0.0; d + 1];
        for row in rows {
            let p = own(at, n_z, n_w, &row.purchase, &row.drop_out);
            let (value, by) = one(&row.purchases, p);
            sum[d] += value;
            for (s, by) in sum.iter_mut().zip(by) {
                *s += by;
            }
            for (j, z) in row.purchase.iter().enumerate() {
                sum[4 + j] -= by[1] * z;
            }
            for (j, w) in row.drop_out.iter().enumerate() {
                sum[4 + n_z + j] += by[2] * w;
                sum[4 + n_z + n_w + j] += by[3] * w;
            }
        }
        sum
    };
    let parts: Vec<Vec<f64>> = rows.par_chunks(CHUNK.min(1_024)).map(chunk).collect();
    let mut total = vec![0.0; d + 1];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
    }
    for (g, t) in gradient.iter_mut().zip(&total) {
        *g = -t;
    }
    -total[d]
}

/// Log-likelihood of one shopper and its slopes by the logarithms of `(r, α, a, b)`.
fn one(p: &Purchases, [r, alpha, a, b]: [f64; 4]) -> (f64, [f64; 4]) {
    let x = f64::from(p.repeats);
    let (shape, all, last) = (r + x, alpha + p.age, alpha + p.recency);
    let mut value = r * alpha.ln() - shape * all.ln();
    let mut by = [alpha.ln() - all.ln(), r / alpha - shape / all, 0.0, 0.0];
    if p.repeats > 0 {
        value += ln_gamma(shape) - ln_gamma(r) + ln_gamma(a + b) - ln_gamma(b) + ln_gamma(b + x) - ln_gamma(a + b + x);
        let (sum, end) = (digamma(a + b), digamma(a + b + x));
        let silence = all.ln() - last.ln();
        let u = a.ln() - (b + x - 1.0).ln() + shape * silence;
        let small = (-u.abs()).exp();
        value += u.max(0.0) + small.ln_1p();
        let gone = if u >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
        by[0] += digamma(shape) - digamma(r) + gone * silence;
        by[1] += gone * shape * (1.0 / all - 1.0 / last);
        by[2] = sum - end + gone / a;
        by[3] = sum - digamma(b) + digamma(b + x) - end - gone / (b + x - 1.0);
    }
    (value, [by[0] * r, by[1] * alpha, by[2] * a, by[3] * b])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::predict::draw_purchases;
    use crate::value::simulate::history;
    use domain::Seed;

    fn simulated(seed: u64, n: u64, gamma: f64, delta: f64) -> Vec<TraitRow> {
        let row = |i: u64| {
            let mut rng = Seed(seed).stream(i);
            let (z, w) = (f64::from(u8::from(i.is_multiple_of(2))), rng.normal());
            let buy = crate::value::BuyDraw {
                r: 0.8,
                alpha: 8.0 * f64::exp(-gamma * z),
                a: 0.9 * f64::exp(0.5 * delta * w),
                b: 2.5 * f64::exp(-0.5 * delta * w),
            };
            let purchases = history(&buy, 30.0 + (i % 10) as f64, &mut rng);
            TraitRow { purchases, purchase: vec![z], drop_out: vec![w] }
        };
        (0..n).map(row).collect()
    }

    /// Ten samples of 2,000: the mean of ten estimates has a standard error near 0.02 for the rate, 0.03 for the odds.
    #[test]
    fn planted_effects_are_found_inside_their_intervals() {
        let (mut inside, mut buy, mut gone) = (0, 0.0, 0.0);
        for seed in 0..10 {
            let model = TraitParams::default().fit(&simulated(seed, 2_000, 0.7, 0.6)).unwrap();
            for (effect, truth) in [(model.purchase_effects()[0], 0.7), (model.drop_out_effects()[0], 0.6)] {
                let i = effect.interval.unwrap();
                inside += u32::from(i.low < truth && truth < i.high);
                assert!(i.high - i.low < 0.6, "{effect:?}");
            }
            buy += model.purchase_effects()[0].value / 10.0;
            gone += model.drop_out_effects()[0].value / 10.0;
        }
        assert!(inside >= 16, "{inside} of 20 intervals at 95 %");
        assert!((buy - 0.7).abs() < 0.07 && (gone - 0.6).abs() < 0.1, "{buy} {gone}");
    }

    #[test]
    fn a_trait_moves_what_is_expected() {
        let rows = simulated(31, 6_000, 0.7, 0.6);
        let model = TraitParams::default().fit(&rows).unwrap();
        let (r, alpha, a, b) = model.base();
        for (got, want) in [(r, 0.8), (alpha, 8.0), (a / (a + b), 0.9 / 3.4)] {
            assert!((got / want - 1.0).abs() < 0.15, "{got} {want}");
        }
        // Somebody with the trait is expected to buy more, in the simulation too.
        let (with, without) = (&rows[0], TraitRow { purchase: vec![0.0], ..rows[0].clone() });
        assert!(model.expected_purchases(with, 13.0) > model.expected_purchases(&without, 13.0));
        let mut rng = Seed(1).stream(0);
        assert!(draw_purchases(&model.of(with).living(&with.purchases), 13.0, &mut rng) >= 0.0);
    }

    #[test]
    fn no_effect_is_found_where_there_is_none() {
        let model = TraitParams::default().fit(&simulated(5, 3_000, 0.0, 0.0)).unwrap();
        for effect in [model.purchase_effects()[0], model.drop_out_effects()[0]] {
            let i = effect.interval.unwrap();
            assert!(i.low < 0.0 && 0.0 < i.high, "{effect:?}");
        }
    }

    #[test]
    fn without_traits_it_is_the_plain_model() {
        let rows: Vec<TraitRow> = simulated(31, 800, 0.0, 0.0)
            .into_iter()
            .map(|r| TraitRow { purchase: vec![], drop_out: vec![], ..r })
            .collect();
        let table = PurchaseTable::new(&rows.iter().map(|r| r.purchases).collect::<Vec<_>>()).unwrap();
        let plain = BgNbdParams::default().fit(&table).unwrap();
        let model = TraitParams::default().fit(&rows).unwrap();
        assert!((model.report().log_likelihood - plain.report().log_likelihood).abs() < 1e-3);
        assert!((model.p_alive(&rows[3]) - plain.p_alive(&rows[3].purchases)).abs() < 1e-3);
    }

    #[test]
    fn a_trait_that_says_nothing_is_refused() {
        let mut rows = simulated(31, 10, 0.0, 0.0);
        rows.iter_mut().for_each(|r| r.purchase[0] = 1.0);
        assert!(matches!(TraitParams::default().fit(&rows), Err(ValueError::Param { name: "trait", .. })));
        rows[1].purchase.clear();
        assert!(TraitParams::default().fit(&rows).is_err());
        assert!(TraitParams { level: 1.0, ..TraitParams::default() }.fit(&rows).is_err());
    }

    #[test]
    fn the_gradient_is_the_slope() {
        let rows = simulated(31, 30, 0.4, 0.4);
        let at = [0.1, 1.5, -0.3, 0.8, 0.3, -0.2, 0.25];
        let (mut g, mut rest) = ([0.0; 7], [0.0; 7]);
        negative(&rows, 1, 1, &at, &mut g);
        for i in 0..7 {
            let mut moved = at;
            moved[i] += 1e-5;
            let up = negative(&rows, 1, 1, &moved, &mut rest);
            moved[i] -= 2e-5;
            let slope = (up - negative(&rows, 1, 1, &moved, &mut rest)) / 2e-5;
            assert!((slope - g[i]).abs() < 1e-4 * (1.0 + slope.abs()), "{i}: {slope} {}", g[i]);
        }
    }
}
