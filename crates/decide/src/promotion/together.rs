//! A price for products that are bought together, above the floor of each, and what it takes for it to pay.
//!
//! A bundle of list prices `p_i` at price `B` asks `p_i · B / Σ p` for each product, so that no product falls below its floor `f_i` if
//! `B ≥ Σ p · max f_i / p_i`: more than the sum of the floors, because a bundle may be taken apart when a part of it comes
//! back. Of the discounts asked for the deepest that this allows is taken, with a usual ending.
//!
//! `n₂` orders hold all of it already and would only pay less: they cost `n₂ (M − M_B)`, with `M` and `M_B` the margins at list prices and in
//! the bundle. Of the `n₁` orders that hold the first part alone, each that takes the whole brings `M_B − M₁`. So it pays when at
//! least `n₂ (M − M_B) / (n₁ (M_B − M₁))` of them do. Nobody has seen that share: it is named, and only where it would have to be above 1
//! is it known that the bundle does not pay. What one parcel instead of two saves is not counted. Cost: parts.

use super::guard::Guarded;
use super::limited::ADVISED;
use super::offer::{Kind, Off, Offer};
use super::uplift::Pays;
use crate::price::endings::{Ending, MOST_AWAY, near_enough};
use crate::price::{PriceError, Said};
use domain::{Decimal, Money};

/// A product of a bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Product, list price and floor.
    pub at: Guarded,
    /// Price at which one unit just covers its costs.
    pub break_even: Money,
    /// Part of each further unit of price that is left as margin, above 0 and at most 1.
    pub kept: f64,
    /// Whether it is bought first: what the others are offered with.
    pub first: bool,
}

impl Part {
    fn margin(&self, price: f64) -> f64 {
        self.kept * (price - self.break_even.minor as f64)
    }
}

/// What is bought together.
#[derive(Clone, Debug, PartialEq)]
pub struct Together {
    /// At least two products.
    pub parts: Vec<Part>,
    /// Orders that hold all of them.
    pub with_all: u64,
    /// Orders that hold the first ones and not all of them.
    pub first_alone: u64,
}

/// A bundle with its price.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// The offer, as a till takes it.
    pub offer: Offer,
    /// Price of the whole.
    pub price: Money,
    /// Sum of the list prices.
    pub list: Money,
    /// Lowest price that keeps every product at its floor.
    pub floor: Money,
    /// Share off.
    pub depth: Decimal,
    /// Share of the orders with the first part alone that has to take the whole; `None` where none would do.
    pub needed: Option<f64>,
    /// Whether it can pay: [`Pays::No`] or [`Pays::CannotTell`].
    pub verdict: Pays,
    /// Why, for people.
    pub said: Said,
}

/// Prices a bundle at the deepest of `depths` that the floors allow; the reason where there is none.
///
/// # Errors
/// [`PriceError`] for fewer than two parts, a product given twice, or prices of two currencies or not above 0.
pub fn bundle(together: &Together, depths: &[Decimal], endings: &[Ending]) -> Result<Result<Bundle, Said>, PriceError> {
    let need = check(together)?;
    let (mut sum, mut least) = (0_i64, Decimal::ZERO);
    for part in &together.parts {
        let too_large = || domain::MoneyError::TooLarge(part.at.price.to_decimal());
        sum = sum.checked_add(part.at.price.minor).ok_or_else(too_large)?;
        least = least.max(Decimal::from(part.at.floor.minor) / Decimal::from(part.at.price.minor));
    }
    let up = |x: Decimal| i64::try_from(x.ceil().trunc().mantissa() / 10_i128.pow(x.ceil().trunc().scale()));
    let money = |minor: i64| Money { minor, currency: need };
    let list = money(sum);
    let Ok(floor) = up(Decimal::from(sum) * least).map(money) else {
        return Err(domain::MoneyError::TooLarge(list.to_decimal()).into());
    };
    let mut depths = depths.to_vec();
    depths.sort_by(|a, b| b.cmp(a));
    let priced = depths.iter().filter(|d| **d > Decimal::ZERO && **d < Decimal::ONE).find_map(|depth| {
        let exact = up(Decimal::from(sum) * (Decimal::ONE - *depth)).ok().map(money)?;
        if exact.minor < floor.minor || exact.minor >= sum {
            return None;
        }
        Some(near_enough(exact, floor, Some(money(sum - 1)), endings, MOST_AWAY * sum as f64))
    });
    let Some(price) = priced else {
        let said = Said::new(
            format!(
                "no room for a bundle: together they cost {list}, and below {floor} one of them is under its floor"
            ),
            format!("没有捆绑优惠空间：合计 {list}，低于 {floor} 时其中一件将低于底价"),
        );
        return Ok(Err(said));
    };
    let share = price.minor as f64 / sum as f64;
    let at = |part: &Part, times: f64| part.margin(part.at.price.minor as f64 * times);
    let whole: f64 = together.parts.iter().map(|p| at(p, 1.0)).sum();
    let bundled: f64 = together.parts.iter().map(|p| at(p, share)).sum();
    let first: f64 = together.parts.iter().filter(|p| p.first).map(|p| at(p, 1.0)).sum();
    let gain = bundled - first;
    let needed = (gain > 0.0 && together.first_alone > 0)
        .then(|| together.with_all as f64 * (whole - bundled) / (together.first_alone as f64 * gain));
    let verdict = if needed.is_some_and(|n| n <= 1.0) { Pays::CannotTell } else { Pays::No };
    let depth = Decimal::ONE - Decimal::from(price.minor) / Decimal::from(sum);
    let percent = (depth * Decimal::ONE_HUNDRED).round_dp(0).normalize();
    let (en, zh) = match needed {
        Some(n) if n <= 1.0 => (
            format!(
                "pays when at least {:.1} % of the {} orders with the first part alone take the whole; that share has not been seen, a test would tell",
                100.0 * n,
                together.first_alone
            ),
            format!(
                "在仅含前项的 {} 笔订单中，至少 {:.1} % 转为整套购买时才划算；该比例尚无数据，需要试验",
                together.first_alone,
                100.0 * n
            ),
        ),
        Some(n) => (
            format!(
                "does not pay: {:.0} % of the orders with the first part alone would have to take the whole",
                100.0 * n
            ),
            format!("不划算：仅含前项的订单需有 {:.0} % 转为整套购买", 100.0 * n),
        ),
        None => (
            "does not pay: taking the whole brings no more margin than the first part alone".to_owned(),
            "不划算：整套购买的毛利不高于仅购前项".to_owned(),
        ),
    };
    let said = Said::new(
        format!("{price} together instead of {list} ({percent} % off, not below {floor}): {en}"),
        format!("合购 {price}（原 {list}，优惠 {percent} %，不低于 {floor}）：{zh}"),
    );
    let names: Vec<&str> = together.parts.iter().map(|p| p.at.product.as_str()).collect();
    let parts = together.parts.iter().map(|p| (p.at.product.clone(), 1)).collect();
    let offer = Offer {
        id: format!("bundle-{}", names.join("+")),
        kind: Kind::Bundle { parts },
        off: Off::Price(price),
        products: None,
        exclusive: Some(ADVISED.to_owned()),
        cap: None,
    };
    Ok(Ok(Bundle { offer, price, list, floor, depth, needed, verdict, said }))
}

fn check(together: &Together) -> Result<domain::Currency, PriceError> {
    let (Some(first), true) = (together.parts.first(), together.parts.len() >= 2) else {
        let got = together.parts.len() as f64;
        return Err(PriceError::Param { name: "products of a bundle", rule: "at least 2", got });
    };
    let need = first.at.price.currency;
    for (i, part) in together.parts.iter().enumerate() {
        let amounts = [("a list price", part.at.price), ("a floor", part.at.floor), ("a break-even", part.break_even)];
        for (what, money) in amounts {
            if money.currency != need {
                return Err(PriceError::Currency { what, got: money.currency, need });
            }
            if money.minor <= 0 {
                return Err(PriceError::Param { name: what, rule: "above 0", got: money.minor as f64 });
            }
        }
        if together.parts[..i].iter().any(|p| p.at.product == part.at.product) {
            return Err(PriceError::Twice { what: "product of a bundle", name: part.at.product.as_str().to_owned() });
        }
    }
    Ok(need)
}

#[cfg(test)]
mod tests {
    use super::super::guard::{Verdict, guard};
    use super::*;
    use domain::Currency;
    use proptest::prelude::*;

    fn eur(minor: i64) -> Money {
        Money { minor, currency: Currency::new(*b"EUR") }
    }

    fn part(name: &str, price: i64, floor: i64, even: i64, first: bool) -> Part {
        let at = Guarded { product: name.into(), price: eur(price), floor: eur(floor) };
        Part { at, break_even: eur(even), kept: 1.0, first }
    }

    fn tens() -> Vec<Decimal> {
        [5, 10, 15].map(|n| Decimal::new(n, 2)).to_vec()
    }

    // A 30.00 (floor 24, even 20), B 10.00 (floor 9, even 6): together 40.00, not below 40 · .9 = 36.00: 10 % off.
    // Margins: 10 + 4 = 14 at list; at 36.00 it is (27 − 20) + (9 − 6) = 10; A alone 10: the whole brings nothing more.
    // With B at even 3: list 17, bundle 13, more by 3; 20 orders hold both and lose 4 each = 80; of 100 with A alone 80 / 300 = 26.7 %.
    #[test]
    fn a_bundle_by_hand() {
        let pair = |even| Together {
            parts: vec![part("A", 3_000, 2_400, 2_000, true), part("B", 1_000, 900, even, false)],
            with_all: 20,
            first_alone: 100,
        };
        let got = bundle(&pair(600), &tens(), &[]).unwrap().unwrap();
        assert_eq!((got.price, got.list, got.floor), (eur(3_600), eur(4_000), eur(3_600)));
        assert_eq!((got.verdict, got.needed), (Pays::No, None));
        let got = bundle(&pair(300), &tens(), &[]).unwrap().unwrap();
        assert!((got.needed.unwrap() - 80.0 / 300.0).abs() < 1e-12, "{got:?}");
        assert!(got.verdict == Pays::CannotTell && got.said.en.contains("26.7 %") && got.said.zh.contains("26.7 %"));
        // Seven times as many hold both: it would take more than all of the others.
        let many = Together { with_all: 140, ..pair(300) };
        assert_eq!(bundle(&many, &tens(), &[]).unwrap().unwrap().verdict, Pays::No);
    }

    #[test]
    fn one_product_without_room_leaves_no_bundle() {
        let pair = Together {
            parts: vec![part("A", 3_000, 1_000, 900, true), part("B", 1_000, 980, 900, false)],
            with_all: 20,
            first_alone: 100,
        };
        assert!(bundle(&pair, &tens(), &[]).unwrap().unwrap_err().en.contains("no room"));
        let one = Together { parts: pair.parts[..1].to_vec(), ..pair.clone() };
        assert!(bundle(&one, &tens(), &[]).is_err());
        let twice = Together { parts: vec![pair.parts[0].clone(), pair.parts[0].clone()], ..pair };
        assert!(bundle(&twice, &tens(), &[]).is_err());
    }

    proptest! {
        #[test] // No product of a bundle below its floor, by the bound over all carts.
        fn no_product_of_a_bundle_falls_below_its_floor(
            prices in prop::collection::vec((50_i64..30_000, 1_i64..130), 2..4), depth in 1_i64..60, usual in any::<bool>(),
        ) {
            let parts: Vec<Part> = prices.iter().enumerate().map(|(i, (price, percent))| {
                let floor = (price * percent / 100).max(1);
                part(&format!("P{i}"), *price, floor, floor, i == 0)
            }).collect();
            let priced: Vec<Guarded> = parts.iter().map(|p| p.at.clone()).collect();
            let endings = if usual { crate::price::endings::ENDINGS } else { &[] };
            let together = Together { parts, with_all: 5, first_alone: 50 };
            if let Ok(got) = bundle(&together, &[Decimal::new(depth, 2)], endings).unwrap() {
                prop_assert!(got.price.minor >= priced.iter().map(|p| p.floor.minor).sum::<i64>());
                for finding in guard(&priced, std::slice::from_ref(&got.offer)).unwrap() {
                    prop_assert!(finding.verdict == Verdict::Fine, "{:?} {:?}", finding, got);
                }
            }
        }
    }
}
