//! Whom to reach first in the market: parts of its shoppers by what one of them is expected to be worth, or, where a
//! marketplace keeps its shoppers to itself, areas by what they are expected to order.

use serde::Serialize;

use super::metric::Metric;
use crate::Said;
use domain::Figure;

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// Segments of known shoppers.
    Segments,
    /// Areas of orders of which none says who bought.
    Areas,
}

/// A part of the market.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReachRow {
    /// Key of the segment, or the area.
    pub key: String,
    /// What to call an area; empty for a segment, which has its words.
    pub label: String,
    /// Shoppers, or orders of the area.
    pub size: Figure,
    /// Those of them who agreed to marketing, where that was asked of anybody in the market.
    pub contactable: Option<Figure>,
    /// Those of them on the list of whom to address first.
    pub listed: Option<Figure>,
    /// What one shopper is expected to be worth, with its 90 % interval; of an area what it is expected to order in 90 days,
    /// with its 95 % interval.
    pub value: Figure,
    /// Value of an order of an area.
    pub order_value: Option<Figure>,
    /// Later half of the months over the earlier one, of an area.
    pub growth: Option<Figure>,
}

/// Whom to reach first, best first, and how sure that is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reach {
    /// What the rows are.
    pub whom: Whom,
    /// Parts with enough behind them first, by the lower end of what they are worth.
    pub rows: Vec<ReachRow>,
    /// What the market's persona is called, where there is one.
    pub persona: Option<Said>,
    /// On what the values rest.
    pub basis: Option<Said>,
    /// What is not sure, or lost because nobody is known.
    pub open: Vec<Said>,
}

impl Reach {
    /// The metrics of a row's size and value.
    pub(crate) const fn metrics(&self) -> (Metric, Metric) {
        match self.whom {
            Whom::Segments => (Metric::ReachShoppers, Metric::ReachValue),
            Whom::Areas => (Metric::ReachOrders, Metric::ReachAhead),
        }
    }
}
