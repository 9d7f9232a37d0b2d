//! What is planted can be found: distances, bundles, seasons, promotions, the bad lot, moods.

use domain::{Market, Seed};
use sim::{Book, Merchant, SimParams, Truth};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// One merchant for all tests of this file.
fn merchant() -> &'static Merchant {
    static MERCHANT: OnceLock<Merchant> = OnceLock::new();
    MERCHANT.get_or_init(|| Merchant::generate(&SimParams::at(0.5, Seed(11))).unwrap())
}

fn book(code: &[u8; 2]) -> &'static Book {
    merchant().book(Market::from_code(*code).unwrap()).unwrap()
}

/// Share of each type among the lines of a market.
fn type_shares(book: &Book) -> Vec<f64> {
    let mut counts = vec![0.0; sim::catalogue::TYPES.len()];
    for line in &book.lines {
        counts[merchant().catalogue.products[usize::from(line.product)].kind] += 1.0;
    }
    counts.iter().map(|c| c / book.lines.len() as f64).collect()
}

/// Half the sum of absolute differences: 0 for equal shares, 1 for disjoint ones.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).sum::<f64>() / 2.0
}

#[test]
fn scale_one_is_about_fifty_thousand_orders_in_the_stated_shares() {
    let n = merchant().n_orders() as f64;
    assert!((n / 25_000.0 - 1.0).abs() < 0.1, "{n} orders at scale 0.5");
    let home = book(b"CN").orders.len() as f64 / n;
    assert!((home - 0.46).abs() < 0.06, "{home} of the orders at home");
}

#[test]
fn a_fiftieth_of_it_still_has_every_market() {
    let small = Merchant::generate(&SimParams::at(0.02, Seed(3))).unwrap();
    for book in &small.books {
        assert!(book.orders.len() > 20, "{} has {} orders", book.profile.market, book.orders.len());
        assert!(book.shoppers.len() > 5);
        assert!(book.orders.iter().all(|o| o.n_lines > 0));
    }
}

#[test] // Distances asked for: VN 0.1 < TH 0.3 < DE 0.5 < SA 1.2. US and DE are too near to be told apart.
fn markets_buy_the_less_like_home_the_further_away_they_are() {
    let home = type_shares(book(b"CN"));
    let distances = [b"VN", b"TH", b"DE", b"SA"].map(|code| apart(&home, &type_shares(book(code))));
    assert!(distances.is_sorted(), "{distances:?}");
    assert!(distances[3] > 2.0 * distances[0], "{distances:?}");
    let truth = Truth::of(merchant());
    let drawn: Vec<f64> = truth.markets.iter().map(|m| m.utility_correlation_with_home).collect();
    assert_eq!(drawn[0], 1.0);
    assert!(drawn[5] < 0.3, "Saudi Arabia is to be misleading: {drawn:?}");
}

#[test]
fn bundles_are_bought_together_more_often_than_by_chance() {
    let book = book(b"CN");
    let (mut n_of, mut together) = (BTreeMap::new(), BTreeMap::new());
    for order in &book.orders {
        let products: Vec<u16> = book.lines_of(order).iter().map(|l| l.product).collect();
        for &a in &products {
            *n_of.entry(a).or_insert(0.0) += 1.0;
            for &b in products.iter().filter(|b| **b != a) {
                *together.entry((a, b)).or_insert(0.0) += 1.0;
            }
        }
    }
    let n = book.orders.len() as f64;
    let lift = |a: u16, b: u16| together.get(&(a, b)).unwrap_or(&0.0) * n / (n_of[&a] * n_of[&b]);
    let mut lifts = Vec::new();
    for (a, product) in merchant().catalogue.products.iter().enumerate() {
        if let Some(b) = product.partner {
            let a = a as u16;
            if n_of.get(&a).unwrap_or(&0.0) > &40.0 && n_of.contains_key(&b) {
                lifts.push(lift(a, b));
            }
        }
    }
    lifts.sort_by(f64::total_cmp);
    assert!(lifts.len() > 10, "{} pairs", lifts.len());
    assert!(lifts[lifts.len() / 10] > 1.0, "nine pairs of ten have a lift above 1: {lifts:?}");
    assert!(lifts[lifts.len() / 2] > 3.0, "{lifts:?}");
}

#[test]
fn fans_sell_in_summer_and_heaters_in_winter() {
    let book = book(b"DE");
    let mut counts = BTreeMap::new();
    for order in &book.orders {
        let month = domain::Day::of_micros(order.at * 1_000_000).year_month().1;
        for line in book.lines_of(order) {
            let name = merchant().catalogue.products[usize::from(line.product)].spec().name;
            let season = match month {
                6..=8 => "summer",
                12 | 1 | 2 => "winter",
                _ => continue,
            };
            *counts.entry((name, season)).or_insert(0) += 1;
        }
    }
    let n = |name, season| counts.get(&(name, season)).copied().unwrap_or(0);
    assert!(n("fan", "summer") > 2 * n("fan", "winter"), "{counts:?}");
    assert!(n("heater", "winter") > 2 * n("heater", "summer"), "{counts:?}");
}

#[test] // 25 % off at a coefficient of 2.2 multiplies demand by about 0.75^−2.2 = 1.9.
fn what_is_reduced_on_singles_day_sells_better() {
    let book = book(b"CN");
    let week = ("2025-11-11".parse::<domain::Day>().unwrap().since(merchant().params.from) / 7) as usize;
    let first = i64::from(merchant().params.from.0 + 7 * week as i32) * 86_400;
    let (mut reduced, mut full) = (0.0, 0.0);
    for order in book.orders.iter().filter(|o| (first..first + 7 * 86_400).contains(&o.at)) {
        for line in book.lines_of(order) {
            if line.discount > 0 { reduced += 1.0 } else { full += 1.0 }
        }
    }
    let n_reduced = (0..240).filter(|j| book.prices.reduction(week, *j) > 0).count() as f64;
    let ratio = (reduced / n_reduced) / (full / (240.0 - n_reduced));
    assert!(reduced + full > 100.0 && ratio > 1.2, "{reduced} and {full} lines, ratio {ratio}");
}

#[test] // Festivals move the whole week, so the shares of the weekdays outside of them follow the stated factors.
fn sundays_sell_more_than_tuesdays() {
    let book = book(b"CN");
    let festivals: Vec<_> = (2024..=2025).flat_map(|year| sim::world::festivals(book.profile.market, year)).collect();
    let mut counts = [0.0; 7];
    for order in &book.orders {
        // Evenings in China are still the same day in UTC; days are those of the market.
        let day = domain::Day::of_micros((order.at + i64::from(book.profile.utc_offset) * 60) * 1_000_000);
        if festivals.iter().all(|f| day < f.from || day >= f.from.plus(f.days)) {
            counts[(day.0 + 3).rem_euclid(7) as usize] += 1.0;
        }
    }
    // 1.2 against 0.9; orders after midnight belong to the evening before, which blurs it a little.
    let ratio = counts[6] / counts[1];
    assert!((1.2..1.45).contains(&ratio), "{counts:?}");
}

#[test]
fn the_bad_lot_comes_back() {
    let lot = Truth::of(merchant()).bad_lot;
    assert!(lot.lines > 10, "{lot:?}");
    assert!(lot.defects as f64 > 0.25 * lot.lines as f64, "{lot:?}");
    assert!(lot.returned as f64 > 0.15 * lot.lines as f64, "{lot:?}");
    let lines: Vec<_> = merchant().books.iter().flat_map(|b| &b.lines).collect();
    let usual = lines.iter().filter(|l| l.returned > 0).count() as f64 / lines.len() as f64;
    assert!((0.01..0.08).contains(&usual), "{usual} of all lines come back");
}

#[test]
fn stars_and_sentences_follow_satisfaction() {
    let book = book(b"DE");
    let (mut happy, mut unhappy) = ((0.0, 0.0), (0.0, 0.0));
    let mut quiet = 0;
    for review in sim::trade::reviews(&merchant().params, &merchant().catalogue.products, book) {
        let line = &book.lines[review.line as usize];
        let side = if line.satisfaction > 0.0 { &mut happy } else { &mut unhappy };
        side.0 += f64::from(review.stars);
        side.1 += 1.0;
        assert!((1..=5).contains(&review.stars) && !review.text.contains("{p}"));
        let product = &merchant().catalogue.products[usize::from(line.product)];
        if review.text.contains("Angenehm leise") {
            quiet += 1;
            assert!(product.quietness > 0.0, "a loud product is not praised for its quietness");
        }
    }
    assert!(quiet > 5);
    assert!(happy.0 / happy.1 > unhappy.0 / unhappy.1 + 1.0);
}

#[test]
fn advertising_brings_the_share_of_shoppers_that_its_curve_says() {
    let book = book(b"CN");
    let brought = book.shoppers.iter().filter(|s| s.source > 0).count() as f64 / book.shoppers.len() as f64;
    let lifts: Vec<f64> = book.ads.lift.iter().map(|l| l.iter().sum()).collect();
    let mean = lifts.iter().map(|l| l / (1.0 + l)).sum::<f64>() / lifts.len() as f64;
    // Arrivals weigh the days by demand, so the plain mean over days is near, not equal.
    assert!((brought - mean).abs() < 0.05, "{brought} against {mean}");
}
