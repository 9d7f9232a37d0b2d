//! Hiding the future: what a model may see, and what it is asked about.
//!
//! *Temporal*: rows before a cutoff day are training, rows of the window after it are the question.
//! One cutoff for all shoppers, because a model that saw December of one shopper while it is asked
//! about November of another knows the season (Ji et al., "A critical study on data leakage in
//! recommender system offline evaluation", ACM TOIS 41(3), 2023).
//! *Leave-one-out*: of each shopper the item met last for the first time is the question. Kept for
//! comparison with published figures; it leaks the season.
//!
//! In both, no row of a question is in the training rows. Cost: one pass and one sort of the rows.

use crate::EvalError;
use domain::{Day, Interaction, Interactions, ItemIdx, Market, Seed, ShopperIdx};
use std::collections::{BTreeMap, BTreeSet};

/// One question: given this history, which items come next?
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Whom it is about.
    pub shopper: ShopperIdx,
    /// The shopper's market.
    pub market: Market,
    /// What the shopper did before the cutoff, oldest first, repeats kept.
    pub history: Vec<ItemIdx>,
    /// The right answers, ascending, each once, at least one.
    pub relevant: Vec<ItemIdx>,
    /// The items to rank in a protocol with sampled candidates; `None` ranks the whole catalogue.
    pub candidates: Option<Vec<ItemIdx>>,
}

/// Training rows and the questions about what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// What a model may learn from. Shoppers and items keep their numbers.
    pub train: Interactions,
    /// The questions, ascending by shopper.
    pub cases: Vec<Case>,
}

impl Split {
    /// The training rows and questions of one market.
    #[must_use]
    pub fn of_market(&self, market: Market) -> Self {
        let markets = self.train.markets();
        Self {
            train: self.train.filter(|row| markets[row.shopper.at()] == market),
            cases: self.cases.iter().filter(|case| case.market == market).cloned().collect(),
        }
    }

    /// At most `n` questions of each market, drawn without a look at what they ask; a market with fewer keeps all. The training rows stay.
    ///
    /// Cost: linear in the questions.
    #[must_use]
    pub fn at_most(self, n: usize, seed: Seed) -> Self {
        let mut of_market: BTreeMap<Market, Vec<Case>> = BTreeMap::new();
        self.cases.into_iter().for_each(|case| of_market.entry(case.market).or_default().push(case));
        let drawn = |mut cases: Vec<Case>| {
            if cases.len() > n {
                seed.stream(0).shuffle(&mut cases);
                cases.truncate(n);
            }
            cases
        };
        let mut cases: Vec<Case> = of_market.into_values().flat_map(drawn).collect();
        cases.sort_by_key(|case| case.shopper);
        Self { train: self.train, cases }
    }
}

/// Which items after the cutoff count as right answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relevant {
    /// Only items that the shopper has not met before the cutoff: what a recommendation can add.
    New,
    /// Every item, a repeated purchase included.
    All,
}

/// A cutoff for everybody.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TemporalSplit {
    /// First day of the test window; training rows lie before it.
    pub cutoff: Day,
    /// First day after the test window; `None` takes everything after the cutoff.
    pub until: Option<Day>,
    /// What counts as a right answer.
    pub relevant: Relevant,
    /// Distinct items that a shopper needs before the cutoff to be asked about; 0 asks about
    /// newcomers too.
    pub min_history: usize,
}

impl TemporalSplit {
    /// New items of shoppers who have a history, from `cutoff` to the end.
    pub const fn at(cutoff: Day) -> Self {
        Self { cutoff, until: None, relevant: Relevant::New, min_history: 1 }
    }

    /// Splits the rows.
    ///
    /// # Errors
    /// [`EvalError::Window`] for an empty window, [`EvalError::NoCases`] when nobody can be asked.
    pub fn split(&self, all: &Interactions) -> Result<Split, EvalError> {
        if let Some(until) = self.until.filter(|until| *until <= self.cutoff) {
            return Err(EvalError::Window { cutoff: self.cutoff, until });
        }
        let in_test = |day: Day| day >= self.cutoff && self.until.is_none_or(|until| day < until);
        let case_of = |s: usize| {
            let shopper = ShopperIdx(s as u32);
            let (items, days) = (all.row(shopper), all.row_days(shopper));
            let n_before = days.partition_point(|day| *day < self.cutoff);
            let history = items[..n_before].to_vec();
            let seen: BTreeSet<ItemIdx> = history.iter().copied().collect();
            let after = items.iter().zip(days).filter(|(_, day)| in_test(**day)).map(|(item, _)| *item);
            let relevant: BTreeSet<ItemIdx> = match self.relevant {
                Relevant::New => after.filter(|item| !seen.contains(item)).collect(),
                Relevant::All => after.collect(),
            };
            (!relevant.is_empty() && seen.len() >= self.min_history).then(|| Case {
                shopper,
                market: all.markets()[s],
                history,
                relevant: relevant.into_iter().collect(),
                candidates: None,
            })
        };
        let cases: Vec<Case> = (0..all.n_shoppers()).filter_map(case_of).collect();
        if cases.is_empty() {
            return Err(EvalError::NoCases { what: "temporal split" });
        }
        Ok(Split { train: all.filter(|row| row.day < self.cutoff), cases })
    }
}

/// Two windows one after the other: parameters are chosen on the first and judged on the second.
/// The validation split ends where the test window begins, so a choice never sees a test row.
#[derive(Clone, Debug, PartialEq)]
pub struct Nested {
    /// For choosing.
    pub validation: Split,
    /// For the figures that are shown.
    pub test: Split,
}

impl Nested {
    /// Test from `cutoff` on, validation in the `days` before it.
    ///
    /// # Errors
    /// As [`TemporalSplit::split`], for either window.
    pub fn new(all: &Interactions, test: &TemporalSplit, days: i32) -> Result<Self, EvalError> {
        let validation = TemporalSplit { cutoff: test.cutoff.plus(-days), until: Some(test.cutoff), ..*test };
        Ok(Self { validation: validation.split(all)?, test: test.split(all)? })
    }

    /// As [`Split::at_most`] in both windows.
    #[must_use]
    pub fn at_most(self, n: usize, seed: Seed) -> Self {
        Self { validation: self.validation.at_most(n, seed), test: self.test.at_most(n, seed) }
    }
}

/// Which item of a shopper is held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The last: the test question.
    Last,
    /// The one before the last; the last is in neither part. The validation question.
    BeforeLast,
}

/// Holds one item of each shopper out. "Last" orders items by the day of their first interaction
/// (ties by item), so that a held-out item is new to the shopper; all its rows leave the training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaveOneOut {
    /// Which item is held out.
    pub hold: Hold,
    /// Distinct items that have to remain in the history; shoppers with fewer only train.
    pub min_history: usize,
}

impl LeaveOneOut {
    /// Splits the rows.
    ///
    /// # Errors
    /// [`EvalError::NoCases`] when no shopper has enough items.
    pub fn split(&self, all: &Interactions) -> Result<Split, EvalError> {
        let n_hidden = match self.hold {
            Hold::Last => 1,
            Hold::BeforeLast => 2,
        };
        let (mut rows, mut cases): (Vec<Interaction>, Vec<Case>) = (Vec::new(), Vec::new());
        let mut cells = all.iter().peekable();
        for s in 0..all.n_shoppers() {
            let shopper = ShopperIdx(s as u32);
            let mut mine = Vec::with_capacity(all.row(shopper).len());
            while let Some(cell) = cells.next_if(|cell| cell.shopper == shopper) {
                mine.push(cell);
            }
            let mut seen = BTreeSet::new();
            let firsts: Vec<ItemIdx> = mine.iter().map(|c| c.item).filter(|item| seen.insert(*item)).collect();
            if firsts.len() < n_hidden + self.min_history {
                rows.extend(mine);
                continue;
            }
            let hidden = &firsts[firsts.len() - n_hidden..];
            mine.retain(|cell| !hidden.contains(&cell.item));
            cases.push(Case {
                shopper,
                market: all.markets()[s],
                history: mine.iter().map(|cell| cell.item).collect(),
                relevant: vec![hidden[0]],
                candidates: None,
            });
            rows.extend(mine);
        }
        if cases.is_empty() {
            return Err(EvalError::NoCases { what: "leave-one-out" });
        }
        let train = Interactions::new(all.n_items(), all.markets().to_vec(), rows);
        Ok(Split { train: train.expect("cells of a valid matrix"), cases })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Kind;
    use proptest::prelude::*;

    fn rows(cells: &[(u32, u32, i32)]) -> Interactions {
        let n_shoppers = cells.iter().map(|c| c.0 as usize + 1).max().unwrap_or(0);
        let cell = |&(s, i, d): &(u32, u32, i32)| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(i),
            kind: Kind::Purchase,
            day: Day(d),
            weight: 1.0,
        };
        Interactions::new(9, vec![Market::UNKNOWN; n_shoppers], cells.iter().map(cell).collect()).unwrap()
    }

    #[test] // Shopper 0 buys 1, 2 before day 10 and 2 (again), 3 after; shopper 1 comes only after.
    fn a_repeated_purchase_is_relevant_only_when_asked() {
        let all = rows(&[(0, 1, 3), (0, 2, 9), (0, 2, 10), (0, 3, 12), (1, 4, 11)]);
        let split = TemporalSplit::at(Day(10)).split(&all).unwrap();
        assert_eq!(split.train.len(), 2);
        assert_eq!(split.cases.len(), 1);
        assert_eq!(split.cases[0].history, [ItemIdx(1), ItemIdx(2)]);
        assert_eq!(split.cases[0].relevant, [ItemIdx(3)]);
        let all_items = TemporalSplit { relevant: Relevant::All, min_history: 0, ..TemporalSplit::at(Day(10)) };
        let cases = all_items.split(&all).unwrap().cases;
        assert_eq!(cases[0].relevant, [ItemIdx(2), ItemIdx(3)]);
        assert_eq!((cases[1].history.len(), cases[1].relevant.as_slice()), (0, &[ItemIdx(4)][..]));
    }

    // Shoppers 0 to 39 are of DE, 40 to 44 of FR; each buys something new after day 10.
    #[test]
    fn of_each_market_at_most_so_many_are_asked() {
        let cells = (0..45).flat_map(|s| [(s, 1, 3), (s, 2, 12)]).map(|(s, i, day)| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(i),
            kind: Kind::Purchase,
            day: Day(day),
            weight: 1.0,
        });
        let [de, fr]: [Market; 2] = ["DE", "FR"].map(|m| m.parse().unwrap());
        let markets = (0..45).map(|s| if s < 40 { de } else { fr }).collect();
        let all = Interactions::new(9, markets, cells.collect()).unwrap();
        let whole = TemporalSplit::at(Day(10)).split(&all).unwrap();
        let drawn = |seed| whole.clone().at_most(10, Seed(seed));
        let count = |market| drawn(1).cases.iter().filter(|case| case.market == market).count();
        assert_eq!((count(de), count(fr)), (10, 5));
        assert!(drawn(1).cases.is_sorted_by(|a, b| a.shopper < b.shopper));
        assert!(drawn(1).cases.iter().all(|case| whole.cases.contains(case)));
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1).cases, drawn(2).cases);
        assert_eq!(drawn(1).train, whole.train);
        assert_eq!(whole.clone().at_most(40, Seed(1)), whole);
    }

    #[test]
    fn the_validation_window_ends_where_the_test_window_begins() {
        let all = rows(&[(0, 1, 1), (0, 2, 5), (0, 3, 10), (0, 4, 15)]);
        let nested = Nested::new(&all, &TemporalSplit::at(Day(10)), 5).unwrap();
        assert_eq!(nested.validation.cases[0].relevant, [ItemIdx(2)]);
        assert_eq!(nested.validation.train.len(), 1);
        assert_eq!(nested.test.cases[0].relevant, [ItemIdx(3), ItemIdx(4)]);
        assert_eq!(nested.test.train.len(), 2);
    }

    #[test] // First met on days 1, 2, 3: items 5, 6, 7. Item 7 is the last new one, though 5 is bought again.
    fn the_last_new_item_is_held_out_with_all_its_rows() {
        let all = rows(&[(0, 5, 1), (0, 6, 2), (0, 7, 3), (0, 7, 4), (0, 5, 5), (1, 8, 1)]);
        let test = LeaveOneOut { hold: Hold::Last, min_history: 1 }.split(&all).unwrap();
        assert_eq!(test.cases.len(), 1);
        assert_eq!(test.cases[0].relevant, [ItemIdx(7)]);
        assert_eq!(test.cases[0].history, [ItemIdx(5), ItemIdx(6), ItemIdx(5)]);
        assert_eq!(test.train.len(), 4); // the shopper with one item only trains
        let validation = LeaveOneOut { hold: Hold::BeforeLast, min_history: 1 }.split(&all).unwrap();
        assert_eq!(validation.cases[0].relevant, [ItemIdx(6)]);
        assert_eq!(validation.cases[0].history, [ItemIdx(5), ItemIdx(5)]);
    }

    #[test]
    fn an_empty_window_is_refused() {
        let all = rows(&[(0, 1, 1)]);
        let split = TemporalSplit { until: Some(Day(10)), ..TemporalSplit::at(Day(10)) };
        assert!(matches!(split.split(&all), Err(EvalError::Window { .. })));
        assert!(matches!(TemporalSplit::at(Day(10)).split(&all), Err(EvalError::NoCases { .. })));
    }

    proptest! {
        /// Never 3 of the design: a test row never reaches `fit`.
        #[test]
        fn no_question_is_answered_in_the_training_rows(
            cells in prop::collection::vec((0_u32..6, 0_u32..9, 0_i32..30), 1..80),
            cutoff in 1_i32..30,
            all_items in any::<bool>(),
        ) {
            let all = rows(&cells);
            let relevant = if all_items { Relevant::All } else { Relevant::New };
            if let Ok(split) = (TemporalSplit { relevant, min_history: 0, ..TemporalSplit::at(Day(cutoff)) }).split(&all) {
                prop_assert!(split.train.iter().all(|row| row.day < Day(cutoff)));
                for case in &split.cases {
                    prop_assert_eq!(&case.history[..], split.train.row(case.shopper));
                    prop_assert!(all_items || case.relevant.iter().all(|item| !case.history.contains(item)));
                }
            }
            for hold in [Hold::Last, Hold::BeforeLast] {
                if let Ok(split) = (LeaveOneOut { hold, min_history: 1 }).split(&all) {
                    for case in &split.cases {
                        prop_assert_eq!(&case.history[..], split.train.row(case.shopper));
                        prop_assert!(!split.train.row(case.shopper).contains(&case.relevant[0]));
                    }
                }
            }
        }
    }
}
