//! Options of the commands about shoppers and markets.

use super::Lang;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use domain::{Decimal, Market};
use std::path::PathBuf;

/// `portolan segments`.
#[derive(Debug, Args)]
pub(crate) struct Segments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) what: SegmentsWhat,
}

/// What counts as the same thing bought again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplenishBy {
    /// Anything of a category.
    Category,
    /// The very product.
    Product,
}

/// How shoppers are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupBy {
    /// Nearest of k centres.
    Kmeans,
    /// Mixture of normal distributions, groups of any width and slant.
    Mixture,
    /// Ward's joins of the nearest, cut at k groups.
    Hierarchical,
}

/// What to do with segments.
#[derive(Debug, Subcommand)]
pub(crate) enum SegmentsWhat {
    /// All segments with their sizes.
    List {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What a rule can ask.
    Fields,
    /// How many shoppers fit a rule, without keeping it.
    Size {
        /// The rule, for example 'orders.count(180d) >= 2 and market in [DE, FR]'.
        rule: String,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Keep a rule under a name in segments.toml, in the place of an earlier one of that name.
    Add {
        /// Its name.
        name: String,
        /// The rule.
        rule: String,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
    },
    /// Take a segment out of segments.toml.
    Remove {
        /// Its name.
        name: String,
    },
    /// Group shoppers by a model and keep each group as a segment: `group("NAME") = 1` …
    Fit {
        /// Name of the grouping.
        name: String,
        /// How to group.
        #[arg(long, value_enum, default_value_t = GroupBy::Kmeans)]
        method: GroupBy,
        /// What to group by: measures and fields that are numbers, separated by commas.
        #[arg(long, default_value = "orders.count, orders.average, days_since_last_order")]
        by: String,
        /// How many groups; the method chooses where it is left out.
        #[arg(short, long)]
        k: Option<usize>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// The groupings that were fitted, with their groups and what they are worth.
    Groupings {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a grouping and the segments of its groups away.
    Unfit {
        /// Name of the grouping.
        name: String,
    },
    /// Why a shopper is in a segment or not, statement by statement.
    Explain {
        /// The segment.
        name: String,
        /// The shopper.
        shopper: String,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// How far segments overlap.
    Overlap {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Who went from one segment to another.
    Flows {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shoppers outside a segment who are most like its members, and what that ranking is worth.
    Alike {
        /// The segment.
        name: String,
        /// Only shoppers of this market.
        #[arg(long)]
        market: Option<Market>,
        /// How many.
        #[arg(short = 'n', long = "number", default_value_t = 20)]
        n: usize,
        /// File to write, CSV, with those alone who agreed to marketing.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Groups of shoppers with like habits: goods, hour, weekday, size of orders, returns.
    Behaviour {
        /// Only shoppers of this market.
        #[arg(long)]
        market: Option<Market>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Members who agreed to marketing, as CSV.
    Export {
        /// The segment.
        name: String,
        /// File to write.
        #[arg(long)]
        out: PathBuf,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// `portolan markets`.
#[derive(Debug, Args)]
pub(crate) struct Markets {
    /// What to do.
    #[command(subcommand)]
    pub(crate) what: MarketsWhat,
}

/// What to ask about markets.
#[derive(Debug, Subcommand)]
pub(crate) enum MarketsWhat {
    /// All markets by attractiveness, and how sure their places are.
    Rank {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Why a market stands where it stands, and what would have to change.
    Explain {
        /// The market.
        market: Market,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// How large each market is: all of it, what can be reached, what can be won.
    Size {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// The facts that are understood, with their ranges.
    Facts,
    /// Draft a table of facts to fill and take in.
    Template {
        /// File to write.
        #[arg(long)]
        out: PathBuf,
        /// Markets, XX,YY.
        #[arg(long, value_delimiter = ',', required = true)]
        markets: Vec<Market>,
    },
    /// Selling platforms of a market compared, from platforms.toml beside portolan.toml.
    Platforms {
        /// The market.
        market: Option<Market>,
        /// Value of an order in the market's currency; without it, the market's mean order.
        #[arg(long)]
        order: Option<Decimal>,
        /// Orders a month that a monthly fee is spread over.
        #[arg(long, default_value_t = 100.0)]
        orders_a_month: f64,
        /// Requirements that you meet, by the keys of the table: vat_number,tax_form.
        #[arg(long, value_delimiter = ',')]
        has: Vec<String>,
        /// Draft platforms.toml instead: names to verify, numbers to fill in.
        #[arg(long)]
        template: bool,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Own and rival offers by price and an attribute, and where people buy beside what is offered.
    Position {
        /// The market.
        market: Market,
        /// Attribute: rating, wattage_w, weight_kg, temperature_c, length_cm, width_cm, height_cm.
        #[arg(long, default_value = "rating")]
        by: String,
        /// Only products of this category.
        #[arg(long)]
        category: Option<String>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Orders by area instead of by shopper, for marketplaces that keep their shoppers to themselves.
    Areas {
        /// Only this market.
        market: Option<Market>,
        /// What an area is; without it, of one market, the beginning of the postcode where most orders state one, else the region.
        #[arg(long, value_enum)]
        by: Option<AreaBy>,
        /// Areas in which something was done, with commas: says what it did to their sales, beside the other areas.
        #[arg(long, value_delimiter = ',', requires_all = ["from", "market"])]
        treated: Vec<String>,
        /// Month from which on it was done: 2025-07.
        #[arg(long, requires = "treated")]
        from: Option<String>,
        /// Last month to look at; without it the last whole one.
        #[arg(long, requires = "treated")]
        to: Option<String>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What is bought after what, and after how long.
    Next {
        /// The market.
        market: Market,
        /// How many steps.
        #[arg(short = 'n', long = "number", default_value_t = 20)]
        n: usize,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// How satisfied and loyal shoppers are, part by part, and what of a first order goes with a second one.
    Loyalty {
        /// The market.
        market: Market,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Complaints, wishes and praise with quotes, and why things come back.
    Needs {
        /// The market.
        market: Market,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Steps of entering or deepening a market: done, next, and what the others wait for.
    Plan {
        /// The market.
        market: Market,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What an area is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AreaBy {
    /// Beginning of the postcode.
    Postcode,
    /// State or province.
    Region,
    /// City.
    City,
}

/// Who works with a brief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BriefFor {
    /// Those who make the advertising.
    Agency,
    /// Those who make the product.
    Product,
}

/// `portolan personas`.
#[derive(Debug, Args)]
pub(crate) struct Personas {
    /// The market; without it all of them.
    pub(crate) market: Option<Market>,
    /// The same as a brief, in Markdown, for who works with it.
    #[arg(long, value_enum, value_name = "FOR", requires = "market")]
    pub(crate) brief: Option<BriefFor>,
    /// Write the brief into a file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "brief", conflicts_with = "json")]
    pub(crate) out: Option<PathBuf>,
    /// Language of the page.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub(crate) lang: Lang,
    /// Result as JSON, in both languages, with figures, queries and quotes.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `portolan shoppers`.
#[derive(Debug, Args)]
pub(crate) struct Shoppers {
    /// What to do.
    #[command(subcommand)]
    pub(crate) what: ShoppersWhat,
}

/// What to ask about shoppers.
#[derive(Debug, Subcommand)]
pub(crate) enum ShoppersWhat {
    /// What is known and expected of one shopper.
    Show {
        /// The shopper.
        shopper: String,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Whom to address first in a market.
    First {
        /// The market.
        market: Market,
        /// How many.
        #[arg(short = 'n', long = "number", default_value_t = 20)]
        n: usize,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What one shopper is interested in and seems to value, with the evidence.
    Interests {
        /// The shopper.
        shopper: String,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Carts after all events of the lake, those with the most in them first: whose, where they stand, what is in them.
    Carts {
        /// Only carts that are open, at the till (checkout), abandoned or ordered.
        #[arg(long, value_parser = ["open", "checkout", "abandoned", "ordered"])]
        state: Option<String>,
        /// How many.
        #[arg(short = 'n', long = "number", default_value_t = 20)]
        n: usize,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Who will probably buy, anything or of a category.
    Likely {
        /// The category, as its products' paths begin; anything where it is left out.
        #[arg(long)]
        category: Option<String>,
        /// Of one market's shoppers.
        #[arg(long)]
        market: Option<Market>,
        /// Days ahead.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=730))]
        within: u16,
        /// How many.
        #[arg(short = 'n', long = "number", default_value_t = 20)]
        n: usize,
        /// Write them as CSV, only those who agreed to marketing.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Visitors of site and app by market, and of both together, everybody counted once.
    Channels {
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What is bought again, after how long, and for whom it is time now.
    Replenish {
        /// Of one market's shoppers.
        #[arg(long)]
        market: Option<Market>,
        /// What counts as the same thing.
        #[arg(long, value_enum, default_value_t = ReplenishBy::Category)]
        by: ReplenishBy,
        /// Days within which buying again counts.
        #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u16).range(1..=3650))]
        within: u16,
        /// Write who is due, of those who agreed to marketing, as CSV.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// How good the forecasts were on a period that they had not seen.
    Quality {
        /// Try every kind of model again, side by side: marks, calibration, time and memory.
        #[arg(long)]
        kinds: bool,
        /// Result as JSON.
        #[arg(long)]
        json: bool,
    },
}
