//! How the price of a product may be set, by an elasticity that is borrowed or its own.

use super::facts::Known;
use anyhow::{Context, Result};
use decide::price::corridor::{Answer, BoundKind, CorridorInput, CorridorParams, corridor};
use domain::Money;
use learn::shrinkage::Estimate;

/// How a price is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    /// Today's, held within floor and band.
    Held,
    /// The optimum of the elasticity.
    Optimum,
    /// The same, at most this part away from today's.
    Limited(f64),
    /// Today's where the optimum's interval holds it, else the nearer end of that interval, at most this part away: of all prices the
    /// one whose gain is largest at the worst elasticity of the interval.
    Nearest(f64),
    /// The nearer end upwards only, at most this part away: a cut also takes units from the shop's other products, which an own-price
    /// elasticity does not see.
    Rise(f64),
    /// The same without that limit, as the program does it ([`Answer::Borrowed`]).
    Raised,
    /// This part of the way to the optimum, in logarithms.
    Step(f64),
    /// The optimum within the prices that were asked, not beyond.
    Seen,
    /// The optimum where it lies above today's, else today's.
    Upwards,
    /// The optimum where it lies above today's, else as [`Rule::Nearest`].
    UpwardsOrNearest,
    /// The largest margin expected over all that the elasticity may be.
    Expected,
    /// The optimum if this part of what a cut wins were taken from other products of the shop, each unit with its usual margin.
    Diverted(f64),
    /// The nearer end of that optimum's interval.
    DivertedNearest(f64),
    /// Today's, unless it lies below the optimum or above the one of [`Rule::Diverted`]: nobody knows which part a cut takes from the
    /// shop itself, so a price moves only as far as it would whatever that part is, up to this one.
    Certain(f64),
    /// The same with the ends of both intervals.
    CertainNearest(f64),
    /// [`Rule::Certain`] of all of it, as the program does it.
    Program,
}

/// Rules for elasticities borrowed from the market's other products.
pub(super) const BORROWED: [(Rule, &str); 8] = [
    (Rule::Held, "held"),
    (Rule::Optimum, "borrowed"),
    (Rule::Limited(0.1), "borrowed, at most 10 %"),
    (Rule::Limited(0.05), "borrowed, at most 5 %"),
    (Rule::Nearest(1.0), "nearest end of the interval"),
    (Rule::Nearest(0.1), "nearest end, at most 10 %"),
    (Rule::Raised, "up to the interval (the program)"),
    (Rule::Rise(0.1), "up to the interval, at most 10 %"),
];

/// Rules for elasticities that rest on the product's own weeks.
pub(super) const OWN: [(Rule, &str); 16] = [
    (Rule::Held, "held"),
    (Rule::Optimum, "optimum"),
    (Rule::Limited(0.1), "optimum, at most 10 %"),
    (Rule::Seen, "optimum within prices asked before"),
    (Rule::Step(0.5), "half the way"),
    (Rule::Nearest(1.0), "nearest end of the interval"),
    (Rule::Raised, "up to the interval"),
    (Rule::Upwards, "optimum, never cut"),
    (Rule::UpwardsOrNearest, "up to the optimum, down to the interval"),
    (Rule::Expected, "expected margin"),
    (Rule::Diverted(0.5), "optimum, half diverted"),
    (Rule::DivertedNearest(0.5), "nearest end, half diverted"),
    (Rule::Certain(0.5), "whatever part up to half is diverted"),
    (Rule::Program, "whatever part is diverted (the program)"),
    (Rule::CertainNearest(0.5), "the same up to half, by the intervals"),
    (Rule::CertainNearest(1.0), "the same, by the intervals"),
];

/// Places at which the expected margin is compared.
const PLACES: i32 = 200;

/// The price that a rule asks, at so many `times` the cost of the goods; `elsewhere` is what a unit of the market's other products
/// leaves, in minor units.
pub(super) fn asked(known: &Known, rule: Rule, times: f64, elsewhere: f64) -> Result<Money> {
    let (floor, break_even) = known.floors(times);
    let params = CorridorParams::default();
    let estimate = known.answer.context("an elasticity")?;
    let now = known.now.minor as f64;
    let input = |answer: Answer, present: Money| CorridorInput {
        floor,
        break_even,
        answer,
        // Nothing is lost elsewhere: the plain optimum.
        elsewhere: Some(Money { minor: 0, ..known.now }),
        seen: Some(known.seen),
        competitors: Vec::new(),
        present: Some(present),
    };
    // Lower end, middle and upper end of the optimum, where there is one.
    let optimum = |more: f64, beyond_seen: f64| -> Result<Option<(f64, f64, f64)>> {
        let dearer = Money { minor: break_even.minor + more.round() as i64, ..break_even };
        let input = CorridorInput { break_even: dearer, ..input(Answer::Known(estimate), known.now) };
        let found = corridor(&input, &CorridorParams { beyond_seen, ..params.clone() })?;
        let exponent = 10_f64.powi(i32::try_from(known.now.currency.exponent())?);
        let bound = found.bounds.iter().find(|b| b.kind == BoundKind::Optimum && b.low.is_some());
        let ends =
            bound.map(|b| (b.low.map_or(now, |m| m.minor as f64), b.high.map_or(f64::INFINITY, |m| m.minor as f64)));
        Ok(ends.zip(found.optimum.as_f64()).map(|((low, high), at)| (low, at * exponent, high)))
    };
    let usual = || optimum(0.0, params.beyond_seen);
    let within = |minor: f64, most: f64| minor.clamp(now * (1.0 - most), now * (1.0 + most));
    let nearest = |(low, _, high): (f64, f64, f64)| now.max(low).min(high.max(low));
    let lost = |part: f64| (part * elsewhere).max(0.0) / super::facts::KEPT;
    let wanted = match rule {
        Rule::Held => None,
        Rule::Raised => {
            let raised = corridor(&input(Answer::Borrowed(estimate, Vec::new()), known.now), &params)?;
            return Ok(raised.asked.unwrap_or(known.now));
        }
        Rule::Optimum => {
            let free = corridor(&input(Answer::Known(estimate), known.now), &params)?;
            return Ok(free.asked.unwrap_or(known.now));
        }
        Rule::Program => {
            let elsewhere = Some(Money { minor: lost(1.0).round() as i64, ..known.now });
            let certain = CorridorInput { elsewhere, ..input(Answer::Known(estimate), known.now) };
            return Ok(corridor(&certain, &params)?.asked.unwrap_or(known.now));
        }
        Rule::Limited(most) => usual()?.map(|(_, at, _)| within(at, most)),
        Rule::Nearest(most) => usual()?.map(|ends| within(nearest(ends), most)),
        Rule::Rise(most) => usual()?.map(|(low, ..)| within(now.max(low), most)),
        Rule::Step(part) => usual()?.map(|(_, at, _)| now * (at / now).powf(part)),
        Rule::Seen => optimum(0.0, 0.0)?.map(|(_, at, _)| at),
        Rule::Upwards => usual()?.map(|(_, at, _)| at.max(now)),
        Rule::UpwardsOrNearest => usual()?.map(|ends| if ends.1 > now { ends.1 } else { nearest(ends) }),
        Rule::Expected => Some(expected(known, estimate, times, params.beyond_seen)),
        Rule::Diverted(part) => optimum(lost(part), params.beyond_seen)?.map(|(_, at, _)| at),
        Rule::Certain(part) => {
            let ends = usual()?.zip(optimum(lost(part), params.beyond_seen)?);
            ends.map(|((_, low, _), (_, high, _))| nearest((low, low, high)))
        }
        Rule::CertainNearest(part) => {
            let ends = usual()?.zip(optimum(lost(part), params.beyond_seen)?);
            ends.map(|((low, ..), (.., high))| nearest((low, low, high)))
        }
        Rule::DivertedNearest(part) => optimum(lost(part), params.beyond_seen)?.map(nearest),
    };
    let present = Money { minor: wanted.unwrap_or(now).round().max(1.0) as i64, ..known.now };
    let held = corridor(&input(Answer::Refused(Vec::new()), present), &params)?;
    Ok(held.asked.unwrap_or(known.now))
}

/// The price near those seen of the largest expected margin: over `e ~ N(value, se²)` the units at `now · x` are in the mean
/// `x^value · exp(se² ln²x / 2)` times those of now.
fn expected(known: &Known, estimate: Estimate, times: f64, beyond: f64) -> f64 {
    let now = known.now.minor as f64;
    let (low, high) = (known.seen.0.minor as f64 * (1.0 - beyond), known.seen.1.minor as f64 * (1.0 + beyond));
    let gain = |price: f64| {
        let x = (price / now).ln();
        known.margin(price, times) * (estimate.value * x + 0.5 * (estimate.se * x).powi(2)).exp()
    };
    let place = |i: i32| low * (high / low).powf(f64::from(i) / f64::from(PLACES));
    (0..=PLACES).map(place).chain([now]).max_by(|a, b| gain(*a).total_cmp(&gain(*b))).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(minor: i64) -> Money {
        Money { minor, currency: domain::Currency::new(*b"EUR") }
    }

    // Kept is .82 of the price, so a cost of 8.20 breaks even at 10.00; at −2.5 ± .2 the optimum is 16.67 and its 90 % interval
    // reaches from 10 × 2.829 / 1.829 = 15.47 to 10 × 2.171 / 1.171 = 18.54.
    #[test]
    fn rules_move_a_price_as_far_as_they_say() {
        let known = |now: i64| Known {
            now: eur(now),
            seen: (eur(1_200), eur(2_400)),
            goods: 820.0,
            answer: Some(Estimate { value: -2.5, se: 0.2 }),
            own: true,
        };
        let at = |now: i64, rule: Rule| asked(&known(now), rule, 1.0, 0.0).expect("a price").minor;
        let near = |minor: i64, want: i64| assert!((minor - want).abs() <= want * 3 / 100, "{minor} against {want}");
        near(at(2_000, Rule::Optimum), 1_667);
        near(at(2_000, Rule::Nearest(1.0)), 1_854);
        near(at(1_300, Rule::Nearest(1.0)), 1_547);
        near(at(1_600, Rule::Nearest(1.0)), 1_600);
        near(at(2_000, Rule::Raised), 2_000);
        near(at(2_000, Rule::Upwards), 2_000);
        near(at(1_300, Rule::Upwards), 1_667);
        near(at(2_000, Rule::UpwardsOrNearest), 1_854);
        near(at(2_000, Rule::Step(0.5)), 1_826);
        near(at(2_000, Rule::Expected), 1_680);
        near(at(1_300, Rule::Certain(0.5)), 1_667);
        // With 4.10 elsewhere half of it lost puts the upper end at 20.83: 19.00 stays, 24.00 goes there.
        let certain = |now: i64| asked(&known(now), Rule::Certain(0.5), 1.0, 410.0).expect("a price").minor;
        near(certain(1_900), 1_900);
        near(certain(2_400), 2_083);
        let program = |now: i64| asked(&known(now), Rule::Program, 1.0, 205.0).expect("a price").minor;
        near(program(1_900), 1_900);
        near(program(2_400), 2_083);
        near(program(1_300), 1_667);
        // Half of 4.10 kept elsewhere is a cost of 2.50 more: 12.50 × 2.5 / 1.5.
        near(asked(&known(2_000), Rule::Diverted(0.5), 1.0, 410.0).expect("a price").minor, 2_083);
    }
}
