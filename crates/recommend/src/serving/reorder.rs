//! Candidates that somebody else chose, in the order in which this shopper should see them.
//!
//! First those that the model can score, best first; where it hears no history, up to half of them by what is near the session; then those on the list of a segment that was named, those on the market's list, those on the home market's, those that
//! nobody has bought and that are like what the shopper did, and the rest in the order in which they came. What must not be shown is left out and counted.
//!
//! Cost: one score of the candidates; a look-up each in lists of places.

use super::Why;
use super::chain::{Answer, Ask, Offered, Step, Told, View, heard, reasons};
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
    let model = heard(view).ok().filter(|_| taste.has_past || taste.has_session);
    let half = rest.len().div_ceil(2);
    let model_step = if taste.has_past { Step::History } else { Step::Session };
    for step in Step::ALL.into_iter().filter(|step| *step != Step::Segment || view.segment.is_some()) {
        let scored: Vec<Option<f32>> = match step {
            _ if rest.is_empty() => Vec::new(),
            Step::History | Step::Session if step == model_step => {
                model.map_or_else(Vec::new, |model| model.score(taste.history(), &rest))
            }
            Step::History | Step::Session => Vec::new(),
            // What the model scored stands; see `chain`.
            _ if step.is_near() && by_model(&answer) => Vec::new(),
            Step::Described | Step::Category | Step::HomeModel => {
                let missing = half.saturating_sub(answer.items.len());
                match near(view, ask, step, missing, &rest) {
                    Ok(scores) => scores,
                    Err(why) => {
                        answer.chain.push(Told { step, answered: 0, why });
                        continue;
                    }
                }
            }
            Step::Segment => on_list(view.segment.and_then(Result::ok), &rest),
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
            Step::Segment if view.segment.is_some_and(|list| list.is_err()) => {
                view.segment.and_then(Result::err).unwrap_or(Why::NoList)
            }
            Step::History if !taste.has_past => Why::NoPast,
            Step::Session if !taste.has_session => Why::NoSession,
            Step::Session if taste.has_past && model.is_some() => Why::InHistory,
            Step::History | Step::Session => match heard(view) {
                Err(why) => why,
                Ok(_) if found.len() == rest.len() => Why::Full,
                Ok(_) => Why::Exhausted,
            },
            _ if step.is_near() && by_model(&answer) => Why::Answered,
            _ if step.is_near() && answer.items.len() + found.len() == half => Why::Half,
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

/// Whether the market's model scored something.
fn by_model(answer: &Answer) -> bool {
    answer.chain.iter().any(|told| told.answered > 0 && !told.step.is_near())
}

/// Scores of the `missing` items of `rest` that are nearest to the session, by one step.
fn near(view: &View<'_>, ask: &Ask<'_>, step: Step, missing: usize, rest: &[ItemIdx]) -> Result<Vec<Option<f32>>, Why> {
    if !ask.taste.has_session {
        return Err(Why::NoSession);
    }
    let near = view.near.iter().find(|near| near.step == step).ok_or(Why::NoList)?;
    if missing == 0 {
        return Err(Why::Answered);
    }
    let found: BTreeMap<ItemIdx, f32> = (near.best)(missing, &mut |item| rest.contains(&item))?.into_iter().collect();
    Ok(rest.iter().map(|item| found.get(item).copied()).collect())
}

fn on_list(list: Option<&super::Popular>, items: &[ItemIdx]) -> Vec<Option<f32>> {
    items.iter().map(|item| list?.score(*item)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::chain::tests::{list, scorer};
    use super::*;
    use crate::Context;
    use crate::serving::{Near, Out, SessionParams, Taste};
    use domain::Kind;

    /// From item 0 the model knows 1 before 2 before 3; the market lists 5 before 4; nobody knows 7 and 6.
    #[test]
    fn candidates_go_by_the_model_then_by_what_sells_then_as_they_came() {
        let (scorer, market, newest) = (scorer(), list(&[5, 4]), list(&[]));
        let view = View {
            scorer: Some(&scorer),
            near: &[],
            segment: None,
            market: Some(&market),
            home: None,
            new: None,
            newest: &newest,
        };
        let taste = Taste::new(&[ItemIdx(0)], &Context::default(), &[], &SessionParams::default());
        let out = |item: ItemIdx| (item.0 == 3).then_some(Out::OutOfStock);
        let ask = Ask { taste: &taste, n: 0, n_reasons: 1, diversity: 0.0, out: &out, alike: &|_, _| 0.0 };
        let candidates = [7, 4, 2, 6, 3, 5, 1, 2].map(ItemIdx);
        let found = rerank(&view, &ask, &candidates);
        assert_eq!(found.items.iter().map(|o| o.item.0).collect::<Vec<_>>(), [1, 2, 5, 4, 7, 6]);
        let steps: Vec<(Step, usize)> = found.chain.iter().map(|t| (t.step, t.answered)).collect();
        assert_eq!(steps.iter().map(|s| s.1).collect::<Vec<_>>(), [2, 0, 0, 0, 0, 2, 0, 0, 2]);
        assert_eq!(found.left_out, [(Out::OutOfStock, 1)].into());
        assert_eq!(found.items[0].reasons[0].item, Some(ItemIdx(0)));
        assert!(found.items[5].reasons.is_empty(), "nothing is known of it");
    }

    /// The market sells 5 before 4 before 3 before 2, the same for everybody. Item 2 is near what was looked at, then 3: of four
    /// candidates two come by that.
    #[test]
    fn where_nobody_hears_half_of_the_candidates_come_by_what_is_near_the_session() {
        let (market, newest) = (list(&[5, 4, 3, 2]), list(&[]));
        let best = |n: usize, open: &mut dyn FnMut(ItemIdx) -> bool| {
            Ok([2, 3, 4, 5].map(ItemIdx).into_iter().filter(|i| open(*i)).take(n).map(|i| (i, -(i.0 as f32))).collect())
        };
        let near = [Near { step: Step::Category, best: &best, reasons: &|_, _| Vec::new() }];
        let view = View {
            scorer: None,
            near: &near,
            segment: None,
            market: Some(&market),
            home: None,
            new: None,
            newest: &newest,
        };
        let order = |session: &[(ItemIdx, Kind)]| {
            let taste = Taste::new(&[], &Context::default(), session, &SessionParams::default());
            let ask = Ask { taste: &taste, n: 0, n_reasons: 0, diversity: 0.0, out: &|_| None, alike: &|_, _| 0.0 };
            rerank(&view, &ask, &[2, 3, 4, 5].map(ItemIdx))
        };
        let shown = |answer: Answer| answer.items.iter().map(|o| o.item.0).collect::<Vec<_>>();
        assert_eq!(shown(order(&[])), [5, 4, 3, 2]);
        let looked = order(&[(ItemIdx(0), Kind::View)]);
        assert_eq!(looked.answered_by(), Some(Step::Category));
        assert_eq!(shown(looked), [2, 3, 5, 4]);
    }

    #[test]
    fn one_view_turns_the_order_of_a_newcomer() {
        let (scorer, newest) = (scorer(), list(&[]));
        let view = View {
            scorer: Some(&scorer),
            near: &[],
            segment: None,
            market: None,
            home: None,
            new: None,
            newest: &newest,
        };
        let order = |session: &[(ItemIdx, Kind)]| {
            let taste = Taste::new(&[], &Context::default(), session, &SessionParams::default());
            let ask = Ask { taste: &taste, n: 0, n_reasons: 0, diversity: 0.0, out: &|_| None, alike: &|_, _| 0.0 };
            rerank(&view, &ask, &[1, 5].map(ItemIdx)).items.iter().map(|o| o.item.0).collect::<Vec<_>>()
        };
        assert_eq!(order(&[]), [1, 5]);
        assert_eq!(order(&[(ItemIdx(4), Kind::View)]), [5, 1]);
    }
}
