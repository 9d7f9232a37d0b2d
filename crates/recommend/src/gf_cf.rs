//! GF-CF: collaborative filtering as a filter on the graph of items, in closed form.
//!
//! With `R̃(s, i) = w(s, i) / √(d(s) d(i))`, `d` the sums of a row or column, `D` the diagonal of `d(i)` and `V` the
//! leading right singular vectors of `R̃`, the scores of a history `x` are
//! `x (R̃ᵀR̃ + low_pass · D^(−½) V Vᵀ D^(½))`: a linear filter that passes what is smooth on the graph, and an
//! ideal low pass that keeps the smoothest directions whole.
//!
//! Source: Shen, Wu, Zhang, Shan, Zhang, Letaief and Li, "How powerful is graph convolution for
//! recommendation?", CIKM 2021. Cost: the linear part `O(Σ_s |history(s)|²)`, the vectors as in
//! `learn::low_rank`; scoring `O(|history| · k + (|history| + |candidates|) · rank + n_items)`; the model keeps at
//! most `n_items · (k + 2 rank)` numbers.

use crate::links::{self, at_least_0, at_least_1};
use crate::saved::{MAX_FACTORS, Save};
use crate::signal::{distinct, matrix};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::low_rank::{LowRankParams, low_rank};
use learn::{Csr, keep_largest, product};

/// How the filter is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GfCfParams {
    /// Directions that the low pass keeps, at least 1; fewer where the data have no more.
    pub rank: usize,
    /// Weight of the low pass beside the linear filter, at least 0.
    pub low_pass: f32,
    /// Items kept for each item in the linear filter, at least 1.
    pub k: usize,
}

impl Default for GfCfParams {
    fn default() -> Self {
        Self { rank: 64, low_pass: 0.3, k: 1_000 }
    }
}

/// Fitted model. `links` is `R̃ᵀR̃`; `from` and `to` are `n_items × rank`: the vectors as an item of a
/// history sends them and as a candidate receives them. An item never bought in training has no score.
#[derive(Clone, Debug, PartialEq)]
pub struct GfCf {
    links: Csr,
    rank: usize,
    from: Vec<f32>,
    to: Vec<f32>,
    bought: Vec<bool>,
}

impl Fit for GfCfParams {
    type Model = GfCf;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<GfCf, FitError> {
        at_least_1("rank", self.rank)?;
        at_least_1("k", self.k)?;
        at_least_0("low_pass", self.low_pass)?;
        let weights = matrix(train);
        let by_item = weights.transpose();
        let sums = |m: &Csr| (0..m.n_rows()).map(|r| m.row(r).1.iter().sum()).collect::<Vec<f32>>();
        let (shopper_sums, item_sums) = (sums(&weights), sums(&by_item));
        let by_shopper = weights.map(|s, i, w| w / (shopper_sums[s] * item_sums[i as usize]).sqrt());
        let by_item = by_shopper.transpose();
        let links = product(&by_item, &by_shopper, |_, cells| keep_largest(cells, self.k));
        let params = LowRankParams { rank: self.rank, ..LowRankParams::default() };
        let found =
            low_rank(&by_shopper, &by_item, &params, seed).map_err(|e| FitError::Diverged(format!("GF-CF, {e}")))?;
        let scaled = |power: f32| {
            let row = |i: usize| {
                // What nobody bought has a vector of zeros, and no power of its sum.
                let scale = if item_sums[i] > 0.0 { item_sums[i].powf(power) } else { 0.0 };
                found.vectors[i * found.rank..(i + 1) * found.rank].iter().map(move |v| scale * v)
            };
            (0..item_sums.len()).flat_map(row).collect::<Vec<f32>>()
        };
        Ok(GfCf {
            from: scaled(-0.5).into_iter().map(|v| self.low_pass * v).collect(),
            to: scaled(0.5),
            links,
            rank: found.rank,
            bought: item_sums.iter().map(|sum| *sum > 0.0).collect(),
        })
    }
}

impl GfCf {
    /// The items of a history that say something.
    fn asked(&self, history: History<'_>) -> Vec<(ItemIdx, f32)> {
        let mut items = distinct(history, self.bought.len());
        items.retain(|(item, _)| self.bought[item.at()]);
        items
    }

    fn part<'a>(&self, vectors: &'a [f32], item: ItemIdx) -> &'a [f32] {
        &vectors[item.at() * self.rank..][..self.rank]
    }

    fn dot(&self, taste: &[f32], candidate: ItemIdx) -> f32 {
        taste.iter().zip(self.part(&self.to, candidate)).map(|(x, y)| x * y).sum()
    }

    fn knows(&self, candidate: ItemIdx) -> bool {
        self.bought.get(candidate.at()) == Some(&true)
    }
}

impl Score for GfCf {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let items = self.asked(history);
        if items.is_empty() {
            return vec![None; candidates.len()];
        }
        let mut taste = vec![0.0_f32; self.rank];
        for &(item, weight) in &items {
            taste.iter_mut().zip(self.part(&self.from, item)).for_each(|(t, v)| *t += weight * v);
        }
        let linear = links::score(&self.links, &items, candidates);
        let both =
            |(c, linear): (&ItemIdx, Option<f32>)| self.knows(*c).then(|| linear.unwrap_or(0.0) + self.dot(&taste, *c));
        candidates.iter().zip(linear).map(both).collect()
    }
}

impl Save for GfCf {
    fn save(&self, to: &mut Writer) {
        to.u64s("rank", &[self.rank as u64]);
        to.u64s("bought", &self.bought.iter().map(|b| u64::from(*b)).collect::<Vec<u64>>());
        to.f32s("from", &self.from);
        to.f32s("to", &self.to);
        to.csr("links", &self.links);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [rank] = from.sizes("rank", MAX_FACTORS)?;
        let links = links::load(from)?;
        let model = Self {
            rank,
            from: from.f32s("from")?,
            to: from.f32s("to")?,
            bought: from.u64s("bought")?.into_iter().map(|b| b != 0).collect(),
            links,
        };
        let cells = model.bought.len() * rank;
        let fits = model.links.n_rows() == model.bought.len() && model.from.len() == cells && model.to.len() == cells;
        if fits { Ok(model) } else { Err(ContainerError::content("from", "`rank` numbers for each item")) }
    }
}

impl Explain for GfCf {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        if !self.knows(candidate) {
            return Vec::new();
        }
        let items = self.asked(history);
        let mut reasons = links::explain(&self.links, &items, candidate, "bought together with");
        reasons.extend(items.iter().map(|&(item, weight)| Reason {
            term: "of the same broad taste as",
            item: Some(item),
            part: weight * self.dot(self.part(&self.from, item), candidate),
        }));
        links::sorted(reasons)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shoppers {0, 1}, {1}: `d` of shoppers 2 and 1, of items 1 and 2. `R̃ = [1/√2 1/2; 0 1/√2]`, so
    /// `R̃ᵀR̃ = [1/2 1/√8; 1/√8 3/4]` with the eigenvalues 1 and 1/4; the vector of 1 is (1, √2)/√3. From item 0
    /// to item 1: `1/√8 + 0.3 · (1/√1 · 1/√3) · (√2/√3 · √2) = 0.353553 + 0.3 · 2/3`.
    #[test]
    fn two_shoppers_by_hand() {
        let train = Interactions::from_baskets(3, [&[0, 1][..], &[1]]);
        let model = GfCfParams { rank: 1, low_pass: 0.3, k: 9 }.fit(&train, Seed(1)).unwrap();
        let got = model.score(History::of(&[ItemIdx(0)]), &[ItemIdx(0), ItemIdx(1), ItemIdx(2)]);
        assert!((got[1].unwrap() - 0.553_553).abs() < 1e-4, "{got:?}");
        assert!((got[0].unwrap() - (0.5 + 0.3 / 3.0)).abs() < 1e-4, "{got:?}");
        assert_eq!(got[2], None, "nobody bought it");
        assert_eq!(model.score(History::of(&[ItemIdx(2)]), &[ItemIdx(0)]), [None]);
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        let plain = GfCfParams::default();
        for (params, want) in [
            (GfCfParams { rank: 0, ..plain }, "rank"),
            (GfCfParams { k: 0, ..plain }, "k"),
            (GfCfParams { low_pass: -1.0, ..plain }, "low_pass"),
        ] {
            assert!(matches!(params.fit(&train, Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }
}
