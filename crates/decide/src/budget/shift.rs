//! Moving a growth budget between channels: what a new shopper costs there and is worth.
//!
//! A channel that brought `n` new shoppers for `x` has a mean cost of `x / n`; the next one costs more. With the elasticity `e` of
//! new shoppers to spend, `n(x') = n (x' / x)^e`, so the next unit brings `e · n / x` shoppers, each worth its lifetime margin: the
//! marginal cost of a shopper is `x / (n e)`. The shift spends the same total where `Σ LTV · n(x')` is largest, no channel moving by more
//! than a stated part at once, because the curve is only known near where the channel has been.
//! Cost: one allocation.

use super::allocate::{AllocateParams, Allocation};
use super::grid::{Grid, Limits, Total};
use super::response::Response;
use crate::said::Said;
use crate::spend_error::SpendError;
use domain::Money;

/// A growth channel as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct GrowthChannel {
    /// Its name.
    pub name: String,
    /// Spent in a period.
    pub spend: Money,
    /// New shoppers that it brought.
    pub new_shoppers: f64,
    /// Margin of such a shopper over its lifetime before the cost of winning it, major units.
    pub lifetime_value: f64,
    /// Elasticity of new shoppers to spend, in (0, 1].
    pub elasticity: f64,
}

/// How far a shift goes.
#[derive(Clone, Debug, PartialEq)]
pub struct ShiftParams {
    /// Largest move of a channel, as a part of its present spend, above 0.
    pub largest_move: f64,
    /// Fewest new shoppers for a channel to be moved at all.
    pub fewest: f64,
}

impl Default for ShiftParams {
    fn default() -> Self {
        Self { largest_move: 0.3, fewest: 30.0 }
    }
}

/// One channel of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// Its name.
    pub name: String,
    /// Now.
    pub from: Money,
    /// Then.
    pub to: Money,
    /// Mean cost of a new shopper now.
    pub mean_cost: f64,
    /// Cost of the next one now.
    pub marginal_cost: f64,
    /// Lifetime margin over the cost of the next one.
    pub worth_it: f64,
    /// Too few new shoppers to say anything: left where it is.
    pub too_few: bool,
}

/// The plan.
#[derive(Clone, Debug, PartialEq)]
pub struct ShiftPlan {
    /// Channels in the order given.
    pub shifts: Vec<Shift>,
    /// Lifetime margin that the period's new shoppers bring now.
    pub before: f64,
    /// After the shift.
    pub after: f64,
}

impl ShiftParams {
    /// The best shift of the present total.
    ///
    /// # Errors
    /// [`SpendError`] for a channel without spend or out of range, or two currencies.
    pub fn plan(&self, channels: &[GrowthChannel]) -> Result<ShiftPlan, SpendError> {
        if !(self.largest_move > 0.0 && self.largest_move.is_finite()) {
            return Err(SpendError::param("largest_move", "above 0", self.largest_move));
        }
        let Some(first) = channels.first() else {
            return Err(SpendError::TooLittle { what: "channels", have: 0, need: 1 });
        };
        let zero = Money { minor: 0, currency: first.spend.currency };
        let total = channels.iter().try_fold(zero, |sum, c| sum.plus(c.spend))?;
        let minor = 10_f64.powi(total.currency.exponent() as i32);
        let mut curves = Vec::new();
        for c in channels {
            if !(c.lifetime_value >= 0.0 && c.lifetime_value.is_finite()) {
                return Err(SpendError::param(format!("lifetime_value of {}", c.name), "0 or more", c.lifetime_value));
            }
            let back = c.lifetime_value * c.new_shoppers;
            curves.push(Response::through(c.spend.minor as f64 / minor, back, c.elasticity)?);
        }
        let names: Vec<&str> = channels.iter().map(|c| c.name.as_str()).collect();
        let mut grid = Grid::channels(&names, curves, Total::Exactly(total));
        for (line, c) in grid.rows.iter_mut().zip(channels) {
            let free = if self.is_known(c) { self.largest_move } else { 0.0 };
            let room = (c.spend.minor as f64 * free) as i64;
            line.limits = Limits::between((c.spend.minor - room).max(0), c.spend.minor + room);
        }
        let best: Allocation = AllocateParams::default().allocate(&grid)?;
        let shift = |(c, to): (&GrowthChannel, Money)| {
            let mean_cost = c.spend.minor as f64 / minor / c.new_shoppers;
            let marginal_cost = mean_cost / c.elasticity;
            Shift {
                name: c.name.clone(),
                from: c.spend,
                to,
                mean_cost,
                marginal_cost,
                worth_it: c.lifetime_value / marginal_cost,
                too_few: !self.is_known(c),
            }
        };
        Ok(ShiftPlan {
            shifts: channels.iter().enumerate().map(|(at, c)| shift((c, best.row(at)))).collect(),
            before: channels.iter().map(|c| c.lifetime_value * c.new_shoppers).sum(),
            after: best.back(),
        })
    }

    fn is_known(&self, channel: &GrowthChannel) -> bool {
        channel.new_shoppers >= self.fewest
    }
}

impl Shift {
    /// The line of the change list.
    pub fn said(&self) -> Said {
        if self.too_few {
            return Said::new(
                format!("{}: {} as before, too few new shoppers to judge it.", self.name, self.to),
                format!("{}：维持 {}，新客太少，无法判断。", self.name, self.to),
            );
        }
        Said::new(
            format!(
                "{}: {} after {}; the next shopper costs {:.2} and brings {:.2} for each unit of it.",
                self.name, self.to, self.from, self.marginal_cost, self.worth_it
            ),
            format!(
                "{}：由 {} 调整为 {}；下一位新客成本 {:.2}，每单位成本带来 {:.2}。",
                self.name, self.from, self.to, self.marginal_cost, self.worth_it
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    fn channel(name: &str, spend: i64, new_shoppers: f64, lifetime_value: f64) -> GrowthChannel {
        let spend = Money { minor: spend, currency: Currency::new(*b"JPY") };
        GrowthChannel { name: name.to_owned(), spend, new_shoppers, lifetime_value, elasticity: 0.5 }
    }

    #[test]
    fn the_shift_is_the_best_of_every_whole_one() {
        let channels = [channel("a", 40, 100.0, 3.0), channel("b", 40, 60.0, 3.0), channel("c", 20, 40.0, 9.0)];
        let plan = ShiftParams::default().plan(&channels).unwrap();
        let value = |x: [i64; 3]| -> f64 {
            channels
                .iter()
                .zip(x)
                .map(|(c, x)| c.lifetime_value * c.new_shoppers * (x as f64 / c.spend.minor as f64).sqrt())
                .sum()
        };
        let mut best: f64 = 0.0;
        for a in 28..=52 {
            for b in 28..=52 {
                let c = 100 - a - b;
                if (14..=26).contains(&c) {
                    best = best.max(value([a, b, c]));
                }
            }
        }
        assert!((plan.after - best).abs() < 1e-9 && plan.after > plan.before, "{plan:?} {best}");
        assert_eq!(plan.shifts.iter().map(|s| s.to.minor).sum::<i64>(), 100);
        // a: mean cost 40/100, next .8; brings 3 / .8.
        assert!((plan.shifts[0].marginal_cost - 0.8).abs() < 1e-12 && (plan.shifts[0].worth_it - 3.75).abs() < 1e-12);
    }

    #[test]
    fn a_channel_with_few_shoppers_stays() {
        let plan =
            ShiftParams::default().plan(&[channel("a", 400, 100.0, 3.0), channel("b", 400, 5.0, 300.0)]).unwrap();
        assert!(plan.shifts[1].too_few && plan.shifts[1].to.minor == 400);
        assert!(plan.shifts[1].said().en.contains("too few"));
        assert!(ShiftParams::default().plan(&[channel("a", 0, 1.0, 1.0)]).is_err());
    }
}
