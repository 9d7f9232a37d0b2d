//! Prices that clear what will not be sold in time, or the plain statement that nobody knows them.
//!
//! With an identified elasticity `e` demand at price `p` is `D (p / p₀)^e`. Two steps are planned, a first price and a second one not above
//! it, over a grid of usual prices between floor and present price; sales of a step are `E min(stock, demand)` with
//! the forecast's log-normal uncertainty. The plan of largest revenue plus what left-over units still bring is taken
//! (Smith and Achabal, "Clearance pricing and inventory policies for retail chains", Management Science 44(3), 1998, without their
//! dependence on how full the shelf looks); keeping the price is one of the plans. Without an elasticity the answer is how
//! many times present demand would be needed, and no price. Nothing ever goes below the floor. Cost: prices² / 2.

use super::newsvendor::Demand;
use crate::price::corridor::Answer;
use crate::price::endings::{Ending, nearest};
use crate::price::{PriceError, Said};
use domain::Money;

/// What is to be cleared.
#[derive(Clone, Debug, PartialEq)]
pub struct Surplus {
    /// Units on hand.
    pub units: u64,
    /// Weeks until they have to be gone, at least 2.
    pub weeks: usize,
    /// Expected demand of a week at the present price.
    pub weekly: f64,
    /// Deviation of the demand of all weeks, as a share of its mean.
    pub spread: f64,
    /// Present price.
    pub price: Money,
    /// Never below this.
    pub floor: Money,
    /// What a unit still brings at the end (returned, sold in bulk); 0 where it is worth nothing.
    pub salvage: Money,
    /// Answer of demand to price.
    pub answer: Answer,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// First week, from 0.
    pub from_week: usize,
    /// Weeks it lasts.
    pub weeks: usize,
    /// Price.
    pub price: Money,
    /// Expected units sold.
    pub sold: f64,
}

/// A plan with what is expected of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// One or two steps.
    pub steps: Vec<Step>,
    /// Expected units left.
    pub left: f64,
    /// Expected revenue with what is left, minor units.
    pub revenue: f64,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Clearance {
    /// The best plan; `None` without an elasticity.
    pub plan: Option<Plan>,
    /// Keeping the price.
    pub keep: Plan,
    /// How many times present demand would sell everything in time.
    pub needed: f64,
    /// For people.
    pub said: Said,
}

/// Most prices tried.
const GRID: i64 = 60;

/// Plans the clearance; `endings` are the usual endings of prices, empty for any.
///
/// # Errors
/// [`PriceError`] for amounts of two currencies, a floor above the price, fewer than 2 weeks, or demand that is none.
pub fn clear(surplus: &Surplus, endings: &[Ending]) -> Result<Clearance, PriceError> {
    check(surplus)?;
    let first = surplus.weeks.div_ceil(2);
    let halves = [first, surplus.weeks - first];
    let keep = run(surplus, [surplus.price; 2], halves, 0.0);
    let needed = surplus.units as f64 / (surplus.weekly * surplus.weeks as f64);
    let elasticity = match &surplus.answer {
        Answer::Known(estimate) if estimate.value < 0.0 => estimate.value,
        Answer::Known(_) | Answer::Borrowed(..) | Answer::Refused(_) => {
            let said = Said::new(
                format!(
                    "{needed:.1} times present demand would clear {} units in {} weeks; which price brings that is not known, so none is named: test one, bundle, or move the stock",
                    surplus.units, surplus.weeks
                ),
                format!(
                    "要在 {} 周内清完 {} 件，需要现有需求的 {needed:.1} 倍；什么价格能做到尚不清楚，因此不给出价格：请先试验、捆绑或调拨",
                    surplus.weeks, surplus.units
                ),
            );
            return Ok(Clearance { plan: None, keep, needed, said });
        }
    };
    let prices = grid(surplus, endings);
    let mut best = keep.clone();
    for (i, p) in prices.iter().enumerate() {
        for q in &prices[i..] {
            let plan = run(surplus, [*p, *q], halves, elasticity);
            // A plan has to earn more than a rounding, or the shelf is relabelled for nothing.
            if plan.revenue > best.revenue * (1.0 + 1e-9) + 1e-9 {
                best = plan;
            }
        }
    }
    let told = |plan: &Plan, zh: bool| {
        let step = |s: &Step| {
            if zh { format!("{} 周 {}", s.weeks, s.price) } else { format!("{} for {} weeks", s.price, s.weeks) }
        };
        plan.steps.iter().map(step).collect::<Vec<_>>().join(if zh { "，然后 " } else { ", then " })
    };
    let said = Said::new(
        format!(
            "{}: {:.0} units left instead of {:.0} (elasticity {elasticity:.2}, floor {})",
            told(&best, false),
            best.left,
            keep.left,
            surplus.floor
        ),
        format!(
            "{}：剩余 {:.0} 件，而维持原价剩余 {:.0} 件（弹性 {elasticity:.2}，底价 {}）",
            told(&best, true),
            best.left,
            keep.left,
            surplus.floor
        ),
    );
    Ok(Clearance { plan: Some(best), keep, needed, said })
}

/// The price at which expected demand is the stock, rounded down: `p (needed)^(1/e)`. Where it lies below the floor only a price
/// below it clears. `None` without an elasticity below 0, or where the present price clears by itself.
pub fn clears_at(surplus: &Surplus) -> Option<Money> {
    let Answer::Known(estimate) = &surplus.answer else { return None };
    let needed = surplus.units as f64 / (surplus.weekly * surplus.weeks as f64);
    if !(estimate.value < 0.0 && needed > 1.0 && needed.is_finite()) {
        return None;
    }
    let minor = surplus.price.minor as f64 * needed.powf(1.0 / estimate.value);
    Some(Money { minor: minor.floor().clamp(0.0, 9e15) as i64, currency: surplus.price.currency })
}

/// Prices from the present one down to the floor, each once, highest first.
fn grid(surplus: &Surplus, endings: &[Ending]) -> Vec<Money> {
    let (top, floor) = (surplus.price.minor, surplus.floor.minor);
    let mut out = vec![surplus.price];
    for i in 1..=GRID {
        let minor = top - (top - floor) * i / GRID;
        let exact = Money { minor, currency: surplus.price.currency };
        let usual = nearest(exact, surplus.floor, Some(surplus.price), endings);
        out.push(if i == GRID && usual.is_none_or(|u| u.minor > floor) { exact } else { usual.unwrap_or(exact) });
    }
    out.sort_by_key(|p| -p.minor);
    out.dedup();
    out
}

fn run(surplus: &Surplus, prices: [Money; 2], weeks: [usize; 2], elasticity: f64) -> Plan {
    let mut left = surplus.units as f64;
    let mut revenue = 0.0;
    let mut steps: Vec<Step> = Vec::new();
    let mut from_week = 0;
    for (price, weeks) in prices.into_iter().zip(weeks) {
        let mean = surplus.weekly * weeks as f64 * (price.minor as f64 / surplus.price.minor as f64).powf(elasticity);
        let demand = Demand::LogNormal { mean, sd: surplus.spread * mean };
        let sold = (mean - demand.lost_beyond(left)).clamp(0.0, left);
        left -= sold;
        revenue += sold * price.minor as f64;
        match steps.last_mut().filter(|s| s.price == price) {
            Some(step) => {
                step.weeks += weeks;
                step.sold += sold;
            }
            None => steps.push(Step { from_week, weeks, price, sold }),
        }
        from_week += weeks;
    }
    Plan { steps, left, revenue: revenue + left * surplus.salvage.minor as f64 }
}

fn check(surplus: &Surplus) -> Result<(), PriceError> {
    let need = surplus.price.currency;
    for (what, money) in [("the floor", surplus.floor), ("the salvage", surplus.salvage)] {
        if money.currency != need {
            return Err(PriceError::Currency { what, got: money.currency, need });
        }
    }
    for (name, got, fine, rule) in [
        ("price", surplus.price.minor as f64, surplus.price.minor > 0, "above 0"),
        (
            "floor",
            surplus.floor.minor as f64,
            (1..=surplus.price.minor).contains(&surplus.floor.minor),
            "above 0 and at most the price",
        ),
        ("salvage", surplus.salvage.minor as f64, surplus.salvage.minor >= 0, "at least 0"),
        ("weeks", surplus.weeks as f64, surplus.weeks >= 2, "at least 2"),
        ("units", surplus.units as f64, surplus.units > 0, "at least 1"),
        ("weekly demand", surplus.weekly, surplus.weekly > 0.0 && surplus.weekly.is_finite(), "above 0"),
        ("spread", surplus.spread, surplus.spread >= 0.0 && surplus.spread.is_finite(), "at least 0"),
    ] {
        if !fine {
            return Err(PriceError::Param { name, rule, got });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::endings::ENDINGS;
    use domain::Currency;
    use learn::shrinkage::Estimate;
    use proptest::prelude::*;

    fn eur(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"EUR") }
    }

    fn surplus() -> Surplus {
        Surplus {
            units: 400,
            weeks: 10,
            weekly: 10.0,
            spread: 0.0,
            price: eur(2_000),
            floor: eur(800),
            salvage: eur(0),
            answer: Answer::Known(Estimate { value: -2.0, se: 0.2 }),
        }
    }

    // Demand has to be 4 times as large: price 20 · 4^(−1/2) = 10.00 clears all 400 for 4,000.00; keeping sells 100 for 2,000.00. At e = −2
    // revenue 100 · 20 · (20 / p) grows as p falls until the stock is sold out, so 10.00 throughout is the best.
    #[test]
    fn sure_demand_by_hand() {
        let got = clear(&surplus(), &[]).unwrap();
        assert!((got.needed - 4.0).abs() < 1e-12 && (got.keep.left - 300.0).abs() < 1e-9);
        let plan = got.plan.unwrap();
        assert_eq!((plan.steps.len(), plan.steps[0].price, plan.steps[0].weeks), (1, eur(1_000), 10));
        assert!((plan.revenue - 400_000.0).abs() < 1e-6 && plan.left.abs() < 1e-9, "{plan:?}");
    }

    #[test] // 400 of 100 expected: 20 · 4^(−1/2) = 10.00; at −.5 it would be 20 · 4^(−2) = 1.25, below any floor worth the name.
    fn the_price_that_clears_by_hand() {
        assert_eq!(clears_at(&surplus()), Some(eur(1_000)));
        let weak = Answer::Known(Estimate { value: -0.5, se: 0.1 });
        assert_eq!(clears_at(&Surplus { answer: weak, ..surplus() }), Some(eur(125)));
        assert_eq!(clears_at(&Surplus { answer: Answer::Refused(vec![]), ..surplus() }), None);
        assert_eq!(clears_at(&Surplus { units: 90, ..surplus() }), None);
    }

    #[test]
    fn the_floor_holds_a_weak_answer_keeps_the_price_and_no_answer_names_none() {
        let floored = clear(&Surplus { floor: eur(1_495), ..surplus() }, ENDINGS).unwrap().plan.unwrap();
        assert!(floored.steps.iter().all(|s| s.price.minor >= 1_495), "{floored:?}");
        assert_eq!(floored.steps[0].price, eur(1_495));
        let weak = Answer::Known(Estimate { value: -0.5, se: 0.1 });
        let weak = clear(&Surplus { answer: weak, ..surplus() }, &[]).unwrap();
        assert_eq!(weak.plan.unwrap().steps[0].price, eur(2_000));
        let none = clear(&Surplus { answer: Answer::Refused(vec![]), ..surplus() }, &[]).unwrap();
        assert!(none.plan.is_none() && none.said.en.contains("4.0 times") && none.said.zh.contains("4.0 倍"));
    }

    #[test]
    fn what_cannot_be_cleared_is_refused() {
        for bad in [
            Surplus { floor: eur(2_001), ..surplus() },
            Surplus { weeks: 1, ..surplus() },
            Surplus { weekly: 0.0, ..surplus() },
            Surplus { salvage: Money { minor: 1, currency: Currency::new(*b"USD") }, ..surplus() },
        ] {
            assert!(clear(&bad, &[]).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_step_is_below_the_floor_and_no_plan_is_worse_than_keeping(
            units in 1_u64..2_000, weekly in 0.1_f64..60.0, spread in 0.0_f64..1.0, price in 100_i64..9_000, part in 1_i64..100,
            e in -5.0_f64..-0.1,
        ) {
            let floor = (price * part / 100).max(1);
            let answer = Answer::Known(Estimate { value: e, se: 0.1 });
            let one = Surplus { units, weekly, spread, price: eur(price), floor: eur(floor), answer, ..surplus() };
            let got = clear(&one, ENDINGS).unwrap();
            let plan = got.plan.unwrap();
            prop_assert!(plan.revenue >= got.keep.revenue);
            prop_assert!(plan.steps.iter().all(|s| s.price.minor >= floor && s.price.minor <= price));
            prop_assert!(plan.steps.windows(2).all(|w| w[1].price.minor < w[0].price.minor));
            let sold: f64 = plan.steps.iter().map(|s| s.sold).sum();
            prop_assert!((sold + plan.left - units as f64).abs() < 1e-6);
        }
    }
}
