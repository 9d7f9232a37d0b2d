//! Do the 90 % intervals of a market's repeat rate and conversion hold 90 %, at 5, 50 and 500 shoppers? Seeded populations of
//! markets whose rates differ as markets do; the truth of each is known.
//!
//! Two situations: a market that is being entered beside seven that are served, which is what the product is for, and twelve
//! markets that are all as small, where nobody can say how far markets differ.

use audience::value::{MarketTrials, market_rates};
use domain::{Market, Rng, Seed};
use learn::variates::beta;

/// Shoppers of the markets that are served.
const SERVED: [u64; 7] = [4_000, 900, 600, 400, 300, 200, 150];
const CODES: [&str; 12] = ["GB", "DE", "FR", "JP", "US", "ES", "IT", "PL", "NL", "SE", "MY", "SG"];

/// A share that differs from market to market: its mean and its deviation over markets.
struct Rate {
    what: &'static str,
    mean: f64,
    deviation: f64,
}

/// One shopper in four comes back; 3 of 100 visits buy. Deviations of a third and of a half of the mean.
const RATES: [Rate; 2] = [
    Rate { what: "repeat rate", mean: 0.25, deviation: 0.08 },
    Rate { what: "conversion", mean: 0.03, deviation: 0.015 },
];

/// Coverage over `replications` of the intervals of the markets of `n` shoppers: the last one beside those that are served,
/// or four of twelve.
fn coverage(rate: &Rate, n: u64, beside: bool, replications: u64) -> f64 {
    let size = rate.mean * (1.0 - rate.mean) / rate.deviation.powi(2) - 1.0;
    let (mut covered, mut total) = (0, 0);
    for replication in 0..replications {
        let mut rng = Seed(77).stream(replication * 1_000 + n);
        let sizes: Vec<u64> = if beside { SERVED.into_iter().chain([n]).collect() } else { vec![n; 12] };
        let truth: Vec<f64> =
            sizes.iter().map(|_| beta(&mut rng, rate.mean * size, (1.0 - rate.mean) * size)).collect();
        let hits = |p: f64, n: u64, rng: &mut Rng| (0..n).filter(|_| rng.uniform() < p).count() as u64;
        let markets: Vec<MarketTrials> = sizes
            .iter()
            .enumerate()
            .map(|(at, n)| MarketTrials { market: code(at), hits: hits(truth[at], *n, &mut rng), n: *n })
            .collect();
        let asked = if beside { 7..8 } else { 0..4 };
        let figures = market_rates("rate", rate.what, &markets, 0.9).unwrap();
        for at in asked {
            let interval = figures[at].interval.unwrap();
            covered += u32::from((interval.low..=interval.high).contains(&truth[at]));
            total += 1;
        }
    }
    f64::from(covered) / f64::from(total)
}

fn code(at: usize) -> Market {
    CODES[at].parse().unwrap()
}

#[test]
fn intervals_of_a_market_that_is_entered_cover_what_they_promise() {
    for rate in &RATES {
        for n in [5, 50, 500] {
            let share = coverage(rate, n, true, 300);
            eprintln!("{} of {n} beside seven markets: {share:.3}", rate.what);
            assert!((0.87..=0.93).contains(&share), "{} of {n}: {share}", rate.what);
        }
    }
}

#[test]
fn intervals_of_markets_that_are_all_small_cover_what_they_promise() {
    for rate in &RATES {
        for n in [5, 50, 500] {
            let share = coverage(rate, n, false, 100);
            eprintln!("{} of {n} in all twelve markets: {share:.3}", rate.what);
            assert!((0.87..=0.93).contains(&share), "{} of {n}: {share}", rate.what);
        }
    }
}
