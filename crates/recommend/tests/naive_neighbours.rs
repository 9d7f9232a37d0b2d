//! Neighbours against their definitions: a full matrix in `f64`, every pair by the formula of the table
//! in `similarity.rs`, and scores summed over all of them. Nothing is shared with the crate but the
//! parameters.

use domain::{Day, Fit, History, Interaction, Interactions, ItemIdx, Kind, Market, Score, Seed, ShopperIdx};
use proptest::prelude::*;
use recommend::{ItemKnnParams, Similarity, UserKnnParams};

const ALL: [Similarity; 11] = [
    Similarity::Cosine,
    Similarity::AsymmetricCosine { alpha: 0.2 },
    Similarity::AsymmetricCosine { alpha: 1.0 },
    Similarity::DampedCosine,
    Similarity::AdjustedCosine,
    Similarity::Pearson,
    Similarity::Jaccard,
    Similarity::LogLikelihood,
    Similarity::Euclidean,
    Similarity::Bm25 { k1: 1.2, b: 0.75 },
    Similarity::TfIdf,
];

const N_ITEMS: usize = 6;

/// Rows × columns; 0 is absent.
type Full = Vec<Vec<f64>>;

fn transposed(m: &Full) -> Full {
    (0..m[0].len()).map(|c| m.iter().map(|row| row[c]).collect()).collect()
}

fn mean_of_present(values: impl Iterator<Item = f64>) -> f64 {
    let present: Vec<f64> = values.filter(|x| *x != 0.0).collect();
    present.iter().sum::<f64>() / present.len().max(1) as f64
}

fn entropy(counts: &[f64]) -> f64 {
    let total: f64 = counts.iter().sum();
    counts.iter().filter(|n| **n > 0.0).map(|n| -n / total * (n / total).ln()).sum()
}

/// The similarity of two rows, without shrinkage.
fn similarity(m: &Full, a: usize, b: usize, of: Similarity) -> f64 {
    let (x, y) = (&m[a], &m[b]);
    let n_cols = x.len();
    let present = |c: usize| m.iter().filter(|row| row[c] != 0.0).count() as f64;
    let plain_dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let cosine = |x: &[f64], y: &[f64]| plain_dot(x, y) / (plain_dot(x, x) * plain_dot(y, y)).sqrt();
    let weighed = |row: &[f64], weight: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
        (0..n_cols).map(|c| if row[c] == 0.0 { 0.0 } else { weight(c, row[c]) }).collect()
    };
    match of {
        Similarity::Cosine => cosine(x, y),
        Similarity::AsymmetricCosine { alpha } => {
            let alpha = f64::from(alpha);
            plain_dot(x, y) / (plain_dot(x, x).powf(alpha) * plain_dot(y, y).powf(1.0 - alpha))
        }
        Similarity::DampedCosine => {
            let damped: f64 = (0..n_cols).map(|c| x[c] * y[c] / (1.0 + present(c).max(1.0)).ln()).sum();
            damped / (plain_dot(x, x) * plain_dot(y, y)).sqrt()
        }
        Similarity::AdjustedCosine => {
            let mean = |c: usize| mean_of_present(m.iter().map(|row| row[c]));
            cosine(&weighed(x, &|c, v| v - mean(c)), &weighed(y, &|c, v| v - mean(c)))
        }
        Similarity::Pearson => {
            let deviations = |row: &[f64]| {
                let mean = mean_of_present(row.iter().copied());
                weighed(row, &|_, v| v - mean)
            };
            cosine(&deviations(x), &deviations(y))
        }
        Similarity::Jaccard => {
            let sum = |f: fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| f(*x, *y)).sum::<f64>();
            sum(f64::min) / sum(f64::max)
        }
        Similarity::LogLikelihood => {
            // By entropies, as 2 N (H(rows) + H(columns) − H(table)) with H in shares of N.
            let both: f64 = x.iter().zip(y).map(|(x, y)| x.min(*y)).sum();
            let (only_x, only_y) = (x.iter().sum::<f64>() - both, y.iter().sum::<f64>() - both);
            let total: f64 = (0..n_cols).map(|c| m.iter().map(|row| row[c]).fold(0.0, f64::max)).sum();
            let neither = (total - both - only_x - only_y).max(0.0);
            if both * (both + only_x + only_y + neither) <= (both + only_x) * (both + only_y) * (1.0 + 1e-6) {
                return 0.0;
            }
            let n = both + only_x + only_y + neither;
            let rows = entropy(&[both + only_x, only_y + neither]);
            let columns = entropy(&[both + only_y, only_x + neither]);
            let ratio = 2.0 * n * (rows + columns - entropy(&[both, only_x, only_y, neither]));
            1.0 - 1.0 / (1.0 + ratio)
        }
        Similarity::Euclidean => 1.0 / (1.0 + x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()),
        Similarity::Bm25 { k1, b } => {
            let (k1, b) = (f64::from(k1), f64::from(b));
            let len = |row: &[f64]| row.iter().sum::<f64>();
            let n_filled = m.iter().filter(|row| len(row) > 0.0).count() as f64;
            let mean_len = m.iter().map(|row| len(row)).sum::<f64>() / n_filled;
            let idf = |c: usize| (1.0 + (m.len() as f64 - present(c) + 0.5) / (present(c) + 0.5)).ln();
            let bm25 = |row: &[f64]| {
                let long = len(row) / mean_len;
                weighed(row, &|c, v| idf(c) * v * (k1 + 1.0) / (v + k1 * (1.0 - b + b * long)))
            };
            cosine(&bm25(x), &bm25(y))
        }
        Similarity::TfIdf => {
            let idf = |c: usize| ((1.0 + m.len() as f64) / (1.0 + present(c))).ln() + 1.0;
            cosine(&weighed(x, &|c, v| v * idf(c)), &weighed(y, &|c, v| v * idf(c)))
        }
    }
}

/// With shrinkage; `None` for rows that share no column, or where the formula is undefined.
fn shrunk(m: &Full, a: usize, b: usize, of: Similarity, shrinkage: f64) -> Option<f64> {
    let n_shared = m[a].iter().zip(&m[b]).filter(|(x, y)| **x != 0.0 && **y != 0.0).count() as f64;
    let plain = similarity(m, a, b, of);
    // Deviations that vanish by the mathematics may be rounding in f32, and the other way round.
    (n_shared > 0.0 && plain.is_finite()).then(|| plain * n_shared / (n_shared + shrinkage))
}

/// Whole numbers and halves, which `f32` holds exactly: what differs is the arithmetic, not the input.
fn matrices() -> impl Strategy<Value = Full> {
    let cell = prop_oneof![3 => Just(0.0), 1 => (1_u8..10).prop_map(|n| f64::from(n) / 2.0)];
    let ones = prop_oneof![1 => Just(0.0), 1 => Just(1.0)];
    let matrix = |cell: BoxedStrategy<f64>| prop::collection::vec(prop::collection::vec(cell, N_ITEMS), 2..9);
    prop_oneof![matrix(cell.boxed()), matrix(ones.boxed())]
}

fn interactions(m: &Full) -> Interactions {
    let cell = |s: usize, i: usize| Interaction {
        shopper: ShopperIdx(s as u32),
        item: ItemIdx(i as u32),
        kind: Kind::Purchase,
        day: Day(0),
        weight: m[s][i] as f32,
    };
    let pairs = (0..m.len()).flat_map(|s| (0..N_ITEMS).map(move |i| (s, i)));
    let rows = pairs.filter(|(s, i)| m[*s][*i] != 0.0).map(|(s, i)| cell(s, i)).collect();
    Interactions::new(N_ITEMS, vec![Market::UNKNOWN; m.len()], rows).unwrap()
}

fn items() -> Vec<ItemIdx> {
    (0..N_ITEMS as u32).map(ItemIdx).collect()
}

/// Nearest by the definition, best first; what lies within rounding of 0 is not looked at.
fn naive_neighbours(m: &Full, row: usize, of: Similarity, shrinkage: f64) -> Vec<(usize, f64)> {
    let mut near: Vec<(usize, f64)> = (0..m.len())
        .filter(|other| *other != row)
        .filter_map(|other| Some((other, shrunk(m, row, other, of, shrinkage)?)))
        .filter(|(_, sim)| *sim > TINY)
        .collect();
    near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    near
}

/// Distances of near twins lose half of the digits of `f32` (a root of a small difference).
const ROUNDING: f64 = 2e-3;
const TINY: f64 = 1e-3;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn all_neighbours_of_an_item_are_those_of_the_definition(m in matrices(), shrinkage in 0_u8..3) {
        let (train, by_item) = (interactions(&m), transposed(&m));
        for similarity in ALL {
            let params = ItemKnnParams { similarity, k: ItemKnnParams::ALL, shrinkage: f32::from(shrinkage) };
            let model = params.fit(&train, Seed(0)).unwrap();
            for item in items() {
                let want = naive_neighbours(&by_item, item.at(), similarity, f64::from(shrinkage));
                let got: Vec<(usize, f64)> =
                    model.neighbours(item).iter().map(|(i, sim)| (i.at(), f64::from(*sim))).filter(|n| n.1 > TINY).collect();
                for (at, sim) in &want {
                    let found = got.iter().find(|(other, _)| other == at).map_or(0.0, |n| n.1);
                    prop_assert!((found - sim).abs() < ROUNDING, "{:?} {} {}: {} {}", similarity, item.0, at, found, sim);
                }
                for (at, sim) in &got {
                    let exact = shrunk(&by_item, item.at(), *at, similarity, f64::from(shrinkage)).unwrap_or(0.0);
                    prop_assert!((exact - sim).abs() < ROUNDING, "{:?} {} {}: {} {}", similarity, item.0, at, exact, sim);
                }
                prop_assert!(got.windows(2).all(|w| w[0].1 >= w[1].1), "best first");
            }
        }
    }

    #[test]
    fn fewer_neighbours_are_the_best_of_all(m in matrices(), k in 1_usize..4) {
        let train = interactions(&m);
        for similarity in ALL {
            let of = |k| ItemKnnParams { similarity, k, shrinkage: 1.0 }.fit(&train, Seed(0)).unwrap();
            let (few, all) = (of(k), of(ItemKnnParams::ALL));
            for item in items() {
                let best: Vec<(ItemIdx, f32)> = all.neighbours(item).into_iter().take(k).collect();
                prop_assert_eq!(few.neighbours(item), best);
            }
        }
    }

    /// `Σ w(i) sim(i, j)` over the history, and the weighted mean of ratings, by the definition.
    #[test]
    fn item_scores_are_sums_over_the_history(m in matrices(), weights in prop::collection::vec(1_u8..5, 3)) {
        let (train, by_item) = (interactions(&m), transposed(&m));
        let history = [ItemIdx(4), ItemIdx(0), ItemIdx(2)];
        let weights: Vec<f32> = weights.iter().map(|w| f32::from(*w) / 4.0).collect();
        for similarity in ALL {
            let params = ItemKnnParams { similarity, k: ItemKnnParams::ALL, shrinkage: 0.0 };
            let model = params.fit(&train, Seed(0)).unwrap();
            let scores = model.score(History::weighted(&history, &weights), &items());
            let values: Vec<(ItemIdx, f32)> = history.iter().copied().zip(weights.iter().copied()).collect();
            let expected = model.expected_values(&values, &items());
            for item in items() {
                let parts: Vec<(f64, f64)> = values
                    .iter()
                    .filter(|(other, _)| *other != item)
                    .filter_map(|(other, w)| Some((f64::from(*w), shrunk(&by_item, other.at(), item.at(), similarity, 0.0)?)))
                    .filter(|(_, sim)| *sim > 0.0)
                    .collect();
                let (sum, total) = parts.iter().fold((0.0, 0.0), |(s, t), (w, sim)| (s + w * sim, t + sim));
                let got = f64::from(scores[item.at()].unwrap_or(0.0));
                prop_assert!((got - sum).abs() < 3.0 * ROUNDING, "{:?} {}: {} {}", similarity, item.0, got, sum);
                if total > 0.05 {
                    let got = f64::from(expected[item.at()].unwrap());
                    prop_assert!((got - sum / total).abs() < 0.05, "{:?} {}: {} {}", similarity, item.0, got, sum / total);
                }
            }
        }
    }

    /// Votes of all shoppers alike the first one, by the definition: weights, or for ratings deviations
    /// from the voter's mean (Pearson) or the item's (adjusted cosine).
    #[test]
    fn shopper_scores_are_votes_of_the_neighbours(m in matrices()) {
        let train = interactions(&m);
        for similarity in ALL {
            let params = UserKnnParams { similarity, k: 99, shrinkage: 0.0 };
            let got = params.fit(&train, Seed(0)).unwrap().score_shopper(ShopperIdx(0), &items());
            let near = naive_neighbours(&m, 0, similarity, 0.0);
            for item in items() {
                let voters: Vec<(f64, f64)> = near
                    .iter()
                    .filter(|(v, _)| m[*v][item.at()] != 0.0)
                    .map(|(v, sim)| {
                        let value = m[*v][item.at()];
                        let base = match similarity {
                            Similarity::Pearson => mean_of_present(m[*v].iter().copied()),
                            Similarity::AdjustedCosine => mean_of_present(m.iter().map(|row| row[item.at()])),
                            _ => 0.0,
                        };
                        (*sim, value - base)
                    })
                    .collect();
                let vote: f64 = voters.iter().map(|(sim, value)| sim * value).sum();
                let total: f64 = voters.iter().map(|(sim, _)| sim).sum();
                let want = match similarity {
                    Similarity::Pearson => mean_of_present(m[0].iter().copied()) + vote / total,
                    Similarity::AdjustedCosine => mean_of_present(m.iter().map(|row| row[item.at()])) + vote / total,
                    _ => vote,
                };
                // Few and weak voters are all rounding.
                if total > 0.05 {
                    let got = f64::from(got[item.at()].unwrap());
                    prop_assert!((got - want).abs() < 0.05 + 0.02 * want.abs(), "{:?} {}: {} {}", similarity, item.0, got, want);
                }
            }
        }
    }
}
