//! Candidates that somebody else chose, in the order in which this shopper should see them.
//!
//! First those that the model can score, best first; then those on the market's list, those on the home market's, those that
//! nobody has bought and that are like what the shopper did, and the rest in the order in which they came. What must not be shown is left out and counted.
//!
//! Cost: one score of the candidates; a look-up each in lists of places.

use super::chain::{Answer, Ask, Offered, Step, Told, View, Why, reasons};
use domain::ItemIdx;
use std::collections::{BTreeMap, BTreeSet};

/// The candidates in order, each once. `ask.n` is not looked at: all of them come back but those that are out.
pub fn rerank(view: &View<'_>, ask: &Ask<'_>, candidates: &[ItemIdx]) -> Answer {
    let mut left_out = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut rest: Vec<ItemIdx> = Vec::with_capacity(candidates.len());
    for item in candidates.iter().copied().filter(|item| seen.insert(*item)) {
        match (ask.out)(item) {
            Some(out) => *left_out.entry(out).or_insert(0) += 1,
            None => rest.push(item),
        }
    }
    let mut answer = Answer { items: Vec::with_capacity(rest.len()), chain: Vec::new(), left_out };
    let taste = ask.taste;
    let model = view.scorer.filter(|_| taste.has_past || taste.has_session);
    let by_model = if taste.has_past { Step::History } else { Step::Session };
    for step in Step::ALL {
        let scored: Vec<Option<f32>> = match step {
            _ if rest.is_empty() => Vec::new(),
            Step::History | Step::Session if step == by_model => {
                model.map_or_else(Vec::new, |model| model.score(taste.history(), &rest))
            }
            Step::History | Step::Session => Vec::new(),
            Step::Market => on_list(view.market, &rest),
            Step::Home => on_list(view.home, &rest),
            Step::Alike => match view.new.filter(|_| taste.has_past || taste.has_session) {
                Some(new) => {
                    let mut open = |item: ItemIdx| rest.contains(&item);
                    let found: BTreeMap<ItemIdx, f32> =
                        new.best(taste.history(), rest.len(), &mut open).into_iter().collect();
                    rest.iter().map(|item| found.get(item).copied()).collect()
                }
                None => Vec::new(),
            },
            // Nothing says which of these is better: the first that came is the best.
            Step::Newest => (0..rest.len()).map(|at| Some(-(at as f32))).collect(),
        };
        let mut found: Vec<(ItemIdx, f32)> =
            rest.iter().zip(&scored).filter_map(|(item, score)| Some((*item, (*score)?))).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        let why = match step {
            _ if rest.is_empty() => Why::NotAsked,
            Step::History if !taste.has_past => Why::NoPast,
            Step::Session if taste.has_past && taste.has_session => Why::InHistory,
            Step::Session if !taste.has_session => Why::NoSession,
            Step::History | Step::Session if view.scorer.is_none() => Why::NoModel,
            Step::Market if view.market.is_none() => Why::NoList,
            Step::Home if view.home.is_none() => Why::NoList,
            Step::Alike if !taste.has_past && !taste.has_session => Why::NoPast,
            Step::Alike if view.new.is_none() => Why::NoList,
            _ if found.len() == rest.len() => Why::Full,
            _ => Why::Exhausted,
        };
        let taken: BTreeSet<ItemIdx> = found.iter().map(|f| f.0).collect();
        rest.retain(|item| !taken.contains(item));
        answer.chain.push(Told { step, answered: found.len(), why });
        answer.items.extend(found.into_iter().map(|(item, score)| Offered {
            item,
            score,
            step,
            reasons: if step == Step::Newest { Vec::new() } else { reasons(view, ask, step, item, score) },
        }));
    }
    answer
}

fn on_list(list: Option<&super::Popular>, items: &[ItemIdx]) -> Vec<Option<f32>> {
    items.iter().map(|item| list?.score(*item)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::chain::tests::{list, scorer};
    use super::*;
    use crate::Context;
    use crate::serving::{Out, SessionParams, Taste};
    use domain::Kind;

    /// From item 0 the model knows 1 before 2 before 3; the market lists 5 before 4; nobody knows 7 and 6.
    #[test]
    fn candidates_go_by_the_model_then_by_what_sells_then_as_they_came() {
        let (scorer, market, newest) = (scorer(), list(&[5, 4]), list(&[]));
        let view = View { scorer: Some(&scorer), market: Some(&market), home: None, new: None, newest: &newest };
        let taste = Taste::new(&[ItemIdx(0)], &Context::default(), &[], &SessionParams::default());
        let out = |item: ItemIdx| (item.0 == 3).then_some(Out::OutOfStock);
        let ask = Ask { taste: &taste, n: 0, n_reasons: 1, diversity: 0.0, out: &out, alike: &|_, _| 0.0 };
        let candidates = [7, 4, 2, 6, 3, 5, 1, 2].map(ItemIdx);
        let found = rerank(&view, &ask, &candidates);
        assert_eq!(found.items.iter().map(|o| o.item.0).collect::<Vec<_>>(), [1, 2, 5, 4, 7, 6]);
        let steps: Vec<(Step, usize)> = found.chain.iter().map(|t| (t.step, t.answered)).collect();
        assert_eq!(steps.iter().map(|s| s.1).collect::<Vec<_>>(), [2, 0, 2, 0, 0, 2]);
        assert_eq!(found.left_out, [(Out::OutOfStock, 1)].into());
        assert_eq!(found.items[0].reasons[0].item, Some(ItemIdx(0)));
        assert!(found.items[5].reasons.is_empty(), "nothing is known of it");
    }

    #[test]
    fn one_view_turns_the_order_of_a_newcomer() {
        let (scorer, newest) = (scorer(), list(&[]));
        let view = View { scorer: Some(&scorer), market: None, home: None, new: None, newest: &newest };
        let order = |session: &[(ItemIdx, Kind)]| {
            let taste = Taste::new(&[], &Context::default(), session, &SessionParams::default());
            let ask = Ask { taste: &taste, n: 0, n_reasons: 0, diversity: 0.0, out: &|_| None, alike: &|_, _| 0.0 };
            rerank(&view, &ask, &[1, 5].map(ItemIdx)).items.iter().map(|o| o.item.0).collect::<Vec<_>>()
        };
        assert_eq!(order(&[]), [1, 5]);
        assert_eq!(order(&[(ItemIdx(4), Kind::View)]), [5, 1]);
    }
}
