//! Other parameters of the same model, drawn at random: what a search tries.
//!
//! Each number comes from the range that is sensible for it, sizes and strengths evenly on a logarithmic scale. Random
//! settings find good ones with fewer fits than a grid, because most parameters hardly matter and a grid spends its fits
//! on them (Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012). What a fit costs is
//! left as it is: numbers of factors, passes and neighbours of the costly models are not drawn. Cost: nothing but the draws.

use crate::{
    BprParams, EaseForm, EaseParams, FeatureNetParams, GfCfParams, Gru4RecParams, IalsParams, ItemGraphParams,
    ItemKnnParams, ModelKind, NeuMfParams, NextItemParams, Rp3BetaParams, SasRecParams, Similarity, SlimParams,
    SoftmaxFactorsParams, SwingParams, TransitionsParams, UserKnnParams, WarpParams,
};
use domain::Rng;

/// Evenly between two numbers on a logarithmic scale.
fn scale(rng: &mut Rng, low: f64, high: f64) -> f32 {
    (low * (high / low).powf(rng.uniform())) as f32
}

fn within(rng: &mut Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * rng.uniform() as f32
}

fn one_of<T: Copy>(rng: &mut Rng, values: &[T]) -> T {
    values[rng.below(values.len())]
}

fn similarity(rng: &mut Rng) -> Similarity {
    match rng.below(6) {
        0 => Similarity::Cosine,
        1 => Similarity::Jaccard,
        2 => Similarity::DampedCosine,
        3 => Similarity::TfIdf,
        4 => Similarity::AsymmetricCosine { alpha: within(rng, 0.2, 0.8) },
        _ => Similarity::Bm25 { k1: within(rng, 0.5, 2.5), b: within(rng, 0.2, 1.0) },
    }
}

fn next_item(common: NextItemParams, rng: &mut Rng) -> NextItemParams {
    NextItemParams { dropout: within(rng, 0.1, 0.6), rate: scale(rng, 5e-4, 5e-3), ..common }
}

impl ModelKind {
    /// The same model with other parameters; `None` for a model that has none to choose.
    pub fn drawn(&self, rng: &mut Rng) -> Option<Self> {
        const KS: [usize; 6] = [20, 50, 100, 200, 500, usize::MAX];
        Some(match *self {
            Self::PopularityMarket(_) | Self::PopularityGlobal | Self::Hybrid(_) | Self::ZeroOverlap(_) => return None,
            Self::PopularityDecayed { .. } => Self::PopularityDecayed { half_life_days: scale(rng, 7.0, 365.0) },
            Self::UserKnn(_) => Self::UserKnn(UserKnnParams {
                similarity: similarity(rng),
                k: one_of(rng, &[20, 50, 100, 200, 500, 2_000]),
                shrinkage: within(rng, 0.0, 20.0),
            }),
            Self::ItemKnn(_) => Self::ItemKnn(ItemKnnParams {
                similarity: similarity(rng),
                k: one_of(rng, &KS),
                shrinkage: within(rng, 0.0, 20.0),
            }),
            Self::Swing(p) => Self::Swing(SwingParams {
                alpha: scale(rng, 0.1, 30.0),
                offset: scale(rng, 0.1, 30.0),
                power: within(rng, 0.0, 1.0),
                ..p
            }),
            Self::Rp3Beta(_) => Self::Rp3Beta(Rp3BetaParams {
                alpha: within(rng, 0.4, 1.6),
                beta: within(rng, 0.0, 0.9),
                k: one_of(rng, &KS),
            }),
            Self::ItemGraph(p) => Self::ItemGraph(ItemGraphParams {
                from_exponent: within(rng, 0.2, 1.0),
                via_exponent: within(rng, 0.2, 1.0),
                to_exponent: within(rng, 0.2, 1.0),
                second_hop: within(rng, 0.0, 0.8),
                third_hop: within(rng, 0.0, 0.3),
                ..p
            }),
            Self::Transitions(p) => Self::Transitions(TransitionsParams {
                gap_decay: within(rng, 0.5, 1.0),
                backward: within(rng, 0.0, 1.0),
                history_decay: within(rng, 0.5, 1.0),
                from_exponent: within(rng, 0.2, 1.0),
                to_exponent: within(rng, 0.2, 1.0),
                shrinkage: within(rng, 0.0, 10.0),
                ..p
            }),
            Self::Ease(EaseParams { form, dropout, .. }) => {
                let reg = scale(rng, 20.0, 3_000.0);
                let form = match form {
                    EaseForm::Dense => EaseForm::Dense,
                    EaseForm::Sparse { neighbours } => EaseForm::Sparse { neighbours },
                };
                Self::Ease(EaseParams { reg, form, dropout })
            }
            Self::Slim(p) => Self::Slim(SlimParams { l1: scale(rng, 0.02, 5.0), l2: scale(rng, 0.5, 200.0), ..p }),
            Self::GfCf(p) => {
                Self::GfCf(GfCfParams { rank: one_of(rng, &[16, 32, 64, 128]), low_pass: within(rng, 0.0, 1.0), ..p })
            }
            Self::Ials(p) => Self::Ials(IalsParams {
                n_factors: one_of(rng, &[16, 32, 64, 128]),
                alpha: scale(rng, 0.05, 10.0),
                reg: scale(rng, 1e-3, 1.0),
                ..p
            }),
            Self::Bpr(p) => Self::Bpr(BprParams {
                learning_rate: p.learning_rate * scale(rng, 0.3, 3.0),
                reg: p.reg * scale(rng, 0.1, 10.0),
                ..p
            }),
            Self::Warp(p) => Self::Warp(WarpParams {
                learning_rate: p.learning_rate * scale(rng, 0.3, 3.0),
                reg: p.reg * scale(rng, 0.1, 10.0),
                ..p
            }),
            Self::Logistic(mut p) => {
                p.alpha *= scale(rng, 0.2, 5.0);
                p.reg *= scale(rng, 0.1, 10.0);
                Self::Logistic(p)
            }
            Self::Item2Vec(mut p) => {
                p.window = one_of(rng, &[2, 5, 10, 20]);
                p.reg *= scale(rng, 0.1, 10.0);
                Self::Item2Vec(p)
            }
            Self::SoftmaxFactors(p) => Self::SoftmaxFactors(SoftmaxFactorsParams {
                reg: p.reg * scale(rng, 0.1, 10.0),
                length_power: within(rng, 0.2, 0.8),
                smoothing: within(rng, 0.0, 0.5),
                ..p
            }),
            Self::LightGcn(mut p) => {
                p.n_layers = one_of(rng, &[1, 2, 3]);
                p.learning_rate *= scale(rng, 0.3, 3.0);
                Self::LightGcn(p)
            }
            Self::SasRec(p) => Self::SasRec(SasRecParams { common: next_item(p.common, rng), ..p }),
            Self::Gru4Rec(p) => Self::Gru4Rec(Gru4RecParams { common: next_item(p.common, rng), ..p }),
            Self::NeuMf(p) => {
                Self::NeuMf(NeuMfParams { dropout: within(rng, 0.0, 0.5), rate: scale(rng, 5e-4, 5e-3), ..p })
            }
            Self::Features(p) => {
                Self::Features(FeatureNetParams { dropout: within(rng, 0.0, 0.5), rate: scale(rng, 5e-4, 5e-3), ..p })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Interactions, Market, Seed};

    /// Every setting that is drawn is one that a fit takes, keeps the model's name and comes again with the seed.
    #[test]
    fn what_is_drawn_is_the_same_model_and_can_be_fitted() {
        let train = Interactions::from_baskets(6, [&[0, 1][..], &[0, 1, 2], &[1, 2, 3], &[4, 5, 0]]);
        for kind in ModelKind::all(Market::UNKNOWN) {
            let draws = |seed: u64| -> Vec<Option<ModelKind>> {
                let mut rng = Seed(seed).stream(0);
                (0..6).map(|_| kind.drawn(&mut rng)).collect()
            };
            assert_eq!(draws(1), draws(1));
            if kind.drawn(&mut Seed(1).stream(0)).is_some() {
                assert_ne!(draws(1), draws(2), "{}", kind.name());
            }
            for other in draws(3).into_iter().flatten() {
                assert_eq!(other.name(), kind.name());
                // Networks take a second each; their ranges are two of those above.
                if !matches!(other, ModelKind::SasRec(_) | ModelKind::Gru4Rec(_) | ModelKind::NeuMf(_)) {
                    assert!(other.fit(&train, Seed(0)).is_ok(), "{other:?}");
                }
            }
        }
    }
}
