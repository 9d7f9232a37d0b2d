//! The table clean.shoppers, and the tally of orders that its markets and days come from.

use crate::columns::{batch, bool_array, clean_table, day_array, must_ints, must_texts, text_array};
use crate::survey::Surveyed;
use arrow_array::RecordBatch;
use domain::{Day, Language, Market};

/// What customer records say about a shopper: the latest known value of each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CustomerRecord {
    pub(crate) market: Option<Market>,
    /// Region and city, by number in the survey's places.
    pub(crate) region: Option<u32>,
    pub(crate) city: Option<u32>,
    pub(crate) language: Option<Language>,
    pub(crate) accepts_marketing: Option<bool>,
}

impl CustomerRecord {
    /// Takes over what a later record knows.
    pub(crate) fn update(&mut self, later: Self) {
        self.market = later.market.or(self.market);
        // An address is one thing: a city of one record never stands beside the region of another.
        if later.region.or(later.city).is_some() {
            (self.region, self.city) = (later.region, later.city);
        }
        self.language = later.language.or(self.language);
        self.accepts_marketing = later.accepts_marketing.or(self.accepts_marketing);
    }
}

/// Orders of shoppers by market. Tallies of parts of the data are put together by
/// [`ShopperTally::merge`] in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShopperTally(Vec<Orders>);

/// A shopper's orders in one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Orders {
    pub(crate) shopper: u32,
    pub(crate) market: Market,
    /// Orders that sold something.
    pub(crate) sales: u32,
    /// Orders of any kind, returns too.
    pub(crate) any: u32,
    /// Time of the latest, microseconds.
    pub(crate) last_at: i64,
    /// Days of the first and the last sale.
    pub(crate) days: Option<(Day, Day)>,
}

impl ShopperTally {
    /// Adds the tally of another part.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn push(&mut self, orders: Orders) {
        self.0.push(orders);
    }

    /// By shopper and market, each once.
    fn combined(&self) -> Vec<Orders> {
        let mut all = self.0.clone();
        all.sort_unstable();
        let mut combined: Vec<Orders> = Vec::new();
        for o in all {
            match combined.last_mut() {
                Some(c) if (c.shopper, c.market) == (o.shopper, o.market) => {
                    c.sales += o.sales;
                    c.any += o.any;
                    c.last_at = c.last_at.max(o.last_at);
                    c.days = match (c.days, o.days) {
                        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                        (a, b) => a.or(b),
                    };
                }
                _ => combined.push(o),
            }
        }
        combined
    }
}

/// The table clean.shoppers, by shopper.
pub(crate) fn shoppers(surveyed: &Surveyed, tally: &ShopperTally) -> RecordBatch {
    let identity = &surveyed.identity;
    let n = identity.n_shoppers();
    let mut market: Vec<Option<(u32, u32, i64, Market)>> = vec![None; n];
    let mut days: Vec<Option<(Day, Day)>> = vec![None; n];
    for o in tally.combined() {
        let at = o.shopper as usize;
        // Most sales, then most orders of any kind, then the latest.
        market[at] = market[at].max(Some((o.sales, o.any, o.last_at, o.market)));
        days[at] = match (days[at], o.days) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by_key(|&s| identity.name_of(s));
    let at = |s: &u32| *s as usize;
    let record = |s: &u32| surveyed.records[*s as usize];
    batch(
        clean_table("shoppers"),
        vec![
            must_texts(order.iter().map(|&s| identity.name_of(s))),
            must_texts(order.iter().map(|s| {
                let market = market[at(s)].map(|m| m.3).or(record(s).market).unwrap_or(Market::UNKNOWN);
                market.code().to_owned()
            })),
            text_array(order.iter().map(|s| record(s).market.map(|m| m.code().to_owned()))),
            text_array(order.iter().map(|s| record(s).region.map(|r| surveyed.places.get(r)))),
            text_array(order.iter().map(|s| record(s).city.map(|c| surveyed.places.get(c)))),
            text_array(order.iter().map(|s| record(s).language.map(|l| l.code().to_owned()))),
            bool_array(order.iter().map(|s| record(s).accepts_marketing)),
            day_array(order.iter().map(|s| days[at(s)].map(|d| d.0.0))),
            day_array(order.iter().map(|s| days[at(s)].map(|d| d.1.0))),
            must_ints(order.iter().map(|&s| i64::from(identity.n_keys(s)))),
        ],
    )
}
