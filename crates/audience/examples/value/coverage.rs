//! How often a 90 % interval of a pooled market holds the truth.
//!
//! A replication is twelve markets. Each has parameters of its own, log-normal around a common shop (not the form that the
//! model believes in: the logarithms of r, α, a, b, p, q - 1, v vary independently), the given number of shoppers with first
//! purchases over 39 weeks, purchases, amounts, and visits that convert. Then 13 weeks pass. Asked for are the
//! totals of orders, revenue and margin (a known share), the share of shoppers that came back at least once by the
//! market's own parameters, and its conversion rate (logit-normal, which is not beta either).

use crate::processor::Failure;
use audience::value::simulate::{amount, life, ln_scale, spend};
use audience::value::{
    BuyDraw, PurchaseTable, Purchases, Sampling, Spend, SpendDraw, SpendTable, shortest, shortest_count, totals,
};
use domain::{Interval, Rng, Seed};
use learn::pooled_rates::{PooledRates, Trials};
use serde_json::{Value, json};

const MARKETS: usize = 12;
const WEEKS: f64 = 13.0;
const MARGIN: f64 = 0.35;
const FIGURES: [&str; 5] = ["orders", "revenue", "margin", "repeat_rate", "conversion_rate"];

struct Truth {
    buy: BuyDraw,
    spend: SpendDraw,
    conversion: f64,
}

fn truth(spread: f64, rng: &mut Rng) -> Truth {
    let mut around = |middle: f64, spread: f64| middle * (spread * rng.normal()).exp();
    let buy =
        BuyDraw { r: around(0.6, spread), alpha: around(6.0, spread), a: around(0.8, spread), b: around(2.5, spread) };
    let spend = SpendDraw { p: around(6.0, 0.6 * spread), q: 1.0 + around(2.7, 0.6 * spread), v: around(15.0, spread) };
    let logit = -3.0 + 0.5 * rng.normal();
    Truth { buy, spend, conversion: 1.0 / (1.0 + f64::exp(-logit)) }
}

struct Market {
    purchases: PurchaseTable,
    seen: Vec<Spend>,
    orders: f64,
    revenue: f64,
    repeat: Trials,
    repeat_rate: f64,
    visits: Trials,
    conversion: f64,
}

fn market(n: usize, spread: f64, seed: Seed) -> Result<Market, Failure> {
    let mut rng = seed.stream(0);
    let truth = truth(spread, &mut rng);
    let (mut purchases, mut seen, mut orders, mut revenue) = (Vec::new(), Vec::new(), 0.0, 0.0);
    for i in 0..n {
        let mut rng = seed.stream(1 + i as u64);
        let age = 39.0 * rng.uniform();
        let life = life(&truth.buy, age + WEEKS, &mut rng);
        let scale = ln_scale(&truth.spend, &mut rng);
        let now: Purchases = life.seen(age);
        let next = life.between(age, age + WEEKS);
        seen.push(spend(&truth.spend, scale, now.repeats, &mut rng));
        orders += next as f64;
        revenue += amount(&truth.spend, scale, next as u32, &mut rng);
        purchases.push(now);
    }
    let hits = purchases.iter().filter(|p| p.repeats > 0).count() as u64;
    let visits = 20 * n as u64;
    let converted = (0..visits).filter(|_| rng.uniform() < truth.conversion).count() as u64;
    Ok(Market {
        purchases: PurchaseTable::new(&purchases)?,
        seen,
        orders,
        revenue,
        repeat: Trials { hits, n: n as u64 },
        repeat_rate: repeat_rate(&truth.buy),
        visits: Trials { hits: converted, n: visits },
        conversion: truth.conversion,
    })
}

/// Probability that a shopper of this market has come back, whose first purchase was at any time of the 39 weeks.
fn repeat_rate(buy: &BuyDraw) -> f64 {
    let steps = 400;
    let away = |i: u32| (buy.alpha / (buy.alpha + 39.0 * (f64::from(i) + 0.5) / f64::from(steps))).powf(buy.r);
    1.0 - (0..steps).map(away).sum::<f64>() / f64::from(steps)
}

/// Hits, and widths over the truth's mean, of one replication.
fn replication(n: usize, spread: f64, seed: Seed) -> Result<Vec<[(bool, f64); 5]>, Failure> {
    let markets =
        (0..MARKETS).map(|g| market(n, spread, seed.derive(g as u64))).collect::<Result<Vec<_>, Failure>>()?;
    let tables: Vec<PurchaseTable> = markets.iter().map(|m| m.purchases.clone()).collect();
    let spends = markets.iter().map(|m| SpendTable::new(&m.seen)).collect::<Result<Vec<_>, _>>()?;
    let sampling = Sampling { n_chains: 2, n_warmup: 300, n_draws: 250, thin: 3 };
    let pooled = sampling.pool(&tables, &spends, seed.derive(100))?;
    let repeat = PooledRates::fit(&markets.iter().map(|m| m.repeat).collect::<Vec<_>>())?;
    let conversion = PooledRates::fit(&markets.iter().map(|m| m.visits).collect::<Vec<_>>())?;
    let holds = |i: Option<Interval>, truth: f64| {
        i.map_or((false, 0.0), |i| (i.low <= truth + 1e-9 && truth <= i.high + 1e-9, i.high - i.low))
    };
    let mut result = Vec::with_capacity(markets.len());
    for (g, m) in markets.iter().enumerate() {
        let (buy, spend) = (pooled.buy(g), pooled.spend(g));
        let again = if n <= 50 { 8 } else { 2 };
        let drawn = totals(&m.purchases, &m.seen, &buy, spend.as_deref(), WEEKS, again, seed.derive(200 + g as u64));
        let margins: Vec<f64> = drawn.revenue.iter().map(|r| MARGIN * r).collect();
        result.push([
            holds(shortest_count(&drawn.orders, 0.9), m.orders),
            holds(shortest(&drawn.revenue, 0.9), m.revenue),
            holds(shortest(&margins, 0.9), MARGIN * m.revenue),
            holds(repeat.group(m.repeat).interval(0.9), m.repeat_rate),
            holds(conversion.group(m.visits).interval(0.9), m.conversion),
        ]);
    }
    Ok(result)
}

/// The same for the two rates alone, which need no chains: thousands of replications in a minute. Whether a shopper came
/// back is drawn by the market's own probability, which is the same as by its life.
pub(crate) fn rates(replications: usize) -> Result<Value, Failure> {
    let mut rows = Vec::new();
    for spread in [0.15, 0.35, 0.6] {
        for n in [5_u64, 50, 500] {
            let mut hits = [0_usize; 2];
            for i in 0..replications {
                let seed = Seed(20_27).derive(n * 1_000_000 + i as u64);
                let mut rng = seed.stream(0);
                let truths: Vec<[(f64, u64); 2]> = (0..MARKETS)
                    .map(|_| truth(spread, &mut rng))
                    .map(|t| [(repeat_rate(&t.buy), n), (t.conversion, 20 * n)])
                    .collect();
                for (what, hits) in hits.iter_mut().enumerate() {
                    let mut draw = |(rate, n): (f64, u64)| Trials {
                        hits: (0..n).filter(|_| rng.uniform() < rate).count() as u64,
                        n,
                    };
                    let seen: Vec<Trials> = truths.iter().map(|t| draw(t[what])).collect();
                    let fitted = PooledRates::fit(&seen)?;
                    let inside = |(trials, t): &(&Trials, &[(f64, u64); 2])| {
                        (0.05..=0.95).contains(&fitted.group(**trials).below(t[what].0))
                    };
                    *hits += seen.iter().zip(&truths).filter(inside).count();
                }
            }
            let count = (replications * MARKETS) as f64;
            for (name, hits) in ["repeat_rate", "conversion_rate"].iter().zip(hits) {
                rows.push(json!({
                    "market_spread": spread, "shoppers_a_market": n, "figure": name, "coverage": hits as f64 / count,
                    "intervals": count,
                }));
            }
        }
    }
    Ok(json!({ "task": "rates", "level": 0.9, "markets": MARKETS, "rows": rows }))
}

/// Coverage at 5, 50 and 500 shoppers a market, or at `only` where that is not 0, in markets that differ as much as the
/// prior expects, less, and more. The replications are those from `first` on; each says how it stands.
pub(crate) fn coverage(replications: usize, only: usize, first: usize) -> Result<Value, Failure> {
    let mut rows = Vec::new();
    for (spread, part) in [(0.35, 1), (0.15, 3), (0.6, 3)] {
        for n in [5, 50, 500].into_iter().filter(|n| only == 0 || *n == only) {
            let mut all = Vec::new();
            for i in first..first + (replications / part).max(1) {
                all.extend(replication(n, spread, Seed(20_26).derive((n * 100_000 + i) as u64))?);
                let hits = FIGURES.iter().enumerate().map(|(f, _)| all.iter().filter(|m| m[f].0).count());
                eprintln!("spread {spread} n {n} of {}: {:?}", all.len(), hits.collect::<Vec<_>>());
            }
            let count = all.len() as f64;
            for (f, name) in FIGURES.iter().enumerate() {
                let hits = all.iter().filter(|m| m[f].0).count() as f64 / count;
                let width = all.iter().map(|m| m[f].1).sum::<f64>() / count;
                rows.push(json!({
                    "market_spread": spread, "shoppers_a_market": n, "figure": name, "coverage": hits,
                    "intervals": count, "mean_width": width,
                }));
            }
        }
    }
    Ok(json!({ "task": "coverage", "level": 0.9, "markets": MARKETS, "rows": rows }))
}
