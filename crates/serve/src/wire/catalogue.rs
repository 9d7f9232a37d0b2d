//! What is sold: search, a product's page, its picture, and the write side.

use super::figure::{Amount, Words};
use super::recommend::AnswerLocale;
use super::table::Report;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ProductQuery {
    /// Words in any language; the whole catalogue without.
    #[param(max_length = 500)]
    pub q: Option<String>,
    /// Only what was sold in this market.
    #[param(pattern = "^[A-Z]{2}$")]
    pub market: Option<String>,
    /// Language of the words, where it is known.
    #[param(max_length = 16)]
    pub lang: Option<String>,
    /// In which language and region the answer speaks, BCP 47; goes before `Accept-Language`, and both before what the market reads.
    #[param(max_length = 40, example = "pt-BR")]
    pub locale: Option<String>,
    /// Who sees the answer, where it is known: for the bucket and the list of exposures alone.
    #[param(max_length = 200)]
    pub shopper: Option<String>,
    /// The visit that sees it.
    #[param(max_length = 200)]
    pub session: Option<String>,
    /// The header of that name, filled in by the route.
    #[serde(skip)]
    pub accept_language: Option<String>,
    /// The page, from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub page: Option<u32>,
    /// Products a page.
    #[param(minimum = 1, maximum = 500)]
    pub per_page: Option<u32>,
}

/// Who reads an answer, and in which language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReaderQuery {
    /// In which language and region the answer speaks, BCP 47; goes before `Accept-Language`.
    #[param(max_length = 40, example = "pt-BR")]
    pub locale: Option<String>,
    /// Who sees the answer, where it is known: for the bucket and the list of exposures alone.
    #[param(max_length = 200)]
    pub shopper: Option<String>,
    /// The visit that sees it.
    #[param(max_length = 200)]
    pub session: Option<String>,
    /// The header of that name, filled in by the route.
    #[serde(skip)]
    pub accept_language: Option<String>,
}

/// Products found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Products {
    /// Best first.
    pub products: Vec<ProductCard>,
    /// Found in all.
    pub total: u64,
    /// How they were found: `words`, `picture`, `catalogue`.
    pub found_by: String,
    /// What a reader has to know, such as why pictures cannot be searched.
    pub notes: Vec<Words>,
    /// Bucket for experiments, see recommendations.
    pub bucket: u32,
    /// What was dealt: `shopper`, `session` or `answer`.
    pub bucket_of: String,
    /// Name of this answer, to be given back with feedback.
    pub exposure_id: String,
    /// In which language and region it speaks.
    pub locale: AnswerLocale,
}

/// A product in a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProductCard {
    /// The product.
    pub product_id: String,
    /// Its name.
    pub name: String,
    /// Locale of that name; none where the catalogue does not say.
    pub name_locale: Option<String>,
    /// How the name came to be: `asked`, `language`, `market` or `catalogue`, see recommendations.
    pub name_fit: String,
    /// Category, where it is known.
    pub category: Option<String>,
    /// Brand, where it is known.
    pub brand: Option<String>,
    /// Its price, where it is known.
    pub price: Option<Amount>,
    /// The price as a reader of the locale writes it.
    pub price_text: Option<String>,
    /// Day of the rate, where the price was converted into the market's currency.
    pub price_rate_day: Option<String>,
    /// Path of its picture in this API, where it has one.
    pub picture: Option<String>,
    /// How well it fits the question; none in a plain list.
    pub score: Option<f64>,
    /// Whether it may be sold in the market that was asked for; none where that is not decided.
    pub sellable: Option<Sellable>,
}

/// Whether a product may be sold in a market.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sellable {
    /// The market.
    pub market: String,
    /// `sell`, `sell_with_change`, `blocked` or `unknown`.
    pub verdict: String,
    /// Why.
    pub why: Words,
}

/// A product's page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// As in lists.
    pub card: ProductCard,
    /// Its name by locale.
    pub names: BTreeMap<String, String>,
    /// Its description.
    pub description: Option<String>,
    /// Stock by place, where it is known.
    pub stock: Option<i64>,
    /// Verdicts by market.
    pub sellable: Vec<Sellable>,
    /// Sales, reviews and the like.
    pub report: Report,
}

/// A product to add or change; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductWrite {
    /// Its name.
    #[schema(max_length = 500)]
    pub name: String,
    /// Locale of the texts, BCP 47: `en`, `pt-BR`. Texts of another locale stay as they are.
    #[schema(max_length = 40)]
    pub language: Option<String>,
    /// Its description.
    #[schema(max_length = 20_000)]
    pub description: Option<String>,
    /// Its category.
    #[schema(max_length = 500)]
    pub category: Option<String>,
    /// Its brand.
    #[schema(max_length = 200)]
    pub brand: Option<String>,
    /// Address of a picture; kept as a text, never fetched by the server.
    #[schema(max_length = 2_000)]
    pub image_url: Option<String>,
}

/// Levels of stock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockWrite {
    /// One row a product and place.
    #[schema(max_items = 10_000)]
    pub levels: Vec<StockLevel>,
}

/// A level of stock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLevel {
    /// The product.
    #[schema(max_length = 200)]
    pub product_id: String,
    /// Market or warehouse; the only one unless told.
    #[schema(max_length = 100)]
    pub location: Option<String>,
    /// Units that can be sold, 0 or more.
    #[schema(minimum = 0)]
    pub quantity: i64,
}

/// Prices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PricesWrite {
    /// One row a product and market.
    #[schema(max_items = 10_000)]
    pub prices: Vec<PriceWrite>,
}

/// A price.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceWrite {
    /// The product.
    #[schema(max_length = 200)]
    pub product_id: String,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub market: String,
    /// In major units, as a decimal text.
    #[schema(example = "19.90", pattern = r"^\d{1,12}(\.\d{1,6})?$")]
    pub price: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

/// What became of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Written {
    /// Rows taken.
    pub accepted: u64,
    /// Rows not taken, each with the reason.
    pub rejected: Vec<super::problem::ProblemAt>,
    /// When it is seen: `now`, or `next_run` in figures and models.
    pub seen: String,
}
