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
//! [`Solve::Randomised`] is the way for wide blocks of which few directions are wanted: `M` is never made, nor taken apart. It is whitened by
//! Cholesky factors, `M = L_x⁻¹ S_xy L_y⁻ᵀ`, which has the same singular values, and its leading directions are found by a randomised subspace
//! iteration that multiplies with it. Which directions a block spreads along does not matter: what is looked for are the leading
//! directions of `M`. Narrowing each block to its own principal directions first, as an earlier version did, misses what two blocks
//! share and neither spreads along.
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
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, Mat, MatMut, MatRef, Par, Side as Triangle};
use rayon::prelude::*;

/// How to correlate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CcaParams {
    /// Directions wanted, at least 1; fewer come back where there are no more.
    pub rank: usize,
    /// Added to both covariances' diagonals, at least 0, in the rows' own squared units.
    pub ridge: f64,
    /// How directions are found.
    pub solve: Solve,
}

/// How directions are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Solve {
    /// All of them, by a decomposition of the whole.
    Whole,
    /// The leading ones, by a randomised subspace iteration.
    Randomised {
        /// Directions that are looked for beyond those wanted; they make the last of them better.
        oversampling: usize,
        /// Times that the whitened covariance is multiplied there and back, at least 1.
        n_iterations: usize,
    },
}

impl Default for CcaParams {
    fn default() -> Self {
        Self { rank: 64, ridge: 1e-3, solve: Solve::Whole }
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
        if let Solve::Randomised { n_iterations, .. } = self.solve {
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
        let moments = Moments::new(x, &mx, y, &my);
        let found = match self.solve {
            Solve::Whole => whole(&moments, self.ridge),
            Solve::Randomised { oversampling, n_iterations } => {
                randomised(&moments, self.ridge, self.rank.saturating_add(oversampling), n_iterations, seed)
            }
        };
        let Some(Directions { correlations, x: wx, u, y: wy, v }) = found else {
            return Err(LearnError::Param {
                name: "block x or y",
                rule: "of numbers that fit together",
                got: f64::NAN,
            });
        };
        let rank = self.rank.min(correlations.len());
        let (mut a, mut b) = (wx.times(u.subcols(0, rank)), wy.times(v.subcols(0, rank)));
        fix_signs(&mut a, &mut b);
        Ok(Cca {
            correlations: correlations.into_iter().take(rank).map(|r| r.clamp(0.0, 1.0)).collect(),
            x: Map::new(mx, &a),
            y: Map::new(my, &b),
        })
    }
}

/// What makes a block's columns have variance 1 and nothing in common.
enum Whitening {
    /// A matrix that its rows are multiplied with, `width × kept`.
    Root(Mat<f64>),
    /// The lower factor `L` of the covariance: rows are multiplied with `L⁻ᵀ`.
    Factor(Mat<f64>),
}

impl Whitening {
    fn times(&self, directions: MatRef<'_, f64>) -> Mat<f64> {
        match self {
            Self::Root(root) => root * directions,
            Self::Factor(lower) => {
                let mut out = directions.to_owned();
                solve_upper_triangular_in_place(lower.transpose(), out.as_mut(), Par::Seq);
                out
            }
        }
    }
}

/// Singular values of the whitened covariance, largest first, with its directions on both sides.
struct Directions {
    correlations: Vec<f64>,
    x: Whitening,
    u: Mat<f64>,
    y: Whitening,
    v: Mat<f64>,
}

fn whole(moments: &Moments, ridge: f64) -> Option<Directions> {
    let (wx, wy) = (whitening(&moments.xx, ridge), whitening(&moments.yy, ridge));
    let between = wx.transpose() * &moments.xy * &wy;
    let svd = between.thin_svd().ok()?;
    let correlations = svd.S().column_vector().iter().copied().collect();
    let (u, v) = (svd.U().to_owned(), svd.V().to_owned());
    Some(Directions { correlations, x: Whitening::Root(wx), u, y: Whitening::Root(wy), v })
}

/// See [`Solve::Randomised`]; `width` directions or as many as there are.
fn randomised(moments: &Moments, ridge: f64, width: usize, n_iterations: usize, seed: Seed) -> Option<Directions> {
    let (p, q) = (moments.xx.nrows(), moments.yy.nrows());
    let (lx, ly) = (factor(&moments.xx, ridge)?, factor(&moments.yy, ridge)?);
    let width = if lx.is_none() || ly.is_none() { 0 } else { width.min(p).min(q) };
    // A block without any spread shares nothing.
    let (lx, ly) = (lx.unwrap_or_else(|| Mat::identity(p, p)), ly.unwrap_or_else(|| Mat::identity(q, q)));
    let (x, y) = (Whitening::Factor(lx), Whitening::Factor(ly));
    if width == 0 {
        return Some(Directions { correlations: Vec::new(), x, u: Mat::zeros(p, 0), y, v: Mat::zeros(q, 0) });
    }
    // `M B`, and `Mᵀ B`.
    let there = |b: &Mat<f64>| solved(&x, &moments.xy * y.times(b.as_ref()));
    let back = |b: &Mat<f64>| solved(&y, moments.xy.transpose() * x.times(b.as_ref()));
    let mut rng = seed.stream(0);
    let mut basis = there(&Mat::from_fn(q, width, |_, _| rng.normal())).qr().compute_thin_Q();
    for _ in 0..n_iterations {
        let other = back(&basis).qr().compute_thin_Q();
        basis = there(&other).qr().compute_thin_Q();
    }
    // M is nearly `basis basisᵀ M`, whose decomposition is that of the few rows of `basisᵀ M`.
    let rows = back(&basis);
    let svd = rows.thin_svd().ok()?;
    let correlations = svd.S().column_vector().iter().copied().collect();
    let (u, v) = (&basis * svd.V(), svd.U().to_owned());
    Some(Directions { correlations, x, u, y, v })
}

/// `L⁻¹ rhs`.
fn solved(whitening: &Whitening, rhs: Mat<f64>) -> Mat<f64> {
    match whitening {
        Whitening::Root(root) => root.transpose() * rhs,
        Whitening::Factor(lower) => {
            let mut out = rhs;
            solve_lower_triangular_in_place(lower.as_ref(), out.as_mut(), Par::Seq);
            out
        }
    }
}

/// The lower factor of `S + c I`, `Some(None)` where nothing spreads, `None` where there is none. As much is added at least as rounding
/// could have taken away, which leaves directions out that spread less than that.
#[expect(clippy::option_option, reason = "no factor and nothing to factor are told apart by the one caller")]
fn factor(s: &Mat<f64>, ridge: f64) -> Option<Option<Mat<f64>>> {
    let n = s.nrows();
    let spread: f64 = (0..n).map(|i| s[(i, i)]).sum();
    if spread + ridge <= 0.0 {
        return Some(None);
    }
    let added = ridge.max(4.0 * f64::EPSILON * n as f64 * spread);
    let sum = Mat::from_fn(n, n, |i, j| s[(i, j)] + if i == j { added } else { 0.0 });
    sum.llt(Triangle::Lower).ok().map(|llt| Some(llt.L().to_owned()))
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

/// A chunk of rows without its mean.
fn centred<T: Real>(rows: &[T], mean: &[f64]) -> Mat<f64> {
    let width = mean.len();
    let n = rows.len() / width;
    let mut flat = vec![0.0; rows.len()];
    for (out, row) in flat.chunks_exact_mut(width).zip(rows.chunks_exact(width)) {
        for ((o, x), m) in out.iter_mut().zip(row).zip(mean) {
            *o = Into::<f64>::into(*x) - m;
        }
    }
    MatRef::from_row_major_slice(&flat, n, width).to_owned()
}

/// Covariances over `n − 1`, both blocks centred.
struct Moments {
    xx: Mat<f64>,
    yy: Mat<f64>,
    xy: Mat<f64>,
}

impl Moments {
    fn new<T: Real>(x: &[T], mx: &[f64], y: &[T], my: &[f64]) -> Self {
        let (p, q) = (mx.len(), my.len());
        let n = x.len() / mx.len();
        // A fixed number of parts whose sums are added in their order.
        let part = CHUNK.max(n.div_ceil(16).next_multiple_of(CHUNK));
        let of_part = |(x, y): (&[T], &[T])| {
            let mut sum = Self { xx: Mat::zeros(p, p), yy: Mat::zeros(q, q), xy: Mat::zeros(p, q) };
            for (x, y) in x.chunks(CHUNK * mx.len()).zip(y.chunks(CHUNK * my.len())) {
                let (x, y) = (centred(x, mx), centred(y, my));
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
            let rows = centred(rows, &self.mean);
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
