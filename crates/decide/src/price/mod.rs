//! What a product may cost in a market: how demand answers, where competitors stand, the corridor, the bands of segments.
//!
//! Read in this order: [`panel`] lays sales out by week, [`regression`] is the two estimators, [`identify`] says whether sales
//! may be read as an answer to price at all, [`elasticity`] is the estimate of many products and markets; [`index`] stands us
//! beside competitors; [`corridor`] joins floor, optimum and competitors, ended by [`endings`]; [`segments`] spreads it; [`trial`]
//! is the test that tells where nothing else does.

pub mod corridor;
pub mod elasticity;
pub mod endings;
mod error;
pub mod identify;
pub mod index;
pub mod panel;
pub mod regression;
mod said;
pub mod segments;
pub mod trial;

pub use error::PriceError;
pub use said::Said;
