//! What goes with what, learnt from what products say: for a market that shares neither products nor shoppers.
//!
//! Products are vectors of content `c` (texts, pictures, fused or not). In the source, how much two products go
//! together is the share `A_ij = n_ij / √(n_i n_j) · n_ij / (n_ij + shrinkage)` of common buyers. A matrix `W` on
//! content explains it: it minimises `Σ_ij (A_ij − c_iᵀ W c_j)² + …` with a ridge on both sides, which has the closed form
//! `W = (CᵀC + r I)⁻¹ Cᵀ A C (CᵀC + r I)⁻¹`. A kettle goes with tea although the two look nothing alike, and so does another
//! kettle with another tea: `W` knows it of products that it has never met, in a language that the vectors share.
//! Each vector gets a last number of 1, so that what sells with everything has a place.
//!
//! Sources: bilinear content models: Chu and Park, "Personalized recommendation on dynamic content using
//! predictive bilinear models", WWW 2009; mapping content to what collaborative filtering learnt: Gantner et al.,
//! "Learning attribute-to-feature mappings for cold-start recommendations", ICDM 2010. Cost: learning `pairs · d + n d² + d³`,
//! a score `d` a candidate.

use crate::links::{at_least_0, rooted};
use crate::signal::distinct;
use domain::{Explain, FitError, History, Interactions, ItemIdx, Reason, Score};
use learn::dense::spd_inverse;

/// How it is learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContentMapParams {
    /// Common buyers by which a share is shrunk, at least 0.
    pub shrinkage: f32,
    /// Ridge as a share of the mean of the diagonal of `CᵀC`, above 0.
    pub ridge: f64,
}

impl Default for ContentMapParams {
    fn default() -> Self {
        Self { shrinkage: 2.0, ridge: 0.01 }
    }
}

/// `W`, learnt in a source: `(width + 1)²` numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct ContentMap {
    width: usize,
    w: Vec<f64>,
}

/// A catalogue seen through `W`: it scores by what its products say.
#[derive(Clone, Debug, PartialEq)]
pub struct MappedContent {
    width: usize,
    n_items: usize,
    /// Which products say anything.
    known: Vec<bool>,
    /// `W c_j`, `n_items × (width + 1)`.
    to: Vec<f32>,
    /// `c_i`, `n_items × (width + 1)`.
    from: Vec<f32>,
}

/// Rows with a last number of 1; rows of zeros say nothing and stay zeros.
fn with_one(vectors: &[f32], width: usize) -> Vec<f32> {
    let row = |row: &[f32]| {
        let one = f32::from(u8::from(row.iter().any(|v| *v != 0.0)));
        row.iter().copied().chain([one]).collect::<Vec<f32>>()
    };
    vectors.chunks_exact(width).flat_map(row).collect()
}

fn times(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    for (line, row) in out.chunks_exact_mut(n).zip(a.chunks_exact(n)) {
        for (x, other) in row.iter().zip(b.chunks_exact(n)) {
            line.iter_mut().zip(other).for_each(|(o, y)| *o += x * y);
        }
    }
    out
}

impl ContentMapParams {
    /// Learns from the source's rows and the vectors of its items, `n_items × width` by rows; a row of zeros is an item of
    /// which nothing is known.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range, vectors that are not of the items, and a source in which no two
    /// items that say something have a common buyer.
    pub fn fit(&self, vectors: &[f32], width: usize, source: &Interactions) -> Result<ContentMap, FitError> {
        at_least_0("shrinkage", self.shrinkage)?;
        if !(self.ridge > 0.0 && self.ridge.is_finite()) {
            return Err(FitError::Param { name: "ridge", rule: "above 0", got: self.ridge });
        }
        if width == 0 || vectors.len() != source.n_items() * width {
            let got = vectors.len() as f64;
            return Err(FitError::Param { name: "vectors", rule: "as many rows as the source has items", got });
        }
        let d = width + 1;
        let c = with_one(vectors, width);
        let of = |item: usize| &c[item * d..(item + 1) * d];
        let (by_shopper, by_item) = rooted(source);
        let n_buyers: Vec<f32> = (0..by_item.n_rows()).map(|i| by_item.row(i).1.iter().map(|v| v * v).sum()).collect();
        // Cᵀ A C, row after row of A.
        let (mut middle, mut sums, mut touched) = (vec![0.0_f64; d * d], vec![0.0_f32; n_buyers.len()], Vec::new());
        let mut n_pairs = 0_usize;
        for i in (0..n_buyers.len()).filter(|i| of(*i)[width] != 0.0) {
            for (shopper, value) in by_item.cells(i) {
                for (other, weight) in by_shopper.cells(shopper as usize) {
                    if sums[other as usize] == 0.0 {
                        touched.push(other);
                    }
                    sums[other as usize] += value * weight;
                }
            }
            let mut goes_with = vec![0.0_f64; d];
            touched.sort_unstable();
            for j in touched.drain(..).map(|j| j as usize) {
                let both = std::mem::take(&mut sums[j]);
                if j == i || both <= 0.0 || of(j)[width] == 0.0 {
                    continue;
                }
                n_pairs += 1;
                let share = both / (n_buyers[i] * n_buyers[j]).sqrt() * both / (both + self.shrinkage);
                goes_with.iter_mut().zip(of(j)).for_each(|(g, c)| *g += f64::from(share) * f64::from(*c));
            }
            for (line, x) in middle.chunks_exact_mut(d).zip(of(i)) {
                line.iter_mut().zip(&goes_with).for_each(|(m, g)| *m += f64::from(*x) * g);
            }
        }
        if n_pairs == 0 {
            return Err(FitError::TooLittleData {
                what: "pairs of described items with a common buyer",
                have: 0,
                need: 1,
            });
        }
        let mut square = vec![0.0_f64; d * d];
        for row in c.chunks_exact(d) {
            for (line, x) in square.chunks_exact_mut(d).zip(row) {
                line.iter_mut().zip(row).for_each(|(s, y)| *s += f64::from(*x) * f64::from(*y));
            }
        }
        let mean = (0..d).map(|k| square[k * d + k]).sum::<f64>() / d as f64;
        (0..d).for_each(|k| square[k * d + k] += self.ridge * mean.max(f64::MIN_POSITIVE));
        spd_inverse(&mut square, d).map_err(|why| FitError::Diverged(format!("{why}; raise `ridge`")))?;
        Ok(ContentMap { width, w: times(&times(&square, &middle, d), &square, d) })
    }
}

impl ContentMap {
    /// Numbers of a vector.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// A catalogue, known to the source or not: `n_items × width` by rows, zeros where nothing is known.
    ///
    /// # Panics
    /// If these are no rows of the width learnt from.
    pub fn over(&self, vectors: &[f32]) -> MappedContent {
        assert!(vectors.len().is_multiple_of(self.width), "rows of {} numbers", self.width);
        let d = self.width + 1;
        let from = with_one(vectors, self.width);
        let image = |row: &[f32]| {
            let dot = |line: &[f64]| line.iter().zip(row).map(|(w, c)| w * f64::from(*c)).sum::<f64>() as f32;
            self.w.chunks_exact(d).map(dot).collect::<Vec<f32>>()
        };
        let to = from.chunks_exact(d).flat_map(image).collect();
        let known: Vec<bool> = from.chunks_exact(d).map(|row| row[self.width] != 0.0).collect();
        MappedContent { width: self.width, n_items: known.len(), known, to, from }
    }
}

impl MappedContent {
    /// `W c_j` of every product, by rows of the width and one number more.
    pub(super) fn images(&self) -> &[f32] {
        &self.to
    }

    /// How much the candidate goes with an item.
    pub fn link(&self, from: ItemIdx, to: ItemIdx) -> Option<f32> {
        let d = self.width + 1;
        let known = |item: ItemIdx| self.known.get(item.at()).copied().unwrap_or(false);
        (known(from) && known(to)).then(|| {
            let (x, y) = (&self.from[from.at() * d..][..d], &self.to[to.at() * d..][..d]);
            x.iter().zip(y).map(|(x, y)| x * y).sum()
        })
    }
}

impl Score for MappedContent {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let d = self.width + 1;
        let history: Vec<_> = distinct(history, self.n_items).into_iter().filter(|(i, _)| self.known[i.at()]).collect();
        if history.is_empty() {
            return vec![None; candidates.len()];
        }
        let mut profile = vec![0.0_f32; d];
        for (item, weight) in history {
            let row = &self.from[item.at() * d..][..d];
            profile.iter_mut().zip(row).for_each(|(p, c)| *p += weight * c);
        }
        let score = |item: &ItemIdx| {
            let known = self.known.get(item.at()).copied().unwrap_or(false);
            known.then(|| self.to[item.at() * d..][..d].iter().zip(&profile).map(|(w, p)| w * p).sum())
        };
        candidates.iter().map(score).collect()
    }
}

impl Explain for MappedContent {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let part = |(item, weight): (ItemIdx, f32)| {
            let part = weight * self.link(item, candidate)?;
            Some(Reason { term: "goes elsewhere with products like", item: Some(item), part })
        };
        let mut reasons: Vec<Reason> = distinct(history, self.n_items).into_iter().filter_map(part).collect();
        reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content: the first number says kettle or fryer, the second tea or paper; the third is noise of the item.
    /// In the source kettles are bought with tea, fryers with paper, four products of each.
    fn source() -> (Vec<f32>, Interactions) {
        let content = |kind: usize, at: usize| {
            let mut row = [0.0_f32; 5];
            row[kind] = 1.0;
            row[4] = 0.1 * (at as f32 - 1.5);
            row
        };
        let vectors = (0..16).flat_map(|i| content(i / 4, i % 4)).collect();
        // Items 0..4 kettles, 4..8 fryers, 8..12 teas, 12..16 papers.
        let mut baskets: Vec<[u32; 2]> = Vec::new();
        for i in 0..4_u32 {
            for j in 0..4_u32 {
                baskets.push([i, 8 + j]);
                baskets.push([4 + i, 12 + j]);
            }
        }
        (vectors, Interactions::from_baskets(16, baskets.iter().map(|b| &b[..])))
    }

    /// Four products that the source has never had: a kettle, a fryer, a tea, a paper; the last says nothing.
    const NEW: [f32; 25] = [
        1.0, 0.0, 0.0, 0.0, 0.3, 0.0, 1.0, 0.0, 0.0, 0.3, 0.0, 0.0, 1.0, 0.0, 0.3, 0.0, 0.0, 0.0, 1.0, 0.3, 0.0, 0.0,
        0.0, 0.0, 0.0,
    ];

    #[test]
    fn what_goes_together_is_known_of_products_never_met() {
        let (vectors, train) = source();
        let map = ContentMapParams::default().fit(&vectors, 5, &train).unwrap();
        let market = map.over(&NEW);
        let [kettle, fryer, tea, paper, dumb] = [0, 1, 2, 3, 4].map(ItemIdx);
        let scores = market.score(History::of(&[kettle]), &[fryer, tea, paper, dumb, ItemIdx(9)]);
        let of = |at: usize| scores[at].unwrap();
        assert!(of(1) > 3.0 * of(0).max(of(2)), "tea before all others: {scores:?}");
        assert_eq!(scores[3..], [None, None]);
        let scores = market.score(History::of(&[fryer, dumb]), &[tea, paper]);
        assert!(scores[1] > scores[0], "{scores:?}");
        assert_eq!(market.score(History::of(&[dumb]), &[tea]), [None]);
        assert_eq!(market.score(History::EMPTY, &[tea]), [None]);
    }

    #[test]
    fn reasons_add_up_to_the_score() {
        let (vectors, train) = source();
        let market = ContentMapParams::default().fit(&vectors, 5, &train).unwrap().over(&NEW);
        let history = [ItemIdx(0), ItemIdx(1), ItemIdx(4)];
        let score = market.score(History::of(&history), &[ItemIdx(2)])[0].unwrap();
        let reasons = market.explain(History::of(&history), ItemIdx(2));
        assert_eq!((reasons.len(), reasons[0].item), (2, Some(ItemIdx(0))));
        assert!((reasons.iter().map(|r| r.part).sum::<f32>() - score).abs() < 1e-6);
    }

    /// One number a product, all 1, and two products bought by the same two shoppers, no shrinkage and next to no ridge: with
    /// the added 1 there are two equal columns, and every pair is predicted the mean of A = [0 1; 1 0], a half.
    #[test]
    fn the_closed_form_by_hand() {
        let train = Interactions::from_baskets(2, [&[0, 1][..], &[0, 1][..]]);
        let params = ContentMapParams { shrinkage: 0.0, ridge: 1e-9 };
        let market = params.fit(&[1.0, 1.0], 1, &train).unwrap().over(&[1.0, 1.0]);
        assert!((market.link(ItemIdx(0), ItemIdx(1)).unwrap() - 0.5).abs() < 1e-4);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (vectors, train) = source();
        let refused = |p: ContentMapParams, v: &[f32], t: &Interactions| p.fit(v, 5, t).unwrap_err().to_string();
        let usual = ContentMapParams::default();
        assert!(refused(usual, &vectors[5..], &train).contains("`vectors`"));
        assert!(refused(ContentMapParams { ridge: 0.0, ..usual }, &vectors, &train).contains("`ridge`"));
        let alone = Interactions::from_baskets(16, (0..16).map(|_| &[3][..]));
        assert!(refused(usual, &vectors, &alone).starts_with("0 pairs of described items"));
    }
}
