//! Products too young in a market for a season of their own: they are lent that of the same category in another market.
//!
//! Who has less than a year of sales is held against the category's series in the market that sells most of it, two years
//! of it at least ([`decide::demand::transfer`]). A product with a forecast of its own takes the loan only where earlier weeks show that
//! it was no worse. One with too few weeks for a forecast takes season and level, proven or not, and is said to: its interval is
//! wide by assumption.

use super::demand::{HORIZON, LEVEL, SILENT, first_week, one};
use super::inputs::Inputs;
use anyhow::Result;
use decide::Said;
use decide::calendar::is_south;
use decide::demand::forecast::{Forecast, Way};
use decide::demand::transfer::{Loan, TransferParams, Transferred};
use decide::demand::weeks::DemandSeries;
use domain::{Day, Market};
use learn::series::Band;
use std::collections::BTreeMap;

/// Weeks from which on a product has a season of its own.
const YEAR: usize = 52;
/// Weeks and units that a source needs: two years, one a week.
const SOURCE: usize = 104;
/// Fewest units of a product in the market: one sale is no series.
const LEAST_UNITS: f64 = 3.0;
/// Deviation of a week's units that is assumed beside chance, where nothing could be tried on earlier weeks: as a share.
const ASSUMED: f64 = 0.5;

/// What a forecast rests on that has no method of its own.
pub(super) struct Lent {
    /// The market whose season is used; `None` where the loan was refused and the product's own level goes on.
    pub(super) source: Option<Market>,
    pub(super) said: Said,
}

/// Weeks to units and price.
type Weeks = BTreeMap<Day, (f64, f64)>;

/// Changes and adds forecasts, and says which.
pub(super) fn lend(
    inputs: &Inputs,
    products: &mut BTreeMap<(usize, usize), Forecast>,
) -> Result<BTreeMap<(usize, usize), Lent>> {
    let until = first_week(inputs);
    let (mut own, mut categories): (BTreeMap<(usize, usize), Weeks>, BTreeMap<(&str, usize), Weeks>) =
        (BTreeMap::new(), BTreeMap::new());
    for week in inputs.weeks.iter().filter(|w| w.week < until) {
        let units = week.units as f64;
        own.entry((week.market, week.product)).or_default().insert(week.week, (units, week.price));
        let category = inputs.products[week.product].category.as_str();
        if !category.is_empty() {
            let sum = categories.entry((category, week.market)).or_default().entry(week.week).or_insert((0.0, 1.0));
            sum.0 += units;
        }
    }
    let sources: BTreeMap<(&str, usize), DemandSeries> = categories
        .into_iter()
        .filter_map(|(key, weeks)| Some((key, one(u32::try_from(key.1).ok()?, &weeks, until)?)))
        .filter(|(_, s)| s.units.len() >= SOURCE && s.units.iter().sum::<f64>() >= SOURCE as f64)
        .collect();
    let mut lent = BTreeMap::new();
    for ((market, product), weeks) in own {
        let sold: f64 = weeks.values().map(|w| w.0).sum();
        let last = weeks.keys().next_back().copied();
        if sold < LEAST_UNITS || last.is_none_or(|day| until.since(day) > 7 * SILENT) {
            continue;
        }
        let Some(series) = one(u32::try_from(product)?, &weeks, until).filter(|s| s.units.len() < YEAR) else {
            continue;
        };
        let category = inputs.products[product].category.as_str();
        let total = |s: &DemandSeries| s.units.iter().sum::<f64>();
        let best = sources
            .iter()
            .filter(|((c, m), _)| *c == category && *m != market)
            .max_by(|a, b| total(a.1).total_cmp(&total(b.1)).then(b.0.1.cmp(&a.0.1)));
        let Some(((_, from), source)) = best else { continue };
        let (here, there) = (inputs.markets[market].market, inputs.markets[*from].market);
        let shift_weeks = if is_south(here) == is_south(there) { 0 } else { 26 };
        let params = TransferParams { horizon: HORIZON, shift_weeks, ..TransferParams::default() };
        let carried = params.carry(&series, source)?;
        let told = &carried.said;
        let season = Said::new(
            format!("the season of {category} in {there}: {}", told.en),
            format!("{there} 的{category}季节规律：{}", told.zh),
        );
        let own = products.get_mut(&(market, product));
        let (source, said) = match (own, carried.loan) {
            (Some(forecast), Loan::Accepted) => {
                lean(forecast, &carried.mean);
                (Some(there), season)
            }
            (None, Loan::Accepted | Loan::Refused | Loan::Unproven) => {
                let Some(forecast) = alone(&series, &carried) else { continue };
                products.insert((market, product), forecast);
                match carried.loan {
                    Loan::Refused => (
                        None,
                        Said::new(
                            format!("too few weeks for a method of its own: its level goes on; {}", told.en),
                            format!("周数太少，无法自行选择方法：沿用自身水平；{}", told.zh),
                        ),
                    ),
                    Loan::Unproven => (
                        Some(there),
                        Said::new(
                            format!(
                                "the season of {category} in {there}, and its level where there are few own weeks: taken unproven, too few weeks to try it"
                            ),
                            format!(
                                "采用 {there} 的{category}季节规律（自身周数很少时也采用其水平）：周数太少，未经检验"
                            ),
                        ),
                    ),
                    Loan::Accepted | Loan::Impossible => (Some(there), season),
                }
            }
            (Some(_), Loan::Refused | Loan::Unproven) | (_, Loan::Impossible) => continue,
        };
        lent.insert((market, product), Lent { source, said });
    }
    Ok(lent)
}

/// An own forecast moved to the lent season; its interval keeps its width in proportion.
fn lean(forecast: &mut Forecast, mean: &[f64]) {
    let (before, after): (f64, f64) = (forecast.mean.iter().sum(), mean.iter().sum());
    let times = |i: usize| match forecast.mean.get(i) {
        Some(old) if *old > 0.0 => mean.get(i).copied().unwrap_or(*old) / old,
        _ => 1.0,
    };
    let scale: Vec<f64> = (0..forecast.mean.len()).map(times).collect();
    for band in &mut forecast.bands {
        for ends in [&mut band.low, &mut band.high] {
            ends.iter_mut().zip(&scale).for_each(|(x, t)| *x *= t);
        }
        // A week that was expected to sell nothing had no width to keep in proportion.
        band.high.iter_mut().zip(mean).for_each(|(x, m)| *x = x.max(*m));
        band.low.iter_mut().zip(mean).for_each(|(x, m)| *x = x.min(*m));
    }
    forecast.deviation.iter_mut().zip(&scale).for_each(|(x, t)| *x *= t);
    if before > 0.0 {
        let whole = after / before;
        forecast.total.1.iter_mut().for_each(|ends| *ends = (ends.0 * whole, ends.1 * whole));
    }
    forecast.total.0 = after;
    forecast.mean = mean.to_vec();
}

/// A forecast of what has none of its own: chance of small counts and [`ASSUMED`] around the lent season.
fn alone(series: &DemandSeries, carried: &Transferred) -> Option<Forecast> {
    let mean = if carried.loan == Loan::Refused { &carried.without } else { &carried.with };
    if mean.len() < HORIZON || mean.iter().any(|m| !m.is_finite()) {
        return None;
    }
    let z = learn::interval::two_sided(LEVEL)?;
    let sd = |m: f64| (m + (ASSUMED * m).powi(2)).sqrt();
    let deviation: Vec<f64> = mean.iter().map(|m| sd(*m)).collect();
    let band = Band {
        level: LEVEL,
        low: mean.iter().zip(&deviation).map(|(m, d)| (m - z * d).max(0.0)).collect(),
        high: mean.iter().zip(&deviation).map(|(m, d)| m + z * d).collect(),
    };
    let sum: f64 = mean.iter().sum();
    let total = (sum, vec![((sum - z * sd(sum)).max(0.0), sum + z * sd(sum))]);
    Some(Forecast {
        series: series.series,
        first: series.first.plus(7 * i32::try_from(series.units.len()).ok()?),
        mean: mean.clone(),
        deviation,
        bands: vec![band],
        total,
        way: Way::Combination,
        relative: Vec::new(),
        n_origins: carried.n_cuts,
        n_weeks: series.units.len(),
        said: carried.said.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Twice as much in week 0, half in week 1: ends and deviation follow, the sum goes from 20 to 25.
    fn an_interval_keeps_its_width_in_proportion() {
        let mut forecast = Forecast {
            series: 0,
            first: Day(0),
            mean: vec![10.0, 10.0],
            deviation: vec![2.0, 2.0],
            bands: vec![Band { level: LEVEL, low: vec![6.0, 6.0], high: vec![14.0, 14.0] }],
            total: (20.0, vec![(16.0, 24.0)]),
            way: Way::Combination,
            relative: Vec::new(),
            n_origins: 1,
            n_weeks: 30,
            said: Said::new("a", "b"),
        };
        lean(&mut forecast, &[20.0, 5.0]);
        assert_eq!((forecast.bands[0].low.clone(), forecast.bands[0].high.clone()), (vec![12.0, 3.0], vec![28.0, 7.0]));
        assert_eq!((forecast.deviation, forecast.total), (vec![4.0, 1.0], (25.0, vec![(20.0, 30.0)])));
    }
}
