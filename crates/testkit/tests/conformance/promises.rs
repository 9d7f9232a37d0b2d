//! What every recommender promises, one function a promise.

use domain::{Day, History, Interaction, Interactions, ItemIdx, Kind, Market, Recency, Seed, ShopperIdx};
use recommend::{Barred, Fitted, ModelKind, Owned, Shelf, TopNParams, top_n};

pub(crate) const N_ITEMS: usize = 20;

pub(crate) fn items(range: impl Iterator<Item = u32>) -> Vec<ItemIdx> {
    range.map(ItemIdx).collect()
}

/// Shoppers of even number buy even items, the others odd ones; everybody lacks one item in five.
pub(crate) fn checkerboard() -> Vec<Interaction> {
    let cell = |s: u32, i: u32| Interaction {
        shopper: ShopperIdx(s),
        item: ItemIdx(i),
        kind: Kind::Purchase,
        day: Day((s + 7 * i) as i32 % 40),
        weight: 1.0,
    };
    let pairs = (0..30).flat_map(|s| (0..N_ITEMS as u32).map(move |i| (s, i)));
    pairs.filter(|(s, i)| s % 2 == i % 2 && (s / 2 + i / 2) % 5 != 0).map(|(s, i)| cell(s, i)).collect()
}

pub(crate) fn table(rows: Vec<Interaction>) -> Interactions {
    Interactions::new(N_ITEMS, vec![Market::UNKNOWN; 30], rows).unwrap()
}

pub(crate) fn fit(kind: &ModelKind, train: &Interactions) -> Box<dyn Fitted> {
    kind.fit_to_keep(train, Seed(7)).unwrap()
}

pub(crate) fn catalogue() -> Vec<ItemIdx> {
    items(0..N_ITEMS as u32)
}

/// Whether the model looks at the history at all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    History,
    Nothing,
}

/// The item that a shopper lacks is ranked before those of the other colour by whoever reads
/// histories. By chance it would be first of the 12 unseen items in one case of twelve.
pub(crate) fn beats_random_on_a_checkerboard(kind: &ModelKind, reads: Reads) {
    let train = table(checkerboard());
    let model = fit(kind, &train);
    let (mut first, mut asked) = (0, 0);
    for s in 0..30 {
        let history = train.row(ShopperIdx(s));
        let unseen: Vec<ItemIdx> = catalogue().into_iter().filter(|i| !history.contains(i)).collect();
        let scores = model.score(History::of(history), &unseen);
        let best = unseen.iter().zip(scores).filter_map(|(i, score)| Some((score?, i.0)));
        let best = best.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        asked += 1;
        first += usize::from(best.is_some_and(|(_, item)| item % 2 == s % 2));
    }
    let need = if reads == Reads::History { asked } else { 0 };
    assert!(first >= need, "{}: {first} of {asked}", kind.name());
}

pub(crate) fn an_empty_history_is_answered_without_inventing(kind: &ModelKind, reads: Reads) {
    let model = fit(kind, &table(checkerboard()));
    let scores = model.score(History::EMPTY, &catalogue());
    assert_eq!(scores.len(), N_ITEMS);
    assert!(scores.iter().all(|s| s.is_some() == (reads == Reads::Nothing)), "{}: {scores:?}", kind.name());
    assert_eq!(model.score(History::EMPTY, &[]), []);
}

pub(crate) fn unknown_items_are_no_reason_to_fail(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &table(checkerboard()));
    let known = model.score(History::of(&items([0, 2].into_iter())), &catalogue());
    assert_eq!(model.score(History::of(&items([0, 999, 2, 2].into_iter())), &catalogue()), known, "{}", kind.name());
    assert_eq!(model.score(History::of(&items([0].into_iter())), &items([999].into_iter())), [None], "{}", kind.name());
    assert_eq!(model.explain(History::of(&items([0].into_iter())), ItemIdx(999)), [], "{}", kind.name());
}

pub(crate) fn a_shopper_who_has_everything_is_scored_too(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &table(checkerboard()));
    let scores = model.score(History::of(&catalogue()), &catalogue());
    assert!(scores.iter().flatten().all(|s| s.is_finite()), "{}", kind.name());
}

pub(crate) fn one_item_and_one_shopper_make_a_model(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &Interactions::from_baskets(1, [&[0][..]]));
    let scores = model.score(History::of(&[ItemIdx(0)]), &[ItemIdx(0)]);
    assert!(scores.iter().flatten().all(|s| s.is_finite()), "{}", kind.name());
}

pub(crate) fn no_data_make_a_model_that_cannot_say(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &table(Vec::new()));
    assert_eq!(model.score(History::of(&[ItemIdx(0)]), &catalogue()), vec![None; N_ITEMS], "{}", kind.name());
}

pub(crate) fn repeated_rows_leave_the_scores_finite(kind: &ModelKind, _: Reads) {
    let twice: Vec<Interaction> = checkerboard().into_iter().flat_map(|row| [row, row, row]).collect();
    let model = fit(kind, &table(twice));
    let history = items([0, 2].into_iter());
    let scores = model.score(History::of(&history), &catalogue());
    assert!(scores.iter().flatten().all(|s| s.is_finite()), "{}", kind.name());
    assert!(scores.iter().any(Option::is_some), "{}", kind.name());
}

pub(crate) fn the_order_of_rows_does_not_reach_the_scores(kind: &ModelKind, _: Reads) {
    let mut rows = checkerboard();
    let before = fit(kind, &table(rows.clone())).score(History::of(&items([0, 2].into_iter())), &catalogue());
    Seed(3).stream(0).shuffle(&mut rows);
    let after = fit(kind, &table(rows)).score(History::of(&items([0, 2].into_iter())), &catalogue());
    assert_eq!(before, after, "{}", kind.name());
}

pub(crate) fn any_number_of_threads_gives_the_same_scores(kind: &ModelKind, _: Reads) {
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            fit(kind, &table(checkerboard())).score(History::of(&items([1, 3, 5].into_iter())), &catalogue())
        })
    };
    let alone = run(1);
    assert!([2, 3].into_iter().all(|n| run(n) == alone), "{}", kind.name());
}

pub(crate) fn scores_do_not_depend_on_the_other_candidates(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &table(checkerboard()));
    let history = items([1, 3].into_iter());
    let together = model.score(History::of(&history), &catalogue());
    for (item, score) in catalogue().iter().zip(together) {
        assert_eq!(model.score(History::of(&history), &[*item]), [score], "{}", kind.name());
    }
}

pub(crate) fn reasons_add_up_to_the_score(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &table(checkerboard()));
    let history = items([1, 3, 5].into_iter());
    for item in catalogue() {
        let reasons = model.explain(History::of(&history), item);
        let sum: f32 = reasons.iter().map(|r| r.part).sum();
        match model.score(History::of(&history), &[item])[0] {
            Some(score) => assert!((score - sum).abs() < 1e-4 * (1.0 + score.abs()), "{}: {score} {sum}", kind.name()),
            None => assert_eq!(reasons, [], "{}", kind.name()),
        }
        assert!(reasons.windows(2).all(|w| w[0].part >= w[1].part), "{}", kind.name());
    }
}

/// Half of what the shopper would be offered is taken away, for two reasons, and the history is left out
/// unless it is asked for. The fallback is held to the same.
pub(crate) fn what_is_filtered_is_never_recommended(kind: &ModelKind, _: Reads) {
    let train = table(checkerboard());
    let model = fit(kind, &train);
    let popular = fit(&ModelKind::PopularityGlobal, &train);
    let shelf = Shelf::full(N_ITEMS)
        .without_all(items((0..20).filter(|i| i % 4 == 0)), Barred::OutOfStock)
        .without_all(items((0..20).filter(|i| i % 5 == 1)), Barred::Unsellable);
    for owned in [Owned::Exclude, Owned::Include] {
        for s in 0..30 {
            let history = train.row(ShopperIdx(s));
            let params = TopNParams { n: N_ITEMS, owned, n_reasons: 3 };
            let list = top_n(model.as_ref(), Some(popular.as_ref()), History::of(history), &shelf, &params);
            assert!(!list.ranked.is_empty(), "{}", kind.name());
            for offered in list.ranked.iter().map(|r| r.item) {
                assert_eq!(shelf.barred(offered), None, "{}: {offered:?}", kind.name());
                assert!(owned == Owned::Include || !history.contains(&offered), "{}: {offered:?}", kind.name());
            }
            let distinct: std::collections::BTreeSet<ItemIdx> = list.ranked.iter().map(|r| r.item).collect();
            assert_eq!(distinct.len(), list.ranked.len(), "{}: an item twice", kind.name());
        }
    }
}

/// Models that learn from who has what and not from how strongly: weights of the rows do not reach them.
const PRESENCE_ONLY: [&str; 10] =
    ["bpr", "warp", "item2vec", "sasrec", "gru4rec", "neu-mf", "wide-deep", "shared-bottom", "mmoe", "two-tower"];

/// Rows decayed by their age, and a history decayed likewise, make a model and scores; they are other
/// scores than without, but for the models that say that they do not read weights.
pub(crate) fn what_lies_back_may_count_less(kind: &ModelKind, _: Reads) {
    let recency = Recency { half_life_days: 10.0 };
    let plain = checkerboard();
    let aged = |row: &Interaction| Interaction { weight: recency.weight(row.day, Day(40)), ..*row };
    let old = fit(kind, &table(plain.clone()));
    let new = fit(kind, &table(plain.iter().map(aged).collect()));
    let history = items([0, 2, 4].into_iter());
    let decayed = new.score(History::weighted(&history, &[0.25, 0.5, 1.0]), &catalogue());
    assert!(decayed.iter().flatten().all(|s| s.is_finite()), "{}", kind.name());
    assert!(decayed.iter().any(Option::is_some), "{}", kind.name());
    let same = old.score(History::of(&history), &catalogue()) == new.score(History::of(&history), &catalogue());
    assert_eq!(same, PRESENCE_ONLY.contains(&kind.name()), "{}: does it read weights or not?", kind.name());
}
