//! What history lets expect of a month and of an event.
//!
//! Month: `ln(units + 1/2) = level + trend × t + effect(month) + error` by least squares over at least two years; the index is
//! `exp(effect − mean effect)`, so 1.3 is 30 % above a usual month with growth taken out. The interval is for the index that a
//! coming year will show, not for its mean: `effect ± t × s × sqrt(1 + 1 / years of that month)`.
//!
//! Event: units a day on the event's days against the same weekdays of the four weeks that end a week before it and the four
//! that start a week after it (other events left out), one ratio an occurrence. The interval is for the next one: its variance
//! is that of counting (dispersion of the days times `1/n`) plus, with two occurrences and more, what they differ by beyond
//! counting. With one occurrence it is narrower than it should be, and the result says so.

use super::date_rule::Weekday;
use domain::{Day, Figure, Market, Unit, Window};
use learn::special::student_t_quantile;
use std::collections::BTreeMap;

/// How much history is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct SeasonParams {
    /// Fewest months, at least 24.
    pub min_months: usize,
    /// Fewest units in all.
    pub min_units: u64,
    /// Fewest units on the days an event is compared with.
    pub min_base_units: u64,
    /// Coverage of intervals.
    pub level: f64,
}

impl Default for SeasonParams {
    fn default() -> Self {
        Self { min_months: 24, min_units: 120, min_base_units: 30, level: 0.9 }
    }
}

/// Why history says nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SeasonError {
    /// Too short or too thin.
    #[error("{have} {what}, at least {need} are needed")]
    TooLittle {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        have: u64,
        /// How many are needed.
        need: u64,
    },
}

/// How a month of the year stands against the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonthIndex {
    /// 1 to 12.
    pub month: u32,
    /// Logarithm of the index.
    pub log: f64,
    /// Standard deviation of the logarithm for a coming year.
    pub sd: f64,
    /// Degrees of freedom of that.
    pub dof: f64,
    /// Years in which the month was seen.
    pub years: u64,
}

impl MonthIndex {
    /// Index, 1 a usual month.
    pub fn index(&self) -> f64 {
        self.log.exp()
    }

    /// Lower and upper end for a coming year.
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let reach = student_t_quantile(0.5 + level / 2.0, self.dof) * self.sd;
        ((self.log - reach).exp(), (self.log + reach).exp())
    }
}

/// What an event does to a category.
#[derive(Clone, Debug, PartialEq)]
pub struct Uplift {
    /// Units a day against usual days: 1.5 is half as much again. Key `calendar.uplift`.
    pub figure: Figure,
    /// Occurrences that it rests on.
    pub occurrences: u64,
}

/// Season of the weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClimateSeason {
    /// Winter.
    Winter,
    /// Spring.
    Spring,
    /// Summer.
    Summer,
    /// Autumn.
    Autumn,
    /// No four seasons (the tropics).
    Tropics,
}

/// Markets south of the equator with four seasons.
const SOUTH: &str = "AR AU BW CL LS MZ NA NZ PY SZ UY ZA BR";
/// Markets of the tropics, where the year knows rain and heat.
const TROPICS: &str = "BD BN CI CO CR CU DO EC GH GT HN ID IN KE KH LA LK MM MY NG NI PA PE PH SG SN SV TH TZ VE VN";

fn one_of(list: &str, market: Market) -> bool {
    list.split(' ').any(|code| code == market.code())
}

/// Season of a month in a market; Brazil counts by its south, where most buyers live.
pub fn climate_season(market: Market, month: u32) -> ClimateSeason {
    use ClimateSeason::*;
    if one_of(TROPICS, market) {
        return Tropics;
    }
    let north = [Winter, Winter, Spring, Spring, Spring, Summer, Summer, Summer, Autumn, Autumn, Autumn, Winter];
    let shift = if is_south(market) { 6 } else { 0 };
    north[((month + 11 + shift) % 12) as usize]
}

/// Whether a market's seasons are those of the southern hemisphere.
pub fn is_south(market: Market) -> bool {
    one_of(SOUTH, market)
}

impl SeasonParams {
    /// Indexes of the twelve months from months in order of time, `(year, month, units)`, every month present.
    ///
    /// # Errors
    /// [`SeasonError::TooLittle`] for too few months or units.
    pub fn month_indexes(&self, months: &[(i32, u32, u64)]) -> Result<[MonthIndex; 12], SeasonError> {
        let need = self.min_months.max(24);
        if months.len() < need {
            let what = "months of history";
            return Err(SeasonError::TooLittle { what, have: months.len() as u64, need: need as u64 });
        }
        let units: u64 = months.iter().map(|m| m.2).sum();
        if units < self.min_units {
            return Err(SeasonError::TooLittle { what: "units of history", have: units, need: self.min_units });
        }
        let n = months.len() as f64;
        let rows: Vec<(usize, f64, f64)> = months
            .iter()
            .map(|&(y, m, u)| (((m + 11) % 12) as usize, f64::from(y * 12) + f64::from(m), (u as f64 + 0.5).ln()))
            .collect();
        let mut sums = [(0.0, 0.0, 0.0); 12];
        for (m, t, y) in &rows {
            sums[*m] = (sums[*m].0 + 1.0, sums[*m].1 + t, sums[*m].2 + y);
        }
        let mean = |m: usize| (sums[m].1 / sums[m].0, sums[m].2 / sums[m].0);
        // The trend within each month of the year: what is left when the effects are taken out (Frisch and Waugh).
        let (mut tt, mut ty) = (0.0, 0.0);
        for (m, t, y) in &rows {
            let (t_mean, y_mean) = mean(*m);
            tt += (t - t_mean).powi(2);
            ty += (t - t_mean) * (y - y_mean);
        }
        let trend = if tt > 0.0 { ty / tt } else { 0.0 };
        let effect: Vec<f64> = (0..12).map(|m| mean(m).1 - trend * mean(m).0).collect();
        let centre = effect.iter().sum::<f64>() / 12.0;
        let left: f64 = rows.iter().map(|(m, t, y)| (y - trend * t - effect[*m]).powi(2)).sum();
        let dof = n - 13.0;
        let s2 = left / dof;
        Ok(std::array::from_fn(|m| MonthIndex {
            month: m as u32 + 1,
            log: effect[m] - centre,
            sd: (s2 * (1.0 + 1.0 / sums[m].0)).sqrt(),
            dof,
            years: sums[m].0 as u64,
        }))
    }
}

/// Uplift of an event: `daily` units from `first` on, the past `occurrences` of the event, and `others` whose days are no usual
/// days.
///
/// # Errors
/// [`SeasonError::TooLittle`] where no occurrence has enough usual days beside it.
pub fn event_uplift(
    params: &SeasonParams,
    (first, daily): (Day, &[u32]),
    occurrences: &[Window],
    others: &[Window],
) -> Result<Uplift, SeasonError> {
    let units = |day: Day| usize::try_from(day.since(first)).ok().and_then(|i| daily.get(i)).map(|&u| f64::from(u));
    let usual = |day: &Day| !others.iter().chain(occurrences).any(|w| w.contains(*day));
    let (mut ratios, mut thin) = (Vec::new(), 0);
    let mut total = 0_u64;
    for window in occurrences {
        let days: Vec<Day> = (window.from.0..window.to.0).map(Day).collect();
        let Some(on): Option<Vec<f64>> = days.iter().map(|d| units(*d)).collect() else { continue };
        let before = window.from.0 - 35..window.from.0 - 7;
        let after = window.to.0 + 7..window.to.0 + 35;
        let beside: Vec<(Weekday, f64)> =
            before.chain(after).map(Day).filter(usual).filter_map(|d| units(d).map(|u| (Weekday::of(d), u))).collect();
        let base_units: f64 = beside.iter().map(|b| b.1).sum();
        if base_units < params.min_base_units as f64 || beside.len() < 14 {
            thin = thin.max(base_units as u64);
            continue;
        }
        let mean = base_units / beside.len() as f64;
        let of_weekday = |w: Weekday| {
            let same: Vec<f64> = beside.iter().filter(|b| b.0 == w).map(|b| b.1).collect();
            // Shrunk to the mean of all by two days of it: a weekday has at most eight.
            (same.iter().sum::<f64>() + 2.0 * mean) / (same.len() as f64 + 2.0)
        };
        let expected: f64 = days.iter().map(|d| of_weekday(Weekday::of(*d))).sum();
        let seen: f64 = on.iter().sum();
        let dispersion = beside.iter().map(|(w, u)| (u - of_weekday(*w)).powi(2) / of_weekday(*w)).sum::<f64>()
            / (beside.len() as f64 - 7.0).max(1.0);
        let variance = dispersion.max(1.0) * (1.0 / (seen + 0.5) + 1.0 / base_units);
        ratios.push(((seen + 0.5).ln() - expected.ln(), variance));
        total += seen as u64;
    }
    let k = ratios.len() as f64;
    if ratios.is_empty() {
        let (what, need) = ("units on usual days beside the event", params.min_base_units);
        return Err(SeasonError::TooLittle { what, have: thin, need });
    }
    let mean = ratios.iter().map(|r| r.0).sum::<f64>() / k;
    let counting = ratios.iter().map(|r| r.1).sum::<f64>() / k;
    let spread = if k > 1.0 { ratios.iter().map(|r| (r.0 - mean).powi(2)).sum::<f64>() / (k - 1.0) } else { 0.0 };
    let variance = spread.max(counting) * (1.0 + 1.0 / k);
    // One occurrence says nothing about how years differ; a t with few degrees at least keeps it from looking exact.
    let dof = if k > 1.0 { k - 1.0 + 4.0 } else { 4.0 };
    let reach = student_t_quantile(0.5 + params.level / 2.0, dof) * variance.sqrt();
    let once = if ratios.len() == 1 { "; one occurrence: years may differ more" } else { "" };
    let figure = Figure::number("calendar.uplift", Unit::Ratio, mean.exp(), total.max(1), 1)
        .interval((mean - reach).exp(), (mean + reach).exp(), params.level)
        .formula(format!("units a day on the event's days / the same weekdays of the weeks beside it{once}"));
    Ok(Uplift { figure, occurrences: ratios.len() as u64 })
}

/// Whole months from daily units: `(year, month, units)`.
pub(super) fn months_of(first: Day, daily: &[u32]) -> Vec<(i32, u32, u64)> {
    let mut months: BTreeMap<(i32, u32), (u64, u32)> = BTreeMap::new();
    for (i, &units) in daily.iter().enumerate() {
        let day = first.plus(i32::try_from(i).unwrap_or(i32::MAX));
        let month = months.entry(day.year_month()).or_default();
        *month = (month.0 + u64::from(units), month.1 + 1);
    }
    let length = |(y, m): (i32, u32)| {
        let (ny, nm) = if m == 12 { (y + 1, 1) } else { (y, m + 1) };
        Day::from_ymd(ny, nm, 1).zip(Day::from_ymd(y, m, 1)).map(|(a, b)| a.since(b).unsigned_abs())
    };
    let whole = months.into_iter().filter(|(month, (_, days))| length(*month) == Some(*days));
    whole.map(|((y, m), (units, _))| (y, m, units)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{FigureValue, Rng, Seed};

    /// Poisson by exponential gaps, for means up to some hundreds.
    fn poisson(rng: &mut Rng, mean: f64) -> u32 {
        let (mut n, mut at) = (0, 0.0);
        loop {
            at -= (1.0 - rng.uniform()).ln();
            if at > mean {
                return n;
            }
            n += 1;
        }
    }

    // Two years that double from month to the same month a year on; December sells three times as much as its neighbours:
    // effects are ln 3 × 11/12 for December and −ln 3 / 12 for the others.
    #[test]
    fn growth_is_not_taken_for_season() {
        let units = |t: u32| {
            let usual = if t % 12 == 11 { 3000.0 } else { 1000.0 };
            (usual * 2.0_f64.powf(f64::from(t) / 12.0)).round() as u64
        };
        let months: Vec<_> = (0..24).map(|t| (2024 + t as i32 / 12, t % 12 + 1, units(t))).collect();
        let index = SeasonParams::default().month_indexes(&months).unwrap();
        let want = (3.0_f64).ln() * 11.0 / 12.0;
        assert!((index[11].log - want).abs() < 0.005, "{} {want}", index[11].log);
        assert!((index[0].log - (want - (3.0_f64).ln())).abs() < 0.005);
        assert_eq!(index[11].years, 2);
    }

    #[test]
    fn too_short_a_history_says_so() {
        let months: Vec<_> = (1..=12).map(|m| (2025, m, 100)).collect();
        let e = SeasonParams::default().month_indexes(&months).unwrap_err();
        assert_eq!(e.to_string(), "12 months of history, at least 24 are needed");
        let thin: Vec<_> = (2024..2026).flat_map(|y| (1..=12).map(move |m| (y, m, 1))).collect();
        assert!(SeasonParams::default().month_indexes(&thin).is_err());
    }

    // Planted: seasonal effects, growth, and years that differ by 10 %. The 90 % interval of a month holds that month's
    // index of a new year in 85 to 95 of 100 draws (sd of 6,000 dependent months about 0.01).
    #[test]
    fn intervals_of_months_hold_what_they_promise() {
        let (mut inside, mut n) = (0, 0);
        for seed in 0..500 {
            let rng = &mut Seed(seed).stream(1);
            let effect: Vec<f64> = (0..12).map(|_| 0.3 * rng.normal()).collect();
            let centre = effect.iter().sum::<f64>() / 12.0;
            let mut draw = |t: usize| {
                let log = 6.0 + 0.01 * t as f64 + effect[t % 12] + 0.1 * rng.normal();
                (log, poisson(rng, log.exp()))
            };
            let months: Vec<_> =
                (0..36).map(|t| (2023 + t as i32 / 12, t as u32 % 12 + 1, u64::from(draw(t).1))).collect();
            let index = SeasonParams::default().month_indexes(&months).unwrap();
            for (m, i) in index.iter().enumerate() {
                let (_, units) = draw(36 + m);
                let new = f64::from(units).ln() - 6.0 - 0.01 * (36 + m) as f64 - centre;
                let (low, high) = i.interval(0.9);
                inside += usize::from((low.ln()..high.ln()).contains(&new));
                n += 1;
            }
        }
        let share = inside as f64 / n as f64;
        assert!((0.85..0.95).contains(&share), "{share}");
    }

    #[test]
    fn seasons_turn_with_the_hemisphere() {
        let season = |code: &str, month| climate_season(code.parse().unwrap(), month);
        assert_eq!(season("DE", 1), ClimateSeason::Winter);
        assert_eq!(season("AU", 1), ClimateSeason::Summer);
        assert_eq!((season("ZA", 10), season("FR", 10)), (ClimateSeason::Spring, ClimateSeason::Autumn));
        assert_eq!(season("SG", 7), ClimateSeason::Tropics);
    }

    // 20 units a day, 60 on the five days of the event, two years: the uplift is 3.
    #[test]
    fn an_event_by_hand() {
        let first: Day = "2024-01-01".parse().unwrap();
        let windows: Vec<Window> = [100, 465].map(|i| Window { from: first.plus(i), to: first.plus(i + 5) }).into();
        let units = |i: i32| if windows.iter().any(|w| w.contains(first.plus(i))) { 60 } else { 20 };
        let daily: Vec<u32> = (0..730).map(units).collect();
        let uplift = event_uplift(&SeasonParams::default(), (first, &daily), &windows, &[]).unwrap();
        let FigureValue::Number(x) = uplift.figure.value else { panic!() };
        assert!((x - 3.0).abs() < 0.01, "{x}");
        assert_eq!(uplift.occurrences, 2);
        let i = uplift.figure.interval.unwrap();
        assert!(i.low < 3.0 && i.high > 3.0 && i.low > 2.0);
        assert!(event_uplift(&SeasonParams::default(), (first, &daily[..90]), &windows, &[]).is_err());
    }

    // Planted uplift of e^0.5 that varies by 15 % from year to year, three past years: 90 % intervals of the next.
    #[test]
    fn intervals_of_events_hold_what_they_promise() {
        let first: Day = "2022-01-01".parse().unwrap();
        let windows: Vec<Window> =
            (0..3).map(|y| Window { from: first.plus(200 + 365 * y), to: first.plus(204 + 365 * y) }).collect();
        let mut inside = 0;
        for seed in 0..400 {
            let rng = &mut Seed(seed).stream(2);
            let lifts: Vec<f64> = (0..4).map(|_| 0.5 + 0.15 * rng.normal()).collect();
            let mean = |i: i32, lifts: &[f64]| {
                let on = windows.iter().position(|w| w.contains(first.plus(i)));
                25.0 * on.map_or(1.0, |w| lifts[w].exp())
            };
            let daily: Vec<u32> = (0..1095).map(|i| poisson(rng, mean(i, &lifts))).collect();
            let uplift = event_uplift(&SeasonParams::default(), (first, &daily), &windows, &[]).unwrap();
            let next = f64::from(poisson(rng, 100.0 * lifts[3].exp())) / 100.0;
            let i = uplift.figure.interval.unwrap();
            inside += usize::from(i.low <= next && next <= i.high);
        }
        let share = f64::from(inside as u32) / 400.0;
        assert!((0.85..=0.96).contains(&share), "{share}");
    }
}
