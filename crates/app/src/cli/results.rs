//! Options of what is decided from results: two arms compared, the next round of campaigns and of growth channels, faces of coupons.

use clap::{Args, ValueHint};
use domain::{Currency, Market};
use std::path::PathBuf;

/// `portolan decide ab`.
#[derive(Debug, Args)]
pub(crate) struct Ab {
    /// Table, CSV: shopper, arm, and any of shown, clicks, orders, margin, cost. Rows of a shopper are added.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) results: PathBuf,
    /// The arm of the old way; without it, the one named control, old or a.
    #[arg(long, value_name = "NAME")]
    pub(crate) control: Option<String>,
    /// Share of the shoppers that was meant for the new way.
    #[arg(long, default_value_t = 0.5)]
    pub(crate) share: f64,
    /// Coverage of the intervals.
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide campaigns`.
#[derive(Debug, Args)]
pub(crate) struct Campaigns {
    /// Table, CSV: campaign, spent, orders, margin. Rows of a campaign, such as its weeks, are added.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) results: PathBuf,
    /// Money for the next round.
    #[arg(long)]
    pub(crate) budget: f64,
    /// Share of it that is split alike among all, so that each goes on being learnt about.
    #[arg(long, default_value_t = 0.1)]
    pub(crate) floor: f64,
    /// Most that a campaign gets, in multiples of what it had or of an even share.
    #[arg(long, default_value_t = 3.0)]
    pub(crate) growth: f64,
    /// Seed of the draws.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide shift`.
#[derive(Debug, Args)]
pub(crate) struct Shift {
    /// Table, CSV: channel, spent, new_shoppers, lifetime_value (margin of a shopper before the cost of winning it), and perhaps
    /// elasticity of new shoppers to spend.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) channels: PathBuf,
    /// Write this table instead, with what the workspace knows of a market's channels, to be filled.
    #[arg(long, requires = "market")]
    pub(crate) draft: bool,
    /// Market of a draft.
    #[arg(long, requires = "draft")]
    pub(crate) market: Option<Market>,
    /// Currency of the table, ISO 4217.
    #[arg(long, default_value = "EUR")]
    pub(crate) currency: Currency,
    /// Elasticity where the table has none: 0.5 means that four times the money wins twice the shoppers.
    #[arg(long, default_value_t = 0.5)]
    pub(crate) elasticity: f64,
    /// Largest move of a channel, as a part of its spend.
    #[arg(long, default_value_t = 0.3)]
    pub(crate) largest_move: f64,
    /// Fewest new shoppers for a channel to be moved at all.
    #[arg(long, default_value_t = 30.0)]
    pub(crate) fewest: f64,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide faces`.
#[derive(Debug, Args)]
pub(crate) struct Faces {
    /// Table, CSV, a row a face: segment, shoppers, buys_anyway and buys (shares from 0 to 1), margin of an order, face.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) segments: PathBuf,
    /// Write this table instead, with what the workspace knows of a market's segments, to be filled.
    #[arg(long, requires = "market")]
    pub(crate) draft: bool,
    /// Market of a draft.
    #[arg(long, requires = "draft")]
    pub(crate) market: Option<Market>,
    /// Expected cost of the coupons, at most.
    #[arg(long, required_unless_present = "draft")]
    pub(crate) budget: Option<f64>,
    /// Currency of the table, ISO 4217.
    #[arg(long, default_value = "EUR")]
    pub(crate) currency: Currency,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
