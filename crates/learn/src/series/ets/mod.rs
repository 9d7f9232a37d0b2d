//! Exponential smoothing as a family of state-space models: error, trend and season, each by itself.
//!
//! Read in this order: `form` names the models, `filter` is their one recursion and its likelihood,
//! `fit` estimates one form and chooses among many by AICc, `predict` looks ahead, with variances.
//!
//! Sources: Hyndman, Koehler, Snyder and Grose, "A state space framework for automatic forecasting
//! using exponential smoothing methods", IJF 18(3), 2002; Hyndman, Koehler, Ord and Snyder,
//! "Forecasting with exponential smoothing", Springer 2008.

mod filter;
mod fit;
mod form;
mod predict;
#[cfg(test)]
mod tests;

pub(in crate::series) use fit::Fitted;
pub use fit::{EtsFit, EtsParams};
pub use form::{ErrorKind, EtsForm, SeasonKind, TrendKind};
