//! What comes next: who bought this, what do they buy later, after how long, and more often than others do.
//!
//! For things `A` and `B` (products or categories), with one anchor a shopper so that no busy shopper counts twice:
//! - `n(A)`: shoppers with an order of `A` that can be followed for the whole window; their first such order is the anchor.
//! - share: of them, those who buy `B` on a later day within the window, with Wilson's interval.
//! - base: the same share among shoppers whose first order that can be followed is without `A`.
//! - lift: share / base; `lift_low` uses the lower end of the share's interval.
//! - days: median and quartiles of the days until the first `B`, of those who bought it within the window.
//! - p-value by Fisher's exact test, q-value over all pairs that enough shoppers took. A shopper may stand on both sides with
//!   different orders, so the p-value is a guide to ranking, not a proof.
//!
//! Orders too young to be followed to the end are left out on both sides: counting them would call the newest product the one
//! after which nothing is bought. Longer chains come from [`learn::prefixspan`].
//! Cost: orders of a shopper × what follows within the window.

use crate::AudienceError;
use crate::figures::{LEVEL, MIN_OBSERVATIONS, share};
use domain::{Day, Figure, Unit};
use learn::interval::{median_order, wilson};
use learn::multiple_tests::benjamini_hochberg;
use learn::prefixspan::{Pattern, PrefixSpanParams, sequential_patterns};
use learn::quantile::{quantile_sorted, sorted};
use learn::two_by_two::TwoByTwo;
use std::collections::{BTreeMap, BTreeSet};

/// What is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceParams {
    /// Days within which the later purchase has to come, at least 1.
    pub window_days: i32,
    /// Fewest shoppers who took the step.
    pub min_count: u32,
    /// Most things in a chain; below 3 none are looked for.
    pub max_len: usize,
    /// Most chains before giving up with an error.
    pub max_chains: usize,
}

impl Default for SequenceParams {
    fn default() -> Self {
        Self { window_days: 90, min_count: 10, max_len: 3, max_chains: 200_000 }
    }
}

/// A shopper bought a thing on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purchase {
    /// Who, by any number.
    pub shopper: u32,
    /// When.
    pub day: Day,
    /// What: a product, or a category.
    pub thing: u32,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct NextThing {
    /// Bought first.
    pub from: u32,
    /// Bought later.
    pub to: u32,
    /// Shoppers with an order of `from` that could be followed.
    pub n_from: u64,
    /// Of them, those who bought `to` within the window.
    pub n_both: u64,
    /// Their share. Key `next.share`.
    pub share: Figure,
    /// Share among shoppers who came for something else.
    pub base: f64,
    /// Share over base; infinite where the others never buy it.
    pub lift: f64,
    /// Lift with the lower end of the share's interval.
    pub lift_low: f64,
    /// Median days until then. Key `next.days`.
    pub days: Figure,
    /// Lower and upper quartile of these days.
    pub quartiles: (f64, f64),
    /// Probability of as many were the order of `from` without meaning.
    pub p_value: f64,
    /// Share of chance findings expected among steps with no larger value.
    pub q_value: f64,
}

/// Steps and chains.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequences {
    next: Vec<NextThing>,
    chains: Vec<Pattern>,
    n_shoppers: u64,
}

/// Days of one shopper with what was bought, ascending.
type Days<'a> = Vec<(Day, Vec<u32>)>;

impl SequenceParams {
    /// Looks through purchases in any order; `end` is the first day that is not covered.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a parameter outside its range, [`AudienceError::AfterEnd`] for a purchase on or after
    /// `end`, [`AudienceError::Learn`] for too many chains.
    pub fn mine(&self, purchases: &[Purchase], end: Day) -> Result<Sequences, AudienceError> {
        if self.window_days < 1 {
            let got = f64::from(self.window_days);
            return Err(AudienceError::Param { name: "window_days", rule: "at least 1", got });
        }
        if let Some(late) = purchases.iter().find(|p| p.day >= end) {
            return Err(AudienceError::AfterEnd { day: late.day, end });
        }
        let mut all = purchases.to_vec();
        all.sort_unstable();
        all.dedup();
        let (mut counts, mut histories) = (Counts::default(), Vec::new());
        for of_shopper in all.chunk_by(|a, b| a.shopper == b.shopper) {
            histories.push(of_shopper.iter().map(|p| (p.day.0, p.thing)).collect::<Vec<_>>());
            let days: Days<'_> = of_shopper
                .chunk_by(|a, b| a.day == b.day)
                .map(|day| (day[0].day, day.iter().map(|p| p.thing).collect()))
                .collect();
            counts.add(&days, self.window_days, end);
        }
        let chains = if self.max_len < 3 { Vec::new() } else { self.chains(&histories)? };
        Ok(Sequences { next: self.steps(counts), chains, n_shoppers: histories.len() as u64 })
    }

    fn chains(&self, histories: &[Vec<(i32, u32)>]) -> Result<Vec<Pattern>, AudienceError> {
        let params = PrefixSpanParams {
            min_count: self.min_count.max(1),
            max_len: self.max_len,
            max_gap: self.window_days,
            max_window: self.window_days.saturating_mul(self.max_len as i32 - 1),
            max_patterns: self.max_chains,
        };
        let mut patterns = sequential_patterns(histories, &params)?;
        patterns.retain(|p| p.items.len() >= 3);
        patterns.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.items.cmp(&b.items)));
        Ok(patterns)
    }

    fn steps(&self, counts: Counts) -> Vec<NextThing> {
        let mut steps: Vec<NextThing> = Vec::new();
        for (&(from, to), gaps) in &counts.gaps {
            if from == to || gaps.len() < self.min_count.max(1) as usize {
                continue;
            }
            let (n_from, n_both) = (counts.anchors[&from], gaps.len() as u64);
            let n_first_with = counts.first_with.get(&from).copied().unwrap_or(0);
            let both_first = counts.first_with_then.get(&(from, to)).copied().unwrap_or(0);
            let n_base = counts.n_first - n_first_with;
            let base_hits = counts.first_then.get(&to).copied().unwrap_or(0) - both_first;
            let base = base_hits as f64 / n_base as f64;
            let seen = n_both as f64 / n_from as f64;
            let low = wilson(n_both, n_from, LEVEL).map_or(0.0, |i| i.low);
            let table =
                TwoByTwo { both: n_both, first: n_from - n_both, second: base_hits, neither: n_base - base_hits };
            let ascending = sorted(&gaps.iter().map(|g| f64::from(*g)).collect::<Vec<_>>());
            let at = |p| quantile_sorted(&ascending, p).unwrap_or(f64::NAN);
            let days = Figure::number("next.days", Unit::Days, at(0.5), n_both, MIN_OBSERVATIONS.min(u64::from(self.min_count)))
                .formula("median days from the first order of the one to the first later order of the other, of those who bought it within the window; 95 % interval between two order statistics");
            let days = match median_order(&ascending, LEVEL) {
                Some(i) => days.interval(i.low, i.high, i.level),
                None => days,
            };
            let formula = format!(
                "shoppers who bought it within {} days after the first order of the other / shoppers with such an order that \
                 could be followed so long; 95 % Wilson interval",
                self.window_days
            );
            steps.push(NextThing {
                from,
                to,
                n_from,
                n_both,
                share: share("next.share", n_both, n_from).formula(formula),
                base,
                lift: seen / base,
                lift_low: low / base,
                days,
                quartiles: (at(0.25), at(0.75)),
                p_value: table.fisher_greater(),
                q_value: f64::NAN,
            });
        }
        let q_values = benjamini_hochberg(&steps.iter().map(|s| s.p_value).collect::<Vec<_>>());
        steps.iter_mut().zip(q_values).for_each(|(step, q)| step.q_value = q);
        // What nobody else buys has no finite lift: these stand together in front, most shoppers first.
        steps.sort_by(|a, b| {
            b.lift_low.total_cmp(&a.lift_low).then(b.n_both.cmp(&a.n_both)).then((a.from, a.to).cmp(&(b.from, b.to)))
        });
        steps
    }
}

/// What is counted over shoppers.
#[derive(Default)]
struct Counts {
    /// Shoppers with an anchor of each thing.
    anchors: BTreeMap<u32, u64>,
    /// Days until the later thing, one a shopper.
    gaps: BTreeMap<(u32, u32), Vec<i32>>,
    /// Shoppers with an order that can be followed.
    n_first: u64,
    /// Of their first such orders: those with a thing, those followed by a thing, and both.
    first_with: BTreeMap<u32, u64>,
    first_then: BTreeMap<u32, u64>,
    first_with_then: BTreeMap<(u32, u32), u64>,
}

impl Counts {
    fn add(&mut self, days: &Days<'_>, window: i32, end: Day) {
        let mut anchored: Vec<u32> = Vec::new();
        // A day can be followed when its last day of the window is covered.
        for (i, (day, things)) in days.iter().enumerate().take_while(|(_, (day, _))| day.plus(window) < end) {
            let mut then: BTreeMap<u32, i32> = BTreeMap::new();
            for (later, bought) in days[i + 1..].iter().take_while(|(later, _)| later.since(*day) <= window) {
                for &thing in bought {
                    then.entry(thing).or_insert_with(|| later.since(*day));
                }
            }
            if i == 0 {
                self.n_first += 1;
                then.keys().for_each(|&to| *self.first_then.entry(to).or_default() += 1);
                for &from in things {
                    *self.first_with.entry(from).or_default() += 1;
                    then.keys().for_each(|&to| *self.first_with_then.entry((from, to)).or_default() += 1);
                }
            }
            for &from in things {
                if !anchored.contains(&from) {
                    anchored.push(from);
                    *self.anchors.entry(from).or_default() += 1;
                    then.iter().for_each(|(&to, &gap)| self.gaps.entry((from, to)).or_default().push(gap));
                }
            }
        }
    }
}

impl Sequences {
    /// Steps, the surest large lift first.
    pub fn next(&self) -> &[NextThing] {
        &self.next
    }

    /// Steps beyond chance at a false discovery rate of `max_q`.
    pub fn telling(&self, max_q: f64) -> impl Iterator<Item = &NextThing> {
        self.next.iter().filter(move |s| s.q_value <= max_q && s.lift > 1.0)
    }

    /// Things that are bought because of another: some step to them is beyond chance at a false discovery rate of
    /// `max_q` and surely twice as frequent as among others, and the step back is not taken by more shoppers.
    pub fn followers(&self, max_q: f64) -> BTreeSet<u32> {
        let back = |step: &NextThing| {
            let other = self.next.iter().find(|s| s.from == step.to && s.to == step.from);
            other.is_some_and(|other| other.n_both > step.n_both)
        };
        self.telling(max_q).filter(|s| s.from != s.to && s.lift_low >= 2.0 && !back(s)).map(|s| s.to).collect()
    }

    /// Chains of three and more, each step within the window; most shoppers first.
    pub fn chains(&self) -> &[Pattern] {
        &self.chains
    }

    /// Shoppers looked at.
    pub fn n_shoppers(&self) -> u64 {
        self.n_shoppers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn bought(list: &[(u32, i32, u32)]) -> Vec<Purchase> {
        list.iter().map(|&(shopper, day, thing)| Purchase { shopper, day: Day(day), thing }).collect()
    }

    // Window 10, end 100. 1 → 2: shoppers 1 (after 4 days) and 2 (after 8), not 3 (after 20), not 4 (same day). n(1) = 4.
    // Base: first orders without 1 are those of 5 and 6; 6 buys 2 after 3 days: 1 of 2. Lift .5 / .5.
    #[test]
    fn a_step_by_hand() {
        let list = bought(&[
            (1, 0, 1),
            (1, 4, 2),
            (2, 0, 1),
            (2, 8, 2),
            (3, 0, 1),
            (3, 20, 2),
            (4, 5, 1),
            (4, 5, 2),
            (5, 0, 3),
            (6, 7, 3),
            (6, 10, 2),
            (7, 95, 1), // too young to be followed
        ]);
        let params = SequenceParams { window_days: 10, min_count: 1, ..SequenceParams::default() };
        let found = params.mine(&list, Day(100)).unwrap();
        let step = found.next().iter().find(|s| (s.from, s.to) == (1, 2)).unwrap();
        assert_eq!((step.n_from, step.n_both, step.base, step.lift), (4, 2, 0.5, 1.0));
        assert_eq!(step.quartiles, (5.0, 7.0));
        assert_eq!(step.days.as_f64(), Some(6.0));
        assert_eq!(found.n_shoppers(), 7);
        assert!(params.mine(&list, Day(95)).is_err());
    }

    #[test] // 2,000 shoppers with orders at random; after thing 0 thing 1 comes with 40 %: that step is found, no other.
    fn a_planted_step_is_found_among_chance() {
        let mut list = Vec::new();
        for shopper in 0..2_000 {
            let mut rng = Seed(1).stream(shopper);
            let mut day = rng.below(200) as i32;
            for _ in 0..4 {
                let thing = rng.below(12) as u32;
                list.push(Purchase { shopper: shopper as u32, day: Day(day), thing });
                if thing == 0 && rng.uniform() < 0.4 {
                    list.push(Purchase {
                        shopper: shopper as u32,
                        day: Day(day + 20 + rng.below(11) as i32),
                        thing: 1,
                    });
                }
                day += 1 + rng.below(80) as i32;
            }
        }
        let found = SequenceParams { window_days: 60, ..SequenceParams::default() }.mine(&list, Day(700)).unwrap();
        let telling: Vec<(u32, u32)> = found.telling(0.05).map(|s| (s.from, s.to)).collect();
        assert_eq!(telling, [(0, 1)]);
        assert_eq!(found.followers(0.05), BTreeSet::from([1]));
        let step = &found.next()[0];
        assert!((20.0..=30.0).contains(&step.days.as_f64().unwrap()) && step.lift > 3.0, "{step:?}");
        assert!(step.share.interval.is_some() && !found.chains().is_empty());
    }
}
