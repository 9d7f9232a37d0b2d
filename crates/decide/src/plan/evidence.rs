//! What the app gathers by queries before a plan is built. Plain data; nothing here computes.
//!
//! Figures are made with [`Metric`](super::Metric); keys of rows (`segment.shoppers[champions]`)
//! are set by the plan, so a plain `Metric::SegmentShoppers.number(..)` is enough. Texts (names,
//! samples) are as the data has them: escaping is the page's business.

use super::Metric;
use super::decided::Decided;
use super::reach::Reach;
use domain::{Currency, Day, Figure, Market, ProductId, Window};
use std::collections::BTreeSet;

/// Everything known about one market.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketEvidence {
    /// The market that the plan is for.
    pub market: Market,
    /// The market that the seller knows best; may be the same.
    pub home: Market,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The days the data covers.
    pub window: Window,
    /// The market in numbers.
    pub glance: Glance,
    /// The home market in the same numbers, to compare with.
    pub home_glance: Option<Glance>,
    /// Revenue by month, oldest first.
    pub months: Vec<MonthEvidence>,
    /// One index for each calendar month, January first ([`Metric::SeasonIndex`]); empty where it was
    /// not computed.
    pub seasonality: Vec<Figure>,
    /// What was decided, where a run has decided it; its figures carry their keys.
    pub decided: Option<Decided>,
    /// Whom to reach first, where it was computed.
    pub reach: Option<Reach>,
    /// RFM segments, in the order to show them.
    pub segments: Vec<SegmentEvidence>,
    /// Clusters, where they were fitted.
    pub clusters: Option<ClusterEvidence>,
    /// Candidates in the order of the recommender, best first.
    pub products: Vec<ProductEvidence>,
    /// Association rules, best first.
    pub bundles: Vec<BundleEvidence>,
    /// What the comparison of training data showed, where it was made.
    pub transfer: Option<TransferEvidence>,
    /// Which model made the list of products, and on what that rests.
    pub serving: Option<ServingEvidence>,
    /// Who came back, by month of the first order.
    pub cohorts: Option<CohortEvidence>,
    /// When shoppers who come back do so, where it was computed.
    pub repeat: Option<RepeatEvidence>,
    /// What the cleaning rules touched, worst first.
    pub caveats: Vec<CaveatEvidence>,
    /// Files that the data came from, in order of arrival.
    pub sources: Vec<SourceEvidence>,
    /// Which optional inputs the workspace has; the others become unknowns.
    pub inputs: BTreeSet<Input>,
}

/// A market in numbers. `None` is "not computed", which the page leaves out.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Glance {
    /// Net revenue in the window.
    pub revenue: Option<Figure>,
    /// Orders.
    pub orders: Option<Figure>,
    /// Identified shoppers.
    pub shoppers: Option<Figure>,
    /// Revenue an order.
    pub basket: Option<Figure>,
    /// Share of shoppers who ordered again.
    pub repeat_rate: Option<Figure>,
    /// Share of sold value that came back.
    pub return_rate: Option<Figure>,
    /// Growth against [`Self::growth_against`].
    pub growth: Option<Figure>,
    /// What growth is measured against.
    pub growth_against: Against,
    /// Share of the revenue of all markets.
    pub sales_share: Option<Figure>,
}

impl Glance {
    /// Whether there are orders of which none says who bought.
    pub fn hidden(&self) -> bool {
        let count = |figure: &Option<Figure>| figure.as_ref().and_then(Figure::as_f64);
        count(&self.orders).is_some_and(|n| n > 0.0) && count(&self.shoppers) == Some(0.0)
    }

    /// All of them with their metric, in the order of the page.
    pub(crate) fn figures(&self) -> [(Metric, Option<&Figure>); 8] {
        [
            (Metric::Revenue, self.revenue.as_ref()),
            (Metric::Orders, self.orders.as_ref()),
            (Metric::Shoppers, self.shoppers.as_ref()),
            (Metric::Basket, self.basket.as_ref()),
            (Metric::RepeatRate, self.repeat_rate.as_ref()),
            (Metric::ReturnRate, self.return_rate.as_ref()),
            (Metric::Growth, self.growth.as_ref()),
            (Metric::SalesShare, self.sales_share.as_ref()),
        ]
    }
}

/// What growth is measured against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The months just before: the season is part of it.
    #[default]
    MonthsBefore,
    /// The same months of the year before.
    YearBefore,
}

/// How much of a month the data covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// All of it.
    Whole,
    /// The data starts or ends inside it.
    Partial,
}

/// One month of revenue.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthEvidence {
    /// First day of the month.
    pub month: Day,
    /// Whether all of it is in the data.
    pub span: Span,
    /// Revenue ([`Metric::MonthRevenue`](super::Metric::MonthRevenue)).
    pub revenue: Figure,
    /// Orders.
    pub orders: Option<Figure>,
}

/// One segment of shoppers.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentEvidence {
    /// Name, such as `champions` or `At risk`; known names are translated.
    pub key: String,
    /// Shoppers in it.
    pub shoppers: Figure,
    /// Their revenue.
    pub revenue: Option<Figure>,
    /// Their share of revenue.
    pub revenue_share: Figure,
    /// How they buy, where it was computed.
    pub habits: Option<SegmentHabits>,
}

/// How the shoppers of a segment buy.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SegmentHabits {
    /// Their orders.
    pub orders: Figure,
    /// Sales an order.
    pub basket: Figure,
    /// Share of them who ordered again.
    pub repeat_rate: Figure,
    /// Share of sold value that came back.
    pub return_rate: Figure,
    /// Entry `k`: share with an order `k + 1` months after the month of the first one.
    pub retention: Vec<Figure>,
}

/// Whether a grouping passed all conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Separated, reproducible, no group too small.
    Trusted,
    /// Not all of these: for orientation only.
    Orientation,
}

/// What one number of groups would give.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ClusterCandidate {
    /// Number of groups.
    pub k: u32,
    /// How far apart they are.
    pub silhouette: Figure,
    /// How well they survive resampling.
    pub stability: Figure,
    /// Shoppers in the smallest.
    pub smallest: Figure,
    /// Whether it passed.
    pub trust: Trust,
}

/// Clusters of shoppers found by k-means.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterEvidence {
    /// How well they survive resampling.
    pub stability: Option<Figure>,
    /// Whether the grouping passed all conditions.
    pub trust: Trust,
    /// Every number of groups that was tried, ascending; may be empty.
    pub candidates: Vec<ClusterCandidate>,
    /// One row a cluster, largest first.
    pub rows: Vec<ClusterRow>,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ClusterRow {
    /// What sets it apart, in English; may be empty.
    pub label_en: String,
    /// The same in Chinese.
    pub label_zh: String,
    /// Shoppers in it.
    pub shoppers: Figure,
    /// Days since the last order.
    pub recency: Figure,
    /// Orders a shopper.
    pub frequency: Figure,
    /// Money a shopper.
    pub spend: Figure,
}

/// One candidate product.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductEvidence {
    /// Catalogue identity.
    pub id: ProductId,
    /// Name as the catalogue writes it.
    pub name: String,
    /// Buyers in this market.
    pub buyers: Figure,
    /// Buyers in the home market.
    pub buyers_home: Option<Figure>,
    /// The model's score.
    pub score: Figure,
    /// Which model: `item_knn`, `ials`, `popularity`.
    pub scorer: String,
    /// Why, largest part first.
    pub reasons: Vec<ReasonEvidence>,
    /// Expected uptake with interval ([`super::UptakeParams::estimate`] makes it).
    pub uptake: Figure,
    /// Price, where known.
    pub price: Option<Figure>,
    /// Units on hand, where known.
    pub stock: Option<Figure>,
    /// Margin, where costs are known.
    pub margin: Option<Figure>,
}

/// One part of a score.
#[derive(Clone, Debug, PartialEq)]
pub struct ReasonEvidence {
    /// What the part is, such as `bought together with`; known terms are translated.
    pub term: String,
    /// What it refers to, such as the name of the other product; may be empty.
    pub text: String,
    /// The part of the score.
    pub part: f64,
    /// Shoppers whose explanations it is the mean of.
    pub n: u64,
}

/// One association rule.
#[derive(Clone, Debug, PartialEq)]
pub struct BundleEvidence {
    /// Names on the "if" side.
    pub antecedent: Vec<String>,
    /// Names on the "then" side.
    pub consequent: Vec<String>,
    /// Baskets with both sides.
    pub baskets: Figure,
    /// Share of the "if" baskets that hold the "then" side.
    pub confidence: Figure,
    /// Against chance.
    pub lift: Figure,
}

/// What a model was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainedOn {
    /// This market's data alone.
    Local,
    /// The home market's data alone.
    Home,
    /// All markets together.
    Pooled,
    /// All markets together, an order of another market at the weight chosen for this one.
    Weighted,
}

/// One measured model.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferRow {
    /// Model name: `item_knn`.
    pub model: String,
    /// Its training data.
    pub trained_on: TrainedOn,
    /// What an order of another market counts; nothing where none is used.
    pub source_weight: Option<Figure>,
    /// nDCG@10 with interval; `n` is test shoppers.
    pub ndcg: Figure,
    /// Recall@20 with interval, where it was measured.
    pub recall: Option<Figure>,
}

/// What was decided about the transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferVerdict {
    /// The interval of [`TransferEvidence::decided`] lies above zero: a gain on the held-out
    /// shoppers of the validation days. What later orders show is [`TransferEvidence::gain`], and
    /// may differ.
    Accepted,
    /// It does not.
    Refused,
    /// Too few held-out shoppers to say.
    TooLittleData,
    /// The home market: models are measured, nothing is decided.
    Home,
}

/// The measured comparison of training data.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferEvidence {
    /// Models, in the order to show them.
    pub rows: Vec<TransferRow>,
    /// What was decided.
    pub verdict: TransferVerdict,
    /// The gain that decided: with the other markets' data less without, on held-out shoppers of the
    /// validation days, cross-fitted over everything that was chosen.
    pub decided: Option<Figure>,
    /// The same on the test days after them, in which nothing was chosen.
    pub gain: Option<Figure>,
    /// The days of both.
    pub periods: Option<Periods>,
    /// The same over all target markets together, which decides for a market with too few held-out
    /// shoppers of its own.
    pub together: Option<Box<TransferEvidence>>,
    /// Ranking quality by purchases of the target, fewest first; empty where it was not measured.
    pub curve: Vec<CurveEvidence>,
}

/// One point of the learning curve.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveEvidence {
    /// Purchases of the target that were learnt from.
    pub purchases: u64,
    /// nDCG@10 of the target alone.
    pub alone: Figure,
    /// With the sources; the interval is that of its lead over `alone`, moved to `transferred`.
    pub transferred: Figure,
    /// Purchases that the sources replace.
    pub saved: Figure,
    /// Whether they replace at least that many.
    pub at_least: bool,
}

/// The days on which a transfer was decided and measured again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Periods {
    /// Choosing and deciding.
    pub validation: Window,
    /// Measuring.
    pub test: Window,
}

/// On what it rests that a market is served as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServingBasis {
    /// Its own held-out shoppers gain from the other markets' orders.
    OwnEvidence,
    /// It has too few held-out shoppers; all target markets together gain. A policy.
    AllTargets,
    /// Its own held-out shoppers do not gain.
    Refused,
    /// It has too few held-out shoppers, and all target markets together do not gain.
    NotShown,
    /// It shares no product with any other market; what the words of products say is proved on home's held-out shoppers.
    SourceEvidence,
    /// It is the home market.
    Home,
    /// Nothing could be measured.
    NotMeasured,
}

/// The model behind the list of products.
#[derive(Clone, Debug, PartialEq)]
pub struct ServingEvidence {
    /// Model name.
    pub model: String,
    /// Its training data.
    pub trained_on: TrainedOn,
    /// What an order of another market counts; nothing where none is used.
    pub source_weight: Option<Figure>,
    /// On what that rests.
    pub basis: ServingBasis,
    /// The reason as the run wrote it, with its figures.
    pub why: String,
    /// The same in Chinese.
    pub why_zh: String,
}

/// Shoppers who came back, by the month of their first order.
#[derive(Clone, Debug, PartialEq)]
pub struct CohortEvidence {
    /// The query.
    pub source: String,
    /// One row a starting month, oldest first.
    pub rows: Vec<Cohort>,
    /// All starting months together: entry `k` is `k + 1` months later ([`Metric::Retention`]).
    pub curve: Vec<Figure>,
    /// The month after the first order, from 2, into which the curve falls most.
    pub steepest: Option<usize>,
}

/// When shoppers who come back do so.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RepeatEvidence {
    /// Median days between orders.
    pub gap: Figure,
    /// Lower and upper quartile of these days: half of the returns.
    pub due: Option<(Figure, Figure)>,
    /// Share of later returns that fell between the quartiles of the earlier ones.
    pub hit: Option<Figure>,
}

/// Shoppers who started in one month.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohort {
    /// First day of the month.
    pub month: Day,
    /// How many started.
    pub shoppers: u64,
    /// `active[k]`: how many of them ordered `k + 1` months after the starting month, up to the last
    /// month that the data cover in full.
    pub active: Vec<u64>,
}

/// What one cleaning rule touched.
#[derive(Clone, Debug, PartialEq)]
pub struct CaveatEvidence {
    /// Rule name, such as `missing_customer`; known rules are explained.
    pub rule: String,
    /// Rows touched in all data ([`Metric::CaveatRows`](super::Metric::CaveatRows)).
    pub rows: Figure,
    /// Order lines of this market that it touched; `None` where the rule is not about order lines.
    pub here: Option<Figure>,
    /// One example as the source wrote it; may be empty.
    pub sample: String,
}

/// A file behind the plan, and where it came from as far as anybody stated it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SourceEvidence {
    /// File name.
    pub name: String,
    /// Fingerprint: the `source` of its rows in every table.
    pub source: String,
    /// Raw table that its rows went to.
    pub table: String,
    /// For orders, whether some are of this market; true for everything else.
    pub here: bool,
    /// Terms of use; `None` where not stated.
    pub licence: Option<String>,
    /// Who gave it; `None` where not stated.
    pub origin: Option<String>,
    /// When it was obtained; `None` where not stated.
    pub obtained: Option<Day>,
}

impl SourceEvidence {
    /// Whether it is a piece of the server's own log, of which a busy shop has thousands.
    pub fn is_log_segment(&self) -> bool {
        self.origin.as_deref() == Some(domain::TRACKING_ORIGIN) && self.name.starts_with("journal-")
    }
}

/// Inputs that a workspace may or may not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// What a product costs to buy and to land.
    Costs,
    /// What competitors ask.
    CompetitorPrices,
    /// What was spent on advertising.
    AdSpend,
    /// Units on hand.
    Stock,
    /// What shoppers wrote.
    Reviews,
    /// Views and carts, not only orders.
    Events,
}
