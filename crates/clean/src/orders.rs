//! The table clean.orders: lines of one order of one system and shopper put together.

use crate::columns::{
    amount_array, batch, clean_table, day_array, instant_array, must_amounts, must_ints, must_texts, shopper_numbers,
    text_array,
};
use crate::counts::Counter;
use crate::hash::{NONE, Texts};
use crate::lines::{Draft, LineKind, OTHER_FILE};
use crate::raw_lines::RawLines;
use crate::rules::Rule;
use crate::rules::text::normalize;
use crate::shoppers::{self, ShopperTally};
use crate::survey::Surveyed;
use arrow_array::RecordBatch;
use domain::{Amount, Currency, Day, Market};

/// Orders of one call, in order of their first lines.
pub(crate) struct Orders<'a>(Vec<Order<'a>>);

struct Order<'a> {
    key: &'a str,
    id: &'a str,
    shopper: u32,
    market: Market,
    /// Region and city as written, of the first line that states one of them.
    address: (Option<&'a str>, Option<&'a str>),
    /// Of the first line that states one.
    postcode_area: Option<&'a str>,
    at: i64,
    currency: Currency,
    n_lines: i64,
    units: i64,
    /// Of those, what came back.
    returned: i64,
    gross: i64,
    services: i64,
    taxes: i64,
    /// In the order's currency: what its lines come to, and what its source says.
    total: i64,
    stated: Option<i64>,
    reversed: i64,
    /// Whether it sold something; whether it took something back.
    sells: bool,
    reverses: bool,
    several_times: bool,
    source: u32,
    line: i64,
}

impl<'a> Orders<'a> {
    /// Puts the lines together. What another file gave already is not counted again.
    pub(crate) fn of(drafts: &[Draft], keys: &'a Texts, raw: &[RawLines<'a>], counter: &mut Counter) -> Self {
        let mut place = vec![NONE; keys.len()];
        let mut orders: Vec<Order<'a>> = Vec::with_capacity(keys.len());
        for d in drafts.iter().filter(|d| d.flags & OTHER_FILE == 0) {
            let at = &mut place[d.order as usize];
            if *at == NONE {
                *at = orders.len() as u32;
                orders.push(Order {
                    key: keys.get(d.order),
                    id: raw[d.batch as usize].order_id.get(d.row as usize).unwrap_or_default(),
                    shopper: d.shopper,
                    market: d.market,
                    address: (None, None),
                    postcode_area: None,
                    at: d.at,
                    currency: d.currency,
                    n_lines: 0,
                    units: 0,
                    returned: 0,
                    gross: 0,
                    services: 0,
                    taxes: 0,
                    total: 0,
                    stated: None,
                    reversed: 0,
                    sells: false,
                    reverses: false,
                    several_times: false,
                    source: d.source,
                    line: d.line,
                });
            }
            let order = &mut orders[*at as usize];
            order.n_lines += 1;
            if order.address == (None, None) {
                let (lines, row) = (&raw[d.batch as usize], d.row as usize);
                order.address = (lines.region.get(row), lines.city.get(row));
            }
            if order.postcode_area.is_none() {
                order.postcode_area = raw[d.batch as usize].postcode_area.get(d.row as usize);
            }
            // A return of weeks later is no second time of the order itself.
            order.several_times |= order.at != d.at && !d.by_status;
            if !d.takes_back {
                order.total += d.amount;
            }
            if order.stated.is_none() {
                let stated = raw[d.batch as usize].order_total.get(d.row as usize);
                order.stated = stated.and_then(|t| i64::try_from(t).ok());
            }
            match d.kind {
                LineKind::Sale => {
                    order.units += d.quantity;
                    order.returned += d.returned;
                    order.gross += d.base;
                    order.sells = true;
                }
                LineKind::Cancellation => {
                    order.reversed += d.base;
                    order.reverses = true;
                }
                LineKind::Service => order.services += d.base,
                LineKind::Tax => order.taxes += d.base,
                LineKind::Adjustment | LineKind::BadDebt | LineKind::Gift => {}
            }
        }
        for order in &orders {
            counter.select(order.source as usize);
            counter.checked(&[Rule::SeveralTimestamps]);
            if order.several_times {
                counter.touch(Rule::SeveralTimestamps, order.line, || format!("order {}", order.id));
            }
            if let Some(stated) = order.stated {
                counter.checked(&[Rule::OrderTotal]);
                if stated != order.total {
                    counter.touch(Rule::OrderTotal, order.line, || {
                        let (total, stated) = (Amount::from_micros(order.total), Amount::from_micros(stated));
                        let currency = order.currency;
                        format!(
                            "order {}: {} is stated and {} {currency} add up",
                            order.id,
                            stated.to_decimal(),
                            total.to_decimal()
                        )
                    });
                }
            }
        }
        Self(orders)
    }

    /// The table clean.orders.
    pub(crate) fn batch(&self, surveyed: &Surveyed) -> RecordBatch {
        let o = &self.0;
        batch(
            clean_table("orders"),
            vec![
                must_texts(o.iter().map(|o| o.key)),
                must_texts(o.iter().map(|o| o.id)),
                text_array(o.iter().map(|o| (o.shopper != NONE).then(|| surveyed.identity.name_of(o.shopper)))),
                must_texts(o.iter().map(|o| o.market.code().to_owned())),
                text_array(o.iter().map(|o| o.address.0.map(normalize))),
                text_array(o.iter().map(|o| o.address.1.map(normalize))),
                text_array(o.iter().map(|o| o.postcode_area)),
                instant_array(o.iter().map(|o| Some(o.at))),
                day_array(o.iter().map(|o| Some(Day::of_micros(o.at).0))),
                must_ints(o.iter().map(|o| o.n_lines)),
                must_ints(o.iter().map(|o| o.units)),
                must_ints(o.iter().map(|o| o.returned)),
                must_texts(o.iter().map(|o| o.currency.code().to_owned())),
                must_amounts(o.iter().map(|o| o.gross)),
                must_amounts(o.iter().map(|o| o.services)),
                must_amounts(o.iter().map(|o| o.taxes)),
                must_amounts(o.iter().map(|o| o.reversed)),
                must_amounts(o.iter().map(|o| o.total)),
                amount_array(o.iter().map(|o| o.stated)),
                must_texts(o.iter().map(|o| match (o.sells, o.reverses) {
                    (true, _) => "sale",
                    (false, true) => "cancellation",
                    (false, false) => "adjustment",
                })),
                shopper_numbers(o.iter().map(|o| o.shopper)),
            ],
        )
    }

    /// Orders by shopper and market.
    pub(crate) fn tally(&self) -> ShopperTally {
        let mut tally = ShopperTally::default();
        for o in self.0.iter().filter(|o| o.shopper != NONE) {
            let day = Day::of_micros(o.at);
            tally.push(shoppers::Orders {
                shopper: o.shopper,
                market: o.market,
                sales: u32::from(o.sells),
                any: 1,
                last_at: o.at,
                days: o.sells.then_some((day, day)),
            });
        }
        tally
    }
}
