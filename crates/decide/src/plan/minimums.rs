//! The minimum of data: below it a figure says "too little data" instead of a number.
//!
//! One rule for all figures: a figure whose `n` is below the minimum of its kind loses its value
//! and its interval. What counts as `n` depends on the kind ([`Rests`]).

use super::Metric;
use domain::{Figure, FigureValue};
use serde::Serialize;

/// What a figure rests on, and so which minimum applies to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rests {
    /// It is itself a count or a sum: true at any size.
    Itself,
    /// A rate over shoppers: `n` is shoppers.
    Shoppers,
    /// An average over orders, or a comparison of two periods: `n` is orders, of the weaker period.
    Orders,
    /// A statement about the year: `n` is whole months.
    Months,
    /// A rate over one starting month's shoppers: `n` is the cohort's size.
    Cohort,
    /// A rule over baskets: `n` is baskets that hold both sides.
    Baskets,
    /// A quality measured on held-out shoppers: `n` is those shoppers.
    TestShoppers,
}

/// The least number of observations of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Minimums {
    /// Shoppers behind a rate.
    pub shoppers: u64,
    /// Orders behind an average or a growth.
    pub orders: u64,
    /// Whole months behind a season.
    pub months: u64,
    /// Shoppers in a cohort.
    pub cohort: u64,
    /// Baskets behind a bundle.
    pub baskets: u64,
    /// Held-out shoppers behind a measured quality.
    pub test_shoppers: u64,
}

impl Default for Minimums {
    /// At 30 observations a 95 % interval of a share is at most ±18 points wide, which still
    /// separates "few" from "most"; a cohort and a bundle are read in company of others, so they
    /// get by with 10. Held-out shoppers: 20, as the rule that accepts a transfer asks for.
    fn default() -> Self {
        Self { shoppers: 30, orders: 30, months: 12, cohort: 10, baskets: 10, test_shoppers: 20 }
    }
}

impl Minimums {
    /// The minimum of one kind.
    pub const fn of(&self, rests: Rests) -> u64 {
        match rests {
            Rests::Itself => 0,
            Rests::Shoppers => self.shoppers,
            Rests::Orders => self.orders,
            Rests::Months => self.months,
            Rests::Cohort => self.cohort,
            Rests::Baskets => self.baskets,
            Rests::TestShoppers => self.test_shoppers,
        }
    }

    /// The figure, without its number when it rests on too little. A figure with an unknown key
    /// passes as it is: its maker has set the minimum.
    #[must_use]
    pub fn apply(&self, mut figure: Figure) -> Figure {
        let need = Metric::of_key(&figure.key).map_or(0, |metric| self.of(metric.rests()));
        let shown = matches!(figure.value, FigureValue::Number(_) | FigureValue::Money(_));
        if shown && figure.n < need {
            figure.value = FigureValue::TooLittleData { have: figure.n, need };
            figure.interval = None;
        }
        figure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_over_29_shoppers_is_not_shown_and_over_30_it_is() {
        let rate = |n| Minimums::default().apply(Metric::RepeatRate.number(0.5, n, "q").interval(0.3, 0.7, 0.95));
        assert_eq!(rate(29).value, FigureValue::TooLittleData { have: 29, need: 30 });
        assert_eq!(rate(29).interval, None);
        assert_eq!(rate(30).value, FigureValue::Number(0.5));
        assert!(rate(30).interval.is_some());
    }

    #[test]
    fn a_count_is_true_at_any_size() {
        let orders = Minimums::default().apply(Metric::Orders.number(1.0, 1, "q"));
        assert_eq!(orders.value, FigureValue::Number(1.0));
    }
}
