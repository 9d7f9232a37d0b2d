//! When a product is bought again, with those counted who have not bought it again yet.
//!
//! A spell runs from a day on which a shopper bought the thing to the next such day; where there is none it is cut off at
//! the end of the data. Kaplan and Meier's curve over all spells gives the share who have bought it again after so many days.
//! The plain median of the gaps seen ([`crate::repeat`]) knows only those who returned, and the quick ones more than the slow.
//!
//! - `by_horizon`: share bought again within the horizon.
//! - `due`: quartiles of the time among those who buy it again within the horizon: times at which the curve has come
//!   a quarter, half and three quarters of its way. A reminder belongs between the first and the last.
//! - backtest: the curve of what was known at a cutoff, against the spells that began after it and could be followed for the
//!   horizon; beside it what the seen gaps alone would have said, which counts every unfinished spell as never.
//!
//! One shopper may have several spells; the intervals take them as independent.
//! Source: see [`learn::survival`]. Cost: one sort of the purchases.

use crate::AudienceError;
use crate::figures::{LEVEL, MIN_OBSERVATIONS, share};
use crate::sequences::Purchase;
use domain::{Day, Figure, Unit};
use learn::survival::{Spell, Survival};
use std::collections::BTreeMap;

/// How far it is looked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimingParams {
    /// Days within which buying again counts, at least 1.
    pub horizon_days: i32,
    /// Fewest spells of a thing that is reported on its own.
    pub min_spells: u64,
}

impl Default for TimingParams {
    fn default() -> Self {
        Self { horizon_days: 180, min_spells: 50 }
    }
}

/// A spell with the day on which it began.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Begun {
    from: Day,
    spell: Spell,
}

/// When one thing is bought again.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The thing.
    pub thing: u32,
    /// The curve of not having bought it again.
    pub curve: Survival,
    /// Share bought again within the horizon. Key `replenish.share`.
    pub by_horizon: Figure,
    /// Median days of those who do. Key `replenish.days`.
    pub due_days: Figure,
    /// Days from the first to the last quarter of them; `None` with too few.
    pub due_window: Option<(f64, f64)>,
}

/// How well a curve foretold what came.
#[derive(Clone, Debug, PartialEq)]
pub struct TimingBacktest {
    /// Things with enough spells before and after.
    pub n_things: u64,
    /// Spells that began after the cutoff.
    pub n_spells: u64,
    /// Share foretold, mean over these spells.
    pub foretold: f64,
    /// What the gaps seen before the cutoff alone would have said.
    pub naive: f64,
    /// Share that came. Key `replenish.backtest`.
    pub came: Figure,
    /// Mean absolute error of the share by thing, weighted by spells: ours, and the naive one's.
    pub error: (f64, f64),
}

impl TimingParams {
    /// Each thing with enough spells, by number; `end` is the first day that is not covered.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a horizon below a day, [`AudienceError::AfterEnd`] for a purchase on or after `end`.
    pub fn fit(&self, purchases: &[Purchase], end: Day) -> Result<Vec<Timing>, AudienceError> {
        let spells = self.spells(purchases, end)?;
        let enough = spells.into_iter().filter(|(_, s)| s.len() as u64 >= self.min_spells.max(1));
        enough.map(|(thing, spells)| self.timing(thing, &plain(&spells))).collect()
    }

    /// All things as one, for a market with too few spells of each; the thing is `u32::MAX`. `None` without a purchase.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn pooled(&self, purchases: &[Purchase], end: Day) -> Result<Option<Timing>, AudienceError> {
        let all: Vec<Begun> = self.spells(purchases, end)?.into_values().flatten().collect();
        if all.is_empty() { Ok(None) } else { self.timing(u32::MAX, &plain(&all)).map(Some) }
    }

    /// Learns before `cutoff` and looks at what began from it on and could be followed. `None` where no thing has enough.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn backtest(
        &self,
        purchases: &[Purchase],
        cutoff: Day,
        end: Day,
    ) -> Result<Option<TimingBacktest>, AudienceError> {
        let before: Vec<Purchase> = purchases.iter().filter(|p| p.day < cutoff).copied().collect();
        let known = self.spells(&before, cutoff)?;
        let later = self.spells(purchases, end)?;
        let horizon = f64::from(self.horizon_days);
        let (mut n_things, mut n, mut came) = (0, 0, 0);
        let (mut foretold, mut naive, mut error, mut naive_error) = (0.0, 0.0, 0.0, 0.0);
        for (thing, spells) in &known {
            let followed = later.get(thing).into_iter().flatten();
            let test: Vec<&Begun> =
                followed.filter(|b| b.from >= cutoff && b.from.plus(self.horizon_days) < end).collect();
            if (spells.len() as u64) < self.min_spells || (test.len() as u64) < MIN_OBSERVATIONS {
                continue;
            }
            let curve = Survival::fit(&plain(spells))?;
            let Some(left) = curve.at(horizon.min(curve.last_watch())) else { continue };
            let within = |s: &Spell| s.ended && s.time <= horizon;
            let quick = spells.iter().filter(|b| within(&b.spell)).count() as f64 / spells.len() as f64;
            let hits = test.iter().filter(|b| within(&b.spell)).count() as u64;
            let (weight, share) = (test.len() as f64, hits as f64 / test.len() as f64);
            n_things += 1;
            n += test.len() as u64;
            came += hits;
            foretold += weight * (1.0 - left);
            naive += weight * quick;
            error += weight * (1.0 - left - share).abs();
            naive_error += weight * (quick - share).abs();
        }
        if n_things == 0 {
            return Ok(None);
        }
        let total = n as f64;
        let formula =
            format!("purchases after {cutoff} followed by the same within {} days / such purchases", self.horizon_days);
        Ok(Some(TimingBacktest {
            n_things,
            n_spells: n,
            foretold: foretold / total,
            naive: naive / total,
            came: share("replenish.backtest", came, n).formula(formula),
            error: (error / total, naive_error / total),
        }))
    }

    fn spells(&self, purchases: &[Purchase], end: Day) -> Result<BTreeMap<u32, Vec<Begun>>, AudienceError> {
        if self.horizon_days < 1 {
            let got = f64::from(self.horizon_days);
            return Err(AudienceError::Param { name: "horizon_days", rule: "at least 1", got });
        }
        if let Some(late) = purchases.iter().find(|p| p.day >= end) {
            return Err(AudienceError::AfterEnd { day: late.day, end });
        }
        let mut all: Vec<(u32, u32, Day)> = purchases.iter().map(|p| (p.thing, p.shopper, p.day)).collect();
        all.sort_unstable();
        all.dedup();
        let mut spells: BTreeMap<u32, Vec<Begun>> = BTreeMap::new();
        for (i, &(thing, shopper, day)) in all.iter().enumerate() {
            let next = all.get(i + 1).filter(|n| n.0 == thing && n.1 == shopper);
            let until = next.map_or(end, |n| n.2);
            let spell = Spell { time: f64::from(until.since(day)), ended: next.is_some() };
            spells.entry(thing).or_default().push(Begun { from: day, spell });
        }
        Ok(spells)
    }

    fn timing(&self, thing: u32, spells: &[Spell]) -> Result<Timing, AudienceError> {
        let curve = Survival::fit(spells)?;
        let horizon = f64::from(self.horizon_days);
        let n = curve.n();
        let again = curve.at(horizon).map_or(f64::NAN, |left| 1.0 - left);
        let formula = format!(
            "1 - Kaplan-Meier share not bought again {} days after a purchase, unfinished spells counted until the end of the \
             data; 95 % interval by Greenwood",
            self.horizon_days
        );
        let by_horizon = Figure::number("replenish.share", Unit::Share, again, n, MIN_OBSERVATIONS).formula(formula);
        let by_horizon = match curve.interval(horizon, LEVEL) {
            Some(i) => by_horizon.interval(1.0 - i.high, 1.0 - i.low, i.level),
            None => by_horizon,
        };
        // Those within the horizon: a share p of them have come when the curve has fallen p of the whole fall.
        let of_those = |p: f64| curve.quantile(p * again).filter(|t| *t <= horizon);
        let within = curve.steps().iter().filter(|s| s.time <= horizon).map(|s| s.events).sum::<u64>();
        let due_days =
            Figure::number("replenish.days", Unit::Days, of_those(0.5).unwrap_or(f64::NAN), within, MIN_OBSERVATIONS)
                .formula(format!(
                    "time by which half of those who buy it again within {} days have, by the same curve",
                    self.horizon_days
                ));
        let due_days = match curve.quantile_interval(0.5 * again, LEVEL) {
            Some((low, Some(high))) => due_days.interval(low, high, LEVEL),
            _ => due_days,
        };
        let due_window = of_those(0.25).zip(of_those(0.75)).filter(|_| within >= MIN_OBSERVATIONS);
        Ok(Timing { thing, curve, by_horizon, due_days, due_window })
    }
}

fn plain(spells: &[Begun]) -> Vec<Spell> {
    spells.iter().map(|b| b.spell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    // One thing. Shopper 1 on days 0, 30, 80; shopper 2 on day 50. End 100: spells 30, 50 ended; 20, 50 cut off.
    // At 30: 1 - 1/3 (three under watch: the one of 20 is lost). At 50: · 1/2. So 2/3 bought again by 50.
    #[test]
    fn spells_and_the_curve_by_hand() {
        let of = |shopper, day| Purchase { shopper, day: Day(day), thing: 7 };
        let list = [of(1, 30), of(1, 0), of(2, 50), of(1, 80), of(1, 80)];
        let params = TimingParams { horizon_days: 50, min_spells: 1 };
        let timing = &params.fit(&list, Day(100)).unwrap()[0];
        let left: Vec<f64> = timing.curve.steps().iter().map(|s| s.survival).collect();
        assert!((left[0] - 2.0 / 3.0).abs() < 1e-12 && (left[1] - 1.0 / 3.0).abs() < 1e-12, "{left:?}");
        assert_eq!((timing.thing, timing.curve.n()), (7, 4));
        assert!(timing.by_horizon.as_f64().is_none() && timing.due_window.is_none(), "four spells are too few to show");
        assert!(params.fit(&list, Day(80)).is_err());
        assert_eq!(params.pooled(&[], Day(9)).unwrap(), None);
    }

    // Every purchase is followed by another after 40 to 80 days with probability one half. At the cutoff many are still on
    // their way: the curve foretells one half, the gaps seen alone less.
    #[test]
    fn those_who_have_not_returned_yet_are_not_taken_for_lost() {
        let mut list = Vec::new();
        for shopper in 0..1_500_u32 {
            let mut rng = Seed(8).stream(u64::from(shopper));
            let mut day = rng.below(400) as i32;
            while day < 500 {
                list.push(Purchase { shopper, day: Day(day), thing: 1 });
                day += if rng.uniform() < 0.5 { 40 + rng.below(41) as i32 } else { 1_000 };
            }
        }
        let params = TimingParams { horizon_days: 90, min_spells: 50 };
        let test = params.backtest(&list, Day(150), Day(500)).unwrap().unwrap();
        assert!((test.foretold - test.came.as_f64().unwrap()).abs() < 0.05, "{test:?}");
        assert!(test.error.0 < 0.5 * test.error.1, "{test:?}");
        let timing = &params.fit(&list, Day(500)).unwrap()[0];
        let (from, to) = timing.due_window.unwrap();
        assert!((48.0..=53.0).contains(&from) && (67.0..=73.0).contains(&to), "{from} {to}");
        assert!((57.0..=63.0).contains(&timing.due_days.as_f64().unwrap()));
    }
}
