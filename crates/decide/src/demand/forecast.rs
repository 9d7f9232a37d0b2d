//! Forecasts of a panel of weekly series, the way chosen by what would have been right.
//!
//! Ways: the *seasonal naive*, last year's week; a *combination* of smoothing, theta and seasonal methods
//! ([`learn::series::AutoParams`]); one *boosted* model over all series with price, promotion and calendar
//! ([`learn::series::GlobalParams`]); and the *mean* of the last two. The panel is cut off at earlier origins, each way forecasts
//! what then came, and its error (root of the sum of squares) is taken beside the seasonal naive's. A series takes the way of lowest
//! `(n r_own + 4 r_panel) / (n + 4)`, with `n` its own origins and `r` errors relative to the seasonal naive: its own record counts
//! as far as it is long. Where nothing beats the seasonal naive, that is the answer, and it says so.
//!
//! Intervals are conformal, of the errors made at those origins by the way chosen, for each week and for the sum of all weeks
//! (stock is ordered for the sum, and weekly intervals do not add: `sums.rs`); the level of the weekly ones follows what older
//! errors held at newer origins (`adaptive.rs`). Weeks out of stock count neither as history nor as
//! truth. Cost: `n_origins + 1` fits of every way; [`Effort::Light`] leaves the slow ones out,
//! [`Effort::Quick`] keeps them at a size for seconds.

use super::adaptive;
use super::sums::Sums;
use super::weeks::DemandSeries;
use crate::price::{PriceError, Said};
use domain::{Day, Seed};
use learn::LearnError;
use learn::series::{AutoParams, Band, Global, GlobalParams, History, LeadingZeros, Member, Method, Outlook, Scale};
use std::collections::BTreeMap;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Effort {
    /// A few fast methods, no boosted model.
    Light,
    /// Those and MSTL around smoothing, and a boosted model of fewer rows and trees: for a whole assortment in seconds.
    Quick,
    /// Everything.
    #[default]
    Full,
}

/// How demand is forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct DemandParams {
    /// Weeks ahead, at least 1.
    pub horizon: usize,
    /// Earlier origins that decide, one horizon apart.
    pub n_origins: usize,
    /// Coverages of the intervals.
    pub levels: Vec<f64>,
    /// How much is tried.
    pub effort: Effort,
    /// Whether a way's usual error of the sum is taken off.
    pub bias: Bias,
}

impl Default for DemandParams {
    fn default() -> Self {
        Self { horizon: 13, n_origins: 3, levels: vec![0.8, 0.95], effort: Effort::Full, bias: Bias::Kept }
    }
}

/// Whether a forecast stays as the way gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Bias {
    /// It does.
    #[default]
    Kept,
    /// Times `(Σ w y + c ρ) / (Σ w f + c)`: what came at earlier origins over what the way had said there, newer origins counting more,
    /// drawn to the same ratio `ρ` of the panel. A way that is always late, as smoothing is where sales grow, is put right.
    Mended,
}

/// What is known of the weeks ahead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ahead {
    /// Columns of the calendar by Monday, all of one length (festival weeks, sale days); a week that is missing has zeros.
    pub calendar: BTreeMap<Day, Vec<f64>>,
    /// Planned `ln(price / usual)` and promotion of a series' weeks ahead; else the last price and no promotion.
    pub planned: BTreeMap<u32, Vec<(f64, f64)>>,
}

/// A way to forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Last year's week.
    SeasonalNaive,
    /// A combination of methods a series.
    Combination,
    /// One boosted model over all series.
    Boosted,
    /// The mean of the last two.
    Both,
}

impl Way {
    /// For people.
    pub fn said(self) -> Said {
        match self {
            Self::SeasonalNaive => Said::new("the same week of last year", "去年同周"),
            Self::Combination => Said::new("a combination of smoothing methods", "多种平滑方法的组合"),
            Self::Boosted => Said::new("a boosted model over all series", "跨序列的提升树模型"),
            Self::Both => Said::new("the mean of smoothing methods and a boosted model", "平滑方法与提升树模型的平均"),
        }
    }
}

/// The forecast of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Series.
    pub series: u32,
    /// Monday of the first week ahead.
    pub first: Day,
    /// Expected units of each week; empty where the series never had a known week.
    pub mean: Vec<f64>,
    /// Standard deviations as far as they can be had from the intervals: half the width at the first level by its normal quantile.
    pub deviation: Vec<f64>,
    /// One interval a level.
    pub bands: Vec<Band>,
    /// Expected sum of all weeks, with an interval a level.
    pub total: (f64, Vec<(f64, f64)>),
    /// The way taken.
    pub way: Way,
    /// Errors of the ways over this series' origins relative to the seasonal naive; empty where none could be made.
    pub relative: Vec<(Way, f64)>,
    /// Origins that decided, of this series.
    pub n_origins: usize,
    /// Weeks known.
    pub n_weeks: usize,
    /// What it rests on, for people.
    pub said: Said,
}

/// What every way says of one series from one origin.
type Answers = Vec<Option<Vec<f64>>>;

impl DemandParams {
    /// Forecasts the panel, in its order.
    ///
    /// # Errors
    /// [`PriceError::Param`] for a horizon of 0, a level outside 0 to 1, or a plan shorter than the horizon;
    /// [`PriceError::Learn`] if the boosted model refuses its rows.
    pub fn forecast(&self, panel: &[DemandSeries], ahead: &Ahead, seed: Seed) -> Result<Vec<Forecast>, PriceError> {
        self.check(ahead)?;
        let ways = self.ways();
        let mut origins: Vec<Vec<Answers>> = Vec::new();
        for k in 1..=self.n_origins {
            let cut: Vec<DemandSeries> = panel.iter().map(|s| cut_off(s, k * self.horizon)).collect();
            // At an origin the future's prices and promotions are those that came: they are planned, not predicted.
            let planned = panel.iter().map(|s| (s.series, came(s, k * self.horizon, self.horizon))).collect();
            let then = Ahead { calendar: ahead.calendar.clone(), planned };
            origins.push(self.answers(&ways, &cut, &then, seed.derive(k as u64))?);
        }
        let now = self.answers(&ways, panel, ahead, seed.derive(0))?;
        let records: Vec<Record> = panel.iter().enumerate().map(|(i, s)| self.record(s, &ways, &origins, i)).collect();
        let panel_ratio: Vec<f64> = (0..ways.len())
            .map(|w| {
                let sums = records
                    .iter()
                    .filter(|r| r.n > 0)
                    .fold((0.0, 0.0), |sum, r| (sum.0 + r.errors[w] / r.size, sum.1 + r.errors[0] / r.size));
                if sums.1 > 0.0 { sums.0 / sums.1 } else { 1.0 }
            })
            .collect();
        let chosen: Vec<usize> = records.iter().map(|r| choose(r, &panel_ratio)).collect();
        let times = self.times(panel, &origins, &chosen);
        let (mut scores, mut totals) = (adaptive::Record::default(), Sums::default());
        for (k, origin) in origins.iter().enumerate().rev() {
            scores.begin();
            for (i, series) in panel.iter().enumerate() {
                let Some((past, actual)) = self.split(series, k + 1) else { continue };
                let Some(mean) = &origin[i][chosen[i]] else { continue };
                let mean = mean.iter().map(|x| x * times[i]).collect();
                let outlook = Outlook { mean, deviation: spread(past, self.horizon) };
                if actual.iter().all(|y| y.is_finite()) {
                    totals.add(summed(&outlook), actual.iter().sum());
                }
                scores.add(outlook, actual.to_vec());
            }
        }
        let (scores, totals) = (scores.adapted(&self.levels), totals.sorted());
        let one = |(i, series): (usize, &DemandSeries)| {
            let way = chosen[i];
            let mean = now[i][way].clone().or_else(|| now[i].iter().flatten().next().cloned()).unwrap_or_default();
            let mean = mean.into_iter().map(|x| x * times[i]).collect();
            let outlook = Outlook { deviation: spread(&series.units, self.horizon), mean };
            let bands: Vec<Band> = self
                .levels
                .iter()
                .filter(|_| !outlook.mean.is_empty())
                .filter_map(|l| scores.band(&outlook, *l).or_else(|| Band::normal(&outlook, *l)).map(floored))
                .collect();
            let whole = summed(&outlook);
            let normal = |level: f64| {
                let reach = learn::interval::two_sided(level)? * whole.1;
                Some(((whole.0 - reach).max(0.0), (whole.0 + reach).max(0.0)))
            };
            let total = self
                .levels
                .iter()
                .filter(|_| !outlook.mean.is_empty())
                .filter_map(|l| totals.interval(whole, *l).or_else(|| normal(*l)))
                .collect();
            let deviation = bands.first().map_or_else(Vec::new, |b| {
                let z = learn::interval::two_sided(b.level).unwrap_or(1.0);
                b.low.iter().zip(&b.high).map(|(l, h)| (h - l) / (2.0 * z)).collect()
            });
            let record = &records[i];
            let relative = if record.n > 0 && record.errors[0] > 0.0 {
                ways.iter().zip(&record.errors).map(|(w, e)| (*w, e / record.errors[0])).collect()
            } else {
                Vec::new()
            };
            let n_weeks = series.units.iter().filter(|u| u.is_finite()).count();
            Forecast {
                series: series.series,
                first: series.first.plus(7 * series.units.len() as i32),
                total: (outlook.mean.iter().sum(), total),
                mean: outlook.mean,
                deviation,
                bands,
                way: ways[way],
                relative,
                n_origins: record.n,
                n_weeks,
                said: told(ways[way], record, way, n_weeks),
            }
        };
        Ok(panel.iter().enumerate().map(one).collect())
    }

    fn check(&self, ahead: &Ahead) -> Result<(), PriceError> {
        if self.horizon == 0 {
            return Err(PriceError::Param { name: "horizon", rule: "at least 1", got: 0.0 });
        }
        if let Some(got) = self.levels.iter().find(|l| !(**l > 0.0 && **l < 1.0)) {
            return Err(PriceError::Param { name: "level", rule: "in (0, 1)", got: *got });
        }
        match ahead.planned.values().find(|p| p.len() < self.horizon) {
            Some(plan) => {
                Err(PriceError::Param { name: "weeks planned", rule: "at least the horizon", got: plan.len() as f64 })
            }
            None => Ok(()),
        }
    }

    fn ways(&self) -> Vec<Way> {
        match self.effort {
            Effort::Light => vec![Way::SeasonalNaive, Way::Combination],
            Effort::Quick | Effort::Full => vec![Way::SeasonalNaive, Way::Combination, Way::Boosted, Way::Both],
        }
    }

    /// Every way for every series, as far as it has an answer.
    fn answers(
        &self,
        ways: &[Way],
        panel: &[DemandSeries],
        ahead: &Ahead,
        seed: Seed,
    ) -> Result<Vec<Answers>, PriceError> {
        let units: Vec<&[f64]> = panel.iter().map(|s| s.units.as_slice()).collect();
        let mut auto = AutoParams::new(self.horizon, &[52]);
        auto.levels = vec![];
        auto.zeros = LeadingZeros::Keep;
        if self.effort != Effort::Full {
            auto.n_origins = 2;
            auto.methods = vec![
                Method::Naive,
                Method::SeasonalNaive(52),
                Method::Ets(1),
                Method::Theta(1),
                Method::SeasonalMean(52, 3),
            ];
            if self.effort == Effort::Quick {
                auto.methods.push(Method::MstlEts(Scale::Plain));
            }
        }
        let combined: Vec<Option<Vec<f64>>> =
            auto.forecast(&units).into_iter().map(|a| (!a.mean.is_empty()).then_some(a.mean)).collect();
        let boosted =
            if ways.contains(&Way::Boosted) { self.boosted(panel, ahead, seed)? } else { vec![None; panel.len()] };
        let one = |(i, series): (usize, &DemandSeries)| {
            let (combined, boosted) = (&combined[i], &boosted[i]);
            let both = combined.as_ref().zip(boosted.as_ref());
            let both = both.map(|(a, b)| a.iter().zip(b).map(|(a, b)| f64::midpoint(*a, *b)).collect::<Vec<f64>>());
            ways.iter()
                .map(|way| match way {
                    Way::SeasonalNaive => last_year(&series.units, self.horizon),
                    Way::Combination => combined.clone(),
                    Way::Boosted => boosted.clone(),
                    Way::Both => both.clone(),
                })
                .collect()
        };
        Ok(panel.iter().enumerate().map(one).collect())
    }

    fn boosted(&self, panel: &[DemandSeries], ahead: &Ahead, seed: Seed) -> Result<Vec<Option<Vec<f64>>>, PriceError> {
        let n_calendar = ahead.calendar.values().map(Vec::len).max().unwrap_or(0);
        let known: Vec<Vec<Vec<f64>>> = panel.iter().map(|s| self.columns(s, ahead, n_calendar)).collect();
        let members: Vec<Member<'_>> = panel
            .iter()
            .zip(&known)
            .map(|(s, known)| Member {
                values: &s.units,
                starts_at: usize::try_from(s.first_week()).unwrap_or(0),
                traits: &[],
                known,
            })
            .collect();
        // Origins far enough apart that a panel of any size is learnt from about so many rows: the trees need no more.
        let most = GlobalParams::default().n_origins;
        let rows = if self.effort == Effort::Quick { QUICK_ROWS } else { ROWS };
        let n_origins = (rows / (2 * self.horizon * panel.len()).max(1)).clamp(4, most);
        let mut params =
            GlobalParams { horizon: self.horizon, n_origins, stride: most / n_origins, ..GlobalParams::default() };
        if self.effort == Effort::Quick {
            (params.boost.n_rounds, params.boost.learning_rate, params.boost.max_leaves) = (60, 0.12, 15);
        }
        let model: Global = match params.fit(&members, seed) {
            Ok(model) => model,
            // Nothing to learn from yet is an answer of its own: the other ways remain.
            Err(LearnError::TooLittleData { .. }) => return Ok(vec![None; panel.len()]),
            Err(other) => return Err(other.into()),
        };
        members.iter().map(|m| Ok(model.forecast(m)?.map(|f| f.into_iter().map(|v| v.max(0.0)).collect()))).collect()
    }

    /// Price, promotion and calendar of a series' weeks and of the horizon.
    fn columns(&self, series: &DemandSeries, ahead: &Ahead, n_calendar: usize) -> Vec<Vec<f64>> {
        let last = series.price.last().copied().unwrap_or(0.0);
        let planned = ahead.planned.get(&series.series);
        let plan = |h: usize| planned.and_then(|p| p.get(h)).copied().unwrap_or((last, 0.0));
        let later = |pick: fn((f64, f64)) -> f64| (0..self.horizon).map(move |h| pick(plan(h)));
        let mut out = vec![
            series.price.iter().copied().chain(later(|p| p.0)).collect(),
            series.promoted.iter().copied().chain(later(|p| p.1)).collect::<Vec<f64>>(),
        ];
        for column in 0..n_calendar {
            let at = |t: usize| {
                let day = series.first.plus(7 * t as i32);
                ahead.calendar.get(&day).and_then(|c| c.get(column)).copied().unwrap_or(0.0)
            };
            out.push((0..series.units.len() + self.horizon).map(at).collect());
        }
        out
    }

    /// History and what came at the `k`-th origin; `None` where too little lies before it.
    fn split<'a>(&self, series: &'a DemandSeries, k: usize) -> Option<(&'a [f64], &'a [f64])> {
        let origin = series.units.len().checked_sub(k * self.horizon).filter(|o| *o >= MIN_WEEKS)?;
        Some((&series.units[..origin], &series.units[origin..origin + self.horizon]))
    }

    /// What each series' forecast is multiplied by.
    fn times(&self, panel: &[DemandSeries], origins: &[Vec<Answers>], chosen: &[usize]) -> Vec<f64> {
        if self.bias == Bias::Kept {
            return vec![1.0; panel.len()];
        }
        let mut own: Vec<(f64, f64)> = vec![(0.0, 0.0); panel.len()];
        for (k, origin) in origins.iter().enumerate() {
            for (i, series) in panel.iter().enumerate() {
                let Some((past, actual)) = self.split(series, k + 1) else { continue };
                let Some(said) = &origin[i][chosen[i]] else { continue };
                let pairs = actual.iter().zip(said).filter(|(y, _)| y.is_finite());
                let (came, foreseen) = pairs.fold((0.0, 0.0), |sum, (y, f)| (sum.0 + y, sum.1 + f));
                // In weeks of the series as it was then, so that small and large series say as much.
                let known: Vec<f64> = past.iter().copied().filter(|y| y.is_finite()).collect();
                let week =
                    known.iter().rev().take(self.horizon).sum::<f64>() / known.len().clamp(1, self.horizon) as f64;
                if week > 0.0 {
                    let weight = 0.5_f64.powi(k as i32) / week;
                    own[i] = (own[i].0 + weight * came, own[i].1 + weight * foreseen);
                }
            }
        }
        let all = own.iter().fold((0.0, 0.0), |sum, o| (sum.0 + o.0, sum.1 + o.1));
        let counts = self.horizon as f64;
        let panel_ratio = if all.1 > 0.0 { (all.0 + counts) / (all.1 + counts) } else { 1.0 };
        own.iter()
            .map(|(came, foreseen)| ((came + counts * panel_ratio) / (foreseen + counts)).clamp(1.0 / MEND, MEND))
            .collect()
    }

    fn record(&self, series: &DemandSeries, ways: &[Way], origins: &[Vec<Answers>], i: usize) -> Record {
        let known: Vec<f64> = series.units.iter().copied().filter(|u| u.is_finite()).collect();
        let size = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let mut record = Record { errors: vec![0.0; ways.len()], n: 0, size: if size > 0.0 { size } else { 1.0 } };
        for (k, origin) in origins.iter().enumerate() {
            let Some((_, actual)) = self.split(series, k + 1) else { continue };
            // A way without an answer at an origin is given the first one that has, as the forecast itself would be.
            let Some(first) = origin[i].iter().flatten().next() else { continue };
            if actual.iter().all(|y| !y.is_finite()) {
                continue;
            }
            for (error, said) in record.errors.iter_mut().zip(&origin[i]) {
                let said = said.as_ref().unwrap_or(first);
                // Squares: absolute errors would prefer a forecast of nothing for what sells now and then, and stock, money and margin
                // follow from what is expected.
                let squares = actual.iter().zip(said).filter(|(y, _)| y.is_finite()).map(|(y, f)| (y - f).powi(2));
                *error += squares.sum::<f64>().sqrt();
            }
            record.n += 1;
        }
        record
    }
}

/// Weeks that an origin needs before it.
const MIN_WEEKS: usize = 8;

/// A level is mended by so many times at most.
const MEND: f64 = 1.4;

/// Rows that the boosted model is fitted on, more or less.
const ROWS: usize = 300_000;

/// The same where seconds count.
const QUICK_ROWS: usize = 60_000;

/// How many origins the panel's record counts as, beside a series' own.
const PANEL_COUNTS: f64 = 4.0;

/// Errors of one series over its origins.
struct Record {
    /// Sum over the origins of the root of the squared errors of each way, the seasonal naive first.
    errors: Vec<f64>,
    /// Origins.
    n: usize,
    /// Mean of the series.
    size: f64,
}

fn choose(record: &Record, panel: &[f64]) -> usize {
    let n = record.n as f64;
    let score = |w: usize| {
        let own = if record.errors[0] > 0.0 { record.errors[w] / record.errors[0] } else { panel[w] };
        (n * own + PANEL_COUNTS * panel[w]) / (n + PANEL_COUNTS)
    };
    (0..panel.len()).min_by(|a, b| score(*a).total_cmp(&score(*b)).then(a.cmp(b))).unwrap_or(0)
}

fn cut_off(series: &DemandSeries, weeks: usize) -> DemandSeries {
    let n = series.units.len().saturating_sub(weeks);
    DemandSeries {
        series: series.series,
        first: series.first,
        units: series.units[..n].to_vec(),
        price: series.price[..n].to_vec(),
        promoted: series.promoted[..n].to_vec(),
        n_masked: series.n_masked,
    }
}

/// Prices and promotions of the weeks after an origin, as they came.
fn came(series: &DemandSeries, weeks: usize, horizon: usize) -> Vec<(f64, f64)> {
    let from = series.units.len().saturating_sub(weeks);
    let at = |h: usize| {
        let t = (from + h).min(series.price.len().saturating_sub(1));
        (series.price.get(t).copied().unwrap_or(0.0), series.promoted.get(t).copied().unwrap_or(0.0))
    };
    (0..horizon).map(at).collect()
}

/// The same week of last year, the last week where there is no year; weeks out of stock filled in first.
fn last_year(units: &[f64], horizon: usize) -> Option<Vec<f64>> {
    let history = History::new(units, 52, LeadingZeros::Keep);
    let (y, skip) = (history.values(), history.n_trailing());
    let whole = Method::SeasonalNaive(52)
        .forecast(y, &[], horizon + skip)
        .or_else(|| Method::WindowMean(4).forecast(y, &[], horizon + skip))?;
    Some(whole.mean[skip..].to_vec())
}

/// Deviations of a random walk: the unit in which errors are counted.
fn spread(units: &[f64], horizon: usize) -> Vec<f64> {
    let history = History::new(units, 52, LeadingZeros::Keep);
    let known = Method::Naive.forecast(history.values(), &[], horizon);
    known.map_or_else(|| vec![0.0; horizon], |o| o.deviation)
}

/// The sum of all weeks, with the sum of the deviations: weeks of a random walk go wrong together.
fn summed(outlook: &Outlook) -> (f64, f64) {
    (outlook.mean.iter().sum(), outlook.deviation.iter().sum())
}

fn floored(mut band: Band) -> Band {
    band.low.iter_mut().chain(&mut band.high).for_each(|v| *v = v.max(0.0));
    band
}

fn told(way: Way, record: &Record, at: usize, n_weeks: usize) -> Said {
    let said = way.said();
    if record.n == 0 {
        return Said::new(
            format!("{}; {n_weeks} weeks are too few to say how good it is", said.en),
            format!("{}；仅有 {n_weeks} 周数据，无法评估其准确度", said.zh),
        );
    }
    let percent = 100.0 * record.errors[at] / record.errors[0].max(f64::MIN_POSITIVE);
    if way == Way::SeasonalNaive {
        return Said::new(
            format!("{}; nothing tried was better at {} earlier dates", said.en, record.n),
            format!("{}；在 {} 个历史时点上没有更好的方法", said.zh, record.n),
        );
    }
    Said::new(
        format!("{}; at {} earlier dates its error was {percent:.0} % of last year's week", said.en, record.n),
        format!("{}；在 {} 个历史时点上，其误差为去年同周法的 {percent:.0} %", said.zh, record.n),
    )
}

#[cfg(test)]
#[path = "forecast_tests.rs"]
mod tests;
