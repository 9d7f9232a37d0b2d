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
    Budget {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read rules.toml, lanes.toml, costs.toml and calendar.toml and say what is wrong with them.
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
        #[arg(long)]
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
