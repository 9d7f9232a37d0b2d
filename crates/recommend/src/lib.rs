//! What to offer whom: models of taste, one file each, and the transfer of a model between markets.
//!
//! Read in this order: [`prepare`] turns raw interactions into what a model learns from,
//! [`ModelKind`] is the list of models, [`top_n`] makes the list that a person sees with its
//! reasons, [`rank`] learns to order from the scores of several models, [`serving`] answers one request at a time, and
//! [`transfer`] decides whether a target market may use what other markets taught.

mod batch;
mod bpr;
mod content;
mod drawn;
mod ease;
mod gf_cf;
mod hybrid;
mod hybrid_model;
mod ials;
mod item2vec;
mod item_graph;
mod item_knn;
mod light_gcn;
mod links;
mod logistic;
mod neural;
pub mod online;
mod popularity;
pub mod rank;
mod registry;
mod rp3beta;
pub mod saved;
pub mod serving;
mod signal;
mod signals;
mod similarity;
mod slim;
mod softmax_factors;
mod swing;
mod tokens;
mod top_n;
pub mod transfer;
mod transitions;
mod user_knn;
mod walk;
mod warp;

pub use batch::{Factors, best_for_all};
pub use bpr::{BprParams, Negatives, PairwiseFactors};
pub use content::{Content, ContentParams, Field, ItemText};
pub use ease::{Ease, EaseForm, EaseParams};
pub use gf_cf::{GfCf, GfCfParams};
pub use hybrid::{Blend, Hybrid, Outcome, Part, Stacking};
pub use hybrid_model::{HybridModel, HybridParams, Join};
pub use ials::{Ials, IalsFactors, IalsParams};
pub use item_graph::{ItemGraph, ItemGraphParams};
pub use item_knn::{ItemKnn, ItemKnnParams};
pub use item2vec::{Item2Vec, Item2VecParams};
pub use learn::{RowSolver, Tables};
pub use light_gcn::{LightGcn, LightGcnParams};
pub use logistic::{Logistic, LogisticParams};
pub use neural::{
    Described, FeatureForm, FeatureNet, FeatureNetParams, Gru4Rec, Gru4RecParams, ItemLoss, MultiTask, MultiTaskParams,
    NeuMf, NeuMfParams, NextItemParams, Outcome as TaskOutcome, PairLabel, SasRec, SasRecParams, Sharing, TwoTower,
    TwoTowerParams, Wide, WideDeep, WideDeepParams, hashed_words,
};
pub use popularity::{MarketPopularity, MarketPopularityParams, Popularity, PopularityParams};
pub use registry::{Fitted, ModelKind, Recommender};
pub use rp3beta::{Rp3Beta, Rp3BetaParams};
pub use saved::Save;
pub use signal::{Strength, prepare};
pub use signals::{Context, InContext, Signal, with_signals};
pub use similarity::Similarity;
pub use slim::{Slim, SlimParams};
pub use softmax_factors::{SoftmaxFactors, SoftmaxFactorsParams};
pub use swing::{Swing, SwingParams};
pub use tokens::tokens;
pub use top_n::{Barred, Origin, Owned, Ranked, Shelf, TopList, TopNParams, top_n};
pub use transitions::{Transitions, TransitionsParams};
pub use user_knn::{UserKnn, UserKnnParams};
pub use warp::WarpParams;
