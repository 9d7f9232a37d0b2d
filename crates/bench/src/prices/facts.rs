//! What the program would know of each product of a simulated market: the orders, read as it reads them, without their dirt.

use anyhow::{Context, Result};
use decide::price::elasticity::{Basis, ElasticityParams};
use decide::price::panel::Sale;
use domain::{Currency, Day, Money};
use learn::quantile::median;
use learn::shrinkage::Estimate;
use sim::{Book, Merchant};
use std::collections::BTreeMap;

/// Weeks with sales that the present price is the median of, as in the program.
const RECENT: usize = 8;
/// Share of the price that is left after taxes and fees, and margin that a floor asks of it.
pub(super) const KEPT: f64 = 0.82;
const MARGIN: f64 = 0.15;

/// A product that was sold.
pub(super) struct Known {
    pub(super) now: Money,
    pub(super) seen: (Money, Money),
    /// What a unit costs at home, minor units of the market.
    pub(super) goods: f64,
    /// The elasticity to work with, and whether it rests on the product's own weeks or is that of the market's other products.
    pub(super) answer: Option<Estimate>,
    pub(super) own: bool,
}

impl Known {
    /// What is left of a price after what a unit costs, `times` its cost at home.
    pub(super) fn margin(&self, price: f64, times: f64) -> f64 {
        KEPT * price - times * self.goods
    }

    /// The lowest price that leaves the margin, and the one that leaves nothing.
    pub(super) fn floors(&self, times: f64) -> (Money, Money) {
        let money = |minor: f64| Money { minor: (minor.ceil() as i64).max(1), ..self.now };
        let even = times * self.goods / KEPT;
        (money(even / (1.0 - MARGIN)), money(even))
    }
}

/// Products of every market by their rows in the catalogue.
pub(super) fn facts(merchant: &Merchant) -> Result<Vec<BTreeMap<usize, Known>>> {
    let mut sales: Vec<Sale> = Vec::new();
    for (market, book) in merchant.books.iter().enumerate() {
        sales.extend(lines(book, u32::try_from(market)?));
    }
    let answers = ElasticityParams::default().estimate(&sales)?;
    let mut all: Vec<BTreeMap<usize, Known>> = merchant.books.iter().map(|_| BTreeMap::new()).collect();
    let mut prices: BTreeMap<(u32, u32), BTreeMap<i32, Vec<f64>>> = BTreeMap::new();
    for sale in &sales {
        prices
            .entry((sale.market, sale.product))
            .or_default()
            .entry(sale.day.0.div_euclid(7))
            .or_default()
            .push(sale.price);
    }
    for answer in &answers.products {
        let book = &merchant.books[answer.market as usize];
        let weeks: Vec<f64> =
            prices[&(answer.market, answer.product)].values().filter_map(|lines| median(lines)).collect();
        let minor = |x: f64| Money { minor: x.round() as i64, currency: book.profile.currency };
        let now = median(&weeks[weeks.len().saturating_sub(RECENT)..]).context("a price")?;
        let low = weeks.iter().copied().fold(f64::INFINITY, f64::min);
        let high = weeks.iter().copied().fold(0.0, f64::max);
        let known = Known {
            now: minor(now),
            seen: (minor(low), minor(high)),
            goods: merchant.catalogue.products[answer.product as usize].cost as f64 * fen(merchant, book),
            answer: answer.shown,
            own: matches!(answer.basis, Basis::Own | Basis::Drawn),
        };
        all[answer.market as usize].insert(answer.product as usize, known);
    }
    Ok(all)
}

/// Order lines; what was paid for a unit in minor units.
fn lines(book: &Book, market: u32) -> Vec<Sale> {
    let of = |order: &sim::trade::Order| {
        let day = Day(order.at.div_euclid(86_400) as i32);
        let one = move |line: &sim::trade::Line| {
            let units = f64::from(line.quantity);
            Sale {
                product: u32::from(line.product),
                market,
                day,
                units,
                price: line.revenue() as f64 / units,
                promoted: 0.0,
            }
        };
        book.lines_of(order).iter().map(one).collect::<Vec<_>>()
    };
    book.orders.iter().flat_map(of).filter(|s| s.price > 0.0).collect()
}

/// Minor units of the market for one fen, at the rates that prices were set at.
fn fen(merchant: &Merchant, book: &Book) -> f64 {
    let per_euro = |currency| merchant.rates.micros(currency, merchant.params.from).unwrap_or(1_000_000) as f64;
    let exponent = i32::try_from(book.profile.currency.exponent()).unwrap_or(2);
    per_euro(book.profile.currency) / per_euro(Currency::new(*b"CNY")) * 10_f64.powi(exponent) / 100.0
}
