//! How a media mix is fitted: weeks held out, shape of carry-over and saturation, season, ridge, search.

use super::adstock::Adstock;
use crate::budget::response::hill;
use crate::spend_error::SpendError;
use serde::{Deserialize, Serialize};

/// Carry-over and saturation of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Carry-over.
    pub adstock: Adstock,
    /// Steepness of the Hill curve, above 0.
    pub alpha: f64,
    /// Half saturation, as a part of the largest carried-over week of the training weeks; above 0.
    pub gamma: f64,
}

/// Which carry-over is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarryOver {
    /// [`Adstock::Geometric`].
    Geometric,
    /// [`Adstock::WeibullSurvival`].
    WeibullSurvival,
    /// [`Adstock::WeibullDensity`].
    WeibullDensity,
}

/// Ranges of the search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchParams {
    /// Form of the carry-over.
    pub carry_over: CarryOver,
    /// Range of `theta`, within [0, 1).
    pub theta: (f64, f64),
    /// Range of the Weibull shape.
    pub weibull_shape: (f64, f64),
    /// Range of the Weibull scale, weeks.
    pub weibull_scale: (f64, f64),
    /// Range of `alpha`.
    pub alpha: (f64, f64),
    /// Range of `gamma`.
    pub gamma: (f64, f64),
    /// Values of each parameter in the first, coarse pass; at least 2.
    pub n_values: usize,
    /// Random starts of the coarse pass, at least 1.
    pub n_starts: usize,
    /// How many of the best are refined, at least 1.
    pub n_refined: usize,
}

impl Default for SearchParams {
    fn default() -> Self {
        Self {
            carry_over: CarryOver::Geometric,
            theta: (0.0, 0.8),
            weibull_shape: (0.5, 5.0),
            weibull_scale: (0.5, 8.0),
            alpha: (0.5, 3.0),
            gamma: (0.1, 1.0),
            n_values: 5,
            n_starts: 12,
            n_refined: 4,
        }
    }
}

/// How the whole model is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaParams {
    /// Weeks at the end of every place that are kept from the fit and measure it.
    pub test_weeks: usize,
    /// Weight of the squared channel coefficients, in the outcome's own unit. Meant to keep twins apart, not to shrink: a
    /// weight that is felt pulls large effects down and makes intervals miss them.
    pub ridge: f64,
    /// Whether a straight trend is among the controls.
    pub trend: Trend,
    /// Pairs of sine and cosine over a year.
    pub n_fourier: usize,
    /// Weeks of a year.
    pub year_weeks: f64,
    /// Ranges and effort of the search.
    pub search: SearchParams,
}

/// Whether sales may grow by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// A straight line is fitted.
    Line,
    /// None.
    None,
}

impl Default for MediaParams {
    fn default() -> Self {
        Self {
            test_weeks: 26,
            ridge: 1e-9,
            trend: Trend::Line,
            n_fourier: 2,
            year_weeks: 52.1775,
            search: SearchParams::default(),
        }
    }
}

impl Shape {
    /// Geometric carry-over and Hill saturation.
    pub fn geometric(theta: f64, alpha: f64, gamma: f64) -> Self {
        Self { adstock: Adstock::Geometric { theta }, alpha, gamma }
    }

    /// # Errors
    /// [`SpendError::Param`] for a value out of range.
    pub fn check(&self) -> Result<(), SpendError> {
        if !self.adstock.is_valid() {
            let got = match self.adstock {
                Adstock::Geometric { theta } => theta,
                Adstock::WeibullSurvival { shape, .. } | Adstock::WeibullDensity { shape, .. } => shape,
            };
            return Err(SpendError::param("adstock", "theta in [0, 1), Weibull shape and scale above 0", got));
        }
        for (name, got) in [("alpha", self.alpha), ("gamma", self.gamma)] {
            if !(got > 0.0 && got.is_finite()) {
                return Err(SpendError::param(name, "above 0", got));
            }
        }
        Ok(())
    }

    /// Saturation of a carried-over week, as a part of the most that can come.
    pub fn saturated(&self, carried: f64, scale: f64) -> f64 {
        hill(carried / scale, self.alpha, self.gamma)
    }
}

impl SearchParams {
    pub(crate) fn check(&self) -> Result<(), SpendError> {
        let ranges = [
            ("theta", self.theta, 0.0, 0.999),
            ("weibull_shape", self.weibull_shape, 1e-3, 100.0),
            ("weibull_scale", self.weibull_scale, 1e-3, 1000.0),
            ("alpha", self.alpha, 1e-3, 100.0),
            ("gamma", self.gamma, 1e-4, 1000.0),
        ];
        for (name, (low, high), least, most) in ranges {
            if !(low >= least && high <= most && low <= high) {
                return Err(SpendError::param(name, "a range of rising ends within what the curve allows", low));
            }
        }
        let counts = [("n_values", self.n_values, 2), ("n_starts", self.n_starts, 1), ("n_refined", self.n_refined, 1)];
        for (name, got, need) in counts {
            if got < need {
                return Err(SpendError::param(name, "at least 1, and 2 values", got as f64));
            }
        }
        Ok(())
    }

    /// Free numbers of a shape.
    pub(crate) fn n_numbers(&self) -> usize {
        self.carry_numbers() + 2
    }

    fn carry_numbers(&self) -> usize {
        match self.carry_over {
            CarryOver::Geometric => 1,
            CarryOver::WeibullSurvival | CarryOver::WeibullDensity => 2,
        }
    }

    /// Range of each number of a shape, in the search's own scale: logarithms but for `theta`.
    pub(crate) fn range(&self, at: usize) -> (f64, f64) {
        let log = |(low, high): (f64, f64)| (low.ln(), high.ln());
        let carry: &[(f64, f64)] = match self.carry_over {
            CarryOver::Geometric => &[self.theta],
            CarryOver::WeibullSurvival | CarryOver::WeibullDensity => {
                &[log(self.weibull_shape), log(self.weibull_scale)]
            }
        };
        carry.iter().copied().chain([log(self.alpha), log(self.gamma)]).nth(at).unwrap_or((0.0, 0.0))
    }

    /// The shape of these numbers.
    pub(crate) fn shape(&self, numbers: &[f64]) -> Shape {
        let n = self.carry_numbers();
        let adstock = match self.carry_over {
            CarryOver::Geometric => Adstock::Geometric { theta: numbers[0] },
            CarryOver::WeibullSurvival => Adstock::WeibullSurvival { shape: numbers[0].exp(), scale: numbers[1].exp() },
            CarryOver::WeibullDensity => Adstock::WeibullDensity { shape: numbers[0].exp(), scale: numbers[1].exp() },
        };
        Shape { adstock, alpha: numbers[n].exp(), gamma: numbers[n + 1].exp() }
    }
}
