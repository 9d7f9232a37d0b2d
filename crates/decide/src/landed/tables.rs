//! What states and channels take: consumption tax, low-value schemes, duty rates, fees. All dated, each with its source.
//!
//! Look-ups: the tax row with the latest `from` not after the day; the low-value scheme with the smallest threshold that
//! holds; the duty row with the longest prefix of the HS code, of those a row for the origin before one for all, then the
//! latest. A scheme's threshold is compared with the price without tax (see the module above).

use crate::own_file::Confidence;
use domain::{Day, Decimal, Market, Money};
use serde::{Deserialize, Serialize};

/// What a duty rate is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomsBase {
    /// Goods, freight and insurance to the border.
    Cif,
    /// Goods alone.
    Fob,
}

/// Where a number of a table comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The row's name.
    pub id: String,
    /// First day.
    pub from: Day,
    /// Its source note.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Consumption tax of a market from a day on.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketTax {
    /// Markets.
    pub markets: Vec<Market>,
    /// Share of the price without tax; 0 where tax comes on top at the till and is not the seller's.
    pub rate: Decimal,
    /// What duties are taken of.
    pub customs: CustomsBase,
    /// Where it comes from.
    pub cite: Citation,
}

/// Duty within a low-value scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemeDuty {
    /// None.
    Free,
    /// The usual rate.
    Usual,
    /// An amount an item.
    Flat(Money),
    /// A share of the customs value.
    Share(Decimal),
}

/// Tax within a low-value scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemeTax {
    /// The seller or the marketplace collects it at the sale.
    AtSale,
    /// It is paid at the border.
    AtImport,
    /// None.
    Free,
}

/// What holds for parcels of small value.
#[derive(Clone, Debug, PartialEq)]
pub struct LowValue {
    /// Markets.
    pub markets: Vec<Market>,
    /// Only for goods made there; empty for all.
    pub origins: Vec<Market>,
    /// Not for goods made there.
    pub not_origins: Vec<Market>,
    /// Largest value.
    pub threshold: Money,
    /// Duty.
    pub duty: SchemeDuty,
    /// Tax.
    pub tax: SchemeTax,
    /// First day after; `None` while it holds.
    pub until: Option<Day>,
    /// Where it comes from.
    pub cite: Citation,
}

/// A duty rate.
#[derive(Clone, Debug, PartialEq)]
pub struct DutyRate {
    /// Markets.
    pub markets: Vec<Market>,
    /// Beginning of the HS code, digits; empty for all goods.
    pub hs: String,
    /// Only for goods made there; empty for all.
    pub origins: Vec<Market>,
    /// Share of the customs value.
    pub rate: Decimal,
    /// First day after; `None` while it holds.
    pub until: Option<Day>,
    /// Where it comes from.
    pub cite: Citation,
}

/// What a sales channel and its payments take.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Name: `amazon`, `own_shop`.
    pub name: String,
    /// Markets; empty for all.
    pub markets: Vec<Market>,
    /// Share of the price that the marketplace takes.
    pub fee: Decimal,
    /// Least fee an order, in any currency.
    pub fee_least: Option<Money>,
    /// Fixed fee an order.
    pub fee_fixed: Option<Money>,
    /// Share of the price for the payment.
    pub payment: Decimal,
    /// Fixed amount a payment.
    pub payment_fixed: Option<Money>,
    /// Share of the price for other things: advertising, affiliates.
    pub other: Decimal,
    /// Share of orders that come back.
    pub return_rate: Decimal,
    /// Share of the goods' cost lost with each that comes back.
    pub return_loss: Decimal,
    /// Carrying and handling one that comes back.
    pub return_leg: Option<Money>,
    /// Where it comes from.
    pub cite: Citation,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CostTables {
    /// Consumption taxes.
    pub taxes: Vec<MarketTax>,
    /// Low-value schemes.
    pub low_value: Vec<LowValue>,
    /// Duty rates.
    pub duties: Vec<DutyRate>,
    /// Channels.
    pub channels: Vec<Channel>,
}

fn holds(cite: &Citation, until: Option<Day>, day: Day) -> bool {
    cite.from <= day && until.is_none_or(|end| day < end)
}

impl CostTables {
    /// Consumption tax of a market on a day; of several rows the one that began last.
    pub fn tax(&self, market: Market, day: Day) -> Option<&MarketTax> {
        let rows = self.taxes.iter().filter(|t| t.markets.contains(&market) && t.cite.from <= day);
        rows.max_by_key(|t| t.cite.from)
    }

    /// Low-value schemes that hold on a day for goods of an origin.
    pub fn schemes(&self, market: Market, origin: Market, day: Day) -> impl Iterator<Item = &LowValue> {
        self.low_value.iter().filter(move |s| {
            let origin_fits = (s.origins.is_empty() || s.origins.contains(&origin)) && !s.not_origins.contains(&origin);
            s.markets.contains(&market) && origin_fits && holds(&s.cite, s.until, day)
        })
    }

    /// Duty rate: longest prefix, then a row for the origin, then the latest.
    pub fn duty(&self, market: Market, hs: &str, origin: Market, day: Day) -> Option<&DutyRate> {
        let rows = self.duties.iter().filter(|d| {
            d.markets.contains(&market)
                && hs.starts_with(d.hs.as_str())
                && (d.origins.is_empty() || d.origins.contains(&origin))
                && holds(&d.cite, d.until, day)
        });
        rows.max_by_key(|d| (d.hs.len(), !d.origins.is_empty(), d.cite.from))
    }

    /// The channel of that name that serves the market: a row for the market before one for all.
    pub fn channel(&self, name: &str, market: Market, day: Day) -> Option<&Channel> {
        let rows = self
            .channels
            .iter()
            .filter(|c| c.name == name && c.cite.from <= day && (c.markets.is_empty() || c.markets.contains(&market)));
        rows.max_by_key(|c| (!c.markets.is_empty(), c.cite.from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn market(code: &str) -> Market {
        code.parse().unwrap()
    }

    fn duty(hs: &str, origins: &[&str], rate: i64, from: &str) -> DutyRate {
        let cite = Citation {
            id: format!("{hs}-{rate}"),
            from: day(from),
            source: String::new(),
            confidence: Confidence::Stated,
        };
        let origins = origins.iter().map(|o| market(o)).collect();
        DutyRate { markets: vec![market("US")], hs: hs.into(), origins, rate: Decimal::new(rate, 2), until: None, cite }
    }

    #[test]
    fn the_longest_prefix_wins_then_the_origin_then_the_day() {
        let duties = vec![
            duty("", &[], 5, "2020-01-01"),
            duty("8516", &[], 3, "2020-01-01"),
            duty("8516", &["CN"], 25, "2020-01-01"),
            duty("8516", &["CN"], 30, "2025-01-01"),
            duty("851631", &[], 4, "2020-01-01"),
        ];
        let tables = CostTables { duties, ..CostTables::default() };
        let rate = |hs: &str, origin: &str, on: &str| {
            tables.duty(market("US"), hs, market(origin), day(on)).map(|d| d.rate * Decimal::ONE_HUNDRED)
        };
        assert_eq!(rate("610910", "CN", "2026-01-01"), Some(Decimal::from(5)));
        assert_eq!(rate("851660", "VN", "2026-01-01"), Some(Decimal::from(3)));
        assert_eq!(rate("851660", "CN", "2024-12-31"), Some(Decimal::from(25)));
        assert_eq!(rate("851660", "CN", "2025-01-01"), Some(Decimal::from(30)));
        assert_eq!(rate("851631", "CN", "2026-01-01"), Some(Decimal::from(4)));
        assert_eq!(rate("851631", "CN", "2019-12-31"), None);
    }
}
