//! What the server asks the rest of the program: one trait an area, so that nothing here knows lake or models.
//!
//! A handler parses, asks one of these methods and sends back what it gets. Everything slow, such as opening a
//! snapshot, lies behind these traits; nothing behind them fits a model. The futures are boxed by hand, so that
//! `Arc<dyn Answers>` works without a macro; the box costs nothing beside a query.

use crate::wire::audience::{
    MembersQuery, Personas, SegmentDraft, SegmentPreview, SegmentRule, Segments, Shopper, ShopperSegments,
};
use crate::wire::catalogue::{
    PricesWrite, Product, ProductQuery, ProductWrite, Products, ReaderQuery, StockWrite, Written,
};
use crate::wire::data::{RejectQuery, Run, RunQuery, Runs, Schedule, SqlQuestion};
use crate::wire::markets::{Lang, MarketPage, MarketRanking, TransferReport};
use crate::wire::overview::Overview;
use crate::wire::persons::{PersonErasure, PersonExport};
use crate::wire::problem::ProblemAt;
use crate::wire::recommend::{
    Feedback, Models, NextQuery, RecommendQuery, Recommendations, Rerank, SimilarQuery, TrendingQuery,
};
use crate::wire::table::{Report, Table};
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;

/// An answer to come.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, AnswerError>> + Send + 'a>>;

/// Why there is no answer. All but `Internal` are the caller's to mend and are told as they are; of `Internal` the
/// caller learns only that it happened, and the log has the rest.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// 404: no such thing.
    #[error("{what}")]
    NotFound {
        /// What is not there: `no product "X"`.
        what: String,
        /// What to do: `search for it with GET /api/v1/products?q=`.
        next: String,
    },
    /// 400: the request cannot be right.
    #[error("{detail}")]
    Invalid {
        /// What is wrong in all.
        detail: String,
        /// What would be right.
        next: String,
        /// Where.
        errors: Vec<ProblemAt>,
    },
    /// 409: it contradicts what there is, such as a run that is going on.
    #[error("{detail}")]
    Conflict {
        /// With what.
        detail: String,
        /// What to do.
        next: String,
    },
    /// 409: what is asked for has not been computed yet.
    #[error("{what}")]
    NotYet {
        /// What is missing: `no run yet`.
        what: String,
        /// Which command makes it.
        next: String,
    },
    /// 403: not for this caller, such as a market outside the key's scope.
    #[error("{detail}")]
    Refused {
        /// What is refused.
        detail: String,
        /// Who may.
        next: String,
    },
    /// 503: it cannot be done at the moment.
    #[error("{detail}")]
    Unavailable {
        /// What is missing: disk, memory, a snapshot being opened.
        detail: String,
        /// What to do.
        next: String,
        /// Seconds after which it is worth trying again.
        retry_after: u32,
    },
    /// 422: it took longer than is allowed, such as a question in SQL.
    #[error("{detail}")]
    TimedOut {
        /// What was stopped after how long.
        detail: String,
        /// How to ask for less.
        next: String,
    },
    /// 409: this workspace or build cannot do it.
    #[error("{what}")]
    NotSupported {
        /// What.
        what: String,
        /// What to do instead.
        next: String,
    },
    /// 500: a fault of ours; goes to the log.
    #[error("{0}")]
    Internal(String),
}

impl AnswerError {
    /// No such thing.
    pub fn not_found(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::NotFound { what: what.into(), next: next.into() }
    }

    /// Something of ours went wrong.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(format!("{error:#}"))
    }
}

/// A page made elsewhere, such as a launch plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// The workspace at a glance.
pub trait OverviewAnswers: Send + Sync {
    /// The home page.
    fn overview(&self) -> Answer<'_, Overview>;

    /// Whether answers can be given: a snapshot is open. `Err` says what is missing; `/ready` tells it.
    fn ready(&self) -> Answer<'_, ()>;
}

/// Where to sell.
pub trait MarketAnswers: Send + Sync {
    /// All markets in order.
    fn markets(&self) -> Answer<'_, MarketRanking>;
    /// One market.
    fn market<'a>(&'a self, market: &'a str) -> Answer<'a, MarketPage>;
    /// Its launch plan, the same JSON as `portolan plan --json`.
    fn plan<'a>(&'a self, market: &'a str) -> Answer<'a, serde_json::Value>;
    /// Its launch plan as a page to read and print. It may carry its own styles.
    fn plan_page<'a>(&'a self, market: &'a str, lang: Lang) -> Answer<'a, Document>;
    /// What transfers between markets.
    fn transfer(&self) -> Answer<'_, TransferReport>;
}

/// Who buys.
pub trait AudienceAnswers: Send + Sync {
    /// The segments.
    fn segments(&self) -> Answer<'_, Segments>;
    /// How many a rule finds; a wrong rule is an answer with `errors`.
    fn preview_segment<'a>(&'a self, rule: &'a SegmentRule) -> Answer<'a, SegmentPreview>;
    /// Keeps an own segment, new or changed.
    fn save_segment<'a>(&'a self, name: &'a str, draft: &'a SegmentDraft) -> Answer<'a, SegmentPreview>;
    /// Removes an own segment.
    fn delete_segment<'a>(&'a self, name: &'a str) -> Answer<'a, ()>;
    /// Its shoppers.
    fn segment_members<'a>(&'a self, name: &'a str, query: &'a MembersQuery) -> Answer<'a, Table>;
    /// Personas, of one market or all.
    fn personas<'a>(&'a self, market: Option<&'a str>) -> Answer<'a, Personas>;
    /// Who came back: `market, cohort, months_since, n_shoppers, revenue`.
    fn cohorts<'a>(&'a self, market: Option<&'a str>) -> Answer<'a, Table>;
    /// Visitors of site and app, each and together: `market, site, app, both_channels, visitors, known`.
    fn channels<'a>(&'a self, market: Option<&'a str>) -> Answer<'a, Table>;
    /// What shoppers are expected to be worth.
    fn values<'a>(&'a self, market: Option<&'a str>) -> Answer<'a, Report>;
    /// One shopper.
    fn shopper<'a>(&'a self, id: &'a str) -> Answer<'a, Shopper>;
    /// Its segments.
    fn shopper_segments<'a>(&'a self, id: &'a str) -> Answer<'a, ShopperSegments>;
}

/// What is sold. The server keeps the reply of a write under its idempotency key and repeats it, so that an
/// implementation sees each write once.
pub trait CatalogueAnswers: Send + Sync {
    /// Searches or lists.
    fn products<'a>(&'a self, query: &'a ProductQuery) -> Answer<'a, Products>;
    /// One product.
    fn product<'a>(&'a self, id: &'a str, reader: &'a ReaderQuery) -> Answer<'a, Product>;
    /// Products like it.
    fn similar_products<'a>(&'a self, id: &'a str, reader: &'a ReaderQuery) -> Answer<'a, Products>;
    /// Its picture.
    fn picture<'a>(&'a self, id: &'a str) -> Answer<'a, Document>;
    /// Products that look like a picture.
    fn search_by_picture<'a>(&'a self, picture: Bytes, reader: &'a ReaderQuery) -> Answer<'a, Products>;
    /// Adds or changes a product.
    fn put_product<'a>(&'a self, id: &'a str, product: &'a ProductWrite) -> Answer<'a, Written>;
    /// Sets stock.
    fn put_stock<'a>(&'a self, stock: &'a StockWrite) -> Answer<'a, Written>;
    /// Sets prices.
    fn put_prices<'a>(&'a self, prices: &'a PricesWrite) -> Answer<'a, Written>;
}

/// What to offer whom.
pub trait RecommendAnswers: Send + Sync {
    /// For a shopper or a visit.
    fn recommend<'a>(&'a self, query: &'a RecommendQuery) -> Answer<'a, Recommendations>;
    /// Like a product.
    fn similar<'a>(&'a self, query: &'a SimilarQuery) -> Answer<'a, Recommendations>;
    /// Next to a basket.
    fn next<'a>(&'a self, query: &'a NextQuery) -> Answer<'a, Recommendations>;
    /// What a market buys now.
    fn trending<'a>(&'a self, query: &'a TrendingQuery) -> Answer<'a, Recommendations>;
    /// Orders candidates.
    fn rerank<'a>(&'a self, rerank: &'a Rerank) -> Answer<'a, Recommendations>;
    /// Takes down what was done with an answer.
    fn feedback<'a>(&'a self, feedback: &'a Feedback) -> Answer<'a, ()>;
    /// How good the models are.
    fn models(&self) -> Answer<'_, Models>;
}

/// The data side.
pub trait DataAnswers: Send + Sync {
    /// What was taken in, see `raw.sources`.
    fn sources(&self) -> Answer<'_, Table>;
    /// What the rules found, and the gates.
    fn quality(&self) -> Answer<'_, Report>;
    /// Rows put aside.
    fn rejects<'a>(&'a self, query: &'a RejectQuery) -> Answer<'a, Table>;
    /// The runs there were.
    fn runs(&self) -> Answer<'_, Runs>;
    /// Starts a run; one at a time.
    fn start_run<'a>(&'a self, query: &'a RunQuery) -> Answer<'a, Run>;
    /// One run.
    fn run<'a>(&'a self, id: &'a str) -> Answer<'a, Run>;
    /// Stops a run.
    fn cancel_run<'a>(&'a self, id: &'a str) -> Answer<'a, Run>;
    /// What is done by itself, and how it stands.
    fn schedule(&self) -> Answer<'_, Schedule>;
    /// A question in SQL, read only.
    fn sql<'a>(&'a self, question: &'a SqlQuestion) -> Answer<'a, Table>;
}

/// Rights of a person.
pub trait PersonAnswers: Send + Sync {
    /// All that is kept about a person: a shopper id, or an id or address as the shop knows it.
    fn export_person<'a>(&'a self, id: &'a str) -> Answer<'a, PersonExport>;
    /// Every name that a person has: shopper ids, numbers and visitors of shops, hashes of addresses. Of somebody who is
    /// not known the name that was asked for, and the hash of the address that it is.
    fn person_names<'a>(&'a self, id: &'a str) -> Answer<'a, Vec<String>>;
    /// Erases it everywhere.
    fn erase_person<'a>(&'a self, id: &'a str) -> Answer<'a, PersonErasure>;
}

/// All areas together. Whoever implements the areas has it.
pub trait Answers:
    OverviewAnswers + MarketAnswers + AudienceAnswers + CatalogueAnswers + RecommendAnswers + DataAnswers + PersonAnswers
{
}

impl<T> Answers for T where
    T: OverviewAnswers
        + MarketAnswers
        + AudienceAnswers
        + CatalogueAnswers
        + RecommendAnswers
        + DataAnswers
        + PersonAnswers
{
}
