//! The launch plan: one market, what is known, what to offer first, and what is not known yet.
//!
//! The app gathers a [`MarketEvidence`] by queries; [`LaunchPlan::build`] applies the minimum of
//! data and derives what follows (seasonality, retention, verdict, unknowns); [`LaunchPlan::html`]
//! and [`LaunchPlan::json`] print the same figures. [`overview_html`] is the page over all markets.
//!
//! Every number is a [`domain::Figure`], made from the dictionary of [`Metric`]:
//!
//! ```
//! use decide::plan::{Lang, Metric, Minimums, figure_text};
//! let rate = |n| Minimums::default().apply(Metric::RepeatRate.number(0.25, n, "SELECT ..."));
//! assert_eq!(figure_text(&rate(4), Lang::En), "too little data");
//! assert_eq!(figure_text(&rate(400), Lang::En), "25.0\u{a0}%");
//! ```

mod decided;
mod evidence;
mod keep;
mod launch;
mod metric;
mod minimums;
mod planned;
mod promoted;
mod reach;
mod trade;
mod unknown;
mod uptake;

mod findings;
mod sentence;

mod number;
mod vocabulary;
mod words;

mod calendar_chart;
mod charts;
mod compare;
mod curve_chart;
mod decide_charts;
mod html;
mod index;
mod json;
mod people;
mod sensitivity_chart;
mod spend_chart;
mod style;

pub use compare::{compare_html, compare_json};
pub use decided::{
    ChannelRow, Decided, Hindrance, LandedCost, May, Occasion, PriceRow, ResponsePoint, SensitivityRow, StockRow,
    WeekDemand,
};
pub use evidence::{
    Against, BundleEvidence, CaveatEvidence, ClusterCandidate, ClusterEvidence, ClusterRow, Cohort, CohortEvidence,
    CurveEvidence, Glance, Input, MarketEvidence, MonthEvidence, Periods, ProductEvidence, ReasonEvidence,
    RepeatEvidence, SegmentEvidence, SegmentHabits, ServingBasis, ServingEvidence, SourceEvidence, Span, TrainedOn,
    TransferEvidence, TransferRow, TransferVerdict, Trust,
};
pub use findings::Topic;
pub use index::{OverviewRow, overview_html};
pub use json::SCHEMA_VERSION;
pub use launch::{
    Bundle, Caveat, CohortRow, CurvePoint, LaunchPlan, Measured, MonthRow, Product, Reason, Season, SegmentRow,
    Serving, Stance, Transfer,
};
pub use metric::Metric;
pub use minimums::{Minimums, Rests};
pub use number::figure_text;
pub use people::{
    CohortMonth, Flow, MarketPlace, MarketsPage, PeoplePage, PersonaPart, PersonaStatement, RfmField, SurvivalPoint,
    markets_html, people_html,
};
pub use planned::{PlannedRow, PlannedSubject};
pub use promoted::{Advised, OfferKind, OfferRow};
pub use reach::{Reach, ReachRow, Whom};
pub use sentence::{Piece, Sentence};
pub use trade::{BudgetWeek, ClearanceRow, CodeAim, FirstSendRow, ParityKind, ParityRow, Trade};
pub use unknown::{Have, Unknown, UnknownKey};
pub use uptake::{Uptake, UptakeError, UptakeParams};
pub use vocabulary::{scorer as scorer_name, segment as segment_name, term as term_name};
pub use words::Lang;
