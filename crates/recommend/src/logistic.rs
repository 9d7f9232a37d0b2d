//! Logistic matrix factorisation: the probability that a shopper buys an item, from two vectors.
//!
//! `score(j) = x_s · y_j`, the log-odds of a purchase: maximises `Σ alpha w ln σ(x_s · y_i)` over the
//! interactions (weight `w`) plus `Σ ln σ(−x_s · y_j)` over all pairs, estimated by drawn items, less `reg / 2`
//! of the squared lengths. Unlike squared loss it does not ask a bought item to score exactly 1.
//! There are no bias terms, which the paper has: one of the factors takes their place.
//!
//! A history is folded in by the same steps with the items held. Source: Johnson, "Logistic matrix
//! factorization for implicit feedback data", NIPS workshop on distributed machine learning 2014. Cost: `4 f
//! (1 + n_negatives)` multiply-adds an interaction and sweep; the model keeps `n_items × f` numbers.

use crate::Factors;
use crate::saved::{MAX_STEPS, Save, ascending, exactly, vectors};
use crate::signal::{distinct, matrix};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::lanes::dot;
use learn::{Draws, LogisticPairs};

/// How the vectors are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticParams {
    /// Length of a vector, at least 1.
    pub n_factors: usize,
    /// Steps of each side, at least 1.
    pub n_sweeps: usize,
    /// What one unit of weight counts against one item that was not bought, above 0.
    pub alpha: f32,
    /// Items drawn for each interaction and step, at least 1.
    pub n_negatives: usize,
    /// Step length, above 0.
    pub learning_rate: f32,
    /// Weight of the squared lengths, at least 0.
    pub reg: f32,
    /// Steps to fold a history in, at least 1.
    pub n_fold_steps: usize,
}

impl Default for LogisticParams {
    fn default() -> Self {
        Self {
            n_factors: 64,
            n_sweeps: 40,
            alpha: 20.0,
            n_negatives: 30,
            learning_rate: 0.3,
            reg: 1.0,
            n_fold_steps: 40,
        }
    }
}

/// Fitted model: `items` is `n_items × n_factors`. An item without interactions has a vector of zeros and no
/// score.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    params: LogisticParams,
    seed: Seed,
    items: Vec<f32>,
    /// Items that somebody bought, ascending: what is drawn.
    bought: Vec<u32>,
    draws: Draws,
}

/// Draws of the bought items, all alike.
fn draws(bought: &[u32], n_items: usize) -> Draws {
    let mut weights = vec![0.0; n_items];
    bought.iter().for_each(|item| weights[*item as usize] = 1.0);
    Draws::new(&weights)
}

impl Fit for LogisticParams {
    type Model = Logistic;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when the steps ran
    /// away.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<Logistic, FitError> {
        let counts = [
            ("n_factors", self.n_factors),
            ("n_sweeps", self.n_sweeps),
            ("n_negatives", self.n_negatives),
            ("n_fold_steps", self.n_fold_steps),
        ];
        if let Some((name, _)) = counts.into_iter().find(|(_, value)| *value == 0) {
            return Err(FitError::Param { name, rule: "at least 1", got: 0.0 });
        }
        let positive = |v: f32| v > 0.0 && v.is_finite();
        for (name, value, rule, holds) in [
            ("alpha", self.alpha, "above 0", positive(self.alpha)),
            ("learning_rate", self.learning_rate, "above 0", positive(self.learning_rate)),
            ("reg", self.reg, "at least 0", self.reg >= 0.0 && self.reg.is_finite()),
        ] {
            if !holds {
                return Err(FitError::Param { name, rule, got: f64::from(value) });
            }
        }
        let cells = matrix(train).map(|_, _, w| self.alpha * w);
        // Shoppers and items that never met anybody are no evidence against anything.
        let mut bought = vec![0.0; train.n_items()];
        train.iter().for_each(|cell| bought[cell.item.at()] = 1.0);
        let shoppers: Vec<f32> =
            (0..cells.n_rows()).map(|s| if cells.row(s).0.is_empty() { 0.0 } else { 1.0 }).collect();
        let (_, items) = self.pairs().fit(&cells, &shoppers, &bought, seed);
        if items.iter().any(|v| !v.is_finite()) {
            return Err(FitError::Diverged("logistic factorisation, lower `learning_rate`".into()));
        }
        let bought: Vec<u32> = (0..train.n_items() as u32).filter(|i| bought[*i as usize] > 0.0).collect();
        Ok(Logistic { params: *self, seed, items, draws: draws(&bought, train.n_items()), bought })
    }
}

impl LogisticParams {
    const fn pairs(&self) -> LogisticPairs {
        LogisticPairs {
            n_factors: self.n_factors,
            n_sweeps: self.n_sweeps,
            n_negatives: self.n_negatives,
            learning_rate: self.learning_rate,
            reg: self.reg,
        }
    }
}

impl Logistic {
    /// The known items of a history, its vector, and what each item brought to it.
    fn folded(&self, history: History<'_>) -> Option<(Vec<u32>, Vec<f32>, Vec<f32>)> {
        let known = distinct(history, self.n_items()).into_iter().filter(|(i, _)| self.item_vector(*i).is_some());
        let (columns, weights): (Vec<u32>, Vec<f32>) = known.map(|(i, w)| (i.0, self.params.alpha * w)).unzip();
        if columns.is_empty() {
            return None;
        }
        let (x, brought) = self.params.pairs().fold_in(
            (&columns, &weights),
            (&self.items, &self.draws),
            1.0,
            self.params.n_fold_steps,
            self.seed.derive(1),
        );
        Some((columns, x, brought))
    }
}

impl Factors for Logistic {
    fn n_factors(&self) -> usize {
        self.params.n_factors
    }

    fn item_vector(&self, item: ItemIdx) -> Option<&[f32]> {
        let f = self.params.n_factors;
        let vector = self.items.get(item.at() * f..(item.at() + 1) * f)?;
        vector.iter().any(|v| *v != 0.0).then_some(vector)
    }

    fn n_items(&self) -> usize {
        self.items.len() / self.params.n_factors
    }

    fn taste(&self, history: History<'_>) -> Option<Vec<f32>> {
        self.folded(history).map(|(_, x, _)| x)
    }
}

impl Score for Logistic {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let Some(taste) = self.taste(history) else { return vec![None; candidates.len()] };
        candidates.iter().map(|c| self.item_vector(*c).map(|y| dot(&taste, y))).collect()
    }
}

impl Save for Logistic {
    fn save(&self, to: &mut Writer) {
        let p = &self.params;
        to.u64s("params", &[p.n_factors, p.n_sweeps, p.n_negatives, p.n_fold_steps].map(|n| n as u64));
        to.f32s("weights", &[p.alpha, p.learning_rate, p.reg]);
        to.u64s("seed", &[self.seed.0]);
        to.u32s("bought", &self.bought);
        to.f32s("items", &self.items);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [n_factors, n_sweeps, n_negatives, n_fold_steps] = from.sizes("params", MAX_STEPS)?;
        let [alpha, learning_rate, reg] = from.floats("weights")?;
        let [seed]: [u64; 1] = exactly(from, "seed")?;
        let (bought, items) = (from.u32s("bought")?, vectors(from, "items", n_factors)?);
        ascending(&bought, items.len() / n_factors, "bought")?;
        let draws = draws(&bought, items.len() / n_factors);
        let params = LogisticParams { n_factors, n_sweeps, alpha, n_negatives, learning_rate, reg, n_fold_steps };
        Ok(Self { params, seed: Seed(seed), items, bought, draws })
    }
}

impl Explain for Logistic {
    /// A folded-in vector is the sum of what each item of the history brought and what the items that it
    /// lacks took away.
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let (Some((columns, x, brought)), Some(target)) = (self.folded(history), self.item_vector(candidate)) else {
            return Vec::new();
        };
        let own = columns.iter().zip(brought.chunks_exact(target.len())).map(|(item, brought)| Reason {
            term: "close in taste to",
            item: Some(ItemIdx(*item)),
            part: dot(brought, target),
        });
        let mut reasons: Vec<Reason> = own.collect();
        let rest = dot(&x, target) - reasons.iter().map(|r| r.part).sum::<f32>();
        reasons.push(Reason { term: "apart from what was not bought", item: None, part: rest });
        reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: LogisticParams = LogisticParams {
        n_factors: 4,
        n_sweeps: 60,
        alpha: 5.0,
        n_negatives: 5,
        learning_rate: 0.3,
        reg: 0.1,
        n_fold_steps: 40,
    };

    #[test]
    fn what_goes_with_the_history_comes_before_the_rest_and_says_why() {
        let baskets = [&[0, 1][..], &[0, 1, 2], &[1, 2], &[3, 4], &[3, 4, 5], &[4, 5]];
        let model = SMALL.fit(&Interactions::from_baskets(7, baskets), Seed(3)).unwrap();
        let history = [ItemIdx(0), ItemIdx(1)];
        let scores = model.score(History::of(&history), &[2, 3, 4, 5, 6].map(ItemIdx));
        let [Some(a), Some(b), Some(c), Some(d), None] = scores[..] else { panic!("{scores:?}") };
        assert!(a > b.max(c).max(d), "{scores:?}");
        let reasons = model.explain(History::of(&history), ItemIdx(2));
        assert!(reasons[0].item.is_some(), "an item of the history comes first: {reasons:?}");
        assert!((reasons.iter().map(|r| r.part).sum::<f32>() - a).abs() < 1e-4);
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        for (params, want) in [
            (LogisticParams { n_negatives: 0, ..SMALL }, "n_negatives"),
            (LogisticParams { alpha: 0.0, ..SMALL }, "alpha"),
            (LogisticParams { reg: f32::NAN, ..SMALL }, "reg"),
        ] {
            assert!(matches!(params.fit(&train, Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }
}
