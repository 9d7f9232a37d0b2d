//! Forecasts of many series without a choice left to the caller: rolling origins decide.
//!
//! Each series is cut off at a few earlier origins, every candidate forecasts what is then known, and
//! what the candidates got right decides how much of each goes into the forecast (see `combine`): first over
//! all series of the panel, then tilted by the series' own record as far as such a tilt has paid off. Errors at
//! the same origins give the intervals (see `conformal`). Nothing after an origin is shown to a
//! candidate at that origin, and the values to be forecast do not exist here.
//!
//! A series for which this cannot be done gets a simpler answer, and the [`Reason`] says so. Demand that is
//! mostly zero is forecast by SBA, TSB or a mean, whichever had the lowest *squared* error: absolute errors would
//! prefer a forecast of 0. Cost: `(n_origins + 1)` fits of every candidate a series, spread over the threads; what
//! candidates share of a history, seasons taken out and forms of smoothing, is worked out once.

use super::combine::{Trial, Units, choose_tilt, mean_losses, panel_weights, tilted};
use super::conformal::{Band, Conformal, Scores};
use super::history::{History, LeadingZeros};
use super::intermittent::{DemandPattern, demand_pattern};
use super::method::{Method, Outlook, Scale, Worked};
use rayon::prelude::*;

/// How a panel of series is forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoParams {
    /// Steps ahead, at least 1.
    pub horizon: usize,
    /// Seasons, shortest first: `[24, 168]` for hours, `[52]` for weeks; empty for none.
    pub periods: Vec<usize>,
    /// Candidates; the first is the yardstick of the losses.
    pub methods: Vec<Method>,
    /// Earlier origins, one horizon apart.
    pub n_origins: usize,
    /// Steps over which the change of a series is its unit of error.
    pub error_period: usize,
    /// Coverages of the intervals wanted, each in (0, 1).
    pub levels: Vec<f64>,
    /// Whether a series begins at its first value or at its first sale.
    pub zeros: LeadingZeros,
}

impl AutoParams {
    /// Candidates that suit series with these seasons.
    pub fn new(horizon: usize, periods: &[usize]) -> Self {
        let mut methods = vec![Method::Naive];
        for period in periods {
            methods.push(Method::SeasonalNaive(*period));
        }
        methods.extend([Method::Ets(1), Method::DampedEts, Method::Theta(periods.first().copied().unwrap_or(1))]);
        methods.extend(periods.first().filter(|p| (2..=12).contains(*p)).map(|p| Method::Ets(*p)));
        if !periods.is_empty() {
            methods.extend([
                Method::MstlEts(Scale::Plain),
                Method::MstlEts(Scale::Log),
                Method::MstlTheta(Scale::Plain),
            ]);
        }
        if let Some(longest) = periods.last() {
            methods.push(Method::SeasonalMean(*longest, 3));
        }
        Self {
            horizon,
            periods: periods.to_vec(),
            methods,
            n_origins: 4,
            error_period: periods.first().copied().filter(|p| *p <= 24).unwrap_or(1),
            levels: vec![0.8, 0.95],
            zeros: LeadingZeros::Drop,
        }
    }
}

/// Why the answer is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No value was known, so there is no forecast.
    NoValues,
    /// The series never changed: it stays as it is.
    Constant,
    /// Fewer values than a candidate needs: the last one, without a season.
    TooShort {
        /// Values there are.
        have: usize,
    },
    /// Demand is mostly zero: a method for that, by squared error at the origins.
    Intermittent {
        /// The pattern.
        pattern: DemandPattern,
        /// Origins that decided; with 0 of them it is SBA.
        n_origins: usize,
    },
    /// A combination.
    Combined {
        /// Origins of this series; with 0 of them the panel decided alone.
        n_origins: usize,
        /// Origins of the panel; with 0 of them all candidates count the same.
        n_panel: usize,
    },
}

/// Where an interval comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Errors made at earlier origins of the panel.
    Conformal,
    /// The model's own claim, because past errors were too few.
    Model,
}

/// The forecast of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Expected values; empty for [`Reason::NoValues`].
    pub mean: Vec<f64>,
    /// One interval a level, where there is one.
    pub bands: Vec<(Band, Basis)>,
    /// Candidates with a share, largest first.
    pub weights: Vec<(Method, f64)>,
    /// Why.
    pub reason: Reason,
    /// Missing values inside the history that were filled.
    pub n_filled: usize,
}

/// Below this many values there is nothing to fit.
const MIN_VALUES: usize = 5;

/// What is known of one series before the panel has decided.
struct Prepared {
    history: History,
    reason: Reason,
    trials: Vec<Trial>,
    /// What the candidates claimed at each origin, for the intervals.
    claims: Vec<Vec<Outlook>>,
    /// What they say now; empty where the reason already decides.
    now: Vec<Outlook>,
}

impl AutoParams {
    /// One answer a series, in their order. Values that are not finite are missing.
    pub fn forecast<S: AsRef<[f64]> + Sync>(&self, series: &[S]) -> Vec<Answer> {
        let prepared: Vec<Prepared> = series.par_iter().map(|raw| self.prepare(raw.as_ref())).collect();
        let regular: Vec<&[Trial]> = prepared
            .iter()
            .filter(|p| matches!(p.reason, Reason::Combined { .. }) && !p.trials.is_empty())
            .map(|p| p.trials.as_slice())
            .collect();
        let trials: Vec<&Trial> = regular.iter().flat_map(|t| t.iter()).collect();
        let units = Units::of(trials.iter().copied());
        let panel = panel_weights(&trials, units, self.methods.len().max(1));
        let gamma = choose_tilt(&regular, units, self.methods.len().max(1));
        let weights: Vec<Vec<f64>> = prepared
            .iter()
            .map(|p| mean_losses(&p.trials, units).map_or_else(|| panel.clone(), |l| tilted(&panel, &l, gamma)))
            .collect();
        let mut scores = Scores::default();
        for (p, w) in prepared.iter().zip(&weights) {
            if matches!(p.reason, Reason::Combined { .. }) {
                for (trial, claims) in p.trials.iter().zip(&p.claims) {
                    scores.add(&combined(claims, w), &trial.actual);
                }
            }
        }
        let conformal = scores.sorted();
        let n_panel = trials.len();
        let answer = |(p, w): (Prepared, Vec<f64>)| self.answer(p, &w, n_panel, &conformal);
        prepared.into_iter().zip(weights).map(answer).collect()
    }

    fn prepare(&self, raw: &[f64]) -> Prepared {
        let period = self.periods.first().copied().unwrap_or(1);
        let history = History::new(raw, period, self.zeros);
        let y = history.values();
        let pattern = demand_pattern(y);
        let seldom = matches!(pattern, DemandPattern::Intermittent | DemandPattern::Lumpy);
        let horizon = self.horizon + history.n_trailing();
        let mut prepared = Prepared {
            reason: Reason::NoValues,
            trials: Vec::new(),
            claims: Vec::new(),
            now: Vec::new(),
            history: history.clone(),
        };
        if y.is_empty() {
            return prepared;
        }
        if y.windows(2).all(|w| w[0] == w[1]) && y.len() > 1 {
            prepared.reason = Reason::Constant;
            return prepared;
        }
        if y.len() < MIN_VALUES {
            prepared.reason = Reason::TooShort { have: y.len() };
            return prepared;
        }
        let seldom = seldom && y.iter().all(|y| *y >= 0.0);
        let methods: &[Method] = if seldom { &SELDOM } else { &self.methods };
        let say = |y: &[f64], horizon: usize| -> Vec<Outlook> {
            let worked = Worked::new(y, &self.periods);
            let fallback = || Method::Naive.forecast_with(&worked, horizon);
            methods.iter().filter_map(|m| m.forecast_with(&worked, horizon).or_else(fallback)).collect()
        };
        for k in 1..=self.n_origins {
            let Some(origin) = y.len().checked_sub(k * self.horizon).filter(|o| *o >= self.shortest()) else { break };
            let past = &y[..origin];
            let claims = say(past, self.horizon);
            let Some(scale) = change(past, self.error_period) else { break };
            let actual = y[origin..origin + self.horizon].to_vec();
            let said = claims.iter().map(|o| o.mean.clone()).collect();
            prepared.trials.push(Trial { actual, scale, said });
            prepared.claims.push(claims);
        }
        prepared.now = say(y, horizon);
        let n_origins = prepared.trials.len();
        prepared.reason = if seldom {
            Reason::Intermittent { pattern, n_origins }
        } else {
            Reason::Combined { n_origins, n_panel: 0 }
        };
        prepared
    }

    /// Values that an origin needs before it: something to learn from, as long as what is asked.
    fn shortest(&self) -> usize {
        self.horizon.max(2 * MIN_VALUES)
    }

    fn answer(&self, p: Prepared, weights: &[f64], n_panel: usize, conformal: &Conformal) -> Answer {
        let y = p.history.values();
        let skip = p.history.n_trailing();
        let horizon = self.horizon + skip;
        let alone = |method: Method| {
            let outlook = method.forecast(y, &[], horizon).unwrap_or(Outlook { mean: vec![], deviation: vec![] });
            (outlook, vec![(method, 1.0)])
        };
        let (mut outlook, mut shares) = match p.reason {
            Reason::NoValues => (Outlook { mean: vec![], deviation: vec![] }, vec![]),
            Reason::Constant | Reason::TooShort { .. } => alone(Method::Naive),
            Reason::Intermittent { .. } => {
                let method = steadiest(&p.trials);
                (p.now[method].clone(), vec![(SELDOM[method], 1.0)])
            }
            Reason::Combined { .. } => {
                let named = self.methods.iter().copied().zip(weights.iter().copied());
                (combined(&p.now, weights), named.filter(|(_, w)| *w >= 0.005).collect())
            }
        };
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        outlook.mean = outlook.mean.split_off(skip.min(outlook.mean.len()));
        outlook.deviation = outlook.deviation.split_off(skip.min(outlook.deviation.len()));
        let negative = y.iter().any(|y| *y < 0.0);
        let floor = if negative { f64::NEG_INFINITY } else { 0.0 };
        let mut bands: Vec<(Band, Basis)> = Vec::new();
        // A series that has not changed yet, or a single value, says nothing about how far it may go.
        if !matches!(p.reason, Reason::NoValues | Reason::Constant) && y.len() >= MIN_VALUES {
            for level in &self.levels {
                let own =
                    matches!(p.reason, Reason::Combined { .. }).then(|| conformal.band(&outlook, *level)).flatten();
                let model = || Band::normal(&outlook, *level).map(|b| (b, Basis::Model));
                bands.extend(own.map(|b| (b, Basis::Conformal)).or_else(model));
            }
        }
        for end in
            outlook.mean.iter_mut().chain(bands.iter_mut().flat_map(|(b, _)| b.low.iter_mut().chain(&mut b.high)))
        {
            *end = end.max(floor);
        }
        let reason = match p.reason {
            Reason::Combined { n_origins, .. } => Reason::Combined { n_origins, n_panel },
            other => other,
        };
        Answer { mean: outlook.mean, bands, weights: shares, reason, n_filled: p.history.n_filled() }
    }
}

/// Candidates for demand that is mostly zero; the first answers where no origin decides.
const SELDOM: [Method; 4] = [Method::Sba, Method::Tsb, Method::Mean, Method::WindowMean(26)];

/// The method of lowest squared error over the trials, the first among equals.
fn steadiest(trials: &[Trial]) -> usize {
    let loss = |m: usize| -> f64 {
        let of = |t: &Trial| t.said[m].iter().zip(&t.actual).map(|(f, y)| (f - y) * (f - y)).sum::<f64>();
        trials.iter().map(of).sum()
    };
    (0..SELDOM.len()).min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(0)
}

fn combined(outlooks: &[Outlook], weights: &[f64]) -> Outlook {
    let horizon = outlooks.first().map_or(0, |o| o.mean.len());
    let (mut mean, mut deviation) = (vec![0.0; horizon], vec![0.0; horizon]);
    for (o, w) in outlooks.iter().zip(weights) {
        mean.iter_mut().zip(&o.mean).for_each(|(sum, m)| *sum += w * m);
        deviation.iter_mut().zip(&o.deviation).for_each(|(sum, d)| *sum += w * d);
    }
    Outlook { mean, deviation }
}

/// Mean change over a season, over one step for a history that is too short; `None` where nothing changes.
fn change(y: &[f64], period: usize) -> Option<f64> {
    let over = |m: usize| {
        let n = y.len().checked_sub(m).filter(|n| *n > 0)?;
        let sum: f64 = y.iter().zip(&y[m..]).map(|(a, b)| (b - a).abs()).sum();
        (sum > 0.0).then_some(sum / n as f64)
    };
    over(period).or_else(|| over(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Rng;

    fn seasonal(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = Rng::new(seed);
        (0..n).map(|t| 100.0 + [20.0, -5.0, -20.0, 5.0][t % 4] + 4.0 * rng.normal()).collect()
    }

    #[test]
    fn a_panel_with_seasons_is_forecast_by_methods_that_know_seasons() {
        let series: Vec<Vec<f64>> = (0..8).map(|s| seasonal(60, s)).collect();
        let answers = AutoParams::new(4, &[4]).forecast(&series);
        for answer in &answers {
            assert_eq!(answer.reason, Reason::Combined { n_origins: 4, n_panel: 32 });
            for (f, want) in answer.mean.iter().zip([120.0, 95.0, 80.0, 105.0]) {
                assert!((f - want).abs() < 8.0, "{f} against {want}");
            }
            assert!((answer.weights.iter().map(|w| w.1).sum::<f64>() - 1.0).abs() < 0.05);
            assert!(answer.weights.iter().all(|(m, w)| *m != Method::Naive || *w < 0.05), "{:?}", answer.weights);
            assert_eq!(answer.bands.len(), 2);
            let (band, basis) = &answer.bands[0];
            assert_eq!((*basis, band.level), (Basis::Conformal, 0.8));
            assert!(band.low.iter().zip(&answer.mean).zip(&band.high).all(|((l, f), h)| l < f && f < h));
        }
    }

    #[test]
    fn a_series_that_allows_no_choice_says_why() {
        let none = f64::NAN;
        let params = AutoParams::new(3, &[4]);
        let series: Vec<Vec<f64>> = vec![
            vec![],
            vec![none; 9],
            vec![7.0; 30],
            vec![0.0; 30],
            vec![4.0],
            vec![4.0, 5.0, 6.0],
            (0..40).map(|t| if t % 5 == 2 { 3.0 } else { 0.0 }).collect(),
            vec![1.0, 2.0, 3.0, 2.0, 1.0, 2.0],
        ];
        let answers = params.forecast(&series);
        let reasons: Vec<Reason> = answers.iter().map(|a| a.reason).collect();
        assert_eq!(
            reasons,
            [
                Reason::NoValues,
                Reason::NoValues,
                Reason::Constant,
                Reason::Constant,
                Reason::TooShort { have: 1 },
                Reason::TooShort { have: 3 },
                Reason::Intermittent { pattern: DemandPattern::Intermittent, n_origins: 4 },
                Reason::Combined { n_origins: 0, n_panel: 0 },
            ]
        );
        assert!(answers[0].mean.is_empty() && answers[0].bands.is_empty());
        assert_eq!(answers[2].mean, [7.0; 3]);
        assert_eq!(answers[3].mean, [0.0; 3]);
        assert_eq!(answers[4].mean, [4.0; 3]);
        assert!(answers[6].mean.iter().all(|f| (0.3..1.0).contains(f)), "{:?}", answers[6].mean);
        assert!(answers.iter().skip(2).all(|a| a.mean.len() == 3 && a.mean.iter().all(|f| f.is_finite())));
    }

    #[test]
    fn missing_values_at_the_end_are_bridged_and_the_first_step_is_the_one_after_them() {
        let mut y = seasonal(60, 1);
        let params = AutoParams::new(2, &[4]);
        let full = params.forecast(&[y.clone()])[0].mean.clone();
        y[30] = f64::NAN;
        y[58] = f64::NAN;
        y[59] = f64::NAN;
        let answer = params.forecast(&[y])[0].clone();
        assert_eq!((answer.n_filled, answer.mean.len()), (1, 2));
        assert!(answer.mean.iter().zip(&full).all(|(a, b)| (a - b).abs() < 8.0), "{:?} {full:?}", answer.mean);
    }

    #[test]
    fn demand_is_not_forecast_below_zero_and_balances_are() {
        let falling: Vec<f64> = (0..40).map(|t| (40.0 - f64::from(t)).max(0.5) + f64::from(t % 2)).collect();
        let owed: Vec<f64> = falling.iter().map(|y| y - 30.0).collect();
        let answers = AutoParams::new(12, &[]).forecast(&[falling, owed]);
        assert!(answers[0].bands.iter().all(|(b, _)| b.low.iter().all(|l| *l >= 0.0)));
        assert!(answers[1].mean.iter().all(|f| *f < 0.0), "{:?}", answers[1].mean);
    }

    #[test]
    fn an_answer_does_not_depend_on_the_number_of_threads() {
        let series: Vec<Vec<f64>> = (0..6).map(|s| seasonal(40, s)).collect();
        let params = AutoParams::new(4, &[4]);
        let with =
            |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(|| params.forecast(&series));
        assert_eq!(with(1), with(3));
    }
}
