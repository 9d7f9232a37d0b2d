//! A configuration as data: which models, learning from which rows, joined how.

use crate::climb::ClimbParams;
use crate::fuse::Fuse;
use recommend::ModelKind;
use recommend::rank::RankerParams;

/// A named way to answer a task's questions. One configuration is the same for all markets.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Its name in tables.
    pub name: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    /// How scores come about.
    pub recipe: Recipe,
}

/// How scores come about.
#[derive(Clone, Debug, PartialEq)]
pub enum Recipe {
    /// One model.
    One(Member),
    /// Several models' scores of the same list, made comparable and added up.
    Blend {
        /// The models.
        members: Vec<Member>,
        /// How scores are made comparable.
        fuse: Fuse,
        /// What each is multiplied with.
        weights: Weights,
    },
    /// Boosted trees over what the models say and what is known of candidate and shopper.
    Ranked(Stack),
}

/// What a ranker is made of. Each reported shopper is scored by a ranker that learnt from the answers of
/// shoppers in other folds.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// Models whose scores are features, with their ranks in the list.
    pub members: Vec<Member>,
    /// Models that explain a score by the items of the history: largest, second, mean and deviation of
    /// these parts and their number are features.
    pub reasons: Vec<Member>,
    /// The boosting and the folds.
    pub ranker: RankerParams,
    /// Whether held-out training items are learnt from, too.
    pub also: Also,
}

/// Lists that a ranker learns from beside the reported ones of other folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Also {
    /// None.
    Nothing,
    /// Those on which weights of blends are chosen: training items held out.
    HeldOut,
}

/// A model and the rows that it learns from.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The model with its parameters.
    pub kind: ModelKind,
    /// The rows.
    pub rows: Rows,
}

/// Which markets' rows a model learns from; the target's own always, at weight 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// The target's alone.
    Target,
    /// Those of the sources that the published work joins, at weight 1.
    Union,
    /// The same at this weight.
    UnionAt(f32),
    /// Each source at a weight that is learnt where the task is tuned.
    Learnt,
}

/// Weights of a blend.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// All alike.
    Equal,
    /// These, one a member.
    Fixed(Vec<f32>),
    /// Learnt where the task is tuned, by the headline mark on a grid.
    Learnt,
    /// Learnt where the task is tuned, none below 0: those under which the answers are most likely to
    /// be chosen from their lists (a conditional logit). For many members that say nearly the same.
    Likelihood {
        /// Weight of the squared weights.
        l2: f64,
    },
}

impl Recipe {
    /// The models that have to be fitted.
    pub fn members(&self) -> &[Member] {
        match self {
            Self::One(member) => std::slice::from_ref(member),
            Self::Blend { members, .. } => members,
            Self::Ranked(stack) => &stack.members,
        }
    }
}

/// Steps and rounds of learning a weight for each source. A step costs a fit.
pub(crate) fn source_climb() -> ClimbParams {
    ClimbParams { steps: vec![0.0, 0.1, 0.25, 0.5, 1.0, 2.0], n_rounds: 2, min_gain: 5e-4 }
}

/// Steps and rounds of learning a weight for each member of a blend. A step costs one pass over the
/// scores.
pub(crate) fn blend_climb() -> ClimbParams {
    ClimbParams { steps: vec![0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0], n_rounds: 4, min_gain: 1e-4 }
}
