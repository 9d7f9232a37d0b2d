//! Models on made-up shoppers whose rule is known.

use super::*;
use domain::{Fit, History, Interactions, ItemIdx, Rng, Score, Seed};

/// The probability that a random positive is before a random negative; ½ for ties.
fn auc(scores: &[f32], labels: &[f32]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let (mut below, mut wins) = (0.0, 0.0);
    for i in order {
        if labels[i] > 0.5 { wins += below } else { below += 1.0 }
    }
    wins / (below * labels.iter().filter(|y| **y > 0.5).count() as f64)
}

fn drawn(p: f64, rng: &mut Rng) -> f32 {
    if rng.uniform() < p { 1.0 } else { 0.0 }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn neu_mf_finds_the_taste_of_a_history_with_either_loss() {
    // Three tastes of ten items; a shopper owns six of one taste and one stray item.
    let mut rng = Seed(4).stream(0);
    let basket = |rng: &mut Rng| -> Vec<u32> {
        let taste = rng.below(3) as u32 * 10;
        let mut items: Vec<u32> = (0..10).map(|i| taste + i).collect();
        rng.shuffle(&mut items);
        items.truncate(6);
        items.push(rng.below(30) as u32);
        items.sort_unstable();
        items.dedup();
        items
    };
    let baskets: Vec<Vec<u32>> = (0..300).map(|_| basket(&mut rng)).collect();
    let train = Interactions::from_baskets(30, baskets.iter().map(Vec::as_slice));
    let all: Vec<ItemIdx> = (0..30).map(ItemIdx).collect();
    for label in [PairLabel::CrossEntropy, PairLabel::Squared] {
        let params = NeuMfParams {
            width: 8,
            hidden: 16,
            label,
            n_epochs: 20,
            patience: 0,
            rate: 5e-3,
            dropout: 0.0,
            ..NeuMfParams::default()
        };
        let model = params.fit(&train, Seed(1)).unwrap();
        for taste in 0..3_u32 {
            let history: Vec<ItemIdx> = (0..4).map(|i| ItemIdx(taste * 10 + i)).collect();
            let scores: Vec<f32> = model.score(History::of(&history), &all).into_iter().map(Option::unwrap).collect();
            let mut order: Vec<u32> = (0..30).filter(|i| !history.contains(&ItemIdx(*i))).collect();
            order.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]));
            assert!(order[..6].iter().all(|i| i / 10 == taste), "{label:?}, taste {taste}: {order:?}");
        }
    }
}

/// Described rows of three fields, and the logits of a rule: main effects of the first two fields, and one pair of
/// values of theirs that matters beyond them.
fn impressions(n: usize, seed: u64) -> (Described, Vec<f64>) {
    let mut rng = Seed(seed).stream(0);
    let draw = |k: usize, rng: &mut Rng| (0..n).map(|_| rng.below(k) as u32).collect::<Vec<u32>>();
    let (a, b, c) = (draw(8, &mut rng), draw(12, &mut rng), draw(5, &mut rng));
    let logit = |i: usize| {
        let main = 0.3 * (f64::from(a[i]) - 3.5) - 0.15 * (f64::from(b[i]) - 5.5);
        let pair = if (a[i] * 5 + b[i] * 3) % 7 == 0 { 2.5 } else { -0.5 };
        main + pair
    };
    let logits = (0..n).map(logit).collect();
    let data = Described::new(n).category("a", 8, &a).unwrap();
    let data = data.category("b", 12, &b).unwrap().category("c", 5, &c).unwrap();
    (data, logits)
}

fn labels(logits: &[f64], seed: u64) -> Vec<f32> {
    let mut rng = Seed(seed).stream(1);
    logits.iter().map(|x| drawn(sigmoid(*x), &mut rng)).collect()
}

#[test]
fn wide_and_deep_comes_near_the_best_that_can_be_known() {
    let ((train, train_logits), (test, test_logits)) = (impressions(6_000, 1), impressions(3_000, 2));
    let (y, truth) = (labels(&train_logits, 3), labels(&test_logits, 4));
    let ideal: Vec<f32> = test_logits.iter().map(|x| *x as f32).collect();
    let best = auc(&ideal, &truth);
    let of = |params: &WideDeepParams| {
        let model = params.fit(&train, &y, Seed(5)).unwrap();
        auc(&model.probabilities(&test).unwrap(), &truth)
    };
    let base = WideDeepParams { n_epochs: 15, ..WideDeepParams::default() };
    let both = of(&WideDeepParams { wide: Wide::Crossed(vec![(0, 1)]), ..base.clone() });
    // Without layers and without crosses only main effects are left: logistic regression.
    let flat = of(&WideDeepParams { layers: Vec::new(), wide: Wide::Crossed(Vec::new()), ..base });
    assert!(both > best - 0.02, "{both}, at best {best}");
    assert!(flat < best - 0.08, "{flat}: main effects alone, at best {best}");
}

#[test]
fn no_outcome_is_worse_for_being_learnt_with_others_and_the_rare_one_is_better() {
    let ((train, train_logits), (test, test_logits)) = (impressions(5_000, 6), impressions(6_000, 7));
    // Cart and purchase follow the same rule as clicks, at a lower level.
    let at = |logits: &[f64], level: f64, seed| labels(&logits.iter().map(|x| x + level).collect::<Vec<_>>(), seed);
    let outcome = |name: &str, level: f64, seed| Outcome {
        name: name.to_owned(),
        labels: at(&train_logits, level, seed),
        weight: 1.0,
    };
    let outcomes = [outcome("click", 0.0, 1), outcome("cart", -1.5, 2), outcome("buy", -4.0, 3)];
    let truths = [at(&test_logits, 0.0, 11), at(&test_logits, -1.5, 12), at(&test_logits, -4.0, 13)];
    for sharing in [Sharing::Bottom, Sharing::Experts { n: 3 }] {
        let params = MultiTaskParams { sharing, n_epochs: 30, ..MultiTaskParams::default() };
        let joint = params
            .fit(&train, &outcomes, Seed(1))
            .unwrap()
            .probabilities(&test)
            .map(|all| all.into_iter().zip(&truths).map(|((_, p), truth)| auc(&p, truth)).collect::<Vec<f64>>());
        let joint = joint.unwrap();
        let alone: Vec<f64> = (outcomes.iter().zip(&truths))
            .map(|(outcome, truth)| {
                let model = params.fit(&train, std::slice::from_ref(outcome), Seed(1)).unwrap();
                auc(&model.probabilities(&test).unwrap()[0].1, truth)
            })
            .collect();
        assert!(joint.iter().zip(&alone).all(|(j, a)| *j > a - 0.01), "{sharing:?}: {joint:?}, alone {alone:?}");
        assert!(joint[2] > alone[2] + 0.01, "{sharing:?}: {joint:?}, alone {alone:?}");
    }
}

#[test]
fn two_towers_place_an_item_that_nobody_has_bought() {
    // A shopper of country c likes items whose colour and material, read from their titles, go with c.
    let (colours, materials) = (["red", "blue", "green", "black"], ["wool", "steel", "oak"]);
    let title = |i: usize| format!("{} {} thing", colours[i % 4], materials[(i / 4) % 3]);
    let liked = |country: usize, item: usize| (item % 4 == country % 4) && ((item / 4) % 3 == country % 3);
    let (n_shoppers, n_items) = (600_usize, 120_usize);
    let countries: Vec<u32> = (0..n_shoppers as u32).map(|s| s % 12).collect();
    let shoppers = Described::new(n_shoppers).category("country", 12, &countries).unwrap();
    let words = (0..n_items).map(|i| hashed_words(&title(i), 512));
    let items = Described::new(n_items).words("title", 512, words).unwrap();
    // Items 0..60 are on sale; the others have never been offered to anybody.
    let mut rng = Seed(2).stream(0);
    let mut pairs = Vec::new();
    for (s, country) in (0..).zip(&countries) {
        let good: Vec<u32> = (0..60).filter(|i| liked(*country as usize, *i as usize)).collect();
        pairs.extend((0..3).map(|_| (s, good[rng.below(good.len())])));
        pairs.push((s, rng.below(60) as u32));
    }
    let params = TwoTowerParams { n_epochs: 15, batch: 512, ..TwoTowerParams::default() };
    let model = params.fit(&shoppers, &items, &pairs, Seed(3)).unwrap();
    let fresh = Described::new(12).category("country", 12, &(0..12).collect::<Vec<u32>>()).unwrap();
    let (x, y) = (model.shopper_vectors(&fresh).unwrap(), model.item_vectors(&items).unwrap());
    let d = model.n_factors();
    let mut right = 0;
    for country in 0..12 {
        let score = |i: usize| learn::lanes::dot(&x[country * d..][..d], &y[i * d..][..d]);
        let mut order: Vec<usize> = (60..n_items).collect();
        order.sort_by(|a, b| score(*b).total_cmp(&score(*a)).then(a.cmp(b)));
        right += order[..5].iter().filter(|i| liked(country, **i)).count();
    }
    // By chance 5 of 60; five new items are liked in every country.
    assert!(right >= 54, "{right} of 60");
    assert!(model.item_vectors(&fresh).is_err(), "shoppers are no items");
}

#[test]
fn networks_over_features_refuse_what_does_not_fit() {
    let data = Described::new(2).category("a", 2, &[0, 1]).unwrap();
    let named = |error: domain::FitError, want: &str| {
        assert!(matches!(error, domain::FitError::Param { name, .. } if name == want), "{error}");
    };
    let params = WideDeepParams::default();
    named(params.fit(&data, &[0.0], Seed(0)).unwrap_err(), "labels");
    named(params.fit(&data, &[0.0, 2.0], Seed(0)).unwrap_err(), "labels");
    let crossed = WideDeepParams { wide: Wide::Crossed(vec![(0, 1)]), ..WideDeepParams::default() };
    named(crossed.fit(&data, &[0.0, 1.0], Seed(0)).unwrap_err(), "wide");
    let outcome = |weight| Outcome { name: "click".into(), labels: vec![0.0, 1.0], weight };
    named(MultiTaskParams::default().fit(&data, &[outcome(0.0)], Seed(0)).unwrap_err(), "weight");
    assert!(MultiTaskParams::default().fit(&data, &[], Seed(0)).is_err());
    named(TwoTowerParams::default().fit(&data, &data, &[(0, 2)], Seed(0)).unwrap_err(), "pairs");
    assert!(TwoTowerParams::default().fit(&data, &data, &[], Seed(0)).is_err());
    let model = params.fit(&data, &[0.0, 1.0], Seed(0)).unwrap();
    assert!(model.probabilities(&Described::new(2)).is_err());
}
