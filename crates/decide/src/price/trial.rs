//! A price test: for how many weeks a dearer price has to be asked until it is known whether it earns more.
//!
//! In every other week a product is asked a tenth more. With margin `m` a unit at today's price and `m'` at the dearer one, both earn the
//! same where demand falls to `m / m'` of itself. The test is long enough to tell such a fall from none: weeks are its units, the
//! difference to be seen is `λ (1 − m / m')`, and their variance is the one seen, that of a Poisson count at least ([`PowerParams::ratios`],
//! 5 % two-sided, seen four times in five). Products that answer alike are tested together: units, differences and variances add up,
//! half of the products being dearer while the other half is not. Cost: closed form.

use crate::spend_error::SpendError;
use crate::target::{PowerParams, RatioMoments};

/// How much dearer the price of a test is, as a share.
pub const STEP: f64 = 0.1;
/// Weeks beyond which a test is none: season and competitors move by then.
pub const MOST_WEEKS: u32 = 26;

/// A product in a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Units of a week, above 0.
    pub units: f64,
    /// Their variance between weeks.
    pub variance: f64,
    /// Part of the units at which the dearer price earns the same, in (0, 1).
    pub even: f64,
}

impl Trial {
    /// Of a product that sold so many units in each of the weeks of late and leaves so much a unit at both prices, in any unit;
    /// `None` where nothing was sold, or where today's price leaves nothing: there is nothing to be tested then.
    pub fn of(weeks: &[f64], margin: f64, dearer: f64) -> Option<Self> {
        let n = weeks.len() as f64;
        let units = weeks.iter().sum::<f64>() / n;
        if weeks.len() < 2 || units <= 0.0 || margin <= 0.0 || dearer <= margin {
            return None;
        }
        let variance = weeks.iter().map(|x| (x - units).powi(2)).sum::<f64>() / (n - 1.0);
        Some(Self { units, variance: variance.max(units), even: margin / dearer })
    }
}

/// Weeks that a test of these products together takes, both prices counted; `None` without products or beyond [`MOST_WEEKS`].
///
/// # Errors
/// [`SpendError::Param`] for a trial out of its range.
pub fn weeks(trials: &[Trial]) -> Result<Option<u32>, SpendError> {
    if trials.is_empty() {
        return Ok(None);
    }
    let (mut units, mut variance, mut effect) = (0.0, 0.0, 0.0);
    for trial in trials {
        if !(trial.even > 0.0 && trial.even < 1.0) {
            return Err(SpendError::param("even", "between 0 and 1", trial.even));
        }
        units += trial.units;
        variance += trial.variance;
        effect += trial.units * (1.0 - trial.even);
    }
    let moments = RatioMoments { mean_y: units, var_y: variance, mean_x: 1.0, var_x: 0.0, cov: 0.0 };
    // Two weeks at either price at least: one alone may hold a pay day or a storm.
    let each = PowerParams::default().ratios(moments, effect)?.ceil().max(2.0);
    Ok((2.0 * each <= f64::from(MOST_WEEKS)).then_some(2 * each as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    // 20 a week, variance 20, margin 3 and 4: demand may fall to 3/4. (1.96 + .8416)² · 2 · 20 / 5² = 12.56: 13 weeks at either price.
    #[test]
    fn by_hand() {
        let trial = Trial { units: 20.0, variance: 20.0, even: 0.75 };
        assert_eq!(weeks(&[trial]).unwrap(), Some(26));
        assert_eq!(weeks(&[trial, trial]).unwrap(), Some(14));
        assert_eq!(weeks(&[Trial { units: 19.0, ..trial }]).unwrap(), None);
        assert_eq!(weeks(&[Trial { units: 1e6, variance: 1e6, even: 0.75 }]).unwrap(), Some(4));
        assert_eq!(weeks(&[]).unwrap(), None);
        assert!(weeks(&[Trial { even: 1.0, ..trial }]).is_err());
    }

    #[test]
    fn a_product_without_margin_or_sales_is_not_tested() {
        let got = Trial::of(&[2.0, 4.0, 6.0], 3.0, 4.0).unwrap();
        assert_eq!((got.units, got.variance, got.even), (4.0, 4.0, 0.75));
        assert_eq!(Trial::of(&[0.0, 12.0], 3.0, 4.0).unwrap().variance, 72.0);
        assert_eq!(Trial::of(&[2.0, 4.0], 0.0, 1.0), None);
        assert_eq!(Trial::of(&[0.0, 0.0], 3.0, 4.0), None);
        assert_eq!(Trial::of(&[2.0], 3.0, 4.0), None);
    }

    // What the power says is kept: in 2,000 tests whose demand truly falls to `even`, the fall is seen in about four of five.
    #[test]
    fn the_fall_is_seen_as_often_as_promised() {
        let trial = Trial { units: 40.0, variance: 40.0, even: 0.8 };
        let each = weeks(&[trial]).unwrap().unwrap() / 2;
        let seen = (0..2_000).filter(|i| {
            let mut rng = Seed(11).stream(*i);
            let mut sum = |mean: f64| (0..each).map(|_| rng.poisson(mean) as f64).sum::<f64>();
            let (now, dearer) = (sum(40.0), sum(32.0));
            (now - dearer) / (now + dearer).sqrt() > 1.96
        });
        let n = seen.count();
        assert!((1_560..=1_760).contains(&n), "{n} of 2,000");
    }
}
