//! What every recommender promises, checked for each model of the registry.
//!
//! One function a promise, one macro line a model: a new model adds a line at the bottom, and a test says
//! so if it does not.

mod files;
mod memory;
mod promises;

/// All promises under one name.
mod checks {
    pub(crate) use crate::files::*;
    pub(crate) use crate::promises::*;
}

use domain::Market;
use learn::net::Cell;
use promises::Reads;
use recommend::{
    BprParams, EaseForm, EaseParams, FeatureForm, FeatureNetParams, GfCfParams, Gru4RecParams, HybridParams,
    IalsParams, Item2VecParams, ItemGraphParams, ItemKnnParams, ItemLoss, Join, LightGcnParams, LogisticParams,
    ModelKind, Negatives, NeuMfParams, NextItemParams, PairLabel, RowSolver, Rp3BetaParams, SasRecParams, Similarity,
    SlimParams, SoftmaxFactorsParams, SwingParams, Tables, TransitionsParams, UserKnnParams, WarpParams,
};

macro_rules! every_promise {
    ($($model:ident: $kind:expr, $reads:expr;)*) => { $(
        mod $model {
            use super::*;
            use crate::checks;
            every_promise!(@tests $kind, $reads;
                beats_random_on_a_checkerboard an_empty_history_is_answered_without_inventing
                unknown_items_are_no_reason_to_fail a_shopper_who_has_everything_is_scored_too
                one_item_and_one_shopper_make_a_model no_data_make_a_model_that_cannot_say
                repeated_rows_leave_the_scores_finite the_order_of_rows_does_not_reach_the_scores
                any_number_of_threads_gives_the_same_scores scores_do_not_depend_on_the_other_candidates
                reasons_add_up_to_the_score what_is_filtered_is_never_recommended what_lies_back_may_count_less
                a_saved_model_gives_the_same_bits no_damaged_file_passes
                other_versions_and_cut_files_are_refused_by_name absurd_sizes_make_no_room);
        }
    )*
        /// The models of the table below.
        fn listed() -> Vec<&'static str> {
            vec![$($kind.name()),*]
        }
    };
    (@tests $kind:expr, $reads:expr; $($promise:ident)*) => { $(
        #[test]
        fn $promise() {
            checks::$promise(&$kind, $reads);
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

const LIGHT_GCN: LightGcnParams = LightGcnParams {
    n_factors: 6,
    n_members: 2,
    n_layers: 2,
    n_epochs: 40,
    batch: 64,
    n_drawn: 10,
    learning_rate: 0.02,
    decay: 1.0,
    reg: 0.01,
    n_fold_steps: 20,
};

const fn softmax(tables: Tables, smoothing: f32) -> ModelKind {
    ModelKind::SoftmaxFactors(SoftmaxFactorsParams {
        n_factors: 6,
        n_members: 2,
        n_epochs: 40,
        n_drawn: 10,
        batch: 64,
        learning_rate: 0.02,
        decay: 1.0,
        reg: 1e-3,
        length_power: 0.5,
        tables,
        smoothing,
    })
}

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

const fn features(form: FeatureForm) -> ModelKind {
    ModelKind::Features(FeatureNetParams {
        form,
        width: 8,
        hidden: 16,
        n_negatives: 4,
        max_len: 20,
        n_words: 16,
        dropout: 0.0,
        n_epochs: 15,
        patience: 0,
        batch: 64,
        rate: 1e-2,
    })
}

const fn gru4rec(cell: Cell) -> ModelKind {
    ModelKind::Gru4Rec(Gru4RecParams { common: NEXT_ITEM, cell, state: 16 })
}

const ASYMMETRIC: Similarity = Similarity::AsymmetricCosine { alpha: 0.3 };
const RP3BETA: Rp3BetaParams = Rp3BetaParams { alpha: 0.8, beta: 0.4, k: 10 };
const GRAPH: ItemGraphParams =
    ItemGraphParams { from_exponent: 0.5, via_exponent: 0.7, to_exponent: 0.5, second_hop: 0.3, third_hop: 0.1, k: 10 };
const STEPS: TransitionsParams = TransitionsParams {
    gap_decay: 0.9,
    backward: 0.8,
    history_decay: 0.9,
    from_exponent: 0.5,
    to_exponent: 0.5,
    shrinkage: 0.5,
    k: 10,
};
const SLIM: SlimParams = SlimParams { l1: 0.1, l2: 2.0, neighbours: 10, n_sweeps: 50, tolerance: 1e-4 };
const GF_CF: GfCfParams = GfCfParams { rank: 3, low_pass: 0.3, k: 10 };

const fn ease(form: EaseForm) -> ModelKind {
    ModelKind::Ease(EaseParams { reg: 5.0, form, dropout: 0.0 })
}

const fn hybrid(join: Join) -> ModelKind {
    ModelKind::Hybrid(HybridParams {
        join,
        weights: [1.0, 0.5, 0.5],
        item_knn: ItemKnnParams { similarity: Similarity::Jaccard, k: 10, shrinkage: 1.0 },
        user_knn: UserKnnParams { similarity: Similarity::Cosine, k: 10, shrinkage: 1.0 },
        ials: IalsParams { n_factors: 6, n_sweeps: 5, alpha: 2.0, reg: 0.5, solver: RowSolver::Exact },
    })
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
    transitions: ModelKind::Transitions(STEPS), Reads::History;
    ease_dropout: ModelKind::Ease(EaseParams { reg: 5.0, dropout: 0.3, ..EaseParams::default() }), Reads::History;
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
    wide_deep: features(FeatureForm::WideDeep), Reads::History;
    shared_bottom: features(FeatureForm::SharedBottom), Reads::History;
    mmoe: features(FeatureForm::Experts { n: 3 }), Reads::History;
    two_tower: features(FeatureForm::TwoTowers), Reads::History;
    hybrid_weighted: hybrid(Join::Weighted), Reads::History;
    hybrid_ranks: hybrid(Join::Ranks), Reads::History;
    hybrid_stacked: hybrid(Join::Stacked), Reads::History;
    light_gcn: ModelKind::LightGcn(LIGHT_GCN), Reads::History;
    softmax_one_table: softmax(Tables::One, 0.0), Reads::History;
    softmax_two_tables: softmax(Tables::Two, 0.0), Reads::History;
    softmax_smoothed: softmax(Tables::Two, 0.3), Reads::History;
}

#[test]
fn every_registered_model_is_on_the_list() {
    let listed = listed();
    for kind in ModelKind::all(Market::UNKNOWN) {
        assert!(listed.contains(&kind.name()), "{} needs a line in this file", kind.name());
    }
}
