//! The list of models: one variant each, and a `match` is the registry.

use crate::transfer::{ZeroOverlap, ZeroOverlapParams};
use crate::{
    BprParams, Ease, EaseForm, EaseParams, FeatureForm, FeatureNet, FeatureNetParams, GfCf, GfCfParams, Gru4Rec,
    Gru4RecParams, HybridModel, HybridParams, Ials, IalsParams, Item2Vec, Item2VecParams, ItemGraph, ItemGraphParams,
    ItemKnn, ItemKnnParams, ItemText, Join, LightGcn, LightGcnParams, Logistic, LogisticParams, MarketPopularityParams,
    NeuMf, NeuMfParams, PairwiseFactors, Popularity, PopularityParams, Rp3Beta, Rp3BetaParams, SasRec, SasRecParams,
    Save, Slim, SlimParams, SoftmaxFactors, SoftmaxFactorsParams, Swing, SwingParams, Transitions, TransitionsParams,
    UserKnn, UserKnnParams, WarpParams,
};
use domain::{Explain, Fit, FitError, Interactions, Market, Score, Seed};
use learn::container::{ContainerError, Reader};
use learn::net::{Flow, Progress, Watch};

/// A model as the rest of the program sees it: it scores and says why.
pub trait Recommender: Score + Explain {}

impl<M: Score + Explain> Recommender for M {}

/// A model that was fitted here: it can be kept, too.
pub trait Fitted: Recommender + Save {}

impl<M: Recommender + Save> Fitted for M {}

/// Which model, with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ModelKind {
    /// What sells most in one market.
    PopularityMarket(Market),
    /// What sells most anywhere.
    PopularityGlobal,
    /// What has been selling lately.
    PopularityDecayed {
        /// Days after which a purchase counts half.
        half_life_days: f32,
    },
    /// Shoppers with a like history.
    UserKnn(UserKnnParams),
    /// Items bought together.
    ItemKnn(ItemKnnParams),
    /// Pairs of shoppers who bought the same.
    Swing(SwingParams),
    /// A step from item to item over shoppers.
    Rp3Beta(Rp3BetaParams),
    /// A walk of several steps.
    ItemGraph(ItemGraphParams),
    /// What comes after an item.
    Transitions(TransitionsParams),
    /// Every item predicted from the others; its two forms have two names.
    Ease(EaseParams),
    /// Every item predicted from few others.
    Slim(SlimParams),
    /// A filter on the graph of items.
    GfCf(GfCfParams),
    /// Factorised tastes.
    Ials(IalsParams),
    /// Tastes learnt from pairs.
    Bpr(BprParams),
    /// Tastes learnt from pairs, for the top of the list.
    Warp(WarpParams),
    /// Tastes learnt as odds of buying.
    Logistic(LogisticParams),
    /// Items in the same company.
    Item2Vec(Item2VecParams),
    /// What was bought points to what goes with it.
    SoftmaxFactors(SoftmaxFactorsParams),
    /// Tastes smoothed along purchases.
    LightGcn(LightGcnParams),
    /// What comes next, by attention over the history.
    SasRec(SasRecParams),
    /// What comes next, by a state carried along the history.
    Gru4Rec(Gru4RecParams),
    /// An item and a history through layers.
    NeuMf(NeuMfParams),
    /// A history beside a described item; its four networks have four names.
    Features(FeatureNetParams),
    /// Neighbours and factors as one model; its three joins have three names.
    Hybrid(HybridParams),
    /// What products say, for a market that shares none with others; it is in no list to choose from: see [`Self::of_file`].
    ZeroOverlap(ZeroOverlapParams),
}

impl ModelKind {
    /// The name of [`Self::ZeroOverlap`].
    pub const ZERO_OVERLAP: &'static str = "zero-overlap";

    /// The name of the model on the command line and in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PopularityMarket(_) => "popularity-market",
            Self::PopularityGlobal => "popularity",
            Self::PopularityDecayed { .. } => "popularity-decayed",
            Self::UserKnn(_) => "user-knn",
            Self::ItemKnn(_) => "item-knn",
            Self::Swing(_) => "swing",
            Self::Rp3Beta(_) => "rp3beta",
            Self::ItemGraph(_) => "item-graph",
            Self::Transitions(_) => "transitions",
            Self::Ease(EaseParams { form: EaseForm::Dense, .. }) => "ease",
            Self::Ease(EaseParams { form: EaseForm::Sparse { .. }, .. }) => "ease-sparse",
            Self::Slim(_) => "slim",
            Self::GfCf(_) => "gf-cf",
            Self::Ials(_) => "ials",
            Self::Bpr(_) => "bpr",
            Self::Warp(_) => "warp",
            Self::Logistic(_) => "logistic",
            Self::Item2Vec(_) => "item2vec",
            Self::SoftmaxFactors(_) => "softmax-factors",
            Self::LightGcn(_) => "light-gcn",
            Self::SasRec(_) => "sasrec",
            Self::Gru4Rec(_) => "gru4rec",
            Self::NeuMf(_) => "neu-mf",
            Self::Features(FeatureNetParams { form: FeatureForm::WideDeep, .. }) => "wide-deep",
            Self::Features(FeatureNetParams { form: FeatureForm::SharedBottom, .. }) => "shared-bottom",
            Self::Features(FeatureNetParams { form: FeatureForm::Experts { .. }, .. }) => "mmoe",
            Self::Features(FeatureNetParams { form: FeatureForm::TwoTowers, .. }) => "two-tower",
            Self::Hybrid(HybridParams { join: Join::Weighted, .. }) => "hybrid-weighted",
            Self::Hybrid(HybridParams { join: Join::Ranks, .. }) => "hybrid-ranks",
            Self::Hybrid(HybridParams { join: Join::Stacked, .. }) => "hybrid-stacked",
            Self::ZeroOverlap(_) => Self::ZERO_OVERLAP,
        }
    }

    /// Every model with its default parameters, for the market that is served.
    pub fn all(market: Market) -> [Self; 30] {
        [
            Self::PopularityMarket(market),
            Self::PopularityGlobal,
            Self::PopularityDecayed { half_life_days: 30.0 },
            Self::UserKnn(UserKnnParams::default()),
            Self::ItemKnn(ItemKnnParams::default()),
            Self::Swing(SwingParams::default()),
            Self::Rp3Beta(Rp3BetaParams::default()),
            Self::ItemGraph(ItemGraphParams::default()),
            Self::Transitions(TransitionsParams::default()),
            Self::Ease(EaseParams::default()),
            Self::Ease(EaseParams::default().sparse()),
            Self::Slim(SlimParams::default()),
            Self::GfCf(GfCfParams::default()),
            Self::Ials(IalsParams::default()),
            Self::Bpr(BprParams::default()),
            Self::Warp(WarpParams::default()),
            Self::Logistic(LogisticParams::default()),
            Self::Item2Vec(Item2VecParams::default()),
            Self::SoftmaxFactors(SoftmaxFactorsParams::default()),
            Self::LightGcn(LightGcnParams::default()),
            Self::SasRec(SasRecParams::default()),
            Self::Gru4Rec(Gru4RecParams::default()),
            Self::NeuMf(NeuMfParams::default()),
            Self::Features(FeatureNetParams::of(FeatureForm::WideDeep)),
            Self::Features(FeatureNetParams::of(FeatureForm::SharedBottom)),
            Self::Features(FeatureNetParams::of(FeatureForm::Experts { n: 4 })),
            Self::Features(FeatureNetParams::of(FeatureForm::TwoTowers)),
            Self::Hybrid(HybridParams::joined(Join::Weighted)),
            Self::Hybrid(HybridParams::joined(Join::Ranks)),
            Self::Hybrid(HybridParams::joined(Join::Stacked)),
        ]
    }

    /// The model of this name with its default parameters; `None` for a name that is not in
    /// [`Self::all`].
    pub fn named(name: &str, market: Market) -> Option<Self> {
        Self::all(market).into_iter().find(|kind| kind.name() == name)
    }

    /// As [`Self::named`], with the model that is between two markets and therefore in no list; a file does not say which ones.
    pub fn of_file(name: &str) -> Option<Self> {
        let between = || Self::ZeroOverlap(ZeroOverlapParams::between(Market::UNKNOWN, Market::UNKNOWN));
        (name == Self::ZERO_OVERLAP).then(between).or_else(|| Self::named(name, Market::UNKNOWN))
    }

    /// Fits the model on prepared interactions (see [`crate::prepare`]).
    ///
    /// # Errors
    /// [`FitError`] names the parameter or the data that is wrong; a market without a shopper is
    /// too little data.
    pub fn fit(&self, train: &Interactions, seed: Seed) -> Result<Box<dyn Recommender>, FitError> {
        Ok(self.fit_to_keep(train, seed)?)
    }

    /// As [`Self::fit`], for whoever wants to [save](crate::saved) the model.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_to_keep(&self, train: &Interactions, seed: Seed) -> Result<Box<dyn Fitted>, FitError> {
        self.fit_watched(train, seed, &mut |_: Progress| Flow::Continue)
    }

    /// As [`Self::fit_to_keep`], with somebody who hears how the training of a network goes and keeps what it takes to
    /// go on with it. Of other models there is nothing to hear.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_watched(
        &self,
        train: &Interactions,
        seed: Seed,
        watch: &mut dyn Watch,
    ) -> Result<Box<dyn Fitted>, FitError> {
        self.fit_described(train, &[], seed, watch)
    }

    /// Whether its scores follow from the history that is asked about: lists of what sells are the same for everybody.
    pub const fn hears(&self) -> bool {
        !matches!(self, Self::PopularityMarket(_) | Self::PopularityGlobal | Self::PopularityDecayed { .. })
    }

    /// Whether [`Self::fit_described`] reads what is known of the items.
    pub const fn reads_texts(&self) -> bool {
        matches!(self, Self::Features(_) | Self::ZeroOverlap(_))
    }

    /// As [`Self::fit_watched`], with what is known of the items, one text an item in the order of their numbers, or
    /// none. Models for which [`Self::reads_texts`] does not hold leave them aside.
    ///
    /// # Errors
    /// As [`Self::fit`], and for another number of texts.
    pub fn fit_described(
        &self,
        train: &Interactions,
        texts: &[ItemText],
        seed: Seed,
        watch: &mut dyn Watch,
    ) -> Result<Box<dyn Fitted>, FitError> {
        Ok(match self {
            Self::PopularityMarket(market) => {
                let all = MarketPopularityParams::default().fit(train, seed)?;
                let none = FitError::TooLittleData { what: "shoppers of the market", have: 0, need: 1 };
                Box::new(all.for_market(*market).cloned().ok_or(none)?)
            }
            Self::PopularityGlobal => Box::new(PopularityParams::default().fit(train, seed)?),
            Self::PopularityDecayed { half_life_days } => {
                Box::new(PopularityParams { half_life_days: Some(*half_life_days) }.fit(train, seed)?)
            }
            Self::UserKnn(params) => Box::new(params.fit(train, seed)?),
            Self::ItemKnn(params) => Box::new(params.fit(train, seed)?),
            Self::Swing(params) => Box::new(params.fit(train, seed)?),
            Self::Rp3Beta(params) => Box::new(params.fit(train, seed)?),
            Self::ItemGraph(params) => Box::new(params.fit(train, seed)?),
            Self::Transitions(params) => Box::new(params.fit(train, seed)?),
            Self::Ease(params) => Box::new(params.fit(train, seed)?),
            Self::Slim(params) => Box::new(params.fit(train, seed)?),
            Self::GfCf(params) => Box::new(params.fit(train, seed)?),
            Self::Ials(params) => Box::new(params.fit(train, seed)?),
            Self::Bpr(params) => Box::new(params.fit(train, seed)?),
            Self::Warp(params) => Box::new(params.fit(train, seed)?),
            Self::Logistic(params) => Box::new(params.fit(train, seed)?),
            Self::Item2Vec(params) => Box::new(params.fit(train, seed)?),
            Self::SoftmaxFactors(params) => Box::new(params.fit(train, seed)?),
            Self::LightGcn(params) => Box::new(params.fit(train, seed)?),
            Self::SasRec(params) => Box::new(params.fit_watched(train, seed, watch)?),
            Self::Gru4Rec(params) => Box::new(params.fit_watched(train, seed, watch)?),
            Self::NeuMf(params) => Box::new(params.fit_watched(train, seed, watch)?),
            Self::Features(params) => Box::new(params.fit_watched(train, texts, seed, watch)?),
            Self::Hybrid(params) => Box::new(params.fit(train, seed)?),
            Self::ZeroOverlap(params) => Box::new(params.fit(train, texts, seed)?),
        })
    }

    /// Reads what a model of this kind wrote; the parameters are the file's.
    pub(crate) fn load(&self, from: &Reader<'_>) -> Result<Box<dyn Fitted>, ContainerError> {
        Ok(match self {
            Self::PopularityMarket(_) | Self::PopularityGlobal | Self::PopularityDecayed { .. } => {
                Box::new(Popularity::load(from)?)
            }
            Self::UserKnn(_) => Box::new(UserKnn::load(from)?),
            Self::ItemKnn(_) => Box::new(ItemKnn::load(from)?),
            Self::Swing(_) => Box::new(Swing::load(from)?),
            Self::Rp3Beta(_) => Box::new(Rp3Beta::load(from)?),
            Self::ItemGraph(_) => Box::new(ItemGraph::load(from)?),
            Self::Transitions(_) => Box::new(Transitions::load(from)?),
            Self::Ease(_) => Box::new(Ease::load(from)?),
            Self::Slim(_) => Box::new(Slim::load(from)?),
            Self::GfCf(_) => Box::new(GfCf::load(from)?),
            Self::Ials(_) => Box::new(Ials::load(from)?),
            Self::Bpr(_) | Self::Warp(_) => Box::new(PairwiseFactors::load(from)?),
            Self::Logistic(_) => Box::new(Logistic::load(from)?),
            Self::Item2Vec(_) => Box::new(Item2Vec::load(from)?),
            Self::SoftmaxFactors(_) => Box::new(SoftmaxFactors::load(from)?),
            Self::LightGcn(_) => Box::new(LightGcn::load(from)?),
            Self::SasRec(_) => Box::new(SasRec::load(from)?),
            Self::Gru4Rec(_) => Box::new(Gru4Rec::load(from)?),
            Self::NeuMf(_) => Box::new(NeuMf::load(from)?),
            Self::Features(_) => Box::new(FeatureNet::load(from)?),
            Self::Hybrid(_) => Box::new(HybridModel::load(from)?),
            Self::ZeroOverlap(_) => Box::new(ZeroOverlap::load(from)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_found_by_its_name() {
        for kind in ModelKind::all(Market::UNKNOWN) {
            assert_eq!(ModelKind::named(kind.name(), Market::UNKNOWN), Some(kind));
        }
        assert_eq!(ModelKind::named("oracle", Market::UNKNOWN), None);
    }

    /// Two kinds of shoppers who share nothing. Whatever a model says of each, one that hears says two things, and a list
    /// of what sells says one.
    #[test]
    fn lists_of_what_sells_hear_no_history() {
        let baskets: Vec<&[u32]> = [&[0, 1, 2][..], &[3, 4, 5]].into_iter().cycle().take(20).collect();
        let train = Interactions::from_baskets(6, baskets);
        let all: Vec<domain::ItemIdx> = (0..6).map(domain::ItemIdx).collect();
        for kind in ModelKind::all(Market::UNKNOWN).into_iter().filter(|k| !k.reads_texts()) {
            let model = kind.fit(&train, Seed(1)).unwrap();
            let of = |item: usize| model.score(domain::History::of(&all[item..=item]), &all);
            assert_eq!(of(0) != of(3), kind.hears(), "{}", kind.name());
        }
    }

    #[test]
    fn a_market_without_shoppers_has_no_popularity() {
        let train = Interactions::from_baskets(2, [&[0][..], &[1]]);
        let kind = ModelKind::PopularityMarket(Market::EUROPEAN_UNION);
        assert!(matches!(kind.fit(&train, Seed(0)), Err(FitError::TooLittleData { .. })));
        assert!(ModelKind::PopularityMarket(Market::UNKNOWN).fit(&train, Seed(0)).is_ok());
    }
}
