//! Canonical correlations, their tests, retrieval in the common space and Procrustes against recorded
//! figures of numpy and scipy. The inputs are made here by the recorded generator; its own figures
//! (`X_first_row` and so on) are compared as well.

use domain::Seed;
use learn::cca::{Block, Cca, CcaParams, Solve, bartlett_chi_squared, wilks_lambda};
use serde_json::{Value, json};
use testkit::golden::{Case, Golden, number};

/// The finaliser of SplitMix64, as the golden file defines it.
fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// `n` normal numbers of a stream.
fn normals(seed: u64, n: usize) -> Vec<f64> {
    let uniform = |n: u64| (mixed(n) >> 11) as f64 * 2.0_f64.powi(-53);
    let base = seed * 1_000_000;
    let normal = |k: u64| {
        let radius = (-2.0 * (1.0 - uniform(2 * k + 1)).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * uniform(2 * k + 2)).cos()
    };
    (base..base + n as u64).map(normal).collect()
}

fn product(a: &[f64], b: &[f64], inner: usize) -> Vec<f64> {
    let width = b.len() / inner;
    let cell = |row: &[f64], c: usize| row.iter().zip(b.chunks_exact(width)).map(|(x, line)| x * line[c]).sum();
    a.chunks_exact(inner).flat_map(|row| (0..width).map(move |c| (row, c))).map(|(row, c)| cell(row, c)).collect()
}

struct Pair {
    n: usize,
    p: usize,
    q: usize,
    x: Vec<f64>,
    y: Vec<f64>,
}

fn pair(params: &Value) -> Pair {
    let whole = |name: &str| params[name].as_u64().expect("a whole number");
    let (seed, noise) = (whole("seed"), params["noise"].as_f64().expect("a number"));
    let [n, d, p, q] = ["n", "d", "p", "q"].map(|name| whole(name) as usize);
    let z = normals(seed, n * d);
    let side = |width: usize, map_seed: u64, noise_seed: u64, noise: f64| -> Vec<f64> {
        let clean = product(&z, &normals(map_seed, d * width), d);
        clean.iter().zip(normals(noise_seed, n * width)).map(|(c, e)| c + noise * e).collect()
    };
    Pair { n, p, q, x: side(p, seed + 2, seed + 1, 0.5), y: side(q, seed + 4, seed + 3, noise) }
}

/// Share of rows whose nearest by cosine on the other side is their own, in the first `k` directions.
fn retrieval(cca: &Cca, pair: &Pair, k: usize) -> f64 {
    let unit = |block, rows: &[f64]| -> Vec<Vec<f64>> {
        let projected = cca.project(block, rows);
        let one = |row: &[f32]| {
            let row: Vec<f64> = row[..k].iter().map(|v| f64::from(*v)).collect();
            let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
            row.iter().map(|v| v / length).collect()
        };
        projected.chunks_exact(cca.rank()).map(one).collect()
    };
    let (a, b) = (unit(Block::X, &pair.x), unit(Block::Y, &pair.y));
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let nearest = |row: &[f64]| (0..b.len()).max_by(|i, j| dot(row, &b[*i]).total_cmp(&dot(row, &b[*j])));
    a.iter().enumerate().filter(|(i, row)| nearest(row) == Some(*i)).count() as f64 / pair.n as f64
}

/// Centred, and only the first `width` columns.
fn centred(rows: &[f64], from: usize, width: usize) -> Vec<f64> {
    let n = (rows.len() / from) as f64;
    let mean: Vec<f64> = (0..width).map(|c| rows.iter().skip(c).step_by(from).sum::<f64>() / n).collect();
    rows.chunks_exact(from).flat_map(|row| row[..width].iter().zip(&mean).map(|(v, m)| v - m)).collect()
}

fn answers(case: &Case, solve: Solve) -> impl Fn(&str) -> Option<Value> {
    let pair = pair(&case.params);
    let ridge = case.params["ridge"].as_f64().expect("a number");
    let fit = |ridge| {
        let params = CcaParams { rank: pair.p.min(pair.q), ridge, solve };
        params.fit(&pair.x, pair.p, &pair.y, pair.q, Seed(1)).expect("a fit")
    };
    let (plain, shrunk) = (fit(0.0), fit(ridge));
    let d = pair.p.min(pair.q);
    let (x, y) = (centred(&pair.x, pair.p, d), centred(&pair.y, pair.q, d));
    let (rotation, fit) = learn::align::procrustes(&x, &y, d);
    let turned = product(&x, &rotation, d);
    let loss: f64 = turned.iter().zip(&y).map(|(t, y)| (t - y).powi(2)).sum();
    let length = |rows: &[f64]| rows.iter().map(|v| v * v).sum::<f64>().sqrt();
    let nuclear = fit * length(&x) * length(&y);
    move |key| {
        Some(match key {
            "X_first_row" => json!(pair.x[..5.min(pair.p)]),
            "Y_last_row" => json!(pair.y[pair.y.len() - pair.q..][..5.min(pair.q)]),
            "sum_X" => number(pair.x.iter().sum()),
            "canonical_correlations" => json!(plain.correlations()),
            "regularised_correlations" => json!(shrunk.correlations()),
            "wilks_lambda" => number(wilks_lambda(plain.correlations())),
            "bartlett_chi2" => number(bartlett_chi_squared(plain.correlations(), pair.n, pair.p, pair.q)),
            "retrieval_top1_k3" => number(retrieval(&plain, &pair, 3)),
            "procrustes_loss" => number(loss),
            "procrustes_nuclear_norm" => number(nuclear),
            _ => return None,
        })
    }
}

#[test]
fn recorded_figures_are_reached() {
    let Some(golden) = Golden::load("cca_alignment").expect("a golden file") else { return };
    for id in ["cca_20", "cca_30", "cca_60"] {
        let case = golden.case(id).expect("a case");
        for solve in [Solve::Whole, Solve::Randomised { oversampling: 0, n_iterations: 2 }] {
            let checked = case.check(answers(case, solve));
            assert!(checked.failures.is_empty() && checked.unanswered.is_empty(), "{solve:?} {checked:#?}");
            assert_eq!(checked.passed, 10);
        }
    }
}
