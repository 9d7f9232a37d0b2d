//! Do the 90 % intervals of what a market's shoppers will order and spend hold 90 %, at 5, 50 and 500 shoppers a market?
//!
//! Twelve markets a replication, each with parameters of its own around a common shop: the logarithms of all seven vary
//! independently, which is not the form that the model believes in. Shoppers came over 39 weeks; 13 weeks follow, and what
//! happened in them is compared with the intervals. `examples/value/coverage.rs` asks the same of markets that differ less
//! and more.

use audience::value::simulate::{amount, life, ln_scale, spend};
use audience::value::{
    BuyDraw, PurchaseTable, Purchases, Sampling, Spend, SpendDraw, SpendTable, shortest, shortest_count, totals,
};
use domain::{Interval, Seed};

const MARKETS: u64 = 12;
const WEEKS: f64 = 13.0;
/// Deviation of the logarithms of the parameters over markets.
const SPREAD: f64 = 0.35;

struct Market {
    purchases: Vec<Purchases>,
    seen: Vec<Spend>,
    orders: f64,
    revenue: f64,
}

fn market(n: u64, seed: Seed) -> Market {
    let mut rng = seed.stream(0);
    let mut around = |middle: f64, spread: f64| middle * (spread * rng.normal()).exp();
    let buy =
        BuyDraw { r: around(0.6, SPREAD), alpha: around(6.0, SPREAD), a: around(0.8, SPREAD), b: around(2.5, SPREAD) };
    let each = SpendDraw { p: around(6.0, 0.6 * SPREAD), q: 1.0 + around(2.7, 0.6 * SPREAD), v: around(15.0, SPREAD) };
    let mut market = Market { purchases: Vec::new(), seen: Vec::new(), orders: 0.0, revenue: 0.0 };
    for i in 1..=n {
        let mut rng = seed.stream(i);
        let age = 39.0 * rng.uniform();
        let life = life(&buy, age + WEEKS, &mut rng);
        let scale = ln_scale(&each, &mut rng);
        let now = life.seen(age);
        let next = life.between(age, age + WEEKS);
        market.seen.push(spend(&each, scale, now.repeats, &mut rng));
        market.purchases.push(now);
        market.orders += next as f64;
        market.revenue += amount(&each, scale, next as u32, &mut rng);
    }
    market
}

/// Share of intervals that hold the truth, of orders and of revenue.
fn coverage(n: u64, replications: u64) -> (f64, f64) {
    let (mut orders, mut revenue) = (0, 0);
    for replication in 0..replications {
        let seed = Seed(99).derive(replication * 1_000 + n);
        let markets: Vec<Market> = (0..MARKETS).map(|g| market(n, seed.derive(g))).collect();
        let tables: Vec<PurchaseTable> = markets.iter().map(|m| PurchaseTable::new(&m.purchases).unwrap()).collect();
        let spends: Vec<SpendTable> = markets.iter().map(|m| SpendTable::new(&m.seen).unwrap()).collect();
        let sampling = Sampling { n_chains: 2, n_warmup: 200, n_draws: 200, thin: 2 };
        let pooled = sampling.pool(&tables, &spends, seed.derive(100)).unwrap();
        for (g, market) in markets.iter().enumerate() {
            let (buy, spend) = (pooled.buy(g), pooled.spend(g));
            let again = if n > 50 { 2 } else { 8 };
            let seed = seed.derive(200 + g as u64);
            let drawn = totals(&tables[g], &market.seen, &buy, spend.as_deref(), WEEKS, again, seed);
            let holds = |i: Option<Interval>, truth: f64| {
                u32::from(i.is_some_and(|i| i.low <= truth + 1e-9 && truth <= i.high + 1e-9))
            };
            orders += holds(shortest_count(&drawn.orders, 0.9), market.orders);
            revenue += holds(shortest(&drawn.revenue, 0.9), market.revenue);
        }
    }
    let all = (replications * MARKETS) as f64;
    (f64::from(orders) / all, f64::from(revenue) / all)
}

// 1,008 intervals each: standard error .95 %.
#[test]
fn intervals_of_what_shoppers_will_be_worth_cover_what_they_promise() {
    for n in [5, 50, 500] {
        let (orders, revenue) = coverage(n, 84);
        for (what, share) in [("orders", orders), ("revenue", revenue)] {
            assert!((0.87..=0.93).contains(&share), "{what} of markets of {n} shoppers: {share}");
        }
    }
}
