//! How many shoppers a comparison needs, what it can see with those there are, and how long it takes.
//!
//! Two-sided tests of two arms, `ratio = n_b / n_a`; `n` is the number in arm `a`, not rounded.
//!
//! - *proportions*: `n = (z_{1-α/2} + z_{1-β})² (p_a q_a + p_b q_b / ratio) / (p_a - p_b)²` (unpooled), or with the arcsine
//!   transform `h = 2 asin √p_b - 2 asin √p_a` (Cohen, "Statistical power analysis for the behavioral sciences", 1988);
//! - *means*: the t-test with its noncentral distribution, for a standardised effect `d`;
//! - *ratios* such as revenue per visit, where a shopper has several visits: the variance of a ratio of means by the delta
//!   method, `(v_y - 2 r c_xy + r² v_x) / m_x²` (Deng, Knoblich and Lu, "Applying the delta method in metric analytics", KDD 2018).
//!
//! Cost: closed form, or some sixty evaluations of the power where one is solved for.

use crate::spend_error::SpendError;
use learn::quadrature::gauss_legendre;
use learn::special::{ln_gamma, normal_cdf, normal_quantile, student_t_quantile};

/// Error rates and split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerParams {
    /// Chance of a false alarm, two-sided, in (0, 1).
    pub alpha: f64,
    /// Chance of seeing the effect, in (alpha, 1).
    pub power: f64,
    /// Shoppers in arm `b` for one in arm `a`, above 0.
    pub ratio: f64,
}

impl Default for PowerParams {
    fn default() -> Self {
        Self { alpha: 0.05, power: 0.8, ratio: 1.0 }
    }
}

/// Mean and variance of a unit's value, one of them a ratio's parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioMoments {
    /// Mean of the numerator, a unit.
    pub mean_y: f64,
    /// Its variance.
    pub var_y: f64,
    /// Mean of the denominator, above 0.
    pub mean_x: f64,
    /// Its variance.
    pub var_x: f64,
    /// Covariance of both.
    pub cov: f64,
}

impl RatioMoments {
    /// The ratio.
    pub fn ratio(&self) -> f64 {
        self.mean_y / self.mean_x
    }

    /// Variance that one unit contributes to it.
    pub fn variance(&self) -> f64 {
        let r = self.ratio();
        (self.var_y - 2.0 * r * self.cov + r * r * self.var_x) / (self.mean_x * self.mean_x)
    }
}

impl PowerParams {
    fn check(&self) -> Result<(), SpendError> {
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return Err(SpendError::param("alpha", "between 0 and 1", self.alpha));
        }
        if !(self.power > self.alpha && self.power < 1.0) {
            return Err(SpendError::param("power", "between alpha and 1", self.power));
        }
        if !(self.ratio > 0.0 && self.ratio.is_finite()) {
            return Err(SpendError::param("ratio", "above 0", self.ratio));
        }
        Ok(())
    }

    /// `(z_{1-α/2} + z_{1-β})²`.
    fn z_square(&self) -> f64 {
        (normal_quantile(1.0 - self.alpha / 2.0) + normal_quantile(self.power)).powi(2)
    }

    /// Units in arm `a` to tell two shares apart, by the unpooled normal approximation.
    ///
    /// # Errors
    /// [`SpendError::Param`] for shares outside (0, 1) or equal ones.
    pub fn proportions(&self, p_a: f64, p_b: f64) -> Result<f64, SpendError> {
        self.check()?;
        shares(p_a, p_b)?;
        let variance = p_a * (1.0 - p_a) + p_b * (1.0 - p_b) / self.ratio;
        Ok(self.z_square() * variance / (p_a - p_b).powi(2))
    }

    /// The same by the arcsine transform.
    ///
    /// # Errors
    /// As [`Self::proportions`].
    pub fn proportions_arcsine(&self, p_a: f64, p_b: f64) -> Result<f64, SpendError> {
        self.check()?;
        shares(p_a, p_b)?;
        let h = 2.0 * (p_b.sqrt().asin() - p_a.sqrt().asin());
        let z = normal_quantile(1.0 - self.alpha / 2.0);
        let power = |n: f64| {
            let shift = h.abs() * (n / (1.0 + 1.0 / self.ratio)).sqrt();
            normal_cdf(shift - z) + normal_cdf(-shift - z)
        };
        Ok(self.solve(power))
    }

    /// Units in arm `a` for a t-test that shall see a difference of `d` standard deviations.
    ///
    /// # Errors
    /// [`SpendError::Param`] for an effect of 0.
    pub fn means(&self, d: f64) -> Result<f64, SpendError> {
        self.check()?;
        if !(d != 0.0 && d.is_finite()) {
            return Err(SpendError::param("d", "not 0", d));
        }
        Ok(self.solve(|n| self.t_power(d, n)))
    }

    /// Chance that a t-test with `n` units in arm `a` sees a difference of `d` standard deviations.
    pub fn t_power(&self, d: f64, n: f64) -> f64 {
        let df = n * (1.0 + self.ratio) - 2.0;
        if df <= 0.0 {
            return 0.0;
        }
        let shift = d.abs() * (n * self.ratio / (1.0 + self.ratio)).sqrt();
        let t = student_t_quantile(1.0 - self.alpha / 2.0, df);
        1.0 - noncentral_t(t, df, shift) + noncentral_t(-t, df, shift)
    }

    /// Units in arm `a` to see a difference of `effect` in a ratio.
    ///
    /// # Errors
    /// [`SpendError::Param`] for an effect of 0 or moments that are none.
    pub fn ratios(&self, moments: RatioMoments, effect: f64) -> Result<f64, SpendError> {
        self.check()?;
        let variance = moments.variance();
        if !(variance > 0.0 && variance.is_finite()) {
            return Err(SpendError::param("variance of the ratio", "above 0", variance));
        }
        if !(effect != 0.0 && effect.is_finite()) {
            return Err(SpendError::param("effect", "not 0", effect));
        }
        Ok(self.z_square() * variance * (1.0 + 1.0 / self.ratio) / (effect * effect))
    }

    /// Smallest rise of a share that `n` units in arm `a` can see; `None` where not even a rise to 1 can be seen.
    ///
    /// # Errors
    /// [`SpendError::Param`] for a share outside (0, 1) or too few units.
    pub fn smallest_rise(&self, p_a: f64, n: f64) -> Result<Option<f64>, SpendError> {
        self.check()?;
        if !(p_a > 0.0 && p_a < 1.0) {
            return Err(SpendError::param("p_a", "between 0 and 1", p_a));
        }
        if !(n >= 1.0 && n.is_finite()) {
            return Err(SpendError::param("n", "at least 1", n));
        }
        let needs = |p_b: f64| self.proportions(p_a, p_b).unwrap_or(f64::INFINITY);
        let (mut low, mut high) = (p_a, 1.0 - 1e-12);
        if needs(high) > n {
            return Ok(None);
        }
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if needs(middle) > n { low = middle } else { high = middle }
        }
        Ok(Some(high - p_a))
    }

    /// Smallest difference of a mean, or of a ratio, that `n` units in arm `a` can see, for a standard deviation of one unit.
    ///
    /// # Errors
    /// [`SpendError::Param`] for a deviation or a number of units out of range.
    pub fn smallest_difference(&self, sd: f64, n: f64) -> Result<f64, SpendError> {
        self.check()?;
        if !(sd > 0.0 && sd.is_finite()) {
            return Err(SpendError::param("sd", "above 0", sd));
        }
        if !(n >= 1.0 && n.is_finite()) {
            return Err(SpendError::param("n", "at least 1", n));
        }
        Ok((self.z_square() * (1.0 + 1.0 / self.ratio) / n).sqrt() * sd)
    }

    /// Days until both arms are full: `n (1 + ratio) / units a day`, rounded up to whole weeks, because days of a week differ.
    ///
    /// # Errors
    /// [`SpendError::Param`] without units a day.
    pub fn days(&self, n: f64, units_a_day: f64) -> Result<u32, SpendError> {
        self.check()?;
        if !(units_a_day > 0.0 && units_a_day.is_finite()) {
            return Err(SpendError::param("units_a_day", "above 0", units_a_day));
        }
        let days = (n.ceil() + (n * self.ratio).ceil()) / units_a_day;
        Ok(((days / 7.0).ceil().max(1.0) * 7.0).min(f64::from(u32::MAX)) as u32)
    }

    /// The smallest `n` of enough power, by bisection on a rising function.
    fn solve(&self, power: impl Fn(f64) -> f64) -> f64 {
        let (mut low, mut high) = (1.0, 4.0);
        while power(high) < self.power && high < 1e15 {
            (low, high) = (high, high * 4.0);
        }
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if power(middle) < self.power { low = middle } else { high = middle }
        }
        high
    }
}

fn shares(p_a: f64, p_b: f64) -> Result<(), SpendError> {
    for (name, p) in [("p_a", p_a), ("p_b", p_b)] {
        if !(p > 0.0 && p < 1.0) {
            return Err(SpendError::param(name, "between 0 and 1", p));
        }
    }
    if p_a == p_b { Err(SpendError::param("p_b", "another than p_a", p_b)) } else { Ok(()) }
}

/// `P(T ≤ t)` of the noncentral t distribution: the mean of `Φ(t s - shift)` over `s = sqrt(χ²_df / df)`.
fn noncentral_t(t: f64, df: f64, shift: f64) -> f64 {
    let ln_norm = (df / 2.0) * (df / 2.0).ln() - ln_gamma(df / 2.0) + std::f64::consts::LN_2;
    let density = |s: f64| if s > 0.0 { (ln_norm + (df - 1.0) * s.ln() - df * s * s / 2.0).exp() } else { 0.0 };
    let spread = 9.0 / (2.0 * df).sqrt();
    let (low, high) = ((1.0 - spread).max(0.0), 1.0 + spread);
    let (middle, half) = ((low + high) / 2.0, (high - low) / 2.0);
    let part = |(x, w): (f64, f64)| {
        let s = middle + half * x;
        w * half * density(s) * normal_cdf(t * s - shift)
    };
    gauss_legendre(80).into_iter().map(part).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // (1.959964 + 0.841621)² = 7.848879; (.05 · .95 + .06 · .94) / .01² = 1039; product 8154.99.
    fn shares_by_hand() {
        let params = PowerParams::default();
        assert!((params.proportions(0.05, 0.06).unwrap() - 8154.986).abs() < 0.01);
        // 16,310 shoppers at 1,000 a day: 17 days, so 3 weeks.
        assert_eq!(params.days(8154.986, 1_000.0).unwrap(), 21);
    }

    #[test] // A ratio with a denominator of exactly 1 is a mean: 2 · 7.848879 · 4 / .25 = 251.16.
    fn a_ratio_with_a_constant_denominator_is_a_mean() {
        let moments = RatioMoments { mean_y: 3.0, var_y: 4.0, mean_x: 1.0, var_x: 0.0, cov: 0.0 };
        let params = PowerParams::default();
        let n = params.ratios(moments, 0.5).unwrap();
        assert!((n - 251.164).abs() < 0.01, "{n}");
        // The t-test with the same standardised effect, d = .25, needs a unit more.
        let t = params.means(0.25).unwrap();
        assert!(t > n && t < n + 1.5, "{t}");
    }

    #[test] // var = (4 - 2 · 1.5 · 1 + 2.25 · 1) / 4 = .8125.
    fn the_delta_method_by_hand() {
        let moments = RatioMoments { mean_y: 3.0, var_y: 4.0, mean_x: 2.0, var_x: 1.0, cov: 1.0 };
        assert!((moments.variance() - 0.8125).abs() < 1e-12);
    }

    #[test]
    fn the_smallest_rise_is_the_one_that_needs_just_as_many() {
        let params = PowerParams { ratio: 0.5, ..PowerParams::default() };
        let rise = params.smallest_rise(0.04, 5_000.0).unwrap().unwrap();
        assert!((params.proportions(0.04, 0.04 + rise).unwrap() - 5_000.0).abs() < 0.1);
        assert_eq!(params.smallest_rise(0.5, 2.0).unwrap(), None);
        let d = params.smallest_difference(2.0, 400.0).unwrap();
        let moments = RatioMoments { mean_y: 1.0, var_y: 4.0, mean_x: 1.0, var_x: 0.0, cov: 0.0 };
        assert!((params.ratios(moments, d).unwrap() - 400.0).abs() < 1e-6);
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        let params = PowerParams::default();
        assert!(params.proportions(0.0, 0.1).is_err() && params.proportions(0.1, 0.1).is_err());
        assert!(params.means(0.0).is_err() && params.days(10.0, 0.0).is_err());
        assert!(PowerParams { power: 0.01, ..params }.proportions(0.1, 0.2).is_err());
    }
}
