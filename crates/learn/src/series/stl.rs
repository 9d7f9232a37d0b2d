//! STL: a series taken apart into season, trend and what remains, by local regressions.
//!
//! Repeatedly: take the trend off; smooth each place of the season over the years; take a low-pass of
//! that off, so that no trend hides in the season; take the season off; smooth what is left into the
//! new trend. Outer rounds give little weight to outliers. Source: Cleveland, Cleveland, McRae and
//! Terpenning, "STL: a seasonal-trend decomposition procedure based on loess", Journal of Official
//! Statistics 6(1), 1990. Wide windows skip places as in the paper, see `loess`.
//! Cost: `16 n` and the ends of the windows a round.

pub use super::loess::Degree;
use super::loess::Loess;

/// How a series is taken apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StlParams {
    /// Length of the season, at least 2.
    pub period: usize,
    /// Seasons that a smoothed season looks at, odd and at least 3: larger is steadier.
    pub seasonal_window: usize,
    /// What is fitted within that window: a level repeats itself into the future more steadily than a line.
    pub seasonal_degree: Degree,
    /// Steps that the trend looks at; `None` for the paper's `1.5·period / (1 − 1.5/seasonal_window)`.
    pub trend_window: Option<usize>,
    /// Rounds of season and trend, at least 1.
    pub n_inner: usize,
    /// Rounds that put outliers aside, 0 for none.
    pub n_robust: usize,
}

impl Default for StlParams {
    fn default() -> Self {
        Self {
            period: 2,
            seasonal_window: 11,
            seasonal_degree: Degree::Zero,
            trend_window: None,
            n_inner: 5,
            n_robust: 0,
        }
    }
}

/// The parts; they sum to the series.
#[derive(Clone, Debug, PartialEq)]
pub struct Decomposition {
    /// The season, one value a step.
    pub season: Vec<f64>,
    /// The trend.
    pub trend: Vec<f64>,
    /// What remains.
    pub remainder: Vec<f64>,
}

impl StlParams {
    /// `None` below two whole seasons, or for parameters outside their range. All values have to be finite.
    pub fn decompose(&self, y: &[f64]) -> Option<Decomposition> {
        let (n, p) = (y.len(), self.period);
        if p < 2 || n < 2 * p || self.seasonal_window < 3 || self.n_inner == 0 || y.iter().any(|y| !y.is_finite()) {
            return None;
        }
        let odd = |w: usize| w + usize::from(w.is_multiple_of(2));
        let seasonal = odd(self.seasonal_window);
        let usual = (1.5 * p as f64 / (1.0 - 1.5 / seasonal as f64)).ceil() as usize;
        let trend_window = odd(self.trend_window.unwrap_or(usual).max(3));
        let mut weights: Option<Vec<f64>> = None;
        let (mut trend, mut season) = (vec![0.0; n], vec![0.0; n]);
        let (mut padded, mut scratch, mut low) = (vec![0.0; n + 2 * p], Vec::new(), Vec::new());
        let mut left = vec![0.0; n];
        for outer in 0..=self.n_robust {
            for _ in 0..self.n_inner {
                for (l, (y, t)) in left.iter_mut().zip(y.iter().zip(&trend)) {
                    *l = y - t;
                }
                let places = Loess { window: seasonal, degree: self.seasonal_degree, weights: weights.as_deref() };
                smooth_places(&left, p, places, &mut padded);
                low_pass(&padded, p, &mut scratch);
                Loess { window: odd(p), degree: Degree::One, weights: None }.smooth(&scratch, 0, &mut low);
                for (t, s) in season.iter_mut().enumerate() {
                    *s = padded[p + t] - low[t];
                }
                for (l, (y, s)) in left.iter_mut().zip(y.iter().zip(&season)) {
                    *l = y - s;
                }
                Loess { window: trend_window, degree: Degree::One, weights: weights.as_deref() }
                    .smooth(&left, 0, &mut trend);
            }
            if outer < self.n_robust {
                weights = Some(bisquare(y, &season, &trend));
            }
        }
        let remainder = (0..n).map(|t| y[t] - season[t] - trend[t]).collect();
        Some(Decomposition { season, trend, remainder })
    }
}

/// Each place of the season smoothed over the seasons, with one more season at both ends.
fn smooth_places(y: &[f64], p: usize, loess: Loess<'_>, out: &mut [f64]) {
    let (mut part, mut part_weights, mut smooth) = (Vec::new(), Vec::new(), Vec::new());
    for place in 0..p {
        part.clear();
        part.extend(y[place..].iter().step_by(p));
        if let Some(w) = loess.weights {
            part_weights.clear();
            part_weights.extend(w[place..].iter().step_by(p));
        }
        let weights = loess.weights.is_some().then_some(part_weights.as_slice());
        Loess { weights, ..loess }.smooth(&part, 1, &mut smooth);
        for (i, s) in smooth.iter().enumerate() {
            out[place + i * p] = *s;
        }
    }
}

/// Moving averages over a season, a season and 3.
fn low_pass(y: &[f64], p: usize, out: &mut Vec<f64>) {
    let once = moving_average(y, p);
    let twice = moving_average(&once, p);
    *out = moving_average(&twice, 3);
}

fn moving_average(y: &[f64], window: usize) -> Vec<f64> {
    let mut sum: f64 = y[..window].iter().sum();
    let mut out = Vec::with_capacity(y.len() + 1 - window);
    out.push(sum / window as f64);
    for (new, old) in y[window..].iter().zip(y) {
        sum += new - old;
        out.push(sum / window as f64);
    }
    out
}

/// `(1 − (r/6m)²)²` with `m` the median size of the remainders.
fn bisquare(y: &[f64], season: &[f64], trend: &[f64]) -> Vec<f64> {
    let sizes: Vec<f64> = y.iter().zip(season.iter().zip(trend)).map(|(y, (s, t))| (y - s - t).abs()).collect();
    let reach = 6.0 * crate::quantile::median(&sizes).unwrap_or(0.0);
    let weight = |r: &f64| {
        if *r <= 0.001 * reach || reach == 0.0 {
            1.0
        } else if *r >= 0.999 * reach {
            0.0
        } else {
            (1.0 - (r / reach).powi(2)).powi(2)
        }
    };
    sizes.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(t: usize) -> (f64, f64) {
        (20.0 + 0.1 * t as f64, [5.0, -1.0, -6.0, 2.0][t % 4])
    }

    #[test]
    fn line_and_season_are_told_apart_and_sum_to_the_series() {
        let y: Vec<f64> = (0..60).map(|t| made(t).0 + made(t).1).collect();
        let d = StlParams { period: 4, ..StlParams::default() }.decompose(&y).unwrap();
        #[expect(clippy::needless_range_loop, reason = "t is a time")]
        for t in 0..60 {
            assert!((d.season[t] - made(t).1).abs() < 0.05, "{t}: {}", d.season[t]);
            assert!((d.trend[t] - made(t).0).abs() < 0.05, "{t}: {}", d.trend[t]);
            assert!((d.season[t] + d.trend[t] + d.remainder[t] - y[t]).abs() < 1e-9);
        }
    }

    #[test]
    fn an_outlier_stays_in_the_remainder_of_a_robust_decomposition() {
        let mut y: Vec<f64> = (0..60).map(|t| made(t).0 + made(t).1 + 0.1 * (t as f64).sin()).collect();
        y[30] += 50.0;
        let miss = |n_robust| {
            let d = StlParams { period: 4, n_robust, ..StlParams::default() }.decompose(&y).unwrap();
            (d.remainder[30] - 50.0).abs()
        };
        assert!(miss(5) < 1.0 && miss(0) > 5.0, "{} and {}", miss(5), miss(0));
    }

    #[test]
    fn too_short_a_series_is_not_taken_apart() {
        let params = StlParams { period: 4, ..StlParams::default() };
        assert_eq!(params.decompose(&[1.0; 7]), None);
        assert_eq!(params.decompose(&[f64::NAN; 20]), None);
        assert_eq!(StlParams { period: 1, ..params }.decompose(&[1.0; 20]), None);
        assert!(params.decompose(&[0.0; 20]).unwrap().season.iter().all(|s| *s == 0.0));
    }
}
