//! Where money goes: response curves, allocation under limits, and why an allocation moved.
//!
//! [`AllocateParams::allocate`] answers a [`Grid`] of channels and markets; [`SpreadParams::spread`] says how sure the answer is,
//! [`why`] what changed since the last one, [`weekly`] splits it over a season. [`ShiftParams::plan`] moves a growth budget by what a new
//! shopper costs and is worth, [`CampaignParams::next`] splits the next round by what campaigns brought, [`coupons`] chooses face values by what they add.

mod allocate;
mod campaigns;
mod coupons;
mod envelope;
mod flow;
mod grid;
mod polish;
pub mod response;
mod season;
mod shift;
mod spread;
mod why;

pub use allocate::{AllocateParams, Allocation, Held, Share};
pub use campaigns::{Campaign, CampaignParams, NextCampaign};
pub use coupons::{CouponChoice, CouponOption, CouponSegment, coupons};
pub use grid::{Cell, Grid, Limits, Line, Total};
pub use response::Response;
pub use season::weekly;
pub use shift::{GrowthChannel, Shift, ShiftParams, ShiftPlan};
pub use spread::{AllocationSpread, SpreadParams};
pub use why::{Moved, why};
