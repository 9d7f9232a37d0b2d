//! One model for many series: boosted trees that see recent values, the calendar and what is known ahead.
//!
//! A training row is one series at one origin and one step ahead. Its features, all in units of the series'
//! own recent level so that small and large series teach each other: the last values, means over longer
//! windows, the values one and two seasons before the target, step and place in the season, traits
//! of the series (market, category, as numbers), and what is known of the target's day when the forecast is
//! made (price, promotion, holiday). The label is the value in the same unit, less the level. Values that a short
//! series does not have are missing, which trees handle. Every second origin is shown once more as if the series had
//! only just begun: without that the trees learn the season from last year's values alone, and a young series in a
//! new market gains nothing from older ones. Source: Montero-Manso and Hyndman, "Principles and algorithms for forecasting groups of
//! time series: locality and globality", IJF 37(4), 2021; Makridakis, Spiliotis and Assimakopoulos, "M5 accuracy
//! competition", IJF 38(4), 2022. Cost: that of boosting on `series × origins × horizon` rows.

use crate::LearnError;
use crate::trees::{BoostParams, Boosted, Features, Objective, Samples};
use domain::Seed;
use rayon::prelude::*;

/// One series and what goes with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member<'a> {
    /// Values in time order; not finite is missing.
    pub values: &'a [f64],
    /// Step of the calendar at which the series begins, so that seasons of all series agree.
    pub starts_at: usize,
    /// What does not change: market, category, price class, as numbers. As many for each series.
    pub traits: &'a [f64],
    /// What is known ahead, one list a covariate, one value a step of history and horizon. As many for each series.
    pub known: &'a [Vec<f64>],
}

/// How the model is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalParams {
    /// Steps ahead, at least 1.
    pub horizon: usize,
    /// Seasons; the calendar is told as the place in each.
    pub periods: Vec<usize>,
    /// Last values that are features, at least 1.
    pub n_lags: usize,
    /// Steps between training origins, at least 1.
    pub stride: usize,
    /// Training origins of a series at most, the newest ones.
    pub n_origins: usize,
    /// The trees.
    pub boost: BoostParams,
}

impl Default for GlobalParams {
    fn default() -> Self {
        let boost = BoostParams {
            objective: Objective::SquaredError,
            n_rounds: 200,
            learning_rate: 0.05,
            max_leaves: 31,
            min_rows: 30,
            feature_fraction: 0.7,
            max_bins: 127,
            ..BoostParams::default()
        };
        Self { horizon: 13, periods: vec![52], n_lags: 8, stride: 1, n_origins: 104, boost }
    }
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Global {
    params: GlobalParams,
    n_traits: usize,
    n_known: usize,
    model: Boosted,
}

/// Labels beyond this many levels are cut: a single spike must not own the model.
const LARGEST: f64 = 20.0;

impl GlobalParams {
    /// Learns from all series.
    ///
    /// # Errors
    /// [`LearnError::Param`] for a parameter outside its range, [`LearnError::Shape`] where series have different
    /// numbers of traits or covariates or a covariate does not reach over history, [`LearnError::TooLittleData`] where no
    /// series is longer than one value.
    pub fn fit(&self, members: &[Member<'_>], seed: Seed) -> Result<Global, LearnError> {
        for (name, got) in [("horizon", self.horizon), ("n_lags", self.n_lags), ("stride", self.stride)] {
            if got == 0 {
                return Err(LearnError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        let Some(first) = members.first() else {
            return Err(LearnError::TooLittleData { what: "series", have: 0, need: 1 });
        };
        let (n_traits, n_known) = (first.traits.len(), first.known.len());
        for member in members {
            check(member, n_traits, n_known, 0)?;
        }
        let rows = |member: &Member<'_>| {
            let (mut values, mut labels) = (Vec::new(), Vec::new());
            let n = member.values.len();
            let origins = (1..n).rev().step_by(self.stride).take(self.n_origins);
            let views = origins.enumerate().flat_map(|(i, origin)| {
                let age = YOUNG[i / 2 % YOUNG.len()];
                let young = (i % 2 == 0 && origin > age).then(|| View::new(self, member, origin - age, origin));
                View::new(self, member, 0, origin).into_iter().chain(young.flatten())
            });
            for view in views {
                let origin = view.origin;
                for step in 0..self.horizon.min(n - origin) {
                    let y = member.values[origin + step];
                    if y.is_finite() {
                        view.row(step, &mut values);
                        labels.push(view.label(y));
                    }
                }
            }
            (values, labels)
        };
        let parts: Vec<(Vec<f32>, Vec<f32>)> = members.par_iter().map(rows).collect();
        let values: Vec<f32> = parts.iter().flat_map(|p| p.0.iter().copied()).collect();
        let labels: Vec<f32> = parts.iter().flat_map(|p| p.1.iter().copied()).collect();
        if labels.is_empty() {
            return Err(LearnError::TooLittleData { what: "values after a first one", have: 0, need: 1 });
        }
        let features = Features::new(values, self.n_columns(n_traits, n_known))?;
        let model = self.boost.fit(Samples::new(&features, &labels)?, seed)?;
        Ok(Global { params: self.clone(), n_traits, n_known, model })
    }

    fn n_columns(&self, n_traits: usize, n_known: usize) -> usize {
        self.n_lags + WINDOWS.len() + 3 * self.periods.len() + 2 + n_traits + n_known
    }
}

impl Global {
    /// The next values of a series, learnt from or not. `None` where none of its values is known.
    ///
    /// # Errors
    /// [`LearnError::Shape`] for another number of traits or covariates than was learnt from, or a covariate that does not
    /// reach over the horizon.
    pub fn forecast(&self, member: &Member<'_>) -> Result<Option<Vec<f64>>, LearnError> {
        check(member, self.n_traits, self.n_known, self.params.horizon)?;
        let Some(view) = View::new(&self.params, member, 0, member.values.len()) else { return Ok(None) };
        let at = |step: usize| {
            let mut row = Vec::with_capacity(self.params.n_columns(self.n_traits, self.n_known));
            view.row(step, &mut row);
            view.value(self.model.predict(&row))
        };
        Ok(Some((0..self.params.horizon).map(at).collect()))
    }

    /// Gain of each feature: the last values, means, then for each season its last two values and the
    /// place in it, the step, the values known, the traits, the covariates.
    pub fn gains(&self) -> Vec<f64> {
        self.model.gains()
    }
}

fn check(member: &Member<'_>, n_traits: usize, n_known: usize, horizon: usize) -> Result<(), LearnError> {
    let shape = |what, got, need| Err(LearnError::Shape { what, got, need });
    if member.traits.len() != n_traits {
        return shape("the list of traits", member.traits.len(), n_traits);
    }
    if member.known.len() != n_known {
        return shape("the list of covariates", member.known.len(), n_known);
    }
    let need = member.values.len() + horizon;
    match member.known.iter().find(|k| k.len() < need) {
        Some(short) => shape("a covariate", short.len(), need),
        None => Ok(()),
    }
}

/// Windows over which means are features.
const WINDOWS: [usize; 3] = [4, 13, 52];
/// Ages of the series that have only just begun.
const YOUNG: [usize; 4] = [10, 3, 16, 6];
/// Values that a level is taken from.
const LEVEL: usize = 8;

/// A series as seen from one origin.
struct View<'a> {
    params: &'a GlobalParams,
    member: &'a Member<'a>,
    /// First step that is seen.
    from: usize,
    origin: usize,
    level: f64,
    unit: f64,
}

impl<'a> View<'a> {
    /// `None` where nothing is known before the origin.
    fn new(params: &'a GlobalParams, member: &'a Member<'a>, from: usize, origin: usize) -> Option<Self> {
        let past = &member.values[from..origin];
        let level = mean_of_last(past, LEVEL).or_else(|| mean_of_last(past, past.len()))?;
        let size = |window: usize| {
            let known = past[past.len().saturating_sub(window)..].iter().filter(|y| y.is_finite());
            let (sum, n) = known.fold((0.0, 0.0), |(s, n), y| (s + y.abs(), n + 1.0));
            if n > 0.0 { sum / n } else { 0.0 }
        };
        // The unit looks further back than the level, so that a pause does not make it 0.
        let unit = size(52).max(size(past.len()) * 0.1);
        Some(Self { params, member, from, origin, level, unit: if unit > 0.0 { unit } else { 1.0 } })
    }

    fn label(&self, y: f64) -> f32 {
        ((y - self.level) / self.unit).clamp(-LARGEST, LARGEST) as f32
    }

    fn value(&self, label: f64) -> f64 {
        self.level + label * self.unit
    }

    fn row(&self, step: usize, out: &mut Vec<f32>) {
        let y = self.member.values;
        let scaled = |at: Option<usize>| {
            let y = at.filter(|at| (self.from..self.origin).contains(at)).map_or(f64::NAN, |at| y[at]);
            // An infinite value is as missing as NaN.
            if y.is_finite() { self.label(y) } else { f32::NAN }
        };
        out.extend((1..=self.params.n_lags).map(|lag| scaled(self.origin.checked_sub(lag))));
        let past = &y[self.from..self.origin];
        out.extend(WINDOWS.iter().map(|w| {
            let enough = past.len() >= *w;
            enough.then(|| mean_of_last(past, *w)).flatten().map_or(f32::NAN, |m| self.label(m))
        }));
        let target = self.origin + step;
        for period in self.params.periods.iter().map(|p| (*p).max(1)) {
            let back = (step / period + 1) * period;
            out.push(scaled(target.checked_sub(back)));
            out.push(scaled(target.checked_sub(back + period)));
            out.push(((self.member.starts_at + target) % period) as f32);
        }
        out.push(step as f32);
        out.push((self.origin - self.from).min(200) as f32);
        out.extend(self.member.traits.iter().map(|t| *t as f32));
        out.extend(self.member.known.iter().map(|k| k[target] as f32));
    }
}

fn mean_of_last(y: &[f64], window: usize) -> Option<f64> {
    let known = y[y.len().saturating_sub(window)..].iter().filter(|y| y.is_finite());
    let (sum, n) = known.fold((0.0, 0.0), |(s, n), y| (s + y, n + 1.0));
    (n > 0.0).then(|| sum / n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::naive::{naive, seasonal_naive};

    /// Weekly season of its own size, doubled in promoted weeks, 5 % noise.
    struct Made {
        values: Vec<f64>,
        promoted: Vec<f64>,
        future: Vec<f64>,
    }

    const HORIZON: usize = 8;

    fn made(i: u64, n: usize, starts_at: usize) -> Made {
        let mut rng = Seed(5).stream(i);
        let level = 20.0 * (1.0 + 9.0 * rng.uniform());
        let promoted: Vec<f64> = (0..n + HORIZON).map(|_| f64::from(u8::from(rng.uniform() < 0.15))).collect();
        let at = |t: usize, noise: f64| {
            let season = 1.0 + 0.6 * ((starts_at + t) as f64 / 26.0 * std::f64::consts::TAU).sin();
            level * season * (1.0 + promoted[t]) * (1.0 + 0.05 * noise)
        };
        let mut all: Vec<f64> = (0..n + HORIZON).map(|t| at(t, rng.normal())).collect();
        let future = all.split_off(n);
        Made { values: all, promoted, future }
    }

    fn params() -> GlobalParams {
        let boost = BoostParams { n_rounds: 80, learning_rate: 0.1, ..GlobalParams::default().boost };
        GlobalParams { horizon: HORIZON, periods: vec![26], n_lags: 4, n_origins: 50, boost, ..GlobalParams::default() }
    }

    fn member<'a>(values: &'a [f64], starts_at: usize, known: &'a [Vec<f64>]) -> Member<'a> {
        Member { values, starts_at, traits: &[], known }
    }

    fn share(forecast: &[f64], actual: &[f64]) -> f64 {
        let off: f64 = forecast.iter().zip(actual).map(|(f, y)| (f - y).abs()).sum();
        off / actual.iter().sum::<f64>()
    }

    #[test]
    fn promotions_known_ahead_are_foreseen_and_a_young_series_borrows_the_season() {
        let old: Vec<Made> = (0..20).map(|i| made(i, 104, 0)).collect();
        let known: Vec<[Vec<f64>; 1]> = old.iter().map(|m| [m.promoted.clone()]).collect();
        let members: Vec<Member<'_>> = old.iter().zip(&known).map(|(m, k)| member(&m.values, 0, k)).collect();
        let model = params().fit(&members, Seed(1)).unwrap();
        let (mut ours, mut seasonal) = (0.0, 0.0);
        for (m, s) in members.iter().zip(&old) {
            ours += share(&model.forecast(m).unwrap().unwrap(), &s.future) / 20.0;
            seasonal += share(&seasonal_naive(m.values, 26, HORIZON).unwrap(), &s.future) / 20.0;
        }
        assert!(ours < 0.2 && ours < 0.5 * seasonal, "{ours} against {seasonal}");
        // Ten weeks of history, so no season of its own: the last value is what else there is.
        let (mut ours, mut last) = (0.0, 0.0);
        for i in 0..20 {
            let young = made(100 + i, 10, 94);
            let known = [young.promoted.clone()];
            let forecast = model.forecast(&member(&young.values, 94, &known)).unwrap().unwrap();
            ours += share(&forecast, &young.future) / 20.0;
            last += share(&naive(&young.values, HORIZON).unwrap(), &young.future) / 20.0;
        }
        assert!(ours < 0.7 * last, "{ours} against {last}");
    }

    #[test]
    fn series_that_do_not_agree_are_refused() {
        let values = [1.0, 2.0, 3.0];
        let good = Member { values: &values, starts_at: 0, traits: &[1.0], known: &[] };
        let params = params();
        let shape = |members: &[Member<'_>]| matches!(params.fit(members, Seed(1)), Err(LearnError::Shape { .. }));
        assert!(shape(&[good, Member { traits: &[], ..good }]));
        assert!(shape(&[Member { known: &[vec![1.0; 2]], ..good }]));
        assert!(matches!(params.fit(&[], Seed(1)), Err(LearnError::TooLittleData { .. })));
        let one = Member { values: &values[..1], ..good };
        assert!(matches!(params.fit(&[one], Seed(1)), Err(LearnError::TooLittleData { .. })));
        let model = params.fit(&[good], Seed(1)).unwrap();
        assert_eq!(model.forecast(&Member { values: &[f64::NAN; 3], ..good }), Ok(None));
        assert!(model.forecast(&Member { known: &[vec![0.0; 50]], ..good }).is_err());
        assert!(model.forecast(&good).unwrap().unwrap().iter().all(|f| f.is_finite()));
        let zeros = Member { values: &[0.0; 30], ..good };
        assert!(model.forecast(&zeros).unwrap().unwrap().iter().all(|f| f.is_finite()));
    }
}
