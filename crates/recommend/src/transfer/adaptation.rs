//! The list of ways to carry what sources know into a target: one variant each, a `match` is the registry.
//!
//! Every way sees the same [`Ground`] and gives the same thing, a model that scores and explains, so that
//! whoever chooses among them need not know what they are.

use super::{
    AlignedParams, DiscriminatorParams, EasePriorParams, FineTuneParams, ForkedParams, Ground, MarketAwareParams,
    MetaParams, PopularityPriorParams, SimilarityPriorParams, Stacked,
};
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
    /// A model of the sources' rows alone, each source at its weight: a part of a stack, such as what sells
    /// in one source.
    Taught {
        /// The model.
        kind: ModelKind,
        /// One weight a source; empty is 1 for all.
        weights: Vec<f32>,
    },
    /// Neighbourhoods with the sources' as a prior.
    SimilarityPrior(SimilarityPriorParams),
    /// What sells in the target with what sells in the sources as a prior.
    PopularityPrior(PopularityPriorParams),
    /// A linear model with the sources' as a prior.
    EasePrior(EasePriorParams),
    /// Vectors learnt on the sources and fine-tuned.
    FineTune(FineTuneParams),
    /// Vectors with a shared and an own part.
    MarketAware(MarketAwareParams),
    /// Vectors learnt apart and brought together.
    Aligned(AlignedParams),
    /// Tastes that do not betray their market.
    MarketBlind(DiscriminatorParams),
    /// A start that is near to every market.
    Meta(MetaParams),
    /// The same start frozen, with a head of the target's own.
    Forked(ForkedParams),
    /// Several of these, added up.
    Stacked(Vec<(Adaptation, f32)>),
}

impl Adaptation {
    /// What it is called in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Alone(_) => "target alone",
            Self::Pooled { .. } => "pooled",
            Self::Taught { .. } => "sources alone",
            Self::SimilarityPrior(_) => "similarity prior",
            Self::PopularityPrior(_) => "popularity prior",
            Self::EasePrior(_) => "linear prior",
            Self::FineTune(_) => "pre-train and fine-tune",
            Self::MarketAware(_) => "market-aware vectors",
            Self::Aligned(_) => "aligned vectors",
            Self::MarketBlind(_) => "market-blind tastes",
            Self::Meta(_) => "meta-learnt start",
            Self::Forked(_) => "forked heads",
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
            Self::Taught { kind, weights } => {
                kind.fit(&ground.taught(&super::weights_or_ones(weights, ground))?, seed)?
            }
            Self::SimilarityPrior(params) => Box::new(params.adapt(ground)?),
            Self::PopularityPrior(params) => Box::new(params.adapt(ground)?),
            Self::EasePrior(params) => Box::new(params.adapt(ground)?),
            Self::FineTune(params) => Box::new(params.adapt(ground, seed)?),
            Self::MarketAware(params) => Box::new(params.adapt(ground, seed)?),
            Self::Aligned(params) => Box::new(params.adapt(ground, seed)?.0),
            Self::MarketBlind(params) => Box::new(params.adapt(ground, seed)?),
            Self::Meta(params) => Box::new(params.adapt(ground, seed)?),
            Self::Forked(params) => Box::new(params.adapt(ground, seed)?),
            Self::Stacked(members) => {
                let fit = |(member, weight): &(Self, f32)| Ok((member.adapt(ground, seed)?, *weight));
                let members = members.iter().map(fit).collect::<Result<Vec<_>, FitError>>()?;
                Box::new(Stacked::new(members, ground.target().n_items()))
            }
        })
    }
}

/// The way with what was chosen for it, in a few words.
impl std::fmt::Display for Adaptation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |weights: &[f32]| weights.iter().map(f32::to_string).collect::<Vec<_>>().join("/");
        match self {
            Self::Alone(kind) => write!(f, "{}", kind.name()),
            Self::Pooled { kind, weights } if weights.is_empty() => write!(f, "{} of all", kind.name()),
            Self::Pooled { kind, weights } if weights.iter().all(|w| *w == weights[0]) => {
                write!(f, "{} of all, sources at {}", kind.name(), weights[0])
            }
            Self::Pooled { kind, weights } => write!(f, "{} of all, sources at {}", kind.name(), list(weights)),
            Self::Taught { kind, weights } => write!(f, "{} of sources at {}", kind.name(), list(weights)),
            Self::SimilarityPrior(p) => write!(f, "similarity prior of strength {}", p.strength),
            Self::PopularityPrior(p) => write!(f, "popularity prior of strength {}", p.strength),
            Self::EasePrior(p) => write!(f, "linear prior of reg {}, trust {}", p.reg, p.trust),
            Self::FineTune(p) => write!(f, "fine-tuned, strength {}", p.strength),
            Self::MarketAware(p) => write!(f, "market-aware, strength {}", p.strength),
            Self::Aligned(p) => write!(f, "aligned vectors, strength {}", p.strength),
            Self::MarketBlind(p) => write!(f, "market-blind tastes, reversal {}", p.reversal),
            Self::Meta(p) => write!(f, "meta-learnt start, strength {}", p.strength),
            Self::Forked(p) => write!(f, "forked heads, strength {}", p.strength),
            Self::Stacked(members) => {
                let used = members.iter().filter(|(_, weight)| *weight != 0.0);
                let words: Vec<String> = used.map(|(way, weight)| format!("{weight} {way}")).collect();
                write!(f, "{}", words.join(" + "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IalsParams;
    use crate::transfer::tests::ground;
    use domain::{History, ItemIdx};

    const N_ITEMS: u32 = 12;

    /// Pairs of items (0 with 1, 2 with 3, …) in both places; item 11 is sold nowhere.
    fn pairs() -> Ground {
        let basket = |s: u32| [[0_u32, 1, 2], [2, 3, 4], [4, 5, 6], [6, 7, 8], [8, 9, 10]][s as usize % 5];
        let own: Vec<[u32; 3]> = (0..15).map(basket).collect();
        let theirs: Vec<[u32; 3]> = (0..40).map(basket).collect();
        let own: Vec<&[u32]> = own.iter().map(|basket| &basket[..]).collect();
        let theirs: Vec<&[u32]> = theirs.iter().map(|basket| &basket[..]).collect();
        ground(N_ITEMS as usize, &own, &theirs)
    }

    fn ways() -> Vec<Adaptation> {
        let knn = ModelKind::named("item-knn", domain::Market::UNKNOWN).unwrap();
        let factors = IalsParams { n_factors: 4, n_sweeps: 4, ..IalsParams::default() };
        let prior = Adaptation::SimilarityPrior(SimilarityPriorParams::default());
        vec![
            Adaptation::Alone(knn),
            Adaptation::Pooled { kind: knn, weights: vec![0.5] },
            Adaptation::Taught { kind: knn, weights: vec![1.0] },
            prior.clone(),
            Adaptation::PopularityPrior(PopularityPriorParams::default()),
            Adaptation::EasePrior(EasePriorParams::default()),
            Adaptation::FineTune(FineTuneParams { factors, ..FineTuneParams::default() }),
            Adaptation::MarketAware(MarketAwareParams { factors, ..MarketAwareParams::default() }),
            Adaptation::Aligned(AlignedParams { factors, ..AlignedParams::default() }),
            Adaptation::MarketBlind(DiscriminatorParams { width: 4, ..DiscriminatorParams::default() }),
            Adaptation::Meta(MetaParams { factors, ..MetaParams::default() }),
            Adaptation::Forked(ForkedParams {
                trunk: MetaParams { factors, ..MetaParams::default() },
                ..ForkedParams::default()
            }),
            Adaptation::Stacked(vec![(prior, 1.0), (Adaptation::Alone(knn), 0.5)]),
        ]
    }

    #[test]
    fn every_way_keeps_what_a_model_promises_at_any_number_of_threads() {
        let ground = pairs();
        let catalogue: Vec<ItemIdx> = (0..N_ITEMS).map(ItemIdx).collect();
        let history = [0, 2].map(ItemIdx);
        for way in ways() {
            let on = |n: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
                pool.install(|| {
                    let model = way.adapt(&ground, Seed(3)).unwrap();
                    let scores = model.score(History::of(&history), &catalogue);
                    for (item, score) in catalogue.iter().zip(&scores) {
                        let parts: f32 = model.explain(History::of(&history), *item).iter().map(|r| r.part).sum();
                        let score = score.unwrap_or(0.0);
                        assert!(
                            (parts - score).abs() <= 1e-3 * score.abs().max(1.0),
                            "{}: {parts} {score}",
                            way.name()
                        );
                    }
                    assert_eq!(model.score(History::of(&history), &[ItemIdx(999)]), [None], "{}", way.name());
                    // What sells is told to whoever comes; everything else needs a history.
                    let to_anybody = matches!(way, Adaptation::PopularityPrior(_));
                    let silent = model.score(History::EMPTY, &catalogue).iter().all(Option::is_none);
                    assert_eq!(silent, !to_anybody, "{}", way.name());
                    scores
                })
            };
            let one = on(1);
            assert_eq!(one, on(3), "{}", way.name());
            assert!(one.iter().flatten().all(|s| s.is_finite()), "{}", way.name());
            assert_eq!(one[11], None, "{}: sold nowhere", way.name());
            assert_eq!(way.transfers(), !matches!(way, Adaptation::Alone(_)));
            assert!(!way.to_string().is_empty());
        }
    }
}
