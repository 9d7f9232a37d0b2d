//! What a market will buy in the next weeks: draws of the total, and intervals of draws.
//!
//! For each draw of the market's parameters every shopper is drawn forward: alive or not, a rate, a chance to drop out, a
//! number of purchases, a mean spend, an amount. So the totals carry both kinds of doubt, about the market and
//! about what shoppers happen to do. In a market of more than [`INDIVIDUAL`] shoppers the second kind is
//! normal, and is taken from the exact mean and spread of each distinct row instead.
//!
//! **Which interval.** Totals of small markets have a lump at 0 and integer values, so an interval with equal
//! tails would cover far more than it says. [`shortest`] takes the shortest interval that holds the stated share of the
//! draws; [`shortest_count`] the interval of integers whose share is nearest to the stated one, the shorter of
//! two.
//!
//! Cost: shoppers × draws × about a microsecond; above [`INDIVIDUAL`] shoppers, distinct rows × draws × 20 ns.

use super::geometric::{FirstCoin, Geometric};
use super::pooled_markets::{BuyDraw, SpendDraw};
use super::{FitReport, Living, PurchaseTable, Spend};
use domain::{Interval, Rng, Seed};
use learn::variates::{beta, gamma, ln_gamma_variate};
use rayon::prelude::*;

/// Shoppers up to which each is drawn.
pub const INDIVIDUAL: usize = 4_000;

/// Draws of a market's totals.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Totals {
    /// Purchases, whole numbers.
    pub orders: Vec<f64>,
    /// Spend on them; empty where no spend is known.
    pub revenue: Vec<f64>,
}

impl BuyDraw {
    pub(crate) fn model(&self) -> Geometric {
        Geometric {
            coin: FirstCoin::AfterRepeat,
            r: self.r,
            alpha: self.alpha,
            drop_out: Some((self.a, self.b)),
            report: FitReport::GIVEN,
        }
    }
}

/// Purchases of a living shopper in the next `weeks`.
pub(crate) fn draw_purchases(living: &Living, weeks: f64, rng: &mut Rng) -> f64 {
    let rate = gamma(rng, living.shape) / living.rate;
    let n = rng.poisson(rate * weeks);
    // The first purchase happens whatever the coin after it says.
    let Some((a, b)) = living.drop_out.filter(|_| n > 1) else { return n as f64 };
    let p = beta(rng, a, b);
    let until_gone = 1.0 + (-rng.exponential() / (-p).ln_1p()).floor();
    if until_gone >= 0.0 { until_gone.min(n as f64) } else { n as f64 }
}

/// Spend of a shopper on `orders` purchases.
pub(crate) fn draw_spend(spend: &SpendDraw, seen: &Spend, orders: f64, rng: &mut Rng) -> f64 {
    if orders == 0.0 {
        return 0.0;
    }
    let x = if seen.mean > 0.0 { f64::from(seen.repeats) } else { 0.0 };
    let ln_scale = ln_gamma_variate(rng, spend.p * x + spend.q) - (spend.v + x * seen.mean).ln();
    (ln_gamma_variate(rng, spend.p * orders) - ln_scale).exp()
}

/// Draws of the totals of the shoppers of one market in the next `weeks`, one for each draw of its parameters,
/// `again` times over. `seen` is each shopper's spend, in the order of the table's shoppers.
pub fn totals(
    table: &PurchaseTable,
    seen: &[Spend],
    buy: &[BuyDraw],
    spend: Option<&[SpendDraw]>,
    weeks: f64,
    again: usize,
    seed: Seed,
) -> Totals {
    let small = table.row_of().len() <= INDIVIDUAL;
    let draw = |i: usize| {
        let mut rng = seed.stream(i as u64);
        let (buy, spend) = (&buy[i % buy.len()], spend.map(|s| &s[i % s.len()]));
        if small {
            individual(table, seen, buy, spend, weeks, &mut rng)
        } else {
            by_moments(table, seen, buy, spend, weeks, &mut rng)
        }
    };
    let n = if small { buy.len() * again } else { buy.len().min(400) };
    let draws: Vec<(f64, f64)> = (0..n).into_par_iter().map(draw).collect();
    Totals {
        orders: draws.iter().map(|d| d.0).collect(),
        revenue: if spend.is_some() { draws.iter().map(|d| d.1).collect() } else { Vec::new() },
    }
}

fn individual(
    table: &PurchaseTable,
    seen: &[Spend],
    buy: &BuyDraw,
    spend: Option<&SpendDraw>,
    weeks: f64,
    rng: &mut Rng,
) -> (f64, f64) {
    let model = buy.model();
    let rows: Vec<(f64, Living, f64)> = (0..table.n_rows())
        .map(|i| {
            let (p, _) = table.row(i);
            (model.p_alive(&p), model.living(&p), weeks * table.pace(i))
        })
        .collect();
    let (mut orders, mut revenue) = (0.0, 0.0);
    for (shopper, &row) in table.row_of().iter().enumerate() {
        let (p_alive, living, weeks) = &rows[row as usize];
        if rng.uniform() < *p_alive {
            let n = draw_purchases(living, *weeks, rng);
            orders += n;
            if let Some(spend) = spend {
                revenue += draw_spend(spend, &seen[shopper], n, rng);
            }
        }
    }
    (orders, revenue)
}

fn by_moments(
    table: &PurchaseTable,
    seen: &[Spend],
    buy: &BuyDraw,
    spend: Option<&SpendDraw>,
    weeks: f64,
    rng: &mut Rng,
) -> (f64, f64) {
    let model = buy.model();
    let mut last = None;
    // Mean and second moment of each row's purchases; neighbours share repeats and age.
    let rows: Vec<(f64, f64)> = (0..table.n_rows())
        .map(|i| {
            let (p, _) = table.row(i);
            let key = (p.repeats, p.age, table.pace(i));
            let moments = match last {
                Some((seen, moments)) if seen == key => moments,
                _ => model.living(&p).purchases(weeks * table.pace(i)),
            };
            last = Some((key, moments));
            let p_alive = model.p_alive(&p);
            (p_alive * moments.mean, p_alive * moments.square)
        })
        .collect();
    let (mut orders, mut spread, mut revenue, mut revenue_spread, mut both) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (shopper, &row) in table.row_of().iter().enumerate() {
        let (mean, square) = rows[row as usize];
        orders += mean;
        spread += square - mean * mean;
        if let Some(s) = spend {
            let own = &seen[shopper];
            let x = if own.mean > 0.0 { f64::from(own.repeats) } else { 0.0 };
            // One over the shopper's scale: mean and mean square of an inverse gamma. Below shape 2 the mean square is
            // infinite; no finite market shows that, so it is held at shape 2.2.
            let (shape, scale) = (s.p * x + s.q, s.v + x * own.mean);
            let first = scale / (shape - 1.0);
            let second = first * scale / (shape - 2.0).max(0.2);
            let expected = s.p * mean * first;
            revenue += expected;
            revenue_spread += (s.p * s.p * square + s.p * mean) * second - expected * expected;
            both += s.p * first * (square - mean * mean);
        }
    }
    let (z, other) = (rng.normal(), rng.normal());
    let total = (orders + spread.max(0.0).sqrt() * z).max(0.0).round();
    let along = if spread > 0.0 { both / spread.sqrt() } else { 0.0 };
    let rest = (revenue_spread - along * along).max(0.0).sqrt();
    (total, (revenue + along * z + rest * other).max(0.0))
}

/// The shortest interval that holds at least `level` of the draws; `None` without a draw.
pub fn shortest(draws: &[f64], level: f64) -> Option<Interval> {
    let mut sorted = draws.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let inside = ((level * n as f64).ceil() as usize).clamp(1, n.max(1));
    let first = (0..(n + 1).checked_sub(inside)?)
        .min_by(|&i, &j| (sorted[i + inside - 1] - sorted[i]).total_cmp(&(sorted[j + inside - 1] - sorted[j])))?;
    Some(Interval { low: sorted[first], high: sorted[first + inside - 1], level })
}

/// The interval of whole numbers whose share of the draws is nearest to `level`: for each width the fullest one, among these
/// the nearest, and the shorter of two that are as near. `None` without a draw.
pub fn shortest_count(draws: &[f64], level: f64) -> Option<Interval> {
    let mut sorted = draws.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (&low, &high) = (sorted.first()?, sorted.last()?);
    let n = sorted.len() as f64;
    if high - low > 400.0 {
        // The steps are finer than the draws.
        return shortest(draws, level);
    }
    let width = (high - low) as usize + 1;
    let mut up_to = vec![0.0; width + 1];
    for value in &sorted {
        up_to[(value - low) as usize + 1] += 1.0 / n;
    }
    for i in 0..width {
        up_to[i + 1] += up_to[i];
    }
    let mut best: Option<(f64, usize, usize)> = None;
    for length in 1..=width {
        let share = |i: usize| up_to[i + length] - up_to[i];
        let fullest = (0..=width - length).max_by(|&i, &j| share(i).total_cmp(&share(j)).then(j.cmp(&i)))?;
        let off = (share(fullest) - level).abs();
        if best.is_none_or(|(least, _, _)| off < least - 1e-12) {
            best = Some((off, fullest, length));
        }
    }
    let (_, first, length) = best?;
    Some(Interval { low: low + first as f64, high: low + (first + length - 1) as f64, level })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Purchases;

    #[test] // Half of the draws are 0: 90 % from 0 to the 18th of 20 values.
    fn a_lump_at_zero_is_the_lower_end() {
        let draws: Vec<f64> = (0..20).map(|i| if i < 10 { 0.0 } else { f64::from(i) }).collect();
        let i = shortest(&draws, 0.9).unwrap();
        assert_eq!((i.low, i.high), (0.0, 17.0));
        assert_eq!(shortest(&[], 0.9), None);
    }

    #[test] // Shares .5, .36, .1, .04: {0, 1} holds .86, {0, 1, 2} .96; .86 is nearer to .9.
    fn whole_numbers_take_the_share_nearest_to_the_level() {
        let draws: Vec<f64> = [0.0; 50].into_iter().chain([1.0; 36]).chain([2.0; 10]).chain([3.0; 4]).collect();
        let i = shortest_count(&draws, 0.9).unwrap();
        assert_eq!((i.low, i.high), (0.0, 1.0));
        assert_eq!(shortest_count(&draws, 0.95).unwrap().high, 2.0);
        assert_eq!(shortest_count(&[], 0.9), None);
    }

    #[test]
    fn drawing_each_shopper_and_taking_moments_agree() {
        let shoppers: Vec<Purchases> = (0..600)
            .map(|i| Purchases::new(i % 4, if i % 4 == 0 { 0.0 } else { 9.0 }, 20.0 + f64::from(i % 7)))
            .collect();
        let seen: Vec<Spend> = shoppers.iter().map(|p| Spend { repeats: p.repeats, mean: 30.0 }).collect();
        let table = PurchaseTable::new(&shoppers).unwrap();
        let buy = BuyDraw { r: 0.5, alpha: 6.0, a: 0.8, b: 2.5 };
        let spend = SpendDraw { p: 6.0, q: 6.0, v: 25.0 };
        let draws = |each: bool| -> Vec<(f64, f64)> {
            (0..1_500)
                .map(|i| {
                    let mut rng = Seed(1).stream(i);
                    let of = if each { individual } else { by_moments };
                    of(&table, &seen, &buy, Some(&spend), 13.0, &mut rng)
                })
                .collect()
        };
        let stats = |draws: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
            let n = draws.len() as f64;
            let mean = draws.iter().map(of).sum::<f64>() / n;
            (mean, (draws.iter().map(|d| (of(d) - mean).powi(2)).sum::<f64>() / n).sqrt())
        };
        let (each, moments) = (draws(true), draws(false));
        for of in [|d: &(f64, f64)| d.0, |d: &(f64, f64)| d.1] {
            let (a, b) = (stats(&each, of), stats(&moments, of));
            assert!((a.0 / b.0 - 1.0).abs() < 0.01 && (a.1 / b.1 - 1.0).abs() < 0.12, "{a:?} {b:?}");
        }
    }
}
