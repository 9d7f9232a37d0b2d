//! Price sensitivity as it is shown: by market, drawn together where data are thin, and by segment within a market.
//!
//! A market's own estimate is [`super::hidden`]'s. Beside other markets it is drawn towards their mean by as much as it is
//! uncertain ([`learn::shrinkage`]), so that a market with few sales shows neither a wild figure nor none.
//! A segment's response takes the prices of each week, seen or hidden, from the whole market, where most of them are known,
//! and counts the segment's own lines on them: Poisson with a level a product and a week ([`learn::poisson_effects`]),
//! the interval by product. It is then drawn towards the market's segments. Cost: one regression a segment.

use super::grid::{Grid, Sale};
use super::hidden::{HiddenParams, HiddenPrices, PricedWeek};
use crate::AudienceError;
use crate::figures::LEVEL;
use domain::{Day, Figure, Unit};
use learn::Points;
use learn::interval::two_sided;
use learn::poisson_effects::{Counts, PoissonEffectsParams};
use learn::shrinkage::{Estimate, shrink};
use std::collections::BTreeMap;

/// What a reader has to know, in English and Chinese.
pub const NOTE: (&str, &str) = (
    "how demand moved between products when their prices moved; what a new price would do needs a test",
    "这是过去价格变动时需求在商品之间的变化；新价格的效果需要测试才能知道",
);

/// The response of a market or segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// Its number in the order given.
    pub number: u32,
    /// Its own estimate, `None` where it has too little data.
    pub own: Option<Estimate>,
    /// Lines it rests on.
    pub n: u64,
    /// What is shown: drawn towards the others. Key `price.sensitivity`.
    pub figure: Figure,
}

/// Fits a market.
///
/// # Errors
/// As [`Grid::new`] and [`HiddenParams::fit`].
pub fn market(sales: &[Sale], params: &HiddenParams) -> Result<HiddenPrices, AudienceError> {
    params.fit(&Grid::new(sales, 5)?)
}

/// Several markets beside each other; `None` stands for one without an estimate, which is given the common mean
/// with the spread between markets as its uncertainty, or nothing below three markets with one.
pub fn beside(own: &[(Option<Estimate>, u64)]) -> Vec<Sensitivity> {
    let known: Vec<Estimate> = own.iter().filter_map(|o| o.0).collect();
    let drawn = if known.len() >= 3 { shrink(&known) } else { None };
    let mut next = 0;
    let one = |(number, (own, n)): (usize, &(Option<Estimate>, u64))| {
        let shown = match (own, &drawn) {
            (Some(_), Some((_, all))) => {
                next += 1;
                Some((all[next - 1], "its own estimate drawn towards the others' mean by its uncertainty"))
            }
            (Some(own), None) => Some((*own, "its own estimate")),
            (None, Some((common, _))) => {
                let se = common.se.hypot(common.tau);
                Some((Estimate { value: common.mean, se }, "the others' mean: too few sales of its own"))
            }
            (None, None) => None,
        };
        let figure = match (shown, two_sided(LEVEL)) {
            (Some((e, how)), Some(z)) => Figure::number("price.sensitivity", Unit::Ratio, e.value, *n, 0)
                .interval(e.value - z * e.se, e.value + z * e.se, LEVEL)
                .formula(format!(
                    "per cent fewer lines for a price one per cent higher, product and week levels held, prices of weeks \
                     without a sale treated as unknown; {how}"
                )),
            _ => Figure::number("price.sensitivity", Unit::Ratio, f64::NAN, *n, HiddenParams::default().min_lines),
        };
        Sensitivity { number: number as u32, own: *own, n: *n, figure }
    };
    own.iter().enumerate().map(one).collect()
}

/// Responses of the segments `0..n_segments` of a market whose prices are fitted.
///
/// # Errors
/// [`AudienceError::Param`] for a segment beyond `n_segments`.
pub fn segments(
    sales: &[Sale],
    grid: &Grid,
    fitted: &HiddenPrices,
    n_segments: u32,
    min_lines: u64,
) -> Result<Vec<Sensitivity>, AudienceError> {
    if let Some(sale) = sales.iter().find(|s| s.segment >= n_segments) {
        let got = f64::from(sale.segment);
        return Err(AudienceError::Param { name: "segment", rule: "below the number of segments", got });
    }
    let week = |day: Day| (day.since(grid.from) / 7) as u32;
    let mut lines: BTreeMap<(u32, u32, u32), u32> = BTreeMap::new();
    sales.iter().for_each(|s| *lines.entry((s.segment, s.product, week(s.day))).or_default() += 1);
    let own = (0..n_segments).map(|segment| {
        let of = |w: &PricedWeek| lines.get(&(segment, w.product, w.week)).copied().unwrap_or(0);
        one_segment(fitted.weeks(), of, grid.n_weeks, min_lines)
    });
    Ok(beside(&own.collect::<Vec<_>>()))
}

fn one_segment(
    weeks: &[PricedWeek],
    lines: impl Fn(&PricedWeek) -> u32,
    n_weeks: usize,
    min_lines: u64,
) -> (Option<Estimate>, u64) {
    let y: Vec<f64> = weeks.iter().map(|w| f64::from(lines(w))).collect();
    // A week with several possible prices has its lines once.
    let n: u64 =
        weeks.chunk_by(|a, b| (a.product, a.week) == (b.product, b.week)).map(|same| u64::from(lines(&same[0]))).sum();
    if n < min_lines {
        return (None, n);
    }
    let mut number: BTreeMap<u32, u32> = BTreeMap::new();
    for w in weeks {
        let next = number.len() as u32;
        number.entry(w.product).or_insert(next);
    }
    let first: Vec<u32> = weeks.iter().map(|w| number[&w.product]).collect();
    let second: Vec<u32> = weeks.iter().map(|w| w.week).collect();
    let weight: Vec<f64> = weeks.iter().map(|w| w.weight).collect();
    let Ok(x) = Points::new(weeks.iter().map(|w| w.ln_price).collect(), 1) else { return (None, n) };
    let table = Counts {
        y: &y,
        weight: &weight,
        x: &x,
        first: &first,
        second: &second,
        n_first: number.len(),
        n_second: n_weeks,
    };
    let params = PoissonEffectsParams { tolerance: 1e-8, max_sweeps: 300, ..PoissonEffectsParams::default() };
    // A segment whose prices never moved has no response to show.
    let Ok(fit) = params.fit(&table) else { return (None, n) };
    let se = fit.se_clustered(0).max(fit.se_model(0));
    let own = Estimate { value: -fit.coefficients()[0], se };
    (Some(own).filter(|e| e.se > 0.0 && e.se.is_finite()), n)
}

#[cfg(test)]
mod tests {
    use super::super::hidden::tests::market as simulated;
    use super::*;

    // 1, 2 and 3 with equal uncertainty: the outer ones move inwards, the middle one and the market without sales are at 2.
    #[test]
    fn markets_are_drawn_together_and_the_empty_one_gets_the_mean() {
        let own = |value| (Some(Estimate { value, se: 0.5 }), 500);
        let all = beside(&[own(1.0), (None, 20), own(3.0), own(2.0)]);
        let shown: Vec<f64> = all.iter().map(|s| s.figure.as_f64().unwrap()).collect();
        assert!(shown[0] > 1.05 && shown[0] < 1.7 && (shown[0] + shown[2] - 4.0).abs() < 1e-6, "{shown:?}");
        assert!((shown[1] - 2.0).abs() < 1e-6 && (shown[3] - 2.0).abs() < 1e-6);
        let width = |i: usize| all[i].figure.interval.map(|i| i.high - i.low).unwrap();
        assert!(width(1) > width(0), "what has no sales of its own is the least certain");
        let alone = beside(&[(None, 20)]);
        assert_eq!(alone[0].figure.as_f64(), None);
    }

    #[test]
    fn two_segments_with_different_responses_are_told_apart() {
        let mut sales = simulated(2, 0.6, 1.0);
        let mut second = simulated(2, 2.6, 1.0);
        second.iter_mut().for_each(|s| s.segment = 1);
        sales.extend(second);
        let grid = Grid::new(&sales, 5).unwrap();
        let fitted = HiddenParams { n_groups: 5, ..HiddenParams::default() }.fit(&grid).unwrap();
        let found = segments(&sales, &grid, &fitted, 3, 300).unwrap();
        let own: Vec<f64> = found.iter().filter_map(|s| s.own.map(|e| e.value)).collect();
        assert!(own.len() == 2 && own[0] < 1.3 && own[1] > 2.0, "{own:?}");
        assert_eq!((found[2].n, found[2].own), (0, None));
        assert!(segments(&sales, &grid, &fitted, 1, 300).is_err());
    }
}
