//! Swing: two items are alike when pairs of shoppers bought both and little else in common.
//!
//! `sim(i, j) = Σ_{u < v, both have i and j} f(u) f(v) / (alpha + |I_u ∩ I_v|)`, with `f(u) = (|I_u| + offset)^−power`
//! and, for weights other than 1, each `f` times the root of the product of its two cells. The score of `j`
//! is `Σ w(i) sim(i, j)` over the history.
//!
//! Departure from the paper: its shopper weight is `1 / √|I_u|`, which is `offset` 0 and `power` ½; the
//! offset keeps very short histories from ruling. Each pair counts once, the paper counts it twice.
//! Source: Yang, Zhu, Zhang et al., "Large scale product graph construction for recommendation in
//! e-commerce", arXiv 2010.05525, 2020.
//! Cost: finding pairs `O(Σ_i |buyers(i)|²)`, then the shared items squared for each pair that shares two or
//! more; memory 8 bytes for each cell of `Σ_s |history(s)|²` that is not 0, before items are cut to `k`.

use crate::links::{self, at_least_0, at_least_1};
use crate::saved::Save;
use crate::signal::distinct;
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use learn::{Csr, keep_largest};
use rayon::prelude::*;

/// How pairs of shoppers are weighted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwingParams {
    /// Shared items at which a pair counts half of what it would with none, above 0.
    pub alpha: f32,
    /// Added to the length of a history, at least 0.
    pub offset: f32,
    /// How fast a shopper's weight falls with the length, at least 0.
    pub power: f32,
    /// Items kept for each item, at least 1.
    pub k: usize,
}

impl Default for SwingParams {
    fn default() -> Self {
        Self { alpha: 1.0, offset: 5.0, power: 0.3, k: 1_000 }
    }
}

/// Fitted model: `links(i, j)` is the similarity.
#[derive(Clone, Debug, PartialEq)]
pub struct Swing {
    links: Csr,
}

/// Working memory of one thread: for each shopper how many items it shares with the one in hand.
struct Scratch {
    n_shared: Vec<u32>,
    met: Vec<u32>,
    /// Place of an item in the history in hand, from 1; 0 where it is not in it.
    place: Vec<u32>,
    sums: Vec<f32>,
}

impl Fit for SwingParams {
    type Model = Swing;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    fn fit(&self, train: &Interactions, _seed: Seed) -> Result<Swing, FitError> {
        at_least_1("k", self.k)?;
        links::above_0("alpha", self.alpha)?;
        at_least_0("offset", self.offset)?;
        at_least_0("power", self.power)?;
        let (by_shopper, by_item) = links::rooted(train);
        let weight = |u: usize| (by_shopper.row(u).0.len() as f32 + self.offset).powf(-self.power);
        let weights: Vec<f32> = (0..by_shopper.n_rows()).map(weight).collect();
        let scratch = || Scratch {
            n_shared: vec![0; by_shopper.n_rows()],
            met: Vec::new(),
            place: vec![0; by_shopper.n_cols()],
            sums: Vec::new(),
        };
        let pairs_of = |scratch: &mut Scratch, u: usize| self.pairs(&by_shopper, &by_item, &weights, u, scratch);
        let mut rows: Vec<Vec<(u32, f32)>> = vec![Vec::new(); train.n_items()];
        // A block of shoppers at a time, so that only sums wait to be sorted into rows.
        for block in (0..by_shopper.n_rows()).step_by(4096) {
            let end = (block + 4096).min(by_shopper.n_rows());
            let found: Vec<Vec<(u32, u32, f32)>> = (block..end).into_par_iter().map_init(scratch, pairs_of).collect();
            for (i, j, sum) in found.into_iter().flatten() {
                rows[i as usize].push((j, sum));
                rows[j as usize].push((i, sum));
            }
        }
        let sums = Csr::from_rows(train.n_items(), rows);
        let cut = |i: usize| {
            let mut cells: Vec<(u32, f32)> = sums.cells(i).collect();
            keep_largest(&mut cells, self.k);
            cells
        };
        Ok(Swing { links: Csr::from_rows(train.n_items(), (0..train.n_items()).map(cut)) })
    }
}

impl SwingParams {
    /// What shopper `u` adds together with all later ones: pairs of items `i < j` with their sums.
    fn pairs(&self, rows: &Csr, columns: &Csr, weights: &[f32], u: usize, s: &mut Scratch) -> Vec<(u32, u32, f32)> {
        let (items, cells) = rows.row(u);
        for (at, &item) in items.iter().enumerate() {
            s.place[item as usize] = at as u32 + 1;
            let buyers = columns.row(item as usize).0;
            for &v in &buyers[buyers.partition_point(|v| *v as usize <= u)..] {
                let n = &mut s.n_shared[v as usize];
                if *n == 0 {
                    s.met.push(v);
                }
                *n += 1;
            }
        }
        s.met.sort_unstable(); // the order of the sums
        let n = items.len();
        s.sums.clear();
        s.sums.resize(n * n, 0.0);
        let mut shared: Vec<(usize, f32)> = Vec::new();
        for v in s.met.drain(..) {
            let n_shared = std::mem::take(&mut s.n_shared[v as usize]);
            if n_shared < 2 {
                continue;
            }
            let both = weights[u] * weights[v as usize] / (self.alpha + n_shared as f32);
            shared.clear();
            let theirs = rows.cells(v as usize).map(|(item, cell)| (s.place[item as usize] as usize, cell));
            shared.extend(
                theirs.filter(|(place, _)| *place > 0).map(|(place, cell)| (place - 1, cell * cells[place - 1])),
            );
            for (at, &(a, x)) in shared.iter().enumerate() {
                shared[at + 1..].iter().for_each(|&(b, y)| s.sums[a * n + b] += both * x * y);
            }
        }
        items.iter().for_each(|item| s.place[*item as usize] = 0);
        let pair = |a: usize| (a + 1..n).map(move |b| (a, b));
        let found = (0..n).flat_map(pair).filter(|(a, b)| s.sums[a * n + b] > 0.0);
        found.map(|(a, b)| (items[a], items[b], s.sums[a * n + b])).collect()
    }
}

impl Score for Swing {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        links::score(&self.links, &distinct(history, self.links.n_rows()), candidates)
    }
}

impl Save for Swing {
    fn save(&self, to: &mut Writer) {
        to.csr("links", &self.links);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        Ok(Self { links: links::load(from)? })
    }
}

impl Explain for Swing {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let items = distinct(history, self.links.n_rows());
        links::explain(&self.links, &items, candidate, "bought by the same pairs of shoppers as")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAPER: SwingParams = SwingParams { alpha: 1.0, offset: 0.0, power: 0.5, k: 99 };

    /// Shoppers {0, 1}, {0, 1}, {0, 1, 2}. Pairs: the first two share 2 items, ½ / (1 + 2); each with the third
    /// 1/√6 / (1 + 2), twice. Item 2 has one buyer, so no pair.
    #[test]
    fn three_shoppers_by_hand() {
        let train = Interactions::from_baskets(3, [&[0, 1][..], &[0, 1], &[0, 1, 2]]);
        let model = PAPER.fit(&train, Seed(0)).unwrap();
        let got = model.score(History::of(&[ItemIdx(0)]), &[ItemIdx(1), ItemIdx(2)]);
        assert!((got[0].unwrap() - (0.5 / 3.0 + 2.0 / 6_f32.sqrt() / 3.0)).abs() < 1e-6, "{got:?}");
        assert_eq!(got[1], None);
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        for (params, want) in [
            (SwingParams { k: 0, ..PAPER }, "k"),
            (SwingParams { alpha: 0.0, ..PAPER }, "alpha"),
            (SwingParams { offset: -1.0, ..PAPER }, "offset"),
            (SwingParams { power: f32::NAN, ..PAPER }, "power"),
        ] {
            assert!(matches!(params.fit(&train, Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }

    proptest! {
        /// Against the definition, pair by pair of shoppers.
        #[test]
        fn sums_over_pairs_are_those_of_the_definition(
            baskets in prop::collection::vec(prop::collection::btree_set(0_u32..8, 0..6), 1..10),
        ) {
            let baskets: Vec<Vec<u32>> = baskets.into_iter().map(|b| b.into_iter().collect()).collect();
            let train = Interactions::from_baskets(8, baskets.iter().map(Vec::as_slice));
            let params = SwingParams::default();
            let model = params.fit(&train, Seed(0)).unwrap();
            let weight = |b: &[u32]| (b.len() as f64 + f64::from(params.offset)).powf(-f64::from(params.power));
            for (i, j) in (0..8).flat_map(|i| (0..8).map(move |j| (i, j))).filter(|(i, j)| i != j) {
                let mut want = 0.0;
                for (at, u) in baskets.iter().enumerate() {
                    for v in &baskets[at + 1..] {
                        let has = |b: &[u32]| b.contains(&i) && b.contains(&j);
                        if has(u) && has(v) {
                            let n = u.iter().filter(|item| v.contains(item)).count() as f64;
                            want += weight(u) * weight(v) / (f64::from(params.alpha) + n);
                        }
                    }
                }
                let got = model.score(History::of(&[ItemIdx(i)]), &[ItemIdx(j)])[0];
                prop_assert!((f64::from(got.unwrap_or(0.0)) - want).abs() < 1e-5, "{} {}: {:?} {}", i, j, got, want);
                prop_assert_eq!(got.is_some(), want > 0.0);
            }
        }
    }
}
