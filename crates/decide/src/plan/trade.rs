//! What goes beyond one price and one channel: prices that do not fit together, stock to clear, a first order, the budget week
//! by week, and who gets a code. Plain data; the page and the JSON print it.

use crate::Said;
use domain::{Day, Figure, ProductId};
use serde::Serialize;

/// What does not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParityKind {
    /// A channel's price away from that of the own shop.
    Channel,
    /// A channel sells a product below its floor on it.
    Floor,
    /// Channels that undercut each other in turn.
    War,
    /// It pays to buy the goods in one market and to sell or use them in another: a grey market.
    Route,
}

impl ParityKind {
    /// The kind of a row of `marts.parity`.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "channel" => Self::Channel,
            "floor" => Self::Floor,
            "war" => Self::War,
            "route" => Self::Route,
            _ => return None,
        })
    }
}

/// Prices that do not fit together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParityRow {
    /// What it is.
    pub kind: ParityKind,
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: String,
    /// The channel; of a route from where to where.
    pub between: String,
    /// Price of the channel, or where the goods are bought.
    pub price: Option<Figure>,
    /// Price of the own shop, or where the goods go.
    pub reference: Option<Figure>,
    /// Price over reference less 1; of a route its gain over what a unit costs there.
    pub gap: Option<Figure>,
    /// Price from which on it no longer pays.
    pub closes_at: Option<Figure>,
    /// Whether it rests on general knowledge of freight, duty and tax.
    pub verify: bool,
    /// Every step.
    pub why: Said,
}

/// Stock that will not be sold in time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClearanceRow {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: String,
    /// Units on hand.
    pub on_hand: Figure,
    /// Price of the first step.
    pub first: Option<Figure>,
    /// Price of the second.
    pub then: Option<Figure>,
    /// Units expected to be left.
    pub left: Option<Figure>,
    /// Revenue more than at the present price.
    pub gain: Option<Figure>,
    /// Why.
    pub why: Said,
}

/// How much of a product to send at first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirstSendRow {
    /// The product.
    pub product: ProductId,
    /// Its name.
    pub name: String,
    /// Units to send.
    pub send: Figure,
    /// Units expected to be asked for.
    pub demand: Figure,
    /// Chance that they are enough.
    pub enough: Figure,
    /// Expected margin, less the loss on what is left over.
    pub margin: Option<Figure>,
    /// Why.
    pub why: Said,
}

/// The budget of a week.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BudgetWeek {
    /// Monday.
    pub week: Day,
    /// Channels and their spend, in the order of the channels.
    pub spend: Vec<(String, Figure)>,
}

/// Who gets a code.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CodeAim {
    /// Shoppers with an order to expect for whom a code can pay.
    pub can_pay: Figure,
    /// Those for whom it pays when few come because of it.
    pub first: Figure,
    /// How many of them have to come because of it, for the middle one.
    pub needed: Option<Figure>,
    /// What it takes.
    pub why: Said,
}

/// All of it, for a market.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trade {
    /// Prices that do not fit together, the widest first.
    pub parity: Vec<ParityRow>,
    /// Stock to clear, the largest gain first.
    pub clearance: Vec<ClearanceRow>,
    /// A first order, the largest margin first.
    pub first_send: Vec<FirstSendRow>,
    /// Units of the whole first order.
    pub send_in_all: Option<Figure>,
    /// The budget week by week.
    pub weeks: Vec<BudgetWeek>,
    /// Who gets a code.
    pub codes: Option<CodeAim>,
}
