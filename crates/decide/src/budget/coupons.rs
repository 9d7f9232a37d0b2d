//! Which coupon for whom: face values over segments under a budget, by what they add.
//!
//! A coupon of face `f` makes `p(f)` of a segment buy instead of `p(0)`; all of them redeem it, also those who would have bought
//! anyway. It adds `n · ((p(f) - p(0)) · margin - p(f) · f)` and costs `n · p(f) · f`. One face, or none, is chosen for each segment so
//! that the sum added is largest within the budget: a multiple-choice knapsack, solved exactly over whole minor units after
//! costs are rounded up (Kellerer, Pferschy and Pisinger, "Knapsack problems", Springer 2004, chapter 11). The budget is
//! counted in at most `max_steps` steps, costs rounded up to them, so it is never exceeded in expectation; what is redeemed
//! beyond expectation has to be stopped where codes are accepted. Cost: `O(options · steps)`.

use crate::spend_error::SpendError;
use domain::Money;

/// What a face value does in a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct CouponOption {
    /// Face value.
    pub face: Money,
    /// Part of the segment that buys with it, in [0, 1].
    pub buys: f64,
}

/// A segment that may get a coupon.
#[derive(Clone, Debug, PartialEq)]
pub struct CouponSegment {
    /// Its name.
    pub name: String,
    /// Shoppers.
    pub n_shoppers: u64,
    /// Part that buys without a coupon, in [0, 1].
    pub buys_anyway: f64,
    /// Margin of an order before the coupon, major units.
    pub margin: f64,
    /// What may be given.
    pub options: Vec<CouponOption>,
}

/// What one segment gets.
#[derive(Clone, Debug, PartialEq)]
pub struct CouponChoice {
    /// Segment.
    pub segment: String,
    /// Face value; `None` for no coupon.
    pub face: Option<Money>,
    /// Expected cost.
    pub cost: Money,
    /// Margin added, after the coupon's cost, major units.
    pub added: f64,
    /// Orders that would not have come.
    pub extra_orders: f64,
}

/// Chooses under `budget`; segments keep their order.
///
/// # Errors
/// [`SpendError`] for shares outside [0, 1], another currency or a negative budget.
pub fn coupons(segments: &[CouponSegment], budget: Money, max_steps: usize) -> Result<Vec<CouponChoice>, SpendError> {
    if budget.minor < 0 || max_steps == 0 {
        return Err(SpendError::param("budget, max_steps", "0 or more, at least 1", budget.minor as f64));
    }
    let scale = 10_f64.powi(budget.currency.exponent() as i32);
    let unit = (budget.minor as u64).div_ceil(max_steps as u64).max(1) as i64;
    let steps = (budget.minor / unit) as usize;
    // What each option of each segment costs and adds, none first.
    let mut table: Vec<Vec<(i64, f64, f64)>> = Vec::new();
    for s in segments {
        let share = |name: &str, x: f64| {
            if (0.0..=1.0).contains(&x) {
                Ok(())
            } else {
                Err(SpendError::param(format!("{name} of {}", s.name), "in [0, 1]", x))
            }
        };
        share("buys_anyway", s.buys_anyway)?;
        let mut row = vec![(0, 0.0, 0.0)];
        for option in &s.options {
            share("buys", option.buys)?;
            option.face.plus(Money { minor: 0, currency: budget.currency })?;
            if option.face.minor < 0 {
                return Err(SpendError::param(format!("face of {}", s.name), "0 or more", option.face.minor as f64));
            }
            let n = s.n_shoppers as f64;
            let cost = n * option.buys * option.face.minor as f64;
            let extra = n * (option.buys - s.buys_anyway);
            row.push((cost.ceil() as i64, extra * s.margin - cost / scale, extra));
        }
        table.push(row);
    }
    let mut best = vec![0.0_f64; steps + 1];
    let mut chosen: Vec<Vec<usize>> = Vec::new();
    for row in &table {
        let mut next = best.clone();
        let mut choice = vec![0; steps + 1];
        for (k, (cost, added, _)) in row.iter().enumerate().skip(1) {
            let needed = (*cost as u64).div_ceil(unit as u64) as usize;
            for b in needed..=steps {
                if best[b - needed] + added > next[b] + 1e-12 {
                    (next[b], choice[b]) = (best[b - needed] + added, k);
                }
            }
        }
        best = next;
        chosen.push(choice);
    }
    let mut b = steps;
    let mut out = Vec::new();
    for (s, (row, choice)) in segments.iter().zip(table.iter().zip(&chosen)).rev() {
        let k = choice[b];
        let (cost, added, extra_orders) = row[k];
        b -= (cost as u64).div_ceil(unit as u64) as usize;
        out.push(CouponChoice {
            segment: s.name.clone(),
            face: k.checked_sub(1).map(|at| s.options[at].face),
            cost: Money { minor: cost, currency: budget.currency },
            added,
            extra_orders,
        });
    }
    out.reverse();
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;
    use proptest::prelude::*;

    fn yen(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"JPY") }
    }

    fn segment(name: &str, n: u64, anyway: f64, margin: f64, options: &[(i64, f64)]) -> CouponSegment {
        let options = options.iter().map(|&(face, buys)| CouponOption { face: yen(face), buys }).collect();
        CouponSegment { name: name.to_owned(), n_shoppers: n, buys_anyway: anyway, margin, options }
    }

    #[test] // Loyal: 100 · (.55 - .5) · 10 - 100 · .55 · 2 = -60: none. Lost: 100 · (.2 - .05) · 10 - 100 · .2 · 2 = 110.
    fn a_coupon_for_those_who_buy_anyway_is_not_given() {
        let segments = [segment("loyal", 100, 0.5, 10.0, &[(2, 0.55)]), segment("lost", 100, 0.05, 10.0, &[(2, 0.2)])];
        let choice = coupons(&segments, yen(1000), 1000).unwrap();
        assert_eq!((choice[0].face, choice[1].face, choice[1].cost), (None, Some(yen(2)), yen(40)));
        assert!((choice[1].added - 110.0).abs() < 1e-9 && (choice[1].extra_orders - 15.0).abs() < 1e-9);
        assert_eq!(coupons(&segments, yen(39), 1000).unwrap()[1].face, None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_choice_is_that_of_brute_force_and_within_the_budget(
            parts in prop::collection::vec((1_u64..40, 0.0_f64..0.5, 1.0_f64..30.0, 0.0_f64..0.5, 0.0_f64..0.5), 1..5),
            budget in 0_i64..400,
        ) {
            let segments: Vec<CouponSegment> = parts.iter().enumerate().map(|(i, &(n, a, m, x, y))| {
                segment(&i.to_string(), n, a, m, &[(1, (a + x).min(1.0)), (3, (a + x + y).min(1.0))])
            }).collect();
            let got = coupons(&segments, yen(budget), 400).unwrap();
            prop_assert!(got.iter().map(|c| c.cost.minor).sum::<i64>() <= budget);
            let mut best: f64 = 0.0;
            for code in 0..3_usize.pow(segments.len() as u32) {
                let (mut cost, mut added, mut rest) = (0, 0.0, code);
                for s in &segments {
                    if let Some(k) = (rest % 3).checked_sub(1) {
                        let o = &s.options[k];
                        let c = s.n_shoppers as f64 * o.buys * o.face.minor as f64;
                        cost += c.ceil() as i64;
                        added += s.n_shoppers as f64 * (o.buys - s.buys_anyway) * s.margin - c;
                    }
                    rest /= 3;
                }
                if cost <= budget {
                    best = best.max(added);
                }
            }
            let sum: f64 = got.iter().map(|c| c.added).sum();
            prop_assert!((sum - best).abs() < 1e-6, "{sum} {best}");
        }
    }
}
