//! Two clouds of vectors brought together, and how far they are apart.
//!
//! - [`procrustes`]: the rotation `R` that minimises `‖A R − B‖` for rows that belong to each other. With
//!   `M = Aᵀ B` it is `M (Mᵀ M)^(−1/2)`, and `tr((Mᵀ M)^(1/2)) / (‖A‖ ‖B‖)` says how well it fits: 1 where `A`
//!   is `B` turned, 0 where nothing of one is in the other.
//! - [`Coral`]: gives the source's rows the mean and covariance of the target's, `x ↦ (x − m_s) C_s^(−1/2)
//!   C_t^(1/2) + m_t` with `ridge` added to both covariances. [`coral_distance`] is `‖C_s − C_t‖ / (‖C_s‖ +
//!   ‖C_t‖)`, between 0 and 1.
//! - [`mmd`]: the squared maximum mean discrepancy with a Gaussian kernel whose width is the median distance
//!   of all rows: 0 for two equal clouds, at most 2.
//!
//! Sources: Schönemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika 31(1),
//! 1966; Sun, Feng and Saenko, "Return of frustratingly easy domain adaptation", AAAI 2016; Gretton et al., "A
//! kernel two-sample test", JMLR 13, 2012. Cost: `n d² + d³`; the discrepancy `(n + m)² d`. Rows are added in
//! their order: the same bits at any number of threads.

use crate::dense::Real;
use crate::low_rank::symmetric_eigen;

/// `AᵀB / n` of row-major blocks.
fn products<T: Real>(a: &[T], b: &[T], width: usize) -> Vec<f64> {
    let mut sum = vec![0.0; width * width];
    for (x, y) in a.chunks_exact(width).zip(b.chunks_exact(width)) {
        for (line, x) in sum.chunks_exact_mut(width).zip(x) {
            line.iter_mut().zip(y).for_each(|(s, y)| *s += Into::<f64>::into(*x) * Into::<f64>::into(*y));
        }
    }
    sum
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

fn norm(a: &[f64]) -> f64 {
    a.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// `f` of the eigenvalues of a symmetric matrix.
fn of_eigenvalues(a: Vec<f64>, n: usize, f: impl Fn(f64) -> f64) -> Vec<f64> {
    let (values, vectors) = symmetric_eigen(a, n);
    let mut out = vec![0.0; n * n];
    for (k, value) in values.iter().enumerate() {
        let scale = f(*value);
        for i in 0..n {
            let x = scale * vectors[i * n + k];
            (0..n).for_each(|j| out[i * n + j] += x * vectors[j * n + k]);
        }
    }
    out
}

/// The rotation of rows of `a` onto those of `b` (`width × width`, row-major: `x R`) and how well it fits.
///
/// # Panics
/// If the blocks do not have the same number of rows of `width`.
pub fn procrustes<T: Real>(a: &[T], b: &[T], width: usize) -> (Vec<f64>, f64) {
    assert!(a.len() == b.len() && a.len().is_multiple_of(width.max(1)), "rows that belong to each other");
    let m = products(a, b, width);
    let transposed: Vec<f64> = (0..width * width).map(|at| m[at % width * width + at / width]).collect();
    let square = times(&transposed, &m, width);
    let (values, _) = symmetric_eigen(square.clone(), width);
    let floor = values.first().copied().unwrap_or(0.0) * 1e-12;
    let rotation = times(&m, &of_eigenvalues(square, width, |v| if v > floor { 1.0 / v.sqrt() } else { 0.0 }), width);
    let length = |x: &[T]| x.iter().map(|v| Into::<f64>::into(*v).powi(2)).sum::<f64>().sqrt();
    let whole = length(a) * length(b);
    let shared: f64 = values.iter().map(|v| v.max(0.0).sqrt()).sum();
    (rotation, if whole > 0.0 { (shared / whole).min(1.0) } else { 0.0 })
}

fn mean(rows: &[f32], width: usize) -> Vec<f64> {
    let mut sum = vec![0.0; width];
    rows.chunks_exact(width).for_each(|row| sum.iter_mut().zip(row).for_each(|(s, x)| *s += f64::from(*x)));
    let n = (rows.len() / width).max(1) as f64;
    sum.into_iter().map(|s| s / n).collect()
}

fn covariance(rows: &[f32], width: usize) -> Vec<f64> {
    let m = mean(rows, width);
    let centred: Vec<f32> =
        rows.chunks_exact(width).flat_map(|r| r.iter().zip(&m).map(|(x, m)| x - *m as f32)).collect();
    let n = (rows.len() / width).max(1) as f64;
    products(&centred, &centred, width).into_iter().map(|s| s / n).collect()
}

/// How different the covariances of two clouds are, 0 to 1.
pub fn coral_distance(source: &[f32], target: &[f32], width: usize) -> f64 {
    let (s, t) = (covariance(source, width), covariance(target, width));
    let apart: Vec<f64> = s.iter().zip(&t).map(|(s, t)| s - t).collect();
    let whole = norm(&s) + norm(&t);
    if whole > 0.0 { norm(&apart) / whole } else { 0.0 }
}

/// A map that gives a cloud the mean and covariance of another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Coral {
    width: usize,
    from: Vec<f64>,
    to: Vec<f64>,
    matrix: Vec<f64>,
}

impl Coral {
    /// Learns the map from two clouds of rows of `width`; `ridge`, above 0, keeps directions without spread.
    pub fn fit(source: &[f32], target: &[f32], width: usize, ridge: f64) -> Self {
        let with_ridge = |rows: &[f32]| {
            let mut c = covariance(rows, width);
            (0..width).for_each(|i| c[i * width + i] += ridge);
            c
        };
        let whiten = of_eigenvalues(with_ridge(source), width, |v| 1.0 / v.max(f64::MIN_POSITIVE).sqrt());
        let colour = of_eigenvalues(with_ridge(target), width, |v| v.max(0.0).sqrt());
        let matrix = times(&whiten, &colour, width);
        Self { width, from: mean(source, width), to: mean(target, width), matrix }
    }

    /// The rows where the target would have them.
    pub fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let move_row = |row: &[f32]| {
            let mut out = self.to.clone();
            for ((x, m), line) in row.iter().zip(&self.from).zip(self.matrix.chunks_exact(self.width)) {
                out.iter_mut().zip(line).for_each(|(o, c)| *o += (f64::from(*x) - m) * c);
            }
            out.into_iter().map(|o| o as f32).collect::<Vec<f32>>()
        };
        rows.chunks_exact(self.width).flat_map(move_row).collect()
    }
}

/// Squared maximum mean discrepancy of two clouds of rows of `width`; 0 when one is empty.
pub fn mmd(a: &[f32], b: &[f32], width: usize) -> f64 {
    let rows: Vec<&[f32]> = a.chunks_exact(width).chain(b.chunks_exact(width)).collect();
    let (n, m) = (a.len() / width, b.len() / width);
    if n == 0 || m == 0 {
        return 0.0;
    }
    let apart = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>();
    let mut all: Vec<f64> = Vec::with_capacity(rows.len() * rows.len() / 2);
    for (i, x) in rows.iter().enumerate() {
        all.extend(rows[..i].iter().map(|y| apart(x, y)));
    }
    let mut sorted = all.clone();
    let middle = sorted.len() / 2;
    let median = *sorted.select_nth_unstable_by(middle, f64::total_cmp).1;
    if median <= 0.0 {
        return 0.0;
    }
    let (mut aa, mut bb, mut ab) = (n as f64, m as f64, 0.0);
    let mut at = 0;
    for i in 0..rows.len() {
        for j in 0..i {
            let k = (-all[at] / median).exp();
            at += 1;
            match (i < n, j < n) {
                (true, _) => aa += 2.0 * k,
                (false, false) => bb += 2.0 * k,
                (false, true) => ab += k,
            }
        }
    }
    let (n, m) = (n as f64, m as f64);
    (aa / (n * n) + bb / (m * m) - 2.0 * ab / (n * m)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Seed;

    fn cloud(n: usize, scale: [f64; 2], shift: f64, seed: u64) -> Vec<f32> {
        let mut rng = Seed(seed).stream(0);
        (0..n).flat_map(|_| scale.map(|s| (shift + s * rng.normal()) as f32)).collect()
    }

    #[test] // A quarter turn takes (x, y) to (−y, x).
    fn a_turned_cloud_is_turned_back() {
        let a = cloud(50, [2.0, 1.0], 0.0, 1);
        let b: Vec<f32> = a.chunks(2).flat_map(|p| [-p[1], p[0]]).collect();
        let (rotation, fit) = procrustes(&a, &b, 2);
        for (got, want) in rotation.iter().zip([0.0, 1.0, -1.0, 0.0]) {
            assert!((got - want).abs() < 1e-6, "{rotation:?}");
        }
        assert!((fit - 1.0).abs() < 1e-6);
        let (_, unrelated) = procrustes(&a, &cloud(50, [1.0, 1.0], 0.0, 2), 2);
        assert!(unrelated < 0.5, "{unrelated}");
    }

    #[test]
    fn coral_gives_mean_and_covariance_of_the_target() {
        let (source, target) = (cloud(2000, [1.0, 3.0], 1.0, 3), cloud(2000, [2.0, 0.5], -2.0, 4));
        let moved = Coral::fit(&source, &target, 2, 1e-9).apply(&source);
        let (got, want) = (covariance(&moved, 2), covariance(&target, 2));
        assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-4), "{got:?} {want:?}");
        assert!(mean(&moved, 2).iter().zip(mean(&target, 2)).all(|(g, w)| (g - w).abs() < 1e-4));
        assert!(coral_distance(&source, &target, 2) > 0.5 && coral_distance(&moved, &target, 2) < 1e-4);
    }

    /// One point each, 1 apart: the median squared distance is 1, so `1 + 1 − 2 e⁻¹`.
    #[test]
    fn the_discrepancy_by_hand_and_of_equal_clouds() {
        assert!((mmd(&[0.0], &[1.0], 1) - (2.0 - 2.0 * (-1.0_f64).exp())).abs() < 1e-12);
        let a = cloud(100, [1.0, 1.0], 0.0, 5);
        assert!(mmd(&a, &a, 2) < 1e-9);
        let (near, far) = (mmd(&a, &cloud(100, [1.0, 1.0], 0.3, 6), 2), mmd(&a, &cloud(100, [1.0, 1.0], 2.0, 6), 2));
        assert!(near < far, "{near} {far}");
        assert_eq!(mmd(&a, &[], 2), 0.0);
    }
}
