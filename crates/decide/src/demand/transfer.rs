//! A young series lent the season of an old one: same product or category, another market.
//!
//! The source's weeks of at least two years give an index for each week of the year: the mean ratio to the year's
//! moving mean, smoothed over neighbouring weeks, mean 1. Between hemispheres it is moved by half a year. The target's weeks are
//! divided by it, what is left is forecast by simple smoothing, and the season is put back. Where the target is shorter than
//! [`TransferParams::min_own`] its level is the source's, season taken out, times the ratio of both over the weeks they share.
//!
//! **Accepted only if no worse.** The target is cut off at earlier weeks, each way forecasts what then came, and the loan is
//! taken where its summed error is at most its own way's. A target too short for a single cut is told so: the loan is then
//! unproven and the caller decides. The index is in proportion, so that a small market takes it from a large one.
//! Source of the idea: Duncan, Gorr and Szczypula, "Forecasting analogous time series", in Armstrong (ed.), "Principles of
//! Forecasting", Kluwer 2001. Cost: a few smoothings.

use super::weeks::DemandSeries;
use crate::price::{PriceError, Said};
use learn::series::{History, LeadingZeros, Method};

/// How a season is lent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransferParams {
    /// Weeks ahead.
    pub horizon: usize,
    /// Weeks by which the source's season comes earlier in the target: 26 between hemispheres, else 0.
    pub shift_weeks: i32,
    /// Weeks of its own that a level needs.
    pub min_own: usize,
    /// Most cuts that decide.
    pub n_cuts: usize,
}

impl Default for TransferParams {
    fn default() -> Self {
        Self { horizon: 13, shift_weeks: 0, min_own: 6, n_cuts: 6 }
    }
}

/// What became of the loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loan {
    /// Its error was not larger.
    Accepted,
    /// It was.
    Refused,
    /// Nothing to compare on.
    Unproven,
    /// The source has no two years, or nothing is known of the target.
    Impossible,
}

/// The forecast with and without.
#[derive(Clone, Debug, PartialEq)]
pub struct Transferred {
    /// What became of it.
    pub loan: Loan,
    /// The forecast to use: with the season where accepted, else without; empty where there is none.
    pub mean: Vec<f64>,
    /// The forecast with the season; empty where impossible.
    pub with: Vec<f64>,
    /// The forecast without.
    pub without: Vec<f64>,
    /// Summed error of the loan over that of its own way; `None` without a cut.
    pub error_ratio: Option<f64>,
    /// Cuts that decided.
    pub n_cuts: usize,
    /// The target's level beside the source's over the weeks they share.
    pub level_ratio: Option<f64>,
    /// For people.
    pub said: Said,
}

/// Index of each week of the year (52, the 53rd joins the last); `None` below two years or for a source without sales.
pub fn season_of(source: &DemandSeries) -> Option<Vec<f64>> {
    let history = History::new(&source.units, 52, LeadingZeros::Keep);
    let y = history.values();
    let offset = history.n_dropped() as i32;
    if y.len() < 104 {
        return None;
    }
    let (mut sums, mut counts) = (vec![0.0; 52], vec![0.0; 52]);
    for t in 26..y.len() - 26 {
        // Half of both end weeks: 52 weeks around t.
        let window = &y[t - 26..=t + 26];
        let mean = (window.iter().sum::<f64>() - f64::midpoint(window[0], window[52])) / 52.0;
        if mean > 0.0 {
            let at = week_of_year(source, t as i32 + offset);
            sums[at] += y[t] / mean;
            counts[at] += 1.0;
        }
    }
    // Two years to the day leave a week or two of the calendar without an observation: the mean of its neighbours stands in.
    let mut raw: Vec<f64> = sums.iter().zip(&counts).map(|(s, n)| s / n).collect();
    let missing: Vec<usize> = (0..52).filter(|w| counts[*w] == 0.0).collect();
    let apart = missing.iter().all(|w| counts[(w + 1) % 52] > 0.0 && counts[(w + 51) % 52] > 0.0);
    if missing.len() > 2 || !apart {
        return None;
    }
    missing.iter().for_each(|w| raw[*w] = f64::midpoint(raw[(w + 1) % 52], raw[(w + 51) % 52]));
    let near = |at: usize, by: usize| raw[(at + by) % 52];
    let smooth: Vec<f64> =
        (0..52).map(|w| 0.25 * near(w, 51) + 0.5 * near(w, 0) + 0.25 * near(w, 1)).map(|s| s.max(0.05)).collect();
    let mean = smooth.iter().sum::<f64>() / 52.0;
    Some(smooth.iter().map(|s| s / mean).collect())
}

fn week_of_year(series: &DemandSeries, t: i32) -> usize {
    use_day(series.first.plus(7 * t))
}

/// Week of the year from its Monday, 0 to 51.
fn use_day(day: domain::Day) -> usize {
    let (year, _) = day.year_month();
    let start = domain::Day::from_ymd(year, 1, 1).map_or(0, |first| day.since(first));
    ((start / 7).clamp(0, 51)) as usize
}

impl TransferParams {
    /// Forecasts the target with and without the source's season, and says which to use.
    ///
    /// # Errors
    /// [`PriceError::Param`] for a horizon or number of cuts of 0.
    pub fn carry(&self, target: &DemandSeries, source: &DemandSeries) -> Result<Transferred, PriceError> {
        for (name, got) in [("horizon", self.horizon), ("n_cuts", self.n_cuts), ("min_own", self.min_own)] {
            if got == 0 {
                return Err(PriceError::Param { name, rule: "at least 1", got: 0.0 });
            }
        }
        let n = target.units.len();
        let without = own_way(&target.units, self.horizon).unwrap_or_default();
        let Some(season) = season_of(source) else {
            return Ok(impossible(without, "the source has no two years of sales", "来源市场不足两年的销售"));
        };
        let with = self.lent(target, n, self.horizon, source, &season).unwrap_or_default();
        if with.is_empty() {
            return Ok(impossible(
                without,
                "no week is known of the target or shared with the source",
                "目标市场没有可用或与来源市场重叠的周",
            ));
        }
        // Cuts go back by a few weeks each, so that a short series has several; each looks as far ahead as there is truth.
        let step = (self.horizon / 3).max(1);
        let (mut lent, mut own, mut n_cuts) = (0.0, 0.0, 0);
        for k in 1..=self.n_cuts {
            let Some(cut) = n.checked_sub(k * step).filter(|c| *c >= self.min_own) else { break };
            let ahead = (n - cut).min(self.horizon);
            let past = &target.units[..cut];
            let (Some(a), Some(b)) = (self.lent(target, cut, ahead, source, &season), own_way(past, ahead)) else {
                continue;
            };
            let actual = &target.units[cut..cut + ahead];
            let error = |said: &[f64]| -> f64 {
                actual.iter().zip(said).filter(|(y, _)| y.is_finite()).map(|(y, f)| (y - f).abs()).sum()
            };
            lent += error(&a);
            own += error(&b);
            n_cuts += 1;
        }
        let error_ratio = (n_cuts > 0 && own > 0.0).then(|| lent / own);
        let loan = match error_ratio {
            _ if n_cuts == 0 => Loan::Unproven,
            _ if lent <= own => Loan::Accepted,
            _ => Loan::Refused,
        };
        let percent = 100.0 * error_ratio.unwrap_or(1.0);
        let said = match loan {
            Loan::Accepted => Said::new(
                format!(
                    "the source's season is used: at {n_cuts} earlier weeks its error was {percent:.0} % of that without"
                ),
                format!("采用来源市场的季节规律：在 {n_cuts} 个历史时点上，其误差为不采用时的 {percent:.0} %"),
            ),
            Loan::Refused => Said::new(
                format!(
                    "the source's season is not used: at {n_cuts} earlier weeks its error was {percent:.0} % of that without"
                ),
                format!("不采用来源市场的季节规律：在 {n_cuts} 个历史时点上，其误差为不采用时的 {percent:.0} %"),
            ),
            Loan::Unproven | Loan::Impossible => Said::new(
                "too few weeks to see whether the source's season helps; shown beside, not used",
                "数据周数太少，无法检验来源市场的季节规律是否有用；仅供参考，未采用",
            ),
        };
        let mean = if loan == Loan::Accepted { with.clone() } else { without.clone() };
        let level_ratio = self.ratio(target, n, source, &season);
        Ok(Transferred { loan, mean, with, without, error_ratio, n_cuts, level_ratio, said })
    }

    fn index(&self, season: &[f64], series: &DemandSeries, t: i32) -> f64 {
        season[use_day(series.first.plus(7 * (t + self.shift_weeks)))]
    }

    /// The first `cut` weeks of the target with the season taken out, forecast, and put back.
    fn lent(
        &self,
        target: &DemandSeries,
        cut: usize,
        ahead: usize,
        source: &DemandSeries,
        season: &[f64],
    ) -> Option<Vec<f64>> {
        let known = target.units[..cut].iter().filter(|u| u.is_finite()).count();
        let flat: Vec<f64> = if known >= self.min_own {
            let plain: Vec<f64> = (0..cut).map(|t| target.units[t] / self.index(season, target, t as i32)).collect();
            own_way(&plain, ahead)?
        } else {
            let ratio = self.ratio(target, cut, source, season)?;
            let mut last: Vec<f64> = (0..source.units.len())
                .map(|t| source.units[t] / season[week_of_year(source, t as i32)])
                .filter(|u| u.is_finite())
                .collect();
            let from = last.len().saturating_sub(13);
            let last = last.split_off(from);
            vec![ratio * last.iter().sum::<f64>() / last.len().max(1) as f64; ahead]
        };
        Some(flat.iter().enumerate().map(|(h, f)| f * self.index(season, target, (cut + h) as i32)).collect())
    }

    /// Target over source, both without season, over the weeks they share.
    fn ratio(&self, target: &DemandSeries, cut: usize, source: &DemandSeries, season: &[f64]) -> Option<f64> {
        let (mut ours, mut theirs) = (0.0, 0.0);
        for t in 0..cut {
            let day = target.first.plus(7 * t as i32);
            let Ok(at) = usize::try_from(day.since(source.first).div_euclid(7)) else { continue };
            let Some(their) = source.units.get(at).filter(|u| u.is_finite()) else { continue };
            if target.units[t].is_finite() {
                ours += target.units[t] / self.index(season, target, t as i32);
                theirs += their / season[week_of_year(source, at as i32)];
            }
        }
        (theirs > 0.0).then(|| ours / theirs)
    }
}

/// What a short series says for itself: simple smoothing, the mean of four weeks where that is too much.
fn own_way(units: &[f64], horizon: usize) -> Option<Vec<f64>> {
    let history = History::new(units, 1, LeadingZeros::Keep);
    let (y, skip) = (history.values(), history.n_trailing());
    let outlook = Method::Ets(1)
        .forecast(y, &[], horizon + skip)
        .or_else(|| Method::WindowMean(4).forecast(y, &[], horizon + skip))?;
    Some(outlook.mean[skip..].iter().map(|v| v.max(0.0)).collect())
}

fn impossible(without: Vec<f64>, en: &str, zh: &str) -> Transferred {
    Transferred {
        loan: Loan::Impossible,
        mean: without.clone(),
        with: Vec::new(),
        without,
        error_ratio: None,
        n_cuts: 0,
        level_ratio: None,
        said: Said::new(en, zh),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, Seed};

    /// Weeks with a yearly wave of size `swing`, `ahead` weeks early.
    fn series(number: u32, from: i32, n: usize, level: f64, swing: f64, ahead: i32) -> DemandSeries {
        let mut rng = Seed(11).stream(u64::from(number));
        let first = Day(16_076 + 7 * from); // 2014-01-06, a Monday
        let at = |t: usize, noise: f64| {
            let week = use_day(first.plus(7 * (t as i32 + ahead)));
            level * (1.0 + swing * (week as f64 / 52.0 * std::f64::consts::TAU).sin()) * (1.0 + 0.05 * noise)
        };
        let units: Vec<f64> = (0..n).map(|t| at(t, rng.normal())).collect();
        DemandSeries { series: number, first, price: vec![0.0; n], promoted: vec![0.0; n], units, n_masked: 0 }
    }

    /// Truth of the weeks after a series, without noise.
    fn after(s: &DemandSeries, horizon: usize, level: f64, swing: f64, ahead: i32) -> Vec<f64> {
        let at = |h: usize| {
            let week = use_day(s.first.plus(7 * ((s.units.len() + h) as i32 + ahead)));
            level * (1.0 + swing * (week as f64 / 52.0 * std::f64::consts::TAU).sin())
        };
        (0..horizon).map(at).collect()
    }

    fn off(said: &[f64], truth: &[f64]) -> f64 {
        said.iter().zip(truth).map(|(f, y)| (f - y).abs()).sum::<f64>() / truth.iter().sum::<f64>()
    }

    #[test]
    fn the_index_is_the_wave() {
        let season = season_of(&series(1, 0, 208, 500.0, 0.5, 0)).unwrap();
        for (w, s) in season.iter().enumerate() {
            let want = 1.0 + 0.5 * (w as f64 / 52.0 * std::f64::consts::TAU).sin();
            assert!((s - want).abs() < 0.12, "{w}: {s} against {want}");
        }
        assert_eq!(season_of(&series(1, 0, 103, 500.0, 0.5, 0)), None);
        // Two years to the week miss one of the calendar's weeks: it lies between its neighbours.
        assert!((0..52).all(|from| season_of(&series(1, from, 104, 500.0, 0.5, 0)).is_some()));
    }

    #[test]
    fn a_shared_season_is_lent_and_a_strange_one_refused() {
        let source = series(1, 0, 208, 500.0, 0.5, 0);
        let params = TransferParams::default();
        let target = series(2, 178, 30, 20.0, 0.5, 0);
        let got = params.carry(&target, &source).unwrap();
        let truth = after(&target, 13, 20.0, 0.5, 0);
        assert_eq!(got.loan, Loan::Accepted, "{got:?}");
        assert!(off(&got.mean, &truth) < 0.5 * off(&got.without, &truth), "{got:?} {truth:?}");
        assert!((got.level_ratio.unwrap() - 0.04).abs() < 0.005);
        // The other hemisphere: refused as it is, accepted moved by half a year.
        let south = series(3, 178, 30, 20.0, 0.5, 26);
        assert_eq!(params.carry(&south, &source).unwrap().loan, Loan::Refused);
        let moved = TransferParams { shift_weeks: 26, ..params };
        assert_eq!(moved.carry(&south, &source).unwrap().loan, Loan::Accepted);
    }

    #[test]
    fn a_target_without_history_is_unproven_and_scaled_by_shared_weeks() {
        let source = series(1, 0, 208, 500.0, 0.5, 0);
        let young = series(4, 205, 3, 50.0, 0.5, 0);
        let got = TransferParams::default().carry(&young, &source).unwrap();
        assert_eq!((got.loan, got.n_cuts), (Loan::Unproven, 0));
        assert!(off(&got.with, &after(&young, 13, 50.0, 0.5, 0)) < 0.15, "{got:?}");
        assert_eq!(got.mean, got.without);
        let short = series(1, 0, 90, 500.0, 0.5, 0);
        assert_eq!(TransferParams::default().carry(&young, &short).unwrap().loan, Loan::Impossible);
        assert!(TransferParams { horizon: 0, ..TransferParams::default() }.carry(&young, &source).is_err());
    }
}
