//! Do the expected days hold? Asked on orders after a cutoff, with those who have not come back yet counted right.
//!
//! For each shopper `u = P(next order by the day it came)`: uniform on [0, 1] when the model is right. Who has not ordered by
//! the end of the facts is known only to have a larger `u` than that of the end: *censored*. Kaplan and Meier's estimate of the
//! survival of `u` uses both; the share between 0.025 and 0.975 is the coverage of the 95 % interval. Counting only those
//! who came back would flatter short intervals, counting the others as misses would blame long ones.
//! Where nobody is followed far enough for the upper end, coverage is that of the lower end alone and the figure says so.
//!
//! Source: Kaplan & Meier, "Nonparametric estimation from incomplete observations", JASA 53, 1958. Cost: a sort.

use super::facts::ShopperFacts;
use super::next_order::{NextOrderModel, Rhythm};
use crate::figures::{LEVEL, MIN_OBSERVATIONS};
use domain::{Day, Figure, Unit};
use learn::interval::wilson;

/// Outcomes of one cutoff.
#[derive(Clone, Debug, PartialEq)]
pub struct NextOrderBacktest {
    /// `u`, and whether the order came; ascending.
    outcomes: Vec<(f64, bool)>,
    /// Days that the expected day was off, of those who came.
    misses: Vec<f64>,
}

impl NextOrderBacktest {
    /// Asks the model, fitted on what lies before `cutoff`, about everybody known then; facts end before `now`.
    pub fn new(model: &NextOrderModel, shoppers: &[ShopperFacts], cutoff: Day, now: Day) -> Self {
        let (mut outcomes, mut misses) = (Vec::new(), Vec::new());
        for facts in shoppers {
            let Some(rhythm) = Rhythm::of(facts, cutoff) else { continue };
            let market = facts.market_at(cutoff);
            let came = facts.orders_within(cutoff, now).first().map(|order| f64::from(order.day.since(cutoff)));
            match came {
                // The order came somewhen on its day: half of it has passed.
                Some(days) => {
                    outcomes.push((model.within(&rhythm, market, days + 0.5), true));
                    if let Some(next) = model.expect(facts, cutoff) {
                        misses.push((next.days - days - 0.5).abs());
                    }
                }
                None => outcomes.push((model.within(&rhythm, market, f64::from(now.since(cutoff))), false)),
            }
        }
        outcomes.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        misses.sort_by(f64::total_cmp);
        Self { outcomes, misses }
    }

    /// Shoppers asked about, and those of them who came.
    pub fn n(&self) -> (usize, usize) {
        (self.outcomes.len(), self.misses.len())
    }

    /// Share of shoppers whose `u` is above a value, by Kaplan and Meier; `None` where nobody was followed so far.
    pub fn survival(&self, u: f64) -> Option<f64> {
        let n = self.outcomes.len();
        if self.outcomes.last()?.0 < u {
            return None;
        }
        let mut left = 1.0;
        for (at, (value, came)) in self.outcomes.iter().enumerate() {
            if *value > u {
                break;
            }
            if *came {
                left *= 1.0 - 1.0 / (n - at) as f64;
            }
        }
        Some(left)
    }

    /// Coverage of the 95 % interval. Key `predict.next_order_coverage`.
    pub fn coverage(&self) -> Figure {
        let tail = (1.0 - LEVEL) / 2.0;
        let (low, high) = (self.survival(tail), self.survival(1.0 - tail));
        let (value, formula) = match (low, high) {
            (Some(low), Some(high)) => {
                (low - high, "share of next orders inside the 95 % interval, by Kaplan and Meier")
            }
            (Some(low), None) => (
                low,
                "share of next orders after the lower end, by Kaplan and Meier; nobody was followed to the upper end, 97.5 % is expected",
            ),
            (None, _) => (f64::NAN, "nobody was followed to the lower end"),
        };
        let n = self.outcomes.len() as u64;
        let figure =
            Figure::number("predict.next_order_coverage", Unit::Share, value, n, MIN_OBSERVATIONS).formula(formula);
        match wilson((value * n as f64).round().max(0.0) as u64, n, LEVEL) {
            Some(i) => figure.interval(i.low, i.high, i.level),
            None => figure,
        }
    }

    /// Median days between the expected and the real day, of those who came. Key `predict.next_order_miss`.
    pub fn median_miss(&self) -> Figure {
        let middle = learn::quantile::quantile_sorted(&self.misses, 0.5).unwrap_or(f64::NAN);
        Figure::number("predict.next_order_miss", Unit::Days, middle, self.misses.len() as u64, MIN_OBSERVATIONS)
            .formula("median of the days between expected and real day, of shoppers who came back in time to be seen")
    }
}

#[cfg(test)]
mod tests {
    use super::super::NextOrderParams;
    use super::super::next_order::tests::world;
    use super::*;

    /// Planted rhythm, followed for 120 and for 2,000 days: the interval holds 95 % of the next orders either way,
    /// although a third has not come back when the short one ends. Observed 0.95 to 0.96.
    #[test]
    fn the_interval_covers_what_it_promises_also_when_many_have_not_come_back() {
        let shoppers = world(1_500, 2_720, 3);
        let model = NextOrderParams::default().fit(&shoppers, Day(720)).unwrap();
        for (now, least, most) in [(2_720, 0.93, 0.97), (840, 0.93, 1.0)] {
            let test = NextOrderBacktest::new(&model, &shoppers, Day(720), Day(now));
            let coverage = test.coverage().as_f64().unwrap();
            assert!((least..=most).contains(&coverage), "{now} {coverage}");
            let half = test.survival(0.5).unwrap();
            assert!((half - 0.5).abs() < 0.05, "{now} {half}");
        }
    }

    // u: 0.2 came, 0.4 censored, 0.6 came, 0.8 came: S(0.5) = 3/4, S(0.7) = 3/4 · 1/2.
    #[test]
    fn survival_by_hand() {
        let test = NextOrderBacktest {
            outcomes: vec![(0.2, true), (0.4, false), (0.6, true), (0.8, true)],
            misses: vec![1.0; 3],
        };
        assert_eq!((test.survival(0.1), test.survival(0.5), test.survival(0.7)), (Some(1.0), Some(0.75), Some(0.375)));
        assert_eq!((test.survival(0.9), test.n()), (None, (4, 3)));
        assert_eq!(test.median_miss().as_f64(), None);
    }
}
