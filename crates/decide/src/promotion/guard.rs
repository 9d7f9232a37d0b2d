//! May a promotion be announced? The lowest price any cart can reach with it, held against the floor.
//!
//! For one product at list price `p` every offer lowers what a unit costs by at most a known step, applied in order of stage:
//! a share `s` to `p (1 − s)`; an amount to `p − a`; a price `q` to `min(p, q)`; a bundle at price `B` to `p · B / Σ list prices` of
//! its set; an amount `a` off a cart from a sum `S` to `p (1 − a / max(S, p))`, since the amount is spread over at least `S`.
//! Each step rises with `p` and never raises it, so the lowest over all sets that may meet is a bound that no cart goes
//! below, save for the rounding of half a cent a step. Caps only help and are left out. Where the bound lies below the floor the
//! promotion is refused, with the deepest share that would not. Cost: 2^offers sets a product, 4,096 at most; beyond that
//! all offers are taken to meet, which is lower still.

use super::offer::{Kind, Off, Offer, ordered};
use crate::price::{PriceError, Said};
use domain::{Decimal, Money, ProductId};
use std::collections::BTreeMap;

/// A product with what may not be gone below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// Product.
    pub product: ProductId,
    /// List price.
    pub price: Money,
    /// Floor of the market and channel.
    pub floor: Money,
}

/// What is said of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Product.
    pub product: ProductId,
    /// The lowest price of a unit that a cart can reach, rounded down.
    pub lowest: Money,
    /// Its floor.
    pub floor: Money,
    /// Whether the promotions may be announced for it.
    pub verdict: Verdict,
    /// For people.
    pub said: Said,
}

/// May it be announced?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No cart goes below the floor.
    Fine,
    /// Some cart would.
    Refused {
        /// Deepest share off the list price that keeps the floor, rounded down to whole per cents.
        deepest: Decimal,
    },
}

/// Sets of offers that are tried one by one.
const EXACT: usize = 12;

/// One finding a product that an offer covers, in their order.
///
/// # Errors
/// [`PriceError`] for offers that [`super::offer`] refuses, or a bundle with a product that has no price here.
pub fn guard(products: &[Guarded], offers: &[Offer]) -> Result<Vec<Finding>, PriceError> {
    let Some(first) = products.first() else { return Ok(Vec::new()) };
    let need = first.price.currency;
    let offers = ordered(offers, need)?;
    let mut prices: BTreeMap<&ProductId, Money> = BTreeMap::new();
    for p in products {
        for (what, money) in [("a list price", p.price), ("a floor", p.floor)] {
            if money.currency != need {
                return Err(PriceError::Currency { what, got: money.currency, need });
            }
            if money.minor <= 0 {
                return Err(PriceError::Param { name: what, rule: "above 0", got: money.minor as f64 });
            }
        }
        prices.insert(&p.product, p.price);
    }
    let mut out = Vec::new();
    for p in products {
        let touching: Vec<&Offer> = offers.iter().copied().filter(|o| o.covers(&p.product)).collect();
        if touching.is_empty() {
            continue;
        }
        let lowest = lowest(p.price, &touching, &prices)?;
        out.push(finding(p, lowest));
    }
    Ok(out)
}

fn finding(p: &Guarded, lowest: Decimal) -> Finding {
    let floor = Decimal::from(p.floor.minor);
    let low = i64::try_from(lowest.floor().trunc().mantissa()).unwrap_or(0);
    let lowest_money = Money { minor: low, currency: p.price.currency };
    let (verdict, said) = if lowest >= floor {
        let said = Said::new(
            format!("no cart goes below {lowest_money}; the floor is {}", p.floor),
            format!("任何购物车都不会低于 {lowest_money}；底价为 {}", p.floor),
        );
        (Verdict::Fine, said)
    } else {
        let deepest = (Decimal::ONE - floor / Decimal::from(p.price.minor)).max(Decimal::ZERO);
        let deepest = (deepest * Decimal::ONE_HUNDRED).floor() / Decimal::ONE_HUNDRED;
        let percent = (deepest * Decimal::ONE_HUNDRED).normalize();
        let said = Said::new(
            format!(
                "refused: a cart could reach {lowest_money}, below the floor of {}; all offers together may take at most {percent} % off",
                p.floor
            ),
            format!("拒绝：购物车价格可能低至 {lowest_money}，低于底价 {}；全部优惠合计最多 {percent} %", p.floor),
        );
        (Verdict::Refused { deepest }, said)
    };
    Finding { product: p.product.clone(), lowest: lowest_money, floor: p.floor, verdict, said }
}

/// In minor units.
fn lowest(price: Money, offers: &[&Offer], prices: &BTreeMap<&ProductId, Money>) -> Result<Decimal, PriceError> {
    let full = Decimal::from(price.minor);
    if offers.len() > EXACT {
        return offers.iter().try_fold(full, |unit, offer| step(unit, offer, prices));
    }
    let mut best = full;
    for set in 1..1_u32 << offers.len() {
        let chosen: Vec<&Offer> =
            offers.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, o)| *o).collect();
        let mut groups = std::collections::BTreeSet::new();
        if chosen.iter().all(|o| o.exclusive.as_ref().is_none_or(|g| groups.insert(g))) {
            best = best.min(chosen.iter().try_fold(full, |unit, offer| step(unit, offer, prices))?);
        }
    }
    Ok(best)
}

/// The least that a unit costs after an offer.
fn step(unit: Decimal, offer: &Offer, prices: &BTreeMap<&ProductId, Money>) -> Result<Decimal, PriceError> {
    let minor = |money: Money| Decimal::from(money.minor);
    let after = match (&offer.kind, offer.off) {
        (_, Off::Share(share)) => unit * (Decimal::ONE - share),
        (Kind::Limited { .. } | Kind::Member { .. }, Off::Amount(money)) => unit - minor(money),
        (Kind::Limited { .. } | Kind::Member { .. }, Off::Price(money)) => unit.min(minor(money)),
        (Kind::Bundle { parts }, off) => {
            let mut list = Decimal::ZERO;
            for (product, units) in parts {
                let price = prices.get(product).ok_or_else(|| PriceError::Missing {
                    what: "the price of",
                    of: product.as_str().to_owned(),
                    need: "every product of a bundle with its list price",
                })?;
                list += minor(*price) * Decimal::from(*units);
            }
            // An amount off a set weighs most where the others of the set cost least: only this unit is sure to be there.
            match off {
                Off::Price(money) => unit * (minor(money) / list).min(Decimal::ONE),
                Off::Amount(money) => unit - minor(money),
                Off::Share(share) => unit * (Decimal::ONE - share),
            }
        }
        (Kind::Threshold { spend } | Kind::Coupon { spend, .. }, Off::Amount(money) | Off::Price(money)) => {
            let spread = minor(*spend).max(unit);
            if spread <= Decimal::ZERO { unit } else { unit * (Decimal::ONE - minor(money) / spread) }
        }
    };
    Ok(after.clamp(Decimal::ZERO, unit))
}

#[cfg(test)]
mod tests {
    use super::super::checkout::{Cart, CartLine, checkout};
    use super::super::offer::Stacking;
    use super::*;
    use domain::{Currency, Day, Window};
    use proptest::prelude::*;

    fn eur(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"EUR") }
    }

    fn offer(id: &str, kind: Kind, off: Off) -> Offer {
        Offer { id: id.into(), kind, off, products: None, exclusive: None, cap: None }
    }

    fn product(name: &str, price: i64, floor: i64) -> Guarded {
        Guarded { product: name.into(), price: eur(price), floor: eur(floor) }
    }

    fn always() -> Kind {
        Kind::Limited { window: Window { from: Day(0), to: Day(9) } }
    }

    // 100.00 at 20 % off is 80.00, with 10 off from 50 it is 80 × (1 − 10 / 80) = 70.00. A floor of 72 refuses: at most 28 %.
    #[test]
    fn two_offers_that_may_meet_by_hand() {
        let offers = [
            offer("sale", always(), Off::Share(Decimal::new(20, 2))),
            offer("ten", Kind::Threshold { spend: eur(5_000) }, Off::Amount(eur(1_000))),
        ];
        let got = guard(&[product("A", 10_000, 7_200), product("B", 10_000, 7_000)], &offers).unwrap();
        assert_eq!((got[0].lowest, got[0].verdict), (eur(7_000), Verdict::Refused { deepest: Decimal::new(28, 2) }));
        assert_eq!(got[1].verdict, Verdict::Fine);
        // Apart they are fine.
        let apart = offers.map(|o| Offer { exclusive: Some("one".into()), ..o });
        assert_eq!(guard(&[product("A", 10_000, 7_200)], &apart).unwrap()[0].lowest, eur(8_000));
        assert!(guard(&[product("A", 10_000, 7_200)], &[]).unwrap().is_empty());
    }

    #[test] // A 10.00, B 4.00, together 7.00: half price, so A can cost 5.00.
    fn a_bundle_by_hand() {
        let bundle = Kind::Bundle { parts: vec![("A".into(), 1), ("B".into(), 1)] };
        let offers = [offer("b", bundle, Off::Price(eur(700)))];
        let got = guard(&[product("A", 1_000, 500), product("B", 400, 201)], &offers).unwrap();
        assert_eq!(
            (got[0].verdict, got[1].verdict),
            (Verdict::Fine, Verdict::Refused { deepest: Decimal::new(49, 2) })
        );
        assert!(matches!(guard(&[product("A", 1_000, 500)], &offers), Err(PriceError::Missing { .. })));
    }

    proptest! {
        #[test] // Carts without floors never get below the bound: each step rounds by at most a cent a line.
        fn no_cart_goes_below_the_bound(
            prices in prop::array::uniform2(100_i64..5_000), units in prop::array::uniform2(1_u32..5),
            picks in prop::collection::vec((0_u8..5, 1_i64..70, 1_i64..6_000, any::<bool>()), 1..5),
        ) {
            let products = [product("A", prices[0], 1), product("B", prices[1], 1)];
            let offers: Vec<Offer> = picks.iter().enumerate().map(|(i, (kind, percent, spend, amount))| {
                let kind = match kind {
                    0 => always(),
                    1 => Kind::Member { level: 0 },
                    2 => Kind::Bundle { parts: vec![("A".into(), 1), ("B".into(), 1)] },
                    3 => Kind::Threshold { spend: eur(*spend) },
                    _ => Kind::Coupon { code: "C".into(), spend: eur(*spend) },
                };
                let off = if *amount { Off::Amount(eur(percent * 5)) } else { Off::Share(Decimal::new(*percent, 2)) };
                offer(&format!("o{i}"), kind, off)
            }).collect();
            let found = guard(&products, &offers).unwrap();
            let lines = products.iter().zip(units).map(|(p, quantity)| CartLine {
                product: p.product.clone(), quantity, unit: p.price, floor: None,
            }).collect();
            let cart = Cart { lines, day: Day(1), member: Some(0), codes: ["C".into()].into() };
            let got = checkout(&cart, &offers, &Stacking::default()).unwrap();
            for (finding, line) in found.iter().zip(&got.lines) {
                let paid = line.net.minor + offers.len() as i64;
                prop_assert!(paid >= finding.lowest.minor * i64::from(line.quantity), "{:?} {:?}", finding, got);
            }
        }
    }
}
