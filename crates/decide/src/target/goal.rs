//! A goal as a number that can be checked: from where to where, with how many shoppers, for how long.
//!
//! A goal that cannot be told from chance with the shoppers there are is no goal yet; then the answer is what could be seen
//! instead, or how long it would take. Cost: closed forms.

use super::power::PowerParams;
use crate::said::{Said, percent};
use crate::spend_error::SpendError;
use serde::Serialize;

/// What is to be moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kpi {
    /// A share of shoppers, such as conversion.
    Share {
        /// Now, in (0, 1).
        now: f64,
    },
    /// A mean per shopper, such as revenue per visit.
    Mean {
        /// Now.
        now: f64,
        /// Standard deviation between shoppers, above 0.
        sd: f64,
    },
}

/// A goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// Name of the figure.
    pub name: String,
    /// What it is.
    pub kpi: Kpi,
    /// Where it shall be.
    pub target: f64,
    /// Shoppers that come in a day, over both arms.
    pub units_a_day: f64,
    /// Longest time that it may take, days.
    pub longest: u32,
}

/// Whether the goal can be checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GoalCheck {
    /// Shoppers in the control arm.
    pub n_control: f64,
    /// In the other arm.
    pub n_treated: f64,
    /// Days, whole weeks.
    pub days: u32,
    /// Whether these fit into the longest time.
    pub in_time: bool,
    /// Smallest change that the longest time can show, in the figure's unit; `None` for a share that cannot rise so far.
    pub smallest: Option<f64>,
}

impl Goal {
    /// What it takes to tell the target from today.
    ///
    /// # Errors
    /// [`SpendError::Param`] for a target equal to today's figure or values out of range.
    pub fn check(&self, params: &PowerParams) -> Result<GoalCheck, SpendError> {
        if self.longest == 0 {
            return Err(SpendError::param("longest", "at least 1 day", 0.0));
        }
        let n = match self.kpi {
            Kpi::Share { now } => params.proportions(now, self.target)?,
            Kpi::Mean { now, sd } => {
                if !(sd > 0.0 && sd.is_finite()) {
                    return Err(SpendError::param("sd", "above 0", sd));
                }
                params.means((self.target - now) / sd)?
            }
        };
        let days = params.days(n, self.units_a_day)?;
        // Whole weeks, as in `days`; a shorter time than a week has none.
        let there = (f64::from(self.longest / 7 * 7) * self.units_a_day / (1.0 + params.ratio)).floor();
        let smallest = if there < 2.0 {
            None
        } else {
            match self.kpi {
                Kpi::Share { now } => params.smallest_rise(now, there)?,
                Kpi::Mean { sd, .. } => Some(params.smallest_difference(sd, there)?),
            }
        };
        let n_treated = n * params.ratio;
        Ok(GoalCheck {
            n_control: n.ceil(),
            n_treated: n_treated.ceil(),
            days,
            in_time: days <= self.longest,
            smallest,
        })
    }
}

impl GoalCheck {
    /// The goal in a sentence.
    pub fn said(&self, goal: &Goal) -> Said {
        let (show, unit): (fn(f64) -> String, f64) = match goal.kpi {
            Kpi::Share { now } => (percent, now),
            Kpi::Mean { now, .. } => (|x| format!("{x:.2}"), now),
        };
        let n = self.n_control + self.n_treated;
        if self.in_time {
            return Said::new(
                format!(
                    "{} from {} to {}: {n:.0} shoppers, {} days.",
                    goal.name,
                    show(unit),
                    show(goal.target),
                    self.days
                ),
                format!(
                    "{} 由 {} 到 {}：需要 {n:.0} 位顾客，{} 天。",
                    goal.name,
                    show(unit),
                    show(goal.target),
                    self.days
                ),
            );
        }
        let (en, zh) = self.smallest.map_or_else(
            || ("nothing could be told".to_owned(), "无法得出结论".to_owned()),
            |s| (format!("a change of {} could be told", show(s)), format!("只能看出 {} 的变化", show(s))),
        );
        Said::new(
            format!(
                "{} to {} would take {} days; in {} days {en}.",
                goal.name,
                show(goal.target),
                self.days,
                goal.longest
            ),
            format!("{} 到 {} 需要 {} 天；在 {} 天内{zh}。", goal.name, show(goal.target), self.days, goal.longest),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(target: f64, longest: u32) -> Goal {
        Goal { name: "conversion".to_owned(), kpi: Kpi::Share { now: 0.05 }, target, units_a_day: 1_000.0, longest }
    }

    #[test] // 8,155 an arm (see the power of shares): 16,310 at 1,000 a day are 17 days, 3 weeks.
    fn a_goal_in_time_and_one_that_is_not() {
        let check = goal(0.06, 28).check(&PowerParams::default()).unwrap();
        assert_eq!((check.n_control, check.days, check.in_time), (8155.0, 21, true));
        assert!(check.said(&goal(0.06, 28)).en.contains("16310 shoppers, 21 days"));
        let late = goal(0.052, 28);
        let check = late.check(&PowerParams::default()).unwrap();
        assert!(!check.in_time && check.days > 300, "{check:?}");
        // In 28 days 14,000 an arm: what can be seen needs just as many.
        let seen = check.smallest.unwrap();
        let n = PowerParams::default().proportions(0.05, 0.05 + seen).unwrap();
        assert!((n - 14_000.0).abs() < 1.0, "{n}");
        assert!(check.said(&late).zh.contains("只能看出"));
    }

    #[test]
    fn a_week_is_the_least_and_no_target_is_refused() {
        let check = goal(0.06, 3).check(&PowerParams::default()).unwrap();
        assert!(!check.in_time && check.smallest.is_none());
        assert!(goal(0.05, 28).check(&PowerParams::default()).is_err());
        let mean = Goal { kpi: Kpi::Mean { now: 2.0, sd: 10.0 }, target: 3.0, ..goal(0.0, 28) };
        // d = .1: 1,571 an arm.
        assert_eq!(mean.check(&PowerParams::default()).unwrap().n_control, 1571.0);
    }
}
