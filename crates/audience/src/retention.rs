//! Who comes back and who stays: survival curves of cohorts, and what to do next with those at risk.
//!
//! Two questions, each one spell a shopper:
//! - *return*: days from the first order to the second; who has not returned is watched until the end of the data.
//! - *activity*: days from the first order to the last one before a silence of `lapse_days`; who was seen within
//!   `lapse_days` of the end is still active and counts as watched until then.
//!
//! Both are Kaplan and Meier's curve with Greenwood's interval; a cohort is any group of shoppers (first month, first channel,
//! market). Whether cohorts differ is asked by the log-rank test. Unlike a table of active shares by month
//! ([`crate::cohorts`]) a young cohort is used for as long as it has been watched.
//!
//! Next action, for a shopper with one order, from the pooled return curve: `Wait` before a tenth of those who return within
//! the horizon have, `Remind` until three quarters have, `WinBack` until nine tenths have, `LetGo` after. The rule is a
//! convention, stated so that it can be recounted; whether a reminder sells anything only an experiment says.
//! Source: see [`learn::survival`]. Cost: one sort a cohort.

use crate::AudienceError;
use crate::figures::{LEVEL, MIN_OBSERVATIONS};
use domain::{Day, Figure, Unit};
use learn::survival::{Spell, Survival, log_rank};
use serde::Serialize;
use std::collections::BTreeMap;

/// How long is long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetentionParams {
    /// Silence after which a shopper counts as lapsed, days, at least 1.
    pub lapse_days: i32,
    /// Days within which a return counts for the timing of actions, at least 1.
    pub horizon_days: i32,
}

impl Default for RetentionParams {
    fn default() -> Self {
        Self { lapse_days: 180, horizon_days: 365 }
    }
}

/// Order days of a shopper.
#[derive(Clone, Debug, PartialEq)]
pub struct ShopperDays {
    /// Number of the cohort.
    pub cohort: u32,
    /// Distinct days with an order, ascending, at least one.
    pub days: Vec<Day>,
}

/// A point of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChartPoint {
    /// Days since the first order.
    pub day: f64,
    /// Share still there (not returned, or active).
    pub share: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Shoppers under watch just before.
    pub at_risk: u64,
}

/// Both curves of a cohort.
#[derive(Clone, Debug, PartialEq)]
pub struct CohortCurves {
    /// Its number.
    pub cohort: u32,
    /// Share without a second order.
    pub not_returned: Survival,
    /// Share still active.
    pub active: Survival,
}

/// What to do with a shopper of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextAction {
    /// Too early: most who return have not had the time.
    Wait,
    /// Now is when returns happen.
    Remind,
    /// Late, but some still return.
    WinBack,
    /// Hardly anyone returns after so long.
    LetGo,
}

impl NextAction {
    /// What it says, in English and Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Wait => ("wait: help with what was bought", "先不打扰：帮助用好已购商品"),
            Self::Remind => ("remind: most returns happen now", "提醒：回购多发生在此时"),
            Self::WinBack => ("win back: late, some still return", "召回：已偏晚，仍有人回来"),
            Self::LetGo => ("let go: hardly anyone returns after so long", "不再投入：这么久之后几乎无人回来"),
        }
    }
}

/// Shoppers of one order by what to do next.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionPlan {
    /// Days at which remind, win back and let go begin; `None` where too few returned.
    pub begins: Option<[f64; 3]>,
    /// Shoppers of each cohort and action.
    pub counts: BTreeMap<(u32, NextAction), u64>,
}

/// Curves of all cohorts.
#[derive(Clone, Debug, PartialEq)]
pub struct RetentionCurves {
    pooled: CohortCurves,
    cohorts: Vec<CohortCurves>,
    differ: Option<f64>,
    plan: ActionPlan,
}

impl RetentionParams {
    /// Fits all cohorts; `end` is the first day that is not covered.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a parameter below a day, [`AudienceError::TooLittleData`] without a shopper,
    /// [`AudienceError::AfterEnd`] for an order on or after `end`.
    pub fn fit(&self, shoppers: &[ShopperDays], end: Day) -> Result<RetentionCurves, AudienceError> {
        for (name, got) in [("lapse_days", self.lapse_days), ("horizon_days", self.horizon_days)] {
            if got < 1 {
                return Err(AudienceError::Param { name, rule: "at least 1", got: f64::from(got) });
            }
        }
        let mut spells: BTreeMap<u32, (Vec<Spell>, Vec<Spell>)> = BTreeMap::new();
        for shopper in shoppers.iter().filter(|s| !s.days.is_empty()) {
            if let Some(&day) = shopper.days.iter().find(|d| **d >= end) {
                return Err(AudienceError::AfterEnd { day, end });
            }
            let entry = spells.entry(shopper.cohort).or_default();
            entry.0.push(until_return(&shopper.days, end));
            entry.1.push(until_lapse(&shopper.days, self.lapse_days, end));
        }
        if spells.is_empty() {
            return Err(AudienceError::TooLittleData { what: "shoppers with an order", have: 0, need: 1 });
        }
        let curves = |cohort, (returns, lapses): &(Vec<Spell>, Vec<Spell>)| -> Result<CohortCurves, AudienceError> {
            Ok(CohortCurves { cohort, not_returned: Survival::fit(returns)?, active: Survival::fit(lapses)? })
        };
        let cohorts: Result<Vec<_>, _> = spells.iter().map(|(&cohort, s)| curves(cohort, s)).collect();
        let all = spells.values().fold((Vec::new(), Vec::new()), |mut all: (Vec<Spell>, Vec<Spell>), s| {
            all.0.extend_from_slice(&s.0);
            all.1.extend_from_slice(&s.1);
            all
        });
        let pooled = curves(u32::MAX, &all)?;
        let groups: Vec<&[Spell]> = spells.values().map(|s| s.0.as_slice()).collect();
        let plan = self.plan(&pooled.not_returned, shoppers, end);
        Ok(RetentionCurves { pooled, cohorts: cohorts?, differ: log_rank(&groups)?, plan })
    }

    fn plan(&self, curve: &Survival, shoppers: &[ShopperDays], end: Day) -> ActionPlan {
        let horizon = f64::from(self.horizon_days).min(curve.last_watch());
        let fallen = curve.at(horizon).map_or(0.0, |left| 1.0 - left);
        let n_returned: u64 = curve.steps().iter().filter(|s| s.time <= horizon).map(|s| s.events).sum();
        let at = |p: f64| curve.quantile(p * fallen);
        let begins = match (at(0.1), at(0.75), at(0.9)) {
            (Some(a), Some(b), Some(c)) if n_returned >= MIN_OBSERVATIONS => Some([a, b, c]),
            _ => None,
        };
        let mut counts = BTreeMap::new();
        if let Some([remind, win_back, let_go]) = begins {
            for shopper in shoppers.iter().filter(|s| s.days.len() == 1) {
                let age = f64::from(end.since(shopper.days[0]));
                let action = match age {
                    a if a < remind => NextAction::Wait,
                    a if a < win_back => NextAction::Remind,
                    a if a < let_go => NextAction::WinBack,
                    _ => NextAction::LetGo,
                };
                *counts.entry((shopper.cohort, action)).or_default() += 1;
            }
        }
        ActionPlan { begins, counts }
    }
}

fn until_return(days: &[Day], end: Day) -> Spell {
    let until = days.get(1).copied();
    Spell { time: f64::from(until.unwrap_or(end).since(days[0])), ended: until.is_some() }
}

fn until_lapse(days: &[Day], lapse_days: i32, end: Day) -> Spell {
    let silent = days.windows(2).find(|pair| pair[1].since(pair[0]) > lapse_days).map(|pair| pair[0]);
    let last = days[days.len() - 1];
    let lapsed = silent.or((end.since(last) > lapse_days).then_some(last));
    // Who is active is known to be so until the last day seen, not until the end.
    Spell { time: f64::from(lapsed.unwrap_or(last).since(days[0])), ended: lapsed.is_some() }
}

/// A curve as points to draw, thinned to at most `n` of its steps; the first is day 0.
pub fn chart(curve: &Survival, n: usize) -> Vec<ChartPoint> {
    let mut points = vec![ChartPoint { day: 0.0, share: 1.0, low: 1.0, high: 1.0, at_risk: curve.n() }];
    let every = curve.steps().len().div_ceil(n.max(1)).max(1);
    for (i, step) in curve.steps().iter().enumerate() {
        let last = i + 1 == curve.steps().len();
        if ((i + 1) % every == 0 || last)
            && let Some(around) = curve.interval(step.time, LEVEL)
        {
            let (low, high) = (around.low, around.high);
            points.push(ChartPoint { day: step.time, share: step.survival, low, high, at_risk: step.at_risk });
        }
    }
    points
}

impl RetentionCurves {
    /// All cohorts together.
    pub fn pooled(&self) -> &CohortCurves {
        &self.pooled
    }

    /// The cohorts by number.
    pub fn cohorts(&self) -> &[CohortCurves] {
        &self.cohorts
    }

    /// p-value of "the cohorts return alike"; `None` where it cannot be asked.
    pub fn differ(&self) -> Option<f64> {
        self.differ
    }

    /// What to do next, with whom.
    pub fn plan(&self) -> &ActionPlan {
        &self.plan
    }

    /// Share with a second order within `days`, all cohorts. Key `retention.return_<days>`.
    pub fn returned_within(&self, days: u32) -> Figure {
        returned_within(&self.pooled.not_returned, days)
    }
}

/// Share with a second order within `days` by a curve of [`CohortCurves::not_returned`]. Key `retention.return_<days>`.
pub fn returned_within(curve: &Survival, days: u32) -> Figure {
    let at = f64::from(days);
    let value = curve.at(at).map_or(f64::NAN, |left| 1.0 - left);
    let figure = Figure::number(&format!("retention.return_{days}"), Unit::Share, value, curve.n(), MIN_OBSERVATIONS)
        .formula(format!(
            "1 - Kaplan-Meier share without a second order {days} days after the first; 95 % interval by Greenwood"
        ));
    match curve.interval(at, LEVEL) {
        Some(i) => figure.interval(1.0 - i.high, 1.0 - i.low, i.level),
        None => figure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn shopper(cohort: u32, days: &[i32]) -> ShopperDays {
        ShopperDays { cohort, days: days.iter().map(|&d| Day(d)).collect() }
    }

    // End 300, lapse 100. A: 0, 40, then silent: returns at 40, lapses at 40. B: 0, 150: silent for 150, lapses at once.
    // C: 250: watched 50 days, active at 0. D: 190, 260: returns at 70, active for 70 when last seen.
    #[test]
    fn spells_by_hand() {
        let (end, days) = (Day(300), |d: &[i32]| d.iter().map(|&d| Day(d)).collect::<Vec<_>>());
        let spell = |time, ended| Spell { time, ended };
        let both = |d: &[i32]| (until_return(&days(d), end), until_lapse(&days(d), 100, end));
        assert_eq!(both(&[0, 40]), (spell(40.0, true), spell(40.0, true)));
        assert_eq!(both(&[0, 150]), (spell(150.0, true), spell(0.0, true)));
        assert_eq!(both(&[250]), (spell(50.0, false), spell(0.0, false)));
        assert_eq!(both(&[190, 260]), (spell(70.0, true), spell(70.0, false)));
    }

    #[test]
    fn cohorts_that_return_differently_are_told_apart_and_actions_add_up() {
        let mut shoppers = Vec::new();
        for i in 0..800_u64 {
            let mut rng = Seed(3).stream(i);
            let (cohort, first) = ((i % 2) as u32, rng.below(300) as i32);
            let gap = 5 + (rng.exponential() * if cohort == 0 { 40.0 } else { 120.0 }) as i32;
            let days = if first + gap < 400 { vec![first, first + gap] } else { vec![first] };
            shoppers.push(shopper(cohort, &days));
        }
        let curves = RetentionParams::default().fit(&shoppers, Day(400)).unwrap();
        assert!(curves.differ().unwrap() < 1e-6);
        let within = |c: usize| returned_within(&curves.cohorts()[c].not_returned, 60).as_f64().unwrap();
        // 1 - exp(-55/40) = .747 and 1 - exp(-55/120) = .368
        assert!((within(0) - 0.747).abs() < 0.06 && (within(1) - 0.368).abs() < 0.07, "{} {}", within(0), within(1));
        let one_order = shoppers.iter().filter(|s| s.days.len() == 1).count() as u64;
        assert_eq!(curves.plan().counts.values().sum::<u64>(), one_order);
        let [remind, win_back, let_go] = curves.plan().begins.unwrap();
        assert!(remind < win_back && win_back < let_go);
        let points = chart(&curves.pooled().not_returned, 20);
        assert!(points.len() <= 22 && points.windows(2).all(|p| p[0].share >= p[1].share && p[0].day < p[1].day));
        assert!(RetentionParams::default().fit(&[], Day(400)).is_err());
        assert!(RetentionParams::default().fit(&[shopper(0, &[400])], Day(400)).is_err());
    }
}
