//! What a persona is made from: results of this crate for one market or segment, each group with the query behind it.

use crate::loyalty::LoyaltyIndex;
use crate::needs::agreement::Agreement;
use crate::needs::aspects::AspectHistory;
use crate::needs::quotes::Quote;
use crate::needs::rank::Needs;
use crate::usage::Usage;
use crate::{Segment, levers::FoundLever};
use domain::{Figure, Market};
use std::collections::BTreeMap;

/// A group of facts that one query gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Revenue, orders, baskets, repeat, returns.
    Profile,
    /// Age, sex, income of the records.
    People,
    /// Places.
    Places,
    /// Languages of texts and records.
    Languages,
    /// Channel, payment, delivery, hour, weekday.
    Usage,
    /// Deals and response to price.
    Price,
    /// Coming back and buying again.
    Timing,
    /// Categories, brands, things bought together and next.
    Interests,
    /// Reviews, questions, searches, returns.
    Voices,
    /// Satisfaction and loyalty.
    Loyalty,
    /// What goes with coming back.
    Levers,
    /// Concerns in one vocabulary over all languages.
    Concerns,
}

/// What people are counted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Shoppers.
    #[default]
    Shoppers,
    /// Orders, where a marketplace says of none who bought: a floor of orders guards a shopper as well as one of shoppers,
    /// as nobody has given more orders than there are.
    Orders,
}

impl Counted {
    /// The word: English, Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Shoppers => ("shoppers", "位顾客"),
            Self::Orders => ("orders", "笔订单"),
        }
    }
}

/// A value with how many shoppers and order lines have it, here and at home.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// The value as it is shown: a region, a category, a brand.
    pub name: String,
    /// The same in Chinese where there is a word for it.
    pub name_zh: Option<String>,
    /// Shoppers (orders, where nobody is known) that have it.
    pub n_shoppers: u64,
    /// Things counted: shoppers, lines or texts, as its list says.
    pub n: u64,
    /// The same count at home and all things there; `None` without home.
    pub at_home: Option<(u64, u64)>,
}

/// What records say of who the shoppers are: their ages, say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// `age`, `sex` or `income`.
    pub of: String,
    /// Shoppers of whom it is known.
    pub known: u64,
    /// Values with their shoppers, most first; those of too few shoppers are in none of them.
    pub values: Vec<(String, u64)>,
}

/// Something bought with or after something else.
#[derive(Clone, Debug, PartialEq)]
pub struct Together {
    /// Bought first, or together with the other.
    pub first: String,
    /// The other.
    pub second: String,
    /// How sure: `next.share` or a confidence.
    pub share: Figure,
    /// How much more often than usual.
    pub lift: f64,
    /// Median days between; `None` for one basket.
    pub days: Option<Figure>,
}

/// A concern that is told alike in every language.
#[derive(Clone, Debug, PartialEq)]
pub struct Concern {
    /// English, Chinese.
    pub words: (String, String),
    /// Whether it belongs to the psychology of buying abroad (trust, security, satisfaction), of which the page says too where
    /// nothing is known.
    pub psychology: bool,
    /// Over time and beside home; `None` where nobody speaks of it.
    pub history: Option<AspectHistory>,
    /// Evidence, of several languages where there are.
    pub quotes: Vec<Quote>,
}

/// Everything known of one market, or one segment in it. A list or figure that is missing is named on the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// What is counted, here and in [`Shared::n_shoppers`].
    pub counted: Counted,
    /// How many, for the privacy floor.
    pub n_shoppers: u64,
    /// Figures of [`crate::market_profile`], keys ending in `basket_value`, `repeat_rate` and so on.
    pub profile: Vec<Figure>,
    /// The same of home.
    pub home_profile: Vec<Figure>,
    /// What records say of who they are.
    pub people: Vec<People>,
    /// Shoppers by region, most first.
    pub places: Vec<Shared>,
    /// Texts by language, most first.
    pub languages: Vec<Shared>,
    /// Habits.
    pub usage: Option<Usage>,
    /// Share bought on a deal; the same at home.
    pub deal_share: Option<(Figure, Option<f64>)>,
    /// Response to price; the same of home.
    pub sensitivity: Option<(Figure, Option<Figure>)>,
    /// Share with a second order within a year or so; median days; days when a reminder is due.
    pub returned: Option<Figure>,
    /// Median days of those who return.
    pub due_days: Option<Figure>,
    /// Quartiles of these days.
    pub due_window: Option<(f64, f64)>,
    /// Lines by category, most first.
    pub categories: Vec<Shared>,
    /// Lines by brand, most first.
    pub brands: Vec<Shared>,
    /// What goes together or comes next, strongest first.
    pub together: Vec<Together>,
    /// Needs and motives.
    pub needs: Option<Needs>,
    /// Aspects over time.
    pub aspects: Vec<AspectHistory>,
    /// Concerns in one vocabulary over all languages, in the order in which they are told.
    pub concerns: Vec<Concern>,
    /// How far the languages agree on them; `None` with fewer than two languages of enough texts.
    pub agreement: Option<Agreement>,
    /// Satisfaction and loyalty.
    pub loyalty: Option<LoyaltyIndex>,
    /// Levers, ranked.
    pub levers: Vec<FoundLever>,
    /// The query behind each group.
    pub queries: BTreeMap<Group, String>,
}

/// Whose persona it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Whose {
    /// The market.
    pub market: Market,
    /// A segment of it; `None` for all of its shoppers.
    pub segment: Option<Segment>,
}
