//! Forecasts without anything to fit: the benchmarks that others have to beat.
//!
//! With `y_1 … y_n`, horizon `h` and period `m`: last value `y_n`; seasonal naive `y_(n+h−m⌈h/m⌉)`;
//! drift `y_n + h·(y_n − y_1)/(n − 1)`; mean; mean of the last `w` values; mean of the last `w` seasons;
//! simple exponential smoothing with a given `α`. Source: Hyndman and Athanasopoulos, "Forecasting:
//! principles and practice", OTexts 2021, chapter 5. All are `None` where the history is too short for
//! them. Cost: linear.

/// The last value.
pub fn naive(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    Some(vec![*y.last()?; horizon])
}

/// The last season again and again.
pub fn seasonal_naive(y: &[f64], period: usize, horizon: usize) -> Option<Vec<f64>> {
    if period == 0 || y.len() < period {
        return None;
    }
    Some(repeat(&y[y.len() - period..], horizon))
}

/// The line through the first and the last value.
pub fn drift(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    let (first, last) = (*y.first()?, *y.last()?);
    if y.len() < 2 {
        return None;
    }
    let slope = (last - first) / (y.len() - 1) as f64;
    Some((1..=horizon).map(|h| last + h as f64 * slope).collect())
}

/// The mean of all values.
pub fn historic_mean(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    window_mean(y, y.len(), horizon)
}

/// The mean of the last `window` values.
pub fn window_mean(y: &[f64], window: usize, horizon: usize) -> Option<Vec<f64>> {
    if window == 0 || y.len() < window {
        return None;
    }
    let mean = y[y.len() - window..].iter().sum::<f64>() / window as f64;
    Some(vec![mean; horizon])
}

/// For each place in the season, the mean of its last `n_seasons` values.
pub fn seasonal_window_mean(y: &[f64], period: usize, n_seasons: usize, horizon: usize) -> Option<Vec<f64>> {
    let used = period.checked_mul(n_seasons).filter(|used| *used > 0 && *used <= y.len())?;
    let last = &y[y.len() - used..];
    let mean = |place: usize| last[place..].iter().step_by(period).sum::<f64>() / n_seasons as f64;
    Some(repeat(&(0..period).map(mean).collect::<Vec<_>>(), horizon))
}

/// Simple exponential smoothing `l ← α·y + (1 − α)·l` that starts at the first value.
pub fn simple_smoothing(y: &[f64], alpha: f64, horizon: usize) -> Option<Vec<f64>> {
    let (first, rest) = y.split_first()?;
    Some(vec![rest.iter().fold(*first, |level, y| alpha * y + (1.0 - alpha) * level); horizon])
}

/// One season over and over.
pub(super) fn repeat(season: &[f64], horizon: usize) -> Vec<f64> {
    season.iter().copied().cycle().take(horizon).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    const Y: [f64; 5] = [1.0, 5.0, 2.0, 9.0, 4.0];

    #[test]
    fn benchmarks_follow_their_formulas() {
        assert_eq!(naive(&Y, 2), Some(vec![4.0, 4.0]));
        assert_eq!(seasonal_naive(&Y, 2, 3), Some(vec![9.0, 4.0, 9.0]));
        assert_eq!(drift(&Y, 2), Some(vec![4.75, 5.5]));
        assert_eq!(historic_mean(&Y, 1), Some(vec![4.2]));
        assert_eq!(window_mean(&Y, 3, 1), Some(vec![5.0]));
        assert_eq!(seasonal_window_mean(&Y, 2, 2, 3), Some(vec![7.0, 3.0, 7.0]));
        // 1, then (5 + 1)/2 = 3, 2.5, 5.75, 4.875.
        assert_eq!(simple_smoothing(&Y, 0.5, 1), Some(vec![4.875]));
    }

    #[test]
    fn a_history_that_is_too_short_has_no_forecast() {
        assert_eq!(naive(&[], 1), None);
        assert_eq!(seasonal_naive(&Y, 6, 1), None);
        assert_eq!(seasonal_naive(&Y, 0, 1), None);
        assert_eq!(drift(&[1.0], 1), None);
        assert_eq!(historic_mean(&[], 1), None);
        assert_eq!(window_mean(&Y, 6, 1), None);
        assert_eq!(seasonal_window_mean(&Y, 2, 3, 1), None);
        assert_eq!(seasonal_window_mean(&Y, 0, 3, 1), None);
        assert_eq!(simple_smoothing(&[], 0.5, 1), None);
    }
}
