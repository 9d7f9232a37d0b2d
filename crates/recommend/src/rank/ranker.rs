//! LambdaMART over the lists, with honest predictions of the lists that it learnt from.
//!
//! A ranker judged on lists it has seen looks better than it is. So the shoppers are dealt into
//! `n_folds` folds, each by its own hash of the seed; every fold is predicted by a ranker that learnt
//! from the others. These *out-of-fold* predictions may be judged, or blended further. All rankers run
//! the same number of rounds: nothing looks at the scored fold, not even to stop. The ranker that is
//! kept for new shoppers learns from all lists.
//!
//! Sources: Wu, Burges, Svore & Gao, "Adapting boosting for information retrieval measures",
//! Information Retrieval 13(3), 2010 (LambdaMART); Wolpert, "Stacked generalization", Neural Networks
//! 5(2), 1992 (out-of-fold); reasons by TreeSHAP, Lundberg et al., Nature Machine Intelligence 2, 2020.
//! Cost: `n_fits` times `n_folds` rankers on `1 − 1/n_folds` of the lists each, and as many on all.

use super::{CandidateLists, RankError};
use crate::Save;
use domain::{ItemIdx, Rng, Seed, ShopperIdx};
use learn::container::{ContainerError, Reader, Writer};
use learn::trees::{BoostParams, Boosted, Features, LambdaRankParams, Objective, Samples};
use std::ops::Range;

/// How the ranker learns.
#[derive(Clone, Debug, PartialEq)]
pub struct RankerParams {
    /// The boosting. With another objective than LambdaRank, lists only shape bags.
    pub boost: BoostParams,
    /// Folds that the shoppers are dealt into, at least 2.
    pub n_folds: usize,
    /// Candidates of grade 0 that a list keeps for learning, drawn; `None` for all. Features and what is
    /// predicted are of the whole list in any case.
    pub n_others: Option<usize>,
    /// Fits whose mean is the ranker, at least 1. Each draws candidates, columns and bags anew; the folds
    /// are the same for all. A fit costs as much as the first.
    pub n_fits: usize,
}

impl Default for RankerParams {
    fn default() -> Self {
        let objective = Objective::LambdaRank(LambdaRankParams { truncation: 20, ..LambdaRankParams::default() });
        let boost = BoostParams { objective, n_rounds: 200, learning_rate: 0.05, ..BoostParams::default() };
        Self { boost, n_folds: 5, n_others: None, n_fits: 1 }
    }
}

/// A ranker for new shoppers, and what to judge it by.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossFit {
    ranker: Ranker,
    out_of_fold: Vec<f32>,
    folds: Vec<usize>,
}

/// Fitted ranker with the names of its features.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranker {
    model: Boosted,
    names: Vec<String>,
}

/// A shopper with candidates and their scores, best first.
pub type OrderedList = (ShopperIdx, Vec<(ItemIdx, f32)>);

/// One feature's part of a score.
#[derive(Clone, Debug, PartialEq)]
pub struct RankReason {
    /// Name of the feature; `None` for what every candidate starts from.
    pub feature: Option<String>,
    /// The feature's value for this candidate, NaN where it is missing.
    pub value: f32,
    /// What it adds to the score.
    pub part: f32,
}

impl RankerParams {
    /// Learns from lists whose outcome is known: `grades` has one a candidate, 0 for what was left
    /// and more for what was better.
    ///
    /// # Errors
    /// [`RankError::EmptyFold`] for too few shoppers, [`RankError::Shape`] when there is not one
    /// grade a candidate, [`RankError::Learn`] for parameters or grades that boosting refuses.
    pub fn fit(&self, lists: &CandidateLists, grades: &[f32], seed: Seed) -> Result<CrossFit, RankError> {
        let (out_of_fold, folds) = self.out_of_fold(lists, grades, None, seed)?;
        let all = self.learn_from(&[(lists, grades)], |_| true, seed.derive(3))?;
        let ranker = Ranker { model: all, names: lists.names().to_vec() };
        Ok(CrossFit { ranker, out_of_fold, folds })
    }

    /// The predictions of [`Self::fit`] alone, with the fold of each list. `beside` are more lists with
    /// the same features to learn from, which nobody asks about; a shopper's lists are all in one
    /// fold, so none of them is seen when that shopper is predicted.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn out_of_fold(
        &self,
        lists: &CandidateLists,
        grades: &[f32],
        beside: Option<(&CandidateLists, &[f32])>,
        seed: Seed,
    ) -> Result<(Vec<f32>, Vec<usize>), RankError> {
        if self.n_folds < 2 {
            let got = self.n_folds as f64;
            return Err(learn::LearnError::Param { name: "n_folds", rule: "at least 2", got }.into());
        }
        if self.n_fits == 0 {
            return Err(learn::LearnError::Param { name: "n_fits", rule: "at least 1", got: 0.0 }.into());
        }
        if grades.len() != lists.n_rows() {
            return Err(RankError::Shape { what: "grades", got: grades.len(), need: lists.n_rows() });
        }
        let fold = |shopper: ShopperIdx| fold_of(shopper, self.n_folds, seed);
        let folds: Vec<usize> = lists.shoppers().iter().map(|s| fold(*s)).collect();
        let known: Vec<(&CandidateLists, &[f32])> = std::iter::once((lists, grades)).chain(beside).collect();
        let mut out_of_fold = vec![0.0; lists.n_rows()];
        for at in 0..self.n_folds {
            if !folds.contains(&at) || folds.iter().all(|other| *other == at) {
                return Err(RankError::EmptyFold { fold: at, n_folds: self.n_folds });
            }
            let model = self.learn_from(&known, |shopper| fold(shopper) != at, seed.derive(2).derive(at as u64))?;
            let mut start = 0;
            let mut rows = Vec::new();
            for (size, list_fold) in lists.sizes().iter().zip(&folds) {
                rows.extend((start..start + size).filter(|_| *list_fold == at));
                start += size;
            }
            for (row, score) in rows.iter().zip(model.scores(&lists.features()?.select(&rows))?) {
                out_of_fold[*row] = score as f32;
            }
        }
        Ok((out_of_fold, folds))
    }

    /// The mean of [`Self::n_fits`] boostings of the lists whose shopper is kept.
    fn learn_from(
        &self,
        known: &[(&CandidateLists, &[f32])],
        keep: impl Fn(ShopperIdx) -> bool,
        seed: Seed,
    ) -> Result<Boosted, RankError> {
        let seeds = std::iter::once(seed).chain((1..self.n_fits as u64).map(|n| seed.derive(u64::MAX - n)));
        let fits: Result<Vec<Boosted>, RankError> = seeds.map(|seed| self.learn_once(known, &keep, seed)).collect();
        Ok(Boosted::mean(fits?)?)
    }

    fn learn_once(
        &self,
        known: &[(&CandidateLists, &[f32])],
        keep: impl Fn(ShopperIdx) -> bool,
        seed: Seed,
    ) -> Result<Boosted, RankError> {
        let n_columns = known[0].0.names().len();
        let (mut values, mut labels, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        for (which, (lists, grades)) in (0_u64..).zip(known) {
            for (what, got, need) in
                [("grades", grades.len(), lists.n_rows()), ("features", lists.names().len(), n_columns)]
            {
                if got != need {
                    return Err(RankError::Shape { what, got, need });
                }
            }
            let features = lists.features()?;
            let mut start = 0;
            for (shopper, size) in lists.shoppers().iter().zip(lists.sizes()) {
                let rows = start..start + size;
                start += size;
                if !keep(*shopper) {
                    continue;
                }
                let rows = self.learnt(rows, grades, seed.derive(which).stream(u64::from(shopper.0)));
                sizes.push(rows.len());
                labels.extend(rows.iter().map(|row| grades[*row]));
                values.extend(rows.iter().flat_map(|row| features.row(*row)));
            }
        }
        let features = Features::new(values, n_columns)?;
        let samples = Samples::new(&features, &labels)?.grouped(&sizes)?;
        Ok(self.boost.fit(samples, seed)?)
    }

    /// The rows of a list that are learnt from: all that are graded above 0, and of the others as many
    /// as are wanted, drawn.
    fn learnt(&self, rows: Range<usize>, grades: &[f32], mut rng: Rng) -> Vec<usize> {
        let Some(n_others) = self.n_others else { return rows.collect() };
        let (mut learnt, mut others): (Vec<usize>, Vec<usize>) = rows.partition(|row| grades[*row] > 0.0);
        rng.shuffle(&mut others);
        learnt.extend(others.into_iter().take(n_others));
        learnt.sort_unstable();
        learnt
    }
}

/// The fold of a shopper, `0..n_folds`, whoever else there is.
fn fold_of(shopper: ShopperIdx, n_folds: usize, seed: Seed) -> usize {
    seed.derive(1).stream(u64::from(shopper.0)).below(n_folds)
}

impl CrossFit {
    /// The ranker that learnt from all lists.
    pub const fn ranker(&self) -> &Ranker {
        &self.ranker
    }

    /// For every candidate of the training lists the score by a ranker that did not see its shopper.
    /// Scores of different folds come from different rankers: compare them within lists.
    pub fn out_of_fold(&self) -> &[f32] {
        &self.out_of_fold
    }

    /// The fold of each list.
    pub fn folds(&self) -> &[usize] {
        &self.folds
    }
}

impl Save for Ranker {
    fn save(&self, to: &mut Writer) {
        to.lines("names", &self.names);
        self.model.save(to);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let names: Vec<String> = from.lines("names")?.into_iter().map(str::to_owned).collect();
        let model = Boosted::load(from)?;
        let fits = model.gains().len() == names.len();
        if fits { Ok(Self { model, names }) } else { Err(ContainerError::content("names", "a name for each column")) }
    }
}

impl Ranker {
    /// Names of the features, in the order of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The score of every candidate: it orders a list and means nothing beyond that.
    ///
    /// # Errors
    /// [`RankError::Shape`] when the lists have other features than those learnt from.
    pub fn scores(&self, lists: &CandidateLists) -> Result<Vec<f32>, RankError> {
        if lists.names() != self.names {
            return Err(RankError::Shape { what: "features", got: lists.names().len(), need: self.names.len() });
        }
        Ok(self.model.scores(&lists.features()?)?.into_iter().map(|score| score as f32).collect())
    }

    /// Every list with its scores, best first; equal scores by item.
    ///
    /// # Errors
    /// As [`Self::scores`].
    pub fn order(&self, lists: &CandidateLists) -> Result<Vec<OrderedList>, RankError> {
        let scores = self.scores(lists)?;
        let mut rows = lists.items().iter().copied().zip(scores);
        let list = |(shopper, size): (&ShopperIdx, &usize)| {
            let mut list: Vec<(ItemIdx, f32)> = rows.by_ref().take(*size).collect();
            list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            (*shopper, list)
        };
        Ok(lists.shoppers().iter().zip(lists.sizes()).map(list).collect())
    }

    /// Why a candidate has its score: the parts add up to it, the strongest first, features that
    /// add nothing left out. The first has no feature: it is what candidates have on average.
    ///
    /// # Panics
    /// If the row has not as many values as there are [`Self::names`].
    pub fn explain(&self, row: &[f32]) -> Vec<RankReason> {
        assert_eq!(row.len(), self.names.len(), "one value a feature");
        let why = self.model.contributions(row);
        let reason = |((name, value), part): ((&String, &f32), &f64)| RankReason {
            feature: Some(name.clone()),
            value: *value,
            part: *part as f32,
        };
        let mut reasons: Vec<RankReason> = self.names.iter().zip(row).zip(&why.parts).map(reason).collect();
        reasons.retain(|reason| reason.part != 0.0);
        reasons.sort_by(|a, b| b.part.abs().total_cmp(&a.part.abs()).then_with(|| a.feature.cmp(&b.feature)));
        reasons.insert(0, RankReason { feature: None, value: f32::NAN, part: why.base as f32 });
        reasons
    }

    /// What each feature gained in training, largest first.
    pub fn importance(&self) -> Vec<(&str, f64)> {
        let mut gains: Vec<(&str, f64)> = self.names.iter().map(String::as_str).zip(self.model.gains()).collect();
        gains.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        gains
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use learn::trees::ndcg;

    /// Two scorers that each see half of the truth, one feature of noise; the best of 8 is bought.
    fn lists(n: u32, seed: u64) -> (CandidateLists, Vec<f32>) {
        let (mut lists, mut grades) = (CandidateLists::new(&["item-knn", "ials"], &["noise"]), Vec::new());
        for shopper in 0..n {
            let mut rng = Seed(seed).stream(u64::from(shopper));
            let mut draw = || (0..8).map(|_| rng.normal() as f32).collect::<Vec<f32>>();
            let (a, b, noise, luck) = (draw(), draw(), draw(), draw());
            let worth: Vec<f32> = (0..8).map(|i| a[i] + b[i] + 0.3 * luck[i]).collect();
            let best = worth.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            grades.extend(worth.iter().map(|w| f32::from(u8::from(*w == best))));
            let some = |values: &[f32]| values.iter().map(|v| Some(*v)).collect::<Vec<_>>();
            let items: Vec<ItemIdx> = (0..8).map(ItemIdx).collect();
            lists.push(ShopperIdx(shopper), &items, &[some(&a), some(&b)], &[some(&noise)]).unwrap();
        }
        (lists, grades)
    }

    fn quick() -> RankerParams {
        let boost = BoostParams { n_rounds: 30, learning_rate: 0.1, max_leaves: 8, ..RankerParams::default().boost };
        RankerParams { boost, ..RankerParams::default() }
    }

    fn quality(lists: &CandidateLists, grades: &[f32], scores: &[f32]) -> f64 {
        let scores: Vec<f64> = scores.iter().map(|s| f64::from(*s)).collect();
        ndcg(lists.sizes(), grades, &scores, 8).unwrap()
    }

    #[test]
    fn the_ranker_beats_each_scorer_and_its_out_of_fold_quality_is_that_on_new_shoppers() {
        let ((train, grades), (new, new_grades)) = (lists(400, 1), lists(400, 2));
        let fit = quick().fit(&train, &grades, Seed(5)).unwrap();
        let column = |c: usize| train.features().unwrap().rows().map(|row| row[c]).collect::<Vec<f32>>();
        let (knn, ials) = (quality(&train, &grades, &column(0)), quality(&train, &grades, &column(3)));
        let honest = quality(&train, &grades, fit.out_of_fold());
        let fresh = quality(&new, &new_grades, &fit.ranker().scores(&new).unwrap());
        assert!(honest > knn.max(ials) + 0.08, "{honest} against {knn} and {ials}");
        assert!((honest - fresh).abs() < 0.03, "{honest} {fresh}");
    }

    #[test] // Lists beside teach, but a shopper's own list beside is held back with the fold.
    fn lists_beside_are_learnt_from_but_not_where_their_shopper_is_scored() {
        let ((few, grades), (more, more_grades)) = (lists(60, 1), lists(300, 2));
        let predict =
            |beside_grades: &[f32]| quick().out_of_fold(&few, &grades, Some((&more, beside_grades)), Seed(5)).unwrap();
        let (scores, folds) = predict(&more_grades);
        let alone = quick().out_of_fold(&few, &grades, None, Seed(5)).unwrap().0;
        assert!(quality(&few, &grades, &scores) > quality(&few, &grades, &alone));
        let mut turned = more_grades.clone();
        turned[..8].reverse(); // shopper 0 of the lists beside is shopper 0 of those asked about
        assert_ne!(turned, more_grades);
        assert_eq!(predict(&turned).0[..8], scores[..8], "fold {}", folds[0]);
        assert_ne!(predict(&turned).0, scores);
    }

    #[test] // Means of fits that draw differently err less than one of them; one fit is what it was without any mean.
    fn a_mean_of_fits_orders_better_than_one_of_them() {
        let ((train, grades), (new, new_grades)) = (lists(150, 1), lists(400, 2));
        let boost = BoostParams { feature_fraction: 0.5, ..quick().boost };
        let one = RankerParams { boost, n_others: Some(3), ..quick() };
        let mark = |params: &RankerParams, seed| {
            let fit = params.fit(&train, &grades, Seed(seed)).unwrap();
            quality(&new, &new_grades, &fit.ranker().scores(&new).unwrap())
        };
        let single: f64 = (0..4).map(|seed| mark(&one, seed)).sum::<f64>() / 4.0;
        let mean = mark(&RankerParams { n_fits: 4, ..one.clone() }, 0);
        assert!(mean > single, "{mean} {single}");
        assert!(RankerParams { n_fits: 0, ..one }.fit(&train, &grades, Seed(1)).is_err());
    }

    #[test]
    fn a_list_may_be_learnt_from_in_part() {
        let (train, grades) = lists(5, 1);
        let params = RankerParams { n_others: Some(3), ..quick() };
        for list in 0..5 {
            let rows = params.learnt(list * 8..list * 8 + 8, &grades, Seed(1).stream(list as u64));
            assert_eq!(rows.len(), 4);
            assert_eq!(rows.iter().map(|row| grades[*row]).sum::<f32>(), 1.0);
        }
        assert_eq!(quick().learnt(0..train.n_rows(), &grades, Seed(1).stream(0)).len(), 40);
    }

    #[test] // Turning the outcome of one shopper over moves no prediction of any shopper in the same fold.
    fn a_prediction_out_of_fold_does_not_know_its_own_outcome() {
        let (train, grades) = lists(120, 3);
        let fit = quick().fit(&train, &grades, Seed(5)).unwrap();
        let mut turned = grades.clone();
        turned[..8].reverse();
        assert_ne!(turned, grades);
        let other = quick().fit(&train, &turned, Seed(5)).unwrap();
        assert_eq!(fit.folds(), other.folds());
        let mut moved = 0;
        for (list, fold) in fit.folds().iter().enumerate() {
            let rows = list * 8..list * 8 + 8;
            let same = fit.out_of_fold()[rows.clone()] == other.out_of_fold()[rows];
            assert!(same || *fold != fit.folds()[0]);
            moved += usize::from(!same);
        }
        assert!(moved > 0, "the other folds did learn from it");
    }

    #[test]
    fn noise_in_sample_looks_good_and_out_of_fold_like_noise() {
        let (train, grades) = lists(60, 4);
        let mut rng = Seed(9).stream(0);
        let random: Vec<f32> = grades
            .chunks(8)
            .flat_map(|_| {
                let bought = rng.below(8);
                (0..8).map(move |i| f32::from(u8::from(i == bought)))
            })
            .collect();
        let fit = quick().fit(&train, &random, Seed(5)).unwrap();
        let inside = quality(&train, &random, &fit.ranker().scores(&train).unwrap());
        let honest = quality(&train, &random, fit.out_of_fold());
        assert!(inside > honest + 0.15 && honest < 0.65, "{inside} {honest}"); // chance: mean of 1 / log2(1 + rank) = 0.49
    }

    #[test]
    fn reasons_have_names_and_add_up_to_the_score() {
        let (train, grades) = lists(100, 5);
        let fit = quick().fit(&train, &grades, Seed(5)).unwrap();
        let (features, scores) = (train.features().unwrap(), fit.ranker().scores(&train).unwrap());
        for (row, score) in features.rows().zip(&scores).take(20) {
            let reasons = fit.ranker().explain(row);
            let sum: f32 = reasons.iter().map(|reason| reason.part).sum();
            assert!((sum - score).abs() < 1e-4);
            assert!(reasons[0].feature.is_none() && reasons[1..].iter().all(|r| r.feature.is_some()));
        }
        let top = fit.ranker().importance()[0].0.to_owned();
        assert!(top.starts_with("item-knn") || top.starts_with("ials"), "{top}");
        let (shopper, order) = &fit.ranker().order(&train).unwrap()[7];
        assert_eq!((*shopper, order.len()), (ShopperIdx(7), 8));
        assert!(order.windows(2).all(|w| w[0].1 >= w[1].1));
    }

    #[test]
    fn a_saved_ranker_scores_with_the_same_bits() {
        let (train, grades) = lists(100, 5);
        let fit = quick().fit(&train, &grades, Seed(5)).unwrap();
        let mut to = Writer::default();
        fit.ranker().save(&mut to);
        let bytes = to.finish("ranker", 0);
        let read = Ranker::load(&Reader::open(&bytes).unwrap()).unwrap();
        assert_eq!(&read, fit.ranker());
        assert_eq!(read.scores(&train).unwrap(), fit.ranker().scores(&train).unwrap());
    }

    #[test]
    fn folds_are_about_equal_and_follow_from_shopper_and_seed_alone() {
        let mut counts = [0; 5];
        (0..5000).for_each(|s| counts[fold_of(ShopperIdx(s), 5, Seed(1))] += 1);
        assert!(counts.iter().all(|n| (900..1100).contains(n)), "{counts:?}");
        assert!((0..100).any(|s| fold_of(ShopperIdx(s), 5, Seed(1)) != fold_of(ShopperIdx(s), 5, Seed(2))));
    }

    #[test]
    fn what_cannot_be_learnt_from_is_refused() {
        let (train, grades) = lists(3, 6);
        assert!(matches!(quick().fit(&train, &grades, Seed(1)), Err(RankError::EmptyFold { n_folds: 5, .. })));
        assert!(matches!(quick().fit(&train, &grades[1..], Seed(1)), Err(RankError::Shape { what: "grades", .. })));
        assert!(RankerParams { n_folds: 1, ..quick() }.fit(&train, &grades, Seed(1)).is_err());
        let (many, grades) = lists(100, 6);
        let fit = quick().fit(&many, &grades, Seed(1)).unwrap();
        assert!(fit.ranker().scores(&CandidateLists::new(&["other"], &[])).is_err());
    }

    #[test]
    fn the_ranker_is_the_same_at_any_number_of_threads() {
        let (train, grades) = lists(80, 7);
        let at = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| quick().fit(&train, &grades, Seed(5)).unwrap())
        };
        assert_eq!(at(1), at(3));
    }
}
