//! Options of the decisions about advertising: budget, channels, targets, bids.

use super::AnyMarket;
use clap::{Args, ValueEnum, ValueHint};
use domain::{Day, Market};
use std::path::PathBuf;

/// `portolan decide budget`.
#[derive(Debug, Args)]
pub(crate) struct Budget {
    #[command(flatten)]
    pub(crate) market: AnyMarket,
    /// The weeks ahead one by one: more where more is bought.
    #[arg(long)]
    pub(crate) weekly: bool,
    /// What other forms of carry-over say of the same channels.
    #[arg(long, conflicts_with = "weekly")]
    pub(crate) forms: bool,
    /// Why the advised spend moved since the week of this day: budget, limits, or what was learnt of returns.
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["weekly", "forms"])]
    pub(crate) since: Option<Day>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide channels`.
#[derive(Debug, Args)]
pub(crate) struct Channels {
    /// The market.
    pub(crate) market: Market,
    /// Money a week to spread over the channels, reporting currency; only what pays is spent.
    #[arg(long)]
    pub(crate) budget: Option<f64>,
    /// Margin of an order before advertising, reporting currency; without it, what the last run found.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) order_margin: Option<f64>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a target is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetMetric {
    /// Share of visitors who order; needs events.
    Conversion,
    /// Share of shoppers with a second order.
    Repeat,
    /// Share of orders that come back, at least in part.
    Returns,
    /// Mean value of an order.
    Basket,
}

/// `portolan decide target`.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The figure to move.
    #[arg(long, value_enum)]
    pub(crate) metric: TargetMetric,
    #[command(flatten)]
    pub(crate) market: AnyMarket,
    /// Change to be told from chance, per cent of today's figure: 10 for a tenth more, -10 for a tenth less.
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true)]
    pub(crate) lift: f64,
    /// Today's figure, a share or an amount; without it, that of the last 90 days in the lake.
    #[arg(long, value_name = "X")]
    pub(crate) baseline: Option<f64>,
    /// Units a day over both arms; without it, those of the last 90 days.
    #[arg(long, value_name = "N")]
    pub(crate) units_a_day: Option<f64>,
    /// Longest time that it may take, days.
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) days: u32,
    /// Chance of seeing the change if it is there.
    #[arg(long, default_value_t = 0.8)]
    pub(crate) power: f64,
    /// Chance of a false alarm.
    #[arg(long, default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide bids`.
#[derive(Debug, Args)]
pub(crate) struct Bids {
    /// Log of auctions, CSV in their order: bid, price, won, clicked; maybe ordered, placement, chance. Prices per thousand impressions.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) log: PathBuf,
    /// Money for the auctions that are replayed; without it, what was paid for them.
    #[arg(long)]
    pub(crate) budget: Option<f64>,
    /// Auctions that share one part of the budget, say an hour or a day.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) episode: u32,
    /// Share of the log, from its beginning, that rates and prices are learnt from; the rest is replayed.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    pub(crate) learn: f64,
    /// An earlier period to learn from instead: CSV of price, auctions and clicks, a row a price; then the whole log is replayed.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) before: Option<PathBuf>,
    /// Budgets as parts of what as many auctions cost in that period, such as 1/2,1/8,1/32.
    #[arg(long, value_name = "PART,PART", value_delimiter = ',', requires = "before", conflicts_with = "budget")]
    pub(crate) share: Vec<String>,
    /// Margin of an order before advertising, in the currency of the log; gives the value of an impression.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) order_margin: Option<f64>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
