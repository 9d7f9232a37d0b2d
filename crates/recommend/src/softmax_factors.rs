//! Softmax factors: what a shopper has bought points to what was bought with it, in one product of vectors.
//!
//! `score(j) = x · q_j + b_j` with `x = n^(1 − length_power) · Σ w_i p_i / Σ w_i` over the `n` known items of
//! the history and `b_j` the logarithm of the item's buyers over those of the mean item. `p` and `q` are
//! learnt such that each item of a history is picked out from all items by the *other* items of that
//! history (see [`learn::SetSoftmax`]). There is no vector of a shopper: a new one with the same history
//! gets the same scores, nothing is folded in, and every item of the history says its part. The score is
//! the logarithm of odds, up to a number that is the same for all items of a list.
//!
//! The weight of an interaction is how often it is learnt from in an epoch, so the rows of a weakened
//! market cost and count less. `n_members` models from as many seeds, the given one and those after it, are
//! averaged; the average of such scores is the score of one model whose vectors are the members' vectors
//! end to end, and that is what is kept.
//!
//! Source: Kabbur, Ning and Karypis, "FISM: factored item similarity models for top-N recommender systems",
//! KDD 2013, for the form; the softmax over drawn items as for language models (see the kernel). Cost:
//! `6 n_drawn · f` multiply-adds an interaction, epoch and member; a score `f · n_members`, with as much for
//! each item of the history once; the model keeps `2 n_items · f · n_members` numbers.

use crate::Save;
use crate::links::{above_0, at_least_0, at_least_1, fading, from_0_to_1, sorted};
use crate::saved::{exactly, vectors};
use crate::signal::{distinct, matrix};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::lanes::{add_scaled, dot};
use learn::{SetSoftmax, Tables, row_factor};

/// How the vectors are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxFactorsParams {
    /// Length of a member's vector, at least 1.
    pub n_factors: usize,
    /// Models from different seeds that are averaged, at least 1.
    pub n_members: usize,
    /// Passes over the interactions, at least 1.
    pub n_epochs: usize,
    /// Items that the bought ones of a batch are compared with, at least 1.
    pub n_drawn: usize,
    /// Interactions of a batch, at least 1.
    pub batch: usize,
    /// Step length, above 0.
    pub learning_rate: f32,
    /// Factor of the step length from one epoch to the next, above 0 and at most 1.
    pub decay: f32,
    /// Weight of the squared lengths, at least 0.
    pub reg: f32,
    /// 0: items of a history add up, 1: they are averaged; from 0 to 1.
    pub length_power: f32,
    /// Whether an item has one vector in both roles.
    pub tables: Tables,
    /// What an item's vectors take over from the items that it was bought with, from 0 to 1: a graph
    /// convolution as in LightGCN, in training and in the scores.
    pub smoothing: f32,
}

impl Default for SoftmaxFactorsParams {
    fn default() -> Self {
        Self {
            n_factors: 128,
            n_members: 1,
            n_epochs: 32,
            n_drawn: 128,
            batch: 2048,
            learning_rate: 0.005,
            decay: 0.95,
            reg: 5e-5,
            length_power: 0.5,
            tables: Tables::Two,
            smoothing: 0.0,
        }
    }
}

/// Fitted model. `from` and `to` are `n_items × width`, `width = n_factors · n_members`. An item without
/// interactions has no score.
#[derive(Clone, Debug, PartialEq)]
pub struct SoftmaxFactors {
    width: usize,
    length_power: f32,
    from: Vec<f32>,
    /// Divided by the number of members.
    to: Vec<f32>,
    /// Not finite for an item without interactions.
    bias: Vec<f32>,
}

impl Fit for SoftmaxFactorsParams {
    type Model = SoftmaxFactors;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range, [`FitError::Diverged`] when the steps ran
    /// away, which takes a large learning rate.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<SoftmaxFactors, FitError> {
        for (name, value) in [
            ("n_factors", self.n_factors),
            ("n_members", self.n_members),
            ("n_epochs", self.n_epochs),
            ("n_drawn", self.n_drawn),
            ("batch", self.batch),
        ] {
            at_least_1(name, value)?;
        }
        at_least_0("reg", self.reg)?;
        above_0("learning_rate", self.learning_rate)?;
        fading("decay", self.decay)?;
        from_0_to_1("length_power", self.length_power)?;
        from_0_to_1("smoothing", self.smoothing)?;
        let cells = matrix(train);
        let (n, f, width) = (train.n_items(), self.n_factors, self.n_factors * self.n_members);
        let (mut from, mut to, mut bias) = (vec![0.0; n * width], vec![0.0; n * width], vec![f32::NEG_INFINITY; n]);
        for member in 0..self.n_members {
            let one = self.learner().fit(&cells, of_member(seed, member));
            let places = member * f..(member + 1) * f;
            for (all, one) in from.chunks_exact_mut(width).zip(one.from.chunks_exact(f)) {
                all[places.clone()].copy_from_slice(one);
            }
            for (all, one) in to.chunks_exact_mut(width).zip(one.to.chunks_exact(f)) {
                add_scaled(&mut all[places.clone()], 1.0 / self.n_members as f32, one);
            }
            bias = one.bias; // of the data, the same for all members
        }
        // Vectors whose products are no numbers are as bad as numbers that are none.
        if from.chunks_exact(width).chain(to.chunks_exact(width)).any(|v| !dot(v, v).is_finite()) {
            return Err(FitError::Diverged("softmax factors, lower `learning_rate`".into()));
        }
        Ok(SoftmaxFactors { width, length_power: self.length_power, from, to, bias })
    }
}

/// A member of the model of one seed is the only member of the model of the seed so many further on.
fn of_member(seed: Seed, member: usize) -> Seed {
    Seed(seed.0.wrapping_add(member as u64)).derive(0)
}

impl SoftmaxFactorsParams {
    const fn learner(&self) -> SetSoftmax {
        SetSoftmax {
            n_factors: self.n_factors,
            n_epochs: self.n_epochs,
            n_drawn: self.n_drawn,
            batch: self.batch,
            learning_rate: self.learning_rate,
            decay: self.decay,
            reg: self.reg,
            length_power: self.length_power,
            tables: self.tables,
            smoothing: self.smoothing,
        }
    }
}

impl SoftmaxFactors {
    /// Logarithm of an item's buyers over the mean item's; `None` for an item without interactions.
    fn bias(&self, item: ItemIdx) -> Option<f32> {
        self.bias.get(item.at()).copied().filter(|b| b.is_finite())
    }

    fn vector<'a>(&self, table: &'a [f32], item: ItemIdx) -> &'a [f32] {
        &table[item.at() * self.width..][..self.width]
    }

    /// The known items of a history, each with the factor of its vector.
    fn shares(&self, history: History<'_>) -> Vec<(ItemIdx, f32)> {
        let mut items = distinct(history, self.bias.len());
        items.retain(|(item, _)| self.bias(*item).is_some());
        let factor = row_factor(items.len(), items.iter().map(|(_, w)| w).sum(), self.length_power);
        items.iter_mut().for_each(|(_, weight)| *weight *= factor);
        items
    }

    /// `x`; `None` when nothing of the history is known.
    fn sum(&self, history: History<'_>) -> Option<Vec<f32>> {
        let shares = self.shares(history);
        let mut x = vec![0.0; self.width];
        shares.iter().for_each(|(item, share)| add_scaled(&mut x, *share, self.vector(&self.from, *item)));
        (!shares.is_empty()).then_some(x)
    }
}

impl Score for SoftmaxFactors {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let Some(x) = self.sum(history) else { return vec![None; candidates.len()] };
        candidates.iter().map(|c| Some(self.bias(*c)? + dot(&x, self.vector(&self.to, *c)))).collect()
    }
}

impl Save for SoftmaxFactors {
    fn save(&self, to: &mut Writer) {
        to.u64s("width", &[self.width as u64]);
        to.f32s("length power", &[self.length_power]);
        to.u64s("bought", &self.bias.iter().map(|b| u64::from(b.is_finite())).collect::<Vec<u64>>());
        to.f32s("bias", &self.bias.iter().map(|b| if b.is_finite() { *b } else { 0.0 }).collect::<Vec<f32>>());
        to.f32s("from", &self.from);
        to.f32s("to", &self.to);
    }

    fn load(reader: &Reader<'_>) -> Result<Self, ContainerError> {
        let [width] = exactly::<1>(reader, "width")?;
        let width = usize::try_from(width).unwrap_or(usize::MAX);
        let power = reader.f32s("length power")?;
        let &[length_power] = power.as_slice() else {
            return Err(ContainerError::content("length power", "one number"));
        };
        if !(0.0..=1.0).contains(&length_power) {
            return Err(ContainerError::content("length power", "a number from 0 to 1"));
        }
        let (bought, bias) = (reader.u64s("bought")?, reader.f32s("bias")?);
        let (from, to) = (vectors(reader, "from", width)?, vectors(reader, "to", width)?);
        if bias.len() != bought.len() || from.len() != to.len() || from.len() / width != bias.len() {
            return Err(ContainerError::content("bias", "one number for each item"));
        }
        let bias = bias.into_iter().zip(bought).map(|(b, known)| if known == 0 { f32::NEG_INFINITY } else { b });
        Ok(Self { width, length_power, from, to, bias: bias.collect() })
    }
}

impl Explain for SoftmaxFactors {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let shares = self.shares(history);
        let (Some(bias), false) = (self.bias(candidate), shares.is_empty()) else { return Vec::new() };
        let to = self.vector(&self.to, candidate);
        let part = |(item, share): &(ItemIdx, f32)| {
            let part = share * dot(self.vector(&self.from, *item), to);
            Reason { term: "close in taste to", item: Some(*item), part }
        };
        let own = Reason { term: "bought by others", item: None, part: bias };
        sorted(shares.iter().map(part).chain([own]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: SoftmaxFactorsParams = SoftmaxFactorsParams {
        n_factors: 3,
        n_members: 2,
        n_epochs: 60,
        n_drawn: 6,
        batch: 8,
        learning_rate: 0.02,
        decay: 1.0,
        reg: 1e-3,
        length_power: 0.5,
        tables: Tables::Two,
        smoothing: 0.0,
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
        let model = SMALL.fit(&train(), Seed(3)).unwrap();
        let score = |ids: &[u32]| model.score(History::of(&items(&[0, 1])), &items(ids));
        let lowest = score(&[2, 3, 4]).into_iter().flatten().fold(f32::INFINITY, f32::min);
        let highest = score(&[5, 6, 7, 8, 9]).into_iter().flatten().fold(f32::NEG_INFINITY, f32::max);
        assert!(lowest > highest, "{lowest} {highest}");
        assert_eq!(score(&[10]), [None]);
        assert_eq!(model.score(History::of(&items(&[10])), &items(&[1])), [None]);
    }

    #[test]
    fn the_score_is_the_mean_of_the_members() {
        let score = |params: SoftmaxFactorsParams, seed: u64| {
            let model = params.fit(&train(), Seed(seed)).unwrap();
            model.score(History::of(&items(&[1, 2])), &items(&[3, 7]))
        };
        let one = |seed: u64| score(SoftmaxFactorsParams { n_members: 1, ..SMALL }, seed);
        for ((both, a), b) in score(SMALL, 3).into_iter().zip(one(3)).zip(one(4)) {
            let (both, a, b) = (both.unwrap(), a.unwrap(), b.unwrap());
            assert!(a != b && (both - (a + b) / 2.0).abs() < 1e-4, "{both} {a} {b}");
        }
    }

    #[test] // Twelve buyers of item 0, six of 1, three of 2 and 3 each: mean 6, so ln 2, 0, ln ½.
    fn popularity_is_a_part_of_the_score_by_hand() {
        let baskets: Vec<Vec<u32>> =
            (0..12).map(|s| (0..4).filter(|i| s < [12, 6, 3, 3][*i as usize]).collect()).collect();
        let train = Interactions::from_baskets(4, baskets.iter().map(Vec::as_slice));
        let model = SMALL.fit(&train, Seed(1)).unwrap();
        let by_others = |item: u32| {
            let reasons = model.explain(History::of(&items(&[1])), ItemIdx(item));
            reasons.iter().find(|r| r.term == "bought by others").unwrap().part
        };
        for (item, want) in [(0, 2_f32.ln()), (1, 0.0), (2, 0.5_f32.ln())] {
            assert!((by_others(item) - want).abs() < 1e-6, "{item}: {}", by_others(item));
        }
    }

    #[test]
    fn weights_count_against_each_other_only() {
        let model = SMALL.fit(&train(), Seed(3)).unwrap();
        let (history, candidates) = (items(&[0, 6]), items(&[1, 2, 7]));
        let score = |weights: &[f32]| model.score(History::weighted(&history, weights), &candidates);
        let (even, twice, tilted) = (score(&[1.0, 1.0]), score(&[2.0, 2.0]), score(&[3.0, 1.0]));
        assert_eq!(even, twice);
        assert!(tilted[0] > even[0] && tilted[2] < even[2], "{even:?} {tilted:?}");
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        for (params, want) in [
            (SoftmaxFactorsParams { n_factors: 0, ..SMALL }, "n_factors"),
            (SoftmaxFactorsParams { n_members: 0, ..SMALL }, "n_members"),
            (SoftmaxFactorsParams { learning_rate: f32::NAN, ..SMALL }, "learning_rate"),
            (SoftmaxFactorsParams { decay: 1.5, ..SMALL }, "decay"),
            (SoftmaxFactorsParams { reg: -1.0, ..SMALL }, "reg"),
            (SoftmaxFactorsParams { length_power: 1.5, ..SMALL }, "length_power"),
            (SoftmaxFactorsParams { smoothing: -0.1, ..SMALL }, "smoothing"),
        ] {
            assert!(matches!(params.fit(&train(), Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
        let wild = SoftmaxFactorsParams { learning_rate: 1e38, ..SMALL };
        assert!(matches!(wild.fit(&train(), Seed(0)), Err(FitError::Diverged(_))));
    }
}
