//! Who buys: segments, personas, cohorts, values, one shopper.

use super::figure::{Figure, Words};
use super::table::{Column, Page, Report, Table};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The segments there are, and what a rule may ask.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Segments {
    /// Named segments and own ones.
    pub segments: Vec<Segment>,
    /// What a rule may ask about a shopper, for the builder's help.
    pub fields: Vec<Column>,
    /// Who moved between segments since the last run, see `marts.segment_flows`.
    pub flows: Option<Table>,
}

/// A segment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Segment {
    /// Its name, unique.
    pub name: String,
    /// What people call it.
    pub title: Words,
    /// `rfm`: by recency, frequency and value; `own`: by a rule.
    pub kind: String,
    /// The rule of an own segment.
    pub rule: Option<String>,
    /// Shoppers in it; none before the next run.
    pub size: Option<u64>,
    /// Their share of all shoppers, 0 to 1.
    pub share: Option<f64>,
}

/// A rule to try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentRule {
    /// The rule, such as `n_orders >= 2 and market = 'DE'`.
    #[schema(max_length = 10_000)]
    pub rule: String,
}

/// A segment to keep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentDraft {
    /// The rule.
    #[schema(max_length = 10_000)]
    pub rule: String,
    /// What people call it.
    #[schema(max_length = 200)]
    pub title: String,
}

/// How many a rule finds now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SegmentPreview {
    /// Shoppers that it finds; none when the rule has an error.
    pub size: Option<u64>,
    /// Of how many.
    pub of: u64,
    /// Their share, 0 to 1.
    pub share: Option<f64>,
    /// By home market.
    pub by_market: Vec<MarketSize>,
    /// What is wrong with the rule.
    pub errors: Vec<RuleProblem>,
}

/// Shoppers of a market.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MarketSize {
    /// The market.
    pub market: String,
    /// Shoppers found.
    pub size: u64,
    /// Share of the market's shoppers, 0 to 1.
    pub share: f64,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleProblem {
    /// First character, from 0.
    pub at: u32,
    /// Characters.
    pub len: u32,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub next: String,
}

/// The people of the markets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Personas {
    /// Largest first inside a market.
    pub personas: Vec<Persona>,
    /// Why there are none, or what was left out.
    pub notes: Vec<Words>,
}

/// A kind of shopper, described by data and by their own words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Persona {
    /// Stable name.
    pub id: String,
    /// Home market.
    pub market: String,
    /// The segment it describes.
    pub segment: String,
    /// Its heading.
    pub title: Words,
    /// A few sentences.
    pub summary: Words,
    /// Shoppers and their share, spending and the like.
    pub figures: Vec<Figure>,
    /// What is said of them, each with its evidence.
    pub claims: Vec<Claim>,
}

/// A statement with its evidence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// Which part of the page: `who`, `buys`, `wants`, `complains`, …
    pub section: String,
    /// The statement.
    pub text: Words,
    /// The number behind it.
    pub figure: Option<Figure>,
    /// Words of shoppers.
    pub quotes: Vec<Quote>,
}

/// Words of a shopper, from a review.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quote {
    /// The words, in their own language.
    pub text: String,
    /// Language code, where it is known.
    pub language: Option<String>,
    /// The product.
    pub product_id: Option<String>,
    /// Where it stands: the review.
    pub source: String,
}

/// One shopper as the lake knows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Shopper {
    /// Pseudonymous id.
    pub shopper_id: String,
    /// Home market.
    pub market: String,
    /// What is known and expected, with orders and products as tables.
    pub report: Report,
}

/// Segments of one shopper.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShopperSegments {
    /// The shopper.
    pub shopper_id: String,
    /// Names of its segments.
    pub segments: Vec<ShopperSegment>,
}

/// A segment of a shopper and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShopperSegment {
    /// The segment.
    pub name: String,
    /// `rfm` or `own`.
    pub kind: String,
    /// Why the shopper is in it.
    pub why: String,
}

/// Which members, and which page of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct MembersQuery {
    /// Only those who may be written to: who agreed to marketing and did not take it back.
    pub contactable: Option<bool>,
    /// The page, from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub page: Option<u32>,
    /// Rows a page.
    #[param(minimum = 1, maximum = 500)]
    pub per_page: Option<u32>,
}

impl MembersQuery {
    /// Which page.
    pub const fn page(&self) -> Page {
        Page { page: self.page, per_page: self.per_page }
    }
}
