//! A quantity that is not known exactly, and how it is drawn.
//!
//! An [`Estimate`] is a value with its 95 % interval. A positive one is drawn log-normally around its value, so that
//! "between half and twice" is as likely on both sides and a product of such draws is log-normal again: the logarithms'
//! variances add up, which is what the tests recompute by hand. Anything else is drawn normally.

use super::EntryError;
use domain::{Rng, Unit};
use serde::{Deserialize, Serialize};

/// Normal quantile of a two-sided 95 % interval.
pub(crate) const Z95: f64 = 1.959_963_984_540_054;

/// A value and the interval that holds it with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Best guess: the median of the draws.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// Known without error.
    pub const fn exact(value: f64) -> Self {
        Self { value, low: value, high: value }
    }

    /// A positive value with the standard deviation of its logarithm: 0.1 is about ±20 % at 95 %.
    pub fn relative(value: f64, sd_log: f64) -> Self {
        let half = (Z95 * sd_log).exp();
        Self { value, low: value / half, high: value * half }
    }

    /// Refuses an interval that does not hold its value and anything that is not a number.
    ///
    /// # Errors
    /// [`EntryError::Estimate`] naming the quantity.
    pub fn checked(self, what: &'static str) -> Result<Self, EntryError> {
        let Self { value, low, high } = self;
        let fine = value.is_finite() && low.is_finite() && high.is_finite() && low <= value && value <= high;
        if fine { Ok(self) } else { Err(EntryError::Estimate { what, value, low, high }) }
    }

    /// Standard deviation of the logarithm, `ln(high / low) / (2 · 1.96)`; `None` unless all are positive.
    pub fn sd_log(&self) -> Option<f64> {
        (self.low > 0.0 && self.high >= self.low).then(|| (self.high / self.low).ln() / (2.0 * Z95))
    }

    /// The draw that lies `z` standard deviations from the value: log-normal where all is positive, else normal.
    pub fn at(&self, z: f64) -> f64 {
        match self.sd_log() {
            Some(sd) if self.value > 0.0 => self.value * (sd * z).exp(),
            _ => self.value + z * (self.high - self.low) / (2.0 * Z95),
        }
    }

    /// One draw.
    pub fn draw(&self, rng: &mut Rng) -> f64 {
        self.at(rng.normal())
    }
}

/// Ends of the middle 95 % of draws, by the default quantile rule; `None` without draws.
pub(crate) fn middle95(draws: &[f64]) -> Option<(f64, f64)> {
    let ends = learn::quantile::quantiles(draws, &[0.025, 0.975])?;
    Some((ends[0], ends[1]))
}

/// A figure of a value with the interval of its draws.
pub(crate) fn drawn_figure(key: &str, unit: Unit, value: f64, draws: &[f64]) -> domain::Figure {
    let figure = domain::Figure::number(key, unit, value, draws.len() as u64, 0);
    match middle95(draws) {
        Some((low, high)) => figure.interval(low, high, 0.95),
        None => figure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    #[test] // 100 within 50 and 200: sd of the logarithm = ln 4 / 3.92 = 0.3536; 1.96 of them up is 200 again.
    fn a_positive_estimate_is_log_normal() {
        let e = Estimate { value: 100.0, low: 50.0, high: 200.0 };
        assert!((e.sd_log().unwrap() - 4.0_f64.ln() / 3.919_927_969).abs() < 1e-9);
        assert!((e.at(Z95) - 200.0).abs() < 1e-9 && (e.at(-Z95) - 50.0).abs() < 1e-9);
        let mut rng = Seed(1).stream(0);
        let draws: Vec<f64> = (0..20_000).map(|_| e.draw(&mut rng)).collect();
        let (low, high) = middle95(&draws).unwrap();
        assert!((low / 50.0 - 1.0).abs() < 0.05 && (high / 200.0 - 1.0).abs() < 0.05, "{low} {high}");
    }

    #[test] // Growth of 1 % within -1 % and 3 %: normal, one standard deviation is 0.04 / 3.92.
    fn one_that_may_be_negative_is_normal() {
        let e = Estimate { value: 0.01, low: -0.01, high: 0.03 };
        assert_eq!(e.sd_log(), None);
        assert!((e.at(1.0) - 0.01 - 0.04 / 3.919_927_969).abs() < 1e-12);
        assert_eq!(Estimate::exact(3.0).at(2.0), 3.0);
    }

    #[test]
    fn an_interval_without_its_value_is_refused() {
        let wrong = Estimate { value: 5.0, low: 1.0, high: 4.0 }.checked("sellable share").unwrap_err();
        assert_eq!(wrong.to_string(), "sellable share is 5 within 1 to 4: the interval has to hold the value");
    }
}
