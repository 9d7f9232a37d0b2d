//! What the plan's own prices and promotions make of the forecast, as the page and the JSON print it.

use crate::Said;
use domain::Figure;
use serde::Serialize;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedSubject {
    /// All products together.
    Market,
    /// A category, by a series of its own.
    Category,
    /// A product.
    Product,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedRow {
    /// What it is about.
    pub subject: PlannedSubject,
    /// Its name; empty for the market.
    pub name: String,
    /// Units at the prices of now.
    pub now: Figure,
    /// Units at the plan's prices, with its promotions.
    pub units: Figure,
    /// Units that new prices bring.
    pub by_price: Figure,
    /// Units that promotions bring on top.
    pub by_promotion: Figure,
    /// Sales as planned.
    pub sales: Option<Figure>,
    /// Margin as planned, before advertising.
    pub margin: Option<Figure>,
    /// How much moves, and why.
    pub why: Said,
}

impl PlannedSubject {
    /// Kind and name of a subject of `marts.planned`.
    pub fn of(subject: &str) -> Option<(Self, &str)> {
        match subject.split_once(':') {
            None => (subject == "market").then_some((Self::Market, "")),
            Some(("category", name)) => Some((Self::Category, name)),
            Some(("product", id)) => Some((Self::Product, id)),
            Some(_) => None,
        }
    }
}
