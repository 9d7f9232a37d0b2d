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
    /// What the weeks ahead will ask for in a market: all products together, a product or a category, week by week.
    Demand(Demand),
    /// How the plan of a market fares in 200 worlds with the stock there is: empty shelves, money that has to be there, regret
    /// beside other plans, chance of a loss.
    Rehearse {
        /// The market.
        market: Market,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Where prices stand beside each competitor's in a market, and which of theirs moved lately.
    Rivals(Rivals),
    /// Which categories grow, over the year, with intervals.
    Trend(Trend),
    /// What has to be done before the assortment may be sold in a market, rule by rule, with rough costs.
    Checklist(Checklist),
    /// What a move of each currency does to the margin of the weeks ahead.
    Exposure {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Advertising that runs: the last days beside the plan and the days before, with alarms where chance is no excuse.
    Watch(Watch),
    /// When to post about the occasions ahead, on which platform, and whether a draft fits there.
    Posts(Posts),
    /// What the newest run decided otherwise than the one before; and notes of who took which change over.
    Changes(Changes),
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
        #[command(flatten)]
        market: AnyMarket,
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
    /// A growth budget moved between channels: what the next new shopper costs there, and what it is worth over its lifetime.
    Shift(super::Shift),
    /// Which face of a coupon each segment gets, or none, under a budget, by the margin that it adds.
    Faces(super::Faces),
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
    /// What the shoppers of each segment pay beside the usual price, around the price of a product.
    Bands {
        /// The market.
        market: Market,
        /// The product.
        product: String,
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
        #[command(flatten)]
        market: AnyMarket,
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

/// A market that may be left out, as `DE` or as `--market DE`: commands of both forms stand side by side, and nobody should have
/// to remember which takes which.
#[derive(Debug, Args)]
pub(crate) struct AnyMarket {
    /// Only this market; without it, all.
    #[arg(value_name = "MARKET", conflicts_with = "named")]
    place: Option<Market>,
    /// The same.
    #[arg(id = "named", long = "market", value_name = "MARKET")]
    named: Option<Market>,
}

impl AnyMarket {
    /// The market, if one was named.
    pub(crate) fn get(&self) -> Option<Market> {
        self.place.or(self.named)
    }
}

/// A market that has to be named, as `DE` or as `--market DE`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct OneMarket {
    /// The market.
    #[arg(value_name = "MARKET")]
    place: Option<Market>,
    /// The same.
    #[arg(id = "named", long = "market", value_name = "MARKET")]
    named: Option<Market>,
}

impl OneMarket {
    /// The market.
    ///
    /// # Errors
    /// None was named; the parser does not let that through.
    pub(crate) fn get(&self) -> anyhow::Result<Market> {
        self.place.or(self.named).ok_or_else(|| anyhow::anyhow!("no market was named"))
    }
}

/// `portolan decide rivals`.
#[derive(Debug, Args)]
pub(crate) struct Rivals {
    /// The market.
    pub(crate) market: Market,
    /// Prices seen more days ago than this do not count.
    #[arg(long, default_value_t = 30)]
    pub(crate) days: i32,
    /// Smallest move that is told, per cent.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) moved: f64,
    /// How many moves.
    #[arg(short = 'n', long = "number", default_value_t = 20)]
    pub(crate) n: usize,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide trend`.
#[derive(Debug, Args)]
pub(crate) struct Trend {
    #[command(flatten)]
    pub(crate) market: AnyMarket,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide checklist`.
#[derive(Debug, Args)]
pub(crate) struct Checklist {
    /// The market.
    pub(crate) market: Market,
    /// Write the table of what is missing here, to fill in.
    #[arg(long)]
    pub(crate) csv: Option<PathBuf>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide watch`.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The market.
    pub(crate) market: Market,
    /// Days that are looked at.
    #[arg(long, default_value_t = 7)]
    pub(crate) days: usize,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide posts`.
#[derive(Debug, Args)]
pub(crate) struct Posts {
    /// The market.
    pub(crate) market: Market,
    /// How many.
    #[arg(short = 'n', long = "number", default_value_t = 40)]
    pub(crate) n: usize,
    /// A draft's title: say on which platforms it fits.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// A draft's text with its hashtags, likewise.
    #[arg(long)]
    pub(crate) text: Option<String>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide changes`.
#[derive(Debug, Args)]
pub(crate) struct Changes {
    #[command(flatten)]
    pub(crate) market: AnyMarket,
    /// Compare with this snapshot; without it, the newest before with other decisions.
    #[arg(long)]
    pub(crate) since: Option<u64>,
    /// Smallest change of a number that is told, per cent.
    #[arg(long, default_value_t = 2.0)]
    pub(crate) least: f64,
    /// How many.
    #[arg(short = 'n', long = "number", default_value_t = 40)]
    pub(crate) n: usize,
    /// Numbers of changes that were taken over.
    #[arg(long, value_delimiter = ',', requires = "by")]
    pub(crate) take: Vec<usize>,
    /// Numbers of changes that were turned down.
    #[arg(long, value_delimiter = ',', requires = "by")]
    pub(crate) refuse: Vec<usize>,
    /// Who says so.
    #[arg(long)]
    pub(crate) by: Option<String>,
    /// Why.
    #[arg(long, requires = "by")]
    pub(crate) why: Option<String>,
    /// What was noted so far.
    #[arg(long)]
    pub(crate) trail: bool,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan decide demand`.
#[derive(Debug, Args)]
pub(crate) struct Demand {
    #[command(flatten)]
    pub(crate) market: OneMarket,
    /// One product.
    #[arg(long, conflicts_with = "category")]
    pub(crate) product: Option<String>,
    /// All products of a category together.
    #[arg(long)]
    pub(crate) category: Option<String>,
    /// Result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
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
