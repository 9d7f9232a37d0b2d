//! Options of what is decided from results: two arms compared, and the next round of campaigns.

use clap::{Args, ValueHint};
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
