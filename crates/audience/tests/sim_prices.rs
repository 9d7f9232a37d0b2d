//! Is the order in which markets mind prices found in their orders? Six markets of a simulated merchant, each with its own planted
//! coefficient; what it is, is only looked at to judge. Coefficients of neighbouring markets lie 0.2 apart and an estimate's standard
//! error is 0.1 to 0.4, so that neighbours cannot be told: only pairs that lie [`APART`] apart must all be in order.

use audience::price::grid::Sale;
use audience::price::hidden::HiddenParams;
use audience::price::response::{beside, market as respond};
use domain::{Day, Seed};
use learn::shrinkage::Estimate;
use sim::{Book, Merchant, SimParams};
use std::collections::BTreeSet;

/// Coefficients that differ by this much are told apart.
const APART: f64 = 0.5;

/// Product lines of a market, without those of products that are left out.
fn sales(book: &Book, without: &BTreeSet<u16>) -> Vec<Sale> {
    let minor = 10_f64.powi(book.profile.currency.exponent() as i32);
    let mut all = Vec::new();
    for order in &book.orders {
        let day = Day(order.at.div_euclid(86_400) as i32);
        for line in book.lines_of(order).iter().filter(|line| !without.contains(&line.product)) {
            let list = line.unit_price as f64 / minor;
            let paid = list - line.discount as f64 / minor / f64::from(line.quantity);
            if list > 0.0 && paid > 0.0 {
                let (product, units) = (u32::from(line.product), line.quantity.unsigned_abs());
                all.push(Sale { product, day, segment: 0, units, list, paid });
            }
        }
    }
    all
}

/// Products that are bought for another one's sake, whatever they cost.
fn complements(merchant: &Merchant) -> BTreeSet<u16> {
    let products = &merchant.catalogue.products;
    let wanted: BTreeSet<&str> = products.iter().map(|p| p.spec().complement).filter(|c| !c.is_empty()).collect();
    (0..products.len() as u16).filter(|i| wanted.contains(products[usize::from(*i)].spec().name)).collect()
}

/// Of every two markets: how far apart the planted coefficients lie, and whether the found ones are in the same order.
fn pairs(seed: u64) -> Vec<(f64, bool)> {
    let merchant = Merchant::generate(&SimParams::at(1.0, Seed(seed))).unwrap();
    let without = complements(&merchant);
    let own = |book: &Book| {
        let fit = respond(&sales(book, &without), &HiddenParams::default()).ok();
        let n = fit.as_ref().map_or(0, |fit| fit.n_lines());
        (fit.map(|fit| Estimate { value: fit.elasticity(), se: fit.se() }), n)
    };
    let shown = beside(&merchant.books.iter().map(own).collect::<Vec<_>>());
    let planted = merchant.books.iter().map(|book| book.params.price_coefficient);
    let both: Vec<(f64, f64)> = planted.zip(shown.iter().map(|s| s.figure.as_f64().unwrap())).collect();
    let ordered = |(i, a): (usize, &(f64, f64))| {
        both[i + 1..].iter().map(|b| ((a.0 - b.0).abs(), (a.0 - b.0) * (a.1 - b.1) > 0.0)).collect::<Vec<_>>()
    };
    both.iter().enumerate().flat_map(ordered).collect()
}

#[test]
fn the_planted_order_of_price_sensitivity_is_found_where_markets_differ_by_half() {
    let all: Vec<(f64, bool)> = [11, 12].into_iter().flat_map(pairs).collect();
    let right = |pairs: &[(f64, bool)]| pairs.iter().filter(|pair| pair.1).count();
    let apart: Vec<(f64, bool)> = all.iter().copied().filter(|pair| pair.0 > APART).collect();
    assert_eq!((apart.len(), all.len()), (16, 30));
    assert_eq!(right(&apart), 16, "of those that lie apart; of all 30 {}", right(&all));
    assert!(right(&all) >= 20, "{} of all 30", right(&all));
}
