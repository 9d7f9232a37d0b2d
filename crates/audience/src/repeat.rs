//! Coming back: how many shoppers do, and after how long.
//!
//! - Repeat rate: shoppers with at least two orders / shoppers, Wilson's interval. Shoppers who only
//!   just arrived have had no time to return, so a growing market looks less loyal than it is; the
//!   formula says over which window it was counted.
//! - Replenishment: the median of the days between consecutive orders, with the distribution-free
//!   interval between two order statistics. Only gaps that ended in an order are seen; those still
//!   running are not, so the figure describes shoppers who return.
//!
//! Source of the interval: [`learn::interval::median_order`]. Cost: one sort of the gaps.

use crate::figures::{LEVEL, MIN_OBSERVATIONS, share};
use domain::{Figure, Unit};
use learn::interval::median_order;
use learn::quantile::{quantile_sorted, sorted};

/// Share of shoppers with at least two orders. Key `repeat.rate`.
pub fn repeat_rate(n_repeat: u64, n_shoppers: u64) -> Figure {
    share("repeat.rate", n_repeat, n_shoppers)
        .formula("shoppers with at least 2 orders / shoppers with at least 1 order; 95 % Wilson interval")
}

/// When returning shoppers return.
#[derive(Clone, Debug, PartialEq)]
pub struct Replenishment {
    ascending: Vec<f64>,
}

impl Replenishment {
    /// From the days between consecutive orders of one shopper, all shoppers together. Orders of
    /// the same day are one visit: leave their gap of 0 out.
    pub fn new(gap_days: &[u32]) -> Self {
        let gaps: Vec<f64> = gap_days.iter().map(|&d| f64::from(d)).collect();
        Self { ascending: sorted(&gaps) }
    }

    /// Number of gaps.
    pub fn n_gaps(&self) -> usize {
        self.ascending.len()
    }

    /// Median days between orders. Key `repeat.gap_days`.
    pub fn median(&self) -> Figure {
        let middle = quantile_sorted(&self.ascending, 0.5).unwrap_or(f64::NAN);
        let n = self.ascending.len() as u64;
        let figure = Figure::number("repeat.gap_days", Unit::Days, middle, n, MIN_OBSERVATIONS)
            .formula("median of the days between consecutive orders; 95 % interval between two order statistics");
        match median_order(&self.ascending, LEVEL) {
            Some(i) => figure.interval(i.low, i.high, i.level),
            None => figure,
        }
    }

    /// When to expect the next order: the days from the lower to the upper quartile of the gaps, so
    /// half of the returns. `None` below the minimum of data.
    pub fn due_window(&self) -> Option<(f64, f64)> {
        if (self.ascending.len() as u64) < MIN_OBSERVATIONS {
            return None;
        }
        quantile_sorted(&self.ascending, 0.25).zip(quantile_sorted(&self.ascending, 0.75))
    }

    /// Backtest: the share of later gaps that fell into [`Self::due_window`], one half when the
    /// rhythm holds. Key `repeat.due_window_hit`. `None` when there is no window to test.
    pub fn backtest(&self, later_gap_days: &[u32]) -> Option<Figure> {
        let (from, to) = self.due_window()?;
        let hits = later_gap_days.iter().filter(|&&d| (from..=to).contains(&f64::from(d))).count() as u64;
        let formula = format!("later gaps of {from} to {to} days / later gaps; one half is expected");
        Some(share("repeat.due_window_hit", hits, later_gap_days.len() as u64).formula(formula))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::FigureValue;

    #[test] // 40 of 100: Wilson 0.3094 to 0.4980.
    fn repeat_rate_by_hand() {
        let rate = repeat_rate(40, 100);
        let i = rate.interval.unwrap();
        assert_eq!(rate.value, FigureValue::Number(0.4));
        assert!((i.low - 0.3094).abs() < 1e-3 && (i.high - 0.4980).abs() < 1e-3, "{i:?}");
        assert_eq!(repeat_rate(2, 3).value, FigureValue::TooLittleData { have: 3, need: 30 });
    }

    // 1 to 40: median 20.5, quartiles 10.75 and 30.25. P(Bin(40, 1/2) < 14) = 0.0192 is allowed, < 15 is 0.0403: 14 to 27.
    #[test]
    fn gaps_of_one_to_forty_days() {
        let gaps: Vec<u32> = (1..=40).rev().collect();
        let timing = Replenishment::new(&gaps);
        let figure = timing.median();
        assert_eq!(figure.value, FigureValue::Number(20.5));
        let i = figure.interval.unwrap();
        assert_eq!((i.low, i.high), (14.0, 27.0));
        assert_eq!(timing.due_window(), Some((10.75, 30.25)));
        assert_eq!(timing.backtest(&gaps).unwrap().as_f64(), Some(0.5)); // 11 to 30: 20 of 40
    }

    #[test]
    fn a_few_gaps_give_neither_median_nor_window() {
        let timing = Replenishment::new(&[5, 7, 9]);
        assert_eq!(timing.median().value, FigureValue::TooLittleData { have: 3, need: 30 });
        assert_eq!(timing.median().interval, None);
        assert_eq!(timing.backtest(&[5]), None);
        assert_eq!(Replenishment::new(&[]).median().value, FigureValue::TooLittleData { have: 0, need: 30 });
    }
}
