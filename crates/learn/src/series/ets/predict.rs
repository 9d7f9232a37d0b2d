//! Looking ahead from a fitted model: means, and variances of the errors that come with them.
//!
//! Means repeat the recursion without errors. With `c_j` the weight at which an error lives on after `j`
//! steps (`c_j = α + β(φ + … + φ^j)`, plus `γ` where `j` is a multiple of the season), variances are
//! `v_h = σ²(1 + Σ_(j<h) c_j²)` for an additive error, and for a multiplicative one
//! `v_h = (1 + σ²)θ_h − μ_h²` with `θ_h = μ_h² + σ² Σ c_j² θ_(h−j)` (Hyndman et al. 2008, section 6.2 and 6.3).
//! Where season or trend are factors the latter is an approximation: the weights are taken in proportion to the mean.

use super::filter::{State, faded, pass};
use super::fit::EtsFit;
use super::form::{ErrorKind, SeasonKind, TrendKind};

impl EtsFit {
    /// Means of the next `horizon` values.
    pub fn forecast(&self, horizon: usize) -> Vec<f64> {
        self.means(horizon).into_iter().map(|f| f * self.unit).collect()
    }

    /// Standard deviations of their errors.
    pub fn deviations(&self, horizon: usize) -> Vec<f64> {
        let means = self.means(horizon);
        let [alpha, beta, gamma, phi] = self.smoothing();
        let period = self.end_season.len();
        let mut fade = 0.0;
        let c: Vec<f64> = (1..=horizon)
            .map(|j| {
                fade += phi.powi(j as i32);
                let season = if period > 0 && j.is_multiple_of(period) { gamma } else { 0.0 };
                alpha + beta * fade + season
            })
            .collect();
        let s2 = self.variance;
        let variances: Vec<f64> = match self.form.error {
            ErrorKind::Additive => {
                let mut sum = 0.0;
                (0..horizon)
                    .map(|h| {
                        let v = s2 * (1.0 + sum);
                        sum += c[h] * c[h];
                        v
                    })
                    .collect()
            }
            ErrorKind::Multiplicative => {
                let mut theta: Vec<f64> = Vec::with_capacity(horizon);
                for (h, mean) in means.iter().enumerate() {
                    let carried: f64 = (1..=h).map(|j| c[j - 1] * c[j - 1] * theta[h - j]).sum();
                    theta.push(mean * mean + s2 * carried);
                }
                theta.iter().zip(&means).map(|(t, m)| (1.0 + s2) * t - m * m).collect()
            }
        };
        variances.into_iter().map(|v| v.max(0.0).sqrt() * self.unit).collect()
    }

    /// One-step forecasts of the history that it was fitted on, or of another one from the same start.
    /// `None` where the history leaves the domain of the form.
    pub fn one_step(&self, y: &[f64]) -> Option<Vec<f64>> {
        let scaled: Vec<f64> = y.iter().map(|y| y / self.unit).collect();
        let mut forecasts = Vec::with_capacity(y.len());
        self.walk(&scaled, |mu| forecasts.push(mu * self.unit))?;
        Some(forecasts)
    }

    /// The same weights and start after another history: brings the state up to date without learning.
    #[must_use]
    pub fn after(&self, y: &[f64]) -> Option<Self> {
        let scaled: Vec<f64> = y.iter().map(|y| y / self.unit).collect();
        let (end, end_season) = self.walk(&scaled, |_| {})?;
        let mut fit = self.clone();
        (fit.end, fit.end_season) = (end, end_season);
        Some(fit)
    }

    fn walk(&self, y: &[f64], mut each: impl FnMut(f64)) -> Option<(State<f64>, Vec<f64>)> {
        use {SeasonKind as S, TrendKind as T};
        let mut season = self.start_season.clone();
        let (error, w, start) = (self.form.error, &self.weights, self.start);
        let s = &mut season;
        let told = |mu: f64, _: f64| each(mu);
        let (_, end) = match (self.form.trend, self.form.season) {
            (T::None, S::None) => pass::<f64, 0, 0>(error, y, w, start, s, told),
            (T::None, S::Additive) => pass::<f64, 0, 1>(error, y, w, start, s, told),
            (T::None, S::Multiplicative) => pass::<f64, 0, 2>(error, y, w, start, s, told),
            (T::Additive, S::None) => pass::<f64, 1, 0>(error, y, w, start, s, told),
            (T::Additive, S::Additive) => pass::<f64, 1, 1>(error, y, w, start, s, told),
            (T::Additive, S::Multiplicative) => pass::<f64, 1, 2>(error, y, w, start, s, told),
            (T::Damped, S::None) => pass::<f64, 2, 0>(error, y, w, start, s, told),
            (T::Damped, S::Additive) => pass::<f64, 2, 1>(error, y, w, start, s, told),
            (T::Damped, S::Multiplicative) => pass::<f64, 2, 2>(error, y, w, start, s, told),
            (T::Multiplicative, S::None) => pass::<f64, 3, 0>(error, y, w, start, s, told),
            (T::Multiplicative, S::Additive) => pass::<f64, 3, 1>(error, y, w, start, s, told),
            (T::Multiplicative, S::Multiplicative) => pass::<f64, 3, 2>(error, y, w, start, s, told),
            (T::MultiplicativeDamped, S::None) => pass::<f64, 4, 0>(error, y, w, start, s, told),
            (T::MultiplicativeDamped, S::Additive) => pass::<f64, 4, 1>(error, y, w, start, s, told),
            (T::MultiplicativeDamped, S::Multiplicative) => pass::<f64, 4, 2>(error, y, w, start, s, told),
        }?;
        Some((end, season))
    }

    fn means(&self, horizon: usize) -> Vec<f64> {
        let State { mut level, mut slope } = self.end;
        let period = self.end_season.len();
        (0..horizon)
            .map(|h| {
                slope = faded(self.form.trend, slope, self.weights.phi);
                match self.form.trend {
                    TrendKind::None => {}
                    TrendKind::Additive | TrendKind::Damped => level += slope,
                    TrendKind::Multiplicative | TrendKind::MultiplicativeDamped => level *= slope,
                }
                match self.form.season {
                    SeasonKind::None => level,
                    SeasonKind::Additive => level + self.end_season[h % period],
                    SeasonKind::Multiplicative => level * self.end_season[h % period],
                }
            })
            .collect()
    }
}
