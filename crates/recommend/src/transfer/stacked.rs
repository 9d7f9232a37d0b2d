//! Several scorers of the target together: each in its own unit, made comparable and added up.
//!
//! `score(j) = Σ_m w_m · c(s_m(j) / d_m)`, `d_m` the deviation of the scores that model `m` gives the whole
//! catalogue for this history (what it cannot say is 0), `c(x) = sgn(x) ln(1 + |x|)`: counts and sums of
//! likenesses grow by factors, and the odds of a purchase with their logarithm. A model that tells nothing
//! apart adds nothing. Parts of a score stay parts, multiplied by the same number. The weights are learnt on
//! held-out shoppers of the target, so that a transferred scorer that does not help gets 0.
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

    /// A model's scores of the catalogue for this history, and their deviation.
    fn scored(&self, model: &dyn Recommender, history: History<'_>) -> Option<(f32, Vec<Option<f32>>)> {
        let scores = model.score(history, &self.catalogue);
        Some((deviation(&scores)?, scores))
    }
}

/// What a score is multiplied with to become `c(score / deviation)`, see the module.
fn factor(score: f32, deviation: f32) -> f32 {
    let x = score.abs() / deviation;
    // Below what 32 bits tell from 1, ln(1 + x) is x.
    (if x > 1e-6 { x.ln_1p() / x } else { 1.0 }) / deviation
}

/// A score in the unit in which members of a stack are added up.
pub fn comparable(score: f32, deviation: f32) -> f32 {
    score * factor(score, deviation)
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
            let Some((deviation, scores)) = self.scored(&**model, history) else { continue };
            for (sum, candidate) in sums.iter_mut().zip(candidates) {
                if let Some(score) = scores.get(candidate.at()).copied().flatten() {
                    *sum.get_or_insert(0.0) += weight * comparable(score, deviation);
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
            let Some((deviation, scores)) = self.scored(&**model, history) else { continue };
            let Some(score) = scores.get(candidate.at()).copied().flatten() else { continue };
            let factor = weight * factor(score, deviation);
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

    #[test] // Scores 0, 2, (0), 2 deviate by 1; 10, 10, 30, 30 by 10: item 1 gets ln 3 + 2 ln 2, item 2 2 ln 4.
    fn units_are_made_comparable_by_hand() {
        let first = Fixed(vec![Some(0.0), Some(2.0), None, Some(2.0)]);
        let second = Fixed([10.0, 10.0, 30.0, 30.0].map(Some).to_vec());
        let silent = Fixed(vec![Some(7.0); 4]);
        let stack = Stacked::new(vec![(Box::new(first), 1.0), (Box::new(second), 2.0), (Box::new(silent), 5.0)], 4);
        let scores = stack.score(History::EMPTY, &[1, 2].map(ItemIdx));
        let want = [3.0_f32.ln() + 2.0 * 2.0_f32.ln(), 2.0 * 4.0_f32.ln()];
        assert!(scores.iter().zip(want).all(|(s, w)| (s.unwrap() - w).abs() < 1e-5), "{scores:?}");
        assert!((comparable(-30.0, 10.0) + 4.0_f32.ln()).abs() < 1e-6, "odd in the score");
        assert_eq!(comparable(1e-9, 1.0), 1e-9);
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
