//! Test, then train: how good a model that goes on learning is, day after day.
//!
//! The rows of a stream are cut into batches in the order of their days, no day in two of them. Before a
//! model learns a batch it is asked about it: for each shopper of the batch, what was known of her before
//! is the history, and the items of the batch that she did not have are the right answers. So each row
//! is first a question and then a lesson, nothing is held back, and no question has been learnt.
//!
//! Source: Gama, Sebastião and Rodrigues, "On evaluating stream learning algorithms", Machine Learning 90(3), 2013;
//! for recommenders Vinagre, Jorge and Gama, "Evaluation of recommender systems in streaming
//! environments", REVEAL workshop at RecSys 2014. Cost: a score of the catalogue for each shopper and batch.

use crate::{Case, Estimate, EvalError, Protocol, Seen, evaluate_with, mean_interval};
use domain::{Day, Interaction, ItemIdx, Market, Score, ShopperIdx};
use std::collections::{BTreeMap, BTreeSet};

/// One batch of the curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// First and last day of the batch.
    pub days: (Day, Day),
    /// Shoppers who were asked about.
    pub n_cases: usize,
    /// One mean a metric with its interval; empty without a case.
    pub estimates: Vec<Estimate>,
}

/// The curve, batch by batch, and the model at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve<M> {
    /// One point a batch, in time order.
    pub points: Vec<Point>,
    /// The model after the last batch.
    pub model: M,
}

/// Why a curve ended.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StreamError<E> {
    /// The model refused a batch.
    #[error("{0}")]
    Learn(E),
    /// The marks could not be made.
    #[error(transparent)]
    Eval(#[from] EvalError),
}

/// Rows that come in one after another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream<'a> {
    /// What the first model knows; only histories are read from it.
    pub before: &'a [Interaction],
    /// What comes then, in any order.
    pub rows: &'a [Interaction],
    /// Rows that a batch has at least; it ends with the day in which it gets there.
    pub batch: usize,
    /// The market of each shopper; [`Market::UNKNOWN`] for one beyond the end.
    pub markets: &'a [Market],
}

/// Cuts rows into batches of at least `batch` rows along whole days.
fn batches(rows: &[Interaction], batch: usize) -> Vec<Vec<Interaction>> {
    let mut days: BTreeMap<Day, Vec<Interaction>> = BTreeMap::new();
    rows.iter().for_each(|row| days.entry(row.day).or_default().push(*row));
    let mut found: Vec<Vec<Interaction>> = Vec::new();
    for mut day in days.into_values() {
        day.sort_by_key(|row| (row.shopper, row.item));
        match found.last_mut().filter(|last| last.len() < batch) {
            Some(last) => last.append(&mut day),
            None => found.push(day),
        }
    }
    found
}

/// Asks and teaches a model along a stream; `learn` gives the next version of it.
///
/// # Errors
/// [`StreamError::Learn`] with the model's own error; [`StreamError::Eval`] as [`crate::evaluate`].
pub fn prequential<M: Score, E>(
    first: M,
    stream: &Stream<'_>,
    protocol: &Protocol,
    mut learn: impl FnMut(&M, &[Interaction]) -> Result<M, E>,
) -> Result<Curve<M>, StreamError<E>> {
    let mut histories: BTreeMap<ShopperIdx, Vec<ItemIdx>> = BTreeMap::new();
    let mut before = stream.before.to_vec();
    before.sort_by_key(|row| (row.shopper, row.day, row.item));
    before.iter().for_each(|row| histories.entry(row.shopper).or_default().push(row.item));
    let all = stream.before.iter().chain(stream.rows);
    let n_items = all.map(|row| row.item.at() + 1).max().unwrap_or(0);
    let (mut model, mut points) = (first, Vec::new());
    for batch in batches(stream.rows, stream.batch) {
        let mut asked: BTreeMap<ShopperIdx, BTreeSet<ItemIdx>> = BTreeMap::new();
        batch.iter().for_each(|row| {
            asked.entry(row.shopper).or_default().insert(row.item);
        });
        let case = |(shopper, items): (ShopperIdx, BTreeSet<ItemIdx>)| {
            let history = histories.get(&shopper).cloned().unwrap_or_default();
            let new = |item: &ItemIdx| protocol.seen == Seen::Include || !history.contains(item);
            let relevant: Vec<ItemIdx> = items.into_iter().filter(new).collect();
            let market = stream.markets.get(shopper.at()).copied().unwrap_or(Market::UNKNOWN);
            let case = Case { shopper, market, history, relevant, candidates: None };
            (!case.relevant.is_empty()).then_some(case)
        };
        let cases: Vec<Case> = asked.into_iter().filter_map(case).collect();
        let estimates = if cases.is_empty() {
            Vec::new()
        } else {
            let report = evaluate_with(|_| Some(&model as &dyn Score), &cases, n_items, protocol)?;
            let marks = |at: usize| report.cases.iter().map(|case| case.marks[at]).collect::<Vec<f64>>();
            let mean = |at| mean_interval(&marks(at), &protocol.bootstrap, protocol.seed);
            (0..protocol.metrics.len()).map(mean).collect::<Result<_, _>>()?
        };
        let days = batch.iter().map(|row| row.day);
        let days = (days.clone().min().unwrap_or(Day(0)), days.max().unwrap_or(Day(0)));
        points.push(Point { days, n_cases: cases.len(), estimates });
        model = learn(&model, &batch).map_err(StreamError::Learn)?;
        for row in batch {
            histories.entry(row.shopper).or_default().push(row.item);
        }
    }
    Ok(Curve { points, model })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metric;
    use domain::{History, Kind};
    use std::convert::Infallible;

    fn row(shopper: u32, item: u32, day: i32) -> Interaction {
        Interaction {
            shopper: ShopperIdx(shopper),
            item: ItemIdx(item),
            kind: Kind::Purchase,
            day: Day(day),
            weight: 1.0,
        }
    }

    /// Counts what it was taught.
    struct Counts(Vec<f32>);

    impl Score for Counts {
        fn score(&self, _: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
            candidates.iter().map(|c| self.0.get(c.at()).copied().filter(|n| *n > 0.0)).collect()
        }
    }

    fn learn(model: &Counts, rows: &[Interaction]) -> Result<Counts, Infallible> {
        let mut counts = model.0.clone();
        rows.iter().for_each(|row| counts[row.item.at()] += 1.0);
        Ok(Counts(counts))
    }

    /// Day 1: shopper 0 buys 0, nothing is known: mark 0. Day 2: shopper 1 buys 0, which is on top: 1. Day 3: shopper
    /// 1 buys 0 again, no question; shopper 0 buys 1, which nobody has bought: 0. Day 4: shopper 1 buys 1: it is
    /// second to 0, which she has: 1.
    #[test]
    fn every_row_is_asked_before_it_is_learnt() {
        let rows = [row(1, 1, 4), row(0, 0, 1), row(1, 0, 2), row(1, 0, 3), row(0, 1, 3)];
        let stream = Stream { before: &[], rows: &rows, batch: 1, markets: &[] };
        let protocol = Protocol { metrics: vec![Metric::Recall(1)], ..Protocol::default() };
        let curve = prequential(Counts(vec![0.0; 2]), &stream, &protocol, learn).unwrap();
        let means: Vec<(i32, usize, f64)> =
            curve.points.iter().map(|p| (p.days.0.0, p.n_cases, p.estimates[0].mean)).collect();
        assert_eq!(means, [(1, 1, 0.0), (2, 1, 1.0), (3, 1, 0.0), (4, 1, 1.0)]);
        assert_eq!(curve.model.0, [3.0, 2.0]);
        // What was known before is history: shopper 1 is not asked about item 0.
        let before = [row(1, 0, 0)];
        let stream = Stream { before: &before, rows: &rows[2..4], batch: 1, ..stream };
        let curve = prequential(Counts(vec![1.0; 2]), &stream, &protocol, learn).unwrap();
        assert_eq!(curve.points.iter().map(|p| p.n_cases).sum::<usize>(), 0);
        assert!(curve.points.iter().all(|p| p.estimates.is_empty()));
    }

    #[test]
    fn batches_end_with_a_day_and_lose_nothing() {
        let rows: Vec<Interaction> = (0..20).map(|i| row(i, i % 3, i as i32 / 4)).collect();
        let cut = batches(&rows, 6);
        assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), [8, 8, 4]);
        let days = |b: &[Interaction]| (b[0].day, b[b.len() - 1].day);
        assert!(cut.windows(2).all(|w| days(&w[0]).1 < days(&w[1]).0));
        assert_eq!(batches(&[], 6), Vec::<Vec<Interaction>>::new());
    }
}
