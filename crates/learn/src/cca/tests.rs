use super::*;
use proptest::prelude::*;

const WHOLE: CcaParams = CcaParams { rank: 8, ridge: 0.0, solve: Solve::Whole };

fn normal(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = Seed(seed).stream(0);
    (0..n).map(|_| rng.normal()).collect()
}

/// Rows of `width` that share `z` in their first column.
fn around(z: &[f64], width: usize, noise: f64, seed: u64) -> Vec<f64> {
    let e = normal(z.len() * width, seed);
    (0..z.len() * width).map(|at| noise * e[at] + if at % width == 0 { z[at / width] } else { 0.0 }).collect()
}

/// x and y = 2x + 1: correlation 1. One column each, so the maps scale to variance 1.
#[test]
fn two_columns_by_hand() {
    let x = [1.0, 2.0, 3.0, 4.0];
    let y = x.map(|x| 2.0 * x + 1.0);
    let cca = WHOLE.fit(&x, 1, &y, 1, Seed(1)).unwrap();
    assert!((cca.correlations()[0] - 1.0).abs() < 1e-12);
    // Standard deviation of 1, 2, 3, 4 over n − 1: sqrt(5/3).
    let want = [-1.5, -0.5, 0.5, 1.5].map(|v: f64| (v / (5.0_f64 / 3.0).sqrt()) as f32);
    for (got, want) in cca.project(Block::X, &x).iter().chain(&cca.project(Block::Y, &y)).zip(want.iter().chain(&want))
    {
        assert!((got - want).abs() < 1e-6, "{got} {want}");
    }
}

/// One column each with correlation r: the ridge shrinks it to s_xy / (s + c).
#[test]
fn a_ridge_shrinks_as_by_hand() {
    let (x, y) = ([-1.0, 0.0, 1.0], [-1.0, 1.0, 0.0]);
    // Variances 1, covariance 1/2.
    let cca = CcaParams { ridge: 1.0, ..WHOLE }.fit(&x, 1, &y, 1, Seed(1)).unwrap();
    assert!((cca.correlations()[0] - 0.25).abs() < 1e-12, "{:?}", cca.correlations());
}

#[test]
fn what_is_shared_is_found_under_a_turn() {
    let z = normal(2_000, 1);
    let x = around(&z, 3, 0.5, 2);
    let y = around(&z, 5, 0.5, 3);
    let cca = WHOLE.fit(&x, 3, &y, 5, Seed(1)).unwrap();
    // cor(z + e/2, z + e'/2) = 1 / 1.25.
    assert!((cca.correlations()[0] - 0.8).abs() < 0.02, "{:?}", cca.correlations());
    assert!(cca.correlations()[1] < 0.1 && cca.rank() == 3);
    // Any invertible turn of x leaves the correlations.
    let turned: Vec<f64> = x.chunks(3).flat_map(|r| [r[0] + 2.0 * r[1], r[1] - r[2], 3.0 * r[2] + r[0]]).collect();
    let again = WHOLE.fit(&turned, 3, &y, 5, Seed(1)).unwrap();
    for (a, b) in cca.correlations().iter().zip(again.correlations()) {
        assert!((a - b).abs() < 1e-9);
    }
}

const FEW: Solve = Solve::Randomised { oversampling: 8, n_iterations: 5 };

/// Twelve columns of `width` spread a hundred times as far as the others and share nothing; eight small ones share one
/// column each with the other block, every one less than the one before.
fn shared_where_little_spreads(n: usize, width: usize, seed: u64, z: &[f64]) -> Vec<f64> {
    let e = normal(n * width, seed);
    let cell = |at: usize| match at % width {
        column @ ..12 => 100.0 * e[at] / (1.0 + column as f64),
        column @ 12..20 => z[at / width * 8 + column - 12] + (0.3 + 0.1 * (column - 12) as f64) * e[at],
        _ => e[at],
    };
    let rows: Vec<f64> = (0..n * width).map(cell).collect();
    // Turned, so that no column of what is seen is one of these: each adds the one before.
    rows.chunks(width).flat_map(|row| (0..width).map(|c| row[c] + 0.5 * row[(c + 1) % width])).collect()
}

#[test]
fn what_two_blocks_share_is_found_where_neither_spreads() {
    let n = 3_000;
    let z = normal(n * 8, 4);
    let (x, y) = (shared_where_little_spreads(n, 60, 5, &z), shared_where_little_spreads(n, 45, 6, &z));
    let whole = CcaParams { rank: 6, ..WHOLE }.fit(&x, 60, &y, 45, Seed(1)).unwrap();
    assert!(whole.correlations()[0] > 0.85 && whole.correlations()[5] > 0.5, "{:?}", whole.correlations());
    let params = CcaParams { rank: 6, solve: FEW, ..WHOLE };
    let few = params.fit(&x, 60, &y, 45, Seed(1)).unwrap();
    for (few, whole) in few.correlations().iter().zip(whole.correlations()) {
        assert!((few - whole).abs() < 1e-6, "{few} {whole}");
    }
    // Maps as well, whichever whitening led to them.
    for (block, rows) in [(Block::X, &x), (Block::Y, &y)] {
        for (a, b) in few.project(block, rows).iter().zip(whole.project(block, rows)) {
            assert!((a - b).abs() < 1e-2, "{block:?} {a} {b}");
        }
    }
    assert_eq!((few.rank(), few.width(Block::X)), (6, 60));
    assert_eq!(few, params.fit(&x, 60, &y, 45, Seed(1)).unwrap());
    // Another draw finds the same, and a ridge shrinks both ways alike.
    let other = params.fit(&x, 60, &y, 45, Seed(2)).unwrap();
    assert!(other.correlations().iter().zip(few.correlations()).all(|(a, b)| (a - b).abs() < 1e-6));
    let shrunk = |solve| CcaParams { rank: 6, ridge: 2.0, solve }.fit(&x, 60, &y, 45, Seed(1)).unwrap();
    for (a, b) in shrunk(FEW).correlations().iter().zip(shrunk(Solve::Whole).correlations()) {
        assert!((a - b).abs() < 1e-6 && *b < whole.correlations()[0], "{a} {b}");
    }
}

#[test]
fn the_randomised_way_takes_columns_that_depend_on_others() {
    let z = normal(50, 7);
    let doubled: Vec<f64> = z.iter().flat_map(|z| [*z, 2.0 * z, 0.0]).collect();
    let params = CcaParams { solve: FEW, ..WHOLE };
    let cca = params.fit(&doubled, 3, &z, 1, Seed(1)).unwrap();
    assert!(cca.rank() == 1 && (cca.correlations()[0] - 1.0).abs() < 1e-9, "{:?}", cca.correlations());
    let wide = normal(5 * 9, 8);
    let cca = params.fit(&wide, 9, &normal(5 * 9, 9), 9, Seed(1)).unwrap();
    assert!(cca.rank() <= 8 && cca.project(Block::X, &wide).iter().all(|v| v.is_finite()));
    let same = vec![3.0; 20];
    assert_eq!(params.fit(&same, 2, &same, 2, Seed(1)).unwrap().rank(), 0);
}

#[test]
fn columns_that_depend_on_others_and_more_columns_than_rows_are_no_error() {
    let z = normal(50, 7);
    let doubled: Vec<f64> = z.iter().flat_map(|z| [*z, 2.0 * z, 0.0]).collect();
    let cca = WHOLE.fit(&doubled, 3, &z, 1, Seed(1)).unwrap();
    assert_eq!(cca.rank(), 1);
    assert!((cca.correlations()[0] - 1.0).abs() < 1e-9);
    let wide = normal(5 * 9, 8);
    let cca = WHOLE.fit(&wide, 9, &normal(5 * 9, 9), 9, Seed(1)).unwrap();
    assert!(cca.rank() <= 8 && cca.project(Block::X, &wide).iter().all(|v| v.is_finite()));
    let same = vec![3.0; 20];
    assert_eq!(WHOLE.fit(&same, 2, &same, 2, Seed(1)).unwrap().rank(), 0);
}

#[test]
fn what_does_not_fit_is_refused() {
    let fit = |params: CcaParams, x: &[f64], y: &[f64]| params.fit(x, 2, y, 1, Seed(1)).unwrap_err().to_string();
    assert_eq!(fit(WHOLE, &[1.0, 2.0, 3.0, 4.0], &[1.0]), "block y is 1 long, it has to be 2");
    assert_eq!(fit(WHOLE, &[1.0, 2.0], &[1.0]), "1 pairs of rows, at least 2 are needed");
    assert!(fit(WHOLE, &[1.0, f64::NAN, 3.0, 4.0], &[1.0, 2.0]).starts_with("row 0, column 1 is NaN"));
    let zero = CcaParams { rank: 0, ..WHOLE };
    assert_eq!(fit(zero, &[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0]), "parameter `rank` is 0, it has to be at least 1");
    let negative = CcaParams { ridge: -1.0, ..WHOLE };
    assert!(fit(negative, &[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0]).contains("`ridge`"));
}

#[test]
fn one_thread_and_three_give_the_same_map() {
    let z = normal(3_000, 10);
    let (x, y) = (around(&z, 6, 1.0, 11), around(&z, 4, 1.0, 12));
    let params = CcaParams { solve: FEW, ..WHOLE };
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| params.fit(&x, 6, &y, 4, Seed(1)).unwrap())
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_written_map_is_read_back_and_a_broken_one_refused() {
    let z = normal(60, 13);
    let cca = WHOLE.fit(&around(&z, 3, 1.0, 14), 3, &around(&z, 2, 1.0, 15), 2, Seed(1)).unwrap();
    let mut writer = Writer::default();
    cca.write("space", &mut writer);
    let bytes = writer.finish("test", 7);
    let reader = Reader::open(&bytes).unwrap();
    assert_eq!(Cca::read("space", &reader).unwrap(), cca);
    assert!(Cca::read("other", &reader).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Columns of the projected rows have variance 1 and are uncorrelated, and the two sides' columns of one
    /// direction correlate as stated: what defines canonical correlations.
    #[test]
    fn projections_have_the_stated_correlations(seed in any::<u64>(), p in 1_usize..5, q in 1_usize..5) {
        let n = 80;
        let z = normal(n, seed);
        let (x, y) = (around(&z, p, 1.0, seed ^ 1), around(&z, q, 0.7, seed ^ 2));
        let cca = WHOLE.fit(&x, p, &y, q, Seed(1)).unwrap();
        let r = cca.rank();
        prop_assert_eq!(r, p.min(q));
        let (a, b) = (cca.project(Block::X, &x), cca.project(Block::Y, &y));
        let product = |a: &[f32], b: &[f32], i: usize, j: usize| -> f64 {
            (0..n).map(|row| f64::from(a[row * r + i]) * f64::from(b[row * r + j])).sum::<f64>() / (n - 1) as f64
        };
        for i in 0..r {
            for j in 0..r {
                let same = f64::from(u8::from(i == j));
                prop_assert!((product(&a, &a, i, j) - same).abs() < 1e-4);
                prop_assert!((product(&a, &b, i, j) - same * cca.correlations()[i]).abs() < 1e-4);
            }
        }
    }
}
