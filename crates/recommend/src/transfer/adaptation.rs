//! The list of ways to carry what sources know into a target: one variant each, a `match` is the registry.
//!
//! Every way sees the same [`Ground`] and gives the same thing, a model that scores and explains, so that
//! whoever chooses among them need not know what they are.

use super::{EasePriorParams, FineTuneParams, Ground, MarketAwareParams, SimilarityPriorParams, Stacked};
use crate::{ModelKind, Recommender};
use domain::{FitError, Seed};

/// A way with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Adaptation {
    /// No transfer: a model of the target's rows.
    Alone(ModelKind),
    /// A model of all rows, each source at its weight.
    Pooled {
        /// The model.
        kind: ModelKind,
        /// One weight a source; empty is 1 for all.
        weights: Vec<f32>,
    },
    /// Neighbourhoods with the sources' as a prior.
    SimilarityPrior(SimilarityPriorParams),
    /// A linear model with the sources' as a prior.
    EasePrior(EasePriorParams),
    /// Vectors learnt on the sources and fine-tuned.
    FineTune(FineTuneParams),
    /// Vectors with a shared and an own part.
    MarketAware(MarketAwareParams),
    /// Several of these, added up.
    Stacked(Vec<(Adaptation, f32)>),
}

impl Adaptation {
    /// What it is called in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Alone(_) => "target alone",
            Self::Pooled { .. } => "pooled",
            Self::SimilarityPrior(_) => "similarity prior",
            Self::EasePrior(_) => "linear prior",
            Self::FineTune(_) => "pre-train and fine-tune",
            Self::MarketAware(_) => "market-aware vectors",
            Self::Stacked(_) => "stacked",
        }
    }

    /// Whether a row of a source is looked at.
    pub fn transfers(&self) -> bool {
        match self {
            Self::Alone(_) => false,
            Self::Stacked(members) => members.iter().any(|(member, weight)| *weight != 0.0 && member.transfers()),
            _ => true,
        }
    }

    /// Learns from the ground.
    ///
    /// # Errors
    /// [`FitError`] names the parameter or the data that is wrong.
    pub fn adapt(&self, ground: &Ground, seed: Seed) -> Result<Box<dyn Recommender>, FitError> {
        Ok(match self {
            Self::Alone(kind) => kind.fit(ground.target(), seed)?,
            Self::Pooled { kind, weights } => {
                kind.fit(&ground.pooled(&super::weights_or_ones(weights, ground))?, seed)?
            }
            Self::SimilarityPrior(params) => Box::new(params.adapt(ground)?),
            Self::EasePrior(params) => Box::new(params.adapt(ground)?),
            Self::FineTune(params) => Box::new(params.adapt(ground, seed)?),
            Self::MarketAware(params) => Box::new(params.adapt(ground, seed)?),
            Self::Stacked(members) => {
                let fit = |(member, weight): &(Self, f32)| Ok((member.adapt(ground, seed)?, *weight));
                let members = members.iter().map(fit).collect::<Result<Vec<_>, FitError>>()?;
                Box::new(Stacked::new(members, ground.target().n_items()))
            }
        })
    }
}
