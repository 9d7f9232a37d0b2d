//! Demand of the weeks ahead, by product or category and market.
//!
//! [`weeks`] makes clean weekly series of sale lines; [`forecast`] forecasts a panel of them, the way chosen by what would have
//! been right before; [`occasions`] takes sale days and feasts out before and puts them back after; [`transfer`] lends a young market the season of an old one where that is no worse; [`trend`] is
//! growth over the year with its uncertainty.

mod adaptive;
pub mod forecast;
pub mod occasions;
mod sums;
pub mod transfer;
pub mod trend;
pub mod weeks;
