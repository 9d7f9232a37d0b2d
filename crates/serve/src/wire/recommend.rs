//! What to offer whom, with reasons and with which step of the chain answered.

use super::figure::Amount;
use super::table::Table;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// For whom, and within which limits.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RecommendQuery {
    /// ISO 3166-1 alpha-2.
    #[param(pattern = "^[A-Z]{2}$")]
    pub market: String,
    /// The shopper, where it is known.
    #[param(max_length = 200)]
    pub shopper: Option<String>,
    /// The visit: its events count at once.
    #[param(max_length = 200)]
    pub session: Option<String>,
    /// A segment, one of your own or a named one: where nothing is known of the shopper, what sells to it comes before what sells in the
    /// market. For pages that a campaign for the segment leads to.
    #[param(max_length = 200)]
    pub segment: Option<String>,
    /// How many, 10 unless told.
    #[param(minimum = 1, maximum = 100)]
    pub n: Option<u32>,
    /// Leave out what the shopper bought; true unless told.
    pub exclude_bought: Option<bool>,
    /// Only of this category.
    #[param(max_length = 500)]
    pub category: Option<String>,
    /// Lowest price, in major units of the currency that the answer's prices have.
    #[param(minimum = 0)]
    pub min_price: Option<f64>,
    /// Highest price.
    #[param(minimum = 0)]
    pub max_price: Option<f64>,
    /// Only what is in stock; false unless told. What is known to be out of stock is left out unless this is false.
    pub in_stock: Option<bool>,
    /// 0: by score alone; 1: as unlike each other as can be.
    #[param(minimum = 0, maximum = 1)]
    pub diversity: Option<f64>,
    /// Say why; false unless told.
    pub explain: Option<bool>,
    /// In which language and region the answer speaks, BCP 47; goes before `Accept-Language`, and both before what the market reads.
    #[param(max_length = 40, example = "pt-BR")]
    pub locale: Option<String>,
    /// The header of that name, filled in by the route.
    #[serde(skip)]
    pub accept_language: Option<String>,
}

/// Like which product.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SimilarQuery {
    /// The product.
    #[param(max_length = 200)]
    pub product: String,
    /// ISO 3166-1 alpha-2.
    #[param(pattern = "^[A-Z]{2}$")]
    pub market: Option<String>,
    /// How many, 10 unless told.
    #[param(minimum = 1, maximum = 100)]
    pub n: Option<u32>,
    /// Only of this category.
    #[param(max_length = 500)]
    pub category: Option<String>,
    /// Lowest price, in major units of the currency that the answer's prices have.
    #[param(minimum = 0)]
    pub min_price: Option<f64>,
    /// Highest price.
    #[param(minimum = 0)]
    pub max_price: Option<f64>,
    /// Only what is in stock; false unless told. What is known to be out of stock is left out unless this is false.
    pub in_stock: Option<bool>,
    /// Who sees the answer, where it is known: for the bucket and the list of exposures alone.
    #[param(max_length = 200)]
    pub shopper: Option<String>,
    /// The visit that sees it.
    #[param(max_length = 200)]
    pub session: Option<String>,
    /// In which language and region the answer speaks, BCP 47; goes before `Accept-Language`, and both before what the market reads.
    #[param(max_length = 40, example = "pt-BR")]
    pub locale: Option<String>,
    /// The header of that name, filled in by the route.
    #[serde(skip)]
    pub accept_language: Option<String>,
}

/// With which basket.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct NextQuery {
    /// Products of the basket, joined by commas.
    #[param(max_length = 5_000)]
    pub products: String,
    /// ISO 3166-1 alpha-2.
    #[param(pattern = "^[A-Z]{2}$")]
    pub market: String,
    /// How many, 10 unless told.
    #[param(minimum = 1, maximum = 100)]
    pub n: Option<u32>,
    /// Only of this category.
    #[param(max_length = 500)]
    pub category: Option<String>,
    /// Lowest price, in major units of the currency that the answer's prices have.
    #[param(minimum = 0)]
    pub min_price: Option<f64>,
    /// Highest price.
    #[param(minimum = 0)]
    pub max_price: Option<f64>,
    /// Only what is in stock; false unless told. What is known to be out of stock is left out unless this is false.
    pub in_stock: Option<bool>,
    /// Who sees the answer, where it is known: for the bucket and the list of exposures alone.
    #[param(max_length = 200)]
    pub shopper: Option<String>,
    /// The visit that sees it.
    #[param(max_length = 200)]
    pub session: Option<String>,
    /// In which language and region the answer speaks, BCP 47; goes before `Accept-Language`, and both before what the market reads.
    #[param(max_length = 40, example = "pt-BR")]
    pub locale: Option<String>,
    /// The header of that name, filled in by the route.
    #[serde(skip)]
    pub accept_language: Option<String>,
}

/// Of which market.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TrendingQuery {
    /// ISO 3166-1 alpha-2.
    #[param(pattern = "^[A-Z]{2}$")]
    pub market: String,
    /// How many, 10 unless told.
    #[param(minimum = 1, maximum = 100)]
    pub n: Option<u32>,
    /// Only of this category.
    #[param(max_length = 500)]
    pub category: Option<String>,
    /// Lowest price, in major units of the currency that the answer's prices have.
    #[param(minimum = 0)]
    pub min_price: Option<f64>,
    /// Highest price.
    #[param(minimum = 0)]
    pub max_price: Option<f64>,
    /// Only what is in stock; false unless told. What is known to be out of stock is left out unless this is false.
    pub in_stock: Option<bool>,
    /// Who sees the answer, where it is known: for the bucket and the list of exposures alone.
    #[param(max_length = 200)]
    pub shopper: Option<String>,
    /// The visit that sees it.
    #[param(max_length = 200)]
    pub session: Option<String>,
    /// In which language and region the answer speaks, BCP 47; goes before `Accept-Language`, and both before what the market reads.
    #[param(max_length = 40, example = "pt-BR")]
    pub locale: Option<String>,
    /// The header of that name, filled in by the route.
    #[serde(skip)]
    pub accept_language: Option<String>,
}

/// Candidates to order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rerank {
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub market: String,
    /// The shopper, where it is known.
    #[schema(max_length = 200)]
    pub shopper: Option<String>,
    /// The visit.
    #[schema(max_length = 200)]
    pub session: Option<String>,
    /// A segment, as for recommendations.
    #[schema(max_length = 200)]
    pub segment: Option<String>,
    /// Products, in the order of the caller.
    #[schema(min_items = 1, max_items = 1_000)]
    pub candidates: Vec<String>,
    /// Say why; false unless told.
    pub explain: Option<bool>,
    /// Only of this category.
    #[schema(max_length = 500)]
    pub category: Option<String>,
    /// Lowest price, in major units of the currency that the answer's prices have.
    #[schema(minimum = 0)]
    pub min_price: Option<f64>,
    /// Highest price.
    #[schema(minimum = 0)]
    pub max_price: Option<f64>,
    /// Only what is in stock; false unless told. What is known to be out of stock is left out unless this is false.
    pub in_stock: Option<bool>,
    /// In which language and region the answer speaks, BCP 47; goes before `Accept-Language`, and both before what the market reads.
    #[schema(max_length = 40, example = "pt-BR")]
    pub locale: Option<String>,
    /// The header of that name, filled in by the route.
    #[serde(skip)]
    pub accept_language: Option<String>,
}

/// Within which limits products are offered; the same for every question.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filters<'a> {
    /// Only of this category.
    pub category: Option<&'a str>,
    /// Lowest price, in major units.
    pub min_price: Option<f64>,
    /// Highest price.
    pub max_price: Option<f64>,
    /// Only what is in stock; `Some(false)` takes what is out of stock too.
    pub in_stock: Option<bool>,
}

/// Each question has the fields itself: a flattened struct could not refuse fields that there are not.
macro_rules! filters_of {
    ($($question:ty),+) => {$(
        impl $question {
            /// Within which limits.
            pub fn filters(&self) -> Filters<'_> {
                let Self { category, min_price, max_price, in_stock, .. } = self;
                Filters { category: category.as_deref(), min_price: *min_price, max_price: *max_price, in_stock: *in_stock }
            }
        }
    )+};
}

filters_of!(RecommendQuery, SimilarQuery, NextQuery, TrendingQuery, Rerank);

/// Products, best first, and how they came to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recommendations {
    /// Best first.
    pub items: Vec<RecommendedItem>,
    /// The step of the chain that answered.
    pub answered_by: String,
    /// The steps in order, each with what it said.
    pub chain: Vec<ChainStep>,
    /// Version of the models and the data behind them.
    pub model_version: String,
    /// Bucket for experiments, 0 to 999: dealt from what `bucket_of` names, always the same for the same name.
    pub bucket: u32,
    /// What was dealt: `shopper`, else `session`, else `answer`, the name of this answer, where nobody is named or the person
    /// does not allow it.
    pub bucket_of: String,
    /// Name of this answer, to be given back with feedback.
    pub exposure_id: String,
    /// In which language and region it speaks.
    pub locale: AnswerLocale,
}

/// In which language and region an answer speaks, and how that came to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerLocale {
    /// The locale of prices, and of titles where a product has one in it; none where nobody asked and nobody knows what
    /// the market reads.
    #[schema(example = "pt-BR")]
    pub used: Option<String>,
    /// Who said so: `query`, `accept_language`, `market`, or `none`.
    pub from: String,
    /// The tags that titles are looked for in, the nearest first; the last resort is the name in the catalogue.
    pub chain: Vec<String>,
}

/// A recommended product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecommendedItem {
    /// The product.
    pub product_id: String,
    /// Its name.
    pub name: String,
    /// Locale of that name; none where the catalogue does not say.
    pub name_locale: Option<String>,
    /// How the name came to be: `asked`, as asked for; `language`, the language as another region or script writes it;
    /// `market`, what the market reads; `catalogue`, what the catalogue calls it.
    pub name_fit: String,
    /// Comparable inside this answer only.
    pub score: f64,
    /// Its price, where it is known: in the market's currency where a rate is known.
    pub price: Option<Amount>,
    /// The price as a reader of the locale writes it.
    #[schema(example = "1.234,50 €")]
    pub price_text: Option<String>,
    /// Day of the rate, where the price was converted into the market's currency.
    pub price_rate_day: Option<String>,
    /// Path of its picture in this API.
    pub picture: Option<String>,
    /// Why, when asked; the parts add up to the score where the model is a sum.
    pub reasons: Vec<ItemReason>,
}

/// A part of a score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemReason {
    /// The term, as in the vocabulary of the plan.
    pub term: String,
    /// The product it comes from, where there is one.
    pub product_id: Option<String>,
    /// What it adds to the score.
    pub part: f64,
    /// In words.
    pub text: super::figure::Words,
}

/// A step of the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainStep {
    /// `history`, `session`, `segment`, `market`, `home`, `alike`, `newest`.
    pub step: String,
    /// Whether it gave the answer.
    pub answered: bool,
    /// Why or why not.
    pub why: super::figure::Words,
}

/// What a shopper did with an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// The answer.
    #[schema(max_length = 100)]
    pub exposure_id: String,
    /// The product.
    #[schema(max_length = 200)]
    pub product_id: String,
    /// What was done.
    pub action: FeedbackAction,
    /// When, RFC 3339; now unless told.
    #[schema(max_length = 40)]
    pub at: Option<String>,
}

/// What a shopper does with a recommended product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackAction {
    /// It was on the screen.
    Seen,
    /// It was opened.
    #[default]
    Click,
    /// It was put into the cart.
    Cart,
    /// It was bought.
    Purchase,
    /// It was sent away.
    Dismiss,
}

/// How good the models are, measured on held-out purchases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Models {
    /// The model that serves each market and why, see `marts.serving`.
    pub serving: Table,
    /// What was measured, see `marts.evidence`.
    pub evidence: Table,
}
