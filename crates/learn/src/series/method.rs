//! One door to all methods: a name, a series, a forecast.
//!
//! A method that cannot answer says `None`; what then answers instead is the business of `auto`. Means come
//! with standard deviations where the model has them, else with those of a random walk over the
//! method's own period: `σ√(1 + ⌊(h − 1)/m⌋)`, with `σ` the root mean squared change over `m` steps.

use super::ets::{ErrorKind, EtsFit, EtsForm, EtsParams, Fitted, TrendKind};
use super::intermittent::{croston, sba, tsb};
use super::mstl::{MstlParams, Seasons};
use super::naive::{drift, historic_mean, naive, seasonal_naive, seasonal_window_mean, window_mean};
use super::theta::ThetaParams;
use std::cell::{OnceCell, RefCell};
use std::fmt;

/// A way to forecast one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// The last value.
    Naive,
    /// The line through the first and the last value.
    Drift,
    /// The mean of all values.
    Mean,
    /// The mean of the last values, at most this many.
    WindowMean(usize),
    /// The last season of this length.
    SeasonalNaive(usize),
    /// The mean of the last seasons: their length and how many.
    SeasonalMean(usize, usize),
    /// Exponential smoothing, the form by AICc, with a season of this length (1 for none).
    Ets(usize),
    /// Exponential smoothing with a fading trend; the error by AICc.
    DampedEts,
    /// The theta method, the form by AICc, with a season of this length (1 for none).
    Theta(usize),
    /// Seasons by MSTL, exponential smoothing of the rest.
    MstlEts(Scale),
    /// Seasons by MSTL, the theta method for the rest.
    MstlTheta(Scale),
    /// Croston's method with smoothing 0.1.
    Croston,
    /// Croston's method without its bias, smoothing 0.1.
    Sba,
    /// Size times chance of a demand, both smoothed with 0.1.
    Tsb,
}

/// On which scale seasons are taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// As they are.
    Plain,
    /// Logarithms, so that seasons are factors; for series above 0 only.
    Log,
}

/// What is expected, and how far off it may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Means of the next values.
    pub mean: Vec<f64>,
    /// Standard deviations of their errors as the model has it, not yet checked against what happened.
    pub deviation: Vec<f64>,
}

impl Method {
    /// Forecasts `horizon` steps after `y`, all finite. `periods` are the seasons that MSTL takes out. `None` where
    /// the series is too short, too constant or not positive enough for the method.
    pub fn forecast(self, y: &[f64], periods: &[usize], horizon: usize) -> Option<Outlook> {
        self.forecast_with(&Worked::new(y, periods), horizon)
    }

    /// The same, with what other methods already worked out of the same history.
    pub(super) fn forecast_with(self, worked: &Worked<'_>, horizon: usize) -> Option<Outlook> {
        let y = worked.y;
        let walk = |mean: Vec<f64>, period: usize| {
            let deviation = walk_deviations(y, period, horizon);
            Outlook { mean, deviation }
        };
        let flat = |level: f64| walk(vec![level; horizon], 1);
        let outlook = match self {
            Self::Naive => walk(naive(y, horizon)?, 1),
            Self::Drift => walk(drift(y, horizon)?, 1),
            Self::Mean => walk(historic_mean(y, horizon)?, 1),
            Self::WindowMean(window) => walk(window_mean(y, window.min(y.len()), horizon)?, 1),
            Self::SeasonalNaive(period) => walk(seasonal_naive(y, period, horizon)?, period),
            Self::SeasonalMean(period, n) => {
                let n = n.min(y.len().checked_div(period)?);
                walk(seasonal_window_mean(y, period, n, horizon)?, period)
            }
            Self::Ets(period) => worked.ets(&EtsParams::automatic(period), horizon)?,
            Self::DampedEts => worked.ets(&damped(), horizon)?,
            Self::Theta(period) => theta(y, period, horizon)?,
            Self::MstlEts(scale) => {
                // What neighbouring seasons share is taken out with the seasons, so the changes of the rest hang together for a
                // few steps only. With the usual 0.8 as the least damping their slope is carried too far: on M4 hourly MASE
                // is 1.134, 0.998 and 1.046 at three origins inside the histories, with 0.6 it is 1.126, 0.987 and 1.034.
                let mut params = EtsParams { min_damping: 0.6, ..EtsParams::default() };
                if scale == Scale::Log {
                    // The zero of a logarithm is one unit of money or goods: nothing is in proportion to it.
                    params.forms.retain(|form| form.error == ErrorKind::Additive);
                }
                mstl(worked, scale, horizon, |y| Some(outlook_of(&params.fit(y)?, horizon)))?
            }
            Self::MstlTheta(scale) => mstl(worked, scale, horizon, |y| theta(y, 1, horizon))?,
            Self::Croston => flat(croston(y, 0.1)?),
            Self::Sba => flat(sba(y, 0.1)?),
            Self::Tsb => flat(tsb(y, 0.1, 0.1)?),
        };
        let fine = |v: &[f64]| v.iter().all(|v| v.is_finite());
        (fine(&outlook.mean) && fine(&outlook.deviation)).then_some(outlook)
    }
}

/// A history with what methods share of it: seasons that MSTL takes out, forms of exponential smoothing. Each is worked out when
/// it is first asked for.
pub(super) struct Worked<'a> {
    y: &'a [f64],
    periods: &'a [usize],
    plain: OnceCell<Option<Seasons>>,
    log: OnceCell<Option<Seasons>>,
    fitted: RefCell<Fitted>,
}

impl<'a> Worked<'a> {
    pub(super) fn new(y: &'a [f64], periods: &'a [usize]) -> Self {
        let (plain, log) = (OnceCell::new(), OnceCell::new());
        Self { y, periods, plain, log, fitted: RefCell::new(Fitted::new()) }
    }

    /// `params` of the usual tolerance and damping, which all fits here share.
    fn ets(&self, params: &EtsParams, horizon: usize) -> Option<Outlook> {
        Some(outlook_of(&params.fit_more(self.y, &mut self.fitted.borrow_mut())?, horizon))
    }

    /// Nothing for logarithms of what is not above 0.
    fn seasons(&self, scale: Scale) -> Option<&Seasons> {
        let params = MstlParams { periods: self.periods.to_vec(), ..MstlParams::default() };
        let found = match scale {
            Scale::Plain => self.plain.get_or_init(|| params.decompose(self.y)),
            Scale::Log => self.log.get_or_init(|| {
                let logs = self.y.iter().map(|y| (*y > 0.0).then(|| y.ln())).collect::<Option<Vec<f64>>>()?;
                params.decompose(&logs)
            }),
        };
        found.as_ref()
    }
}

fn outlook_of(fit: &EtsFit, horizon: usize) -> Outlook {
    Outlook { mean: fit.forecast(horizon), deviation: fit.deviations(horizon) }
}

fn theta(y: &[f64], period: usize, horizon: usize) -> Option<Outlook> {
    let fit = ThetaParams::automatic(period).fit(y)?;
    Some(Outlook { mean: fit.forecast(horizon), deviation: fit.deviations(horizon) })
}

fn damped() -> EtsParams {
    let mut forms = EtsForm::admissible(false, false);
    forms.retain(|form| form.trend == TrendKind::Damped);
    EtsParams { forms, ..EtsParams::default() }
}

fn mstl(
    worked: &Worked<'_>,
    scale: Scale,
    horizon: usize,
    rest: impl Fn(&[f64]) -> Option<Outlook>,
) -> Option<Outlook> {
    let parts = worked.seasons(scale)?;
    let mut outlook = rest(&parts.adjusted())?;
    for (f, s) in outlook.mean.iter_mut().zip(parts.ahead(horizon)) {
        *f += s;
    }
    if scale == Scale::Log {
        for (f, d) in outlook.mean.iter_mut().zip(&mut outlook.deviation) {
            // The median comes back, not the mean: that is what absolute errors ask for. A logarithm far above
            // all that was seen is a trend gone wrong.
            *f = f.exp();
            *d = *f * d.min(3.0);
        }
    }
    Some(outlook)
}

fn walk_deviations(y: &[f64], period: usize, horizon: usize) -> Vec<f64> {
    let m = if y.len() > period { period } else { 1 };
    let changes: Vec<f64> = y.iter().zip(y.get(m..).unwrap_or(&[])).map(|(a, b)| (b - a) * (b - a)).collect();
    let sigma = if changes.is_empty() { 0.0 } else { (changes.iter().sum::<f64>() / changes.len() as f64).sqrt() };
    (0..horizon).map(|h| sigma * ((1 + h / m) as f64).sqrt()).collect()
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = |scale: &Scale| if *scale == Scale::Log { "Log" } else { "" };
        match self {
            Self::Naive => f.write_str("Naive"),
            Self::Drift => f.write_str("Drift"),
            Self::Mean => f.write_str("Mean"),
            Self::WindowMean(w) => write!(f, "Mean of {w}"),
            Self::SeasonalNaive(m) => write!(f, "Seasonal naive {m}"),
            Self::SeasonalMean(m, n) => write!(f, "Mean of {n} seasons of {m}"),
            Self::Ets(1) => f.write_str("ETS"),
            Self::Ets(m) => write!(f, "ETS {m}"),
            Self::DampedEts => f.write_str("Damped ETS"),
            Self::Theta(1) => f.write_str("Theta"),
            Self::Theta(m) => write!(f, "Theta {m}"),
            Self::MstlEts(scale) => write!(f, "{}MSTL + ETS", log(scale)),
            Self::MstlTheta(scale) => write!(f, "{}MSTL + Theta", log(scale)),
            Self::Croston => f.write_str("Croston"),
            Self::Sba => f.write_str("SBA"),
            Self::Tsb => f.write_str("TSB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Method; 15] = [
        Method::Naive,
        Method::Drift,
        Method::Mean,
        Method::WindowMean(4),
        Method::SeasonalNaive(4),
        Method::SeasonalMean(4, 2),
        Method::Ets(1),
        Method::Ets(4),
        Method::DampedEts,
        Method::Theta(4),
        Method::MstlEts(Scale::Plain),
        Method::MstlTheta(Scale::Log),
        Method::Croston,
        Method::Sba,
        Method::Tsb,
    ];

    /// Nothing panics, and an answer is finite and as long as was asked, on series that break formulas.
    #[test]
    fn hard_series_get_a_whole_answer_or_none() {
        let long = |f: fn(usize) -> f64| (0..60).map(f).collect::<Vec<f64>>();
        let mut series: Vec<Vec<f64>> = (0..=10).map(|n| (0..n).map(|t| (t * t % 7) as f64 + 1.0).collect()).collect();
        series.extend([
            long(|_| 5.1),
            long(|_| 0.0),
            long(|t| -(t as f64) - (t % 4) as f64),
            long(|t| 1e15 * (1.0 + (t % 4) as f64)),
            long(|t| 1e-15 * (1.0 + (t % 5) as f64)),
            long(|t| if t % 7 == 3 { 2.0 } else { 0.0 }),
            long(|t| if t < 50 { 0.0 } else { (t % 3) as f64 }),
            long(|t| if t == 30 { 1e9 } else { 1.0 + (t % 2) as f64 }),
            long(|t| 2.0 * t as f64),
            long(|t| 1.3_f64.powi(t as i32)),
        ]);
        for y in &series {
            for method in ALL {
                for horizon in [0, 1, 9] {
                    if let Some(outlook) = method.forecast(y, &[4, 100], horizon) {
                        assert_eq!((outlook.mean.len(), outlook.deviation.len()), (horizon, horizon), "{method}");
                        let fine = outlook.mean.iter().chain(&outlook.deviation).all(|v| v.is_finite());
                        assert!(fine && outlook.deviation.iter().all(|d| *d >= 0.0), "{method} on {y:?}: {outlook:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_unit_of_a_series_does_not_matter() {
        let y: Vec<f64> = (0..60).map(|t| 20.0 + (t % 4) as f64 + (t * t % 11) as f64).collect();
        for method in ALL {
            let base = method.forecast(&y, &[4], 5).unwrap();
            for unit in [1e-9, 1e9] {
                let scaled: Vec<f64> = y.iter().map(|y| y * unit).collect();
                let got = method.forecast(&scaled, &[4], 5).unwrap();
                for (g, b) in got.mean.iter().zip(&base.mean) {
                    assert!((g / unit - b).abs() < 1e-3 * b.abs(), "{method}: {} against {b}", g / unit);
                }
            }
        }
    }

    #[test]
    fn methods_that_share_their_work_answer_as_alone() {
        let y: Vec<f64> = (0..80).map(|t| 30.0 + (t % 4) as f64 * 3.0 + (t * t % 13) as f64).collect();
        let mixed: Vec<f64> = y.iter().map(|y| y - 35.0).collect();
        for y in [y, mixed] {
            let worked = Worked::new(&y, &[4]);
            // Seasonal forms of two lengths, and forms that several methods try.
            for method in ALL.into_iter().chain([Method::Ets(8), Method::MstlEts(Scale::Log), Method::DampedEts]) {
                assert_eq!(method.forecast_with(&worked, 5), method.forecast(&y, &[4], 5), "{method}");
            }
        }
    }
}
