//! Tests of boosting as a whole.

use super::super::{LambdaRankParams, ndcg};
use super::*;
use proptest::prelude::*;

fn table(n: usize, n_columns: usize, seed: u64) -> Features {
    let mut rng = Seed(seed).stream(0);
    let value = |rng: &mut domain::Rng| if rng.below(20) == 0 { f32::NAN } else { rng.normal() as f32 };
    Features::new((0..n * n_columns).map(|_| value(&mut rng)).collect(), n_columns).unwrap()
}

fn labels(table: &Features, seed: u64, of: impl Fn(&[f32], &mut domain::Rng) -> f32) -> Vec<f32> {
    let seed = Seed(seed);
    table.rows().enumerate().map(|(i, row)| of(row, &mut seed.stream(i as u64))).collect()
}

fn squared() -> BoostParams {
    BoostParams { objective: Objective::SquaredError, n_rounds: 20, min_rows: 5, ..BoostParams::default() }
}

// Labels 0, 0, 4, 8 at x = 0, 0, 1, 1 with two leaves of at least two rows, rate 0.5, l2 = 0: start 3;
// answers 0.5 · (0 − 3) and 0.5 · (6 − 3), then 0.5 · (0 − 1.5) and 0.5 · (6 − 4.5).
#[test]
fn two_rounds_are_worked_by_hand() {
    let table = Features::new(vec![0.0, 0.0, 1.0, 1.0], 1).unwrap();
    let samples = Samples::new(&table, &[0.0, 0.0, 4.0, 8.0]).unwrap();
    let params = BoostParams { n_rounds: 2, learning_rate: 0.5, min_rows: 2, ..squared() };
    let model = params.fit(samples, Seed(0)).unwrap();
    assert_eq!(model.start(), 3.0);
    assert_eq!((model.score(&[0.0]), model.score(&[1.0])), (3.0 - 1.5 - 0.75, 3.0 + 1.5 + 0.75));
    assert_eq!(model.scores(&table).unwrap(), [0.75, 0.75, 5.25, 5.25]);
    assert!(model.scores(&Features::new(vec![0.0; 2], 2).unwrap()).is_err());
}

// x missing means 10, else 0: whatever side the tree learns, a missing value is predicted as such.
#[test]
fn missing_values_are_predicted_as_in_training() {
    let table = Features::new(vec![f32::NAN, 1.0, f32::NAN, 2.0, 3.0, f32::NAN], 1).unwrap();
    let samples = Samples::new(&table, &[10.0, 0.0, 10.0, 0.0, 0.0, 10.0]).unwrap();
    let params = BoostParams { n_rounds: 1, learning_rate: 1.0, min_rows: 1, ..squared() };
    let model = params.fit(samples, Seed(0)).unwrap();
    assert!((model.predict(&[f32::NAN]) - 10.0).abs() < 1e-6 && model.predict(&[2.0]).abs() < 1e-6);
    assert!(model.predict(&[1e30]).abs() < 1e-6);
}

#[test] // A row of weight 3 is three rows.
fn a_weight_is_a_number_of_rows() {
    let (once, thrice) = (
        Features::new(vec![0.0, 1.0, 2.0, 3.0], 1).unwrap(),
        Features::new(vec![0.0, 1.0, 1.0, 1.0, 2.0, 3.0], 1).unwrap(),
    );
    let params = BoostParams { n_rounds: 3, min_rows: 1, ..squared() };
    let weighted = Samples::new(&once, &[0.0, 5.0, 1.0, 2.0]).unwrap().weighted(&[1.0, 3.0, 1.0, 1.0]).unwrap();
    let a = params.fit(weighted, Seed(0)).unwrap();
    let b = params.fit(Samples::new(&thrice, &[0.0, 5.0, 5.0, 5.0, 1.0, 2.0]).unwrap(), Seed(0)).unwrap();
    for x in [0.0, 1.0, 2.0, 3.0] {
        assert!((a.score(&[x]) - b.score(&[x])).abs() < 1e-6);
    }
}

#[test]
fn every_pointwise_objective_lowers_its_loss_and_predicts_the_mean() {
    let table = table(3000, 4, 1);
    for objective in [Objective::SquaredError, Objective::Binary, Objective::Poisson] {
        let y = labels(&table, 2, |row, rng| {
            let s = f64::from(row[0].max(-1.0)) - f64::from(row[1].max(0.0));
            match objective {
                Objective::Binary => f32::from(u8::from(rng.uniform() < 1.0 / (1.0 + (-s).exp()))),
                Objective::Poisson => rng.poisson(s.min(2.0).exp()) as f32,
                Objective::SquaredError | Objective::LambdaRank(_) => (s + rng.normal()) as f32,
            }
        });
        let samples = Samples::new(&table, &y).unwrap();
        let params = BoostParams { objective: objective.clone(), n_rounds: 30, ..BoostParams::default() };
        let model = params.fit(samples, Seed(3)).unwrap();
        let before = objective.loss(&samples, &vec![model.start(); y.len()]);
        let after = objective.loss(&samples, &model.scores(&table).unwrap());
        assert!(after < before - 0.04, "{objective:?}: {before} to {after}");
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / y.len() as f64;
        let predicted = mean(&mut model.predictions(&table).unwrap().into_iter());
        let observed = mean(&mut y.iter().map(|y| f64::from(*y)));
        assert!((predicted / observed - 1.0).abs() < 0.05 || observed.abs() < 0.5, "{objective:?}");
    }
}

/// Groups of ten whose grade follows column 0.
fn ranking(n_groups: usize, seed: u64) -> (Features, Vec<f32>, Vec<usize>) {
    let table = table(n_groups * 10, 4, seed);
    let y = labels(&table, seed, |row, rng| {
        let s = row[0].max(-2.0) + 0.5 * row[1].max(-2.0) + 0.3 * rng.normal() as f32;
        (s + 1.0).clamp(0.0, 3.0).floor()
    });
    (table, y, vec![10; n_groups])
}

#[test]
fn lambdarank_orders_new_groups() {
    let (table, y, groups) = ranking(200, 1);
    let objective = Objective::LambdaRank(LambdaRankParams::default());
    let params = BoostParams { objective, n_rounds: 40, ..BoostParams::default() };
    let model = params.fit(Samples::new(&table, &y).unwrap().grouped(&groups).unwrap(), Seed(1)).unwrap();
    let (new, new_y, new_groups) = ranking(200, 2);
    let quality = ndcg(&new_groups, &new_y, &model.scores(&new).unwrap(), 5).unwrap();
    let chance = ndcg(&new_groups, &new_y, &vec![0.0; new_y.len()], 5).unwrap();
    assert!(quality > 0.9 && chance < 0.75, "{quality} {chance}");
}

#[test]
fn early_stopping_keeps_the_best_round_of_the_validation_set() {
    let (table, noise) = (table(300, 3, 5), |seed| {
        move |row: &[f32], rng: &mut domain::Rng| {
            let _: u64 = seed;
            row[0].max(0.0) + 2.0 * rng.normal() as f32
        }
    });
    let (y, valid_y) = (labels(&table, 6, noise(6)), labels(&table, 7, noise(7)));
    let (train, valid) = (Samples::new(&table, &y).unwrap(), Samples::new(&table, &valid_y).unwrap());
    let params = BoostParams { n_rounds: 200, ..squared() };
    let model = params.fit_until(train, valid, 5, Seed(1)).unwrap();
    let best = model.losses().iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(model.trees().len(), 1 + model.losses().iter().position(|loss| *loss == best).unwrap());
    assert_eq!(model.losses().len(), model.trees().len() + 5);
    let loss = Objective::SquaredError.loss(&valid, &model.scores(&table).unwrap());
    assert!((loss - best).abs() < 1e-12);
    // The rounds before are those of a run that never looked.
    let blind = BoostParams { n_rounds: model.trees().len(), ..params.clone() }.fit(train, Seed(1)).unwrap();
    assert_eq!(blind.trees(), model.trees());
    assert!(params.fit_until(train, valid, 0, Seed(1)).is_err());
}

#[test] // Bags, drawn columns and groups included; 1 and 3 threads give the same bits.
fn the_model_is_the_same_at_any_number_of_threads() {
    let (table, y, groups) = ranking(2000, 3);
    let bagging = Some(Bagging { fraction: 0.7, every: 2 });
    let params = BoostParams { n_rounds: 4, bagging, feature_fraction: 0.7, ..BoostParams::default() };
    let at = |threads, objective: Objective| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let params = BoostParams { objective, ..params.clone() };
        let samples = Samples::new(&table, &y).unwrap().grouped(&groups).unwrap();
        pool.install(|| params.fit(samples, Seed(8)).unwrap())
    };
    for objective in [Objective::LambdaRank(LambdaRankParams::default()), Objective::Poisson] {
        assert_eq!(at(1, objective.clone()), at(3, objective));
    }
}

#[test] // 7 of 10 groups are in the bag, each whole.
fn a_bag_holds_whole_groups() {
    let (table, y, groups) = ranking(500, 4);
    let samples = Samples::new(&table, &y).unwrap().grouped(&groups).unwrap();
    let bag = draw_bag(&samples, 0.7, Seed(1));
    assert!((3100..3900).contains(&bag.len()) && bag.is_sorted());
    assert!(bag.chunks(10).all(|group| group[0] % 10 == 0 && group[9] == group[0] + 9));
    assert_eq!(draw_columns(10, 0.3, Seed(1), 4).len(), 3);
    assert_eq!(draw_columns(10, 0.01, Seed(1), 4).len(), 1);
}

#[test]
fn the_columns_that_matter_gain() {
    let table = table(2000, 4, 9);
    let y = labels(&table, 9, |row, _| row[2].max(0.0));
    let gains = squared().fit(Samples::new(&table, &y).unwrap(), Seed(0)).unwrap().gains();
    assert!(gains[2] > 100.0 * (gains[0] + gains[1] + gains[3]), "{gains:?}");
}

#[test]
fn parameters_outside_their_range_are_refused() {
    let table = Features::new(vec![0.0, 1.0], 1).unwrap();
    let samples = Samples::new(&table, &[0.0, 1.0]).unwrap();
    let ok = squared();
    for wrong in [
        BoostParams { n_rounds: 0, ..ok.clone() },
        BoostParams { max_leaves: 1, ..ok.clone() },
        BoostParams { learning_rate: 0.0, ..ok.clone() },
        BoostParams { feature_fraction: 1.5, ..ok.clone() },
        BoostParams { l2: -1.0, ..ok.clone() },
        BoostParams { max_bins: 256, ..ok.clone() },
        BoostParams { bagging: Some(Bagging { fraction: 0.5, every: 0 }), ..ok.clone() },
        BoostParams { monotone: vec![Monotone::Free; 2], ..ok.clone() },
    ] {
        assert!(wrong.fit(samples, Seed(0)).is_err(), "{wrong:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_monotone_column_never_turns(seed in 0_u64..10_000) {
        let table = table(400, 3, seed);
        let y = labels(&table, seed, |row, rng| (3.0 * row[0]).sin() - row[1] + row[2] + rng.normal() as f32);
        let y: Vec<f32> = y.into_iter().map(|y| if y.is_nan() { 0.0 } else { y }).collect();
        let monotone = vec![Monotone::Rising, Monotone::Falling, Monotone::Free];
        let model = BoostParams { monotone, ..squared() }.fit(Samples::new(&table, &y).unwrap(), Seed(0)).unwrap();
        for row in table.rows().take(40) {
            let along = |column: usize| -> Vec<f64> {
                let at = |x: i32| {
                    let mut moved = row.to_vec();
                    moved[column] = x as f32 / 10.0;
                    model.score(&moved)
                };
                (-30..=30).map(at).collect()
            };
            prop_assert!(along(0).windows(2).all(|w| w[0] <= w[1]));
            prop_assert!(along(1).windows(2).all(|w| w[0] >= w[1]));
        }
    }

    #[test]
    fn no_leaf_is_smaller_than_asked_and_no_tree_larger(seed in 0_u64..10_000, min_rows in 1_usize..60, max_leaves in 2_usize..20) {
        let table = table(300, 3, seed);
        let y = labels(&table, seed, |_, rng| rng.normal() as f32);
        let params = BoostParams { min_rows, max_leaves, max_depth: Some(6), n_rounds: 3, ..squared() };
        let model = params.fit(Samples::new(&table, &y).unwrap(), Seed(0)).unwrap();
        for tree in model.trees() {
            prop_assert!(tree.n_leaves() <= max_leaves);
            prop_assert!(tree.nodes.iter().all(|node| node.cover as usize >= min_rows));
        }
    }
}

#[test]
fn the_mean_of_fits_scores_with_the_mean_of_their_scores() {
    let features = table(300, 2, 1);
    let y = labels(&features, 2, |row, rng| row[0].max(0.0) + rng.normal() as f32);
    let samples = Samples::new(&features, &y).unwrap();
    let params = BoostParams { n_rounds: 6, bagging: Some(Bagging { fraction: 0.6, every: 1 }), ..squared() };
    let fits: Vec<Boosted> = (0..3).map(|seed| params.fit(samples, Seed(seed)).unwrap()).collect();
    let mean = Boosted::mean(fits.clone()).unwrap();
    let of_each: Vec<Vec<f64>> = fits.iter().map(|fit| fit.scores(&features).unwrap()).collect();
    assert_ne!(of_each[0], of_each[1]);
    for (row, score) in mean.scores(&features).unwrap().iter().enumerate() {
        let by_hand = of_each.iter().map(|scores| scores[row]).sum::<f64>() / 3.0;
        assert!((score - by_hand).abs() < 1e-5, "{score} {by_hand}");
    }
    assert_eq!(Boosted::mean(vec![fits[0].clone()]).unwrap(), fits[0]);
    assert!(Boosted::mean(Vec::new()).is_err());
}
