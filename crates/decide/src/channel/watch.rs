//! Running adverts watched day by day: what comes back, and an alarm only where chance is no excuse.
//!
//! Return on spend, cost of an order and rates are ratios of sums over a window. Alarms compare counts with what they should
//! be, at one false alarm in `1 / alpha` looks:
//!
//! - *loss*: so few orders that even the upper end of their Poisson interval does not pay for the spend;
//! - *nothing comes*: spend without an order where chance would have given one;
//! - *rate fell*: clicks of the window fewer than the window before's rate explains (two-sample binomial);
//! - *too fast*, *too slow*: spend off the plan by more than a stated part.
//!
//! Cost: linear in the days.

use crate::said::{Said, percent};
use crate::spend_error::SpendError;
use learn::interval::poisson;
use learn::special::normal_cdf;
use serde::Serialize;

/// A campaign's day. Amounts in major units.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct AdDay {
    /// Planned spend.
    pub planned: f64,
    /// Spent.
    pub spend: f64,
    /// Times shown.
    pub impressions: u64,
    /// Clicks.
    pub clicks: u64,
    /// Orders that they led to.
    pub orders: u64,
    /// Their revenue.
    pub revenue: f64,
}

/// What counts as an alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchParams {
    /// Days of the window, at least 1.
    pub window: usize,
    /// Chance of a false alarm a look, in (0, 0.5).
    pub alpha: f64,
    /// Margin of an order's revenue before advertising, in (0, 1]: below `1 / margin` a return loses money.
    pub margin: f64,
    /// Part by which spend may miss the plan.
    pub off_plan: f64,
}

impl Default for WatchParams {
    fn default() -> Self {
        Self { window: 7, alpha: 0.01, margin: 0.3, off_plan: 0.2 }
    }
}

/// The sums of the last window.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// Sums of the window.
    pub sums: AdDay,
    /// Revenue over spend; `None` without spend.
    pub return_on_spend: Option<f64>,
    /// Spend over orders; `None` without an order.
    pub cost_of_order: Option<f64>,
    /// Clicks over impressions; `None` without one.
    pub click_rate: Option<f64>,
    /// Spend over plan; `None` without a plan.
    pub pace: Option<f64>,
    /// What to look at.
    pub alarms: Vec<Alarm>,
}

/// Something that chance does not excuse.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// It loses money.
    Loss {
        /// Revenue over spend.
        back: f64,
        /// What it would have to be.
        need: f64,
    },
    /// Spend without an order.
    NothingComes {
        /// Spent.
        spend: f64,
        /// Orders that the days before would have given.
        expected: f64,
    },
    /// The click rate fell.
    RateFell {
        /// Before.
        before: f64,
        /// Now.
        now: f64,
    },
    /// Spend is off the plan.
    OffPlan {
        /// Spend over plan.
        pace: f64,
    },
}

impl WatchParams {
    /// Looks at the last window of a campaign, days oldest first.
    ///
    /// # Errors
    /// [`SpendError`] for parameters out of range or fewer days than the window.
    pub fn look(&self, days: &[AdDay]) -> Result<Watch, SpendError> {
        if self.window == 0 || days.len() < self.window {
            return Err(SpendError::TooLittle { what: "days", have: days.len(), need: self.window.max(1) });
        }
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            return Err(SpendError::param("alpha", "between 0 and 0.5", self.alpha));
        }
        if !(self.margin > 0.0 && self.margin <= 1.0) {
            return Err(SpendError::param("margin", "in (0, 1]", self.margin));
        }
        let (earlier, window) = days.split_at(days.len() - self.window);
        let (now, before) = (sums(window), sums(&earlier[earlier.len().saturating_sub(4 * self.window)..]));
        let over = |a: f64, b: f64| (b > 0.0).then(|| a / b);
        let back = over(now.revenue, now.spend);
        let pace = over(now.spend, now.planned);
        let click_rate = over(now.clicks as f64, now.impressions as f64);
        let mut alarms = Vec::new();
        // The upper end of orders at the mean order value, one-sided: the interval of level 1 - 2 alpha.
        if let (Some(back), Some(i)) = (back, poisson(now.orders, 1.0 - 2.0 * self.alpha)) {
            let value = over(now.revenue, now.orders as f64).or(over(before.revenue, before.orders as f64));
            if value.is_some_and(|v| i.high * v * self.margin < now.spend) {
                alarms.push(Alarm::Loss { back, need: 1.0 / self.margin });
            }
        }
        if let Some(rate) = over(before.orders as f64, before.spend).filter(|_| now.orders == 0) {
            let expected = rate * now.spend;
            if (-expected).exp() < self.alpha {
                alarms.push(Alarm::NothingComes { spend: now.spend, expected });
            }
        }
        if let (Some(rate), Some(was)) = (click_rate, over(before.clicks as f64, before.impressions as f64)) {
            let (n, m) = (now.impressions as f64, before.impressions as f64);
            let pooled = (now.clicks + before.clicks) as f64 / (n + m);
            let se = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
            if se > 0.0 && normal_cdf((rate - was) / se) < self.alpha {
                alarms.push(Alarm::RateFell { before: was, now: rate });
            }
        }
        if let Some(pace) = pace.filter(|p| (p - 1.0).abs() > self.off_plan) {
            alarms.push(Alarm::OffPlan { pace });
        }
        let cost_of_order = over(now.spend, now.orders as f64);
        Ok(Watch { sums: now, return_on_spend: back, cost_of_order, click_rate, pace, alarms })
    }
}

fn sums(days: &[AdDay]) -> AdDay {
    days.iter().fold(AdDay::default(), |s, d| AdDay {
        planned: s.planned + d.planned,
        spend: s.spend + d.spend,
        impressions: s.impressions + d.impressions,
        clicks: s.clicks + d.clicks,
        orders: s.orders + d.orders,
        revenue: s.revenue + d.revenue,
    })
}

impl Alarm {
    /// What happened.
    pub fn said(&self, campaign: &str) -> Said {
        match self {
            Self::Loss { back, need } => Said::new(
                format!(
                    "{campaign} brings {back:.2} for each unit spent and would need {need:.2}: more than bad luck."
                ),
                format!("{campaign} 每花 1 只带回 {back:.2}，需要 {need:.2}：不是运气问题。"),
            ),
            Self::NothingComes { spend, expected } => Said::new(
                format!(
                    "{campaign} spent {spend:.2} without an order where {expected:.1} were to be expected: check the link and the page."
                ),
                format!("{campaign} 花费 {spend:.2} 没有订单，本应有约 {expected:.1} 单：请检查链接与页面。"),
            ),
            Self::RateFell { before, now } => Said::new(
                format!(
                    "The click rate of {campaign} fell from {} to {}: the advert may be worn out.",
                    percent(*before),
                    percent(*now)
                ),
                format!("{campaign} 的点击率由 {} 降到 {}：素材可能已疲劳。", percent(*before), percent(*now)),
            ),
            Self::OffPlan { pace } => Said::new(
                format!("{campaign} has spent {} of its plan.", percent(*pace)),
                format!("{campaign} 已花费计划的 {}。", percent(*pace)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    const DAY: AdDay =
        AdDay { planned: 100.0, spend: 100.0, impressions: 10_000, clicks: 100, orders: 10, revenue: 500.0 };

    #[test] // 7 days: 700 spent, 70 orders, 3,500 revenue: 5.0 back, 10 an order, 1 %.
    fn sums_by_hand() {
        let watch = WatchParams::default().look(&[DAY; 20]).unwrap();
        assert_eq!((watch.return_on_spend, watch.cost_of_order, watch.click_rate), (Some(5.0), Some(10.0), Some(0.01)));
        assert_eq!((watch.pace, watch.alarms.as_slice()), (Some(1.0), [].as_slice()));
        assert!(WatchParams::default().look(&[DAY; 6]).is_err());
    }

    #[test]
    fn each_planted_fault_raises_its_alarm() {
        let with = |change: fn(&mut AdDay)| {
            let mut days = vec![DAY; 35];
            days[28..].iter_mut().for_each(change);
            WatchParams::default().look(&days).unwrap().alarms
        };
        assert!(matches!(with(|d| (d.orders, d.revenue) = (2, 100.0))[..], [Alarm::Loss { .. }]));
        let none = with(|d| (d.orders, d.revenue) = (0, 0.0));
        assert!(none.iter().any(|a| matches!(a, Alarm::NothingComes { .. })), "{none:?}");
        assert!(matches!(with(|d| d.clicks = 70)[..], [Alarm::RateFell { .. }]));
        assert!(matches!(with(|d| d.planned = 60.0)[..], [Alarm::OffPlan { .. }]));
        assert!(none[0].said("x").zh.contains('x'));
    }

    #[test]
    fn chance_alone_hardly_ever_raises_one() {
        let mut rng = Seed(4).stream(0);
        let mut n_alarms = 0;
        for _ in 0..300 {
            let days: Vec<AdDay> = (0..35)
                .map(|_| {
                    let clicks = rng.poisson(100.0);
                    let orders = rng.poisson(10.0);
                    AdDay { clicks, orders, revenue: orders as f64 * 50.0, ..DAY }
                })
                .collect();
            n_alarms += WatchParams::default().look(&days).unwrap().alarms.len();
        }
        // One look in a hundred for the click rate: 3 of 300, and 11 would be one chance in ten thousand.
        assert!(n_alarms < 11, "{n_alarms}");
    }
}
