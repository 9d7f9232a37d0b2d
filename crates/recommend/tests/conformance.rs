//! What every recommender promises, checked for each model of the registry.
//!
//! One function a promise, one macro line a model: a new model adds a line at the bottom.

use domain::{History, Interaction, Interactions, ItemIdx, Kind, Market, Seed, ShopperIdx};
use learn::net::Cell;
use recommend::{
    BprParams, EaseForm, EaseParams, GfCfParams, Gru4RecParams, IalsParams, Item2VecParams, ItemGraphParams,
    ItemKnnParams, ItemLoss, LogisticParams, ModelKind, Negatives, NeuMfParams, NextItemParams, PairLabel, Recommender,
    RowSolver, Rp3BetaParams, SasRecParams, Similarity, SlimParams, SwingParams, UserKnnParams, WarpParams,
};

const N_ITEMS: usize = 20;

fn items(range: impl Iterator<Item = u32>) -> Vec<ItemIdx> {
    range.map(ItemIdx).collect()
}

/// Shoppers of even number buy even items, the others odd ones; everybody lacks one item in five.
fn checkerboard() -> Vec<Interaction> {
    let cell = |s: u32, i: u32| Interaction {
        shopper: ShopperIdx(s),
        item: ItemIdx(i),
        kind: Kind::Purchase,
        day: domain::Day((s + 7 * i) as i32 % 40),
        weight: 1.0,
    };
    let pairs = (0..30).flat_map(|s| (0..N_ITEMS as u32).map(move |i| (s, i)));
    pairs.filter(|(s, i)| s % 2 == i % 2 && (s / 2 + i / 2) % 5 != 0).map(|(s, i)| cell(s, i)).collect()
}

fn table(rows: Vec<Interaction>) -> Interactions {
    Interactions::new(N_ITEMS, vec![Market::UNKNOWN; 30], rows).unwrap()
}

fn fit(kind: &ModelKind, train: &Interactions) -> Box<dyn Recommender> {
    kind.fit(train, Seed(7)).unwrap()
}

fn catalogue() -> Vec<ItemIdx> {
    items(0..N_ITEMS as u32)
}

/// Whether the model looks at the history at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    History,
    Nothing,
}

/// The item that a shopper lacks is ranked before those of the other colour by whoever reads
/// histories. By chance it would be first of the 12 unseen items in one case of twelve.
fn beats_random_on_a_checkerboard(kind: &ModelKind, reads: Reads) {
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

fn an_empty_history_is_answered_without_inventing(kind: &ModelKind, reads: Reads) {
    let model = fit(kind, &table(checkerboard()));
    let scores = model.score(History::EMPTY, &catalogue());
    assert_eq!(scores.len(), N_ITEMS);
    assert!(scores.iter().all(|s| s.is_some() == (reads == Reads::Nothing)), "{}: {scores:?}", kind.name());
    assert_eq!(model.score(History::EMPTY, &[]), []);
}

fn unknown_items_are_no_reason_to_fail(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &table(checkerboard()));
    let known = model.score(History::of(&items([0, 2].into_iter())), &catalogue());
    assert_eq!(model.score(History::of(&items([0, 999, 2, 2].into_iter())), &catalogue()), known, "{}", kind.name());
    assert_eq!(model.score(History::of(&items([0].into_iter())), &items([999].into_iter())), [None], "{}", kind.name());
    assert_eq!(model.explain(History::of(&items([0].into_iter())), ItemIdx(999)), [], "{}", kind.name());
}

fn a_shopper_who_has_everything_is_scored_too(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &table(checkerboard()));
    let scores = model.score(History::of(&catalogue()), &catalogue());
    assert!(scores.iter().flatten().all(|s| s.is_finite()), "{}", kind.name());
}

fn one_item_and_one_shopper_make_a_model(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &Interactions::from_baskets(1, [&[0][..]]));
    let scores = model.score(History::of(&[ItemIdx(0)]), &[ItemIdx(0)]);
    assert!(scores.iter().flatten().all(|s| s.is_finite()), "{}", kind.name());
}

fn no_data_make_a_model_that_cannot_say(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &table(Vec::new()));
    assert_eq!(model.score(History::of(&[ItemIdx(0)]), &catalogue()), vec![None; N_ITEMS], "{}", kind.name());
}

fn repeated_rows_leave_the_scores_finite(kind: &ModelKind, _: Reads) {
    let twice: Vec<Interaction> = checkerboard().into_iter().flat_map(|row| [row, row, row]).collect();
    let model = fit(kind, &table(twice));
    let history = items([0, 2].into_iter());
    let scores = model.score(History::of(&history), &catalogue());
    assert!(scores.iter().flatten().all(|s| s.is_finite()), "{}", kind.name());
    assert!(scores.iter().any(Option::is_some), "{}", kind.name());
}

fn the_order_of_rows_does_not_reach_the_scores(kind: &ModelKind, _: Reads) {
    let mut rows = checkerboard();
    let before = fit(kind, &table(rows.clone())).score(History::of(&items([0, 2].into_iter())), &catalogue());
    Seed(3).stream(0).shuffle(&mut rows);
    let after = fit(kind, &table(rows)).score(History::of(&items([0, 2].into_iter())), &catalogue());
    assert_eq!(before, after, "{}", kind.name());
}

fn one_thread_and_three_give_the_same_scores(kind: &ModelKind, _: Reads) {
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            fit(kind, &table(checkerboard())).score(History::of(&items([1, 3, 5].into_iter())), &catalogue())
        })
    };
    assert_eq!(run(1), run(3), "{}", kind.name());
}

fn scores_do_not_depend_on_the_other_candidates(kind: &ModelKind, _: Reads) {
    let model = fit(kind, &table(checkerboard()));
    let history = items([1, 3].into_iter());
    let together = model.score(History::of(&history), &catalogue());
    for (item, score) in catalogue().iter().zip(together) {
        assert_eq!(model.score(History::of(&history), &[*item]), [score], "{}", kind.name());
    }
}

fn reasons_add_up_to_the_score(kind: &ModelKind, _: Reads) {
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

macro_rules! every_promise {
    ($($model:ident: $kind:expr, $reads:expr;)*) => { $(
        mod $model {
            use super::*;
            every_promise!(@tests $kind, $reads;
                beats_random_on_a_checkerboard an_empty_history_is_answered_without_inventing
                unknown_items_are_no_reason_to_fail a_shopper_who_has_everything_is_scored_too
                one_item_and_one_shopper_make_a_model no_data_make_a_model_that_cannot_say
                repeated_rows_leave_the_scores_finite the_order_of_rows_does_not_reach_the_scores
                one_thread_and_three_give_the_same_scores scores_do_not_depend_on_the_other_candidates
                reasons_add_up_to_the_score);
        }
    )* };
    (@tests $kind:expr, $reads:expr; $($promise:ident)*) => { $(
        #[test]
        fn $promise() {
            super::$promise(&$kind, $reads);
        }
    )* };
}

const fn item_knn(similarity: Similarity) -> ModelKind {
    ModelKind::ItemKnn(ItemKnnParams { similarity, k: 10, shrinkage: 1.0 })
}

const fn user_knn(similarity: Similarity) -> ModelKind {
    ModelKind::UserKnn(UserKnnParams { similarity, k: 10, shrinkage: 1.0 })
}

const BM25: Similarity = Similarity::Bm25 { k1: 1.2, b: 0.75 };
const fn ials(solver: RowSolver) -> ModelKind {
    ModelKind::Ials(IalsParams { n_factors: 6, n_sweeps: 5, alpha: 2.0, reg: 0.5, solver })
}

const fn bpr(negatives: Negatives) -> ModelKind {
    ModelKind::Bpr(BprParams {
        n_factors: 6,
        n_epochs: 60,
        learning_rate: 0.1,
        reg: 0.01,
        negatives,
        n_fold_epochs: 60,
    })
}

// With more factors or less regularisation it learns the holes of the board by heart: the one item that a
// shopper lacks is drawn as a negative until it scores low (18 to 27 of 30 with 6 factors or reg 0.01).
const WARP: WarpParams =
    WarpParams { n_factors: 2, n_epochs: 60, learning_rate: 0.1, reg: 0.1, max_trials: 10, n_fold_epochs: 60 };

const LOGISTIC: LogisticParams = LogisticParams {
    n_factors: 6,
    n_sweeps: 60,
    alpha: 5.0,
    n_negatives: 5,
    learning_rate: 0.3,
    reg: 0.1,
    n_fold_steps: 40,
};
const ITEM2VEC: Item2VecParams =
    Item2VecParams { n_factors: 6, n_sweeps: 60, window: 10, n_negatives: 5, learning_rate: 0.3, reg: 0.1 };

// Much longer or faster training learns the holes of the board by heart here too.
const NEXT_ITEM: NextItemParams = NextItemParams {
    width: 8,
    max_len: 20,
    dropout: 0.3,
    loss: ItemLoss::Full,
    n_epochs: 15,
    patience: 0,
    batch: 8,
    rate: 3e-3,
};
const SASREC: SasRecParams = SasRecParams { common: NEXT_ITEM, n_blocks: 1, n_heads: 2, hidden: 16 };
const NEU_MF: NeuMfParams = NeuMfParams {
    width: 8,
    hidden: 16,
    label: PairLabel::CrossEntropy,
    n_negatives: 4,
    max_len: 20,
    dropout: 0.0,
    n_epochs: 15,
    patience: 0,
    batch: 8,
    rate: 1e-2,
};

const fn gru4rec(cell: Cell) -> ModelKind {
    ModelKind::Gru4Rec(Gru4RecParams { common: NEXT_ITEM, cell, state: 16 })
}

const ASYMMETRIC: Similarity = Similarity::AsymmetricCosine { alpha: 0.3 };
const RP3BETA: Rp3BetaParams = Rp3BetaParams { alpha: 0.8, beta: 0.4, k: 10 };
const GRAPH: ItemGraphParams =
    ItemGraphParams { from_exponent: 0.5, via_exponent: 0.7, to_exponent: 0.5, second_hop: 0.3, third_hop: 0.1, k: 10 };
const SLIM: SlimParams = SlimParams { l1: 0.1, l2: 2.0, neighbours: 10, n_sweeps: 50, tolerance: 1e-4 };
const GF_CF: GfCfParams = GfCfParams { rank: 3, low_pass: 0.3, k: 10 };

const fn ease(form: EaseForm) -> ModelKind {
    ModelKind::Ease(EaseParams { reg: 5.0, form })
}

// Pearson and adjusted cosine are for ratings: equal purchases have no deviation and they cannot say
// anything (tested in `similarity.rs`, `item_knn.rs` and `user_knn.rs`), so they are not on this list.
every_promise! {
    popularity_market: ModelKind::PopularityMarket(Market::UNKNOWN), Reads::Nothing;
    popularity_global: ModelKind::PopularityGlobal, Reads::Nothing;
    popularity_decayed: ModelKind::PopularityDecayed { half_life_days: 20.0 }, Reads::Nothing;
    user_knn_cosine: user_knn(Similarity::Cosine), Reads::History;
    user_knn_jaccard: user_knn(Similarity::Jaccard), Reads::History;
    user_knn_bm25: user_knn(BM25), Reads::History;
    user_knn_tf_idf: user_knn(Similarity::TfIdf), Reads::History;
    user_knn_asymmetric: user_knn(ASYMMETRIC), Reads::History;
    user_knn_damped: user_knn(Similarity::DampedCosine), Reads::History;
    user_knn_log_likelihood: user_knn(Similarity::LogLikelihood), Reads::History;
    user_knn_euclidean: user_knn(Similarity::Euclidean), Reads::History;
    item_knn_cosine: item_knn(Similarity::Cosine), Reads::History;
    item_knn_jaccard: item_knn(Similarity::Jaccard), Reads::History;
    item_knn_bm25: item_knn(BM25), Reads::History;
    item_knn_tf_idf: item_knn(Similarity::TfIdf), Reads::History;
    item_knn_asymmetric: item_knn(ASYMMETRIC), Reads::History;
    item_knn_damped: item_knn(Similarity::DampedCosine), Reads::History;
    item_knn_log_likelihood: item_knn(Similarity::LogLikelihood), Reads::History;
    item_knn_euclidean: item_knn(Similarity::Euclidean), Reads::History;
    item_knn_all: ModelKind::ItemKnn(ItemKnnParams { similarity: Similarity::Jaccard, k: ItemKnnParams::ALL, shrinkage: 0.0 }), Reads::History;
    swing: ModelKind::Swing(SwingParams { alpha: 1.0, offset: 5.0, power: 0.3, k: 10 }), Reads::History;
    rp3beta: ModelKind::Rp3Beta(RP3BETA), Reads::History;
    item_graph: ModelKind::ItemGraph(GRAPH), Reads::History;
    ease_dense: ease(EaseForm::Dense), Reads::History;
    ease_sparse: ease(EaseForm::Sparse { neighbours: 8 }), Reads::History;
    slim: ModelKind::Slim(SLIM), Reads::History;
    gf_cf: ModelKind::GfCf(GF_CF), Reads::History;
    ials_exact: ials(RowSolver::Exact), Reads::History;
    ials_gradients: ials(RowSolver::ConjugateGradient { n_steps: 2 }), Reads::History;
    ials_blocks: ials(RowSolver::Blocks { size: 4 }), Reads::History;
    bpr_uniform: bpr(Negatives::Uniform), Reads::History;
    bpr_popularity: bpr(Negatives::Popularity { exponent: 0.75 }), Reads::History;
    warp: ModelKind::Warp(WARP), Reads::History;
    logistic: ModelKind::Logistic(LOGISTIC), Reads::History;
    item2vec: ModelKind::Item2Vec(ITEM2VEC), Reads::History;
    sasrec: ModelKind::SasRec(SASREC), Reads::History;
    gru4rec: gru4rec(Cell::Gru), Reads::History;
    gru4rec_lstm: gru4rec(Cell::Lstm), Reads::History;
    gru4rec_plain: gru4rec(Cell::Plain), Reads::History;
    neu_mf: ModelKind::NeuMf(NEU_MF), Reads::History;
}
