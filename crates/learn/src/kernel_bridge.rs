//! A bridge between two spaces, built from pairs of things that are the same in both.
//!
//! Rows `S` (`n × a`) and `T` (`n × b`) belong to each other. With the kernels `K = S Sᵀ` and `L = T Tᵀ` a thing `x`
//! of the first space becomes `(K + λ I)⁻¹ S x`, one `y` of the second `(L + λ I)⁻¹ T y`: how much of each pair is
//! in it, with what pairs share counted once (kernel ridge regression onto the pairs, from either
//! side). Both are scaled to length 1, so their product is a cosine. Where `λ` is large it is the plain overlap with the pairs,
//! where it is small the pairs are taken apart as far as the kernels can.
//!
//! [`hubs_corrected`] takes from every product the mean of its row's and its column's `k` largest, so that what is
//! near to everything is near to nothing.
//!
//! Sources: Saunders, Gammerman and Vovk, "Ridge regression learning algorithm in dual variables", ICML 1998;
//! Vinokourov, Shawe-Taylor and Cristianini, "Inferring a semantic representation of text via cross-language
//! correlation analysis", NIPS 2002; Conneau et al., "Word translation without parallel data", ICLR 2018 (CSLS).
//! Cost: learning `2 n³`, a row `n²` multiply-adds; memory `2 n²` numbers. The dense products are `faer`'s, in one thread
//! each, over blocks of rows of fixed size: the same at any number of threads.

use crate::container::{ContainerError, Reader, Writer};
use crate::dense::{rows_by_columns, rows_by_rows, spd_inverse};
use crate::{Csr, LearnError};
use rayon::prelude::*;

/// Rows of a block that is multiplied at once.
const BLOCK: usize = 256;

/// How the bridge is built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelBridgeParams {
    /// `λ`, above 0, for rows of length 1.
    pub ridge: f32,
}

impl Default for KernelBridgeParams {
    fn default() -> Self {
        Self { ridge: 1.0 }
    }
}

/// One side: the pairs' rows by column, and what takes the pairs apart.
#[derive(Clone, Debug, PartialEq)]
struct Side {
    by_column: Csr,
    inverse: Vec<f32>,
}

/// A fitted bridge.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelBridge {
    ridge: f32,
    n: usize,
    sides: [Side; 2],
}

impl Side {
    fn fit(rows: &Csr, ridge: f32) -> Result<Self, LearnError> {
        let by_column = rows.transpose();
        // `X Xᵀ` is the Gram matrix of the transpose.
        let mut inverse = crate::dense::gram(&by_column, rows, ridge);
        let fail = |_| LearnError::Param { name: "ridge", rule: "larger for rows so alike", got: f64::from(ridge) };
        spd_inverse(&mut inverse, rows.n_rows()).map_err(fail)?;
        Ok(Self { by_column, inverse })
    }

    fn over(&self, rows: &Csr, n: usize) -> Vec<f32> {
        let mut out = vec![0.0_f32; rows.n_rows() * n];
        let fill = |(block, out): (usize, &mut [f32])| {
            let mut overlap = vec![0.0_f32; out.len()];
            for (r, line) in overlap.chunks_exact_mut(n).enumerate() {
                for (column, value) in rows.cells(block * BLOCK + r) {
                    if (column as usize) < self.by_column.n_rows() {
                        self.by_column.cells(column as usize).for_each(|(pair, x)| line[pair as usize] += value * x);
                    }
                }
            }
            rows_by_columns(&overlap, &self.inverse, n, out);
            for line in out.chunks_exact_mut(n) {
                let length = line.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
                if length > 0.0 {
                    line.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
                }
            }
        };
        out.par_chunks_mut((BLOCK * n).max(1)).enumerate().for_each(fill);
        out
    }
}

impl KernelBridgeParams {
    /// Builds the bridge from rows that belong to each other, best of length 1.
    ///
    /// # Errors
    /// [`LearnError`] for a ridge that is not above 0, no rows, or two numbers of rows.
    pub fn fit(&self, source: &Csr, target: &Csr) -> Result<KernelBridge, LearnError> {
        if !(self.ridge > 0.0 && self.ridge.is_finite()) {
            return Err(LearnError::Param { name: "ridge", rule: "above 0", got: f64::from(self.ridge) });
        }
        let n = source.n_rows();
        if n == 0 {
            return Err(LearnError::TooLittleData { what: "pairs", have: 0, need: 1 });
        }
        if target.n_rows() != n {
            return Err(LearnError::Shape { what: "the second side", got: target.n_rows(), need: n });
        }
        let (source, target) = rayon::join(|| Side::fit(source, self.ridge), || Side::fit(target, self.ridge));
        Ok(KernelBridge { ridge: self.ridge, n, sides: [source?, target?] })
    }
}

impl KernelBridge {
    /// Pairs it was built from, which is the width of a vector over it.
    pub fn width(&self) -> usize {
        self.n
    }

    /// Rows of the first space over the bridge: `rows × width`, each of length 1 (or 0 where it shares nothing with
    /// the pairs). Columns that the bridge does not know are passed over.
    pub fn from_source(&self, rows: &Csr) -> Vec<f32> {
        self.sides[0].over(rows, self.n)
    }

    /// The same for rows of the second space.
    pub fn from_target(&self, rows: &Csr) -> Vec<f32> {
        self.sides[1].over(rows, self.n)
    }

    /// Writes what [`Self::load`] reads: the pairs; what follows from them is computed again.
    pub fn save(&self, to: &mut Writer) {
        to.f32s("bridge ridge", &[self.ridge]);
        to.csr("bridge source", &self.sides[0].by_column.transpose());
        to.csr("bridge target", &self.sides[1].by_column.transpose());
    }

    /// Reads a bridge.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are not there or no bridge.
    pub fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [ridge] = from.floats("bridge ridge")?;
        let (source, target) = (from.csr("bridge source")?, from.csr("bridge target")?);
        let wrong = |why: LearnError| ContainerError::content("bridge source", why.to_string());
        KernelBridgeParams { ridge }.fit(&source, &target).map_err(wrong)
    }
}

/// All products of unit rows of `width`: `n_a × n_b`.
///
/// # Panics
/// If a length is no multiple of `width`.
pub fn products(a: &[f32], b: &[f32], width: usize) -> Vec<f32> {
    let n = b.len() / width.max(1);
    let mut out = vec![0.0_f32; a.len() / width.max(1) * n];
    if out.is_empty() {
        return out;
    }
    let fill = |(a, out): (&[f32], &mut [f32])| rows_by_rows(a, b, width, out);
    a.par_chunks(BLOCK * width).zip(out.par_chunks_mut(BLOCK * n)).for_each(fill);
    out
}

/// `2 x − r_row − r_column` with `r` the mean of the `k` largest of a row or column (fewer where there are fewer).
///
/// # Panics
/// If the length is no multiple of `n_columns`.
pub fn hubs_corrected(products: &mut [f32], n_columns: usize, k: usize) {
    if products.is_empty() || k == 0 {
        return;
    }
    let mean_of_largest = |values: &mut Vec<f32>| {
        let k = k.min(values.len());
        values.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
        let mut largest = values[..k].to_vec();
        largest.sort_unstable_by(f32::total_cmp);
        largest.iter().sum::<f32>() / k as f32
    };
    let of_rows: Vec<f32> = products.par_chunks(n_columns).map(|row| mean_of_largest(&mut row.to_vec())).collect();
    let n_rows = of_rows.len();
    let column = |c: usize| (0..n_rows).map(|r| products[r * n_columns + c]).collect::<Vec<f32>>();
    let of_columns: Vec<f32> = (0..n_columns).into_par_iter().map(|c| mean_of_largest(&mut column(c))).collect();
    for (row, of_row) in products.chunks_exact_mut(n_columns).zip(&of_rows) {
        row.iter_mut().zip(&of_columns).for_each(|(x, of_column)| *x = 2.0 * *x - of_row - of_column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One pair `s = (1, 0)`, `t = (1)`: `K = L = 1`; every row with the first column comes out as 1.
    #[test]
    fn one_pair_by_hand() {
        let s = Csr::from_rows(2, [[(0, 1.0)]]);
        let t = Csr::from_rows(1, [[(0, 1.0)]]);
        let bridge = KernelBridgeParams::default().fit(&s, &t).unwrap();
        assert_eq!(
            bridge.from_source(&Csr::from_rows(3, [vec![(0, 0.5)], vec![(1, 1.0)], vec![(2, 1.0)]])),
            [1.0, 0.0, 0.0]
        );
    }

    /// `ab ↔ AB`, `b ↔ B`: the first pair explains both signs, the second takes `b` out of it, so `a` goes to `A`.
    #[test]
    fn what_pairs_share_is_taken_apart() {
        let half = 0.5_f32.sqrt();
        let s = Csr::from_rows(2, [vec![(0, half), (1, half)], vec![(1, 1.0)]]);
        let bridge = KernelBridgeParams { ridge: 0.01 }.fit(&s, &s).unwrap();
        let one = Csr::from_rows(2, [[(0, 1.0)], [(1, 1.0)]]);
        let close = products(&bridge.from_source(&one), &bridge.from_target(&one), 2);
        assert!(close[0] > 0.99 && close[3] > 0.99, "{close:?}");
        assert!(close[1] < 0.0 + close[0] - 0.5, "{close:?}");
    }

    #[test] // Rows (4, 2), (3, 0), k = 1: largest of rows 4 and 3, of columns 4 and 2.
    fn hubs_are_corrected_by_hand() {
        let mut x = [4.0, 2.0, 3.0, 0.0];
        hubs_corrected(&mut x, 2, 1);
        assert_eq!(x, [0.0, -2.0, -1.0, -5.0]);
        hubs_corrected(&mut [], 2, 1);
    }

    #[test]
    fn a_saved_bridge_is_the_same_and_wrong_input_is_refused() {
        let s = Csr::from_rows(3, [vec![(0, 1.0)], vec![(1, 0.6), (2, 0.8)]]);
        let bridge = KernelBridgeParams::default().fit(&s, &s).unwrap();
        let mut to = Writer::default();
        bridge.save(&mut to);
        let bytes = to.finish("bridge", 7);
        assert_eq!(KernelBridge::load(&Reader::open(&bytes).unwrap()).unwrap(), bridge);
        let short = Csr::from_rows(3, [vec![(0, 1.0)]]);
        assert!(matches!(KernelBridgeParams::default().fit(&s, &short), Err(LearnError::Shape { .. })));
        assert!(matches!(KernelBridgeParams { ridge: 0.0 }.fit(&s, &s), Err(LearnError::Param { .. })));
    }
}
