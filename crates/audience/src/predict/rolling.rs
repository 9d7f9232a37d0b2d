//! Tables to learn from: shoppers at several cutoffs, each labelled by the time right after it.
//!
//! ```text
//!  training cutoffs          validation    test          end of the facts
//!  … c−2s   c−s   c ── h ──▶ v ──── h ───▶ t ──── h ───▶ now
//! ```
//!
//! With `h` the horizon the test cutoff is `now − h`, the validation cutoff one horizon before, and the last training
//! cutoff one more: no label of one period reaches into the features' cutoff of the next. Earlier training
//! cutoffs follow in steps of `s` days, as far back as there are facts.
//! A shopper may be in the table once a cutoff; such rows are one group and stay together wherever rows are parted.

use super::facts::ShopperFacts;
use super::features::FeatureSpace;
use super::target::{Outcome, Target};
use crate::AudienceError;
use domain::{Day, Market, ShopperId};
use learn::trees::{Features, Samples};

/// The cutoffs of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    /// Cutoffs to learn from, ascending.
    pub train: Vec<Day>,
    /// Cutoff on which models are compared.
    pub validation: Day,
    /// Cutoff on which the chosen one is marked, once.
    pub test: Day,
    /// First day without facts.
    pub now: Day,
}

impl Periods {
    /// Lays out the cutoffs; `first` is the first day with facts and `now` the first without.
    ///
    /// # Errors
    /// [`AudienceError::TooLittleData`] when the facts reach over fewer days than three horizons and a day,
    /// [`AudienceError::Param`] for steps or cutoffs below 1.
    pub fn new(
        first: Day,
        now: Day,
        horizon_days: i32,
        n_cutoffs: usize,
        step_days: i32,
    ) -> Result<Self, AudienceError> {
        for (name, got) in [("step_days", f64::from(step_days)), ("n_cutoffs", n_cutoffs as f64)] {
            if got < 1.0 {
                return Err(AudienceError::Param { name, rule: "at least 1", got });
            }
        }
        let (test, validation, last) =
            (now.plus(-horizon_days), now.plus(-2 * horizon_days), now.plus(-3 * horizon_days));
        if last <= first {
            let (have, need) = (now.since(first).max(0) as usize, (3 * horizon_days + 1) as usize);
            return Err(AudienceError::TooLittleData { what: "days of facts", have, need });
        }
        let back = (0..n_cutoffs as i32).map(|k| last.plus(-k * step_days));
        let mut train: Vec<Day> = back.take_while(|cutoff| *cutoff > first).collect();
        train.reverse();
        Ok(Self { train, validation, test, now })
    }
}

/// Rows with labels, shopper by shopper, each at its cutoffs in order.
#[derive(Clone, Debug)]
pub struct LabelledTable {
    features: Features,
    labels: Vec<f32>,
    groups: Vec<usize>,
    rows: Vec<(ShopperId, Day, Option<Market>)>,
}

impl LabelledTable {
    /// One row for every shopper and cutoff that the target asks about.
    ///
    /// # Errors
    /// [`AudienceError::TooLittleData`] when there is none.
    pub fn new(
        shoppers: &[&ShopperFacts],
        cutoffs: &[Day],
        target: Target,
        space: &FeatureSpace,
    ) -> Result<Self, AudienceError> {
        let (mut values, mut labels, mut groups, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for facts in shoppers {
            let before = rows.len();
            for &cutoff in cutoffs {
                let label = match target.outcome(facts, cutoff) {
                    Outcome::One => 1.0,
                    Outcome::Zero => 0.0,
                    Outcome::NotAsked => continue,
                };
                let Some(row) = space.row(facts, cutoff) else { continue };
                values.extend(row);
                labels.push(label);
                rows.push((facts.shopper.clone(), cutoff, facts.market_at(cutoff)));
            }
            if rows.len() > before {
                groups.push(rows.len() - before);
            }
        }
        if rows.is_empty() {
            return Err(AudienceError::TooLittleData { what: "shoppers that the target asks about", have: 0, need: 1 });
        }
        Ok(Self { features: Features::new(values, space.columns().len())?, labels, groups, rows })
    }

    /// Rows.
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Rows with a one.
    pub fn n_ones(&self) -> usize {
        self.labels.iter().filter(|label| **label > 0.5).count()
    }

    /// The numbers.
    pub const fn features(&self) -> &Features {
        &self.features
    }

    /// The labels, 0 or 1.
    pub fn labels(&self) -> &[f32] {
        &self.labels
    }

    /// Whose row it is, as of when, and in which market.
    pub fn rows(&self) -> &[(ShopperId, Day, Option<Market>)] {
        &self.rows
    }

    /// As samples, the rows of a shopper one group.
    ///
    /// # Errors
    /// Never for a table that [`Self::new`] made.
    pub fn samples(&self) -> Result<Samples<'_>, AudienceError> {
        Ok(Samples::new(&self.features, &self.labels)?.grouped(&self.groups)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::shopper;
    use super::*;

    #[test]
    fn the_periods_do_not_overlap() {
        let p = Periods::new(Day(0), Day(400), 90, 3, 30).unwrap();
        assert_eq!(
            (p.test, p.validation, p.train.as_slice()),
            (Day(310), Day(220), &[Day(70), Day(100), Day(130)][..])
        );
        assert_eq!(Periods::new(Day(0), Day(300), 90, 9, 30).unwrap().train, [Day(30)]);
        assert!(matches!(
            Periods::new(Day(0), Day(270), 90, 3, 30),
            Err(AudienceError::TooLittleData { have: 270, need: 271, .. })
        ));
        assert!(Periods::new(Day(0), Day(400), 90, 0, 30).is_err());
    }

    #[test] // a orders on 1 and 15, b on 12: at cutoff 10 only a is known, at 20 both.
    fn rows_of_a_shopper_are_one_group() {
        let shoppers = [shopper("a", "DE", &[1, 15]), shopper("b", "DE", &[12])];
        let shoppers: Vec<_> = shoppers.iter().collect();
        let target = Target::NextPurchase { horizon_days: 10 };
        let space = FeatureSpace::learn(&shoppers, Day(10), target);
        let table = LabelledTable::new(&shoppers, &[Day(10), Day(20)], target, &space).unwrap();
        assert_eq!((table.n_rows(), table.n_ones(), table.labels()), (3, 1, &[1.0, 0.0, 0.0][..]));
        assert_eq!(table.samples().unwrap().groups(), [2, 1]);
        assert!(LabelledTable::new(&shoppers, &[Day(0)], target, &space).is_err());
    }
}
