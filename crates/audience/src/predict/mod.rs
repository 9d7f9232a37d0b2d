//! What a shopper will do next: probabilities with intervals and reasons, dates, and lists to act on.
//!
//! Read in this order: [`ShopperFacts`] is all that is looked at; `features` turns the part of it that lies
//! before a cutoff into numbers; [`Target`] says what is to be foreseen and labels the time after; `rolling`
//! joins both at several cutoffs; [`PredictParams`] chooses a model on a later period and marks it once on a
//! still later one; `market_shift` pulls each market towards all of them; [`Predictor`] asks the result.
//! [`NextOrderParams`] expects the day of the next order, `spend` what an order is worth, and `target_group`
//! makes the ranked list of whom to address, with what it gained on purchases that were held out.

mod facts;
mod features;
mod market_shift;
mod next_order;
mod next_order_backtest;
mod predictor;
mod quality;
mod rolling;
mod spend;
mod target;
mod target_group;
mod train;

pub use facts::{OrderFact, ReturnFact, ShopperFacts};
pub use features::{Feature, FeatureSpace};
pub use market_shift::MarketShifts;
pub use next_order::{NextOrder, NextOrderModel, NextOrderParams};
pub use next_order_backtest::NextOrderBacktest;
pub use predictor::{HeldOut, NamedReason, Predictor, ShopperPrediction};
pub use quality::Quality;
pub use rolling::{LabelledTable, Periods};
pub use spend::{SpendModel, SpendParams};
pub use target::{Outcome, Target};
pub use target_group::{Addressee, Exclusion, Gains, GainsRow, Shortlist, ShortlistRow, TargetGroupParams, gains};
pub use train::{PredictParams, Prepared, Trial};
