//! Options of the commands about decisions.

use clap::{Args, Subcommand};
use domain::Market;
use std::path::PathBuf;

/// `portolan decide`.
#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// What to do.
    #[command(subcommand)]
    pub(crate) what: DecideWhat,
}

/// What to ask about decisions.
#[derive(Debug, Subcommand)]
pub(crate) enum DecideWhat {
    /// What to do next in a market, what to expect, what can go wrong.
    Next {
        /// The market.
        market: Market,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prices of a market: floor, best margin, competitors, advice.
    Prices {
        /// The market.
        market: Market,
        /// How many.
        #[arg(short = 'n', long = "number", default_value_t = 20)]
        n: usize,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Whether products may be sold in a market, or one of them, with the rules behind it.
    Sell {
        /// The market.
        market: Market,
        /// The product; without it, all that may not simply be sold.
        product: Option<String>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What one unit of a product costs until it is sold in a market, part by part.
    Cost {
        /// The market.
        market: Market,
        /// The product.
        product: String,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// The calendar of a market with last days to order.
    Calendar {
        /// The market.
        market: Market,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Weekly spend by channel and market, now and advised.
    Budget(super::Budget),
    /// Promotions of a market that keep every floor: discounts, bundles, a threshold, a code; and your own of promotions.toml held
    /// against the floors.
    Promote {
        /// The market.
        market: Market,
        /// Only offers with this product, with the reasons; also why there is none.
        product: Option<String>,
        /// How many.
        #[arg(short = 'n', long = "number", default_value_t = 20)]
        n: usize,
        /// Also what is not advised.
        #[arg(long)]
        all: bool,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Who gets the code of a market under a budget, with a group that gets none to compare with, and the codes.
    Coupons(Coupons),
    /// Prices that do not fit together: channels out of line, price wars, routes on which it pays to bring goods from one
    /// market to another.
    Parity {
        /// Only this market.
        #[arg(long)]
        market: Option<Market>,
        /// Only this product.
        #[arg(long)]
        product: Option<String>,
        /// How many of each kind.
        #[arg(short = 'n', long = "number", default_value_t = 15)]
        n: usize,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Price steps for stock that will not be sold in time, or why only a price below the floor would clear it.
    Clearance {
        /// The market.
        market: Market,
        /// How many.
        #[arg(short = 'n', long = "number", default_value_t = 20)]
        n: usize,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// How much of each product to send to a market at first.
    FirstSend {
        /// The market.
        market: Market,
        /// How many.
        #[arg(short = 'n', long = "number", default_value_t = 20)]
        n: usize,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Where to advertise in a market and with whom: what an order costs on each platform, and what pays.
    Channels(super::Channels),
    /// A target as a number that can be checked: how many shoppers and days it takes to tell it from chance.
    Target(super::Target),
    /// What impressions are worth and how to bid for them, tried on a log of auctions at a budget that is never exceeded.
    Bids(super::Bids),
    /// Two arms compared, such as transferred lists beside the market's own: click rate, conversion, return on cost, with intervals.
    Ab(super::Ab),
    /// From what campaigns brought to what each gets next: money follows the chance of being the best.
    Campaigns(super::Campaigns),
    /// Read rules.toml, lanes.toml, costs.toml, calendar.toml, experiments.toml, promotions.toml and channels.toml and say what is wrong with them.
    Check,
    /// Draft a table of the products whose cost, weight, size or attributes are missing, to fill and take in.
    Missing {
        /// File to write, CSV.
        #[arg(long)]
        out: PathBuf,
    },
    /// Decide as of thirteen weeks ago and compare with what came; needs data only, no run.
    Backtest {
        /// Seed of everything random.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Resolve numbers of a launch plan to formula and rows, drawn at random; one that cannot be resolved fails.
    Trace {
        /// The market.
        market: Market,
        /// How many.
        #[arg(short = 'n', long = "number", default_value_t = 50)]
        n: usize,
        /// Seed of the draw.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Decide again under other assumptions and show what changes; nothing is written.
    WhatIf {
        /// Only this market.
        #[arg(long)]
        market: Option<Market>,
        /// Advertising a week, reporting currency.
        #[arg(long, allow_hyphen_values = true)]
        budget: Option<f64>,
        /// Change of the reporting currency against all others, per cent: -10 makes it weaker.
        #[arg(long, allow_hyphen_values = true)]
        fx: Option<f64>,
        /// Least margin, share of the net price.
        #[arg(long)]
        margin: Option<f64>,
        /// Channel of sale whose fees count.
        #[arg(long)]
        channel: Option<String>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// `portolan decide coupons`.
#[derive(Debug, Args)]
pub(crate) struct Coupons {
    /// The market.
    pub(crate) market: Market,
    /// What may be given away in all, in the reporting currency; it holds with 95 %.
    #[arg(long)]
    pub(crate) budget: f64,
    /// Part of those who would not have come that is assumed to come because of the code; nobody has measured it.
    #[arg(long, default_value_t = 0.05)]
    pub(crate) lift: f64,
    /// Part of those chosen that gets no code, so that the lift can be measured.
    #[arg(long, default_value_t = 0.2)]
    pub(crate) control: f64,
    /// How many to show.
    #[arg(short = 'n', long = "number", default_value_t = 20)]
    pub(crate) n: usize,
    /// Write shopper, group, code and value here, CSV.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Seed of who gets none.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
