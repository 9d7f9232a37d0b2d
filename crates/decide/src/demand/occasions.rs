//! What occasions do to a week's demand, learnt from all series together, and taken out before a forecast and put back after it.
//!
//! A market that is younger than a year has no season of its own, and smoothing methods know none at all: before the quarter of
//! the great sales both foresee an ordinary one. The occasions are in the calendar, though, and other markets have lived through
//! them. The logarithm of each week against the median of the weeks around it,
//!
//! `d_t = ln(y_t + 1) − median_{|s − t| ≤ w} ln(y_s + 1)`,
//!
//! is explained by how much of each occasion falls into the week, `Σ_j x_tj (β_j + δ_ij)`: `x` is 1 for a week that has all of a short occasion
//! or seven days of a long one, `β` is common to all series, `δ` what a series has of its own. Both are ridge estimates with priors
//! around 0 (`prior` and `own_prior` are the variance of a week over that of the effect), so an occasion that was seen once in one small
//! market moves little. Weeks count by `m / (m + small)`, with `m` the median
//! around them: logarithms of a handful are noise. A moving feast is met where it falls, which last year's week is not.
//!
//! Source: the ridge as a random effect, Robinson, "That BLUP is a good thing", Statistical Science 6(1), 1991. Cost: weeks × occasions ×
//! sweeps.

use super::forecast::Forecast;
use super::weeks::DemandSeries;
use learn::quantile::median;
use std::collections::{BTreeMap, BTreeSet};

/// How much is believed of occasions.
#[derive(Clone, Debug, PartialEq)]
pub struct OccasionParams {
    /// Weeks on each side whose median is the usual level.
    pub window: usize,
    /// Variance of a week's logarithm over that of the effect that all series share, above 0.
    pub prior: f64,
    /// The same for what a series has of its own.
    pub own_prior: f64,
    /// Units at which a week counts half.
    pub small: f64,
}

impl Default for OccasionParams {
    fn default() -> Self {
        Self { window: 6, prior: 0.6, own_prior: 2.0, small: 20.0 }
    }
}

/// How much of each occasion the weeks of a series have, from its first one on to the end of the horizon: 1 for all of a short one.
pub type Shares = BTreeMap<String, Vec<f64>>;

/// Factors of the weeks of each series of a panel, in its order: history, then horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct Occasions {
    factors: Vec<Vec<f64>>,
}

/// Sweeps of the descent; effects of few occasions that overlap settle in far fewer.
const SWEEPS: usize = 60;
/// No week is believed to sell more than so many times the usual, or less than its inverse.
const MOST: f64 = 5.0;

/// A week of a series that says something.
struct Week {
    series: usize,
    weight: f64,
    /// What is left to explain.
    rest: f64,
    /// Occasion and days.
    days: Vec<(usize, f64)>,
}

impl OccasionParams {
    /// Learns from the weeks that are known. `days` has one entry a series; a series without occasions has factors of 1.
    pub fn fit(&self, panel: &[DemandSeries], days: &[Shares]) -> Occasions {
        let names: BTreeSet<&str> = days.iter().flat_map(|d| d.keys().map(String::as_str)).collect();
        let at: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (*n, i)).collect();
        let mut weeks: Vec<Week> = Vec::new();
        for (i, (series, days)) in panel.iter().zip(days).enumerate() {
            let logs: Vec<f64> = series.units.iter().map(|y| (y.max(0.0) + 1.0).ln()).collect();
            for t in 0..logs.len() {
                let around = t.saturating_sub(self.window)..(t + self.window + 1).min(logs.len());
                let known: Vec<f64> = logs[around].iter().copied().filter(|l| l.is_finite()).collect();
                let Some(usual) = median(&known).filter(|_| known.len() > self.window && logs[t].is_finite()) else {
                    continue;
                };
                let level = usual.exp() - 1.0;
                let of_week = |(name, of): (&String, &Vec<f64>)| {
                    let n = of.get(t).copied().filter(|n| *n > 0.0)?;
                    Some((*at.get(name.as_str())?, n))
                };
                let days = days.iter().filter_map(of_week).collect();
                let weight = level / (level + self.small);
                weeks.push(Week { series: i, weight, rest: logs[t] - usual, days });
            }
        }
        let common = descend(&mut weeks, names.len(), self.prior, |_, j| j);
        let n_own = names.len() * panel.len();
        let own = descend(&mut weeks, n_own, self.own_prior, |week, j| week.series * names.len() + j);
        let factor = |i: usize, days: &Shares, t: usize| {
            let sum: f64 = days
                .iter()
                .filter_map(|(name, of)| {
                    let j = *at.get(name.as_str())?;
                    Some(of.get(t)? * (common[j] + own[i * names.len() + j]))
                })
                .sum();
            sum.exp().clamp(1.0 / MOST, MOST)
        };
        let length = |i: usize, days: &Shares| days.values().map(Vec::len).max().unwrap_or(panel[i].units.len());
        let factors = days
            .iter()
            .enumerate()
            .take(panel.len())
            .map(|(i, days)| (0..length(i, days)).map(|t| factor(i, days, t)).collect())
            .collect();
        Occasions { factors }
    }
}

/// Ridge by coordinate descent; what is explained is taken out of `rest`.
fn descend(weeks: &mut [Week], n: usize, prior: f64, place: impl Fn(&Week, usize) -> usize) -> Vec<f64> {
    let mut effects = vec![0.0; n];
    let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); n];
    let mut size = vec![0.0; n];
    for (w, week) in weeks.iter().enumerate() {
        for (j, x) in &week.days {
            let place = place(week, *j);
            rows[place].push((w, *x));
            size[place] += week.weight * x * x;
        }
    }
    for _ in 0..SWEEPS {
        for j in 0..n {
            if size[j] <= 0.0 {
                continue;
            }
            let pull: f64 = rows[j].iter().map(|(w, x)| weeks[*w].weight * x * (weeks[*w].rest + x * effects[j])).sum();
            let next = pull / (size[j] + prior);
            for (w, x) in &rows[j] {
                weeks[*w].rest -= x * (next - effects[j]);
            }
            effects[j] = next;
        }
    }
    effects
}

impl Occasions {
    /// How many times the usual week the occasions of week `t` of series `i` sell; 1 outside what was learnt.
    pub fn of(&self, i: usize, t: usize) -> f64 {
        self.factors.get(i).and_then(|f| f.get(t)).copied().unwrap_or(1.0)
    }

    /// A series as it would have been without the occasions of series `i` of the panel, which began `later` weeks before it (0 for the
    /// series itself; a product begins later than its market).
    pub fn without(&self, (i, later): (usize, usize), series: &DemandSeries) -> DemandSeries {
        let of = |t: usize| self.of(i, later + t);
        let units = series.units.iter().enumerate().map(|(t, y)| y / of(t)).collect();
        DemandSeries { units, ..series.clone() }
    }

    /// Puts the occasions of the weeks ahead into the forecast of a series of `n_weeks` that was made without them.
    pub fn put_back(&self, (i, later): (usize, usize), n_weeks: usize, forecast: &mut Forecast) {
        let of = |h: usize| self.of(i, later + n_weeks + h);
        let before: f64 = forecast.mean.iter().sum();
        forecast.mean.iter_mut().enumerate().for_each(|(h, x)| *x *= of(h));
        forecast.deviation.iter_mut().enumerate().for_each(|(h, x)| *x *= of(h));
        for band in &mut forecast.bands {
            band.low.iter_mut().enumerate().for_each(|(h, x)| *x *= of(h));
            band.high.iter_mut().enumerate().for_each(|(h, x)| *x *= of(h));
        }
        let after: f64 = forecast.mean.iter().sum();
        let times = if before > 0.0 { after / before } else { 1.0 };
        forecast.total.0 = after;
        for (low, high) in &mut forecast.total.1 {
            (*low, *high) = (*low * times, *high * times);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demand::forecast::{Ahead, DemandParams, Effort};
    use domain::{Day, Seed};

    /// Weeks around 200; in the weeks of the sale twice as many. The sale falls into week 40 and 45 of the first year, 41 and 46 of the next.
    fn made(number: u32, from: usize, n: usize) -> (DemandSeries, Shares) {
        let mut rng = Seed(3).stream(u64::from(number));
        let sale = |t: usize| matches!(t, 40 | 45 | 93 | 98);
        let units = (from..n).map(|t| rng.poisson(if sale(t) { 400.0 } else { 200.0 }) as f64).collect::<Vec<f64>>();
        let days = (from..n + 13).map(|t| if sale(t) { 1.0 } else { 0.0 }).collect();
        let k = units.len();
        let first = Day(4).plus(7 * from as i32);
        let series =
            DemandSeries { series: number, first, units, price: vec![0.0; k], promoted: vec![0.0; k], n_masked: 0 };
        (series, BTreeMap::from([("sale".to_owned(), days)]))
    }

    #[test]
    fn a_young_series_foresees_the_sale_that_only_others_have_lived_through() {
        // Five that saw the sale, and one that opened after it: week 60 to 91; 93 and 98 lie ahead.
        let all: Vec<(DemandSeries, Shares)> = (0..6).map(|i| made(i, if i == 5 { 60 } else { 0 }, 91)).collect();
        let (panel, days): (Vec<DemandSeries>, Vec<Shares>) = all.into_iter().unzip();
        let occasions = OccasionParams::default().fit(&panel, &days);
        let young = &occasions.factors[5];
        // ln 2, a little less for the prior of 0.
        assert!((1.7..2.05).contains(&young[33]) && (young[30] - 1.0).abs() < 1e-9, "{}", young[33]);
        let plain: Vec<DemandSeries> = panel.iter().enumerate().map(|(i, s)| occasions.without((i, 0), s)).collect();
        let params = DemandParams { effort: Effort::Light, levels: vec![0.9], ..DemandParams::default() };
        let mut forecasts = params.forecast(&plain, &Ahead::default(), Seed(1)).unwrap();
        let before = forecasts[5].total.0;
        occasions.put_back((5, 0), panel[5].units.len(), &mut forecasts[5]);
        let got = &forecasts[5];
        // 11 weeks of 200 and two of 400 are 3,000; without the occasions it would have been 2,600.
        assert!((got.total.0 - 3_000.0).abs() < 150.0 && (before - 2_600.0).abs() < 130.0, "{} {before}", got.total.0);
        assert!((got.total.0 - got.mean.iter().sum::<f64>()).abs() < 1e-9);
        assert!(got.mean[2] > 1.7 * got.mean[1] && got.bands[0].high[2] > 1.7 * got.bands[0].high[1]);
    }

    #[test]
    fn what_was_seen_once_in_a_tiny_market_moves_little_and_nothing_is_changed_without_occasions() {
        let (mut tiny, days) = made(1, 0, 60);
        tiny.units.iter_mut().for_each(|y| *y = (*y / 100.0).round());
        let occasions = OccasionParams::default().fit(&[tiny], &[days]);
        assert!(occasions.factors[0][40] < 1.5, "{}", occasions.factors[0][40]);
        let (series, _) = made(2, 0, 60);
        let none = OccasionParams::default().fit(std::slice::from_ref(&series), &[Shares::new()]);
        assert_eq!(none.without((0, 0), &series), series);
    }
}
