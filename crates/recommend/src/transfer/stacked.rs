//! Several scorers of the target together: each in its own unit, made comparable and added up.
//!
//! `score(j) = Σ_m w_m · s_m(j) / d_m`, `d_m` the deviation of the scores that model `m` gives the whole
//! catalogue for this history (what it cannot say is 0). A model that tells nothing apart adds nothing.
//! Parts of a score stay parts, divided by the same number. The weights are learnt on held-out
//! shoppers of the target, so that a transferred scorer that does not help gets 0.
//!
//! Source: stacking is Wolpert, "Stacked generalization", Neural Networks 5(2), 1992; the units as in
//! Montague and Aslam, "Relevance score normalization for metasearch", CIKM 2001, over the catalogue
//! instead of one list, so that a reason does not depend on what else is listed.
//! Cost: one score of the catalogue a model.

use crate::Recommender;
use domain::{Explain, History, ItemIdx, Reason, Score};

/// Scorers with their weights.
pub struct Stacked {
    members: Vec<(Box<dyn Recommender>, f32)>,
    catalogue: Vec<ItemIdx>,
}

impl Stacked {
    /// Of models over a catalogue of `n_items`; a weight of 0 leaves a model out.
    pub fn new(members: Vec<(Box<dyn Recommender>, f32)>, n_items: usize) -> Self {
        let members = members.into_iter().filter(|(_, weight)| *weight != 0.0).collect();
        Self { members, catalogue: (0..n_items as u32).map(ItemIdx).collect() }
    }

    /// What a model's scores are multiplied with for this history, and its scores of the catalogue.
    fn scaled(&self, model: &dyn Recommender, weight: f32, history: History<'_>) -> Option<(f32, Vec<Option<f32>>)> {
        let scores = model.score(history, &self.catalogue);
        Some((weight / deviation(&scores)?, scores))
    }
}

/// Deviation of scores, what is missing being 0; nothing where they do not differ.
pub fn deviation(scores: &[Option<f32>]) -> Option<f32> {
    let n = scores.len().max(1) as f64;
    let values = || scores.iter().map(|s| f64::from(s.unwrap_or(0.0)));
    let mean = values().sum::<f64>() / n;
    let deviation = (values().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    // Below what 32 bits tell apart, a spread is rounding.
    (deviation > 1e-6 * mean.abs() && deviation > 0.0).then_some(deviation as f32)
}

impl Score for Stacked {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let mut sums: Vec<Option<f32>> = vec![None; candidates.len()];
        for (model, weight) in &self.members {
            let Some((factor, scores)) = self.scaled(&**model, *weight, history) else { continue };
            for (sum, candidate) in sums.iter_mut().zip(candidates) {
                if let Some(score) = scores.get(candidate.at()).copied().flatten() {
                    *sum.get_or_insert(0.0) += factor * score;
                }
            }
        }
        sums
    }
}

impl Explain for Stacked {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = Vec::new();
        for (model, weight) in &self.members {
            let Some((factor, _)) = self.scaled(&**model, *weight, history) else { continue };
            for reason in model.explain(history, candidate) {
                let part = factor * reason.part;
                match reasons.iter_mut().find(|r| (r.term, r.item) == (reason.term, reason.item)) {
                    Some(known) => known.part += part,
                    None => reasons.push(Reason { part, ..reason }),
                }
            }
        }
        crate::links::sorted(reasons)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelKind;
    use domain::{Interactions, Market, Seed};

    struct Fixed(Vec<Option<f32>>);

    impl Score for Fixed {
        fn score(&self, _: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
            candidates.iter().map(|c| self.0[c.at()]).collect()
        }
    }

    impl Explain for Fixed {
        fn explain(&self, _: History<'_>, _: ItemIdx) -> Vec<Reason> {
            Vec::new()
        }
    }

    #[test] // Scores 0, 2, (0), 2 deviate by 1; 10, 10, 30, 30 by 10: item 1 gets 2 / 1 + 2 · 10 / 10, item 2 2 · 30 / 10.
    fn units_are_made_comparable_by_hand() {
        let first = Fixed(vec![Some(0.0), Some(2.0), None, Some(2.0)]);
        let second = Fixed([10.0, 10.0, 30.0, 30.0].map(Some).to_vec());
        let silent = Fixed(vec![Some(7.0); 4]);
        let stack = Stacked::new(vec![(Box::new(first), 1.0), (Box::new(second), 2.0), (Box::new(silent), 5.0)], 4);
        let scores = stack.score(History::EMPTY, &[1, 2].map(ItemIdx));
        assert_eq!(scores, [Some(4.0), Some(6.0)]);
    }

    #[test]
    fn reasons_add_up_to_the_score() {
        let train = Interactions::from_baskets(5, [&[0, 1][..], &[0, 1, 2], &[2, 3], &[0, 3]]);
        let fit = |name| ModelKind::named(name, Market::UNKNOWN).unwrap().fit(&train, Seed(1)).unwrap();
        let stack = Stacked::new(vec![(fit("item-knn"), 1.0), (fit("popularity"), 0.5)], 5);
        let history = [0, 2].map(ItemIdx);
        let score = stack.score(History::of(&history), &[ItemIdx(1)])[0].unwrap();
        let sum: f32 = stack.explain(History::of(&history), ItemIdx(1)).iter().map(|r| r.part).sum();
        assert!((sum - score).abs() < 1e-5, "{sum} {score}");
    }
}
