//! How far a forecast lies from what came: measures of a point, of a quantile and of an interval.
//!
//! With `y` what came, `f` the forecast, `x` the history and means over the horizon:
//!
//! | measure | formula |
//! |---|---|
//! | [`smape`] | mean of `200·abs(y − f) / (abs(y) + abs(f))`, where `0 / 0` counts as 0 |
//! | [`mase`] | `mean abs(y − f) / mean abs(x_t − x_(t−m))` |
//! | [`owa`] | `(sMAPE / sMAPE of Naive2 + MASE / MASE of Naive2) / 2` |
//! | [`mae`], [`rmse`] | mean of `abs(y − f)`, root of the mean of `(y − f)²` |
//! | [`wape`] | `Σ abs(y − f) / Σ abs(y)` |
//! | [`pinball`] | mean of `p·(y − q)` above the quantile `q`, `(1 − p)·(q − y)` below |
//! | [`covered`] | share of `low ≤ y ≤ high` |
//! | [`interval_score`] | mean of `high − low + 2/(1 − level)·(how far y lies outside)` |
//!
//! Sources: Hyndman and Koehler, "Another look at measures of forecast accuracy", IJF 22(4), 2006;
//! Makridakis, Spiliotis and Assimakopoulos, "The M4 competition", IJF 36(1), 2020; Gneiting and
//! Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 102, 2007. Every measure is `None`
//! where lengths differ, nothing was forecast, a value is not finite, or the quantity is undefined.

/// Symmetric mean absolute percentage error, from 0 to 200.
pub fn smape(actual: &[f64], forecast: &[f64]) -> Option<f64> {
    mean(actual, forecast, |y, f| {
        let size = y.abs() + f.abs();
        // A forecast that is no number makes the whole undefined.
        if size == 0.0 { 0.0 } else { 200.0 * (y - f).abs() / size }
    })
}

/// Mean absolute error in units of the history's own seasonal change over `period` steps; `None`
/// where the history never changes or is not longer than the period.
pub fn mase(history: &[f64], actual: &[f64], forecast: &[f64], period: usize) -> Option<f64> {
    if period == 0 || history.len() <= period {
        return None;
    }
    let scale = mae(&history[period..], &history[..history.len() - period])?;
    if scale > 0.0 { Some(mae(actual, forecast)? / scale) } else { None }
}

/// Overall weighted average: sMAPE and MASE relative to those of the benchmark Naive2 on the same series.
pub fn owa(smape: f64, mase: f64, smape_naive2: f64, mase_naive2: f64) -> Option<f64> {
    let owa = (smape / smape_naive2 + mase / mase_naive2) / 2.0;
    owa.is_finite().then_some(owa)
}

/// Mean absolute error.
pub fn mae(actual: &[f64], forecast: &[f64]) -> Option<f64> {
    mean(actual, forecast, |y, f| (y - f).abs())
}

/// Root mean squared error.
pub fn rmse(actual: &[f64], forecast: &[f64]) -> Option<f64> {
    mean(actual, forecast, |y, f| (y - f) * (y - f)).map(f64::sqrt)
}

/// Absolute errors as a share of absolute demand: unlike sMAPE defined where single values are 0.
pub fn wape(actual: &[f64], forecast: &[f64]) -> Option<f64> {
    let demand = mean(actual, actual, |y, _| y.abs())?;
    if demand > 0.0 { Some(mae(actual, forecast)? / demand) } else { None }
}

/// Loss of a forecast quantile of level `p` in (0, 1); smallest for the true quantile.
pub fn pinball(actual: &[f64], quantile: &[f64], p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    mean(actual, quantile, |y, q| if y >= q { p * (y - q) } else { (1.0 - p) * (q - y) })
}

/// Share of values inside their interval, both ends included.
pub fn covered(actual: &[f64], low: &[f64], high: &[f64]) -> Option<f64> {
    if low.len() != high.len() {
        return None;
    }
    let inside = actual.iter().zip(low.iter().zip(high)).filter(|(y, (l, h))| *l <= *y && *y <= *h).count();
    mean(actual, low, |_, _| inside as f64 / actual.len() as f64)
}

/// Winkler's score of intervals at `level` in (0, 1): width, plus a fine for every value outside. Lower is better.
pub fn interval_score(actual: &[f64], low: &[f64], high: &[f64], level: f64) -> Option<f64> {
    if !(level > 0.0 && level < 1.0) {
        return None;
    }
    let fine = 2.0 / (1.0 - level);
    let width = mean(high, low, |h, l| h - l)?;
    let below = mean(low, actual, |l, y| (l - y).max(0.0))?;
    let above = mean(actual, high, |y, h| (y - h).max(0.0))?;
    Some(width + fine * (below + above))
}

fn mean(a: &[f64], b: &[f64], of: impl Fn(f64, f64) -> f64) -> Option<f64> {
    if a.is_empty() || a.len() != b.len() {
        return None;
    }
    let mean = a.iter().zip(b).map(|(a, b)| of(*a, *b)).sum::<f64>() / a.len() as f64;
    mean.is_finite().then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(got: Option<f64>, want: f64) {
        assert!(got.is_some_and(|got| (got - want).abs() < 1e-12), "{got:?}, want {want}");
    }

    /// Errors 1 and 2 on 3 and 2; the history moves by 1, 3, 2 from step to step and by 2, 1 over two.
    #[test]
    fn measures_follow_their_formulas() {
        let (x, y, f) = ([1.0, 2.0, -1.0, 1.0], [3.0, 2.0], [2.0, 4.0]);
        near(smape(&y, &f), (200.0 / 5.0 + 400.0 / 6.0) / 2.0);
        near(mae(&y, &f), 1.5);
        near(rmse(&y, &f), 2.5_f64.sqrt());
        near(wape(&y, &f), 3.0 / 5.0);
        near(mase(&x, &y, &f, 1), 1.5 / 2.0);
        near(mase(&x, &y, &f, 2), 1.5 / 1.5);
        near(owa(9.0, 2.0, 10.0, 4.0), 0.7);
        // Above the quantile by 1, below by 2: 0.9·1 and 0.1·2.
        near(pinball(&y, &f, 0.9), (0.9 + 0.2) / 2.0);
        near(covered(&y, &[2.5, 3.0], &[3.0, 4.0]), 0.5);
        // Widths 0.5 and 1, one value 1 below its interval, fined 2 / 0.2 times.
        near(interval_score(&y, &[2.5, 3.0], &[3.0, 4.0], 0.8), (0.5 + 1.0 + 10.0) / 2.0);
    }

    #[test]
    fn what_is_undefined_is_none() {
        assert_eq!(smape(&[], &[]), None);
        assert_eq!(smape(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(smape(&[1.0], &[f64::NAN]), None);
        assert_eq!(smape(&[0.0], &[0.0]), Some(0.0));
        assert_eq!(mase(&[5.0; 9], &[5.0], &[6.0], 1), None, "a constant history has no scale");
        assert_eq!(mase(&[1.0, 2.0], &[5.0], &[6.0], 2), None);
        assert_eq!(mase(&[1.0, 2.0], &[5.0], &[6.0], 0), None);
        assert_eq!(wape(&[0.0, 0.0], &[1.0, 1.0]), None);
        assert_eq!(owa(1.0, 1.0, 0.0, 1.0), None);
        assert_eq!(pinball(&[1.0], &[1.0], 1.0), None);
        assert_eq!(covered(&[1.0], &[0.0], &[]), None);
        assert_eq!(interval_score(&[1.0], &[0.0], &[2.0], 1.0), None);
    }

    proptest! {
        #[test]
        fn shares_do_not_change_with_the_unit(y in prop::collection::vec(0.1_f64..1e3, 4), f in prop::collection::vec(0.1_f64..1e3, 4), unit in 0.01_f64..100.0) {
            let scaled = |v: &[f64]| v.iter().map(|v| v * unit).collect::<Vec<_>>();
            let close = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-9 * (1.0 + a.unwrap());
            prop_assert!(close(smape(&y, &f), smape(&scaled(&y), &scaled(&f))));
            prop_assert!(close(wape(&y, &f), wape(&scaled(&y), &scaled(&f))));
            prop_assert!(smape(&y, &f).unwrap() <= 200.0);
            // The pinball loss of the median is half the absolute error.
            prop_assert!(close(pinball(&y, &f, 0.5), mae(&y, &f).map(|e| e / 2.0)));
        }
    }
}
