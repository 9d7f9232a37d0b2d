//! Canonical correlations: the directions of two clouds of belonging rows that say most about each other.
//!
//! With centred blocks `X` (`n × p`) and `Y` (`n × q`) and covariances `S` over `n − 1`, the canonical
//! correlations are the singular values of `M = (S_xx + c I)^(−1/2) S_xy (S_yy + c I)^(−1/2)`, and with `M = U Σ
//! Vᵀ` the maps are `A = (S_xx + c I)^(−1/2) U` and `B = (S_yy + c I)^(−1/2) V`: a row `x` becomes `(x − m) A`,
//! whose columns have variance 1 over the rows learnt from where `c = 0`. Without that bound on the variance,
//! maps of nothing but zeros would be nearest. A direction without spread is left out (`c = 0` gives the
//! pseudo-inverse), so more columns than rows are no error; what such a fit finds says little, which is
//! what the ridge is for.
//!
//! [`Reduce::Leading`] is the way for wide blocks: each is first turned onto its leading principal directions, found by a
//! randomised subspace iteration, and correlated there. What lies outside of them is given up, so a
//! direction that two blocks share but neither spreads along is missed.
//!
//! Sources: Hotelling, "Relations between two sets of variates", Biometrika 28, 1936; Vinod, "Canonical ridge and
//! econometrics of joint production", J. Econometrics 4(2), 1976; Halko, Martinsson and Tropp, "Finding structure with
//! randomness", SIAM Review 53(2), 2011. Cost: `n (p + q)² / 2 + p³ + q³` multiply-adds; `n (p + q) l` times
//! twice the iterations with `l` leading directions. Sums are added in a fixed order: the same at any number of
//! threads; the last bits may differ between two kinds of machine.

use crate::LearnError;
use crate::container::{ContainerError, Reader, Writer};
use crate::dense::Real;
use domain::Seed;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side as Triangle};
use rayon::prelude::*;

/// How to correlate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CcaParams {
    /// Directions wanted, at least 1; fewer come back where there are no more.
    pub rank: usize,
    /// Added to both covariances' diagonals, at least 0, in the rows' own squared units.
    pub ridge: f64,
    /// What is correlated.
    pub reduce: Reduce,
}

/// Whether blocks are narrowed first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reduce {
    /// No.
    Never,
    /// To this many leading principal directions each, where a block has more columns.
    Leading {
        /// Directions, at least 1.
        n: usize,
        /// Times that the block is multiplied, at least 1.
        n_iterations: usize,
    },
}

impl Default for CcaParams {
    fn default() -> Self {
        Self { rank: 64, ridge: 1e-3, reduce: Reduce::Never }
    }
}

/// The maps of both sides into the common space, and how much they share there.
#[derive(Clone, Debug, PartialEq)]
pub struct Cca {
    correlations: Vec<f64>,
    x: Map,
    y: Map,
}

/// `x ↦ (x − mean) matrix`, a `width × rank` matrix by rows.
#[derive(Clone, Debug, PartialEq)]
struct Map {
    rank: usize,
    mean: Vec<f64>,
    matrix: Vec<f64>,
}

/// Which of the two blocks a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// The first.
    X,
    /// The second.
    Y,
}

/// Rows that are centred and turned into `f64` at once.
const CHUNK: usize = 512;

impl CcaParams {
    /// Learns from `n` rows of width `p` and the `n` rows of width `q` that belong to them.
    ///
    /// # Errors
    /// [`LearnError`] for a parameter out of range, blocks of different numbers of rows, fewer than two rows,
    /// and a number that is not finite.
    pub fn fit<T: Real>(&self, x: &[T], p: usize, y: &[T], q: usize, seed: Seed) -> Result<Cca, LearnError> {
        let positive = |name, value: usize| {
            let wrong = LearnError::Param { name, rule: "at least 1", got: 0.0 };
            if value == 0 { Err(wrong) } else { Ok(()) }
        };
        positive("rank", self.rank)?;
        positive("width of x", p)?;
        positive("width of y", q)?;
        if let Reduce::Leading { n, n_iterations } = self.reduce {
            positive("leading directions", n)?;
            positive("n_iterations", n_iterations)?;
        }
        if !(self.ridge >= 0.0 && self.ridge.is_finite()) {
            return Err(LearnError::Param { name: "ridge", rule: "finite and at least 0", got: self.ridge });
        }
        let n = x.len() / p;
        if !x.len().is_multiple_of(p) {
            return Err(LearnError::Shape { what: "block x", got: x.len(), need: n * p });
        }
        if y.len() != n * q {
            return Err(LearnError::Shape { what: "block y", got: y.len(), need: n * q });
        }
        if n < 2 {
            return Err(LearnError::TooLittleData { what: "pairs of rows", have: n, need: 2 });
        }
        finite(x, p)?;
        finite(y, q)?;
        let (mx, my) = (mean(x, p), mean(y, q));
        let (turn_x, turn_y) = match self.reduce {
            Reduce::Never => (None, None),
            Reduce::Leading { n: l, n_iterations } => {
                let lead = |rows, mean: &[f64], width, stream| {
                    (l < width).then(|| leading(rows, mean, width, l, n_iterations, seed, stream))
                };
                (lead(x, &mx, p, 0), lead(y, &my, q, 1))
            }
        };
        let moments = Moments::new(x, &mx, turn_x.as_ref(), y, &my, turn_y.as_ref());
        let (wx, wy) = (whitening(&moments.xx, self.ridge), whitening(&moments.yy, self.ridge));
        let between = wx.transpose() * &moments.xy * &wy;
        let Ok(svd) = between.thin_svd() else {
            return Err(LearnError::Param {
                name: "block x or y",
                rule: "of numbers that fit together",
                got: f64::NAN,
            });
        };
        let found = svd.S().column_vector();
        let rank = self.rank.min(found.nrows());
        let (mut a, mut b) = (&wx * svd.U().subcols(0, rank), &wy * svd.V().subcols(0, rank));
        fix_signs(&mut a, &mut b);
        let whole = |turn: Option<Mat<f64>>, map: Mat<f64>| turn.map_or(map.clone(), |turn| &turn * &map);
        Ok(Cca {
            correlations: (0..rank).map(|k| found[k].clamp(0.0, 1.0)).collect(),
            x: Map::new(mx, &whole(turn_x, a)),
            y: Map::new(my, &whole(turn_y, b)),
        })
    }
}

fn finite<T: Real>(rows: &[T], width: usize) -> Result<(), LearnError> {
    match rows.iter().position(|v| !Into::<f64>::into(*v).is_finite()) {
        None => Ok(()),
        Some(at) => {
            Err(LearnError::NotFinite { row: at / width, column: at % width, value: Into::<f64>::into(rows[at]) })
        }
    }
}

fn mean<T: Real>(rows: &[T], width: usize) -> Vec<f64> {
    let mut sum = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += Into::<f64>::into(*x));
    }
    let n = (rows.len() / width) as f64;
    sum.into_iter().map(|s| s / n).collect()
}

/// A chunk of rows without its mean, turned where it is to be.
fn centred<T: Real>(rows: &[T], mean: &[f64], turn: Option<&Mat<f64>>) -> Mat<f64> {
    let width = mean.len();
    let n = rows.len() / width;
    let mut flat = vec![0.0; rows.len()];
    for (out, row) in flat.chunks_exact_mut(width).zip(rows.chunks_exact(width)) {
        for ((o, x), m) in out.iter_mut().zip(row).zip(mean) {
            *o = Into::<f64>::into(*x) - m;
        }
    }
    let rows = MatRef::from_row_major_slice(&flat, n, width);
    turn.map_or_else(|| rows.to_owned(), |turn| rows * turn)
}

/// Covariances over `n − 1`, both blocks centred.
struct Moments {
    xx: Mat<f64>,
    yy: Mat<f64>,
    xy: Mat<f64>,
}

impl Moments {
    fn new<T: Real>(
        x: &[T],
        mx: &[f64],
        turn_x: Option<&Mat<f64>>,
        y: &[T],
        my: &[f64],
        turn_y: Option<&Mat<f64>>,
    ) -> Self {
        let (p, q) = (turn_x.map_or(mx.len(), Mat::ncols), turn_y.map_or(my.len(), Mat::ncols));
        let n = x.len() / mx.len();
        // A fixed number of parts whose sums are added in their order.
        let part = CHUNK.max(n.div_ceil(16).next_multiple_of(CHUNK));
        let of_part = |(x, y): (&[T], &[T])| {
            let mut sum = Self { xx: Mat::zeros(p, p), yy: Mat::zeros(q, q), xy: Mat::zeros(p, q) };
            for (x, y) in x.chunks(CHUNK * mx.len()).zip(y.chunks(CHUNK * my.len())) {
                let (x, y) = (centred(x, mx, turn_x), centred(y, my, turn_y));
                add_product(&mut sum.xx, &x, &x);
                add_product(&mut sum.yy, &y, &y);
                add_product(&mut sum.xy, &x, &y);
            }
            sum
        };
        let parts: Vec<Self> = x.par_chunks(part * mx.len()).zip(y.par_chunks(part * my.len())).map(of_part).collect();
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or(Self { xx: Mat::zeros(p, p), yy: Mat::zeros(q, q), xy: Mat::zeros(p, q) });
        for other in parts {
            all.xx += other.xx;
            all.yy += other.yy;
            all.xy += other.xy;
        }
        let scale = faer::Scale(1.0 / (n - 1) as f64);
        Self { xx: scale * all.xx, yy: scale * all.yy, xy: scale * all.xy }
    }
}

/// `sum += aᵀ b`.
fn add_product(sum: &mut Mat<f64>, a: &Mat<f64>, b: &Mat<f64>) {
    faer::linalg::matmul::matmul(sum.as_mut(), Accum::Add, a.transpose(), b.as_ref(), 1.0, Par::Seq);
}

/// `(S + c I)^(−1/2)` on the directions that have a spread: `width × kept`, columns scaled eigenvectors.
fn whitening(s: &Mat<f64>, ridge: f64) -> Mat<f64> {
    let n = s.nrows();
    let Ok(eigen) = s.self_adjoint_eigen(Triangle::Lower) else { return Mat::zeros(n, 0) };
    let values = eigen.S().column_vector();
    // Ascending: the last is the largest.
    let floor = values[n - 1].max(0.0) * n as f64 * f64::EPSILON * 4.0;
    let kept: Vec<usize> = (0..n).rev().filter(|k| values[*k].max(0.0) + ridge > floor.max(0.0)).collect();
    Mat::from_fn(n, kept.len(), |i, k| eigen.U()[(i, kept[k])] / (values[kept[k]].max(0.0) + ridge).sqrt())
}

/// The leading principal directions of centred rows, `width × l`, orthonormal.
fn leading<T: Real>(
    rows: &[T],
    mean: &[f64],
    width: usize,
    l: usize,
    n_iterations: usize,
    seed: Seed,
    stream: u64,
) -> Mat<f64> {
    // Columns beyond those wanted make the last of them better.
    let block_width = (l + 16).min(width);
    let mut rng = seed.stream(stream);
    let mut block = Mat::from_fn(width, block_width, |_, _| rng.normal());
    let n = rows.len() / width;
    let part = CHUNK.max(n.div_ceil(16).next_multiple_of(CHUNK)) * width;
    for _ in 0..n_iterations {
        let of_part = |rows: &[T]| {
            let mut sum = Mat::zeros(width, block_width);
            for rows in rows.chunks(CHUNK * width) {
                let rows = centred(rows, mean, None);
                let turned = &rows * &block;
                add_product(&mut sum, &rows, &turned);
            }
            sum
        };
        let parts: Vec<Mat<f64>> = rows.par_chunks(part).map(of_part).collect();
        let mut sum = Mat::zeros(width, block_width);
        parts.iter().for_each(|part| sum += part);
        let Ok(svd) = sum.thin_svd() else { break };
        block = svd.U().to_owned();
    }
    block.subcols(0, l.min(block_width)).to_owned()
}

/// A map is as good with its sign turned on both sides: the largest entry of each column of `a` is positive.
fn fix_signs(a: &mut Mat<f64>, b: &mut Mat<f64>) {
    for k in 0..a.ncols() {
        let entry = |i: usize| a[(i, k)];
        let largest = (0..a.nrows()).max_by(|i, j| entry(*i).abs().total_cmp(&entry(*j).abs()).then(j.cmp(i)));
        if largest.is_some_and(|i| entry(i) < 0.0) {
            (0..a.nrows()).for_each(|i| a[(i, k)] *= -1.0);
            (0..b.nrows()).for_each(|i| b[(i, k)] *= -1.0);
        }
    }
}

impl Map {
    fn new(mean: Vec<f64>, matrix: &Mat<f64>) -> Self {
        let (rows, rank) = (matrix.nrows(), matrix.ncols());
        let matrix = (0..rows).flat_map(|i| (0..rank).map(move |k| (i, k))).map(|at| matrix[at]).collect();
        Self { rank, mean, matrix }
    }

    fn apply<T: Real>(&self, rows: &[T]) -> Vec<f32> {
        let width = self.mean.len();
        let n = rows.len() / width;
        let mut out = vec![0.0_f32; n * self.rank];
        let map = MatRef::from_row_major_slice(&self.matrix, width, self.rank);
        let project = |(rows, out): (&[T], &mut [f32])| {
            let rows = centred(rows, &self.mean, None);
            let mut here = vec![0.0; out.len()];
            let n = rows.nrows();
            let target = MatMut::from_row_major_slice_mut(&mut here, n, self.rank);
            faer::linalg::matmul::matmul(target, Accum::Replace, rows.as_ref(), map, 1.0, Par::Seq);
            out.iter_mut().zip(here).for_each(|(o, v)| *o = v as f32);
        };
        if self.rank > 0 {
            rows.par_chunks(CHUNK * width).zip(out.par_chunks_mut(CHUNK * self.rank)).for_each(project);
        }
        out
    }
}

impl Cca {
    /// Directions.
    pub fn rank(&self) -> usize {
        self.correlations.len()
    }

    /// Columns that a row of this block has.
    pub fn width(&self, block: Block) -> usize {
        self.map(block).mean.len()
    }

    /// Canonical correlations, largest first, 0 to 1; with a ridge they are shrunk.
    pub fn correlations(&self) -> &[f64] {
        &self.correlations
    }

    const fn map(&self, block: Block) -> &Map {
        match block {
            Block::X => &self.x,
            Block::Y => &self.y,
        }
    }

    /// Rows of a block in the common space, `n × rank` by rows.
    ///
    /// # Panics
    /// If `rows` is no multiple of the block's width.
    pub fn project<T: Real>(&self, block: Block, rows: &[T]) -> Vec<f32> {
        assert!(rows.len().is_multiple_of(self.width(block)), "rows of {} columns", self.width(block));
        self.map(block).apply(rows)
    }

    /// Adds this under `name`.
    pub fn write(&self, name: &str, to: &mut Writer) {
        to.f64s(&format!("{name}.correlations"), &self.correlations);
        for (side, map) in [("x", &self.x), ("y", &self.y)] {
            to.f64s(&format!("{name}.{side}.mean"), &map.mean);
            to.f64s(&format!("{name}.{side}.map"), &map.matrix);
        }
    }

    /// What [`Self::write`] added.
    ///
    /// # Errors
    /// [`ContainerError`] for sections that are missing or do not fit together.
    pub fn read(name: &str, from: &Reader<'_>) -> Result<Self, ContainerError> {
        let correlations = from.f64s(&format!("{name}.correlations"))?;
        let rank = correlations.len();
        let map = |side: &str| {
            let mean = from.f64s(&format!("{name}.{side}.mean"))?;
            let section = format!("{name}.{side}.map");
            let matrix = from.f64s(&section)?;
            if matrix.len() != mean.len() * rank || mean.is_empty() {
                let why = format!("{} numbers, {} by {rank} are wanted", matrix.len(), mean.len());
                return Err(ContainerError::content(&section, why));
            }
            if matrix.iter().chain(&mean).any(|v| !v.is_finite()) {
                return Err(ContainerError::content(&section, "a number that is not finite"));
            }
            Ok(Map { rank, mean, matrix })
        };
        Ok(Self { x: map("x")?, y: map("y")?, correlations })
    }
}

/// Wilks's lambda of canonical correlations: `Π (1 − ρ²)`, 1 where two blocks share nothing.
pub fn wilks_lambda(correlations: &[f64]) -> f64 {
    correlations.iter().map(|r| 1.0 - r * r).product()
}

/// Bartlett's statistic of `n` pairs of rows of width `p` and `q`: chi-squared with `p q` degrees of freedom
/// where the blocks share nothing. Source: Bartlett, "The general canonical correlation distribution", Ann. Math.
/// Stat. 18, 1947.
pub fn bartlett_chi_squared(correlations: &[f64], n: usize, p: usize, q: usize) -> f64 {
    -(n as f64 - 1.0 - (p + q + 1) as f64 / 2.0) * wilks_lambda(correlations).ln()
}

#[cfg(test)]
mod tests;
