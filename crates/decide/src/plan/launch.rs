//! The plan: evidence with the minimum of data applied, and what follows from it. Every number a
//! reader can meet is a [`Figure`] in here; the page and the JSON only print.

use super::decided::Decided;
use super::evidence::{
    ClusterCandidate, ClusterRow, Glance, MarketEvidence, Periods, RepeatEvidence, SegmentHabits, ServingBasis,
    SourceEvidence, Span, TrainedOn, TransferVerdict, Trust,
};
use super::keep::Keep;
use super::metric::Metric;
use super::minimums::Minimums;
use super::reach::Reach;
use super::unknown::{Unknown, unknowns};
use domain::{Currency, Day, Figure, Market, ProductId, Window};
use serde::Serialize;

/// What to do about the market, by a stated rule: below the minimum of shoppers gather data;
/// else ready when the transfer was accepted, a small test when it was not. Where no order says who bought, the minimum
/// counts orders, and a small test is the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// Enough shoppers and a proven transfer.
    Ready,
    /// Enough shoppers, transfer open or refused.
    TestSmall,
    /// Too few shoppers for rates.
    GatherData,
    /// The market is the home market.
    Home,
}

/// The launch plan of one market.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LaunchPlan {
    /// The market.
    pub market: Market,
    /// The home market.
    pub home: Market,
    /// The currency of the amounts.
    pub currency: Currency,
    /// The days of the data.
    pub window: Window,
    /// The verdict.
    pub stance: Stance,
    /// The minimums that were applied.
    pub minimums: Minimums,
    /// The market in numbers.
    pub glance: Glance,
    /// The home market in the same numbers.
    pub home_glance: Option<Glance>,
    /// Revenue by month.
    pub months: Vec<MonthRow>,
    /// The strongest whole month.
    pub season: Option<Season>,
    /// One index for each calendar month, January first; empty where it was not computed.
    pub seasonality: Vec<Figure>,
    /// What is decided, where a run has decided it.
    pub decided: Option<Decided>,
    /// Whom to reach first, and how sure that is.
    pub reach: Option<Reach>,
    /// Segments.
    pub segments: Vec<SegmentRow>,
    /// Stability of the clusters.
    pub cluster_stability: Option<Figure>,
    /// Whether the clusters passed all conditions.
    pub cluster_trust: Option<Trust>,
    /// Every number of clusters that was tried.
    pub cluster_candidates: Vec<ClusterCandidate>,
    /// Clusters, largest first.
    pub clusters: Vec<ClusterRow>,
    /// Who came back.
    pub cohorts: Vec<CohortRow>,
    /// The same over all starting months: entry `k` is `k + 1` months later.
    pub retention: Vec<Figure>,
    /// The month after the first order, from 2, into which retention falls most; `None` where no fall
    /// is larger than its intervals.
    pub retention_drop: Option<usize>,
    /// When shoppers who come back do so.
    pub repeat: Option<RepeatEvidence>,
    /// What to offer first.
    pub products: Vec<Product>,
    /// What to offer together.
    pub bundles: Vec<Bundle>,
    /// What the other markets taught.
    pub transfer: Option<Transfer>,
    /// Which model made the list of products, and why that one.
    pub serving: Option<Serving>,
    /// Open questions.
    pub unknowns: Vec<Unknown>,
    /// What cleaning found.
    pub caveats: Vec<Caveat>,
    /// Files that the data came from.
    pub sources: Vec<SourceEvidence>,
}

/// A month of revenue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MonthRow {
    /// First day of the month.
    pub month: Day,
    /// Whether the data covers all of it.
    pub span: Span,
    /// Revenue.
    pub revenue: Figure,
    /// Orders.
    pub orders: Option<Figure>,
}

/// The strongest month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Season {
    /// First day of the month.
    pub month: Day,
    /// Its revenue against the mean of the whole months.
    pub peak: Figure,
}

/// A segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentRow {
    /// Name as the segmentation gives it.
    pub key: String,
    /// Shoppers in it.
    pub shoppers: Figure,
    /// Their share of all segmented shoppers.
    pub shopper_share: Figure,
    /// Their revenue.
    pub revenue: Option<Figure>,
    /// Their share of revenue.
    pub revenue_share: Figure,
    /// How they buy.
    pub habits: Option<SegmentHabits>,
}

/// A starting month and who came back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CohortRow {
    /// First day of the starting month.
    pub month: Day,
    /// Who started.
    pub shoppers: Figure,
    /// `retained[k]`: share with an order `k + 1` months later.
    pub retained: Vec<Figure>,
}

/// A product to offer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Product {
    /// Catalogue identity.
    pub id: ProductId,
    /// Name.
    pub name: String,
    /// Buyers here.
    pub buyers: Figure,
    /// Buyers at home.
    pub buyers_home: Option<Figure>,
    /// Score.
    pub score: Figure,
    /// Which model.
    pub scorer: String,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Expected uptake.
    pub uptake: Figure,
    /// Price.
    pub price: Option<Figure>,
    /// Units on hand.
    pub stock: Option<Figure>,
    /// Margin.
    pub margin: Option<Figure>,
}

/// One reason of a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// What the part is.
    pub term: String,
    /// What it refers to.
    pub text: String,
    /// How much of the score it makes.
    pub part: Figure,
}

/// Products to offer together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bundle {
    /// The "if" side.
    pub antecedent: Vec<String>,
    /// The "then" side.
    pub consequent: Vec<String>,
    /// Baskets with both.
    pub baskets: Figure,
    /// Share of the "if" baskets with the "then" side.
    pub confidence: Figure,
    /// Against chance.
    pub lift: Figure,
}

/// What the other markets taught.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transfer {
    /// Measured models.
    pub rows: Vec<Measured>,
    /// The verdict.
    pub verdict: TransferVerdict,
    /// The gain that decided, on the validation days.
    pub decided: Option<Figure>,
    /// The gain on the test days after them.
    pub gain: Option<Figure>,
    /// The days of both.
    pub periods: Option<Periods>,
    /// The same over all target markets together.
    pub together: Option<Box<Transfer>>,
    /// The learning curve, fewest purchases first.
    pub curve: Vec<CurvePoint>,
}

/// One point of the learning curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Purchases of the market that were learnt from.
    pub purchases: u64,
    /// nDCG@10 of the market alone.
    pub alone: Figure,
    /// With the other markets.
    pub transferred: Figure,
    /// Purchases that the other markets replace.
    pub saved: Figure,
    /// Whether at least that many.
    pub at_least: bool,
}

/// The model behind the list of products.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Serving {
    /// Model name.
    pub model: String,
    /// Its training data.
    pub trained_on: TrainedOn,
    /// What an order of another market counts.
    pub source_weight: Option<Figure>,
    /// On what that rests.
    pub basis: ServingBasis,
    /// The reason with its figures, in English.
    pub why: String,
    /// The same in Chinese.
    pub why_zh: String,
}

/// One measured model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Model name.
    pub model: String,
    /// Its training data.
    pub trained_on: TrainedOn,
    /// What an order of another market counts.
    pub source_weight: Option<Figure>,
    /// nDCG@10.
    pub ndcg: Figure,
    /// Recall@20.
    pub recall: Option<Figure>,
    /// Held-out shoppers behind it.
    pub test_shoppers: Figure,
}

/// What one cleaning rule touched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Caveat {
    /// Rule name.
    pub rule: String,
    /// Rows in all data.
    pub rows: Figure,
    /// Order lines of this market.
    pub here: Option<Figure>,
    /// An example.
    pub sample: String,
}

impl LaunchPlan {
    /// Applies the minimums, sets the figures' keys, and derives shares, season, retention,
    /// verdict and open questions. Cost: linear in the evidence.
    pub fn build(evidence: &MarketEvidence, minimums: Minimums) -> Self {
        let keep = Keep(&minimums);
        let transfer = evidence.transfer.as_ref().map(|t| keep.transfer(t));
        let shoppers = evidence.glance.shoppers.as_ref().and_then(Figure::as_f64).map_or(0, |n| n.max(0.0) as u64);
        Self {
            market: evidence.market,
            home: evidence.home,
            currency: evidence.currency,
            window: evidence.window,
            stance: stance(evidence, transfer.as_ref(), shoppers, &minimums),
            minimums,
            glance: keep.glance(&evidence.glance, None),
            home_glance: evidence.home_glance.as_ref().map(|g| keep.glance(g, Some(evidence.home.code()))),
            months: evidence.months.iter().map(|month| keep.month(month)).collect(),
            season: keep.season(&evidence.months),
            seasonality: keep.seasonality(&evidence.seasonality),
            decided: evidence.decided.clone(),
            reach: evidence.reach.as_ref().map(|reach| keep.reach(reach)),
            segments: keep.segments(&evidence.segments),
            cluster_stability: evidence
                .clusters
                .as_ref()
                .and_then(|c| c.stability.as_ref())
                .map(|f| keep.one(f, Metric::ClusterStability)),
            cluster_trust: evidence.clusters.as_ref().map(|c| c.trust),
            cluster_candidates: evidence.clusters.iter().flat_map(|c| keep.candidates(&c.candidates)).collect(),
            clusters: evidence.clusters.iter().flat_map(|c| keep.clusters(&c.rows)).collect(),
            cohorts: evidence.cohorts.iter().flat_map(|c| keep.cohorts(c)).collect(),
            retention: evidence.cohorts.iter().flat_map(|c| keep.retention(&c.curve)).collect(),
            retention_drop: evidence.cohorts.as_ref().and_then(|c| keep.drop(c)),
            repeat: evidence.repeat.as_ref().map(|r| keep.repeat(r)),
            products: evidence.products.iter().map(|product| keep.product(product)).collect(),
            bundles: evidence.bundles.iter().enumerate().map(|(i, bundle)| keep.bundle(i, bundle)).collect(),
            serving: evidence.serving.as_ref().map(|serving| keep.serving(serving)),
            unknowns: unknowns(evidence, transfer.as_ref(), shoppers, &minimums),
            transfer,
            caveats: evidence.caveats.iter().map(|caveat| keep.caveat(caveat)).collect(),
            sources: evidence.sources.clone(),
        }
    }
}

fn stance(evidence: &MarketEvidence, transfer: Option<&Transfer>, shoppers: u64, minimums: &Minimums) -> Stance {
    if evidence.market == evidence.home {
        Stance::Home
    } else if evidence.glance.hidden() {
        let orders = evidence.glance.orders.as_ref().and_then(Figure::as_f64).unwrap_or(0.0);
        if orders < minimums.orders as f64 { Stance::GatherData } else { Stance::TestSmall }
    } else if shoppers < minimums.shoppers {
        Stance::GatherData
    } else if transfer.is_some_and(|t| t.verdict == TransferVerdict::Accepted) {
        Stance::Ready
    } else {
        Stance::TestSmall
    }
}
