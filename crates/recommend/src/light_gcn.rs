//! LightGCN: vectors of shoppers and items, smoothed along the purchases that join them.
//!
//! `score(j) = x · y_j + b_j`. An item's vector `y_j` is the mean of what zero to `n_layers` hops on the graph
//! of purchases bring it; a shopper's `x` is the same mean: what the items of the history give, and a part of the
//! shopper's own. `b_j` is the logarithm of the item's buyers over those of the mean item. The vectors are
//! learnt such that bought items have the highest odds among all (see [`learn::GraphSoftmax`]). Rows of a
//! weakened market count by their weight.
//!
//! **Scoring.** A model is asked with a history, not with a shopper: the own parts of the training's shoppers
//! are dropped, and that of a history is *folded in* by steps down the same loss with the items held. So a
//! known and a new shopper with the same history get the same scores. `n_members` models from as many seeds
//! are averaged.
//!
//! Departures from the paper: softmax over drawn items instead of pairs, which needs tens instead of
//! hundreds of passes; the bias; shoppers folded in. Source: He, Deng, Wang, Li, Zhang and Wang, "LightGCN:
//! simplifying and powering graph convolution network for recommendation", SIGIR 2020. Cost: a batch and
//! member take `4 n_layers · nnz · f` multiply-adds for the graph and `3 n_drawn · f` a shopper; a fold-in takes
//! `2 n_drawn · f` a member and step; the model keeps `2 n_items · f · n_members` numbers.

use crate::Save;
use crate::links::{above_0, at_least_0, at_least_1, fading, sorted};
use crate::saved::{MAX_STEPS, ascending, vectors};
use crate::signal::{distinct, matrix};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::lanes::{add_scaled, dot};
use learn::{Folded, GraphSoftmax, GraphVectors};

/// How the vectors are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LightGcnParams {
    /// Length of a member's vector, at least 1.
    pub n_factors: usize,
    /// Models from different seeds that are averaged, at least 1.
    pub n_members: usize,
    /// Hops that a vector travels, at least 1.
    pub n_layers: usize,
    /// Passes over the shoppers, at least 1.
    pub n_epochs: usize,
    /// Interactions of a batch of whole shoppers, at least 1.
    pub batch: usize,
    /// Items that the bought ones of a batch are compared with, and those of a history, at least 1.
    pub n_drawn: usize,
    /// Step length, above 0.
    pub learning_rate: f32,
    /// Factor of the step length from one epoch to the next, above 0 and at most 1.
    pub decay: f32,
    /// Weight of the squared lengths of an interaction's two vectors, at least 0.
    pub reg: f32,
    /// Steps to fold a history in; at 0 a shopper is what the items of the history give.
    pub n_fold_steps: usize,
}

impl Default for LightGcnParams {
    fn default() -> Self {
        Self {
            n_factors: 64,
            n_members: 1,
            n_layers: 3,
            n_epochs: 80,
            batch: 12_000,
            n_drawn: 256,
            learning_rate: 0.03,
            decay: 0.97,
            reg: 0.01,
            n_fold_steps: 50,
        }
    }
}

/// Fitted model: a pair of tables for each member, `n_items × n_factors`. An item without interactions has no
/// score.
#[derive(Clone, Debug, PartialEq)]
pub struct LightGcn {
    n_factors: usize,
    n_fold_steps: usize,
    members: Vec<GraphVectors>,
    /// Items that a history is compared with, ascending.
    drawn: Vec<u32>,
}

impl Fit for LightGcnParams {
    type Model = LightGcn;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when the steps ran
    /// away, which takes a large learning rate.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<LightGcn, FitError> {
        for (name, value) in [
            ("n_factors", self.n_factors),
            ("n_members", self.n_members),
            ("n_layers", self.n_layers),
            ("n_epochs", self.n_epochs),
            ("batch", self.batch),
            ("n_drawn", self.n_drawn),
        ] {
            at_least_1(name, value)?;
        }
        at_least_0("reg", self.reg)?;
        above_0("learning_rate", self.learning_rate)?;
        fading("decay", self.decay)?;
        let kernel = GraphSoftmax {
            n_factors: self.n_factors,
            n_layers: self.n_layers,
            n_epochs: self.n_epochs,
            batch: self.batch,
            n_drawn: self.n_drawn,
            learning_rate: self.learning_rate,
            decay: self.decay,
            reg: self.reg,
        };
        let cells = matrix(train);
        let of_member = |member: usize| kernel.fit(&cells, Seed(seed.0.wrapping_add(member as u64)).derive(0));
        let members: Vec<GraphVectors> = (0..self.n_members).map(of_member).collect();
        // Vectors whose products are no numbers are as bad as numbers that are none.
        let tables = members.iter().flat_map(|m| [&m.given, &m.seen]);
        if tables.flat_map(|t| t.chunks_exact(self.n_factors)).any(|v| !dot(v, v).is_finite()) {
            return Err(FitError::Diverged("graph convolution, lower `learning_rate`".into()));
        }
        let known: Vec<u32> = (0..).zip(&members[0].bias).filter(|(_, b)| b.is_finite()).map(|(i, _)| i).collect();
        let drawn = learn::draw(&known, self.n_drawn, &mut seed.derive(1).stream(0));
        Ok(LightGcn { n_factors: self.n_factors, n_fold_steps: self.n_fold_steps, members, drawn })
    }
}

/// A history as one member sees it: what its items give, and its own part.
struct Taste {
    given: Vec<f32>,
    own: Folded,
}

impl LightGcn {
    /// Logarithm of an item's buyers over the mean item's; `None` for an item without interactions.
    fn bias(&self, item: ItemIdx) -> Option<f32> {
        self.members[0].bias.get(item.at()).copied().filter(|b| b.is_finite())
    }

    /// The known items of a history with weights above 0.
    fn known(&self, history: History<'_>) -> Vec<(u32, f32)> {
        let items = distinct(history, self.members[0].bias.len()).into_iter();
        items.filter(|(item, w)| *w > 0.0 && self.bias(*item).is_some()).map(|(item, w)| (item.0, w)).collect()
    }

    fn tastes(&self, known: &[(u32, f32)]) -> Vec<Taste> {
        let of = |member: &GraphVectors| Taste {
            given: member.given_to(known),
            own: member.fold_in(known, &self.drawn, self.n_fold_steps),
        };
        self.members.iter().map(of).collect()
    }

    fn vector<'a>(&self, table: &'a [f32], item: u32) -> &'a [f32] {
        &table[item as usize * self.n_factors..][..self.n_factors]
    }
}

impl Score for LightGcn {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let known = self.known(history);
        if known.is_empty() {
            return vec![None; candidates.len()];
        }
        let share = 1.0 / self.members.len() as f32;
        let tastes: Vec<Vec<f32>> = self
            .tastes(&known)
            .into_iter()
            .map(|mut taste| {
                add_scaled(&mut taste.given, 1.0, &taste.own.x);
                taste.given
            })
            .collect();
        let score = |candidate: &ItemIdx| {
            let bias = self.bias(*candidate)?;
            let products = tastes.iter().zip(&self.members).map(|(x, m)| dot(x, self.vector(&m.seen, candidate.0)));
            Some(bias + share * products.sum::<f32>())
        };
        candidates.iter().map(score).collect()
    }
}

impl Explain for LightGcn {
    /// Each item of the history adds what it gives along the graph and its share of the folded-in part; what
    /// the history was compared with takes one part away.
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let known = self.known(history);
        let (Some(bias), false) = (self.bias(candidate), known.is_empty()) else { return Vec::new() };
        let total = known.iter().map(|(_, w)| w).sum::<f32>().sqrt();
        let share = 1.0 / self.members.len() as f32;
        let (mut parts, mut rest) = (vec![0.0; known.len()], 0.0);
        for (taste, member) in self.tastes(&known).iter().zip(&self.members) {
            let to = self.vector(&member.seen, candidate.0);
            for (((item, weight), own), part) in known.iter().zip(&taste.own.shares).zip(&mut parts) {
                let given = weight / total * dot(self.vector(&member.given, *item), to);
                *part += share * (given + own * dot(self.vector(&member.seen, *item), to));
            }
            rest += share * dot(&taste.own.rest, to);
        }
        let of_items = known.iter().zip(parts).map(|((item, _), part)| Reason {
            term: "close in taste to",
            item: Some(ItemIdx(*item)),
            part,
        });
        let others = Reason { term: "apart from what was not bought", item: None, part: rest };
        let popular = Reason { term: "bought by others", item: None, part: bias };
        sorted(of_items.chain([others, popular]).collect())
    }
}

impl Save for LightGcn {
    fn save(&self, to: &mut Writer) {
        to.u64s("params", &[self.n_factors, self.n_fold_steps, self.members.len()].map(|n| n as u64));
        to.f32s("own reg", &[self.members[0].own_reg]);
        to.u32s("drawn", &self.drawn);
        let bias = &self.members[0].bias;
        to.u64s("bought", &bias.iter().map(|b| u64::from(b.is_finite())).collect::<Vec<u64>>());
        to.f32s("bias", &bias.iter().map(|b| if b.is_finite() { *b } else { 0.0 }).collect::<Vec<f32>>());
        to.f32s("given", &self.members.iter().flat_map(|m| &m.given).copied().collect::<Vec<f32>>());
        to.f32s("seen", &self.members.iter().flat_map(|m| &m.seen).copied().collect::<Vec<f32>>());
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [n_factors, n_fold_steps, n_members] = from.sizes("params", MAX_STEPS)?;
        let [own_reg] = from.floats("own reg")?;
        let (bought, bias) = (from.u64s("bought")?, from.f32s("bias")?);
        let (given, seen) = (vectors(from, "given", n_factors)?, vectors(from, "seen", n_factors)?);
        let drawn = from.u32s("drawn")?;
        ascending(&drawn, bias.len(), "drawn")?;
        let size = bias.len() * n_factors;
        let whole = size.checked_mul(n_members);
        if bias.len() != bought.len() || n_members == 0 || whole != Some(given.len()) || given.len() != seen.len() {
            return Err(ContainerError::content("bias", "one number for each item"));
        }
        let bias: Vec<f32> =
            bias.into_iter().zip(bought).map(|(b, known)| if known == 0 { f32::NEG_INFINITY } else { b }).collect();
        let member = |at: usize| GraphVectors {
            n_factors,
            own_reg,
            given: given[at * size..(at + 1) * size].to_vec(),
            seen: seen[at * size..(at + 1) * size].to_vec(),
            bias: bias.clone(),
        };
        Ok(Self { n_factors, n_fold_steps, members: (0..n_members).map(member).collect(), drawn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: LightGcnParams = LightGcnParams {
        n_factors: 3,
        n_members: 2,
        n_layers: 2,
        n_epochs: 80,
        batch: 20,
        n_drawn: 6,
        learning_rate: 0.05,
        decay: 1.0,
        reg: 0.01,
        n_fold_steps: 30,
    };

    fn items(ids: &[u32]) -> Vec<ItemIdx> {
        ids.iter().copied().map(ItemIdx).collect()
    }

    /// Two tastes, items 0 to 4 and 5 to 9, each bought by five shoppers who lack one item each; nobody
    /// bought 10.
    fn train() -> Interactions {
        let lacks = |taste: u32, lack: u32| (0..5).filter(|i| *i != lack).map(|i| taste * 5 + i).collect::<Vec<u32>>();
        let baskets: Vec<Vec<u32>> = (0..10).map(|s| lacks(s / 5, s % 5)).collect();
        Interactions::from_baskets(11, baskets.iter().map(Vec::as_slice))
    }

    #[test]
    fn what_goes_with_the_history_comes_before_the_rest() {
        for n_fold_steps in [0, 30] {
            let model = LightGcnParams { n_fold_steps, ..SMALL }.fit(&train(), Seed(3)).unwrap();
            let score = |ids: &[u32]| model.score(History::of(&items(&[0, 1])), &items(ids));
            let lowest = score(&[2, 3, 4]).into_iter().flatten().fold(f32::INFINITY, f32::min);
            let highest = score(&[5, 6, 7, 8, 9]).into_iter().flatten().fold(f32::NEG_INFINITY, f32::max);
            assert!(lowest > highest, "{lowest} {highest}");
            assert_eq!(score(&[10]), [None]);
            assert_eq!(model.score(History::of(&items(&[10])), &items(&[1])), [None]);
        }
    }

    #[test]
    fn the_score_is_the_mean_of_the_members() {
        // With all items drawn, members are compared with the same ones.
        let score = |params: LightGcnParams, seed: u64| {
            let model = LightGcnParams { n_drawn: 10, ..params }.fit(&train(), Seed(seed)).unwrap();
            model.score(History::of(&items(&[1, 2])), &items(&[3, 7]))
        };
        let one = |seed: u64| score(LightGcnParams { n_members: 1, ..SMALL }, seed);
        for ((both, a), b) in score(SMALL, 3).into_iter().zip(one(3)).zip(one(4)) {
            let (both, a, b) = (both.unwrap(), a.unwrap(), b.unwrap());
            assert!(a != b && (both - (a + b) / 2.0).abs() < 1e-4, "{both} {a} {b}");
        }
    }

    #[test]
    fn reasons_add_up_to_the_score() {
        let model = SMALL.fit(&train(), Seed(3)).unwrap();
        let history = items(&[1, 0]);
        for candidate in items(&[2, 3, 7]) {
            let score = model.score(History::of(&history), &[candidate])[0].unwrap();
            let reasons = model.explain(History::of(&history), candidate);
            assert_eq!(reasons.len(), 4);
            assert!((reasons.iter().map(|r| r.part).sum::<f32>() - score).abs() < 1e-4);
        }
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        for (params, want) in [
            (LightGcnParams { n_factors: 0, ..SMALL }, "n_factors"),
            (LightGcnParams { n_members: 0, ..SMALL }, "n_members"),
            (LightGcnParams { n_layers: 0, ..SMALL }, "n_layers"),
            (LightGcnParams { learning_rate: f32::NAN, ..SMALL }, "learning_rate"),
            (LightGcnParams { decay: 1.5, ..SMALL }, "decay"),
            (LightGcnParams { reg: -1.0, ..SMALL }, "reg"),
        ] {
            assert!(matches!(params.fit(&train(), Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }
}
