use super::super::offer::Offer;
use super::super::view::View;
use super::*;
use crate::Vectors;

/// A made-up shop: 60 things of three makers; the other shop writes them in another way and lists a neighbour model
/// of each.
fn shops() -> (Tables, Vec<Pair>, Vec<bool>) {
    let makers = ["acme", "borea", "cimex"];
    let things = ["kettle", "lamp", "radio", "drill"];
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let offer = |title: String, price: f64| Offer { title, price: Some(price), ..Offer::default() };
    for i in 0..60 {
        let (maker, thing) = (makers[i % 3], things[i % 4]);
        let code = format!("{}{}", &thing[..2], 1000 + 37 * i);
        left.push(offer(format!("{maker} {thing} {code}"), 20.0 + i as f64));
        right.push(offer(format!("{thing} by {maker}, {}-{}", &code[..2], &code[2..]), 19.0 + i as f64));
        right.push(offer(format!("{thing} by {maker}, {}-{}", &code[..2], 5000 + 37 * i), 60.0 + i as f64));
    }
    let tables = Tables::new(&left, &right);
    let pairs: Vec<Pair> = (0..60).flat_map(|i| [(i, 2 * i), (i, 2 * i + 1), (i, (2 * i + 6) % 120)]).collect();
    let same = pairs.iter().map(|(l, r)| *r == 2 * l).collect();
    (tables, pairs, same)
}

fn params(look: Look) -> MatcherParams {
    let boost = BoostParams { n_rounds: 40, ..MatcherParams::default().boost };
    MatcherParams { second: boost.clone(), boost, n_seeds: 2, n_folds: 3, look, ..MatcherParams::default() }
}

#[test]
fn planted_matches_are_found_with_reasons_and_survive_saving() {
    let (tables, pairs, same) = shops();
    for look in [Look::Pair, Look::Rivals, Look::Twice] {
        let (model, left_out) = params(look).fit_folds(&tables, &pairs, &same, Seed(1)).unwrap();
        assert!(model.by_folds() > 0.9, "{look:?}: {}", model.by_folds());
        let right = left_out.last.iter().zip(&same).filter(|(p, same)| (**p >= model.threshold()) == **same).count();
        assert!(right > 170, "{right} of 180");
        let bytes = model.to_bytes(9);
        assert_eq!(Matcher::from_bytes(&bytes).unwrap(), model);
        let found = model.matches(&tables, &pairs, 3).unwrap();
        assert!(found.iter().all(|m| m.reasons.len() == 3 && m.probability >= model.threshold()));
        assert!(found.windows(2).all(|w| w[0].probability >= w[1].probability));
    }
}

#[test]
fn reasons_add_up_to_the_log_odds_of_the_trees() {
    let (tables, pairs, same) = shops();
    let model = MatcherParams { n_seeds: 1, ..params(Look::Pair) }.fit(&tables, &pairs, &same, Seed(2)).unwrap();
    let reasons = model.reasons(&tables, pairs[0], usize::MAX).unwrap();
    let features = model.whole(&tables, &pairs[..1], &BTreeMap::new()).unwrap();
    let whole = model.trees[0].score(features.row(0));
    let base = model.trees[0].contributions(features.row(0)).base;
    assert!((base + reasons.iter().map(|r| r.adds).sum::<f64>() - whole).abs() < 1e-6);
}

#[test]
fn the_same_seed_gives_the_same_matcher_and_wrong_input_is_refused() {
    let (tables, pairs, same) = shops();
    let at = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| params(Look::Twice).fit(&tables, &pairs, &same, Seed(3)).unwrap())
    };
    assert_eq!(at(1), at(3));
    assert!(params(Look::Pair).fit(&tables, &pairs, &same[1..], Seed(1)).is_err());
    let none = MatcherParams { n_seeds: 0, ..params(Look::Pair) };
    assert!(none.fit(&tables, &pairs, &same, Seed(1)).is_err());
    let mut bytes = params(Look::Pair).fit(&tables, &pairs, &same, Seed(1)).unwrap().to_bytes(0);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert!(Matcher::from_bytes(&bytes).is_err());
}

#[test]
fn a_confirmed_rival_makes_a_pair_less_probable() {
    let (tables, pairs, same) = shops();
    let model = params(Look::Twice).fit(&tables, &pairs, &same, Seed(1)).unwrap();
    let asked = [pairs[0]];
    let rivals = |p: f64| -> BTreeMap<Pair, f64> { (1..8).map(|r| ((0, r), p)).collect() };
    let at = |p: f64| model.probabilities_knowing(&tables, &asked, &rivals(p)).unwrap()[0];
    assert!(at(1.0) <= at(0.0), "{} {}", at(1.0), at(0.0));
}

/// Titles that share nothing, in two languages; the vectors alone tell which is which.
#[test]
fn vectors_of_offers_teach_what_words_cannot_and_survive_saving() {
    let offer = |title: String| Offer { title, ..Offer::default() };
    let left: Vec<Offer> = (0..60).map(|i| offer(format!("ding {}", (i * 7) % 13))).collect();
    let right: Vec<Offer> = (0..120).map(|i| offer(format!("thing {}", (i * 5) % 11))).collect();
    let turn = |by: usize| Some([(by as f32).cos(), (by as f32).sin()]);
    let vectors = |n: usize, step: usize| Vectors::from_rows(2, (0..n).map(|i| turn(2 * i / step))).unwrap();
    let view = || View::new(ViewOf::Title, vectors(60, 1), vectors(120, 2)).unwrap();
    let pairs: Vec<Pair> = (0..60).flat_map(|i| [(i, 2 * i), (i, (2 * i + 3) % 120), (i, (2 * i + 6) % 120)]).collect();
    let same: Vec<bool> = pairs.iter().map(|(l, r)| *r == 2 * l).collect();
    let tables = || Tables::new(&left, &right);
    let seeing = tables().with_view(view()).unwrap();
    let blind = params(Look::Pair).fit(&tables(), &pairs, &same, Seed(1)).unwrap();
    for look in [Look::Pair, Look::Twice] {
        let model = params(look).fit(&seeing, &pairs, &same, Seed(1)).unwrap();
        assert!(model.by_folds() > 0.95 && blind.by_folds() < 0.8, "{} {}", model.by_folds(), blind.by_folds());
        assert_eq!(Matcher::from_bytes(&model.to_bytes(9)).unwrap(), model);
        assert!(matches!(model.probabilities(&tables(), &pairs), Err(LearnError::Shape { got: 0, need: 1, .. })));
        let gains = model.gains();
        assert!(look == Look::Twice || gains[0].0 == "likeness of what the titles mean", "{gains:?}");
    }
    assert!(blind.probabilities(&seeing, &pairs).is_err(), "and the other way round");
}
