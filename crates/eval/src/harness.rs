//! Asking a model every question of a split and marking its answers.
//!
//! The model ranks the whole catalogue (or the case's own candidates), what the shopper already has
//! is left out when asked, ties go to the lower item, and what the model cannot score is not in the
//! list at all. Marks are kept for every case, so that two models are compared shopper by shopper.
//!
//! Cost: one `score` of the catalogue and one partial sort a case, spread over rayon's threads;
//! results are collected in case order, so they do not depend on the number of threads.

use crate::beyond::gini_of;
use crate::{Bootstrap, Case, CoBuyers, Estimate, EvalError, Metric, PairedDifference, Split};
use crate::{coverage, gini, mean_interval, paired_difference};
use domain::{History, Interval, ItemIdx, Market, Score, Seed, ShopperIdx};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// Whether items of the history may be recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// They are left out of the list: fits [`crate::Relevant::New`].
    Exclude,
    /// They compete with the others: fits [`crate::Relevant::All`].
    Include,
}

/// What is asked and how it is marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    /// Marks given to every list; the first is the headline.
    pub metrics: Vec<Metric>,
    /// Whether items of the history may be recommended.
    pub seen: Seen,
    /// Length of the lists kept for coverage, Gini and novelty.
    pub list_len: usize,
    /// How intervals are made.
    pub bootstrap: Bootstrap,
    /// Seed of the intervals.
    pub seed: Seed,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            metrics: vec![Metric::Ndcg(10), Metric::Recall(20)],
            seen: Seen::Exclude,
            list_len: 10,
            bootstrap: Bootstrap::default(),
            seed: Seed(0),
        }
    }
}

/// The marks of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseMarks {
    /// Who was asked about.
    pub shopper: ShopperIdx,
    /// The shopper's market.
    pub market: Market,
    /// One mark a metric, in the protocol's order.
    pub marks: Vec<f64>,
    /// The start of the list that was marked, at most `list_len` items.
    pub list: Vec<ItemIdx>,
}

/// Everything that came out, case by case.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How it was asked.
    pub protocol: Protocol,
    /// One entry a case, in the split's order.
    pub cases: Vec<CaseMarks>,
}

/// The figures beside the headline, each with its interval over the shoppers who were asked about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Share of the catalogue in at least one list. It grows with the number of lists, so compare
    /// models on the same cases only.
    pub coverage: Option<Estimate>,
    /// Inequality of exposure.
    pub gini: Option<Estimate>,
    /// Mean self-information in bits.
    pub novelty: Option<Estimate>,
    /// Mean distance of the pairs of a list, by their buyers in training.
    pub diversity: Option<Estimate>,
    /// Share of the cases for which the model had at least one item to offer.
    pub answered: Estimate,
}

impl Report {
    /// The marks of one metric, all cases or one market's, in case order.
    ///
    /// # Errors
    /// [`EvalError::NoCases`] when the metric was not marked or the market has no case.
    pub fn marks(&self, metric: Metric, market: Option<Market>) -> Result<Vec<f64>, EvalError> {
        let at = self.protocol.metrics.iter().position(|m| *m == metric);
        let at = at.ok_or(EvalError::NoCases { what: "a metric outside the protocol" })?;
        let asked = self.cases.iter().filter(|case| market.is_none_or(|m| m == case.market));
        let marks: Vec<f64> = asked.map(|case| case.marks[at]).collect();
        if marks.is_empty() { Err(EvalError::NoCases { what: "a market without a case" }) } else { Ok(marks) }
    }

    /// The mean of one metric with its interval, over all cases or one market's.
    ///
    /// # Errors
    /// As [`Self::marks`].
    pub fn estimate(&self, metric: Metric, market: Option<Market>) -> Result<Estimate, EvalError> {
        mean_interval(&self.marks(metric, market)?, &self.protocol.bootstrap, self.protocol.seed)
    }

    /// The mean of one metric in every market that has a case.
    ///
    /// # Errors
    /// As [`Self::marks`].
    pub fn by_market(&self, metric: Metric) -> Result<BTreeMap<Market, Estimate>, EvalError> {
        let markets: std::collections::BTreeSet<Market> = self.cases.iter().map(|case| case.market).collect();
        markets.into_iter().map(|market| Ok((market, self.estimate(metric, Some(market))?))).collect()
    }

    /// How much better this model is than `other` on the same cases.
    ///
    /// # Errors
    /// As [`Self::marks`], and [`EvalError::Unpaired`] when the cases differ.
    pub fn better_than(
        &self,
        other: &Self,
        metric: Metric,
        market: Option<Market>,
    ) -> Result<PairedDifference, EvalError> {
        let shoppers = |r: &Self| r.cases.iter().map(|case| case.shopper).collect::<Vec<_>>();
        if shoppers(self) != shoppers(other) {
            return Err(EvalError::Unpaired { left: self.cases.len(), right: other.cases.len() });
        }
        let (mine, theirs) = (self.marks(metric, market)?, other.marks(metric, market)?);
        paired_difference(&mine, &theirs, &self.protocol.bootstrap, self.protocol.seed)
    }

    /// The cases of the markets that `is_in` names.
    #[must_use]
    pub fn only(&self, is_in: impl Fn(Market) -> bool) -> Self {
        let cases = self.cases.iter().filter(|case| is_in(case.market)).cloned().collect();
        Self { protocol: self.protocol.clone(), cases }
    }

    /// What a good mark does not show, for all cases or one market's. `train` is what the models
    /// were fitted on. A figure that is not defined (nothing was listed) is `None`.
    ///
    /// # Errors
    /// [`EvalError::NoCases`] when the market has no case.
    pub fn summary(&self, train: &CoBuyers, market: Option<Market>) -> Result<Summary, EvalError> {
        let asked = self.cases.iter().filter(|case| market.is_none_or(|m| m == case.market));
        let lists: Vec<&[ItemIdx]> = asked.map(|case| case.list.as_slice()).collect();
        let (how, seed, n_items) = (&self.protocol.bootstrap, self.protocol.seed, train.n_items());
        let average = |values: Vec<f64>| (!values.is_empty()).then(|| mean_interval(&values, how, seed)).transpose();
        let shown = |drawn: &[usize]| {
            let mut shown = vec![0_u32; n_items];
            drawn.iter().flat_map(|at| lists[*at]).for_each(|item| shown[item.at()] += 1);
            shown
        };
        let covered = |drawn: &[usize]| shown(drawn).iter().filter(|n| **n > 0).count() as f64 / n_items as f64;
        let unequal = |drawn: &[usize]| gini_of(&shown(drawn)).unwrap_or(0.0);
        let within = |e: Estimate| {
            let interval = Interval { low: e.interval.low.max(0.0), high: e.interval.high.min(1.0), ..e.interval };
            Estimate { interval, ..e }
        };
        let all = |observed: Option<f64>, statistic: &(dyn Fn(&[usize]) -> f64 + Sync)| {
            observed.map(|o| Ok(within(how.shifted(o, lists.len(), statistic, seed)?))).transpose()
        };
        Ok(Summary {
            answered: mean_interval(
                &lists.iter().map(|list| f64::from(u8::from(!list.is_empty()))).collect::<Vec<_>>(),
                how,
                seed,
            )?,
            coverage: all(coverage(&lists, n_items), &covered)?,
            gini: all(gini(&lists, n_items), &unequal)?,
            novelty: average(train.bits_by_list(&lists))?,
            diversity: average(train.distance_by_list(&lists))?,
        })
    }
}

/// The best `depth` items for a case, best first; `None` ranks everything that has a score.
///
/// # Errors
/// [`EvalError::NotFinite`] with the item's number when the model gives a score that is not finite.
pub fn rank(
    model: &dyn Score,
    case: &Case,
    catalogue: &[ItemIdx],
    seen: Seen,
    depth: Option<usize>,
) -> Result<Vec<ItemIdx>, EvalError> {
    let candidates = case.candidates.as_deref().unwrap_or(catalogue);
    let mut history = case.history.clone();
    history.sort_unstable();
    let open = |item: &ItemIdx| match seen {
        Seen::Exclude => history.binary_search(item).is_err(),
        Seen::Include => true,
    };
    let scores = model.score(History::of(&case.history), candidates);
    let mut scored: Vec<(f32, ItemIdx)> = Vec::with_capacity(candidates.len());
    for (item, score) in candidates.iter().zip(scores).filter(|(item, _)| open(item)) {
        match score {
            Some(score) if score.is_finite() => scored.push((score, *item)),
            Some(score) => return Err(EvalError::NotFinite { index: item.at(), value: f64::from(score) }),
            None => {}
        }
    }
    let better = |a: &(f32, ItemIdx), b: &(f32, ItemIdx)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    let depth = depth.unwrap_or(usize::MAX);
    if depth < scored.len() {
        scored.select_nth_unstable_by(depth, better);
        scored.truncate(depth);
    }
    scored.sort_unstable_by(better);
    // Collected from the items themselves it would keep the room of all scores: of 20,000 products 160 kB a case.
    let mut list = Vec::with_capacity(scored.len());
    list.extend(scored.iter().map(|(_, item)| *item));
    Ok(list)
}

/// Asks one model every question.
///
/// # Errors
/// As [`evaluate_with`].
pub fn evaluate(model: &dyn Score, split: &Split, protocol: &Protocol) -> Result<Report, EvalError> {
    evaluate_with(|_| Some(model), &split.cases, split.train.n_items(), protocol)
}

/// Asks each case's own model (such as the one of its market); a case without a model gets an
/// empty list, which is marked like any other.
///
/// # Errors
/// [`EvalError::NoCases`] without cases, [`EvalError::NotFinite`] for a score that is not finite,
/// [`EvalError::Param`] for a metric of depth 0.
pub fn evaluate_with<'m>(
    model_of: impl Fn(&Case) -> Option<&'m dyn Score> + Sync,
    cases: &[Case],
    n_items: usize,
    protocol: &Protocol,
) -> Result<Report, EvalError> {
    if cases.is_empty() {
        return Err(EvalError::NoCases { what: "evaluation" });
    }
    let catalogue: Vec<ItemIdx> = (0..n_items as u32).map(ItemIdx).collect();
    let depths: Option<Vec<usize>> = protocol.metrics.iter().map(|metric| metric.depth()).collect();
    let depth = depths.and_then(|depths| depths.into_iter().chain([protocol.list_len]).max());
    let ask = |case: &Case| {
        let mut list = match model_of(case) {
            Some(model) => rank(model, case, &catalogue, protocol.seen, depth)?,
            None => Vec::new(),
        };
        let mark = |metric: &Metric| {
            metric.mark(&list, &case.relevant).ok_or(EvalError::Param {
                name: "depth of a metric",
                rule: "at least 1, with at least one relevant item",
                got: metric.depth().unwrap_or(0) as f64,
            })
        };
        let marks = protocol.metrics.iter().map(mark).collect::<Result<Vec<f64>, EvalError>>()?;
        list.truncate(protocol.list_len);
        Ok(CaseMarks { shopper: case.shopper, market: case.market, marks, list })
    };
    let cases = cases.par_iter().map(ask).collect::<Result<Vec<CaseMarks>, EvalError>>()?;
    Ok(Report { protocol: protocol.clone(), cases })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, Interaction, Interactions, Kind};

    /// Scores an item by its number, cannot say about item 0, and adds what it is told.
    struct ByNumber(f32);

    impl Score for ByNumber {
        fn score(&self, _: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
            candidates.iter().map(|c| (c.0 > 0).then_some(self.0 * c.0 as f32)).collect()
        }
    }

    const DE: Market = Market::from_code(*b"DE").unwrap();
    const FR: Market = Market::from_code(*b"FR").unwrap();

    fn split() -> Split {
        let cell = |s, i, d| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(i),
            kind: Kind::Purchase,
            day: Day(d),
            weight: 1.0,
        };
        let cells = vec![cell(0, 5, 1), cell(0, 4, 9), cell(0, 0, 9), cell(1, 1, 2), cell(1, 5, 8), cell(1, 5, 1)];
        let all = Interactions::new(6, vec![DE, FR], cells).unwrap();
        crate::TemporalSplit { relevant: crate::Relevant::All, ..crate::TemporalSplit::at(Day(5)) }.split(&all).unwrap()
    }

    #[test] // Shopper 0 has item 5, so the list is 4 3 2 1 and item 4 is a hit at rank 1; item 0 is never listed.
    fn a_list_leaves_out_what_the_shopper_has_and_what_has_no_score() {
        let split = split();
        let catalogue: Vec<ItemIdx> = (0..6).map(ItemIdx).collect();
        let list = rank(&ByNumber(1.0), &split.cases[0], &catalogue, Seen::Exclude, None).unwrap();
        assert_eq!(list, [4, 3, 2, 1].map(ItemIdx));
        let list = rank(&ByNumber(0.0), &split.cases[0], &catalogue, Seen::Include, Some(3)).unwrap();
        assert_eq!(list, [1, 2, 3].map(ItemIdx), "ties go to the lower item");
        let long: Vec<ItemIdx> = (0..6).cycle().take(10_000).map(ItemIdx).collect();
        let list = rank(&ByNumber(1.0), &split.cases[0], &long, Seen::Include, Some(3)).unwrap();
        assert_eq!((list.len(), list.capacity()), (3, 3), "a list keeps no room beyond its items");
        let sampled = Case { candidates: Some([2, 4].map(ItemIdx).to_vec()), ..split.cases[0].clone() };
        let list = rank(&ByNumber(1.0), &sampled, &catalogue, Seen::Exclude, Some(5)).unwrap();
        assert_eq!(list, [4, 2].map(ItemIdx));
    }

    #[test] // Recall: shopper 0 finds 4 of {0, 4}; shopper 1 finds 5 of {5} when items seen before compete.
    fn marks_are_kept_by_case_and_averaged_by_market() {
        let split = split();
        let protocol = Protocol { metrics: vec![Metric::Recall(2)], seen: Seen::Include, ..Protocol::default() };
        let report = evaluate(&ByNumber(1.0), &split, &protocol).unwrap();
        assert_eq!(report.marks(Metric::Recall(2), None).unwrap(), [0.5, 1.0]);
        let markets = report.by_market(Metric::Recall(2)).unwrap();
        assert_eq!((markets[&DE].mean, markets[&FR].mean, markets[&FR].n), (0.5, 1.0, 1));
        assert!(report.marks(Metric::Ndcg(10), None).is_err());
        let worse = evaluate(&ByNumber(-1.0), &split, &protocol).unwrap();
        let gain = report.better_than(&worse, Metric::Recall(2), None).unwrap();
        assert_eq!((gain.difference.mean, gain.share_not_better), (0.75, 0.0));
    }

    #[test] // Lists of two, everything competes: shopper 0 (DE) and 1 (FR) both get items 5 and 4. Of six items
    // two are covered, 2/6; exposures 0 0 0 0 2 2: (1·0 + … + 3·2 + 5·2) / (6 · 4) = 16/24. Items 4 and 5 were
    // bought by 0 and 2 of two shoppers in training: bits −log2(1/4) = 2 and 0, mean 1. They share no buyer.
    fn what_lies_beyond_accuracy_comes_by_market_with_intervals() {
        let split = split();
        let protocol = Protocol { seen: Seen::Include, list_len: 2, ..Protocol::default() };
        let report = evaluate(&ByNumber(1.0), &split, &protocol).unwrap();
        let known = CoBuyers::new(&split.train);
        for market in [None, Some(DE)] {
            let s = report.summary(&known, market).unwrap();
            let got = [s.coverage, s.gini, s.novelty, s.diversity].map(|e| e.unwrap().mean);
            for (got, want) in got.into_iter().zip([2.0 / 6.0, 16.0 / 24.0, 1.0, 1.0]) {
                assert!((got - want).abs() < 1e-12, "{got}, not {want}");
            }
            assert_eq!((s.answered.mean, s.answered.n), (1.0, if market.is_none() { 2 } else { 1 }));
            // Both shoppers see the same list, so drawing them again changes nothing.
            let interval = s.coverage.unwrap().interval;
            assert!((interval.low - 2.0 / 6.0).abs() < 1e-12 && (interval.high - 2.0 / 6.0).abs() < 1e-12);
        }
        assert_eq!(report.only(|m| m == DE).summary(&known, None).unwrap(), report.summary(&known, Some(DE)).unwrap());
        assert!(report.summary(&known, Some(Market::UNKNOWN)).is_err());
        let silent = evaluate_with(|_| None, &split.cases, 6, &protocol).unwrap().summary(&known, None).unwrap();
        assert_eq!((silent.answered.mean, silent.gini, silent.diversity), (0.0, None, None));
    }

    #[test]
    fn each_case_may_have_its_own_model_and_none_is_an_empty_list() {
        let split = split();
        let german = ByNumber(1.0);
        let model_of = |case: &Case| (case.market == DE).then_some(&german as &dyn Score);
        let protocol = Protocol { metrics: vec![Metric::HitRate(2)], ..Protocol::default() };
        let report = evaluate_with(model_of, &split.cases, 6, &protocol).unwrap();
        assert_eq!(report.marks(Metric::HitRate(2), None).unwrap(), [1.0, 0.0]);
    }

    #[test]
    fn a_score_that_is_not_a_number_is_reported_with_its_item() {
        let error = evaluate(&ByNumber(f32::NAN), &split(), &Protocol::default()).unwrap_err();
        assert!(matches!(error, EvalError::NotFinite { index: 1, .. }), "{error}");
    }

    #[test]
    fn the_number_of_threads_does_not_move_the_report() {
        let run = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| evaluate(&ByNumber(1.0), &split(), &Protocol::default()).unwrap())
        };
        assert_eq!(run(1), run(4));
    }
}
