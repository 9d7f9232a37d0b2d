//! Is a ranking good? Splits in time, the metrics of ranked lists, what lies beyond accuracy, and
//! intervals for all of it.
//!
//! Read in this order: [`TemporalSplit`] hides the future from a model, [`evaluate`] asks the model
//! to rank, [`Metric`] marks the lists, [`mean_interval`] says how sure the mean is, and
//! [`paired_difference`] whether one model is better than another on the same shoppers.
//! [`forecast`] marks numbers that were said before they came.

mod beyond;
mod bootstrap;
mod error;
pub mod forecast;
mod harness;
mod prequential;
mod ranking;
mod select;
mod split;

pub use beyond::{CoBuyers, coverage, gini, intra_list_diversity, novelty};
pub use bootstrap::{Bootstrap, Estimate, PairedDifference, mean_interval, paired_difference};
pub use error::EvalError;
pub use harness::{CaseMarks, Protocol, Report, Seen, Summary, evaluate, evaluate_with, rank};
pub use prequential::{Curve, Point, Stream, StreamError, prequential};
pub use ranking::Metric;
pub use select::{Choice, Folds, Steps, choose, choose_in_steps, choose_on, cross_fitted, cross_fitted_by};
pub use split::{Case, Hold, LeaveOneOut, Nested, Relevant, Split, TemporalSplit};
