//! What to offer and to bundle in a market, as the page and the JSON print it.

use crate::Said;
use domain::{Figure, Window};
use serde::Serialize;

/// What kind of offer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferKind {
    /// Cheaper for some days.
    Limited,
    /// Cheaper together.
    Bundle,
    /// Cheaper from a sum on.
    Threshold,
    /// Cheaper with a code.
    Code,
    /// Announced by the seller.
    Own,
}

impl OfferKind {
    /// The kind of a row of `marts.promotions`.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "limited" => Self::Limited,
            "bundle" => Self::Bundle,
            "threshold" => Self::Threshold,
            "code" => Self::Code,
            "own" => Self::Own,
            _ => return None,
        })
    }
}

/// What is advised of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Advised {
    /// It is known to pay.
    Pays,
    /// Nobody can tell: a test would.
    Test,
    /// An offer of the seller's own that keeps every floor.
    Fine,
    /// An offer of the seller's own that does not, or that the law forbids.
    Refused,
}

impl Advised {
    /// The verdict of a row of `marts.promotions`; `None` for what is not advised.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "pays" => Self::Pays,
            "test" => Self::Test,
            "fine" => Self::Fine,
            "refused" => Self::Refused,
            _ => return None,
        })
    }
}

/// One offer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfferRow {
    /// Its name in `marts.promotions`.
    pub offer: String,
    /// Its kind.
    pub kind: OfferKind,
    /// What is advised.
    pub advised: Advised,
    /// Names of the products, at most three.
    pub products: Vec<String>,
    /// Products that it is for.
    pub n_products: usize,
    /// Its days.
    pub days: Option<Window>,
    /// The day of the calendar that it is for.
    pub occasion: Option<Said>,
    /// Promoted price of a unit or of the whole bundle.
    pub price: Option<Figure>,
    /// What it comes off.
    pub list: Option<Figure>,
    /// The price that has to be shown as the one before.
    pub prior: Option<Figure>,
    /// Margin that it adds.
    pub added: Option<Figure>,
    /// What it may be combined with.
    pub stacking: Said,
    /// Why.
    pub why: Said,
}
