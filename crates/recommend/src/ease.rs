//! EASE: the best linear prediction of each item from the others, in closed form.
//!
//! Minimises `‖X − X B‖² + reg ‖B‖²` with `diag(B) = 0`. With `P = (Xᵀ X + reg I)⁻¹` the solution is
//! `B(i, j) = −P(i, j) / P(j, j)`; the score of `j` is `Σ x(i) B(i, j)` over the history. `X` holds the
//! square roots of the weights, so a shopper of weight `w` counts like `w` shoppers.
//!
//! `dropout` adds `dropout / (1 − dropout)` times the buyers of each item to `reg`: it is what learning from
//! histories with a share `dropout` of their items left out comes to (EDLAE), so that no item leans on the
//! few others that always come with it. With it `reg` may be smaller.
//!
//! The sparse form keeps the objective and gives each item `j` only its `n` most similar items (by
//! cosine) as predictors: a ridge regression of its own, `B(S, j) = (X_Sᵀ X_S + reg I)⁻¹ X_Sᵀ x_j`. With
//! `S` all other items this is the dense solution.
//!
//! Sources: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019; for dropout Steck,
//! "Autoencoders that don't overfit towards the identity", NeurIPS 2020. Choosing predictors
//! by similarity: Ning and Karypis, "SLIM", ICDM 2011, section IV-C (there for another penalty).
//! Cost: dense `n_items³` multiply-adds and `2 n_items²` numbers while fitting, `n_items²` kept; sparse
//! `O(n_items · n³ / 6)` plus the histories of the buyers of the chosen items, and at most `n_items · n`
//! numbers. Scoring adds the rows of the history.

use crate::links::{self, above_0, at_least_1, rooted, roots};
use crate::saved::Save;
use crate::signal::distinct;
use crate::similarity::{Scratch, Similarity, Space};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::dense::{gram, spd_inverse};
use learn::{Csr, LocalGram, cholesky, cholesky_solve};
use rayon::prelude::*;

/// Items up to which the dense form is allowed: `2 n²` numbers of 4 bytes are 5 GB there.
const DENSE_LIMIT: usize = 25_000;

/// Which predictors an item may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EaseForm {
    /// All other items, by one inverse of a full matrix.
    Dense,
    /// The most similar items, by one small system an item.
    Sparse {
        /// Predictors of an item, at least 1.
        neighbours: usize,
    },
}

/// How the weights are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EaseParams {
    /// Weight of the squared weights, above 0: in shoppers, so that more data need a larger one.
    pub reg: f32,
    /// Share of a history that is left out in learning, at least 0, below 1; 0 is plain EASE.
    pub dropout: f32,
    /// Dense for catalogues of up to some thousands of items, else sparse.
    pub form: EaseForm,
}

impl Default for EaseParams {
    fn default() -> Self {
        Self { reg: 300.0, dropout: 0.0, form: EaseForm::Dense }
    }
}

impl EaseParams {
    /// The sparse form with its default number of predictors.
    pub const fn sparse(self) -> Self {
        Self { form: EaseForm::Sparse { neighbours: 200 }, ..self }
    }
}

/// `B` by rows: what each item of a history adds to the others.
#[derive(Clone, Debug, PartialEq)]
enum Weights {
    /// `n_items × n_items`; `bought` says which items training has seen.
    Dense {
        rows: Vec<f32>,
        bought: Vec<bool>,
    },
    Sparse(Csr),
}

/// Fitted model. An item never bought in training has no weights and no score.
#[derive(Clone, Debug, PartialEq)]
pub struct Ease {
    weights: Weights,
}

impl Fit for EaseParams {
    type Model = Ease;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range or the dense form for more items than it
    /// can hold, [`FitError::Diverged`] when the matrix has no inverse in `f32`, which takes a `reg` far
    /// too small for the weights.
    fn fit(&self, train: &Interactions, _seed: Seed) -> Result<Ease, FitError> {
        above_0("reg", self.reg)?;
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(FitError::Param { name: "dropout", rule: "at least 0, below 1", got: f64::from(self.dropout) });
        }
        let (by_shopper, by_item) = rooted(train);
        let weights = match self.form {
            EaseForm::Dense if train.n_items() > DENSE_LIMIT => {
                let got = train.n_items() as f64;
                return Err(FitError::Param { name: "form", rule: "sparse for more than 25,000 items", got });
            }
            EaseForm::Dense => self.dense(&by_shopper, &by_item)?,
            EaseForm::Sparse { neighbours } => {
                at_least_1("neighbours", neighbours)?;
                Weights::Sparse(self.sparse_weights(&by_shopper, &by_item, neighbours)?)
            }
        };
        Ok(Ease { weights })
    }
}

impl EaseParams {
    /// What leaving out adds to the regularisation of an item with that many buyers.
    fn left_out(&self, buyers: f32) -> f32 {
        self.dropout / (1.0 - self.dropout) * buyers
    }

    fn dense(&self, by_shopper: &Csr, by_item: &Csr) -> Result<Weights, FitError> {
        let n = by_item.n_rows();
        let bought: Vec<bool> = (0..n).map(|i| !by_item.row(i).0.is_empty()).collect();
        let mut rows = gram(by_shopper, by_item, self.reg);
        (0..n).for_each(|i| rows[i * n + i] += self.left_out(rows[i * n + i] - self.reg));
        spd_inverse(&mut rows, n).map_err(|e| FitError::Diverged(format!("EASE, {e}")))?;
        let scale: Vec<f32> = (0..n).map(|j| -1.0 / rows[j * n + j]).collect();
        let column_scale = |(i, row): (usize, &mut [f32])| {
            row.iter_mut().zip(&scale).for_each(|(b, s)| *b *= s);
            row[i] = 0.0;
        };
        rows.par_chunks_mut(n.max(1)).enumerate().for_each(column_scale);
        Ok(Weights::Dense { rows, bought })
    }

    fn sparse_weights(&self, by_shopper: &Csr, by_item: &Csr, neighbours: usize) -> Result<Csr, FitError> {
        let solve = |matrix: &mut [f32], rhs: &mut [f32]| {
            let n = rhs.len();
            (0..n).for_each(|i| matrix[i * n + i] += self.reg + self.left_out(matrix[i * n + i]));
            cholesky(matrix, n).map_err(|e| FitError::Diverged(format!("EASE, {e}")))?;
            cholesky_solve(matrix, n, rhs);
            Ok(())
        };
        regress_each(by_shopper, by_item, neighbours, solve)
    }
}

/// A regression of each item on its most similar `neighbours`: `solve` turns the matrix `X_Sᵀ X_S` and
/// the right-hand side `X_Sᵀ x_j` into weights, in place of the right-hand side. Rows of the result
/// are predictors, columns the items predicted; weights of 0 are left out.
pub(crate) fn regress_each(
    by_shopper: &Csr,
    by_item: &Csr,
    neighbours: usize,
    solve: impl Fn(&mut [f32], &mut [f32]) -> Result<(), FitError> + Sync,
) -> Result<Csr, FitError> {
    let space = Space::new(by_item, Similarity::Cosine, 0.0);
    let memory = || (Scratch::default(), LocalGram::new(by_shopper.n_rows(), by_shopper.n_cols()));
    let column = |(scratch, local): &mut (Scratch, LocalGram), j: usize| {
        let query: Vec<(u32, f32)> = space.rows().cells(j).collect();
        let near = space.nearest(&query, neighbours, Some(j), scratch);
        let chosen: Vec<u32> = near.into_iter().map(|(item, _)| item).collect();
        let (matrix, weights) = local.build(by_shopper, by_item, j as u32, &chosen);
        solve(matrix, weights)?;
        let cells = chosen.iter().copied().zip(weights.iter().copied());
        Ok(cells.filter(|(_, weight)| *weight != 0.0).collect())
    };
    let n = by_item.n_rows();
    let columns: Vec<Vec<(u32, f32)>> =
        (0..n).into_par_iter().map_init(memory, column).collect::<Result<_, FitError>>()?;
    Ok(Csr::from_rows(n, columns).transpose())
}

impl Ease {
    fn n_items(&self) -> usize {
        match &self.weights {
            Weights::Dense { bought, .. } => bought.len(),
            Weights::Sparse(rows) => rows.n_rows(),
        }
    }

    /// The items of a history that say something, with the roots of their weights.
    fn asked(&self, history: History<'_>) -> Vec<(ItemIdx, f32)> {
        let mut items = roots(distinct(history, self.n_items()));
        if let Weights::Dense { bought, .. } = &self.weights {
            items.retain(|(item, _)| bought[item.at()]);
        }
        items
    }

    /// What an item of a history adds to another one, of weight 1; `None` where it says nothing.
    pub fn weight(&self, from: ItemIdx, to: ItemIdx) -> Option<f32> {
        let n = self.n_items();
        if from.at().max(to.at()) >= n || from == to {
            return None;
        }
        match &self.weights {
            Weights::Dense { rows, bought } => {
                (bought[from.at()] && bought[to.at()]).then(|| rows[from.at() * n + to.at()])
            }
            Weights::Sparse(rows) => {
                let (columns, values) = rows.row(from.at());
                columns.binary_search(&to.0).ok().map(|at| values[at])
            }
        }
    }
}

/// The scores of the dense form: whole rows are added where many candidates are asked for, single
/// cells where few are. Both add in the order of the history, so they give the same bits.
fn dense_scores(rows: &[f32], bought: &[bool], items: &[(ItemIdx, f32)], candidates: &[ItemIdx]) -> Vec<Option<f32>> {
    let n = bought.len();
    // An item of the history says nothing of itself, so alone it leaves itself without a score.
    let says = |c: ItemIdx| bought.get(c.at()) == Some(&true) && items.iter().any(|(item, _)| *item != c);
    if candidates.len() * 16 < n {
        let sum = |c: ItemIdx| items.iter().fold(0.0, |sum, (item, w)| sum + w * rows[item.at() * n + c.at()]);
        return candidates.iter().map(|c| says(*c).then(|| sum(*c))).collect();
    }
    let mut sums = vec![0.0_f32; n];
    for &(item, weight) in items {
        let row = &rows[item.at() * n..][..n];
        sums.iter_mut().zip(row).for_each(|(sum, b)| *sum += weight * b);
    }
    candidates.iter().map(|c| says(*c).then(|| sums[c.at()])).collect()
}

impl Score for Ease {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let items = self.asked(history);
        match &self.weights {
            Weights::Dense { rows, bought } => dense_scores(rows, bought, &items, candidates),
            Weights::Sparse(rows) => links::score(rows, &items, candidates),
        }
    }
}

impl Save for Ease {
    fn save(&self, to: &mut Writer) {
        match &self.weights {
            Weights::Dense { rows, bought } => {
                to.u64s("bought", &bought.iter().map(|b| u64::from(*b)).collect::<Vec<u64>>());
                to.f32s("weights", rows);
            }
            Weights::Sparse(rows) => to.csr("links", rows),
        }
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        if !from.has("bought") {
            return Ok(Self { weights: Weights::Sparse(links::load(from)?) });
        }
        let (bought, rows) = (from.u64s("bought")?, from.f32s("weights")?);
        if bought.len().checked_mul(bought.len()) != Some(rows.len()) {
            return Err(ContainerError::content("weights", "one number for each pair of items"));
        }
        Ok(Self { weights: Weights::Dense { rows, bought: bought.into_iter().map(|b| b != 0).collect() } })
    }
}

impl Explain for Ease {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let part = |(item, weight): (ItemIdx, f32)| {
            let part = weight * self.weight(item, candidate)?;
            Some(Reason { term: "predicted from", item: Some(item), part })
        };
        links::sorted(self.asked(history).into_iter().filter_map(part).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ShopperIdx;
    use proptest::prelude::*;

    fn fit(train: &Interactions, reg: f32, form: EaseForm) -> Ease {
        EaseParams { reg, form, dropout: 0.0 }.fit(train, Seed(0)).unwrap()
    }

    /// Two items, bought by 2 and 3 shoppers and by 1 together: `XᵀX + 1 = [3 1; 1 4]`, its inverse
    /// `[4 −1; −1 3] / 11`. So `B(0, 1) = 1/3` and `B(1, 0) = 1/4`. Item 2 is bought by nobody.
    #[test]
    fn two_items_by_hand() {
        let train = Interactions::from_baskets(3, [&[0, 1][..], &[0], &[1], &[1]]);
        for form in [EaseForm::Dense, EaseForm::Sparse { neighbours: 5 }] {
            let model = fit(&train, 1.0, form);
            let got = model.score(History::of(&[ItemIdx(0)]), &[ItemIdx(0), ItemIdx(1), ItemIdx(2), ItemIdx(9)]);
            assert!((got[1].unwrap() - 1.0 / 3.0).abs() < 1e-6, "{got:?}");
            assert_eq!((got[0], got[2], got[3]), (None, None, None), "{form:?}");
            assert!((model.weight(ItemIdx(1), ItemIdx(0)).unwrap() - 0.25).abs() < 1e-6);
            assert_eq!(model.score(History::of(&[ItemIdx(2)]), &[ItemIdx(0)]), [None]);
        }
    }

    /// The matrix above has 2 and 3 buyers on its diagonal. Dropout 1/4 adds a third of them: `[2/3 + 3, 1; 1, 1 +
    /// 4] = [11/3 1; 1 5]`, whose inverse is `[5 −1; −1 11/3] · 3/52`: `B(0, 1) = 3/11` and `B(1, 0) = 1/5`.
    #[test]
    fn dropout_weighs_on_items_with_many_buyers() {
        let train = Interactions::from_baskets(2, [&[0, 1][..], &[0], &[1], &[1]]);
        for form in [EaseForm::Dense, EaseForm::Sparse { neighbours: 5 }] {
            let model = EaseParams { reg: 1.0, dropout: 0.25, form }.fit(&train, Seed(0)).unwrap();
            let of = |i, j| model.weight(ItemIdx(i), ItemIdx(j)).unwrap();
            assert!((of(0, 1) - 3.0 / 11.0).abs() < 1e-6 && (of(1, 0) - 0.2).abs() < 1e-6, "{form:?}");
        }
    }

    #[test] // Four shoppers of weight 1/4 are one of weight 1.
    fn a_shopper_of_weight_w_counts_like_w_shoppers() {
        let whole = Interactions::from_baskets(3, [&[0, 1][..], &[1, 2], &[0, 1, 2]]);
        let baskets = [&[0, 1][..], &[1, 2], &[0, 1, 2], &[0, 1, 2], &[0, 1, 2], &[0, 1, 2]];
        let split = Interactions::from_baskets(3, baskets);
        let weaker = split
            .iter()
            .map(|cell| domain::Interaction { weight: if cell.shopper >= ShopperIdx(2) { 0.25 } else { 1.0 }, ..cell });
        let split = Interactions::new(3, split.markets().to_vec(), weaker.collect()).unwrap();
        let (a, b) = (fit(&whole, 2.0, EaseForm::Dense), fit(&split, 2.0, EaseForm::Dense));
        for (i, j) in [(0, 1), (0, 2), (1, 0), (2, 1)] {
            let of = |model: &Ease| model.weight(ItemIdx(i), ItemIdx(j)).unwrap();
            assert!((of(&a) - of(&b)).abs() < 1e-6);
        }
    }

    #[test]
    fn few_candidates_get_the_same_bits_as_many() {
        let baskets: Vec<Vec<u32>> = (0..60).map(|s| (0..5).map(|k| (s * 7 + k * k * 3) % 64).collect()).collect();
        let train = Interactions::from_baskets(64, baskets.iter().map(Vec::as_slice));
        let model = fit(&train, 5.0, EaseForm::Dense);
        let all: Vec<ItemIdx> = (0..64).map(ItemIdx).collect();
        let history = [ItemIdx(3), ItemIdx(10), ItemIdx(40)];
        let many = model.score(History::of(&history), &all);
        let few: Vec<Option<f32>> = all.iter().map(|c| model.score(History::of(&history), &[*c])[0]).collect();
        assert_eq!(many, few);
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        let name = |params: EaseParams, train: &Interactions| match params.fit(train, Seed(0)) {
            Err(FitError::Param { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(EaseParams { reg: 0.0, ..EaseParams::default() }, &train), "reg");
        assert_eq!(name(EaseParams { dropout: 1.0, ..EaseParams::default() }, &train), "dropout");
        let form = EaseForm::Sparse { neighbours: 0 };
        assert_eq!(name(EaseParams { form, ..EaseParams::default() }, &train), "neighbours");
        let wide = Interactions::from_baskets(DENSE_LIMIT + 1, [&[0][..]]);
        assert_eq!(name(EaseParams::default(), &wide), "form");
    }

    proptest! {
        /// With all other items as predictors the sparse form is the dense one, and its weights satisfy
        /// the normal equations: `(XᵀX + reg) B` equals `XᵀX` outside of the diagonal.
        #[test]
        fn both_forms_solve_the_same_problem(
            baskets in prop::collection::vec(prop::collection::btree_set(0_u32..6, 1..5), 2..12),
            reg in 0.5_f32..20.0,
        ) {
            let baskets: Vec<Vec<u32>> = baskets.into_iter().map(|b| b.into_iter().collect()).collect();
            let train = Interactions::from_baskets(6, baskets.iter().map(Vec::as_slice));
            let dense = fit(&train, reg, EaseForm::Dense);
            let together = |i: u32, j: u32| baskets.iter().filter(|b| b.contains(&i) && b.contains(&j)).count() as f32;
            let weight = |i: u32, j: u32| dense.weight(ItemIdx(i), ItemIdx(j)).unwrap_or(0.0);
            for j in 0..6 {
                for i in (0..6).filter(|i| *i != j) {
                    let got: f32 = (0..6).map(|k| (together(i, k) + if i == k { reg } else { 0.0 }) * weight(k, j)).sum();
                    prop_assert!((got - together(i, j)).abs() < 1e-4, "{} {}: {}", i, j, got);
                }
            }
            // Items that share no shopper are no neighbours, so the sparse form is the same only
            // where all of them do: one shopper who has everything.
            let everything: Vec<u32> = (0..6).collect();
            let joined = baskets.iter().map(Vec::as_slice).chain([everything.as_slice()]);
            let train = Interactions::from_baskets(6, joined);
            let (dense, sparse) = (fit(&train, reg, EaseForm::Dense), fit(&train, reg, EaseForm::Sparse { neighbours: 6 }));
            for (i, j) in (0..6).flat_map(|i| (0..6).map(move |j| (i, j))).filter(|(i, j)| i != j) {
                let of = |model: &Ease| model.weight(ItemIdx(i), ItemIdx(j)).unwrap_or(0.0);
                prop_assert!((of(&dense) - of(&sparse)).abs() < 1e-4);
            }
        }
    }
}
