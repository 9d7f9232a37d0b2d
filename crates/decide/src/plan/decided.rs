//! What is decided for a market: what may be sold, at which price, how much will be asked for, when to promote, what each
//! channel gets, what to send, what to expect of it all, and what to do next. Plain data; the page and the JSON print it.

use super::planned::PlannedRow;
use super::promoted::OfferRow;
use super::trade::Trade;
use crate::Said;
use domain::{Day, Figure, ProductId, Window};
use serde::Serialize;

/// Whether a product may be sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum May {
    /// As it is.
    Sell,
    /// After a change.
    SellWithChange,
    /// Not at all.
    Blocked,
    /// An attribute that decides is missing.
    Unknown,
}

impl May {
    /// All, best first.
    pub const ALL: [Self; 4] = [Self::Sell, Self::SellWithChange, Self::Blocked, Self::Unknown];

    /// Its name in marts and in keys of figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sell => "sell",
            Self::SellWithChange => "sell_with_change",
            Self::Blocked => "blocked",
            Self::Unknown => "unknown",
        }
    }
}

/// A product that may not simply be sold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hindrance {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: String,
    /// The verdict.
    pub may: May,
    /// Why, and what to change or to supply.
    pub why: Said,
    /// Whether a rule behind it is general knowledge, to be verified.
    pub verify: bool,
    /// Other products with the same verdict for the same reason.
    pub alike: u64,
}

/// The price of one product.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PriceRow {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: String,
    /// What it is sold at.
    pub now: Option<Figure>,
    /// Lowest price that leaves the asked margin.
    pub floor: Option<Figure>,
    /// Price of the greatest margin.
    pub optimum: Option<Figure>,
    /// Median of the competitors', with their quartiles as interval.
    pub rivals: Option<Figure>,
    /// The price advised.
    pub advised: Option<Figure>,
    /// Why.
    pub why: Said,
}

/// What a unit costs until it is sold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LandedCost {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: String,
    /// The way it is sent.
    pub lane: String,
    /// The parts in their order; the last is the total.
    pub parts: Vec<(Said, Figure)>,
}

/// Demand of a week.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeekDemand {
    /// Monday.
    pub week: Day,
    /// Units of all products.
    pub units: Figure,
}

/// A day that matters to sales.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Occasion {
    /// First and last day.
    pub days: Window,
    /// What it is.
    pub name: Said,
    /// Last day on which a shopper's order is delivered before it.
    pub order_by: Option<Day>,
    /// Last day on which stock leaves home in bulk for it.
    pub ship_by: Option<Day>,
    /// Sales of past years around it over what was usual.
    pub lift: Option<Figure>,
    /// Whether its date is an assumption.
    pub verify: bool,
}

/// A channel's weekly budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelRow {
    /// Its name.
    pub channel: String,
    /// Spend a week now.
    pub now: Figure,
    /// Spend a week advised.
    pub advised: Figure,
    /// Sales that its spend of the period brought.
    pub contribution: Option<Figure>,
    /// The same for each unit of its spend.
    pub roas: Option<Figure>,
    /// Sales that one more unit of spend brings at the present spend.
    pub marginal_now: Option<Figure>,
    /// Margin that one more unit of spend brings at the advised spend.
    pub marginal: Option<Figure>,
    /// Sales that a week's spend brings in the end, from no spend on; empty where nothing can be told.
    pub curve: Vec<ResponsePoint>,
    /// Why it moved, or why nothing can be told.
    pub why: Said,
}

/// A point of a response curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResponsePoint {
    /// Spend a week, major units of the plan's currency.
    pub spend: f64,
    /// Sales a week that it brings.
    pub sales: Figure,
}

/// What an input of the rehearsal does to the margin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SensitivityRow {
    /// Which input.
    pub input: Said,
    /// Mean margin with the input at its 5 % quantile.
    pub low: Figure,
    /// At its 95 % quantile.
    pub high: Figure,
}

/// What to do about a product's stock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StockRow {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: String,
    /// Days that it lasts.
    pub cover: Option<Figure>,
    /// Units to send.
    pub send: Option<Figure>,
    /// Why.
    pub why: Said,
}

/// Everything that was decided for a market.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decided {
    /// The weeks that are looked ahead.
    pub ahead: Window,
    /// Products by verdict, in the order of [`May::ALL`].
    pub may: Vec<Figure>,
    /// Products that may not simply be sold, those asked for most first.
    pub hindrances: Vec<Hindrance>,
    /// Prices, best sellers first.
    pub prices: Vec<PriceRow>,
    /// How many of them rest on what, and what a test takes where nobody knows the answer.
    pub rests: Vec<Figure>,
    /// What the shoppers of each segment pay beside the usual price, by the segment's key, those who pay most first.
    pub paid: Vec<(String, Figure)>,
    /// What to offer and to bundle.
    pub promotions: Vec<OfferRow>,
    /// Prices that do not fit together, clearance, the first order, the budget by week, codes.
    pub trade: Trade,
    /// Landed cost of the best seller.
    pub landed: Option<LandedCost>,
    /// Demand by week.
    pub demand: Vec<WeekDemand>,
    /// What the plan's own prices and promotions make of the forecast: the market, categories, products that move.
    pub planned: Vec<PlannedRow>,
    /// The calendar ahead.
    pub calendar: Vec<Occasion>,
    /// Budget by channel.
    pub channels: Vec<ChannelRow>,
    /// Stock, the most urgent first.
    pub stock: Vec<StockRow>,
    /// Orders, sales and margin to expect, and the probability of a loss.
    pub expected: Vec<Figure>,
    /// What the margin hangs on, most first.
    pub sensitivity: Vec<SensitivityRow>,
    /// Median floor, median price advised, and price now over floor, of all products with a floor.
    pub medians: Vec<Figure>,
    /// What can go wrong.
    pub risks: Vec<Said>,
    /// What would change our mind.
    pub changes: Vec<Said>,
    /// The next three actions.
    pub actions: Vec<Said>,
}
