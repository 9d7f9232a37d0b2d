//! Decision trees and what is built of them: boosting, forests, single trees, and their reasons.
//!
//! One grower serves all. Read in this order: [`Features`] is the table; `bins` turns its columns
//! into at most 255 steps; `histogram` sums gradients by step, in whole numbers; `split` finds the
//! best cut in such sums, `exact` among the values themselves; `grow` splits leaf by leaf and gives a [`Tree`]. On top: [`BoostParams`]
//! (gradient boosting with the objectives of [`Objective`], LambdaMART among them),
//! [`CartParams`] (one tree by information gain), [`ForestParams`] (bagged trees with an
//! out-of-bag estimate), and `shap`, which says what each feature added to a prediction.
//!
//! Why whole numbers: gradients are scaled to integers before they are summed, so a sum does not
//! depend on the order of its terms. Any number of threads gives the same bits, and the sums of a
//! sibling are those of the parent less those of the other child, exactly.

mod bins;
mod boost;
mod cart;
mod exact;
mod features;
mod forest;
mod grow;
mod histogram;
mod keep;
mod lambdarank;
mod objective;
mod shap;
mod split;
mod tree;

pub use boost::{Bagging, BoostParams, Boosted};
pub use cart::{Cart, CartParams, Impurity};
pub use features::{Features, Samples};
pub use forest::{Forest, ForestParams};
pub use lambdarank::{LambdaRankParams, Normalise, ndcg};
pub use objective::Objective;
pub(crate) use objective::exp;
pub use shap::Contributions;
pub use split::Monotone;
pub use tree::{NodeView, Tree};
