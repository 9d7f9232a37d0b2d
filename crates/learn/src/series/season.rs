//! Is there a season, and what does it look like: autocorrelation, the M4 test, classical decomposition.
//!
//! `r_k = Σ (y_t − ȳ)(y_(t+k) − ȳ) / Σ (y_t − ȳ)²`. A period `m` counts as a season where there are three of
//! them and `abs(r_m) > 1.645·√((1 + 2·Σ_(k<m) r_k²)/n)`, a test at 90 %. Indices come from the classical
//! decomposition: the ratio to (or the distance from) a centred moving average, averaged by place in
//! the season and scaled to mean 1 (or shifted to mean 0). Source: Makridakis, Spiliotis and
//! Assimakopoulos, "The M4 competition", IJF 36(1), 2020. Cost: `n·m` for the test.

use super::naive::naive;

/// How a season joins the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Added to it.
    Add,
    /// A factor on it; for series above 0 only.
    Multiply,
}

/// Autocorrelation at lags `1 ..= n_lags`; empty where the series does not vary or is not longer than that.
pub fn autocorrelation(y: &[f64], n_lags: usize) -> Vec<f64> {
    if y.len() <= n_lags {
        return Vec::new();
    }
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let d: Vec<f64> = y.iter().map(|y| y - mean).collect();
    let sum = |lag: usize| d.iter().zip(&d[lag..]).map(|(a, b)| a * b).sum::<f64>();
    let whole = sum(0);
    // A constant series leaves only the rounding of its mean.
    let rounding = y.len() as f64 * (mean.abs() * 4.0 * f64::EPSILON).powi(2);
    if !(whole > rounding && whole.is_finite()) {
        return Vec::new();
    }
    (1..=n_lags).map(|lag| sum(lag) / whole).collect()
}

/// Whether the period is a season by the test of M4.
pub fn is_seasonal(y: &[f64], period: usize) -> bool {
    if period < 2 || y.len() < 3 * period {
        return false;
    }
    let r = autocorrelation(y, period);
    let Some((at_period, below)) = r.split_last() else { return false };
    let limit = 1.645 * ((1.0 + 2.0 * below.iter().map(|r| r * r).sum::<f64>()) / y.len() as f64).sqrt();
    at_period.abs() > limit
}

/// Seasonal indices, one a place; place 0 is that of the first value. `None` without two whole seasons,
/// or for factors where a value or an average is not above 0.
pub fn seasonal_indices(y: &[f64], period: usize, join: Join) -> Option<Vec<f64>> {
    if period < 2 || y.len() < 2 * period || (join == Join::Multiply && y.iter().any(|y| *y <= 0.0)) {
        return None;
    }
    let trend = centred_average(y, period);
    let from = period / 2;
    let (mut sums, mut counts) = (vec![0.0; period], vec![0_u32; period]);
    for (i, level) in trend.iter().enumerate() {
        let t = from + i;
        sums[t % period] += match join {
            Join::Add => y[t] - level,
            Join::Multiply => y[t] / level,
        };
        counts[t % period] += 1;
    }
    if counts.contains(&0) {
        return None;
    }
    let means: Vec<f64> = sums.iter().zip(&counts).map(|(s, n)| s / f64::from(*n)).collect();
    let mean = means.iter().sum::<f64>() / period as f64;
    let indices: Vec<f64> = match join {
        Join::Add => means.iter().map(|s| s - mean).collect(),
        Join::Multiply => means.iter().map(|s| s / mean).collect(),
    };
    let usable = |s: &f64| s.is_finite() && (join == Join::Add || *s > 0.0);
    indices.iter().all(usable).then_some(indices)
}

/// A series without its season.
pub(super) fn without_season(y: &[f64], indices: &[f64], join: Join) -> Vec<f64> {
    let at = |(t, y): (usize, &f64)| match join {
        Join::Add => y - indices[t % indices.len()],
        Join::Multiply => y / indices[t % indices.len()],
    };
    y.iter().enumerate().map(at).collect()
}

/// A forecast that follows `n` values, with its season again.
pub(super) fn with_season(forecast: &mut [f64], n: usize, indices: &[f64], join: Join) {
    for (h, f) in forecast.iter_mut().enumerate() {
        let index = indices[(n + h) % indices.len()];
        match join {
            Join::Add => *f += index,
            Join::Multiply => *f *= index,
        }
    }
}

/// Naive2, the benchmark of M4: the last value of the series without its season, with the season again;
/// the plain last value where the test finds no season or a value is not above 0.
pub fn naive2(y: &[f64], period: usize, horizon: usize) -> Option<Vec<f64>> {
    let season = is_seasonal(y, period).then(|| seasonal_indices(y, period, Join::Multiply)).flatten();
    let Some(indices) = season else { return naive(y, horizon) };
    let mut forecast = naive(&without_season(y, &indices, Join::Multiply), horizon)?;
    with_season(&mut forecast, y.len(), &indices, Join::Multiply);
    Some(forecast)
}

/// Moving average over one period, with half weights at both ends where the period is even: values
/// `period/2 .. n − period/2` of the trend.
fn centred_average(y: &[f64], period: usize) -> Vec<f64> {
    let half = period / 2;
    let wide = 2 * half + 1;
    let ends = if period.is_multiple_of(2) { 0.5 } else { 1.0 };
    let average = |w: &[f64]| {
        let inner: f64 = w[1..wide - 1].iter().sum();
        (inner + ends * (w[0] + w[wide - 1])) / period as f64
    };
    y.windows(wide).map(average).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Level 10 with steps +2, 0, −2 (or factors 1.2, 1, 0.8), exactly repeated.
    #[test]
    fn a_pure_season_is_found_exactly() {
        let season = [2.0, 0.0, -2.0];
        let y: Vec<f64> = (0..12).map(|t| 10.0 + season[t % 3]).collect();
        assert!(is_seasonal(&y, 3) && !is_seasonal(&y[..8], 3));
        let close = |got: &[f64], want: [f64; 3]| got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-12);
        assert!(close(&seasonal_indices(&y, 3, Join::Add).unwrap(), season));
        assert!(close(&seasonal_indices(&y, 3, Join::Multiply).unwrap(), [1.2, 1.0, 0.8]));
        let forecast = naive2(&y, 3, 4).unwrap();
        assert!(forecast.iter().zip([12.0, 10.0, 8.0, 12.0]).all(|(f, w)| (f - w).abs() < 1e-12));
    }

    #[test] // Window of 4: (1/2·1 + 2 + 3 + 4 + 1/2·5) / 4 = 3.
    fn an_even_period_is_centred_with_half_weights() {
        assert_eq!(centred_average(&[1.0, 2.0, 3.0, 4.0, 5.0], 4), [3.0]);
        assert_eq!(centred_average(&[1.0, 2.0, 6.0], 3), [3.0]);
    }

    #[test]
    fn what_has_no_season_says_so() {
        assert!(autocorrelation(&[5.1; 30], 3).is_empty());
        assert!(autocorrelation(&[1.0, 2.0], 2).is_empty());
        assert!(!is_seasonal(&[5.1; 30], 3) && !is_seasonal(&[1.0, 2.0], 1));
        assert_eq!(seasonal_indices(&[1.0; 5], 3, Join::Add), None);
        assert_eq!(seasonal_indices(&[0.0; 9], 3, Join::Multiply), None);
        assert_eq!(naive2(&[], 3, 1), None);
        assert_eq!(naive2(&[0.0; 40], 4, 2), Some(vec![0.0; 2]));
    }
}
