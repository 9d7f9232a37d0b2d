//! Learning to rank over all scorers: what each model says of a candidate, and what is known of
//! candidate, shopper and market, become features of one boosted ranker.
//!
//! [`CandidateLists`] collects the features, list by list; [`RankerParams`] learns from lists whose
//! outcome is known and predicts each of them by a model that did not see it; [`Ranker`] orders new
//! lists and says why.

mod lists;
mod ranker;

pub use learn::choice::{ChoiceParams, Sign};
pub use learn::trees::{Bagging, BoostParams, LambdaRankParams, Objective};
pub use lists::CandidateLists;
pub use ranker::{CrossFit, OrderedList, RankReason, Ranker, RankerParams};

/// Why lists cannot be collected or learnt from.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RankError {
    /// Two lists of one shopper would leave it open which fold the shopper is in.
    #[error("shopper {0} has a second list; one list a shopper")]
    ShopperTwice(u32),
    /// A feature that is not there for every candidate.
    #[error("{what}: {got} given, {need} needed")]
    Shape {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        got: usize,
        /// How many there have to be.
        need: usize,
    },
    /// Fewer shoppers than it takes to have some in every fold.
    #[error("fold {fold} of {n_folds} has no shopper to learn from or to predict; take fewer folds or more shoppers")]
    EmptyFold {
        /// Which fold.
        fold: usize,
        /// Of how many.
        n_folds: usize,
    },
    /// The boosting refuses its parameters or labels.
    #[error(transparent)]
    Learn(#[from] learn::LearnError),
}
