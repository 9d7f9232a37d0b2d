//! What a shopper and a market will be worth: who is still active, how often they will buy, for how much.
//!
//! [`BgNbd`], [`MbgNbd`] and [`ParetoNbd`] say how often ([`PurchaseModel`]), [`GammaGamma`] for how much,
//! [`Discount`] puts both together, [`TraitModel`] says which traits go with buying and staying, [`choose_traits`] whether those of the first order help to forecast. One market alone needs
//! hundreds of shoppers for these; [`Sampling`] fits all markets together, so that five are enough and none is
//! possible, and [`market_rates`] does the same for shares. [`ValueParams::value`] goes from rows of shoppers to
//! values with intervals, [`ValueParams::fit_quality`] checks a forecast on hidden days.

mod bg_nbd;
mod clv;
mod covariates;
mod error;
mod fitted;
mod future;
mod gamma_gamma;
mod geometric;
mod holdout;
mod market_rates;
mod market_value;
mod mbg_nbd;
mod model;
mod pareto_nbd;
mod parts;
mod pooled_markets;
mod predict;
mod rows;
pub mod simulate;
mod traits;
mod valuation;

pub use bg_nbd::{BgNbd, BgNbdParams};
pub use clv::Discount;
pub use covariates::{Effect, TraitModel, TraitParams, TraitRow};
pub use error::ValueError;
pub use fitted::{FitReport, HowFitted};
pub use future::{Living, Moments};
pub use gamma_gamma::{GammaGamma, GammaGammaParams, Spend, SpendTable};
pub use holdout::FitQuality;
pub use market_rates::{MarketTrials, market_rates};
pub use market_value::MarketValue;
pub use mbg_nbd::{MbgNbd, MbgNbdParams};
pub use model::{PurchaseModel, Score};
pub use pareto_nbd::{ParetoNbd, ParetoNbdParams};
pub use parts::PartValue;
pub use pooled_markets::{BuyDraw, PooledMarkets, Sampling, SpendDraw};
pub use predict::{INDIVIDUAL, Totals, shortest, shortest_count, totals};
pub use rows::{PurchaseTable, Purchases};
pub use traits::{MOST_SHOPPERS, TraitChoice, TraitEffect, TraitNames, choose_traits};
pub use valuation::{Basis, ShopperValue, Valuation, ValueParams, ValueRow};
