//! Sale lines as weekly demand, with what moved it beside it and the weeks that say nothing left out.
//!
//! A series begins in the first whole week after its first sale and ends with the last whole week before the day of the
//! forecast: a part of a week is no week. A week without a sale is a 0, for the product was on offer. A week in which
//! stock was seen at 0 is unknown (not a number): its sales are what there was, not what was wanted, and a forecast that
//! learnt from them would order too little for ever. Beside each week stand its price against the series' usual one and how
//! much it was promoted. Cost: one sort.

use crate::price::PriceError;
use crate::price::panel::monday;
use domain::Day;
use learn::quantile::median;
use std::collections::{BTreeMap, BTreeSet};

/// A sale line of a series; what a series is (product, category; market) is the caller's numbering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DemandLine {
    /// Series.
    pub series: u32,
    /// When.
    pub day: Day,
    /// Units, above 0.
    pub units: f64,
    /// Price of one unit, above 0.
    pub price: f64,
    /// How much it was promoted, 0 to 1.
    pub promoted: f64,
}

/// Stock seen on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockReading {
    /// Series.
    pub series: u32,
    /// When.
    pub day: Day,
    /// Units on hand; at most 0 for none.
    pub on_hand: i64,
}

/// Weeks of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct DemandSeries {
    /// Series.
    pub series: u32,
    /// Monday of the first week.
    pub first: Day,
    /// Units of each week; not a number where out of stock.
    pub units: Vec<f64>,
    /// `ln(price / usual price)`; of a week without a sale the last one's.
    pub price: Vec<f64>,
    /// Share of the week's lines that were promoted.
    pub promoted: Vec<f64>,
    /// Weeks out of stock.
    pub n_masked: usize,
}

impl DemandSeries {
    /// Number of its first week, counted from that of 1970-01-05.
    pub fn first_week(&self) -> i32 {
        (self.first.0 - 4).div_euclid(7)
    }
}

/// Lays lines out in weeks before `until`, one series a number, in order.
///
/// # Errors
/// [`PriceError::Param`] for units or a price that is no number above 0, or a promotion outside 0 to 1.
pub fn lay_out(lines: &[DemandLine], stock: &[StockReading], until: Day) -> Result<Vec<DemandSeries>, PriceError> {
    let mut of: BTreeMap<u32, Vec<DemandLine>> = BTreeMap::new();
    for line in lines {
        for (name, got) in [("units", line.units), ("price", line.price)] {
            if !(got > 0.0 && got.is_finite()) {
                return Err(PriceError::Param { name, rule: "a number above 0", got });
            }
        }
        if !(0.0..=1.0).contains(&line.promoted) {
            return Err(PriceError::Param { name: "promoted", rule: "0 to 1", got: line.promoted });
        }
        of.entry(line.series).or_default().push(*line);
    }
    let mut empty: BTreeMap<u32, BTreeSet<Day>> = BTreeMap::new();
    for reading in stock.iter().filter(|r| r.on_hand <= 0) {
        empty.entry(reading.series).or_default().insert(monday(reading.day));
    }
    let end = monday(until);
    let none = BTreeSet::new();
    let one = |(series, lines): (u32, Vec<DemandLine>)| weekly(series, lines, empty.get(&series).unwrap_or(&none), end);
    Ok(of.into_iter().filter_map(one).collect())
}

fn weekly(series: u32, mut lines: Vec<DemandLine>, empty: &BTreeSet<Day>, end: Day) -> Option<DemandSeries> {
    lines.sort_by(|a, b| a.day.cmp(&b.day).then(a.price.total_cmp(&b.price)).then(a.units.total_cmp(&b.units)));
    let start = lines.first()?.day;
    // A first sale on a Monday opens a whole week.
    let first = if monday(start) == start { start } else { monday(start).plus(7) };
    let n = usize::try_from(end.since(first) / 7).ok().filter(|n| *n > 0)?;
    let usual = median(&lines.iter().map(|l| l.price).collect::<Vec<_>>())?;
    let mut out = DemandSeries {
        series,
        first,
        units: vec![0.0; n],
        price: vec![f64::NAN; n],
        promoted: vec![0.0; n],
        n_masked: 0,
    };
    let mut last = 0.0;
    for week in lines.chunk_by(|a, b| monday(a.day) == monday(b.day)) {
        let Ok(at) = usize::try_from(monday(week[0].day).since(first).div_euclid(7)) else { continue };
        if at >= n {
            break;
        }
        let prices: Vec<f64> = week.iter().map(|l| l.price).collect();
        out.units[at] = week.iter().map(|l| l.units).sum();
        out.price[at] = (median(&prices)? / usual).ln();
        out.promoted[at] = week.iter().map(|l| l.promoted).sum::<f64>() / week.len() as f64;
    }
    for at in 0..n {
        if out.price[at].is_finite() {
            last = out.price[at];
        } else {
            out.price[at] = last;
        }
        if empty.contains(&first.plus(7 * at as i32)) {
            out.units[at] = f64::NAN;
            out.n_masked += 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(day: i32, units: f64, price: f64) -> DemandLine {
        DemandLine { series: 7, day: Day(day), units, price, promoted: 0.0 }
    }

    // Day 4 is a Monday. First sale on Wednesday 6: that week is cut. Weeks of days 11, 18, 25, 32 until Thursday 42 (its week is
    // cut too): units 3, 0, unknown (stock 0 on day 27), 5; the price of the empty week is the last one's, ln(8 / 10).
    #[test]
    fn weeks_by_hand() {
        let lines = [
            line(6, 9.0, 10.0),
            line(12, 1.0, 8.0),
            line(13, 2.0, 8.0),
            line(26, 1.0, 10.0),
            line(35, 5.0, 10.0),
            line(40, 7.0, 10.0),
        ];
        let stock = [
            StockReading { series: 7, day: Day(27), on_hand: 0 },
            StockReading { series: 7, day: Day(19), on_hand: 3 },
            StockReading { series: 8, day: Day(12), on_hand: 0 },
        ];
        let [got] = lay_out(&lines, &stock, Day(42)).unwrap().try_into().unwrap();
        assert_eq!((got.first, got.units.len(), got.n_masked, got.first_week()), (Day(11), 4, 1, 1));
        assert_eq!((got.units[0], got.units[1], got.units[3]), (3.0, 0.0, 5.0));
        assert!(got.units[2].is_nan());
        assert!((got.price[1] - 0.8_f64.ln()).abs() < 1e-12 && got.price[3] == 0.0);
    }

    #[test]
    fn nothing_whole_is_no_series_and_impossible_lines_are_refused() {
        assert!(lay_out(&[line(6, 1.0, 1.0)], &[], Day(12)).unwrap().is_empty());
        assert!(lay_out(&[line(6, 0.0, 1.0)], &[], Day(12)).is_err());
        assert!(lay_out(&[line(6, 1.0, f64::NAN)], &[], Day(12)).is_err());
    }
}
