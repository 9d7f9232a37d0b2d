//! Usage habits: by which channel, payment, delivery, hour and weekday a market buys, and where it differs from home.
//!
//! A share is the orders with a value over the orders whose value is known, with Wilson's interval; orders without it are
//! counted apart and never shared out. Against home: the two-sided test of two shares, q-values by Benjamini and Hochberg over
//! all values of all dimensions of the market. Orders of one shopper are taken as independent, so a shopper with very many
//! narrows the interval too much. Cost: linear in the orders.

use crate::figures::share;
use domain::{Figure, Market};
use learn::multiple_tests::benjamini_hochberg;
use learn::two_by_two::two_shares;
use std::collections::BTreeMap;

/// What a habit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Sales channel.
    Channel,
    /// Way of paying.
    Payment,
    /// Way of delivery.
    Delivery,
    /// Four-hour band of local time: `20-24`.
    Hour,
    /// Weekday, `1` is Monday.
    Weekday,
}

/// One order as far as habits go; empty where a value is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderHabit {
    /// Market of the order.
    pub market: Market,
    /// Sales channel.
    pub channel: Option<String>,
    /// Way of paying.
    pub payment: Option<String>,
    /// Way of delivery.
    pub delivery: Option<String>,
    /// Hour of local time, 0 to 23.
    pub hour: Option<u8>,
    /// Weekday of local time, 1 is Monday.
    pub weekday: Option<u8>,
}

/// A value of a dimension in a market.
#[derive(Clone, Debug, PartialEq)]
pub struct Preference {
    /// What it is about.
    pub dimension: Dimension,
    /// The value: `web`, `20-24`, `7`.
    pub value: String,
    /// Share of the orders whose value is known. Key `usage.<dimension>`.
    pub share: Figure,
    /// The same share at home; `None` where home knows none, or the market is home.
    pub at_home: Option<f64>,
    /// Share of chance findings expected among differences no less clear; NaN without home.
    pub q_value: f64,
}

/// Habits of one market.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// The market.
    pub market: Market,
    /// Values by dimension, the most frequent first.
    pub preferences: Vec<Preference>,
    /// Orders whose value is not known, by dimension.
    pub unknown: BTreeMap<Dimension, u64>,
    /// Orders.
    pub n_orders: u64,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Channel, Self::Payment, Self::Delivery, Self::Hour, Self::Weekday];

    /// Key, as in figures.
    pub fn key(self) -> &'static str {
        self.words().0
    }

    /// English and Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Channel => ("channel", "渠道"),
            Self::Payment => ("payment", "支付方式"),
            Self::Delivery => ("delivery", "配送方式"),
            Self::Hour => ("hour", "时段"),
            Self::Weekday => ("weekday", "星期"),
        }
    }

    fn of(self, order: &OrderHabit) -> Option<String> {
        let text = |t: &Option<String>| t.clone().filter(|t| !t.trim().is_empty());
        match self {
            Self::Channel => text(&order.channel),
            Self::Payment => text(&order.payment),
            Self::Delivery => text(&order.delivery),
            Self::Hour => order.hour.filter(|h| *h < 24).map(|h| format!("{:02}-{:02}", h / 4 * 4, h / 4 * 4 + 4)),
            Self::Weekday => order.weekday.filter(|d| (1..=7).contains(d)).map(|d| d.to_string()),
        }
    }
}

/// Habits of every market, in order of its code.
pub fn usage(orders: &[OrderHabit], home: Option<Market>) -> Vec<Usage> {
    type Counts = BTreeMap<(Dimension, String), u64>;
    let mut counts: BTreeMap<Market, (Counts, BTreeMap<Dimension, u64>, u64)> = BTreeMap::new();
    for order in orders {
        let (values, unknown, n) = counts.entry(order.market).or_default();
        *n += 1;
        for dimension in Dimension::ALL {
            match dimension.of(order) {
                Some(value) => *values.entry((dimension, value)).or_default() += 1,
                None => *unknown.entry(dimension).or_default() += 1,
            }
        }
    }
    let known = |market: Market, dimension| {
        let (_, unknown, n) = &counts[&market];
        n - unknown.get(&dimension).copied().unwrap_or(0)
    };
    let at_home = home.filter(|h| counts.contains_key(h));
    let one = |(&market, (values, unknown, n_orders)): (&Market, &(Counts, BTreeMap<Dimension, u64>, u64))| {
        let compare = at_home.filter(|h| *h != market);
        let mut p_values = Vec::new();
        let mut preferences: Vec<Preference> = Vec::new();
        for ((dimension, value), &hits) in values {
            let n = known(market, *dimension);
            let home = compare.map(|h| {
                let there = counts[&h].0.get(&(*dimension, value.clone())).copied().unwrap_or(0);
                (there, known(h, *dimension))
            });
            p_values.push(home.map_or(f64::NAN, |(there, of)| two_shares(hits, n, there, of)));
            let formula =
                format!("orders of this {} / orders whose {0} is known; 95 % Wilson interval", dimension.key());
            preferences.push(Preference {
                dimension: *dimension,
                value: value.clone(),
                share: share(&format!("usage.{}", dimension.key()), hits, n).formula(formula),
                at_home: home.filter(|h| h.1 > 0).map(|(there, of)| there as f64 / of as f64),
                q_value: f64::NAN,
            });
        }
        preferences.iter_mut().zip(benjamini_hochberg(&p_values)).for_each(|(p, q)| p.q_value = q);
        let size = |p: &Preference| p.share.as_f64().unwrap_or(0.0);
        preferences.sort_by(|a, b| {
            a.dimension.cmp(&b.dimension).then(size(b).total_cmp(&size(a))).then_with(|| a.value.cmp(&b.value))
        });
        Usage { market, preferences, unknown: unknown.clone(), n_orders: *n_orders }
    };
    counts.iter().map(one).collect()
}

impl Usage {
    /// The most frequent value of a dimension, where its share is shown.
    pub fn favourite(&self, dimension: Dimension) -> Option<&Preference> {
        self.preferences.iter().find(|p| p.dimension == dimension).filter(|p| p.share.as_f64().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(market: &str, channel: Option<&str>, hour: u8) -> OrderHabit {
        OrderHabit {
            market: market.parse().unwrap(),
            channel: channel.map(str::to_owned),
            payment: None,
            delivery: None,
            hour: Some(hour),
            weekday: None,
        }
    }

    // DE: 30 web, 10 app, 5 unknown: 30 of 40. CN: 10 web of 40. 21 o'clock is the band 20-24.
    #[test]
    fn shares_are_of_the_known_and_differences_are_tested() {
        let mut orders: Vec<OrderHabit> = (0..30).map(|_| order("DE", Some("web"), 21)).collect();
        orders.extend((0..10).map(|_| order("DE", Some("app"), 3)));
        orders.extend((0..5).map(|_| order("DE", Some(" "), 3)));
        orders.extend((0..40).map(|i| order("CN", Some(if i < 10 { "web" } else { "app" }), 21)));
        let all = usage(&orders, Some("CN".parse().unwrap()));
        let de = &all[1];
        let web = de.favourite(Dimension::Channel).unwrap();
        assert_eq!((web.value.as_str(), web.share.as_f64(), web.at_home), ("web", Some(0.75), Some(0.25)));
        assert!(web.q_value < 0.001);
        assert_eq!((de.unknown[&Dimension::Channel], de.unknown[&Dimension::Payment], de.n_orders), (5, 45, 45));
        assert_eq!(de.favourite(Dimension::Hour).unwrap().value, "20-24");
        assert!(de.favourite(Dimension::Payment).is_none());
        assert!(all[0].preferences.iter().all(|p| p.at_home.is_none() && p.q_value.is_nan()));
    }
}
