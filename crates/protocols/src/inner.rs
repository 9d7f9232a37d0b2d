//! A task of its own for choosing weights: one training item of each shopper held out.
//!
//! Of every asked shopper of the served market with at least `min_rows` items, one item that may be
//! asked about is taken out of the training rows and becomes the answer among `n_negatives` drawn
//! ones, as the protocol draws them. Models are fitted anew without these items, so what is chosen here
//! has seen neither a reported answer nor a reported list. Each shopper has a stream of its own.
//!
//! Two things differ from the reported questions: histories are one item shorter, and a drawn item may
//! be a reported answer, because nobody may look. Sources stay as they are.

use crate::draw;
use crate::task::{Part, Task, Tuning};
use domain::{ItemIdx, Seed, ShopperIdx};
use eval::Case;
use std::collections::BTreeSet;

/// How the inner question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InnerParams {
    /// Items that a shopper needs for one of them to be held out, at least 2.
    pub(crate) min_rows: usize,
    /// Candidates beside the answer.
    pub(crate) n_negatives: usize,
    /// Seed of what is held out and drawn.
    pub(crate) seed: Seed,
}

/// The inner task. `universe` (ascending) holds what may be asked about.
pub(crate) fn held_out(task: &Task, universe: &[ItemIdx], params: InnerParams) -> Task {
    let target = task.target();
    let asked: BTreeSet<u32> = task.cases.iter().map(|case| case.shopper.0).collect();
    let (mut rows, mut cases) = (Vec::with_capacity(target.rows.len()), Vec::new());
    for own in target.rows.chunk_by(|a, b| a.0 == b.0) {
        let shopper = own[0].0;
        let open: Vec<usize> = (0..own.len()).filter(|&at| universe.binary_search(&own[at].1).is_ok()).collect();
        if !asked.contains(&shopper) || own.len() < params.min_rows.max(2) || open.is_empty() {
            rows.extend_from_slice(own);
            continue;
        }
        let held = open[params.seed.derive(0).stream(u64::from(shopper)).below(open.len())];
        let touched: Vec<ItemIdx> = own.iter().map(|row| row.1).collect(); // ascending
        let rng = params.seed.derive(1).stream(u64::from(shopper));
        cases.push(Case {
            shopper: ShopperIdx(shopper),
            market: task.market(),
            history: touched.iter().copied().filter(|item| *item != own[held].1).collect(),
            relevant: vec![own[held].1],
            candidates: Some(draw::among(universe, &touched, own[held].1, params.n_negatives, rng)),
        });
        rows.extend(own.iter().enumerate().filter(|(at, _)| *at != held).map(|(_, row)| *row));
    }
    let mut parts = task.parts.clone();
    parts[0] = Part { rows, ..target.clone() };
    let mut inner = Task::new(&task.id, task.n_items(), parts, cases, Tuning::Halves);
    inner.about = format!("{}: one training item of {} shoppers held out", task.id, inner.cases.len());
    inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::made_up_market;
    use domain::Day;

    /// Shopper 0 has items 0 to 3 and is asked about, 1 has two, 2 has four and is not asked. Items 2 to 5
    /// may be asked about.
    fn task() -> Task {
        let rows = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 0), (2, 1), (2, 2), (2, 3)];
        let part = Part::new("t", made_up_market(0), 3, rows.map(|(s, i)| (s, ItemIdx(i), Day(0))));
        let case = |s: u32| Case {
            shopper: ShopperIdx(s),
            market: made_up_market(0),
            history: Vec::new(),
            relevant: vec![ItemIdx(5)],
            candidates: Some(vec![ItemIdx(5)]),
        };
        Task::new("t", 6, vec![part], vec![case(0), case(1)], Tuning::Halves)
    }

    #[test]
    fn one_item_of_each_asked_shopper_with_enough_of_them_is_held_out() {
        let universe: Vec<ItemIdx> = (2..6).map(ItemIdx).collect();
        let params = InnerParams { min_rows: 3, n_negatives: 9, seed: Seed(1) };
        let inner = held_out(&task(), &universe, params);
        let [case] = &inner.cases[..] else { panic!("shopper 1 has too few, shopper 2 is not asked") };
        let held = case.relevant[0];
        assert!(held == ItemIdx(2) || held == ItemIdx(3), "items 0 and 1 may not be asked about");
        assert_eq!(case.history.len(), 3);
        assert!(!case.history.contains(&held));
        assert_eq!(case.candidates.as_deref(), Some(&[held, ItemIdx(4), ItemIdx(5)][..]), "nothing of the history");
        let train = inner.train(&[]).unwrap();
        assert_eq!((train.len(), train.row(ShopperIdx(0)).contains(&held)), (9, false));
        assert_eq!(held_out(&task(), &universe, params), inner);
    }
}
