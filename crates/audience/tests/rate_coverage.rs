//! Do the 90 % intervals of a market's repeat rate and conversion hold 90 %, at 5, 50 and 500 shoppers? Seeded populations of
//! markets whose rates differ as markets do; the truth of each is known, and it is the truth that is asked for, not the
//! share of other shoppers.
//!
//! Three situations: a market that is being entered beside seven that are served, which is what the product is for; twelve
//! markets that are all as small, at one spread between markets; and twelve such markets at spreads as they come, because five
//! shoppers do not say how far twelve markets differ, and an interval can then hold 90 % on the whole only.

use domain::{Rng, Seed};
use learn::pooled_rates::{PooledRates, Trials};
use rayon::prelude::*;

/// Shoppers of the markets that are served.
const SERVED: [u64; 7] = [4_000, 900, 600, 400, 300, 200, 150];

/// A share that differs from market to market: its middle, the deviation of its logit over markets, and trials a shopper.
struct Rate {
    what: &'static str,
    middle: f64,
    deviation: f64,
    trials: u64,
}

/// One shopper in four comes back; 3 of 100 visits buy, and a shopper stands for twenty visits. The rates are logit-normal, which
/// is not the beta form that the model believes in.
const RATES: [Rate; 2] = [
    Rate { what: "repeat rate", middle: 0.25, deviation: 0.5, trials: 1 },
    Rate { what: "conversion", middle: 0.03, deviation: 0.5, trials: 20 },
];

impl Rate {
    fn market(&self, deviation: f64, shoppers: u64, rng: &mut Rng) -> (f64, Trials) {
        let logit = (self.middle / (1.0 - self.middle)).ln() + deviation * rng.normal();
        let truth = 1.0 / (1.0 + (-logit).exp());
        let n = shoppers * self.trials;
        (truth, Trials { hits: (0..n).filter(|_| rng.uniform() < truth).count() as u64, n })
    }
}

/// Share of the markets of `n` shoppers whose truth lies inside the middle 90 % of what is known of them: the last one beside
/// those that are served, or each of twelve.
fn coverage(rate: &Rate, n: u64, beside: bool, replications: u64) -> f64 {
    let sizes: Vec<u64> = if beside { SERVED.into_iter().chain([n]).collect() } else { vec![n; 12] };
    let one = |replication: u64| {
        let mut rng = Seed(77).derive(n).stream(replication);
        let markets: Vec<(f64, Trials)> = sizes.iter().map(|n| rate.market(rate.deviation, *n, &mut rng)).collect();
        let rates = PooledRates::fit(&markets.iter().map(|m| m.1).collect::<Vec<_>>()).unwrap();
        let asked = if beside { &markets[7..] } else { &markets[..] };
        let inside = |(truth, seen): &&(f64, Trials)| (0.05..=0.95).contains(&rates.group(*seen).below(*truth));
        (asked.iter().filter(inside).count(), asked.len())
    };
    let (inside, all) = (0..replications).into_par_iter().map(one).reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    inside as f64 / all as f64
}

// 1,200 intervals: standard error .9 %.
#[test]
fn intervals_of_a_market_that_is_entered_cover_what_they_promise() {
    for rate in &RATES {
        for n in [5, 50, 500] {
            let share = coverage(rate, n, true, 1_200);
            assert!((0.87..=0.93).contains(&share), "{} of {n}: {share}", rate.what);
        }
    }
}

// 1,440 intervals; those of a replication share what was learnt.
#[test]
fn intervals_of_markets_that_are_all_small_cover_what_they_promise() {
    for rate in &RATES {
        for n in [5, 50, 500] {
            let share = coverage(rate, n, false, 120);
            assert!((0.87..=0.93).contains(&share), "{} of {n}: {share}", rate.what);
        }
    }
}

/// Deviations of the logit that a seller meets, each as likely as one twice as large: at the lower end repeat rates of two
/// thirds of the markets are 22 to 28 % around one of 25 %, at the upper end 11 to 48 %. Not what the estimator believes,
/// which is a logarithm around that of .65 with a deviation of 1 and no ends.
const DIFFER: (f64, f64) = (0.15, 1.0);

/// Share of twelve markets of `n` shoppers each whose truth lies inside, with its standard error from replication to
/// replication, how far markets differ being drawn anew for each.
fn coverage_as_markets_differ(rate: &Rate, n: u64, replications: u64, seed: Seed) -> (f64, f64) {
    let one = |replication: u64| {
        let mut rng = seed.derive(n).stream(replication);
        let deviation = DIFFER.0 * (DIFFER.1 / DIFFER.0).powf(rng.uniform());
        let markets: Vec<(f64, Trials)> = (0..12).map(|_| rate.market(deviation, n, &mut rng)).collect();
        let rates = PooledRates::fit(&markets.iter().map(|m| m.1).collect::<Vec<_>>()).unwrap();
        let inside = markets.iter().filter(|(truth, seen)| (0.05..=0.95).contains(&rates.group(*seen).below(*truth)));
        inside.count() as f64 / 12.0
    };
    let shares: Vec<f64> = (0..replications).into_par_iter().map(one).collect();
    let mean = shares.iter().sum::<f64>() / replications as f64;
    let squares: f64 = shares.iter().map(|share| (share - mean).powi(2)).sum();
    (mean, squares.sqrt() / replications as f64)
}

// Five shoppers are asked most often: their intervals hold a little more than 90 %.
#[test]
fn intervals_of_small_markets_cover_what_they_promise_over_the_spreads_that_markets_have() {
    let mut outside = Vec::new();
    for rate in &RATES {
        for (n, replications) in [(5, 1_200), (50, 400), (500, 400)] {
            let (share, error) = coverage_as_markets_differ(rate, n, replications, Seed(2_071));
            if !((0.87..=0.93).contains(&share) && error <= 0.008) {
                outside.push(format!("{} of {n}: {share:.3} ± {error:.3}", rate.what));
            }
        }
    }
    assert_eq!(outside, [""; 0]);
}

// Of five visits hardly one in seven markets has an order at all, and markets need not differ as they usually do: the
// intervals may then hold more than they promise, never much less.
#[test]
fn intervals_hold_nearly_what_they_promise_where_little_is_seen_and_markets_differ_otherwise() {
    for (deviation, trials) in [(0.5, 1), (0.2, 20), (0.8, 20)] {
        let rate = Rate { what: "conversion", middle: 0.03, deviation, trials };
        let share = coverage(&rate, 5, true, 600);
        assert!((0.86..=0.98).contains(&share), "{} at {deviation}, {trials} trials: {share}", rate.what);
    }
}
