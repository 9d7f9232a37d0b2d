//! Several models as one: by weighted scores, by fused ranks, or by weights learnt from purchases.
//!
//! For a history every part scores the whole catalogue; a part that cannot say anything of an item adds
//! nothing for it, and an item of which no part can has no score.
//!
//! - [`Blend::Weighted`]: `Σ_m w_m z_m(j)`, `z` the part's score between its least and largest of the catalogue, 0 to 1.
//! - [`Blend::Ranks`]: `Σ_m w_m / (offset + rank_m(j))`, ranks from 1, ties by item: what the scores mean plays no part.
//! - [`Stacking`] learns the weights of [`Blend::Weighted`]: logistic regression of "was bought" on all `z`,
//!   with a ridge, over validation shoppers. The intercept orders nothing and is dropped; a part that
//!   speaks against is given weight 0.
//!
//! The score of an item does not depend on which others are asked for. A reason is a part's reason, scaled
//! such that the reasons of a part add up to what it adds here.
//!
//! Sources: Burke, "Hybrid recommender systems: survey and experiments", UMUAI 12(4), 2002 (weighted); Cormack, Clarke
//! and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods",
//! SIGIR 2009 (ranks, offset 60); Wolpert, "Stacked generalization", Neural Networks 5(2), 1992 (learnt).
//! Cost: each part's scores of the catalogue, and for ranks a sort of them.

use crate::Recommender;
use crate::links::{self, above_0, at_least_0, at_least_1};
use domain::{Explain, FitError, History, ItemIdx, Reason, Score};
use learn::{cholesky, cholesky_solve};
use std::sync::Arc;

/// A model with its weight.
#[derive(Clone)]
pub struct Part {
    /// The model.
    pub model: Arc<dyn Recommender>,
    /// Its weight, at least 0.
    pub weight: f32,
    /// What the part is called where it gives no reasons of its own.
    pub term: &'static str,
}

/// How parts become one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Blend {
    /// By scores between 0 and 1.
    Weighted,
    /// By reciprocal ranks.
    Ranks {
        /// Added to the rank, above 0: larger makes the top count less.
        offset: f32,
    },
}

impl Blend {
    /// Fused ranks with the offset of the paper.
    pub const RANKS: Self = Self::Ranks { offset: 60.0 };
}

/// Several models as one, over a catalogue of `n_items`.
#[derive(Clone)]
pub struct Hybrid {
    parts: Vec<Part>,
    blend: Blend,
    n_items: usize,
}

impl Hybrid {
    /// Joins at least one model.
    ///
    /// # Errors
    /// [`FitError::Param`] for a weight or offset outside its range, or no part.
    pub fn new(parts: Vec<Part>, blend: Blend, n_items: usize) -> Result<Self, FitError> {
        at_least_1("parts", parts.len())?;
        parts.iter().try_for_each(|part| at_least_0("weight", part.weight))?;
        if let Blend::Ranks { offset } = blend {
            above_0("offset", offset)?;
        }
        Ok(Self { parts, blend, n_items })
    }

    /// What each part adds to each item of the catalogue.
    fn added(&self, history: History<'_>) -> Vec<Vec<Option<f32>>> {
        let catalogue: Vec<ItemIdx> = (0..self.n_items as u32).map(ItemIdx).collect();
        let of = |part: &Part| {
            let scores = part.model.score(history, &catalogue);
            let values = match self.blend {
                Blend::Weighted => between_0_and_1(&scores),
                Blend::Ranks { offset } => reciprocal_ranks(&scores, offset),
            };
            values.into_iter().map(|v| v.map(|v| part.weight * v)).collect()
        };
        self.parts.iter().map(of).collect()
    }
}

/// Scores moved to the range from 0 to 1; 1 where all are equal.
fn between_0_and_1(scores: &[Option<f32>]) -> Vec<Option<f32>> {
    let known = || scores.iter().flatten().copied();
    let (low, high) = (known().fold(f32::INFINITY, f32::min), known().fold(f32::NEG_INFINITY, f32::max));
    let value = |score: f32| if high > low { (score - low) / (high - low) } else { 1.0 };
    scores.iter().map(|s| s.map(value)).collect()
}

fn reciprocal_ranks(scores: &[Option<f32>], offset: f32) -> Vec<Option<f32>> {
    let mut order: Vec<(usize, f32)> = scores.iter().enumerate().filter_map(|(at, s)| Some((at, (*s)?))).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut values = vec![None; scores.len()];
    for (rank, (at, _)) in order.into_iter().enumerate() {
        values[at] = Some(1.0 / (offset + rank as f32 + 1.0));
    }
    values
}

fn sum(added: &[Vec<Option<f32>>], item: ItemIdx) -> Option<f32> {
    let mut total = None;
    for part in added {
        if let Some(value) = part.get(item.at()).copied().flatten() {
            *total.get_or_insert(0.0) += value;
        }
    }
    total
}

impl Score for Hybrid {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let added = self.added(history);
        candidates.iter().map(|c| sum(&added, *c)).collect()
    }
}

impl Explain for Hybrid {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let added = self.added(history);
        let mut reasons = Vec::new();
        for (part, added) in self.parts.iter().zip(&added) {
            let Some(value) = added.get(candidate.at()).copied().flatten() else { continue };
            let own = part.model.explain(history, candidate);
            let (total, size) =
                own.iter().fold((0.0_f32, 0.0_f32), |(total, size), r| (total + r.part, size + r.part.abs()));
            // Reasons that cancel each other cannot be scaled to a sum.
            if total.abs() > 1e-3 * size {
                reasons.extend(own.into_iter().map(|r| Reason { part: r.part * (value / total), ..r }));
            } else {
                reasons.push(Reason { term: part.term, item: None, part: value });
            }
        }
        links::sorted(reasons)
    }
}

/// How weights are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stacking {
    /// Weight of the squared weights, above 0, in purchases.
    pub ridge: f32,
    /// Newton steps, at least 1.
    pub n_steps: usize,
}

impl Default for Stacking {
    fn default() -> Self {
        Self { ridge: 1.0, n_steps: 25 }
    }
}

/// A shopper whose later purchases are known.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// What was known before.
    pub history: History<'a>,
    /// What was bought then; items of the history that are bought again count too.
    pub bought: &'a [ItemIdx],
}

impl Stacking {
    /// Learns the weights of `parts` (theirs are not read) from shoppers that no part has learnt from.
    ///
    /// # Errors
    /// [`FitError::Param`] as for [`Hybrid::new`] and for parameters outside their range,
    /// [`FitError::TooLittleData`] where no shopper bought anything that a part can score.
    pub fn fit(&self, parts: &[Part], outcomes: &[Outcome<'_>], n_items: usize) -> Result<Hybrid, FitError> {
        above_0("ridge", self.ridge)?;
        at_least_1("n_steps", self.n_steps)?;
        let alike: Vec<Part> = parts.iter().map(|part| Part { weight: 1.0, ..part.clone() }).collect();
        let plain = Hybrid::new(alike, Blend::Weighted, n_items)?;
        let (mut rows, mut labels) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            let added = plain.added(outcome.history);
            for item in (0..n_items as u32).map(ItemIdx).filter(|item| sum(&added, *item).is_some()) {
                rows.extend(added.iter().map(|part| part[item.at()].unwrap_or(0.0)));
                rows.push(1.0);
                labels.push(outcome.bought.contains(&item));
            }
        }
        let n_bought = labels.iter().filter(|bought| **bought).count();
        if n_bought == 0 {
            return Err(FitError::TooLittleData { what: "later purchases that a part can score", have: 0, need: 1 });
        }
        let weights = self.newton(&rows, &labels, parts.len() + 1)?;
        let weighted = parts.iter().zip(weights).map(|(part, w)| Part { weight: w.max(0.0), ..part.clone() });
        Hybrid::new(weighted.collect(), Blend::Weighted, n_items)
    }

    /// Logistic regression on rows of `n` numbers, the last of which is the intercept's 1 and is not held down.
    fn newton(&self, rows: &[f32], labels: &[bool], n: usize) -> Result<Vec<f32>, FitError> {
        let mut w = vec![0.0_f32; n];
        for _ in 0..self.n_steps {
            let (mut gradient, mut hessian) = (vec![0.0_f64; n], vec![0.0_f64; n * n]);
            for (row, label) in rows.chunks_exact(n).zip(labels) {
                let at: f32 = row.iter().zip(&w).map(|(x, w)| x * w).sum();
                let p = 1.0 / (1.0 + f64::from(-at).exp());
                let (miss, curve) = (f64::from(u8::from(*label)) - p, p * (1.0 - p));
                for i in 0..n {
                    gradient[i] += miss * f64::from(row[i]);
                    for j in 0..n {
                        hessian[i * n + j] += curve * f64::from(row[i]) * f64::from(row[j]);
                    }
                }
            }
            for i in 0..n - 1 {
                gradient[i] -= f64::from(self.ridge * w[i]);
                hessian[i * n + i] += f64::from(self.ridge);
            }
            // Where nearly everything is certain the intercept's curvature vanishes.
            hessian[n * n - 1] += 1e-6;
            let mut matrix: Vec<f32> = hessian.into_iter().map(|h| h as f32).collect();
            let mut step: Vec<f32> = gradient.into_iter().map(|g| g as f32).collect();
            cholesky(&mut matrix, n).map_err(|e| FitError::Diverged(format!("stacking, {e}")))?;
            cholesky_solve(&matrix, n, &mut step);
            w.iter_mut().zip(&step).for_each(|(w, s)| *w += s);
            if step.iter().all(|s| s.abs() < 1e-5) {
                break;
            }
        }
        Ok(w)
    }
}

impl Hybrid {
    /// The weights of the parts, in their order.
    pub fn weights(&self) -> Vec<f32> {
        self.parts.iter().map(|part| part.weight).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    /// Fixed scores whatever the history.
    struct Fixed(Vec<Option<f32>>);

    impl Score for Fixed {
        fn score(&self, _: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
            candidates.iter().map(|c| self.0.get(c.at()).copied().flatten()).collect()
        }
    }

    impl Explain for Fixed {
        fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
            let score = self.score(history, &[candidate])[0];
            let half = |part| Reason { term: "half", item: None, part: part / 2.0 };
            score.into_iter().flat_map(|s| [half(s), half(s)]).collect()
        }
    }

    fn parts(weights: [f32; 2]) -> Vec<Part> {
        let scores =
            [vec![Some(4.0), Some(2.0), Some(0.0), None, None], vec![None, Some(-1.0), Some(1.0), Some(0.0), None]];
        let of = |(scores, weight)| Part { model: Arc::new(Fixed(scores)), weight, term: "part" };
        scores.into_iter().zip(weights).map(of).collect()
    }

    const ALL: [ItemIdx; 6] = [ItemIdx(0), ItemIdx(1), ItemIdx(2), ItemIdx(3), ItemIdx(4), ItemIdx(9)];

    /// Between 0 and 1 the parts are (1, ½, 0, –) and (–, 0, 1, ½); with weights 2 and 1: 2, 1, 1, ½.
    #[test]
    fn weighted_by_hand() {
        let model = Hybrid::new(parts([2.0, 1.0]), Blend::Weighted, 5).unwrap();
        let want = [Some(2.0), Some(1.0), Some(1.0), Some(0.5), None, None];
        assert_eq!(model.score(History::EMPTY, &ALL), want);
    }

    /// Ranks (1, 2, 3, –) and (–, 3, 1, 2), offset 1: ½, ⅓ + ¼, ¼ + ½, ⅓.
    #[test]
    fn fused_ranks_by_hand() {
        let model = Hybrid::new(parts([1.0, 1.0]), Blend::Ranks { offset: 1.0 }, 5).unwrap();
        let got = model.score(History::EMPTY, &ALL);
        for (got, want) in got.iter().zip([0.5, 1.0 / 3.0 + 0.25, 0.75, 1.0 / 3.0]) {
            assert!((got.unwrap() - want).abs() < 1e-6, "{got:?} {want}");
        }
        assert_eq!(got[4..], [None, None]);
        assert_eq!(model.score(History::EMPTY, &ALL[2..3])[0], got[2], "whoever else is asked for");
    }

    #[test]
    fn reasons_add_up_to_the_score() {
        for blend in [Blend::Weighted, Blend::RANKS] {
            let model = Hybrid::new(parts([2.0, 1.0]), blend, 5).unwrap();
            for item in ALL {
                let sum: f32 = model.explain(History::EMPTY, item).iter().map(|r| r.part).sum();
                let score = model.score(History::EMPTY, &[item])[0].unwrap_or(0.0);
                assert!((sum - score).abs() < 1e-6, "{blend:?} {item:?}: {sum} {score}");
            }
        }
    }

    /// One part knows what is bought, the other is noise: nearly all weight goes to the first.
    #[test]
    fn stacking_finds_the_part_that_knows() {
        let mut rng = Seed(3).stream(0);
        let n_items = 200;
        let truth: Vec<f32> = (0..n_items).map(|_| rng.normal() as f32).collect();
        let noise: Vec<f32> = (0..n_items).map(|_| rng.normal() as f32).collect();
        let bought: Vec<ItemIdx> = (0..n_items as u32).map(ItemIdx).filter(|i| truth[i.at()] > 1.0).collect();
        let part = |scores: &[f32]| {
            let scores = scores.iter().map(|s| Some(*s)).collect();
            Part { model: Arc::new(Fixed(scores)), weight: 1.0, term: "part" }
        };
        let outcome = Outcome { history: History::EMPTY, bought: &bought };
        let model = Stacking::default().fit(&[part(&noise), part(&truth)], &[outcome], n_items).unwrap();
        let w = model.weights();
        assert!(w[1] > 5.0 * w[0] && w[1] > 1.0, "{w:?}");
        let nothing = Outcome { history: History::EMPTY, bought: &[] };
        let error = Stacking::default().fit(&[part(&noise)], &[nothing], n_items).map(|_| ()).unwrap_err();
        assert!(matches!(error, FitError::TooLittleData { .. }));
    }

    /// Two rows, x = 1 bought and x = 0 not, ridge r and intercept b: the gradient is (1 − σ(w + b)) − r w = 0
    /// and (1 − σ(w + b)) = σ(b), so b = −w / 2 and r w = σ(−w / 2). With r = 0.5 that is w = 0.8021.
    #[test]
    fn the_regression_by_hand() {
        let stacking = Stacking { ridge: 0.5, n_steps: 50 };
        let w = stacking.newton(&[1.0, 1.0, 0.0, 1.0], &[true, false], 2).unwrap();
        let sigma = |x: f32| 1.0 / (1.0 + (-x).exp());
        assert!((0.5 * w[0] - sigma(-w[0] / 2.0)).abs() < 1e-4 && (w[1] + w[0] / 2.0).abs() < 1e-3, "{w:?}");
        assert!((w[0] - 0.8021).abs() < 1e-3, "{w:?}");
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let name = |error: Option<FitError>| match error {
            Some(FitError::Param { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(Hybrid::new(vec![], Blend::Weighted, 5).err()), "parts");
        assert_eq!(name(Hybrid::new(parts([-1.0, 1.0]), Blend::Weighted, 5).err()), "weight");
        assert_eq!(name(Hybrid::new(parts([1.0, 1.0]), Blend::Ranks { offset: 0.0 }, 5).err()), "offset");
    }
}
