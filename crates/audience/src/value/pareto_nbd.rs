//! Pareto/NBD: shoppers buy at their own rate and leave at a moment of their own, purchase or not.
//!
//! Purchases are Poisson at a rate that is gamma over shoppers (`r`, `α`), lifetimes exponential at a rate that is gamma
//! too (`s`, `β`). With `y` the moment of leaving,
//!
//! `L = Γ(r+x)/Γ(r) · α^r β^s · ( (α+T)^{-(r+x)} (β+T)^{-s} + s ∫_{t_x}^T (α+y)^{-(r+x)} (β+y)^{-(s+1)} dy )`
//!
//! and the odds of having left are the integral over the term before it. The papers write the integral as a difference
//! of two hypergeometric functions; we integrate it (16 points of Gauss a panel, on the logarithm of `y`), because
//! the same points give the gradient and nothing cancels when `α` is near `β` or the silence is short.
//! Source: Schmittlein, Morrison and Colombo, "Counting your customers: who are they and what will they do next?",
//! Management Science 33(1), 1987; Fader and Hardie, "A note on deriving the Pareto/NBD model and related
//! expressions", 2005. Cost: about 50 exponentials a distinct row and call.

use super::fitted::{EDGE, FitReport, HowFitted, at_edge, wall};
use super::model::positive;
use super::rows::Row;
use super::{BgNbdParams, PurchaseModel, PurchaseTable, Purchases, ValueError};
use learn::gamma_family::digamma;
use learn::optimise::{Lowest, OptimiseParams, bfgs};
use learn::quadrature::gauss_legendre;
use learn::special::ln_gamma;

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct ParetoNbdParams {
    /// Most calls of the likelihood a start.
    pub max_calls: usize,
}

impl Default for ParetoNbdParams {
    fn default() -> Self {
        Self { max_calls: 300 }
    }
}

/// The fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct ParetoNbd {
    r: f64,
    alpha: f64,
    lifetime: Option<(f64, f64)>,
    report: FitReport,
    points: Vec<(f64, f64)>,
}

/// Points of Gauss a panel.
const POINTS: usize = 16;

impl ParetoNbdParams {
    /// Maximum likelihood; where leaving is not identified everybody stays, and [`FitReport::how`] says so.
    ///
    /// # Errors
    /// [`ValueError::TooLittleData`] without a shopper or without any time observed.
    pub fn fit(&self, table: &PurchaseTable) -> Result<ParetoNbd, ValueError> {
        // BG/NBD brings the checks, and the model without leaving where that is as good.
        let simple = BgNbdParams { max_calls: self.max_calls }.fit(table)?;
        let points = gauss_legendre(POINTS);
        let mut n_calls = simple.report().n_calls;
        let stay = |how, log_likelihood, n_calls| ParetoNbd {
            r: simple.r(),
            alpha: simple.alpha(),
            lifetime: None,
            report: FitReport { how, log_likelihood, n_shoppers: table.n_shoppers(), n_calls },
            points: points.clone(),
        };
        if simple.report().how == HowFitted::RateAlone {
            return Ok(stay(HowFitted::RateAlone, simple.report().log_likelihood, n_calls));
        }
        let age = (table.sum_age() / table.n_shoppers()).ln();
        let middles = [0.0, age, 0.0, age];
        let params = OptimiseParams { max_calls: self.max_calls, ..OptimiseParams::default() };
        let mut call = |at: &[f64], g: &mut [f64]| {
            let value = negative(table, &points, at, g);
            value + wall(at, &middles, g)
        };
        let rate = table.sum_repeats() / table.sum_age();
        let mut best: Option<Lowest> = None;
        for (r, s, weeks) in [(0.6, 0.6, 0.3), (1.5, 0.3, 2.0), (0.5, 2.0, 3.0)] {
            let start = [f64::ln(r), f64::ln(1.3 * r / rate), f64::ln(s), age + f64::ln(weeks)];
            let found = bfgs(&start, &params, &mut call);
            n_calls += found.n_calls;
            if best.as_ref().is_none_or(|b| found.value < b.value) {
                best = Some(found);
            }
            if best.as_ref().is_some_and(|b| b.settled && !at_edge(&b.at, &middles)) {
                break;
            }
        }
        let best = best.ok_or(ValueError::TooLittleData { what: "starts", have: 0, need: 1 })?;
        if simple.drop_out().is_none() && -best.value <= simple.report().log_likelihood + 0.01 {
            return Ok(stay(HowFitted::NoDropOut, simple.report().log_likelihood, n_calls));
        }
        let how = if at_edge(&best.at, &middles) { HowFitted::SameForAll } else { HowFitted::Full };
        let log_likelihood = -negative(table, &points, &best.at, &mut [0.0; 4]);
        let p: Vec<f64> = best.at.iter().map(|x| x.exp()).collect();
        let report = FitReport { how, log_likelihood, n_shoppers: table.n_shoppers(), n_calls };
        Ok(ParetoNbd { r: p[0], alpha: p[1], lifetime: Some((p[2], p[3])), report, points })
    }
}

impl ParetoNbd {
    /// From known parameters, rates in weeks.
    ///
    /// # Errors
    /// [`ValueError::Param`] for one that is not positive.
    pub fn from_parameters(r: f64, alpha: f64, s: f64, beta: f64) -> Result<Self, ValueError> {
        Ok(Self {
            r: positive("r", r)?,
            alpha: positive("alpha", alpha)?,
            lifetime: Some((positive("s", s)?, positive("beta", beta)?)),
            report: FitReport::GIVEN,
            points: gauss_legendre(POINTS),
        })
    }

    /// Shape of the purchase rate.
    pub fn r(&self) -> f64 {
        self.r
    }

    /// Scale of the purchase rate: the mean rate is `r / alpha` a week.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// `(s, β)` of the rate of leaving, with mean `s / β` a week; `None` where the data do not identify it.
    pub fn lifetime(&self) -> Option<(f64, f64)> {
        self.lifetime
    }

    /// Expected purchases in `weeks` at rate shape `shape` over `scale`, leaving at the gamma of `(s, β)`:
    /// `shape/scale · ∫_0^weeks (β/(β+y))^s dy`, written so that nothing divides by `s - 1`.
    fn expected(shape: f64, scale: f64, leaving: Option<(f64, f64)>, weeks: f64) -> f64 {
        let Some((s, beta)) = leaving else { return shape / scale * weeks };
        let l = (weeks / beta).ln_1p();
        let z = (s - 1.0) * l;
        // (1 - e^-z) / z, 1 at z = 0.
        let share = if z.abs() < 1e-12 { 1.0 } else { -(-z).exp_m1() / z };
        shape / scale * beta * l * share
    }
}

impl PurchaseModel for ParetoNbd {
    fn report(&self) -> &FitReport {
        &self.report
    }

    fn log_likelihood(&self, table: &PurchaseTable) -> f64 {
        // Nobody leaves: a lifetime far beyond what the wall allows.
        let (s, beta) = self.lifetime.map_or((-EDGE, 3.0 * EDGE), |(s, beta)| (s.ln(), beta.ln()));
        -negative(table, &self.points, &[self.r.ln(), self.alpha.ln(), s, beta], &mut [0.0; 4])
    }

    fn p_alive(&self, shopper: &Purchases) -> f64 {
        let Some((s, beta)) = self.lifetime else { return 1.0 };
        let shape = self.r + f64::from(shopper.repeats);
        let left = left(&self.points, shape, self.alpha, s, beta, shopper.recency, shopper.age);
        1.0 / (1.0 + left.ln_odds.exp())
    }

    fn expected_if_alive(&self, shopper: &Purchases, weeks: f64) -> f64 {
        let leaving = self.lifetime.map(|(s, beta)| (s, beta + shopper.age));
        Self::expected(self.r + f64::from(shopper.repeats), self.alpha + shopper.age, leaving, weeks)
    }

    fn expected_of_newcomer(&self, weeks: f64) -> f64 {
        Self::expected(self.r, self.alpha, self.lifetime, weeks)
    }
}

/// Odds of having left between the last purchase and the end, and means over the moments at which it may have been.
struct Left {
    ln_odds: f64,
    /// Means of `ln(α+y)`, `ln(β+y)`, `1/(α+y)` and `1/(β+y)`.
    ln_a: f64,
    ln_b: f64,
    inverse_a: f64,
    inverse_b: f64,
}

fn left(points: &[(f64, f64)], shape: f64, alpha: f64, s: f64, beta: f64, from: f64, to: f64) -> Left {
    let mut sums = [0.0; 5];
    let base = alpha.min(beta);
    let (ln_a0, ln_b0) = ((alpha + from).ln(), (beta + from).ln());
    // v = ln((base + y) / (base + from)): every factor falls at most as fast as its exponent in v.
    let range = ((base + to) / (base + from)).ln();
    let n_panels = (range * (shape + s + 1.0) / 6.0).ceil().clamp(1.0, 4_000.0);
    let width = range / n_panels;
    for panel in 0..n_panels as usize {
        let before = sums[0];
        for (x, w) in points {
            let v = width * (panel as f64 + 0.5 + 0.5 * x);
            let reach = (base + from) * v.exp();
            let y = reach - base;
            let (a, b) = (alpha + y, beta + y);
            let (ln_a, ln_b) = (a.ln(), b.ln());
            let f = w * (shape * (ln_a0 - ln_a) + s * (ln_b0 - ln_b)).exp() * reach / b;
            for (sum, part) in sums.iter_mut().zip([1.0, ln_a, ln_b, 1.0 / a, 1.0 / b]) {
                *sum += f * part;
            }
        }
        if sums[0] - before <= 1e-16 * sums[0] {
            break;
        }
    }
    let odds = s * sums[0] * width / 2.0;
    let ln_odds = odds.ln() + shape * ((alpha + to).ln() - ln_a0) + s * ((beta + to).ln() - ln_b0);
    let mean = |i: usize| if sums[0] > 0.0 { sums[i] / sums[0] } else { 0.0 };
    Left { ln_odds, ln_a: mean(1), ln_b: mean(2), inverse_a: mean(3), inverse_b: mean(4) }
}

/// Negative log-likelihood and its gradient, in logarithms of `(r, α, s, β)`.
fn negative(table: &PurchaseTable, points: &[(f64, f64)], at: &[f64], gradient: &mut [f64]) -> f64 {
    let (r, alpha, s, beta) = (at[0].exp(), at[1].exp(), at[2].exp(), at[3].exp());
    let rising: Vec<(f64, f64)> =
        table.repeats.iter().map(|x| (ln_gamma(r + x) - ln_gamma(r), digamma(r + x) - digamma(r))).collect();
    let [value, by_r, by_alpha, by_s, by_beta] = table.sum(|row: &Row| {
        let (x, age) = (table.repeats[row.repeats as usize], table.ages[row.age as usize]);
        let (shape, a, b) = (r + x, alpha + age, beta + age);
        let (ln_a, ln_b) = (a.ln(), b.ln());
        let left = left(points, shape, alpha, s, beta, table.recencies[row.recency as usize], age);
        let (ln_gammas, slope) = rising[row.repeats as usize];
        let mut value = ln_gammas + r * alpha.ln() + s * beta.ln() - shape * ln_a - s * ln_b;
        let mut slopes = [slope + alpha.ln() - ln_a, r / alpha - shape / a, beta.ln() - ln_b, s / beta - s / b];
        if left.ln_odds > f64::NEG_INFINITY {
            let small = (-left.ln_odds.abs()).exp();
            value += left.ln_odds.max(0.0) + small.ln_1p();
            let gone = if left.ln_odds >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
            let by = [
                ln_a - left.ln_a,
                shape * (1.0 / a - left.inverse_a),
                1.0 / s + ln_b - left.ln_b,
                s / b - (s + 1.0) * left.inverse_b,
            ];
            slopes.iter_mut().zip(by).for_each(|(slope, by)| *slope += gone * by);
        }
        [value, slopes[0], slopes[1], slopes[2], slopes[3]]
    });
    for (g, (slope, p)) in gradient.iter_mut().zip([(by_r, r), (by_alpha, alpha), (by_s, s), (by_beta, beta)]) {
        *g = -slope * p;
    }
    -value
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::gamma_family::hyp2f1;
    use proptest::prelude::*;

    /// `s/(r+s+x) · A_0` of the papers, over `(α+T)^{-(r+x)} (β+T)^{-s}`.
    fn odds_of_the_papers(r: f64, alpha: f64, s: f64, beta: f64, p: &Purchases) -> f64 {
        let x = f64::from(p.repeats);
        let all = r + s + x;
        let (big, diff, second) =
            if alpha >= beta { (alpha, alpha - beta, s + 1.0) } else { (beta, beta - alpha, r + x) };
        let f = |t: f64| hyp2f1(all, second, all + 1.0, diff / (big + t)) / (big + t).powf(all);
        s / all * (f(p.recency) - f(p.age)) * (alpha + p.age).powf(r + x) * (beta + p.age).powf(s)
    }

    // x = 0, T = 1, all parameters 1: ∫_0^1 (1+y)^-1 (1+y)^-2 dy = (1 - 1/4)/2 = 3/8 over (1/2)(1/2): odds 3/2.
    #[test]
    fn odds_by_hand() {
        let model = ParetoNbd::from_parameters(1.0, 1.0, 1.0, 1.0).unwrap();
        assert!((model.p_alive(&Purchases::new(0, 0.0, 1.0)) - 0.4).abs() < 1e-12);
        assert_eq!(model.p_alive(&Purchases::new(3, 5.0, 5.0)), 1.0);
        // s = 1: r/α · β · ln((β+t)/β) = ln 2.
        assert!((model.expected_of_newcomer(1.0) - 2.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn a_long_silence_after_many_purchases_is_certain_and_finite() {
        let model = ParetoNbd::from_parameters(0.55, 10.6, 0.6, 11.7).unwrap();
        let gone = model.p_alive(&Purchases::new(2_000, 40.0, 400.0));
        assert!((0.0..1e-12).contains(&gone), "{gone}");
    }

    proptest! {
        #[test]
        fn the_integral_equals_the_hypergeometric_form(
            r in 0.1_f64..3.0, alpha in 1.0_f64..30.0, s in 0.1_f64..3.0, beta in 1.0_f64..30.0,
            x in 0_u32..15, recency in 0.0_f64..1.0,
        ) {
            prop_assume!((alpha - beta).abs() > 0.1);
            let p = Purchases::new(x, if x == 0 { 0.0 } else { 38.0 * recency }, 40.0);
            let want = odds_of_the_papers(r, alpha, s, beta, &p);
            let got = left(&gauss_legendre(POINTS), r + f64::from(x), alpha, s, beta, p.recency, p.age).ln_odds.exp();
            prop_assert!((got - want).abs() <= 1e-6 * want, "{got} {want}");
        }

        #[test]
        fn the_gradient_is_the_slope(at in prop::collection::vec(-1.5_f64..3.0, 4)) {
            let rows = [(0, 0.0, 38.86), (1, 1.71, 38.86), (7, 29.43, 38.86), (26, 30.86, 31.0)];
            let table = PurchaseTable::new(&rows.map(|(x, last, age)| Purchases::new(x, last, age))).unwrap();
            let points = gauss_legendre(POINTS);
            let (mut g, mut rest) = ([0.0; 4], [0.0; 4]);
            negative(&table, &points, &at, &mut g);
            for i in 0..4 {
                let mut moved = at.clone();
                moved[i] += 1e-5;
                let up = negative(&table, &points, &moved, &mut rest);
                moved[i] -= 2e-5;
                let slope = (up - negative(&table, &points, &moved, &mut rest)) / 2e-5;
                prop_assert!((slope - g[i]).abs() < 1e-5 * (1.0 + slope.abs()), "{i}: {slope} {}", g[i]);
            }
        }
    }
}
